/// Sixteen boxes in structure-of-arrays form, tested against one box at once: the unit in which trees, joins and
/// all-pairs tests work.
///
/// Comparing boxes one by one costs an unpredictable branch each. Here a query box is put in every lane of a register
/// and compared with four (float) or two (double) boxes an instruction; the answer is a bitmask of lanes. Sixteen is
/// the fan-out of the tree, one cache line a coordinate in float, and the width of a byte compare in SSE2.
///
/// Free lanes hold an inverted box of finite numbers, which overlaps no finite box. An infinite query box would seem to
/// overlap them, so callers mask the lanes in use.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>

#include "../../base/detail/compiler.hpp"
#include "../../base/detail/lanes.hpp"
#include "../../base/index.hpp"
#include "../../shape/box.hpp"

#if BOXLAP_SSE2
#include <emmintrin.h>
#endif

namespace boxlap::detail {

inline constexpr Index block_size = 16;
inline constexpr std::uint32_t every_lane = (std::uint32_t{1} << block_size) - 1;

/// Sixteen boxes, coordinate by coordinate. A free lane holds an inverted box of the largest finite numbers: nothing
/// meets it, and unlike NaN it means the same under -ffast-math.
template <class T>
struct alignas(64) BoxBlock {
  static constexpr T most = (std::numeric_limits<T>::max)();
  T x1[block_size], y1[block_size], x2[block_size], y2[block_size];

  [[nodiscard]] static constexpr Box<T> no_box() noexcept { return {most, most, -most, -most}; }
  void set(Index lane, const Box<T>& box) noexcept {
    x1[lane] = box.x1;
    y1[lane] = box.y1;
    x2[lane] = box.x2;
    y2[lane] = box.y2;
  }
  [[nodiscard]] Box<T> get(Index lane) const noexcept { return {x1[lane], y1[lane], x2[lane], y2[lane]}; }

  /// The smallest box around all sixteen; a free lane changes nothing.
  [[nodiscard]] Box<T> bounds() const noexcept {
    constexpr auto low = [](const auto& a, const auto& b) { return lesser(a, b); };
    constexpr auto high = [](const auto& a, const auto& b) { return greater(a, b); };
    return {extreme(x1, low), extreme(y1, low), extreme(x2, high), extreme(y2, high)};
  }

 private:
  /// What is left of sixteen when of each two more_extreme(a, b) is kept.
  template <class MoreExtreme>
  [[nodiscard]] static T extreme(const T* x, const MoreExtreme& more_extreme) noexcept {
    using L = Lanes<T>;
    L lanes = load<L>(x);
    for (std::size_t k = lane_count<T>; k < block_size; k += lane_count<T>) {
      lanes = more_extreme(lanes, load<L>(x + k));
    }
    T each[lane_count<T>];
    store(each, lanes);
    for (std::size_t width = lane_count<T> / 2; width > 0; width /= 2) {
      for (std::size_t k = 0; k < width; ++k) {
        each[k] = more_extreme(each[k], each[k + width]);
      }
    }
    return each[0];
  }
};

/// Whether a box can be in a join: it has extent, or, where touching counts, corners in order and a point that is not
/// at infinity (the difference of two infinities is NaN). False for NaN.
template <class T>
[[nodiscard]] constexpr bool takes_part(const Box<T>& box, bool touching) noexcept {
  const bool has_points = (box.x2 - box.x1 >= 0) & (box.y2 - box.y1 >= 0);
  const bool has_area = (box.x1 < box.x2) & (box.y1 < box.y2);
  return touching ? has_points : has_area;
}

#if BOXLAP_VECTORS
/// Four boxes, coordinate by coordinate. Loads of whole boxes and shuffles take half the time of putting single numbers
/// side by side.
template <class T>
struct FourBoxes {
  using Four = Lanes<T, 4 * sizeof(T)>;
  Four x1, y1, x2, y2;

  FourBoxes(const Box<T>& box_a, const Box<T>& box_b, const Box<T>& box_c, const Box<T>& box_d) noexcept {
    Four a, b, c, d;
    std::memcpy(&a, &box_a, sizeof a);
    std::memcpy(&b, &box_b, sizeof b);
    std::memcpy(&c, &box_c, sizeof c);
    std::memcpy(&d, &box_d, sizeof d);
    const Four low_ab = __builtin_shufflevector(a, b, 0, 4, 1, 5), low_cd = __builtin_shufflevector(c, d, 0, 4, 1, 5);
    const Four high_ab = __builtin_shufflevector(a, b, 2, 6, 3, 7), high_cd = __builtin_shufflevector(c, d, 2, 6, 3, 7);
    x1 = __builtin_shufflevector(low_ab, low_cd, 0, 1, 4, 5);
    y1 = __builtin_shufflevector(low_ab, low_cd, 2, 3, 6, 7);
    x2 = __builtin_shufflevector(high_ab, high_cd, 0, 1, 4, 5);
    y2 = __builtin_shufflevector(high_ab, high_cd, 2, 3, 6, 7);
  }

  /// Whether each of them has extent.
  [[nodiscard]] bool all_have_extent() const noexcept {
    const auto extent = (x1 < x2) & (y1 < y2);
    std::uint64_t words[sizeof extent / sizeof(std::uint64_t)];
    std::memcpy(words, &extent, sizeof extent);
    std::uint64_t all = ~std::uint64_t{0};
    for (const std::uint64_t word : words) {
      all &= word;
    }
    return all == ~std::uint64_t{0};
  }
};
#endif

/// Bit k is set where box k of `block` shares area with `box`; lanes before `first`, a multiple of four, are left out.
template <Index first = 0, class T>
[[nodiscard]] constexpr std::uint32_t overlapping_lanes(const BoxBlock<T>& block, const Box<T>& box) noexcept {
  std::uint32_t lanes = 0;
  for (Index k = first; k < block_size; ++k) {
    const bool overlap =
        (block.x1[k] < box.x2) & (box.x1 < block.x2[k]) & (block.y1[k] < box.y2) & (box.y1 < block.y2[k]);
    lanes |= static_cast<std::uint32_t>(overlap) << k;
  }
  return lanes;
}

#if BOXLAP_SSE2
// Four compares a register, spelled out: what compilers make of the loop above takes 5 to 30 ns, this 2 to 5 (measured
// with g++ 12 and clang 14 at -O2 and -O3, with and without AVX2). Every x86-64 has SSE2.

/// A box in every lane, and how it is compared with lanes k to k + 3 of a block.
struct FloatQuery {
  __m128 x1, y1, x2, y2;

  BOXLAP_ALWAYS_INLINE explicit FloatQuery(const Box<float>& box) noexcept
      : x1(_mm_set1_ps(box.x1)), y1(_mm_set1_ps(box.y1)), x2(_mm_set1_ps(box.x2)), y2(_mm_set1_ps(box.y2)) {}
  [[nodiscard]] BOXLAP_ALWAYS_INLINE __m128i four(const BoxBlock<float>& block, Index k) const noexcept {
    const __m128 x =
        _mm_and_ps(_mm_cmplt_ps(_mm_load_ps(block.x1 + k), x2), _mm_cmplt_ps(x1, _mm_load_ps(block.x2 + k)));
    const __m128 y =
        _mm_and_ps(_mm_cmplt_ps(_mm_load_ps(block.y1 + k), y2), _mm_cmplt_ps(y1, _mm_load_ps(block.y2 + k)));
    return _mm_castps_si128(_mm_and_ps(x, y));
  }
};
struct DoubleQuery {
  __m128d x1, y1, x2, y2;

  BOXLAP_ALWAYS_INLINE explicit DoubleQuery(const Box<double>& box) noexcept
      : x1(_mm_set1_pd(box.x1)), y1(_mm_set1_pd(box.y1)), x2(_mm_set1_pd(box.x2)), y2(_mm_set1_pd(box.y2)) {}
  [[nodiscard]] BOXLAP_ALWAYS_INLINE __m128i four(const BoxBlock<double>& block, Index k) const noexcept {
    return _mm_castps_si128(_mm_shuffle_ps(two(block, k), two(block, k + 2), _MM_SHUFFLE(2, 0, 2, 0)));  // lower halves
  }
  [[nodiscard]] BOXLAP_ALWAYS_INLINE __m128 two(const BoxBlock<double>& block, Index k) const noexcept {
    const __m128d x =
        _mm_and_pd(_mm_cmplt_pd(_mm_load_pd(block.x1 + k), x2), _mm_cmplt_pd(x1, _mm_load_pd(block.x2 + k)));
    const __m128d y =
        _mm_and_pd(_mm_cmplt_pd(_mm_load_pd(block.y1 + k), y2), _mm_cmplt_pd(y1, _mm_load_pd(block.y2 + k)));
    return _mm_castpd_ps(_mm_and_pd(x, y));
  }
};

template <Index first, class Query, class T>
[[nodiscard]] BOXLAP_ALWAYS_INLINE inline std::uint32_t lanes_of_fours(const BoxBlock<T>& block,
                                                                       const Box<T>& box) noexcept {
  const Query query(box);
  const __m128i none = _mm_setzero_si128();
  const __m128i low = _mm_packs_epi32(first > 0 ? none : query.four(block, 0), first > 4 ? none : query.four(block, 4));
  const __m128i high = _mm_packs_epi32(first > 8 ? none : query.four(block, 8), query.four(block, 12));
  return static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_packs_epi16(low, high)));
}

template <Index first = 0>
[[nodiscard]] BOXLAP_ALWAYS_INLINE inline std::uint32_t overlapping_lanes(const BoxBlock<float>& block,
                                                                          const Box<float>& box) noexcept {
  return lanes_of_fours<first, FloatQuery>(block, box);
}
template <Index first = 0>
[[nodiscard]] BOXLAP_ALWAYS_INLINE inline std::uint32_t overlapping_lanes(const BoxBlock<double>& block,
                                                                          const Box<double>& box) noexcept {
  return lanes_of_fours<first, DoubleQuery>(block, box);
}
#endif

}  // namespace boxlap::detail
