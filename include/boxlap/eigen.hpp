/// Eigen interface: N x 4 and N x 5 arrays as shapes, a Csr as Eigen::SparseMatrix and back, without a copy; polygons
/// from N x 2 arrays.
#pragma once

#include <Eigen/Core>
#include <Eigen/SparseCore>
#include <concepts>
#include <cstddef>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/detail/error.hpp"
#include "base/index.hpp"
#include "base/range.hpp"
#include "match/assign_dense.hpp"
#include "pairs/csr.hpp"
#include "shape/box.hpp"
#include "shape/point.hpp"
#include "shape/polygon.hpp"
#include "shape/rotated_box.hpp"
#include "shape/shape.hpp"

#if !EIGEN_VERSION_AT_LEAST(3, 4, 0)
#error "boxlap needs Eigen 3.4.0 or newer"
#endif

namespace boxlap {

/// The rows of a matrix that another object owns; each access reads one row as a shape. See as_boxes().
template <class Shape, std::size_t columns>
class MatrixRows {
 public:
  using Scalar = decltype(area(std::declval<const Shape&>()));

  MatrixRows(const Scalar* data, Eigen::Index rows, Eigen::Index row_stride, Eigen::Index col_stride)
      : data_(data), rows_(rows), row_stride_(row_stride), col_stride_(col_stride) {}
  [[nodiscard]] std::size_t size() const noexcept { return static_cast<std::size_t>(rows_); }
  [[nodiscard]] Shape operator[](Index i) const noexcept {
    const Scalar* row = data_ + i * row_stride_;
    return [&]<std::size_t... k>(std::index_sequence<k...>) {
      return Shape{row[static_cast<Eigen::Index>(k) * col_stride_]...};
    }
    (std::make_index_sequence<columns>{});
  }

 private:
  const Scalar* data_;
  Eigen::Index rows_, row_stride_, col_stride_;
};

namespace detail {

template <class M>
inline constexpr bool is_const_ref = false;  // a Ref to const copies what it cannot point into
template <class M, int options, class Stride>
inline constexpr bool is_const_ref<Eigen::Ref<const M, options, Stride>> = true;

template <class M>
concept DirectMatrix = std::derived_from<M, Eigen::DenseBase<M>> &&(M::Flags& Eigen::DirectAccessBit) != 0;

template <class M>
concept OwnsItsRows = std::derived_from<M, Eigen::PlainObjectBase<M>> || is_const_ref<M>;

/// A matrix of floating-point numbers in memory, with `columns` columns as far as its type tells.
template <class M, int columns>
concept MatrixOf = DirectMatrix<M> && std::floating_point<typename M::Scalar> &&
    (M::ColsAtCompileTime == columns || M::ColsAtCompileTime == Eigen::Dynamic);

/// `M&&` is a named matrix, or a Map, Block, Transpose or Ref of one: its memory is still there after the call.
template <class M, int columns>
concept LastingMatrixOf = MatrixOf<std::remove_cvref_t<M>, columns> &&
    (std::is_lvalue_reference_v<M> || !OwnsItsRows<std::remove_cvref_t<M>>);

template <class M, int columns>
concept TemporaryMatrixOf = MatrixOf<std::remove_cvref_t<M>, columns> && !LastingMatrixOf<M, columns>;

template <class Shape, std::size_t columns, class M>
[[nodiscard]] MatrixRows<Shape, columns> rows_as(const M& matrix) {
  if (static_cast<std::size_t>(matrix.cols()) != columns) {
    invalid("matrix has ", matrix.cols(), " columns, expected ", columns);
  }
  return {matrix.data(), matrix.rows(), matrix.rowStride(), matrix.colStride()};
}

}  // namespace detail

/// The rows of an N x 4 array as boxes: columns x1, y1, x2, y2. Accepted wherever the library takes boxes.
///
/// Any Matrix, Array, Map, Block, Transpose or Ref of float or double, in either storage order and with any strides:
/// `nms(as_boxes(detections.leftCols(4)), detections.col(4), 0.5)`. An array of 4 x N is `as_boxes(m.transpose())`,
/// other formats are view(n, f). Nothing is copied, so the memory must outlive the result: a temporary matrix, a moved
/// one and a temporary Ref to const (it may own a copy) are refused at compile time; a Block of a temporary matrix
/// cannot be told from a Block of a named one. Throws std::invalid_argument unless there are 4 columns. O(1), no heap.
template <class M>
requires detail::LastingMatrixOf<M, 4>
[[nodiscard]] auto as_boxes(M&& matrix) {
  return detail::rows_as<Box<typename std::remove_cvref_t<M>::Scalar>, 4>(matrix);
}

template <class M>
requires detail::TemporaryMatrixOf<M, 4>
void as_boxes(M&& a_temporary_matrix_is_gone_before_its_rows_are_read) = delete;

/// The rows of an N x 5 array as rotated boxes: columns cx, cy, w, h, degrees. Accepted wherever the library takes
/// rotated boxes.
///
/// Any Matrix, Array, Map, Block, Transpose or Ref of float or double, in either storage order and with any strides; an
/// array of 5 x N is `as_rotated_boxes(m.transpose())`. Nothing is copied, so the memory must outlive the result: a
/// temporary matrix, a moved one and a temporary Ref to const (it may own a copy) are refused at compile time; a Block
/// of a temporary matrix cannot be told from a Block of a named one. Throws std::invalid_argument unless there are 5
/// columns. O(1), no heap.
template <class M>
requires detail::LastingMatrixOf<M, 5>
[[nodiscard]] auto as_rotated_boxes(M&& matrix) {
  return detail::rows_as<RotatedBox<typename std::remove_cvref_t<M>::Scalar>, 5>(matrix);
}

template <class M>
requires detail::TemporaryMatrixOf<M, 5>
void as_rotated_boxes(M&& a_temporary_matrix_is_gone_before_its_rows_are_read) = delete;

namespace detail {

/// Two columns of floating-point numbers as far as the type tells: a matrix, an array, a piece or an expression of one.
template <class M>
concept PointMatrix = std::derived_from<M, Eigen::DenseBase<M>> && std::floating_point<typename M::Scalar> &&
    (M::ColsAtCompileTime == 2 || M::ColsAtCompileTime == Eigen::Dynamic);

}  // namespace detail

/// The rows of an N x 2 array as points: columns x, y. Copied, so a temporary is fine.
///
/// Any Matrix, Array, Map, Block, Transpose, Ref or expression of float or double, in either storage order and with any
/// strides. Throws std::invalid_argument unless there are 2 columns. O(n) time, no memory but the result (and an
/// expression's value).
template <class M>
requires detail::PointMatrix<M>
[[nodiscard]] std::vector<Point<typename M::Scalar>> to_points(const M& matrix) {
  if (matrix.cols() != 2) {
    detail::invalid("matrix has ", matrix.cols(), " columns, expected 2");
  }
  std::vector<Point<typename M::Scalar>> points;
  points.reserve(static_cast<std::size_t>(matrix.rows()));
  const auto append_rows_of = [&points](const auto& values) {
    for (Eigen::Index k = 0; k < values.rows(); ++k) {
      points.push_back({values.coeff(k, 0), values.coeff(k, 1)});
    }
  };
  if constexpr (detail::DirectMatrix<M>) {
    append_rows_of(matrix);
  } else {
    append_rows_of(matrix.eval());
  }
  return points;
}

namespace detail {

template <class R, class T>
concept PointMatrices = requires(const R& rings) {
  { to_points(*std::begin(rings)) } -> std::same_as<std::vector<Point<T>>>;
  std::size(rings);
};

template <class M>
using AnyMatrices = std::vector<Eigen::Matrix<typename M::Scalar, Eigen::Dynamic, Eigen::Dynamic>>;

template <class T, class Matrices>
[[nodiscard]] std::vector<std::vector<Point<T>>> to_rings(const Matrices& matrices) {
  std::vector<std::vector<Point<T>>> rings;
  rings.reserve(std::size(matrices));
  for (const auto& matrix : matrices) {
    rings.push_back(to_points(matrix));
  }
  return rings;
}

}  // namespace detail

/// A polygon from N x 2 arrays, a ring each: `make_polygon(shell)`, `make_polygon(shell, {hole, another_hole})` or a
/// vector or array of holes.
///
/// shell, holes: what to_points() takes, of one scalar type. The points are copied and handed to make_polygon(shell,
/// holes) of shape/polygon.hpp, which says what a valid ring is, what is repaired and what is refused. Throws
/// std::invalid_argument for a defect of a ring and for an array without 2 columns. Memory: the points, and that of
/// make_polygon().
template <class M, class Holes = detail::AnyMatrices<M>>
requires(detail::PointMatrix<M>&& detail::PointMatrices<Holes, typename M::Scalar>)
    [[nodiscard]] Polygon<typename M::Scalar> make_polygon(const M& shell, const Holes& holes = {}) {
  return make_polygon(to_points(shell), detail::to_rings<typename M::Scalar>(holes));
}

/// A polygon from N x 2 arrays, a ring each, or nothing if a ring has a defect: for bulk files.
///
/// shell, holes: what to_points() takes, of one scalar type. The points are copied and handed to
/// try_make_polygon(shell, holes, why) of shape/polygon.hpp. `why` receives the reason unless it is null. Throws
/// std::invalid_argument for an array without 2 columns. Memory: the points, and that of try_make_polygon().
template <class M, class Holes = detail::AnyMatrices<M>>
requires(detail::PointMatrix<M>&& detail::PointMatrices<Holes, typename M::Scalar>)
    [[nodiscard]] std::optional<Polygon<typename M::Scalar>> try_make_polygon(const M& shell, const Holes& holes = {},
                                                                              std::string* why = nullptr) {
  return try_make_polygon(to_points(shell), detail::to_rings<typename M::Scalar>(holes), why);
}

namespace detail {

template <class R>
concept ContiguousBoxes = requires(const R& boxes) {
  std::size(boxes);
  requires is_box<std::remove_cvref_t<decltype(*std::data(boxes))>>;
};

template <class R>
inline constexpr bool lasts =
    std::is_lvalue_reference_v<R> || std::ranges::enable_borrowed_range<std::remove_cvref_t<R>>;

}  // namespace detail

/// The matrix that a vector, array or span of boxes already is: N x 4, row-major, columns x1, y1, x2, y2.
/// Nothing is copied: the boxes must outlive the result, so a temporary vector is refused. O(1), no heap.
template <class R>
requires(detail::ContiguousBoxes<R>&& detail::lasts<R>) [[nodiscard]] auto as_matrix(R&& boxes) {
  using T = std::remove_cvref_t<decltype(std::data(boxes)->x1)>;
  static_assert(sizeof(Box<T>) == 4 * sizeof(T));
  using Corners = Eigen::Matrix<T, Eigen::Dynamic, 4, Eigen::RowMajor>;
  const auto n = static_cast<Eigen::Index>(std::size(boxes));
  return Eigen::Map<const Corners>(n > 0 ? &std::data(boxes)->x1 : nullptr, n, 4);
}

template <class R>
requires(detail::ContiguousBoxes<R> &&
         !detail::lasts<R>) void as_matrix(R&& a_temporary_vector_is_gone_before_its_rows_are_read) = delete;

/// A Csr seen as Eigen's row-major sparse matrix of the same entries. Nothing is copied: the Csr must outlive the
/// result, which is why a temporary one is refused. O(1), no heap.
template <class T>
[[nodiscard]] Eigen::Map<const Eigen::SparseMatrix<T, Eigen::RowMajor, Index>> as_sparse_matrix(
    const CsrView<T>& matrix) {
  return {matrix.rows,         matrix.cols, matrix.nonzeros(), matrix.row_offsets.data(), matrix.col_indices.data(),
          matrix.values.data()};
}

/// as_sparse_matrix(matrix.view()).
template <class T>
[[nodiscard]] auto as_sparse_matrix(const Csr<T>& matrix) {
  return as_sparse_matrix(matrix.view());
}

template <class T>
void as_sparse_matrix(const Csr<T>&& a_temporary_matrix_is_gone_before_its_rows_are_read) = delete;

namespace detail {

template <class M>
concept CompressedMatrix = std::derived_from<M, Eigen::SparseCompressedBase<M>>;

/// What a CsrView can point into: row after row, numbered by Index.
template <class M>
concept RowsOfEntries = CompressedMatrix<M> && bool(M::IsRowMajor) && std::same_as<typename M::StorageIndex, Index>;

template <class M>
inline constexpr bool is_sparse_map = false;
template <class M>
inline constexpr bool is_sparse_map<Eigen::Map<M>> = true;

template <class M>
concept LastingRowsOfEntries = RowsOfEntries<std::remove_cvref_t<M>> &&
    (std::is_lvalue_reference_v<M> || is_sparse_map<std::remove_cvref_t<M>>);

}  // namespace detail

/// Eigen's compressed row-major sparse matrix (int indices) seen as a CsrView: for assign, certify, nms, transpose.
///
/// Nothing is copied: the matrix must outlive the result; a temporary is refused at compile time, and so is a
/// column-major matrix, whose rows lie nowhere in one piece: convert it first,
/// `Eigen::SparseMatrix<float, Eigen::RowMajor> rows = columns;`. Throws std::invalid_argument for a matrix that is not
/// compressed (call makeCompressed()) and for one that begins in the middle of another. O(1), no heap.
template <class M>
requires detail::LastingRowsOfEntries<M>
[[nodiscard]] auto as_csr(M&& matrix) {
  using T = std::remove_cv_t<typename std::remove_cvref_t<M>::Scalar>;
  const Index rows = detail::to_index(static_cast<std::size_t>(matrix.rows()), "matrix");
  const Index cols = detail::to_index(static_cast<std::size_t>(matrix.cols()), "matrix.transpose()");
  if (!matrix.isCompressed()) {
    detail::invalid("matrix is not compressed: call makeCompressed() first");
  }
  const Index* offsets = matrix.outerIndexPtr();
  if (offsets == nullptr) {  // Eigen allocates nothing for 0 x 0
    static constexpr Index no_rows[] = {0};
    offsets = no_rows;
  }
  if (offsets[0] != 0) {
    detail::invalid("matrix begins at entry ", offsets[0], " of a larger one: copy it first");
  }
  const auto entries = static_cast<std::size_t>(offsets[rows]);
  return CsrView<T>{
      rows, cols, {offsets, detail::at(rows) + 1}, {matrix.innerIndexPtr(), entries}, {matrix.valuePtr(), entries}};
}

template <class M>
requires(detail::CompressedMatrix<std::remove_cvref_t<M>> &&
         !detail::LastingRowsOfEntries<M>) void as_csr(M&& only_a_named_row_major_matrix_with_int_indices) = delete;

/// The full optimal assignment of an Eigen matrix of costs: scipy.optimize.linear_sum_assignment(cost).
///
/// cost: any storage order or expression. An expression is evaluated at each read of a coefficient, several times in
/// all: evaluate a costly one into a matrix first. Result, ties, errors, time and memory are those of
/// assign_dense(rows, cols, cost, options).
template <class Derived>
[[nodiscard]] auto assign_dense(const Eigen::DenseBase<Derived>& cost, DenseOptions options = {}) {
  const Index rows = detail::to_index(static_cast<std::size_t>(cost.rows()), "cost");
  const Index cols = detail::to_index(static_cast<std::size_t>(cost.cols()), "cost.transpose()");
  return assign_dense(
      rows, cols, [&](Index i, Index j) { return cost.derived().coeff(i, j); }, options);
}

}  // namespace boxlap
