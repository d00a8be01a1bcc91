// assign() where few edges a row make long searches: frontiers that outgrow their list and become a heap.
#include <boxlap/match/assign.hpp>

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

#include "../catch.hpp"

using namespace boxlap;

namespace {

/// Weak duality by hand: duals that are not negative and cover every edge, and sum up to the total, prove an optimum.
template <class T>
[[nodiscard]] bool is_optimal(const Csr<T>& w, const Assignment<T>& a) {
  Total<T> bound = 0, total = 0;
  bool right = true;
  std::vector<int> used(static_cast<std::size_t>(w.cols));
  for (Index i = 0; i < w.rows; ++i) {
    const auto row = static_cast<std::size_t>(i);
    right = right && a.row_duals[row] >= 0;
    bound += a.row_duals[row];
    bool stored = a.col_of_row[row] == none;
    for (auto k = w.row_offsets[row]; k < w.row_offsets[row + 1]; ++k) {
      const Index j = w.col_indices[static_cast<std::size_t>(k)];
      const T weight = w.values[static_cast<std::size_t>(k)];
      right = right && a.row_duals[row] + a.col_duals[static_cast<std::size_t>(j)] >= weight;
      if (a.col_of_row[row] == j) {
        total += weight;
        stored = true;
        right = right && used[static_cast<std::size_t>(j)]++ == 0;
      }
    }
    right = right && stored;
  }
  for (const Total<T> dual : a.col_duals) {
    right = right && dual >= 0;
    bound += dual;
  }
  return right && total == a.total && bound == total;
}

}  // namespace

TEST_CASE("three edges a row: 100 assignments are optimal by their own duals", "[assign]") {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    CAPTURE(seed);
    std::mt19937_64 rng(seed);
    const auto n = static_cast<Index>(120 + rng() % 201);
    const int degree = seed % 4 == 0 ? 2 : 3;
    std::vector<Triple<std::int64_t>> edges;
    for (Index i = 0; i < n; ++i) {
      std::vector<Index> cols;
      while (static_cast<int>(cols.size()) < degree) {
        const auto j = static_cast<Index>(rng() % static_cast<std::uint64_t>(n));
        if (std::find(cols.begin(), cols.end(), j) == cols.end()) {
          cols.push_back(j);
          edges.push_back({i, j, static_cast<std::int64_t>(1000 + rng() % (seed % 2 == 0 ? 8 : 1000))});
        }
      }
    }
    const auto w = make_csr(n, n, edges);
    REQUIRE(is_optimal(w, assign(w)));
  }
}

TEST_CASE("long frontiers of scattered distances are optimal by their own duals", "[assign]") {
  // Rows of 3 edges enter after ones of 120, so that a search holds hundreds of columns beside rows of low degree.
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    CAPTURE(seed);
    std::mt19937_64 rng(seed);
    const Index n = 300;
    std::vector<Triple<std::int64_t>> edges;
    for (Index i = 0; i < n; ++i) {
      const int degree = i % 3 == 2 ? 3 : 120;
      std::vector<char> taken(static_cast<std::size_t>(n));
      for (int k = 0; k < degree; ++k) {
        const auto j = static_cast<Index>(rng() % (n * 9 / 10));
        if (taken[static_cast<std::size_t>(j)]++ == 0) {
          edges.push_back({i, j, static_cast<std::int64_t>(100'000 + rng() % 100'000)});
        }
      }
    }
    const auto w = make_csr(n, n, edges);
    REQUIRE(is_optimal(w, assign(w)));
  }
}
