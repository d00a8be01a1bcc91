/// A spatial index for one side of many joins: of ground truth, of anchors.
#pragma once

#include <concepts>
#include <type_traits>
#include <utility>
#include <vector>

#include "../base/detail/parallel.hpp"
#include "../shape/shape.hpp"
#include "detail/packed_tree.hpp"
#include "detail/quantized_leaves.hpp"

namespace boxlap {
namespace detail {

template <class S>
struct PreparedOf {
  using type = S;
};
template <Preparable S>
struct PreparedOf<S> {
  using type = std::remove_cvref_t<decltype(prepare(std::declval<const S&>()))>;
};

/// The form in which an index keeps an S: the one that prepare() makes, or S itself.
template <class S>
using Prepared = typename PreparedOf<S>::type;

/// Gives joins the tree of an index and the prefilter over its leaves.
struct IndexAccess {
  template <class I>
  [[nodiscard]] static const auto& tree(const I& index) noexcept {
    return index.tree_;
  }
  template <class I>
  [[nodiscard]] static const auto& filter(const I& index) noexcept {
    return index.filter_;
  }
};

}  // namespace detail

/// Rows of shapes with an R-tree over their bounds. Accepted wherever a range of shapes is; joins then skip building
/// the tree.
///
/// Holds its own copy of the shapes, prepared: index[i] is the form that prepare() makes, where the shape has one.
/// Constant after construction: any number of threads may use one index. O(n log n) time to build;
/// sizeof(value_type) + 22 bytes a shape in float, + 40 in double, and 16 more while it is built; of 4,096 to 16,128
/// shapes 2 bytes a shape more.
template <class S>
class ShapeIndex {
 public:
  using Scalar = detail::BoundsScalar<S>;
  using size_type = std::size_t;
  using value_type = detail::Prepared<S>;  ///< S, or the form that prepare() makes of it

  /// Indexes the rows of `shapes`. Rows that can overlap nothing (no extent, NaN) keep their number and are never
  /// found.
  template <Shapes R>
  requires std::same_as<detail::Element<R>, S>
  explicit ShapeIndex(const R& shapes) {
    const Index n = detail::rows_of(shapes, "shapes");
    rows_.reserve(detail::at(n));
    for (Index i = 0; i < n; ++i) {
      if constexpr (detail::Preparable<S>) {
        rows_.push_back(prepare(detail::element(shapes, i)));
      } else {
        rows_.push_back(detail::element(shapes, i));
      }
    }
    detail::PackingScratch scratch;
    tree_ = detail::PackedTree<Scalar>::packed(detail::BoxRows<Scalar>(rows_, "shapes"), false, scratch);
    filter_ = detail::QuantizedLeaves<Scalar>(tree_);
  }

  template <detail::PlainNumbers R>
  explicit ShapeIndex(const R& numbers_are_no_boxes_yet) = delete;  // boxlap::view(n, f) makes boxes

  [[nodiscard]] std::size_t size() const noexcept { return rows_.size(); }
  [[nodiscard]] const value_type& operator[](std::size_t i) const noexcept { return rows_[i]; }

 private:
  friend struct detail::IndexAccess;

  std::vector<value_type> rows_;
  detail::PackedTree<Scalar> tree_;
  detail::QuantizedLeaves<Scalar> filter_;
};

template <Shapes R>
ShapeIndex(const R&) -> ShapeIndex<detail::Element<R>>;
template <detail::PlainNumbers R>
ShapeIndex(const R&) -> ShapeIndex<Box<float>>;  // whose constructor says what to do

namespace detail {

template <class R, class T>
inline constexpr bool is_index = false;
template <class S>
inline constexpr bool is_index<ShapeIndex<S>, BoundsScalar<S>> = true;

}  // namespace detail
}  // namespace boxlap
