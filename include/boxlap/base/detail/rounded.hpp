/// A product rounded before it is used, whatever the compiler would like to fuse.
#pragma once

#include <concepts>
#include <type_traits>

#include "compiler.hpp"

namespace boxlap::detail {

/// x, as it would be read back from memory: no multiply-add may swallow the rounding of the product that x is.
///
/// Without this, -O3 -march=x86-64-v3 contracts `area_a + w * h` and an IoU differs in its last bit between a called
/// and an inlined function.
template <std::floating_point T>
[[nodiscard]] constexpr T rounded(T x) noexcept {
  if (!std::is_constant_evaluated()) {
    BOXLAP_HOLD(x);
  }
  return x;
}

}  // namespace boxlap::detail
