#include <boxlap/match/greedy.hpp>

#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include <boxlap/match/assign.hpp>

#include "../catch.hpp"
#include "../support/memory.hpp"
#include "weights.hpp"

using namespace boxlap;
using weights::Rng;

namespace {

constexpr double absent = -1e300;

/// The matrix with all its cells, as the peers keep it.
template <class T>
std::vector<std::vector<double>> dense(const Csr<T>& w, double empty) {
  std::vector<std::vector<double>> cells(static_cast<std::size_t>(w.rows),
                                         std::vector<double>(static_cast<std::size_t>(w.cols), empty));
  for_each_entry(w, [&](Index i, Index j, T v) {
    cells[static_cast<std::size_t>(i)][static_cast<std::size_t>(j)] = static_cast<double>(v);
  });
  return cells;
}

std::vector<std::size_t> by_score(const std::vector<float>& scores) {
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0u);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
  return order;
}

/// pycocotools' evaluateImg without crowds and ignored truths.
std::vector<Index> coco(const std::vector<std::vector<double>>& iou, const std::vector<float>& scores,
                        double threshold) {
  std::vector<Index> truth_of(scores.size(), none);
  std::vector<bool> used(iou.size());
  for (const std::size_t d : by_score(scores)) {
    double best = std::min(threshold, 1 - 1e-10);
    for (std::size_t g = 0; g < iou.size(); ++g) {
      if (used[g] || iou[g][d] < best) continue;
      best = iou[g][d];
      truth_of[d] = static_cast<Index>(g);
    }
    if (truth_of[d] != none) used[static_cast<std::size_t>(truth_of[d])] = true;
  }
  return truth_of;
}

/// The VOC devkit's loop without difficult truths.
std::vector<Index> voc(const std::vector<std::vector<double>>& iou, const std::vector<float>& scores,
                       double threshold) {
  std::vector<Index> truth_of(scores.size(), none);
  std::vector<bool> used(iou.size());
  for (const std::size_t d : by_score(scores)) {
    double best = -std::numeric_limits<double>::infinity();
    std::size_t arg = 0;
    for (std::size_t g = 0; g < iou.size(); ++g) {
      if (iou[g][d] > best) {
        best = iou[g][d];
        arg = g;
      }
    }
    if (best > threshold && !used[arg]) {
      used[arg] = true;
      truth_of[d] = static_cast<Index>(arg);
    }
  }
  return truth_of;
}

/// nuscenes-devkit's accumulate for one sample: nearest free truth, strictly; ties of scores from the back.
std::vector<Index> nuscenes(const std::vector<std::vector<double>>& distance, const std::vector<float>& scores,
                            double threshold) {
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return std::pair(scores[a], a) > std::pair(scores[b], b); });
  std::vector<Index> truth_of(scores.size(), none);
  std::vector<bool> used(distance.size());
  for (const std::size_t d : order) {
    double nearest = std::numeric_limits<double>::infinity();
    for (std::size_t g = 0; g < distance.size(); ++g) {
      if (!used[g] && distance[g][d] < nearest) {
        nearest = distance[g][d];
        truth_of[d] = static_cast<Index>(g);
      }
    }
    if (nearest < threshold) {
      used[static_cast<std::size_t>(truth_of[d])] = true;
    } else {
      truth_of[d] = none;
    }
  }
  return truth_of;
}

/// norfair's match_dets_and_objs: the smallest distance of the whole matrix, again and again.
std::vector<Index> norfair(std::vector<std::vector<double>> distance, std::size_t cols, double threshold) {
  std::vector<Index> row_of(cols, none);
  for (;;) {
    double least = threshold;
    std::size_t row = 0, col = cols;
    for (std::size_t i = 0; i < distance.size(); ++i) {
      for (std::size_t j = 0; j < cols; ++j) {
        if (distance[i][j] < least) {
          least = distance[i][j];
          row = i;
          col = j;
        }
      }
    }
    if (col == cols) return row_of;
    row_of[col] = static_cast<Index>(row);
    for (auto& line : distance) line[col] = threshold;
    for (double& d : distance[row]) d = threshold;
  }
}

void require_consistent(const GreedyMatches& m) {
  Index count = 0;
  for (std::size_t i = 0; i < m.col_of_row.size(); ++i) {
    if (m.col_of_row[i] != none) {
      ++count;
      REQUIRE(m.row_of_col[static_cast<std::size_t>(m.col_of_row[i])] == static_cast<Index>(i));
    }
  }
  REQUIRE(count == m.count);
  REQUIRE(count == std::count_if(m.row_of_col.begin(), m.row_of_col.end(), [](Index i) { return i != none; }));
}

}  // namespace

TEMPLATE_TEST_CASE("greedy matching equals the peers' loops over the whole matrix", "[greedy]", float, double,
                   std::int32_t) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    CAPTURE(seed);
    Rng rng(seed);
    const auto rows = static_cast<Index>(rng() % 12), cols = static_cast<Index>(rng() % 12);
    // Eighths, so that values, thresholds and ties are exact; whole numbers for integers.
    const double unit = std::integral<TestType> ? 1 : 0.125;
    const auto w =
        weights::random<TestType>(rows, cols, 0.5, rng, [&](Rng& r) { return unit * static_cast<double>(r() % 9); });
    std::vector<float> scores;
    for (Index j = 0; j < cols; ++j) scores.push_back(static_cast<float>(rng() % 5));
    const double threshold = unit * static_cast<double>(rng() % 9);
    const auto near = dense(w, absent), far = dense(w, -absent);
    const auto greedy = [&](GreedyRule rule, Values values) {
      const auto m = match_greedy(w, scores, {.threshold = threshold, .rule = rule, .values = values});
      require_consistent(m);
      return m.row_of_col;
    };
    REQUIRE(greedy(GreedyRule::coco, Values::overlap) == coco(near, scores, threshold));
    REQUIRE(greedy(GreedyRule::voc, Values::overlap) == voc(near, scores, threshold));
    REQUIRE(greedy(GreedyRule::nuscenes, Values::distance) == nuscenes(far, scores, threshold));
    auto turned = far;  // distances under VOC's rule are overlaps of the other sign
    for (auto& line : turned)
      for (double& v : line) v = -v;
    REQUIRE(greedy(GreedyRule::voc, Values::distance) == voc(turned, scores, -threshold));
    const auto by_distance = match_greedy(w, {.threshold = threshold, .values = Values::distance});
    require_consistent(by_distance);
    REQUIRE(by_distance.row_of_col == norfair(far, static_cast<std::size_t>(cols), threshold));
    auto negative = near;
    for (auto& line : negative)
      for (double& v : line) v = -v;
    REQUIRE(match_greedy(w, {.threshold = threshold}).row_of_col ==
            norfair(negative, static_cast<std::size_t>(cols), -threshold));
  }
}

TEST_CASE("coco takes an IoU of exactly 1 at threshold 1, voc none at exactly its threshold", "[greedy]") {
  const auto w = make_csr<double>(1, 1, {{0, 0, 1 - 1e-11}});
  const std::vector<float> scores{0.5f};
  REQUIRE(match_greedy(w, scores, {.threshold = 1}).count == 1);
  const auto half = make_csr<double>(1, 1, {{0, 0, 0.5}});
  REQUIRE(match_greedy(half, scores, {.threshold = 0.5}).count == 1);
  REQUIRE(match_greedy(half, scores, {.threshold = 0.5, .rule = GreedyRule::voc}).count == 0);
  REQUIRE(
      match_greedy(half, scores, {.threshold = 0.5, .rule = GreedyRule::nuscenes, .values = Values::distance}).count ==
      0);
}

TEST_CASE("a prediction whose best truth is taken: coco tries the next, voc gives up", "[greedy]") {
  const auto w = make_csr<double>(2, 2, {{0, 0, 0.9}, {0, 1, 0.8}, {1, 1, 0.6}});
  const std::vector<float> scores{0.9f, 0.8f};
  REQUIRE(match_greedy(w, scores, {}).row_of_col == std::vector<Index>{0, 1});
  REQUIRE(match_greedy(w, scores, {.rule = GreedyRule::voc}).row_of_col == std::vector<Index>{0, none});
}

TEST_CASE("greedy matching refuses what is no number", "[greedy]") {
  using Catch::Matchers::Contains;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto good = make_csr<double>(2, 2, {{1, 1, 0.5}}), bad = make_csr<double>(2, 2, {{1, 1, nan}});
  const std::vector<double> scores{0.5, 0.5};
  REQUIRE_THROWS_WITH(match_greedy(bad, scores), Contains("row 1, column 1 is NaN"));
  REQUIRE_THROWS_WITH(match_greedy(bad), Contains("row 1, column 1 is NaN"));
  REQUIRE_THROWS_WITH(match_greedy(good, std::vector<double>{0.5, nan}), Contains("scores[1]"));
  REQUIRE_THROWS_WITH(match_greedy(good, std::vector<double>{0.5}), Contains("scores has 1 rows"));
  REQUIRE_THROWS_WITH(match_greedy(good, scores, {.threshold = nan}), Contains("threshold"));
  REQUIRE_THROWS_WITH(match_greedy(good, {.threshold = nan}), Contains("threshold"));
  Csr<double> broken = good;
  broken.col_indices[0] = 7;
  REQUIRE_THROWS_WITH(match_greedy(broken, scores), Contains("column 7"));
  REQUIRE_THROWS_WITH(match_greedy(broken), Contains("column 7"));
  REQUIRE(match_greedy(Csr<double>{}).count == 0);
  REQUIRE(match_greedy(Csr<double>{}, std::vector<double>{}).count == 0);
}

TEST_CASE("greedy matching needs what its doc blocks say", "[greedy][memory]") {
  if (memory::uncounted()) return;
  Rng rng(1);
  const Index rows = 2000, cols = 3000;
  std::vector<Triple<float>> entries;
  for (Index i = 0; i < rows; ++i) {
    for (Index k = 0; k < 20; ++k) entries.push_back({i, 150 * k + static_cast<Index>(rng() % 150), 0.6f});
  }
  const auto values = make_csr(rows, cols, entries);
  const std::vector<float> scores(3000, 0.5f);
  const auto extra = [](const auto& work) {
    const heap::Scope scope;
    const auto result = work();
    return static_cast<double>(scope.peak_bytes() - scope.kept_bytes());
  };
  const double by_score_formula = 8.0 * values.nonzeros() + 28.0 * cols, by_weight_formula = 24.0 * values.nonzeros();
  const double by_score_bytes = extra([&] { return match_greedy(values, scores); });
  const double by_weight_bytes = extra([&] { return match_greedy(values, {.threshold = 0.1}); });
  CAPTURE(by_score_bytes, by_score_formula, by_weight_bytes, by_weight_formula);
  REQUIRE(by_score_bytes <= by_score_formula);
  REQUIRE(by_score_bytes >= by_score_formula / 2);
  REQUIRE(by_weight_bytes <= by_weight_formula + 64);
  REQUIRE(by_weight_bytes >= by_weight_formula / 2);
}
