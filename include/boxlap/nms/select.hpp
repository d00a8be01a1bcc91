/// Filters before and after nms: rows above a score, the best k rows, the best k rows of each class.
#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "../core/error.hpp"
#include "../core/index.hpp"
#include "../core/order.hpp"
#include "../core/range.hpp"

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
/// All rows if there are fewer than k. Throws std::invalid_argument for a negative k. O(n), 20 n bytes for float scores
/// (28 n double).
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

namespace detail {

/// A label as an unsigned integer: equal if and only if the labels are.
template <class L>
requires std::integral<L> || std::is_enum_v<L>
[[nodiscard]] constexpr auto label_key(L label) noexcept {
  if constexpr (std::is_enum_v<L>) {
    return label_key(static_cast<std::underlying_type_t<L>>(label));
  } else {
    using Key = std::conditional_t<sizeof(L) <= 4, std::uint32_t, std::uint64_t>;
    return static_cast<Key>(label);
  }
}

template <class R>
using LabelKey = decltype(label_key(std::declval<Element<R>>()));

/// `rows` by label, the rows of a label in the order they came. O(n) for labels from a small range of numbers.
template <Labels L>
[[nodiscard]] std::vector<Keyed<LabelKey<L>>> group_by_label(const std::vector<Index>& rows, const L& labels) {
  std::vector<Keyed<LabelKey<L>>> groups(rows.size());
  std::transform(rows.begin(), rows.end(), groups.begin(), [&](Index row) {
    return Keyed<LabelKey<L>>{label_key(element(labels, row)), row};
  });
  std::vector<Keyed<LabelKey<L>>> scratch;
  radix_sort(groups, scratch);
  return groups;
}

/// Calls visit(first, last) for each run of equal keys in sorted `groups`: positions first .. last - 1.
template <class Key, class Visit>
void for_each_group(const std::vector<Keyed<Key>>& groups, Visit visit) {
  for (std::size_t first = 0; first < groups.size();) {
    std::size_t last = first + 1;
    while (last < groups.size() && groups[last].key == groups[first].key) {
      ++last;
    }
    visit(first, last);
    first = last;
  }
}

}  // namespace detail

/// Of `rows`, best first, the first k of each label, in the same order: a limit per class after nms.
///
/// labels is indexed by row, as is everything that rows refer to. Throws std::invalid_argument for a negative k or a
/// row out of range. O(n), 24 n bytes for labels of at most 32 bits (32 n wider).
template <Labels L>
[[nodiscard]] std::vector<Index> limit_per_class(const std::vector<Index>& rows, const L& labels, Index k) {
  if (k < 0) [[unlikely]] {
    detail::invalid("k is ", k, ", expected 0 or more");
  }
  const Index n = detail::rows_of(labels, "labels");
  std::vector<Index> positions(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i] < 0 || rows[i] >= n) [[unlikely]] {
      detail::invalid("rows[", i, "] is ", rows[i], ", labels has ", n, " rows");
    }
    positions[i] = static_cast<Index>(i);
  }
  const auto groups = detail::group_by_label(
      positions, view(rows.size(), [&](Index i) { return detail::element(labels, rows[detail::at(i)]); }));
  std::vector<unsigned char> chosen(rows.size(), 0);
  detail::for_each_group(groups, [&](std::size_t first, std::size_t last) {
    for (std::size_t i = first; i < (std::min)(last, first + detail::at(k)); ++i) {
      chosen[detail::at(groups[i].row)] = 1;
    }
  });
  std::vector<Index> limited;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (chosen[i] != 0) {
      limited.push_back(rows[i]);
    }
  }
  return limited;
}

}  // namespace boxlap
