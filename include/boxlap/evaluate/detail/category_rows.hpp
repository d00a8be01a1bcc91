/// Rows sorted by their label: what every metric that judges one category at a time walks over.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "../../base/detail/error.hpp"
#include "../../base/detail/rows_by_label.hpp"
#include "../../base/index.hpp"
#include "../../base/range.hpp"

namespace boxlap::detail {

/// A label as the number that results carry: see require_reportable().
template <class L>
[[nodiscard]] constexpr std::int64_t category_of(L label) noexcept {
  return static_cast<std::int64_t>(label_number(label));
}

/// Refuses labels above std::int64_t: converted, they would be taken for negative ones of the other side or of another
/// image. Costs nothing for labels of a type that has none.
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

  /// The category of the k-th row in order; past the end the largest number there is.
  [[nodiscard]] std::int64_t category_at(std::size_t k) const {
    return k < order.size() ? category[at(order[k])] : (std::numeric_limits<std::int64_t>::max)();
  }

  /// The run of rows of `wanted` that begins at k, which moves past it.
  [[nodiscard]] std::span<const Index> take_run(std::size_t& k, std::int64_t wanted) const {
    const std::size_t begin = k;
    while (k < order.size() && category[at(order[k])] == wanted) {
      ++k;
    }
    return std::span(order).subspan(begin, k - begin);
  }

  /// Orders the rows of each category from the highest score down; equal scores keep their order.
  template <class S>
  void rank(const S& scores) {
    std::stable_sort(order.begin(), order.end(), [&](Index a, Index b) {
      const std::int64_t left = category[at(a)], right = category[at(b)];
      return left != right ? left < right : element(scores, a) > element(scores, b);
    });
  }
};

template <Labels L>
[[nodiscard]] CategoryRows rows_by_category(const L& labels, const char* what) {
  CategoryRows rows;
  const Index n = rows_of(labels, what);
  require_reportable(labels, what);
  rows.category.reserve(at(n));
  rows.order.reserve(at(n));
  for (Index i = 0; i < n; ++i) {
    rows.category.push_back(category_of(element(labels, i)));
    rows.order.push_back(i);
  }
  std::stable_sort(rows.order.begin(), rows.order.end(),
                   [&](Index a, Index b) { return rows.category[at(a)] < rows.category[at(b)]; });
  return rows;
}

/// Calls visit(category, truths, detections) for each category that either side has, ascending.
template <class Visit>
void for_each_category(const CategoryRows& truths, const CategoryRows& detections, Visit visit) {
  std::size_t truth = 0, detection = 0;
  while (truth < truths.order.size() || detection < detections.order.size()) {
    const std::int64_t category = (std::min)(truths.category_at(truth), detections.category_at(detection));
    const std::span<const Index> group_truths = truths.take_run(truth, category);
    visit(category, group_truths, detections.take_run(detection, category));
  }
}

}  // namespace boxlap::detail
