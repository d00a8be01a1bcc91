// refused: labels_are_integers.*boxlap::view
#include <boxlap/evaluate/coco_image.hpp>
#include <boxlap/evaluate/detection.hpp>
#include <boxlap/evaluate/voc.hpp>
#include <boxlap/nms/batched.hpp>
#include <vector>

#if defined(REFUSED)
using Label = float;  // a column of a tensor; boxlap::view(n, [&](Index i) { return int(labels[i]); })
#else
using Label = int;
#endif

auto keep(const std::vector<boxlap::Box<float>>& boxes, const std::vector<float>& scores,
          const std::vector<Label>& labels) {
  return boxlap::batched_nms(boxes, scores, labels, 0.5);
}
auto score(const std::vector<boxlap::Box<float>>& boxes, const std::vector<Label>& labels) {
  return boxlap::score_image(boxes, boxes, labels, labels);
}
auto coco(const std::vector<boxlap::Box<float>>& boxes, const std::vector<float>& scores,
          const std::vector<Label>& labels) {
  return boxlap::coco_image(1, boxes, boxes, labels, labels, scores);
}
auto voc(const std::vector<boxlap::Box<float>>& boxes, const std::vector<float>& scores,
         const std::vector<Label>& labels) {
  return boxlap::voc_image(1, boxes, boxes, labels, labels, scores);
}
