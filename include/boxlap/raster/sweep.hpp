/// One pass over an image: rows go in, rows of window sums come out half a window later, in a few rows of memory.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "doubling.hpp"
#include "window_options.hpp"

namespace boxlap::detail {

/// The most columns handled at a time: results are handed over in arrays of this length.
inline constexpr std::size_t segment_columns = 256;

/// Columns of `bytes` bytes handled at a time, so that what a row needs beside the rings fits the first-level cache.
[[nodiscard]] constexpr Index segment_of(std::size_t bytes) {
  return (std::min)(static_cast<Index>(segment_columns), whole_groups(static_cast<Index>(2560 / bytes)));
}

/// The sums over every window of a strip that is fed row by row. Knows nothing of borders.
///
/// Memory: (rows + floor(log2 rows)) of `channels` channels of the strip's width, one raw row, and three short
/// segments.
template <class Pieces>
class WindowSums {
 public:
  using T = typename Pieces::Scalar;
  WindowSums(Window window, Index columns)
      : columns_(columns),
        raw_pitch_(whole_groups(columns + window.cols - 1) + lane_group),
        raw_memory_(zero_row<T>(raw_pitch_ * Pieces::raw_channels)),
        across_(window.cols, (std::min)(columns, segment)),
        down_(window.rows, columns, (std::min)(columns, segment), window.cols) {}

  /// To be filled with columns + window.cols - 1 pixels before feed().
  [[nodiscard]] Channels<T> raw() { return {raw_memory_.get(), raw_pitch_}; }

  /// Takes the raw row in. From the window.rows-th row on calls sink(column, n, sums) for each segment, where sums
  /// cover the last window.rows rows; whole groups of lanes may be read.
  template <class Sink>
  void feed(Sink&& sink) {
    for (Index column = 0; column < columns_; column += segment) {
      const Index n = (std::min)(segment, columns_ - column);
      across_.run(raw().from(column), n, down_.next_row(column));
      const Channels<const T> sums = down_.advance(column, n);
      if (down_.complete()) {
        sink(column, n, sums);
      }
    }
    down_.end_row();
  }

  /// The next row is the first of a new image.
  void restart() { down_.restart(); }

 private:
  static constexpr Index segment = segment_of(Pieces::channels * sizeof(T));

  Index columns_;
  std::ptrdiff_t raw_pitch_;
  AlignedRow<T> raw_memory_;
  RowDoubling<Pieces> across_;
  ColumnDoubling<Pieces> down_;
};

/// A part of the result: columns [x1, x2) of rows [y1, y2).
struct Tile {
  Index x1, y1, x2, y2;
};

/// An image as windows see it, beyond its border too; and, where the result overwrites it, the rows it needs again.
template <class Pixel>
class ExtendedImage {
 public:
  ExtendedImage(const Raster<const Pixel>& image, const WindowOptions& options)
      : image_(image), mask_(options.mask), border_(options.border), constant_(border_pixel<Pixel>(options)) {}

  /// Copies what stands in rows [first, last) of the extended image, so that row() no longer reads the image for them.
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

  /// The pixels that stand in row v, not beyond a constant border.
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
    load_row<Statistic>(raw, pixels(v), mask_.row(y), image_.cols, first, n, border_, constant_);
  }

  template <class Statistic, class T>
  static void load_row(Channels<T> raw, const Pixel* pixels, const std::uint8_t* valid, Index cols, Index first,
                       Index n, Border border, const Pixel& constant) {
    const Index begin = std::clamp<Index>(-first, 0, n);
    const Index end = std::clamp<Index>(cols - first, begin, n);
    const auto outside = [&](Index j) {
      const Index x = inside(border, first + j, cols);
      const bool known = x != none;
      Statistic::load(raw.from(j), known ? pixels + x : &constant, known && valid != nullptr ? valid + x : nullptr, 1);
    };
    for (Index j = 0; j < begin; ++j) {
      outside(j);
    }
    if (end > begin) {
      Statistic::load(raw.from(begin), pixels + first + begin, valid != nullptr ? valid + first + begin : nullptr,
                      end - begin);
    }
    for (Index j = end; j < n; ++j) {
      outside(j);
    }
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

/// Calls sink(y, x, n, sums) for each row of the tile, in order, and each segment of the row.
template <class Statistic, class Pixel, class Sink>
void sweep(const ExtendedImage<Pixel>& image, Window window, Tile tile, Sink&& sink) {
  const Index columns = tile.x2 - tile.x1;
  WindowSums<typename Statistic::Pieces> sums(window, columns);
  for (Index v = tile.y1 - window.up(); v < tile.y2 + window.down(); ++v) {
    image.template load<Statistic>(sums.raw(), v, tile.x1 - window.left(), columns + window.cols - 1);
    sums.feed([&](Index column, Index n, const auto& row) { sink(v - window.down(), tile.x1 + column, n, row); });
  }
}

/// Cuts a rows x cols result into column strips, and those into blocks of rows when there are more threads than strips.
class Tiling {
 public:
  /// Strips no wider than this keep the rings in the second-level cache (measured best or equal for windows of 3 to
  /// 31).
  static constexpr Index strip = 2048;

  Tiling(Index rows, Index cols, Window window, int threads, bool full_rows, Index widest = strip)
      : rows_(rows), cols_(cols) {
    strips_ = full_rows ? 1 : std::max<Index>(1, (cols + widest - 1) / widest);
    const Index wanted = threads == 1 || strips_ >= 4 * threads ? 1 : full_rows ? threads : (4 * threads) / strips_;
    const Index most =
        std::max<Index>(1, rows / std::max<Index>(64, 4 * window.rows));  // a block feeds window - 1 more
    blocks_ = (std::min)(wanted, most);
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
                 const Sink& sink) {
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
                 [&](Index k) { sweep<Statistic>(sources[in_place ? at(k) : 0], window, tiles[k], sink); });
}

}  // namespace boxlap::detail
