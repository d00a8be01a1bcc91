#include <boxlap/evaluate/coco.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "../catch.hpp"
#include "../support/coco_loops.hpp"
#include "../support/fixture.hpp"

using boxlap::Box;
using boxlap::CocoImage;
using boxlap::CocoOptions;
using boxlap::Index;
using boxlap::Outcome;
using boxlap::Xywh;
using Catch::Matchers::WithinAbs;

namespace {

/// The rows of one image as coco_image() takes them.
struct Rows {
  std::vector<Xywh<double>> truths, detections;
  std::vector<std::int64_t> truth_labels, detection_labels, truth_ids, detection_ids;
  std::vector<double> areas, scores;
  std::vector<std::uint8_t> crowd;
};

struct Data {
  std::vector<coco_loops::Truth> truths;
  std::vector<coco_loops::Detection> detections;
};

std::map<std::int64_t, Rows> by_image(const Data& data) {
  std::map<std::int64_t, Rows> images;
  for (const coco_loops::Truth& t : data.truths) {
    Rows& rows = images[t.image];
    rows.truths.push_back({t.x, t.y, t.w, t.h});
    rows.truth_labels.push_back(t.category);
    rows.truth_ids.push_back(t.id);
    rows.areas.push_back(t.area);
    rows.crowd.push_back(t.crowd ? 1 : 0);
  }
  for (const coco_loops::Detection& d : data.detections) {
    Rows& rows = images[d.image];
    rows.detections.push_back({d.x, d.y, d.w, d.h});
    rows.detection_labels.push_back(d.category);
    rows.detection_ids.push_back(d.id);
    rows.scores.push_back(d.score);
  }
  return images;
}

std::vector<CocoImage> judge(const Data& data, const CocoOptions& options) {
  std::vector<CocoImage> images;
  for (const auto& [id, rows] : by_image(data)) {
    images.push_back(boxlap::coco_image(
        id, rows.truths, rows.detections, rows.truth_labels, rows.detection_labels, rows.scores,
        {.areas = rows.areas, .crowd = rows.crowd, .truth_ids = rows.truth_ids, .detection_ids = rows.detection_ids},
        options));
  }
  return images;
}

Data read_data(const std::string& folder) {
  Data data;
  const fixture::Table truth = fixture::read(folder + "/truth.csv");
  const auto integer = [](const fixture::Table& table, std::size_t row, const std::string& column) {
    return static_cast<std::int64_t>(std::stoll(table.text(row, column)));
  };
  for (std::size_t row = 0; row < truth.size(); ++row) {
    data.truths.push_back({integer(truth, row, "ann_id"), integer(truth, row, "image_id"),
                           integer(truth, row, "category_id"), truth.number(row, "x"), truth.number(row, "y"),
                           truth.number(row, "w"), truth.number(row, "h"), truth.number(row, "area"),
                           truth.text(row, "iscrowd") == "1"});
  }
  const fixture::Table found = fixture::read(folder + "/detections.csv");
  for (std::size_t row = 0; row < found.size(); ++row) {
    data.detections.push_back({integer(found, row, "det_id"), integer(found, row, "image_id"),
                               integer(found, row, "category_id"), found.number(row, "x"), found.number(row, "y"),
                               found.number(row, "w"), found.number(row, "h"), found.number(row, "score")});
  }
  return data;
}

struct Expected {
  std::string folder;
  bool use_categories;
  std::array<double, 12> stats;
};

// pycocotools 2.0.11
const std::vector<Expected> pycocotools = {
    {"coco_fake100",
     true,
     {0.5045806987249628, 0.6969727247299577, 0.5729816669904824, 0.5856257209410443, 0.5193996948036719,
      0.5013978986347466, 0.38681277964578054, 0.5936795762842003, 0.595352982877607, 0.6398109626113442,
      0.5664205978994309, 0.5642905982905982}},
    {"coco_fake100",
     false,
     {0.5952384471295459, 0.8801081126055128, 0.6678978279400766, 0.5934831511276096, 0.6089303842909735,
      0.6036353185164051, 0.09048192771084337, 0.5066265060240964, 0.6780722891566265, 0.6658476658476659,
      0.6900000000000001, 0.6907103825136612}},
    {"mot15_tud_campus/coco",
     true,
     {0.3124939751844092, 0.710916291674825, 0.23568954421464056, -1.0, 0.214421117718471, 0.347746010289624,
      0.115041782729805, 0.3841225626740947, 0.3841225626740947, -1.0, 0.27473684210526317, 0.4237735849056604}},
    {"mot15_tud_campus/coco",
     false,
     {0.3124939751844092, 0.710916291674825, 0.23568954421464056, -1.0, 0.214421117718471, 0.347746010289624,
      0.115041782729805, 0.3841225626740947, 0.3841225626740947, -1.0, 0.27473684210526317, 0.4237735849056604}},
};

/// A few images with many ties: integer boxes, few scores, crowds, ids of 0, areas on the borders of the ranges.
Data made_data(std::mt19937_64& rng, int images) {
  Data data;
  const auto pick = [&](int n) { return static_cast<int>(rng() % static_cast<std::uint64_t>(n)); };
  std::int64_t id = 0;
  for (int image = 0; image < images; ++image) {
    const int truths = pick(9), detections = pick(16);
    for (int k = 0; k < truths; ++k) {
      const double w = 16 * (1 + pick(8)), h = 16 * (1 + pick(8));
      const double area = pick(4) == 0 ? 1024 : pick(5) == 0 ? 9216 : w * h;
      data.truths.push_back({id++, image, pick(3), 16.0 * pick(6), 16.0 * pick(6), w, h, area, pick(7) == 0});
    }
    for (int k = 0; k < detections; ++k) {
      coco_loops::Detection d{
          pick(12),     image, pick(3), 16.0 * pick(6), 16.0 * pick(6), 16.0 * (1 + pick(8)), 16.0 * (1 + pick(8)),
          pick(6) / 8.0};
      if (truths > 0 && pick(3) > 0) {
        const auto& t = data.truths[data.truths.size() - 1 - static_cast<std::size_t>(pick(truths))];
        d.x = t.x, d.y = t.y, d.w = t.w, d.h = std::max(16.0, t.h - 16 * pick(2));
        d.category = pick(5) == 0 ? d.category : t.category;
      }
      data.detections.push_back(d);
    }
  }
  return data;
}

}  // namespace

TEST_CASE("the 12 numbers are pycocotools'", "[coco]") {
  if (fixture::missing()) {
    return;
  }
  for (const Expected& expected : pycocotools) {
    CAPTURE(expected.folder, expected.use_categories);
    CocoOptions options;
    options.use_categories = expected.use_categories;
    const auto summary = boxlap::coco_summary(judge(read_data(expected.folder), options), options);
    for (std::size_t k = 0; k < 12; ++k) {
      CAPTURE(k);
      CHECK_THAT(summary.stats[k], WithinAbs(expected.stats[k], 1e-12));
    }
  }
}

TEST_CASE("precision and recall of each category are pycocotools'", "[coco]") {
  if (fixture::missing()) {
    return;
  }
  for (const Expected& expected : pycocotools) {
    CAPTURE(expected.folder, expected.use_categories);
    CocoOptions options;
    options.use_categories = expected.use_categories;
    const auto summary = boxlap::coco_summary(judge(read_data(expected.folder), options), options);
    const fixture::Table table =
        fixture::read(expected.folder + "/expected_ap_ar_useCats" + (expected.use_categories ? "1" : "0") + ".csv");
    std::set<std::size_t> seen;
    for (std::size_t row = 0; row < table.size(); ++row) {
      const auto category =
          std::find(summary.categories.begin(), summary.categories.end(), std::stoll(table.text(row, "category_id"))) -
          summary.categories.begin();
      const auto area = std::find_if(options.areas.begin(), options.areas.end(),
                                     [&](const auto& range) { return range.name == table.text(row, "area"); }) -
                        options.areas.begin();
      const auto limit = std::find(options.max_detections.begin(), options.max_detections.end(),
                                   static_cast<Index>(table.number(row, "max_dets"))) -
                         options.max_detections.begin();
      const auto threshold = static_cast<Index>(std::lround((table.number(row, "iou_thr") - 0.5) / 0.05));
      const std::size_t place = summary.place(static_cast<std::size_t>(category), static_cast<Index>(area),
                                              static_cast<Index>(limit), threshold);
      seen.insert(place);
      if (std::abs(summary.precisions[place] - table.number(row, "ap")) > 1e-12 ||
          std::abs(summary.recalls[place] - table.number(row, "ar")) > 1e-12) {
        FAIL_CHECK("row " << row << ": " << summary.precisions[place] << ", " << summary.recalls[place]);
      }
    }
    CHECK(seen.size() == table.size());
    for (std::size_t place = 0; place < summary.recalls.size(); ++place) {  // what is absent has no truth
      if (seen.count(place) == 0 && summary.recalls[place] != -1) {
        FAIL_CHECK("unexpected entry at " << place);
      }
    }
  }
}

TEST_CASE("each detection is matched as pycocotools does", "[coco]") {
  if (fixture::missing()) {
    return;
  }
  for (const Expected& expected : pycocotools) {
    CAPTURE(expected.folder, expected.use_categories);
    CocoOptions options;
    options.use_categories = expected.use_categories;
    options.list_matches = true;
    const Data data = read_data(expected.folder);
    const auto rows = by_image(data);
    std::map<std::int64_t, std::vector<std::int64_t>> ids;  // of a detection: matched annotations
    std::map<std::int64_t, std::string> ignored;
    for (const CocoImage& image : judge(data, options)) {
      const Rows& of = rows.at(image.id);
      for (const boxlap::CocoMatch& match : image.matches) {
        const std::int64_t id = of.detection_ids[std::size_t(match.detection)];
        for (std::size_t t = 0; t < match.truths.size(); ++t) {
          ids[id].push_back(match.truths[t] == boxlap::none ? 0 : of.truth_ids[std::size_t(match.truths[t])]);
          ignored[id] += match.outcomes[t] == Outcome::ignored ? '1' : '0';
        }
      }
    }
    const fixture::Table table =
        fixture::read(expected.folder + "/expected_matches_useCats" + (expected.use_categories ? "1" : "0") + ".csv");
    CHECK(ids.size() == table.size());
    for (std::size_t row = 0; row < table.size(); ++row) {
      const std::int64_t id = std::stoll(table.text(row, "det_id"));
      CAPTURE(id);
      std::vector<std::int64_t> truth;
      for (int t = 0; t < 10; ++t) {
        char column[16];
        std::snprintf(column, sizeof column, "gt_at_%.2f", 0.5 + 0.05 * t);
        truth.push_back(std::stoll(table.text(row, column)));
      }
      CHECK(ids[id] == truth);
      CHECK(ignored[id] == table.text(row, "ignored_flags"));
    }
  }
}

TEST_CASE("decisions and numbers are those of the plain loops, ties and quirks included", "[coco]") {
  const std::uint64_t seed = 4711;
  CAPTURE(seed);
  std::mt19937_64 rng(seed);
  for (int round = 0; round < 60; ++round) {
    CAPTURE(round);
    const Data data = made_data(rng, 12);
    coco_loops::Params params;
    CocoOptions options;
    options.use_categories = params.use_categories = round % 3 != 0;
    if (round % 4 == 1) {
      options.max_detections = {1, 2, 5};
      options.quirks.ap_needs_100_detections = false;
      params.max_detections = {1, 2, 5};
    }
    if (round % 4 == 2) {
      options.iou_thresholds = params.thresholds = {0.3, 0.5, 0.75, 1.0};
    }
    coco_loops::Evaluation peer(data.truths, data.detections, params);
    peer.evaluate();
    peer.accumulate();
    const auto summary = boxlap::coco_summary(judge(data, options), options);
    const auto stats = peer.stats();
    for (std::size_t k = 0; k < 12; ++k) {
      CAPTURE(k);
      CHECK_THAT(summary.stats[k], WithinAbs(stats[k], 1e-12));
    }
    for (std::size_t k = 0; k < peer.categories().size(); ++k) {
      const auto found = std::find(summary.categories.begin(), summary.categories.end(), peer.categories()[k]);
      REQUIRE(found != summary.categories.end());
      const auto category = static_cast<std::size_t>(found - summary.categories.begin());
      for (std::size_t a = 0; a < 4; ++a) {
        for (std::size_t m = 0; m < 3; ++m) {
          for (std::size_t t = 0; t < params.thresholds.size(); ++t) {
            const double ap = summary.ap(category, Index(a), Index(m), Index(t));
            const double ar = summary.ar(category, Index(a), Index(m), Index(t));
            if (std::abs(ap - peer.mean_precision(t, k, a, m)) > 1e-12 || ar != peer.recall[peer.place(t, k, a, m)]) {
              FAIL_CHECK("category " << k << " area " << a << " limit " << m << " threshold " << t << ": " << ap << ", "
                                     << ar);
            }
          }
        }
      }
    }
  }
}

TEST_CASE("a summary does not depend on the order of the images", "[coco]") {
  std::mt19937_64 rng(9);
  const Data data = made_data(rng, 40);
  std::vector<CocoImage> images = judge(data, {});
  const auto expected = boxlap::coco_summary(images);
  for (int round = 0; round < 5; ++round) {
    std::shuffle(images.begin(), images.end(), rng);
    const auto again = boxlap::coco_summary(images);
    CHECK(again.stats == expected.stats);
    CHECK(again.precisions == expected.precisions);
    CHECK(again.recalls == expected.recalls);
  }
  for (const double value : expected.precisions) {
    CHECK(value == value);
  }
  images.push_back(images[3]);
  CHECK_THROWS_AS((void)boxlap::coco_summary(images), std::invalid_argument);
}

TEST_CASE("each quirk has a sane reading", "[coco]") {
  const std::vector<Xywh<double>> one{{0, 0, 32, 32}};
  const std::vector<int> label{5};
  const std::vector<double> score{0.9};
  CocoOptions quirky, sane;
  sane.quirks = boxlap::CocoQuirks::none();

  SECTION("an area of 1024 is small and medium") {
    const auto image = boxlap::coco_image(1, one, one, label, label, score, {}, quirky);
    CHECK(image.positives == std::vector<Index>{1, 1, 1, 0});
    CHECK(boxlap::coco_image(1, one, one, label, label, score, {}, sane).positives == std::vector<Index>{1, 0, 1, 0});
  }
  SECTION("of equal truths the later one is matched") {
    const std::vector<Xywh<double>> two{one[0], one[0]};
    quirky.list_matches = sane.list_matches = true;
    const std::vector<int> labels{5, 5};
    CHECK(boxlap::coco_image(1, two, one, labels, label, score, {}, quirky).matches[0].truths[0] == 1);
    CHECK(boxlap::coco_image(1, two, one, labels, label, score, {}, sane).matches[0].truths[0] == 0);
  }
  SECTION("the ignore flag counts for nothing") {
    const std::vector<std::uint8_t> flag{1};
    CHECK(boxlap::coco_image(1, one, one, label, label, score, {.ignore = flag}, quirky).positives[0] == 1);
    const auto image = boxlap::coco_image(1, one, one, label, label, score, {.ignore = flag}, sane);
    CHECK(image.positives[0] == 0);
    CHECK(image.outcome(0, 0, 0) == Outcome::ignored);
  }
  SECTION("an id of 0 is never found") {
    const std::vector<std::int64_t> zero{0}, seven{7};
    CHECK(boxlap::coco_image(1, one, one, label, label, score, {.truth_ids = zero}, quirky).outcome(0, 0, 0) ==
          Outcome::false_positive);
    CHECK(boxlap::coco_image(1, one, one, label, label, score, {.truth_ids = zero}, sane).outcome(0, 0, 0) ==
          Outcome::true_positive);
    CHECK(boxlap::coco_image(1, one, one, label, label, score, {.truth_ids = seven}, quirky).outcome(0, 0, 0) ==
          Outcome::true_positive);
    const std::vector<Xywh<double>> twice{one[0], one[0]};
    const std::vector<int> labels{5, 5};
    const std::vector<double> scores{0.9, 0.8};
    const std::vector<std::int64_t> ids{0, 3};
    const auto reused = boxlap::coco_image(1, one, twice, label, labels, scores, {.detection_ids = ids}, quirky);
    CHECK(reused.outcome(1, 0, 0) == Outcome::true_positive);  // the truth was not marked as used
    const auto used = boxlap::coco_image(1, one, twice, label, labels, scores, {.detection_ids = ids}, sane);
    CHECK(used.outcome(1, 0, 0) == Outcome::false_positive);
  }
  SECTION("the first number is made for 100 detections") {
    quirky.max_detections = sane.max_detections = {1, 10, 50};
    const std::vector<CocoImage> images{boxlap::coco_image(1, one, one, label, label, score, {}, quirky)};
    CHECK(boxlap::coco_summary(images, quirky).stats[0] == -1);
    CHECK_THAT(boxlap::coco_summary(images, quirky).stats[1], WithinAbs(1, 1e-12));
    CHECK(boxlap::coco_summary(images, sane).stats[0] == 1);
  }
}

TEST_CASE("a crowd region takes any number of detections", "[coco]") {
  const std::vector<Xywh<double>> truths{{0, 0, 100, 100}, {200, 0, 50, 50}};
  const std::vector<Xywh<double>> detections{{0, 0, 20, 20}, {50, 50, 20, 20}, {200, 0, 50, 50}, {90, 90, 20, 20}};
  const std::vector<int> labels{1, 1}, detection_labels(4, 1);
  const std::vector<std::uint8_t> crowd{1, 0};
  const auto image = boxlap::coco_image(1, truths, detections, labels, detection_labels,
                                        std::vector<float>{0.9f, 0.8f, 0.7f, 0.6f}, {.crowd = crowd});
  CHECK(image.positives[0] == 1);
  CHECK(image.outcome(0, 0, 0) == Outcome::ignored);
  CHECK(image.outcome(1, 0, 0) == Outcome::ignored);
  CHECK(image.outcome(2, 0, 0) == Outcome::true_positive);
  CHECK(image.outcome(3, 0, 0) == Outcome::false_positive);  // only a quarter of it lies inside
}

TEST_CASE("nothing, absent classes and images, and plain boxes of float", "[coco]") {
  const std::vector<Box<float>> nothing, one{{0, 0, 50, 50}};
  const std::vector<int> no_labels, label{3};
  const std::vector<float> no_scores, score{0.5f};
  CHECK(boxlap::coco_summary({}).stats[0] == -1);
  const std::vector<CocoImage> images{
      boxlap::coco_image(1, nothing, nothing, no_labels, no_labels, no_scores),
      boxlap::coco_image(2, one, nothing, label, no_labels, no_scores),
  };
  auto summary = boxlap::coco_summary(images);
  CHECK(summary.stats[0] == 0);  // a truth, and nothing found
  CHECK(summary.stats[8] == 0);
  CHECK(summary.stats[3] == -1);  // no small truth
  const std::vector<CocoImage> false_alarm{boxlap::coco_image(7, nothing, one, no_labels, label, score)};
  summary = boxlap::coco_summary(false_alarm);
  CHECK(summary.categories == std::vector<std::int64_t>{3});
  CHECK(summary.stats[0] == -1);
  const auto outcomes = boxlap::coco_outcomes(false_alarm, nullptr, 0, 0);
  CHECK(outcomes.positives == 0);
  CHECK(outcomes.outcomes == std::vector<Outcome>{Outcome::false_positive});
  const auto found = boxlap::coco_image(1, one, one, label, label, score);
  CHECK_THAT(boxlap::coco_summary(std::vector<CocoImage>{found}).stats[0], WithinAbs(1, 1e-12));
  const std::int64_t other = 4;
  CHECK(boxlap::coco_outcomes(std::vector<CocoImage>{found}, &other, 0, 0).scores.empty());
}

TEST_CASE("what COCO's rules cannot judge is refused by its row", "[coco]") {
  const std::vector<Xywh<double>> boxes{{0, 0, 10, 10}, {5, 5, 10, 10}};
  const std::vector<int> labels{1, 2};
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto message_of = [](const auto& call) -> std::string {
    try {
      call();
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "nothing was thrown";
  };
  const std::vector<double> scores{0.1, 0.2};
  CHECK(message_of([&] {
          (void)boxlap::coco_image(1, boxes, boxes, labels, labels, std::vector<double>{0.1, nan});
        }) == "boxlap: scores[1] is NaN");
  const std::vector<Xywh<double>> negative{boxes[0], {0, 0, -1, 5}};
  CHECK(message_of([&] {
          (void)boxlap::coco_image(1, boxes, negative, labels, labels, scores);
        }).find("predictions[1]") != std::string::npos);
  CHECK(message_of([&] { (void)boxlap::coco_image(1, boxes, boxes, labels, labels, std::vector<double>{0.1}); }) ==
        "boxlap: scores has 1 rows, detections has 2");
  const std::vector<double> areas{1, -1}, short_areas{1};
  CHECK(message_of([&] {
          (void)boxlap::coco_image(1, boxes, boxes, labels, labels, scores, {.areas = areas});
        }).find("areas[1]") != std::string::npos);
  CHECK(message_of([&] {
          (void)boxlap::coco_image(1, boxes, boxes, labels, labels, scores, {.areas = short_areas});
        }) == "boxlap: areas has 1 rows, truths has 2");
  CocoOptions options;
  options.iou_thresholds = {0.5, 0};
  CHECK(message_of([&] {
          (void)boxlap::coco_image(1, boxes, boxes, labels, labels, scores, {}, options);
        }).find("iou_thresholds") != std::string::npos);
  options = {};
  options.areas[2] = {"medium", 9216, 1024};
  CHECK(message_of([&] { (void)boxlap::coco_summary({}, options); }) == "boxlap: areas has medium from 9216 to 1024");
  options.areas.clear();
  const std::string none = "boxlap: areas and iou_thresholds must not be empty";
  CHECK(message_of([&] { (void)boxlap::coco_summary({}, options); }) == none);
  options = {};
  options.iou_thresholds.clear();
  CHECK(message_of([&] { (void)boxlap::coco_summary({}, options); }) == none);
  options = {};
  options.max_detections = {10, 1};
  CHECK(message_of([&] { (void)boxlap::coco_summary({}, options); }).find("max_detections") != std::string::npos);
  options.max_detections = {1, 10, 100};
  options.areas.pop_back();
  const std::vector<CocoImage> images{boxlap::coco_image(1, boxes, boxes, labels, labels, scores)};
  CHECK(message_of([&] { (void)boxlap::coco_summary(images, options); }).find("other options") != std::string::npos);
  const auto outcomes_of = [&](Index area, Index threshold) {
    return message_of([&] { (void)boxlap::coco_outcomes(images, nullptr, area, threshold); });
  };
  CHECK(outcomes_of(3, 9) == "nothing was thrown");  // the last of both
  CHECK(outcomes_of(4, 0) == "boxlap: area 4 or threshold 0 is out of range");
  CHECK(outcomes_of(0, 10) == "boxlap: area 0 or threshold 10 is out of range");
  CHECK(outcomes_of(-1, 0) == "boxlap: area -1 or threshold 0 is out of range");
  CHECK(outcomes_of(0, -1) == "boxlap: area 0 or threshold -1 is out of range");
  CHECK(boxlap::coco_outcomes({}, nullptr, 7, 7).outcomes.empty());
}
