/// From checked rings to a Polygon: its vertices, and the tables that its overlaps read.
///
/// A polygon is measured far more often than it is made. So construction checks the rings once (polygon_sweep.hpp), and
/// then keeps what every overlap would compute again: the area, exact to the last bit (ring_moments.hpp), the bounds,
/// and the sides as lines over ranges of x (side.hpp). The sides of one convex ring are kept as a lower and an upper
/// chain for the walk of convex_overlap.hpp, those of any other polygon in packs of eight for the kernel of
/// trapezoids.hpp.
///
/// Cost: O(n log n) for the sweep and the sort; 48 bytes a vertex for the sides.
/// Invariant: whatever a Polygon holds has passed check_polygon(), or came from a polygon that has, by cast().
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "../../base/detail/error.hpp"
#include "../../base/index.hpp"
#include "../box.hpp"
#include "../point.hpp"
#include "../ring_repair.hpp"
#include "polygon_sweep.hpp"
#include "ring_moments.hpp"
#include "ring_validity.hpp"
#include "side.hpp"

namespace boxlap {

template <class T>
class Polygon;

namespace detail {

/// The only code that fills a Polygon and reads its tables.
template <class T>
struct PolygonAccess {
  /// Whether the sides are chains; what was moved from has none.
  static bool is_convex(const Polygon<T>& p) noexcept { return p.lower_sides_ > 0 && !p.sides_.empty(); }
  static Chains chains(const Polygon<T>& p) noexcept {
    const std::span<const Side> sides(p.sides_);
    return {sides.first(p.lower_sides_), sides.subspan(p.lower_sides_)};
  }
  static SortedSides sides(const Polygon<T>& p) noexcept {
    SortedSides sides{{},           p.sides_,     p.sides_.empty() ? 0 : p.packed_sides_,
                      p.bounds_.x1, p.bounds_.x2, p.narrowest_side_};
    if (is_convex(p)) {
      sides.chains = chains(p);
    }
    return sides;
  }
  static const Box<T>& bounds(const Polygon<T>& p) noexcept { return p.bounds_; }
  static double area(const Polygon<T>& p) noexcept { return p.area_; }

  /// Checks and builds; on a defect says why and returns nothing.
  static std::optional<Polygon<T>> make(std::vector<CheckedRing<T>> rings, std::vector<RingRepair> repairs,
                                        bool many_parts, std::string* why) {
    const auto refuse = [why](const auto&... reason) {
      if (why != nullptr) {
        *why = text_of(reason...);
      }
      return std::nullopt;
    };
    bool turns_one_way = false;
    if (const std::optional<std::string> defect = check_polygon(rings, many_parts, repairs, turns_one_way)) {
      return refuse(*defect);
    }
    Polygon<T> polygon = build(rings, std::move(repairs), turns_one_way);
    constexpr double least = (std::numeric_limits<T>::min)();
    if (polygon.area_ < least && !polygon.empty()) {
      return refuse("out of range: the area is ", polygon.area_, ", expected at least ", least);
    }
    return polygon;
  }

  /// A polygon of another scalar type with the same rings, which are not checked again.
  template <class U>
  static Polygon<T> convert(const Polygon<U>& from) {
    std::vector<CheckedRing<T>> rings;
    rings.reserve(at(from.rings()));
    for (Index r = 0; r < from.rings(); ++r) {
      CheckedRing<T> ring;
      ring.hole = from.is_hole(r) ? 0 : none;
      ring.points.reserve(from.ring(r).size());
      for (const Point<U>& p : from.ring(r)) {
        const U both[] = {p.x, p.y};  // named: nvcc 13 fails on a list in the loop
        for (const U coordinate : both) {
          if (!(std::abs(coordinate) <= largest_coordinate<T>)) {
            invalid("out of range: a vertex has the coordinate ", coordinate, ", expected ", coordinate_range<T>);
          }
        }
        ring.points.push_back({static_cast<T>(p.x), static_cast<T>(p.y)});
      }
      rings.push_back(std::move(ring));
    }
    Polygon<T> p = build(rings, from.repairs(), rings.size() == 1 && detail::is_convex(rings[0].points));
    if (!(p.area_ > 0)) {  // rounding made a line of it, or turned it inside out
      p.area_ = 0;
      p.sides_.clear();
      p.lower_sides_ = p.packed_sides_ = 0;
    }
    return p;
  }

 private:
  // NOLINTNEXTLINE(performance-unnecessary-value-param): moved from at the end
  static Polygon<T> build(const std::vector<CheckedRing<T>>& rings, std::vector<RingRepair> repairs,
                          bool turns_one_way) {
    Polygon<T> p;
    std::size_t vertices = 0, sides = 0;
    for (const CheckedRing<T>& ring : rings) {
      vertices += ring.points.size();
      each_side(ring.points, [&sides](const Side&) { ++sides; });
    }
    static_cast<void>(to_index(vertices, "polygon"));
    p.points_.reserve(vertices);
    p.rings_.reserve(rings.size());
    p.sides_.reserve((sides + pack_size - 1) / pack_size * pack_size);
    for (const CheckedRing<T>& ring : rings) {
      p.points_.insert(p.points_.end(), ring.points.begin(), ring.points.end());
      p.rings_.push_back({p.points_.size(), ring.hole != none});
      each_side(ring.points, [&p](const Side& side) { p.sides_.push_back(side); });
    }
    p.narrowest_side_ = least_width(p.sides_);
    if (turns_one_way) {
      p.lower_sides_ = arrange_chains(p.sides_);
    } else {
      std::sort(p.sides_.begin(), p.sides_.end(), starts_before);
    }
    if (p.lower_sides_ == 0) {
      p.packed_sides_ = p.sides_.size();
      pack_sides(p.sides_);
    }
    p.repairs_ = std::move(repairs);
    p.repairs_.shrink_to_fit();
    p.area_ = twice_area_of([&rings](const auto& take) {
                for (const CheckedRing<T>& ring : rings) {
                  take(std::span<const Point<T>>(ring.points));
                }
              }) /
              2;
    p.bounds_ = bounds_of(p.points_);
    return p;
  }

  /// Those that are not vertical.
  template <class Take>
  static void each_side(const std::vector<Point<T>>& ring, const Take& take) {
    for (std::size_t k = 0; k < ring.size(); ++k) {
      const Point<T>&a = ring[k], &b = ring[k + 1 < ring.size() ? k + 1 : 0];
      const Side side = make_side(a, b);
      if (side.sign != 0) {
        take(side);
      }
    }
  }

  static Box<T> bounds_of(const std::vector<Point<T>>& points) noexcept {
    if (points.empty()) {
      return {};
    }
    Box<T> box{points[0].x, points[0].y, points[0].x, points[0].y};
    for (const Point<T>& p : points) {
      box = {(std::min)(box.x1, p.x), (std::min)(box.y1, p.y), (std::max)(box.x2, p.x), (std::max)(box.y2, p.y)};
    }
    return box;
  }
};

/// A shell and its holes as the rings of one part, holes numbered from 0.
template <class T>
[[nodiscard]] std::vector<CheckedRing<T>> rings_of(std::vector<Point<T>> shell,
                                                   std::vector<std::vector<Point<T>>> holes) {
  std::vector<CheckedRing<T>> rings;
  if (shell.empty() && holes.empty()) {
    return rings;
  }
  rings.reserve(holes.size() + 1);
  rings.push_back({std::move(shell)});
  for (std::vector<Point<T>>& hole : holes) {
    const Index number = to_index(rings.size() - 1, "holes");
    rings.push_back({std::move(hole)});
    rings.back().hole = number;
  }
  return rings;
}

}  // namespace detail
}  // namespace boxlap
