/// COCO's metrics: average precision and recall over thresholds, object sizes and numbers of detections.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "../base/detail/error.hpp"
#include "../shape/box.hpp"
#include "coco_image.hpp"
#include "coco_types.hpp"
#include "detail/coco_tables.hpp"

namespace boxlap {

/// Puts judged images together: pycocotools' evaluate(), accumulate() and summarize().
///
/// images: from coco_image() with these options, in any order, each id once; images with nothing in them change
/// nothing. Scores are compared over all images, equal ones by image id and then by place. A category with truth but
/// without detections has precision 0 and recall 0; one without truth to find is -1 and left out of means. No figure is
/// ever NaN. Throws std::invalid_argument for an id that is there twice and for images judged with other options.
/// O(detections * (log + areas * limits * thresholds)); peak memory besides the result: 56 bytes a group of an image
/// and 32 + 8 max_detections.size() bytes a detection of the largest category.
///
/// The first of the 12 numbers is made for 100 detections, see CocoQuirks; those of an area range that options.areas
/// does not name, or of a threshold it lacks, are -1.
[[nodiscard]] inline CocoSummary coco_summary(std::span<const CocoImage> images, const CocoOptions& options = {}) {
  detail::require_valid(options);
  CocoSummary summary;
  summary.areas = static_cast<Index>(options.areas.size());
  summary.limits = static_cast<Index>(options.max_detections.size());
  summary.thresholds = static_cast<Index>(options.iou_thresholds.size());
  const std::vector<detail::CocoRun> runs = detail::coco_runs(images, summary.areas, summary.thresholds);
  std::vector<detail::CocoRanked> ranked;
  for (std::size_t begin = 0, end = 0; begin < runs.size(); begin = end) {
    while (end < runs.size() && runs[end].category == runs[begin].category) {
      ++end;
    }
    summary.categories.push_back(runs[begin].category);
    const std::size_t size = summary.place(summary.categories.size(), 0, 0, 0);
    summary.precisions.resize(size, -1);
    summary.recalls.resize(size, -1);
    const std::span<const detail::CocoRun> category = std::span(runs).subspan(begin, end - begin);
    detail::rank_category(category, ranked);
    detail::accumulate_category(category, ranked, options, summary.categories.size() - 1, summary);
  }
  summary.stats = detail::coco_stats(summary, options);
  return summary;
}

/// The detections of one category, or of all, at one area range and threshold, cut at the largest max_detections they
/// were judged with: what average_precision(), precision_recall_curve() and best_f1() take.
///
/// images: from coco_image(), all with the same options, each id once; none give an empty result. category: a label;
/// nullptr: all categories together. area, threshold: places in CocoOptions::areas and iou_thresholds.
/// Order: scores descending, equal ones by image id and then by place.
/// Throws std::invalid_argument for an area or threshold they were not judged at, an id that is there twice, and images
/// judged with different options. O(detections log detections) time; peak memory beside the result: 56 bytes a group of
/// an image and 32 a detection.
[[nodiscard]] inline CategoryOutcomes coco_outcomes(std::span<const CocoImage> images, const std::int64_t* category,
                                                    Index area, Index threshold) {
  CategoryOutcomes result;
  if (images.empty()) {
    return result;
  }
  if (area < 0 || area >= images[0].areas || threshold < 0 || threshold >= images[0].thresholds) {
    detail::invalid("area ", area, " or threshold ", threshold, " is out of range");
  }
  const std::vector<detail::CocoRun> runs = detail::coco_runs(images, images[0].areas, images[0].thresholds, category);
  std::vector<detail::CocoRanked> ranked;
  detail::rank_category(runs, ranked);
  result.scores.reserve(ranked.size());
  result.outcomes.reserve(ranked.size());
  for (const detail::CocoRanked& one : ranked) {
    result.scores.push_back(one.score);
    result.outcomes.push_back(one.image->outcome(detail::at(one.detection), area, threshold));
  }
  result.positives = detail::coco_positives(runs, area);
  return result;
}

}  // namespace boxlap
