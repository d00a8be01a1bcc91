/// Moving moments of an image that never is in memory as a whole: push a row, get a row.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>
#include <vector>

#include "detail/row_stream.hpp"
#include "window_options.hpp"

namespace boxlap {

/// moving_moments() row by row, for images larger than memory: the bits of the array form, with either deviation.
///
///     MomentsStream<float> stream(cols, 7);
///     for each row: stream.push(row, [&](Index y, std::span<const float> mean, std::span<const float> variance)
///     {...}); stream.finish(the same sink);
///
/// A sink is called once for each row, in order, about half a window (own_mean: a window) after that row was pushed;
/// its spans are valid during the call. After finish() the stream is ready for another image of the same width. All
/// borders except wrap, whose first window needs the last row. Of the options, border, border_value and skip_nan count;
/// instead of a mask, push's second argument tells which pixels are valid. NaN where the centre of a window is invalid.
///
/// Throws std::invalid_argument for Border::wrap, a mask, a row of another length or a window below 1 x 1.
/// Memory: that of moving_moments for one strip of all columns, d = floor(window.rows / 2) + 1 rows of pixels and the
/// rows that are handed over; own_mean: d rows of two pixels, a mean and a residual, and one row of residuals more.
/// With skip_nan, that of moving_moments where pixels may be invalid, and d rows of a byte (own_mean: three) a pixel.
template <class Pixel, std::floating_point Out = std::conditional_t<std::same_as<Pixel, double>, double, float>>
class MomentsStream {
 public:
  MomentsStream(Index cols, Window window, Deviation deviation, const WindowOptions& options = {})
      : segments_(cols, window, deviation, options, false), mean_(detail::at(cols)), variance_(detail::at(cols)) {}
  MomentsStream(Index cols, Window window, const WindowOptions& options = {})
      : MomentsStream(cols, window, Deviation::textbook, options) {}

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
      const auto [y, x, n, pixels, valid] = segment;
      const auto narrow = [](auto value) { return static_cast<Out>(value); };
      Out *const mean = mean_.data() + x, *const variance = variance_.data() + x;
      std::transform(moments.means, moments.means + n, mean, narrow);
      std::transform(moments.variances, moments.variances + n, variance, narrow);
      for (Index k = 0; valid != nullptr && k < n; ++k) {
        if (valid[k] == 0) {
          mean[k] = variance[k] = std::numeric_limits<Out>::quiet_NaN();
        }
      }
      if (x + n == segments_.cols()) {
        sink(y, std::span<const Out>(mean_), std::span<const Out>(variance_));
      }
    };
  }

  detail::SegmentStream<Pixel, Out> segments_;
  std::vector<Out> mean_, variance_;
};

}  // namespace boxlap
