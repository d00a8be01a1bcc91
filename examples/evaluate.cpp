/// How good is a detector? Boxes of truth and predictions to pairs, matches, recall and precision, without any N x M
/// matrix. Without arguments on a made scene of 5,000 truths and 10,000 predictions; else on CSV files, of boxes or of
/// polygons.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include <boxlap/evaluate/detection.hpp>
#include <boxlap/match/assign.hpp>

#include "support/annotations.hpp"
#include "support/detection_picture.hpp"
#include "support/heap.hpp"
#include "support/program.hpp"
#include "support/progress.hpp"

namespace {

using boxlap::Box;
using boxlap::Index;

struct Arguments {
  std::string truth, predictions, svg, image;
  boxlap::ScoreOptions score;
  std::uint32_t seed = 42;
  bool json = false, float32 = false;
};

/// Everything that is evaluated: two tables of boxes over the same images and labels.
struct Input {
  std::string title;
  Annotations truth, predictions;
  Names images, labels;
};

// ---- input

/// 50 px squares anywhere in a 10,000 px image. The numbers are those of numpy.random.RandomState(seed), so that the
/// scene is the one of the same seed in Python: truth xs, ys and scores, then prediction xs, ys and scores.
Annotations made_boxes(std::size_t n, std::mt19937& random) {
  constexpr double extent = 10'000, side = 50;
  const auto uniform = [&] {
    const std::uint32_t high = static_cast<std::uint32_t>(random()) >> 5,
                        low = static_cast<std::uint32_t>(random()) >> 6;
    return (high * 67108864.0 + low) / 9007199254740992.0;
  };
  std::vector<double> xs(n), ys(n);
  std::generate(xs.begin(), xs.end(), uniform);
  std::generate(ys.begin(), ys.end(), uniform);
  for (std::size_t i = 0; i < n; ++i) {
    static_cast<void>(uniform());  // the score, which plays no part in the evaluation
  }
  Annotations made;
  for (std::size_t i = 0; i < n; ++i) {
    const double x = (extent - side) * xs[i], y = (extent - side) * ys[i];
    made.boxes.push_back({x, y, x + side, y + side});
  }
  made.image_of.assign(n, 0);
  made.label_of.assign(n, 0);
  return made;
}

Input made_scene(std::uint32_t seed) {
  Input input;
  input.title = "made scene, seed " + std::to_string(seed);
  std::mt19937 random(seed);
  input.truth = made_boxes(5'000, random);
  input.predictions = made_boxes(10'000, random);
  static_cast<void>(input.images.number(""));
  static_cast<void>(input.labels.number(""));
  return input;
}

/// A file without image_path is one image; the other one may then name one image at most.
void agree_on_images(Input& input) {
  if (input.truth.names_images == input.predictions.names_images) {
    return;
  }
  const Annotations& named = input.truth.names_images ? input.truth : input.predictions;
  const Annotations& nameless = input.truth.names_images ? input.predictions : input.truth;
  if (input.images.size() > 2) {  // the image "" of the nameless file is the second
    throw csv::Error(nameless.path.string() + ":1: column image_path: expected, because " + named.path.string() +
                     " has several images");
  }
  std::fill(input.truth.image_of.begin(), input.truth.image_of.end(), 0);
  std::fill(input.predictions.image_of.begin(), input.predictions.image_of.end(), 0);
  Names one;
  static_cast<void>(one.number(input.images.size() > 0 ? input.images[0] : ""));
  input.images = one;
}

Input read_files(const Arguments& arguments) {
  Input input;
  input.truth = read_annotations(arguments.truth, Role::truth, input.images, input.labels);
  input.predictions = read_annotations(arguments.predictions, Role::predictions, input.images, input.labels);
  input.title = arguments.predictions + " against " + arguments.truth;
  agree_on_images(input);
  if (input.truth.has_polygons != input.predictions.has_polygons) {
    make_polygons(input.truth.has_polygons ? input.predictions : input.truth);
  }
  if (input.truth.names_labels != input.predictions.names_labels) {  // nothing to compare: one class
    std::fill(input.truth.label_of.begin(), input.truth.label_of.end(), 0);
    std::fill(input.predictions.label_of.begin(), input.predictions.label_of.end(), 0);
  }
  return input;
}

// ---- evaluation

class Stopwatch {
 public:
  /// Seconds since the last call.
  double lap() {
    const auto now = std::chrono::steady_clock::now();
    const double seconds = std::chrono::duration<double>(now - last_).count();
    last_ = now;
    return seconds;
  }

 private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

struct Seconds {
  double pairs = 0, assign = 0, proof = 0, score = 0;
  [[nodiscard]] double total() const { return pairs + assign + proof + score; }
};

/// What an evaluation found, and how it went.
struct Outcome {
  boxlap::DatasetScore score;
  std::vector<boxlap::ImageScore> images;  ///< without the lists of pairs
  boxlap::ImageScore pictured;             ///< the one of the picture, with its list
  std::int64_t assigned = 0;
  double assigned_weight = 0;  ///< what the rule maximises, over all images
  bool proved = true;          ///< every matching was certified as optimal
  double gap = 0;              ///< the most that any other matching could be better, over all images
  Seconds seconds;
  std::ptrdiff_t peak_heap_bytes = 0;
};

/// The labels of an image, as places in the sorted list of them.
auto labels_of(const Annotations& table, std::span<const Index> rows, const std::vector<Index>& rank_of_label) {
  return boxlap::view(rows.size(), [&table, rows, &rank_of_label](Index i) {
    return rank_of_label[boxlap::detail::at(table.label_of[boxlap::detail::at(rows[boxlap::detail::at(i)])])];
  });
}
using LabelsOfImage = decltype(labels_of(Annotations{}, {}, {}));

/// The matching of one image and its score, stage by stage: score_image() with a clock and a proof.
template <class T>
boxlap::ImageScore evaluate_image(const boxlap::ImagePairs<T>& pairs, const LabelsOfImage& truth_labels,
                                  const LabelsOfImage& predicted_labels, const boxlap::ScoreOptions& options,
                                  Outcome& outcome) {
  Stopwatch watch;
  const auto weights = boxlap::match_weights(pairs, options);
  outcome.seconds.pairs += watch.lap();
  const auto matching = boxlap::assign(weights);
  outcome.seconds.assign += watch.lap();
  const auto certificate = boxlap::certify(weights, matching);
  outcome.seconds.proof += watch.lap();
  outcome.proved &= certificate.valid;
  outcome.gap += std::abs(static_cast<double>(certificate.gap));
  outcome.assigned_weight += static_cast<double>(matching.total);
  outcome.assigned += matching.count;
  boxlap::ImageScore score =
      boxlap::score_matching(pairs, matching.col_of_row, truth_labels, predicted_labels, options);
  outcome.seconds.score += watch.lap();
  return score;
}

/// The image that the picture shows: the one asked for, else the first.
std::size_t pictured_image(const Input& input, const Arguments& arguments) {
  if (arguments.image.empty()) {
    return 0;
  }
  const auto found = std::find(input.images.all().begin(), input.images.all().end(), arguments.image);
  if (found == input.images.all().end()) {
    throw csv::Error("--image: expected one of the images in the files, got '" + arguments.image + "'");
  }
  return static_cast<std::size_t>(found - input.images.all().begin());
}

/// The boxes of an image in the scalar type that is computed in.
template <class T>
auto shapes_of(const Annotations& table, std::span<const Index> rows, Box<T>) {
  return boxlap::view(rows.size(), [&table, rows](Index i) {
    return boxlap::cast<T>(table.boxes[boxlap::detail::at(rows[boxlap::detail::at(i)])]);
  });
}

auto shapes_of(const Annotations& table, std::span<const Index> rows, const boxlap::Polygon<double>&) {
  return boxlap::view(rows.size(), [&table, rows](Index i) -> const boxlap::Polygon<double>& {
    return table.polygons[boxlap::detail::at(rows[boxlap::detail::at(i)])];
  });
}

template <class Shape>
Outcome evaluate(const Input& input, const std::vector<Index>& rank_of_label, const Arguments& arguments) {
  const ByImage truth(input.truth.image_of, input.images.size());
  const ByImage predictions(input.predictions.image_of, input.images.size());
  const auto shapes = [](const Annotations& table, std::span<const Index> rows) {
    return shapes_of(table, rows, Shape{});
  };
  Progress progress("matching");
  const std::size_t pictured = pictured_image(input, arguments);
  const heap::Scope scope;
  Outcome outcome;
  outcome.images.reserve(input.images.size());
  for (std::size_t image = 0; image < input.images.size(); ++image) {
    const auto truth_rows = truth.rows(image), predicted_rows = predictions.rows(image);
    Stopwatch watch;
    const auto pairs = boxlap::image_pairs(shapes(input.truth, truth_rows), shapes(input.predictions, predicted_rows),
                                           arguments.score.threads);
    outcome.seconds.pairs += watch.lap();
    boxlap::ImageScore score =
        evaluate_image(pairs, labels_of(input.truth, truth_rows, rank_of_label),
                       labels_of(input.predictions, predicted_rows, rank_of_label), arguments.score, outcome);
    if (image == pictured && !arguments.svg.empty()) {
      outcome.pictured = score;
    }
    score.assigned = {};
    outcome.images.push_back(std::move(score));
    progress.update(static_cast<double>(image) / static_cast<double>(input.images.size()));
  }
  outcome.score = boxlap::summarize(outcome.images);
  outcome.peak_heap_bytes = scope.peak_bytes();
  if (!arguments.svg.empty() && !input.images.all().empty()) {
    const std::string& name = input.images[static_cast<Index>(pictured)];
    picture::detections(shapes(input.truth, truth.rows(pictured)),
                        shapes(input.predictions, predictions.rows(pictured)), outcome.pictured,
                        name.empty() ? input.title : name)
        .save(arguments.svg);
  }
  return outcome;
}

// ---- report

constexpr const char* rule_name(boxlap::MatchRule rule) {
  return rule == boxlap::MatchRule::intersection ? "intersection" : rule == boxlap::MatchRule::iou ? "iou" : "gated";
}

/// The bytes of the dense intersection, union and IoU matrices of float64 of the largest image.
double dense_bytes(const Outcome& outcome) {
  double most = 0;
  for (const boxlap::ImageScore& image : outcome.images) {
    most = std::max(most,
                    3.0 * sizeof(double) * static_cast<double>(image.truths) * static_cast<double>(image.predictions));
  }
  return most;
}

double all_cells(const Outcome& outcome) {
  double cells = 0;
  for (const boxlap::ImageScore& image : outcome.images) {
    cells += static_cast<double>(image.truths) * static_cast<double>(image.predictions);
  }
  return cells;
}

nlohmann::ordered_json as_json(const Input& input, const std::vector<Index>& label_of_rank, const Outcome& outcome,
                               const Arguments& arguments, double read_seconds) {
  const boxlap::DatasetScore& score = outcome.score;
  nlohmann::ordered_json classes;  // null without a match
  for (const boxlap::ClassScore& one : score.class_recall) {
    classes.push_back({{"label", input.labels[label_of_rank[static_cast<std::size_t>(one.label)]]},
                       {"recall", one.recall},
                       {"precision", one.precision},
                       {"size", one.size}});
  }
  return {{"images", score.images},
          {"truths", score.truths},
          {"predictions", score.predictions},
          {"pairs", score.pairs},
          {"matches", score.matches},
          {"box_recall", score.box_recall},
          {"box_precision", score.box_precision},
          {"class_recall", classes},
          {"sum_iou", score.sum_iou},
          {"peak_heap_bytes", outcome.peak_heap_bytes},
          {"seconds", read_seconds + outcome.seconds.total()},
          {"rule", rule_name(arguments.score.rule)},
          {"iou_threshold", arguments.score.iou_threshold},
          {"box_precision_all_images", score.box_precision_all_images},
          {"pooled_recall", score.pooled_recall},
          {"pooled_precision", score.pooled_precision},
          {"assigned", outcome.assigned},
          {"assigned_weight", outcome.assigned_weight},
          {"proved_optimal", outcome.proved},
          {"optimality_gap", outcome.gap},
          {"dense_bytes", dense_bytes(outcome)},
          {"stage_seconds",
           {{"read", read_seconds},
            {"pairs", outcome.seconds.pairs},
            {"assign", outcome.seconds.assign},
            {"proof", outcome.seconds.proof},
            {"score", outcome.seconds.score}}}};
}

std::string bytes_text(double bytes) {
  const char* units[] = {"B", "kB", "MB", "GB"};
  std::size_t unit = 0;
  for (; bytes >= 1000 && unit < 3; ++unit) {
    bytes /= 1000;
  }
  char text[32];
  std::snprintf(text, sizeof text, unit == 0 ? "%.0f %s" : "%.2f %s", bytes, units[unit]);
  return text;
}

std::string figure(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6f", value);
  return std::isnan(value) ? "undefined" : text;
}

void print_report(const Input& input, const std::vector<Index>& label_of_rank, const Outcome& outcome,
                  const Arguments& arguments, double read_seconds) {
  using picture::count_text;
  const boxlap::DatasetScore& score = outcome.score;
  const double cells = all_cells(outcome);
  std::printf("%s\n", input.title.c_str());
  std::printf("  %s truths, %s predictions, %s image%s\n\n", count_text(score.truths).c_str(),
              count_text(score.predictions).c_str(), count_text(score.images).c_str(), score.images == 1 ? "" : "s");
  std::printf("pairs       %s meet, %.4g %% of the full matrix\n", count_text(score.pairs).c_str(),
              cells > 0 ? 100 * static_cast<double>(score.pairs) / cells : 0.0);
  std::printf("matches     %s with IoU > %g (rule: %s)\n", count_text(score.matches).c_str(),
              arguments.score.iou_threshold, rule_name(arguments.score.rule));
  std::printf("recall      %s   (box_recall, mean over images with truth)\n", figure(score.box_recall).c_str());
  std::printf("precision   %s   (box_precision, mean over images with truth and predictions)\n",
              figure(score.box_precision).c_str());
  std::printf("            %s   (mean over all images with predictions)\n",
              figure(score.box_precision_all_images).c_str());
  std::printf("pooled      %s recall, %s precision\n", figure(score.pooled_recall).c_str(),
              figure(score.pooled_precision).c_str());
  for (const boxlap::ClassScore& one : score.class_recall) {
    const std::string& label = input.labels[label_of_rank[static_cast<std::size_t>(one.label)]];
    if (!label.empty()) {
      std::printf("class       %s: recall %s, precision %s of %s matched\n", label.c_str(), figure(one.recall).c_str(),
                  figure(one.precision).c_str(), count_text(one.size).c_str());
    }
  }
  const bool areas = arguments.score.rule == boxlap::MatchRule::intersection;
  std::printf("total IoU   %s over %s assigned pairs\n", figure(score.sum_iou).c_str(),
              count_text(outcome.assigned).c_str());
  std::printf("            the assignment's total %s, %.12g, is the largest there is: %s, gap %.3g\n",
              areas ? "shared area" : "IoU", outcome.assigned_weight,
              outcome.proved ? "proved by its dual prices" : "NOT PROVED", outcome.gap);
  const Seconds& seconds = outcome.seconds;
  std::printf("time        %.3f ms: pairs and IoU %.3f, assignment %.3f, proof %.3f, score %.3f", 1e3 * seconds.total(),
              1e3 * seconds.pairs, 1e3 * seconds.assign, 1e3 * seconds.proof, 1e3 * seconds.score);
  std::printf(read_seconds > 0 ? " (and %.3f to read the files)\n" : "\n", 1e3 * read_seconds);
  if (heap::counted) {
    std::printf("memory      %s of heap at the peak, beside the boxes; dense matrices take %s\n",
                bytes_text(static_cast<double>(outcome.peak_heap_bytes)).c_str(),
                bytes_text(dense_bytes(outcome)).c_str());
  } else {
    std::printf("memory      not counted in this build; dense matrices take %s\n",
                bytes_text(dense_bytes(outcome)).c_str());
  }
  if (!arguments.svg.empty()) {
    std::printf("picture     %s\n", arguments.svg.c_str());
  }
}

void run(const Arguments& arguments) {
  Stopwatch watch;
  const bool files = !arguments.truth.empty();
  const Input input = files ? read_files(arguments) : made_scene(arguments.seed);
  const double read_seconds = files ? watch.lap() : 0;
  const std::vector<Index> rank_of_label = sorted_ranks(input.labels.all());
  std::vector<Index> label_of_rank(rank_of_label.size());
  for (std::size_t label = 0; label < rank_of_label.size(); ++label) {
    label_of_rank[boxlap::detail::at(rank_of_label[label])] = static_cast<Index>(label);
  }
  if (input.truth.has_polygons && arguments.float32) {
    throw csv::Error("--float32: expected boxes, the files have polygons");
  }
  const Outcome outcome = input.truth.has_polygons ? evaluate<boxlap::Polygon<double>>(input, rank_of_label, arguments)
                          : arguments.float32      ? evaluate<Box<float>>(input, rank_of_label, arguments)
                                                   : evaluate<Box<double>>(input, rank_of_label, arguments);
  if (arguments.json) {
    const std::string text = as_json(input, label_of_rank, outcome, arguments, read_seconds)
                                 .dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
    std::printf("%s\n", text.c_str());
  } else {
    print_report(input, label_of_rank, outcome, arguments, read_seconds);
  }
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Recall, precision and class recall of detections against truth, matched one to one.");
  auto* truth = app.add_option("--truth", arguments.truth,
                               "CSV: image_path,xmin,ymin,xmax,ymax,label, or geometry (WKT) for the corners");
  auto* predictions =
      app.add_option("--predictions", arguments.predictions, "CSV: the same, a score column is allowed");
  truth->needs(predictions);
  predictions->needs(truth);
  app.add_option("--seed", arguments.seed, "seed of the made scene, without files")->excludes(truth);
  app.add_option("--iou", arguments.score.iou_threshold, "a match has a greater IoU")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  const std::map<std::string, boxlap::MatchRule> rules{{"intersection", boxlap::MatchRule::intersection},
                                                       {"iou", boxlap::MatchRule::iou},
                                                       {"gated", boxlap::MatchRule::gated}};
  app.add_option("--rule", arguments.score.rule, "what the matching maximises: intersection (default), iou, gated")
      ->transform(CLI::CheckedTransformer(rules));
  app.add_option("--threads", arguments.score.threads, "of the join, 0: all cores")->check(CLI::NonNegativeNumber);
  app.add_option("--svg", arguments.svg, "writes a picture of one image");
  app.add_option("--image", arguments.image, "the image of the picture, if not the first");
  app.add_flag("--json", arguments.json, "prints one JSON object");
  app.add_flag("--float32", arguments.float32, "computes in float instead of double");
  return run_program(app, argc, argv, [&] { run(arguments); });
}
