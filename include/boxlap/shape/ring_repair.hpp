/// What the construction of a polygon put right in its rings.
#pragma once

#include "../base/index.hpp"

namespace boxlap {

/// What construction put right in a ring: only defects that leave no doubt about the shape that was meant.
enum class Repair {
  reversed,          ///< the ring turned the wrong way: shells are counter-clockwise with y up, holes clockwise
  closed,            ///< text without the closing vertex that WKT demands
  dropped_duplicate  ///< equal consecutive vertices
};

/// One repair: which ring (rings of all parts counted in order, a shell before its holes), and what was done.
struct RingRepair {
  Index ring = 0;
  Repair repair{};
  [[nodiscard]] friend bool operator==(const RingRepair&, const RingRepair&) = default;
};

}  // namespace boxlap
