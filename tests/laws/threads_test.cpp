// Sizes at which work is really cut for several threads: the same as a sweep without the library finds, and the same
// bits for any number of threads.
#include <boxlap/pairs/join.hpp>
#include <boxlap/pairs/overlaps.hpp>
#include <boxlap/pairs/shape_index.hpp>

#include <algorithm>
#include <iterator>
#include <random>
#include <utility>
#include <vector>

#include "../catch.hpp"
#include "../support/scenes.hpp"
#include "../support/sweep_oracle.hpp"

using namespace boxlap;

namespace {

constexpr int enough = 40'000;  // two slices begin at 32,768 items
constexpr int thread_counts[] = {1, 2, 3, 5};

/// Boxes of which a third is inverted, so that what is left ends in the middle of a slice.
template <class T>
std::vector<Box<T>> third_inverted(int n, double extent, scenes::Rng& rng) {
  auto boxes = scenes::uniform<T>(n, extent, 50, rng);
  for (std::size_t k = 0; k < boxes.size(); k += 3) {
    std::swap(boxes[k].x1, boxes[k].x2);
  }
  return boxes;
}

using Found = std::vector<std::pair<Index, Index>>;

template <class T>
void check_matrices(const std::vector<Box<T>>& a, const std::vector<Box<T>>& b, const Found& expected) {
  for (const int threads : thread_counts) {
    CAPTURE(threads);
    CHECK(pairs(a, b, {.threads = threads}) == expected);
    Found visited;
    for_each_pair(a, b, [&](Index i, Index j) { visited.emplace_back(i, j); }, {.threads = threads});
    std::sort(visited.begin(), visited.end());
    CHECK(visited == expected);
    const Csr<T> matrix = iou_matrix(a, b, {.threads = threads});
    Found entries;
    std::size_t wrong = 0;
    for_each_entry(matrix, [&](Index i, Index j, T value) {
      entries.emplace_back(i, j);
      wrong += value == iou(a[std::size_t(i)], b[std::size_t(j)]) ? 0U : 1U;
    });
    CHECK(entries == expected);
    CHECK(wrong == 0);
    const Csr<T> above = iou_matrix(a, b, {.min = 0.3, .threads = threads});
    CHECK(above == filter(matrix, [](Index, Index, T value) { return double(value) >= 0.3; }));
  }
}

}  // namespace

TEMPLATE_TEST_CASE("joins and matrices of many boxes equal a sweep, for any number of threads", "[threads]", float,
                   double) {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  scenes::Rng rng(seed);
  const auto scene = GENERATE(0, 1, 2);
  CAPTURE(scene);
  if (scene == 0) {  // sparse, a third of the rows inverted
    const auto a = third_inverted<TestType>(enough, 12'000, rng), b = third_inverted<TestType>(enough, 12'000, rng);
    check_matrices(a, b, sweep::pairs(a, b));
  } else if (scene == 1) {  // rows of ten pairs and more: counted first, then filled
    const auto a = scenes::uniform<TestType>(34'000, 3'300, 50, rng),
               b = scenes::uniform<TestType>(enough, 3'300, 50, rng);
    check_matrices(a, b, sweep::pairs(a, b));
  } else {  // one long row
    auto a = third_inverted<TestType>(enough, 12'000, rng);
    const auto b = third_inverted<TestType>(enough, 12'000, rng);
    a[20'000] = {-10, -10, 12'500, 12'500};
    check_matrices(a, b, sweep::pairs(a, b));
  }
}

TEST_CASE("a set with itself equals a sweep, for any number of threads", "[threads]") {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  scenes::Rng rng(seed);
  const auto boxes = third_inverted<float>(enough, 9'000, rng);
  Found expected, both = sweep::pairs(boxes, boxes);
  std::copy_if(both.begin(), both.end(), std::back_inserter(expected),
               [](const auto& p) { return p.first < p.second; });
  both.erase(std::remove_if(both.begin(), both.end(), [](const auto& p) { return p.first == p.second; }), both.end());
  for (const int threads : thread_counts) {
    CAPTURE(threads);
    CHECK(pairs(boxes, {.threads = threads}) == expected);
    const auto matrix = iou_matrix(boxes, {.threads = threads});
    Found entries;
    for_each_entry(matrix, [&](Index i, Index j, float) { entries.emplace_back(i, j); });
    CHECK(entries == both);
  }
}

TEST_CASE("an index is asked by several threads as the boxes are", "[threads]") {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  scenes::Rng rng(seed);
  const auto a = third_inverted<float>(enough, 12'000, rng), b = third_inverted<float>(enough, 12'000, rng);
  const ShapeIndex index(b);
  const auto expected = sweep::pairs(a, b);
  for (const int threads : thread_counts) {
    CAPTURE(threads);
    CHECK(pairs(a, index, {.threads = threads}) == expected);
    CHECK(iou_matrix(a, index, {.threads = threads}) == iou_matrix(a, b));
  }
}
