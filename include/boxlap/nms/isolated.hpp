/// Boxes that no other box of their label comes near: they stay, whatever the scores are.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <span>

#include "../core/index.hpp"
#include "../core/range.hpp"
#include "../core/rows_by_label.hpp"
#include "../shape/box.hpp"
#include "few_boxes.hpp"

namespace boxlap::detail {

/// Cells that boxes are in, a bit for each: those of one box or more, and those of two or more. Labels have rows of
/// cells at places that depend on the label alone; where two labels share one, boxes only seem closer than they are.
template <class Label>
class CellsOfLabels {
 public:
  static constexpr std::uint32_t columns = 64, rows_a_label = 64;

  /// The cells of a box: columns x1 to x2, `row` and as many as `more` below.
  struct Place {
    std::uint32_t row;
    std::uint8_t x1, x2, more;

    [[nodiscard]] static constexpr Place nowhere() noexcept { return {0, 1, 0, 0}; }
    [[nodiscard]] std::uint64_t bits() const noexcept {
      return (std::uint64_t{2} << x2 % columns) - (std::uint64_t{1} << x1 % columns);
    }
  };

  /// For n >= 2 boxes: 4 n to 8 n bytes.
  explicit CellsOfLabels(std::size_t n) : mask_(std::bit_floor(n) / 2 - 1), rows_(std::make_unique<Row[]>(mask_ + 1)) {}

  [[nodiscard]] static std::uint32_t first_row(Label label) noexcept {
    return static_cast<std::uint32_t>(static_cast<std::uint64_t>(label_number(label)) * 0x9E3779B97F4A7C15u >> 32);
  }

  /// Adds a box. Whether it shares a cell with one before.
  [[nodiscard]] bool add(const Place& place) noexcept {
    const std::uint64_t bits = place.bits();
    std::uint64_t shared = 0;
    for (std::uint32_t k = 0; k <= place.more; ++k) {
      Row& cells = row(place, k);
      const std::uint64_t taken = cells.once & bits;
      cells.twice |= taken;
      cells.once |= bits;
      shared |= taken;
    }
    return shared != 0;
  }

  /// Whether a box that was added shares no cell.
  [[nodiscard]] bool is_alone(const Place& place) const noexcept {
    std::uint64_t twice = row(place, 0).twice | row(place, place.more).twice;
    for (std::uint32_t k = 1; k < place.more; ++k) {
      twice |= row(place, k).twice;
    }
    return (twice & place.bits()) == 0;
  }

 private:
  struct Row {
    std::uint64_t once, twice;
  };

  [[nodiscard]] Row& row(const Place& place, std::uint32_t k) const noexcept { return rows_[(place.row + k) & mask_]; }

  std::size_t mask_;
  std::unique_ptr<Row[]> rows_;
};

#if defined(__GNUC__)
/// Both corners of a box side by side, for the compilers' own vector arithmetic.
template <class T>
struct CornersOf {
  using type [[gnu::vector_size(4 * sizeof(T))]] = T;
};
using CornerCells [[gnu::vector_size(4 * sizeof(std::int32_t))]] = std::int32_t;

/// The cells of each box, made smaller by the share that FewBoxes takes off it. Two that suppress one another share
/// one: what rounding does to a number here is far less than `slack`, and what follows it never descends.
template <class D, class Label>
class PlaceOfBox {
 public:
  using T = typename D::T;
  using Cells = CellsOfLabels<Label>;
  using Place = typename Cells::Place;
  using Corners = typename CornersOf<T>::type;

  explicit PlaceOfBox(const D& detections) : detections_(detections) {
    constexpr T most = (std::numeric_limits<T>::max)();
    Corners low = {most, most, most, most}, high = -low;
    const Index n = detections.size();
    for (Index row = 0; row < n; ++row) {
      Corners corners;
      read(row, corners);
      low = corners < low ? corners : low;
      high = corners > high ? corners : high;
    }
    const T w = high[2] - low[0], h = high[3] - low[1];
    constexpr T shortest = static_cast<T>(1e-30), longest = static_cast<T>(1e30), slack = static_cast<T>(1e-3);
    possible_ = w > shortest && w < longest && h > shortest && h < longest;
    const T x_scale = (static_cast<T>(Cells::columns) - 10 * slack) / w;
    const T y_scale = (static_cast<T>(Cells::rows_a_label) - 10 * slack) / h;
    low_ = Corners{low[0], low[1], low[0], low[1]};
    scale_ = Corners{x_scale, y_scale, x_scale, y_scale};
    slack_ = Corners{-slack, -slack, slack, slack};
    share_ = Corners{} + detections.share();
  }

  [[nodiscard]] bool possible() const noexcept { return possible_; }

  /// False where the area is too small for IoU to tell how far apart boxes can be.
  [[nodiscard]] bool find(Index row, Label label, Place& place) const {
    constexpr T least = (std::numeric_limits<T>::min)() * (1 << 20), most = (std::numeric_limits<T>::max)();
    Corners corners;
    read(row, corners);
    const Corners sides = __builtin_shufflevector(corners, corners, 2, 3, 0, 1) - corners;
    const T w = sides[0], size = w * sides[1];
    if (!(w > 0 && size >= least && size <= most)) [[unlikely]] {
      place = Place::nowhere();  // neither suppresses nor is suppressed
      return !(w > 0 && size > 0 && size < least);
    }
    const auto cells = __builtin_convertvector((corners - low_ + sides * share_) * scale_ + slack_, CornerCells);
    place = {Cells::first_row(label) + static_cast<std::uint32_t>(cells[1]), static_cast<std::uint8_t>(cells[0]),
             static_cast<std::uint8_t>(cells[2]), static_cast<std::uint8_t>(cells[3] - cells[1])};
    return true;
  }

 private:
  /// Not a result: without AVX no register holds four doubles, and compilers warn of it.
  void read(Index row, Corners& corners) const {
    const Box<T> box = detections_.box(row);
    std::memcpy(&corners, &box, sizeof corners);
  }

  const D& detections_;
  bool possible_;
  Corners low_, scale_, slack_, share_;
};

/// Marks detections that can neither suppress one of their label nor be suppressed, and returns how many. None where
/// they are too few, or crowd, so that this would not pay. `isolated` is 0 before. 16 n bytes while it runs.
template <class D, Labels L>
[[nodiscard]] std::size_t find_isolated(const D& detections, const L& labels, std::span<unsigned char> isolated) {
  if constexpr (!few_are_faster<D>) {
    return 0;
  } else {
    constexpr Index too_few = 256, chunk = 256;
    const Index n = detections.size();
    if (n < too_few || !(detections.verdict().threshold >= 1e-6) || detections.verdict().spares_all()) {
      return 0;
    }
    using Label = Element<L>;
    using Place = typename CellsOfLabels<Label>::Place;
    const PlaceOfBox<D, Label> place_of(detections);
    if (!place_of.possible()) {
      return 0;
    }
    CellsOfLabels<Label> cells(at(n));
    const auto places = std::make_unique_for_overwrite<Place[]>(at(n));
    Index shared = 0;
    for (Index first = 0, end = 0; first < n; first = end) {
      end = (std::min)(n, first + chunk);
      for (Index row = first; row < end; ++row) {
        if (!place_of.find(row, element(labels, row), places[at(row)])) {
          return 0;
        }
      }
      for (Index row = first; row < end; ++row) {
        shared += static_cast<Index>(cells.add(places[at(row)]));
      }
      if (shared > end / 5 * 2) {
        return 0;
      }
    }
    std::size_t count = 0;
    for (std::size_t row = 0; row < at(n); ++row) {
      const bool alone = cells.is_alone(places[row]);
      isolated[row] = alone;
      count += std::size_t{alone};
    }
    if (count < at(n) / 4) {
      std::fill(isolated.begin(), isolated.end(), static_cast<unsigned char>(0));
      return 0;
    }
    return count;
  }
}
#else
template <class D, Labels L>
[[nodiscard]] std::size_t find_isolated(const D&, const L&, std::span<unsigned char>) {
  return 0;
}
#endif

}  // namespace boxlap::detail
