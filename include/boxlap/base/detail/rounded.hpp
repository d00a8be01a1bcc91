/// A barrier against fused multiply-add, so that results have the same bits with every compiler and option.
///
/// Where the target has FMA, a compiler may contract a * b + c and round once instead of twice (the default of GCC,
/// which -ffp-contract=off changes for a whole file, and a header cannot rely on that). An IoU would then differ in its
/// last bit between a function that is called and one that is inlined. rounded() makes the product a value of its own.
///
/// Cost: none where the target has no FMA, else a multiplication and an addition instead of one instruction.
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
