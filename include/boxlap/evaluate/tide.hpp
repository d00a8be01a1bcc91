/// TIDE: how much average precision each type of error costs.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "average_precision.hpp"
#include "tide_image.hpp"

namespace boxlap {

/// The result of tide_summary(). Percentages, as TIDE prints them.
struct TideSummary {
  double ap = 0;
  std::array<double, tide_errors> d_ap{};          ///< by TideError: the gain of fixing it, at least 0
  std::array<std::int64_t, tide_errors> counts{};  ///< by TideError
  double false_positives = 0;                      ///< the gain if every false positive had the lowest score
  double false_negatives = 0;                      ///< the gain if no truth were left unfound
};

namespace detail {

/// The mean average precision of a data set of which some things were fixed.
class TideCurves {
 public:
  void reserve(std::size_t detections) { points_.reserve(detections); }
  void add(std::int64_t category, double score, bool correct) { points_.push_back({category, score, correct}); }
  void add_positives(std::int64_t category, std::int64_t count) { positives_.push_back({category, count}); }

  /// Over the classes with a detection or a truth; one with detections only counts 0. Equal scores keep their order.
  [[nodiscard]] double mean_ap() {
    std::stable_sort(points_.begin(), points_.end(), [](const Point& a, const Point& b) {
      return a.category != b.category ? a.category < b.category : a.score > b.score;
    });
    std::sort(positives_.begin(), positives_.end(),
              [](const Positives& a, const Positives& b) { return a.category < b.category; });
    double sum = 0;
    std::int64_t classes = 0;
    std::size_t point = 0, group = 0;
    FalseBefore false_before;
    while (point < points_.size() || group < positives_.size()) {
      const std::int64_t category =
          point == points_.size() || (group < positives_.size() && positives_[group].category < points_[point].category)
              ? positives_[group].category
              : points_[point].category;
      std::int64_t positives = 0, misses = 0;
      for (; group < positives_.size() && positives_[group].category == category; ++group) {
        positives += positives_[group].count;
      }
      false_before.clear();
      const std::size_t first = point;
      for (; point < points_.size() && points_[point].category == category; ++point) {
        misses += points_[point].correct ? 0 : 1;
        if (points_[point].correct) {
          false_before.push_back(misses);
        }
      }
      if (positives != 0 || point > first) {
        ++classes;
        sum += positives > 0 ? average_precision_of(false_before, positives, ApRule::exact_101) : 0;
      }
    }
    return classes == 0 ? 0 : 100 * sum / static_cast<double>(classes);
  }

 private:
  struct Point {
    std::int64_t category;
    double score;
    bool correct;
  };
  struct Positives {
    std::int64_t category, count;
  };
  std::vector<Point> points_;
  std::vector<Positives> positives_;
};

/// The images of a data set, by id.
class TideData {
 public:
  explicit TideData(std::span<const TideImage> images) {
    images_.reserve(images.size());
    for (const TideImage& image : images) {
      detections_ += image.detections.size();
      images_.push_back(&image);
    }
    std::sort(images_.begin(), images_.end(), [](const TideImage* a, const TideImage* b) { return a->id < b->id; });
  }

  /// add(curves, detection) says what a detection becomes; positives(truths) how many of them count. TIDE puts false
  /// detections before true ones of equal score once anything is fixed.
  template <class Add, class Positives>
  [[nodiscard]] double mean_ap(bool false_first, const Add& add, const Positives& positives) const {
    TideCurves curves;
    curves.reserve(detections_);
    for (const bool correct : {false, true}) {
      for (const TideImage* image : images_) {
        for (const TideDetection& detection : image->detections) {
          if (false_first ? detection.correct == correct : !correct) {
            add(curves, detection);
          }
        }
      }
    }
    for (const TideImage* image : images_) {
      for (const TideTruths& truths : image->truths) {
        curves.add_positives(truths.category, positives(truths));
      }
    }
    return curves.mean_ap();
  }

 private:
  std::vector<const TideImage*> images_;
  std::size_t detections_ = 0;
};

}  // namespace detail

/// Puts judged images together: TIDE's main and special errors, counts, and average precision.
///
/// Equals tidecv: average precision has 101 recall points; a class with detections but without truth counts 0; each
/// main error is fixed alone, its gain is at least 0. Equal scores are ordered by image id and then by place.
/// O(detections log detections) a kind of error; peak memory: 56 bytes a detection, 8 an image and up to 48 a class of
/// an image.
[[nodiscard]] inline TideSummary tide_summary(std::span<const TideImage> images) {
  const detail::TideData data(images);
  TideSummary summary;
  const auto as_is = [](detail::TideCurves& curves, const TideDetection& d) {
    if (!d.ignored) {
      curves.add(d.category, d.score, d.correct);
    }
  };
  const auto all = [](const TideTruths& truths) { return truths.positives; };
  summary.ap = data.mean_ap(false, as_is, all);
  for (std::size_t k = 0; k < tide_errors; ++k) {
    const auto error = static_cast<TideError>(k);
    const auto fixed = [&](detail::TideCurves& curves, const TideDetection& d) {
      if (d.correct || d.error != error) {
        as_is(curves, d);
      } else if (d.fix_finds) {
        curves.add(d.fixed_category, d.score, true);
      }
    };
    const auto left = [&](const TideTruths& truths) {
      return error == TideError::missed ? truths.positives - truths.missed : truths.positives;
    };
    summary.d_ap[k] = (std::max)(data.mean_ap(true, fixed, left) - summary.ap, 0.0);
  }
  const auto lowest = [](detail::TideCurves& curves, const TideDetection& d) {
    if (!d.ignored) {
      curves.add(d.category, d.correct ? 1 : 0, d.correct);
    }
  };
  summary.false_positives = data.mean_ap(true, lowest, all) - summary.ap;
  summary.false_negatives = data.mean_ap(true, as_is, [](const TideTruths& truths) {
    return truths.positives - truths.unfound;
  }) - summary.ap;
  for (const TideImage& image : images) {
    for (const TideDetection& detection : image.detections) {
      summary.counts[static_cast<std::size_t>(detection.error)] += detection.correct ? 0 : 1;
    }
    for (const TideTruths& truths : image.truths) {
      summary.counts[static_cast<std::size_t>(TideError::missed)] += truths.missed;
    }
  }
  return summary;
}

}  // namespace boxlap
