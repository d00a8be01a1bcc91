// Both sides of every size at which the join or a matrix changes its way: the same answers as plain code gives.
//
// The sizes are the code's own constants, so a limit that moves takes its cases along. tests/build/size_limits.py fails
// where a limit of the headers is in no test of sizes and not in its list of numbers that are no limits.
#include <boxlap/pairs/join.hpp>
#include <boxlap/pairs/overlaps.hpp>
#include <boxlap/pairs/shape_index.hpp>

#include <cmath>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

#include "../catch.hpp"
#include "../support/scenes.hpp"
#include "../support/sizes.hpp"
#include "../support/sweep_oracle.hpp"

using namespace boxlap;
using sizes::around;
using sizes::last;

namespace {

template <class T>
std::vector<Box<T>> scene(Index n, bool dense, scenes::Rng& rng) {
  return scenes::uniform<T>(int(n), (dense ? 12 : 60) * std::sqrt(double(n)) + 1, 50, rng);
}

template <class T>
void check_join(Index n, Index m, bool dense, scenes::Rng& rng) {
  CAPTURE(n, m, dense);
  const auto a = scene<T>(n, dense, rng), b = scene<T>(m, dense, rng);
  const auto expected = sweep::pairs(a, b);
  CHECK(pairs(a, b) == expected);
  CHECK(pairs(a, ShapeIndex(b)) == expected);
  const Csr<T> matrix = iou_matrix(a, b);
  std::vector<std::pair<Index, Index>> entries;
  bool right = true;
  for_each_entry(matrix, [&](Index i, Index j, T value) {
    entries.emplace_back(i, j);
    right = right && value == iou(a[std::size_t(i)], b[std::size_t(j)]);
  });
  CHECK(entries == expected);
  CHECK(right);
}

}  // namespace

TEMPLATE_TEST_CASE("joins and matrices on both sides of every size limit", "", float, double) {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  scenes::Rng rng(seed);
  using Few = detail::MeetingBitmask;
  using Join = detail::TreeJoin<false, TestType>;
  for (const Index n :
       around({1, detail::block_size, detail::PackedTree<TestType>::Room::boxes, Few::least_quantized,
               Few::most_quantized_blocks * detail::block_size, detail::coarse_cells_limit,
               Join::leaves_per_chunk * detail::block_size, std::int64_t(detail::insertion_sort_limit)})) {
    check_join<TestType>(n, n, n % 2 == 0, rng);
    check_join<TestType>(n, 70, n % 2 == 1, rng);
    check_join<TestType>(70, n, n % 2 == 0, rng);
  }
  // Limits of a product: as square, tall and wide as it gets.
  const auto unordered = [](Index n, Index m) { return detail::too_small_to_order(n, m); };  // comparisons_a_box
  const auto few = [](Index n, Index m) { return Few::fits(n, m); };
  const auto check_both_sides = [&](const auto& holds) {
    const Index square = last([&](Index n) { return holds(n, n); });
    const Index tall = last([&](Index n) { return holds(n, Index{300}); });
    const Index wide = last([&](Index m) { return holds(Index{300}, m); });
    for (const bool dense : {false, true}) {
      for (const Index step : {0, 1}) {
        check_join<TestType>(square + step, square + step, dense, rng);
        check_join<TestType>(tall + step, 300, dense, rng);
        check_join<TestType>(300, wide + step, dense, rng);
      }
    }
  };
  check_both_sides(unordered);
  check_both_sides(few);
}

TEST_CASE("an index on both sides of every size limit") {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  scenes::Rng rng(seed);
  using Filter = detail::QuantizedLeaves<float>;
  using Query = detail::IndexJoin<float>;
  for (const Index n : around({Filter::least_boxes, Filter::most_leaves * detail::block_size})) {
    const auto indexed = scene<float>(n, false, rng);
    const ShapeIndex index(indexed);
    for (const Index queries : {Index{1}, Query::batch - 1, Query::batch, Query::batch + 1, n / 4, n / 4 + 1}) {
      CAPTURE(n, queries);
      const auto boxes = scenes::uniform<float>(int(queries), 60 * std::sqrt(double(n)), 50, rng);
      CHECK(pairs(boxes, index) == sweep::pairs(boxes, indexed));
    }
  }
}

TEST_CASE("larger joins on both sides of their size limits") {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  scenes::Rng rng(seed);
  for (const Index n : around({detail::medium_cells_limit, 2 * detail::Slices::least})) {
    const auto a = scene<float>(n, false, rng), b = scene<float>(n, false, rng);
    const auto expected = sweep::pairs(a, b);
    for (const int threads : {1, 2}) {
      CAPTURE(n, threads);
      CHECK(pairs(a, b, {.threads = threads}) == expected);
    }
  }
}
