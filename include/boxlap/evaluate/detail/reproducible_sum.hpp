/// Exact floating-point summation: the result does not depend on the order of the numbers.
///
/// A mean over images should be the same to the last bit whatever order, thread or machine the images came from. Plain
/// addition rounds at each step, so its result depends on the order; compensated (Kahan) summation makes that rare, not
/// impossible. Shewchuk's expansions keep the sum exactly, as a few partial sums that do not overlap, and round once at
/// the end: Python's math.fsum.
///
/// Invariant: the partial sums have increasing magnitude, and their bits do not overlap. Cost: amortised O(1) an
/// addition for numbers of one magnitude, a few doubles of memory. Source: Shewchuk, Discrete & Computational Geometry
/// 18 (1997).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

namespace boxlap::detail {

/// Adds finite doubles exactly; total() rounds once, to nearest even. The total must not overflow.
class ReproducibleSum {
 public:
  void add(double x) {
    std::size_t kept = 0;
    for (double partial : partials_) {
      if (std::abs(x) < std::abs(partial)) {
        std::swap(x, partial);
      }
      const double high = x + partial;
      const double low = partial - (high - x);
      if (low != 0) {
        partials_[kept++] = low;
      }
      x = high;
    }
    partials_.resize(kept);
    partials_.push_back(x);
    ++count_;
  }

  [[nodiscard]] double total() const {
    if (partials_.empty()) {
      return 0;
    }
    std::size_t n = partials_.size() - 1;
    double high = partials_[n], low = 0;
    while (n > 0 && low == 0) {
      const double x = high, y = partials_[--n];
      high = x + y;
      low = y - (high - x);
    }
    // Exactly half way between two doubles: the sign of the next partial sum decides.
    if (n > 0 && ((low < 0 && partials_[n - 1] < 0) || (low > 0 && partials_[n - 1] > 0))) {
      const double twice = low * 2, up = high + twice;
      if (twice == up - high) {
        high = up;
      }
    }
    return high;
  }

  [[nodiscard]] std::size_t count() const noexcept { return count_; }

  /// total() / count(), or `if_none` where nothing was added.
  [[nodiscard]] double mean_or(double if_none) const {
    return count_ == 0 ? if_none : total() / static_cast<double>(count_);
  }

 private:
  std::vector<double> partials_;
  std::size_t count_ = 0;
};

}  // namespace boxlap::detail
