/// SIMD lanes: several numbers in one register, with the operators of one number.
///
/// A kernel is written once, as a template over its number type L, and runs on one number or on lanes. The type is the
/// compilers' own vector extension: it needs no header and no intrinsics, and BOXLAP_HOLD() works on it. Compilers
/// without the extension get one number a "register", and the same results, slower.
///
/// Invariant: the same bits on one number and on lanes, with and without fused multiply-add. Products are therefore
/// rounded before they are added to anything: write product(a, b) + c, never a * b + c.
#pragma once

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <type_traits>

#include "compiler.hpp"

namespace boxlap::detail {

inline constexpr std::size_t lane_bytes = BOXLAP_LANE_BYTES;

/// `bytes` of T side by side, by default as many as one register of the target holds. The compilers' own vector type
/// rather than Eigen's array: it needs no header, and rounded() works on it. A compiler without the extension gets one
/// number, and the same bits.
#if BOXLAP_VECTORS
template <class T, std::size_t bytes>
struct LanesOf {
  using type [[gnu::vector_size(bytes)]] = T;
};
#else
template <class T, std::size_t bytes>
struct LanesOf {
  using type = T;
};
#endif
template <class T, std::size_t bytes = lane_bytes>
using Lanes = typename LanesOf<T, bytes>::type;

template <class T>
inline constexpr std::size_t lane_count = sizeof(Lanes<T>) / sizeof(T);

/// Lanes (or one number) from memory, which must be aligned as they are.
template <class L, class T>
[[nodiscard]] inline L load(const T* from) noexcept {
  L lanes;
  std::memcpy(&lanes, from, sizeof lanes);
  return lanes;
}

template <class L, class T>
inline void store(T* to, const L& lanes) noexcept {
  std::memcpy(to, &lanes, sizeof lanes);
}

/// a *= b, rounded before anything is added to it: a kernel gives the same bits on one number and on lanes, with and
/// without FMA. L is a floating-point number or lanes of it, here and below. A target without FMA has nothing to hold
/// back, and gcc 12 would take lanes of float apart to do so.
template <class L>
BOXLAP_ALWAYS_INLINE inline void multiply(L& a, const L& b) noexcept {
  a = a * b;
#if BOXLAP_CAN_FUSE
  BOXLAP_HOLD(a);
#endif
}

/// a * b, rounded in the same way.
template <class L>
[[nodiscard]] inline L product(const L& a, const L& b) noexcept {
  L result = a;
  multiply(result, b);
  return result;
}

/// The smaller of two; b where one of them is NaN.
template <class L>
[[nodiscard]] inline L lesser(const L& a, const L& b) noexcept {
  return a < b ? a : b;
}

/// The greater of two; b where one of them is NaN.
template <class L>
[[nodiscard]] inline L greater(const L& a, const L& b) noexcept {
  return a > b ? a : b;
}

template <class L>
[[nodiscard]] inline L magnitude(const L& a) noexcept {
  if constexpr (std::is_floating_point_v<L>) {
    return std::abs(a);
  } else {
    using Bits = decltype(a < a);  // a maximum would wait for the units that add
    return std::bit_cast<L>(std::bit_cast<Bits>(a) & ~std::bit_cast<Bits>(-L{}));
  }
}

template <class L>
[[nodiscard]] inline L clamped(const L& a, const L& low, const L& high) noexcept {
  return lesser(greater(a, low), high);
}

}  // namespace boxlap::detail
