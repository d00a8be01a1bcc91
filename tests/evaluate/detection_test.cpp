#include <boxlap/evaluate/detection.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "../catch.hpp"
#include "../support/fixture.hpp"
#include "../support/memory.hpp"
#include "../support/scenes.hpp"

using boxlap::Box;
using boxlap::ImageScore;
using boxlap::Index;
using boxlap::MatchRule;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;

namespace {

// ---- the peers' answers

struct Rows {
  std::vector<Box<double>> boxes;
  std::vector<int> labels;
};

/// One of DeepForest's data sets, by image; rows of four zeros are dropped from the truth, their image is not.
struct Data {
  std::map<std::string, std::pair<Rows, Rows>> images;
  std::vector<std::string> labels;
};

void read_into(Data& data, const std::string& path, bool truth) {
  const fixture::Table table = fixture::read(path);
  for (std::size_t row = 0; row < table.size(); ++row) {
    const std::string image = table.columns.count("image_path") ? table.text(row, "image_path") : "";
    const std::string label = table.columns.count("label") ? table.text(row, "label") : "";
    const auto found = std::find(data.labels.begin(), data.labels.end(), label);
    const int number = static_cast<int>(found - data.labels.begin());
    if (found == data.labels.end()) {
      data.labels.push_back(label);
    }
    const Box<double> box{table.number(row, "xmin"), table.number(row, "ymin"), table.number(row, "xmax"),
                          table.number(row, "ymax")};
    auto& both = data.images[image];
    if (truth && boxlap::is_empty_image_mark(box)) {
      continue;
    }
    Rows& rows = truth ? both.first : both.second;
    rows.boxes.push_back(box);
    rows.labels.push_back(number);
  }
}

Data read_data(const std::string& folder) {
  Data data;
  read_into(data, folder + "/truth.csv", true);
  read_into(data, folder + "/predictions.csv", false);
  return data;
}

std::vector<ImageScore> score_all(const Data& data, const boxlap::ScoreOptions& options) {
  std::vector<ImageScore> scores;
  for (const auto& [name, both] : data.images) {
    scores.push_back(
        boxlap::score_image(both.first.boxes, both.second.boxes, both.first.labels, both.second.labels, options));
  }
  return scores;
}

struct ExpectedClass {
  std::string label;
  double recall, precision;
  std::int64_t size;
};

struct Expected {
  std::string folder;
  double threshold, recall, precision;
  std::int64_t matches, truths, predictions;
  std::vector<ExpectedClass> classes;
};

// evaluate_boxes of DeepForest 1bad4419b3e6 itself
const std::vector<Expected> deepforest = {
    {"neon_trees", 0.30, 0.8862234599939519, 0.770448220005627, 214, 240, 281, {{"Tree", 1.0, 1.0, 214}}},
    {"neon_trees", 0.40, 0.8707899937408135, 0.7574471950285541, 206, 240, 281, {{"Tree", 1.0, 1.0, 206}}},
    {"neon_trees", 0.50, 0.8025868374229029, 0.692093346740574, 190, 240, 281, {{"Tree", 1.0, 1.0, 190}}},
    {"neon_trees", 0.75, 0.19197558213951657, 0.15790969959806198, 43, 240, 281, {{"Tree", 1.0, 1.0, 43}}},
    {"neon_trees_2019", 0.30, 0.7896953745314401, 0.7672450075467316, 156, 240, 193, {{"Tree", 1.0, 1.0, 156}}},
    {"neon_trees_2019", 0.40, 0.7213232553396488, 0.6908307210031347, 130, 240, 193, {{"Tree", 1.0, 1.0, 130}}},
    {"neon_trees_2019", 0.50, 0.614799459881427, 0.5691795831882039, 103, 240, 193, {{"Tree", 1.0, 1.0, 103}}},
    {"neon_trees_2019", 0.75, 0.1834625609215773, 0.1833674387553698, 26, 240, 193, {{"Tree", 1.0, 1.0, 26}}},
    {"multiclass_edge",
     0.30,
     0.4189189189189189,
     0.6326530612244898,
     31,
     39,
     52,
     {{"Alive", 1.0, 0.636363636363636, 7}, {"Dead", 0.833333333333333, 1.0, 24}}},
    {"multiclass_edge",
     0.40,
     0.40540540540540543,
     0.6122448979591837,
     30,
     39,
     52,
     {{"Alive", 1.0, 0.636363636363636, 7}, {"Dead", 0.826086956521739, 1.0, 23}}},
    {"multiclass_edge",
     0.50,
     0.3108108108108108,
     0.46938775510204084,
     23,
     39,
     52,
     {{"Alive", 1.0, 0.714285714285714, 5}, {"Dead", 0.888888888888889, 1.0, 18}}},
    {"multiclass_edge",
     0.75,
     0.0945945945945946,
     0.14285714285714285,
     7,
     39,
     52,
     {{"Alive", 1.0, 1.0, 2}, {"Dead", 1.0, 1.0, 5}}},
};

// ---- brute force

/// The largest sum of weights over all one-to-one matchings, by trying them all.
template <class Weight>
double best_total(Index truths, Index predictions, const Weight& weight, Index from = 0, unsigned used = 0) {
  if (from == truths) {
    return 0;
  }
  double best = best_total(truths, predictions, weight, from + 1, used);
  for (Index j = 0; j < predictions; ++j) {
    if ((used >> j & 1U) == 0 && weight(from, j) > 0) {
      best = std::max(best, weight(from, j) + best_total(truths, predictions, weight, from + 1, used | 1U << j));
    }
  }
  return best;
}

// ---- a shape of the user's own

struct Disc {
  double x, y, r;
};
Box<double> bounds(const Disc& d) { return {d.x - d.r, d.y - d.r, d.x + d.r, d.y + d.r}; }
double area(const Disc& d) { return 3.141592653589793 * d.r * d.r; }
double intersection_area(const Disc& a, const Disc& b) {
  const double distance = std::hypot(a.x - b.x, a.y - b.y);
  if (distance >= a.r + b.r) {
    return 0;
  }
  if (distance <= std::abs(a.r - b.r)) {
    return std::min(area(a), area(b));
  }
  const double u = (distance * distance + a.r * a.r - b.r * b.r) / (2 * distance);
  const double v = distance - u;
  return a.r * a.r * std::acos(u / a.r) - u * std::sqrt(a.r * a.r - u * u) + b.r * b.r * std::acos(v / b.r) -
         v * std::sqrt(b.r * b.r - v * v);
}

const Box<double> unit10{0, 0, 10, 10};

boxlap::DatasetScore one_image(const std::vector<Box<double>>& truths, const std::vector<Box<double>>& predictions,
                               const std::vector<char>& truth_labels, const std::vector<char>& predicted_labels) {
  const ImageScore score = boxlap::score_image(truths, predictions, truth_labels, predicted_labels);
  return boxlap::summarize(std::span(&score, 1));
}

}  // namespace

TEST_CASE("recall, precision and class recall are DeepForest's", "[detection]") {
  if (fixture::missing()) {
    return;
  }
  for (const Expected& expected : deepforest) {
    CAPTURE(expected.folder, expected.threshold);
    const Data data = read_data(expected.folder);
    const auto scores = score_all(data, {.iou_threshold = expected.threshold});
    const boxlap::DatasetScore total = boxlap::summarize(scores);
    CHECK_THAT(total.box_recall, WithinAbs(expected.recall, 1e-12));
    CHECK_THAT(total.box_precision, WithinAbs(expected.precision, 1e-12));
    CHECK(total.matches == expected.matches);
    CHECK(total.truths == expected.truths);
    CHECK(total.predictions == expected.predictions);
    REQUIRE(total.class_recall.size() == expected.classes.size());
    for (const ExpectedClass& one : expected.classes) {
      const auto label = std::find(data.labels.begin(), data.labels.end(), one.label) - data.labels.begin();
      const auto found = std::find_if(total.class_recall.begin(), total.class_recall.end(),
                                      [&](const auto& entry) { return entry.label == label; });
      REQUIRE(found != total.class_recall.end());
      CHECK_THAT(found->recall, WithinAbs(one.recall, 1e-12));
      CHECK_THAT(found->precision, WithinAbs(one.precision, 1e-12));
      CHECK(found->size == one.size);
    }
  }
}

TEST_CASE("assigned pairs and their IoU are those of the dense assignment", "[detection]") {
  if (fixture::missing()) {
    return;
  }
  for (const std::string folder : {"neon_trees", "neon_trees_2019", "multiclass_edge"}) {
    const Data data = read_data(folder);
    const fixture::Table expected = fixture::read(folder + "/expected_matches.csv");
    std::size_t row = 0, assigned = 0;
    std::map<std::string, ImageScore> scores;
    for (const auto& [name, both] : data.images) {
      scores[name] = boxlap::score_image(both.first.boxes, both.second.boxes, both.first.labels, both.second.labels);
      assigned += scores[name].assigned.size();
    }
    CHECK(assigned == expected.size());
    for (; row < expected.size(); ++row) {
      const auto& pairs = scores[expected.text(row, "image_path")].assigned;
      const auto truth = static_cast<Index>(expected.number(row, "truth_row"));
      CAPTURE(folder, expected.text(row, "image_path"), truth);
      const auto found =
          std::find_if(pairs.begin(), pairs.end(), [&](const auto& pair) { return pair.truth == truth; });
      REQUIRE(found != pairs.end());
      CHECK(found->prediction == static_cast<Index>(expected.number(row, "pred_row")));
      CHECK_THAT(found->iou, WithinAbs(expected.number(row, "iou"), 1e-12));
      CHECK(found->match == (expected.text(row, "match_at_0.4") == "1"));
    }
  }
  // On this plot, dense in crowns, the two rules differ in total IoU.
  const Data trees = read_data("neon_trees");
  const auto& both = trees.images.at("NIWO_010");
  const auto sum = [&](MatchRule rule) {
    return boxlap::score_image(both.first.boxes, both.second.boxes, {.rule = rule}).sum_iou;
  };
  CHECK_THAT(sum(MatchRule::intersection), WithinAbs(85.67067835421801, 1e-11));
  CHECK_THAT(sum(MatchRule::iou), WithinAbs(85.77591605108265, 1e-11));
}

TEST_CASE("5,000 truths and 10,000 predictions: the three rules differ as scipy says", "[detection]") {
  if (fixture::missing()) {
    return;
  }
  const Data data = read_data("headline_5000x10000");
  const auto& [truths, predictions] = data.images.begin()->second;
  struct Case {
    MatchRule rule;
    double threshold;
    std::int64_t matches;
    double sum_iou;
  };
  for (const Case& c :
       {Case{MatchRule::intersection, 0.4, 521, 636.9294372550603}, Case{MatchRule::iou, 0.4, 523, 637.0839631109375},
        Case{MatchRule::gated, 0.4, 525, 296.244553369703}, Case{MatchRule::intersection, 0.5, 311, 636.9294372550603},
        Case{MatchRule::iou, 0.5, 312, 637.0839631109375}, Case{MatchRule::gated, 0.5, 313, 201.3887064244453}}) {
    const ImageScore score =
        boxlap::score_image(truths.boxes, predictions.boxes, {.iou_threshold = c.threshold, .rule = c.rule});
    CAPTURE(static_cast<int>(c.rule), c.threshold);
    CHECK(score.pairs == 5070);
    CHECK(score.matches == c.matches);
    CHECK_THAT(score.sum_iou, WithinRel(c.sum_iou, 1e-12));
    const boxlap::ScoreOptions two_threads{.iou_threshold = c.threshold, .rule = c.rule, .threads = 2};
    CHECK(boxlap::score_image(truths.boxes, predictions.boxes, two_threads) == score);
  }
}

TEST_CASE("the edge cases of DeepForest's evaluate_boxes", "[detection]") {
  using Boxes = std::vector<Box<double>>;
  SECTION("no predictions") {
    const auto score = one_image({unit10}, {}, {'T'}, {});
    CHECK(score.box_recall == 0);
    CHECK(std::isnan(score.box_precision));
    CHECK(score.class_recall.empty());
  }
  SECTION("a truth that marks an empty image") {
    Boxes truths{{0, 0, 0, 0}};
    std::erase_if(truths, [](const auto& box) { return boxlap::is_empty_image_mark(box); });
    const auto score = one_image(truths, {unit10}, {}, {'T'});
    CHECK(std::isnan(score.box_recall));
    CHECK(score.box_precision == 0);
    CHECK(score.class_recall.empty());
  }
  SECTION("touching edges only") {
    const auto score = one_image({unit10}, {{10, 0, 20, 10}}, {'T'}, {'T'});
    CHECK(score.box_recall == 0);
    CHECK(score.box_precision == 0);
    CHECK(score.class_recall.empty());
    CHECK(score.pairs == 0);
  }
  SECTION("an IoU of exactly the threshold is no match") {
    const ImageScore score = boxlap::score_image(Boxes{unit10}, Boxes{{0, 0, 10, 4}});
    REQUIRE(score.assigned.size() == 1);
    CHECK(score.assigned[0] == boxlap::AssignedPair{0, 0, 0.4, false});
    CHECK(score.matches == 0);
  }
  SECTION("predictions on another image") {
    const std::vector<ImageScore> images{boxlap::score_image(Boxes{unit10}, Boxes{}),
                                         boxlap::score_image(Boxes{}, Boxes{unit10})};
    const auto score = boxlap::summarize(images);
    CHECK(score.box_recall == 0);
    CHECK(std::isnan(score.box_precision));
    CHECK(score.box_precision_all_images == 0);
    CHECK(score.class_recall.empty());
  }
  SECTION("a wrong label on the right box") {
    const auto score = one_image({unit10}, {unit10}, {'T'}, {'U'});
    CHECK(score.box_recall == 1);
    CHECK(score.box_precision == 1);
    CHECK(score.class_recall == std::vector<boxlap::ClassScore>{{'T', 0, 0, 1}, {'U', 0, 0, 0}});
  }
  SECTION("two identical predictions") {
    const auto score = one_image({unit10}, {unit10, unit10}, {'T'}, {'T', 'T'});
    CHECK(score.box_recall == 1);
    CHECK(score.box_precision == 0.5);
    CHECK(score.class_recall == std::vector<boxlap::ClassScore>{{'T', 1, 1, 1}});
  }
  SECTION("a large box beats a better one by area, and by area only") {
    const Boxes predictions{{0, 0, 100, 100}, {1, 1, 10, 10}};
    const ImageScore by_area = boxlap::score_image(Boxes{unit10}, predictions);
    CHECK(by_area.assigned == std::vector<boxlap::AssignedPair>{{0, 0, 0.01, false}});
    const ImageScore by_iou = boxlap::score_image(Boxes{unit10}, predictions, {.rule = MatchRule::iou});
    CHECK(by_iou.assigned == std::vector<boxlap::AssignedPair>{{0, 1, 0.81, true}});
  }
  SECTION("one image all false") {
    const std::vector<ImageScore> images{boxlap::score_image(Boxes{unit10}, Boxes{unit10}),
                                         boxlap::score_image(Boxes{unit10}, Boxes{{500, 500, 510, 510}})};
    const auto score = boxlap::summarize(images);
    CHECK(score.box_recall == 0.5);
    CHECK(score.box_precision == 0.5);
    CHECK(score.class_recall == std::vector<boxlap::ClassScore>{{0, 1, 1, 1}});
  }
  SECTION("a truth without area") {
    const auto score = one_image({{5, 5, 5, 5}}, {unit10}, {'T'}, {'T'});
    CHECK(score.box_recall == 0);
    CHECK(score.box_precision == 0);
    CHECK(score.class_recall.empty());
    CHECK(score.truths == 1);
  }
}

TEMPLATE_TEST_CASE("the matching has the largest total of its rule", "[detection]", float, double) {
  const std::uint64_t seed = 77;
  CAPTURE(seed);
  scenes::Rng rng(seed);
  for (int round = 0; round < 120; ++round) {
    CAPTURE(round);
    const int n = 1 + round % 5, m = 1 + (round / 5) % 6;
    auto truths = scenes::uniform<TestType>(n, 60, 40, rng);
    auto predictions = scenes::uniform<TestType>(m, 60, 40, rng);
    if (round % 3 == 0) {  // ties and boxes without area
      for (auto* boxes : {&truths, &predictions}) {
        for (auto& b : *boxes) {
          b = {std::floor(b.x1 / 30), std::floor(b.y1 / 30), std::floor(b.x1 / 30) + 1 + (b.x2 > 50),
               std::floor(b.y1 / 30) + (b.y2 > 40)};
        }
      }
    }
    const auto pairs = boxlap::image_pairs(truths, predictions);
    for (const MatchRule rule : {MatchRule::intersection, MatchRule::iou, MatchRule::gated}) {
      const boxlap::ScoreOptions options{.iou_threshold = 0.3, .rule = rule};
      const auto weight = [&](Index i, Index j) {
        const auto& a = truths[std::size_t(i)];
        const auto& b = predictions[std::size_t(j)];
        const double iou = static_cast<double>(boxlap::iou(a, b));
        return rule == MatchRule::intersection ? static_cast<double>(boxlap::intersection_area(a, b))
               : rule == MatchRule::iou        ? iou
                                               : (iou > options.iou_threshold ? iou : 0);
      };
      const ImageScore score = boxlap::score_image(truths, predictions, options);
      CHECK(score ==
            boxlap::score_image(pairs, std::vector<int>(truths.size()), std::vector<int>(predictions.size()), options));
      double total = 0, sum_iou = 0;
      std::int64_t matches = 0;
      std::vector<char> used(predictions.size());
      Index previous = -1;
      for (const auto& pair : score.assigned) {
        CHECK(pair.truth > previous);
        previous = pair.truth;
        CHECK(!used[std::size_t(pair.prediction)]);
        used[std::size_t(pair.prediction)] = 1;
        const auto iou = boxlap::iou(truths[std::size_t(pair.truth)], predictions[std::size_t(pair.prediction)]);
        CHECK(pair.iou == static_cast<double>(iou));  // to the bit
        CHECK(pair.match == (static_cast<double>(iou) > options.iou_threshold));
        total += weight(pair.truth, pair.prediction);
        sum_iou += pair.iou;
        matches += pair.match ? 1 : 0;
      }
      CHECK_THAT(total, WithinAbs(best_total(n, m, weight), 1e-9));
      CHECK_THAT(score.sum_iou, WithinAbs(sum_iou, 1e-12));
      CHECK(score.matches == matches);
      std::int64_t meeting = 0;
      for (const auto& a : truths) {
        for (const auto& b : predictions) {
          meeting += boxlap::intersection_area(a, b) > 0 ? 1 : 0;
        }
      }
      CHECK(score.pairs == meeting);
    }
  }
}

TEST_CASE("a summary does not depend on the order of the images, to the last bit", "[detection]") {
  const std::uint64_t seed = 5;
  CAPTURE(seed);
  scenes::Rng rng(seed);
  std::vector<ImageScore> images;
  for (int k = 0; k < 97; ++k) {
    const auto truths = scenes::uniform<double>(k % 7 == 0 ? 0 : 20, 300, 50, rng);
    const auto predictions = scenes::uniform<double>(k % 5 == 0 ? 0 : 31, 300, 50, rng);
    std::vector<int> truth_labels(truths.size()), predicted_labels(predictions.size());
    for (auto* labels : {&truth_labels, &predicted_labels}) {
      std::generate(labels->begin(), labels->end(), [&] { return static_cast<int>(rng() % 5) - 2; });
    }
    images.push_back(boxlap::score_image(truths, predictions, truth_labels, predicted_labels, {.iou_threshold = 0.2}));
  }
  const auto expected = boxlap::summarize(images);
  CHECK(expected.images == 97);
  CHECK(expected.class_recall.size() == 5);
  CHECK(std::is_sorted(expected.class_recall.begin(), expected.class_recall.end(),
                       [](const auto& a, const auto& b) { return a.label < b.label; }));
  CHECK(expected.box_precision_all_images < expected.box_precision);
  CHECK(expected.pooled_recall == static_cast<double>(expected.matches) / static_cast<double>(expected.truths));
  for (int round = 0; round < 20; ++round) {
    std::shuffle(images.begin(), images.end(), rng);
    const auto again = boxlap::summarize(images);
    CHECK(again.box_recall == expected.box_recall);
    CHECK(again.box_precision == expected.box_precision);
    CHECK(again.box_precision_all_images == expected.box_precision_all_images);
    CHECK(again.sum_iou == expected.sum_iou);
    CHECK(again.class_recall == expected.class_recall);
  }
}

TEST_CASE("labels are any integers or enumerations, and never enter the matching", "[detection]") {
  enum class Kind : std::uint8_t { tree = 200, bush };
  const std::array<Box<float>, 2> truths{{{0, 0, 10, 10}, {20, 0, 30, 10}}};
  const auto predictions = boxlap::view(2, [&](Index i) { return truths[std::size_t(1 - i)]; });
  const Kind truth_labels[] = {Kind::tree, Kind::bush};
  const auto score = boxlap::score_image(truths, predictions, truth_labels, std::vector<Kind>{Kind::tree, Kind::tree});
  CHECK(score.labels == std::vector<boxlap::LabelTally>{{200, 1, 2, 1}, {201, 1, 0, 0}});
  const std::int64_t least = std::numeric_limits<std::int64_t>::min();
  const auto extreme = boxlap::score_image(truths, predictions, std::vector<std::int64_t>{least, -1},
                                           std::vector<std::int64_t>{-1, least});
  CHECK(extreme.labels == std::vector<boxlap::LabelTally>{{least, 1, 1, 1}, {-1, 1, 1, 1}});
}

TEST_CASE("shapes of a user's own are scored", "[detection]") {
  const std::vector<Disc> truths{{0, 0, 5}, {20, 0, 5}, {40, 0, 5}}, predictions{{21, 0, 5}, {0, 0, 5}, {48, 0, 5}};
  const ImageScore score = boxlap::score_image(truths, predictions);
  REQUIRE(score.assigned.size() == 3);
  CHECK(score.assigned[0] == boxlap::AssignedPair{0, 1, 1.0, true});
  CHECK(score.assigned[1].prediction == 0);
  CHECK(score.assigned[2].prediction == 2);
  CHECK(score.matches == 2);
}

TEST_CASE("nothing, and boxes without area", "[detection]") {
  const std::vector<Box<float>> nothing, points{{3, 3, 3, 3}, {0, 0, 5, 0}};
  CHECK(boxlap::score_image(nothing, nothing) == ImageScore{});
  CHECK(boxlap::score_image(points, points).pairs == 0);
  CHECK(boxlap::score_image(points, points).truths == 2);
  const auto empty = boxlap::summarize({});
  CHECK(empty.images == 0);
  CHECK(empty.box_recall == 0);  // as DeepForest without predictions, even without truth
  CHECK(std::isnan(empty.box_precision));
  CHECK(std::isnan(empty.pooled_recall));
}

TEST_CASE("what cannot be judged is refused by its row", "[detection]") {
  const std::vector<Box<float>> good{{0, 0, 1, 1}, {2, 2, 3, 3}};
  const float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
  const auto message_of = [](const auto& call) -> std::string {
    try {
      call();
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "nothing was thrown";
  };
  for (const Box<float>& bad : {Box<float>{nan, 0, 1, 1}, Box<float>{0, 0, 1, nan}, Box<float>{2, 0, 1, 1},
                                Box<float>{0, 2, 1, 1}, Box<float>{0, 0, inf, 1}, Box<float>{-inf, 0, 1, 1}}) {
    const std::vector<Box<float>> boxes{good[0], bad};
    CHECK(message_of([&] { (void)boxlap::score_image(boxes, good); }).find("truths[1]") != std::string::npos);
    CHECK(message_of([&] { (void)boxlap::score_image(good, boxes); }).find("predictions[1]") != std::string::npos);
  }
  const std::vector<int> two(2), three(3);
  CHECK(message_of([&] { (void)boxlap::score_image(good, good, three, two); }) ==
        "boxlap: truth_labels has 3 rows, truths has 2");
  CHECK(message_of([&] { (void)boxlap::score_image(good, good, two, three); }) ==
        "boxlap: predicted_labels has 3 rows, predictions has 2");
  CHECK(message_of([&] { (void)boxlap::score_image(good, good, {.iou_threshold = double(nan)}); }) ==
        "boxlap: iou_threshold is NaN");
}

TEMPLATE_TEST_CASE("memory grows with boxes and pairs that meet", "[detection][memory]", float, double) {
  if (memory::uncounted()) {
    return;
  }
  scenes::Rng rng(3);
  struct Scene {
    int truths, predictions;
    double extent;
  };
  for (const Scene& scene : {Scene{5000, 10000, 10000}, Scene{3000, 3000, 800}}) {
    const auto truths = scenes::uniform<TestType>(scene.truths, scene.extent, 50, rng);
    const auto predictions = scenes::uniform<TestType>(scene.predictions, scene.extent, 50, rng);
    const heap::Scope scope;
    const ImageScore score = boxlap::score_image(truths, predictions);
    const double bytes = static_cast<double>(scope.peak_bytes());
    const bool single = sizeof(TestType) == 4;
    const double formula = (single ? 38.0 : 56.0) * static_cast<double>(score.truths + score.predictions) +
                           (single ? 24.0 : 28.0) * static_cast<double>(score.pairs);
    CAPTURE(scene.extent, score.pairs);
    CHECK(bytes <= formula);
    CHECK(bytes >= formula / 2);
  }
  const std::vector<ImageScore> images(
      10000, boxlap::score_image(scenes::uniform<TestType>(5, 10, 50, rng), scenes::uniform<TestType>(5, 10, 50, rng)));
  const heap::Scope scope;
  const auto total = boxlap::summarize(images);
  CHECK(total.images == 10000);
  CHECK(scope.peak_bytes() < 64 * 200);
}
