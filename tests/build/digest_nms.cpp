// Digests of everything in nms/; see digest/line.hpp.
#include <bit>
#include <boxlap/nms/batched.hpp>
#include <boxlap/nms/fusion.hpp>
#include <boxlap/nms/groups.hpp>
#include <boxlap/nms/merge.hpp>
#include <boxlap/nms/nms.hpp>
#include <boxlap/nms/presets.hpp>
#include <boxlap/nms/select.hpp>
#include <boxlap/nms/soft.hpp>
#include <boxlap/nms/tiled.hpp>
#include <boxlap/pairs/overlaps.hpp>
#include <boxlap/shape/rotated_box.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "digest/line.hpp"
#include "digest/scenes.hpp"

namespace {

using boxlap::Box;
using boxlap::Index;
using boxlap::NmsOptions;
using namespace digest;

constexpr Scores score_kinds[] = {Scores::spread, Scores::tied, Scores::exponential, Scores::odd};
constexpr double thresholds[] = {-0.5, 0, 1e-7, 0.3, 0.5, 0.7, 1, 1.5};

/// The field in which each of n boxes meets some 6 to 25 others.
int field_of(int n) { return 5 + static_cast<int>(std::bit_width(static_cast<unsigned>(n))) / 2; }

/// Sizes on both sides of each threshold: 80 scores are ranked, 400 and 2,048 are sorted otherwise than more, 1,536
/// boxes take only the stack.
template <class T>
void print_nms(const std::string& scalar) {
  for (const int n : {0, 1, 2, 5, 12, 16, 17, 30, 63, 64, 65, 80, 81, 150, 399, 401, 1536, 1537, 2048, 2049}) {
    Line line(same, "nms " + std::to_string(n) + " " + scalar);
    const auto boxes = n > 100 ? odd<T>(n, field_of(n), 1) : scattered<T>(n, 8, 2);
    for (const Scores kind : score_kinds) {
      const auto scores = scores_of<T>(n, kind, 3);
      for (const double threshold : thresholds) {
        // Where 0 suppresses too, or nothing is, sizes tell nothing.
        if (n < 500 || (threshold > 0 && threshold < 1)) {
          line.add(boxlap::nms(boxes, scores, threshold));
        }
      }
      line.add(boxlap::nms(boxes, scores, {.iou_threshold = 0.5, .suppress_equal = true, .threads = 2}));
    }
  }
}

/// Orders of many scores, and suppression in a list, in a grid and in a finer grid.
void print_large_nms() {
  for (const int n : {5000, 16384, 16385}) {
    Line line(same, "nms " + std::to_string(n));
    for (const Scores kind : score_kinds) {
      const auto scores = scores_of<float>(n, kind, 4);
      line.add(boxlap::nms(scattered<float>(n, n == 5000 ? 9 : 13, 5), scores, 0.6));
    }
  }
  // Boxes of many sizes: each level of the grid.
  Line sizes(same, "nms, boxes of many sizes");
  Random random(6);
  auto boxes = scattered<float>(4000, 10, 7);
  for (Box<float>& box : boxes) {
    const int power = random.below(10) - 5;
    box.x2 = box.x1 + std::ldexp(box.x2 - box.x1, power);
    box.y2 = box.y1 + std::ldexp(box.y2 - box.y1, power);
  }
  for (const double threshold : {0.01, 0.3, 0.5, 0.9}) {
    sizes.add(boxlap::nms(boxes, scores_of<float>(4000, Scores::spread, 8), threshold));
  }
}

/// Tiles begin at 200,000 rows.
void print_tiles() {
  Line line(same, "nms 199,999 and 200,000");
  const auto boxes = scattered<float>(200000, 14, 9);
  const auto scores = scores_of<float>(200000, Scores::spread, 10);
  for (const std::size_t n : {std::size_t{199999}, boxes.size()}) {
    for (const int threads : {1, 3}) {
      if (n == boxes.size() || threads == 1) {
        line.add(boxlap::nms(std::span(boxes).first(n), std::span(scores).first(n), {.threads = threads}));
      }
    }
  }
}

template <class Label>
void print_batched(const std::string& label, int classes) {
  Line line(same, "batched_nms, " + std::to_string(classes) + " classes " + label);
  for (const int n : {0, 1, 30, 100, 255, 256, 300, 1000, 1001, 2500}) {
    const auto boxes = n > 100 ? odd<float>(n, field_of(n), 11) : scattered<float>(n, 8, 12);
    const auto labels = labels_of<Label>(n, classes, 13);
    for (const Scores kind : {Scores::spread, Scores::odd}) {
      const auto scores = scores_of<float>(n, kind, 14);
      for (const double threshold : {0.3, 0.7}) {
        line.add(boxlap::batched_nms(boxes, scores, labels, threshold));
      }
      line.add(boxlap::batched_nms(boxes, scores, labels, NmsOptions{.iou_threshold = 0.5, .threads = 3}));
    }
  }
}

enum class Animal : std::int8_t { cat = -3, dog = 5 };

void print_batched() {
  print_batched<int>("int", 3);
  print_batched<int>("int", 80);
  print_batched<std::int64_t>("int64", 1000);
  Line line(same, "batched_nms, ClassSplit, enums, sparse labels");
  for (const int n : {500, 1000, 1001}) {
    const auto boxes = scattered<float>(n, 9, 15);
    const auto scores = scores_of<float>(n, Scores::tied, 16);
    auto labels = labels_of<std::int64_t>(n, 7, 17);
    std::vector<Animal> animals;
    for (const std::int64_t x : labels) {
      animals.push_back(x % 2 == 0 ? Animal::cat : Animal::dog);
    }
    using enum boxlap::ClassSplit;
    for (const auto split : {per_class, coordinate_offset, torchvision}) {
      line.add(boxlap::batched_nms(boxes, scores, labels, 0.4, split));
    }
    line.add(boxlap::batched_nms(boxes, scores, animals, 0.4));
    for (std::int64_t& x : labels) {
      x = (x - 3) << 40;
    }
    line.add(boxlap::batched_nms(boxes, scores, labels, 0.4));
  }
  Line doubles(same, "batched_nms double");
  doubles.add(boxlap::batched_nms(odd<double>(900, 9, 18), scores_of<double>(900, Scores::spread, 19),
                                  labels_of<int>(900, 5, 20), 0.45));
}

void print_measures() {
  const auto boxes = odd<float>(600, 9, 21);
  const auto scores = scores_of<float>(600, Scores::spread, 22);
  {
    Line line(same, "nms, Ios and OpencvIou");
    line.add(boxlap::nms(boxes, scores, {.iou_threshold = 0.6}, boxlap::Ios{}));
    line.add(boxlap::nms(boxes, scores, {.iou_threshold = 0.4}, boxlap::OpencvIou{}));
  }
  {
    Line line(near, "nms, Diou");
    line.add(boxlap::nms(boxes, scores, {.iou_threshold = 0.4}, boxlap::Diou{}));
  }
  {
    Line line(same, "nms of a matrix");
    const auto overlaps = boxlap::iou_matrix(boxes);
    const auto upper = boxlap::filter(overlaps, [](Index i, Index j, float) { return i < j; });
    for (const double threshold : thresholds) {
      line.add(boxlap::nms(overlaps, scores, threshold), boxlap::nms(upper, scores, threshold));
    }
  }
  std::vector<boxlap::RotatedBox<float>> rotated;
  Random random(23);
  for (const Box<float>& box : scattered<float>(300, 9, 24)) {
    rotated.push_back({box.x1, box.y1, box.x2 - box.x1, box.y2 - box.y1, 360 * random.fraction<float>()});
  }
  Line line(near, "nms, batched_nms, detectron2_nms_rotated RotatedBox");
  const auto few = scores_of<float>(300, Scores::spread, 25);
  line.add(boxlap::nms(rotated, few, 0.4), boxlap::presets::detectron2_nms_rotated(rotated, few, 0.3));
}

void print_groups_and_merges() {
  const auto boxes = odd<float>(500, 9, 26);
  const auto scores = scores_of<float>(500, Scores::odd, 27);
  const auto labels = labels_of<int>(500, 4, 28);
  {
    Line line(same, "nms_groups");
    for (const double threshold : thresholds) {
      const auto groups = boxlap::nms_groups(boxes, scores, threshold);
      line.add(groups.keep, groups.suppressor, groups.overlap);
    }
    const auto groups = boxlap::nms_groups(boxes, scores, {.iou_threshold = 0.5}, boxlap::Ios{});
    line.add(groups.keep, groups.suppressor, groups.overlap);
  }
  {
    Line line(near, "soft_nms");
    const auto positive = scores_of<float>(500, Scores::spread, 29);
    for (const auto decay : {boxlap::Decay::linear, boxlap::Decay::gaussian}) {
      const auto soft = boxlap::soft_nms(boxes, positive, {.decay = decay, .score_threshold = 0.05});
      line.add(soft.keep, soft.scores);
    }
  }
  const auto plain = scattered<float>(400, 9, 30);
  const auto spread = scores_of<float>(400, Scores::spread, 31);
  {
    Line line(near, "merge_boxes, batched_merge_boxes");
    using enum boxlap::MergeRule;
    for (const auto rule : {sahi_greedy, sahi_nmm, supervision}) {
      const boxlap::MergeOptions options{.threshold = 0.3, .rule = rule};
      const auto merged = boxlap::merge_boxes(plain, spread, options, boxlap::Ios{});
      line.add(merged.boxes, merged.scores, merged.offsets, merged.members);
      const auto batched = boxlap::batched_merge_boxes(plain, spread, labels_of<int>(400, 3, 32), options);
      line.add(batched.boxes, batched.scores, batched.offsets, batched.members);
    }
  }
  Line line(near, "fuse_boxes");
  std::vector<Box<float>> normalized;
  for (const Box<float>& box : plain) {
    normalized.push_back({box.x1 / 1024, box.y1 / 1024, box.x2 / 1024, box.y2 / 1024});
  }
  const std::vector<double> weights = {2, 1, 0.5};
  for (const auto score : {boxlap::FusedScore::average, boxlap::FusedScore::maximum}) {
    const auto fused = boxlap::fuse_boxes(normalized, spread, labels_of<int>(400, 3, 33), labels_of<int>(400, 3, 34),
                                          weights, {.iou_threshold = 0.4, .skip_below = 0.01, .score = score});
    line.add(fused.boxes, fused.scores, fused.labels, fused.fused_of_row);
  }
}

void print_tiled() {
  Line line(same, "nms_tiled, TiledNms");
  const auto boxes = scattered<float>(900, 9, 35);
  const auto scores = scores_of<float>(900, Scores::tied, 36);
  std::vector<Box<double>> regions;
  for (int tile = 0; tile < 9; ++tile) {
    const int x = tile % 3 * 256 - 100, y = tile / 3 * 256 - 100;
    regions.push_back(boxlap::cast<double>(Box<float>{float(x), float(y), float(x + 256), float(y + 256)}));
  }
  const auto read = [&](Index tile) {
    std::pair<std::vector<Box<float>>, std::vector<float>> found;
    for (std::size_t i = 0; i < boxes.size(); ++i) {
      const Box<double>& region = regions[at(tile)];
      const double x = (double{boxes[i].x1} + boxes[i].x2) / 2, y = (double{boxes[i].y1} + boxes[i].y2) / 2;
      if (region.x1 <= x && x < region.x2 && region.y1 <= y && y < region.y2) {
        found.first.push_back(boxes[i]);
        found.second.push_back(scores[i]);
      }
    }
    return found;
  };
  for (const double threshold : {0.0, 0.3, 0.7}) {
    line.add(boxlap::nms_tiled<Box<float>>(regions, read, {.iou_threshold = threshold}));
  }
  boxlap::TiledNms<Box<float>> tiled({.iou_threshold = 0.4}, 60.0);
  for (Index tile = 0; tile < 9; ++tile) {
    const auto [in_tile, of_tile] = read(tile);
    line.add(tiled.add(regions[at(tile)], in_tile, of_tile));
    line.add(tiled.waiting(), tiled.waiting_rows(), tiled.rows());
  }
  line.add(tiled.finish());
}

void print_selections() {
  Line line(same, "above, top, limit_per_class");
  for (const Scores kind : score_kinds) {
    for (const int n : {0, 1, 80, 81, 1000}) {
      const auto scores = scores_of<float>(n, kind, 37);
      line.add(boxlap::above(scores, 0.5), boxlap::top(scores, 0), boxlap::top(scores, 50), boxlap::top(scores, 5000));
      line.add(boxlap::limit_per_class(boxlap::top(scores, 500), labels_of<int>(n, 9, 38), 7));
    }
  }
}

void print_presets() {
  namespace presets = boxlap::presets;
  const auto boxes = scattered<float>(800, 9, 39);
  const auto scores = scores_of<float>(800, Scores::tied, 40);
  const auto labels = labels_of<int>(800, 5, 41);
  Line line(same, "torchvision_*, detectron2_batched_nms, opencv_nms_boxes, onnx_*");
  line.add(presets::torchvision_nms(boxes, scores, 0.5), presets::torchvision_batched_nms(boxes, scores, labels, 0.5));
  line.add(presets::detectron2_batched_nms(boxes, scores, labels, 0.5));
  for (const float eta : {1.F, 0.75F}) {
    line.add(presets::opencv_nms_boxes(boxes, scores,
                                       {.score_threshold = 2, .nms_threshold = 0.625F, .eta = eta, .top_k = 500}));
  }
  std::vector<float> corners;
  for (const Box<float>& box : boxes) {
    corners.insert(corners.end(), {box.y1, box.x1, box.y2, box.x2});
  }
  for (const bool by_center : {false, true}) {
    line.add(presets::onnx_box(std::span<const float, 4>(corners.data(), 4), by_center));
    const presets::OnnxOptions options{
        .max_output_boxes_per_class = 50, .iou_threshold = 0.5F, .score_threshold = 1, .center_point_box = by_center};
    for (const auto& s : presets::onnx_non_max_suppression(corners, scores, 2, 1, options)) {
      line.add(s.batch, s.label, s.box);
    }
  }
}

}  // namespace

int main() {
  print_nms<float>("float");
  print_nms<double>("double");
  print_large_nms();
  print_tiles();
  print_batched();
  print_measures();
  print_groups_and_merges();
  print_tiled();
  print_selections();
  print_presets();
}
