/// What the chunks of a join find, put together and brought into order.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>
#include <vector>

#include "../core/error.hpp"
#include "../core/index.hpp"
#include "../core/parallel.hpp"

namespace boxlap::detail {

/// Pairs (i, j) as one sortable number each, i * 2^col_bits + j: the bits that matter, next to each other.
struct PairKeys {
  int col_bits, bits;

  PairKeys(Index rows, Index cols) : col_bits(width(cols)), bits(col_bits + width(rows)) {}
  [[nodiscard]] std::uint64_t key(Index i, Index j) const noexcept {
    return (static_cast<std::uint64_t>(i) << col_bits) | static_cast<std::uint64_t>(j);
  }
  [[nodiscard]] Index row(std::uint64_t key) const noexcept { return static_cast<Index>(key >> col_bits); }
  [[nodiscard]] Index col(std::uint64_t key) const noexcept {
    return static_cast<Index>(key & ((std::uint64_t{1} << col_bits) - 1));
  }

 private:
  [[nodiscard]] static int width(Index n) noexcept {
    return static_cast<int>(std::bit_width(static_cast<std::uint32_t>(n)));
  }
};

/// What the chunks of a join found, in one vector: collect(chunk, items) appends to its own. More than 2^31 - 1 items
/// are refused before they are put together.
template <class Item, class Collect>
[[nodiscard]] std::vector<Item> collect_chunks(Index chunks, int threads, const Collect& collect) {
  constexpr std::size_t most = (std::numeric_limits<Index>::max)();
  if (threads <= 1 || chunks <= 1) {
    std::vector<Item> items;
    for (Index chunk = 0; chunk < chunks; ++chunk) {
      if (chunk > 0 && items.capacity() - items.size() < items.size() / at(chunk)) {
        items.reserve(items.size() / at(chunk) * at(chunks) / 8 *
                      9);  // as many again in each chunk to come, and a spare
      }
      collect(chunk, items);
      if (items.size() > most) [[unlikely]] {
        too_long("the join has more than ", most, " pairs");
      }
    }
    return items;
  }
  std::vector<std::vector<Item>> parts(at(chunks));
  for_each_chunk(threads, chunks, [&](Index chunk) { collect(chunk, parts[at(chunk)]); });
  std::vector<std::size_t> offsets(parts.size() + 1, 0);
  for (std::size_t k = 0; k < parts.size(); ++k) {
    offsets[k + 1] = offsets[k] + parts[k].size();
  }
  if (offsets.back() > most) [[unlikely]] {
    too_long("the join has more than ", most, " pairs");
  }
  std::vector<Item> items(offsets.back());
  for_each_chunk(threads, chunks, [&](Index chunk) {
    std::vector<Item>& part = parts[at(chunk)];
    std::copy(part.begin(), part.end(), items.begin() + static_cast<std::ptrdiff_t>(offsets[at(chunk)]));
    std::vector<Item>().swap(part);
  });
  return items;
}

}  // namespace boxlap::detail
