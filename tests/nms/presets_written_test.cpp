// The presets against the definitions of the peers, written out here: no function of the library is on the other side.
#include <boxlap/nms/presets.hpp>
#include <boxlap/shape/rotated_box.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <random>
#include <vector>

#include "../catch.hpp"

using namespace boxlap;

namespace {

template <class T>
struct Detections {
  std::vector<Box<T>> boxes;
  std::vector<T> scores;
  std::vector<std::int64_t> labels;
};

template <class T>
Detections<T> crowd(int n, int labels, double away, std::mt19937_64& rng) {
  Detections<T> d;
  std::uniform_real_distribution<double> at(0, 12 * std::sqrt(double(n))), size(10, 60), score(0, 1);
  for (int i = 0; i < n; ++i) {
    const double x = at(rng) + away, y = at(rng);
    d.boxes.push_back({T(x), T(y), T(x + size(rng)), T(y + size(rng))});
    d.scores.push_back(T(score(rng)));
    d.labels.push_back(static_cast<std::int64_t>(rng() % std::uint64_t(labels)));
  }
  return d;
}

/// Rounded on its own, whatever the compiler would fuse it with.
template <class T>
T product(T a, T b) {
  volatile T p = a * b;
  return p;
}

template <class T>
double iou_as_torch(const Box<T>& a, const Box<T>& b) {
  const T area_a = product(a.x2 - a.x1, a.y2 - a.y1), area_b = product(b.x2 - b.x1, b.y2 - b.y1);
  const T w = std::max(T(0), std::min(a.x2, b.x2) - std::max(a.x1, b.x1));
  const T h = std::max(T(0), std::min(a.y2, b.y2) - std::max(a.y1, b.y1));
  const T shared = product(w, h);
  return static_cast<double>(shared / (area_a + area_b - shared));
}

template <class T>
std::vector<Index> order_of(const std::vector<T>& scores) {
  std::vector<Index> order(scores.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](Index a, Index b) {
    const T x = scores[std::size_t(a)], y = scores[std::size_t(b)];
    return x != y ? x > y : a < b;
  });
  return order;
}

/// nms of each label by itself.
template <class T>
std::vector<Index> by_label(const Detections<T>& d, double threshold) {
  std::vector<Index> kept;
  for (const Index j : order_of(d.scores)) {
    if (std::none_of(kept.begin(), kept.end(), [&](Index i) {
          return d.labels[std::size_t(i)] == d.labels[std::size_t(j)] &&
                 iou_as_torch(d.boxes[std::size_t(i)], d.boxes[std::size_t(j)]) > threshold;
        })) {
      kept.push_back(j);
    }
  }
  return kept;
}

/// The coordinate trick: boxes moved by label * (largest coordinate + 1), then one nms.
template <class T>
std::vector<Index> by_offset(Detections<T> d, double threshold) {
  T largest = d.boxes[0].x1;
  for (const Box<T>& b : d.boxes) {
    largest = std::max({largest, b.x1, b.y1, b.x2, b.y2});
  }
  const T step = largest + T(1);
  for (std::size_t i = 0; i < d.boxes.size(); ++i) {
    const T offset = product(static_cast<T>(d.labels[i]), step);
    Box<T>& b = d.boxes[i];
    b = {b.x1 + offset, b.y1 + offset, b.x2 + offset, b.y2 + offset};
  }
  std::fill(d.labels.begin(), d.labels.end(), std::int64_t{0});
  return by_label(d, threshold);
}

}  // namespace

TEMPLATE_TEST_CASE("torchvision's batched_nms: the trick up to 1,000 boxes, labels apart above", "[nms]", float,
                   double) {
  using T = TestType;
  const std::uint64_t seed = 9;
  CAPTURE(seed);
  std::mt19937_64 rng(seed);
  for (const int n : {1, 40, 999, 1000, 1001, 1400}) {
    for (const double away : {0.0, 40'000.0}) {  // far out the trick rounds away what decides
      const auto d = crowd<T>(n, 50, away, rng);
      CAPTURE(n, away);
      const auto trick = by_offset(d, 0.45), apart = by_label(d, 0.45);
      CHECK(presets::torchvision_batched_nms(d.boxes, d.scores, d.labels, 0.45) == (n <= 1000 ? trick : apart));
      CHECK(batched_nms(d.boxes, d.scores, d.labels, 0.45, ClassSplit::coordinate_offset) == trick);
      CHECK(batched_nms(d.boxes, d.scores, d.labels, 0.45, ClassSplit::per_class) == apart);
    }
  }
  const auto d = crowd<T>(900, 1, 0, rng);
  CHECK(presets::torchvision_nms(d.boxes, d.scores, 0.45) == by_label(d, 0.45));
}

TEST_CASE("torchvision's trick with negative coordinates moves boxes of one label onto those of another", "[nms]") {
  // The largest coordinate is 0, so that label 1 is moved by 1: its box at -11 lands on that of label 0 at -10.
  const std::vector<Box<double>> boxes = {{-10, -10, 0, 0}, {-11, -11, -1, -1}};
  const std::vector<double> scores = {0.75, 0.5};
  const std::vector<int> labels = {0, 1};
  CHECK(presets::torchvision_batched_nms(boxes, scores, labels, 0.9) == std::vector<Index>{0});
  CHECK(batched_nms(boxes, scores, labels, 0.9) == std::vector<Index>{0, 1});
}

TEST_CASE("torchvision's trick rounds an overlap away in 1,000 boxes, not in 1,001", "[nms]") {
  for (const int n : {1000, 1001}) {
    // IoU 0.5545 of the first two, 0.4922 once both are moved by 79 * 100,001; the others are alone.
    std::vector<Box<float>> boxes = {{49290.8711f, 27559.2891f, 49301.7422f, 27570.2363f},
                                     {49288.6719f, 27558.2168f, 49304.2734f, 27571.9727f},
                                     {99999, 0, 100000, 1}};
    std::vector<int> labels = {79, 79, 0};
    while (boxes.size() < static_cast<std::size_t>(n)) {
      const float x = 20.0f * static_cast<float>(boxes.size());
      boxes.push_back({x, 0, x + 8, 8});
      labels.push_back(0);
    }
    std::vector<float> scores;
    for (int k = 0; k < n; ++k) {
      scores.push_back(static_cast<float>(n - k));
    }
    const auto kept = presets::torchvision_batched_nms(boxes, scores, labels, 0.5);
    CHECK(kept.size() == static_cast<std::size_t>(n == 1000 ? n : n - 1));
    CHECK((kept[1] == 1) == (n == 1000));
  }
}

TEST_CASE("detectron2's batched_nms: boxes as float, labels apart, from 0 on", "[nms]") {
  const std::uint64_t seed = 10;
  CAPTURE(seed);
  std::mt19937_64 rng(seed);
  for (const int n : {40, 1200}) {
    const auto d = crowd<double>(n, 5, 0, rng);
    Detections<float> narrow;
    for (const Box<double>& b : d.boxes) {
      narrow.boxes.push_back({float(b.x1), float(b.y1), float(b.x2), float(b.y2)});
    }
    for (const Index row : order_of(d.scores)) {  // scores stay double: by rank, which float holds
      narrow.scores.resize(d.scores.size());
      narrow.scores[std::size_t(row)] = -static_cast<float>(
          std::count_if(d.scores.begin(), d.scores.end(), [&](double s) { return s > d.scores[std::size_t(row)]; }));
    }
    narrow.labels = d.labels;
    CAPTURE(n);
    CHECK(presets::detectron2_batched_nms(d.boxes, d.scores, d.labels, 0.5) == by_label(narrow, 0.5));
  }
  // In double the IoU is 0.5 + 1e-9, in float 0.5: not above the threshold.
  const std::vector<Box<double>> near = {{0, 0, 10, 1}, {0, 0, 5.00000001, 1}};
  CHECK(nms(near, std::vector<double>{0.75, 0.5}, 0.5).size() == 1);
  CHECK(presets::detectron2_batched_nms(near, std::vector<double>{0.75, 0.5}, std::vector<int>{0, 0}, 0.5).size() == 2);
}

TEST_CASE("detectron2's nms_rotated suppresses at exactly the threshold too", "[nms]") {
  const std::vector<RotatedBox<double>> boxes = {{5, 5, 10, 10, 0}, {2.5, 5, 5, 10, 0}, {5, 5, 4.875, 10, 0}};
  const std::vector<double> scores = {0.75, 0.5, 0.25};  // IoU 1/2, less than 1/2
  CHECK(presets::detectron2_nms_rotated(boxes, scores, 0.5) == std::vector<Index>{0, 2});
  CHECK(nms(boxes, scores, 0.5) == std::vector<Index>{0, 1, 2});
}

TEST_CASE("OpenCV's options at their limits: scores above, the best top_k, a threshold that falls", "[nms]") {
  const std::vector<Box<double>> boxes = {{0, 0, 10, 10}, {0, 0, 5, 10}, {20, 0, 30, 10}, {0, 0, 6, 10}};
  const std::vector<float> scores = {0.75f, 0.5f, 0.5f, 0.25f};
  const auto run = [&](const presets::OpencvOptions& options) {
    return presets::opencv_nms_boxes(boxes, scores, options);
  };
  CHECK(run({}) == std::vector<Index>{0, 1, 2});
  CHECK(run({.score_threshold = 0.5f}) == std::vector<Index>{0});
  CHECK(run({.top_k = 2}) == std::vector<Index>{0, 1});
  CHECK(run({.nms_threshold = 0.4375f}) == std::vector<Index>{0, 2});
  // 0.75, then 0.5625 which lets the second and third stay, then 0.5625 * 0.75 = 0.42 for the last: out by 0.6.
  CHECK(run({.nms_threshold = 0.75f, .eta = 0.75f}) == std::vector<Index>{0, 1, 2});
  CHECK(run({.nms_threshold = 0.75f, .eta = 1}) == std::vector<Index>{0, 1, 2});
  CHECK(OpencvIou{}(boxes[0], boxes[1]) == 0.5f);
  CHECK(OpencvIou{}(boxes[0], boxes[2]) == 0.0f);
}

TEST_CASE("ONNX's selection at its limits", "[nms]") {
  const std::vector<float> boxes = {0, 0, 10, 10, 10, 5, 0, 0, 0, 20, 10, 30};  // y1 x1 y2 x2; the second is turned
  const std::vector<float> scores = {0.75f, 0.5f, 0.5f, 0.25f, 0.5f, 0.75f};
  const auto run = [&](presets::OnnxOptions options) {
    return presets::onnx_non_max_suppression(boxes, scores, 1, 2, options);
  };
  using Rows = std::vector<presets::OnnxSelection>;
  CHECK(run({.max_output_boxes_per_class = 9, .iou_threshold = 0.5f}) ==
        Rows{{0, 0, 0}, {0, 0, 1}, {0, 0, 2}, {0, 1, 2}, {0, 1, 1}, {0, 1, 0}});
  CHECK(run({.max_output_boxes_per_class = 9, .iou_threshold = 0.4375f}) ==
        Rows{{0, 0, 0}, {0, 0, 2}, {0, 1, 2}, {0, 1, 1}});
  CHECK(run({.max_output_boxes_per_class = 1, .iou_threshold = 0.5f}) == Rows{{0, 0, 0}, {0, 1, 2}});
  CHECK(run({.max_output_boxes_per_class = 9, .iou_threshold = 0.5f, .score_threshold = 0.5f}) ==
        Rows{{0, 0, 0}, {0, 1, 2}});
  CHECK(run({}).empty());
}
