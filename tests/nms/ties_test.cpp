// Suppression where overlaps are exactly at the threshold and scores are equal: boxes on a small grid, whose IoU is a
// fraction of whole numbers, against loops that compare the fractions and never divide.
#include <boxlap/nms/batched.hpp>
#include <boxlap/nms/fusion.hpp>
#include <boxlap/nms/groups.hpp>
#include <boxlap/nms/merge.hpp>
#include <boxlap/nms/nms.hpp>
#include <boxlap/nms/soft.hpp>
#include <boxlap/nms/tiled.hpp>

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

#include "../catch.hpp"

using namespace boxlap;

namespace {

struct Cells {
  std::int64_t x1, y1, x2, y2;
};

struct Fraction {
  std::int64_t part, whole;
};

struct Scene {
  std::vector<Cells> cells;
  std::vector<int> scores, labels;  // scores in eighths, labels from 0

  template <class T>
  [[nodiscard]] std::vector<Box<T>> boxes() const {
    std::vector<Box<T>> out;
    for (const Cells& c : cells) {
      out.push_back({T(c.x1), T(c.y1), T(c.x2), T(c.y2)});
    }
    return out;
  }
  template <class T>
  [[nodiscard]] std::vector<T> score() const {
    std::vector<T> out;
    for (const int s : scores) {
      out.push_back(T(s) / 8);
    }
    return out;
  }
};

Scene scene(int n, int extent, std::mt19937_64& rng) {
  Scene s;
  const auto below = [&](int limit) { return static_cast<std::int64_t>(rng() % static_cast<std::uint64_t>(limit)); };
  for (int i = 0; i < n; ++i) {
    const std::int64_t x = below(extent), y = below(extent);
    s.cells.push_back({x, y, x + 1 + below(4), y + 1 + below(4)});
    s.scores.push_back(static_cast<int>(1 + below(7)));
    s.labels.push_back(static_cast<int>(below(3)));
  }
  return s;
}

std::int64_t area_of(const Cells& c) { return (c.x2 - c.x1) * (c.y2 - c.y1); }

Fraction iou_of(const Cells& a, const Cells& b) {
  const std::int64_t w = std::min(a.x2, b.x2) - std::max(a.x1, b.x1), h = std::min(a.y2, b.y2) - std::max(a.y1, b.y1);
  const std::int64_t shared = w > 0 && h > 0 ? w * h : 0;
  return {shared, area_of(a) + area_of(b) - shared};
}

/// -1, 0 or 1: below, at or above the threshold.
int compare(const Fraction& value, const Fraction& threshold) {
  const std::int64_t left = value.part * threshold.whole, right = threshold.part * value.whole;
  return (left > right) - (left < right);
}

bool suppresses(const Scene& s, Index i, Index j, const Fraction& threshold, bool at_equal) {
  return compare(iou_of(s.cells[std::size_t(i)], s.cells[std::size_t(j)]), threshold) >= (at_equal ? 0 : 1);
}

/// Highest score first, of equal ones the lower row: by counting, so that no sort's stability is trusted.
std::vector<Index> best_first(const Scene& s) {
  std::vector<Index> order;
  for (int score = 8; score >= 0; --score) {
    for (std::size_t i = 0; i < s.scores.size(); ++i) {
      if (s.scores[i] == score) {
        order.push_back(Index(i));
      }
    }
  }
  return order;
}

struct Greedy {
  std::vector<Index> keep, suppressor;
};

Greedy greedy(const Scene& s, const Fraction& threshold, bool at_equal, bool by_label) {
  Greedy out{{}, std::vector<Index>(s.cells.size(), none)};
  for (const Index j : best_first(s)) {
    for (const Index i : out.keep) {
      if ((!by_label || s.labels[std::size_t(i)] == s.labels[std::size_t(j)]) &&
          suppresses(s, i, j, threshold, at_equal)) {
        out.suppressor[std::size_t(j)] = i;
        break;
      }
    }
    if (out.suppressor[std::size_t(j)] == none) {
      out.keep.push_back(j);
    }
  }
  return out;
}

const std::vector<Fraction> thresholds = {{0, 1}, {1, 7}, {1, 4}, {1, 3}, {1, 2}, {3, 5}, {2, 3}, {3, 4}, {1, 1}};

/// The threshold as the measure rounds it.
template <class T>
double rounded_once(const Fraction& f) {
  return static_cast<double>(static_cast<T>(f.part) / static_cast<T>(f.whole));
}

}  // namespace

TEMPLATE_TEST_CASE("nms, batched_nms and nms_groups at thresholds that are attained", "[nms]", float, double) {
  using T = TestType;
  const std::uint64_t seed = 1;
  CAPTURE(seed);
  std::mt19937_64 rng(seed);
  struct Size {
    int n, extent;
  };
  for (const Size& size : {Size{12, 4}, Size{90, 12}, Size{500, 40}, Size{500, 8}, Size{1700, 60}}) {
    const Scene s = scene(size.n, size.extent, rng);
    const auto boxes = s.boxes<T>();
    const auto scores = s.score<T>();
    int at_threshold = 0;
    for (const Fraction& f : thresholds) {
      const double t = rounded_once<T>(f);
      CAPTURE(size.n, size.extent, f.part, f.whole);
      for (const bool equal : {false, true}) {
        const NmsOptions options{.iou_threshold = t, .suppress_equal = equal};
        const Greedy all = greedy(s, f, equal, false), classes = greedy(s, f, equal, true);
        CHECK(nms(boxes, scores, options) == all.keep);
        CHECK(batched_nms(boxes, scores, s.labels, options) == classes.keep);
        const auto groups = nms_groups(boxes, scores, options);
        CHECK(groups.keep == all.keep);
        CHECK(groups.suppressor == all.suppressor);
        if (!equal) {
          CHECK(nms(boxes, scores, t) == all.keep);
          CHECK(batched_nms(boxes, scores, s.labels, t) == classes.keep);
        }
      }
      at_threshold += greedy(s, f, true, false).keep != greedy(s, f, false, false).keep ? 1 : 0;
    }
    CHECK(at_threshold >= (size.n > 50 ? 3 : 1));  // the scene does tell > from >=
  }
}

TEST_CASE("TiledNms with centres on the seams, equal scores and thresholds that are attained", "[nms]") {
  const std::uint64_t seed = 2;
  CAPTURE(seed);
  std::mt19937_64 rng(seed);
  for (int round = 0; round < 12; ++round) {
    const Scene s = scene(160, 14, rng);
    const auto boxes = s.boxes<double>();
    const auto scores = s.score<double>();
    const Fraction f = thresholds[std::size_t(2 + round % 6)];
    const bool equal = round % 2 == 0;
    CAPTURE(round, f.part, f.whole);
    TiledNms<Box<double>> tiled({.iou_threshold = rounded_once<double>(f), .suppress_equal = equal}, 4);
    Scene in_order;  // as the tiles bring the rows
    std::vector<Index> kept;
    for (int y = 0; y < 20; y += 4) {
      for (int x = 0; x < 20; x += 4) {
        std::vector<Box<double>> own;
        std::vector<double> own_scores;
        for (std::size_t i = 0; i < boxes.size(); ++i) {
          const double cx = (boxes[i].x1 + boxes[i].x2) / 2, cy = (boxes[i].y1 + boxes[i].y2) / 2;
          if (x <= cx && cx < x + 4 && y <= cy && cy < y + 4) {
            own.push_back(boxes[i]);
            own_scores.push_back(scores[i]);
            in_order.cells.push_back(s.cells[i]);
            in_order.scores.push_back(s.scores[i]);
          }
        }
        const auto now = tiled.add({double(x), double(y), double(x + 4), double(y + 4)}, own, own_scores);
        kept.insert(kept.end(), now.begin(), now.end());
      }
    }
    REQUIRE(in_order.cells.size() == boxes.size());
    const auto last = tiled.finish();
    kept.insert(kept.end(), last.begin(), last.end());
    std::vector<Index> expected = greedy(in_order, f, equal, false).keep;
    std::sort(kept.begin(), kept.end());
    std::sort(expected.begin(), expected.end());
    CHECK(kept == expected);
  }
}

TEST_CASE("soft_nms leaves a score alone at exactly the linear threshold, and takes equal scores by row", "[nms]") {
  const std::uint64_t seed = 3;
  CAPTURE(seed);
  std::mt19937_64 rng(seed);
  for (int round = 0; round < 20; ++round) {
    const Scene s = scene(60, 8, rng);
    const Fraction f = thresholds[std::size_t(round) % thresholds.size()];
    const double least = round % 3 == 0 ? 0.25 : 0.0;  // scores of 2/8 are at least that
    std::vector<double> current = s.score<double>();
    std::vector<char> chosen(current.size());
    std::vector<Index> keep;
    std::vector<double> scores;
    for (;;) {
      std::size_t best = current.size();
      for (std::size_t i = 0; i < current.size(); ++i) {
        if (!chosen[i] && current[i] >= least && (best == current.size() || current[i] > current[best])) {
          best = i;
        }
      }
      if (best == current.size()) {
        break;
      }
      chosen[best] = 1;
      keep.push_back(Index(best));
      scores.push_back(current[best]);
      for (std::size_t i = 0; i < current.size(); ++i) {
        const Fraction value = iou_of(s.cells[best], s.cells[i]);
        if (!chosen[i] && compare(value, f) > 0) {
          current[i] *= 1 - static_cast<double>(value.part) / static_cast<double>(value.whole);
        }
      }
    }
    CAPTURE(round, f.part, f.whole, least);
    const auto soft =
        soft_nms(s.boxes<double>(), s.score<double>(),
                 {.decay = Decay::linear, .iou_threshold = rounded_once<double>(f), .score_threshold = least});
    CHECK(soft.keep == keep);
    CHECK(soft.scores == scores);
  }
}

TEST_CASE("merge_boxes groups and grows at exactly the threshold, equal scores in the order of their rule", "[nms]") {
  // IoU of the first with the others: 1/2.
  const std::vector<Box<double>> half = {{0, 0, 4, 1}, {0, 0, 2, 1}, {0, 0, 2, 1}};
  const std::vector<double> scores = {0.5, 0.75, 0.5};
  struct Rule {
    MergeRule rule;
    std::vector<Index> members;
    bool grows;  // at the threshold
  };
  for (const auto& [rule, members, grows] :
       {Rule{MergeRule::sahi_greedy, {1, 2, 0}, true},        // equal scores by corners
        Rule{MergeRule::sahi_nmm, {1, 0, 2}, true},           // by row
        Rule{MergeRule::sahi_nmm_0_11_24, {1, 2, 0}, false},  // from the worst to the best
        Rule{MergeRule::supervision, {1, 0, 2}, true}}) {     // by row
    const auto merged = merge_boxes(half, scores, {.threshold = 0.5, .rule = rule});
    CAPTURE(static_cast<int>(rule));
    CHECK(merged.members == members);
    CHECK(merged.boxes == std::vector<Box<double>>{grows ? half[0] : half[1]});
    CHECK(merged.scores[0] == (rule == MergeRule::supervision ? 0.5625 : 0.75));  // areas 4, 2 and 2
    const auto above = merge_boxes(half, scores, {.threshold = 0.4375, .rule = rule});
    CHECK(above.boxes == std::vector<Box<double>>{half[0]});
    const auto below = merge_boxes(half, scores, {.threshold = 0.5625, .rule = rule});
    CHECK(below.boxes == std::vector<Box<double>>{half[1], half[0]});
  }
  // A chain: the third matches the second alone. sahi_nmm follows it, the others do not.
  const std::vector<Box<double>> chain = {{0, 0, 4, 1}, {1, 0, 5, 1}, {2, 0, 6, 1}};
  const std::vector<double> falling = {0.75, 0.5, 0.25};  // IoU 3/5, 3/5 and 1/3
  CHECK(merge_boxes(chain, falling, {.threshold = 0.6}).offsets == std::vector<Index>{0, 2, 3});
  CHECK(merge_boxes(chain, falling, {.threshold = 0.6, .rule = MergeRule::sahi_nmm}).members ==
        std::vector<Index>{0, 1, 2});
  CHECK(merge_boxes(chain, falling, {.threshold = 0.6, .rule = MergeRule::sahi_nmm}).offsets ==
        std::vector<Index>{0, 3});
}

TEST_CASE("supervision's merged score is the mean of the scores weighted by area", "[nms]") {
  // Three areas of 8: (3/4 + 3/8 + 3/8) / 3 = 1/2. Part by part with the area of the box grown so far, 12 after the
  // first two, it would be 39/80.
  const std::vector<Box<double>> parts = {{0, 0, 4, 2}, {0, 1, 4, 3}, {0, 0, 4, 2}};
  const MergeOptions options{.threshold = 0.125, .rule = MergeRule::supervision};
  const auto merged = merge_boxes(parts, std::vector<double>{0.75, 0.375, 0.375}, options);
  CHECK(merged.boxes == std::vector<Box<double>>{{0, 0, 4, 3}});
  CHECK(merged.members == std::vector<Index>{0, 1, 2});
  CHECK(merged.scores == std::vector<double>{0.5});
  // Areas 2 and 6: (2 * 3/4 + 6 * 1/4) / 8.
  const auto unequal =
      merge_boxes(std::vector<Box<double>>{{0, 0, 2, 1}, {0, 0, 2, 3}}, std::vector<double>{0.75, 0.25}, options);
  CHECK(unequal.scores == std::vector<double>{0.375});
}

TEST_CASE("batched_merge_boxes merges within labels from 0 on, objects by label", "[nms]") {
  const std::vector<Box<double>> boxes = {{0, 0, 4, 1}, {0, 0, 4, 1}, {0, 0, 4, 1}, {0, 0, 4, 1}};
  const std::vector<double> scores = {0.5, 0.5, 0.75, 0.25};
  const auto merged = batched_merge_boxes(boxes, scores, std::vector<int>{1, 0, 0, 1}, {.threshold = 1});
  CHECK(merged.offsets == std::vector<Index>{0, 2, 4});
  CHECK(merged.members == std::vector<Index>{2, 1, 0, 3});
  CHECK(merged.scores == std::vector<double>{0.75, 0.5});
}

TEST_CASE("fuse_boxes joins above the threshold, the first of equal fused boxes, and drops below skip_below", "[nms]") {
  const std::vector<double> one{1};
  const auto fuse = [&](const std::vector<Box<double>>& boxes, const std::vector<double>& scores,
                        const FusionOptions& options) {
    return fuse_boxes(boxes, scores, std::vector<int>(boxes.size()), std::vector<int>(boxes.size()), one, options);
  };
  // IoU of both outer boxes with the middle one: 2/6 = 1/3; it joins the first.
  const std::vector<Box<double>> three = {{0, 0, 4, 1}, {4, 0, 8, 1}, {2, 0, 6, 1}};
  const auto joined = fuse(three, {0.5, 0.5, 0.25}, {.iou_threshold = 0.25});
  CHECK(joined.fused_of_row == std::vector<Index>{1, 0, 1});  // mean score 3/8 comes behind 1/2
  CHECK(fuse(three, {0.5, 0.5, 0.25}, {.iou_threshold = 1.0 / 3}).boxes.size() == 3);
  CHECK(fuse(three, {0.5, 0.5, 0.25}, {.skip_below = 0.25}).boxes.size() == 3);
  const auto dropped = fuse(three, {0.5, 0.5, 0.25}, {.skip_below = 0.375});
  CHECK(dropped.fused_of_row == std::vector<Index>{0, 1, none});
  // A third model's box between two fused ones of unequal overlap takes the larger one, 3/5, not the first, 1/3.
  const auto larger = fuse({{0, 0, 4, 1}, {3, 0, 7, 1}, {2, 0, 6, 1}}, {0.75, 0.5, 0.25}, {.iou_threshold = 0.25});
  CHECK(larger.fused_of_row == std::vector<Index>{0, 1, 1});
  // Equal scores of different labels: by label; within one by row. Two models of weights 1 and 3.
  const auto two = fuse_boxes(std::vector<Box<double>>{{0, 0, 4, 1}, {0, 0, 4, 1}, {8, 0, 12, 1}},
                              std::vector<double>{0.75, 0.25, 0.75}, std::vector<int>{1, 1, 0},
                              std::vector<int>{0, 1, 0}, std::vector<double>{1, 3}, {.iou_threshold = 0.5});
  // Label 1: both 0.75 by weight, mean 0.75 times 2 of 4. Label 0: 0.75 times 1 of 4.
  CHECK(two.scores == std::vector<double>{0.375, 0.1875});
  CHECK(two.labels == std::vector<int>{1, 0});
  CHECK(two.fused_of_row == std::vector<Index>{0, 0, 1});
}
