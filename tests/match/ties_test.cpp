// Matching where overlaps are exactly at a threshold or equal to another: whole-number boxes, values in eighths, and
// loops over all pairs that compare fractions and never divide.
#include <boxlap/match/anchor_rules.hpp>
#include <boxlap/match/anchors.hpp>
#include <boxlap/match/assign.hpp>
#include <boxlap/match/greedy.hpp>
#include <boxlap/shape/box.hpp>

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

#include "../catch.hpp"

using namespace boxlap;

namespace {

using Int = std::int64_t;

struct Cells {
  Int x1, y1, x2, y2;
};

struct Fraction {
  Int part = 0, whole = 1;
};

int compare(const Fraction& a, const Fraction& b) {
  const Int left = a.part * b.whole, right = b.part * a.whole;
  return (left > right) - (left < right);
}

Fraction iou_of(const Cells& a, const Cells& b) {
  const Int w = std::min(a.x2, b.x2) - std::max(a.x1, b.x1), h = std::min(a.y2, b.y2) - std::max(a.y1, b.y1);
  const Int shared = w > 0 && h > 0 ? w * h : 0;
  return {shared, (a.x2 - a.x1) * (a.y2 - a.y1) + (b.x2 - b.x1) * (b.y2 - b.y1) - shared};
}

std::vector<Cells> cells(int n, int extent, std::mt19937_64& rng) {
  std::vector<Cells> out;
  const auto below = [&](int limit) { return static_cast<Int>(rng() % static_cast<std::uint64_t>(limit)); };
  for (int i = 0; i < n; ++i) {
    const Int x = below(extent), y = below(extent);
    out.push_back({x, y, x + 1 + below(4), y + 1 + below(4)});
  }
  return out;
}

template <class T>
std::vector<Box<T>> boxes(const std::vector<Cells>& all) {
  std::vector<Box<T>> out;
  for (const Cells& c : all) {
    out.push_back({T(c.x1), T(c.y1), T(c.x2), T(c.y2)});
  }
  return out;
}

double value(const Fraction& f) { return static_cast<double>(f.part) / static_cast<double>(f.whole); }

/// The dense matrix and what is largest in each row and column.
struct Dense {
  std::vector<std::vector<Fraction>> iou;  // [anchor][truth]
  std::vector<Fraction> of_anchor, of_truth;
  std::vector<Index> truth_of_anchor;  // the first of equal ones, none without overlap

  Dense(const std::vector<Cells>& anchors, const std::vector<Cells>& truths)
      : iou(anchors.size(), std::vector<Fraction>(truths.size())),
        of_anchor(anchors.size()),
        of_truth(truths.size()),
        truth_of_anchor(anchors.size(), none) {
    for (std::size_t p = 0; p < anchors.size(); ++p) {
      for (std::size_t g = 0; g < truths.size(); ++g) {
        iou[p][g] = iou_of(anchors[p], truths[g]);
        if (compare(iou[p][g], of_anchor[p]) > 0) {
          of_anchor[p] = iou[p][g];
          truth_of_anchor[p] = static_cast<Index>(g);
        }
        if (compare(iou[p][g], of_truth[g]) > 0) {
          of_truth[g] = iou[p][g];
        }
      }
    }
  }
  [[nodiscard]] bool ties(std::size_t p, std::size_t g) const {
    return of_truth[g].part > 0 && compare(iou[p][g], of_truth[g]) == 0;
  }
};

struct Bands {
  Fraction low, high;
};
const std::vector<Bands> bands = {
    {{1, 3}, {1, 2}}, {{1, 4}, {3, 4}}, {{1, 2}, {1, 2}}, {{0, 1}, {1, 1}}, {{2, 7}, {2, 3}}};

}  // namespace

TEMPLATE_TEST_CASE("anchors at exactly high and low, and all that tie for a truth", "[anchors]", float, double) {
  using T = TestType;
  const std::uint64_t seed = 5;
  CAPTURE(seed);
  std::mt19937_64 rng(seed);
  for (int round = 0; round < 25; ++round) {
    const auto anchors = cells(70, 9, rng), truths = cells(1 + round % 9, 12, rng);
    const Dense dense(anchors, truths);
    const Bands& b = bands[std::size_t(round) % bands.size()];
    CAPTURE(round, b.low.part, b.low.whole, b.high.part, b.high.whole);
    std::vector<Index> unreached;
    for (std::size_t g = 0; g < truths.size(); ++g) {
      if (dense.of_truth[g].part == 0) {
        unreached.push_back(static_cast<Index>(g));
      }
    }
    std::vector<Index> matcher(anchors.size()), bare(anchors.size()), ssd(anchors.size(), none);
    std::vector<Index> max_iou(anchors.size(), between), first_of_ties;
    for (std::size_t p = 0; p < anchors.size(); ++p) {
      const Index own = dense.truth_of_anchor[p];
      bool best_of_some = false;
      for (std::size_t g = 0; g < truths.size(); ++g) {
        best_of_some = best_of_some || dense.ties(p, g);
      }
      const bool above = compare(dense.of_anchor[p], b.high) >= 0, below = compare(dense.of_anchor[p], b.low) < 0;
      bare[p] = below ? none : above ? own : between;
      matcher[p] = best_of_some ? own : bare[p];
      ssd[p] = above ? own : none;
      max_iou[p] = above ? own : below ? none : between;
    }
    first_of_ties = max_iou;
    for (std::size_t g = 0; g < truths.size(); ++g) {
      bool first = true;
      const bool forces = compare(dense.of_truth[g], b.low) >= 0;  // min_positive
      for (std::size_t p = 0; p < anchors.size(); ++p) {
        if (!dense.ties(p, g)) {
          continue;
        }
        ssd[p] = first ? static_cast<Index>(g) : ssd[p];
        max_iou[p] = forces ? static_cast<Index>(g) : max_iou[p];
        first_of_ties[p] = forces && first ? static_cast<Index>(g) : first_of_ties[p];
        first = false;
      }
    }
    const auto a = boxes<T>(anchors), t = boxes<T>(truths);
    const auto found = match_anchors(a, t, {.high = value(b.high), .low = value(b.low)});
    CHECK(found.truth_of_anchor == matcher);
    CHECK(found.unreached_truths == unreached);
    CHECK(match_anchors(a, t, {.high = value(b.high), .low = value(b.low), .low_quality = false}).truth_of_anchor ==
          bare);
    if (b.high.part < b.high.whole) {  // at a threshold of 0 and no overlap there is no truth to name
      const auto by_ssd = match_anchors_ssd(a, t, {.threshold = value(b.high)});
      CHECK(by_ssd.truth_of_anchor == ssd);
      CHECK(by_ssd.unreached_truths == unreached);
    }
    const MaxIouOptions options{.positive = value(b.high), .negative = value(b.low), .min_positive = value(b.low)};
    CHECK(match_anchors_max_iou(a, t, options).truth_of_anchor == max_iou);
    MaxIouOptions one = options;
    one.all_ties = false;
    CHECK(match_anchors_max_iou(a, t, one).truth_of_anchor == first_of_ties);
  }
}

TEST_CASE("match_anchors_max_iou: the ends of the negative band, and regions that cover exactly the share",
          "[anchors]") {
  const std::vector<Box<double>> truth{{0, 0, 8, 1}};
  const auto of_width = [&](double w, const MaxIouOptions& options) {
    // A second anchor is the truth's best one, so that nothing is forced on the first.
    return match_anchors_max_iou(std::vector<Box<double>>{{0, 0, w, 1}, truth[0]}, truth, options).truth_of_anchor[0];
  };
  const MaxIouOptions options{.positive = 0.75, .negative = 0.5, .negative_from = 0.25};
  CHECK(of_width(6, options) == 0);
  CHECK(of_width(5.875, options) == between);
  CHECK(of_width(4, options) == between);
  CHECK(of_width(3.875, options) == none);
  CHECK(of_width(2, options) == none);
  CHECK(of_width(1.875, options) == between);
  const std::vector<Box<double>> anchor{{0, 0, 8, 1}}, half{{0, 0, 4, 2}}, more{{0, 0, 4.125, 2}};
  const auto covered = [&](const std::vector<Box<double>>& region, MaxIouOptions with) {
    with.ignore = 0.5;
    return match_anchors_max_iou(anchor, truth, region, with).truth_of_anchor[0] == between;
  };
  CHECK(!covered(half, {}));
  CHECK(covered(more, {}));
  CHECK(!covered(half, {.ignore_by_anchor = false}));  // 4 of its 8
  CHECK(covered({{0, 0, 5, 1}}, {.ignore_by_anchor = false}));
}

TEST_CASE("greedy matching of values in eighths: equal scores, equal values, values at the threshold", "[greedy]") {
  const std::uint64_t seed = 6;
  CAPTURE(seed);
  std::mt19937_64 rng(seed);
  for (int round = 0; round < 300; ++round) {
    const Index rows = static_cast<Index>(1 + rng() % 7), cols = static_cast<Index>(1 + rng() % 7);
    std::vector<Triple<double>> entries;
    std::vector<std::vector<int>> eighths(std::size_t(rows), std::vector<int>(std::size_t(cols), -1));
    for (Index i = 0; i < rows; ++i) {
      for (Index j = 0; j < cols; ++j) {
        if (rng() % 4 != 0) {
          const int own = static_cast<int>(rng() % 9);
          eighths[std::size_t(i)][std::size_t(j)] = own;
          entries.push_back({i, j, own / 8.0});
        }
      }
    }
    std::vector<int> score;
    std::vector<double> scores;
    for (Index j = 0; j < cols; ++j) {
      score.push_back(static_cast<int>(rng() % 3));
      scores.push_back(score.back() / 4.0);
    }
    const auto w = make_csr(rows, cols, entries);
    const int limit = static_cast<int>(rng() % 9);
    for (const Values values : {Values::overlap, Values::distance}) {
      const int sign = values == Values::overlap ? 1 : -1;
      for (const GreedyRule rule : {GreedyRule::coco, GreedyRule::voc, GreedyRule::nuscenes}) {
        std::vector<Index> row_of_col(std::size_t(cols), none), col_of_row(std::size_t(rows), none);
        for (int s = 2; s >= 0; --s) {
          for (Index k = 0; k < cols; ++k) {
            const Index j = rule == GreedyRule::nuscenes ? cols - 1 - k : k;
            if (score[std::size_t(j)] != s) {
              continue;
            }
            Index best = none;
            for (Index i = 0; i < rows; ++i) {
              const int own = eighths[std::size_t(i)][std::size_t(j)];
              if (own < 0 || (rule != GreedyRule::voc && col_of_row[std::size_t(i)] != none)) {
                continue;
              }
              const int known = best == none ? 0 : eighths[std::size_t(best)][std::size_t(j)];
              if (best == none || sign * own > sign * known || (rule == GreedyRule::coco && own == known)) {
                best = i;
              }
            }
            if (best == none || col_of_row[std::size_t(best)] != none) {
              continue;
            }
            const int own = eighths[std::size_t(best)][std::size_t(j)];
            if (sign * own > sign * limit || (rule == GreedyRule::coco && own == limit)) {
              row_of_col[std::size_t(j)] = best;
              col_of_row[std::size_t(best)] = j;
            }
          }
        }
        CAPTURE(round, static_cast<int>(rule), sign, limit);
        const auto found = match_greedy(w, scores, {.threshold = limit / 8.0, .rule = rule, .values = values});
        CHECK(found.row_of_col == row_of_col);
        CHECK(found.col_of_row == col_of_row);
        CHECK(found.count == static_cast<Index>(cols - std::count(row_of_col.begin(), row_of_col.end(), none)));
      }
      // By value: the best of all free pairs, of equal ones the lowest row, then the lowest column.
      std::vector<Index> row_of_col(std::size_t(cols), none), col_of_row(std::size_t(rows), none);
      for (;;) {
        Index row = none, col = none;
        for (Index i = 0; i < rows; ++i) {
          for (Index j = 0; j < cols; ++j) {
            const int own = eighths[std::size_t(i)][std::size_t(j)];
            if (own >= 0 && sign * own > sign * limit && col_of_row[std::size_t(i)] == none &&
                row_of_col[std::size_t(j)] == none &&
                (row == none || sign * own > sign * eighths[std::size_t(row)][std::size_t(col)])) {
              row = i;
              col = j;
            }
          }
        }
        if (row == none) {
          break;
        }
        col_of_row[std::size_t(row)] = col;
        row_of_col[std::size_t(col)] = row;
      }
      const auto found = match_greedy(w, {.threshold = limit / 8.0, .values = values});
      CHECK(found.col_of_row == col_of_row);
      CHECK(found.row_of_col == row_of_col);
    }
  }
}

TEST_CASE("assign: a weight of exactly the gate is a pair for most_pairs and gains nothing for max_gain", "[assign]") {
  const auto w = make_csr<double>(2, 2, {{0, 0, 0.5}, {1, 1, 0.625}});
  CHECK(assign(w, {.objective = Objective::most_pairs, .gate = 0.5}).count == 2);
  CHECK(assign(w, {.objective = Objective::most_pairs, .gate = 0.5625}).count == 1);
  CHECK(assign(w, {.objective = Objective::max_gain, .gate = 0.5}).count == 1);
  CHECK(assign(w, {.objective = Objective::max_gain, .gate = 0.625}).count == 0);
  // One pair of 2 or two of 1 each: equally good.
  const auto tied = make_csr<double>(2, 2, {{0, 0, 1}, {0, 1, 2}, {1, 1, 1}});
  CHECK(assign(tied, {.among_optima = AmongOptima::most_pairs}).count == 2);
  CHECK(assign(tied, {.among_optima = AmongOptima::fewest_pairs}).count == 1);
}
