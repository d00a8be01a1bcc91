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

/// The matrix of entries in any order, each pair once. Small joins find their pairs in order, and are spared the
/// sorting.
template <class R>
[[nodiscard]] Csr<R> csr_of_entries(std::vector<Entry<R>> entries, Index rows, Index cols) {
  const PairKeys coding(rows, cols);
  const auto key_of = [coding](const Entry<R>& entry) { return coding.key(entry.row, entry.col); };
  const auto before = [&](const Entry<R>& a, const Entry<R>& b) { return key_of(a) < key_of(b); };
  std::span<Entry<R>> sorted(entries);
  std::unique_ptr<Entry<R>[]> scratch;
  if (!std::is_sorted(entries.begin(), entries.end(), before)) {
    scratch = uninitialized<Entry<R>>(entries.size());
    sorted = radix_sort(sorted, std::span(scratch.get(), entries.size()), coding.bits, key_of);
  }
  Csr<R> result{rows, cols, std::vector<Index>(at(rows) + 1), std::vector<Index>(sorted.size()),
                std::vector<R>(sorted.size())};
  for (std::size_t k = 0; k < sorted.size(); ++k) {
    ++result.row_offsets[at(sorted[k].row) + 1];
    result.col_indices[k] = sorted[k].col;
    result.values[k] = sorted[k].value;
  }
  accumulate_offsets(result.row_offsets);
  return result;
}

/// The matrix of a join of boxes by way of a list: right where rows hold few pairs each. value_of(i, j, box_i, box_j)
/// is measured where the pair is found. With `self` the join visits each pair once and both halves are stored.
template <class R, Meeting meeting, bool self, class T, class ValueOf>
[[nodiscard]] Csr<R> csr_by_sorting(const TreeJoin<meeting, self, T>& join, Index rows, Index cols, double min,
                                    int threads, const ValueOf& value_of) {
  const auto collect_chunk = [&](Index chunk, std::vector<Entry<R>>& found) {
    auto collect = [&](Index i, Index j, const Box<T>& box_i, const Box<T>& box_j) {
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
  return csr_of_entries(collect_chunks<Entry<R>>(join.chunks(), threads, collect_chunk), rows, cols);
}

/// The same matrix without a list, where rows hold many pairs each: the join runs twice, first to count, then to write.
///
/// A leaf of `a` is all that is ever at hand: its sixteen rows meet the boxes of b in ascending order of their rows, so
/// each row comes out sorted. No memory but the matrix; rows of different leaves share nothing, so threads need no
/// lock.
template <class R, bool self, class T, class ValueOf>
[[nodiscard]] Csr<R> csr_in_place(const PackedTree<T>& a, const PackedTree<T>& b, Index rows, Index cols, double min,
                                  int threads, const ValueOf& value_of) {
  constexpr Index leaves_per_chunk = 64;
  const Index chunks = (a.leaves() + leaves_per_chunk - 1) / leaves_per_chunk;
  // Calls use(lane, row, col, value) for the entries of a leaf; with `ordered`, columns ascend.
  const auto for_each_entry_of_leaf = [&](Index leaf, bool ordered, std::vector<std::uint64_t>& others,
                                          const auto& use) {
    const Box<T> around = a.leaf_bounds(leaf);
    others.clear();
    b.template for_each_leaf<Meeting::open>(around, 0, [&](Index other) {
      std::uint32_t lanes = b.template meeting_boxes<Meeting::open>(other, around);
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
      std::uint32_t hits = a.template meeting_boxes<Meeting::open>(leaf, box);
      for (; hits != 0; hits &= hits - 1) {
        const int lane = std::countr_zero(hits);
        const Index row = rows_of_leaf[lane];
        if (self && row == col) {
          continue;
        }
        if (const R value = value_of(row, col, a.leaf(leaf).get(lane), box); kept(value, min)) {
          use(lane, row, col, value);
        }
      }
    }
  };
  const auto for_each_leaf_of = [&](Index chunk, const auto& use) {
    std::vector<std::uint64_t> others;
    const Index end = (std::min)(a.leaves(), (chunk + 1) * leaves_per_chunk);
    for (Index leaf = chunk * leaves_per_chunk; leaf < end; ++leaf) {
      use(leaf, others);
    }
  };

  Csr<R> result{rows, cols, std::vector<Index>(at(rows) + 1), {}, {}};
  for_each_chunk(threads, chunks, [&](Index chunk) {
    for_each_leaf_of(chunk, [&](Index leaf, std::vector<std::uint64_t>& others) {
      std::array<Index, block_size> counts{};
      for_each_entry_of_leaf(leaf, false, others,
                             [&](int lane, Index, Index, R) { ++counts[static_cast<std::size_t>(lane)]; });
      for (Index lane = 0; lane < (std::min)(block_size, a.size() - leaf * block_size); ++lane) {
        result.row_offsets[at(a.leaf_rows(leaf)[lane]) + 1] = counts[at(lane)];
      }
    });
  });
  std::int64_t total = 0;
  for (const Index count : result.row_offsets) {
    total += count;
  }
  if (total > (std::numeric_limits<Index>::max)()) [[unlikely]] {
    too_long("the join has ", total, " pairs, the most is ", (std::numeric_limits<Index>::max)());
  }
  accumulate_offsets(result.row_offsets);
  result.col_indices.resize(static_cast<std::size_t>(total));
  result.values.resize(static_cast<std::size_t>(total));
  for_each_chunk(threads, chunks, [&](Index chunk) {
    for_each_leaf_of(chunk, [&](Index leaf, std::vector<std::uint64_t>& others) {
      std::array<Index, block_size> next{};
      for (Index lane = 0; lane < (std::min)(block_size, a.size() - leaf * block_size); ++lane) {
        next[at(lane)] = result.row_offsets[at(a.leaf_rows(leaf)[lane])];
      }
      for_each_entry_of_leaf(leaf, true, others, [&](int lane, Index, Index col, R value) {
        const std::size_t k = at(next[static_cast<std::size_t>(lane)]++);
        result.col_indices[k] = col;
        result.values[k] = value;
      });
    });
  });
  return result;
}

/// Whether the rows of a join hold many pairs each, judged by a few leaves. Both ways give the same matrix.
template <Meeting meeting, bool self, class T>
[[nodiscard]] bool many_pairs_a_row(const TreeJoin<meeting, self, T>& join) {
  constexpr Index sampled_leaves = 16, many = 8;
  if (!join.a.ordered() || !join.b.ordered()) {
    return false;
  }
  const Index stride = (std::max)(Index{1}, join.a.leaves() / sampled_leaves);
  std::int64_t pairs = 0, boxes = 0;
  for (Index leaf = stride / 2; leaf < join.a.leaves(); leaf += stride) {
    auto count = [&](Index, Index, const Box<T>&, const Box<T>&) { ++pairs; };
    join.run_leaf(leaf, count);
    boxes += block_size;
  }
  return pairs * (self ? 2 : 1) >= many * boxes;
}

/// The matrix of a join of boxes.
template <class R, Meeting meeting, bool self, class T, class ValueOf>
[[nodiscard]] Csr<R> csr_of_boxes(const TreeJoin<meeting, self, T>& join, Index rows, Index cols, double min,
                                  int threads, const ValueOf& value_of) {
  return many_pairs_a_row(join) ? csr_in_place<R, self>(join.a, join.b, rows, cols, min, threads, value_of)
                                : csr_by_sorting<R>(join, rows, cols, min, threads, value_of);
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
                                int threads) {
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
  return csr_of_entries(collect_chunks<Entry<R>>(join.chunks(), threads, collect_chunk), rows, cols);
}

}  // namespace boxlap::detail
