// Digests of rotated boxes, polygons and boxes in space; see digest/line.hpp.
#include <array>
#include <boxlap/pairs/join.hpp>
#include <boxlap/pairs/overlaps.hpp>
#include <boxlap/shape/box3.hpp>
#include <boxlap/shape/decision.hpp>
#include <boxlap/shape/measures.hpp>
#include <boxlap/shape/mixed_overlap.hpp>
#include <boxlap/shape/polygon.hpp>
#include <boxlap/shape/quad.hpp>
#include <boxlap/shape/rotated_box.hpp>
#include <boxlap/shape/rotated_formats.hpp>
#include <boxlap/shape/wkt.hpp>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "digest/line.hpp"
#include "digest/scenes.hpp"

namespace {

using boxlap::Box;
using boxlap::Box3;
using boxlap::Index;
using boxlap::Point;
using boxlap::Polygon;
using boxlap::PreparedRotatedBox;
using boxlap::RotatedBox;
using namespace digest;

template <class T>
void add(Line& line, const RotatedBox<T>& box) {
  line.add(box.cx, box.cy, box.w, box.h, box.degrees);
}

template <class T>
void add(Line& line, const Polygon<T>& polygon) {
  line.add(polygon.empty(), polygon.parts());
  for (Index r = 0; r < polygon.rings(); ++r) {
    line.add(polygon.ring(r), polygon.is_hole(r));
  }
  for (const auto& repair : polygon.repairs()) {
    line.add(repair.ring, repair.repair);
  }
}

/// Boxes of every angle, some right angles, some twice the same.
template <class T>
std::vector<RotatedBox<T>> rotated(int n, std::uint64_t seed) {
  Random random(seed);
  std::vector<RotatedBox<T>> boxes;
  for (const Box<T>& box : scattered<T>(n, 7, seed)) {
    const T degrees = random.below(4) == 0 ? T(90 * random.below(5) - 180) : T(random.below(7200) - 3600) / 10;
    boxes.push_back({box.x1, box.y1, box.x2 - box.x1, box.y2 - box.y1, degrees});
  }
  boxes[3] = boxes[4];
  boxes[5].w = -2;
  return boxes;
}

/// Prepared without sine and cosine: turned by the angles of Pythagorean triangles.
template <class T>
std::vector<PreparedRotatedBox<T>> prepared(int n, std::uint64_t seed) {
  Random random(seed);
  std::vector<PreparedRotatedBox<T>> boxes;
  for (const RotatedBox<T>& box : rotated<T>(n, seed)) {
    const std::array<T, 2> sides = random.below(2) == 0 ? std::array<T, 2>{3, 4} : std::array<T, 2>{7, 24};
    const T hypotenuse = sides[0] == 3 ? 5 : 25;
    PreparedRotatedBox<T> p;
    p.cx = box.cx;
    p.cy = box.cy;
    p.half_w = box.w / 2;
    p.half_h = box.h / 2;
    p.cos = sides[0] / hypotenuse;
    p.sin = sides[1] / hypotenuse;
    p.area = 4 * p.half_w * p.half_h;
    boxes.push_back(p);
  }
  return boxes;
}

template <class T>
void print_rotated(const std::string& scalar) {
  const auto a = rotated<T>(60, 1), b = rotated<T>(60, 2);
  {
    Line line(same, "intersection_areas " + scalar);
    const auto p = prepared<T>(60, 3), q = prepared<T>(60, 4);
    std::vector<std::pair<Index, Index>> rows;
    std::vector<T> areas(3600);
    for (Index k = 0; k < 3600; ++k) {
      rows.emplace_back(k / 60, k % 60);
      if (k % 7 == 0) {
        line.add(intersection_area(p[at(k / 60)], q[at(k % 60)]));
      }
    }
    boxlap::intersection_areas(p, q, rows, std::span<T>(areas));
    line.add(areas);
  }
  Line ratios(near, "iou, iof, ios, giou RotatedBox " + scalar), bounds_of(near, "area, bounds, corners " + scalar);
  Line decisions(near, "iou_at_least, iou_error_bound " + scalar), joins(near, "iou_matrix RotatedBox " + scalar);
  Line formats(near, "formats of rotated boxes " + scalar), measures(near, "measures of rotated boxes " + scalar);
  for (const auto& x : a) {
    const auto ready = prepare(x);
    bounds_of.add(area(x), bounds(x), corners(x), area(ready), bounds(ready), ready.cos, ready.sin);
    measures.add(centroid(x), perimeter(x), contains(x, Point<T>{64, 64}), contains(ready, Point<T>{60, 60}));
    add(formats, boxlap::cast<float>(x));
    add(formats, boxlap::from_opencv(x.cx, x.cy, x.w, x.h, x.degrees));
    add(formats, boxlap::from_detectron2(x.cx, x.cy, x.w, x.h, x.degrees));
    add(formats, boxlap::from_torchvision(x.cx, x.cy, x.w, x.h, x.degrees));
    add(formats, boxlap::from_radians(x.cx, x.cy, x.w, x.h, radians(x)));
    add(formats, boxlap::from_mmcv(x.cx, x.cy, x.w, x.h, radians(x)));
    add(formats, to_opencv(x));
    add(formats, to_detectron2(x));
    using enum boxlap::MmcvAngle;
    for (const auto convention : {oc, le90, le135}) {
      add(formats, named_as(x, convention));
    }
    if (x.w > 0) {
      add(formats, boxlap::from_corners(corners(x)));
    }
    for (const auto& y : b) {
      ratios.add(iou(x, y), iof(x, y), ios(x, y), giou(x, y));
      decisions.add(boxlap::iou_at_least(x, y, 0.25), boxlap::iou_error_bound(x, y));
    }
  }
  joins.add(boxlap::iou_matrix(a, b), boxlap::iou_matrix(a, {.min = 0.2, .threads = 2}));
  joins.add(boxlap::pairs(a, b), boxlap::pairs(a));
}

/// Twelve vertices about (x, y), with `spiky` every second one at half the distance. All offsets are exact.
template <class T>
std::vector<Point<T>> star(T x, T y, bool spiky) {
  std::vector<Point<T>> ring;
  const T quarter[][2] = {{24, 7}, {15, 20}, {7, 24}};
  for (int k = 0; k < 12; ++k) {
    T dx = quarter[k % 3][0], dy = quarter[k % 3][1];
    for (int turn = 0; turn < k / 3; ++turn) {
      dx = -std::exchange(dy, dx);
    }
    const T length = spiky && k % 2 == 1 ? T{0.5} : T{1};
    ring.push_back({x + dx * length, y + dy * length});
  }
  return ring;
}

template <class T>
void print_polygons(const std::string& scalar) {
  std::vector<Polygon<T>> convex, any;
  Random random(5);
  for (int k = 0; k < 14; ++k) {
    const T x = 64 * random.fraction<T>(), y = 64 * random.fraction<T>();
    convex.push_back(boxlap::make_polygon(star<T>(x, y, false)));
    std::vector<std::vector<Point<T>>> holes;
    if (k % 3 == 0) {
      holes.push_back({{x - 2, y - 2}, {x - 2, y + 2}, {x + 2, y + 2}, {x + 2, y - 2}});
    }
    any.push_back(boxlap::make_polygon(star<T>(x, y, true), holes));
  }
  any.push_back(boxlap::make_multipolygon(
      std::vector<Polygon<T>>{boxlap::make_quad(std::array<Point<T>, 4>{{{0, 0}, {30, 0}, {30, 20}, {0, 20}}}),
                              boxlap::make_polygon(star<T>(200, 200, false))}));
  Line built(same, "make_polygon, make_quad, make_multipolygon, *_wkt " + scalar);
  Line areas(near, "area, bounds, centroid, perimeter Polygon " + scalar);
  Line hulls(near, "convex_hull, min_area_rectangle Polygon " + scalar), inside(same, "contains Polygon " + scalar);
  Line shared_convex(same, "intersection_area, convex Polygon " + scalar);
  Line ratios(near, "iou, iof, ios Polygon " + scalar), mixed(near, "overlaps of mixed kinds " + scalar);
  Line joins(near, "iou_matrix Polygon " + scalar), decisions(near, "iou_at_least Polygon " + scalar);
  const auto boxes = scattered<T>(8, 6, 6);
  const auto turned = rotated<T>(8, 7);
  for (const Polygon<T>& p : any) {
    add(built, p);
    const std::string text = boxlap::to_wkt(p);
    built.add(std::string_view(text), boxlap::parse_wkt<T>(text) == p, boxlap::try_parse_wkt<T>("POLYGON").has_value());
    add(built, boxlap::cast<float>(p));
    areas.add(area(p), bounds(p), centroid(p), perimeter(p));
    add(hulls, convex_hull(p));
    add(hulls, min_area_rectangle(p));
    for (int k = 0; k < 64; ++k) {
      inside.add(contains(p, Point<T>{T(k % 8 * 8), T(k / 8 * 8)}));
    }
    for (const Polygon<T>& q : any) {
      ratios.add(iou(p, q), iof(p, q), ios(p, q));
      decisions.add(boxlap::iou_at_least(p, q, 0.25));
    }
    for (const Box<T>& box : boxes) {
      mixed.add(intersection_area(p, box), intersection_area(box, p), iou(p, box), enclosing_area(p, box));
      inside.add(contains(box, p.points()[0]));
    }
    for (const RotatedBox<T>& box : turned) {
      mixed.add(iou(p, box), iou(boxes[0], box), intersection_area(box, prepare(turned[0])));
    }
  }
  for (const Polygon<T>& p : convex) {
    for (const Polygon<T>& q : convex) {
      shared_convex.add(intersection_area(p, q));
    }
  }
  joins.add(boxlap::iou_matrix(any, convex), boxlap::iou_matrix(boxes, any), boxlap::pairs(turned, any));

  using enum boxlap::BowTie;
  const std::array<Point<T>, 4> tie = {{{0, 0}, {8, 8}, {8, 0}, {0, 8}}};
  for (const auto bow_tie : {hull, reorder}) {
    add(built, boxlap::make_quad(tie, bow_tie));
  }
  std::string why;
  built.add(boxlap::try_make_polygon<T>({tie.begin(), tie.end()}, {}, &why).has_value());
  built.add(why.empty());
  built.add(boxlap::try_make_multipolygon(std::vector<Polygon<T>>{any[0], any[0]}).has_value());
  const auto points = star<T>(5, 5, true);
  hulls.add(boxlap::convex_hull(points));
  add(hulls, boxlap::min_area_rectangle(points));
  for (const Box<T>& box : boxes) {
    areas.add(centroid(box), perimeter(box));
  }
}

template <class T>
void print_boxes_in_space(const std::string& scalar) {
  Line volumes(near, "Box3 " + scalar), formats(near, "formats of Box3 " + scalar);
  std::vector<Box3<T>> boxes;
  Random random(8);
  for (const RotatedBox<T>& r : rotated<T>(30, 9)) {
    boxes.push_back({r.cx, r.cy, 8 * random.fraction<T>(), r.w, r.h, 4, r.degrees});
  }
  const auto add_box = [&](const auto& b) { formats.add(b.cx, b.cy, b.cz, b.dx, b.dy, b.dz, b.degrees); };
  for (const Box3<T>& a : boxes) {
    volumes.add(volume(a));
    add(volumes, bev(a));
    add_box(boxlap::cast<float>(a));
    add_box(boxlap::from_nuscenes(a.cx, a.cy, a.cz, a.dx, a.dy, a.dz, a.degrees / 360));
    add_box(boxlap::from_kitti(a.dz, a.dx, a.dy, a.cx, a.cy, a.cz, a.degrees / 360));
    formats.add(boxlap::yaw_of_quaternion(T(0.8), T(0), T(0), T(0.6)));
    for (const Box3<T>& b : boxes) {
      volumes.add(shared_height(a, b), intersection_volume(a, b), iou(a, b));
    }
  }
}

}  // namespace

int main() {
  print_rotated<float>("float");
  print_rotated<double>("double");
  print_polygons<float>("float");
  print_polygons<double>("double");
  print_boxes_in_space<float>("float");
  print_boxes_in_space<double>("double");
}
