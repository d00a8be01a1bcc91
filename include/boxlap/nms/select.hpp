/// Filters before and after nms: rows above a score, the best k rows, the best k rows of each class.
#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "../base/detail/error.hpp"
#include "../base/detail/rows_by_label.hpp"
#include "../base/detail/sorting.hpp"
#include "../base/index.hpp"
#include "../base/range.hpp"

namespace boxlap {

/// The rows whose score is above `threshold`, ascending. Strictly, as OpenCV, mmcv and ONNX filter; NaN is not above.
///
/// Compared in double. Throws std::invalid_argument for a NaN threshold. O(n), no memory beside the result.
template <Numbers P>
[[nodiscard]] std::vector<Index> above(const P& scores, double threshold) {
  if (threshold != threshold) [[unlikely]] {
    detail::invalid("threshold is NaN");
  }
  const Index n = detail::rows_of(scores, "scores");
  const auto is_above = [&](Index i) { return static_cast<double>(detail::element(scores, i)) > threshold; };
  std::size_t count = 0;
  for (Index i = 0; i < n; ++i) {
    count += is_above(i) ? 1U : 0U;
  }
  std::vector<Index> rows;
  rows.reserve(count);
  for (Index i = 0; i < n; ++i) {
    if (is_above(i)) {
      rows.push_back(i);
    }
  }
  return rows;
}

/// The rows of the k highest scores, in the order of nms(): score descending, equal scores by row, NaN first.
///
/// All rows if there are fewer than k. Throws std::invalid_argument for a negative k. O(n), 8 n bytes for scores that
/// spread, 20 n for float scores that crowd (28 n double).
template <Numbers P>
[[nodiscard]] std::vector<Index> top(const P& scores, Index k) {
  if (k < 0) [[unlikely]] {
    detail::invalid("k is ", k, ", expected 0 or more");
  }
  std::vector<Index> order = detail::order_descending(scores);
  order.resize((std::min)(order.size(), detail::at(k)));
  order.shrink_to_fit();
  return order;
}

/// Of `rows`, best first, the first k of each label, in the same order: a limit per class after nms.
///
/// labels is indexed by row, as is everything that rows refer to. Throws std::invalid_argument for a negative k or a
/// row out of range. O(n), 20 n bytes for labels of at most 32 bits (36 n wider).
template <Labels L>
[[nodiscard]] std::vector<Index> limit_per_class(const std::vector<Index>& rows, const L& labels, Index k) {
  if (k < 0) [[unlikely]] {
    detail::invalid("k is ", k, ", expected 0 or more");
  }
  const Index n = detail::rows_of(labels, "labels");
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i] < 0 || rows[i] >= n) [[unlikely]] {
      detail::invalid("rows[", i, "] is ", rows[i], ", labels has ", n, " rows");
    }
  }
  const detail::RowsByLabel groups(
      view(rows.size(), [&](Index i) { return detail::element(labels, rows[detail::at(i)]); }));
  std::vector<unsigned char> chosen(rows.size(), 0);
  for (std::size_t g = 0; g < groups.size(); ++g) {
    for (const Index position : groups[g].first((std::min)(groups[g].size(), detail::at(k)))) {
      chosen[detail::at(position)] = 1;
    }
  }
  std::vector<Index> limited;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (chosen[i] != 0) {
      limited.push_back(rows[i]);
    }
  }
  return limited;
}

template <detail::FloatingLabels L>
void limit_per_class(const std::vector<Index>&, const L& labels_are_integers, Index) = delete;  // boxlap::view() casts

}  // namespace boxlap
