/// Pairs of polygons on which overlap, area or centroid of some library is known to have failed, by family; in T's own
/// steps, so that float has them as hard as double.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <boxlap/shape/convex_hull.hpp>
#include <boxlap/shape/polygon.hpp>

#include "polygon_scenes.hpp"
#include "scenes.hpp"

namespace scenes {

inline const std::vector<std::string>& hard_families() {
  static const std::vector<std::string> names{"GEOS 522",  "one ulp", "tie",   "steep",     "JTS 798",        "slivers",
                                              "parallel",  "snapped", "split", "collinear", "touching holes", "combs",
                                              "perturbed", "small",   "large", "flat",      "contained"};
  return names;
}

template <class T>
class HardPolygons {
 public:
  using P = boxlap::Point<T>;
  using Ring = std::vector<P>;
  using Shape = boxlap::Polygon<T>;
  static constexpr bool is_double = std::is_same_v<T, double>;

  explicit HardPolygons(Rng& rng) : rng_(rng) {}

  /// Empty polygons where chance made an invalid one.
  std::pair<Shape, Shape> pair(const std::string& family) {
    if (family == "GEOS 522") {  // upright quads side by side, corners an ulp off, at any power of two
      const T x = std::ldexp(T(1), int(rng_() % (is_double ? 31 : 14))) * (rng_() % 4 == 0 ? T(-1) : T(1));
      const T y = T(10 * below(3));
      return {made({{x, 0}, {x + 8, 0}, {x + 8, 40}, {off(x), 40}}),
              made({{off(x), T(y + 10)}, {off(T(x + 8)), T(y + 10)}, {x + 8, T(y + 20)}, {x, T(y + 20)}})};
    }
    if (family == "one ulp") {
      const T x = T(power(0, is_double ? 9 : 4)), y = rng_() % 2 == 0 ? T(0) : T(power(0, 4));
      return {maybe_notched(crooked(x, y)), maybe_notched(crooked(x, y))};
    }
    if (family == "tie") {  // steps of a far window, halved: where numbers near 0 round one up and one down
      const T far = -std::ldexp(T(1), int(rng_() % 30));
      const T half = std::ldexp(far, -std::numeric_limits<T>::digits - int(rng_() % 3));
      const auto place = [&] { return off(T(half * T(1 + 2 * below(8)))); };
      const auto shape = [&]() -> Shape {
        const T x = place(), y = T(10 * uniform());
        Ring ring{{far, y}, {off(x), y}, {x, T(y + 20)}, {far, T(y + 20)}};
        if (rng_() % 2 == 0) {
          ring.insert(ring.end() - 1, {T(far / 2), T(y + 10)});
        }
        return made(ring);
      };
      return {shape(), shape()};
    }
    if (family == "steep") {  // sides 1e-80 .. 1 wide
      const auto shape = [&]() -> Shape {
        const T w = T(power(is_double ? -80 : -25, 0)), v = T(power(is_double ? -80 : -25, 0));
        const T y = T(uniform());
        Ring ring{{-v, y}, {T(10), y}, {T(10 + 3 * uniform()), T(y + 5)}, {w, T(y + 5)}};
        return rng_() % 2 == 0 ? made(ring) : maybe_notched(ring);
      };
      return {shape(), shape()};
    }
    if (family == "JTS 798") {  // a point as good as on a line, and a frame or a box around some of it
      const T x = T(7e4 * uniform()), y = T(2e5 * uniform()), w = T(power(-1, 1)), h = T(power(-1, 1));
      const T t = T(uniform());
      const Ring thin{{x, y}, {T(x + w), T(y - h)}, {off(T(x + t * w)), off(T(y - t * h))}};
      const Ring around = box(T(x - w), T(y - 2 * h), T(x + 2 * w), T(y + h));
      const Ring hole = box(T(x + w * 0.2), T(y - h * 0.7), T(x + w * 0.6), T(y - h * 0.3));
      return {made(thin), rng_() % 2 == 0 ? made(around, {hole}) : made(hole)};
    }
    if (family == "slivers") {
      const double away =
          is_double ? std::array{0.0, 5e6, 0x1p30}[rng_() % 3] : std::array{0.0, 50.0, 4096.0}[rng_() % 3];
      const double length = power(-1, 2), turn = 6.3 * uniform();
      return {sliver(away, length, turn, is_double ? -14 : -6), sliver(away, length, turn, is_double ? -14 : -6)};
    }
    if (family == "parallel") {
      const double turn = 6.3 * uniform(), by = power(is_double ? -15 : -6, 0);
      const auto shape = [&](double angle, double shift) {
        Ring ring;
        for (const auto& [u, v] : {std::pair{-50.0, -2.0}, {50.0, -2.0}, {50.0, 2.0}, {-50.0, 2.0}}) {
          ring.push_back({T(u * std::cos(angle) - (v + shift) * std::sin(angle)),
                          T(u * std::sin(angle) + (v + shift) * std::cos(angle))});
        }
        return made(ring);
      };
      return {shape(turn, 0), shape(turn + by, (rng_() % 2 == 0 ? 4 : 2) * uniform())};
    }
    if (family == "snapped") {
      const double step = std::ldexp(1.0, -int(rng_() % 20)), away = is_double ? 5e6 : 64;
      const auto shape = [&] {
        Ring ring = star<T>(away + 8 * uniform(), away + 8 * uniform(), 10, 0.3, 3 + below(12), rng_);
        for (P& p : ring) {
          p = {T(std::round(double(p.x) / step) * step), T(std::round(double(p.y) / step) * step)};
        }
        return made(rng_() % 2 == 0 ? boxlap::convex_hull(ring) : ring);
      };
      return {shape(), shape()};
    }
    if (family == "split") {  // two parts of one star: they share a side or overlap by one side's triangle
      const Ring ring = star<T>(100 * uniform(), 100 * uniform(), 50, 0.5, 8 + below(8), rng_);
      const auto cut = std::ptrdiff_t(3 + below(3));
      Ring first(ring.begin(), ring.begin() + cut), second(ring.begin() + cut - 1 - below(2), ring.end());
      second.push_back(ring[0]);
      return {made(first), made(second)};
    }
    if (family == "collinear") {  // sides of Pythagorean slope on one line, touching or overlapping along it
      const T u = T(3 + below(3)), v = T(4), scale = std::ldexp(T(1), below(20) - 10);
      const auto shape = [&](int from, int to, int side) {
        const auto at = [&](int along, int across) {
          return P{T(scale * (u * T(along) - v * T(across))), T(scale * (v * T(along) + u * T(across)))};
        };
        return made({at(from, 0), at(to, 0), at(to, side), at(from, side)});
      };
      const int from = below(4);
      return {shape(0, 4, 1 + below(3)), shape(from, from + 1 + below(4), rng_() % 2 == 0 ? -1 : 2)};
    }
    if (family == "touching holes") {
      const auto shape = [&]() -> Shape {
        const T x = T(below(4)), y = T(below(4)), e = std::ldexp(T(1), -below(8));
        const Ring shell = box(x, y, x + 16, y + 16);
        const Ring one{{x, y + 8}, {x + 4, T(y + 8 - e)}, {x + 6, y + 8}, {x + 4, y + 9}};
        const Ring two{{x + 6, y + 8}, {x + 9, y + 3}, {x + 12, y + 8}, {x + 9, T(y + 8 + e)}};
        return made(shell, {one, two});
      };
      return {shape(),
              rng_() % 2 == 0 ? shape() : maybe_notched(box(T(below(9)), T(below(9)), T(12), T(10 + below(5))))};
    }
    if (family == "combs") {
      const int teeth = rng_() % 16 == 0 ? 60 : 3 + below(12);
      return {comb(teeth, false), comb(teeth, rng_() % 3 != 0)};
    }
    if (family == "perturbed") {
      const double away = rng_() % 2 == 0 ? 0 : is_double ? 1e6 : 100;
      Ring ring = star<T>(away + uniform(), away + uniform(), 30, 0.4, 3 + below(12), rng_), moved = ring;
      for (P& p : moved) {
        p = {off(p.x), off(p.y)};
      }
      return rng_() % 2 == 0 ? std::pair{made(ring), made(moved)}
                             : std::pair{made(boxlap::convex_hull(ring)), made(boxlap::convex_hull(moved))};
    }
    if (family == "small" || family == "large") {  // both axes on their own, close to the ends of the range
      const auto up = [&] {
        return family == "small" ? power(is_double ? -118 : -17, 0) : power(0, is_double ? 148 : 15.5);
      };
      const double sx = up(), sy = is_double ? up() : sx;
      const auto shape = [&] {
        Ring ring = star<T>(30 * uniform(), 30 * uniform(), 50, 0.3, 3 + below(10), rng_);
        for (P& p : ring) {
          p = {T(double(p.x) * sx), T(double(p.y) * sy)};
        }
        return made(rng_() % 2 == 0 ? boxlap::convex_hull(ring) : ring);
      };
      return {shape(), shape()};
    }
    if (family == "flat") {  // as good as one height, at a place with another
      const T y = T(power(0, is_double ? 8 : 3)), x = T(power(0, 3));
      const auto shape = [&] {
        Ring ring;
        for (int k = 0; k < 6; ++k) {
          ring.push_back({T(x + T(100 * uniform())), off(off(off(y)))});
        }
        return made(boxlap::convex_hull(ring));
      };
      return {shape(), rng_() % 2 == 0 ? shape() : made(box(x, T(y - 5), T(x + 50), T(y + 5)))};
    }
    if (family == "contained") {  // small in a large one, anywhere
      const double size = power(-3, 0), far = power(0, is_double ? 7 : 3);
      const Ring large = star<T>(0, 0, far, 0.5, 5 + below(10), rng_);
      const Ring tiny =
          star<T>(0.3 * far * uniform(), 0.3 * far * uniform(), size * far / 1e3, 0.3, 3 + below(6), rng_);
      return {made(rng_() % 2 == 0 ? large : boxlap::convex_hull(large)),
              made(rng_() % 2 == 0 ? tiny : boxlap::convex_hull(tiny))};
    }
    return polygon_pair<T>(family, rng_);
  }

 private:
  double uniform() { return std::uniform_real_distribution<double>(0, 1)(rng_); }
  int below(int n) { return int(rng_() % unsigned(n)); }
  double power(double low, double high) { return std::pow(10, low + (high - low) * uniform()); }

  /// x, or one or two numbers beside it.
  T off(T x) {
    const int steps = below(5) - 2;
    for (int k = 0; k < std::abs(steps) && x != 0; ++k) {
      x = std::nextafter(x, steps < 0 ? -std::numeric_limits<T>::infinity() : std::numeric_limits<T>::infinity());
    }
    return x;
  }
  static Shape made(Ring shell, std::vector<Ring> holes = {}) {
    return boxlap::try_make_polygon<T>(std::move(shell), std::move(holes)).value_or(Shape{});
  }
  static Ring box(T x1, T y1, T x2, T y2) { return {{x1, y1}, {x2, y1}, {x2, y2}, {x1, y2}}; }

  /// A quad whose sides are some ulps off the upright.
  Ring crooked(T x, T y) {
    const T w = T(1 + below(8)), h = T(1 + below(40)), dx = T(below(4)), dy = T(below(10));
    Ring ring = box(T(x + dx), T(y + dy), T(x + dx + w), T(y + dy + h));
    for (P& p : ring) {
      p = {off(p.x), off(p.y)};
    }
    if (rng_() % 3 == 0) {  // one more ulp in the middle of a side
      ring.insert(ring.begin() + 2, {off(ring[1].x), T((ring[1].y + ring[2].y) / 2)});
    }
    return ring;
  }
  /// A notch in the last side, or a hole, half of the time.
  Shape maybe_notched(Ring ring) {
    const T mx = (ring[0].x + ring[2].x) / 2, my = (ring[0].y + ring[2].y) / 2;
    const unsigned how = unsigned(rng_() % 4);
    if (how == 0) {
      ring.push_back({mx, my});
    } else if (how == 1) {
      const T w = (ring[2].x - ring[0].x) / 8, h = (ring[2].y - ring[0].y) / 8;
      return made(
          ring,
          {{{off(T(mx - w)), T(my - h)}, {T(mx - w), T(my + h)}, {off(T(mx + w)), T(my + h)}, {T(mx + w), T(my - h)}}});
    }
    return made(ring);
  }
  Shape sliver(double away, double length, double turn, double least) {
    const double thin = length * power(least, 0), x = away + uniform(), y = away + uniform();
    Ring ring;
    for (int k = 0; k < 5; ++k) {
      const double along = length * uniform(), across = thin * (uniform() - 0.5);
      ring.push_back({T(x + along * std::cos(turn) - across * std::sin(turn)),
                      T(y + along * std::sin(turn) + across * std::cos(turn))});
    }
    return made(boxlap::convex_hull(ring));
  }
  Shape comb(int teeth, bool turned) {
    Ring ring;
    const T wide = T(4 * teeth);
    for (int k = 0; k < teeth; ++k) {
      const T t = T(4 * k + uniform()), high = T(wide * (0.5 + 0.5 * uniform()));
      ring.insert(ring.end(), {{t, 0}, {off(T(t + 1)), high}, {T(t + 2), high}, {off(T(t + 3)), 0}});
    }
    ring.insert(ring.end(), {{T(wide + 1), -5}, {-1, -5}});
    for (P& p : ring) {
      p = turned ? P{T(wide - p.y), T(p.x - 1)} : p;
    }
    return made(ring);
  }

  Rng& rng_;
};

}  // namespace scenes
