/// The solver: one shortest augmenting path a row, over whatever edges the row has.
#pragma once

#include <algorithm>
#include <limits>
#include <span>
#include <type_traits>
#include <vector>

#include "../../base/index.hpp"
#include "nearer.hpp"

namespace boxlap::detail {

/// The columns a search has reached and not yet visited, nearest first, equal distances by column: so that the order
/// never depends on how they are kept. A plain list whose nearest column is found by a scan; once that costs more than
/// reading a row, a binary heap.
///
/// On overlaps the list stays short and wins; where every search meets everything (Machol-Wien, n = 1,000) a heap alone
/// is eight times slower; on one large sparse component a list alone is quadratic. Distances are kept by column,
/// outside: a column of the list that comes nearer costs nothing here. `place[col]` is its position in the heap.
template <class V>
class Frontier {
 public:
  [[nodiscard]] bool empty() const noexcept { return cols_.empty(); }
  [[nodiscard]] std::span<const Index> cols() const noexcept { return cols_; }

  void clear() noexcept {
    cols_.clear();
    heap_ = false;
  }

  void insert(Index col, std::span<const V> distances, std::span<Index> place) {
    cols_.push_back(col);
    if (heap_) {
      rise(cols_.size() - 1, distances, place);
    }
  }

  /// To be called after the distance of `col` has become less.
  void came_nearer(Index col, std::span<const V> distances, std::span<Index> place) {
    if (heap_) {
      rise(detail::at(place[detail::at(col)]), distances, place);
    }
  }

  /// Removes and returns the nearest column. `degree` is the length of the row that was read last.
  [[nodiscard]] Index take_nearest(std::size_t degree, std::span<const V> distances, std::span<Index> place) {
    if (!heap_ && cols_.size() > 64 + 4 * degree) {
      heap_ = true;
      for (std::size_t k = 0; k < cols_.size(); ++k) {
        rise(k, distances, place);
      }
    }
    const std::size_t k = heap_ ? 0 : nearest(distances);
    const Index col = cols_[k];
    cols_[k] = cols_.back();
    cols_.pop_back();
    if (heap_ && !cols_.empty()) {
      sink(distances, place);
    }
    return col;
  }

 private:
  [[nodiscard]] static bool is_nearer(Index a, Index b, std::span<const V> distances) {
    const V& of_a = distances[detail::at(a)];
    const V& of_b = distances[detail::at(b)];
    return of_a < of_b || (of_a == of_b && a < b);
  }

  [[nodiscard]] std::size_t nearest(std::span<const V> distances) const {
    std::size_t best = 0;
    V least = distances[detail::at(cols_[0])];
    for (std::size_t k = 1; k < cols_.size(); ++k) {
      const V distance = distances[detail::at(cols_[k])];
      if (distance < least || (distance == least && cols_[k] < cols_[best])) {
        least = distance;
        best = k;
      }
    }
    return best;
  }

  void put(std::size_t k, Index col, std::span<Index> place) {
    cols_[k] = col;
    place[detail::at(col)] = static_cast<Index>(k);
  }

  void rise(std::size_t k, std::span<const V> distances, std::span<Index> place) {
    const Index col = cols_[k];
    for (; k > 0 && is_nearer(col, cols_[(k - 1) / 2], distances); k = (k - 1) / 2) {
      put(k, cols_[(k - 1) / 2], place);
    }
    put(k, col, place);
  }

  void sink(std::span<const V> distances, std::span<Index> place) {
    const Index col = cols_[0];
    std::size_t k = 0;
    for (std::size_t child; (child = 2 * k + 1) < cols_.size(); k = child) {
      if (child + 1 < cols_.size() && is_nearer(cols_[child + 1], cols_[child], distances)) {
        ++child;
      }
      if (!is_nearer(cols_[child], col, distances)) {
        break;
      }
      put(k, cols_[child], place);
    }
    put(k, col, place);
  }

  std::vector<Index> cols_;
  bool heap_ = false;
};

/// More than any distance. Less than any: no distance is negative, and gains are far from the limits of their type.
template <class V>
[[nodiscard]] constexpr V farthest() noexcept {
  if constexpr (std::is_arithmetic_v<V>) {
    return (std::numeric_limits<V>::max)();
  } else {
    return {farthest<decltype(V::first)>(), farthest<decltype(V::first)>()};
  }
}

/// What a solver needs besides its answer: 8 + sizeof(V) bytes a column, and 8 a column of the largest search.
template <class V>
struct SearchScratch {
  std::vector<V> reach;      ///< distance of a column in the frontier or the tree, farthest for all others
  std::vector<Index> from;   ///< of a column in the frontier or the tree: the row from which it was reached
  std::vector<Index> place;  ///< see Frontier
  std::vector<Index> tree;   ///< the columns visited
  Frontier<V> frontier;
};

/// The answer under construction: partners and prices. All four are overwritten.
template <class V>
struct Matching {
  std::span<Index> col_of_row, row_of_col;
  std::span<V> row_duals, col_duals;
};

/// Maximises the sum of gains over one-to-one matchings by successive shortest augmenting paths: rows enter in
/// ascending order, and each is matched by the cheapest chain of changes to what was matched before.
///
/// `Edges` gives the edges of a row: edges.read(i, visit) calls visit(col, gain), columns ascending;
/// edges.read_first(i, visit) is the same the first time, and may check; edges.degree(i) bounds their number. Where
/// Edges::reads_blocks, V is double and edges.read(i, visit, nearer) may ask nearer(first, values, gate), which is
/// nearer_columns(), and leave out columns without a bit. With `may_stay` a row may end unmatched and gains are
/// positive; without, each row must be matched and gains are any numbers.
///
/// Held all the time, for the rows that have entered: row_dual + col_dual >= gain on every edge, with equality on
/// matched ones; duals of unmatched rows and columns are 0 and, with may_stay, none is negative. That is optimality.
/// Source: Jonker and Volgenant, Computing 38 (1987), with the unmatched state as one more way out of each search, so
/// that a search never leaves the component its row lies in.
template <bool may_stay, class V, class Edges>
class Augmentation {
 public:
  Augmentation(const Edges& edges, const Matching<V>& matching, SearchScratch<V>& scratch)
      : edges_(edges), m_(matching), s_(scratch) {
    std::fill(m_.col_of_row.begin(), m_.col_of_row.end(), none);
    std::fill(m_.row_of_col.begin(), m_.row_of_col.end(), none);
    std::fill(m_.row_duals.begin(), m_.row_duals.end(), V{});
    std::fill(m_.col_duals.begin(), m_.col_duals.end(), V{});
    s_.reach.assign(m_.row_of_col.size(), farthest<V>());
    s_.from.resize(m_.row_of_col.size());
    s_.place.resize(m_.row_of_col.size());
  }

  /// Lets every row enter. The first row that must but cannot be matched ends it and is returned; else none.
  [[nodiscard]] Index run() {
    const auto rows = static_cast<Index>(m_.col_of_row.size());
    for (Index i = 0; i < rows; ++i) {
      if (!enter(i)) {
        return i;
      }
    }
    return none;
  }

 private:
  /// The cheapest way to end a search: take a free column, or leave `row` unmatched (col is none).
  struct Exit {
    V distance{};
    Index row = none, col = none;
  };

  [[nodiscard]] bool is_free(Index col) const { return m_.row_of_col[at(col)] == none; }

  /// True if row i is matched now or may stay unmatched.
  bool enter(Index i) {
    V best{};
    Index best_col = none;
    bool best_is_free = false;
    edges_.read_first(i, [&](Index j, V gain) {
      const bool free = is_free(j);
      const V left = free ? gain : gain - m_.col_duals[at(j)];
      const bool first = !may_stay && best_col == none;
      if (first || best < left || (best == left && best_col != none && free && !best_is_free)) {
        best = left;
        best_col = j;
        best_is_free = free;
      }
    });
    if (best_col == none) {
      return may_stay;
    }
    m_.row_duals[at(i)] = best;
    if (best_is_free) {
      match(i, best_col);
      return true;
    }
    return search(i);
  }

  void match(Index i, Index j) {
    m_.col_of_row[at(i)] = j;
    m_.row_of_col[at(j)] = i;
  }

  bool search(Index root) {
    exit_ = may_stay ? Exit{m_.row_duals[at(root)], root, none} : Exit{farthest<V>(), none, none};
    grow(root, V{});
    for (Index row = root; !s_.frontier.empty();) {
      const Index col = s_.frontier.take_nearest(edges_.degree(row), s_.reach, s_.place);
      const V distance = s_.reach[at(col)];
      if (!(distance < exit_.distance)) {
        s_.reach[at(col)] = farthest<V>();
        break;
      }
      s_.tree.push_back(col);
      row = m_.row_of_col[at(col)];
      if (const V leave = distance + m_.row_duals[at(row)]; may_stay && leave < exit_.distance) {
        exit_ = {leave, row, none};
      }
      grow(row, distance);
    }
    const bool found = exit_.row != none;
    if (found) {
      update_duals(root);
      flip(root);
    }
    clear();
    return found;
  }

  /// Reaches the columns of `row`, which is `distance` away. A visited column is never reached again, because no
  /// distance is below its own; std::max holds rounded numbers to that, integers are as they are.
  void grow(Index row, V distance) {
    const V base = distance + m_.row_duals[at(row)];
    const V* const col_duals = m_.col_duals.data();
    const V* const reached = s_.reach.data();
    const auto visit = [=, this](Index j, V gain) {
      const V there = (std::max)(distance, base + col_duals[at(j)] - gain);
      if (there < reached[at(j)] && !(exit_.distance < there)) {
        reach(j, there, row);
      }
    };
    if constexpr (Edges::reads_blocks) {
      edges_.read(row, visit, [=, this](Index first, const auto* values, V gate) {
        return nearer_columns(base, col_duals + first, reached + first, exit_.distance, values, gate);
      });
    } else {
      edges_.read(row, visit);
    }
  }

  /// Free columns end the search, so they need no place in the frontier; what is as far as the best exit needs none
  /// either. `there` is not beyond it.
  void reach(Index j, V there, Index row) {
    V& known = s_.reach[at(j)];
    const bool is_new = known == farthest<V>();
    if (is_new && is_free(j)) {
      if (there < exit_.distance || exit_.col == none || j < exit_.col) {
        exit_ = {there, row, j};
      }
    } else if (there < exit_.distance) {
      known = there;
      s_.from[at(j)] = row;
      if (is_new) {
        s_.frontier.insert(j, s_.reach, s_.place);
      } else {
        s_.frontier.came_nearer(j, s_.reach, s_.place);
      }
    }
  }

  /// Lowers the prices of the visited rows and raises those of the visited columns, so that the path costs nothing.
  void update_duals(Index root) {
    V& root_dual = m_.row_duals[at(root)];
    root_dual = root_dual - exit_.distance;
    for (const Index col : s_.tree) {
      const V change = exit_.distance - s_.reach[at(col)];
      V& col_dual = m_.col_duals[at(col)];
      V& row_dual = m_.row_duals[at(m_.row_of_col[at(col)])];
      col_dual = col_dual + change;
      row_dual = row_dual - change;
    }
    if (exit_.col == none) {
      m_.row_duals[at(exit_.row)] = V{};  // what the subtraction gave, without its rounding
    }
  }

  /// From the exit back to the root, each row hands its column to the row it was reached from.
  void flip(Index root) {
    Index row = exit_.row;
    Index col = exit_.col;
    for (;;) {
      const Index given_up = m_.col_of_row[at(row)];
      m_.col_of_row[at(row)] = col;
      if (col != none) {
        m_.row_of_col[at(col)] = row;
      }
      if (row == root) {
        return;
      }
      col = given_up;
      row = s_.from[at(col)];
    }
  }

  void clear() {
    for (const Index col : s_.tree) {
      s_.reach[at(col)] = farthest<V>();
    }
    for (const Index col : s_.frontier.cols()) {
      s_.reach[at(col)] = farthest<V>();
    }
    s_.tree.clear();
    s_.frontier.clear();
  }

  const Edges& edges_;
  Matching<V> m_;
  SearchScratch<V>& s_;
  Exit exit_;
};

}  // namespace boxlap::detail
