/// Optimal and greedy matchings against all matchings of a small matrix, certificates against what they certify, and
/// anchors against the whole matrix.
#include <algorithm>
#include <cmath>
#include <compare>
#include <limits>
#include <vector>

#include <boxlap/match/anchors.hpp>
#include <boxlap/match/assign.hpp>
#include <boxlap/match/assign_dense.hpp>
#include <boxlap/match/certify.hpp>
#include <boxlap/match/greedy.hpp>

#include "input.hpp"
#include "plain_nms.hpp"

using boxlap::AmongOptima;
using boxlap::AssignOptions;
using boxlap::Box;
using boxlap::Csr;
using boxlap::Index;
using boxlap::none;
using boxlap::Objective;
using fuzz::at;

namespace {

/// Two aims, the first one first. Sums of quarters are exact.
struct Aims {
  double first = 0, second = 0;
  friend auto operator<=>(const Aims&, const Aims&) = default;
  friend Aims operator+(Aims a, Aims b) { return {a.first + b.first, a.second + b.second}; }
};

constexpr double impossible = -1e300;

/// The largest sum of value(i, j) over all matchings; with `full`, of min(rows, cols) pairs. One row after the other,
/// for every set of columns that may be taken.
template <class Value>
Aims best_of_all(Index rows, Index cols, bool full, const Value& value) {
  std::vector<Aims> best(std::size_t{1} << cols, Aims{impossible, 0}), next;
  best[0] = {};
  const Index spare = full ? std::max(0, rows - cols) : rows;  // rows that may stay alone
  std::vector<std::vector<Aims>> by_spare(at(spare) + 1, std::vector<Aims>(best.size(), Aims{impossible, 0}));
  by_spare[0][0] = {};
  for (Index i = 0; i < rows; ++i) {
    std::vector<std::vector<Aims>> after(by_spare.size(), std::vector<Aims>(best.size(), Aims{impossible, 0}));
    for (std::size_t s = 0; s < by_spare.size(); ++s) {
      for (std::size_t taken = 0; taken < best.size(); ++taken) {
        const Aims here = by_spare[s][taken];
        if (here.first == impossible) {
          continue;
        }
        if (!full) {
          after[s][taken] = std::max(after[s][taken], here);
        } else if (s + 1 < by_spare.size()) {
          after[s + 1][taken] = std::max(after[s + 1][taken], here);
        }
        for (Index j = 0; j < cols; ++j) {
          const std::size_t bit = std::size_t{1} << j;
          const Aims pair = (taken & bit) == 0 ? value(i, j) : Aims{impossible, 0};
          if (pair.first != impossible) {
            after[s][taken | bit] = std::max(after[s][taken | bit], here + pair);
          }
        }
      }
    }
    by_spare = after;
    if (!full) {
      by_spare.resize(1);
    }
  }
  Aims result{impossible, 0};
  for (const auto& row : by_spare) {
    for (const Aims& a : row) {
      result = std::max(result, a);
    }
  }
  return result;
}

template <class T>
struct Matrix {
  Csr<T> sparse;
  std::vector<std::vector<double>> dense;
};

template <class T>
Matrix<T> draw_matrix(fuzz::Input& in, Index most, double absent, bool quarters) {
  Matrix<T> m;
  const Index rows = in.below(most + 1), cols = in.below(most + 1);
  m.dense.assign(at(rows), std::vector<double>(at(cols), absent));
  std::vector<boxlap::Triple<T>> triples;
  for (Index i = 0; i < rows; ++i) {
    for (Index j = 0; j < cols; ++j) {
      const int b = in.byte();
      if (b % 4 != 0) {
        const T value = static_cast<T>(static_cast<T>(b / 4 % 16 - 2) * (quarters ? T(1) / T(4) : T(1)));
        triples.push_back({i, j, value});
        m.dense[at(i)][at(j)] = static_cast<double>(value);
      }
    }
  }
  m.sparse = boxlap::make_csr(rows, cols, triples);
  return m;
}

/// What a pair adds, as Objective and AmongOptima have it; a pair that is none adds nothing possible.
Aims aims_of(double w, const AssignOptions& options, double gate) {
  const double pair = options.among_optima == AmongOptima::most_pairs     ? 1
                      : options.among_optima == AmongOptima::fewest_pairs ? -1
                                                                          : 0;
  if (options.objective == Objective::most_pairs) {
    return w > 0 && w >= gate ? Aims{1, w} : Aims{impossible, 0};
  }
  return w > 0 && w > gate ? Aims{w - gate, pair} : Aims{impossible, 0};
}

/// The aims that an assignment reaches; that it is one is required.
template <class T>
Aims reached_by(const Matrix<T>& m, const boxlap::Assignment<T>& a, double gate) {
  Aims sum;
  for (std::size_t i = 0; i < a.col_of_row.size(); ++i) {
    if (const Index j = a.col_of_row[i]; j != none) {
      sum = sum + aims_of(m.dense[i][at(j)], a.options, gate);
    }
  }
  return sum;
}

template <class T>
void check_assign(fuzz::Input& in) {
  AssignOptions options;
  options.objective = static_cast<Objective>(in.below(3));
  options.among_optima = static_cast<AmongOptima>(in.below(3));
  if (options.objective != Objective::max_total) {
    options.gate = static_cast<double>(in.below(24) - 6) / 4;
  }
  const double gate = std::is_integral_v<T> ? std::floor(options.gate) : options.gate;
  const bool large = in.rarely(4);
  const Matrix<T> m = draw_matrix<T>(in, large ? 30 : 8, 0, !std::is_integral_v<T>);
  auto a = boxlap::assign(m.sparse, options);
  double total = 0;
  Index count = 0;
  for (std::size_t i = 0; i < a.col_of_row.size(); ++i) {
    if (const Index j = a.col_of_row[i]; j != none) {
      fuzz::require(a.row_of_col.at(at(j)) == static_cast<Index>(i), "both sides name their partner");
      fuzz::require(aims_of(m.dense[i][at(j)], options, gate).first != impossible, "only edges are matched");
      total += m.dense[i][at(j)];
      ++count;
    }
  }
  fuzz::require(count == a.count && total == static_cast<double>(a.total), "count and total are those of the pairs");
  fuzz::require(count == static_cast<Index>(std::count_if(a.row_of_col.begin(), a.row_of_col.end(),
                                                          [](Index i) { return i != none; })),
                "no column has a partner that does not know it");
  const auto proof = certify(m.sparse, a);
  fuzz::require(proof.valid, "what assign() finds can be certified", [&] { return std::string(proof.fault); });
  const Aims reached = reached_by(m, a, gate);
  Aims best = reached;
  if (!large) {
    best = best_of_all(m.sparse.rows, m.sparse.cols, false,
                       [&](Index i, Index j) { return aims_of(m.dense[at(i)][at(j)], options, gate); });
    fuzz::require(reached == best, "no matching is better than the one of assign()");
  }
  // One thing changed: a certificate may only stay valid if the matching is still as good.
  const Index i = in.below(32), j = in.below(32);
  const auto total_before = a.total;
  const Index count_before = a.count;
  const bool within = i < m.sparse.rows && j < m.sparse.cols;
  switch (in.below(5)) {
    case 0:  // a pair dropped, its numbers put right
      if (within && a.col_of_row[at(i)] != none) {
        a.total -= static_cast<boxlap::Total<T>>(m.dense[at(i)][at(a.col_of_row[at(i)])]);
        --a.count;
        a.row_of_col[at(a.col_of_row[at(i)])] = none;
        a.col_of_row[at(i)] = none;
      }
      break;
    case 1:  // a pair added in place of others
      if (within) {
        const auto leave = [&](Index row) {
          if (row != none && a.col_of_row[at(row)] != none) {
            a.total -= static_cast<boxlap::Total<T>>(m.dense[at(row)][at(a.col_of_row[at(row)])]);
            a.row_of_col[at(a.col_of_row[at(row)])] = none;
            a.col_of_row[at(row)] = none;
            --a.count;
          }
        };
        leave(i), leave(a.row_of_col[at(j)]);
        a.col_of_row[at(i)] = j, a.row_of_col[at(j)] = i;
        a.total += static_cast<boxlap::Total<T>>(m.dense[at(i)][at(j)]);
        ++a.count;
        if (aims_of(m.dense[at(i)][at(j)], options, gate).first == impossible) {
          fuzz::require(!certify(m.sparse, a).valid, "a pair that is no edge is not certified");
          return;
        }
      }
      break;
    case 2:
      if (within) {
        a.row_duals[at(i)] += static_cast<boxlap::Total<T>>(in.below(9) - 4);
      }
      break;
    case 3:
      if (within) {
        a.col_duals[at(j)] += static_cast<boxlap::Total<T>>(in.below(9) - 4);
      }
      break;
    default:
      if (within && !a.row_pair_duals.empty()) {
        a.row_pair_duals[at(i)] += static_cast<boxlap::Total<T>>(in.below(9) - 4);
      }
  }
  if (in.flag() && !a.row_duals.empty()) {  // a forgery that adds up: one dual takes the loss
    const auto k = static_cast<std::size_t>(in.byte()) % a.row_duals.size();
    a.row_duals[k] += a.total - total_before;
    if (!a.row_pair_duals.empty()) {
      a.row_pair_duals[k] += static_cast<boxlap::Total<T>>(a.count - count_before);
    }
  }
  if (certify(m.sparse, a).valid) {
    fuzz::require(reached_by(m, a, gate) == best, "a certified matching is optimal");
  }
}

template <class T>
void check_dense(fuzz::Input& in) {
  const bool maximize = in.flag(), forbid = std::is_floating_point_v<T> && in.flag();
  const double sign = maximize ? 1 : -1;
  const double forbidden = -sign * std::numeric_limits<double>::infinity();
  const Matrix<T> m = draw_matrix<T>(in, 7, forbid ? forbidden : 0, std::is_floating_point_v<T>);
  const Index rows = m.sparse.rows, cols = m.sparse.cols;
  const auto cost = [&](Index i, Index j) { return static_cast<T>(m.dense[at(i)][at(j)]); };
  const Aims best = best_of_all(rows, cols, true, [&](Index i, Index j) {
    const double c = m.dense[at(i)][at(j)];
    return c == forbidden ? Aims{impossible, 0} : Aims{sign * c, 0};
  });
  boxlap::DenseAssignment<T> a;
  const bool refused = fuzz::refused([&] { a = boxlap::assign_dense(rows, cols, cost, {.maximize = maximize}); });
  fuzz::require(refused == (best.first == impossible), "only what has no full assignment is refused");
  if (refused) {
    return;
  }
  double total = 0;
  Index count = 0;
  for (Index i = 0; i < rows; ++i) {
    if (const Index j = a.col_of_row[at(i)]; j != none) {
      fuzz::require(a.row_of_col[at(j)] == i, "both sides name their partner");
      total += m.dense[at(i)][at(j)];
      ++count;
    }
    for (Index j = 0; j < cols; ++j) {
      const double left = sign * (static_cast<double>(a.row_duals[at(i)] + a.col_duals[at(j)]) - m.dense[at(i)][at(j)]);
      fuzz::require(left >= 0 && (a.col_of_row[at(i)] != j || left == 0), "duals prove the assignment");
    }
  }
  fuzz::require(count == std::min(rows, cols) && count == a.count, "a full assignment is full");
  fuzz::require(total == static_cast<double>(a.total) && sign * total == best.first, "no full assignment is better");
}

/// One cell of the table in greedy.hpp after the other.
void check_greedy(fuzz::Input& in) {
  constexpr double absent = std::numeric_limits<double>::quiet_NaN();
  boxlap::GreedyOptions options;
  options.rule = static_cast<boxlap::GreedyRule>(in.below(3));
  options.values = static_cast<boxlap::Values>(in.below(2));
  options.threshold = static_cast<double>(in.below(16) - 2) / 4;
  const auto m = draw_matrix<double>(in, 12, absent, true);
  const Index rows = m.sparse.rows, cols = m.sparse.cols;
  const bool overlap = options.values == boxlap::Values::overlap;
  const double sign = overlap ? 1 : -1;
  const auto scores = in.scores<float>(at(cols), false);
  const bool coco = options.rule == boxlap::GreedyRule::coco, voc = options.rule == boxlap::GreedyRule::voc;

  std::vector<Index> order = plain::best_first(scores);
  if (!coco && !voc) {
    std::stable_sort(order.begin(), order.end(), [&](Index a, Index b) {
      return scores[at(a)] != scores[at(b)] ? scores[at(a)] > scores[at(b)] : a > b;
    });
  }
  std::vector<Index> col_of_row(at(rows), none);
  const double threshold = coco && overlap ? std::min(options.threshold, 1 - 1e-10) : options.threshold;
  for (const Index j : order) {
    Index best = none;
    for (Index i = 0; i < rows; ++i) {
      const double value = sign * m.dense[at(i)][at(j)];
      if (value != value || (!voc && col_of_row[at(i)] != none)) {
        continue;
      }
      const double most = best == none ? -std::numeric_limits<double>::infinity() : sign * m.dense[at(best)][at(j)];
      if (best == none || value > most || (coco && value == most)) {
        best = i;
      }
    }
    if (best == none || col_of_row[at(best)] != none) {
      continue;
    }
    const double value = sign * m.dense[at(best)][at(j)];
    if (coco ? value >= sign * threshold : value > sign * threshold) {
      col_of_row[at(best)] = j;
    }
  }
  const auto got = match_greedy(m.sparse, scores, options);
  fuzz::require(got.col_of_row == col_of_row, "match_greedy by scores is the loop over predictions");

  std::vector<Index> by_weight(at(rows), none), row_of_col(at(cols), none);
  for (;;) {  // numpy.argmin over what is left
    Index row = none, col = none;
    double most = sign * options.threshold;
    for (Index i = 0; i < rows; ++i) {
      for (Index j = 0; j < cols; ++j) {
        const double value = sign * m.dense[at(i)][at(j)];
        if (value > most && by_weight[at(i)] == none && row_of_col[at(j)] == none) {
          most = value, row = i, col = j;
        }
      }
    }
    if (row == none) {
      break;
    }
    by_weight[at(row)] = col, row_of_col[at(col)] = row;
  }
  const auto pairs = match_greedy(m.sparse, options);
  fuzz::require(pairs.col_of_row == by_weight && pairs.row_of_col == row_of_col,
                "match_greedy takes the best pair left");
}

/// torchvision's Matcher over the whole matrix.
void check_anchors(fuzz::Input& in) {
  boxlap::AnchorOptions options;
  options.high = std::clamp(in.threshold(), 0.0, 1.0), options.low = std::clamp(in.threshold(), 0.0, 1.0);
  if (!(options.low <= options.high)) {
    std::swap(options.low, options.high);
  }
  options.low_quality = in.flag(), options.ignore_unreached_truths = in.flag();
  const auto anchors = in.boxes<float>(300), truths = in.boxes<float>(60);
  if (options.low != options.low || options.high != options.high) {
    return;
  }
  const auto value = [&](std::size_t p, std::size_t g) {
    const auto &a = anchors[p], &b = truths[g];
    const bool meets = a.x1 < a.x2 && a.y1 < a.y2 && b.x1 < b.x2 && b.y1 < b.y2;
    const float q = meets ? plain::quotient(a, b) : 0.0f;
    return q > 0 ? q : 0.0f;
  };
  const auto high = static_cast<float>(options.high), low = static_cast<float>(options.low);
  std::vector<Index> expected(anchors.size(), none), best(anchors.size(), none), unreached;
  for (std::size_t p = 0; p < anchors.size(); ++p) {
    float most = 0;
    for (std::size_t g = 0; g < truths.size(); ++g) {
      if (value(p, g) > most) {
        most = value(p, g);
        best[p] = static_cast<Index>(g);
      }
    }
    if (!options.ignore_unreached_truths && best[p] == none && !truths.empty()) {
      best[p] = 0;
    }
    expected[p] = most < low ? none : most < high ? boxlap::between : best[p];
  }
  for (std::size_t g = 0; g < truths.size(); ++g) {
    float most = 0;
    for (std::size_t p = 0; p < anchors.size(); ++p) {
      most = std::max(most, value(p, g));
    }
    if (most == 0) {
      unreached.push_back(static_cast<Index>(g));
    }
    for (std::size_t p = 0; p < anchors.size() && options.low_quality; ++p) {
      if (value(p, g) == most && (most > 0 || !options.ignore_unreached_truths)) {
        expected[p] = best[p];
      }
    }
  }
  const auto got = match_anchors(anchors, truths, options);
  fuzz::require(got.unreached_truths == unreached, "truths that nothing overlaps are reported");
  fuzz::require(got.truth_of_anchor == expected, "anchors learn what the whole matrix says");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input in(data, size);
  switch (in.below(8)) {
    case 0:
    case 1:
      check_assign<std::int32_t>(in);
      break;
    case 2:
      check_assign<double>(in);
      break;
    case 3:
      check_assign<float>(in);
      break;
    case 4:
      check_dense<std::int64_t>(in);
      break;
    case 5:
      check_dense<double>(in);
      break;
    case 6:
      check_greedy(in);
      break;
    default:
      check_anchors(in);
  }
  return 0;
}
