/// A packed R-tree without pointers: blocks of sixteen boxes, blocks of the boxes around sixteen blocks, and so on.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <memory>
#include <span>

#include "../../core/compiler.hpp"
#include "../../core/index.hpp"
#include "box_block.hpp"
#include "packing.hpp"
#include "thread_team.hpp"

namespace boxlap::detail {

/// Whether a box can meet anything: positive extent for open meetings, ordered corners for closed ones. Drops NaN.
template <Meeting meeting, class T>
[[nodiscard]] constexpr bool enters(const Box<T>& box) noexcept {
  if constexpr (meeting == Meeting::open) {
    return has_extent(box);
  } else {
    return box.x1 <= box.x2 && box.y1 <= box.y2;
  }
}

/// The tree over the boxes of n rows. Built once, never changed: const calls are safe from many threads.
///
/// 16/15 of 16 boxes a block and 4 bytes a box: 22 bytes a box in float, 39 in double.
template <class T>
class PackedTree {
 public:
  PackedTree() = default;

  /// box_at(i) is the box of row i < n. Boxes that cannot meet anything are left out.
  template <Meeting meeting, class BoxAt>
  static PackedTree build(Index n, const BoxAt& box_at, PackingScratch& scratch, Team* team = nullptr) {
    const auto entering = [](const Box<T>& box) { return enters<meeting>(box); };
    return from_order(packing_order<T>(n, box_at, entering, scratch, team), box_at, team);
  }

  /// The tree over the rows of `order`, packed in that order.
  template <class BoxAt>
  static PackedTree from_order(std::span<const PackedRow> order, const BoxAt& box_at, Team* team = nullptr) {
    PackedTree tree;
    tree.boxes_ = static_cast<Index>(order.size());
    tree.allocate(tree.boxes_, blocks_with_levels(tree.leaves()));
    tree.first_[1] = tree.leaves();
    Slices(order.size(), team).for_each([&](Index, std::size_t begin, std::size_t end) {
      tree.fill_leaves(order, box_at, static_cast<Index>(begin), static_cast<Index>(end));
    });
    tree.build_levels();
    return tree;
  }

  /// Room for the boxes of an unordered tree, on the stack of its maker: asking for memory takes longer than to join so
  /// few.
  struct Room {
    static constexpr Index boxes = 64;
    std::array<BoxBlock<T>, boxes / block_size> blocks;
    std::array<Index, boxes> rows;
  };

  /// The boxes in the order they came, in blocks without levels above: for inputs too small to be worth ordering. If
  /// there is `room` for them it must outlive the tree.
  template <Meeting meeting, class BoxAt>
  static PackedTree unordered(Index n, const BoxAt& box_at, Room* room = nullptr) {
    PackedTree tree;
    if (room != nullptr && n <= Room::boxes) {
      tree.blocks_ = room->blocks.data();
      tree.rows_ = room->rows.data();
    } else {
      tree.allocate(n, blocks_for(n));
    }
    for (Index i = tree.template take_fours<meeting>(n, box_at); i < n; ++i) {
      if (const Box<T> box = box_at(i); enters<meeting>(box)) {
        tree.rows_[at(tree.boxes_)] = i;
        tree.set_lane(0, tree.boxes_++, box);
      }
    }
    tree.free_lanes(0, tree.boxes_);
    return tree;
  }

  [[nodiscard]] Index size() const noexcept { return boxes_; }                ///< boxes in the tree
  [[nodiscard]] bool ordered() const noexcept { return levels_ > 0; }         ///< false: made by unordered()
  [[nodiscard]] Index leaves() const noexcept { return blocks_for(boxes_); }  ///< blocks of boxes
  /// Bit l is set where box l of leaf k meets `box`.
  template <Meeting meeting>
  [[nodiscard]] std::uint32_t meeting_boxes(Index k, const Box<T>& box) const noexcept {
    return meeting_lanes<meeting>(leaf(k), box) & lanes(k);
  }
  /// The lanes of leaf k that hold a box.
  [[nodiscard]] std::uint32_t lanes(Index k) const noexcept { return used_lanes(boxes_ - k * block_size); }
  [[nodiscard]] const BoxBlock<T>& leaf(Index k) const noexcept { return blocks_[at(k)]; }
  [[nodiscard]] Box<T> leaf_bounds(Index k) const noexcept {
    return blocks_[at(first_[1] + k / block_size)].get(k % block_size);
  }
  [[nodiscard]] const Index* leaf_rows(Index k) const noexcept { return rows_ + at(k) * block_size; }

  /// Calls visit(k) for each leaf k >= first whose bounds meet `box`, ascending, until visit returns false; returns
  /// false if one did. The stack is of fixed size: at most fifteen nodes wait on each of at most eight levels.
  template <Meeting meeting, class Visit>
  bool for_each_leaf(const Box<T>& box, Index first, const Visit& visit) const {
    if (boxes_ == 0) {
      return true;
    }
    const auto meeting_children = [&](Index level, Index block) {
      const Index first_child = first >> (4 * (level - 1));  // the child with leaf `first` below it
      std::uint32_t lanes = meeting_lanes<meeting>(blocks_[at(first_[at(level)] + block)], box) &
                            used_lanes(first_[at(level)] - first_[at(level - 1)] - block * block_size);
      if (block * block_size < first_child) {
        lanes &= ~std::uint32_t{0} << (first_child - block * block_size);
      }
      return lanes;
    };
    struct Node {
      Index level, block;
      std::uint32_t lanes;  // children not visited yet
    };
    std::array<Node, 9> path;
    std::size_t depth = 0;
    Index level = levels_, block = 0;
    for (;;) {
      std::uint32_t lanes = meeting_children(level, block);
      if (level > 1) {
        path[depth++] = {level, block, lanes};
      } else {
        for (; lanes != 0; lanes &= lanes - 1) {
          if (!visit(block * block_size + std::countr_zero(lanes))) {
            return false;
          }
        }
      }
      while (depth > 0 && path[depth - 1].lanes == 0) {
        --depth;
      }
      if (depth == 0) {
        return true;
      }
      Node& node = path[depth - 1];
      level = node.level - 1;
      block = node.block * block_size + std::countr_zero(node.lanes);
      node.lanes &= node.lanes - 1;
    }
  }

 private:
  static constexpr std::size_t block_lanes = block_size;

  [[nodiscard]] static Index blocks_for(Index n) noexcept { return (n + block_size - 1) / block_size; }

  /// The number of blocks of a tree with `leaves` leaves: at least one level above them, up to one that is a single
  /// block.
  [[nodiscard]] static Index blocks_with_levels(Index leaves) noexcept {
    Index total = leaves, width = leaves;
    do {
      width = blocks_for(width);
      total += width;
    } while (width > 1);
    return total;
  }

  /// The lanes of a block that hold something, if `left` boxes are left from its first one on. Free lanes meet no
  /// finite box, but an infinite one would seem to meet them.
  [[nodiscard]] static std::uint32_t used_lanes(Index left) noexcept {
    return left >= block_size ? every_lane : (1U << left) - 1;
  }

  void allocate(Index boxes, Index blocks) {
    own_rows_ = uninitialized<Index>(at(blocks_for(boxes)) * block_lanes);  // so that those of free lanes can be read
    own_blocks_ = uninitialized<BoxBlock<T>>(at(blocks));
    rows_ = own_rows_.get();
    blocks_ = own_blocks_.get();
  }

  void set_lane(Index level, Index k, const Box<T>& box) noexcept {
    const std::size_t lane = at(k);
    blocks_[at(first_[at(level)]) + lane / block_lanes].set(static_cast<Index>(lane % block_lanes), box);
  }

  /// Takes the first boxes of an unordered tree, four at once, for as long as all of them enter. Returns how many.
  template <Meeting meeting, class BoxAt>
  [[nodiscard]] Index take_fours([[maybe_unused]] Index n, [[maybe_unused]] const BoxAt& box_at) {
#if BOXLAP_VECTORS
    // Where a register does not hold four it takes longer (measured).
    for (; sizeof(FourBoxes<T>::x1) <= lane_bytes && n - boxes_ >= 4; boxes_ += 4) {
      const FourBoxes<T> four(box_at(boxes_), box_at(boxes_ + 1), box_at(boxes_ + 2), box_at(boxes_ + 3));
      if (!four.template all_enter<meeting>()) {
        break;
      }
      const std::size_t first = at(boxes_) % block_lanes;
      BoxBlock<T>& block = blocks_[at(boxes_) / block_lanes];
      store(block.x1 + first, four.x1);
      store(block.y1 + first, four.y1);
      store(block.x2 + first, four.x2);
      store(block.y2 + first, four.y2);
      for (Index k = boxes_; k < boxes_ + 4; ++k) {
        rows_[at(k)] = k;
      }
    }
#endif
    return boxes_;
  }

  void free_lanes(Index level, Index used) noexcept {
    for (Index k = used; k % block_size != 0; ++k) {
      set_lane(level, k, BoxBlock<T>::no_box());
    }
  }

  /// Boxes begin .. end - 1, where begin is the first of a leaf, and the bounds of their leaves.
  template <class BoxAt>
  void fill_leaves(std::span<const PackedRow> order, const BoxAt& box_at, Index begin, Index end) {
    constexpr Index ahead = 8;
    for (Index first = begin; first < end; first += block_size) {
      const Index used = (std::min)(block_size, end - first), leaf = first / block_size;
      BoxBlock<T>& block = blocks_[at(leaf)];
      Index* const rows = rows_ + at(first);
      const PackedRow* const packed = order.data() + at(first);
      for (Index lane = 0; lane < used; ++lane) {
        if constexpr (requires { box_at.prefetch(lane); }) {
          box_at.prefetch(order[at((std::min)(first + lane + ahead, end - 1))].row);
        }
        rows[lane] = packed[lane].row;
        block.set(lane, box_at(packed[lane].row));
      }
      for (Index lane = used; lane < block_size; ++lane) {
        block.set(lane, BoxBlock<T>::no_box());
      }
      set_lane(1, leaf, block.bounds());
    }
  }

  /// The levels above, up from the one over the leaves, whose lanes are filled.
  void build_levels() {
    if (boxes_ == 0) {
      return;
    }
    levels_ = 1;
    for (Index width = leaves();; ++levels_) {
      free_lanes(levels_, width);
      const Index blocks = blocks_for(width), first = first_[at(levels_)];
      first_[at(levels_) + 1] = first + blocks;
      if (blocks <= 1) {
        return;
      }
      for (Index k = 0; k < blocks; ++k) {
        set_lane(levels_ + 1, k, blocks_[at(first + k)].bounds());
      }
      width = blocks;
    }
  }

  Index boxes_ = 0, levels_ = 0;
  std::array<Index, 10> first_{};  // where each level begins in blocks_; level 0 is the boxes themselves
  BoxBlock<T>* blocks_ = nullptr;
  Index* rows_ = nullptr;  // the row of each lane of level 0
  std::unique_ptr<BoxBlock<T>[]> own_blocks_;
  std::unique_ptr<Index[]> own_rows_;
};

}  // namespace boxlap::detail
