#include <boxlap/nms/fusion.hpp>

#include <algorithm>
#include <map>
#include <random>
#include <stdexcept>

#include "../catch.hpp"
#include "../support/memory.hpp"
#include "plain_nms.hpp"

using namespace boxlap;

namespace {

struct Row {
  Box<double> box;
  double confidence;
  Index row;
};
struct Fused {
  Box<double> box;
  double score;
  std::int64_t label;
  std::vector<Index> rows;
};

/// weighted_boxes_fusion from its definition: every box against every fused box.
std::vector<Fused> plain_fusion(const std::vector<Box<double>>& boxes, const std::vector<double>& scores,
                                const std::vector<int>& labels, const std::vector<int>& models,
                                const std::vector<double>& weights, const FusionOptions& options) {
  std::map<std::int64_t, std::vector<Row>> of_label;
  double sum = 0;
  for (const double w : weights) {
    sum += w;
  }
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    Box<double> b = boxes[i];
    if (b.x2 < b.x1) std::swap(b.x1, b.x2);
    if (b.y2 < b.y1) std::swap(b.y1, b.y2);
    if (scores[i] < options.skip_below || (b.x2 - b.x1) * (b.y2 - b.y1) == 0) {
      continue;
    }
    of_label[labels[i]].push_back({b, scores[i] * weights[std::size_t(models[i])], Index(i)});
  }
  std::vector<Fused> result;
  for (auto& [label, rows] : of_label) {
    std::stable_sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.confidence > b.confidence; });
    std::vector<std::vector<Row>> clusters;
    std::vector<Box<double>> fused;
    for (const Row& row : rows) {
      std::size_t best = clusters.size();
      double most = options.iou_threshold;
      for (std::size_t k = 0; k < fused.size(); ++k) {
        if (iou(fused[k], row.box) > most) {
          most = iou(fused[k], row.box);
          best = k;
        }
      }
      if (best == clusters.size()) {
        clusters.push_back({row});
        fused.push_back(row.box);
        continue;
      }
      clusters[best].push_back(row);
      double c = 0, x1 = 0, y1 = 0, x2 = 0, y2 = 0;
      for (const Row& r : clusters[best]) {
        c += r.confidence;
        x1 += plain::product(r.confidence, r.box.x1);
        y1 += plain::product(r.confidence, r.box.y1);
        x2 += plain::product(r.confidence, r.box.x2);
        y2 += plain::product(r.confidence, r.box.y2);
      }
      fused[best] = {x1 / c, y1 / c, x2 / c, y2 / c};
    }
    for (std::size_t k = 0; k < clusters.size(); ++k) {
      double c = 0, highest = 0;
      std::vector<Index> members;
      for (const Row& r : clusters[k]) {
        c += r.confidence;
        highest = std::max(highest, r.confidence);
        members.push_back(r.row);
      }
      const double count =
          options.allow_overflow ? double(clusters[k].size()) : double(std::min(weights.size(), clusters[k].size()));
      const double score = options.score == FusedScore::maximum
                               ? highest / *std::max_element(weights.begin(), weights.end())
                               : c / double(clusters[k].size()) * count / sum;
      result.push_back({fused[k], score, label, members});
    }
  }
  std::stable_sort(result.begin(), result.end(), [](const Fused& a, const Fused& b) { return a.score > b.score; });
  return result;
}

}  // namespace

TEST_CASE("fuse_boxes equals weighted boxes fusion by its definition", "[nms]") {
  const auto seed = std::uint64_t(GENERATE(take(4, random(1, 1 << 30))));
  CAPTURE(seed);
  scenes::Rng rng(seed);
  auto all = scenes::all<double>(700, rng);
  all.push_back(scenes::uniform<double>(1500, 300, 60, rng));  // crowded: fused boxes move a lot
  for (const auto& boxes : all) {
    const auto few = scenes::scores(int(boxes.size()), rng);
    std::vector<double> scores;
    std::vector<int> labels, models;
    for (std::size_t i = 0; i < boxes.size(); ++i) {
      scores.push_back(double(few[i]) + 0.01);
      labels.push_back(int(rng() % 2));
      models.push_back(int(rng() % 3));
    }
    const std::vector<double> weights = {2, 1, 0.5};
    for (const FusionOptions& options : {FusionOptions{}, FusionOptions{.iou_threshold = 0.2, .skip_below = 0.1},
                                         FusionOptions{.iou_threshold = 0.7, .score = FusedScore::maximum},
                                         FusionOptions{.iou_threshold = 0, .allow_overflow = true}}) {
      const auto fused = fuse_boxes(boxes, scores, labels, models, weights, options);
      const auto expected = plain_fusion(boxes, scores, labels, models, weights, options);
      REQUIRE(fused.boxes.size() == expected.size());
      for (std::size_t k = 0; k < expected.size(); ++k) {
        CHECK(fused.boxes[k] == expected[k].box);
        CHECK(fused.scores[k] == expected[k].score);
        CHECK(fused.labels[k] == expected[k].label);
        for (const Index row : expected[k].rows) {
          CHECK(fused.fused_of_row[std::size_t(row)] == Index(k));
        }
      }
    }
  }
}

TEST_CASE("fuse_boxes of equal scores: labels ascending, negative ones first, then the best rows", "[nms]") {
  const std::vector<Box<double>> boxes{{0, 0, 1, 1}, {2, 0, 3, 1}, {4, 0, 5, 1}, {6, 0, 7, 1}};
  const std::vector<double> scores(4, 0.5), weights{1};
  const std::vector<int> labels{2, -1, -1, 0}, models(4, 0);
  const auto fused = fuse_boxes(boxes, scores, labels, models, weights);
  CHECK(fused.labels == std::vector<int>{-1, -1, 0, 2});
  CHECK(fused.fused_of_row == std::vector<Index>{3, 0, 1, 2});
}

TEST_CASE("fuse_boxes of three models that see one object", "[nms]") {
  const std::vector<Box<double>> boxes = {{0, 0, 10, 10}, {1, 0, 11, 10}, {10.5, 10, 0.5, 0}, {5, 5, 5, 9}};
  const auto fused = fuse_boxes(boxes, std::vector<double>{0.9, 0.6, 0.3, 0.8}, std::vector<int>{7, 7, 7, 7},
                                std::vector<int>{0, 1, 2, 0}, std::vector<int>{1, 1, 1});
  REQUIRE(fused.boxes.size() == 1);
  CHECK_THAT(fused.boxes[0].x1, Catch::Matchers::WithinAbs((0.6 * 1 + 0.3 * 0.5) / 1.8, 1e-12));
  CHECK_THAT(fused.scores[0], Catch::Matchers::WithinAbs(0.6, 1e-12));
  CHECK(fused.fused_of_row == std::vector<Index>{0, 0, 0, none});
  const std::vector<Box<double>> one = {{0, 0, 1, 1}};
  const std::vector<double> score = {1};
  const std::vector<int> zero = {0};
  CHECK(fuse_boxes(one, score, zero, zero, score).boxes == one);
  CHECK_THROWS_AS(fuse_boxes(one, score, zero, std::vector<int>{1}, score), std::invalid_argument);
  CHECK_THROWS_AS(fuse_boxes(one, score, zero, zero, zero), std::invalid_argument);
  CHECK_THROWS_AS(fuse_boxes(one, std::vector<double>{-1}, zero, zero, score), std::invalid_argument);
  CHECK_THROWS_AS(fuse_boxes(one, score, std::vector<int>{}, zero, score), std::invalid_argument);
  CHECK_THROWS_AS(fuse_boxes(one, score, zero, zero, score, {.iou_threshold = -0.1}), std::invalid_argument);
}

TEST_CASE("fuse_boxes holds the memory its doc block states", "[nms]") {
  if (memory::uncounted()) {
    return;
  }
  scenes::Rng rng(5);
  const double n = 60'000;
  const auto boxes = scenes::uniform<double>(int(n), 1e6, 50, rng);
  const auto few = scenes::scores(int(n), rng);
  const std::vector<int> zeros(boxes.size());
  const heap::Scope scope;
  const auto fused = fuse_boxes(boxes, few, zeros, zeros, std::vector<int>{1});
  const double stated = 40 * n + 590 * double(fused.boxes.size()) + 48 * n;  // and the result
  CHECK(double(scope.peak_bytes()) <= stated);
  CHECK(double(scope.peak_bytes()) >= stated / 2);
}
