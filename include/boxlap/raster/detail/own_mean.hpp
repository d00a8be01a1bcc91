/// Own-mean variance: the window mean of (I - m)^2, where m is the mean of the window around each pixel itself.
///
/// The textbook variance E[I^2] - E[I]^2 measures all pixels from one mean. Much numpy code filters twice instead: once
/// for the mean m, once for the squares of I - m. As filters of whole images that takes three of them in memory. Here
/// two sweeps run in lockstep: means come out half a window late, residuals are kept for one window, and the second
/// sweep follows another half window later.
///
/// Cost: two window sums a pixel; the rings of both sums and window.rows + 2 rows of means and residuals. A column
/// strip must have its whole height, since residuals beyond the border mirror those inside.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "row_order.hpp"
#include "statistics.hpp"
#include "sweep.hpp"

namespace boxlap::detail {

/// Two sweeps in lockstep over one column strip of whole height: means, and half a window later the means of the
/// squared residuals (I - m)^2. Beyond the border the residuals are extended as the image is; a constant border has no
/// residual.
template <class MeanStatistic>
class OwnMeanSweep {
 public:
  using Pixel = typename MeanStatistic::Pixel;
  using T = typename MeanStatistic::Result;
  using Residuals = ResidualStatistic<MeanStatistic>;

  /// For results in columns [x1, x2). The strip must be wider than the window, or the whole image. wide_range: see
  /// ScaledSums.
  OwnMeanSweep(const Raster<const Pixel>& image, Window window, const WindowOptions& options, Index x1, Index x2,
               bool wide_range)
      : rows_(image.rows),
        first_(std::max<Index>(0, x1 - window.left())),
        width_((std::min)(image.cols, x2 + window.right()) - first_),
        x1_(x1),
        columns_(x2 - x1),
        window_(window),
        border_(options.border),
        order_(options.border, window.up(), window.down()),
        means_(window, width_),
        residuals_(window, columns_, wide_range),
        mean_rows_(static_cast<std::size_t>(order_.depth() * width_)),
        residual_rows_(static_cast<std::size_t>(order_.depth() * width_)) {}

  /// Calls sink(y, x, n, means, sums of squared residuals, sums at other scales) for each row and segment, means
  /// aligned to 64 bytes; sink may overwrite the pixels it was called for.
  template <class Sink>
  void run(const ExtendedImage<Pixel>& image, const Sink& sink) {
    // wrap extends the image without end, so residuals beyond the border are computed like any other
    const bool wraps = border_ == Border::wrap;
    const Index above = wraps ? 2 * window_.up() : window_.up();
    const Index below = wraps ? 2 * window_.down() : window_.down();
    const T outside =
        Residuals::counted && image.constant() != image.constant() ? std::numeric_limits<T>::quiet_NaN() : T{0};
    const auto feed = [&](Index v, Index slot) { feed_residuals(v, slot, outside, sink); };
    for (Index v = -above; v < rows_ + below; ++v) {
      image.template load<MeanStatistic>(means_.raw(), v, first_ - window_.left(), width_ + window_.cols - 1);
      const Index q = v - window_.down();
      const Index slot = wraps ? modulo(q, order_.depth()) : order_.next_slot();
      bool complete = false;
      means_.feed([&](Index column, Index n, const auto& sums) {
        residual(image, q, slot, column, n, sums);
        complete = true;
      });
      if (complete && wraps) {
        feed(q, slot);
      } else if (complete) {
        order_.arrived(feed);
      }
    }
    if (!wraps) {
      order_.finish(feed);
    }
  }

 private:
  template <class Sums>
  void residual(const ExtendedImage<Pixel>& image, Index q, Index slot, Index column, Index n, const Sums& sums) {
    const std::uint8_t* valid = image.valid(q);
    T* residuals = residual_rows_.data() + slot * width_ + column;
    MeanStatistic::finish(sums, n, window_.pixels(), segment_, nullptr);
    MeanStatistic::residuals(sums, n, window_.pixels(), image.pixels(q) + first_ + column, residuals);
    std::copy_n(segment_, n, mean_rows_.data() + slot * width_ + column);
    for (Index k = 0; valid != nullptr && k < n; ++k) {
      if (valid[first_ + column + k] == 0) {
        residuals[k] = std::numeric_limits<T>::quiet_NaN();
      }
    }
  }

  template <class Sink>
  void feed_residuals(Index v, Index slot, T outside, const Sink& sink) {
    const Index n = columns_ + window_.cols - 1;
    const Index x = x1_ - window_.left() - first_;  // of the strip's own columns
    if (slot == none) {
      for (Index j = 0; j < n; ++j) {
        Residuals::load(residuals_.raw().from(j), &outside, nullptr, 1);
      }
    } else {
      const ExtendedRow<T> row{residual_rows_.data() + slot * width_, nullptr, width_, border_, outside};
      row.template load<Residuals>(residuals_.raw(), x, n);
    }
    const Index y = v - window_.down();
    residuals_.feed([&](Index column, Index count, const auto& sums, const auto& others) {
      std::copy_n(mean_rows_.data() + modulo(y, order_.depth()) * width_ + (x1_ - first_) + column, count, means_out_);
      sink(y, x1_ + column, count, static_cast<const T*>(means_out_), sums, others);
    });
  }

  Index rows_, first_, width_, x1_, columns_;
  Window window_;
  Border border_;
  RowOrder order_;
  WindowSums<typename MeanStatistic::Pieces> means_;
  ScaledSums<Residuals> residuals_;
  std::vector<T> mean_rows_, residual_rows_;
  alignas(64) T segment_[segment_columns];
  alignas(64) T means_out_[segment_columns] = {};
};

/// Sweeps the whole image in column strips; in place, in one strip of whole rows on one thread.
template <class MeanStatistic, class Sink>
void sweep_own_mean(const Raster<const typename MeanStatistic::Pixel>& image, Window window,
                    const WindowOptions& options, bool in_place, bool wide_range, const Sink& sink) {
  const bool one_strip = in_place || options.border == Border::wrap || 4 * window.cols > Tiling::strip;
  const Tiling tiles(image.rows, image.cols, window, 1, one_strip);
  ExtendedImage<typename MeanStatistic::Pixel> source(image, options);
  if (in_place && options.border == Border::wrap) {
    source.save(image.rows, image.rows + 2 * window.down());
  }
  for_each_chunk(thread_count(options.threads), tiles.size(), [&](Index k) {
    OwnMeanSweep<MeanStatistic> sweep(image, window, options, tiles[k].x1, tiles[k].x2, wide_range);
    sweep.run(source, sink);
  });
}

}  // namespace boxlap::detail
