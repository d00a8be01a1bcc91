/// Finds detections that can overlap no other one of their label, without looking at scores.
///
/// An occupancy grid holds one bit a cell and label. A box whose cells hold no other box overlaps none, so nms keeps
/// it: only the rest is sorted, grouped and tested. Boxes are shrunk by the share that the threshold allows
/// (small_nms.hpp). Labels share one hashed table; where two fall on one row, fewer boxes count as isolated, never
/// more. Given up where a sample says that most boxes share cells.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <span>

#include "../../base/detail/compiler.hpp"
#include "../../base/detail/lanes.hpp"
#include "../../base/detail/rows_by_label.hpp"
#include "../../base/index.hpp"
#include "../../base/range.hpp"
#include "../../pairs/detail/box_block.hpp"
#include "../../shape/box.hpp"
#include "small_nms.hpp"

namespace boxlap::detail {

/// Occupancy grids of all labels: a bit for each cell with a box, and one for each with two or more. The rows of a grid
/// are hashed by label into one table; where two labels share a row, fewer boxes count as isolated, never more.
template <class Label>
class CellsOfLabels {
 public:
  static constexpr std::uint32_t columns = 64, rows_a_label = 64;

  /// The cells of a box: `row` and as many as more() below, in each the columns from one to another.
  struct Place {
    std::uint32_t row, columns_more;  // first column, last one, more, from the low byte on

    [[nodiscard]] std::uint32_t more() const noexcept { return columns_more >> 16; }
    [[nodiscard]] std::uint64_t bits() const noexcept {
      return (std::uint64_t{2} << (columns_more >> 8) % columns) - (std::uint64_t{1} << columns_more % columns);
    }
  };
  /// The columns_more of a box in no cell.
  static constexpr std::uint32_t nowhere = 1;

  /// For n >= 2 boxes: 4 n to 8 n bytes.
  explicit CellsOfLabels(std::size_t n) : mask_(std::bit_floor(n) / 2 - 1), rows_(std::make_unique<Row[]>(mask_ + 1)) {}

  [[nodiscard]] static std::uint32_t first_row(Label label) noexcept {
    return static_cast<std::uint32_t>(static_cast<std::uint64_t>(label_number(label)) * 0x9E3779B97F4A7C15u >> 32);
  }

  /// Adds a box. Whether it shares a cell with one before.
  [[nodiscard]] bool add(const Place& place) noexcept {
    const std::uint64_t bits = place.bits();
    std::uint64_t shared = take(row(place, 0), bits);
    for (std::uint32_t k = 1; k <= place.more(); ++k) {
      shared |= take(row(place, k), bits);
    }
    return shared != 0;
  }

  /// Whether a box that was added shares no cell.
  [[nodiscard]] bool is_alone(const Place& place) const noexcept {
    std::uint64_t twice = row(place, 0).twice | row(place, place.more()).twice;
    for (std::uint32_t k = 1; k < place.more(); ++k) {
      twice |= row(place, k).twice;
    }
    return (twice & place.bits()) == 0;
  }

 private:
  struct Row {
    std::uint64_t once, twice;
  };

  /// Those of `bits` that were taken before.
  [[nodiscard]] static std::uint64_t take(Row& row, std::uint64_t bits) noexcept {
    const std::uint64_t taken = row.once & bits;
    row.twice |= taken;
    row.once |= bits;
    return taken;
  }

  [[nodiscard]] Row& row(const Place& place, std::uint32_t k) const noexcept { return rows_[(place.row + k) & mask_]; }

  std::size_t mask_;
  std::unique_ptr<Row[]> rows_;
};

#if BOXLAP_VECTORS
/// The cells of boxes, four boxes at a time; boxes are shrunk by the share that SmallNms takes off them. Two boxes that
/// suppress one another share a cell: the mapping from coordinate to cell is monotone, and its rounding is far below
/// `slack`, or below what share() leaves to it where sides are long. The outermost cells go on to infinity.
template <class D, class Label>
class PlacesOfBoxes {
 public:
  using T = typename D::T;
  using Cells = CellsOfLabels<Label>;
  using Place = typename Cells::Place;
  static constexpr Index together = 4;

  explicit PlacesOfBoxes(const D& detections) : detections_(detections), share_(detections.share()) {
    constexpr T most = (std::numeric_limits<T>::max)();
    constexpr Index sample = 256;
    Four low = {most, most, most, most}, high = -low;
    const Index n = detections.size();
    for (Index row = 0; row < n; row += (std::max)(n / sample, Index{1})) {
      Four corners;
      read(row, corners);
      low = corners < low ? corners : low;
      high = corners > high ? corners : high;
    }
    x_ = Axis(low[0], high[2], Cells::columns);
    y_ = Axis(low[1], high[3], Cells::rows_a_label);
  }

  [[nodiscard]] bool possible() const noexcept { return x_.possible() && y_.possible(); }

  /// The places of the boxes from `first` on. False where the area of one is too small for IoU to tell how far apart
  /// boxes can be.
  template <Labels L>
  [[nodiscard]] bool find(Index first, const L& labels, Place* places) const {
    constexpr T least = (std::numeric_limits<T>::min)() * (1 << 20), most = (std::numeric_limits<T>::max)();
    const FourBoxes<T> boxes(detections_.box(first), detections_.box(first + 1), detections_.box(first + 2),
                             detections_.box(first + 3));
    const Four w = boxes.x2 - boxes.x1, h = boxes.y2 - boxes.y1, size = w * h;
    const auto part = __builtin_convertvector((w > 0) & (size >= least) & (size <= most), FourCells);
    FourCells column1, column2, row1, row2;
    x_.cells(boxes.x1, boxes.x2, w * share_, column1, column2);
    y_.cells(boxes.y1, boxes.y2, h * share_, row1, row2);
    FourCells columns_more = column1 | column2 << 8 | (row2 - row1) << 16;
    bool told = true;
    if (const auto halves = std::bit_cast<std::array<std::uint64_t, 2>>(part); ~(halves[0] & halves[1]) != 0)
        [[unlikely]] {
      columns_more = part ? columns_more : FourCells{} + Cells::nowhere;
      for (std::size_t k = 0; k < at(together); ++k) {
        told = told && !(w[k] > 0 && size[k] > 0 && size[k] < least);
      }
    }
    std::array<std::uint32_t, at(together)> row, rest;
    std::memcpy(row.data(), &row1, sizeof row1);
    std::memcpy(rest.data(), &columns_more, sizeof columns_more);
    for (std::size_t k = 0; k < at(together); ++k) {
      places[k] = {Cells::first_row(element(labels, first + static_cast<Index>(k))) + row[k], rest[k]};
    }
    return told;
  }

 private:
  using Four = Lanes<T, 4 * sizeof(T)>;
  using FourCells = Lanes<std::int32_t, 4 * sizeof(std::int32_t)>;

  /// `count` cells from `low` to `high`, the range of a sample of boxes.
  class Axis {
   public:
    Axis() = default;
    Axis(T low, T high, std::uint32_t count)
        : low_(low),
          length_(high - low),
          scale_((static_cast<T>(count) - 10 * slack) / length_),
          last_(static_cast<T>(count - 1)) {}

    [[nodiscard]] bool possible() const noexcept {
      return length_ > static_cast<T>(1e-30) && length_ < static_cast<T>(1e30);
    }

    /// From what to what the sides from a to b reach when they give up `less` at both ends.
    void cells(const Four& a, const Four& b, const Four& less, FourCells& begins, FourCells& ends) const noexcept {
      begins = cell((a - low_ + less) * scale_ - slack);
      ends = cell((b - low_ - less) * scale_ + slack);
    }

   private:
    static constexpr T slack = static_cast<T>(1e-3);

    [[nodiscard]] FourCells cell(const Four& x) const noexcept {
      const Four first{}, last = first + last_, not_before = x > first ? x : first;
      return __builtin_convertvector(not_before < last ? not_before : last, FourCells);
    }

    T low_ = 0, length_ = 0, scale_ = 0, last_ = 0;
  };

  /// Not a result: without AVX no register holds four doubles, and compilers warn of it.
  void read(Index row, Four& corners) const {
    const Box<T> box = detections_.box(row);
    std::memcpy(&corners, &box, sizeof corners);
  }

  const D& detections_;
  T share_;
  Axis x_, y_;
};

/// Marks detections that can neither suppress one of their label nor be suppressed, and returns how many. None where
/// there are too few of them for this to pay. `isolated` is 0 before. 16 n bytes while it runs.
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
    using PlaceOfLabel = typename CellsOfLabels<Label>::Place;
    using Boxes = PlacesOfBoxes<D, Label>;
    constexpr Index four = Boxes::together;
    const Boxes boxes(detections);
    if (!boxes.possible()) {
      return 0;
    }
    CellsOfLabels<Label> cells(at(n));
    const auto places = std::make_unique_for_overwrite<PlaceOfLabel[]>(at(n));
    Index shared = 0;
    for (Index first = 0, end = 0; first < n; first = end) {
      end = (std::min)(n, first + chunk);
      for (Index next = first; next < end; next += four) {
        const Index row = (std::min)(next, n - four);
        if (!boxes.find(row, labels, &places[at(row)])) {
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
