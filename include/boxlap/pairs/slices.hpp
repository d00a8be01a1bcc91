/// Loops and radix sorts in slices, one a thread: the same result as without, whatever the number of slices.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "../core/index.hpp"
#include "../core/order.hpp"
#include "../core/parallel.hpp"

namespace boxlap::detail {

/// The threads worth starting for `threads` asked for: more than there are cores only wait for each other.
[[nodiscard]] inline int useful_threads(int threads) {
  const int wanted = thread_count(threads);
  return wanted <= 2 ? wanted
                     : (std::min)(wanted, (std::max)(2, static_cast<int>(std::thread::hardware_concurrency())));
}

/// 0 .. n - 1 in slices of whole blocks of sixteen. A slice that is not worth a thread's start (20 to 50 us measured)
/// is not made.
struct Slices {
  static constexpr std::int64_t least = 16384;  // items a slice
  std::int64_t n;
  Index count;

  Slices(std::size_t size, int threads)
      : n(static_cast<std::int64_t>(size)),
        count(static_cast<Index>((std::max)(std::int64_t{1}, (std::min)(std::int64_t{threads}, n / least)))) {}

  [[nodiscard]] std::size_t begin(Index slice) const noexcept {
    return static_cast<std::size_t>(slice == count ? n : n * slice / count & ~std::int64_t{15});
  }
  /// Calls work(slice, begin, end) for each slice, each on a thread of its own.
  template <class Work>
  void for_each(const Work& work) const {
    for_each_chunk(count, count, [&](Index slice) { work(slice, begin(slice), begin(slice + 1)); });
  }
};

/// radix_sort() on several threads: each counts and moves its own slice, to places that depend on all counts.
template <class Item, class KeyOf>
[[nodiscard]] std::span<Item> radix_sort(std::span<Item> items, std::type_identity_t<std::span<Item>> scratch, int bits,
                                         const KeyOf& key_of, int threads) {
  using Key = std::remove_cvref_t<decltype(key_of(items[0]))>;
  const Slices slices(items.size(), threads);
  if (slices.count == 1) {
    return radix_sort(items, scratch, bits, key_of);
  }
  constexpr int most_digit_bits = 11;
  const int passes = (std::max)((bits + most_digit_bits - 1) / most_digit_bits, 1);
  const int digit_bits = (bits + passes - 1) / passes;
  const std::size_t buckets = std::size_t{1} << digit_bits;
  const Key mask = static_cast<Key>((Key{1} << digit_bits) - 1);
  std::vector<std::uint32_t> counts(buckets * static_cast<std::size_t>(slices.count));
  for (int pass = 0; pass < passes; ++pass) {
    const int shift = pass * digit_bits;
    const auto digit = [&](const Item& item) { return static_cast<std::size_t>((key_of(item) >> shift) & mask); };
    const auto counts_of = [&](Index slice) { return counts.data() + static_cast<std::size_t>(slice) * buckets; };
    slices.for_each([&](Index slice, std::size_t begin, std::size_t end) {
      std::uint32_t* own = counts_of(slice);
      std::fill_n(own, buckets, 0U);
      for (std::size_t k = begin; k < end; ++k) {
        ++own[digit(items[k])];
      }
    });
    std::uint32_t sum = 0;
    for (std::size_t d = 0; d < buckets; ++d) {
      for (Index slice = 0; slice < slices.count; ++slice) {
        sum += std::exchange(counts_of(slice)[d], sum);
      }
    }
    slices.for_each([&](Index slice, std::size_t begin, std::size_t end) {
      std::uint32_t* next = counts_of(slice);
      for (std::size_t k = begin; k < end; ++k) {
        scratch[next[digit(items[k])]++] = items[k];
      }
    });
    std::swap(items, scratch);
  }
  return items;
}

}  // namespace boxlap::detail
