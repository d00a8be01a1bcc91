/// An addition without an error: the rounded sum, and what rounding took from it (Knuth 1969, "TwoSum").
///
/// Sums of many numbers, and places on the x axis far from the origin, need more digits than one double has. The two
/// parts of this result are exact together, so that exact predicates, double-double arithmetic and compensated sums can
/// be built from it. Dekker's shorter form must know which number is larger: a branch, which lanes do not have.
///
/// Cost: six additions. -ffast-math breaks it; the library must not be compiled with that.
#pragma once

namespace boxlap::detail {

template <class L>
struct RoundedSum {
  L sum, error;
};

/// a + b as two numbers, the rounded sum and its error, which together are exact (Knuth 1969). L is a floating-point
/// number or lanes of it. A product must be rounded before it is given to this: see rounded() and product().
template <class L>
[[nodiscard]] constexpr RoundedSum<L> two_sum(const L& a, const L& b) noexcept {
  const L sum = a + b, part = sum - a;
  return {sum, (a - (sum - part)) + (b - part)};
}

}  // namespace boxlap::detail
