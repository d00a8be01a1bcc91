/// Moving mean and variance of an image: every window, in one pass and a few rows of memory.
#pragma once

#include <algorithm>
#include <limits>
#include <type_traits>
#include <utility>

#include "detail/own_mean.hpp"
#include "detail/statistics.hpp"
#include "detail/sweep.hpp"
#include "image.hpp"
#include "stream.hpp"
#include "window_options.hpp"

namespace boxlap {
namespace detail {

/// Where the pixels of a segment count, read before the segment may be overwritten.
struct ValidSegment {
  bool valid[segment_columns];

  template <class Pixel>
  ValidSegment(const Pixel* pixels, const std::uint8_t* mask, Index n) {
    for (Index k = 0; k < n; ++k) {
      valid[k] = pixels[k] == pixels[k] && (mask == nullptr || mask[k] != 0);
    }
  }
};

/// Calls sink(y, x, n, means, variances) for all windows of the image, segment by segment (variances only with
/// Squares), and with WideRange the moments at other scales behind them. Result: the type results are kept in.
template <bool Squares, bool WideRange, class Result, class Pixel, class Sink>
void for_each_segment(const Raster<const Pixel>& image, Window window, Deviation deviation,
                      const WindowOptions& options, bool in_place, const Sink& sink) {
  const bool counted = options.mask.given() || (options.skip_nan && std::floating_point<Pixel>);
  if (Squares && deviation == Deviation::own_mean) {
    with_statistic<Pixel, Result, false>(window.pixels(), counted, [&]<class Statistic>(Statistic) {
      using T = typename Statistic::Result;
      const auto finished = [&](Index y, Index x, Index n, const T* means, const auto& sums,
                                [[maybe_unused]] const auto& others) {
        alignas(64) T variances[segment_columns];
        ResidualStatistic<Statistic>::finish(sums, n, window.pixels(), variances, nullptr);
        if constexpr (WideRange) {
          OtherMoments<T> moments;
          moments.template finish_residuals<ResidualStatistic<Statistic>>(others, n, window.pixels(), means);
          sink(y, x, n, means, static_cast<const T*>(variances), moments);
        } else {
          sink(y, x, n, means, static_cast<const T*>(variances));
        }
      };
      sweep_own_mean<Statistic>(image, window, options, in_place, WideRange, finished);
    });
    return;
  }
  with_statistic<Pixel, Result, Squares>(window.pixels(), counted, [&]<class Statistic>(Statistic) {
    using T = typename Statistic::Result;
    const auto finished = [&](Index y, Index x, Index n, const auto& sums, [[maybe_unused]] const auto& others) {
      alignas(64) T means[segment_columns];
      alignas(64) T variances[segment_columns];
      Statistic::finish(sums, n, window.pixels(), means, variances);
      if constexpr (WideRange) {
        OtherMoments<T> moments;
        moments.template finish<Statistic>(others, n, window.pixels());
        sink(y, x, n, static_cast<const T*>(means), static_cast<const T*>(variances), moments);
      } else {
        sink(y, x, n, static_cast<const T*>(means), static_cast<const T*>(variances));
      }
    };
    sweep_image<Statistic>(image, window, options, in_place, WideRange, finished);
  });
}

/// Writes the means, and with Squares the variances, of all windows; NaN where options make the window's centre
/// invalid.
template <bool Squares, class Pixel, class Mean, class Variance>
void write_moments(const Raster<const Pixel>& image, Window window, const Raster<Mean>& mean,
                   const Raster<Variance>& variance, Deviation deviation, const WindowOptions& options) {
  const bool in_place = same_memory(image, mean) || (Squares && same_memory(image, variance));
  const bool blanks = options.mask.given() || (options.skip_nan && std::floating_point<Pixel>);
  for_each_segment<Squares, false, std::common_type_t<Mean, Variance>>(
      image, window, deviation, options, in_place,
      [&](Index y, Index x, Index n, const auto* means, const auto* variances) {
        Mean* mean_row = mean.row(y) + x;
        if (blanks) {
          const std::uint8_t* mask = options.mask.row(y);
          const ValidSegment centre(image.row(y) + x, mask != nullptr ? mask + x : nullptr, n);
          for (Index k = 0; k < n; ++k) {
            mean_row[k] = centre.valid[k] ? static_cast<Mean>(means[k]) : std::numeric_limits<Mean>::quiet_NaN();
          }
          for (Index k = 0; Squares && k < n; ++k) {
            variance.row(y)[x + k] =
                centre.valid[k] ? static_cast<Variance>(variances[k]) : std::numeric_limits<Variance>::quiet_NaN();
          }
          return;
        }
        std::transform(means, means + n, mean_row, [](auto value) { return static_cast<Mean>(value); });
        if constexpr (Squares) {
          std::transform(variances, variances + n, variance.row(y) + x,
                         [](auto value) { return static_cast<Variance>(value); });
        }
      });
}

}  // namespace detail

/// The mean of the window around each pixel: scipy.ndimage.uniform_filter with float output, without its memory of
/// pixels that have left the window.
///
/// image: row-major array, Map or Block of bool, integers, float or double (the mean of a bool mask is the share of
/// pixels that are true). out: float or double, of the image's size; an
/// array is resized, a Map or Block of another size is refused. out may be the image itself (same type, place and
/// size); any other overlap is refused. Window and border as in scipy.ndimage (see Window, Border); even windows,
/// windows larger than the image and 1 x 1 images are defined.
///
/// Sums of 8- and 16-bit integers are exact; others are kept in the wider of the image's and the output's type, and the
/// error is some ulp whatever the image holds elsewhere; a sum beyond their range is infinite. NaN and infinities stay
/// within the windows that hold them.
/// With options.skip_nan or a mask, sums are divided by the number of valid pixels, and an invalid centre gives NaN.
///
/// Throws std::invalid_argument for a window below 1 x 1, sizes that differ, overlapping memory, threads < 0, or a
/// border_value that integer pixels cannot have. An empty image gives an empty result.
/// O(rows * cols * log window) time. Memory, for a strip of c = min(cols, 2048) columns (in place: all columns) and
/// sums of s bytes, a thread: (window.rows + floor(log2 window.rows) + 1) * (c + 16) * s + (4 * window.cols + 1400) * s
/// bytes, twice that where pixels may be invalid (a mask, or skip_nan and pixels that may be NaN); in place,
/// window.rows - 1 rows of the image more (half of that on one thread). Independent of the number of rows. s is 4 for
/// 8-bit pixels in windows of up to 33,025 and for float pixels with a float result, otherwise 8.
template <detail::EigenDense Image, class Out>
requires detail::EigenDense<Out>
void moving_mean(const Image& image, Window window, Out&& out, const WindowOptions& options = {}) {
  const auto in = detail::input(image, "image");
  detail::check<typename Image::Scalar>(in, window, options);
  const auto mean = detail::output(out, "out", in, "image", true);
  if (!in.empty()) {
    detail::write_moments<false>(in, window, mean, mean, Deviation::textbook, options);
  }
}

/// The mean and the population variance (divisor: the window's pixels) of the window around each pixel.
///
/// image: row-major array, Map or Block of bool, integers, float or double. mean, variance: float or double, of the
/// image's size; an array is resized, a Map or Block of another size is refused. One of them may be the image itself
/// (same type, place and size); any other overlap is refused. Window and border as in scipy.ndimage (see Window,
/// Border). With options.skip_nan or a mask, invalid pixels do not count, and an invalid centre gives NaN; otherwise
/// NaN and infinities stay within the windows that hold them. With Deviation::own_mean each pixel is measured from the
/// mean of the window around itself; beyond the border the squared residuals are extended as the image is (0 beyond a
/// constant border).
///
/// The textbook variance of 8- and 16-bit integers is exact up to the last division; otherwise sums of squared
/// distances are joined pairwise (Chan, Golub and LeVeque), so it is never negative and keeps its digits beside pixels
/// 10^8 times brighter. In float its relative error grows as (mean / deviation)^2 * 1e-11: give double outputs for
/// more. Its range is that of squares: in float, deviations from 1e-17 to 1e19 / pixels of the window keep their
/// digits, below 1e-23 the variance is 0, above 1e20 infinite or NaN; double outputs take any float. The same holds
/// with own_mean while pixels stay below 3e38 / pixels of the window.
///
/// Throws std::invalid_argument for a window below 1 x 1, sizes that differ, overlapping memory, threads < 0, or a
/// border_value that integer pixels cannot have. An empty image gives empty results.
///
/// O(rows * cols * log window) time. Memory: twice that of moving_mean without invalid pixels, three times where pixels
/// may be invalid. With own_mean twice, four times where pixels may be invalid, half of it in 8-byte sums where pixels
/// are integers; and window.rows + 2 rows of means and residuals. Its strips are window.cols wider; in place, with
/// Border::wrap and in windows of more than 512 columns there is one strip, on one thread.
template <detail::EigenDense Image, class Mean, class Variance>
requires(detail::EigenDense<Mean>&& detail::EigenDense<Variance>) void moving_moments(
    const Image& image, Window window, Mean&& mean, Variance&& variance, Deviation deviation = Deviation::textbook,
    const WindowOptions& options = {}) {
  const auto in = detail::input(image, "image");
  detail::check<typename Image::Scalar>(in, window, options);
  const auto mean_out = detail::output(mean, "mean", in, "image", true);
  const auto variance_out = detail::output(variance, "variance", in, "image", true);
  detail::refuse_overlap(mean_out, "mean", variance_out, "variance", false);
  if (!in.empty()) {
    detail::write_moments<true>(in, window, mean_out, variance_out, deviation, options);
  }
}

/// moving_moments() with options and the default deviation, Deviation::textbook.
template <detail::EigenDense Image, class Mean, class Variance>
requires(detail::EigenDense<Mean>&& detail::EigenDense<Variance>) void moving_moments(const Image& image, Window window,
                                                                                      Mean&& mean, Variance&& variance,
                                                                                      const WindowOptions& options) {
  moving_moments(image, window, std::forward<Mean>(mean), std::forward<Variance>(variance), Deviation::textbook,
                 options);
}

}  // namespace boxlap
