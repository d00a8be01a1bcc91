/// TiledNms at its limits: infinite regions, wide scores, shapes that meet nothing, measures that throw, rows that all
/// wait, memory that is given back.
#include <boxlap/nms/tiled.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <random>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

#include "../catch.hpp"
#include "../support/memory.hpp"
#include "../support/rounds.hpp"
#include "plain_nms.hpp"

using namespace boxlap;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
const std::vector<Box<float>> no_boxes;
const std::vector<float> no_scores;

bool refuses(TiledNms<Box<float>>& tiled, const Box<double>& region) {
  try {
    (void)tiled.add(region, no_boxes, no_scores);
  } catch (const std::invalid_argument&) {
    return true;
  }
  return false;
}

template <class Score>
struct Tile {
  std::vector<Box<float>> boxes;
  std::vector<Score> scores;
};

template <class Tiled, class Score>
concept takes_scores = requires(Tiled tiled, std::vector<Box<float>> boxes, std::vector<Score> scores) {
  tiled.add(Box<double>{}, boxes, scores);
};

/// A box that counts how often it is looked at.
struct Counted {
  Box<float> box;
};
std::size_t looks = 0;
Box<float> bounds(const Counted& c) {
  ++looks;
  return c.box;
}
float area(const Counted& c) { return boxlap::area(c.box); }
float intersection_area(const Counted& a, const Counted& b) { return boxlap::intersection_area(a.box, b.box); }

/// IoU that throws when it has been asked so often.
struct FragileIou {
  int* calls_left;
  float operator()(const Box<float>& a, const Box<float>& b) const {
    if ((*calls_left)-- == 0) {
      throw std::runtime_error("no answer");
    }
    return iou(a, b);
  }
};

}  // namespace

TEST_CASE("regions with infinite borders that overlap are refused", "[nms]") {
  const Box<double> left{-infinity, -infinity, 100, infinity}, above{-infinity, -infinity, infinity, 100};
  for (const Box<double>& other : {Box<double>{0, -infinity, infinity, infinity},
                                   {99, -infinity, infinity, infinity},
                                   {-5, -5, 5, 5},
                                   {99, 0, 101, infinity}}) {
    TiledNms<Box<float>> tiled({.iou_threshold = 0.5}, 60);
    CHECK(!refuses(tiled, left));
    CHECK(refuses(tiled, other));
    CHECK(!refuses(tiled, {100, -infinity, infinity, infinity}));
  }
  TiledNms<Box<float>> tiled({.iou_threshold = 0.5}, 60);
  CHECK(!refuses(tiled, above));
  CHECK(refuses(tiled, {-infinity, 0, infinity, infinity}));
  CHECK(!refuses(tiled, {-infinity, 100, infinity, infinity}));
}

TEST_CASE("borders may overlap by what rounding makes of them, and no more", "[nms]") {
  const double far = 5e6;  // where float steps by 0.5
  for (const auto& [last, overlaps] : {std::pair{far + 1, false}, {far + 2, true}}) {
    CAPTURE(last);
    TiledNms<Box<float>> tiled({.iou_threshold = 0.5}, 60);
    CHECK(!refuses(tiled, {-infinity, 0, last, 100}));
    CHECK(refuses(tiled, {far, 0, infinity, 100}) == overlaps);
  }
  for (const auto& [last, overlaps] : {std::pair{4e-4, false}, {1e-3, true}}) {
    CAPTURE(last);
    TiledNms<Box<float>> tiled({.iou_threshold = 0.5}, 60);
    CHECK(!refuses(tiled, {-500, 0, last, 100}));
    CHECK(refuses(tiled, {0, 0, infinity, 100}) == overlaps);
  }
}

TEST_CASE("scores of 64 bits keep all of them", "[nms]") {
  constexpr auto large = std::int64_t{1} << 53;
  const std::vector<Box<double>> regions = {{-infinity, -infinity, 10, infinity}, {10, -infinity, infinity, infinity}};
  const std::vector<Tile<std::int64_t>> tiles = {{{{0, 0, 19, 10}}, {large}}, {{{1, 0, 21, 10}}, {large + 1}}};
  const auto read = [&](Index k) -> const auto& { return tiles[std::size_t(k)]; };
  CHECK(nms_tiled<Box<float>>(regions, read) == std::vector<Index>{1});
  const std::vector<Tile<std::int64_t>> one = {{{{0, 0, 19, 10}, {1, 0, 21, 10}}, {large, large + 1}}};
  const std::vector<Box<double>> everything = {{-infinity, -infinity, infinity, infinity}};
  CHECK(nms_tiled<Box<float>>(
            everything, [&](Index) -> const auto& { return one[0]; }) == std::vector<Index>{1});
  static_assert(takes_scores<TiledNms<Box<float>>, float> && takes_scores<TiledNms<Box<float>>, double>);
  static_assert(takes_scores<TiledNms<Box<float>>, std::int32_t> && takes_scores<TiledNms<Box<float>>, std::uint8_t>);
  static_assert(!takes_scores<TiledNms<Box<float>>, std::int64_t>);  // double would round them
  static_assert(takes_scores<TiledNms<Box<float>, Iou, std::int64_t>, std::uint32_t>);
  static_assert(!takes_scores<TiledNms<Box<float>, Iou, std::int64_t>, std::uint64_t>);
  static_assert(!takes_scores<TiledNms<Box<float>, Iou, std::int64_t>, float>);
  static_assert(!takes_scores<TiledNms<Box<float>, Iou, float>, double>);
}

TEST_CASE("TiledNms moves with all that waits, and is not copied", "[nms]") {
  using Tiled = TiledNms<Box<float>>;
  static_assert(!std::is_copy_constructible_v<Tiled> && !std::is_copy_assignable_v<Tiled>);
  Tiled first({.iou_threshold = 0.5});
  const std::vector<Box<float>> box = {{0, 0, 10, 10}};
  CHECK(first.add({0, 0, 100, 100}, box, std::vector<float>{1}).empty());
  Tiled second = std::move(first);
  CHECK(second.waiting() == 1);
  CHECK(second.add({-100, -infinity, 0, infinity}, no_boxes, no_scores).empty());
  Tiled third;
  third = std::move(second);
  CHECK_THROWS_AS(third.add({-50, 0, 0, 10}, no_boxes, no_scores), std::invalid_argument);
  CHECK(third.add({0, -infinity, 100, 0}, no_boxes, no_scores) == std::vector<Index>{0});
}

TEST_CASE("a row that goes before it is ready frees those that waited for it", "[nms]") {
  TiledNms<Box<float>> tiled({.iou_threshold = 0.2});
  // The first row is in reach of y < 0, which is never seen; the second one waits for the first only.
  const std::vector<Box<float>> left = {{72, 14, 104, 24}, {74.5F, 16, 84.5F, 26}}, right = {{92, 16, 112, 26}};
  CHECK(tiled.add({-infinity, 0, 100, infinity}, left, std::vector<float>{0.8F, 0.7F}).empty());
  CHECK(tiled.waiting() == 2);
  CHECK(tiled.add({100, 0, 200, infinity}, right, std::vector<float>{0.9F}) == std::vector<Index>{1, 2});
  CHECK(tiled.waiting() == 0);
}

TEST_CASE("shapes that meet nothing may be anywhere", "[nms]") {
  const auto inf = std::numeric_limits<float>::infinity();
  const std::vector<Box<float>> boxes = {{-inf, -inf, inf, inf},
                                         {-3e38F, 500, 3e38F, 501},
                                         {-1e30F, -1e30F, 1e30F, 1e30F},
                                         {5, 5, 5, 500},
                                         {0, 0, 10, 10}};
  const std::vector<float> scores = {0.9F, 0.8F, 0.7F, 0.6F, 0.5F};
  TiledNms<Box<float>> tiled({.iou_threshold = 0.5}, 20);
  auto kept = tiled.add({0, 0, 100, 100}, boxes, scores);
  const auto rest = tiled.finish();
  kept.insert(kept.end(), rest.begin(), rest.end());
  std::sort(kept.begin(), kept.end());
  CHECK(kept == nms(boxes, scores, 0.5));
}

TEST_CASE("no row is lost where a measure or a view throws", "[nms]") {
  const auto seed = std::uint64_t(GENERATE(take(scenes::rounds(3), random(1, 1 << 30))));
  CAPTURE(seed);
  scenes::Rng rng(seed);
  std::vector<Tile<float>> tiles;
  std::vector<Box<double>> regions;
  Tile<float> all;
  for (int k = 0; k < 9; ++k) {
    const double x = 200 * (k % 3), y = 200 * (k / 3);
    regions.push_back({x, y, x + 200, y + 200});
    auto boxes = scenes::clustered<float>(60, 4, 120, rng);
    for (Box<float>& box : boxes) {
      box = {box.x1 + float(x) + 15, box.y1 + float(y) + 15, box.x2 + float(x) + 15, box.y2 + float(y) + 15};
      const float cx = std::clamp(center(box).x, float(x), float(x) + 199);
      const float cy = std::clamp(center(box).y, float(y), float(y) + 199);
      box = {cx - 30, cy - 25, cx + 30, cy + 25};
    }
    tiles.push_back({boxes, scenes::scores(60, rng)});
  }
  std::vector<std::size_t> order = {4, 0, 8, 2, 6, 1, 3, 5, 7};
  std::shuffle(order.begin(), order.end(), rng);
  for (const std::size_t k : order) {
    all.boxes.insert(all.boxes.end(), tiles[k].boxes.begin(), tiles[k].boxes.end());
    all.scores.insert(all.scores.end(), tiles[k].scores.begin(), tiles[k].scores.end());
  }
  int calls_left = -1;
  TiledNms<Box<float>, FragileIou> tiled({.iou_threshold = 0.3}, 100, FragileIou{&calls_left});
  std::vector<Index> kept;
  int failures = 0;
  const auto until_done = [&](const auto& act) {
    for (int patience = 0;; patience = 3 * patience + 1) {
      const auto waiting = tiled.waiting_rows();
      const Index rows = tiled.rows();
      calls_left = patience;
      try {
        const auto now = act(patience);
        kept.insert(kept.end(), now.begin(), now.end());
        return;
      } catch (const std::runtime_error&) {
        ++failures;
        REQUIRE(tiled.waiting_rows() == waiting);
        REQUIRE(tiled.rows() == rows);
      }
    }
  };
  for (const std::size_t k : order) {
    until_done([&](int patience) {
      const auto fragile = view(tiles[k].scores.size(), [&](Index i) {
        if (patience < 40 && i == 59) {
          throw std::runtime_error("no score");
        }
        return tiles[k].scores[std::size_t(i)];
      });
      return patience % 2 == 0 ? tiled.add(regions[k], tiles[k].boxes, fragile)
                               : tiled.add(regions[k], tiles[k].boxes, tiles[k].scores);
    });
  }
  until_done([&](int) { return tiled.finish(); });
  CHECK(failures > 20);
  std::sort(kept.begin(), kept.end());
  auto expected =
      plain::nms_by(all.boxes, all.scores, 0.3, false, [](const auto& a, const auto& b) { return iou(a, b); });
  std::sort(expected.begin(), expected.end());
  CHECK(kept == expected);
}

TEST_CASE("rows that wait for finish() cost the tiles nothing", "[nms]") {
  scenes::Rng rng(11);
  for (const double longest : {infinity, 1e5}) {
    CAPTURE(longest);
    looks = 0;
    const int columns = 15;
    TiledNms<Counted> tiled({.iou_threshold = 0.5}, longest);
    std::vector<Counted> all;
    std::vector<float> all_scores;
    std::vector<Index> kept;
    for (int k = 0; k < columns * columns; ++k) {
      const double x = 100.0 * (k % columns), y = 100.0 * (k / columns);
      std::vector<Counted> shapes;
      for (const Box<float>& box : scenes::uniform<float>(20, 70, 20, rng)) {
        shapes.push_back({{box.x1 + float(x), box.y1 + float(y), box.x2 + float(x), box.y2 + float(y)}});
      }
      const auto scores = scenes::scores(20, rng);
      all.insert(all.end(), shapes.begin(), shapes.end());
      all_scores.insert(all_scores.end(), scores.begin(), scores.end());
      const auto now = tiled.add({x, y, x + 100, y + 100}, shapes, scores);
      kept.insert(kept.end(), now.begin(), now.end());
    }
    CHECK(double(looks) < 20.0 * double(all.size()));
    const auto rest = tiled.finish();
    kept.insert(kept.end(), rest.begin(), rest.end());
    std::sort(kept.begin(), kept.end());
    auto expected = nms(all, all_scores, 0.5);
    std::sort(expected.begin(), expected.end());
    CHECK(kept == expected);
  }
}

TEST_CASE("TiledNms gives back what waiting rows took", "[nms]") {
  scenes::Rng rng(3);
  const heap::Scope scope;
  TiledNms<Box<float>, Ios> tiled({.iou_threshold = 0.5}, 600);
  const auto add = [&](double x, double y, int n) {
    auto boxes = scenes::uniform<float>(n, 900, 40, rng);
    for (Box<float>& box : boxes) {
      box = {box.x1 + float(x), box.y1 + float(y), box.x2 + float(x), box.y2 + float(y)};
    }
    (void)tiled.add({x, y, x + 1000, y + 1000}, boxes, scenes::scores(n, rng));
  };
  add(0, 0, 20'000);
  const double before = double(scope.kept_bytes());
  for (int k = 1; k < 60; ++k) {  // a strip that goes on
    add(1000 * k, 0, 20);
    add(1000 * k, 1000, 20);
    add(1000 * k, -1000, 20);
    if (k == 1) {
      add(0, 1000, 20), add(0, -1000, 20);
      add(-1000, -1000, 20), add(-1000, 0, 20), add(-1000, 1000, 20);
    }
  }
  CHECK(tiled.waiting() < 4000);
  if (!memory::uncounted()) {
    const double rows = double(tiled.waiting()), tiles = 185;
    CHECK(double(scope.kept_bytes()) < 4 * 1048 * rows + 1000 * tiles);
    CHECK(double(scope.kept_bytes()) < before / 2);
    (void)tiled.finish();
    CHECK(double(scope.kept_bytes()) < 20'000);
  }
}
