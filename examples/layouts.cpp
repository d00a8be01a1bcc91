// Boxes as other libraries keep them, read in place: a struct with x, y, width and height, and four separate arrays.
#include <boxlap/core.hpp>
#include <cstdio>
#include <vector>

/// OpenCV's cv::Rect2f has these members; nothing of OpenCV is needed here.
struct Rect2f {
  float x, y, width, height;
};

struct Detection {
  Rect2f rect;
  float confidence;
  int class_id;
};

/// Structure of arrays: one array a coordinate, as column stores and GPU buffers have it.
struct Columns {
  std::size_t size;
  const double *x1, *y1, *x2, *y2;
};

int main() {
  const std::vector<Detection> detections{{{10, 10, 50, 50}, 0.6f, 0},
                                          {{12, 12, 50, 50}, 0.9f, 0},
                                          {{11, 9, 50, 50}, 0.8f, 1},
                                          {{300, 5, 20, 20}, 0.5f, 1}};
  const Detection* const rows = detections.data();
  const std::size_t n = detections.size();
  const auto boxes = boxlap::view(n, [&](boxlap::Index i) {
    const Rect2f& r = rows[i].rect;
    return boxlap::from_xywh(r.x, r.y, r.width, r.height);
  });
  const auto scores = boxlap::view(n, [&](boxlap::Index i) { return rows[i].confidence; });
  const auto labels = boxlap::view(n, [&](boxlap::Index i) { return rows[i].class_id; });
  const std::vector<boxlap::Index> keep = boxlap::batched_nms(boxes, scores, labels, 0.5);
  for (const boxlap::Index i : keep) {
    std::printf("kept row %d of class %d\n", i, rows[i].class_id);
  }

  const double x1[] = {10, 295}, y1[] = {10, 0}, x2[] = {60, 325}, y2[] = {60, 30};
  const Columns truth{2, x1, y1, x2, y2};
  const auto truths = boxlap::view(truth.size, [&](boxlap::Index i) {
    return boxlap::Box{truth.x1[i], truth.y1[i], truth.x2[i], truth.y2[i]};
  });
  const auto iou = boxlap::iou_matrix(truths, boxes);  // float and double meet in double
  boxlap::for_each_entry(iou, [](boxlap::Index i, boxlap::Index j, double value) {
    std::printf("truth %d and detection %d: IoU %.3f\n", i, j, value);
  });
  return keep == std::vector<boxlap::Index>{1, 2, 3} && iou.nonzeros() == 4 ? 0 : 1;
}
