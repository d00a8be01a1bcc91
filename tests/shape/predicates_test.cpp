// orientation() against whole-number arithmetic that cannot round.
#include <boxlap/shape/detail/predicates.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <random>

#include "../catch.hpp"
#include "../support/rounds.hpp"

using boxlap::Point;
using boxlap::detail::orientation;

#if defined(__SIZEOF_INT128__)
namespace {

__extension__ using Wide = __int128;

/// Coordinates are whole numbers times a power of two, so the sign is that of a sum of whole numbers.
int exact(std::int64_t ax, std::int64_t ay, std::int64_t bx, std::int64_t by, std::int64_t cx, std::int64_t cy) {
  const Wide area = Wide(ax - cx) * Wide(by - cy) - Wide(ay - cy) * Wide(bx - cx);
  return (area > 0) - (area < 0);
}

}  // namespace

TEST_CASE("points nearly on a line lie on the side that exact arithmetic says", "[orientation]") {
  const std::uint64_t seed = 11;
  CAPTURE(seed);
  std::mt19937_64 rng(seed);
  int on_line = 0, wrong = 0, beside = 0;
  for (int round = 0; round < scenes::rounds(400'000); ++round) {
    const int bits = 20 + static_cast<int>(rng() % 33);  // up to 2^52: every coordinate is a double
    const auto draw = [&] { return static_cast<std::int64_t>(rng() >> (64 - bits)); };
    const std::int64_t ax = draw(), ay = draw(), bx = draw(), by = draw();
    // c is a point of the line, beyond b too, rounded to the grid and sometimes moved by one step of it.
    const long double t = static_cast<long double>(rng() % 2001) / 1000;
    const auto on = [&](std::int64_t a, std::int64_t b) {
      return a + static_cast<std::int64_t>(std::llround(t * static_cast<long double>(b - a)));
    };
    const std::int64_t cx = on(ax, bx), cy = on(ay, by) + static_cast<std::int64_t>(rng() % 3) - 1;
    const double unit = std::ldexp(1.0, -static_cast<int>(rng() % 60));
    const auto point = [&](std::int64_t x, std::int64_t y) {
      return Point<double>{static_cast<double>(x) * unit, static_cast<double>(y) * unit};
    };
    const int expected = exact(ax, ay, bx, by, cx, cy);
    on_line += expected == 0 ? 1 : 0;
    beside += expected != 0 ? 1 : 0;
    wrong += orientation(point(ax, ay), point(bx, by), point(cx, cy)) != expected ? 1 : 0;
  }
  CHECK(wrong == 0);
  CHECK(on_line > 0);
  CHECK(beside > 0);
}

TEST_CASE("points of different sizes nearly on a line, whose differences round, lie on the right side",
          "[orientation]") {
  const std::uint64_t seed = 13;
  CAPTURE(seed);
  std::mt19937_64 rng(seed);
  int wrong = 0;
  const auto as_double = [](std::int64_t v) { return static_cast<std::int64_t>(static_cast<double>(v)); };
  for (int round = 0; round < scenes::rounds(300'000); ++round) {
    // 53 digits at different places of 59: a - c and b - c have more than a double holds.
    const auto draw = [&] { return as_double(static_cast<std::int64_t>(rng() >> (5 + rng() % 7))); };
    const std::int64_t ax = draw(), ay = draw(), bx = draw(), by = draw();
    if (ax == bx) {
      continue;
    }
    const long double t = static_cast<long double>(rng() % 1001) / 1000;
    const std::int64_t cx = as_double(ax + static_cast<std::int64_t>(t * static_cast<long double>(bx - ax)));
    const long double slope = static_cast<long double>(by - ay) / static_cast<long double>(bx - ax);
    const std::int64_t step = static_cast<std::int64_t>(rng() % 9) - 4;
    const std::int64_t near = ay + static_cast<std::int64_t>(slope * static_cast<long double>(cx - ax));
    const std::int64_t cy = as_double(near + 16 * step);
    const auto point = [](std::int64_t x, std::int64_t y) {
      return Point<double>{static_cast<double>(x), static_cast<double>(y)};
    };
    if (cy > -(std::int64_t{1} << 60) && cy < (std::int64_t{1} << 60)) {
      wrong += orientation(point(ax, ay), point(bx, by), point(cx, cy)) != exact(ax, ay, bx, by, cx, cy) ? 1 : 0;
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("points of float nearly on a line lie on the right side", "[orientation]") {
  const std::uint64_t seed = 12;
  CAPTURE(seed);
  std::mt19937_64 rng(seed);
  int wrong = 0;
  for (int round = 0; round < scenes::rounds(100'000); ++round) {
    const auto draw = [&] { return static_cast<std::int64_t>(rng() % (1 << 24)); };
    const std::int64_t ax = draw(), ay = draw(), bx = draw(), by = draw();
    const std::int64_t cx = (ax + bx) / 2, cy = (ay + by) / 2 + static_cast<std::int64_t>(rng() % 3) - 1;
    const auto point = [](std::int64_t x, std::int64_t y) {
      return Point<float>{static_cast<float>(x), static_cast<float>(y)};
    };
    wrong += orientation(point(ax, ay), point(bx, by), point(cx, cy)) != exact(ax, ay, bx, by, cx, cy) ? 1 : 0;
  }
  CHECK(wrong == 0);
}
#endif

TEST_CASE("three points: left, right and on the line, in every order and far out", "[orientation]") {
  for (const double scale : {1e-60, 1.0, 1e70}) {
    for (const double away : {0.0, 1e3, -1e6}) {
      const auto at = [&](double x, double y) { return Point<double>{(x + away) * scale, (y + away) * scale}; };
      CHECK(orientation(at(0, 0), at(2, 0), at(1, 1)) == 1);
      CHECK(orientation(at(2, 0), at(1, 1), at(0, 0)) == 1);
      CHECK(orientation(at(2, 0), at(0, 0), at(1, 1)) == -1);
      CHECK(orientation(at(0, 0), at(0, 2), at(1, 1)) == -1);
      CHECK(orientation(at(1, 1), at(1, 1), at(1, 1)) == 0);
      CHECK(orientation(at(0, 0), at(1, 1), at(0, 0)) == 0);
    }
  }
  CHECK(orientation<double>({0, 0}, {1, 1}, {7, 7}) == 0);
  CHECK(orientation<double>({0, 0}, {1, 1}, {-7, -7}) == 0);
  const double step = std::numeric_limits<double>::epsilon();
  CHECK(orientation<double>({0.5, 0.5}, {12, 12}, {24, 24}) == 0);
  CHECK(orientation<double>({0.5, 0.5 + step}, {12, 12}, {24, 24}) == 1);
  CHECK(orientation<double>({0.5 + step, 0.5}, {12, 12}, {24, 24}) == -1);
}
