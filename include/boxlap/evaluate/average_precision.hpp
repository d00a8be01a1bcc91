/// Average precision by the rules in use, precision-recall curves, and the threshold of the best F1.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <vector>

#include "../base/detail/error.hpp"
#include "../base/detail/sorting.hpp"
#include "../base/index.hpp"
#include "../base/range.hpp"

namespace boxlap {

/// What a detection turned out to be. `ignored` counts neither way: VOC's difficult, COCO's crowd and area range.
enum class Outcome : std::uint8_t { false_positive = 0, true_positive = 1, ignored = 2 };

/// How a precision-recall curve becomes one number. All rules first raise each precision to the largest one at the same
/// or a higher recall.
enum class ApRule {
  coco_101,      ///< COCO: mean at the recalls i * 0.01, ten of which lie above i / 100 by rounding: 7 of 20 truths do
                 ///< not reach point 35. Precision is tp / (tp + fp + 2^-52)
  exact_101,     ///< the same at the recalls i / 100 and without the 2^-52
  all_point,     ///< VOC from 2010 on: the area under the curve
  eleven_point,  ///< VOC 2007, DOTA: mean at numpy's arange(0, 1.1, 0.1), where 3 of 10 truths do not reach the point
                 ///< 0.3
};

namespace detail {

/// For the k-th true positive (k = 1, 2, ...) how many false positives have a higher place: all that average precision
/// is made of, since precision falls from one true positive to the next and recall rises only there.
using FalseBefore = std::vector<std::int64_t>;

/// The largest precision from the k-th true positive on, in place of its number of false positives.
inline std::vector<double> precision_envelope(const FalseBefore& false_before, bool coco_epsilon) {
  std::vector<double> envelope(false_before.size());
  const double epsilon = coco_epsilon ? std::numeric_limits<double>::epsilon() : 0;
  double best = 0;
  for (std::size_t k = false_before.size(); k-- > 0;) {
    const double hits = static_cast<double>(k + 1);
    best = (std::max)(best, hits / (static_cast<double>(false_before[k]) + hits + epsilon));
    envelope[k] = best;
  }
  return envelope;
}

/// The mean of the envelope at `count` recalls; 0 beyond the last true positive.
template <class RecallAt>
[[nodiscard]] double mean_at(const std::vector<double>& envelope, std::int64_t positives, int count,
                             const RecallAt& recall_at) {
  double sum = 0;
  std::size_t k = 0;
  for (int i = 0; i < count; ++i) {
    const double recall = recall_at(i);
    while (k < envelope.size() && static_cast<double>(k + 1) / static_cast<double>(positives) < recall) {
      ++k;
    }
    if (k == envelope.size()) {
      break;
    }
    sum += envelope[k];
  }
  return sum / count;
}

/// Average precision of a curve; positives > 0.
[[nodiscard]] inline double average_precision_of(const FalseBefore& false_before, std::int64_t positives, ApRule rule) {
  const std::vector<double> envelope = precision_envelope(false_before, rule == ApRule::coco_101);
  switch (rule) {
    case ApRule::coco_101:
      return mean_at(envelope, positives, 101, [](int i) { return i * 0.01; });
    case ApRule::exact_101:
      return mean_at(envelope, positives, 101, [](int i) { return i / 100.0; });
    case ApRule::eleven_point:
      return mean_at(envelope, positives, 11, [](int i) { return i * 0.1; });
    case ApRule::all_point:
      break;
  }
  double area = 0, recall = 0;
  for (std::size_t k = 0; k < envelope.size(); ++k) {
    const double next = static_cast<double>(k + 1) / static_cast<double>(positives);
    area += (next - recall) * envelope[k];
    recall = next;
  }
  return area;
}

template <Numbers S>
void require_scores(const S& scores) {
  const Index n = rows_of(scores, "scores");
  for (Index i = 0; i < n; ++i) {
    if (element(scores, i) != element(scores, i)) [[unlikely]] {
      invalid("scores[", i, "] is NaN");
    }
  }
}

/// Outcome, or a number or bool that means one: 0 false positive, 1 true positive, 2 ignored.
template <class R>
concept Outcomes = Rows<R> &&(std::same_as<Element<R>, Outcome> || std::integral<Element<R>>);

template <Outcomes R>
[[nodiscard]] Outcome outcome_at(const R& outcomes, Index i) {
  if constexpr (std::same_as<Element<R>, Outcome>) {
    return element(outcomes, i);
  } else {
    const auto value = static_cast<long long>(element(outcomes, i));
    if (value < 0 || value > 2) [[unlikely]] {
      invalid("outcomes[", i, "] is ", value, ", expected 0, 1 or 2");
    }
    return static_cast<Outcome>(value);
  }
}

/// Checks one class's detections and gives their order, scores descending, equal scores by row.
template <Numbers S, Outcomes O>
[[nodiscard]] std::vector<Index> ranked(const S& scores, const O& outcomes, std::int64_t positives) {
  require_same_length("outcomes", std::size(outcomes), "scores", std::size(scores));
  if (positives < 0) [[unlikely]] {
    invalid("positives is ", positives, ", expected 0 or more");
  }
  require_scores(scores);
  return order_descending(scores);
}

}  // namespace detail

/// The average precision of one class over any number of images; in [0, 1].
///
/// scores: one a detection. outcomes: what each turned out to be (Outcome, or 0, 1, 2). positives: the number of truths
/// that were to be found. Equal scores keep the order of the rows. NaN if positives is 0: there is nothing to find, and
/// every peer leaves such a class out of its mean. Throws std::invalid_argument for a NaN score (naming the row),
/// different lengths, and negative positives. O(n) time; 8 n bytes for scores that spread, 20 n for float scores
/// with many nearly equal ones (28 n double), or 4 n and 24 bytes a true positive if that is more. Equals pycocotools
/// (coco_101), the VOC and DOTA devkits and Object-Detection-Metrics (eleven_point, all_point).
template <Numbers S, detail::Outcomes O>
[[nodiscard]] double average_precision(const S& scores, const O& outcomes, std::int64_t positives,
                                       ApRule rule = ApRule::all_point) {
  detail::FalseBefore false_before;
  std::int64_t misses = 0;
  for (const Index i : detail::ranked(scores, outcomes, positives)) {
    const Outcome outcome = detail::outcome_at(outcomes, i);
    misses += outcome == Outcome::false_positive ? 1 : 0;
    if (outcome == Outcome::true_positive) {
      false_before.push_back(misses);
    }
  }
  if (positives == 0) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  return detail::average_precision_of(false_before, positives, rule);
}

/// One point of a precision-recall curve: what is found among the detections with at least this score.
struct PrecisionRecallPoint {
  double score = 0, precision = 0, recall = 0;
  [[nodiscard]] double f1() const noexcept {
    return precision + recall > 0 ? 2 * precision * recall / (precision + recall) : 0;
  }
};

/// The curve of precision over recall, from the highest score down, one point for each different score.
///
/// scores: one a detection. outcomes: what each turned out to be (Outcome, or 0, 1, 2). positives: the number of truths
/// that were to be found; if it is 0, recall is 0. Precision is not raised to its envelope. Points at which nothing but
/// ignored detections were seen are left out, so no detections give an empty curve.
/// Throws std::invalid_argument for a NaN score (naming the row), different lengths, and negative positives. O(n) time;
/// peak memory, the result included: 4 n and up to 72 bytes a point, or that of sorting the scores, at most 20 n bytes
/// in float, 28 n in double.
template <Numbers S, detail::Outcomes O>
[[nodiscard]] std::vector<PrecisionRecallPoint> precision_recall_curve(const S& scores, const O& outcomes,
                                                                       std::int64_t positives) {
  const std::vector<Index> order = detail::ranked(scores, outcomes, positives);
  std::vector<PrecisionRecallPoint> curve;
  std::int64_t hits = 0, misses = 0;
  for (std::size_t k = 0; k < order.size(); ++k) {
    const Outcome outcome = detail::outcome_at(outcomes, order[k]);
    hits += outcome == Outcome::true_positive ? 1 : 0;
    misses += outcome == Outcome::false_positive ? 1 : 0;
    const auto score = detail::element(scores, order[k]);
    const bool last_of_its_score = k + 1 == order.size() || detail::element(scores, order[k + 1]) != score;
    if (last_of_its_score && hits + misses > 0) {
      curve.push_back({static_cast<double>(score), static_cast<double>(hits) / static_cast<double>(hits + misses),
                       positives > 0 ? static_cast<double>(hits) / static_cast<double>(positives) : 0});
    }
  }
  return curve;
}

/// The point of the largest F1, the one with the highest score among equals; all 0 for an empty curve. Its score is the
/// threshold to deploy: keep detections with at least this score.
[[nodiscard]] inline PrecisionRecallPoint best_f1(const std::vector<PrecisionRecallPoint>& curve) {
  PrecisionRecallPoint best;
  for (const PrecisionRecallPoint& point : curve) {
    if (point.f1() > best.f1()) {
      best = point;
    }
  }
  return best;
}

}  // namespace boxlap
