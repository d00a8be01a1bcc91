/// How the pairs of a join become a sparse matrix: few are sorted as a list, many are written to their places at once.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "../core/order.hpp"
#include "../core/parallel.hpp"
#include "../shape/overlap.hpp"
#include "collect.hpp"
#include "csr.hpp"
#include "tree_join.hpp"

namespace boxlap::detail {

template <class R>
[[nodiscard]] bool kept(R value, double min) noexcept {
  return value > 0 && static_cast<double>(value) >= min;
}

/// One entry of a matrix before it has its place.
template <class R>
struct Entry {
  Index row, col;
  R value;
};

/// Makes vectors as long as the result, on a thread each: filling them with zeros is what touches their memory first.
template <class... Vectors>
void make_room(std::size_t size, Team& team, Vectors&... vectors) {
  (vectors.reserve(size), ...);  // on the calling thread, see collect_chunks()
  if (team.threads() <= 1 || Slices(size, &team).count == 1) {
    (vectors.resize(size), ...);
    return;
  }
  team.for_each(static_cast<Index>(sizeof...(Vectors)), [&](Index chosen) {
    Index k = 0;
    ((k++ == chosen ? vectors.resize(size) : void()), ...);
  });
}

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

/// The matrix of a join of boxes by way of a list: right where rows hold few pairs each. value_of(i, j, box_i, box_j)
/// is measured where the pair is found. With `self` the join visits each pair once and both halves are stored.
template <class R, Meeting meeting, bool self, class T, class Ask, class ValueOf>
[[nodiscard]] Csr<R> csr_by_sorting(const TreeJoin<meeting, self, T, Ask>& join, Index rows, Index cols, double min,
                                    Team& team, std::size_t expected, const ValueOf& value_of) {
  const auto collect_chunk = [&](Index chunk, std::vector<Entry<R>>& found) {
    auto collect = [&](Index i, Index j, const Box<T>& box_i, const Box<T>& box_j) {
      if (!attainable(join.ask, box_i, box_j)) {
        return;
      }
      if (const R value = value_of(i, j, box_i, box_j); kept(value, min)) {
        found.push_back({i, j, value});
      }
      if constexpr (self) {
        if (const R value = value_of(j, i, box_j, box_i); kept(value, min)) {
          found.push_back({j, i, value});
        }
      }
    };
    join.run(chunk, collect);
  };
  Collected<Entry<R>> entries = collect_chunks<Entry<R>>(join.chunks(), team, expected, collect_chunk);
  return csr_of_entries(entries.items(), rows, cols, team);
}

/// The pairs of a join of boxes in their final order without a list, where rows hold many pairs each: the join runs
/// twice, first to count, then to write. Returns where each row begins.
///
/// A leaf of `a` is all that is ever at hand: its sixteen rows meet the boxes of b in ascending order of their rows, so
/// each row comes out sorted. No memory but the result and the rows of a leaf; rows of different leaves share nothing,
/// so threads need no lock. entry_of(row, col, box_row, box_col, value) fills in the value and tells whether the pair
/// is kept (with `self` each pair comes both ways round), which no branch depends on: there is no foretelling it. Then
/// room(total) is called once, and put(k, row, cols, values) with the row that begins at place k.
template <class Value, Meeting meeting, bool self, class T, class Ask, class EntryOf, class Room, class Put>
[[nodiscard]] std::vector<Index> place_entries(const TreeJoin<meeting, self, T, Ask>& join, Index rows, Team& team,
                                               const EntryOf& entry_of, const Room& room, const Put& put) {
  constexpr Index leaves_per_chunk = 64;
  const PackedTree<T>&a = join.a, &b = join.b;
  const Index chunks = (a.leaves() + leaves_per_chunk - 1) / leaves_per_chunk;
  struct Scratch {
    std::vector<std::uint64_t> others;
    std::vector<Index> cols;
    std::vector<Value> values;
  };
  // Calls use(lane, col, value, kept) for the pairs of a leaf; with `ordered`, columns ascend.
  const auto for_each_pair_of_leaf = [&](Index leaf, bool ordered, std::vector<std::uint64_t>& others,
                                         const auto& use) {
    const BoxBlock<T>& asking = asked(join.ask, a.leaf(leaf));
    const Box<T> around = join.asked_around(leaf, asking);
    others.clear();
    b.template for_each_leaf<meeting>(around, 0, [&](Index other) {
      std::uint32_t lanes = b.template meeting_boxes<meeting>(other, around);
      for (; lanes != 0; lanes &= lanes - 1) {
        const int lane = std::countr_zero(lanes);
        others.push_back(static_cast<std::uint64_t>(b.leaf_rows(other)[lane]) << 32 |
                         static_cast<std::uint64_t>(other * block_size + lane));
      }
      return true;
    });
    if (ordered) {
      std::sort(others.begin(), others.end());
    }
    const Index* rows_of_leaf = a.leaf_rows(leaf);
    for (const std::uint64_t other : others) {
      const Index col = static_cast<Index>(other >> 32), slot = static_cast<Index>(other & 0xffffffffU);
      const Box<T> box = b.leaf(slot / block_size).get(slot % block_size);
      std::uint32_t hits = meeting_lanes<meeting>(asking, box) & a.lanes(leaf);
      for (; hits != 0; hits &= hits - 1) {
        const int lane = std::countr_zero(hits);
        const Index row = rows_of_leaf[lane];
        Value value{};
        const bool kept = entry_of(row, col, a.leaf(leaf).get(lane), box, value) & !(self && row == col);
        use(static_cast<std::size_t>(lane), col, value, kept);
      }
    }
  };
  const auto for_each_leaf_of = [&](Index chunk, const auto& use) {
    Scratch scratch;
    const Index end = (std::min)(a.leaves(), (chunk + 1) * leaves_per_chunk);
    for (Index leaf = chunk * leaves_per_chunk; leaf < end; ++leaf) {
      use(leaf, static_cast<std::size_t>((std::min)(block_size, a.size() - leaf * block_size)), scratch);
    }
  };

  std::vector<Index> offsets(at(rows) + 1);
  team.for_each(chunks, [&](Index chunk) {
    for_each_leaf_of(chunk, [&](Index leaf, std::size_t lanes, Scratch& scratch) {
      std::array<Index, block_size> counts{};
      for_each_pair_of_leaf(leaf, false, scratch.others,
                            [&](std::size_t lane, Index, const Value&, bool kept) { counts[lane] += kept; });
      for (std::size_t lane = 0; lane < lanes; ++lane) {
        offsets[at(a.leaf_rows(leaf)[lane]) + 1] = counts[lane];
      }
    });
  });
  std::size_t total = 0;
  for (const Index count : offsets) {
    total += at(count);
  }
  check_pairs(total);
  accumulate_offsets(offsets);
  room(total);
  team.for_each(chunks, [&](Index chunk) {
    for_each_leaf_of(chunk, [&](Index leaf, std::size_t lanes, Scratch& scratch) {
      // The rows of the leaf one behind the other, each with a place more for what is not kept.
      std::array<std::size_t, block_size> begins{}, next;
      std::size_t size = 0;
      for (std::size_t lane = 0; lane < lanes; ++lane) {
        const std::size_t row = at(a.leaf_rows(leaf)[lane]);
        begins[lane] = size;
        size += at(offsets[row + 1] - offsets[row]) + 1;
      }
      if (scratch.cols.size() < size) {
        scratch.cols.resize(size);
        scratch.values.resize(size);
      }
      next = begins;
      Index* const cols = scratch.cols.data();
      Value* const values = scratch.values.data();
      for_each_pair_of_leaf(leaf, true, scratch.others,
                            [&](std::size_t lane, Index col, const Value& value, bool kept) {
                              cols[next[lane]] = col;
                              values[next[lane]] = value;
                              next[lane] += kept;
                            });
      for (std::size_t lane = 0; lane < lanes; ++lane) {
        const Index row = a.leaf_rows(leaf)[lane];
        const std::size_t count = next[lane] - begins[lane];
        put(at(offsets[at(row)]), row, std::span<const Index>(cols + begins[lane], count),
            std::span<const Value>(values + begins[lane], count));
      }
    });
  });
  return offsets;
}

/// The matrix of a join of boxes by place_entries().
template <class R, Meeting meeting, bool self, class T, class Ask, class ValueOf>
[[nodiscard]] Csr<R> csr_in_place(const TreeJoin<meeting, self, T, Ask>& join, Index rows, Index cols, double min,
                                  Team& team, const ValueOf& value_of) {
  Csr<R> result{rows, cols, {}, {}, {}};
  const auto entry_of = [&](Index row, Index col, const Box<T>& box_row, const Box<T>& box_col, R& value) {
    value = value_of(row, col, box_row, box_col);
    return (value > 0) & (static_cast<double>(value) >= min);
  };
  const auto room = [&](std::size_t total) { make_room(total, team, result.col_indices, result.values); };
  const auto put = [&](std::size_t k, Index, std::span<const Index> row_cols, std::span<const R> row_values) {
    std::copy(row_cols.begin(), row_cols.end(), result.col_indices.begin() + static_cast<std::ptrdiff_t>(k));
    std::copy(row_values.begin(), row_values.end(), result.values.begin() + static_cast<std::ptrdiff_t>(k));
  };
  result.row_offsets = place_entries<R>(join, rows, team, entry_of, room, put);
  return result;
}

/// About how many pairs the join finds for each row of a, judged by a few leaves; 0 for joins of unordered trees.
template <Meeting meeting, bool self, class T, class Ask>
[[nodiscard]] double pairs_a_row(const TreeJoin<meeting, self, T, Ask>& join) {
  constexpr Index sampled_leaves = 16;
  if (!join.a.ordered() || !join.b.ordered()) {
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

/// The matrix of a join of boxes.
template <class R, Meeting meeting, bool self, class T, class Ask, class ValueOf>
[[nodiscard]] Csr<R> csr_of_boxes(const TreeJoin<meeting, self, T, Ask>& join, Index rows, Index cols, double min,
                                  Team& team, const ValueOf& value_of) {
  const double pairs_of_row = pairs_a_row(join) * (self ? 2 : 1);
  return pairs_of_row >= many_pairs_a_row
             ? csr_in_place<R>(join, rows, cols, min, team, value_of)
             : csr_by_sorting<R>(join, rows, cols, min, team, expected_pairs(pairs_of_row), value_of);
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
  if constexpr (BatchOverlapping<Element<A>, Element<B>, R> && requires {
                  std::span<const Element<A>>(a);
                  std::span<const Element<B>>(b);
                }) {
    intersection_areas(std::span<const Element<A>>(a), std::span<const Element<B>>(b), std::span(candidates),
                       std::span(shared));
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
  const auto collect_chunk = [&](Index chunk, std::vector<Entry<R>>& found) {
    std::vector<RowPair> candidates;
    std::vector<R> shared;
    const auto keep = [&](Index i, Index j, R value) {
      if (kept(value, min)) {
        found.push_back({i, j, value});
      }
    };
    const auto measure_batch = [&] {
      shared_areas(a, b, candidates, shared);
      for (std::size_t k = 0; k < candidates.size(); ++k) {
        if (shared[k] > 0) {
          const auto [i, j] = candidates[k];
          const R area_a = static_cast<R>(area(widened<R>(element(a, i))));
          const R area_b = static_cast<R>(area(widened<R>(element(b, j))));
          keep(i, j, measure(shared[k], area_a, area_b));
          if constexpr (self) {
            keep(j, i, measure(shared[k], area_b, area_a));
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
  Collected<Entry<R>> entries = collect_chunks<Entry<R>>(join.chunks(), team, 0, collect_chunk);
  return csr_of_entries(entries.items(), rows, cols, team);
}

}  // namespace boxlap::detail
