// certify() against every small forgery: all matchings with all duals of a few whole numbers, right ones among them.
#include <boxlap/match/assign.hpp>
#include <boxlap/match/certify.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "../catch.hpp"

using namespace boxlap;

namespace {

using Int = std::int64_t;
using Aims = std::pair<Int, Int>;  // compared first aim first
using Cells = std::vector<Int>;    // row-major, 0: no entry

constexpr Index side = 2;

std::size_t cell(Index i, Index j) { return static_cast<std::size_t>(i * side + j); }

Csr<Int> matrix_of(const Cells& w) {
  std::vector<Triple<Int>> entries;
  for (Index i = 0; i < side; ++i) {
    for (Index j = 0; j < side; ++j) {
      if (w[cell(i, j)] != 0) {
        entries.push_back({i, j, w[cell(i, j)]});
      }
    }
  }
  return make_csr(side, side, entries);
}

/// What a pair adds to both aims, from the definitions of the objectives; (0, 0) or less: no edge.
Aims gain(Int w, const AssignOptions& o) {
  const Int gate = static_cast<Int>(o.gate);
  if (o.objective == Objective::most_pairs) {
    return w > 0 && w >= gate ? Aims{1, w} : Aims{0, 0};
  }
  const Int pairs = o.among_optima == AmongOptima::most_pairs     ? 1
                    : o.among_optima == AmongOptima::fewest_pairs ? -1
                                                                  : 0;
  const Int own = o.objective == Objective::max_total ? w : w - gate;
  return w > 0 && own > 0 ? Aims{own, pairs} : Aims{0, 0};
}

Aims plus(Aims a, Aims b) { return {a.first + b.first, a.second + b.second}; }

/// The duals of row i (or column j, as side + j), aims in the order of the objective.
Aims dual(const Assignment<Int>& a, Index k) {
  const bool row = k < side;
  const auto at = static_cast<std::size_t>(row ? k : k - side);
  const Int value = row ? a.row_duals[at] : a.col_duals[at];
  const auto& of_pairs = row ? a.row_pair_duals : a.col_pair_duals;
  const Int pairs = of_pairs.empty() ? 0 : of_pairs[at];
  return a.options.objective == Objective::most_pairs ? Aims{pairs, value} : Aims{value, pairs};
}

/// The definition: a matching of edges, its count and total, duals that cover every edge and are not negative, and
/// sums that agree.
bool is_proof(const Cells& w, const Assignment<Int>& a) {
  Index count = 0;
  Int total = 0;
  Aims reached, bound;
  for (Index i = 0; i < side; ++i) {
    const Index j = a.col_of_row[static_cast<std::size_t>(i)];
    if (j != none) {
      if (!(gain(w[cell(i, j)], a.options) > Aims{0, 0})) {
        return false;
      }
      ++count;
      total += w[cell(i, j)];
      reached = plus(reached, gain(w[cell(i, j)], a.options));
    }
    for (Index k = 0; k < side; ++k) {
      const Aims g = gain(w[cell(i, k)], a.options);
      if (g > Aims{0, 0} && plus(dual(a, i), dual(a, side + k)) < g) {
        return false;
      }
    }
  }
  for (Index k = 0; k < 2 * side; ++k) {
    if (dual(a, k) < Aims{0, 0}) {
      return false;
    }
    bound = plus(bound, dual(a, k));
  }
  return bound == reached && count == a.count && total == a.total;
}

/// What the pairs of a matching add up to, and whether all of them are edges.
std::pair<Aims, bool> gain_of(const Cells& w, const Assignment<Int>& a) {
  Aims sum;
  bool edges = true;
  for (Index i = 0; i < side; ++i) {
    if (const Index j = a.col_of_row[static_cast<std::size_t>(i)]; j != none) {
      sum = plus(sum, gain(w[cell(i, j)], a.options));
      edges = edges && gain(w[cell(i, j)], a.options) > Aims{0, 0};
    }
  }
  return {sum, edges};
}

/// The most by which a constraint is broken, 0 for none. One aim.
Int most_broken(const Cells& w, const Assignment<Int>& a) {
  Int worst = 0;
  for (Index k = 0; k < 2 * side; ++k) {
    worst = std::max(worst, -dual(a, k).first);
  }
  for (Index i = 0; i < side; ++i) {
    for (Index j = 0; j < side; ++j) {
      if (const Aims g = gain(w[cell(i, j)], a.options); g > Aims{0, 0}) {
        worst = std::max(worst, g.first - dual(a, i).first - dual(a, side + j).first);
      }
    }
  }
  return worst;
}

/// The best both aims can be, over all matchings of two rows and two columns.
Aims optimum(const Cells& w, const AssignOptions& o) {
  Aims best{0, 0};
  const auto take = [&](Index i, Index j) { return std::max(gain(w[cell(i, j)], o), Aims{0, 0}); };
  for (Index j = 0; j < side; ++j) {
    best = std::max({best, take(0, j), take(1, j), plus(take(0, j), take(1, 1 - j))});
  }
  return best;
}

std::vector<Assignment<Int>> all_matchings(const Cells& w, const AssignOptions& o) {
  std::vector<Assignment<Int>> all;
  for (Index first = none; first < side; ++first) {
    for (Index second = none; second < side; ++second) {
      if (first != none && first == second) {
        continue;
      }
      Assignment<Int> a;
      a.options = o;
      a.col_of_row = {first, second};
      a.row_of_col = {none, none};
      for (Index i = 0; i < side; ++i) {
        if (const Index j = a.col_of_row[static_cast<std::size_t>(i)]; j != none) {
          a.row_of_col[static_cast<std::size_t>(j)] = i;
          ++a.count;
          a.total += w[cell(i, j)];
        }
      }
      all.push_back(a);
    }
  }
  return all;
}

/// Calls use() with every list of `size` numbers from least to most.
template <class Use>
void for_each_list(std::size_t size, Int least, Int most, const Use& use) {
  std::vector<Int> list(size, least);
  for (;;) {
    use(list);
    std::size_t k = 0;
    for (; k < size && list[k] == most; ++k) {
      list[k] = least;
    }
    if (k == size) {
      return;
    }
    ++list[k];
  }
}

}  // namespace

TEST_CASE("certify accepts the proofs among all forgeries and nothing else, one aim", "[certify]") {
  for (const AssignOptions& options : {AssignOptions{}, AssignOptions{.objective = Objective::max_gain, .gate = 1}}) {
    for_each_list(4, 0, 2, [&](const Cells& w) {
      const Csr<Int> matrix = matrix_of(w);
      const Aims best = optimum(w, options);
      int proofs = 0;
      for (Assignment<Int>& a : all_matchings(w, options)) {
        const auto [reached, edges] = gain_of(w, a);
        for_each_list(4, -1, 2, [&, reached = reached, edges = edges](const std::vector<Int>& duals) {
          a.row_duals = {duals[0], duals[1]};
          a.col_duals = {duals[2], duals[3]};
          const bool expected = is_proof(w, a);
          const Certificate<Int> found = certify(matrix, a);
          const Int gap = duals[0] + duals[1] + duals[2] + duals[3] - reached.first;
          if (found.valid != expected || (edges && found.gap != gap) || found.worst != most_broken(w, a)) {
            CAPTURE(w, duals, a.col_of_row, options.gate, found.fault, found.gap, gap, found.worst, most_broken(w, a));
            REQUIRE(found.valid == expected);
            REQUIRE((!edges || found.gap == gap));
            REQUIRE(found.worst == most_broken(w, a));
          }
          if (expected) {
            ++proofs;
            REQUIRE(reached == best);
          }
        });
      }
      REQUIRE(proofs > 0);  // strong duality: with whole weights there are whole duals
    });
  }
}

TEST_CASE("certify accepts the proofs among forgeries and nothing else, two aims", "[certify]") {
  const std::uint64_t seed = 20;
  CAPTURE(seed);
  std::mt19937_64 rng(seed);
  for (const AssignOptions& options :
       {AssignOptions{.objective = Objective::most_pairs}, AssignOptions{.objective = Objective::most_pairs, .gate = 2},
        AssignOptions{.among_optima = AmongOptima::most_pairs},
        AssignOptions{.among_optima = AmongOptima::fewest_pairs}}) {
    const bool pairs_first = options.objective == Objective::most_pairs;
    for (int round = 0; round < 4; ++round) {
      Cells w;
      for (int k = 0; k < 4; ++k) {
        w.push_back(round == 0 ? Int{1 + k / 3} : static_cast<Int>(rng() % 4));
      }
      const Csr<Int> matrix = matrix_of(w);
      const Aims best = optimum(w, options);
      int proofs = 0;
      for (Assignment<Int>& a : all_matchings(w, options)) {
        const auto [reached, edges] = gain_of(w, a);
        for_each_list(4, pairs_first ? -2 : -1, 2, [&, reached = reached](const std::vector<Int>& duals) {
          a.row_duals = {duals[0], duals[1]};
          a.col_duals = {duals[2], duals[3]};
          const Int sum = duals[0] + duals[1] + duals[2] + duals[3];
          if (sum != (pairs_first ? reached.second : reached.first) && rng() % 16 != 0) {
            return;  // most of those whose sum tells at once
          }
          for_each_list(4, -1, 1, [&](const std::vector<Int>& pair_duals) {
            a.row_pair_duals = {pair_duals[0], pair_duals[1]};
            a.col_pair_duals = {pair_duals[2], pair_duals[3]};
            const bool expected = is_proof(w, a);
            const Certificate<Int> found = certify(matrix, a);
            if (found.valid != expected) {
              CAPTURE(w, duals, pair_duals, a.col_of_row, static_cast<int>(options.objective), found.fault);
              REQUIRE(found.valid == expected);
            }
            if (expected) {
              ++proofs;
              REQUIRE(reached == best);
              REQUIRE((found.gap == 0 && found.pair_gap == 0));
            }
          });
        });
      }
      REQUIRE(proofs > 0);
    }
  }
}

TEST_CASE("a proof is of its own count, total and partners, and a fault is named with its place", "[certify]") {
  const Csr<Int> w = make_csr<Int>(2, 3, {{0, 0, 5}, {0, 2, 4}, {1, 0, 3}});
  const Assignment<Int> right = assign(w);
  REQUIRE(right.total == 7);
  REQUIRE(certify(w, right).valid);
  const auto fault = [&](auto damage) {
    Assignment<Int> a = right;
    damage(a);
    const Certificate<Int> found = certify(w, a);
    CHECK(!found.valid);
    return std::tuple(std::string(found.fault), found.row, found.col);
  };
  const auto named = [](const char* what, Index row, Index col) { return std::tuple(std::string(what), row, col); };
  CHECK(fault([](auto& a) { ++a.total; }) == named("total is not the sum of the matched weights", none, none));
  CHECK(fault([](auto& a) { --a.total; }) == named("total is not the sum of the matched weights", none, none));
  CHECK(fault([](auto& a) { ++a.count; }) == named("count is not the number of matched edges", none, none));
  CHECK(fault([](auto& a) { --a.count; }) == named("count is not the number of matched edges", none, none));
  CHECK(fault([](auto& a) { ++a.row_duals[1]; }) == named("the duals allow a better matching", none, none));
  CHECK(fault([](auto& a) { ++a.col_duals[1]; }) == named("the duals allow a better matching", none, none));
  CHECK(fault([](auto& a) { a.col_duals[2] = -1, a.row_duals[0] += 1; }) ==
        named("the dual of a column is negative", none, 2));
  CHECK(fault([](auto& a) { a.row_duals[1] = -1, a.col_duals[0] = 4; }) ==
        named("the dual of a row is negative", 1, none));
  CHECK(fault([](auto& a) {
          a.row_duals = {0, 0}, a.col_duals = {3, 0, 4};
        }) == named("the duals of an edge are below its gain", 0, 0));
  CHECK(fault([](auto& a) { a.row_of_col[0] = 0; }) == named("col_of_row and row_of_col contradict each other", 1, 0));
  CHECK(fault([](auto& a) { a.row_of_col[1] = 1; }) == named("col_of_row and row_of_col contradict each other", 1, 1));
  CHECK(fault([](auto& a) { a.col_of_row[0] = 3; }) == named("col_of_row and row_of_col contradict each other", 0, 3));
  CHECK(fault([](auto& a) { a.col_of_row[0] = -2; }) ==
        named("col_of_row and row_of_col contradict each other", 0, -2));
  CHECK(fault([](auto& a) { a.row_of_col.pop_back(); }) == named("the assignment is one of another size", none, none));
  CHECK(fault([](auto& a) { a.col_of_row.push_back(none); }) ==
        named("the assignment is one of another size", none, none));
  CHECK(fault([](auto& a) { a.row_duals.pop_back(); }) == named("the assignment brings no duals", none, none));
  CHECK(fault([](auto& a) { a.col_duals.push_back(0); }) == named("the assignment brings no duals", none, none));
  CHECK(fault([](auto& a) { a.row_pair_duals.assign(2, 0); }) == named("the assignment brings no duals", none, none));
  CHECK(fault([](auto& a) { a.col_pair_duals.assign(3, 0); }) == named("the assignment brings no duals", none, none));
}

TEST_CASE("certify forgives floating-point duals 1e-12 of the largest gain", "[certify]") {
  const Csr<double> w = make_csr<double>(2, 2, {{0, 0, 1000}, {0, 1, 700}, {1, 0, 600}, {1, 1, 100}});
  const Assignment<double> right = assign(w);
  REQUIRE(right.total == 1300);
  const auto moved = [&](double by_row, double by_col) {
    Assignment<double> a = right;
    a.row_duals[0] += by_row;
    a.col_duals[1] += by_col;
    return certify(w, a);
  };
  CHECK(moved(0, 0).valid);
  CHECK(moved(5e-10, -5e-10).valid);
  CHECK(moved(-5e-10, 0).valid);
  CHECK(moved(5e-10, 0).valid);
  CHECK(!moved(-2e-9, 0).valid);
  CHECK(!moved(2e-9, 0).valid);
  CHECK(!moved(-2e-9, 2e-9).valid);
  CHECK(std::abs(moved(2e-9, 0).gap - 2e-9) < 1e-12);
  CHECK(std::abs(moved(-2e-9, 0).worst - 2e-9) < 1e-12);
}

TEST_CASE("the largest weight of whole numbers is taken, one more is refused", "[assign]") {
  // A path of min(rows, cols) + 1 weights stays within a quarter of what int64 holds.
  const Int quarter = std::numeric_limits<Int>::max() / 4;
  const auto weigh = [](Int weight, Objective objective) {
    return assign(make_csr<Int>(2, 3, {{0, 0, weight}, {1, 1, 1}}), {.objective = objective}).total;
  };
  CHECK(weigh(quarter, Objective::max_total) == quarter + 1);
  CHECK(weigh(quarter / 3, Objective::most_pairs) == quarter / 3 + 1);
  CHECK_THROWS_AS(weigh(quarter + 1, Objective::max_total), std::invalid_argument);
  CHECK_THROWS_AS(weigh(quarter / 3 + 1, Objective::most_pairs), std::invalid_argument);
}

TEST_CASE("certify refuses the weights that assign refuses", "[certify]") {
  const auto message_of = [](const auto& weights, const auto& assignment) -> std::string {
    try {
      (void)certify(weights, assignment);
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "";
  };
  auto weights = make_csr<double>(2, 2, {{0, 1, 0.5}, {1, 0, 0.25}});
  const auto best = assign(weights);
  CHECK(message_of(weights, best).empty());
  for (const double bad : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(), 1e300}) {
    CAPTURE(bad);
    weights.values[1] = bad;
    CHECK_THAT(message_of(weights, best), Catch::Matchers::StartsWith("boxlap: weights at row 1, column 0 is "));
    CHECK_THROWS_AS(assign(weights), std::invalid_argument);
  }
  auto whole = make_csr<Int>(1, 1, {{0, 0, 1}});
  const auto one = assign(whole);
  whole.values[0] = std::numeric_limits<Int>::max() / 4 + 1;
  CHECK_THAT(message_of(whole, one), Catch::Matchers::StartsWith("boxlap: weights at row 0, column 0 is 2305843009"));
}
