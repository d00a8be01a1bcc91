#include <boxlap/nms/soft.hpp>

#include <limits>
#include <random>
#include <stdexcept>

#include <boxlap/nms/presets.hpp>

#include "../catch.hpp"
#include "../support/memory.hpp"
#include "../support/rounds.hpp"
#include "circle.hpp"
#include "plain_nms.hpp"

using namespace boxlap;

namespace {

/// The definition: rounds of "choose the best, lower all others".
template <class R, class P, class M>
auto rounds(const R& shapes, const P& scores, const SoftNmsOptions& options, M measure) {
  using V = std::remove_cvref_t<decltype(scores[0])>;
  std::vector<V> current(scores.begin(), scores.end());
  std::vector<bool> chosen(scores.size());
  SoftNms<V> result;
  while (true) {
    Index best = none;
    for (std::size_t i = 0; i < current.size(); ++i) {
      if (!chosen[i] && (best == none || current[i] > current[plain::at(best)])) {
        best = Index(i);
      }
    }
    if (best == none || double(current[plain::at(best)]) < options.score_threshold) {
      return result;
    }
    chosen[plain::at(best)] = true;
    result.keep.push_back(best);
    result.scores.push_back(current[plain::at(best)]);
    for (std::size_t i = 0; i < current.size(); ++i) {
      if (!chosen[i]) {
        const auto value = measure(shapes[plain::at(best)], shapes[i]);
        const V overlap = V(value);
        if (options.decay == Decay::linear) {
          current[i] *= double(value) > options.iou_threshold ? 1 - overlap : V(1);
        } else {
          current[i] *= std::exp(-(overlap * overlap) / V(options.sigma));
        }
      }
    }
  }
}

}  // namespace

TEST_CASE("soft_nms equals OpenCV's fixture rows", "[nms]") {
  if (fixture::missing()) {
    return;
  }
  const auto [boxes, scores] = plain::read_opencv();
  const fixture::Table out = fixture::read("nms/opencv_soft.out.csv");
  REQUIRE(out.size() == 36);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const bool linear = out.text(i, "method") == "linear";
    auto soft = soft_nms(boxes, scores,
                         {.decay = linear ? Decay::linear : Decay::gaussian,
                          .iou_threshold = double(float(out.number(i, "nms_threshold"))),
                          .sigma = out.number(i, "sigma"),
                          .score_threshold = double(float(out.number(i, "score_threshold")))},
                         OpencvIou{});
    if (const double top_k = out.number(i, "top_k"); top_k > 0 && double(soft.keep.size()) > top_k) {
      soft.keep.resize(std::size_t(top_k));
      soft.scores.resize(std::size_t(top_k));
    }
    INFO("row " << i);
    CHECK(soft.keep == fixture::rows_in(out.text(i, "keep")));
    std::istringstream updated(out.text(i, "updated_scores"));
    double worst = 0;
    for (const float score : soft.scores) {
      double expected = 0;
      updated >> expected;
      worst = std::max(worst, std::abs(double(score) - expected) / expected);
    }
    CHECK(worst < (linear ? 1e-8 : 1e-6));
  }
}

TEMPLATE_TEST_CASE("soft_nms equals the rounds of its definition", "[nms]", float, double) {
  using T = TestType;
  const auto seed = std::uint64_t(GENERATE(take(scenes::rounds(3), random(1, 1 << 30))));
  CAPTURE(seed);
  scenes::Rng rng(seed);
  for (auto boxes : scenes::all<T>(600, rng)) {
    boxes.push_back({1, 1, 1, 1});
    boxes.push_back({std::numeric_limits<T>::quiet_NaN(), 1, 1, 1});
    const auto few = scenes::scores(int(boxes.size()), rng);
    const std::vector<T> scores(few.begin(), few.end());
    for (const SoftNmsOptions& options :
         {SoftNmsOptions{}, SoftNmsOptions{.decay = Decay::linear},
          SoftNmsOptions{.sigma = 0.1, .score_threshold = 0.3},
          SoftNmsOptions{.decay = Decay::linear, .iou_threshold = 0, .score_threshold = 0},
          SoftNmsOptions{.decay = Decay::linear, .iou_threshold = -1},
          SoftNmsOptions{.decay = Decay::linear, .iou_threshold = 0.7, .score_threshold = 0.05}}) {
      const auto soft = soft_nms(boxes, scores, options);
      const auto expected = rounds(boxes, scores, options, Iou{});
      CHECK(soft.keep == expected.keep);
      CHECK(soft.scores == expected.scores);
      CHECK(soft_nms(boxes, scores, options, Ios{}).keep == rounds(boxes, scores, options, Ios{}).keep);
    }
  }
}

TEST_CASE("soft_nms takes any shape, and refuses what makes no sense", "[nms]") {
  const std::vector<user::Circle> circles = {{0, 0, 5}, {0.5, 0, 5}, {30, 0, 5}};
  const std::vector<double> scores = {0.5, 0.9, 0.6};
  CHECK(soft_nms(circles, scores).keep == std::vector<Index>{1, 2, 0});
  CHECK(soft_nms(std::vector<Box<float>>{}, std::vector<float>{}).keep.empty());
  CHECK_THROWS_AS(soft_nms(circles, std::vector<double>(2)), std::invalid_argument);
  CHECK_THROWS_AS(soft_nms(circles, scores, {.sigma = 0}), std::invalid_argument);
  CHECK_THROWS_AS(soft_nms(circles, scores, {.score_threshold = -1}), std::invalid_argument);
  CHECK_THROWS_AS(soft_nms(circles, scores, {.iou_threshold = std::nan("")}), std::invalid_argument);
  CHECK_THROWS_AS(soft_nms(circles, std::vector<double>{1, std::nan(""), 1}), std::invalid_argument);
}

TEST_CASE("soft_nms lowers each neighbour once, however far out boxes are and however their sides differ", "[nms]") {
  // Coordinates so far out that small boxes share the outermost cell of their level, larger ones not, and a box so long
  // that it meets more cells of the larger level than there are blocks.
  const auto [far, length] = GENERATE(table<double, double>({{2e9, 1e5}, {-2e9, 1e5}, {2e9, 1e9}, {1e11, 1e7}}));
  std::vector<Box<double>> boxes;
  std::vector<double> scores;
  for (int k = 0; k < 300; ++k) {
    boxes.push_back({far + 2 * k, 0, far + 2 * k + 1, 1});
    scores.push_back(0.5 + 0.001 * k);
  }
  for (int k = 0; k < 20; ++k) {
    const double side = 2 << k;
    boxes.push_back({far + 40 * k, 0, far + 40 * k + side, side});
    scores.push_back(0.4 - 0.01 * k);
  }
  boxes.push_back({far - length / 2, 0, far + length / 2, 1});
  scores.push_back(0.9);
  for (const Decay decay : {Decay::linear, Decay::gaussian}) {
    const SoftNmsOptions options{.decay = decay, .iou_threshold = 0, .sigma = 1e-8, .score_threshold = 1e-3};
    const auto soft = soft_nms(boxes, scores, options, Ios{}), expected = rounds(boxes, scores, options, Ios{});
    CAPTURE(far, length, int(decay));
    CHECK((soft.keep == expected.keep));
    REQUIRE(soft.scores.size() == expected.scores.size());
    double worst = 0;
    for (std::size_t k = 0; k < soft.scores.size(); ++k) {
      worst = std::max(worst, std::abs(soft.scores[k] - expected.scores[k]) / expected.scores[k]);
    }
    CHECK(worst <= 1e-12);
    const auto by_iou = soft_nms(boxes, scores, options), literal = rounds(boxes, scores, options, Iou{});
    CHECK((by_iou.keep == literal.keep));
    CHECK((by_iou.scores == literal.scores));
  }
}

TEST_CASE("soft_nms holds the memory its doc block states", "[nms]") {
  if (memory::uncounted()) {
    return;
  }
  scenes::Rng rng(5);
  const double n = 100'000;
  const auto scores = scenes::scores(int(n), rng);
  const auto boxes = scenes::uniform<float>(int(n), 1e6, 50, rng);
  const heap::Scope scope;
  const auto soft = soft_nms(boxes, scores);
  const double peak = double(scope.peak_bytes()) - 4.0 * double(soft.keep.capacity() + soft.scores.capacity());
  CHECK(peak <= 24 * n + 290 * n + 1e5);
  CHECK(peak >= 0.5 * (24 * n + 290 * n));
}
