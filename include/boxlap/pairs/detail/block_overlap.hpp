/// Overlap values of one box with a block of sixteen others.
///
/// Two ways give the same bits. Where few lanes overlap, each is measured by itself. From four lanes on it takes no
/// longer to measure the whole block in vector registers and to drop the lanes that are below the threshold: no branch
/// a pair. One side of the shared rectangle is not clamped then; what comes out is at most 0 or NaN exactly where boxes
/// share nothing, and such values are never kept.
///
/// The kernels are also compiled for AVX2 in functions of their own (dense_row_kernel.hpp).
#pragma once

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>

#include "../../base/detail/compiler.hpp"
#include "../../base/detail/lanes.hpp"
#include "../../shape/overlap.hpp"
#include "box_block.hpp"

#if BOXLAP_SSE2
#include <emmintrin.h>
#endif

namespace boxlap::detail {

/// The smallest value that a matrix keeps: value >= least_kept(min) is value > 0 && double(value) >= min.
template <class R>
[[nodiscard]] R least_kept(double min) noexcept {
  using Limits = std::numeric_limits<R>;
  if (!(min > static_cast<double>(Limits::denorm_min()))) {
    return Limits::denorm_min();
  }
  if (min > static_cast<double>((Limits::max)())) {
    return Limits::infinity();
  }
  const R nearest = static_cast<R>(min);
  return static_cast<double>(nearest) >= min ? nearest : std::nextafter(nearest, Limits::infinity());
}

/// Numbers of sixteen pairs or boxes.
template <class T>
struct alignas(64) BlockValues {
  T at[block_size];
};

/// Bit k is set where values[k] >= least; values are sixteen, aligned as a block.
template <class T>
[[nodiscard]] inline std::uint32_t lanes_at_least(const T* values, T least) noexcept {
  std::uint32_t lanes = 0;
#if BOXLAP_SSE2
  if constexpr (sizeof(T) == sizeof(float)) {
    for (int k = 0; k < block_size; k += 4) {
      const int four = _mm_movemask_ps(_mm_cmpge_ps(_mm_load_ps(values + k), _mm_set1_ps(least)));
      lanes |= static_cast<std::uint32_t>(four) << k;
    }
    return lanes;
  } else if constexpr (sizeof(T) == sizeof(double)) {
    for (int k = 0; k < block_size; k += 2) {
      const int two = _mm_movemask_pd(_mm_cmpge_pd(_mm_load_pd(values + k), _mm_set1_pd(least)));
      lanes |= static_cast<std::uint32_t>(two) << k;
    }
    return lanes;
  }
#endif
  for (int k = 0; k < block_size; ++k) {
    lanes |= static_cast<std::uint32_t>(values[k] >= least) << k;
  }
  return lanes;
}

/// Lanes of a block from k on. That they are aligned spares the compiler an instruction for each.
template <class L, class T>
BOXLAP_ALWAYS_INLINE inline void lanes_from(const T* k, L& lanes) noexcept {
  std::memcpy(&lanes, std::assume_aligned<sizeof(L)>(k), sizeof lanes);
}

/// One box in every lane.
template <class L>
struct BoxLanes {
  template <class T>
  BOXLAP_ALWAYS_INLINE explicit BoxLanes(const Box<T>& box) noexcept
      : x1(L{} + box.x1), y1(L{} + box.y1), x2(L{} + box.x2), y2(L{} + box.y2), area(L{} + boxlap::area(box)) {}
  L x1, y1, x2, y2, area;
};

// The kernels below are compiled for wider registers too than the rest of a program has (block_rows.hpp). So lanes
// are neither passed nor returned by value: how that is done differs between the two, and clang refuses to call one
// from the other.

/// The areas of sixteen boxes.
template <class L, class T>
BOXLAP_ALWAYS_INLINE inline void measure_areas(const BoxBlock<T>& block, BlockValues<T>& areas) noexcept {
  for (std::size_t k = 0; k < block_size; k += sizeof(L) / sizeof(T)) {
    L x1, y1, x2, y2;
    lanes_from(block.x1 + k, x1);
    lanes_from(block.y1 + k, y1);
    lanes_from(block.x2 + k, x2);
    lanes_from(block.y2 + k, y2);
    L area = x2 - x1;
    multiply(area, y2 - y1);
    std::memcpy(areas.at + k, &area, sizeof area);
  }
}

/// The values of a box with all sixteen of a block, aligned as one. The box is that of the column if `box_is_col`. One
/// side of what they share is not clamped: where it is negative, so is the value, or else it is 0 or NaN, and none of
/// these is kept.
template <bool box_is_col, class L, class T, class Measure>
BOXLAP_ALWAYS_INLINE inline void measure_block(const BoxBlock<T>& block, const BlockValues<T>& areas,
                                               const BoxLanes<L>& box, const Measure& measure, T* values) noexcept {
  for (std::size_t k = 0; k < block_size; k += sizeof(L) / sizeof(T)) {
    L left, top, right, bottom, area, value;
    lanes_from(block.x1 + k, left);
    lanes_from(block.y1 + k, top);
    lanes_from(block.x2 + k, right);
    lanes_from(block.y2 + k, bottom);
    lanes_from(areas.at + k, area);
    left = box.x1 > left ? box.x1 : left;
    top = box.y1 > top ? box.y1 : top;
    right = box.x2 < right ? box.x2 : right;
    bottom = box.y2 < bottom ? box.y2 : bottom;
    L shared = (right > left ? right : left) - left;
    multiply(shared, bottom - top);
    if constexpr (box_is_col) {
      measure(shared, area, box.area, value);
    } else {
      measure(shared, box.area, area, value);
    }
    std::memcpy(values + k, &value, sizeof value);
  }
}

/// measure(shared area, area of the row's shape, area of the column's shape), which writes to its last argument.
template <class R, class Measure>
[[nodiscard]] R measured(const Measure& measure, const R& shared, const R& row_area, const R& col_area) noexcept {
  R value;
  measure(shared, row_area, col_area, value);
  return value;
}

/// What a matrix stores of a pair, and whether that is enough. What shares no area may be measured as 0, as NaN or as
/// less than 0: none of them is kept.
template <class T, class Measure>
class OverlapValue {
 public:
  OverlapValue(const Measure& measure, double min) : measure_(measure), least_(least_kept<T>(min)) {}

  [[nodiscard]] T operator()(const Box<T>& row, const Box<T>& col) const {
    return of_areas(row, col, [this](T shared, T row_area, T col_area) {
      return measured<T>(measure_, shared, row_area, col_area);
    });
  }
  [[nodiscard]] const Measure& measure() const noexcept { return measure_; }
  [[nodiscard]] T least() const noexcept { return least_; }
  [[nodiscard]] bool kept(T value) const noexcept { return value >= least_; }

  /// Fills in the values of `box` with all sixteen of a block, and returns which are kept. The box is that of the
  /// column if `box_is_col`. Equal to the bit to operator() where they are.
  template <bool box_is_col>
  [[nodiscard]] std::uint32_t of_all(const BoxBlock<T>& block, const Box<T>& box, T* values) const {
    using L = Lanes<T>;
    BlockValues<T> areas;
    measure_areas<L>(block, areas);
    measure_block<box_is_col>(block, areas, BoxLanes<L>(box), measure_, values);
    return lanes_at_least(values, least_);
  }

  /// The same for lanes that meet the box; the others may keep the values they have.
  template <bool box_is_col>
  [[nodiscard]] std::uint32_t of_lanes(const BoxBlock<T>& block, std::uint32_t lanes, const Box<T>& box,
                                       T* values) const {
    if (is_many(lanes)) {
      return of_all<box_is_col>(block, box, values) & lanes;
    }
    std::uint32_t result = 0;
    for (; lanes != 0; lanes &= lanes - 1) {
      const int lane = std::countr_zero(lanes);
      const Box<T> other = block.get(lane);
      values[lane] = box_is_col ? (*this)(other, box) : (*this)(box, other);
      result |= static_cast<std::uint32_t>(kept(values[lane])) << lane;
    }
    return result;
  }

 private:
  /// Four or more: sixteen at once then take no longer (measured).
  [[nodiscard]] static bool is_many(std::uint32_t lanes) noexcept {
    lanes &= lanes - 1;
    lanes &= lanes - 1;
    return (lanes & (lanes - 1)) != 0;
  }

  Measure measure_;
  T least_;
};

}  // namespace boxlap::detail
