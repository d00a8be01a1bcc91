/// Non-maximum suppression of detections that come tile by tile, from an image too large to hold.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include "../core/error.hpp"
#include "../core/index.hpp"
#include "../core/order.hpp"
#include "../core/range.hpp"
#include "../shape/shape.hpp"
#include "detections.hpp"
#include "kept_boxes.hpp"
#include "kept_grid.hpp"
#include "nms.hpp"
#include "tiles.hpp"

namespace boxlap {
namespace detail {

/// Boxes that share more than a border; nothing else is known of them.
struct AnyOverlap {};

/// Rectangles that come and go, found by place. Infinite ones too.
using RectangleGrid = KeptGrid<double, Bound<AnyOverlap>>;

/// A rectangle of numbers that a grid can compute with.
[[nodiscard]] inline Candidate<double> rectangle(const Box<double>& box, Index row) noexcept {
  const double most = 1e150;  // a product of two is finite
  const auto clipped = [=](double x) { return (std::min)((std::max)(x, -most), most); };
  return {{clipped(box.x1), clipped(box.y1), clipped(box.x2), clipped(box.y2)}, 0, row};
}

/// The regions of the tiles seen so far, which do not overlap.
class Regions {
 public:
  /// The number of a region that overlaps `region` by more than rounded borders do; none.
  [[nodiscard]] Index overlapping(const Box<double>& region) {
    Index found = none;
    const Candidate<double> c = rectangle(region, none);
    const auto check = [&](const Candidate<double>& other) {
      const auto overlap = [](double a1, double a2, double b1, double b2) {
        const double first = (std::max)(a1, b1), last = (std::min)(a2, b2), side = (std::min)(a2 - a1, b2 - b1);
        const double rounding = 0x1p-22 * (std::min)(std::abs(first), std::abs(last));  // of float borders
        return last - first > (std::min)(0.5 * side, (std::max)(1e-6 * side, rounding));
      };
      if (overlap(c.box.x1, c.box.x2, other.box.x1, other.box.x2) &&
          overlap(c.box.y1, c.box.y2, other.box.y1, other.box.y2)) {
        found = other.row;
      }
      return found != none;
    };
    (void)grid_.search(c, check);
    return found;
  }

  void add(const Box<double>& region) {
    const Candidate<double> c = rectangle(region, static_cast<Index>(regions_.size()));
    if (regions_.empty()) {
      grid_.start(Reach::meeting(), BoxPlace(c.box).longer(), 1);
    }
    grid_.add(c);
    regions_.push_back(region);
  }

  [[nodiscard]] const Box<double>& operator[](Index tile) const noexcept { return regions_[at(tile)]; }
  [[nodiscard]] Index size() const noexcept { return static_cast<Index>(regions_.size()); }

  /// The open window lies in the union. What a region does not cover of it is cut into at most four windows.
  [[nodiscard]] bool cover(const Box<double>& window) {
    close_.clear();
    const auto note = [&](const Candidate<double>& other) {
      close_.push_back(regions_[at(other.row)]);
      return false;
    };
    (void)grid_.search(rectangle(window, none), note);
    rests_.assign(1, {window, 0});
    while (!rests_.empty()) {
      auto [w, k] = rests_.back();
      rests_.pop_back();
      while (k < close_.size() && !overlap(w, close_[k])) {
        ++k;
      }
      if (k == close_.size()) {
        return false;
      }
      const Box<double>& part = close_[k];
      const double x1 = (std::max)(w.x1, part.x1), x2 = (std::min)(w.x2, part.x2);
      for (const Box<double>& rest : {Box<double>{w.x1, w.y1, x1, w.y2}, Box<double>{x2, w.y1, w.x2, w.y2},
                                      Box<double>{x1, w.y1, x2, (std::max)(w.y1, part.y1)},
                                      Box<double>{x1, (std::min)(w.y2, part.y2), x2, w.y2}}) {
        if (has_extent(rest)) {
          rests_.push_back({rest, k + 1});
        }
      }
    }
    return true;
  }

 private:
  struct Rest {
    Box<double> window;
    std::size_t next;
  };
  [[nodiscard]] static bool overlap(const Box<double>& a, const Box<double>& b) noexcept {
    return (std::max)(a.x1, b.x1) < (std::min)(a.x2, b.x2) && (std::max)(a.y1, b.y1) < (std::min)(a.y2, b.y2);
  }

  RectangleGrid grid_;
  std::vector<Box<double>> regions_, close_;
  std::vector<Rest> rests_;
};

}  // namespace detail

/// Greedy nms over detections that are added tile by tile, in any order of the tiles.
///
/// A tile is a rectangle x1 <= x < x2, y1 <= y < y2, and brings every detection whose centre (that of its bounds) lies
/// in it: later tiles have none there. Tiles at the border of the image may extend to infinity. Rows are numbered in
/// the order they come. All rows that add() and finish() return are together nms() over all detections; sorted by score
/// and row they are its result, bit for bit.
///
/// A row is decided as soon as no tile to come can change its fate: greedy nms of a row depends only on better rows it
/// overlaps, so only rows within reach of the unseen wait, and rows that wait for them. For IoU of boxes reach is
/// (1 - t) / (2 t) sides; other shapes, other measures and low thresholds need `longest_side` to decide anything before
/// finish(). A tile decides anew only the rows that wait at its borders and those that meet them, so the order of tiles
/// costs memory but no time. Memory: sizeof(S) + 32 bytes and at most 1,000 for the index a waiting row, 1,000 a tile,
/// and that of nms() over the rows of one tile and those at its borders.
/// Takes one thread whatever options.threads says: a tile is what a single thread decides in nms() too.
///
///     TiledNms<Box<float>> tiled({.iou_threshold = 0.5});
///     for (const Tile& tile : tiles) { write(tiled.add(tile.region, tile.boxes, tile.scores)); }
///     write(tiled.finish());
template <Shape S, Measure<S> M = Iou>
class TiledNms {
 public:
  /// No bounds of a shape are longer than `longest_side`: add() throws std::invalid_argument otherwise.
  explicit TiledNms(NmsOptions options = {}, double longest_side = std::numeric_limits<double>::infinity(),
                    M measure = {})
      : verdict_(detail::verdict_of(options)), longest_side_(longest_side), measure_(measure) {}

  /// Adds the detections of a tile; returns the rows that are now sure to be kept, ascending.
  ///
  /// Throws std::invalid_argument, and adds nothing, for lengths that differ, a region without extent or one that
  /// overlaps that of an earlier tile, a shape whose centre is not in the region (shapes that meet nothing may be
  /// anywhere) or that is longer than longest_side, and after finish(). Regions may touch, and overlap by a millionth
  /// of a side: borders may be rounded. Windows of a detector that overlap by more are cut at the middle of what they
  /// share. Expected O(rows of the tile + rows that wait at its borders) on spread-out data.
  template <Shapes R, Numbers P>
  requires std::same_as<detail::Element<R>, S>
  [[nodiscard]] std::vector<Index> add(const Box<double>& region, const R& shapes, const P& scores) {
    detail::require_same_length("scores", std::size(scores), "shapes", std::size(shapes));
    check(region, shapes);
    const Index n = detail::rows_of(shapes, "shapes");
    (void)detail::to_index(detail::at(rows_) + detail::at(n), "all tiles together");
    seen_.add(region);
    std::vector<Row> rows = rows_to_decide(region);
    rows.reserve(rows.size() + detail::at(n));
    for (Index i = 0; i < n; ++i) {
      rows.push_back({detail::element(shapes, i), static_cast<double>(detail::element(scores, i)), rows_++});
    }
    for (std::size_t i = 0; i < rows.size(); ++i) {  // and those taken on the way
      take_partners(cast<double>(bounds(rows[i].shape)), rows);
    }
    return decide(rows, false);
  }

  /// Decides the rest: no tile is to come. Returns the rows that are kept, ascending.
  [[nodiscard]] std::vector<Index> finish() {
    std::vector<Row> rows;
    for (std::size_t slot = 0; slot < waiting_.size(); ++slot) {
      if (waiting_[slot].number != none) {
        rows.push_back(waiting_[slot]);
      }
    }
    waiting_.clear();
    free_.clear();
    finished_ = true;
    return decide(rows, true);
  }

  /// Rows that wait for tiles to come.
  [[nodiscard]] Index waiting() const noexcept { return static_cast<Index>(waiting_.size() - free_.size()); }
  /// Their numbers, ascending. O(w log w) for w rows.
  [[nodiscard]] std::vector<Index> waiting_rows() const {
    std::vector<Index> numbers;
    for (const Row& row : waiting_) {
      if (row.number != none) {
        numbers.push_back(row.number);
      }
    }
    std::sort(numbers.begin(), numbers.end());
    return numbers;
  }
  /// Rows added so far.
  [[nodiscard]] Index rows() const noexcept { return rows_; }

 private:
  using T = detail::BoundsScalar<S>;

  struct Row {
    S shape;
    double score;
    Index number;  // none: the slot is free
  };

  template <Shapes R>
  void check(const Box<double>& region, const R& shapes) {
    if (finished_) {
      detail::invalid("a tile was added after finish()");
    }
    if (!has_extent(region)) {
      detail::invalid("the region is empty, inverted or NaN");
    }
    if (const Index other = seen_.overlapping(region); other != none) {
      const Box<double>& seen = seen_[other];
      detail::invalid("the region of tile ", seen_.size(), ", (", region.x1, ", ", region.y1, ", ", region.x2, ", ",
                      region.y2, "), overlaps that of tile ", other, ", (", seen.x1, ", ", seen.y1, ", ", seen.x2, ", ",
                      seen.y2, "): cut overlapping windows at the middle of what they share, and give each detection ",
                      "to the region that holds its centre");
    }
    const Index n = detail::rows_of(shapes, "shapes");
    for (Index i = 0; i < n; ++i) {
      const auto box = bounds(detail::element(shapes, i));
      const detail::BoxPlace at(box);
      if (!has_extent(box)) {
        continue;
      }
      if (!(region.x1 <= at.x && at.x < region.x2 && region.y1 <= at.y && at.y < region.y2)) {
        detail::invalid("shapes[", i, "] has its centre at (", at.x, ", ", at.y, "), outside the region");
      }
      if (at.longer() > longest_side_) {
        detail::invalid("shapes[", i, "] is ", at.longer(), " long, longest_side is ", longest_side_);
      }
    }
  }

  /// The window that every partner's centre lies in. Areas among the subnormal numbers say little about sides.
  [[nodiscard]] Box<double> window(const detail::Candidate<T>& c) const {
    constexpr bool by_sides = detail::is_box<S> && detail::Bound<M>::by_sides;
    const bool tiny = area(c.box) < (std::numeric_limits<T>::min)() * (1 << 20);
    const auto reach = by_sides && !tiny ? detail::Reach::above(verdict_.threshold) : detail::Reach::meeting();
    return detail::ReachWindow{reach, longest_side_}(c.box);
  }

  /// Takes the rows that wait and whose window reaches into `region`: it is seen now.
  [[nodiscard]] std::vector<Row> rows_to_decide(const Box<double>& region) {
    std::vector<Row> rows;
    windows_.shrink();
    windows_.take(detail::rectangle(region, none), [&](const detail::Candidate<double>& c) {
      release(c.row, rows);
      return true;
    });
    return rows;
  }

  /// Takes the rows that wait and whose bounds meet `box`: their fates may depend on each other.
  void take_partners(const Box<double>& box, std::vector<Row>& rows) {
    if (!has_extent(box)) {
      return;
    }
    windows_.take(detail::rectangle(box, none), [&](const detail::Candidate<double>& c) {
      const auto other = cast<double>(bounds(waiting_[detail::at(c.row)].shape));
      const bool meet = (std::max)(box.x1, other.x1) < (std::min)(box.x2, other.x2) &&
                        (std::max)(box.y1, other.y1) < (std::min)(box.y2, other.y2);
      if (meet) {
        release(c.row, rows);
      }
      return meet;
    });
  }

  void release(Index slot, std::vector<Row>& rows) {
    rows.push_back(waiting_[detail::at(slot)]);
    waiting_[detail::at(slot)].number = none;
    free_.push_back(slot);
  }

  void wait(const Row& row, const Box<double>& window) {
    if (free_.empty()) {
      free_.push_back(static_cast<Index>(waiting_.size()));
      waiting_.push_back(row);
    }
    const Index slot = free_.back();
    free_.pop_back();
    waiting_[detail::at(slot)] = row;
    if (verdict_.spares_nothing()) {
      return;  // until finish()
    }
    const detail::Candidate<double> c = detail::rectangle(window, slot);
    if (!windows_started_) {
      windows_.start(detail::Reach::meeting(), detail::BoxPlace(c.box).longer(), 2);
      windows_started_ = true;
    }
    windows_.add(c);
  }

  /// Decides `rows`, which no row that waits meets. Returns those that are kept, ascending; the others are gone or
  /// wait.
  [[nodiscard]] std::vector<Index> decide(std::vector<Row>& rows, bool all_seen) {
    std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.number < b.number; });
    const auto shapes = view(rows.size(), [&](Index i) -> const S& { return rows[detail::at(i)].shape; });
    const auto scores = view(rows.size(), [&](Index i) { return rows[detail::at(i)].score; });
    const detail::Detections detections(shapes, measure_, verdict_);
    using D = std::remove_const_t<decltype(detections)>;
    std::vector<detail::Fate> fates(rows.size(), detail::Fate::gone);
    detail::KeptIndex<D> index(detections);
    const std::vector<Index> order = detail::order_descending(scores);
    if (all_seen) {
      detail::suppress_rows(detections, index, std::span<const Index>(order),
                            [&](Index row) { fates[detail::at(row)] = detail::Fate::kept; });
    } else if (verdict_.spares_nothing()) {
      fates.assign(fates.size(), detail::Fate::open);
    } else if (detail::Bound<M>::at_most_one && verdict_.spares_all()) {
      fates.assign(fates.size(), detail::Fate::kept);
    } else {
      detail::decide_tile(
          detections, index, order, [&](const detail::Candidate<T>& c) { return !seen_.cover(window(c)); },
          [&](Index row, detail::Fate fate) { fates[detail::at(row)] = fate; });
    }
    std::vector<Index> kept;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (fates[i] == detail::Fate::kept) {
        kept.push_back(rows[i].number);
      } else if (fates[i] == detail::Fate::open) {
        bool takes_part = false;
        wait(rows[i], window(detections.candidate(static_cast<Index>(i), takes_part)));
      }
    }
    return kept;
  }

  detail::Verdict verdict_;
  double longest_side_;
  M measure_;
  detail::Regions seen_;
  detail::RectangleGrid windows_;  // of the rows that wait, by slot
  bool windows_started_ = false;
  std::vector<Row> waiting_;
  std::vector<Index> free_;  // slots of waiting_
  Index rows_ = 0;
  bool finished_ = false;
};

/// nms() over detections read tile by tile: read(k) returns the shapes and the scores of regions[k] (anything with two
/// members), see TiledNms. Returns the kept rows as nms() over all of them would: by score, then by row, numbered in
/// the order they were read. 8 bytes a row beside what TiledNms holds.
template <Shape S, Rows Regions, std::invocable<Index> Read>
[[nodiscard]] std::vector<Index> nms_tiled(const Regions& regions, Read read, NmsOptions options = {},
                                           double longest_side = std::numeric_limits<double>::infinity()) {
  TiledNms<S> tiled(options, longest_side);
  std::vector<Index> kept;
  std::vector<double> scores;  // of all rows so far
  const auto note = [&](const std::vector<Index>& rows) { kept.insert(kept.end(), rows.begin(), rows.end()); };
  const Index n = detail::rows_of(regions, "regions");
  for (Index k = 0; k < n; ++k) {
    const auto& [shapes, tile_scores] = read(k);
    note(tiled.add(detail::element(regions, k), shapes, tile_scores));
    for (std::size_t i = 0; i < std::size(tile_scores); ++i) {
      scores.push_back(static_cast<double>(detail::element(tile_scores, static_cast<Index>(i))));
    }
  }
  note(tiled.finish());
  std::sort(kept.begin(), kept.end());
  const auto best_first =
      detail::order_descending(view(kept.size(), [&](Index i) { return scores[detail::at(kept[detail::at(i)])]; }));
  return take(kept, best_first);
}

}  // namespace boxlap
