/// Batches: many matrices as the diagonal blocks of one, solved by one call, and the result split again.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>
#include <vector>

#include "../base/detail/error.hpp"
#include "../base/index.hpp"
#include "../base/range.hpp"
#include "../pairs/csr.hpp"
#include "assignment.hpp"

namespace boxlap {

/// Matrices as blocks along the diagonal of one. Block k has the rows row_offsets[k] .. row_offsets[k + 1] - 1 and the
/// columns col_offsets[k] .. col_offsets[k + 1] - 1; no entry lies outside a block.
template <class T>
struct CsrBatch {
  Csr<T> weights;
  std::vector<Index> row_offsets{0}, col_offsets{0};
  [[nodiscard]] Index size() const noexcept { return static_cast<Index>(row_offsets.size()) - 1; }
};

namespace detail {

inline Index offset_after(Index offset, std::size_t more, const char* what) {
  return to_index(at(offset) + more, what);
}

/// from[begin .. end - 1] with partners counted from `first`; throws for a partner outside first .. past - 1.
inline std::vector<Index> block_partners(const std::vector<Index>& from, Index begin, Index end, Index first,
                                         Index past, const char* what) {
  std::vector<Index> part(from.begin() + begin, from.begin() + end);
  for (Index& partner : part) {
    if (partner != none && (partner < first || partner >= past)) {
      invalid(what, " leads out of its block, to ", partner);
    }
    partner = partner == none ? none : partner - first;
  }
  return part;
}

/// from[begin .. end - 1]; empty if `from` is empty.
template <class V>
[[nodiscard]] std::vector<V> block_part(const std::vector<V>& from, Index begin, Index end) {
  return from.empty() ? std::vector<V>{} : std::vector<V>(from.begin() + begin, from.begin() + end);
}

}  // namespace detail

/// Puts matrices (Csr or CsrView, one value type) side by side as blocks: images, frames, or the classes of one image.
///
/// assign() of the result solves all of them in one call, to the same pairs and duals as one call each, because no
/// search leaves a block; so do the other functions on a Csr. Throws std::length_error above 2^31 - 1 rows, columns or
/// entries. O(rows + entries), no memory besides the result. Take the answer apart with split().
template <Rows R>
requires SparseMatrix<detail::Element<R>>
[[nodiscard]] auto concatenate(const R& matrices) {
  using T = std::remove_cvref_t<decltype(detail::element(matrices, Index{}).values[0])>;
  const Index count = detail::rows_of(matrices, "matrices");
  CsrBatch<T> batch;
  std::size_t rows = 0, cols = 0, entries = 0;
  for (Index k = 0; k < count; ++k) {
    const CsrView<T> block = detail::element(matrices, k);
    rows += detail::at(block.rows);
    cols += detail::at(block.cols);
    entries += block.col_indices.size();
  }
  batch.weights.rows = detail::to_index(rows, "the batch");
  batch.weights.cols = detail::to_index(cols, "the transposed batch");
  static_cast<void>(detail::to_index(entries, "the list of entries"));
  batch.row_offsets.reserve(detail::at(count) + 1);
  batch.col_offsets.reserve(detail::at(count) + 1);
  batch.weights.row_offsets.reserve(rows + 1);
  batch.weights.col_indices.reserve(entries);
  batch.weights.values.reserve(entries);
  for (Index k = 0; k < count; ++k) {
    const CsrView<T> block = detail::element(matrices, k);
    const Index first_col = batch.col_offsets.back(), first_entry = batch.weights.nonzeros();
    for (Index i = 1; i <= block.rows; ++i) {
      batch.weights.row_offsets.push_back(first_entry + block.row_offsets[detail::at(i)]);
    }
    for (const Index j : block.col_indices) {
      batch.weights.col_indices.push_back(first_col + j);
    }
    batch.weights.values.insert(batch.weights.values.end(), block.values.begin(), block.values.end());
    batch.row_offsets.push_back(batch.row_offsets.back() + block.rows);
    batch.col_offsets.push_back(first_col + block.cols);
  }
  return batch;
}

/// The assignment of a batch as one assignment a block, rows and columns counted within the block.
///
/// Each part has its count, total, duals and options, so certify(matrix of the block, part) proves it by itself. Throws
/// std::invalid_argument when `assignment` is not one of `batch`. O(rows + cols + entries), no memory besides the
/// result.
template <class T>
[[nodiscard]] std::vector<Assignment<T>> split(const CsrBatch<T>& batch, const Assignment<T>& assignment) {
  using detail::at;
  detail::require_same_length("col_of_row", assignment.col_of_row.size(), "the batch", at(batch.weights.rows));
  detail::require_same_length("row_of_col", assignment.row_of_col.size(), "the transposed batch",
                              at(batch.weights.cols));
  std::vector<Assignment<T>> parts(at(batch.size()));
  for (Index k = 0; k < batch.size(); ++k) {
    Assignment<T>& part = parts[at(k)];
    const Index row = batch.row_offsets[at(k)], row_end = batch.row_offsets[at(k) + 1];
    const Index col = batch.col_offsets[at(k)], col_end = batch.col_offsets[at(k) + 1];
    part.col_of_row = detail::block_partners(assignment.col_of_row, row, row_end, col, col_end, "col_of_row");
    part.row_of_col = detail::block_partners(assignment.row_of_col, col, col_end, row, row_end, "row_of_col");
    part.row_duals = detail::block_part(assignment.row_duals, row, row_end);
    part.col_duals = detail::block_part(assignment.col_duals, col, col_end);
    part.row_pair_duals = detail::block_part(assignment.row_pair_duals, row, row_end);
    part.col_pair_duals = detail::block_part(assignment.col_pair_duals, col, col_end);
    part.options = assignment.options;
    for (Index i = row; i < row_end; ++i) {
      if (const Index j = assignment.col_of_row[at(i)]; j != none) {
        ++part.count;
        part.total += static_cast<Total<T>>(batch.weights.at(i, j));
      }
    }
  }
  return parts;
}

}  // namespace boxlap
