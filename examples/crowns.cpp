// Tree crowns as polygons, predictions as boxes or polygons: who belongs to whom, with a picture.
//
//   crowns [--truth crowns.csv] [--predictions boxes.csv] [--svg crowns.svg]
//
// Both files have a column `geometry` with WKT polygons, or xmin, ymin, xmax, ymax: DeepForest's annotations. Without
// files it draws a stand of its own. A box around a crown covers much that is not crown, so a box and the crown it was
// fitted to reach an IoU of about 0.7 to 0.8: what a threshold for such a comparison must know.
#include <boxlap/match/assign.hpp>
#include <boxlap/pairs/overlaps.hpp>
#include <boxlap/shape/measures.hpp>
#include <boxlap/shape/mixed_overlap.hpp>
#include <boxlap/shape/wkt.hpp>

#include <cmath>
#include <cstdio>
#include <numbers>
#include <random>
#include <string>
#include <vector>

#include "support/csv.hpp"
#include "support/svg.hpp"

using boxlap::Box;
using boxlap::Index;
using boxlap::Point;
using boxlap::Polygon;

namespace {

/// Crowns on a jittered grid: a lobed outline each.
std::vector<Polygon<double>> stand(std::mt19937_64& rng) {
  std::uniform_real_distribution<double> unit(0, 1);
  std::vector<Polygon<double>> crowns;
  for (int k = 0; k < 30; ++k) {
    const double x = 60 + 100 * (k % 6) + 30 * unit(rng), y = 60 + 90 * (k / 6) + 30 * unit(rng);
    const double radius = 30 + 18 * unit(rng), phase = 6 * unit(rng);
    std::vector<Point<double>> outline;
    for (int v = 0; v < 48; ++v) {
      const double angle = 2 * std::numbers::pi * v / 48;
      const double r = radius * (1 + 0.12 * std::sin(5 * angle + phase) + 0.05 * unit(rng));
      outline.push_back({x + r * std::cos(angle), y + r * std::sin(angle)});
    }
    crowns.push_back(boxlap::make_polygon(std::move(outline)));
  }
  return crowns;
}

/// What a detector might say: most crowns boxed with some error, a few missed, a few invented.
std::vector<Polygon<double>> boxed(const std::vector<Polygon<double>>& crowns, std::mt19937_64& rng) {
  std::normal_distribution<double> error(0, 4);
  std::vector<Polygon<double>> boxes;
  const auto add = [&](const Box<double>& b) {
    boxes.push_back(
        boxlap::make_polygon(std::vector<Point<double>>{{b.x1, b.y1}, {b.x2, b.y1}, {b.x2, b.y2}, {b.x1, b.y2}}));
  };
  for (std::size_t k = 0; k < crowns.size(); ++k) {
    if (k % 9 != 4) {
      const Box<double> b = bounds(crowns[k]);
      add({b.x1 + error(rng), b.y1 + error(rng), b.x2 + error(rng), b.y2 + error(rng)});
    }
  }
  add({560, 470, 620, 520});
  add({10, 470, 60, 525});
  return boxes;
}

/// The rows of a file as polygons; rows that are none are named and left out.
std::vector<Polygon<double>> read_shapes(const std::string& path) {
  std::vector<Polygon<double>> shapes;
  csv::Reader rows(path);
  const auto geometry = rows.column("geometry");
  std::size_t skipped = 0;
  while (rows.next()) {
    std::string why;
    std::optional<Polygon<double>> shape;
    if (geometry) {
      shape = boxlap::try_parse_wkt<double>(rows.text(*geometry), &why);
    } else {
      const double x1 = rows.number(rows.require("xmin")), y1 = rows.number(rows.require("ymin"));
      const double x2 = rows.number(rows.require("xmax")), y2 = rows.number(rows.require("ymax"));
      shape = boxlap::try_make_polygon<double>({{x1, y1}, {x2, y1}, {x2, y2}, {x1, y2}}, {}, &why);
    }
    if (shape) {
      shapes.push_back(*std::move(shape));
    } else if (skipped++ < 5) {
      std::fprintf(stderr, "%s: row left out: %s\n", path.c_str(), why.c_str());
    }
  }
  return shapes;
}

void draw(const std::vector<Polygon<double>>& crowns, const std::vector<Polygon<double>>& boxes,
          const boxlap::Csr<double>& iou, const std::vector<Index>& box_of_crown, const std::string& path) {
  Box<double> frame = bounds(crowns[0]);
  for (const auto* list : {&crowns, &boxes}) {
    for (const auto& shape : *list) {
      const Box<double> b = bounds(shape);
      frame = {std::min(frame.x1, b.x1), std::min(frame.y1, b.y1), std::max(frame.x2, b.x2), std::max(frame.y2, b.y2)};
    }
  }
  const double margin = 0.03 * (frame.x2 - frame.x1), head = 0.07 * (frame.x2 - frame.x1);
  svg::Canvas canvas(frame.x1 - margin, frame.y1 - margin - head, frame.x2 - frame.x1 + 2 * margin,
                     frame.y2 - frame.y1 + 2 * margin + head);
  const svg::Style matched{.fill = svg::green, .stroke = svg::green, .width = 1, .opacity = 0.5};
  const svg::Style missed{.fill = svg::vermillion, .stroke = svg::vermillion, .width = 1, .opacity = 0.5};
  const svg::Style box_style{.stroke = svg::blue, .width = 1.4};
  const svg::Style stray_style{.stroke = svg::purple, .width = 1.8, .dash = "5 3"};
  std::vector<bool> used(boxes.size());
  for (std::size_t k = 0; k < crowns.size(); ++k) {
    const bool found = box_of_crown[k] != boxlap::none;
    std::vector<std::span<const Point<double>>> rings;
    for (Index r = 0; r < crowns[k].rings(); ++r) {
      rings.push_back(crowns[k].ring(r));
    }
    canvas.rings(rings, found ? matched : missed);
    if (found) {
      used[std::size_t(box_of_crown[k])] = true;
      char text[16];
      std::snprintf(text, sizeof text, "%.2f", iou.at(Index(k), box_of_crown[k]));
      const auto middle = centroid(crowns[k]);
      canvas.text(middle.x, middle.y + 4 * canvas.unit(), text, 12, svg::Anchor::middle);
    }
  }
  for (std::size_t k = 0; k < boxes.size(); ++k) {
    canvas.polygon(boxes[k].points(), used[k] ? box_style : stray_style);
  }
  canvas.legend_row(frame.x1, frame.y1 - head / 2,
                    {{"crown, IoU of its box", matched},
                     {"crown without a box", missed},
                     {"box", box_style},
                     {"box without a crown", stray_style}});
  canvas.save(path);
}

}  // namespace

int main(int argc, char** argv) {
  std::string truth, predictions, picture = "crowns.svg";
  for (int k = 1; k + 1 < argc; k += 2) {
    const std::string name = argv[k], value = argv[k + 1];
    if (name == "--truth") {
      truth = value;
    } else if (name == "--predictions") {
      predictions = value;
    } else if (name == "--svg") {
      picture = value;
    } else {
      std::fprintf(stderr, "crowns: unknown option %s\n", name.c_str());
      return 2;
    }
  }
  if (truth.empty() != predictions.empty()) {
    std::fprintf(stderr, "crowns: --truth and --predictions go together\n");
    return 2;
  }
  try {
    std::mt19937_64 rng(3);
    const auto crowns = truth.empty() ? stand(rng) : read_shapes(truth);
    const auto boxes = truth.empty() ? boxed(crowns, rng) : read_shapes(predictions);
    if (crowns.empty()) {
      std::fprintf(stderr, "crowns: no crowns in %s\n", truth.c_str());
      return 2;
    }
    const auto iou = boxlap::iou_matrix(crowns, boxes);  // only pairs that meet
    const auto matching = boxlap::assign(iou, {.objective = boxlap::Objective::most_pairs, .gate = 0.4});
    double sum = 0, bound = 0;
    for (std::size_t k = 0; k < crowns.size(); ++k) {
      if (const Index box = matching.col_of_row[k]; box != boxlap::none) {
        sum += iou.at(Index(k), box);
        bound += area(crowns[k]) / area(bounds(crowns[k]));
      }
    }
    const double count = std::max(1.0, double(matching.count));
    std::printf("%zu crowns, %zu boxes, %zu pairs that meet, %d matched at IoU >= 0.4\n", crowns.size(), boxes.size(),
                iou.values.size(), matching.count);
    std::printf("mean IoU %.3f; the tight boxes of these crowns have %.3f\n", sum / count, bound / count);
    draw(crowns, boxes, iou, matching.col_of_row, picture);
    return truth.empty() && matching.count != 27 ? 1 : 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "crowns: %s\n", error.what());
    return 2;
  }
}
