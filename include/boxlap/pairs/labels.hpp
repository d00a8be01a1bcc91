/// Joins within a label: only shapes of one class meet, because each class is joined on its own.
#pragma once

#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "../core/order.hpp"
#include "../core/range.hpp"
#include "assembly.hpp"
#include "csr.hpp"
#include "join.hpp"
#include "overlaps.hpp"

namespace boxlap {
namespace detail {

/// The rows of each label, ascending, labels ascending. Any integer or enumeration; no value is special.
class LabelGroups {
 public:
  template <Labels L>
  explicit LabelGroups(const L& labels) : items_(at(rows_of(labels, "labels"))) {
    for (std::size_t k = 0; k < items_.size(); ++k) {
      items_[k] = {key(element(labels, static_cast<Index>(k))), static_cast<Index>(k)};
    }
    std::vector<Keyed<std::uint64_t>> scratch;
    radix_sort(items_, scratch);
    rows_.reserve(items_.size());
    for (const auto& item : items_) {
      rows_.push_back(item.row);
    }
  }

  /// Calls use(rows_a, rows_b) for each label that both have.
  template <class Use>
  static void for_each_common(const LabelGroups& a, const LabelGroups& b, const Use& use) {
    for (std::size_t i = 0, j = 0; i < a.items_.size() && j < b.items_.size();) {
      const std::uint64_t label_a = a.items_[i].key, label_b = b.items_[j].key;
      const std::size_t end_a = a.end_of(i), end_b = b.end_of(j);
      if (label_a == label_b) {
        use(a.rows(i, end_a), b.rows(j, end_b));
      }
      i = label_a <= label_b ? end_a : i;
      j = label_b <= label_a ? end_b : j;
    }
  }

  template <class Use>
  void for_each(const Use& use) const {
    for (std::size_t i = 0; i < items_.size();) {
      const std::size_t end = end_of(i);
      use(rows(i, end));
      i = end;
    }
  }

 private:
  template <class L>
  [[nodiscard]] static std::uint64_t key(L label) noexcept {
    if constexpr (std::is_enum_v<L>) {
      return key(static_cast<std::underlying_type_t<L>>(label));
    } else {
      return static_cast<std::uint64_t>(label);
    }
  }
  [[nodiscard]] std::size_t end_of(std::size_t begin) const noexcept {
    std::size_t end = begin + 1;
    while (end < items_.size() && items_[end].key == items_[begin].key) {
      ++end;
    }
    return end;
  }
  [[nodiscard]] std::span<const Index> rows(std::size_t begin, std::size_t end) const noexcept {
    return std::span(rows_).subspan(begin, end - begin);
  }

  std::vector<Keyed<std::uint64_t>> items_;
  std::vector<Index> rows_;
};

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
/// std::invalid_argument if the lengths differ. Peak memory: 36 bytes a row and the join of the largest class.
template <Shapes A, Labels LA, Shapes B, Labels LB, PairVisitor Visit>
requires OverlappingShapes<A, B>
void for_each_pair(const A& a, const LA& labels_a, const B& b, const LB& labels_b, Visit visit,
                   const JoinOptions& options = {}) {
  detail::require_labels(a, labels_a, "labels_a", "a");
  detail::require_labels(b, labels_b, "labels_b", "b");
  bool going = true;
  const detail::LabelGroups groups_a(labels_a), groups_b(labels_b);
  detail::LabelGroups::for_each_common(groups_a, groups_b, [&](auto rows_a, auto rows_b) {
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
  detail::LabelGroups(labels).for_each([&](auto rows) {
    if (going) {  // rows of a label ascend, so i < j stays so
      for_each_pair(
          detail::rows_view(a, rows),
          [&](Index i, Index j) { return going = detail::goes_on(visit, rows[detail::at(i)], rows[detail::at(j)]); },
          options);
    }
  });
}

/// The IoU of every pair that meets and whose labels are equal; otherwise as iou_matrix(a, b).
/// Peak memory beside the result: 36 bytes a row, 28 (36) bytes a pair, and the matrix of the largest class.
template <Shapes A, Labels LA, Shapes B, Labels LB>
requires OverlappingShapes<A, B>
[[nodiscard]] auto iou_matrix(const A& a, const LA& labels_a, const B& b, const LB& labels_b,
                              const OverlapOptions& options = {}) {
  using R = detail::Overlap<detail::Element<A>, detail::Element<B>>;
  detail::require_labels(a, labels_a, "labels_a", "a");
  detail::require_labels(b, labels_b, "labels_b", "b");
  detail::check(options);
  std::vector<detail::Entry<R>> entries;
  const detail::LabelGroups groups_a(labels_a), groups_b(labels_b);
  detail::LabelGroups::for_each_common(groups_a, groups_b, [&](auto rows_a, auto rows_b) {
    const Csr<R> part = iou_matrix(detail::rows_view(a, rows_a), detail::rows_view(b, rows_b), options);
    for_each_entry(part, [&](Index i, Index j, R value) {
      entries.push_back({rows_a[detail::at(i)], rows_b[detail::at(j)], value});
    });
  });
  detail::Team team(1);
  return detail::csr_of_entries(std::span(entries), detail::rows_of(a, "a"), detail::rows_of(b, "b"), team);
}

}  // namespace boxlap
