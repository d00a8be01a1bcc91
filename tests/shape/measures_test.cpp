#include <boxlap/shape/measures.hpp>
#include <boxlap/shape/polygon.hpp>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "../catch.hpp"
#include "../support/exact_overlap.hpp"
#include "../support/polygon_scenes.hpp"
#include "../support/rounds.hpp"

using boxlap::Point;
using boxlap::Polygon;

namespace {

using N = exact::Digits;

template <class T>
using Ring = std::vector<Point<T>>;

/// |got - expected| in units of the last place that `expected` has in T.
template <class T>
double ulps(T got, const N& expected) {
  const double size = std::abs(double(expected));
  const T near = static_cast<T>(size);
  const double ulp = double(std::nextafter(near, std::numeric_limits<T>::infinity())) - double(near);
  return std::abs(double(N(double(got)) - expected)) / ulp;
}

struct Worst {
  double area = 0, centroid = 0;
};

template <class T>
void check(const Polygon<T>& p, Worst& worst) {
  const auto rings = exact::rings<N>(p);
  const double area_error = ulps(area(p), exact::area(rings));
  const auto expected = exact::centroid(rings);
  const auto center = centroid(p);
  const auto around = bounds(p);
  CAPTURE(double(area(p)), double(center.x), double(center.y), double(expected.x), double(expected.y));
  REQUIRE(area_error <= 1);
  REQUIRE((around.x1 <= center.x && center.x <= around.x2 && around.y1 <= center.y && center.y <= around.y2));
  const auto centroid_error = [&](T got, const N& exactly, double extent) {
    return double(abs(N(double(got)) - exactly)) <= 0x1p-80 * extent ? 0 : ulps(got, exactly);
  };
  const double x = centroid_error(center.x, expected.x, double(around.x2) - double(around.x1));
  const double y = centroid_error(center.y, expected.y, double(around.y2) - double(around.y1));
  REQUIRE(std::max(x, y) <= 1);
  worst.area = std::max(worst.area, area_error);
  worst.centroid = std::max({worst.centroid, x, y});
}

template <class T>
Polygon<T> made(const Ring<T>& ring) {
  return boxlap::try_make_polygon<T>(ring).value_or(Polygon<T>{});
}

/// As many as BOXLAP_SLIVERS says.
int slivers() {
  const char* const text = std::getenv("BOXLAP_SLIVERS");
  return text != nullptr ? std::atoi(text) : scenes::rounds(4'000);
}

}  // namespace

TEST_CASE("JTS TestCentroid: the centroid of slivers lies within them") {
  const auto small = made<double>({{56.5286666667, 25.2101666667}, {56.529, 25.2105}, {56.5288333333, 25.2103333333}});
  REQUIRE_THAT(centroid(small).x, Catch::Matchers::WithinAbs(56.5288333333, 1e-9));
  REQUIRE_THAT(centroid(small).y, Catch::Matchers::WithinAbs(25.2103333333, 1e-9));
  const auto far = made<double>({{5000000, 5000000.3}, {5000000.1, 5000000.15}, {5000000.2, 5000000}});
  REQUIRE_THAT(centroid(far).x, Catch::Matchers::WithinAbs(5000000.1, 1e-9));
  REQUIRE_THAT(centroid(far).y, Catch::Matchers::WithinAbs(5000000.15, 1e-9));
  const auto long_one = made<double>({{1712113.7243208082, 1949022.6019231759},
                                      {1713899.6759974062, 1950933.4862382722},
                                      {1712735.5560951198, 1949687.9326819698}});
  REQUIRE(area(long_one) == 9.786568692810309e-08);
  Worst worst;
  for (const auto& p : {small, far, long_one}) {
    check(p, worst);
  }
}

TEMPLATE_TEST_CASE("slivers, snapped or not, near and far: area and centroid to the last place", "", float, double) {
  using T = TestType;
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  scenes::Rng rng(seed);
  std::uniform_real_distribution<double> unit(0, 1);
  Worst worst;
  int drawn = 0;
  for (int k = 0; k < slivers(); ++k) {
    const double away = std::array{0.0, 1.0, 1e3, 5e6, 0x1p30, -0x1p30}[rng() % 6];
    const double length = std::pow(10, -2 + 6 * unit(rng)), thin = length * std::pow(10, -18 + 18 * unit(rng));
    const double x = away + unit(rng), y = away * (rng() % 3 != 0) + unit(rng), turn = 6.3 * unit(rng);
    const double step = std::array{0.0, 0.0, 0x1p-20, 1e-3, 0.1}[rng() % 5];
    Ring<T> ring;
    const int n = 3 + int(rng() % 3);
    for (int v = 0; v < n; ++v) {  // along a line, to either side of it
      const double along = length * unit(rng), across = thin * (unit(rng) - 0.5);
      const double px = x + along * std::cos(turn) - across * std::sin(turn);
      const double py = y + along * std::sin(turn) + across * std::cos(turn);
      ring.push_back(
          {T(step > 0 ? std::round(px / step) * step : px), T(step > 0 ? std::round(py / step) * step : py)});
    }
    if (n > 3) {
      ring = boxlap::convex_hull(ring);
    }
    const auto p = made<T>(ring);
    if (!p.empty()) {
      ++drawn;
      for (const auto& v : ring) {
        UNSCOPED_INFO(std::hexfloat << v.x << ' ' << v.y);
      }
      check(p, worst);
    }
  }
  if (std::getenv("BOXLAP_SLIVERS") != nullptr) {
    std::printf("%d slivers, seed %u: worst error in ulp: area %.3f, centroid %.3f\n", drawn, seed, worst.area,
                worst.centroid);
  }
  CHECK(drawn > slivers() / 4);
  CHECK((worst.area < 1 && worst.centroid < 1));
}

TEMPLATE_TEST_CASE("polygons with holes and many parts: area and centroid to the last place", "", float, double) {
  using T = TestType;
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  scenes::Rng rng(seed);
  Worst worst;
  for (const std::string& family : scenes::polygon_families()) {
    CAPTURE(family);
    for (int k = 0; k < scenes::rounds(40); ++k) {
      const auto [a, b] = scenes::polygon_pair<T>(family, rng);
      for (const auto& p : {a, b}) {
        if (!p.empty()) {
          check(p, worst);
        }
      }
    }
  }
  // A hole that leaves a frame of a few units in the last place, and parts 1e9 apart.
  const T e = 64 * std::numeric_limits<T>::epsilon();
  const auto frame = boxlap::make_polygon<T>({{1, 1}, {2, 1}, {2, 2}, {1, 2}},
                                             {{{1 + e, 1 + e}, {1 + e, 2 - e}, {2 - e, 2 - e}, {2 - e, 1 + e}}});
  check(frame, worst);
  const auto far = boxlap::make_polygon<T>({{T(1e9), 1}, {T(1e9) + 128, 1}, {T(1e9), 2}});
  check(boxlap::make_multipolygon<T>({frame, far}), worst);
  check(boxlap::make_multipolygon<T>({far, frame}), worst);
}

TEST_CASE("a shape that lies about 0 has its centroid there") {
  const auto diamond = made<double>({{-1, 0}, {0, -1}, {1, 0}, {0, 1}});
  REQUIRE(centroid(diamond) == Point{0.0, 0.0});
  const auto sliver = made<double>({{-1e6, -1e6}, {0, -0x1p-40}, {1e6, 1e6}, {0, 0x1p-40}});
  REQUIRE(centroid(sliver) == Point{0.0, 0.0});
  REQUIRE(std::isnan(centroid(Polygon<double>{}).x));
  const auto flat = boxlap::cast<float>(made<double>({{1, 1}, {2, 1}, {2, 1 + 1e-12}}));
  REQUIRE(area(flat) == 0);
  REQUIRE(std::isnan(centroid(flat).y));
}

TEST_CASE("centroids where third powers of coordinates overflow or underflow") {
  using Wide = exact::Number<64>;
  for (const double x : {1e-115, 1e-60, 1.0, 1e110, 1e149}) {
    for (const double y : {1e-115, 1.0, 1e149}) {
      CAPTURE(x, y);
      const auto p = made<double>({{x, y}, {3 * x, 2 * y}, {2.7 * x, 5.3 * y}, {1.1 * x, 3.9 * y}});
      const auto expected = exact::centroid(exact::rings<Wide>(p));
      REQUIRE(centroid(p).x == double(expected.x));
      REQUIRE(centroid(p).y == double(expected.y));
    }
  }
}
