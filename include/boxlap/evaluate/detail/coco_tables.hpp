/// COCO's tables over a data set: precision and recall of each category, area range, limit and threshold.
///
/// pycocotools keeps the matches of all images as dense arrays and sorts the scores of a category again for each area
/// range and limit. Here the groups of all images (one category of one image each) are sorted by category once. The
/// detections of a category are then ranked once, and each combination of area range and threshold is one pass over
/// them, for all limits together: a detection at place k of its image counts for every limit above k.
///
/// Equal scores are ordered by image id and then by place, so the tables do not depend on the order of the images.
/// Cost: O(detections * (log + areas * limits * thresholds)) time; 56 bytes a group, and 32 bytes a detection of the
/// largest category.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "../../base/detail/error.hpp"
#include "../../base/index.hpp"
#include "../average_precision.hpp"
#include "../coco_types.hpp"

namespace boxlap::detail {

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

}  // namespace boxlap::detail
