#include <boxlap/nms/groups.hpp>

#include <algorithm>
#include <random>
#include <stdexcept>

#include "../catch.hpp"
#include "../support/memory.hpp"
#include "../support/rounds.hpp"
#include "circle.hpp"
#include "plain_nms.hpp"

using namespace boxlap;

namespace {

/// The greedy loop, writing down where it stops.
template <class R, class P, class Value>
auto plain_groups(const R& shapes, const P& scores, double threshold, bool at_equal, Value value_of) {
  using V = decltype(value_of(shapes[0], shapes[0]));
  NmsGroups<V> groups;
  groups.suppressor.assign(std::size(shapes), none);
  groups.overlap.assign(std::size(shapes), V{0});
  for (const Index j : plain::best_first(scores)) {
    const auto found = std::find_if(groups.keep.begin(), groups.keep.end(), [&](Index i) {
      const double value = double(value_of(shapes[plain::at(i)], shapes[plain::at(j)]));
      return at_equal ? value >= threshold : value > threshold;
    });
    if (found == groups.keep.end()) {
      groups.keep.push_back(j);
    } else {
      groups.suppressor[plain::at(j)] = *found;
      groups.overlap[plain::at(j)] = value_of(shapes[plain::at(*found)], shapes[plain::at(j)]);
    }
  }
  return groups;
}

template <class G>
void check_equal(const G& got, const G& expected) {
  CHECK(got.keep == expected.keep);
  CHECK(got.suppressor == expected.suppressor);
  CHECK(got.overlap == expected.overlap);
}

}  // namespace

TEST_CASE("nms_groups names the suppressor that the greedy loop stops at", "[nms]") {
  const auto seed = std::uint64_t(GENERATE(take(scenes::rounds(3), random(1, 1 << 30))));
  CAPTURE(seed);
  scenes::Rng rng(seed);
  auto all = scenes::all<float>(scenes::rounds(1500), rng);
  all.push_back(scenes::uniform<float>(scenes::rounds(5000), 400, 50, rng));
  for (const auto& boxes : all) {
    const auto scores = scenes::scores(int(boxes.size()), rng);
    for (const double threshold : {0.5, 0.0, 0.8, 1.0, -0.1}) {
      CAPTURE(threshold);
      const auto quotient = [](const Box<float>& a, const Box<float>& b) { return plain::quotient(a, b); };
      const auto groups = nms_groups(boxes, scores, threshold);
      check_equal(groups, plain_groups(boxes, scores, threshold, false, quotient));
      CHECK(groups.keep == nms(boxes, scores, threshold));
      check_equal(nms_groups(boxes, scores, {.iou_threshold = threshold, .suppress_equal = true}),
                  plain_groups(boxes, scores, threshold, true, quotient));
      check_equal(nms_groups(boxes, scores, {.iou_threshold = threshold}, Ios{}),
                  plain_groups(boxes, scores, threshold, false, Ios{}));
    }
  }
}

TEST_CASE("nms_groups takes any shape, and no rows", "[nms]") {
  const std::vector<user::Circle> circles = {{0, 0, 5}, {0.5, 0, 5}, {0, 0.5, 5}, {30, 0, 5}};
  const auto groups = nms_groups(circles, std::vector<float>{0.5f, 0.9f, 0.6f, 0.1f}, 0.5);
  CHECK(groups.keep == std::vector<Index>{1, 3});
  CHECK(groups.suppressor == std::vector<Index>{1, none, 1, none});
  CHECK(groups.overlap[0] == iou(circles[1], circles[0]));
  CHECK(nms_groups(std::vector<Box<float>>{}, std::vector<float>{}, 0.5).keep.empty());
  CHECK_THROWS_AS(nms_groups(circles, std::vector<float>(3), 0.5), std::invalid_argument);
  CHECK_THROWS_AS(nms_groups(circles, std::vector<float>(4), std::nan("")), std::invalid_argument);
}

TEST_CASE("nms_groups holds the memory its doc block states", "[nms]") {
  if (memory::uncounted()) {
    return;
  }
  scenes::Rng rng(5);
  const double n = 100'000;
  const auto scores = scenes::scores(int(n), rng);
  const auto boxes = scenes::uniform<float>(int(n), 1e6, 50, rng);
  const heap::Scope scope;
  const auto groups = nms_groups(boxes, scores, 0.5);
  const double peak = double(scope.peak_bytes()) - 8 * n - 4.0 * double(groups.keep.capacity());
  CHECK(peak <= 8 * n + 290 * n + 1e5);
  CHECK(peak >= 0.5 * (8 * n + 290 * n));
}
