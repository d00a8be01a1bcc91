/// The peers' own suppression, spelled out in this library's words, for comparing number by number.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <optional>
#include <span>
#include <type_traits>
#include <vector>

#include "../base/detail/error.hpp"
#include "../base/index.hpp"
#include "../base/range.hpp"
#include "batched.hpp"
#include "nms.hpp"
#include "select.hpp"

namespace boxlap {

/// OpenCV's rectOverlap(): 1 minus its Jaccard distance, rounded to float on the way. Up to 6e-8 off iou().
struct OpencvIou {
  template <class T, class U>
  [[nodiscard]] float operator()(const Box<T>& a, const Box<U>& b) const noexcept {
    const double area_a = area(cast<double>(a)), area_b = area(cast<double>(b));
    const double shared = intersection_area(cast<double>(a), cast<double>(b));
    const double distance = 1.0 - shared / (area_a + area_b - shared);
    return 1.0f - static_cast<float>(distance);
  }
};

namespace detail {

template <>
struct Bound<OpencvIou> : Bound<Iou> {
  [[nodiscard]] static constexpr double area_share(double t) noexcept {
    return Bound<Iou>::area_share(t > 1e-6 ? t - 1e-6 : 0);
  }
};

}  // namespace detail

namespace presets {

/// torchvision.ops.nms on a CPU: suppress above the threshold, compared in double; NaN scores first, a threshold of 1
/// or more keeps all. Time and memory of nms().
template <Shapes S, Numbers P>
[[nodiscard]] std::vector<Index> torchvision_nms(const S& boxes, const P& scores, double iou_threshold) {
  return nms(boxes, scores, iou_threshold);
}

/// torchvision.ops.batched_nms on a CPU, its coordinate trick up to 1,000 boxes included. Time and memory of
/// batched_nms().
template <Shapes S, Numbers P, Labels L>
[[nodiscard]] std::vector<Index> torchvision_batched_nms(const S& boxes, const P& scores, const L& labels,
                                                         double iou_threshold) {
  return batched_nms(boxes, scores, labels, iou_threshold, ClassSplit::torchvision);
}

/// detectron2.layers.batched_nms: boxes as float, classes apart. (As a set; where it falls below torchvision's 1,000
/// boxes its CPU takes the coordinate trick, see ClassSplit.) Time and memory of batched_nms().
template <Shapes S, Numbers P, Labels L>
[[nodiscard]] std::vector<Index> detectron2_batched_nms(const S& boxes, const P& scores, const L& labels,
                                                        double iou_threshold) {
  const auto as_float = view(std::size(boxes), [&](Index i) { return cast<float>(detail::element(boxes, i)); });
  return batched_nms(as_float, scores, labels, iou_threshold);
}

/// detectron2.layers.nms_rotated on a CPU (and mmcv's, torchvision's): suppresses at the threshold too. Its overlaps
/// have float's rounding, ours their own; its CUDA version keeps what is exactly at the threshold. Time and memory of
/// nms().
template <Shapes S, Numbers P>
[[nodiscard]] std::vector<Index> detectron2_nms_rotated(const S& shapes, const P& scores, double iou_threshold) {
  return nms(shapes, scores, NmsOptions{.iou_threshold = iou_threshold, .suppress_equal = true});
}

// presets::torchvision_nms(boxes, scores, {}) would silently mean a threshold of 0.
template <Shapes S, Numbers P>
void torchvision_nms(const S&, const P&, std::initializer_list<double>) = delete;
template <Shapes S, Numbers P, Labels L>
void torchvision_batched_nms(const S&, const P&, const L&, std::initializer_list<double>) = delete;
template <Shapes S, Numbers P, Labels L>
void detectron2_batched_nms(const S&, const P&, const L&, std::initializer_list<double>) = delete;
template <Shapes S, Numbers P>
void detectron2_nms_rotated(const S&, const P&, std::initializer_list<double>) = delete;

struct OpencvOptions {
  float score_threshold = 0;  ///< only scores above this
  float nms_threshold = 0.5f;
  float eta = 1;    ///< below 1: multiplies the threshold after each kept box while it is above 0.5
  Index top_k = 0;  ///< only the best of these before suppression; 0: all
};

/// cv::dnn::NMSBoxes of rectangles with w, h >= 0: rows, score descending, equal scores by row.
///
/// Differs from nms() in its rounding (OpencvIou), a float threshold, and in that of two rectangles without area, apart
/// or not, the second is suppressed. Equal to OpenCV 4.6 on its fixtures. O(n) on spread-out data. Peak memory beside
/// the result: 24 bytes for each score above the threshold (32 double), or 8 and 290 a kept box (490 double) if that is
/// more.
template <Shapes S, Numbers P>
[[nodiscard]] std::vector<Index> opencv_nms_boxes(
    const S& boxes, const P& scores, const OpencvOptions& options) requires detail::is_box<detail::Element<S>> {
  detail::require_same_length("scores", std::size(scores), "shapes", std::size(boxes));
  const std::vector<Index> candidates = above(scores, static_cast<double>(options.score_threshold));
  const auto candidate_scores =
      view(candidates.size(), [&](Index i) { return detail::element(scores, candidates[detail::at(i)]); });
  const Index most = options.top_k > 0 ? options.top_k : (std::numeric_limits<Index>::max)();
  const std::vector<Index> rows = take(candidates, top(candidate_scores, most));

  // The threshold falls as boxes are kept; the index must serve the lowest it can reach.
  const bool adaptive = options.eta < 1 && options.nms_threshold > 0.5f;
  const float lowest = adaptive ? (std::max)(0.0f, 0.5f * options.eta) : options.nms_threshold;
  const detail::Detections detections(boxes, OpencvIou{}, {static_cast<double>((std::max)(0.0f, lowest)), false});
  using T = typename std::remove_const_t<decltype(detections)>::T;
  detail::KeptIndex kept(detections);
  std::vector<Index> result;
  float threshold = options.nms_threshold;
  double least_area = std::numeric_limits<double>::infinity();
  detail::for_each_candidate(detections, rows, [&](const detail::Candidate<T>& c, bool takes_part) {
    const double size = static_cast<double>(area(c.box));
    const bool both_empty = least_area + size <= std::numeric_limits<double>::epsilon();
    const auto suppresses = [&](const detail::Candidate<T>& other) { return detections.value(other, c) > threshold; };
    if ((both_empty && threshold < 1) || (threshold < 0 && !result.empty()) ||
        (takes_part && kept.search(c, suppresses))) {
      return;
    }
    if (takes_part) {
      kept.add(c);
    }
    least_area = (std::min)(least_area, size);
    result.push_back(c.row);
    if (options.eta < 1 && threshold > 0.5f) {
      threshold *= options.eta;
    }
  });
  return result;
}

/// One row of ONNX's output.
struct OnnxSelection {
  Index batch, label, box;
  [[nodiscard]] friend bool operator==(const OnnxSelection&, const OnnxSelection&) = default;
};

struct OnnxOptions {
  Index max_output_boxes_per_class = 0;  ///< 0: nothing is returned, as the operator has it
  float iou_threshold = 0;
  std::optional<float> score_threshold = std::nullopt;  ///< only scores above this; nullopt: all
  bool center_point_box = false;                        ///< [cx, cy, w, h] instead of [y1, x1, y2, x2]
};

/// A box of ONNX's tensor. Corners may be any two opposite ones.
[[nodiscard]] inline Box<float> onnx_box(std::span<const float, 4> b, bool center_point_box) noexcept {
  if (center_point_box) {
    const float half_w = b[2] / 2, half_h = b[3] / 2;
    return {b[0] - half_w, b[1] - half_h, b[0] + half_w, b[1] + half_h};
  }
  return {(std::min)(b[1], b[3]), (std::min)(b[0], b[2]), (std::max)(b[1], b[3]), (std::max)(b[0], b[2])};
}

/// ONNX NonMaxSuppression-11: rows by batch, then by class, then score descending, equal scores by box.
///
/// boxes   batches x n x 4 floats, row-major
/// scores  batches x classes x n floats, row-major
///
/// Suppresses strictly above the threshold. Throws std::invalid_argument for sizes that do not fit. The operator leaves
/// ties open; onnxruntime's are arbitrary. O(batches * classes * n) on spread-out data. Peak memory beside the result:
/// 4 bytes a box of a class, and what top() takes of all of them or nms() of those above the threshold.
[[nodiscard]] inline std::vector<OnnxSelection> onnx_non_max_suppression(std::span<const float> boxes,
                                                                         std::span<const float> scores, Index batches,
                                                                         Index classes, const OnnxOptions& options) {
  if (batches < 0 || classes < 0) {
    detail::invalid("batches is ", batches, " and classes is ", classes, ", neither may be negative");
  }
  const std::size_t per_batch = batches > 0 ? boxes.size() / (4 * detail::at(batches)) : 0;
  detail::require_same_length("boxes", boxes.size(), "batches x n x 4", detail::at(batches) * per_batch * 4);
  detail::require_same_length("scores", scores.size(), "batches x classes x n",
                              detail::at(batches) * detail::at(classes) * per_batch);
  std::vector<OnnxSelection> selected;
  for (Index batch = 0; batch < batches; ++batch) {
    const std::span<const float> corners = boxes.subspan(detail::at(batch) * per_batch * 4, per_batch * 4);
    for (Index label = 0; label < classes; ++label) {
      const auto first = (detail::at(batch) * detail::at(classes) + detail::at(label)) * per_batch;
      const std::span<const float> of_class = scores.subspan(first, per_batch);
      const std::vector<Index> rows = options.score_threshold
                                          ? above(of_class, static_cast<double>(*options.score_threshold))
                                          : top(of_class, (std::numeric_limits<Index>::max)());
      const auto box_at = view(rows.size(), [&](Index i) {
        const std::size_t row = detail::at(rows[detail::at(i)]);
        return onnx_box(corners.subspan(4 * row).first<4>(), options.center_point_box);
      });
      const auto score_at = view(rows.size(), [&](Index i) { return of_class[detail::at(rows[detail::at(i)])]; });
      Index count = 0;
      for (const Index k : nms(box_at, score_at, static_cast<double>(options.iou_threshold))) {
        if (count++ >= options.max_output_boxes_per_class) {
          break;
        }
        selected.push_back({batch, label, rows[detail::at(k)]});
      }
    }
  }
  return selected;
}

}  // namespace presets
}  // namespace boxlap
