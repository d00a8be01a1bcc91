/// Weighted boxes fusion against its definition: every fused box asked, sums kept row by row.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <boxlap/nms/fusion.hpp>
#include <boxlap/shape/box.hpp>

#include "input.hpp"
#include "plain_nms.hpp"

using boxlap::Box;
using boxlap::Index;
using fuzz::at;

namespace {

struct Fused {
  Box<double> box, sums{0, 0, 0, 0};
  double confidence = 0, highest = 0;
  std::int64_t label = 0;
  Index best_row = 0, rows = 0;
};

bool same(double a, double b) { return a == b || (a != a && b != b); }
bool same(const Box<double>& a, const Box<double>& b) {
  return same(a.x1, b.x1) && same(a.y1, b.y1) && same(a.x2, b.x2) && same(a.y2, b.y2);
}

template <class T>
Box<double> with_ordered_corners(const Box<T>& b) {
  const bool nan = b.x1 != b.x1 || b.y1 != b.y1 || b.x2 != b.x2 || b.y2 != b.y2;
  return nan ? Box<double>{}
             : Box<double>{std::min(b.x1, b.x2), std::min(b.y1, b.y2), std::max(b.x1, b.x2), std::max(b.y1, b.y2)};
}

std::string text(const Box<double>& b) {
  return "(" + std::to_string(b.x1) + " " + std::to_string(b.y1) + " " + std::to_string(b.x2) + " " +
         std::to_string(b.y2) + ")";
}

template <class T>
void check(fuzz::Input& in) {
  boxlap::FusionOptions options;
  options.iou_threshold = in.threshold();
  options.skip_below = in.rarely(3) ? in.threshold() : 0;
  options.score = in.flag() ? boxlap::FusedScore::average : boxlap::FusedScore::maximum;
  options.allow_overflow = in.flag();
  std::vector<double> weights;
  for (int n = in.below(4) + 1; n > 0; --n) {
    const double weight = in.flag() ? 1 : in.number<double>();
    weights.push_back(weight > 0 || in.rarely(8) ? weight : 2);
  }
  const auto boxes = in.boxes<T>(300);
  const auto labels = in.labels(boxes.size());
  std::vector<int> models;
  for (std::size_t k = 0; k < boxes.size(); ++k) {
    const int b = in.empty() ? static_cast<int>(k) : in.byte();
    models.push_back(b == 255   ? -1
                     : b == 254 ? static_cast<int>(weights.size())
                                : b % static_cast<int>(weights.size()));
  }
  auto scores = in.scores<T>(boxes.size());

  bool valid = options.iou_threshold >= 0 && options.iou_threshold <= 1;
  double weight_sum = 0, most_weight = 0;
  for (const double weight : weights) {
    valid = valid && weight > 0;
    weight_sum += weight, most_weight = std::max(most_weight, weight);
  }
  for (std::size_t k = 0; k < boxes.size(); ++k) {
    valid = valid && models[k] >= 0 && at(models[k]) < weights.size() && scores[k] >= 0;
  }
  boxlap::FusedBoxes<std::int64_t> got;
  const bool was_refused =
      fuzz::refused([&] { got = boxlap::fuse_boxes(boxes, scores, labels, models, weights, options); });
  fuzz::require(was_refused == !valid, "what is out of range is refused, and nothing else");
  if (!valid) {
    return;
  }

  std::vector<double> confidence;
  for (std::size_t k = 0; k < boxes.size(); ++k) {
    confidence.push_back(static_cast<double>(scores[k]) * weights[at(models[k])]);
  }
  std::vector<Fused> fused;
  std::vector<Index> fused_of_row(boxes.size(), boxlap::none);
  for (const Index row : plain::best_first(confidence)) {
    const auto box = with_ordered_corners(boxes[at(row)]);
    const double c = confidence[at(row)], area = (box.x2 - box.x1) * (box.y2 - box.y1);
    if (!(static_cast<double>(scores[at(row)]) >= options.skip_below && c > 0 && area > 0)) {
      continue;
    }
    std::size_t best = fused.size();
    double most = 0;
    for (std::size_t k = 0; k < fused.size(); ++k) {
      const double value = boxlap::iou(fused[k].box, box);
      if (fused[k].label == labels[at(row)] && value > options.iou_threshold &&
          (best == fused.size() || value > most)) {
        best = k, most = value;
      }
    }
    if (best == fused.size()) {
      fused.push_back({});
      fused.back().label = labels[at(row)];
      fused.back().best_row = row;
      fused.back().box = box;
    }
    Fused& f = fused[best];
    f.sums = {f.sums.x1 + plain::product(c, box.x1), f.sums.y1 + plain::product(c, box.y1),
              f.sums.x2 + plain::product(c, box.x2), f.sums.y2 + plain::product(c, box.y2)};
    f.confidence += c;
    f.highest = std::max(f.highest, c);
    if (++f.rows > 1) {
      f.box = {f.sums.x1 / f.confidence, f.sums.y1 / f.confidence, f.sums.x2 / f.confidence, f.sums.y2 / f.confidence};
    }
    fused_of_row[at(row)] = static_cast<Index>(best);
  }

  fuzz::require(got.boxes.size() == fused.size() && got.scores.size() == fused.size() &&
                    got.labels.size() == fused.size() && got.fused_of_row.size() == boxes.size(),
                "as many fused boxes as by definition",
                [&] { return std::to_string(got.boxes.size()) + ", expected " + std::to_string(fused.size()); });
  std::vector<Index> best_row(fused.size(), boxlap::none);
  for (std::size_t k = 0; k < boxes.size(); ++k) {
    const Index place = got.fused_of_row[k], expected = fused_of_row[k];
    fuzz::require((place == boxlap::none) == (expected == boxlap::none), "a row is part of one fused box or dropped");
    if (expected == boxlap::none) {
      continue;
    }
    fuzz::require(place >= 0 && at(place) < fused.size(), "a place is one of a fused box");
    const Fused& f = fused[at(expected)];
    fuzz::require(best_row[at(place)] == boxlap::none || best_row[at(place)] == f.best_row,
                  "rows fuse as by definition");
    best_row[at(place)] = f.best_row;
    fuzz::require(same(got.boxes[at(place)], f.box), "a fused box is the weighted mean", [&] {
      return "row " + std::to_string(k) + ": " + text(got.boxes[at(place)]) + ", expected " + text(f.box);
    });
    fuzz::require(got.labels[at(place)] == f.label, "a fused box has the label of its rows");
    const double number = options.allow_overflow ? f.rows : std::min(static_cast<Index>(weights.size()), f.rows);
    const double score = options.score == boxlap::FusedScore::maximum ? f.highest / most_weight
                                                                      : f.confidence / f.rows * number / weight_sum;
    fuzz::require(same(got.scores[at(place)], score), "a fused score is the definition's",
                  [&] { return std::to_string(got.scores[at(place)]) + ", expected " + std::to_string(score); });
  }
  for (std::size_t k = 1; k < fused.size(); ++k) {
    const double before = got.scores[k - 1], here = got.scores[k];
    const auto label = [&](std::size_t f) { return got.labels[f]; };
    // equal confidence of two rows: the first row is the better one
    const auto rank = [&](std::size_t f) { return std::pair(-confidence[at(best_row[f])], best_row[f]); };
    const bool tie = same(before, here);
    fuzz::require(before > here || (before != before && here == here) ||
                      (tie && (label(k - 1) != label(k) ? label(k - 1) < label(k) : rank(k - 1) < rank(k))),
                  "scores descend, then labels ascend, then best rows", [&] {
                    std::string rows;
                    for (const std::size_t f : {k - 1, k}) {
                      rows += "score " + std::to_string(got.scores[f]) + " label " + std::to_string(got.labels[f]) +
                              " best row " + std::to_string(best_row[f]) + " of confidence " +
                              std::to_string(confidence[at(best_row[f])]) + "\n";
                    }
                    return rows;
                  });
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input in(data, size);
  if (in.flag()) {
    check<double>(in);
  } else {
    check<float>(in);
  }
  return 0;
}
