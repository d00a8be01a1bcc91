#include <boxlap/nms/merge.hpp>

#include <algorithm>
#include <cmath>
#include <random>
#include <stdexcept>
#include <utility>

#include "../catch.hpp"
#include "../support/memory.hpp"
#include "plain_merge.hpp"

using namespace boxlap;

namespace {

template <class Merged>
std::vector<std::vector<Index>> groups_of(const Merged& merged) {
  std::vector<std::vector<Index>> groups;
  for (std::size_t k = 0; k + 1 < merged.offsets.size(); ++k) {
    groups.emplace_back(merged.members.begin() + merged.offsets[k], merged.members.begin() + merged.offsets[k + 1]);
  }
  return groups;
}

template <class T, class M>
void check(const std::vector<Box<T>>& boxes, const std::vector<float>& scores, const MergeOptions& options, M m) {
  const auto merged = merge_boxes(boxes, scores, options, m);
  const auto expected = plain::merge(boxes, scores, options, m);
  CHECK(groups_of(merged) == expected.groups);
  CHECK(merged.boxes == expected.boxes);
  REQUIRE(merged.scores.size() == expected.scores.size());
  double off = 0;
  for (std::size_t k = 0; k < expected.scores.size(); ++k) {
    off = std::max(off, std::abs(double(merged.scores[k]) - expected.scores[k]));
  }
  CHECK(off <= (options.rule == MergeRule::supervision ? 1e-5 : 0));
}

/// Boxes on whole coordinates with an extent, and scores of which many are equal.
std::vector<Box<float>> whole_boxes(int n, int extent, scenes::Rng& rng) {
  std::vector<Box<float>> boxes;
  for (int i = 0; i < n; ++i) {
    const auto x = float(rng() % std::uint64_t(extent)), y = float(rng() % std::uint64_t(extent));
    boxes.push_back({x, y, x + 1 + float(rng() % 12), y + 1 + float(rng() % 12)});
  }
  return boxes;
}

/// Boxes with sides from 1 to 600 px, even in their logarithm.
std::vector<Box<float>> mixed_sides(int n, double extent, scenes::Rng& rng) {
  std::uniform_real_distribution<double> at(0, extent), size(0, 6.4);
  std::vector<Box<float>> boxes;
  for (int i = 0; i < n; ++i) {
    const double x = at(rng), y = at(rng);
    boxes.push_back({float(x), float(y), float(x + std::exp(size(rng))), float(y + std::exp(size(rng)))});
  }
  return boxes;
}

}  // namespace

TEMPLATE_TEST_CASE("merge_boxes equals SAHI's and supervision's definitions", "[nms]", float, double) {
  using T = TestType;
  const auto seed = std::uint64_t(GENERATE(take(3, random(1, 1 << 30))));
  CAPTURE(seed);
  scenes::Rng rng(seed);
  for (const auto& boxes : scenes::all<T>(400, rng)) {
    const auto scores = scenes::scores(int(boxes.size()), rng);
    for (const MergeRule rule : plain::merge_rules) {
      for (const double threshold : {0.5, 0.1, 0.8}) {
        CAPTURE(int(rule), threshold);
        check(boxes, scores, {.threshold = threshold, .rule = rule}, Iou{});
        check(boxes, scores, {.threshold = threshold, .rule = rule}, Ios{});
      }
    }
  }
}

TEST_CASE("the greedy rules merge the same rows by nms and by taking, as the definition says", "[nms]") {
  const auto seed = std::uint64_t(GENERATE(take(3, random(1, 1 << 30))));
  CAPTURE(seed);
  scenes::Rng rng(seed);
  std::vector<std::vector<Box<float>>> all = scenes::all<float>(400, rng);
  all.push_back(mixed_sides(500, 2000, rng));
  all.push_back(scenes::uniform<float>(500, 90, 25, rng));  // a crowd
  all.push_back(whole_boxes(300, 20, rng));
  const auto both_ways = [&](const auto& boxes, const auto& scores, MergeRule rule, double said, auto measure) {
    const double threshold = rule == MergeRule::supervision ? said : double(float(said));
    const std::vector<Index> order =
        rule == MergeRule::sahi_greedy ? detail::order_by_corners(boxes, scores) : detail::order_descending(scores);
    const detail::Verdict verdict{threshold, true};
    const detail::Detections detections(boxes, measure, verdict);
    const auto by_nms = detail::groups_by_nms(detections, order);
    const detail::GroupRule grouping = detail::group_rule(rule);
    const auto by_taking =
        detail::GroupsByTaking(boxes, scores, grouping, detections, order).run(detail::sample_of_rows(detections));
    const auto expected = plain::merge(boxes, scores, {.threshold = said, .rule = rule}, measure);
    std::vector<Index> offsets{0}, rows;
    for (const std::vector<Index>& group : expected.groups) {
      rows.insert(rows.end(), group.begin(), group.end());
      offsets.push_back(Index(rows.size()));
    }
    CHECK(by_nms.offsets == offsets);
    CHECK(by_nms.rows == rows);
    CHECK(by_taking.offsets == offsets);
    CHECK(by_taking.rows == rows);
    check(boxes, scores, {.threshold = said, .rule = rule}, measure);
  };
  for (const auto& boxes : all) {
    const auto scores = scenes::scores(int(boxes.size()), rng);
    for (const MergeRule rule : {MergeRule::sahi_greedy, MergeRule::supervision}) {
      for (const double threshold : {0.1, 0.3, 0.7, 1.0}) {
        CAPTURE(int(rule), threshold, boxes.size());
        both_ways(boxes, scores, rule, threshold, Ios{});
        both_ways(boxes, scores, rule, threshold, Iou{});
      }
    }
  }
}

TEST_CASE("sides are mixed where large boxes are many, not where one is huge or a few are tiny", "[nms]") {
  scenes::Rng rng(5);
  const auto mixed = [](const std::vector<Box<float>>& boxes) {
    const Ios measure;
    const detail::Detections detections(boxes, measure, detail::Verdict{0.3, true});
    return detail::sample_of_rows(detections).mixed;
  };
  std::vector<Box<float>> boxes = scenes::uniform<float>(9'000, 3'000, 50, rng);
  CHECK_FALSE(mixed({}));
  CHECK_FALSE(mixed({{0, 0, 5, 0}, {0, 0, -5, 5}}));  // nothing that can match
  CHECK_FALSE(mixed(boxes));
  CHECK(mixed(mixed_sides(9'000, 3'000, rng)));
  boxes[0] = {0, 0, 1e9F, 1e9F};
  boxes[30] = boxes[60] = boxes[90] = {7, 7, 7.0001F, 7.0001F};
  CHECK_FALSE(mixed(boxes));
  boxes[300] = {0, 0, std::nanf(""), 9};
  boxes[600] = {0, 0, HUGE_VALF, 9};
  CHECK_FALSE(mixed(boxes));
  for (std::size_t i = 0; i < boxes.size(); i += 4) {
    boxes[i] = {boxes[i].x1, boxes[i].y1, boxes[i].x1 + 500, boxes[i].y1 + 500};
  }
  CHECK(mixed(boxes));
}

TEST_CASE("the box of a chain grows in the order of its members, which is by row", "[nms]") {
  const std::vector<Box<float>> boxes = {{49, 2, 54, 26},  {17, 12, 44, 66}, {8, 42, 39, 72},
                                         {49, 18, 57, 58}, {30, 43, 42, 75}, {29, 29, 75, 67}};
  const std::vector<float> scores = {.1439F, .2867F, .4296F, .7153F, .001F, .5724F};
  MergeOptions options{.threshold = 0.1, .rule = MergeRule::sahi_nmm};
  const auto merged = merge_boxes(boxes, scores, options);
  const auto grown = [](const auto& objects, const Box<float>& box) {
    return std::find(objects.boxes.begin(), objects.boxes.end(), box) != objects.boxes.end();
  };
  CHECK(grown(merged, {8, 2, 75, 72}));  // row 0 at an IoU of exactly 0.1: counts since 0.12.8, before it was y1 = 12
  options.rule = MergeRule::sahi_nmm_0_11_24;
  CHECK(grown(merge_boxes(boxes, scores, options), {8, 12, 75, 75}));
}

TEST_CASE("2,400 small scenes with equal scores and whole coordinates merge as the definition says", "[nms]") {
  const auto seed = std::uint64_t(GENERATE(take(1, random(1, 1 << 30))));
  CAPTURE(seed);
  scenes::Rng rng(seed);
  int wrong = 0;
  for (int scene = 0; scene < 2400; ++scene) {
    const int n = int(rng() % 40);
    const auto boxes = whole_boxes(n, 4 + int(rng() % 40), rng);
    std::vector<float> scores;
    const auto levels = 1 + rng() % 30;
    for (int i = 0; i < n; ++i) {
      scores.push_back(float(rng() % levels) / 32);
    }
    MergeOptions options;
    options.rule = plain::merge_rules[rng() % 4];
    options.threshold = double(rng() % 10) / 10;  // 0.1 and 0.7 are other numbers in float; at 0 all match
    const auto as_said = [&](auto measure) {
      const auto merged = merge_boxes(boxes, scores, options, measure);
      const auto expected = plain::merge(boxes, scores, options, measure);
      return groups_of(merged) == expected.groups && merged.boxes == expected.boxes;
    };
    wrong += int(!(rng() % 2 == 0 ? as_said(Iou{}) : as_said(Ios{})));
  }
  CHECK(wrong == 0);
}

TEST_CASE("a threshold of 0 merges rows that do not meet", "[nms]") {
  const std::vector<Box<float>> boxes = {{0, 0, 1, 1}, {50, 0, 51, 1}, {9, 9, 9, 9}};
  const std::vector<float> scores = {0.1F, 0.9F, 0.5F};
  for (const MergeRule rule : plain::merge_rules) {
    CAPTURE(int(rule));
    const auto all = merge_boxes(boxes, scores, {.threshold = 0, .rule = rule});
    REQUIRE(all.offsets == std::vector<Index>{0, 3});
    CHECK(all.members.front() == 1);
  }
  // SAHI's NMM: a row takes no other of its own score, unless that is a copy.
  const std::vector<Box<float>> tied = {{0, 0, 1, 1}, {50, 0, 51, 1}, {0, 0, 1, 1}, {7, 7, 8, 8}};
  const auto merged =
      merge_boxes(tied, std::vector<float>{0.5F, 0.5F, 0.5F, 0.1F}, {.threshold = 0, .rule = MergeRule::sahi_nmm});
  CHECK(groups_of(merged) == std::vector<std::vector<Index>>{{0, 2, 3}, {1}});
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
  CHECK_THROWS_AS(merge_boxes(parts, scores, {.threshold = -0.1}), std::invalid_argument);
  CHECK_THROWS_AS(merge_boxes(parts, scores, {.threshold = std::nan("")}), std::invalid_argument);
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
  const auto peak = [&](const auto& boxes, MergeRule rule, auto measure) {
    const heap::Scope scope;
    const auto merged = merge_boxes(boxes, scores, {.threshold = 0.5, .rule = rule}, measure);
    return double(scope.peak_bytes()) -
           double(sizeof(boxes[0]) * merged.boxes.capacity() + sizeof(float) * merged.scores.capacity() +
                  sizeof(Index) * (merged.offsets.capacity() + merged.members.capacity()));
  };
  const auto dense = scenes::clustered<float>(int(n), 30, 20'000, rng);
  const auto spread = scenes::uniform<float>(int(n), 1e6, 50, rng);
  const auto crowd = scenes::uniform<float>(int(n), 700, 25, rng);
  std::vector<Box<double>> dense_double;
  for (const Box<float>& box : dense) {
    dense_double.push_back(cast<double>(box));
  }
  for (const MergeRule rule : plain::merge_rules) {
    CAPTURE(int(rule));
    CHECK(peak(dense, rule, Ios{}) <= 32 * n + 30 * n + 1e5);
    CHECK(peak(dense, rule, Iou{}) <= 32 * n + 30 * n + 1e5);
    CHECK(peak(crowd, rule, Ios{}) <= 32 * n + 30 * n + 1e5);
    CHECK(peak(crowd, rule, Iou{}) <= 32 * n + 30 * n + 1e5);
    if (rule == MergeRule::sahi_nmm) {  // all rows are in the index
      CHECK(peak(dense, rule, Ios{}) >= 0.5 * (32 * n + 30 * n));
    }
    CHECK(peak(dense_double, rule, Ios{}) <= 32 * n + 55 * n + 1e5);
    CHECK(peak(spread, rule, Ios{}) <= 32 * n + 290 * n + 1e5);
    CHECK(peak(spread, rule, Iou{}) <= 32 * n + 290 * n + 1e5);
    CHECK(peak(spread, rule, Ios{}) >= 0.5 * (32 * n + 290 * n));
  }
}

TEST_CASE("at a threshold of 0 rows match whose measure is 0 or more", "[nms]") {
  const std::vector<Box<float>> boxes = {{0, 0, 10, 10}, {50, 0, 60, 10}, {1, 0, 11, 10}};
  const std::vector<float> scores = {0.9F, 0.8F, 0.7F};
  using Groups = std::vector<std::vector<Index>>;
  for (const MergeRule rule : {MergeRule::sahi_greedy, MergeRule::sahi_nmm, MergeRule::supervision}) {
    CHECK(groups_of(merge_boxes(boxes, scores, {.threshold = 0, .rule = rule})) == Groups{{0, 1, 2}});
    CHECK(groups_of(merge_boxes(boxes, scores, {.threshold = 0, .rule = rule}, Diou{})) == Groups{{0, 2}, {1}});
  }
  CHECK(groups_of(merge_boxes(boxes, scores, {.threshold = 1e-50})) == Groups{{0, 1, 2}});  // 0 in float
}

TEST_CASE("rows whose score is NaN are merged in the order of their rows", "[nms]") {
  const float nan = std::nanf("");
  const std::vector<Box<float>> boxes = {{9, 0, 19, 10}, {0, 0, 10, 10}, {5, 0, 15, 10}};
  for (const MergeRule rule : {MergeRule::sahi_greedy, MergeRule::sahi_nmm, MergeRule::supervision}) {
    const auto merged = merge_boxes(boxes, std::vector<float>{nan, nan, 1}, {.threshold = 0.4, .rule = rule}, Ios{});
    CHECK(merged.members == std::vector<Index>{0, 2, 1});
  }
}

TEST_CASE("the greedy rules sort once", "[nms]") {
  scenes::Rng rng(1);
  const int n = 5000;
  const auto boxes = scenes::uniform<float>(n, 3000, 40, rng);
  const auto numbers = scenes::scores(n, rng);
  std::size_t reads = 0;
  const auto scores = view(std::size_t(n), [&](Index i) {
    ++reads;
    return numbers[std::size_t(i)];
  });
  (void)detail::order_by_corners(boxes, scores);
  const std::size_t sorted = std::exchange(reads, 0);
  (void)detail::matching_groups(boxes, scores, 0.5, detail::group_rule(MergeRule::sahi_greedy), Iou{});
  CHECK(reads == sorted);
}
