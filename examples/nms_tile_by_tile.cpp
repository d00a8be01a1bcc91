/// Non-maximum suppression of an image too large to hold: tile by tile, and the same boxes as all at once.
///
///     nms_tile_by_tile [--seed 1] [--stop-after 15] [--svg nms_tile_by_tile.svg]
///
/// A detector goes over 6 x 4 tiles. What a tile decides for sure is written out at once; only boxes within reach of
/// tiles still to come, and boxes that wait for those, are held. The picture is taken half way: look at the seams.
#include <algorithm>
#include <cstdio>
#include <limits>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include <boxlap/nms/nms.hpp>
#include <boxlap/nms/tiled.hpp>

#include "support/program.hpp"
#include "support/svg.hpp"

namespace {

using boxlap::Box;
using boxlap::Index;

constexpr int columns = 6, rows = 4;
constexpr double side = 200;

struct Tile {
  Box<double> region;
  std::vector<Box<float>> boxes;
  std::vector<float> scores;
};

/// Where tile k of the image is drawn.
Box<double> frame(int k) {
  const double x = k % columns * side, y = k / columns * side;
  return {x, y, x + side, y + side};
}

/// The tiles at the border go on for ever: no tile is to come beyond, so nothing has to wait there.
Box<double> region(int k) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  Box<double> tile = frame(k);
  tile.x1 = k % columns == 0 ? -infinity : tile.x1;
  tile.x2 = k % columns == columns - 1 ? infinity : tile.x2;
  tile.y1 = k / columns == 0 ? -infinity : tile.y1;
  tile.y2 = k / columns == rows - 1 ? infinity : tile.y2;
  return tile;
}

/// Objects anywhere, six detections of each; a detection belongs to the tile that its centre is in.
std::vector<Tile> made_tiles(unsigned seed) {
  std::vector<Tile> tiles;
  for (int k = 0; k < columns * rows; ++k) {
    tiles.push_back({region(k), {}, {}});
  }
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> u(0, 1);
  std::normal_distribution<float> jitter(0, 2.5F);
  for (int object = 0; object < 420; ++object) {
    const float w = 20 + 25 * u(random), h = 20 + 25 * u(random);
    const float x = u(random) * float(columns * side), y = u(random) * float(rows * side);
    for (int k = 0; k < 6; ++k) {
      const float cx = x + jitter(random), cy = y + jitter(random), dw = w + jitter(random), dh = h + jitter(random);
      const Box<float> box = boxlap::from_cxcywh(cx, cy, dw, dh);
      const auto center = boxlap::center(boxlap::cast<double>(box));
      Tile& tile = *std::find_if(tiles.begin(), tiles.end(), [&](const Tile& t) {
        return t.region.x1 <= center.x && center.x < t.region.x2 && t.region.y1 <= center.y && center.y < t.region.y2;
      });
      tile.boxes.push_back(box);
      tile.scores.push_back(u(random));
    }
  }
  return tiles;
}

/// The state after some tiles: kept rows are drawn as known by then, rows that wait from those never decided before.
void save_picture(const std::string& path, const std::vector<Tile>& tiles, std::size_t seen,
                  const std::vector<Index>& kept, const std::vector<Index>& waiting) {
  svg::Canvas canvas(-30, -30, columns * side + 60, rows * side + 100, 1200);
  std::vector<Box<float>> boxes;
  for (std::size_t k = 0; k < tiles.size(); ++k) {
    canvas.box(frame(static_cast<int>(k)),
               {.fill = k < seen ? svg::white : svg::light_grey, .stroke = svg::grey, .width = 1});
    boxes.insert(boxes.end(), tiles[k].boxes.begin(), tiles[k].boxes.end());
  }
  std::size_t added = 0;
  for (std::size_t k = 0; k < seen; ++k) {
    added += tiles[k].boxes.size();
  }
  for (std::size_t i = 0; i < added; ++i) {
    canvas.box(boxes[i], {.stroke = svg::grey, .width = 0.5});
  }
  for (const Index row : kept) {
    canvas.box(boxes[std::size_t(row)], {.stroke = svg::blue, .width = 1.5});
  }
  for (const Index row : waiting) {
    canvas.box(boxes[std::size_t(row)], {.stroke = svg::vermillion, .width = 1.5});
  }
  canvas.legend_row(0, rows * side + 48,
                    {{"kept, written out", {.stroke = svg::blue, .width = 1.5}},
                     {"waits for tiles to come", {.stroke = svg::vermillion, .width = 1.5}},
                     {"suppressed, forgotten", {.stroke = svg::grey, .width = 0.5}},
                     {"tile to come", {.fill = svg::light_grey, .stroke = svg::grey}}},
                    15);
  canvas.save(path);
}

}  // namespace

int main(int argc, char** argv) {
  unsigned seed = 1;
  std::size_t stop_after = 15;
  std::string svg_path = "nms_tile_by_tile.svg";
  CLI::App app{"Suppresses detections tile by tile, with the result of all at once"};
  app.add_option("--seed", seed, "Seed of the made scene");
  app.add_option("--stop-after", stop_after, "The picture shows the state after this many tiles");
  app.add_option("--svg", svg_path, "Where to draw");
  return run_program(app, argc, argv, [&] {
    const std::vector<Tile> tiles = made_tiles(seed);
    std::vector<Box<float>> all;
    std::vector<float> scores;
    boxlap::TiledNms<Box<float>> tiled({.iou_threshold = 0.5});
    std::vector<Index> kept;
    std::printf("%5s %6s %6s %8s\n", "tile", "boxes", "kept", "waiting");
    for (std::size_t k = 0; k < tiles.size(); ++k) {
      const std::vector<Index> decided = tiled.add(tiles[k].region, tiles[k].boxes, tiles[k].scores);
      kept.insert(kept.end(), decided.begin(), decided.end());
      all.insert(all.end(), tiles[k].boxes.begin(), tiles[k].boxes.end());
      scores.insert(scores.end(), tiles[k].scores.begin(), tiles[k].scores.end());
      std::printf("%5zu %6d %6zu %8d\n", k + 1, tiled.rows(), kept.size(), tiled.waiting());
      if (k + 1 == stop_after) {
        save_picture(svg_path, tiles, stop_after, kept, tiled.waiting_rows());
      }
    }
    const std::vector<Index> rest = tiled.finish();
    kept.insert(kept.end(), rest.begin(), rest.end());

    std::vector<Index> expected = boxlap::nms(all, scores, 0.5);
    std::sort(kept.begin(), kept.end());
    std::sort(expected.begin(), expected.end());
    if (kept != expected) {
      throw std::logic_error("not what nms keeps of all boxes at once");
    }
    std::printf("%zu kept, the same as nms of all %zu boxes at once\npicture: %s\n", kept.size(), all.size(),
                svg_path.c_str());
  });
}
