/// The matrix of a join of few boxes: every box asks every other, and what is found is in its place already.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "block_overlap.hpp"
#include "csr.hpp"
#include "tree_join.hpp"

namespace boxlap::detail {

/// The bits that are set in `masks`. Four masks at a time: without -mpopcnt compilers call a function for each.
[[nodiscard]] inline std::size_t bits_set(std::span<const std::uint16_t> masks) noexcept {
  constexpr std::uint64_t pairs = 0x5555555555555555U, fours = 0x3333333333333333U, bytes = 0x0f0f0f0f0f0f0f0fU;
  std::size_t count = 0;
  for (std::size_t k = 0; k < masks.size(); k += 4) {
    std::uint64_t x = 0;
    std::memcpy(&x, &masks[k], (masks.size() - k >= 4 ? 4 : masks.size() - k) * sizeof masks[k]);
    x -= (x >> 1) & pairs;
    x = (x & fours) + ((x >> 2) & fours);
    x = (x + (x >> 4)) & bytes;
    count += static_cast<std::size_t>((x * 0x0101010101010101U) >> 56);
  }
  return count;
}

/// Which boxes of b each box of a meets, a bit each, on the stack.
class FewMeetings {
 public:
  /// Whether there is room for a join of trees: both unordered, some 100,000 tests of a box against a box.
  template <Meeting meeting, bool self, class T, class Ask>
  [[nodiscard]] static bool fit(const TreeJoin<meeting, self, T, Ask>& join) noexcept {
    return !join.a.ordered() && !join.b.ordered() &&
           static_cast<std::int64_t>(join.a.size()) * join.b.leaves() <= static_cast<std::int64_t>(most);
  }

  template <Meeting meeting, bool self, class T, class Ask>
  explicit FewMeetings(const TreeJoin<meeting, self, T, Ask>& join) noexcept : blocks_(at(join.b.leaves())) {
    for (Index k = 0; k < join.a.size(); ++k) {
      const auto asking = join.ask(join.a.leaf(k / block_size).get(k % block_size));
      for (Index block = 0; block < join.b.leaves(); ++block) {
        masks_[size_++] = static_cast<std::uint16_t>(join.b.template meeting_boxes<meeting>(block, asking));
      }
      if constexpr (self) {
        masks_[size_ - blocks_ + at(k / block_size)] &= static_cast<std::uint16_t>(~(1U << (k % block_size)));
      }
    }
  }

  [[nodiscard]] std::size_t count() const noexcept { return bits_set(std::span(masks_.data(), size_)); }

  /// Of box k of a and a block of b.
  [[nodiscard]] std::uint32_t lanes(Index k, Index block) const noexcept { return masks_[at(k) * blocks_ + at(block)]; }

 private:
  static constexpr std::size_t most = 8192;
  std::size_t blocks_, size_ = 0;
  std::array<std::uint16_t, most> masks_;
};

/// The matrix of a join that fits; with `self` both halves are stored. Allocates nothing but the result.
template <Meeting meeting, bool self, class T, class Ask, class Measure>
[[nodiscard]] Csr<T> csr_of_few(const TreeJoin<meeting, self, T, Ask>& join, Index rows, Index cols,
                                const OverlapValue<T, Measure>& value_of) {
  const PackedTree<T>&a = join.a, &b = join.b;
  const FewMeetings meetings(join);
  const std::size_t most = meetings.count();
  Csr<T> result{rows, cols, std::vector<Index>(at(rows) + 1), std::vector<Index>(most), std::vector<T>(most)};
  std::size_t size = 0;
  Index row = 0;
  BlockValues<T> values;
  for (Index k = 0; k < a.size(); ++k) {
    const Index row_of_k = a.leaf_rows(k / block_size)[k % block_size];
    const Box<T> box = a.leaf(k / block_size).get(k % block_size);
    while (row < row_of_k) {
      result.row_offsets[at(++row)] = static_cast<Index>(size);
    }
    for (Index block = 0; block < b.leaves(); ++block) {
      const std::uint32_t hits = meetings.lanes(k, block);
      if (hits == 0) {
        continue;
      }
      const Index* cols_of_block = b.leaf_rows(block);
      std::uint32_t kept = value_of.template of_block<false>(b.leaf(block), hits, box, values);
      if (kept == every_lane) {
        std::copy_n(cols_of_block, block_size, result.col_indices.data() + size);
        std::copy_n(values.at, block_size, result.values.data() + size);
        size += block_size;
        continue;
      }
      for (; kept != 0; kept &= kept - 1) {
        const int lane = std::countr_zero(kept);
        result.col_indices[size] = cols_of_block[lane];
        result.values[size++] = values.at[lane];
      }
    }
  }
  while (row < rows) {
    result.row_offsets[at(++row)] = static_cast<Index>(size);
  }
  result.col_indices.resize(size);
  result.values.resize(size);
  return result;
}

}  // namespace boxlap::detail
