/// One pass over an image: rows go in, rows of window sums come out half a window later.
///
/// A summed-area table holds the whole image in double, and loses digits as sums grow. A sweep holds the rows of one
/// window only. Wide images are cut into column strips whose rings of rows fit the second-level cache, and strips into
/// blocks of rows where there are more threads than strips; a block repeats window.rows - 1 rows of its neighbour.
/// Where the result overwrites the image, rows at the edges of blocks are copied first.
///
/// Cost: O(rows * cols * log window). The same bits for every tiling and number of threads: a window's sum does not
/// depend on where its strip begins (doubling.hpp).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "../window_options.hpp"
#include "scaled_sums.hpp"

namespace boxlap::detail {

/// A part of the result: columns [x1, x2) of rows [y1, y2).
struct Tile {
  Index x1, y1, x2, y2;
};

/// A row extended beyond both its ends.
template <class Pixel>
struct ExtendedRow {
  const Pixel* pixels;
  const std::uint8_t* valid;  ///< one byte a pixel, or nullptr
  Index cols;
  Border border;
  const Pixel& constant;  ///< for Border::constant

  /// Fills raw with the n pixels from column `first` on.
  template <class Statistic, class T>
  void load(Channels<T> raw, Index first, Index n) const {
    const Index begin = std::clamp<Index>(-first, 0, n);
    const Index end = std::clamp<Index>(cols - first, begin, n);
    const auto load_outside = [&](Index j) {
      const Index x = inside(border, first + j, cols);
      const bool known = x != none;
      Statistic::load(raw.from(j), known ? pixels + x : &constant, known && valid != nullptr ? valid + x : nullptr, 1);
    };
    for (Index j = 0; j < begin; ++j) {
      load_outside(j);
    }
    if (end > begin) {
      Statistic::load(raw.from(begin), pixels + first + begin, valid != nullptr ? valid + first + begin : nullptr,
                      end - begin);
    }
    for (Index j = end; j < n; ++j) {
      load_outside(j);
    }
  }
};

/// The image extended beyond its border; where the result overwrites it, with copies of the rows that are read again.
template <class Pixel>
class ExtendedImage {
 public:
  ExtendedImage(const Raster<const Pixel>& image, const WindowOptions& options)
      : image_(image), mask_(options.mask), border_(options.border), constant_(border_pixel<Pixel>(options)) {}

  /// Copies rows [first, last) of the extended image, so that pixels() no longer reads the image for them.
  void save(Index first, Index last) {
    const auto width = static_cast<std::size_t>(image_.cols);
    saved_.reserve(saved_.size() + static_cast<std::size_t>(last - first));
    for (Index v = first; v < last; ++v) {
      const Index y = inside(border_, v, image_.rows);
      Saved saved{v, {}};
      if (y != none) {
        saved.pixels.assign(image_.row(y), image_.row(y) + width);
      }
      saved_.push_back(std::move(saved));
    }
  }

  /// The pixels of row v of the extended image; v is not beyond a constant border.
  [[nodiscard]] const Pixel* pixels(Index v) const {
    for (const Saved& saved : saved_) {
      if (saved.v == v) {
        return saved.pixels.data();
      }
    }
    return image_.row(inside(border_, v, image_.rows));
  }
  [[nodiscard]] const std::uint8_t* valid(Index v) const { return mask_.row(inside(border_, v, image_.rows)); }
  [[nodiscard]] const Pixel& constant() const { return constant_; }

  /// Fills raw with the n pixels of row v from column `first` on.
  template <class Statistic, class T>
  void load(Channels<T> raw, Index v, Index first, Index n) const {
    const Index y = inside(border_, v, image_.rows);
    if (y == none) {
      for (Index j = 0; j < n; ++j) {
        Statistic::load(raw.from(j), &constant_, nullptr, 1);
      }
      return;
    }
    ExtendedRow<Pixel>{pixels(v), mask_.row(y), image_.cols, border_, constant_}.template load<Statistic>(raw, first,
                                                                                                          n);
  }

 private:
  struct Saved {
    Index v;
    std::vector<Pixel> pixels;
  };

  Raster<const Pixel> image_;
  Mask mask_;
  Border border_;
  Pixel constant_;
  std::vector<Saved> saved_;
};

/// Calls sink(y, x, n, sums, sums at other scales) for each row of the tile, in order, and each segment of the row.
template <class Statistic, class Pixel, class Sink>
void sweep(const ExtendedImage<Pixel>& image, Window window, Tile tile, bool wide_range, Sink&& sink) {
  const Index columns = tile.x2 - tile.x1;
  ScaledSums<Statistic> sums(window, columns, wide_range);
  for (Index v = tile.y1 - window.up(); v < tile.y2 + window.down(); ++v) {
    image.template load<Statistic>(sums.raw(), v, tile.x1 - window.left(), columns + window.cols - 1);
    sums.feed([&](Index column, Index n, const auto& row, const auto& others) {
      sink(v - window.down(), tile.x1 + column, n, row, others);
    });
  }
}

/// Cuts a rows x cols result into column strips, and those into blocks of rows when there are more threads than strips.
class Tiling {
 public:
  /// Columns of a strip: few enough that the rings of its rows stay in the second-level cache for windows of 3 to 31.
  static constexpr Index strip = 2048;

  Tiling(Index rows, Index cols, Window window, int threads, bool full_rows, Index widest = strip)
      : rows_(rows), cols_(cols) {
    strips_ = full_rows ? 1 : std::max<Index>(1, (cols + widest - 1) / widest);
    const Index enough = threads == 1 || strips_ >= 4 * threads ? 1 : full_rows ? threads : (4 * threads) / strips_;
    const Index most =
        std::max<Index>(1, rows / std::max<Index>(64, 4 * window.rows));  // a block feeds window - 1 more
    blocks_ = (std::min)(enough, most);
  }

  [[nodiscard]] Index size() const { return strips_ * blocks_; }
  [[nodiscard]] Index blocks() const { return blocks_; }
  [[nodiscard]] Tile operator[](Index k) const {
    const Index block = k / strips_, column = k % strips_;
    return {share(cols_, column, strips_), share(rows_, block, blocks_), share(cols_, column + 1, strips_),
            share(rows_, block + 1, blocks_)};
  }

 private:
  [[nodiscard]] static Index share(Index n, Index k, Index parts) {
    return static_cast<Index>(static_cast<std::int64_t>(n) * k / parts);
  }
  Index rows_, cols_, strips_ = 1, blocks_ = 1;
};

/// Sweeps the whole image, in tiles on several threads. In place, sink may write the pixels (y, x .. x + n) it was
/// called for: tiles are then whole rows, and the rows that meet at their edges are saved first.
template <class Statistic, class Pixel, class Sink>
void sweep_image(const Raster<const Pixel>& image, Window window, const WindowOptions& options, bool in_place,
                 bool wide_range, const Sink& sink) {
  const int threads = thread_count(options.threads);
  const Tiling tiles(image.rows, image.cols, window, threads, in_place);
  std::vector<ExtendedImage<Pixel>> sources(in_place ? static_cast<std::size_t>(tiles.size()) : 1,
                                            ExtendedImage<Pixel>(image, options));
  if (in_place) {
    for (Index k = 0; k < tiles.size(); ++k) {
      const Tile tile = tiles[k];
      if (tile.y1 > 0 || (tiles.size() > 1)) {
        sources[at(k)].save(tile.y1 - window.up(), tile.y1);
      }
      sources[at(k)].save(tile.y2, tile.y2 + window.down());
    }
  }
  for_each_chunk(threads, tiles.size(),
                 [&](Index k) { sweep<Statistic>(sources[in_place ? at(k) : 0], window, tiles[k], wide_range, sink); });
}

}  // namespace boxlap::detail
