// Inputs on which GEOS, JTS, Boost.Geometry or this library were wrong, by name, and what is right.
#include <boxlap/shape/measures.hpp>
#include <boxlap/shape/mixed_overlap.hpp>
#include <boxlap/shape/quad.hpp>

#include <array>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "../catch.hpp"
#include "../support/exact_overlap.hpp"
#include "../support/scenes.hpp"

using boxlap::Box;
using boxlap::make_polygon;
using boxlap::Point;
using boxlap::Polygon;
using boxlap::RotatedBox;

namespace {

using N = exact::Number<16>;

template <class T>
using Ring = std::vector<Point<T>>;

/// |intersection_area - exact| as a share of 4 u (1 + k) (1 + v / 64) of the smaller area.
template <class A, class B>
double share_of_bound(const A& a, const B& b) {
  using R = decltype(intersection_area(a, b));
  const auto rings_a = exact::rings<N>(a), rings_b = exact::rings<N>(b);
  const N shared = exact::shared_area<N>(rings_a, rings_b);
  const auto ba = boxlap::cast<double>(bounds(a)), bb = boxlap::cast<double>(bounds(b));
  const double la = std::hypot(ba.x2 - ba.x1, ba.y2 - ba.y1), lb = std::hypot(bb.x2 - bb.x1, bb.y2 - bb.y1);
  const double d = std::hypot((ba.x1 + ba.x2 - bb.x1 - bb.x2) / 2, (ba.y1 + ba.y2 - bb.y1 - bb.y2) / 2);
  const double least = double(std::min(exact::area(rings_a), exact::area(rings_b)));
  std::size_t v = 0;
  for (const auto* rings : {&rings_a, &rings_b}) {
    for (const auto& ring : *rings) {
      v += ring.size();
    }
  }
  const double bound =
      2 * double(std::numeric_limits<R>::epsilon()) * (least + std::min(la, lb) * (la + lb + d)) * (1 + double(v) / 64);
  REQUIRE(intersection_area(a, b) == intersection_area(b, a));
  return double(abs(N(double(intersection_area(a, b))) - shared)) / bound;
}

template <class T>
std::string reason(Ring<T> shell, std::vector<Ring<T>> holes = {}) {
  std::string why;
  REQUIRE_FALSE(boxlap::try_make_polygon<T>(std::move(shell), std::move(holes), &why).has_value());
  return why;
}

}  // namespace

TEST_CASE("GEOS ticket 522: sides one ulp off the vertical, from 1 to 2^30") {
  const auto check = [](auto zero, int most) {
    using T = decltype(zero);
    for (int power = 0; power <= most; ++power) {
      const T x = std::ldexp(T(1), power), beside = std::nextafter(x, T(2) * x);
      const T right = x + 8, far = std::nextafter(right, T(2) * right), near = std::nextafter(right, T(0));
      CAPTURE(power);
      const Ring<T> leaning{{x, 0}, {right, 0}, {right, 40}, {beside, 40}};
      const Ring<T> inner{{x, 10}, {right, 10}, {right, 20}, {x, 20}};
      const Ring<T> crossing{{beside, 10}, {right, 10}, {right, 20}, {x, 20}};
      const Ring<T> right_leaning{{x, 0}, {far, 0}, {right, 40}, {x, 40}};
      const Ring<T> all_leaning{{beside, 5}, {near, 0}, {far, 30}, {x, 35}};
      std::vector<Polygon<T>> shapes;
      for (const auto& ring : {leaning, inner, crossing, right_leaning, all_leaning}) {
        shapes.push_back(make_polygon(ring));
        Ring<T> concave = ring;
        concave.push_back({T(x + 4), 20});
        if (auto p = boxlap::try_make_polygon<T>(concave)) {
          shapes.push_back(*std::move(p));
        }
      }
      shapes.push_back(boxlap::make_quad(std::array<Point<T>, 4>{leaning[0], leaning[1], leaning[2], leaning[3]}));
      const Box<T> box{beside, 5, right, 25};
      const RotatedBox<T> turned{T(x + 4), 20, 8, 20, 0}, quarter{T(x + 4), 20, 20, 8, 90},
          tilted{T(x + 4), 20, 8, 20, T(1e-6)};
      for (const auto& a : shapes) {
        for (const auto& b : shapes) {
          REQUIRE(share_of_bound(a, b) <= 1);
        }
        REQUIRE(share_of_bound(box, a) <= 1);
        REQUIRE(share_of_bound(turned, a) <= 1);
        REQUIRE(share_of_bound(quarter, a) <= 1);
        REQUIRE(share_of_bound(tilted, a) <= 1);
      }
    }
  };
  check(0.0, 30);
  check(0.0F, 14);
  const auto a = make_polygon(Ring<double>{{1048576, 0}, {1048584, 0}, {1048584, 40}, {1048576.0000000002, 40}});
  const auto b = make_polygon(Ring<double>{{1048576, 10}, {1048584, 10}, {1048584, 20}, {1048576, 20}});
  REQUIRE(intersection_area(a, b) == 79.99999999912689);
}

TEST_CASE("sides narrower than the gap between numbers at the window's other end") {
  // Relative to -1024 one end of the narrow side rounds up and the other one down: it becomes 500 times as wide.
  const auto p = make_polygon(
      Ring<double>{{-1024, 3}, {-2.55795384873636e-13, 3}, {-2.557953848736361e-13, 23}, {-512, 13}, {-1024, 23}});
  REQUIRE(share_of_bound(RotatedBox<double>{-512, 7, 1024, 700, 0}, p) <= 1);
  REQUIRE(share_of_bound(Box<double>{-1024, 7, 1, 20}, p) <= 1);
  REQUIRE(share_of_bound(p, make_polygon(Ring<double>{{-1024, 7}, {1, 7}, {1, 20}, {-300, 12}, {-1024, 20}})) <= 1);
}

TEST_CASE("JTS 798: what counts as nothing is within the bound") {
  const double x = 66697.40120137333, y = 185279.95469107336;
  const auto sliver = make_polygon(Ring<double>{{x, y}, {66698.375, 185273.625}, {66697.375, 185280.125}});
  const auto cut = make_polygon(Ring<double>{{66697.25, 185273.296875},
                                             {66698.6875, 185273.296875},
                                             {66698.6875, 185274.171875},
                                             {66697.25, 185274.171875}},
                                {{{66697.4375, 185273.546875},
                                  {66697.4375, 185273.921875},
                                  {66698.4375, 185273.921875},
                                  {66698.4375, 185273.546875}}});
  REQUIRE(share_of_bound(cut, sliver) <= 1);
  for (const double left : {66696.0, 66697.2, 66697.38, 66697.5}) {
    for (const double bottom : {185272.0, 185275.0, 185279.0, 185279.9}) {
      for (const double size : {0.01, 0.5, 3.0, 20.0}) {
        CAPTURE(left, bottom, size);
        const double e = size / 16;
        const auto frame = make_polygon(
            Ring<double>{{left, bottom}, {left + size, bottom}, {left + size, bottom + size}, {left, bottom + size}},
            {{{left + e, bottom + e},
              {left + e, bottom + size - e},
              {left + size - e, bottom + size - e},
              {left + size - e, bottom + e}}});
        REQUIRE(share_of_bound(frame, sliver) <= 1);
      }
    }
  }
}

TEST_CASE("coordinates beyond the range are refused as that, with ring and vertex") {
  const std::string range = ", expected 0 or 1e-120 to 1e150 in size";
  REQUIRE(reason<double>({{0, 0}, {1e160, 0}, {0, 1e160}}) ==
          "out of range: shell vertex 1 has the coordinate 1e+160" + range);
  REQUIRE(reason<double>({{0, 0}, {1e154, 0}, {1e154, 1e154}, {0, 1e154}}) ==
          "out of range: shell vertex 1 has the coordinate 1e+154" + range);
  REQUIRE(reason<double>({{0, 0}, {1, 0}, {0, -1e-170}}) ==
          "out of range: shell vertex 2 has the coordinate -1e-170" + range);
  REQUIRE(reason<double>({{0, 0}, {9, 0}, {9, 9}}, {{{6, 1}, {7, 1}, {7, 1e300}}}) ==
          "out of range: hole 0 vertex 2 has the coordinate 1e+300" + range);
  REQUIRE(reason<float>({{0, 0}, {1e19F, 0}, {0, 1}}) ==
          "out of range: shell vertex 1 has the coordinate 9.99999998e+18, expected at most 1e18 in size");
  REQUIRE(reason<float>({{0, 0}, {1e-20F, 0}, {0, 1e-20F}}) ==
          "out of range: the area is 4.99999968e-41, expected at least 1.17549435e-38");
  REQUIRE_THROWS_AS(make_polygon(Ring<double>{{0, 0}, {1e160, 0}, {0, 1e160}}), std::invalid_argument);
  const auto large = make_polygon(Ring<double>{{-1e150, -1e150}, {1e150, -1e150}, {1e150, 1e150}, {-1e150, 1e150}});
  REQUIRE_THAT(area(large), Catch::Matchers::WithinRel(4e300, 1e-15));
  REQUIRE_THROWS_WITH(boxlap::cast<float>(large),
                      "boxlap: out of range: a vertex has the coordinate -1e+150, expected at most 1e18 in size");
  const auto half = make_polygon(Ring<double>{{-1e150, -1e150}, {1e150, -1e150}, {1e150, 0}, {-1e150, 0}});
  REQUIRE_THAT(iou(large, half), Catch::Matchers::WithinRel(0.5, 1e-15));
  REQUIRE_THAT(giou(large, half), Catch::Matchers::WithinRel(0.5, 1e-15));
  const auto small = make_polygon(Ring<double>{{0, 0}, {4e-120, 0}, {4e-120, 4e-120}, {0, 4e-120}});
  REQUIRE_THAT(area(small), Catch::Matchers::WithinRel(1.6e-239, 1e-15));
  REQUIRE_THAT(iou(small, make_polygon(Ring<double>{{0, 0}, {4e-120, 0}, {4e-120, 2e-120}, {0, 2e-120}})),
               Catch::Matchers::WithinRel(0.5, 1e-15));
  const auto wide = make_polygon(Ring<float>{{-1e18F, -1e18F}, {1e18F, -1e18F}, {1e18F, 1e18F}, {-1e18F, 1e18F}});
  REQUIRE_THAT(double(area(wide)), Catch::Matchers::WithinRel(4e36, 1e-6));
}

TEST_CASE("boxes that reach to infinity share with a polygon what lies in them") {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const auto p = make_polygon(Ring<double>{{0, 0}, {4, 0}, {4, 4}, {1, 1}});
  REQUIRE(intersection_area(Box<double>{-infinity, -infinity, infinity, infinity}, p) == area(p));
  REQUIRE(intersection_area(Box<double>{-infinity, -1e300, 2, infinity}, p) == 2);
}

TEST_CASE("rotated boxes keep their bound to the ends of their range") {
  for (const double size : {1e-120, 1e-60, 1.0, 1e60, 1e150}) {
    CAPTURE(size);
    const RotatedBox<double> a{0, 0, size, size / 2, 30}, b{size / 4, 0, size / 2, size, -20};
    REQUIRE(share_of_bound(a, b) <= 1);
    REQUIRE(iou(a, b) > 0.1);
  }
  for (const float size : {1e-15F, 1e-8F, 1.0F, 1e9F, 1e18F}) {
    CAPTURE(size);
    const RotatedBox<float> a{0, 0, size, size / 2, 30}, b{size / 4, 0, size / 2, size, -20};
    REQUIRE(share_of_bound(a, b) <= 1);
    REQUIRE(iou(a, b) > 0.1F);
  }
}

TEST_CASE("rectangles and hulls of slivers far out keep their digits") {
  const Ring<double> ring{{1073741824.3718674, 1073741823.9237114},
                          {1073741824.383583, 1073741823.9154464},
                          {1073741825.6511557, 1073741823.0212181},
                          {1073741826.0225308, 1073741822.759226},
                          {1073741824.919108, 1073741823.5376524}};
  const auto p = make_polygon(ring);
  const auto hull = convex_hull(p);
  const auto corners = exact::rings<N>(hull)[0];
  REQUIRE(area(hull) == double(exact::area(corners)));
  REQUIRE(enclosing_area(p, Box<double>{1073741825, 1073741823, 1073741825, 1073741823}) >= area(hull));
  // The least rectangle has a side on one of the hull's.
  N least = 1e300;
  for (std::size_t k = 0; k < corners.size(); ++k) {
    const auto &a = corners[k], &b = corners[(k + 1) % corners.size()];
    const N x = b.x - a.x, y = b.y - a.y;
    N low = 0, high = 0, across = 0;
    for (const auto& c : corners) {
      const N along = x * (c.x - a.x) + y * (c.y - a.y), height = x * (c.y - a.y) - y * (c.x - a.x);
      low = along < low ? along : low;
      high = along > high ? along : high;
      across = height > across ? height : across;
    }
    const N size = (high - low) * across / (x * x + y * y);
    least = size < least ? size : least;
  }
  const auto box = min_area_rectangle(p);
  REQUIRE_THAT(box.w * box.h, Catch::Matchers::WithinRel(double(least), 1e-14));
}

TEST_CASE("the hull of two shapes of any finite size, and of shapes that are not finite") {
  using Catch::Matchers::WithinRel;
  constexpr double infinity = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  const Box<double> unit{0, 0, 1, 1};
  const double half_diagonal = std::sqrt(0.5);  // of the unit box, on either side of a line at 45 degrees
  REQUIRE_THAT(enclosing_area(RotatedBox<double>{0, 0, 1e160, 1e-160, 45}, unit),
               WithinRel(1e160 * half_diagonal, 1e-14));
  REQUIRE_THAT(enclosing_area(unit, RotatedBox<double>{0, 0, 1e160, 1e-160, 45}),
               WithinRel(1e160 * half_diagonal, 1e-14));
  REQUIRE_THAT(enclosing_area(RotatedBox<double>{0, 0, 1e306, 0, 45}, unit), WithinRel(1e306 * half_diagonal, 1e-14));
  REQUIRE_THAT(enclosing_area(RotatedBox<double>{0, 0, 4e-130, 2e-130, 0}, RotatedBox<double>{0, 0, 2e-130, 4e-130, 0}),
               WithinRel(14e-260, 1e-13));
  REQUIRE(enclosing_area(RotatedBox<double>{0, 0, 1e200, 1e200, 30}, unit) == infinity);
  REQUIRE(enclosing_area(RotatedBox<float>{0, 0, 1e20F, 1e20F, 30}, Box<float>{0, 0, 1, 1}) ==
          std::numeric_limits<float>::infinity());
  REQUIRE(enclosing_area(RotatedBox<double>{0, 0, infinity, 1, 30}, unit) == 0);
  REQUIRE(enclosing_area(RotatedBox<double>{nan, 0, 1, 1, 30}, unit) == 0);
  REQUIRE(enclosing_area(Box<double>{0, 0, infinity, 1}, RotatedBox<double>{0, 0, 1, 1, 30}) == 0);
  // Beyond the stated range there is no promise, but nothing is read out of bounds either.
  static_cast<void>(boxlap::min_area_rectangle(Ring<double>{{0, 0}, {1e200, 1}, {1, 1e200}, {infinity, nan}}));
  static_cast<void>(boxlap::min_area_rectangle(Ring<double>{{1e200, 0}, {-1e200, 1}, {1, 1e-200}, {1, -1e-200}}));
}

TEST_CASE("combs of thousands of sides above one another: the sum is not rounded at its greatest") {
  const unsigned seed = 5;  // 1.1 times the bound once
  CAPTURE(seed);
  scenes::Rng rng(seed);
  std::uniform_real_distribution<double> unit(0, 1);
  for (const int teeth : {20, 20, 60, 60, 200, 200, 800, 800, 3000, 3000}) {
    CAPTURE(teeth);
    Ring<double> ring;
    const double wide = 4 * teeth;
    for (int k = 0; k < teeth; ++k) {
      const double t = 4 * k + unit(rng), high = wide * (0.5 + 0.5 * unit(rng));
      ring.insert(ring.end(), {{t, 0}, {t + 1 + 1e-12 * unit(rng), high}, {t + 2, high}, {t + 3, 0}});
    }
    ring.insert(ring.end(), {{wide + 1, -5}, {-1, -5}});
    for (auto& p : ring) {
      p = {wide - p.y, p.x - 1};
    }
    const auto comb = make_polygon(ring);
    const auto around = bounds(comb);
    REQUIRE(share_of_bound(Box<double>{around.x1, around.y1 - 3, around.x2 - 4, around.y2 - 5}, comb) <= 0.6);
    unit(rng);
  }
}
