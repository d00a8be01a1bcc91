// The README's blocks as one program: it prints what they find and fails when that is not what the README says.
#include <boxlap/core.hpp>
#include <cstdio>
#include <vector>

int main() {
  std::vector<boxlap::Box<float>> boxes{{10, 10, 60, 60}, {12, 11, 62, 58}, {200, 40, 260, 90}};  // x1, y1, x2, y2
  std::vector<float> scores{0.9f, 0.8f, 0.7f};
  std::vector<int> labels{1, 1, 2};

  std::vector<boxlap::Index> keep = boxlap::nms(boxes, scores, 0.5);                  // {0, 2}
  std::vector<boxlap::Index> kept = boxlap::batched_nms(boxes, scores, labels, 0.5);  // per class: {0, 2}
  std::vector<boxlap::Box<float>> detections = boxlap::take(boxes, keep);
  if (keep != std::vector<boxlap::Index>{0, 2} || kept != keep || detections.size() != 2) {
    return 1;
  }

  std::vector<boxlap::Box<float>> truths{{11, 10, 61, 60}, {400, 400, 450, 450}};
  boxlap::Csr<float> iou = boxlap::iou_matrix(truths, detections, {.min = 0.1});  // only pairs that meet are stored
  auto matching = boxlap::assign(iou);                                            // optimal one-to-one
  bool proved = boxlap::certify(iou, matching).valid;                             // and the proof of it
  for (boxlap::Index detection : matching.col_of_row) {
    std::printf("%d\n", detection);  // the detection of each truth, or boxlap::none
  }
  return proved && matching.count == 1 && matching.col_of_row[0] == 0 ? 0 : 1;
}
