/// A polygon with holes and any number of parts, checked once, and how much two of them share.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "../base/detail/error.hpp"
#include "../base/index.hpp"
#include "box.hpp"
#include "convex_hull.hpp"
#include "detail/convex_overlap.hpp"
#include "detail/polygon_builder.hpp"
#include "detail/quad_overlap.hpp"
#include "detail/side.hpp"
#include "detail/trapezoids.hpp"
#include "point.hpp"
#include "ring_repair.hpp"
#include "rotated_box.hpp"

namespace boxlap {

template <class T>
class Polygon;

template <class T>
[[nodiscard]] std::optional<Polygon<T>> try_make_multipolygon(const std::vector<Polygon<T>>& parts,
                                                              std::string* why = nullptr);

/// Shells with holes, any number of parts. Immutable: what exists is valid.
///
/// Made by make_polygon(), make_multipolygon(), parse_wkt(); the default is the empty polygon, which has area 0 and
/// meets nothing. Construction checks everything with exact predicates, keeps the area and a table of sides for the
/// overlaps, and so takes O(n log n) time; a polygon holds sizeof(Point<T>) + 48 bytes a vertex (48 more for each of up
/// to seven), 16 a ring and 8 a repair.
template <class T>
class Polygon {
  static_assert(std::same_as<T, float> || std::same_as<T, double>, "boxlap::Polygon<T> needs float or double");

 public:
  Polygon() = default;

  [[nodiscard]] bool empty() const noexcept { return points_.empty(); }
  /// All vertices, ring after ring; no ring repeats its first vertex.
  [[nodiscard]] std::span<const Point<T>> points() const noexcept { return points_; }
  /// Rings of all parts in order, each shell before its holes.
  [[nodiscard]] Index rings() const noexcept { return static_cast<Index>(rings_.size()); }
  [[nodiscard]] Index parts() const noexcept {
    return static_cast<Index>(std::count_if(rings_.begin(), rings_.end(), [](const Ring& r) { return !r.is_hole; }));
  }
  /// Shells run counter-clockwise with y up (clockwise as an image shows it), holes the other way.
  [[nodiscard]] std::span<const Point<T>> ring(Index r) const noexcept {
    const std::size_t begin = r == 0 ? 0 : rings_[detail::at(r) - 1].end;
    return std::span<const Point<T>>(points_).subspan(begin, rings_[detail::at(r)].end - begin);
  }
  [[nodiscard]] bool is_hole(Index r) const noexcept { return rings_[detail::at(r)].is_hole; }
  /// What construction put right, ring by ring; empty where nothing was.
  [[nodiscard]] const std::vector<RingRepair>& repairs() const noexcept { return repairs_; }

  /// The same rings with the same vertices in the same order; what was repaired does not count.
  [[nodiscard]] friend bool operator==(const Polygon& a, const Polygon& b) noexcept {
    return a.points_ == b.points_ && a.rings_ == b.rings_;
  }

 private:
  friend struct detail::PolygonAccess<T>;
  struct Ring {
    std::size_t end;
    bool is_hole;
    [[nodiscard]] friend bool operator==(const Ring&, const Ring&) = default;
  };

  std::vector<Point<T>> points_;
  std::vector<Ring> rings_;
  std::vector<RingRepair> repairs_;
  std::vector<detail::Side> sides_;  ///< by their left ends; of a convex ring the lower ones, then the upper ones
  std::size_t lower_sides_ = 0;      ///< of a convex ring, else 0
  std::size_t packed_sides_ = 0;     ///< of any other polygon, kept by pack_sides(), else 0
  double narrowest_side_ = 0;        ///< in x, of those that are not vertical
  Box<T> bounds_{};
  double area_ = 0;
};

/// A polygon of one part if the rings form one, else nothing: make_polygon() without exceptions, for bulk files.
///
/// shell, holes: rings of vertices in pixels, closed or not, turning either way. Empty for each defect that
/// make_polygon() lists; `why`, unless it is null, then becomes the text of its exception without the name of the
/// library, and else stays as it is. O(n log n) time (O(n) for convex rings), at most 130 bytes a vertex and 150 a ring
/// while it runs, of which the polygon stays.
template <class T>
[[nodiscard]] std::optional<Polygon<T>> try_make_polygon(
    std::vector<Point<T>> shell, std::type_identity_t<std::vector<std::vector<Point<T>>>> holes = {},
    std::string* why = nullptr) {
  return detail::PolygonAccess<T>::make(detail::rings_of<T>(std::move(shell), std::move(holes)), {}, false, why);
}

/// A polygon of one part: a shell, and holes in it.
///
/// Rings are vertices in order, with or without a closing one, turning either way; vertices inside a straight side may
/// stay. Rings that turn the wrong way and equal neighbours are put right and listed by repairs(). An empty shell
/// without holes is the empty polygon. Throws std::invalid_argument that names ring and vertex (counted as given, from
/// 0) for: a coordinate that is not finite or out of range, fewer than three distinct vertices, zero area, a spike,
/// sides that cross, a ring that touches itself, a hole outside its shell, across it, in another hole or sharing a
/// side, and holes that cut the part in two. Holes may touch the shell and each other in points. Decided by exact
/// predicates. Range: coordinates are 0 or between 1e-120 and 1e150 in size; in float up to 1e18, and the area at
/// least 1.2e-38, the smallest normal number. O(n log n) time (O(n) for convex rings), at most 130 bytes a vertex and
/// 150 a ring while it runs, of which the polygon stays. The rules are OGC's simple features, as GEOS applies them.
template <class T>
[[nodiscard]] Polygon<T> make_polygon(std::vector<Point<T>> shell,
                                      std::type_identity_t<std::vector<std::vector<Point<T>>>> holes = {}) {
  std::string why;
  auto polygon = try_make_polygon<T>(std::move(shell), std::move(holes), &why);
  if (!polygon) {
    detail::invalid(why);
  }
  return *std::move(polygon);
}

/// A polygon of all parts of `parts`, which must not overlap: they may touch in points, and lie in each other's holes.
///
/// Throws std::invalid_argument that names part, ring and vertex where they overlap or share a side. Empty polygons
/// among the parts add nothing; parts of several parts add all of them. O(n log n) time, at most 130 bytes a vertex and
/// 150 a ring while it runs, of which the polygon stays.
template <class T>
[[nodiscard]] Polygon<T> make_multipolygon(const std::vector<Polygon<T>>& parts) {
  std::string why;
  auto polygon = try_make_multipolygon(parts, &why);
  if (!polygon) {
    detail::invalid(why);
  }
  return *std::move(polygon);
}

/// A polygon of all parts of `parts` if they do not overlap, else nothing: make_multipolygon() without exceptions.
///
/// Parts may touch in points, and lie in each other's holes; empty polygons add nothing. Where two overlap or share a
/// side, `why`, unless it is null, becomes the reason, naming part, ring and vertex; else it stays as it is. O(n log n)
/// time, at most 130 bytes a vertex and 150 a ring while it runs, of which the polygon stays.
template <class T>
[[nodiscard]] std::optional<Polygon<T>> try_make_multipolygon(const std::vector<Polygon<T>>& parts, std::string* why) {
  std::vector<detail::CheckedRing<T>> rings;
  std::vector<RingRepair> repairs;
  std::size_t count = 0;
  for (const Polygon<T>& polygon : parts) {
    count += detail::at(polygon.rings());
  }
  rings.reserve(count);
  Index part = -1, hole = 0;
  for (const Polygon<T>& polygon : parts) {
    for (RingRepair repair : polygon.repairs()) {
      repair.ring += detail::to_index(rings.size(), "rings");
      repairs.push_back(repair);
    }
    for (Index r = 0; r < polygon.rings(); ++r) {
      const auto points = polygon.ring(r);
      detail::CheckedRing<T> ring;
      ring.points.assign(points.begin(), points.end());
      part += polygon.is_hole(r) ? 0 : 1;
      hole = polygon.is_hole(r) ? hole : 0;
      ring.part = part;
      ring.hole = polygon.is_hole(r) ? hole++ : none;
      rings.push_back(std::move(ring));
    }
  }
  return detail::PolygonAccess<T>::make(std::move(rings), std::move(repairs), true, why);
}

/// The same polygon in the scalar type R. Narrowing rounds the vertices and checks no ring again: what was thin may
/// become a line or turn inside out. It has the area 0 then, shares none, and keeps its vertices and bounds. Throws
/// std::invalid_argument for coordinates beyond what make_polygon() takes.
template <class R, class T>
[[nodiscard]] Polygon<R> cast(const Polygon<T>& polygon) {
  return detail::PolygonAccess<R>::convert(polygon);
}

/// The area of shells without holes, in square pixels: within one unit in the last place of T of the exact one, however
/// thin the polygon is and however far from the origin. O(1): kept since construction.
template <class T>
[[nodiscard]] T area(const Polygon<T>& polygon) noexcept {
  return static_cast<T>(detail::PolygonAccess<T>::area(polygon));
}

/// The smallest box around the polygon, exact; a box of size 0 at the origin for the empty polygon. O(1).
template <class T>
[[nodiscard]] Box<T> bounds(const Polygon<T>& polygon) noexcept {
  return detail::PolygonAccess<T>::bounds(polygon);
}

namespace detail {

/// Which of two polygons comes first in the sum, so that (a, b) and (b, a) are one computation.
template <class T>
[[nodiscard]] bool comes_before(const Polygon<T>& a, const Polygon<T>& b) noexcept {
  if (area(a) != area(b)) {
    return area(a) < area(b);
  }
  return std::lexicographical_compare(a.points().begin(), a.points().end(), b.points().begin(), b.points().end(),
                                      lexicographic<T>);
}

/// The shared area as the scalar type has it: within [0, the smaller area].
template <class R>
[[nodiscard]] R within_areas(double shared, R area_a, R area_b) noexcept {
  return std::clamp(static_cast<R>(shared), R{0}, (std::max)(R{0}, (std::min)(area_a, area_b)));
}

}  // namespace detail

/// The area two polygons share, in the wider of their scalar types; in [0, the smaller area], symmetric to the bit.
///
/// Error <= 4 u (1 + k) (1 + v / 64) of the smaller area: u the rounding unit of T, k = L (La + Lb + d) / smaller area,
/// L the smaller diagonal of the bounds, La and Lb both, d the distance of their centres, v the number of vertices.
/// Float polygons are computed in double. Identical polygons give exactly their area. What is less than half of that
/// bound (u that of double) and than the rounding of its own sum is 0: polygons that touch or are apart share nothing,
/// and neither do those that overlap by no more than this. The overlap itself is never built. Two convex rings: O(n +
/// m) time, no allocation, the same bits whatever compiler, optimisation and FMA. Any others: O((n + m) log (n + m) +
/// pairs of sides with a common x-range) time, no allocation up to 64 sides, else 48 bytes a side.
template <class T>
[[nodiscard]] T intersection_area(const Polygon<T>& a, const Polygon<T>& b) {
  using Access = detail::PolygonAccess<T>;
  const detail::PairBounds around{cast<double>(bounds(a)), cast<double>(bounds(b)),
                                  a.points().size() + b.points().size()};
  if (!has_extent(around.common())) {
    return 0;
  }
  if (area(a) == area(b) && a == b) {
    return area(a);
  }
  const bool in_order = detail::comes_before(a, b);
  const Polygon<T>&first = in_order ? a : b, &second = in_order ? b : a;
  const double shared = Access::is_convex(first) && Access::is_convex(second)
                            ? detail::shared_area(Access::chains(first), Access::chains(second), around)
                            : detail::shared_area_by_pairs(Access::sides(first), Access::sides(second), around);
  return detail::within_areas(shared, area(a), area(b));
}

/// The area a float and a double polygon share: in double, of the float one as cast<double>() makes it, which is exact.
/// Memory of that copy beside what two polygons of one type take.
template <class T, class U>
requires(!std::same_as<T, U>) [[nodiscard]] auto intersection_area(const Polygon<T>& a, const Polygon<U>& b) {
  using R = std::common_type_t<T, U>;
  if constexpr (std::same_as<T, R>) {
    return intersection_area(a, cast<R>(b));
  } else {
    return intersection_area(cast<R>(a), b);
  }
}

namespace detail {

template <class T>
inline constexpr int kind<Polygon<T>> = 3;

/// The area that four counter-clockwise corners and a polygon share, the corners relative to `origin`.
template <class T>
[[nodiscard]] double shared_with_corners(const std::array<Point<double>, 4>& corners, const Polygon<T>& polygon,
                                         const Point<double>& origin) {
  const PairBounds around{box_around(corners), relative_to(origin, cast<double>(bounds(polygon))),
                          corners.size() + polygon.points().size()};
  return has_extent(around.common()) ? shared_with_sides(corners, PolygonAccess<T>::sides(polygon), origin, around) : 0;
}

}  // namespace detail

/// The area a box and a polygon share, in the wider of their scalar types; in [0, the smaller area].
///
/// Error <= 4 u (1 + k) (1 + v / 64) of the smaller area, with u, k and v as intersection_area() of two polygons has
/// them; what is below half of that and below the rounding of its own sum is 0. An inverted or NaN box gives 0;
/// infinite sides are cut off at the bounds of the polygon. O(sides of the polygon) time, no allocation up to 64 sides.
template <class T, class U>
[[nodiscard]] auto intersection_area(const Box<T>& box, const Polygon<U>& polygon) {
  using R = std::common_type_t<T, U>;
  const Box<double> common = detail::PairBounds{cast<double>(box), cast<double>(bounds(polygon)), 0}.common();
  if (!has_extent(box) || !has_extent(common)) {
    return R{0};
  }
  // Of the box no more counts than lies within the polygon's bounds: it may reach to infinity.
  const Point<double> origin{common.x1, common.y1};
  const auto corners = detail::corners_of(detail::relative_to(origin, common));
  return detail::within_areas<R>(detail::shared_with_corners(corners, polygon, origin),
                                 static_cast<R>(area(cast<R>(box))),
                                 static_cast<R>(detail::PolygonAccess<U>::area(polygon)));
}

/// The area a rotated box and a polygon share, in the wider of their scalar types; in [0, the smaller area].
///
/// Error <= 4 u (1 + k) (1 + v / 64) of the smaller area, with u, k and v as intersection_area() of two polygons has
/// them; what is below half of that and below the rounding of its own sum is 0. A box with a negative or NaN field
/// gives 0. Range: sizes of the box are 0 or from 1e-120 to 1e150, in float from 1e-15 to 1e18. O(sides of the polygon)
/// time, no allocation up to 64 sides.
template <class T, class U>
[[nodiscard]] auto intersection_area(const PreparedRotatedBox<T>& rotated, const Polygon<U>& polygon) {
  using R = std::common_type_t<T, U>;
  const PreparedRotatedBox<R> box = cast<R>(rotated);
  const Point<double> origin{box.cx, box.cy};
  if (!(std::abs(origin.x) + std::abs(origin.y) <= (std::numeric_limits<double>::max)()) || polygon.empty()) {
    return R{0};
  }
  return detail::within_areas<R>(detail::shared_with_corners(detail::corners_about_center(box), polygon, origin),
                                 box.area, static_cast<R>(detail::PolygonAccess<U>::area(polygon)));
}

/// The area a rotated box and a polygon share: prepares the box, then the overload for a prepared one, whose bits,
/// bounds and special cases it has. O(sides of the polygon) time, no allocation up to 64 sides.
template <class T, class U>
[[nodiscard]] auto intersection_area(const RotatedBox<T>& rotated, const Polygon<U>& polygon) {
  using R = std::common_type_t<T, U>;
  return intersection_area(prepare(cast<R>(rotated)), polygon);
}

}  // namespace boxlap
