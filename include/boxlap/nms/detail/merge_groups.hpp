/// Which rows are one object: groups of rows that match, for merge_boxes().
///
/// The plain way compares each row with all others. Here the rules without chains are a greedy nms whose suppressed
/// rows belong to the row that suppressed them. Chains, in which a row that was taken takes on, hold all free rows in a
/// grid and remove what is taken: a search then meets free rows only, and ends when there are none. By nms a small row
/// searches the many cells that a large kept one may be in, so where sides are mixed the rules without chains are taken
/// out of the grid, too. Expected O(n); quadratic where many boxes share a place and do not match.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "../../base/detail/sorting.hpp"
#include "../../base/index.hpp"
#include "../../base/range.hpp"
#include "../groups.hpp"
#include "../measure.hpp"
#include "detections.hpp"
#include "kept_boxes.hpp"
#include "kept_grid.hpp"
#include "kept_index.hpp"

namespace boxlap::detail {

/// How rows come together.
struct GroupRule {
  enum class Members { by_row, best_first, worst_first };
  bool order_by_corners;    ///< among equal scores by x1, y1, x2, y2, else by row
  bool chained;             ///< a row that was taken takes those that match it
  bool takes_equal_scores;  ///< else of equal scores only copies of the same box
  Members members;          ///< the order of those that one row takes
};

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

/// The rows from the highest score to the lowest; equal scores by x1, y1, x2, y2, then by row.
template <class S, class P>
[[nodiscard]] std::vector<Index> order_by_corners(const S& boxes, const P& scores) {
  std::vector<Index> order = order_descending(scores);
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
template <class D>
[[nodiscard]] RowGroups groups_by_nms(const D& detections, const std::vector<Index>& order) {
  const auto groups = groups_in_order(detections, order);
  std::vector<Index> head(order.size());
  for (std::size_t row = 0; row < head.size(); ++row) {
    head[row] = groups.suppressor[row] == none ? static_cast<Index>(row) : groups.suppressor[row];
  }
  return gather_groups(groups.keep, head, order);
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

/// Centres and sides of rows that can match others, all of them or some 4,000 at equal steps; and what they say of all.
struct RowSample {
  std::vector<BoxPlace> places;
  bool mixed;  // sides_are_mixed()
};
template <class D>
[[nodiscard]] RowSample sample_of_rows(const D& detections) {
  const Index n = detections.size(), step = n / 4096 + 1;
  std::vector<BoxPlace> places;
  for (Index row = 0; row < n; row += step) {
    bool takes_part = false;
    const auto c = detections.candidate(row, takes_part);
    if (takes_part) {
      places.push_back(BoxPlace(c.box));
    }
  }
  const bool mixed = sides_are_mixed(places, n);
  return {std::move(places), mixed};
}

/// All rows that can match others, in a grid with cells that suit their sides: narrow ones where boxes fill them, wide
/// ones where boxes are far apart or of mixed sides.
template <class D>
[[nodiscard]] auto grid_of_rows(const D& detections, const RowSample& sample) {
  using T = typename D::T;
  using Grid = KeptGrid<T, typename D::Bound>;
  Grid grid;
  const std::vector<BoxPlace>& places = sample.places;
  const Index n = detections.size();
  const Reach reach = detections.extent().reach;
  double typical = 1, coarseness = 2;
  if (!places.empty()) {
    std::vector<double> sides(places.size());
    const auto [left, right] =
        std::minmax_element(places.begin(), places.end(), [](const auto& a, const auto& b) { return a.x < b.x; });
    const auto [top, bottom] =
        std::minmax_element(places.begin(), places.end(), [](const auto& a, const auto& b) { return a.y < b.y; });
    std::transform(places.begin(), places.end(), sides.begin(), [](const BoxPlace& at) { return at.longer(); });
    typical = typical_side(sides);
    const double cell = typical * Grid::narrowest_cell(reach);
    const double cells = ((right->x - left->x) / cell + 1) * ((bottom->y - top->y) / cell + 1);
    const bool crowded = static_cast<double>(n) > CandidateBlock<T>::lanes * cells;
    coarseness = crowded && !sample.mixed ? 1 : 2;
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
class GroupsByTaking {
 public:
  GroupsByTaking(const S& boxes, const P& scores, const GroupRule& rule, const D& detections,
                 const std::vector<Index>& order)
      : boxes_(boxes),
        scores_(scores),
        rule_(rule),
        detections_(detections),
        order_(order),
        all_match_(detections.verdict().spares_nothing()),
        rank_(order.size()),
        head_(order.size(), none) {
    for (std::size_t i = 0; i < order.size(); ++i) {
      rank_[at(order[i])] = static_cast<Index>(i);
    }
    sequence_.reserve(order.size());
  }

  [[nodiscard]] RowGroups run(const RowSample& sample) {
    if (all_match_) {
      rest_ = order_;
    } else if (!(Bound::at_most_one && detections_.verdict().spares_all())) {
      free_ = grid_of_rows(detections_, sample);
    }
    for_each_candidate(detections_, order_, [this](const Candidate<T>& c, bool takes_part) { visit(c, takes_part); });
    free_.reset();
    return gather_groups(heads_, head_, sequence_);
  }

 private:
  using Members = GroupRule::Members;
  using T = typename D::T;
  using Bound = typename D::Bound;

  void visit(const Candidate<T>& c, bool takes_part) {
    const Index row = c.row;
    const bool is_head = head_[at(row)] == none;
    if (is_head) {
      head_[at(row)] = row;
      heads_.push_back(row);
      sequence_.push_back(row);
    }
    if (sequence_.size() == order_.size() || !(is_head || rule_.chained)) {
      return;
    }
    taken_.clear();
    if (all_match_) {
      take_from_rest(row);
    } else if (free_ && takes_part) {
      take_from_grid(c);
    }
    std::sort(taken_.begin(), taken_.end());
    for (const Index key : taken_) {
      const Index other = rule_.members == Members::by_row ? key : order_[at(key < 0 ? -key : key)];
      head_[at(other)] = head_[at(row)];
      sequence_.push_back(other);
    }
  }

  void take_from_rest(Index row) {
    std::erase_if(rest_, [&](Index other) {
      const bool takes = head_[at(other)] == none && may_take(row, other) && detections_.suppresses_rows(row, other);
      if (takes) {
        note(other);
      }
      return takes || head_[at(other)] != none;
    });
  }

  void take_from_grid(const Candidate<T>& c) {
    free_->take(c, [&](const Candidate<T>& other) {
      if (head_[at(other.row)] != none) {
        return true;  // the head itself
      }
      const bool takes = detections_.verdict()(detections_.value(c, other)) && may_take(c.row, other.row);
      if (takes) {
        note(other.row);
      }
      return takes;
    });
  }

  [[nodiscard]] bool may_take(Index row, Index other) const {
    return rule_.takes_equal_scores || element(scores_, row) != element(scores_, other) ||
           element(boxes_, row) == element(boxes_, other);
  }

  /// Notes a taken row as a number that sorts as the members do.
  void note(Index other) {
    taken_.push_back(rule_.members == Members::by_row       ? other
                     : rule_.members == Members::best_first ? rank_[at(other)]
                                                            : -rank_[at(other)]);
  }

  const S& boxes_;
  const P& scores_;
  const GroupRule& rule_;
  const D& detections_;
  const std::vector<Index>& order_;
  bool all_match_;
  std::vector<Index> rank_, head_, heads_, sequence_, taken_;
  std::vector<Index> rest_;  // of the order, where rows that do not meet match
  std::optional<KeptGrid<T, Bound>> free_;
};

/// Groups of rows whose measure is at least `threshold`, the best row of each first. The same by nms and by taking.
template <class S, class P, class M>
[[nodiscard]] RowGroups matching_groups(const S& boxes, const P& scores, double threshold, const GroupRule& rule,
                                        const M& measure) {
  const std::vector<Index> order = rule.order_by_corners ? order_by_corners(boxes, scores) : order_descending(scores);
  const Verdict verdict{threshold, true};
  const Detections detections(boxes, measure, verdict);
  const bool may_go_by_nms = !rule.chained && !verdict.spares_nothing();
  if (may_go_by_nms && Bound<M>::by_sides) {
    return groups_by_nms(detections, order);
  }
  const RowSample sample = sample_of_rows(detections);
  return may_go_by_nms && !sample.mixed ? groups_by_nms(detections, order)
                                        : GroupsByTaking(boxes, scores, rule, detections, order).run(sample);
}

}  // namespace boxlap::detail
