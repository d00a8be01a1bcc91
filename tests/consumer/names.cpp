// Everything in one namespace: the common calls still mean boxlap's functions. Two names have to be qualified: `Index`,
// which Eigen has too, and `ios`, which is a stream class of std.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include <Eigen/Dense>
#include <boxlap/boxlap.hpp>

using namespace std;
using namespace Eigen;
using namespace boxlap;

float shapes(const vector<Box<float>>& boxes) {
  const auto same = view(boxes.size(), [&](int i) { return boxes[static_cast<size_t>(i)]; });
  const RotatedBox<float> turned{1, 2, 3, 4, 5};
  return iou(boxes[0], same[1]) + iof(boxes[0], boxes[1]) + boxlap::ios(boxes[0], boxes[1]) + giou(boxes[0], boxes[1]) +
         area(clip(boxes[0], boxes[1])) + center(boxes[0]).x + area(bounds(turned)) + iou(turned, boxes[0]);
}

vector<boxlap::Index> detections(const ArrayX4f& rows, const vector<float>& scores, const vector<int>& labels) {
  const auto boxes = as_boxes(rows);
  const auto confident = above(scores, 0.3);
  const auto best = take(boxes, top(scores, 100));
  const auto kept = batched_nms(boxes, scores, labels, 0.5);
  return kept.size() + confident.size() > best.size() ? kept : nms(boxes, scores, 0.5);
}

bool matching(const vector<Box<float>>& truths, const vector<Box<float>>& boxes) {
  auto overlaps = iou_matrix(truths, boxes, {.min = 0.1});
  overlaps = filter(transpose(transpose(overlaps)), [](int, int, float value) { return value > 0.2F; });
  const auto found = assign(overlaps);
  long count = 0;
  for_each_pair(truths, boxes, [&](int, int) { ++count; });
  return certify(overlaps, found).valid && static_cast<size_t>(count) == pairs(truths, boxes).size() &&
         match_anchors(boxes, truths).truth_of_anchor[0] == none && as_sparse_matrix(overlaps).nonZeros() > 0;
}

void windows(const MatrixXf& columns, Array<float, Dynamic, Dynamic, RowMajor>& mean) {
  const Array<float, Dynamic, Dynamic, RowMajor> in = columns.array();
  Array<float, Dynamic, Dynamic, RowMajor> variance;
  moving_mean(in, 3, mean);
  moving_moments(in, Window(5), mean, variance);
  enhanced_lee(in, 7, Speckle::intensity(4, 1), mean);
}
