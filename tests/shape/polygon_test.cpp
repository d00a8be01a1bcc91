#include <boxlap/shape/overlap.hpp>
#include <boxlap/shape/polygon.hpp>
#include <boxlap/shape/wkt.hpp>

#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "../catch.hpp"
#include "../support/exact_overlap.hpp"
#include "../support/fixture.hpp"

using boxlap::Index;
using boxlap::Point;
using boxlap::Polygon;

namespace {

/// u (1 + k) of two shapes by their bounds.
template <class T, class A, class B>
double unit(const A& a, const B& b) {
  const auto ba = boxlap::cast<double>(bounds(a)), bb = boxlap::cast<double>(bounds(b));
  const double la = std::hypot(ba.x2 - ba.x1, ba.y2 - ba.y1), lb = std::hypot(bb.x2 - bb.x1, bb.y2 - bb.y1);
  const double d = std::hypot((ba.x1 + ba.x2 - bb.x1 - bb.x2) / 2, (ba.y1 + ba.y2 - bb.y1 - bb.y2) / 2);
  const double least = std::min(double(area(a)), double(area(b)));
  return std::numeric_limits<T>::epsilon() / 2 * (1 + std::min(la, lb) * (la + lb + d) / least);
}

}  // namespace

TEST_CASE("polygons are accepted, repaired and rejected as the rules say") {
  if (fixture::missing()) {
    return;
  }
  const auto table = fixture::read("polygons/validity.csv");
  for (std::size_t row = 0; row < table.size(); ++row) {
    const std::string wkt = table.text(row, "wkt"), action = table.text(row, "action");
    CAPTURE(wkt, action);
    std::string why;
    const auto polygon = boxlap::try_parse_wkt<double>(wkt, &why);
    CAPTURE(why);
    REQUIRE(polygon.has_value() == (action != "reject"));
    if (!polygon) {
      REQUIRE_FALSE(why.empty());
      REQUIRE_THROWS_AS(boxlap::parse_wkt<double>(wkt), std::invalid_argument);
      WARN(table.text(row, "class") << ": " << why);
      continue;
    }
    REQUIRE(polygon->repairs().empty() == (action == "accept"));
    REQUIRE(double(area(*polygon)) == table.number(row, "area"));
    REQUIRE(boxlap::parse_wkt<double>(boxlap::to_wkt(*polygon)) == *polygon);
  }
}

TEST_CASE("polygons overlap as exact arithmetic says, on the peers' failures") {
  if (fixture::missing()) {
    return;
  }
  const auto table = fixture::read("polygons/polygons.csv");
  double worst = 0;
  for (std::size_t row = 0; row < table.size(); ++row) {
    const auto n = [&](const char* name) { return table.number(row, name); };
    CAPTURE(row, table.text(row, "family"));
    const auto a = boxlap::parse_wkt<double>(table.text(row, "wkt_a"));
    const auto b = boxlap::parse_wkt<double>(table.text(row, "wkt_b"));
    REQUIRE(std::abs(area(a) - n("area_a")) <= 4e-16 * n("area_a"));
    REQUIRE(std::abs(area(b) - n("area_b")) <= 4e-16 * n("area_b"));
    const double least = std::min(n("area_a"), n("area_b"));
    const double u = unit<double>(a, b);
    const double error = std::abs(intersection_area(a, b) - n("inter")) / (u * least);
    CAPTURE(error, intersection_area(a, b), n("inter"));
    REQUIRE(error <= 4);
    worst = std::max(worst, error);
    REQUIRE(intersection_area(a, b) == intersection_area(b, a));
    REQUIRE(std::abs(iou(a, b) - n("iou")) <= 8 * u);
    REQUIRE(iou(a, b) == iou(b, a));
    REQUIRE(iou(a, a) == 1);
  }
  WARN("worst error of the area in u (1 + k): " << worst);
}
