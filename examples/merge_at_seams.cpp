/// Objects cut by tile borders, made whole again. Tree crowns in an image that a detector saw in overlapping tiles.
///
///     merge_at_seams [--seed 1] [--threshold 0.5] [--svg merge_at_seams.svg]
///
/// A crown at a seam is found once in each tile, cut off at the border. IoU between a part and the whole is small, so
/// nms by IoU keeps both. IoS, the share of the smaller box, is near 1: nms by IoS keeps one of them, merging by IoS
/// gives the box around them, which is the crown. The picture shows all three beside what the detector saw.
#include <algorithm>
#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include <boxlap/nms/merge.hpp>
#include <boxlap/nms/nms.hpp>

#include "support/program.hpp"
#include "support/svg.hpp"

namespace {

using boxlap::Box;
using Boxes = std::vector<Box<double>>;

constexpr double width = 960, height = 640, tile_side = 272, step = 240;  // tiles overlap by 32 px

struct Scene {
  Boxes crowns, tiles, found;
  std::vector<float> scores;
};

/// Crowns that stand apart, and what is found of each in each tile: the part inside, with a pixel of jitter, if that is
/// a third of the crown or more. The score falls with what is cut off.
Scene made_scene(unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> u(0, 1);
  std::normal_distribution<double> jitter(0, 1);
  Scene scene;
  for (int tries = 0; tries < 1500; ++tries) {
    const double w = 35 + 45 * u(random), h = w * (0.8 + 0.4 * u(random));
    const Box<double> crown = boxlap::from_xywh(u(random) * (width - w), u(random) * (height - h), w, h);
    if (std::none_of(scene.crowns.begin(), scene.crowns.end(), [&](const auto& c) { return ios(c, crown) > 0.1; })) {
      scene.crowns.push_back(crown);
    }
  }
  for (double y = 0; y < height; y += step) {
    for (double x = 0; x < width; x += step) {
      const Box<double> tile{x, y, std::min(x + tile_side, width), std::min(y + tile_side, height)};
      scene.tiles.push_back(tile);
      for (const Box<double>& crown : scene.crowns) {
        const double visible = iof(crown, tile);
        if (visible < 0.33) {
          continue;
        }
        const Box<double> seen{crown.x1 + jitter(random), crown.y1 + jitter(random), crown.x2 + jitter(random),
                               crown.y2 + jitter(random)};
        scene.found.push_back(clip(seen, tile));
        scene.scores.push_back(static_cast<float>(0.55 + 0.35 * visible + 0.08 * u(random)));
      }
    }
  }
  return scene;
}

/// How many crowns have a box with an IoU of at least 0.75, one box a crown.
int crowns_found(const Boxes& crowns, const Boxes& boxes) {
  int found = 0;
  for (const Box<double>& crown : crowns) {
    found += static_cast<int>(
        std::any_of(boxes.begin(), boxes.end(), [&](const auto& box) { return iou(crown, box) >= 0.75; }));
  }
  return found;
}

void draw_panel(svg::Canvas& canvas, double left, double top, const Scene& scene, const Boxes& boxes,
                const std::string& title) {
  const auto moved = [&](const Box<double>& b) {
    return Box<double>{b.x1 + left, b.y1 + top, b.x2 + left, b.y2 + top};
  };
  for (const Box<double>& tile : scene.tiles) {
    canvas.box(moved(tile), {.fill = svg::grey, .opacity = 0.10});  // twice where two tiles overlap
  }
  for (const Box<double>& crown : scene.crowns) {
    canvas.box(moved(crown), {.fill = svg::green, .opacity = 0.22});
  }
  for (const Box<double>& box : boxes) {
    const bool right = std::any_of(scene.crowns.begin(), scene.crowns.end(),
                                   [&](const Box<double>& crown) { return iou(crown, box) >= 0.75; });
    canvas.box(moved(box), {.stroke = right ? svg::blue : svg::vermillion, .width = right ? 1.2 : 2.0});
  }
  canvas.text(left + 4, top - 10, title, 15);
}

void save_picture(const std::string& path, const Scene& scene, const Boxes& by_iou, const Boxes& by_ios,
                  const Boxes& merged) {
  const double gap = 30, head = 40;
  svg::Canvas canvas(-gap, -gap, 2 * width + 3 * gap, 2 * (height + head) + 3 * gap, 1500);
  const auto title = [&](const char* what, const Boxes& boxes) {
    return std::string(what) + ": " + std::to_string(boxes.size()) + " boxes for " +
           std::to_string(scene.crowns.size()) + " crowns";
  };
  draw_panel(canvas, 0, head, scene, scene.found, title("Found in the tiles", scene.found));
  draw_panel(canvas, width + gap, head, scene, by_iou, title("nms by IoU", by_iou));
  draw_panel(canvas, 0, height + 2 * head, scene, by_ios, title("nms by IoS", by_ios));
  draw_panel(canvas, width + gap, height + 2 * head, scene, merged, title("Merged by IoS", merged));
  canvas.legend_row(0, 2 * (height + head) + gap,
                    {{"crown", {.fill = svg::green, .opacity = 0.22}},
                     {"box that is a crown (IoU 0.75)", {.stroke = svg::blue, .width = 1.2}},
                     {"part, or box too many", {.stroke = svg::vermillion, .width = 2}},
                     {"seam: two tiles overlap", {.fill = svg::grey, .opacity = 0.2}}},
                    14);
  canvas.save(path);
}

}  // namespace

int main(int argc, char** argv) {
  unsigned seed = 1;
  double threshold = 0.5;
  std::string svg_path = "merge_at_seams.svg";
  CLI::App app{"Makes objects whole that tile borders cut"};
  app.add_option("--seed", seed, "Seed of the made scene");
  app.add_option("--threshold", threshold, "Share of the smaller box that makes two boxes one object");
  app.add_option("--svg", svg_path, "Where to draw");
  return run_program(app, argc, argv, [&] {
    const Scene scene = made_scene(seed);
    const Boxes by_iou = take(scene.found, boxlap::nms(scene.found, scene.scores, 0.5));
    const Boxes by_ios =
        take(scene.found, boxlap::nms(scene.found, scene.scores, {.iou_threshold = threshold}, boxlap::Ios{}));
    const auto merged = boxlap::merge_boxes(scene.found, scene.scores, {.threshold = threshold}, boxlap::Ios{});

    std::printf("%zu crowns, %zu boxes found in %zu tiles\n", scene.crowns.size(), scene.found.size(),
                scene.tiles.size());
    std::printf("%-16s %6s %14s\n", "", "boxes", "crowns found");
    const auto report = [&](const char* what, const Boxes& boxes) {
      std::printf("%-16s %6zu %14d\n", what, boxes.size(), crowns_found(scene.crowns, boxes));
    };
    report("nms by IoU", by_iou);
    report("nms by IoS", by_ios);
    report("merged by IoS", merged.boxes);
    save_picture(svg_path, scene, by_iou, by_ios, merged.boxes);
    std::printf("picture: %s\n", svg_path.c_str());
  });
}
