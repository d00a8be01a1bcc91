#include <boxlap/shape/decision.hpp>
#include <boxlap/shape/measures.hpp>
#include <boxlap/shape/mixed_overlap.hpp>
#include <boxlap/shape/wkt.hpp>

#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "../catch.hpp"
#include "../support/exact_overlap.hpp"
#include "../support/fixture.hpp"
#include "../support/polygon_scenes.hpp"
#include "../support/rotated_scenes.hpp"
#include "../support/rounds.hpp"

using boxlap::Box;
using boxlap::Decision;
using boxlap::Point;
using boxlap::Polygon;
using boxlap::RotatedBox;

namespace {

template <class S>
Polygon<double> as_polygon(const S& shape) {
  if constexpr (boxlap::detail::is_box<S>) {
    return boxlap::make_polygon(std::vector<Point<double>>{
        {shape.x1, shape.y1}, {shape.x2, shape.y1}, {shape.x2, shape.y2}, {shape.x1, shape.y2}});
  } else if constexpr (requires { corners(shape); }) {
    const auto quad = corners(boxlap::cast<double>(shape));
    return boxlap::make_polygon(std::vector<Point<double>>(quad.begin(), quad.end()));
  } else {
    return boxlap::cast<double>(shape);
  }
}

/// Both orders, prepared forms, range, and agreement with the polygons of the same corners.
template <class A, class B>
void check_kinds(const A& a, const B& b) {
  using R = decltype(intersection_area(a, b));
  const auto polygon_a = as_polygon(a), polygon_b = as_polygon(b);
  const double least = std::min(area(polygon_a), area(polygon_b));
  const double expected = intersection_area(polygon_a, polygon_b);
  const double bound = boxlap::iou_error_bound(boxlap::cast<R>(a), boxlap::cast<R>(b)) +
                       1e-15 * (std::abs(bounds(polygon_a).x2) + std::abs(bounds(polygon_a).y2)) / std::sqrt(least);
  const double shared = double(intersection_area(a, b));
  CAPTURE(shared, expected, bound);
  REQUIRE(intersection_area(b, a) == intersection_area(a, b));
  REQUIRE(iou(a, b) == iou(b, a));
  REQUIRE(giou(a, b) == giou(b, a));
  REQUIRE((iou(a, b) >= 0 && iou(a, b) <= 1 && giou(a, b) >= -1 && giou(a, b) <= 1));
  REQUIRE(double(giou(a, b)) <= double(iou(a, b)));
  REQUIRE(std::abs(shared - expected) <= bound * least);
  const auto prepared = [](const auto& s) {
    if constexpr (requires { prepare(s); }) {
      return prepare(s);
    } else {
      return s;
    }
  };
  REQUIRE(iou(prepared(a), prepared(b)) == iou(a, b));
  REQUIRE(iou(prepared(a), b) == iou(a, b));
  REQUIRE(iou(a, prepared(b)) == iou(a, b));
  REQUIRE(iou(prepared(b), prepared(a)) == iou(a, b));
}

}  // namespace

TEST_CASE("every two kinds of shapes overlap as their polygons do") {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  scenes::Rng rng(seed);
  std::uniform_real_distribution<double> at(0, 60), size(5, 60), turn(-180, 180);
  for (int k = 0; k < 500; ++k) {
    const double x = at(rng), y = at(rng);
    const Box<double> box{x, y, x + size(rng), y + size(rng)};
    const RotatedBox<double> rotated{at(rng), at(rng), size(rng), size(rng), k % 7 == 0 ? 90.0 * (k % 4) : turn(rng)};
    const auto polygon = scenes::polygon_pair<double>(k % 2 == 0 ? "holes" : "stars", rng).first;
    if (polygon.empty()) {
      continue;
    }
    CAPTURE(box.x1, box.y1, box.x2, box.y2, rotated.cx, rotated.cy, rotated.w, rotated.h, rotated.degrees,
            to_wkt(polygon));
    check_kinds(box, rotated);
    check_kinds(box, polygon);
    check_kinds(rotated, polygon);
    check_kinds(boxlap::cast<float>(box), rotated);
    check_kinds(rotated, boxlap::cast<float>(polygon));
    check_kinds(boxlap::cast<float>(rotated), polygon);
    check_kinds(boxlap::cast<float>(box), boxlap::cast<float>(rotated));
    check_kinds(boxlap::cast<float>(rotated), boxlap::cast<float>(polygon));
    REQUIRE_THAT(iou(box, as_polygon(box)), Catch::Matchers::WithinAbs(1, 1e-15));
  }
}

TEST_CASE("far from the origin kinds mix without losing digits") {
  const Box<double> box{1e7, 1e7, 1e7 + 4, 1e7 + 2};
  const RotatedBox<double> rotated{1e7 + 2, 1e7 + 1, 4, 2, 30};
  const auto polygon = as_polygon(box);
  const double near = iou(Box<double>{-2, -1, 2, 1}, RotatedBox<double>{0, 0, 4, 2, 30});
  REQUIRE_THAT(iou(box, rotated), Catch::Matchers::WithinAbs(near, 1e-15));
  REQUIRE_THAT(iou(polygon, rotated), Catch::Matchers::WithinAbs(near, 1e-15));
}

TEST_CASE("giou of rotated boxes and polygons equals the exact hull's") {
  if (fixture::missing()) {
    return;
  }
  const auto boxes = fixture::read("polygons/rotated_boxes.csv");
  for (std::size_t row = 0; row < boxes.size(); ++row) {
    const auto n = [&](const char* name) { return boxes.number(row, name); };
    const RotatedBox<double> a{n("ax"), n("ay"), n("aw"), n("ah"), n("a_deg")};
    const RotatedBox<double> b{n("bx"), n("by"), n("bw"), n("bh"), n("b_deg")};
    CAPTURE(row, giou(a, b), n("giou"));
    REQUIRE(std::abs(enclosing_area(a, b) - n("hull")) <=
            1e-14 * std::pow(std::hypot(a.w, a.h) + std::hypot(b.w, b.h) + std::hypot(a.cx - b.cx, a.cy - b.cy), 2));
    REQUIRE(std::abs(giou(a, b) - n("giou")) <= 4 * boxlap::iou_error_bound(a, b));
    REQUIRE(giou(a, b) == giou(b, a));
  }
  const auto polygons = fixture::read("polygons/polygons.csv");
  for (std::size_t row = 0; row < polygons.size(); ++row) {
    const auto a = boxlap::parse_wkt<double>(polygons.text(row, "wkt_a"));
    const auto b = boxlap::parse_wkt<double>(polygons.text(row, "wkt_b"));
    CAPTURE(row, giou(a, b), polygons.number(row, "giou"));
    REQUIRE(std::abs(enclosing_area(a, b) - polygons.number(row, "hull")) <= 1e-9 * polygons.number(row, "hull"));
    REQUIRE(std::abs(giou(a, b) - polygons.number(row, "giou")) <= 4 * boxlap::iou_error_bound(a, b) + 1e-9);
  }
}

TEST_CASE("measures of single shapes equal exact arithmetic") {
  if (fixture::missing()) {
    return;
  }
  const auto table = fixture::read("polygons/shapes.csv");
  for (std::size_t row = 0; row < table.size(); ++row) {
    const auto n = [&](const char* name) { return table.number(row, name); };
    const auto p = boxlap::parse_wkt<double>(table.text(row, "wkt"));
    CAPTURE(row, table.text(row, "family"));
    REQUIRE_THAT(area(p), Catch::Matchers::WithinRel(n("area"), 1e-15));
    REQUIRE_THAT(perimeter(p), Catch::Matchers::WithinRel(n("perimeter"), 1e-12));
    REQUIRE_THAT(centroid(p).x, Catch::Matchers::WithinRel(n("centroid_x"), 1e-12));
    REQUIRE_THAT(centroid(p).y, Catch::Matchers::WithinRel(n("centroid_y"), 1e-12));
    REQUIRE_THAT(area(convex_hull(p)), Catch::Matchers::WithinRel(n("hull_area"), 1e-12));
    const auto rectangle = min_area_rectangle(p);
    CAPTURE(area(rectangle), n("min_rect_area"));
    CHECK_THAT(area(rectangle), Catch::Matchers::WithinRel(n("min_rect_area"), 1e-12));
  }
}

TEST_CASE("points inside, outside and on the border") {
  const auto p = boxlap::parse_wkt<double>("POLYGON ((0 0, 10 0, 10 10, 5 5, 0 10, 0 0), (4 1, 4 3, 6 3, 6 1, 4 1))");
  for (const auto& inside :
       {Point{1.0, 1.0}, {0.0, 0.0}, {5.0, 5.0}, {10.0, 10.0}, {7.0, 7.0}, {4.0, 2.0}, {5.0, 3.0}}) {
    CAPTURE(inside.x, inside.y);
    REQUIRE(contains(p, inside));
  }
  for (const auto& outside :
       {Point{5.0, 2.0}, {5.0, 5.1}, {-0.1, 0.0}, {11.0, 5.0}, {5.0, 10.0}, {std::nan(""), 1.0}}) {
    CAPTURE(outside.x, outside.y);
    REQUIRE_FALSE(contains(p, outside));
  }
  REQUIRE(contains(Box{0.0, 0.0, 2.0, 1.0}, {2.0, 1.0}));
  REQUIRE_FALSE(contains(Box{0.0, 0.0, 2.0, 1.0}, {2.1, 1.0}));
  REQUIRE(contains(RotatedBox{0.0, 0.0, 4.0, 2.0, 90.0}, {1.0, 2.0}));
  REQUIRE_FALSE(contains(RotatedBox{0.0, 0.0, 4.0, 2.0, 90.0}, {2.0, 0.0}));
}

TEST_CASE("iou_at_least never says a wrong yes or no, over 100,000 adversarial pairs") {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  scenes::Rng rng(seed);
  const auto& families = scenes::rotated_families();
  int open = 0, wrong = 0, undecided_far = 0;
  constexpr int pairs = scenes::rounds(100'000);
  for (int k = 0; k < pairs; ++k) {
    const std::string& family = families[std::size_t(k) % families.size()];
    const auto [a, b] = scenes::rotated_pair(family, rng);
    const Decision decision = boxlap::iou_at_least(a, b, 0.5);
    double exact_iou = exact::extended(a, b).iou;  // good to 2^-60 (1 + k), far below the bound
    const double bound = boxlap::iou_error_bound(a, b);
    CAPTURE(family, a.cx, a.cy, a.w, a.h, a.degrees, b.cx, b.cy, b.w, b.h, b.degrees, exact_iou, bound);
    bool at_least = exact_iou >= 0.5;
    if (std::abs(exact_iou - 0.5) < 1e-3 * bound && decision != Decision::within_rounding) {
      using N = exact::Digits;
      const N shared = exact::shared_area<N>(exact::rings<N>(a), exact::rings<N>(b));
      at_least = N(3) * shared >= N(a.w) * N(a.h) + N(b.w) * N(b.h);
    }
    if (decision == Decision::within_rounding) {
      ++open;
      undecided_far += std::abs(exact_iou - 0.5) > 2.1 * bound;
    } else if ((decision == Decision::yes) != at_least) {
      ++wrong;
    }
  }
  CAPTURE(open);
  REQUIRE(wrong == 0);
  REQUIRE(undecided_far == 0);
  REQUIRE(open < pairs / 8);  // the ties that were built
}

TEST_CASE("iou_at_least of polygons never says a wrong yes or no, asked close to the exact IoU") {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  scenes::Rng rng(seed);
  using N = long double;
  const auto rings = [](const Polygon<double>& p, const Box<double>& frame) {
    std::vector<exact::Ring<N>> out;
    for (boxlap::Index r = 0; r < p.rings(); ++r) {
      out.emplace_back();
      for (const auto& v : p.ring(r)) {
        out.back().push_back({N(v.x) - N(frame.x1), N(v.y) - N(frame.y1)});
      }
    }
    return out;
  };
  const auto area_of = [](const std::vector<exact::Ring<N>>& all) {
    N sum = 0;
    for (const auto& ring : all) {
      sum += exact::area(ring);
    }
    return sum;
  };
  int decided = 0, open = 0;
  for (const std::string& family : scenes::polygon_families()) {
    for (int k = 0; k < 30 + scenes::rounds(270); ++k) {
      const auto [a, b] = scenes::polygon_pair<double>(family, rng);
      if (a.empty() || b.empty() || intersection_area(a, b) == 0) {
        continue;
      }
      const auto ring_a = rings(a, bounds(a)), ring_b = rings(b, bounds(a));
      const N shared = exact::shared_area<N>(ring_a, ring_b);
      const N exact_iou = shared / (area_of(ring_a) + area_of(ring_b) - shared);
      const double bound = boxlap::iou_error_bound(a, b);
      CAPTURE(family, to_wkt(a), to_wkt(b), double(exact_iou), bound);
      for (const double distance : {0.01, 0.1, 0.5, 1.0, 2.1, 10.0}) {
        for (const double sign : {-1.0, 1.0}) {
          const double threshold = double(exact_iou) + sign * distance * bound;
          if (threshold <= 0 || threshold > 1 || std::abs(exact_iou - N(threshold)) < N(bound) / 200) {
            continue;
          }
          const Decision decision = boxlap::iou_at_least(a, b, threshold);
          REQUIRE(decision != (exact_iou >= N(threshold) ? Decision::no : Decision::yes));
          REQUIRE((distance <= 2 || decision != Decision::within_rounding));
          ++(decision == Decision::within_rounding ? open : decided);
        }
      }
    }
  }
  REQUIRE(decided > scenes::rounds(5'000));
  REQUIRE(open > scenes::rounds(1'000));
}

TEST_CASE("iou_at_least of all kinds, at the ends") {
  const Box<double> a{0, 0, 2, 2}, b{0, 0, 2, 1};
  REQUIRE(boxlap::iou_at_least(a, b, 0.4) == Decision::yes);
  REQUIRE(boxlap::iou_at_least(a, b, 0.6) == Decision::no);
  REQUIRE(boxlap::iou_at_least(a, as_polygon(b), 0.5) == Decision::within_rounding);
  REQUIRE(boxlap::iou_at_least(a, Box<double>{5, 5, 6, 6}, 0.0) == Decision::yes);
  REQUIRE(boxlap::iou_at_least(a, Polygon<double>{}, 0.1) == Decision::no);
  REQUIRE(boxlap::iou_at_least(RotatedBox{0.0, 0.0, std::nan(""), 1.0, 0.0}, a, 0.1) == Decision::no);
}
