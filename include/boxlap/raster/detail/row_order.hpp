/// Border extension for rows that arrive one at a time.
///
/// A window at the upper border needs rows that have not arrived yet (reflect: the first rows again, in reverse), one
/// at the lower border needs rows that are gone. The rows that may be needed again are few: half a window. The caller
/// keeps them in a ring buffer; this class tells which slot of the ring holds which row of the extended image, and
/// when.
///
/// Cost: O(1) a row. Not for Border::wrap: its first window needs the last row.
#pragma once

#include <algorithm>

#include "../../base/index.hpp"
#include "../border.hpp"

namespace boxlap::detail {

/// Turns rows 0, 1, ... (their number unknown until the last) into the rows of the extended image, from `up` rows above
/// the first to `down` rows below the last. The caller keeps the last depth() rows, row r in slot r % depth(). Not for
/// Border::wrap, whose first window needs the last row.
class RowOrder {
 public:
  RowOrder(Border border, Index up, Index down) : border_(border), up_(up), down_(down) {}

  [[nodiscard]] Index depth() const { return (std::max)(up_, down_) + 1; }
  [[nodiscard]] Index slot(Index row) const { return row % depth(); }
  /// The slot of the row that will arrive next.
  [[nodiscard]] Index next_slot() const { return slot(rows_); }
  [[nodiscard]] Index rows() const { return rows_; }

  /// The next row is in its slot. Calls feed(v, slot) for each row v of the extended image that is known by now;
  /// slot is `none` for a row of the constant.
  template <class Feed>
  void arrived(Feed&& feed) {
    ++rows_;
    const Index needed = border_ == Border::reflect ? up_ : border_ == Border::mirror ? up_ + 1 : 1;
    if (started_) {
      feed(rows_ - 1, slot(rows_ - 1));
    } else if (rows_ >= needed) {
      start(feed);
    }
  }

  /// No more rows will come.
  template <class Feed>
  void finish(Feed&& feed) {
    if (rows_ == 0) {
      return;
    }
    if (!started_) {
      start(feed);
    }
    for (Index v = rows_; v < rows_ + down_; ++v) {
      feed(v, outside(v));
    }
    rows_ = 0;
    started_ = false;
  }

 private:
  [[nodiscard]] Index outside(Index v) const {
    const Index row = inside(border_, v, rows_);
    return row == none ? none : slot(row);
  }
  template <class Feed>
  void start(Feed&& feed) {
    started_ = true;
    for (Index v = -up_; v < 0; ++v) {
      feed(v, outside(v));
    }
    for (Index v = 0; v < rows_; ++v) {
      feed(v, slot(v));
    }
  }

  Border border_;
  Index up_, down_;
  Index rows_ = 0;
  bool started_ = false;
};

}  // namespace boxlap::detail
