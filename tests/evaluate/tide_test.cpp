#include <boxlap/evaluate/tide.hpp>
#include <boxlap/shape/box.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "../catch.hpp"
#include "../support/fixture.hpp"

using boxlap::Box;
using boxlap::TideError;
using boxlap::TideImage;
using boxlap::Xywh;
using Catch::Matchers::WithinAbs;

namespace {

struct Rows {
  std::vector<Xywh<double>> truths, detections;
  std::vector<int> truth_labels, detection_labels;
  std::vector<double> scores;
  std::vector<std::uint8_t> crowd;
};

/// By the place of the image in the file: TIDE breaks ties of scores by it.
std::map<int, Rows> read_data() {
  std::map<int, Rows> images;
  std::map<int, int> place;
  const fixture::Table all = fixture::read("coco_fake100/images.csv");
  for (std::size_t row = 0; row < all.size(); ++row) {
    place.emplace(std::stoi(all.text(row, "image_id")), static_cast<int>(row));
  }
  const fixture::Table truth = fixture::read("coco_fake100/truth.csv");
  for (std::size_t row = 0; row < truth.size(); ++row) {
    Rows& rows = images[place.at(std::stoi(truth.text(row, "image_id")))];
    rows.truths.push_back(
        {truth.number(row, "x"), truth.number(row, "y"), truth.number(row, "w"), truth.number(row, "h")});
    rows.truth_labels.push_back(std::stoi(truth.text(row, "category_id")));
    rows.crowd.push_back(truth.text(row, "iscrowd") == "1" ? 1 : 0);
  }
  const fixture::Table found = fixture::read("coco_fake100/detections.csv");
  for (std::size_t row = 0; row < found.size(); ++row) {
    Rows& rows = images[place.at(std::stoi(found.text(row, "image_id")))];
    rows.detections.push_back(
        {found.number(row, "x"), found.number(row, "y"), found.number(row, "w"), found.number(row, "h")});
    rows.detection_labels.push_back(std::stoi(found.text(row, "category_id")));
    rows.scores.push_back(found.number(row, "score"));
  }
  return images;
}

std::vector<TideImage> judge(const std::map<int, Rows>& images, const boxlap::TideOptions& options) {
  std::vector<TideImage> judged;
  for (const auto& [id, rows] : images) {
    judged.push_back(boxlap::tide_image(id, boxlap::image_pairs(rows.truths, rows.detections), rows.truth_labels,
                                        rows.detection_labels, rows.scores, rows.crowd, options));
  }
  return judged;
}

}  // namespace

TEST_CASE("error types, counts and gains are TIDE's", "[tide]") {
  if (fixture::missing()) {
    return;
  }
  struct Expected {
    double positive, ap;
    std::array<double, 6> d_ap;  // in the order of TideError
    std::array<std::int64_t, 6> counts;
    double false_positives, false_negatives;
  };
  const std::vector<Expected> tide{
      {0.5,
       64.20498881733425,
       {22.2460397441685, 0.22789102370710168, 0.0, 0.018972971237033676, 0.0, 8.523573787723365},
       {83, 1, 0, 1, 0, 97},
       6.821587524510463,
       17.684978535217184},
      {0.75,
       52.78321113966556,
       {18.18176807238759, 11.67090524331254, 0.6215175681493506, 0.0, 0.0, 7.5505511150633},
       {76, 97, 7, 0, 0, 104},
       9.032838886389683,
       23.298660357643804}};
  const auto images = read_data();
  for (const Expected& expected : tide) {
    CAPTURE(expected.positive);
    const auto summary = boxlap::tide_summary(judge(images, {.positive = expected.positive}));
    CHECK_THAT(summary.ap, WithinAbs(expected.ap, 1e-10));
    CHECK(summary.counts == expected.counts);
    for (std::size_t k = 0; k < boxlap::tide_errors; ++k) {
      CAPTURE(k);
      CHECK_THAT(summary.d_ap[k], WithinAbs(expected.d_ap[k], 1e-10));
    }
    CHECK_THAT(summary.false_positives, WithinAbs(expected.false_positives, 1e-10));
    CHECK_THAT(summary.false_negatives, WithinAbs(expected.false_negatives, 1e-10));
  }
}

TEST_CASE("one detection of each kind", "[tide]") {
  const std::vector<Box<double>> truths{{0, 0, 10, 10},    {100, 0, 110, 10}, {200, 0, 210, 10},
                                        {300, 0, 310, 10}, {400, 0, 410, 10}, {500, 0, 600, 100}};
  const std::vector<int> truth_labels{1, 1, 2, 2, 1, 1};
  const std::vector<std::uint8_t> ignored{0, 0, 0, 0, 0, 1};
  const std::vector<Box<double>> detections{{0, 0, 10, 10},   {0, 0, 10, 9},     {100, 0, 110, 3},   {200, 0, 210, 10},
                                            {300, 0, 310, 3}, {700, 0, 710, 10}, {510, 10, 530, 30}, {200, 0, 210, 9}};
  const std::vector<int> labels{1, 1, 1, 1, 1, 1, 1, 1};
  const std::vector<double> scores{0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2};
  const auto image =
      boxlap::tide_image(1, boxlap::image_pairs(truths, detections), truth_labels, labels, scores, ignored);
  REQUIRE(image.detections.size() == 8);
  CHECK(image.detections[0].correct);
  const TideError expected[] = {TideError::duplicate,     TideError::localization, TideError::classification,
                                TideError::both,          TideError::background,   TideError::background,
                                TideError::classification};
  for (std::size_t k = 0; k < 7; ++k) {
    CAPTURE(k);
    CHECK(!image.detections[k + 1].correct);
    CHECK(image.detections[k + 1].error == expected[k]);
    CHECK(image.detections[k + 1].ignored == (k == 5));  // the one in the crowd
  }
  CHECK(image.detections[3].fix_finds);
  CHECK(image.detections[3].fixed_category == 2);
  CHECK(!image.detections[7].fix_finds);  // a better one would take that truth
  REQUIRE(image.truths.size() == 2);
  CHECK(image.truths[0].positives == 3);
  CHECK(image.truths[0].unfound == 2);
  CHECK(image.truths[0].missed == 1);
  CHECK(image.truths[1].unfound == 2);
  CHECK(image.truths[1].missed == 1);
  const auto summary = boxlap::tide_summary(std::vector<TideImage>{image});
  CHECK(summary.counts == std::array<std::int64_t, 6>{2, 1, 1, 1, 2, 2});

  // By hand, in points of recall out of 101. Category 1: three truths, one found first: precision 1 for the 34 points
  // up to recall 1/3. Category 2: nothing found.
  CHECK_THAT(summary.ap, WithinAbs(100.0 * 34 / 202, 1e-12));
  const auto gain = [&](TideError error) { return summary.d_ap[static_cast<std::size_t>(error)]; };
  // The third detection finds the second truth: precision 2/3 for the next 33 points.
  CHECK_THAT(gain(TideError::localization), WithinAbs(100.0 * 33 * 2 / 3 / 202, 1e-12));
  // The fourth one is of category 2, and finds one of its two truths: 51 points.
  CHECK_THAT(gain(TideError::classification), WithinAbs(100.0 * 51 / 202, 1e-12));
  // Worse false detections behind the last true one cost nothing.
  CHECK_THAT(gain(TideError::both), WithinAbs(0, 1e-12));
  CHECK_THAT(gain(TideError::duplicate), WithinAbs(0, 1e-12));
  CHECK_THAT(gain(TideError::background), WithinAbs(0, 1e-12));
  // Without the missed truth of each category 1 of 2 is found: 51 points instead of 34.
  CHECK_THAT(gain(TideError::missed), WithinAbs(100.0 * (51 - 34) / 202, 1e-12));
}

TEST_CASE("TIDE of nothing, in any order, and what is refused", "[tide]") {
  CHECK(boxlap::tide_summary({}).ap == 0);
  if (!fixture::folder().empty()) {
    std::vector<TideImage> images = judge(read_data(), {});
    const auto expected = boxlap::tide_summary(images);
    std::mt19937_64 rng(2);
    std::shuffle(images.begin(), images.end(), rng);
    const auto again = boxlap::tide_summary(images);
    CHECK(again.ap == expected.ap);
    CHECK(again.d_ap == expected.d_ap);
  }
  const std::vector<Box<double>> one{{0, 0, 1, 1}};
  const auto pairs = boxlap::image_pairs(one, one);
  const std::vector<int> label{1};
  const std::vector<double> score{1}, nan{std::numeric_limits<double>::quiet_NaN()};
  CHECK_THROWS_AS((void)boxlap::tide_image(1, pairs, label, label, nan), std::invalid_argument);
  CHECK_THROWS_AS((void)boxlap::tide_image(1, pairs, label, label, std::vector<double>{}), std::invalid_argument);
  CHECK_THROWS_AS((void)boxlap::tide_image(1, pairs, label, label, score, {}, {.background = 0}),
                  std::invalid_argument);
  const auto perfect = boxlap::tide_summary(std::vector<TideImage>{boxlap::tide_image(1, pairs, label, label, score)});
  CHECK(perfect.ap == 100);
}
