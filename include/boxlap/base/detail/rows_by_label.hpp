/// Rows by label: the rows of each label one behind the other.
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

}  // namespace boxlap::detail
