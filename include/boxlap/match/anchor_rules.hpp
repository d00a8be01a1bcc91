/// More rules for training anchors: torchvision's SSD matcher, mmdetection's MaxIoU assigner, ATSS.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include "../base/detail/error.hpp"
#include "../base/index.hpp"
#include "../pairs/csr.hpp"
#include "../shape/overlap.hpp"
#include "../shape/shape.hpp"
#include "anchors.hpp"
#include "detail/anchor_scan.hpp"

namespace boxlap {

/// Options of match_anchors_ssd().
struct SsdOptions {
  double threshold = 0.5;               ///< an anchor with IoU >= threshold is matched to its best truth
  bool ignore_unreached_truths = true;  ///< false: as in torchvision such a truth takes anchor 0
  int threads = 1;                      ///< 0: all cores. The result does not depend on it
};

/// torchvision's SSDMatcher: thresholds, then each truth forces its one best anchor.
///
/// anchors, truths: rows of shapes whose overlap is known (boxes, rotated boxes, ...). The measure is IoU, and the
/// threshold is compared in its type, as torch does. An anchor whose largest IoU is below options.threshold is
/// boxlap::none. Result: the truth of each anchor, and the truths that no anchor overlaps.
/// Ties: of truths with equal IoU the first one is the anchor's; the best anchor of a truth is the first of equal ones;
/// where several truths force one anchor, the last truth wins. Nothing depends on options.threads.
/// Without truths every anchor is none. Truths that no anchor overlaps are reported and, unless ignore_unreached_truths
/// is false, do nothing. Shapes without extent, inverted or with NaN overlap nothing.
/// Throws std::invalid_argument for a threshold outside 0..1 and for threads < 0.
/// Time: two joins of anchors and truths, the second over anchors that can tie alone. Memory besides the result:
/// (4 + sizeof R) bytes an anchor, R the type of the IoU, and 104 bytes a truth; 0.5 MB for each thread.
template <Shapes A, Shapes B>
requires OverlappingShapes<A, B>
[[nodiscard]] AnchorMatches match_anchors_ssd(const A& anchors, const B& truths, SsdOptions options = {}) {
  using detail::at;
  detail::require_ratio(options.threshold, "threshold");
  const detail::AnchorScan<A, B> scan(anchors, truths, options.threads);
  using R = typename detail::AnchorScan<A, B>::R;
  AnchorMatches matches{scan.truth_of_anchor, detail::unreached(scan.best_of_truth)};
  for (std::size_t p = 0; p < matches.truth_of_anchor.size(); ++p) {
    if (scan.value_of_anchor[p] < static_cast<R>(options.threshold)) {
      matches.truth_of_anchor[p] = none;
    }
  }
  std::vector<Index> best_anchor(scan.best_of_truth.size(), (std::numeric_limits<Index>::max)());
  scan.for_each_best(0, [&](Index p, Index g) { best_anchor[at(g)] = (std::min)(best_anchor[at(g)], p); });
  for (std::size_t g = 0; g < best_anchor.size(); ++g) {
    if (scan.best_of_truth[g] > 0) {
      matches.truth_of_anchor[at(best_anchor[g])] = static_cast<Index>(g);
    } else if (!options.ignore_unreached_truths && !matches.truth_of_anchor.empty()) {
      matches.truth_of_anchor.front() = static_cast<Index>(g);
    }
  }
  return matches;
}

/// Options of match_anchors_max_iou().
struct MaxIouOptions {
  double positive = 0.5;     ///< pos_iou_thr: an anchor with IoU >= positive is matched
  double negative = 0.4;     ///< neg_iou_thr: one with negative_from <= IoU < negative is background
  double negative_from = 0;  ///< the lower end of neg_iou_thr where that is a range
  double min_positive = 0;   ///< min_pos_iou: truths whose largest IoU is below it force no anchor
  bool low_quality = true;   ///< match_low_quality: other truths force their best anchors
  bool all_ties = true;      ///< gt_max_assign_all: all that tie, else the first of them
  double ignore = -1;  ///< ignore_iof_thr: anchors with IoF > ignore with an ignored region are left out; <= 0: off
  bool ignore_by_anchor = true;  ///< ignore_wrt_candidates: IoF over the anchor's area, else over the region's
  bool ignore_unreached_truths =
      true;         ///< false: as in mmdetection such a truth, with min_positive 0, takes every anchor
  int threads = 1;  ///< 0: all cores. The result does not depend on it
};

namespace detail {

inline void require_valid(const MaxIouOptions& options) {
  require_ratio(options.positive, "positive");
  require_ratio(options.negative, "negative");
  require_ratio(options.negative_from, "negative_from");
  require_ratio(options.min_positive, "min_positive");
  if (options.ignore != options.ignore) {
    invalid("ignore is NaN");
  }
}

/// For each anchor, whether a region covers more than the allowed share of it (or it of the region).
template <class A, class C>
[[nodiscard]] std::vector<unsigned char> ignored_anchors(const A& anchors, const C& regions,
                                                         const MaxIouOptions& options) {
  using R = Overlap<Element<A>, Element<C>>;
  const AnchorStream<A, Element<C>> stream(anchors, regions, options.threads);
  std::vector<unsigned char> ignored(at(stream.anchors()), 0);
  if (options.ignore > 0) {
    const auto every = [](Index p) { return p; };
    const R most = static_cast<R>(options.ignore);
    stream.for_each_candidate(stream.anchors(), every, [&](Index p, Index, const auto& anchor, const auto& region) {
      if ((options.ignore_by_anchor ? iof(anchor, region) : iof(region, anchor)) > most) {
        ignored[at(p)] = 1;
      }
    });
  }
  return ignored;
}

/// The truth of each anchor by its own largest IoU, before truths force anchors.
template <class Scan>
[[nodiscard]] std::vector<Index> by_bands(const Scan& scan, const MaxIouOptions& options) {
  using R = typename Scan::R;
  std::vector<Index> truth_of_anchor(scan.value_of_anchor.size(), between);
  for (std::size_t p = 0; p < truth_of_anchor.size(); ++p) {
    const R value = scan.value_of_anchor[p];
    if (scan.is_excluded(static_cast<Index>(p))) {
      continue;
    }
    if (value >= static_cast<R>(options.positive)) {
      truth_of_anchor[p] = (std::max)(Index{0}, scan.truth_of_anchor[p]);  // of zeros, the first
    } else if (value >= static_cast<R>(options.negative_from) && value < static_cast<R>(options.negative)) {
      truth_of_anchor[p] = none;
    }
  }
  return truth_of_anchor;
}

/// Each truth forces its best anchors, all or the first; where several force one, the last truth wins.
template <class Scan>
void force_best(const Scan& scan, const MaxIouOptions& options, AnchorMatches& matches) {
  using R = typename Scan::R;
  constexpr Index no_anchor = (std::numeric_limits<Index>::max)();
  std::vector<Index>& truth_of_anchor = matches.truth_of_anchor;
  std::vector<Index> last_truth(truth_of_anchor.size(), none);  // the last truth that an anchor ties for
  std::vector<Index> first_anchor(scan.best_of_truth.size(), no_anchor);
  const auto tie = [&](Index p, Index g) {
    last_truth[at(p)] = (std::max)(last_truth[at(p)], g);
    first_anchor[at(g)] = (std::min)(first_anchor[at(g)], p);
  };
  scan.for_each_best(0, [&](Index p, Index g) {
    if (scan.best_of_truth[at(g)] >= static_cast<R>(options.min_positive)) {
      tie(p, g);
    }
  });
  if (!options.ignore_unreached_truths && options.min_positive <= 0) {
    for (const Index g : matches.unreached_truths) {  // 0 ties with 0: every anchor, or the first
      for (Index p = 0; p < static_cast<Index>(truth_of_anchor.size()); ++p) {
        if (!scan.is_excluded(p)) {
          tie(p, g);
        }
      }
    }
  }
  if (options.all_ties) {
    for (std::size_t p = 0; p < truth_of_anchor.size(); ++p) {
      truth_of_anchor[p] = last_truth[p] != none ? last_truth[p] : truth_of_anchor[p];
    }
    return;
  }
  for (std::size_t g = 0; g < first_anchor.size(); ++g) {
    if (first_anchor[g] != no_anchor) {
      truth_of_anchor[at(first_anchor[g])] = static_cast<Index>(g);
    }
  }
}

/// `out` is empty, or not 0 for anchors that take no part.
template <class A, class B>
[[nodiscard]] AnchorMatches match_max_iou(const A& anchors, const B& truths, std::span<const unsigned char> out,
                                          const MaxIouOptions& options) {
  const AnchorScan<A, B> scan(anchors, truths, options.threads, out);
  AnchorMatches matches{{}, unreached(scan.best_of_truth)};
  if (scan.best_of_truth.empty()) {
    matches.truth_of_anchor.assign(scan.value_of_anchor.size(), none);
    return matches;
  }
  matches.truth_of_anchor = by_bands(scan, options);
  if (options.low_quality) {
    force_best(scan, options, matches);
  }
  return matches;
}

}  // namespace detail

/// mmdetection's MaxIoUAssigner: bands, forced anchors with a minimum, and regions to ignore.
///
/// anchors, truths, ignored: rows of shapes whose overlap is known (boxes, rotated boxes, ...). The measure is IoU, and
/// thresholds are compared in its type, as torch does. An anchor's truth is the one of largest IoU; in the band of
/// `negative` it is boxlap::none, elsewhere below `positive` boxlap::between. Then each truth forces its best anchors
/// to itself. Anchors that overlap a region of `ignored` too much are boxlap::between and take no part. Result: the
/// truth of each anchor, and the truths that no anchor (left in) overlaps. Ties: of truths with equal IoU the first one
/// is the anchor's; where several truths force one anchor, the last truth wins. Nothing depends on options.threads.
/// Without truths every anchor is none. Truths that no anchor overlaps force nothing unless ignore_unreached_truths is
/// false. Shapes without extent, inverted or with NaN overlap nothing.
/// Throws std::invalid_argument for ratios outside 0..1, a NaN `ignore` and threads < 0.
/// Time: two joins of anchors and truths, the second over anchors that can tie alone, and one with the regions. Memory
/// besides the result: (9 + sizeof R) bytes an anchor, R the type of the IoU, and 104 bytes a truth; 0.5 MB for each
/// thread.
template <Shapes A, Shapes B, Shapes C>
requires OverlappingShapes<A, B> && OverlappingShapes<A, C>
[[nodiscard]] AnchorMatches match_anchors_max_iou(const A& anchors, const B& truths, const C& ignored,
                                                  MaxIouOptions options = {}) {
  detail::require_valid(options);
  return detail::match_max_iou(anchors, truths, detail::ignored_anchors(anchors, ignored, options), options);
}

/// mmdetection's MaxIoUAssigner without regions to ignore: bands, and forced anchors with a minimum.
///
/// anchors, truths: rows of shapes whose overlap is known (boxes, rotated boxes, ...). The measure is IoU, and
/// thresholds are compared in its type, as torch does. An anchor's truth is the one of largest IoU; in the band of
/// `negative` it is boxlap::none, elsewhere below `positive` boxlap::between. Then each truth forces its best anchors
/// to itself. Result: the truth of each anchor, and the truths that no anchor overlaps. Ties: of truths with equal IoU
/// the first one is the anchor's; where several truths force one anchor, the last truth wins. Nothing depends on
/// options.threads. Without truths every anchor is none. Truths that no anchor overlaps force nothing unless
/// ignore_unreached_truths is false. Shapes without extent, inverted or with NaN overlap nothing. Throws
/// std::invalid_argument for ratios outside 0..1, a NaN `ignore` and threads < 0. Time: two joins of anchors and
/// truths, the second over anchors that can tie alone. Memory besides the result: (8 + sizeof R) bytes an anchor, R the
/// type of the IoU, and 104 bytes a truth; 0.5 MB for each thread.
template <Shapes A, Shapes B>
requires OverlappingShapes<A, B>
[[nodiscard]] AnchorMatches match_anchors_max_iou(const A& anchors, const B& truths, MaxIouOptions options = {}) {
  detail::require_valid(options);
  return detail::match_max_iou(anchors, truths, {}, options);
}

/// Adaptive training sample selection: each truth sets its own threshold, from the anchors nearest to it.
///
/// anchors, truths: rows of shapes whose overlap is known. candidates: a Csr or CsrView, truths x anchors, the nearest
/// anchors of each truth, 9 a level in the paper (CenterIndex::nearest on the
/// centres of a level gives them); its values are not read. A truth takes the candidates whose IoU with it is at least
/// the mean plus the standard deviation (n - 1) of the IoUs of its candidates and whose centre lies more than 0.01 px
/// inside its bounds. An anchor taken by several truths goes to the one of largest IoU, the first of equal ones; all
/// others are boxlap::none. unreached_truths are those that took no anchor. The rule of ATSSAssigner in mmdetection;
/// mean and deviation are computed in double. Throws std::invalid_argument for a matrix that is not truths x anchors.
/// Source: Zhang et al., CVPR 2020. O(candidates) time. Memory besides the result: sizeof R bytes an anchor, R the
/// type of the IoU, and 4 a truth.
template <Shapes A, Shapes B, class D>
requires OverlappingShapes<A, B>
[[nodiscard]] AnchorMatches match_anchors_atss(const A& anchors, const B& truths, const CsrView<D>& candidates) {
  using detail::at;
  using detail::element;
  using R = detail::Overlap<detail::Element<A>, detail::Element<B>>;
  constexpr double margin = 0.01;
  const Index n = detail::rows_of(anchors, "anchors"), m = detail::rows_of(truths, "truths");
  detail::require_same_length("candidates", at(candidates.rows), "truths", at(m));
  detail::require_same_length("the columns of candidates", at(candidates.cols), "anchors", at(n));
  validate(candidates);
  AnchorMatches matches{std::vector<Index>(at(n), none), {}};
  std::vector<R> value_of_anchor(at(n), R{});
  std::vector<R> values;
  for (Index g = 0; g < m; ++g) {
    const auto row = candidates.row(g);
    values.clear();
    double sum = 0, squares = 0;
    for (const Index p : row.cols) {
      values.push_back(static_cast<R>(iou(element(anchors, p), element(truths, g))));
      sum += static_cast<double>(values.back());
    }
    const double count = static_cast<double>(values.size()), mean = sum / (std::max)(1.0, count);
    for (const R value : values) {
      squares += (static_cast<double>(value) - mean) * (static_cast<double>(value) - mean);
    }
    const double threshold = mean + std::sqrt(squares / (std::max)(1.0, count - 1));
    const auto inside = bounds(element(truths, g));
    for (std::size_t k = 0; k < values.size(); ++k) {
      const Index p = row.cols[k];
      const auto c = center(bounds(element(anchors, p)));
      const double depth = static_cast<double>(
          (std::min)((std::min)(c.x - inside.x1, inside.x2 - c.x), (std::min)(c.y - inside.y1, inside.y2 - c.y)));
      if (static_cast<double>(values[k]) >= threshold && depth > margin && values[k] > value_of_anchor[at(p)]) {
        value_of_anchor[at(p)] = values[k];
        matches.truth_of_anchor[at(p)] = g;
      }
    }
  }
  std::vector<unsigned char> reached(at(m), 0);
  for (const Index g : matches.truth_of_anchor) {
    if (g != none) {
      reached[at(g)] = 1;
    }
  }
  for (Index g = 0; g < m; ++g) {
    if (reached[at(g)] == 0) {
      matches.unreached_truths.push_back(g);
    }
  }
  return matches;
}

/// match_anchors_atss(anchors, truths, candidates.view()).
template <Shapes A, Shapes B, class D>
requires OverlappingShapes<A, B>
[[nodiscard]] AnchorMatches match_anchors_atss(const A& anchors, const B& truths, const Csr<D>& candidates) {
  return match_anchors_atss(anchors, truths, candidates.view());
}

template <class A, detail::PlainBeside<A> B, class... Rest>
void match_anchors_ssd(const A& numbers_are_no_boxes_yet, const B&, const Rest&...) = delete;  // boxlap::view
template <class A, detail::PlainBeside<A> B, class... Rest>
void match_anchors_max_iou(const A& numbers_are_no_boxes_yet, const B&, const Rest&...) = delete;  // boxlap::view
template <class A, detail::PlainBeside<A> B, class... Rest>
void match_anchors_atss(const A& numbers_are_no_boxes_yet, const B&, const Rest&...) = delete;  // boxlap::view

}  // namespace boxlap
