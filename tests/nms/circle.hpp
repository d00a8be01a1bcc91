/// A user's own shape: three functions beside the type, nothing of the library named but Box.
#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>

#include <boxlap/shape/box.hpp>

namespace user {

struct Circle {
  double x, y, r;
};

inline boxlap::Box<double> bounds(const Circle& c) { return {c.x - c.r, c.y - c.r, c.x + c.r, c.y + c.r}; }
inline double area(const Circle& c) { return std::numbers::pi * c.r * c.r; }
inline double intersection_area(const Circle& a, const Circle& b) {
  const double d = std::hypot(a.x - b.x, a.y - b.y);
  if (!(d < a.r + b.r)) {
    return 0;
  }
  const double small = std::min(a.r, b.r), large = std::max(a.r, b.r);
  if (d <= large - small) {
    return std::numbers::pi * small * small;
  }
  const double u = std::acos(std::clamp((d * d + small * small - large * large) / (2 * d * small), -1.0, 1.0));
  const double v = std::acos(std::clamp((d * d + large * large - small * small) / (2 * d * large), -1.0, 1.0));
  const double lens = small * small * (u - std::sin(2 * u) / 2) + large * large * (v - std::sin(2 * v) / 2);
  return std::clamp(lens, 0.0, std::numbers::pi * small * small);
}

/// The same with a prepared form, and a count of how often one was made.
struct Disc {
  Circle circle;
};
struct PreparedDisc {
  Circle circle;
  double area_;
};
inline int prepared_discs = 0;
inline boxlap::Box<double> bounds(const Disc& d) { return bounds(d.circle); }
inline double area(const Disc& d) { return area(d.circle); }
inline double intersection_area(const Disc& a, const Disc& b) { return intersection_area(a.circle, b.circle); }
inline PreparedDisc prepare(const Disc& d) {
  ++prepared_discs;
  return {d.circle, area(d.circle)};
}
inline boxlap::Box<double> bounds(const PreparedDisc& d) { return bounds(d.circle); }
inline double area(const PreparedDisc& d) { return d.area_; }
inline double intersection_area(const PreparedDisc& a, const PreparedDisc& b) {
  return intersection_area(a.circle, b.circle);
}

}  // namespace user
