/// What the doc blocks of evaluate/ say about memory, held against a count of the heap.
#include <boxlap/evaluate/center_distance.hpp>
#include <boxlap/evaluate/coco.hpp>
#include <boxlap/evaluate/confusion.hpp>
#include <boxlap/evaluate/most_matches.hpp>
#include <boxlap/evaluate/tide.hpp>
#include <boxlap/evaluate/voc.hpp>
#include <boxlap/shape/point.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <vector>

#include "../support/memory.hpp"
#include "../support/scenes.hpp"

using boxlap::Box;
using boxlap::Index;
using memory::measured;

namespace {

void check(const char* what, double bytes, double formula) { memory::check(what, bytes, formula, 2048); }

template <class T>
struct Scene {
  std::vector<Box<T>> truths, detections;
  std::vector<int> truth_labels, labels;
  std::vector<float> scores;
  double n, m;

  Scene(int truth_count, int detection_count, double extent, int classes, scenes::Rng& rng)
      : truths(scenes::uniform<T>(truth_count, extent, 50, rng)),
        detections(scenes::uniform<T>(detection_count, extent, 50, rng)),
        scores(scenes::scores(detection_count, rng)),
        n(truth_count),
        m(detection_count) {
    const auto label = [&] { return static_cast<int>(rng() % static_cast<unsigned>(classes)); };
    std::generate_n(std::back_inserter(truth_labels), truth_count, label);
    std::generate_n(std::back_inserter(labels), detection_count, label);
    for (std::size_t k = 0; k < std::min(truths.size(), detections.size()); ++k) {  // so that there is what to find
      detections[k] = truths[k];
      detections[k].x2 += 2;
      labels[k] = truth_labels[k];
    }
  }
};

std::array<double, 2> no_errors(Index, Index) { return {0, 0}; }

template <class T>
std::vector<boxlap::Point<T>> corners(const std::vector<Box<T>>& boxes) {
  std::vector<boxlap::Point<T>> points;
  for (const Box<T>& b : boxes) {
    points.push_back({b.x1, b.y1});
  }
  return points;
}

}  // namespace

TEMPLATE_TEST_CASE("judging an image takes the memory that is said", "[evaluate][memory]", float, double) {
  if (memory::uncounted()) {
    return;
  }
  scenes::Rng rng(3);
  const double a_pair = sizeof(TestType) == 4 ? 8 : 12;
  struct Shape {
    int truths, detections;
    double extent;
  };
  for (const Shape& shape :
       {Shape{5000, 10000, 10000}, Shape{3000, 3000, 800}, Shape{20000, 300, 10000}, Shape{300, 20000, 10000}}) {
    for (const int classes : {1, 5}) {
      for (const bool capped : {false, true}) {
        CAPTURE(shape.truths, shape.detections, classes, capped);
        const Scene<TestType> s(shape.truths, shape.detections, shape.extent, classes, rng);
        const auto pairs = boxlap::image_pairs(s.truths, s.detections);
        const auto p = static_cast<double>(pairs.shared.values.size());
        double near = 0, qualifies = 0;
        std::map<int, double> of_class, near_of_class;
        for (const int label : s.labels) {
          of_class[label] += 1;
        }
        for_each_entry(pairs.shared, [&](Index t, Index d, TestType shared) {
          if (pairs.iou(t, d, shared) >= TestType(0.5)) {
            near += 1;
            const int label = s.labels[std::size_t(d)];
            const bool same = s.truth_labels[std::size_t(t)] == label;
            qualifies += same ? 1 : 0;
            near_of_class[label] += same ? 1 : 0;
          }
        });
        double judged = 0, largest = 0;
        for (const auto& [label, count] : of_class) {
          judged += capped ? std::min(count, 100.0) : count;
          const double share = capped ? std::min(1.0, 100 / count) : 1;
          largest = std::max(largest, share * near_of_class[label]);
        }

        boxlap::CocoOptions coco;
        boxlap::TideOptions tide;
        if (!capped) {
          coco.max_detections = {1, 10, 1000000};
          tide.max_detections = 1000000;
        }
        const double coco_formula = 20 * s.n + 28 * s.m + 44 * judged + a_pair * p + 48 * largest;
        check("coco_image of pairs",
              measured([&] { return boxlap::coco_image(1, pairs, s.truth_labels, s.labels, s.scores, {}, coco); }).peak,
              coco_formula);
        const double voc_formula = 16 * s.n + 28 * s.m + a_pair * p;
        check("voc_image of pairs",
              measured([&] { return boxlap::voc_image(1, pairs, s.truth_labels, s.labels, s.scores); }).peak,
              voc_formula);
        const double tide_judged = capped ? std::min(s.m, 100.0) : s.m;
        check("tide_image",
              measured([&] { return boxlap::tide_image(1, pairs, s.truth_labels, s.labels, s.scores, {}, tide); }).peak,
              64 * s.n + 24 * s.m + 64 * tide_judged + a_pair * p);
        double counts = 0;
        for (const auto& cell : boxlap::confusion_image(pairs, s.truth_labels, s.labels, s.scores)) {
          counts += static_cast<double>(cell.count);
        }
        check("confusion_image",
              measured([&] { return boxlap::confusion_image(pairs, s.truth_labels, s.labels, s.scores); }).peak,
              2 * (s.n + s.m) + 96 * counts + (a_pair == 8 ? 36 : 48) * near);
        check("most_matches", measured([&] { return boxlap::most_matches(pairs, s.truth_labels, s.labels, 0.5); }).peak,
              44 * s.n + 60 * s.m + 24 * qualifies);
        const auto centers = corners(s.truths), found = corners(s.detections);
        const memory::Bytes center =
            measured([&] { return boxlap::center_image(1, centers, found, s.scores, 5, no_errors); });
        check("center_image", center.besides, 5 * s.n + 4 * s.m);
        check("its result", center.peak - center.besides, 32 * s.m);

        const bool single = sizeof(TestType) == 4;
        const double kept = (single ? 8 : 12) * s.n + (single ? 4 : 8) * s.m + a_pair * p;
        const double joined = measured([&] { return boxlap::image_pairs(s.truths, s.detections); }).peak;
        check("coco_image",
              measured([&] {
                return boxlap::coco_image(1, s.truths, s.detections, s.truth_labels, s.labels, s.scores, {}, coco);
              }).peak,
              std::max(joined, kept + coco_formula));
        check("voc_image", measured([&] {
                             return boxlap::voc_image(1, s.truths, s.detections, s.truth_labels, s.labels, s.scores);
                           }).peak,
              std::max(joined, kept + voc_formula));
      }
    }
  }
}

TEST_CASE("putting images together takes the memory that is said", "[evaluate][memory]") {
  if (memory::uncounted()) {
    return;
  }
  scenes::Rng rng(4);
  for (const int size : {20, 80}) {
    for (const int classes : {1, 4}) {
      CAPTURE(size, classes);
      std::vector<boxlap::CocoImage> coco;
      std::vector<boxlap::VocImage> voc;
      std::vector<boxlap::TideImage> tide;
      std::vector<boxlap::ConfusionMatrix> confusion;
      std::vector<boxlap::CenterImage<2>> centers;
      double detections = 0, positives = 0, groups = 0, classes_of_images = 0;
      std::map<int, double> of_class;
      for (int id = 0; id < 1000; ++id) {
        const Scene<double> s(size / 2, size, 300, classes, rng);
        const auto pairs = boxlap::image_pairs(s.truths, s.detections);
        coco.push_back(boxlap::coco_image(id, pairs, s.truth_labels, s.labels, s.scores));
        voc.push_back(boxlap::voc_image(id, pairs, s.truth_labels, s.labels, s.scores));
        tide.push_back(boxlap::tide_image(id, pairs, s.truth_labels, s.labels, s.scores));
        confusion.push_back(boxlap::confusion_image(pairs, s.truth_labels, s.labels, s.scores));
        centers.push_back(boxlap::center_image(id, corners(s.truths), corners(s.detections), s.scores, 5, no_errors));
        detections += s.m;
        positives += s.n;
        groups += static_cast<double>(coco.back().groups.size());
        classes_of_images += static_cast<double>(tide.back().truths.size());
        for (const int label : s.labels) {
          of_class[label] += 1;
        }
      }
      double largest = 0;
      for (const auto& [label, count] : of_class) {
        largest = std::max(largest, count);
      }
      check("coco_summary", measured([&] { return boxlap::coco_summary(coco); }).besides, 56 * groups + 56 * largest);
      check("coco_outcomes", measured([&] { return boxlap::coco_outcomes(coco, nullptr, 0, 0); }).besides,
            56 * groups + 32 * detections);
      check("voc_summary", measured([&] { return boxlap::voc_summary(voc); }).besides, 40 * groups + 37 * largest);
      check("tide_summary", measured([&] { return boxlap::tide_summary(tide); }).besides,
            56 * detections + 8 * 1000 + 48 * classes_of_images);
      check("center_summary", measured([&] { return boxlap::center_summary<2>(centers); }).besides,
            48 * detections + 32 * std::min(detections, positives));
      const auto cells = static_cast<double>(boxlap::merge_confusion(confusion).size());
      double part = 0;
      for (const auto& one : confusion) {
        part = std::max(part, static_cast<double>(one.size()));
      }
      check("merge_confusion", measured([&] { return boxlap::merge_confusion(confusion); }).peak,
            64 * (2 * cells + 256 + part));
    }
  }
}
