// What the doc blocks of assign() and assign_dense() say about least cost and cost limits, against every matching.
#include <boxlap/match/assign.hpp>
#include <boxlap/match/assign_dense.hpp>
#include <boxlap/pairs/csr.hpp>

#include <algorithm>
#include <limits>
#include <vector>

#include "../catch.hpp"
#include "../support/rounds.hpp"
#include "../support/scenes.hpp"

namespace {

using boxlap::Csr;
using boxlap::Index;

constexpr double forbidden = std::numeric_limits<double>::infinity();

struct Costs {
  Index rows, cols;
  std::vector<double> cost;  // forbidden: no pair
  double operator()(Index i, Index j) const { return cost[std::size_t(i * cols + j)]; }
};

/// Multiples of 1/8 below 8, so that sums are exact: many ties, some costs of 0.
Costs random_costs(Index rows, Index cols, double density, scenes::Rng& rng) {
  Costs costs{rows, cols, {}};
  for (Index k = 0; k < rows * cols; ++k) {
    const bool stored = double(rng() % 1000) < density * 1000;
    costs.cost.push_back(stored ? double(rng() % 64) / 8 : forbidden);
  }
  return costs;
}

/// base - cost of each stored pair: what the doc block says to give assign().
Csr<double> weights_of(const Costs& costs, double base) {
  std::vector<boxlap::Triple<double>> triples;
  for (Index i = 0; i < costs.rows; ++i) {
    for (Index j = 0; j < costs.cols; ++j) {
      if (costs(i, j) < forbidden) {
        triples.push_back({i, j, base - costs(i, j)});
      }
    }
  }
  return boxlap::make_csr(costs.rows, costs.cols, triples);
}

struct Matching {
  Index pairs = 0;
  double cost = 0;
};

/// The best of all matchings by `better`, tried one by one.
template <class Better>
Matching best_of_all(const Costs& costs, const Better& better) {
  Matching best;
  std::vector<bool> taken(std::size_t(costs.cols), false);
  const auto extend = [&](const auto& self, Index row, const Matching& so_far) -> void {
    if (row == costs.rows) {
      best = better(so_far, best) ? so_far : best;
      return;
    }
    self(self, row + 1, so_far);
    for (Index j = 0; j < costs.cols; ++j) {
      if (!taken[std::size_t(j)] && costs(row, j) < forbidden) {
        taken[std::size_t(j)] = true;
        self(self, row + 1, {so_far.pairs + 1, so_far.cost + costs(row, j)});
        taken[std::size_t(j)] = false;
      }
    }
  };
  extend(extend, 0, {});
  return best;
}

Matching read(const Costs& costs, const std::vector<Index>& col_of_row) {
  Matching found;
  for (Index i = 0; i < costs.rows; ++i) {
    if (const Index j = col_of_row[std::size_t(i)]; j != boxlap::none) {
      found = {found.pairs + 1, found.cost + costs(i, j)};
    }
  }
  return found;
}

}  // namespace

TEST_CASE("least-cost full matching of a sparse matrix, as lapmod and min_weight_full_bipartite_matching", "[assign]") {
  const auto seed = std::uint64_t(GENERATE(take(scenes::rounds(100), random(1, 1 << 30))));
  CAPTURE(seed);
  scenes::Rng rng(seed);
  const auto rows = Index(1 + rng() % 5), cols = Index(1 + rng() % 5);
  const Costs costs = random_costs(rows, cols, 0.6, rng);
  const double above_all = 9;
  const auto matching = boxlap::assign(weights_of(costs, above_all), {.objective = boxlap::Objective::most_pairs});
  const Matching expected = best_of_all(costs, [](const Matching& a, const Matching& b) {
    return a.pairs > b.pairs || (a.pairs == b.pairs && a.cost < b.cost);
  });
  const Matching found = read(costs, matching.col_of_row);
  CHECK(found.pairs == expected.pairs);
  CHECK(found.cost == expected.cost);
  const auto solve_dense = [&] { return boxlap::assign_dense(rows, cols, costs); };
  if (expected.pairs == std::min(rows, cols)) {
    CHECK(solve_dense().total == expected.cost);
  } else {  // no full matching: scipy raises
    CHECK_THROWS_AS((void)solve_dense(), std::invalid_argument);
  }
}

TEST_CASE("a cost limit, as lap.lapjv(cost, extend_cost=True, cost_limit=limit)", "[assign]") {
  const auto seed = std::uint64_t(GENERATE(take(scenes::rounds(100), random(1, 1 << 30))));
  CAPTURE(seed);
  scenes::Rng rng(seed);
  const auto rows = Index(1 + rng() % 5), cols = Index(1 + rng() % 5);
  const Costs costs = random_costs(rows, cols, 1, rng);
  const double limit = double(1 + rng() % 64) / 8;
  // lap's square of rows + cols pays limit / 2 for each row and each column that stays alone.
  const auto paid = [&](const Matching& m) { return m.cost + limit / 2 * double(rows + cols - 2 * m.pairs); };
  const Matching expected = best_of_all(costs, [&](const Matching& a, const Matching& b) { return paid(a) < paid(b); });

  const auto sparse = boxlap::assign(weights_of(costs, limit));
  const auto gain = [&](Index i, Index j) { return std::max(0.0, limit - costs(i, j)); };
  auto dense = boxlap::assign_dense(rows, cols, gain, {.maximize = true}).col_of_row;
  for (Index i = 0; i < rows; ++i) {
    Index& j = dense[std::size_t(i)];
    j = j != boxlap::none && gain(i, j) == 0 ? boxlap::none : j;
  }
  for (const std::vector<Index>& col_of_row : {sparse.col_of_row, dense}) {
    CHECK(paid(read(costs, col_of_row)) == paid(expected));
    for (Index i = 0; i < rows; ++i) {
      const Index j = col_of_row[std::size_t(i)];
      CHECK((j == boxlap::none || costs(i, j) < limit));
    }
  }
}
