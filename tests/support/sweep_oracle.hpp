/// The pairs of two sets of boxes that share area, found by a sweep along x: slow, short, and nothing of the library's.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include <boxlap/shape/box.hpp>

namespace sweep {

template <class T>
bool has_area(const boxlap::Box<T>& b) {
  return b.x1 < b.x2 && b.y1 < b.y2;  // false for NaN
}

/// Ascending (i, j).
template <class T>
std::vector<std::pair<std::int32_t, std::int32_t>> pairs(const std::vector<boxlap::Box<T>>& a,
                                                         const std::vector<boxlap::Box<T>>& b) {
  struct Entry {
    T x1;
    std::int32_t row;
  };
  std::vector<Entry> left;
  T widest = 0;
  for (std::size_t j = 0; j < b.size(); ++j) {
    if (has_area(b[j])) {
      left.push_back({b[j].x1, static_cast<std::int32_t>(j)});
      widest = std::max(widest, b[j].x2 - b[j].x1);
    }
  }
  std::sort(left.begin(), left.end(), [](const Entry& p, const Entry& q) { return p.x1 < q.x1; });
  std::vector<std::pair<std::int32_t, std::int32_t>> found;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!has_area(a[i])) {
      continue;
    }
    const T from = a[i].x1 - widest - widest / 1024;  // the slack is for the rounding of this difference
    auto at = std::lower_bound(left.begin(), left.end(), from, [](const Entry& e, T x) { return e.x1 < x; });
    for (; at != left.end() && at->x1 < a[i].x2; ++at) {
      const boxlap::Box<T>& other = b[static_cast<std::size_t>(at->row)];
      if (a[i].x1 < other.x2 && a[i].y1 < other.y2 && other.y1 < a[i].y2) {
        found.emplace_back(static_cast<std::int32_t>(i), at->row);
      }
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace sweep
