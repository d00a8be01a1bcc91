#include <boxlap/evaluate/confusion.hpp>

#include <algorithm>
#include <limits>
#include <map>
#include <random>
#include <vector>

#include "../catch.hpp"
#include "../support/scenes.hpp"

using boxlap::Box;
using boxlap::ConfusionCell;
using boxlap::ConfusionMatrix;

TEST_CASE("truths are taken for classes, for nothing, and nothing for classes", "[confusion]") {
  const std::vector<Box<double>> truths{{0, 0, 10, 10}, {100, 0, 110, 10}, {200, 0, 210, 10}, {300, 0, 400, 100}};
  const std::vector<Box<double>> detections{{0, 0, 10, 10},    {0, 0, 10, 9},      {100, 0, 110, 9}, {500, 0, 510, 10},
                                            {200, 0, 210, 10}, {310, 10, 320, 20}, {600, 0, 610, 10}};
  const std::vector<int> truth_labels{1, 1, 2, 1}, labels{1, 2, 2, 1, 2, 1, 2};
  const std::vector<float> scores{0.5f, 0.9f, 0.8f, 0.7f, 0.1f, 0.9f, 0.25f};
  const std::vector<std::uint8_t> ignored{0, 0, 0, 1};
  const auto cells =
      boxlap::confusion_image(boxlap::image_pairs(truths, detections), truth_labels, labels, scores, ignored);
  CHECK(cells == ConfusionMatrix{{true, true, 1, 1, 1},     // the better IoU wins, not the better score
                                 {true, true, 1, 2, 1},     // the second truth
                                 {true, false, 2, 0, 1},    // its detection has too low a score
                                 {false, true, 0, 1, 1},    // at 500
                                 {false, true, 0, 2, 2}});  // the second one on the first truth, and at 600
}

TEST_CASE("a confusion matrix is that of brute force, and adds up in any order", "[confusion]") {
  const std::uint64_t seed = 8;
  CAPTURE(seed);
  scenes::Rng rng(seed);
  std::vector<ConfusionMatrix> parts;
  std::map<std::pair<int, int>, std::int64_t> expected;
  for (int image = 0; image < 30; ++image) {
    const auto truths = scenes::uniform<double>(12, 150, 60, rng),
               detections = scenes::uniform<double>(20, 150, 60, rng);
    std::vector<int> la, lb;
    for (int k = 0; k < 20; ++k) {
      la.push_back(1 + static_cast<int>(rng() % 3));
      lb.push_back(1 + static_cast<int>(rng() % 3));
    }
    la.resize(12);
    const auto scores = scenes::scores(20, rng);
    parts.push_back(boxlap::confusion_image(boxlap::image_pairs(truths, detections), la, lb, scores, {},
                                            {.min_score = 0.3, .iou_threshold = 0.2}));
    std::vector<char> used_truth(12), used(20);
    for (;;) {
      double best = 0.2;
      std::size_t bt = 99, bd = 0;
      for (std::size_t t = 0; t < 12; ++t) {
        for (std::size_t d = 0; d < 20; ++d) {
          const double iou = boxlap::iou(truths[t], detections[d]);
          if (!used_truth[t] && !used[d] && double(scores[d]) >= 0.3 && iou > best) {
            best = iou;
            bt = t;
            bd = d;
          }
        }
      }
      if (bt == 99) {
        break;
      }
      used_truth[bt] = used[bd] = 1;
      ++expected[{la[bt], lb[bd]}];
    }
    for (std::size_t t = 0; t < 12; ++t) {
      expected[{la[t], 0}] += used_truth[t] ? 0 : 1;
    }
    for (std::size_t d = 0; d < 20; ++d) {
      expected[{0, lb[d]}] += used[d] || double(scores[d]) < 0.3 ? 0 : 1;
    }
  }
  const auto total = boxlap::merge_confusion(parts);
  std::map<std::pair<int, int>, std::int64_t> found;
  for (const ConfusionCell& cell : total) {
    found[{static_cast<int>(cell.truth), static_cast<int>(cell.detection)}] = cell.count;
  }
  std::erase_if(expected, [](const auto& entry) { return entry.second == 0; });
  CHECK(found == expected);
  std::shuffle(parts.begin(), parts.end(), rng);
  CHECK(boxlap::merge_confusion(parts) == total);
  const ConfusionMatrix halves[] = {boxlap::merge_confusion(std::span(parts).first(11)),
                                    boxlap::merge_confusion(std::span(parts).subspan(11))};
  CHECK(boxlap::merge_confusion(halves) == total);
}

TEST_CASE("confusion of nothing, and what is refused", "[confusion]") {
  const std::vector<Box<double>> nothing, one{{0, 0, 1, 1}};
  const std::vector<int> none, label{1};
  CHECK(boxlap::confusion_image(boxlap::image_pairs(nothing, nothing), none, none, std::vector<float>{}).empty());
  CHECK(boxlap::merge_confusion({}).empty());
  const auto pairs = boxlap::image_pairs(one, one);
  const std::vector<double> nan{std::numeric_limits<double>::quiet_NaN()}, score{1};
  CHECK_THROWS_AS((void)boxlap::confusion_image(pairs, label, label, nan), std::invalid_argument);
  CHECK_THROWS_AS((void)boxlap::confusion_image(pairs, none, label, score), std::invalid_argument);
}
