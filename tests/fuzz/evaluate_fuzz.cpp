/// Evaluation against its loops: COCO's numbers, VOC's judgement, average precision by its definition, and the one to
/// one scores against all matchings.
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <vector>

#include <boxlap/evaluate/coco.hpp>
#include <boxlap/evaluate/coco_image.hpp>
#include <boxlap/evaluate/detection.hpp>
#include <boxlap/evaluate/most_matches.hpp>
#include <boxlap/evaluate/voc.hpp>
#include <boxlap/shape/box.hpp>

#include "../support/coco_loops.hpp"
#include "input.hpp"
#include "plain_evaluate.hpp"

using boxlap::ApRule;
using boxlap::Box;
using boxlap::Index;
using boxlap::Outcome;
using boxlap::Xywh;
using fuzz::at;
using plain::close;
using plain::draw_box;
using plain::draw_scene;
using plain::overlap;
using plain::plain_ap;
using plain::Scene;

namespace {

void check_coco(fuzz::Input& in) {
  const double scale = in.flag() ? 1 : 10;  // sizes on both sides of COCO's areas, and at them
  const int images = in.below(4) + 1, categories = in.below(3) + 1;
  std::vector<coco_loops::Truth> truths;
  std::vector<coco_loops::Detection> detections;
  std::int64_t id = in.below(2);
  for (int n = in.below(16); n > 0; --n) {
    const auto b = draw_box(in, scale);
    const double area = in.rarely(4) ? in.one_of(std::vector<double>{0, 1024, 9216, 1023.5, 2e4}) : b.w * b.h;
    truths.push_back({id++, in.below(images), in.below(categories), b.x, b.y, b.w, b.h, area, in.rarely(4)});
  }
  id = in.below(2);
  for (int n = in.below(32); n > 0; --n) {
    const bool again = in.flag() && !truths.empty();
    const auto& t = again ? in.one_of(truths) : coco_loops::Truth{};
    auto b = again ? Xywh<double>{t.x, t.y, t.w, t.h} : draw_box(in, scale);
    b.w += again ? in.below(3) : 0;
    detections.push_back({id++, again ? t.image : in.below(images), again ? t.category : in.below(categories), b.x, b.y,
                          b.w, b.h, static_cast<double>(in.below(5)) / 4});
  }
  coco_loops::Params params;
  params.use_categories = !in.rarely(4);
  if (!params.use_categories) {  // pycocotools leaves out what its list of categories, here that of the truths, lacks
    std::erase_if(detections, [&](const coco_loops::Detection& d) {
      return std::none_of(truths.begin(), truths.end(), [&](const auto& t) { return t.category == d.category; });
    });
  }
  params.max_detections = {1, 2, at(in.below(8)) + 2};
  coco_loops::Evaluation loops(truths, detections, params);
  loops.evaluate();
  loops.accumulate();

  boxlap::CocoOptions options;
  options.use_categories = params.use_categories;
  options.quirks.ap_needs_100_detections = false;
  options.max_detections = {1, 2, static_cast<Index>(params.max_detections[2])};
  std::vector<boxlap::CocoImage> judged;
  for (int image = images; image-- > 0;) {  // in any order
    std::vector<Xywh<double>> truth_boxes, detection_boxes;
    std::vector<std::int64_t> truth_labels, detection_labels, truth_ids, detection_ids;
    std::vector<double> areas, scores;
    std::vector<std::uint8_t> crowd;
    for (const auto& t : truths) {
      if (t.image == image) {
        truth_boxes.push_back({t.x, t.y, t.w, t.h}), truth_labels.push_back(t.category), truth_ids.push_back(t.id);
        areas.push_back(t.area), crowd.push_back(t.crowd ? 1 : 0);
      }
    }
    for (const auto& d : detections) {
      if (d.image == image) {
        detection_boxes.push_back({d.x, d.y, d.w, d.h}), detection_labels.push_back(d.category);
        detection_ids.push_back(d.id), scores.push_back(d.score);
      }
    }
    judged.push_back(boxlap::coco_image(
        image, truth_boxes, detection_boxes, truth_labels, detection_labels, scores,
        {.areas = areas, .crowd = crowd, .truth_ids = truth_ids, .detection_ids = detection_ids}, options));
  }
  const auto summary = boxlap::coco_summary(judged, options);
  const auto stats = loops.stats();
  for (std::size_t k = 0; k < stats.size(); ++k) {
    fuzz::require(close(summary.stats[k], stats[k]), "the twelve numbers are pycocotools'", [&] {
      std::string rows =
          std::to_string(k) + ": " + std::to_string(summary.stats[k]) + ", expected " + std::to_string(stats[k]);
      for (const auto& t : truths) {
        rows += "\ntruth " + std::to_string(t.id) + " image " + std::to_string(t.image) + " category " +
                std::to_string(t.category) + " box " + std::to_string(t.x) + " " + std::to_string(t.y) + " " +
                std::to_string(t.w) + " " + std::to_string(t.h) + " area " + std::to_string(t.area) +
                (t.crowd ? " crowd" : "");
      }
      for (const auto& d : detections) {
        rows += "\ndetection " + std::to_string(d.id) + " image " + std::to_string(d.image) + " category " +
                std::to_string(d.category) + " box " + std::to_string(d.x) + " " + std::to_string(d.y) + " " +
                std::to_string(d.w) + " " + std::to_string(d.h) + " score " + std::to_string(d.score);
      }
      return rows;
    });
  }
  for (std::size_t k = 0; k < loops.categories().size(); ++k) {
    const auto found = std::find(summary.categories.begin(), summary.categories.end(), loops.categories()[k]);
    if (found == summary.categories.end()) {
      continue;
    }
    const auto c = static_cast<std::size_t>(found - summary.categories.begin());
    for (std::size_t t = 0; t < params.thresholds.size(); ++t) {
      for (std::size_t a = 0; a < params.areas.size(); ++a) {
        for (std::size_t m = 0; m < params.max_detections.size(); ++m) {
          const auto area = static_cast<Index>(a), limit = static_cast<Index>(m), threshold = static_cast<Index>(t);
          fuzz::require(close(summary.ar(c, area, limit, threshold), loops.recall[loops.place(t, k, a, m)]),
                        "each recall is pycocotools'");
          fuzz::require(close(summary.ap(c, area, limit, threshold), loops.mean_precision(t, k, a, m)),
                        "each precision is pycocotools'");
        }
      }
    }
  }
}

void check_ap(fuzz::Input& in) {
  const auto rule = static_cast<ApRule>(in.below(4));
  const auto scores = in.scores<double>(at(in.below(80)), false);
  std::vector<Outcome> outcomes;
  int hits = 0;
  for (std::size_t k = 0; k < scores.size(); ++k) {
    outcomes.push_back(static_cast<Outcome>(in.below(3)));
    hits += outcomes.back() == Outcome::true_positive ? 1 : 0;
  }
  const int positives = hits + in.below(6);
  std::vector<Outcome> ranked;
  for (const Index i : plain::best_first(scores)) {
    ranked.push_back(outcomes[at(i)]);
  }
  const double got = boxlap::average_precision(scores, outcomes, positives, rule);
  fuzz::require(positives == 0 ? got != got : close(got, plain_ap(ranked, positives, rule)),
                "average precision is its definition");
}

void check_voc(fuzz::Input& in) {
  boxlap::VocOptions options;
  options.iou_threshold = std::clamp(in.threshold(), 0.0, 1.0);
  options.at_least = in.flag();
  const Scene s = draw_scene(in, 12, 24);
  if (in.flag() && !s.truths.empty() && !s.detections.empty()) {  // a threshold that is attained
    options.iou_threshold = overlap(in.one_of(s.truths), s.detections[0]);
  }
  if (options.iou_threshold != options.iou_threshold) {
    return;
  }
  std::map<int, std::vector<Outcome>> outcomes;
  std::map<int, std::int64_t> positives;
  std::vector<bool> taken(s.truths.size());
  for (std::size_t t = 0; t < s.truths.size(); ++t) {
    positives[s.truth_labels[t]] += s.difficult[t] == 0 ? 1 : 0;
  }
  for (const Index d : plain::best_first(s.scores)) {
    const int label = s.detection_labels[at(d)];
    std::size_t best = s.truths.size();
    double most = 0;
    for (std::size_t t = 0; t < s.truths.size(); ++t) {
      const double value = overlap(s.truths[t], s.detections[at(d)]);
      if (s.truth_labels[t] == label && value > most) {
        most = value, best = t;
      }
    }
    const bool beyond = options.at_least ? most >= options.iou_threshold : most > options.iou_threshold;
    Outcome outcome = Outcome::false_positive;
    if (best < s.truths.size() && beyond) {
      outcome = s.difficult[best] != 0 ? Outcome::ignored
                : taken[best]          ? Outcome::false_positive
                                       : Outcome::true_positive;
      taken[best] = true;
    }
    outcomes[label].push_back(outcome);
  }
  const auto image =
      boxlap::voc_image(7, s.truths, s.detections, s.truth_labels, s.detection_labels, s.scores, s.difficult, options);
  std::size_t first = 0;
  for (const auto& group : image.groups) {
    const auto label = static_cast<int>(group.category);
    const std::vector<Outcome> got(image.outcomes.begin() + static_cast<std::ptrdiff_t>(first),
                                   image.outcomes.begin() + static_cast<std::ptrdiff_t>(first) + group.detections);
    fuzz::require(got == outcomes[label] && group.positives == positives[label], "a class is judged as VOC does");
    first += at(group.detections);
  }
  const auto summary = boxlap::voc_summary(std::vector<boxlap::VocImage>{image}, ApRule::all_point);
  for (const auto& one : summary.classes) {
    const auto& of_class = outcomes[static_cast<int>(one.category)];
    fuzz::require(one.positives == 0
                      ? one.ap != one.ap
                      : close(one.ap, plain_ap(of_class, static_cast<double>(one.positives), ApRule::all_point)),
                  "average precision of a class is its definition");
  }
}

/// The largest sum of value(i, j) > 0 over all matchings.
template <class Value>
double best_of_all(std::size_t rows, std::size_t cols, const Value& value, std::size_t row = 0, unsigned taken = 0) {
  if (row == rows) {
    return 0;
  }
  double best = best_of_all(rows, cols, value, row + 1, taken);
  for (std::size_t j = 0; j < cols; ++j) {
    if ((taken >> j & 1U) == 0 && value(row, j) > 0) {
      best = std::max(best, value(row, j) + best_of_all(rows, cols, value, row + 1, taken | 1U << j));
    }
  }
  return best;
}

void check_scores(fuzz::Input& in) {
  boxlap::ScoreOptions options;
  options.iou_threshold = static_cast<double>(in.below(9)) / 8;
  options.rule = static_cast<boxlap::MatchRule>(in.below(3));
  const Scene s = draw_scene(in, 5, 6);
  const auto weight = [&](std::size_t i, std::size_t j) {
    const double iou = overlap(s.truths[i], s.detections[j]);
    return options.rule == boxlap::MatchRule::iou     ? iou
           : options.rule == boxlap::MatchRule::gated ? (iou > options.iou_threshold ? iou : 0)
                                                      : boxlap::intersection_area(s.truths[i], s.detections[j]);
  };
  const auto score = boxlap::score_image(s.truths, s.detections, s.truth_labels, s.detection_labels, options);
  double total = 0, sum = 0;
  std::int64_t matches = 0, pairs = 0, named = 0;
  std::vector<int> used(s.detections.size());
  Index last = -1;
  for (const auto& pair : score.assigned) {
    const std::size_t i = at(pair.truth), j = at(pair.prediction);
    fuzz::require(pair.truth > last && used.at(j)++ == 0, "pairs are one to one, ascending by truth");
    last = pair.truth;
    const double iou = overlap(s.truths[i], s.detections[j]);
    fuzz::require(pair.iou == iou && pair.match == (iou > options.iou_threshold), "a pair has its own overlap");
    total += weight(i, j), sum += iou, matches += pair.match ? 1 : 0;
    named += pair.match && s.truth_labels[i] == s.detection_labels[j] ? 1 : 0;
  }
  for (const auto& t : s.truths) {
    for (const auto& d : s.detections) {
      pairs += overlap(t, d) > 0 ? 1 : 0;
    }
  }
  fuzz::require(close(total, best_of_all(s.truths.size(), s.detections.size(), weight)), "no matching shares more");
  fuzz::require(score.matches == matches && score.pairs == pairs && close(score.sum_iou, sum),
                "counts are those of pairs");
  std::int64_t both = 0;
  for (const auto& tally : score.labels) {
    both += tally.both;
  }
  fuzz::require(both == named, "labels are counted");
  if (options.iou_threshold > 0) {
    const auto found = boxlap::most_matches(boxlap::image_pairs(s.truths, s.detections), s.truth_labels,
                                            s.detection_labels, options.iou_threshold);
    const double most = best_of_all(s.truths.size(), s.detections.size(), [&](std::size_t i, std::size_t j) {
      return s.truth_labels[i] == s.detection_labels[j] &&
                     overlap(s.truths[i], s.detections[j]) >= options.iou_threshold
                 ? 1.0
                 : 0.0;
    });
    fuzz::require(static_cast<double>(found) == most, "no matching has more pairs");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input in(data, size);
  switch (in.below(6)) {
    case 0:
    case 1:
      check_coco(in);
      break;
    case 2:
      check_ap(in);
      break;
    case 3:
    case 4:
      check_voc(in);
      break;
    default:
      check_scores(in);
  }
  return 0;
}
