/// Overlaps of one box with sixteen others: lane by lane where few of them meet it, all at once where many do.
#pragma once

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "../shape/lanes.hpp"
#include "../shape/overlap.hpp"
#include "box_block.hpp"

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

/// Bit k is set where values[k] >= least; values are sixteen, aligned as a block.
template <class T>
[[nodiscard]] inline std::uint32_t lanes_at_least(const T* values, T least) noexcept {
  std::uint32_t lanes = 0;
#if defined(__SSE2__)
  if constexpr (sizeof(T) == sizeof(float)) {
    for (int k = 0; k < block_size; k += 4) {
      const int four = _mm_movemask_ps(_mm_cmpge_ps(_mm_load_ps(values + k), _mm_set1_ps(least)));
      lanes |= static_cast<std::uint32_t>(four) << k;
    }
    return lanes;
  }
#endif
  for (int k = 0; k < block_size; ++k) {
    lanes |= static_cast<std::uint32_t>(values[k] >= least) << k;
  }
  return lanes;
}

/// Values of overlap, sixteen at a time.
template <class T>
struct alignas(64) BlockValues {
  T at[block_size];
};

/// What a matrix stores of a pair: measure(shared area, area of the row's box, area of the column's box), and whether
/// that is enough.
template <class T, class Measure>
class OverlapValue {
 public:
  OverlapValue(const Measure& measure, double min) : measure_(measure), least_(least_kept<T>(min)) {}

  [[nodiscard]] T operator()(const Box<T>& row, const Box<T>& col) const { return of_areas(row, col, measure_); }
  [[nodiscard]] bool kept(T value) const noexcept { return value >= least_; }

  /// Fills in the values of `box` with those of a block that `lanes` names, and returns which of these are kept. All of
  /// them meet the box. The box is that of the column if `box_is_col`. Equal to the bit to operator().
  template <bool box_is_col>
  [[nodiscard]] std::uint32_t of_block(const BoxBlock<T>& block, std::uint32_t lanes, const Box<T>& box,
                                       BlockValues<T>& values) const {
    if (is_many(lanes)) {
      measure_all<box_is_col>(block, box, values);
      return lanes_at_least(values.at, least_) & lanes;
    }
    std::uint32_t result = 0;
    for (; lanes != 0; lanes &= lanes - 1) {
      const int lane = std::countr_zero(lanes);
      const Box<T> other = block.get(lane);
      values.at[lane] = box_is_col ? (*this)(other, box) : (*this)(box, other);
      result |= static_cast<std::uint32_t>(kept(values.at[lane])) << lane;
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

  /// Lanes that do not meet the box get any number.
  template <bool box_is_col>
  void measure_all(const BoxBlock<T>& block, const Box<T>& box, BlockValues<T>& values) const {
    using L = Lanes<T>;
    const L x1 = L{} + box.x1, y1 = L{} + box.y1, x2 = L{} + box.x2, y2 = L{} + box.y2;
    const L area_of_box = L{} + area(box);
    for (std::size_t k = 0; k < block_size; k += lane_count<T>) {
      const L bx1 = load<L>(block.x1 + k), by1 = load<L>(block.y1 + k);
      const L bx2 = load<L>(block.x2 + k), by2 = load<L>(block.y2 + k);
      const L shared = product<L>(lesser(x2, bx2) - greater(x1, bx1), lesser(y2, by2) - greater(y1, by1));
      const L area_of_lane = product<L>(bx2 - bx1, by2 - by1);
      store(values.at + k,
            box_is_col ? measure_(shared, area_of_lane, area_of_box) : measure_(shared, area_of_box, area_of_lane));
    }
  }

  Measure measure_;
  T least_;
};

}  // namespace boxlap::detail
