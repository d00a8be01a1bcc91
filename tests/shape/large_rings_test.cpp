// Rings of hundreds and thousands of sides: what blocks, sweeps and searches do beyond their small cases.
#include <boxlap/shape/overlap.hpp>
#include <boxlap/shape/polygon.hpp>
#include <boxlap/shape/rotated_box.hpp>

#include <cmath>
#include <cstdint>
#include <numbers>
#include <random>
#include <vector>

#include "../catch.hpp"
#include "../support/exact_overlap.hpp"
#include "../support/polygon_scenes.hpp"

using boxlap::Point;
using boxlap::Polygon;

namespace {

using Ring = std::vector<Point<double>>;

Ring circle(double x, double y, double radius, int sides) {
  Ring ring;
  for (int k = 0; k < sides; ++k) {
    const double angle = 2 * std::numbers::pi * k / sides;
    ring.push_back({x + radius * std::cos(angle), y + radius * std::sin(angle)});
  }
  return ring;
}

/// A comb: `teeth` of width 1 and depth `depth`, one unit apart, hanging from a bar of height 1.
Ring comb(double x, double y, int teeth, double depth) {
  Ring ring{{x, y}};
  for (int k = 0; k < teeth; ++k) {
    const double left = x + 2 * k;
    ring.insert(ring.end(), {{left, y + depth}, {left + 1, y + depth}, {left + 1, y}, {left + 2, y}});
  }
  ring.pop_back();
  const double right = ring.back().x;
  ring.insert(ring.end(), {{right, y - 1}, {x, y - 1}});
  return ring;
}

exact::Ring<long double> wide(const Ring& ring) {
  exact::Ring<long double> out;
  for (const auto& p : ring) {
    out.push_back({static_cast<long double>(p.x), static_cast<long double>(p.y)});
  }
  return out;
}

/// The shared area by the sum over all pairs of sides, whichever way the rings run.
double shared(const Ring& a, const Ring& b) {
  return std::abs(static_cast<double>(exact::shared_area<long double>({wide(a)}, {wide(b)})));
}

void check(const Ring& a, const Ring& b, double tolerance) {
  const Polygon<double> pa = boxlap::make_polygon(a), pb = boxlap::make_polygon(b);
  const double expected = shared(a, b);
  CHECK(std::abs(intersection_area(pa, pb) - expected) <= tolerance);
  CHECK(std::abs(intersection_area(pb, pa) - expected) <= tolerance);
  const double whole = area(pa) + area(pb) - expected;
  CHECK(std::abs(iou(pa, pb) - expected / whole) <= 4 * tolerance / whole);
}

}  // namespace

TEST_CASE("convex rings of 600 and 5,000 sides share what all pairs of sides say", "[polygon]") {
  const Ring a = circle(0, 0, 100, 600);
  check(a, circle(50, 20, 80, 601), 1e-8);
  check(a, circle(50, 20, 80, 3), 1e-8);
  check(a, a, 1e-8);
  check(a, circle(0, 0, 30, 5000), 1e-8);  // inside
  check(circle(3, 4, 100, 5000), circle(120, -30, 70, 4), 1e-8);
  check(circle(3, 4, 100, 5000), circle(190, 4, 90, 37), 1e-8);
  CHECK(intersection_area(boxlap::make_polygon(a), boxlap::make_polygon(circle(201, 0, 100, 5000))) == 0);
  const double expected = 0.5 * 5000 * 1e4 * std::sin(2 * std::numbers::pi / 5000);
  CHECK(std::abs(area(boxlap::make_polygon(circle(1e3, -1e3, 100, 5000))) - expected) < 1e-8);
}

TEST_CASE("concave rings of hundreds of sides share what all pairs of sides say", "[polygon]") {
  const std::uint64_t seed = 4;
  CAPTURE(seed);
  scenes::Rng rng(seed);
  for (const int sides : {63, 64, 65, 255, 256, 257, 600}) {
    CAPTURE(sides);
    check(scenes::star<double>(0, 0, 100, 0.5, sides, rng), scenes::star<double>(30, 10, 100, 0.5, sides + 7, rng),
          1e-8);
    check(scenes::star<double>(0, 0, 100, 0.5, sides, rng), circle(10, 10, 75, 5), 1e-8);
  }
}

TEST_CASE("combs of a thousand teeth: whole numbers exactly", "[polygon]") {
  const Polygon<double> down = boxlap::make_polygon(comb(0, 0, 1250, 8));  // 5,000 sides and 2
  CHECK(area(down) == 1250 * 8 + 2499);
  const Polygon<double> bar = boxlap::make_polygon(Ring{{0, 2}, {2499, 2}, {2499, 4}, {0, 4}});
  CHECK(intersection_area(down, bar) == 1250 * 2);
  const Polygon<double> moved = boxlap::make_polygon(comb(1, 1, 1250, 8));  // its teeth stand in the gaps
  CHECK(intersection_area(down, moved) == 1249);  // its bar, from y 0 to 1, crosses 1,249 teeth and touches one
}

TEST_CASE("the least rectangle around points is as small as they are", "[polygon]") {
  for (const double unit : {0.125, 1.0, 1024.0}) {
    const auto box =
        boxlap::min_area_rectangle(Ring{{0, 0}, {4 * unit, 0}, {4 * unit, unit}, {0, unit}, {2 * unit, unit / 2}});
    CHECK(area(box) == 4 * unit * unit);
    CHECK(std::abs(box.cx - 2 * unit) < 1e-12 * unit);
    CHECK(std::abs(box.cy - unit / 2) < 1e-12 * unit);
  }
}
