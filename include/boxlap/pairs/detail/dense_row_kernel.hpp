/// Writes rows of a dense matrix: boxes are measured with whole blocks, and the values that are kept are packed to the
/// front (stream compaction, left-packing).
///
/// Where most boxes overlap, a branch a pair costs more than the measuring. With AVX2 eight values are compared at once
/// and moved by a permutation that a table of 256 entries names; elsewhere every lane is stored and the place advances
/// by 0 or 1. Both may write up to a block behind the end, which callers provide for. AVX2 code is chosen at run time
/// and gives the same bits.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "../../base/detail/compiler.hpp"
#include "../../base/detail/lanes.hpp"
#include "../../base/index.hpp"
#include "block_overlap.hpp"
#include "box_block.hpp"

namespace boxlap::detail {

/// So many blocks are measured at once, for so many rows.
inline constexpr std::size_t most_blocks = 32, most_rows = 4;

/// Numbers of so many blocks.
template <class T>
using ValuesOfBlocks = std::array<BlockValues<T>, most_blocks>;

/// The boxes of the columns, block by block.
template <class T>
struct ColumnBlocks {
  const BoxBlock<T>* boxes;
  const Index* cols;
  const BlockValues<T>* areas;
};

/// A row: its box, the blocks that it is measured with, and where among the columns it is itself.
template <class T>
struct BlockRow {
  Box<T> box;
  std::span<const Index> blocks;
  Index own_block = none, own_lane = 0;
};

/// Where the entries of each row end.
using RowEnds = std::array<std::size_t, most_rows>;

/// The values of a row, one of its blocks after the other; 0 with itself.
template <class L, class T, class Measure>
BOXLAP_ALWAYS_INLINE inline void measure_row(const BlockRow<T>& row, const ColumnBlocks<T>& columns,
                                             const Measure& measure, ValuesOfBlocks<T>& values) noexcept {
  const BoxLanes<L> box(row.box);
  for (std::size_t n = 0; n < row.blocks.size(); ++n) {
    const Index block = row.blocks[n];
    measure_block<false>(columns.boxes[at(block)], columns.areas[at(block)], box, measure, values[n].at);
    if (block == row.own_block) {
      values[n].at[row.own_lane] = 0;
    }
  }
}

/// Writes the entries of a row whose value is at least `least` from cols[0] and values[0] on, and one more behind them.
/// Returns how many.
template <class T>
[[nodiscard]] std::size_t keep_by_lanes(const BlockRow<T>& row, const Index* block_cols,
                                        const ValuesOfBlocks<T>& block_values, T least, Index* cols,
                                        T* values) noexcept {
  std::size_t size = 0;
  for (std::size_t n = 0; n < row.blocks.size(); ++n) {
    const Index* const c = block_cols + at(row.blocks[n]) * at(block_size);
    const T* const v = block_values[n].at;
    const std::uint32_t kept = lanes_at_least(v, least);
    if (kept == every_lane) {
      std::memcpy(cols + size, c, at(block_size) * sizeof(Index));
      std::memcpy(values + size, v, at(block_size) * sizeof(T));
      size += at(block_size);
      continue;
    }
    for (std::size_t lane = 0; lane < at(block_size); ++lane) {  // branchless: a branch would be mispredicted
      cols[size] = c[lane];
      values[size] = v[lane];
      size += kept >> lane & 1;
    }
  }
  return size;
}

/// Writes the entries of up to most_rows rows whose value is at least `least`, one row behind the other, and up to
/// eight more behind them.
template <class T, class Measure>
[[nodiscard]] RowEnds write_rows(std::span<const BlockRow<T>> rows, const ColumnBlocks<T>& columns,
                                 const Measure& measure, T least, Index* cols, T* values) noexcept {
  RowEnds ends{};
  ValuesOfBlocks<T> block_values;
  std::size_t size = 0;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    measure_row<Lanes<T>>(rows[r], columns, measure, block_values);
    size += keep_by_lanes(rows[r], columns.cols, block_values, least, cols + size, values + size);
    ends[r] = size;
  }
  return ends;
}

#if BOXLAP_AVX2_CALLS
// The same for processors with AVX2, whatever else a program is compiled for: twice as fast. In the compilers' own
// functions, as <immintrin.h> would cost every user more to include than all of boxlap.

/// The bits that are set in each byte, ascending, four bits for each.
struct SetBits {
  std::uint32_t of[256] = {};
  constexpr SetBits() noexcept {
    for (std::uint32_t byte = 1; byte < 256; ++byte) {
      of[byte] = of[byte & (byte - 1)] << 4 | static_cast<std::uint32_t>(std::countr_zero(byte));
    }
  }
};
inline constexpr SetBits set_bits;

/// keep_by_lanes(), eight lanes at once. What is kept of them moves to the front by a permutation: of a place only the
/// lowest three bits count, so those of set_bits need no mask.
template <class T>
[[nodiscard, gnu::target("avx2,popcnt")]] BOXLAP_ALWAYS_INLINE inline std::size_t keep_by_avx2(
    const BlockRow<T>& row, const Index* block_cols, const ValuesOfBlocks<T>& block_values, T least, Index* cols,
    T* values) noexcept {
  std::size_t size = 0;
  using Numbers = Lanes<T, 32>;
  using Integers = Lanes<std::int32_t, 32>;
  using Bits = Lanes<std::uint32_t, 32>;
  constexpr Bits shifts{0, 4, 8, 12, 16, 20, 24, 28};
  const Numbers enough = Numbers{} + least;
  for (std::size_t n = 0; n < row.blocks.size(); ++n) {
    const Index* const c = block_cols + at(row.blocks[n]) * at(block_size);
    const T* const v = block_values[n].at;
    for (std::size_t k = 0; k < at(block_size); k += 8) {
      unsigned kept;
      if constexpr (sizeof(T) == sizeof(float)) {
        Numbers numbers;
        lanes_from(v + k, numbers);
        kept = static_cast<unsigned>(__builtin_ia32_movmskps256(Numbers(numbers >= enough)));
        numbers = __builtin_ia32_permvarsf256(numbers, Integers((Bits{} + set_bits.of[kept]) >> shifts));
        std::memcpy(values + size, &numbers, sizeof numbers);
      } else {  // four and four; a number is two places wide
        constexpr Bits twice{0, 0, 4, 4, 8, 8, 12, 12}, halves{0, 1, 0, 1, 0, 1, 0, 1};
        Numbers low, high;
        lanes_from(v + k, low);
        lanes_from(v + k + 4, high);
        const unsigned kept_low = static_cast<unsigned>(__builtin_ia32_movmskpd256(Numbers(low >= enough)));
        const unsigned kept_high = static_cast<unsigned>(__builtin_ia32_movmskpd256(Numbers(high >= enough)));
        const Integers order_low = Integers(((Bits{} + set_bits.of[kept_low]) >> twice << 1) | halves);
        const Integers order_high = Integers(((Bits{} + set_bits.of[kept_high]) >> twice << 1) | halves);
        low = Numbers(__builtin_ia32_permvarsi256(Integers(low), order_low));
        high = Numbers(__builtin_ia32_permvarsi256(Integers(high), order_high));
        std::memcpy(values + size, &low, sizeof low);
        std::memcpy(values + size + __builtin_popcount(kept_low), &high, sizeof high);
        kept = kept_low | kept_high << 4;
      }
      Integers eight_cols;
      std::memcpy(&eight_cols, c + k, sizeof eight_cols);
      eight_cols = __builtin_ia32_permvarsi256(eight_cols, Integers((Bits{} + set_bits.of[kept]) >> shifts));
      std::memcpy(cols + size, &eight_cols, sizeof eight_cols);
      size += static_cast<std::size_t>(__builtin_popcount(kept));
    }
  }
  return size;
}

template <class T, class Measure>
[[nodiscard, gnu::target("avx2,popcnt")]] RowEnds write_rows_avx2(std::span<const BlockRow<T>> rows,
                                                                  const ColumnBlocks<T>& columns,
                                                                  const Measure& measure, T least, Index* cols,
                                                                  T* values) noexcept {
  RowEnds ends{};
  ValuesOfBlocks<T> block_values;
  std::size_t size = 0;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    measure_row<Lanes<T, 32>>(rows[r], columns, measure, block_values);
    size += keep_by_avx2(rows[r], columns.cols, block_values, least, cols + size, values + size);
    ends[r] = size;
  }
  return ends;
}

/// Whether the processor that runs this has what they are compiled for.
[[nodiscard]] inline bool has_avx2() noexcept {
  return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("popcnt") != 0;
}
#else
template <class T, class Measure>
[[nodiscard]] RowEnds write_rows_avx2(std::span<const BlockRow<T>> rows, const ColumnBlocks<T>& columns,
                                      const Measure& measure, T least, Index* cols, T* values) noexcept {
  return write_rows(rows, columns, measure, least, cols, values);
}

[[nodiscard]] inline bool has_avx2() noexcept { return false; }
#endif

}  // namespace boxlap::detail
