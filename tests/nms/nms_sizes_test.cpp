// Both sides of every size at which nms or the order of scores changes its way: the same answers as plain code gives.
//
// The sizes are the code's own constants, so a limit that moves takes its cases along. tests/build/size_limits.py fails
// where a limit of the headers is in no test of sizes and not in its list of numbers that are no limits.
#include <boxlap/nms/batched.hpp>
#include <boxlap/nms/nms.hpp>
#include <boxlap/nms/select.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <limits>
#include <random>
#include <span>
#include <vector>

#include "../catch.hpp"
#include "../support/rounds.hpp"
#include "../support/scenes.hpp"
#include "../support/sizes.hpp"
#include "../support/sweep_oracle.hpp"

using namespace boxlap;
using sizes::around;

namespace {

template <class T>
std::vector<Box<T>> scene(Index n, bool dense, scenes::Rng& rng) {
  return scenes::uniform<T>(int(n), (dense ? 12 : 60) * std::sqrt(double(n)) + 1, 50, rng);
}

/// Greedy suppression over the pairs that a sweep finds.
template <class T>
std::vector<Index> plain_nms(const std::vector<Box<T>>& boxes, const std::vector<float>& scores, double threshold) {
  std::vector<std::vector<Index>> neighbours(boxes.size());
  for (const auto& [i, j] : sweep::pairs(boxes, boxes)) {
    if (i != j && double(iou(boxes[std::size_t(i)], boxes[std::size_t(j)])) > threshold) {
      neighbours[std::size_t(i)].push_back(j);
    }
  }
  std::vector<Index> order(boxes.size());
  for (std::size_t k = 0; k < order.size(); ++k) {
    order[k] = Index(k);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](Index a, Index b) { return scores[std::size_t(a)] > scores[std::size_t(b)]; });
  std::vector<Index> kept;
  std::vector<char> gone(boxes.size());
  for (const Index row : order) {
    if (gone[std::size_t(row)] == 0) {
      kept.push_back(row);
      for (const Index other : neighbours[std::size_t(row)]) {
        gone[std::size_t(other)] = 1;
      }
    }
  }
  return kept;
}

template <class S>
void check_order(const std::vector<S>& scores) {
  std::vector<Index> expected(scores.size());
  for (std::size_t k = 0; k < expected.size(); ++k) {
    expected[k] = Index(k);
  }
  std::stable_sort(expected.begin(), expected.end(), [&](Index a, Index b) {
    const S left = scores[std::size_t(a)], right = scores[std::size_t(b)];
    return left != left ? right == right : left > right;  // NaN first
  });
  CHECK(top(scores, Index(scores.size())) == expected);
}

template <class S>
void check_orders(Index n, scenes::Rng& rng) {
  std::vector<S> scores(static_cast<std::size_t>(n));
  const auto fill = [&](const auto& draw) { std::generate(scores.begin(), scores.end(), [&] { return S(draw()); }); };
  std::uniform_real_distribution<double> unit(0, 1);
  const auto kind = [&](const char* what) {
    CAPTURE(n, what, sizeof(S));
    check_order(scores);
  };
  fill([&] { return unit(rng); });
  kind("uniform");
  fill([&] { return double(rng() % 7) / 8; });
  kind("few different ones");
  fill([&] { return std::exp(-80 * unit(rng)); });
  kind("many near 0");
  fill([] { return 0.5; });
  kind("equal");
  for (std::size_t k = 0; k < scores.size(); k += 5) {
    scores[k] = S(unit(rng));
    scores[rng() % scores.size()] = k % 2 == 0 ? std::numeric_limits<S>::quiet_NaN() : S(-0.0);
    scores[rng() % scores.size()] = k % 2 == 0 ? std::numeric_limits<S>::infinity() : S(0);
  }
  kind("odd ones");
}

}  // namespace

TEST_CASE("scores are ordered on both sides of every size limit") {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  scenes::Rng rng(seed);
  for (const Index n :
       around({1, detail::rank_limit, std::int64_t(detail::bucket_limit), std::int64_t(detail::insertion_sort_limit),
               std::int64_t(detail::short_digits_limit), detail::short_steps_limit})) {
    check_orders<float>(n, rng);
    check_orders<double>(n, rng);
  }
  for (const Index n : around({detail::steps_limit})) {
    if (scenes::rounds(10) == 10) {  // 2^21 scores take long under sanitizers
      std::vector<float> scores(static_cast<std::size_t>(n));
      std::generate(scores.begin(), scores.end(), [&] { return float(rng() >> 40); });
      check_order(scores);
    }
  }
}

TEMPLATE_TEST_CASE("boxes are suppressed on both sides of every size limit", "", float, double) {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  scenes::Rng rng(seed);
  for (const Index n :
       around({1, detail::rank_limit, std::int64_t(detail::bucket_limit), std::int64_t(detail::max_few_boxes)})) {
    for (const bool dense : {false, true}) {
      CAPTURE(n, dense);
      const auto boxes = scene<TestType>(n, dense, rng);
      const auto scores = scenes::scores(int(n), rng);
      CHECK(nms(boxes, scores, 0.3) == plain_nms(boxes, scores, 0.3));
    }
  }
}

TEST_CASE("many boxes are suppressed on both sides of the size from which they are divided into tiles") {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  scenes::Rng rng(seed);
  using Tiles = detail::TiledRows<detail::Detections<std::span<const Box<float>>, Iou>>;
  const Index n = Tiles::worth_dividing;
  const auto boxes = scene<float>(n + 1, false, rng);
  auto scores = scenes::scores(int(n) + 1, rng);
  scores[std::size_t(n) - 1] = -1;  // the last rows come last and suppress nobody: one run of the plain code serves all
  scores[std::size_t(n)] = -2;
  const std::vector<Index> all = plain_nms(boxes, scores, 0.1);
  for (const Index size : {n - 1, n, n + 1}) {
    CAPTURE(size);
    const std::vector<Box<float>> some(boxes.begin(), boxes.begin() + size);
    const std::vector<float> their_scores(scores.begin(), scores.begin() + size);
    std::vector<Index> expected;
    std::copy_if(all.begin(), all.end(), std::back_inserter(expected), [&](Index row) { return row < size; });
    CHECK(nms(some, their_scores, 0.1) == expected);
  }
}

TEST_CASE("torchvision's way to split classes changes behind 1,000 boxes") {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  scenes::Rng rng(seed);
  for (const Index n : around({1'000})) {  // trick_up_to: torchvision's own number, not to be moved
    auto boxes = scene<float>(n, true, rng);
    std::vector<int> labels;
    for (auto& box : boxes) {  // far enough out that the offsets cost digits, and so change who is suppressed
      box = {box.x1 + 3e5F, box.y1 + 3e5F, box.x2 + 3e5F, box.y2 + 3e5F};
      labels.push_back(87 + int(rng() % 3));
    }
    const auto scores = scenes::scores(int(n), rng);
    const auto by = [&](ClassSplit split) { return batched_nms(boxes, scores, labels, 0.3, split); };
    CAPTURE(n);
    REQUIRE(by(ClassSplit::per_class) != by(ClassSplit::coordinate_offset));
    CHECK(by(ClassSplit::torchvision) == by(n <= 1'000 ? ClassSplit::coordinate_offset : ClassSplit::per_class));
  }
}
