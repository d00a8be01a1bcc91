/// The most true positives that any matching could reach: how much of a score is lost to matching greedily.
#pragma once

#include <cstdint>
#include <utility>

#include "../base/detail/rows_by_label.hpp"
#include "../match/assign.hpp"
#include "image_pairs.hpp"

namespace boxlap {

/// The largest number of one-to-one pairs of equal label with IoU of at least `iou_threshold` in one image. Labels are
/// compared as numbers, whatever their types.
///
/// An upper bound on the true positives of COCO, VOC and TIDE, whose greedy matching by score may be smaller, never
/// larger (truths that those rules ignore should be left out before). Sums over images and bounds of classes add up.
/// Throws std::invalid_argument for labels of another length and a threshold outside (0, 1]. Time of assign();
/// peak memory: 44 bytes a truth, 60 bytes a detection, 24 bytes a pair that qualifies, and what long searches of
/// assign() need.
template <class R, Labels LA, Labels LB>
[[nodiscard]] std::int64_t most_matches(const ImagePairs<R>& pairs, const LA& truth_labels, const LB& detection_labels,
                                        double iou_threshold) {
  detail::require_same_length("truth_labels", std::size(truth_labels), "truths", detail::at(pairs.truths()));
  detail::require_same_length("detection_labels", std::size(detection_labels), "detections",
                              detail::at(pairs.predictions()));
  if (!(iou_threshold > 0 && iou_threshold <= 1)) [[unlikely]] {
    detail::invalid("iou_threshold is ", iou_threshold, ", expected above 0 and up to 1");
  }
  const Csr<R> matching = filter(pairs.shared, [&](Index i, Index j, R shared) {
    return static_cast<double>(pairs.iou(i, j, shared)) >= iou_threshold &&
           std::cmp_equal(detail::label_number(detail::element(truth_labels, i)),
                          detail::label_number(detail::element(detection_labels, j)));
  });
  return assign(matching, {.objective = Objective::most_pairs}).count;
}

}  // namespace boxlap
