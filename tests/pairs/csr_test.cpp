#include <boxlap/pairs/csr.hpp>

#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <random>
#include <stdexcept>
#include <tuple>
#include <utility>
#include <vector>

#include "../catch.hpp"

using namespace boxlap;
using Catch::Matchers::Equals;

namespace {

using Dense = std::map<std::pair<Index, Index>, double>;

Dense dense(const Csr<double>& matrix) {
  Dense entries;
  for_each_entry(matrix, [&](Index i, Index j, double value) { entries[{i, j}] = value; });
  return entries;
}

Csr<double> random_matrix(Index rows, Index cols, double density, std::mt19937& rng) {
  std::vector<Triple<double>> triples;
  std::uniform_real_distribution<double> pick(0, 1);
  for (Index i = 0; i < rows; ++i) {
    for (Index j = 0; j < cols; ++j) {
      if (pick(rng) < density) {
        triples.push_back({i, j, pick(rng)});
      }
    }
  }
  std::shuffle(triples.begin(), triples.end(), rng);
  return make_csr(rows, cols, triples);
}

struct Named {
  std::int64_t i, j;
  float value;
};

}  // namespace

TEST_CASE("a matrix from entries in any order, of any triple type") {
  const Csr<double> expected{2, 3, {0, 2, 3}, {0, 2, 1}, {1.0, 2.0, 3.0}};
  CHECK(make_csr(2, 3, std::vector{std::tuple{0, 2, 2.0}, std::tuple{1, 1, 3.0}, std::tuple{0, 0, 1.0}}) == expected);
  CHECK(make_csr(2, 3, std::vector<Triple<double>>{{1, 1, 3.0}, {0, 0, 1.0}, {0, 2, 2.0}}) == expected);
  CHECK(make_csr<double>(2, 3, {{1, 1, 3.0}, {0, 0, 1.0}, {0, 2, 2.0}}) == expected);
  CHECK(make_csr(2, 3, std::array<Named, 1>{{{1, 2, 0.5F}}}).at(1, 2) == 0.5F);
  CHECK(make_csr(0, 0, std::vector<Triple<float>>{}) == Csr<float>{});
  CHECK(make_csr(2, 2, std::vector<Triple<float>>{}).row_offsets == std::vector<Index>{0, 0, 0});
}

TEST_CASE("row and at read what is there") {
  const auto matrix = make_csr<double>(3, 4, {{0, 1, 1.0}, {0, 3, 2.0}, {2, 0, 3.0}});
  CHECK(matrix.nonzeros() == 3);
  CHECK(matrix.row(0).size() == 2);
  CHECK(matrix.row(0).cols[1] == 3);
  CHECK(matrix.row(0).values[1] == 2.0);
  CHECK(matrix.row(1).size() == 0);
  CHECK(matrix.at(0, 3) == 2.0);
  CHECK(matrix.at(0, 2) == 0);
  CHECK(matrix.at(1, 0) == 0);
  CHECK(Csr<float>{}.nonzeros() == 0);
  CHECK(Csr<float>{}.row_offsets == std::vector<Index>{0});
}

TEST_CASE("transpose and filter agree with the dense picture") {
  const auto seed = GENERATE(1U, 2U, 3U);
  const auto [rows, cols] = GENERATE(table<Index, Index>({{0, 0}, {1, 7}, {7, 1}, {13, 29}, {40, 40}}));
  CAPTURE(seed, rows, cols);
  std::mt19937 rng(seed);
  const auto matrix = random_matrix(rows, cols, 0.2, rng);
  CHECK_NOTHROW(validate(matrix.view()));
  const auto transposed = transpose(matrix);
  CHECK_NOTHROW(validate(transposed.view()));
  Dense flipped;
  for (const auto& [at, value] : dense(matrix)) {
    flipped[{at.second, at.first}] = value;
  }
  CHECK(dense(transposed) == flipped);
  CHECK(transpose(transposed) == matrix);
  const auto kept = filter(matrix, [](Index i, Index j, double value) { return value > 0.5 && i != j; });
  CHECK_NOTHROW(validate(kept.view()));
  Dense expected = dense(matrix);
  std::erase_if(expected, [](const auto& e) { return e.second <= 0.5 || e.first.first == e.first.second; });
  CHECK(dense(kept) == expected);
}

TEST_CASE("bad entries name their place") {
  CHECK_THROWS_WITH(make_csr<float>(2, 2, {{0, 1, 1}, {0, 1, 2}}), Equals("boxlap: row 0 has column 1 twice"));
  CHECK_THROWS_WITH(make_csr<float>(2, 2, {{0, 1, 1}, {2, 0, 2}}),
                    Equals("boxlap: triples[1] is at (2, 0), the matrix has 2 rows and 2 cols"));
  CHECK_THROWS_AS(make_csr<float>(2, 2, {{0, -1, 1}}), std::invalid_argument);
  CHECK_THROWS_AS(make_csr<float>(-1, 2, {}), std::invalid_argument);
  CHECK_THROWS_AS(make_csr(2, 2, std::vector{std::tuple{std::int64_t{1} << 32, 0, 1.0}}), std::invalid_argument);
}

TEST_CASE("validate finds what is wrong with someone else's memory") {
  const auto check = [](Csr<float> matrix) { validate(matrix.view()); };
  CHECK_NOTHROW(check({2, 2, {0, 1, 2}, {1, 0}, {1, 1}}));
  CHECK_THROWS_WITH(check({2, 2, {0, 1}, {1}, {1}}), Equals("boxlap: row_offsets has 2 rows, rows + 1 has 3"));
  CHECK_THROWS_WITH(check({2, 2, {0, 1, 2}, {1, 0}, {1}}), Equals("boxlap: values has 1 rows, col_indices has 2"));
  CHECK_THROWS_WITH(check({2, 2, {0, 1, 3}, {1, 0}, {1, 1}}),
                    Equals("boxlap: row_offsets runs from 0 to 3, expected 0 to 2"));
  CHECK_THROWS_WITH(check({2, 2, {0, 3, 2}, {1, 0}, {1, 1}}), Equals("boxlap: row_offsets descends at row 1"));
  CHECK_THROWS_WITH(check({1, 2, {0, 2}, {1, 0}, {1, 1}}), Equals("boxlap: row 0 has column 0 after a larger one"));
  CHECK_THROWS_WITH(check({1, 2, {0, 1}, {2}, {1}}), Equals("boxlap: row 0 has column 2, matrix has 2 cols"));
  CHECK_THROWS_AS(check({1, 2, {0, 1}, {-1}, {1}}), std::invalid_argument);
  CHECK_THROWS_AS(check({-1, 2, {0}, {}, {}}), std::invalid_argument);
  CHECK_THROWS_AS(check({0, 0, {}, {}, {}}), std::invalid_argument);
}
