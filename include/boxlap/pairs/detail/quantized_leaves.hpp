/// A prefilter over all leaves of a tree, for batches of small queries.
///
/// Descending an R-tree costs an unpredictable branch at every node. For an index of a few thousand leaves it is
/// cheaper to test all leaf bounds at once: a table for each side of a query names the groups of sixteen leaves that
/// are not beyond it, and the bounds of those groups are compared as coordinates quantised to 8 bits, 16 at a time.
/// False positives, no false negatives; survivors go to the exact test.
///
/// O(leaves / 16) a query at most. 8 KiB and 4 bytes a leaf.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>

#include "../../base/detail/compiler.hpp"
#include "../../base/index.hpp"
#include "../../shape/box.hpp"
#include "packed_tree.hpp"
#include "packing.hpp"
#include "quantized_boxes.hpp"
#include "str_plan.hpp"

#if BOXLAP_SSE2
#include <emmintrin.h>
#endif

namespace boxlap::detail {

/// Coordinates as bytes from -127 to 127. What follows a coordinate here never descends, whatever rounding does to it:
/// boxes that share a point do so in bytes.
template <class T>
class LeafQuantizer {
 public:
  using Corners = std::array<std::int8_t, 4>;  // x1, y1, x2, y2

  /// Fits most of the leaves of a tree; a few far ones are at the border. False where they cannot be told apart.
  [[nodiscard]] bool fit(const PackedTree<T>& tree) {
    constexpr auto most = static_cast<std::int64_t>(AxisSample<T>::most);
    AxisSample<T> x, y;
    const std::int64_t leaves = tree.leaves(), sampled = (std::min)(leaves, most);
    for (std::int64_t k = 0; k < sampled; ++k) {
      const Box<T> leaf = tree.leaf_bounds(static_cast<Index>(k * leaves / sampled));
      x.add(middle_x(leaf), T{0});
      y.add(middle_y(leaf), T{0});
    }
    return fit(x, 0) && fit(y, 1);
  }

  [[nodiscard]] Corners operator()(const Box<T>& box) const noexcept {
    Corners corners;
    if constexpr (sizeof(T) == sizeof(float)) {
#if BOXLAP_SSE2
      const __m128 cells = _mm_mul_ps(_mm_sub_ps(_mm_loadu_ps(&box.x1), _mm_loadu_ps(middle_)), _mm_loadu_ps(scale_));
      const __m128i fours = _mm_cvttps_epi32(_mm_min_ps(_mm_max_ps(cells, _mm_set1_ps(-last)), _mm_set1_ps(last)));
      const __m128i twos = _mm_packs_epi32(fours, fours);
      const std::int32_t bytes = _mm_cvtsi128_si32(_mm_packs_epi16(twos, twos));
      std::memcpy(corners.data(), &bytes, sizeof bytes);
      return corners;
#endif
    }
    const T sides[4] = {box.x1, box.y1, box.x2, box.y2};
    for (std::size_t k = 0; k < corners.size(); ++k) {
      const T cell = (sides[k] - middle_[k]) * scale_[k];
      corners[k] = static_cast<std::int8_t>(lesser(greater(cell, -last), last));
    }
    return corners;
  }

 private:
  static constexpr T last = 127;

  [[nodiscard]] bool fit(AxisSample<T>& sample, std::size_t axis) {
    constexpr std::size_t cells = 254;
    sample.fit(cells);
    const T scale = 2 * sample.cells.cells_per_unit;  // of cells of twice the coordinate
    const T middle = sample.cells.origin / 2 + last / scale;
    middle_[axis] = middle_[axis + 2] = middle;
    scale_[axis] = scale_[axis + 2] = scale;
    return scale > 0 && std::isfinite(scale) && std::isfinite(middle);
  }

  T middle_[4] = {}, scale_[4] = {};
};

/// Prefilter: which leaves of a tree of some thousand boxes a box may meet. Descending costs a branch at each level
/// that cannot be predicted. Here a table for each side of the box names the groups of sixteen leaves that are not
/// beyond it, and the bounds of the leaves of a group are compared as quantised coordinates of 8 bits.
///
/// 8 KiB and 4 bytes a leaf, from 4,096 boxes on: two and a quarter bytes a box at most.
template <class T>
class QuantizedLeaves {
 public:
  static constexpr Index most_met = 3;        // leaves a box: more are found no faster than by descending (measured)
  static constexpr Index least_boxes = 4096;  // beside fewer the tables are large
  static constexpr Index most_leaves = 63 * block_size;  // groups have a bit each, one more ends them

  QuantizedLeaves() = default;
  explicit QuantizedLeaves(const PackedTree<T>& tree) {
    if (tree.size() < least_boxes || tree.leaves() > most_leaves || !frame_.fit(tree)) {
      return;
    }
    const auto groups = static_cast<std::size_t>((tree.leaves() + block_size - 1) / block_size);
    end_ = std::uint64_t{1} << groups;
    groups_ = uninitialized<QuantizedLanes>(groups + 1);  // the last one is met by nothing
    not_beyond_ = uninitialized<std::uint64_t>(4 * table_size);
    std::fill_n(not_beyond_.get(), 4 * table_size, end_);
    for (std::size_t group = 0; group <= groups; ++group) {
      fill(tree, group);
    }
    for (std::size_t byte = 1; byte < table_size; ++byte) {
      for (const std::size_t side : {0U, 1U}) {
        table(side)[table_size - 1 - byte] |= table(side)[table_size - byte];
        table(side + 2)[byte] |= table(side + 2)[byte - 1];
      }
    }
    if (!suits(tree)) {
      groups_.reset();
      not_beyond_.reset();
    }
  }

  [[nodiscard]] bool usable() const noexcept { return groups_ != nullptr; }

  /// Writes which << 16 | leaf for each leaf that `box` may meet, ascending, and returns the end of what is written.
  /// One place more must be free. Most boxes meet one leaf or two of one group or two: up to there it has no branch.
  [[nodiscard]] std::uint32_t* add_leaves(std::uint32_t which, const Box<T>& box, std::uint32_t* out) const noexcept {
    const typename LeafQuantizer<T>::Corners corners = frame_(box);
    std::uint64_t groups =
        not_beyond(0, corners) & not_beyond(1, corners) & not_beyond(2, corners) & not_beyond(3, corners);
    const QuantizedQuery query(corners.data());
    const auto next_group = [&] {
      const auto group = static_cast<std::uint32_t>(std::countr_zero(groups));
      groups = (groups & (groups - 1)) | end_;
      return group;
    };
    do {
      const std::uint32_t first = next_group(), second = next_group();
      auto met = static_cast<std::uint32_t>(~(query.apart(groups_[first]) | query.apart(groups_[second]) << 16));
      const std::uint32_t leaf_of_first = which << 16 | first << 4, gap = (second - first - 1) << 4;
      const auto write_next = [&](std::uint32_t lanes) {
        const auto lane = static_cast<std::uint32_t>(std::countr_zero(lanes | 1U << 31));
        *out = leaf_of_first + lane + (gap & (0U - (lane >> 4)));
        out += lanes != 0 ? 1 : 0;
        return lanes & (lanes - 1);
      };
      met = write_next(write_next(met));
      while (met != 0) {
        met = write_next(met);
      }
    } while (groups != end_);
    return out;
  }

 private:
  static constexpr std::size_t table_size = 256;

  [[nodiscard]] std::uint64_t* table(std::size_t side) const noexcept { return not_beyond_.get() + side * table_size; }
  [[nodiscard]] static std::size_t place(std::int8_t byte) noexcept { return static_cast<std::size_t>(byte + 128); }
  [[nodiscard]] std::uint64_t not_beyond(std::size_t side,
                                         const typename LeafQuantizer<T>::Corners& corners) const noexcept {
    return table(side)[place(corners[side])];
  }

  /// False where bytes are too coarse for the leaves, and where boxes lie in crowds: there it matters little how their
  /// leaves are found (measured). Judged by a few boxes.
  [[nodiscard]] bool suits(const PackedTree<T>& tree) const noexcept {
    constexpr Index sampled = 16, crowd = 16;
    std::array<std::uint32_t, static_cast<std::size_t>(most_leaves) + 1> met;
    std::ptrdiff_t leaves = 0;
    int boxes = 0;
    for (Index k = 0; k < sampled && leaves <= most_met * sampled; ++k) {
      const Box<T> box = tree.leaf(k * tree.leaves() / sampled).get(0);
      const std::uint32_t* const end = add_leaves(0, box, met.data());
      leaves += end - met.data();
      for (const std::uint32_t* leaf = met.data(); leaf != end; ++leaf) {
        boxes += std::popcount(tree.overlapping(static_cast<Index>(*leaf), box));
      }
    }
    return leaves <= most_met * sampled && boxes <= crowd * sampled;
  }

  /// The leaves of a group in bytes, and the bytes at which each side of a box gets beyond it.
  void fill(const PackedTree<T>& tree, std::size_t group) noexcept {
    QuantizedLanes& block = groups_[group];
    std::int8_t low_x = 127, low_y = 127, high_x = -128, high_y = -128;
    for (Index lane = 0; lane < block_size; ++lane) {
      const Index leaf = static_cast<Index>(group) * block_size + lane;
      const typename LeafQuantizer<T>::Corners none_meet{127, 127, -128, -128};
      const auto [x1, y1, x2, y2] = leaf < tree.leaves() ? frame_(tree.leaf_bounds(leaf)) : none_meet;
      block.x1[lane] = x1, block.y1[lane] = y1, block.x2[lane] = x2, block.y2[lane] = y2;
      low_x = (std::min)(low_x, x1), low_y = (std::min)(low_y, y1);
      high_x = (std::max)(high_x, x2), high_y = (std::max)(high_y, y2);
    }
    const std::uint64_t bit = std::uint64_t{1} << group;
    table(0)[place(high_x)] |= bit;
    table(1)[place(high_y)] |= bit;
    table(2)[place(low_x)] |= bit;
    table(3)[place(low_y)] |= bit;
  }

  LeafQuantizer<T> frame_;
  std::uint64_t end_ = 0;
  std::unique_ptr<QuantizedLanes[]> groups_;
  std::unique_ptr<std::uint64_t[]> not_beyond_;  // of each side of a box and each byte it may have
};

}  // namespace boxlap::detail
