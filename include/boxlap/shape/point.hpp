/// A point of the image plane: x to the right, y down.
#pragma once

#include <concepts>

namespace boxlap {

/// A point. Aggregate: `Point{3.0, 4.0}`.
template <class T>
struct Point {
  static_assert(std::floating_point<T>, "boxlap::Point<T> needs float or double: convert integer coordinates first");
  T x{}, y{};
  [[nodiscard]] friend constexpr bool operator==(const Point&, const Point&) = default;
};

template <class T>
Point(T, T) -> Point<T>;

namespace detail {

/// By x, then by y.
template <class T>
[[nodiscard]] constexpr bool lexicographic(const Point<T>& a, const Point<T>& b) noexcept {
  return a.x < b.x || (a.x == b.x && a.y < b.y);
}

}  // namespace detail

}  // namespace boxlap
