#include <boxlap/nms/detail/kept_grid.hpp>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include <boxlap/nms/detail/detections.hpp>

#include "../catch.hpp"
#include "../support/rounds.hpp"
#include "../support/scenes.hpp"

using namespace boxlap;

namespace {

using Boxes = std::vector<Box<float>>;
using Grid = detail::KeptGrid<float, detail::Bound<Ios>>;

/// Boxes of 1 to 600 px: several levels.
Boxes mixed_sizes(int n, double extent, scenes::Rng& rng) {
  std::uniform_real_distribution<double> at(0, extent), size(0, 6.4);
  Boxes boxes;
  for (int i = 0; i < n; ++i) {
    const double x = at(rng), y = at(rng);
    boxes.push_back({float(x), float(y), float(x + std::exp(size(rng))), float(y + std::exp(size(rng)))});
  }
  return boxes;
}

/// A grid of all boxes, none of which demands a share of the other.
Grid grid_of(const Boxes& boxes, double typical) {
  Grid grid;
  grid.start(detail::Reach::meeting(), typical, 1);
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    grid.add({boxes[i], 0, Index(i)});
  }
  return grid;
}

template <class T>
bool meet(const Box<T>& a, const Box<T>& b) {
  return std::max(a.x1, b.x1) < std::min(a.x2, b.x2) && std::max(a.y1, b.y1) < std::min(a.y2, b.y2);
}

}  // namespace

TEST_CASE("KeptGrid::take meets every box in reach that was not taken before, once", "[nms]") {
  const auto seed = std::uint64_t(GENERATE(take(scenes::rounds(4), random(1, 1 << 30))));
  CAPTURE(seed);
  scenes::Rng rng(seed);
  Boxes around_zero = mixed_sizes(700, 900, rng);
  for (auto& box : around_zero) {
    box = {box.x1 - 450, box.y1 - 450, box.x2 - 450, box.y2 - 450};
  }
  for (const Boxes& boxes : {mixed_sizes(700, 900, rng), scenes::uniform<float>(700, 400, 30, rng),
                             mixed_sizes(300, 1e5, rng), around_zero}) {
    for (const unsigned refused : {0U, 2U, 10U}) {  // in ten
      Grid grid = grid_of(boxes, 20);
      std::vector<bool> gone(boxes.size());
      for (int round = 0; round < 400; ++round) {
        const auto c = Index(rng() % boxes.size());
        std::vector<Index> met, expected;
        for (std::size_t i = 0; i < boxes.size(); ++i) {
          if (!gone[i] && meet(boxes[i], boxes[std::size_t(c)])) {
            expected.push_back(Index(i));
          }
        }
        grid.take(detail::Candidate<float>{boxes[std::size_t(c)], 0, c}, [&](const auto& other) {
          met.push_back(other.row);
          const bool takes = rng() % 10 >= refused;
          gone[std::size_t(other.row)] = takes;
          return takes;
        });
        std::sort(met.begin(), met.end());
        REQUIRE(met == expected);
      }
    }
  }
}

TEST_CASE("what was taken from a KeptGrid costs no later search", "[nms]") {
  scenes::Rng rng(5);
  const Boxes crowd = scenes::uniform<float>(20'000, 400, 25, rng);  // each in reach of about 200
  Grid grid = grid_of(crowd, 40);
  for (std::size_t i = 0; i < crowd.size(); ++i) {
    grid.take(detail::Candidate<float>{crowd[i], 0, Index(i)}, [](const auto&) { return true; });
  }
  CHECK(grid.searched() < 4 * crowd.size());
}

TEST_CASE("a KeptGrid of the smallest and the largest sides there are misses no box", "[nms]") {
  const auto seed = std::uint64_t(GENERATE(take(scenes::rounds(4), random(1, 1 << 30))));
  CAPTURE(seed);
  scenes::Rng rng(seed);
  using Wide = detail::KeptGrid<double, detail::Bound<Ios>>;
  std::uniform_real_distribution<double> exponent(-12, 306), unit(-1, 1);
  std::vector<Box<double>> boxes;
  for (int i = 0; i < 600; ++i) {
    const double side = std::pow(10, i % 3 == 0 ? -10 : exponent(rng)), at = std::pow(10, exponent(rng));
    const double x = i % 2 == 0 ? 1e-9 * unit(rng) : at * unit(rng), y = 1e-9 * unit(rng);
    boxes.push_back({x, y, x + side, y + (i % 5 == 0 ? side : 1e-10)});
  }
  for (const double typical : {1e-10, 1.0, 1e300}) {
    Wide grid;
    grid.start(detail::Reach::meeting(), typical, 1);
    for (std::size_t i = 0; i < boxes.size(); ++i) {
      grid.add({boxes[i], 0, Index(i)});
    }
    for (const Box<double>& c : boxes) {
      std::vector<Index> met, expected;
      for (std::size_t i = 0; i < boxes.size(); ++i) {
        if (meet(boxes[i], c)) {
          expected.push_back(Index(i));
        }
      }
      const auto note = [&](const auto& other) {
        met.push_back(other.row);
        return false;
      };
      grid.take(detail::Candidate<double>{c, 0, none}, note);
      std::sort(met.begin(), met.end());
      CAPTURE(typical, c.x1, c.y1, c.x2, c.y2);
      REQUIRE(met == expected);
    }
  }
}
