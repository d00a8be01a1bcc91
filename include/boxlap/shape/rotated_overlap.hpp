/// How much two rotated boxes share: a kernel without branches, for one pair or for one pair in each lane.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <type_traits>
#include <utility>

#include "../core/index.hpp"
#include "lanes.hpp"

namespace boxlap {

/// A rotated box after the work that needs no second box: half sizes, the angle as cosine and sine, the area.
///
/// Made by prepare(). The angle is reduced to [-45, 45) degrees, where width and height change places with each quarter
/// turn, so two names of one rectangle that differ by quarter turns become equal. A box with a negative size or
/// a field that is not a number has a NaN centre and meets nothing. One line of the cache, or half of one.
template <class T>
struct alignas(8 * sizeof(T)) PreparedRotatedBox {
  T cx{}, cy{}, half_w{}, half_h{}, cos{}, sin{}, area{}, degrees{};
  [[nodiscard]] friend constexpr bool operator==(const PreparedRotatedBox&, const PreparedRotatedBox&) = default;
};

namespace detail {

/// What the kernel reads of two rotated boxes a and b: the second one's centre relative to the first's (0, 1), cosine
/// and sine of a (2, 3), half sizes of a (4, 5), the same four of b (6 .. 9), and the least and the most the answer can
/// be (10, 11).
inline constexpr std::size_t pair_fields = 12;

/// Twice the integral of clamp(y, -h, h) over a way of `length` along x, where y goes straight between `low` and `high`
/// (low <= high) by 1 / `length_per_rise` a unit.
///
/// The clamped ends' mean over the whole way, put right by the ways above h and below -h. A way cannot be longer than
/// the whole: so a side that is level to rounding costs no digits. All terms are bounded by h times the length, however
/// far away the ends are.
template <class L>
[[nodiscard]] inline L twice_clamped(const L& length, const L& low, const L& high, const L& length_per_rise,
                                     const L& h) noexcept {
  const L ends = clamped(low, L(-h), h) + clamped(high, L(-h), h);
  const L rise_above = greater(high, h) - greater(low, h);
  const L rise_below = lesser(high, L(-h)) - lesser(low, L(-h));
  const L above = lesser(product(rise_above, length_per_rise), length);
  const L below = lesser(product(rise_below, length_per_rise), length);
  return product(length, ends) + (product(above, L((h + h) - ends)) - product(below, L((h + h) + ends)));
}

/// The widest gap that a side of one box leaves to the other box, negative where no side has the other box behind it:
/// pairs apart share exactly nothing, not a rounding error. Box b (half sizes w_b, h_b) stands at (x, y) in the frame
/// of box a (half sizes w, h), turned by the angle of cos and sin, both >= 0.
template <class L>
[[nodiscard]] inline L gap_between(const L& x, const L& y, const L& w, const L& h, const L& cos, const L& sin,
                                   const L& w_b, const L& h_b) noexcept {
  const L along = magnitude(L(product(cos, x) + product(sin, y))) - (w_b + (product(w, cos) + product(h, sin)));
  const L across = magnitude(L(product(cos, y) - product(sin, x))) - (h_b + (product(w, sin) + product(h, cos)));
  const L beside = magnitude(x) - (w + (product(w_b, cos) + product(h_b, sin)));
  const L above = magnitude(y) - (h + (product(w_b, sin) + product(h_b, cos)));
  return greater(greater(along, across), greater(beside, above));
}

/// The area that the two boxes of a pair share.
///
/// In the frame of box a (half sizes W, H), mirrored so that b turns by 0..90 degrees, b lies between a lower chain of
/// sides left -> bottom -> right and an upper chain left -> top -> right. The shared area is the integral over x in
/// [-W, W] of clamp(upper, -H, H) - clamp(lower, -H, H). No points are collected, nothing is sorted, there is no
/// tolerance; each step is continuous in its input.
template <class L, class T>
[[nodiscard]] inline L shared_area(const T* fields, std::size_t stride, const L& steepest) noexcept {
  const auto field = [&](std::size_t n) { return load<L>(fields + n * stride); };
  const L dx = field(0), dy = field(1), cos_a = field(2), sin_a = field(3), w = field(4), h = field(5);
  const L cos_b = field(6), sin_b = field(7), half_w_b = field(8), half_h_b = field(9);
  const L center_x = product(cos_a, dx) + product(sin_a, dy);
  const L turned_y = product(cos_a, dy) - product(sin_a, dx);
  const L turn = product(cos_a, sin_b) - product(sin_a, cos_b);
  const L center_y = turn < 0 ? -turned_y : turned_y;
  const L sin = magnitude(turn);
  const L cos = magnitude(L(product(cos_a, cos_b) + product(sin_a, sin_b)));

  const L w_cos = product(half_w_b, cos);
  const L w_sin = product(half_w_b, sin);
  const L h_cos = product(half_h_b, cos);
  const L h_sin = product(half_h_b, sin);
  const L left_x = center_x - (w_cos + h_sin);
  const L left_y = center_y + (h_cos - w_sin);
  const L right_x = center_x + (w_cos + h_sin);
  const L right_y = center_y - (h_cos - w_sin);
  const L bottom_x = center_x - (w_cos - h_sin);
  const L top_x = center_x + (w_cos - h_sin);

  const L left = clamped(left_x, L(-w), w);
  const L right = clamped(right_x, L(-w), w);
  const L bottom = clamped(bottom_x, L(-w), w);
  const L top = clamped(top_x, L(-w), w);
  // A side steeper than 1 / steepest is as good as vertical: what it adds is its width times at most 2 H.
  const L rise = sin / greater(cos, steepest);  // of the sides left -> top and bottom -> right, a unit along x
  const L fall = cos / greater(sin, steepest);  // of the others; 1 / rise

  const auto rising = [&](const L& from, const L& to, const L& x, const L& y) {
    const L low = y + product(L(from - x), rise), high = y + product(L(to - x), rise);
    return twice_clamped(L(to - from), low, high, fall, h);
  };
  const auto falling = [&](const L& from, const L& to, const L& x, const L& y) {
    const L high = y - product(L(from - x), fall), low = y - product(L(to - x), fall);
    return twice_clamped(L(to - from), low, high, rise, h);
  };
  const L upper = rising(left, top, left_x, left_y) + falling(top, right, right_x, right_y);
  const L lower = falling(left, bottom, left_x, left_y) + rising(bottom, right, right_x, right_y);
  const L shared = gap_between(center_x, center_y, w, h, cos, sin, half_w_b, half_h_b) >= 0 ? L{} : (upper - lower) / 2;
  const L least = field(10), most = field(11);
  const L capped = most < shared ? most : shared;
  return capped > least ? capped : least;  // NaN ends here, as the least
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
[[nodiscard, gnu::cold, gnu::noinline]] FrameChoice frame_of_equals(const PreparedRotatedBox<T>& a,
                                                                    const PreparedRotatedBox<T>& b) noexcept {
  const std::array<T, 6> key_a{a.half_w, a.half_h, a.cx, a.cy, a.cos, a.sin};
  const std::array<T, 6> key_b{b.half_w, b.half_h, b.cx, b.cy, b.cos, b.sin};
  return {key_b < key_a, key_a == key_b};
}

/// The box of the smaller area, whose sides bound the error.
template <class T>
[[nodiscard]] inline FrameChoice choose_frame(const PreparedRotatedBox<T>& a, const PreparedRotatedBox<T>& b) noexcept {
  if (a.area == b.area) [[unlikely]] {
    return frame_of_equals(a, b);
  }
  return {b.area < a.area, false};
}

/// Hands the fields that shared_area() reads to take(field, value), in their order.
template <class T, class Take>
inline void read_pair(const PreparedRotatedBox<T>& first, const PreparedRotatedBox<T>& second,
                      const Take& take) noexcept {
  const FrameChoice frame = choose_frame(first, second);
  const PreparedRotatedBox<T>* const both[2] = {&first, &second};  // a branch here would be guessed wrong half the time
  const PreparedRotatedBox<T>& a = *both[frame.second ? 1 : 0];
  const PreparedRotatedBox<T>& b = *both[frame.second ? 0 : 1];
  take(0, b.cx - a.cx);
  take(1, b.cy - a.cy);
  take(2, a.cos);
  take(3, a.sin);
  take(4, a.half_w);
  take(5, a.half_h);
  take(6, b.cos);
  take(7, b.sin);
  take(8, b.half_w);
  take(9, b.half_h);
  take(10, frame.same ? a.area : T{0});
  take(11, a.area);
}

}  // namespace detail

/// The area that two prepared rotated boxes share, in square pixels; in [0, the smaller area], symmetric to the bit.
///
/// Error <= 8 u (1 + k) of the smaller area, u the rounding unit of T, k = L (La + Lb + d) / smaller area, with L the
/// smaller diagonal, La and Lb both, d the distance of the centres. Identical boxes give exactly their area; sizes of
/// 0, negative or NaN give 0. O(1). The bits do not depend on compiler, optimisation, FMA, or on going through
/// intersection_areas().
template <class T>
[[nodiscard]] inline T intersection_area(const PreparedRotatedBox<T>& a, const PreparedRotatedBox<T>& b) noexcept {
  T fields[detail::pair_fields];
  detail::read_pair(a, b, [&fields](std::size_t field, T value) { fields[field] = value; });
  return detail::shared_area<T>(fields, 1, detail::steepest_cosine<T>);
}

/// The same for many pairs, one in each lane of a register: out[k] is the area that as[pairs[k].first] and
/// bs[pairs[k].second] share, with the bits of the single call.
///
/// `as` and `bs` may be the same memory. Throws std::invalid_argument when `out` and `pairs` differ in length; the rows
/// in `pairs` are not checked. O(pairs) time, 7 KiB of stack, no other memory. About 20 ns a pair with AVX2.
template <class T>
void intersection_areas(std::type_identity_t<std::span<const PreparedRotatedBox<T>>> as,
                        std::type_identity_t<std::span<const PreparedRotatedBox<T>>> bs,
                        std::span<const std::pair<Index, Index>> pairs, std::span<T> out) {
  detail::require_same_length("out", out.size(), "pairs", pairs.size());
  using L = detail::Lanes<T>;
  constexpr std::size_t lanes = detail::lane_count<T>;
  constexpr std::size_t chunk = 64;  // far enough between storing numbers and loading lanes (measured)
  alignas(L) T columns[detail::pair_fields][chunk] = {};
  alignas(L) T shared[chunk];
  const L steepest = L{} + detail::steepest_cosine<T>;
  for (std::size_t first = 0; first < pairs.size(); first += chunk) {
    const std::size_t count = (std::min)(chunk, pairs.size() - first);
    for (std::size_t k = 0; k < count; ++k) {
      const auto [i, j] = pairs[first + k];
      detail::read_pair(as[detail::at(i)], bs[detail::at(j)],
                        [&columns, k](std::size_t field, T value) { columns[field][k] = value; });
    }
    for (std::size_t k = 0; k < count; k += lanes) {
      detail::store(shared + k, detail::shared_area<L>(columns[0] + k, chunk, steepest));
    }
    std::copy_n(shared, count, out.data() + first);
  }
}

}  // namespace boxlap
