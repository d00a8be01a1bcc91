/// Overlaps between kinds of shapes, and the hull around any two: so that no shape needs to know another.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <type_traits>
#include <vector>

#include "box.hpp"
#include "convex_hull.hpp"
#include "overlap.hpp"
#include "polygon.hpp"
#include "rotated_box.hpp"

namespace boxlap {
namespace detail {

/// The corners of a prepared box relative to its centre, counter-clockwise with y up.
template <class T>
[[nodiscard]] inline std::array<Point<double>, 4> corners_about_center(const PreparedRotatedBox<T>& box) noexcept {
  const double wx = rounded(double{box.half_w} * box.cos), wy = rounded(double{box.half_w} * box.sin);
  const double hx = rounded(-double{box.half_h} * box.sin), hy = rounded(double{box.half_h} * box.cos);
  return {{{-wx - hx, -wy - hy}, {wx - hx, wy - hy}, {wx + hx, wy + hy}, {-wx + hx, -wy + hy}}};
}

template <class T>
[[nodiscard]] inline std::array<Point<double>, 4> corners_of(const Box<T>& box) noexcept {
  return {{{box.x1, box.y1}, {box.x2, box.y1}, {box.x2, box.y2}, {box.x1, box.y2}}};
}

[[nodiscard]] inline Box<double> box_around(const std::array<Point<double>, 4>& corners) noexcept {
  Box<double> box{corners[0].x, corners[0].y, corners[0].x, corners[0].y};
  for (const Point<double>& p : corners) {
    box = {(std::min)(box.x1, p.x), (std::min)(box.y1, p.y), (std::max)(box.x2, p.x), (std::max)(box.y2, p.y)};
  }
  return box;
}

[[nodiscard]] inline Box<double> relative_to(const Point<double>& origin, const Box<double>& box) noexcept {
  return {box.x1 - origin.x, box.y1 - origin.y, box.x2 - origin.x, box.y2 - origin.y};
}

/// The area that four counter-clockwise corners and a polygon share, everything relative to `origin`.
template <class T>
[[nodiscard]] double shared_with_polygon(const std::array<Point<double>, 4>& corners, const Polygon<T>& polygon,
                                         const Point<double>& origin) {
  const SortedSides sides = PolygonAccess<T>::sides(polygon);
  const Box<double> window = common_box(box_around(corners), relative_to(origin, cast<double>(bounds(polygon))));
  if (!has_extent(window)) {
    return 0;
  }
  std::array<Side, 4> own;
  for (std::size_t k = 0; k < 4; ++k) {
    own[k] = make_side(corners[k], corners[(k + 1) % 4]);
  }
  std::sort(own.begin(), own.end(), starts_before);
  SideBlocks sides_a(own.size()), sides_b(sides.size());
  sides_a.take({{}, own}, {0, 0}, window, SideBlocks::Stands::upright);
  sides_b.take(sides, origin, window, SideBlocks::Stands::upside_down);
  return shared_area(sides_a, sides_b, window.y2 - window.y1);
}

/// The box as the kernel of rotated boxes has it, around `center` instead of its own rounded centre.
template <class R>
[[nodiscard]] PreparedRotatedBox<R> upright(const Box<R>& box, const Point<R>& center) noexcept {
  return {((box.x1 - center.x) + (box.x2 - center.x)) / 2,
          ((box.y1 - center.y) + (box.y2 - center.y)) / 2,
          (box.x2 - box.x1) / 2,
          (box.y2 - box.y1) / 2,
          1,
          0,
          area(box),
          0};
}

/// The order in which two kinds of shapes are computed, whichever comes first in the call; -1: not ours.
template <class S>
inline constexpr int kind = -1;
template <class T>
inline constexpr int kind<Box<T>> = 0;
template <class T>
inline constexpr int kind<RotatedBox<T>> = 1;
template <class T>
inline constexpr int kind<PreparedRotatedBox<T>> = 2;
template <class T>
inline constexpr int kind<Polygon<T>> = 3;

/// The shapes this library brings, prepared ones among them.
template <class S>
concept OwnShape = kind<S>
>= 0;

}  // namespace detail

/// The area a box and a rotated box share, in the wider of their scalar types; in [0, the smaller area].
///
/// Error bound and special cases as for two rotated boxes; an inverted or NaN box gives 0. O(1).
template <class T, class U>
[[nodiscard]] auto intersection_area(const Box<T>& box, const PreparedRotatedBox<U>& rotated) noexcept {
  using R = std::common_type_t<T, U>;
  if (!has_extent(box)) {
    return R{0};
  }
  PreparedRotatedBox<R> turned = cast<R>(rotated);
  const PreparedRotatedBox<R> straight = detail::upright(cast<R>(box), {turned.cx, turned.cy});
  turned.cx = turned.cx - turned.cx;  // 0, or NaN for a box that meets nothing
  turned.cy = turned.cy - turned.cy;
  return intersection_area(straight, turned);
}

template <class T, class U>
[[nodiscard]] auto intersection_area(const Box<T>& box, const RotatedBox<U>& rotated) noexcept {
  using R = std::common_type_t<T, U>;
  return intersection_area(box, prepare(cast<R>(rotated)));
}

/// The area a box and a polygon share, in the wider of their scalar types; in [0, the smaller area].
///
/// Error bound as for two polygons; an inverted or NaN box gives 0. O(sides of the polygon) time, no allocation up to
/// 64 sides.
template <class T, class U>
[[nodiscard]] auto intersection_area(const Box<T>& box, const Polygon<U>& polygon) {
  using R = std::common_type_t<T, U>;
  const Box<double> common = detail::common_box(cast<double>(box), cast<double>(bounds(polygon)));
  if (!has_extent(box) || !has_extent(common)) {
    return R{0};
  }
  const Point<double> origin{common.x1, common.y1};
  const auto corners = detail::corners_of(detail::relative_to(origin, cast<double>(box)));
  return detail::within_areas<R>(detail::shared_with_polygon(corners, polygon, origin),
                                 static_cast<R>(area(cast<R>(box))),
                                 static_cast<R>(detail::PolygonAccess<U>::area(polygon)));
}

/// The area a rotated box and a polygon share, in the wider of their scalar types; in [0, the smaller area].
///
/// Error bound as for two polygons; a box with a negative or NaN field gives 0. O(sides of the polygon) time, no
/// allocation up to 64 sides.
template <class T, class U>
[[nodiscard]] auto intersection_area(const PreparedRotatedBox<T>& rotated, const Polygon<U>& polygon) {
  using R = std::common_type_t<T, U>;
  const PreparedRotatedBox<R> box = cast<R>(rotated);
  const Point<double> origin{box.cx, box.cy};
  if (!(std::abs(origin.x) + std::abs(origin.y) <= (std::numeric_limits<double>::max)()) || polygon.empty()) {
    return R{0};
  }
  return detail::within_areas<R>(detail::shared_with_polygon(detail::corners_about_center(box), polygon, origin),
                                 box.area, static_cast<R>(detail::PolygonAccess<U>::area(polygon)));
}

template <class T, class U>
[[nodiscard]] auto intersection_area(const RotatedBox<T>& rotated, const Polygon<U>& polygon) {
  using R = std::common_type_t<T, U>;
  return intersection_area(prepare(cast<R>(rotated)), polygon);
}

/// A rotated box and its prepared form are the same shape.
template <class T, class U>
[[nodiscard]] auto intersection_area(const RotatedBox<T>& a, const PreparedRotatedBox<U>& b) noexcept {
  using R = std::common_type_t<T, U>;
  return intersection_area(prepare(cast<R>(a)), cast<R>(b));
}

/// Every pair the other way round: the same numbers.
template <detail::OwnShape A, detail::OwnShape B>
requires(detail::kind<A> > detail::kind<B>) [[nodiscard]] auto intersection_area(const A& a, const B& b) {
  return intersection_area(b, a);
}

namespace detail {

/// Where the hull of two shapes is measured from: the centre of a rotated box, whose corners are not exact anyway, and
/// the same one for (b, a); else the origin, where vertices stay as they are.
template <class A, class B>
[[nodiscard]] Point<double> hull_origin(const A& a, const B& b) noexcept {
  constexpr auto is_rotated = [](int k) { return k == 1 || k == 2; };
  if constexpr (is_rotated(kind<A>) && is_rotated(kind<B>)) {
    const Point<double> center_a{a.cx, a.cy}, center_b{b.cx, b.cy};
    return lexicographic(center_a, center_b) ? center_a : center_b;
  } else if constexpr (is_rotated(kind<A>)) {
    return {a.cx, a.cy};
  } else if constexpr (is_rotated(kind<B>)) {
    return {b.cx, b.cy};
  } else {
    return {0, 0};
  }
}

template <class S>
void append_vertices(const S& shape, const Point<double>& origin, std::vector<Point<double>>& points) {
  const auto push = [&](const Point<double>& p) { points.push_back({p.x - origin.x, p.y - origin.y}); };
  if constexpr (is_box<S>) {
    for (const Point<double>& p : corners_of(shape)) {
      push(p);
    }
  } else if constexpr (kind<S> == 3) {
    for (const auto& p : shape.points()) {
      push({p.x, p.y});
    }
  } else {
    const auto prepared = [&] {
      if constexpr (requires { prepare(shape); }) {
        return prepare(shape);
      } else {
        return shape;
      }
    }();
    for (const Point<double>& p : corners_about_center(prepared)) {
      points.push_back({p.x + (prepared.cx - origin.x), p.y + (prepared.cy - origin.y)});
    }
  }
}

}  // namespace detail

/// The area of the convex hull of two shapes, what giou() compares the union with; never below the union.
///
/// Any two of Box, RotatedBox, Polygon except two boxes, which box.hpp gives their enclosing box. 0 where a shape has
/// NaN or infinite coordinates. O(n log n) of the vertices, which are copied.
template <detail::OwnShape A, detail::OwnShape B>
requires(!detail::is_box<A> || !detail::is_box<B>) [[nodiscard]] auto enclosing_area(const A& a, const B& b) {
  using R = detail::Overlap<A, B>;
  const auto wide_a = cast<R>(a);
  const auto wide_b = cast<R>(b);
  const Point<double> origin = detail::hull_origin(wide_a, wide_b);
  std::vector<Point<double>> points;
  detail::append_vertices(wide_a, origin, points);
  detail::append_vertices(wide_b, origin, points);
  for (const Point<double>& p : points) {
    if (!std::isfinite(p.x) || !std::isfinite(p.y)) {
      return R{0};
    }
  }
  detail::reduce_to_hull(points);
  const R covered = detail::union_of(static_cast<R>(intersection_area(a, b)), area(wide_a), area(wide_b));
  return (std::max)({static_cast<R>(detail::ring_area(points)), area(wide_a), area(wide_b), covered});
}

}  // namespace boxlap
