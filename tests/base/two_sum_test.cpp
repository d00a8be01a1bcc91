#include <boxlap/base/detail/two_sum.hpp>

#include <cmath>
#include <limits>
#include <random>

#include "../catch.hpp"
#include "../support/exact_number.hpp"

TEST_CASE("a rounded sum and its error are the exact sum, whichever number is larger") {
  using N = exact::Number<16>;
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 rng(seed);
  std::uniform_real_distribution<double> unit(-1, 1);
  for (int k = 0; k < 20'000; ++k) {
    const double a = std::ldexp(unit(rng), int(rng() % 160) - 80);
    const double b = rng() % 8 == 0 ? -std::nextafter(a, 0.0) : std::ldexp(unit(rng), int(rng() % 160) - 80);
    const auto [sum, error] = boxlap::detail::two_sum(a, b);
    CAPTURE(a, b, sum, error);
    REQUIRE(sum == a + b);
    REQUIRE(N(sum) + N(error) == N(a) + N(b));
    const auto narrow = boxlap::detail::two_sum(static_cast<float>(a), static_cast<float>(b));
    REQUIRE(N(double(narrow.sum)) + N(double(narrow.error)) ==
            N(double(static_cast<float>(a))) + N(double(static_cast<float>(b))));
  }
  static_assert(boxlap::detail::two_sum(1.0, 0x1p-60).error == 0x1p-60);
  REQUIRE(std::isnan(boxlap::detail::two_sum(std::numeric_limits<double>::infinity(), 1.0).error));
}
