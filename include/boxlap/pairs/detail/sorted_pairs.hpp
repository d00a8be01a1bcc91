/// The pairs of a join, visited or as an ascending list.
///
/// A list comes about as keys (row and column in one number) that are radix-sorted, or, where rows hold many pairs, by
/// counting them and writing each to its place (count_then_fill.hpp). Visits are handed over chunk by chunk on the
/// calling thread, in an order that the shapes alone decide.
#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <vector>

#include "../../base/detail/sorting.hpp"
#include "../../base/detail/thread_team.hpp"
#include "collect_chunks.hpp"
#include "count_then_fill.hpp"
#include "pair_density.hpp"
#include "range_join.hpp"
#include "tree_join.hpp"

namespace boxlap::detail {

/// The entries of a matrix without values: the pairs of boxes themselves.
template <bool self, class T>
class PairEntries {
 public:
  using Value = char;

  PairEntries(const PackedTree<T>& a, std::vector<RowPair>& result, Team& team) noexcept
      : a_(a), result_(result), team_(team) {}

  [[nodiscard]] std::uint32_t entries(Index leaf, std::uint32_t lanes, Index col, const Box<T>&, char*) const noexcept {
    if constexpr (!self) {
      return lanes;
    }
    std::uint32_t kept = 0;  // of the two ways round, the one with the smaller row first
    for (; lanes != 0; lanes &= lanes - 1) {
      const int lane = std::countr_zero(lanes);
      kept |= static_cast<std::uint32_t>(a_.leaf_rows(leaf)[lane] < col) << lane;
    }
    return kept;
  }
  void make_room(std::size_t total) { detail::make_room(total, team_, result_); }
  void put(std::size_t k, Index row, std::span<const Index> cols, std::span<const char>) const {
    for (const Index col : cols) {
      result_[k++] = {row, col};
    }
  }

 private:
  const PackedTree<T>& a_;
  std::vector<RowPair>& result_;
  Team& team_;
};

/// The keys of the pairs of a join; more than `most` are only counted.
template <class Join>
[[nodiscard]] Collected<std::uint64_t> pair_keys(const Join& join, const PairKeys& coding, double pairs_of_row,
                                                 std::size_t most, Team& team) {
  const PairSource source = join.source();
  return collect_chunks<std::uint64_t>(source.chunks(), team, expected_pairs(pairs_of_row), most,
                                       [&](Index chunk, std::vector<std::uint64_t>& keys, const auto& is_full) {
                                         auto take = [&](std::span<RowPair> found) {
                                           for (const auto& [i, j] : found) {
                                             if (join.meets(i, j)) {
                                               keys.push_back(coding.key(i, j));
                                             }
                                           }
                                           return !is_full(keys);
                                         };
                                         source.find_rows(chunk, PairSink(take));
                                       });
}

/// The pairs of a RangeJoin or a SelfJoin, ascending.
template <class Join>
[[nodiscard]] std::vector<RowPair> sorted_pairs(const Join& join, Team& team, Index rows, Index cols) {
  std::vector<RowPair> result;
  const double pairs_of_row = join.plan.by_row ? 0 : pairs_a_row<PairsOf::rows>(join.trees);
  // Whether pairs can be counted before they are written: not without ordered trees, or where pairs of boxes that meet
  // are not yet pairs of shapes that do.
  const bool countable = Join::of_boxes && !join.plan.by_row && join.trees.ordered();
  if (!countable || pairs_of_row < many_pairs_a_row) {
    const std::size_t most = countable ? longest_list(join.trees, rows, cols) : most_pairs_of_all;
    const PairKeys coding(rows, cols);
    Collected<std::uint64_t> keys = pair_keys(join, coding, pairs_of_row, most, team);
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
  if constexpr (Join::of_boxes) {
    PairEntries<Join::of_self, typename Join::T> entries(join.trees.a, result, team);
    [[maybe_unused]] const auto offsets = CountThenFill(join.trees, entries, team).run(rows);
  }
  return result;
}

/// Hands the pairs of a RangeJoin or a SelfJoin to visit on the calling thread, chunk after chunk. With several threads
/// a wave of chunks is collected at a time, so only their pairs wait in memory; not so for boxes, which are found in
/// less time than it takes to pass them from thread to thread.
template <class Join, class Visit>
void visit_pairs(const Join& join, Team& team, Visit& visit) {
  const PairSource source = join.source();
  if (Join::of_boxes || team.threads() <= 1 || source.chunks() <= 1) {
    auto take = [&](std::span<RowPair> found) {
      for (const auto& [i, j] : found) {
        if (join.meets(i, j) && !goes_on(visit, i, j)) {
          return false;
        }
      }
      return true;
    };
    for (Index chunk = 0; chunk < source.chunks() && source.find_rows(chunk, PairSink(take)); ++chunk) {
    }
    return;
  }
  const Index wave = 4 * static_cast<Index>(team.threads());
  std::vector<std::vector<RowPair>> found(at((std::min)(wave, source.chunks())));
  for (Index first = 0; first < source.chunks(); first += wave) {
    const Index count = (std::min)(wave, source.chunks() - first);
    team.for_each(count, [&](Index k) {
      std::vector<RowPair>& pairs = found[at(k)];
      pairs.clear();
      auto take = [&](std::span<RowPair> candidates) {
        for (const auto& [i, j] : candidates) {
          if (join.meets(i, j)) {
            pairs.emplace_back(i, j);
          }
        }
        return true;
      };
      source.find_rows(first + k, PairSink(take));
    });
    for (Index k = 0; k < count; ++k) {
      for (const auto& [i, j] : found[at(k)]) {
        if (!goes_on(visit, i, j)) {
          return;
        }
      }
    }
  }
}

}  // namespace boxlap::detail
