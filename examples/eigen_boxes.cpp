// Detections as an Eigen matrix, one row each: x1, y1, x2, y2, score. Nothing is copied on the way in.
#include <Eigen/Dense>
#include <boxlap/boxlap.hpp>
#include <cstdio>
#include <vector>

int main() {
  Eigen::MatrixXf detections(4, 5);
  detections << 10, 10, 60, 60, 0.9f,  //
      12, 11, 62, 58, 0.8f,            //
      200, 40, 260, 90, 0.7f,          //
      205, 42, 262, 88, 0.75f;

  const auto boxes = boxlap::as_boxes(detections.leftCols(4));
  const std::vector<int> keep = boxlap::nms(boxes, detections.col(4), 0.5);
  const Eigen::MatrixXf kept = detections(keep, Eigen::seqN(0, 5));
  std::printf("%ld of %ld rows kept, the best score is %.2f\n", static_cast<long>(kept.rows()),
              static_cast<long>(detections.rows()), static_cast<double>(kept(0, 4)));

  // A buffer that came from elsewhere, and the sparse overlaps as Eigen's own matrix.
  const std::vector<double> buffer{11, 10, 61, 60, 201, 41, 259, 91};
  const Eigen::Map<const Eigen::Matrix<double, Eigen::Dynamic, 4, Eigen::RowMajor>> truths(buffer.data(), 2, 4);
  const auto iou = boxlap::iou_matrix(boxlap::as_boxes(truths), boxes);
  const auto sparse = boxlap::as_sparse_matrix(iou);
  const Eigen::VectorXd covered = sparse * Eigen::VectorXd::Ones(sparse.cols());
  for (int i = 0; i < covered.size(); ++i) {
    std::printf("truth %d: sum of IoU %.3f\n", i, covered[i]);
  }
  return keep == std::vector<int>{0, 3} && sparse.nonZeros() == 4 && covered.minCoeff() > 0.9 ? 0 : 1;
}
