/// The join of two packed trees, leaf against leaf: what for_each_pair, pairs and the matrices run on.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "box_query.hpp"
#include "packed_tree.hpp"

namespace boxlap::detail {

using RowPair = std::pair<Index, Index>;

/// Calls visit, true unless it answered false.
template <class Visit, class... Args>
bool goes_on(Visit& visit, const Args&... args) {
  if constexpr (std::is_void_v<std::invoke_result_t<Visit&, const Args&...>>) {
    visit(args...);
    return true;
  } else {
    return static_cast<bool>(visit(args...));
  }
}

/// The join of two trees, or of one with itself (a and b are the same tree; each pair once, i < j), cut into chunks
/// that do not depend on the number of threads. The pairs of chunk after chunk are the order in which for_each_pair
/// visits. Pairs that fall short of what `ask` asks may be left out.
template <Meeting meeting, bool self, class T, class Ask = Identity>
struct TreeJoin {
  static constexpr Index leaves_per_chunk = 256;
  static constexpr bool of_self = self;
  const PackedTree<T>& a;
  const PackedTree<T>& b;
  Ask ask{};

  [[nodiscard]] Index chunks() const noexcept { return (a.leaves() + leaves_per_chunk - 1) / leaves_per_chunk; }

  /// Calls visit(i, j, box_i, box_j) for the pairs of one chunk whose boxes meet; false if visit stopped. The boxes
  /// come from the trees, where they are at hand: the rows themselves may be far away in memory.
  template <class Visit>
  bool run(Index chunk, Visit& visit) const {
    const Index end = (std::min)(a.leaves(), (chunk + 1) * leaves_per_chunk);
    for (Index leaf = chunk * leaves_per_chunk; leaf < end; ++leaf) {
      if (!run_leaf(leaf, visit)) {
        return false;
      }
    }
    return true;
  }

  /// run() for a visit that never stops, up to the first leaf behind which full() is true.
  template <class Visit, class Full>
  void run_until(Index chunk, Visit& visit, const Full& full) const {
    const Index end = (std::min)(a.leaves(), (chunk + 1) * leaves_per_chunk);
    for (Index leaf = chunk * leaves_per_chunk; leaf < end && !full(); ++leaf) {
      run_leaf(leaf, visit);
    }
  }

  /// run() for a single leaf of a.
  template <class Visit>
  bool run_leaf(Index leaf, Visit& visit) const {
    return a.ordered() ? join_leaf(leaf, visit) : join_unordered(leaf, visit);
  }

  /// What the boxes of a leaf of a ask for together; `asking` is asked(ask, a.leaf(leaf)).
  [[nodiscard]] Box<T> asked_around(Index leaf, const BoxBlock<T>& asking) const noexcept {
    if constexpr (std::is_same_v<Ask, Identity>) {
      return a.leaf_bounds(leaf);
    } else {
      return asking.bounds();
    }
  }

 private:
  using LanesOfEach = std::array<std::uint32_t, block_size>;

  /// The lanes of a leaf that meet any behind them in the same leaf; within[lane] is which. Those before a lane are not
  /// even compared, and what comes out is not looked at before all is done: self joins take a sixth less (measured).
  [[nodiscard]] static std::uint32_t meetings_within(const BoxBlock<T>& block, const BoxBlock<T>& asking,
                                                     std::uint32_t used, LanesOfEach& within) noexcept {
    std::uint32_t lanes = 0;
    const auto four_lanes = [&]<Index first>(std::integral_constant<Index, first>) {
      for (Index lane = first; lane < first + 4; ++lane) {
        const std::uint32_t behind = used & ~std::uint32_t{1} << lane;
        within[at(lane)] = meeting_lanes<meeting, first>(block, asking.get(lane)) & behind;
        lanes |= static_cast<std::uint32_t>(within[at(lane)] != 0) << lane;
      }
    };
    four_lanes(std::integral_constant<Index, 0>{});
    four_lanes(std::integral_constant<Index, 4>{});
    four_lanes(std::integral_constant<Index, 8>{});
    four_lanes(std::integral_constant<Index, 12>{});
    return lanes & used;
  }

  /// A leaf of a against all leaves of b that its bounds meet.
  template <class Visit>
  bool join_leaf(Index leaf, Visit& visit) const {
    const BoxBlock<T>& ours = a.leaf(leaf);
    const BoxBlock<T>& asking = asked(ask, ours);
    const Index* rows = a.leaf_rows(leaf);
    LanesOfEach within;
    return b.template for_each_leaf<meeting>(asked_around(leaf, asking), self ? leaf : 0, [&](Index other) {
      const Index* other_rows = b.leaf_rows(other);
      const bool on_diagonal = self && other == leaf;
      // Looked up here for the self join alone: with two ways to go, clang would look them up for every lane. Between
      // two sets gcc's code is a twentieth slower with them.
      [[maybe_unused]] const BoxBlock<T>& theirs = b.leaf(other);
      [[maybe_unused]] const std::uint32_t used = b.lanes(other);
      std::uint32_t lanes = on_diagonal ? meetings_within(ours, asking, a.lanes(leaf), within)
                                        : meeting_lanes<meeting>(asking, b.leaf_bounds(other)) & a.lanes(leaf);
      for (; lanes != 0; lanes &= lanes - 1) {
        const int lane = std::countr_zero(lanes);
        std::uint32_t hits = !self         ? b.template meeting_boxes<meeting>(other, asking.get(lane))
                             : on_diagonal ? within[at(lane)]
                                           : meeting_lanes<meeting>(theirs, asking.get(lane)) & used;
        const auto meet = [&](int hit) {
          const Index i = rows[lane], j = other_rows[hit];
          const std::array<Box<T>, 2> boxes{ours.get(lane), b.leaf(other).get(hit)};
          // The smaller row comes first, by arithmetic, as a branch would be mispredicted half of the time. `back` is
          // j - i where j is the smaller one, else 0.
          const Index back = self ? (j - i) & ((j - i) >> 31) : 0;
          const std::size_t first = static_cast<std::size_t>(back < 0);
          return goes_on(visit, i + back, j - back, boxes[first], boxes[1 - first]);
        };
        if (hits == every_lane) {  // in a crowd: looking for each lane would take as long again
          for (int hit = 0; hit < block_size; ++hit) {
            if (!meet(hit)) {
              return false;
            }
          }
          continue;
        }
        for (; hits != 0; hits &= hits - 1) {
          if (!meet(std::countr_zero(hits))) {
            return false;
          }
        }
      }
      return true;
    });
  }

  /// A block of a against every block of b; pairs come out ascending.
  template <class Visit>
  bool join_unordered(Index block, Visit& visit) const {
    const Index end = (std::min)(a.size(), (block + 1) * block_size);
    for (Index k = block * block_size; k < end; ++k) {
      const Box<T> box = a.leaf(block).get(k % block_size);
      const Box<T> asking = ask(box);
      for (Index other = self ? block : 0; other < b.leaves(); ++other) {
        std::uint32_t hits = b.template meeting_boxes<meeting>(other, asking);
        if (self && other == block) {
          hits &= ~std::uint32_t{1} << (k % block_size);
        }
        for (; hits != 0; hits &= hits - 1) {
          const int hit = std::countr_zero(hits);
          if (!goes_on(visit, a.leaf_rows(block)[k % block_size], b.leaf_rows(other)[hit], box,
                       b.leaf(other).get(hit))) {
            return false;
          }
        }
      }
    }
    return true;
  }
};

}  // namespace boxlap::detail
