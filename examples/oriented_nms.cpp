// Oriented detections, non-maximum suppression by exact overlap, and a picture of what stays.
//
//   oriented_nms [--dota FOLDER] [--image P0706] [--iou 0.1] [--svg oriented_nms.svg]
//
// Without a folder it draws a scene of its own: ships side by side at a pier, each found several times. With one it
// reads detections.csv (image, class, score, x1, y1, ... y4): quads in DOTA's form. Upright boxes around the ships meet
// their neighbours, so nms on those would lose ships that lie side by side; the rotated boxes do not.
#include <boxlap/nms/batched.hpp>
#include <boxlap/shape/measures.hpp>
#include <boxlap/shape/mixed_overlap.hpp>

#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "support/csv.hpp"
#include "support/svg.hpp"

using boxlap::Index;
using boxlap::Point;
using boxlap::RotatedBox;

namespace {

struct Scene {
  std::vector<RotatedBox<double>> boxes;
  std::vector<float> scores;
  std::vector<int> labels;
};

/// Ships along a pier that runs at an angle, each with a few jittered detections.
Scene pier() {
  Scene scene;
  std::mt19937_64 rng(7);
  std::normal_distribution<double> jitter(0, 1);
  for (int ship = 0; ship < 26; ++ship) {
    const double along = 30.0 + 24 * (ship % 13), across = ship < 13 ? 62 : -62, turn = -30;
    const auto [cos, sin] = std::array{std::cos(turn * 3.14159265 / 180), std::sin(turn * 3.14159265 / 180)};
    const double x = 80 + along * cos - across * sin, y = 300 + along * sin + across * cos;
    const double length = 96 + 8.0 * (ship % 3), width = 20;
    for (int copy = 0; copy < 5; ++copy) {
      scene.boxes.push_back({x + 2 * jitter(rng), y + 2 * jitter(rng), width + jitter(rng), length + 3 * jitter(rng),
                             turn + 1.5 * jitter(rng)});
      scene.scores.push_back(float(0.95 - 0.12 * copy + 0.01 * jitter(rng)));
      scene.labels.push_back(0);
    }
  }
  return scene;
}

Scene read_dota(const std::string& path, const std::string& image) {
  Scene scene;
  std::map<std::string, int> classes;
  csv::Reader rows(path);
  const auto image_column = rows.require("image"), class_column = rows.require("class"), score = rows.require("score");
  std::array<std::size_t, 8> coordinates{};
  for (std::size_t k = 0; k < 8; ++k) {
    coordinates[k] = rows.require((k % 2 == 0 ? "x" : "y") + std::to_string(k / 2 + 1));
  }
  while (rows.next()) {
    if (rows.text(image_column) != image) {
      continue;
    }
    std::array<Point<double>, 4> quad;
    for (std::size_t k = 0; k < 4; ++k) {
      quad[k] = {rows.number(coordinates[2 * k]), rows.number(coordinates[2 * k + 1])};
    }
    scene.boxes.push_back(boxlap::from_corners(quad));
    scene.scores.push_back(float(rows.number(score)));
    const std::string name(rows.text(class_column));
    scene.labels.push_back(classes.emplace(name, int(classes.size())).first->second);
  }
  return scene;
}

void draw(const Scene& scene, const std::vector<Index>& keep, const std::string& path) {
  boxlap::Box<double> frame = bounds(scene.boxes[0]);
  for (const auto& box : scene.boxes) {
    const auto around = bounds(box);
    frame = {std::min(frame.x1, around.x1), std::min(frame.y1, around.y1), std::max(frame.x2, around.x2),
             std::max(frame.y2, around.y2)};
  }
  const double margin = 0.04 * (frame.x2 - frame.x1), head = 0.07 * (frame.x2 - frame.x1);
  svg::Canvas canvas(frame.x1 - margin, frame.y1 - margin - head, frame.x2 - frame.x1 + 2 * margin,
                     frame.y2 - frame.y1 + 2 * margin + head);
  const svg::Style found{.stroke = svg::grey, .width = 0.8, .dash = "3 2"};
  for (const auto& box : scene.boxes) {
    canvas.polygon(corners(box), found);
  }
  for (const Index row : keep) {
    const auto& box = scene.boxes[std::size_t(row)];
    const auto colour = svg::palette[std::size_t(scene.labels[std::size_t(row)]) % std::size(svg::palette)];
    canvas.polygon(corners(box), {.fill = colour, .stroke = colour, .width = 1.6, .opacity = 0.55});
  }
  canvas.legend_row(frame.x1, frame.y1 - head / 2,
                    {{"all " + std::to_string(scene.boxes.size()) + " detections", found},
                     {std::to_string(keep.size()) + " kept", {.fill = svg::blue, .opacity = 0.55}}});
  canvas.save(path);
}

}  // namespace

int main(int argc, char** argv) {
  std::string folder, image = "P0706", picture = "oriented_nms.svg";
  double threshold = 0.1;
  for (int k = 1; k + 1 < argc; k += 2) {
    const std::string name = argv[k], value = argv[k + 1];
    if (name == "--dota") {
      folder = value;
    } else if (name == "--image") {
      image = value;
    } else if (name == "--iou") {
      threshold = std::strtod(value.c_str(), nullptr);
    } else if (name == "--svg") {
      picture = value;
    } else {
      std::fprintf(stderr, "oriented_nms: unknown option %s\n", name.c_str());
      return 2;
    }
  }
  try {
    const Scene scene = folder.empty() ? pier() : read_dota(folder + "/detections.csv", image);
    if (scene.boxes.empty()) {
      std::fprintf(stderr, "oriented_nms: no detections of image %s\n", image.c_str());
      return 2;
    }
    const std::vector<Index> keep = boxlap::batched_nms(scene.boxes, scene.scores, scene.labels, threshold);
    const auto upright = boxlap::view(scene.boxes.size(), [&](Index i) { return bounds(scene.boxes[std::size_t(i)]); });
    const std::vector<Index> keep_upright = boxlap::batched_nms(upright, scene.scores, scene.labels, threshold);
    std::printf("%zu detections, %zu kept by rotated boxes, %zu by upright ones\n", scene.boxes.size(), keep.size(),
                keep_upright.size());
    draw(scene, keep, picture);
    return folder.empty() && keep.size() != 26 ? 1 : 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "oriented_nms: %s\n", error.what());
    return 2;
  }
}
