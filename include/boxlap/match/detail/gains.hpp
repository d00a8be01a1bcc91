/// Gains: what a pair of a given weight adds to the objective of assign().
///
/// assign() has three objectives, a gate, and a choice among equally good matchings. The solver and the certificate
/// should not depend on them. So each is turned into a gain per pair whose sum is maximised: one number (Surplus),
/// or two that are compared one after the other where the number of pairs is an aim of its own (LexicographicGain).
/// A single number "weight + epsilon" for the second case would be simpler and wrong: no epsilon is small enough to
/// leave the weights alone and large enough not to vanish in their rounding.
///
/// A pair whose gain is not positive is no edge. Sums of gains cannot overflow if all weights are at most
/// largest_weight(). Cost: O(1) a gain; LexicographicGain reads all weights once when it is made.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <utility>

#include "../../base/detail/compiler.hpp"
#include "../../base/detail/error.hpp"
#include "../../base/index.hpp"
#include "../../pairs/csr.hpp"
#include "../assignment.hpp"

namespace boxlap::detail {

/// Two numbers, compared one after the other: the second decides where the first ones are equal.
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

/// True for the gain of an edge. The first number decides: it is 0 only in a gain that is 0 altogether.
template <class V>
[[nodiscard]] constexpr bool is_positive(V gain) noexcept {
  return gain > 0;
}
template <class V>
[[nodiscard]] constexpr bool is_positive(Lexicographic<V> gain) noexcept {
  return gain.first > 0;
}

/// The gain where the sum of weights is the only aim: the weight less the gate. A weight of 0 or less is no edge,
/// whatever the gate.
template <class T>
struct Surplus {
  Total<T> gate;
  [[nodiscard]] Total<T> operator()(T w) const noexcept { return w > 0 ? static_cast<Total<T>>(w) - gate : Total<T>{}; }
};

/// The gain where the number of pairs is an aim too: {1, weight} for most_pairs, {weight - gate, 1 or -1} for the other
/// objectives with AmongOptima. With AmongOptima::any the second number is 0, so that every objective has this form.
///
/// The form is chosen at run time, so that the solver is compiled once for all of them.
template <class T>
class LexicographicGain {
 public:
  using V = Total<T>;

  LexicographicGain(const CsrView<T>& weights, const AssignOptions& options)
      : surplus_{whole_gate<T>(options.gate)},
        pair_(options.among_optima == AmongOptima::any          ? 0
              : options.among_optima == AmongOptima::most_pairs ? 1
                                                                : -1),
        least_(pair_ == 0 ? std::numeric_limits<V>::lowest() : V{}) {
    if (options.objective == Objective::most_pairs) {
      form_ = Form::pairs_first;
    } else if (std::floating_point<T> && pair_ != 0) {
      form_ = Form::rounded;
      V largest{};
      for (const T w : weights.values) {
        largest = (std::max)(largest, surplus_(w));
      }
      grid_ = static_cast<V>(exact_grid(static_cast<double>(largest)));
    }
  }

  [[nodiscard]] Lexicographic<V> operator()(T w) const noexcept {
    if (form_ == Form::pairs_first) {
      const V value = static_cast<V>(w);
      return w > 0 && value >= surplus_.gate ? Lexicographic<V>{V{1}, value} : Lexicographic<V>{};
    }
    V first = surplus_(w);
    if constexpr (std::floating_point<T>) {
      if (form_ == Form::rounded) {
        first = std::nearbyint(first / grid_) * grid_;
      }
    }
    return first > least_ ? Lexicographic<V>{first, pair_} : Lexicographic<V>{};
  }

 private:
  enum class Form : std::uint8_t { plain, rounded, pairs_first };

  Surplus<T> surplus_;
  V pair_;        // what a pair counts in the second number
  V least_;       // of the first number of an edge: 0, or none with AmongOptima::any
  V grid_ = V{};  // gains of the form `rounded` are multiples of it
  Form form_ = Form::plain;
};

}  // namespace boxlap::detail
