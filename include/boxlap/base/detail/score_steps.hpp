/// Scores from high to low by even steps: a counting sort of quantised scores.
///
/// Sorting floats by their 32 bits takes three passes over 8 bytes a row. Detection scores spread over a small range,
/// so 20 or 22 bits of their distance from the highest tell nearly all of them apart: two passes over 4 bytes a row.
/// Scores of one step are then sorted by value. A sample says beforehand whether scores crowd; then nothing is done
/// here.
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
#include <utility>

#include "../index.hpp"
#include "../range.hpp"
#include "ascending_key.hpp"

namespace boxlap::detail {

/// Scores as whole numbers below 2^bits, evenly from the highest to the lowest, NaN as the highest. Rounding does not
/// change that they never ascend where scores do.
template <std::floating_point T>
class ScoreSteps {
 public:
  ScoreSteps(T lowest, T highest, int bits) noexcept
      : highest_(highest), range_(highest - lowest), per_score_(static_cast<T>((1 << bits) - 1) / range_) {}

  template <Numbers R>
  [[nodiscard]] static ScoreSteps of(const R& scores, Index n, int bits) {
    constexpr std::size_t side_by_side = 4;  // so that one comparison need not wait for the last
    std::array<T, side_by_side> low, high;
    low.fill((std::numeric_limits<T>::max)());
    high.fill(std::numeric_limits<T>::lowest());
    const auto see = [&](Index i, std::size_t k) {
      const T score = element(scores, i);
      low[k] = score < low[k] ? score : low[k];
      high[k] = score > high[k] ? score : high[k];
    };
    Index i = 0;
    for (; i + static_cast<Index>(side_by_side) <= n; i += static_cast<Index>(side_by_side)) {
      for (std::size_t k = 0; k < side_by_side; ++k) {
        see(i + static_cast<Index>(k), k);
      }
    }
    for (; i < n; ++i) {
      see(i, 0);
    }
    return {*std::min_element(low.begin(), low.end()), *std::max_element(high.begin(), high.end()), bits};
  }

  [[nodiscard]] std::uint32_t operator()(T score) const noexcept {
    const T step = (highest_ - score) * per_score_;
    return static_cast<std::uint32_t>(static_cast<std::int32_t>(step > 0 ? step : 0));
  }

  /// Whether there are steps, few scores that differ share one, and scores are not all the same few: seen in a sample.
  template <Numbers R>
  [[nodiscard]] bool tell_apart(const R& scores, Index n) const {
    using Limits = std::numeric_limits<T>;
    if (!(range_ >= (Limits::min)() * (1 << 24) && range_ <= (Limits::max)())) {
      return false;
    }
    constexpr std::size_t sample = 256;
    constexpr int too_many = 8, too_many_alike = 240;
    // The more scores, the nearer they are to one another: a sample shows it in wider steps.
    const int wider = static_cast<int>(std::bit_width(at(n) >> 13));
    const auto wide_step = [&](T score) { return (*this)(score) >> wider; };
    std::array<T, sample> last;  // of the scores that have the same low bits of their step
    last.fill(highest_);
    int close = 0, alike = 0;
    for (std::size_t k = 0; k < sample; ++k) {
      const T score = element(scores, static_cast<Index>(k * at(n) / sample));
      const std::uint32_t step = wide_step(score);
      T& other = last[step % sample];
      close += static_cast<int>((other < score || other > score) && wide_step(other) == step);
      alike += static_cast<int>(other == score);
      other = score;
    }
    return close <= too_many && alike <= too_many_alike;
  }

 private:
  T highest_, range_, per_score_;
};

/// Sorts rows by score, descending, equal ones by row: by insertion where they are a few, as a heap where they are
/// many.
template <Numbers R>
void sort_few(const R& scores, std::span<Index> rows) {
  constexpr std::size_t insertion_limit = 32;
  const auto before = [&](Index a, Index b) {
    const auto x = ascending_key(element(scores, a)), y = ascending_key(element(scores, b));
    return x > y || (x == y && a < b);
  };
  if (rows.size() > insertion_limit) {
    std::make_heap(rows.begin(), rows.end(), before);
    std::sort_heap(rows.begin(), rows.end(), before);
    return;
  }
  for (std::size_t i = 1; i < rows.size(); ++i) {
    const Index row = rows[i];
    std::size_t k = i;
    for (; k > 0 && before(row, rows[k - 1]); --k) {
      rows[k] = rows[k - 1];
    }
    rows[k] = row;
  }
}

/// Sorts the scores of each step, whose order is that of their rows, where that is not theirs too.
template <Numbers R, class Steps>
void sort_within_steps(const R& scores, const Steps& step_of, std::span<Index> order) {
  const auto score_at = [&](std::size_t k) { return element(scores, order[k]); };
  for (std::size_t k = 1; k < order.size(); ++k) {
    const auto score = score_at(k);
    if (score_at(k - 1) >= score) [[likely]] {
      continue;
    }
    const std::uint32_t step = step_of(score);
    std::size_t first = k - 1;
    while (first > 0 && step_of(score_at(first - 1)) == step) {
      --first;
    }
    do {
      ++k;
    } while (k < order.size() && step_of(score_at(k)) == step);
    sort_few(scores, order.subspan(first, k - first));
  }
}

/// order_descending() of at most 2^(32 - digit_bits) scores by two digits of their steps, 4 n bytes while it runs:
/// false, and nothing done, where they crowd.
template <Numbers R>
[[nodiscard]] bool steps_descending(const R& scores, std::span<Index> order, int digit_bits) {
  constexpr std::size_t most_digits = std::size_t{1} << 11;
  const std::uint32_t last_digit = (std::uint32_t{1} << digit_bits) - 1;
  const auto n = static_cast<Index>(order.size());
  const auto step_of = ScoreSteps<Element<R>>::of(scores, n, 2 * digit_bits);
  if (!step_of.tell_apart(scores, n)) {
    return false;
  }
  for (Index i = 0; i < n; ++i) {  // does nothing else, so that compilers make vector code of it
    order[at(i)] = static_cast<Index>(step_of(element(scores, i)));
  }
  std::array<std::uint32_t, most_digits> low{}, high{};  // counts of digits, then places
  for (const Index step : order) {
    ++low[static_cast<std::uint32_t>(step) & last_digit];
    ++high[static_cast<std::uint32_t>(step) >> digit_bits];
  }
  std::uint32_t low_sum = 0, high_sum = 0;
  for (std::size_t d = 0; d <= last_digit; ++d) {
    low_sum += std::exchange(low[d], low_sum);
    high_sum += std::exchange(high[d], high_sum);
  }
  // The high digit and the row share a number of 32 bits.
  const int row_bits = std::numeric_limits<std::uint32_t>::digits - digit_bits;
  const std::uint32_t last_row = (std::uint32_t{1} << row_bits) - 1;
  const auto by_low = std::make_unique_for_overwrite<std::uint32_t[]>(at(n));
  for (std::size_t i = 0; i < at(n); ++i) {
    const auto step = static_cast<std::uint32_t>(order[i]);
    by_low[low[step & last_digit]++] = step >> digit_bits << row_bits | static_cast<std::uint32_t>(i);
  }
  for (std::size_t k = 0; k < at(n); ++k) {
    order[high[by_low[k] >> row_bits]++] = static_cast<Index>(by_low[k] & last_row);
  }
  sort_within_steps(scores, step_of, order);
  return true;
}

}  // namespace boxlap::detail
