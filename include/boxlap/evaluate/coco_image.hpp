/// COCO's rules for one image: which detections are true positives, false positives or ignored, at all thresholds and
/// area ranges.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "coco_types.hpp"
#include "detail/category_rows.hpp"
#include "detail/coco_matcher.hpp"
#include "image_pairs.hpp"

namespace boxlap {

/// Judges the detections of one image by COCO's rules, from pairs that are already known.
///
/// pairs: of the image, see image_pairs(); other metrics can read the same ones. id: of the image, different from all
/// others. Labels: one a row, any integer or enumeration. scores: one a detection. notes: crowds, areas, ids. Matching,
/// order and ties are those of coco_image(id, truths, detections, ...). Either side may be empty. Throws
/// std::invalid_argument for NaN scores (naming the row), negative areas, labels above std::int64_t, lengths that
/// differ, and thresholds outside (0, 1]. O((n + m) log(n + m) + pairs * areas * thresholds) time.
/// Peak memory with the default thresholds and areas, the result included: 20 bytes a truth, 28 bytes a detection and
/// 44 more for one that max_detections leaves, 12 bytes a pair (8 in float), and up to 48 more for a pair of one
/// category that reaches the lowest threshold.
template <class R, Labels LA, Labels LB, Numbers S>
[[nodiscard]] CocoImage coco_image(std::int64_t id, const ImagePairs<R>& pairs, const LA& truth_labels,
                                   const LB& detection_labels, const S& scores, const CocoAnnotations& notes = {},
                                   const CocoOptions& options = {}) {
  detail::require_valid(options);
  const std::size_t n = detail::at(pairs.truths()), m = detail::at(pairs.predictions());
  detail::require_lengths(pairs, truth_labels, detection_labels, scores);
  detail::require_valid(notes, n, m);
  detail::require_scores(scores);
  std::vector<double> as_double(m);
  for (std::size_t i = 0; i < m; ++i) {
    as_double[i] = static_cast<double>(detail::element(scores, static_cast<Index>(i)));
  }
  return detail::CocoMatcher<R>(pairs, detail::rows_by_category(truth_labels, "truth_labels"),
                                detail::rows_by_category(detection_labels, "detection_labels"), std::move(as_double),
                                notes, options)
      .run(id);
}

/// Judges the detections of one image by COCO's rules.
///
/// id: of the image, different from all others. truths, detections: shapes of any kinds whose overlap is known, in
/// pixels. Labels: any integer or enumeration. scores: one a detection. Detections of a category are matched one by
/// one, from the highest score down (equal scores by row), each to the free truth of the largest IoU that is at least
/// the threshold; a crowd region measures intersection / detection area and is never used up. A detection that is
/// matched to an ignored truth, or unmatched and itself outside the area range, is ignored.
///
/// Equals pycocotools 2.0.11 in every decision if the shapes compute areas as it does: give boxes as Xywh (see
/// box.hpp). Throws std::invalid_argument naming the row for NaN, infinite and inverted shapes, NaN scores and
/// negative areas; for labels above std::int64_t; for lengths that differ; for thresholds outside (0, 1]. Either side
/// may be empty. O((n + m) log(n + m) + pairs * areas * thresholds). Peak memory: that of image_pairs(), or its result
/// and what coco_image(id, pairs, ...) needs, whichever is more.
template <Shapes A, Shapes B, Labels LA, Labels LB, Numbers S>
requires OverlappingShapes<A, B>
[[nodiscard]] CocoImage coco_image(std::int64_t id, const A& truths, const B& detections, const LA& truth_labels,
                                   const LB& detection_labels, const S& scores, const CocoAnnotations& notes = {},
                                   const CocoOptions& options = {}) {
  return coco_image(id, image_pairs(truths, detections, options.threads), truth_labels, detection_labels, scores, notes,
                    options);
}

template <class A, detail::PlainBeside<A> B, class... Rest>
void coco_image(std::int64_t, const A& numbers_are_no_boxes_yet, const B&, const Rest&...) = delete;  // boxlap::view
template <class A, class B, class LA, class LB, class... Rest>
requires detail::FloatingLabels<LA> || detail::FloatingLabels<LB>
void coco_image(std::int64_t, const A&, const B&, const LA& labels_are_integers, const LB&,  // boxlap::view() casts
                const Rest&...) = delete;

}  // namespace boxlap
