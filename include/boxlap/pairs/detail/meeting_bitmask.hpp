/// All-pairs tests of a few boxes, as a bitmask on the stack.
///
/// A few thousand comparisons, 16 lanes at a time, take less time than building two trees. Coordinates quantised to 8
/// bits are compared first (quantized_boxes.hpp): 16 boxes a register instead of 4, with false positives but no false
/// negatives. Where too many pass, the exact test follows at once.
///
/// O(n m / 16) time, 32 KiB of stack, nothing allocated.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "../../base/detail/compiler.hpp"
#include "quantized_boxes.hpp"
#include "tree_join.hpp"

namespace boxlap::detail {

/// The bits that are set in `words`. Bytes count for a while, then are added up: without -mpopcnt compilers call a
/// function for each word.
[[nodiscard]] inline std::size_t bits_set(std::span<const std::uint64_t> words) noexcept {
  constexpr std::uint64_t pairs = 0x5555555555555555U, fours = 0x3333333333333333U, bytes = 0x0f0f0f0f0f0f0f0fU;
  constexpr std::uint64_t even_bytes = 0x00ff00ff00ff00ffU, sum_up = 0x0001000100010001U;
  constexpr std::size_t at_once = 31;  // a byte counts to 8 for each word, and holds 255
  std::size_t count = 0;
  for (std::size_t first = 0; first < words.size(); first += at_once) {
    std::uint64_t counts = 0;
    for (std::uint64_t x : words.subspan(first, (std::min)(at_once, words.size() - first))) {
      x -= (x >> 1) & pairs;
      x = (x & fours) + ((x >> 2) & fours);
      counts += (x + (x >> 4)) & bytes;
    }
    counts = (counts & even_bytes) + ((counts >> 8) & even_bytes);
    count += static_cast<std::size_t>((counts * sum_up) >> 48);
  }
  return count;
}

/// Which boxes of b each box of a may meet, a bit each. Coordinates quantised to 8 bits are compared first, in a third
/// of the time of exact ones: that has false positives but no false negatives, and make_exact() tests what is left.
class MeetingBitmask {
 public:
  /// Blocks of b in a word.
  static constexpr Index blocks_per_word = 4;
  /// Words of all boxes of a that there is room for.
  static constexpr Index most = 4096;
  /// Boxes of a, and blocks of b, from which and up to which the quantised test pays (measured).
  static constexpr Index least_quantized = 32, most_quantized_blocks = 64;

  /// Whether the boxes of n rows and of m are few enough. Up to there this is faster than ordering them (measured).
  [[nodiscard]] static bool fits(Index n, Index m) noexcept {
    constexpr std::int64_t boxes = blocks_per_word * block_size;
    return n * ((m + boxes - 1) / boxes) <= most;
  }

  template <class Join>
  explicit MeetingBitmask(const Join& join) noexcept
      : words_((join.b.leaves() + blocks_per_word - 1) / blocks_per_word), size_(at(join.a.size()) * at(words_)) {
    const bool is_worth_it =
        join.a.size() >= least_quantized && join.b.size() > 0 && join.b.leaves() <= most_quantized_blocks;
    if (!is_worth_it || !quantized_test(join)) {
      std::fill_n(lanes_.data(), size_, ~std::uint64_t{0});
      make_exact(join);
    }
  }

  /// Leaves those that do meet.
  template <class Join>
  void make_exact(const Join& join) noexcept {
    if (!exact_) {
      make_exact(join, join.a.size());
      exact_ = true;
    }
  }

  [[nodiscard]] Index words() const noexcept { return words_; }
  /// How many pairs may meet.
  [[nodiscard]] std::size_t count() const noexcept { return bits_set(std::span(lanes_.data(), size_)); }

  /// Of how many blocks of b a box of a may meet some, over all boxes of a.
  [[nodiscard]] std::size_t count_blocks() const noexcept {
    constexpr std::uint64_t lows = 0x7fff7fff7fff7fffU, sum_up = 0x0001000100010001U;
    std::uint64_t counts = 0;  // of each of the four blocks of a word: at most one for each word
    for (const std::uint64_t x : std::span(lanes_.data(), size_)) {
      counts += ((((x & lows) + lows) | x) & ~lows) >> (block_size - 1);
    }
    return static_cast<std::size_t>((counts * sum_up) >> 48);
  }

  /// Of box k of a and a block of b.
  [[nodiscard]] std::uint32_t lanes(Index k, Index block) const noexcept {
    return static_cast<std::uint32_t>(word(k, block / blocks_per_word) >> (block % blocks_per_word * block_size)) &
           every_lane;
  }
  /// Of box k of a and word w of b, four blocks.
  [[nodiscard]] std::uint64_t word(Index k, Index w) const noexcept { return lanes_[place(k, w)]; }

 private:
  [[nodiscard]] std::size_t place(Index k, Index w) const noexcept { return at(k) * at(words_) + at(w); }
  void forget_itself(Index k) noexcept {
    constexpr Index boxes = blocks_per_word * block_size;
    lanes_[place(k, k / boxes)] &= ~(std::uint64_t{1} << (k % boxes));
  }

  /// The same for the boxes of a before `end` alone. One copy for all callers: gcc does not inline the comparison into
  /// several.
  template <bool self, class T>
  BOXLAP_NOINLINE void make_exact(const TreeJoin<self, T>& join, Index end) noexcept {
    for (Index k = 0; k < end; ++k) {
      const Box<T> query = join.query(join.a.box(k));
      for (Index w = 0; w < words_; ++w) {
        if (std::uint64_t& word = lanes_[place(k, w)]; word != 0) {
          std::uint64_t meet = 0;
          for (Index block = (std::min)(join.b.leaves(), (w + 1) * blocks_per_word); block-- > w * blocks_per_word;) {
            meet = meet << block_size | join.b.overlapping(block, query);
          }
          word &= meet;
        }
      }
      if constexpr (self) {
        forget_itself(k);
      }
    }
  }

  /// The boxes with infinite corners clamped, as only finite numbers can be quantised. Finite boxes meet them as
  /// before.
  template <class T>
  [[nodiscard]] static BoxBlock<T> finite(const BoxBlock<T>& boxes) noexcept {
    using L = Lanes<T>;
    constexpr T distant = (std::numeric_limits<T>::max)() / 4;
    BoxBlock<T> result;
    for (std::size_t k = 0; k < at(block_size); k += lane_count<T>) {
      store(result.x1 + k, clamped(load<L>(boxes.x1 + k), L{} - distant, L{} + distant));
      store(result.y1 + k, clamped(load<L>(boxes.y1 + k), L{} - distant, L{} + distant));
      store(result.x2 + k, clamped(load<L>(boxes.x2 + k), L{} - distant, L{} + distant));
      store(result.y2 + k, clamped(load<L>(boxes.y2 + k), L{} - distant, L{} + distant));
    }
    return result;
  }

  /// Sets the bits by quantised coordinates. Returns false if that is not selective: one far outlier stretches the
  /// quantisation until all other boxes fall into a few cells. Checked once, after the first 16 boxes of a: more than a
  /// quarter of all pairs pass, and more than an eighth of those are false positives.
  template <bool self, class T>
  [[nodiscard]] BOXLAP_NOINLINE bool quantized_test(const TreeJoin<self, T>& join) noexcept {
    const Index leaves = join.b.leaves();
    const Quantizer<T> scale(around(join.a, around(join.b, BoxBlock<T>::no_box())));
    std::array<QuantizedBlock, at(most_quantized_blocks)> blocks;
    for (Index block = 0; block < words_ * blocks_per_word; ++block) {
      if (block < leaves) {
        scale.put(finite(join.b.leaf(block)), T{0}, blocks[at(block)]);
      } else {
        blocks[at(block)] = {};
      }
    }
    const Index in_last_word = join.b.size() - (words_ - 1) * blocks_per_word * block_size;
    const std::uint64_t used = ~std::uint64_t{0} >> (blocks_per_word * block_size - in_last_word);
    QuantizedBlock queries;
    BoxBlock<T> room;
    for (Index k = 0; k < join.a.size(); ++k) {
      if (k == block_size) {
        const std::size_t may = bits_set(std::span(lanes_.data(), place(k, 0)));
        if (4 * may > at(k) * at(join.b.size())) {
          make_exact(join, k);
          if (8 * bits_set(std::span(lanes_.data(), place(k, 0))) < 7 * may) {
            return false;
          }
        }
      }
      if (k % block_size == 0) {
        scale.put(finite(join.query.block(join.a.leaf(k / block_size), room)), T{0}, queries);
      }
      const QuantizedQuery box(queries.corners[k % block_size]);
      for (Index w = 0; w < words_; ++w) {
        lanes_[place(k, w)] = box.met(&blocks[at(w * blocks_per_word)]);
      }
      lanes_[place(k, words_ - 1)] &= used;
      if constexpr (self) {
        forget_itself(k);
      }
    }
    return true;
  }

  /// The box around all boxes of a tree and another.
  template <class T>
  [[nodiscard]] static Box<T> around(const PackedTree<T>& tree, Box<T> all) noexcept {
    for (Index leaf = 0; leaf < tree.leaves(); ++leaf) {
      const Box<T> part = tree.leaf(leaf).bounds();
      all = {lesser(all.x1, part.x1), lesser(all.y1, part.y1), greater(all.x2, part.x2), greater(all.y2, part.y2)};
    }
    return all;
  }

  Index words_;  // of each box of a
  std::size_t size_;
  bool exact_ = false;
  std::array<std::uint64_t, at(most)> lanes_;
};

}  // namespace boxlap::detail
