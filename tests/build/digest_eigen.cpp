// Digests of eigen.hpp and of center indexes; see digest/line.hpp.
#include <Eigen/Dense>
#include <Eigen/Sparse>
#include <boxlap/eigen.hpp>
#include <boxlap/pairs/center_index.hpp>
#include <boxlap/pairs/overlaps.hpp>
#include <string>
#include <vector>

#include "digest/line.hpp"
#include "digest/scenes.hpp"

namespace {

using boxlap::Box;
using boxlap::Index;
using namespace digest;

void print_matrices() {
  Line line(same, "as_*, to_points, make_polygon, try_make_polygon, assign_dense");
  const auto boxes = scattered<double>(40, 7, 1);
  const auto matrix = boxlap::as_matrix(boxes);
  const Eigen::MatrixXd columns = matrix;
  const Eigen::MatrixXd five = Eigen::MatrixXd::Constant(2, 5, 3);
  const boxlap::MatrixRows<Box<double>, 4> rows = boxlap::as_boxes(columns);
  for (Index i = 0; i < 40; ++i) {
    line.add(rows[i]);
  }
  line.add(boxlap::as_rotated_boxes(five)[1].degrees, boxlap::to_points(columns.leftCols(2)));
  Eigen::MatrixXd triangle(3, 2);
  triangle << 0, 0, 4, 0, 0, 4;
  line.add(boxlap::make_polygon(triangle).points(), boxlap::try_make_polygon(triangle).has_value());
  const auto areas = boxlap::intersection_matrix(boxes);
  const Eigen::SparseMatrix<double, Eigen::RowMajor> sparse = boxlap::as_sparse_matrix(areas);
  line.add(boxlap::transpose(boxlap::as_csr(sparse)));
  const Eigen::MatrixXi cost = columns.leftCols(4).cast<int>();
  const auto found = boxlap::assign_dense(cost);
  line.add(found.col_of_row, found.row_of_col, found.total);
}

template <class T>
void print_centers(const std::string& scalar) {
  Line line(same, "CenterIndex " + scalar);
  const auto boxes = scattered<T>(700, 9, 2), places = scattered<T>(60, 9, 3);
  const boxlap::CenterIndex index(boxes);
  for (const Box<T>& place : places) {
    for (const auto& neighbor : index.nearest(place, 5)) {
      line.add(neighbor.row, neighbor.distance);
    }
    for (const auto& neighbor : index.within(place, 30)) {
      line.add(neighbor.row, neighbor.distance);
    }
  }
  line.add(index.nearest_matrix(places, 7, 2), index.within_matrix(boxes, 25, 3), index.size());
}

}  // namespace

int main() {
  print_matrices();
  print_centers<float>("float");
  print_centers<double>("double");
}
