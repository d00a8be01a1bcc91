#include <boxlap/nms/merge.hpp>

#include <map>
#include <random>
#include <stdexcept>

#include "../catch.hpp"
#include "../support/memory.hpp"
#include "plain_nms.hpp"

using namespace boxlap;

namespace {

struct Group {
  std::vector<Index> rows;
};

/// SAHI's two groupings, written from its lists.
template <class T, class P, class M>
std::vector<Group> plain_groups(const std::vector<Box<T>>& boxes, const P& scores, const MergeOptions& options, M m) {
  std::vector<Index> order = plain::best_first(scores);
  const auto matches = [&](Index i, Index j) {
    return double(m(boxes[plain::at(i)], boxes[plain::at(j)])) >= options.threshold;
  };
  std::vector<Group> groups;
  if (options.rule != MergeRule::sahi_nmm) {
    while (!order.empty()) {
      Group group{{order.front()}};
      std::vector<Index> rest;
      for (std::size_t k = 1; k < order.size(); ++k) {
        (matches(order[0], order[k]) ? group.rows : rest).push_back(order[k]);
      }
      groups.push_back(group);
      order = rest;
    }
    return groups;
  }
  std::map<Index, Index> merge_to_keep;
  std::map<Index, std::size_t> keep_to_group;
  for (const Index i : order) {
    std::vector<Index> matched;
    for (const Index j : order) {
      if (j != i && matches(i, j)) {
        matched.insert(matched.begin(), j);  // the worst one first
      }
    }
    if (merge_to_keep.count(i) == 0) {
      keep_to_group[i] = groups.size();
      groups.push_back({{i}});
    }
    const Index keep = merge_to_keep.count(i) == 0 ? i : merge_to_keep[i];
    for (const Index j : matched) {
      if (merge_to_keep.count(j) == 0 && keep_to_group.count(j) == 0) {
        groups[keep_to_group[keep]].rows.push_back(j);
        merge_to_keep[j] = keep;
      }
    }
  }
  return groups;
}

template <class T, class M>
void check(const std::vector<Box<T>>& boxes, const std::vector<float>& scores, const MergeOptions& options, M m) {
  const auto merged = merge_boxes(boxes, scores, options, m);
  const auto groups = plain_groups(boxes, scores, options, m);
  REQUIRE(merged.boxes.size() == groups.size());
  for (std::size_t k = 0; k < groups.size(); ++k) {
    const std::vector<Index> rows(merged.members.begin() + merged.offsets[k],
                                  merged.members.begin() + merged.offsets[k + 1]);
    CHECK(rows == groups[k].rows);
    Box<T> box = boxes[plain::at(rows[0])];
    float score = scores[plain::at(rows[0])];
    for (std::size_t i = 1; i < rows.size(); ++i) {
      const Box<T>& part = boxes[plain::at(rows[i])];
      const bool all = options.rule == MergeRule::supervision;
      if (all) {
        const auto a = float(area(box)), b = float(area(part));
        score = (a * score + b * scores[plain::at(rows[i])]) / (a + b);
      }
      if (all || double(m(box, part)) > options.threshold) {
        box = {std::min(box.x1, part.x1), std::min(box.y1, part.y1), std::max(box.x2, part.x2),
               std::max(box.y2, part.y2)};
      }
    }
    CHECK(merged.boxes[k] == box);
    CHECK_THAT(double(merged.scores[k]), Catch::Matchers::WithinAbs(double(score), 1e-5));
  }
}

}  // namespace

TEMPLATE_TEST_CASE("merge_boxes equals SAHI's and supervision's definitions", "[nms]", float, double) {
  using T = TestType;
  const auto seed = std::uint64_t(GENERATE(take(3, random(1, 1 << 30))));
  CAPTURE(seed);
  scenes::Rng rng(seed);
  for (const auto& boxes : scenes::all<T>(400, rng)) {
    const auto scores = scenes::scores(int(boxes.size()), rng);
    for (const MergeRule rule : {MergeRule::sahi_greedy, MergeRule::sahi_nmm, MergeRule::supervision}) {
      for (const double threshold : {0.5, 0.1, 0.8}) {
        CAPTURE(int(rule), threshold);
        check(boxes, scores, {.threshold = threshold, .rule = rule}, Iou{});
        check(boxes, scores, {.threshold = threshold, .rule = rule}, Ios{});
      }
    }
  }
}

TEST_CASE("parts on both sides of a tile seam become one object by IoS", "[nms]") {
  // An object from 80 to 130, a seam at 100 with tiles that overlap by 20: two parts that share 90 to 110.
  const std::vector<Box<double>> parts = {{80, 0, 110, 30}, {90, 0, 130, 30}, {300, 0, 330, 30}};
  const std::vector<float> scores = {0.7f, 0.9f, 0.8f};
  const auto merged = merge_boxes(parts, scores, {.threshold = 0.5}, Ios{});
  CHECK(merged.boxes == std::vector<Box<double>>{{80, 0, 130, 30}, {300, 0, 330, 30}});
  CHECK(merged.scores == std::vector<float>{0.9f, 0.8f});
  CHECK(merged.offsets == std::vector<Index>{0, 2, 3});
  CHECK(merged.members == std::vector<Index>{1, 0, 2});
  CHECK(merge_boxes(parts, scores, {.threshold = 0.5}).boxes.size() == 3);  // IoU 0.4
  const auto apart = batched_merge_boxes(parts, scores, std::vector<int>{1, 2, 1}, {.threshold = 0.5}, Ios{});
  CHECK(apart.boxes.size() == 3);
  CHECK(apart.members == std::vector<Index>{2, 0, 1});
  CHECK(merge_boxes(std::vector<Box<float>>{}, std::vector<float>{}).boxes.empty());
  CHECK_THROWS_AS(merge_boxes(parts, scores, {.threshold = 0}), std::invalid_argument);
  CHECK_THROWS_AS(merge_boxes(parts, std::vector<float>(2)), std::invalid_argument);
  CHECK_THROWS_AS(batched_merge_boxes(parts, scores, std::vector<int>(2)), std::invalid_argument);
}

TEST_CASE("merge_boxes holds the memory its doc block states, never a matrix", "[nms]") {
  if (memory::uncounted()) {
    return;
  }
  scenes::Rng rng(5);
  const double n = 60'000;
  const auto scores = scenes::scores(int(n), rng);
  const auto peak = [&](const std::vector<Box<float>>& boxes, MergeRule rule) {
    const heap::Scope scope;
    const auto merged = merge_boxes(boxes, scores, {.threshold = 0.5, .rule = rule}, Ios{});
    return double(scope.peak_bytes()) -
           double(sizeof(Box<float>) * merged.boxes.capacity() + sizeof(float) * merged.scores.capacity() +
                  sizeof(Index) * (merged.offsets.capacity() + merged.members.capacity()));
  };
  for (const MergeRule rule : {MergeRule::sahi_greedy, MergeRule::sahi_nmm, MergeRule::supervision}) {
    CAPTURE(int(rule));
    const double dense = peak(scenes::clustered<float>(int(n), 30, 20'000, rng), rule);
    const double stated = rule == MergeRule::sahi_nmm ? 16 * n + 100 * n : 28 * n;
    CHECK(dense <= stated + 1e5);
    CHECK(dense >= stated / 2);
    const double spread = peak(scenes::uniform<float>(int(n), 1e6, 50, rng), rule);
    CHECK(spread <= 16 * n + 290 * n + 1e5);
    CHECK(spread >= 0.5 * (16 * n + 290 * n));
  }
}
