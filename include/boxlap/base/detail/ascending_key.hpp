/// Numbers as unsigned integers of the same order: the keys of a radix sort.
///
/// A radix sort needs unsigned digits, and comparing floats has no order for NaN. The bits of an IEEE number ascend
/// with it while it is positive and descend while it is negative: setting the sign bit of the one and inverting the
/// other gives integers that ascend over all numbers (Herf 2001). NaN gets the greatest key, -0 the key of +0.
///
/// Cost: O(1), without a branch that depends on the data.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace boxlap::detail {

/// As many bits as T has.
template <class T>
using BitsOf = std::conditional_t<sizeof(T) <= 4, std::uint32_t, std::uint64_t>;

/// An unsigned integer that ascends as x does; -0 equals +0, NaN is above +inf whatever its sign.
template <class T>
requires std::is_arithmetic_v<T>
[[nodiscard]] constexpr BitsOf<T> ascending_key(T x) noexcept {
  using Bits = BitsOf<T>;
  constexpr Bits sign = Bits{1} << (std::numeric_limits<Bits>::digits - 1);
  if constexpr (std::floating_point<T>) {
    static_assert(sizeof(T) == sizeof(Bits), "boxlap orders float and double");
    if (x != x) {
      return (std::numeric_limits<Bits>::max)();
    }
    const Bits bits = std::bit_cast<Bits>(x + T{0});  // -0 + 0 is +0
    return (bits & sign) != 0 ? static_cast<Bits>(~bits) : static_cast<Bits>(bits | sign);
  } else if constexpr (std::signed_integral<T>) {
    return static_cast<Bits>(static_cast<Bits>(x) ^ sign);
  } else {
    return static_cast<Bits>(x);
  }
}

}  // namespace boxlap::detail
