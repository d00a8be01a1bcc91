// What suppresses, matches and judges many boxes: the same answer for any number of threads.
#include <boxlap/evaluate/coco.hpp>
#include <boxlap/evaluate/detection.hpp>
#include <boxlap/match/anchor_rules.hpp>
#include <boxlap/match/anchors.hpp>
#include <boxlap/nms/batched.hpp>
#include <boxlap/nms/nms.hpp>

#include <algorithm>
#include <random>
#include <utility>
#include <vector>

#include "../catch.hpp"
#include "../support/scenes.hpp"

using namespace boxlap;

namespace {

constexpr int enough = 40'000;  // two slices begin at 32,768 items
constexpr int thread_counts[] = {1, 2, 3, 5};

/// call(threads) gives one value for all numbers of threads.
template <class Call>
void check_same(const char* what, const Call& call) {
  const auto one = call(1);
  for (const int threads : thread_counts) {
    CAPTURE(what, threads);
    CHECK(call(threads) == one);
  }
}

}  // namespace

TEST_CASE("suppression, anchors and evaluation give one answer for any number of threads", "[threads]") {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  scenes::Rng rng(seed);
  const auto boxes = scenes::clustered<float>(210'000, 10, 12'000, rng);  // from 200,000 on nms works by tiles
  const auto scores = scenes::scores(210'000, rng);
  std::vector<int> labels(boxes.size());
  std::generate(labels.begin(), labels.end(), [&] { return int(rng() % 7); });
  check_same("nms",
             [&](int threads) { return nms(boxes, scores, NmsOptions{.iou_threshold = 0.5, .threads = threads}); });
  check_same("batched_nms", [&](int threads) {
    return batched_nms(boxes, scores, labels, NmsOptions{.iou_threshold = 0.5, .threads = threads});
  });

  const auto anchors = scenes::uniform<float>(enough, 6'000, 50, rng),
             truths = scenes::uniform<float>(3'000, 6'000, 50, rng);
  check_same("match_anchors", [&](int threads) {
    const auto m = match_anchors(anchors, truths, {.threads = threads});
    return std::pair(m.truth_of_anchor, m.unreached_truths);
  });
  check_same("match_anchors_ssd", [&](int threads) {
    const auto m = match_anchors_ssd(anchors, truths, {.threads = threads});
    return std::pair(m.truth_of_anchor, m.unreached_truths);
  });
  check_same("match_anchors_max_iou", [&](int threads) {
    const auto m = match_anchors_max_iou(anchors, truths, MaxIouOptions{.threads = threads});
    return std::pair(m.truth_of_anchor, m.unreached_truths);
  });

  const auto seen = scenes::uniform<double>(enough, 12'000, 50, rng),
             wanted = scenes::uniform<double>(enough, 12'000, 50, rng);
  std::vector<int> classes(seen.size());
  std::generate(classes.begin(), classes.end(), [&] { return int(rng() % 3); });
  check_same("score_image",
             [&](int threads) { return score_image(wanted, seen, classes, classes, {.threads = threads}); });
}
