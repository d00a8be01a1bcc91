/// Pascal VOC's and DOTA's metrics: average precision of each class, each detection judged by its best truth alone.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "average_precision.hpp"
#include "detail/category_rows.hpp"
#include "detail/reproducible_sum.hpp"
#include "image_pairs.hpp"

namespace boxlap {

/// Options of voc_image().
struct VocOptions {
  double iou_threshold = 0.5;
  bool at_least = false;  ///< false: IoU > threshold, the devkits. true: >=, Object-Detection-Metrics and its forks
  int threads = 1;        ///< of the join; 0: all cores
};

/// The detections of one class in one image.
struct VocGroup {
  std::int64_t category = 0;
  std::int64_t positives = 0;  ///< truths that are not difficult
  Index detections = 0;
  [[nodiscard]] friend bool operator==(const VocGroup&, const VocGroup&) = default;
};

/// One image, judged: a plain value of 9 bytes a detection. A summary over any grouping or order of them is the same to
/// the last bit.
struct VocImage {
  std::int64_t id = 0;
  std::vector<VocGroup> groups;   ///< ascending by category
  std::vector<double> scores;     ///< group after group, descending
  std::vector<Outcome> outcomes;  ///< of each score
  [[nodiscard]] friend bool operator==(const VocImage&, const VocImage&) = default;
};

/// One class of a VocSummary.
struct VocClass {
  std::int64_t category = 0;
  std::int64_t positives = 0, true_positives = 0, false_positives = 0;
  double ap = 0;  ///< NaN without a truth to find
};

/// The result of voc_summary().
struct VocSummary {
  double mean_ap = 0;             ///< over the classes that have a truth to find; NaN without any
  std::vector<VocClass> classes;  ///< ascending by category
};

/// The box with `pixels` added to its far corners: VOC's inclusive corners are +1; maskrcnn-benchmark's evaluation adds
/// 1 twice, so +2. Convert once, before evaluation: all formulas then use continuous coordinates.
template <class T>
[[nodiscard]] constexpr Box<T> with_pixels(const Box<T>& box, T pixels) noexcept {
  return {box.x1, box.y1, box.x2 + pixels, box.y2 + pixels};
}

/// Judges the detections of one image by the rules of Pascal VOC and DOTA, from pairs that are already known.
///
/// pairs: of the image, see image_pairs(); other metrics can read the same ones. id: of the image; it orders equal
/// scores of different images. Labels: one a row, any integer or enumeration. scores: one a detection. difficult: one
/// flag a truth, empty for none. Matching, order and ties are those of voc_image(id, truths, detections, ...). Either
/// side may be empty. Throws std::invalid_argument for NaN scores (naming the row), labels above std::int64_t, lengths
/// that differ, and a threshold outside [0, 1]. O((n + m) log(n + m) + pairs) time. Peak memory, the result included:
/// 16 bytes a truth, 28 bytes a detection and 12 bytes a pair (8 in float).
template <class R, Labels LA, Labels LB, Numbers S>
[[nodiscard]] VocImage voc_image(std::int64_t id, const ImagePairs<R>& pairs, const LA& truth_labels,
                                 const LB& detection_labels, const S& scores,
                                 std::span<const std::uint8_t> difficult = {}, const VocOptions& options = {}) {
  if (!(options.iou_threshold >= 0 && options.iou_threshold <= 1)) [[unlikely]] {
    detail::invalid("iou_threshold is ", options.iou_threshold, ", expected 0 to 1");
  }
  detail::require_lengths(pairs, truth_labels, detection_labels, scores, "difficult", difficult);
  detail::require_scores(scores);
  const auto is_difficult = [&](Index truth) { return !difficult.empty() && difficult[detail::at(truth)] != 0; };
  const detail::CategoryRows truths = detail::rows_by_category(truth_labels, "truth_labels");
  detail::CategoryRows detections = detail::rows_by_category(detection_labels, "detection_labels");
  detections.rank(scores);
  const Csr<R> by_detection = transpose(pairs.shared);
  std::vector<char> taken(detail::at(pairs.truths()));

  const auto judge = [&](Index d, std::int64_t category) {
    const CsrRow<R> row = by_detection.row(d);
    Index best = none;
    R overlap = 0;
    for (std::size_t k = 0; k < row.cols.size(); ++k) {
      const R iou = pairs.iou(row.cols[k], d, row.values[k]);
      if (truths.category[detail::at(row.cols[k])] == category && iou > overlap) {  // the first of equal truths
        best = row.cols[k];
        overlap = iou;
      }
    }
    const double iou = static_cast<double>(overlap);
    if (best == none || !(options.at_least ? iou >= options.iou_threshold : iou > options.iou_threshold)) {
      return Outcome::false_positive;
    }
    if (is_difficult(best)) {
      return Outcome::ignored;
    }
    const bool free = taken[detail::at(best)] == 0;
    taken[detail::at(best)] = 1;
    return free ? Outcome::true_positive : Outcome::false_positive;
  };

  VocImage image;
  image.id = id;
  image.scores.reserve(detail::at(pairs.predictions()));
  image.outcomes.reserve(detail::at(pairs.predictions()));
  for (auto merge = detail::merge_categories(truths, detections); merge.next();) {
    VocGroup group{merge.label(), 0, static_cast<Index>(merge.rows_b().size())};
    group.positives =
        std::count_if(merge.rows_a().begin(), merge.rows_a().end(), [&](Index t) { return !is_difficult(t); });
    for (const Index d : merge.rows_b()) {
      image.scores.push_back(static_cast<double>(detail::element(scores, d)));
      image.outcomes.push_back(judge(d, group.category));
    }
    image.groups.push_back(group);
  }
  return image;
}

/// Judges the detections of one image by the rules of Pascal VOC and DOTA.
///
/// id: of the image; it orders equal scores of different images. truths, detections: shapes of any kinds whose overlap
/// is known. difficult: one flag a truth, empty for none. From the highest score down (equal scores by row), each
/// detection looks only at the truth of its class with the largest IoU (the first of equal ones): above the threshold
/// it is true if that truth is free, false if it is taken, ignored if it is difficult; else false. There is no second
/// try, which is the difference to COCO.
///
/// Equals the VOC and DOTA devkits (quadrilaterals as Polygon); pixel conventions: with_pixels(). Throws
/// std::invalid_argument naming the row for NaN, infinite and inverted shapes and NaN scores, for labels above
/// std::int64_t, for lengths that differ and for a threshold outside [0, 1]. O((n + m) log(n + m) + pairs). Peak
/// memory: that of image_pairs(), or its result and what voc_image(id, pairs, ...) needs, whichever is more.
template <Shapes A, Shapes B, Labels LA, Labels LB, Numbers S>
requires OverlappingShapes<A, B>
[[nodiscard]] VocImage voc_image(std::int64_t id, const A& truths, const B& detections, const LA& truth_labels,
                                 const LB& detection_labels, const S& scores,
                                 std::span<const std::uint8_t> difficult = {}, const VocOptions& options = {}) {
  return voc_image(id, image_pairs(truths, detections, options.threads), truth_labels, detection_labels, scores,
                   difficult, options);
}

/// Puts judged images together: average precision of each class, and its mean over the classes with a truth to find.
///
/// Equal scores are ordered by image id and then by row. A class without truth to find has ap NaN and is left out of
/// the mean; one that is never detected has 0. O(detections log detections); memory: 40 bytes a class of an image and
/// 37 bytes a detection of the largest class, 57 where many scores are nearly equal.
[[nodiscard]] inline VocSummary voc_summary(std::span<const VocImage> images, ApRule rule = ApRule::all_point) {
  struct Run {
    std::int64_t category;
    const VocImage* image;
    std::size_t group, first;
  };
  std::vector<Run> runs;
  std::size_t groups = 0;
  for (const VocImage& image : images) {
    groups += image.groups.size();
  }
  runs.reserve(groups);
  for (const VocImage& image : images) {
    std::size_t first = 0;
    for (std::size_t group = 0; group < image.groups.size(); ++group) {
      runs.push_back({image.groups[group].category, &image, group, first});
      first += detail::at(image.groups[group].detections);
    }
  }
  std::sort(runs.begin(), runs.end(), [](const Run& a, const Run& b) {
    return a.category != b.category ? a.category < b.category : a.image->id < b.image->id;
  });
  VocSummary summary;
  detail::ReproducibleSum mean;
  std::vector<double> scores;
  std::vector<Outcome> outcomes;
  for (std::size_t begin = 0, end = 0; begin < runs.size(); begin = end) {
    VocClass one{.category = runs[begin].category};
    scores.clear();
    outcomes.clear();
    for (; end < runs.size() && runs[end].category == one.category; ++end) {
      const Run& run = runs[end];
      const VocGroup& group = run.image->groups[run.group];
      one.positives += group.positives;
      const auto from = static_cast<std::ptrdiff_t>(run.first), to = from + group.detections;
      scores.insert(scores.end(), run.image->scores.begin() + from, run.image->scores.begin() + to);
      outcomes.insert(outcomes.end(), run.image->outcomes.begin() + from, run.image->outcomes.begin() + to);
    }
    one.true_positives = std::count(outcomes.begin(), outcomes.end(), Outcome::true_positive);
    one.false_positives = std::count(outcomes.begin(), outcomes.end(), Outcome::false_positive);
    one.ap = average_precision(scores, outcomes, one.positives, rule);
    if (one.positives > 0) {
      mean.add(one.ap);
    }
    summary.classes.push_back(one);
  }
  summary.mean_ap = mean.mean_or(std::numeric_limits<double>::quiet_NaN());
  return summary;
}

template <class A, detail::PlainBeside<A> B, class... Rest>
void voc_image(std::int64_t, const A& numbers_are_no_boxes_yet, const B&, const Rest&...) = delete;  // boxlap::view
template <class A, class B, class LA, class LB, class... Rest>
requires detail::FloatingLabels<LA> || detail::FloatingLabels<LB>
void voc_image(std::int64_t, const A&, const B&, const LA& labels_are_integers, const LB&,  // boxlap::view() casts
               const Rest&...) = delete;

}  // namespace boxlap
