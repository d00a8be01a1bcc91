/// One side of a ring as a line over a range of x: the unit that overlaps of polygons are summed from.
///
/// A shape is the signed sum of the regions below its sides, +1 for upper and -1 for lower ones. Vertical sides add
/// nothing, so every side that counts is a function of x with a slope. This header has that form, the order of sides
/// along x, the two ways in which a polygon keeps them (chains of a convex ring; packs of eight, field after field,
/// for any other), and PairBounds, which decides when a sum is no more than its own rounding.
///
/// Cost: 48 bytes a side. Invariant: no slope is above 1e60 in size, so products with coordinates stay finite.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <limits>
#include <span>
#include <vector>

#include "../../base/detail/compiler.hpp"
#include "../../base/detail/lanes.hpp"
#include "../box.hpp"
#include "../point.hpp"

namespace boxlap::detail {

/// A side of a ring that is not vertical, from its left end to its right end. `sign` is +1 where the shape lies below
/// it (smaller y) and -1 where it lies above.
struct Side {
  double left, right, left_y, right_y, slope, sign;
};

/// The side from p to q of a ring that keeps the shape to its left with y up. Sign 0 if it adds no area: it is
/// vertical, or so steep that its width times any height is below the rounding of the sum.
template <class T>
[[nodiscard]] inline Side make_side(const Point<T>& p, const Point<T>& q) noexcept {
  const bool forward = p.x < q.x;
  const Point<T>& a = forward ? p : q;
  const Point<T>& b = forward ? q : p;
  const double left = a.x, right = b.x, left_y = a.y, right_y = b.y;
  const double slope = (right_y - left_y) / (right - left);
  const bool counts = left < right && std::abs(slope) < 1e60;
  return {left, right, left_y, right_y, counts ? slope : 0, counts ? (forward ? -1.0 : 1.0) : 0.0};
}

[[nodiscard]] inline double least_width(std::span<const Side> sides) noexcept {
  double least = std::numeric_limits<double>::infinity();
  for (const Side& side : sides) {
    least = lesser(side.right - side.left, least);
  }
  return least;
}

[[nodiscard]] inline bool starts_before(const Side& a, const Side& b) noexcept {
  return a.left < b.left || (a.left == b.left && a.left_y + a.right_y < b.left_y + b.right_y);
}

/// Twice an area as a kernel summed it up, and the size of what was rounded on the way: the sum may be wrong by a few
/// units in the last place of that.
struct TwiceArea {
  double sum = 0, size = 0;
};

/// The bounds of two shapes that share some area, and the number of their vertices: what the rounding of that area is
/// measured by. The common part of the bounds may be far smaller than the sides that reach into it.
struct PairBounds {
  Box<double> a, b;
  std::size_t vertices;

  [[nodiscard]] Box<double> common() const noexcept {
    return {(std::max)(a.x1, b.x1), (std::max)(a.y1, b.y1), (std::min)(a.x2, b.x2), (std::min)(a.y2, b.y2)};
  }
  /// Heights of lines are rounded as numbers of this size, anywhere on a side.
  [[nodiscard]] double heights() const noexcept { return (a.y2 - a.y1) + (b.y2 - b.y1); }

  /// The area; 0 where that is less than the rounding of its own sum may be, and than half of the error that
  /// intersection_area() of polygons states.
  [[nodiscard]] double area_above_rounding(const TwiceArea& twice) const noexcept {
    constexpr double eps = std::numeric_limits<double>::epsilon();
    if (twice.sum > 4 * eps * twice.size) [[likely]] {
      return twice.sum / 2;
    }
    return twice.sum > 0 && twice.sum > 2 * eps * error_scale() ? twice.sum / 2 : 0;
  }

 private:
  /// L (La + Lb + d) (1 + v / 64): see intersection_area() of polygons.
  [[nodiscard]] BOXLAP_COLD double error_scale() const noexcept {
    const auto length = [](double x, double y) { return std::sqrt(product(x, x) + product(y, y)); };
    const double length_a = length(a.x2 - a.x1, a.y2 - a.y1), length_b = length(b.x2 - b.x1, b.y2 - b.y1);
    const Point<double> center_a = center(a), center_b = center(b);
    const double distance = length(center_a.x - center_b.x, center_a.y - center_b.y);
    return product((std::min)(length_a, length_b), length_a + length_b + distance) *
           (1 + static_cast<double>(vertices) / 64);
  }
};

/// The sides of a convex ring, two functions of x: chains from its left end to its right end without a gap.
struct Chains {
  std::span<const Side> lower, upper;
};

/// The sides of any shape by their left ends: chains if it is one convex ring, else `packed_count` sides in the form
/// that pack_sides() gives the memory of `packed`. One of the two is empty.
struct SortedSides {
  Chains chains;
  std::span<const Side> packed{};
  std::size_t packed_count = 0;
  double x1 = 0, x2 = 0;                                       ///< their range
  double narrowest = std::numeric_limits<double>::infinity();  ///< the least width of one
  [[nodiscard]] std::size_t size() const noexcept { return chains.lower.size() + chains.upper.size() + packed_count; }
};

/// Sorts the sides of a convex ring for SortedSides, lower ones first: how many these are. 0 where a chain has a gap,
/// because a side was too steep to count: then it is as any other ring.
[[nodiscard]] inline std::size_t arrange_chains(std::span<Side> sides) noexcept {
  std::sort(sides.begin(), sides.end(),
            [](const Side& a, const Side& b) { return a.sign < b.sign || (a.sign == b.sign && a.left < b.left); });
  const auto upper = std::find_if(sides.begin(), sides.end(), [](const Side& side) { return side.sign > 0; });
  const auto gap = [](const Side& a, const Side& b) { return a.right != b.left; };
  const bool whole = upper != sides.begin() && upper != sides.end() && sides.front().left == upper->left &&
                     sides.back().right == (upper - 1)->right &&
                     std::adjacent_find(sides.begin(), upper, gap) == upper &&
                     std::adjacent_find(upper, sides.end(), gap) == sides.end();
  if (!whole) {
    std::sort(sides.begin(), sides.end(), starts_before);
  }
  return whole ? static_cast<std::size_t>(upper - sides.begin()) : 0;
}

/// The fields of Side in the order in which a pack of sides keeps them, pack_size numbers each.
enum class SideField : std::size_t { left, right, left_y, right_y, slope, sign };
inline constexpr std::size_t pack_size = 8;

/// Transposes sorted sides in place, pack by pack, from one side after the other to one field after the other: then a
/// register loads one field of several sides. The last pack is filled up with sides of width 0, which add nothing.
///
/// Afterwards the vector holds no Sides but their numbers: read them by load_field().
inline void pack_sides(std::vector<Side>& sides) {
  while (sides.size() % pack_size != 0) {
    const Side last = sides.back();
    sides.push_back({last.left, last.left, last.left_y, last.left_y, 0, 0});
  }
  for (std::size_t first = 0; first < sides.size(); first += pack_size) {
    std::array<double, 6 * pack_size> columns;
    for (std::size_t k = 0; k < pack_size; ++k) {
      const Side& side = sides[first + k];
      const double fields[] = {side.left, side.right, side.left_y, side.right_y, side.slope, side.sign};
      for (std::size_t f = 0; f < 6; ++f) {
        columns[f * pack_size + k] = fields[f];
      }
    }
    std::memcpy(&sides[first], columns.data(), sizeof columns);
  }
}

/// One field of the packed sides from k on, as many as L holds.
template <class L>
[[nodiscard]] inline L load_field(std::span<const Side> packed, std::size_t k, SideField field) noexcept {
  L lanes;
  const std::size_t number = static_cast<std::size_t>(field) * pack_size + k % pack_size;
  std::memcpy(&lanes,
              reinterpret_cast<const unsigned char*>(&packed[k / pack_size * pack_size]) + number * sizeof(double),
              sizeof lanes);
  return lanes;
}

}  // namespace boxlap::detail
