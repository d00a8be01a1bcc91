/// The Enhanced Lee speckle filter: mean where the image is flat, the pixel where it is a target, a blend in between.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

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
  /// / sqrt(looks), and cmax = sqrt(1 + 2 cu^2).
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

/// Blends n pixels, a whole number of lane groups, all arrays aligned to 64 bytes: every pixel goes through Eigen's
/// vector instructions, none through a scalar tail whose exp has other last bits. There is no select: weight is exactly
/// 1 up to cu and exactly 0 from cmax on, and a window of zeros (0 / 0) is homogeneous. Variances are finite or NaN:
/// Eigen's square root of infinity may be NaN.
template <class T>
void blend_speckle(T* out, const T* mean, const T* variance, const T* pixel, Index n, const Speckle& speckle) {
  using Lanes = Eigen::Array<T, Eigen::Dynamic, 1>;
  const Eigen::Map<const Lanes, Eigen::Aligned64> m(mean, n), v(variance, n), p(pixel, n);
  Eigen::Map<Lanes, Eigen::Aligned64> w(out, n);
  constexpr T tiny = (std::numeric_limits<T>::min)(), floor = T(-87), least = T(2e-38);  // exp(-87) is 1.6e-38
  const auto cu = static_cast<T>(speckle.cu);
  const auto cmax = static_cast<T>((std::min)(speckle.cmax, static_cast<double>((std::numeric_limits<T>::max)())));
  const auto damping = static_cast<T>((std::max)(speckle.damping, 1e-30));  // not 0: at cmax the exponent must be -87
  w = (((v.sqrt() / (m + tiny)).max)(cu).min)(cmax);  // parenthesised against macros of these names
  w = (((w - cu) * -damping / (cmax - w + tiny)).max)(floor).exp();
  w = ((w - least).max)(T{0});
  w = m * w + p * (T{1} - w);
}

/// Filters again at their own scale the windows whose squares are out of range at scale 1.
template <class T>
void blend_other_scales(T* out, const SegmentMoments<T>& moments, const T* pixels, Index n, const Speckle& speckle) {
  const OtherMoments<T>& others = moments.others;
  alignas(64) T scaled[segment_columns];
  alignas(64) T filtered[segment_columns];
  for (int scale = 0; scale < other_scales; ++scale) {
    if (!others.kept[scale]) {
      continue;
    }
    const T factor = scale_factor<T>[scale];
    std::transform(pixels, pixels + whole_groups(n), scaled, [factor](T pixel) { return pixel * factor; });
    blend_speckle(filtered, others.means[scale], others.variances[scale], scaled, whole_groups(n), speckle);
    for (Index k = 0; k < n; ++k) {
      out[k] = others.scale_of(k, moments.means[k], moments.variances[k]) == scale ? filtered[k] / factor : out[k];
    }
  }
}

/// The filter on n <= segment_columns pixels. is_valid(k): a pixel that does not count keeps its value.
template <class T, class Pixel, class IsValid, class Result>
void filter_speckle(SegmentMoments<T> moments, const Pixel* row, Index n, const Speckle& speckle,
                    const IsValid& is_valid, Result* out) {
  alignas(64) T pixels[segment_columns] = {};  // zeros up to whole groups of lanes
  alignas(64) T filtered[segment_columns];
  std::transform(row, row + n, pixels, [](Pixel pixel) { return static_cast<T>(pixel); });
  alignas(64) T finite[segment_columns] = {};
  if (moments.others.from_residuals) {
    constexpr T huge = (std::numeric_limits<T>::max)();
    for (Index i = 0; i < n; i += lane_group) {
      for (Index k = i; k < i + lane_group; ++k) {
        finite[k] = moments.variances[k] > huge ? huge : moments.variances[k];
      }
    }
    moments.variances = finite;
  }
  blend_speckle(filtered, moments.means, moments.variances, pixels, whole_groups(n), speckle);
  blend_other_scales(filtered, moments, pixels, n, speckle);
  for (Index k = 0; k < n; ++k) {
    out[k] = static_cast<Result>(is_valid(k) ? filtered[k] : pixels[k]);
  }
}

inline void check(const Speckle& speckle) {
  if (!(speckle.cu >= 0 && speckle.cmax > speckle.cu && speckle.damping >= 0)) [[unlikely]] {
    invalid("speckle has cu ", speckle.cu, ", cmax ", speckle.cmax, ", damping ", speckle.damping,
            ", expected 0 <= cu < cmax and damping >= 0");
  }
}

}  // namespace detail

/// The Enhanced Lee filter (Lopes, Touzi and Nezry 1990) of a linear radar image, in one pass; also in place.
///
/// image: row-major array, Map or Block of bool, integers, float or double. out: float or double, of the image's size;
/// an array is resized, a Map or Block of another size is refused; may be the image itself (same type, place and size).
/// Window and border as in scipy.ndimage (see Window, Border): an even window leans up and left. Each pixel becomes
///     mean where C <= cu, the pixel where C >= cmax, mean W + pixel (1 - W) between, W = exp(-damping (C - cu) /
///     (cmax - C))
/// with C = deviation / mean of the window around it. A window of mean and deviation 0 (nodata) gives 0. A NaN spoils
/// the windows that hold it and no others; with skip_nan or a mask it does not count, and invalid pixels keep their
/// value. Meant for linear intensity or amplitude: where the mean is negative (decibels) the result is the mean.
///
/// The unit of the image does not matter: pixels of 1e-30 to 1e30 (double: 1e-270 to 1e270) and 0 may stand side by
/// side in one window, and an image times a power of two within this range gives the same bits times that power (but
/// for results below 1e-30 of the mean). In textbook windows of up to 10,000 pixels this also holds for pixels up to
/// 3e38 (1e307). With Deviation::own_mean a pixel above 3e38 (1e308) / pixels of the window, such as nodata of -3.4e38,
/// spoils the results it reaches, 2 w - 1 pixels a side, and no others: give it as NaN with skip_nan, or a mask.
///
/// Throws std::invalid_argument for a window below 1 x 1, sizes that differ, overlapping memory, threads < 0, a
/// border_value that integer pixels cannot have, and a speckle with NaN, cu < 0, cmax <= cu or damping < 0. An empty
/// image gives an empty result. Float results are
/// within 1e-6 (1 + damping / 10) (|mean| + |pixel|) of the formula, double within 1e-14 (...), and the same on any
/// number of threads. Time and memory: those of moving_moments (in place, float, window 11, 10,000 columns: 1.5 MiB);
/// in an image with a float pixel below 1e-9 or above 4e18 / pixels of the window (double: 1e-120, 1e153 / pixels)
/// about 2.5 times the time and up to twice the memory; with pixels of both kinds more time and up to three times the
/// memory. With own_mean it is residuals that count: below 3e-14 (double: 4e-121), or above the same limits.
template <detail::EigenDense Image, class Out>
requires detail::EigenDense<Out>
void enhanced_lee(const Image& image, Window window, const Speckle& speckle, Out&& out,
                  Deviation deviation = Deviation::textbook, const WindowOptions& options = {}) {
  using Pixel = detail::PixelOf<typename Image::Scalar>;
  using Result = typename std::remove_cvref_t<Out>::Scalar;
  const auto in = detail::input(image, "image");
  detail::check<typename Image::Scalar>(in, window, options);
  detail::check(speckle);
  const auto result = detail::output(out, "out", in, "image", true);
  if (in.empty()) {
    return;
  }
  const bool keeps_invalid = options.mask.given() || (options.skip_nan && std::floating_point<Pixel>);
  const auto filter = [&](Index y, Index x, Index n, const auto* means, const auto* variances, const auto& others) {
    const Pixel* row = in.row(y) + x;
    const detail::SegmentMoments moments{means, variances, others};
    if (!keeps_invalid) {
      return detail::filter_speckle(
          moments, row, n, speckle, [](Index) { return true; }, result.row(y) + x);
    }
    const std::uint8_t* mask = options.mask.row(y);
    const detail::ValidSegment centre(row, mask != nullptr ? mask + x : nullptr, n);
    detail::filter_speckle(
        moments, row, n, speckle, [&](Index k) { return centre.valid[k]; }, result.row(y) + x);
  };
  detail::for_each_segment<true, true, Result>(in, window, deviation, options, detail::same_memory(in, result), filter);
}

/// enhanced_lee() with options and the default deviation, Deviation::textbook.
template <detail::EigenDense Image, class Out>
requires detail::EigenDense<Out>
void enhanced_lee(const Image& image, Window window, const Speckle& speckle, Out&& out, const WindowOptions& options) {
  enhanced_lee(image, window, speckle, std::forward<Out>(out), Deviation::textbook, options);
}

/// enhanced_lee() row by row, for images larger than memory: the bits of the array form, with either deviation.
///
///     LeeStream<float> stream(cols, 7, Speckle::intensity(4));
///     for each row: stream.push(row, [&](Index y, std::span<const float> filtered) {...});
///     stream.finish(the same sink);
///
/// A sink is called once for each row, in order, about half a window (own_mean: a window) after that row was pushed;
/// its span is valid during the call. After finish() the stream is ready for another image of the same width. All
/// borders except wrap, whose first window needs the last row; no mask: an invalid pixel is told by push's second
/// argument.
///
/// Throws std::invalid_argument for Border::wrap, a mask, a row of another length, a window below 1 x 1, and a speckle
/// that enhanced_lee() refuses. Memory: that of a MomentsStream with the same arguments and one row of results, and for
/// images with very small or large pixels that of enhanced_lee() at other scales.
template <class Pixel, std::floating_point Out = std::conditional_t<std::same_as<Pixel, double>, double, float>>
class LeeStream {
 public:
  LeeStream(Index cols, Window window, const Speckle& speckle, Deviation deviation = Deviation::textbook,
            const WindowOptions& options = {})
      : speckle_(speckle), segments_(cols, window, deviation, options, true), filtered_(detail::at(cols)) {
    detail::check(speckle);
  }
  LeeStream(Index cols, Window window, const Speckle& speckle, const WindowOptions& options)
      : LeeStream(cols, window, speckle, Deviation::textbook, options) {}

  /// Takes the next row in. valid: one byte a pixel, 0 where it does not count; only with options.skip_nan.
  template <class Sink>
  void push(std::span<const Pixel> row, std::span<const std::uint8_t> valid, Sink&& sink) {
    segments_.push(row, valid, whole_rows(sink));
  }
  template <class Sink>
  void push(std::span<const Pixel> row, Sink&& sink) {
    push(row, {}, sink);
  }

  /// No more rows will come: the rows still due go to the sink.
  template <class Sink>
  void finish(Sink&& sink) {
    segments_.finish(whole_rows(sink));
  }

 private:
  template <class Sink>
  auto whole_rows(Sink& sink) {
    return [this, &sink](const auto& segment, const auto& moments) {
      const auto is_valid = [valid = segment.valid](Index k) { return valid == nullptr || valid[k] != 0; };
      detail::filter_speckle(moments, segment.pixels, segment.n, speckle_, is_valid, filtered_.data() + segment.x);
      if (segment.x + segment.n == segments_.cols()) {
        sink(segment.y, std::span<const Out>(filtered_));
      }
    };
  }

  Speckle speckle_;
  detail::SegmentStream<Pixel, Out> segments_;
  std::vector<Out> filtered_;
};

}  // namespace boxlap
