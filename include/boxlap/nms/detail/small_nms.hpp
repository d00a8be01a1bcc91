/// Greedy nms of a few boxes, on the stack: each kept box is compared with all later ones, 16 lanes at a time.
///
/// Boxes are sorted by score, and a bitmask holds which are undecided. A kept box clears the bits of those that it
/// suppresses: coordinates quantised to 8 bits find the candidates (quantized_boxes.hpp), a bound in floating point
/// decides most of them, and the exact measure the few that are too close to the threshold. O(n * kept / 16) steps, but
/// no allocation and hardly a branch: up to 1,536 boxes faster than an index of kept boxes.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "../../base/detail/compiler.hpp"
#include "../../base/detail/lanes.hpp"
#include "../../base/index.hpp"
#include "../../base/range.hpp"
#include "../../pairs/detail/box_block.hpp"
#include "../../pairs/detail/quantized_boxes.hpp"
#include "../../shape/box.hpp"
#include "../measure.hpp"
#include "detections.hpp"

namespace boxlap::detail {

/// Up to as many boxes this is faster than the search among kept ones (measured; more would strain small stacks: 37 KB
/// of float, 61 KB of double).
inline constexpr std::size_t max_few_boxes = 1536;

/// IoU of boxes only: how close two must be for another measure to suppress is not known well enough.
template <class D>
inline constexpr bool few_are_faster = is_box<typename D::Shape>&& std::same_as<typename D::Asked, Iou>;

/// Boxes in the order of their scores: a box is compared with those behind it. Coordinates quantised to 8 bits come
/// first, of boxes that are shrunk: two whose IoU exceeds t still meet when each of their sides gives up the share
/// t / (1 + t) at both ends (see Reach).
template <class T>
class SmallNms {
 public:
  template <class D>
  SmallNms(const D& detections, std::span<const Index> order) : size_(order.size()) {
    for (std::size_t block = 0; block < blocks(); ++block) {
      const auto rows = order.subspan(block * width, (std::min)(width, size_ - block * width));
      for (std::size_t k = 0; k < rows.size(); ++k) {
        blocks_[block].set(static_cast<Index>(k), detections.box(rows[k]));
      }
      for (std::size_t k = rows.size(); k < width; ++k) {
        blocks_[block].set(static_cast<Index>(k), BoxBlock<T>::no_box());
      }
    }
    const Extents extents = leave_out();
    const bool normal = extents.normal && detections.verdict().threshold >= 1e-6;
    needed_ = normal ? detections.share() : T{0};
    enough_ = normal ? needed_ * static_cast<T>(1 + 3e-5) : (std::numeric_limits<T>::max)();
    quantize(extents.around);
    std::fill_n(open_.begin(), words(), ~std::uint64_t{0});
    if (size_ % word_size != 0) {
      open_[words() - 1] = (std::uint64_t{1} << size_ % word_size) - 1;
    }
  }

  /// Greedy nms of the rows in their order: writes those that stay to `out` and returns their end. `out` may be where
  /// the rows are: a row is written over only when those up to it are decided.
  template <class D>
  [[nodiscard]] Index* run(const D& detections, const Index* rows, Index* out) {
    const std::size_t count = words();
    for (std::size_t word = 0; word < count; ++word) {
      std::uint64_t kept = 0;
      for (std::uint64_t open = open_[word]; open != 0;) {
        const std::size_t i = word * word_size + static_cast<std::size_t>(std::countr_zero(open));
        kept |= open & (0 - open);
        open &= open - 1;
        const std::int8_t* corners = bytes_[i / width].corners[i % width];
        if (corners[2] == -128) {  // takes no part
          continue;
        }
        const QuantizedQuery query(corners);
        const std::uint64_t met = query.met(&bytes_[word * blocks_per_word]) & open;
        if (met != 0) {
          open &= ~suppressed(i, word, met, detections, rows);
        }
        for (std::size_t other = word + 1; other < count; ++other) {
          const std::uint64_t met_there = query.met(&bytes_[other * blocks_per_word]) & open_[other];
          if (met_there != 0) [[unlikely]] {
            open_[other] &= ~suppressed(i, other, met_there, detections, rows);
          }
        }
      }
      for (; kept != 0; kept &= kept - 1) {
        *out++ = rows[word * word_size + static_cast<std::size_t>(std::countr_zero(kept))];
      }
    }
    return out;
  }

 private:
  static constexpr std::size_t width = at(block_size), blocks_per_word = 4, word_size = blocks_per_word * width;
  static_assert(max_few_boxes % word_size == 0);
  /// Where a box meets more boxes of a word, 8 bits may be too coarse: exact coordinates are compared (measured).
  static constexpr int too_many_met = 8;

  struct Extents {
    Box<T> around;
    bool normal;
  };

  [[nodiscard]] std::size_t blocks() const noexcept { return (size_ + width - 1) / width; }
  [[nodiscard]] std::size_t words() const noexcept { return (size_ + word_size - 1) / word_size; }
  [[nodiscard]] Box<T> box(std::size_t i) const noexcept {
    return blocks_[i / width].get(static_cast<Index>(i % width));
  }

  /// Puts no_box() where a box can neither suppress nor be suppressed.
  [[nodiscard]] Extents leave_out() noexcept {
    using L = Lanes<T>;
    constexpr T most = (std::numeric_limits<T>::max)();
    const L zero{}, high = zero + most, low = -high;
    L x1 = high, y1 = high, x2 = low, y2 = low, smallest = high;
    for (std::size_t block = 0; block < blocks(); ++block) {
      BoxBlock<T>& b = blocks_[block];
      for (std::size_t k = 0; k < width; k += lane_count<T>) {
        const L bx1 = load<L>(b.x1 + k), by1 = load<L>(b.y1 + k), bx2 = load<L>(b.x2 + k), by2 = load<L>(b.y2 + k);
        const L w = bx2 - bx1, h = by2 - by1, size = w * h, least = lesser(lesser(w, h), size);
        const L no = ((least > zero) & (size <= high)) ? low : high;
        const L px1 = greater(bx1, no), py1 = greater(by1, no), px2 = lesser(bx2, -no), py2 = lesser(by2, -no);
        store(b.x1 + k, px1);
        store(b.y1 + k, py1);
        store(b.x2 + k, px2);
        store(b.y2 + k, py2);
        x1 = lesser(px1, x1);
        y1 = lesser(py1, y1);
        x2 = greater(px2, x2);
        y2 = greater(py2, y2);
        smallest = lesser(greater(least, no), smallest);
      }
    }
    std::array<T, lane_count<T>> each;
    const auto least = [&](const L& lanes) {
      store(each.data(), lanes);
      return *std::min_element(each.begin(), each.end());
    };
    return {{least(x1), least(y1), -least(-x2), -least(-y2)},
            least(smallest) >= (std::numeric_limits<T>::min)() * (1 << 20)};
  }

  void quantize(const Box<T>& around) noexcept {
    const Quantizer<T> scale(around);
    for (std::size_t block = 0; block < blocks(); ++block) {
      scale.put(blocks_[block], needed_, bytes_[block]);
    }
    for (std::size_t block = blocks(); block < words() * blocks_per_word; ++block) {
      bytes_[block] = {};
    }
  }

  /// Of those of a word that box i met in bytes, the ones that it suppresses. More shared area than the share `needed_`
  /// of both areas is necessary, and than `enough_` sufficient, whatever rounding does: the former is 1e-5 below the
  /// exact share, the latter as far above. Where areas or the threshold are near the ends of T: nothing, and never.
  template <class D>
  [[nodiscard]] BOXLAP_NOINLINE std::uint64_t suppressed(std::size_t i, std::size_t word, std::uint64_t met,
                                                         const D& detections, const Index* rows) const {
    const Box<T> a = box(i);
    const T area = (a.x2 - a.x1) * (a.y2 - a.y1);
    std::uint64_t sure = 0, unsure = 0;
    for (int tested = 1; met != 0; ++tested) {
      const auto k = static_cast<std::size_t>(std::countr_zero(met));
      const Box<T> b = box(word * word_size + k);
      const T w = lesser(a.x2, b.x2) - greater(a.x1, b.x1), h = lesser(a.y2, b.y2) - greater(a.y1, b.y1);
      const T shared = greater(w, T{0}) * h, areas = area + (b.x2 - b.x1) * (b.y2 - b.y1);
      sure |= std::uint64_t{shared > areas * enough_} << k;
      unsure |= std::uint64_t{shared > areas * needed_} << k;
      met &= met - 1;
      if (tested == too_many_met) [[unlikely]] {
        met &= meeting(word, a);
      }
    }
    for (unsure &= ~sure; unsure != 0; unsure &= unsure - 1) {
      const auto k = static_cast<std::size_t>(std::countr_zero(unsure));
      sure |= std::uint64_t{detections.suppresses_rows(rows[i], rows[word * word_size + k])} << k;
    }
    return sure;
  }

  /// The boxes of a word that meet `box`.
  [[nodiscard]] std::uint64_t meeting(std::size_t word, const Box<T>& box) const noexcept {
    std::uint64_t met = 0;
    for (std::size_t k = 0; k < blocks_per_word && word * blocks_per_word + k < blocks(); ++k) {
      met |= std::uint64_t{overlapping_lanes(blocks_[word * blocks_per_word + k], box)} << k * width;
    }
    return met;
  }

  std::size_t size_;
  T needed_, enough_;  // shares of both areas
  std::array<BoxBlock<T>, max_few_boxes / width> blocks_;
  std::array<QuantizedBlock, max_few_boxes / width> bytes_;
  std::array<std::uint64_t, max_few_boxes / word_size> open_;  // a bit for each box that is neither kept nor gone
};

/// Whether `n` detections are few enough, and of a kind and at a threshold, for suppress_few().
template <class D>
[[nodiscard]] bool are_few(std::size_t n, const D& detections) noexcept {
  return few_are_faster<D> && n <= max_few_boxes && !detections.verdict().spares_nothing();
}

/// Greedy nms of `rows`, best first: writes those that stay to `out`, which may be where they are, and returns their
/// end. Allocates nothing.
template <class D>
BOXLAP_NOINLINE Index* suppress_few(const D& detections, std::span<const Index> rows, Index* out) {
  SmallNms<typename D::T> boxes(detections, rows);
  return boxes.run(detections, rows.data(), out);
}

}  // namespace boxlap::detail
