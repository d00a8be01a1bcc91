/// Dense Lucas-Kanade optical flow: the motion of the window around each pixel, in a few rows of memory.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>

#include "../base/detail/compiler.hpp"
#include "../base/detail/rounded.hpp"
#include "detail/sweep.hpp"

namespace boxlap {

/// Options of lucas_kanade().
struct FlowOptions {
  int threads = 1;  ///< 0: all cores. The result has the same bits whatever the number
};

namespace detail {

/// a c - b b for a symmetric matrix (a b; b c). Rounded: equal products must give exactly 0, fused or not.
[[nodiscard]] inline double determinant(double a, double b, double c) noexcept {
  return rounded(a * c) - rounded(b * b);
}

/// The smaller eigenvalue of (a b; b c), at least 0.
[[nodiscard]] inline double smaller_eigenvalue(double a, double b, double c) noexcept {
  const double larger = a + c + std::sqrt((a - c) * (a - c) + 4 * (b * b));
  // determinant / larger: no cancellation between trace and root
  return larger > 0 ? (std::max)(2 * determinant(a, b, c) / larger, 0.0) : 0.0;
}

/// The five products of two frames whose window sums are the normal equations of Lucas and Kanade. Gradients are not
/// halved, so that integers stay integers: xx, xy, yy are 4 times and xt, yt 2 times those of central differences.
template <class Pixel, class T>
struct FlowProducts {
  using Pieces = Sums<T, 5>;

  /// n columns of row y from column x on, all with neighbours inside the frames.
  static void load(Channels<T> raw, const Raster<const Pixel>& frame1, const Raster<const Pixel>& frame2, Index y,
                   Index x, Index n) {
    const Pixel *here = frame1.row(y) + x, *next = frame2.row(y) + x;
    products(raw, here, next, frame1.stride, n);
  }

 private:
  /// From n pixels of frame1, whose rows are `stride` apart, and the same pixels of frame2.
  BOXLAP_NOINLINE static void products(Channels<T> raw, const Pixel* __restrict here, const Pixel* __restrict next,
                                       std::ptrdiff_t stride, Index n) {
    T* __restrict xx = raw[0];
    T* __restrict xy = raw[1];
    T* __restrict yy = raw[2];
    T* __restrict xt = raw[3];
    T* __restrict yt = raw[4];
    const Pixel *above = here - stride, *below = here + stride;
    for (Index k = 0; k < n; ++k) {
      const T gx = static_cast<T>(here[k + 1]) - static_cast<T>(here[k - 1]);
      const T gy = static_cast<T>(below[k]) - static_cast<T>(above[k]);
      const T gt = static_cast<T>(here[k]) - static_cast<T>(next[k]);
      xx[k] = gx * gx;
      xy[k] = gx * gy;
      yy[k] = gy * gy;
      xt[k] = gx * gt;
      yt[k] = gy * gt;
    }
  }
};

/// The results of one segment.
struct FlowSegment {
  alignas(64) double x[segment_columns];
  alignas(64) double y[segment_columns];
  alignas(64) double eigenvalue[segment_columns];  ///< only with_eigenvalues, or with a min_eigenvalue
};

/// Solves the n 2 x 2 systems of FlowProducts side by side.
template <class T>
BOXLAP_NOINLINE void solve_flows(Channels<const T> sums, Index n, double* __restrict x, double* __restrict y) {
  const T *xx = sums[0], *xy = sums[1], *yy = sums[2], *xt = sums[3], *yt = sums[4];
  for (Index i = 0; i < n; i += lane_group) {
    for (Index k = i; k < i + lane_group; ++k) {
      const auto a = static_cast<double>(xx[k]), b = static_cast<double>(xy[k]), c = static_cast<double>(yy[k]);
      const auto s = static_cast<double>(xt[k]), t = static_cast<double>(yt[k]);
      const double det = determinant(a, b, c);
      const double by = det != 0 ? det : 1.0, two = det != 0 ? 2.0 : 0.0;
      x[k] = two * (c * s - b * t) / by;
      y[k] = two * (a * t - b * s) / by;
    }
  }
}

/// The smaller eigenvalues of the n mean gradient tensors of `pixels` pixels each.
template <class T>
BOXLAP_NOINLINE void smaller_eigenvalues(Channels<const T> sums, Index n, double pixels,
                                         double* __restrict eigenvalue) {
  const T *xx = sums[0], *xy = sums[1], *yy = sums[2];
  for (Index k = 0; k < n; ++k) {
    const auto a = static_cast<double>(xx[k]), b = static_cast<double>(xy[k]), c = static_cast<double>(yy[k]);
    eigenvalue[k] = (a - c) * (a - c) + 4 * (b * b);
  }
  Eigen::Map<Eigen::ArrayXd, Eigen::Aligned64> root(eigenvalue, n);
  root = root.sqrt();  // Eigen's: std::sqrt has to set errno and therefore is no vector instruction
  for (Index k = 0; k < n; ++k) {
    const auto a = static_cast<double>(xx[k]), b = static_cast<double>(xy[k]), c = static_cast<double>(yy[k]);
    const double larger = a + c + eigenvalue[k];
    const double by = larger > 0 ? larger : 1.0;
    // determinant / larger: no cancellation between trace and root. 4: the gradients were not halved
    eigenvalue[k] = (std::max)(2 * determinant(a, b, c) / by, 0.0) / (4 * pixels);
  }
}

/// What lucas_kanade() was called with, beside images.
struct FlowArguments {
  Index radius;
  double min_eigenvalue;
  bool with_eigenvalues;  ///< a map of the eigenvalues is a result
  int threads;
};

template <class T>
void solve_segment(Channels<const T> sums, Index n, double pixels, const FlowArguments& arguments, FlowSegment& flow) {
  solve_flows<T>(sums, n, flow.x, flow.y);
  if (!arguments.with_eigenvalues && arguments.min_eigenvalue <= 0) {
    return;
  }
  smaller_eigenvalues<T>(sums, n, pixels, flow.eigenvalue);
  for (Index k = 0; arguments.min_eigenvalue > 0 && k < n; ++k) {
    if (!(flow.eigenvalue[k] >= arguments.min_eigenvalue)) {
      flow.x[k] = flow.y[k] = 0;
    }
  }
}

/// Columns that are swept together: the rings of five channels of double of such a strip fit the second-level cache.
inline constexpr Index widest_flow_strip = 512;

/// Sums the products in T and calls sink(y, x, n, flow) for each segment with whole windows.
template <class T, class Pixel, class Sink>
void for_each_flow(const Raster<const Pixel>& frame1, const Raster<const Pixel>& frame2, const FlowArguments& arguments,
                   const Sink& sink) {
  const Index radius = arguments.radius, margin = radius + 1;
  const Window window(2 * radius + 1);
  const Tiling tiles(frame1.rows - 2 * margin, frame1.cols - 2 * margin, window, arguments.threads, false,
                     widest_flow_strip);
  for_each_chunk(arguments.threads, tiles.size(), [&](Index k) {
    const Tile tile = tiles[k];
    const Index columns = tile.x2 - tile.x1;
    WindowSums<Sums<T, 5>> sums(window, columns);
    for (Index y = tile.y1 + 1; y < tile.y2 + 2 * radius + 1; ++y) {
      FlowProducts<Pixel, T>::load(sums.raw(), frame1, frame2, y, tile.x1 + 1, columns + 2 * radius);
      sums.feed([&](Index column, Index n, const auto& row) {
        FlowSegment flow;
        solve_segment<T>(row, n, window.pixels(), arguments, flow);
        sink(y - radius, tile.x1 + margin + column, n, flow);
      });
    }
  });
}

/// In place of the eigenvalue map, where that is no result.
struct NoMap {};

/// Where results go; E is a Raster or NoMap.
template <class X, class Y, class E>
struct FlowOutputs {
  static constexpr bool has_map = !std::same_as<E, NoMap>;
  Raster<X> x;
  Raster<Y> y;
  E eigenvalues;

  /// No motion for n pixels of row `row` from column `column` on.
  void fill(Index row, Index column, Index n) const {
    std::fill_n(x.row(row) + column, n, X{0});
    std::fill_n(y.row(row) + column, n, Y{0});
    if constexpr (has_map) {
      std::fill_n(eigenvalues.row(row) + column, n, std::remove_reference_t<decltype(*eigenvalues.data)>{0});
    }
  }
  void copy(Index row, Index column, Index n, const FlowSegment& flow) const {
    const auto write = [n](const double* from, auto* to) {
      std::transform(from, from + n, to,
                     [](double value) { return static_cast<std::remove_reference_t<decltype(*to)>>(value); });
    };
    write(flow.x, x.row(row) + column);
    write(flow.y, y.row(row) + column);
    if constexpr (has_map) {
      write(flow.eigenvalue, eigenvalues.row(row) + column);
    }
  }
};

template <class X, class Y, class E>
FlowOutputs(Raster<X>, Raster<Y>, E) -> FlowOutputs<X, Y, E>;

template <class Pixel, class X, class Y, class E>
void write_flow(const Raster<const Pixel>& frame1, const Raster<const Pixel>& frame2,
                const FlowOutputs<X, Y, E>& outputs, Index radius, double min_eigenvalue, const FlowOptions& options) {
  const FlowArguments arguments{radius, min_eigenvalue, outputs.has_map, thread_count(options.threads)};
  const Index margin = radius + 1, rows = frame1.rows, cols = frame1.cols;
  for (Index y = 0; y < rows; ++y) {
    if (y < margin || y >= rows - margin || cols <= 2 * margin) {
      outputs.fill(y, 0, cols);
    } else {
      outputs.fill(y, 0, margin);
      outputs.fill(y, cols - margin, margin);
    }
  }
  if (rows <= 2 * margin || cols <= 2 * margin) {
    return;
  }
  const auto sink = [&](Index y, Index x, Index n, const FlowSegment& flow) { outputs.copy(y, x, n, flow); };
  if constexpr (std::integral<Pixel> && sizeof(Pixel) == 1) {
    if (radius <= 90) {  // (2 * 90 + 1)^2 * 255^2 < 2^31
      return for_each_flow<std::int32_t>(frame1, frame2, arguments, sink);
    }
  }
  using Sum = std::conditional_t<std::integral<Pixel>, double, std::common_type_t<Pixel, X, Y>>;
  for_each_flow<Sum>(frame1, frame2, arguments, sink);
}

template <class Image1, class Image2>
[[nodiscard]] auto frames(const Image1& frame1, const Image2& frame2, Index radius, double min_eigenvalue) {
  static_assert(std::same_as<typename Image1::Scalar, typename Image2::Scalar>,
                "boxlap: both frames of a flow have the same pixel type");
  const auto a = input(frame1, "frame1");
  const auto b = input(frame2, "frame2");
  require_same_size(a, "frame1", b, "frame2");
  if (radius < 0 || radius > 10'000) [[unlikely]] {
    invalid("radius is ", radius, ", expected 0 to 10000");
  }
  if (!(min_eigenvalue >= 0)) [[unlikely]] {
    invalid("min_eigenvalue is ", min_eigenvalue, ", expected 0 or more");
  }
  return std::pair(a, b);
}

template <class Out, class Pixel>
[[nodiscard]] auto flow_output(Out& out, const char* name, const Raster<const Pixel>& frame1,
                               const Raster<const Pixel>& frame2) {
  refuse_overlap(frame2, "frame2", raster_of<typename Out::Scalar>(out, name), name, false);
  return output(out, name, frame1, "frame1", false);
}

}  // namespace detail

/// The motion (flow_x, flow_y), in pixels, of the window of (2 radius + 1)^2 pixels around each pixel from frame1 to
/// frame2: positive x is to the right, positive y is down. One step of Lucas and Kanade (1981), no pyramid: for motions
/// of a pixel or so.
///
/// frame1, frame2: row-major arrays, Maps or Blocks of one size and type: 8- or 16-bit integers, float or double.
/// flow_x, flow_y: float or double; arrays are resized, a Map or Block of another size is refused. Gradients are
/// central differences of frame1, time differences frame1 - frame2. Pixels less than radius + 1 from the border, whose
/// windows leave the part that has gradients, have no flow: 0. So have windows whose determinant is exactly 0, and
/// those whose gradient tensor's smaller eigenvalue, per pixel of the window, is below min_eigenvalue, in (grey level /
/// pixel)^2. OpenCV's minEigThreshold of 1e-4 is 0.1024 in this unit for 8-bit frames, and 0.1024 / 255^2 for frames in
/// [0, 1].
///
/// Sums are exact for 8- and 16-bit integers, in double for longer ones, otherwise in the wider of the frames' and the
/// outputs' type: float frames with float outputs are summed in float, which moves the flow by up to 10^-3 px where the
/// gradient tensor is nearly singular, and not at all while grey levels are whole numbers below 256 and radius <= 7.
/// Systems are solved in double. A NaN spoils the windows that hold it or touch
/// it. Throws std::invalid_argument for frames of different sizes, outputs that overlap a frame or each other, radius <
/// 0, min_eigenvalue < 0 or NaN, threads < 0. O(rows * cols * log radius) time. Memory, with w = 2 radius + 1, a strip
/// of c = min(cols, 512) columns and s = 4 bytes for 8-bit frames, 8 for others, a thread: 5 s ((w + floor(log2 w) + 1)
/// (c + w) + 5 (256 + w)) bytes.
template <detail::EigenDense Image1, detail::EigenDense Image2, class X, class Y>
requires(detail::EigenDense<X>&& detail::EigenDense<Y>) void lucas_kanade(const Image1& frame1, const Image2& frame2,
                                                                          Index radius, X&& flow_x, Y&& flow_y,
                                                                          double min_eigenvalue = 0,
                                                                          const FlowOptions& options = {}) {
  const auto [a, b] = detail::frames(frame1, frame2, radius, min_eigenvalue);
  const auto x = detail::flow_output(flow_x, "flow_x", a, b);
  const auto y = detail::flow_output(flow_y, "flow_y", a, b);
  detail::refuse_overlap(x, "flow_x", y, "flow_y", false);
  detail::write_flow(a, b, detail::FlowOutputs{x, y, detail::NoMap{}}, radius, min_eigenvalue, options);
}

/// lucas_kanade() with options, for min_eigenvalue = 0: every motion is kept.
template <detail::EigenDense Image1, detail::EigenDense Image2, class X, class Y>
requires(detail::EigenDense<X>&& detail::EigenDense<Y>) void lucas_kanade(const Image1& frame1, const Image2& frame2,
                                                                          Index radius, X&& flow_x, Y&& flow_y,
                                                                          const FlowOptions& options) {
  lucas_kanade(frame1, frame2, radius, std::forward<X>(flow_x), std::forward<Y>(flow_y), 0, options);
}

/// lucas_kanade() with a map of how well each motion is determined: the smaller eigenvalue of the window's mean
/// gradient tensor, in (grey level / pixel)^2.
///
/// frame1, frame2, radius, flow_x, flow_y, min_eigenvalue, and their errors, are those of the form without a map.
/// eigenvalue: float or double; an array is resized, a Map or Block of another size is refused, and so is memory that
/// overlaps a frame or another output. It is 0 less than radius + 1 pixels from the border, and does not depend on
/// min_eigenvalue. The same time and memory as without it, and a square root a pixel.
template <detail::EigenDense Image1, detail::EigenDense Image2, class X, class Y, class E>
requires(detail::EigenDense<X>&& detail::EigenDense<Y>&& detail::EigenDense<E>) void lucas_kanade(
    const Image1& frame1, const Image2& frame2, Index radius, X&& flow_x, Y&& flow_y, E&& eigenvalue,
    double min_eigenvalue = 0, const FlowOptions& options = {}) {
  const auto [a, b] = detail::frames(frame1, frame2, radius, min_eigenvalue);
  const auto x = detail::flow_output(flow_x, "flow_x", a, b);
  const auto y = detail::flow_output(flow_y, "flow_y", a, b);
  const auto map = detail::flow_output(eigenvalue, "eigenvalue", a, b);
  detail::refuse_overlap(x, "flow_x", y, "flow_y", false);
  detail::refuse_overlap(x, "flow_x", map, "eigenvalue", false);
  detail::refuse_overlap(y, "flow_y", map, "eigenvalue", false);
  detail::write_flow(a, b, detail::FlowOutputs{x, y, map}, radius, min_eigenvalue, options);
}

/// lucas_kanade() with a map of eigenvalues and options, for min_eigenvalue = 0: every motion is kept.
template <detail::EigenDense Image1, detail::EigenDense Image2, class X, class Y, class E>
requires(detail::EigenDense<X>&& detail::EigenDense<Y>&& detail::EigenDense<E>) void lucas_kanade(
    const Image1& frame1, const Image2& frame2, Index radius, X&& flow_x, Y&& flow_y, E&& eigenvalue,
    const FlowOptions& options) {
  lucas_kanade(frame1, frame2, radius, std::forward<X>(flow_x), std::forward<Y>(flow_y), std::forward<E>(eigenvalue), 0,
               options);
}

}  // namespace boxlap
