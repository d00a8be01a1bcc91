/// Greedy nms of many detections tile by tile, each of which fits a cache.
///
/// A search of the kept boxes of a whole image misses the cache at every cell. So rows are dealt out to tiles by their
/// centres, and each tile is decided alone as far as it can be: rows that may meet boxes of other tiles, and what
/// depends on them, stay open (see Fate), and are decided together at the end. Tiles share nothing, so threads take one
/// each. Given up where more than a third of the rows reach out of their tile.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "../../base/detail/ascending_key.hpp"
#include "../../base/detail/parallel.hpp"
#include "../../base/detail/sorting.hpp"
#include "../../base/index.hpp"
#include "decide_rows.hpp"
#include "detections.hpp"
#include "kept_boxes.hpp"
#include "kept_index.hpp"
#include "reach.hpp"

namespace boxlap::detail {

/// A division of the plane into columns of cells with about as many of the sampled centres each.
template <class T>
class TileGrid {
 public:
  TileGrid() = default;

  /// About `tiles` tiles. `centers` are a sample, in any order. Borders are rounded to float: any will do that ascend.
  TileGrid(const std::vector<Point<T>>& centers, std::size_t tiles) {
    const auto columns = static_cast<std::size_t>(std::sqrt(static_cast<double>(tiles)));
    rows_ = std::max<std::size_t>(1, tiles / std::max<std::size_t>(1, columns));
    std::vector<Keyed<std::uint32_t>> by_x, by_y, scratch;
    for (std::size_t k = 0; k < centers.size(); ++k) {
      by_x.push_back({ascending_key(static_cast<float>(centers[k].x)), static_cast<Index>(k)});
    }
    radix_sort(by_x, scratch);
    x_.push_back(-infinity);
    for (std::size_t c = 0; c < columns; ++c) {
      const std::size_t first = centers.size() * c / columns, last = centers.size() * (c + 1) / columns;
      x_.push_back(c + 1 < columns && last < by_x.size() ? rounded_to_float(centers[at(by_x[last].row)].x) : infinity);
      by_y.clear();
      for (std::size_t k = first; k < last; ++k) {
        by_y.push_back({ascending_key(static_cast<float>(centers[at(by_x[k].row)].y)), by_x[k].row});
      }
      radix_sort(by_y, scratch);
      y_.push_back(-infinity);
      for (std::size_t r = 1; r < rows_; ++r) {
        y_.push_back(by_y.empty() ? infinity : rounded_to_float(centers[at(by_y[by_y.size() * r / rows_].row)].y));
      }
      y_.push_back(infinity);
    }
  }

  [[nodiscard]] std::size_t size() const noexcept { return (x_.size() - 1) * rows_; }

  [[nodiscard]] std::size_t tile_of(T x, T y) const noexcept {
    const std::size_t column = slot_of(x_.data(), x_.size(), x);
    return column * rows_ + slot_of(y_.data() + column * (rows_ + 1), rows_ + 1, y);
  }

  /// The closed window lies within the half-open tile.
  [[nodiscard]] bool within(std::size_t tile, T x1, T y1, T x2, T y2) const noexcept {
    const std::size_t column = tile / rows_;
    const T* y = y_.data() + column * (rows_ + 1) + tile % rows_;
    return x_[column] <= x1 && x2 < x_[column + 1] && y[0] <= y1 && y2 < y[1];
  }

 private:
  static constexpr T infinity = std::numeric_limits<T>::infinity();

  [[nodiscard]] static double rounded_to_float(double x) noexcept { return static_cast<double>(static_cast<float>(x)); }

  /// The last of the ascending borders that is not above x.
  [[nodiscard]] static std::size_t slot_of(const T* borders, std::size_t count, T x) noexcept {
    std::size_t slot = 0;
    for (std::size_t k = 1; k + 1 < count; ++k) {
      slot += static_cast<std::size_t>(borders[k] <= x);
    }
    return slot;
  }

  std::size_t rows_ = 1;
  std::vector<T> x_, y_;
};

/// Rows in tiles, within a tile in the order of their scores. 7 n bytes.
template <class D>
class TiledRows {
 public:
  static constexpr std::size_t rows_per_tile = 8192;  // what a search touches of that many fits a cache of 512 KiB
  static constexpr Index worth_dividing = 200'000;

  /// `order` are all rows, by score. The division depends on nothing but the shapes and their order.
  TiledRows(const D& detections, std::span<const Index> order, const Reach& reach, double longest, int threads)
      : window_{reach, longest}, place_(order.size()), rows_(order.size()) {
    grid_ = TileGrid<double>(sample(detections, order), order.size() / rows_per_tile);
    for_each_chunk(threads, static_cast<Index>((order.size() + chunk - 1) / chunk), [&](Index k) {
      const std::size_t last = (std::min)(order.size(), (at(k) + 1) * chunk);
      for (std::size_t row = at(k) * chunk; row < last; ++row) {
        place_[row] = place_of(detections, static_cast<Index>(row));
      }
    });
    offsets_.assign(grid_.size() + 1, 0);
    for (const Place place : place_) {
      ++offsets_[(place >> 1) + 1];
      reaching_out_ += place & 1;
    }
    for (std::size_t tile = 1; tile < offsets_.size(); ++tile) {
      offsets_[tile] += offsets_[tile - 1];
    }
    std::vector<std::size_t> next(offsets_.begin(), offsets_.end() - 1);
    for (const Index row : order) {
      rows_[next[place_[at(row)] >> 1]++] = row;
    }
  }

  [[nodiscard]] std::size_t size() const noexcept { return grid_.size(); }
  [[nodiscard]] std::span<const Index> tile(std::size_t k) const noexcept {
    return std::span<const Index>(rows_).subspan(offsets_[k], offsets_[k + 1] - offsets_[k]);
  }
  /// For each row a number that is odd where it reaches out of its tile.
  [[nodiscard]] const std::uint16_t* reaching_out_of_tile() const noexcept { return place_.data(); }
  [[nodiscard]] std::size_t reaching_out() const noexcept { return reaching_out_; }

 private:
  using Place = std::uint16_t;  // 2 * tile + whether the row reaches out of it
  static constexpr std::size_t chunk = 16384;

  [[nodiscard]] Place place_of(const D& detections, Index row) const {
    bool takes_part = false;
    const auto c = detections.candidate(row, takes_part);
    if (!takes_part) {
      return 0;  // any tile: it meets nothing
    }
    const BoxPlace center(c.box);
    const std::size_t tile = grid_.tile_of(center.x, center.y);
    const Box<double> reach = window_(c.box);
    const bool out = !grid_.within(tile, reach.x1, reach.y1, reach.x2, reach.y2);
    return static_cast<Place>(2 * tile + static_cast<std::size_t>(out));
  }

  [[nodiscard]] static std::vector<Point<double>> sample(const D& detections, std::span<const Index> order) {
    const std::size_t step = std::max<std::size_t>(1, order.size() / 8192);
    std::vector<Point<double>> centers;
    for (std::size_t i = 0; i < order.size(); i += step) {
      bool takes_part = false;
      const auto c = detections.candidate(order[i], takes_part);
      if (takes_part) {
        const BoxPlace center(c.box);
        centers.push_back({center.x, center.y});
      }
    }
    return centers;
  }

  ReachWindow window_;
  TileGrid<double> grid_;
  std::vector<Place> place_;
  std::vector<Index> rows_;
  std::vector<std::size_t> offsets_;
  std::size_t reaching_out_ = 0;
};

/// Greedy nms over all rows, `order` by score, tile by tile. Writes the fate of each row, kept or gone.
/// Returns false, with nothing decided, where boxes are too large or too crowded for tiles to be apart.
template <class D>
[[nodiscard]] bool suppress_in_tiles(const D& detections, std::span<const Index> order, int threads,
                                     std::vector<Fate>& fates) {
  const auto extent = detections.extent();
  const TiledRows<D> tiles(detections, order, extent.reach, extent.longest, threads);
  if (tiles.reaching_out() > order.size() / 3) {
    return false;
  }
  fates.assign(order.size(), Fate::kept);
  const TileFates outcome{tiles.reaching_out_of_tile(), fates.data()};
  const auto groups = static_cast<Index>(threads == 1 ? 1 : std::min<std::size_t>(tiles.size(), 16));
  for_each_chunk(threads, groups, [&](Index group) {
    KeptIndex<D> index(detections, extent.reach);
    for (std::size_t k = at(group); k < tiles.size(); k += at(groups)) {
      index.clear();
      decide_rows(detections, index, tiles.tile(k), nullptr, &outcome);
    }
  });
  std::vector<Index> open;
  for (const Index row : order) {
    if (fates[at(row)] == Fate::open) {
      open.push_back(row);
      fates[at(row)] = Fate::gone;
    }
  }
  KeptIndex<D> index(detections, extent.reach);
  const Index* const end = decide_rows(detections, index, open, open.data());
  for (const Index* row = open.data(); row != end; ++row) {
    fates[at(*row)] = Fate::kept;
  }
  return true;
}

}  // namespace boxlap::detail
