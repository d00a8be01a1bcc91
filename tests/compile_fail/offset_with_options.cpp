// refused: coordinates_of_boxes_alone_can_be_offset
#include <boxlap/nms/batched.hpp>
#include <boxlap/shape/rotated_box.hpp>
#include <vector>

#if defined(REFUSED)
using Shape = boxlap::RotatedBox<float>;
#else
using Shape = boxlap::Box<float>;
#endif

auto keep(const std::vector<Shape>& shapes, const std::vector<float>& scores, const std::vector<int>& labels) {
  return boxlap::batched_nms(shapes, scores, labels, {.iou_threshold = 0.5}, boxlap::ClassSplit::coordinate_offset);
}
