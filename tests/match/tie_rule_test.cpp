// Which of several optima assign() returns is stated: rows enter in ascending order, the nearest way out wins, equal
// ones prefer a free column and then the lower number. Here that rule is a plain loop over a dense matrix, and weights
// are so few and small that almost every matrix has several optima.
#include <boxlap/match/assign.hpp>

#include <algorithm>
#include <limits>
#include <random>
#include <tuple>
#include <utility>
#include <vector>

#include "../catch.hpp"

using namespace boxlap;

namespace {

using Weights = std::vector<std::vector<int>>;  // [row][column], 0: no edge

/// The statement of the tie rule, with prices u of rows and v of columns.
class Literal {
 public:
  explicit Literal(const Weights& w)
      : w_(w), u_(w.size()), v_(w[0].size()), col_of_(w.size(), -1), row_of_(w[0].size(), -1) {
    for (int i = 0; i < rows(); ++i) {
      enter(i);
    }
  }
  [[nodiscard]] const std::vector<int>& partners() const { return col_of_; }

 private:
  struct Way {  // out of a search: ends in a free column, or leaves `row` alone
    int distance, row, col;
  };

  [[nodiscard]] int rows() const { return int(w_.size()); }
  [[nodiscard]] int cols() const { return int(v_.size()); }
  [[nodiscard]] static std::size_t at(int i) { return std::size_t(i); }
  [[nodiscard]] int weight(int i, int j) const { return w_[at(i)][at(j)]; }

  void enter(int root) {
    int& price = u_[at(root)];
    for (int j = 0; j < cols(); ++j) {
      price = std::max(price, weight(root, j) > 0 ? weight(root, j) - v_[at(j)] : 0);
    }
    if (price == 0) {
      return;
    }
    std::vector<Way> ways{{price, root, -1}};
    std::vector<int> distance(at(cols()), far), from(at(cols()), -1), visited;
    look_from(root, 0, ways, distance, from, visited);
    for (;;) {
      int nearest = -1;
      for (int j = 0; j < cols(); ++j) {
        const bool done = std::find(visited.begin(), visited.end(), j) != visited.end();
        if (!done && distance[at(j)] < far && (nearest < 0 || distance[at(j)] < distance[at(nearest)])) {
          nearest = j;
        }
      }
      const Way best = *std::min_element(ways.begin(), ways.end(), [](const Way& a, const Way& b) {  // first of equals
        return std::tuple(a.distance, a.col < 0, a.col) < std::tuple(b.distance, b.col < 0, b.col);
      });
      if (nearest < 0 || distance[at(nearest)] >= best.distance) {
        leave(root, best, distance, from, visited);
        return;
      }
      visited.push_back(nearest);
      const int row = row_of_[at(nearest)];
      ways.push_back({distance[at(nearest)] + u_[at(row)], row, -1});
      look_from(row, distance[at(nearest)], ways, distance, from, visited);
    }
  }

  void look_from(int row, int way, std::vector<Way>& ways, std::vector<int>& distance, std::vector<int>& from,
                 const std::vector<int>& visited) const {
    for (int j = 0; j < cols(); ++j) {
      if (weight(row, j) <= 0 || std::find(visited.begin(), visited.end(), j) != visited.end()) {
        continue;
      }
      const int there = way + u_[at(row)] + v_[at(j)] - weight(row, j);
      if (row_of_[at(j)] < 0) {
        ways.push_back({there, row, j});
      } else if (there < distance[at(j)]) {
        distance[at(j)] = there;
        from[at(j)] = row;
      }
    }
  }

  void leave(int root, const Way& best, const std::vector<int>& distance, const std::vector<int>& from,
             const std::vector<int>& visited) {
    u_[at(root)] -= best.distance;
    for (const int j : visited) {
      v_[at(j)] += best.distance - distance[at(j)];
      u_[at(row_of_[at(j)])] -= best.distance - distance[at(j)];
    }
    for (int row = best.row, col = best.col;;) {
      const int given_up = std::exchange(col_of_[at(row)], col);
      if (col >= 0) {
        row_of_[at(col)] = row;
      }
      if (row == root) {
        return;
      }
      col = given_up;
      row = from[at(col)];
    }
  }

  static constexpr int far = std::numeric_limits<int>::max();
  const Weights& w_;
  std::vector<int> u_, v_, col_of_, row_of_;
};

template <class T>
void check(const Weights& w) {
  std::vector<Triple<T>> entries;
  for (std::size_t i = 0; i < w.size(); ++i) {
    for (std::size_t j = 0; j < w[i].size(); ++j) {
      if (w[i][j] > 0) {
        entries.push_back({Index(i), Index(j), T(w[i][j])});
      }
    }
  }
  const auto found = assign(make_csr(Index(w.size()), Index(w[0].size()), entries));
  CAPTURE(w);
  REQUIRE(found.col_of_row == Literal(w).partners());
}

}  // namespace

TEST_CASE("of several optima assign returns the one that its tie rule names", "[assign]") {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 rng(seed);
  for (int round = 0; round < 20'000; ++round) {
    const std::size_t rows = 1 + rng() % 7, cols = 1 + rng() % 7;
    const auto largest = 1 + rng() % 4, sparse = rng() % 3;
    Weights w(rows, std::vector<int>(cols));
    for (auto& row : w) {
      for (int& weight : row) {
        weight = rng() % 3 < sparse ? 0 : int(rng() % (largest + 1));
      }
    }
    check<int>(w);
    check<float>(w);
  }
}
