/// Sparse overlap matrices: the measures, and the way in which the pairs of a join become a matrix.
///
///   few boxes          compared all with all, on the stack                     small_matrix.hpp
///   few pairs a row    listed, then sorted                                     sorted_matrix.hpp
///   many pairs a row   counted, then written to their places                   count_then_fill.hpp
///
/// All ways give the same matrix. The sizes decide about the first, a sample of the pairs about the others. Other
/// shapes than boxes have one way of their own (shape_matrix.hpp).
#pragma once

#include <cmath>
#include <type_traits>

#include "../../base/detail/compiler.hpp"
#include "../../base/detail/error.hpp"
#include "../../base/detail/thread_team.hpp"
#include "../../shape/overlap.hpp"
#include "block_overlap.hpp"
#include "collect_chunks.hpp"
#include "count_then_fill.hpp"
#include "pair_density.hpp"
#include "range_join.hpp"
#include "shape_matrix.hpp"
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

/// The measures: value as a function of the shared area and the two areas, of numbers or of lanes of them. Ratios equal
/// iou() and iof() where these are above 0; elsewhere they are NaN or not above 0, and no matrix stores them.
struct IouMeasure {
  template <class R>
  BOXLAP_ALWAYS_INLINE void operator()(const R& shared, const R& area_a, const R& area_b, R& value) const noexcept {
    value = shared / ((area_a + area_b) - shared);
  }
};
struct IofMeasure {
  template <class R>
  BOXLAP_ALWAYS_INLINE void operator()(const R& shared, const R& area_a, const R&, R& value) const noexcept {
    value = shared / area_a;
  }
};
struct IntersectionMeasure {
  template <class R>
  BOXLAP_ALWAYS_INLINE void operator()(const R& shared, const R&, const R&, R& value) const noexcept {
    value = shared;
  }
};
struct UnionMeasure {
  template <class R>
  BOXLAP_ALWAYS_INLINE void operator()(const R& shared, const R& area_a, const R& area_b, R& value) const noexcept {
    value = shared > R{} ? (area_a + area_b) - shared : R{};  // the same pairs as the intersection
  }
};

/// Throws for the NaN threshold of a matrix.
inline void require_min(double min) {
  if (std::isnan(min)) [[unlikely]] {
    invalid("min is NaN");
  }
}

/// The query that finds candidate pairs: with IoU and a threshold, only pairs that can reach the threshold.
template <class T, class Measure>
[[nodiscard]] BoxQuery<T> query_for(double min) noexcept {
  return std::is_same_v<Measure, IouMeasure> ? BoxQuery<T>::iou_at_least(min) : BoxQuery<T>{};
}

/// The matrix of a measure over the pairs of two ranges; values of 0 or below `min` are left out.
template <class Measure, class A, class B>
[[nodiscard]] auto overlap_matrix(const A& a, const B& b, const Measure& measure, double min, int threads) {
  using T = std::common_type_t<BoundsScalar<Element<A>>, BoundsScalar<Element<B>>>;
  using R = Overlap<Element<A>, Element<B>>;
  require_min(min);
  Team team(threads);
  const Index rows = rows_of(a, "a"), cols = rows_of(b, "b");
  if constexpr (holds_boxes<A> && holds_boxes<B>) {
    const JoinSide<T> side_a(a, "a"), side_b(b, "b");
    const JoinTrees<T> trees(side_a, &side_b, plan_matrix(side_a, side_b), team);
    const TreeJoin<false, T> join(trees.a(), trees.b(), query_for<T, Measure>(min));
    return csr_of_boxes(join, rows, cols, team, OverlapValue<T, Measure>(measure, min));
  } else {
    const RangeJoin<A, B> join(a, b, false, team);
    return shape_matrix<R>(join, rows, cols, measure, min, team);
  }
}

/// The matrix of a measure over the pairs of a range with itself, both halves.
template <class Measure, class A>
[[nodiscard]] auto self_overlap_matrix(const A& a, const Measure& measure, double min, int threads) {
  using T = BoundsScalar<Element<A>>;
  require_min(min);
  Team team(threads);
  const Index n = rows_of(a, "a");
  if constexpr (holds_boxes<A>) {
    const JoinSide<T> side(a, "a");
    const JoinTrees<T> trees(side, nullptr, plan_matrix(side, side), team);
    const TreeJoin<true, T> join(trees.a(), trees.a(), query_for<T, Measure>(min));
    return csr_of_boxes(join, n, n, team, OverlapValue<T, Measure>(measure, min));
  } else {
    return shape_matrix<Overlap<Element<A>>>(SelfJoin<A>(a, false, team), n, n, measure, min, team);
  }
}

}  // namespace boxlap::detail
