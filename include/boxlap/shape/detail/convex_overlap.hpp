/// The area that two convex polygons share, by one walk along their chains from left to right.
///
/// Clipping one polygon by the other (Sutherland and Hodgman 1974) or walking both boundaries (O'Rourke et al. 1982)
/// builds the overlap, vertex by vertex, and has to decide cases where sides touch or coincide. Here nothing is built.
/// A convex ring is an upper and a lower chain, two functions of x; the overlap is the region under both upper and
/// above both lower chains. It spans one range of x, whose ends are where an upper chain of one ring meets the lower
/// chain of the other. Between them the area is an integral, summed over the steps where neither chain changes its
/// side.
///
/// Cost: O(n + m), no memory. No case can fail: touching and equal sides only give terms of size 0. Far from the
/// origin, where a position on x has too few digits beside a steep side, the walk is repeated with positions of twice
/// the digits.
#pragma once

#include <cmath>
#include <limits>
#include <span>
#include <type_traits>

#include "../../base/detail/compiler.hpp"
#include "../../base/detail/lanes.hpp"
#include "../../base/detail/two_sum.hpp"
#include "../box.hpp"
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

/// A position on the x axis in more digits than a double has: x + rest. Far from the origin the gaps between doubles
/// are wide, and beside a nearly vertical side an area depends on the digits between them.
struct ExactX {
  double x, rest = 0;
  [[nodiscard]] friend bool operator<(const ExactX& a, const ExactX& b) noexcept {
    return a.x < b.x || (a.x == b.x && a.rest < b.rest);
  }
};

/// x + step in all digits, its x rounded up for `upward`, else down.
template <bool upward>
[[nodiscard]] BOXLAP_COLD inline ExactX exact_x(double x, double step) noexcept {
  const auto [sum, rest] = two_sum(x, step);
  const double next =
      std::nextafter(sum, upward ? std::numeric_limits<double>::infinity() : -std::numeric_limits<double>::infinity());
  return (upward ? rest > 0 : rest < 0) ? ExactX{next, (sum - next) + rest} : ExactX{sum, rest};
}

/// The first x, going from `from` to `to`, where the upper chain of one ring reaches the lower chain of another: the
/// overlap begins there. Infinite, beyond `to`, if the upper chain stays below.
///
/// `X` is the type of x: double, rounded to nearest, or ExactX, which keeps every digit. A ExactX is rounded back
/// towards `from`, so that no vertex lies between x and x + rest. If rounding moves x by r, the area changes by r^2
/// times the difference of the two slopes. That is below 2^-57 of a width times a height, unless the common width of
/// the two sides is below 2^-25 of their distance from the origin: then `is_rough` becomes true.
template <bool rightward, class X>
[[nodiscard]] BOXLAP_ALWAYS_INLINE inline X first_meeting(std::span<const Side> upper, std::span<const Side> lower,
                                                          double from, double to, double base,
                                                          bool& is_rough) noexcept {
  const auto start = [&](std::span<const Side> chain) {
    return rightward ? first_beyond(chain, from) : last_beyond(chain, from);
  };
  const auto end = [](const Side& side) { return rightward ? side.right : side.left; };
  const auto nearer = [](const auto& x, const auto& y) { return (rightward ? x < y : y < x) ? x : y; };
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const Side *a = start(upper), *b = start(lower);
  double x = from, above = height_at(*a, x, base) - height_at(*b, x, base);
  while (above < 0) {
    const double next = nearer(nearer(end(*a), end(*b)), to);
    const double above_next = height_at(*a, next, base) - height_at(*b, next, base);
    if (above_next >= 0) {
      const double width = next - x, step = product(width, above / (above - above_next));
      if constexpr (std::is_same_v<X, ExactX>) {
        const ExactX found = exact_x<!rightward>(x, step), end_of_sides{next, 0};
        return nearer(found, end_of_sides);
      } else {
        is_rough |= magnitude(next) > 0x1p25 * magnitude(width);
        return nearer(x + step, next);
      }
    }
    if (next == to) {
      return X{rightward ? infinity : -infinity};
    }
    a += end(*a) == next ? (rightward ? 1 : -1) : 0;
    b += end(*b) == next ? (rightward ? 1 : -1) : 0;
    x = next;
    above = above_next;
  }
  return X{x};
}

/// Two chains of the same kind from left to right: twice the area under both if they are upper chains; for lower ones
/// minus twice the area under the higher of the two. A step has no branch on which side ends first, as that is not
/// predictable.
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
    sum_ += product(x - x_, twice_mean_height(height_a, height_b, low));
    a_ += static_cast<int>((a_->right <= x) & (x < to));
    b_ += static_cast<int>((b_->right <= x) & (x < to));
    x_ = x;
    height_a_ = height_a;
    height_b_ = height_b;
    low_ = low;
  }
  /// Subtracts what lies between here and here + rest, where the sides are still the same.
  void subtract(double rest) noexcept {
    const double up = upper ? rest : -rest;
    const double height_a = height_a_ + product(up, a_->slope), height_b = height_b_ + product(up, b_->slope);
    sum_ -= product(magnitude(rest), twice_mean_height(height_a, height_b, lesser(height_a, height_b)));
  }

 private:
  /// Of the lower one of two lines, from here to where they have these heights: see PairSum.
  [[nodiscard]] double twice_mean_height(double height_a, double height_b, double low) const noexcept {
    const double above_b = (height_a_ - low_) + (height_a - low), above_a = (height_b_ - low_) + (height_b - low);
    const double gained = product(above_a, above_b / ((above_a + above_b) + (std::numeric_limits<double>::min)()));
    return (low_ + low) + gained;
  }
  [[nodiscard]] double height(const Side& side, double x) const noexcept {
    const double h = height_at(side, x, base_);
    return upper ? h : -h;
  }

  const Side *a_, *b_;
  double base_, x_, height_a_, height_b_, low_, sum_ = 0;
};

/// Both walks step by step in turn, so that their dependency chains overlap in the processor. What lies between a
/// double and the exact position at either end is subtracted.
template <class X>
[[nodiscard]] BOXLAP_ALWAYS_INLINE inline double shared_area_between(const Chains& a, const Chains& b,
                                                                     const PairBounds& bounds, double base,
                                                                     const X& from, const X& to) noexcept {
  constexpr bool is_exact = std::is_same_v<X, ExactX>;
  const ExactX first{from}, last{to};
  ChainWalk<true> upper(a.upper, b.upper, first.x, base);
  ChainWalk<false> lower(a.lower, b.lower, first.x, base);
  if (is_exact && first.rest > 0) {
    upper.subtract(first.rest);
    lower.subtract(first.rest);
  }
  while (upper.is_before(last.x) || lower.is_before(last.x)) {
    upper.step(last.x);
    lower.step(last.x);
  }
  if (is_exact && last.rest < 0) {
    upper.subtract(last.rest);
    lower.subtract(last.rest);
  }
  return bounds.area_above_rounding(
      {upper.twice_area() + lower.twice_area(), product(last.x - first.x, bounds.heights())});
}

/// The area that two convex rings with these bounds share.
///
/// The overlap spans one range of x. At its ends a lower chain meets an upper one; between them its area is the one
/// under both upper chains minus the one under the higher lower chain: n + m steps.
template <class X = double>
[[nodiscard]] inline double shared_area(const Chains& a, const Chains& b, const PairBounds& bounds) noexcept {
  const auto [x1, base, x2, top] = bounds.common();
  bool is_rough = false;
  const X from_a = first_meeting<true, X>(a.upper, b.lower, x1, x2, base, is_rough);
  const X from_b = first_meeting<true, X>(b.upper, a.lower, x1, x2, base, is_rough);
  const X from = from_a < from_b ? from_b : from_a;
  if (X{x2} < from) {
    return 0;  // one ring stays below the other
  }
  const X to_a = first_meeting<false, X>(a.upper, b.lower, x2, x1, base, is_rough);
  const X to_b = first_meeting<false, X>(b.upper, a.lower, x2, x1, base, is_rough);
  const X to = to_b < to_a ? to_b : to_a;
  if constexpr (std::is_same_v<X, double>) {
    if (is_rough) [[unlikely]] {
      return shared_area<ExactX>(a, b, bounds);
    }
  }
  return from < to ? shared_area_between(a, b, bounds, base, from, to) : 0;
}

}  // namespace boxlap::detail
