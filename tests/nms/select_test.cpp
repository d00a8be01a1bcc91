#include <boxlap/nms/select.hpp>

#include <array>
#include <limits>
#include <random>
#include <stdexcept>

#include "../catch.hpp"

using namespace boxlap;

namespace {
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();
}

TEST_CASE("above gives ascending rows strictly above the threshold", "[nms]") {
  const std::vector<float> scores = {0.5f, 0.3f, not_a_number, 0.30000001f, 1, -1};
  CHECK(above(scores, 0.3) == std::vector<Index>{0, 1, 3, 4});  // 0.3f is above the double 0.3
  CHECK(above(scores, double(0.3f)) == std::vector<Index>{0, 4});
  CHECK(above(scores, 2).empty());
  CHECK(above(std::vector<int>{3, 1, 2}, 1.5) == std::vector<Index>{0, 2});
  CHECK(above(std::vector<float>{}, 0).empty());
  CHECK_THROWS_AS(above(scores, double(not_a_number)), std::invalid_argument);
}

TEST_CASE("top gives the best rows in the order of nms", "[nms]") {
  const std::array<float, 6> scores = {0.5f, 0.5f, not_a_number, -0.0f, 0.0f, 1};
  CHECK(top(scores, 3) == std::vector<Index>{2, 5, 0});
  CHECK(top(scores, 100) == std::vector<Index>{2, 5, 0, 1, 3, 4});
  CHECK(top(scores, 0).empty());
  CHECK(top(std::vector<double>{}, 3).empty());
  CHECK_THROWS_AS(top(scores, -1), std::invalid_argument);
}

TEST_CASE("limit_per_class keeps the first k of each label", "[nms]") {
  const std::vector<Index> rows = {5, 3, 0, 1, 4};
  const std::vector<long> labels = {7, 7, 7, 7, -1, 7};
  CHECK(limit_per_class(rows, labels, 2) == std::vector<Index>{5, 3, 4});
  CHECK(limit_per_class(rows, labels, 0).empty());
  CHECK(limit_per_class(rows, labels, 9) == rows);
  CHECK(limit_per_class({}, labels, 9).empty());
  CHECK_THROWS_AS(limit_per_class(rows, labels, -1), std::invalid_argument);
  CHECK_THROWS_AS(limit_per_class({6}, labels, 1), std::invalid_argument);
  CHECK_THROWS_AS(limit_per_class({-1}, labels, 1), std::invalid_argument);
}
