// Memory that runs out at any allocation of a call, on any thread: std::bad_alloc reaches the caller, nothing leaks,
// and the next call is right. This program's operator new refuses one allocation, the first, the second, and so on.
#include <boxlap/evaluate/center_distance.hpp>
#include <boxlap/evaluate/coco.hpp>
#include <boxlap/evaluate/confusion.hpp>
#include <boxlap/evaluate/detection.hpp>
#include <boxlap/evaluate/tide.hpp>
#include <boxlap/evaluate/voc.hpp>
#include <boxlap/match/anchor_rules.hpp>
#include <boxlap/match/anchors.hpp>
#include <boxlap/match/assign.hpp>
#include <boxlap/match/assign_dense.hpp>
#include <boxlap/match/greedy.hpp>
#include <boxlap/nms/batched.hpp>
#include <boxlap/nms/fusion.hpp>
#include <boxlap/nms/groups.hpp>
#include <boxlap/nms/merge.hpp>
#include <boxlap/nms/presets.hpp>
#include <boxlap/nms/select.hpp>
#include <boxlap/nms/soft.hpp>
#include <boxlap/nms/tiled.hpp>
#include <boxlap/pairs/center_index.hpp>
#include <boxlap/pairs/join.hpp>
#include <boxlap/pairs/labels.hpp>
#include <boxlap/pairs/overlaps.hpp>
#include <boxlap/pairs/shape_index.hpp>
#include <boxlap/shape/convex_hull.hpp>
#include <boxlap/shape/measures.hpp>
#include <boxlap/shape/mixed_overlap.hpp>
#include <boxlap/shape/polygon.hpp>
#include <boxlap/shape/rotated_box.hpp>
#include <boxlap/shape/wkt.hpp>

#include <array>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <string>
#include <vector>

#include "../catch.hpp"
#include "../support/scenes.hpp"

namespace {

std::atomic<long> until_refused{-1}, live{0};  // below 0: nothing is refused

void* counted(std::size_t bytes, std::size_t alignment) {
  if (until_refused.load() >= 0 && until_refused.fetch_sub(1) == 0) {
    throw std::bad_alloc();
  }
  void* const memory = std::aligned_alloc(alignment, (bytes + alignment) / alignment * alignment);
  if (memory == nullptr) {
    throw std::bad_alloc();
  }
  ++live;
  return memory;
}

void uncounted(void* memory) {
  if (memory != nullptr) {
    --live;
    std::free(memory);  // NOLINT(cppcoreguidelines-no-malloc)
  }
}

}  // namespace

// All forms, as sanitizers replace each that is left out by their own.
void* operator new(std::size_t bytes) { return counted(bytes, 16); }
void* operator new[](std::size_t bytes) { return counted(bytes, 16); }
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return counted(bytes, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t bytes, std::align_val_t alignment) {
  return counted(bytes, static_cast<std::size_t>(alignment));
}
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  try {
    return counted(bytes, 16);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}
void operator delete(void* memory) noexcept { uncounted(memory); }
void operator delete[](void* memory) noexcept { uncounted(memory); }
void operator delete(void* memory, std::size_t) noexcept { uncounted(memory); }
void operator delete[](void* memory, std::size_t) noexcept { uncounted(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { uncounted(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { uncounted(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { uncounted(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { uncounted(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { uncounted(memory); }

namespace {

using namespace boxlap;

/// Refuses each allocation of call() once, and compares what the call gives after each refusal. Only some of very many.
template <class Call>
void starve(const char* what, const Call& call) {
  CAPTURE(what);
  const auto expected = call();
  bool ended = false;
  int refusals = 0;
  for (long allowed = 0; !ended; allowed += 1 + allowed / 20) {
    const long before = live;
    bool right = true;
    try {
      until_refused = allowed;
      const auto result = call();
      ended = until_refused.exchange(-1) >= 0;  // fewer allocations than that
      right = result == expected;               // std::stable_sort does without
    } catch (const std::bad_alloc&) {
      until_refused = -1;
      ++refusals;
    }
    const long leaked = live - before;  // before Catch allocates
    CAPTURE(allowed);
    REQUIRE(right);
    REQUIRE(leaked == 0);
  }
  CHECK(refusals > 0);
  CHECK((call() == expected));
}

std::vector<int> labels_of(std::size_t n, int kinds) {
  std::vector<int> labels(n);
  for (std::size_t k = 0; k < n; ++k) {
    labels[k] = int(k % std::size_t(kinds));
  }
  return labels;
}

}  // namespace

TEST_CASE("joins and matrices without memory", "[memory]") {
  scenes::Rng rng(1);
  for (const int n : {20, 300, 2'000}) {
    const auto a = scenes::uniform<float>(n, 40 * std::sqrt(double(n)), 50, rng);
    const auto b = scenes::uniform<float>(n, 40 * std::sqrt(double(n)), 50, rng);
    const auto crowd = scenes::uniform<float>(n / 4, 100, 50, rng);
    std::vector<RotatedBox<float>> turned;
    for (const auto& box : a) {
      turned.push_back({box.x1, box.y1, 50, 20, 30});
    }
    const auto labels = labels_of(a.size(), 3);
    for (const int threads : {1, 2}) {
      CAPTURE(n, threads);
      starve("pairs", [&] { return pairs(a, b, {.threads = threads}); });
      starve("pairs of a crowd", [&] { return pairs(crowd, {.threads = threads}); });
      starve("iou_matrix", [&] { return iou_matrix(a, b, {.threads = threads}); });
      starve("iou_matrix of a crowd", [&] { return iou_matrix(crowd, {.threads = threads}); });
      starve("iou_matrix of rotated boxes", [&] { return iou_matrix(turned, {.threads = threads}); });
    }
    starve("iou_matrix by label", [&] { return iou_matrix(a, labels, b, labels); });
    starve("transpose", [&, m = iou_matrix(a, b)] { return transpose(m); });
    starve("filter", [&, m = iou_matrix(a, b)] { return filter(m, [](Index, Index, float v) { return v > 0.1F; }); });
    starve("ShapeIndex", [&] { return pairs(b, ShapeIndex(a)); });
    std::vector<Point<float>> points;
    for (const auto& box : a) {
      points.push_back({box.x1, box.y1});
    }
    starve("CenterIndex", [&] { return CenterIndex(points).nearest(points[0], 5).size(); });
  }
}

TEST_CASE("suppression without memory", "[memory]") {
  scenes::Rng rng(2);
  for (const int n : {9, 200, 3'000}) {
    CAPTURE(n);
    const auto boxes = scenes::clustered<float>(n, 5, 30 * std::sqrt(double(n)), rng);
    const auto scores = scenes::scores(n, rng);
    const auto labels = labels_of(boxes.size(), 4), models = labels_of(boxes.size(), 2);
    const std::vector<double> weights{1, 2};
    for (const int threads : {1, 2}) {
      const NmsOptions options{.iou_threshold = 0.4, .threads = threads};
      starve("nms", [&] { return nms(boxes, scores, options); });
      starve("batched_nms", [&] { return batched_nms(boxes, scores, labels, options); });
    }
    starve("batched_nms by offset",
           [&] { return batched_nms(boxes, scores, labels, 0.4, ClassSplit::coordinate_offset); });
    starve("nms_groups", [&] { return nms_groups(boxes, scores, {.iou_threshold = 0.4}).suppressor; });
    starve("soft_nms", [&] { return soft_nms(boxes, scores, {.iou_threshold = 0.3}).keep; });
    starve("fuse_boxes", [&] { return fuse_boxes(boxes, scores, labels, models, weights).boxes; });
    starve("merge_boxes", [&] { return merge_boxes(boxes, scores).boxes; });
    starve("merge_boxes, a chain",
           [&] { return merge_boxes(boxes, scores, {.threshold = 0.3, .rule = MergeRule::sahi_nmm}).boxes; });
    starve("nms of a matrix", [&, m = iou_matrix(boxes)] { return nms(m, scores, 0.4); });
    starve("top", [&] { return top(scores, Index(n / 2)); });
    starve("above", [&] { return above(scores, 0.5); });
    starve("limit_per_class", [&, all = top(scores, Index(n))] { return limit_per_class(all, labels, 2); });
  }
}

TEST_CASE("a stream of tiles that runs out of memory loses no row", "[memory]") {
  scenes::Rng rng(3);
  struct Tile {
    Box<double> region;
    std::vector<Box<float>> boxes;
    std::vector<float> scores;
  };
  std::vector<Tile> tiles;
  for (int k = 0; k < 4; ++k) {
    Tile tile{
        {300.0 * (k % 2), 300.0 * (k / 2), 300.0 * (k % 2 + 1), 300.0 * (k / 2 + 1)}, {}, scenes::scores(60, rng)};
    for (const auto& box : scenes::uniform<float>(60, 290, 30, rng)) {
      const float x = float(tile.region.x1) + box.x1, y = float(tile.region.y1) + box.y1;
      tile.boxes.push_back({x - 12, y - 12, x + 16, y + 16});
    }
    tiles.push_back(tile);
  }
  const auto run = [&](long allowed, long step) {
    TiledNms<Box<float>> tiled({.iou_threshold = 0.3});
    std::vector<Index> kept;
    const auto until_it_works = [&](const auto& call) {
      for (long a = allowed;; a += step) {
        const Index rows = tiled.rows(), waiting = tiled.waiting();
        try {
          until_refused = a;
          const std::vector<Index> more = call();
          until_refused = -1;
          kept.insert(kept.end(), more.begin(), more.end());
          return;
        } catch (const std::bad_alloc&) {
          until_refused = -1;
          REQUIRE(tiled.rows() == rows);
          REQUIRE(tiled.waiting() == waiting);
        }
      }
    };
    for (const Tile& tile : tiles) {
      until_it_works([&] { return tiled.add(tile.region, tile.boxes, tile.scores); });
    }
    until_it_works([&] { return tiled.finish(); });
    return kept;
  };
  const auto expected = run(1'000'000, 1);
  for (const long step : {1L, 3L, 7L}) {
    CHECK((run(0, step) == expected));
  }
}

TEST_CASE("matching and evaluation without memory", "[memory]") {
  scenes::Rng rng(4);
  for (const int n : {12, 400}) {
    CAPTURE(n);
    const auto truths = scenes::uniform<double>(n, 30 * std::sqrt(double(n)), 50, rng);
    auto seen = truths;
    for (auto& box : seen) {
      box.x1 += double(rng() % 20);
      box.y2 += double(rng() % 20);
    }
    const auto scores = scenes::scores(n, rng);
    const auto labels = labels_of(truths.size(), 3);
    const auto matrix = iou_matrix(truths, seen);
    for (const Objective objective : {Objective::max_total, Objective::most_pairs}) {
      starve("assign", [&] { return assign(matrix, {.objective = objective}).col_of_row; });
    }
    starve("assign_dense", [&] {
      return assign_dense(Index(20), Index(30), [](Index i, Index j) { return double(i * j % 7); }).col_of_row;
    });
    starve("match_greedy", [&] { return match_greedy(matrix, scores).col_of_row; });
    starve("match_anchors", [&] { return match_anchors(seen, truths).truth_of_anchor; });
    starve("match_anchors_ssd", [&] { return match_anchors_ssd(seen, truths).truth_of_anchor; });
    starve("match_anchors_max_iou", [&] { return match_anchors_max_iou(seen, truths).truth_of_anchor; });
    starve("score_image", [&] { return summarize(std::vector{score_image(truths, seen, labels, labels)}).box_recall; });
    starve("coco",
           [&] { return coco_summary(std::vector{coco_image(1, truths, seen, labels, labels, scores)}).stats; });
    starve("coco_outcomes", [&, one = std::vector{coco_image(1, truths, seen, labels, labels, scores)}] {
      return coco_outcomes(one, nullptr, 0, 0).scores;
    });
    starve("voc", [&] { return voc_summary(std::vector{voc_image(1, truths, seen, labels, labels, scores)}).mean_ap; });
    starve("tide", [&] {
      return tide_summary(std::vector{tide_image(1, image_pairs(truths, seen), labels, labels, scores)}).ap;
    });
    std::vector<Point<double>> centers;
    for (const auto& box : truths) {
      centers.push_back({box.x1, box.y1});
    }
    starve("centre distance", [&] {
      const auto one = center_image(1, centers, centers, scores, 2.0, [](Index, Index) { return std::array{1.0}; });
      return center_summary<1>(std::vector{one}).ap;
    });
  }
}

TEST_CASE("polygons without memory", "[memory]") {
  std::vector<Point<double>> star, hole{{-1, -1}, {-1, 1}, {1, 1}, {1, -1}};
  for (int k = 0; k < 60; ++k) {
    const double angle = 0.1047 * k, radius = k % 2 == 0 ? 10 : 4;
    star.push_back({radius * std::cos(angle), radius * std::sin(angle)});
  }
  const auto polygon = make_polygon<double>(star, {hole});
  const auto other = make_polygon<double>({{20, 0}, {30, 0}, {30, 9}});
  const std::string text = to_wkt(make_multipolygon(std::vector{polygon, other}));
  const RotatedBox<double> box{1, 2, 9, 7, 30};
  starve("make_polygon", [&] { return make_polygon<double>(star, {hole}); });
  starve("make_multipolygon", [&] { return make_multipolygon(std::vector{polygon, other}); });
  starve("parse_wkt", [&] { return parse_wkt<double>(text); });
  starve("to_wkt", [&] { return to_wkt(polygon); });
  starve("cast", [&] { return cast<float>(polygon); });
  starve("intersection_area", [&] { return intersection_area(polygon, cast<double>(polygon)); });
  starve("enclosing_area", [&] { return enclosing_area(polygon, box); });
  starve("convex_hull", [&] { return convex_hull(polygon); });
  starve("min_area_rectangle", [&] { return min_area_rectangle(polygon).w; });
}
