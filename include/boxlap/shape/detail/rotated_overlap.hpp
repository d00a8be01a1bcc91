/// How much two rotated boxes share: a kernel without branches, for one pair or for one pair in each lane.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>

#include "../../base/detail/ascending_key.hpp"
#include "../../base/detail/compiler.hpp"
#include "../../base/detail/lanes.hpp"
#include "../../base/index.hpp"
#include "../prepared_rotated_box.hpp"

namespace boxlap {

namespace detail {

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

/// The same bits, so that no number is asked for twice: areas of legal boxes are equal where their bits are.
template <class T>
[[nodiscard]] inline bool have_equal_areas(const PreparedRotatedBox<T>& a, const PreparedRotatedBox<T>& b) noexcept {
  // As integers: the kernel has use for the units that compare numbers.
  return std::bit_cast<BitsOf<T>>(a.area) == std::bit_cast<BitsOf<T>>(b.area);
}

/// Two boxes a lane, seen from the smaller one, whose sides bound the error: it stands at 0 with half sizes w and h.
///
/// Turned by half a turn or mirrored so that the larger one stands at x >= 0 and turns by 0 .. 90 degrees: its corners,
/// as seen from its centre (x, y), are -(to_right, ..), (to_top, up), (to_right, ..), -(to_top, up), left, top, right
/// and bottom in turn. Its sides climb by `rise` a unit along x from the left to the top and from the bottom to the
/// right, and the others fall by `fall`, which is 1 / rise.
template <class L>
struct FramedPair {
  L x, y, w, h, to_right, to_top, up, rise, fall, area;
};

template <class T, class L>
[[nodiscard]] BOXLAP_ALWAYS_INLINE inline FramedPair<L> framed(const PreparedLanes<L>& first,
                                                               const PreparedLanes<L>& second) noexcept {
  const auto swapped = second.area < first.area;  // a branch here would be guessed wrong half the time
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

/// The end of a side: its height within the frame's box, from the box's lower side on, and how far it is beyond.
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

/// Neither way can be longer than the side, so one that is level to rounding costs no digits, however far its ends are.
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
/// -h on. No points are collected, nothing is sorted, there is no tolerance; each step is continuous in its input.
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

/// The area that two prepared rotated boxes share, in square pixels; in [0, the smaller area], symmetric to the bit.
///
/// Error <= 8 u (1 + k) of the smaller area, u the rounding unit of T, k = L (La + Lb + d) / smaller area, with L the
/// smaller diagonal, La and Lb both, d the distance of the centres. Identical boxes give exactly their area; sizes of
/// 0, negative or NaN give 0. Range: sizes are 0 or from 1e-120 to 1e150, in float from 1e-15 to 1e18, and centres no
/// larger; beyond it products over- or underflow, and the area may be 0 or infinite. O(1). The bits do not depend on
/// compiler, optimisation, FMA, or on going through intersection_areas().
template <class T>
[[nodiscard]] inline T intersection_area(const PreparedRotatedBox<T>& a, const PreparedRotatedBox<T>& b) noexcept {
  using L = detail::Lanes<T, 16>;  // lanes all alike: the kernel for one number would have branches
  constexpr std::size_t lanes = sizeof(L) / sizeof(T);
  bool swapped = false;
  if (detail::have_equal_areas(a, b)) [[unlikely]] {
    const detail::FrameChoice frame = detail::frame_of_equals(a, b);
    if (frame.same) {
      return a.area;
    }
    swapped = frame.second;
  }
  const auto all = [](const PreparedRotatedBox<T>& box) {
    const PreparedRotatedBox<T>* const boxes[] = {&box, &box, &box, &box};
    return detail::side_by_side<L>(boxes, std::make_integer_sequence<int, lanes>());
  };
  T shared[lanes];
  detail::store(shared, detail::shared_area(detail::framed<T>(all(swapped ? b : a), all(swapped ? a : b))));
  return shared[0];
}

/// The same for many pairs, one in each lane of a register: out[k] is the area that as[pairs[k].first] and
/// bs[pairs[k].second] share, with the bits of the single call.
///
/// `as` and `bs` may be the same memory. Throws std::invalid_argument when `out` and `pairs` differ in length; the rows
/// in `pairs` are not checked. O(pairs) time, 6 KiB of stack, no other memory. About 10 ns a pair with AVX2.
template <class T>
void intersection_areas(std::type_identity_t<std::span<const PreparedRotatedBox<T>>> as,
                        std::type_identity_t<std::span<const PreparedRotatedBox<T>>> bs,
                        std::span<const std::pair<Index, Index>> pairs, std::span<T> out) {
  detail::require_same_length("out", out.size(), "pairs", pairs.size());
  using L = detail::Lanes<T>;
  constexpr std::size_t lanes = detail::lane_count<T>;
  constexpr std::size_t chunk =
      64;  // short loops, one to gather and one to measure, keep more of a core busy (measured)
  constexpr std::make_integer_sequence<int, lanes> each_lane;
  detail::FramedPair<L> framed[chunk / lanes];
  for (std::size_t first = 0; first < pairs.size(); first += chunk) {
    const std::size_t count = (std::min)(chunk, pairs.size() - first), whole = count - count % lanes;
    std::uint64_t same = 0;
    for (std::size_t group = 0; group < whole; group += lanes) {
      const PreparedRotatedBox<T>*a[lanes], *b[lanes];
      for (std::size_t k = 0; k < lanes; ++k) {
        const auto [i, j] = pairs[first + group + k];
        a[k] = &as[detail::at(i)];
        b[k] = &bs[detail::at(j)];
        if (detail::have_equal_areas(*a[k], *b[k])) [[unlikely]] {
          const detail::FrameChoice frame = detail::frame_of_equals(*a[k], *b[k]);
          same |= static_cast<std::uint64_t>(frame.same) << (group + k);
          if (frame.second) {
            std::swap(a[k], b[k]);
          }
        }
      }
      framed[group / lanes] =
          detail::framed<T>(detail::side_by_side<L>(a, each_lane), detail::side_by_side<L>(b, each_lane));
    }
    for (std::size_t group = 0; group < whole; group += lanes) {
      detail::store(out.data() + first + group, detail::shared_area(framed[group / lanes]));
    }
    for (; same != 0; same &= same - 1) {
      const std::size_t k = first + static_cast<std::size_t>(std::countr_zero(same));
      out[k] = as[detail::at(pairs[k].first)].area;
    }
    for (std::size_t k = first + whole; k < first + count; ++k) {
      out[k] = intersection_area(as[detail::at(pairs[k].first)], bs[detail::at(pairs[k].second)]);
    }
  }
}

}  // namespace boxlap
