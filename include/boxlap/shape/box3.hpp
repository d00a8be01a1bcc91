/// A box in space turned about its vertical axis, and how much volume two of them share.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <type_traits>

#include "overlap.hpp"
#include "rotated_box.hpp"

namespace boxlap {

/// A box by its centre, its sizes along its own axes, and its yaw: the angle from x towards y, about z, in degrees.
///
/// Aggregate: `Box3{x, y, z, length, width, height, yaw_degrees}`. Units are the caller's. Nothing is checked here: a
/// box with a negative or NaN field shares nothing with any other.
template <class T>
struct Box3 {
  static_assert(std::same_as<T, float> || std::same_as<T, double>, "boxlap::Box3<T> needs float or double");
  T cx{}, cy{}, cz{}, dx{}, dy{}, dz{}, degrees{};
  [[nodiscard]] friend constexpr bool operator==(const Box3&, const Box3&) = default;
};

template <class A, class B, class C, class D, class E, class F, class G>
Box3(A, B, C, D, E, F, G) -> Box3<detail::ScalarOf<A, B, C, D, E, F, G>>;

/// nuScenes: centre, size as (width, length, height), yaw in radians counter-clockwise about the z axis that points up;
/// the length lies along x at yaw 0. Waymo and pytorch3d data in the same axes too, once put in this order.
template <class T>
[[nodiscard]] constexpr Box3<T> from_nuscenes(T x, T y, T z, T width, T length, T height, T yaw_radians) noexcept {
  return {x, y, z, length, width, height, yaw_radians * detail::degrees_per_radian<T>};
}

/// The yaw of nuScenes' rotation, a unit quaternion (w, x, y, z) about the vertical axis, in radians.
template <class T>
[[nodiscard]] T yaw_of_quaternion(T w, T x, T y, T z) noexcept {
  return std::atan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z));
}

/// KITTI labels: height, width, length, then the location of the bottom centre in the camera's axes (x right, y down, z
/// forward), and rotation_y in radians. The ground plane becomes (x, z) as our x and y; our z is KITTI's y.
template <class T>
[[nodiscard]] constexpr Box3<T> from_kitti(T height, T width, T length, T x, T y, T z, T rotation_y) noexcept {
  return {x, z, y - height / 2, length, width, height, -rotation_y * detail::degrees_per_radian<T>};
}

/// The same box in the scalar type R; narrowing rounds each number to the nearest. O(1).
template <class R, class T>
[[nodiscard]] constexpr Box3<R> cast(const Box3<T>& b) noexcept {
  return {static_cast<R>(b.cx), static_cast<R>(b.cy), static_cast<R>(b.cz),     static_cast<R>(b.dx),
          static_cast<R>(b.dy), static_cast<R>(b.dz), static_cast<R>(b.degrees)};
}

/// The box seen from above, "bird's-eye view": a rotated box in x and y. O(1).
template <class T>
[[nodiscard]] constexpr RotatedBox<T> bev(const Box3<T>& box) noexcept {
  return {box.cx, box.cy, box.dx, box.dy, box.degrees};
}

/// Length times width times height, rounded twice. Not clamped: negative where one or three sizes are. O(1).
template <class T>
[[nodiscard]] constexpr T volume(const Box3<T>& box) noexcept {
  return detail::rounded(area(bev(box)) * box.dz);
}

/// The length of the range of z that two boxes share, to 4 u (dz of a + dz of b); 0 for negative or NaN heights.
template <class T>
[[nodiscard]] constexpr T shared_height(const Box3<T>& a, const Box3<T>& b) noexcept {
  const T distance = a.cz < b.cz ? b.cz - a.cz : a.cz - b.cz;
  const T shared = (std::min)({(a.dz + b.dz) / 2 - distance, a.dz, b.dz});
  return a.dz > 0 && b.dz > 0 && shared > 0 ? shared : T{0};
}

/// The volume two boxes share, in the wider of their scalar types; in [0, the smaller volume], symmetric to the bit.
///
/// The area shared from above times the shared height: the error is that of intersection_area() of rotated boxes times
/// the shared height, and that of shared_height() times the smaller area. Identical boxes give exactly their volume.
/// O(1).
template <class T, class U>
[[nodiscard]] auto intersection_volume(const Box3<T>& a, const Box3<U>& b) noexcept {
  using R = std::common_type_t<T, U>;
  const Box3<R> wide_a = cast<R>(a), wide_b = cast<R>(b);
  const R shared = detail::rounded(intersection_area(bev(wide_a), bev(wide_b)) * shared_height(wide_a, wide_b));
  return (std::min)({shared, (std::max)(R{0}, volume(wide_a)), (std::max)(R{0}, volume(wide_b))});
}

/// Intersection over union of volumes, in [0, 1]; 0/0 is 0. iou(bev(a), bev(b)) is the bird's-eye one.
///
/// Error <= 8 u + twice that of intersection_volume() / smaller volume, u the rounding unit of the wider scalar type.
/// Equals pytorch3d's box3d_overlap and mmcv's box_iou_rotated with z, where those are right. O(1).
template <class T, class U>
[[nodiscard]] auto iou(const Box3<T>& a, const Box3<U>& b) noexcept {
  using R = std::common_type_t<T, U>;
  return detail::iou_of(static_cast<R>(intersection_volume(a, b)), volume(cast<R>(a)), volume(cast<R>(b)));
}

}  // namespace boxlap
