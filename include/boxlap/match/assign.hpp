/// Optimal one-to-one matching of a sparse matrix: the Hungarian method without the zeros, with a proof of optimality.
#pragma once

#include <concepts>
#include <limits>
#include <type_traits>
#include <vector>

#include "../base/index.hpp"
#include "../pairs/csr.hpp"
#include "assignment.hpp"
#include "certify.hpp"
#include "detail/augmenting_path.hpp"
#include "detail/gains.hpp"

namespace boxlap {
namespace detail {

/// The entries of a sparse matrix as edges, see Augmentation. Entries are validated when their row enters, which saves
/// a pass over the matrix; offsets must have been validated before.
template <class T, class Gain>
class SparseEdges {
 public:
  using V = std::invoke_result_t<const Gain&, T>;

  /// One row. It holds copies of what loops read: the compiler cannot know that a loop leaves the matrix alone.
  class Row {
   public:
    Row(const SparseEdges& edges, Index i)
        : cols_(edges.weights_.col_indices.data() + edges.weights_.row_offsets[at(i)]),
          values_(edges.weights_.values.data() + edges.weights_.row_offsets[at(i)]),
          size_(edges.weights_.row_offsets[at(i) + 1] - edges.weights_.row_offsets[at(i)]),
          matrix_cols_(edges.weights_.cols),
          most_(edges.most_),
          gain_(edges.gain_),
          edges_(edges) {}

    [[nodiscard]] Index size() const noexcept { return size_; }
    [[nodiscard]] Index col(Index k) const noexcept { return cols_[k]; }
    [[nodiscard]] V gain(Index k) const noexcept { return gain_(values_[k]); }
    [[nodiscard]] V checked_gain(Index k, Index previous) const {
      if (cols_[k] <= previous || cols_[k] >= matrix_cols_ || !is_weight(values_[k], most_)) [[unlikely]] {
        refuse_weights(edges_.weights_, most_);
      }
      return gain(k);
    }
    [[nodiscard]] static bool is_edge(V gain) noexcept { return is_positive(gain); }

    [[nodiscard]] bool is_consecutive() const noexcept {
      return size_ >= columns_at_once && cols_[size_ - 1] - cols_[0] == size_ - 1;
    }
    struct Block {
      const T* values;
      Total<T> gate;
      [[nodiscard]] V gain(Index lane) const noexcept { return Gain{gate}(values[lane]); }
    };
    [[nodiscard]] Block block(Index k) const noexcept { return {values_ + k, gain_.gate}; }

   private:
    const Index* cols_;
    const T* values_;
    Index size_, matrix_cols_;
    T most_;
    const Gain& gain_;
    const SparseEdges& edges_;
  };

  static constexpr bool has_blocks = std::same_as<Gain, Surplus<T>> && std::floating_point<T>;

  SparseEdges(const CsrView<T>& weights, const Gain& gain, T most) : weights_(weights), gain_(gain), most_(most) {}

  [[nodiscard]] Row row(Index i) const noexcept { return Row(*this, i); }

 private:
  const CsrView<T>& weights_;
  Gain gain_;
  T most_;  // the largest weight allowed
};

/// Scratch memory of the solver, for gains of one number and of two.
template <class T>
struct AssignBuffers {
  SearchScratch<Total<T>> search;
  SearchScratch<Lexicographic<Total<T>>> lexicographic_search;
  std::vector<Lexicographic<Total<T>>> row_duals, col_duals;
};

/// Solves for one kind of gain. The lists of `matching` must have the size of the matrix.
template <class T, class Gain, class V>
void solve_sparse(const CsrView<T>& weights, const Gain& gain, const AssignOptions& options,
                  const Matching<V>& matching, SearchScratch<V>& scratch) {
  using Edges = SparseEdges<T, Gain>;
  const Edges edges(weights, gain, largest_weight<T>(weights.rows, weights.cols, options));
  // Rows may stay unmatched, so no row can fail to enter.
  static_cast<void>(Augmentation<true, V, Edges>(edges, matching, scratch).run());
}

/// Takes pairs of duals apart: those of the weights and those of the number of pairs.
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

/// Sets count and total of a matching: counts its pairs and adds up their weights, rows ascending.
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

/// Memory that assign() keeps between calls. One thread at a time may use it.
template <class T>
class AssignWorkspace {
 public:
  AssignWorkspace() = default;

 private:
  template <class U>
  friend void assign(const CsrView<U>& weights, AssignOptions options, AssignWorkspace<U>& workspace,
                     Assignment<U>& out);

  detail::AssignBuffers<T> buffers_;
};

/// The optimal one-to-one matching of a sparse matrix, into memory that is used again.
///
/// `weights`: rows x cols, a Csr or CsrView of int32, int64, float or double. `options`: objective, gate and choice
/// among optima. `workspace`, `out`: any state; `out` is overwritten. Once both have seen a problem as large, a call
/// allocates nothing. For trackers, which solve a small problem a frame (30 x 30: under 2 us).
/// Result, order, ties, invalid input and errors are those of assign(weights, options); after an exception `out` holds
/// no valid assignment. Time of assign(weights, options). Memory: the result and 16 cols bytes, and up to 24 a column
/// of the largest search; with two aims 40 cols + 16 rows, and 24; kept in `workspace`.
template <class T>
void assign(const CsrView<T>& weights, AssignOptions options, AssignWorkspace<T>& workspace, Assignment<T>& out) {
  detail::require_options(options);
  validate_offsets(weights);
  const std::size_t rows = detail::at(weights.rows);
  const std::size_t cols = detail::at(weights.cols);
  detail::AssignBuffers<T>& buffers = workspace.buffers_;
  out.options = options;
  out.col_of_row.resize(rows);
  out.row_of_col.resize(cols);
  out.row_duals.resize(rows);
  out.col_duals.resize(cols);
  if (!detail::counts_pairs(options)) {
    const detail::Surplus<T> gain{detail::whole_gate<T>(options.gate)};
    const detail::Matching<Total<T>> matching{out.col_of_row, out.row_of_col, out.row_duals, out.col_duals};
    detail::solve_sparse(weights, gain, options, matching, buffers.search);
    out.row_pair_duals.clear();
    out.col_pair_duals.clear();
  } else {
    const detail::LexicographicGain<T> gain(weights, options);
    buffers.row_duals.resize(rows);
    buffers.col_duals.resize(cols);
    const detail::Matching<detail::Lexicographic<Total<T>>> matching{out.col_of_row, out.row_of_col, buffers.row_duals,
                                                                     buffers.col_duals};
    detail::solve_sparse(weights, gain, options, matching, buffers.lexicographic_search);
    const bool pairs_first = options.objective == Objective::most_pairs;
    detail::split_duals(buffers.row_duals, pairs_first, out.row_duals, out.row_pair_duals);
    detail::split_duals(buffers.col_duals, pairs_first, out.col_duals, out.col_pair_duals);
  }
  detail::sum_up(weights, out);
}

/// assign(weights.view(), options, workspace, out).
template <class T>
void assign(const Csr<T>& weights, AssignOptions options, AssignWorkspace<T>& workspace, Assignment<T>& out) {
  assign(weights.view(), options, workspace, out);
}

/// The best one-to-one matching of rows and columns over the pairs that `weights` stores: each row gets at most one
/// column, each column at most one row, and no other such choice has a larger sum (see Objective and AssignOptions).
///
/// This is the Hungarian method on stored pairs only. Of a matrix with N x M cells it never builds the full array (400
/// MB at 5,000 x 10,000), nor the sub-matrix of rows and columns that have a pair (still 100 to 250 MB on evaluation
/// data, where nearly every truth has one), nor connected components: each search follows stored pairs, so it never
/// leaves its component.
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
/// more is not matched.
/// Ties: which of several optima is returned is a pure function of the matrix: rows enter in ascending order, the
/// shortest path wins, of equal ones that to a free column and then the lower column. Relabelling that keeps the order
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

/// assign(weights.view(), options).
template <class T>
[[nodiscard]] Assignment<T> assign(const Csr<T>& weights, AssignOptions options = {}) {
  return assign(weights.view(), options);
}

/// The matched pairs whose weight is at least `least`: the threshold that SORT, TrackEval's HOTA and DeepForest apply
/// after an ungated assignment. Not the same as a gate:
///
///     IoU  0.9  0.48        assign, then keep_at_least 0.5:  0.48 + 0.48 beats 0.9, and then nothing is kept
///          0.48 0           max_gain with gate 0.5:          keeps the 0.9
///
/// `weights`: the matrix that was solved. `assignment`: its matching. `least`: in the unit of the weights; NaN keeps
/// nothing. The result has new count and total and no duals: it is a part of an optimum, not an optimum, and certify()
/// calls it invalid. Throws std::invalid_argument for an assignment of another size. O(rows log degree) time, no memory
/// besides the result.
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

/// keep_at_least(weights.view(), assignment, least).
template <class T>
[[nodiscard]] Assignment<T> keep_at_least(const Csr<T>& weights, const Assignment<T>& assignment, double least) {
  return keep_at_least(weights.view(), assignment, least);
}

}  // namespace boxlap
