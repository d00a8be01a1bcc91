/// A box whose corners are its first and its last pixel: the "+1" of Pascal VOC and maskrcnn-benchmark, to the bit.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "../base/detail/rounded.hpp"
#include "box.hpp"

namespace boxlap {

/// The pixels x1 .. x2 by y1 .. y2, last ones included: width = x2 - x1 + 1.
///
/// On whole numbers the same as from_inclusive_pixels(x1, y1, x2, y2), which is the simpler choice. On fractions the
/// peers add 1 to the rounded difference, so that their last bits, and the ties of their matchers, are those of this
/// shape only. A shape like any other: join, matrices, nms, matching and evaluation take it.
template <class T>
struct PixelBox {
  static_assert(std::floating_point<T>, "boxlap::PixelBox<T> needs float or double: cast each corner of integer boxes");
  T x1{}, y1{}, x2{}, y2{};
  [[nodiscard]] friend constexpr bool operator==(const PixelBox&, const PixelBox&) = default;
};

template <class A, class B, class C, class D>
PixelBox(A, B, C, D) -> PixelBox<detail::ScalarOf<A, B, C, D>>;

/// Covered area in square pixels: maskrcnn-benchmark's BoxList.area() in xyxy mode.
template <class T>
[[nodiscard]] constexpr T area(const PixelBox<T>& box) noexcept {
  return detail::rounded((box.x2 - box.x1 + 1) * (box.y2 - box.y1 + 1));
}

/// The box to the far sides of the last pixels, rounded outward.
template <class T>
[[nodiscard]] Box<T> bounds(const PixelBox<T>& box) noexcept {
  const auto far_side = [](T last) {
    const T side = last + 1;
    return side - last < 1 ? std::nextafter(side, std::numeric_limits<T>::infinity()) : side;
  };
  return {box.x1, box.y1, far_side(box.x2), far_side(box.y2)};
}

/// The area two boxes share: positive, too, where the last pixel of one is less than a pixel before the other.
template <class T, class U>
[[nodiscard]] constexpr auto intersection_area(const PixelBox<T>& a, const PixelBox<U>& b) noexcept {
  using R = std::common_type_t<T, U>;
  const R w = std::min<R>(a.x2, b.x2) - std::max<R>(a.x1, b.x1) + 1;
  const R h = std::min<R>(a.y2, b.y2) - std::max<R>(a.y1, b.y1) + 1;
  return w > 0 && h > 0 ? detail::rounded(w * h) : R{0};
}

}  // namespace boxlap
