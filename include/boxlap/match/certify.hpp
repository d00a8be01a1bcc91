/// Verification that a matching is optimal, from its dual prices alone.
#pragma once

#include <algorithm>
#include <concepts>
#include <limits>
#include <type_traits>

#include "../base/index.hpp"
#include "../pairs/csr.hpp"
#include "assignment.hpp"
#include "detail/gains.hpp"

namespace boxlap {

/// What certify() found. `gap` bounds how far the matching can be from an optimum: 0 for integers when valid.
template <class T>
struct Certificate {
  bool valid = false;            ///< the matching is one, and no matching is better
  Total<T> gap = 0;              ///< (sum of all duals) - (what the pairs add to the objective)
  Total<T> pair_gap = 0;         ///< the same for the number of pairs, where that is an aim too
  Total<T> worst = 0;            ///< the most by which a dual constraint is broken
  Index row = none, col = none;  ///< where the first fault is
  const char* fault = "";        ///< what it is, empty when valid
};

namespace detail {

/// Saturating, so that made-up duals can neither overflow nor wrap round to a proof.
template <class V>
[[nodiscard]] constexpr V saturating_sum(V a, V b) noexcept {
  if constexpr (std::integral<V>) {
    constexpr V most = (std::numeric_limits<V>::max)();
    if (b > 0 && a > most - b) {
      return most;
    }
    if (b < 0 && a < -most - b) {
      return -most;
    }
  }
  return a + b;
}

template <class V>
[[nodiscard]] constexpr Lexicographic<V> saturating_sum(Lexicographic<V> a, Lexicographic<V> b) noexcept {
  return {saturating_sum(a.first, b.first), saturating_sum(a.second, b.second)};
}

template <class V>
[[nodiscard]] constexpr Lexicographic<V> negated(Lexicographic<V> a) noexcept {
  return {-a.first, -a.second};
}

/// The checks of one certificate, by weak duality. Gains and duals are pairs of numbers here, whatever the objective.
template <class T>
class OptimalityCheck {
 public:
  using V = Total<T>;
  using Pair = Lexicographic<V>;

  OptimalityCheck(const CsrView<T>& weights, const Assignment<T>& assignment) : w_(weights), a_(assignment) {}

  [[nodiscard]] Certificate<T> run() {
    if (!has_shape() || !is_matching()) {
      return result_;
    }
    const LexicographicGain<T> gain(w_, a_.options);
    find_slack(gain);
    check_edges(gain);
    check_duals();
    check_sums(gain);
    result_.valid = *result_.fault == '\0';
    return result_;
  }

 private:
  void fail(const char* fault, Index row, Index col) {
    if (*result_.fault == '\0') {
      result_.fault = fault;
      result_.row = row;
      result_.col = col;
    }
  }

  [[nodiscard]] bool has_shape() {
    const std::size_t rows = at(w_.rows), cols = at(w_.cols);
    const std::size_t pair_rows = counts_pairs(a_.options) ? rows : 0, pair_cols = counts_pairs(a_.options) ? cols : 0;
    if (a_.col_of_row.size() != rows || a_.row_of_col.size() != cols) {
      fail("the assignment is one of another size", none, none);
    } else if (a_.row_duals.size() != rows || a_.col_duals.size() != cols || a_.row_pair_duals.size() != pair_rows ||
               a_.col_pair_duals.size() != pair_cols) {
      fail("the assignment brings no duals", none, none);
    }
    return *result_.fault == '\0';
  }

  /// The two lists of partners say the same, and say nothing that is no row or column.
  [[nodiscard]] bool is_matching() {
    const auto agree = [&](const std::vector<Index>& there, const std::vector<Index>& back, bool rows) {
      for (std::size_t i = 0; i < there.size(); ++i) {
        const Index j = there[i];
        const auto own = static_cast<Index>(i);
        if (j != none && (j < 0 || at(j) >= back.size() || back[at(j)] != own)) {
          fail("col_of_row and row_of_col contradict each other", rows ? own : j, rows ? j : own);
        }
      }
    };
    agree(a_.col_of_row, a_.row_of_col, true);
    agree(a_.row_of_col, a_.col_of_row, false);
    return *result_.fault == '\0';
  }

  [[nodiscard]] bool pairs_come_first() const noexcept { return a_.options.objective == Objective::most_pairs; }

  /// The dual of a row or column, aims in the order of the objective.
  [[nodiscard]] Pair dual(const std::vector<V>& duals, const std::vector<V>& pair_duals, Index i) const {
    const V value = (std::max)(duals[at(i)], -(std::numeric_limits<V>::max)());
    const V pairs = pair_duals.empty() ? V{} : (std::max)(pair_duals[at(i)], -(std::numeric_limits<V>::max)());
    return pairs_come_first() ? Pair{pairs, value} : Pair{value, pairs};
  }
  [[nodiscard]] Pair row_dual(Index i) const { return dual(a_.row_duals, a_.row_pair_duals, i); }
  [[nodiscard]] Pair col_dual(Index j) const { return dual(a_.col_duals, a_.col_pair_duals, j); }

  /// What rounding is forgiven: nothing for integers, for numbers of pairs, and for gains on the exact grid.
  void find_slack(const LexicographicGain<T>& gain) {
    for (const T w : w_.values) {
      scale_ = (std::max)(scale_, weight_part(gain(w)));
    }
    if (pairs_come_first()) {  // then duals are sums along whole paths
      for (const std::vector<V>* duals : {&a_.row_duals, &a_.col_duals}) {
        for (const V dual : *duals) {
          scale_ = (std::max)(scale_, dual);
        }
      }
    }
    const bool exact = counts_pairs(a_.options) && !pairs_come_first();
    slack_ = exact ? V{} : tolerance * scale_;
  }

  [[nodiscard]] V weight_part(Pair aims) const noexcept { return pairs_come_first() ? aims.second : aims.first; }
  [[nodiscard]] V pair_part(Pair aims) const noexcept { return pairs_come_first() ? aims.first : aims.second; }

  /// Notes that `left` should not be below 0, the first aim first. Comparisons are such that NaN fails.
  void require_not_negative(Pair left, const char* fault, Index row, Index col) {
    const V first_slack = pairs_come_first() ? V{} : slack_;
    const V second_slack = pairs_come_first() ? slack_ : V{};
    if (!(left.first > first_slack || (left.first >= -first_slack && left.second >= -second_slack))) {
      fail(fault, row, col);
    }
    if (!pairs_come_first() || left.first <= 0) {
      result_.worst = (std::max)(result_.worst, -weight_part(left));
    }
  }

  void check_edges(const LexicographicGain<T>& gain) {
    Index edges_matched = 0;
    for_each_entry(w_, [&](Index i, Index j, T w) {
      const Pair g = gain(w);
      if (!(Pair{} < g)) {
        return;
      }
      edges_matched += a_.col_of_row[at(i)] == j ? 1 : 0;
      require_not_negative(saturating_sum(saturating_sum(row_dual(i), col_dual(j)), negated(g)),
                           "the duals of an edge are below its gain", i, j);
    });
    const auto pairs = static_cast<Index>(
        std::count_if(a_.col_of_row.begin(), a_.col_of_row.end(), [](Index j) { return j != none; }));
    if (edges_matched != pairs || pairs != a_.count) {
      fail("count is not the number of matched edges", none, none);
    }
  }

  void check_duals() {
    for (Index i = 0; i < w_.rows; ++i) {
      require_not_negative(row_dual(i), "the dual of a row is negative", i, none);
    }
    for (Index j = 0; j < w_.cols; ++j) {
      require_not_negative(col_dual(j), "the dual of a column is negative", none, j);
    }
  }

  /// Weak duality: no matching exceeds the sum of all duals, so a matching that reaches it is optimal.
  void check_sums(const LexicographicGain<T>& gain) {
    Pair bound, reached;
    V total{};
    for (Index i = 0; i < w_.rows; ++i) {
      bound = saturating_sum(bound, row_dual(i));
      if (const Index j = a_.col_of_row[at(i)]; j != none) {
        const T w = w_.at(i, j);
        reached = saturating_sum(reached, gain(w));
        total = saturating_sum(total, static_cast<V>(w));
      }
    }
    for (Index j = 0; j < w_.cols; ++j) {
      bound = saturating_sum(bound, col_dual(j));
    }
    const Pair gap = saturating_sum(bound, negated(reached));
    result_.gap = weight_part(gap);
    result_.pair_gap = pair_part(gap);
    const V scale = (std::max)(scale_, weight_part(reached));
    if (result_.pair_gap != 0 || !equal(weight_part(bound), weight_part(reached), scale)) {
      fail("the duals allow a better matching", none, none);
    }
    if (!equal(total, a_.total, total)) {
      fail("total is not the sum of the matched weights", none, none);
    }
  }

  [[nodiscard]] static bool equal(V a, V b, V scale) noexcept {
    if constexpr (std::integral<V>) {
      return a == b;
    } else {
      return (std::max)(a - b, b - a) <= tolerance * scale;
    }
  }

  /// Relative. A chain of 100,000 random double weights passes; integers are given nothing.
  static constexpr V tolerance = std::floating_point<V> ? static_cast<V>(1e-12) : V{};

  const CsrView<T>& w_;
  const Assignment<T>& a_;
  V scale_{}, slack_{};
  Certificate<T> result_;
};

}  // namespace detail

/// Checks that `assignment` is an optimal matching of `weights` for the options it was made with.
///
/// The proof is weak duality: where every edge's two duals together are at least its gain and no dual is negative, no
/// matching gains more than the sum of all duals; a matching that reaches that sum is optimal. So nothing about the
/// solver is trusted, and an assignment that was edited, damaged, or made for another matrix is called invalid, never
/// read out of bounds. With two aims (most_pairs, among_optima) the duals are pairs of numbers, compared first aim
/// first.
///
/// Integers: exact, gap is 0 when valid. float and double: constraints may be broken by 1e-12 of the largest gain, the
/// sums may differ by 1e-12 of the larger one. Throws std::invalid_argument as assign() does for a matrix that is none.
/// O(rows + cols + nonzeros log degree) time, no memory.
template <class T>
[[nodiscard]] Certificate<T> certify(const CsrView<T>& weights, const Assignment<T>& assignment) {
  detail::require_options(assignment.options);
  validate(weights);
  const T most = detail::largest_weight<T>(weights.rows, weights.cols, assignment.options);
  if (!std::all_of(weights.values.begin(), weights.values.end(), [&](T w) { return detail::is_weight(w, most); })) {
    detail::refuse_weights(weights, most);
  }
  return detail::OptimalityCheck<T>(weights, assignment).run();
}

/// certify(weights.view(), assignment).
template <class T>
[[nodiscard]] Certificate<T> certify(const Csr<T>& weights, const Assignment<T>& assignment) {
  return certify(weights.view(), assignment);
}

}  // namespace boxlap
