/// Random boxes for tests, several distributions; the seed goes into the test's message.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include <boxlap/shape/box.hpp>

namespace scenes {

using Rng = std::mt19937_64;

/// Boxes of `side` px, anywhere in a square of `extent` px.
template <class T>
std::vector<boxlap::Box<T>> uniform(int n, double extent, double side, Rng& rng) {
  std::uniform_real_distribution<double> at(0, extent);
  std::uniform_real_distribution<double> size(0.5 * side, 1.5 * side);
  std::vector<boxlap::Box<T>> boxes;
  for (int i = 0; i < n; ++i) {
    const double x = at(rng), y = at(rng);
    boxes.push_back({T(x), T(y), T(x + size(rng)), T(y + size(rng))});
  }
  return boxes;
}

/// `copies` jittered copies of each object: what a detector emits before nms.
template <class T>
std::vector<boxlap::Box<T>> clustered(int n, int copies, double extent, Rng& rng) {
  std::normal_distribution<double> jitter(0, 3);
  std::vector<boxlap::Box<T>> boxes;
  while (int(boxes.size()) < n) {
    const auto object = uniform<double>(1, extent, 50, rng).front();
    for (int k = 0; k < copies && int(boxes.size()) < n; ++k) {
      boxes.push_back({T(object.x1 + jitter(rng)), T(object.y1 + jitter(rng)), T(object.x2 + jitter(rng)),
                       T(object.y2 + jitter(rng))});
    }
  }
  return boxes;
}

/// Corners on a small integer grid, many of them equal, touching, inverted or without area.
template <class T>
std::vector<boxlap::Box<T>> integer_grid(int n, int extent, Rng& rng) {
  std::uniform_int_distribution<int> at(0, extent);
  std::vector<boxlap::Box<T>> boxes;
  for (int i = 0; i < n; ++i) {
    boxes.push_back({T(at(rng)), T(at(rng)), T(at(rng)), T(at(rng))});
  }
  return boxes;
}

/// Every distribution above in one list, for laws that must hold on all of them.
template <class T>
std::vector<std::vector<boxlap::Box<T>>> all(int n, Rng& rng) {
  return {uniform<T>(n, 30.0 * std::sqrt(double(n)), 50, rng), clustered<T>(n, 10, 20.0 * std::sqrt(double(n)), rng),
          integer_grid<T>(n, 12, rng)};
}

/// Scores in [0, 1), a few of them equal.
inline std::vector<float> scores(int n, Rng& rng) {
  std::uniform_int_distribution<int> at(0, 4 * n);
  std::vector<float> out;
  for (int i = 0; i < n; ++i) {
    out.push_back(float(at(rng)) / float(4 * n + 1));
  }
  return out;
}

}  // namespace scenes
