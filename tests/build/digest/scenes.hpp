/// Inputs of the digests. Own random numbers, since the distributions of <random> differ between standard libraries;
/// every step of theirs is exact, so that no compiler can change an input.
#pragma once

#include <algorithm>
#include <boxlap/base/index.hpp>
#include <boxlap/shape/box.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace digest {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {  // splitmix64
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15U);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
  }

  /// In [0, n).
  int below(int n) { return static_cast<int>(next() % static_cast<std::uint64_t>(n)); }

  /// In [0, 1): 24 random bits for float, 40 for double.
  template <class T>
  T fraction() {
    constexpr int bits = sizeof(T) > sizeof(float) ? 40 : 24;
    return std::ldexp(static_cast<T>(next() >> (64 - bits)), -bits);
  }

 private:
  std::uint64_t state_;
};

inline std::size_t at(boxlap::Index i) { return static_cast<std::size_t>(i); }

/// n boxes with sides of 24 to 56 in a square of 2^field_bits: each meets about 6,400 n / 4^field_bits of them.
template <class T>
std::vector<boxlap::Box<T>> scattered(int n, int field_bits, std::uint64_t seed) {
  Random random(seed);
  std::vector<boxlap::Box<T>> boxes;
  for (int i = 0; i < n; ++i) {
    const T x = std::ldexp(random.fraction<T>(), field_bits), y = std::ldexp(random.fraction<T>(), field_bits);
    const T w = 24 + 32 * random.fraction<T>(), h = 24 + 32 * random.fraction<T>();
    boxes.push_back({x, y, x + w, y + h});
  }
  return boxes;
}

/// The same with odd rows among them. n must be above 12.
template <class T>
std::vector<boxlap::Box<T>> odd(int n, int field_bits, std::uint64_t seed) {
  using Limits = std::numeric_limits<T>;
  auto boxes = scattered<T>(n, field_bits, seed);
  boxes[3] = {5, 5, 1, 9};                                                  // inverted
  boxes[4] = boxes[5];                                                      // twice the same
  boxes[6] = {T(1e-20), T(1e-20), T(3e-20), T(3e-20)};                      // an area that underflows in float
  boxes[7] = {Limits::quiet_NaN(), 0, 8, 8};                                // no box
  boxes[8] = {-Limits::infinity(), 0, 40, Limits::infinity()};              // without end
  boxes[9] = {boxes[10].x2, boxes[10].y1, boxes[10].x2 + 9, boxes[10].y2};  // touches
  boxes[11] = {7, 7, 7, 7};                                                 // a point
  return boxes;
}

/// Clusters of sixteen rows one after the other, far from each other: blocks that meet are full, most do not meet.
template <class T>
std::vector<boxlap::Box<T>> clusters(int n, std::uint64_t seed) {
  auto boxes = scattered<T>(n, 4, seed);
  for (int i = 0; i < n; ++i) {
    const T shift = static_cast<T>(i / 16 * 128);
    boxlap::Box<T>& box = boxes[at(i)];
    box = {box.x1 + shift, box.y1 + shift, box.x2 + shift, box.y2 + shift};
  }
  return boxes;
}

enum class Scores { spread, tied, exponential, odd };

template <class T>
std::vector<T> scores_of(int n, Scores kind, std::uint64_t seed) {
  Random random(seed);
  std::vector<T> scores;
  for (int i = 0; i < n; ++i) {
    const T x = random.fraction<T>();
    scores.push_back(kind == Scores::tied          ? static_cast<T>(random.below(10))
                     : kind == Scores::exponential ? std::ldexp(x, -random.below(60))
                                                   : x);
  }
  if (kind == Scores::odd) {
    using Limits = std::numeric_limits<T>;
    const T strange[] = {Limits::infinity(), -Limits::infinity(), Limits::quiet_NaN(), 0, -T{0}, Limits::denorm_min()};
    for (int i = 0; i < n; i += 7) {
      scores[at(i)] = strange[i / 7 % 6];
    }
  }
  return scores;
}

template <class L>
std::vector<L> labels_of(int n, int classes, std::uint64_t seed) {
  Random random(seed);
  std::vector<L> labels;
  for (int i = 0; i < n; ++i) {
    labels.push_back(static_cast<L>(random.below(classes)));
  }
  return labels;
}

}  // namespace digest
