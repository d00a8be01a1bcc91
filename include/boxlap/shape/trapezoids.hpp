/// How much any two sets of rings share: a signed sum over the pairs of their sides, without building the overlap.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <memory>
#include <new>
#include <numeric>
#include <span>
#include <vector>

#include "box.hpp"
#include "lanes.hpp"
#include "point.hpp"

namespace boxlap::detail {

/// A side of a ring that is not vertical, from its left end to its right end. `sign` is +1 where the shape lies below
/// it (smaller y) and -1 where it lies above.
struct Side {
  double left, right, left_y, right_y, slope, sign;
};

/// The side from p to q of a ring that keeps the shape to its left with y up; sign 0 where it adds nothing: a vertical
/// side, or one so steep that its width times any height is nothing.
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

/// Sides near a common origin, in blocks of as many as a register holds, one field after the other in each block. The
/// first `inlined` cost no allocation.
class SideBlocks {
 public:
  enum Field : std::size_t { left, right, left_y, slope, sign, fields };
  static constexpr std::size_t inlined = 64;
  static constexpr std::size_t lanes = lane_count<double>;

  explicit SideBlocks(std::size_t most) {
    const std::size_t blocks = (most + lanes - 1) / lanes;
    if (blocks * lanes > inlined) {
      heap_.reset(new (std::align_val_t{lane_bytes}) double[blocks * lanes * fields]);
      data_ = heap_.get();
    }
  }
  SideBlocks(const SideBlocks&) = delete;
  SideBlocks& operator=(const SideBlocks&) = delete;

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  /// The field of side k; the fields of the sides k, k + 1, ... of one block follow each other.
  [[nodiscard]] const double* at(Field f, std::size_t k) const noexcept {
    return data_ + (k / lanes * fields + f) * lanes + k % lanes;
  }
  [[nodiscard]] double* at(Field f, std::size_t k) noexcept {
    return data_ + (k / lanes * fields + f) * lanes + k % lanes;
  }
  void push(double x0, double x1, double y, double rise, double side_sign) noexcept {
    const std::size_t k = size_++;
    *at(left, k) = x0;
    *at(right, k) = x1;
    *at(left_y, k) = y;
    *at(slope, k) = rise;
    *at(sign, k) = side_sign;
  }
  void push(const SideBlocks& other, std::size_t k) noexcept {
    push(*other.at(left, k), *other.at(right, k), *other.at(left_y, k), *other.at(slope, k), *other.at(sign, k));
  }
  /// Puts the last side in place of side k.
  void remove(std::size_t k) noexcept {
    const std::size_t last = --size_;
    for (const Field f : {left, right, left_y, slope, sign}) {
      *at(f, k) = *at(f, last);
    }
  }
  /// Fills the last block with sides that lie nowhere: sums read whole blocks.
  void pad() noexcept {
    for (std::size_t k = size_; k % lanes != 0; ++k) {
      for (const Field f : {left, right, left_y, slope, sign}) {
        *at(f, k) = 0;
      }
    }
  }

 private:
  struct Free {
    void operator()(double* p) const noexcept { ::operator delete[](p, std::align_val_t{lane_bytes}); }
  };

  alignas(lane_bytes) double inline_[fields * inlined];
  std::unique_ptr<double[], Free> heap_;
  double* data_ = inline_;
  std::size_t size_ = 0;
};

/// Appends the sides of a shape that matter inside `window`, moved to `origin`. Sides beyond the window in x or below
/// it are left out, sides above it become its upper border: the overlap within the window stays the same, and no number
/// is larger than it must be. The lower border of `window` must be the lowest point of one of the two shapes exactly:
/// its sides on the border stay, and keep the parts of the other shape below from counting.
inline void append_sides(std::span<const Side> sides, const Point<double>& origin, const Box<double>& window,
                         SideBlocks& out) noexcept {
  for (const Side& side : sides) {
    const double left = side.left - origin.x, right = side.right - origin.x;
    if (left >= window.x2) {
      return;  // sides ascend by their left ends
    }
    const double left_y = side.left_y - origin.y, right_y = side.right_y - origin.y;
    if (right <= window.x1 || std::max(left_y, right_y) < window.y1) {
      continue;
    }
    const bool above = std::min(left_y, right_y) >= window.y2;
    out.push(left, right, above ? window.y2 : left_y, above ? 0.0 : side.slope, side.sign);
  }
}

/// Twice the signed area under both of two sides a and b, above y = base, summed; and the size of the summands.
///
/// The mean of min(a, b) over the common x-range is the mean of the smaller ends, plus what the two gain by crossing:
/// P N / 2 (P + N), with P and N the sums of a - b where it is positive and negative. L is a number, or lanes with a
/// side b in each.
template <class L>
struct SideSum {
  L sum{}, size{}, base{}, smallest{};

  explicit SideSum(double base_y) noexcept : base(L{} + base_y), smallest(L{} + std::numeric_limits<double>::min()) {}

  /// Side `k` of `a` with the sides of `b` from `n` on, as many as L holds.
  [[gnu::always_inline]] void add(const SideBlocks& a, std::size_t k, const SideBlocks& b, std::size_t n) noexcept {
    const auto from_a = [&](SideBlocks::Field c) { return L{} + *a.at(c, k); };
    const auto from_b = [&](SideBlocks::Field c) { return load<L>(b.at(c, n)); };
    const L left_a = from_a(SideBlocks::left), y_a = from_a(SideBlocks::left_y), slope_a = from_a(SideBlocks::slope);
    const L left_b = from_b(SideBlocks::left), y_b = from_b(SideBlocks::left_y), slope_b = from_b(SideBlocks::slope);
    const L from = greater(left_a, left_b);
    const L to = greater(from, lesser(from_a(SideBlocks::right), from_b(SideBlocks::right)));
    const L a0 = y_a + product(L(from - left_a), slope_a), a1 = y_a + product(L(to - left_a), slope_a);
    const L b0 = y_b + product(L(from - left_b), slope_b), b1 = y_b + product(L(to - left_b), slope_b);
    const L d0 = a0 - b0, d1 = a1 - b1, zero{};
    const L positive = greater(d0, zero) + greater(d1, zero);
    const L negative = greater(L(-d0), zero) + greater(L(-d1), zero);
    const L gained = product(positive, L(negative / (positive + negative + smallest)));
    const L ends = (lesser(a0, b0) - base) + (lesser(a1, b1) - base);
    const L term = product(L(to - from), L(ends + gained));
    sum += product(term, L(from_a(SideBlocks::sign) * from_b(SideBlocks::sign)));
    size += magnitude(term);
  }
};

template <class L>
[[nodiscard]] inline double horizontal_sum(const L& lanes) noexcept {
  std::array<double, lane_count<double>> values;
  store(values.data(), lanes);
  return std::accumulate(values.begin(), values.end(), 0.0);
}

/// The sums of all pairs of sides, by lanes in full and in single numbers.
struct PairSums {
  SideSum<Lanes<double>> lanes;
  SideSum<double> single;

  explicit PairSums(double base) noexcept : lanes(base), single(base) {}
  /// Side k of a with all sides of b, whose last register is padded.
  void add_all(const SideBlocks& a, std::size_t k, const SideBlocks& b, double right) noexcept {
    for (std::size_t n = 0; n < b.size() && *b.at(SideBlocks::left, n) < right; n += SideBlocks::lanes) {
      lanes.add(a, k, b, n);
    }
  }
};

/// Every side of a with every side of b: fewest instructions for a few dozen sides.
inline void add_each(const SideBlocks& a, SideBlocks& b, PairSums& sums) noexcept {
  b.pad();
  for (std::size_t k = 0; k < a.size(); ++k) {
    sums.add_all(a, k, b, *a.at(SideBlocks::right, k));
  }
}

/// Only sides with a common x-range: a sweep over the left ends, with the sides of either shape at the sweep line.
inline void add_sweeping(const SideBlocks& a, const SideBlocks& b, PairSums& sums) {
  SideBlocks active_a(a.size() + SideBlocks::lanes), active_b(b.size() + SideBlocks::lanes);
  const auto enter = [&sums](const SideBlocks& sides, std::size_t k, SideBlocks& own, SideBlocks& others) {
    const double x = *sides.at(SideBlocks::left, k);
    for (std::size_t n = 0; n < others.size();) {
      if (*others.at(SideBlocks::right, n) <= x) {
        others.remove(n);
      } else {
        ++n;
      }
    }
    own.push(sides, k);
    if (others.size() <= 3) {  // a convex shape has two
      for (std::size_t n = 0; n < others.size(); ++n) {
        sums.single.add(sides, k, others, n);
      }
    } else {
      others.pad();
      sums.add_all(sides, k, others, std::numeric_limits<double>::infinity());
    }
  };
  const auto left_of = [](const SideBlocks& sides, std::size_t k) { return *sides.at(SideBlocks::left, k); };
  for (std::size_t i = 0, j = 0; i < a.size() || j < b.size();) {
    if (j == b.size() || (i < a.size() && left_of(a, i) <= left_of(b, j))) {
      enter(a, i++, active_a, active_b);
    } else {
      enter(b, j++, active_b, active_a);
    }
  }
}

/// The area two sets of sides share within a window that both gave; 0 where that is less than its own rounding error.
///
/// Indicator of a shape = sum over its sides of sign * [y < side], so the shared area is the sum over all pairs of
/// sign * sign * integral of min(side, side) over their common x-range: no overlap is built, and no case can fail.
[[nodiscard, gnu::noinline]] inline double shared_area(const SideBlocks& a, SideBlocks& b, double base) {
  constexpr std::size_t few = 48;  // where the sweep becomes faster (measured)
  PairSums sums(base);
  if (a.size() <= few && b.size() <= few) {
    add_each(a, b, sums);
  } else {
    add_sweeping(a, b, sums);
  }
  const double sum = horizontal_sum(sums.lanes.sum) + sums.single.sum;
  const double size = horizontal_sum(sums.lanes.size) + sums.single.size;
  return sum > 4 * std::numeric_limits<double>::epsilon() * size ? sum / 2 : 0;
}

}  // namespace boxlap::detail
