// Gains against the table of objectives, written out case by case in long double.
#include <boxlap/match/detail/gains.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <type_traits>
#include <utility>
#include <vector>

#include "../catch.hpp"

using namespace boxlap;

namespace {

/// A matrix of one row with these weights.
template <class T>
Csr<T> row_of(const std::vector<T>& weights) {
  std::vector<Triple<T>> entries;
  for (std::size_t j = 0; j < weights.size(); ++j) {
    entries.push_back({0, static_cast<Index>(j), weights[j]});
  }
  return make_csr(1, static_cast<Index>(weights.size()), entries);
}

/// The gain as two numbers; a pair of zeros is no edge.
template <class T>
std::pair<long double, long double> expected_gain(const std::vector<T>& weights, T w, const AssignOptions& options) {
  const long double gate = std::is_integral_v<T> ? std::floor(static_cast<long double>(options.gate))
                                                 : static_cast<long double>(options.gate);
  const auto surplus = [&](T value) { return value > 0 ? static_cast<long double>(value) - gate : 0; };
  if (options.objective == Objective::most_pairs) {
    return w > 0 && static_cast<long double>(w) >= gate ? std::pair<long double, long double>(1, w)
                                                        : std::pair<long double, long double>(0, 0);
  }
  long double gain = surplus(w);
  if (options.among_optima == AmongOptima::any) {
    return {gain, 0};
  }
  if (std::is_floating_point_v<T>) {  // to multiples of 2^-50 of the power of two above the largest gain
    long double largest = 0, power = std::ldexp(1.0L, -1000);
    for (const T other : weights) {
      largest = std::max(largest, surplus(other));
    }
    while (power <= largest) {
      power *= 2;
    }
    const long double grid = std::ldexp(power, -50);
    gain = std::nearbyint(gain / grid) * grid;
  }
  return gain > 0 ? std::pair<long double, long double>(gain, options.among_optima == AmongOptima::most_pairs ? 1 : -1)
                  : std::pair<long double, long double>(0, 0);
}

}  // namespace

TEMPLATE_TEST_CASE("a gain is what the objective says", "[gains]", std::int32_t, std::int64_t, float, double) {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 rng(seed);
  for (int round = 0; round < 20; ++round) {
    std::vector<TestType> weights;
    for (int k = 0; k < 12; ++k) {
      const double w = static_cast<double>(rng() % 41) - 8;
      weights.push_back(static_cast<TestType>(std::is_integral_v<TestType> ? w : w / 8));  // exact, ties with gates
    }
    const Csr<TestType> matrix = row_of(weights);
    for (const Objective objective : {Objective::max_total, Objective::max_gain, Objective::most_pairs}) {
      for (const AmongOptima among : {AmongOptima::any, AmongOptima::most_pairs, AmongOptima::fewest_pairs}) {
        for (const double gate : {0.0, 0.5, 2.0, 3.25, -1.5}) {
          const AssignOptions options{objective, objective == Objective::max_total ? 0 : gate, among};
          const detail::LexicographicGain<TestType> gain(matrix.view(), options);
          const detail::Surplus<TestType> surplus{detail::whole_gate<TestType>(options.gate)};
          for (const TestType w : weights) {
            CAPTURE(w, gate, int(objective), int(among));
            const auto expected = expected_gain(weights, w, options);
            const auto found = gain(w);
            CHECK(static_cast<long double>(found.first) == expected.first);
            CHECK(static_cast<long double>(found.second) == expected.second);
            CHECK(detail::is_positive(found) == (expected.first > 0));
            if (objective != Objective::most_pairs && among == AmongOptima::any) {
              CHECK(static_cast<long double>(surplus(w)) == expected.first);
            }
          }
        }
      }
    }
  }
}

TEST_CASE("gains are rounded to the grid that sums are exact on", "[gains]") {
  const std::vector<double> weights = {1.0 / 3, 0.1, 0.7, 1e-17, 0.9999};
  const Csr<double> matrix = row_of(weights);
  for (const AmongOptima among : {AmongOptima::most_pairs, AmongOptima::fewest_pairs}) {
    const AssignOptions options{Objective::max_total, 0, among};
    const detail::LexicographicGain<double> gain(matrix.view(), options);
    for (const double w : weights) {
      CHECK(static_cast<long double>(gain(w).first) == expected_gain(weights, w, options).first);
    }
    CHECK(!detail::is_positive(gain(1e-17)));  // less than half the grid
  }
}
