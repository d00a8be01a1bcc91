/// Confusion matrices against their definition: the pair of largest IoU again and again, and cells counted in a map.
#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include <boxlap/evaluate/confusion.hpp>

#include "plain_evaluate.hpp"

using boxlap::Index;
using fuzz::at;

namespace {

/// (truth is background, its label, detection is background, its label): in the order of the cells.
using Cell = std::tuple<bool, std::int64_t, bool, std::int64_t>;
using Counts = std::map<Cell, std::int64_t>;

/// The labels of a scene, 0 to 2, as they are or far apart.
std::vector<std::int64_t> spread(const std::vector<int>& labels, bool far) {
  using Limits = std::numeric_limits<std::int64_t>;
  std::vector<std::int64_t> result;
  for (const int label : labels) {
    result.push_back(!far ? label : label == 0 ? -1 : label == 1 ? (Limits::max)() : (Limits::min)());
  }
  return result;
}

Counts plain_confusion(const plain::Scene& s, const std::vector<std::int64_t>& truth_labels,
                       const std::vector<std::int64_t>& detection_labels, bool with_ignored,
                       const boxlap::ConfusionOptions& options) {
  const std::size_t n = s.truths.size(), m = s.detections.size();
  std::vector<bool> truth_done(n), detection_done(m);
  const auto ignored = [&](std::size_t t) { return with_ignored && s.difficult[t] != 0; };
  const auto seen = [&](std::size_t d) { return s.scores[d] >= options.min_score; };
  Counts counts;
  while (true) {
    double most = 0;
    std::size_t truth = n, detection = m;
    for (std::size_t t = 0; t < n; ++t) {
      for (std::size_t d = 0; d < m; ++d) {
        const double iou = plain::overlap(s.truths[t], s.detections[d]);
        if (!truth_done[t] && !detection_done[d] && !ignored(t) && seen(d) && iou > options.iou_threshold &&
            iou > most) {
          most = iou, truth = t, detection = d;
        }
      }
    }
    if (truth == n) {
      break;
    }
    truth_done[truth] = detection_done[detection] = true;
    ++counts[{false, truth_labels[truth], false, detection_labels[detection]}];
  }
  for (std::size_t d = 0; d < m; ++d) {
    const auto& b = s.detections[d];
    bool in_ignored = false;
    for (std::size_t t = 0; t < n; ++t) {
      const auto& a = s.truths[t];
      const double w = std::min(a.x2, b.x2) - std::max(a.x1, b.x1), h = std::min(a.y2, b.y2) - std::max(a.y1, b.y1);
      const double share = w > 0 && h > 0 ? w * h / ((b.x2 - b.x1) * (b.y2 - b.y1)) : 0;
      in_ignored = in_ignored || (ignored(t) && share > 0 && share > options.iou_threshold);
    }
    if (seen(d) && !detection_done[d] && !in_ignored) {
      ++counts[{true, 0, false, detection_labels[d]}];
    }
  }
  for (std::size_t t = 0; t < n; ++t) {
    if (!truth_done[t] && !ignored(t)) {
      ++counts[{false, truth_labels[t], true, 0}];
    }
  }
  return counts;
}

void require_equal(const boxlap::ConfusionMatrix& cells, const Counts& counts, const char* what) {
  boxlap::ConfusionMatrix expected;
  for (const auto& [cell, count] : counts) {
    const auto& [no_truth, truth, no_detection, detection] = cell;
    expected.push_back({!no_truth, !no_detection, truth, detection, count});
  }
  fuzz::require(cells == expected, what, [&] {
    std::string rows;
    for (const boxlap::ConfusionMatrix* matrix : {&cells, static_cast<const boxlap::ConfusionMatrix*>(&expected)}) {
      rows += matrix == &cells ? "got\n" : "expected\n";
      for (const auto& c : *matrix) {
        rows += (c.is_truth ? std::to_string(c.truth) : "background") + " taken for " +
                (c.is_detection ? std::to_string(c.detection) : "background") + ": " + std::to_string(c.count) + "\n";
      }
    }
    return rows;
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input in(data, size);
  boxlap::ConfusionOptions options;
  options.min_score = in.rarely(8) ? in.number<double>() : static_cast<double>(in.below(5)) / 4;
  options.iou_threshold = in.threshold();
  const bool with_ignored = in.flag(), attained = in.flag(), far = in.flag();
  const int copies = in.rarely(8) ? 60 : 1;  // more cells than merge_confusion() lets stand side by side
  std::vector<boxlap::ConfusionMatrix> parts;
  Counts sum;
  for (int images = in.below(4) + 1; images > 0; --images) {
    const auto scene = plain::draw_scene(in, 20, 30);
    if (attained && !scene.truths.empty() && !scene.detections.empty()) {  // a threshold that a pair has exactly
      options.iou_threshold = plain::overlap(in.one_of(scene.truths), scene.detections[0]);
    }
    const auto truth_labels = spread(scene.truth_labels, far), labels = spread(scene.detection_labels, far);
    const auto counts = plain_confusion(scene, truth_labels, labels, with_ignored, options);
    const auto part =
        boxlap::confusion_image(boxlap::image_pairs(scene.truths, scene.detections), truth_labels, labels, scene.scores,
                                with_ignored ? scene.difficult : std::vector<std::uint8_t>{}, options);
    require_equal(part, counts, "cells are the definition's");
    parts.insert(parts.end(), at(copies), part);
    for (const auto& [cell, count] : counts) {
      sum[cell] += copies * count;
    }
  }
  require_equal(boxlap::merge_confusion(parts), sum, "matrices add up");
  return 0;
}
