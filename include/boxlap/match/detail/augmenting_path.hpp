/// Maximum-weight bipartite matching by successive shortest augmenting paths (Jonker and Volgenant).
///
/// The solver below assign() and assign_dense(). A matrix of overlaps is nearly empty, so a textbook Hungarian method
/// wastes its time and memory on zeros: it needs the full array, and a square one if rows may stay unmatched. Here a
/// search starts at one row, follows stored edges only, and may end in one more way: it may leave a row unmatched at
/// the price of that row's dual. A search therefore never leaves the connected component its row lies in.
///
/// Invariants, for the rows that have entered: row_dual + col_dual >= gain on every edge, with equality on matched
/// edges; duals of unmatched rows and columns are 0; no dual is negative if rows may stay unmatched. These conditions
/// are optimality by weak duality, and certify() checks them.
///
/// Cost: one search a row, O(E log E) at worst with E the edges of the component; 8 + sizeof(V) bytes a column, and 8 a
/// column of the largest search. Source: Jonker and Volgenant, Computing 38 (1987).
#pragma once

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <vector>

#include "../../base/detail/compiler.hpp"
#include "../../base/index.hpp"
#include "frontier.hpp"

#if BOXLAP_SSE2
#include <emmintrin.h>
#endif

namespace boxlap::detail {

inline constexpr Index columns_at_once = 8;

#if BOXLAP_SSE2
[[nodiscard]] inline __m128d load_as_double(const double* values) noexcept { return _mm_loadu_pd(values); }
[[nodiscard]] inline __m128d load_as_double(const float* values) noexcept {
  return _mm_cvtps_pd(_mm_unpacklo_ps(_mm_load_ss(values), _mm_load_ss(values + 1)));
}
#endif

/// A bitmask of the columns that a row brings nearer: bit k is set where base + duals[k] - (values[k] - gate), computed
/// in this order, is below reached[k] and not above `limit`.
///
/// Where 2,000 boxes all meet, one column in three hundred comes nearer, so testing eight columns at once halves the
/// time of a search. Written with SSE2, which every x86-64 has: compilers turn the loop into one branch a column.
template <std::floating_point T>
[[nodiscard]] std::uint32_t nearer_columns(double base, const double* duals, const double* reached, double limit,
                                           const T* values, double gate) noexcept {
  std::uint32_t nearer = 0;
#if BOXLAP_SSE2
  const __m128d from = _mm_set1_pd(base), most = _mm_set1_pd(limit), shift = _mm_set1_pd(gate);
  for (Index k = 0; k < columns_at_once; k += 2) {
    const __m128d gain = _mm_sub_pd(load_as_double(values + k), shift);
    const __m128d there = _mm_sub_pd(_mm_add_pd(from, _mm_loadu_pd(duals + k)), gain);
    const __m128d is_nearer = _mm_and_pd(_mm_cmplt_pd(there, _mm_loadu_pd(reached + k)), _mm_cmple_pd(there, most));
    nearer |= static_cast<std::uint32_t>(_mm_movemask_pd(is_nearer)) << k;
  }
#else
  for (Index k = 0; k < columns_at_once; ++k) {
    const double there = base + duals[k] - (static_cast<double>(values[k]) - gate);
    nearer |= static_cast<std::uint32_t>((there < reached[k]) & (there <= limit)) << k;
  }
#endif
  return nearer;
}

/// A number above any distance: distances are not negative, and gains are far from the limits of their type.
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

/// The matching under construction: partners and duals of `rows` rows and `cols` columns. All four lists are
/// overwritten.
template <class V>
struct Matching {
  Matching(std::vector<Index>& cols_of_rows, std::vector<Index>& rows_of_cols, std::vector<V>& duals_of_rows,
           std::vector<V>& duals_of_cols)
      : rows(cols_of_rows.size()),
        cols(rows_of_cols.size()),
        col_of_row(cols_of_rows.data()),
        row_of_col(rows_of_cols.data()),
        row_duals(duals_of_rows.data()),
        col_duals(duals_of_cols.data()) {}

  std::size_t rows, cols;
  Index *col_of_row, *row_of_col;
  V *row_duals, *col_duals;
};

/// Maximises the sum of gains over one-to-one matchings. Rows enter in ascending order; each is matched by the cheapest
/// chain of changes to what was matched before.
///
/// Edges::row(i) gives the edges of a row, columns ascending:
///   size()                    how many columns it names
///   col(k), gain(k)           the k-th of them and its gain
///   checked_gain(k, previous) the same, throws for invalid input; `previous` is the column before, or none
///   is_edge(gain)             false for a column that is no edge
/// If Edges::has_blocks, V is double and a row has two more: is_consecutive(), which is true if its columns follow each
/// other without a gap, and block(k): the columns k .. k + columns_at_once - 1 as {values, gate}, of which
/// nearer_columns() looks for candidates, and gain(lane).
///
/// With `may_stay` a row may end unmatched and gains are positive; without, each row must be matched and gains are any
/// numbers.
template <bool may_stay, class V, class Edges>
class Augmentation {
 public:
  Augmentation(const Edges& edges, const Matching<V>& matching, SearchScratch<V>& scratch)
      : edges_(edges), m_(matching), s_(scratch) {
    std::fill_n(m_.col_of_row, m_.rows, none);
    std::fill_n(m_.row_of_col, m_.cols, none);
    std::fill_n(m_.row_duals, m_.rows, V{});
    std::fill_n(m_.col_duals, m_.cols, V{});
    s_.reach.assign(m_.cols, farthest<V>());
    s_.from.resize(m_.cols);
    s_.place.resize(m_.cols);
  }

  /// Lets every row enter. The first row that must but cannot be matched ends it and is returned; else none.
  [[nodiscard]] Index run() {
    const auto rows = static_cast<Index>(m_.rows);
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
  BOXLAP_ALWAYS_INLINE bool enter(Index i) {
    V best{};
    Index best_col = none;
    bool best_is_free = false;
    const auto edges = edges_.row(i);
    Index previous = none;
    for (Index k = 0, size = edges.size(); k < size; ++k) {
      const V gain = edges.checked_gain(k, previous);
      const Index j = previous = edges.col(k);
      if (!edges.is_edge(gain)) {
        continue;
      }
      const bool free = is_free(j);
      const V left = free ? gain : gain - m_.col_duals[at(j)];
      const bool first = !may_stay && best_col == none;
      if (first || best < left || (best == left && best_col != none && free && !best_is_free)) {
        best = left;
        best_col = j;
        best_is_free = free;
      }
    }
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
      const Index col = s_.frontier.take_nearest(at(edges_.row(row).size()), s_.reach.data(), s_.place.data());
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

  /// Relaxes the edges of `row`, which is `distance` away. A visited column is never reached again, because no later
  /// distance is below its own: exact for integers, enforced by std::max for rounded numbers.
  void grow(Index row, V distance) {
    const V base = distance + m_.row_duals[at(row)];
    const V* const col_duals = m_.col_duals;
    const V* const reached = s_.reach.data();
    const auto edges = edges_.row(row);
    const Index size = edges.size();
    const auto relax = [=, this](Index j, V gain) {
      const V there = (std::max)(distance, base + col_duals[at(j)] - gain);
      if (there < reached[at(j)] && !(exit_.distance < there)) {
        reach(j, there, row);
      }
    };
    Index k = 0;
    if constexpr (Edges::has_blocks) {
      for (const bool blocks = edges.is_consecutive(); blocks && k + columns_at_once <= size; k += columns_at_once) {
        const Index first = edges.col(k);
        const auto block = edges.block(k);
        std::uint32_t lanes =
            nearer_columns(base, col_duals + first, reached + first, exit_.distance, block.values, block.gate);
        for (; lanes != 0; lanes &= lanes - 1) {
          const Index lane = std::countr_zero(lanes);
          if (const V gain = block.gain(lane); edges.is_edge(gain)) {
            relax(first + lane, gain);
          }
        }
      }
    }
    for (; k < size; ++k) {
      if (const V gain = edges.gain(k); edges.is_edge(gain)) {
        relax(edges.col(k), gain);
      }
    }
  }

  /// Notes that column j is `there` away; `there` is not beyond the best exit. A free column ends the search, so it is
  /// not put into the frontier, and neither is a column as far away as the best exit.
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
        s_.frontier.insert(j, s_.reach.data(), s_.place.data());
      } else {
        s_.frontier.decrease(j, s_.reach.data(), s_.place.data());
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

  /// From the exit back to the root, each row gives its column to the row it was reached from.
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
