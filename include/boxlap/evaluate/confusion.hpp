/// Sparse confusion matrices: which classes a detector takes for which.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <tuple>
#include <vector>

#include "detail/category_rows.hpp"
#include "image_pairs.hpp"

namespace boxlap {

/// Options of confusion_image().
struct ConfusionOptions {
  double min_score = 0.25;     ///< detections with a lower score are not looked at
  double iou_threshold = 0.5;  ///< a pair needs a greater IoU: at 1 and above (50 for 0.5) there is none
};

/// How often a truth of one class was detected as another. Background stands for a truth that nothing found and for a
/// detection that found nothing.
struct ConfusionCell {
  bool is_truth = false, is_detection = false;  ///< false: background
  std::int64_t truth = 0, detection = 0;        ///< labels, 0 for background
  std::int64_t count = 0;
  [[nodiscard]] friend bool operator==(const ConfusionCell&, const ConfusionCell&) = default;
};

/// The cells with a count, ascending by (truth, detection), background last. Any number of classes.
using ConfusionMatrix = std::vector<ConfusionCell>;

namespace detail {

/// Sorts cells and makes those of the same classes one.
inline void add_up(ConfusionMatrix& cells) {
  const auto key = [](const ConfusionCell& c) {
    return std::tuple(!c.is_truth, c.truth, !c.is_detection, c.detection);
  };
  std::sort(cells.begin(), cells.end(),
            [&](const ConfusionCell& a, const ConfusionCell& b) { return key(a) < key(b); });
  std::size_t kept = 0;
  for (const ConfusionCell& cell : cells) {
    if (kept > 0 && key(cells[kept - 1]) == key(cell)) {
      cells[kept - 1].count += cell.count;
    } else {
      cells[kept++] = cell;
    }
  }
  cells.resize(kept);
}

}  // namespace detail

/// Adds up confusion matrices, of images or of data sets, in any order. O(cells log cells); memory does not grow with
/// the number of parts: 64 bytes for each of twice the cells of the result, 256 more, and those of the largest part.
[[nodiscard]] inline ConfusionMatrix merge_confusion(std::span<const ConfusionMatrix> parts) {
  ConfusionMatrix cells;
  std::size_t distinct = 0;
  for (const ConfusionMatrix& part : parts) {
    cells.reserve(2 * distinct + 256 + part.size());
    cells.insert(cells.end(), part.begin(), part.end());
    if (cells.size() > 2 * distinct + 256) {
      detail::add_up(cells);
      distinct = cells.size();
    }
  }
  detail::add_up(cells);
  cells.shrink_to_fit();
  return cells;
}

/// The confusion matrix of one image, from pairs that are already known.
///
/// Pairs of any classes with IoU above the threshold are taken from the largest IoU down (equal ones by truth row, then
/// detection row), each truth and each detection once. `ignored` flags truths that are not to be found (crowds,
/// difficult objects; empty: none): they fill no cell, and neither does an unmatched detection of which more than
/// iou_threshold lies in one of them. Throws std::invalid_argument for lengths that differ, NaN scores and
/// labels above std::int64_t.
/// O(n + m + pairs log pairs); peak memory, the result included: 2 bytes a shape, up to 96 bytes a count of the result
/// and up to 48 bytes (36 in float) a pair above the threshold.
///
/// Ultralytics and supervision count by the same plan, but drop a pair whose truth or detection loses to a third one
/// before all pairs of larger IoU are settled.
template <class R, Labels LA, Labels LB, Numbers S>
[[nodiscard]] ConfusionMatrix confusion_image(const ImagePairs<R>& pairs, const LA& truth_labels,
                                              const LB& detection_labels, const S& scores,
                                              std::span<const std::uint8_t> ignored = {},
                                              const ConfusionOptions& options = {}) {
  const std::size_t n = detail::at(pairs.truths()), m = detail::at(pairs.predictions());
  detail::require_lengths(pairs, truth_labels, detection_labels, scores, "ignored", ignored);
  detail::require_reportable(truth_labels, "truth_labels");
  detail::require_reportable(detection_labels, "detection_labels");
  struct Edge {
    R iou;
    Index truth, detection;
  };
  std::vector<Edge> edges;
  std::vector<char> looked_at(m), settled_truth(n), settled_detection(m);
  for (std::size_t d = 0; d < m; ++d) {
    const auto score = detail::element(scores, static_cast<Index>(d));
    if (score != score) [[unlikely]] {
      detail::invalid("scores[", d, "] is NaN");
    }
    looked_at[d] = static_cast<double>(score) >= options.min_score ? 1 : 0;
  }
  const auto is_ignored = [&](Index t) { return !ignored.empty() && ignored[detail::at(t)] != 0; };
  for_each_entry(pairs.shared, [&](Index t, Index d, R shared) {
    const R iou = pairs.iou(t, d, shared);
    if (looked_at[detail::at(d)] != 0 && !is_ignored(t) && static_cast<double>(iou) > options.iou_threshold) {
      edges.push_back({iou, t, d});
    }
  });
  std::stable_sort(edges.begin(), edges.end(), [](const Edge& a, const Edge& b) { return a.iou > b.iou; });
  ConfusionMatrix cells;
  const auto truth_label = [&](Index t) { return detail::category_of(detail::element(truth_labels, t)); };
  const auto detected_label = [&](Index d) { return detail::category_of(detail::element(detection_labels, d)); };
  for (const Edge& edge : edges) {
    char& truth = settled_truth[detail::at(edge.truth)];
    char& detection = settled_detection[detail::at(edge.detection)];
    if (truth == 0 && detection == 0) {
      truth = detection = 1;
      cells.push_back({true, true, truth_label(edge.truth), detected_label(edge.detection), 1});
    }
  }
  for_each_entry(pairs.shared, [&](Index t, Index d, R shared) {
    if (is_ignored(t) && static_cast<double>(pairs.iof(d, shared)) > options.iou_threshold) {
      settled_detection[detail::at(d)] = 1;
    }
  });
  for (Index t = 0; t < pairs.truths(); ++t) {
    if (settled_truth[detail::at(t)] == 0 && !is_ignored(t)) {
      cells.push_back({true, false, truth_label(t), 0, 1});
    }
  }
  for (Index d = 0; d < pairs.predictions(); ++d) {
    if (settled_detection[detail::at(d)] == 0 && looked_at[detail::at(d)] != 0) {
      cells.push_back({false, true, 0, detected_label(d), 1});
    }
  }
  detail::add_up(cells);
  cells.shrink_to_fit();  // kept for every image of a data set
  return cells;
}

}  // namespace boxlap
