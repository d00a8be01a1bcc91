#include <boxlap/shape/overlap.hpp>
#include <boxlap/shape/polygon.hpp>
#include <boxlap/shape/quad.hpp>
#include <boxlap/shape/wkt.hpp>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "../catch.hpp"
#include "../support/exact_overlap.hpp"
#include "../support/fixture.hpp"
#include "../support/polygon_scenes.hpp"
#include "../support/rounds.hpp"

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

TEST_CASE("polygons are accepted, repaired and rejected as the rules say, with ring and vertex") {
  if (fixture::missing()) {
    return;
  }
  using boxlap::Repair;
  using boxlap::RingRepair;
  const std::map<std::string, RingRepair> repaired{{"orientation", {0, Repair::reversed}},
                                                   {"unclosed", {0, Repair::closed}},
                                                   {"duplicate_vertex", {0, Repair::dropped_duplicate}},
                                                   {"hole_orientation", {1, Repair::reversed}}};
  const std::multimap<std::string, std::string> rejected{
      {"spike", "spike: shell runs out and back at vertex 3"},
      {"self_intersection", "self-intersection: sides 0 and 2 of shell cross"},
      {"self_touch", "self-touch: shell touches itself at vertex 2 and vertex 5"},
      {"self_touch", "self-touch: shell touches itself at vertex 3 and side 0"},
      {"too_few_points", "too few points: shell has fewer than three distinct vertices"},
      {"zero_area", "zero area: all vertices of shell are on one line"},
      {"not_finite", "WKT position 15: expected a number, got 'nan'"},
      {"not_finite", "WKT position 15: expected a number, got 'inf'"},
      {"hole_outside", "hole outside: hole 0 does not lie in its shell"},
      {"hole_crosses_shell", "hole crosses shell: side 2 of shell and side 0 of hole 0 cross"},
      {"holes_cross", "holes cross: side 1 of hole 0 and side 0 of hole 1 cross"},
      {"hole_in_hole", "hole in hole: hole 1 lies in hole 0"},
      {"hole_shares_side", "hole shares a side with its shell: shell near vertex 3, hole 0 near vertex 0"},
      {"parts_share_side", "parts share a side: part 0 shell near vertex 1, part 1 shell near vertex 0"},
      {"parts_overlap", "parts overlap: side 2 of part 0 shell and side 3 of part 1 shell cross"}};
  const auto table = fixture::read("polygons/validity.csv");
  for (std::size_t row = 0; row < table.size(); ++row) {
    const std::string wkt = table.text(row, "wkt"), action = table.text(row, "action"), kind = table.text(row, "class");
    CAPTURE(wkt, action, kind);
    std::string why;
    const auto polygon = boxlap::try_parse_wkt<double>(wkt, &why);
    CAPTURE(why);
    REQUIRE(polygon.has_value() == (action != "reject"));
    if (!polygon) {
      const auto [first, last] = rejected.equal_range(kind);
      REQUIRE(std::any_of(first, last, [&](const auto& rule) { return rule.second == why; }));
      REQUIRE_THROWS_AS(boxlap::parse_wkt<double>(wkt), std::invalid_argument);
      continue;
    }
    const auto repair = repaired.find(kind);
    REQUIRE((repair == repaired.end()) == (action == "accept"));
    REQUIRE(polygon->repairs() ==
            (action == "accept" ? std::vector<RingRepair>{} : std::vector<RingRepair>{repair->second}));
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
    REQUIRE(std::abs(iof(a, b) - n("iof_a")) <= 8 * u * least / n("area_a"));
    REQUIRE(ios(a, b) == intersection_area(a, b) / std::min(area(a), area(b)));
  }
  UNSCOPED_INFO("worst error of the area in u (1 + k): " << worst);
  CHECK(worst < 2);
}

TEST_CASE("quads overlap as exact arithmetic says, on the peers' failures") {
  if (fixture::missing()) {
    return;
  }
  const auto table = fixture::read("polygons/quads.csv");
  for (std::size_t row = 0; row < table.size(); ++row) {
    const auto n = [&](const std::string& name) { return table.number(row, name); };
    CAPTURE(row, table.text(row, "family"));
    const auto quad = [&](const std::string& which) {
      std::array<Point<double>, 4> corners;
      for (std::size_t k = 0; k < 4; ++k) {
        corners[k] = {n(which + "x" + std::to_string(k)), n(which + "y" + std::to_string(k))};
      }
      return boxlap::make_quad(corners);
    };
    const auto a = quad("a"), b = quad("b");
    const double u = unit<double>(a, b), least = std::min(n("area_a"), n("area_b"));
    REQUIRE(std::abs(area(a) - n("area_a")) <= 4e-16 * n("area_a"));
    REQUIRE(std::abs(intersection_area(a, b) - n("inter")) <= 4 * u * least);
    REQUIRE(std::abs(iou(a, b) - n("iou")) <= 8 * u);
    REQUIRE((iou(a, b) == iou(b, a) && iou(a, b) <= 1));
  }
}

TEST_CASE("convex rings share what the sum over all pairs of sides says, however they lie") {
  using Access = boxlap::detail::PolygonAccess<double>;
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  scenes::Rng rng(seed);
  std::uniform_real_distribution<double> unit_interval(0, 1);
  const auto hull = [&](double x, double y, double size, int n) {
    std::vector<Point<double>> points = scenes::star<double>(x, y, size, 0.3, n, rng);
    if (rng() % 2 == 0) {  // sides in both directions of the axes, and shared ones
      for (auto& p : points) {
        p = {std::round(p.x / 4) * 4, std::round(p.y / 4) * 4};
      }
    }
    return boxlap::try_make_polygon(boxlap::convex_hull(points)).value_or(Polygon<double>{});
  };
  int apart = 0;
  for (int k = 0; k < scenes::rounds(3'000); ++k) {
    const double away = 40 * unit_interval(rng);
    const auto a = hull(0, 0, 30, 3 + int(rng() % 20));
    const auto b = hull(away, 40 * unit_interval(rng), k % 3 == 0 ? 5 : 30, 3 + int(rng() % 20));
    const boxlap::detail::PairBounds around{bounds(a), bounds(b), a.points().size() + b.points().size()};
    if (a.empty() || b.empty() || !has_extent(around.common())) {
      continue;
    }
    CAPTURE(to_wkt(a), to_wkt(b));
    REQUIRE((Access::is_convex(a) && Access::is_convex(b)));
    const double by_pairs = boxlap::detail::shared_area_by_pairs(Access::sides(a), Access::sides(b), around);
    REQUIRE(std::abs(intersection_area(a, b) - by_pairs) <= 8 * unit<double>(a, b) * std::min(area(a), area(b)));
    apart += intersection_area(a, b) == 0;
  }
  REQUIRE(apart > 0);
  const auto triangle = boxlap::make_polygon(std::vector<Point<double>>{{0, 0}, {4, 0}, {0, 4}});
  const auto behind_its_side = boxlap::make_polygon(std::vector<Point<double>>{{4, 0}, {4, 4}, {0, 4}});
  REQUIRE(intersection_area(triangle, behind_its_side) == 0);
  auto moved_from = triangle;
  const auto moved_to = std::move(moved_from);
  REQUIRE(intersection_area(moved_to, triangle) == 8);
  REQUIRE(intersection_area(moved_from, triangle) == 0);  // NOLINT(bugprone-use-after-move)
  const auto star = boxlap::make_polygon(std::vector<Point<double>>{{0, 0}, {4, 0}, {1, 1}, {0, 4}});
  REQUIRE_FALSE(Access::is_convex(star));
  REQUIRE(intersection_area(star, triangle) == area(star));
}

TEMPLATE_TEST_CASE("polygons overlap as exact arithmetic says, on fresh pairs", "", float, double) {
  using N = exact::Digits;
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  scenes::Rng rng(seed);
  double worst = 0;
  for (const std::string& family : scenes::polygon_families()) {
    CAPTURE(family);
    for (int k = 0; k < scenes::rounds(12); ++k) {
      const auto [a, b] = scenes::polygon_pair<TestType>(family, rng);
      if (a.empty() || b.empty()) {
        continue;
      }
      CAPTURE(to_wkt(a), to_wkt(b));
      const auto rings_a = exact::rings<N>(a), rings_b = exact::rings<N>(b);
      const N shared = exact::shared_area<N>(rings_a, rings_b);
      const double area_a = double(exact::area(rings_a));
      REQUIRE(std::abs(double(area(a)) - area_a) <= std::numeric_limits<TestType>::epsilon() * area_a);
      const double u = unit<TestType>(a, b), least = std::min(double(area(a)), double(area(b)));
      const double error = std::abs(double(N(double(intersection_area(a, b))) - shared)) / (u * least);
      worst = std::max(worst, error);
      REQUIRE(error <= 4);
      REQUIRE(iou(a, b) == iou(b, a));
    }
  }
  UNSCOPED_INFO("worst error of the area in u (1 + k): " << worst);
  CHECK(worst < 4);
}

namespace {

/// What is wrong with one ring, asked of every two sides: the oracle of the sweep.
bool simple_by_brute_force(const std::vector<Point<double>>& ring) {
  using boxlap::detail::lexicographic;
  using boxlap::detail::orientation;
  const std::size_t n = ring.size();
  const auto on = [](const auto& a, const auto& b, const auto& p) {
    return orientation(a, b, p) == 0 && !lexicographic(p, std::min(a, b, lexicographic<double>)) &&
           !lexicographic(std::max(a, b, lexicographic<double>), p);
  };
  for (std::size_t i = 0; i < n; ++i) {
    const auto &a = ring[i], &b = ring[(i + 1) % n];
    for (std::size_t j = i + 1; j < n; ++j) {
      const auto &c = ring[j], &d = ring[(j + 1) % n];
      const bool follows = j == i + 1, precedes = i == 0 && j == n - 1;
      if (follows || precedes) {  // share one vertex; must share no more
        const auto &middle = follows ? b : a, &one = follows ? a : b, &other = follows ? d : c;
        if (on(middle, one, other) || on(middle, other, one)) {
          return false;
        }
        continue;
      }
      if (on(a, b, c) || on(a, b, d) || on(c, d, a) || on(c, d, b) ||
          (orientation(a, b, c) * orientation(a, b, d) < 0 && orientation(c, d, a) * orientation(c, d, b) < 0)) {
        return false;
      }
    }
  }
  return true;
}

}  // namespace

TEST_CASE("the sweep finds what every two sides would tell, on small grids where everything touches") {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  scenes::Rng rng(seed);
  int accepted = 0;
  for (int k = 0; k < scenes::rounds(30'000); ++k) {
    const int n = 3 + int(rng() % 6), extent = 3 + int(rng() % 4);
    std::vector<Point<double>> ring;
    for (int v = 0; v < n; ++v) {
      ring.push_back({double(rng() % unsigned(extent)), double(rng() % unsigned(extent))});
    }
    std::vector<Point<double>> clean;
    for (const auto& p : ring) {
      if (clean.empty() || clean.back() != p) {
        clean.push_back(p);
      }
    }
    while (clean.size() > 1 && clean.front() == clean.back()) {
      clean.pop_back();
    }
    std::string why;
    const bool valid = boxlap::try_make_polygon<double>(ring, {}, &why).has_value();
    accepted += valid;
    CAPTURE(why);
    for (const auto& p : ring) {
      UNSCOPED_INFO(p.x << " " << p.y);
    }
    REQUIRE(valid == (clean.size() >= 3 && simple_by_brute_force(clean)));
  }
  REQUIRE(accepted > 500);
}

TEST_CASE("holes and parts on small grids: valid together exactly where areas say so") {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  scenes::Rng rng(seed);
  const auto rectangle = [&](int extent) {
    const double x = double(rng() % unsigned(extent)), y = double(rng() % unsigned(extent));
    const double w = double(1 + rng() % 4), h = double(1 + rng() % 4);
    return std::vector<Point<double>>{{x, y}, {x + w, y}, {x + w, y + h}, {x, y + h}};
  };
  const auto box_of = [](const std::vector<Point<double>>& r) { return boxlap::Box{r[0].x, r[0].y, r[2].x, r[2].y}; };
  const auto shares_side = [](const auto& a, const auto& b) {
    const double w = std::min(a.x2, b.x2) - std::max(a.x1, b.x1), h = std::min(a.y2, b.y2) - std::max(a.y1, b.y1);
    const bool same_x = a.x1 == b.x1 || a.x1 == b.x2 || a.x2 == b.x1 || a.x2 == b.x2;
    const bool same_y = a.y1 == b.y1 || a.y1 == b.y2 || a.y2 == b.y1 || a.y2 == b.y2;
    return (same_x && h > 0 && w >= 0) || (same_y && w > 0 && h >= 0);
  };
  int accepted = 0;
  for (int k = 0; k < 4'000; ++k) {
    const auto r = rectangle(6), s = rectangle(6);
    const auto a = box_of(r), b = box_of(s);
    const bool apart = intersection_area(a, b) == 0 && !shares_side(a, b);
    const std::vector<Polygon<double>> both{boxlap::make_polygon(r), boxlap::make_polygon(s)};
    REQUIRE(boxlap::try_make_multipolygon(both).has_value() == apart);
    // Two holes in a large shell: apart, or touching in one point.
    const std::vector<Point<double>> shell{{-1, -1}, {20, -1}, {20, 20}, {-1, 20}};
    const auto holed = boxlap::try_make_polygon<double>(shell, {r, s});
    REQUIRE(holed.has_value() == apart);
    if (holed) {
      REQUIRE(area(*holed) == 441 - area(a) - area(b));
      ++accepted;
    }
    const bool inside = a.x1 < b.x1 && a.y1 < b.y1 && b.x2 < a.x2 && b.y2 < a.y2;
    REQUIRE(boxlap::try_make_polygon<double>(r, {s}).has_value() == inside);
  }
  REQUIRE(accepted > 500);
}

TEST_CASE("messages name ring and vertex as the caller counts them") {
  const auto why = [](std::vector<Point<double>> shell, std::vector<std::vector<Point<double>>> holes = {}) {
    std::string text;
    REQUIRE_FALSE(boxlap::try_make_polygon(shell, holes, &text).has_value());
    return text;
  };
  REQUIRE(why({{0, 0}, {4, 3}, {4, 0}, {0, 3}}) == "self-intersection: sides 0 and 2 of shell cross");
  REQUIRE(why({{0, 0}, {0, 0}, {4, 3}, {4, 0}, {0, 3}}) == "self-intersection: sides 0 and 3 of shell cross");
  REQUIRE(why({{0, 0}, {4, 0}, {4, 3}, {6, 3}, {4, 3}, {0, 3}}) == "spike: shell runs out and back at vertex 3");
  REQUIRE(why({{0, 0}, {4, 0}, {4, std::nan("")}}) == "not finite: shell vertex 2");
  REQUIRE(why({{0, 0}, {9, 0}, {9, 9}, {0, 9}}, {{{1, 1}, {2, 1}, {2, 2}}, {{20, 20}, {21, 20}, {21, 21}}}) ==
          "hole outside: hole 1 does not lie in its shell");
  REQUIRE(why({{0, 0}, {9, 0}, {9, 9}, {0, 9}}, {{{0, 4}, {4, 9}, {5, 4}}}) ==
          "disconnected: shell and hole 0 touch so that they cut the part in two");
  REQUIRE(why({}, {{{1, 1}, {2, 1}, {2, 2}}}) == "too few points: shell has fewer than three distinct vertices");
  REQUIRE_THROWS_AS(boxlap::make_polygon(std::vector<Point<double>>{{0, 0}, {1, 1}}), std::invalid_argument);
}

TEST_CASE("long rings are checked in n log n: combs whose teeth all overlap in both axes") {
  const auto comb = [](int teeth, bool crossing) {
    std::vector<Point<double>> ring;
    const auto turned = [](double x, double y) { return Point<double>{x - y, x + y}; };
    for (int k = 0; k < teeth; ++k) {
      ring.push_back(turned(2 * k, 0));
      ring.push_back(turned(2 * k + 1, 1'000'000));
    }
    ring.push_back(turned(2 * teeth, 0));
    ring.push_back(turned(2 * teeth, crossing ? 10 : -10));
    ring.push_back(turned(0, -10));
    if (crossing) {
      ring[ring.size() - 3] = turned(2 * teeth - 2.9, 5);
    }
    return ring;
  };
  const std::clock_t start = std::clock();
  REQUIRE(boxlap::try_make_polygon(comb(30'000, false)).has_value());
  REQUIRE_FALSE(boxlap::try_make_polygon(comb(30'000, true)).has_value());
  // Every two sides would take 4e9 tests: a minute and more of a processor.
  REQUIRE(std::clock() - start < 10 * CLOCKS_PER_SEC);
}

TEST_CASE("repairs are listed, and change nothing else") {
  using boxlap::Repair;
  using boxlap::RingRepair;
  const auto open = boxlap::make_polygon(std::vector<Point<double>>{{0, 0}, {4, 0}, {4, 3}, {0, 3}});
  REQUIRE(open.repairs().empty());
  const auto turned = boxlap::make_polygon(std::vector<Point<double>>{{0, 3}, {4, 3}, {4, 0}, {0, 0}});
  REQUIRE(turned.repairs() == std::vector<RingRepair>{{0, Repair::reversed}});
  REQUIRE(turned == open);
  const auto wkt = boxlap::parse_wkt<float>("POLYGON ((0 0, 4 0, 4 0, 4 3, 0 3))");
  REQUIRE(wkt.repairs() == std::vector<RingRepair>{{0, Repair::closed}, {0, Repair::dropped_duplicate}});
  REQUIRE(wkt == boxlap::cast<float>(open));
}

TEST_CASE("narrowing that turns a thin polygon inside out leaves no area") {
  const auto thin = boxlap::make_polygon<double>({{0, 0}, {1, 1 + 7e-8}, {0.75, 0.75 + 5.6e-8}});
  const auto square = boxlap::make_polygon<double>({{-1, -1}, {2, -1}, {2, 2}, {-1, 2}});
  const auto star = boxlap::make_polygon<float>({{-1, -1}, {2, -1}, {0.5F, 0.5F}, {2, 2}, {-1, 2}});
  const auto narrow = boxlap::cast<float>(thin);
  REQUIRE(area(thin) > 0);
  REQUIRE(area(narrow) == 0);
  REQUIRE(intersection_area(narrow, narrow) == 0);
  REQUIRE(intersection_area(narrow, boxlap::cast<float>(square)) == 0);
  REQUIRE(intersection_area(narrow, star) == 0);
  REQUIRE(intersection_area(boxlap::Box<float>{-1, -1, 2, 2}, narrow) == 0);
  REQUIRE(iou(narrow, narrow) == 0);
  REQUIRE(giou(narrow, star) <= 0);
  REQUIRE(bounds(narrow) == boxlap::cast<float>(bounds(thin)));
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  scenes::Rng rng(seed);
  int turned = 0;
  for (int k = 0; k < scenes::rounds(2'000); ++k) {
    std::uniform_real_distribution<double> unit(0, 1);
    const double x = 1 + unit(rng), y = 1 + unit(rng), t = unit(rng);
    const auto p = boxlap::try_make_polygon<double>(
        {{0, 0}, {x, y}, {t * x + 1e-8 * unit(rng), t * y - 1e-8 * unit(rng)}, {t * x / 2, t * y / 2 - 1e-8}});
    if (!p) {
      continue;
    }
    const auto q = boxlap::cast<float>(*p);
    CAPTURE(to_wkt(*p), to_wkt(q));
    REQUIRE(area(q) >= 0);
    REQUIRE((intersection_area(q, q) == area(q) && intersection_area(q, star) <= area(q)));
    turned += area(q) == 0;
  }
  REQUIRE(turned > 0);
}

TEST_CASE("bow-tie quads are repaired only on demand") {
  const std::array<Point<double>, 4> bow{{{0, 0}, {4, 3}, {4, 0}, {0, 3}}};
  REQUIRE_THROWS_AS(boxlap::make_quad(bow), std::invalid_argument);
  REQUIRE(area(boxlap::make_quad(bow, boxlap::BowTie::hull)) == 12);
  REQUIRE(area(boxlap::make_quad(bow, boxlap::BowTie::reorder)) == 12);
  const std::array<Point<double>, 4> dart{{{0, 0}, {4, 2}, {0, 4}, {1, 2}}};
  REQUIRE(area(boxlap::make_quad(dart, boxlap::BowTie::hull)) == area(boxlap::make_quad(dart)));
}

TEST_CASE("the empty polygon has no area and meets nothing") {
  const Polygon<double> empty;
  const auto square = boxlap::make_polygon(std::vector<Point<double>>{{-1, -1}, {1, -1}, {1, 1}, {-1, 1}});
  REQUIRE((empty.empty() && empty.rings() == 0 && area(empty) == 0));
  REQUIRE(iou(empty, empty) == 0);
  REQUIRE(iou(empty, square) == 0);
  REQUIRE(boxlap::make_polygon(std::vector<Point<double>>{}) == empty);
  REQUIRE(boxlap::make_multipolygon(std::vector<Polygon<double>>{empty, square, empty}) == square);
}

TEST_CASE("parts that overlap are refused by name, and repairs of parts are listed by ring") {
  using boxlap::Repair;
  using boxlap::RingRepair;
  using Points = std::vector<Point<double>>;
  const auto square = boxlap::make_polygon(Points{{0, 0}, {2, 0}, {2, 2}, {0, 2}});
  const auto across = boxlap::make_polygon(Points{{1, 1}, {3, 1}, {3, 3}, {1, 3}});
  REQUIRE_THROWS_AS(boxlap::make_multipolygon(std::vector{square, across}), std::invalid_argument);
  std::string why;
  REQUIRE_FALSE(boxlap::try_make_multipolygon(std::vector{square, across}, &why));
  REQUIRE_THROWS_WITH(boxlap::make_multipolygon(std::vector{square, across}), "boxlap: " + why);
  REQUIRE(why.find("part 1") != std::string::npos);
  const auto turned = boxlap::make_polygon(Points{{9, 7}, {9, 5}, {7, 5}, {7, 7}});
  const auto frame = boxlap::make_polygon(Points{{10, 0}, {20, 0}, {20, 10}, {10, 10}},
                                          std::vector<Points>{{{11, 1}, {12, 1}, {12, 2}, {11, 2}}});
  REQUIRE(turned.repairs() == std::vector<RingRepair>{{0, Repair::reversed}});
  REQUIRE(frame.repairs() == std::vector<RingRepair>{{1, Repair::reversed}});
  const auto all = boxlap::make_multipolygon(std::vector{square, frame, turned});
  REQUIRE(all.repairs() == std::vector<RingRepair>{{2, Repair::reversed}, {3, Repair::reversed}});
  REQUIRE(area(all) == 4 + 99 + 4);
}

TEST_CASE("boxes without a place or extent share nothing with rotated boxes and polygons") {
  constexpr double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  const auto square = boxlap::make_polygon(std::vector<Point<double>>{{-1, -1}, {1, -1}, {1, 1}, {-1, 1}});
  using boxlap::Box;
  using boxlap::RotatedBox;
  const RotatedBox<double> rotated{0, 0, 2, 2, 30};
  REQUIRE(intersection_area(rotated, square) > 3);
  REQUIRE(intersection_area(rotated, Polygon<double>{}) == 0);
  for (const double bad : {inf, -inf, nan}) {
    REQUIRE(intersection_area(RotatedBox<double>{bad, 0, 2, 2, 30}, square) == 0);
    REQUIRE(intersection_area(RotatedBox<double>{0, bad, 2, 2, 30}, square) == 0);
  }
  REQUIRE(intersection_area(Box<double>{-1, -1, 1, 1}, rotated) > 3);
  for (const Box<double>& box :
       {Box<double>{1, -1, -1, 1}, {-1, 1, 1, -1}, {nan, -1, 1, 1}, {-1, -1, 1, nan}, {0, -1, 0, 1}}) {
    REQUIRE(intersection_area(box, rotated) == 0);
    REQUIRE(intersection_area(rotated, box) == 0);
  }
}
