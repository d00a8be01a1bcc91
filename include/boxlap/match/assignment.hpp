/// The types of one-to-one matching: what assign() maximises, its options, and its result.
#pragma once

#include <concepts>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "../base/index.hpp"

namespace boxlap {

/// The type that sums of T are kept in. The solver computes in it too, for two reasons: differences of float weights
/// are then exact in every ordinary case (see assign()), and int32 weights cannot overflow.
template <class T>
using Total = std::conditional_t<std::floating_point<T>, double, std::int64_t>;

/// What assign() maximises over all one-to-one matchings; w is the weight of a pair, rows may stay unmatched.
enum class Objective {
  max_total,  ///< the sum of w over pairs with w > 0: scipy.optimize.linear_sum_assignment without its filler pairs
  max_gain,   ///< the sum of (w - gate) over pairs with w > gate: a tracker's cost limit (lap, DeepSORT, ByteTrack)
  most_pairs  ///< first the number of pairs with w >= gate (and w > 0), then the sum of w
};

/// Which of several equally good matchings is returned: weights {{1, 2}, {0, 1}} have an optimum of one pair and one of
/// two.
///
/// Exact: the number of pairs is never traded against the objective. So that equally good is a fact and not a matter of
/// rounding, floating-point gains are first rounded to multiples of 2^-50 of the power of two above the largest one;
/// float weights of one range (any IoU above 2^-26) are such multiples already.
enum class AmongOptima { any, most_pairs, fewest_pairs };

struct AssignOptions {
  Objective objective = Objective::max_total;
  double gate = 0;  ///< in the unit of the weights; for integer weights its whole part, rounded down
  AmongOptima among_optima = AmongOptima::any;  ///< says nothing new to most_pairs, whose optima have one size
};

/// A one-to-one matching and the numbers that prove it optimal; see assign() and certify().
template <class T>
struct Assignment {
  std::vector<Index> col_of_row, row_of_col;   ///< the partner, or boxlap::none
  Index count = 0;                             ///< pairs
  Total<T> total = 0;                          ///< the sum of the pairs' weights; the gain is total - count * gate
  std::vector<Total<T>> row_duals, col_duals;  ///< prices that no pair beats: the proof
  std::vector<Total<T>> row_pair_duals, col_pair_duals;  ///< the same for the number of pairs, where that is an aim too
  AssignOptions options;
};

}  // namespace boxlap
