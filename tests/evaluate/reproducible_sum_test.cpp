#include <boxlap/evaluate/detail/reproducible_sum.hpp>

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

#include "../catch.hpp"

namespace {

__extension__ using Wide = __int128;

double sum(const std::vector<double>& numbers) {
  boxlap::detail::ReproducibleSum total;
  for (const double x : numbers) {
    total.add(x);
  }
  return total.total();
}

}  // namespace

TEST_CASE("a sum is exact and rounded once", "[reproducible_sum]") {
  CHECK(sum({}) == 0);
  CHECK(sum({1e100, 1, -1e100}) == 1);
  CHECK(sum({0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1}) == 1);
  CHECK(sum({1, 0x1p-53, 0x1p-106}) == 1 + 0x1p-52);  // just above half way: up
  CHECK(sum({1, 0x1p-53, -0x1p-106}) == 1);           // just below: down
  CHECK(sum({1, 0x1p-53}) == 1);                      // half way: to even
  CHECK(sum({1 + 0x1p-52, 0x1p-53}) == 1 + 0x1p-51);  // half way: to even
  CHECK(sum({-1, -0x1p-53, -0x1p-106}) == -1 - 0x1p-52);
}

TEST_CASE("a sum does not depend on the order, and equals the one of integers", "[reproducible_sum]") {
  const std::uint64_t seed = 20240731;
  CAPTURE(seed);
  std::mt19937_64 rng(seed);
  for (int round = 0; round < 50; ++round) {
    std::vector<double> numbers;
    Wide whole = 0;
    for (int k = 0; k < 300; ++k) {
      const auto mantissa = static_cast<std::int64_t>(rng() % (std::uint64_t{1} << 53)) - (std::int64_t{1} << 52);
      const int shift = static_cast<int>(rng() % 50);
      numbers.push_back(std::ldexp(static_cast<double>(mantissa), shift));
      whole += static_cast<Wide>(mantissa) << shift;
    }
    const double expected = static_cast<double>(whole);  // rounds once, to even
    CHECK(sum(numbers) == expected);
    std::shuffle(numbers.begin(), numbers.end(), rng);
    CHECK(sum(numbers) == expected);
    std::sort(numbers.begin(), numbers.end());
    CHECK(sum(numbers) == expected);
  }
}

TEST_CASE("a mean of nothing is what the caller says", "[reproducible_sum]") {
  boxlap::detail::ReproducibleSum total;
  CHECK(total.mean_or(-1) == -1);
  total.add(0.25);
  total.add(0.75);
  CHECK(total.mean_or(-1) == 0.5);
  CHECK(total.count() == 2);
}
