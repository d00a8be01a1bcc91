/// COCO's metrics: average precision and recall over thresholds, object sizes and numbers of detections.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "../shape/box.hpp"
#include "coco_image.hpp"

namespace boxlap {

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

namespace detail {

/// Where the detections of one category and image are.
struct CocoRun {
  std::int64_t category;
  const CocoImage* image;
  std::size_t group, first;  ///< in image->groups and image->scores
};

/// The groups of all images, of one category or (nullptr) all, ascending by category and then by image id.
[[nodiscard]] inline std::vector<CocoRun> coco_runs(std::span<const CocoImage> images, Index areas, Index thresholds,
                                                    const std::int64_t* only = nullptr) {
  std::vector<const CocoImage*> sorted;
  sorted.reserve(images.size());
  std::size_t groups = 0;
  for (const CocoImage& image : images) {
    groups += image.groups.size();
    if (image.areas != areas || image.thresholds != thresholds) [[unlikely]] {
      invalid("image ", image.id, " was judged with other options: ", image.areas, " areas and ", image.thresholds,
              " thresholds");
    }
    sorted.push_back(&image);
  }
  std::sort(sorted.begin(), sorted.end(), [](const CocoImage* a, const CocoImage* b) { return a->id < b->id; });
  std::vector<CocoRun> runs;
  runs.reserve(groups);
  for (std::size_t k = 0; k < sorted.size(); ++k) {
    if (k > 0 && sorted[k]->id == sorted[k - 1]->id) [[unlikely]] {
      invalid("image ", sorted[k]->id, " is there twice");
    }
    std::size_t first = 0;
    for (std::size_t group = 0; group < sorted[k]->groups.size(); ++group) {
      if (only == nullptr || sorted[k]->groups[group].category == *only) {
        runs.push_back({sorted[k]->groups[group].category, sorted[k], group, first});
      }
      first += at(sorted[k]->groups[group].detections);
    }
  }
  std::stable_sort(runs.begin(), runs.end(),
                   [](const CocoRun& a, const CocoRun& b) { return a.category < b.category; });
  return runs;
}

/// A detection of a category: where its outcomes are, and its place among those of its image.
struct CocoRanked {
  double score;
  const CocoImage* image;
  Index detection, rank;
};

/// The detections of one category, scores descending, equal ones by image id and then by place.
inline void rank_category(std::span<const CocoRun> runs, std::vector<CocoRanked>& ranked) {
  ranked.clear();
  std::size_t detections = 0;
  for (const CocoRun& run : runs) {
    detections += at(run.image->groups[run.group].detections);
  }
  ranked.reserve(detections);
  for (const CocoRun& run : runs) {
    for (Index k = 0; k < run.image->groups[run.group].detections; ++k) {
      const std::size_t detection = run.first + at(k);
      ranked.push_back({run.image->scores[detection], run.image, static_cast<Index>(detection), k});
    }
  }
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const CocoRanked& a, const CocoRanked& b) { return a.score > b.score; });
}

[[nodiscard]] inline std::int64_t coco_positives(std::span<const CocoRun> runs, Index area) {
  std::int64_t positives = 0;
  for (const CocoRun& run : runs) {
    positives += run.image->positives[run.group * at(run.image->areas) + at(area)];
  }
  return positives;
}

/// The mean of the entries above -1, or -1 where there is none.
class CocoMean {
 public:
  void add(double value) {
    if (value > -1) {
      sum_ += value;
      ++count_;
    }
  }
  [[nodiscard]] double value() const { return count_ == 0 ? -1 : sum_ / static_cast<double>(count_); }

 private:
  double sum_ = 0;
  std::int64_t count_ = 0;
};

/// One of the 12 numbers: the mean over all categories, at one threshold or all.
[[nodiscard]] inline double coco_stat(const CocoSummary& summary, const CocoOptions& options, bool recall,
                                      std::string_view area, Index limit, double only_threshold = 0) {
  CocoMean mean;
  for (std::size_t a = 0; a < options.areas.size() && limit >= 0 && limit < summary.limits; ++a) {
    for (std::size_t c = 0; c < summary.categories.size() && options.areas[a].name == area; ++c) {
      for (Index t = 0; t < summary.thresholds; ++t) {
        if (only_threshold == 0 || options.iou_thresholds[at(t)] == only_threshold) {
          const Index row = static_cast<Index>(a);
          mean.add(recall ? summary.ar(c, row, limit, t) : summary.ap(c, row, limit, t));
        }
      }
    }
  }
  return mean.value();
}

[[nodiscard]] inline std::array<double, 12> coco_stats(const CocoSummary& summary, const CocoOptions& options) {
  const auto hundred = std::find(options.max_detections.begin(), options.max_detections.end(), Index{100});
  const Index limit_of_ap = !options.quirks.ap_needs_100_detections ? 2
                            : hundred == options.max_detections.end()
                                ? none
                                : static_cast<Index>(hundred - options.max_detections.begin());
  return {coco_stat(summary, options, false, "all", limit_of_ap),
          coco_stat(summary, options, false, "all", 2, 0.5),
          coco_stat(summary, options, false, "all", 2, 0.75),
          coco_stat(summary, options, false, "small", 2),
          coco_stat(summary, options, false, "medium", 2),
          coco_stat(summary, options, false, "large", 2),
          coco_stat(summary, options, true, "all", 0),
          coco_stat(summary, options, true, "all", 1),
          coco_stat(summary, options, true, "all", 2),
          coco_stat(summary, options, true, "small", 2),
          coco_stat(summary, options, true, "medium", 2),
          coco_stat(summary, options, true, "large", 2)};
}

/// Fills average precision and recall of one category at all area ranges, limits and thresholds.
inline void accumulate_category(std::span<const CocoRun> runs, const std::vector<CocoRanked>& ranked,
                                const CocoOptions& options, std::size_t category, CocoSummary& summary) {
  const ApRule rule = options.quirks.rounded_recall_points ? ApRule::coco_101 : ApRule::exact_101;
  std::vector<FalseBefore> false_before(at(summary.limits));  // of each limit
  std::vector<std::int64_t> misses(at(summary.limits));
  for (Index a = 0; a < summary.areas; ++a) {
    const std::int64_t positives = coco_positives(runs, a);
    if (positives == 0) {
      continue;
    }
    for (FalseBefore& one : false_before) {
      one.reserve((std::min)(ranked.size(), static_cast<std::size_t>(positives)));
    }
    for (Index t = 0; t < summary.thresholds; ++t) {
      for (FalseBefore& one : false_before) {
        one.clear();
      }
      std::fill(misses.begin(), misses.end(), 0);
      for (const CocoRanked& one : ranked) {
        const Outcome outcome = one.image->outcome(at(one.detection), a, t);
        if (outcome == Outcome::ignored) {
          continue;
        }
        for (std::size_t limit = misses.size(); limit-- > 0 && one.rank < options.max_detections[limit];) {
          misses[limit] += outcome == Outcome::false_positive ? 1 : 0;
          if (outcome == Outcome::true_positive) {
            false_before[limit].push_back(misses[limit]);
          }
        }
      }
      for (Index limit = 0; limit < summary.limits; ++limit) {
        const FalseBefore& found = false_before[at(limit)];
        const std::size_t place = summary.place(category, a, limit, t);
        summary.precisions[place] = average_precision_of(found, positives, rule);
        summary.recalls[place] = static_cast<double>(found.size()) / static_cast<double>(positives);
      }
    }
  }
}

}  // namespace detail

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
