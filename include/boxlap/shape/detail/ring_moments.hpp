/// Area and first moments of rings: twice the digits first, all digits where those do not suffice.
///
/// The shoelace formula about the origin loses every digit of a sliver far out: its terms are as large as squared
/// coordinates, its sum is an area. Terms about a ring's first vertex are as large as squared sides. They are summed in
/// twice the digits (double-double), with a bound for the error. Only where that bound is too large, which takes sides
/// some 1e12 times as long as the ring is wide, the sum is computed again without any rounding.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "../../base/detail/rounded.hpp"
#include "../../base/detail/two_sum.hpp"
#include "../point.hpp"

namespace boxlap::detail {

/// A number in twice the digits: high + low.
struct LongNumber {
  double high = 0, low = 0;
  [[nodiscard]] double value() const noexcept { return high + low; }
};

/// a + b without an error.
[[nodiscard]] inline LongNumber exact_sum(double a, double b) noexcept {
  const auto [high, low] = two_sum(a, b);
  return {high, low};
}

/// a * b without an error, unless it underflows.
[[nodiscard]] inline LongNumber two_product(double a, double b) noexcept {
  const double product = rounded(a * b);
  return {product, std::fma(a, b, -product)};
}

/// Sums of these lose about the square of a rounding (Dekker 1971).
[[nodiscard]] inline LongNumber operator+(const LongNumber& a, const LongNumber& b) noexcept {
  const LongNumber sum = exact_sum(a.high, b.high);
  return exact_sum(sum.high, sum.low + (a.low + b.low));
}
[[nodiscard]] inline LongNumber operator-(const LongNumber& a) noexcept { return {-a.high, -a.low}; }
[[nodiscard]] inline LongNumber operator*(const LongNumber& a, const LongNumber& b) noexcept {
  const LongNumber product = two_product(a.high, b.high);
  return exact_sum(product.high, product.low + (rounded(a.high * b.low) + rounded(a.low * b.high)));
}
[[nodiscard]] inline LongNumber operator/(const LongNumber& a, const LongNumber& b) noexcept {
  const double quotient = a.high / b.high;
  const LongNumber rest = a + -(b * LongNumber{quotient, 0});
  return exact_sum(quotient, rest.value() / b.high);
}

/// The exact sum of finite doubles, as one fixed-point number that reaches from the smallest to the largest of them
/// (Kulisch and Miranker 1986): 32 digits a word, the rest of a word takes the carries of many sums. Infinity and NaN
/// give what doubles would.
class WideSum {
 public:
  void add(double x) noexcept {
    if (!std::isfinite(x)) {
      not_finite_ += x;
      return;
    }
    int exponent = 0;
    const double fraction = std::frexp(std::abs(x), &exponent);
    const auto digits = static_cast<std::uint64_t>(std::ldexp(fraction, 53));
    const auto place = static_cast<unsigned>(exponent - 53 + lowest);
    const std::size_t word = place / 32;
    const unsigned shift = place % 32;
    const std::int64_t sign = x < 0 ? -1 : 1;
    words_[word] += sign * static_cast<std::int64_t>((digits << shift) & low_half);
    words_[word + 1] += sign * static_cast<std::int64_t>((digits >> (32 - shift)) & low_half);
    words_[word + 2] += sign * static_cast<std::int64_t>((digits >> 32) >> (32 - shift));
    if (++count_ == std::uint32_t{1} << 30) {
      carry();
    }
  }
  void add(const LongNumber& x) noexcept {
    add(x.high);
    add(x.low);
  }
  [[nodiscard]] LongNumber value() noexcept {
    if (not_finite_ != 0) {
      return {not_finite_, 0};
    }
    carry();
    LongNumber sum;
    int left = 6;
    for (std::size_t k = words_.size(); k-- > 0 && left > 0;) {
      sum = sum + LongNumber{std::ldexp(static_cast<double>(words_[k]), static_cast<int>(32 * k) - lowest), 0};
      left -= sum.high != 0 ? 1 : 0;
    }
    return sum;
  }

 private:
  static constexpr int lowest = 1152;  // the first word's digit 0 is 2^-1152; denormals have places down to 2^-1126
  static constexpr std::uint64_t low_half = 0xffff'ffffU;

  /// Leaves a word a number of 32 digits, all words of one sign: then the first ones tell the sum.
  void carry() noexcept {
    count_ = 0;
    const auto pass = [this] {
      for (std::size_t k = 0; k + 1 < words_.size(); ++k) {
        const std::int64_t rest = words_[k] & static_cast<std::int64_t>(low_half);
        words_[k + 1] += (words_[k] - rest) / (std::int64_t{1} << 32);
        words_[k] = rest;
      }
    };
    pass();
    if (words_.back() < 0) {
      negate();
      pass();
      negate();
    }
  }
  void negate() noexcept {
    for (std::int64_t& word : words_) {
      word = -word;
    }
  }

  std::array<std::int64_t, 70> words_{};
  std::uint32_t count_ = 0;
  double not_finite_ = 0;
};

/// A sum with twice the digits, and how large its terms were.
struct BoundedSum {
  LongNumber sum{};
  double size = 0;

  void add(const LongNumber& term, double term_size) noexcept {
    sum = sum + term;
    size += rounded(term_size);
  }
  /// How far the sum may be from the exact one: each of `terms` steps loses a few squares of a rounding of what has
  /// been summed up so far, and what underflows.
  [[nodiscard]] double error(std::size_t terms) const noexcept {
    return (static_cast<double>(terms) + 4) * (rounded(64 * 0x1p-106 * size) + 0x1p-1066);
  }
};

/// p - origin in twice the digits.
struct Offset {
  LongNumber x, y;
  template <class T>
  Offset(const Point<T>& p, const Point<T>& origin) noexcept
      : x(exact_sum(double{p.x}, -double{origin.x})), y(exact_sum(double{p.y}, -double{origin.y})) {}
};

/// Twice the signed area of the triangle of an origin, a and b, and the size of its two products.
struct TwiceTriangle {
  LongNumber area;
  double size;
  TwiceTriangle(const Offset& a, const Offset& b) noexcept {
    const LongNumber first = a.x * b.y, second = b.x * a.y;
    area = first + -second;
    size = std::abs(first.high) + std::abs(second.high);
  }
};

/// Twice the area of rings, right to the last bit; `each_ring` calls back with each ring's points. Infinity or NaN
/// where a product of two coordinates is beyond double.
template <class EachRing>
[[nodiscard]] double twice_area_of(const EachRing& each_ring) noexcept {
  BoundedSum twice;
  std::size_t n = 0;
  each_ring([&](const auto ring) {
    n += ring.size();
    for (std::size_t k = 2; k < ring.size(); ++k) {
      const TwiceTriangle triangle(Offset(ring[k - 1], ring[0]), Offset(ring[k], ring[0]));
      twice.add(triangle.area, triangle.size);
    }
  });
  const double value = twice.sum.value();
  if (twice.size == 0 || twice.error(n) <= 0x1p-56 * std::abs(value)) {  // size 0: every product is 0
    return value;
  }
  WideSum exact;
  each_ring([&](const auto ring) {
    for (std::size_t k = 0; k < ring.size(); ++k) {
      const auto &a = ring[k], &b = ring[k + 1 < ring.size() ? k + 1 : 0];
      exact.add(two_product(double{a.x}, double{b.y}));
      exact.add(two_product(-double{b.x}, double{a.y}));
    }
  });
  return exact.value().value();
}

/// Twice the area of one ring, right to the last bit.
template <class T>
[[nodiscard]] double twice_area_of_ring(std::span<const Point<T>> ring) noexcept {
  return twice_area_of([ring](const auto& take) { take(ring); });
}

/// The centroid along one axis, `along` and `across` being members of Point: its exact value, rounded a few times.
///
/// The moment is of the third order: coordinates are brought close to 2^330 first, along and across on their own, so
/// that it cannot overflow; what underflows then is less than 2^-2000 of the greatest term.
template <class T, class EachRing>
[[nodiscard]] double exact_centroid(const EachRing& each_ring, T Point<T>::*along, T Point<T>::*across) noexcept {
  double most_along = 0, most_across = 0;
  each_ring([&](const auto ring) {
    for (const Point<T>& p : ring) {
      most_along = (std::max)(most_along, std::abs(double{p.*along}));
      most_across = (std::max)(most_across, std::abs(double{p.*across}));
    }
  });
  const int up_along = 330 - std::ilogb(most_along), up_across = 330 - std::ilogb(most_across);
  WideSum twice_area, moment;
  each_ring([&](const auto ring) {
    for (std::size_t k = 0; k < ring.size(); ++k) {
      const Point<T>&p = ring[k], &q = ring[k + 1 < ring.size() ? k + 1 : 0];
      twice_area.add(two_product(double{p.*along}, double{q.*across}));
      twice_area.add(two_product(-double{q.*along}, double{p.*across}));
      const double a = std::ldexp(double{p.*along}, up_along), b = std::ldexp(double{q.*along}, up_along);
      const double c = std::ldexp(double{p.*across}, up_across), d = std::ldexp(double{q.*across}, up_across);
      const auto add_product_of_three = [&](double x, double y, double z) {
        const LongNumber product = two_product(x, y);
        moment.add(two_product(product.high, z));
        moment.add(two_product(product.low, z));
      };
      add_product_of_three(a, a, d);
      add_product_of_three(a, b, d);
      add_product_of_three(-a, b, c);
      add_product_of_three(-b, b, c);
    }
  });
  const auto normal = [](const LongNumber& x, int& exponent) {
    exponent = x.high != 0 ? std::ilogb(x.high) : 0;
    return LongNumber{std::ldexp(x.high, -exponent), std::ldexp(x.low, -exponent)};
  };
  int up_moment = 0, up_area = 0;
  const LongNumber six_moments = normal(moment.value(), up_moment), area = normal(twice_area.value(), up_area);
  const double quotient = (six_moments / (area * LongNumber{3, 0})).value();
  return std::ldexp(quotient, up_moment - up_area - 2 * up_along - up_across);
}

/// The centroid of rings: within one ulp of T along each axis, or 2^-80 of the largest coordinate difference from the
/// first vertex where that is more. There must be an area.
template <class T, class EachRing>
[[nodiscard]] Point<T> centroid_of(const EachRing& each_ring) noexcept {
  BoundedSum area, moment_x, moment_y;
  const Point<T>* origin = nullptr;
  std::size_t n = 0;
  double width = 0, height = 0;
  each_ring([&](const auto ring) {
    origin = origin == nullptr ? &ring[0] : origin;
    n += ring.size();
    BoundedSum own_area, own_x, own_y;
    const auto add_moment = [](BoundedSum& moment, const TwiceTriangle& t, const LongNumber& p, const LongNumber& q) {
      moment.add(t.area * (p + q), t.size * (std::abs(p.high) + std::abs(q.high)));
    };
    Offset a(ring[0], ring[0]);
    const Offset shift(ring[0], *origin);
    double own_width = 0, own_height = 0;
    for (std::size_t k = 1; k < ring.size(); ++k) {
      const Offset b(ring[k], ring[0]);
      const TwiceTriangle triangle(a, b);
      own_area.add(triangle.area, triangle.size);
      add_moment(own_x, triangle, a.x, b.x);
      add_moment(own_y, triangle, a.y, b.y);
      own_width = (std::max)(own_width, std::abs(b.x.high));
      own_height = (std::max)(own_height, std::abs(b.y.high));
      a = b;
    }
    const LongNumber three_areas = own_area.sum * LongNumber{3, 0};
    area.add(own_area.sum, own_area.size);
    moment_x.add(own_x.sum + three_areas * shift.x, own_x.size + rounded(3 * own_area.size * std::abs(shift.x.high)));
    moment_y.add(own_y.sum + three_areas * shift.y, own_y.size + rounded(3 * own_area.size * std::abs(shift.y.high)));
    width = (std::max)(width, std::abs(shift.x.high) + own_width);
    height = (std::max)(height, std::abs(shift.y.high) + own_height);
  });
  const LongNumber three_areas = area.sum * LongNumber{3, 0};
  const auto coordinate = [&](T Point<T>::*along, T Point<T>::*across, const BoundedSum& moment, double extent) {
    const LongNumber from_origin = moment.sum / three_areas;
    const double error =
        (moment.error(n) + rounded(3 * area.error(n) * std::abs(from_origin.high))) / std::abs(three_areas.high);
    const LongNumber sum = LongNumber{double{(*origin).*along}, 0} + from_origin;
    const double allowed =
        (std::max)(std::abs(sum.high) * double{std::numeric_limits<T>::epsilon()} / 16, extent * 0x1p-80);
    const bool is_certain = error < allowed && area.error(n) * 4 <= std::abs(area.sum.high);
    return static_cast<T>(is_certain ? sum.value() : exact_centroid<T>(each_ring, along, across));
  };
  return {coordinate(&Point<T>::x, &Point<T>::y, moment_x, width),
          coordinate(&Point<T>::y, &Point<T>::x, moment_y, height)};
}

}  // namespace boxlap::detail
