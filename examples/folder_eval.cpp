/// Evaluates a folder of CSV files, one an image: truth/NAME.csv against predictions/NAME.csv, a line of figures each.
/// Without arguments it makes such folders in the temporary directory first.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <boxlap/evaluate/detection.hpp>

#include "support/annotations.hpp"
#include "support/output_file.hpp"
#include "support/program.hpp"

namespace {

namespace fs = std::filesystem;

/// The names of the CSV files of a folder.
std::set<std::string> csv_files(const fs::path& folder) {
  std::set<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".csv") {
      names.insert(entry.path().filename().string());
    }
  }
  return names;
}

/// The rows of a file; a file that is not there has none.
Annotations read(const fs::path& path, Role role, Names& labels) {
  if (!fs::exists(path)) {
    return {};
  }
  Names images;  // the file is the image
  Annotations rows = read_annotations(path, role, images, labels);
  if (rows.has_polygons) {
    throw csv::Error(path.string() + ":1: column geometry: expected boxes in columns xmin, ymin, xmax, ymax, got " +
                     "polygons; the program evaluate compares those");
  }
  return rows;
}

void evaluate(const fs::path& truth, const fs::path& predictions, const boxlap::ScoreOptions& options) {
  std::set<std::string> names = csv_files(truth);
  names.merge(csv_files(predictions));
  Names labels;
  std::vector<boxlap::ImageScore> images;
  std::printf("%-32s %8s %11s %8s %8s %10s\n", "image", "truths", "predictions", "matches", "recall", "precision");
  const auto print = [](const std::string& name, long long truths, long long found, long long matches, double recall,
                        double precision) {
    std::printf("%-32s %8lld %11lld %8lld %8.3f %10.3f\n", name.c_str(), truths, found, matches, recall, precision);
  };
  for (const std::string& name : names) {
    const Annotations wanted = read(truth / name, Role::truth, labels);
    const Annotations found = read(predictions / name, Role::predictions, labels);
    images.push_back(boxlap::score_image(wanted.boxes, found.boxes, wanted.label_of, found.label_of, options));
    const boxlap::DatasetScore one = boxlap::summarize(std::span(&images.back(), 1));
    print(name, one.truths, one.predictions, one.matches, one.pooled_recall, one.pooled_precision);
  }
  const boxlap::DatasetScore all = boxlap::summarize(images);
  print("all, mean over images", all.truths, all.predictions, all.matches, all.box_recall, all.box_precision);
  print("all, pooled", all.truths, all.predictions, all.matches, all.pooled_recall, all.pooled_precision);
}

/// Three images of trees and a detector that misses some, shifts all, and sees a few that are not there.
fs::path made_folders() {
  const fs::path folder = fs::temp_directory_path() / "boxlap_folder_eval";
  fs::create_directories(folder / "truth");
  fs::create_directories(folder / "predictions");
  std::mt19937 random(7);
  const auto up_to = [&](unsigned n) { return static_cast<double>(random() % n); };
  const auto row = [](double x, double y, double w, double h) {
    char text[96];
    std::snprintf(text, sizeof text, "%.0f,%.0f,%.0f,%.0f,Tree\n", x, y, x + w, y + h);
    return std::string(text);
  };
  for (int image = 1; image <= 3; ++image) {
    std::string truth = "xmin,ymin,xmax,ymax,label\n", predictions = truth;
    for (int tree = 0; tree < 20 * image; ++tree) {
      const double x = up_to(380), y = up_to(380), w = 15 + up_to(20), h = 15 + up_to(20);
      truth += row(x, y, w, h);
      predictions += random() % 5 == 0 ? row(up_to(380), up_to(380), w, h) : row(x + up_to(5), y + up_to(5), w, h);
    }
    const std::string name = "plot_" + std::to_string(image) + ".csv";
    write_file(folder / "truth" / name, truth);
    write_file(folder / "predictions" / name, predictions);
  }
  return folder;
}

}  // namespace

int main(int argc, char** argv) {
  std::string truth, predictions;
  boxlap::ScoreOptions options;
  CLI::App app("Recall and precision of each image of a folder of CSV files, and of all.");
  auto* truth_option = app.add_option("--truth", truth, "folder: one CSV file an image (xmin,ymin,xmax,ymax,label)");
  auto* predictions_option = app.add_option("--predictions", predictions, "folder: files of the same names");
  truth_option->needs(predictions_option);
  predictions_option->needs(truth_option);
  app.add_option("--iou", options.iou_threshold, "a match has a greater IoU")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  return run_program(app, argc, argv, [&] {
    const fs::path made = truth.empty() ? made_folders() : fs::path();
    evaluate(truth.empty() ? made / "truth" : fs::path(truth),
             truth.empty() ? made / "predictions" : fs::path(predictions), options);
  });
}
