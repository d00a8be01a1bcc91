/// How far apart the centres of two boxes can be whose IoU exceeds a threshold: the broad phase of nms.
///
/// A kept box is filed under the cell of its centre, so a search must know how far centres of partners can be. Boxes
/// that meet have centres within half the sum of their sides. A threshold t leaves less (below), and bounds the ratio
/// of the sides too, so that a small box need not be compared with the cells of large ones.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "../../shape/box.hpp"

namespace boxlap::detail {

/// How far apart two boxes can be that suppress one another.
///
/// The IoU of two boxes is at most that of their sides along either axis. Where it exceeds t, sides a and b therefore
/// obey t < a / b < 1 / t, and their centres are closer than (a + b) (1 - t) / (2 (1 + t)). With t = 0 this says that
/// they meet. `t` is taken a little smaller than the threshold, for what the computed IoU owes to rounding.
struct Reach {
  double t;     // lower bound of the ratio of two sides
  double half;  // (1 - t) / (2 (1 + t))

  [[nodiscard]] static Reach meeting() noexcept { return {0, 0.5}; }
  [[nodiscard]] static Reach above(double threshold) noexcept {
    const double t = (std::max)(0.0, (std::min)(threshold, 1.0) * (1 - 1e-5) - 1e-5);
    return {t, (1 - t) / (2 * (1 + t))};
  }
  /// The longest side that can go with `side`.
  [[nodiscard]] double longest(double side) const noexcept {
    return t > 0 ? side / t : std::numeric_limits<double>::infinity();
  }
  /// How far from the centre `c` of a side the centre of a side of at most `other` can be.
  [[nodiscard]] double distance(double c, double side, double other) const noexcept {
    return (side + other) * half * (1 + 1e-6) + 4 * std::numeric_limits<double>::epsilon() * std::abs(c);
  }
};

/// The centre and the sides of a box.
struct BoxPlace {
  double x, y, w, h;
  template <class T>
  explicit BoxPlace(const Box<T>& box) noexcept
      : x(0.5 * static_cast<double>(box.x1) + 0.5 * static_cast<double>(box.x2)),
        y(0.5 * static_cast<double>(box.y1) + 0.5 * static_cast<double>(box.y2)),
        w(static_cast<double>(box.x2) - static_cast<double>(box.x1)),
        h(static_cast<double>(box.y2) - static_cast<double>(box.y1)) {}
  [[nodiscard]] double longer() const noexcept { return (std::max)(w, h); }
};

/// How far the centre of anything that could suppress a box can be from its own, at most.
struct ReachWindow {
  Reach reach;
  double longest;  // the longest side of all boxes

  template <class T>
  [[nodiscard]] Box<double> operator()(const Box<T>& box) const noexcept {
    const BoxPlace at(box);
    const double dx = reach.distance(at.x, at.w, (std::min)(longest, reach.longest(at.w)));
    const double dy = reach.distance(at.y, at.h, (std::min)(longest, reach.longest(at.h)));
    return {at.x - dx, at.y - dy, at.x + dx, at.y + dy};
  }
};

}  // namespace boxlap::detail
