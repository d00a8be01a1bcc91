/// Compressed sparse row (CSR) matrices: views, construction, validation, transposition, filtering.
#pragma once

#include <algorithm>
#include <concepts>
#include <initializer_list>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "../base/detail/error.hpp"
#include "../base/index.hpp"
#include "../base/range.hpp"

namespace boxlap {

/// One row of a Csr: the columns of its entries, ascending, and their values.
template <class T>
struct CsrRow {
  std::span<const Index> cols;
  std::span<const T> values;
  [[nodiscard]] Index size() const noexcept { return static_cast<Index>(cols.size()); }
};

/// A compressed sparse row matrix in memory that another object owns (Eigen, numpy, a Csr).
///
/// row_offsets has rows + 1 entries and starts at 0; row i owns the entries row_offsets[i] .. row_offsets[i + 1] - 1 of
/// col_indices and values, columns ascending. An absent pair is 0. Constructing one checks nothing: see validate().
template <class T>
struct CsrView {
  Index rows = 0, cols = 0;
  std::span<const Index> row_offsets;
  std::span<const Index> col_indices;
  std::span<const T> values;

  [[nodiscard]] Index nonzeros() const noexcept { return static_cast<Index>(col_indices.size()); }

  /// The entries of row i. O(1).
  [[nodiscard]] CsrRow<T> row(Index i) const noexcept {
    const std::size_t begin = detail::at(row_offsets[detail::at(i)]);
    const std::size_t count = detail::at(row_offsets[detail::at(i) + 1]) - begin;
    return {col_indices.subspan(begin, count), values.subspan(begin, count)};
  }

  /// The value at (i, j), 0 where nothing is stored. O(log of the row's length).
  [[nodiscard]] T at(Index i, Index j) const noexcept {
    const CsrRow<T> entries = row(i);
    const auto found = std::lower_bound(entries.cols.begin(), entries.cols.end(), j);
    return found != entries.cols.end() && *found == j
               ? entries.values[static_cast<std::size_t>(found - entries.cols.begin())]
               : T{};
  }
};

/// A compressed sparse row matrix: scipy.sparse.csr_matrix with sorted indices. See CsrView for the layout.
/// Memory: 4 (rows + 1) + (4 + sizeof(T)) nonzeros bytes.
template <class T>
struct Csr {
  Index rows = 0, cols = 0;
  std::vector<Index> row_offsets{0};
  std::vector<Index> col_indices;
  std::vector<T> values;

  [[nodiscard]] CsrView<T> view() const noexcept { return {rows, cols, row_offsets, col_indices, values}; }
  // NOLINTNEXTLINE(google-explicit-constructor): every function that reads a matrix takes a view
  operator CsrView<T>() const noexcept { return view(); }

  [[nodiscard]] Index nonzeros() const noexcept { return static_cast<Index>(col_indices.size()); }
  [[nodiscard]] CsrRow<T> row(Index i) const noexcept { return view().row(i); }
  [[nodiscard]] T at(Index i, Index j) const noexcept { return view().at(i, j); }
  [[nodiscard]] friend bool operator==(const Csr&, const Csr&) = default;
};

/// Anything a CsrView can be made of: Csr, CsrView.
template <class M>
concept SparseMatrix = requires(const M& matrix) {
  requires std::is_arithmetic_v<std::remove_cvref_t<decltype(matrix.values[0])>>;
  CsrView<std::remove_cvref_t<decltype(matrix.values[0])>>(matrix);
};

/// Calls visit(i, j, value) for each entry, rows ascending, columns ascending within a row.
template <class T, std::invocable<Index, Index, T> Visit>
void for_each_entry(const CsrView<T>& matrix, Visit visit) {
  for (Index i = 0; i < matrix.rows; ++i) {
    const CsrRow<T> entries = matrix.row(i);
    for (std::size_t k = 0; k < entries.cols.size(); ++k) {
      visit(i, entries.cols[k], entries.values[k]);
    }
  }
}

/// for_each_entry(matrix.view(), visit).
template <class T, std::invocable<Index, Index, T> Visit>
void for_each_entry(const Csr<T>& matrix, Visit visit) {
  for_each_entry(matrix.view(), std::move(visit));
}

/// The part of validate() that does not look at columns: sizes, lengths, and row_offsets that ascend from 0 to the
/// number of entries. After it every row(i) is within the matrix. O(rows), no memory.
template <class T>
void validate_offsets(const CsrView<T>& matrix) {
  if (matrix.rows < 0 || matrix.cols < 0) {
    detail::invalid("matrix has ", matrix.rows, " rows and ", matrix.cols, " cols, neither may be negative");
  }
  detail::require_same_length("row_offsets", matrix.row_offsets.size(), "rows + 1", detail::at(matrix.rows) + 1);
  detail::require_same_length("values", matrix.values.size(), "col_indices", matrix.col_indices.size());
  if (matrix.row_offsets.front() != 0 ||
      static_cast<std::size_t>(matrix.row_offsets.back()) != matrix.col_indices.size()) {
    detail::invalid("row_offsets runs from ", matrix.row_offsets.front(), " to ", matrix.row_offsets.back(),
                    ", expected 0 to ", matrix.col_indices.size());
  }
  for (Index i = 0; i < matrix.rows; ++i) {
    if (matrix.row_offsets[detail::at(i)] > matrix.row_offsets[detail::at(i) + 1]) {
      detail::invalid("row_offsets descends at row ", i);
    }
  }
}

/// Checks that `matrix` has the layout that CsrView describes.
///
/// Throws std::invalid_argument, naming row and column, for negative sizes, row_offsets that do not ascend from 0 to
/// the number of entries, and columns that are out of range, unsorted or given twice. Values are not looked at. O(rows
/// + nonzeros) time, no memory.
template <class T>
void validate(const CsrView<T>& matrix) {
  validate_offsets(matrix);
  for (Index i = 0; i < matrix.rows; ++i) {
    Index previous = none;
    for (const Index j : matrix.row(i).cols) {
      if (j < 0 || j >= matrix.cols) {
        detail::invalid("row ", i, " has column ", j, ", matrix has ", matrix.cols, " cols");
      }
      if (j <= previous) {
        detail::invalid("row ", i, " has column ", j, j == previous ? " twice" : " after a larger one");
      }
      previous = j;
    }
  }
}

/// One entry of a matrix, for make_csr.
template <class T>
struct Triple {
  Index row, col;
  T value;
};

namespace detail {

/// A row or column number of any integer type; what no Index holds becomes `none`, which no matrix has.
template <std::integral I>
[[nodiscard]] constexpr Index row_number(I i) noexcept {
  return std::in_range<Index>(i) ? static_cast<Index>(i) : none;
}

/// The parts of a Triple, a tuple, any aggregate of three, or an Eigen::Triplet.
template <class E>
[[nodiscard]] constexpr auto as_triple(const E& entry) {
  if constexpr (requires { entry.row(), entry.col(), entry.value(); }) {
    return Triple<std::remove_cvref_t<decltype(entry.value())>>{row_number(entry.row()), row_number(entry.col()),
                                                                entry.value()};
  } else {
    const auto& [row, col, value] = entry;
    return Triple<std::remove_cvref_t<decltype(value)>>{row_number(row), row_number(col), value};
  }
}

/// Writes where each row of a matrix begins, as rows come one after the other.
class RowOffsets {
 public:
  explicit RowOffsets(std::vector<Index>& offsets) noexcept : offsets_(offsets) {}

  /// The entries so far are of rows before this one.
  void begin(Index row, std::size_t entries) noexcept {
    while (row_ < row) {
      offsets_[at(++row_)] = static_cast<Index>(entries);
    }
  }

 private:
  std::vector<Index>& offsets_;
  Index row_ = 0;
};

/// Turns counts into offsets: counts[i + 1] is the length of row i before, the end of row i after.
inline void accumulate_offsets(std::vector<Index>& counts) {
  for (std::size_t i = 1; i < counts.size(); ++i) {
    counts[i] += counts[i - 1];
  }
}

}  // namespace detail

/// The transposed matrix: entry (i, j) becomes (j, i), columns ascending. O(rows + cols + nonzeros), 4 cols bytes.
template <class T>
[[nodiscard]] Csr<T> transpose(const CsrView<T>& matrix) {
  Csr<T> result{matrix.cols, matrix.rows, std::vector<Index>(detail::at(matrix.cols) + 1, 0),
                std::vector<Index>(matrix.col_indices.size()), std::vector<T>(matrix.col_indices.size())};
  for (const Index j : matrix.col_indices) {
    ++result.row_offsets[detail::at(j) + 1];
  }
  detail::accumulate_offsets(result.row_offsets);
  std::vector<Index> next(result.row_offsets.begin(), result.row_offsets.end() - 1);
  for_each_entry(matrix, [&](Index i, Index j, T value) {
    const std::size_t k = detail::at(next[detail::at(j)]++);
    result.col_indices[k] = i;
    result.values[k] = value;
  });
  return result;
}

/// transpose(matrix.view()).
template <class T>
[[nodiscard]] Csr<T> transpose(const Csr<T>& matrix) {
  return transpose(matrix.view());
}

/// The entries for which keep(i, j, value) is true. O(rows + nonzeros); peak memory, the result included: 4 rows and
/// 8 + 3 sizeof(T) bytes a kept entry.
template <class T, std::predicate<Index, Index, T> Keep>
[[nodiscard]] Csr<T> filter(const CsrView<T>& matrix, Keep keep) {
  Csr<T> result{matrix.rows, matrix.cols, {}, {}, {}};
  result.row_offsets.assign(detail::at(matrix.rows) + 1, 0);
  for_each_entry(matrix, [&](Index i, Index j, T value) {
    if (keep(i, j, value)) {
      result.col_indices.push_back(j);
      result.values.push_back(value);
    }
    result.row_offsets[detail::at(i) + 1] = static_cast<Index>(result.col_indices.size());
  });
  for (std::size_t i = 1; i < result.row_offsets.size(); ++i) {  // a row without entries ends where it began
    result.row_offsets[i] = (std::max)(result.row_offsets[i], result.row_offsets[i - 1]);
  }
  return result;
}

/// filter(matrix.view(), keep).
template <class T, std::predicate<Index, Index, T> Keep>
[[nodiscard]] Csr<T> filter(const Csr<T>& matrix, Keep keep) {
  return filter(matrix.view(), std::move(keep));
}

/// A matrix from entries in any order: rows of Triple, std::tuple, an aggregate of three, or Eigen::Triplet.
///
/// Values are kept as they are, zeros too. Throws std::invalid_argument for a row or column out of range, and for a
/// pair given twice (scipy and Eigen would add them up). O(rows + cols + n); memory beside the result:
/// 4 rows + 8 cols bytes and one copy of the entries.
template <Rows R>
[[nodiscard]] auto make_csr(Index rows, Index cols, const R& triples) {
  using T = decltype(detail::as_triple(detail::element(triples, Index{})).value);
  const Index n = detail::rows_of(triples, "triples");
  if (rows < 0 || cols < 0) {
    detail::invalid("rows is ", rows, " and cols is ", cols, ", neither may be negative");
  }
  // Counting by column first and then, in transpose(), by row leaves the columns of each row ascending.
  Csr<T> by_column{cols, rows, std::vector<Index>(detail::at(cols) + 1, 0), std::vector<Index>(detail::at(n)),
                   std::vector<T>(detail::at(n))};
  for (Index k = 0; k < n; ++k) {
    const Triple<T> entry = detail::as_triple(detail::element(triples, k));
    if (entry.row < 0 || entry.row >= rows || entry.col < 0 || entry.col >= cols) {
      detail::invalid("triples[", k, "] is at (", entry.row, ", ", entry.col, "), the matrix has ", rows, " rows and ",
                      cols, " cols");
    }
    ++by_column.row_offsets[detail::at(entry.col) + 1];
  }
  detail::accumulate_offsets(by_column.row_offsets);
  std::vector<Index> next(by_column.row_offsets.begin(), by_column.row_offsets.end() - 1);
  for (Index k = 0; k < n; ++k) {
    const Triple<T> entry = detail::as_triple(detail::element(triples, k));
    const std::size_t to = detail::at(next[detail::at(entry.col)]++);
    by_column.col_indices[to] = entry.row;
    by_column.values[to] = entry.value;
  }
  Csr<T> result = transpose(by_column);
  validate(result.view());
  return result;
}

/// make_csr<float>(2, 3, {{0, 1, 0.5f}, {1, 2, 0.7f}})
template <class T>
[[nodiscard]] Csr<T> make_csr(Index rows, Index cols, std::initializer_list<Triple<T>> triples) {
  return make_csr(rows, cols, std::span<const Triple<T>>(triples.begin(), triples.size()));
}

}  // namespace boxlap
