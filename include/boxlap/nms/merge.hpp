/// Non-maximum merging: detections of one object become one box around them. For objects cut by tile borders.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "../core/error.hpp"
#include "../core/index.hpp"
#include "../core/order.hpp"
#include "../core/range.hpp"
#include "../core/rounded.hpp"
#include "../core/rows_by_label.hpp"
#include "detections.hpp"
#include "greedy.hpp"
#include "groups.hpp"
#include "kept_boxes.hpp"
#include "kept_grid.hpp"
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
  /// of
  /// its scores weighted by area.
  supervision
};

struct MergeOptions {
  double threshold = 0.5;  ///< 0 or more; at 0 rows that do not overlap match too
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

/// The rows from the highest score to the lowest. Equal scores by row, or for SAHI's rules by x1, y1, x2, y2, then row.
template <class S, class P>
[[nodiscard]] std::vector<Index> merge_order(const S& boxes, const P& scores, bool by_corners) {
  std::vector<Index> order = order_descending(scores);
  if (!by_corners) {
    return order;
  }
  const auto before = [&](Index i, Index j) {
    const auto a = element(boxes, i), b = element(boxes, j);
    const std::array left{a.x1, a.y1, a.x2, a.y2}, right{b.x1, b.y1, b.x2, b.y2};
    for (std::size_t k = 0; k < left.size(); ++k) {
      const auto x = left[k], y = right[k];
      if (x < y || y < x || (x != x) != (y != y)) {
        return x < y || (x == x && y != y);  // NaN last
      }
    }
    return i < j;
  };
  for (auto first = order.begin(); first != order.end();) {
    const auto score = element(scores, *first);
    const auto last = std::find_if(first + 1, order.end(), [&](Index row) { return element(scores, row) != score; });
    if (last - first > 1) {
      std::sort(first, last, before);
    }
    first = last;
  }
  return order;
}

/// The rules without chains, by nms: a row belongs to the best kept row that it matches.
template <class S, class P, class M>
[[nodiscard]] RowGroups groups_by_nms(const S& boxes, const P& scores, double threshold, const M& measure,
                                      const std::vector<Index>& order) {
  const auto by_order = [&](const auto& values) {
    return view(order.size(), [&](Index i) { return element(values, order[at(i)]); });
  };
  const auto groups = nms_groups(by_order(boxes), by_order(scores),
                                 NmsOptions{.iou_threshold = threshold, .suppress_equal = true}, measure);
  std::vector<Index> head(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    head[at(order[i])] = order[groups.suppressor[i] == none ? i : at(groups.suppressor[i])];
  }
  return gather_groups(take(order, groups.keep), head, order);
}

/// Centres and sides of rows that can match others: all of them, or some 4,000 at equal steps.
template <class D>
[[nodiscard]] std::vector<BoxPlace> sample_of_places(const D& detections) {
  const Index n = detections.size(), step = n / 4096 + 1;
  std::vector<BoxPlace> places;
  for (Index row = 0; row < n; row += step) {
    bool takes_part = false;
    const auto c = detections.candidate(row, takes_part);
    if (takes_part) {
      places.push_back(BoxPlace(c.box));
    }
  }
  return places;
}

/// Whether large boxes among `n` would visit many cells of small ones, where they can match: in the mean over all
/// boxes more than 12, of cells as wide as the longer side that a tenth of the boxes stays below.
///
/// In nms every row searches the grid of kept rows; to take, each head searches the grid of free rows, but that holds
/// all rows at first. Measured by IoS above 0.3, 100,000 boxes, time to take / time by nms: 1.4 to 1.7 for sides from
/// 25 to 75 px, 1.2 from 10 to 80 (sides from here on even in their logarithm), 1.0 from 10 to 160, 0.7 from 10 to 320,
/// 0.1 from 1 to 600.
[[nodiscard]] inline bool sides_are_mixed(const std::vector<BoxPlace>& sample, Index n) {
  if (sample.empty()) {
    return false;
  }
  std::vector<double> sides(sample.size());
  std::transform(sample.begin(), sample.end(), sides.begin(), [](const BoxPlace& at) { return at.longer(); });
  const auto tenth = sides.begin() + static_cast<std::ptrdiff_t>(sides.size() / 10);
  std::nth_element(sides.begin(), tenth, sides.end());
  const double narrow = *tenth;
  double cells = 0;
  for (const double side : sides) {
    const double ratio = side / narrow;
    cells += (std::min)(ratio * ratio, static_cast<double>(n));  // no search visits more blocks than there are boxes
  }
  return cells > 12 * static_cast<double>(sides.size());
}

/// All rows that can match others, in a grid with cells that suit their sides: narrow ones where boxes fill them, wide
/// ones where boxes are far apart or of mixed sides.
template <class D>
[[nodiscard]] auto grid_of_rows(const D& detections) {
  using T = typename D::T;
  using Grid = KeptGrid<T, typename D::Bound>;
  Grid grid;
  const Index n = detections.size();
  const Reach reach = detections.extent().reach;
  double typical = 1, coarseness = 2;
  if (const std::vector<BoxPlace> sample = sample_of_places(detections); !sample.empty()) {
    std::vector<double> sides(sample.size());
    const auto [left, right] =
        std::minmax_element(sample.begin(), sample.end(), [](const auto& a, const auto& b) { return a.x < b.x; });
    const auto [top, bottom] =
        std::minmax_element(sample.begin(), sample.end(), [](const auto& a, const auto& b) { return a.y < b.y; });
    std::transform(sample.begin(), sample.end(), sides.begin(), [](const BoxPlace& at) { return at.longer(); });
    typical = typical_side(sides);
    const double cell = typical * Grid::narrowest_cell(reach);
    const double cells = ((right->x - left->x) / cell + 1) * ((bottom->y - top->y) / cell + 1);
    const bool crowded = static_cast<double>(n) > CandidateBlock<T>::lanes * cells;
    coarseness = crowded && !sides_are_mixed(sample, n) ? 1 : 2;
  }
  grid.start(reach, typical, coarseness);
  for (Index row = 0; row < n; ++row) {
    bool takes_part = false;
    const Candidate<T> c = detections.candidate(row, takes_part);
    if (takes_part) {
      grid.add(c);
    }
  }
  return grid;
}

/// The best free row becomes the head of a group and takes the free rows that match it; in a chain the rows it took
/// take on for it.
template <class S, class P, class D>
[[nodiscard]] RowGroups groups_by_taking(const S& boxes, const P& scores, MergeRule rule, const D& detections,
                                         const std::vector<Index>& order) {
  using T = typename D::T;
  using Bound = typename D::Bound;
  const bool chained = rule == MergeRule::sahi_nmm || rule == MergeRule::sahi_nmm_0_11_24;
  const Verdict& verdict = detections.verdict();
  const bool all_match = verdict.spares_nothing();
  const std::size_t n = order.size();
  std::vector<Index> rank(n), head(n, none), heads, sequence, taken;
  for (std::size_t i = 0; i < n; ++i) {
    rank[at(order[i])] = static_cast<Index>(i);
  }
  sequence.reserve(n);
  const auto may_take = [&](Index row, Index other) {
    return rule != MergeRule::sahi_nmm || element(scores, row) != element(scores, other) ||
           element(boxes, row) == element(boxes, other);
  };

  std::vector<Index> rest;  // of `order`, where rows that do not meet match
  std::optional<KeptGrid<T, Bound>> free;
  if (all_match) {
    rest = order;
  } else if (!(Bound::at_most_one && verdict.spares_all())) {
    free = grid_of_rows(detections);
  }
  for_each_candidate(detections, order, [&](const Candidate<T>& c, bool takes_part) {
    const Index row = c.row;
    const bool is_head = head[at(row)] == none;
    if (is_head) {
      head[at(row)] = row;
      heads.push_back(row);
      sequence.push_back(row);
    }
    if (sequence.size() == n || !(is_head || chained)) {
      return;
    }
    taken.clear();
    const auto note = [&](Index other) {  // as a number that sorts as the members do
      taken.push_back(rule == MergeRule::sahi_nmm           ? other
                      : rule == MergeRule::sahi_nmm_0_11_24 ? -rank[at(other)]
                                                            : rank[at(other)]);
    };
    if (all_match) {
      std::erase_if(rest, [&](Index other) {
        const bool takes = head[at(other)] == none && may_take(row, other) && detections.suppresses_rows(row, other);
        if (takes) {
          note(other);
        }
        return takes || head[at(other)] != none;
      });
    } else if (free && takes_part) {
      free->take(c, [&](const Candidate<T>& other) {
        if (head[at(other.row)] != none) {
          return true;  // the head itself
        }
        const bool takes = verdict(detections.value(c, other)) && may_take(row, other.row);
        if (takes) {
          note(other.row);
        }
        return takes;
      });
    }
    std::sort(taken.begin(), taken.end());
    for (const Index key : taken) {
      const Index other = rule == MergeRule::sahi_nmm ? key : order[at(key < 0 ? -key : key)];
      head[at(other)] = head[at(row)];
      sequence.push_back(other);
    }
  });
  free.reset();
  return gather_groups(heads, head, sequence);
}

/// Rows that become one object. Groups, heads and members are the same by nms and by taking.
template <class S, class P, class M>
[[nodiscard]] RowGroups merge_groups(const S& boxes, const P& scores, const MergeOptions& options, const M& measure) {
  using Value = std::remove_cvref_t<std::invoke_result_t<const M&, const Element<S>&, const Element<S>&>>;
  const MergeRule rule = options.rule;
  const bool chained = rule == MergeRule::sahi_nmm || rule == MergeRule::sahi_nmm_0_11_24;
  const double threshold = rule == MergeRule::supervision || !std::same_as<Value, float>
                               ? options.threshold
                               : static_cast<double>(static_cast<float>(options.threshold));  // as numpy compares
  const std::vector<Index> order =
      merge_order(boxes, scores, rule == MergeRule::sahi_greedy || rule == MergeRule::sahi_nmm);
  const Verdict verdict{threshold, true};
  const Detections detections(boxes, measure, verdict);
  const auto mixed = [&] { return sides_are_mixed(sample_of_places(detections), detections.size()); };
  const bool by_nms = !chained && !verdict.spares_nothing() && (Bound<M>::by_sides || !mixed());
  return by_nms ? groups_by_nms(boxes, scores, threshold, measure, order)
                : groups_by_taking(boxes, scores, rule, detections, order);
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
/// Boxes without extent or area match nothing and stay alone; at a threshold of 0 they match everything, as all rows
/// do. The score of an object is that of its best detection (supervision: see MergeRule). Equal scores: by x1, y1, x2,
/// y2 and then by row in SAHI's rules, by row in the two others, whose peers leave it open.
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
  const detail::RowGroups groups = detail::merge_groups(boxes, scores, options, measure);
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
