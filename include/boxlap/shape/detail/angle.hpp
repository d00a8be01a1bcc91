/// Angles in degrees, reduced without loss, and their directions.
///
/// std::sin(90 * pi / 180) is not 1 and std::cos of it is not 0, since pi has no exact number. In degrees quarter turns
/// are exact: taking them off first leaves a rest from -45 to 45 degrees without rounding, and only that rest becomes
/// radians. So boxes turned by multiples of 90 degrees have exact sides, and any angle loses no digit, however large.
///
/// Cost: two multiplications below 100,000 degrees, std::remquo above.
#pragma once

#include <cmath>
#include <numbers>

namespace boxlap::detail {

template <class T>
inline constexpr T degrees_per_radian = T{180} / std::numbers::pi_v<T>;

/// An angle as quarter turns and a rest from -45 to 45 degrees, or up to 2e-11 beyond: an angle next to a border may
/// count as at it. No digit is lost: the rest is exact, and in float the same as in double.
struct ReducedAngle {
  int quarters{};
  double rest{};
};

[[nodiscard]] inline ReducedAngle reduced(double degrees) noexcept {
  if (std::abs(degrees) < 100'000) [[likely]] {
    const double turns = degrees / 90 + 0.5;
    const int towards_zero = static_cast<int>(turns);
    const int quarters = turns < towards_zero ? towards_zero - 1 : towards_zero;
    return {quarters, degrees - quarters * 90};
  }
  int quarters = 0;
  const double rest = std::remquo(degrees, 90.0, &quarters);
  return rest == 45 ? ReducedAngle{quarters + 1, -45} : ReducedAngle{quarters, rest};
}

template <class T>
struct Direction {
  T cos, sin;
};

template <class T>
[[nodiscard]] inline Direction<T> direction_of_rest(T degrees) noexcept {
  const T radians = degrees * (std::numbers::pi_v<T> / 180);
  return {std::cos(radians), std::sin(radians)};
}

/// The direction of any angle: exactly (1, 0), (0, 1), (-1, 0), (0, -1) at multiples of 90.
template <class T>
[[nodiscard]] inline Direction<T> direction_of(T degrees) noexcept {
  const ReducedAngle angle = reduced(degrees);
  const Direction<T> rest = direction_of_rest(static_cast<T>(angle.rest));
  switch (angle.quarters & 3) {
    case 1:
      return {-rest.sin, rest.cos};
    case 2:
      return {-rest.cos, -rest.sin};
    case 3:
      return {rest.sin, -rest.cos};
    default:
      return rest;
  }
}

}  // namespace boxlap::detail
