/// Non-maximum suppression of detections that come tile by tile, from an image too large to hold.
#pragma once

#include <algorithm>
#include <limits>
#include <span>
#include <vector>

#include "../core/error.hpp"
#include "../core/index.hpp"
#include "../core/order.hpp"
#include "../core/range.hpp"
#include "../shape/shape.hpp"
#include "detections.hpp"
#include "nms.hpp"
#include "tiles.hpp"

namespace boxlap {
namespace detail {

/// A union of rectangles, kept short by joining those that make a rectangle together.
class Region {
 public:
  void add(Box<double> tile) {
    for (std::size_t k = 0; k < parts_.size();) {
      if (joins(tile, parts_[k])) {
        const Box<double>& part = parts_[k];
        tile = {(std::min)(tile.x1, part.x1), (std::min)(tile.y1, part.y1), (std::max)(tile.x2, part.x2),
                (std::max)(tile.y2, part.y2)};
        parts_[k] = parts_.back();
        parts_.pop_back();
        k = 0;
      } else {
        ++k;
      }
    }
    parts_.push_back(tile);
  }

  /// The open window lies in the union. What a part does not cover of it is cut into at most four windows.
  [[nodiscard]] bool covers(const Box<double>& window) const {
    struct Rest {
      Box<double> window;
      std::size_t next;
    };
    std::vector<Rest> rests = {{window, 0}};
    while (!rests.empty()) {
      auto [w, k] = rests.back();
      rests.pop_back();
      while (k < parts_.size() && !(intersects(w, parts_[k]))) {
        ++k;
      }
      if (k == parts_.size()) {
        return false;
      }
      const Box<double>& part = parts_[k];
      const double x1 = (std::max)(w.x1, part.x1), x2 = (std::min)(w.x2, part.x2);
      for (const Box<double>& rest : {Box<double>{w.x1, w.y1, x1, w.y2}, Box<double>{x2, w.y1, w.x2, w.y2},
                                      Box<double>{x1, w.y1, x2, (std::max)(w.y1, part.y1)},
                                      Box<double>{x1, (std::min)(w.y2, part.y2), x2, w.y2}}) {
        if (has_extent(rest)) {
          rests.push_back({rest, k + 1});
        }
      }
    }
    return true;
  }

 private:
  [[nodiscard]] static bool intersects(const Box<double>& a, const Box<double>& b) noexcept {
    return (std::max)(a.x1, b.x1) < (std::min)(a.x2, b.x2) && (std::max)(a.y1, b.y1) < (std::min)(a.y2, b.y2);
  }
  [[nodiscard]] static bool joins(const Box<double>& a, const Box<double>& b) noexcept {
    return (a.x1 == b.x1 && a.x2 == b.x2 && (a.y1 == b.y2 || a.y2 == b.y1)) ||
           (a.y1 == b.y1 && a.y2 == b.y2 && (a.x1 == b.x2 || a.x2 == b.x1));
  }

  std::vector<Box<double>> parts_;
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
/// finish(). Memory: sizeof(S) + 16 bytes a waiting row, and that of nms() over one tile and the rows that wait.
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
  /// Throws std::invalid_argument, and adds nothing, for lengths that differ, a region without extent, a shape whose
  /// centre is not in it (shapes that meet nothing may be anywhere) or that is longer than longest_side, and after
  /// finish(). Regions must not overlap; that is not checked. O(rows of the tile + waiting rows) on spread-out data.
  template <Shapes R, Numbers P>
  requires std::same_as<detail::Element<R>, S>
  [[nodiscard]] std::vector<Index> add(const Box<double>& region, const R& shapes, const P& scores) {
    detail::require_same_length("scores", std::size(scores), "shapes", std::size(shapes));
    check(region, shapes);
    const Index n = detail::rows_of(shapes, "shapes");
    (void)detail::to_index(detail::at(rows_) + detail::at(n), "all tiles together");
    for (Index i = 0; i < n; ++i) {
      shapes_.push_back(detail::element(shapes, i));
      scores_.push_back(static_cast<double>(detail::element(scores, i)));
      numbers_.push_back(rows_++);
    }
    seen_.add(region);
    return decide(false);
  }

  /// Decides the rest: no tile is to come. Returns the rows that are kept, ascending.
  [[nodiscard]] std::vector<Index> finish() {
    std::vector<Index> kept = decide(true);
    finished_ = true;
    return kept;
  }

  /// Rows that wait for tiles to come.
  [[nodiscard]] Index waiting() const noexcept { return static_cast<Index>(shapes_.size()); }
  /// Their numbers, ascending.
  [[nodiscard]] const std::vector<Index>& waiting_rows() const noexcept { return numbers_; }
  /// Rows added so far.
  [[nodiscard]] Index rows() const noexcept { return rows_; }

 private:
  using Prepared = std::vector<S>;
  using D = detail::Detections<Prepared, M>;
  using T = typename D::T;

  template <Shapes R>
  void check(const Box<double>& region, const R& shapes) const {
    if (finished_) {
      detail::invalid("a tile was added after finish()");
    }
    if (!has_extent(region)) {
      detail::invalid("the region is empty, inverted or NaN");
    }
    const D detections(shapes_, measure_, verdict_);
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

  [[nodiscard]] std::vector<Index> decide(bool all_seen) {
    if (verdict_.spares_nothing() && !all_seen) {
      return {};
    }
    const D detections(shapes_, measure_, verdict_);
    const std::vector<Index> order = detail::order_descending(scores_);
    std::vector<detail::Fate> fates(shapes_.size(), detail::Fate::gone);
    detail::KeptIndex<D> index(detections);
    if (all_seen) {
      detail::suppress_rows(detections, index, std::span<const Index>(order),
                            [&](Index row) { fates[detail::at(row)] = detail::Fate::kept; });
    } else if (detail::Bound<M>::at_most_one && verdict_.spares_all()) {
      fates.assign(fates.size(), detail::Fate::kept);
    } else {
      detail::decide_tile(
          detections, index, order, [&](const detail::Candidate<T>& c) { return !seen_.covers(window(c)); },
          [&](Index row, detail::Fate fate) { fates[detail::at(row)] = fate; });
    }
    return settle(fates);
  }

  /// Returns the rows that are kept and forgets all but those that wait.
  [[nodiscard]] std::vector<Index> settle(const std::vector<detail::Fate>& fates) {
    std::vector<Index> kept;
    std::size_t waiting = 0;
    for (std::size_t i = 0; i < fates.size(); ++i) {
      if (fates[i] == detail::Fate::kept) {
        kept.push_back(numbers_[i]);
      } else if (fates[i] == detail::Fate::open) {
        shapes_[waiting] = shapes_[i];
        scores_[waiting] = scores_[i];
        numbers_[waiting] = numbers_[i];
        ++waiting;
      }
    }
    shapes_.erase(shapes_.begin() + static_cast<std::ptrdiff_t>(waiting), shapes_.end());
    scores_.resize(waiting);
    numbers_.resize(waiting);
    return kept;
  }

  detail::Verdict verdict_;
  double longest_side_;
  M measure_;
  detail::Region seen_;
  std::vector<S> shapes_;
  std::vector<double> scores_;
  std::vector<Index> numbers_;
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
