/// Rows sorted by their label: what every metric that judges one category at a time walks over.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>
#include <vector>

#include "../core/index.hpp"
#include "../core/range.hpp"

namespace boxlap::detail {

/// Any label as the number that results carry.
template <class L>
[[nodiscard]] constexpr std::int64_t label_number(L label) noexcept {
  if constexpr (std::is_enum_v<L>) {
    return static_cast<std::int64_t>(static_cast<std::underlying_type_t<L>>(label));
  } else {
    return static_cast<std::int64_t>(label);
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
[[nodiscard]] CategoryRows rows_by_category(const L& labels) {
  CategoryRows rows;
  const Index n = rows_of(labels, "labels");
  rows.category.reserve(at(n));
  rows.order.reserve(at(n));
  for (Index i = 0; i < n; ++i) {
    rows.category.push_back(label_number(element(labels, i)));
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
