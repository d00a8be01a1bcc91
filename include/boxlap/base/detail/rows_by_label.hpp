/// Group by: the rows of each label, one group behind the other.
///
/// A hash map of vectors allocates once a label and visits labels in an order that depends on the library. Here a
/// counting sort does it where labels are dense (at most as many values as rows), and a stable radix sort of (label,
/// row) pairs where they are not. Both give groups by ascending label, and rows within a group in the order in which
/// they came.
///
/// Cost: O(n) time; memory at the constructor. Labels are compared as numbers: -1 and 4294967295u are two labels.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "../index.hpp"
#include "../range.hpp"
#include "sorting.hpp"

namespace boxlap::detail {

/// A label as an integer of the language: what std::cmp_equal() takes.
template <class L>
requires std::integral<L> || std::is_enum_v<L>
[[nodiscard]] constexpr auto label_number(L label) noexcept {
  if constexpr (std::is_enum_v<L>) {
    return label_number(static_cast<std::underlying_type_t<L>>(label));
  } else {
    return +label;
  }
}

/// Groups of rows with equal labels: labels ascending, the rows of a label in the order they came.
class RowsByLabel {
 public:
  /// rows: rows of `labels`, which may be any integers or enumerators; without them all rows. O(n); 16 n bytes while it
  /// runs for labels of at most 32 bits, 32 n for wider ones (4 n more for all rows); then 4 n and 4 a group.
  template <Labels L>
  explicit RowsByLabel(const L& labels) : RowsByLabel(first_rows(rows_of(labels, "labels")), labels) {}
  template <Labels L>
  RowsByLabel(std::span<const Index> rows, const L& labels) {
    const auto key_of = [&](Index row) { return ascending_key(label_number(element(labels, row))); };
    using Key = decltype(key_of(0));
    Key lowest = (std::numeric_limits<Key>::max)(), highest = 0;
    for (const Index row : rows) {
      const Key key = key_of(row);
      lowest = (std::min)(lowest, key);
      highest = (std::max)(highest, key);
    }
    if (rows.empty()) {
      return;
    }
    if (static_cast<std::uint64_t>(highest - lowest) < rows.size()) {
      count(rows, static_cast<std::size_t>(highest - lowest) + 1,
            [&](Index row) { return static_cast<std::size_t>(key_of(row) - lowest); });
    } else {
      sort<Key>(rows, key_of);
    }
  }

  [[nodiscard]] std::size_t size() const noexcept { return begins_.size() - 1; }
  [[nodiscard]] std::span<const Index> rows() const noexcept { return rows_; }
  [[nodiscard]] std::span<const Index> operator[](std::size_t group) const noexcept {
    return std::span(rows_).subspan(at(begins_[group]), at(begins_[group + 1] - begins_[group]));
  }

  /// The same to be written over.
  [[nodiscard]] std::span<Index> rows(std::size_t group) noexcept {
    return std::span(rows_).subspan(at(begins_[group]), at(begins_[group + 1] - begins_[group]));
  }

 private:
  [[nodiscard]] static std::vector<Index> first_rows(Index n) {
    std::vector<Index> rows(at(n));
    for (Index i = 0; i < n; ++i) {
      rows[at(i)] = i;
    }
    return rows;
  }

  template <class PlaceOf>
  void count(std::span<const Index> rows, std::size_t labels, const PlaceOf& place_of) {
    std::vector<Index> next(labels + 1);
    for (const Index row : rows) {
      ++next[place_of(row) + 1];
    }
    begins_.reserve(static_cast<std::size_t>(std::ssize(next) - std::count(next.begin() + 1, next.end(), 0)));
    for (std::size_t label = 1; label <= labels; ++label) {
      if (next[label] > 0) {
        begins_.push_back(next[label - 1] + next[label]);
      }
      next[label] += next[label - 1];
    }
    rows_.resize(rows.size());
    for (const Index row : rows) {
      rows_[at(next[place_of(row)]++)] = row;
    }
  }

  template <class Key, class KeyOf>
  void sort(std::span<const Index> rows, const KeyOf& key_of) {
    std::vector<Keyed<Key>> items(rows.size());
    std::transform(rows.begin(), rows.end(), items.begin(), [&](Index row) { return Keyed<Key>{key_of(row), row}; });
    {
      std::vector<Keyed<Key>> scratch;
      radix_sort(items, scratch);
    }
    const auto ends_at = [&](std::size_t k) { return k + 1 == items.size() || items[k + 1].key != items[k].key; };
    std::size_t groups = 0;
    for (std::size_t k = 0; k < items.size(); ++k) {
      groups += ends_at(k) ? std::size_t{1} : std::size_t{0};
    }
    begins_.reserve(1 + groups);
    rows_.resize(rows.size());
    for (std::size_t k = 0; k < items.size(); ++k) {
      rows_[k] = items[k].row;
      if (ends_at(k)) {
        begins_.push_back(static_cast<Index>(k + 1));
      }
    }
  }

  std::vector<Index> rows_;
  std::vector<Index> begins_ = {0};
};

/// A merge of two lists of rows, each ordered by label: gives, label by label ascending, the rows of either side.
///
///     for (LabelMerge merge(rows_a, label_of_a, rows_b, label_of_b); merge.next();) { ... merge.rows_a() ... }
///
/// label_of(row) is an integer; those of the two sides are compared as numbers, whatever their types. O(rows) in all,
/// no memory.
template <class LabelOfA, class LabelOfB>
class LabelMerge {
 public:
  LabelMerge(std::span<const Index> rows_a, LabelOfA label_of_a, std::span<const Index> rows_b, LabelOfB label_of_b)
      : all_a_(rows_a), all_b_(rows_b), label_of_a_(label_of_a), label_of_b_(label_of_b) {}

  /// Moves on to the next label that either side has; false if there is none.
  [[nodiscard]] bool next() {
    begin_a_ = end_a_;
    begin_b_ = end_b_;
    const bool has_a = begin_a_ < all_a_.size(), has_b = begin_b_ < all_b_.size();
    if (has_a && (!has_b || std::cmp_less_equal(label_of_a_(all_a_[begin_a_]), label_of_b_(all_b_[begin_b_])))) {
      end_a_ = end_of_run(all_a_, begin_a_, label_of_a_);
    }
    if (has_b && (!has_a || std::cmp_less_equal(label_of_b_(all_b_[begin_b_]), label_of_a_(all_a_[begin_a_])))) {
      end_b_ = end_of_run(all_b_, begin_b_, label_of_b_);
    }
    return has_a || has_b;
  }

  /// The label that next() moved to, where both sides have labels of one type.
  [[nodiscard]] auto label()
      const requires std::same_as<std::invoke_result_t<LabelOfA, Index>, std::invoke_result_t<LabelOfB, Index>> {
    return begin_a_ < end_a_ ? label_of_a_(all_a_[begin_a_]) : label_of_b_(all_b_[begin_b_]);
  }
  /// The rows with the label; empty if that side has none.
  [[nodiscard]] std::span<const Index> rows_a() const { return all_a_.subspan(begin_a_, end_a_ - begin_a_); }
  [[nodiscard]] std::span<const Index> rows_b() const { return all_b_.subspan(begin_b_, end_b_ - begin_b_); }

 private:
  template <class LabelOf>
  [[nodiscard]] static std::size_t end_of_run(std::span<const Index> rows, std::size_t k, const LabelOf& label_of) {
    for (const auto label = label_of(rows[k]); k < rows.size() && label_of(rows[k]) == label;) {
      ++k;
    }
    return k;
  }

  std::span<const Index> all_a_, all_b_;
  LabelOfA label_of_a_;
  LabelOfB label_of_b_;
  std::size_t begin_a_ = 0, end_a_ = 0, begin_b_ = 0, end_b_ = 0;
};

}  // namespace boxlap::detail
