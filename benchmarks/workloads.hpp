/// Sets of boxes for the join: each has broken, or favoured, some way of finding pairs. A seed makes them.
#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <boxlap/shape/box.hpp>

namespace workloads {

using boxlap::Box;
using Rng = std::mt19937_64;

template <class T>
struct Sets {
  std::vector<Box<T>> a, b;
};

/// Draws one box after the other; `extent` is the side of the image in px.
class Painter {
 public:
  Painter(double image_extent, std::uint64_t seed) : extent(image_extent), rng_(seed) {}
  const double extent;

  [[nodiscard]] double unit() { return std::uniform_real_distribution<double>(0, 1)(rng_); }
  [[nodiscard]] double between(double low, double high) { return low + (high - low) * unit(); }
  [[nodiscard]] double normal(double sigma) { return std::normal_distribution<double>(0, sigma)(rng_); }
  [[nodiscard]] std::size_t pick(std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(rng_); }
  [[nodiscard]] static Box<double> at(double x, double y, double w, double h) { return {x, y, x + w, y + h}; }
  [[nodiscard]] Box<double> anywhere(double w, double h) { return at(unit() * extent, unit() * extent, w, h); }

 private:
  Rng rng_;
};

struct Workload {
  std::string name, what;
  /// One box of set `set` (0 or 1), the i-th of n; `m` is the size of the larger set.
  std::function<Box<double>(Painter&, std::size_t i, std::size_t n, std::size_t m)> draw;
};

inline const std::vector<Workload>& all() {
  using std::size_t;
  static const auto box = Painter::at;
  // Places that both sets share: the k-th of `count`, the same whatever was drawn before.
  static const auto place = [](Painter& p, size_t k, int kind) {
    Rng own(1000003 * k + static_cast<size_t>(kind));
    std::uniform_real_distribution<double> at(0, p.extent);
    const double x = at(own), y = at(own);
    return std::pair(x, y);
  };
  static const std::vector<Workload> list{
      {"uniform", "50 px squares, anywhere", [](Painter& p, size_t, size_t, size_t) { return p.anywhere(50, 50); }},
      {"cluster", "50 jittered boxes an object",
       [](Painter& p, size_t, size_t, size_t m) {
         const auto [x, y] = place(p, p.pick(m / 50 + 1), 1);
         return Box<double>{x + p.normal(3), y + p.normal(3), x + 50 + p.normal(3), y + 50 + p.normal(3)};
       }},
      {"heavy", "sides of 4 to 4,000 px, most of them small",
       [](Painter& p, size_t, size_t, size_t) {
         const double side = 4 * std::min(1000.0, std::pow(1 - p.unit(), -0.8));
         return p.anywhere(side * p.between(0.7, 1.4), side * p.between(0.7, 1.4));
       }},
      {"text", "words in rows",
       [](Painter& p, size_t, size_t, size_t) {
         const double rows = std::ceil(p.extent / 400);
         return box(p.unit() * p.extent, 400 * std::floor(p.unit() * rows) + p.normal(1), p.between(20, 90), 14);
       }},
      {"clumps", "20 Gaussian clumps",
       [](Painter& p, size_t, size_t, size_t) {
         const auto [x, y] = place(p, p.pick(20), 2);
         return box(x + p.normal(p.extent / 60), y + p.normal(p.extent / 60), p.between(10, 40), p.between(10, 40));
       }},
      {"horizontal", "slabs of most of the image's width",
       [](Painter& p, size_t, size_t, size_t m) {
         return box(p.unit() * 0.1 * p.extent, p.unit() * p.extent, 0.8 * p.extent, p.extent / double(m));
       }},
      {"vertical", "slabs of most of the image's height",
       [](Painter& p, size_t, size_t, size_t m) {
         return box(p.unit() * p.extent, p.unit() * 0.1 * p.extent, p.extent / double(m), 0.8 * p.extent);
       }},
      {"crossing", "long thin boxes, half of them upright",
       [](Painter& p, size_t i, size_t, size_t) { return i % 2 == 0 ? p.anywhere(700, 4) : p.anywhere(4, 700); }},
      {"mixed", "squares, and slabs across half of the image",
       [](Painter& p, size_t, size_t, size_t) {
         return p.unit() < 0.03 ? box(p.unit() * p.extent / 2, p.unit() * p.extent, p.extent / 2, 20)
                                : p.anywhere(50, 50);
       }},
      {"line", "all on a horizontal line",
       [](Painter& p, size_t, size_t, size_t m) { return box(p.unit() * 100 * double(m), 100, 50, 50); }},
      {"column", "all on a vertical line",
       [](Painter& p, size_t, size_t, size_t m) { return box(100, p.unit() * 100 * double(m), 50, 50); }},
      {"giant", "uniform, and one box over all",
       [](Painter& p, size_t i, size_t n, size_t) {
         return i == n / 2 ? box(-10, -10, p.extent + 100, p.extent + 100) : p.anywhere(50, 50);
       }},
      {"identical", "one box again and again", [](Painter&, size_t, size_t, size_t) { return box(7, 9, 20, 30); }},
      {"outlier", "uniform, and one box at 1e9",
       [](Painter& p, size_t i, size_t, size_t) { return i == 0 ? box(1e9, 1e9, 640, 640) : p.anywhere(50, 50); }},
      {"far", "two clusters 4,000,000 px apart",
       [](Painter& p, size_t i, size_t, size_t) {
         const double shift = i % 2 == 0 ? 0 : 4e6;
         return box(shift + p.unit() * p.extent / 1.4, shift + p.unit() * p.extent / 1.4, 50, 50);
       }},
      {"classes", "80 classes, kept apart by an offset",
       [](Painter& p, size_t, size_t, size_t) {
         const double shift = double(p.pick(80)) * (p.extent + 100);
         return box(shift + p.unit() * p.extent, shift + p.unit() * p.extent, 50, 50);
       }},
      {"diagonal", "a band along the diagonal",
       [](Painter& p, size_t, size_t, size_t) {
         const double d = p.unit() * p.extent;
         return box(d + p.normal(p.extent / 50), d + p.normal(p.extent / 50), p.between(4, 16), p.between(4, 16));
       }},
      {"bimodal", "8 px boxes among 800 px ones",
       [](Painter& p, size_t, size_t, size_t) { return p.unit() < 0.98 ? p.anywhere(8, 8) : p.anywhere(800, 800); }},
  };
  return list;
}

/// n and m boxes of a workload, one box for each 10,000 square px of the larger set.
template <class T>
[[nodiscard]] Sets<T> draw(const Workload& workload, std::size_t n, std::size_t m, std::uint64_t seed) {
  const std::size_t larger = std::max(n, m);
  Painter painter(100 * std::sqrt(double(larger)), seed);
  const auto set = [&](std::size_t count) {
    std::vector<Box<T>> boxes;
    boxes.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      boxes.push_back(boxlap::cast<T>(workload.draw(painter, i, count, larger)));
    }
    return boxes;
  };
  Sets<T> sets;
  sets.a = set(n);
  sets.b = set(m);
  return sets;
}

}  // namespace workloads
