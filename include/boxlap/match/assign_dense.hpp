/// Full optimal assignment of a cost function: scipy.optimize.linear_sum_assignment without storing the matrix.
#pragma once

#include <concepts>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

#include "../base/detail/compiler.hpp"
#include "../base/detail/error.hpp"
#include "../base/index.hpp"
#include "assignment.hpp"
#include "detail/augmenting_path.hpp"

namespace boxlap {

/// Options of assign_dense().
struct DenseOptions {
  bool maximize = false;  ///< the largest total instead of the smallest
};

/// A full assignment: min(rows, cols) pairs.
template <class T>
struct DenseAssignment {
  std::vector<Index> col_of_row, row_of_col;  ///< the partner, or boxlap::none on the longer side
  Index count = 0;                            ///< min(rows, cols)
  Total<T> total = 0;                         ///< the sum of the pairs' costs, rows ascending
  /// The proof: row + column <= cost everywhere (>= when maximising), with equality on pairs. On the longer side duals
  /// are at most 0 (at least 0), and 0 where nothing is matched.
  std::vector<Total<T>> row_duals, col_duals;
};

/// A cost for every cell: cost(i, j) -> any arithmetic type. Called several times for a cell, so it must be pure.
template <class F>
concept CostFunction = std::invocable<const F&, Index, Index> &&
    std::is_arithmetic_v<std::remove_cvref_t<std::invoke_result_t<const F&, Index, Index>>>;

namespace detail {

/// The cells of a cost function as edges, see Augmentation: gains are costs or their negatives, forbidden cells are no
/// edge. `transposed` swaps the sides, so that the solver's rows are the shorter one.
template <bool transposed, class Cost>
class DenseEdges {
 public:
  using T = std::remove_cvref_t<std::invoke_result_t<const Cost&, Index, Index>>;
  using V = Total<T>;

  class Row {
   public:
    Row(const DenseEdges& edges, Index i) noexcept : edges_(edges), i_(i) {}

    [[nodiscard]] Index size() const noexcept { return edges_.cols_; }
    [[nodiscard]] Index col(Index k) const noexcept { return k; }
    [[nodiscard]] V gain(Index k) const { return edges_.sign_ * static_cast<V>(edges_.cost(i_, k)); }
    [[nodiscard]] V checked_gain(Index k, Index) const {
      const T c = edges_.cost(i_, k);
      if (!edges_.is_cost(c) && !edges_.is_forbidden(c)) [[unlikely]] {
        edges_.refuse(i_, k, c);
      }
      return edges_.sign_ * static_cast<V>(c);
    }
    /// A forbidden cell has a gain of minus infinity.
    [[nodiscard]] static bool is_edge(V gain) noexcept {
      return !std::floating_point<T> || gain != -std::numeric_limits<V>::infinity();
    }

    [[nodiscard]] static bool is_consecutive() noexcept { return true; }
    struct Block {
      V values[columns_at_once];
      V gate{};
      [[nodiscard]] V gain(Index lane) const noexcept { return values[lane]; }
    };
    [[nodiscard]] Block block(Index k) const {
      Block block;
      for (Index lane = 0; lane < columns_at_once; ++lane) {
        block.values[lane] = gain(k + lane);
      }
      return block;
    }

   private:
    const DenseEdges& edges_;
    Index i_;
  };

  static constexpr bool has_blocks = std::floating_point<V>;

  DenseEdges(const Cost& cost, Index rows, Index cols, bool maximize)
      : cost_(cost), cols_(cols), sign_(maximize ? V{1} : V{-1}), most_(largest(rows)) {}

  [[nodiscard]] Row row(Index i) const noexcept { return Row(*this, i); }

 private:
  [[nodiscard]] T cost(Index i, Index j) const { return transposed ? cost_(j, i) : cost_(i, j); }

  [[nodiscard]] bool is_cost(T c) const {
    if constexpr (std::floating_point<T>) {
      return c <= most_ && c >= -most_;
    } else if constexpr (std::same_as<T, bool>) {
      return true;
    } else {
      return std::cmp_less_equal(c, most_) && std::cmp_greater_equal(c, -most_);
    }
  }

  /// +inf when minimising, -inf when maximising.
  [[nodiscard]] bool is_forbidden(T c) const {
    return std::floating_point<T> && sign_ * static_cast<V>(c) == -std::numeric_limits<V>::infinity();
  }

  /// Duals and distances are sums along paths of at most 2 rows + 1 cells.
  [[nodiscard]] static V largest(Index rows) {
    if constexpr (std::floating_point<V>) {
      return (std::numeric_limits<V>::max)() / 0x1p34;
    } else {
      return (std::numeric_limits<V>::max)() / (8 * (V{rows} + 1));
    }
  }

  [[noreturn]] BOXLAP_COLD void refuse(Index i, Index j, T c) const {
    const Index row = transposed ? j : i, col = transposed ? i : j;
    const auto value = static_cast<Total<T>>(c);
    if (value - value != 0) {
      invalid("cost matrix contains invalid numeric entries: row ", row, ", column ", col, " is ", value,
              sign_ > 0 ? " while maximising" : " while minimising");
    }
    invalid("cost at row ", row, ", column ", col, " is ", value, ", sums of such costs can overflow");
  }

  const Cost& cost_;
  Index cols_;
  V sign_, most_;
};

/// Solves with rows <= cols; if `transposed`, these are the columns and rows of the caller. Fills `out` in the same
/// terms.
template <bool transposed, class Cost, class T>
void solve_dense(Index rows, Index cols, const Cost& cost, bool maximize, DenseAssignment<T>& out) {
  using V = Total<T>;
  using Edges = DenseEdges<transposed, Cost>;
  out.col_of_row.resize(at(rows));
  out.row_of_col.resize(at(cols));
  out.row_duals.resize(at(rows));
  out.col_duals.resize(at(cols));
  const Edges edges(cost, rows, cols, maximize);
  SearchScratch<V> scratch;
  const Matching<V> matching{out.col_of_row, out.row_of_col, out.row_duals, out.col_duals};
  const Index stuck = Augmentation<false, V, Edges>(edges, matching, scratch).run();
  if (stuck != none) {
    // The rest is read so that an invalid entry is reported rather than hidden.
    for (Index i = stuck + 1; i < rows; ++i) {
      for (Index j = 0; j < cols; ++j) {
        static_cast<void>(edges.row(i).checked_gain(j, none));
      }
    }
    invalid("cost matrix is infeasible: ", transposed ? "column " : "row ", stuck, " and those before it have fewer ",
            transposed ? "rows" : "columns", " with a finite cost than they need");
  }
  if (!maximize) {
    for (std::vector<V>* duals : {&out.row_duals, &out.col_duals}) {
      for (V& dual : *duals) {
        dual = -dual;
      }
    }
  }
}

}  // namespace detail

/// The assignment of min(rows, cols) pairs, no row and no column twice, with the smallest (largest) sum of costs.
///
/// cost(i, j): any arithmetic type, for 0 <= i < rows, 0 <= j < cols; a matrix is `[&](Index i, Index j) { return
/// c[i][j]; }`. The meaning is scipy.optimize.linear_sum_assignment's: +inf forbids a pair when minimising, -inf when
/// maximising; the other infinity and NaN are refused, and so is a matrix with no full assignment of allowed pairs. The
/// total equals scipy's; of several optima another one may come back (a constant matrix gives the identity, as there).
/// Integers are exact, int64 too, where scipy rounds to double. Empty sides give an empty assignment.
/// Throws std::invalid_argument, naming row and column, for an invalid entry, for negative sizes, for infeasible
/// matrices, and for costs whose sums could overflow (int64 above 2^60 / (min(rows, cols) + 1), double above 1e298).
/// O(min(rows, cols)^2 max(rows, cols)) at worst, the rows x cols costs read at least once and none stored.
/// Memory besides the result: 16 bytes a column of the longer side, and up to 24 a column of the largest search.
/// A limit on the cost of a pair, lap's cost_limit: maximise `max(0, limit - cost(i, j))` and drop pairs of 0; where
/// few pairs are below the limit, assign() does it without looking at the others. For overlaps use assign(): it takes
/// what is not there for granted. Source: Jonker and Volgenant 1987; Crouse 2016.
template <CostFunction Cost>
[[nodiscard]] auto assign_dense(Index rows, Index cols, const Cost& cost, DenseOptions options = {}) {
  using T = std::remove_cvref_t<std::invoke_result_t<const Cost&, Index, Index>>;
  if (rows < 0 || cols < 0) {
    detail::invalid("rows is ", rows, " and cols is ", cols, ", neither may be negative");
  }
  DenseAssignment<T> out;
  if (rows <= cols) {
    detail::solve_dense<false>(rows, cols, cost, options.maximize, out);
  } else {
    detail::solve_dense<true>(cols, rows, cost, options.maximize, out);
    std::swap(out.col_of_row, out.row_of_col);
    std::swap(out.row_duals, out.col_duals);
  }
  for (Index i = 0; i < rows; ++i) {
    if (const Index j = out.col_of_row[detail::at(i)]; j != none) {
      ++out.count;
      out.total += static_cast<Total<T>>(cost(i, j));
    }
  }
  return out;
}

}  // namespace boxlap
