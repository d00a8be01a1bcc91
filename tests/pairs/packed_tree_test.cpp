// The packed R-tree and what it is made of, each against the plain way.
#include <boxlap/pairs/detail/packed_tree.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <set>
#include <vector>

#include "../catch.hpp"
#include "../support/scenes.hpp"

using namespace boxlap;

namespace {

template <class T>
bool overlap(const Box<T>& a, const Box<T>& b) {
  return a.x1 < b.x2 && b.x1 < a.x2 && a.y1 < b.y2 && b.y1 < a.y2;
}

/// Boxes of every kind, some of which can be in no join.
template <class T>
std::vector<Box<T>> scene(int n, scenes::Rng& rng) {
  auto boxes = scenes::clustered<T>(n, 20, 3000, rng);
  constexpr T inf = std::numeric_limits<T>::infinity();
  for (std::size_t k = 0; k < boxes.size(); k += 1 + rng() % 30) {
    const T odd[] = {std::numeric_limits<T>::quiet_NaN(), inf, -inf, boxes[k].x1, T(1e30), T(-1e30), 0};
    boxes[k].x2 = odd[rng() % std::size(odd)];
  }
  return boxes;
}

template <class T>
detail::PackedTree<T> tree_of(const std::vector<Box<T>>& boxes, bool packed, detail::Team* team = nullptr) {
  detail::PackingScratch scratch;
  const detail::BoxRows<T> rows(boxes, "boxes");
  return packed ? detail::PackedTree<T>::packed(rows, false, scratch, team)
                : detail::PackedTree<T>::unordered(rows, false);
}

}  // namespace

TEMPLATE_TEST_CASE("a tree holds each box that has extent once, with its row", "", float, double) {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  scenes::Rng rng(seed);
  for (const int n : {0, 1, 15, 16, 17, 64, 65, 256, 257, 4097, 40'000}) {
    for (const bool packed : {true, false}) {
      CAPTURE(n, packed);
      const auto boxes = scene<TestType>(n, rng);
      const auto tree = tree_of(boxes, packed);
      std::set<Index> rows;
      for (Index slot = 0; slot < tree.size(); ++slot) {
        REQUIRE(rows.insert(tree.row(slot)).second);
        REQUIRE(tree.box(slot) == boxes[detail::at(tree.row(slot))]);
      }
      REQUIRE(std::ptrdiff_t(rows.size()) == std::count_if(boxes.begin(), boxes.end(), [](const Box<TestType>& box) {
                return box.x1 < box.x2 && box.y1 < box.y2;
              }));
    }
  }
}

TEMPLATE_TEST_CASE("threads make the same tree", "", float, double) {
  scenes::Rng rng(3);
  const auto boxes = scene<TestType>(100'000, rng);
  detail::Team team(3);
  const auto alone = tree_of(boxes, true), shared = tree_of(boxes, true, &team);
  REQUIRE(alone.size() == shared.size());
  for (Index slot = 0; slot < alone.size(); ++slot) {
    REQUIRE(alone.row(slot) == shared.row(slot));
  }
}

TEMPLATE_TEST_CASE("a search finds the leaves that overlap a box, ascending, from a leaf on", "", float, double) {
  using T = TestType;
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  scenes::Rng rng(seed);
  for (const int n : {0, 1, 16, 17, 300, 5000, 70'000}) {
    const auto tree = tree_of(scenes::clustered<T>(n, 20, 3000, rng), true);
    auto queries = scenes::uniform<T>(20, 3000, n > 1000 ? 100 : 1000, rng);
    constexpr T inf = std::numeric_limits<T>::infinity();
    queries.push_back({-inf, -inf, inf, inf});
    queries.push_back({1e9, 1e9, 2e9, 2e9});
    for (const Box<T>& query : queries) {
      const Index first = n > 0 && rng() % 2 == 0 ? Index(rng() % unsigned(tree.leaves())) : 0;
      CAPTURE(n, first);
      std::vector<Index> expected, found;
      for (Index leaf = first; leaf < tree.leaves(); ++leaf) {
        if (overlap(tree.leaf_bounds(leaf), query)) {
          expected.push_back(leaf);
        }
      }
      typename detail::PackedTree<T>::LeafSearch search(tree, query, first);
      for (typename detail::PackedTree<T>::LeafGroup group; search.next(group);) {
        for (Index lane = 0; lane < detail::block_size; ++lane) {
          if ((group.lanes >> lane & 1) != 0) {
            found.push_back(group.first + lane);
          }
        }
      }
      REQUIRE(found == expected);
    }
  }
}

TEMPLATE_TEST_CASE("a block names the lanes that overlap a box", "", float, double) {
  using T = TestType;
  scenes::Rng rng(7);
  constexpr T inf = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
  const T values[] = {0, T(-0.0), 1, 2, 3, -1, inf, -inf, nan, std::numeric_limits<T>::denorm_min(), 1e30F};
  const auto box = [&] {
    const auto value = [&] { return values[rng() % std::size(values)]; };
    return Box<T>{value(), value(), value(), value()};
  };
  for (int round = 0; round < 500; ++round) {
    detail::BoxBlock<T> block;
    for (Index lane = 0; lane < detail::block_size; ++lane) {
      block.set(lane, box());
    }
    const Box<T> query = box();
    std::uint32_t expected = 0;
    for (Index lane = 0; lane < detail::block_size; ++lane) {
      expected |= std::uint32_t(overlap(block.get(lane), query)) << lane;
    }
    REQUIRE(detail::overlapping_lanes(block, query) == expected);
    REQUIRE(detail::overlapping_lanes<4>(block, query) == (expected & 0xfff0U));
    REQUIRE(detail::overlapping_lanes<12>(block, query) == (expected & 0xf000U));
  }
}

TEMPLATE_TEST_CASE("boxes of any range are read alike", "", float, double) {
  using T = TestType;
  scenes::Rng rng(8);
  const auto boxes = scenes::uniform<T>(100, 300, 20, rng);
  std::vector<Box<double>> wide;
  for (const Box<T>& box : boxes) {
    wide.push_back(cast<double>(box));
  }
  const auto computed = view(boxes.size(), [&](Index i) { return boxes[detail::at(i)]; });
  const detail::BoxRows<T> here(boxes, "a"), read(computed, "b"), narrowed(wide, "c");
  REQUIRE(here.data() == boxes.data());
  REQUIRE(read.data() == nullptr);
  REQUIRE(here.size() == 100);
  std::vector<Box<T>> room(100);
  for (const auto* rows : {&here, &read, &narrowed}) {
    const Box<T>* const block = rows->block(10, 50, room.data());
    for (Index k = 0; k < 50; ++k) {
      REQUIRE(block[k] == boxes[detail::at(10 + k)]);
      REQUIRE((*rows)[k] == boxes[detail::at(k)]);
    }
  }
  const Index some[] = {99, 0, 7, 7};
  read.gather(some, 4, room.data());
  for (std::size_t k = 0; k < 4; ++k) {
    REQUIRE(room[k] == boxes[detail::at(some[k])]);
  }
}
