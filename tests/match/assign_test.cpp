#if defined(__unix__)
#include <pthread.h>
#endif

#include <array>
#include <limits>
#include <span>
#include <type_traits>

#include <boxlap/match/assign.hpp>

#include "../catch.hpp"
#include "../support/memory.hpp"
#include "weights.hpp"

using namespace boxlap;
using weights::Best;
using weights::Rng;

namespace {

const std::array objectives{Objective::max_total, Objective::max_gain, Objective::most_pairs};
const std::array second_aims{AmongOptima::any, AmongOptima::most_pairs, AmongOptima::fewest_pairs};

template <class T>
T gain(const Assignment<T>& a) {
  return static_cast<T>(a.total) - static_cast<T>(a.count) * static_cast<T>(a.options.gate);
}

/// Each pair is stored and allowed, partners agree, sums are right: read off the matrix, not off the certificate.
template <class T>
void require_matching(const Csr<T>& w, const Assignment<T>& a) {
  REQUIRE(a.col_of_row.size() == static_cast<std::size_t>(w.rows));
  REQUIRE(a.row_of_col.size() == static_cast<std::size_t>(w.cols));
  Index count = 0;
  Total<T> total = 0;
  for (Index i = 0; i < w.rows; ++i) {
    const Index j = a.col_of_row[static_cast<std::size_t>(i)];
    if (j != none) {
      REQUIRE(a.row_of_col[static_cast<std::size_t>(j)] == i);
      const T value = w.at(i, j);
      REQUIRE(value > 0);
      const double gate = std::integral<T> ? std::floor(a.options.gate) : a.options.gate;
      if (a.options.objective == Objective::max_gain) REQUIRE(static_cast<double>(value) > gate);
      if (a.options.objective == Objective::most_pairs) REQUIRE(static_cast<double>(value) >= gate);
      ++count;
      total += static_cast<Total<T>>(value);
    }
  }
  REQUIRE(count == a.count);
  REQUIRE(total == a.total);
  REQUIRE(count == std::count_if(a.row_of_col.begin(), a.row_of_col.end(), [](Index i) { return i != none; }));
}

template <class T>
void require_proof(const Csr<T>& w, const Assignment<T>& a) {
  const Certificate<T> proof = certify(w, a);
  INFO("fault: " << proof.fault << " at " << proof.row << ", " << proof.col << ", gap " << proof.gap << ", worst "
                 << proof.worst);
  REQUIRE(proof.valid);
  REQUIRE(proof.pair_gap == 0);
  if constexpr (std::integral<T>) {
    REQUIRE(proof.gap == 0);
    REQUIRE(proof.worst == 0);
  }
}

/// What a pair adds to the three aims of an objective, for the enumeration.
auto value_of(const AssignOptions& options) {
  return [options](double w) {
    const double pairs = options.among_optima == AmongOptima::most_pairs     ? 1
                         : options.among_optima == AmongOptima::fewest_pairs ? -1
                                                                             : 0;
    switch (options.objective) {
      case Objective::max_total:
        return Best{w, pairs, 0};
      case Objective::max_gain:
        return w > 0 ? Best{w - options.gate, pairs, 0} : Best{};
      case Objective::most_pairs:
        return w > 0 && w >= options.gate ? Best{1, w, 0} : Best{};
    }
    return Best{};
  };
}

template <class T>
Best reached(const Csr<T>& w, const Assignment<T>& a) {
  Best sum;
  for (Index i = 0; i < w.rows; ++i) {
    if (const Index j = a.col_of_row[static_cast<std::size_t>(i)]; j != none) {
      const Best own = value_of(a.options)(static_cast<double>(w.at(i, j)));
      sum = {sum.first + own.first, sum.second + own.second, sum.third + own.third};
    }
  }
  return sum;
}

}  // namespace

TEMPLATE_TEST_CASE("assign equals enumeration for every objective and second aim", "[assign]", std::int32_t,
                   std::int64_t, float, double) {
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    CAPTURE(seed);
    Rng rng(seed);
    const auto rows = static_cast<Index>(rng() % 6), cols = static_cast<Index>(rng() % 6);
    const double density = 0.2 + 0.2 * static_cast<double>(rng() % 5);
    const auto w = weights::with_ties<TestType>(rows, cols, density, rng);
    for (const Objective objective : objectives) {
      for (const AmongOptima second : second_aims) {
        const double gate = objective == Objective::max_total ? 0 : static_cast<double>(rng() % 4) - 1;
        const AssignOptions options{objective, gate, second};
        CAPTURE(static_cast<int>(objective), static_cast<int>(second), gate);
        const auto a = assign(w, options);
        require_matching(w, a);
        require_proof(w, a);
        const Best best = weights::enumerate(w, value_of(options));
        const Best got = reached(w, a);
        REQUIRE(got.first == best.first);  // whole numbers: exact in every type
        REQUIRE(got.second == best.second);
      }
    }
  }
}

TEST_CASE("assign equals the peers' totals on every sparse case", "[assign][fixture]") {
  if (fixture::missing()) return;
  const auto expected = fixture::read("assignment/sparse/expected.csv");
  REQUIRE(expected.size() == 17);
  AssignWorkspace<std::int64_t> workspace;
  Assignment<std::int64_t> a;
  for (std::size_t k = 0; k < expected.size(); ++k) {
    const std::string name = expected.text(k, "case");
    CAPTURE(name);
    const auto w =
        weights::read(fixture::read("assignment/sparse/" + name + ".csv"),
                      static_cast<Index>(expected.number(k, "rows")), static_cast<Index>(expected.number(k, "cols")));
    const auto number = [&](const std::string& column) { return std::stoll(expected.text(k, column)); };
    REQUIRE(w.nonzeros() == number("nnz"));
    const auto solve = [&](AssignOptions options) {
      assign(w, options, workspace, a);
      require_matching(w, a);
      require_proof(w, a);
    };
    solve({});
    REQUIRE(a.total == number("total"));
    if (!expected.text(k, "min_pairs").empty()) {
      REQUIRE(a.count >= number("min_pairs"));
      REQUIRE(a.count <= number("max_pairs"));
      solve({.among_optima = AmongOptima::most_pairs});
      REQUIRE(a.total == number("total"));
      REQUIRE(a.count == number("max_pairs"));
      solve({.among_optima = AmongOptima::fewest_pairs});
      REQUIRE(a.total == number("total"));
      REQUIRE(a.count == number("min_pairs"));
    }
    for (const std::string gate : {"0.3", "0.5"}) {
      const double units = std::stod(gate) * 0x1p30;  // the files round it down, as assign does
      solve({.objective = Objective::max_gain, .gate = units});
      REQUIRE(a.total - a.count * static_cast<std::int64_t>(units) == number("gain_" + gate));
      solve({.objective = Objective::max_gain, .gate = units, .among_optima = AmongOptima::fewest_pairs});
      REQUIRE(a.total - a.count * static_cast<std::int64_t>(units) == number("gain_" + gate));
      solve({.objective = Objective::most_pairs, .gate = units});
      REQUIRE(a.count == number("most_pairs_" + gate));
    }
  }
}

TEST_CASE("assign equals the peers' totals on 150 frames and 400 enumerated graphs", "[assign][fixture]") {
  if (fixture::missing()) return;
  for (const std::string name : {"frames", "brute"}) {
    const auto table = fixture::read("assignment/small/" + name + ".csv");
    const auto expected = fixture::read("assignment/small/" + name + "_expected.csv");
    REQUIRE(expected.size() == (name == "frames" ? 150 : 400));
    for (std::size_t k = 0; k < expected.size(); ++k) {
      CAPTURE(name, k);
      const auto w = weights::read(table, static_cast<Index>(expected.number(k, "rows")),
                                   static_cast<Index>(expected.number(k, "cols")), static_cast<int>(k));
      for (const AmongOptima second : second_aims) {
        const auto a = assign(w, {.among_optima = second});
        require_matching(w, a);
        require_proof(w, a);
        REQUIRE(a.total == std::stoll(expected.text(k, "total")));
        if (name == "brute") {
          REQUIRE(a.count >= expected.number(k, "min_pairs"));
          REQUIRE(a.count <= expected.number(k, "max_pairs"));
          if (second == AmongOptima::most_pairs) REQUIRE(a.count == expected.number(k, "max_pairs"));
          if (second == AmongOptima::fewest_pairs) REQUIRE(a.count == expected.number(k, "min_pairs"));
        }
      }
      if (name == "frames") {
        const auto a = assign(w, {.objective = Objective::max_gain, .gate = 0.3 * 0x1p30});
        require_proof(w, a);
        REQUIRE(a.total - a.count * static_cast<std::int64_t>(0.3 * 0x1p30) ==
                std::stoll(expected.text(k, "gain_0.3")));
      }
    }
  }
}

TEMPLATE_TEST_CASE("every assignment proves itself, whatever its size and density", "[assign]", std::int32_t,
                   std::int64_t, float, double) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    CAPTURE(seed);
    Rng rng(seed);
    const auto rows = static_cast<Index>(1 + rng() % 120), cols = static_cast<Index>(1 + rng() % 120);
    const double density = std::array{0.01, 0.03, 0.1, 0.5, 1.0}[rng() % 5];
    for (const auto& w : {weights::like_iou<TestType>(rows, cols, density, rng),
                          weights::with_ties<TestType>(rows, cols, density, rng)}) {
      for (const Objective objective : objectives) {
        for (const AmongOptima second : second_aims) {
          const double unit = std::floating_point<TestType> ? 1 : 0x1p28;
          const double gate = objective == Objective::max_total ? 0 : 0.1 * static_cast<double>(rng() % 7) * unit;
          const auto a = assign(w, {objective, gate, second});
          CAPTURE(static_cast<int>(objective), static_cast<int>(second), gate);
          require_matching(w, a);
          require_proof(w, a);
        }
      }
    }
  }
}

TEST_CASE("float weights are solved without rounding: the gap is 0", "[assign]") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    CAPTURE(seed);
    Rng rng(seed);
    const auto w = weights::like_iou<float>(80, 90, 0.3, rng);
    const auto proof = certify(w, assign(w));
    REQUIRE(proof.valid);
    REQUIRE(proof.gap == 0);
    REQUIRE(proof.worst == 0);
  }
}

TEST_CASE("the number of pairs is never bought with weight, in floating point either", "[assign]") {
  // 0.1 + 0.2 is not 0.3 in binary; on the grid of the second aim equal is equal and more is more.
  const auto w = make_csr<double>(2, 2, {{0, 0, 0.25}, {0, 1, 0.5}, {1, 1, 0.25}});
  REQUIRE(assign(w, {.among_optima = AmongOptima::most_pairs}).count == 2);
  REQUIRE(assign(w, {.among_optima = AmongOptima::fewest_pairs}).count == 1);
  const auto heavier = make_csr<double>(2, 2, {{0, 0, 0.25}, {0, 1, 0.5 + 0x1p-48}, {1, 1, 0.25}});
  REQUIRE(assign(heavier, {.among_optima = AmongOptima::most_pairs}).count == 1);
}

TEST_CASE("gate first and filter afterwards are two answers", "[assign]") {
  const auto iou = make_csr<float>(2, 2, {{0, 0, 0.9f}, {0, 1, 0.48f}, {1, 0, 0.48f}});
  const auto kept = keep_at_least(iou, assign(iou), 0.5);
  REQUIRE(kept.count == 0);
  REQUIRE(kept.total == 0);
  REQUIRE(kept.row_of_col == std::vector<Index>{none, none});
  REQUIRE_FALSE(certify(iou, kept).valid);
  const auto gated = assign(iou, {.objective = Objective::max_gain, .gate = 0.5});
  REQUIRE(gated.count == 1);
  REQUIRE(gated.col_of_row == std::vector<Index>{0, none});
  REQUIRE(keep_at_least(iou, gated, double{0.9f}).count == 1);  // equal is kept
  REQUIRE_THROWS_AS(keep_at_least(make_csr<float>(3, 2, {}), gated, 0.5), std::invalid_argument);
}

TEST_CASE("max_gain is the assignment of the square with a cost limit in its dummy blocks", "[assign]") {
  // lap.lapjv(cost, cost_limit = limit): an (n + m) square with limit / 2 beside and below, 0 in the corner.
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    CAPTURE(seed);
    Rng rng(seed);
    const Index n = static_cast<Index>(1 + rng() % 8), m = static_cast<Index>(1 + rng() % 8);
    const auto w = weights::random<std::int64_t>(n, m, 0.6, rng, std::uniform_int_distribution<int>(1, 1000));
    const std::int64_t one = 1000, gate = static_cast<std::int64_t>(rng() % 500), limit = 2 * (one - gate);
    std::vector<Triple<std::int64_t>> entries;  // of the doubled weight (bonus - 2 cost), so that all pairs are wanted
    const std::int64_t bonus = 100000;
    for (Index i = 0; i < n + m; ++i) {
      for (Index j = 0; j < n + m; ++j) {
        const bool real = i < n && j < m, corner = i >= n && j >= m;
        entries.push_back({i, j, bonus - (real ? 2 * (one - w.at(i, j)) : corner ? 0 : limit / 2)});
      }
    }
    const auto square = assign(make_csr(n + m, n + m, entries));
    const auto gated = assign(w, {.objective = Objective::max_gain, .gate = static_cast<double>(gate)});
    const std::int64_t cost = (n + m) * bonus - square.total;
    REQUIRE(cost == (n + m) * (limit / 2) - 2 * gain(gated));
  }
}

TEMPLATE_TEST_CASE("shuffled rows and columns keep the objective; a relabelling in order keeps the pairs", "[assign]",
                   std::int64_t, float) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    CAPTURE(seed);
    Rng rng(seed);
    const Index n = 30, m = 40;
    const auto w = weights::with_ties<TestType>(n, m, 0.15, rng);
    std::vector<Index> rows(n), cols(m);
    for (Index i = 0; i < n; ++i) rows[static_cast<std::size_t>(i)] = i;
    for (Index j = 0; j < m; ++j) cols[static_cast<std::size_t>(j)] = j;
    std::shuffle(rows.begin(), rows.end(), rng);
    std::shuffle(cols.begin(), cols.end(), rng);
    std::vector<Triple<TestType>> shuffled, spread;
    for_each_entry(w, [&](Index i, Index j, TestType value) {
      shuffled.push_back({rows[static_cast<std::size_t>(i)], cols[static_cast<std::size_t>(j)], value});
      spread.push_back({2 * i + 1, 3 * j + 2, value});
    });
    for (const Objective objective : objectives) {
      const auto a = assign(w, {objective});
      const auto b = assign(make_csr(n, m, shuffled), {objective});
      REQUIRE(a.total == b.total);
      if (objective == Objective::most_pairs) REQUIRE(a.count == b.count);
      const auto c = assign(make_csr(2 * n + 1, 3 * m + 2, spread), {objective});
      for (Index i = 0; i < n; ++i) {
        const Index j = a.col_of_row[static_cast<std::size_t>(i)];
        REQUIRE(c.col_of_row[static_cast<std::size_t>(2 * i + 1)] == (j == none ? none : 3 * j + 2));
      }
    }
  }
}

TEST_CASE("empty matrices, empty rows and weights that are no edges", "[assign]") {
  for (const auto& [rows, cols] : {std::pair<Index, Index>{0, 0}, {0, 5}, {5, 0}, {3, 4}}) {
    const Csr<float> w = make_csr<float>(rows, cols, {});
    for (const Objective objective : objectives) {
      const auto a = assign(w, {objective});
      require_matching(w, a);
      require_proof(w, a);
      REQUIRE(a.count == 0);
    }
  }
  const auto zeros = make_csr<double>(2, 2, {{0, 0, 0.0}, {0, 1, -0.0}, {1, 0, -3.0}, {1, 1, 1e-300}});
  const auto a = assign(zeros);
  REQUIRE(a.col_of_row == std::vector<Index>{none, 1});
  REQUIRE(assign(zeros, {.objective = Objective::most_pairs, .gate = -5}).count == 1);
  REQUIRE(assign(zeros, {.objective = Objective::max_gain, .gate = -5}).count == 1);
  const auto denormal = make_csr<float>(1, 1, {{0, 0, 1e-45f}});
  REQUIRE(assign(denormal).count == 1);
  REQUIRE(assign(denormal, {.among_optima = AmongOptima::fewest_pairs}).count == 1);
}

TEST_CASE("a view of foreign memory is as good as a Csr", "[assign]") {
  const std::array<Index, 3> offsets{0, 2, 3};
  const std::array<Index, 3> cols{0, 1, 0};
  const std::array<double, 3> values{0.9, 0.48, 0.48};
  const CsrView<double> w{2, 2, offsets, cols, values};
  const auto a = assign(w, {.objective = Objective::max_gain, .gate = 0.5});
  REQUIRE(a.count == 1);
  REQUIRE(certify(w, a).valid);
}

TEST_CASE("bad weights and options are refused by row and column", "[assign]") {
  using Catch::Matchers::Contains;
  const double nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();
  const auto two_by_two = [](auto bad) {
    return make_csr<decltype(bad)>(2, 3, {{0, 0, decltype(bad)(1)}, {1, 2, bad}});
  };
  for (const double bad : {nan, inf, -inf, 1e300}) {
    REQUIRE_THROWS_WITH(assign(two_by_two(bad)), Contains("row 1, column 2"));
  }
  REQUIRE_THROWS_WITH(assign(two_by_two(static_cast<float>(nan))), Contains("row 1, column 2"));
  REQUIRE_NOTHROW(assign(two_by_two(std::numeric_limits<float>::max())));
  REQUIRE_THROWS_WITH(assign(two_by_two(std::int32_t{1} << 29)), Contains("row 1, column 2 is 536870912"));
  REQUIRE_NOTHROW(assign(two_by_two((std::int32_t{1} << 29) - 1)));
  REQUIRE_THROWS_WITH(assign(two_by_two(std::int64_t{1} << 61)), Contains("row 1, column 2"));
  REQUIRE_NOTHROW(assign(two_by_two((std::int64_t{1} << 61) - 1)));
  REQUIRE_THROWS_WITH(assign(two_by_two((std::int64_t{1} << 61) - 1), {.objective = Objective::most_pairs}),
                      Contains("row 1, column 2"));
  REQUIRE_THROWS_WITH(assign(two_by_two(1.0), {.gate = 0.5}), Contains("gate is 0.5"));
  REQUIRE_THROWS_WITH(assign(two_by_two(1.0), {.objective = Objective::max_gain, .gate = nan}), Contains("gate"));
  REQUIRE_THROWS_WITH(assign(two_by_two(1), {.objective = Objective::max_gain, .gate = -1e30}), Contains("gate"));
  REQUIRE(assign(two_by_two(1), {.objective = Objective::max_gain, .gate = 1e30}).count == 0);

  std::vector<Triple<std::int64_t>> diagonal;
  for (Index i = 0; i < 5; ++i) diagonal.push_back({i, i, (std::int64_t{1} << 61) - 1});
  REQUIRE_THROWS_WITH(assign(make_csr(5, 5, diagonal)), Contains("add up to 2^63"));
}

TEST_CASE("a broken matrix is refused: offsets, columns, lengths", "[assign]") {
  using Catch::Matchers::Contains;
  const Csr<float> good = make_csr<float>(2, 3, {{0, 0, 1.f}, {0, 2, 1.f}, {1, 1, 1.f}});
  const auto refuse = [&](auto damage, const char* what) {
    Csr<float> bad = good;
    damage(bad);
    REQUIRE_THROWS_WITH(assign(bad), Contains(what));
    REQUIRE_THROWS_AS(certify(bad, assign(good)), std::invalid_argument);
  };
  refuse([](auto& w) { w.col_indices[1] = 3; }, "row 0 has column 3");
  refuse([](auto& w) { w.col_indices[1] = -1; }, "row 0 has column -1");
  refuse([](auto& w) { w.col_indices[1] = 0; }, "row 0 has column 0 twice");
  refuse([](auto& w) { std::swap(w.col_indices[0], w.col_indices[1]); }, "row 0 has column 0 after a larger one");
  refuse([](auto& w) { w.row_offsets[1] = 4; }, "descends at row 1");
  refuse([](auto& w) { w.row_offsets[0] = 1; }, "row_offsets");
  refuse([](auto& w) { w.row_offsets.pop_back(); }, "row_offsets");
  refuse([](auto& w) { w.values.pop_back(); }, "values");
  refuse([](auto& w) { w.rows = -1; }, "rows");
}

TEMPLATE_TEST_CASE("random damage gives an error or an answer, never a hang or a read out of bounds", "[assign]",
                   std::int32_t, std::int64_t, float, double) {
  constexpr TestType lowest = std::numeric_limits<TestType>::lowest(), most = std::numeric_limits<TestType>::max();
  int refused = 0;
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    CAPTURE(seed);
    Rng rng(seed);
    auto w =
        weights::with_ties<TestType>(static_cast<Index>(1 + rng() % 6), static_cast<Index>(1 + rng() % 6), 0.6, rng);
    const auto wild = [&] {
      const std::array<Index, 8> values{
          -1, 0, 1, 5, 7, 1 << 30, std::numeric_limits<Index>::min(), std::numeric_limits<Index>::max()};
      return values[rng() % values.size()];
    };
    const auto damage = [&](auto& list, auto value) {
      if (!list.empty()) list[rng() % list.size()] = value;
    };
    const auto before = assign(w);
    for (int k = 0; k < 2; ++k) {
      switch (rng() % 6) {
        case 0:
          damage(w.row_offsets, wild());
          break;
        case 1:
          damage(w.col_indices, wild());
          break;
        case 2:
          damage(w.values, rng() % 2 == 0 ? lowest : most);
          break;
        case 3:
          damage(w.values, std::numeric_limits<TestType>::quiet_NaN());
          break;
        case 4:
          w.rows = wild();
          break;
        default:
          w.cols = wild() % 100;
          break;
      }
    }
    const AssignOptions options{objectives[rng() % 3], 0, second_aims[rng() % 3]};
    try {
      const auto a = assign(w, options);
      REQUIRE(certify(w, a).valid);
      static_cast<void>(certify(w, before));
    } catch (const std::invalid_argument& error) {
      const std::string what = error.what();
      CAPTURE(what);
      REQUIRE(what.find("row") != std::string::npos);
      REQUIRE(what.find_first_of("0123456789") != std::string::npos);
      ++refused;
    }
  }
  REQUIRE(refused > 1000);
  REQUIRE(refused < 3000);
}

TEMPLATE_TEST_CASE("a damaged assignment is never certified", "[certify]", std::int64_t, double) {
  constexpr auto most = std::numeric_limits<Total<TestType>>::max(),
                 lowest = std::numeric_limits<Total<TestType>>::lowest();
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    CAPTURE(seed);
    Rng rng(seed);
    const auto w =
        weights::like_iou<TestType>(static_cast<Index>(2 + rng() % 6), static_cast<Index>(2 + rng() % 6), 0.5, rng);
    const AssignOptions options{objectives[rng() % 3], 0, second_aims[rng() % 3]};
    const auto good = assign(w, options);
    if (good.count == 0) continue;
    auto bad = good;
    const std::array<Total<TestType>, 5> numbers{most, lowest, Total<TestType>(-1), Total<TestType>(1 << 20),
                                                 std::numeric_limits<Total<TestType>>::quiet_NaN()};
    const std::array<Index, 6> rows{-2, -1, 0, 1, 100, std::numeric_limits<Index>::max()};
    const auto put = [&](auto& list, const auto& values) {
      if (!list.empty()) list[rng() % list.size()] = values[rng() % values.size()];
    };
    switch (rng() % 9) {
      case 0:
        put(bad.col_of_row, rows);
        break;
      case 1:
        put(bad.row_of_col, rows);
        break;
      case 2:
        put(bad.row_duals, numbers);
        break;
      case 3:
        put(bad.col_duals, numbers);
        break;
      case 4:
        put(bad.row_pair_duals, numbers);
        break;
      case 5:
        bad.col_duals.pop_back();
        break;
      case 6:
        bad.total = numbers[rng() % numbers.size()];
        break;
      case 7:
        ++bad.count;
        break;
      default:  // gives up one matched pair, consistently
        for (Index& j : bad.col_of_row) {
          if (j != none) {
            bad.row_of_col[static_cast<std::size_t>(j)] = none;
            bad.total -= static_cast<Total<TestType>>(w.at(static_cast<Index>(&j - bad.col_of_row.data()), j));
            --bad.count;
            j = none;
            break;
          }
        }
    }
    const auto proof = certify(w, bad);
    const bool same = bad.col_of_row == good.col_of_row && bad.row_of_col == good.row_of_col &&
                      bad.row_duals == good.row_duals && bad.col_duals == good.col_duals &&
                      bad.row_pair_duals == good.row_pair_duals && bad.total == good.total && bad.count == good.count;
    REQUIRE(proof.valid == same);
    REQUIRE(proof.valid == (*proof.fault == '\0'));
  }
}

namespace {

/// Runs work on a thread with a stack of `bytes`.
template <class Work>
void on_small_stack(std::size_t bytes, Work work) {
#if defined(__unix__)
  pthread_attr_t attributes;
  REQUIRE(pthread_attr_init(&attributes) == 0);
  REQUIRE(pthread_attr_setstacksize(&attributes, bytes) == 0);
  pthread_t thread;
  const auto start = [](void* given) -> void* {
    (*static_cast<Work*>(given))();
    return nullptr;
  };
  REQUIRE(pthread_create(&thread, &attributes, start, &work) == 0);
  REQUIRE(pthread_join(thread, nullptr) == 0);
  pthread_attr_destroy(&attributes);
#else
  work();
#endif
}

}  // namespace

TEST_CASE("a chain of 100,000 rows: one search runs through all of it", "[assign]") {
  const Index n = 100000;
  std::vector<Triple<std::int64_t>> entries;
  std::vector<Triple<double>> rounded;
  Rng rng(1);
  std::uniform_real_distribution<double> jitter(0.9, 1.1);
  for (Index i = 0; i < n; ++i) {  // row i meets columns i and i + 1 and prefers i + 1; the last row comes too late
    entries.push_back({i, i, 1000000});
    entries.push_back({i, i + 1, 1000001});
    rounded.push_back({i, i, jitter(rng)});
    rounded.push_back({i, i + 1, jitter(rng)});
  }
  entries.push_back({n, n, 5000000});
  const auto w = make_csr(n + 1, n + 1, entries);
  for (const AmongOptima second : second_aims) {
    Assignment<std::int64_t> a;
    on_small_stack(256 * 1024, [&] { a = assign(w, {.among_optima = second}); });
    require_proof(w, a);
    REQUIRE(a.total == std::int64_t{n} * 1000000 + 5000000);
  }
  const auto random = make_csr(n, n + 1, rounded);
  const auto a = assign(random);
  require_matching(random, a);
  require_proof(random, a);
}

TEST_CASE("the heap of a long frontier gives the list's answer", "[assign]") {
  // One hub row that meets everything and many rows of two edges: the frontier outgrows 64 + 4 x degree.
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    CAPTURE(seed);
    Rng rng(seed);
    const Index n = 400;
    std::vector<Triple<std::int64_t>> entries;
    std::uniform_int_distribution<std::int64_t> weight(1, 1000);
    for (Index i = 0; i < n; ++i) {
      entries.push_back({i, i, weight(rng) + 1000});
      if (i > 0) entries.push_back({i, static_cast<Index>(rng() % static_cast<std::uint64_t>(i)), weight(rng) + 900});
    }
    for (Index i = n; i < n + 10; ++i) {
      for (Index j = 0; j < n; ++j) entries.push_back({i, j, weight(rng) + 5000});
    }
    const auto w = make_csr(n + 10, n, entries);
    for (const Objective objective : objectives) {
      const auto a = assign(w, {objective});
      require_matching(w, a);
      require_proof(w, a);
    }
    const auto transposed = transpose(w);
    REQUIRE(assign(transposed).total == assign(w).total);
  }
}

TEMPLATE_TEST_CASE("a warm workspace allocates nothing", "[assign][memory]", std::int64_t, float) {
  if (memory::uncounted()) return;
  Rng rng(3);
  std::vector<Csr<TestType>> frames;
  for (int k = 0; k < 50; ++k) {
    frames.push_back(weights::like_iou<TestType>(static_cast<Index>(10 + rng() % 30),
                                                 static_cast<Index>(10 + rng() % 30), 0.2, rng));
  }
  frames.push_back(weights::like_iou<TestType>(40, 40, 1, rng));
  for (const AmongOptima second : second_aims) {
    AssignWorkspace<TestType> workspace;
    Assignment<TestType> out;
    const auto solve_all = [&] {
      for (const auto& frame : frames) assign(frame, {.among_optima = second}, workspace, out);
    };
    solve_all();
    const heap::Scope scope;
    solve_all();
    REQUIRE(scope.allocation_count() == 0);
  }
}

TEST_CASE("whole rows, which are read eight columns at once, give what integers give", "[assign]") {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    CAPTURE(seed);
    Rng rng(seed);
    const Index rows = static_cast<Index>(5 + rng() % 40), cols = static_cast<Index>(8 + rng() % 40);
    std::vector<Triple<std::int32_t>> entries;
    for (Index i = 0; i < rows; ++i) {
      const Index from = static_cast<Index>(rng() % 3), gap = rng() % 4 == 0 ? cols / 2 : cols;
      for (Index j = from; j < cols; ++j) {
        if (j != gap) entries.push_back({i, j, static_cast<std::int32_t>(rng() % 61) - 8});
      }
    }
    const auto whole = make_csr(rows, cols, entries);
    Csr<float> parts{rows, cols, whole.row_offsets, whole.col_indices, {}};
    for (const auto w : whole.values) parts.values.push_back(static_cast<float>(w) / 64);
    for (const double gate : {-5.0, 0.0, 20.0}) {
      const auto expected = assign(whole, {.objective = Objective::max_gain, .gate = gate});
      const auto got = assign(parts, {.objective = Objective::max_gain, .gate = gate / 64});
      REQUIRE(got.col_of_row == expected.col_of_row);
      REQUIRE(certify(parts, got).valid);
    }
  }
}

TEST_CASE("memory: 16 bytes a column besides the result, and nothing for cells", "[assign][memory]") {
  if (memory::uncounted()) return;
  Rng rng(4);
  const Index rows = 5000, cols = 10000;
  std::vector<Triple<float>> entries;
  for (Index i = 0; i < rows; ++i) entries.push_back({i, static_cast<Index>(rng() % 10000), 0.5f});
  const auto w = make_csr(rows, cols, entries);
  const auto extra = [&](AssignOptions options) {
    const heap::Scope scope;
    const auto a = assign(w, options);
    return static_cast<double>(scope.peak_bytes() - scope.kept_bytes());
  };
  const double one_aim = 16.0 * cols;
  REQUIRE(extra({}) < one_aim + 4096);  // searches of a few columns
  REQUIRE(extra({}) > one_aim / 2);
  const double two_aims = 40.0 * cols + 16.0 * rows;
  REQUIRE(extra({.objective = Objective::most_pairs}) < two_aims + 4096);
  REQUIRE(extra({.objective = Objective::most_pairs}) > two_aims / 2);
}
