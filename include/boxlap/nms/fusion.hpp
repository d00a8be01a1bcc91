/// Weighted boxes fusion: the detections of several models become one set, each box the mean of those that agree.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "../base/detail/error.hpp"
#include "../base/detail/rows_by_label.hpp"
#include "../base/detail/sorting.hpp"
#include "../base/index.hpp"
#include "../base/range.hpp"
#include "detail/detections.hpp"
#include "detail/kept_index.hpp"
#include "measure.hpp"

namespace boxlap {

/// What becomes of the confidences of the boxes that agree.
enum class FusedScore {
  average,  ///< their mean, times min(models, boxes) / sum of weights: an object that few models saw scores less
  maximum   ///< the largest, over the largest weight
};

struct FusionOptions {
  double iou_threshold = 0.55;  ///< a box joins the fused box it overlaps most, if by more than this
  double skip_below = 0;        ///< boxes of a lower score are dropped
  FusedScore score = FusedScore::average;
  bool allow_overflow = false;  ///< average: times boxes / sum of weights, which may exceed 1
};

/// What fuse_boxes() returns: fused boxes by score, and for each detection the fused box it is part of (none: dropped).
template <class L>
struct FusedBoxes {
  std::vector<Box<double>> boxes;
  std::vector<double> scores;
  std::vector<L> labels;
  std::vector<Index> fused_of_row;
};

namespace detail {

/// A box in the making: the sums its mean is made of.
struct FusedCluster {
  Box<double> box;
  Box<double> weighted{0, 0, 0, 0};
  double confidence = 0, highest = 0;
  Index boxes = 0;

  void add(const Box<double>& b, double c) noexcept {
    weighted = {weighted.x1 + rounded(c * b.x1), weighted.y1 + rounded(c * b.y1), weighted.x2 + rounded(c * b.x2),
                weighted.y2 + rounded(c * b.y2)};
    confidence += c;
    highest = boxes == 0 ? c : (std::max)(highest, c);
    ++boxes;
    box = boxes == 1 ? b
                     : Box<double>{weighted.x1 / confidence, weighted.y1 / confidence, weighted.x2 / confidence,
                                   weighted.y2 / confidence};
  }
};

/// The fused boxes of one class, found by overlap. Boxes move as they grow: the index keeps where they were until those
/// places outnumber the boxes, and a hit counts only where the box still is.
class FusedIndex {
 public:
  explicit FusedIndex(double threshold)
      : detections_(nothing_, Iou{}, Verdict{threshold, false}), index_(detections_, Reach::above(threshold)) {}

  [[nodiscard]] std::vector<FusedCluster>& clusters() noexcept { return clusters_; }

  /// The fused box that overlaps `box` most, by more than the threshold; of equal ones the first; none.
  [[nodiscard]] Index best_match(const Box<double>& box) {
    Index best = none;
    double most = 0;
    (void)index_.search(detections_.candidate_of(box, none), [&](const Candidate<double>& other) {
      if (other.box == clusters_[at(other.row)].box) {
        const double value = iou(other.box, box);
        if (detections_.verdict()(value) && (best == none || value > most || (value == most && other.row < best))) {
          best = other.row;
          most = value;
        }
      }
      return false;
    });
    return best;
  }

  void moved(Index cluster) {
    if (++places_ > 2 * clusters_.size() + 64) {
      index_.clear();
      places_ = clusters_.size();
      for (std::size_t k = 0; k < clusters_.size(); ++k) {
        index_.add(detections_.candidate_of(clusters_[k].box, static_cast<Index>(k)));
      }
      return;
    }
    index_.add(detections_.candidate_of(clusters_[at(cluster)].box, cluster));
  }

 private:
  std::vector<Box<double>> nothing_;
  Detections<std::vector<Box<double>>, Iou> detections_;
  KeptIndex<Detections<std::vector<Box<double>>, Iou>> index_;
  std::vector<FusedCluster> clusters_;
  std::size_t places_ = 0;
};

/// Corners put in order; no extent where one is NaN.
[[nodiscard]] inline Box<double> with_ordered_corners(const Box<double>& b) noexcept {
  return {(std::min)(b.x1, b.x2), (std::min)(b.y1, b.y2), (std::max)(b.x1, b.x2), (std::max)(b.y1, b.y2)};
}

/// The weights of the models: checked, their sum and the largest.
struct ModelWeights {
  Index models = 0;
  double sum = 0, most = 0;
};
template <class W>
[[nodiscard]] ModelWeights checked_weights(const W& weights) {
  ModelWeights result{rows_of(weights, "weights")};
  for (Index m = 0; m < result.models; ++m) {
    const auto weight = static_cast<double>(element(weights, m));
    if (!(weight > 0)) {
      invalid("weights[", m, "] is ", weight, ", expected more than 0");
    }
    result.sum += weight;
    result.most = (std::max)(result.most, weight);
  }
  return result;
}

/// score * weight of a row, checked.
template <class P, class I, class W>
[[nodiscard]] double checked_confidence(const P& scores, const I& models, const W& weights, Index row) {
  const auto model = element(models, row);
  const Index model_count = rows_of(weights, "weights");
  if (std::cmp_less(model, 0) || std::cmp_greater_equal(model, model_count)) {
    invalid("models[", row, "] is ", model, ", weights has ", model_count, " rows");
  }
  const auto score = static_cast<double>(element(scores, row));
  if (!(score >= 0)) {
    invalid("scores[", row, "] is ", score, ", expected 0 or more");
  }
  return score * static_cast<double>(element(weights, static_cast<Index>(model)));
}

/// Fuses the rows of one label, best first. Notes for each row the number of its cluster, from `first` on.
template <class S>
[[nodiscard]] std::vector<FusedCluster> fuse_label(const S& boxes, std::span<const Index> rows,
                                                   const std::vector<double>& confidence, double iou_threshold,
                                                   Index first, std::vector<Index>& cluster_of_row) {
  FusedIndex index(iou_threshold);
  for (const Index row : rows) {
    const auto box = with_ordered_corners(cast<double>(element(boxes, row)));
    Index cluster = index.best_match(box);
    if (cluster == none) {
      cluster = static_cast<Index>(index.clusters().size());
      index.clusters().emplace_back();
    }
    index.clusters()[at(cluster)].add(box, confidence[at(row)]);
    index.moved(cluster);
    cluster_of_row[at(row)] = first + cluster;
  }
  return std::move(index.clusters());
}

/// Puts fused boxes in the order of their scores.
template <class Fused>
void order_by_score(Fused& fused) {
  const auto by_score = order_descending(fused.scores);
  std::vector<Index> place(by_score.size());
  for (std::size_t k = 0; k < by_score.size(); ++k) {
    place[at(by_score[k])] = static_cast<Index>(k);
  }
  fused.boxes = take(fused.boxes, by_score);
  fused.scores = take(fused.scores, by_score);
  fused.labels = take(fused.labels, by_score);
  for (Index& k : fused.fused_of_row) {
    k = k == none ? none : place[at(k)];
  }
}

}  // namespace detail

/// Weighted boxes fusion (Solovyev et al., 2021) of the detections of several models.
///
/// boxes, scores, labels  n rows, all models together
/// models                 n integers: which model a row is from, 0 <= model < weights
/// weights                one number above 0 a model
/// returns                fused boxes, score descending (then by label ascending, then by their best row)
///
/// Within a label, rows in the order of score * weight each join the fused box they overlap most, if its IoU is above
/// the threshold, or start one; a fused box is the mean of its boxes weighted by score * weight. Swapped corners are
/// put in order, boxes without area or with NaN are dropped. Equals ensemble_boxes.weighted_boxes_fusion on its
/// definition (conf_type avg and max), to the rounding of its float32 boxes; coordinates need not lie in [0, 1] and are
/// not clipped; equal scores are taken by row. Computed in double.
///
/// Throws std::invalid_argument if lengths differ, a model is out of range, a weight is not above 0, a score is
/// negative or NaN, or iou_threshold is not in [0, 1]. O(n log n) on spread-out data (ensemble_boxes: n * fused). Peak
/// memory beside the result: 40 n bytes and 590 a fused box.
template <Shapes S, Numbers P, Labels L, Labels I, Numbers W>
requires detail::is_box<detail::Element<S>>
[[nodiscard]] auto fuse_boxes(const S& boxes, const P& scores, const L& labels, const I& models, const W& weights,
                              const FusionOptions& options = {}) {
  detail::require_same_length("scores", std::size(scores), "boxes", std::size(boxes));
  detail::require_same_length("labels", std::size(labels), "boxes", std::size(boxes));
  detail::require_same_length("models", std::size(models), "boxes", std::size(boxes));
  if (!(options.iou_threshold >= 0 && options.iou_threshold <= 1)) {
    detail::invalid("iou_threshold is ", options.iou_threshold, ", expected 0 to 1");
  }
  const detail::ModelWeights weight = detail::checked_weights(weights);
  const Index n = detail::rows_of(boxes, "boxes");
  std::vector<double> confidence(detail::at(n));
  std::vector<Index> used;
  for (Index i = 0; i < n; ++i) {
    const double here = confidence[detail::at(i)] = detail::checked_confidence(scores, models, weights, i);
    const auto box = detail::with_ordered_corners(cast<double>(detail::element(boxes, i)));
    const bool skipped = !(static_cast<double>(detail::element(scores, i)) >= options.skip_below);
    if (!skipped && here > 0 && has_extent(box) && area(box) > 0) {
      used.push_back(i);
    }
  }
  const auto order =
      detail::order_descending(view(used.size(), [&](Index i) { return confidence[detail::at(used[detail::at(i)])]; }));
  const detail::RowsByLabel groups(take(used, order), labels);

  FusedBoxes<detail::Element<L>> fused;
  fused.fused_of_row.assign(detail::at(n), none);
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const auto before = static_cast<Index>(fused.boxes.size());
    const std::vector<detail::FusedCluster> clusters =
        detail::fuse_label(boxes, groups[g], confidence, options.iou_threshold, before, fused.fused_of_row);
    for (const detail::FusedCluster& cluster : clusters) {
      const double count = options.allow_overflow ? cluster.boxes : (std::min)(weight.models, cluster.boxes);
      fused.boxes.push_back(cluster.box);
      fused.scores.push_back(options.score == FusedScore::maximum
                                 ? cluster.highest / weight.most
                                 : cluster.confidence / cluster.boxes * count / weight.sum);
      fused.labels.push_back(detail::element(labels, groups[g].front()));
    }
  }
  detail::order_by_score(fused);
  return fused;
}

template <detail::PlainNumbers S, class... Rest>
void fuse_boxes(const S& numbers_are_no_boxes_yet, const Rest&...) = delete;  // boxlap::view(n, f) makes boxes
template <Shapes S, Numbers P, detail::FloatingLabels L, class... Rest>
void fuse_boxes(const S&, const P&, const L& labels_are_integers, const Rest&...) = delete;  // boxlap::view() casts

}  // namespace boxlap
