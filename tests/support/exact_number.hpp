/// Numbers of many digits by plain long arithmetic: what exact answers are computed in. No other library is needed.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace exact {

/// A floating-point number of 32 * limbs binary digits and no limit to its exponent.
///
/// Sums, differences and products are exact as long as they fit into the digits, and are cut off beyond, as quotients
/// are. Every double is represented. With `limbs` = 20 the area and the first moments of a ring are exact wherever its
/// coordinates are multiples of one unit and below 2^200 of it.
template <std::size_t limbs>
class Number {
 public:
  Number() = default;
  Number(double x) {  // NOLINT(google-explicit-constructor): stands where a double stands
    if (x != 0) {
      int exponent = 0;
      auto digits = static_cast<std::uint64_t>(std::ldexp(std::frexp(std::abs(x), &exponent), 64));
      negative_ = x < 0;
      limb_[limbs - 1] = static_cast<std::uint32_t>(digits >> 32);
      limb_[limbs - 2] = static_cast<std::uint32_t>(digits);
      exponent_ = exponent;
    }
  }
  Number(int x) : Number(static_cast<double>(x)) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] int sign() const { return limb_[limbs - 1] == 0 ? 0 : negative_ ? -1 : 1; }

  /// The nearest double but for a last digit cut off; large numbers and tiny ones overflow and underflow.
  [[nodiscard]] explicit operator double() const {
    const auto part = [this](std::size_t k, std::int64_t below) {
      return std::ldexp(static_cast<double>(limb_[limbs - k]),
                        static_cast<int>(std::clamp<std::int64_t>(exponent_ - below, -4'000, 4'000)));
    };
    const double size = part(1, 32) + (part(2, 64) + (part(3, 96) + part(4, 128)));
    return negative_ ? -size : size;
  }

  friend Number operator-(Number a) {
    a.negative_ = !a.negative_;
    return a;
  }
  friend Number operator+(const Number& a, const Number& b) {
    if (a.sign() == 0 || b.sign() == 0) {
      return a.sign() == 0 ? b : a;
    }
    const bool a_first = compare_sizes(a, b) >= 0;
    const Number& large = a_first ? a : b;
    Number small = a_first ? b : a;
    small.shift_right(large.exponent_ - small.exponent_);
    Number sum = large;
    std::int64_t carry = 0;
    const std::int64_t factor = large.negative_ == small.negative_ ? 1 : -1;
    for (std::size_t k = 0; k < limbs; ++k) {
      carry += static_cast<std::int64_t>(large.limb_[k]) + factor * static_cast<std::int64_t>(small.limb_[k]);
      sum.limb_[k] = static_cast<std::uint32_t>(carry);
      carry >>= 32;
    }
    if (carry != 0) {
      sum.shift_right(1);
      sum.limb_[limbs - 1] |= 0x8000'0000U;
      return sum;
    }
    return sum.normalized();
  }
  friend Number operator-(const Number& a, const Number& b) { return a + -b; }
  friend Number operator*(const Number& a, const Number& b) {
    Number out;
    if (a.sign() == 0 || b.sign() == 0) {
      return out;
    }
    std::array<std::uint32_t, 2 * limbs> product{};
    for (std::size_t k = 0; k < limbs; ++k) {
      if (a.limb_[k] == 0) {
        continue;
      }
      std::uint64_t carry = 0;
      for (std::size_t m = 0; m < limbs; ++m) {
        carry += std::uint64_t{a.limb_[k]} * b.limb_[m] + product[k + m];
        product[k + m] = static_cast<std::uint32_t>(carry);
        carry >>= 32;
      }
      product[k + limbs] = static_cast<std::uint32_t>(carry);
    }
    out.negative_ = a.negative_ != b.negative_;
    out.exponent_ = a.exponent_ + b.exponent_;
    if ((product[2 * limbs - 1] & 0x8000'0000U) == 0) {
      --out.exponent_;
      for (std::size_t k = 2 * limbs; k-- > 1;) {
        product[k] = product[k] << 1 | product[k - 1] >> 31;
      }
      product[0] <<= 1;
    }
    std::copy(product.begin() + limbs, product.end(), out.limb_.begin());
    return out;
  }
  /// By Newton's steps for 1 / b, and one for the quotient itself.
  friend Number operator/(const Number& a, const Number& b) {
    if (b.is_power_of_two()) {
      Number quotient = a;
      quotient.negative_ = a.negative_ != b.negative_;
      quotient.exponent_ -= b.exponent_ - 1;
      return quotient;
    }
    Number unit = b;
    unit.exponent_ = 1;  // in [1, 2)
    Number inverse = 1 / std::abs(static_cast<double>(unit));
    inverse.negative_ = b.negative_;
    for (std::size_t good = 48; good < 32 * limbs; good *= 2) {
      inverse = inverse + inverse * (Number(1) - inverse * unit);
    }
    Number quotient = a * inverse;
    quotient = quotient + inverse * (a - quotient * unit);
    if (quotient.sign() != 0) {
      quotient.exponent_ -= b.exponent_ - 1;
    }
    return quotient;
  }
  Number& operator+=(const Number& b) { return *this = *this + b; }
  Number& operator-=(const Number& b) { return *this = *this - b; }

  friend bool operator==(const Number& a, const Number& b) { return (a - b).sign() == 0; }
  friend bool operator<(const Number& a, const Number& b) { return (a - b).sign() < 0; }
  friend bool operator>(const Number& a, const Number& b) { return b < a; }
  friend bool operator<=(const Number& a, const Number& b) { return !(b < a); }
  friend bool operator>=(const Number& a, const Number& b) { return !(a < b); }

  friend Number abs(const Number& a) { return a.sign() < 0 ? -a : a; }
  /// Of angles up to a few radians, by their series.
  friend Number sin(const Number& x) { return series(x, x, 1); }
  friend Number cos(const Number& x) { return series(x, Number(1), 0); }

  /// Machin's formula.
  static const Number& pi() {
    static const Number value = [] {
      const auto arc = [](int n) {
        Number sum, power = Number(1) / Number(n);
        const Number square = power * power;
        for (int k = 1; k < int(40 * limbs); k += 2) {
          sum += power / Number(k % 4 == 1 ? k : -k);
          power = power * square;
        }
        return sum;
      };
      return Number(16) * arc(5) - Number(4) * arc(239);
    }();
    return value;
  }

 private:
  [[nodiscard]] bool is_power_of_two() const {
    return limb_[limbs - 1] == 0x8000'0000U &&
           std::all_of(limb_.begin(), limb_.end() - 1, [](std::uint32_t limb) { return limb == 0; });
  }
  static Number series(const Number& x, Number term, int from) {
    Number sum = term;
    const Number square = x * x;
    for (int k = from; k < 200 && term.sign() != 0 && term.exponent_ > sum.exponent_ - std::int64_t(32 * limbs);
         k += 2) {
      term = -(term * square) / Number((k + 1) * (k + 2));
      sum += term;
    }
    return sum;
  }
  static int compare_sizes(const Number& a, const Number& b) {
    if (a.exponent_ != b.exponent_) {
      return a.exponent_ < b.exponent_ ? -1 : 1;
    }
    for (std::size_t k = limbs; k-- > 0;) {
      if (a.limb_[k] != b.limb_[k]) {
        return a.limb_[k] < b.limb_[k] ? -1 : 1;
      }
    }
    return 0;
  }
  /// The same value with an exponent that is higher by `bits`.
  void shift_right(std::int64_t bits) {
    exponent_ += bits;
    if (bits >= std::int64_t(32 * limbs)) {
      limb_ = {};
      return;
    }
    const auto words = static_cast<std::size_t>(bits / 32);
    const auto rest = static_cast<unsigned>(bits % 32);
    for (std::size_t k = 0; k < limbs; ++k) {
      const std::uint64_t low = k + words < limbs ? limb_[k + words] : 0;
      const std::uint64_t high = k + words + 1 < limbs ? limb_[k + words + 1] : 0;
      limb_[k] = static_cast<std::uint32_t>((high << 32 | low) >> rest);
    }
  }
  /// The highest digit is 1, unless all are 0.
  [[nodiscard]] Number normalized() const {
    std::size_t words = 0;
    while (words < limbs && limb_[limbs - 1 - words] == 0) {
      ++words;
    }
    if (words == limbs) {
      return {};
    }
    const auto rest = static_cast<unsigned>(std::countl_zero(limb_[limbs - 1 - words]));
    Number out;
    out.negative_ = negative_;
    out.exponent_ = exponent_ - std::int64_t(32 * words + rest);
    for (std::size_t k = words; k < limbs; ++k) {
      const std::uint64_t high = limb_[k - words], low = k > words ? limb_[k - words - 1] : 0;
      out.limb_[k] = static_cast<std::uint32_t>((high << 32 | low) << rest >> 32);
    }
    return out;
  }

  bool negative_ = false;
  std::int64_t exponent_ = 0;  ///< the value is the limbs, read as 0.1..., times 2^exponent
  std::array<std::uint32_t, limbs> limb_{};
};

}  // namespace exact
