/// A sparse matrix from a list of its entries in any order: collected while the join runs, then radix-sorted by row and
/// column.
///
/// For joins that find few pairs a row. A pair is measured where it is found, while its boxes are at hand in the
/// leaves. The list and the room for sorting it are the memory beside the result; where rows hold many entries the two
/// passes of count_then_fill.hpp need neither.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "../../base/detail/sorting.hpp"
#include "../../base/detail/thread_team.hpp"
#include "../csr.hpp"
#include "block_overlap.hpp"
#include "collect_chunks.hpp"
#include "count_then_fill.hpp"
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

/// Adds the entries of a chunk of a join to a list. With `self` the join finds each pair once, and both halves are
/// stored.
template <bool self, class T, class Measure, class IsFull>
void collect_entries(const TreeJoin<self, T>& join, const OverlapValue<T, Measure>& value_of, Index chunk,
                     std::vector<Entry<T>>& entries, const IsFull& is_full) {
  auto take = [&](std::span<RowPair> found) {
    for (const auto& [slot_a, slot_b] : found) {
      const Box<T> a = join.a.box(slot_a), b = join.b.box(slot_b);
      if (!join.query.attainable(a, b)) {
        continue;
      }
      const Index i = join.a.row(slot_a), j = join.b.row(slot_b);
      if (const T value = value_of(a, b); value_of.kept(value)) {
        entries.push_back({i, j, value});
      }
      if constexpr (self) {
        if (const T value = value_of(b, a); value_of.kept(value)) {
          entries.push_back({j, i, value});
        }
      }
    }
    return !is_full(entries);
  };
  join.find_slots(chunk, PairSink(take));
}

/// How long lists of entries are expected to be, of one chunk, and may be, of all together.
struct ListSizes {
  std::size_t expected, most;
};

/// The matrix of a join of boxes by way of a list. Where the list grows beyond `list.most` after all, it is dropped and
/// the two passes take over; unordered trees have no levels to be counted by, and throw.
template <bool self, class T, class Measure>
[[nodiscard]] Csr<T> csr_by_sorting(const TreeJoin<self, T>& join, Index rows, Index cols, Team& team,
                                    const ListSizes& list, const OverlapValue<T, Measure>& value_of) {
  const auto collect = [&](Index chunk, std::vector<Entry<T>>& found, const auto& is_full) {
    collect_entries(join, value_of, chunk, found, is_full);
  };
  Collected<Entry<T>> entries = collect_chunks<Entry<T>>(join.chunks(), team, list.expected, list.most, collect);
  if (entries.size > list.most) {
    if (!join.ordered()) [[unlikely]] {
      refuse_pairs(entries.size);
    }
    return csr_in_two_passes(join, rows, cols, team, value_of);
  }
  return csr_of_entries(entries.items(), rows, cols, team);
}

}  // namespace boxlap::detail
