/// The oracles: torchvision's CPU loop written out, and the plain greedy loop over any measure.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include <boxlap/nms/batched.hpp>
#include <boxlap/nms/nms.hpp>

#include "../support/fixture.hpp"
#include "../support/scenes.hpp"

namespace plain {

using boxlap::Box;
using boxlap::Index;

inline std::size_t at(Index i) { return static_cast<std::size_t>(i); }

/// Rounded on its own, whatever the compiler would fuse it with.
template <class T>
T product(T a, T b) {
  volatile T p = a * b;
  return p;
}

template <class P>
std::vector<Index> best_first(const P& scores) {
  std::vector<Index> order(std::size(scores));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](Index a, Index b) {
    const auto x = scores[at(a)], y = scores[at(b)];
    return x > y || (x != x && y == y);
  });
  return order;
}

/// The greedy loop: suppresses(i, j) asks a kept row i and a later row j.
template <class Suppresses>
std::vector<Index> greedy(const std::vector<Index>& order, Suppresses suppresses) {
  std::vector<Index> kept;
  for (const Index j : order) {
    if (std::none_of(kept.begin(), kept.end(), [&](Index i) { return suppresses(i, j); })) {
      kept.push_back(j);
    }
  }
  return kept;
}

/// torchvision's quotient, NaN included.
template <class T>
T quotient(const Box<T>& a, const Box<T>& b) {
  const T area_a = product(a.x2 - a.x1, a.y2 - a.y1);
  const T area_b = product(b.x2 - b.x1, b.y2 - b.y1);
  const T xx1 = std::max(a.x1, b.x1), yy1 = std::max(a.y1, b.y1);
  const T xx2 = std::min(a.x2, b.x2), yy2 = std::min(a.y2, b.y2);
  const T inter = product(std::max(T(0), xx2 - xx1), std::max(T(0), yy2 - yy1));
  return inter / ((area_a + area_b) - inter);
}

/// torchvision.ops.nms on a CPU.
template <class T, class P>
std::vector<Index> nms(const std::vector<Box<T>>& boxes, const P& scores, double threshold, bool at_equal = false) {
  return greedy(best_first(scores), [&](Index i, Index j) {
    const double value = static_cast<double>(quotient(boxes[at(i)], boxes[at(j)]));
    return at_equal ? value >= threshold : value > threshold;
  });
}

/// The same over any measure of any shape.
template <class R, class P, class M>
std::vector<Index> nms_by(const R& shapes, const P& scores, double threshold, bool at_equal, M measure) {
  return greedy(best_first(scores), [&](Index i, Index j) {
    const double value = static_cast<double>(measure(shapes[at(i)], shapes[at(j)]));
    return at_equal ? value >= threshold : value > threshold;
  });
}

/// A case of the fixtures.
template <class T>
struct Detections {
  std::vector<Box<T>> boxes;
  std::vector<T> scores;
  std::vector<std::int64_t> labels;
};

template <class T>
Detections<T> read(const std::string& path) {
  Detections<T> d;
  const fixture::Table table = fixture::read(path);
  for (std::size_t i = 0; i < table.size(); ++i) {
    d.boxes.push_back(
        {T(table.number(i, "x1")), T(table.number(i, "y1")), T(table.number(i, "x2")), T(table.number(i, "y2"))});
    d.scores.push_back(T(table.number(i, "score")));
    d.labels.push_back(std::int64_t(table.number(i, "label")));
  }
  return d;
}

/// Calls use(name, detections, answers, row) for each row of torchvision's answers in a scalar type.
template <class T, class Use>
void for_each_answer(const std::string& dtype, const Use& use) {
  const fixture::Table cases = fixture::read("nms/cases.csv");
  for (std::size_t c = 0; c < cases.size(); ++c) {
    if (cases.text(c, "dtype") == dtype) {
      const std::string path = "nms/" + cases.text(c, "case") + "." + dtype;
      const Detections<T> detections = read<T>(path + ".in.csv");
      const fixture::Table answers = fixture::read(path + ".out.csv");
      for (std::size_t row = 0; row < answers.size(); ++row) {
        use(path, detections, answers, row);
      }
    }
  }
}

/// What OpenCV was asked.
struct OpencvInput {
  std::vector<boxlap::Box<double>> boxes;
  std::vector<float> scores;
};

inline OpencvInput read_opencv() {
  OpencvInput input;
  const fixture::Table table = fixture::read("nms/opencv_rect.in.csv");
  for (std::size_t i = 0; i < table.size(); ++i) {
    input.boxes.push_back(
        boxlap::from_xywh(table.number(i, "x"), table.number(i, "y"), table.number(i, "w"), table.number(i, "h")));
    input.scores.push_back(float(table.number(i, "score")));
  }
  return input;
}

}  // namespace plain
