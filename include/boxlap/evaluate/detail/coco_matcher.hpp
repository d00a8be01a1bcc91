/// COCO's greedy matching of one image, for all thresholds and area ranges at once.
///
/// pycocotools computes a dense IoU matrix for each category and matches once for each of 4 area ranges and 10
/// thresholds. Here the overlaps come from one sparse matrix of the image (ImagePairs). Candidates are found once a
/// category: pairs of that category that reach the lowest threshold. Only the greedy loop runs 40 times, over few
/// pairs.
///
/// A detection takes the free truth of the largest overlap that is at least the threshold; truths that count are tried
/// before ignored ones; crowd regions are never used up. Which of equal truths wins follows pycocotools' order of
/// truths, category after category in the order of the rows. CocoQuirks says where a plain reading of the rules
/// differs. Cost: O(pairs * areas * thresholds) time; 16 bytes a candidate and 6 bytes a truth beside the result.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "../../base/detail/compiler.hpp"
#include "../../base/detail/error.hpp"
#include "../../base/index.hpp"
#include "../../pairs/csr.hpp"
#include "../coco_types.hpp"
#include "../image_pairs.hpp"
#include "category_rows.hpp"

namespace boxlap::detail {

inline void require_valid(const CocoOptions& options) {
  for (const double t : options.iou_thresholds) {
    if (!(t > 0 && t <= 1)) [[unlikely]] {
      invalid("iou_thresholds has ", t, ", expected numbers above 0 and up to 1");
    }
  }
  if (options.max_detections.empty() || options.max_detections.front() < 1 ||
      !std::is_sorted(options.max_detections.begin(), options.max_detections.end())) [[unlikely]] {
    invalid("max_detections must be positive and ascending, and there must be one");
  }
  for (const CocoArea& area : options.areas) {
    if (!(area.least <= area.most)) [[unlikely]] {
      invalid("areas has ", area.name, " from ", area.least, " to ", area.most);
    }
  }
  if (options.areas.empty() || options.iou_thresholds.empty()) [[unlikely]] {
    invalid("areas and iou_thresholds must not be empty");
  }
}

inline void require_valid(const CocoAnnotations& notes, std::size_t truths, std::size_t detections) {
  const auto check_length = [](const char* what, std::size_t rows, const char* of, std::size_t expected) {
    if (rows != 0) {
      require_same_length(what, rows, of, expected);
    }
  };
  check_length("areas", notes.areas.size(), "truths", truths);
  check_length("crowd", notes.crowd.size(), "truths", truths);
  check_length("ignore", notes.ignore.size(), "truths", truths);
  check_length("truth_ids", notes.truth_ids.size(), "truths", truths);
  check_length("detection_ids", notes.detection_ids.size(), "detections", detections);
  for (std::size_t i = 0; i < notes.areas.size(); ++i) {
    if (!(notes.areas[i] >= 0)) [[unlikely]] {
      invalid("areas[", i, "] is ", notes.areas[i], ", expected 0 or more");
    }
  }
}

/// Matches one image, category by category.
template <class R>
class CocoMatcher {
 public:
  CocoMatcher(const ImagePairs<R>& pairs, CategoryRows truths, CategoryRows detections, std::vector<double> scores,
              const CocoAnnotations& notes, const CocoOptions& options)
      : pairs_(pairs),
        by_detection_(transpose(pairs.shared)),
        truths_(std::move(truths)),
        detections_(std::move(detections)),
        scores_(std::move(scores)),
        notes_(notes),
        options_(options),
        place_(at(pairs.truths())),
        taken_(at(pairs.truths())),
        ignored_(at(pairs.truths())) {}

  [[nodiscard]] CocoImage run(std::int64_t id) {
    forget_categories();
    detections_.rank(scores_);
    for (std::size_t k = 0; k < truths_.order.size(); ++k) {
      place_[at(truths_.order[k])] = static_cast<Index>(k);
    }
    CocoImage image;
    image.id = id;
    image.areas = static_cast<Index>(options_.areas.size());
    image.thresholds = static_cast<Index>(options_.iou_thresholds.size());
    const std::size_t most = at(options_.max_detections.back());
    for (auto merge = merge_categories(truths_, detections_); merge.next();) {
      const std::span<const Index> detections = merge.rows_b();
      judge_group(merge.label(), merge.rows_a(), detections.first((std::min)(detections.size(), most)), image);
    }
    image.groups.shrink_to_fit();  // kept for every image of a data set
    image.positives.shrink_to_fit();
    image.scores.shrink_to_fit();
    image.outcomes.shrink_to_fit();
    return image;
  }

 private:
  /// Without categories the rows keep the order that pycocotools gives them, category after category.
  void forget_categories() {
    if (!options_.use_categories) {
      std::fill(truths_.category.begin(), truths_.category.end(), -1);
      std::fill(detections_.category.begin(), detections_.category.end(), -1);
    }
  }

  [[nodiscard]] bool outside(double area, const CocoArea& range) const {
    return area < range.least || (options_.quirks.closed_areas ? area > range.most : area >= range.most);
  }
  [[nodiscard]] bool is_crowd(Index truth) const { return !notes_.crowd.empty() && notes_.crowd[at(truth)] != 0; }
  [[nodiscard]] bool is_ignored(Index truth, const CocoArea& range) const {
    const bool flagged =
        !options_.quirks.crowd_overwrites_ignore && !notes_.ignore.empty() && notes_.ignore[at(truth)] != 0;
    const double area =
        notes_.areas.empty() ? static_cast<double>(pairs_.truth_areas[at(truth)]) : notes_.areas[at(truth)];
    return flagged || is_crowd(truth) || outside(area, range);
  }

  /// A truth that a detection of its category may be matched to.
  struct Candidate {
    Index truth, place;
    double overlap;  ///< IoU, or the share of the detection inside a crowd region
  };

  /// The candidates of all detections of a group, in the order in which pycocotools tries them.
  void find_candidates(std::int64_t category, std::span<const Index> detections) {
    const double least = *std::min_element(options_.iou_thresholds.begin(), options_.iou_thresholds.end());
    candidates_.clear();
    ends_.clear();
    for (const Index d : detections) {
      const CsrRow<R> row = by_detection_.row(d);
      const auto begin = static_cast<std::ptrdiff_t>(candidates_.size());
      for (std::size_t k = 0; k < row.cols.size(); ++k) {
        const Index t = row.cols[k];
        if (truths_.category[at(t)] != category) {
          continue;
        }
        const R shared = row.values[k];
        const double overlap = static_cast<double>(is_crowd(t) ? pairs_.iof(d, shared) : pairs_.iou(t, d, shared));
        if (overlap >= (std::min)(least, almost_one)) {
          candidates_.push_back({t, place_[at(t)], overlap});
        }
      }
      std::sort(candidates_.begin() + begin, candidates_.end(),
                [](const Candidate& a, const Candidate& b) { return a.place < b.place; });
      ends_.push_back(candidates_.size());
    }
  }

  /// The best free truth for one detection: one that counts if there is any, else an ignored one.
  [[nodiscard]] Index best_truth(std::span<const Candidate> candidates, double threshold) const {
    for (const bool ignored : {false, true}) {
      Index best = none;
      double overlap = (std::min)(threshold, almost_one);
      for (const Candidate& c : candidates) {
        if ((ignored_[at(c.truth)] != 0) != ignored || (taken_[at(c.truth)] != 0 && !is_crowd(c.truth))) {
          continue;
        }
        const bool better =
            best == none || options_.quirks.later_truth_wins ? c.overlap >= overlap : c.overlap > overlap;
        if (better) {
          best = c.truth;
          overlap = c.overlap;
        }
      }
      if (best != none) {
        return best;
      }
    }
    return none;
  }

  struct Verdict {
    Outcome outcome;
    Index truth;  ///< that the detection was matched to, or none
  };

  /// Judges a detection whose betters have been judged, for one area range and threshold.
  [[nodiscard]] BOXLAP_ALWAYS_INLINE Verdict judge(Index d, std::span<const Candidate> candidates,
                                                   const CocoArea& range, double threshold) {
    const bool zero_ids = options_.quirks.id_zero_is_unmatched;
    const Index t = best_truth(candidates, threshold);
    bool matched = t != none, ignored = matched && ignored_[at(t)] != 0;
    if (matched && !(zero_ids && !notes_.detection_ids.empty() && notes_.detection_ids[at(d)] == 0)) {
      taken_[at(t)] = 1;
    }
    if (matched && zero_ids && !notes_.truth_ids.empty() && notes_.truth_ids[at(t)] == 0) {
      matched = false;
    }
    ignored = ignored || (!matched && outside(static_cast<double>(pairs_.prediction_areas[at(d)]), range));
    return {ignored ? Outcome::ignored : matched ? Outcome::true_positive : Outcome::false_positive, t};
  }

  void judge_group(std::int64_t category, std::span<const Index> truths, std::span<const Index> detections,
                   CocoImage& image) {
    find_candidates(category, detections);
    const std::size_t first = image.scores.size(), codes = at(image.areas * image.thresholds);
    for (const Index d : detections) {
      image.scores.push_back(scores_[at(d)]);
      if (options_.list_matches) {
        image.matches.push_back({d, {}, {}});
      }
    }
    image.outcomes.resize((image.scores.size() * codes + 15) / 16);
    for (std::size_t a = 0; a < options_.areas.size(); ++a) {
      Index positives = 0;
      for (const Index t : truths) {
        ignored_[at(t)] = is_ignored(t, options_.areas[a]) ? 1 : 0;
        positives += ignored_[at(t)] == 0 ? 1 : 0;
      }
      image.positives.push_back(positives);
      for (std::size_t i = 0; i < options_.iou_thresholds.size(); ++i) {
        for (const Index t : truths) {
          taken_[at(t)] = 0;
        }
        const CocoArea& range = options_.areas[a];
        const double threshold = options_.iou_thresholds[i];
        const bool list_matches = a == 0 && options_.list_matches;
        const Candidate* candidates = candidates_.data();
        std::size_t code = first * codes + a * options_.iou_thresholds.size() + i;
        for (std::size_t k = 0; k < detections.size(); ++k, code += codes) {
          const Candidate* const end = candidates_.data() + ends_[k];
          const Verdict verdict = judge(detections[k], {candidates, end}, range, threshold);
          candidates = end;
          image.outcomes[code / 16] |= static_cast<std::uint32_t>(verdict.outcome) << (2 * (code % 16));
          if (list_matches) {
            image.matches[first + k].truths.push_back(verdict.truth);
            image.matches[first + k].outcomes.push_back(verdict.outcome);
          }
        }
      }
    }
    image.groups.push_back({category, static_cast<Index>(detections.size())});
  }

  static constexpr double almost_one = 1 - 1e-10;  // pycocotools' largest threshold

  const ImagePairs<R>& pairs_;
  Csr<R> by_detection_;
  CategoryRows truths_, detections_;
  std::vector<double> scores_;
  const CocoAnnotations& notes_;
  const CocoOptions& options_;
  std::vector<Index> place_;           // of each truth in truths_.order
  std::vector<char> taken_, ignored_;  // of each truth, for one area range and threshold
  std::vector<Candidate> candidates_;
  std::vector<std::size_t> ends_;  // of each detection's candidates
};

}  // namespace boxlap::detail
