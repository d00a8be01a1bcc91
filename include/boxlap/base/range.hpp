/// Anything with a size and a [i] is a range of rows; view() makes one of a function, take() picks rows of one.
#pragma once

#include <compare>
#include <concepts>
#include <cstddef>
#include <iterator>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "detail/error.hpp"
#include "index.hpp"

namespace boxlap {
namespace detail {

template <class R>
concept Indexed = requires(const R& range) {
  range[typename R::size_type{}];
}
|| requires(const R& range) { range[Index{}]; };

/// range[i] with the index type the range itself names, so that no conversion warns in the user's build.
template <Indexed R>
[[nodiscard]] constexpr decltype(auto) element(const R& range, Index i) {
  if constexpr (requires { typename R::size_type; }) {
    return range[static_cast<typename R::size_type>(i)];
  } else {
    return range[i];
  }
}

template <class R>
using Element = std::remove_cvref_t<decltype(element(std::declval<const R&>(), Index{}))>;

}  // namespace detail

/// A range of rows: std::size(range) and range[i]. Vector, span, array, C array, Eigen vector, view(n, f).
template <class R>
concept Rows = requires(const R& range) {
  { std::size(range) } -> std::convertible_to<std::size_t>;
  detail::element(range, Index{});
};

/// Rows of numbers: scores, weights.
template <class R>
concept Numbers = Rows<R> && std::is_arithmetic_v<detail::Element<R>> && !std::same_as<detail::Element<R>, bool>;

/// Rows of row numbers: any integers. A mask of bool is not one.
template <class R>
concept RowNumbers = Rows<R> && std::integral<detail::Element<R>> && !std::same_as<detail::Element<R>, bool>;

/// Rows of labels: any integer or enumeration. Only equality counts, of the numbers and not of their types: -1 is not
/// 4294967295u. No value is special.
template <class R>
concept Labels = Rows<R> &&(std::integral<detail::Element<R>> || std::is_enum_v<detail::Element<R>>);

namespace detail {

/// Class numbers in floating point, as a row of a tensor has them. Functions that take labels refuse them by a deleted
/// overload: its few lines say more than each overload's reasons why a vector of floats is no Labels.
template <class R>
concept FloatingLabels = Rows<R> && std::floating_point<Element<R>>;

/// Rows that lie one behind the other.
template <class R>
concept ContiguousRows = Rows<R> && requires(const R& range) {
  std::span<const Element<R>>(range);
};

/// ContiguousRows as a span: what is a vector here and an array there is compiled once. Other ranges as they are.
template <Rows R>
[[nodiscard]] constexpr decltype(auto) as_span(const R& range) {
  if constexpr (ContiguousRows<R>) {
    return std::span<const Element<R>>(range);
  } else {
    return (range);
  }
}

template <Rows R>
[[nodiscard]] Index rows_of(const R& range, const char* what) {
  return to_index(static_cast<std::size_t>(std::size(range)), what);
}

}  // namespace detail

/// The rows f(0), f(1), ..., f(n - 1), computed when they are read. See view().
template <class F>
class View {
 public:
  class Iterator;

  constexpr View(std::size_t n, F f) : n_(n), f_(std::move(f)) {}
  [[nodiscard]] constexpr std::size_t size() const noexcept { return n_; }
  [[nodiscard]] constexpr decltype(auto) operator[](Index i) const { return f_(i); }

  /// For range-for and algorithms. An iterator points at the view, which must outlive it. end() throws
  /// std::length_error above 2^31 - 1 rows.
  [[nodiscard]] constexpr Iterator begin() const noexcept { return Iterator(*this, 0); }
  [[nodiscard]] constexpr Iterator end() const { return Iterator(*this, detail::to_index(n_, "view")); }

 private:
  std::size_t n_;
  F f_;
};

/// Random access by the iterator concepts of C++20. Where *i is a value and no reference, the older algorithms, which
/// go by iterator_category, take it for an input iterator. Any order of reads is fine: f is pure.
template <class F>
class View<F>::Iterator {
  using Result = decltype(std::declval<const F&>()(Index{}));
  static constexpr bool refers = std::is_lvalue_reference_v<Result>;

  /// What i-> points at where *i is a value.
  struct Arrow {
    std::remove_cvref_t<Result> value;
    [[nodiscard]] constexpr const std::remove_cvref_t<Result>* operator->() const noexcept {
      return std::addressof(value);
    }
  };

 public:
  using iterator_concept = std::random_access_iterator_tag;
  using iterator_category = std::conditional_t<refers, std::random_access_iterator_tag, std::input_iterator_tag>;
  using difference_type = std::ptrdiff_t;
  using reference = Result;
  using value_type = std::remove_cvref_t<reference>;
  using pointer = std::conditional_t<refers, std::add_pointer_t<reference>, Arrow>;

  constexpr Iterator() = default;
  constexpr Iterator(const View& view, difference_type row) noexcept : view_(&view), row_(row) {}

  [[nodiscard]] constexpr reference operator*() const { return (*view_)[static_cast<Index>(row_)]; }
  [[nodiscard]] constexpr pointer operator->() const {
    if constexpr (refers) {
      return std::addressof(**this);
    } else {
      return Arrow{**this};
    }
  }
  [[nodiscard]] constexpr reference operator[](difference_type n) const { return *(*this + n); }

  constexpr Iterator& operator+=(difference_type n) noexcept {
    row_ += n;
    return *this;
  }
  constexpr Iterator& operator-=(difference_type n) noexcept { return *this += -n; }
  constexpr Iterator& operator++() noexcept { return *this += 1; }
  constexpr Iterator& operator--() noexcept { return *this -= 1; }
  constexpr Iterator operator++(int) noexcept { return std::exchange(*this, *this + 1); }
  constexpr Iterator operator--(int) noexcept { return std::exchange(*this, *this - 1); }

  [[nodiscard]] friend constexpr Iterator operator+(Iterator i, difference_type n) noexcept { return i += n; }
  [[nodiscard]] friend constexpr Iterator operator+(difference_type n, Iterator i) noexcept { return i += n; }
  [[nodiscard]] friend constexpr Iterator operator-(Iterator i, difference_type n) noexcept { return i -= n; }
  [[nodiscard]] friend constexpr difference_type operator-(const Iterator& a, const Iterator& b) noexcept {
    return a.row_ - b.row_;
  }
  [[nodiscard]] friend constexpr bool operator==(const Iterator& a, const Iterator& b) noexcept {
    return a.row_ == b.row_;
  }
  [[nodiscard]] friend constexpr auto operator<=>(const Iterator& a, const Iterator& b) noexcept {
    return a.row_ <=> b.row_;
  }

 private:
  const View* view_ = nullptr;
  difference_type row_ = 0;
};

/// Reads any memory layout as rows, without a copy: columns, a flat buffer, rows of four numbers, class numbers that
/// are floats.
///
///     view(n, [&](Index i) { return Box{x1[i], y1[i], x2[i], y2[i]}; })
///     view(n, [&](Index i) { return Box{x[4 * i], x[4 * i + 1], x[4 * i + 2], x[4 * i + 3]}; })
///     view(n, [&](Index i) { return static_cast<int>(classes[i]); })
///
/// f(i) returns a shape, a score or a label for 0 <= i < n. It must be pure: it is called any number of times, in any
/// order, and from several threads when an option asks for them. O(1), no memory. What f refers to must outlive the
/// view.
template <std::invocable<Index> F>
[[nodiscard]] constexpr View<F> view(std::size_t n, F f) {
  return View<F>(n, std::move(f));
}

/// The rows of `range` that `rows` names, in that order: boxes[keep] of numpy.
///
/// A row may be named twice. Throws std::invalid_argument naming the position when a row is out of range. O(rows), no
/// memory beside the result.
template <Rows R, RowNumbers I>
[[nodiscard]] std::vector<detail::Element<R>> take(const R& range, const I& rows) {
  const Index n = detail::rows_of(range, "range");
  const Index count = detail::rows_of(rows, "rows");
  std::vector<detail::Element<R>> taken;
  taken.reserve(detail::at(count));
  for (Index k = 0; k < count; ++k) {
    const auto row = detail::element(rows, k);
    if (std::cmp_less(row, 0) || std::cmp_greater_equal(row, n)) [[unlikely]] {
      detail::invalid("rows[", k, "] is ", row, ", range has ", n, " rows");
    }
    taken.push_back(detail::element(range, static_cast<Index>(row)));
  }
  return taken;
}

}  // namespace boxlap
