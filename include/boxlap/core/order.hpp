/// Orders: floating-point numbers as sortable integers, one stable radix sort, scores from high to low.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <vector>

#include "index.hpp"
#include "range.hpp"

namespace boxlap::detail {

template <class T>
using BitsOf = std::conditional_t<sizeof(T) <= 4, std::uint32_t, std::uint64_t>;

/// An unsigned integer that ascends as x does; -0 equals +0, NaN is above +inf whatever its sign.
template <class T>
requires std::is_arithmetic_v<T>
[[nodiscard]] constexpr BitsOf<T> ascending_key(T x) noexcept {
  using Bits = BitsOf<T>;
  constexpr Bits sign = Bits{1} << (std::numeric_limits<Bits>::digits - 1);
  if constexpr (std::floating_point<T>) {
    static_assert(sizeof(T) == sizeof(Bits), "boxlap orders float and double");
    if (x != x) {
      return std::numeric_limits<Bits>::max();
    }
    const Bits bits = std::bit_cast<Bits>(x + T{0});  // -0 + 0 is +0
    return (bits & sign) != 0 ? static_cast<Bits>(~bits) : static_cast<Bits>(bits | sign);
  } else if constexpr (std::signed_integral<T>) {
    return static_cast<Bits>(static_cast<Bits>(x) ^ sign);
  } else {
    return static_cast<Bits>(x);
  }
}

/// A row and what it is ordered by.
template <class Key>
struct Keyed {
  Key key;
  Index row;
};

/// Sorts by key, equal keys in the order they came (least significant digit first, 11 bits a pass).
///
/// Reads only the low `bits` bits of the keys; a digit that is the same everywhere costs no pass. `scratch` is resized
/// to the input's length. O(n * bits / 11) time; the histograms take 8 KiB a pass on the stack.
template <class Key>
void radix_sort(std::vector<Keyed<Key>>& items, std::vector<Keyed<Key>>& scratch,
                int bits = std::numeric_limits<Key>::digits) {
  constexpr int digit_bits = 11;
  constexpr std::size_t buckets = std::size_t{1} << digit_bits;
  constexpr Key mask = static_cast<Key>(buckets - 1);
  constexpr int most_passes = (std::numeric_limits<Key>::digits + digit_bits - 1) / digit_bits;
  const int passes = std::min(most_passes, (bits + digit_bits - 1) / digit_bits);
  if (items.size() < 2) {
    return;
  }
  if (items.size() <= 64) {  // insertion is faster than clearing a histogram up to here (measured)
    for (std::size_t i = 1; i < items.size(); ++i) {
      const Keyed<Key> item = items[i];
      std::size_t k = i;
      for (; k > 0 && item.key < items[k - 1].key; --k) {
        items[k] = items[k - 1];
      }
      items[k] = item;
    }
    return;
  }
  std::array<std::array<std::uint32_t, buckets>, static_cast<std::size_t>(most_passes)> counts;
  for (int pass = 0; pass < passes; ++pass) {
    counts[static_cast<std::size_t>(pass)].fill(0);
  }
  for (const Keyed<Key>& item : items) {
    Key key = item.key;
    for (int pass = 0; pass < passes; ++pass) {
      ++counts[static_cast<std::size_t>(pass)][key & mask];
      key = static_cast<Key>(key >> digit_bits);
    }
  }
  scratch.resize(items.size());
  for (int pass = 0; pass < passes; ++pass) {
    auto& offsets = counts[static_cast<std::size_t>(pass)];
    const int shift = pass * digit_bits;
    if (offsets[static_cast<std::size_t>((items.front().key >> shift) & mask)] == items.size()) {
      continue;
    }
    std::uint32_t sum = 0;
    for (std::uint32_t& offset : offsets) {
      const std::uint32_t count = offset;
      offset = sum;
      sum += count;
    }
    for (const Keyed<Key>& item : items) {
      scratch[offsets[static_cast<std::size_t>((item.key >> shift) & mask)]++] = item;
    }
    items.swap(scratch);
  }
}

/// The rows of `scores` from the highest to the lowest: NaN first, equal scores (and -0 with +0) by row.
/// This is torch.sort(descending=True, stable=True). O(n) time, 16 n bytes for float scores (24 n for double) while it
/// runs.
template <Numbers R>
[[nodiscard]] std::vector<Index> order_descending(const R& scores) {
  using Key = BitsOf<Element<R>>;
  const Index n = rows_of(scores, "scores");
  std::vector<Keyed<Key>> items(at(n));
  for (Index i = 0; i < n; ++i) {
    items[at(i)] = {static_cast<Key>(~ascending_key(element(scores, i))), i};
  }
  std::vector<Keyed<Key>> scratch;
  radix_sort(items, scratch);
  std::vector<Index> order(at(n));
  std::transform(items.begin(), items.end(), order.begin(), [](const Keyed<Key>& item) { return item.row; });
  return order;
}

}  // namespace boxlap::detail
