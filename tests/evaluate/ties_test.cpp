// Evaluation where an overlap, a score or a distance is exactly at a limit or equal to another: boxes whose IoU is a
// fraction that double holds as the threshold does, labels from 0.
#include <boxlap/evaluate/average_precision.hpp>
#include <boxlap/evaluate/center_distance.hpp>
#include <boxlap/evaluate/coco.hpp>
#include <boxlap/evaluate/coco_image.hpp>
#include <boxlap/evaluate/confusion.hpp>
#include <boxlap/evaluate/detection.hpp>
#include <boxlap/evaluate/tide.hpp>
#include <boxlap/evaluate/voc.hpp>

#include <array>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "../catch.hpp"

using namespace boxlap;

namespace {

using Boxes = std::vector<Box<double>>;
using Ints = std::vector<int>;
using Scores = std::vector<double>;
using Flags = std::vector<std::uint8_t>;

const Box<double> whole{0, 0, 10, 10};

/// A part of `whole` whose IoU with it is tenths / 10.
Box<double> part(double tenths) { return {0, 0, tenths, 10}; }

TideDetection judged(const Boxes& truths, const Ints& truth_labels, const Boxes& detections, const Ints& labels,
                     const Scores& scores, std::size_t which, const Flags& ignored = {}) {
  return tide_image(1, image_pairs(truths, detections), truth_labels, labels, scores, ignored).detections[which];
}

}  // namespace

TEST_CASE("TIDE's bands are closed: exactly 0.1 and exactly 0.5", "[tide]") {
  const Ints zero{0}, one{1};
  const auto alone = [&](double tenths, const Ints& truth) {
    return judged({whole}, truth, {part(tenths)}, zero, {0.5}, 0);
  };
  CHECK(alone(5, zero).correct);
  CHECK(!alone(4.875, zero).correct);
  CHECK(alone(4.875, zero).error == TideError::localization);
  CHECK(alone(1, zero).error == TideError::localization);
  CHECK(alone(0.9375, zero).error == TideError::background);
  CHECK(alone(5, one).error == TideError::classification);
  CHECK(alone(4.875, one).error == TideError::both);
  CHECK(alone(1.0625, one).error == TideError::both);
  CHECK(alone(1, one).error == TideError::background);
  // A truth that is taken: at 0.5 the second detection lies off, above it is a duplicate.
  const auto second = [&](double tenths) {
    return judged({whole}, zero, {whole, part(tenths)}, {0, 0}, {0.75, 0.5}, 1);
  };
  CHECK(second(5).error == TideError::localization);
  CHECK(!second(5).fix_finds);
  CHECK(second(5.125).error == TideError::duplicate);
  // Exactly half of it in a region of its class is not ignored, more is; a region of another class says nothing.
  const auto in_region = [&](double x, int label) {
    return judged({{0, 0, 100, 100}}, zero, {{x, 0, x + 10, 10}}, {label}, {0.5}, 0, {1}).ignored;
  };
  CHECK(!in_region(95, 0));
  CHECK(in_region(94.5, 0));
  CHECK(!in_region(94.5, 1));
}

TEST_CASE("TIDE takes equal scores by row, the first of equal truths, and gives an unfound truth once", "[tide]") {
  const auto pairs = image_pairs(Boxes{whole, whole}, Boxes{part(6), part(9), part(8)});
  const TideImage image = tide_image(1, pairs, Ints{0, 1}, Ints{0, 0, 0}, Scores{0.5, 0.5, 0.5});
  CHECK((image.detections[0].correct && !image.detections[1].correct));
  CHECK(image.detections[1].error == TideError::classification);  // the other truth is there, of class 1
  CHECK(image.detections[1].fix_finds);
  CHECK(image.detections[1].fixed_category == 1);
  CHECK(image.detections[2].error == TideError::classification);
  CHECK(!image.detections[2].fix_finds);
  REQUIRE(image.truths.size() == 2);
  CHECK((image.truths[0].positives == 1 && image.truths[0].unfound == 0 && image.truths[0].missed == 0));
  CHECK((image.truths[1].positives == 1 && image.truths[1].unfound == 1 && image.truths[1].missed == 0));
  const auto limited =
      tide_image(1, pairs, Ints{0, 1}, Ints{0, 0, 0}, Scores{0.25, 0.5, 0.5}, {}, {.max_detections = 2});
  REQUIRE(limited.detections.size() == 2);
  CHECK((limited.detections[0].correct && !limited.detections[1].correct));
  CHECK(limited.detections[1].fix_finds);
}

TEST_CASE("classes from 0 on: found, missed and seen in nothing are three cells", "[confusion]") {
  const auto cells = confusion_image(image_pairs(Boxes{whole, {50, 0, 60, 10}}, Boxes{whole, {80, 0, 90, 10}}),
                                     Ints{0, 0}, Ints{0, 0}, Scores{0.5, 0.5});
  CHECK(cells == ConfusionMatrix{{true, true, 0, 0, 1}, {true, false, 0, 0, 1}, {false, true, 0, 0, 1}});
  CHECK(ConfusionCell{} == ConfusionCell{false, false, 0, 0, 0});
  CHECK(merge_confusion(std::vector<ConfusionMatrix>{cells, cells}) ==
        ConfusionMatrix{{true, true, 0, 0, 2}, {true, false, 0, 0, 2}, {false, true, 0, 0, 2}});
}

TEST_CASE("confusion: equal overlaps by truth row, then detection row; limits are exact", "[confusion]") {
  const int n = 40;  // more than the rows that a sort takes one by one
  Ints labels;
  for (int k = 0; k < n; ++k) {
    labels.push_back(k);
  }
  const Scores scores(n, 0.25);  // exactly the least score
  ConfusionMatrix of_detections{{true, true, 7, 0, 1}}, of_truths{{true, true, 0, 7, 1}};
  for (int k = 1; k < n; ++k) {
    of_detections.push_back({false, true, 0, k, 1});
    of_truths.push_back({true, false, k, 0, 1});
  }
  CHECK(confusion_image(image_pairs(Boxes{whole}, Boxes(n, whole)), Ints{7}, labels, scores) == of_detections);
  CHECK(confusion_image(image_pairs(Boxes(n, whole), Boxes{whole}), labels, Ints{7}, Scores{0.25}) == of_truths);
  CHECK(confusion_image(image_pairs(Boxes{whole}, Boxes{part(5)}), Ints{0}, Ints{0}, Scores{1}).size() == 2);
  CHECK(confusion_image(image_pairs(Boxes{whole}, Boxes{part(5.125)}), Ints{0}, Ints{0}, Scores{1}).size() == 1);
  CHECK(confusion_image(image_pairs(Boxes{whole}, Boxes{whole}), Ints{0}, Ints{0}, Scores{0.2499}) ==
        ConfusionMatrix{{true, false, 0, 0, 1}});
  // A detection half in an ignored region is one that found nothing; with more of it in the region it is not counted.
  const auto beside = [&](double x) {
    return confusion_image(image_pairs(Boxes{{0, 0, 100, 100}}, Boxes{{x, 0, x + 10, 10}}), Ints{0}, Ints{0}, Scores{1},
                           Flags{1});
  };
  CHECK(beside(95) == ConfusionMatrix{{false, true, 0, 0, 1}});
  CHECK(beside(94.5).empty());
}

TEST_CASE("scores that float cannot tell apart are two points, equal ones keep the order of the rows",
          "[average_precision]") {
  const Scores near{0.5, 0.5 + 1e-10}, equal{0.5, 0.5};
  CHECK(average_precision(near, Ints{0, 1}, 1) == 1);
  CHECK(average_precision(near, Ints{1, 0}, 1) == 0.5);
  CHECK(average_precision(equal, Ints{0, 1}, 1) == 0.5);
  CHECK(average_precision(equal, Ints{1, 0}, 1) == 1);
  const auto curve = precision_recall_curve(near, Ints{0, 1}, 2);
  REQUIRE(curve.size() == 2);
  CHECK((curve[0].score == near[1] && curve[0].precision == 1 && curve[0].recall == 0.5));
  CHECK((curve[1].score == 0.5 && curve[1].precision == 0.5 && curve[1].recall == 0.5));
  CHECK(precision_recall_curve(equal, Ints{0, 1}, 2).size() == 1);
  // F1 of (1, 1/3) and (1/2, 1/2): 1/2 twice; the one with the higher score is the best.
  const PrecisionRecallPoint best = best_f1({{0.75, 1, 1.0 / 3}, {0.25, 0.5, 0.5}});
  CHECK(best.score == 0.75);
  const Outcome ignored = Outcome::ignored, found = Outcome::true_positive;
  CHECK(average_precision(Scores{0.75, 0.5}, std::vector<Outcome>{ignored, found}, 1) == 1);
  CHECK(precision_recall_curve(Scores{0.75, 0.5}, std::vector<Outcome>{ignored, found}, 1).size() == 1);
}

TEST_CASE("VOC: equal scores by image id, equal truths by row, a threshold that is attained", "[voc]") {
  const auto image = [](std::int64_t id, bool finds) {
    return voc_image(id, Boxes{whole}, Boxes{finds ? whole : Box<double>{50, 0, 60, 10}}, Ints{0}, Ints{0},
                     Scores{0.5});
  };
  for (const bool swapped : {false, true}) {
    std::vector<VocImage> images{image(1, true), image(2, false)};
    std::vector<VocImage> other{image(1, false), image(2, true)};
    if (swapped) {
      std::swap(images[0], images[1]);
      std::swap(other[0], other[1]);
    }
    CHECK(voc_summary(images).mean_ap == 0.5);  // 1 of 1, then 1 of 2: recall 1/2 at precision 1
    CHECK(voc_summary(other).mean_ap == 0.25);  // 0 of 1, then 1 of 2
  }
  const auto outcomes = [](const Boxes& truths, const Boxes& detections, const Flags& difficult,
                           const VocOptions& options) {
    return voc_image(1, truths, detections, Ints(truths.size()), Ints(detections.size()),
                     Scores(detections.size(), 0.5), difficult, options)
        .outcomes;
  };
  using Out = std::vector<Outcome>;
  const Outcome yes = Outcome::true_positive, no = Outcome::false_positive, ignored = Outcome::ignored;
  CHECK(outcomes({whole, whole}, {whole}, {1, 0}, {}) == Out{ignored});  // the first of equal truths is difficult
  CHECK(outcomes({whole, whole}, {whole}, {0, 1}, {}) == Out{yes});
  CHECK(outcomes({whole, whole}, {whole, whole}, {}, {}) == Out{yes, no});  // no second try
  CHECK(outcomes({whole}, {part(6), whole}, {}, {}) == Out{yes, no});       // equal scores by row
  CHECK(outcomes({whole}, {part(5)}, {}, {}) == Out{no});
  CHECK(outcomes({whole}, {part(5)}, {}, {.at_least = true}) == Out{yes});
  CHECK(outcomes({whole}, {part(5.125)}, {}, {}) == Out{yes});
  CHECK(outcomes({whole}, {part(4.875)}, {}, {.at_least = true}) == Out{no});
  CHECK(outcomes({whole}, {whole}, {}, {.iou_threshold = 1, .at_least = true}) == Out{yes});
  CHECK(outcomes({whole}, {whole}, {}, {.iou_threshold = 1}) == Out{no});
}

TEST_CASE("COCO: a threshold that is attained, the later of equal truths, areas that touch", "[coco]") {
  CocoOptions options;
  options.list_matches = true;
  const auto judge = [&](const Boxes& truths, const Boxes& detections, const CocoAnnotations& notes = {}) {
    return coco_image(1, truths, detections, Ints(truths.size()), Ints(detections.size()),
                      Scores(detections.size(), 0.5), notes, options);
  };
  const auto found = [&](const Boxes& truths, const Boxes& detections) {
    return judge(truths, detections).matches[0].truths;
  };
  CHECK(found({whole}, {part(5)})[0] == 0);
  CHECK(found({whole}, {part(5)})[1] == none);
  CHECK(found({whole}, {part(7.5)})[5] == 0);
  CHECK(found({whole}, {part(7.5)})[6] == none);
  CHECK(found({whole, whole}, {whole})[9] == 1);
  options.quirks.later_truth_wins = false;
  CHECK(found({whole, whole}, {whole})[9] == 0);
  // An area of 1,024 is small and medium, or with the sane reading medium alone.
  const Boxes border{{0, 0, 32, 32}};
  CHECK(judge(border, border).positives == std::vector<Index>{1, 1, 1, 0});
  const auto three = coco_image(1, Boxes{whole, whole, whole}, Boxes{whole, whole, whole}, Ints{2, 0, 1}, Ints{0, 2, 1},
                                Scores{0.5, 0.5, 0.5});
  CHECK(coco_summary(std::span(&three, 1)).categories == std::vector<std::int64_t>{0, 1, 2});
  CHECK(judge({{0, 0, 96, 96}}, {}).positives == std::vector<Index>{1, 0, 1, 1});
  CHECK(judge({{0, 0, 0.5, 1}}, {}).positives == std::vector<Index>{1, 1, 0, 0});
  options.quirks.closed_areas = false;
  CHECK(judge(border, border).positives == std::vector<Index>{1, 0, 1, 0});
}

TEST_CASE("centre distance: the first of equally near truths, equal scores from behind, never at the limit",
          "[center_distance]") {
  using Points = std::vector<Point<double>>;
  const auto match = [](std::int64_t id, const Points& truths, const Points& detections, double distance) {
    return center_image(id, truths, detections, Scores(detections.size(), 0.5), distance,
                        [](Index t, Index) { return std::array<double, 1>{static_cast<double>(t)}; });
  };
  const auto truth_of = [&](const Points& truths, const Points& detections, std::size_t d, double distance) {
    const auto image = match(1, truths, detections, distance);
    return image.detections[d].found ? static_cast<int>(image.detections[d].errors[0]) : -1;
  };
  CHECK((CenterDetection<1>{}.score == 0 && !CenterDetection<1>{}.found));
  CHECK(truth_of({{1, 0}, {-1, 0}}, {{0, 0}}, 0, 2) == 0);
  CHECK(truth_of({{-1, 0}, {1, 0}}, {{0, 0}}, 0, 2) == 0);
  CHECK(truth_of({{0, 1}, {0, -1}, {-1, 0}}, {{0, 0}}, 0, 2) == 0);
  CHECK(truth_of({{3, 4}}, {{0, 0}}, 0, 5) == -1);
  CHECK(truth_of({{3, 4}}, {{0, 0}}, 0, 5.0625) == 0);
  CHECK(truth_of({{2, 0}}, {{0, 0}}, 0, 2) == -1);
  CHECK(truth_of({{-2, 0}}, {{0, 0}}, 0, 2) == -1);
  CHECK(truth_of({{0, 0}}, {{1, 0}, {0.5, 0}, {1, 0}}, 2, 2) == 0);  // of equal scores the last row
  CHECK(truth_of({{0, 0}}, {{1, 0}, {0.5, 0}, {1, 0}}, 1, 2) == -1);
  // Of equal scores in two images the larger id comes first, whichever is given first.
  const auto finds = [&](std::int64_t id) { return match(id, {{0, 0}}, {{0, 0}}, 2); };
  const auto fails = [&](std::int64_t id) { return match(id, {{9, 0}}, {{0, 0}}, 2); };
  const auto ap = [](std::vector<CenterImage<1>> images) { return center_summary<1>(images).ap; };
  CHECK(ap({finds(2), fails(1)}) == ap({fails(1), finds(2)}));
  CHECK(ap({finds(1), fails(2)}) == ap({fails(2), finds(1)}));
  CHECK(ap({finds(2), fails(1)}) > ap({finds(1), fails(2)}));
}

TEST_CASE("a match has an IoU above the threshold, labels from 0 count as any", "[detection]") {
  const ScoreOptions half{.iou_threshold = 0.5};
  CHECK(score_image(Boxes{whole}, Boxes{part(5)}, half).matches == 0);
  CHECK(score_image(Boxes{whole}, Boxes{part(5.125)}, half).matches == 1);
  const auto image =
      score_image(Boxes{whole, {50, 0, 60, 10}}, Boxes{whole, {50, 0, 60, 10}}, Ints{0, 1}, Ints{0, 0}, half);
  REQUIRE(image.labels.size() == 2);
  CHECK((image.labels[0].label == 0 && image.labels[0].truths == 1 && image.labels[0].predictions == 2 &&
         image.labels[0].both == 1));
  CHECK((image.labels[1].label == 1 && image.labels[1].truths == 1 && image.labels[1].predictions == 0 &&
         image.labels[1].both == 0));
}
