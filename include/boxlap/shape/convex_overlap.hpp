/// How much two convex rings share, in one walk along their sides.
#pragma once

#include <limits>
#include <span>

#include "box.hpp"
#include "lanes.hpp"
#include "side.hpp"

namespace boxlap::detail {

/// How high the line of a side is above `base` at x, for x within the side.
[[nodiscard]] inline double height_at(const Side& side, double x, double base) noexcept {
  return (side.left_y - base) + product(x - side.left, side.slope);
}

/// The first side that reaches beyond x to the right; or, from the back, beyond x to the left.
[[nodiscard]] inline const Side* first_beyond(std::span<const Side> chain, double x) noexcept {
  const Side* side = chain.data();
  while (side->right <= x) {
    ++side;
  }
  return side;
}
[[nodiscard]] inline const Side* last_beyond(std::span<const Side> chain, double x) noexcept {
  const Side* side = chain.data() + (chain.size() - 1);
  while (side->left >= x) {
    --side;
  }
  return side;
}

/// Where the upper chain of one ring, on the way from `from` to `to`, is no longer below the lower chain of another:
/// there the rings begin to share something. `to` where it stays below.
template <bool rightward>
[[nodiscard]] inline double meeting(std::span<const Side> upper, std::span<const Side> lower, double from, double to,
                                    double base) noexcept {
  const auto start = [&](std::span<const Side> chain) {
    return rightward ? first_beyond(chain, from) : last_beyond(chain, from);
  };
  const auto end = [](const Side& side) { return rightward ? side.right : side.left; };
  const auto nearer = [](double x, double y) { return rightward ? lesser(x, y) : greater(x, y); };
  const Side *a = start(upper), *b = start(lower);
  double x = from, above = height_at(*a, x, base) - height_at(*b, x, base);
  while (above < 0 && x != to) {
    const double next = nearer(nearer(end(*a), end(*b)), to);
    const double above_next = height_at(*a, next, base) - height_at(*b, next, base);
    if (above_next >= 0) {
      return nearer(x + product(next - x, above / (above - above_next)), next);
    }
    const bool a_ends = end(*a) == next, b_ends = end(*b) == next;
    x = next;
    above = above_next;
    if (x != to) {
      a += a_ends ? (rightward ? 1 : -1) : 0;
      b += b_ends ? (rightward ? 1 : -1) : 0;
    }
  }
  return x;
}

/// Two chains of the same kind from left to right: twice the area under both where they are upper chains, and of lower
/// ones, seen upside down, twice the area above both, negative. Which chain ends first cannot be guessed, so that no
/// branch asks for it.
template <bool upper>
class ChainWalk {
 public:
  ChainWalk(std::span<const Side> a, std::span<const Side> b, double from, double base) noexcept
      : a_(first_beyond(a, from)),
        b_(first_beyond(b, from)),
        base_(base),
        x_(from),
        height_a_(height(*a_, from)),
        height_b_(height(*b_, from)),
        low_(lesser(height_a_, height_b_)) {}

  [[nodiscard]] bool is_before(double to) const noexcept { return x_ < to; }
  [[nodiscard]] double twice_area() const noexcept { return sum_; }

  /// On to the next end of a side, or to `to`; stays there.
  void step(double to) noexcept {
    const double x = lesser(lesser(a_->right, b_->right), to);
    const double height_a = height(*a_, x), height_b = height(*b_, x), low = lesser(height_a, height_b);
    const double above_b = (height_a_ - low_) + (height_a - low), above_a = (height_b_ - low_) + (height_b - low);
    const double gained = product(above_a, above_b / ((above_a + above_b) + (std::numeric_limits<double>::min)()));
    sum_ += product(x - x_, (low_ + low) + gained);  // the integral of the lower one of two lines: see PairSum
    a_ += static_cast<int>((a_->right <= x) & (x < to));
    b_ += static_cast<int>((b_->right <= x) & (x < to));
    x_ = x;
    height_a_ = height_a;
    height_b_ = height_b;
    low_ = low;
  }

 private:
  [[nodiscard]] double height(const Side& side, double x) const noexcept {
    const double h = height_at(side, x, base_);
    return upper ? h : -h;
  }

  const Side *a_, *b_;
  double base_, x_, height_a_, height_b_, low_, sum_ = 0;
};

/// The area two convex rings share, `common` being where their bounds do; 0 where that is less than its own rounding
/// error.
///
/// What they share spans one range of x. At its ends a lower chain meets an upper one; between them it is the area
/// under both upper chains without the area under one of the lower chains: n + m steps, and no case can fail.
[[nodiscard]] inline double shared_area(const SortedSides& a, const SortedSides& b,
                                        const Box<double>& common) noexcept {
  const auto [x1, base, x2, top] = common;
  const double from = greater(meeting<true>(a.upper, b.lower, x1, x2, base),  //
                              meeting<true>(b.upper, a.lower, x1, x2, base));
  const double to = lesser(meeting<false>(a.upper, b.lower, x2, x1, base),  //
                           meeting<false>(b.upper, a.lower, x2, x1, base));
  if (!(from < to)) {
    return 0;
  }
  ChainWalk<true> upper(a.upper, b.upper, from, base);
  ChainWalk<false> lower(a.lower, b.lower, from, base);
  while (upper.is_before(to) || lower.is_before(to)) {
    upper.step(to);  // two walks in turn: neither waits for the other
    lower.step(to);
  }
  const double shared = upper.twice_area() + lower.twice_area(), size = upper.twice_area() - lower.twice_area();
  return shared > 4 * std::numeric_limits<double>::epsilon() * size ? shared / 2 : 0;
}

}  // namespace boxlap::detail
