/// Four regressed corners as a polygon, and what to do where their sides cross.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include "convex_hull.hpp"
#include "polygon.hpp"

namespace boxlap {

/// What make_quad() makes of a quad whose sides cross ("bow-tie"). The default is to guess nothing.
enum class BowTie {
  reject,  ///< an error, as for any polygon
  hull,    ///< the convex hull of the corners: may be larger than any order of the corners
  reorder  ///< the corners in the order of their angles about their mean: the quad that was meant, mostly
};

/// A quad as a polygon: the form of DOTA's labels, and of heads that regress four corners.
///
/// corners: in order along the border, in either direction, in pixels. A quad without crossing sides is kept as it is,
/// concave or not. Where sides cross, `bow_tie` decides: see BowTie. Throws std::invalid_argument with the reason for
/// coordinates that are not finite or out of range, corners without area, a spike, a corner on another side, and with
/// BowTie::reject for sides that cross. O(1) time; the memory of a polygon of four vertices.
template <class T>
[[nodiscard]] Polygon<T> make_quad(const std::array<Point<T>, 4>& corners, BowTie bow_tie = BowTie::reject) {
  std::vector<Point<T>> ring(corners.begin(), corners.end());
  if (bow_tie != BowTie::reject) {
    if (auto quad = try_make_polygon<T>(ring)) {
      return *std::move(quad);
    }
  }
  if (bow_tie == BowTie::hull) {
    return make_polygon(convex_hull(std::move(ring)));
  }
  if (bow_tie == BowTie::reorder) {
    const double x = (double{ring[0].x} + ring[1].x + ring[2].x + ring[3].x) / 4;
    const double y = (double{ring[0].y} + ring[1].y + ring[2].y + ring[3].y) / 4;
    std::stable_sort(ring.begin(), ring.end(), [&](const Point<T>& a, const Point<T>& b) {
      return std::atan2(a.y - y, a.x - x) < std::atan2(b.y - y, b.x - x);
    });
  }
  return make_polygon(std::move(ring));
}

}  // namespace boxlap
