#include <boxlap/evaluate/center_distance.hpp>
#include <boxlap/shape/point.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "../catch.hpp"

using boxlap::CenterImage;
using boxlap::Index;
using boxlap::Point;
using Catch::Matchers::WithinAbs;

namespace {

using Points = std::vector<Point<double>>;

std::array<double, 2> error_of(const Point<double>& a, const Point<double>& b) {
  const double away = std::sqrt((a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y));
  return {away, b.x < 2 ? std::numeric_limits<double>::quiet_NaN() : std::abs(a.y - b.y)};
}

struct Sample {
  Points truths, detections;
  std::vector<double> scores;
};

CenterImage<2> judge(std::int64_t id, const Sample& s, double distance) {
  return boxlap::center_image(id, s.truths, s.detections, s.scores, distance, [&](Index t, Index d) {
    return error_of(s.truths[std::size_t(t)], s.detections[std::size_t(d)]);
  });
}

double interpolate(double x, const std::vector<double>& xs, const std::vector<double>& ys, double above) {
  if (x > xs.back()) {
    return above;
  }
  if (x < xs.front()) {
    return ys.front();
  }
  std::size_t j = 0;
  while (j + 1 < xs.size() && xs[j + 1] <= x) {
    ++j;
  }
  return j + 1 == xs.size() ? ys[j] : ys[j] + (ys[j + 1] - ys[j]) / (xs[j + 1] - xs[j]) * (x - xs[j]);
}

/// nuscenes-devkit's steps for all samples at once, in plain loops.
std::array<double, 3> literal(const std::vector<Sample>& samples, double limit) {
  std::vector<std::tuple<double, std::size_t, std::size_t>> order;
  double positives = 0;
  for (std::size_t s = 0; s < samples.size(); ++s) {
    positives += static_cast<double>(samples[s].truths.size());
    for (std::size_t d = 0; d < samples[s].detections.size(); ++d) {
      order.emplace_back(samples[s].scores[d], s, d);
    }
  }
  std::sort(order.begin(), order.end());
  std::reverse(order.begin(), order.end());
  std::vector<std::vector<char>> taken(samples.size());
  std::vector<double> recall, precision, score, found_score, first_error, second_error;
  double hits = 0, misses = 0;
  for (const auto& [confidence, s, d] : order) {
    taken[s].resize(samples[s].truths.size());
    double least = std::numeric_limits<double>::infinity();
    std::size_t match = 0;
    for (std::size_t t = 0; t < samples[s].truths.size(); ++t) {
      const double away = error_of(samples[s].truths[t], samples[s].detections[d])[0];
      if (!taken[s][t] && away < least) {
        least = away;
        match = t;
      }
    }
    if (least < limit) {
      taken[s][match] = 1;
      ++hits;
      found_score.push_back(confidence);
      first_error.push_back(least);
      second_error.push_back(error_of(samples[s].truths[match], samples[s].detections[d])[1]);
    } else {
      ++misses;
    }
    recall.push_back(hits / positives);
    precision.push_back(hits / (hits + misses));
    score.push_back(confidence);
  }
  double ap = 0;
  std::vector<double> score_at;
  std::size_t last = 0;
  for (std::size_t i = 0; i <= 100; ++i) {
    const double r = static_cast<double>(i) / 100;
    score_at.push_back(interpolate(r, recall, score, 0));
    last = score_at.back() != 0 ? i : last;
    ap += i >= 11 ? std::max(interpolate(r, recall, precision, 0) - 0.1, 0.0) / 90 / 0.9 : 0;
  }
  std::array<double, 3> result{ap, 1, 1};
  std::size_t kind = 0;
  for (const auto& errors : {first_error, second_error}) {
    ++kind;
    if (last < 11) {
      continue;
    }
    std::vector<double> mean, xs(found_score.rbegin(), found_score.rend());
    double sum = 0, count = 0;
    for (const double e : errors) {
      sum += std::isnan(e) ? 0 : e;
      count += std::isnan(e) ? 0 : 1;
      mean.push_back(count > 0 ? sum / count : 0);
    }
    if (count == 0) {
      mean.assign(mean.size(), 1);
    }
    std::reverse(mean.begin(), mean.end());
    result[kind] = 0;
    for (std::size_t i = 11; i <= last; ++i) {
      result[kind] += interpolate(score_at[i], xs, mean, mean.back()) / static_cast<double>(last - 10);
    }
  }
  return result;
}

}  // namespace

TEST_CASE("average precision and errors by centre distance are nuScenes'", "[center_distance]") {
  const std::uint64_t seed = 12;
  CAPTURE(seed);
  std::mt19937_64 rng(seed);
  std::uniform_real_distribution<double> at(0, 10);
  for (int round = 0; round < 40; ++round) {
    CAPTURE(round);
    std::vector<Sample> samples(6);
    for (Sample& s : samples) {
      for (std::size_t k = rng() % 12; k > 0; --k) {
        s.truths.push_back({at(rng), at(rng)});
      }
      for (std::size_t k = 1 + rng() % 20; k > 0; --k) {
        s.detections.push_back({at(rng), at(rng)});
        s.scores.push_back(round % 2 == 0 ? at(rng) / 10 : static_cast<double>(1 + rng() % 4000) / 4096);
      }
    }
    samples[0].truths.push_back({5, 5});
    samples[0].detections.push_back({5.1, 5});
    samples[0].scores.push_back(0.5);
    for (const double distance : {0.5, 1.0, 4.0}) {
      std::vector<CenterImage<2>> images;
      for (std::size_t s = 0; s < samples.size(); ++s) {
        images.push_back(judge(static_cast<std::int64_t>(s), samples[s], distance));
      }
      const auto summary = boxlap::center_summary<2>(images);
      const auto expected = literal(samples, distance);
      CHECK_THAT(summary.ap, WithinAbs(expected[0], 1e-12));
      CHECK_THAT(summary.errors[0], WithinAbs(expected[1], 1e-10));
      CHECK_THAT(summary.errors[1], WithinAbs(expected[2], 1e-10));
      std::shuffle(images.begin(), images.end(), rng);
      CHECK(boxlap::center_summary<2>(images).ap == summary.ap);
    }
  }
}

TEST_CASE("a detection takes the nearest free truth, and only within the distance", "[center_distance]") {
  const Sample sample{{{0, 0}, {1, 0}}, {{0.4, 0}, {0.3, 0}, {3, 0}}, {0.9, 0.8, 0.7}};
  const auto image = judge(1, sample, 2.0);
  CHECK(image.detections[0].found);
  CHECK_THAT(image.detections[0].errors[0], WithinAbs(0.4, 1e-15));
  CHECK(image.detections[1].found);  // its nearest truth is taken: the other one
  CHECK_THAT(image.detections[1].errors[0], WithinAbs(0.7, 1e-15));
  CHECK(!image.detections[2].found);
  const Sample exact{{{0, 0}}, {{2, 0}}, {1}};
  CHECK(!judge(1, exact, 2.0).detections[0].found);  // exactly the distance is too far
}

TEST_CASE("centre distance without truth, without detections, and what is refused", "[center_distance]") {
  CHECK(boxlap::center_summary<2>({}).ap == 0);
  const std::vector<CenterImage<2>> images{judge(1, {{{0, 0}}, {}, {}}, 1), judge(2, {{}, {{0, 0}}, {0.5}}, 1)};
  const auto summary = boxlap::center_summary<2>(images);
  CHECK(summary.ap == 0);
  CHECK(summary.errors[0] == 1);
  CHECK(summary.false_positives == 1);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_AS(judge(1, {{{nan, 0}}, {}, {}}, 1), std::invalid_argument);
  CHECK_THROWS_AS(judge(1, {{}, {{0, nan}}, {1}}, 1), std::invalid_argument);
  CHECK_THROWS_AS(judge(1, {{}, {{0, 0}}, {nan}}, 1), std::invalid_argument);
  CHECK_THROWS_AS(judge(1, {{}, {{0, 0}}, {}}, 1), std::invalid_argument);
  CHECK_THROWS_AS(judge(1, {{}, {}, {}}, 0), std::invalid_argument);
}

TEST_CASE("nuscenes cummean: an error that applies to no detection counts as 1, others as their mean",
          "[center_distance]") {
  // Both are found at 1 m; the second error is NaN for truths left of 2.
  const std::vector<CenterImage<2>> images{judge(1, {{{0, 0}, {1, 0}}, {{0, 1}, {1, 1}}, {0.9, 0.8}}, 2)};
  const auto summary = boxlap::center_summary<2>(images);
  REQUIRE(summary.true_positives == 2);
  CHECK_THAT(summary.errors[0], WithinAbs(1, 1e-12));
  CHECK(summary.errors[1] == 1);
  const std::vector<CenterImage<2>> applies{judge(1, {{{0, 0}, {3, 0}}, {{0, 1}, {3, 0.5}}, {0.9, 0.8}}, 2)};
  const auto mixed = boxlap::center_summary<2>(applies);
  CHECK(mixed.errors[1] > 0);
  CHECK(mixed.errors[1] <= 0.5);
}
