/// The area that four corners, of a box or of a rotated box, share with a polygon.
///
/// Making a Polygon of the corners first would allocate, check what is valid anyway, and sort. Four sides fit on the
/// stack, so they become blocks of sides directly, and go to the same sum over pairs of sides as two polygons do
/// (trapezoids.hpp). All numbers are taken relative to `origin`, the centre of the box or a corner of the common
/// bounds: far from the origin of the image they would have too few digits.
///
/// Cost: O(sides of the polygon), no allocation up to 64 sides.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include "../box.hpp"
#include "../point.hpp"
#include "side.hpp"
#include "side_blocks.hpp"
#include "trapezoids.hpp"

namespace boxlap::detail {

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

/// The area that four counter-clockwise corners share with a polygon. Corners and bounds are relative to `origin`, the
/// polygon's sides are where they are.
[[nodiscard]] inline double shared_with_sides(const std::array<Point<double>, 4>& corners, const SortedSides& sides,
                                              const Point<double>& origin, const PairBounds& bounds) {
  const Box<double> window = bounds.common();
  std::array<Side, 4> own;
  for (std::size_t k = 0; k < 4; ++k) {
    own[k] = make_side(corners[k], corners[(k + 1) % 4]);
  }
  std::sort(own.begin(), own.end(), starts_before);
  SideBlocks sides_a(own.size()), sides_b(sides.size());
  sides_a.take({{{}, own}}, {0, 0}, window, SideBlocks::Placing::upright);
  sides_b.take(sides, origin, window, SideBlocks::Placing::mirrored);
  return bounds.area_above_rounding(shared_area(sides_a, sides_b, bounds.heights()));
}

}  // namespace boxlap::detail
