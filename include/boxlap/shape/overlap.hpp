/// Ratios of areas: IoU, IoF, IoS and GIoU of any two shapes; DIoU and CIoU of boxes.
#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>
#include <type_traits>

#include "../base/detail/rounded.hpp"
#include "box.hpp"
#include "shape.hpp"

namespace boxlap {
namespace detail {

/// part / whole, where nothing of nothing is 0 and so is a quotient that overflowed into NaN. R is a number or, here
/// and in the next two, lanes of numbers.
template <class R>
[[nodiscard]] constexpr R ratio(const R& part, const R& whole) noexcept {
  const R quotient = part / whole;
  return ((part > R{}) & (quotient > R{})) ? quotient : R{};
}

/// The area that two shapes cover together. Never below either area, so that IoU stays within [0, 1].
template <class R>
[[nodiscard]] constexpr R union_of(const R& shared, const R& area_a, const R& area_b) noexcept {
  return (area_a + area_b) - shared;
}

template <class R>
[[nodiscard]] constexpr R iou_of(const R& shared, const R& area_a, const R& area_b) noexcept {
  return ratio<R>(shared, union_of(shared, area_a, area_b));
}

/// `s` in the scalar type R, by a reference where it already is.
template <class R, class S>
[[nodiscard]] constexpr decltype(auto) widened(const S& s) noexcept {
  if constexpr (!std::same_as<std::remove_cvref_t<decltype(area(s))>, R> && requires { cast<R>(s); }) {
    return cast<R>(s);
  } else {
    return (s);
  }
}

/// An area that shapes of types S gave, as a number of its own: a user's may be a product, and must not be fused with
/// what it is added to. That of boxes was rounded where it was multiplied.
template <class R, class... S, class T>
[[nodiscard]] constexpr R area_given(T value) noexcept {
  if constexpr ((is_box<S> && ...)) {
    return static_cast<R>(value);
  } else {
    return rounded(static_cast<R>(value));
  }
}

/// The area of `s` in the scalar type R.
template <class R, class S>
[[nodiscard]] constexpr R area_in(const S& s) {
  return area_given<R, S>(area(widened<R>(s)));
}

/// Calls of(shared, area_a, area_b), all three in the wider scalar type and each rounded on its own.
template <class A, class B, class Of>
[[nodiscard]] constexpr auto of_areas(const A& a, const B& b, const Of& of) {
  using R = Overlap<A, B>;
  return of(area_given<R, A, B>(intersection_area(a, b)), area_in<R>(a), area_in<R>(b));
}

}  // namespace detail

/// Intersection over union: shared area / area covered together.
///
/// Any two shapes whose overlap is known, in either order; the result has the wider scalar type and lies in [0, 1].
/// Identical shapes give exactly 1 and iou(a, b) == iou(b, a). 0 where the shapes do not meet, where both are empty
/// (0/0), and for NaN, inverted boxes and areas that overflow. For boxes equal to the bit to torchvision.ops.box_iou
/// wherever that is a number. O(1) for boxes and rotated boxes.
template <class A, class B>
requires Overlapping<A, B>
[[nodiscard]] constexpr auto iou(const A& a, const B& b) {
  return detail::of_areas(a, b,
                          [](auto shared, auto area_a, auto area_b) { return detail::iou_of(shared, area_a, area_b); });
}

/// Intersection over foreground: the share of a's area that b covers. COCO's measure for crowd regions.
///
/// Any two shapes whose overlap is known, in either order; the result has the wider scalar type and lies in [0, 1]. 0
/// where the shapes do not meet, where a is empty (0/0), and for NaN, inverted boxes and areas that overflow. O(1) for
/// boxes and rotated boxes.
template <class A, class B>
requires Overlapping<A, B>
[[nodiscard]] constexpr auto iof(const A& a, const B& b) {
  return detail::of_areas(a, b, [](auto shared, auto area_a, auto) { return detail::ratio(shared, area_a); });
}

/// Intersection over the smaller of both areas: SAHI's and supervision's IoS.
///
/// Any two shapes whose overlap is known, in either order; the result has the wider scalar type and lies in [0, 1]. 0
/// where the shapes do not meet, where one is empty (0/0), and for NaN, inverted boxes and areas that overflow. O(1)
/// for boxes and rotated boxes.
template <class A, class B>
requires Overlapping<A, B>
[[nodiscard]] constexpr auto ios(const A& a, const B& b) {
  return detail::of_areas(
      a, b, [](auto shared, auto area_a, auto area_b) { return detail::ratio(shared, (std::min)(area_a, area_b)); });
}

/// Generalized IoU: iou minus the share of the enclosing shape that neither covers; in [-1, 1].
///
/// The enclosing shape is the smallest box for two boxes and the convex hull for anything else. An enclosing area of 0
/// gives 0, one that overflows gives NaN. Source: Rezatofighi et al., CVPR 2019; for boxes
/// torchvision.ops.generalized_box_iou.
template <class A, class B>
requires Overlapping<A, B> && requires(const A& a, const B& b) { enclosing_area(a, b); }
[[nodiscard]] constexpr auto giou(const A& a, const B& b) {
  using R = detail::Overlap<A, B>;
  const R enclosing = static_cast<R>(enclosing_area(a, b));
  return detail::of_areas(a, b, [&](R shared, R area_a, R area_b) {
    const R covered = detail::union_of(shared, area_a, area_b);
    const R unused = (std::max)(enclosing - covered, R{0});
    return detail::iou_of(shared, area_a, area_b) - (enclosing > 0 ? unused / enclosing : R{0});
  });
}

/// The constant that torchvision adds to the squared diagonal in diou() and to the denominator of alpha in ciou().
inline constexpr double torchvision_eps = 1e-7;

/// Distance IoU of two boxes: iou - (distance of the centres / diagonal of the enclosing box)^2; in [-1, 1].
///
/// Equals torchvision.ops.distance_box_iou, its eps = 1e-7 on the squared diagonal included, to 1e-6 absolute.
/// NaN coordinates give NaN. Source: Zheng et al., AAAI 2020.
template <class T, class U>
[[nodiscard]] constexpr auto diou(const Box<T>& a, const Box<U>& b) {
  using R = std::common_type_t<T, U>;
  const R w = std::max<R>(a.x2, b.x2) - std::min<R>(a.x1, b.x1);
  const R h = std::max<R>(a.y2, b.y2) - std::min<R>(a.y1, b.y1);
  const Point<R> center_a = center(cast<R>(a));
  const Point<R> center_b = center(cast<R>(b));
  const R dx = center_a.x - center_b.x;
  const R dy = center_a.y - center_b.y;
  return iou(a, b) - (dx * dx + dy * dy) / (w * w + h * h + static_cast<R>(torchvision_eps));
}

/// Complete IoU of two boxes: diou minus a penalty for different aspect ratios.
///
/// Equals torchvision.ops.complete_box_iou, eps = 1e-7 included, to 1e-6 absolute; a box of height 0 has the aspect
/// angle of its limit, pi/2, and a point (0 x 0) the angle 0, where torchvision gives NaN. Source: Zheng et al., AAAI
/// 2020.
template <class T, class U>
[[nodiscard]] auto ciou(const Box<T>& a, const Box<U>& b) {
  using R = std::common_type_t<T, U>;
  const auto aspect_angle = [](const Box<R>& box) { return std::atan2(box.x2 - box.x1, box.y2 - box.y1); };
  const R difference = aspect_angle(cast<R>(a)) - aspect_angle(cast<R>(b));
  const R v = 4 / (std::numbers::pi_v<R> * std::numbers::pi_v<R>)*difference * difference;
  const R overlap = iou(a, b);
  const R alpha = v / (1 - overlap + v + static_cast<R>(torchvision_eps));
  return diou(a, b) - alpha * v;
}

}  // namespace boxlap
