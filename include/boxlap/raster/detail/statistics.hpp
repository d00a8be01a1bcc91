/// From the sums of a window to its mean and variance.
///
/// E[I^2] - E[I]^2 loses all digits where the deviation is small beside the mean. 8- and 16-bit pixels are summed in
/// integers instead, exactly, and rounded once by the last division. Other pixels are summed as (sum, sum of squared
/// distances from the mean), which join without cancellation (window_sums.hpp). Invalid pixels carry a count of their
/// own.
///
/// Cost: a division or two a window, in whole groups of lanes. The type of the sums is the narrowest that is exact for
/// the size of the window: see with_statistic().
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "window_sums.hpp"

namespace boxlap::detail {

/// Integers whose sums of squares stay exact.
template <class Pixel>
inline constexpr bool is_short_integer = std::integral<Pixel> && sizeof(Pixel) <= 2;
template <class Pixel>
inline constexpr bool is_byte = std::integral<Pixel> && sizeof(Pixel) == 1;

/// n and the integer sums of n pixels and of their squares, as the population variance: exact up to the last division.
[[nodiscard]] inline double exact_variance(std::int32_t n, std::int32_t sum, std::int32_t squares) noexcept {
  // both products stay below 2^53 (8-bit pixels, n <= 33,025)
  const double count = n;
  return (count * squares - static_cast<double>(sum) * sum) / (count * count);
}
[[nodiscard]] inline double exact_variance(std::int64_t n, std::int64_t sum, std::int64_t squares) noexcept {
  const double count_squared = static_cast<double>(n) * static_cast<double>(n);
  if (n <= 46'340) {  // n * squares < 2^63 for 16-bit pixels
    return static_cast<double>(n * squares - sum * sum) / count_squared;
  }
  // sum = q n + r and r^2 = s n + t: the squared distances from the mean are b - t / n
  const std::int64_t q = sum / n, r = sum - q * n, s = r * r / n, t = r * r - s * n;
  const std::int64_t b = squares - q * (q * n + 2 * r) - s;
  return (static_cast<double>(b) - static_cast<double>(t) / static_cast<double>(n)) / static_cast<double>(n);
}

/// Mean, and variance where Squares is set, of windows over `Pixel`s summed in T. Counted: invalid pixels are left out
/// and the sums divided by the number of the others.
template <class PixelType, class T, bool Squares, bool Counted>
struct WindowStatistic {
  using Pixel = PixelType;
  static constexpr bool counted = Counted, squares = Squares;
  static constexpr bool exact = std::integral<T>;
  /// Whether squares can leave the range of T: not those of integers, nor of float pixels summed in double.
  static constexpr bool can_scale = Squares && !exact && std::same_as<T, PixelType>;
  static constexpr bool squares_raw = false;
  static constexpr int plain_channels = 1 + (Squares ? 1 : 0) + (Counted ? 1 : 0);
  using Pieces = std::conditional_t<exact || !Squares, Sums<T, plain_channels>,
                                    std::conditional_t<Counted, CountedSquares<std::conditional_t<exact, double, T>>,
                                                       SumAndSquares<std::conditional_t<exact, double, T>>>>;
  using Result = std::conditional_t<exact, double, T>;

  /// The raw channels of n neighbouring pixels. `valid` may be nullptr.
  static void load(Channels<T> raw, const Pixel* pixels, const std::uint8_t* valid, Index n) {
    if constexpr (Counted) {
      for (Index k = 0; k < n; ++k) {
        const bool counts = pixels[k] == pixels[k] && (valid == nullptr || valid[k] != 0);
        put<1>(raw, k, counts ? static_cast<T>(pixels[k]) : T{0});
        raw[0][k] = counts ? T{1} : T{0};
      }
    } else {
      for (Index k = 0; k < n; ++k) {
        put<0>(raw, k, static_cast<T>(pixels[k]));
      }
    }
  }

  /// mean[k] and variance[k] of n windows of `pixels` pixels each; whole groups of lanes are written. NaN where a
  /// window has no valid pixel.
  static void finish(Channels<const T> sums, Index n, Index pixels, Result* __restrict mean,
                     Result* __restrict variance) {
    const T* __restrict sum = sums[Counted ? 1 : 0];
    const T* __restrict count = sums[0];
    const T* __restrict m2 = sums[Counted ? 2 : 1];
    const T all = static_cast<T>(pixels);
    [[maybe_unused]] const T share = T{1} / all;
    for (Index i = 0; i < n; i += lane_group) {
      for (Index k = i; k < i + lane_group; ++k) {
        const T number = Counted ? count[k] : all;
        mean[k] = static_cast<Result>(sum[k]) / static_cast<Result>(number);
        if constexpr (Squares && exact) {
          variance[k] = exact_variance(number, sum[k], m2[k]);
        } else if constexpr (Squares) {
          variance[k] = Counted ? m2[k] / number : m2[k] * share;
        }
      }
    }
    if constexpr (Squares && !exact && !Counted) {
      if (pixels == 1) {  // nothing was joined to it: a NaN or infinite pixel has no variance of 0
        std::transform(mean, mean + n, variance, [](Result only) { return only - only; });
      }
    }
  }

  /// The distances of n pixels from the means of the windows around them. Through the sums, not the means, so that the
  /// rounding of a mean does not enter: exact for integers up to the division.
  static void residuals(Channels<const T> sums, Index n, Index pixels, const Pixel* centres, Result* residuals_out) {
    for (Index k = 0; k < n; ++k) {
      const T number = Counted ? sums[0][k] : static_cast<T>(pixels);
      const T scaled = static_cast<T>(centres[k]) * number - sums[Counted ? 1 : 0][k];
      residuals_out[k] = static_cast<Result>(scaled) / static_cast<Result>(number);
    }
  }

 private:
  template <int Channel>
  static void put(Channels<T> raw, Index k, T value) {
    raw[Channel][k] = value;
    if constexpr (Squares && exact) {
      raw[Channel + 1][k] = static_cast<T>(value * value);
    }
  }
};

/// The mean of squared residuals. Residuals are loaded, NaN where they do not count; ScaledSums squares the raw row.
template <class MeanStatistic>
struct ResidualStatistic
    : WindowStatistic<typename MeanStatistic::Result, typename MeanStatistic::Result, false, MeanStatistic::counted> {
  static constexpr bool can_scale = std::same_as<typename MeanStatistic::Pixel, typename MeanStatistic::Result>;
  static constexpr bool squares_raw = true;
};

/// The type of sums that any window may have: 64-bit for short integers, else the wider of Pixel and Kept, double for
/// long integers.
template <class Pixel, class Kept>
using LongestSum =
    std::conditional_t<is_short_integer<Pixel>, std::int64_t,
                       std::common_type_t<std::conditional_t<std::integral<Pixel>, double, Pixel>, Kept>>;

/// Returns run(statistic) with the WindowStatistic of the narrowest exact sums: 32-bit integers while the squares of
/// `window_pixels` bytes fit, then LongestSum.
template <class Pixel, class Kept, bool Squares, class Run>
auto with_statistic(Index window_pixels, bool counted, Run&& run) {
  const auto with = [&]<class T>(T) {
    return counted ? run(WindowStatistic<Pixel, T, Squares, true>{}) : run(WindowStatistic<Pixel, T, Squares, false>{});
  };
  if constexpr (is_byte<Pixel>) {
    if (window_pixels <= 33'025) {  // 2^31 / 255^2
      return with(std::int32_t{});
    }
  }
  return with(LongestSum<Pixel, Kept>{});
}

}  // namespace boxlap::detail
