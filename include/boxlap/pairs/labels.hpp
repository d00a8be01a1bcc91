/// Joins within a label: only shapes of one class meet, because each class is joined on its own.
#pragma once

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "../base/detail/rows_by_label.hpp"
#include "../base/range.hpp"
#include "csr.hpp"
#include "detail/sorted_matrix.hpp"
#include "join.hpp"
#include "overlaps.hpp"

namespace boxlap {
namespace detail {

/// Calls use(rows_a, rows_b) for each label that both have, labels and rows ascending. Labels are compared as numbers,
/// whatever their types.
template <Labels LA, Labels LB, class Use>
void for_each_common_label(const LA& labels_a, const LB& labels_b, const Use& use) {
  const RowsByLabel a(labels_a), b(labels_b);
  for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    const auto label_a = label_number(element(labels_a, a[i].front()));
    const auto label_b = label_number(element(labels_b, b[j].front()));
    if (std::cmp_equal(label_a, label_b)) {
      use(a[i], b[j]);
    }
    const bool next_a = std::cmp_less_equal(label_a, label_b), next_b = std::cmp_less_equal(label_b, label_a);
    i += next_a ? 1 : 0;
    j += next_b ? 1 : 0;
  }
}

/// The rows of `range` that `rows` names, without a copy.
template <class R>
[[nodiscard]] auto rows_view(const R& range, std::span<const Index> rows) {
  return view(rows.size(), [&range, rows](Index k) -> decltype(auto) { return element(range, rows[at(k)]); });
}

template <class A, class L>
void require_labels(const A& a, const L& labels, const char* what, const char* other) {
  require_same_length(what, std::size(labels), other, std::size(a));
}

}  // namespace detail

/// Calls visit(i, j) for each pair that meets and whose labels are equal; otherwise as for_each_pair(a, b, visit).
///
/// labels_a, labels_b: any integers or enumerations, one a row. Classes are never told apart by moving coordinates, so
/// nothing is rounded: labels may be negative, sparse or huge. The order is by label, fixed within it. Throws
/// std::invalid_argument if the lengths differ. Peak memory: 4 bytes a row and a label of each set, and beside them the
/// join of the largest class or 16 bytes a row of the larger set (32 for labels wider than 32 bits), whichever is more.
template <Shapes A, Labels LA, Shapes B, Labels LB, PairVisitor Visit>
requires OverlappingShapes<A, B>
void for_each_pair(const A& a, const LA& labels_a, const B& b, const LB& labels_b, Visit visit,
                   const JoinOptions& options = {}) {
  detail::require_labels(a, labels_a, "labels_a", "a");
  detail::require_labels(b, labels_b, "labels_b", "b");
  bool going = true;
  detail::for_each_common_label(labels_a, labels_b, [&](auto rows_a, auto rows_b) {
    if (going) {
      for_each_pair(
          detail::rows_view(a, rows_a), detail::rows_view(b, rows_b),
          [&](Index i, Index j) {
            return going = detail::goes_on(visit, rows_a[detail::at(i)], rows_b[detail::at(j)]);
          },
          options);
    }
  });
}

/// The same for the pairs i < j of one range.
template <Shapes A, Labels L, PairVisitor Visit>
void for_each_pair(const A& a, const L& labels, Visit visit, const JoinOptions& options = {}) {
  detail::require_labels(a, labels, "labels", "a");
  bool going = true;
  const detail::RowsByLabel groups(labels);
  for (std::size_t g = 0; g < groups.size() && going; ++g) {
    const std::span<const Index> rows = groups[g];  // they ascend, so i < j stays so
    for_each_pair(
        detail::rows_view(a, rows),
        [&](Index i, Index j) { return going = detail::goes_on(visit, rows[detail::at(i)], rows[detail::at(j)]); },
        options);
  }
}

/// The IoU of every pair that meets and whose labels are equal; otherwise as iou_matrix(a, b).
/// Peak memory beside the result: 4 bytes a row, 28 (36) bytes a pair and the matrix of the largest class, or what
/// grouping the rows takes, as above, if that is more.
template <Shapes A, Labels LA, Shapes B, Labels LB>
requires OverlappingShapes<A, B>
[[nodiscard]] auto iou_matrix(const A& a, const LA& labels_a, const B& b, const LB& labels_b,
                              const OverlapOptions& options = {}) {
  using R = detail::Overlap<detail::Element<A>, detail::Element<B>>;
  detail::require_labels(a, labels_a, "labels_a", "a");
  detail::require_labels(b, labels_b, "labels_b", "b");
  detail::check(options);
  std::vector<detail::Entry<R>> entries;
  detail::for_each_common_label(labels_a, labels_b, [&](auto rows_a, auto rows_b) {
    const Csr<R> part = iou_matrix(detail::rows_view(a, rows_a), detail::rows_view(b, rows_b), options);
    for_each_entry(part, [&](Index i, Index j, R value) {
      entries.push_back({rows_a[detail::at(i)], rows_b[detail::at(j)], value});
    });
  });
  detail::Team team(1);
  return detail::csr_of_entries(std::span(entries), detail::rows_of(a, "a"), detail::rows_of(b, "b"), team);
}

}  // namespace boxlap
