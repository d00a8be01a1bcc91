/// Soft-NMS: a detection that overlaps a better one loses score instead of its life.
#pragma once

#include <algorithm>
#include <cmath>
#include <type_traits>
#include <vector>

#include "../base/detail/error.hpp"
#include "../base/index.hpp"
#include "../base/range.hpp"
#include "detail/detections.hpp"
#include "detail/kept_index.hpp"
#include "measure.hpp"

namespace boxlap {

/// What an overlap with a better detection multiplies a score by.
enum class Decay {
  linear,   ///< 1 - overlap where the overlap is above the threshold
  gaussian  ///< exp(-overlap^2 / sigma), for any overlap
};

struct SoftNmsOptions {
  Decay decay = Decay::gaussian;
  double iou_threshold = 0.3;      ///< linear only; at 1 and above (30 for 0.3) no score is lowered
  double sigma = 0.5;              ///< gaussian only
  double score_threshold = 0.001;  ///< ends when no score is left that is at least this; not negative
};

/// What soft_nms() returns: rows in the order they were chosen, and the scores they had then.
template <class R>
struct SoftNms {
  std::vector<Index> keep;
  std::vector<R> scores;
};

namespace detail {

/// A row and a score it once had. The highest score comes first, of equal ones the lowest row.
template <class R>
struct ScoredRow {
  R score;
  Index row;
  [[nodiscard]] friend bool operator<(const ScoredRow& a, const ScoredRow& b) noexcept {
    return a.score < b.score || (a.score == b.score && a.row > b.row);
  }
};

inline void check(const SoftNmsOptions& options) {
  if (!(options.score_threshold >= 0)) {
    invalid("score_threshold is ", options.score_threshold, ", expected 0 or more");
  }
  if (options.decay == Decay::gaussian && !(options.sigma > 0)) {
    invalid("sigma is ", options.sigma, ", expected more than 0");
  }
  if (options.iou_threshold != options.iou_threshold) {
    invalid("iou_threshold is NaN");
  }
}

/// The scores of soft_nms() as they fall. Scores only fall, so a heap whose entries may be too high gives the best one.
template <class D, class R>
class SoftScores {
 public:
  SoftScores(const D& detections, double threshold)
      : detections_(detections), threshold_(threshold), index_(detections) {}

  /// Takes the scores; those at or above the threshold may be chosen.
  template <class P>
  void start(const P& scores) {
    const Index n = detections_.size();
    current_.resize(at(n));
    for (Index row = 0; row < n; ++row) {
      const R score = static_cast<R>(element(scores, row));
      if (score != score) [[unlikely]] {
        invalid("scores[", row, "] is NaN");
      }
      current_[at(row)] = score;
      if (is_enough(score)) {
        heap_.push_back({score, row});
        bool takes_part = false;
        const auto c = detections_.candidate(row, takes_part);
        if (takes_part) {
          index_.add(c);
        }
      }
    }
    index_.finish();
    std::make_heap(heap_.begin(), heap_.end());
  }

  /// Chooses rows until none is left; factor(overlap) is what the scores of neighbours are multiplied by.
  template <class Factor>
  [[nodiscard]] SoftNms<R> choose(const Factor& factor) {
    SoftNms<R> result;
    while (!heap_.empty()) {
      std::pop_heap(heap_.begin(), heap_.end());
      const ScoredRow<R> best = heap_.back();
      heap_.pop_back();
      const R score = current_[at(best.row)];
      if (!is_enough(score)) {
        continue;
      }
      if (score < best.score) {  // lowered since it was put there
        heap_.push_back({score, best.row});
        std::push_heap(heap_.begin(), heap_.end());
        continue;
      }
      result.keep.push_back(best.row);
      result.scores.push_back(score);
      current_[at(best.row)] = chosen;
      lower_neighbours(best.row, factor);
    }
    return result;
  }

 private:
  static constexpr R chosen = -1;  // no score is negative: they are at least the threshold, times factors of at least 0

  [[nodiscard]] bool is_enough(R score) const noexcept { return static_cast<double>(score) >= threshold_; }

  template <class Factor>
  void lower_neighbours(Index row, const Factor& factor) {
    bool takes_part = false;
    const auto c = detections_.candidate(row, takes_part);
    if (takes_part) {
      (void)index_.search(c, [&](const auto& other) {
        R& theirs = current_[at(other.row)];
        if (is_enough(theirs) && theirs >= 0) {
          theirs *= factor(detections_.value(c, other));
        }
        return false;
      });
    }
  }

  const D& detections_;
  double threshold_;
  KeptIndex<D> index_;
  std::vector<R> current_;
  std::vector<ScoredRow<R>> heap_;
};

}  // namespace detail

/// Soft non-maximum suppression (Bodla et al., ICCV 2017): choose the best score, lower those of its neighbours,
/// repeat.
///
/// shapes   n rows of any shape
/// scores   n numbers; those below score_threshold are never chosen
/// measure  Iou{} (default) or any other with values in [0, 1]
/// returns  the chosen rows, best first, and their scores at that time (float for float scores, else double), which
///          descend; of equal scores the lower row comes first
///
/// With opencv's measure (presets.hpp) and float scores equal to cv::dnn::softNMSBoxes to the last digit of its linear
/// scores; its top_k are the first k rows. OpenCV holds its thresholds and sigma in float: give double{0.3f}, where a
/// Python call says 0.3, or an overlap or a score of exactly 0.3f is decided otherwise. exp() is the only step whose
/// last bit depends on the platform. Shapes without extent or area lower nothing and keep their score. Throws
/// std::invalid_argument if the lengths differ, a score is NaN or an option makes no sense.
///
/// Scores only fall, so a heap whose entries may be too high gives the best one; neighbours come from a grid.
/// O((n + pairs) log n) time for the pairs that overlap, not the n^2 rounds of the definition. Peak memory beside the
/// result: 24 n + 290 n bytes for float boxes and scores where boxes are far apart, 24 n + 32 n where they are dense
/// (32 n + 490 n, 32 n + 56 n double).
template <Shapes S, Numbers P, Measure<detail::Element<S>> M = Iou>
[[nodiscard]] auto soft_nms(const S& shapes, const P& scores, SoftNmsOptions options = {}, M measure = {}) {
  using R = std::conditional_t<std::same_as<detail::Element<P>, float>, float, double>;
  detail::require_same_length("scores", std::size(scores), "shapes", std::size(shapes));
  detail::check(options);
  decltype(auto) rows = detail::rows_to_measure<M>(shapes);
  const bool linear = options.decay == Decay::linear;
  const detail::Detections detections(rows, measure, {linear ? (std::max)(0.0, options.iou_threshold) : 0.0, false});
  const auto factor = [&, sigma = static_cast<R>(options.sigma)](auto value) {
    const R overlap = static_cast<R>(value);
    if (linear) {
      return static_cast<double>(value) > options.iou_threshold ? 1 - overlap : R{1};
    }
    return std::exp(-(overlap * overlap) / sigma);
  };

  detail::SoftScores<std::remove_const_t<decltype(detections)>, R> current(detections, options.score_threshold);
  current.start(scores);
  return current.choose(factor);
}

template <detail::PlainNumbers S, class... Rest>
void soft_nms(const S& numbers_are_no_boxes_yet, const Rest&...) = delete;  // boxlap::view(n, f) makes boxes

}  // namespace boxlap
