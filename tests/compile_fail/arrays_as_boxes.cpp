// refused: numbers_are_no_boxes_yet.*boxlap::view
#include <array>
#include <boxlap/evaluate/coco_image.hpp>
#include <boxlap/evaluate/voc.hpp>
#include <boxlap/match/anchor_rules.hpp>
#include <boxlap/match/anchors.hpp>
#include <boxlap/nms/batched.hpp>
#include <boxlap/nms/fusion.hpp>
#include <boxlap/nms/groups.hpp>
#include <boxlap/nms/merge.hpp>
#include <boxlap/nms/nms.hpp>
#include <boxlap/nms/soft.hpp>
#include <boxlap/pairs/join.hpp>
#include <boxlap/pairs/overlaps.hpp>
#include <boxlap/pairs/shape_index.hpp>
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
auto shares(const std::vector<Row>& boxes) { return boxlap::iof_matrix(boxes, boxes); }
auto areas(const std::vector<Row>& boxes) { return boxlap::intersection_matrix(boxes); }
auto unions(const std::vector<Row>& boxes) { return boxlap::union_matrix(boxes, boxes); }
void visit(const std::vector<Row>& boxes) {
  boxlap::for_each_pair(boxes, boxes, [](boxlap::Index, boxlap::Index) {});
}
void visit_one(const std::vector<Row>& boxes) {
  boxlap::for_each_pair(boxes, [](boxlap::Index, boxlap::Index) {});
}
auto index(const std::vector<Row>& boxes) { return boxlap::ShapeIndex(boxes).size(); }
auto matched(const std::vector<Row>& boxes) { return boxlap::match_anchors(boxes, boxes); }
auto matched_ssd(const std::vector<Row>& boxes) { return boxlap::match_anchors_ssd(boxes, boxes); }
auto matched_max(const std::vector<Row>& boxes) { return boxlap::match_anchors_max_iou(boxes, boxes); }
auto merged(const std::vector<Row>& boxes, const std::vector<float>& scores) {
  return boxlap::merge_boxes(boxes, scores);
}
auto coco(const std::vector<Row>& boxes, const std::vector<int>& labels, const std::vector<float>& scores) {
  return boxlap::coco_image(1, boxes, boxes, labels, labels, scores);
}
auto voc(const std::vector<Row>& boxes, const std::vector<int>& labels, const std::vector<float>& scores) {
  return boxlap::voc_image(1, boxes, boxes, labels, labels, scores);
}
