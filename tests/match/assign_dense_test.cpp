#include <boxlap/match/assign_dense.hpp>

#include <cmath>
#include <fstream>
#include <limits>
#include <numeric>
#include <random>
#include <sstream>

#include "../catch.hpp"
#include "../support/fixture.hpp"
#include "../support/memory.hpp"

using namespace boxlap;
using Rng = std::mt19937_64;

namespace {

template <class T>
struct Matrix {
  Index rows = 0, cols = 0;
  std::vector<T> cells;
  T operator()(Index i, Index j) const {
    return cells[static_cast<std::size_t>(i) * static_cast<std::size_t>(cols) + static_cast<std::size_t>(j)];
  }
};

template <class T, class Draw>
Matrix<T> random(Index rows, Index cols, Draw draw) {
  Matrix<T> m{rows, cols, {}};
  for (Index k = 0; k < rows * cols; ++k) m.cells.push_back(static_cast<T>(draw()));
  return m;
}

/// The best total by trying all, min(rows, cols) pairs; forbidden cells are infinite.
template <class T>
double enumerate(const Matrix<T>& m, double sign, Index row, std::uint32_t used, Index skips) {
  if (row == m.rows) return 0;
  double best = std::numeric_limits<double>::infinity();
  if (skips > 0) best = enumerate(m, sign, row + 1, used, skips - 1);
  for (Index j = 0; j < m.cols; ++j) {
    if ((used >> j & 1) == 0) {
      best = std::min(best, sign * static_cast<double>(m(row, j)) + enumerate(m, sign, row + 1, used | 1u << j, skips));
    }
  }
  return best;
}

/// Full, consistent, and optimal by its own duals.
template <class T>
void require_optimal(const Matrix<T>& m, const DenseAssignment<T>& a, bool maximize, double tolerance) {
  REQUIRE(a.count == std::min(m.rows, m.cols));
  const double sign = maximize ? -1 : 1;
  double total = 0, bound = 0;
  for (Index i = 0; i < m.rows; ++i) {
    const double y = sign * static_cast<double>(a.row_duals[static_cast<std::size_t>(i)]);
    const Index partner = a.col_of_row[static_cast<std::size_t>(i)];
    bound += y;
    if (partner == none) REQUIRE(y == 0);
    if (m.rows > m.cols) REQUIRE(y <= 0);
    for (Index j = 0; j < m.cols; ++j) {
      const double z = sign * static_cast<double>(a.col_duals[static_cast<std::size_t>(j)]);
      REQUIRE(y + z <= sign * static_cast<double>(m(i, j)) + tolerance);
    }
    if (partner != none) {
      REQUIRE(a.row_of_col[static_cast<std::size_t>(partner)] == i);
      total += static_cast<double>(m(i, partner));
    }
  }
  for (Index j = 0; j < m.cols; ++j) {
    const double z = sign * static_cast<double>(a.col_duals[static_cast<std::size_t>(j)]);
    bound += z;
    if (m.rows < m.cols) REQUIRE(z <= 0);
    if (a.row_of_col[static_cast<std::size_t>(j)] == none) REQUIRE(z == 0);
  }
  REQUIRE(std::abs(total - static_cast<double>(a.total)) <= tolerance);
  REQUIRE(std::abs(bound - sign * total) <= tolerance * 10);
}

Matrix<double> read(const std::string& name) {
  std::ifstream file(fixture::folder() + "/assignment/dense/" + name + ".csv");
  REQUIRE(file.good());
  Matrix<double> m;
  for (std::string line; std::getline(file, line);) {
    for (const std::string& cell : fixture::split(line)) m.cells.push_back(std::stod(cell));
    ++m.rows;
  }
  m.cols = static_cast<Index>(m.cells.size()) / m.rows;
  return m;
}

/// The value of `key` in scipy's answer for a case: enough of JSON for this one file.
std::string answer(const std::string& json, const std::string& name, const std::string& key) {
  const std::size_t begin = json.find("\"" + name + "\""), end = json.find('}', begin);
  const std::size_t at = json.find("\"" + key + "\": ", begin);
  if (at > end) return "";
  const std::size_t from = at + key.size() + 4;
  return json.substr(from, json.find_first_of(",}\n", from) - from);
}

}  // namespace

TEST_CASE("assign_dense equals scipy on every dense case, errors as errors", "[assign_dense][fixture]") {
  if (fixture::missing()) return;
  std::ifstream file(fixture::folder() + "/assignment/dense/expected.json");
  std::stringstream text;
  text << file.rdbuf();
  const std::string json = text.str();
  const std::vector<std::string> names{"int_25x25",
                                       "wide_12x40",
                                       "tall_40x12",
                                       "ties_20x20",
                                       "constant_8x8",
                                       "constant_4x9",
                                       "constant_9x4",
                                       "max_15x15",
                                       "max_tall_15x6",
                                       "inf_feasible_14x14",
                                       "inf_row_14x14",
                                       "nan_5x5",
                                       "inf_row_but_tall_15x14",
                                       "neginf_5x5",
                                       "posinf_max_5x5",
                                       "neginf_max_5x5",
                                       "machol_40",
                                       "float_30x30",
                                       "tiny_values_12x12",
                                       "huge_values_12x12"};
  int errors = 0;
  for (const std::string& name : names) {
    CAPTURE(name);
    const Matrix<double> m = read(name);
    const bool maximize = answer(json, name, "maximize") == "true";
    const std::string error = answer(json, name, "error");
    if (!error.empty()) {
      ++errors;
      REQUIRE_THROWS_WITH(assign_dense(m.rows, m.cols, m, {.maximize = maximize}),
                          Catch::Matchers::Contains(name.starts_with("inf_row") ? "cost matrix is infeasible"
                                                                                : "contains invalid numeric entries"));
      continue;
    }
    const auto a = assign_dense(m.rows, m.cols, m, {.maximize = maximize});
    const double total = std::stod(answer(json, name, "total"));
    REQUIRE(std::abs(a.total - total) <= 1e-13 * std::abs(total));
    require_optimal(m, a, maximize, 1e-12 * std::abs(total) + 1e-300);
    if (name.starts_with("constant")) {
      for (Index i = 0; i < a.count; ++i) REQUIRE(a.col_of_row[static_cast<std::size_t>(i)] == i);
    }
  }
  REQUIRE(errors == 4);
}

TEMPLATE_TEST_CASE("assign_dense equals enumeration", "[assign_dense]", std::int32_t, std::int64_t, float, double,
                   short) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    CAPTURE(seed);
    Rng rng(seed);
    const auto rows = static_cast<Index>(rng() % 6), cols = static_cast<Index>(rng() % 6);
    const int spread = seed % 2 == 0 ? 5 : 1000;
    const auto m = random<TestType>(
        rows, cols, [&] { return static_cast<int>(rng() % static_cast<unsigned>(spread)) - spread / 3; });
    for (const bool maximize : {false, true}) {
      const auto a = assign_dense(rows, cols, m, {.maximize = maximize});
      require_optimal(m, a, maximize, 0);
      const double best = enumerate(m, maximize ? -1 : 1, 0, 0, std::max(0, rows - cols));
      REQUIRE(static_cast<double>(a.total) == (maximize ? -best : best));
    }
  }
}

TEST_CASE("assign_dense with forbidden pairs equals enumeration, infeasible or not", "[assign_dense]") {
  const double inf = std::numeric_limits<double>::infinity();
  int infeasible = 0;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    CAPTURE(seed);
    Rng rng(seed);
    const auto rows = static_cast<Index>(1 + rng() % 5), cols = static_cast<Index>(1 + rng() % 5);
    for (const bool maximize : {false, true}) {
      const auto m = random<double>(
          rows, cols, [&] { return rng() % 2 == 0 ? (maximize ? -inf : inf) : static_cast<double>(rng() % 10); });
      const double best = enumerate(m, maximize ? -1 : 1, 0, 0, std::max(0, rows - cols));
      if (best == inf) {
        ++infeasible;
        REQUIRE_THROWS_WITH(assign_dense(rows, cols, m, {.maximize = maximize}),
                            Catch::Matchers::Contains("infeasible"));
      } else {
        const auto a = assign_dense(rows, cols, m, {.maximize = maximize});
        require_optimal(m, a, maximize, 0);
        REQUIRE(a.total == (maximize ? -best : best));
      }
    }
  }
  REQUIRE(infeasible > 100);
}

TEST_CASE("an invalid entry is reported even behind an infeasible row", "[assign_dense]") {
  const double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  const Matrix<double> m{2, 2, {inf, inf, 1, nan}};
  REQUIRE_THROWS_WITH(assign_dense(2, 2, m), Catch::Matchers::Contains("row 1, column 1"));
  const Matrix<double> tall{3, 2, {1, 2, 3, 4, nan, 5}};
  REQUIRE_THROWS_WITH(assign_dense(3, 2, tall), Catch::Matchers::Contains("row 2, column 0"));
}

TEST_CASE("assign_dense: sizes, overflow and exact int64", "[assign_dense]") {
  const auto one = [](Index, Index) { return 1; };
  REQUIRE(assign_dense(0, 0, one).count == 0);
  REQUIRE(assign_dense(0, 3, one).row_of_col == std::vector<Index>(3, none));
  REQUIRE(assign_dense(3, 0, one).col_of_row == std::vector<Index>(3, none));
  REQUIRE_THROWS_AS(assign_dense(-1, 3, one), std::invalid_argument);
  REQUIRE_THROWS_AS(assign_dense(3, -1, one), std::invalid_argument);
  const std::int64_t big = (std::int64_t{1} << 55) + 1;  // not a double
  const Matrix<std::int64_t> m{2, 2, {big, big + 1, big + 1, big + 1}};
  REQUIRE(assign_dense(2, 2, m).total == 2 * big + 1);
  REQUIRE_THROWS_WITH(assign_dense(2, 2, [](Index, Index) { return std::numeric_limits<std::int64_t>::max(); }),
                      Catch::Matchers::Contains("row 0, column 0"));
  REQUIRE_THROWS_WITH(
      assign_dense(2, 2, [](Index, Index) { return std::numeric_limits<std::int64_t>::lowest(); }, {.maximize = true}),
      Catch::Matchers::Contains("overflow"));
  REQUIRE(assign_dense(2, 2, [](Index i, Index j) { return i == j; }, {.maximize = true}).total == 2);  // bool
}

TEST_CASE("assign_dense says whether a cost is no number or too large for sums", "[assign_dense]") {
  const auto with = [](double cost) { return [cost](Index i, Index j) { return i == 1 && j == 0 ? cost : 1.0; }; };
  REQUIRE_THROWS_WITH(assign_dense(2, 2, with(1e300)), Catch::Matchers::Contains("sums of such costs can overflow"));
  REQUIRE_THROWS_WITH(assign_dense(2, 2, with(std::numeric_limits<double>::quiet_NaN())),
                      Catch::Matchers::Contains("invalid numeric entries: row 1, column 0"));
}

TEST_CASE("assign_dense: larger matrices prove themselves", "[assign_dense]") {
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    CAPTURE(seed);
    Rng rng(seed);
    std::uniform_real_distribution<double> uniform(-1, 1);
    const auto rows = static_cast<Index>(50 + rng() % 150), cols = static_cast<Index>(50 + rng() % 150);
    const auto real = random<double>(rows, cols, [&] { return uniform(rng); });
    require_optimal(real, assign_dense(rows, cols, real), false, 1e-11);
    const auto whole = random<std::int64_t>(rows, cols, [&] { return static_cast<std::int64_t>(rng() % 50); });
    require_optimal(whole, assign_dense(rows, cols, whole, {.maximize = true}), true, 0);
  }
  const Index n = 60;  // Machol and Wien: every search meets everything
  const Matrix<int> machol = [&] {
    Matrix<int> m{n, n, {}};
    for (Index i = 1; i <= n; ++i)
      for (Index j = 1; j <= n; ++j) m.cells.push_back(i * j);
    return m;
  }();
  const auto a = assign_dense(n, n, machol);
  require_optimal(machol, a, false, 0);
  for (Index i = 0; i < n; ++i) REQUIRE(a.col_of_row[static_cast<std::size_t>(i)] == n - 1 - i);
}

TEST_CASE("assign_dense stores no cost", "[assign_dense][memory]") {
  if (memory::uncounted()) return;
  const Index rows = 300, cols = 5000;
  const heap::Scope scope;
  const auto a =
      assign_dense(rows, cols, [](Index i, Index j) { return (static_cast<double>(i) * 7919 + j * 104729 % 1000003); });
  const double extra = static_cast<double>(scope.peak_bytes() - scope.kept_bytes());
  const double formula = 16.0 * cols + 24.0 * rows;
  REQUIRE(extra <= formula);
  REQUIRE(extra >= formula / 2);
}
