/// Orientation, exactly: on which side of a line a point lies.
///
/// Rounded to double, the sign of (ax - cx)(by - cy) - (ay - cy)(bx - cx) is wrong for points close to the line, and
/// code that branches on wrong signs builds broken hulls and accepts crossing sides. Shewchuk (1997): compute in double
/// with an error bound first, which decides nearly all calls; where the bound does not, sum the six products exactly,
/// as an expansion of numbers that do not overlap, and take the sign of its largest part.
///
/// Cost: O(1), a few operations where the bound decides. Exact while no product of coordinates over- or underflows.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <limits>

#include "../../base/detail/rounded.hpp"
#include "../../base/detail/two_sum.hpp"
#include "../point.hpp"

namespace boxlap::detail {

[[nodiscard]] constexpr int sign_of(double x) noexcept { return (x > 0) - (x < 0); }

/// The exact sum of a few numbers as an expansion: parts that do not overlap, smallest first (Shewchuk 1997, grow).
template <std::size_t most>
class ExactSum {
 public:
  void add(double x) noexcept {
    for (std::size_t k = 0; k < size_; ++k) {
      const auto [sum, error] = two_sum(x, parts_[k]);
      parts_[k] = error;
      x = sum;
    }
    parts_[size_++] = x;
  }
  void add_product(double a, double b) noexcept {
    const double high = rounded(a * b);
    add(std::fma(a, b, -high));
    add(high);
  }
  [[nodiscard]] int sign() const noexcept {
    for (std::size_t k = size_; k-- > 0;) {
      if (parts_[k] != 0) {
        return sign_of(parts_[k]);
      }
    }
    return 0;
  }

 private:
  std::array<double, most> parts_;
  std::size_t size_ = 0;
};

/// The sign of the area of the triangle a, b, c: 1 where c lies to the left of a -> b with y up (to the right as an
/// image shows it), -1 on the other side, 0 on the line. Exact as long as no product of coordinates over- or underflows
/// (between 1e-140 and 1e150).
template <class T>
[[nodiscard]] inline int orientation(const Point<T>& a, const Point<T>& b, const Point<T>& c) noexcept {
  const double ax = a.x, ay = a.y, bx = b.x, by = b.y, cx = c.x, cy = c.y;
  const double left = rounded((ax - cx) * (by - cy));
  const double right = rounded((ay - cy) * (bx - cx));
  const double difference = left - right;
  const double size = std::abs(left) + std::abs(right);
  constexpr double bound = 3.3306690738754716e-16;  // (3 + 16 u) u: Shewchuk's first filter
  if (std::abs(difference) > bound * size && size > (std::numeric_limits<double>::min)() * 0x1p60) {
    return sign_of(difference);
  }
  ExactSum<12> sum;
  sum.add_product(ax, by);
  sum.add_product(-ay, bx);
  sum.add_product(bx, cy);
  sum.add_product(-by, cx);
  sum.add_product(cx, ay);
  sum.add_product(-cy, ax);
  return sum.sign();
}

}  // namespace boxlap::detail
