#include <boxlap/pairs/join.hpp>
#include <boxlap/pairs/labels.hpp>
#include <boxlap/pairs/shape_index.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "../catch.hpp"
#include "../support/memory.hpp"
#include "../support/scenes.hpp"

using namespace boxlap;

namespace {

/// `extra` bytes lie between half of what a doc block says and that.
void check_memory(const char* what, double extra, double formula) {
  CAPTURE(what, extra, formula);
  CHECK(extra <= formula);
  CHECK(extra >= formula / 2);
}

template <class T>
void check_index(double kept, double peak, int n = 30000) {
  scenes::Rng rng(1);
  const auto boxes = scenes::uniform<T>(n, 10000, 50, rng);
  const heap::Scope scope;
  const ShapeIndex index(boxes);
  check_memory("kept", double(scope.kept_bytes()), n * kept);
  check_memory("peak", double(scope.peak_bytes()), n * peak);
}

}  // namespace

TEST_CASE("an index takes the memory that its doc block says") {
  if (memory::uncounted()) {
    return;
  }
  check_index<float>(sizeof(Box<float>) + 22, sizeof(Box<float>) + 22 + 16);
  check_index<double>(sizeof(Box<double>) + 40, sizeof(Box<double>) + 40 + 16);
  check_index<float>(sizeof(Box<float>) + 24, sizeof(Box<float>) + 24 + 16, 4096);
  check_index<double>(sizeof(Box<double>) + 42, sizeof(Box<double>) + 42 + 16, 4096);
}

TEST_CASE("joins within a label take the memory that their doc blocks say") {
  if (memory::uncounted()) {
    return;
  }
  struct Labelling {
    const char* what;
    int classes;
    std::int64_t stride;
    double grouping;  // bytes a row of the larger set
  };
  const Labelling labelling = GENERATE(Labelling{"few labels, one behind the other", 10, 1, 16},
                                       Labelling{"few labels, far apart", 10, 1'000'000'007, 32},
                                       Labelling{"a label for each row", 30000, 1'000'000'007, 32});
  scenes::Rng rng(2);
  const int n = 30000;
  const double rows = 2 * n, labels = 2 * labelling.classes, largest = rows / labelling.classes;
  const auto a = scenes::uniform<float>(n, 3000, 50, rng), b = scenes::uniform<float>(n, 3000, 50, rng);
  std::vector<std::int64_t> of;
  for (int i = 0; i < n; ++i) {
    of.push_back(i % labelling.classes * labelling.stride);
  }
  const double grouped = 4 * rows + 4 * labels, join = 38 * largest;
  double pairs = 0;
  {
    const heap::Scope scope;
    for_each_pair(a, of, b, of, [&](Index, Index) { ++pairs; });
    check_memory(labelling.what, double(scope.peak_bytes()), grouped + (std::max)(join, labelling.grouping * n) + 512);
  }
  {
    const heap::Scope scope;
    const auto matrix = iou_matrix(a, of, b, of);
    CHECK(double(matrix.nonzeros()) == pairs);
    check_memory(labelling.what, double(scope.peak_bytes() - scope.kept_bytes()),
                 grouped + (std::max)(28 * pairs + 8 * pairs / labelling.classes + join, labelling.grouping * n) + 512);
  }
}

namespace {

/// Pairs of queries and an index, visited and listed, against every box with every box; NaN and infinite ones too.
template <class T, class Q>
void check_queries(const std::vector<Box<T>>& boxes, std::vector<Box<Q>> queries) {
  constexpr Q infinite = std::numeric_limits<Q>::infinity(), no_number = std::numeric_limits<Q>::quiet_NaN();
  queries.push_back({-infinite, Q(100), Q(120), Q(130)});
  queries.push_back({Q(200), -infinite, infinite, Q(130)});
  queries.push_back({no_number, Q(0), Q(50), Q(50)});
  queries.push_back({Q(50), Q(50), Q(0), Q(100)});
  queries.push_back({Q(-1e30), Q(-1e30), Q(1e30), Q(-1e29)});
  std::vector<std::pair<Index, Index>> expected;
  for (Index i = 0; i < Index(queries.size()); ++i) {
    const auto& a = queries[std::size_t(i)];
    for (Index j = 0; has_extent(a) && j < Index(boxes.size()); ++j) {
      const auto& b = boxes[std::size_t(j)];
      if (has_extent(b) && a.x1 < b.x2 && b.x1 < a.x2 && a.y1 < b.y2 && b.y1 < a.y2) {
        expected.emplace_back(i, j);
      }
    }
  }
  const ShapeIndex index(boxes);
  std::vector<std::pair<Index, Index>> visited;
  for_each_pair(queries, index, [&](Index i, Index j) { visited.emplace_back(i, j); });
  std::sort(visited.begin(), visited.end());
  CHECK(visited == expected);
  CHECK(pairs(queries, index) == expected);
  CHECK(pairs(queries, index, {.threads = 2}) == expected);
  if (expected.size() > 2) {
    std::size_t left = expected.size() / 2;
    for_each_pair(queries, index, [&](Index, Index) { return --left > 0; });
    CHECK(left == 0);
  }
}

}  // namespace

TEMPLATE_TEST_CASE("queries that are few beside an index meet what each of them meets", "", float, double) {
  using T = TestType;
  const int n = GENERATE(4096, 10'007, 16'128, 16'129);
  const auto seed = 900 + static_cast<std::uint64_t>(n);
  CAPTURE(seed, n);
  scenes::Rng rng(seed);
  const double extent = 100 * std::sqrt(double(n));
  auto boxes = scenes::uniform<T>(n, extent, 50, rng);
  CHECK(detail::IndexAccess::filter(ShapeIndex(boxes)).usable() ==
        (n <= 16'128));  // so that this is a test of what it says
  check_queries(boxes, scenes::uniform<T>(1, extent, 50, rng));
  check_queries(boxes, scenes::uniform<T>(300, extent, 50, rng));
  check_queries(boxes, scenes::uniform<double>(300, extent, 50, rng));
  check_queries(boxes, scenes::uniform<T>(300, 3 * extent, 200, rng));
  auto some_large = scenes::uniform<T>(400, extent, 50, rng);
  some_large[301] = {T(-10), T(-10), T(extent), T(extent)};
  some_large[302] = {T(0), T(0), T(extent), T(50)};
  check_queries(boxes, some_large);
  check_queries(scenes::clustered<T>(n, 5, extent, rng), scenes::uniform<T>(300, extent, 50, rng));
  const T infinite = std::numeric_limits<T>::infinity();
  boxes[7] = {T(1e9), T(1e9), T(1e9 + 640), T(1e9 + 640)};
  boxes[8] = {-infinite, T(10), infinite, T(30)};
  boxes[9] = {T(10), T(20), T(30), infinite};
  boxes[10] = {T(30), T(20), T(10), T(25)};
  check_queries(boxes, scenes::uniform<T>(300, extent, 50, rng));
}
