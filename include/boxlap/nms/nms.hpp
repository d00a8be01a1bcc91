/// Non-maximum suppression: of detections that overlap too much, the best one.
#pragma once

#include <algorithm>
#include <array>
#include <initializer_list>
#include <span>
#include <utility>
#include <vector>

#include "../base/detail/error.hpp"
#include "../base/detail/parallel.hpp"
#include "../base/detail/sorting.hpp"
#include "../base/index.hpp"
#include "../base/range.hpp"
#include "../pairs/csr.hpp"
#include "../shape/shape.hpp"
#include "detail/decide_rows.hpp"
#include "detail/detections.hpp"
#include "detail/kept_index.hpp"
#include "detail/small_nms.hpp"
#include "detail/tile_partition.hpp"
#include "measure.hpp"

namespace boxlap {

/// How nms() decides. Score filters and limits are functions of their own: above() and top().
struct NmsOptions {
  double iou_threshold = 0.5;   ///< a detection goes when its overlap with a kept, better one is above this. A share,
                                ///< not a percentage: above 1 (45 for 0.45) all are kept, as in torchvision
  bool suppress_equal = false;  ///< ... or equal to it (detectron2's and torchvision's rotated nms, SAHI, TensorRT)
  int threads = 1;              ///< 0: all cores. The result does not depend on it. nms_groups() and TiledNms take one
};

namespace detail {

[[nodiscard]] inline Verdict verdict_of(const NmsOptions& options) {
  if (options.iou_threshold != options.iou_threshold) [[unlikely]] {
    invalid("iou_threshold is NaN");
  }
  return {options.iou_threshold, options.suppress_equal};
}

/// Whether rows are many enough, and the threshold one, for which tiles pay.
template <class D>
[[nodiscard]] bool worth_tiles(const D& detections) {
  const Verdict& verdict = detections.verdict();
  return detections.size() >= TiledRows<D>::worth_dividing && !verdict.spares_nothing() &&
         !(D::Bound::at_most_one && verdict.spares_all());
}

/// nms() of prepared arguments: scores are ordered, the rest is decided in the place of that order.
template <class D, class P>
[[nodiscard]] std::vector<Index> nms_in_order(const D& detections, const P& scores, int threads) {
  const std::size_t n = at(detections.size());
  std::array<Index, max_few_boxes> few_rows;
  std::vector<Index> many_rows;
  const bool few = are_few(n, detections);
  if (!few) {
    many_rows.resize(n);
  }
  const std::span<Index> order = few ? std::span<Index>(few_rows).first(n) : std::span<Index>(many_rows);
  order_descending(as_span(scores), order);
  Index* end = order.data();
  std::vector<Fate> fates;
  if (few) {
    if constexpr (few_are_faster<D>) {
      end = suppress_few(detections, order, end);
    }
  } else if (worth_tiles(detections) && suppress_in_tiles(detections, order, threads, fates)) {
    for (const Index row : order) {
      *end = row;
      end += fates[at(row)] == Fate::kept ? 1 : 0;
    }
  } else {
    KeptIndex<D> index(detections);
    end = suppress_rows(detections, index, order, end);
  }
  return std::vector<Index>(order.data(), end);
}

}  // namespace detail

/// The detections to keep: from the best to the worst, each unless it overlaps a kept one by more than the threshold.
/// A NaN score counts as the best, as in torchvision: take(boxes, above(scores, least)) leaves such rows out before.
///
/// shapes   n rows of any shape: boxes, rotated boxes, polygons, your own
/// scores   n numbers, higher is better
/// measure  Iou{} (default), Ios{}, Diou{} or any callable, see Measure: iou_threshold then is a threshold of that
/// returns  kept rows, score descending; equal scores (and -0 with +0) by row; NaN scores first
///
/// For Box this is torchvision.ops.nms (CPU) bit for bit: the threshold is compared in double, boxes that are empty,
/// inverted, not finite, or whose area is 0 or overflows are kept and suppress nothing, a threshold below 0 is legal
/// and suppresses boxes that do not meet, one above 1 keeps every row. For other shapes it is the plain loop over
/// iou(). Throws std::invalid_argument if the lengths differ or the threshold is NaN.
///
/// Only kept boxes are indexed, and a search ends at the first hit, so crowds are cheap: O(n) for boxes that are spread
/// or that suppress one another; O(n * k / 8) vector steps where k kept ones crowd one place. From 200,000 rows on they
/// are decided tile by tile, which is what threads share. Up to 1,024 boxes by IoU whose scores spread take only stack,
/// up to 1,536 only the order of scores. Peak memory beside the result: 8 n bytes for the order of scores that spread,
/// 20 n of float scores that crowd (28 n double), or 4 n + 290 k for k kept float boxes if that is more (490 k double);
/// with tiles 20 n unless large boxes reach across them.
template <Shapes S, Numbers P, Measure<detail::Element<S>> M = Iou>
[[nodiscard]] std::vector<Index> nms(const S& shapes, const P& scores, NmsOptions options, M measure = {}) {
  detail::require_same_length("scores", std::size(scores), "shapes", std::size(shapes));
  const detail::Verdict verdict = detail::verdict_of(options);
  const int threads = detail::thread_count(options.threads);
  decltype(auto) rows = detail::rows_to_measure<M>(shapes);
  const detail::Detections detections(rows, measure, verdict);
  return detail::nms_in_order(detections, scores, threads);
}

/// The same by IoU, with a threshold alone: above 1 (45 for 0.45) it keeps every row.
template <Shapes S, Numbers P>
[[nodiscard]] std::vector<Index> nms(const S& shapes, const P& scores, double iou_threshold) {
  return nms(shapes, scores, NmsOptions{.iou_threshold = iou_threshold});
}

/// nms(boxes, scores, {}) would silently mean a threshold of 0.
template <Shapes S, Numbers P>
std::vector<Index> nms(const S&, const P&, std::initializer_list<double>) = delete;

template <detail::PlainNumbers S, class... Rest>
void nms(const S& numbers_are_no_boxes_yet, const Rest&...) = delete;  // boxlap::view(n, f) makes boxes

namespace detail {

/// Greedy suppression along stored pairs. A kept row marks the columns of its row; a pair that is stored only in the
/// row of its worse half is found from there.
template <class T>
[[nodiscard]] std::vector<Index> suppress_stored(const CsrView<T>& overlaps, std::span<const Index> order,
                                                 const Verdict& verdict) {
  enum State : unsigned char { open, kept, gone };
  std::vector<State> state(order.size(), open);
  std::vector<Index> result;
  for (const Index i : order) {
    const CsrRow<T> row = overlaps.row(i);
    for (std::size_t k = 0; k < row.cols.size() && state[at(i)] == open; ++k) {
      if (state[at(row.cols[k])] == kept && verdict(row.values[k])) {
        state[at(i)] = gone;
      }
    }
    if (state[at(i)] == gone) {
      continue;
    }
    state[at(i)] = kept;
    result.push_back(i);
    for (std::size_t k = 0; k < row.cols.size(); ++k) {
      if (state[at(row.cols[k])] == open && verdict(row.values[k])) {
        state[at(row.cols[k])] = gone;
      }
    }
  }
  return result;
}

/// The same where a value of 0, that of a pair which is not stored, suppresses too.
template <class T>
[[nodiscard]] std::vector<Index> suppress_unless_stored(const CsrView<T>& overlaps, std::span<const Index> order,
                                                        const Verdict& verdict) {
  const auto stored_as_harmless = [&](Index i, Index j) {
    const CsrRow<T> row = overlaps.row(i);
    const auto found = std::lower_bound(row.cols.begin(), row.cols.end(), j);
    return found != row.cols.end() && *found == j &&
           !verdict(row.values[static_cast<std::size_t>(found - row.cols.begin())]);
  };
  std::vector<Index> result;
  for (const Index i : order) {
    if (std::all_of(result.begin(), result.end(),
                    [&](Index j) { return stored_as_harmless(i, j) || stored_as_harmless(j, i); })) {
      result.push_back(i);
    }
  }
  return result;
}

}  // namespace detail

/// nms over overlaps that are already known: a square matrix, symmetric or one triangle of it; what is not stored is 0.
///
/// The diagonal is ignored, NaN suppresses nothing; order, ties, NaN scores and threshold as in nms() of shapes. Values
/// need not be IoU; a threshold that none exceeds keeps every row. Throws std::invalid_argument for a matrix that is
/// not square or not sound (see validate()), scores of another length, a NaN threshold. O(n + nonzeros) time (times log
/// of a row's length where the threshold is below 0), 9 n bytes, 20 n for float scores that crowd (28 n double).
template <class T, Numbers P>
[[nodiscard]] std::vector<Index> nms(const CsrView<T>& overlaps, const P& scores, double iou_threshold) {
  validate(overlaps);
  if (overlaps.rows != overlaps.cols) [[unlikely]] {
    detail::invalid("overlaps has ", overlaps.rows, " rows and ", overlaps.cols, " cols, expected a square matrix");
  }
  detail::require_same_length("scores", std::size(scores), "overlaps", detail::at(overlaps.rows));
  const detail::Verdict verdict = detail::verdict_of({.iou_threshold = iou_threshold});
  const std::vector<Index> order = detail::order_descending(scores);
  return verdict.spares_nothing() ? detail::suppress_unless_stored(overlaps, order, verdict)
                                  : detail::suppress_stored(overlaps, order, verdict);
}

template <class T, Numbers P>
[[nodiscard]] std::vector<Index> nms(const Csr<T>& overlaps, const P& scores, double iou_threshold) {
  return nms(overlaps.view(), scores, iou_threshold);
}

template <class T, Numbers P>
std::vector<Index> nms(const CsrView<T>&, const P&, std::initializer_list<double>) = delete;
template <class T, Numbers P>
std::vector<Index> nms(const Csr<T>&, const P&, std::initializer_list<double>) = delete;

}  // namespace boxlap
