/// Weight matrices for the tests of match/: random ones, the peers' files, and the enumeration that is always right.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <boxlap/match/assign.hpp>

#include "../support/fixture.hpp"

namespace weights {

using boxlap::Csr;
using boxlap::Index;
using boxlap::Triple;
using Rng = std::mt19937_64;

/// A random matrix; each pair is stored with probability `density`, its value drawn by draw().
template <class T, class Draw>
Csr<T> random(Index rows, Index cols, double density, Rng& rng, Draw draw) {
  std::uniform_real_distribution<double> coin(0, 1);
  std::vector<Triple<T>> entries;
  for (Index i = 0; i < rows; ++i) {
    for (Index j = 0; j < cols; ++j) {
      if (coin(rng) < density) {
        entries.push_back({i, j, static_cast<T>(draw(rng))});
      }
    }
  }
  return boxlap::make_csr(rows, cols, entries);
}

/// Small whole numbers, many of them equal, some not positive.
template <class T>
Csr<T> with_ties(Index rows, Index cols, double density, Rng& rng) {
  std::uniform_int_distribution<int> value(-1, 4);
  return random<T>(rows, cols, density, rng, value);
}

/// Values like IoU: up to 1, or up to 2^28 for integers.
template <class T>
Csr<T> like_iou(Index rows, Index cols, double density, Rng& rng) {
  std::uniform_real_distribution<double> value(0.001, 1);
  return random<T>(rows, cols, density, rng,
                   [&](Rng& r) { return std::floating_point<T> ? value(r) : std::floor(value(r) * 0x1p28); });
}

/// A file of the data folder: row,col,w, or case,row,col,w of which only the rows of `only` are read.
inline Csr<std::int64_t> read(const fixture::Table& table, Index rows, Index cols, int only = -1) {
  std::vector<Triple<std::int64_t>> entries;
  for (std::size_t k = 0; k < table.size(); ++k) {
    if (only < 0 || static_cast<int>(table.number(k, "case")) == only) {
      entries.push_back({static_cast<Index>(table.number(k, "row")), static_cast<Index>(table.number(k, "col")),
                         std::stoll(table.text(k, "w"))});
    }
  }
  return boxlap::make_csr(rows, cols, entries);
}

/// What the best matching reaches, by trying all: (first aim, second aim, third aim), compared in this order.
struct Best {
  double first = 0, second = 0, third = 0;
  friend auto operator<=>(const Best&, const Best&) = default;
};

/// Tries every matching of a small matrix. value(w) is what a pair adds; a pair that adds nothing to `first` is none.
template <class T, class Value>
Best enumerate(const Csr<T>& w, const Value& value, Index row = 0, std::uint64_t used = 0) {
  if (row == w.rows) {
    return {};
  }
  Best best = enumerate(w, value, row + 1, used);
  const auto entries = w.row(row);
  for (std::size_t k = 0; k < entries.cols.size(); ++k) {
    const std::uint64_t bit = std::uint64_t{1} << entries.cols[k];
    const Best own = value(static_cast<double>(entries.values[k]));
    if (own.first <= 0 || (used & bit) != 0) {
      continue;
    }
    const Best rest = enumerate(w, value, row + 1, used | bit);
    best = std::max(best, Best{own.first + rest.first, own.second + rest.second, own.third + rest.third});
  }
  return best;
}

}  // namespace weights
