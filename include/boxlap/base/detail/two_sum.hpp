/// A sum and what rounding took from it.
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
