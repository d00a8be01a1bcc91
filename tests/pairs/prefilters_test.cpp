// What stands before the exact test of a join: it may let too many pairs pass, and must let no pair go.
#include <boxlap/pairs/detail/box_query.hpp>
#include <boxlap/pairs/detail/meeting_bitmask.hpp>
#include <boxlap/pairs/detail/quantized_boxes.hpp>
#include <boxlap/pairs/detail/quantized_leaves.hpp>
#include <boxlap/shape/overlap.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "../catch.hpp"
#include "../support/scenes.hpp"

using namespace boxlap;

namespace {

template <class T>
bool overlap(const Box<T>& a, const Box<T>& b) {
  return a.x1 < b.x2 && b.x1 < a.x2 && a.y1 < b.y2 && b.y1 < a.y2;
}

template <class T>
detail::PackedTree<T> unordered(const std::vector<Box<T>>& boxes) {
  return detail::PackedTree<T>::unordered(detail::BoxRows<T>(boxes, "boxes"), false);
}

}  // namespace

TEMPLATE_TEST_CASE("quantised boxes share a point where boxes do, at any scale", "", float, double) {
  using T = TestType;
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  scenes::Rng rng(seed);
  std::size_t apart = 0, all = 0;
  for (const double scale : {1e-20, 1e-3, 1.0, 1e4, 1e20}) {
    for (const double offset : {0.0, 1e3}) {
      CAPTURE(scale, offset);
      auto boxes = scenes::integer_grid<T>(64, 20, rng);  // many share just a border
      Box<T> around{T(1e30), T(1e30), T(-1e30), T(-1e30)};
      for (Box<T>& box : boxes) {
        box = {T((box.x1 + offset) * scale), T((box.y1 + offset) * scale), T((box.x2 + offset) * scale),
               T((box.y2 + offset) * scale)};
        around = {std::min(around.x1, box.x1), std::min(around.y1, box.y1), std::max(around.x2, box.x2),
                  std::max(around.y2, box.y2)};
      }
      const detail::Quantizer<T> quantizer(around);
      std::array<detail::QuantizedBlock, 4> blocks;
      for (std::size_t block = 0; block < blocks.size(); ++block) {
        detail::BoxBlock<T> exact;
        for (Index lane = 0; lane < detail::block_size; ++lane) {
          exact.set(lane, boxes[block * 16 + detail::at(lane)]);
        }
        quantizer.put(exact, T(0), blocks[block]);
      }
      for (std::size_t i = 0; i < boxes.size(); ++i) {
        const std::uint64_t met = detail::QuantizedQuery(blocks[i / 16].corners[i % 16]).met(blocks.data());
        for (std::size_t j = 0; j < boxes.size(); ++j) {
          const bool share_a_point = boxes[i].x1 <= boxes[j].x2 && boxes[j].x1 <= boxes[i].x2 &&
                                     boxes[i].y1 <= boxes[j].y2 && boxes[j].y1 <= boxes[i].y2;
          const bool passes = (met >> j & 1) != 0;
          REQUIRE((passes || !share_a_point));
          apart += passes ? 0U : 1U;
          all += share_a_point ? 0U : 1U;
        }
      }
    }
  }
  CHECK(double(apart) > 0.5 * double(all));  // it does sort out
}

TEMPLATE_TEST_CASE("the query of a box overlaps what the box looks for", "", float, double) {
  using T = TestType;
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  scenes::Rng rng(seed);
  const auto boxes = scenes::uniform<T>(400, 300, 60, rng);
  for (const double min : {0.0, 1e-3, 0.3, 0.5, 0.9, 1.0}) {
    CAPTURE(min);
    const auto query = detail::BoxQuery<T>::iou_at_least(min);
    std::size_t found = 0, attained = 0;
    detail::BoxBlock<T> block, room;
    for (std::size_t i = 0; i < boxes.size(); ++i) {
      block.set(Index(i % 16), boxes[i]);
      for (const Box<T>& other : boxes) {
        const bool attains = double(iou(boxes[i], other)) >= min && iou(boxes[i], other) > 0;
        const bool passes = overlap(query(boxes[i]), other);
        REQUIRE((passes || !attains));
        REQUIRE((query.attainable(boxes[i], other) || !attains));
        found += passes ? 1U : 0U;
        attained += attains ? 1U : 0U;
      }
      if (i % 16 == 15) {
        const detail::BoxBlock<T>& queries = query.block(block, room);
        for (Index lane = 0; lane < 16; ++lane) {
          REQUIRE(queries.get(lane) == query(block.get(lane)));
        }
      }
    }
    CHECK(double(found) < 6 * double(attained) + 6000);
  }
}

TEMPLATE_TEST_CASE("a bitmask names the boxes that overlap, once it is exact", "", float, double) {
  using T = TestType;
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  scenes::Rng rng(seed);
  for (const auto& [n, m] : {std::pair{1, 1}, {31, 70}, {32, 70}, {100, 300}, {90, 1025}, {16, 1024}}) {
    for (const double extent : {50.0, 1000.0}) {
      CAPTURE(n, m, extent);
      const auto boxes_a = scenes::uniform<T>(n, extent, 40, rng);
      auto boxes_b = scenes::uniform<T>(m, extent, 40, rng);
      boxes_b[0] = {T(1e20), 0, T(2e20), 5};  // far: bytes become coarse
      const auto a = unordered(boxes_a), b = unordered(boxes_b);
      const detail::TreeJoin<false, T> join(a, b);
      detail::MeetingBitmask mask(join);
      const auto bit = [&](Index k, Index j) { return (mask.lanes(k, j / 16) >> (j % 16) & 1) != 0; };
      std::size_t overlaps = 0;
      for (Index k = 0; k < n; ++k) {
        for (Index j = 0; j < m; ++j) {
          const bool meet = overlap(boxes_a[detail::at(k)], boxes_b[detail::at(j)]);
          REQUIRE((bit(k, j) || !meet));
          overlaps += meet ? 1U : 0U;
        }
      }
      mask.make_exact(join);
      REQUIRE(mask.count() == overlaps);
      for (Index k = 0; k < n; ++k) {
        for (Index j = 0; j < m; ++j) {
          REQUIRE(bit(k, j) == overlap(boxes_a[detail::at(k)], boxes_b[detail::at(j)]));
        }
      }
    }
  }
}

TEMPLATE_TEST_CASE("the prefilter over leaves lets no leaf go that a box overlaps", "", float, double) {
  using T = TestType;
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  scenes::Rng rng(seed);
  const int n = 6000;
  auto boxes = scenes::uniform<T>(n, 8000, 50, rng);
  boxes[5] = {T(-1e9), 0, T(-9e8), 10};
  detail::PackingScratch scratch;
  const auto tree = detail::PackedTree<T>::packed(detail::BoxRows<T>(boxes, "boxes"), false, scratch);
  const detail::QuantizedLeaves<T> filter(tree);
  REQUIRE(filter.usable());
  auto queries = scenes::uniform<T>(300, 8000, 300, rng);
  queries.push_back(boxes[5]);
  queries.push_back({T(-1e30), T(-1e30), T(1e30), T(1e30)});
  std::vector<std::uint32_t> found(std::size_t(detail::QuantizedLeaves<T>::most_leaves) + 1);
  for (const Box<T>& query : queries) {
    const auto end = filter.add_leaves(7, query, found.data());
    const std::vector<std::uint32_t> named(found.data(), end);
    REQUIRE(std::is_sorted(named.begin(), named.end()));
    for (Index leaf = 0; leaf < tree.leaves(); ++leaf) {
      if (overlap(tree.leaf_bounds(leaf), query)) {
        REQUIRE(std::binary_search(named.begin(), named.end(), 7U << 16 | std::uint32_t(leaf)));
      }
    }
  }
}
