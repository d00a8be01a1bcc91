/// Overlaps of one box with sixteen others: lane by lane where few of them meet it, all at once where many do.
#pragma once

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>

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

/// Numbers of sixteen pairs or boxes.
template <class T>
struct alignas(64) BlockValues {
  T at[block_size];
};

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
template <class T>
[[nodiscard]] inline Lanes<T> lanes_from(const T* k) noexcept {
  return load<Lanes<T>>(std::assume_aligned<sizeof(Lanes<T>)>(k));
}

/// The areas of sixteen boxes.
template <class T>
[[nodiscard]] inline BlockValues<T> areas_of(const BoxBlock<T>& block) noexcept {
  BlockValues<T> areas;
  for (std::size_t k = 0; k < block_size; k += lane_count<T>) {
    const Lanes<T> w = lanes_from(block.x2 + k) - lanes_from(block.x1 + k);
    const Lanes<T> h = lanes_from(block.y2 + k) - lanes_from(block.y1 + k);
    store(areas.at + k, product<Lanes<T>>(w, h));
  }
  return areas;
}

/// One box in every lane.
template <class T>
struct BoxLanes {
  using L = Lanes<T>;
  explicit BoxLanes(const Box<T>& box) noexcept
      : x1(L{} + box.x1), y1(L{} + box.y1), x2(L{} + box.x2), y2(L{} + box.y2), area(L{} + boxlap::area(box)) {}
  L x1, y1, x2, y2, area;
};

/// What a matrix stores of a pair: measure(shared area, area of the row's box, area of the column's box), and whether
/// that is enough. What shares no area may be measured as 0 or as NaN: neither is kept.
template <class T, class Measure>
class OverlapValue {
 public:
  OverlapValue(const Measure& measure, double min) : measure_(measure), least_(least_kept<T>(min)) {}

  [[nodiscard]] T operator()(const Box<T>& row, const Box<T>& col) const { return of_areas(row, col, measure_); }
  [[nodiscard]] bool kept(T value) const noexcept { return value >= least_; }

  /// Fills in the values of `box` with all sixteen of a block, and returns which are kept. The box is that of the
  /// column if `box_is_col`. Equal to the bit to operator().
  template <bool box_is_col>
  [[nodiscard]] std::uint32_t of_all(const BoxBlock<T>& block, const BlockValues<T>& areas, const BoxLanes<T>& box,
                                     BlockValues<T>& values) const {
    using L = Lanes<T>;
    for (std::size_t k = 0; k < block_size; k += lane_count<T>) {
      const L left = greater(box.x1, lanes_from(block.x1 + k)), top = greater(box.y1, lanes_from(block.y1 + k));
      const L right = lesser(box.x2, lanes_from(block.x2 + k)), bottom = lesser(box.y2, lanes_from(block.y2 + k));
      const L shared = product<L>(greater(right, left) - left, greater(bottom, top) - top);
      const L area = lanes_from(areas.at + k);
      store(values.at + k, box_is_col ? measure_(shared, area, box.area) : measure_(shared, box.area, area));
    }
    return lanes_at_least(values.at, least_);
  }

  /// The same for lanes that meet the box; the others may keep the values they have.
  template <bool box_is_col>
  [[nodiscard]] std::uint32_t of_lanes(const BoxBlock<T>& block, std::uint32_t lanes, const Box<T>& box,
                                       BlockValues<T>& values) const {
    if (is_many(lanes)) {
      return of_all<box_is_col>(block, areas_of(block), BoxLanes<T>(box), values) & lanes;
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

  Measure measure_;
  T least_;
};

}  // namespace boxlap::detail
