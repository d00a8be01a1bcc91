#include <boxlap/base/detail/sorting.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <random>
#include <utility>
#include <vector>

#include "../catch.hpp"

using namespace boxlap;

namespace {

/// torch.sort(descending=True, stable=True), written from its description.
template <class T>
std::vector<Index> plain_order(const std::vector<T>& scores) {
  std::vector<Index> order(scores.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](Index a, Index b) {
    const T x = scores[detail::at(a)], y = scores[detail::at(b)];
    return std::isnan(x) ? !std::isnan(y) : x > y;
  });
  return order;
}

}  // namespace

TEMPLATE_TEST_CASE("scores are ordered from high to low, NaN first, equal ones by row", "", float, double) {
  const auto seed = GENERATE(1U, 2U, 3U);
  const auto n = GENERATE(0, 1, 2, 64, 80, 81, 1000, 1024, 1025, 2049, 5000);
  CAPTURE(seed, n);
  std::mt19937_64 rng(seed);
  std::uniform_int_distribution<int> pick(-20, 20);
  constexpr TestType inf = std::numeric_limits<TestType>::infinity();
  constexpr TestType nan = std::numeric_limits<TestType>::quiet_NaN();
  const TestType special[] = {inf, -inf, nan, -nan, TestType(-0.0), TestType(0.0), TestType(1e-30), TestType(1e30)};
  std::vector<TestType> scores;
  for (int i = 0; i < n; ++i) {
    const int at = pick(rng);
    scores.push_back(at >= 0 && at < 8 ? special[at] : static_cast<TestType>(at) / 7);
  }
  CHECK(detail::order_descending(scores) == plain_order(scores));
}

TEMPLATE_TEST_CASE("scores are ordered whether they spread or crowd", "", float, double) {
  const double spread = GENERATE(1.0, 1e-2, 1e-6, 1e-15, 0.0);
  const int n = GENERATE(81, 300, 1024, 2048);
  CAPTURE(spread, n);
  std::mt19937_64 rng(11);
  std::uniform_real_distribution<double> unit(0, 1);
  std::vector<TestType> scores;
  for (int i = 0; i < n; ++i) {
    scores.push_back(static_cast<TestType>(i % 17 == 0 ? unit(rng) : 0.5 + spread * unit(rng)));
  }
  CHECK(detail::order_descending(scores) == plain_order(scores));
}

namespace {

/// Scores as detectors give them, and as they do not.
std::vector<std::pair<const char*, std::function<double(double, std::size_t)>>> score_shapes() {
  constexpr double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  return {{"uniform", [](double u, std::size_t) { return u; }},
          {"dense near 0", [](double u, std::size_t) { return u * u * u; }},
          {"dense near 1", [](double u, std::size_t) { return 1 - u * u * u; }},
          {"exponential", [](double u, std::size_t) { return std::exp(-10 * u); }},
          {"logits", [](double u, std::size_t) { return std::log((u + 1e-9) / (1 - u + 1e-9)); }},
          {"hundredths", [](double u, std::size_t) { return std::floor(100 * u) / 100; }},
          {"two values", [](double u, std::size_t) { return u < 0.5 ? -1 : 2; }},
          {"all equal", [](double, std::size_t) { return 0.25; }},
          {"half of them 0", [](double u, std::size_t) { return u < 0.25  ? -0.0
                                                                : u < 0.5 ? 0.0
                                                                          : u - 0.5; }},
          {"a crowd", [](double u, std::size_t i) { return i % 15 == 0 ? 0.5 + 1e-6 * u : u; }},
          {"a small crowd", [](double u, std::size_t i) { return i % 50 == 0 ? 0.5 + 1e-6 * u : u; }},
          {"outliers", [](double u, std::size_t i) { return i % 999 == 0 ? 1e7 * u : u; }},
          {"some NaN", [](double u, std::size_t i) { return i % 299 == 0 ? nan : u; }},
          {"many NaN", [](double u, std::size_t i) { return i % 2 == 0 ? -nan : u; }},
          {"all NaN", [](double, std::size_t) { return nan; }},
          {"infinite", [](double u, std::size_t i) { return i % 999 == 0   ? inf
                                                            : i % 998 == 0 ? -inf
                                                                           : u; }},
          {"subnormal", [](double u, std::size_t) { return u * 1e-39; }},
          {"as large as they get", [](double u, std::size_t) { return (u - 0.5) * 6e38; }},
          {"ascending", [](double, std::size_t i) { return static_cast<double>(i); }},
          {"descending", [](double, std::size_t i) { return -static_cast<double>(i); }}};
}

}  // namespace

TEMPLATE_TEST_CASE("scores of any distribution are ordered at any length", "", float, double) {
  const std::size_t n = GENERATE(1024U, 1025U, 2049U, 10'000U, 16'384U, 16'385U, 40'000U);
  for (const auto& [name, score_of] : score_shapes()) {
    CAPTURE(name, n);
    std::mt19937_64 rng(n);
    std::uniform_real_distribution<double> unit(0, 1);
    std::vector<TestType> scores;
    for (std::size_t i = 0; i < n; ++i) {
      scores.push_back(static_cast<TestType>(score_of(unit(rng), i)));
    }
    CHECK((detail::order_descending(scores) == plain_order(scores)));
  }
}

TEMPLATE_TEST_CASE("scores of one step are ordered, few and many of them", "", float, double) {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 rng(seed);
  std::uniform_real_distribution<TestType> spread(0, 1), close(TestType(0.5), TestType(0.5) + TestType(4e-7));
  for (const int crowd : {2, 31, 32, 33, 34, 200}) {
    CAPTURE(crowd);
    std::vector<TestType> scores(5000);
    std::generate(scores.begin(), scores.end(), [&] { return spread(rng); });
    for (int k = 0; k < crowd; ++k) {
      scores[rng() % scores.size()] = close(rng);
    }
    REQUIRE(detail::order_descending(scores) == plain_order(scores));
  }
}

TEST_CASE("more scores than steps hold are ordered") {
  std::mt19937 rng(5);
  std::uniform_real_distribution<float> unit(0, 1);
  std::vector<float> scores((std::size_t{1} << 21) + GENERATE(0U, 1U));
  std::generate(scores.begin(), scores.end(), [&] { return unit(rng); });
  CHECK((detail::order_descending(scores) == plain_order(scores)));
}

TEST_CASE("integer scores are ordered too") {
  CHECK(detail::order_descending(std::vector<int>{3, -1, 3, 7}) == std::vector<Index>{3, 0, 2, 1});
  CHECK(detail::order_descending(std::vector<unsigned char>{0, 255, 1}) == std::vector<Index>{1, 2, 0});
}

TEST_CASE("radix_sort is stable for any number of bits and any length") {
  const int bits = GENERATE(1, 7, 11, 12, 22, 23, 32);
  const std::size_t n = GENERATE(std::size_t{0}, std::size_t{1}, std::size_t{64}, std::size_t{65}, std::size_t{3000});
  CAPTURE(bits, n);
  std::mt19937 rng(7);
  std::vector<detail::Keyed<std::uint32_t>> items(n), scratch;
  for (std::size_t i = 0; i < n; ++i) {
    const auto mask = static_cast<std::uint32_t>((std::uint64_t{1} << bits) - 1);
    items[i] = {static_cast<std::uint32_t>(rng()) & mask & 0xff00ffffU, static_cast<Index>(i)};
  }
  auto expected = items;
  std::stable_sort(expected.begin(), expected.end(), [](auto a, auto b) { return a.key < b.key; });
  detail::radix_sort(items, scratch, bits);
  const bool same = std::equal(items.begin(), items.end(), expected.begin(), expected.end(),
                               [](auto a, auto b) { return a.key == b.key && a.row == b.row; });
  CHECK(same);
}
