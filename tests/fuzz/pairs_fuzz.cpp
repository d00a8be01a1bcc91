/// Pairs of boxes against every pair asked by itself, in every form of the join.
#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include <boxlap/pairs/join.hpp>

#include "input.hpp"

using boxlap::Box;
using boxlap::Index;

namespace {

using Pairs = std::vector<std::pair<Index, Index>>;

/// With an extent and a shared one: what options.touching = false asks for.
template <class A, class B>
bool share_area(const A& a, const B& b) {
  return a.x1 < a.x2 && a.y1 < a.y2 && b.x1 < b.x2 && b.y1 < b.y2 && a.x1 < b.x2 && b.x1 < a.x2 && a.y1 < b.y2 &&
         b.y1 < a.y2;
}

template <class A, class B>
bool touch(const A& a, const B& b) {
  return a.x1 <= a.x2 && a.y1 <= a.y2 && b.x1 <= b.x2 && b.y1 <= b.y2 && a.x1 <= b.x2 && b.x1 <= a.x2 && a.y1 <= b.y2 &&
         b.y1 <= a.y2;
}

template <class A, class B>
Pairs plain_pairs(const std::vector<A>& a, const std::vector<B>& b, bool touching, bool self) {
  Pairs found;
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t j = self ? i + 1 : 0; j < b.size(); ++j) {
      if (touching ? touch(a[i], b[j]) : share_area(a[i], b[j])) {
        found.emplace_back(static_cast<Index>(i), static_cast<Index>(j));
      }
    }
  }
  return found;
}

template <class A, class B>
void check(const std::vector<A>& a, const std::vector<B>& b, bool touching, int threads) {
  using boxlap::ShapeIndex;
  const boxlap::JoinOptions options{.touching = touching, .threads = threads};
  const Pairs expected = plain_pairs(a, b, touching, false);
  fuzz::require(boxlap::pairs(a, b, options) == expected, "pairs of two lists are those of the double loop");
  const auto view_of_a = boxlap::view(a.size(), [&](Index i) { return a[fuzz::at(i)]; });
  fuzz::require(boxlap::pairs(view_of_a, std::span<const B>(b), options) == expected, "a view has the same pairs");
  if (!touching) {
    fuzz::require(boxlap::pairs(ShapeIndex(a), b, options) == expected, "an index has the same pairs");
    fuzz::require(boxlap::pairs(a, ShapeIndex(b), options) == expected, "an index as second has the same pairs");
    fuzz::require(boxlap::pairs(ShapeIndex(a), ShapeIndex(b), options) == expected, "two indexes have the same pairs");
  }
  Pairs visited, first;
  boxlap::for_each_pair(
      a, b, [&](Index i, Index j) { visited.emplace_back(i, j); }, options);
  const std::size_t half = visited.size() / 2;
  boxlap::for_each_pair(a, b,
                        [&](Index i, Index j) {
                          first.emplace_back(i, j);
                          return first.size() < half;
                        },
                        {.touching = touching});
  fuzz::require(first.size() == std::max<std::size_t>(half, visited.empty() ? 0 : 1), "a visit that is false ends it");
  fuzz::require(std::equal(first.begin(), first.end(), visited.begin()), "pairs come in one order");
  std::sort(visited.begin(), visited.end());
  fuzz::require(visited == expected, "each pair is visited once");
}

template <class T>
void check_self(const std::vector<Box<T>>& a, bool touching, int threads) {
  const boxlap::JoinOptions options{.touching = touching, .threads = threads};
  const Pairs expected = plain_pairs(a, a, touching, true);
  fuzz::require(boxlap::pairs(a, options) == expected, "pairs of one list are those of the loop");
  if (!touching) {
    fuzz::require(boxlap::pairs(boxlap::ShapeIndex(a), options) == expected, "an index has the same pairs with itself");
  }
  Pairs visited;
  boxlap::for_each_pair(
      a, [&](Index i, Index j) { visited.emplace_back(i, j); }, options);
  std::sort(visited.begin(), visited.end());
  fuzz::require(visited == expected, "each pair of one list is visited once");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input in(data, size);
  const int kind = in.below(4);
  const bool touching = in.flag();
  const int threads = in.rarely(16) ? 3 : 1;
  const std::size_t most = in.rarely(16) ? 2000 : 300;
  if (kind == 0) {
    const auto a = in.boxes<float>(most);
    check(a, in.boxes<float>(300), touching, threads);
    check_self(a, touching, threads);
  } else if (kind == 1) {
    const auto a = in.boxes<double>(most);
    check(a, in.boxes<double>(300), touching, threads);
    check_self(a, touching, threads);
  } else if (kind == 2) {
    const auto a = in.boxes<float>(most);
    check(a, in.boxes<double>(300), touching, threads);
  } else {
    const auto a = in.boxes<float>(300);
    check(a, in.boxes<float>(most), touching, threads);
  }
  return 0;
}
