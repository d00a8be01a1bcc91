/// Spatial joins: all pairs of overlapping shapes of two ranges, or of one with itself, visited or as a sorted list.
#pragma once

#include <concepts>
#include <utility>
#include <vector>

#include "../base/detail/thread_team.hpp"
#include "../shape/shape.hpp"
#include "detail/range_join.hpp"
#include "detail/sorted_pairs.hpp"

namespace boxlap {

/// Options of for_each_pair() and pairs().
struct JoinOptions {
  bool touching = false;  ///< boxes that share only a border point count too (closed boxes); Box only
  int threads = 1;        ///< 0: all cores. The result does not depend on it
};

/// A callable f(Index i, Index j) for for_each_pair(); if it returns bool, false ends the search.
template <class V>
concept PairVisitor = std::invocable<V&, Index, Index>;

/// Calls visit(i, j) for each pair of a row of `a` and a row of `b` that overlap; no pair is stored.
///
/// a, b: rows of shapes whose overlap is known (Shapes), or a ShapeIndex, which saves building a tree. Boxes pair up
/// when they share area; with options.touching (boxes only) when they share a border point, those wholly at infinity
/// excepted; other shapes when their computed intersection_area is positive.
/// Order: each pair once, on the calling thread, in an order that is fixed but not sorted: it depends on the shapes
/// alone, never on options.threads. A visit that returns false ends the search.
/// Rows without extent, inverted or with NaN pair with nothing; empty ranges are fine.
/// Throws std::invalid_argument for touching with other shapes and for threads < 0, std::length_error above 2^31 - 1
/// rows. O(n + m + pairs) time on spread-out data. Peak memory: 38 bytes a box in float, 56 in double, beside the
/// prepared shapes; threads > 1 add the pairs of 4 * threads chunks of 4,096 rows.
template <Shapes A, Shapes B, PairVisitor Visit>
requires OverlappingShapes<A, B>
void for_each_pair(const A& a, const B& b, Visit visit, const JoinOptions& options = {}) {
  detail::Team team(options.threads);
  detail::visit_pairs(detail::RangeJoin<A, B>(a, b, options.touching, team), team, visit);
}

/// Calls visit(i, j), i < j, for each two rows of `a` that overlap; no pair is stored.
///
/// a: rows of shapes whose overlap is known (Shapes), or a ShapeIndex, which saves building a tree. Boxes pair up when
/// they share area; with options.touching (boxes only) when they share a border point, those wholly at infinity
/// excepted; other shapes when their computed intersection_area is positive.
/// Order: no row with itself, each pair once, on the calling thread, in an order that is fixed but not sorted: it
/// depends on the shapes alone, never on options.threads. A visit that returns false ends the search.
/// Rows without extent, inverted or with NaN pair with nothing; an empty range is fine.
/// Throws std::invalid_argument for touching with other shapes and for threads < 0, std::length_error above 2^31 - 1
/// rows. O(n + pairs) time on spread-out data. Peak memory: 38 bytes a box in float, 56 in double, beside the prepared
/// shapes; threads > 1 add the pairs of 4 * threads chunks of 4,096 rows.
template <Shapes A, PairVisitor Visit>
void for_each_pair(const A& a, Visit visit, const JoinOptions& options = {}) {
  detail::Team team(options.threads);
  detail::visit_pairs(detail::SelfJoin<A>(a, options.touching, team), team, visit);
}

/// The pairs of a row of `a` and a row of `b` that overlap.
///
/// a, b: rows of shapes whose overlap is known (Shapes), or a ShapeIndex, which saves building a tree. Boxes pair up
/// when they share area; with options.touching (boxes only) when they share a border point, those wholly at infinity
/// excepted; other shapes when their computed intersection_area is positive.
/// Order: (i, j) ascending by i, then by j. The result does not depend on options.threads.
/// Rows without extent, inverted or with NaN pair with nothing; empty ranges are fine.
/// Throws std::invalid_argument for touching with other shapes and for threads < 0, std::length_error above 2^31 - 1
/// rows. O(n + m + pairs) time on spread-out data. Peak memory beside the result: 38 bytes a box in float, 56 in
/// double, beside the prepared shapes, and 18 bytes a pair.
template <Shapes A, Shapes B>
requires OverlappingShapes<A, B>
[[nodiscard]] std::vector<std::pair<Index, Index>> pairs(const A& a, const B& b, const JoinOptions& options = {}) {
  detail::Team team(options.threads);
  const detail::RangeJoin<A, B> join(a, b, options.touching, team);
  return detail::sorted_pairs(join, team, detail::rows_of(a, "a"), detail::rows_of(b, "b"));
}

/// The pairs i < j of rows of `a` that overlap.
///
/// a: rows of shapes whose overlap is known (Shapes), or a ShapeIndex, which saves building a tree. Boxes pair up when
/// they share area; with options.touching (boxes only) when they share a border point, those wholly at infinity
/// excepted; other shapes when their computed intersection_area is positive.
/// Order: (i, j) ascending by i, then by j. The result does not depend on options.threads.
/// Rows without extent, inverted or with NaN pair with nothing; an empty range is fine.
/// Throws std::invalid_argument for touching with other shapes and for threads < 0, std::length_error above 2^31 - 1
/// rows. O(n + pairs) time on spread-out data. Peak memory beside the result: 38 bytes a box in float, 56 in double,
/// beside the prepared shapes, and 18 bytes a pair.
template <Shapes A>
[[nodiscard]] std::vector<std::pair<Index, Index>> pairs(const A& a, const JoinOptions& options = {}) {
  detail::Team team(options.threads);
  const Index n = detail::rows_of(a, "a");
  return detail::sorted_pairs(detail::SelfJoin<A>(a, options.touching, team), team, n, n);
}

template <class A, detail::PlainBeside<A> B>
void pairs(const A& numbers_are_no_boxes_yet, const B&, const JoinOptions& = {}) = delete;  // boxlap::view
template <detail::PlainNumbers A>
void pairs(const A& numbers_are_no_boxes_yet, const JoinOptions& = {}) = delete;  // boxlap::view() makes boxes

template <class A, detail::PlainBeside<A> B, class Visit>
requires(!Labels<B>)  // those of one set: pairs/labels.hpp
    void for_each_pair(const A& numbers_are_no_boxes_yet, const B&, const Visit&,
                       const JoinOptions& = {}) = delete;  // boxlap::view
template <detail::PlainNumbers A, class Visit>
void for_each_pair(const A& numbers_are_no_boxes_yet, const Visit&, const JoinOptions& = {}) = delete;  // boxlap::view

}  // namespace boxlap
