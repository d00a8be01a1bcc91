// Angles in degrees against remainders, which are exact in floating point, and against sines of long double.
#include <boxlap/shape/detail/angle.hpp>

#include <cmath>
#include <limits>
#include <numbers>
#include <random>
#include <vector>

#include "../catch.hpp"

namespace {

/// Angles of every size, at and beside multiples of 45 degrees too.
std::vector<double> angles(std::mt19937& rng) {
  std::uniform_real_distribution<double> unit(-1, 1);
  std::vector<double> all{0.0, -0.0, 1e-300, -1e-300, 99'999.9, 100'000, 1e15, -1e15, 1e300, std::nextafter(45.0, 0)};
  for (int k = 0; k < 5'000; ++k) {
    const double near = 45.0 * (int(rng() % 8'001) - 4'000);
    all.insert(all.end(), {near, std::nextafter(near, 1e9), std::nextafter(near, -1e9), 360 * unit(rng),
                           std::ldexp(unit(rng), int(rng() % 120) - 60)});
  }
  return all;
}

}  // namespace

TEST_CASE("an angle is quarter turns and an exact rest from -45 to 45") {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 rng(seed);
  for (const double degrees : angles(rng)) {
    const auto [quarters, rest] = boxlap::detail::reduced(degrees);
    CAPTURE(degrees, quarters, rest);
    REQUIRE(std::abs(rest) <= 45 + 2e-11);                 // degrees / 90 is rounded: next to a border it may be at it
    const double within_turn = std::fmod(degrees, 360.0);  // exact, as fmod is
    const double from_rest = within_turn - rest;
    const int turns = static_cast<int>(std::lround(from_rest / 90));
    REQUIRE(std::abs(turns) <= 4);
    REQUIRE(std::fma(90.0, turns, rest) == within_turn);
    REQUIRE((quarters & 3) == (turns & 3));
  }
}

TEST_CASE("directions are those of the sine and cosine, and exact at quarter turns") {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 rng(seed);
  for (const double degrees : angles(rng)) {
    const long double radians = std::fmod(degrees, 360.0) * (std::numbers::pi_v<long double> / 180);
    const auto [cos, sin] = boxlap::detail::direction_of(degrees);
    CAPTURE(degrees, cos, sin);
    REQUIRE(std::abs(double(cos - std::cos(radians))) < 4 * std::numeric_limits<double>::epsilon());
    REQUIRE(std::abs(double(sin - std::sin(radians))) < 4 * std::numeric_limits<double>::epsilon());
  }
  const int cosines[] = {1, 0, -1, 0}, sines[] = {0, 1, 0, -1};
  for (int quarter = -9; quarter <= 9; ++quarter) {
    const auto [cos, sin] = boxlap::detail::direction_of(90.0F * static_cast<float>(quarter));
    CAPTURE(quarter);
    REQUIRE(cos == static_cast<float>(cosines[quarter & 3]));
    REQUIRE(sin == static_cast<float>(sines[quarter & 3]));
  }
}
