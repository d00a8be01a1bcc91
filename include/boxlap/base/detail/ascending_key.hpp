/// Numbers as unsigned integers that sort as they do.
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
