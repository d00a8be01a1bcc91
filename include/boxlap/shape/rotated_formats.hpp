/// Angles by their names: the ranges that mmcv writes, and the boxes that DOTA's quads mean.
#pragma once

#include <cmath>
#include <numbers>
#include <utility>

#include "rotated_box.hpp"

namespace boxlap {

/// The ranges of mmcv and mmrotate, all in radians, clockwise in the image.
enum class MmcvAngle {
  oc,    ///< OpenCV 4.5.1 and later: angle in (0, pi/2], either side may be the longer one
  le90,  ///< width is the long side, angle in [-pi/2, pi/2)
  le135  ///< width is the long side, angle in [-pi/4, 3 pi/4)
};

/// The box of torchvision's cxcywhr: degrees counter-clockwise in the image.
///
/// Any arithmetic types: the box is float if one is float and none is double, else double. Nothing is checked. O(1).
template <class X, class Y, class W, class H, class A>
[[nodiscard]] constexpr auto from_torchvision(X cx, Y cy, W w, H h, A degrees) noexcept {
  return from_detectron2(cx, cy, w, h, degrees);
}

/// The box of mmcv's and mmrotate's five numbers, in any of their three ranges of angles.
///
/// radians: clockwise in the image, or counter-clockwise with clockwise = false, as the model was built. Any arithmetic
/// types: the box is float if one is float and none is double, else double. Nothing is checked. O(1).
template <class X, class Y, class W, class H, class A>
[[nodiscard]] constexpr auto from_mmcv(X cx, Y cy, W w, H h, A radians, bool clockwise = true) noexcept {
  auto box = from_radians(cx, cy, w, h, radians);
  box.degrees = clockwise ? box.degrees : -box.degrees;
  return box;
}

namespace detail {

/// `degrees` moved by full periods into [low, low + period), period 90 or 180.
template <class T>
[[nodiscard]] T into_range(T degrees, T low, T period) noexcept {
  const T offset = std::fmod(degrees - low, period);
  const T moved = (offset < 0 ? offset + period : offset) + low;
  return moved < low + period ? moved : low;
}

}  // namespace detail

/// A rotated box with its angle, width and height as one of mmcv's conventions writes the same rectangle.
///
/// Still in degrees, clockwise in the image: the range of `degrees` becomes (0, 90] for oc, [-90, 90) for le90 and
/// [-45, 135) for le135. Width and height change places where the convention demands it: see MmcvAngle.
/// O(1).
template <class T>
[[nodiscard]] RotatedBox<T> named_as(RotatedBox<T> box, MmcvAngle convention) noexcept {
  if (convention == MmcvAngle::oc) {
    const T named = -detail::into_range<T>(-box.degrees, -90, 90);  // (0, 90]
    const T turned = std::abs(std::remainder(box.degrees - named, T{180}));
    if (turned > 45) {
      std::swap(box.w, box.h);
    }
    box.degrees = named;
    return box;
  }
  if (box.w < box.h) {
    std::swap(box.w, box.h);
    box.degrees += 90;
  }
  box.degrees = detail::into_range<T>(box.degrees, convention == MmcvAngle::le90 ? -90 : -45, 180);
  return box;
}

/// The angle of a box in radians, clockwise in the image, as mmcv stores it. O(1).
template <class T>
[[nodiscard]] constexpr T radians(const RotatedBox<T>& box) noexcept {
  return box.degrees * (std::numbers::pi_v<T> / 180);
}

/// OpenCV's angle range since 4.5.1, (0, 90], in degrees; before it was [-90, 0): the same rectangle, w and h swapped.
template <class T>
[[nodiscard]] RotatedBox<T> to_opencv(const RotatedBox<T>& box) noexcept {
  return named_as(box, MmcvAngle::oc);
}

/// detectron2's and torchvision's: degrees counter-clockwise in the image, in [-180, 180).
template <class T>
[[nodiscard]] RotatedBox<T> to_detectron2(RotatedBox<T> box) noexcept {
  box.degrees = detail::into_range<T>(-box.degrees, -180, 360);
  return box;
}

}  // namespace boxlap
