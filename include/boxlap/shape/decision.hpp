/// Whether an IoU reaches a threshold, where rounding may leave it open.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "box.hpp"
#include "detail/own_shape.hpp"
#include "overlap.hpp"

namespace boxlap {

/// The answer of iou_at_least().
enum class Decision {
  no,              ///< the exact IoU is below the threshold
  yes,             ///< the exact IoU reaches the threshold
  within_rounding  ///< the rounding of the IoU covers the threshold
};

namespace detail {

/// By how much more sides than a box has may add to the rounding of an overlap. It grows with the root of the number of
/// sides above one another; all of them are above one another here, and no root is taken.
template <OwnShape S>
[[nodiscard]] double roughness(const S& shape) noexcept {
  if constexpr (kind<S> == 3) {
    return static_cast<double>(shape.points().size()) / 64;
  } else {
    return 0;
  }
}

}  // namespace detail

/// How far iou(a, b) may be from the exact value: 8 u (1 + k) (1 + v / 64), u the rounding unit of its scalar type, k =
/// L (La + Lb + d) / smaller area, with L the smaller diagonal of the bounds, La and Lb both, d the distance of their
/// centres, v the number of vertices that are a polygon's. Infinite where an area is 0 or the bounds are NaN. iof(a, b)
/// and ios(a, b) may be off by as much times the smaller area over the one that they divide by.
template <detail::OwnShape A, detail::OwnShape B>
[[nodiscard]] double iou_error_bound(const A& a, const B& b) {
  using R = detail::Overlap<A, B>;
  const Box<double> bounds_a = cast<double>(bounds(a)), bounds_b = cast<double>(bounds(b));
  const double diagonal_a = std::hypot(bounds_a.x2 - bounds_a.x1, bounds_a.y2 - bounds_a.y1);
  const double diagonal_b = std::hypot(bounds_b.x2 - bounds_b.x1, bounds_b.y2 - bounds_b.y1);
  const Point<double> center_a = center(bounds_a), center_b = center(bounds_b);
  const double distance = std::hypot(center_a.x - center_b.x, center_a.y - center_b.y);
  const double least = (std::min)(static_cast<double>(area(a)), static_cast<double>(area(b)));
  const double k = (std::min)(diagonal_a, diagonal_b) * (diagonal_a + diagonal_b + distance) / least;
  const double bound = 4 * static_cast<double>(std::numeric_limits<R>::epsilon()) * (1 + k) *
                       (1 + detail::roughness(a) + detail::roughness(b));
  return least > 0 && bound >= 0 ? bound : std::numeric_limits<double>::infinity();
}

/// Whether the exact IoU of two shapes is at least `threshold`: a certain yes, a certain no, or so close that the
/// rounding of iou(a, b) covers the threshold.
///
/// Any two of Box, RotatedBox, Polygon. threshold: in [0, 1]; 0 or less is always reached, above 1 never. Shapes of
/// area 0 or with NaN have IoU 0, for certain. Time and memory of one iou().
template <detail::OwnShape A, detail::OwnShape B>
[[nodiscard]] Decision iou_at_least(const A& a, const B& b, double threshold) {
  const double overlap = static_cast<double>(iou(a, b));
  const double bound = iou_error_bound(a, b);
  if (!(bound < std::numeric_limits<double>::infinity())) {
    return overlap >= threshold ? Decision::yes : Decision::no;
  }
  if (overlap - bound >= threshold || threshold <= 0) {
    return Decision::yes;
  }
  return overlap + bound < threshold || threshold > 1 ? Decision::no : Decision::within_rounding;
}

}  // namespace boxlap
