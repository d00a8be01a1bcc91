/// TIDE's analysis of one image: which detections are false, and why.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "../base/detail/error.hpp"
#include "../base/detail/sorting.hpp"
#include "../base/range.hpp"
#include "../pairs/csr.hpp"
#include "average_precision.hpp"
#include "detail/category_rows.hpp"
#include "image_pairs.hpp"

namespace boxlap {

/// What is wrong with a false positive, or with a truth that nothing found.
enum class TideError : std::uint8_t {
  classification,  ///< on an object of another class
  localization,    ///< on an object of its class, but too far off
  both,            ///< near an object of another class
  duplicate,       ///< on an object that a better detection has
  background,      ///< on nothing
  missed,          ///< a truth that no detection comes near
};
inline constexpr std::size_t tide_errors = 6;

/// Options of tide_image().
struct TideOptions {
  double positive = 0.5;       ///< a true positive has at least this IoU
  double background = 0.1;     ///< at most this IoU is nothing
  Index max_detections = 100;  ///< of an image, all classes together
};

/// A detection and, where it is false, the reason and what it would be if that were fixed.
struct TideDetection {
  double score = 0;
  std::int64_t category = 0;
  bool correct = false;
  bool ignored = false;  ///< in an ignored region: not in the average precision, but it has an error and may be fixed
  TideError error = TideError::background;
  bool fix_finds = false;  ///< fixed, it would be a true positive of `fixed_category`; else it would be gone
  std::int64_t fixed_category = 0;
};

/// The truths of one class in one image.
struct TideTruths {
  std::int64_t category = 0;
  std::int64_t positives = 0, unfound = 0, missed = 0;
};

/// One image, judged: a plain value. A summary over any grouping or order of them is the same to the last bit.
struct TideImage {
  std::int64_t id = 0;
  std::vector<TideDetection> detections;  ///< scores descending
  std::vector<TideTruths> truths;         ///< ascending by category
};

namespace detail {

/// The errors of one image. Rows of by_detection_ are detections, columns truths.
template <class R>
class TideJudge {
 public:
  TideJudge(const ImagePairs<R>& pairs, std::vector<std::int64_t> truth_labels,
            std::vector<std::int64_t> detection_labels, std::span<const std::uint8_t> ignored,
            const TideOptions& options)
      : pairs_(pairs),
        by_detection_(transpose(pairs.shared)),
        truth_labels_(std::move(truth_labels)),
        labels_(std::move(detection_labels)),
        ignored_(ignored),
        options_(options),
        used_(truth_labels_.size()),
        usable_(truth_labels_.size()),
        claimed_(truth_labels_.size()) {}

  template <class S>
  [[nodiscard]] TideImage run(std::int64_t id, std::span<const Index> ranked, const S& scores) {
    TideImage image;
    image.id = id;
    image.detections.reserve(ranked.size());
    std::vector<Index> false_ones;
    std::vector<std::size_t> places;
    for (const Index d : ranked) {
      const bool correct = match(d);
      if (!correct) {
        false_ones.push_back(d);
        places.push_back(image.detections.size());
      }
      image.detections.push_back({.score = static_cast<double>(element(scores, d)),
                                  .category = labels_[at(d)],
                                  .correct = correct,
                                  .ignored = !correct && in_ignored_region(d)});
    }
    for (std::size_t k = 0; k < false_ones.size(); ++k) {  // only now is it known which truths were found
      explain(false_ones[k], image.detections[places[k]]);
    }
    add_truths(image);
    return image;
  }

 private:
  struct Best {
    Index truth = none;
    double iou = 0;
  };

  [[nodiscard]] bool is_ignored(Index t) const { return !ignored_.empty() && ignored_[at(t)] != 0; }

  /// The truth of the largest IoU among those that `fits`, the first of equal ones.
  template <class Fits>
  [[nodiscard]] Best best(Index d, const Fits& fits) const {
    Best found;
    const CsrRow<R> row = by_detection_.row(d);
    for (std::size_t k = 0; k < row.cols.size(); ++k) {
      const Index t = row.cols[k];
      const double iou = static_cast<double>(pairs_.iou(t, d, row.values[k]));
      if (iou > found.iou && !is_ignored(t) && fits(t)) {
        found = {t, iou};
      }
    }
    return found;
  }

  [[nodiscard]] bool same_class(Index t, Index d) const { return truth_labels_[at(t)] == labels_[at(d)]; }

  [[nodiscard]] bool match(Index d) {
    const Best free = best(d, [&](Index t) { return same_class(t, d) && used_[at(t)] == 0; });
    if (free.truth == none || free.iou < options_.positive) {
      return false;
    }
    used_[at(free.truth)] = 1;
    return true;
  }

  [[nodiscard]] bool in_ignored_region(Index d) const {
    const CsrRow<R> row = by_detection_.row(d);
    for (std::size_t k = 0; k < row.cols.size(); ++k) {
      const Index t = row.cols[k];
      if (is_ignored(t) && same_class(t, d) && static_cast<double>(pairs_.iof(d, row.values[k])) > options_.positive) {
        return true;
      }
    }
    return false;
  }

  /// Of the false detections that would find an unfound truth, the first one, which has the best score, gets it.
  void claim(Index t, TideDetection& detection, std::int64_t category) {
    if (used_[at(t)] != 0) {
      return;
    }
    usable_[at(t)] = 1;
    if (claimed_[at(t)] == 0) {
      claimed_[at(t)] = 1;
      detection.fix_finds = true;
      detection.fixed_category = category;
    }
  }

  void explain(Index d, TideDetection& detection) {
    const Best own = best(d, [&](Index t) { return same_class(t, d); });
    if (own.truth != none && options_.background <= own.iou && own.iou <= options_.positive) {
      detection.error = TideError::localization;
      claim(own.truth, detection, labels_[at(d)]);
      return;
    }
    const Best other = best(d, [&](Index t) { return !same_class(t, d); });
    if (other.truth != none && other.iou >= options_.positive) {
      detection.error = TideError::classification;
      claim(other.truth, detection, truth_labels_[at(other.truth)]);
      return;
    }
    const Best found = best(d, [&](Index t) { return same_class(t, d) && used_[at(t)] != 0; });
    if (found.truth != none && found.iou >= options_.positive) {
      detection.error = TideError::duplicate;
      return;
    }
    const bool nothing = (std::max)(own.iou, other.iou) <= options_.background;
    detection.error = nothing ? TideError::background : TideError::both;
  }

  void add_truths(TideImage& image) const {
    image.truths.reserve(truth_labels_.size());
    for (std::size_t t = 0; t < truth_labels_.size(); ++t) {
      if (!is_ignored(static_cast<Index>(t))) {
        const bool unfound = used_[t] == 0;
        image.truths.push_back({truth_labels_[t], 1, unfound ? 1 : 0, unfound && usable_[t] == 0 ? 1 : 0});
      }
    }
    std::stable_sort(image.truths.begin(), image.truths.end(),
                     [](const TideTruths& a, const TideTruths& b) { return a.category < b.category; });
    std::size_t kept = 0;
    for (const TideTruths& one : image.truths) {
      if (kept > 0 && image.truths[kept - 1].category == one.category) {
        image.truths[kept - 1].positives += one.positives;
        image.truths[kept - 1].unfound += one.unfound;
        image.truths[kept - 1].missed += one.missed;
      } else {
        image.truths[kept++] = one;
      }
    }
    image.truths.resize(kept);
    image.truths.shrink_to_fit();  // kept for every image of a data set
  }

  const ImagePairs<R>& pairs_;
  Csr<R> by_detection_;
  std::vector<std::int64_t> truth_labels_, labels_;
  std::span<const std::uint8_t> ignored_;
  const TideOptions& options_;
  std::vector<char> used_, usable_, claimed_;  // of each truth
};

}  // namespace detail

/// Finds the errors of one image, from pairs that are already known.
///
/// id: of the image; it orders equal scores of different images, for which tidecv takes the place in the file.
/// Detections of all classes, the max_detections best of them, are matched from the highest score down (equal scores by
/// row), each to the free truth of its class with the largest IoU, if that is at least options.positive. `ignored`
/// flags truths that are regions to leave out (crowds; empty: none): they are not to be found, and a false detection of
/// their class of which more than options.positive lies in one is dropped. Every other false detection gets the first
/// reason that applies of localization, classification, duplicate, background, both. Throws std::invalid_argument for
/// lengths that differ, NaN scores, labels above std::int64_t, and thresholds that are not 0 < background <= positive
/// <= 1. O((n + m) log(n + m) + pairs); peak memory, the result included: 64 bytes a truth, 24 bytes a detection and 64
/// more for one that max_detections leaves, 12 bytes a pair (8 in float).
template <class R, Labels LA, Labels LB, Numbers S>
[[nodiscard]] TideImage tide_image(std::int64_t id, const ImagePairs<R>& pairs, const LA& truth_labels,
                                   const LB& detection_labels, const S& scores,
                                   std::span<const std::uint8_t> ignored = {}, const TideOptions& options = {}) {
  detail::require_lengths(pairs, truth_labels, detection_labels, scores, "ignored", ignored);
  if (!(options.background > 0 && options.background <= options.positive && options.positive <= 1)) [[unlikely]] {
    detail::invalid("background is ", options.background, " and positive is ", options.positive,
                    ", expected 0 < background <= positive <= 1");
  }
  detail::require_scores(scores);
  std::vector<Index> ranked = detail::order_descending(scores);
  ranked.resize((std::min)(ranked.size(), detail::at((std::max)(options.max_detections, Index{0}))));
  return detail::TideJudge<R>(pairs, detail::categories_of(truth_labels, "truth_labels"),
                              detail::categories_of(detection_labels, "detection_labels"), ignored, options)
      .run(id, ranked, scores);
}

}  // namespace boxlap
