/// In which order boxes are packed into blocks: slices along the longer axis, every second one backwards
/// (Sort-Tile-Recursive).
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "../core/index.hpp"
#include "../core/order.hpp"
#include "../shape/box.hpp"
#include "box_block.hpp"
#include "team.hpp"

namespace boxlap::detail {

/// Memory that is written before it is read: std::vector would fill it with zeros first.
template <class T>
[[nodiscard]] std::unique_ptr<T[]> uninitialized(std::size_t n) {
  return std::make_unique_for_overwrite<T[]>(n);
}

/// The cell of a position on one axis; what lies outside goes into the first or the last cell, NaN into the first.
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
  [[nodiscard]] std::size_t operator()(T x) const noexcept {
    const T cell = (x - origin) * cells_per_unit;
    return static_cast<std::size_t>(static_cast<std::int32_t>((std::min)((std::max)(T{0}, cell), last)));
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

  /// Calls use(key_of), where key_of(box) is the place of a box: of a type of its own for either direction, and what it
  /// needs at hand.
  template <class Use>
  void with_keys(const Use& use) const {
    const auto key = [across = columns, along = rows, first = first_of_column.data()](T x, T y) {
      return first[across(x)] ^ static_cast<std::uint32_t>(along(y));
    };
    const auto use_any = [&](const auto& key_of) {
      if (has_long) {
        const std::uint32_t key_of_long = static_cast<std::uint32_t>(slices) << row_bits;
        use([=, most = longest](const Box<T>& box) { return is_long(box, most) ? key_of_long : key_of(box); });
      } else {
        use(key_of);
      }
    };
    if (turned) {
      use_any([key](const Box<T>& box) { return key(middle_y(box), middle_x(box)); });
    } else {
      use_any([key](const Box<T>& box) { return key(middle_x(box), middle_y(box)); });
    }
  }
  [[nodiscard]] int bits() const noexcept {
    return row_bits + static_cast<int>(std::bit_width(static_cast<std::uint32_t>(has_long ? slices : slices - 1)));
  }
  [[nodiscard]] static bool is_long(const Box<T>& box, T most) noexcept {
    return greater(box.x2 - box.x1, box.y2 - box.y1) > most;
  }

  /// Plans for `count` boxes by a sample of at most 4,096 of them; box_at(k), k < count.
  template <class BoxAt>
  SlicePlan(Index count, const BoxAt& box_at) {
    constexpr Index most_sampled = 4096;
    // Few boxes need no fine cells, and would take longer to plan than to order.
    const std::size_t cell_count = count <= 2048 ? 256 : count <= 32768 ? 1024 : AxisSample<T>::most_cells;
    AxisSample<T> x, y;
    const auto sample = [&](Index most, const auto& use) {
      // One of each `stride` boxes, but not always the same one: shapes may repeat in a pattern, as anchors do.
      const std::int64_t stride = (count + most - 1) / most;
      std::uint32_t fraction = 0;
      for (std::int64_t first = 0; first + stride <= count; first += stride) {
        fraction += 0x9e3779b9U;  // the golden ratio: no two of them close to each other
        const auto within = static_cast<std::int64_t>(
            (static_cast<std::uint64_t>(fraction) * static_cast<std::uint64_t>(stride)) >> 32);
        if (const Box<T> box = box_at(static_cast<Index>(first + within)); has_extent(box)) {
          use(box);
        }
      }
    };
    sample(std::clamp(count / 16, Index{64}, static_cast<Index>(AxisSample<T>::most)), [&](const Box<T>& box) {
      x.add(middle_x(box), box.x2 - box.x1);
      y.add(middle_y(box), box.y2 - box.y1);
    });
    x.fit(cell_count);
    y.fit(cell_count);
    constexpr T many = 8;
    longest = many * ((std::max)(x.mean_side(), y.mean_side()) +
                      std::sqrt(x.extent() * (y.extent() / static_cast<T>(count)) * T{block_size}));
    std::size_t sampled = 0, found_long = 0;
    sample((std::min)(most_sampled, count / 4 + 1), [&](const Box<T>& box) {
      found_long += is_long(box, longest) ? std::size_t{1} : std::size_t{0};
      ++x.counts[x.cells(middle_x(box))];
      ++y.counts[y.cells(middle_y(box))];
      ++sampled;
    });
    has_long = found_long > sampled / 256;  // fewer spoil few blocks, and make as large ones of their own
    const double leaves = std::ceil(static_cast<double>(count) / block_size);
    const double extent_x = x.occupied_extent(cell_count), extent_y = y.occupied_extent(cell_count);
    // A wide set is cut the other way: its many slices would be more than there are columns of cells.
    turned = extent_x > 4 * extent_y;
    const AxisSample<T>&across = turned ? y : x, &along = turned ? x : y;
    const double width = turned ? extent_y : extent_x, length = turned ? extent_x : extent_y;
    double wanted = 1;
    if (width > 0) {
      const double square = std::round(std::sqrt(leaves * width / (std::max)(length, width * 1e-9)));
      wanted = square > 1 ? (std::min)(square, leaves) : 1;  // NaN where boxes reach to infinity both ways
    }
    boxes_per_slice = static_cast<double>(count) / wanted;
    slices = static_cast<Index>((std::min)(wanted, static_cast<double>(cell_count)));
    columns = across.cells;
    constexpr double cells_per_box = 2;
    const double rows_wanted = cells_per_box * static_cast<double>(count) / static_cast<double>(slices);
    row_bits = std::clamp(static_cast<int>(std::bit_width(static_cast<std::uint32_t>(rows_wanted))), 1, 16);
    rows = along.cells.with_cells(std::size_t{1} << row_bits);
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

/// A row and its key, while rows are being ordered.
using PackedRow = Keyed<std::uint32_t>;

/// Room for ordering: two arrays, used again for the next set of boxes. 16 bytes a row.
class PackingScratch {
 public:
  void reserve(Index n) {
    if (n > size_) {
      size_ = n;
      items_ = uninitialized<PackedRow>(at(n));
      spare_ = uninitialized<PackedRow>(at(n));
    }
  }
  [[nodiscard]] PackedRow* items() noexcept { return items_.get(); }
  [[nodiscard]] PackedRow* spare() noexcept { return spare_.get(); }

 private:
  Index size_ = 0;
  std::unique_ptr<PackedRow[]> items_, spare_;
};

/// No function: that would be called through a pointer for each row.
inline constexpr auto packing_key = [](const PackedRow& item) noexcept { return item.key; };

/// Calls crowd(part) for each part of `run` (sorted by the keys of `plan`) that came out several times too full: a
/// slice, or a cell. Looks at a few keys of each slice only.
template <class T, class Crowd>
void for_each_crowd(std::span<PackedRow> run, const SlicePlan<T>& plan, const Crowd& crowd) {
  constexpr std::size_t crowded_cell = 256;
  const double crowded_slice = 2 * plan.boxes_per_slice + 4 * block_size;
  const auto end_of = [&](std::size_t begin, int shift) {
    const std::uint32_t part = run[begin].key >> shift;
    const auto end = std::partition_point(run.begin() + static_cast<std::ptrdiff_t>(begin), run.end(),
                                          [=](const PackedRow& item) { return item.key >> shift == part; });
    return static_cast<std::size_t>(end - run.begin());
  };
  for (std::size_t begin = 0, end; begin < run.size(); begin = end) {
    end = end_of(begin, plan.row_bits);
    if (static_cast<double>(end - begin) > crowded_slice && end - begin < run.size()) {
      crowd(run.subspan(begin, end - begin));
      continue;
    }
    for (std::size_t k = begin; k + crowded_cell < end;) {
      if (run[k].key != run[k + crowded_cell].key) {
        k += crowded_cell;
        continue;
      }
      const std::size_t cell_end = end_of(k, 0);
      if (cell_end - k < run.size()) {
        crowd(run.subspan(k, cell_end - k));
      }
      k = cell_end;
    }
  }
}

/// Writes the rows for which enters(box) is true with their keys, ascending; returns how many they are.
template <class T, class BoxAt, class Enters>
[[nodiscard]] std::size_t keyed_rows(Index n, const BoxAt& box_at, const Enters& enters, const SlicePlan<T>& plan,
                                     PackedRow* out, Team* team) {
  const Slices slices(at(n), team);
  std::vector<std::size_t> ends(at(slices.count));
  plan.with_keys([&](const auto& key_of) {
    slices.for_each([&, out](Index slice, std::size_t begin, std::size_t end) {
      const auto key = key_of;  // its own: nothing that is written can change it
      std::size_t to = begin;
      for (std::size_t i = begin; i < end; ++i) {
        if (const Box<T> box = box_at(static_cast<Index>(i)); enters(box)) {
          out[to++] = {key(box), static_cast<Index>(i)};
        }
      }
      ends[at(slice)] = to;
    });
  });
  std::size_t size = ends[0];
  for (Index slice = 1; slice < slices.count; ++slice) {  // close the gaps of rows that were left out
    const std::size_t begin = slices.begin(slice), count = ends[at(slice)] - begin;
    if (size != begin) {
      std::copy(out + begin, out + begin + count, out + size);
    }
    size += count;
  }
  return size;
}

/// The rows for which enters(box) is true, in packing order; box_at(i) is the box of row i < n. The result lies in
/// `scratch`.
///
/// A pure function of the boxes, and no distribution of them is a bad case: a slice or a cell that came out several
/// times too full (far clusters, dense spots, long boxes) is ordered again by a plan of its own, and so on. O(n) time
/// unless boxes lie on many scales, O(n log n) then. All but such parts is done in slices by the team.
template <class T, class BoxAt, class Enters>
[[nodiscard]] std::span<const PackedRow> packing_order(Index n, const BoxAt& box_at, const Enters& enters,
                                                       PackingScratch& scratch, Team* team = nullptr) {
  if (n == 0) {
    return {};
  }
  scratch.reserve(n);
  SlicePlan<T> plan(n, box_at);
  const std::size_t size = keyed_rows(n, box_at, enters, plan, scratch.items(), team);
  const std::span items(scratch.items(), size), spare(scratch.spare(), size);
  const std::span<PackedRow> sorted = radix_sort(items, spare, plan.bits(), packing_key, team);
  const std::span<PackedRow> other = sorted.data() == items.data() ? spare : items;

  std::vector<std::span<PackedRow>> crowds;
  const auto push = [&](std::span<PackedRow> crowd) { crowds.push_back(crowd); };
  for_each_crowd(sorted, plan, push);
  while (!crowds.empty()) {
    const std::span<PackedRow> run = crowds.back();
    crowds.pop_back();
    plan = SlicePlan<T>(static_cast<Index>(run.size()), [&](Index k) { return box_at(run[at(k)].row); });
    plan.with_keys([&](const auto& key_of) {
      for (PackedRow& item : run) {
        item.key = key_of(box_at(item.row));
      }
    });
    const auto free = other.subspan(static_cast<std::size_t>(run.data() - sorted.data()), run.size());
    const auto ordered = radix_sort(run, free, plan.bits(), packing_key);
    if (ordered.data() != run.data()) {
      std::copy(ordered.begin(), ordered.end(), run.begin());
    }
    for_each_crowd(run, plan, push);
  }
  return sorted;
}

}  // namespace boxlap::detail
