/// The vocabulary of one-to-one matching: what to maximise, what comes back, and how a weight becomes a gain.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

#include "../base/detail/compiler.hpp"
#include "../base/detail/error.hpp"
#include "../base/index.hpp"
#include "../pairs/csr.hpp"

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

/// Which of several equally good matchings: weights {{1, 2}, {0, 1}} have an optimum of one pair and one of two.
///
/// Exact: the number of pairs is never traded against the objective. So that equally good is a fact and not a matter of
/// rounding, floating-point gains are first rounded to multiples of 2^-50 of the power of two above the largest one;
/// float weights of one range (any IoU above 2^-26) are such multiples as they stand.
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

namespace detail {

/// Two aims, the first one first.
template <class V>
struct Lexicographic {
  V first{}, second{};
  friend constexpr Lexicographic operator+(Lexicographic a, Lexicographic b) noexcept {
    return {a.first + b.first, a.second + b.second};
  }
  friend constexpr Lexicographic operator-(Lexicographic a, Lexicographic b) noexcept {
    return {a.first - b.first, a.second - b.second};
  }
  friend constexpr bool operator<(Lexicographic a, Lexicographic b) noexcept {
    return a.first < b.first || (a.first == b.first && a.second < b.second);
  }
  friend constexpr bool operator==(Lexicographic, Lexicographic) = default;
};

/// True where the number of pairs is one of the aims.
[[nodiscard]] inline bool counts_pairs(const AssignOptions& options) noexcept {
  return options.objective == Objective::most_pairs || options.among_optima != AmongOptima::any;
}

/// The largest weight with which no sum of the solver can overflow.
///
/// One aim: duals and distances stay within the largest weight, sums of three are formed. Two aims: the weight comes
/// second in most_pairs and is then bounded by a whole path of at most min(rows, cols) pairs.
template <class T>
[[nodiscard]] constexpr T largest_weight(Index rows, Index cols, const AssignOptions& options) noexcept {
  if constexpr (std::floating_point<T>) {
    constexpr double most = (std::numeric_limits<double>::max)() / 0x1p34;  // 2^32 of them can be added up
    return static_cast<T>(std::min<double>((std::numeric_limits<T>::max)(), most));
  } else {
    constexpr std::int64_t quarter = (std::numeric_limits<std::int64_t>::max)() / 4;
    const std::int64_t path = options.objective == Objective::most_pairs ? std::int64_t{(std::min)(rows, cols)} + 1 : 1;
    const T own = (std::numeric_limits<T>::max)() / 4;
    return std::cmp_less(quarter / path, own) ? static_cast<T>(quarter / path) : own;
  }
}

template <class T>
[[nodiscard]] constexpr bool is_weight(T w, T most) noexcept {
  return w <= most && w >= std::numeric_limits<T>::lowest();
}

/// Throws std::invalid_argument, naming row and column: what validate() finds, or the first value that is NaN,
/// infinite or too large. To be called when there is something to be found.
template <class T>
[[noreturn]] BOXLAP_COLD void refuse_weights(const CsrView<T>& weights, T most) {
  validate(weights);
  for_each_entry(weights, [&](Index i, Index j, T w) {
    if (!is_weight(w, most)) {
      if constexpr (std::floating_point<T>) {
        invalid("weights at row ", i, ", column ", j, " is ", w, ", expected a finite number up to ", most);
      } else {
        invalid("weights at row ", i, ", column ", j, " is ", w, ", the largest that cannot overflow here is ", most);
      }
    }
  });
  invalid("weights are not numbers");
}

inline void require_options(const AssignOptions& options) {
  if (options.gate != options.gate || options.gate - options.gate != 0) {
    invalid("gate is ", options.gate, ", expected a finite number");
  }
  if (options.objective == Objective::max_total && options.gate != 0) {
    invalid("gate is ", options.gate,
            ", max_total has none: use max_gain or most_pairs, or keep_at_least() afterwards");
  }
}

/// `gate` as a Total<T>: for integers the whole number below, within the range of weights.
template <class T>
[[nodiscard]] Total<T> whole_gate(double gate) {
  if constexpr (std::floating_point<T>) {
    return gate;
  } else {
    constexpr std::int64_t quarter = (std::numeric_limits<std::int64_t>::max)() / 4;
    if (gate < -static_cast<double>(quarter)) {
      invalid("gate is ", gate, ", integer weights allow -2^61 or more");
    }
    return gate > static_cast<double>(quarter) ? quarter : static_cast<std::int64_t>(std::floor(gate));
  }
}

/// The spacing of the grid that sums of doubles are exact on: 2^-50 of the power of two above `largest`.
[[nodiscard]] inline double exact_grid(double largest) {
  int exponent = 0;
  std::frexp(largest, &exponent);
  return std::ldexp(1.0, (std::max)(exponent - 50, std::numeric_limits<double>::min_exponent));
}

/// What a pair adds to a sum: its weight beyond the gate. Weights <= 0 are no edges, whatever the gate.
template <class T>
struct Surplus {
  Total<T> gate;
  [[nodiscard]] Total<T> operator()(T w) const noexcept { return w > 0 ? static_cast<Total<T>>(w) - gate : Total<T>{}; }
};

/// Calls use(gain), where gain(w) is what a pair of weight w adds to the objective: a Total<T> for one aim, a
/// Lexicographic for two. A gain that is not positive means that the pair is no edge.
///
/// Everything that the objectives differ in is here; the solver and the certificate see gains alone.
template <class T, class Use>
void with_gain(const CsrView<T>& weights, const AssignOptions& options, const Use& use) {
  using V = Total<T>;
  if (options.objective == Objective::most_pairs) {
    const V least = whole_gate<T>(options.gate);
    use([least](T w) {
      const V value = static_cast<V>(w);
      return w > 0 && value >= least ? Lexicographic<V>{V{1}, value} : Lexicographic<V>{};
    });
    return;
  }
  const V gate = whole_gate<T>(options.gate);
  const Surplus<T> gain{gate};
  if (options.among_optima == AmongOptima::any) {
    use(gain);
    return;
  }
  const V pair = options.among_optima == AmongOptima::most_pairs ? V{1} : V{-1};
  const auto with_pair = [pair](V first) { return first > 0 ? Lexicographic<V>{first, pair} : Lexicographic<V>{}; };
  if constexpr (std::integral<T>) {
    use([=](T w) { return with_pair(gain(w)); });
  } else {
    V largest{};
    for (const T w : weights.values) {
      largest = (std::max)(largest, gain(w));
    }
    const V grid = exact_grid(largest);
    use([=](T w) { return with_pair(std::nearbyint(gain(w) / grid) * grid); });
  }
}

}  // namespace detail
}  // namespace boxlap
