#include <boxlap/evaluate/average_precision.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "../catch.hpp"

using boxlap::ApRule;
using boxlap::Outcome;
using Catch::Matchers::WithinAbs;

namespace {

/// Literally: the curve at every detection, each precision raised to the largest one at the same or a higher recall.
double literal(const std::vector<Outcome>& outcomes, int positives, ApRule rule) {
  std::vector<double> recall, precision;
  double hits = 0, misses = 0;
  for (const Outcome outcome : outcomes) {
    hits += outcome == Outcome::true_positive ? 1 : 0;
    misses += outcome == Outcome::false_positive ? 1 : 0;
    recall.push_back(hits / positives);
    precision.push_back(hits + misses > 0 ? hits / (hits + misses) : 0);
  }
  const auto best_from = [&](double r) {
    double best = 0;
    for (std::size_t k = 0; k < recall.size(); ++k) {
      best = recall[k] >= r ? std::max(best, precision[k]) : best;
    }
    return best;
  };
  if (rule == ApRule::all_point) {
    double area = 0, before = 0;
    for (const double r : recall) {
      area += (r - before) * best_from(r);
      before = r;
    }
    return area;
  }
  const int points = rule == ApRule::eleven_point ? 11 : 101;
  double sum = 0;
  for (int i = 0; i < points; ++i) {
    sum += best_from(rule == ApRule::eleven_point ? i * 0.1 : rule == ApRule::coco_101 ? i * 0.01 : i / 100.0);
  }
  return sum / points;
}

}  // namespace

TEST_CASE("average precision is its definition", "[average_precision]") {
  const std::uint64_t seed = 31;
  CAPTURE(seed);
  std::mt19937_64 rng(seed);
  for (int round = 0; round < 400; ++round) {
    const int n = static_cast<int>(rng() % 40);
    std::vector<Outcome> outcomes;
    std::vector<float> scores;
    int hits = 0;
    for (int k = 0; k < n; ++k) {
      outcomes.push_back(static_cast<Outcome>(rng() % 3));
      scores.push_back(1.0f - 0.01f * static_cast<float>(k));
      hits += outcomes.back() == Outcome::true_positive ? 1 : 0;
    }
    const int positives = hits + 1 + static_cast<int>(rng() % 5);
    for (const ApRule rule : {ApRule::all_point, ApRule::eleven_point, ApRule::coco_101, ApRule::exact_101}) {
      CAPTURE(round, static_cast<int>(rule));
      CHECK_THAT(boxlap::average_precision(scores, outcomes, positives, rule),
                 WithinAbs(literal(outcomes, positives, rule), 1e-12));
    }
  }
}

TEST_CASE("the recall points of COCO and VOC lie where their rounding puts them", "[average_precision]") {
  const std::vector<double> scores(20, 1.0);
  std::vector<int> outcomes(20, 0);
  std::fill(outcomes.begin(), outcomes.begin() + 7, 1);
  // Seven of 20 truths at precision 1: recall 0.35 does not reach the point 35 * 0.01 = 0.35000000000000003.
  CHECK_THAT(boxlap::average_precision(scores, outcomes, 20, ApRule::coco_101), WithinAbs(35.0 / 101, 1e-12));
  CHECK_THAT(boxlap::average_precision(scores, outcomes, 20, ApRule::exact_101), WithinAbs(36.0 / 101, 1e-12));
  const std::vector<double> three(3, 1.0);
  CHECK_THAT(boxlap::average_precision(three, std::vector<bool>(3, true), 10, ApRule::eleven_point),
             WithinAbs(3.0 / 11, 1e-12));
}

TEST_CASE("equal scores keep their order, and rows may come in any", "[average_precision]") {
  const std::vector<Outcome> hit_first{Outcome::true_positive, Outcome::false_positive};
  const std::vector<Outcome> miss_first{Outcome::false_positive, Outcome::true_positive};
  CHECK(boxlap::average_precision(std::vector<float>{1, 1}, hit_first, 1) == 1);
  CHECK(boxlap::average_precision(std::vector<float>{1, 1}, miss_first, 1) == 0.5);
  CHECK(boxlap::average_precision(std::vector<float>{1, 2}, miss_first, 1) == 1);
}

TEST_CASE("a curve has one point for each different score", "[average_precision]") {
  const std::vector<double> scores{0.5, 0.9, 0.9, 0.1, 0.95};
  const std::vector<int> outcomes{1, 1, 0, 0, 2};
  const auto curve = boxlap::precision_recall_curve(scores, outcomes, 4);
  REQUIRE(curve.size() == 3);
  CHECK(curve[0].score == 0.9);
  CHECK(curve[0].precision == 0.5);
  CHECK(curve[0].recall == 0.25);
  CHECK(curve[1].precision == 2.0 / 3);
  CHECK(curve[1].recall == 0.5);
  CHECK(curve[2].recall == 0.5);
  const auto best = boxlap::best_f1(curve);
  CHECK(best.score == 0.5);
  CHECK_THAT(best.f1(), WithinAbs(2 * (2.0 / 3) * 0.5 / (2.0 / 3 + 0.5), 1e-15));
  CHECK(boxlap::best_f1({}).f1() == 0);
}

TEST_CASE("no detections, no truth, and what is refused", "[average_precision]") {
  const std::vector<double> none, one{0.5};
  const std::vector<int> no_outcomes, hit{1};
  CHECK(boxlap::average_precision(none, no_outcomes, 3) == 0);
  CHECK(std::isnan(boxlap::average_precision(none, no_outcomes, 0)));
  CHECK(std::isnan(boxlap::average_precision(one, std::vector<int>{0}, 0)));
  CHECK(boxlap::precision_recall_curve(none, no_outcomes, 0).empty());
  const auto message_of = [](const auto& call) -> std::string {
    try {
      call();
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "nothing was thrown";
  };
  const std::vector<double> nan{0.5, std::numeric_limits<double>::quiet_NaN()};
  CHECK(message_of([&] {
          (void)boxlap::average_precision(nan, std::vector<int>{1, 1}, 2);
        }) == "boxlap: scores[1] is NaN");
  CHECK(message_of([&] { (void)boxlap::average_precision(one, no_outcomes, 2); }) ==
        "boxlap: outcomes has 0 rows, scores has 1");
  CHECK(message_of([&] { (void)boxlap::average_precision(one, hit, -1); }) ==
        "boxlap: positives is -1, expected 0 or more");
  CHECK(message_of([&] { (void)boxlap::average_precision(one, std::vector<int>{3}, 1); }) ==
        "boxlap: outcomes[0] is 3, expected 0, 1 or 2");
}
