/// A rotated box made ready for the kernel, and several of them side by side.
#pragma once

#include <cstddef>
#include <utility>

#include "../base/detail/compiler.hpp"
#include "../base/detail/lanes.hpp"

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

}  // namespace detail
}  // namespace boxlap
