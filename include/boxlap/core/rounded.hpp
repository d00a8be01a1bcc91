/// A product rounded before it is used, whatever the compiler would like to fuse.
#pragma once

#include <concepts>
#include <type_traits>

namespace boxlap::detail {

/// x, as it would be read back from memory: no multiply-add may swallow the rounding of the product that x is.
///
/// Without this, -O3 -march=x86-64-v3 contracts `area_a + w * h` and an IoU differs in its last bit between a called
/// and an inlined function. GCC's barrier emits no instruction. Clang's __arithmetic_fence does nothing under
/// -ffp-contract=fast alone; adding zero is as good: what is contracted then is fma(w, h, 0), the rounded product. (-0
/// becomes 0.) Compilers with neither (MSVC) do not contract by default.
template <std::floating_point T>
[[nodiscard]] constexpr T rounded(T x) noexcept {
  if (std::is_constant_evaluated()) {
    return x;
  }
#if defined(__clang__) && defined(__x86_64__) && !defined(__FMA__) && !defined(__FMA4__)
  return x;  // no instruction to contract into
#elif defined(__clang__)
  return x + T{0};
#elif defined(__GNUC__)
  return __builtin_assoc_barrier(x);
#else
  return x;
#endif
}

}  // namespace boxlap::detail
