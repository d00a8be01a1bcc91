/// Sort-Tile-Recursive packing (Leutenegger et al. 1997) without its two sorts.
///
/// STR sorts boxes by x, cuts them into slices of equally many, and sorts each slice by y. Here a sample of the boxes
/// says where slices begin: the plane is cut into columns and rows of cells, a table maps each column to its slice, and
/// slice and row become one integer key. One radix sort by that key gives nearly the same order.
///
/// The sample also says how long the set is in each direction, so that leaves come out square, and which boxes are so
/// long that they would spoil a leaf. O(1) for the plan, a few operations a key.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include "../../base/detail/compiler.hpp"
#include "../../base/detail/lanes.hpp"
#include "../../base/detail/sorting.hpp"
#include "../../base/index.hpp"
#include "../../shape/box.hpp"
#include "box_block.hpp"
#include "box_rows.hpp"

namespace boxlap::detail {

/// A stretch of one axis, cut into cells.
template <class T>
struct CellRange {
  T origin = 0, cells_per_unit = 0, last = 0;

  CellRange() = default;
  CellRange(T low, T high, std::size_t cells) : origin(low), last(static_cast<T>(cells - 1)) {
    const T scale = static_cast<T>(cells) / (high - low);
    cells_per_unit = scale <= (std::numeric_limits<T>::max)() ? scale : T{0};
  }
  /// The same stretch in another number of cells.
  [[nodiscard]] CellRange with_cells(std::size_t cells) const noexcept {
    CellRange result = *this;
    result.cells_per_unit = cells_per_unit * (static_cast<T>(cells) / (last + 1));
    result.last = static_cast<T>(cells - 1);
    return result;
  }
};

/// Twice the centre, along one axis: what boxes are ordered by.
template <class T>
[[nodiscard]] constexpr T middle_x(const Box<T>& box) noexcept {
  return box.x1 + box.x2;
}
template <class T>
[[nodiscard]] constexpr T middle_y(const Box<T>& box) noexcept {
  return box.y1 + box.y2;
}

/// The cells of a box on both axes, by its middles; what lies outside goes into the first or the last cell, NaN into
/// the first.
template <class T>
class BoxCells {
 public:
  BoxCells(const CellRange<T>& x, const CellRange<T>& y)
      : origin_{x.origin, y.origin}, cells_per_unit_{x.cells_per_unit, y.cells_per_unit}, last_{x.last, y.last} {}

  [[nodiscard]] std::array<std::int32_t, 2> operator()(const Box<T>& box) const noexcept {
#if BOXLAP_VECTORS  // both axes at once: ordering a set takes a quarter less (measured)
    using Two [[gnu::vector_size(2 * sizeof(T))]] = T;
    using TwoCells [[gnu::vector_size(2 * sizeof(std::int32_t))]] = std::int32_t;
    const Two middles = load<Two>(&box.x1) + load<Two>(&box.x2);
    const Two cells = (middles - load<Two>(origin_)) * load<Two>(cells_per_unit_);
    const TwoCells clamped = __builtin_convertvector(lesser(greater(cells, Two{}), load<Two>(last_)), TwoCells);
    return {clamped[0], clamped[1]};
#else
    const auto cell = [this](std::size_t axis, T middle) {
      const T unclamped = (middle - origin_[axis]) * cells_per_unit_[axis];
      return static_cast<std::int32_t>(lesser(greater(unclamped, T{0}), last_[axis]));
    };
    return {cell(0, middle_x(box)), cell(1, middle_y(box))};
#endif
  }

 private:
  T origin_[2], cells_per_unit_[2], last_[2];
};

/// Where a sample of the boxes lies along one axis.
template <class T>
struct AxisSample {
  static constexpr std::size_t most = 256, most_cells = 8192;
  std::array<T, most> middles;
  std::size_t size = 0;
  std::uint64_t side_bits = 0;
  CellRange<T> cells;
  std::array<std::uint16_t, most_cells> counts;

  void add(T middle, T side) noexcept {
    if (std::abs(middle) <= (std::numeric_limits<T>::max)()) {
      middles[size++] = middle;
      // The bits of a positive float are nearly linear in its logarithm: their mean is nearly the geometric mean.
      side_bits += std::bit_cast<std::uint32_t>(static_cast<float>(side));
    }
  }

  /// Cells over the places where most boxes are: the outermost 1/64 on each side does not count, so that a few far
  /// boxes cannot push all others into one cell.
  void fit(std::size_t cell_count) {
    std::fill_n(counts.begin(), cell_count, std::uint16_t{0});
    if (size == 0) {
      return;
    }
    const std::size_t cut = size / 64;
    const auto at = [this](std::size_t k) { return middles.begin() + static_cast<std::ptrdiff_t>(k); };
    std::nth_element(at(0), at(cut), at(size));
    const T low = middles[cut];
    std::nth_element(at(cut), at(size - 1 - cut), at(size));
    const T high = middles[size - 1 - cut], margin = high / 32 - low / 32;
    cells = CellRange<T>(low - margin, high + margin, cell_count);
  }

  /// The geometric mean of the sides, nearly.
  [[nodiscard]] T mean_side() const noexcept {
    return size == 0 ? T{0} : static_cast<T>(std::bit_cast<float>(static_cast<std::uint32_t>(side_bits / size)));
  }

  /// The stretch of this axis on which most boxes are, in units of the boxes.
  [[nodiscard]] T extent() const noexcept {
    return cells.cells_per_unit > 0 ? (cells.last + 1) / cells.cells_per_unit / 2 : T{0};
  }

  /// The stretch of this axis that is occupied at all, in boxes side by side: cells without a box do not count, so that
  /// lines of text, far clusters and a lone straight line come out as long as they are.
  [[nodiscard]] double occupied_extent(std::size_t cell_count) const noexcept {
    if (size == 0 || !(cells.cells_per_unit > 0)) {
      return 0;
    }
    const double side = 2.0 * static_cast<double>(mean_side());
    const auto occupied =
        cell_count - static_cast<std::size_t>(
                         std::count(counts.begin(), counts.begin() + static_cast<std::ptrdiff_t>(cell_count), 0));
    return static_cast<double>(occupied) / static_cast<double>(cells.cells_per_unit) / side;
  }
};

/// A row and its key, while rows are being ordered.
using PackedRow = Keyed<std::uint32_t>;

/// Up to so many boxes a plan has 256 and 1,024 columns of cells: finer ones would take longer to plan than to order.
inline constexpr Index coarse_cells_limit = 2048, medium_cells_limit = 32768;

/// How a set of boxes is cut into slices, and each slice into cells: as many slices as make the blocks square, measured
/// in mean boxes, with about equally many boxes in each; a few cells a box. Every second slice runs backwards, so that
/// the order has no jumps. Boxes several times as long as a block lie behind all others, in a slice of their own: one
/// of them would make a block of fifteen small ones as long as itself.
template <class T>
struct SlicePlan {
  Index slices = 1;
  double boxes_per_slice = 0;
  int row_bits = 0;       // of the cell within a slice; the slice is above
  bool turned = false;    // slices are horizontal: the set is much wider than high
  bool has_long = false;  // some boxes are too long for any slice
  T longest = 0;          // side of a box that is not
  CellRange<T> columns, rows;
  std::array<std::uint32_t, AxisSample<T>::most_cells> first_of_column;  // the key of row 0 of its slice

  /// The key of each of `count` boxes: rows in packing order have ascending keys.
  void keys(const Box<T>* boxes, Index count, std::uint32_t* out) const noexcept {
    const std::uint32_t* const first = first_of_column.data();
    if (turned) {
      const BoxCells<T> cells_of(rows, columns);
      for (Index k = 0; k < count; ++k) {
        const auto [x, y] = cells_of(boxes[k]);
        out[k] = first[at(y)] ^ static_cast<std::uint32_t>(x);
      }
    } else {
      const BoxCells<T> cells_of(columns, rows);
      for (Index k = 0; k < count; ++k) {
        const auto [x, y] = cells_of(boxes[k]);
        out[k] = first[at(x)] ^ static_cast<std::uint32_t>(y);
      }
    }
    for (Index k = 0; has_long && k < count; ++k) {
      out[k] = is_long(boxes[k], longest) ? static_cast<std::uint32_t>(slices) << row_bits : out[k];
    }
  }
  [[nodiscard]] int bits() const noexcept {
    return row_bits + static_cast<int>(std::bit_width(static_cast<std::uint32_t>(has_long ? slices : slices - 1)));
  }
  [[nodiscard]] static bool is_long(const Box<T>& box, T most) noexcept {
    return greater(box.x2 - box.x1, box.y2 - box.y1) > most;
  }

  /// Plans for the rows of `items`, or for all rows, by a sample of at most 4,096 of them.
  BOXLAP_NOINLINE SlicePlan(const BoxRows<T>& boxes, std::span<const PackedRow> items) {
    constexpr Index most_sampled = 4096;
    const Index count = items.empty() ? boxes.size() : static_cast<Index>(items.size());
    const std::size_t cell_count = count <= coarse_cells_limit   ? 256
                                   : count <= medium_cells_limit ? 1024
                                                                 : AxisSample<T>::most_cells;
    AxisSample<T> x, y;
    const Index few = std::clamp(count / 16, Index{64}, static_cast<Index>(AxisSample<T>::most));
    for_each_sampled(boxes, items, few, [&](const Box<T>& box) {
      x.add(middle_x(box), box.x2 - box.x1);
      y.add(middle_y(box), box.y2 - box.y1);
    });
    x.fit(cell_count);
    y.fit(cell_count);
    constexpr T many = 8;
    longest = many * ((std::max)(x.mean_side(), y.mean_side()) +
                      std::sqrt(x.extent() * (y.extent() / static_cast<T>(count)) * T{block_size}));
    const BoxCells<T> cells_of(x.cells, y.cells);
    std::size_t sampled = 0, found_long = 0;
    for_each_sampled(boxes, items, (std::min)(most_sampled, count / 4 + 1), [&](const Box<T>& box) {
      found_long += is_long(box, longest) ? std::size_t{1} : std::size_t{0};
      const auto [column, row] = cells_of(box);
      ++x.counts[at(column)];
      ++y.counts[at(row)];
      ++sampled;
    });
    has_long = found_long > sampled / 256;  // fewer spoil few blocks, and make as large ones of their own
    const double extent_x = x.occupied_extent(cell_count), extent_y = y.occupied_extent(cell_count);
    // A wide set is cut the other way: its many slices would be more than there are columns of cells.
    turned = extent_x > 4 * extent_y;
    const AxisSample<T>&across = turned ? y : x, &along = turned ? x : y;
    choose_slices(count, turned ? extent_y : extent_x, turned ? extent_x : extent_y, cell_count);
    columns = across.cells;
    rows = along.cells.with_cells(std::size_t{1} << row_bits);
    number_columns(across, cell_count, sampled);
  }

 private:
  /// Calls use(box) for up to `most` boxes that have extent.
  template <class Use>
  static void for_each_sampled(const BoxRows<T>& boxes, std::span<const PackedRow> items, Index most, const Use& use) {
    const Index count = items.empty() ? boxes.size() : static_cast<Index>(items.size());
    // One of each `stride` boxes, but not always the same one: shapes may repeat in a pattern, as anchors do.
    const std::int64_t stride = (count + most - 1) / most;
    std::uint32_t fraction = 0;
    for (std::int64_t first = 0; first + stride <= count; first += stride) {
      fraction += 0x9e3779b9U;  // the golden ratio: no two of them close to each other
      const auto within =
          static_cast<std::int64_t>((static_cast<std::uint64_t>(fraction) * static_cast<std::uint64_t>(stride)) >> 32);
      const auto k = static_cast<Index>(first + within);
      if (const Box<T> box = boxes[items.empty() ? k : items[at(k)].row]; has_extent(box)) {
        use(box);
      }
    }
  }

  /// As many slices as make blocks square, for a set that is `width` by `length` mean boxes large.
  void choose_slices(Index count, double width, double length, std::size_t cell_count) noexcept {
    const double leaves = std::ceil(static_cast<double>(count) / block_size);
    double wanted = 1;
    if (width > 0) {
      const double square = std::round(std::sqrt(leaves * width / (std::max)(length, width * 1e-9)));
      wanted = square > 1 ? (std::min)(square, leaves) : 1;  // NaN where boxes reach to infinity both ways
    }
    boxes_per_slice = static_cast<double>(count) / wanted;
    slices = static_cast<Index>((std::min)(wanted, static_cast<double>(cell_count)));
    constexpr double cells_per_box = 2;
    const double rows_wanted = cells_per_box * static_cast<double>(count) / static_cast<double>(slices);
    row_bits = std::clamp(static_cast<int>(std::bit_width(static_cast<std::uint32_t>(rows_wanted))), 1, 16);
  }

  /// Deals the columns of cells out to slices of about equally many boxes.
  void number_columns(const AxisSample<T>& across, std::size_t cell_count, std::size_t sampled) noexcept {
    std::size_t before = 0;
    const double slices_per_sample =
        static_cast<double>(slices) / static_cast<double>(std::max<std::size_t>(sampled, 1));
    for (std::size_t cell = 0; cell < cell_count; ++cell) {
      // Half of the cell's own boxes count as before it: a slice's border lies as often too early as too late.
      const double rank =
          (static_cast<double>(before) + 0.5 * static_cast<double>(across.counts[cell])) * slices_per_sample;
      const auto slice = static_cast<std::uint32_t>((std::min)(static_cast<Index>(rank), slices - 1));
      const std::uint32_t backwards = (0U - (slice & 1)) & ((1U << row_bits) - 1);
      first_of_column[cell] = slice << row_bits | backwards;
      before += across.counts[cell];
    }
  }
};

}  // namespace boxlap::detail
