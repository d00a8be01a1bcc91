// Every public function that needs the standard library only, called once: what a new compiler is tried on first.
// Returns the number of wrong answers; each is one that can be checked by hand. names.cmake fails if a function is
// missing here.
#include <array>
#include <boxlap/core.hpp>
#include <boxlap/evaluate/average_precision.hpp>
#include <boxlap/evaluate/center_distance.hpp>
#include <boxlap/evaluate/coco.hpp>
#include <boxlap/evaluate/confusion.hpp>
#include <boxlap/evaluate/most_matches.hpp>
#include <boxlap/evaluate/tide.hpp>
#include <boxlap/evaluate/voc.hpp>
#include <boxlap/match/anchor_rules.hpp>
#include <boxlap/match/batch.hpp>
#include <boxlap/nms/fusion.hpp>
#include <boxlap/nms/groups.hpp>
#include <boxlap/nms/merge.hpp>
#include <boxlap/nms/presets.hpp>
#include <boxlap/nms/soft.hpp>
#include <boxlap/nms/tiled.hpp>
#include <boxlap/pairs/centers.hpp>
#include <boxlap/pairs/labels.hpp>
#include <boxlap/shape/box3.hpp>
#include <boxlap/shape/decision.hpp>
#include <boxlap/shape/measures.hpp>
#include <boxlap/shape/mixed_overlap.hpp>
#include <boxlap/shape/pixel_box.hpp>
#include <boxlap/shape/polygon.hpp>
#include <boxlap/shape/quad.hpp>
#include <boxlap/shape/rotated_box.hpp>
#include <boxlap/shape/rotated_formats.hpp>
#include <boxlap/shape/wkt.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace {

using boxlap::Box;
using boxlap::Csr;
using boxlap::Index;
using boxlap::Point;
using boxlap::Polygon;
using boxlap::RotatedBox;
using Boxes = std::vector<Box<float>>;
using Rows = std::vector<Index>;
using RowPairs = std::vector<std::pair<Index, Index>>;

int failures = 0;

void check(bool right, const char* what) {
  if (!right) {
    std::printf("wrong: %s\n", what);
    ++failures;
  }
}

bool near_to(double a, double b) { return std::abs(a - b) < 1e-4; }

// Two squares that share half of each, and one far away.
const Boxes boxes = {{0, 0, 4, 4}, {2, 0, 6, 4}, {100, 100, 104, 104}};
const Boxes others = {{0, 0, 4, 4}, {101, 100, 105, 104}};
const std::vector<float> scores = {0.5F, 0.75F, 0.25F};
const std::vector<int> labels = {1, 1, 2};
const std::vector<int> other_labels = {1, 2};
const RotatedBox<double> square{2, 2, 4, 4, 0};
const std::vector<Point<double>> ring = {{0, 0}, {4, 0}, {4, 4}, {0, 4}};

void call_boxes() {
  const Box<float> a = boxes[0], b = boxes[1];
  check(boxlap::from_xywh(0.F, 0.F, 4.F, 4.F) == a, "from_xywh");
  check(boxlap::from_cxcywh(2.F, 2.F, 4.F, 4.F) == a, "from_cxcywh");
  check(boxlap::from_inclusive_pixels(0.F, 0.F, 3.F, 3.F) == a, "from_inclusive_pixels");
  check(boxlap::to_xywh(b) == boxlap::Xywh<float>{2, 0, 4, 4}, "to_xywh");
  check(boxlap::to_cxcywh(b) == boxlap::Cxcywh<float>{4, 2, 4, 4}, "to_cxcywh");
  check(boxlap::center(b) == Point<float>{4, 2}, "center");
  check(boxlap::clip(b, {0, 0, 4, 3}) == Box<float>{2, 0, 4, 3}, "clip");
  check(boxlap::cast<double>(a) == Box<double>{0, 0, 4, 4}, "cast");
  check(boxlap::area(a) == 16 && boxlap::bounds(a) == a && boxlap::has_extent(a), "area, bounds, has_extent");
  check(boxlap::intersection_area(a, b) == 8 && boxlap::enclosing_area(a, b) == 24,
        "intersection_area, enclosing_area");
  check(near_to(boxlap::iou(a, b), 1.0 / 3) && boxlap::iof(a, b) == 0.5F && boxlap::ios(a, b) == 0.5F, "iou, iof, ios");
  check(near_to(boxlap::giou(a, b), 1.0 / 3), "giou");
  check(near_to(boxlap::diou(a, b), 1.0 / 3 - 4.0 / 52), "diou");
  check(near_to(boxlap::ciou(a, b), 1.0 / 3 - 4.0 / 52), "ciou");
  check(boxlap::is_empty_image_mark(Box<float>{0, 0, 0, 0}), "is_empty_image_mark");
  check(boxlap::with_pixels(a, 1.F) == Box<float>{0, 0, 5, 5}, "with_pixels");
  const boxlap::PixelBox<float> p{0, 0, 3, 3}, q{2, 0, 5, 3};
  check(area(p) == 16 && intersection_area(p, q) == 8 && near_to(iou(p, q), 1.0 / 3), "PixelBox");
  check(boxlap::has_extent(bounds(p)), "bounds of a PixelBox");
  const auto box_of = [](Index i) { return boxes[static_cast<std::size_t>(i)]; };
  const auto same = boxlap::view(boxes.size(), box_of);
  check(same.size() == 3 && same[1] == b && boxlap::View(boxes.size(), box_of)[1] == b, "view, View");
  check(*same.begin() == a && same.end() - same.begin() == 3, "begin and end of a view");
  check(boxlap::take(boxes, Rows{1}) == Boxes{b}, "take");
  check(boxlap::center_distance(a, b) == 2, "center_distance");
}

void call_rotated_boxes() {
  const auto opencv = boxlap::from_opencv(2.0, 2.0, 4.0, 2.0, 30.0);
  check(opencv == RotatedBox<double>{2, 2, 4, 2, 30}, "from_opencv");
  check(boxlap::from_detectron2(2.0, 2.0, 4.0, 2.0, -30.0) == opencv, "from_detectron2");
  check(boxlap::from_torchvision(2.0, 2.0, 4.0, 2.0, -30.0).w == 4, "from_torchvision");
  check(near_to(boxlap::from_radians(2.0, 2.0, 4.0, 2.0, 0.5235987756).degrees, 30), "from_radians");
  check(near_to(boxlap::from_mmcv(2.0, 2.0, 4.0, 2.0, 0.5235987756).degrees, 30), "from_mmcv");
  check(near_to(boxlap::radians(opencv), 0.5235987756), "radians");
  check(near_to(iou(boxlap::to_opencv(opencv), opencv), 1), "to_opencv");
  check(boxlap::to_detectron2(opencv).w == 4, "to_detectron2");
  check(near_to(iou(boxlap::named_as(opencv, boxlap::MmcvAngle::le90), opencv), 1), "named_as");
  check(near_to(iou(boxlap::from_corners(boxlap::corners(opencv)), opencv), 1), "from_corners, corners");
  check(near_to(area(boxlap::min_area_rectangle(ring)), 16), "min_area_rectangle");
  check(area(opencv) == 8 && has_extent(bounds(opencv)), "area and bounds of a RotatedBox");
  check(boxlap::cast<float>(opencv).w == 4, "cast of a RotatedBox");
  check(boxlap::centroid(opencv) == Point<double>{2, 2} && boxlap::perimeter(opencv) == 12, "centroid, perimeter");
  check(contains(opencv, Point<double>{2, 2}), "contains");
  const auto prepared = prepare(square);
  const std::vector<boxlap::PreparedRotatedBox<double>> set = {prepared, prepare(RotatedBox<double>{4, 2, 4, 4, 90})};
  const RowPairs rows = {{0, 0}, {0, 1}};
  std::vector<double> areas(2);
  boxlap::intersection_areas(set, set, rows, std::span<double>(areas));
  check(near_to(areas[0], 16) && near_to(areas[1], 8), "intersection_areas");
  check(near_to(intersection_area(prepared, set[1]), 8) && area(prepared) == 16, "prepared boxes");
  check(has_extent(bounds(prepared)) && contains(prepared, Point<double>{1, 1}), "bounds of a prepared box");
  check(near_to(area(boxlap::cast<float>(prepared)), 16), "cast of a prepared box");
  check(near_to(iou(square, Box<float>{0, 0, 4, 4}), 1), "mixed kinds and scalars");
  check(boxlap::iou_error_bound(square, opencv) < 1e-6, "iou_error_bound");
  check(boxlap::iou_at_least(square, square, 0.5) == boxlap::Decision::yes, "iou_at_least");
}

void call_polygons() {
  const Polygon<double> polygon = boxlap::make_polygon(ring);
  check(!polygon.empty() && polygon.points().size() == 4 && polygon.rings() == 1 && polygon.parts() == 1, "Polygon");
  check(polygon.ring(0).size() == 4 && !polygon.is_hole(0) && polygon.repairs().empty(), "Polygon's rings");
  check(boxlap::try_make_polygon(ring).has_value(), "try_make_polygon");
  check(boxlap::make_multipolygon(std::vector<Polygon<double>>{polygon}) == polygon, "make_multipolygon");
  check(boxlap::try_make_multipolygon(std::vector<Polygon<double>>{polygon}).has_value(), "try_make_multipolygon");
  check(boxlap::make_quad(std::array<Point<double>, 4>{ring[0], ring[1], ring[2], ring[3]}) == polygon, "make_quad");
  check(boxlap::convex_hull(ring).size() == 4 && boxlap::convex_hull(polygon) == polygon, "convex_hull");
  check(area(polygon) == 16 && has_extent(bounds(polygon)), "area and bounds of a polygon");
  check(near_to(area(boxlap::cast<float>(polygon)), 16), "cast of a polygon");
  check(near_to(intersection_area(polygon, square), 16), "a polygon and a rotated box");
  check(near_to(enclosing_area(polygon, square), 16), "enclosing_area of mixed kinds");
  check(near_to(centroid(polygon).x, 2) && perimeter(polygon) == 16, "centroid and perimeter of a polygon");
  check(contains(polygon, Point<double>{1, 1}), "contains of a polygon");
  check(near_to(area(min_area_rectangle(polygon)), 16), "min_area_rectangle of a polygon");
  const std::string text = boxlap::to_wkt(polygon);
  check(boxlap::parse_wkt<double>(text) == polygon && boxlap::parse_wkt(text) == polygon, "to_wkt, parse_wkt");
  check(!boxlap::try_parse_wkt<double>("POLYGON ((0 0").has_value(), "try_parse_wkt");
}

void call_boxes_in_space() {
  const boxlap::Box3<double> a{0, 0, 0, 4, 4, 2, 0}, b{2, 0, 0, 4, 4, 2, 0};
  check(volume(a) == 32 && shared_height(a, b) == 2 && near_to(intersection_volume(a, b), 16), "volumes");
  check(near_to(iou(a, b), 1.0 / 3) && area(bev(a)) == 16, "iou and bev of a Box3");
  check(boxlap::cast<float>(a).dx == 4, "cast of a Box3");
  check(volume(boxlap::from_nuscenes(0.0, 0.0, 0.0, 4.0, 4.0, 2.0, 0.5)) == 32, "from_nuscenes");
  check(volume(boxlap::from_kitti(2.0, 4.0, 4.0, 0.0, 0.0, 0.0, 0.5)) == 32, "from_kitti");
  check(boxlap::yaw_of_quaternion(1.0, 0.0, 0.0, 0.0) == 0, "yaw_of_quaternion");
}

void call_joins() {
  const RowPairs expected = {{0, 0}, {1, 0}, {2, 1}};
  RowPairs seen;
  boxlap::for_each_pair(boxes, others, [&](Index i, Index j) { seen.emplace_back(i, j); });
  check(seen.size() == 3, "for_each_pair");
  boxlap::for_each_pair(boxes, labels, boxes, labels, [&](Index i, Index j) { seen.emplace_back(i, j); });
  check(seen.size() == 8, "for_each_pair of labels");
  boxlap::for_each_pair(boxes, labels, [&](Index i, Index j) { seen.emplace_back(i, j); });
  check(seen.size() == 9, "for_each_pair of labels, one set");
  check(boxlap::pairs(boxes, others) == expected && boxlap::pairs(boxes) == RowPairs{{0, 1}}, "pairs");
  check(boxlap::pairs(boxes, others, {.touching = true, .threads = 2}) == expected, "pairs, touching, on threads");
  const boxlap::ShapeIndex index(others);
  check(boxlap::pairs(boxes, index) == expected && index.size() == 2 && index[0] == others[0], "ShapeIndex");

  check(near_to(boxlap::iou_matrix(boxes, others).at(1, 0), 1.0 / 3), "iou_matrix");
  check(boxlap::iof_matrix(boxes, others).at(1, 0) == 0.5F, "iof_matrix");
  check(boxlap::intersection_matrix(boxes, others).at(1, 0) == 8, "intersection_matrix");
  check(boxlap::union_matrix(boxes, others).at(1, 0) == 24, "union_matrix");
  check(boxlap::iou_matrix(boxes).nonzeros() == 2 && boxlap::iof_matrix(boxes).nonzeros() == 2, "iou, iof of one set");
  check(boxlap::intersection_matrix(boxes).at(1, 0) == 8 && boxlap::union_matrix(boxes).at(0, 1) == 24, "one set");
  check(boxlap::iou_matrix(boxes, labels, others, other_labels, {.min = 0.5}).nonzeros() == 2, "iou_matrix of labels");
  const std::vector<RotatedBox<double>> rotated = {square, {4, 2, 4, 4, 0}};
  check(near_to(boxlap::iou_matrix(rotated, others).at(1, 0), 1.0 / 3), "iou_matrix of mixed kinds");
}

void call_matrices() {
  const auto matrix = boxlap::make_csr<double>(2, 3, {{0, 2, 5.0}, {1, 0, 7.0}});
  const std::vector<boxlap::Triple<double>> triples = {{1, 0, 7}, {0, 2, 5}};
  check(boxlap::make_csr(2, 3, triples) == matrix, "make_csr");
  check(matrix.at(0, 2) == 5 && matrix.row(1).size() == 1 && matrix.nonzeros() == 2, "Csr");
  check(matrix.view().row(0).cols[0] == 2 && matrix.view().at(1, 0) == 7 && matrix.view().nonzeros() == 2, "CsrView");
  check(boxlap::transpose(matrix).at(2, 0) == 5 && boxlap::transpose(matrix.view()).rows == 3, "transpose");
  const auto is_large = [](Index, Index, double value) { return value > 6; };
  check(boxlap::filter(matrix, is_large).nonzeros() == 1, "filter");
  check(boxlap::filter(matrix.view(), is_large).at(1, 0) == 7, "filter of a view");
  double sum = 0;
  boxlap::for_each_entry(matrix, [&](Index, Index, double value) { sum += value; });
  check(sum == 12, "for_each_entry");
  boxlap::validate_offsets(matrix.view());
  boxlap::validate(matrix.view());
}

void call_nms() {
  const Rows kept = {1, 2};
  check(boxlap::nms(boxes, scores, 0.3) == kept, "nms");
  check(boxlap::nms(boxes, scores, {.iou_threshold = 0.5, .threads = 2}, boxlap::Ios{}) == Rows{1, 0, 2}, "nms by IoS");
  check(boxlap::nms(boxes, scores, {.iou_threshold = 0.2}, boxlap::Diou{}) == kept, "nms by DIoU");
  check(boxlap::nms(boxes, scores, {.iou_threshold = 0.3}, boxlap::OpencvIou{}) == kept, "nms by OpenCV's IoU");
  check(boxlap::nms(boxlap::iou_matrix(boxes), scores, 0.3) == kept, "nms of a matrix");
  check(boxlap::batched_nms(boxes, scores, labels, 0.3) == kept, "batched_nms");
  check(boxlap::batched_nms(boxes, scores, labels, 0.3, boxlap::ClassSplit::torchvision) == kept,
        "batched_nms, torchvision");
  check(boxlap::batched_nms(boxes, scores, labels, {.iou_threshold = 0.3}, boxlap::Ios{}) == kept,
        "batched_nms by IoS");
  const auto groups = boxlap::nms_groups(boxes, scores, 0.3);
  check(groups.keep == kept && groups.suppressor[0] == 1 && near_to(groups.overlap[0], 1.0 / 3), "nms_groups");
  check(boxlap::nms_groups(boxes, scores, {.iou_threshold = 0.3}, boxlap::Ios{}).keep == kept, "nms_groups by IoS");
  check(boxlap::soft_nms(boxes, scores).keep == Rows{1, 0, 2}, "soft_nms");
  check(boxlap::merge_boxes(boxes, scores, {.threshold = 0.3}).boxes[0] == Box<float>{0, 0, 6, 4}, "merge_boxes");
  check(boxlap::batched_merge_boxes(boxes, scores, labels, {.threshold = 0.3}).boxes.size() == 2,
        "batched_merge_boxes");
  const std::vector<int> models = {0, 1, 0};
  const std::vector<double> weights = {1, 1};
  check(boxlap::fuse_boxes(boxes, scores, labels, models, weights, {.iou_threshold = 0.3}).boxes.size() == 2,
        "fuse_boxes");

  const Box<double> left{0, 0, 50, 200}, right{50, 0, 200, 200};
  const std::vector<Box<double>> regions = {left, right};
  const auto read = [](Index tile) {
    const Boxes in_tile = tile == 0 ? Boxes{boxes[0], boxes[1]} : Boxes{boxes[2]};
    const std::vector<float> of_tile = tile == 0 ? std::vector<float>{0.5F, 0.75F} : std::vector<float>{0.25F};
    return std::pair(in_tile, of_tile);
  };
  check(boxlap::nms_tiled<Box<float>>(regions, read, {.iou_threshold = 0.3}) == kept, "nms_tiled");
  boxlap::TiledNms<Box<float>> tiled({.iou_threshold = 0.3}, 10.0);
  const auto first = read(0);
  const auto settled = tiled.add(left, first.first, first.second);
  check(tiled.rows() == 2 && static_cast<std::size_t>(tiled.waiting()) == tiled.waiting_rows().size(), "TiledNms");
  check(settled.size() + tiled.finish().size() == 1, "TiledNms::finish");

  check(boxlap::above(scores, 0.5) == Rows{1} && boxlap::top(scores, 1) == Rows{1}, "above, top");
  check(boxlap::limit_per_class({1, 0, 2}, labels, 1) == kept, "limit_per_class");
}

void call_presets() {
  namespace presets = boxlap::presets;
  const Rows kept = {1, 2};
  check(presets::torchvision_nms(boxes, scores, 0.3) == kept, "torchvision_nms");
  check(presets::torchvision_batched_nms(boxes, scores, labels, 0.3) == kept, "torchvision_batched_nms");
  check(presets::detectron2_batched_nms(boxes, scores, labels, 0.3) == kept, "detectron2_batched_nms");
  const std::vector<RotatedBox<float>> rotated = {{2, 2, 4, 4, 0}, {4, 2, 4, 4, 0}, {50, 50, 4, 4, 0}};
  check(presets::detectron2_nms_rotated(rotated, scores, 0.3) == kept, "detectron2_nms_rotated");
  check(presets::opencv_nms_boxes(boxes, scores, {.nms_threshold = 0.3F}) == kept, "opencv_nms_boxes");
  const std::array<float, 8> corners = {0, 0, 4, 4, 0, 2, 4, 6};
  check(presets::onnx_box(std::span<const float, 4>(corners.data(), 4), false) == Box<float>{0, 0, 4, 4}, "onnx_box");
  const std::array<float, 2> two = {0.5F, 0.75F};
  const presets::OnnxOptions options{.max_output_boxes_per_class = 2, .iou_threshold = 0.3F};
  check(presets::onnx_non_max_suppression(corners, two, 1, 1, options).size() == 1, "onnx_non_max_suppression");
}

void call_matching() {
  const auto weights = boxlap::intersection_matrix(boxes, others);
  const auto found = boxlap::assign(weights);
  check(found.count == 2 && found.col_of_row == Rows{0, boxlap::none, 1}, "assign");
  check(boxlap::assign(weights.view(), {.objective = boxlap::Objective::most_pairs}).count == 2, "assign of a view");
  boxlap::AssignWorkspace<float> workspace;
  boxlap::Assignment<float> again;
  boxlap::assign(weights, {}, workspace, again);
  check(again.col_of_row == found.col_of_row, "assign with a workspace");
  check(boxlap::certify(weights, found).valid, "certify");
  check(boxlap::keep_at_least(weights, found, 14).count == 1, "keep_at_least");
  const auto batch = boxlap::concatenate(std::vector<Csr<float>>{weights, weights});
  const auto both = boxlap::assign(batch.weights);
  check(batch.size() == 2 && boxlap::split(batch, both)[1].col_of_row == found.col_of_row, "concatenate, split");
  const auto dense = boxlap::assign_dense(2, 2, [](Index i, Index j) { return i == j ? 3 : 1; });
  check(dense.total == 2 && dense.col_of_row == Rows{1, 0}, "assign_dense");
  const auto ious = boxlap::iou_matrix(boxes, others);
  check(boxlap::match_greedy(ious, {.threshold = 0.3}).count == 2, "match_greedy");
  const std::vector<float> two = {0.5F, 0.25F};
  check(boxlap::match_greedy(ious, two, {.threshold = 0.3}).count == 2, "match_greedy with scores");

  check(boxlap::match_anchors(boxes, others).truth_of_anchor == Rows{0, boxlap::between, 1}, "match_anchors");
  check(boxlap::match_anchors_ssd(boxes, others).truth_of_anchor == Rows{0, boxlap::none, 1}, "match_anchors_ssd");
  check(boxlap::match_anchors_max_iou(boxes, others).truth_of_anchor[2] == 1, "match_anchors_max_iou");
  check(boxlap::match_anchors_max_iou(boxes, others, Boxes{}).truth_of_anchor[0] == 0,
        "match_anchors_max_iou, ignored");
  const auto candidates = boxlap::make_csr<float>(2, 3, {{0, 0, 0.F}, {0, 1, 2.F}, {1, 2, 1.F}});
  check(boxlap::match_anchors_atss(boxes, others, candidates).truth_of_anchor.size() == 3, "match_anchors_atss");
}

void call_evaluation() {
  const std::vector<double> detection_scores = {0.75, 0.5};
  const auto pairs = boxlap::image_pairs(boxes, others);
  check(pairs.truths() == 3 && pairs.predictions() == 2 && pairs.iou(0, 0, 16) == 1 && pairs.iof(0, 8) == 0.5F,
        "image_pairs");
  check(boxlap::match_weights(pairs, {}).nonzeros() == 3, "match_weights");
  const auto score = boxlap::score_image(boxes, others, labels, other_labels);
  check(score.matches == 2 && boxlap::score_image(boxes, others).matches == 2, "score_image");
  const Rows partner = {0, boxlap::none, 1};
  check(boxlap::score_matching(pairs, std::span<const Index>(partner), labels, other_labels) == score,
        "score_matching");
  check(boxlap::summarize(std::vector{score}).box_precision == 1, "summarize");
  check(boxlap::most_matches(pairs, labels, other_labels, 0.5) == 2, "most_matches");

  using enum boxlap::Outcome;
  const std::vector<boxlap::Outcome> outcomes = {true_positive, false_positive};
  check(boxlap::average_precision(detection_scores, outcomes, 2) == 0.5, "average_precision");
  const auto curve = boxlap::precision_recall_curve(detection_scores, outcomes, 2);
  check(curve.size() == 2 && boxlap::best_f1(curve).f1() > 0.6, "precision_recall_curve, best_f1");

  const auto coco = boxlap::coco_image(1, boxes, others, labels, other_labels, detection_scores);
  const auto coco_summary = boxlap::coco_summary(std::vector{coco});
  check(coco.outcome(0, 0, 0) == true_positive && coco_summary.ar(1, 0, 2, 0) == 1, "coco_image, coco_summary");
  check(near_to(coco_summary.ap(1, 0, 2, 0), 1) && coco_summary.place(0, 0, 0, 0) == 0, "CocoSummary");
  check(!boxlap::CocoQuirks::none().closed_areas, "CocoQuirks");
  const std::int64_t category = 1;
  check(boxlap::coco_outcomes(std::vector{coco}, &category, 0, 0).positives == 2, "coco_outcomes");
  const boxlap::Xywh<double> a{0, 0, 4, 4}, b{2, 0, 4, 4};
  check(area(a) == 16 && intersection_area(a, b) == 8 && has_extent(bounds(a)), "Xywh as a shape");

  const auto voc = boxlap::voc_image(1, boxes, others, labels, other_labels, detection_scores);
  check(boxlap::voc_summary(std::vector{voc}).classes.size() == 2, "voc_image, voc_summary");
  const auto tide = boxlap::tide_image(1, pairs, labels, other_labels, detection_scores);
  check(boxlap::tide_summary(std::vector{tide}).ap > 0.7, "tide_image, tide_summary");
  const auto confusion = boxlap::confusion_image(pairs, labels, other_labels, detection_scores);
  check(boxlap::merge_confusion(std::vector{confusion, confusion})[0].count == 2, "confusion_image, merge_confusion");

  const auto errors = [](Index, Index) { return std::array<double, 1>{0.25}; };
  const std::vector<Point<double>> points = {{2, 2}, {102.5, 102}};
  const auto centers = boxlap::center_image(1, points, points, detection_scores, 2.0, errors);
  const std::vector images = {centers};
  using Images = std::span<const boxlap::CenterImage<1>>;
  check(boxlap::center_summary(Images(images)).true_positives == 2, "center_image, center_summary");
}

}  // namespace

int main() {
  call_boxes();
  call_rotated_boxes();
  call_polygons();
  call_boxes_in_space();
  call_joins();
  call_matrices();
  call_nms();
  call_presets();
  call_matching();
  call_evaluation();
  return failures;
}
