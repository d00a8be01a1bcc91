/// How much any two sets of rings share: a signed sum over the pairs of their sides, without building the overlap.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <memory>
#include <new>
#include <numeric>
#include <span>
#include <vector>

#include "box.hpp"
#include "lanes.hpp"
#include "point.hpp"
#include "side.hpp"

namespace boxlap::detail {

/// Sides near a common origin, in blocks of as many as a register holds, one field after the other in each block. The
/// first `inlined` cost no allocation.
class SideBlocks {
 public:
  /// `reach` is a block's greatest right end, kept with its first side.
  enum Field : std::size_t { left, right, left_y, slope, sign, reach, fields };
  static constexpr std::size_t inlined = 64;
  static constexpr std::size_t lanes = lane_count<double>;

  explicit SideBlocks(std::size_t most) {
    const std::size_t blocks = most / lanes + 1;  // one more than `most`: append() writes before it decides
    if (blocks * lanes > inlined) {
      heap_.reset(new (std::align_val_t{lane_bytes}) double[blocks * lanes * fields]);
      data_ = heap_.get();
    }
  }
  SideBlocks(const SideBlocks&) = delete;
  SideBlocks& operator=(const SideBlocks&) = delete;

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] std::size_t blocks() const noexcept { return (size_ + lanes - 1) / lanes; }
  /// Where the fields of side k begin, `lanes` numbers from one to the next; side 0 of a block stands for the block.
  [[nodiscard]] const double* side(std::size_t k) const noexcept { return data_ + k / lanes * block_size + k % lanes; }
  [[nodiscard]] const double* block(std::size_t m) const noexcept { return data_ + m * block_size; }
  [[nodiscard]] static double get(const double* side, Field f) noexcept { return side[f * lanes]; }

  /// Appends the sides of a shape that matter inside `window`, moved to `origin` and then onto the window's lower
  /// border. Sides beyond the window in x or below it are left out, sides above it come down to its upper border: the
  /// overlap within the window stays the same, and numbers stay small. The lower border must be the lowest point of one
  /// of the two shapes exactly: its sides on the border stay, and keep the parts of the other shape below from
  /// counting.
  void append(const SortedSides& sides, const Point<double>& origin, const Box<double>& window) noexcept {
    const auto [x, y] = origin;
    const auto [x1, y1, x2, y2] = window;
    std::size_t k = size_;
    auto lower = sides.lower.begin(), upper = sides.upper.begin();
    while (lower != sides.lower.end() || upper != sides.upper.end()) {
      const bool is_lower = upper == sides.upper.end() || (lower != sides.lower.end() && lower->left <= upper->left);
      const Side& side = is_lower ? *lower++ : *upper++;
      const double side_left = side.left - x, side_right = side.right - x;
      if (side_left >= x2) {
        break;  // sides ascend by their left ends
      }
      const double y_left = side.left_y - y, y_right = side.right_y - y;
      const double excess = (std::max)((std::min)(y_left, y_right) - y2, 0.0);
      double* to = mutable_side(k);  // written in any case, and kept or not: which one it is cannot be guessed
      to[left * lanes] = side_left;
      to[right * lanes] = side_right;
      to[left_y * lanes] = (y_left - y1) - excess;
      to[slope * lanes] = side.slope;
      to[sign * lanes] = side.sign;
      k += static_cast<std::size_t>((side_right > x1) & ((std::max)(y_left, y_right) >= y1));
    }
    size_ = k;
  }

  /// Once all are there: fills the last block with sides that lie nowhere and notes how far each block reaches.
  void close() noexcept {
    for (std::size_t k = size_; k % lanes != 0; ++k) {
      double* nowhere = mutable_side(k);
      for (const Field f : {left, right, left_y, slope, sign}) {
        nowhere[f * lanes] = 0;
      }
    }
    for (std::size_t m = 0; m < blocks(); ++m) {
      note_reach(m);
    }
  }

  /// Moves those of the sides from `first` to `last` that reach beyond x together, up against `last`, in their order;
  /// where they begin now. The others reach nowhere.
  [[nodiscard]] std::size_t keep_beyond(double x, std::size_t first, std::size_t last) noexcept {
    std::size_t kept = last;
    for (std::size_t k = last; k-- > first;) {
      const double* from = side(k);
      if (get(from, right) > x) {
        double* to = mutable_side(--kept);
        for (const Field f : {left, right, left_y, slope, sign}) {
          to[f * lanes] = from[f * lanes];
        }
      }
    }
    for (std::size_t k = first; k < kept; ++k) {
      mutable_side(k)[right * lanes] = get(side(k), left);
    }
    for (std::size_t m = first / lanes; m * lanes < last; ++m) {
      note_reach(m);
    }
    return kept;
  }

 private:
  struct Free {
    void operator()(double* p) const noexcept { ::operator delete[](p, std::align_val_t{lane_bytes}); }
  };
  static constexpr std::size_t block_size = fields * lanes;

  [[nodiscard]] double* mutable_side(std::size_t k) noexcept { return data_ + k / lanes * block_size + k % lanes; }
  void note_reach(std::size_t m) noexcept {
    double* block = data_ + m * block_size;
    block[reach * lanes] = *std::max_element(block + right * lanes, block + (right + 1) * lanes);
  }

  alignas(lane_bytes) double inline_[fields * inlined];
  std::unique_ptr<double[], Free> heap_;
  double* data_ = inline_;
  std::size_t size_ = 0;
};

/// A side, and a block of sides of another shape: some of them share an x-range with it.
struct Encounter {
  const double *side, *block;
};

/// Twice the signed area under both of two sides, above y = 0, summed over pairs; and the size of the summands.
///
/// The mean of min(a, b) over the common x-range is the mean of the lower ends, plus what it gains where the two cross:
/// P Q / 2 (P + Q), with P and Q the sums of how far each is above the other at the ends.
struct PairSum {
  using L = Lanes<double>;
  L sum{}, size{};

  [[gnu::noinline]] void add(std::span<const Encounter> found) noexcept {
    using Blocks = SideBlocks;
    constexpr std::size_t lanes = Blocks::lanes;
    const L zero{}, smallest = zero + (std::numeric_limits<double>::min)();
    L sum_of_found{}, size_of_found{};
    for (const auto [a, b] : found) {
      const auto from_a = [side = a, zero](Blocks::Field f) { return side[f * lanes] - zero; };
      const auto from_b = [block = b](Blocks::Field f) {
        return load<L>(std::assume_aligned<lane_bytes>(block + f * lanes));
      };
      const L left_a = from_a(Blocks::left), y_a = from_a(Blocks::left_y), slope_a = from_a(Blocks::slope);
      const L left_b = from_b(Blocks::left), y_b = from_b(Blocks::left_y), slope_b = from_b(Blocks::slope);
      const L from = greater(left_a, left_b);
      const L to = greater(from, lesser(from_a(Blocks::right), from_b(Blocks::right)));
      const L width = to - from;
      const L a0 = y_a + product(L(from - left_a), slope_a), a1 = a0 + product(width, slope_a);
      const L b0 = y_b + product(L(from - left_b), slope_b), b1 = b0 + product(width, slope_b);
      const L lower0 = lesser(a0, b0), lower1 = lesser(a1, b1);
      const L above_b = (a0 - lower0) + (a1 - lower1), above_a = (b0 - lower0) + (b1 - lower1);
      const L gained = product(above_a, L(above_b / ((above_a + above_b) + smallest)));
      const L term = product(width, L((lower0 + lower1) + gained));
      sum_of_found += product(term, product(from_a(Blocks::sign), from_b(Blocks::sign)));
      size_of_found += magnitude(term);
    }
    sum += sum_of_found;
    size += size_of_found;
  }
};

template <class L>
[[nodiscard]] inline double horizontal_sum(const L& lanes) noexcept {
  std::array<double, lane_count<double>> values;
  store(values.data(), lanes);
  return std::accumulate(values.begin(), values.end(), 0.0);
}

inline constexpr std::size_t encounters_at_once = 96;

/// Finds the pairs with a common x-range by asking every side and every block: no guess of a branch goes wrong, which
/// costs most where there are a few dozen sides. b has fewer blocks than encounters_at_once.
inline void add_each(const SideBlocks& a, const SideBlocks& b, PairSum& sum) noexcept {
  using Blocks = SideBlocks;
  std::array<Encounter, encounters_at_once> found;
  std::size_t count = 0;
  const std::size_t blocks = b.blocks();
  for (std::size_t k = 0; k < a.size(); ++k) {
    const double* side = a.side(k);
    const double left = Blocks::get(side, Blocks::left), right = Blocks::get(side, Blocks::right);
    if (count + blocks > found.size()) {
      sum.add({found.data(), count});
      count = 0;
    }
    for (std::size_t m = 0; m < blocks; ++m) {
      const double* block = b.block(m);
      found[count] = {side, block};
      const bool starts_before = Blocks::get(block, Blocks::left) < right;
      const bool ends_after = Blocks::get(block, Blocks::reach) > left;
      count += static_cast<std::size_t>(starts_before & ends_after);
    }
  }
  sum.add({found.data(), count});
}

/// Finds them by a sweep over the left ends of a; the sides of b that have ended are put aside from time to time.
inline void add_sweeping(const SideBlocks& a, SideBlocks& b, PairSum& sum) noexcept {
  using Blocks = SideBlocks;
  constexpr std::size_t often = 8, many = 16;  // measured
  std::array<Encounter, encounters_at_once> found;
  const std::size_t blocks = b.blocks();
  std::size_t count = 0, first = 0, reached = 0;  // sides of b before `first` have ended, from `reached` start later
  const auto add_found = [&] {
    sum.add({found.data(), count});
    count = 0;
  };
  for (std::size_t k = 0; k < a.size(); ++k) {
    const double* side = a.side(k);
    const double left = Blocks::get(side, Blocks::left), right = Blocks::get(side, Blocks::right);
    while (reached < b.size() && Blocks::get(b.side(reached), Blocks::left) < left) {
      ++reached;
    }
    if (k % often == 0 && reached - first >= many) {
      add_found();  // before sides of b change their places
      first = b.keep_beyond(left, first, reached);
    }
    while (first < reached && Blocks::get(b.side(first), Blocks::right) <= left) {
      ++first;
    }
    const std::size_t later = (reached + Blocks::lanes - 1) / Blocks::lanes;
    for (std::size_t m = first / Blocks::lanes; m < later;) {  // those that start before its left end and reach beyond
      if (count == found.size()) {
        add_found();
      }
      const std::size_t room = (std::min)(later, m + (found.size() - count));
      for (; m < room; ++m) {
        const double* block = b.block(m);
        found[count] = {side, block};
        count += static_cast<std::size_t>(Blocks::get(block, Blocks::reach) > left);
      }
    }
    // Those that start between its ends.
    std::size_t m = (std::max)(later, first / Blocks::lanes);
    for (; m < blocks && Blocks::get(b.block(m), Blocks::left) < right; ++m) {
      if (count == found.size()) {
        add_found();
      }
      found[count++] = {side, b.block(m)};
    }
  }
  add_found();
}

/// The area two sets of sides share within a window that both gave; 0 where that is less than its own rounding error.
///
/// Indicator of a shape = sum over its sides of sign * [y < side], so the shared area is the sum over all pairs of
/// sign * sign * integral of min(side, side) over their common x-range: no overlap is built, and no case can fail.
[[nodiscard, gnu::noinline]] inline double shared_area(const SideBlocks& a, SideBlocks& b) noexcept {
  constexpr std::size_t few = 48;  // where the sweep becomes faster (measured)
  PairSum pairs;
  b.close();
  if (a.size() <= few && b.size() <= few) {
    add_each(a, b, pairs);
  } else {
    add_sweeping(a, b, pairs);
  }
  const double sum = horizontal_sum(pairs.sum), size = horizontal_sum(pairs.size);
  return sum > 4 * std::numeric_limits<double>::epsilon() * size ? sum / 2 : 0;
}

/// The area two shapes share, `common` being where their bounds do.
[[nodiscard]] inline double shared_area_by_pairs(const SortedSides& a, const SortedSides& b,
                                                 const Box<double>& common) {
  const Point<double> origin{common.x1, common.y1};
  const Box<double> window{0, 0, common.x2 - common.x1, common.y2 - common.y1};
  SideBlocks near_a(a.size()), near_b(b.size());
  near_a.append(a, origin, window);
  near_b.append(b, origin, window);
  return shared_area(near_a, near_b);
}

}  // namespace boxlap::detail
