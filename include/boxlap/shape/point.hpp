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

}  // namespace boxlap
