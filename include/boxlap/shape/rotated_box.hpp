/// A rotated box, the forms people keep rotated boxes in, and how much two of them share.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "../base/detail/lanes.hpp"
#include "../base/detail/two_sum.hpp"
#include "box.hpp"
#include "convex_hull.hpp"
#include "detail/angle.hpp"
#include "detail/own_shape.hpp"
#include "point.hpp"
#include "prepared_rotated_box.hpp"

namespace boxlap {

/// A box turned about its centre: corner = centre + R (+-w/2, +-h/2), R = [[cos, -sin], [sin, cos]].
///
/// With y down, as in an image, positive degrees turn clockwise: OpenCV's RotatedRect. Any angle is allowed; it is
/// reduced in degrees, so multiples of 90 are exact. Aggregate: `RotatedBox{50.0, 40.0, 20.0, 10.0, 30.0}`. Nothing is
/// checked here: a box with a size of 0 has area 0, and one with a negative or NaN field meets nothing.
template <class T>
struct RotatedBox {
  static_assert(std::same_as<T, float> || std::same_as<T, double>, "boxlap::RotatedBox<T> needs float or double");
  T cx{}, cy{}, w{}, h{}, degrees{};
  [[nodiscard]] friend constexpr bool operator==(const RotatedBox&, const RotatedBox&) = default;
};

template <class A, class B, class C, class D, class E>
RotatedBox(A, B, C, D, E) -> RotatedBox<detail::ScalarOf<A, B, C, D, E>>;

namespace detail {

/// from + by, rounded towards `by`, by one or two places where the sum is not exact: never inside the exact sum. No
/// branch on whether the sum is exact: it would be mispredicted. L is a number or lanes of them.
template <class T, class L>
[[nodiscard]] inline L outward(const L& from, const L& by) noexcept {
  using Limits = std::numeric_limits<T>;
  const L zero{};
  const auto [sum, lost] = two_sum(from, by);
  const L place = lesser(magnitude(sum), L(zero + (Limits::max)())) * Limits::epsilon() + Limits::denorm_min();
  const auto inside = ((lost > zero) & (by > zero)) | ((lost < zero) & (by < zero));
  return inside ? L(sum + (by > zero ? place : -place)) : sum;
}

/// The corners center - half and center + half, rounded outward: all four numbers side by side.
template <class T, std::size_t... lane>
[[nodiscard]] inline Box<T> box_outward(const Point<T>& center, const Point<T>& half,
                                        std::index_sequence<lane...>) noexcept {
  using L = Lanes<T>;
  const T centers[4] = {center.x, center.y, center.x, center.y};
  const T halves[4] = {-half.x, -half.y, half.x, half.y};
  T corners[(std::max)(std::size_t{4}, sizeof...(lane))];
  for (std::size_t k = 0; k < 4; k += sizeof...(lane)) {
    store(corners + k, outward<T>(L{centers[(k + lane) % 4]...}, L{halves[(k + lane) % 4]...}));
  }
  return {corners[0], corners[1], corners[2], corners[3]};
}

/// Half the width and height of the upright box around a rotated one, rounded up.
template <class T>
[[nodiscard]] inline Point<T> half_extent(const PreparedRotatedBox<T>& box) noexcept {
  const T x_w = rounded(box.half_w * std::abs(box.cos)), x_h = rounded(box.half_h * std::abs(box.sin));
  const T y_w = rounded(box.half_w * std::abs(box.sin)), y_h = rounded(box.half_h * std::abs(box.cos));
  if (box.sin == 0) {
    return {x_w, y_h};  // upright: exact
  }
  constexpr T up = 1 + 8 * std::numeric_limits<T>::epsilon();  // cosine, sine, product and sum: 2 ulp each at most
  return {rounded((x_w + x_h) * up), rounded((y_w + y_h) * up)};
}

}  // namespace detail

/// The box of OpenCV's RotatedRect: centre, size, degrees clockwise in the image. The same numbers.
///
/// Any arithmetic types: the box is float if one is float and none is double, else double. Nothing is checked. O(1).
template <class X, class Y, class W, class H, class A>
[[nodiscard]] constexpr auto from_opencv(X cx, Y cy, W w, H h, A degrees) noexcept {
  using T = detail::ScalarOf<X, Y, W, H, A>;
  return RotatedBox<T>{static_cast<T>(cx), static_cast<T>(cy), static_cast<T>(w), static_cast<T>(h),
                       static_cast<T>(degrees)};
}

/// The box of detectron2's RotatedBoxes and torchvision's cxcywhr: degrees counter-clockwise in the image.
///
/// Any arithmetic types: the box is float if one is float and none is double, else double. Nothing is checked. O(1).
template <class X, class Y, class W, class H, class A>
[[nodiscard]] constexpr auto from_detectron2(X cx, Y cy, W w, H h, A degrees) noexcept {
  auto box = from_opencv(cx, cy, w, h, degrees);
  box.degrees = -box.degrees;
  return box;
}

/// The box of an angle in radians, clockwise in the image: mmcv, mmrotate (all of oc, le90, le135), ultralytics' xywhr.
///
/// Any arithmetic types: the box is float if one is float and none is double, else double. Nothing is checked. O(1).
template <class X, class Y, class W, class H, class A>
[[nodiscard]] constexpr auto from_radians(X cx, Y cy, W w, H h, A radians) noexcept {
  auto box = from_opencv(cx, cy, w, h, radians);
  box.degrees *= detail::degrees_per_radian<decltype(box.degrees)>;
  return box;
}

/// The same box in the scalar type R; narrowing rounds each number to the nearest. O(1).
template <class R, class T>
[[nodiscard]] constexpr RotatedBox<R> cast(const RotatedBox<T>& box) noexcept {
  return {static_cast<R>(box.cx), static_cast<R>(box.cy), static_cast<R>(box.w), static_cast<R>(box.h),
          static_cast<R>(box.degrees)};
}

/// Width times height, in square pixels. Not clamped: negative where one side is. O(1).
template <class T>
[[nodiscard]] constexpr T area(const RotatedBox<T>& box) noexcept {
  return detail::rounded(box.w * box.h);
}

/// Width times height of the box that was prepared, to the bit; kept since then. O(1).
template <class T>
[[nodiscard]] constexpr T area(const PreparedRotatedBox<T>& box) noexcept {
  return box.area;
}

/// Sine, cosine and half sizes, once per box instead of once per pair; see PreparedRotatedBox. iou() of two prepared
/// boxes has the bits of iou() of the boxes.
template <class T>
[[nodiscard]] inline PreparedRotatedBox<T> prepare(const RotatedBox<T>& box) noexcept {
  const detail::ReducedAngle angle = detail::reduced(box.degrees);
  const T rest = static_cast<T>(angle.rest);
  const auto [cos, sin] = detail::direction_of_rest(rest);
  const bool swapped = (angle.quarters & 1) != 0;
  const bool legal = box.w >= 0 && box.h >= 0 && std::isfinite(box.cx) && std::isfinite(box.cy);
  const T center_x = legal ? box.cx : std::numeric_limits<T>::quiet_NaN();
  return {center_x,          box.cy, (swapped ? box.h : box.w) / 2, (swapped ? box.w : box.h) / 2, cos, sin,
          boxlap::area(box), rest};
}

/// The prepared form in another scalar type: what prepare(cast<R>(box)) gives, to the bit.
template <class R, class T>
[[nodiscard]] inline PreparedRotatedBox<R> cast(const PreparedRotatedBox<T>& box) noexcept {
  if constexpr (std::same_as<R, T>) {
    return box;
  } else {
    const R half_w = static_cast<R>(box.half_w), half_h = static_cast<R>(box.half_h),
            rest = static_cast<R>(box.degrees);
    const auto [cos, sin] = detail::direction_of_rest(rest);
    return {static_cast<R>(box.cx),
            static_cast<R>(box.cy),
            half_w,
            half_h,
            cos,
            sin,
            detail::rounded(2 * half_w * (2 * half_h)),
            rest};
  }
}

/// The smallest box around a prepared box, rounded outward by at most 24 u (w + h) and two places of the coordinate;
/// exact for multiples of 90 degrees where the sums are. NaN for a box with a negative or NaN field. O(1).
template <class T>
[[nodiscard]] inline Box<T> bounds(const PreparedRotatedBox<T>& box) noexcept {
  const Point<T> half = detail::half_extent(box);
  return detail::box_outward<T>({box.cx, box.cy}, half, std::make_index_sequence<detail::lane_count<T>>());
}

/// The smallest box around a rotated box, rounded outward by at most 24 u (w + h) and two places of the coordinate;
/// exact for multiples of 90 degrees where the sums are. NaN for a box with a negative or NaN field. O(1).
template <class T>
[[nodiscard]] inline Box<T> bounds(const RotatedBox<T>& box) noexcept {
  return bounds(prepare(box));
}

/// The corners (-,-), (+,-), (+,+), (-,+) of the unturned box, turned: clockwise in an image from the upper left one at
/// 0 degrees. DOTA's quads.
template <class T>
[[nodiscard]] inline std::array<Point<T>, 4> corners(const RotatedBox<T>& box) noexcept {
  const auto [cos, sin] = detail::direction_of(box.degrees);
  const T wx = detail::rounded(box.w / 2 * cos), wy = detail::rounded(box.w / 2 * sin);
  const T hx = detail::rounded(-box.h / 2 * sin), hy = detail::rounded(box.h / 2 * cos);
  return {{{box.cx + (-wx - hx), box.cy + (-wy - hy)},
           {box.cx + (wx - hx), box.cy + (wy - hy)},
           {box.cx + (wx + hx), box.cy + (wy + hy)},
           {box.cx + (-wx + hx), box.cy + (-wy + hy)}}};
}

namespace detail {

template <class T>
[[nodiscard]] RotatedBox<T> to_rotated_box(const Rectangle<T>& box) noexcept {
  return {box.center.x, box.center.y, box.w, box.h, std::atan2(box.along_y, box.along_x) * degrees_per_radian<T>};
}

}  // namespace detail

/// The rotated box of least area around points; one of its sides lies on a side of their hull.
///
/// Points on one line give a height of 0, equal points a size of 0, no points an empty box at the origin. Coordinates
/// must be finite, and 0 or between 1e-120 and 1e150 in size. O(n log n) time (rotating calipers after the hull); 2 n
/// points of memory. Equals shapely's minimum_rotated_rectangle and OpenCV's minAreaRect up to which side is called the
/// width.
template <class T>
[[nodiscard]] RotatedBox<T> min_area_rectangle(std::vector<Point<T>> points) {
  detail::reduce_to_hull(points);
  if (points.size() < 2) {
    return points.empty() ? RotatedBox<T>{} : RotatedBox<T>{points[0].x, points[0].y, 0, 0, 0};
  }
  const std::span<const Point<T>> hull(points);
  const std::size_t side = hull.size() == 2 ? 0 : detail::best_side(hull);
  RotatedBox<T> box = detail::to_rotated_box(detail::rectangle_along(hull, hull[side], hull[(side + 1) % hull.size()]));
  box.h = hull.size() == 2 ? 0 : box.h;
  return box;
}

/// The rotated box of least area around four corners in any order: the rectangle that DOTA's quads mean.
///
/// Where the side 0 -> 1 is as good as the best within rounding, the width lies along it, so from_corners(corners(r))
/// is r up to rounding and to the angle's full turns. Other quads than rectangles come out larger than they are; make
/// a Polygon of them where the difference matters.
template <class T>
[[nodiscard]] RotatedBox<T> from_corners(const std::array<Point<T>, 4>& quad) {
  const RotatedBox<T> best = min_area_rectangle(std::vector<Point<T>>(quad.begin(), quad.end()));
  const Point<T> side{quad[1].x - quad[0].x, quad[1].y - quad[0].y};
  if ((side.x == 0 && side.y == 0) || best.h == 0) {
    return best;
  }
  const RotatedBox<T> first = detail::to_rotated_box(detail::rectangle_along<T>(quad, quad[0], quad[1]));
  // The side's own rounding turns the rectangle around it by about u * coordinate / side.
  const T coordinate = (std::max)(std::abs(quad[0].x) + std::abs(quad[0].y), std::abs(side.x) + std::abs(side.y));
  const T slack = 16 * std::numeric_limits<T>::epsilon() * (1 + coordinate / std::hypot(side.x, side.y));
  const T diagonal = std::hypot(best.w, best.h);
  return area(first) - area(best) <= slack * diagonal * diagonal ? first : best;
}

/// The area two rotated boxes share, in the wider of their scalar types, in square pixels; in [0, the smaller area],
/// symmetric to the bit.
///
/// Has the bits of the overload for prepared boxes, so its error bound and range too: 8 u (1 + k) of the smaller area,
/// u the rounding unit and k = L (La + Lb + d) / smaller area, with L the smaller diagonal, La and Lb both, d the
/// distance of the centres. Identical boxes give exactly their area; sizes of 0, negative or NaN give 0. O(1), most of
/// it two sines and cosines: prepare() boxes that meet many others.
template <class T, class U>
[[nodiscard]] inline auto intersection_area(const RotatedBox<T>& a, const RotatedBox<U>& b) noexcept {
  using R = std::common_type_t<T, U>;
  return intersection_area(prepare(cast<R>(a)), prepare(cast<R>(b)));
}

/// The area a float and a double prepared box share, in double: of the float one as cast<double>() prepares it. O(1).
template <class T, class U>
requires(!std::same_as<T, U>) [[nodiscard]] inline auto intersection_area(const PreparedRotatedBox<T>& a,
                                                                          const PreparedRotatedBox<U>& b) noexcept {
  using R = std::common_type_t<T, U>;
  return intersection_area(cast<R>(a), cast<R>(b));
}

/// The area a rotated box and a prepared one share: prepares the first, then the overload for two prepared boxes, whose
/// bits, bounds and special cases it has. O(1).
template <class T, class U>
[[nodiscard]] auto intersection_area(const RotatedBox<T>& a, const PreparedRotatedBox<U>& b) noexcept {
  using R = std::common_type_t<T, U>;
  return intersection_area(prepare(cast<R>(a)), cast<R>(b));
}

namespace detail {

/// The box as the kernel of rotated boxes has it, around `center` instead of its own rounded centre.
template <class R>
[[nodiscard]] PreparedRotatedBox<R> upright(const Box<R>& box, const Point<R>& center) noexcept {
  return {((box.x1 - center.x) + (box.x2 - center.x)) / 2,
          ((box.y1 - center.y) + (box.y2 - center.y)) / 2,
          (box.x2 - box.x1) / 2,
          (box.y2 - box.y1) / 2,
          1,
          0,
          area(box),
          0};
}

template <class T>
inline constexpr int kind<RotatedBox<T>> = 1;

}  // namespace detail

/// The area a box and a rotated box share, in the wider of their scalar types; in [0, the smaller area].
///
/// Error <= 8 u (1 + k) of the smaller area, u the rounding unit, k = L (La + Lb + d) / smaller area, with L the
/// smaller diagonal, La and Lb both, d the distance of the centres. An inverted, infinite or NaN box gives 0, and so do
/// sizes of 0, negative or NaN. Range: sizes are 0 or from 1e-120 to 1e150, in float from 1e-15 to 1e18. O(1).
template <class T, class U>
[[nodiscard]] auto intersection_area(const Box<T>& box, const PreparedRotatedBox<U>& rotated) noexcept {
  using R = std::common_type_t<T, U>;
  if (!has_extent(box)) {
    return R{0};
  }
  PreparedRotatedBox<R> turned = cast<R>(rotated);
  const PreparedRotatedBox<R> straight = detail::upright(cast<R>(box), {turned.cx, turned.cy});
  turned.cx = turned.cx - turned.cx;  // 0, or NaN for a box that meets nothing
  turned.cy = turned.cy - turned.cy;
  return intersection_area(straight, turned);
}

/// The area a box and a rotated box share: prepares the rotated one, then the overload for a prepared one, whose bits,
/// bounds and special cases it has. O(1), most of it a sine and a cosine.
template <class T, class U>
[[nodiscard]] auto intersection_area(const Box<T>& box, const RotatedBox<U>& rotated) noexcept {
  using R = std::common_type_t<T, U>;
  return intersection_area(box, prepare(cast<R>(rotated)));
}

}  // namespace boxlap
