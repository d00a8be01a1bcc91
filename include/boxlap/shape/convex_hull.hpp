/// The convex hull of points, and the rectangle of least area around them.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include "point.hpp"
#include "predicates.hpp"

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

/// Twice the area of a convex ring is summed about its first corner, where nothing cancels.
template <class T>
[[nodiscard]] T convex_area(const std::vector<Point<T>>& ring) noexcept {
  T twice = 0;
  for (std::size_t k = 2; k < ring.size(); ++k) {
    const T ax = ring[k - 1].x - ring[0].x, ay = ring[k - 1].y - ring[0].y;
    const T bx = ring[k].x - ring[0].x, by = ring[k].y - ring[0].y;
    twice += rounded(ax * by) - rounded(ay * bx);
  }
  return twice / 2;
}

/// A rectangle by its centre, the direction of its width, and its sizes.
template <class T>
struct Rectangle {
  Point<T> center{};
  T along_x = 1, along_y = 0, w{}, h{};
};

/// The rectangle around a hull with one side along (x, y), which need not have length 1.
template <class T>
[[nodiscard]] Rectangle<T> rectangle_along(std::span<const Point<T>> hull, T x, T y) noexcept {
  const T length = std::hypot(x, y);
  Rectangle<T> box{hull[0], x / length, y / length, 0, 0};
  T along_low = 0, along_high = 0, across_low = 0, across_high = 0;
  for (const Point<T>& p : hull) {
    const T dx = p.x - hull[0].x, dy = p.y - hull[0].y;
    const T along = rounded(dx * box.along_x) + rounded(dy * box.along_y);
    const T across = rounded(dy * box.along_x) - rounded(dx * box.along_y);
    along_low = std::min(along_low, along);
    along_high = std::max(along_high, along);
    across_low = std::min(across_low, across);
    across_high = std::max(across_high, across);
  }
  box.w = along_high - along_low;
  box.h = across_high - across_low;
  const T along = (along_low + along_high) / 2, across = (across_low + across_high) / 2;
  box.center.x += rounded(along * box.along_x) - rounded(across * box.along_y);
  box.center.y += rounded(along * box.along_y) + rounded(across * box.along_x);
  return box;
}

/// The direction of the hull's side that carries the rectangle of least area, the first of equals. Rotating calipers:
/// O(corners).
template <class T>
[[nodiscard]] Point<T> best_side(std::span<const Point<T>> hull) noexcept {
  const std::size_t n = hull.size();
  const auto next = [n](std::size_t k) { return k + 1 < n ? k + 1 : 0; };
  const auto offset = [&](std::size_t k) { return Point<T>{hull[k].x - hull[0].x, hull[k].y - hull[0].y}; };
  const auto dot = [](const Point<T>& a, const Point<T>& b) { return rounded(a.x * b.x) + rounded(a.y * b.y); };
  std::size_t right = 1, far = 1, left = 1;
  T least = std::numeric_limits<T>::infinity();
  Point<T> best{1, 0};
  for (std::size_t k = 0; k < n; ++k) {
    const Point<T> a = offset(k), b = offset(next(k));
    const T length = std::hypot(b.x - a.x, b.y - a.y);
    const Point<T> u{(b.x - a.x) / length, (b.y - a.y) / length};
    const Point<T> v{-u.y, u.x};
    const auto advance = [&](std::size_t& from, const auto& measure) {
      for (std::size_t steps = 0; steps < n && measure(offset(next(from))) > measure(offset(from)); ++steps) {
        from = next(from);
      }
    };
    advance(right, [&](const Point<T>& p) { return dot(p, u); });
    if (k == 0) {
      far = right;
    }
    advance(far, [&](const Point<T>& p) { return dot(p, v); });
    if (k == 0) {
      left = far;
    }
    advance(left, [&](const Point<T>& p) { return -dot(p, u); });
    const T w = dot(offset(right), u) - dot(offset(left), u);
    const T h = dot(offset(far), v) - dot(a, v);
    if (w * h < least) {
      least = w * h;
      best = u;
    }
  }
  return best;
}

}  // namespace detail

/// The corners of the convex hull, counter-clockwise with y up (clockwise as an image shows it), from the leftmost one.
///
/// Points inside a side are left out, with exact predicates. Fewer than three corners come back where all points are
/// on a line (the two ends), equal (one), or missing (none). Coordinates must be finite. O(n log n) time; 2 n points
/// of memory. Andrew 1979.
template <class T>
[[nodiscard]] std::vector<Point<T>> convex_hull(std::vector<Point<T>> points) {
  detail::reduce_to_hull(points);
  return points;
}

}  // namespace boxlap
