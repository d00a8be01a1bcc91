/// Window statistics of an image whose rows are pushed one by one, never in memory as a whole.
///
/// The array functions read rows of an image again: at the border, and as centres of windows that are complete half a
/// window later. A stream has to keep those rows itself, in ring buffers of half a window. Everything else is shared
/// with the array functions, sums in the same order, so that both give the same bits. The own-mean variance is two such
/// streams, the first one pushing its residuals into the second.
///
/// Cost: as the array functions; memory independent of the number of rows. Which statistic a stream runs is chosen
/// once, in its constructor, and kept in a std::variant.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>
#include <variant>
#include <vector>

#include "../../base/detail/error.hpp"
#include "../window_options.hpp"
#include "row_order.hpp"
#include "statistics.hpp"
#include "sweep.hpp"

namespace boxlap::detail {

/// Neighbouring windows of one row whose sums are complete: the row, the first column and the number of their centres.
template <class Pixel>
struct Segment {
  Index y, x, n;
  const Pixel* pixels;        ///< the centres
  const std::uint8_t* valid;  ///< one byte a centre, or nullptr where all count
};

/// Keeps the rows that are needed again at the border or as centre of a window, and feeds the window sums.
template <class Statistic>
class RowStream {
 public:
  using Pixel = typename Statistic::Pixel;

  RowStream(Index cols, Window window, const WindowOptions& options, bool wide_range = false)
      : cols_(cols),
        window_(window),
        border_(options.border),
        constant_(border_pixel<Pixel>(options)),
        order_(options.border, window.up(), window.down()),
        sums_(window, cols, wide_range),
        pixels_(static_cast<std::size_t>(order_.depth()) * static_cast<std::size_t>(cols)),
        valid_(Statistic::counted ? pixels_.size() : 0) {}

  /// Calls sink(segment, sums, sums at other scales) for each segment that is complete by now.
  template <class Sink>
  void push(const Pixel* row, const std::uint8_t* valid, Sink&& sink) {
    const std::ptrdiff_t start = place(order_.next_slot());
    std::copy_n(row, cols_, pixels_.data() + start);
    if constexpr (Statistic::counted) {
      for (Index x = 0; x < cols_; ++x) {
        valid_[static_cast<std::size_t>(start + x)] = row[x] == row[x] && (valid == nullptr || valid[x] != 0);
      }
    }
    order_.arrived([&](Index v, Index slot) { feed(v, slot, sink); });
  }

  template <class Sink>
  void finish(Sink&& sink) {
    order_.finish([&](Index v, Index slot) { feed(v, slot, sink); });
    sums_.restart();
  }

 private:
  [[nodiscard]] std::ptrdiff_t place(Index slot) const { return static_cast<std::ptrdiff_t>(slot) * cols_; }
  [[nodiscard]] const std::uint8_t* valid_at(std::ptrdiff_t start) const {
    return Statistic::counted ? valid_.data() + start : nullptr;
  }

  template <class Sink>
  void feed(Index v, Index slot, Sink& sink) {
    const Index n = cols_ + window_.cols - 1;
    if (slot == none) {
      for (Index j = 0; j < n; ++j) {
        Statistic::load(sums_.raw().from(j), &constant_, nullptr, 1);
      }
    } else {
      const std::ptrdiff_t start = place(slot);
      const ExtendedRow<Pixel> row{pixels_.data() + start, valid_at(start), cols_, border_, constant_};
      row.template load<Statistic>(sums_.raw(), -window_.left(), n);
    }
    const Index y = v - window_.down();
    const std::ptrdiff_t centre = y < 0 ? 0 : place(order_.slot(y));
    sums_.feed([&](Index x, Index count, const auto& sums, const auto& others) {
      const std::uint8_t* valid = valid_at(centre);
      const Pixel* const pixels = pixels_.data() + centre + x;
      sink(Segment<Pixel>{y, x, count, pixels, valid == nullptr ? nullptr : valid + x}, sums, others);
    });
  }

  Index cols_;
  Window window_;
  Border border_;
  Pixel constant_;
  RowOrder order_;
  ScaledSums<Statistic> sums_;
  std::vector<Pixel> pixels_;
  std::vector<std::uint8_t> valid_;
};

/// Means and variances of the textbook form, row by row.
template <class Statistic>
class TextbookRows {
 public:
  using Pixel = typename Statistic::Pixel;
  using T = typename Statistic::Result;

  TextbookRows(Index cols, Window window, const WindowOptions& options, bool wide_range)
      : pixels_(window.pixels()), rows_(cols, window, options, wide_range) {}

  /// Calls sink(segment, SegmentMoments) for each segment that is complete by now.
  template <class Sink>
  void push(const Pixel* row, const std::uint8_t* valid, Sink& sink) {
    rows_.push(row, valid, finished(sink));
  }
  template <class Sink>
  void finish(Sink& sink) {
    rows_.finish(finished(sink));
  }

 private:
  template <class Sink>
  auto finished(Sink& sink) {
    return [this, &sink](const Segment<Pixel>& segment, const auto& sums, const auto& sums_at_others) {
      const Index n = segment.n;
      alignas(64) T means[segment_columns];
      alignas(64) T variances[segment_columns];
      Statistic::finish(sums, n, pixels_, means, variances);
      OtherMoments<T> others;
      others.template finish<Statistic>(sums_at_others, n, pixels_);
      sink(segment, SegmentMoments<T>{means, variances, others});
    };
  }

  Index pixels_;
  RowStream<Statistic> rows_;
};

/// Means, and the means of the squared residuals around them: a stream of rows that feeds a second one. What the second
/// hands over lies half a window behind the first, so means, pixels and validity wait in rings of that many rows.
template <class MeanStatistic>
class OwnMeanRows {
 public:
  using Pixel = typename MeanStatistic::Pixel;
  using T = typename MeanStatistic::Result;

  OwnMeanRows(Index cols, Window window, const WindowOptions& options, bool wide_range)
      : cols_(cols),
        window_pixels_(window.pixels()),
        depth_((std::max)(window.up(), window.down()) + 1),
        means_(cols, window, options),
        residuals_(cols, window, residual_options(options), wide_range),
        residual_row_(at(cols)),
        mean_ring_(at(depth_) * at(cols)),
        pixel_ring_(mean_ring_.size()),
        valid_ring_(MeanStatistic::counted ? mean_ring_.size() : 0) {}

  template <class Sink>
  void push(const Pixel* row, const std::uint8_t* valid, Sink& sink) {
    means_.push(row, valid, residual(sink));
  }
  template <class Sink>
  void finish(Sink& sink) {
    means_.finish(residual(sink));
    residuals_.finish(finished(sink));
  }

 private:
  using Residuals = ResidualStatistic<MeanStatistic>;

  /// Beyond a constant border there is no residual; where that constant does not count, neither does the residual.
  static WindowOptions residual_options(WindowOptions options) {
    const bool counts = !(MeanStatistic::counted && options.border_value != options.border_value);
    options.border_value = counts ? 0 : std::numeric_limits<double>::quiet_NaN();
    return options;
  }
  [[nodiscard]] std::size_t place(Index y, Index x) const { return at(y % depth_) * at(cols_) + at(x); }

  template <class Sink>
  auto residual(Sink& sink) {
    return [this, &sink](const Segment<Pixel>& segment, const auto& sums, const auto&) {
      const auto [y, x, n, pixels, valid] = segment;
      alignas(64) T means[segment_columns];
      MeanStatistic::finish(sums, n, window_pixels_, means, nullptr);
      MeanStatistic::residuals(sums, n, window_pixels_, pixels, residual_row_.data() + x);
      std::copy_n(means, n, mean_ring_.data() + place(y, x));
      std::copy_n(pixels, n, pixel_ring_.data() + place(y, x));
      for (Index k = 0; valid != nullptr && k < n; ++k) {
        valid_ring_[place(y, x + k)] = valid[k];
        if (valid[k] == 0) {
          residual_row_[at(x + k)] = std::numeric_limits<T>::quiet_NaN();
        }
      }
      if (x + n == cols_) {
        residuals_.push(residual_row_.data(), nullptr, finished(sink));
      }
    };
  }

  template <class Sink>
  auto finished(Sink& sink) {
    return [this, &sink](const Segment<T>& segment, const auto& sums, const auto& sums_at_others) {
      const Index y = segment.y, x = segment.x, n = segment.n;
      alignas(64) T means[segment_columns] = {};
      alignas(64) T variances[segment_columns];
      Residuals::finish(sums, n, window_pixels_, variances, nullptr);
      std::copy_n(mean_ring_.data() + place(y, x), n, means);
      OtherMoments<T> others;
      others.template finish_residuals<Residuals>(sums_at_others, n, window_pixels_, means);
      const std::uint8_t* valid = MeanStatistic::counted ? valid_ring_.data() + place(y, x) : nullptr;
      sink(Segment<Pixel>{y, x, n, pixel_ring_.data() + place(y, x), valid},
           SegmentMoments<T>{means, variances, others});
    };
  }

  Index cols_, window_pixels_, depth_;
  RowStream<MeanStatistic> means_;
  RowStream<Residuals> residuals_;
  std::vector<T> residual_row_, mean_ring_;
  std::vector<Pixel> pixel_ring_;
  std::vector<std::uint8_t> valid_ring_;
};

/// The streams of every statistic that with_statistic() may choose, by the type of their sums.
template <class Pixel, class... Sums>
using RowsOfSums = std::variant<TextbookRows<WindowStatistic<Pixel, Sums, true, false>>...,
                                TextbookRows<WindowStatistic<Pixel, Sums, true, true>>...,
                                OwnMeanRows<WindowStatistic<Pixel, Sums, false, false>>...,
                                OwnMeanRows<WindowStatistic<Pixel, Sums, false, true>>...>;

/// Means and variances of either form, with and without invalid pixels; checks what comes in. Kept: the type that
/// results are kept in.
template <class Scalar, class Kept>
class SegmentStream {
  static_assert(PixelScalar<Scalar>, "boxlap: pixels are bool, integers, float or double");
  static_assert(std::same_as<Kept, float> || std::same_as<Kept, double>, "boxlap: results are float or double");

 public:
  /// wide_range: moments at other scales are handed over too, see ScaledSums.
  SegmentStream(Index cols, Window window, Deviation deviation, const WindowOptions& options, bool wide_range)
      : cols_(cols), counted_(options.skip_nan), rows_(make(cols, window, deviation, options, wide_range)) {}

  [[nodiscard]] Index cols() const noexcept { return cols_; }

  template <class Sink>
  void push(std::span<const Scalar> row, std::span<const std::uint8_t> valid, Sink&& sink) {
    require_same_length("row", row.size(), "the stream", at(cols_));
    if (!valid.empty()) {
      require_same_length("valid", valid.size(), "the stream", at(cols_));
      if (!counted_) [[unlikely]] {
        invalid("valid needs a stream with skip_nan");
      }
    }
    const auto* pixels = reinterpret_cast<const Pixel*>(row.data());
    std::visit([&](auto& rows) { rows.push(pixels, valid.empty() ? nullptr : valid.data(), sink); }, rows_);
  }
  template <class Sink>
  void finish(Sink&& sink) {
    std::visit([&](auto& rows) { rows.finish(sink); }, rows_);
  }

 private:
  using Pixel = PixelOf<Scalar>;
  using Rows = std::conditional_t<is_byte<Pixel>, RowsOfSums<Pixel, std::int32_t, LongestSum<Pixel, Kept>>,
                                  RowsOfSums<Pixel, LongestSum<Pixel, Kept>>>;

  static Rows make(Index cols, Window window, Deviation deviation, const WindowOptions& options, bool wide_range) {
    check(window);
    static_cast<void>(border_pixel<Scalar>(options));
    if (cols < 1 || options.border == Border::wrap || options.mask.given()) [[unlikely]] {
      invalid(cols < 1                         ? "a stream needs at least one column"
              : options.border == Border::wrap ? "a stream cannot wrap: its first window needs the last row"
                                               : "a stream takes validity row by row, not a mask");
    }
    if (deviation == Deviation::own_mean) {
      return with_statistic<Pixel, Kept, false>(window.pixels(), options.skip_nan, [&]<class Statistic>(Statistic) {
        return Rows(std::in_place_type<OwnMeanRows<Statistic>>, cols, window, options, wide_range);
      });
    }
    return with_statistic<Pixel, Kept, true>(window.pixels(), options.skip_nan, [&]<class Statistic>(Statistic) {
      return Rows(std::in_place_type<TextbookRows<Statistic>>, cols, window, options, wide_range);
    });
  }

  Index cols_;
  bool counted_;
  Rows rows_;
};

}  // namespace boxlap::detail
