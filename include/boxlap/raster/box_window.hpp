/// A box is a window: mean, deviation and motion of the pixels in any box, in constant time from summed tables.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

#include "../shape/box.hpp"
#include "detail/statistics.hpp"
#include "image.hpp"
#include "lucas_kanade.hpp"

namespace boxlap {
namespace detail {

/// Sums of K channels over all rectangles with a corner at the origin: entry (y, x) holds rows [0, y), columns [0, x).
template <class T, std::size_t K>
class SummedTable {
 public:
  using Entry = std::array<T, K>;

  /// pixel(y, x) is the entry of one pixel.
  template <class PixelEntry>
  SummedTable(Index rows, Index cols, const PixelEntry& pixel)
      : rows_(rows), cols_(cols), entries_((at(rows) + 1) * (at(cols) + 1)) {
    for (Index y = 0; y < rows; ++y) {
      Entry row{};
      for (Index x = 0; x < cols; ++x) {
        const Entry value = pixel(y, x);
        const Entry& above = (*this)(y, x + 1);
        Entry& here = entries_[place(y + 1, x + 1)];
        for (std::size_t c = 0; c < K; ++c) {
          row[c] += value[c];
          here[c] = above[c] + row[c];
        }
      }
    }
  }

  [[nodiscard]] Index rows() const noexcept { return rows_; }
  [[nodiscard]] Index cols() const noexcept { return cols_; }

  /// The integral over a box of the image whose pixel (y, x) fills the unit square with the upper left corner (x, y).
  /// The box lies inside the image. Differences of table entries are taken first, so that integers stay exact.
  [[nodiscard]] std::array<double, K> integral(const Box<double>& box) const {
    const Cuts xs(box.x1, box.x2, cols_), ys(box.y1, box.y2, rows_);
    std::array<double, K> total{};
    for (std::size_t i = 0; i < 3; ++i) {
      for (std::size_t j = 0; j < 3; ++j) {
        const double weight = ys.weight[i] * xs.weight[j];
        if (weight > 0) {
          add(total, weight, ys.edge[i], ys.edge[i + 1], xs.edge[j], xs.edge[j + 1]);
        }
      }
    }
    return total;
  }

 private:
  /// An interval as a part of one pixel, whole pixels, and a part of one pixel.
  struct Cuts {
    std::array<Index, 4> edge;
    std::array<double, 3> weight;

    Cuts(double from, double to, Index n) {
      const Index first = (std::min)(static_cast<Index>(from), n - 1), last = (std::min)(static_cast<Index>(to), n - 1);
      edge = {first, first + 1, (std::max)(first + 1, last), last + 1};
      weight = first == last ? std::array<double, 3>{to - from, 0, 0}
                             : std::array<double, 3>{first + 1 - from, edge[2] > edge[1] ? 1.0 : 0.0, to - last};
    }
  };

  void add(std::array<double, K>& total, double weight, Index y1, Index y2, Index x1, Index x2) const {
    const Entry &a = (*this)(y1, x1), &b = (*this)(y1, x2), &c = (*this)(y2, x1), &d = (*this)(y2, x2);
    for (std::size_t k = 0; k < K; ++k) {
      total[k] += weight * static_cast<double>((d[k] - c[k]) - (b[k] - a[k]));
    }
  }
  [[nodiscard]] std::size_t place(Index y, Index x) const { return at(y) * (at(cols_) + 1) + at(x); }
  [[nodiscard]] const Entry& operator()(Index y, Index x) const { return entries_[place(y, x)]; }

  Index rows_, cols_;
  std::vector<Entry> entries_;
};

/// The box's part inside columns [x1, x2) and rows [y1, y2); empty (all 0) where there is none or the box is NaN.
template <class T>
[[nodiscard]] Box<double> inside_of(const Box<T>& box, double x1, double y1, double x2, double y2) {
  const Box<double> part{std::max<double>(box.x1, x1), std::max<double>(box.y1, y1), std::min<double>(box.x2, x2),
                         std::min<double>(box.y2, y2)};
  const bool is_number = box.x1 == box.x1 && box.y1 == box.y1 && box.x2 == box.x2 && box.y2 == box.y2;
  return is_number && has_extent(part) ? part : Box<double>{};
}

template <class Pixel>
using TableSum = std::conditional_t<is_short_integer<Pixel>, std::int64_t, double>;

}  // namespace detail

/// What the pixels of a box have in common.
struct BoxStatistics {
  double pixels = 0;                                           ///< area of the box inside the image
  double mean = std::numeric_limits<double>::quiet_NaN();      ///< NaN where no part of the box is inside
  double variance = std::numeric_limits<double>::quiet_NaN();  ///< population variance
  [[nodiscard]] double deviation() const { return std::sqrt(variance); }
};

/// Mean and variance of any box of one image in O(1), from two summed tables.
///
///     const BoxMoments moments(image);
///     moments(box).mean
///
/// Pixel (row y, column x) fills the square [x, x + 1) x [y, y + 1), as boxes in pixel coordinates have it: a
/// fractional edge counts the pixel it cuts by the part that is inside. Parts of a box outside the image do not count;
/// a box that is outside, inverted, empty or NaN has 0 pixels and a NaN mean.
///
/// 8- and 16-bit images are summed in 64-bit integers: boxes with whole edges are exact to the last division. Others
/// are summed in double from the image's own mean; the absolute error of a sum is some 1e-16 times the sum of all
/// squared pixels above and to the left, so a pixel 1e8 times brighter than the rest is felt by the boxes below and to
/// the right of it, and a NaN spoils them: for such images use moving_moments. The variance is never negative.
///
/// O(rows * cols) once, 16 (rows + 1) (cols + 1) bytes kept; O(1) a box, no memory. Viola and Jones (2001) for the
/// table. Const calls are safe from many threads.
template <class Pixel>
class BoxMoments {
 public:
  template <detail::EigenDense Image>
  requires std::same_as<typename Image::Scalar, Pixel>
  explicit BoxMoments(const Image& image) : BoxMoments(detail::input(image, "image")) {}

  /// The statistics of the pixels inside `box`.
  template <class T>
  [[nodiscard]] BoxStatistics operator()(const Box<T>& box) const {
    const Box<double> part = detail::inside_of(box, 0, 0, table_.cols(), table_.rows());
    const double n = area(part);
    if (!(n > 0)) {
      return {};
    }
    const auto [sum, squares] = table_.integral(part);
    return {n, origin_ + sum / n, (std::max)(0.0, n * squares - sum * sum) / (n * n)};
  }

 private:
  using Sum = detail::TableSum<Pixel>;

  explicit BoxMoments(const detail::Raster<const detail::PixelOf<Pixel>>& image)
      : origin_(origin(image)), table_(image.rows, image.cols, [&](Index y, Index x) {
          const Sum value = static_cast<Sum>(image.row(y)[x]) - static_cast<Sum>(origin_);
          return std::array<Sum, 2>{value, value * value};
        }) {}

  /// What pixels are counted from, so that squares do not bury the deviation: 0 for integers.
  [[nodiscard]] static double origin(const detail::Raster<const detail::PixelOf<Pixel>>& image) {
    if (detail::is_short_integer<Pixel> || image.empty()) {
      return 0;
    }
    double sum = 0;
    for (Index y = 0; y < image.rows; ++y) {
      for (Index x = 0; x < image.cols; ++x) {
        sum += static_cast<double>(image.row(y)[x]);
      }
    }
    const double mean = sum / (static_cast<double>(image.rows) * image.cols);
    return std::isfinite(mean) ? mean : 0.0;
  }

  double origin_;
  detail::SummedTable<Sum, 2> table_;
};

template <detail::EigenDense Image>
explicit BoxMoments(const Image&) -> BoxMoments<typename Image::Scalar>;

/// How the pixels of a box moved from one frame to the next.
struct BoxMotion {
  double x = 0, y = 0;    ///< pixels to the right and down; 0 where undetermined
  double eigenvalue = 0;  ///< smaller eigenvalue of the mean gradient tensor, in (grey level / pixel)^2
  double pixels = 0;      ///< area of the box that has gradients

  /// The box where the motion takes it.
  template <class T>
  [[nodiscard]] Box<T> moved(const Box<T>& box) const {
    return {box.x1 + static_cast<T>(x), box.y1 + static_cast<T>(y), box.x2 + static_cast<T>(x),
            box.y2 + static_cast<T>(y)};
  }
};

/// The motion of any box between two frames in O(1): one 2 x 2 solve of Lucas and Kanade a box, from five summed
/// tables.
///
///     const BoxFlow flow(frame1, frame2);
///     const BoxMotion motion = flow(box);            // motion.x, motion.y, motion.eigenvalue
///
/// frame1, frame2: row-major arrays, Maps or Blocks of one size and pixel type; they may go after
/// construction. Gradients are central differences of frame1, time differences frame1 - frame2. A square
/// box of 2 radius + 1 whole pixels gives what lucas_kanade() gives at its centre. Fractional edges weigh the pixels
/// they cut. The outermost pixels of a frame have no gradient and do not count; a box that is outside, inverted, empty
/// or NaN, or whose determinant is 0, does not move. One linear step, meant for motions of a pixel or two: `eigenvalue`
/// tells how well it is determined.
///
/// 8- and 16-bit frames are summed exactly in 64-bit integers, others in double. Throws std::invalid_argument for
/// frames of different sizes. O(rows * cols) once, 40 (rows + 1) (cols + 1) bytes kept; O(1) a box, no memory. Const
/// calls are safe from many threads. Lucas and Kanade (1981).
template <class Pixel>
class BoxFlow {
 public:
  template <detail::EigenDense Image1, detail::EigenDense Image2>
  requires(std::same_as<typename Image1::Scalar, Pixel>&& std::same_as<typename Image2::Scalar, Pixel>)
      BoxFlow(const Image1& frame1, const Image2& frame2)
      : BoxFlow(detail::frames(frame1, frame2, 0, 0)) {}

  /// The motion of `box`, given where it is in frame1.
  template <class T>
  [[nodiscard]] BoxMotion operator()(const Box<T>& box) const {
    const Box<double> part = detail::inside_of(box, 1, 1, table_.cols() - 1, table_.rows() - 1);
    const double n = area(part);
    if (!(n > 0)) {
      return {};
    }
    const auto [xx, xy, yy, xt, yt] = table_.integral(part);
    BoxMotion motion{0, 0, detail::smaller_eigenvalue(xx, xy, yy) / (4 * n), n};
    const double det = detail::determinant(xx, xy, yy);
    if (det != 0) {
      motion.x = 2 * (yy * xt - xy * yt) / det;
      motion.y = 2 * (xx * yt - xy * xt) / det;
    }
    return motion;
  }

 private:
  using Sum = detail::TableSum<Pixel>;
  using Frames = std::pair<detail::Raster<const detail::PixelOf<Pixel>>, detail::Raster<const detail::PixelOf<Pixel>>>;

  explicit BoxFlow(const Frames& frames)
      : table_(frames.first.rows, frames.first.cols,
               [&](Index y, Index x) { return products(frames.first, frames.second, y, x); }) {}

  [[nodiscard]] static std::array<Sum, 5> products(const detail::Raster<const detail::PixelOf<Pixel>>& a,
                                                   const detail::Raster<const detail::PixelOf<Pixel>>& b, Index y,
                                                   Index x) {
    if (y == 0 || x == 0 || y == a.rows - 1 || x == a.cols - 1) {
      return {};
    }
    const Sum gx = static_cast<Sum>(a.row(y)[x + 1]) - static_cast<Sum>(a.row(y)[x - 1]);
    const Sum gy = static_cast<Sum>(a.row(y + 1)[x]) - static_cast<Sum>(a.row(y - 1)[x]);
    const Sum gt = static_cast<Sum>(a.row(y)[x]) - static_cast<Sum>(b.row(y)[x]);
    return {gx * gx, gx * gy, gy * gy, gx * gt, gy * gt};
  }

  detail::SummedTable<Sum, 5> table_;
};

template <detail::EigenDense Image1, detail::EigenDense Image2>
BoxFlow(const Image1&, const Image2&) -> BoxFlow<typename Image1::Scalar>;

}  // namespace boxlap
