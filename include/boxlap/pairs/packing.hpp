/// In which order boxes are packed into blocks: along a Hilbert curve over a grid that fits where the boxes are.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "../core/index.hpp"
#include "../core/order.hpp"
#include "../shape/box.hpp"
#include "hilbert.hpp"

namespace boxlap::detail {

using PackedRow = Keyed<std::uint32_t>;

/// A grid of square cells, in units of the boxes' own mean width and height, over the places where most centres are.
/// A centre outside goes into the nearest cell of the border: the map is monotone, so order suffers there, nothing
/// else.
template <class T>
struct PackingGrid {
  T x0 = 0, y0 = 0, cells_x = 0, cells_y = 0;  // cell = (x1 + x2 - x0) * cells_x
  int bits = 0;                                // of a cell number: 0 where all centres are in one place
  T extent = 0;                                // the longer side, in mean boxes

  [[nodiscard]] std::uint32_t key(const Box<T>& box, int hilbert_bits) const noexcept {
    const T last = static_cast<T>((1 << hilbert_bits) - 1);
    const auto cell = [last](T at) {  // NaN, the centre of an infinite box, becomes 0
      return static_cast<std::uint32_t>(static_cast<std::int32_t>(std::min(at > 0 ? at : T{0}, last)));
    };
    return hilbert_key(cell((box.x1 + box.x2 - x0) * cells_x), cell((box.y1 + box.y2 - y0) * cells_y), hilbert_bits);
  }
};

/// The number of bits that hilbert_key works with for cell numbers of `bits` bits.
[[nodiscard]] constexpr int hilbert_bits(int bits) noexcept { return (bits + 3) / 4 * 4; }

/// The grid for `count` boxes, judged by at most 256 of them.
///
/// The outermost 1/64 of the sample on each side does not count, so a few far boxes cannot make all others share a
/// cell.
template <class T, class BoxAt>
[[nodiscard]] PackingGrid<T> fit_grid(Index count, const BoxAt& box_at) {
  constexpr std::size_t most = 256;
  std::array<T, most> xs, ys;
  std::size_t n = 0;
  std::uint64_t width_bits = 0, height_bits = 0;
  const Index stride = (count + static_cast<Index>(most) - 1) / static_cast<Index>(most);
  for (Index i = 0; i < count; i += stride) {
    const Box<T> box = box_at(i);
    const T x = box.x1 + box.x2, y = box.y1 + box.y2;
    if (!has_extent(box) || !(std::abs(x) <= std::numeric_limits<T>::max()) ||
        !(std::abs(y) <= std::numeric_limits<T>::max())) {
      continue;
    }
    xs[n] = x;
    ys[n] = y;
    ++n;
    // The bits of a positive float are nearly linear in its logarithm: their mean is nearly the geometric mean.
    width_bits += std::bit_cast<std::uint32_t>(static_cast<float>(box.x2 - box.x1));
    height_bits += std::bit_cast<std::uint32_t>(static_cast<float>(box.y2 - box.y1));
  }
  PackingGrid<T> grid;
  if (n < 2) {
    return grid;
  }
  const auto inner_range = [n](std::array<T, most>& values) {
    const std::size_t cut = n / 64;
    const auto begin = values.begin(), end = begin + static_cast<std::ptrdiff_t>(n);
    std::nth_element(begin, begin + static_cast<std::ptrdiff_t>(cut), end);
    const T low = values[cut];
    std::nth_element(begin + static_cast<std::ptrdiff_t>(cut), end - 1 - static_cast<std::ptrdiff_t>(cut), end);
    const T high = values[n - 1 - cut];
    const T margin = (high - low) / 32;
    return std::array<T, 2>{low - margin, high - low + 2 * margin};
  };
  const auto mean_size = [n](std::uint64_t bits) {
    return static_cast<T>(std::bit_cast<float>(static_cast<std::uint32_t>(bits / n)));
  };
  const auto [x0, range_x] = inner_range(xs);
  const auto [y0, range_y] = inner_range(ys);
  const T unit_x = 2 * mean_size(width_bits), unit_y = 2 * mean_size(height_bits);
  const T extent_x = range_x / unit_x, extent_y = range_y / unit_y;
  const T extent = std::max(extent_x, extent_y);
  if (!(extent > 0) || !(extent <= std::numeric_limits<T>::max())) {
    return grid;
  }
  // Four cells a box: K x K * (shorter / longer side) of them, but never less than one row of cells.
  constexpr double cells_per_box = 4;
  const double flatness = static_cast<double>(std::min(extent_x, extent_y) / extent);
  const double wanted = cells_per_box * static_cast<double>(count);
  const double side = std::min(wanted, std::sqrt(wanted / std::max(flatness, 1e-9)));
  grid.bits = std::clamp(static_cast<int>(std::bit_width(static_cast<std::uint64_t>(side))), 1, 16);
  const T cells = static_cast<T>(1 << hilbert_bits(grid.bits));
  grid.x0 = x0;
  grid.y0 = y0;
  grid.cells_x = cells / (extent * unit_x);
  grid.cells_y = cells / (extent * unit_y);
  grid.extent = extent;
  return grid;
}

/// Gives each row its key on `grid` and returns the rows sorted by it, in `items` or `scratch`.
template <class T, class BoxAt>
[[nodiscard]] std::span<PackedRow> sort_by_cell(std::span<PackedRow> items, std::span<PackedRow> scratch,
                                                const PackingGrid<T>& grid, const BoxAt& box_at) {
  const int bits = hilbert_bits(grid.bits);
  const int unused = 2 * (bits - grid.bits);
  for (PackedRow& item : items) {
    item.key = grid.key(box_at(item.row), bits) >> unused;
  }
  return radix_sort(items, scratch, 2 * grid.bits, [](const PackedRow& item) { return item.key; });
}

/// The rows for which enters(box) is true, in packing order.
///
/// A pure function of the boxes. One grid serves unless many boxes share a cell that is large beside them (a far
/// cluster, a dense spot): such a cell gets a grid of its own, again and again if need be, so no distribution of
/// centres is a bad one. O(n) time on average, O(n log range) at worst; 16 n bytes, 8 n of them the result.
template <class T, class BoxAt, class Enters>
[[nodiscard]] std::vector<PackedRow> packing_order(Index n, const BoxAt& box_at, const Enters& enters) {
  constexpr std::size_t crowd = 256;     // boxes in one cell before the cell is looked at again
  constexpr double small_extent = 0.25;  // centres this close, in mean boxes, meet anyway: their order is of no use
  std::vector<PackedRow> items;
  items.reserve(at(n));
  for (Index i = 0; i < n; ++i) {
    if (enters(box_at(i))) {
      items.push_back({0, i});
    }
  }
  std::vector<PackedRow> scratch(items.size());
  std::vector<std::span<PackedRow>> unsorted{items};
  while (!unsorted.empty()) {
    const std::span<PackedRow> run = unsorted.back();
    unsorted.pop_back();
    const auto row_box = [&](Index k) { return box_at(run[at(k)].row); };
    const PackingGrid<T> grid = fit_grid<T>(static_cast<Index>(run.size()), row_box);
    if (grid.bits == 0 || (run.size() < items.size() && static_cast<double>(grid.extent) < small_extent)) {
      continue;
    }
    const auto free = std::span(scratch).subspan(static_cast<std::size_t>(run.data() - items.data()), run.size());
    const auto sorted = sort_by_cell(run, free, grid, box_at);
    if (sorted.data() != run.data()) {
      std::copy(sorted.begin(), sorted.end(), run.begin());
    }
    for (std::size_t begin = 0, end = 0; begin < run.size(); begin = end) {
      while (end < run.size() && run[end].key == run[begin].key) {
        ++end;
      }
      if (end - begin > crowd && end - begin < run.size()) {
        unsorted.push_back(run.subspan(begin, end - begin));
      }
    }
  }
  return items;
}

}  // namespace boxlap::detail
