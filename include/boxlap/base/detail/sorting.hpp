/// Sorting by integer keys, and the order of scores.
///
/// One stable radix sort (least significant digit first) for everything that has integer keys. The order of scores has
/// four ways, by length: rank by counting (up to 80), buckets of leading bits, a counting sort of quantised scores
/// (score_steps.hpp), the radix sort. All give torch.sort(descending=True, stable=True).
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "../index.hpp"
#include "../range.hpp"
#include "ascending_key.hpp"
#include "compiler.hpp"
#include "score_steps.hpp"

namespace boxlap::detail {

/// A row and what it is ordered by.
template <class Key>
struct Keyed {
  Key key;
  Index row;
};

/// Insertion is faster than clearing histograms up to this many items (measured).
inline constexpr std::size_t insertion_sort_limit = 64;
/// Digits of 8 bits are faster than digits of 11, whose histograms are longer, up to this many items (measured).
inline constexpr std::size_t short_digits_limit = 4096;

template <class Item, class KeyOf>
void insertion_sort(std::span<Item> items, const KeyOf& key_of) {
  for (std::size_t i = 1; i < items.size(); ++i) {
    const Item item = items[i];
    std::size_t k = i;
    for (; k > 0 && key_of(item) < key_of(items[k - 1]); --k) {
      items[k] = items[k - 1];
    }
    items[k] = item;
  }
}

/// Sorts by the low `bits` bits of an unsigned key, equal keys in the order they came, and returns the span that holds
/// the result: `items` or `scratch`, which must be as long. Higher bits of the keys must be equal everywhere.
///
/// Least significant digit first, at most 8 or 11 bits a pass; a digit that is the same everywhere costs no pass.
/// O(n * bits / 11) time; the histograms take 8 KiB a pass on the stack.
template <class Item, class KeyOf>
[[nodiscard]] BOXLAP_NOINLINE std::span<Item> radix_sort(std::span<Item> items, std::span<Item> scratch, int bits,
                                                         const KeyOf& key_of) {
  using Key = std::remove_cvref_t<decltype(key_of(items[0]))>;
  constexpr int most_digit_bits = 11;
  constexpr int most_passes = (std::numeric_limits<Key>::digits + most_digit_bits - 1) / most_digit_bits;
  if (items.size() <= insertion_sort_limit) {
    insertion_sort(items, key_of);
    return items;
  }
  // A single histogram is worth it up to four times as long as the items.
  const bool one_digit = bits <= most_digit_bits && std::size_t{1} << bits <= 4 * items.size();
  const int pass_bits = items.size() <= short_digits_limit && !one_digit ? 8 : most_digit_bits;
  const int passes = (std::max)((bits + pass_bits - 1) / pass_bits, 1);
  const int digit_bits = (bits + passes - 1) / passes;
  const std::size_t buckets = std::size_t{1} << digit_bits;
  const Key mask = static_cast<Key>((Key{1} << digit_bits) - 1);
  std::array<std::uint32_t, static_cast<std::size_t>(most_passes) << most_digit_bits> counts;
  std::fill_n(counts.begin(), static_cast<std::size_t>(passes) * buckets, 0U);
  const auto count_digits = [&]<int n>(std::integral_constant<int, n>, int first) {  // n digits from the first-th on
    std::uint32_t* const histograms = counts.data() + static_cast<std::size_t>(first) * buckets;
    for (const Item& item : items) {
      Key key = static_cast<Key>(key_of(item) >> (first * digit_bits));
      for (std::size_t k = 0; k < n; ++k) {
        ++histograms[k * buckets + static_cast<std::size_t>(key & mask)];
        key = static_cast<Key>(key >> digit_bits);
      }
    }
  };
  int first = 0;
  for (; first + 1 < passes; first += 2) {
    count_digits(std::integral_constant<int, 2>{}, first);
  }
  if (first < passes) {
    count_digits(std::integral_constant<int, 1>{}, first);
  }
  for (int pass = 0; pass < passes; ++pass) {
    std::uint32_t* offsets = counts.data() + static_cast<std::size_t>(pass) * buckets;
    const int shift = pass * digit_bits;
    const auto digit = [&](const Item& item) { return static_cast<std::size_t>((key_of(item) >> shift) & mask); };
    if (offsets[digit(items[0])] == items.size()) {
      continue;
    }
    std::uint32_t sum = 0;
    for (std::size_t d = 0; d < buckets; ++d) {
      sum += std::exchange(offsets[d], sum);
    }
    for (const Item& item : items) {
      scratch[offsets[digit(item)]++] = item;
    }
    std::swap(items, scratch);
  }
  return items;
}

/// The same for Keyed rows in vectors: the result is in `items`, `scratch` is resized.
template <class Key>
void radix_sort(std::vector<Keyed<Key>>& items, std::vector<Keyed<Key>>& scratch,
                int bits = std::numeric_limits<Key>::digits) {
  scratch.resize(items.size());
  const auto sorted =
      radix_sort(std::span(items), std::span(scratch), bits, [](const Keyed<Key>& item) { return item.key; });
  if (sorted.data() != items.data()) {
    items.swap(scratch);
  }
}

/// Comparing all pairs without a branch is faster than any sort up to this many scores (measured).
inline constexpr Index rank_limit = 80;

/// order_descending() for at most rank_limit scores: a row's place is the number of rows before it.
template <Numbers R>
void rank_descending(const R& scores, std::span<Index> order) {
  std::array<BitsOf<Element<R>>, at(rank_limit)> keys;
  std::array<BitsOf<Element<R>>, at(rank_limit)> ranks{};
  const std::size_t n = order.size();
  for (std::size_t i = 0; i < n; ++i) {
    keys[i] = ascending_key(element(scores, static_cast<Index>(i)));
  }
  for (std::size_t i = 0; i < n; ++i) {
    const auto key = keys[i];
    auto before = ranks[i];
    for (std::size_t j = i + 1; j < n; ++j) {
      const auto higher = static_cast<BitsOf<Element<R>>>(keys[j] > key);
      before += higher;
      ranks[j] += 1 - higher;
    }
    order[static_cast<std::size_t>(before)] = static_cast<Index>(i);
  }
}

/// Buckets of equal leading bits and insertion within them are faster than counting steps of scores up to this many,
/// unless scores crowd in one bucket. Time without / with buckets on 256 sets of float scores that no branch predictor
/// has seen (uniform; sigmoid of a normal distribution): 200 scores 2.1; 2.3, 400 1.4; 1.7, 600 1.1; 1.3, 800 1.0; 1.1,
/// 1,000 0.9; 1.2, 1,500 0.6; 0.8. Repeating one set shows twice the limit: its branches are learned.
inline constexpr std::size_t bucket_limit = 1024;

/// order_descending() for at most bucket_limit scores, without memory: false, and nothing done, where scores crowd.
template <Numbers R>
[[nodiscard]] bool bucket_descending(const R& scores, std::span<Index> order) {
  using Key = BitsOf<Element<R>>;
  constexpr int most_bits = 11;
  constexpr std::uint32_t crowded = 32;
  const std::size_t n = order.size();
  std::array<Key, bucket_limit> keys, sorted;
  Key lowest = (std::numeric_limits<Key>::max)(), highest = 0;
  for (std::size_t i = 0; i < n; ++i) {
    keys[i] = static_cast<Key>(~ascending_key(element(scores, static_cast<Index>(i))));
    lowest = (std::min)(lowest, keys[i]);
    highest = (std::max)(highest, keys[i]);
  }
  const int bits = (std::min)(most_bits, static_cast<int>(std::bit_width(n)) + 1);
  const int shift = (std::max)(0, static_cast<int>(std::bit_width(static_cast<Key>(highest - lowest))) - bits);
  const auto bucket = [&](Key key) { return static_cast<std::size_t>(static_cast<Key>(key - lowest) >> shift); };
  std::array<std::uint32_t, std::size_t{1} << most_bits> offsets;
  std::fill_n(offsets.begin(), std::size_t{1} << bits, 0U);
  for (std::size_t i = 0; i < n; ++i) {
    ++offsets[bucket(keys[i])];
  }
  std::uint32_t sum = 0, fullest = 0;
  for (std::size_t b = 0; b < std::size_t{1} << bits; ++b) {
    fullest = (std::max)(fullest, offsets[b]);
    sum += std::exchange(offsets[b], sum);
  }
  if (fullest > crowded && shift > 0) {
    return false;
  }
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t place = offsets[bucket(keys[i])]++;
    order[place] = static_cast<Index>(i);
    sorted[place] = keys[i];
  }
  if (shift == 0) {
    return true;
  }
  for (std::size_t i = 1; i < n; ++i) {
    const Key key = sorted[i];
    const Index row = order[i];
    std::size_t k = i;
    for (; k > 0 && key < sorted[k - 1]; --k) {
      sorted[k] = sorted[k - 1];
      order[k] = order[k - 1];
    }
    sorted[k] = key;
    order[k] = row;
  }
  return true;
}

/// Scores are ordered by steps of 14 bits up to the first number of them, of 21 bits up to the second.
inline constexpr Index short_steps_limit = 1 << 14, steps_limit = 1 << 21;

/// The rows of `scores` from the highest to the lowest: NaN first, equal scores (and -0 with +0) by row.
/// This is torch.sort(descending=True, stable=True). O(n) time, 4 n bytes while it runs where scores spread, 16 n for
/// float scores (24 n for double) where they crowd, none for a few.
template <Numbers R>
void order_descending(const R& scores, std::span<Index> order) {
  using Key = BitsOf<Element<R>>;
  const auto n = static_cast<Index>(order.size());
  if (n <= rank_limit) {
    rank_descending(scores, order);
    return;
  }
  if (order.size() <= bucket_limit && bucket_descending(scores, order)) {
    return;
  }
  if constexpr (std::floating_point<Element<R>>) {
    // 10 bits a digit suit the first cache, 11 tell more scores apart (measured).
    if (n <= steps_limit && steps_descending(scores, order, n <= short_steps_limit ? 10 : 11)) {
      return;
    }
  }
  std::vector<Keyed<Key>> items, scratch;
  items.reserve(at(n));
  for (Index i = 0; i < n; ++i) {
    items.push_back({static_cast<Key>(~ascending_key(element(scores, i))), i});
  }
  radix_sort(items, scratch);
  for (std::size_t k = 0; k < at(n); ++k) {
    order[k] = items[k].row;
  }
}

/// The same in a vector of its own, 4 n bytes.
template <Numbers R>
[[nodiscard]] std::vector<Index> order_descending(const R& scores) {
  std::vector<Index> order(at(rows_of(scores, "scores")));
  order_descending(scores, std::span(order));
  return order;
}

}  // namespace boxlap::detail
