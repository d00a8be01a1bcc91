/// How many pairs a join finds for a row, judged by a sample of leaves.
///
/// It decides whether pairs are listed and sorted (few a row) or counted and then written to their places (many). A
/// wrong guess costs time, never the answer: a list that grows too long is dropped (collect_chunks.hpp).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "tree_join.hpp"

namespace boxlap::detail {

/// From so many pairs a row on, finding them twice takes less time than sorting them (measured).
inline constexpr double many_pairs_a_row = 8;

/// About how many pairs the join finds for each row of a; 0 for joins of unordered trees.
/// `names`: those that the join is compiled for anyway.
template <PairsOf names, bool self, class T>
[[nodiscard]] double pairs_a_row(const TreeJoin<self, T>& join) {
  constexpr Index sampled_leaves = 16;
  if (!join.ordered()) {
    return 0;
  }
  const Index stride = (std::max)(Index{1}, join.a.leaves() / sampled_leaves);
  std::size_t pairs = 0;
  std::int64_t boxes = 0;
  auto count = [&](std::span<RowPair> found) {
    pairs += found.size();
    return true;
  };
  for (Index leaf = stride / 2; leaf < join.a.leaves(); leaf += stride) {
    join.template find<names>(leaf, leaf + 1, PairSink(count));
    boxes += block_size;
  }
  return static_cast<double>(pairs) / static_cast<double>((std::max)(boxes, std::int64_t{1}));
}

/// The pairs of a chunk of a join that has so many a row.
[[nodiscard]] inline std::size_t expected_pairs(double pairs_of_row) noexcept {
  return static_cast<std::size_t>(pairs_of_row * 4096);
}

}  // namespace boxlap::detail
