/// Random polygons for tests, by family; every one is valid.
#pragma once

#include <cmath>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

#include <boxlap/shape/polygon.hpp>

#include "scenes.hpp"

namespace scenes {

/// A ring about (x, y) whose vertices ascend in angle, at radii in [least, 1] * radius: simple, mostly concave.
template <class T>
std::vector<boxlap::Point<T>> star(double x, double y, double radius, double least, int n, Rng& rng) {
  std::uniform_real_distribution<double> unit(0, 1);
  std::vector<boxlap::Point<T>> ring;
  const double start = unit(rng);
  for (int k = 0; k < n; ++k) {
    const double angle = 2 * std::numbers::pi * (k + start + 0.8 * unit(rng)) / n;
    const double r = radius * (least + (1 - least) * unit(rng));
    ring.push_back({T(x + r * std::cos(angle)), T(y + r * std::sin(angle))});
  }
  return ring;
}

inline const std::vector<std::string>& polygon_families() {
  static const std::vector<std::string> names{"stars", "hulls",  "holes", "parts", "near", "grid",
                                              "far",   "sliver", "tiny",  "comb",  "large"};
  return names;
}

/// One pair of a family; empty polygons where chance made an invalid one.
template <class T>
std::pair<boxlap::Polygon<T>, boxlap::Polygon<T>> polygon_pair(const std::string& family, Rng& rng) {
  using boxlap::Point;
  using boxlap::Polygon;
  using Ring = std::vector<Point<T>>;
  std::uniform_real_distribution<double> unit(0, 1);
  const auto made = [](Ring shell, std::vector<Ring> holes = {}) {
    return boxlap::try_make_polygon<T>(std::move(shell), std::move(holes)).value_or(Polygon<T>{});
  };
  const auto random_star = [&](double x, double y) {
    return star<T>(x + 60 * unit(rng), y + 60 * unit(rng), 50, 0.3, 3 + int(rng() % 20), rng);
  };
  if (family == "hulls") {
    return {made(boxlap::convex_hull(random_star(0, 0))), made(boxlap::convex_hull(random_star(0, 0)))};
  }
  if (family == "holes") {
    const auto ringed = [&] {
      const double x = 60 * unit(rng), y = 60 * unit(rng);
      return made(star<T>(x, y, 60, 0.7, 12, rng), {star<T>(x, y, 30, 0.3, 9, rng)});
    };
    return {ringed(), ringed()};
  }
  if (family == "parts") {
    const auto twin = [&] {
      const double x = 60 * unit(rng);
      const std::vector<Polygon<T>> both{made(star<T>(x, 40, 45, 0.3, 9, rng)),
                                         made(star<T>(x + 100, 40, 45, 0.3, 9, rng))};
      return boxlap::try_make_multipolygon(both).value_or(Polygon<T>{});
    };
    return {twin(), twin()};
  }
  if (family == "near") {
    Ring ring = random_star(0, 0), moved = ring;
    const double by = std::pow(10, -10 + 8 * unit(rng));
    for (auto& p : moved) {
      p.x += T(by * (unit(rng) - 0.5)), p.y += T(by * (unit(rng) - 0.5));
    }
    return {made(ring), made(moved)};
  }
  if (family == "grid") {
    const auto snapped = [&] {
      Ring ring = star<T>(4 + double(rng() % 3), 4 + double(rng() % 3), 5, 0.4, 4 + int(rng() % 6), rng);
      for (auto& p : ring) {
        p = {std::round(p.x), std::round(p.y)};
      }
      return made(ring);
    };
    return {snapped(), snapped()};
  }
  if (family == "far") {
    return {made(random_star(1e7, -3e6)), made(random_star(1e7, -3e6))};
  }
  if (family == "sliver") {
    const auto thin = [&] {
      const double dy = std::pow(10, -8 + 7 * unit(rng)), x = 10 * unit(rng);
      return made(Ring{{T(x), 0}, {T(x + 100), T(30)}, {T(x + 90), T(27 + dy)}, {T(x + 10), T(3 + dy)}});
    };
    return {thin(), thin()};
  }
  if (family == "tiny") {
    return {made(star<T>(5, 5, 1e-6, 0.3, 7, rng)), made(star<T>(5, 5, 100, 0.3, 12, rng))};
  }
  if (family == "comb") {
    const auto comb = [&](bool turned) {
      Ring ring;
      for (int k = 0; k < 8; ++k) {
        const T t = T(k * 4 + unit(rng)), high = T(20 + 10 * unit(rng));
        ring.push_back({t, 0}), ring.push_back({t + 1, high}), ring.push_back({t + 2, high}),
            ring.push_back({t + 3, 0});
      }
      ring.push_back({40, -5}), ring.push_back({-5, -5});
      for (auto& p : ring) {
        p = turned ? Point<T>{30 - p.y, p.x - 3} : p;
      }
      return made(ring);
    };
    return {comb(false), comb(true)};
  }
  if (family == "large") {
    return {made(star<T>(0, 0, 100, 0.4, 80, rng)), made(star<T>(30, 10, 100, 0.4, 60, rng))};
  }
  return {made(random_star(0, 0)), made(random_star(0, 0))};
}

}  // namespace scenes
