/// Doubling windows: the sum over w neighbours from sums over 1, 2, 4, ... neighbours, with additions only.
///
/// S_2p[i] = S_p[i] + S_p[i + p], and a window of w is the concatenation of the powers of two in w's binary form:
/// floor(log2 w) + popcount(w) - 1 joins an axis. Nothing is ever subtracted, so nothing that has left a window is
/// remembered: a NaN stays within the windows that hold it, a bright target leaves no rounding error behind, and a sum
/// has the same bits wherever a strip or tile begins.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "../../base/index.hpp"
#include "../window_options.hpp"
#include "window_sums.hpp"

namespace boxlap::detail {

/// The sums over `window` neighbouring columns.
template <class Pieces>
class RowDoubling {
 public:
  using T = typename Pieces::Scalar;

  /// For at most `columns` columns at a time.
  RowDoubling(Index window, Index columns)
      : window_(window),
        pitch_(whole_groups(columns + window - 1) + lane_group),
        memory_(zero_row<T>(window > 2 ? 3 * Pieces::channels * pitch_ : 0)) {}

  /// out[i] = sum over raw[i .. i + window) for 0 <= i < n. Reads raw up to n + window + lane_group - 2; columns of out
  /// up to whole_groups(n) are written.
  void run(Channels<const T> raw, Index n, Channels<T> out) {
    if (window_ == 1) {
      Pieces::lift(out, raw, whole_groups(n));
      return;
    }
    Piece level{raw, none}, total{raw, none};
    Index done = 0;
    for (Index p = 1; done < window_; p *= 2) {
      if ((window_ & p) != 0) {
        total = done == 0 ? level : append(level, total, n, p, done, out);
        done += p;
      }
      if (2 * p <= window_) {
        level = twice(level, n, p, total, done, out);
      }
    }
  }

 private:
  struct Piece {
    Channels<const T> row;
    Index buffer;  ///< which of the three buffers holds it, or none
  };

  [[nodiscard]] Channels<T> buffer(Index k) {
    return {memory_.get() + static_cast<std::ptrdiff_t>(k) * Pieces::channels * pitch_, pitch_};
  }
  [[nodiscard]] static Index spare(Index a, Index b) { return a != 0 && b != 0 ? 0 : a != 1 && b != 1 ? 1 : 2; }

  /// `total`, `done` wide, followed by the piece of p that begins where it ends.
  Piece append(const Piece& level, const Piece& total, Index n, Index p, Index done, Channels<T> out) {
    const bool last = done + p == window_;
    const Index to = last ? none : spare(level.buffer, total.buffer);
    const Channels<T> row = last ? out : buffer(to);
    const Joint joint{p, done, 1};
    const Index count = whole_groups(n + window_ - done - p);
    if (done == 1) {
      Pieces::template join<false, true>(row, level.row.from(done), total.row, last ? whole_groups(n) : count, joint);
    } else {
      Pieces::template join<false, false>(row, level.row.from(done), total.row, last ? whole_groups(n) : count, joint);
    }
    return {row, to};
  }

  Piece twice(const Piece& level, Index n, Index p, const Piece& total, Index done, Channels<T> out) {
    const bool last = 2 * p == window_;
    const Index to = last ? none : spare(level.buffer, done > 0 ? total.buffer : none);
    const Channels<T> row = last ? out : buffer(to);
    const Joint joint{p, p, 1};
    const Index count = whole_groups(n + window_ - 2 * p);
    if (p == 1) {
      Pieces::template join<true, true>(row, level.row, level.row.from(p), count, joint);
    } else {
      Pieces::template join<false, false>(row, level.row, level.row.from(p), count, joint);
    }
    return {row, to};
  }

  Index window_;
  std::ptrdiff_t pitch_;
  AlignedRow<T> memory_;
};

/// The sums over the last `window` rows. Keeps window + floor(log2 window) rows.
template <class Pieces>
class ColumnDoubling {
 public:
  using T = typename Pieces::Scalar;

  /// Rows have `columns` columns and are handled at most `segment` columns at a time; each entry sums `unit` pixels.
  ColumnDoubling(Index window, Index columns, Index segment, Index unit)
      : window_(window), unit_(unit), pitch_(whole_groups(columns)), segment_(whole_groups(segment)) {
    std::ptrdiff_t rows = 0;
    Index done = 0;
    for (Index p = 1; p <= window; p *= 2) {
      Level& level = levels_[static_cast<std::size_t>(level_count_++)];
      level.used = (window & p) != 0;
      level.done = done;
      done += level.used ? p : 0;
      level.depth = 2 * p <= window ? p + 1 : window - p + 1;
      level.first = rows;
      rows += level.depth;
    }
    scratch_ = rows * pitch_ * Pieces::channels;
    memory_ = zero_row<T>(scratch_ + 2 * segment_ * Pieces::channels);
  }

  /// Where the next row goes before advance() is called for each of its segments.
  [[nodiscard]] Channels<T> next_row(Index column) { return ring(levels_[0], fed_, column); }

  /// The sums of the last `window` rows for `n` columns from `column` on, valid until the next call.
  [[nodiscard]] Channels<const T> advance(Index column, Index n) {
    const Index count = whole_groups(n);
    Index p = 1;
    for (Index l = 0; l + 1 < level_count_; ++l, p *= 2) {
      const Level& level = levels_[at(l)];
      Pieces::template join<false, false>(ring(levels_[at(l + 1)], fed_, column), ring(level, fed_ - p, column),
                                          ring(level, fed_, column), count, {p, p, unit_});
    }
    Channels<const T> total;
    Index to = 0;
    p = 1;
    for (Index l = 0; l < level_count_; ++l, p *= 2) {
      const Level& level = levels_[at(l)];
      if (!level.used) {
        continue;
      }
      const Channels<const T> piece = ring(level, fed_ - level.done, column);
      if (level.done == 0) {
        total = piece;
        continue;
      }
      const Channels<T> joined = scratch(to);
      Pieces::template join<false, false>(joined, piece, total, count, {p, level.done, unit_});
      total = joined;
      to = 1 - to;
    }
    return total;
  }

  /// Takes over the rows of `other`, which was made with the same arguments: channels from value_channel on times
  /// `factor`, from squares_channel on times its square.
  void take_rows(const ColumnDoubling& other, int value_channel, int squares_channel, T factor) {
    for (std::ptrdiff_t k = 0; k < scratch_; ++k) {
      const auto channel = static_cast<int>(k / pitch_ % Pieces::channels);
      const T once = channel >= value_channel ? factor : T{1}, twice = channel >= squares_channel ? factor : T{1};
      memory_.get()[k] = other.memory_.get()[k] * once * twice;
    }
    fed_ = other.fed_;
  }

  /// To be called once all segments of a row were advanced.
  void end_row() { ++fed_; }
  /// The next row is the first of a new image.
  void restart() { fed_ = 0; }
  /// True when advance() of the row being fed completes a window.
  [[nodiscard]] bool complete() const { return fed_ + 1 >= window_; }

 private:
  struct Level {
    std::ptrdiff_t first = 0;  ///< its first row in memory
    Index depth = 0;           ///< rows kept
    Index done = 0;            ///< rows of the window that smaller pieces cover
    bool used = false;         ///< a piece of the window has this size
  };

  [[nodiscard]] Channels<T> ring(const Level& level, Index row, Index column) {
    const auto slot = static_cast<std::ptrdiff_t>(modulo_depth(row, level.depth));
    return {memory_.get() + (level.first + slot) * pitch_ * Pieces::channels + column, pitch_};
  }
  [[nodiscard]] static std::uint32_t modulo_depth(Index row, Index depth) {
    // rows before the first are read (and thrown away) while the rings fill: any slot will do
    return row < 0 ? 0 : static_cast<std::uint32_t>(row) % static_cast<std::uint32_t>(depth);
  }
  [[nodiscard]] Channels<T> scratch(Index k) {
    return {memory_.get() + scratch_ + static_cast<std::ptrdiff_t>(k) * segment_ * Pieces::channels, segment_};
  }

  std::array<Level, 32> levels_;
  Index level_count_ = 0;
  Index window_, unit_;
  std::ptrdiff_t pitch_, segment_;
  std::ptrdiff_t scratch_ = 0;  ///< where the two segments behind the rings begin
  Index fed_ = 0;
  AlignedRow<T> memory_;
};

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
      const Channels<const T> sums = sum_row(column, n);
      if (complete()) {
        sink(column, n, sums);
      }
    }
    end_row();
  }

  /// The steps of feed(): one segment of the raw row, and the end of the row.
  [[nodiscard]] Channels<const T> sum_row(Index column, Index n) {
    across_.run(raw().from(column), n, down_.next_row(column));
    return down_.advance(column, n);
  }
  [[nodiscard]] bool complete() const { return down_.complete(); }
  void end_row() { down_.end_row(); }

  /// Takes over the raw row of `other`, which was made with the same arguments, its values times `factor`. The channels
  /// are a count where value_channel is 1, a value, and its squares.
  void take_raw(const WindowSums& other, int value_channel, T factor) {
    for (int c = 0; c < Pieces::raw_channels; ++c) {
      const T* from = other.raw_memory_.get() + c * raw_pitch_;
      const T times = c == value_channel ? factor : T{1};
      std::transform(from, from + raw_pitch_, raw()[c], [times](T value) { return value * times; });
    }
  }
  /// Takes over the rows that `other` has summed; channels from squares_channel on hold squares.
  void take_rows(const WindowSums& other, int value_channel, int squares_channel, T factor) {
    down_.take_rows(other.down_, value_channel, squares_channel, factor);
  }
  /// Squares a channel of the raw row.
  void square_raw(int channel) {
    T* values = raw()[channel];
    for (std::ptrdiff_t i = 0; i < raw_pitch_; i += lane_group) {
      for (std::ptrdiff_t k = i; k < i + lane_group; ++k) {
        values[k] *= values[k];
      }
    }
  }

  /// The next row is the first of a new image.
  void restart() { down_.restart(); }

  static constexpr Index segment = segment_of(Pieces::channels * sizeof(T));

 private:
  Index columns_;
  std::ptrdiff_t raw_pitch_;
  AlignedRow<T> raw_memory_;
  RowDoubling<Pieces> across_;
  ColumnDoubling<Pieces> down_;
};

}  // namespace boxlap::detail
