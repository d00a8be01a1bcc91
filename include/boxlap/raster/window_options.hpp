/// The window, and what a window does at the border, at invalid pixels and on several threads.
#pragma once

#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>

#include "../base/detail/error.hpp"
#include "../base/detail/parallel.hpp"
#include "border.hpp"
#include "image.hpp"

namespace boxlap {

/// A window's size in pixels. Converts from one number (a square) or two: `7`, `{5, 9}`.
///
/// At pixel p it covers the offsets -floor(w / 2) .. w - floor(w / 2) - 1 on each axis, as scipy.ndimage does: an even
/// window leans up and left.
struct Window {
  Index rows = 1, cols = 1;

  constexpr Window(Index side) : rows(side), cols(side) {}  // NOLINT(google-explicit-constructor)
  constexpr Window(Index window_rows, Index window_cols) : rows(window_rows), cols(window_cols) {}

  [[nodiscard]] constexpr Index pixels() const noexcept { return rows * cols; }
  [[nodiscard]] constexpr Index up() const noexcept { return rows / 2; }
  [[nodiscard]] constexpr Index down() const noexcept { return rows - 1 - up(); }
  [[nodiscard]] constexpr Index left() const noexcept { return cols / 2; }
  [[nodiscard]] constexpr Index right() const noexcept { return cols - 1 - left(); }
};

/// What the variance of a window is measured from.
enum class Deviation {
  textbook,  ///< each pixel of the window minus the mean of this window: E[I^2] - E[I]^2
  own_mean,  ///< each pixel minus the mean of the window around itself; sees 2 w - 1 pixels a side
};

/// Options of the moving statistics and of enhanced_lee; the defaults are those of scipy.ndimage.
struct WindowOptions {
  Border border = Border::reflect;
  double border_value = 0;  ///< Border::constant only; a NaN with skip_nan cuts windows off at the border
  bool skip_nan = false;    ///< NaN pixels do not count: sums are divided by the number of the others
  Mask mask = {};           ///< pixels where this is false do not count, nor NaN pixels wherever a mask is given
  int threads = 1;          ///< 0: all cores. The result has the same bits whatever the number
};

namespace detail {

inline void check(const Window& window) {
  if (window.rows < 1 || window.cols < 1) [[unlikely]] {
    invalid("window is ", window.rows, " x ", window.cols, ", expected at least 1 x 1");
  }
  constexpr std::int64_t most = std::int64_t{1} << 30;  // sums of squares of 16-bit pixels fit 64 bits up to here
  if (std::int64_t{window.rows} * window.cols > most) [[unlikely]] {
    invalid("window is ", window.rows, " x ", window.cols, ", more than ", most, " pixels");
  }
}

/// options.border_value as a pixel.
template <class Pixel>
[[nodiscard]] PixelOf<Pixel> border_pixel(const WindowOptions& options) {
  if (options.border != Border::constant) {
    return {};
  }
  if constexpr (std::integral<Pixel>) {
    const double value = options.border_value;
    const auto lowest = static_cast<double>(std::numeric_limits<Pixel>::lowest());
    const auto beyond = std::ldexp(1.0, std::numeric_limits<Pixel>::digits);
    if (!(value >= lowest && value < beyond) || value != std::floor(value)) [[unlikely]] {
      invalid("border_value is ", value, ", not a value the image's integers can have");
    }
  }
  return static_cast<PixelOf<Pixel>>(options.border_value);
}

/// Scalar: the image's own type, which tells what a border may be.
template <class Scalar>
void check(const Raster<const PixelOf<Scalar>>& image, const Window& window, const WindowOptions& options) {
  check(window);
  static_cast<void>(thread_count(options.threads));
  static_cast<void>(border_pixel<Scalar>(options));
  if (options.mask.given()) {
    require_same_size(image, "image", MaskAccess::raster(options.mask), "mask");
  }
}

}  // namespace detail
}  // namespace boxlap
