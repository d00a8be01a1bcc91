/// The area that two rotated boxes share: a kernel without branches, on one pair or on one pair in each lane.
///
/// The textbook way clips one rectangle by the sides of the other (Sutherland and Hodgman 1974) or collects the
/// crossings of sides and sorts them about their centre. Both branch on every corner, which a processor cannot predict,
/// and decide by a tolerance whether points are equal. Here the shared area is an integral instead: in the frame of one
/// box the other one lies between an upper and a lower chain of two sides each, and what counts is the height between
/// the two chains, clamped to the frame's box. Four sides are summed up, each by one trapezoid and one rectangle.
///
/// Cost: O(1) a pair, all of it on lanes; no memory. Continuous in its input, so rounding moves the
/// result by little. Symmetric to the bit: the smaller box gives the frame, for equal areas the lesser numbers do.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <type_traits>
#include <utility>

#include "../../base/detail/ascending_key.hpp"
#include "../../base/detail/compiler.hpp"
#include "../../base/detail/lanes.hpp"

namespace boxlap {

template <class T>
struct PreparedRotatedBox;

namespace detail {

/// Prepared boxes side by side, one in each lane.
template <class L>
struct PreparedLanes {
  L cx, cy, half_w, half_h, cos, sin, area;
};

#if BOXLAP_VECTORS
/// The lower (0) or upper (1) halves of each 16 bytes of a and b, in turn from a and from b.
template <int half, class L, int... lane>
BOXLAP_ALWAYS_INLINE inline L interleaved(const L& a, const L& b, std::integer_sequence<int, lane...>) noexcept {
  constexpr int lanes = sizeof...(lane), part = 16 * lanes / static_cast<int>(sizeof(L));
  return __builtin_shufflevector(
      a, b, (lane / part * part + lane % part / 2 + half * part / 2 + (lane % 2 == 0 ? 0 : lanes))...);
}

/// The n-th sixteen bytes of the boxes `row` and, where lanes hold twice as much, `next` of the list.
template <std::size_t n, class L, class T>
BOXLAP_ALWAYS_INLINE inline L part_of(const PreparedRotatedBox<T>* const* boxes, std::size_t row,
                                      std::size_t next) noexcept {
  using Part = Lanes<T, 16>;
  const auto part = [&](std::size_t k) { return load<Part>(reinterpret_cast<const std::byte*>(boxes[k]) + 16 * n); };
  if constexpr (sizeof(L) == sizeof(Part)) {
    return part(row);
  } else if constexpr (sizeof(T) == 8) {
    return __builtin_shufflevector(part(row), part(next), 0, 1, 2, 3);
  } else {
    return __builtin_shufflevector(part(row), part(next), 0, 1, 2, 3, 4, 5, 6, 7);
  }
}
#endif

/// The boxes of a list, as many as there are lanes. Loads of whole parts of a box and shuffles take half the time of
/// putting single numbers into lanes.
template <class L, class T, int... lane>
BOXLAP_ALWAYS_INLINE inline PreparedLanes<L> side_by_side(
    const PreparedRotatedBox<T>* const* boxes, [[maybe_unused]] std::integer_sequence<int, lane...> lanes) noexcept {
#if BOXLAP_VECTORS
  const auto low = [&](const L& a, const L& b) { return interleaved<0>(a, b, lanes); };
  const auto high = [&](const L& a, const L& b) { return interleaved<1>(a, b, lanes); };
  if constexpr (sizeof(L) <= 32 && sizeof(T) == 8) {
    const L c0 = part_of<0, L>(boxes, 0, 2), c1 = part_of<0, L>(boxes, 1, 3);
    const L h0 = part_of<1, L>(boxes, 0, 2), h1 = part_of<1, L>(boxes, 1, 3);
    const L d0 = part_of<2, L>(boxes, 0, 2), d1 = part_of<2, L>(boxes, 1, 3);
    const L a0 = part_of<3, L>(boxes, 0, 2), a1 = part_of<3, L>(boxes, 1, 3);
    return {low(c0, c1), high(c0, c1), low(h0, h1), high(h0, h1), low(d0, d1), high(d0, d1), low(a0, a1)};
  } else if constexpr (sizeof(L) <= 32) {
    const L a0 = part_of<0, L>(boxes, 0, 4), a1 = part_of<0, L>(boxes, 1, 5), a2 = part_of<0, L>(boxes, 2, 6);
    const L b0 = part_of<1, L>(boxes, 0, 4), b1 = part_of<1, L>(boxes, 1, 5), b2 = part_of<1, L>(boxes, 2, 6);
    const L a3 = part_of<0, L>(boxes, 3, 7), b3 = part_of<1, L>(boxes, 3, 7);
    const L c0 = low(a0, a2), c1 = low(a1, a3), h0 = high(a0, a2), h1 = high(a1, a3);
    const L d0 = low(b0, b2), d1 = low(b1, b3), s0 = high(b0, b2), s1 = high(b1, b3);
    return {low(c0, c1), high(c0, c1), low(h0, h1), high(h0, h1), low(d0, d1), high(d0, d1), low(s0, s1)};
  }
#endif
  using Box = PreparedRotatedBox<T>;
  const auto field = [&](T Box::*of) { return L{boxes[lane]->*of...}; };
  return {field(&Box::cx),  field(&Box::cy),  field(&Box::half_w), field(&Box::half_h),
          field(&Box::cos), field(&Box::sin), field(&Box::area)};
}

/// Far below the rounding of any angle, far above where a slope times a coordinate overflows.
template <class T>
inline constexpr T steepest_cosine = std::is_same_v<T, float> ? static_cast<T>(0x1p-40) : static_cast<T>(0x1p-200);

/// Which of two boxes gives the frame, and whether they are one and the same.
struct FrameChoice {
  bool second = false, same = false;
};

/// Equal areas: decided by the numbers in turn, so that (a, b) and (b, a) are one computation.
template <class T>
[[nodiscard]] BOXLAP_COLD FrameChoice frame_of_equals(const PreparedRotatedBox<T>& a,
                                                      const PreparedRotatedBox<T>& b) noexcept {
  const std::array<T, 6> key_a{a.half_w, a.half_h, a.cx, a.cy, a.cos, a.sin};
  const std::array<T, 6> key_b{b.half_w, b.half_h, b.cx, b.cy, b.cos, b.sin};
  return {key_b < key_a, key_a == key_b};
}

/// Compares the bits, which are equal exactly where areas of valid boxes are.
template <class T>
[[nodiscard]] inline bool have_equal_areas(const PreparedRotatedBox<T>& a, const PreparedRotatedBox<T>& b) noexcept {
  // As integers: the floating-point units are busy with the kernel.
  return std::bit_cast<BitsOf<T>>(a.area) == std::bit_cast<BitsOf<T>>(b.area);
}

/// Two boxes a lane in the frame of the smaller one, which bounds the error: its centre is 0, its half sizes w and h.
///
/// Turned by half a turn or mirrored so that the larger one has its centre (x, y) at x >= 0 and an angle of 0 .. 90
/// degrees. Relative to that centre its corners are -(to_right, ..), (to_top, up), (to_right, ..), -(to_top, up): left,
/// top, right and bottom in turn. Its sides climb by `rise` a unit of x from left to top and from bottom to right, and
/// fall by `fall` = 1 / rise on the other two.
template <class L>
struct FramedPair {
  L x, y, w, h, to_right, to_top, up, rise, fall, area;
};

template <class T, class L>
[[nodiscard]] BOXLAP_ALWAYS_INLINE inline FramedPair<L> framed(const PreparedLanes<L>& first,
                                                               const PreparedLanes<L>& second) noexcept {
  const auto swapped = second.area < first.area;  // a branch would be mispredicted half the time
  const L cos_a = swapped ? second.cos : first.cos, cos_b = swapped ? first.cos : second.cos;
  const L sin_a = swapped ? second.sin : first.sin, sin_b = swapped ? first.sin : second.sin;
  const L half_w_b = swapped ? first.half_w : second.half_w, half_h_b = swapped ? first.half_h : second.half_h;
  const L dx = swapped ? first.cx - second.cx : second.cx - first.cx;
  const L dy = swapped ? first.cy - second.cy : second.cy - first.cy;
  const L turn = product(cos_a, sin_b) - product(sin_a, cos_b);
  const L sin = magnitude(turn), cos = magnitude(L(product(cos_a, cos_b) + product(sin_a, sin_b)));
  const L x = product(cos_a, dx) + product(sin_a, dy), y = product(cos_a, dy) - product(sin_a, dx);
  const L mirrored_y = turn < 0 ? -y : y;
  const L w_cos = product(half_w_b, cos), h_sin = product(half_h_b, sin);
  // A side steeper than 1 / steepest is as good as vertical: what it adds is its width times at most 2 h.
  const L steepest = L{} + steepest_cosine<T>;
  return {magnitude(x),
          x < 0 ? -mirrored_y : mirrored_y,
          swapped ? second.half_w : first.half_w,
          swapped ? second.half_h : first.half_h,
          w_cos + h_sin,
          w_cos - h_sin,
          product(half_w_b, sin) + product(half_h_b, cos),
          sin / (cos + steepest),
          cos / (sin + steepest),
          lesser(first.area, second.area)};
}

/// The end of a side: its height above the lower side of the frame's box, clamped to the box, and how far beyond it is.
template <class L>
struct End {
  L height, beyond;
};

template <class L>
[[nodiscard]] BOXLAP_ALWAYS_INLINE inline End<L> upper_end(const L& y, const L& floor, const L& ceiling) noexcept {
  const L below = lesser(y, ceiling);
  return {greater(below, floor), y - below};
}

template <class L>
[[nodiscard]] BOXLAP_ALWAYS_INLINE inline End<L> lower_end(const L& y, const L& floor, const L& ceiling) noexcept {
  const L above = greater(y, floor);
  return {lesser(above, ceiling), above - y};
}

/// What lies under a side and within the frame's box: twice the area where the side runs through the box, and the way
/// along x on which the side runs above it.
template <class L>
struct Under {
  L twice, above;
};

/// Both ways are clamped to the length of the side: a side that is level but for rounding has an enormous
/// length_per_rise.
template <class L>
[[nodiscard]] BOXLAP_ALWAYS_INLINE inline Under<L> under(const L& length, const L& length_per_rise, const End<L>& high,
                                                         const End<L>& low) noexcept {
  const L above = lesser(product(high.beyond, length_per_rise), length);
  const L below = lesser(product(low.beyond, length_per_rise), length);
  return {product(L((length - above) - below), L(high.height + low.height)), above};
}

/// The area that the two boxes of a pair share.
///
/// Box b lies between an upper chain of sides left -> top -> right and a lower chain left -> bottom -> right. The
/// shared area is the integral over x in [-w, w] of clamp(upper, -h, h) - clamp(lower, -h, h); heights are taken from
/// -h on. Each step is continuous in its input, and there is no tolerance.
/// Boxes that a side separates share exactly nothing: either all of b's ways are 0 long, or its top is not above the
/// floor, or its bottom not below the ceiling, where top and bottom are those between -w and w.
template <class L>
[[nodiscard]] BOXLAP_ALWAYS_INLINE inline L shared_area(const FramedPair<L>& pair) noexcept {
  const auto& [x, y, w, h, to_right, to_top, up, rise, fall, area] = pair;
  const L ceiling = h + h, floor = product(h, L{});  // gcc makes two instructions of a maximum with a constant
  const L top_x = x + to_top, bottom_x = x - to_top;
  const L left = clamped(L(x - to_right), L(-w), w), right = lesser(L(x + to_right), w);
  const L top = clamped(top_x, L(-w), w), bottom = clamped(bottom_x, L(-w), w);
  const L past_top = top - top_x, past_bottom = bottom - bottom_x, climb = -rise;
  const L top_y = ((y + up) + h) - greater(product(past_top, fall), product(past_top, climb));
  const L bottom_y = ((y - up) + h) - lesser(product(past_bottom, fall), product(past_bottom, climb));

  const L left_to_top = top - left, top_to_right = right - top;
  const L left_to_bottom = bottom - left, bottom_to_right = right - bottom;
  const auto upper = [&](const L& end_y) { return upper_end(end_y, floor, ceiling); };
  const auto lower = [&](const L& end_y) { return lower_end(end_y, floor, ceiling); };
  const End<L> top_end = upper(top_y), bottom_end = lower(bottom_y);
  const Under<L> a = under(left_to_top, fall, top_end, lower(L(top_y - product(left_to_top, rise))));
  const Under<L> b = under(top_to_right, rise, top_end, lower(L(top_y - product(top_to_right, fall))));
  const Under<L> c = under(left_to_bottom, rise, upper(L(bottom_y + product(left_to_bottom, fall))), bottom_end);
  const Under<L> d = under(bottom_to_right, fall, upper(L(bottom_y + product(bottom_to_right, rise))), bottom_end);
  const L twice = (a.twice + b.twice) - (c.twice + d.twice), above = (a.above + b.above) - (c.above + d.above);
  const L shared = bottom_y >= ceiling ? L{} : L((twice + product(L(ceiling + ceiling), above)) / 2);
  return greater(lesser(area, shared), L{});  // NaN ends here, as 0
}

}  // namespace detail
}  // namespace boxlap
