// Every public function that needs Eigen or nanoflann, called once, as calls.cpp does for the others. Returns the
// number of wrong answers.
#include <Eigen/Dense>
#include <Eigen/Sparse>
#include <boxlap/boxlap.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <span>
#include <vector>

namespace {

using boxlap::Box;
using boxlap::Index;
template <class T>
using Image = Eigen::Array<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Bytes = std::vector<std::uint8_t>;

int failures = 0;

void check(bool right, const char* what) {
  if (!right) {
    std::printf("wrong: %s\n", what);
    ++failures;
  }
}

void call_matrices() {
  Eigen::MatrixXd corners(2, 4), turned(1, 5), triangle(3, 2);
  corners << 0, 0, 4, 4, 2, 0, 6, 4;
  turned << 2, 2, 4, 4, 0;
  triangle << 0, 0, 4, 0, 0, 4;
  const boxlap::MatrixRows<Box<double>, 4> boxes = boxlap::as_boxes(corners);
  check(boxes.size() == 2 && boxes[1] == Box<double>{2, 0, 6, 4}, "as_boxes");
  check(area(boxlap::as_rotated_boxes(turned)[0]) == 16, "as_rotated_boxes");
  check(boxlap::to_points(triangle).size() == 3, "to_points");
  check(area(boxlap::make_polygon(triangle)) == 8, "make_polygon");
  check(boxlap::try_make_polygon(triangle).has_value(), "try_make_polygon");
  const std::vector<Box<double>> set = {boxes[0], boxes[1]};
  check(boxlap::as_matrix(set)(1, 2) == 6, "as_matrix");
  const auto areas = boxlap::intersection_matrix(set);
  check(boxlap::as_sparse_matrix(areas).coeff(0, 1) == 8, "as_sparse_matrix");
  check(boxlap::as_sparse_matrix(areas.view()).nonZeros() == 2, "as_sparse_matrix of a view");
  const Eigen::SparseMatrix<double, Eigen::RowMajor> sparse = boxlap::as_sparse_matrix(areas);
  check(boxlap::as_csr(sparse).at(1, 0) == 8, "as_csr");
  Eigen::MatrixXd cost(2, 2);
  cost << 3, 1, 1, 3;
  check(boxlap::assign_dense(cost).total == 2, "assign_dense");
}

void call_center_index() {
  const std::vector<Box<float>> boxes = {{0, 0, 4, 4}, {2, 0, 6, 4}, {100, 100, 104, 104}};
  const boxlap::CenterIndex index(boxes);
  check(index.size() == 3 && index.nearest(boxes[1], 2)[1].row == 0, "CenterIndex::nearest");
  check(index.within(boxes[0], 3).size() == 2, "CenterIndex::within");
  check(index.nearest_matrix(boxes, 2).nonzeros() == 6, "CenterIndex::nearest_matrix");
  check(index.within_matrix(boxes, 3).at(1, 0) == 2, "CenterIndex::within_matrix");
}

void call_windows() {
  const Image<float> flat = Image<float>::Constant(8, 9, 3);
  const Image<std::uint8_t> valid = Image<std::uint8_t>::Constant(8, 9, 1);
  const boxlap::Mask mask(valid);
  check(mask.given() && *mask.row(0) == 1, "Mask");
  constexpr boxlap::Window window(3, 4);
  static_assert(window.pixels() == 12 && window.up() + window.down() == 2 && window.left() + window.right() == 3);
  boxlap::WindowOptions options;
  options.mask = mask;
  Image<float> mean, variance, out, flow_x, flow_y, eigenvalue;
  boxlap::moving_mean(flat, window, mean, options);
  check(mean(0, 0) == 3, "moving_mean");
  boxlap::moving_moments(flat, window, mean, variance);
  boxlap::moving_moments(flat, window, mean, variance, options);
  check(mean(7, 8) == 3 && variance(7, 8) == 0, "moving_moments");
  const auto speckle = boxlap::Speckle::intensity(4);
  check(boxlap::Speckle::amplitude(4).cu < 1 && boxlap::Speckle::one_plus_two_looks(4).cmax == 3, "Speckle");
  boxlap::enhanced_lee(flat, window, speckle, out);
  boxlap::enhanced_lee(flat, window, speckle, out, options);
  check(out(3, 3) == 3, "enhanced_lee");
  boxlap::lucas_kanade(flat, flat, 1, flow_x, flow_y);
  boxlap::lucas_kanade(flat, flat, 1, flow_x, flow_y, eigenvalue);
  check(flow_x(4, 4) == 0 && eigenvalue(4, 4) == 0, "lucas_kanade");
}

void call_streams() {
  const Image<float> flat = Image<float>::Constant(8, 9, 3);
  int rows = 0;
  const auto sink = [&](Index, auto... spans) { rows += sizeof...(spans) != 0 ? 1 : 0; };
  boxlap::MomentsStream<float> moments(9, 3);
  boxlap::WindowOptions options;
  options.skip_nan = true;
  boxlap::LeeStream<float> lee(9, 3, boxlap::Speckle::intensity(4), boxlap::Deviation::textbook, options);
  const Bytes all(9, 1);
  for (Index y = 0; y < 8; ++y) {
    const std::span<const float> row(&flat(y, 0), 9);
    moments.push(row, sink);
    lee.push(row, all, sink);
  }
  moments.finish(sink);
  lee.finish(sink);
  check(rows == 16, "MomentsStream, LeeStream");
}

void call_box_windows() {
  const Image<float> flat = Image<float>::Constant(8, 9, 3);
  const Box<float> box{2, 2, 5, 6};
  const auto statistics = boxlap::BoxMoments(flat)(box);
  check(statistics.pixels == 12 && statistics.mean == 3 && statistics.deviation() == 0, "BoxMoments");
  const auto motion = boxlap::BoxFlow(flat, flat)(box);
  check(motion.pixels == 12 && motion.moved(box) == box, "BoxFlow");
}

}  // namespace

int main() {
  call_matrices();
  call_center_index();
  call_windows();
  call_streams();
  call_box_windows();
  return failures;
}
