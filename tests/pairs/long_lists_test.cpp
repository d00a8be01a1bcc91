// Lists of pairs that grow longer than they may: how much memory is asked for, and when collecting ends.
#include <boxlap/pairs/join.hpp>
#include <boxlap/pairs/overlaps.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <random>
#include <stdexcept>
#include <thread>
#include <vector>

#include "../catch.hpp"
#include "../support/matrix_trees.hpp"
#include "../support/memory.hpp"
#include "../support/scenes.hpp"

using namespace boxlap;

namespace {

/// Boxes on a grid that do not touch, and in one of its corners a crowd of equal ones: the first chunk of a join meets
/// it, and says nothing of the others.
std::vector<Box<float>> crowd_in_a_corner(int n, int crowd) {
  std::vector<Box<float>> boxes;
  const int side = 320;
  for (int k = 0; k < n; ++k) {
    const auto x = float(10 * (k % side)), y = float(10 * (k / side));
    boxes.push_back(k < crowd ? Box<float>{0, 0, 6, 6} : Box<float>{x, y, x + 6, y + 6});
  }
  return boxes;
}

}  // namespace

TEST_CASE("a crowd in the first chunk does not ask for room as if all chunks had one") {
  const int n = 100'000, crowd = 1'000;
  const auto boxes = crowd_in_a_corner(n, crowd);
  const double most = 8.0 * 2 * n + (1 << 20);  // the longest list worth sorting
  if (memory::uncounted()) {
    return;
  }
  {
    const auto bytes = memory::measured([&] { return iou_matrix(boxes); });
    CHECK(bytes.besides < 2 * 12 * (most + crowd * crowd) + 38.0 * n);
  }
  {
    const auto bytes = memory::measured([&] { return pairs(boxes, boxes); });
    CHECK(bytes.besides < 2 * 8 * (most + crowd * crowd) + 76.0 * n);
  }
}

TEST_CASE("a list of an unordered join that is too long is refused") {
  scenes::Rng rng(3);
  const auto a = scenes::uniform<float>(60, 10, 50, rng), b = scenes::uniform<float>(90, 10, 50, rng);
  const detail::OverlapValue<float, detail::IouMeasure> value({}, 0.0);
  for (const int threads : {1, 2}) {
    detail::Team team(threads);
    const auto joined = [&](std::size_t most) {
      const MatrixTrees<float> trees(a, b, team);
      REQUIRE_FALSE(trees.join().ordered());
      return detail::csr_by_sorting(trees.join(), 60, 90, team, {0, most}, value);
    };
    const auto whole = joined(detail::most_pairs_of_all);
    CHECK(whole.values.size() > 1000);
    CHECK(joined(whole.values.size()) == whole);
    CHECK_THROWS_AS(joined(whole.values.size() - 1), std::length_error);
    CHECK_THROWS_AS(joined(5), std::length_error);
  }
}

TEST_CASE("threads that collect pairs stop when all of them together have too many") {
  constexpr std::size_t most = 1000;
  detail::Team team(2);
  std::atomic<int> started{0};
  const auto collect = [&](Index chunk, std::vector<int>& items, const auto& is_full) {
    ++started;
    if (chunk == 0) {
      items.resize(900);
      return;
    }
    if (chunk == 1) {  // waits for the third chunk, which starts when the first one has ended
      const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(5);
      while (started < 3 && std::chrono::steady_clock::now() < give_up) {
        std::this_thread::yield();
      }
      while (!is_full(items)) {
        items.push_back(0);
      }
    }
  };
  const auto collected = detail::collect_chunks<int>(3, team, 0, most, collect);
  CHECK(collected.size == most + 1);
}
