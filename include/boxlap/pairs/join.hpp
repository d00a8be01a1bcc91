/// Which shapes meet: every pair of two ranges, or of one with itself, each found once; visited or as a sorted list.
#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "../core/order.hpp"
#include "../core/parallel.hpp"
#include "../shape/shape.hpp"
#include "detail/collect_chunks.hpp"
#include "detail/matrix_from_join.hpp"
#include "detail/range_join.hpp"
#include "detail/tree_join.hpp"
#include "shape_index.hpp"

namespace boxlap {
namespace detail {

/// Of the rows that `lanes` names those that come before `col`.
[[nodiscard]] inline std::uint32_t rows_below(Index col, std::uint32_t lanes, const Index* rows) noexcept {
  std::uint32_t result = 0;
  for (; lanes != 0; lanes &= lanes - 1) {
    const int lane = std::countr_zero(lanes);
    result |= static_cast<std::uint32_t>(rows[lane] < col) << lane;
  }
  return result;
}

/// Sixteen times nothing: pairs have no values.
struct NoValues {
  char at[block_size] = {};
};

/// The pairs of a join, ascending.
template <class Join, class Meets>
[[nodiscard]] std::vector<RowPair> sorted_pairs(const Join& join, const Meets& meets, Team& team, Index rows,
                                                Index cols) {
  std::vector<RowPair> result;
  // Whether the pairs can be counted before they are written: not where an index is asked row by row, or where pairs of
  // boxes that meet are not yet pairs of shapes that do.
  constexpr bool countable = std::is_same_v<Meets, AlwaysMeets> && !is_query_join<Join>;
  double pairs_of_row = 0;  // rows ask an index one by one only where they meet few
  std::size_t most = most_pairs_of_all;
  if constexpr (!is_query_join<Join>) {
    pairs_of_row = pairs_a_row(join);
  }
  if constexpr (countable) {
    most = pairs_of_row >= many_pairs_a_row ? 0 : longest_list(join, rows, cols);
  }
  if (most > 0) {
    const PairKeys coding(rows, cols);
    const auto collect_chunk = [&](Index chunk, std::vector<std::uint64_t>& found, const auto& is_full) {
      auto collect = [&](Index i, Index j, const auto&, const auto&) {
        if (meets(i, j)) {
          found.push_back(coding.key(i, j));
        }
      };
      if constexpr (countable) {
        join.run_until(chunk, collect, [&] { return is_full(found); });
      } else {
        join.run(chunk, collect);
      }
    };
    Collected<std::uint64_t> keys =
        collect_chunks<std::uint64_t>(join.chunks(), team, expected_pairs(pairs_of_row), most, collect_chunk);
    if (keys.size <= most) {
      const auto scratch = uninitialized<std::uint64_t>(keys.size);
      const auto sorted = radix_sort(
          keys.items(), std::span(scratch.get(), keys.size), coding.bits, [](std::uint64_t key) { return key; }, &team);
      make_room(keys.size, team, result);
      Slices(keys.size, &team).for_each([&](Index, std::size_t begin, std::size_t end) {
        for (std::size_t k = begin; k < end; ++k) {
          result[k] = {coding.row(sorted[k]), coding.col(sorted[k])};
        }
      });
      return result;
    }
    check_pairs(keys.size);
  }
  if constexpr (countable) {
    const auto entries_of = [&](Index leaf, std::uint32_t lanes, Index col, const auto&, const auto&) {
      return Join::of_self ? rows_below(col, lanes, join.a.leaf_rows(leaf)) : lanes;
    };
    const auto room = [&](std::size_t total) { make_room(total, team, result); };
    const auto put = [&](std::size_t k, Index i, std::span<const Index> js, std::span<const char>) {
      for (const Index j : js) {
        result[k++] = {i, j};
      }
    };
    [[maybe_unused]] const auto offsets = place_entries<NoValues>(join, rows, team, entries_of, room, put);
  }
  return result;
}

}  // namespace detail

/// Calls visit(i, j) for each pair of a row of `a` and a row of `b` that meet, and stores none of them.
///
/// a, b: rows of shapes whose overlap is known (Shapes). Boxes meet when they share area (or, with options.touching, a
/// border point); other shapes when their computed intersection_area is positive. Each pair comes once, on the calling
/// thread, in an order that is fixed but not sorted: it depends on the shapes alone, never on threads. A visit that
/// returns false ends the search. Rows with no extent, inverted or NaN coordinates meet nothing; empty ranges are fine.
/// Throws std::invalid_argument for touching with other shapes or threads < 0, std::length_error above 2^31 - 1 rows.
/// O(n + m + pairs) on spread-out data. Peak memory: 38 bytes a box in float, 56 in double, beside the
/// prepared shapes; threads > 1 add the pairs of 4 * threads chunks of 4,096 rows.
template <Shapes A, Shapes B, PairVisitor Visit>
requires OverlappingShapes<A, B>
void for_each_pair(const A& a, const B& b, Visit visit, const JoinOptions& options = {}) {
  detail::Team team(options.threads);
  detail::with_join(a, b, options.touching, team, [&](const auto& join, const auto& meets, const auto&, const auto&) {
    detail::visit_pairs(join, team, meets, visit);
  });
}

/// Calls visit(i, j), i < j, for each two rows of `a` that meet: no row with itself, no pair twice. Otherwise as above.
template <Shapes A, PairVisitor Visit>
void for_each_pair(const A& a, Visit visit, const JoinOptions& options = {}) {
  detail::Team team(options.threads);
  detail::with_self_join(a, options.touching, team, [&](const auto& join, const auto& meets, const auto&) {
    detail::visit_pairs(join, team, meets, visit);
  });
}

/// The pairs of rows that meet, ascending by (i, j). What meets, and every error, as for_each_pair().
/// Peak memory beside the result: that of for_each_pair() and 18 bytes a pair.
template <Shapes A, Shapes B>
requires OverlappingShapes<A, B>
[[nodiscard]] std::vector<std::pair<Index, Index>> pairs(const A& a, const B& b, const JoinOptions& options = {}) {
  std::vector<detail::RowPair> result;
  detail::Team team(options.threads);
  detail::with_join(a, b, options.touching, team, [&](const auto& join, const auto& meets, const auto&, const auto&) {
    result = detail::sorted_pairs(join, meets, team, detail::rows_of(a, "a"), detail::rows_of(b, "b"));
  });
  return result;
}

/// The pairs i < j of rows of `a` that meet, ascending.
template <Shapes A>
[[nodiscard]] std::vector<std::pair<Index, Index>> pairs(const A& a, const JoinOptions& options = {}) {
  std::vector<detail::RowPair> result;
  detail::Team team(options.threads);
  detail::with_self_join(a, options.touching, team, [&](const auto& join, const auto& meets, const auto&) {
    const Index n = detail::rows_of(a, "a");
    result = detail::sorted_pairs(join, meets, team, n, n);
  });
  return result;
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
