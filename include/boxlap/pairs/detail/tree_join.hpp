/// The join of two packed R-trees, leaf against leaf (Brinkhoff, Kriegel, Seeger 1993, one level deep): what
/// for_each_pair, pairs and the matrices run on.
///
/// Each leaf of one tree, sixteen boxes that lie together, is one search in the other tree. Its boxes are then tested
/// one by one against whole leaves. What is found goes into a small buffer, and the buffer to a function pointer: so
/// this is compiled once for each scalar, whatever is done with the pairs, and the call costs nothing a pair.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>

#include "../../base/detail/compiler.hpp"
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

/// Where a join puts what it finds, some hundred pairs a call: a reference to any `bool take(std::span<RowPair>)`,
/// false to end the join.
class PairSink {
 public:
  template <class Take>
  requires(!std::is_same_v<Take, PairSink>)  // that is a copy
      explicit PairSink(Take& take)
      : take_(&take), call_([](void* t, std::span<RowPair> found) { return (*static_cast<Take*>(t))(found); }) {}

  [[nodiscard]] bool operator()(std::span<RowPair> found) const { return call_(take_, found); }

 private:
  void* take_;
  bool (*call_)(void*, std::span<RowPair>);
};

/// The pairs that were found and not handed over yet.
class FoundPairs {
 public:
  static constexpr std::ptrdiff_t room_of_leaves = 256;  ///< pairs of one leaf with another

  explicit FoundPairs(PairSink sink) : sink_(sink) {}

  /// Where to write the pairs of two leaves; null if the join is to end.
  [[nodiscard]] RowPair* room() {
    const bool has_room = end_ - found_.data() <= static_cast<std::ptrdiff_t>(found_.size()) - room_of_leaves;
    return has_room || hand_over() ? end_ : nullptr;
  }
  void set_end(RowPair* end) noexcept { end_ = end; }
  [[nodiscard]] BOXLAP_NOINLINE bool hand_over() {
    const std::span<RowPair> found(found_.data(), std::exchange(end_, found_.data()));
    return found.empty() || sink_(found);
  }

 private:
  std::array<RowPair, 4 * room_of_leaves> found_;
  RowPair* end_ = found_.data();
  PairSink sink_;
};

/// Pairs name rows, or slots of the trees: places where the boxes are at hand too.
enum class PairsOf { rows, slots };

/// Any join as a source of candidate pairs of rows, in chunks that do not depend on the number of threads. The pairs of
/// chunk after chunk are the order in which for_each_pair visits. A reference.
class PairSource {
 public:
  template <class Join>
  explicit PairSource(const Join& join) noexcept
      : join_(&join), chunks_(join.chunks()), find_([](const void* j, Index chunk, PairSink sink) {
          return static_cast<const Join*>(j)->find_rows(chunk, sink);
        }) {}

  [[nodiscard]] Index chunks() const noexcept { return chunks_; }
  /// Hands the pairs of a chunk to `sink`; false if that ended it.
  bool find_rows(Index chunk, PairSink sink) const { return find_(join_, chunk, sink); }

 private:
  const void* join_;
  Index chunks_;
  bool (*find_)(const void*, Index, PairSink);
};

/// The join of two trees, or of one with itself (a and b are the same tree; each pair once, the smaller row first).
/// Pairs that the query rules out may be left out.
template <bool self, class T>
class TreeJoin {
 public:
  static constexpr Index leaves_per_chunk = 256;
  static constexpr bool of_self = self;
  const PackedTree<T>& a;
  const PackedTree<T>& b;
  BoxQuery<T> query;

  TreeJoin(const PackedTree<T>& tree_a, const PackedTree<T>& tree_b, const BoxQuery<T>& what = {}) noexcept
      : a(tree_a), b(tree_b), query(what) {}

  [[nodiscard]] bool ordered() const noexcept { return a.ordered() && b.ordered(); }
  [[nodiscard]] Index chunks() const noexcept { return (a.leaves() + leaves_per_chunk - 1) / leaves_per_chunk; }
  bool find_rows(Index chunk, PairSink sink) const {
    return find<PairsOf::rows>(chunk * leaves_per_chunk, (chunk + 1) * leaves_per_chunk, sink);
  }
  bool find_slots(Index chunk, PairSink sink) const {
    return find<PairsOf::slots>(chunk * leaves_per_chunk, (chunk + 1) * leaves_per_chunk, sink);
  }
  /// The pairs of leaves first .. last - 1 of a.
  template <PairsOf names>
  BOXLAP_NOINLINE bool find(Index first, Index last, PairSink sink) const {
    FoundPairs found(sink);
    for (Index leaf = first; leaf < (std::min)(last, a.leaves()); ++leaf) {
      if (!(a.ordered() ? join_leaf<names>(leaf, found) : compare_all<names>(leaf, found))) {
        return false;
      }
    }
    return found.hand_over();
  }

  /// The query around a leaf of a; `queries` are those of its boxes.
  [[nodiscard]] Box<T> query_around(Index leaf, const BoxBlock<T>& queries) const noexcept {
    return query.is_box_itself() ? a.leaf_bounds(leaf) : queries.bounds();
  }

 private:
  using LanesOfEach = std::array<std::uint32_t, block_size>;

  /// The lanes of a leaf that overlap any behind them in the same leaf; within[lane] is which. Those before a lane are
  /// not even compared, and what comes out is not looked at before all is done: self joins take a sixth less
  /// (measured).
  [[nodiscard]] static std::uint32_t overlaps_within(const BoxBlock<T>& block, const BoxBlock<T>& queries,
                                                     std::uint32_t used, LanesOfEach& within) noexcept {
    std::uint32_t lanes = 0;
    const auto four_lanes = [&]<Index first>(std::integral_constant<Index, first>) {
      for (Index lane = first; lane < first + 4; ++lane) {
        const std::uint32_t behind = used & ~std::uint32_t{1} << lane;
        within[at(lane)] = overlapping_lanes<first>(block, queries.get(lane)) & behind;
        lanes |= static_cast<std::uint32_t>(within[at(lane)] != 0) << lane;
      }
    };
    four_lanes(std::integral_constant<Index, 0>{});
    four_lanes(std::integral_constant<Index, 4>{});
    four_lanes(std::integral_constant<Index, 8>{});
    four_lanes(std::integral_constant<Index, 12>{});
    return lanes & used;
  }

  /// A leaf of a against all leaves of b that its query reaches.
  template <PairsOf names>
  bool join_leaf(Index leaf, FoundPairs& found) const {
    BoxBlock<T> room;
    const BoxBlock<T>& queries = query.block(a.leaf(leaf), room);
    typename PackedTree<T>::LeafSearch search(b, query_around(leaf, queries), self ? leaf : 0);
    for (typename PackedTree<T>::LeafGroup group; search.next(group);) {
      for (; group.lanes != 0; group.lanes &= group.lanes - 1) {
        RowPair* const end = found.room();
        if (end == nullptr) {
          return false;
        }
        found.set_end(join_leaves<names>(leaf, queries, group.first + std::countr_zero(group.lanes), end));
      }
    }
    return true;
  }

  template <PairsOf names>
  [[nodiscard]] RowPair* join_leaves(Index leaf, const BoxBlock<T>& queries, Index other, RowPair* end) const noexcept {
    if (self && other == leaf) {
      return join_with_itself<names>(leaf, queries, end);
    }
    const BoxBlock<T>& theirs = b.leaf(other);
    const std::uint32_t used = b.lanes(other);
    std::uint32_t lanes = overlapping_lanes(queries, b.leaf_bounds(other)) & a.lanes(leaf);
    for (; lanes != 0; lanes &= lanes - 1) {
      const int lane = std::countr_zero(lanes);
      const std::uint32_t hits = overlapping_lanes(theirs, queries.get(lane)) & used;
      end = add_hits<names>(leaf * block_size + lane, other, hits, end);
    }
    return end;
  }

  template <PairsOf names>
  [[nodiscard]] RowPair* join_with_itself(Index leaf, const BoxBlock<T>& queries, RowPair* end) const noexcept {
    LanesOfEach within;
    std::uint32_t lanes = overlaps_within(a.leaf(leaf), queries, a.lanes(leaf), within);
    for (; lanes != 0; lanes &= lanes - 1) {
      const int lane = std::countr_zero(lanes);
      end = add_hits<names>(leaf * block_size + lane, leaf, within[at(lane)], end);
    }
    return end;
  }

  /// Writes the pairs of one box of a with those that `hits` names in a leaf of b.
  template <PairsOf names>
  [[nodiscard]] RowPair* add_hits(Index slot, Index leaf, std::uint32_t hits, RowPair* end) const noexcept {
    const Index row = a.row(slot), first = leaf * block_size;
    const Index* const rows = b.leaf_rows(leaf);
    const auto add = [&](Index lane) {
      if constexpr (!self) {
        *end++ = names == PairsOf::rows ? RowPair(row, rows[lane]) : RowPair(slot, first + lane);
      } else {
        // The smaller row comes first, by arithmetic, as a branch would be mispredicted half of the time.
        const Index less = rows[lane] - row, is_less = less >> 31;
        const Index i = names == PairsOf::rows ? row : slot, j = names == PairsOf::rows ? rows[lane] : first + lane;
        const Index back = (j - i) & is_less;
        *end++ = {i + back, j - back};
      }
    };
    if (hits == every_lane) {  // in a crowd: looking for each lane would take as long again
      for (Index lane = 0; lane < block_size; ++lane) {
        add(lane);
      }
      return end;
    }
    for (; hits != 0; hits &= hits - 1) {
      add(std::countr_zero(hits));
    }
    return end;
  }

  /// A block of an unordered tree against every block of b; pairs come out ascending.
  template <PairsOf names>
  bool compare_all(Index block, FoundPairs& found) const {
    constexpr Index leaves_at_once = FoundPairs::room_of_leaves / block_size;
    BoxBlock<T> room;
    const BoxBlock<T>& queries = query.block(a.leaf(block), room);
    const Index count = (std::min)(a.size() - block * block_size, block_size);
    for (Index lane = 0; lane < count; ++lane) {
      const Box<T> box = queries.get(lane);
      for (Index first = self ? block : 0; first < b.leaves(); first += leaves_at_once) {
        RowPair* found_end = found.room();
        if (found_end == nullptr) {
          return false;
        }
        const Index last = (std::min)(b.leaves(), first + leaves_at_once);
        for (Index other = first; other < last; ++other) {
          std::uint32_t hits = overlapping_lanes(b.leaf(other), box);
          if (hits == 0) {
            continue;
          }
          hits &= b.lanes(other);
          if (self && other == block) {
            hits &= ~std::uint32_t{1} << lane;
          }
          found_end = add_hits<names>(block * block_size + lane, other, hits, found_end);
        }
        found.set_end(found_end);
      }
    }
    return true;
  }
};

}  // namespace boxlap::detail
