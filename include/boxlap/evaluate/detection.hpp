/// Recall, precision and class recall of a set of images by optimal one-to-one matching: DeepForest's evaluation.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "../match/assign.hpp"
#include "detail/category_rows.hpp"
#include "detail/reproducible_sum.hpp"
#include "image_pairs.hpp"

namespace boxlap {

/// What the one-to-one matching of truths and predictions maximises.
enum class MatchRule {
  intersection,  ///< total shared area: DeepForest's rule. A large sloppy box may take a truth from a small exact one.
  iou,           ///< total IoU
  gated,         ///< total IoU over pairs with IoU > iou_threshold only: a pair that cannot count takes nothing away
};

/// Options of score_image().
struct ScoreOptions {
  double iou_threshold = 0.4;  ///< an assigned pair is a match if its IoU is greater (exactly equal is none; at 1
                               ///< and above, as 40 for 0.4, nothing is)
  MatchRule rule = MatchRule::intersection;
  int threads = 1;  ///< of the join; 0: all cores
};

/// A truth and the prediction it was given.
struct AssignedPair {
  Index truth = none, prediction = none;
  double iou = 0;
  bool match = false;  ///< iou > iou_threshold
  [[nodiscard]] friend bool operator==(const AssignedPair&, const AssignedPair&) = default;
};

/// What the matches of one image say about one label.
struct LabelTally {
  std::int64_t label = 0;
  std::int64_t truths = 0;       ///< matches whose truth has the label
  std::int64_t predictions = 0;  ///< matches whose prediction has it
  std::int64_t both = 0;         ///< matches where both have it
  [[nodiscard]] friend bool operator==(const LabelTally&, const LabelTally&) = default;
};

/// The score of one image: a plain value. A summary over any grouping or order of them gives the same digits.
struct ImageScore {
  std::int64_t truths = 0, predictions = 0;
  std::int64_t pairs = 0;              ///< truths and predictions that share area
  std::int64_t matches = 0;            ///< assigned pairs with IoU > iou_threshold
  double sum_iou = 0;                  ///< over all assigned pairs, matches or not
  std::vector<LabelTally> labels;      ///< ascending by label
  std::vector<AssignedPair> assigned;  ///< ascending by truth; summarize() does not need it
  [[nodiscard]] friend bool operator==(const ImageScore&, const ImageScore&) = default;
};

/// How well the matched objects of one label were named.
struct ClassScore {
  std::int64_t label = 0;
  double recall = 0;      ///< share of the matched truths of this label whose prediction has it too; 0 without any
  double precision = 0;   ///< share of the matched predictions of this label whose truth has it too; 0 without any
  std::int64_t size = 0;  ///< matched truths of this label
  [[nodiscard]] friend bool operator==(const ClassScore&, const ClassScore&) = default;
};

/// The score of a data set. A figure that the data leave undefined is NaN.
struct DatasetScore {
  std::int64_t images = 0, truths = 0, predictions = 0, pairs = 0, matches = 0;
  double sum_iou = 0;  ///< over all assigned pairs

  // DeepForest's figures: means over images of a ratio of one image.
  double box_recall = 0;     ///< matches / truths, over images with a truth; NaN if there are predictions but no truth
  double box_precision = 0;  ///< matches / predictions, over images with truth AND predictions; NaN without such
                             ///< images, 0 if there are predictions but no truth
  std::vector<ClassScore> class_recall;  ///< ascending by label, matched objects only; empty without a match

  // The same with nothing left out.
  double box_precision_all_images = 0;  ///< matches / predictions, over all images with predictions: an image without
                                        ///< truth counts 0; NaN without predictions
  double pooled_recall = 0;             ///< all matches / all truths; NaN without a truth
  double pooled_precision = 0;          ///< all matches / all predictions; NaN without a prediction
};

/// True for a box whose four coordinates are 0: DeepForest's mark of an image without objects. Remove such rows from
/// the truth (the image stays) before scoring; score_image() would count one as an object that nobody can find.
template <class T>
[[nodiscard]] constexpr bool is_empty_image_mark(const Box<T>& box) noexcept {
  return box.x1 == 0 && box.y1 == 0 && box.x2 == 0 && box.y2 == 0;
}

/// The weights that options.rule maximises, as the matrix that assign() takes: truths x predictions.
///
/// pairs: of the image, see image_pairs(). With MatchRule::gated, pairs with an IoU up to options.iou_threshold are
/// left out. O(pairs) time, no memory besides the result.
template <class R>
[[nodiscard]] Csr<R> match_weights(const ImagePairs<R>& pairs, const ScoreOptions& options) {
  Csr<R> weights = pairs.shared;
  if (options.rule == MatchRule::intersection) {
    return weights;
  }
  for (Index i = 0; i < weights.rows; ++i) {
    for (std::size_t k = detail::at(weights.row_offsets[detail::at(i)]);
         k < detail::at(weights.row_offsets[detail::at(i) + 1]); ++k) {
      weights.values[k] = pairs.iou(i, weights.col_indices[k], weights.values[k]);
    }
  }
  if (options.rule == MatchRule::iou) {
    return weights;
  }
  return filter(weights, [&](Index, Index, R iou) { return static_cast<double>(iou) > options.iou_threshold; });
}

namespace detail {

/// Adds up the tallies of equal labels and leaves them ascending by label.
inline void merge_labels(std::vector<LabelTally>& tallies) {
  std::sort(tallies.begin(), tallies.end(), [](const LabelTally& a, const LabelTally& b) { return a.label < b.label; });
  std::size_t kept = 0;
  for (const LabelTally& tally : tallies) {
    if (kept == 0 || tallies[kept - 1].label != tally.label) {
      tallies[kept++] = tally;
      continue;
    }
    LabelTally& sum = tallies[kept - 1];
    sum.truths += tally.truths;
    sum.predictions += tally.predictions;
    sum.both += tally.both;
  }
  tallies.resize(kept);
}

inline void require_threshold(double iou_threshold) {
  if (!(iou_threshold == iou_threshold)) [[unlikely]] {
    invalid("iou_threshold is NaN");
  }
}

}  // namespace detail

/// The score of an image whose matching is known: the last step of score_image(), for callers that time, certify or
/// replace the matching.
///
/// pairs: of the image, see image_pairs(). prediction_of_truth: a prediction or `none` for each truth; only pairs that
/// share area count. truth_labels, predicted_labels: one label a row, any integer or enumeration. Either side may be
/// empty. Throws std::invalid_argument for lengths that differ, labels above std::int64_t (naming the row), and a NaN
/// threshold. O(n + matches log matches) time, no memory besides the result.
template <class R, Labels LA, Labels LB>
[[nodiscard]] ImageScore score_matching(const ImagePairs<R>& pairs, std::span<const Index> prediction_of_truth,
                                        const LA& truth_labels, const LB& predicted_labels,
                                        const ScoreOptions& options = {}) {
  detail::require_threshold(options.iou_threshold);
  detail::require_same_length("truth_labels", std::size(truth_labels), "truths", detail::at(pairs.truths()));
  detail::require_same_length("predicted_labels", std::size(predicted_labels), "predictions",
                              detail::at(pairs.predictions()));
  detail::require_same_length("prediction_of_truth", prediction_of_truth.size(), "truths", detail::at(pairs.truths()));
  detail::require_reportable(truth_labels, "truth_labels");
  detail::require_reportable(predicted_labels, "predicted_labels");
  ImageScore score;
  score.truths = pairs.truths();
  score.predictions = pairs.predictions();
  score.pairs = pairs.shared.nonzeros();
  detail::ReproducibleSum sum;
  for (Index i = 0; i < pairs.truths(); ++i) {
    const Index j = prediction_of_truth[detail::at(i)];
    const R shared = j >= 0 && j < pairs.predictions() ? pairs.shared.at(i, j) : R{0};
    if (!(shared > 0)) {
      continue;
    }
    const double iou = static_cast<double>(pairs.iou(i, j, shared));
    const bool match = iou > options.iou_threshold;
    sum.add(iou);
    score.assigned.push_back({i, j, iou, match});
    if (!match) {
      continue;
    }
    ++score.matches;
    const std::int64_t truth = detail::category_of(detail::element(truth_labels, i));
    const std::int64_t predicted = detail::category_of(detail::element(predicted_labels, j));
    score.labels.push_back({truth, 1, 0, truth == predicted ? 1 : 0});
    score.labels.push_back({predicted, 0, 1, 0});
  }
  detail::merge_labels(score.labels);
  score.sum_iou = sum.total();
  return score;
}

/// Scores the predictions of one image, from pairs that are already known.
///
/// pairs: of the image, see image_pairs(); other metrics can read the same ones. truth_labels, predicted_labels: one
/// label a row, any integer or enumeration; they do not enter the matching. Matching and ties are those of
/// score_image(truths, predictions, ...). Either side may be empty. Throws std::invalid_argument for labels of another
/// length or above std::int64_t, and for a NaN threshold. O(n + m + pairs) time plus that of assign(); memory: one copy
/// of the pairs, two with MatchRule::gated, and that of assign().
template <class R, Labels LA, Labels LB>
[[nodiscard]] ImageScore score_image(const ImagePairs<R>& pairs, const LA& truth_labels, const LB& predicted_labels,
                                     const ScoreOptions& options = {}) {
  detail::require_threshold(options.iou_threshold);
  const Assignment<R> matching = assign(match_weights(pairs, options));
  return score_matching(pairs, matching.col_of_row, truth_labels, predicted_labels, options);
}

/// Scores the predictions of one image: matches them one to one to the truths and counts.
///
/// truths, predictions: shapes of any kinds whose overlap is known, in pixels. truth_labels, predicted_labels: one
/// label a row, any integer or enumeration; labels do not enter the matching, only ImageScore::labels. Scores play no
/// part. The matching maximises what options.rule says (see assign() for ties); a pair that shares no area is never
/// assigned, where DeepForest names an arbitrary prediction with IoU 0. A match is an assigned pair with IoU >
/// iou_threshold; IoU is compared in double, so float shapes with an IoU of exactly 0.4 are above 0.4 by rounding.
///
/// Either side may be empty; shapes without area are counted and overlap nothing. Throws std::invalid_argument naming
/// the row for NaN, infinite and inverted shapes and labels above std::int64_t, for labels of another length and for a
/// NaN threshold. O((n + m) log(n + m) + pairs) time plus that of assign(). Peak memory, result included: 56 bytes a
/// box and 28 a pair (38 and 24 for float boxes).
///
/// With MatchRule::intersection and summarize() this is DeepForest's evaluate_boxes: box_recall, box_precision and
/// class_recall are equal. Rows of four zeros, which it drops, are the caller's to drop: is_empty_image_mark().
template <Shapes A, Shapes B, Labels LA, Labels LB>
requires OverlappingShapes<A, B>
[[nodiscard]] ImageScore score_image(const A& truths, const B& predictions, const LA& truth_labels,
                                     const LB& predicted_labels, const ScoreOptions& options = {}) {
  detail::require_same_length("truth_labels", std::size(truth_labels), "truths", std::size(truths));
  detail::require_same_length("predicted_labels", std::size(predicted_labels), "predictions", std::size(predictions));
  return score_image(image_pairs(truths, predictions, options.threads), truth_labels, predicted_labels, options);
}

/// Scores the predictions of one image without labels: everything is of one class, 0.
///
/// truths, predictions: shapes of any kinds whose overlap is known, in pixels; either side may be empty. The matching
/// maximises what options.rule says (see assign() for ties); a pair that shares no area is never assigned. A match is
/// an assigned pair with IoU > iou_threshold, compared in double. Throws std::invalid_argument, naming the row, for
/// NaN, infinite and inverted shapes, and for a NaN threshold. O((n + m) log(n + m) + pairs) time plus that of
/// assign(). Peak memory, result included: 56 bytes a box and 28 a pair (38 and 24 for float boxes).
template <Shapes A, Shapes B>
requires OverlappingShapes<A, B>
[[nodiscard]] ImageScore score_image(const A& truths, const B& predictions, const ScoreOptions& options = {}) {
  const auto one_class = [](std::size_t n) { return view(n, [](Index) { return 0; }); };
  return score_image(truths, predictions, one_class(std::size(truths)), one_class(std::size(predictions)), options);
}

template <class A, class B, class LA, class LB>
requires detail::FloatingLabels<LA> || detail::FloatingLabels<LB>
void score_image(const A&, const B&, const LA& labels_are_integers, const LB&,  // boxlap::view() casts
                 const ScoreOptions& = {}) = delete;
template <class A, detail::PlainBeside<A> B, class... Rest>
void score_image(const A& numbers_are_no_boxes_yet, const B&, const Rest&...) = delete;  // boxlap::view makes boxes

/// Puts the scores of images together.
///
/// Every image counts once, also one without predictions or without truth. The result does not depend on the order of
/// `images`, to the last bit. Undefined figures are NaN, see DatasetScore; the special cases are DeepForest's: without
/// any prediction box_recall is 0 and box_precision NaN (also without truth), with predictions but without truth
/// box_recall is NaN and box_precision 0. O(images * labels of an image) time;
/// memory: 128 bytes for each of labels + 64.
[[nodiscard]] inline DatasetScore summarize(std::span<const ImageScore> images) {
  constexpr double undefined = std::numeric_limits<double>::quiet_NaN();
  const auto share = [](std::int64_t part, std::int64_t whole, double if_none) {
    return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : if_none;
  };
  DatasetScore total;
  detail::ReproducibleSum iou, recall, precision, precision_all;
  std::vector<LabelTally> labels;
  std::size_t distinct = 0;
  for (const ImageScore& image : images) {
    ++total.images;
    total.truths += image.truths;
    total.predictions += image.predictions;
    total.pairs += image.pairs;
    total.matches += image.matches;
    iou.add(image.sum_iou);
    if (image.truths > 0) {
      recall.add(share(image.matches, image.truths, 0));
    }
    if (image.predictions > 0) {
      const double ratio = share(image.matches, image.predictions, 0);
      precision_all.add(ratio);
      if (image.truths > 0) {
        precision.add(ratio);
      }
    }
    for (const LabelTally& tally : image.labels) {  // insert() takes longest to compile of all lines here
      labels.push_back(tally);
    }
    if (labels.size() > 2 * distinct + 64) {  // so that many images with few labels need no list of all of them
      detail::merge_labels(labels);
      distinct = labels.size();
    }
  }
  detail::merge_labels(labels);
  for (const LabelTally& tally : labels) {
    total.class_recall.push_back(
        {tally.label, share(tally.both, tally.truths, 0), share(tally.both, tally.predictions, 0), tally.truths});
  }
  total.sum_iou = iou.total();
  total.box_recall = total.predictions == 0 ? 0 : recall.mean_or(undefined);
  total.box_precision = total.predictions > 0 && total.truths == 0 ? 0 : precision.mean_or(undefined);
  total.box_precision_all_images = precision_all.mean_or(undefined);
  total.pooled_recall = share(total.matches, total.truths, undefined);
  total.pooled_precision = share(total.matches, total.predictions, undefined);
  return total;
}

/// The largest number of one-to-one pairs of equal label with IoU of at least `iou_threshold` in one image: an upper
/// bound on the true positives of COCO, VOC and TIDE, which match greedily by score.
///
/// pairs: of the image, see image_pairs(). truth_labels, detection_labels: one label a row, any integers or
/// enumerations, compared as numbers whatever their types. Truths that those rules ignore should be left out before.
/// Sums over images and bounds of classes add up. Without truths or detections it is 0.
/// Throws std::invalid_argument for labels of another length and a threshold outside (0, 1]. Time of assign(); peak
/// memory: 44 bytes a truth, 60 bytes a detection, 24 bytes a pair that qualifies, and what long searches of assign()
/// need.
template <class R, Labels LA, Labels LB>
[[nodiscard]] std::int64_t most_matches(const ImagePairs<R>& pairs, const LA& truth_labels, const LB& detection_labels,
                                        double iou_threshold) {
  detail::require_same_length("truth_labels", std::size(truth_labels), "truths", detail::at(pairs.truths()));
  detail::require_same_length("detection_labels", std::size(detection_labels), "detections",
                              detail::at(pairs.predictions()));
  if (!(iou_threshold > 0 && iou_threshold <= 1)) [[unlikely]] {
    detail::invalid("iou_threshold is ", iou_threshold, ", expected above 0 and up to 1");
  }
  const Csr<R> matching = filter(pairs.shared, [&](Index i, Index j, R shared) {
    return static_cast<double>(pairs.iou(i, j, shared)) >= iou_threshold &&
           std::cmp_equal(detail::label_number(detail::element(truth_labels, i)),
                          detail::label_number(detail::element(detection_labels, j)));
  });
  return assign(matching, {.objective = Objective::most_pairs}).count;
}

}  // namespace boxlap
