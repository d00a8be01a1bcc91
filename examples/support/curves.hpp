/// Precision over recall, and who is taken for whom, as SVG.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boxlap/evaluate/average_precision.hpp>
#include <boxlap/evaluate/confusion.hpp>
#include <boxlap/shape/point.hpp>

#include "svg.hpp"

namespace curves {

struct Curve {
  std::string label;
  std::vector<boxlap::PrecisionRecallPoint> points;
};

/// Axes from 0 to 1 in the square whose upper left corner is (x, y), with the curves in it.
inline void draw_axes(svg::Canvas& canvas, double x, double y, double side, const std::vector<Curve>& lines,
                      double text_size, const std::string& title) {
  const svg::Style grid{.stroke = svg::light_grey, .width = 0.7}, frame{.stroke = svg::black, .width = 1};
  for (int k = 1; k < 5; ++k) {
    canvas.line(x + side * k / 5, y, x + side * k / 5, y + side, grid);
    canvas.line(x, y + side * k / 5, x + side, y + side * k / 5, grid);
  }
  canvas.rect(x, y, side, side, frame);
  for (std::size_t c = 0; c < lines.size(); ++c) {
    std::vector<boxlap::Point<double>> path{{x, y}};
    if (!lines[c].points.empty()) {
      path.front().y = y + side * (1 - lines[c].points.front().precision);
    }
    double last_x = -1;
    for (const boxlap::PrecisionRecallPoint& p : lines[c].points) {
      const boxlap::Point<double> at{x + side * p.recall, y + side * (1 - p.precision)};
      if (at.x - last_x >= 0.25 || &p == &lines[c].points.back()) {  // a quarter of a pixel is fine enough
        path.push_back(at);
        last_x = at.x;
      }
    }
    if (!lines[c].points.empty()) {
      canvas.polyline(path, {.stroke = svg::palette[c % std::size(svg::palette)], .width = 1.8});
    }
  }
  canvas.text(x, y - 0.5 * text_size, title, text_size);
}

/// One large diagram of precision over recall with a legend.
[[nodiscard]] inline svg::Canvas precision_recall(const std::string& title, const std::vector<Curve>& lines) {
  svg::Canvas canvas(0, 0, 640, 620, 640);
  draw_axes(canvas, 60, 40, 520, lines, 15, title);
  for (int k = 0; k <= 5; ++k) {
    char number[8];
    std::snprintf(number, sizeof number, "%.1f", k / 5.0);
    canvas.text(60 + 520 * k / 5.0, 578, number, 12, svg::Anchor::middle);
    canvas.text(54, 564 - 520 * k / 5.0, number, 12, svg::Anchor::end);
  }
  canvas.text(320, 602, "recall", 14, svg::Anchor::middle);
  canvas.text(22, 300, "precision", 14, svg::Anchor::middle, svg::black, -90);
  double y = 548 - 20.0 * static_cast<double>(lines.size());
  for (std::size_t c = 0; c < lines.size(); ++c, y += 20) {
    canvas.line(72, y - 4, 100, y - 4, {.stroke = svg::palette[c % std::size(svg::palette)], .width = 2.5});
    canvas.text(106, y, lines[c].label, 13);
  }
  return canvas;
}

/// Many small diagrams, one a class.
[[nodiscard]] inline svg::Canvas small_multiples(const std::vector<std::pair<std::string, std::vector<Curve>>>& panels,
                                                 const std::string& title) {
  const std::size_t columns = std::clamp<std::size_t>(
      static_cast<std::size_t>(std::ceil(std::sqrt(static_cast<double>(panels.size()) * 1.4))), 1, 10);
  const std::size_t rows = (panels.size() + columns - 1) / columns;
  const double cell = 132, side = 104;
  const double width = std::max(500.0, cell * static_cast<double>(columns) + 28);
  svg::Canvas canvas(0, 0, width, cell * static_cast<double>(rows) + 70, width);
  canvas.text(20, 28, title, 16);
  for (std::size_t k = 0; k < panels.size(); ++k) {
    draw_axes(canvas, 20 + cell * static_cast<double>(k % columns), 64 + cell * static_cast<double>(k / columns), side,
              panels[k].second, 11, panels[k].first);
  }
  return canvas;
}

/// The matrix with truths as rows and detections as columns, each row scaled to its sum; "background" comes last.
/// At most `most` classes, those with the most truths and detections; a class is named by `name_of(label)`.
template <class NameOf>
[[nodiscard]] svg::Canvas confusion(const boxlap::ConfusionMatrix& cells, const NameOf& name_of,
                                    const std::string& title, std::size_t most = 40) {
  std::map<std::int64_t, std::int64_t> sizes;
  for (const boxlap::ConfusionCell& cell : cells) {
    if (cell.is_truth) {
      sizes[cell.truth] += cell.count;
    }
    if (cell.is_detection) {
      sizes[cell.detection] += cell.count;
    }
  }
  std::vector<std::pair<std::int64_t, std::int64_t>> order(sizes.begin(), sizes.end());
  std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  const bool cut = order.size() > most;
  order.resize(std::min(order.size(), most));
  std::sort(order.begin(), order.end());
  std::map<std::int64_t, std::size_t> place;
  for (const auto& [label, size] : order) {
    place.emplace(label, place.size());
  }
  const std::size_t background = order.size();
  std::map<std::pair<std::size_t, std::size_t>, std::int64_t> counts;
  std::vector<std::int64_t> row_sums(background + 1);
  for (const boxlap::ConfusionCell& cell : cells) {
    const auto row = cell.is_truth ? place.find(cell.truth) : place.end();
    const auto column = cell.is_detection ? place.find(cell.detection) : place.end();
    if ((cell.is_truth && row == place.end()) || (cell.is_detection && column == place.end())) {
      continue;
    }
    const std::size_t r = cell.is_truth ? row->second : background, c = cell.is_detection ? column->second : background;
    counts[{r, c}] += cell.count;
    row_sums[r] += cell.count;
  }
  const double cell = std::clamp(720.0 / static_cast<double>(background + 1), 16.0, 64.0), left = 130, top = 150;
  const double side = cell * static_cast<double>(background + 1);
  svg::Canvas canvas(0, 0, left + side + 30, top + side + 30, left + side + 30);
  canvas.text(12, 26, title + (cut ? " (largest classes)" : ""), 16);
  canvas.text(12, 46, "rows: truth, columns: detection; shade: share of the row", 12);
  for (std::size_t k = 0; k <= background; ++k) {
    const std::string name = k == background ? "background" : name_of(order[k].first);
    const double middle = (static_cast<double>(k) + 0.5) * cell;
    canvas.text(left - 6, top + middle + 4, name, 11, svg::Anchor::end);
    canvas.text(left + middle + 4, top - 6, name, 11, svg::Anchor::start, svg::black, -60);
  }
  for (const auto& [at, count] : counts) {
    const double share = static_cast<double>(count) / static_cast<double>(row_sums[at.first]);
    const double x = left + static_cast<double>(at.second) * cell, y = top + static_cast<double>(at.first) * cell;
    canvas.rect(x, y, cell, cell,
                {.fill = at.first == at.second ? svg::blue : svg::vermillion, .opacity = 0.08 + 0.92 * share});
    canvas.text(x + cell / 2, y + cell / 2 + 4, std::to_string(count),
                std::min(11.0, 1.5 * cell / static_cast<double>(std::to_string(count).size())), svg::Anchor::middle,
                share > 0.55 ? svg::white : svg::black);
  }
  canvas.rect(left, top, side, side, {.stroke = svg::black});
  return canvas;
}

}  // namespace curves
