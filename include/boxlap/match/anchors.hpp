/// Matching of anchors to truths for training a detector, without the anchors x truths matrix.
#pragma once

#include <algorithm>
#include <vector>

#include "../base/detail/error.hpp"
#include "../base/index.hpp"
#include "../shape/shape.hpp"
#include "detail/anchor_scan.hpp"

namespace boxlap {

/// Options of match_anchors().
struct AnchorOptions {
  double high = 0.7;        ///< an anchor with IoU >= high is matched to its best truth
  double low = 0.3;         ///< one with IoU < low is background, one between the two is left out of the loss
  bool low_quality = true;  ///< each truth's best anchors, all that tie, are kept whatever their IoU
  bool ignore_unreached_truths = true;  ///< false: the dense meaning, where such a truth makes every anchor positive
  double tie_tolerance = 0;             ///< relative: ties are IoU >= best * (1 - tie_tolerance)
  int threads = 1;                      ///< 0: all cores. The result does not depend on it
};

/// The result of the match_anchors functions.
struct AnchorMatches {
  std::vector<Index> truth_of_anchor;   ///< a truth, boxlap::none (background) or boxlap::between (left out)
  std::vector<Index> unreached_truths;  ///< truths that no anchor overlaps, ascending
};

namespace detail {

/// The truths whose largest IoU is not above 0.
template <class R>
[[nodiscard]] std::vector<Index> unreached(const std::vector<R>& best_of_truth) {
  std::vector<Index> rows;
  for (std::size_t g = 0; g < best_of_truth.size(); ++g) {
    if (!(best_of_truth[g] > 0)) {
      rows.push_back(static_cast<Index>(g));
    }
  }
  return rows;
}

inline void require_ratio(double value, const char* what) {
  if (!(value >= 0 && value <= 1)) {
    invalid(what, " is ", value, ", expected 0 to 1");
  }
}

}  // namespace detail

/// The truth that each anchor is trained on: the Matcher of maskrcnn-benchmark, torchvision and detectron2.
///
/// anchors, truths: rows of shapes whose overlap is known (boxes, rotated boxes, ...). The measure is IoU. Pixels that
/// include their last one are boxes, too: `view(n, [&](Index i) { return from_inclusive_pixels(...); })`.
/// An anchor's truth is the one of largest IoU, the first of equal ones. Below options.low it is boxlap::none, from low
/// to below high boxlap::between. With low_quality every anchor that ties for the largest IoU of some truth gets its
/// own truth back (which may be another one, as in all three peers). Thresholds are compared in the type of the IoU, as
/// torch does.
/// A truth that no anchor overlaps has a largest IoU of 0, with which, in the dense Matchers, every anchor ties: one
/// truth out of reach turns all anchors positive. Here such truths are reported and do nothing; to reproduce the dense
/// result set ignore_unreached_truths to false.
/// Equal to the peers' Matcher to the row wherever each truth overlaps an anchor. No truths (where the peers raise):
/// every anchor is none. Throws std::invalid_argument for thresholds or a tolerance outside 0..1, or low > high.
/// Time: two joins, the second over anchors that can tie alone; 242,991 anchors x 500 truths: 40 ms, 5 MB, where the
/// matrix takes 21 s and 4.4 GB. Memory besides the result: (4 + sizeof R) bytes an anchor, R the type of the IoU,
/// and 100 bytes a truth; 0.5 MB for each thread.
template <Shapes A, Shapes B>
requires OverlappingShapes<A, B>
[[nodiscard]] AnchorMatches match_anchors(const A& anchors, const B& truths, AnchorOptions options = {}) {
  using detail::at;
  detail::require_ratio(options.high, "high");
  detail::require_ratio(options.low, "low");
  detail::require_ratio(options.tie_tolerance, "tie_tolerance");
  if (options.low > options.high) {
    detail::invalid("low is ", options.low, ", more than high, ", options.high);
  }
  detail::AnchorScan<A, B> scan(anchors, truths, options.threads);
  using R = typename detail::AnchorScan<A, B>::R;
  const R high = static_cast<R>(options.high), low = static_cast<R>(options.low);
  AnchorMatches matches{{}, detail::unreached(scan.best_of_truth)};
  const bool dense = !options.ignore_unreached_truths && !scan.best_of_truth.empty();
  if (dense) {  // the argmax of a column of zeros is truth 0
    std::replace(scan.truth_of_anchor.begin(), scan.truth_of_anchor.end(), none, Index{0});
  }
  if (dense && options.low_quality && !matches.unreached_truths.empty()) {
    matches.truth_of_anchor = std::move(scan.truth_of_anchor);
    return matches;
  }
  matches.truth_of_anchor = scan.truth_of_anchor;
  for (std::size_t p = 0; p < matches.truth_of_anchor.size(); ++p) {
    if (const R value = scan.value_of_anchor[p]; value < low) {
      matches.truth_of_anchor[p] = none;
    } else if (value < high) {
      matches.truth_of_anchor[p] = between;
    }
  }
  if (options.low_quality) {
    scan.for_each_best(options.tie_tolerance,
                       [&](Index p, Index) { matches.truth_of_anchor[at(p)] = scan.truth_of_anchor[at(p)]; });
  }
  return matches;
}

template <class A, detail::PlainBeside<A> B, class... Rest>
void match_anchors(const A& numbers_are_no_boxes_yet, const B&, const Rest&...) = delete;  // boxlap::view makes boxes

}  // namespace boxlap
