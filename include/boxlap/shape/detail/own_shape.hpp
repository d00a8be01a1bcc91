/// What all shapes of the library share: a rank for each kind, symmetric overlaps, and a hull around any two.
///
/// Overlaps of k kinds of shapes need k (k + 1) / 2 functions, and each must give the same bits in both orders. So each
/// is written once, for arguments of ascending rank; one template swaps the arguments of all other calls. The header of
/// a shape defines its rank and its overlaps with all lower ranks: a program that can name two shapes has their
/// overlap, and Overlapping<A, B> never changes its value between two places of a program.
///
/// The hull is that of the vertices of both (Andrew 1979): O(n log n), the vertices are copied.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <type_traits>
#include <vector>

#include "../box.hpp"
#include "../convex_hull.hpp"
#include "../overlap.hpp"
#include "../prepared_rotated_box.hpp"

namespace boxlap {
namespace detail {

/// The rank of a kind of shape, -1 for a type that is not of this library. intersection_area(a, b) is written for
/// ascending ranks; the other order calls it, so both give the same bits. The header of a shape defines its rank and
/// its overlaps with all lower ranks: a program that can name two shapes has their overlap, and Overlapping<A, B>
/// never changes its value between two places of a program.
template <class S>
inline constexpr int kind = -1;
template <class T>
inline constexpr int kind<Box<T>> = 0;
template <class T>
inline constexpr int kind<PreparedRotatedBox<T>> = 2;

/// The shapes this library brings, prepared ones among them.
template <class S>
concept OwnShape = (kind<S> >= 0);

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

}  // namespace detail

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

/// The area of the hull of finite points, which this reduces to its corners. Coordinates that are too large or too
/// small for the products of exact predicates are scaled by a power of two and back.
inline double hull_area(std::vector<Point<double>>& points) {
  double most = 0;
  for (const Point<double>& p : points) {
    most = (std::max)({most, std::abs(p.x), std::abs(p.y)});
  }
  const int up = most > 1e150 || (most < 1e-100 && most > 0) ? -std::ilogb(most) : 0;
  if (up != 0) [[unlikely]] {
    for (Point<double>& p : points) {
      p = {std::ldexp(p.x, up), std::ldexp(p.y, up)};
    }
  }
  reduce_to_hull(points);
  return std::ldexp(ring_area(points), -2 * up);
}

}  // namespace detail

/// The area of the convex hull of two shapes, what giou() compares the union with; never below the union.
///
/// Any two of Box, RotatedBox, Polygon except two boxes, which box.hpp gives their enclosing box. 0 where a shape has
/// NaN or infinite coordinates, infinity where the area is beyond the scalar type. O(n log n) of the vertices, which
/// are copied.
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
  const double hull = detail::hull_area(points);
  const R covered = detail::union_of(static_cast<R>(intersection_area(a, b)), area(wide_a), area(wide_b));
  return (std::max)({static_cast<R>(hull), area(wide_a), area(wide_b), covered});
}

}  // namespace boxlap
