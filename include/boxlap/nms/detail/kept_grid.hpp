/// A hierarchical hash grid of kept boxes: a level for each factor of 4 in size, and in a level square cells.
///
/// A box is filed under the cell of its centre, in the level of its longer side. Cells of a level are at least as wide
/// as the reach of its largest boxes (reach.hpp), so a search visits a few cells of each level that can hold a partner.
/// An R-tree would have to be changed with every kept box; here adding is O(1), whatever the sizes of the boxes.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "../../base/index.hpp"
#include "cell_blocks.hpp"
#include "kept_boxes.hpp"
#include "reach.hpp"

namespace boxlap::detail {

/// The side below which a level of the grid should end: one level for all boxes if their longer sides fit one, else for
/// most. Judged by some hundred of them.
[[nodiscard]] inline double typical_side(std::span<const double> sides) {
  constexpr std::size_t most = 96;
  const std::size_t step = (sides.size() + most - 1) / most;
  std::array<double, most> sample;  // ascending
  std::size_t count = 0;
  for (std::size_t i = 0; i < sides.size(); i += step) {
    std::size_t k = count++;
    for (; k > 0 && sample[k - 1] > sides[i]; --k) {
      sample[k] = sample[k - 1];
    }
    sample[k] = sides[i];
  }
  double longest = 0;
  for (const double side : sides) {
    longest = (std::max)(longest, side);
  }
  return count == 0 ? 1 : 1.1 * (longest < 4 * sample[count / 10] ? longest : sample[count * 9 / 10]);
}

/// 2^e, infinity above the range of double and the smallest normal number below it.
[[nodiscard]] inline double power_of_two(int e) noexcept {
  if (e > 1023) {
    return std::numeric_limits<double>::infinity();
  }
  return std::bit_cast<double>(static_cast<std::uint64_t>((std::max)(e, -1022) + 1023) << 52);
}

/// e with 2^e <= x < 2^(e + 1), for x > 0; -1023 for all that is not normal.
[[nodiscard]] inline int exponent_of(double x) noexcept {
  return static_cast<int>(std::bit_cast<std::uint64_t>(x) >> 52 & 0x7ff) - 1023;
}

/// Kept boxes by cell of their centre. A level holds the boxes whose longer side is in [u 4^k, u 4^(k + 1)); its cells
/// are at least as wide as the reach of its largest boxes, so that a candidate visits few of them. Cells are blocks
/// chained in the order boxes were kept.
///
/// Memory: 16 bytes a slot of the hash table, at most 4 slots a cell, and one block of 8 lanes or more a cell: at most
/// 290 bytes a kept float box (490 double), 32 (56) where cells are full.
template <class T, class Bound>
class KeptGrid {
 public:
  /// Forgets all boxes. Most of those to come have sides of at most `typical`; cells are `coarseness` >= 1 times as
  /// wide as they must be, for boxes that are far apart.
  void start(const Reach& reach, double typical, double coarseness) {
    reach_ = reach;
    unit_ = (std::min)((std::max)(typical * (1 + 1e-6), 1e-290), 1e290);
    per_unit_ = 1 / unit_;
    cells_per_pixel_ = per_unit_ / (narrowest_cell(reach) * coarseness);
    clear();
    searched_ = 0;
  }

  /// The width of a cell of coarseness 1, in longest sides of its level.
  [[nodiscard]] static double narrowest_cell(const Reach& reach) noexcept { return (std::max)(4 * reach.half, 0.05); }

  /// Blocks looked at since restart_count().
  [[nodiscard]] std::size_t searched() const noexcept { return searched_; }
  void restart_count() noexcept { searched_ = 0; }

  /// Adds all boxes to a list.
  void copy_to(KeptList<T, Bound>& list) const {
    for (std::size_t i = 0; i < cells_.blocks(); ++i) {
      const CandidateBlock<T>& block = cells_.block(i);
      for (int k = 0; k < block.size; ++k) {
        list.add(block[k]);
      }
    }
  }

  void add(const Candidate<T>& c) {
    const BoxPlace at(c.box);
    const int level = level_of(at.longer());
    ++size_;
    used_[static_cast<std::size_t>(level)] = true;
    lowest_ = (std::min)(lowest_, level);
    highest_ = (std::max)(highest_, level);
    cells_.add(home_cell(at, level), c);
  }

  /// Keeps memory in step with the boxes that are left: to be called now and then where boxes come and go.
  void shrink() {
    if (cells_.blocks() > 2 * size_ + 64) {
      make_anew();
    }
  }

  /// Calls on_hit(kept) for the boxes that may suppress c, until it returns true; then returns true.
  template <class OnHit>
  [[nodiscard]] bool search(const Candidate<T>& c, OnHit& on_hit) {
    int least_level = lowest_;
    auto once = [&](const Candidate<T>& kept) { return is_from(kept, least_level) && on_hit(kept); };
    return visit_cells(
        c, [&](Key key) { return search_cell(key, c, once); },
        [&](int level) {
          least_level = level;
          return search_all(c, once);
        });
  }

  /// Calls claim(kept) for the boxes that may suppress c, and removes those for which it returns true.
  ///
  /// A cell that loses boxes becomes shorter at once: neighbouring blocks that fit one are joined, so that blocks stay
  /// half full. The whole grid is made anew when most of its blocks are empty. O(1) a removed box, amortised.
  template <class Claim>
  void take(const Candidate<T>& c, Claim&& claim) {
    if (8 * size_ < cells_.blocks()) {
      make_anew();
    }
    int least_level = lowest_;
    auto once = [&](const Candidate<T>& other) { return is_from(other, least_level) && claim(other); };
    (void)visit_cells(
        c,
        [&](Key key) {
          take_from_cell(key, c, once);
          return false;
        },
        [&](int level) {
          least_level = level;
          take_from_all(c, once);
          return true;
        });
  }

 private:
  using Key = typename CellBlocks<T>::Key;
  using Block = typename CellBlocks<T>::Block;

  struct Window {
    std::int64_t x_first, x_last, y_first, y_last;
    [[nodiscard]] std::int64_t cells() const noexcept { return (x_last - x_first + 1) * (y_last - y_first + 1); }
  };

  static constexpr int level_offset = 512, levels = 1026;
  static constexpr double cell_limit = 1 << 26;

  [[nodiscard]] int level_of(double longer) const noexcept {
    return (exponent_of(longer * per_unit_) >> 1) + level_offset;
  }
  [[nodiscard]] int level_of(const Candidate<T>& c) const noexcept { return level_of(BoxPlace(c.box).longer()); }
  /// Whether a box is of this level or above.
  [[nodiscard]] bool is_from(const Candidate<T>& c, int level) const noexcept {
    return level <= lowest_ || level_of(c) >= level;
  }
  /// The longer sides of a level, in units, are below 2 to this power.
  [[nodiscard]] static int top_of(int level) noexcept { return 2 * (level - level_offset) + 2; }

  [[nodiscard]] double cells_per_pixel(int level) const noexcept {
    const double scale = power_of_two((std::min)(-top_of(level), 1000)) * cells_per_pixel_;
    return (std::min)((std::max)(scale, 1e-300), 1e300);
  }

  /// The number of the cell that a coordinate is in. Monotone, also where it is clamped: far coordinates share a cell.
  [[nodiscard]] static std::int64_t cell(double x, double scale) noexcept {
    const double at = (std::min)((std::max)(x * scale, -cell_limit), cell_limit - 1);
    const auto whole = static_cast<std::int64_t>(at);
    return whole - static_cast<std::int64_t>(at < static_cast<double>(whole));
  }

  [[nodiscard]] Key home_cell(const BoxPlace& at, int level) const noexcept {
    const double scale = cells_per_pixel(level);
    return key_of(level, cell(at.x, scale), cell(at.y, scale));
  }

  [[nodiscard]] Window window_of(const BoxPlace& at, int level) const noexcept {
    const double side = power_of_two(top_of(level)) * unit_ * (1 + 1e-6);
    const double scale = cells_per_pixel(level);
    const double dx = reach_.distance(at.x, at.w, (std::min)(side, reach_.longest(at.w)));
    const double dy = reach_.distance(at.y, at.h, (std::min)(side, reach_.longest(at.h)));
    return {cell(at.x - dx, scale), cell(at.x + dx, scale), cell(at.y - dy, scale), cell(at.y + dy, scale)};
  }

  [[nodiscard]] static Key key_of(int level, std::int64_t x, std::int64_t y) noexcept {
    constexpr Key mask = (Key{1} << 27) - 1;
    return static_cast<Key>(level) << 54 | (static_cast<Key>(x) & mask) << 27 | (static_cast<Key>(y) & mask);
  }

  /// Calls in_cell(key) for the cells within reach of c until it returns true; then returns true. Where a level has
  /// more such cells than there are blocks, returns in_all(level) for this level and those above: of the levels below,
  /// which far out may be a single cell, all was visited.
  template <class InCell, class InAll>
  [[nodiscard]] bool visit_cells(const Candidate<T>& c, InCell in_cell, InAll in_all) {
    const BoxPlace at(c.box);
    const double longer = at.longer();
    const int last = (std::min)(highest_, level_of(reach_.longest(longer)));
    for (int level = (std::max)(lowest_, level_of(longer * reach_.t)); level <= last; ++level) {
      if (!used_[static_cast<std::size_t>(level)]) {
        continue;
      }
      const Window window = window_of(at, level);
      if (window.cells() > static_cast<std::int64_t>(cells_.blocks())) {
        return in_all(level);
      }
      for (std::int64_t y = window.y_first; y <= window.y_last; ++y) {
        for (std::int64_t x = window.x_first; x <= window.x_last; ++x) {
          if (in_cell(key_of(level, x, y))) {
            return true;
          }
        }
      }
    }
    return false;
  }

  template <class OnHit>
  [[nodiscard]] bool search_cell(Key key, const Candidate<T>& c, OnHit& on_hit) {
    for (const Block* block = cells_.first(key); block != nullptr; block = block->next) {
      ++searched_;
      if (search_block<Bound>(block->boxes, c, on_hit)) {
        return true;
      }
    }
    return false;
  }

  template <class OnHit>
  [[nodiscard]] bool search_all(const Candidate<T>& c, OnHit& on_hit) {
    searched_ += cells_.blocks();
    for (std::size_t i = 0; i < cells_.blocks(); ++i) {
      if (search_block<Bound>(cells_.block(i), c, on_hit)) {
        return true;
      }
    }
    return false;
  }

  template <class Claim>
  void take_from_block(CandidateBlock<T>& block, const Candidate<T>& c, Claim& claim) {
    if (!any_may_suppress<Bound>(block, c)) [[likely]] {
      return;
    }
    for (int k = block.size - 1; k >= 0; --k) {  // from the last, which then takes the place of the removed one
      if (may_suppress<Bound>(block, k, c) && claim(block[k])) {
        block.remove(k);
        --size_;
      }
    }
  }

  template <class Claim>
  void take_from_cell(Key key, const Candidate<T>& c, Claim& claim) {
    Block* const first = cells_.first(key);
    Block* before = nullptr;
    for (Block* block = first; block != nullptr;) {
      ++searched_;
      take_from_block(block->boxes, c, claim);
      Block* const next = block->next;
      if (before == nullptr || !CellBlocks<T>::join(first, before, block)) {
        before = block;
      }
      block = next;
    }
  }

  template <class Claim>
  void take_from_all(const Candidate<T>& c, Claim& claim) {
    searched_ += cells_.blocks();
    for (std::size_t i = 0; i < cells_.blocks(); ++i) {
      take_from_block(cells_.block(i), c, claim);
    }
  }

  /// The same boxes in as few cells, blocks and levels as they need now, and no memory for more.
  void make_anew() {
    KeptList<T, Bound> boxes;
    copy_to(boxes);
    cells_ = {};
    clear();
    boxes.for_each([this](const Candidate<T>& c) { add(c); });
  }

  /// Forgets all boxes.
  void clear() noexcept {
    cells_.clear();
    used_.fill(false);
    lowest_ = levels;
    highest_ = -1;
    size_ = 0;
  }

  Reach reach_ = Reach::meeting();
  double unit_ = 1, per_unit_ = 1, cells_per_pixel_ = 1;
  int lowest_ = levels, highest_ = -1;
  std::array<bool, levels> used_{};
  CellBlocks<T> cells_;
  std::size_t size_ = 0;  // boxes
  std::size_t searched_ = 0;
};

}  // namespace boxlap::detail
