/// The sizes on both sides of limits, for tests of code that changes its way at a size.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <set>
#include <vector>

namespace sizes {

/// limit - 1, limit and limit + 1 of each limit, each once, ascending.
inline std::vector<std::int32_t> around(std::initializer_list<std::int64_t> limits) {
  std::set<std::int32_t> sizes;
  for (const std::int64_t limit : limits) {
    for (const std::int64_t size : {limit - 1, limit, limit + 1}) {
      sizes.insert(static_cast<std::int32_t>(size));
    }
  }
  return {sizes.begin(), sizes.end()};
}

/// The largest n with holds(n), which is true up to there and false beyond.
template <class Holds>
std::int32_t last(const Holds& holds) {
  std::int32_t low = 1, high = 1'000'000;
  while (low + 1 < high) {
    const std::int32_t middle = low + (high - low) / 2;
    (holds(middle) ? low : high) = middle;
  }
  return low;
}

}  // namespace sizes
