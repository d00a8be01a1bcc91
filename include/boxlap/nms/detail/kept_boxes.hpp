/// Kept boxes in blocks of eight, which one pass of vector instructions compares with a candidate.
///
/// The test is a necessary condition: the shared area must exceed what either area demands (Detections). It has no
/// branch, so compilers make vector code of the loop over a block. Blocks of sixteen lost more to half-empty blocks
/// than they won (measured).
#pragma once

#include <cstddef>
#include <limits>
#include <vector>

#include "../../base/detail/compiler.hpp"
#include "../../base/detail/sorting.hpp"
#include "../../base/index.hpp"
#include "../../shape/box.hpp"

namespace boxlap::detail {

/// A detection as the search sees it: its bounds, the share of the common area it demands, and its row.
template <class T>
struct Candidate {
  Box<T> box;
  T need;
  Index row;
};

/// Candidates side by side. Unused lanes hold a box that nothing meets (finite: a NaN would not survive -ffast-math).
template <class T>
struct CandidateBlock {
  static constexpr int lanes = 8;  // 16 lost more to half-empty blocks than it won (measured)
  T x1[lanes], y1[lanes], x2[lanes], y2[lanes], need[lanes];
  Index row[lanes];
  Index size;

  void clear() noexcept {
    for (int k = 0; k < lanes; ++k) {
      clear_lane(k);
    }
    size = 0;
  }

  void clear_lane(int k) noexcept {
    constexpr T distant = (std::numeric_limits<T>::max)() / 4;
    x1[k] = y1[k] = distant;
    x2[k] = y2[k] = -distant;
    need[k] = 0;
    row[k] = none;
  }

  void push(const Candidate<T>& c) noexcept {
    const int k = size++;
    x1[k] = c.box.x1;
    y1[k] = c.box.y1;
    x2[k] = c.box.x2;
    y2[k] = c.box.y2;
    need[k] = c.need;
    row[k] = c.row;
  }

  /// Puts the last candidate in the place of the k-th.
  void remove(int k) noexcept {
    const int last = --size;
    x1[k] = x1[last];
    y1[k] = y1[last];
    x2[k] = x2[last];
    y2[k] = y2[last];
    need[k] = need[last];
    row[k] = row[last];
    clear_lane(last);
  }

  [[nodiscard]] Candidate<T> operator[](int k) const noexcept {
    return {{x1[k], y1[k], x2[k], y2[k]}, need[k], row[k]};
  }
};

/// The area a lane shares with c, at most 0 where they do not meet, is more than what the two demand.
/// Branch-free, so that the loop over a block becomes vector code without intrinsics.
template <class Bound, class T>
[[nodiscard]] inline bool may_suppress(const CandidateBlock<T>& block, int k, const Candidate<T>& c) noexcept {
  const T right = c.box.x2 < block.x2[k] ? c.box.x2 : block.x2[k];
  const T left = c.box.x1 < block.x1[k] ? block.x1[k] : c.box.x1;
  const T bottom = c.box.y2 < block.y2[k] ? c.box.y2 : block.y2[k];
  const T top = c.box.y1 < block.y1[k] ? block.y1[k] : c.box.y1;
  const T w = right - left;
  const T shared = (w > 0 ? w : T{0}) * (bottom - top);
  return shared > Bound::needed(c.need, block.need[k]);
}

template <class Bound, class T>
[[nodiscard]] BOXLAP_ALWAYS_INLINE inline bool any_may_suppress(const CandidateBlock<T>& block,
                                                                const Candidate<T>& c) noexcept {
  BitsOf<T> any = 0;
  for (int k = 0; k < CandidateBlock<T>::lanes; ++k) {
    any |= static_cast<BitsOf<T>>(may_suppress<Bound>(block, k, c));
  }
  return any != 0;
}

template <class Bound, class T, class OnHit>
[[nodiscard]] BOXLAP_NOINLINE bool hit_in_block(const CandidateBlock<T>& block, const Candidate<T>& c, OnHit& on_hit) {
  for (int k = 0; k < block.size; ++k) {
    if (may_suppress<Bound>(block, k, c) && on_hit(block[k])) {
      return true;
    }
  }
  return false;
}

/// Calls on_hit(kept) for the lanes of `block` that may suppress c, until it returns true; then returns true.
template <class Bound, class T, class OnHit>
[[nodiscard]] BOXLAP_ALWAYS_INLINE inline bool search_block(const CandidateBlock<T>& block, const Candidate<T>& c,
                                                            OnHit& on_hit) {
  return any_may_suppress<Bound>(block, c) && hit_in_block<Bound>(block, c, on_hit);
}

/// Kept boxes as one list, searched from the first to the last.
template <class T, class Bound>
class KeptList {
 public:
  void add(const Candidate<T>& c) {
    if (blocks_.empty() || blocks_.back().size == CandidateBlock<T>::lanes) {
      blocks_.reserve(8);
      blocks_.emplace_back().clear();
    }
    blocks_.back().push(c);
  }

  template <class OnHit>
  [[nodiscard]] bool search(const Candidate<T>& c, OnHit& on_hit) {
    std::size_t i = 0;
    for (; i < blocks_.size(); ++i) {
      if (search_block<Bound>(blocks_[i], c, on_hit)) {
        searched_ += i + 1;
        return true;
      }
    }
    searched_ += i;
    return false;
  }

  template <class Visit>
  void for_each(const Visit& visit) const {
    for (const CandidateBlock<T>& block : blocks_) {
      for (int k = 0; k < block.size; ++k) {
        visit(block[k]);
      }
    }
  }

  /// Blocks looked at since restart_count().
  [[nodiscard]] std::size_t searched() const noexcept { return searched_; }
  void clear() noexcept {
    blocks_.clear();
    searched_ = 0;
  }
  void restart_count() noexcept { searched_ = 0; }

 private:
  std::vector<CandidateBlock<T>> blocks_;
  std::size_t searched_ = 0;
};

}  // namespace boxlap::detail
