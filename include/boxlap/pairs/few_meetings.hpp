/// Which of a few boxes meet which: each asks all others, and every answer is a bit on the stack.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "coarse_block.hpp"
#include "tree_join.hpp"

namespace boxlap::detail {

/// The bits that are set in a number of masks divisible by four. Bytes count for a while, then are added up: without
/// -mpopcnt compilers call a function for each.
[[nodiscard]] inline std::size_t bits_set(std::span<const std::uint16_t> masks) noexcept {
  constexpr std::uint64_t pairs = 0x5555555555555555U, fours = 0x3333333333333333U, bytes = 0x0f0f0f0f0f0f0f0fU;
  constexpr std::uint64_t even_bytes = 0x00ff00ff00ff00ffU, sum_up = 0x0001000100010001U;
  constexpr std::size_t at_once = 4 * 31;  // a byte counts to 8 for each four masks, and holds 255
  std::size_t count = 0;
  for (std::size_t first = 0; first < masks.size(); first += at_once) {
    const std::size_t end = (std::min)(masks.size(), first + at_once);
    std::uint64_t counts = 0;
    for (std::size_t k = first; k < end; k += 4) {
      std::uint64_t x;
      std::memcpy(&x, &masks[k], sizeof x);
      x -= (x >> 1) & pairs;
      x = (x & fours) + ((x >> 2) & fours);
      counts += (x + (x >> 4)) & bytes;
    }
    counts = (counts & even_bytes) + ((counts >> 8) & even_bytes);
    count += static_cast<std::size_t>((counts * sum_up) >> 48);
  }
  return count;
}

/// Which boxes of b each box of a may meet. They ask coarsely first, in a third of the time; where few may meet, that
/// is as good as the answer.
class FewMeetings {
 public:
  /// Whether the boxes of n rows and of m are few enough: then to ask is also faster than to order them (measured).
  [[nodiscard]] static bool fit(Index n, Index m) noexcept {
    return static_cast<std::int64_t>(n) * ((static_cast<std::int64_t>(m) + block_size - 1) / block_size) <= most;
  }

  template <class Join>
  explicit FewMeetings(const Join& join) noexcept : blocks_(at(join.b.leaves())), size_(at(join.a.size()) * blocks_) {
    std::fill_n(masks_.data() + size_, masks_.size() - at(most), std::uint16_t{0});
    const bool is_worth_it = join.a.size() >= least_asking && join.b.size() > 0 && join.b.leaves() <= most_coarse;
    if (!is_worth_it || !ask_coarsely(join)) {
      std::fill_n(masks_.data(), size_, static_cast<std::uint16_t>(every_lane));
      make_exact(join);
    }
  }

  /// Leaves those that do meet. One copy for both callers: into two, gcc would not inline the asking.
  template <Meeting meeting, bool self, class T, class Ask>
  [[gnu::noinline]] void make_exact(const TreeJoin<meeting, self, T, Ask>& join) noexcept {
    if (exact_) {
      return;
    }
    exact_ = true;
    for (Index k = 0; k < join.a.size(); ++k) {
      const Box<T> asking = join.ask(join.a.leaf(k / block_size).get(k % block_size));
      for (Index block = 0; block < join.b.leaves(); ++block) {
        if (std::uint16_t& lanes = mask(k, block); lanes != 0) {
          lanes &= static_cast<std::uint16_t>(join.b.template meeting_boxes<meeting>(block, asking));
        }
      }
      if constexpr (self) {
        forget_itself(k);
      }
    }
  }

  /// How many pairs may meet, and whether these are so few of each block that one by one they are measured faster
  /// (measured).
  [[nodiscard]] std::size_t count() const noexcept { return bits_set(std::span(masks_.data(), (size_ + 3) / 4 * 4)); }

  [[nodiscard]] bool are_sparse(std::size_t count) const noexcept { return count <= 4 * size_; }

  /// Of box k of a and a block of b.
  [[nodiscard]] std::uint32_t lanes(Index k, Index block) const noexcept { return masks_[place(k, block)]; }

  /// Of box k of a and four blocks of b, or as many as are left.
  [[nodiscard]] std::uint64_t lanes_of_four(Index k, Index block) const noexcept {
    const std::uint16_t* four = &masks_[place(k, block)];
    const std::uint64_t lanes =
        four[0] | std::uint64_t{four[1]} << 16 | std::uint64_t{four[2]} << 32 | std::uint64_t{four[3]} << 48;
    const std::size_t left = blocks_ - at(block);
    return left >= 4 ? lanes : lanes & ((std::uint64_t{1} << (16 * left)) - 1);
  }

 private:
  static constexpr Index most = 16'384;
  static constexpr Index least_asking = 32, most_coarse = 64;  // else to ask exactly is as fast (measured)

  [[nodiscard]] std::size_t place(Index k, Index block) const noexcept { return at(k) * blocks_ + at(block); }
  [[nodiscard]] std::uint16_t& mask(Index k, Index block) noexcept { return masks_[place(k, block)]; }
  void forget_itself(Index k) noexcept {
    mask(k, k / block_size) &= static_cast<std::uint16_t>(~(1U << (k % block_size)));
  }

  /// Gives up, with false, where each of the first boxes may meet a quarter of the others.
  template <Meeting meeting, bool self, class T, class Ask>
  [[nodiscard]] bool ask_coarsely(const TreeJoin<meeting, self, T, Ask>& join) noexcept {
    const Index leaves = join.b.leaves();
    Box<T> extent = BoxBlock<T>::no_box();
    for (Index block = 0; block < leaves; ++block) {
      const Box<T> part = join.b.leaf(block).bounds();
      extent = {lesser(extent.x1, part.x1), lesser(extent.y1, part.y1), greater(extent.x2, part.x2),
                greater(extent.y2, part.y2)};
    }
    const CoarseScale<T> scale(extent);
    std::array<CoarseBlock, at(most_coarse)> blocks;
    for (Index block = 0; block < leaves; ++block) {
      scale.put(join.b.leaf(block), blocks[at(block)]);
    }
    CoarseBlock asking;
    for (Index k = 0; k < join.a.size(); ++k) {
      if (k == block_size && 4 * bits_set(std::span(masks_.data(), place(k, 0))) > place(k, 0) * at(block_size)) {
        return false;
      }
      if (k % block_size == 0) {
        scale.put(boxlap::detail::asked(join.ask, join.a.leaf(k / block_size)), asking);
      }
      const CoarseAsking box(asking, k % block_size);
      for (Index block = 0; block < leaves; ++block) {
        mask(k, block) = static_cast<std::uint16_t>(box.lanes(blocks[at(block)]));
      }
      mask(k, leaves - 1) &= static_cast<std::uint16_t>(join.b.lanes(leaves - 1));
      if constexpr (self) {
        forget_itself(k);
      }
    }
    return true;
  }

  std::size_t blocks_, size_;
  bool exact_ = false;
  std::array<std::uint16_t, most + 3> masks_;  // three more than are used: four are read at once
};

}  // namespace boxlap::detail
