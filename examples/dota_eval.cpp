/// DOTA's evaluation as a program: labelTxt and Task1 files in, average precision of each class out.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include <boxlap/evaluate/voc.hpp>
#include <boxlap/shape/convex_hull.hpp>
#include <boxlap/shape/polygon.hpp>

#include "support/by_image.hpp"
#include "support/names.hpp"
#include "support/program.hpp"

namespace {

namespace fs = std::filesystem;
using boxlap::Index;
using Quad = std::array<boxlap::Point<double>, 4>;

struct Arguments {
  std::string truth, detections, ap = "11";
  double iou = 0.5;
  int task = 1;
  bool json = false;
};

struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Quadrilaterals of many images. Images and classes by number.
struct Quads {
  std::vector<Quad> quads;
  std::vector<Index> image, label;
  std::vector<std::uint8_t> difficult;  // of a truth
  std::vector<double> score;            // of a detection
};

struct Input {
  Names images, labels;
  Quads truth, detections;
  std::size_t unknown_images = 0;
  std::string first_unknown;
};

// ---- reading

/// One line of a file, cut at blanks, that knows where it stands.
struct Line {
  std::string file;
  std::size_t number = 0;
  std::vector<std::string_view> fields;

  [[noreturn]] void fail(const std::string& what) const {
    throw Error(file + ":" + std::to_string(number) + ": " + what);
  }

  [[nodiscard]] double real(std::size_t field, const char* name) const {
    const std::string_view text = fields[field];
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) {
      fail("field " + std::to_string(field + 1) + " (" + name + "): expected a number, got '" + std::string(text) +
           "'");
    }
    return value;
  }

  /// Four corners, or the two of an upright box, from `field` on.
  [[nodiscard]] Quad quad(std::size_t field, std::size_t numbers) const {
    constexpr const char* names[] = {"x1", "y1", "x2", "y2", "x3", "y3", "x4", "y4"};
    std::array<double, 8> at{};
    for (std::size_t k = 0; k < numbers; ++k) {
      at[k] = real(field + k, names[k]);
    }
    if (numbers == 4) {
      at = {at[0], at[1], at[2], at[1], at[2], at[3], at[0], at[3]};
    }
    return {{{at[0], at[1]}, {at[2], at[3]}, {at[4], at[5]}, {at[6], at[7]}}};
  }
};

template <class Visit>
void for_each_line(const fs::path& path, Visit visit) {
  std::ifstream file(path);
  if (!file) {
    throw Error(path.string() + ": cannot be read");
  }
  Line line{path.string(), 0, {}};
  for (std::string text; std::getline(file, text);) {
    ++line.number;
    line.fields.clear();
    const std::string_view all = text;
    for (std::size_t begin = 0; (begin = all.find_first_not_of(" \t\r", begin)) != std::string_view::npos;) {
      const std::size_t end = std::min(all.find_first_of(" \t\r", begin), all.size());
      line.fields.push_back(all.substr(begin, end - begin));
      begin = end;
    }
    if (!line.fields.empty()) {
      visit(line);
    }
  }
}

/// The text files of a folder, by name.
std::vector<fs::path> text_files(const std::string& folder) {
  std::error_code error;
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".txt") {
      files.push_back(entry.path());
    }
  }
  if (error || files.empty()) {
    throw Error(folder + ": expected a folder with .txt files");
  }
  std::sort(files.begin(), files.end());
  return files;
}

/// labelTxt: one file an image, after two lines of origin: x1 y1 x2 y2 x3 y3 x4 y4 class [difficult].
void read_truth(const std::string& folder, Input& input) {
  for (const fs::path& path : text_files(folder)) {
    const Index image = input.images.number(path.stem().string());
    for_each_line(path, [&](const Line& line) {
      if (line.fields[0].starts_with("imagesource:") || line.fields[0].starts_with("gsd:")) {
        return;
      }
      if (line.fields.size() != 9 && line.fields.size() != 10) {
        line.fail("expected 8 coordinates, a class and a difficulty, got " + std::to_string(line.fields.size()) +
                  " fields");
      }
      input.truth.quads.push_back(line.quad(0, 8));
      input.truth.image.push_back(image);
      input.truth.label.push_back(input.labels.number(line.fields[8]));
      input.truth.difficult.push_back(line.fields.size() == 10 && line.real(9, "difficult") != 0 ? 1 : 0);
    });
  }
}

/// TaskN_CLASS.txt: one file a class: image score and 8 coordinates, or 4 in task 2.
void read_detections(const std::string& folder, Input& input) {
  const std::size_t images = input.images.size();
  for (const fs::path& path : text_files(folder)) {
    const std::string stem = path.stem().string();
    const std::size_t underscore = stem.find('_');
    const Index label = input.labels.number(underscore == std::string::npos ? stem : stem.substr(underscore + 1));
    for_each_line(path, [&](const Line& line) {
      if (line.fields.size() != 10 && line.fields.size() != 6) {
        line.fail("expected an image, a score and 8 (or 4) coordinates, got " + std::to_string(line.fields.size()) +
                  " fields");
      }
      const double score = line.real(1, "score");
      const Quad quad = line.quad(2, line.fields.size() - 2);
      const Index image = input.images.number(line.fields[0]);
      if (static_cast<std::size_t>(image) >= images) {
        if (input.unknown_images++ == 0) {
          input.first_unknown = line.file + ":" + std::to_string(line.number) + ", " + std::string(line.fields[0]);
        }
        return;
      }
      input.detections.quads.push_back(quad);
      input.detections.image.push_back(image);
      input.detections.label.push_back(label);
      input.detections.score.push_back(score);
    });
  }
}

/// Two ships and a harbour: what the program shows when it is given nothing.
Input made_input() {
  Input input;
  const Index image = input.images.number("made");
  const Index ship = input.labels.number("ship"), harbour = input.labels.number("harbour");
  const Quad one{{{10, 0}, {50, 20}, {40, 40}, {0, 20}}}, two{{{110, 0}, {150, 20}, {140, 40}, {100, 20}}};
  const Quad large{{{0, 100}, {200, 100}, {200, 180}, {0, 180}}};
  input.truth = {{one, two, large}, {image, image, image}, {ship, ship, harbour}, {0, 0, 0}, {}};
  const Quad shifted{{{12, 2}, {52, 22}, {42, 42}, {2, 22}}};
  input.detections = {{shifted, large, shifted}, {image, image, image}, {ship, harbour, ship}, {}, {0.9, 0.8, 0.3}};
  return input;
}

// ---- shapes

/// The quadrilateral as it is; its convex hull where the sides cross, nothing where it has no area. Counts the latter
/// two: the devkit's own overlap is undefined for them.
std::vector<boxlap::Polygon<double>> polygons(const std::vector<Quad>& quads, std::size_t& repaired) {
  std::vector<boxlap::Polygon<double>> result;
  result.reserve(quads.size());
  for (const Quad& quad : quads) {
    auto polygon = boxlap::try_make_polygon<double>({quad.begin(), quad.end()});
    if (!polygon) {
      ++repaired;
      polygon = boxlap::try_make_polygon<double>(boxlap::convex_hull(std::vector(quad.begin(), quad.end())));
    }
    result.push_back(polygon ? *std::move(polygon) : boxlap::Polygon<double>{});
  }
  return result;
}

/// The upright box of each quadrilateral, last pixel included. Task 2 cuts the corners of a truth to whole pixels.
std::vector<boxlap::Box<double>> boxes(const std::vector<Quad>& quads, bool whole_pixels) {
  std::vector<boxlap::Box<double>> result;
  for (const Quad& quad : quads) {
    const auto [left, right] = std::minmax({quad[0].x, quad[1].x, quad[2].x, quad[3].x});
    const auto [top, bottom] = std::minmax({quad[0].y, quad[1].y, quad[2].y, quad[3].y});
    const boxlap::Box<double> box{left, top, right, bottom};
    const boxlap::Box<double> cut{std::trunc(left), std::trunc(top), std::trunc(right), std::trunc(bottom)};
    result.push_back(boxlap::with_pixels(whole_pixels ? cut : box, 1.0));
  }
  return result;
}

// ---- evaluation

template <class Shape>
boxlap::VocSummary evaluate(const Input& input, const std::vector<Shape>& truths, const std::vector<Shape>& detections,
                            const Arguments& arguments) {
  const ByImage truth(input.truth.image, input.images.size()), detected(input.detections.image, input.images.size());
  std::vector<boxlap::VocImage> images;
  for (std::size_t image = 0; image < input.images.size(); ++image) {
    const auto rows = truth.rows(image), detected_rows = detected.rows(image);
    images.push_back(boxlap::voc_image(static_cast<std::int64_t>(image), picked(truths, rows),
                                       picked(detections, detected_rows), picked(input.truth.label, rows),
                                       picked(input.detections.label, detected_rows),
                                       picked(input.detections.score, detected_rows),
                                       picked(input.truth.difficult, rows), {.iou_threshold = arguments.iou}));
  }
  return boxlap::voc_summary(images, arguments.ap == "11" ? boxlap::ApRule::eleven_point : boxlap::ApRule::all_point);
}

void run(const Arguments& arguments) {
  Input input;
  if (arguments.truth.empty()) {
    input = made_input();
  } else {
    read_truth(arguments.truth, input);
    const std::size_t images = input.images.size();
    read_detections(arguments.detections, input);
    input.images.resize(images);
  }
  std::size_t repaired = 0;
  const boxlap::VocSummary summary =
      arguments.task == 1
          ? evaluate(input, polygons(input.truth.quads, repaired), polygons(input.detections.quads, repaired),
                     arguments)
          : evaluate(input, boxes(input.truth.quads, true), boxes(input.detections.quads, false), arguments);
  std::map<std::string, const boxlap::VocClass*> classes;
  for (const boxlap::VocClass& one : summary.classes) {
    classes.emplace(input.labels[static_cast<Index>(one.category)], &one);
  }
  if (input.unknown_images > 0) {
    std::fprintf(stderr, "dota_eval: left out %zu detections on unknown images, the first at %s\n",
                 input.unknown_images, input.first_unknown.c_str());
  }
  if (repaired > 0) {
    std::fprintf(stderr, "dota_eval: %zu quadrilaterals cross themselves or have no area: took their convex hulls\n",
                 repaired);
  }
  if (arguments.json) {
    nlohmann::ordered_json of_class = nlohmann::ordered_json::object();
    for (const auto& [name, one] : classes) {
      of_class[name] = one->ap;
    }
    const nlohmann::ordered_json out{{"mAP", summary.mean_ap},
                                     {"classes", of_class},
                                     {"iou", arguments.iou},
                                     {"ap", arguments.ap},
                                     {"images", input.images.size()},
                                     {"truths", input.truth.quads.size()},
                                     {"detections", input.detections.quads.size()},
                                     {"detections_on_unknown_images", input.unknown_images},
                                     {"repaired_quads", repaired}};
    std::printf("%s\n", out.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace).c_str());
    return;
  }
  std::printf("%-24s %8s %8s %8s %10s\n", "class", "truths", "true", "false", "AP");
  for (const auto& [name, one] : classes) {
    std::printf("%-24s %8lld %8lld %8lld ", name.c_str(), static_cast<long long>(one->positives),
                static_cast<long long>(one->true_positives), static_cast<long long>(one->false_positives));
    if (one->positives > 0) {
      std::printf("%10.4f\n", one->ap);
    } else {
      std::printf("%10s\n", "no truth");  // not in the mean
    }
  }
  std::printf("%-24s %8s %8s %8s %10.4f\n", "mean", "", "", "", summary.mean_ap);
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("DOTA's average precision of oriented objects. Without files: on a made example.");
  auto* truth = app.add_option("--truth", arguments.truth, "labelTxt folder: one file an image");
  auto* detections = app.add_option("--detections", arguments.detections, "Task1 folder: one file a class");
  truth->needs(detections);
  detections->needs(truth);
  app.add_option("--iou", arguments.iou, "a true positive has a greater IoU")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  app.add_option("--ap", arguments.ap, "11 recall points, or all")
      ->check(CLI::IsMember({"11", "all"}))
      ->capture_default_str();
  app.add_option("--task", arguments.task, "1: oriented, 2: upright boxes with the last pixel included")
      ->check(CLI::IsMember({1, 2}))
      ->capture_default_str();
  app.add_flag("--json", arguments.json, "prints one JSON object");
  return run_program(app, argc, argv, [&] { run(arguments); });
}
