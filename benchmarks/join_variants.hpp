/// Our own ways to join that the library does not ship, kept to judge the one that it does. Border points count.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include <boxlap/pairs/detail/tree_join.hpp>

namespace variants {

using namespace boxlap;
using namespace boxlap::detail;

template <bool self, class T, class Sink>
void run(const PackedTree<T>& a, const PackedTree<T>& b, Sink& sink) {
  const TreeJoin<self, T> join(a, b, BoxQuery<T>::touching());
  auto take = [&](std::span<RowPair> found) {
    for (const auto& [i, j] : found) {
      sink(i, j);
    }
    return true;
  };
  for (Index chunk = 0; chunk < join.chunks(); ++chunk) {
    join.find_rows(chunk, PairSink(take));
  }
}

template <class T>
[[nodiscard]] BoxRows<T> rows(const std::vector<Box<T>>& boxes) {
  return BoxRows<T>(boxes, "boxes");
}

/// Every box against every block of sixteen.
struct Brute {
  template <bool self, class T, class Sink>
  static void join(const std::vector<Box<T>>& a, const std::vector<Box<T>>& b, Sink& sink) {
    const auto ours = PackedTree<T>::unordered(rows(a), true);
    if constexpr (self) {
      run<true>(ours, ours, sink);
    } else {
      run<false>(ours, PackedTree<T>::unordered(rows(b), true), sink);
    }
  }
};

/// The same tree over another order of the boxes: order(boxes, scratch).
template <class Order>
struct Packed {
  template <bool self, class T, class Sink>
  static void join(const std::vector<Box<T>>& a, const std::vector<Box<T>>& b, Sink& sink) {
    PackingScratch scratch;
    scratch.reserve(static_cast<Index>(std::max(a.size(), b.size())));
    const auto tree = [&](const std::vector<Box<T>>& boxes) {
      return PackedTree<T>::from_order(Order::order(boxes, scratch), rows(boxes));
    };
    const PackedTree<T> ours = tree(a);
    if constexpr (self) {
      run<true>(ours, ours, sink);
    } else {
      run<false>(ours, tree(b), sink);
    }
  }
};

/// Orders rows by a 32-bit key of their boxes.
template <class T, class KeyOf>
std::span<PackedRow> sort_by(std::span<PackedRow> items, std::span<PackedRow> spare, const std::vector<Box<T>>& boxes,
                             const KeyOf& key_of) {
  for (PackedRow& item : items) {
    item.key = key_of(boxes[at(item.row)]);
  }
  return radix_sort(items, spare, 32, packing_key);
}

[[nodiscard]] inline std::uint32_t key_of_number(double x) { return ascending_key(static_cast<float>(x)); }

/// Sort-Tile-Recursive as published: slices of equally many boxes by x, each sorted by y.
struct PlainStr {
  template <class T>
  static std::span<const PackedRow> order(const std::vector<Box<T>>& boxes, PackingScratch& scratch) {
    const std::size_t n = boxes.size();
    std::span items(scratch.items(), n), spare(scratch.spare(), n);
    for (std::size_t i = 0; i < n; ++i) {
      items[i].row = static_cast<Index>(i);
    }
    const auto by_x =
        sort_by(items, spare, boxes, [](const Box<T>& b) { return key_of_number(static_cast<double>(middle_x(b))); });
    const auto free = by_x.data() == items.data() ? spare : items;
    const double leaves = std::ceil(static_cast<double>(n) / block_size);
    const std::size_t slice = block_size * static_cast<std::size_t>(std::ceil(std::sqrt(leaves)));
    for (std::size_t begin = 0; begin < n; begin += slice) {
      const std::size_t count = std::min(slice, n - begin);
      const auto part = by_x.subspan(begin, count);
      const auto sorted = sort_by(part, free.subspan(begin, count), boxes,
                                  [](const Box<T>& b) { return key_of_number(static_cast<double>(middle_y(b))); });
      if (sorted.data() != part.data()) {
        std::copy(sorted.begin(), sorted.end(), part.begin());
      }
    }
    return by_x;
  }
};

/// Along Hilbert's curve over the places where most boxes are; what lies outside goes to the border.
struct ClampedHilbert {
  static std::uint32_t key(std::uint32_t x, std::uint32_t y) {
    std::uint32_t d = 0;
    for (std::uint32_t s = 1U << 15; s > 0; s >>= 1) {
      const std::uint32_t rx = (x & s) != 0 ? 1 : 0, ry = (y & s) != 0 ? 1 : 0;
      d = (d << 2) | ((3 * rx) ^ ry);
      const std::uint32_t flip = (rx & (1 - ry)) != 0 ? 0xffffU : 0;
      const std::uint32_t swap = ry == 0 ? 0xffffffffU : 0, mixed = ((x ^ flip) ^ (y ^ flip)) & swap;
      x = (x ^ (flip & swap)) ^ mixed;
      y = (y ^ (flip & swap)) ^ mixed;
    }
    return d;
  }
  template <class T>
  static std::span<const PackedRow> order(const std::vector<Box<T>>& boxes, PackingScratch& scratch) {
    const std::size_t n = boxes.size();
    AxisSample<T> x, y;
    const std::size_t stride = (n + AxisSample<T>::most - 1) / AxisSample<T>::most;
    for (std::size_t i = stride / 2; i < n; i += stride) {
      x.add(middle_x(boxes[i]), boxes[i].x2 - boxes[i].x1);
      y.add(middle_y(boxes[i]), boxes[i].y2 - boxes[i].y1);
    }
    x.fit(1024);
    y.fit(1024);
    const BoxCells<T> cells_of(x.cells.with_cells(65536), y.cells.with_cells(65536));
    std::span items(scratch.items(), n), spare(scratch.spare(), n);
    for (std::size_t i = 0; i < n; ++i) {
      items[i].row = static_cast<Index>(i);
    }
    return sort_by(items, spare, boxes, [&](const Box<T>& b) {
      const auto [column, row] = cells_of(b);
      return key(static_cast<std::uint32_t>(column), static_cast<std::uint32_t>(row));
    });
  }
};

/// Sort and sweep along the axis on which the boxes are the shorter part of the whole.
struct Sweep {
  template <class T>
  struct Line {
    std::vector<BoxBlock<T>> blocks;  // boxes by their lower end
    std::vector<Index> rows;
    std::vector<T> lows;
  };
  template <class T>
  static Box<T> turned(const Box<T>& b, bool upright) {
    return upright ? Box<T>{b.y1, b.x1, b.y2, b.x2} : b;
  }
  template <class T>
  static bool better_upright(const std::vector<Box<T>>& boxes) {
    double width = 0, height = 0;
    Box<double> all{1e300, 1e300, -1e300, -1e300};
    const std::size_t stride = std::max<std::size_t>(boxes.size() / 1024, 1);
    for (std::size_t i = 0; i < boxes.size(); i += stride) {
      const Box<double> b = cast<double>(boxes[i]);
      width += b.x2 - b.x1;
      height += b.y2 - b.y1;
      all = {std::min(all.x1, b.x1), std::min(all.y1, b.y1), std::max(all.x2, b.x2), std::max(all.y2, b.y2)};
    }
    return height * (all.x2 - all.x1) < width * (all.y2 - all.y1);
  }
  template <class T>
  static Line<T> line(const std::vector<Box<T>>& boxes, bool upright) {
    using Key = BitsOf<T>;
    std::vector<Keyed<Key>> items(boxes.size()), scratch;
    for (std::size_t i = 0; i < boxes.size(); ++i) {
      items[i] = {ascending_key(turned(boxes[i], upright).x1), static_cast<Index>(i)};
    }
    radix_sort(items, scratch);
    Line<T> result;
    result.blocks.resize((boxes.size() + block_size - 1) / block_size);
    result.rows.resize(boxes.size());
    result.lows.resize(boxes.size());
    for (std::size_t k = 0; k < items.size(); ++k) {
      const Box<T> b = turned(boxes[at(items[k].row)], upright);
      result.blocks[k / block_size].set(static_cast<Index>(k % block_size), b);
      result.rows[k] = items[k].row;
      result.lows[k] = b.x1;
    }
    for (std::size_t k = items.size(); k % block_size != 0; ++k) {
      result.blocks[k / block_size].set(static_cast<Index>(k % block_size), BoxBlock<T>::no_box());
    }
    return result;
  }
  /// Visits the boxes of `other` from the k-th on whose lower end lies within `box`.
  template <class T, class Visit>
  static void scan(const Box<T>& box, const Line<T>& other, std::size_t k, const Visit& visit) {
    std::uint32_t lanes = ~std::uint32_t{0} << (k % block_size);
    const Box<T> query = BoxQuery<T>::touching()(box);
    for (std::size_t block = k / block_size; block < other.blocks.size(); ++block) {
      if (block > k / block_size && other.lows[block * block_size] > box.x2) {
        return;
      }
      for (lanes &= overlapping_lanes(other.blocks[block], query); lanes != 0; lanes &= lanes - 1) {
        visit(other.rows[block * block_size + static_cast<std::size_t>(std::countr_zero(lanes))]);
      }
      lanes = ~std::uint32_t{0};
    }
  }
  template <bool self, class T, class Sink>
  static void join(const std::vector<Box<T>>& a, const std::vector<Box<T>>& b, Sink& sink) {
    const bool upright = better_upright(b);
    const Line<T> ours = line(a, upright);
    const auto box = [](const Line<T>& line, std::size_t k) {
      return line.blocks[k / block_size].get(static_cast<Index>(k % block_size));
    };
    if constexpr (self) {
      for (std::size_t k = 0; k + 1 < a.size(); ++k) {
        const Index i = ours.rows[k];
        scan(box(ours, k), ours, k + 1, [&](Index j) { sink(std::min(i, j), std::max(i, j)); });
      }
    } else {
      const Line<T> theirs = line(b, upright);
      std::size_t i = 0, j = 0;
      while (i < a.size() && j < b.size()) {
        if (ours.lows[i] <= theirs.lows[j]) {
          scan(box(ours, i), theirs, j, [&](Index row) { sink(ours.rows[i], row); });
          ++i;
        } else {
          scan(box(theirs, j), ours, i, [&](Index row) { sink(row, theirs.rows[j]); });
          ++j;
        }
      }
    }
  }
};

/// The floor: one radix ordering by one coordinate and the permuted copy, of both sets. Finds nothing.
struct Yardstick {
  template <class T>
  static std::size_t order_and_copy(const std::vector<Box<T>>& boxes) {
    using Key = BitsOf<T>;
    const auto items = uninitialized<Keyed<Key>>(boxes.size()), spare = uninitialized<Keyed<Key>>(boxes.size());
    for (std::size_t i = 0; i < boxes.size(); ++i) {
      items[i] = {ascending_key(boxes[i].x1), static_cast<Index>(i)};
    }
    const auto sorted = radix_sort(std::span(items.get(), boxes.size()), std::span(spare.get(), boxes.size()),
                                   std::numeric_limits<Key>::digits, [](const Keyed<Key>& item) { return item.key; });
    const auto copy = uninitialized<Box<T>>(boxes.size());
    for (std::size_t k = 0; k < boxes.size(); ++k) {
      copy[k] = boxes[at(sorted[k].row)];
    }
    return boxes.empty() ? 0 : static_cast<std::size_t>(copy[boxes.size() / 2].x1 > 0);
  }
};

}  // namespace variants
