/// The types of COCO's evaluation: options, quirks, annotations, and the results for one image and for a data set.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "../base/index.hpp"
#include "average_precision.hpp"

namespace boxlap {

/// Objects of these sizes are judged, others ignored.
struct CocoArea {
  std::string name;
  double least = 0, most = 0;  ///< square pixels
};

/// pycocotools' peculiarities. All are on, so that its numbers come out; `CocoQuirks::none()` is the sane reading.
struct CocoQuirks {
  bool closed_areas = true;             ///< area 1024 is small and medium; off: least <= area < most
  bool later_truth_wins = true;         ///< of truths with equal overlap the later one is matched; off: the earlier
  bool crowd_overwrites_ignore = true;  ///< an annotation's ignore flag counts for nothing; off: it is ignored
  bool id_zero_is_unmatched = true;     ///< an annotation or detection with id 0 is never a true positive
  bool rounded_recall_points = true;    ///< ApRule::coco_101; off: ApRule::exact_101
  bool ap_needs_100_detections = true;  ///< the first of the 12 numbers is -1 unless max_detections has 100

  [[nodiscard]] static constexpr CocoQuirks none() { return {false, false, false, false, false, false}; }
};

/// Options of coco_image() and coco_summary(); the defaults are those of pycocotools for boxes.
struct CocoOptions {
  /// 0.5 + i * 0.05, so that the ninth is 0.8999999999999999.
  std::vector<double> iou_thresholds = {0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.8999999999999999, 0.95};
  std::vector<CocoArea> areas = {{"all", 0, 1e10}, {"small", 0, 1024}, {"medium", 1024, 9216}, {"large", 9216, 1e10}};
  std::vector<Index> max_detections = {1, 10, 100};  ///< of an image and category, ascending
  bool use_categories = true;                        ///< false: everything is one category, pycocotools' useCats = 0
  bool list_matches = false;                         ///< fill CocoImage::matches
  int threads = 1;                                   ///< of the join; 0: all cores
  CocoQuirks quirks;
};

/// What COCO's annotations say besides shape and category. An empty span: nothing is said.
struct CocoAnnotations {
  std::span<const double> areas = {};                ///< of a truth; empty: the area of its shape
  std::span<const std::uint8_t> crowd = {};          ///< 1: a region of many objects, which any number may match
  std::span<const std::uint8_t> ignore = {};         ///< see CocoQuirks::crowd_overwrites_ignore
  std::span<const std::int64_t> truth_ids = {};      ///< see CocoQuirks::id_zero_is_unmatched
  std::span<const std::int64_t> detection_ids = {};  ///< the same
};

/// The detections and truths of one category in one image.
struct CocoGroup {
  std::int64_t category = 0;
  Index detections = 0;
  [[nodiscard]] friend bool operator==(const CocoGroup&, const CocoGroup&) = default;
};

/// A detection and the truths it was matched to at the first area range.
struct CocoMatch {
  Index detection = none;         ///< row
  std::vector<Index> truths;      ///< row or none, one a threshold
  std::vector<Outcome> outcomes;  ///< one a threshold
};

/// One image, judged: a plain value of (64 + 2 areas * thresholds) bits a detection. Made by coco_image(), read by
/// coco_summary(); a summary over any grouping or order of them is the same to the last bit.
struct CocoImage {
  std::int64_t id = 0;
  Index areas = 0, thresholds = 0;
  std::vector<CocoGroup> groups;        ///< ascending by category
  std::vector<Index> positives;         ///< truths to be found, [group][area]
  std::vector<double> scores;           ///< group after group, descending
  std::vector<std::uint32_t> outcomes;  ///< 2 bits each, [detection][area][threshold]
  std::vector<CocoMatch> matches;       ///< with CocoOptions::list_matches, in the order of `scores`

  [[nodiscard]] Outcome outcome(std::size_t detection, Index area, Index threshold) const noexcept {
    const std::size_t at = detection * detail::at(areas * thresholds) + detail::at(area * thresholds + threshold);
    return static_cast<Outcome>(outcomes[at / 16] >> (2 * (at % 16)) & 3U);
  }
};

/// The result of coco_summary(). -1 means that there was no truth to find, as in pycocotools; such entries are left
/// out of means.
struct CocoSummary {
  /// AP, AP50, AP75, AP small, medium, large, AR of the three max_detections, AR small, medium, large.
  std::array<double, 12> stats{};
  std::vector<std::int64_t> categories;  ///< all that an image has, ascending; {-1} without use_categories
  Index areas = 0, limits = 0, thresholds = 0;
  std::vector<double> precisions, recalls;  ///< [category][area][max_detections][threshold]

  [[nodiscard]] std::size_t place(std::size_t category, Index area, Index limit, Index threshold) const noexcept {
    return ((category * detail::at(areas) + detail::at(area)) * detail::at(limits) + detail::at(limit)) *
               detail::at(thresholds) +
           detail::at(threshold);
  }
  /// Average precision of one category (its place in `categories`) at one area range, limit and threshold.
  [[nodiscard]] double ap(std::size_t category, Index area, Index limit, Index threshold) const noexcept {
    return precisions[place(category, area, limit, threshold)];
  }
  /// The largest recall, as ap().
  [[nodiscard]] double ar(std::size_t category, Index area, Index limit, Index threshold) const noexcept {
    return recalls[place(category, area, limit, threshold)];
  }
};

/// The detections of one category over all images, for curves and tables: scores and what they turned out to be.
struct CategoryOutcomes {
  std::vector<double> scores;
  std::vector<Outcome> outcomes;
  std::int64_t positives = 0;
};

}  // namespace boxlap
