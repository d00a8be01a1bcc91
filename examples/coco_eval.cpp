/// pycocotools' evaluation of boxes as a program: COCO's own JSON in, its table of 12 numbers out, to the digit.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <unordered_map>
#include <vector>

#include <boxlap/evaluate/coco.hpp>
#include <boxlap/evaluate/confusion.hpp>

#include "support/by_image.hpp"
#include "support/coco_json.hpp"
#include "support/curves.hpp"
#include "support/heap.hpp"
#include "support/program.hpp"
#include "support/progress.hpp"

namespace {

using boxlap::Index;
using Boxes = std::vector<boxlap::Xywh<double>>;

struct Arguments {
  std::string truth, detections, plots;
  bool agnostic = false, json = false;
};

/// What is left out of the evaluation because the truth file does not know its image or category.
struct Unknown {
  std::size_t count = 0;
  std::string first;
};

struct Category {
  std::int64_t id = 0;
  std::string name;
};

/// Both files, row by row.
struct Input {
  std::vector<std::int64_t> image_ids;
  std::vector<Category> categories;
  Boxes truths, detections;
  std::vector<Index> truth_image, detection_image;
  std::vector<std::int64_t> truth_category, detection_category, truth_id;
  std::vector<double> area, score;
  std::vector<std::uint8_t> crowd, ignore;
  Unknown unknown_truths, unknown_images, unknown_categories;
};

// ---- reading

[[noreturn]] void fail(const std::string& file, const coco_json::Record& record, const std::string& what) {
  const std::string list = record.list.empty() ? "detection" : std::string(record.list);
  throw coco_json::Error(file + ": " + list + " " + std::to_string(record.index) + ": " + what);
}

template <class T>
T require(const std::optional<T>& value, const char* field, const std::string& file, const coco_json::Record& record) {
  if (!value) {
    fail(file, record, std::string("field ") + field + ": expected, but it is not there");
  }
  return *value;
}

boxlap::Xywh<double> require_box(const std::string& file, const coco_json::Record& record) {
  if (!record.has_bbox) {
    fail(file, record, "field bbox: expected [x, y, width, height], but it is not there");
  }
  if (record.bbox.size() != 4) {
    fail(file, record, "field bbox: expected 4 numbers, got " + std::to_string(record.bbox.size()));
  }
  const boxlap::Xywh<double> box{record.bbox[0], record.bbox[1], record.bbox[2], record.bbox[3]};
  if (!(box.w >= 0 && box.h >= 0)) {
    fail(file, record,
         "field bbox: expected a width and a height of 0 or more, got " + std::to_string(box.w) + " and " +
             std::to_string(box.h));
  }
  return box;
}

void note(Unknown& unknown, const coco_json::Record& record, const char* field, std::int64_t id) {
  if (unknown.count++ == 0) {
    unknown.first = "index " + std::to_string(record.index) + ", " + field + " " + std::to_string(id);
  }
}

/// The images and categories of the truth file; they may come after the annotations that name them.
class Catalogue {
 public:
  void add_image(std::int64_t id, Input& input) {
    if (images_.emplace(id, static_cast<Index>(input.image_ids.size())).second) {
      input.image_ids.push_back(id);
    }
  }
  void add_category(std::int64_t id, const std::string& name, Input& input) {
    if (categories_.emplace(id, static_cast<Index>(input.categories.size())).second) {
      input.categories.push_back({id, name});
    }
  }
  [[nodiscard]] Index image(std::int64_t id) const {
    const auto found = images_.find(id);
    return found == images_.end() ? boxlap::none : found->second;
  }
  [[nodiscard]] bool has_category(std::int64_t id) const { return categories_.count(id) != 0; }

 private:
  std::unordered_map<std::int64_t, Index> images_, categories_;
};

void read_truth(const std::string& file, Input& input, Catalogue& catalogue) {
  std::vector<std::int64_t> image_ids;
  const bool one_list = coco_json::read(file, [&](const coco_json::Record& record) {
    if (record.list == "images") {
      catalogue.add_image(require(record.id, "id", file, record), input);
    } else if (record.list == "categories") {
      catalogue.add_category(require(record.id, "id", file, record), record.name, input);
    } else if (record.list == "annotations") {
      const boxlap::Xywh<double> box = require_box(file, record);
      const double area = record.area.value_or(box.w * box.h);
      if (!(area >= 0)) {
        fail(file, record, "field area: expected 0 or more, got " + std::to_string(area));
      }
      input.truths.push_back(box);
      image_ids.push_back(require(record.image_id, "image_id", file, record));
      input.truth_category.push_back(require(record.category_id, "category_id", file, record));
      input.truth_id.push_back(require(record.id, "id", file, record));
      input.area.push_back(area);
      input.crowd.push_back(record.crowd ? 1 : 0);
      input.ignore.push_back(record.ignore ? 1 : 0);
    }
  });
  if (one_list || input.image_ids.empty()) {
    throw coco_json::Error(file + ": expected an object with images, annotations and categories");
  }
  std::size_t kept = 0;
  for (std::size_t row = 0; row < image_ids.size(); ++row) {
    const Index image = catalogue.image(image_ids[row]);
    if (image == boxlap::none || !catalogue.has_category(input.truth_category[row])) {
      coco_json::Record record;
      record.index = row;
      note(input.unknown_truths, record, "image_id", image_ids[row]);
      continue;
    }
    input.truths[kept] = input.truths[row];
    input.truth_category[kept] = input.truth_category[row];
    input.truth_id[kept] = input.truth_id[row];
    input.area[kept] = input.area[row];
    input.crowd[kept] = input.crowd[row];
    input.ignore[kept] = input.ignore[row];
    input.truth_image.push_back(image);
    ++kept;
  }
  input.truths.resize(kept), input.truth_category.resize(kept), input.truth_id.resize(kept);
  input.area.resize(kept), input.crowd.resize(kept), input.ignore.resize(kept);
}

void read_detections(const std::string& file, Input& input, const Catalogue& catalogue) {
  const bool one_list = coco_json::read(file, [&](const coco_json::Record& record) {
    if (!record.list.empty()) {
      return;
    }
    const boxlap::Xywh<double> box = require_box(file, record);
    const std::int64_t image_id = require(record.image_id, "image_id", file, record);
    const std::int64_t category = require(record.category_id, "category_id", file, record);
    const double score = require(record.score, "score", file, record);
    const Index image = catalogue.image(image_id);
    if (image == boxlap::none) {
      note(input.unknown_images, record, "image_id", image_id);
      return;
    }
    if (!catalogue.has_category(category)) {
      note(input.unknown_categories, record, "category_id", category);
      return;
    }
    input.detections.push_back(box);
    input.detection_image.push_back(image);
    input.detection_category.push_back(category);
    input.score.push_back(score);
  });
  if (!one_list) {
    throw coco_json::Error(file + ": expected a list of detections");
  }
}

/// Four squares and six guesses: what the program shows when it is given nothing.
Input made_input() {
  Input input;
  input.image_ids = {1, 2};
  input.categories = {{1, "square"}, {2, "disc"}};
  input.truths = {{10, 10, 40, 40}, {100, 10, 40, 40}, {10, 100, 120, 120}, {30, 30, 60, 60}};
  input.truth_image = {0, 0, 0, 1};
  input.truth_category = {1, 1, 2, 2};
  input.truth_id = {1, 2, 3, 4};
  input.area = {1600, 1600, 14400, 3600};
  input.crowd = input.ignore = {0, 0, 0, 0};
  input.detections = {{12, 10, 40, 40},   {104, 14, 38, 40}, {300, 300, 30, 30},
                      {10, 90, 120, 126}, {30, 30, 60, 60},  {32, 28, 60, 60}};
  input.detection_image = {0, 0, 0, 0, 1, 1};
  input.detection_category = {1, 1, 1, 2, 2, 1};
  input.score = {0.9, 0.7, 0.6, 0.8, 0.95, 0.4};
  return input;
}

// ---- evaluation

struct Outcome {
  std::vector<boxlap::CocoImage> images;
  boxlap::CocoSummary summary;
  boxlap::ConfusionMatrix confusion;
  std::ptrdiff_t peak_heap_bytes = 0;
  double seconds = 0;
};

Outcome evaluate(const Input& input, const boxlap::CocoOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  const heap::Scope scope;
  const ByImage truth(input.truth_image, input.image_ids.size());
  const ByImage detected(input.detection_image, input.image_ids.size());
  Outcome outcome;
  outcome.images.reserve(input.image_ids.size());
  std::vector<boxlap::ConfusionMatrix> confusion(1);
  Progress progress("matching");
  for (std::size_t image = 0; image < input.image_ids.size(); ++image) {
    const auto truth_rows = truth.rows(image), detected_rows = detected.rows(image);
    const auto truth_labels = picked(input.truth_category, truth_rows);
    const auto labels = picked(input.detection_category, detected_rows);
    const auto scores = picked(input.score, detected_rows);
    const auto areas = picked(input.area, truth_rows);
    const auto ids = picked(input.truth_id, truth_rows);
    const auto crowd = picked(input.crowd, truth_rows), ignore = picked(input.ignore, truth_rows);
    const auto pairs = boxlap::image_pairs(picked(input.truths, truth_rows), picked(input.detections, detected_rows));
    outcome.images.push_back(boxlap::coco_image(input.image_ids[image], pairs, truth_labels, labels, scores,
                                                {.areas = areas, .crowd = crowd, .ignore = ignore, .truth_ids = ids},
                                                options));
    confusion.push_back(boxlap::confusion_image(pairs, truth_labels, labels, scores, crowd));
    if (confusion.size() > 256) {
      confusion = {boxlap::merge_confusion(confusion)};
    }
    progress.update(static_cast<double>(image) / static_cast<double>(input.image_ids.size()));
  }
  outcome.confusion = boxlap::merge_confusion(confusion);
  outcome.summary = boxlap::coco_summary(outcome.images, options);
  outcome.peak_heap_bytes = scope.peak_bytes();
  outcome.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return outcome;
}

// ---- report

/// The mean over thresholds of one category's average precision or recall; -1 without truth.
double category_mean(const boxlap::CocoSummary& summary, std::size_t category, bool recall, Index from, Index to) {
  double sum = 0;
  const Index limit = summary.limits - 1;
  for (Index t = from; t < to; ++t) {
    const double value = recall ? summary.ar(category, 0, limit, t) : summary.ap(category, 0, limit, t);
    if (value < 0) {
      return -1;
    }
    sum += value;
  }
  return sum / (to - from);
}

std::string name_of(const Input& input, std::int64_t id) {
  const auto found =
      std::find_if(input.categories.begin(), input.categories.end(), [&](const Category& c) { return c.id == id; });
  return found == input.categories.end() || found->name.empty() ? std::to_string(id) : found->name;
}

/// Precision and recall at IoU 0.5, of one category or (nullptr) all.
boxlap::PrecisionRecallPoint best_point(const Outcome& outcome, const std::int64_t* category) {
  const boxlap::CategoryOutcomes found = boxlap::coco_outcomes(outcome.images, category, 0, 0);
  return boxlap::best_f1(boxlap::precision_recall_curve(found.scores, found.outcomes, found.positives));
}

nlohmann::ordered_json as_json(const boxlap::PrecisionRecallPoint& point) {
  return {{"score", point.score}, {"precision", point.precision}, {"recall", point.recall}, {"f1", point.f1()}};
}

nlohmann::ordered_json as_json(const Input& input, const Outcome& outcome) {
  const boxlap::CocoSummary& summary = outcome.summary;
  nlohmann::ordered_json categories = nlohmann::ordered_json::array();
  const bool agnostic = summary.categories == std::vector<std::int64_t>{-1};
  for (const Category& category : agnostic ? std::vector<Category>{{-1, "all"}} : input.categories) {
    const auto found = std::find(summary.categories.begin(), summary.categories.end(), category.id);
    const auto place = static_cast<std::size_t>(found - summary.categories.begin());
    const bool known = found != summary.categories.end();
    const auto mean = [&](bool recall, Index from, Index to) {
      return known ? category_mean(summary, place, recall, from, to) : -1.0;
    };
    nlohmann::ordered_json entry{{"id", category.id},         {"name", category.name},     {"AP", mean(false, 0, 10)},
                                 {"AP50", mean(false, 0, 1)}, {"AP75", mean(false, 5, 6)}, {"AR", mean(true, 0, 10)}};
    if (known) {
      entry["best_f1_at_iou_50"] = as_json(best_point(outcome, &category.id));
    }
    categories.push_back(std::move(entry));
  }
  const auto unknown = [](const Unknown& what) {
    return nlohmann::ordered_json{{"count", what.count}, {"first", what.first}};
  };
  return {{"stats", summary.stats},
          {"per_category", categories},
          {"best_f1_at_iou_50", as_json(best_point(outcome, nullptr))},
          {"images", input.image_ids.size()},
          {"annotations", input.truths.size()},
          {"detections", input.detections.size()},
          {"annotations_left_out", unknown(input.unknown_truths)},
          {"detections_on_unknown_images", unknown(input.unknown_images)},
          {"detections_of_unknown_categories", unknown(input.unknown_categories)},
          {"seconds", outcome.seconds},
          {"peak_heap_bytes", outcome.peak_heap_bytes}};
}

/// The table that pycocotools prints.
void print_table(const std::array<double, 12>& stats, const boxlap::CocoOptions& options) {
  struct Row {
    const char* what;
    const char* iou;
    const char* area;
    int limit;
  };
  constexpr const char *precision = "Average Precision  (AP)", *recall = "Average Recall     (AR)", *all = "0.50:0.95";
  const Row rows[] = {{precision, all, "all", 2},   {precision, "0.50", "all", 2}, {precision, "0.75", "all", 2},
                      {precision, all, "small", 2}, {precision, all, "medium", 2}, {precision, all, "large", 2},
                      {recall, all, "all", 0},      {recall, all, "all", 1},       {recall, all, "all", 2},
                      {recall, all, "small", 2},    {recall, all, "medium", 2},    {recall, all, "large", 2}};
  for (std::size_t k = 0; k < stats.size(); ++k) {
    std::printf(" %s @[ IoU=%-9s | area=%6s | maxDets=%3d ] = %0.3f\n", rows[k].what, rows[k].iou, rows[k].area,
                options.max_detections[static_cast<std::size_t>(rows[k].limit)], stats[k]);
  }
}

void save_plots(const std::filesystem::path& folder, const Input& input, const Outcome& outcome) {
  std::filesystem::create_directories(folder);
  const std::vector<std::pair<Index, const char*>> thresholds{{0, "IoU 0.50"}, {5, "IoU 0.75"}, {8, "IoU 0.90"}};
  const auto curves_of = [&](const std::int64_t* category) {
    std::vector<curves::Curve> lines;
    for (const auto& [threshold, label] : thresholds) {
      const auto found = boxlap::coco_outcomes(outcome.images, category, 0, threshold);
      lines.push_back({label, boxlap::precision_recall_curve(found.scores, found.outcomes, found.positives)});
    }
    return lines;
  };
  curves::precision_recall("All categories together", curves_of(nullptr)).save(folder / "precision_recall.svg");
  std::vector<std::pair<std::string, std::vector<curves::Curve>>> panels;
  for (std::size_t c = 0; c < outcome.summary.categories.size(); ++c) {
    const std::int64_t id = outcome.summary.categories[c];
    if (category_mean(outcome.summary, c, true, 0, 1) >= 0) {
      panels.emplace_back(id == -1 ? "all" : name_of(input, id), curves_of(&id));
    }
  }
  if (!panels.empty()) {
    curves::small_multiples(panels, "Precision over recall; IoU 0.50 blue, 0.75 vermillion, 0.90 green")
        .save(folder / "precision_recall_by_category.svg");
  }
  curves::confusion(
      outcome.confusion, [&](std::int64_t id) { return name_of(input, id); },
      "Confusion at IoU > 0.5, scores from 0.25")
      .save(folder / "confusion.svg");
}

void warn(const Unknown& unknown, const char* what) {
  if (unknown.count > 0) {
    std::fprintf(stderr, "coco_eval: left out %zu %s, the first at %s\n", unknown.count, what, unknown.first.c_str());
  }
}

void run(const Arguments& arguments) {
  Input input;
  if (arguments.truth.empty()) {
    input = made_input();
  } else {
    Catalogue catalogue;
    read_truth(arguments.truth, input, catalogue);
    read_detections(arguments.detections, input, catalogue);
  }
  boxlap::CocoOptions options;
  options.use_categories = !arguments.agnostic;
  const Outcome outcome = evaluate(input, options);
  if (!arguments.plots.empty()) {
    save_plots(arguments.plots, input, outcome);
  }
  warn(input.unknown_truths, "annotations of unknown images or categories");
  warn(input.unknown_images, "detections on unknown images");
  warn(input.unknown_categories, "detections of unknown categories");
  if (arguments.json) {
    const auto replace = nlohmann::ordered_json::error_handler_t::replace;
    std::printf("%s\n", as_json(input, outcome).dump(1, ' ', false, replace).c_str());
    return;
  }
  print_table(outcome.summary.stats, options);
  const boxlap::PrecisionRecallPoint best = best_point(outcome, nullptr);
  std::printf("\n best F1 at IoU 0.50: %.3f (precision %.3f, recall %.3f), detections with score >= %.3f\n", best.f1(),
              best.precision, best.recall, best.score);
  std::printf(" %zu images, %zu annotations, %zu detections in %.3f s\n", input.image_ids.size(), input.truths.size(),
              input.detections.size(), outcome.seconds);
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("COCO's 12 numbers for detected boxes. Without files: on a made example.");
  auto* truth = app.add_option("--truth", arguments.truth, "instances_*.json");
  auto* detections = app.add_option("--detections", arguments.detections, "a results file: a JSON list of detections");
  truth->needs(detections);
  detections->needs(truth);
  app.add_flag("--agnostic", arguments.agnostic, "all categories are one: pycocotools' useCats = 0");
  app.add_flag("--json", arguments.json, "prints one JSON object");
  app.add_option("--plots", arguments.plots, "a folder for precision-recall curves and the confusion matrix");
  return run_program(app, argc, argv, [&] { run(arguments); });
}
