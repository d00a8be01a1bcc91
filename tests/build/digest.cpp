// Digests of overlaps of boxes, joins and matrices; see digest/line.hpp.
#include <algorithm>
#include <boxlap/core.hpp>
#include <boxlap/pairs/centers.hpp>
#include <boxlap/pairs/labels.hpp>
#include <boxlap/shape/pixel_box.hpp>
#include <string>
#include <utility>
#include <vector>

#include "digest/line.hpp"
#include "digest/scenes.hpp"

namespace {

using boxlap::Box;
using boxlap::Index;
using namespace digest;

template <class T>
using Boxes = std::vector<Box<T>>;

template <class T>
void print_boxes(const std::string& scalar) {
  const auto a = odd<T>(120, 6, 1), b = odd<T>(120, 6, 2);
  Line box(same, "from_*, to_*, center, clip, area, bounds " + scalar);
  Line shared(same, "intersection_area, enclosing_area " + scalar);
  Line ratios(same, "iou, iof, ios " + scalar);
  Line distances(near, "giou, diou, ciou " + scalar);
  Line pixels(same, "iou PixelBox " + scalar);
  Line centers(same, "center_distance " + scalar);
  for (const Box<T>& x : a) {
    const auto xywh = to_xywh(x);
    const auto cxcywh = to_cxcywh(x);
    box.add(xywh.x, xywh.y, xywh.w, xywh.h, cxcywh.cx, cxcywh.cy, cxcywh.w, cxcywh.h, center(x), clip(x, a[0]));
    box.add(boxlap::from_xywh(x.x1, x.y1, x.x2, x.y2), boxlap::from_cxcywh(x.x1, x.y1, x.x2, x.y2));
    box.add(boxlap::from_inclusive_pixels(x.x1, x.y1, x.x2, x.y2), area(x), bounds(x), has_extent(x));
    box.add(boxlap::cast<float>(x), boxlap::cast<double>(x));
    for (const Box<T>& y : b) {
      shared.add(intersection_area(x, y), enclosing_area(x, y));
      ratios.add(boxlap::iou(x, y), boxlap::iof(x, y), boxlap::ios(x, y));
      distances.add(boxlap::giou(x, y), boxlap::diou(x, y), boxlap::ciou(x, y));
      const boxlap::PixelBox<T> p{x.x1, x.y1, x.x2, x.y2}, q{y.x1, y.y1, y.x2, y.y2};
      pixels.add(area(p), bounds(p), intersection_area(p, q), boxlap::iou(p, q));
      centers.add(boxlap::center_distance(x, y));
    }
  }
}

/// Sizes on both sides of each threshold of the joins: 64 boxes are kept on the stack; up to 128 (n + m) pairs of boxes
/// are not ordered; slices differ from 2,049 and 32,769 boxes on.
template <class T>
struct Pair {
  Boxes<T> a, b;
};
template <class T>
std::vector<Pair<T>> join_scenes() {
  std::vector<Pair<T>> scenes;
  const auto add = [&](int n, int m, int field_bits) {
    scenes.push_back({scattered<T>(n, field_bits, 3), scattered<T>(m, field_bits, 4)});
  };
  add(0, 40, 8);
  add(1, 40, 7);
  add(64, 65, 8);
  add(256, 256, 9);
  add(257, 256, 9);
  add(2048, 300, 10);
  add(2049, 300, 10);
  scenes.push_back({odd<T>(700, 9, 5), odd<T>(600, 9, 6)});
  scenes.push_back({clusters<T>(800, 7), clusters<T>(800, 8)});
  // Two far clusters, and one box over everything.
  auto far = scattered<T>(600, 7, 9);
  for (int i = 0; i < 300; ++i) {
    Box<T>& box = far[at(i)];
    box = {box.x1 + 65536, box.y1 + 65536, box.x2 + 65536, box.y2 + 65536};
  }
  far[17] = {-100, -100, 70000, 70000};
  scenes.push_back({far, scattered<T>(500, 8, 10)});
  return scenes;
}

template <class T>
void print_joins(const std::string& scalar) {
  Line order(same, "for_each_pair " + scalar), order_of_self(same, "for_each_pair, one set " + scalar);
  Line all(same, "pairs " + scalar), touching(same, "pairs, touching " + scalar);
  Line of_index(same, "pairs, ShapeIndex " + scalar), labelled(same, "for_each_pair, labels " + scalar);
  const auto into = [](Line& line, int most = -1) {
    return [&line, most, count = 0](Index i, Index j) mutable {
      line.add(i, j);
      return ++count != most;
    };
  };
  for (const auto& [a, b] : join_scenes<T>()) {
    for (const int threads : {1, 2, 3}) {
      all.add(boxlap::pairs(a, b, {.threads = threads}), boxlap::pairs(a, {.threads = threads}));
    }
    boxlap::for_each_pair(a, b, into(order));
    boxlap::for_each_pair(a, b, into(order, 50), {.threads = 2});
    boxlap::for_each_pair(a, into(order_of_self));
    touching.add(boxlap::pairs(a, b, {.touching = true}), boxlap::pairs(a, {.touching = true, .threads = 2}));
    const boxlap::ShapeIndex index(b);
    of_index.add(boxlap::pairs(a, index), boxlap::pairs(index, b));
    const auto labels_a = labels_of<int>(static_cast<int>(a.size()), 3, 11);
    const auto labels_b = labels_of<int>(static_cast<int>(b.size()), 3, 12);
    boxlap::for_each_pair(a, labels_a, b, labels_b, into(labelled));
    boxlap::for_each_pair(a, labels_a, into(labelled));
  }
}

/// Large sets: slices of a second kind, an index that is asked leaf by leaf, sorting on threads.
void print_large_joins() {
  Line sliced(same, "pairs, 32,768 and 32,769 boxes"), asked(same, "pairs, few boxes and a large ShapeIndex");
  const auto many = scattered<float>(32769, 15, 13);
  const boxlap::View fewer(many.size() - 1, [&](Index i) { return many[at(i)]; });
  const auto other = scattered<float>(900, 15, 14);
  sliced.add(boxlap::pairs(other, many), boxlap::pairs(fewer, other), boxlap::pairs(many, many, {.threads = 3}));
  for (const int size : {4095, 4096, 16128, 16129}) {
    const boxlap::ShapeIndex index(boxlap::view(at(size), [&](Index i) { return many[at(i)]; }));
    asked.add(boxlap::pairs(other, index), boxlap::pairs(scattered<float>(200, 12, 15), index));
    boxlap::for_each_pair(other, index, [&](Index i, Index j) { asked.add(i, j); });
  }
}

/// Sets that reach each way to write a matrix, by its size and by how many meet.
template <class T>
std::vector<std::pair<std::string, Pair<T>>> matrix_scenes() {
  std::vector<std::pair<std::string, Pair<T>>> scenes;
  const auto add = [&](const std::string& name, int n, int m, int field_bits) {
    scenes.push_back({name, {scattered<T>(n, field_bits, 16), scattered<T>(m, field_bits, 17)}});
  };
  for (const int n : {8, 31, 32, 63, 65, 100, 140}) {  // all of few meet
    add("all", n, n + 1, 5);
  }
  for (const int n : {31, 32, 63, 64, 65, 100}) {  // few of few meet
    add("few", n, n, 9);
  }
  add("more than 4,096", 480, 500, 8);
  for (const int n : {511, 512, 513}) {  // 512 is the last that is not ordered, and the last in one go of 32 blocks
    add("edge", n, 512, 11);
    add("edge", 100, n, 6);
  }
  scenes.push_back({"in places", {clusters<T>(320, 18), clusters<T>(333, 19)}});
  // A box far away: all others are close beside it.
  auto far = scattered<T>(200, 9, 20);
  far[150] = {1e6, 1e6, 1e6 + 50, 1e6 + 50};
  scenes.push_back({"one far away", {far, scattered<T>(210, 9, 21)}});
  add("lopsided", 5000, 100, 12);         // neither ordered nor few: found in order
  add("sparse, ordered", 900, 1000, 12);  // sorted
  add("dense, ordered", 600, 700, 8);     // rows of many pairs: found twice
  scenes.push_back({"odd", {odd<T>(300, 8, 22), odd<T>(290, 8, 23)}});
  scenes.push_back({"odd, ordered", {odd<T>(700, 10, 24), odd<T>(690, 10, 25)}});
  return scenes;
}

template <class T>
void print_matrices(const std::string& scalar) {
  const auto scenes = matrix_scenes<T>();
  for (auto scene = scenes.begin(); scene != scenes.end();) {
    const std::string name = ", " + scene->first + " " + scalar;
    Line ious(same, "iou_matrix" + name), least(same, "iou_matrix, min" + name);
    Line of_self(same, "iou_matrix, one set" + name), iofs(same, "iof_matrix" + name);
    Line shared(same, "intersection_matrix" + name), unions(same, "union_matrix" + name);
    for (const std::string first = scene->first; scene != scenes.end() && scene->first == first; ++scene) {
      const auto& [a, b] = scene->second;
      ious.add(boxlap::iou_matrix(a, b), boxlap::iou_matrix(a, b, {.threads = 3}));
      least.add(boxlap::iou_matrix(a, b, {.min = 0.3}), boxlap::iou_matrix(a, b, {.min = 0.75, .threads = 2}));
      of_self.add(boxlap::iou_matrix(a), boxlap::iou_matrix(b, {.min = 0.2, .threads = 2}));
      iofs.add(boxlap::iof_matrix(a, b));
      shared.add(boxlap::intersection_matrix(a, b, {.min = 100}));
      if constexpr (sizeof(T) == sizeof(float)) {
        iofs.add(boxlap::iof_matrix(a, {.min = 0.5}));
        shared.add(boxlap::intersection_matrix(a, {.threads = 2}));
        unions.add(boxlap::union_matrix(a, b), boxlap::union_matrix(a, {.threads = 2}));
      }
    }
  }
}

void print_other_matrices() {
  const auto a = scattered<float>(500, 8, 26), b = scattered<float>(400, 8, 27);
  {
    Line ious(same, "iou_matrix, labels, ShapeIndex");
    ious.add(boxlap::iou_matrix(a, labels_of<int>(500, 5, 28), b, labels_of<int>(400, 5, 29)));
    ious.add(boxlap::iou_matrix(a, boxlap::ShapeIndex(b)));
  }
  Line csr(same, "make_csr, transpose, filter, for_each_entry");
  const auto matrix = boxlap::iou_matrix(a, b);
  std::vector<boxlap::Triple<float>> triples;
  boxlap::for_each_entry(matrix, [&](Index i, Index j, float value) { triples.push_back({i, j, value}); });
  std::reverse(triples.begin(), triples.end());
  csr.add(boxlap::make_csr(500, 400, triples), boxlap::transpose(matrix), matrix.nonzeros());
  csr.add(boxlap::filter(matrix, [](Index i, Index j, float value) { return i != j && value > 0.25F; }));
  csr.add(boxlap::take(a, boxlap::pairs(a, b)[0].first == 0 ? std::vector<Index>{0, 5} : std::vector<Index>{1}));
  boxlap::validate(matrix.view());
  boxlap::validate_offsets(matrix.view());
}

}  // namespace

int main() {
  print_boxes<float>("float");
  print_boxes<double>("double");
  print_joins<float>("float");
  print_joins<double>("double");
  print_large_joins();
  print_matrices<float>("float");
  print_matrices<double>("double");
  print_other_matrices();
}
