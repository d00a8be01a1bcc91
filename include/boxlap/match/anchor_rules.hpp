/// Other peers' rules for anchors: mmdetection's MaxIoU assigner, torchvision's SSD matcher, ATSS.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>
#include <vector>

#include "../core/error.hpp"
#include "../core/index.hpp"
#include "../pairs/csr.hpp"
#include "../pairs/overlaps.hpp"
#include "../shape/overlap.hpp"
#include "../shape/shape.hpp"
#include "anchor_scan.hpp"
#include "anchors.hpp"

namespace boxlap {

struct SsdOptions {
  double threshold = 0.5;               ///< an anchor with IoU >= threshold learns its best truth
  bool ignore_unreached_truths = true;  ///< false: as in torchvision such a truth takes anchor 0
  int threads = 1;                      ///< 0: all cores. The result does not depend on it
};

/// torchvision's SSDMatcher: thresholds, then each truth forces its one best anchor.
///
/// The best anchor of a truth is the first of equal ones; where several truths force one anchor, the last truth wins.
/// Truths that no anchor overlaps are reported and, unless ignore_unreached_truths is false, do nothing. Arguments,
/// errors, time and memory as match_anchors(), with 4 bytes a truth more.
template <Shapes A, Shapes B>
requires OverlappingShapes<A, B>
[[nodiscard]] AnchorMatches match_anchors_ssd(const A& anchors, const B& truths, SsdOptions options = {}) {
  using detail::at;
  detail::require_ratio(options.threshold, "threshold");
  const detail::AnchorScan<A, B> scan(anchors, truths, options.threads, detail::NoneExcluded{});
  using R = typename detail::AnchorScan<A, B>::R;
  AnchorMatches matches{scan.truth_of_anchor, detail::unreached(scan.best_of_truth)};
  for (std::size_t p = 0; p < matches.truth_of_anchor.size(); ++p) {
    if (scan.value_of_anchor[p] < static_cast<R>(options.threshold)) {
      matches.truth_of_anchor[p] = none;
    }
  }
  std::vector<Index> best_anchor(scan.best_of_truth.size(), (std::numeric_limits<Index>::max)());
  scan.for_each_best(0, detail::NoneExcluded{},
                     [&](Index p, Index g) { best_anchor[at(g)] = (std::min)(best_anchor[at(g)], p); });
  for (std::size_t g = 0; g < best_anchor.size(); ++g) {
    if (scan.best_of_truth[g] > 0) {
      matches.truth_of_anchor[at(best_anchor[g])] = static_cast<Index>(g);
    } else if (!options.ignore_unreached_truths && !matches.truth_of_anchor.empty()) {
      matches.truth_of_anchor.front() = static_cast<Index>(g);
    }
  }
  return matches;
}

struct MaxIouOptions {
  double positive = 0.5;     ///< pos_iou_thr: an anchor with IoU >= positive learns its best truth
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

/// For each anchor, whether a region covers more than the allowed share of it (or it of the region).
template <class A, class C>
[[nodiscard]] std::vector<unsigned char> ignored_anchors(const A& anchors, const C& regions,
                                                         const MaxIouOptions& options) {
  using R = Overlap<Element<A>, Element<C>>;
  std::vector<unsigned char> ignored(at(rows_of(anchors, "anchors")), 0);
  if (options.ignore > 0) {
    for_each_pair(anchors, regions, [&](Index p, Index k) {
      const auto share = options.ignore_by_anchor ? iof(element(anchors, p), element(regions, k))
                                                  : iof(element(regions, k), element(anchors, p));
      if (share > static_cast<R>(options.ignore)) {
        ignored[at(p)] = 1;
      }
    });
  }
  return ignored;
}

}  // namespace detail

/// mmdetection's MaxIoUAssigner: bands, forced anchors with a minimum, and regions to ignore.
///
/// An anchor's truth is the one of largest IoU, the first of equal ones; in the band of `negative` it is boxlap::none,
/// elsewhere below `positive` boxlap::between. Then each truth forces its best anchors to itself; where several truths
/// force one anchor, the last truth wins. Anchors that overlap a region of `ignored` too much are boxlap::between and
/// take no part. Without truths every anchor is none. Truths that no anchor (left in) overlaps are reported and, unless
/// ignore_unreached_truths is false, force nothing. Errors, time and memory as match_anchors(), with 1 byte an anchor
/// and 4 a truth more and, when regions are given, one join with them.
template <Shapes A, Shapes B, Shapes C>
requires OverlappingShapes<A, B> && OverlappingShapes<A, C>
[[nodiscard]] AnchorMatches match_anchors_max_iou(const A& anchors, const B& truths, const C& ignored,
                                                  MaxIouOptions options = {}) {
  using detail::at;
  detail::require_ratio(options.positive, "positive");
  detail::require_ratio(options.negative, "negative");
  detail::require_ratio(options.negative_from, "negative_from");
  detail::require_ratio(options.min_positive, "min_positive");
  if (options.ignore != options.ignore) {
    detail::invalid("ignore is NaN");
  }
  const std::vector<unsigned char> out = detail::ignored_anchors(anchors, ignored, options);
  const auto excluded = [&](Index p) { return out[at(p)] != 0; };
  const detail::AnchorScan<A, B> scan(anchors, truths, options.threads, excluded);
  using R = typename detail::AnchorScan<A, B>::R;
  AnchorMatches matches{std::vector<Index>(out.size(), none), detail::unreached(scan.best_of_truth)};
  std::vector<Index>& truth_of_anchor = matches.truth_of_anchor;
  if (scan.best_of_truth.empty()) {
    return matches;
  }
  const auto is_negative = [&](R value) {
    return value >= static_cast<R>(options.negative_from) && value < static_cast<R>(options.negative);
  };
  for (Index p = 0; p < static_cast<Index>(out.size()); ++p) {
    const R value = scan.value_of_anchor[at(p)];
    if (excluded(p)) {
      truth_of_anchor[at(p)] = between;
    } else if (value >= static_cast<R>(options.positive)) {
      truth_of_anchor[at(p)] = (std::max)(Index{0}, scan.truth_of_anchor[at(p)]);  // of zeros, the first
    } else {
      truth_of_anchor[at(p)] = is_negative(value) ? none : between;
    }
  }
  if (!options.low_quality) {
    return matches;
  }
  std::vector<Index> last_truth(out.size(), none);  // the last truth that an anchor ties for
  std::vector<Index> first_anchor(scan.best_of_truth.size(), (std::numeric_limits<Index>::max)());
  scan.for_each_best(0, excluded, [&](Index p, Index g) {
    if (scan.best_of_truth[at(g)] >= static_cast<R>(options.min_positive)) {
      last_truth[at(p)] = (std::max)(last_truth[at(p)], g);
      first_anchor[at(g)] = (std::min)(first_anchor[at(g)], p);
    }
  });
  if (!options.ignore_unreached_truths && options.min_positive <= 0) {
    for (const Index g : matches.unreached_truths) {  // 0 ties with 0: every anchor, or the first
      for (Index p = 0; p < static_cast<Index>(out.size()); ++p) {
        if (!excluded(p)) {
          last_truth[at(p)] = (std::max)(last_truth[at(p)], g);
          first_anchor[at(g)] = (std::min)(first_anchor[at(g)], p);
        }
      }
    }
  }
  if (options.all_ties) {
    for (std::size_t p = 0; p < out.size(); ++p) {
      truth_of_anchor[p] = last_truth[p] != none ? last_truth[p] : truth_of_anchor[p];
    }
  } else {
    for (std::size_t g = 0; g < first_anchor.size(); ++g) {
      if (first_anchor[g] != (std::numeric_limits<Index>::max)()) {
        truth_of_anchor[at(first_anchor[g])] = static_cast<Index>(g);
      }
    }
  }
  return matches;
}

/// The same without regions to ignore.
template <Shapes A, Shapes B>
requires OverlappingShapes<A, B>
[[nodiscard]] AnchorMatches match_anchors_max_iou(const A& anchors, const B& truths, MaxIouOptions options = {}) {
  return match_anchors_max_iou(anchors, truths, view(0, [&](Index i) { return detail::element(anchors, i); }), options);
}

/// Adaptive training sample selection: each truth sets its own threshold, from the anchors nearest to it.
///
/// candidates: truths x anchors, the nearest anchors of each truth, 9 a level in the paper (CenterIndex::nearest on the
/// centres of a level gives them); its values are not read. A truth takes the candidates whose IoU with it is at least
/// the mean plus the standard deviation (n - 1) of the IoUs of its candidates and whose centre lies more than 0.01 px
/// inside its bounds. An anchor taken by several truths goes to the one of largest IoU, the first of equal ones; all
/// others are boxlap::none. unreached_truths are those that took no anchor. The rule of ATSSAssigner in mmdetection;
/// mean and deviation are computed in double. Throws std::invalid_argument for a matrix that is not truths x anchors.
/// Source: Zhang et al., CVPR 2020. O(candidates) time; 4 + sizeof R bytes an anchor, R the type of the IoU.
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

template <Shapes A, Shapes B, class D>
requires OverlappingShapes<A, B>
[[nodiscard]] AnchorMatches match_anchors_atss(const A& anchors, const B& truths, const Csr<D>& candidates) {
  return match_anchors_atss(anchors, truths, candidates.view());
}

}  // namespace boxlap
