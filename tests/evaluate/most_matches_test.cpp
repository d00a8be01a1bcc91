#include <boxlap/evaluate/coco.hpp>
#include <boxlap/evaluate/detection.hpp>

#include <random>
#include <vector>

#include "../catch.hpp"
#include "../support/scenes.hpp"

using boxlap::Box;
using boxlap::Index;

TEST_CASE("greedy matching can lose a true positive, and never finds more than the bound", "[most_matches]") {
  const std::vector<Box<double>> truths{{0, 0, 10, 10}, {4, 0, 14, 10}};
  const std::vector<Box<double>> detections{{2, 0, 12, 10}, {0, 0, 9, 10}};
  const std::vector<int> labels{1, 1};
  const auto pairs = boxlap::image_pairs(truths, detections);
  CHECK(boxlap::most_matches(pairs, labels, labels, 0.5) == 2);
  CHECK(boxlap::most_matches(pairs, labels, std::vector<int>{1, 2}, 0.5) == 1);
  CHECK_THROWS_AS((void)boxlap::most_matches(pairs, labels, labels, 0), std::invalid_argument);
  CHECK_THROWS_AS((void)boxlap::most_matches(pairs, labels, std::vector<int>{1}, 0.5), std::invalid_argument);

  scenes::Rng rng(3);
  boxlap::CocoOptions options;
  std::int64_t lost = 0;
  for (int round = 0; round < 200; ++round) {
    CAPTURE(round);
    const auto a = scenes::uniform<double>(12, 80, 50, rng), b = scenes::uniform<double>(20, 80, 50, rng);
    const std::vector<int> la(12, 1), lb(20, 1);
    const auto image = boxlap::coco_image(1, a, b, la, lb, scenes::scores(20, rng), {}, options);
    std::int64_t hits = 0;
    for (std::size_t d = 0; d < 20; ++d) {
      hits += image.outcome(d, 0, 0) == boxlap::Outcome::true_positive ? 1 : 0;
    }
    const std::int64_t most = boxlap::most_matches(boxlap::image_pairs(a, b), la, lb, 0.5);
    CHECK(hits <= most);
    lost += most - hits;
  }
  CHECK(lost > 0);
}
