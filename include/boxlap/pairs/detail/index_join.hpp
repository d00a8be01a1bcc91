/// The join of rows with an index: each row is a query of its own, in the order they come, and no tree is built of
/// them.
///
/// Descending an R-tree costs an unpredictable branch at every node, so this is for indexes of some thousand boxes,
/// whose leaves are all tested at once as quantised boxes (quantized_leaves.hpp). Candidate leaves and hits go into
/// lists by branchless compaction: how many leaves a box meets is different for each box, so a branch would be
/// mispredicted. With queries not seen before it takes half of the time of ordering them and joining two trees (1,000
/// against 10,000: 29 us instead of 57, measured).
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "../../base/detail/compiler.hpp"
#include "packed_tree.hpp"
#include "quantized_leaves.hpp"
#include "tree_join.hpp"

namespace boxlap::detail {

/// Pairs come by row.
template <class T>
class IndexJoin {
 public:
  static constexpr Index rows_per_chunk = 4096;
  static constexpr Index batch = 128;  ///< queries whose candidates are listed together

  IndexJoin(const BoxRows<T>& rows, const PackedTree<T>* tree, const QuantizedLeaves<T>* filter) noexcept
      : rows_(rows), tree_(*tree), filter_(*filter) {}

  /// Whether this is faster than to order the boxes: not where they are nearly as many as the index has, or meet many
  /// leaves each, judged by a few of them.
  [[nodiscard]] BOXLAP_NOINLINE bool pays() const {
    const Index rows = rows_.size();
    if (!filter_.usable() || rows > tree_.size() / 4) {
      return false;
    }
    const Index sampled = std::clamp(rows / 64, Index{1}, Index{8});
    Lists lists;
    const std::uint32_t* const most = lists.candidates.data() + QuantizedLeaves<T>::most_met * sampled;
    std::uint32_t* end = lists.candidates.data();
    for (Index k = 0; k < (std::min)(sampled, rows) && end <= most; ++k) {
      if (const Box<T> box = rows_[k * (rows / sampled)]; has_extent(box)) {
        end = filter_.add_leaves(0, box, end);
      }
    }
    return end <= most;
  }

  [[nodiscard]] Index chunks() const noexcept { return (rows_.size() + rows_per_chunk - 1) / rows_per_chunk; }

  bool find_rows(Index chunk, PairSink sink) const {
    FoundPairs found(sink);
    Lists lists;
    const Index end = (std::min)(rows_.size(), (chunk + 1) * rows_per_chunk);
    for (Index first = chunk * rows_per_chunk; first < end; first += batch) {
      const Index count = (std::min)(batch, end - first);
      lists.boxes = rows_.block(first, count, lists.room.data());
      std::uint32_t* last = lists.candidates.data();
      for (Index k = 0; k < count; ++k) {
        if (!has_extent(lists.boxes[k])) {
          continue;
        }
        last = filter_.add_leaves(static_cast<std::uint32_t>(k), lists.boxes[k], last);
        if (last > lists.candidates.data() + many) {
          if (!test(lists, last, first, found)) {
            return false;
          }
          last = lists.candidates.data();
        }
      }
      if (!test(lists, last, first, found)) {
        return false;
      }
    }
    return found.hand_over();
  }

 private:
  static constexpr std::size_t many = 512,
                               most_candidates = many + static_cast<std::size_t>(QuantizedLeaves<T>::most_leaves) + 1;
  struct Lists {
    const Box<T>* boxes;
    std::array<Box<T>, static_cast<std::size_t>(batch)> room;  // for the boxes
    std::array<std::uint32_t, most_candidates> candidates;     // box << 16 | leaf
    std::array<std::uint64_t, most_candidates> hits;           // overlapping lanes << 32 | candidate
  };

  /// The exact test of the candidates before `end`; false if the join is to end.
  [[nodiscard]] bool test(Lists& lists, const std::uint32_t* end, Index first, FoundPairs& found) const {
    const auto leaf_of = [](std::uint32_t candidate) { return static_cast<Index>(candidate & 0xffff); };
    std::uint64_t* hits_end = lists.hits.data();
    for (const std::uint32_t* candidate = lists.candidates.data(); candidate != end; ++candidate) {
      const std::uint32_t lanes = tree_.overlapping(leaf_of(*candidate), lists.boxes[*candidate >> 16]);
      *hits_end = std::uint64_t{lanes} << 32 | *candidate;
      hits_end += lanes != 0 ? 1 : 0;
    }
    for (const std::uint64_t* hit = lists.hits.data(); hit != hits_end; ++hit) {
      const auto candidate = static_cast<std::uint32_t>(*hit);
      const Index row = first + static_cast<Index>(candidate >> 16);
      const Index* const leaf_rows = tree_.leaf_rows(leaf_of(candidate));
      RowPair* room = found.room();
      if (room == nullptr) {
        return false;
      }
      for (auto lanes = static_cast<std::uint32_t>(*hit >> 32); lanes != 0; lanes &= lanes - 1) {
        *room++ = {row, leaf_rows[std::countr_zero(lanes)]};
      }
      found.set_end(room);
    }
    return true;
  }

  const BoxRows<T>& rows_;
  const PackedTree<T>& tree_;
  const QuantizedLeaves<T>& filter_;
};

}  // namespace boxlap::detail
