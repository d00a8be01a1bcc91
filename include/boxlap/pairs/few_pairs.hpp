/// The matrix of a join of few boxes: what is found is in its place already.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "block_overlap.hpp"
#include "csr.hpp"
#include "few_meetings.hpp"
#include "tree_join.hpp"

namespace boxlap::detail {

/// So many pairs that may meet have room on the stack.
inline constexpr std::size_t most_listed = 4096;

/// Writes where each row of a matrix begins, as rows come one after the other.
class RowOffsets {
 public:
  explicit RowOffsets(std::vector<Index>& offsets) noexcept : offsets_(offsets) {}

  /// The entries so far are of rows before this one.
  void begin(Index row, std::size_t entries) noexcept {
    while (row_ < row) {
      offsets_[at(++row_)] = static_cast<Index>(entries);
    }
  }

 private:
  std::vector<Index>& offsets_;
  Index row_ = 0;
};

/// Measures the pairs that may meet one by one, and writes those that are kept from cols[0] and values[0] on; room for
/// all of them is needed. Returns how many.
template <class Join, class T, class Measure>
[[nodiscard]] std::size_t write_each(const Join& join, const FewMeetings& meetings,
                                     const OverlapValue<T, Measure>& value_of, RowOffsets& offsets, Index* cols,
                                     T* values) {
  std::size_t size = 0;
  for (Index k = 0; k < join.a.size(); ++k) {
    offsets.begin(join.a.leaf_rows(0)[k], size);
    const Box<T> box = join.a.leaf(k / block_size).get(k % block_size);
    for (Index w = 0; w < meetings.words(); ++w) {
      for (std::uint64_t lanes = meetings.word(k, w); lanes != 0; lanes &= lanes - 1) {
        const Index other = w * FewMeetings::word_blocks * block_size + std::countr_zero(lanes);
        cols[size] = join.b.leaf_rows(0)[other];
        values[size] = value_of(box, join.b.leaf(other / block_size).get(other % block_size));
        size += static_cast<std::size_t>(value_of.kept(values[size]));
      }
    }
  }
  return size;
}

/// The same, block by block. All that may meet must do.
template <class Join, class T, class Measure>
[[nodiscard]] std::size_t write_blocks(const Join& join, const FewMeetings& meetings,
                                       const OverlapValue<T, Measure>& value_of, RowOffsets& offsets, Index* cols,
                                       T* values) {
  std::size_t size = 0;
  BlockValues<T> of_block;
  for (Index k = 0; k < join.a.size(); ++k) {
    offsets.begin(join.a.leaf_rows(0)[k], size);
    const Box<T> box = join.a.leaf(k / block_size).get(k % block_size);
    for (Index block = 0; block < join.b.leaves(); ++block) {
      const std::uint32_t hits = meetings.lanes(k, block);
      if (hits == 0) {
        continue;
      }
      const Index* const cols_of_block = join.b.leaf_rows(block);
      std::uint32_t kept = value_of.template of_block<false>(join.b.leaf(block), hits, box, of_block);
      if (kept == every_lane) {
        std::copy_n(cols_of_block, block_size, cols + size);
        std::copy_n(of_block.at, block_size, values + size);
        size += at(block_size);
        continue;
      }
      for (; kept != 0; kept &= kept - 1) {
        const int lane = std::countr_zero(kept);
        cols[size] = cols_of_block[lane];
        values[size++] = of_block.at[lane];
      }
    }
  }
  return size;
}

/// The matrix of a join of unordered trees that fit; with `self` both halves are stored. Allocates nothing but the
/// result.
template <class Join, class T, class Measure>
[[nodiscard]] Csr<T> csr_of_few(const Join& join, Index rows, Index cols, const OverlapValue<T, Measure>& value_of) {
  Csr<T> result{rows, cols, std::vector<Index>(at(rows) + 1), {}, {}};
  RowOffsets offsets(result.row_offsets);
  FewMeetings meetings(join);
  std::size_t size = 0;
  if (const std::size_t count = meetings.count(); count <= most_listed && meetings.are_sparse(count)) {
    std::array<Index, most_listed> listed;
    std::array<T, most_listed> values;
    size = write_each(join, meetings, value_of, offsets, listed.data(), values.data());
    result.col_indices.assign(listed.data(), listed.data() + size);
    result.values.assign(values.data(), values.data() + size);
  } else {
    meetings.make_exact(join);
    const std::size_t most = meetings.count();
    result.col_indices.resize(most);
    result.values.resize(most);
    size = meetings.are_sparse(most)
               ? write_each(join, meetings, value_of, offsets, result.col_indices.data(), result.values.data())
               : write_blocks(join, meetings, value_of, offsets, result.col_indices.data(), result.values.data());
    result.col_indices.resize(size);
    result.values.resize(size);
  }
  offsets.begin(rows, size);
  return result;
}

}  // namespace boxlap::detail
