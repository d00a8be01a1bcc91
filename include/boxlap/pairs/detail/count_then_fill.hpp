/// Sparse rows in two passes (count, prefix sum, fill), for joins that find many pairs a row.
///
/// Collecting (row, column) pairs and sorting them moves every entry several times. Where rows hold many it is cheaper
/// to run the join twice: the first pass counts the entries of each row, a prefix sum gives every row its place, the
/// second pass writes them there. A leaf of `a` is all that is ever at hand: its sixteen rows meet the boxes of b in
/// ascending order of their rows, so each row comes out sorted. No memory but the result and the rows of a leaf; rows
/// of different leaves share nothing, so threads need no lock.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "../../base/detail/compiler.hpp"
#include "../../base/detail/sorting.hpp"
#include "../../base/detail/thread_team.hpp"
#include "../csr.hpp"
#include "block_overlap.hpp"
#include "collect_chunks.hpp"
#include "tree_join.hpp"

namespace boxlap::detail {

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

/// What the rows of a leaf hold in each column. Of a class
///
///     using Value = ...;                                       // of an entry
///     std::uint32_t entries(Index leaf, std::uint32_t lanes, Index col, const Box<T>& box, Value* values);
///     void make_room(std::size_t total);                       // once, between the two passes
///     void put(std::size_t k, Index row, std::span<const Index> cols, std::span<const Value> values);
///
/// entries() tells which of `lanes` (those that overlap the box of the column) are kept and fills in their values; in
/// the join of a set with itself each pair comes both ways round. put() takes a whole row, which begins at place k.
template <bool self, class T, class Entries>
class CountThenFill {
 public:
  CountThenFill(const TreeJoin<self, T>& join, Entries& entries, Team& team) noexcept
      : join_(join), entries_(entries), team_(team) {}

  /// Where each of the rows begins.
  [[nodiscard]] std::vector<Index> run(Index rows) {
    offsets_.resize(at(rows) + 1);
    for_each_leaf([this](Index leaf, Scratch& scratch) { count(leaf, scratch); });
    std::size_t total = 0;
    for (const Index size : offsets_) {
      total += at(size);
    }
    check_pairs(total);
    accumulate_offsets(offsets_);
    entries_.make_room(total);
    for_each_leaf([this](Index leaf, Scratch& scratch) { fill(leaf, scratch); });
    return std::move(offsets_);
  }

 private:
  using Value = typename Entries::Value;
  using Columns = std::vector<std::uint64_t>;  // row of b << 32 | its slot
  struct Scratch {
    Columns columns, spare;
    std::vector<Index> cols;
    std::vector<Value> values;
  };

  template <class Work>
  void for_each_leaf(const Work& work) {
    constexpr Index leaves_per_chunk = 64;
    const Index leaves = join_.a.leaves();
    team_.for_each((leaves + leaves_per_chunk - 1) / leaves_per_chunk, [&](Index chunk) {
      Scratch scratch;
      const Index end = (std::min)(leaves, (chunk + 1) * leaves_per_chunk);
      for (Index leaf = chunk * leaves_per_chunk; leaf < end; ++leaf) {
        work(leaf, scratch);
      }
    });
  }

  /// The boxes of b that overlap the query around a leaf.
  BOXLAP_NOINLINE void find_columns(const Box<T>& around, Columns& columns) const {
    const PackedTree<T>& b = join_.b;
    columns.clear();
    typename PackedTree<T>::LeafSearch search(b, around, 0);
    for (typename PackedTree<T>::LeafGroup group; search.next(group);) {
      for (; group.lanes != 0; group.lanes &= group.lanes - 1) {
        const Index leaf = group.first + std::countr_zero(group.lanes);
        for (std::uint32_t lanes = b.overlapping(leaf, around); lanes != 0; lanes &= lanes - 1) {
          const Index slot = leaf * block_size + std::countr_zero(lanes);
          columns.push_back(static_cast<std::uint64_t>(b.row(slot)) << 32 | static_cast<std::uint64_t>(slot));
        }
      }
    }
  }

  void sort(Scratch& scratch) const {
    scratch.spare.resize(scratch.columns.size());
    const auto sorted =
        radix_sort(std::span(scratch.columns), std::span(scratch.spare), std::numeric_limits<Index>::digits,
                   [](std::uint64_t column) { return static_cast<std::uint32_t>(column >> 32); });
    if (sorted.data() != scratch.columns.data()) {
      scratch.columns.swap(scratch.spare);
    }
  }

  /// Calls use(lane, col, value) for each entry of a leaf; with `ordered` columns ascend.
  template <class Use>
  void for_each_entry(Index leaf, bool ordered, Scratch& scratch, const Use& use) {
    BoxBlock<T> room;
    const BoxBlock<T>& queries = join_.query.block(join_.a.leaf(leaf), room);
    find_columns(join_.query_around(leaf, queries), scratch.columns);
    if (ordered) {
      sort(scratch);
    }
    alignas(64) Value values[block_size] = {};
    for (const std::uint64_t column : scratch.columns) {
      const Index col = static_cast<Index>(column >> 32), slot = static_cast<Index>(column & 0xffffffffU);
      const Box<T> box = join_.b.box(slot);
      std::uint32_t lanes = overlapping_lanes(queries, box) & join_.a.lanes(leaf);
      if (self && slot / block_size == leaf) {
        lanes &= ~(1U << (slot % block_size));
      }
      for (std::uint32_t kept = entries_.entries(leaf, lanes, col, box, values); kept != 0; kept &= kept - 1) {
        const std::size_t lane = static_cast<std::size_t>(std::countr_zero(kept));
        use(lane, col, values[lane]);
      }
    }
  }

  void count(Index leaf, Scratch& scratch) {
    std::array<Index, block_size> counts{};
    for_each_entry(leaf, false, scratch, [&](std::size_t lane, Index, const Value&) { ++counts[lane]; });
    for (std::size_t lane = 0; lane < lanes_of(leaf); ++lane) {
      offsets_[at(join_.a.leaf_rows(leaf)[lane]) + 1] = counts[lane];
    }
  }

  void fill(Index leaf, Scratch& scratch) {
    std::array<std::size_t, block_size> begins{}, next;  // the rows of the leaf one behind the other
    std::size_t size = 0;
    for (std::size_t lane = 0; lane < lanes_of(leaf); ++lane) {
      const std::size_t row = at(join_.a.leaf_rows(leaf)[lane]);
      begins[lane] = size;
      size += at(offsets_[row + 1] - offsets_[row]);
    }
    if (scratch.cols.size() < size) {
      scratch.cols.resize(size);
      scratch.values.resize(size);
    }
    next = begins;
    Index* const cols = scratch.cols.data();
    Value* const values = scratch.values.data();
    for_each_entry(leaf, true, scratch, [&](std::size_t lane, Index col, const Value& value) {
      cols[next[lane]] = col;
      values[next[lane]++] = value;
    });
    for (std::size_t lane = 0; lane < lanes_of(leaf); ++lane) {
      const Index row = join_.a.leaf_rows(leaf)[lane];
      const std::size_t count = next[lane] - begins[lane];
      entries_.put(at(offsets_[at(row)]), row, std::span<const Index>(cols + begins[lane], count),
                   std::span<const Value>(values + begins[lane], count));
    }
  }

  [[nodiscard]] std::size_t lanes_of(Index leaf) const noexcept {
    return at((std::min)(block_size, join_.a.size() - leaf * block_size));
  }

  const TreeJoin<self, T>& join_;
  Entries& entries_;
  Team& team_;
  std::vector<Index> offsets_;
};

/// The matrix of a join of boxes in two passes.
template <class T, class Measure>
class MatrixEntries {
 public:
  using Value = T;

  MatrixEntries(const PackedTree<T>& a, const OverlapValue<T, Measure>& value_of, Csr<T>& result, Team& team) noexcept
      : a_(a), value_of_(value_of), result_(result), team_(team) {}

  /// Not inlined: it would be compiled for either pass.
  BOXLAP_NOINLINE std::uint32_t entries(Index leaf, std::uint32_t lanes, Index, const Box<T>& box, T* values) const {
    return value_of_.template of_lanes<true>(a_.leaf(leaf), lanes, box, values);
  }
  void make_room(std::size_t total) { detail::make_room(total, team_, result_.col_indices, result_.values); }
  void put(std::size_t k, Index, std::span<const Index> cols, std::span<const T> values) const {
    std::copy(cols.begin(), cols.end(), result_.col_indices.begin() + static_cast<std::ptrdiff_t>(k));
    std::copy(values.begin(), values.end(), result_.values.begin() + static_cast<std::ptrdiff_t>(k));
  }

 private:
  const PackedTree<T>& a_;
  const OverlapValue<T, Measure>& value_of_;
  Csr<T>& result_;
  Team& team_;
};

template <bool self, class T, class Measure>
[[nodiscard]] Csr<T> csr_in_two_passes(const TreeJoin<self, T>& join, Index rows, Index cols, Team& team,
                                       const OverlapValue<T, Measure>& value_of) {
  Csr<T> result{rows, cols, {}, {}, {}};
  MatrixEntries<T, Measure> entries(join.a, value_of, result, team);
  result.row_offsets = CountThenFill(join, entries, team).run(rows);
  return result;
}

}  // namespace boxlap::detail
