/// Centres of shapes and points, the distance of two centres, and what a search for near centres returns.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

#include "../base/detail/rounded.hpp"
#include "../base/index.hpp"
#include "../base/range.hpp"
#include "../shape/point.hpp"
#include "../shape/shape.hpp"

namespace boxlap {
namespace detail {

template <class P>
inline constexpr bool is_point = false;
template <class T>
inline constexpr bool is_point<Point<T>> = true;
template <class P>
inline constexpr bool is_coordinates = false;
template <class T>
inline constexpr bool is_coordinates<std::array<T, 2>> = true;
template <class T>
inline constexpr bool is_coordinates<std::array<T, 3>> = true;

/// The coordinates of a point, or of the centre of a shape: its own where it keeps them (cx, cy), else that of its
/// bounds. Nothing for what has no centre: x and y alone may be a corner.
template <class P>
[[nodiscard]] constexpr auto center_coordinates(const P& p) {
  if constexpr (requires { p.cx, p.cy, p.cz; }) {
    return std::array{p.cx, p.cy, p.cz};
  } else if constexpr (requires { p.cx, p.cy; }) {
    return std::array{p.cx, p.cy};
  } else if constexpr (requires { p.x, p.y, p.z; }) {
    return std::array{p.x, p.y, p.z};
  } else if constexpr (is_point<P>) {
    return std::array{p.x, p.y};
  } else if constexpr (is_coordinates<P>) {
    return p;
  } else if constexpr (Shape<P>) {
    const auto c = center(bounds(p));
    return std::array{c.x, c.y};
  }
}

template <class P>
using Coordinates = decltype(center_coordinates(std::declval<const P&>()));

}  // namespace detail

/// What has a centre: a shape, a Point, std::array<T, 2 or 3>, anything with floating x, y, z or cx, cy or cx, cy, cz.
template <class P>
concept Centered = requires(const P& p) {
  { detail::center_coordinates(p)[0] } -> std::convertible_to<double>;
  requires std::floating_point<typename detail::Coordinates<P>::value_type>;
};

/// Rows of what has a centre.
template <class R>
concept CenterRows = Rows<R> && Centered<detail::Element<R>>;

namespace detail {

template <class P>
using CenterScalar = typename Coordinates<P>::value_type;
template <class P>
inline constexpr int center_dims = static_cast<int>(std::tuple_size_v<Coordinates<P>>);

template <std::size_t dims>
using Location = std::array<double, dims>;

template <class T, std::size_t dims>
[[nodiscard]] constexpr Location<dims> location(const std::array<T, dims>& p) noexcept {
  Location<dims> result{};
  std::copy(p.begin(), p.end(), result.begin());
  return result;
}

/// Squares, rounded one by one, so that a distance does not depend on what the compiler fuses.
template <std::size_t dims>
[[nodiscard]] constexpr double squared_distance(const Location<dims>& a, const Location<dims>& b) noexcept {
  double sum = 0;
  for (std::size_t axis = 0; axis < dims; ++axis) {
    sum += rounded((a[axis] - b[axis]) * (a[axis] - b[axis]));
  }
  return sum;
}

}  // namespace detail

/// The distance of two centres as CenterIndex measures it: squares and root in double, the result in the wider scalar
/// of the two. Equal to the bit whatever the compiler; symmetric; NaN where a coordinate is. O(1).
template <Centered A, Centered B>
requires(detail::center_dims<A> == detail::center_dims<B>) [[nodiscard]] auto center_distance(const A& a, const B& b) {
  using R = std::common_type_t<detail::CenterScalar<A>, detail::CenterScalar<B>>;
  return static_cast<R>(std::sqrt(detail::squared_distance(detail::location(detail::center_coordinates(a)),
                                                           detail::location(detail::center_coordinates(b)))));
}

/// A row that a search of CenterIndex found: its number and the distance of its centre.
template <class T>
struct Neighbor {
  Index row = none;
  T distance{};
  [[nodiscard]] friend constexpr bool operator==(const Neighbor&, const Neighbor&) = default;
};

}  // namespace boxlap
