/// A packed R-tree without pointers: blocks of sixteen boxes, blocks of the boxes around sixteen blocks, and so on.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <vector>

#include "../core/index.hpp"
#include "box_block.hpp"
#include "packing.hpp"

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
/// 17/15 of 16 boxes a block and 4 bytes a box: 22 bytes a box in float, 40 in double; while it is built 16 more.
template <class T>
class PackedTree {
 public:
  PackedTree() = default;

  /// box_at(i) is the box of row i < n. Boxes that cannot meet anything are left out.
  template <Meeting meeting, class BoxAt>
  static PackedTree build(Index n, const BoxAt& box_at) {
    PackedTree tree;
    const std::vector<PackedRow> order = packing_order<T>(n, box_at, enters<meeting, T>);
    tree.boxes_ = static_cast<Index>(order.size());
    tree.rows_.resize(order.size());
    Index width = blocks_for(tree.boxes_);
    std::size_t total = at(width);
    while (width > 0) {  // at least one level above the boxes, up to the one that is a single block
      width = blocks_for(width);
      tree.first_[at(++tree.levels_)] = static_cast<Index>(total);
      total += at(width);
      if (width == 1) {
        break;
      }
    }
    tree.blocks_.resize(total);
    for (Index k = 0; k < tree.boxes_; ++k) {
      const Index row = order[at(k)].row;
      tree.rows_[at(k)] = row;
      if (k % block_size == 0) {
        tree.blocks_[at(k / block_size)].clear();
      }
      tree.blocks_[at(k / block_size)].set(k % block_size, box_at(row));
    }
    tree.build_levels();
    return tree;
  }

  /// The boxes in the order they came, in blocks without levels above: for inputs too small to be worth ordering.
  /// Lane k of leaf i / 16 is row i, free where the box cannot meet anything.
  template <Meeting meeting, class BoxAt>
  static PackedTree unordered(Index n, const BoxAt& box_at) {
    PackedTree tree;
    tree.boxes_ = n;
    tree.blocks_.resize(at(blocks_for(n)));
    for (Index i = 0; i < n; ++i) {
      BoxBlock<T>& block = tree.blocks_[at(i / block_size)];
      if (i % block_size == 0) {
        block.clear();
      }
      if (const Box<T> box = box_at(i); enters<meeting>(box)) {
        block.set(i % block_size, box);
      }
    }
    return tree;
  }

  [[nodiscard]] bool ordered() const noexcept { return levels_ > 0; }         ///< false: made by unordered()
  [[nodiscard]] Index leaves() const noexcept { return blocks_for(boxes_); }  ///< blocks of boxes
  [[nodiscard]] const BoxBlock<T>& leaf(Index k) const noexcept { return blocks_[at(k)]; }
  [[nodiscard]] Box<T> leaf_bounds(Index k) const noexcept {
    return blocks_[at(first_[1] + k / block_size)].get(k % block_size);
  }
  [[nodiscard]] const Index* leaf_rows(Index k) const noexcept { return rows_.data() + at(k) * block_size; }

  /// Calls visit(k) for each leaf k >= first whose bounds meet `box`, ascending, until visit returns false; returns
  /// false if one did. The stack is of fixed size: at most fifteen nodes wait on each of at most eight levels.
  template <Meeting meeting, class Visit>
  bool for_each_leaf(const Box<T>& box, Index first, const Visit& visit) const {
    if (boxes_ == 0) {
      return true;
    }
    struct Node {
      Index level, block;
      std::uint32_t lanes;  // children not visited yet
    };
    std::array<Node, 9> path;
    std::size_t depth = 0;
    const auto open = [&](Index level, Index block) {
      const Index first_child = first >> (4 * (level - 1));  // the child with leaf `first` below it
      std::uint32_t lanes = meeting_lanes<meeting>(blocks_[at(first_[at(level)] + block)], box);
      if (block * block_size < first_child) {
        lanes &= ~std::uint32_t{0} << (first_child - block * block_size);
      }
      path[depth++] = {level, block, lanes};
    };
    open(levels_, 0);
    while (depth > 0) {
      Node& node = path[depth - 1];
      if (node.lanes == 0) {
        --depth;
        continue;
      }
      const Index child = node.block * block_size + std::countr_zero(node.lanes);
      node.lanes &= node.lanes - 1;
      if (node.level > 1) {
        open(node.level - 1, child);
      } else if (!visit(child)) {
        return false;
      }
    }
    return true;
  }

 private:
  [[nodiscard]] static Index blocks_for(Index n) noexcept { return (n + block_size - 1) / block_size; }

  void build_levels() {
    Index width = leaves();
    for (Index level = 1; level <= levels_; ++level) {
      const Index above = blocks_for(width);
      for (Index k = 0; k < width; ++k) {
        BoxBlock<T>& parent = blocks_[at(first_[at(level)] + k / block_size)];
        if (k % block_size == 0) {
          parent.clear();
        }
        parent.set(k % block_size, blocks_[at(first_[at(level - 1)] + k)].bounds());
      }
      width = above;
    }
  }

  Index boxes_ = 0, levels_ = 0;
  std::array<Index, 10> first_{};  // where each level begins in blocks_; level 0 is the boxes themselves
  std::vector<BoxBlock<T>> blocks_;
  std::vector<Index> rows_;  // the row of each lane of level 0
};

}  // namespace boxlap::detail
