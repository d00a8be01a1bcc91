/// The area that any two polygons share, as a signed sum over the pairs of their sides.
///
/// Overlay algorithms (Vatti 1992, Greiner and Hormann 1998) build the overlap: they need all crossings, exact or
/// snapped, and fail or branch on degenerate input. The area alone needs none of that. The indicator of a shape is the
/// sum of sign * [y below side] over its sides, so the shared area is the sum over all pairs of sides of sign * sign *
/// the integral of min(side, side) over their common range of x: a closed form for each pair.
///
/// Cost: O(pairs with a common range of x), found by a sweep over x that tests sixteen sides at once. Candidates go to
/// the kernel through a short list, so that neither finding nor summing branches on a pair. Invariant: terms are summed
/// with compensation (two_sum.hpp), and a result below the rounding of its own sum is 0.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <numeric>
#include <span>

#include "../../base/detail/compiler.hpp"
#include "../../base/detail/lanes.hpp"
#include "../../base/detail/two_sum.hpp"
#include "../box.hpp"
#include "../point.hpp"
#include "side.hpp"
#include "side_blocks.hpp"

#if BOXLAP_SSE2
#include <emmintrin.h>
#endif

namespace boxlap::detail {
inline namespace BOXLAP_PATH {

/// Candidate pairs: a side of one shape, and a mirrored block of sides of the other that may overlap it.
struct SidePair {
  const double *side, *block;
};

/// Twice the signed overlap of candidate pairs, summed up; and the size of the terms, each of which may be wrong by the
/// rounding of a height of either shape times the width.
///
/// The depth of an overlap is linear over the common range of two sides. With P and N the sums of its positive and of
/// its negative parts at both ends, the mean of its positive part is P P / 2 (P + N): no branch on where it is 0.
struct PairSum {
  using L = Lanes<double>;
  double heights;           ///< see PairBounds
  L sum{}, rest{}, size{};  ///< rest: what rounding took from sum, which may be far larger on the way than at its end

  BOXLAP_NOINLINE void add(std::span<const SidePair> found) noexcept {
    while (!found.empty()) {
      add_batch(found.first((std::min)(found.size(), pack_size)));
      found = found.subspan((std::min)(found.size(), pack_size));
    }
  }

 private:
  /// A few pairs are summed plainly, then added with compensation: over many pairs the sum grows far beyond its end
  /// value on the way, and each plain step would round it.
  BOXLAP_ALWAYS_INLINE void add_batch(std::span<const SidePair> found) noexcept {
    using Blocks = SideBlocks;
    constexpr std::size_t lanes = Blocks::lanes;
    const L zero{}, smallest = zero + (std::numeric_limits<double>::min)();
    L sum_of_found{}, size_of_found{}, widths_of_found{};
    for (const auto [a, b] : found) {
      const auto from_a = [side = a, zero](Blocks::Field f) { return side[f * lanes] - zero; };
      const auto from_b = [block = b](Blocks::Field f) {
        return load<L>(std::assume_aligned<sizeof(L)>(block + f * lanes));
      };
      const L left_a = from_a(Blocks::left), y_a = from_a(Blocks::left_y), slope_a = from_a(Blocks::slope);
      const L left_b = from_b(Blocks::left), y_b = from_b(Blocks::left_y), slope_b = from_b(Blocks::slope);
      const L from = greater(left_a, left_b);
      const L to = greater(from, lesser(from_a(Blocks::right), from_b(Blocks::right)));
      const L width = to - from;
      const L a0 = y_a + product(L(from - left_a), slope_a), b0 = y_b + product(L(from - left_b), slope_b);
      const L depth0 = a0 + b0, depth1 = depth0 + product(width, L(slope_a + slope_b));
      const L depth = greater(depth0, zero) + greater(depth1, zero);
      const L range = depth + (depth - (depth0 + depth1));
      const L term = product(width, product(depth, L(depth / (range + smallest))));
      sum_of_found += product(term, product(from_a(Blocks::sign), from_b(Blocks::sign)));
      size_of_found += term;
      widths_of_found += width;
    }
    const auto [total, error] = two_sum(sum, sum_of_found);
    rest += error;
    sum = total;
    size += size_of_found + widths_of_found * (zero + heights);
  }
};

template <class L>
[[nodiscard]] inline double horizontal_sum(const L& lanes) noexcept {
  std::array<double, lane_count<double>> values;
  store(values.data(), lanes);
  return std::accumulate(values.begin(), values.end(), 0.0);
}

/// Broad phase: up to sixteen sides in float, tested at once against the bounds of a block of the other shape.
///
/// Rounding to float keeps <= (it is monotone), so no pair that overlaps is missed; some that do not are candidates
/// too.
class SixteenSides {
 public:
  using Blocks = SideBlocks;
  static constexpr std::size_t most = 16;

  SixteenSides(const SideBlocks& sides, std::size_t first) noexcept
      : all_((std::uint32_t{1} << (std::min)(most, sides.size() - first)) - 1) {
    for (std::size_t k = 0; k < most; k += 4) {
      const std::size_t from =
          all_ >> k != 0 ? first + k : first;  // lanes past the last side are masked out: any side fills them
      round(sides, from, Blocks::left, left_ + k);
      round(sides, from, Blocks::right, right_ + k);
      round(sides, from, Blocks::top, top_ + k);
    }
  }

  /// The greatest right end.
  [[nodiscard]] float reach() const noexcept {
    float furthest = right_[0];
    for (std::size_t k = 1; all_ >> k != 0; ++k) {
      furthest = greater(furthest, right_[k]);
    }
    return furthest;
  }

  /// Bit k is set where side k may overlap a side of `block`.
  [[nodiscard]] std::uint32_t candidates(const double* block) const noexcept {
    const auto left = static_cast<float>(Blocks::get(block, Blocks::left));
    const auto reach = static_cast<float>(Blocks::reach(block));
    const auto depth = static_cast<float>(-Blocks::peak(block));
#if BOXLAP_SSE2
    const __m128 lefts = _mm_set1_ps(left), reaches = _mm_set1_ps(reach), depths = _mm_set1_ps(depth);
    const auto four = [&](std::size_t k) {
      const __m128 in_x =
          _mm_and_ps(_mm_cmple_ps(lefts, _mm_load_ps(right_ + k)), _mm_cmple_ps(_mm_load_ps(left_ + k), reaches));
      return _mm_castps_si128(_mm_and_ps(in_x, _mm_cmple_ps(depths, _mm_load_ps(top_ + k))));
    };
    const __m128i low = _mm_packs_epi32(four(0), four(4)), high = _mm_packs_epi32(four(8), four(12));
    return static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_packs_epi16(low, high))) & all_;
#else
    std::uint32_t met = 0;
    for (std::size_t k = 0; all_ >> k != 0; ++k) {
      met |= static_cast<std::uint32_t>((left <= right_[k]) & (left_[k] <= reach) & (depth <= top_[k])) << k;
    }
    return met;
#endif
  }

 private:
  /// Rounds one field of up to four sides from k on.
  static void round(const SideBlocks& sides, std::size_t k, Blocks::Field f, float* to) noexcept {
#if BOXLAP_SSE2 && BOXLAP_VECTORS  // else a block has one side
    const double* const low = sides.side(k) + f * Blocks::lanes;
    const double* const high = k + 2 < sides.size() ? sides.side(k + 2) + f * Blocks::lanes : low;
    _mm_store_ps(to, _mm_movelh_ps(_mm_cvtpd_ps(_mm_load_pd(low)), _mm_cvtpd_ps(_mm_load_pd(high))));
#else
    for (std::size_t n = 0; n < 4; ++n) {
      to[n] = static_cast<float>(Blocks::get(sides.side((std::min)(k + n, sides.size() - 1)), f));
    }
#endif
  }

  std::uint32_t all_;
  alignas(16) float left_[most], right_[most], top_[most];
};

inline constexpr std::size_t candidates_at_once = 128;

/// Tests a few sides against all blocks, one by one; candidates are compacted without a branch on the data.
inline void add_few(const SideBlocks& a, const SideBlocks& b, PairSum& sum) noexcept {
  using Blocks = SideBlocks;
  std::array<SidePair, candidates_at_once> found;
  std::size_t count = 0;
  for (std::size_t k = 0; k < a.size(); ++k) {
    const double* side = a.side(k);
    const double left = Blocks::get(side, Blocks::left), right = Blocks::get(side, Blocks::right);
    const double top = Blocks::get(side, Blocks::top);
    for (std::size_t m = 0; m < b.blocks(); ++m) {
      const double* block = b.block(m);
      found[count] = {side, block};
      const double start = Blocks::get(block, Blocks::left), reach = Blocks::reach(block);
      const double depth = -Blocks::peak(block);
      count += static_cast<std::size_t>((start < right) & (left < reach) & (depth < top));
    }
  }
  sum.add({found.data(), count});
}

/// Finds candidates in a sweep over x, sixteen sides of a at a time. Most of a sweep's time goes to mispredicted
/// branches where there are a few dozen sides; a bitmask for sixteen sides has one branch instead of sixteen. Sides of
/// b that have ended are compacted away from time to time.
inline void add_pairs(const SideBlocks& a, SideBlocks& b, PairSum& sum) noexcept {
  using Blocks = SideBlocks;
  constexpr std::size_t lanes = Blocks::lanes, sixteen = SixteenSides::most, at_once = 64 / sixteen;
  constexpr std::size_t often = 4 * sixteen, many = 64 / lanes;  // sides and blocks from one compaction to the next
  std::array<SidePair, candidates_at_once> found;
  std::size_t count = 0;
  const std::size_t blocks = b.blocks();
  std::size_t begin = 0, started = 0, end = a.size() > sixteen ? 0 : blocks;
  for (std::size_t first = 0; first < a.size(); first += sixteen) {
    const SixteenSides sides(a, first);
    if (a.size() > sixteen) {  // blocks before `begin` have ended, those from `end` on start later
      const double left = Blocks::get(a.side(first), Blocks::left);
      const float reach = sides.reach();
      while (started < blocks && Blocks::get(b.side((started + 1) * lanes - 1), Blocks::left) <= left) {
        ++started;
      }
      if (first % often == 0 && started > begin + many) {
        sum.add({found.data(), count});  // before sides of b change their places
        count = 0;
        begin = b.keep_beyond(left, begin * lanes, started * lanes) / lanes;
      }
      while (begin < blocks && Blocks::reach(b.block(begin)) <= left) {
        ++begin;
      }
      end = (std::max)(begin, started);
      while (end < blocks && static_cast<float>(Blocks::get(b.block(end), Blocks::left)) <= reach) {
        ++end;
      }
    }
    for (std::size_t next = begin; next < end; next += at_once) {
      std::uint64_t met = 0;
      for (std::size_t m = (std::min)(next + at_once, end); m-- > next;) {
        met = met << sixteen | sides.candidates(b.block(m));
      }
      if (count + 64 > found.size()) {
        sum.add({found.data(), count});
        count = 0;
      }
      for (; met != 0; met &= met - 1) {
        const auto bit = static_cast<std::size_t>(std::countr_zero(met));
        found[count++] = {a.side(first + bit % sixteen), b.block(next + bit / sixteen)};
      }
    }
  }
  sum.add({found.data(), count});
}

/// Twice the area that two sets of sides share within the window both were taken for, b mirrored; `heights` as in
/// PairBounds.
///
/// The indicator of a shape is the sum over its sides of sign * [y < side], and the signs of the sides at any x add up
/// to 0. So the shared area is the sum over all pairs of -sign * sign * integral of max(0, side - side) over their
/// common range of x. Pairs in which b's side is the upper one add nothing.
[[nodiscard]] BOXLAP_NOINLINE inline TwiceArea shared_area(const SideBlocks& a, SideBlocks& b,
                                                           double heights) noexcept {
  constexpr std::size_t few = 4;  // sides that are tested one by one
  PairSum pairs{heights};
  if (a.size() <= few && a.size() * b.blocks() <= candidates_at_once) {
    add_few(a, b, pairs);
  } else {
    add_pairs(a, b, pairs);
  }
  return {horizontal_sum(pairs.sum) + horizontal_sum(pairs.rest), horizontal_sum(pairs.size)};
}

/// The area that two shapes with these bounds share.
[[nodiscard]] inline double shared_area_by_pairs(const SortedSides& a, const SortedSides& b, const PairBounds& bounds) {
  const Box<double> common = bounds.common();
  const Point<double> origin{common.x1, common.y1};
  const Box<double> window{0, 0, common.x2 - common.x1, common.y2 - common.y1};
  SideBlocks near_a(a.size()), near_b(b.size());
  near_a.take(a, origin, window, SideBlocks::Placing::upright);
  near_b.take(b, origin, window, SideBlocks::Placing::mirrored);
  return bounds.area_above_rounding(shared_area(near_a, near_b, bounds.heights()));
}

}  // namespace BOXLAP_PATH
}  // namespace boxlap::detail
