/// Boxes by cell: a hash table of cells, each a chain of blocks that hold eight boxes.
///
/// Open addressing with linear probing, at most half full; keys are spread by a multiplication (Fibonacci hashing). A
/// slot holds the key and the first block of its cell, so a search of an empty cell reads one slot. Blocks come in
/// chunks that never move and are used again after clear(), for the next class or tile.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "kept_boxes.hpp"

namespace boxlap::detail {

template <class T>
class CellBlocks {
 public:
  using Key = std::uint64_t;

  struct Block {
    CandidateBlock<T> boxes;
    Block* next;  // goes on where this one ends
    Block* last;  // of the first block of a cell: where the cell ends
  };

  /// Forgets all boxes; blocks are used again.
  void clear() noexcept {
    std::fill(slots_.begin(), slots_.end(), Slot{});
    cells_ = 0;
    blocks_ = 0;
  }

  /// Adds a box behind those of its cell.
  void add(Key key, const Candidate<T>& c) {
    Slot& slot = find(key);
    if (slot.first == nullptr) {
      slot = {key, new_block()};
      slot.first->last = slot.first;
      slot.first->boxes.push(c);
      if (2 * ++cells_ > slots_.size()) {
        grow();
      }
      return;
    }
    Block*& last = slot.first->last;
    if (last->boxes.size == CandidateBlock<T>::lanes) {
      last->next = new_block();
      last = last->next;
    }
    last->boxes.push(c);
  }

  /// The first block of a cell, null where it is empty.
  [[nodiscard]] Block* first(Key key) const noexcept { return find(key).first; }

  /// All blocks, in the order they came to be.
  [[nodiscard]] std::size_t blocks() const noexcept { return blocks_; }
  [[nodiscard]] CandidateBlock<T>& block(std::size_t i) const noexcept { return chunks_[i / chunk][i % chunk].boxes; }

  /// Moves the boxes of `block` to the one before it where they have room there, and takes it out of its chain. Returns
  /// whether it did; `first` is the first block of the cell.
  static bool join(Block* first, Block* before, Block* block) noexcept {
    if (before->boxes.size + block->boxes.size > CandidateBlock<T>::lanes) {
      return false;
    }
    while (block->boxes.size > 0) {
      before->boxes.push(block->boxes[block->boxes.size - 1]);
      block->boxes.remove(block->boxes.size - 1);
    }
    before->next = block->next;
    first->last = block->next == nullptr ? before : first->last;
    return true;
  }

 private:
  struct Slot {
    Key key = 0;
    Block* first = nullptr;
  };
  static constexpr std::size_t first_slots = 256, chunk = 64;
  static constexpr int first_shift = 64 - 8;

  /// The slot of `key`, or the empty one where it belongs.
  [[nodiscard]] const Slot& find(Key key) const noexcept {
    const std::size_t mask = slots_.size() - 1;
    auto i = static_cast<std::size_t>((key * 0x9E3779B97F4A7C15u) >> shift_);
    while (slots_[i].first != nullptr && slots_[i].key != key) {
      i = (i + 1) & mask;
    }
    return slots_[i];
  }
  [[nodiscard]] Slot& find(Key key) noexcept { return const_cast<Slot&>(std::as_const(*this).find(key)); }

  [[nodiscard]] Block* new_block() {
    if (blocks_ == chunks_.size() * chunk) {
      chunks_.push_back(std::make_unique_for_overwrite<Block[]>(chunk));
    }
    Block* block = &chunks_[blocks_ / chunk][blocks_ % chunk];
    ++blocks_;
    block->boxes.clear();
    block->next = nullptr;
    return block;
  }

  void grow() {
    std::vector<Slot> old(slots_.size() * 2);
    old.swap(slots_);
    --shift_;
    for (const Slot& slot : old) {
      if (slot.first != nullptr) {
        find(slot.key) = slot;
      }
    }
  }

  std::vector<Slot> slots_ = std::vector<Slot>(first_slots);
  int shift_ = first_shift;
  std::size_t cells_ = 0, blocks_ = 0;
  std::vector<std::unique_ptr<Block[]>> chunks_;
};

}  // namespace boxlap::detail
