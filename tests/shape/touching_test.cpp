// Polygons that touch, or are apart by next to nothing, share nothing; small true overlaps are still seen.
#include <boxlap/shape/measures.hpp>
#include <boxlap/shape/polygon.hpp>
#include <boxlap/shape/wkt.hpp>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "../catch.hpp"
#include "../support/exact_overlap.hpp"
#include "../support/rounds.hpp"
#include "../support/scenes.hpp"

using boxlap::Box;
using boxlap::Point;
using boxlap::Polygon;

namespace {

/// Shapes on either side of a line, with a side on it. The line's direction is a vector of small whole numbers and all
/// coordinates are short fractions, so that every vertex is exactly where it is meant to be.
template <class T>
class AlongLine {
 public:
  explicit AlongLine(scenes::Rng& rng) : rng_(rng) {
    do {
      x_ = below(64), y_ = below(127) - 63;
    } while (x_ == 0 && y_ == 0);
    scale_ = std::ldexp(1.0, below(21) - 10);
    const double away = below(2) == 0 ? 0 : std::ldexp(1.0, below(is_double ? 20 : 6));
    origin_ = {scale_ * std::floor(away * uniform()), scale_ * std::floor(away * uniform())};
  }

  /// `along` and `across` as multiples of the line's direction.
  [[nodiscard]] Point<T> at(double along, double across) const {
    return {T(origin_.x + scale_ * (x_ * along - y_ * across)), T(origin_.y + scale_ * (y_ * along + x_ * across))};
  }
  [[nodiscard]] double unit() const { return scale_ * std::hypot(x_, y_); }

  /// A shape with a side on the line from `begin` to `end`, and the rest at least `gap` away from it on one side.
  [[nodiscard]] Polygon<T> shape(double begin, double end, int side, bool convex, double gap = 0) {
    const double length = end - begin, depth = std::ldexp(1.0, below(most_power));
    std::vector<Point<T>> ring{at(begin, side * gap), at(end, side * gap)};
    const int n = 1 + below(5);
    double along = end + fraction(length / 2) - short_of(length / 4);
    for (int k = 0; k < n; ++k) {
      ring.push_back(at(along, side * (gap + step + fraction(depth))));
      along -= fraction(2 * length / n);
    }
    return boxlap::try_make_polygon(convex ? boxlap::convex_hull(ring) : ring).value_or(Polygon<T>{});
  }
  [[nodiscard]] double length() { return std::ldexp(1 + fraction(1), below(most_power)); }
  /// A short fraction below `most`.
  [[nodiscard]] double fraction(double most) { return short_of(most * uniform()); }
  [[nodiscard]] int below(int n) { return int(rng_() % unsigned(n)); }

 private:
  static constexpr bool is_double = std::is_same_v<T, double>;
  static constexpr int most_power = is_double ? 8 : 3;
  static constexpr double step = is_double ? 0x1p-10 : 0x1p-5;
  static double short_of(double x) { return std::floor(x / step) * step; }
  double uniform() { return std::uniform_real_distribution<double>(0, 1)(rng_); }

  scenes::Rng& rng_;
  double x_ = 0, y_ = 0, scale_ = 1;
  Point<double> origin_{};
};

template <class A, class B>
void require_apart(const A& a, const B& b) {
  REQUIRE(intersection_area(a, b) == 0);
  REQUIRE(intersection_area(b, a) == 0);
}

}  // namespace

TEMPLATE_TEST_CASE("touching is not meeting: polygons with sides on one line, at any angle, scale and place", "", float,
                   double) {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  scenes::Rng rng(seed);
  int pairs = 0;
  for (int k = 0; k < scenes::rounds(40'000); ++k) {
    AlongLine<TestType> line(rng);
    const double length_a = line.length(), length_b = line.length();
    const double begin = line.fraction(length_a + length_b) - length_b;
    const bool convex_a = rng() % 2 == 0, convex_b = rng() % 2 == 0;
    const auto a = line.shape(0, length_a, 1, convex_a), b = line.shape(begin, begin + length_b, -1, convex_b);
    CAPTURE(to_wkt(a), to_wkt(b));
    require_apart(a, b);
    pairs += !a.empty() && !b.empty();
  }
  REQUIRE(pairs > scenes::rounds(30'000));
}

TEST_CASE("polygons that are apart by a little share nothing") {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  scenes::Rng rng(seed);
  for (int k = 0; k < scenes::rounds(40'000); ++k) {
    AlongLine<double> line(rng);
    const double length_a = line.length(), length_b = line.length();
    const double begin = line.fraction(length_a + length_b) - length_b;
    const double gap = std::ldexp(1.0, -10 - line.below(14));
    const bool convex_a = rng() % 2 == 0, convex_b = rng() % 2 == 0;
    const auto a = line.shape(0, length_a, 1, convex_a, gap), b = line.shape(begin, begin + length_b, -1, convex_b);
    CAPTURE(to_wkt(a), to_wkt(b));
    require_apart(a, b);
  }
  // Apart by 1e-9.
  const auto upper = boxlap::parse_wkt<double>(
      "POLYGON ((0.04514343623960737 1.7019084954813526, 1.6582642733575044 0.949700118386617, 2.409779297626497 "
      "1.1901885414766484, -0.23629795245424345 11.62784094087906, -4.891459646442998 9.80154714258614))");
  const auto lower = boxlap::parse_wkt<double>(
      "POLYGON ((3.3045496967768178 -10.18292973045801, 7.830816673167712 -8.042349625863727, 2.409779299018837 "
      "1.1901885380816815, 1.6582642748497442 0.94970011499165, 0.04514343763194706 1.7019084922863854))");
  require_apart(upper, lower);
}

TEST_CASE("two parts of one star share the cut, and nothing else") {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  scenes::Rng rng(seed);
  std::uniform_real_distribution<double> unit(0, 1);
  for (int k = 0; k < scenes::rounds(20'000); ++k) {
    const double scale = std::pow(10, 8 * unit(rng) - 4), away = k % 2 == 0 ? 0 : 1e4 * scale;
    std::vector<Point<double>> border;  // a zigzag that both parts have, each on its own side
    const int n = 2 + int(rng() % 12);
    for (int v = 0; v <= n; ++v) {
      border.push_back({double(v), unit(rng)});
    }
    const double angle = 7 * unit(rng), c = scale * std::cos(angle), s = scale * std::sin(angle);
    const auto part = [&](double side) {
      std::vector<Point<double>> ring = border;
      ring.push_back({n + unit(rng), side * (2 + 9 * unit(rng))});
      ring.push_back({-unit(rng), side * (2 + 9 * unit(rng))});
      for (auto& p : ring) {
        p = {away + (c * p.x - s * p.y), away + (s * p.x + c * p.y)};
      }
      return boxlap::make_polygon(ring);
    };
    const auto a = part(1), b = part(-1);
    CAPTURE(to_wkt(a), to_wkt(b));
    require_apart(a, b);
  }
}

TEST_CASE("a box shares nothing with a polygon that leans on its corner or its side") {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  scenes::Rng rng(seed);
  for (int k = 0; k < scenes::rounds(40'000); ++k) {
    AlongLine<double> line(rng);
    const double length = line.length(), at = line.fraction(2 * length) - length / 2;
    const auto p = line.shape(0, length, 1, rng() % 2 == 0);
    const double w = line.fraction(length * line.unit()), h = line.fraction(length * line.unit());
    const Point<double> corner = line.at(at, 0), up = line.at(at, 1);
    // The box on the other side of the line, with one corner on it.
    const double x2 = corner.x + (up.x > corner.x ? -w : w), y2 = corner.y + (up.y > corner.y ? -h : h);
    const Box<double> box{std::min(corner.x, x2), std::min(corner.y, y2), std::max(corner.x, x2),
                          std::max(corner.y, y2)};
    CAPTURE(to_wkt(p), box.x1, box.y1, box.x2, box.y2);
    require_apart(box, p);
    if (boxlap::has_extent(box)) {
      require_apart(
          boxlap::make_polygon<double>({{box.x1, box.y1}, {box.x2, box.y1}, {box.x2, box.y2}, {box.x1, box.y2}}), p);
    }
    const auto around = bounds(p);
    if (!p.empty()) {
      require_apart(Box<double>{around.x1 - w - 1, around.y1, around.x1, around.y2}, p);
      require_apart(Box<double>{around.x1, around.y2, around.x2, around.y2 + h + 1}, p);
    }
  }
}

TEST_CASE("a rotated box shares nothing with a polygon beside it") {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  scenes::Rng rng(seed);
  std::uniform_real_distribution<double> unit(0, 1);
  for (int k = 0; k < scenes::rounds(20'000); ++k) {
    const double degrees = 360 * unit(rng), radians = degrees * 3.14159265358979323846 / 180;
    const double c = std::cos(radians), s = std::sin(radians), away = k % 2 == 0 ? 0 : 1e4;
    const double w = 1 + 50 * unit(rng), h = 1 + 50 * unit(rng), gap = 1e-10 * (1 + w + h + away / 100);
    const boxlap::RotatedBox<double> box{away, away, w, h, degrees};
    const auto at = [&](double u, double v) { return Point<double>{away + (c * u - s * v), away + (s * u + c * v)}; };
    std::vector<Point<double>> ring{at(-w * unit(rng), h / 2 + gap), at(w * unit(rng), h / 2 + gap),
                                    at(w, h + 9 * unit(rng))};
    if (rng() % 2 == 0) {
      ring.push_back(at(0, h * 0.9));
    }
    ring.push_back(at(-w, h + 9 * unit(rng)));
    const auto p = boxlap::try_make_polygon(ring).value_or(Polygon<double>{});
    CAPTURE(to_wkt(p), w, h, degrees);
    require_apart(box, p);
  }
}

TEST_CASE("small overlaps are seen: corners that reach into a large polygon by a little") {
  using N = exact::Number<16>;
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  scenes::Rng rng(seed);
  for (int k = 0; k < scenes::rounds(2'000); ++k) {
    AlongLine<double> line(rng);
    const double size = 128, by = std::ldexp(1.0, -line.below(22)), at = line.fraction(size / 2) - size / 4;
    const std::vector<Point<double>> large{line.at(-size, 0), line.at(size, 0), line.at(size, size),
                                           line.at(-size, size)};
    const std::vector<Point<double>> corner{line.at(at, by), line.at(at - size, by - size),
                                            line.at(at + size, by - size)};
    const auto a = boxlap::make_polygon(large);
    const auto b = boxlap::make_polygon(corner);
    CAPTURE(to_wkt(a), to_wkt(b), by);
    const double shared = double(exact::shared_area<N>(exact::rings<N>(a), exact::rings<N>(b)));
    REQUIRE(shared > 0);
    // A height may be off by some roundings of the sides, each worth the width of what is shared.
    const auto around = bounds(a);
    const double heights = (around.y2 - around.y1) * 2, width = 2 * by * 1.5 * line.unit();
    REQUIRE(std::abs(intersection_area(a, b) - shared) <= 1e-14 * width * heights + 1e-14 * shared);
    REQUIRE((intersection_area(a, b) > 0 || shared < 1e-14 * width * heights));
  }
}

TEST_CASE("small overlaps are seen: slivers along a side, from where rounding ends") {
  using N = exact::Number<16>;
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  scenes::Rng rng(seed);
  int seen = 0;
  for (int k = 0; k < scenes::rounds(4'000); ++k) {
    AlongLine<double> line(rng);
    const double length = line.length(), by = std::ldexp(1.0, -20 - line.below(4));
    const auto a = line.shape(0, length, 1, rng() % 2 == 0, -by), b = line.shape(0, length, -1, rng() % 2 == 0);
    if (a.empty() || b.empty()) {
      continue;
    }
    CAPTURE(to_wkt(a), to_wkt(b));
    const auto rings_a = exact::rings<N>(a), rings_b = exact::rings<N>(b);
    const double shared = double(exact::shared_area<N>(rings_a, rings_b));
    const auto ba = bounds(a), bb = bounds(b);
    const double la = std::hypot(ba.x2 - ba.x1, ba.y2 - ba.y1), lb = std::hypot(bb.x2 - bb.x1, bb.y2 - bb.y1);
    const double scale = std::min(la, lb) * (la + lb + std::hypot(ba.x1 - bb.x1, ba.y1 - bb.y1));
    REQUIRE(std::abs(intersection_area(a, b) - shared) <= 4.5e-16 * (scale + std::min(area(a), area(b))) * 1.25);
    if (shared > 1e-15 * scale) {
      REQUIRE(intersection_area(a, b) > 0);
      ++seen;
    }
  }
  REQUIRE(seen > scenes::rounds(2'000));
}
