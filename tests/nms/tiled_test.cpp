#include <boxlap/nms/tiled.hpp>

#include <random>
#include <stdexcept>

#include "../catch.hpp"
#include "../support/memory.hpp"
#include "../support/rounds.hpp"
#include "circle.hpp"
#include "plain_nms.hpp"

using namespace boxlap;

namespace {

/// A random division of a square into rectangles, in random order.
std::vector<Box<double>> random_tiling(double extent, int cuts, scenes::Rng& rng) {
  std::vector<Box<double>> tiles = {{-extent, -extent, 3 * extent, 3 * extent}};
  for (int k = 0; k < cuts; ++k) {
    const std::size_t i = rng() % tiles.size();
    const Box<double> t = tiles[i];
    const double at = 0.1 + 0.8 * double(rng() % 1000) / 1000;
    if (rng() % 2 == 0) {
      const double x = std::floor(t.x1 + at * (t.x2 - t.x1));
      tiles[i] = {t.x1, t.y1, x, t.y2};
      tiles.push_back({x, t.y1, t.x2, t.y2});
    } else {
      const double y = std::floor(t.y1 + at * (t.y2 - t.y1));
      tiles[i] = {t.x1, t.y1, t.x2, y};
      tiles.push_back({t.x1, y, t.x2, t.y2});
    }
    tiles.erase(std::remove_if(tiles.begin(), tiles.end(), [](const auto& b) { return !has_extent(b); }), tiles.end());
  }
  std::shuffle(tiles.begin(), tiles.end(), rng);
  return tiles;
}

template <class S>
struct Tile {
  std::vector<S> shapes;
  std::vector<float> scores;
};

/// Deals shapes to the tiles that hold their centres; what meets nothing goes to the first.
template <class S>
std::vector<Tile<S>> deal(const std::vector<S>& shapes, const std::vector<float>& scores,
                          const std::vector<Box<double>>& regions) {
  std::vector<Tile<S>> tiles(regions.size());
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    const auto c = center(cast<double>(bounds(shapes[i])));
    std::size_t k = 0;
    for (std::size_t r = 0; r < regions.size(); ++r) {
      if (regions[r].x1 <= c.x && c.x < regions[r].x2 && regions[r].y1 <= c.y && c.y < regions[r].y2) {
        k = r;
      }
    }
    tiles[k].shapes.push_back(shapes[i]);
    tiles[k].scores.push_back(scores[i]);
  }
  return tiles;
}

template <class S>
Tile<S> all_of(const std::vector<Tile<S>>& tiles) {
  Tile<S> all;
  for (const Tile<S>& tile : tiles) {
    all.shapes.insert(all.shapes.end(), tile.shapes.begin(), tile.shapes.end());
    all.scores.insert(all.scores.end(), tile.scores.begin(), tile.scores.end());
  }
  return all;
}

}  // namespace

TEMPLATE_TEST_CASE("nms_tiled is nms over everything, whatever the tiling", "[nms]", float, double) {
  using T = TestType;
  const auto seed = std::uint64_t(GENERATE(take(scenes::rounds(6), random(1, 1 << 30))));
  CAPTURE(seed);
  scenes::Rng rng(seed);
  const auto all_scenes = scenes::all<T>(900, rng);
  for (std::size_t scene = 0; scene < all_scenes.size(); ++scene) {
    const auto& boxes = all_scenes[scene];
    const auto scores = scenes::scores(int(boxes.size()), rng);
    const double extent = scene == 2 ? 12 : 900;
    const auto regions = random_tiling(extent, int(rng() % 25), rng);
    const auto tiles = deal(boxes, scores, regions);
    const auto all = all_of(tiles);
    for (const double threshold : {0.5, 0.05, 0.0, 0.8, 1.0, -0.1}) {
      CAPTURE(threshold, regions.size());
      for (const double longest : {1e4, std::numeric_limits<double>::infinity()}) {
        CHECK(nms_tiled<Box<T>>(
                  regions, [&](Index k) -> const Tile<Box<T>>& { return tiles[std::size_t(k)]; },
                  {.iou_threshold = threshold}, longest) == nms(all.shapes, all.scores, threshold));
      }
    }
  }
}

TEST_CASE("TiledNms decides boxes of subnormal area too, and other shapes", "[nms]") {
  scenes::Rng rng(3);
  std::vector<Box<float>> tiny;
  for (int i = 0; i < 400; ++i) {
    const float x = 1e-22f * float(rng() % 60), y = 1e-22f * float(rng() % 60);
    tiny.push_back({x, y, x + 1e-22f * float(1 + rng() % 9), y + 1e-22f * float(1 + rng() % 9)});
  }
  const auto scores = scenes::scores(400, rng);
  const std::vector<Box<double>> regions = {{-1, -1, 3e-21, 1}, {3e-21, -1, 1, 1}};
  auto tiles = deal(tiny, scores, regions);
  auto all = all_of(tiles);
  CHECK(nms_tiled<Box<float>>(
            regions, [&](Index k) -> const auto& { return tiles[std::size_t(k)]; }) ==
        nms(all.shapes, all.scores, 0.5));

  std::vector<user::Circle> circles;
  for (int i = 0; i < 400; ++i) {
    circles.push_back({double(rng() % 200), double(rng() % 200), 1 + double(rng() % 12)});
  }
  const std::vector<Box<double>> halves = {{-50, -50, 90, 300}, {90, -50, 300, 300}};
  const auto circle_tiles = deal(circles, scores, halves);
  const auto all_circles = all_of(circle_tiles);
  for (const double threshold : {0.3, 0.0, 0.7}) {
    CHECK(nms_tiled<user::Circle>(
              halves, [&](Index k) -> const auto& { return circle_tiles[std::size_t(k)]; },
              {.iou_threshold = threshold}, 26) == nms(all_circles.shapes, all_circles.scores, threshold));
  }
}

TEST_CASE("TiledNms holds only what the seams leave open", "[nms]") {
  scenes::Rng rng(7);
  TiledNms<Box<float>> tiled({.iou_threshold = 0.5});
  const heap::Scope scope;
  const double side = 2000;
  Index kept = 0, most_waiting = 0;
  for (int row = 0; row < 12; ++row) {
    for (int column = 0; column < 12; ++column) {
      auto boxes = scenes::uniform<float>(4000, side - 80, 50, rng);
      for (Box<float>& box : boxes) {
        const auto dx = float(column * side), dy = float(row * side);
        box = {box.x1 + dx, box.y1 + dy, box.x2 + dx, box.y2 + dy};
      }
      const Box<double> region{column * side, row * side, (column + 1) * side, (row + 1) * side};
      kept += Index(tiled.add(region, boxes, scenes::scores(4000, rng)).size());
      most_waiting = std::max(most_waiting, tiled.waiting());
    }
  }
  kept += Index(tiled.finish().size());
  CHECK(tiled.waiting() == 0);
  CHECK(tiled.rows() == 144 * 4000);
  CHECK(kept > 300'000);
  CHECK(most_waiting < 4000);  // of 576,000: the front of one row of tiles
  if (!memory::uncounted()) {
    CHECK(double(scope.peak_bytes()) < 2e6);
  }
}

TEST_CASE("TiledNms holds the memory its doc block states", "[nms]") {
  if (memory::uncounted()) {
    return;
  }
  scenes::Rng rng(5);
  const double n = 20'000;
  const auto boxes = scenes::uniform<float>(int(n), 1e6, 50, rng);  // nearly every box alone in its cell
  const auto scores = scenes::scores(int(n), rng);
  const heap::Scope scope;
  TiledNms<Box<float>> tiled({.iou_threshold = 0.5});
  const auto kept = tiled.add({0, 0, 2e6, 2e6}, boxes, scores);
  const double stated = 32 * n + 4 * n + 290 * n;  // the rows, and nms() of them
  CHECK(double(scope.peak_bytes()) <= stated + 4.0 * double(kept.capacity()) + 1e5);
  CHECK(double(scope.peak_bytes()) >= stated / 2);
}

TEST_CASE("TiledNms refuses what breaks its promise", "[nms]") {
  TiledNms<Box<float>> tiled({.iou_threshold = 0.5}, 20);
  const std::vector<Box<float>> box = {{0, 0, 10, 10}};
  const std::vector<float> score = {1};
  const Box<double> region{0, 0, 100, 100};
  CHECK_THROWS_AS(tiled.add({6, 0, 100, 100}, box, score), std::invalid_argument);
  CHECK_THROWS_AS(tiled.add({6, 0, 6, 100}, box, score), std::invalid_argument);
  CHECK_THROWS_AS(tiled.add(region, box, std::vector<float>(2)), std::invalid_argument);
  CHECK_THROWS_AS(tiled.add(region, std::vector<Box<float>>{{0, 0, 30, 10}}, score), std::invalid_argument);
  CHECK(tiled.rows() == 0);
  CHECK(tiled.add(region, box, score).empty());  // the unseen left of 0 is near
  CHECK(tiled.waiting() == 1);
  CHECK(tiled.finish() == std::vector<Index>{0});
  CHECK_THROWS_AS(tiled.add(region, box, score), std::invalid_argument);
  CHECK_THROWS_AS(TiledNms<Box<float>>({.iou_threshold = std::nan("")}), std::invalid_argument);
}
