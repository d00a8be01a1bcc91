/// What the chunks of a join find, one chunk behind the other, by one thread or several.
///
/// A list grows without a bound that is known before, so its memory is reserved by what the chunks so far had, and
/// collecting ends when a list is longer than the caller can use: a crowd that a sample missed must not take gigabytes
/// before it is refused. With threads each chunk has a list of its own; these are copied to their places at the end, so
/// the result does not depend on the number of threads.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "../../base/detail/error.hpp"
#include "../../base/detail/thread_team.hpp"
#include "../../base/index.hpp"

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

/// What the chunks of a join found, one after the other. More than was allowed: `size` says so, and nothing is kept.
template <class Item>
struct Collected {
  std::vector<Item> list;          // by one thread
  std::unique_ptr<Item[]> placed;  // by several
  std::size_t size = 0;
  [[nodiscard]] std::span<Item> items() noexcept { return {placed ? placed.get() : list.data(), size}; }
};

/// The longest list of pairs there is.
inline constexpr std::size_t most_pairs_of_all = (std::numeric_limits<Index>::max)();

[[noreturn]] inline void refuse_pairs(std::size_t count) {
  too_long("the join has ", count, " pairs or more, the most is ", most_pairs_of_all);
}

/// Refuses what cannot be numbered.
inline void check_pairs(std::size_t count) {
  if (count > most_pairs_of_all) [[unlikely]] {
    refuse_pairs(count);
  }
}

/// The longest list of pairs worth sorting, for a join that a sample takes for sparse (below many_pairs_a_row). A crowd
/// that the sample missed shows when the list grows beyond it: the pairs are then counted first, and take no list.
/// Pairs of unordered trees cannot be counted.
template <class Join>
[[nodiscard]] std::size_t longest_list(const Join& join, Index rows, Index cols) noexcept {
  constexpr std::size_t pairs_a_box = 8, least = std::size_t{1} << 20;
  const std::size_t longest = (std::min)(most_pairs_of_all, pairs_a_box * (at(rows) + at(cols)) + least);
  return join.ordered() ? longest : most_pairs_of_all;
}

/// Room for so many items is reserved on an estimate alone.
inline constexpr std::size_t most_estimated = std::size_t{1} << 22;

/// collect(chunk, items, is_full) appends what a chunk has to items; `expected` is about how many a chunk has. Where
/// there are more than `most` items in all, collecting ends early and only their number comes back; a collect() of
/// large chunks does well to stop by itself when is_full() of the items it has.
///
/// Memory is reserved on the calling thread: what other threads allocate comes as fresh pages each time (glibc).
template <class Item, class Collect>
[[nodiscard]] Collected<Item> collect_chunks(Index chunks, Team& team, std::size_t expected, std::size_t most,
                                             const Collect& collect) {
  Collected<Item> result;
  std::atomic<std::size_t> total{0};  // of the chunks that have ended
  const auto is_full = [&](const std::vector<Item>& items) {
    return total.load(std::memory_order_relaxed) + items.size() > most;
  };
  if (team.threads() <= 1 || chunks <= 1) {
    std::vector<Item>& items = result.list;
    for (Index chunk = 0; chunk < chunks && items.size() <= most; ++chunk) {
      const std::size_t mean = chunk > 0 ? items.size() / at(chunk) : 0;
      if (items.capacity() - items.size() < mean) {
        // As many again in each chunk to come, and a spare; a crowd in the first chunk says nothing of the others.
        const std::size_t estimate = mean * at(chunks) / 8 * 9;
        items.reserve((std::min)({estimate, most + mean, (std::max)(most_estimated, 2 * items.size())}));
      }
      collect(chunk, items, is_full);
    }
    result.size = items.size();
    if (result.size > most) {
      std::vector<Item>().swap(items);
    }
    return result;
  }
  std::vector<std::vector<Item>> parts(at(chunks));
  for (std::vector<Item>& part : parts) {
    part.reserve(expected + expected / 8);
  }
  team.for_each(chunks, [&](Index chunk) {
    std::vector<Item>& part = parts[at(chunk)];
    if (!is_full(part)) {
      collect(chunk, part, is_full);
    }
    total.fetch_add(part.size(), std::memory_order_relaxed);
  });
  result.size = total;
  if (result.size > most) {
    return result;
  }
  std::vector<std::size_t> offsets(parts.size());
  for (std::size_t k = 1; k < parts.size(); ++k) {
    offsets[k] = offsets[k - 1] + parts[k - 1].size();
  }
  result.placed = std::make_unique_for_overwrite<Item[]>(result.size);
  team.for_each(chunks, [&](Index chunk) {
    std::vector<Item>& part = parts[at(chunk)];
    std::copy(part.begin(), part.end(), result.placed.get() + offsets[at(chunk)]);
    std::vector<Item>().swap(part);
  });
  return result;
}

}  // namespace boxlap::detail
