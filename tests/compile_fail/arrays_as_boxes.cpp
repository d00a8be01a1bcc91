// refused: numbers_are_no_boxes_yet.*boxlap::view
#include <array>
#include <boxlap/nms/batched.hpp>
#include <boxlap/nms/groups.hpp>
#include <boxlap/nms/nms.hpp>
#include <boxlap/nms/soft.hpp>
#include <boxlap/pairs/overlaps.hpp>
#include <vector>

#if defined(REFUSED)
using Row = std::array<float, 4>;
#else
using Row = boxlap::Box<float>;
#endif

auto keep(const std::vector<Row>& boxes, const std::vector<float>& scores) { return boxlap::nms(boxes, scores, 0.5); }
auto groups(const std::vector<Row>& boxes, const std::vector<float>& scores) {
  return boxlap::nms_groups(boxes, scores, 0.5);
}
auto batched(const std::vector<Row>& boxes, const std::vector<float>& scores, const std::vector<int>& labels) {
  return boxlap::batched_nms(boxes, scores, labels, 0.5);
}
auto soft(const std::vector<Row>& boxes, const std::vector<float>& scores) { return boxlap::soft_nms(boxes, scores); }
auto overlaps(const std::vector<Row>& boxes) { return boxlap::iou_matrix(boxes, boxes); }
