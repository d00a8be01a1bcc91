/// An axis-aligned box, the formats people keep boxes in, and how much two boxes share.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <type_traits>

#include "../base/detail/rounded.hpp"
#include "point.hpp"

namespace boxlap {
namespace detail {

template <class... Ts>
inline constexpr bool any_long_double = (std::same_as<Ts, long double> || ...);
template <class... Ts>
inline constexpr bool any_double = (std::same_as<Ts, double> || ...);
template <class... Ts>
inline constexpr bool any_float = (std::same_as<Ts, float> || ...);

/// The scalar that mixed arguments mean: float if any is float and none is wider, else double.
template <class... Ts>
requires(std::is_arithmetic_v<Ts>&&...) using ScalarOf = std::conditional_t<
    any_long_double<Ts...>, long double, std::conditional_t<!any_double<Ts...> && any_float<Ts...>, float, double>>;

}  // namespace detail

/// A box by its corners, in the order of torchvision's xyxy: width = x2 - x1, height = y2 - y1, no pixel added.
///
/// Aggregate: `Box{10.0, 20.0, 110.0, 220.0}` or `Box<float>{.x1 = 10, .y1 = 20, .x2 = 110, .y2 = 220}`. Nothing is
/// checked here: a box that is inverted, empty or NaN keeps its row everywhere and meets nothing.
template <class T>
struct Box {
  static_assert(std::floating_point<T>,
                "boxlap::Box<T> needs float or double: turn integer boxes into Box with from_xywh, "
                "from_inclusive_pixels or a cast of each corner");
  T x1{}, y1{}, x2{}, y2{};
  [[nodiscard]] friend constexpr bool operator==(const Box&, const Box&) = default;
};

template <class A, class B, class C, class D>
Box(A, B, C, D) -> Box<detail::ScalarOf<A, B, C, D>>;

/// Upper left corner and size: COCO's and OpenCV's form. A shape too, with pycocotools' area.
template <class T>
struct Xywh {
  T x{}, y{}, w{}, h{};
  [[nodiscard]] friend constexpr bool operator==(const Xywh&, const Xywh&) = default;
};

/// Centre and size: the form of most detector heads.
template <class T>
struct Cxcywh {
  T cx{}, cy{}, w{}, h{};
  [[nodiscard]] friend constexpr bool operator==(const Cxcywh&, const Cxcywh&) = default;
};

/// The box with upper left corner (x, y), width w and height h.
///
/// Any arithmetic types, in any unit: the box is float if one is float and none is double, else double. Nothing is
/// checked. O(1). Equals torchvision.ops.box_convert(in_fmt="xywh").
template <class X, class Y, class W, class H>
[[nodiscard]] constexpr auto from_xywh(X x, Y y, W w, H h) noexcept {
  using T = detail::ScalarOf<X, Y, W, H>;
  return Box<T>{static_cast<T>(x), static_cast<T>(y), static_cast<T>(x) + static_cast<T>(w),
                static_cast<T>(y) + static_cast<T>(h)};
}

/// The box with centre (cx, cy), width w and height h.
///
/// Any arithmetic types, in any unit: the box is float if one is float and none is double, else double. Nothing is
/// checked. O(1). Equals torchvision.ops.box_convert(in_fmt="cxcywh").
template <class X, class Y, class W, class H>
[[nodiscard]] constexpr auto from_cxcywh(X cx, Y cy, W w, H h) noexcept {
  using T = detail::ScalarOf<X, Y, W, H>;
  const T half_w = static_cast<T>(w) / 2;
  const T half_h = static_cast<T>(h) / 2;
  return Box<T>{static_cast<T>(cx) - half_w, static_cast<T>(cy) - half_h, static_cast<T>(cx) + half_w,
                static_cast<T>(cy) + half_h};
}

/// The box that covers the pixels (x1, y1) .. (x2, y2), last ones included: its width is x2 - x1 + 1.
///
/// Any arithmetic types, in pixels: the box is float if one is float and none is double, else double. Nothing is
/// checked. O(1). The "+1" of Pascal VOC and maskrcnn-benchmark, added once when a box is made instead of in every
/// formula.
template <class X1, class Y1, class X2, class Y2>
[[nodiscard]] constexpr auto from_inclusive_pixels(X1 x1, Y1 y1, X2 x2, Y2 y2) noexcept {
  using T = detail::ScalarOf<X1, Y1, X2, Y2>;
  return Box<T>{static_cast<T>(x1), static_cast<T>(y1), static_cast<T>(x2) + 1, static_cast<T>(y2) + 1};
}

/// The upper left corner and the size of a box, as COCO and OpenCV store them. Rounds width and height. O(1).
template <class T>
[[nodiscard]] constexpr Xywh<T> to_xywh(const Box<T>& box) noexcept {
  return {box.x1, box.y1, box.x2 - box.x1, box.y2 - box.y1};
}

/// The centre of a box. Corners beyond half of the largest number overflow to infinity; NaN stays NaN. O(1).
template <class T>
[[nodiscard]] constexpr Point<T> center(const Box<T>& box) noexcept {
  return {(box.x1 + box.x2) / 2, (box.y1 + box.y2) / 2};
}

/// The centre and the size of a box, as most detector heads predict them. Rounds all four numbers. O(1).
template <class T>
[[nodiscard]] constexpr Cxcywh<T> to_cxcywh(const Box<T>& box) noexcept {
  const Point<T> c = center(box);
  return {c.x, c.y, box.x2 - box.x1, box.y2 - box.y1};
}

/// The part of `box` inside `frame`: each coordinate moved to the nearest one of the frame. A box outside the frame
/// becomes an empty one on its border, as in torchvision.ops.clip_boxes_to_image. NaN stays NaN.
template <class T>
[[nodiscard]] constexpr Box<T> clip(const Box<T>& box, const std::type_identity_t<Box<T>>& frame) noexcept {
  return {std::clamp(box.x1, frame.x1, frame.x2), std::clamp(box.y1, frame.y1, frame.y2),
          std::clamp(box.x2, frame.x1, frame.x2), std::clamp(box.y2, frame.y1, frame.y2)};
}

/// The same box in the scalar type R; narrowing rounds each corner to the nearest. O(1).
template <class R, class T>
[[nodiscard]] constexpr Box<R> cast(const Box<T>& box) noexcept {
  return {static_cast<R>(box.x1), static_cast<R>(box.y1), static_cast<R>(box.x2), static_cast<R>(box.y2)};
}

/// Width times height, in square pixels. Not clamped: negative where one side is inverted, as in torchvision; NaN for
/// NaN. O(1).
template <class T>
[[nodiscard]] constexpr T area(const Box<T>& box) noexcept {
  return detail::rounded((box.x2 - box.x1) * (box.y2 - box.y1));
}

/// The smallest box around the shape: a box is its own. O(1).
template <class T>
[[nodiscard]] constexpr Box<T> bounds(const Box<T>& box) noexcept {
  return box;
}

/// True where a box has a positive width and height; false for NaN. Only such boxes ever meet another one.
template <class T>
[[nodiscard]] constexpr bool has_extent(const Box<T>& box) noexcept {
  return box.x1 < box.x2 && box.y1 < box.y2;
}

/// The area two boxes share, in the wider of their scalar types; 0 where they touch, miss, or one is inverted or NaN.
///
/// Every axis-aligned overlap of the library is this function, so iou(), a matrix entry and nms agree to the bit; its
/// steps are torchvision's. Error <= 4 u of the shared area, u the rounding unit of the scalar type, unless the product
/// under- or overflows: then it can be 0 for boxes that do meet (1e-30 x 1e-30 in float), or infinite. O(1).
template <class T, class U>
[[nodiscard]] constexpr auto intersection_area(const Box<T>& a, const Box<U>& b) noexcept {
  using R = std::common_type_t<T, U>;
  const R w = std::min<R>(a.x2, b.x2) - std::max<R>(a.x1, b.x1);
  const R h = std::min<R>(a.y2, b.y2) - std::max<R>(a.y1, b.y1);
  const bool numbers = (a.x1 < b.x2) & (b.x1 < a.x2) & (a.y1 < b.y2) & (b.y1 < a.y2);  // min and max let NaN through
  return numbers && w > 0 && h > 0 ? detail::rounded(w * h) : R{0};
}

/// The area of the smallest box around both, in the wider of their scalar types: what giou() compares the union with.
/// Inverted boxes are taken by their corners as they are. O(1).
template <class T, class U>
[[nodiscard]] constexpr auto enclosing_area(const Box<T>& a, const Box<U>& b) noexcept {
  using R = std::common_type_t<T, U>;
  return area(
      Box<R>{std::min<R>(a.x1, b.x1), std::min<R>(a.y1, b.y1), std::max<R>(a.x2, b.x2), std::max<R>(a.y2, b.y2)});
}

/// The corners of COCO's box: x + w and y + h are rounded, as pycocotools rounds them in the intersection. O(1).
template <class T>
[[nodiscard]] constexpr Box<T> bounds(const Xywh<T>& box) noexcept {
  return {box.x, box.y, box.x + box.w, box.y + box.h};
}

/// Width times height of COCO's box, in square pixels: not from its corners, so that each IoU is pycocotools' to the
/// bit. Not clamped: negative where one size is. O(1).
template <class T>
[[nodiscard]] constexpr T area(const Xywh<T>& box) noexcept {
  return detail::rounded(box.w * box.h);
}

/// The area two of COCO's boxes share, from their rounded corners; 0 where they touch, miss, or one is inverted or NaN.
/// O(1).
template <class T>
[[nodiscard]] constexpr T intersection_area(const Xywh<T>& a, const Xywh<T>& b) noexcept {
  return intersection_area(bounds(a), bounds(b));
}

}  // namespace boxlap
