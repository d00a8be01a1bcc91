/// A product rounded before it is used, whatever the compiler would like to fuse.
#pragma once

#include <concepts>
#include <type_traits>

namespace boxlap::detail {

/// x, as it would be read back from memory: no multiply-add may swallow the rounding of the product that x is.
///
/// Without this, -O3 -march=x86-64-v3 contracts `area_a + w * h` and an IoU differs in its last bit between a called
/// and an inlined function. Both builtins are free: they emit no instruction and block only contraction and
/// re-association. Compilers with neither (MSVC) do not contract by default.
template <std::floating_point T>
[[nodiscard]] constexpr T rounded(T x) noexcept {
  if (std::is_constant_evaluated()) {
    return x;
  }
#if defined(__clang__) && defined(__has_builtin)
#if __has_builtin(__arithmetic_fence) && (defined(__x86_64__) || defined(__i386__) || __clang_major__ >= 17)
  return __arithmetic_fence(x);
#else
  T stored = x;
  asm volatile("" : "+m"(stored));
  return stored;
#endif
#elif defined(__GNUC__)
  return __builtin_assoc_barrier(x);
#else
  return x;
#endif
}

}  // namespace boxlap::detail
