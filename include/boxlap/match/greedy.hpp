/// Greedy one-to-one matching: by score as COCO, VOC and nuScenes evaluate, by weight as norfair tracks.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <vector>

#include "../base/detail/error.hpp"
#include "../base/detail/sorting.hpp"
#include "../base/index.hpp"
#include "../base/range.hpp"
#include "../pairs/csr.hpp"

namespace boxlap {

/// The rule by which predictions (columns) choose truths (rows) in the order of their scores.
///
///              equal scores     candidates       equal values   passes        the best truth is taken
///   coco       earlier first    free truths      later truth    >= threshold  cannot happen
///   voc        earlier first    all truths       earlier truth  >  threshold  false positive
///   nuscenes   later first      free truths      earlier truth  >  threshold  cannot happen
///
/// (> and >= for overlaps; < and <= for distances.) coco is pycocotools' evaluateImg without crowds and ignored truths,
/// its min(threshold, 1 - 1e-10) included; voc is the VOC and DOTA devkits' without difficult truths, with equal scores
/// in a fixed order where theirs is the sort's; nuscenes is nuscenes-devkit's accumulate, made for distances.
enum class GreedyRule { coco, voc, nuscenes };

/// What a stored value is: an overlap, of which more is better, or a distance, of which less is better.
enum class Values { overlap, distance };

/// Options of match_greedy().
struct GreedyOptions {
  double threshold = 0.5;              ///< in the unit of the values
  GreedyRule rule = GreedyRule::coco;  ///< for the form with scores
  Values values = Values::overlap;
};

/// A one-to-one matching; not optimal in general, see assign().
struct GreedyMatches {
  std::vector<Index> col_of_row, row_of_col;  ///< the partner, or boxlap::none
  Index count = 0;                            ///< pairs
};

namespace detail {

/// Turns values and threshold so that larger is better: distances change their sign.
struct Preference {
  bool closer_is_better;
  double threshold;

  explicit Preference(const GreedyOptions& options)
      : closer_is_better(options.values == Values::distance), threshold(directed(options.threshold)) {
    if (options.threshold != options.threshold) {
      invalid("threshold is NaN");
    }
  }
  [[nodiscard]] double directed(double value) const noexcept { return closer_is_better ? -value : value; }
};

/// Throws for a matrix that is invalid or has NaN.
template <class T>
void require_numbers(const CsrView<T>& values, const char* what) {
  validate(values);
  for_each_entry(values, [&](Index i, Index j, T value) {
    if (value != value) [[unlikely]] {
      invalid(what, " at row ", i, ", column ", j, " is NaN");
    }
  });
}

inline void match(GreedyMatches& matches, Index row, Index col) {
  matches.col_of_row[at(row)] = col;
  matches.row_of_col[at(col)] = row;
  ++matches.count;
}

/// The truth that a prediction takes under a rule, or none. `candidates` are its truths, ascending.
template <class T>
[[nodiscard]] Index chosen_truth(const CsrRow<T>& candidates, const GreedyOptions& options,
                                 const std::vector<Index>& col_of_row) {
  const Preference prefer(options);
  const bool coco = options.rule == GreedyRule::coco;
  Index best = none;
  double best_value = 0;
  for (std::size_t k = 0; k < candidates.cols.size(); ++k) {
    const Index truth = candidates.cols[k];
    const double value = prefer.directed(static_cast<double>(candidates.values[k]));
    const bool is_free = col_of_row[at(truth)] == none;
    if ((is_free || options.rule == GreedyRule::voc) &&
        (best == none || (coco ? value >= best_value : value > best_value))) {
      best = truth;
      best_value = value;
    }
  }
  if (best == none || col_of_row[at(best)] != none) {
    return none;
  }
  const double least = coco && !prefer.closer_is_better ? (std::min)(prefer.threshold, 1 - 1e-10) : prefer.threshold;
  return (coco ? best_value >= least : best_value > least) ? best : none;
}

}  // namespace detail

/// Predictions choose truths, highest score first, by the rule of COCO, VOC or nuScenes (see GreedyRule).
///
/// values: truths x predictions, overlaps (iou_matrix) or, with Values::distance, distances; a pair that is not stored
/// is no candidate, one that is stored with 0 is. scores: one a column. Result: partners of rows and columns.
/// Throws std::invalid_argument, naming row and column, for NaN values, NaN scores, an invalid matrix, a NaN threshold,
/// or scores of another length. O(entries + predictions) time after sorting in O(predictions). Memory besides the
/// result: 4 + sizeof(T) bytes an entry (the matrix, transposed) and 28 a prediction.
template <class T, Numbers S>
[[nodiscard]] GreedyMatches match_greedy(const CsrView<T>& values, const S& scores, GreedyOptions options = {}) {
  using detail::at;
  detail::require_numbers(values, "values");
  detail::require_same_length("scores", at(detail::rows_of(scores, "scores")), "the columns of values",
                              at(values.cols));
  for (Index j = 0; j < values.cols; ++j) {
    if (const auto score = detail::element(scores, j); score != score) [[unlikely]] {
      detail::invalid("scores[", j, "] is NaN");
    }
  }
  std::vector<Index> order = detail::order_descending(scores);
  if (options.rule == GreedyRule::nuscenes) {  // runs of equal scores the other way round
    for (std::size_t begin = 0, end; begin < order.size(); begin = end) {
      end = begin + 1;
      while (end < order.size() && detail::element(scores, order[end]) == detail::element(scores, order[begin])) {
        ++end;
      }
      std::reverse(order.begin() + static_cast<std::ptrdiff_t>(begin),
                   order.begin() + static_cast<std::ptrdiff_t>(end));
    }
  }
  const Csr<T> by_prediction = transpose(values);
  GreedyMatches matches{std::vector<Index>(at(values.rows), none), std::vector<Index>(at(values.cols), none), 0};
  static_cast<void>(detail::Preference(options));  // refuses a NaN threshold, with no prediction too
  for (const Index prediction : order) {
    const Index truth = detail::chosen_truth(by_prediction.row(prediction), options, matches.col_of_row);
    if (truth != none) {
      detail::match(matches, truth, prediction);
    }
  }
  return matches;
}

/// match_greedy(values.view(), scores, options).
template <class T, Numbers S>
[[nodiscard]] GreedyMatches match_greedy(const Csr<T>& values, const S& scores, GreedyOptions options = {}) {
  return match_greedy(values.view(), scores, options);
}

/// Pairs in the order of their values, best first, each taken if both sides are free: norfair's tracker.
///
/// values: a Csr or CsrView of overlaps, or of distances with Values::distance (norfair: rows are detections, columns
/// are tracked objects). Only values beyond the threshold count, strictly: > for overlaps, < for distances.
/// options.rule plays no part. Result: partners of rows and columns.
/// Ties: of equal values the lower row first, then the lower column, as numpy.argmin over the matrix.
/// Empty matrices are fine. Throws std::invalid_argument, naming row and column, for NaN values, an invalid matrix, and
/// a NaN threshold. O(entries) time, where norfair scans the whole matrix again for each pair. Memory besides the
/// result: 24 bytes an entry, 40 in double or int64.
template <class T>
[[nodiscard]] GreedyMatches match_greedy(const CsrView<T>& values, GreedyOptions options = {}) {
  using detail::at;
  using Key = detail::BitsOf<T>;
  detail::require_numbers(values, "values");
  const detail::Preference prefer(options);
  struct Pair {
    Index row, col;
  };
  std::vector<Pair> pairs;
  std::vector<detail::Keyed<Key>> order, scratch;
  pairs.reserve(values.col_indices.size());
  order.reserve(values.col_indices.size());
  for_each_entry(values, [&](Index i, Index j, T value) {
    if (prefer.directed(static_cast<double>(value)) > prefer.threshold) {
      const Key key = detail::ascending_key(value);
      order.push_back({prefer.closer_is_better ? key : static_cast<Key>(~key), static_cast<Index>(pairs.size())});
      pairs.push_back({i, j});
    }
  });
  detail::radix_sort(order, scratch);
  GreedyMatches matches{std::vector<Index>(at(values.rows), none), std::vector<Index>(at(values.cols), none), 0};
  for (const detail::Keyed<Key>& next : order) {
    const auto [row, col] = pairs[at(next.row)];
    if (matches.col_of_row[at(row)] == none && matches.row_of_col[at(col)] == none) {
      detail::match(matches, row, col);
    }
  }
  return matches;
}

/// match_greedy(values.view(), options).
template <class T>
[[nodiscard]] GreedyMatches match_greedy(const Csr<T>& values, GreedyOptions options = {}) {
  return match_greedy(values.view(), options);
}

}  // namespace boxlap
