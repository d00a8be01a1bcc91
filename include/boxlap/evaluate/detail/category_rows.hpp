/// Rows of one image sorted by category, for metrics that judge one category at a time.
///
/// COCO, VOC and TIDE match truths and detections of one category. A loop over categories that scans all rows for each
/// is O(categories * rows); here rows are sorted once and both sides are merged category by category (LabelMerge).
///
/// RowsByLabel groups faster, by counting or radix sort, but needs up to 32 bytes a row while it runs. An evaluation
/// keeps many images at a time and the category of each row besides, so rows are sorted by comparison, in 4 bytes a
/// row. Categories are reported as std::int64_t; labels that do not fit are refused. Cost: O(n log n) time, 12 bytes a
/// row and 4 more while sorting.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

#include "../../base/detail/error.hpp"
#include "../../base/detail/rows_by_label.hpp"
#include "../../base/index.hpp"
#include "../../base/range.hpp"

namespace boxlap::detail {

/// A label as the number that results carry, see require_reportable().
template <class L>
[[nodiscard]] constexpr std::int64_t category_of(L label) noexcept {
  return static_cast<std::int64_t>(label_number(label));
}

/// Throws for a label above std::int64_t: converted, it would equal a negative label of the other side. Does nothing
/// for types that cannot hold one.
template <Labels L>
void require_reportable(const L& labels, const char* what) {
  constexpr auto most = (std::numeric_limits<std::int64_t>::max)();
  using Number = decltype(label_number(element(labels, Index{})));
  if constexpr (std::cmp_greater((std::numeric_limits<Number>::max)(), most)) {
    const Index n = rows_of(labels, what);
    for (Index i = 0; i < n; ++i) {
      const Number label = label_number(element(labels, i));
      if (std::cmp_greater(label, most)) [[unlikely]] {
        invalid(what, "[", i, "] is ", label, ", the most that a result holds is ", most);
      }
    }
  }
}

/// The rows of one image in an order that puts those of a category together.
struct CategoryRows {
  std::vector<std::int64_t> category;  ///< of each row
  std::vector<Index> order;            ///< ascending by category; then by row, or as rank() says

  /// Orders the rows of each category from the highest score down; equal scores keep their order.
  template <class S>
  void rank(const S& scores) {
    std::stable_sort(order.begin(), order.end(), [&](Index a, Index b) {
      const std::int64_t left = category[at(a)], right = category[at(b)];
      return left != right ? left < right : element(scores, a) > element(scores, b);
    });
  }
};

/// The category of each row. `what` names the labels in errors.
template <Labels L>
[[nodiscard]] std::vector<std::int64_t> categories_of(const L& labels, const char* what) {
  const Index n = rows_of(labels, what);
  require_reportable(labels, what);
  std::vector<std::int64_t> categories;
  categories.reserve(at(n));
  for (Index i = 0; i < n; ++i) {
    categories.push_back(category_of(element(labels, i)));
  }
  return categories;
}

template <Labels L>
[[nodiscard]] CategoryRows rows_by_category(const L& labels, const char* what) {
  CategoryRows rows{categories_of(labels, what), {}};
  rows.order.resize(rows.category.size());
  std::iota(rows.order.begin(), rows.order.end(), Index{0});
  std::stable_sort(rows.order.begin(), rows.order.end(),
                   [&](Index a, Index b) { return rows.category[at(a)] < rows.category[at(b)]; });
  return rows;
}

/// Category by category, the truths (rows_a) and the detections (rows_b).
[[nodiscard]] inline auto merge_categories(const CategoryRows& truths, const CategoryRows& detections) {
  const auto category_in = [](const CategoryRows& rows) {
    return [&rows](Index row) { return rows.category[at(row)]; };
  };
  return LabelMerge(truths.order, category_in(truths), detections.order, category_in(detections));
}

}  // namespace boxlap::detail
