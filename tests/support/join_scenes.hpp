/// Sets of boxes that have broken a spatial index somewhere: lines, slabs, far clusters, giants, equal boxes, ugly
/// values.
#pragma once

#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "scenes.hpp"

namespace scenes {

template <class T>
struct Named {
  std::string name;
  std::vector<boxlap::Box<T>> boxes;
};

template <class T>
std::vector<Named<T>> awkward(int n, Rng& rng) {
  using boxlap::Box;
  std::uniform_real_distribution<double> unit(0, 1);
  const double extent = 30 * std::sqrt(double(n)) + 1;
  const auto make = [&](const auto& box) {
    std::vector<Box<T>> boxes;
    for (int i = 0; i < n; ++i) {
      const Box<double> b = box(i);
      boxes.push_back({T(b.x1), T(b.y1), T(b.x2), T(b.y2)});
    }
    return boxes;
  };
  const auto at = [&](double x, double y, double w, double h) { return Box<double>{x, y, x + w, y + h}; };
  std::vector<Named<T>> sets;
  sets.push_back({"uniform", uniform<T>(n, extent, 50, rng)});
  sets.push_back({"clustered", clustered<T>(n, 20, extent, rng)});
  sets.push_back({"integer grid", integer_grid<T>(n, 10, rng)});
  sets.push_back({"horizontal slabs", make([&](int) { return at(0, unit(rng) * extent, extent, 10); })});
  sets.push_back({"vertical slabs", make([&](int) { return at(unit(rng) * extent, 0, 10, extent); })});
  sets.push_back({"crossing slabs", make([&](int i) {
                    return i % 2 == 0 ? at(unit(rng) * extent, unit(rng) * extent, extent / 3, 4)
                                      : at(unit(rng) * extent, unit(rng) * extent, 4, extent / 3);
                  })});
  sets.push_back({"on a horizontal line", make([&](int) { return at(unit(rng) * 30 * n, 5, 40, 40); })});
  sets.push_back({"on a vertical line", make([&](int) { return at(5, unit(rng) * 30 * n, 40, 40); })});
  sets.push_back({"diagonal", make([&](int) {
                    const double d = unit(rng) * 30 * n;
                    return at(d + unit(rng), d + unit(rng), 40, 40);
                  })});
  sets.push_back({"heavy tail", make([&](int) {
                    const double s = 4 * std::pow(1000.0, unit(rng));
                    return at(unit(rng) * extent, unit(rng) * extent, s, s * (0.5 + unit(rng)));
                  })});
  sets.push_back({"one giant", make([&](int i) {
                    return i == n / 2 ? at(-10, -10, 2 * extent, 2 * extent)
                                      : at(unit(rng) * extent, unit(rng) * extent, 20, 20);
                  })});
  sets.push_back({"one outlier", make([&](int i) {
                    return i == 0 ? at(1e9, 1e9, 100, 100) : at(unit(rng) * extent, unit(rng) * extent, 30, 30);
                  })});
  sets.push_back({"two far clusters", make([&](int i) {
                    const double shift = i % 2 == 0 ? 0 : 4e6;
                    return at(shift + unit(rng) * extent, shift + unit(rng) * extent, 50, 50);
                  })});
  sets.push_back({"scales", make([&](int i) {
                    const double s = std::pow(10.0, i % 9 - 4);
                    return at(s * unit(rng) * extent, s * unit(rng) * extent, 40 * s, 40 * s);
                  })});
  sets.push_back({"text rows", make([&](int i) { return at(unit(rng) * 20 * n, 40.0 * (i % 12), 60, 14); })});
  sets.push_back({"identical", make([&](int) { return at(7, 9, 20, 30); })});
  sets.push_back({"touching grid", make([&](int i) {
                    const int side = int(std::sqrt(double(n))) + 1;
                    return at(10 * (i % side), 10 * (i / side), 10, 10);
                  })});
  constexpr T inf = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
  auto ugly = uniform<T>(n, extent, 50, rng);
  const Box<T> bad[] = {{nan, 0, 1, 1},
                        {0, nan, 9, 9},
                        {0, 0, nan, 9},
                        {0, 0, 9, nan},
                        {-inf, -inf, inf, inf},
                        {10, 10, 5, 20},
                        {10, 10, 20, 5},
                        {20, 20, 10, 10},
                        {30, 30, 30, 60},
                        {30, 30, 60, 30},
                        {5, 5, 5, 5},
                        {0, 0, inf, inf},
                        {T(1e30), 0, inf, 9},
                        {T(-1e30), T(-1e30), 0, 0},
                        {0, 0, T(1e-30), T(1e-30)},
                        {inf, inf, inf, inf}};
  for (std::size_t k = 0; k < std::size(bad) && k < ugly.size(); ++k) {
    ugly[k * 7 % ugly.size()] = bad[k];
  }
  sets.push_back({"ugly", ugly});
  return sets;
}

}  // namespace scenes
