/// One image as an SVG: what was found, what was missed, what was seen where nothing is.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include <boxlap/base/range.hpp>
#include <boxlap/evaluate/detection.hpp>
#include <boxlap/shape/polygon.hpp>
#include <boxlap/shape/shape.hpp>

#include "svg.hpp"

namespace picture {

/// How many, with thousands separated: 12,345.
[[nodiscard]] inline std::string count_text(long long n) {
  std::string digits = std::to_string(n);
  for (int k = static_cast<int>(digits.size()) - 3; k > (n < 0 ? 1 : 0); k -= 3) {
    digits.insert(static_cast<std::size_t>(k), ",");
  }
  return digits;
}

template <class T>
void draw(svg::Canvas& canvas, const boxlap::Box<T>& box, const svg::Style& style) {
  canvas.box(box, style);
}

template <class T>
void draw(svg::Canvas& canvas, const boxlap::Polygon<T>& polygon, const svg::Style& style) {
  std::vector<std::span<const boxlap::Point<T>>> rings;
  for (boxlap::Index r = 0; r < polygon.rings(); ++r) {
    rings.push_back(polygon.ring(r));
  }
  if (!rings.empty()) {
    canvas.rings(rings, style);
  }
}

/// Truths are filled (found blue, missed orange), predictions are outlines (matched black, false alarms purple).
///
/// Each kind is one layer with one opacity, so that thousands of boxes hide none of another kind. The colours differ
/// for every kind of colour blindness, and found from missed in lightness too.
template <boxlap::Shapes A, boxlap::Shapes B>
[[nodiscard]] svg::Canvas detections(const A& truths, const B& predictions, const boxlap::ImageScore& score,
                                     const std::string& title) {
  const auto n = static_cast<boxlap::Index>(std::size(truths)), m = static_cast<boxlap::Index>(std::size(predictions));
  std::vector<char> found(static_cast<std::size_t>(n)), right(static_cast<std::size_t>(m));
  for (const boxlap::AssignedPair& pair : score.assigned) {
    if (pair.match) {
      found[boxlap::detail::at(pair.truth)] = right[boxlap::detail::at(pair.prediction)] = 1;
    }
  }
  double x1 = 0, y1 = 0, x2 = 0, y2 = 0;
  bool first = true;
  const auto extend = [&](const auto& shapes, boxlap::Index count) {
    for (boxlap::Index i = 0; i < count; ++i) {
      const auto b = bounds(boxlap::detail::element(shapes, i));
      if (!has_extent(b)) {
        continue;
      }
      x1 = first ? double(b.x1) : std::min(x1, double(b.x1)), x2 = first ? double(b.x2) : std::max(x2, double(b.x2));
      y1 = first ? double(b.y1) : std::min(y1, double(b.y1)), y2 = first ? double(b.y2) : std::max(y2, double(b.y2));
      first = false;
    }
  };
  extend(truths, n), extend(predictions, m);
  const double side = std::max({x2 - x1, y2 - y1, 1e-9});
  const double pixels = n + m > 2000 ? 2000 : 1000;
  const double unit = 1.02 * side / pixels, margin = 0.01 * side, header = 58 * unit;
  svg::Canvas canvas(x1 - margin, y1 - margin - header, std::max(x2 - x1, side / 4) + 2 * margin,
                     y2 - y1 + 2 * margin + header, (std::max(x2 - x1, side / 4) + 2 * margin) / unit);
  const svg::Style missed{.fill = svg::orange, .stroke = "#8A5F00", .width = 0.8};
  const svg::Style seen{.fill = svg::sky_blue, .stroke = svg::blue, .width = 0.8};
  const svg::Style false_alarm{.stroke = svg::purple, .width = n + m > 2000 ? 0.9 : 1.8};
  const svg::Style match{.stroke = svg::black, .width = n + m > 2000 ? 1.0 : 1.6};
  const auto layer = [&](const auto& shapes, boxlap::Index count, const std::vector<char>& flags, bool flag,
                         double opacity, const svg::Style& style) {
    canvas.group(opacity, [&] {
      for (boxlap::Index i = 0; i < count; ++i) {
        if ((flags[boxlap::detail::at(i)] != 0) == flag) {
          draw(canvas, boxlap::detail::element(shapes, i), style);
        }
      }
    });
  };
  layer(truths, n, found, false, 0.75, missed);
  layer(truths, n, found, true, 0.8, seen);
  layer(predictions, m, right, false, 0.9, false_alarm);
  layer(predictions, m, right, true, 1, match);
  const auto text = [](const char* what, auto count) { return std::string(what) + " (" + count_text(count) + ")"; };
  canvas.text(x1, y1 - margin - 36 * unit, title, 15);
  canvas.legend_row(x1, y1 - margin - 16 * unit,
                    {{text("truth, found", score.matches), seen},
                     {text("its prediction", score.matches), match},
                     {text("truth, missed", n - score.matches), missed},
                     {text("false alarm", m - score.matches), false_alarm}});
  return canvas;
}

}  // namespace picture
