#include <boxlap/match/batch.hpp>

#include <boxlap/match/assign.hpp>

#include "../catch.hpp"
#include "../support/memory.hpp"
#include "weights.hpp"

using namespace boxlap;
using weights::Rng;

TEMPLATE_TEST_CASE("a batch has the pairs and duals of its blocks solved one by one", "[batch]", std::int64_t, float) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    CAPTURE(seed);
    Rng rng(seed);
    std::vector<Csr<TestType>> frames;
    for (std::uint64_t k = rng() % 8; k > 0; --k) {
      frames.push_back(
          weights::with_ties<TestType>(static_cast<Index>(rng() % 15), static_cast<Index>(rng() % 15), 0.3, rng));
    }
    const CsrBatch<TestType> batch = concatenate(frames);
    REQUIRE(batch.size() == static_cast<Index>(frames.size()));
    REQUIRE_NOTHROW(validate(batch.weights.view()));
    for (const AssignOptions options : {AssignOptions{}, AssignOptions{.objective = Objective::max_gain, .gate = 1},
                                        AssignOptions{.objective = Objective::most_pairs, .gate = 2},
                                        AssignOptions{.among_optima = AmongOptima::most_pairs}}) {
      const auto parts = split(batch, assign(batch.weights, options));
      REQUIRE(parts.size() == frames.size());
      for (std::size_t k = 0; k < frames.size(); ++k) {
        const auto alone = assign(frames[k], options);
        REQUIRE(parts[k].col_of_row == alone.col_of_row);
        REQUIRE(parts[k].row_of_col == alone.row_of_col);
        REQUIRE(parts[k].count == alone.count);
        REQUIRE(parts[k].total == alone.total);
        REQUIRE(parts[k].row_duals == alone.row_duals);
        REQUIRE(parts[k].col_pair_duals == alone.col_pair_duals);
        REQUIRE(certify(frames[k], parts[k]).valid);
      }
    }
  }
}

TEST_CASE("a batch of views, and parts that are none", "[batch]") {
  const auto a = make_csr<float>(1, 2, {{0, 1, 0.5f}}), b = make_csr<float>(2, 1, {{1, 0, 0.7f}});
  const CsrBatch<float> batch = concatenate(std::vector{a.view(), b.view()});
  REQUIRE(batch.weights == make_csr<float>(3, 3, {{0, 1, 0.5f}, {2, 2, 0.7f}}));
  REQUIRE(batch.row_offsets == std::vector<Index>{0, 1, 3});
  REQUIRE(batch.col_offsets == std::vector<Index>{0, 2, 3});
  REQUIRE(concatenate(std::vector<Csr<float>>{}).weights == Csr<float>{});
  auto assignment = assign(batch.weights);
  REQUIRE(split(batch, assignment)[1].col_of_row == std::vector<Index>{none, 0});
  assignment.col_of_row[0] = 2;  // another block's column
  REQUIRE_THROWS_AS(split(batch, assignment), std::invalid_argument);
  REQUIRE_THROWS_AS(split(batch, assign(a)), std::invalid_argument);
}

TEST_CASE("a batch costs its result and nothing else", "[batch][memory]") {
  if (memory::uncounted()) return;
  Rng rng(2);
  std::vector<Csr<float>> frames;
  for (int k = 0; k < 50; ++k) frames.push_back(weights::with_ties<float>(30, 30, 0.2, rng));
  const heap::Scope joining;
  const CsrBatch<float> batch = concatenate(frames);
  REQUIRE(joining.peak_bytes() == joining.kept_bytes());
  const double entries = batch.weights.nonzeros();
  REQUIRE(static_cast<double>(joining.kept_bytes()) <= 8 * entries + 4.0 * 1501 + 8.0 * 51 + 512);
  const auto assignment = assign(batch.weights);
  const heap::Scope splitting;
  const auto parts = split(batch, assignment);
  REQUIRE(splitting.peak_bytes() == splitting.kept_bytes());
}
