/// Moving moments of an image that never is in memory as a whole: push a row, get a row.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>
#include <variant>
#include <vector>

#include "row_order.hpp"
#include "statistics.hpp"
#include "sweep.hpp"
#include "window_options.hpp"

namespace boxlap {
namespace detail {

/// Keeps the rows that are needed again at the border or as centre of a window, and feeds the window sums.
template <class Statistic>
class RowStream {
 public:
  using Pixel = typename Statistic::Pixel;

  RowStream(Index cols, Window window, const WindowOptions& options)
      : cols_(cols),
        window_(window),
        border_(options.border),
        constant_(border_pixel<Pixel>(options)),
        order_(options.border, window.up(), window.down()),
        sums_(window, cols),
        pixels_(static_cast<std::size_t>(order_.depth()) * static_cast<std::size_t>(cols)),
        valid_(Statistic::counted ? pixels_.size() : 0) {}

  /// Calls sink(y, x, n, sums, centre pixels, their validity or nullptr) for each segment that is complete by now.
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
      ExtendedImage<Pixel>::template load_row<Statistic>(sums_.raw(), pixels_.data() + start, valid_at(start), cols_,
                                                         -window_.left(), n, border_, constant_);
    }
    const Index y = v - window_.down();
    const std::ptrdiff_t centre = y < 0 ? 0 : place(order_.slot(y));
    sums_.feed([&](Index x, Index count, const auto& sums) {
      const std::uint8_t* valid = valid_at(centre);
      sink(y, x, count, sums, pixels_.data() + centre + x, valid == nullptr ? nullptr : valid + x);
    });
  }

  Index cols_;
  Window window_;
  Border border_;
  Pixel constant_;
  RowOrder order_;
  WindowSums<typename Statistic::Pieces> sums_;
  std::vector<Pixel> pixels_;
  std::vector<std::uint8_t> valid_;
};

/// The sums a stream keeps: those of the array functions, always 64-bit for short integers.
template <class Pixel, class Wanted>
using StreamSum =
    std::conditional_t<is_short_integer<Pixel>, std::int64_t,
                       std::common_type_t<std::conditional_t<std::integral<Pixel>, double, Pixel>, Wanted>>;

}  // namespace detail

/// moving_moments() row by row, for images larger than memory: the same bits as the array form with
/// Deviation::textbook.
///
///     MomentsStream<float> stream(cols, 7);
///     for each row: stream.push(row, [&](Index y, std::span<const float> mean, std::span<const float> variance)
///     {...}); stream.finish(the same sink);
///
/// A sink is called once for each row, in order, about half a window after that row was pushed; its spans are valid
/// during the call. After finish() the stream is ready for another image of the same width. All borders except wrap,
/// whose first window needs the last row. Options as in moving_moments, without mask and threads: an invalid pixel is
/// told by push's second argument.
///
/// Throws std::invalid_argument for Border::wrap, a mask, a row of another length or a window below 1 x 1.
/// Memory: that of moving_moments for one strip of `cols` columns, and floor(window.rows / 2) + 1 rows of pixels.
template <class Pixel, std::floating_point Out = std::conditional_t<std::same_as<Pixel, double>, double, float>>
class MomentsStream {
 public:
  MomentsStream(Index cols, Window window, const WindowOptions& options = {})
      : cols_(cols), window_(window), stream_(make(cols, window, options)) {
    mean_.resize(detail::at(cols));
    variance_.resize(detail::at(cols));
  }

  /// Takes the next row in. valid: one byte a pixel, 0 where it does not count; only with options.skip_nan.
  template <class Sink>
  void push(std::span<const Pixel> row, std::span<const std::uint8_t> valid, Sink&& sink) {
    detail::require_same_length("row", row.size(), "the stream", detail::at(cols_));
    if (!valid.empty()) {
      detail::require_same_length("valid", valid.size(), "the stream", detail::at(cols_));
      if (stream_.index() == 0) [[unlikely]] {
        detail::invalid("valid needs a stream with skip_nan");
      }
    }
    std::visit(
        [&](auto& stream) { stream.push(row.data(), valid.empty() ? nullptr : valid.data(), rows(stream, sink)); },
        stream_);
  }
  template <class Sink>
  void push(std::span<const Pixel> row, Sink&& sink) {
    push(row, {}, sink);
  }

  /// No more rows will come: the rows still due go to the sink.
  template <class Sink>
  void finish(Sink&& sink) {
    std::visit([&](auto& stream) { stream.finish(rows(stream, sink)); }, stream_);
  }

 private:
  template <bool Counted>
  using Statistic = detail::WindowStatistic<Pixel, detail::StreamSum<Pixel, Out>, true, Counted>;
  using Plain = detail::RowStream<Statistic<false>>;
  using Counted = detail::RowStream<Statistic<true>>;
  using Either = std::variant<Plain, Counted>;

  static Either make(Index cols, Window window, const WindowOptions& options) {
    detail::check(window);
    if (cols < 1 || options.border == Border::wrap || options.mask.given()) [[unlikely]] {
      detail::invalid(cols < 1                         ? "a stream needs at least one column"
                      : options.border == Border::wrap ? "a stream cannot wrap: its first window needs the last row"
                                                       : "a stream takes validity row by row, not a mask");
    }
    if (options.skip_nan) {
      return Either(std::in_place_type<Counted>, cols, window, options);
    }
    return Either(std::in_place_type<Plain>, cols, window, options);
  }

  /// Gathers segments into rows.
  template <class Stream, class Sink>
  auto rows(const Stream&, Sink& sink) {
    return [this, &sink](Index y, Index x, Index n, const auto& sums, const Pixel*, const std::uint8_t* valid) {
      using S = std::conditional_t<std::same_as<Stream, Plain>, Statistic<false>, Statistic<true>>;
      typename S::Result means[detail::segment_columns];
      typename S::Result variances[detail::segment_columns];
      S::finish(sums, n, window_.pixels(), means, variances);
      for (Index k = 0; k < n; ++k) {
        const bool counts = valid == nullptr || valid[k] != 0;
        constexpr Out nan = std::numeric_limits<Out>::quiet_NaN();
        mean_[detail::at(x + k)] = counts ? static_cast<Out>(means[k]) : nan;
        variance_[detail::at(x + k)] = counts ? static_cast<Out>(variances[k]) : nan;
      }
      if (x + n == cols_) {
        const auto count = detail::at(cols_);
        sink(y, std::span<const Out>(mean_.data(), count), std::span<const Out>(variance_.data(), count));
      }
    };
  }

  Index cols_;
  Window window_;
  Either stream_;
  std::vector<Out> mean_, variance_;
};

}  // namespace boxlap
