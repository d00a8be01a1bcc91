/// One image judged by COCO's rules: which detections are true, false or to be ignored, at all thresholds and area
/// ranges.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "coco_types.hpp"
#include "detail/category_rows.hpp"
#include "image_pairs.hpp"

namespace boxlap {
namespace detail {

/// The matching of one image, category by category. Everything it needs is gathered once; judge() then runs over the
/// pairs of one category for one area range and threshold.
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

  /// The candidates of all detections of a group, in the order in which pycocotools would meet them.
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

  /// Judges the detections of a group, best score first, for one area range and threshold.
  template <class Report>
  void judge(std::span<const Index> detections, const CocoArea& range, double threshold, const Report& report) {
    const bool zero_ids = options_.quirks.id_zero_is_unmatched;
    std::size_t begin = 0;
    for (std::size_t k = 0; k < detections.size(); ++k) {
      const Index d = detections[k];
      const Index t = best_truth(std::span(candidates_).subspan(begin, ends_[k] - begin), threshold);
      begin = ends_[k];
      bool matched = t != none, ignored = matched && ignored_[at(t)] != 0;
      if (matched && !(zero_ids && !notes_.detection_ids.empty() && notes_.detection_ids[at(d)] == 0)) {
        taken_[at(t)] = 1;
      }
      if (matched && zero_ids && !notes_.truth_ids.empty() && notes_.truth_ids[at(t)] == 0) {
        matched = false;
      }
      ignored = ignored || (!matched && outside(static_cast<double>(pairs_.prediction_areas[at(d)]), range));
      report(k, ignored ? Outcome::ignored : matched ? Outcome::true_positive : Outcome::false_positive, t);
    }
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
        judge(detections, options_.areas[a], options_.iou_thresholds[i],
              [&](std::size_t k, Outcome outcome, Index truth) {
                const std::size_t code = (first + k) * codes + a * options_.iou_thresholds.size() + i;
                image.outcomes[code / 16] |= static_cast<std::uint32_t>(outcome) << (2 * (code % 16));
                if (a == 0 && options_.list_matches) {
                  image.matches[first + k].truths.push_back(truth);
                  image.matches[first + k].outcomes.push_back(outcome);
                }
              });
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

}  // namespace detail

/// Judges one image from pairs that are already known, so that other metrics can read the same pass over them.
///
/// Peak memory with the default thresholds and areas, the result included: 20 bytes a truth, 28 bytes a detection and
/// 44 more for one that max_detections leaves, 12 bytes a pair (8 in float), and up to 48 more for a pair of one
/// category that reaches the lowest threshold.
template <class R, Labels LA, Labels LB, Numbers S>
[[nodiscard]] CocoImage coco_image(std::int64_t id, const ImagePairs<R>& pairs, const LA& truth_labels,
                                   const LB& detection_labels, const S& scores, const CocoAnnotations& notes = {},
                                   const CocoOptions& options = {}) {
  detail::check(options);
  const std::size_t n = detail::at(pairs.truths()), m = detail::at(pairs.predictions());
  detail::require_lengths(pairs, truth_labels, detection_labels, scores);
  detail::check(notes, n, m);
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
/// and what the overload above needs, whichever is more.
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
