// Digests of everything in match/ and evaluate/; see digest/line.hpp.
#include <array>
#include <boxlap/evaluate/average_precision.hpp>
#include <boxlap/evaluate/center_distance.hpp>
#include <boxlap/evaluate/coco.hpp>
#include <boxlap/evaluate/confusion.hpp>
#include <boxlap/evaluate/detection.hpp>
#include <boxlap/evaluate/most_matches.hpp>
#include <boxlap/evaluate/tide.hpp>
#include <boxlap/evaluate/voc.hpp>
#include <boxlap/match/anchor_rules.hpp>
#include <boxlap/match/anchors.hpp>
#include <boxlap/match/assign.hpp>
#include <boxlap/match/assign_dense.hpp>
#include <boxlap/match/batch.hpp>
#include <boxlap/match/certify.hpp>
#include <boxlap/match/greedy.hpp>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "digest/line.hpp"
#include "digest/scenes.hpp"

namespace {

using boxlap::Box;
using boxlap::Csr;
using boxlap::Index;
using namespace digest;

template <class T>
void add(Line& line, const boxlap::Assignment<T>& found) {
  line.add(found.col_of_row, found.row_of_col, found.count, found.total, found.row_duals, found.col_duals);
  line.add(found.row_pair_duals, found.col_pair_duals);
}

/// Weights of many ties and of few, integers and floating.
template <class T>
void print_assign(Promise promise, const std::string& scalar) {
  Line line(promise, "assign, certify, keep_at_least " + scalar), batches(promise, "concatenate, split " + scalar);
  std::vector<Csr<T>> all;
  boxlap::AssignWorkspace<T> workspace;
  for (const int scene : {0, 1, 2, 3}) {
    const auto areas = boxlap::intersection_matrix(scattered<double>(scene == 3 ? 70 : 300, scene == 3 ? 5 : 9, 1),
                                                   scattered<double>(scene == 3 ? 90 : 280, scene == 3 ? 6 : 9, 2));
    Csr<T> weights{areas.rows, areas.cols, areas.row_offsets, areas.col_indices, {}};
    const double unit = scene == 0 ? 512 : 16;
    for (const double area : areas.values) {
      weights.values.push_back(static_cast<T>(scene == 2 ? area - 600 : area / unit));
    }
    using enum boxlap::Objective;
    using boxlap::AmongOptima;
    for (const auto objective : {max_total, max_gain, most_pairs}) {
      for (const auto among : {AmongOptima::any, AmongOptima::most_pairs, AmongOptima::fewest_pairs}) {
        const double gate = objective == max_total ? 0 : scene == 0 ? 1 : 12;
        const boxlap::AssignOptions options{.objective = objective, .gate = gate, .among_optima = among};
        boxlap::Assignment<T> found;
        boxlap::assign(weights, options, workspace, found);
        add(line, found);
        const auto certificate = boxlap::certify(weights, found);
        line.add(certificate.valid, certificate.gap, certificate.pair_gap, certificate.worst);
        add(line, boxlap::keep_at_least(weights, found, 20));
      }
    }
    all.push_back(weights);
  }
  const auto batch = boxlap::concatenate(all);
  batches.add(batch.weights, batch.row_offsets, batch.col_offsets, batch.size());
  for (const auto& found : boxlap::split(batch, boxlap::assign(batch.weights))) {
    add(batches, found);
  }
}

template <class T>
void print_assign_dense(Promise promise, const std::string& scalar) {
  Line line(promise, "assign_dense " + scalar);
  Random random(3);
  for (const auto& size : {std::pair<Index, Index>{0, 3}, {1, 1}, {20, 20}, {15, 40}, {40, 15}, {64, 65}}) {
    const Index rows = size.first, cols = size.second;
    std::vector<T> cost;
    for (Index k = 0; k < rows * cols; ++k) {
      cost.push_back(static_cast<T>(random.below(rows == 20 ? 5 : 100000) - 40));
    }
    for (const bool maximize : {false, true}) {
      const auto cost_of = [&](Index i, Index j) { return cost[at(i * cols + j)]; };
      const auto found = boxlap::assign_dense(rows, cols, cost_of, {.maximize = maximize});
      line.add(found.col_of_row, found.row_of_col, found.count, found.total, found.row_duals, found.col_duals);
    }
  }
}

void print_greedy() {
  Line line(same, "match_greedy");
  const auto overlaps = boxlap::iou_matrix(scattered<float>(300, 8, 4), scattered<float>(280, 8, 5));
  const auto add_matches = [&](const boxlap::GreedyMatches& found) {
    line.add(found.col_of_row, found.row_of_col, found.count);
  };
  using enum boxlap::GreedyRule;
  for (const auto values : {boxlap::Values::overlap, boxlap::Values::distance}) {
    for (const auto kind : {Scores::tied, Scores::spread, Scores::exponential}) {
      for (const auto rule : {coco, voc, nuscenes}) {
        add_matches(boxlap::match_greedy(overlaps, scores_of<float>(280, kind, 6), {0.3, rule, values}));
      }
    }
    add_matches(boxlap::match_greedy(overlaps, {.threshold = 0.25, .values = values}));
  }
}

void print_anchors() {
  auto truths = scattered<float>(40, 8, 7);
  truths.push_back({5000, 5000, 5040, 5040});  // out of reach of all
  truths.push_back(truths[3]);                 // a tie
  for (const int n : {30, 700, 5000}) {
    const std::string size = " " + std::to_string(n);
    const auto anchors = scattered<float>(n, 8, 8);
    const auto add_matches = [](Line& line, const boxlap::AnchorMatches& found) {
      line.add(found.truth_of_anchor, found.unreached_truths);
    };
    Line plain(same, "match_anchors" + size), ssd(same, "match_anchors_ssd" + size);
    Line max_iou(same, "match_anchors_max_iou" + size), atss(near, "match_anchors_atss" + size);
    for (const int threads : {1, 2, 3}) {
      add_matches(plain, boxlap::match_anchors(anchors, truths, {.threads = threads}));
      add_matches(plain,
                  boxlap::match_anchors(anchors, truths, {.ignore_unreached_truths = false, .threads = threads}));
      add_matches(ssd, boxlap::match_anchors_ssd(anchors, truths, {.threshold = 0.4, .threads = threads}));
      add_matches(max_iou, boxlap::match_anchors_max_iou(anchors, truths, {.min_positive = 0.2, .threads = threads}));
    }
    add_matches(plain, boxlap::match_anchors(anchors, truths, {.high = 0.5, .low = 0.5, .low_quality = false}));
    add_matches(plain, boxlap::match_anchors(anchors, truths, {.tie_tolerance = 0.05}));
    add_matches(ssd, boxlap::match_anchors_ssd(anchors, truths, {.ignore_unreached_truths = false}));
    add_matches(max_iou, boxlap::match_anchors_max_iou(anchors, truths, scattered<float>(9, 8, 9), {.ignore = 0.5}));
    add_matches(max_iou, boxlap::match_anchors_max_iou(anchors, truths, {.negative_from = 0.1, .all_ties = false}));
    std::vector<boxlap::Triple<double>> nearest;
    for (Index truth = 0; truth < static_cast<Index>(truths.size()); ++truth) {
      for (Index k = 0; k < 9; ++k) {
        nearest.push_back({truth, (truth * 31 + k * 7) % n, double(k)});
      }
    }
    const auto candidates = boxlap::make_csr(static_cast<Index>(truths.size()), n, nearest);
    add_matches(atss, boxlap::match_anchors_atss(anchors, truths, candidates));
  }
}

/// Images of detections that are truths moved a little, and some of neither. Label -1 is one as well.
struct Image {
  std::vector<Box<float>> truths, detections;
  std::vector<int> truth_labels, detection_labels;
  std::vector<double> scores;
  std::vector<std::uint8_t> flags;  // of a truth: crowd, difficult
};

std::vector<Image> images() {
  std::vector<Image> all;
  Random random(10);
  for (const int n : {0, 1, 30, 80, 40, 0}) {
    Image image;
    image.truths = scattered<float>(n, 8, 11 + random.next() % 100);
    for (const Box<float>& truth : image.truths) {
      image.truth_labels.push_back(random.below(4) - 1);
      image.flags.push_back(random.below(6) == 0);
      for (int copies = random.below(3); copies > 0; --copies) {
        const float dx = static_cast<float>(random.below(17) - 8), dy = static_cast<float>(random.below(9) - 4);
        image.detections.push_back({truth.x1 + dx, truth.y1 + dy, truth.x2 + dx, truth.y2 + dy});
        image.detection_labels.push_back(random.below(5) == 0 ? 0 : image.truth_labels.back());
      }
    }
    for (const Box<float>& box : scattered<float>(9, 8, random.next() % 100)) {
      image.detections.push_back(box);
      image.detection_labels.push_back(random.below(4) - 1);
    }
    image.scores = scores_of<double>(static_cast<int>(image.detections.size()), Scores::tied, random.next());
    for (double& score : image.scores) {
      score /= 16;
    }
    all.push_back(image);
  }
  return all;
}

void print_detection() {
  Line counts(same, "score_image, score_matching, match_weights"), figures(near, "summarize");
  Line most(same, "most_matches, image_pairs");
  for (const auto rule : {boxlap::MatchRule::intersection, boxlap::MatchRule::iou, boxlap::MatchRule::gated}) {
    const boxlap::ScoreOptions options{.iou_threshold = 0.4, .rule = rule};
    std::vector<boxlap::ImageScore> scores;
    for (const Image& image : images()) {
      const auto pairs = boxlap::image_pairs(image.truths, image.detections);
      most.add(pairs.truths(), pairs.predictions(), pairs.shared, pairs.truth_areas, pairs.prediction_areas);
      most.add(boxlap::most_matches(pairs, image.truth_labels, image.detection_labels, 0.5));
      counts.add(boxlap::match_weights(pairs, options));
      scores.push_back(
          boxlap::score_image(image.truths, image.detections, image.truth_labels, image.detection_labels, options));
      std::vector<Index> in_order(image.truths.size(), boxlap::none);
      for (const auto& pair : scores.back().assigned) {
        counts.add(pair.truth, pair.prediction, pair.iou, pair.match);
        in_order[at(pair.truth)] = pair.prediction;
      }
      const auto again = boxlap::score_matching(pairs, std::span<const Index>(in_order), image.truth_labels,
                                                image.detection_labels, options);
      counts.add(again == scores.back(), again.pairs, again.matches);
      for (const auto& tally : again.labels) {
        counts.add(tally.label, tally.truths, tally.predictions, tally.both);
      }
      counts.add(boxlap::is_empty_image_mark(image.detections[0]));
    }
    const auto sum = boxlap::summarize(scores);
    figures.add(sum.images, sum.truths, sum.predictions, sum.pairs, sum.matches, sum.sum_iou, sum.box_recall);
    figures.add(sum.box_precision, sum.box_precision_all_images, sum.pooled_recall, sum.pooled_precision);
    for (const auto& score : sum.class_recall) {
      figures.add(score.label, score.recall, score.precision, score.size);
    }
  }
}

void print_coco_and_voc() {
  Line coco(same, "coco_image, coco_outcomes"), coco_figures(near, "coco_summary");
  for (const bool quirks : {true, false}) {
    boxlap::CocoOptions options;
    options.list_matches = quirks;
    options.use_categories = quirks;
    options.quirks = quirks ? boxlap::CocoQuirks{} : boxlap::CocoQuirks::none();
    std::vector<boxlap::CocoImage> judged;
    for (const Image& image : images()) {
      boxlap::CocoAnnotations notes;
      notes.crowd = image.flags;
      judged.push_back(boxlap::coco_image(static_cast<std::int64_t>(judged.size()), image.truths, image.detections,
                                          image.truth_labels, image.detection_labels, image.scores, notes, options));
      const auto& last = judged.back();
      coco.add(last.positives, last.scores, last.outcomes, last.outcome(0, 0, 0));
      for (const auto& match : last.matches) {
        coco.add(match.detection, match.truths, match.outcomes);
      }
    }
    const std::int64_t category = 1;
    const auto outcomes = boxlap::coco_outcomes(judged, quirks ? &category : nullptr, 0, 2);
    coco.add(outcomes.scores, outcomes.outcomes, outcomes.positives);
    const auto summary = boxlap::coco_summary(judged, options);
    coco_figures.add(summary.stats, summary.categories, summary.precisions, summary.recalls);
    coco_figures.add(summary.place(0, 1, 2, 3), summary.ap(0, 1, 2, 3), summary.ar(0, 1, 2, 3));
  }

  Line voc(same, "voc_image, with_pixels"), voc_figures(near, "voc_summary");
  using enum boxlap::ApRule;
  for (const bool at_least : {false, true}) {
    std::vector<boxlap::VocImage> judged;
    for (const Image& image : images()) {
      const boxlap::VocOptions options{.iou_threshold = 0.5, .at_least = at_least};
      judged.push_back(boxlap::voc_image(static_cast<std::int64_t>(judged.size()), image.truths, image.detections,
                                         image.truth_labels, image.detection_labels, image.scores, image.flags,
                                         options));
      voc.add(judged.back().scores, judged.back().outcomes, boxlap::with_pixels(image.detections[0], 1.F));
    }
    for (const auto rule : {coco_101, exact_101, all_point, eleven_point}) {
      const auto summary = boxlap::voc_summary(judged, rule);
      voc_figures.add(summary.mean_ap);
      for (const auto& c : summary.classes) {
        voc_figures.add(c.category, c.positives, c.true_positives, c.false_positives, c.ap);
      }
    }
  }
  Line xywh(same, "Xywh as a shape");
  for (const Box<float>& box : scattered<float>(20, 6, 12)) {
    const auto a = boxlap::to_xywh(box);
    const boxlap::Xywh<float> b{10, 20, 30, 40};
    xywh.add(area(a), bounds(a), intersection_area(a, b), iou(a, b));
  }
}

void print_tide_and_confusion() {
  Line tide(same, "tide_image"), tide_figures(near, "tide_summary");
  Line confusion(same, "confusion_image, merge_confusion");
  std::vector<boxlap::TideImage> judged;
  std::vector<boxlap::ConfusionMatrix> matrices;
  for (const Image& image : images()) {
    const auto pairs = boxlap::image_pairs(image.truths, image.detections);
    judged.push_back(boxlap::tide_image(static_cast<std::int64_t>(judged.size()), pairs, image.truth_labels,
                                        image.detection_labels, image.scores, image.flags));
    for (const auto& d : judged.back().detections) {
      tide.add(d.score, d.category, d.correct, d.ignored, d.error, d.fix_finds, d.fixed_category);
    }
    for (const auto& t : judged.back().truths) {
      tide.add(t.category, t.positives, t.unfound, t.missed);
    }
    matrices.push_back(
        boxlap::confusion_image(pairs, image.truth_labels, image.detection_labels, image.scores, image.flags));
  }
  for (const auto& cell : boxlap::merge_confusion(matrices)) {
    confusion.add(cell.is_truth, cell.is_detection, cell.truth, cell.detection, cell.count);
  }
  const auto summary = boxlap::tide_summary(judged);
  tide_figures.add(summary.ap, summary.d_ap, summary.counts, summary.false_positives, summary.false_negatives);
}

void print_center_distance() {
  Line line(same, "center_image"), figures(near, "center_summary");
  std::vector<boxlap::CenterImage<2>> judged;
  for (const Image& image : images()) {
    const boxlap::View truths(image.truths.size(), [&](Index i) { return boxlap::center(image.truths[at(i)]); });
    const boxlap::View found(image.detections.size(), [&](Index i) { return boxlap::center(image.detections[at(i)]); });
    const auto errors = [&](Index truth, Index detection) {
      return std::array<double, 2>{double{truths[truth].x} - found[detection].x, 0.25 * (truth % 3)};
    };
    judged.push_back(
        boxlap::center_image(static_cast<std::int64_t>(judged.size()), truths, found, image.scores, 6.0, errors));
    line.add(judged.back().positives);
    for (const auto& d : judged.back().detections) {
      line.add(d.score, d.found, d.errors);
    }
  }
  const auto summary = boxlap::center_summary(std::span<const boxlap::CenterImage<2>>(judged));
  figures.add(summary.ap, summary.errors, summary.positives, summary.true_positives, summary.false_positives);
}

void print_average_precision() {
  Line line(near, "average_precision, precision_recall_curve, best_f1");
  Random random(13);
  using enum boxlap::ApRule;
  for (const int n : {0, 1, 20, 500}) {
    std::vector<boxlap::Outcome> outcomes;
    for (int i = 0; i < n; ++i) {
      outcomes.push_back(static_cast<boxlap::Outcome>(random.below(3)));
    }
    const auto scores = scores_of<double>(n, Scores::tied, 14);
    for (const auto rule : {coco_101, exact_101, all_point, eleven_point}) {
      line.add(boxlap::average_precision(scores, outcomes, n + 3, rule));
    }
    const auto curve = boxlap::precision_recall_curve(scores, outcomes, n + 3);
    for (const auto& p : curve) {
      line.add(p.score, p.precision, p.recall, p.f1());
    }
    line.add(boxlap::best_f1(curve).score);
  }
}

}  // namespace

int main() {
  print_assign<std::int32_t>(same, "int32");
  print_assign<double>(near, "double");
  print_assign_dense<int>(same, "int");
  print_assign_dense<double>(near, "double");
  print_greedy();
  print_anchors();
  print_detection();
  print_coco_and_voc();
  print_tide_and_confusion();
  print_center_distance();
  print_average_precision();
}
