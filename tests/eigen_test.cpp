#include <Eigen/Dense>
#include <boxlap/eigen.hpp>
#include <boxlap/match/assign.hpp>
#include <boxlap/nms/batched.hpp>
#include <boxlap/pairs/join.hpp>
#include <boxlap/pairs/overlaps.hpp>
#include <random>
#include <vector>

#include "catch.hpp"
#include "support/scenes.hpp"

using boxlap::as_boxes;
using boxlap::as_csr;
using boxlap::as_matrix;
using boxlap::as_rotated_boxes;
using boxlap::as_sparse_matrix;
using boxlap::Box;
using boxlap::Csr;
using boxlap::Index;

namespace {

template <class T>
using RowMajor4 = Eigen::Matrix<T, Eigen::Dynamic, 4, Eigen::RowMajor>;
template <class T>
using ColMajor4 = Eigen::Matrix<T, Eigen::Dynamic, 4, Eigen::ColMajor>;
template <class T>
using RowSparse = Eigen::SparseMatrix<T, Eigen::RowMajor, Index>;

template <class M>
constexpr bool reads_boxes = requires(M&& m) {
  as_boxes(std::forward<M>(m));
};
template <class M>
constexpr bool reads_csr = requires(M&& m) {
  as_csr(std::forward<M>(m));
};

template <class M>
constexpr bool reads_sparse = requires(M&& m) {
  as_sparse_matrix(std::forward<M>(m));
};
template <class R>
constexpr bool reads_matrix = requires(R&& r) {
  as_matrix(std::forward<R>(r));
};

template <class T, class M>
M filled(const std::vector<Box<T>>& boxes) {
  M m(Eigen::Index(boxes.size()), 4);
  for (Eigen::Index i = 0; i < m.rows(); ++i) {
    const Box<T>& b = boxes[std::size_t(i)];
    m.row(i) << b.x1, b.y1, b.x2, b.y2;
  }
  return m;
}

template <class T>
void require_equal(const std::vector<Box<T>>& read, const std::vector<Box<T>>& boxes) {
  REQUIRE(read == boxes);
}

/// Only the reading is compiled for each layout.
template <boxlap::Shapes R, class T>
void require_same(const R& rows, const std::vector<Box<T>>& boxes) {
  std::vector<Box<T>> read;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    read.push_back(rows[Index(i)]);
  }
  require_equal(read, boxes);
}

}  // namespace

TEMPLATE_TEST_CASE("An N x 4 array of any layout is read as boxes", "", float, double) {
  using T = TestType;
  scenes::Rng rng(1);
  const auto boxes = scenes::uniform<T>(50, 200, 30, rng);
  const auto rows = filled<T, RowMajor4<T>>(boxes);
  auto columns = filled<T, ColMajor4<T>>(boxes);
  const Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> dynamic = rows;
  const Eigen::Array<T, Eigen::Dynamic, 4> array = rows;

  require_same(as_boxes(rows), boxes);
  require_same(as_boxes(columns), boxes);
  require_same(as_boxes(dynamic), boxes);
  require_same(as_boxes(array), boxes);

  SECTION("Map, with strides too") {
    require_same(as_boxes(Eigen::Map<const RowMajor4<T>>(rows.data(), rows.rows(), 4)), boxes);
    using Stride = Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>;
    std::vector<T> wide(boxes.size() * 14);
    Eigen::Map<RowMajor4<T>, 0, Stride> map(wide.data(), rows.rows(), 4, Stride(14, 2));
    map = rows;
    require_same(as_boxes(map), boxes);
    require_same(as_boxes(Eigen::Map<const RowMajor4<T>, 0, Stride>(wide.data(), rows.rows(), 4, Stride(14, 2))),
                 boxes);
  }
  SECTION("Block of a wider matrix") {
    Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> detections(rows.rows(), 6);
    detections << rows, Eigen::Matrix<T, Eigen::Dynamic, 2>::Zero(rows.rows(), 2);
    require_same(as_boxes(detections.leftCols(4)), boxes);
    require_same(as_boxes(detections.template leftCols<4>()), boxes);
    const std::vector<Box<T>> some(boxes.begin() + 10, boxes.begin() + 15);
    require_same(as_boxes(rows.middleRows(10, 5)), some);
    require_same(as_boxes(columns.middleRows(10, 5)), some);
  }
  SECTION("Transpose of a 4 x N array") {
    const Eigen::Matrix<T, 4, Eigen::Dynamic> flat = rows.transpose();
    require_same(as_boxes(flat.transpose()), boxes);
  }
  SECTION("Ref, also one that had to copy") {
    const auto through = [&](const Eigen::Ref<const RowMajor4<T>>& ref) { require_same(as_boxes(ref), boxes); };
    through(rows);
    through(columns);  // another storage order: the Ref owns a copy, and is named, so it lasts
    Eigen::Ref<ColMajor4<T>> ref(columns);
    require_same(as_boxes(ref), boxes);
    require_same(as_boxes(Eigen::Ref<ColMajor4<T>>(columns)), boxes);
  }
  SECTION("It is the same memory") {
    const auto view = as_boxes(columns);
    columns(7, 2) = T{1234};
    REQUIRE(view[7].x2 == T{1234});
  }
}

TEST_CASE("Memory that would be gone is refused at compile time") {
  using Rows = RowMajor4<float>;
  STATIC_REQUIRE(reads_boxes<Rows&>);
  STATIC_REQUIRE(reads_boxes<const Rows&>);
  STATIC_REQUIRE_FALSE(reads_boxes<Rows>);
  STATIC_REQUIRE_FALSE(reads_boxes<const Rows>);
  STATIC_REQUIRE_FALSE(reads_boxes<Eigen::ArrayX4d>);
  STATIC_REQUIRE(reads_boxes<Eigen::Map<Rows>>);
  STATIC_REQUIRE(reads_boxes<Eigen::Ref<Rows>>);
  STATIC_REQUIRE(reads_boxes<const Eigen::Ref<const Rows>&>);
  STATIC_REQUIRE_FALSE(reads_boxes<Eigen::Ref<const Rows>>);
  STATIC_REQUIRE_FALSE(reads_boxes<decltype(std::declval<Rows&>() * 2.0f)>);  // computed when read: no memory at all
  STATIC_REQUIRE_FALSE(reads_boxes<const decltype(std::declval<Rows&>() + std::declval<Rows&>())&>);
  STATIC_REQUIRE_FALSE(reads_boxes<Eigen::MatrixX4i&>);
  STATIC_REQUIRE_FALSE(reads_boxes<Eigen::Matrix<float, Eigen::Dynamic, 5>&>);

  STATIC_REQUIRE(reads_csr<RowSparse<float>&>);
  STATIC_REQUIRE(reads_csr<const RowSparse<float>&>);
  STATIC_REQUIRE(reads_csr<Eigen::Map<const RowSparse<float>>>);
  STATIC_REQUIRE_FALSE(reads_csr<RowSparse<float>>);
  STATIC_REQUIRE_FALSE(reads_csr<Eigen::SparseMatrix<float>&>);
  STATIC_REQUIRE_FALSE(reads_csr<Eigen::SparseMatrix<float, Eigen::RowMajor, long>&>);
  STATIC_REQUIRE(reads_sparse<Csr<float>&>);
  STATIC_REQUIRE_FALSE(reads_sparse<Csr<float>>);
}

TEST_CASE("A matrix of another width is refused by name and number") {
  const Eigen::MatrixXf five = Eigen::MatrixXf::Zero(3, 5);
  REQUIRE_THROWS_WITH(as_boxes(five), "boxlap: matrix has 5 columns, expected 4");
  REQUIRE(as_boxes(Eigen::MatrixXf(0, 4).eval().leftCols(4)).size() == 0);
}

TEST_CASE("An N x 5 array is read as rotated boxes") {
  Eigen::Matrix<double, Eigen::Dynamic, 5> m(2, 5);
  m << 1, 2, 3, 4, 5, 10, 20, 30, 40, 50;
  const auto rows = as_rotated_boxes(m);
  REQUIRE(rows.size() == 2);
  REQUIRE(rows[1].cx == 10);
  REQUIRE(rows[1].cy == 20);
  REQUIRE(rows[1].w == 30);
  REQUIRE(rows[1].h == 40);
  REQUIRE(rows[1].degrees == 50);
  REQUIRE(boxlap::pairs(rows).empty());
}

TEST_CASE("N x 2 arrays of any layout are the rings of a polygon") {
  using boxlap::make_polygon;
  using boxlap::Point;
  const auto square = make_polygon(std::vector<Point<double>>{{0, 0}, {8, 0}, {8, 8}, {0, 8}});
  const std::vector<Point<double>> small{{1, 1}, {3, 1}, {3, 3}}, other{{4, 4}, {6, 4}, {6, 6}};
  const auto holed = make_polygon(std::vector<Point<double>>{{0, 0}, {8, 0}, {8, 8}, {0, 8}}, {small, other});
  Eigen::Matrix<double, Eigen::Dynamic, 2> shell(4, 2);
  shell << 0, 0, 8, 0, 8, 8, 0, 8;
  const Eigen::Matrix<double, Eigen::Dynamic, 2, Eigen::RowMajor> rows = shell;
  Eigen::Matrix<double, 3, 2, Eigen::RowMajor> hole;
  hole << 1, 1, 3, 1, 3, 3;
  Eigen::MatrixXd wide(4, 5);
  wide << shell, Eigen::MatrixXd::Zero(4, 3);
  using Stride = Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>;

  REQUIRE(make_polygon(shell) == square);
  REQUIRE(make_polygon(rows) == square);
  REQUIRE(make_polygon(Eigen::MatrixXd(shell)) == square);  // copied: a temporary may go
  REQUIRE(make_polygon(Eigen::ArrayX2d(shell)) == square);
  REQUIRE(make_polygon(wide.leftCols(2)) == square);
  REQUIRE(make_polygon(wide.leftCols<2>()) == square);
  REQUIRE(make_polygon(shell.transpose().eval().transpose()) == square);
  REQUIRE(make_polygon(Eigen::Ref<const Eigen::MatrixX2d>(rows)) == square);
  REQUIRE(make_polygon(Eigen::Map<const Eigen::MatrixX2d, 0, Stride>(wide.data(), 4, 2, Stride(4, 1))) == square);
  REQUIRE(make_polygon((shell + shell) / 2) == square);
  REQUIRE(make_polygon(shell * Eigen::Matrix2d::Identity()) == square);
  REQUIRE(make_polygon(shell.colwise().reverse()).repairs().size() == 1);
  REQUIRE(make_polygon(Eigen::MatrixX2f(shell.cast<float>())) == boxlap::cast<float>(square));
  REQUIRE(make_polygon(Eigen::MatrixX2d(0, 2)).empty());

  const Eigen::MatrixX2d another = hole.array() + Eigen::Array<double, 3, 2>{{3, 3}, {3, 3}, {3, 3}};
  REQUIRE(make_polygon(shell, {hole, another}) == holed);
  REQUIRE(make_polygon(shell, std::vector<Eigen::MatrixX2d>{hole, another}) == holed);
  REQUIRE(area(make_polygon(shell, {hole})) == 62);
  REQUIRE(make_polygon(shell, {}) == square);

  std::string why;
  REQUIRE(boxlap::try_make_polygon(shell, {hole, another}, &why) == holed);
  REQUIRE_FALSE(boxlap::try_make_polygon(shell, {hole, hole}, &why).has_value());
  REQUIRE_FALSE(why.empty());
  REQUIRE_FALSE(boxlap::try_make_polygon(shell.topRows(2), {}, &why).has_value());
  REQUIRE(why == "too few points: shell has fewer than three distinct vertices");
  REQUIRE_THROWS_WITH(make_polygon(wide), "boxlap: matrix has 5 columns, expected 2");
  STATIC_REQUIRE_FALSE(boxlap::detail::PointMatrix<Eigen::MatrixX2i>);
  STATIC_REQUIRE_FALSE(boxlap::detail::PointMatrix<Eigen::MatrixX3d>);
}

TEST_CASE("Boxes are a matrix, and the matrix is those boxes") {
  scenes::Rng rng(2);
  const auto boxes = scenes::uniform<float>(20, 100, 30, rng);
  const auto matrix = as_matrix(boxes);
  REQUIRE(matrix.rows() == 20);
  REQUIRE(static_cast<const void*>(matrix.data()) == boxes.data());
  REQUIRE(matrix == filled<float, RowMajor4<float>>(boxes));
  require_same(as_boxes(matrix), boxes);
  const std::vector<Box<double>> no_boxes;
  REQUIRE(as_matrix(no_boxes).rows() == 0);
  REQUIRE(as_matrix(std::span(boxes).first(3)).row(2) == matrix.row(2));
  STATIC_REQUIRE_FALSE(reads_matrix<std::vector<Box<double>>>);
}

TEST_CASE("An Eigen view gives the pairs and the overlaps of the boxes themselves") {
  for (const std::uint64_t seed : {3u, 4u}) {
    CAPTURE(seed);
    scenes::Rng rng(seed);
    const auto a = scenes::uniform<float>(300, 400, 30, rng);
    const auto b = scenes::clustered<float>(300, 10, 400, rng);
    const auto ma = filled<float, RowMajor4<float>>(a);
    const auto mb = filled<float, ColMajor4<float>>(b);
    REQUIRE(boxlap::iou_matrix(as_boxes(ma), as_boxes(mb)) == boxlap::iou_matrix(a, b));
    REQUIRE(boxlap::iou_matrix(a, as_boxes(mb)) == boxlap::iou_matrix(a, b));
  }
}

TEST_CASE("One matrix of detections goes through nms as it is") {
  scenes::Rng rng(6);
  const auto boxes = scenes::clustered<float>(400, 8, 500, rng);
  const auto scores = scenes::scores(400, rng);
  Eigen::MatrixXf detections(400, 6);  // x1, y1, x2, y2, score, class
  detections.leftCols(4) = as_matrix(boxes);
  detections.col(4) = Eigen::Map<const Eigen::VectorXf>(scores.data(), 400);
  const Eigen::VectorXi labels = Eigen::VectorXi::LinSpaced(400, 0, 399).unaryExpr([](int i) { return i % 3; });
  const std::vector<int> same_labels(labels.begin(), labels.end());
  const auto view = as_boxes(detections.leftCols(4));

  REQUIRE(boxlap::nms(view, detections.col(4), 0.5) == boxlap::nms(boxes, scores, 0.5));
  REQUIRE(boxlap::batched_nms(view, detections.col(4), labels, 0.5) ==
          boxlap::batched_nms(boxes, scores, same_labels, 0.5));
  const std::vector<Index> keep = boxlap::nms(view, detections.col(4), 0.5);
  const Eigen::VectorXi columns = Eigen::VectorXi::LinSpaced(6, 0, 5);
  const Eigen::MatrixXf kept = detections(keep, columns);
  REQUIRE(boxlap::take(as_boxes(kept.leftCols(4)), std::vector<Index>{0}).front() == boxes[std::size_t(keep[0])]);
  REQUIRE_THROWS_WITH(boxlap::nms(view, detections.col(4).head(399), 0.5),
                      "boxlap: scores has 399 rows, shapes has 400");
}

TEST_CASE("A Csr is Eigen's sparse matrix and the other way round") {
  scenes::Rng rng(5);
  const auto a = scenes::uniform<float>(120, 300, 40, rng);
  const auto b = scenes::uniform<float>(90, 300, 40, rng);
  const Csr<float> csr = boxlap::iou_matrix(a, b);
  REQUIRE(csr.nonzeros() > 50);

  const auto sparse = as_sparse_matrix(csr);
  REQUIRE(sparse.rows() == 120);
  REQUIRE(sparse.cols() == 90);
  REQUIRE(sparse.nonZeros() == csr.nonzeros());
  REQUIRE(sparse.valuePtr() == csr.values.data());
  for (Index i = 0; i < csr.rows; ++i) {
    for (Index j = 0; j < csr.cols; ++j) {
      REQUIRE(sparse.coeff(i, j) == csr.at(i, j));
    }
  }

  SECTION("back, without a copy") {
    const RowSparse<float> copy = sparse;
    const auto view = as_csr(copy);
    boxlap::validate(view);
    REQUIRE(view.values.data() == copy.valuePtr());
    REQUIRE(boxlap::transpose(boxlap::transpose(view)) == csr);
    REQUIRE(boxlap::assign(view).count == boxlap::assign(csr).count);
    REQUIRE(boxlap::transpose(as_csr(sparse)) == boxlap::transpose(csr));
  }
  SECTION("column-major is converted in the open") {
    const Eigen::SparseMatrix<float> columns = sparse;
    const RowSparse<float> rows = columns;
    REQUIRE(boxlap::transpose(boxlap::transpose(as_csr(rows))) == csr);
  }
  SECTION("what is not compressed or begins elsewhere is refused") {
    RowSparse<float> loose = sparse;
    loose.uncompress();
    REQUIRE_THROWS_WITH(as_csr(loose), "boxlap: matrix is not compressed: call makeCompressed() first");
    loose.makeCompressed();
    REQUIRE(as_csr(loose).nonzeros() == csr.nonzeros());
    const RowSparse<float> whole = sparse;
    const auto middle = whole.middleRows(60, 40);
    REQUIRE_THROWS_AS(as_csr(middle), std::invalid_argument);
  }
  SECTION("empty ones") {
    const Csr<double> nothing;
    REQUIRE(as_sparse_matrix(nothing).nonZeros() == 0);
    const RowSparse<double> none;
    REQUIRE(as_csr(none).rows == 0);
    boxlap::validate(as_csr(none));
    const Eigen::Map<const RowSparse<double>> nowhere(0, 0, 0, nullptr, nullptr, nullptr);  // as other versions do it
    boxlap::validate(as_csr(nowhere));
    REQUIRE(as_csr(nowhere).nonzeros() == 0);
    const RowSparse<double> no_entries(3, 4);
    boxlap::validate(as_csr(no_entries));
    REQUIRE(as_csr(no_entries).rows == 3);
  }
}

TEST_CASE("Triplets make a Csr") {
  const std::vector<Eigen::Triplet<float, int>> triplets{{1, 2, 0.5f}, {0, 1, 0.25f}};
  REQUIRE(boxlap::make_csr(2, 3, triplets) == boxlap::make_csr<float>(2, 3, {{0, 1, 0.25f}, {1, 2, 0.5f}}));
}

TEST_CASE("costs in an Eigen matrix are assigned as scipy does") {
  Eigen::MatrixXd cost(3, 3);
  cost << 4, 1, 3, 2, 0, 5, 3, 2, 2;  // scipy's own example
  const auto matched = boxlap::assign_dense(cost);
  REQUIRE(matched.col_of_row == std::vector<boxlap::Index>{1, 0, 2});
  REQUIRE(matched.total == 5);
  const Eigen::Array<float, 2, 3, Eigen::RowMajor> wide = cost.topRows(2).cast<float>();
  REQUIRE(boxlap::assign_dense(wide, {.maximize = true}).total == 9);
  REQUIRE(boxlap::assign_dense(-cost.topRows(2)).total == -9);
}
