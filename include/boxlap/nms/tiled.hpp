/// Non-maximum suppression of detections that come tile by tile, from an image too large to hold.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "../base/detail/error.hpp"
#include "../base/detail/sorting.hpp"
#include "../base/index.hpp"
#include "../base/range.hpp"
#include "../shape/shape.hpp"
#include "detail/decide_rows.hpp"
#include "detail/detections.hpp"
#include "detail/kept_index.hpp"
#include "detail/reach.hpp"
#include "detail/regions.hpp"
#include "detail/tile_partition.hpp"
#include "detail/waiting_rows.hpp"
#include "nms.hpp"

namespace boxlap {
namespace detail {

/// Every number of type From is one of type To.
template <class From, class To>
concept ExactIn = std::is_arithmetic_v<To> && std::numeric_limits<From>::digits <= std::numeric_limits<To>::digits &&
                  (std::integral<From> || std::floating_point<To>)&&(std::unsigned_integral<From> ||
                                                                     std::is_signed_v<To>);

/// Only its type is used: that of the scores of a tile, anything with two members.
template <class Tile>
[[nodiscard]] auto score_of_tile(const Tile& tile) {
  const auto& [shapes, scores] = tile;
  return Element<decltype(scores)>{};
}

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
/// costs memory but no time. Where the reach is wider than tiles are, a row is looked at again by each tile in reach.
///
/// Memory: sizeof(S) + 32 bytes and at most 1,000 for the index a waiting row, 1,000 a tile, and that of nms() over the
/// rows of one tile and those at its borders; at most four times what the rows that wait now need is held for them.
/// finish() gives back all of it. Can be moved, not copied. Takes one thread whatever options.threads says: a tile is
/// what a single thread decides in nms() too.
///
/// `Score` holds the scores: double is exact for float, double and integers of up to 32 bits. Others are refused at
/// compile time, as rounding would make ties: TiledNms<S, Iou, std::int64_t> takes them.
///
///     TiledNms<Box<float>> tiled({.iou_threshold = 0.5});
///     for (const Tile& tile : tiles) { write(tiled.add(tile.region, tile.boxes, tile.scores)); }
///     write(tiled.finish());
template <Shape S, Measure<S> M = Iou, class Score = double>
class TiledNms {
 public:
  /// No bounds of a shape are longer than `longest_side`: add() throws std::invalid_argument otherwise.
  explicit TiledNms(NmsOptions options = {}, double longest_side = std::numeric_limits<double>::infinity(),
                    M measure = {})
      : verdict_(detail::verdict_of(options)), longest_side_(longest_side), measure_(measure) {}
  TiledNms(const TiledNms&) = delete;
  TiledNms& operator=(const TiledNms&) = delete;
  TiledNms(TiledNms&&) noexcept = default;
  TiledNms& operator=(TiledNms&&) noexcept = default;
  ~TiledNms() = default;

  /// Adds the detections of a tile; returns the rows that are now sure to be kept, ascending.
  ///
  /// Throws std::invalid_argument for lengths that differ, a region without extent or one that overlaps that of an
  /// earlier tile, a shape whose centre is not in the region (shapes that meet nothing may be anywhere) or that is
  /// longer than longest_side, finite coordinates beyond 1e150, and after finish(). Regions may touch, and overlap as
  /// rounded borders do: by a millionth of the shorter finite side, by 2^-22 of the border's own coordinate, but never
  /// by half a side. Windows of a detector that overlap by more are cut at the middle of what they share. Whatever is
  /// thrown, also by a measure or a view, nothing was added and no row is lost (if moving an S does not throw).
  /// Expected O(rows of the tile + rows that wait at its borders) on spread-out data.
  template <Shapes R, Numbers P>
  requires std::same_as<detail::Element<R>, S> && detail::ExactIn<detail::Element<P>, Score>
  [[nodiscard]] std::vector<Index> add(const Box<double>& region, const R& shapes, const P& scores) {
    detail::require_same_length("scores", std::size(scores), "shapes", std::size(shapes));
    check(region, shapes);
    const Index n = detail::rows_of(shapes, "shapes");
    (void)detail::to_index(detail::at(rows_) + detail::at(n), "all tiles together");
    waiting_.tidy([&](const Row& row) { return window(bounds(row.shape)); });

    Attempt attempt{*this, seen_.size()};
    seen_.add(region);
    std::vector<Row> added;
    added.reserve(detail::at(n));
    for (Index i = 0; i < n; ++i) {
      added.push_back({detail::element(shapes, i), static_cast<Score>(detail::element(scores, i)), rows_ + i, false});
      added.back().ready = waits_for_place() && seen_.cover(window(bounds(added.back().shape)));
    }
    std::vector<Open> open;  // by number, those that waited first
    if (waits_for_place()) {
      open = waiting_.take_affected(region, added, seen_);
    }
    const std::size_t waited = open.size();
    for (const Row& row : added) {
      open.push_back({&row, none, row.ready});
    }
    const std::vector<detail::Fate> fates = decide(open, false);
    std::vector<Index> kept = numbers_kept(open, fates);

    std::size_t arriving = 0;
    for (std::size_t i = 0; i < open.size(); ++i) {
      if (fates[i] == detail::Fate::open) {
        const Index slot = i < waited ? open[i].slot : waiting_.slot_to_come(arriving++);
        if (waits_for_place()) {
          waiting_.add_to_grid(slot, window(bounds(open[i].row->shape)));
        }
      }
    }
    waiting_.reserve(arriving);
    attempt.succeeds = true;  // nothing throws from here on
    for (std::size_t i = 0; i < added.size(); ++i) {
      if (fates[waited + i] == detail::Fate::open) {
        waiting_.put(std::move(added[i]));
      }
    }
    for (std::size_t i = 0; i < waited; ++i) {
      if (fates[i] == detail::Fate::open) {
        waiting_.keep(open[i]);
      } else {
        waiting_.release(open[i].slot);
      }
    }
    rows_ += n;
    return kept;
  }

  /// Scores that double rounds would tie: TiledNms<S, M, std::int64_t> holds those of 64 bits.
  template <Shapes R, Numbers P>
  requires std::same_as<detail::Element<R>, S> &&
      (!detail::ExactIn<detail::Element<P>, Score>)void add(const Box<double>& region, const R& shapes,
                                                            const P& scores_need_a_type_that_holds_them) = delete;

  /// Decides the rest: no tile is to come. Returns the rows that are kept, ascending. Whatever is thrown, also by a
  /// measure, leaves all rows waiting.
  [[nodiscard]] std::vector<Index> finish() {
    waiting_.sort();
    std::vector<Open> open;
    open.reserve(waiting_.size());
    waiting_.for_each([&](const Row& row) { open.push_back({&row, none, true}); });
    std::vector<Index> kept = numbers_kept(open, decide(open, true));
    detail::WaitingRows<S, Score> no_rows;
    detail::Regions no_regions;
    waiting_ = std::move(no_rows);  // nothing throws from here on
    seen_ = std::move(no_regions);
    finished_ = true;
    return kept;
  }

  /// Rows that wait for tiles to come.
  [[nodiscard]] Index waiting() const noexcept { return static_cast<Index>(waiting_.size()); }
  /// Their numbers, ascending. O(w log w) for w rows.
  [[nodiscard]] std::vector<Index> waiting_rows() const {
    std::vector<Index> numbers;
    waiting_.for_each([&](const Row& row) { numbers.push_back(row.number); });
    std::sort(numbers.begin(), numbers.end());
    return numbers;
  }
  /// Rows added so far.
  [[nodiscard]] Index rows() const noexcept { return rows_; }

 private:
  using T = detail::BoundsScalar<S>;
  using Row = detail::TiledRow<S, Score>;
  using Open = detail::OpenRow<S, Score>;
  static constexpr bool by_sides = detail::is_box<S> && detail::Bound<M>::by_sides;

  /// Undoes what add() did to places, unless it succeeds.
  struct Attempt {
    TiledNms& tiled;
    Index tiles;
    bool succeeds = false;
    ~Attempt() {
      if (!succeeds) {
        tiled.seen_.truncate(tiles);
        tiled.waiting_.break_grid();
      }
    }
  };

  template <Shapes R>
  void check(const Box<double>& region, const R& shapes) {
    if (finished_) {
      detail::invalid("a tile was added after finish()");
    }
    seen_.check(region);
    const detail::Detections detections(shapes, measure_, verdict_);
    const Index n = detections.size();
    for (Index i = 0; i < n; ++i) {
      bool takes_part = false;
      const auto box = cast<double>(detections.candidate(i, takes_part).box);
      if (!takes_part) {
        continue;
      }
      const detail::BoxPlace at(box);
      if (!(region.x1 <= at.x && at.x < region.x2 && region.y1 <= at.y && at.y < region.y2)) {
        detail::invalid("shapes[", i, "] has its centre at (", at.x, ", ", at.y, "), outside the region");
      }
      if (at.longer() > longest_side_) {
        detail::invalid("shapes[", i, "] is ", at.longer(), " long, longest_side is ", longest_side_);
      }
      if (!detail::borders_are_in_range(box)) {
        detail::invalid("shapes[", i, "] has a coordinate beyond 1e150");
      }
    }
  }

  /// Whether a row can be decided before finish(): its partners are in a place, not anywhere.
  [[nodiscard]] bool waits_for_place() const noexcept {
    return !verdict_.spares_nothing() && (longest_side_ <= (std::numeric_limits<double>::max)() ||
                                          (by_sides && detail::Reach::above(verdict_.threshold).t > 0));
  }

  /// The window that every partner's centre lies in. Areas among the subnormal numbers say little about sides.
  [[nodiscard]] Box<double> window(const Box<T>& box) const {
    const bool tiny = area(box) < (std::numeric_limits<T>::min)() * (1 << 20);
    const auto reach = by_sides && !tiny ? detail::Reach::above(verdict_.threshold) : detail::Reach::meeting();
    return detail::ReachWindow{reach, longest_side_}(box);
  }

  /// The fates of `rows`. With all_seen no tile is to come.
  [[nodiscard]] std::vector<detail::Fate> decide(const std::vector<Open>& rows, bool all_seen) {
    using detail::Fate;
    const auto shapes = view(rows.size(), [&](Index i) -> const S& { return rows[detail::at(i)].row->shape; });
    const auto scores = view(rows.size(), [&](Index i) { return rows[detail::at(i)].row->score; });
    const detail::Detections detections(shapes, measure_, verdict_);
    using D = std::remove_const_t<decltype(detections)>;
    std::vector<Fate> fates(rows.size(), Fate::gone);
    const auto note = [&](Index row, Fate fate) { fates[detail::at(row)] = fate; };
    detail::KeptIndex<D> index(detections);
    if (all_seen) {
      std::vector<Index> order = detail::order_descending(scores);
      const Index* const end = detail::suppress_rows(detections, index, order, order.data());
      std::for_each(std::as_const(order).data(), end, [&](Index row) { note(row, Fate::kept); });
    } else if (verdict_.spares_nothing()) {
      fates.assign(rows.size(), Fate::open);
    } else if (detail::Bound<M>::at_most_one && verdict_.spares_all()) {
      fates.assign(rows.size(), Fate::kept);
    } else if (!waits_for_place()) {
      for (Index i = 0; i < detections.size(); ++i) {
        bool takes_part = false;
        (void)detections.candidate(i, takes_part);
        note(i, takes_part ? Fate::open : Fate::kept);
      }
    } else {
      std::vector<std::uint16_t> reaching_out(rows.size());
      std::transform(rows.begin(), rows.end(), reaching_out.begin(), [](const Open& row) { return row.ready ? 0 : 1; });
      const detail::TileFates outcome{reaching_out.data(), fates.data()};
      detail::decide_rows(detections, index, detail::order_descending(scores), nullptr, &outcome);
    }
    return fates;
  }

  [[nodiscard]] static std::vector<Index> numbers_kept(const std::vector<Open>& rows,
                                                       const std::vector<detail::Fate>& fates) {
    std::vector<Index> kept;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (fates[i] == detail::Fate::kept) {
        kept.push_back(rows[i].row->number);
      }
    }
    return kept;
  }

  detail::Verdict verdict_;
  double longest_side_;
  M measure_;
  detail::Regions seen_;
  detail::WaitingRows<S, Score> waiting_;
  Index rows_ = 0;
  bool finished_ = false;
};

/// nms() over detections read tile by tile: read(k) returns the shapes and the scores of regions[k] (anything with two
/// members), see TiledNms. Returns the kept rows as nms() over all of them would: by score, then by row, numbered in
/// the order they were read. The size of a score a row beside what TiledNms holds.
template <Shape S, Rows Regions, std::invocable<Index> Read>
[[nodiscard]] std::vector<Index> nms_tiled(const Regions& regions, Read read, NmsOptions options = {},
                                           double longest_side = std::numeric_limits<double>::infinity()) {
  using Score = decltype(detail::score_of_tile(read(Index{})));
  TiledNms<S, Iou, Score> tiled(options, longest_side);
  std::vector<Index> kept;
  std::vector<Score> scores;  // of all rows so far
  const auto note = [&](const std::vector<Index>& rows) { kept.insert(kept.end(), rows.begin(), rows.end()); };
  const Index n = detail::rows_of(regions, "regions");
  for (Index k = 0; k < n; ++k) {
    const auto& [shapes, tile_scores] = read(k);
    note(tiled.add(detail::element(regions, k), shapes, tile_scores));
    for (std::size_t i = 0; i < std::size(tile_scores); ++i) {
      scores.push_back(detail::element(tile_scores, static_cast<Index>(i)));
    }
  }
  note(tiled.finish());
  std::sort(kept.begin(), kept.end());
  const auto best_first =
      detail::order_descending(view(kept.size(), [&](Index i) { return scores[detail::at(kept[detail::at(i)])]; }));
  return take(kept, best_first);
}

}  // namespace boxlap
