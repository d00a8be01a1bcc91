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

/// So few pairs that may meet, and so few of a block, are measured faster one by one (measured).
inline constexpr std::size_t most_listed = 4096, listed_lanes = 4;

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

/// Measures each pair that may meet, and copies what is kept.
template <class Join, class T, class Measure>
void list_pairs(const Join& join, const FewMeetings& meetings, const OverlapValue<T, Measure>& value_of,
                Csr<T>& result) {
  std::array<Index, most_listed> cols;
  std::array<T, most_listed> values;
  std::size_t size = 0;
  RowOffsets offsets(result.row_offsets);
  for (Index k = 0; k < join.a.size(); ++k) {
    offsets.begin(join.a.leaf_rows(0)[k], size);
    const Box<T> box = join.a.leaf(k / block_size).get(k % block_size);
    for (Index block = 0; block < join.b.leaves(); block += 4) {
      for (std::uint64_t lanes = meetings.lanes_of_four(k, block); lanes != 0; lanes &= lanes - 1) {
        const Index other = block * block_size + std::countr_zero(lanes);
        cols[size] = join.b.leaf_rows(0)[other];
        values[size] = value_of(box, join.b.leaf(other / block_size).get(other % block_size));
        size += static_cast<std::size_t>(value_of.kept(values[size]));
      }
    }
  }
  offsets.begin(result.rows, size);
  result.col_indices.assign(cols.data(), cols.data() + size);
  result.values.assign(values.data(), values.data() + size);
}

/// Measures the pairs block by block and writes what is kept to its place. All that may meet do.
template <class Join, class T, class Measure>
void write_blocks(const Join& join, const FewMeetings& meetings, const OverlapValue<T, Measure>& value_of,
                  Csr<T>& result) {
  const std::size_t most = meetings.count();
  result.col_indices.resize(most);
  result.values.resize(most);
  Index* const cols = result.col_indices.data();
  T* const values = result.values.data();
  std::size_t size = 0;
  RowOffsets offsets(result.row_offsets);
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
  offsets.begin(result.rows, size);
  result.col_indices.resize(size);
  result.values.resize(size);
}

/// The matrix of a join of unordered trees that fit; with `self` both halves are stored. Allocates nothing but the
/// result.
template <class Join, class T, class Measure>
[[nodiscard]] Csr<T> csr_of_few(const Join& join, Index rows, Index cols, const OverlapValue<T, Measure>& value_of) {
  Csr<T> result{rows, cols, std::vector<Index>(at(rows) + 1), {}, {}};
  FewMeetings meetings(join);
  if (const std::size_t count = meetings.count();
      count <= most_listed && count * at(block_size) <= meetings.asked() * listed_lanes) {
    list_pairs(join, meetings, value_of, result);
  } else {
    meetings.make_exact(join);
    write_blocks(join, meetings, value_of, result);
  }
  return result;
}

}  // namespace boxlap::detail
