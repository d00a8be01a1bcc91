// What a stranger gets wrong in the first hour fails with a sentence that names the argument.
#include <boxlap/core.hpp>
#include <cmath>
#include <stdexcept>
#include <vector>

#include "catch.hpp"

namespace {

const std::vector<boxlap::Box<float>> boxes{{0, 0, 2, 2}, {1, 1, 3, 3}, {5, 5, 6, 6}};
const std::vector<float> scores{0.9f, 0.8f, 0.7f};
const std::vector<int> labels{0, 0, 1};
const std::vector<float> two_scores{0.9f, 0.8f};
const std::vector<int> two_labels{0, 1};
const double not_a_number = std::nan("");

}  // namespace

TEST_CASE("Lengths that differ are named with both lengths") {
  REQUIRE_THROWS_WITH(boxlap::nms(boxes, two_scores, 0.5), "boxlap: scores has 2 rows, shapes has 3");
  REQUIRE_THROWS_WITH(boxlap::batched_nms(boxes, two_scores, labels, 0.5), "boxlap: scores has 2 rows, shapes has 3");
  REQUIRE_THROWS_WITH(boxlap::batched_nms(boxes, scores, two_labels, 0.5), "boxlap: labels has 2 rows, shapes has 3");
  REQUIRE_THROWS_WITH(boxlap::nms(boxlap::iou_matrix(boxes), two_scores, 0.5),
                      "boxlap: scores has 2 rows, overlaps has 3");
  REQUIRE_THROWS_WITH(boxlap::score_image(boxes, boxes, two_labels, labels),
                      "boxlap: truth_labels has 2 rows, truths has 3");
}

TEST_CASE("A NaN in an options struct is refused") {
  REQUIRE_THROWS_AS(boxlap::nms(boxes, scores, not_a_number), std::invalid_argument);
  REQUIRE_THROWS_AS(boxlap::nms(boxes, scores, boxlap::NmsOptions{.iou_threshold = not_a_number}),
                    std::invalid_argument);
  REQUIRE_THROWS_AS(boxlap::batched_nms(boxes, scores, labels, not_a_number), std::invalid_argument);
  REQUIRE_THROWS_AS(boxlap::iou_matrix(boxes, boxes, {.min = not_a_number}), std::invalid_argument);
  REQUIRE_THROWS_AS(
      boxlap::assign(boxlap::iou_matrix(boxes), {.objective = boxlap::Objective::max_gain, .gate = not_a_number}),
      std::invalid_argument);
  REQUIRE_THROWS_AS(boxlap::match_anchors(boxes, boxes, {.high = not_a_number}), std::invalid_argument);
  REQUIRE_THROWS_AS(boxlap::score_image(boxes, boxes, labels, labels, {.iou_threshold = not_a_number}),
                    std::invalid_argument);
}

TEST_CASE("A negative number of threads is refused") {
  REQUIRE_THROWS_AS(boxlap::pairs(boxes, {.threads = -1}), std::invalid_argument);
  REQUIRE_THROWS_AS(boxlap::iou_matrix(boxes, {.threads = -1}), std::invalid_argument);
}

TEST_CASE("A threshold is compared in double: a float one is not the number it looks like") {
  const std::vector<boxlap::Box<float>> pair{{0, 0, 10, 1}, {0, 0, 7, 1}};  // IoU 0.7f = 0.699999988
  REQUIRE(boxlap::nms(pair, two_scores, 0.7).size() == 2);
  REQUIRE(boxlap::nms(pair, two_scores, 0.699).size() == 1);
  REQUIRE(boxlap::nms(pair, two_scores, boxlap::NmsOptions{.iou_threshold = double{0.7f}, .suppress_equal = true}) ==
          std::vector<boxlap::Index>{0});
}
