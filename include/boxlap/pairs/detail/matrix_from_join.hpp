/// How the pairs of a join become a sparse matrix: few boxes ask each other; few pairs a row are sorted as a list; many
/// are written to their places at once.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "../../core/order.hpp"
#include "../../core/parallel.hpp"
#include "../../shape/overlap.hpp"
#include "../csr.hpp"
#include "block_overlap.hpp"
#include "collect_chunks.hpp"
#include "count_then_fill.hpp"
#include "range_join.hpp"
#include "small_matrix.hpp"
#include "tree_join.hpp"

namespace boxlap::detail {

/// One entry of a matrix before it has its place.
template <class R>
struct Entry {
  Index row, col;
  R value;
};

/// The matrix of entries in any order, each pair once. Small joins find their pairs in order, and are spared the
/// sorting.
template <class R>
[[nodiscard]] Csr<R> csr_of_entries(std::span<Entry<R>> entries, Index rows, Index cols, Team& team) {
  const PairKeys coding(rows, cols);
  const auto key_of = [coding](const Entry<R>& entry) { return coding.key(entry.row, entry.col); };
  const auto before = [&](const Entry<R>& a, const Entry<R>& b) { return key_of(a) < key_of(b); };
  std::span<Entry<R>> sorted(entries);
  std::unique_ptr<Entry<R>[]> scratch;
  if (!std::is_sorted(entries.begin(), entries.end(), before)) {
    scratch = uninitialized<Entry<R>>(entries.size());
    sorted = radix_sort(sorted, std::span(scratch.get(), entries.size()), coding.bits, key_of, &team);
  }
  Csr<R> result{rows, cols, {}, {}, {}};
  result.row_offsets.resize(at(rows) + 1);
  make_room(sorted.size(), team, result.col_indices, result.values);
  const auto next_row = [&](std::size_t k) {  // no row is in two slices
    for (; k > 0 && k < sorted.size() && sorted[k].row == sorted[k - 1].row; ++k) {
    }
    return k;
  };
  Slices(sorted.size(), &team).for_each([&](Index, std::size_t begin, std::size_t end) {
    for (std::size_t k = next_row(begin), last = next_row(end); k < last; ++k) {
      ++result.row_offsets[at(sorted[k].row) + 1];
      result.col_indices[k] = sorted[k].col;
      result.values[k] = sorted[k].value;
    }
  });
  accumulate_offsets(result.row_offsets);
  return result;
}

/// The matrix of a join of boxes by way of a list: right where rows hold few pairs each. A pair is measured where it is
/// found. With `self` the join visits each pair once and both halves are stored. Where the list grows beyond `most`
/// after all, it is dropped and csr_in_place() takes over; unordered trees have no levels to be counted by, and throw.
template <Meeting meeting, bool self, class T, class Ask, class Measure>
[[nodiscard]] Csr<T> csr_by_sorting(const TreeJoin<meeting, self, T, Ask>& join, Index rows, Index cols, Team& team,
                                    std::size_t expected, std::size_t most, const OverlapValue<T, Measure>& value_of) {
  const auto collect_chunk = [&](Index chunk, std::vector<Entry<T>>& found, const auto& is_full) {
    auto collect = [&](Index i, Index j, const Box<T>& box_i, const Box<T>& box_j) {
      if (!attainable(join.ask, box_i, box_j)) {
        return;
      }
      if (const T value = value_of(box_i, box_j); value_of.kept(value)) {
        found.push_back({i, j, value});
      }
      if constexpr (self) {
        if (const T value = value_of(box_j, box_i); value_of.kept(value)) {
          found.push_back({j, i, value});
        }
      }
    };
    join.run_until(chunk, collect, [&] { return is_full(found); });
  };
  Collected<Entry<T>> entries = collect_chunks<Entry<T>>(join.chunks(), team, expected, most, collect_chunk);
  if (entries.size > most) {
    if (!is_ordered(join)) [[unlikely]] {
      refuse_pairs(entries.size);
    }
    return csr_in_place(join, rows, cols, team, value_of);
  }
  return csr_of_entries(entries.items(), rows, cols, team);
}

/// About how many pairs the join finds for each row of a, judged by a few leaves; 0 for joins of unordered trees.
template <Meeting meeting, bool self, class T, class Ask>
[[nodiscard]] double pairs_a_row(const TreeJoin<meeting, self, T, Ask>& join) {
  constexpr Index sampled_leaves = 16;
  if (!is_ordered(join)) {
    return 0;
  }
  const Index stride = (std::max)(Index{1}, join.a.leaves() / sampled_leaves);
  std::int64_t pairs = 0, boxes = 0;
  for (Index leaf = stride / 2; leaf < join.a.leaves(); leaf += stride) {
    auto count = [&](Index, Index, const Box<T>&, const Box<T>&) { ++pairs; };
    join.run_leaf(leaf, count);
    boxes += block_size;
  }
  return static_cast<double>(pairs) / static_cast<double>((std::max)(boxes, std::int64_t{1}));
}

/// From so many pairs a row on, they are found twice rather than sorted (measured). Both ways give the same result.
inline constexpr double many_pairs_a_row = 8;

/// The pairs of a chunk of a join that has so many a row.
[[nodiscard]] inline std::size_t expected_pairs(double pairs_of_row) noexcept {
  return static_cast<std::size_t>(pairs_of_row * 4096);
}

/// Whether the matrix of boxes of n rows and of m is made without ordering them.
[[nodiscard]] inline bool matrix_is_small(Index n, Index m) noexcept {
  return too_small_to_order(n, m) || FewMeetings::fit(n, m);
}

/// The matrix of a join of boxes.
template <Meeting meeting, bool self, class T, class Ask, class Measure>
[[nodiscard]] Csr<T> csr_of_boxes(const TreeJoin<meeting, self, T, Ask>& join, Index rows, Index cols, Team& team,
                                  const OverlapValue<T, Measure>& value_of) {
  if (!join.a.ordered() && !join.b.ordered() && FewMeetings::fit(join.a.size(), join.b.size())) {
    return csr_of_few(join, rows, cols, value_of);
  }
  const double pairs_of_row = pairs_a_row(join) * (self ? 2 : 1);
  return pairs_of_row >= many_pairs_a_row ? csr_in_place(join, rows, cols, team, value_of)
                                          : csr_by_sorting(join, rows, cols, team, expected_pairs(pairs_of_row),
                                                           longest_list(join, rows, cols), value_of);
}

/// A shape whose type has a kernel for many pairs at once: intersection_areas(as, bs, pairs, out), out[k] the overlap
/// of as[pairs[k].first] and bs[pairs[k].second], equal to the bit to intersection_area() of the two.
template <class A, class B, class R>
concept BatchOverlapping = requires(std::span<const A> as, std::span<const B> bs, std::span<const RowPair> candidates,
                                    std::span<R> out) {
  intersection_areas(as, bs, candidates, out);
};

/// The shared areas of pairs of rows, in a batch where the shapes have a kernel for it.
template <class A, class B, class R>
void shared_areas(const A& a, const B& b, const std::vector<RowPair>& candidates, std::vector<R>& shared) {
  shared.resize(candidates.size());
  if constexpr (BatchOverlapping<Element<A>, Element<B>, R> && ContiguousRows<A> && ContiguousRows<B>) {
    intersection_areas(as_span(a), as_span(b), std::span(candidates), std::span(shared));
  } else {
    for (std::size_t k = 0; k < candidates.size(); ++k) {
      shared[k] = static_cast<R>(intersection_area(element(a, candidates[k].first), element(b, candidates[k].second)));
    }
  }
}

/// The matrix of a join of other shapes: overlaps are dear, so they are measured once, where the candidates are found.
template <bool self, class Measure, class Join, class A, class B>
[[nodiscard]] auto shape_matrix(const Join& join, const A& a, const B& b, const Measure& measure, double min,
                                Team& team) {
  using R = Overlap<Element<A>, Element<B>>;
  constexpr std::size_t batch = 512;  // few enough that shapes stay near from finding to measuring (measured)
  const Index rows = rows_of(a, "a"), cols = rows_of(b, "b");
  const R least = least_kept<R>(min);
  const auto collect_chunk = [&](Index chunk, std::vector<Entry<R>>& found, const auto&) {
    std::vector<RowPair> candidates;
    std::vector<R> shared;
    const auto keep = [&](Index i, Index j, R value) {
      if (value >= least) {
        found.push_back({i, j, value});
      }
    };
    const auto measure_batch = [&] {
      shared_areas(a, b, candidates, shared);
      for (std::size_t k = 0; k < candidates.size(); ++k) {
        if (shared[k] > 0) {
          const auto [i, j] = candidates[k];
          const R area_a = area_in<R>(element(a, i));
          const R area_b = area_in<R>(element(b, j));
          keep(i, j, measured<R>(measure, shared[k], area_a, area_b));
          if constexpr (self) {
            keep(j, i, measured<R>(measure, shared[k], area_b, area_a));
          }
        }
      }
      candidates.clear();
    };
    auto collect = [&](Index i, Index j, const auto&, const auto&) {
      candidates.emplace_back(i, j);
      prefetch(a, i);
      prefetch(b, j);
      if (candidates.size() == batch) {
        measure_batch();
      }
    };
    join.run(chunk, collect);
    measure_batch();
  };
  Collected<Entry<R>> entries = collect_chunks<Entry<R>>(join.chunks(), team, 0, most_pairs_of_all, collect_chunk);
  check_pairs(entries.size);
  return csr_of_entries(entries.items(), rows, cols, team);
}

}  // namespace boxlap::detail
