/// The matrix of a join of few boxes: compared all with all, row by row, so entries are found in their final order.
///
/// Three ways, by density: whole blocks are measured without asking who overlaps (dense_rows.hpp); a bitmask of
/// overlaps comes first, and whole blocks follow where it is dense; or the pairs of the bitmask are measured one by
/// one. Nothing is allocated but the result.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "../../base/detail/compiler.hpp"
#include "../csr.hpp"
#include "block_overlap.hpp"
#include "dense_rows.hpp"
#include "meeting_bitmask.hpp"
#include "tree_join.hpp"

namespace boxlap::detail {

/// Measures the pairs that may meet one by one, and writes those that are kept from cols[0] and values[0] on; room for
/// all of them is needed. Returns how many.
template <bool self, class T, class Measure>
[[nodiscard]] std::size_t write_each(const TreeJoin<self, T>& join, const MeetingBitmask& meetings,
                                     const OverlapValue<T, Measure>& value_of, std::vector<Index>& row_offsets,
                                     Index* cols, T* values) {
  RowOffsets offsets(row_offsets);
  std::size_t size = 0;
  for (Index k = 0; k < join.a.size(); ++k) {
    offsets.begin(join.a.leaf_rows(0)[k], size);
    const Box<T> box = join.a.leaf(k / block_size).get(k % block_size);
    for (Index w = 0; w < meetings.words(); ++w) {
      for (std::uint64_t lanes = meetings.word(k, w); lanes != 0; lanes &= lanes - 1) {
        const Index other = w * MeetingBitmask::blocks_per_word * block_size + std::countr_zero(lanes);
        cols[size] = join.b.leaf_rows(0)[other];
        values[size] = value_of(box, join.b.leaf(other / block_size).get(other % block_size));
        size += static_cast<std::size_t>(value_of.kept(values[size]));
      }
    }
  }
  offsets.begin(static_cast<Index>(row_offsets.size()) - 1, size);
  return size;
}

/// The rows of a matrix where boxes crowd. A function of its own, so that its stack is not there beside that of the
/// other one.
template <bool self, class T, class Measure>
BOXLAP_NOINLINE void measure_all(const TreeJoin<self, T>& join, const OverlapValue<T, Measure>& value_of,
                                 Csr<T>& result) {
  ListedEntries<T> listed;
  DenseRows<self, T, Measure>(join, value_of, listed, result).write_all();
}

/// The rows of a matrix where boxes crowd in places, or nowhere.
template <bool self, class T, class Measure>
BOXLAP_NOINLINE void measure_meetings(const TreeJoin<self, T>& join, const OverlapValue<T, Measure>& value_of,
                                      Csr<T>& result) {
  MeetingBitmask meetings(join);
  ListedEntries<T> listed;
  if (const std::size_t count = meetings.count(); blocks_pay<T>(count, meetings.count_blocks())) {
    DenseRows<self, T, Measure>(join, value_of, listed, result).write(meetings);
  } else if (count <= listed.most) {
    const std::size_t size =
        write_each(join, meetings, value_of, result.row_offsets, listed.cols.data(), listed.values.data());
    result.col_indices.assign(listed.cols.data(), listed.cols.data() + size);
    result.values.assign(listed.values.data(), listed.values.data() + size);
  } else {
    meetings.make_exact(join);
    const std::size_t most = meetings.count();
    result.col_indices.resize(most);
    result.values.resize(most);
    const std::size_t size =
        write_each(join, meetings, value_of, result.row_offsets, result.col_indices.data(), result.values.data());
    result.col_indices.resize(size);
    result.values.resize(size);
  }
}

/// The matrix of a join of unordered trees that fit; with `self` both halves are stored.
template <bool self, class T, class Measure>
[[nodiscard]] Csr<T> small_matrix(const TreeJoin<self, T>& join, Index rows, Index cols,
                                  const OverlapValue<T, Measure>& value_of) {
  Csr<T> result{rows, cols, std::vector<Index>(at(rows) + 1), {}, {}};
  if (most_blocks_meet(join)) {
    measure_all(join, value_of, result);
  } else {
    measure_meetings(join, value_of, result);
  }
  return result;
}

}  // namespace boxlap::detail
