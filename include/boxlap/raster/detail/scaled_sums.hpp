/// Window sums whose squares neither overflow nor vanish, whatever the unit of the image.
///
/// The square of a float leaves its range beyond 1.8e19 and below 1e-19, and radar images come in units where pixels
/// do. Where a row holds pixels near these limits, the same sums are kept at a second or third scale too, a power of
/// two apart: scaling by a power of two is exact, so a window has the same bits at every scale that holds its squares,
/// and its value depends on nothing outside of it. Other images pay for one comparison a pixel.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <type_traits>

#include "../window_options.hpp"
#include "doubling.hpp"
#include "statistics.hpp"

namespace boxlap::detail {

/// 2^exponent.
template <std::floating_point T>
[[nodiscard]] constexpr T two_to_the(int exponent) {
  T power{1};
  for (; exponent > 0; --exponent) {
    power *= T{2};
  }
  for (; exponent < 0; ++exponent) {
    power /= T{2};
  }
  return power;
}

/// Which pixels are safe at scale 1, and how far the other two scales are away.
template <std::floating_point T>
struct ScaleLimits {
  static constexpr bool is_float = std::same_as<T, float>;
  /// A pixel is safe at scale 1 if it is 0, or at least `smallest` and at most `largest` / (pixels of the window): sums
  /// of these and their squares do not overflow, and deviations down to 1e-6 of a pixel keep the digits of their
  /// square.
  static constexpr T smallest = two_to_the<T>(is_float ? -30 : -400), largest = two_to_the<T>(is_float ? 62 : 510);
  /// A variance below this may have lost digits at scale 1.
  static constexpr T least_variance = two_to_the<T>(is_float ? -90 : -800);
  /// A residual whose mean is subtracted already is safe at scale 1 from here on: its square is `least_variance`.
  static constexpr T smallest_residual = two_to_the<T>(is_float ? -45 : -400);
  static constexpr T up = two_to_the<T>(is_float ? 80 : 600), down = two_to_the<T>(is_float ? -80 : -600);
};

/// The scales besides 1.
inline constexpr int scaled_up = 0, scaled_down = 1, other_scales = 2;

template <class T>
inline constexpr T scale_factor[] = {ScaleLimits<T>::up, ScaleLimits<T>::down};

/// Whether one of n values is smaller than `smallest` and not 0, or larger than `largest`.
struct UnsafeValues {
  bool at[other_scales] = {};

  template <class T>
  UnsafeValues(const T* values, Index n, T smallest, T largest) {
    const Index groups = n - n % lane_group;
    if (!all_within(values, groups, smallest, largest)) {
      find_unsafe(values, groups, smallest, largest);
    }
    find_unsafe(values + groups, n - groups, smallest, largest);
  }

 private:
  /// False also where a value is 0, which is safe, or NaN: find_unsafe() tells.
  template <class T>
  [[nodiscard]] static bool all_within(const T* values, Index n, T smallest, T largest) {
    using Group = Eigen::Array<T, lane_group, 1>;
    Group least = Group::Constant(largest), most = Group::Zero();
    for (Index k = 0; k < n; k += lane_group) {
      const Group magnitudes = Eigen::Map<const Group>(values + k).abs();
      least = (least.min)(magnitudes);
      most = (most.max)(magnitudes);
    }
    return (least >= smallest).all() && (most <= largest).all();
  }

  template <class T>
  void find_unsafe(const T* values, Index n, T smallest, T largest) {
    for (Index k = 0; k < n; ++k) {
      const T magnitude = std::abs(values[k]);
      at[scaled_up] |= magnitude < smallest && magnitude > T{0};
      at[scaled_down] |= magnitude > largest;
    }
  }
};

/// WindowSums of a statistic; `wide_range` adds the other scales where they are needed.
template <class Statistic>
class ScaledSums {
 public:
  using Pieces = typename Statistic::Pieces;
  using T = typename Pieces::Scalar;
  static constexpr bool can_scale = Statistic::can_scale;
  /// The sums at the other scales; no data where they are not kept.
  using Others = std::conditional_t<can_scale, std::array<Channels<const T>, other_scales>, std::nullptr_t>;

  ScaledSums(Window window, Index columns, bool wide_range)
      : window_(window), columns_(columns), wide_range_(wide_range), unscaled_(window, columns) {}

  [[nodiscard]] Channels<T> raw() { return unscaled_.raw(); }

  /// As WindowSums::feed(); calls sink(column, n, sums, others).
  template <class Sink>
  void feed(Sink&& sink) {
    if constexpr (can_scale) {
      if (wide_range_) {
        scale_raw_row();
      }
    }
    if constexpr (Statistic::squares_raw) {
      unscaled_.square_raw(value_channel);
    }
    constexpr Index segment = WindowSums<Pieces>::segment;
    for (Index column = 0; column < columns_; column += segment) {
      const Index n = (std::min)(segment, columns_ - column);
      const Channels<const T> sums = unscaled_.sum_row(column, n);
      const Others others = others_at(column, n);
      if (unscaled_.complete()) {
        sink(column, n, sums, others);
      }
    }
    unscaled_.end_row();
    if constexpr (can_scale) {
      for (auto& other : others_) {
        if (other) {
          other->end_row();
        }
      }
    }
  }

  /// The next row is the first of a new image.
  void restart() {
    unscaled_.restart();
    if constexpr (can_scale) {
      for (auto& other : others_) {
        other.reset();
      }
    }
  }

 private:
  static constexpr int value_channel = Statistic::counted ? 1 : 0;
  static constexpr int squares_channel = value_channel + (Statistic::squares_raw ? 0 : 1);

  /// Fills the raw rows of the other scales, and begins to keep a scale when a row needs it first. What it would hold
  /// by now is what scale 1 holds, times a power of two: all pixels were safe so far.
  void scale_raw_row() {
    const Index n = columns_ + window_.cols - 1;
    const T largest = ScaleLimits<T>::largest / static_cast<T>(window_.pixels());
    const T smallest = Statistic::squares_raw ? ScaleLimits<T>::smallest_residual : ScaleLimits<T>::smallest;
    const UnsafeValues unsafe(unscaled_.raw()[value_channel], n, smallest, largest);
    for (int k = 0; k < other_scales; ++k) {
      std::optional<WindowSums<Pieces>>& other = others_[at(k)];
      if (!other && unsafe.at[k]) {
        other.emplace(window_, columns_);
        other->take_rows(unscaled_, value_channel, squares_channel, scale_factor<T>[k]);
      }
      if (other) {
        other->take_raw(unscaled_, value_channel, scale_factor<T>[k]);
        if constexpr (Statistic::squares_raw) {
          other->square_raw(value_channel);
        }
      }
    }
  }

  [[nodiscard]] Others others_at([[maybe_unused]] Index column, [[maybe_unused]] Index n) {
    Others sums{};
    if constexpr (can_scale) {
      for (int k = 0; k < other_scales; ++k) {
        if (others_[at(k)]) {
          sums[at(k)] = others_[at(k)]->sum_row(column, n);
        }
      }
    }
    return sums;
  }

  Window window_;
  Index columns_;
  bool wide_range_;
  WindowSums<Pieces> unscaled_;
  std::array<std::optional<WindowSums<Pieces>>, can_scale ? other_scales : 0> others_;
};

/// Means and variances of a segment at the other scales, where they are kept.
template <class T>
struct OtherMoments {
  bool kept[other_scales] = {};
  bool from_residuals = false;  ///< variances may be infinite where means are not
  alignas(64) T means[other_scales][segment_columns];
  alignas(64) T variances[other_scales][segment_columns];

  template <class Statistic, class Others>
  void finish(const Others& sums, Index n, Index pixels) {
    if constexpr (Statistic::can_scale) {
      for (int k = 0; k < other_scales; ++k) {
        kept[k] = sums[at(k)].data != nullptr;
        if (kept[k]) {
          Statistic::finish(sums[at(k)], n, pixels, means[k], variances[k]);
        }
      }
    }
  }

  /// The same with variances from residuals; the means at scale 1 are given. Residuals may be far larger or smaller
  /// than the mean: where it leaves the range at another scale, scale 1 tells that the window is a target or flat.
  template <class Statistic, class Others>
  void finish_residuals(const Others& sums, Index n, Index pixels, const T* means_at_1) {
    using Limits = std::numeric_limits<T>;
    from_residuals = true;
    if constexpr (Statistic::can_scale) {
      for (int scale = 0; scale < other_scales; ++scale) {
        kept[scale] = sums[at(scale)].data != nullptr;
        if (!kept[scale]) {
          continue;
        }
        Statistic::finish(sums[at(scale)], n, pixels, variances[scale], nullptr);
        for (Index k = 0; k < n; ++k) {
          const T mean = means_at_1[k] * scale_factor<T>[scale], magnitude = std::abs(mean);
          means[scale][k] = mean;
          // half of the largest: the pixel may be larger than the mean
          const bool leaves = scale == scaled_up ? magnitude > (Limits::max)() / 2 : magnitude < (Limits::min)();
          variances[scale][k] = leaves ? Limits::infinity() : variances[scale][k];
        }
        std::fill(means[scale] + n, means[scale] + whole_groups(n), T{0});
      }
    }
  }

  /// The scale at which window k keeps its digits, or `none` for scale 1, whose mean and variance are given; there the
  /// largest number may be given for infinity.
  [[nodiscard]] Index scale_of(Index k, T mean, T variance) const {
    constexpr T largest = (std::numeric_limits<T>::max)();
    const bool is_finite = std::isfinite(mean) && variance < largest;
    if (is_finite && variance >= ScaleLimits<T>::least_variance) {
      return none;
    }
    const Index other = is_finite ? scaled_up : scaled_down;
    return kept[other] && std::isfinite(means[other][k]) && std::isfinite(variances[other][k]) ? other : none;
  }
};

/// Means and variances of a segment at scale 1, aligned to 64 bytes and readable for whole groups of lanes, and those
/// at the other scales.
template <class T>
struct SegmentMoments {
  const T *means, *variances;
  const OtherMoments<T>& others;
};
template <class T>
SegmentMoments(const T*, const T*, const OtherMoments<T>&) -> SegmentMoments<T>;

}  // namespace boxlap::detail
