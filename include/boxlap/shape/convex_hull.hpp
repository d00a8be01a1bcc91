/// The convex hull of points, and the rectangle of least area around them.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include "detail/predicates.hpp"
#include "detail/ring_moments.hpp"
#include "point.hpp"

namespace boxlap {
namespace detail {

/// Sorts the points and leaves the corners of their hull, in place; see convex_hull().
template <class T>
void reduce_to_hull(std::vector<Point<T>>& points) {
  const auto before = [](const Point<T>& a, const Point<T>& b) { return a.x < b.x || (a.x == b.x && a.y < b.y); };
  std::sort(points.begin(), points.end(), before);
  points.erase(std::unique(points.begin(), points.end()), points.end());
  const std::size_t n = points.size();
  if (n < 3) {
    return;
  }
  std::vector<Point<T>> hull;
  hull.reserve(n + 1);
  const auto push = [&hull](const Point<T>& p, std::size_t keep) {
    while (hull.size() > keep && orientation(hull[hull.size() - 2], hull.back(), p) <= 0) {
      hull.pop_back();
    }
    hull.push_back(p);
  };
  for (const Point<T>& p : points) {
    push(p, 1);
  }
  const std::size_t lower = hull.size();
  for (std::size_t k = n - 1; k-- > 0;) {
    push(points[k], lower);
  }
  hull.pop_back();
  points.swap(hull);
}

/// The area of a ring, right to the last bit.
template <class T>
[[nodiscard]] T ring_area(const std::vector<Point<T>>& ring) noexcept {
  return static_cast<T>(twice_area_of_ring(std::span<const Point<T>>(ring)) / 2);
}

/// A rectangle by its centre, the direction of its width, and its sizes.
template <class T>
struct Rectangle {
  Point<T> center{};
  T along_x = 1, along_y = 0, w{}, h{};
};

/// How far p lies to the left of the line a -> b with y up; exact up to the division, however thin what it measures.
template <class T>
[[nodiscard]] T height_over(const Point<T>& a, const Point<T>& b, const Point<T>& p, T length) noexcept {
  const std::array<Point<T>, 3> triangle{a, b, p};
  return static_cast<T>(twice_area_of_ring(std::span<const Point<T>>(triangle)) / length);
}

/// The rectangle around points with one side along the line a -> b.
template <class T>
[[nodiscard]] Rectangle<T> rectangle_along(std::span<const Point<T>> points, const Point<T>& a,
                                           const Point<T>& b) noexcept {
  const T length = std::hypot(b.x - a.x, b.y - a.y);
  Rectangle<T> box{a, (b.x - a.x) / length, (b.y - a.y) / length, 0, 0};
  T along_low = 0, along_high = 0, across_low = 0, across_high = 0;
  for (const Point<T>& p : points) {
    const T along = rounded((p.x - a.x) * box.along_x) + rounded((p.y - a.y) * box.along_y);
    const T across = height_over(a, b, p, length);
    along_low = (std::min)(along_low, along);
    along_high = (std::max)(along_high, along);
    across_low = (std::min)(across_low, across);
    across_high = (std::max)(across_high, across);
  }
  box.w = along_high - along_low;
  box.h = across_high - across_low;
  const T along = (along_low + along_high) / 2, across = (across_low + across_high) / 2;
  box.center.x += rounded(along * box.along_x) - rounded(across * box.along_y);
  box.center.y += rounded(along * box.along_y) + rounded(across * box.along_x);
  return box;
}

/// Where the hull's side starts that carries the rectangle of least area, the first of equals. Rotating calipers:
/// O(corners).
template <class T>
[[nodiscard]] std::size_t best_side(std::span<const Point<T>> hull) noexcept {
  const std::size_t n = hull.size();
  const auto next = [n](std::size_t k) { return k + 1 < n ? k + 1 : 0; };
  std::size_t right = 1, top = 1, left = 1, best = 0;
  T least = std::numeric_limits<T>::infinity();
  for (std::size_t k = 0; k < n; ++k) {
    const Point<T>&a = hull[k], &b = hull[next(k)];
    const T length = std::hypot(b.x - a.x, b.y - a.y);
    const T ux = (b.x - a.x) / length, uy = (b.y - a.y) / length;
    const auto along = [&](std::size_t p) { return rounded((hull[p].x - a.x) * ux) + rounded((hull[p].y - a.y) * uy); };
    const auto back = [&](std::size_t p) { return -along(p); };
    const auto across = [&](std::size_t p) { return height_over(a, b, hull[p], length); };
    const auto advance = [&](std::size_t from, const auto& measure) {
      for (std::size_t steps = 0; steps < n && measure(next(from)) > measure(from); ++steps) {
        from = next(from);
      }
      return from;
    };
    right = advance(right, along);
    top = advance(k == 0 ? right : top, across);
    left = advance(k == 0 ? top : left, back);
    const T size = (along(right) - along(left)) * across(top);
    if (size < least) {
      least = size;
      best = k;
    }
  }
  return best;
}

}  // namespace detail

/// The corners of the convex hull, counter-clockwise with y up (clockwise as an image shows it), from the leftmost one.
///
/// Points inside a side are left out, with exact predicates. Fewer than three corners come back where all points are
/// on a line (the two ends), equal (one), or missing (none). Coordinates must be finite, and 0 or between 1e-120 and
/// 1e150 in size. O(n log n) time; 2 n points of memory. Andrew 1979.
template <class T>
[[nodiscard]] std::vector<Point<T>> convex_hull(std::vector<Point<T>> points) {
  detail::reduce_to_hull(points);
  return points;
}

}  // namespace boxlap
