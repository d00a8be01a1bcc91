/// Joins within a label: only shapes of one class pair up, because each class is joined on its own.
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

/// The rows of `range` that `rows` names, without a copy.
template <class R>
[[nodiscard]] auto rows_view(const R& range, std::span<const Index> rows) {
  return view(rows.size(), [&range, rows](Index k) -> decltype(auto) { return element(range, rows[at(k)]); });
}

/// The label of a row as an integer, for LabelMerge.
template <class L>
[[nodiscard]] auto label_of_row(const L& labels) {
  return [&labels](Index row) { return label_number(element(labels, row)); };
}

/// Throws unless there is one label a row.
template <class A, class L>
void require_labels(const A& a, const L& labels, const char* what, const char* other) {
  require_same_length(what, std::size(labels), other, std::size(a));
}

}  // namespace detail

/// Calls visit(i, j) for each pair of a row of `a` and a row of `b` that overlap and have equal labels.
///
/// a, b: rows of shapes whose overlap is known (Shapes). labels_a, labels_b: one label a row, integers or enumerations,
/// compared as numbers whatever their types; negative, sparse and huge ones are fine. Each class is joined by itself:
/// coordinates are not shifted, so nothing is rounded. Boxes pair up when they share area; with options.touching (boxes
/// only) when they share a border point, those wholly at infinity excepted; other shapes when their computed
/// intersection_area is positive.
/// Order: each pair once, on the calling thread, labels ascending; the order within a label is fixed but not sorted: it
/// depends on the shapes alone, never on options.threads. A visit that returns false ends the search.
/// Rows without extent, inverted or with NaN pair with nothing; empty ranges are fine.
/// Throws std::invalid_argument for lengths that differ, for touching with other shapes and for threads < 0,
/// std::length_error above 2^31 - 1 rows. O(n + m + pairs) time on spread-out data. Peak memory: 4 bytes a row and a
/// label of each set, and beside them that of for_each_pair(a, b, visit) for the largest class, or 16 bytes a row of
/// the larger set (32 for labels wider than 32 bits), whichever is more.
template <Shapes A, Labels LA, Shapes B, Labels LB, PairVisitor Visit>
requires OverlappingShapes<A, B>
void for_each_pair(const A& a, const LA& labels_a, const B& b, const LB& labels_b, Visit visit,
                   const JoinOptions& options = {}) {
  detail::require_labels(a, labels_a, "labels_a", "a");
  detail::require_labels(b, labels_b, "labels_b", "b");
  const detail::RowsByLabel groups_a(labels_a), groups_b(labels_b);
  detail::LabelMerge merge(groups_a.rows(), detail::label_of_row(labels_a), groups_b.rows(),
                           detail::label_of_row(labels_b));
  for (bool going = true; going && merge.next();) {
    const std::span<const Index> rows_a = merge.rows_a(), rows_b = merge.rows_b();
    if (!rows_a.empty() && !rows_b.empty()) {
      for_each_pair(
          detail::rows_view(a, rows_a), detail::rows_view(b, rows_b),
          [&](Index i, Index j) {
            return going = detail::goes_on(visit, rows_a[detail::at(i)], rows_b[detail::at(j)]);
          },
          options);
    }
  }
}

/// Calls visit(i, j), i < j, for each two rows of `a` that overlap and have equal labels.
///
/// a: rows of shapes whose overlap is known (Shapes). labels: one label a row, integers or enumerations; negative,
/// sparse and huge ones are fine. Each class is joined by itself: coordinates are not shifted, so nothing is rounded.
/// Boxes pair up when they share area; with options.touching (boxes only) when they share a border point, those wholly
/// at infinity excepted; other shapes when their computed intersection_area is positive.
/// Order: each pair once, on the calling thread, labels ascending; the order within a label is fixed but not sorted: it
/// depends on the shapes alone, never on options.threads. A visit that returns false ends the search.
/// Rows without extent, inverted or with NaN pair with nothing; an empty range is fine.
/// Throws std::invalid_argument for lengths that differ, for touching with other shapes and for threads < 0,
/// std::length_error above 2^31 - 1 rows. O(n + pairs) time on spread-out data. Peak memory: 4 bytes a row and a label,
/// and beside them that of for_each_pair(a, visit) for the largest class, or 16 bytes a row (32 for labels wider than
/// 32 bits), whichever is more.
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

/// The IoU of every pair of a row of `a` and a row of `b` that overlap and have equal labels, as a sparse matrix.
///
/// a, b: rows of shapes whose overlap is known (Shapes). labels_a, labels_b: one label a row, integers or enumerations,
/// compared as numbers whatever their types; negative, sparse and huge ones are fine. Result: a Csr, a's rows by b's
/// rows. Entry (i, j) equals iou(a[i], b[j]) to the bit; values of 0 or below options.min (compared in double) are not
/// stored.
/// Order: columns ascending in each row. The result does not depend on options.threads.
/// A row without extent, inverted or with NaN has no entries; empty ranges are fine.
/// Throws std::invalid_argument for lengths that differ, a NaN min or threads < 0, std::length_error above 2^31 - 1
/// rows or stored pairs. O(n + m + pairs) time on spread-out data. Peak memory beside the result: 4 bytes a row,
/// 28 (36) bytes a pair and that of iou_matrix(a, b) for the largest class, or 16 bytes a row of the larger set (32 for
/// labels wider than 32 bits), whichever is more.
template <Shapes A, Labels LA, Shapes B, Labels LB>
requires OverlappingShapes<A, B>
[[nodiscard]] auto iou_matrix(const A& a, const LA& labels_a, const B& b, const LB& labels_b,
                              const OverlapOptions& options = {}) {
  using R = detail::Overlap<detail::Element<A>, detail::Element<B>>;
  detail::require_labels(a, labels_a, "labels_a", "a");
  detail::require_labels(b, labels_b, "labels_b", "b");
  detail::require_min(options.min);
  std::vector<detail::Entry<R>> entries;
  const detail::RowsByLabel groups_a(labels_a), groups_b(labels_b);
  detail::LabelMerge merge(groups_a.rows(), detail::label_of_row(labels_a), groups_b.rows(),
                           detail::label_of_row(labels_b));
  while (merge.next()) {
    const std::span<const Index> rows_a = merge.rows_a(), rows_b = merge.rows_b();
    if (rows_a.empty() || rows_b.empty()) {
      continue;
    }
    const Csr<R> part = iou_matrix(detail::rows_view(a, rows_a), detail::rows_view(b, rows_b), options);
    for_each_entry(part, [&](Index i, Index j, R value) {
      entries.push_back({rows_a[detail::at(i)], rows_b[detail::at(j)], value});
    });
  }
  detail::Team team(1);
  return detail::csr_of_entries(std::span(entries), detail::rows_of(a, "a"), detail::rows_of(b, "b"), team);
}

}  // namespace boxlap
