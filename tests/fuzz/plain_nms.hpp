/// Suppression as its definition has it: the best first, and every kept one asked.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

#include "input.hpp"

namespace plain {

using boxlap::Box;
using boxlap::Index;
using fuzz::at;

/// Score descending, equal scores by row, NaN first.
template <class P>
std::vector<Index> best_first(const P& scores) {
  std::vector<Index> order(scores.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](Index a, Index b) {
    const auto x = scores[at(a)], y = scores[at(b)];
    return x > y || (x != x && y == y);
  });
  return order;
}

/// What is kept, who suppressed each row (or none) and the overlap of the two.
template <class R>
struct Groups {
  std::vector<Index> keep, suppressor;
  std::vector<R> overlap;
};

/// measure(i, j): of a kept row i and a later row j.
template <class Measure>
auto greedy(const std::vector<Index>& order, double threshold, bool at_equal, const Measure& measure) {
  using R = decltype(measure(Index{}, Index{}));
  Groups<R> result{{}, std::vector<Index>(order.size(), boxlap::none), std::vector<R>(order.size(), R{0})};
  for (const Index j : order) {
    for (const Index i : result.keep) {
      const R value = measure(i, j);
      if (at_equal ? static_cast<double>(value) >= threshold : static_cast<double>(value) > threshold) {
        result.suppressor[at(j)] = i;
        result.overlap[at(j)] = value;
        break;
      }
    }
    if (result.suppressor[at(j)] == boxlap::none) {
      result.keep.push_back(j);
    }
  }
  return result;
}

/// Rounded on its own, whatever the compiler would fuse it with.
template <class T>
T product(T a, T b) {
  volatile T p = a * b;
  return p;
}

/// The quotient of torchvision.ops.nms on a CPU, NaN included.
template <class T>
T quotient(const Box<T>& a, const Box<T>& b) {
  const T area_a = product(a.x2 - a.x1, a.y2 - a.y1), area_b = product(b.x2 - b.x1, b.y2 - b.y1);
  const T w = std::min(a.x2, b.x2) - std::max(a.x1, b.x1), h = std::min(a.y2, b.y2) - std::max(a.y1, b.y1);
  const T inter = product(std::max(T(0), w), std::max(T(0), h));
  return inter / ((area_a + area_b) - inter);
}

}  // namespace plain
