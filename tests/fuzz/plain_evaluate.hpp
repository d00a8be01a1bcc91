/// Scenes of detections and truths on a grid, and what evaluation makes of them by definition.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include <boxlap/evaluate/average_precision.hpp>

#include "input.hpp"
#include "plain_nms.hpp"

namespace plain {

using boxlap::ApRule;
using boxlap::Outcome;
using boxlap::Xywh;

inline bool close(double a, double b) { return a == b || (a != a && b != b) || std::abs(a - b) <= 1e-12; }

/// A box on a grid of whole numbers: many of them equal, many overlaps attained exactly.
inline Xywh<double> draw_box(fuzz::Input& in, double scale) {
  const int place = in.byte(), size = in.byte();
  return {scale * (place % 16), scale * (place / 16), scale * (size % 16), scale * (size / 16)};
}

/// The curve at every detection, each precision raised to the largest one at the same or a higher recall.
inline double plain_ap(const std::vector<Outcome>& outcomes, double positives, ApRule rule) {
  std::vector<double> recall, precision;
  double hits = 0, misses = 0;
  for (const Outcome outcome : outcomes) {
    hits += outcome == Outcome::true_positive ? 1 : 0;
    misses += outcome == Outcome::false_positive ? 1 : 0;
    recall.push_back(hits / positives);
    precision.push_back(hits + misses > 0 ? hits / (hits + misses) : 0);
  }
  const auto best_from = [&](double r) {
    double best = 0;
    for (std::size_t k = 0; k < recall.size(); ++k) {
      best = recall[k] >= r ? std::max(best, precision[k]) : best;
    }
    return best;
  };
  double sum = 0, before = 0;
  if (rule == ApRule::all_point) {
    for (const double r : recall) {
      sum += (r - before) * best_from(r);
      before = r;
    }
    return sum;
  }
  const int points = rule == ApRule::eleven_point ? 11 : 101;
  for (int i = 0; i < points; ++i) {
    sum += best_from(rule == ApRule::eleven_point ? i * 0.1 : rule == ApRule::coco_101 ? i * 0.01 : i / 100.0);
  }
  return sum / points;
}

struct Scene {
  std::vector<Box<double>> truths, detections;
  std::vector<int> truth_labels, detection_labels;
  std::vector<double> scores;
  std::vector<std::uint8_t> difficult;
};

inline Scene draw_scene(fuzz::Input& in, int most_truths, int most_detections) {
  Scene scene;
  const int labels = in.below(3) + 1;
  const auto corners = [](const Xywh<double>& b) { return Box<double>{b.x, b.y, b.x + b.w, b.y + b.h}; };
  for (int n = in.below(most_truths + 1); n > 0; --n) {
    scene.truths.push_back(corners(draw_box(in, 1)));
    scene.truth_labels.push_back(in.below(labels));
    scene.difficult.push_back(in.rarely(4) ? 1 : 0);
  }
  for (int n = in.below(most_detections + 1); n > 0; --n) {
    auto b = in.flag() && !scene.truths.empty() ? in.one_of(scene.truths) : corners(draw_box(in, 1));
    b.x2 += in.below(2);
    scene.detections.push_back(b);
    scene.detection_labels.push_back(in.below(labels));
    scene.scores.push_back(static_cast<double>(in.below(5)) / 4);
  }
  return scene;
}

inline double overlap(const Box<double>& a, const Box<double>& b) {
  const double q = plain::quotient(a, b);
  return q > 0 ? q : 0;
}

}  // namespace plain
