/// COCO's rules for rotated boxes and polygons: the decisions are those of plain loops over iou() of the shapes.
#include <boxlap/evaluate/coco_image.hpp>
#include <boxlap/shape/polygon.hpp>
#include <boxlap/shape/rotated_box.hpp>

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "../catch.hpp"
#include "../support/polygon_scenes.hpp"
#include "../support/rotated_scenes.hpp"
#include "../support/scenes.hpp"

using boxlap::Box;
using boxlap::Index;
using boxlap::Outcome;
using boxlap::Polygon;
using boxlap::RotatedBox;

namespace {

/// Truths and detections of two classes, three quarters of the detections near a truth.
template <class Shape>
struct Image {
  std::vector<Shape> truths, detections;
  std::vector<int> truth_labels, labels;
  std::vector<double> scores;
  std::vector<std::uint8_t> crowd;
};

void make_pair_of(scenes::Rng& rng, Box<double>& truth, Box<double>& near) {
  truth = scenes::uniform<double>(1, 90, 50, rng).front();
  const auto step = [&] { return static_cast<double>(rng() % 9) - 4; };
  near = {truth.x1 + step(), truth.y1 + step(), truth.x2 + step(), truth.y2 + step()};
}

void make_pair_of(scenes::Rng& rng, RotatedBox<double>& truth, RotatedBox<double>& near) {
  const auto number = [&](int n) { return static_cast<double>(rng() % static_cast<unsigned>(n)); };
  truth = {20 + number(80), 20 + number(80), 20 + number(60), 15 + number(60), number(360) - 180};
  near = {truth.cx + number(9) - 4, truth.cy + number(9) - 4, truth.w + number(7) - 3, truth.h + number(7) - 3,
          truth.degrees + number(21) - 10};
}

void make_pair_of(scenes::Rng& rng, Polygon<double>& truth, Polygon<double>& near) {
  auto ring = scenes::star<double>(20 + double(rng() % 80), 20 + double(rng() % 80), 50, 0.4, 5 + int(rng() % 9), rng);
  truth = boxlap::try_make_polygon<double>(ring).value_or(Polygon<double>{});
  for (auto& p : ring) {
    p.x += double(rng() % 9) - 4;
    p.y += double(rng() % 9) - 4;
  }
  near = boxlap::try_make_polygon<double>(ring).value_or(truth);
}

template <class Shape>
Image<Shape> make_image(scenes::Rng& rng) {
  Image<Shape> image;
  for (int k = 0; k < 10; ++k) {
    Shape truth, near, again;
    make_pair_of(rng, truth, near);
    make_pair_of(rng, again, again);
    image.truths.push_back(truth);
    image.truth_labels.push_back(static_cast<int>(rng() % 2));
    image.crowd.push_back(rng() % 6 == 0 ? 1 : 0);
    for (const Shape& shape : {near, truth, again}) {
      image.detections.push_back(shape);
      image.labels.push_back(rng() % 6 == 0 ? 1 - image.truth_labels.back() : image.truth_labels.back());
      image.scores.push_back(static_cast<double>(rng() % 12) / 16);  // many are equal
    }
  }
  return image;
}

/// What each detection is, at one area range and threshold: a full scan of the truths for each, as pycocotools does.
template <class Shape>
std::vector<Outcome> literal(const Image<Shape>& image, const boxlap::CocoArea& range, double threshold) {
  const auto outside = [&](double area) { return area < range.least || area > range.most; };
  std::vector<Outcome> outcomes;
  for (const int label : {0, 1}) {
    std::vector<std::size_t> order, truths;
    for (std::size_t d = 0; d < image.detections.size(); ++d) {
      if (image.labels[d] == label) {
        order.push_back(d);
      }
    }
    std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return image.scores[a] > image.scores[b]; });
    const auto ignored = [&](std::size_t t) { return image.crowd[t] != 0 || outside(double(area(image.truths[t]))); };
    for (const bool last : {false, true}) {  // ignored truths come after the others
      for (std::size_t t = 0; t < image.truths.size(); ++t) {
        if (image.truth_labels[t] == label && ignored(t) == last) {
          truths.push_back(t);
        }
      }
    }
    std::vector<char> taken(image.truths.size());
    for (const std::size_t d : order) {
      double best = std::min(threshold, 1 - 1e-10);
      std::size_t match = image.truths.size();
      for (const std::size_t t : truths) {
        if (taken[t] != 0 && image.crowd[t] == 0) {
          continue;
        }
        if (match < image.truths.size() && !ignored(match) && ignored(t)) {
          break;
        }
        const double overlap = double(image.crowd[t] != 0 ? boxlap::iof(image.detections[d], image.truths[t])
                                                          : boxlap::iou(image.truths[t], image.detections[d]));
        if (overlap >= best) {
          best = overlap;
          match = t;
        }
      }
      if (match < image.truths.size()) {
        taken[match] = 1;
        outcomes.push_back(ignored(match) ? Outcome::ignored : Outcome::true_positive);
      } else {
        outcomes.push_back(outside(double(area(image.detections[d]))) ? Outcome::ignored : Outcome::false_positive);
      }
    }
  }
  return outcomes;
}

}  // namespace

TEMPLATE_TEST_CASE("boxes, rotated boxes and polygons are judged as by plain loops over iou()", "[coco]", Box<double>,
                   RotatedBox<double>, Polygon<double>) {
  const std::uint64_t seed = 31;
  CAPTURE(seed);
  scenes::Rng rng(seed);
  const boxlap::CocoOptions options;
  std::int64_t seen[3] = {};
  for (int round = 0; round < 40; ++round) {
    CAPTURE(round);
    const auto image = make_image<TestType>(rng);
    const auto judged = boxlap::coco_image(1, image.truths, image.detections, image.truth_labels, image.labels,
                                           image.scores, {.crowd = image.crowd}, options);
    REQUIRE(judged.scores.size() == image.detections.size());
    for (std::size_t a = 0; a < options.areas.size(); ++a) {
      for (std::size_t t = 0; t < options.iou_thresholds.size(); ++t) {
        std::vector<Outcome> outcomes;
        for (std::size_t d = 0; d < judged.scores.size(); ++d) {
          outcomes.push_back(judged.outcome(d, Index(a), Index(t)));
          ++seen[static_cast<std::size_t>(outcomes.back())];
        }
        if (outcomes != literal(image, options.areas[a], options.iou_thresholds[t])) {
          FAIL_CHECK("area " << a << " threshold " << t);
        }
      }
    }
  }
  for (const std::int64_t count : seen) {
    CHECK(count > 1000);
  }
}
