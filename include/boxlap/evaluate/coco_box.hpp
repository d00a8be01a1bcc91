/// COCO's box as a shape: area is w * h, as pycocotools computes it, so that every IoU is its IoU to the bit.
#pragma once

#include <algorithm>

#include "../core/rounded.hpp"
#include "../shape/box.hpp"

namespace boxlap {

/// The corners; x + w is rounded, in the intersection too.
template <class T>
[[nodiscard]] constexpr Box<T> bounds(const Xywh<T>& box) noexcept {
  return {box.x, box.y, box.x + box.w, box.y + box.h};
}

template <class T>
[[nodiscard]] constexpr T area(const Xywh<T>& box) noexcept {
  return detail::rounded(box.w * box.h);
}

template <class T>
[[nodiscard]] constexpr T intersection_area(const Xywh<T>& a, const Xywh<T>& b) noexcept {
  return intersection_area(bounds(a), bounds(b));
}

}  // namespace boxlap
