/// A packed R-tree with a fan-out of 16 and without pointers: blocks of sixteen boxes, blocks of the boxes around
/// sixteen blocks, and so on, level behind level in one array (as Flatbush and Boost's packed R-tree have it).
///
/// Nodes are full, so children and parents are found by arithmetic, and a node is tested with a few vector compares.
/// 16/15 of 16 boxes a block and 4 bytes a box: 22 bytes a box in float, 39 in double. Built once, never changed: const
/// calls are safe from many threads.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <memory>
#include <span>

#include "../../base/detail/compiler.hpp"
#include "../../base/detail/thread_team.hpp"
#include "../../base/index.hpp"
#include "box_block.hpp"
#include "box_rows.hpp"
#include "packing.hpp"

namespace boxlap::detail {

/// The tree over the boxes of rows; those that can be in no join (takes_part()) are left out.
template <class T>
class PackedTree {
 public:
  PackedTree() = default;

  /// Packed in Sort-Tile-Recursive order.
  [[nodiscard]] static PackedTree packed(const BoxRows<T>& boxes, bool touching, PackingScratch& scratch,
                                         Team* team = nullptr) {
    return from_order(packing_order(boxes, touching, scratch, team), boxes, team);
  }

  /// The tree over the rows of `order`, packed in that order.
  [[nodiscard]] static PackedTree from_order(std::span<const PackedRow> order, const BoxRows<T>& boxes,
                                             Team* team = nullptr) {
    PackedTree tree;
    tree.boxes_ = static_cast<Index>(order.size());
    tree.allocate(tree.boxes_, blocks_with_levels(tree.leaves()));
    tree.first_[1] = tree.leaves();
    Slices(order.size(), team).for_each([&](Index, std::size_t begin, std::size_t end) {
      tree.fill_leaves(order, boxes, static_cast<Index>(begin), static_cast<Index>(end));
    });
    tree.build_levels();
    return tree;
  }

  /// Room for the boxes of an unordered tree, on the stack of its maker: allocating takes longer than joining so
  /// few.
  struct Room {
    static constexpr Index boxes = 64;
    std::array<BoxBlock<T>, boxes / block_size> blocks;
    std::array<Index, boxes> rows;
  };

  /// The boxes in the order they came, in blocks without levels above: for inputs too small to be worth ordering. If
  /// there is `room` for them it must outlive the tree.
  [[nodiscard]] static PackedTree unordered(const BoxRows<T>& boxes, bool touching, Room* room = nullptr) {
    PackedTree tree;
    const Index n = boxes.size();
    if (room != nullptr && n <= Room::boxes) {
      tree.blocks_ = room->blocks.data();
      tree.rows_ = room->rows.data();
    } else {
      tree.allocate(n, blocks_for(n));
    }
    std::array<Box<T>, Room::boxes> copies;
    for (Index first = 0; first < n; first += Room::boxes) {
      const Index count = (std::min)(Room::boxes, n - first);
      const Box<T>* const block = boxes.block(first, count, copies.data());
      for (Index k = touching ? 0 : tree.add_fours(first, block, count); k < count; ++k) {
        if (takes_part(block[k], touching)) {
          tree.rows_[at(tree.boxes_)] = first + k;
          tree.set_lane(0, tree.boxes_++, block[k]);
        }
      }
    }
    tree.free_lanes(0, tree.boxes_);
    return tree;
  }

  [[nodiscard]] Index size() const noexcept { return boxes_; }                ///< boxes in the tree
  [[nodiscard]] bool ordered() const noexcept { return levels_ > 0; }         ///< false: made by unordered(), or empty
  [[nodiscard]] Index leaves() const noexcept { return blocks_for(boxes_); }  ///< blocks of boxes
  /// Bit l is set where box l of leaf k shares area with `box`.
  [[nodiscard]] std::uint32_t overlapping(Index k, const Box<T>& box) const noexcept {
    return overlapping_lanes(leaf(k), box) & lanes(k);
  }
  /// The lanes of leaf k that hold a box.
  [[nodiscard]] std::uint32_t lanes(Index k) const noexcept { return used_lanes(boxes_ - k * block_size); }
  [[nodiscard]] const BoxBlock<T>& leaf(Index k) const noexcept { return blocks_[at(k)]; }
  [[nodiscard]] Box<T> leaf_bounds(Index k) const noexcept {
    return blocks_[at(first_[1] + k / block_size)].get(k % block_size);
  }

  // A slot is a place in the leaves: lane slot % 16 of leaf slot / 16.
  [[nodiscard]] const Index* leaf_rows(Index k) const noexcept { return rows_ + at(k) * block_size; }
  [[nodiscard]] Index row(Index slot) const noexcept { return rows_[at(slot)]; }
  [[nodiscard]] Box<T> box(Index slot) const noexcept { return leaf(slot / block_size).get(slot % block_size); }

  /// Leaves that lie side by side: bit l is set for leaf first + l.
  struct LeafGroup {
    Index first;
    std::uint32_t lanes;
  };

  /// The leaves >= first_leaf whose bounds share area with a box, ascending, a group at a time. Depth first, on a stack
  /// of fixed size: at most fifteen nodes wait on each of at most eight levels.
  class LeafSearch {
   public:
    LeafSearch(const PackedTree& tree, const Box<T>& box, Index first_leaf) noexcept
        : tree_(tree), box_(box), first_leaf_(first_leaf), level_(tree.boxes_ > 0 ? tree.levels_ : 0) {}

    /// False when there are no more.
    [[nodiscard]] BOXLAP_NOINLINE bool next(LeafGroup& group) noexcept {
      while (level_ > 0) {
        const std::uint32_t lanes = children(level_, block_);
        group = {block_ * block_size, lanes};
        const bool is_lowest = level_ == 1;
        if (!is_lowest) {
          path_[depth_++] = {level_, block_, lanes};
        }
        go_on();
        if (is_lowest && group.lanes != 0) {
          return true;
        }
      }
      return false;
    }

   private:
    struct Node {
      Index level, block;
      std::uint32_t lanes;  // children not visited yet
    };

    [[nodiscard]] std::uint32_t children(Index level, Index block) const noexcept {
      const auto& first = tree_.first_;
      const Index first_child = first_leaf_ >> (4 * (level - 1));  // the child with leaf first_leaf below it
      std::uint32_t lanes = overlapping_lanes(tree_.blocks_[at(first[at(level)] + block)], box_) &
                            used_lanes(first[at(level)] - first[at(level - 1)] - block * block_size);
      if (block * block_size < first_child) {
        lanes &= ~std::uint32_t{0} << (first_child - block * block_size);
      }
      return lanes;
    }

    /// To the next node of the path; level 0 when there is none.
    void go_on() noexcept {
      while (depth_ > 0 && path_[depth_ - 1].lanes == 0) {
        --depth_;
      }
      level_ = 0;
      if (depth_ > 0) {
        Node& node = path_[depth_ - 1];
        level_ = node.level - 1;
        block_ = node.block * block_size + std::countr_zero(node.lanes);
        node.lanes &= node.lanes - 1;
      }
    }

    const PackedTree& tree_;
    Box<T> box_;
    Index first_leaf_, level_, block_ = 0;
    std::size_t depth_ = 0;
    std::array<Node, 9> path_;
  };

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

  /// Adds boxes four at once, for as long as all of them have extent and no row was left out. Returns how many.
  [[nodiscard]] Index add_fours([[maybe_unused]] Index first, [[maybe_unused]] const Box<T>* boxes,
                                [[maybe_unused]] Index count) noexcept {
    Index k = 0;
#if BOXLAP_VECTORS
    // Where a register does not hold four it takes longer (measured).
    for (; sizeof(FourBoxes<T>::x1) <= lane_bytes && boxes_ == first + k && count - k >= 4; k += 4, boxes_ += 4) {
      const FourBoxes<T> four(boxes[k], boxes[k + 1], boxes[k + 2], boxes[k + 3]);
      if (!four.all_have_extent()) {
        break;
      }
      const std::size_t lane = at(boxes_) % block_lanes;
      BoxBlock<T>& block = blocks_[at(boxes_) / block_lanes];
      store(block.x1 + lane, four.x1);
      store(block.y1 + lane, four.y1);
      store(block.x2 + lane, four.x2);
      store(block.y2 + lane, four.y2);
      for (Index row = boxes_; row < boxes_ + 4; ++row) {
        rows_[at(row)] = row;
      }
    }
#endif
    return k;
  }

  void free_lanes(Index level, Index used) noexcept {
    for (Index k = used; k % block_size != 0; ++k) {
      set_lane(level, k, BoxBlock<T>::no_box());
    }
  }

  /// Boxes begin .. end - 1, where begin is the first of a leaf, and the bounds of their leaves.
  void fill_leaves(std::span<const PackedRow> order, const BoxRows<T>& boxes, Index begin, Index end) {
    constexpr Index ahead = 8;
    for (Index first = begin; first < end; first += block_size) {
      const Index used = (std::min)(block_size, end - first), leaf = first / block_size;
      Index* const rows = rows_ + at(first);
      BoxBlock<T>& block = blocks_[at(leaf)];
      if (const Box<T>* const all = boxes.data()) {
        for (Index lane = 0; lane < used; ++lane) {
          BOXLAP_PREFETCH(all + order[at((std::min)(first + lane + ahead, end - 1))].row);
          rows[lane] = order[at(first + lane)].row;
          block.set(lane, all[rows[lane]]);
        }
      } else {
        std::array<Box<T>, block_lanes> some;
        for (Index lane = 0; lane < used; ++lane) {
          rows[lane] = order[at(first + lane)].row;
        }
        boxes.gather(rows, used, some.data());
        for (Index lane = 0; lane < used; ++lane) {
          block.set(lane, some[at(lane)]);
        }
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
