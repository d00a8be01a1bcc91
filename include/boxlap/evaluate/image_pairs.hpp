/// The overlapping pairs of one image, computed once for every metric: shared areas of truths and predictions, and
/// areas.
#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "../base/detail/error.hpp"
#include "../base/index.hpp"
#include "../base/range.hpp"
#include "../pairs/csr.hpp"
#include "../pairs/overlaps.hpp"
#include "../shape/overlap.hpp"
#include "../shape/shape.hpp"

namespace boxlap {

/// The overlapping pairs of one image: rows are truths, columns predictions. IoU and IoF follow from these numbers by
/// one division, so every metric reads the same pairs.
template <std::floating_point R>
struct ImagePairs {
  Csr<R> shared;  ///< intersection areas, all > 0
  std::vector<R> truth_areas, prediction_areas;

  [[nodiscard]] Index truths() const noexcept { return shared.rows; }
  [[nodiscard]] Index predictions() const noexcept { return shared.cols; }

  /// Shared area over the area covered together; iou(truth, prediction) of the shapes, to the bit.
  [[nodiscard]] R iou(Index truth, Index prediction, R shared_area) const noexcept {
    return detail::iou_of(shared_area, truth_areas[detail::at(truth)], prediction_areas[detail::at(prediction)]);
  }

  /// The share of the prediction that lies in the truth: COCO's measure for a crowd region.
  [[nodiscard]] R iof(Index prediction, R shared_area) const noexcept {
    return detail::ratio(shared_area, prediction_areas[detail::at(prediction)]);
  }
};

namespace detail {

/// Refuses a shape that evaluation cannot judge: NaN, infinite or inverted. Zero area is fine.
template <Shapes S>
void require_judgeable(const S& shapes, const char* what) {
  using T = BoundsScalar<Element<S>>;
  constexpr T most = (std::numeric_limits<T>::max)();
  const Index n = rows_of(shapes, what);
  for (Index i = 0; i < n; ++i) {
    const Box<T> b = bounds(element(shapes, i));
    if (!(b.x1 <= b.x2 && b.y1 <= b.y2 && b.x1 >= -most && b.y1 >= -most && b.x2 <= most && b.y2 <= most))
        [[unlikely]] {
      invalid(what, "[", i, "] is inverted, infinite or NaN: (", b.x1, ", ", b.y1, ") - (", b.x2, ", ", b.y2, ")");
    }
  }
}

template <class R, Shapes S>
[[nodiscard]] std::vector<R> areas_of(const S& shapes) {
  std::vector<R> areas(static_cast<std::size_t>(std::size(shapes)));
  for (std::size_t i = 0; i < areas.size(); ++i) {
    areas[i] = static_cast<R>(area(widened<R>(element(shapes, static_cast<Index>(i)))));
  }
  return areas;
}

/// Refuses labels, scores and flags of truths (none, or one each) that are of another length.
template <class R, Labels LA, Labels LB, Numbers S>
void require_lengths(const ImagePairs<R>& pairs, const LA& truth_labels, const LB& detection_labels, const S& scores,
                     const char* what = "flags", std::span<const std::uint8_t> flags = {}) {
  require_same_length("truth_labels", std::size(truth_labels), "truths", at(pairs.truths()));
  require_same_length("detection_labels", std::size(detection_labels), "detections", at(pairs.predictions()));
  require_same_length("scores", std::size(scores), "detections", at(pairs.predictions()));
  if (!flags.empty()) {
    require_same_length(what, flags.size(), "truths", at(pairs.truths()));
  }
}

/// The scalar type of areas and overlaps of both sides.
template <class A, class B>
using PairScalar = Overlap<Element<A>, Element<B>>;

}  // namespace detail

/// The pairs of truths and predictions that share area, with their shared areas and all areas.
///
/// truths, predictions: shapes of any kinds whose overlap is known, in pixels; either may be empty. Pairs ascend by
/// (truth, prediction). Throws std::invalid_argument naming the row for a shape that is NaN, infinite or inverted;
/// shapes without area are kept and overlap nothing. O((n + m) log(n + m) + pairs) time; the result takes 12
/// bytes a truth, 8 a prediction and 12 a pair in double (8, 4 and 8 in float), besides it the memory of
/// intersection_matrix().
template <Shapes A, Shapes B>
requires OverlappingShapes<A, B>
[[nodiscard]] auto image_pairs(const A& truths, const B& predictions, int threads = 1) {
  detail::require_judgeable(truths, "truths");
  detail::require_judgeable(predictions, "predictions");
  using R = detail::PairScalar<A, B>;
  ImagePairs<R> result;
  result.shared = intersection_matrix(truths, predictions, {.threads = threads});
  result.truth_areas = detail::areas_of<R>(truths);
  result.prediction_areas = detail::areas_of<R>(predictions);
  return result;
}

}  // namespace boxlap
