/// The detections of a TiledNms that wait for tiles to come, found by place.
///
/// Each waits in a slot, and in a grid by the window of its possible partners, so that a new tile finds the rows it may
/// decide without looking at all. Slots of decided rows are used again, and memory is given back when most are empty.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "../../base/index.hpp"
#include "../../shape/box.hpp"
#include "kept_grid.hpp"
#include "regions.hpp"

namespace boxlap::detail {

/// A detection and its number among those of all tiles.
template <class S, class Score>
struct TiledRow {
  S shape;
  Score score;
  Index number;  // none: the slot is free
  bool ready;    // every row that could meet it is there: it waits for such a row to be decided
};

/// A row that is not decided yet.
template <class S, class Score>
struct OpenRow {
  const TiledRow<S, Score>* row;
  Index slot;  // where it waits; none: it is new
  bool ready;
};

/// Rows in slots, and a grid of the windows in which rows of other tiles could meet them.
///
/// The grid may be broken by an exception at any time: it follows from the rows, and tidy() makes it anew. The rows
/// themselves change only in functions that do not throw (if moving an S does not), so what was refused or failed
/// leaves them as they were.
template <class S, class Score>
class WaitingRows {
 public:
  using Row = TiledRow<S, Score>;
  using Open = OpenRow<S, Score>;

  [[nodiscard]] std::size_t size() const noexcept { return rows_.size() - free_.size(); }
  [[nodiscard]] const Row& operator[](Index slot) const noexcept { return rows_[at(slot)]; }

  template <class Visit>
  void for_each(Visit visit) const {
    for (const Row& row : rows_) {
      if (row.number != none) {
        visit(row);
      }
    }
  }

  /// To be called before rows are looked for: gives back memory, and mends the grid. window(row) is that of a row.
  template <class Window>
  void tidy(const Window& window) {
    if (rows_.size() > 2 * size() + 64) {
      close_gaps();
      rows_.shrink_to_fit();
      free_.shrink_to_fit();
    }
    if (grid_is_right_) {
      grid_.shrink();
      return;
    }
    grid_ = RectangleGrid();
    grid_started_ = false;
    for (std::size_t slot = 0; slot < rows_.size(); ++slot) {
      if (rows_[slot].number != none) {
        add_to_grid(static_cast<Index>(slot), window(rows_[slot]));
      }
    }
    grid_is_right_ = true;
  }

  /// The grid does not hold what waits.
  void break_grid() noexcept { grid_is_right_ = false; }

  void add_to_grid(Index slot, const Box<double>& window) {
    const Candidate<double> c = rectangle(window, slot);
    if (!grid_started_) {
      grid_.start(Reach::meeting(), BoxPlace(c.box).longer(), 2);
      grid_started_ = true;
    }
    grid_.add(c);
  }

  /// The rows whose fates the last of the `regions`, and the rows `added` in it, may change: by number, taken out of
  /// the grid.
  ///
  /// Only a row that is ready can stay, and only rows that stay make others go. So the rows that are ready now, old and
  /// new, affect all rows they meet; of those, one that is not ready can go, which affects rows that are ready. A new
  /// row that is not ready affects none: it is out of the reach of rows that were ready before.
  [[nodiscard]] std::vector<Open> take_affected(const Box<double>& region, const std::vector<Row>& added,
                                                Regions& regions) {
    std::vector<Open> affected;
    const auto take = [&](const Box<double>& box, const auto& affects) {
      grid_.take(rectangle(box, none), [&](const Candidate<double>& c) {
        const Row& row = rows_[at(c.row)];
        const bool takes = affects(row, c.box);
        if (takes) {
          affected.push_back({&row, c.row, row.ready});
        }
        return takes;
      });
    };
    const auto take_partners = [&](const S& shape, bool ready) {
      const auto box = cast<double>(bounds(shape));
      if (has_extent(box)) {
        take(box, [&](const Row& row, const Box<double>&) {
          return (ready || row.ready) && overlap_inside(box, cast<double>(bounds(row.shape)));
        });
      }
    };
    take(region, [&](const Row& row, const Box<double>& window) { return !row.ready && regions.cover(window); });
    std::for_each(affected.begin(), affected.end(), [](Open& row) { row.ready = true; });
    for (const Row& row : added) {
      if (row.ready) {
        take_partners(row.shape, true);
      }
    }
    for (std::size_t i = 0; i < affected.size(); ++i) {  // and those taken on the way
      take_partners(affected[i].row->shape, affected[i].ready);
    }
    std::sort(affected.begin(), affected.end(),
              [](const Open& a, const Open& b) { return a.row->number < b.row->number; });
    return affected;
  }

  /// Makes room for so many rows more: put() and release() do not throw then.
  void reserve(std::size_t more) {
    if (more > free_.size()) {
      const std::size_t slots = rows_.size() + more - free_.size();
      if (slots > rows_.capacity()) {
        rows_.reserve((std::max)(slots, 2 * rows_.capacity()));
      }
    }
    free_.reserve(rows_.capacity());
  }

  /// The slot that the k-th put() from now on takes.
  [[nodiscard]] Index slot_to_come(std::size_t k) const noexcept {
    return k < free_.size() ? free_[free_.size() - 1 - k] : static_cast<Index>(rows_.size() + k - free_.size());
  }

  /// The row waits on.
  void keep(const Open& row) noexcept { rows_[at(row.slot)].ready = row.ready; }

  void put(Row&& row) noexcept {
    if (free_.empty()) {
      rows_.push_back(std::move(row));
      return;
    }
    rows_[at(free_.back())] = std::move(row);
    free_.pop_back();
  }

  void release(Index slot) noexcept {
    rows_[at(slot)].number = none;
    free_.push_back(slot);
  }

  /// Puts the rows in the order of their numbers, without gaps; breaks the grid.
  void sort() {
    close_gaps();
    std::sort(rows_.begin(), rows_.end(), [](const Row& a, const Row& b) { return a.number < b.number; });
  }

 private:
  void close_gaps() {
    grid_is_right_ = false;
    std::erase_if(rows_, [](const Row& row) { return row.number == none; });
    free_.clear();
  }

  std::vector<Row> rows_;
  std::vector<Index> free_;  // slots of rows_
  RectangleGrid grid_;
  bool grid_started_ = false, grid_is_right_ = true;
};

}  // namespace boxlap::detail
