// Every function of a shape that states a bound, on all families known to have failed anywhere, against exact
// arithmetic. BOXLAP_ADVERSARIAL=seconds draws for that long and prints a table, BOXLAP_SEED=n repeats a run.
#include <boxlap/shape/box3.hpp>
#include <boxlap/shape/decision.hpp>
#include <boxlap/shape/measures.hpp>
#include <boxlap/shape/mixed_overlap.hpp>
#include <boxlap/shape/quad.hpp>
#include <boxlap/shape/wkt.hpp>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "../catch.hpp"
#include "../support/exact_overlap.hpp"
#include "../support/hard_polygons.hpp"
#include "../support/polygon_scenes.hpp"
#include "../support/rotated_scenes.hpp"
#include "../support/rounds.hpp"

using boxlap::Box;
using boxlap::Box3;
using boxlap::Point;
using boxlap::Polygon;
using boxlap::RotatedBox;

namespace {

/// Digits enough, and more of them for families whose coordinates are not of one size.
using Few = exact::Number<12>;
using Many = exact::Number<64>;

template <class T>
std::string text(const Polygon<T>& p) {
  return to_wkt(p);
}
template <class T>
std::string text(const Box<T>& b) {
  char line[200];
  std::snprintf(line, sizeof line, "Box{%.17g, %.17g, %.17g, %.17g}", double(b.x1), double(b.y1), double(b.x2),
                double(b.y2));
  return line;
}
template <class T>
std::string text(const RotatedBox<T>& b) {
  char line[200];
  std::snprintf(line, sizeof line, "RotatedBox{%.17g, %.17g, %.17g, %.17g, %.17g}", double(b.cx), double(b.cy),
                double(b.w), double(b.h), double(b.degrees));
  return line;
}
template <class T>
std::string text(const Box3<T>& b) {
  char line[200];
  std::snprintf(line, sizeof line, "z %.17g height %.17g over ", double(b.cz), double(b.dz));
  return line + text(bev(b));
}

template <class S>
constexpr const char* kind_of() {
  if constexpr (boxlap::detail::kind<S> == 0) {
    return "Box";
  } else if constexpr (boxlap::detail::kind<S> == 1) {
    return "RotatedBox";
  } else {
    return "Polygon";
  }
}

/// Worst error as a share of the stated bound, by function and kinds; the first case beyond it is kept.
struct Table {
  struct Row {
    double worst = 0;
    long cases = 0;
    std::string where{};
  };
  std::map<std::string, Row> rows{};
  std::string family{};

  template <class... Shapes>
  void note(const std::string& function, double error, double bound, const Shapes&... shapes) {
    Row& row = rows[function];
    ++row.cases;
    const double share = error == 0 ? 0 : error / bound;
    if (!(share <= row.worst)) {
      row.worst = std::isnan(share) ? std::numeric_limits<double>::infinity() : share;
      row.where = family + ": " + ((text(shapes) + "  ") + ...);
    }
  }
  void print() const {
    for (const auto& [function, row] : rows) {
      std::printf(
          "%-44s %9ld cases, worst error / bound %.3f  (%s)\n", function.c_str(), row.cases, row.worst,
          row.worst > 0.5 ? row.where.substr(0, 700).c_str() : row.where.substr(0, row.where.find(':')).c_str());
    }
  }
};

template <class T>
const char* scalar() {
  return std::is_same_v<T, float> ? "float " : "double ";
}

template <class T>
double ulp_of(double size) {
  const T near = static_cast<T>(std::abs(size));
  return double(std::nextafter(near, std::numeric_limits<T>::infinity())) - double(near);
}

template <class T>
constexpr double u = double(std::numeric_limits<T>::epsilon()) / 2;

template <class S>
double vertices_of(const S& s) {
  if constexpr (boxlap::detail::kind<S> == 3) {
    return double(s.points().size());
  } else {
    return 0;
  }
}

/// What intersection_area() may be wrong by: c u (1 + k) (1 + v / 64) of the smaller area, k = L (La + Lb + d) / area.
template <class R, class A, class B>
double area_bound(double c, const A& a, const B& b, double least) {
  const auto ba = boxlap::cast<double>(bounds(a)), bb = boxlap::cast<double>(bounds(b));
  const double la = std::hypot(ba.x2 - ba.x1, ba.y2 - ba.y1), lb = std::hypot(bb.x2 - bb.x1, bb.y2 - bb.y1);
  const double d =
      std::hypot((ba.x1 / 2 + ba.x2 / 2) - (bb.x1 / 2 + bb.x2 / 2), (ba.y1 / 2 + ba.y2 / 2) - (bb.y1 / 2 + bb.y2 / 2));
  const double v = vertices_of(a) + vertices_of(b);
  return c * u<R> * (least + std::min(la, lb) * (la + lb + d)) * (1 + v / 64);
}

template <class N, class A, class B>
void check_pair(const A& a, const B& b, Table& table) {
  using R = std::remove_cvref_t<decltype(intersection_area(a, b))>;
  const std::string kinds = std::string(scalar<R>()) + kind_of<A>() + " x " + kind_of<B>();
  const auto rings_a = exact::rings<N>(a), rings_b = exact::rings<N>(b);
  const N shared = exact::shared_area<N>(rings_a, rings_b);
  const N area_a = exact::area(rings_a), area_b = exact::area(rings_b);
  const double least = double(area_a < area_b ? area_a : area_b);
  const R got = intersection_area(a, b);
  const auto off = [](auto value, const N& exactly) { return double(abs(N(double(value)) - exactly)); };
  const bool both_boxes = boxlap::detail::kind<A> == 0 && boxlap::detail::kind<B> == 0;
  const bool any_polygon = boxlap::detail::kind<A> == 3 || boxlap::detail::kind<B> == 3;
  const double bound = both_boxes ? 4 * u<R> * double(shared) : area_bound<R>(any_polygon ? 4 : 8, a, b, least);
  table.note(kinds + " intersection_area", off(got, shared), bound, a, b);
  table.note(kinds + " symmetric, in range",
             got == intersection_area(b, a) && got >= 0 && got <= area(boxlap::cast<R>(a)) &&
                     got <= area(boxlap::cast<R>(b)) && iou(a, b) == iou(b, a) && iou(a, b) <= 1
                 ? 0
                 : 1,
             0, a, b);
  const double ratio = boxlap::iou_error_bound(a, b);
  table.note(kinds + " iou", off(iou(a, b), shared / (area_a + area_b - shared)), ratio, a, b);
  table.note(kinds + " iof", off(iof(a, b), shared / area_a), ratio * least / double(area_a), a, b);
  table.note(kinds + " ios", off(ios(a, b), shared / (area_a < area_b ? area_a : area_b)), ratio, a, b);
}

template <class N, class T>
bool exactly_inside(const std::vector<exact::Ring<N>>& rings, const Point<T>& at) {
  const N x = double(at.x), y = double(at.y);
  bool inside = false;
  for (const auto& ring : rings) {
    for (std::size_t k = 0; k < ring.size(); ++k) {
      const auto &a = ring[k], &b = ring[(k + 1) % ring.size()];
      const int side = ((b.x - a.x) * (y - a.y) - (b.y - a.y) * (x - a.x)).sign();
      const bool between_x = (a.x <= x && x <= b.x) || (b.x <= x && x <= a.x);
      const bool between_y = (a.y <= y && y <= b.y) || (b.y <= y && y <= a.y);
      if (side == 0 && between_x && between_y) {
        return true;
      }
      if ((a.y <= y) != (b.y <= y) && (side > 0) == (a.y <= y)) {
        inside = !inside;
      }
    }
  }
  return inside;
}

template <class N, class T>
void check_single(const Polygon<T>& p, scenes::Rng& rng, Table& table) {
  const std::string name = std::string(scalar<T>()) + "Polygon ";
  const auto rings = exact::rings<N>(p);
  const N exact_area = exact::area(rings);
  table.note(name + "area", double(abs(N(double(area(p))) - exact_area)), ulp_of<T>(double(exact_area)), p);
  const auto expected = exact::centroid(rings);
  const auto center = centroid(p);
  const auto around = bounds(p);
  const auto centroid_error = [&](T got, const N& exactly, double extent) {
    table.note(name + "centroid", double(abs(N(double(got)) - exactly)),
               std::max(ulp_of<T>(double(exactly)), 0x1p-80 * extent), p);
  };
  centroid_error(center.x, expected.x, double(around.x2) - double(around.x1));
  centroid_error(center.y, expected.y, double(around.y2) - double(around.y1));
  table.note(name + "centroid within bounds", contains(around, center) ? 0 : 1, 0, p);
  Box<T> seen{p.points()[0].x, p.points()[0].y, p.points()[0].x, p.points()[0].y};
  for (const auto& v : p.points()) {
    seen = {std::min(seen.x1, v.x), std::min(seen.y1, v.y), std::max(seen.x2, v.x), std::max(seen.y2, v.y)};
  }
  table.note(name + "bounds", seen == around ? 0 : 1, 0, p);
  const auto points = p.points();
  for (int k = 0; k < 6; ++k) {  // vertices, and places on or beside sides
    const auto &a = points[rng() % points.size()], &b = points[rng() % points.size()];
    const T t = T(rng() % 5) / 4;
    Point<T> at{a.x + t * (b.x - a.x), a.y + t * (b.y - a.y)};
    at.x = rng() % 3 == 0 ? std::nextafter(at.x, T(0)) : at.x;
    table.note(name + "contains", contains(p, at) == exactly_inside(rings, at) ? 0 : 1, 0, p);
  }
}

template <class N, class T>
void check_single(const RotatedBox<T>& box, scenes::Rng& rng, Table& table) {
  const std::string name = std::string(scalar<T>()) + "RotatedBox ";
  const auto wide = boxlap::cast<double>(box);
  const N exact_area = N(wide.w) * N(wide.h);
  table.note(name + "area", double(abs(N(double(area(box))) - exact_area)), ulp_of<T>(double(exact_area)), box);
  const auto rings = exact::rings<N>(box);
  const auto around = bounds(box);
  N x1 = rings[0][0].x, x2 = x1, y1 = rings[0][0].y, y2 = y1;
  for (const auto& p : rings[0]) {
    x1 = p.x < x1 ? p.x : x1, x2 = p.x > x2 ? p.x : x2, y1 = p.y < y1 ? p.y : y1, y2 = p.y > y2 ? p.y : y2;
  }
  const auto side = [&](T got, const N& exactly, int outward) {
    const double beyond = outward * double(N(double(got)) - exactly);
    table.note(name + "bounds", beyond < 0 ? std::numeric_limits<double>::infinity() : beyond,
               24 * u<T> * (wide.w + wide.h) + 4 * u<T> * std::abs(double(got)), box);
  };
  side(around.x1, x1, -1), side(around.y1, y1, -1), side(around.x2, x2, 1), side(around.y2, y2, 1);
  const auto d = exact::direction<N>(wide.degrees, N::pi());
  for (int k = 0; k < 4; ++k) {
    const auto &a = rings[0][std::size_t(k)], &b = rings[0][std::size_t(k + 1) % 4];
    const N t = double(rng() % 5) / 4;
    const Point<T> at{T(double(a.x + t * (b.x - a.x))), T(double(a.y + t * (b.y - a.y)))};
    const N dx = N(double(at.x)) - N(wide.cx), dy = N(double(at.y)) - N(wide.cy);
    const N beyond_x = abs(d[0] * dx + d[1] * dy) - N(wide.w) / 2,
            beyond_y = abs(d[0] * dy - d[1] * dx) - N(wide.h) / 2;
    const double beyond = double(beyond_x > beyond_y ? beyond_x : beyond_y);
    table.note(name + "contains", contains(box, at) == (beyond <= 0) ? 0 : std::abs(beyond),
               4 * u<T> * (std::abs(double(dx)) + std::abs(double(dy))), box);
  }
}

template <class N, class T>
void check_space(const RotatedBox<T>& a, const RotatedBox<T>& b, scenes::Rng& rng, Table& table) {
  const std::string name = std::string(scalar<T>()) + "Box3 x Box3 ";
  std::uniform_real_distribution<double> unit(0, 1);
  const T tall = T(std::pow(10, 4 * unit(rng) - 2)), low = T(std::pow(10, 4 * unit(rng) - 2)), z = T(1000 * unit(rng));
  const Box3<T> one{a.cx, a.cy, z, a.w, a.h, tall, a.degrees};
  const Box3<T> two{b.cx, b.cy, T(z + (tall + low) * (unit(rng) - 0.5) * T(1.1)), b.w, b.h, low, b.degrees};
  const N bottom_a = N(double(one.cz)) - N(double(one.dz)) / 2, top_a = N(double(one.cz)) + N(double(one.dz)) / 2;
  const N bottom_b = N(double(two.cz)) - N(double(two.dz)) / 2, top_b = N(double(two.cz)) + N(double(two.dz)) / 2;
  const N high = top_a < top_b ? top_a : top_b, deep = bottom_a > bottom_b ? bottom_a : bottom_b;
  const N height = high > deep ? high - deep : N(0);
  const auto rings_a = exact::rings<N>(a), rings_b = exact::rings<N>(b);
  const N shared = exact::shared_area<N>(rings_a, rings_b) * height;
  const double least = double(std::min(exact::area(rings_a), exact::area(rings_b)));
  const double heights = 4 * u<T> * (double(one.dz) + double(two.dz));
  const double bound = area_bound<T>(8, a, b, least) * double(height) + heights * least;
  const N volume_a = exact::area(rings_a) * N(double(one.dz)), volume_b = exact::area(rings_b) * N(double(two.dz));
  table.note(name + "shared_height", double(abs(N(double(shared_height(one, two))) - height)), heights, one, two);
  table.note(name + "volume", double(abs(N(double(volume(one))) - volume_a)), 2 * u<T> * double(volume_a), one);
  table.note(name + "intersection_volume", double(abs(N(double(intersection_volume(one, two))) - shared)), bound, one,
             two);
  const double least_volume = double(std::min(volume_a, volume_b));
  table.note(name + "iou", double(abs(N(double(iou(one, two))) - shared / (volume_a + volume_b - shared))),
             2 * bound / least_volume + 8 * u<T>, one, two);
}

template <class T>
Box<T> box_near(const Polygon<T>& p, scenes::Rng& rng) {
  const auto points = p.points();
  const auto &a = points[rng() % points.size()], &b = points[rng() % points.size()];
  const Box<T> box{std::min(a.x, b.x), std::min(a.y, b.y), std::max(a.x, b.x), std::max(a.y, b.y)};
  return has_extent(box) ? box : bounds(p);
}

template <class N, class T>
void draw_polygons(const std::string& family, scenes::Rng& rng, Table& table) {
  const auto [a, b] = scenes::HardPolygons<T>(rng).pair(family);
  if (a.empty() || b.empty()) {
    return;
  }
  table.family = family;
  check_single<N>(a, rng, table);
  check_single<N>(b, rng, table);
  check_pair<N>(a, b, table);
  const Box<T> box = box_near(a, rng);
  check_pair<N>(box, b, table);
  check_pair<N>(box, box_near(b, rng), table);
  if (family != "small" && family != "large") {
    // Along a side of a, so that sides are collinear up to rounding.
    const auto ring = a.ring(0);
    const auto &p = ring[0], &q = ring[1];
    const double turn = std::atan2(double(q.y) - double(p.y), double(q.x) - double(p.x)) * 180 / 3.14159265358979323846;
    const double length = std::hypot(double(q.x) - double(p.x), double(q.y) - double(p.y));
    const RotatedBox<T> rotated{T((p.x + q.x) / 2), T((p.y + q.y) / 2), T(length), T(length * 0.7), T(turn)};
    check_pair<N>(rotated, b, table);
    check_pair<N>(rotated, a, table);
    check_pair<N>(box, rotated, table);
    check_single<N>(rotated, rng, table);
  }
}

template <class T>
void draw_boxes(const std::string& family, scenes::Rng& rng, Table& table) {
  const auto [wide_a, wide_b] = scenes::rotated_pair(family, rng);
  const auto a = boxlap::cast<T>(wide_a), b = boxlap::cast<T>(wide_b);
  table.family = family;
  check_single<Few>(a, rng, table);
  check_pair<Few>(a, b, table);
  check_space<Few>(a, b, rng, table);
  const auto quad = boxlap::try_make_polygon<T>([&] {
    const auto corners_of_b = corners(b);
    return std::vector<Point<T>>(corners_of_b.begin(), corners_of_b.end());
  }());
  if (quad) {
    check_pair<Few>(a, *quad, table);
    check_pair<Few>(bounds(a), *quad, table);
    check_pair<Few>(bounds(a), b, table);
  }
}

/// Rotated boxes and upright ones whose sizes are anything in the range that is stated.
template <class T>
void draw_range(scenes::Rng& rng, Table& table) {
  constexpr bool is_double = std::is_same_v<T, double>;
  std::uniform_real_distribution<double> unit(0, 1);
  const auto size = [&] { return T(std::pow(10, is_double ? 270 * unit(rng) - 120 : 33 * unit(rng) - 15)); };
  const T w = size(), h = size(), reach = rng() % 2 == 0 ? w : h;
  const RotatedBox<T> a{T(reach * unit(rng)), T(reach * unit(rng)), w, rng() % 2 == 0 ? h : w, T(360 * unit(rng))};
  const RotatedBox<T> b{a.cx, T(a.cy - h * unit(rng) / 2), rng() % 2 == 0 ? w : size(), h, T(360 * unit(rng))};
  table.family = "range";
  check_single<Many>(a, rng, table);
  check_pair<Many>(a, b, table);
  check_pair<Many>(bounds(a), b, table);
}

void draw_all(scenes::Rng& rng, Table& table) {
  draw_range<float>(rng, table);
  draw_range<double>(rng, table);
  for (const auto* families : {&scenes::hard_families(), &scenes::polygon_families()}) {
    for (const std::string& family : *families) {
      if (family == "small" || family == "large" || family == "steep") {
        draw_polygons<Many, float>(family, rng, table);
        draw_polygons<Many, double>(family, rng, table);
      } else {
        draw_polygons<Few, float>(family, rng, table);
        draw_polygons<Few, double>(family, rng, table);
      }
    }
  }
  for (const std::string& family : scenes::rotated_families()) {
    draw_boxes<float>(family, rng, table);
    draw_boxes<double>(family, rng, table);
  }
}

}  // namespace

TEST_CASE("no function is wrong by more than it says, on whatever is known to have failed anywhere") {
  const char* const seconds = std::getenv("BOXLAP_ADVERSARIAL");
  const char* const given = std::getenv("BOXLAP_SEED");
  const unsigned seed = given != nullptr ? unsigned(std::strtoul(given, nullptr, 10)) : std::random_device{}();
  CAPTURE(seed);
  scenes::Rng rng(seed);
  Table table;
  const auto start = std::chrono::steady_clock::now();
  const double allowed = seconds != nullptr ? std::atof(seconds) : 0;
  int rounds = 0;
  do {
    draw_all(rng, table);
  } while (++rounds < (seconds != nullptr ? 1 : scenes::rounds(8)) ||
           std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() < allowed);
  if (seconds != nullptr) {
    std::printf("seed %u, %d rounds\n", seed, rounds);
    table.print();
  }
  for (const auto& [function, row] : table.rows) {
    CAPTURE(function, row.where);
    CHECK(row.worst <= 1);
  }
}
