/// Oracles for shapes: area, centroid, the signed trapezoid sum and the half-plane clip over any kind of number, those
/// of hundreds of digits among them.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <type_traits>
#include <vector>

#include <boxlap/shape/box.hpp>
#include <boxlap/shape/point.hpp>
#include <boxlap/shape/polygon.hpp>
#include <boxlap/shape/rotated_box.hpp>

#include "exact_number.hpp"

namespace exact {

template <class N>
struct P {
  N x, y;
};

template <class N>
using Ring = std::vector<P<N>>;

template <class N>
N area(const Ring<N>& ring) {
  N twice = 0;
  for (std::size_t k = 0; k < ring.size(); ++k) {
    const P<N>&a = ring[k], &b = ring[(k + 1) % ring.size()];
    twice += a.x * b.y - a.y * b.x;
  }
  return twice / 2;
}

/// The area two convex counter-clockwise rings share, by clipping one at the sides of the other.
template <class N>
N clip_area(Ring<N> ring, const Ring<N>& window) {
  for (std::size_t s = 0; s < window.size() && !ring.empty(); ++s) {
    const P<N>&a = window[s], &b = window[(s + 1) % window.size()];
    const auto side = [&](const P<N>& p) { return N((b.x - a.x) * (p.y - a.y) - (b.y - a.y) * (p.x - a.x)); };
    Ring<N> kept;
    for (std::size_t k = 0; k < ring.size(); ++k) {
      const P<N>&p = ring[k], &q = ring[(k + 1) % ring.size()];
      const N dp = side(p), dq = side(q);
      if (dp >= 0) {
        kept.push_back(p);
      }
      if ((dp > 0 && dq < 0) || (dp < 0 && dq > 0)) {
        const N t = dp / (dp - dq);
        kept.push_back({p.x + t * (q.x - p.x), p.y + t * (q.y - p.y)});
      }
    }
    ring = kept;
  }
  return ring.size() < 3 ? N(0) : area(ring);
}

/// The area that two sets of rings share (shells one way, holes the other): the sum over all pairs of sides of the
/// signed integral of min(a, b) - base.
template <class N>
N shared_area(const std::vector<Ring<N>>& a, const std::vector<Ring<N>>& b) {
  struct Side {
    P<N> left, right;
    int sign;
    N slope;
  };
  const auto sides = [](const std::vector<Ring<N>>& rings) {
    std::vector<Side> out;
    for (const Ring<N>& ring : rings) {
      for (std::size_t k = 0; k < ring.size(); ++k) {
        const P<N>&p = ring[k], &q = ring[(k + 1) % ring.size()];
        if (p.x < q.x) {
          out.push_back({p, q, -1, N((q.y - p.y) / (q.x - p.x))});
        } else if (q.x < p.x) {
          out.push_back({q, p, 1, N((q.y - p.y) / (q.x - p.x))});
        }
      }
    }
    return out;
  };
  N total = 0;
  const auto sides_b = sides(b);
  for (const Side& s : sides(a)) {
    for (const Side& t : sides_b) {
      const N from = s.left.x > t.left.x ? s.left.x : t.left.x;
      const N to = s.right.x < t.right.x ? s.right.x : t.right.x;
      if (!(from < to)) {
        continue;
      }
      const auto at = [](const Side& side, const N& x) { return N(side.left.y + (x - side.left.x) * side.slope); };
      const N s0 = at(s, from), s1 = at(s, to), t0 = at(t, from), t1 = at(t, to);
      const N d0 = s0 - t0, d1 = s1 - t1;
      N mean_min;
      if (d0 <= 0 && d1 <= 0) {
        mean_min = (s0 + s1) / 2;
      } else if (d0 >= 0 && d1 >= 0) {
        mean_min = (t0 + t1) / 2;
      } else {
        const N share = d0 / (d0 - d1);
        const N cross = s0 + share * (s1 - s0);
        mean_min = share * ((d0 < 0 ? s0 : t0) + cross) / 2 + (1 - share) * (cross + (d0 < 0 ? t1 : s1)) / 2;
      }
      total += s.sign * t.sign * (to - from) * mean_min;
    }
  }
  return total;
}

/// A rotated box as a ring over N, given the cosine and sine of its angle over N.
template <class N>
Ring<N> ring(const boxlap::RotatedBox<double>& box, const N& cos, const N& sin) {
  Ring<N> out;
  const std::array<std::array<int, 2>, 4> signs{{{-1, -1}, {1, -1}, {1, 1}, {-1, 1}}};
  for (const auto& [u, v] : signs) {
    const N x = N(box.w) * u / 2, y = N(box.h) * v / 2;
    out.push_back({N(box.cx) + cos * x - sin * y, N(box.cy) + sin * x + cos * y});
  }
  return out;
}

/// Cosine and sine of degrees over a floating-point N, exact at multiples of 90.
template <class N>
std::array<N, 2> direction(double degrees, const N& pi) {
  using std::cos;
  using std::sin;
  const double rest = std::fmod(degrees, 90.0);  // exact
  const int quarters = int(std::fmod(degrees, 360.0) / 90.0) & 3;
  const N radians = N(rest) * pi / 180;
  const N c = rest == 0 ? N(1) : N(cos(radians)), s = rest == 0 ? N(0) : N(sin(radians));
  switch (quarters) {
    case 1:
      return {-s, c};
    case 2:
      return {-c, -s};
    case 3:
      return {s, -c};
    default:
      return {c, s};
  }
}

struct Overlap {
  double shared, area_a, area_b, iou;
};

/// The overlap in extended precision: good to about 2^-60 (1 + k).
inline Overlap extended(const boxlap::RotatedBox<double>& a, const boxlap::RotatedBox<double>& b) {
  using N = long double;
  boxlap::RotatedBox<double> near_a = a, near_b = b;
  near_a.cx = near_a.cy = 0;
  near_b.cx = near_b.cy = 0;
  const N pi = 3.14159265358979323846264338327950288L;
  const auto da = direction<N>(a.degrees, pi), db = direction<N>(b.degrees, pi);
  Ring<N> ring_a = ring<N>(near_a, da[0], da[1]), ring_b = ring<N>(near_b, db[0], db[1]);
  for (auto& p : ring_b) {
    p.x += N(b.cx) - N(a.cx);
    p.y += N(b.cy) - N(a.cy);
  }
  const N shared = clip_area(ring_a, ring_b);
  const N area_a = N(a.w) * N(a.h), area_b = N(b.w) * N(b.h);
  return {double(shared), double(area_a), double(area_b), double(shared / (area_a + area_b - shared))};
}

/// More digits than any sum below needs for coordinates within a factor of 1e60 of one another.
using Digits = Number<16>;

/// The rings of a polygon as they are.
template <class N, class T>
std::vector<Ring<N>> rings(const boxlap::Polygon<T>& polygon) {
  std::vector<Ring<N>> out;
  for (boxlap::Index r = 0; r < polygon.rings(); ++r) {
    out.emplace_back();
    for (const auto& p : polygon.ring(r)) {
      out.back().push_back({N(double(p.x)), N(double(p.y))});
    }
  }
  return out;
}

template <class N, class T>
std::vector<Ring<N>> rings(const boxlap::Box<T>& box) {
  const N x1 = double(box.x1), y1 = double(box.y1), x2 = double(box.x2), y2 = double(box.y2);
  return {{{x1, y1}, {x2, y1}, {x2, y2}, {x1, y2}}};
}

template <class N, class T>
std::vector<Ring<N>> rings(const boxlap::RotatedBox<T>& box) {
  const auto d = direction<N>(double(box.degrees), N::pi());
  return {ring<N>(boxlap::cast<double>(box), d[0], d[1])};
}

/// Of shells without holes, which turn the other way.
template <class N>
N area(const std::vector<Ring<N>>& rings) {
  N sum = 0;
  for (const Ring<N>& ring : rings) {
    sum += area(ring);
  }
  return sum;
}

/// Each triangle of the origin and a side adds its area times its own centroid.
template <class N>
P<N> centroid(const std::vector<Ring<N>>& rings) {
  N x = 0, y = 0;
  for (const Ring<N>& ring : rings) {
    for (std::size_t k = 0; k < ring.size(); ++k) {
      const P<N>&a = ring[k], &b = ring[(k + 1) % ring.size()];
      const N twice = a.x * b.y - a.y * b.x;
      x += twice * (a.x + b.x);
      y += twice * (a.y + b.y);
    }
  }
  const N six_areas = N(6) * area(rings);
  return {x / six_areas, y / six_areas};
}

/// The exact overlap of two rotated boxes, rounded once at the end.
inline Overlap overlap(const boxlap::RotatedBox<double>& a, const boxlap::RotatedBox<double>& b) {
  using N = Digits;
  const N shared = shared_area<N>(rings<N>(a), rings<N>(b));
  const N area_a = N(a.w) * N(a.h), area_b = N(b.w) * N(b.h);
  return {double(shared), double(area_a), double(area_b), double(shared / (area_a + area_b - shared))};
}

}  // namespace exact
