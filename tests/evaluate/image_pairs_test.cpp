#include <boxlap/evaluate/image_pairs.hpp>

#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "../catch.hpp"

using namespace boxlap;

namespace {

std::string refusal(const std::vector<Box<double>>& truths, const std::vector<Box<double>>& predictions) {
  try {
    (void)image_pairs(truths, predictions);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a shape that cannot be judged is named with its side, row and corners", "[image_pairs]") {
  const double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<Box<double>> fine = {{0, 0, 4, 4}, {1, 1, 1, 3}};  // one without area, which is no fault
  CHECK(refusal(fine, fine).empty());
  CHECK(refusal({fine[0], {7, 2, 5, 3}}, fine) == "boxlap: truths[1] is inverted, infinite or NaN: (7, 2) - (5, 3)");
  CHECK(refusal(fine, {{2, 7, 3, 5}}) == "boxlap: predictions[0] is inverted, infinite or NaN: (2, 7) - (3, 5)");
  for (const Box<double>& bad : std::vector<Box<double>>{{-inf, 0, 1, 1},
                                                         {0, -inf, 1, 1},
                                                         {0, 0, inf, 1},
                                                         {0, 0, 1, inf},
                                                         {nan, 0, 1, 1},
                                                         {0, nan, 1, 1},
                                                         {0, 0, nan, 1},
                                                         {0, 0, 1, nan}}) {
    CHECK(!refusal({bad}, fine).empty());
    CHECK(!refusal(fine, {bad}).empty());
  }
}

TEST_CASE("pairs know the shared area, both areas, IoU and the share of a prediction", "[image_pairs]") {
  const std::vector<Box<double>> truths = {{0, 0, 8, 1}, {20, 0, 24, 2}}, predictions = {{6, 0, 10, 1}, {0, 0, 2, 1}};
  const auto pairs = image_pairs(truths, predictions);
  CHECK(pairs.truths() == 2);
  CHECK(pairs.predictions() == 2);
  CHECK(pairs.shared.row_offsets == std::vector<Index>{0, 2, 2});
  CHECK(pairs.shared.col_indices == std::vector<Index>{0, 1});
  CHECK(pairs.shared.values == std::vector<double>{2, 2});
  CHECK(pairs.truth_areas == std::vector<double>{8, 8});
  CHECK(pairs.prediction_areas == std::vector<double>{4, 2});
  CHECK(pairs.iou(0, 0, 2) == 0.2);
  CHECK(pairs.iou(0, 1, 2) == 0.25);
  CHECK(pairs.iof(0, 2) == 0.5);
  CHECK(pairs.iof(1, 2) == 1);
}
