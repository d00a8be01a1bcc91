/// What two detections are compared by, and what a value above the threshold says about where the two can be.
#pragma once

#include <algorithm>
#include <concepts>
#include <limits>
#include <type_traits>

#include "../shape/overlap.hpp"
#include "../shape/shape.hpp"

namespace boxlap {

/// Intersection over union, the measure of every nms unless another one is given.
struct Iou {
  template <class A, class B>
  requires Overlapping<A, B>
  [[nodiscard]] constexpr auto operator()(const A& a, const B& b) const { return iou(a, b); }
};

/// Intersection over the smaller area: finds the part of an object that a tile border cut off (SAHI's IOS).
struct Ios {
  template <class A, class B>
  requires Overlapping<A, B>
  [[nodiscard]] constexpr auto operator()(const A& a, const B& b) const { return ios(a, b); }
};

/// Distance IoU of boxes: spares a neighbour whose centre is far away (Zheng et al., AAAI 2020).
struct Diou {
  template <class T, class U>
  [[nodiscard]] constexpr auto operator()(const Box<T>& a, const Box<U>& b) const {
    return diou(a, b);
  }
};

/// A measure of two S: Iou, Ios, Diou, or any callable m(kept, candidate) that returns a floating-point number.
///
/// A callable of your own gets two `const S&`, the shapes as you gave them. It must be pure, and at most 0 for two
/// shapes that do not meet: it is called for pairs whose bounds meet. (At a negative threshold for all pairs.)
/// One that calls iou() of rotated boxes computes sines for each pair; prepare() the boxes yourself, and measure what
/// you got, where that takes too long.
template <class M, class S>
concept Measure = std::copy_constructible<M> && requires(const M& measure, const S& a, const S& b) {
  { measure(a, b) } -> std::floating_point;
};

namespace detail {

/// Measures that say the same of prepared shapes, to the bit. Any other one reads what the caller gave.
template <class M>
inline constexpr bool measures_prepared = false;
template <>
inline constexpr bool measures_prepared<Iou> = true;
template <>
inline constexpr bool measures_prepared<Ios> = true;

/// The rows that a search with measure M works on: prepared once where the measure allows it.
template <class M, Shapes R>
[[nodiscard]] decltype(auto) rows_to_measure(const R& shapes) {
  if constexpr (measures_prepared<M>) {
    return prepare_all(shapes);
  } else {
    return as_span(shapes);
  }
}

/// When a value suppresses: above the threshold, or at it too. Compared in double, as torchvision's CPU does, so that
/// a float32 IoU of 0.3f suppresses at a threshold of 0.3 and 0.7f does not at 0.7.
struct Verdict {
  double threshold;
  bool at_equal;

  template <std::floating_point R>
  [[nodiscard]] constexpr bool operator()(R value) const noexcept {
    const double v = static_cast<double>(value);
    return at_equal ? v >= threshold : v > threshold;
  }
  /// A value of 0, that of two shapes that do not meet, suppresses.
  [[nodiscard]] constexpr bool spares_nothing() const noexcept { return at_equal ? threshold <= 0 : threshold < 0; }
  /// No value of at most 1 suppresses.
  [[nodiscard]] constexpr bool spares_all() const noexcept { return at_equal ? threshold > 1 : threshold >= 1; }
};

/// What follows from measure(a, b) suppressing at a threshold >= 0. Nothing for a measure the library does not know.
///
/// at_most_one  the measure never exceeds 1
/// by_sides     it is at most the IoU, so the sides of two boxes and the distance of their centres are bounded
/// area_share   the shared area is more than needed(share * area a, share * area b)
template <class M>
struct Bound {
  static constexpr bool at_most_one = false, by_sides = false;
  [[nodiscard]] static constexpr double area_share(double) noexcept { return 0; }
  template <class T>
  [[nodiscard]] static constexpr T needed(T a, T b) noexcept {
    return a + b;
  }
};

template <>
struct Bound<Iou> {
  static constexpr bool at_most_one = true, by_sides = true;
  [[nodiscard]] static constexpr double area_share(double t) noexcept { return t / (1 + t); }
  template <class T>
  [[nodiscard]] static constexpr T needed(T a, T b) noexcept {
    return a + b;
  }
};

template <>
struct Bound<Diou> : Bound<Iou> {};

template <>
struct Bound<Ios> {
  static constexpr bool at_most_one = true, by_sides = false;
  [[nodiscard]] static constexpr double area_share(double t) noexcept { return t; }
  template <class T>
  [[nodiscard]] static constexpr T needed(T a, T b) noexcept {
    return a < b ? a : b;
  }
};

}  // namespace detail
}  // namespace boxlap
