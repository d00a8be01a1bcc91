/// What does COCO's evaluation cost? Ours beside pycocotools' loops in plain C++, on a made set of COCO's size.
///
///     benchmark_evaluate_coco [seed] [images] [truths] [detections]     time and heap of both, alternating
///     benchmark_evaluate_coco write FOLDER [seed] ...                   the same set as COCO JSON and DeepForest CSV
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include <boxlap/evaluate/coco.hpp>

#include "../examples/support/heap.hpp"
#include "../tests/support/coco_loops.hpp"

namespace {

using boxlap::Index;

struct Size {
  unsigned seed = 1;
  int images = 5'000, truths = 36'000, detections = 250'000;
};

struct Set {
  std::vector<coco_loops::Truth> truths;
  std::vector<coco_loops::Detection> detections;
};

constexpr int categories = 80;

/// Objects of a few classes an image, small ones more often than large; half the detections are jittered objects,
/// sometimes of another class, the rest lie anywhere. One object in a hundred is a crowd.
Set made_set(const Size& size) {
  std::mt19937_64 rng(size.seed);
  std::uniform_real_distribution<double> unit(0, 1);
  std::normal_distribution<double> normal(0, 1);
  const auto pick = [&](int n) { return static_cast<int>(unit(rng) * n); };
  const auto rounded = [](double x) { return std::round(x * 100) / 100; };
  Set set;
  std::vector<std::vector<std::size_t>> of_image(static_cast<std::size_t>(size.images));
  for (int k = 0; k < size.truths; ++k) {
    const int image = pick(size.images);
    const double w = rounded(8 * std::exp(3.5 * unit(rng))), h = rounded(w * (0.5 + unit(rng)));
    const coco_loops::Truth t{k + 1,
                              image,
                              1 + (image * 7 + pick(5) * pick(5)) % categories,
                              rounded(600 * unit(rng)),
                              rounded(440 * unit(rng)),
                              w,
                              h,
                              rounded(w * h * (0.5 + 0.4 * unit(rng))),
                              pick(100) == 0};
    of_image[static_cast<std::size_t>(image)].push_back(set.truths.size());
    set.truths.push_back(t);
  }
  for (int k = 0; k < size.detections; ++k) {
    const int image = pick(size.images);
    const auto& near = of_image[static_cast<std::size_t>(image)];
    coco_loops::Detection d{k + 1,
                            image,
                            1 + pick(categories),
                            rounded(600 * unit(rng)),
                            rounded(440 * unit(rng)),
                            rounded(8 * std::exp(3.5 * unit(rng))),
                            rounded(8 * std::exp(3.5 * unit(rng))),
                            std::round(1e4 * unit(rng) * unit(rng)) / 1e4};
    if (!near.empty() && pick(2) == 0) {
      const coco_loops::Truth& t = set.truths[near[static_cast<std::size_t>(pick(static_cast<int>(near.size())))]];
      d.x = rounded(t.x + 0.08 * t.w * normal(rng)), d.y = rounded(t.y + 0.08 * t.h * normal(rng));
      d.w = rounded(t.w * std::exp(0.12 * normal(rng))), d.h = rounded(t.h * std::exp(0.12 * normal(rng)));
      d.category = pick(6) == 0 ? d.category : t.category;
      d.score = std::round(1e4 * std::sqrt(unit(rng))) / 1e4;
    }
    set.detections.push_back(d);
  }
  return set;
}

// ---- ours

struct Rows {
  std::vector<boxlap::Xywh<double>> truths, detections;
  std::vector<std::int64_t> truth_labels, labels;
  std::vector<double> areas, scores;
  std::vector<std::uint8_t> crowd;
};

std::vector<Rows> by_image(const Set& set, const Size& size) {
  std::vector<Rows> images(static_cast<std::size_t>(size.images));
  for (const coco_loops::Truth& t : set.truths) {
    Rows& rows = images[static_cast<std::size_t>(t.image)];
    rows.truths.push_back({t.x, t.y, t.w, t.h});
    rows.truth_labels.push_back(t.category);
    rows.areas.push_back(t.area);
    rows.crowd.push_back(t.crowd ? 1 : 0);
  }
  for (const coco_loops::Detection& d : set.detections) {
    Rows& rows = images[static_cast<std::size_t>(d.image)];
    rows.detections.push_back({d.x, d.y, d.w, d.h});
    rows.labels.push_back(d.category);
    rows.scores.push_back(d.score);
  }
  return images;
}

std::array<double, 12> ours(const std::vector<Rows>& images) {
  const boxlap::CocoOptions options;
  std::vector<boxlap::CocoImage> judged;
  judged.reserve(images.size());
  for (std::size_t id = 0; id < images.size(); ++id) {
    const Rows& rows = images[id];
    judged.push_back(boxlap::coco_image(static_cast<std::int64_t>(id), rows.truths, rows.detections, rows.truth_labels,
                                        rows.labels, rows.scores, {.areas = rows.areas, .crowd = rows.crowd}, options));
  }
  return boxlap::coco_summary(judged, options).stats;
}

// ---- measuring

struct Cost {
  std::vector<double> seconds;
  double bytes = 0;

  void print(const char* what) {
    std::sort(seconds.begin(), seconds.end());
    std::printf("%-28s %9.3f s (%.3f to %.3f) %10.1f MB heap\n", what, median(), seconds.front(), seconds.back(),
                bytes / 1e6);
  }
  [[nodiscard]] double median() const { return seconds[seconds.size() / 2]; }
};

template <class Work>
void measure(Cost& cost, const Work& work) {
  const heap::Scope scope;
  const auto start = std::chrono::steady_clock::now();
  work();
  cost.seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  cost.bytes = static_cast<double>(scope.peak_bytes());
}

void compare(const Size& size) {
  const Set set = made_set(size);
  const std::vector<Rows> images = by_image(set, size);
  coco_loops::Params params;
  Cost peer, own;
  std::array<double, 12> expected{}, found{};
  for (int repetition = 0; repetition < 5; ++repetition) {
    {
      coco_loops::Evaluation evaluation(set.truths, set.detections, params);  // reading the files: not measured
      measure(peer, [&] {
        evaluation.evaluate();
        evaluation.accumulate();
        expected = evaluation.stats();
      });
    }
    measure(own, [&] { found = ours(images); });
  }
  double worst = 0;
  for (std::size_t k = 0; k < 12; ++k) {
    worst = std::max(worst, std::abs(found[k] - expected[k]));
  }
  std::printf("%d images, %d truths, %d detections, seed %u: AP %.6f, largest difference of the 12 numbers %.2g\n",
              size.images, size.truths, size.detections, size.seed, found[0], worst);
  peer.print("pycocotools' loops in C++");
  own.print("boxlap");
  std::printf("ratio %.1f in time, %.1f in memory\n", peer.median() / own.median(), peer.bytes / own.bytes);
}

void write(const std::filesystem::path& folder, const Size& size) {
  std::filesystem::create_directories(folder);
  const Set set = made_set(size);
  std::FILE* truth = std::fopen((folder / "instances.json").c_str(), "w");
  std::FILE* truth_csv = std::fopen((folder / "truth.csv").c_str(), "w");
  std::fprintf(truth, "{\"images\": [");
  for (int k = 0; k < size.images; ++k) {
    std::fprintf(truth, "%s{\"id\": %d, \"width\": 640, \"height\": 480}", k == 0 ? "" : ", ", k);
  }
  std::fprintf(truth, "], \"categories\": [");
  for (int k = 1; k <= categories; ++k) {
    std::fprintf(truth, "%s{\"id\": %d, \"name\": \"class %d\"}", k == 1 ? "" : ", ", k, k);
  }
  std::fprintf(truth, "], \"annotations\": [");
  std::fprintf(truth_csv, "image_path,xmin,ymin,xmax,ymax,label\n");
  for (const coco_loops::Truth& t : set.truths) {
    std::fprintf(truth,
                 "%s{\"id\": %lld, \"image_id\": %lld, \"category_id\": %lld, \"bbox\": [%.2f, %.2f, %.2f, %.2f], "
                 "\"area\": %.2f, \"iscrowd\": %d}",
                 t.id == 1 ? "" : ", ", static_cast<long long>(t.id), static_cast<long long>(t.image),
                 static_cast<long long>(t.category), t.x, t.y, t.w, t.h, t.area, t.crowd ? 1 : 0);
    std::fprintf(truth_csv, "%lld.png,%.2f,%.2f,%.2f,%.2f,c%lld\n", static_cast<long long>(t.image), t.x, t.y,
                 t.x + t.w, t.y + t.h, static_cast<long long>(t.category));
  }
  std::fprintf(truth, "]}\n");
  std::FILE* found = std::fopen((folder / "detections.json").c_str(), "w");
  std::FILE* found_csv = std::fopen((folder / "predictions.csv").c_str(), "w");
  std::fprintf(found, "[");
  std::fprintf(found_csv, "image_path,xmin,ymin,xmax,ymax,label,score\n");
  for (const coco_loops::Detection& d : set.detections) {
    std::fprintf(found,
                 "%s{\"image_id\": %lld, \"category_id\": %lld, \"bbox\": [%.2f, %.2f, %.2f, %.2f], \"score\": %.4f}",
                 d.id == 1 ? "" : ", ", static_cast<long long>(d.image), static_cast<long long>(d.category), d.x, d.y,
                 d.w, d.h, d.score);
    std::fprintf(found_csv, "%lld.png,%.2f,%.2f,%.2f,%.2f,c%lld,%.4f\n", static_cast<long long>(d.image), d.x, d.y,
                 d.x + d.w, d.y + d.h, static_cast<long long>(d.category), d.score);
  }
  std::fprintf(found, "]\n");
  for (std::FILE* file : {truth, truth_csv, found, found_csv}) {
    std::fclose(file);
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> arguments(argv + 1, argv + argc);
  std::string folder;
  if (arguments.size() >= 2 && arguments[0] == "write") {
    folder = arguments[1];
    arguments.erase(arguments.begin(), arguments.begin() + 2);
  }
  Size size;
  const auto number = [&](std::size_t k, int otherwise) {
    return k < arguments.size() ? std::atoi(arguments[k].c_str()) : otherwise;
  };
  size.seed = static_cast<unsigned>(number(0, 1));
  size.images = number(1, size.images);
  size.truths = number(2, size.truths);
  size.detections = number(3, size.detections);
  if (folder.empty()) {
    compare(size);
  } else {
    write(folder, size);
  }
}
