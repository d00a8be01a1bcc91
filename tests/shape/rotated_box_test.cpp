#include <boxlap/shape/overlap.hpp>
#include <boxlap/shape/rotated_box.hpp>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "../catch.hpp"
#include "../support/exact_overlap.hpp"
#include "../support/fixture.hpp"
#include "../support/rotated_scenes.hpp"

using boxlap::Point;
using boxlap::RotatedBox;

namespace {

/// u (1 + k) of two boxes: what every bound below is a multiple of.
template <class T>
double unit(const RotatedBox<double>& a, const RotatedBox<double>& b) {
  const double diagonal_a = std::hypot(a.w, a.h), diagonal_b = std::hypot(b.w, b.h);
  const double distance = std::hypot(a.cx - b.cx, a.cy - b.cy);
  const double least = std::min(a.w * a.h, b.w * b.h);
  const double k = std::min(diagonal_a, diagonal_b) * (diagonal_a + diagonal_b + distance) / least;
  return std::numeric_limits<T>::epsilon() / 2 * (1 + k);
}

/// Largest errors seen, as multiples of u (1 + k).
struct Worst {
  double iou = 0, area = 0;
};

template <class T>
void check(const RotatedBox<double>& a, const RotatedBox<double>& b, const exact::Overlap& expected, Worst& worst) {
  const auto fa = boxlap::cast<T>(a), fb = boxlap::cast<T>(b);
  const double got = double(iou(fa, fb));
  const double shared = double(intersection_area(fa, fb));
  const double u = unit<T>(a, b);
  CAPTURE(a.cx, a.cy, a.w, a.h, a.degrees, b.cx, b.cy, b.w, b.h, b.degrees, got, expected.iou, u);
  REQUIRE(got >= 0);
  REQUIRE(got <= 1);
  REQUIRE(iou(fa, fb) == iou(fb, fa));
  const double error = std::abs(got - expected.iou) / u;
  const double area_error = std::abs(shared - expected.shared) / (u * std::min(expected.area_a, expected.area_b));
  REQUIRE(error <= 8);
  REQUIRE(area_error <= 4);
  worst.iou = std::max(worst.iou, error);
  worst.area = std::max(worst.area, area_error);
}

}  // namespace

TEMPLATE_TEST_CASE("rotated boxes overlap as exact arithmetic says, on the peers' failures", "", float, double) {
  if (fixture::missing()) {
    return;
  }
  const auto table = fixture::read("polygons/rotated_boxes.csv");
  Worst worst;
  for (std::size_t row = 0; row < table.size(); ++row) {
    const auto n = [&](const char* name) { return table.number(row, name); };
    const RotatedBox<double> a{n("ax"), n("ay"), n("aw"), n("ah"), n("a_deg")};
    const RotatedBox<double> b{n("bx"), n("by"), n("bw"), n("bh"), n("b_deg")};
    const std::string family = table.text(row, "family");
    CAPTURE(row, family);
    if (std::is_same_v<TestType, float> && boxlap::cast<double>(boxlap::cast<float>(a)) != a) {
      continue;  // the issue rows are doubles
    }
    if (std::is_same_v<TestType, float> && boxlap::cast<double>(boxlap::cast<float>(b)) != b) {
      continue;
    }
    check<TestType>(a, b, {n("inter"), n("area_a"), n("area_b"), n("iou")}, worst);
    if (family == "identical") {
      REQUIRE(iou(boxlap::cast<TestType>(a), boxlap::cast<TestType>(b)) == 1);
    }
    const auto fa = boxlap::cast<TestType>(a), fb = boxlap::cast<TestType>(b);
    const double u = unit<TestType>(a, b);
    const double least = std::min(n("area_a"), n("area_b"));
    REQUIRE(std::abs(double(iof(fa, fb)) - n("iof_a")) <= 8 * u * least / n("area_a"));
    REQUIRE(std::abs(double(iof(fb, fa)) - n("iof_b")) <= 8 * u * least / n("area_b"));
  }
  UNSCOPED_INFO("worst error in u (1 + k): IoU " << worst.iou << ", area " << worst.area);
  CHECK(worst.area < 2.5);
}

#ifdef BOXLAP_TEST_HAS_RATIONALS
TEMPLATE_TEST_CASE("rotated boxes overlap as rational arithmetic says, on fresh pairs", "", float, double) {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  scenes::Rng rng(seed);
  Worst worst;
  for (const std::string& family : scenes::rotated_families()) {
    CAPTURE(family);
    for (int k = 0; k < 40; ++k) {
      auto [a, b] = scenes::rotated_pair(family, rng);
      a = boxlap::cast<double>(boxlap::cast<float>(a));
      b = boxlap::cast<double>(boxlap::cast<float>(b));
      check<TestType>(a, b, exact::rational(a, b), worst);
    }
  }
}
#else
TEST_CASE("rotated boxes overlap as rational arithmetic says, on fresh pairs") {
  WARN("Boost.Multiprecision is missing: overlaps were not compared with rational arithmetic");
}
#endif
