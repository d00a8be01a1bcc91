/// Verdicts on polygons against the rules written out over integers, areas and overlaps against extended precision.
#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <boxlap/shape/mixed_overlap.hpp>
#include <boxlap/shape/overlap.hpp>
#include <boxlap/shape/polygon.hpp>
#include <boxlap/shape/wkt.hpp>

#include "../support/exact_overlap.hpp"
#include "input.hpp"

using boxlap::Box;
using boxlap::Index;
using boxlap::Polygon;

namespace {

__extension__ typedef __int128 Wide;

/// Twice a coordinate, so that the middle of two is one too.
struct Node {
  std::int64_t x, y;
  friend auto operator<=>(const Node&, const Node&) = default;
};
using Ring = std::vector<Node>;
using Rings = std::vector<Ring>;  // a shell and its holes

int turn(const Node& a, const Node& b, const Node& c) {
  const Wide cross = Wide(b.x - a.x) * (c.y - a.y) - Wide(b.y - a.y) * (c.x - a.x);
  return cross > 0 ? 1 : cross < 0 ? -1 : 0;
}

bool on_side(const Node& p, const Node& a, const Node& b) {
  return turn(a, b, p) == 0 && std::min(a.x, b.x) <= p.x && p.x <= std::max(a.x, b.x) && std::min(a.y, b.y) <= p.y &&
         p.y <= std::max(a.y, b.y);
}

/// The sides share a point.
bool meet(const Node& a, const Node& b, const Node& c, const Node& d) {
  return on_side(a, c, d) || on_side(b, c, d) || on_side(c, a, b) || on_side(d, a, b) ||
         (turn(a, b, c) * turn(a, b, d) < 0 && turn(c, d, a) * turn(c, d, b) < 0);
}

/// The sides share a point inside both, and none is an end of either.
bool cross(const Node& a, const Node& b, const Node& c, const Node& d) {
  return turn(a, b, c) * turn(a, b, d) < 0 && turn(c, d, a) * turn(c, d, b) < 0;
}

/// The sides share more than points.
bool overlay(const Node& a, const Node& b, const Node& c, const Node& d) {
  if (turn(a, b, c) != 0 || turn(a, b, d) != 0) {
    return false;
  }
  const auto [a0, a1] = std::minmax(a, b);
  const auto [c0, c1] = std::minmax(c, d);
  return std::max(a0, c0) < std::min(a1, c1);
}

const Node& next(const Ring& ring, std::size_t k) { return ring[(k + 1) % ring.size()]; }

/// Without equal neighbours.
Ring cleaned(const Ring& ring) {
  Ring result;
  for (const Node& p : ring) {
    if (result.empty() || result.back() != p) {
      result.push_back(p);
    }
  }
  while (result.size() > 1 && result.back() == result.front()) {
    result.pop_back();
  }
  return result;
}

/// Eight times the area, since coordinates are doubled; positive where the ring turns counter-clockwise.
Wide turned_area(const Ring& ring) {
  Wide sum = 0;
  for (std::size_t k = 0; k < ring.size(); ++k) {
    const Node &a = ring[k], &b = next(ring, k), &o = ring[0];
    sum += Wide(a.x - o.x) * (b.y - o.y) - Wide(a.y - o.y) * (b.x - o.x);
  }
  return sum;
}

Wide eight_areas(const Ring& ring) {
  const Wide area = turned_area(ring);
  return area < 0 ? -area : area;
}

/// No two sides share more than the vertex between them.
bool is_simple(const Ring& ring) {
  const std::size_t n = ring.size();
  if (n < 3) {
    return false;
  }
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = i + 1; j < n; ++j) {
      const Node &a = ring[i], &b = next(ring, i), &c = ring[j], &d = next(ring, j);
      const bool neighbours = j == i + 1 || (i == 0 && j == n - 1);
      if (neighbours ? overlay(a, b, c, d) : meet(a, b, c, d)) {
        return false;
      }
    }
  }
  return true;
}

enum class Where { outside, border, inside };

Where where(const Node& p, const Ring& ring) {
  bool inside = false;
  for (std::size_t k = 0; k < ring.size(); ++k) {
    const Node &a = ring[k], &b = next(ring, k);
    if (on_side(p, a, b)) {
      return Where::border;
    }
    if ((a.y > p.y) != (b.y > p.y)) {
      inside = inside != (turn(a, b, p) * (b.y > a.y ? 1 : -1) > 0);
    }
  }
  return inside ? Where::inside : Where::outside;
}

/// The points where ring a touches ring b.
std::set<Node> touches(const Ring& a, const Ring& b) {
  std::set<Node> points;
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t j = 0; j < b.size(); ++j) {
      if (on_side(a[i], b[j], next(b, j))) {
        points.insert(a[i]);
      }
      if (on_side(b[j], a[i], next(a, i))) {
        points.insert(b[j]);
      }
    }
  }
  return points;
}

/// The middles of the pieces that the sides of `a` fall into where `b` touches them.
std::vector<Node> middles(const Ring& a, const Ring& b) {
  const std::set<Node> cuts = touches(a, b);
  std::vector<Node> result;
  for (std::size_t k = 0; k < a.size(); ++k) {
    std::set<Node> stops = {a[k], next(a, k)};
    for (const Node& p : cuts) {
      if (on_side(p, a[k], next(a, k))) {
        stops.insert(p);
      }
    }
    for (auto s = stops.begin(); std::next(s) != stops.end(); ++s) {
      result.push_back({s->x + (std::next(s)->x - s->x) / 2, s->y + (std::next(s)->y - s->y) / 2});
    }
  }
  return result;
}

/// Sides of the two rings cross or lie on one another.
bool conflict(const Ring& a, const Ring& b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t j = 0; j < b.size(); ++j) {
      if (cross(a[i], next(a, i), b[j], next(b, j)) || overlay(a[i], next(a, i), b[j], next(b, j))) {
        return true;
      }
    }
  }
  return false;
}

bool any_is(const std::vector<Node>& points, const Ring& ring, Where place) {
  return std::any_of(points.begin(), points.end(), [&](const Node& p) { return where(p, ring) == place; });
}

/// The rings and the points where they touch are a graph; a cycle in it cuts the inside in two.
bool is_cut(const Rings& rings) {
  std::vector<std::size_t> group(rings.size());
  std::iota(group.begin(), group.end(), std::size_t{0});
  std::map<Node, std::set<std::size_t>> rings_at;
  for (std::size_t i = 0; i < rings.size(); ++i) {
    for (std::size_t j = i + 1; j < rings.size(); ++j) {
      for (const Node& p : touches(rings[i], rings[j])) {
        rings_at[p].insert({i, j});
      }
    }
  }
  for (const auto& [p, members] : rings_at) {
    std::set<std::size_t> groups;
    for (const std::size_t r : members) {
      groups.insert(group[r]);
    }
    if (groups.size() < members.size()) {
      return true;
    }
    for (std::size_t& g : group) {
      g = groups.count(g) != 0 ? *groups.begin() : g;
    }
  }
  return false;
}

bool is_valid(const Rings& rings) {
  if (!std::all_of(rings.begin(), rings.end(), is_simple)) {
    return false;
  }
  for (std::size_t i = 0; i < rings.size(); ++i) {
    for (std::size_t j = i + 1; j < rings.size(); ++j) {
      if (conflict(rings[i], rings[j])) {
        return false;
      }
      if (i > 0 && (any_is(middles(rings[i], rings[j]), rings[j], Where::inside) ||
                    any_is(middles(rings[j], rings[i]), rings[i], Where::inside))) {
        return false;
      }
    }
    if (i > 0 && any_is(middles(rings[i], rings[0]), rings[0], Where::outside)) {
      return false;
    }
  }
  return !is_cut(rings);
}

/// Two valid parts share no area and no side.
bool are_apart(const Rings& a, const Rings& b) {
  const auto enters = [](const Rings& one, const Rings& other) {
    for (const Ring& ring : one) {
      Ring all;  // the vertices of all other rings cut it
      std::set<Node> cuts;
      for (const Ring& theirs : other) {
        const auto touched = touches(ring, theirs);
        cuts.insert(touched.begin(), touched.end());
      }
      for (std::size_t k = 0; k < ring.size(); ++k) {
        std::set<Node> stops = {ring[k], next(ring, k)};
        std::copy_if(cuts.begin(), cuts.end(), std::inserter(stops, stops.end()),
                     [&](const Node& p) { return on_side(p, ring[k], next(ring, k)); });
        for (auto s = stops.begin(); std::next(s) != stops.end(); ++s) {
          const Node p{s->x + (std::next(s)->x - s->x) / 2, s->y + (std::next(s)->y - s->y) / 2};
          const bool within = where(p, other[0]) == Where::inside &&
                              std::none_of(other.begin() + 1, other.end(),
                                           [&](const Ring& hole) { return where(p, hole) == Where::inside; });
          if (within) {
            return true;
          }
        }
      }
    }
    return false;
  };
  for (const Ring& ring : a) {
    for (const Ring& other : b) {
      if (conflict(ring, other)) {
        return false;
      }
    }
  }
  return !enters(a, b) && !enters(b, a);
}

/// How the integers become coordinates: exact in T. `fine` makes neighbours of them differ by little.
struct Grid {
  std::int64_t step = 1, dx = 0, dy = 0;
  double unit = 1;
};

Ring draw_ring(fuzz::Input& in, const Grid& grid, const Ring& last) {
  const auto node = [&] {
    const int b = in.byte();
    std::int64_t x = (b % 16) * grid.step, y = (b / 16) * grid.step;
    if (grid.step > 1) {
      const int off = in.byte();
      x += off % 16 < 3 ? off % 16 - 1 : 0;
      y += off / 16 < 3 ? off / 16 - 1 : 0;
    }
    return Node{2 * x, 2 * y};
  };
  Ring ring;
  switch (in.below(6)) {
    case 0: {  // a rectangle
      const Node a = node(), b = node();
      ring = {a, {b.x, a.y}, b, {a.x, b.y}};
      break;
    }
    case 1: {  // vertices of the ring before, and others
      for (const Node& p : last) {
        const int b = in.below(4);
        if (b < 2) {
          ring.push_back(b == 0 ? p : node());
        }
      }
      break;
    }
    case 2: {  // about a centre, by angle
      const Node c = node();
      for (int n = in.below(14) + 3; n > 0; --n) {
        ring.push_back(node());
      }
      std::stable_sort(ring.begin(), ring.end(), [&](const Node& p, const Node& q) {
        return std::atan2(double(p.y - c.y), double(p.x - c.x)) < std::atan2(double(q.y - c.y), double(q.x - c.x));
      });
      break;
    }
    case 3: {  // vertices put into sides of a rectangle: straight runs and touches
      const Node a = node(), b = node();
      ring = {a, {b.x, a.y}, b, {a.x, b.y}};
      for (int n = in.below(4); n > 0; --n) {
        const auto k = static_cast<std::ptrdiff_t>(in.below(static_cast<int>(ring.size())));
        ring.insert(ring.begin() + k, node());
      }
      break;
    }
    default:
      for (int n = in.below(10); n > 0; --n) {
        ring.push_back(node());
      }
  }
  if (in.rarely(4) && !ring.empty()) {
    ring.push_back(ring.front());  // closed
  }
  return ring;
}

template <class T>
std::vector<boxlap::Point<T>> points(const Ring& ring, const Grid& grid) {
  std::vector<boxlap::Point<T>> result;
  for (const Node& p : ring) {
    result.push_back({static_cast<T>(static_cast<double>(p.x / 2 + grid.dx) * grid.unit),
                      static_cast<T>(static_cast<double>(p.y / 2 + grid.dy) * grid.unit)});
  }
  return result;
}

struct Drawn {
  std::vector<Rings> parts;  // clean
  [[nodiscard]] double area(const Grid& grid) const {
    Wide sum = 0;
    for (const Rings& rings : parts) {
      for (std::size_t r = 0; r < rings.size(); ++r) {
        sum += r == 0 ? eight_areas(rings[r]) : -eight_areas(rings[r]);
      }
    }
    return static_cast<double>(static_cast<long double>(sum) / 8 * grid.unit * grid.unit);
  }
  /// Shells counter-clockwise, holes clockwise, without the shift.
  [[nodiscard]] std::vector<exact::Ring<long double>> rings(const Grid& grid) const {
    std::vector<exact::Ring<long double>> result;
    for (const Rings& part : parts) {
      for (std::size_t r = 0; r < part.size(); ++r) {
        exact::Ring<long double> ring;
        for (const Node& p : part[r]) {
          ring.push_back(
              {static_cast<long double>(p.x) / 2 * grid.unit, static_cast<long double>(p.y) / 2 * grid.unit});
        }
        if ((turned_area(part[r]) > 0) != (r == 0)) {
          std::reverse(ring.begin(), ring.end());
        }
        result.push_back(ring);
      }
    }
    return result;
  }
};

double ulps(double got, double expected, double epsilon) {
  return got == expected ? 0 : std::abs(got - expected) / (std::abs(expected) * epsilon);
}

/// Draws a polygon, compares the verdict, and returns it if it is one.
template <class T>
std::optional<Polygon<T>> draw_polygon(fuzz::Input& in, const Grid& grid, Drawn& drawn) {
  std::vector<Polygon<T>> parts;
  Ring last;
  bool valid = true;
  for (int n = in.rarely(4) ? in.below(4) + 1 : 1; n > 0; --n) {
    Rings rings, given;
    for (int r = in.rarely(2) ? in.below(5) + 1 : 1; r > 0; --r) {
      given.push_back(draw_ring(in, grid, last));
      if (given.back().empty()) {
        given.back().push_back({0, 0});
      }
      rings.push_back(cleaned(given.back()));
      last = rings.back();
    }
    std::vector<std::vector<boxlap::Point<T>>> holes;
    for (std::size_t r = 1; r < given.size(); ++r) {
      holes.push_back(points<T>(given[r], grid));
    }
    std::string why;
    auto polygon = boxlap::try_make_polygon<T>(points<T>(given[0], grid), holes, &why);
    fuzz::require(polygon.has_value() == is_valid(rings), "a part is valid by the rules of simple features or refused",
                  [&] {
                    std::string rows = why;
                    for (const Ring& ring : given) {
                      rows += "\nring";
                      for (const Node& p : ring) {
                        rows += ", " + std::to_string(p.x / 2) + " " + std::to_string(p.y / 2);
                      }
                    }
                    return rows;
                  });
    fuzz::require(polygon.has_value() == why.empty(), "a refusal has a reason");
    if (!polygon) {
      return std::nullopt;
    }
    for (const Rings& other : drawn.parts) {
      valid = valid && are_apart(rings, other);
    }
    parts.push_back(*polygon);
    drawn.parts.push_back(rings);
  }
  auto all = parts.size() == 1 ? parts[0] : boxlap::try_make_multipolygon(parts);
  fuzz::require(all.has_value() == valid, "parts that share area or a side are refused, others are not");
  if (all) {
    const double epsilon = static_cast<double>(std::numeric_limits<T>::epsilon());
    fuzz::require(ulps(static_cast<double>(area(*all)), drawn.area(grid), epsilon) <= 2, "an area is right");
    fuzz::require(boxlap::parse_wkt<T>(to_wkt(*all)) == *all, "a polygon reads back from its text");
  }
  return all;
}

/// The bound that intersection_area() states, with room for the oracle's own rounding.
template <class A, class B>
double error_bound(const A& a, const B& b, double area_a, double area_b, double epsilon) {
  const auto box_a = bounds(a), box_b = bounds(b);
  const auto diagonal = [](const auto& box) { return std::hypot(double(box.x2 - box.x1), double(box.y2 - box.y1)); };
  const double la = diagonal(box_a), lb = diagonal(box_b), smaller = std::min(area_a, area_b);
  const auto ca = center(box_a), cb = center(box_b);
  const double d = std::hypot(double(ca.x) - double(cb.x), double(ca.y) - double(cb.y));
  return 4 * epsilon / 2 * (smaller + std::min(la, lb) * (la + lb + d)) * 1.01;
}

template <class T>
void check(fuzz::Input& in, const Grid& grid) {
  Drawn drawn_a, drawn_b;
  const auto a = draw_polygon<T>(in, grid, drawn_a);
  const auto b = draw_polygon<T>(in, grid, drawn_b);
  if (!a || !b) {
    return;
  }
  const auto shared = static_cast<double>(intersection_area(*a, *b));
  fuzz::require(shared == static_cast<double>(intersection_area(*b, *a)), "an overlap is symmetric");
  fuzz::require(boxlap::iou(*a, *a) == 1, "a polygon covers itself", [&] { return to_wkt(*a); });
  const auto rings_a = drawn_a.rings(grid), rings_b = drawn_b.rings(grid);
  const auto expected = static_cast<double>(exact::shared_area<long double>(rings_a, rings_b));
  const double area_a = drawn_a.area(grid), area_b = drawn_b.area(grid);
  fuzz::require(0 <= shared && shared <= static_cast<double>(std::min(area(*a), area(*b))),
                "an overlap is at most the smaller area");
  const double result_rounding = static_cast<double>(std::numeric_limits<T>::epsilon()) * expected;
  fuzz::require(std::abs(shared - expected) <= error_bound(*a, *b, area_a, area_b, 0x1p-52) + result_rounding,
                "an overlap keeps its bound", [&] {
                  return to_wkt(*a) + "\n" + to_wkt(*b) + "\nshare " + std::to_string(expected) + ", off by " +
                         std::to_string((shared - expected) / error_bound(*a, *b, area_a, area_b, 0x1p-52)) + " bounds";
                });
  // The same with a's bounds, which are a shape too.
  const auto box = bounds(*a);
  Drawn as_ring;
  std::int64_t x1 = INT64_MAX, y1 = INT64_MAX, x2 = INT64_MIN, y2 = INT64_MIN;
  for (const Rings& part : drawn_a.parts) {
    for (const Node& p : part[0]) {
      x1 = std::min(x1, p.x), y1 = std::min(y1, p.y), x2 = std::max(x2, p.x), y2 = std::max(y2, p.y);
    }
  }
  as_ring.parts = {{{{x1, y1}, {x2, y1}, {x2, y2}, {x1, y2}}}};
  const auto in_box = static_cast<double>(exact::shared_area<long double>(as_ring.rings(grid), rings_b));
  const double epsilon = static_cast<double>(std::numeric_limits<T>::epsilon());
  fuzz::require(std::abs(static_cast<double>(intersection_area(box, *b)) - in_box) <=
                    error_bound(box, *b, as_ring.area(grid), area_b, 0x1p-52) + epsilon * in_box,
                "an overlap with a box keeps the bound of polygons");
}

/// Vertices of any kind: nothing is known of the verdict but that it does not depend on where a ring starts.
void check_any(fuzz::Input& in) {
  std::vector<boxlap::Point<double>> ring;
  for (int n = in.below(12); n > 0; --n) {
    ring.push_back({in.number<double>(), in.number<double>()});
  }
  for (const auto& p : ring) {
    for (const double x : {p.x, p.y}) {
      if (std::abs(x) > 1e70 || (x != 0 && std::abs(x) < 1e-70)) {
        return;
      }
    }
  }
  const auto polygon = boxlap::try_make_polygon<double>(ring);
  if (!ring.empty()) {
    std::rotate(ring.begin(), ring.begin() + in.below(static_cast<int>(ring.size())), ring.end());
  }
  if (in.flag()) {
    std::reverse(ring.begin(), ring.end());
  }
  const auto turned = boxlap::try_make_polygon<double>(ring);
  fuzz::require(polygon.has_value() == turned.has_value(), "a verdict does not depend on the first vertex");
  if (polygon) {
    fuzz::require(boxlap::parse_wkt<double>(to_wkt(*polygon)) == *polygon, "a polygon reads back from its text");
    fuzz::require(ulps(area(*turned), area(*polygon), 0x1p-52) <= 4, "an area does not depend on the first vertex");
    fuzz::require(polygon->empty() || boxlap::iou(*polygon, *polygon) == 1, "a polygon covers itself",
                  [&] { return to_wkt(*polygon); });
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input in(data, size);
  const int kind = in.byte();
  Grid grid;
  if (kind % 8 == 7) {
    check_any(in);
    return 0;
  }
  if (kind % 8 >= 5) {  // far from the origin: float has 24 bits
    grid.dx = std::int64_t{1} << 20, grid.dy = -(std::int64_t{1} << 19);
  } else if (kind % 8 >= 3) {  // nearly on one another
    grid.step = std::int64_t{1} << (kind % 8 == 4 ? 46 : 8);
  }
  grid.unit = kind / 8 % 4 == 1 ? 0x1p-40 : kind / 8 % 4 == 2 ? 0x1p30 : 1;
  if (kind < 128 || grid.step > 1000) {
    check<double>(in, grid);
  } else {
    check<float>(in, grid);
  }
  return 0;
}
