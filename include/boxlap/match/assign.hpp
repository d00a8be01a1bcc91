/// Optimal one-to-one matching of what overlaps, without the matrix of what does not, and with its proof.
#pragma once

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>
#include <vector>

#include "../base/index.hpp"
#include "../pairs/csr.hpp"
#include "assignment.hpp"
#include "certify.hpp"
#include "detail/augmenting_path.hpp"

namespace boxlap {
namespace detail {

/// The edges of a sparse matrix: its entries of positive gain. Loops read through local copies of what they need, since
/// the compiler cannot know that a visit leaves it alone.
template <class T, class Gain>
struct SparseEdges {
  using V = std::invoke_result_t<Gain, T>;
  const CsrView<T>& weights;
  Gain gain;
  T most;  ///< the largest weight allowed

  /// Rows are checked as they enter: one pass over the matrix less. Offsets must have been checked before.
  template <class Visit>
  void read_first(Index i, Visit visit) const {
    const Index cols = weights.cols;
    const T limit = most;
    Index previous = none;
    for_each_entry_of(
        i,
        [&, limit, cols](Index j, T w) {
          if (j <= previous || j >= cols || !is_weight(w, limit)) [[unlikely]] {
            refuse_weights(weights, limit);
          }
          previous = j;
        },
        visit);
  }

  static constexpr bool reads_blocks = std::same_as<Gain, Surplus<T>> && std::floating_point<T>;

  template <class Visit>
  void read(Index i, Visit visit) const {
    for_each_entry_of(
        i, [](Index, T) {}, visit);
  }

  /// Columns that follow each other without a gap are asked for in blocks.
  template <class Visit, class Nearer>
  void read(Index i, Visit visit, Nearer nearer) const {
    const auto begin = at(weights.row_offsets[at(i)]);
    const auto n = static_cast<Index>(degree(i));
    const Index* const cols = weights.col_indices.data() + begin;
    if (n < columns_at_once || cols[n - 1] - cols[0] != n - 1) {
      return read(i, visit);
    }
    const T* const values = weights.values.data() + begin;
    const Gain gain_of = gain;
    const Index first = cols[0];
    const auto visit_one = [&](Index k) {
      if (const V g = gain_of(values[k]); V{} < g) {
        visit(first + k, g);
      }
    };
    Index k = 0;
    for (; k + columns_at_once <= n; k += columns_at_once) {
      for (std::uint32_t lanes = nearer(first + k, values + k, gain_of.gate); lanes != 0; lanes &= lanes - 1) {
        visit_one(k + std::countr_zero(lanes));
      }
    }
    for (; k < n; ++k) {
      visit_one(k);
    }
  }

  [[nodiscard]] std::size_t degree(Index i) const {
    return at(weights.row_offsets[at(i) + 1] - weights.row_offsets[at(i)]);
  }

 private:
  template <class Check, class Visit>
  void for_each_entry_of(Index i, Check check, Visit& visit) const {
    const Index* const cols = weights.col_indices.data();
    const T* const values = weights.values.data();
    const Gain gain_of = gain;
    const auto end = at(weights.row_offsets[at(i) + 1]);
    for (auto k = at(weights.row_offsets[at(i)]); k < end; ++k) {
      check(cols[k], values[k]);
      if (const V g = gain_of(values[k]); V{} < g) {
        visit(cols[k], g);
      }
    }
  }
};

/// Scratch for one aim and for two.
template <class T>
struct AssignBuffers {
  SearchScratch<Total<T>> search;
  SearchScratch<Lexicographic<Total<T>>> search_pairs;
  std::vector<Lexicographic<Total<T>>> row_duals, col_duals;
};

template <class V>
void split_duals(const std::vector<Lexicographic<V>>& duals, bool pairs_first, std::vector<V>& weight_duals,
                 std::vector<V>& pair_duals) {
  weight_duals.resize(duals.size());
  pair_duals.resize(duals.size());
  for (std::size_t k = 0; k < duals.size(); ++k) {
    weight_duals[k] = pairs_first ? duals[k].second : duals[k].first;
    pair_duals[k] = pairs_first ? duals[k].first : duals[k].second;
  }
}

/// Counts the pairs and adds up their weights, rows ascending.
template <class T>
void sum_up(const CsrView<T>& weights, Assignment<T>& out) {
  out.count = 0;
  out.total = 0;
  for (Index i = 0; i < weights.rows; ++i) {
    const Index j = out.col_of_row[at(i)];
    if (j == none) {
      continue;
    }
    const CsrRow<T> entries = weights.row(i);
    std::size_t k = 0;
    while (k < entries.cols.size() && entries.cols[k] != j) {  // rows are short: a binary search takes twice as long
      ++k;
    }
    const auto w = k < entries.cols.size() ? static_cast<Total<T>>(entries.values[k]) : Total<T>{};
    if constexpr (std::integral<T>) {
      if (out.total > (std::numeric_limits<Total<T>>::max)() - w) {
        invalid("weights of ", out.count + 1, " pairs up to row ", i, ", column ", j, " add up to 2^63 or more");
      }
    }
    ++out.count;
    out.total += w;
  }
}

}  // namespace detail

/// Memory that assign() keeps between calls. Not to be shared by threads.
template <class T>
class AssignWorkspace {
 public:
  [[nodiscard]] detail::AssignBuffers<T>& buffers() noexcept { return buffers_; }

 private:
  detail::AssignBuffers<T> buffers_;
};

/// assign() below, into memory that is used again: no allocation once `workspace` and `out` have seen a problem as
/// large. For trackers, which solve a small problem a frame (30 x 30: under 2 us).
template <class T>
void assign(const CsrView<T>& weights, AssignOptions options, AssignWorkspace<T>& workspace, Assignment<T>& out) {
  using V = Total<T>;
  detail::require_options(options);
  validate_offsets(weights);
  const std::size_t rows = detail::at(weights.rows);
  const std::size_t cols = detail::at(weights.cols);
  detail::AssignBuffers<T>& buffers = workspace.buffers();
  out.options = options;
  out.col_of_row.resize(rows);
  out.row_of_col.resize(cols);
  const auto solve = [&](const auto& gain, auto& search, auto& row_duals, auto& col_duals) {
    using Gained = std::invoke_result_t<decltype(gain), T>;
    using Edges = detail::SparseEdges<T, std::remove_cvref_t<decltype(gain)>>;
    row_duals.resize(rows);
    col_duals.resize(cols);
    const Edges edges{weights, gain, detail::largest_weight<T>(weights.rows, weights.cols, options)};
    const detail::Matching<Gained> matching{out.col_of_row, out.row_of_col, row_duals, col_duals};
    // With may_stay every row can enter, so there is no row to be told about.
    static_cast<void>(detail::Augmentation<true, Gained, Edges>(edges, matching, search).run());
  };
  detail::with_gain(weights, options, [&](const auto& gain) {
    if constexpr (std::same_as<std::invoke_result_t<decltype(gain), T>, V>) {
      solve(gain, buffers.search, out.row_duals, out.col_duals);
      out.row_pair_duals.clear();
      out.col_pair_duals.clear();
    } else {
      const bool pairs_first = options.objective == Objective::most_pairs;
      solve(gain, buffers.search_pairs, buffers.row_duals, buffers.col_duals);
      detail::split_duals(buffers.row_duals, pairs_first, out.row_duals, out.row_pair_duals);
      detail::split_duals(buffers.col_duals, pairs_first, out.col_duals, out.col_pair_duals);
    }
  });
  detail::sum_up(weights, out);
}

template <class T>
void assign(const Csr<T>& weights, AssignOptions options, AssignWorkspace<T>& workspace, Assignment<T>& out) {
  assign(weights.view(), options, workspace, out);
}

/// The best one-to-one matching of rows and columns over the pairs that `weights` stores: each row gets at most one
/// column, each column at most one row, and no other such choice has a larger sum (see Objective and AssignOptions).
///
/// This is the compact Hungarian. Of a matrix with N x M cells it never builds more than its nonzero pairs: not the
/// full array (400 MB at 5,000 x 10,000), not the sub-matrix of rows and columns that own a pair (still 100 to 250 MB
/// on evaluation data, where nearly every truth owns one), not even connected components. A search for a row's place
/// follows overlaps only, so it ends at the border of its component by itself.
///
/// `weights`: rows x cols, a Csr or CsrView of int32, int64, float or double, e.g. iou_matrix(truths, predictions). An
/// absent pair and a weight <= 0 are no edge and are never reported as a match.
/// Result: partners of each row and column, their number, the sum of their weights, and dual prices, which certify()
/// turns into a proof of optimality. Its totals equal scipy.optimize.linear_sum_assignment(..., maximize=True) for
/// max_total, which fills up with worthless pairs; lap.lapjv(1 - w, cost_limit=1 - gate) for max_gain, which builds a
/// square of N + M.
/// Least cost: with w = C - cost for each stored pair, C above the largest cost, most_pairs finds the cheapest of the
/// largest matchings. Where its count is min(rows, cols) that is scipy's min_weight_full_bipartite_matching (and
/// lap.lapmod's answer for a square matrix); where it is less, no full matching exists and scipy raises. With w = limit
/// - cost, max_total is lap.lapjv(cost, cost_limit=limit) without its square of N + M: a pair that costs the limit or
/// more stays apart.
/// Ties: which of several optima comes back is a pure function of the matrix: rows enter in ascending order, the
/// nearest way out wins, equal ones prefer a free column and then the lower number. Relabelling that keeps the order
/// keeps the pairs.
/// Numbers: integers are exact. Floating-point weights are summed in double; differences of float weights are exact as
/// long as they span at most 2^27, so float IoU is solved exactly, too. Double weights are rounded in the last place.
/// Empty rows, columns and matrices are fine. Throws std::invalid_argument, naming row and column, for NaN and
/// infinite weights, for integers of a quarter of their type's range or more (most_pairs: of int64's range /
/// (4 min(rows, cols) + 4), if that is less), double above 1e298, and for an invalid matrix (see validate()); for a
/// gate that is not finite, or not 0 with max_total.
/// Time: one search a row, O(E log E) each at worst with E the pairs of its component; on overlaps of boxes about
/// linear in the pairs (5,000 x 10,000 boxes, 5,000 pairs: 0.07 ms). Memory besides the result: 16 cols bytes, and up
/// to 24 a column of the largest search; with two aims 40 cols + 16 rows, and 24.
/// Source: Jonker and Volgenant 1987; the free exit makes it maximum-weight matching instead of full assignment.
template <class T>
[[nodiscard]] Assignment<T> assign(const CsrView<T>& weights, AssignOptions options = {}) {
  AssignWorkspace<T> workspace;
  Assignment<T> out;
  assign(weights, options, workspace, out);
  return out;
}

template <class T>
[[nodiscard]] Assignment<T> assign(const Csr<T>& weights, AssignOptions options = {}) {
  return assign(weights.view(), options);
}

/// The matched pairs of at least `least`: the threshold that SORT, TrackEval's HOTA and DeepForest apply after an
/// ungated assignment. Not the same as a gate.
///
///     IoU  0.9  0.48        assign, then keep_at_least 0.5:  0.48 + 0.48 beats 0.9, and then nothing is kept
///          0.48 0           max_gain with gate 0.5:          keeps the 0.9
///
/// The result has no duals: it is a part of an optimum, not an optimum, and certify() says so. O(rows log degree),
/// no memory besides the result.
template <class T>
[[nodiscard]] Assignment<T> keep_at_least(const CsrView<T>& weights, const Assignment<T>& assignment, double least) {
  detail::require_same_length("col_of_row", assignment.col_of_row.size(), "weights", detail::at(weights.rows));
  detail::require_same_length("row_of_col", assignment.row_of_col.size(), "weights' columns", detail::at(weights.cols));
  Assignment<T> kept;
  kept.options = assignment.options;
  kept.col_of_row = assignment.col_of_row;
  kept.row_of_col = assignment.row_of_col;
  for (Index i = 0; i < weights.rows; ++i) {
    Index& j = kept.col_of_row[detail::at(i)];
    if (j != none && !(static_cast<double>(weights.at(i, j)) >= least)) {
      kept.row_of_col[detail::at(j)] = none;
      j = none;
    }
  }
  detail::sum_up(weights, kept);
  return kept;
}

template <class T>
[[nodiscard]] Assignment<T> keep_at_least(const Csr<T>& weights, const Assignment<T>& assignment, double least) {
  return keep_at_least(weights.view(), assignment, least);
}

}  // namespace boxlap
