/// Which way the pairs of a join of boxes become a sparse matrix.
///
///   few boxes          compared all with all, on the stack                     small_matrix.hpp
///   few pairs a row    listed, then sorted                                     sorted_matrix.hpp
///   many pairs a row   counted, then written to their places                   count_then_fill.hpp
///
/// All ways give the same matrix. The sizes decide about the first, a sample of the pairs about the others.
#pragma once

#include "collect_chunks.hpp"
#include "count_then_fill.hpp"
#include "pair_density.hpp"
#include "range_join.hpp"
#include "small_matrix.hpp"
#include "sorted_matrix.hpp"

namespace boxlap::detail {

/// Whether the matrix of boxes of n rows and of m is made without ordering them.
[[nodiscard]] inline bool matrix_is_small(Index n, Index m) noexcept {
  return too_small_to_order(n, m) || MeetingBitmask::fits(n, m);
}

/// How a matrix of boxes is made.
template <class T>
[[nodiscard]] JoinPlan plan_matrix(const JoinSide<T>& a, const JoinSide<T>& b) noexcept {
  const bool has_index = a.index_tree != nullptr || b.index_tree != nullptr;
  return {.ordered = has_index || !matrix_is_small(a.boxes.size(), b.boxes.size())};
}

/// The matrix of a join of boxes.
template <bool self, class T, class Measure>
[[nodiscard]] Csr<T> csr_of_boxes(const TreeJoin<self, T>& join, Index rows, Index cols, Team& team,
                                  const OverlapValue<T, Measure>& value_of) {
  if (!join.a.ordered() && !join.b.ordered() && MeetingBitmask::fits(join.a.size(), join.b.size())) {
    return small_matrix(join, rows, cols, value_of);
  }
  const double pairs_of_row = pairs_a_row<PairsOf::slots>(join) * (self ? 2 : 1);
  if (pairs_of_row >= many_pairs_a_row) {
    return csr_in_two_passes(join, rows, cols, team, value_of);
  }
  const ListSizes list{expected_pairs(pairs_of_row), longest_list(join, rows, cols)};
  return csr_by_sorting(join, rows, cols, team, list, value_of);
}

}  // namespace boxlap::detail
