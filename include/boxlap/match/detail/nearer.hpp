/// Which of eight neighbouring columns a row brings nearer: the inner loop of searches that meet everything.
#pragma once

#include <concepts>
#include <cstdint>

#include "../../base/detail/compiler.hpp"
#include "../../base/index.hpp"

#if BOXLAP_SSE2
#include <emmintrin.h>
#endif

namespace boxlap::detail {

inline constexpr Index columns_at_once = 8;

#if BOXLAP_SSE2
[[nodiscard]] inline __m128d load_two(const double* values) noexcept { return _mm_loadu_pd(values); }
[[nodiscard]] inline __m128d load_two(const float* values) noexcept {
  return _mm_cvtps_pd(_mm_unpacklo_ps(_mm_load_ss(values), _mm_load_ss(values + 1)));
}
#endif

/// Bit k is set where base + duals[k] - (values[k] - gate), computed in this order, is below reached[k] and not above
/// `limit`.
///
/// In whole rows of overlaps one column in three hundred is (2,000 boxes that all meet), so asking eight at once halves
/// the time of a search. With SSE2, which every x86-64 has, spelled out: compilers make a branch a column of the loop.
template <std::floating_point T>
[[nodiscard]] std::uint32_t nearer_columns(double base, const double* duals, const double* reached, double limit,
                                           const T* values, double gate) noexcept {
  std::uint32_t nearer = 0;
#if BOXLAP_SSE2
  const __m128d from = _mm_set1_pd(base), most = _mm_set1_pd(limit), shift = _mm_set1_pd(gate);
  for (Index k = 0; k < columns_at_once; k += 2) {
    const __m128d gain = _mm_sub_pd(load_two(values + k), shift);
    const __m128d there = _mm_sub_pd(_mm_add_pd(from, _mm_loadu_pd(duals + k)), gain);
    const __m128d is_nearer = _mm_and_pd(_mm_cmplt_pd(there, _mm_loadu_pd(reached + k)), _mm_cmple_pd(there, most));
    nearer |= static_cast<std::uint32_t>(_mm_movemask_pd(is_nearer)) << k;
  }
#else
  for (Index k = 0; k < columns_at_once; ++k) {
    const double there = base + duals[k] - (static_cast<double>(values[k]) - gate);
    nearer |= static_cast<std::uint32_t>((there < reached[k]) & (there <= limit)) << k;
  }
#endif
  return nearer;
}

}  // namespace boxlap::detail
