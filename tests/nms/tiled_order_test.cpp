/// TiledNms over tiles in any order, and over regions that are no tiling.
#include <boxlap/nms/tiled.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>
#include <stdexcept>
#include <string>

#include "../catch.hpp"
#include "../support/rounds.hpp"
#include "plain_nms.hpp"

using namespace boxlap;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

struct Tile {
  Box<double> region;
  std::vector<Box<float>> boxes;
  std::vector<float> scores;
};

/// columns x columns tiles of `side` px; those at the border go on for ever. About `per_tile` boxes each.
std::vector<Tile> tiled_scene(int columns, double side, int per_tile, scenes::Rng& rng) {
  std::vector<Tile> tiles;
  for (int k = 0; k < columns * columns; ++k) {
    const int x = k % columns, y = k / columns;
    tiles.push_back({{x == 0 ? -infinity : x * side, y == 0 ? -infinity : y * side,
                      x == columns - 1 ? infinity : (x + 1) * side, y == columns - 1 ? infinity : (y + 1) * side},
                     {},
                     {}});
  }
  const int n = columns * columns * per_tile;
  const auto boxes = scenes::clustered<float>(n, 4, columns * side - 50, rng);
  const auto scores = scenes::scores(n, rng);
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    const double cx = 0.5 * double(boxes[i].x1) + 0.5 * double(boxes[i].x2);
    const double cy = 0.5 * double(boxes[i].y1) + 0.5 * double(boxes[i].y2);
    for (Tile& tile : tiles) {
      if (tile.region.x1 <= cx && cx < tile.region.x2 && tile.region.y1 <= cy && cy < tile.region.y2) {
        tile.boxes.push_back(boxes[i]);
        tile.scores.push_back(scores[i]);
      }
    }
  }
  return tiles;
}

/// IoU that counts how often it is asked.
struct CountedIou {
  std::size_t* calls;
  float operator()(const Box<float>& a, const Box<float>& b) const {
    ++*calls;
    return iou(a, b);
  }
};

std::string refusal(TiledNms<Box<float>>& tiled, const Box<double>& region) {
  try {
    (void)tiled.add(region, std::vector<Box<float>>{}, std::vector<float>{});
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("TiledNms decides every row by the time its neighbours are seen, in any order of the tiles", "[nms]") {
  const auto seed = std::uint64_t(GENERATE(take(scenes::rounds(3), random(1, 1 << 30))));
  CAPTURE(seed);
  scenes::Rng rng(seed);
  auto tiles = tiled_scene(9, 150, 40, rng);
  std::shuffle(tiles.begin(), tiles.end(), rng);
  std::vector<Box<float>> boxes;
  std::vector<float> scores;
  for (const Tile& tile : tiles) {
    boxes.insert(boxes.end(), tile.boxes.begin(), tile.boxes.end());
    scores.insert(scores.end(), tile.scores.begin(), tile.scores.end());
  }
  for (const double threshold : {0.5, 0.1, 0.9, 0.0}) {
    CAPTURE(threshold);
    TiledNms<Box<float>> tiled({.iou_threshold = threshold}, 120);
    std::vector<Index> kept;
    for (const Tile& tile : tiles) {
      const auto now = tiled.add(tile.region, tile.boxes, tile.scores);
      CHECK(std::is_sorted(now.begin(), now.end()));
      kept.insert(kept.end(), now.begin(), now.end());
      const auto waiting = tiled.waiting_rows();
      REQUIRE(Index(waiting.size()) == tiled.waiting());
      REQUIRE(std::is_sorted(waiting.begin(), waiting.end()));
    }
    CHECK(tiled.waiting() == 0);  // the tiles cover the plane
    CHECK(tiled.finish().empty());
    auto expected = plain::nms(boxes, scores, threshold);
    std::sort(expected.begin(), expected.end());
    std::sort(kept.begin(), kept.end());
    CHECK(kept == expected);
  }
}

TEST_CASE("a row waits no longer than it must", "[nms]") {
  const auto seed = std::uint64_t(GENERATE(take(scenes::rounds(4), random(1, 1 << 30))));
  CAPTURE(seed);
  scenes::Rng rng(seed);
  // Corners at whole pixels and borders between them: at a threshold of 0.5 a partner's centre is less than half a side
  // away, and no window ends within rounding of a border.
  const int columns = 6, n = 700;
  const double side = 80;
  const auto column_of = [&](double x) {
    return std::size_t(std::clamp(std::floor((x - 0.125) / side), 0.0, double(columns - 1)));
  };
  const auto border = [&](std::size_t k) {
    return k == 0 ? -infinity : k == columns ? infinity : double(k) * side + 0.125;
  };
  std::vector<Box<float>> boxes = scenes::clustered<float>(n, 5, columns * side - 40, rng);
  for (Box<float>& box : boxes) {
    box = {std::round(box.x1), std::round(box.y1), std::round(box.x2), std::round(box.y2)};
  }
  const auto scores = scenes::scores(n, rng);
  std::vector<std::size_t> tiles(columns * columns);
  std::iota(tiles.begin(), tiles.end(), std::size_t{0});
  std::shuffle(tiles.begin(), tiles.end(), rng);
  std::vector<bool> seen(tiles.size());
  std::vector<Box<float>> so_far;
  std::vector<float> scores_so_far;
  TiledNms<Box<float>> tiled({.iou_threshold = 0.5});
  std::vector<Index> kept;
  for (const std::size_t tile : tiles) {
    const std::size_t x = tile % columns, y = tile / columns;
    std::vector<Box<float>> in_tile;
    std::vector<float> their_scores;
    for (std::size_t i = 0; i < boxes.size(); ++i) {
      const auto c = center(cast<double>(boxes[i]));
      if (column_of(c.x) == x && column_of(c.y) == y) {
        in_tile.push_back(boxes[i]);
        their_scores.push_back(scores[i]);
      }
    }
    const auto now = tiled.add({border(x), border(y), border(x + 1), border(y + 1)}, in_tile, their_scores);
    kept.insert(kept.end(), now.begin(), now.end());
    seen[tile] = true;
    so_far.insert(so_far.end(), in_tile.begin(), in_tile.end());
    scores_so_far.insert(scores_so_far.end(), their_scores.begin(), their_scores.end());

    const auto all_seen_near = [&](const Box<float>& b) {
      const auto box = cast<double>(b);
      const auto c = center(box);
      const double w = (box.x2 - box.x1) / 2, h = (box.y2 - box.y1) / 2;
      for (std::size_t j = column_of(c.y - h); j <= column_of(c.y + h); ++j) {
        for (std::size_t i = column_of(c.x - w); i <= column_of(c.x + w); ++i) {
          if (!seen[j * columns + i]) {
            return false;
          }
        }
      }
      return true;
    };
    std::vector<Index> sure, open;
    for (const Index row : plain::best_first(scores_so_far)) {
      const auto suppresses = [&](Index other) {
        return plain::quotient(so_far[std::size_t(other)], so_far[std::size_t(row)]) > 0.5F;
      };
      if (std::any_of(sure.begin(), sure.end(), suppresses)) {
        continue;
      }
      const bool waits = !all_seen_near(so_far[std::size_t(row)]) || std::any_of(open.begin(), open.end(), suppresses);
      (waits ? open : sure).push_back(row);
    }
    std::sort(sure.begin(), sure.end());
    std::sort(open.begin(), open.end());
    std::sort(kept.begin(), kept.end());
    REQUIRE(tiled.waiting_rows() == open);
    REQUIRE(kept == sure);
  }
}

TEST_CASE("tiles in shuffled order cost what they cost in order of rows", "[nms]") {
  scenes::Rng rng(7);
  auto tiles = tiled_scene(20, 600, 60, rng);
  const auto calls_of_all = [&] {
    std::size_t calls = 0;
    TiledNms<Box<float>, CountedIou> tiled({.iou_threshold = 0.5}, 120, CountedIou{&calls});
    for (const Tile& tile : tiles) {
      (void)tiled.add(tile.region, tile.boxes, tile.scores);
    }
    (void)tiled.finish();
    return calls;
  };
  const std::size_t in_order = calls_of_all();
  std::shuffle(tiles.begin(), tiles.end(), rng);
  const std::size_t shuffled = calls_of_all();
  CAPTURE(in_order, shuffled);
  CHECK(double(shuffled) < 1.5 * double(in_order));
}

TEST_CASE("TiledNms refuses regions that overlap, and says which and what to do", "[nms]") {
  TiledNms<Box<float>> tiled({.iou_threshold = 0.5}, 60);
  CHECK(refusal(tiled, {0, 0, 400, 400}).empty());
  CHECK(refusal(tiled, {400, 0, 800, 400}).empty());  // touches at a side
  CHECK(refusal(tiled, {-400, -400, 0, 0}).empty());  // at a corner
  const std::string message = refusal(tiled, {750, 0, 1150, 400});
  for (const char* part : {"tile 3", "tile 1", "(750, 0, 1150, 400)", "(400, 0, 800, 400)", "middle", "centre"}) {
    CAPTURE(message, part);
    CHECK(message.find(part) != std::string::npos);
  }
  for (const Box<double>& region : {Box<double>{0, 0, 400, 400},
                                    {100, 100, 110, 110},
                                    {-infinity, 10, infinity, 20},
                                    {-1000, -1000, 1000, 1000},
                                    {399, 399, infinity, infinity},
                                    {-infinity, -infinity, infinity, infinity}}) {
    CHECK(!refusal(tiled, region).empty());
  }
  CHECK(refusal(tiled, {10, 10, 10, 20}).find("empty") != std::string::npos);
  // What was refused left nothing behind, and its place is free.
  CHECK(refusal(tiled, {800, -infinity, infinity, 400}).empty());
  CHECK(!refusal(tiled, {900, -5000, 901, -4999}).empty());
  CHECK(refusal(tiled, {-infinity, 400, 800, infinity}).empty());
  CHECK(tiled.rows() == 0);
}

TEST_CASE("TiledNms takes borders that were rounded", "[nms]") {
  for (const double step : {0.1, 1.0 / 3, 511.7}) {
    TiledNms<Box<float>> tiled({.iou_threshold = 0.5}, 0.01 * step);
    for (int k = 0; k < 50; ++k) {
      const double first = k * step, last = double(float(first + step));  // may lie above the next first
      CHECK(refusal(tiled, {first, 0, last, step}).empty());
    }
  }
}

TEST_CASE("a box that two overlapping windows found is not kept twice", "[nms]") {
  TiledNms<Box<float>> tiled({.iou_threshold = 0.5}, 60);
  const std::vector<Box<float>> box = {{360, 100, 390, 130}};
  const std::vector<float> score = {0.9F};
  (void)tiled.add({0, 0, 400, 400}, box, score);
  CHECK_THROWS_AS(tiled.add({350, 0, 750, 400}, box, score), std::invalid_argument);
  (void)tiled.add({400, 0, 750, 400}, std::vector<Box<float>>{}, std::vector<float>{});
  CHECK(tiled.rows() == 1);
}
