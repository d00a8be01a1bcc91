/// Non-maximum merging: detections of one object become one box around them. For objects cut by tile borders.
#pragma once

#include <algorithm>
#include <concepts>
#include <span>
#include <type_traits>
#include <vector>

#include "../base/detail/error.hpp"
#include "../base/detail/rounded.hpp"
#include "../base/detail/rows_by_label.hpp"
#include "../base/index.hpp"
#include "../base/range.hpp"
#include "detail/merge_groups.hpp"
#include "measure.hpp"

namespace boxlap {

/// Which detections are one object, and what becomes of them.
///
/// SAHI's rules are those of SAHI 0.12.8 (September 2026). Its box of an object starts as that of the best row and
/// grows by the others in turn: by those that still match the box grown so far (measure >= threshold).
enum class MergeRule {
  /// SAHI's GREEDYNMM: the best row takes all rows that match it (measure >= threshold), then the best of the rest ...
  /// Members by score.
  sahi_greedy,
  /// SAHI's NMM: a row that was taken takes those that match it too, so a chain of parts becomes one object. A row
  /// takes lower scores only, and exact copies of itself. Members as they were taken, those of one taker by row.
  sahi_nmm,
  /// SAHI's NMM up to version 0.11.24: rows of equal score match too, the members of one taker come from the worst to
  /// the best, and the box grows where the measure is above the threshold.
  sahi_nmm_0_11_24,
  /// supervision's with_nmm, as of 0.31.2: groups as sahi_greedy, all of a group are merged, and the score is the mean
  /// of its scores weighted by area.
  supervision
};

struct MergeOptions {
  double threshold = 0.5;  ///< 0 or more; at 0 rows that do not overlap match too, unless the measure is below 0
  MergeRule rule = MergeRule::sahi_greedy;
};

/// What merge_boxes() returns. Object k is boxes[k], scores[k]; its detections are the rows
/// members[offsets[k]] .. members[offsets[k + 1] - 1], the best one first: take its label, its mask.
template <class T, class R>
struct MergedBoxes {
  std::vector<Box<T>> boxes;
  std::vector<R> scores;
  std::vector<Index> offsets{0};
  std::vector<Index> members;
};

namespace detail {

/// How the rows of a merging rule come together.
[[nodiscard]] constexpr GroupRule group_rule(MergeRule rule) noexcept {
  using Members = GroupRule::Members;
  switch (rule) {
    case MergeRule::sahi_greedy:
      return {.order_by_corners = true, .chained = false, .takes_equal_scores = true, .members = Members::best_first};
    case MergeRule::sahi_nmm:
      return {.order_by_corners = true, .chained = true, .takes_equal_scores = false, .members = Members::by_row};
    case MergeRule::sahi_nmm_0_11_24:
      return {.order_by_corners = false, .chained = true, .takes_equal_scores = true, .members = Members::worst_first};
    case MergeRule::supervision:
      break;
  }
  return {.order_by_corners = false, .chained = false, .takes_equal_scores = true, .members = Members::best_first};
}

/// measure(a, b); of the library's own measures in double, as SAHI grows its boxes.
template <class T, class M>
[[nodiscard]] double measured_in_double(const M& measure, const Box<T>& a, const Box<T>& b) {
  if constexpr (Bound<M>::at_most_one) {
    return measure(cast<double>(a), cast<double>(b));
  } else {
    return static_cast<double>(measure(a, b));
  }
}

template <class T>
[[nodiscard]] Box<T> box_around(const Box<T>& a, const Box<T>& b) noexcept {
  return {(std::min)(a.x1, b.x1), (std::min)(a.y1, b.y1), (std::max)(a.x2, b.x2), (std::max)(a.y2, b.y2)};
}

/// Appends the object made of `rows` to `merged`.
template <class T, class R, class S, class P, class M>
void append_merged(const S& boxes, const P& scores, std::span<const Index> rows, const MergeOptions& options,
                   const M& measure, MergedBoxes<T, R>& merged) {
  const auto score_of = [&](Index row) { return static_cast<double>(element(scores, row)); };
  Box<T> box = element(boxes, rows[0]);
  double weight = static_cast<double>(area(cast<double>(box))), weighted = rounded(weight * score_of(rows[0]));
  for (const Index row : rows.subspan(1)) {
    const Box<T> part = element(boxes, row);
    const auto matches = [&] {
      const double value = measured_in_double(measure, box, part);
      return options.rule == MergeRule::sahi_nmm_0_11_24 ? value > options.threshold : value >= options.threshold;
    };
    if (options.rule == MergeRule::supervision || matches()) {
      box = box_around(box, part);
    }
    const double size = area(cast<double>(part));
    weight += size;
    weighted += rounded(size * score_of(row));
  }
  const bool is_mean = options.rule == MergeRule::supervision && rows.size() > 1 && weight > 0;
  const R score = is_mean ? static_cast<R>(weighted / weight) : static_cast<R>(element(scores, rows[0]));
  merged.boxes.push_back(box);
  merged.scores.push_back(score);
  merged.members.insert(merged.members.end(), rows.begin(), rows.end());
  merged.offsets.push_back(static_cast<Index>(merged.members.size()));
}

template <class P>
using ScoreScalar = std::conditional_t<std::same_as<Element<P>, float>, float, double>;

}  // namespace detail

/// One box for the detections of one object: the box around them.
///
/// boxes    n boxes
/// scores   n numbers, higher is better; NaN counts as the highest
/// measure  Iou{} (default); Ios{} for parts at tile seams, where a part's IoU with the whole object is small
/// returns  objects, best detection first; members of an object in the order the rule takes them
///
/// Boxes without extent or area match nothing and stay alone. At a threshold of 0 two rows match whose measure is 0 or
/// more: by Iou and Ios all rows do, by Diou, which is below 0 for boxes apart, only some. A threshold below 7e-46 is 0
/// for Box<float>. The score of an object is that of its best detection (supervision: see MergeRule). Equal scores: by
/// x1, y1, x2, y2 and then by row in SAHI's rules, by row in the two others, whose peers leave it open; NaN scores by
/// row.
///
/// Equal to GreedyNMMPostprocess and NMMPostprocess of sahi 0.12.8 for Box<float>. SAHI compares in two precisions, and
/// so do its rules here: rows match by their float32 measure and the float32 threshold, a box grows by the measure and
/// the threshold in double. (For Box<double> both are double; SAHI rounds coordinates to float32.) SAHI 0.12.0 to
/// 0.12.7 grew a box only above the threshold; SAHI does not grow a box by one without area at a threshold of 0.
/// Groups, boxes and scores of the supervision rule are those of supervision's box_non_max_merge; it compares in
/// double.
///
/// O(n) expected: the greedy rules go by nms, or, where the measure is not bounded by the IoU and sides are mixed, take
/// rows out of an index as the chains do; searching ends with the last of them. 100,000 boxes of 10 to 40 px in a
/// square of 900 px take sahi_nmm 0.8 times the time of sahi_greedy by IoS above 0.3, 1.4 times by IoU above 0.5.
/// Quadratic where many boxes share a place and do not match, for each that takes searches the others: O(n * k / 8)
/// with k such boxes in reach of each.
/// Memory beside the result: 32 n bytes, and the index of at most 290 n (490 n double), 30 n (55 n) where boxes are
/// dense. Throws std::invalid_argument if the lengths differ or the threshold is negative or NaN.
template <Shapes S, Numbers P, Measure<detail::Element<S>> M = Iou>
requires detail::is_box<detail::Element<S>>
[[nodiscard]] auto merge_boxes(const S& boxes, const P& scores, const MergeOptions& options = {}, M measure = {}) {
  using T = detail::BoundsScalar<detail::Element<S>>;
  detail::require_same_length("scores", std::size(scores), "shapes", std::size(boxes));
  if (!(options.threshold >= 0)) [[unlikely]] {
    detail::invalid("threshold is ", options.threshold, ", expected 0 or more");
  }
  using Value =
      std::remove_cvref_t<std::invoke_result_t<const M&, const detail::Element<S>&, const detail::Element<S>&>>;
  const bool in_float = options.rule != MergeRule::supervision && std::same_as<Value, float>;  // as numpy compares
  const double threshold = in_float ? static_cast<double>(static_cast<float>(options.threshold)) : options.threshold;
  const detail::RowGroups groups =
      detail::matching_groups(boxes, scores, threshold, detail::group_rule(options.rule), measure);
  MergedBoxes<T, detail::ScoreScalar<P>> merged;
  for (std::size_t k = 0; k + 1 < groups.offsets.size(); ++k) {
    const auto rows =
        std::span<const Index>(groups.rows)
            .subspan(detail::at(groups.offsets[k]), detail::at(groups.offsets[k + 1]) - detail::at(groups.offsets[k]));
    detail::append_merged(boxes, scores, rows, options, measure, merged);
  }
  return merged;
}

/// The same within classes: only detections of one label are merged. Objects by label, then by their best
/// detection.
template <Shapes S, Numbers P, Labels L, Measure<detail::Element<S>> M = Iou>
requires detail::is_box<detail::Element<S>>
[[nodiscard]] auto batched_merge_boxes(const S& boxes, const P& scores, const L& labels,
                                       const MergeOptions& options = {}, M measure = {}) {
  using T = detail::BoundsScalar<detail::Element<S>>;
  detail::require_same_length("scores", std::size(scores), "shapes", std::size(boxes));
  detail::require_same_length("labels", std::size(labels), "shapes", std::size(boxes));
  const detail::RowsByLabel groups(labels);
  MergedBoxes<T, detail::ScoreScalar<P>> merged;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const std::span<const Index> group = groups[g];
    const auto row_at = [&](Index i) { return group[detail::at(i)]; };
    const auto of_class =
        merge_boxes(view(group.size(), [&](Index i) { return detail::element(boxes, row_at(i)); }),
                    view(group.size(), [&](Index i) { return detail::element(scores, row_at(i)); }), options, measure);
    const auto before = static_cast<Index>(merged.members.size());
    merged.boxes.insert(merged.boxes.end(), of_class.boxes.begin(), of_class.boxes.end());
    merged.scores.insert(merged.scores.end(), of_class.scores.begin(), of_class.scores.end());
    for (std::size_t k = 1; k < of_class.offsets.size(); ++k) {
      merged.offsets.push_back(before + of_class.offsets[k]);
    }
    for (const Index member : of_class.members) {
      merged.members.push_back(row_at(member));
    }
  }
  return merged;
}

template <detail::PlainNumbers S, class... Rest>
void merge_boxes(const S& numbers_are_no_boxes_yet, const Rest&...) = delete;  // boxlap::view(n, f) makes boxes
template <detail::PlainNumbers S, class... Rest>
void batched_merge_boxes(const S& numbers_are_no_boxes_yet, const Rest&...) = delete;  // boxlap::view
template <Shapes S, Numbers P, detail::FloatingLabels L, class... Rest>
void batched_merge_boxes(const S&, const P&, const L& labels_are_integers, const Rest&...) = delete;  // boxlap::view

}  // namespace boxlap
