#include <boxlap/shape/overlap.hpp>

#include <cmath>
#include <limits>
#include <type_traits>

#include "../catch.hpp"
#include "../support/scenes.hpp"

using namespace boxlap;
using Catch::Matchers::WithinAbs;

TEST_CASE("ratios of two boxes by hand") {
  const Box a{0.0, 0.0, 10.0, 10.0}, b{5.0, 0.0, 15.0, 20.0};
  CHECK(iou(a, b) == 50.0 / 250.0);
  CHECK(iof(a, b) == 0.5);
  CHECK(iof(b, a) == 0.25);
  CHECK(ios(a, b) == 0.5);
  CHECK_THAT(giou(a, b), WithinAbs(0.2 - 50.0 / 300.0, 1e-15));
}

TEST_CASE("constants are computed at compile time") {
  constexpr Box a{0.0, 0.0, 2.0, 2.0}, b{1.0, 1.0, 3.0, 3.0};
  STATIC_REQUIRE(iou(a, b) == 1.0 / 7.0);
  STATIC_REQUIRE(iof(a, b) == 0.25);
}

// Values of torchvision 0.14.1's formulas for float64 boxes, worked out by hand from their definition.
TEST_CASE("diou and ciou are torchvision's, eps included") {
  const Box a{0.0, 0.0, 10.0, 10.0}, b{5.0, 5.0, 15.0, 25.0};
  const double diagonal = 15.0 * 15 + 25.0 * 25 + 1e-7, distance = 5.0 * 5 + 10.0 * 10;
  const double iou_ab = 25.0 / 275.0;
  CHECK_THAT(diou(a, b), WithinAbs(iou_ab - distance / diagonal, 1e-12));
  const double pi = std::acos(-1.0);
  const double v = 4 / (pi * pi) * std::pow(std::atan(1.0) - std::atan(0.5), 2);
  CHECK_THAT(ciou(a, b), WithinAbs(iou_ab - distance / diagonal - v * v / (1 - iou_ab + v + 1e-7), 1e-12));
}

TEMPLATE_TEST_CASE("nothing of nothing is 0, and nothing is NaN that need not be", "", float, double) {
  using B = Box<TestType>;
  constexpr TestType nan = std::numeric_limits<TestType>::quiet_NaN();
  const B point{1, 1, 1, 1}, box{0, 0, 10, 10}, huge{-1e30F, -1e30F, 1e30F, 1e30F};
  CHECK(iou(point, point) == 0);
  CHECK(iof(point, box) == 0);
  CHECK(ios(point, box) == 0);
  CHECK(giou(point, point) == 0);
  CHECK(iou(box, B{nan, nan, nan, nan}) == 0);
  CHECK(iou(box, B{10, 10, 0, 0}) == 0);
  CHECK(iou(huge, huge) == (std::is_same_v<TestType, float> ? TestType{0} : TestType{1}));  // 4e60 overflows a float
  CHECK(diou(point, point) == 0);
  CHECK(ciou(point, point) == 0);
  CHECK(ciou(B{0, 0, 5, 0}, B{0, 0, 5, 0}) == 0);
}

TEMPLATE_TEST_CASE("laws of the ratios on random boxes", "", float, double) {
  const auto seed = GENERATE(11U, 12U, 13U);
  CAPTURE(seed);
  scenes::Rng rng(seed);
  for (const auto& boxes : scenes::all<TestType>(60, rng)) {
    for (const auto& a : boxes) {
      CHECK(iou(a, a) == (area(a) > 0 && has_extent(a) ? 1 : 0));
      for (const auto& b : boxes) {
        const TestType value = iou(a, b);
        REQUIRE(value >= 0);
        REQUIRE(value <= 1);
        REQUIRE(value == iou(b, a));
        REQUIRE(ios(a, b) == std::max(iof(a, b), iof(b, a)));
        REQUIRE(value <= ios(a, b));
        if (has_extent(a) && has_extent(b)) {
          REQUIRE(giou(a, b) <= value);
          REQUIRE(giou(a, b) >= -1);
          REQUIRE(diou(a, b) <= value);
          REQUIRE(ciou(a, b) <= diou(a, b));
        }
      }
    }
  }
}

namespace elsewhere {

/// A user's own shape, found by argument-dependent lookup.
struct Square {
  double x, y, half;
};
Box<double> bounds(const Square& s) { return {s.x - s.half, s.y - s.half, s.x + s.half, s.y + s.half}; }
double area(const Square& s) { return 4 * s.half * s.half; }
double intersection_area(const Square& a, const Square& b) { return boxlap::intersection_area(bounds(a), bounds(b)); }

}  // namespace elsewhere

TEST_CASE("three functions make a shape") {
  STATIC_REQUIRE(Shape<elsewhere::Square>);
  STATIC_REQUIRE_FALSE(Shape<int>);
  STATIC_REQUIRE_FALSE(Overlapping<elsewhere::Square, Box<double>>);
  const elsewhere::Square a{0, 0, 5}, b{5, 0, 5};
  CHECK(iou(a, b) == 50.0 / 150.0);
  CHECK(ios(a, b) == 0.5);
}
