/// The join of boxes that ask in the order they come with an index: no tree is built of them.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "../../core/compiler.hpp"
#include "packed_tree.hpp"
#include "quantized_leaves.hpp"
#include "tree_join.hpp"

namespace boxlap::detail {

/// The boxes of n rows against an index, in chunks as a TreeJoin has them. Pairs come by the row that asks.
///
/// Candidate leaves and hits go into lists by branchless compaction: how many leaves a box meets is different for each
/// box, so a branch would be mispredicted. With queries not seen before it takes half of the time of ordering them and
/// joining two trees (1,000 against 10,000: 29 us instead of 57, measured).
template <class T, class BoxAt>
struct QueryJoin {
  static constexpr bool of_self = false;
  static constexpr Index rows_per_chunk = 4096;
  static constexpr Index batch = 128;  ///< boxes that ask together
  Index rows;
  BoxAt box_at;
  const PackedTree<T>& tree;
  const LeafFilter<T>& filter;

  [[nodiscard]] Index chunks() const noexcept { return (rows + rows_per_chunk - 1) / rows_per_chunk; }

  /// Whether this is faster than to order the boxes: not where they are nearly as many as the index has, or meet many
  /// leaves each, judged by a few of them.
  [[nodiscard]] BOXLAP_NOINLINE bool pays() const {
    if (!filter.usable() || rows > tree.size() / 4) {
      return false;
    }
    const Index sampled = std::clamp(rows / 64, Index{1}, Index{8});
    Lists lists;
    std::uint32_t* end = lists.asked.data();
    for (Index k = 0; k < (std::min)(sampled, rows); ++k) {
      if (end > lists.asked.data() + LeafFilter<T>::most_met * sampled) {
        return false;
      }
      if (const Box<T> box = box_at(k * (rows / sampled)); has_extent(box)) {
        end = filter.add_leaves(0, box, end);
      }
    }
    return end <= lists.asked.data() + LeafFilter<T>::most_met * sampled;
  }

  /// As TreeJoin::run(). Inlined beside it, gcc makes that one a third slower.
  template <class Visit>
  BOXLAP_NOINLINE bool run(Index chunk, Visit& visit) const {
    const Index end = (std::min)(rows, (chunk + 1) * rows_per_chunk);
    Lists lists;
    for (Index first = chunk * rows_per_chunk; first < end; first += batch) {
      const auto count = static_cast<std::uint32_t>((std::min)(batch, end - first));
      std::uint32_t* asked = lists.asked.data();
      for (std::uint32_t k = 0; k < count; ++k) {
        const Box<T> box = box_at(first + static_cast<Index>(k));
        if (!has_extent(box)) {
          continue;
        }
        asked = filter.add_leaves(k, box, asked);
        if (asked > lists.asked.data() + many) {
          if (!visit_found(lists, asked, first, visit)) {
            return false;
          }
          asked = lists.asked.data();
        }
      }
      if (!visit_found(lists, asked, first, visit)) {
        return false;
      }
    }
    return true;
  }

 private:
  static constexpr std::size_t many = 512, most_asked = many + static_cast<std::size_t>(LeafFilter<T>::most_leaves) + 1;
  struct Lists {
    std::array<std::uint32_t, most_asked> asked;  // box << 16 | leaf
    std::array<std::uint64_t, most_asked> found;  // the lanes that meet << 32 | asked
  };

  /// Tests what is listed up to `end` and visits what meets; false if visit stopped.
  template <class Visit>
  bool visit_found(Lists& lists, const std::uint32_t* end, Index first, Visit& visit) const {
    const auto leaf_of = [](std::uint32_t asked) { return static_cast<Index>(asked & 0xffff); };
    std::uint64_t* found_end = lists.found.data();
    for (const std::uint32_t* asked = lists.asked.data(); asked != end; ++asked) {
      const std::uint32_t lanes =
          tree.template meeting_boxes<Meeting::open>(leaf_of(*asked), box_at(first + static_cast<Index>(*asked >> 16)));
      *found_end = std::uint64_t{lanes} << 32 | *asked;
      found_end += lanes != 0 ? 1 : 0;
    }
    for (const std::uint64_t* found = lists.found.data(); found != found_end; ++found) {
      const auto asked = static_cast<std::uint32_t>(*found);
      const std::uint32_t k = asked >> 16;
      const Index row = first + static_cast<Index>(k), leaf = leaf_of(asked);
      const Index* const leaf_rows = tree.leaf_rows(leaf);
      auto lanes = static_cast<std::uint32_t>(*found >> 32);
      do {
        const int lane = std::countr_zero(lanes);
        if (!goes_on(visit, row, leaf_rows[lane], box_at(row), tree.leaf(leaf).get(lane))) {
          return false;
        }
        lanes &= lanes - 1;
      } while (lanes != 0);
    }
    return true;
  }
};

template <class Join>
inline constexpr bool is_query_join = false;
template <class T, class BoxAt>
inline constexpr bool is_query_join<QueryJoin<T, BoxAt>> = true;

}  // namespace boxlap::detail
