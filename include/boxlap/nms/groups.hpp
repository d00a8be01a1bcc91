/// Non-maximum suppression that explains itself: for each suppressed detection, which one suppressed it and how much
/// the two overlap.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <limits>
#include <span>
#include <vector>

#include "../base/detail/sorting.hpp"
#include "../base/index.hpp"
#include "../base/range.hpp"
#include "nms.hpp"

namespace boxlap {

/// What nms_groups() returns. R is the scalar of the measure.
template <class R>
struct NmsGroups {
  std::vector<Index> keep;        ///< kept rows, as nms() returns them
  std::vector<Index> suppressor;  ///< for each row the kept row that suppressed it, none for kept rows
  std::vector<R> overlap;         ///< for each row measure(suppressor, row), 0 for kept rows
};

namespace detail {

/// nms_groups() of rows that come in `order`, the best one first.
template <class D>
[[nodiscard]] NmsGroups<typename D::Value> groups_in_order(const D& detections, std::span<const Index> order) {
  using T = typename D::T;
  using R = typename D::Value;
  const Verdict& verdict = detections.verdict();
  NmsGroups<R> groups;
  groups.suppressor.assign(order.size(), none);
  groups.overlap.assign(order.size(), R{0});
  const auto note = [&](Index row, Index suppressor, R overlap) {
    groups.suppressor[at(row)] = suppressor;
    groups.overlap[at(row)] = overlap;
  };
  if (verdict.spares_nothing()) {
    for (const Index row : order) {
      const auto first = std::find_if(groups.keep.begin(), groups.keep.end(),
                                      [&](Index kept) { return detections.suppresses_apart(kept, row); });
      if (first == groups.keep.end()) {
        groups.keep.push_back(row);
      } else {
        note(row, *first, static_cast<R>(detections.value_apart(*first, row)));
      }
    }
    return groups;
  }
  KeptIndex kept(detections);
  std::vector<Index> place(order.size());  // of a kept row within keep
  for_each_candidate(detections, order, [&](const Candidate<T>& c, bool takes_part) {
    Index best = (std::numeric_limits<Index>::max)();
    if (takes_part) {
      (void)kept.search(c, [&](const Candidate<T>& other) {
        if (place[at(other.row)] < best) {
          const R overlap = detections.value(other, c);
          if (verdict(overlap)) {
            best = place[at(other.row)];
            note(c.row, other.row, overlap);
          }
        }
        return false;
      });
    }
    if (groups.suppressor[at(c.row)] != none) {
      return;
    }
    if (takes_part) {
      kept.add(c);
    }
    place[at(c.row)] = static_cast<Index>(groups.keep.size());
    groups.keep.push_back(c.row);
  });
  return groups;
}

}  // namespace detail

/// nms() with reasons: who suppressed whom. Arguments, `keep` and errors as nms().
///
/// The suppressor of a row is the best kept row whose overlap with it is above the threshold: the one at which the
/// plain greedy loop stops. So groups are those of mmcv's nms_match; rows of a group are the detections of one object.
/// O(n) on spread-out data; unlike nms() a search does not end at its first hit, so O(n * k / 8) where k kept boxes
/// crowd one place. Takes one thread whatever options.threads says. Peak memory beside the result: 8 n bytes for scores
/// that spread, 20 n for float scores that crowd (28 n double), or 8 n + 290 k for k kept float boxes if that is more
/// (490 k double).
template <Shapes S, Numbers P, Measure<detail::Element<S>> M = Iou>
[[nodiscard]] auto nms_groups(const S& shapes, const P& scores, NmsOptions options, M measure = {}) {
  detail::require_same_length("scores", std::size(scores), "shapes", std::size(shapes));
  const detail::Verdict verdict = detail::verdict_of(options);
  const std::vector<Index> order = detail::order_descending(scores);
  decltype(auto) rows = detail::rows_to_measure<M>(shapes);
  return detail::groups_in_order(detail::Detections(rows, measure, verdict), order);
}

/// The same by IoU, with a threshold alone: above 1 (45 for 0.45) it keeps every row.
template <Shapes S, Numbers P>
[[nodiscard]] auto nms_groups(const S& shapes, const P& scores, double iou_threshold) {
  return nms_groups(shapes, scores, NmsOptions{.iou_threshold = iou_threshold});
}

/// nms_groups(boxes, scores, {}) would silently mean a threshold of 0.
template <Shapes S, Numbers P>
void nms_groups(const S&, const P&, std::initializer_list<double>) = delete;

template <detail::PlainNumbers S, class... Rest>
void nms_groups(const S& numbers_are_no_boxes_yet, const Rest&...) = delete;  // boxlap::view(n, f) makes boxes

}  // namespace boxlap
