/// What can be measured on one shape: centroid, perimeter, hull, rectangle of least area, and the points inside.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "box.hpp"
#include "convex_hull.hpp"
#include "detail/predicates.hpp"
#include "detail/ring_moments.hpp"
#include "polygon.hpp"
#include "rotated_box.hpp"

namespace boxlap {

/// The centre of mass of a box: its centre. NaN for NaN. O(1).
template <class T>
[[nodiscard]] constexpr Point<T> centroid(const Box<T>& box) noexcept {
  return center(box);
}

/// The centre of mass of a rotated box: its centre. O(1).
template <class T>
[[nodiscard]] constexpr Point<T> centroid(const RotatedBox<T>& box) noexcept {
  return {box.cx, box.cy};
}

/// The centre of mass of shells without holes. O(n).
///
/// Within one unit in the last place of T of the exact coordinate, or 2^-80 of the polygon's extent along that axis
/// where that is more (the centre lies at 0); never outside the bounds, however thin the polygon is and however far
/// from the origin. NaN where there is no area: for the empty polygon, and where cast() rounded one to a line.
template <class T>
[[nodiscard]] Point<T> centroid(const Polygon<T>& polygon) noexcept {
  if (detail::PolygonAccess<T>::area(polygon) == 0) {
    return {std::numeric_limits<T>::quiet_NaN(), std::numeric_limits<T>::quiet_NaN()};
  }
  const Point<T> center = detail::centroid_of<T>([&polygon](const auto& take) {
    for (Index r = 0; r < polygon.rings(); ++r) {
      take(polygon.ring(r));
    }
  });
  const Box<T> around = bounds(polygon);
  return {std::clamp(center.x, around.x1, around.x2), std::clamp(center.y, around.y1, around.y2)};
}

/// The length of a box's border, in pixels. Not clamped: negative where both sides are inverted. O(1).
template <class T>
[[nodiscard]] constexpr T perimeter(const Box<T>& box) noexcept {
  return 2 * ((box.x2 - box.x1) + (box.y2 - box.y1));
}

/// The length of a rotated box's border, in pixels. O(1).
template <class T>
[[nodiscard]] constexpr T perimeter(const RotatedBox<T>& box) noexcept {
  return 2 * (box.w + box.h);
}

/// The length of a polygon's border, that of holes included, in pixels; summed in double. 0 for the empty polygon.
/// O(n).
template <class T>
[[nodiscard]] T perimeter(const Polygon<T>& polygon) noexcept {
  double length = 0;
  for (Index r = 0; r < polygon.rings(); ++r) {
    const auto ring = polygon.ring(r);
    for (std::size_t k = 0; k < ring.size(); ++k) {
      const Point<T>&a = ring[k], &b = ring[k + 1 < ring.size() ? k + 1 : 0];
      length += std::hypot(static_cast<double>(b.x) - a.x, static_cast<double>(b.y) - a.y);
    }
  }
  return static_cast<T>(length);
}

/// The convex hull of all parts, as a polygon; empty for the empty polygon. Exact: its vertices are vertices of the
/// polygon. O(n log n) time, memory for a copy of the vertices and for the result.
template <class T>
[[nodiscard]] Polygon<T> convex_hull(const Polygon<T>& polygon) {
  return make_polygon(convex_hull(std::vector<Point<T>>(polygon.points().begin(), polygon.points().end())));
}

/// The rotated box of least area around all parts, one of whose sides lies on a side of their hull.
///
/// Computed in double and rounded to T. An empty box at the origin for the empty polygon. O(n log n) time, memory for a
/// copy of the vertices. Equals shapely's minimum_rotated_rectangle up to which side is called the width.
template <class T>
[[nodiscard]] RotatedBox<T> min_area_rectangle(const Polygon<T>& polygon) {
  std::vector<Point<double>> points;
  points.reserve(polygon.points().size());
  for (const Point<T>& p : polygon.points()) {
    points.push_back({p.x, p.y});
  }
  return cast<T>(min_area_rectangle(std::move(points)));
}

/// Whether the point lies in the box or on its border. False for NaN and for inverted boxes. O(1).
template <class T>
[[nodiscard]] constexpr bool contains(const Box<T>& box, const Point<T>& p) noexcept {
  return box.x1 <= p.x && p.x <= box.x2 && box.y1 <= p.y && p.y <= box.y2;
}

/// Whether the point lies in the rotated box or on its border. Points within 4 u (|dx| + |dy|) of the border, dx and dy
/// being their distance from the centre and u the rounding unit of T, may be told wrong; exact for multiples of 90
/// degrees where p - centre is. False for NaN and negative sizes. O(1).
template <class T>
[[nodiscard]] bool contains(const PreparedRotatedBox<T>& box, const Point<T>& p) noexcept {
  const T dx = p.x - box.cx, dy = p.y - box.cy;
  return std::abs(detail::rounded(box.cos * dx) + detail::rounded(box.sin * dy)) <= box.half_w &&
         std::abs(detail::rounded(box.cos * dy) - detail::rounded(box.sin * dx)) <= box.half_h;
}

/// Whether the point lies in the rotated box or on its border: prepares the box, then the overload for a prepared one,
/// whose answers it has. O(1), most of it a sine and a cosine: prepare() boxes that are tested against many points.
template <class T>
[[nodiscard]] bool contains(const RotatedBox<T>& box, const Point<T>& p) noexcept {
  return contains(prepare(box), p);
}

/// Whether the point lies in the polygon or on its border; the border of a hole belongs to the polygon. Exact (crossing
/// number with exact orientation). False for NaN and for the empty polygon. O(n) time, no memory.
template <class T>
[[nodiscard]] bool contains(const Polygon<T>& polygon, const Point<T>& p) noexcept {
  if (polygon.empty() || !contains(bounds(polygon), p)) {
    return false;
  }
  bool inside = false;
  for (Index r = 0; r < polygon.rings(); ++r) {
    const auto ring = polygon.ring(r);
    for (std::size_t k = 0; k < ring.size(); ++k) {
      const Point<T>*a = &ring[k], *b = &ring[k + 1 < ring.size() ? k + 1 : 0];
      if (b->y < a->y) {
        std::swap(a, b);
      }
      if (p.y < a->y || p.y > b->y) {
        continue;
      }
      const int side = detail::orientation(*a, *b, p);
      if (side == 0 && (std::min)(a->x, b->x) <= p.x && p.x <= (std::max)(a->x, b->x)) {
        return true;
      }
      inside ^= side > 0 && a->y <= p.y && p.y < b->y;
    }
  }
  return inside;
}

}  // namespace boxlap
