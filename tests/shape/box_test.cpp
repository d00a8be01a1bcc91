#include <boxlap/shape/box.hpp>

#include <cmath>
#include <limits>
#include <type_traits>

#include "../catch.hpp"

using namespace boxlap;

TEST_CASE("a box holds float or double, and braces find out which") {
  STATIC_REQUIRE(std::is_same_v<decltype(Box{1.0, 2.0, 3.0, 4.0}), Box<double>>);
  STATIC_REQUIRE(std::is_same_v<decltype(Box{1.0F, 2.0F, 3.0F, 4.0F}), Box<float>>);
  STATIC_REQUIRE(std::is_same_v<decltype(Box{0, 0, 10, 10}), Box<double>>);
  STATIC_REQUIRE(std::is_same_v<decltype(from_xywh(1, 2, 3.0F, 4)), Box<float>>);
  STATIC_REQUIRE(std::is_same_v<decltype(from_xywh(1, 2, 3.0F, 4.0)), Box<double>>);
  STATIC_REQUIRE(std::is_same_v<decltype(from_xywh(1, 2, 3, 4)), Box<double>>);
  STATIC_REQUIRE(std::is_trivially_copyable_v<Box<float>> && sizeof(Box<float>) == 16);
  CHECK(Box<float>{.x1 = 1, .y1 = 2, .x2 = 3, .y2 = 4} == Box<float>{1, 2, 3, 4});
  CHECK(Box<double>{} == Box{0.0, 0.0, 0.0, 0.0});
}

TEST_CASE("the formats people keep boxes in") {
  CHECK(from_xywh(10.0, 20.0, 30.0, 40.0) == Box{10.0, 20.0, 40.0, 60.0});
  CHECK(from_cxcywh(25.0, 40.0, 30.0, 40.0) == Box{10.0, 20.0, 40.0, 60.0});
  CHECK(from_inclusive_pixels(10, 20, 39, 59) == Box{10.0, 20.0, 40.0, 60.0});
  const Box box{10.0, 20.0, 40.0, 60.0};
  CHECK(to_xywh(box) == Xywh<double>{10, 20, 30, 40});
  CHECK(to_cxcywh(box) == Cxcywh<double>{25, 40, 30, 40});
  const auto [x, y, w, h] = to_xywh(box);
  CHECK(from_xywh(x, y, w, h) == box);
  CHECK(center(box) == Point{25.0, 40.0});
  CHECK(cast<float>(box) == Box{10.0F, 20.0F, 40.0F, 60.0F});
}

TEST_CASE("clip moves corners to the frame, as torchvision's clip_boxes_to_image") {
  const Box frame{0.0, 0.0, 100.0, 50.0};
  CHECK(clip(Box{-5.0, 10.0, 120.0, 60.0}, frame) == Box{0.0, 10.0, 100.0, 50.0});
  CHECK(clip(Box{120.0, 60.0, 130.0, 70.0}, frame) == Box{100.0, 50.0, 100.0, 50.0});
  CHECK(std::isnan(clip(Box{std::nan(""), 0.0, 1.0, 1.0}, frame).x1));
}

TEST_CASE("area is not clamped, as in torchvision") {
  CHECK(area(Box{0.0, 0.0, 4.0, 5.0}) == 20);
  CHECK(area(Box{4.0, 0.0, 0.0, 5.0}) == -20);
  CHECK(area(Box{4.0, 5.0, 0.0, 0.0}) == 20);
  CHECK(bounds(Box{4.0, 5.0, 0.0, 0.0}) == Box{4.0, 5.0, 0.0, 0.0});
}

TEMPLATE_TEST_CASE("intersection_area of ugly boxes", "", float, double) {
  using B = Box<TestType>;
  constexpr TestType inf = std::numeric_limits<TestType>::infinity();
  constexpr TestType nan = std::numeric_limits<TestType>::quiet_NaN();
  const B box{0, 0, 10, 10};
  CHECK(intersection_area(box, B{5, 5, 15, 15}) == 25);
  CHECK(intersection_area(box, B{10, 0, 20, 10}) == 0);  // touching
  CHECK(intersection_area(box, B{5, 5, 5, 8}) == 0);     // no width
  CHECK(intersection_area(box, B{8, 5, 2, 8}) == 0);     // inverted
  CHECK(intersection_area(box, B{nan, 0, 10, 10}) == 0);
  CHECK(intersection_area(box, B{0, 0, 10, nan}) == 0);
  CHECK(intersection_area(box, B{-inf, -inf, inf, inf}) == 100);
  CHECK(intersection_area(B{-inf, 0, inf, 1}, B{0, 1, 1, 2}) == 0);  // infinity times nothing
  const auto tiny = std::numeric_limits<TestType>::min();
  CHECK(intersection_area(B{0, 0, tiny, tiny}, B{0, 0, tiny, tiny}) == 0);  // underflows, though the boxes meet
  CHECK(enclosing_area(box, B{20, 0, 30, 10}) == 300);
}

TEST_CASE("overlap of mixed scalar types is that of the wider one") {
  const Box<float> a{0.1F, 0.1F, 1.1F, 1.1F};
  const Box<double> b{0.6, 0.6, 2.0, 2.0};
  STATIC_REQUIRE(std::is_same_v<decltype(intersection_area(a, b)), double>);
  CHECK(intersection_area(a, b) == intersection_area(cast<double>(a), b));
  CHECK(intersection_area(b, a) == intersection_area(a, b));
}
