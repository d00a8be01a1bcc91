/// The sides of one polygon near another one, copied into blocks for a SIMD kernel.
///
/// The sum over pairs of sides (trapezoids.hpp) reads each side many times, so what does not change from pair to pair
/// is done once here. Sides that cannot matter are left out: those beyond the common bounds in x, and those below them.
/// Sides above are moved down to the upper border, which changes no overlap within. Coordinates are taken from a common
/// origin, which keeps the digits that differences of large coordinates would lose. One of the two shapes is mirrored
/// at y = 0, so that the depth of an overlap becomes a sum of two heights.
///
/// Layout: structure of arrays in blocks of one register, a field of all sides of a block side by side. Up to 64 sides
/// are kept on the stack. Cost: O(sides).
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <new>
#include <span>

#include "../../base/detail/compiler.hpp"
#include "../../base/detail/lanes.hpp"
#include "../box.hpp"
#include "../point.hpp"
#include "side.hpp"

namespace boxlap::detail {
inline namespace BOXLAP_PATH {

/// Sides near a common origin, in blocks of as many as a register holds, one field after the other in each block. Up to
/// `inlined` sides need no allocation.
class SideBlocks {
 public:
  /// top: the higher end of a side. In mirrored blocks it holds two numbers of the whole block: see reach() and peak().
  enum Field : std::size_t { left, right, left_y, slope, sign, top, fields };
  /// Mirrored at y = 0: the depth to which a side of the other shape overlaps one of these is then the sum of the
  /// heights of both, where that is positive.
  enum class Placing { upright, mirrored };
  static constexpr std::size_t inlined = 64;
  static constexpr std::size_t lanes = lane_count<double>;

  explicit SideBlocks(std::size_t most) {
    if (most > inlined) {
      heap_.reset(new (std::align_val_t{lane_bytes}) double[(most / lanes + 1) * block_size]);
      data_ = heap_.get();
    }
  }
  SideBlocks(const SideBlocks&) = delete;
  SideBlocks& operator=(const SideBlocks&) = delete;

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] std::size_t blocks() const noexcept { return (size_ + lanes - 1) / lanes; }
  /// Where the fields of side k begin, `lanes` numbers from one to the next; side 0 is also the address of its block.
  [[nodiscard]] const double* side(std::size_t k) const noexcept { return data_ + k / lanes * block_size + k % lanes; }
  [[nodiscard]] const double* block(std::size_t m) const noexcept { return data_ + m * block_size; }
  [[nodiscard]] static double get(const double* side, Field f) noexcept { return side[f * lanes]; }
  /// The greatest right end and the highest top of a mirrored block.
  [[nodiscard]] static double reach(const double* block) noexcept {
    return lanes > 1 ? block[top * lanes + 1] : get(block, right);
  }
  [[nodiscard]] static double peak(const double* block) noexcept { return get(block, top); }

  /// Copies the sides that matter inside `window`, relative to `origin` in x and to the window's lower border in y.
  ///
  /// Most sides beyond the window in x or below it are left out; sides above it are moved down to its upper border. The
  /// overlap within the window stays the same, and numbers stay small. Each border of the window must be an end of one
  /// of the two shapes exactly: that shape's sides on the border are kept, and cut off the other shape beyond it.
  void take(const SortedSides& sides, const Point<double>& origin, const Box<double>& window,
            Placing placing) noexcept {
    const View view(origin, window, placing);
    const double farthest = greater(origin.x - sides.x1, sides.x2 - origin.x);
    if (sides.narrowest < 0x1p-50 * farthest) [[unlikely]] {
      append_any<true>(sides, view);
    } else {
      append_any<false>(sides, view);
    }
  }

  /// Compacts the mirrored sides [first, last): those that reach beyond x move up to `last`, in their order, and the
  /// first of them is returned. The places before it hold sides of width 0. first and last begin a block.
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
    for (std::size_t k = first; k < last; k += lanes) {
      note_extent(mutable_side(k));
    }
    return kept;
  }

 private:
  using L = Lanes<double>;
  static constexpr std::size_t block_size = fields * lanes;

  struct Free {
    void operator()(double* p) const noexcept { ::operator delete[](p, std::align_val_t{lane_bytes}); }
  };

  /// The transform that take() applies, and the window in the frame of the result.
  struct View {
    bool mirrored;
    double x, y, up, x1, x2, bottom, ceiling, base;
    View(const Point<double>& origin, const Box<double>& window, Placing placing) noexcept
        : mirrored(placing == Placing::mirrored),
          x(origin.x),
          y(origin.y),
          up(mirrored ? -1 : 1),
          x1(window.x1),
          x2(window.x2),
          bottom(mirrored ? -window.y2 : window.y1),
          ceiling(mirrored ? -window.y1 : window.y2),
          base(up * window.y1) {}
  };

  template <bool narrow>
  void append_any(const SortedSides& sides, const View& view) noexcept {
    if (sides.packed_count == 0) {
      append<narrow>(sides, view);
    } else {
      append<narrow>(sides.packed, sides.packed_count, view);
    }
  }

  /// One side after the other, merging both chains; fills the last block up with sides of width 0.
  template <bool narrow>
  void append(const SortedSides& sides, View view) noexcept {
    const auto& [lowers, uppers] = sides.chains;
    auto lower = lowers.begin(), upper = uppers.begin();
    std::size_t k = 0;
    while (lower != lowers.end() || upper != uppers.end()) {
      const bool is_lower = upper == uppers.end() || (lower != lowers.end() && lower->left <= upper->left);
      const Side& side = is_lower ? *lower++ : *upper++;
      const double side_left = side.left - view.x, side_right = side.right - view.x;
      if (side_left >= view.x2) {
        break;  // sides ascend by their left ends
      }
      const double y_left = view.up * (side.left_y - view.y), y_right = view.up * (side.right_y - view.y);
      const double lowest = lesser(y_left, y_right), highest = greater(y_left, y_right);
      const double excess = lowest - lesser(lowest, view.ceiling);
      double* to = mutable_side(k);  // stream compaction: always written, advanced only where it counts
      to[left * lanes] = side_left;
      to[right * lanes] = side_right;
      to[left_y * lanes] = (y_left - view.base) - excess;
      to[slope * lanes] = view.up * side.slope;
      if constexpr (narrow) {
        to[slope * lanes] = narrow_slope(view.up * side.slope, side.right - side.left, side_right - side_left);
      }
      to[sign * lanes] = view.up * side.sign;
      to[top * lanes] = (highest - view.base) - excess;
      k += static_cast<std::size_t>((side_right > view.x1) & (highest >= view.bottom));
    }
    for (size_ = k; k % lanes != 0; ++k) {
      double* nowhere = mutable_side(k);
      for (const Field f : {left, right, left_y, slope, sign, top}) {
        nowhere[f * lanes] = 0;
      }
    }
    for (k = 0; view.mirrored && k < size_;
         k += lanes) {  // by scalar loads: a vector load would wait for scalar stores
      double* block = mutable_side(k);
      double furthest = block[right * lanes], highest = block[top * lanes];
      for (std::size_t n = 1; n < lanes; ++n) {
        furthest = greater(furthest, block[right * lanes + n]);
        highest = greater(highest, block[top * lanes + n]);
      }
      set_extent(block, furthest, highest);
    }
  }

  /// As many at once as a register holds. Up to `inlined` sides all are kept: testing them costs more than it saves.
  template <bool narrow>
  void append(std::span<const Side> packed, std::size_t count, View view) noexcept {
    const L zero{}, x = zero + view.x, y = zero + view.y, up = zero + view.up;
    const L ceiling = zero + view.ceiling, base = zero + view.base;
    const bool few = count <= inlined;
    double* block = data_;
    for (std::size_t k = 0; k < count; k += lanes) {
      const auto field = [packed, k](SideField f) { return load_field<L>(packed, k, f); };
      const L side_left = field(SideField::left) - x, side_right = field(SideField::right) - x;
      store(block + left * lanes, side_left);
      store(block + right * lanes, side_right);
      if (block[left * lanes] >= view.x2) {
        break;
      }
      const L y_left = up * (field(SideField::left_y) - y), y_right = up * (field(SideField::right_y) - y);
      const L lowest = lesser(y_left, y_right), highest = greater(y_left, y_right);
      const L excess = lowest - lesser(lowest, ceiling);
      store(block + left_y * lanes, L((y_left - base) - excess));
      const L slopes = up * field(SideField::slope);
      store(block + slope * lanes, slopes);
      if constexpr (narrow) {
        const L width = field(SideField::right) - field(SideField::left);
        store(block + slope * lanes, narrow_slope(slopes, width, L(side_right - side_left)));
      }
      store(block + sign * lanes, L(up * field(SideField::sign)));
      const L tops = (highest - base) - excess;
      if (few || highest_of(side_right) > view.x1) {
        if (view.mirrored) {
          set_extent(block, highest_of(side_right), highest_of(tops));
        } else {
          store(block + top * lanes, tops);
        }
        block += block_size;
      }
    }
    size_ = static_cast<std::size_t>(block - data_) / fields;
  }

  /// The slope of a side whose ends were moved to the new origin.
  ///
  /// A side narrower than the gap between doubles at its place may become more than twice as wide by rounding. With its
  /// old slope its line would leave the range of its ends, so it becomes level: the error is at most the rounding of an
  /// end times the height of the side.
  template <class N>
  [[nodiscard]] static N narrow_slope(const N& slope, const N& width, const N& moved_width) noexcept {
    return moved_width > width + width ? N{} : slope;
  }

  [[nodiscard]] double* mutable_side(std::size_t k) noexcept { return data_ + k / lanes * block_size + k % lanes; }

  [[nodiscard]] static double highest_of(const L& values) noexcept {
    std::array<double, lanes> each;
    store(each.data(), values);
    double highest = each[0];
    for (std::size_t k = 1; k < lanes; ++k) {
      highest = greater(highest, each[k]);
    }
    return highest;
  }

  static void set_extent(double* block, double reach, double peak) noexcept {
    if constexpr (lanes > 1) {
      block[top * lanes + 1] = reach;
    }
    block[top * lanes] = peak;
  }

  static void note_extent(double* block) noexcept {
    const auto field = [block](Field f) { return load<L>(block + f * lanes); };
    const L rise = product(L(field(right) - field(left)), field(slope));
    set_extent(block, highest_of(field(right)), highest_of(field(left_y) + greater(rise, L{})));
  }

  alignas(lane_bytes) double inline_[(inlined / lanes + 1) * block_size];
  std::unique_ptr<double[], Free> heap_;
  double* data_ = inline_;
  std::size_t size_ = 0;
};

}  // namespace BOXLAP_PATH
}  // namespace boxlap::detail
