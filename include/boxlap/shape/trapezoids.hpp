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
    const std::size_t blocks = most / lanes + 1;  // one more than `most`: push_if() writes before it decides
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
  void push_if(bool keep, double x0, double x1, double y, double rise, double side_sign) noexcept {
    const std::size_t k = size_;
    size_ += keep ? 1 : 0;
    *at(left, k) = x0;
    *at(right, k) = x1;
    *at(left_y, k) = y;
    *at(slope, k) = rise;
    *at(sign, k) = side_sign;
  }
  void push(const SideBlocks& other, std::size_t k) noexcept {
    push_if(true, *other.at(left, k), *other.at(right, k), *other.at(left_y, k), *other.at(slope, k),
            *other.at(sign, k));
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

/// Appends the sides of a shape that matter inside `window`, moved to `origin` and then onto the window's lower border.
/// Sides beyond the window in x or below it are left out, sides above it become its upper border: the overlap within
/// the window stays the same, and no number is larger than it must be. The lower border must be the lowest point of one
/// of the two shapes exactly: its sides on the border stay, and keep the parts of the other shape below from counting.
inline void append_sides(std::span<const Side> sides, const Point<double>& origin, const Box<double>& window,
                         SideBlocks& out) noexcept {
  const double height = window.y2 - window.y1;
  for (const Side& side : sides) {
    const double left = side.left - origin.x, right = side.right - origin.x;
    if (left >= window.x2) {
      return;  // sides ascend by their left ends
    }
    const double left_y = side.left_y - origin.y, right_y = side.right_y - origin.y;
    const bool above = (std::min)(left_y, right_y) >= window.y2;
    // Written in any case and kept or not: which one it is cannot be guessed.
    out.push_if((right > window.x1) & ((std::max)(left_y, right_y) >= window.y1), left, right,
                above ? height : left_y - window.y1, above ? 0.0 : side.slope, side.sign);
  }
}

/// Twice the signed area under both of two sides a and b, above y = 0, summed; and the size of the summands.
///
/// The mean of min(a, b) over the common x-range is the mean of the smaller ends, plus what the two gain by crossing:
/// P N / 2 (P + N), with P and N the sums of a - b where it is positive and negative. L is a number, or lanes with a
/// side b in each.
template <class L>
struct SideSum {
  L sum{}, size{};

  /// Side `k` of `a` with the sides of `b` from `first` to `last`, as many at once as L holds.
  [[gnu::always_inline]] void add(const SideBlocks& a, std::size_t k, const SideBlocks& b, std::size_t first,
                                  std::size_t last) noexcept {
    using Blocks = SideBlocks;
    const auto from_a = [&](Blocks::Field f) { return L{} + *a.at(f, k); };
    const L left_a = from_a(Blocks::left), right_a = from_a(Blocks::right);
    const L y_a = from_a(Blocks::left_y), slope_a = from_a(Blocks::slope);
    const L zero{}, smallest = L{} + (std::numeric_limits<double>::min)();
    L row_sum{}, row_size{};
    // NOLINTNEXTLINE(bugprone-sizeof-expression): the lanes of a vector type, 1 where L is a plain double
    for (std::size_t n = first; n < last; n += sizeof(L) / sizeof(double)) {
      const auto from_b = [&](Blocks::Field f) { return load<L>(b.at(f, n)); };
      const L left_b = from_b(Blocks::left), y_b = from_b(Blocks::left_y), slope_b = from_b(Blocks::slope);
      const L from = greater(left_a, left_b);
      const L to = greater(from, lesser(right_a, from_b(Blocks::right)));
      const L a0 = y_a + product(L(from - left_a), slope_a), a1 = y_a + product(L(to - left_a), slope_a);
      const L b0 = y_b + product(L(from - left_b), slope_b), b1 = y_b + product(L(to - left_b), slope_b);
      const L d0 = a0 - b0, d1 = a1 - b1;
      const L positive = greater(d0, zero) + greater(d1, zero);
      const L negative = lesser(d0, zero) + lesser(d1, zero);
      const L gained = product(positive, L(negative / ((positive - negative) + smallest)));
      const L ends = lesser(a0, b0) + lesser(a1, b1);
      const L term = product(L(to - from), L(ends - gained));
      row_sum += product(term, from_b(Blocks::sign));
      row_size += magnitude(term);
    }
    sum += product(row_sum, from_a(Blocks::sign));
    size += row_size;
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
};

/// Every side of a with every side of b: fewest instructions for a few dozen sides.
inline void add_each(const SideBlocks& a, SideBlocks& b, PairSums& sums) noexcept {
  b.pad();
  for (std::size_t k = 0, last = 0; k < a.size(); ++k) {
    const double right = *a.at(SideBlocks::right, k);
    while (last < b.size() && *b.at(SideBlocks::left, last) < right) {
      last += SideBlocks::lanes;  // a few blocks too many where an earlier side of a reached further
    }
    sums.lanes.add(a, k, b, 0, last);
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
      sums.single.add(sides, k, others, 0, others.size());
    } else {
      others.pad();
      sums.lanes.add(sides, k, others, 0, others.size());
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
[[nodiscard, gnu::noinline]] inline double shared_area(const SideBlocks& a, SideBlocks& b) {
  constexpr std::size_t few = 48;  // where the sweep becomes faster (measured)
  PairSums sums;
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
