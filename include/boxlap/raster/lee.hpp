/// The Enhanced Lee speckle filter: mean where the image is flat, the pixel where it is a target, a blend in between.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>

#include "window.hpp"

namespace boxlap {

/// The noise of a radar image: which coefficients of variation C = deviation / mean are speckle, which are a target.
///
/// C <= cu: homogeneous, the window's mean. C >= cmax: a point target, the pixel itself. In between the mean weighs
/// exp(-damping (C - cu) / (cmax - C)). For a multiplicative model with texture as strong as its mean,
/// cmax^2 = 1 + 2 cu^2; PCI Geomatica's FELEE page prints the same thresholds.
struct Speckle {
  double cu = 1, cmax = std::numeric_limits<double>::infinity(), damping = 1;

  /// Intensity (power) images of `looks` looks: cu = 1 / sqrt(looks), cmax = sqrt(1 + 2 / looks). looks > 0, need not
  /// be whole. damping >= 0: the larger, the sharper.
  [[nodiscard]] static Speckle intensity(double looks, double damping = 1) {
    check(looks, damping);
    return {1 / std::sqrt(looks), std::sqrt(1 + 2 / looks), damping};
  }

  /// Amplitude images, where single-look speckle is Rayleigh distributed: cu = sqrt(4 / pi - 1) / sqrt(looks) = 0.5227
  /// / sqrt(looks), and cmax from cu as above.
  [[nodiscard]] static Speckle amplitude(double looks, double damping = 1) {
    check(looks, damping);
    const double variation = 4 / 3.14159265358979323846 - 1;
    return {std::sqrt(variation / looks), std::sqrt(1 + 2 * variation / looks), damping};
  }

  /// cmax = sqrt(1 + 2 looks), as a widely copied numpy program has it. Equal to intensity() for one look only; with
  /// more looks it exceeds what small windows can reach, so that targets are smoothed too. For comparison with results
  /// of that program, together with Deviation::own_mean.
  [[nodiscard]] static Speckle one_plus_two_looks(double looks, double damping = 1) {
    check(looks, damping);
    return {1 / std::sqrt(looks), std::sqrt(1 + 2 * looks), damping};
  }

 private:
  static void check(double looks, double damping) {
    if (!(looks > 0) || !std::isfinite(looks)) [[unlikely]] {
      detail::invalid("looks is ", looks, ", expected a number above 0");
    }
    if (!(damping >= 0) || !std::isfinite(damping)) [[unlikely]] {
      detail::invalid("damping is ", damping, ", expected 0 or more");
    }
  }
};

namespace detail {

/// exp(x) for -87 <= x <= 0, relative error below 3 epsilon. Without a branch or a table, so that it vectorises and
/// every column has the same bits: x = n ln 2 + r with |r| <= ln 2 / 2, and the series of exp(r).
template <std::floating_point T>
[[nodiscard]] inline T exp_of_negative(T x) {
  using Bits = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;
  constexpr int digits = std::numeric_limits<T>::digits - 1;       // 23, 52
  constexpr T shift = T(1.5) * static_cast<T>(Bits{1} << digits);  // adding it rounds to an integer in the low bits
  constexpr T ln2_high = sizeof(T) == 4 ? T(0.693359375) : T(6.93147180369123816490e-01);
  constexpr T ln2_low = sizeof(T) == 4 ? T(-2.12194440e-4) : T(1.90821492927058770002e-10);
  constexpr int degree = sizeof(T) == 4 ? 7 : 13;
  const T shifted = x * T(1.44269504088896340736) + shift;
  const T n = shifted - shift;
  const T r = (x - n * ln2_high) - n * ln2_low;
  T series = 1;
  for (int k = degree; k > 0; --k) {
    series = series * r / static_cast<T>(k) + 1;
  }
  const Bits exponent =
      std::bit_cast<Bits>(shifted) - std::bit_cast<Bits>(shift) + std::numeric_limits<T>::max_exponent - 1;
  return series * std::bit_cast<T>(static_cast<Bits>(exponent << digits));
}

template <class T>
[[gnu::noinline]] void blend_speckle(T* __restrict out, const T* __restrict mean, const T* __restrict variance,
                                     const T* __restrict pixel, Index n, T cu, T cmax, T damping) {
  for (Index i = 0; i < n; i += lane_group) {
    for (Index k = i; k < i + lane_group; ++k) {
      const T deviation = std::sqrt(variance[k]);
      const T ratio = deviation > 0 ? deviation / mean[k] : T{0};  // 0 / 0 is homogeneous, so is NaN (its mean is NaN)
      const T c = std::min(std::max(ratio, cu), cmax);
      const T exponent = std::max(-damping * (c - cu) / (cmax - c), T{-87});
      const T blended = exp_of_negative(exponent);
      const T weight = ratio <= cu ? T{1} : ratio >= cmax ? T{0} : blended;
      out[k] = mean[k] * weight + pixel[k] * (1 - weight);
    }
  }
}

}  // namespace detail

/// The Enhanced Lee filter (Lopes, Touzi and Nezry 1990) of a linear radar image, in one pass; also in place.
///
/// image, window, borders and invalid pixels as in moving_moments; out: float or double, resized or of the image's
/// size, or the image itself. Even windows lean as in moving_mean. Each pixel becomes
///     mean where C <= cu, the pixel where C >= cmax, mean W + pixel (1 - W) between, W = exp(-damping (C - cu) /
///     (cmax - C))
/// with C = deviation / mean of the window around it. A window of mean and deviation 0 (nodata) gives 0. A NaN spoils
/// the windows that hold it and no others; with skip_nan or a mask it does not count, and invalid pixels keep their
/// value. Meant for linear intensity or amplitude: where the mean is negative (decibels) the result is the mean.
///
/// Errors as in moving_moments; a speckle with NaN, cu < 0 or cmax < cu throws. Float results are within
/// 1e-6 (1 + damping / 10) (|mean| + |pixel|) of the formula, double within 1e-14 (...), and the same on any number of
/// threads.
/// Time and memory: those of moving_moments (in place, float, window 11, 10,000 columns: 1.5 MiB).
template <detail::EigenDense Image, class Out>
requires detail::EigenDense<Out>
void enhanced_lee(const Image& image, Window window, const Speckle& speckle, Out&& out,
                  Deviation deviation = Deviation::textbook, const WindowOptions& options = {}) {
  using Pixel = typename Image::Scalar;
  using Result = typename std::remove_cvref_t<Out>::Scalar;
  const auto in = detail::input(image, "image");
  detail::check(in, window, options);
  if (!(speckle.cu >= 0 && speckle.cmax >= speckle.cu && speckle.damping >= 0)) [[unlikely]] {
    detail::invalid("speckle has cu ", speckle.cu, ", cmax ", speckle.cmax, ", damping ", speckle.damping,
                    ", expected 0 <= cu <= cmax and damping >= 0");
  }
  const auto result = detail::output(out, "out", in, "image", true);
  if (in.empty()) {
    return;
  }
  const bool keeps_invalid = options.mask.given() || (options.skip_nan && std::floating_point<Pixel>);
  const auto filter = [&](Index y, Index x, Index n, const auto* means, const auto* variances) {
    using T = std::remove_cvref_t<decltype(*means)>;
    alignas(64) T pixels[detail::segment_columns];
    alignas(64) T filtered[detail::segment_columns];
    const Pixel* row = in.row(y) + x;
    std::transform(row, row + n, pixels, [](Pixel pixel) { return static_cast<T>(pixel); });
    std::fill(pixels + n, pixels + detail::whole_groups(n), T{0});
    detail::blend_speckle(filtered, means, variances, pixels, n, static_cast<T>(speckle.cu),
                          static_cast<T>(speckle.cmax), static_cast<T>(speckle.damping));
    if (keeps_invalid) {
      const std::uint8_t* mask = options.mask.row(y);
      const detail::ValidSegment centre(row, mask != nullptr ? mask + x : nullptr, n);
      for (Index k = 0; k < n; ++k) {
        filtered[k] = centre.valid[k] ? filtered[k] : pixels[k];
      }
    }
    std::transform(filtered, filtered + n, result.row(y) + x, [](T value) { return static_cast<Result>(value); });
  };
  detail::for_each_segment<true, Result>(in, window, deviation, options, detail::same_memory(in, result), filter);
}

template <detail::EigenDense Image, class Out>
requires detail::EigenDense<Out>
void enhanced_lee(const Image& image, Window window, const Speckle& speckle, Out&& out, const WindowOptions& options) {
  enhanced_lee(image, window, speckle, std::forward<Out>(out), Deviation::textbook, options);
}

}  // namespace boxlap
