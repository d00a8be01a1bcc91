// A crowd in a scene that a sample takes for sparse: its pairs outgrow the list they are collected in.
#include <boxlap/pairs/join.hpp>
#include <boxlap/pairs/overlaps.hpp>

#include <algorithm>
#include <iterator>
#include <random>
#include <utility>
#include <vector>

#include "../catch.hpp"
#include "../support/scenes.hpp"

using namespace boxlap;

namespace {

constexpr Index n = 100'000, crowd = 2'600;

struct Scene {
  std::vector<Box<float>> boxes;
  std::vector<Index> rows;  // of the crowd, ascending
};

/// Boxes on a grid that do not touch, and a crowd of equal ones whose rows are spread over all.
Scene hidden_crowd(scenes::Rng& rng) {
  Scene scene;
  const int side = 320;
  std::vector<Index> order;
  for (Index k = 0; k < n; ++k) {
    const auto x = float(10 * (k % side)), y = float(10 * (k / side));
    scene.boxes.push_back({x, y, x + 6, y + 6});
    order.push_back(k);
  }
  std::shuffle(order.begin(), order.end(), rng);
  scene.rows.assign(order.begin(), order.begin() + crowd);
  std::sort(scene.rows.begin(), scene.rows.end());
  const auto x = float(10 * (rng() % side) + 7);
  for (const Index row : scene.rows) {
    scene.boxes[std::size_t(row)] = {x, 1'007, x + 2, 1'009};
  }
  return scene;
}

}  // namespace

TEST_CASE("a crowd that a sample of the leaves misses is found whole, in order, for any number of threads") {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  scenes::Rng rng(seed);
  const Scene scene = hidden_crowd(rng);
  std::vector<std::pair<Index, Index>> once, twice;
  for (const Index i : scene.rows) {
    for (const Index j : scene.rows) {
      if (i < j) {
        once.emplace_back(i, j);
      }
      twice.emplace_back(i, j);
    }
  }
  for (const int threads : {1, 2}) {
    CAPTURE(threads);
    CHECK(pairs(scene.boxes, {.threads = threads}) == once);
    const auto all = pairs(scene.boxes, scene.boxes, {.threads = threads});
    CHECK(all.size() == twice.size() + std::size_t(n - crowd));
    std::vector<std::pair<Index, Index>> in_crowd;
    std::copy_if(all.begin(), all.end(), std::back_inserter(in_crowd), [&](const auto& p) {
      return p.first != p.second || std::binary_search(scene.rows.begin(), scene.rows.end(), p.first);
    });
    CHECK(in_crowd == twice);
    const auto matrix = iou_matrix(scene.boxes, {.threads = threads});
    CHECK(matrix.values.size() == 2 * once.size());
    CHECK(std::all_of(matrix.values.begin(), matrix.values.end(), [](float value) { return value == 1; }));
    std::size_t k = 0;
    bool right = true;
    for_each_entry(matrix, [&](Index i, Index j, float) {
      while (twice[k].first == twice[k].second) {
        ++k;
      }
      right = right && twice[k] == std::pair(i, j);
      ++k;
    });
    CHECK(right);
  }
}
