/// Non-maximum merging: detections of one object become one box around them. For objects cut by tile borders.
#pragma once

#include <algorithm>
#include <limits>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "../core/error.hpp"
#include "../core/index.hpp"
#include "../core/order.hpp"
#include "../core/range.hpp"
#include "../core/rows_by_label.hpp"
#include "groups.hpp"
#include "measure.hpp"

namespace boxlap {

/// Which detections are one object, and what becomes of them.
enum class MergeRule {
  /// SAHI's GREEDYNMM: the best row takes all rows that match it (measure >= threshold), then the best of the rest ...
  /// It grows by each of them, best first, that the box grown so far still matches (measure > threshold).
  sahi_greedy,
  /// SAHI's NMM: a row taken takes those that match it too, so a chain of parts becomes one; grown as above, the rows
  /// that one row brought in from the worst to the best.
  sahi_nmm,
  /// supervision's with_nmm: groups as sahi_greedy, all of a group are merged, and the score is the mean of the scores
  /// of
  /// box and part weighted by area, part by part.
  supervision
};

struct MergeOptions {
  double threshold = 0.5;  ///< above 0
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

/// Rows in groups: those of group k are rows[offsets[k]] .. rows[offsets[k + 1] - 1].
struct RowGroups {
  std::vector<Index> offsets{0};
  std::vector<Index> rows;
};

/// Groups of `head[row]`, the first row of the group that a row is in: heads in the given order, each followed by the
/// others in the order of `sequence`.
[[nodiscard]] inline RowGroups gather_groups(const std::vector<Index>& heads, const std::vector<Index>& head,
                                             const std::vector<Index>& sequence) {
  RowGroups groups;
  groups.offsets.assign(heads.size() + 1, 0);
  groups.rows.resize(sequence.size());
  std::vector<Index> place(sequence.size());
  for (std::size_t k = 0; k < heads.size(); ++k) {
    place[at(heads[k])] = static_cast<Index>(k);
  }
  for (const Index row : sequence) {
    ++groups.offsets[at(place[at(head[at(row)])]) + 1];
  }
  for (std::size_t k = 1; k < groups.offsets.size(); ++k) {
    groups.offsets[k] += groups.offsets[k - 1];
  }
  std::vector<Index> next(groups.offsets.begin(), groups.offsets.end() - 1);
  for (const Index row : heads) {
    groups.rows[at(next[at(place[at(row)])]++)] = row;
  }
  for (const Index row : sequence) {
    if (head[at(row)] != row) {
      groups.rows[at(next[at(place[at(head[at(row)])])]++)] = row;
    }
  }
  return groups;
}

template <class S, class P, class M>
[[nodiscard]] RowGroups greedy_groups(const S& boxes, const P& scores, double threshold, const M& measure) {
  const auto groups =
      nms_groups(boxes, scores, NmsOptions{.iou_threshold = threshold, .suppress_equal = true}, measure);
  std::vector<Index> head(groups.suppressor);
  for (const Index row : groups.keep) {
    head[at(row)] = row;
  }
  return gather_groups(groups.keep, head, order_descending(scores));
}

/// In the order of scores each row takes all free rows that match it, for itself or for the row that took it.
template <class S, class P, class M>
[[nodiscard]] RowGroups chained_groups(const S& boxes, const P& scores, double threshold, const M& measure) {
  const Verdict verdict{threshold, true};
  const Detections detections(boxes, measure, verdict);
  using T = typename std::remove_const_t<decltype(detections)>::T;
  const std::vector<Index> order = order_descending(scores);
  std::vector<Index> rank(order.size());
  KeptIndex index(detections);
  for (std::size_t i = 0; i < order.size(); ++i) {
    rank[at(order[i])] = static_cast<Index>(i);
    bool takes_part = false;
    const Candidate<T> c = detections.candidate(order[i], takes_part);
    if (takes_part) {
      index.add(c);
    }
  }
  index.finish();
  std::vector<Index> head(order.size(), none), heads, sequence, taken;
  for (const Index row : order) {
    if (head[at(row)] == none) {
      head[at(row)] = row;
      heads.push_back(row);
      sequence.push_back(row);
    }
    bool takes_part = false;
    const Candidate<T> c = detections.candidate(row, takes_part);
    if (!takes_part) {
      continue;
    }
    taken.clear();
    (void)index.search(c, [&](const Candidate<T>& other) {
      if (head[at(other.row)] == none && verdict(detections.value(c, other))) {
        taken.push_back(other.row);
      }
      return false;
    });
    std::sort(taken.begin(), taken.end(), [&](Index a, Index b) { return rank[at(a)] > rank[at(b)]; });
    for (const Index other : taken) {
      head[at(other)] = head[at(row)];
      sequence.push_back(other);
    }
  }
  return gather_groups(heads, head, sequence);
}

template <class T>
[[nodiscard]] Box<T> box_around(const Box<T>& a, const Box<T>& b) noexcept {
  return {(std::min)(a.x1, b.x1), (std::min)(a.y1, b.y1), (std::max)(a.x2, b.x2), (std::max)(a.y2, b.y2)};
}

/// Appends the object made of `rows` to `merged`.
template <class T, class R, class S, class P, class M>
void append_merged(const S& boxes, const P& scores, std::span<const Index> rows, const MergeOptions& options,
                   const M& measure, MergedBoxes<T, R>& merged) {
  Box<T> box = element(boxes, rows[0]);
  R score = static_cast<R>(element(scores, rows[0]));
  for (const Index row : rows.subspan(1)) {
    const Box<T> part = element(boxes, row);
    if (options.rule == MergeRule::supervision) {
      const R mine = static_cast<R>(area(box)), theirs = static_cast<R>(area(part));
      const R sum = mine + theirs;
      score = sum > 0 ? (mine * score + theirs * static_cast<R>(element(scores, row))) / sum : score;
      box = box_around(box, part);
    } else if (static_cast<double>(measure(std::as_const(box), part)) > options.threshold) {
      box = box_around(box, part);
    }
  }
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
/// scores   n numbers, higher is better
/// measure  Iou{} (default); Ios{} for parts at tile seams, where a part's IoU with the whole object is small
/// returns  objects, best detection first; members of an object in the order the rule takes them
///
/// Boxes without extent or area match nothing and stay alone. The score of an object is that of its best detection
/// (supervision: see MergeRule). Where equal scores are left open by the peers, the lower row comes first. Equal to
/// sahi.postprocess (combine.py) and supervision's box_non_max_merge on their definitions; ours is the first that holds
/// no matrix: O(n + pairs) time. Peak memory beside the result: 16 n bytes, 28 n for float scores that crowd (36 n
/// double), or 16 n + 290 n for float boxes far apart (490 n double) if that is more; sahi_nmm, which indexes all
/// boxes, 16 n + 100 n where they are dense (170 n double). Throws std::invalid_argument if the lengths differ or the
/// threshold is not above 0.
template <Shapes S, Numbers P, Measure<detail::Element<S>> M = Iou>
requires detail::is_box<detail::Element<S>>
[[nodiscard]] auto merge_boxes(const S& boxes, const P& scores, const MergeOptions& options = {}, M measure = {}) {
  using T = detail::BoundsScalar<detail::Element<S>>;
  detail::require_same_length("scores", std::size(scores), "shapes", std::size(boxes));
  if (!(options.threshold > 0)) [[unlikely]] {
    detail::invalid("threshold is ", options.threshold, ", expected more than 0");
  }
  const detail::RowGroups groups = options.rule == MergeRule::sahi_nmm
                                       ? detail::chained_groups(boxes, scores, options.threshold, measure)
                                       : detail::greedy_groups(boxes, scores, options.threshold, measure);
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

}  // namespace boxlap
