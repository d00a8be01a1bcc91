// One workspace and one result for many matrices: nothing of an earlier one may be left over.
#include <boxlap/match/assign.hpp>

#include <cstdint>
#include <random>
#include <vector>

#include "../catch.hpp"

using namespace boxlap;

TEMPLATE_TEST_CASE("a result that is used again equals a fresh one in every field", "[assign]", std::int64_t, float) {
  using T = TestType;
  const std::uint64_t seed = 3;
  CAPTURE(seed);
  std::mt19937_64 rng(seed);
  AssignWorkspace<T> workspace;
  Assignment<T> used;
  for (int round = 0; round < 400; ++round) {
    const auto rows = static_cast<Index>(rng() % 12), cols = static_cast<Index>(rng() % 12);
    std::vector<Triple<T>> edges;
    for (Index i = 0; i < rows; ++i) {
      if (rng() % 3 == 0) {
        continue;  // a row without edges, whose dual an earlier matrix may have set
      }
      for (Index j = 0; j < cols; ++j) {
        if (rng() % 3 == 0) {
          edges.push_back({i, j, static_cast<T>(rng() % 6)});
        }
      }
    }
    const auto w = make_csr(rows, cols, edges);
    AssignOptions options;
    options.objective = static_cast<Objective>(rng() % 3);
    options.gate = options.objective == Objective::max_total ? 0 : static_cast<double>(rng() % 3);
    options.among_optima = static_cast<AmongOptima>(rng() % 3);
    assign(w, options, workspace, used);
    const Assignment<T> fresh = assign(w, options);
    CAPTURE(round, rows, cols);
    CHECK(used.col_of_row == fresh.col_of_row);
    CHECK(used.row_of_col == fresh.row_of_col);
    CHECK(used.count == fresh.count);
    CHECK(used.total == fresh.total);
    CHECK(used.row_duals == fresh.row_duals);
    CHECK(used.col_duals == fresh.col_duals);
    CHECK(used.row_pair_duals == fresh.row_pair_duals);
    CHECK(used.col_pair_duals == fresh.col_pair_duals);
  }
}
