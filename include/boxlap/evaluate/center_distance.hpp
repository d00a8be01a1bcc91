/// nuScenes' metrics: average precision of detections matched by the distance of their centres, and the errors of the
/// true positives.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <tuple>
#include <type_traits>
#include <vector>

#include "average_precision.hpp"

namespace boxlap {

/// A range of things with coordinates .x and .y: Point, or a type of the user's own.
template <class R>
concept CenterPoints = Rows<R> && requires(const detail::Element<R>& p) {
  { p.x } -> std::convertible_to<double>;
  { p.y } -> std::convertible_to<double>;
};

/// A detection of one class: true where it has a truth, and then how far off it is.
template <std::size_t E>
struct CenterDetection {
  double score = 0;
  bool found = false;
  std::array<double, E> errors{};  ///< of a true one; NaN: does not apply
};

/// The detections of one class in one image (nuScenes: sample).
template <std::size_t E>
struct CenterImage {
  std::int64_t id = 0;
  std::int64_t positives = 0;
  std::vector<CenterDetection<E>> detections;  ///< in the order of the rows
};

struct CenterOptions {
  double min_recall = 0.1, min_precision = 0.1;  ///< what lies below is noise and not counted
};

/// The result for one class and distance.
template <std::size_t E>
struct CenterSummary {
  double ap = 0;                   ///< 0 without a truth or without a true positive
  std::array<double, E> errors{};  ///< mean over recalls of the mean error so far; 1 where min_recall is not reached
  std::int64_t positives = 0, true_positives = 0, false_positives = 0;
};

namespace detail {

template <CenterPoints R>
[[nodiscard]] double x_of(const R& points, Index i) {
  return static_cast<double>(element(points, i).x);
}
template <CenterPoints R>
[[nodiscard]] double y_of(const R& points, Index i) {
  return static_cast<double>(element(points, i).y);
}

template <CenterPoints R>
void require_finite_centers(const R& points, const char* what) {
  const Index n = rows_of(points, what);
  for (Index i = 0; i < n; ++i) {
    if (!std::isfinite(x_of(points, i)) || !std::isfinite(y_of(points, i))) [[unlikely]] {
      invalid(what, "[", i, "] is not finite: (", x_of(points, i), ", ", y_of(points, i), ")");
    }
  }
}

/// The rows from the highest score down, of equal scores the later one first.
template <Numbers S>
[[nodiscard]] std::vector<Index> ranked_later_first(const S& scores) {
  std::vector<Index> rows(at(rows_of(scores, "scores")));
  std::iota(rows.begin(), rows.end(), Index{0});
  std::sort(rows.begin(), rows.end(), [&](Index a, Index b) {
    const auto left = element(scores, a), right = element(scores, b);
    return left != right ? left > right : a > b;
  });
  return rows;
}

/// The truths that are still free, sorted by x: a search looks at those whose x is near.
template <CenterPoints A>
class FreeTruths {
 public:
  explicit FreeTruths(const A& truths) : truths_(truths), by_x_(at(rows_of(truths, "truths"))), taken_(by_x_.size()) {
    std::iota(by_x_.begin(), by_x_.end(), Index{0});
    std::sort(by_x_.begin(), by_x_.end(), [&](Index a, Index b) { return x_of(truths_, a) < x_of(truths_, b); });
  }

  /// Takes the nearest free truth that is nearer than `distance` to (x, y), of equal ones the first; none if there is
  /// none.
  [[nodiscard]] Index take_nearest(double x, double y, double distance) {
    Index best = none;
    double least = distance;
    const auto from = std::lower_bound(by_x_.begin(), by_x_.end(), x - distance,
                                       [&](Index t, double value) { return x_of(truths_, t) < value; });
    for (auto t = from; t != by_x_.end() && x_of(truths_, *t) <= x + distance; ++t) {
      const double dx = x_of(truths_, *t) - x, dy = y_of(truths_, *t) - y;
      const double away = std::sqrt(dx * dx + dy * dy);
      if (taken_[at(*t)] == 0 && (away < least || (away == least && best != none && *t < best))) {
        best = *t;
        least = away;
      }
    }
    if (best != none) {
      taken_[at(best)] = 1;
    }
    return best;
  }

 private:
  const A& truths_;
  std::vector<Index> by_x_;
  std::vector<char> taken_;
};

}  // namespace detail

/// Matches the detections of one class in one image: from the highest score down (of equal scores the later row first),
/// each to the nearest free truth, if that is nearer than `distance`.
///
/// id: of the image; of equal scores in different images the larger id comes first. errors(truth, detection) returns a
/// std::array of the errors of a match: nuScenes has translation, scale, orientation, velocity and attribute; NaN where
/// one does not apply. Units are the caller's; nuScenes matches on the ground plane at 0.5, 1, 2 and 4 m. Throws
/// std::invalid_argument naming the row for coordinates that are not finite and NaN scores, for lengths that differ,
/// and for a distance that is not positive. O((n + m) log(n + m) + pairs whose x differ by less than distance);
/// peak memory besides the result, which takes 16 + 8 E bytes a detection: 5 bytes a truth and 4 a detection.
template <CenterPoints A, CenterPoints B, Numbers S, class Errors>
[[nodiscard]] auto center_image(std::int64_t id, const A& truths, const B& detections, const S& scores, double distance,
                                const Errors& errors) {
  constexpr std::size_t kinds = std::tuple_size_v<std::invoke_result_t<const Errors&, Index, Index>>;
  const Index n = detail::rows_of(truths, "truths"), m = detail::rows_of(detections, "detections");
  detail::require_same_length("scores", std::size(scores), "detections", detail::at(m));
  detail::require_scores(scores);
  if (!(distance > 0)) [[unlikely]] {
    detail::invalid("distance is ", distance, ", expected more than 0");
  }
  detail::require_finite_centers(truths, "truths");
  detail::require_finite_centers(detections, "detections");

  detail::FreeTruths<A> free_truths(truths);
  const std::vector<Index> ranked = detail::ranked_later_first(scores);
  CenterImage<kinds> image;
  image.id = id;
  image.positives = n;
  image.detections.resize(detail::at(m));
  for (const Index d : ranked) {
    CenterDetection<kinds>& one = image.detections[detail::at(d)];
    one.score = static_cast<double>(detail::element(scores, d));
    const Index t = free_truths.take_nearest(detail::x_of(detections, d), detail::y_of(detections, d), distance);
    one.found = t != none;
    if (one.found) {
      one.errors = errors(t, d);
    }
  }
  return image;
}

namespace detail {

/// numpy.interp: linear between the points (xs ascending), the first value below them, `above` beyond the last.
[[nodiscard]] inline double interpolate(double x, std::span<const double> xs, std::span<const double> ys,
                                        double above) {
  const auto next = static_cast<std::size_t>(std::upper_bound(xs.begin(), xs.end(), x) - xs.begin());
  if (next == 0) {
    return ys.front();
  }
  if (next == xs.size()) {
    return x > xs.back() ? above : ys.back();
  }
  const double slope = (ys[next] - ys[next - 1]) / (xs[next] - xs[next - 1]);
  return slope * (x - xs[next - 1]) + ys[next - 1];
}

/// The running mean of the values that are not NaN; 1 everywhere if all are NaN.
[[nodiscard]] inline std::vector<double> mean_so_far(const std::vector<double>& values) {
  std::vector<double> means;
  means.reserve(values.size());
  double sum = 0, count = 0;
  for (const double value : values) {
    if (!std::isnan(value)) {
      sum += value;
      ++count;
    }
    means.push_back(count > 0 ? sum / count : 0);
  }
  if (count == 0) {
    std::fill(means.begin(), means.end(), 1.0);
  }
  return means;
}

/// A detection and what equal scores are ordered by.
template <std::size_t E>
struct RankedCenter {
  const CenterDetection<E>* detection;
  std::int64_t id;
  std::size_t row;
};

/// The detections of all images from the highest score down, of equal scores the larger id and then the later row
/// first.
template <std::size_t E>
[[nodiscard]] std::vector<RankedCenter<E>> ranked_centers(std::span<const CenterImage<E>> images) {
  std::size_t detections = 0;
  for (const CenterImage<E>& image : images) {
    detections += image.detections.size();
  }
  std::vector<RankedCenter<E>> ranked;
  ranked.reserve(detections);
  for (const CenterImage<E>& image : images) {
    for (std::size_t row = 0; row < image.detections.size(); ++row) {
      ranked.push_back({&image.detections[row], image.id, row});
    }
  }
  std::sort(ranked.begin(), ranked.end(), [](const RankedCenter<E>& a, const RankedCenter<E>& b) {
    return a.detection->score != b.detection->score ? a.detection->score > b.detection->score
           : a.id != b.id                           ? a.id > b.id
                                                    : a.row > b.row;
  });
  return ranked;
}

/// Recall, precision and score after each detection, and score and errors of each true positive.
template <std::size_t E>
struct CenterCurve {
  std::vector<double> recalls, precisions, scores, found_scores;
  std::array<std::vector<double>, E> errors;

  /// Counts the true and false positives of `summary` and draws the curve.
  CenterCurve(const std::vector<RankedCenter<E>>& ranked, CenterSummary<E>& summary) {
    for (auto* one : {&recalls, &precisions, &scores}) {
      one->reserve(ranked.size());
    }
    const std::size_t most = (std::min)(ranked.size(), static_cast<std::size_t>(summary.positives));
    found_scores.reserve(most);
    for (std::vector<double>& one : errors) {
      one.reserve(most);
    }
    for (const RankedCenter<E>& one : ranked) {
      (one.detection->found ? summary.true_positives : summary.false_positives) += 1;
      const double hits = static_cast<double>(summary.true_positives);
      recalls.push_back(hits / static_cast<double>(std::max<std::int64_t>(summary.positives, 1)));
      precisions.push_back(hits / (hits + static_cast<double>(summary.false_positives)));
      scores.push_back(one.detection->score);
      if (one.detection->found) {
        found_scores.push_back(one.detection->score);
        for (std::size_t e = 0; e < E; ++e) {
          errors[e].push_back(one.detection->errors[e]);
        }
      }
    }
  }
};

/// Fills average precision and errors from a curve with at least one true positive.
template <std::size_t E>
void summarize_curve(CenterCurve<E>& curve, const CenterOptions& options, CenterSummary<E>& summary) {
  const int first = static_cast<int>(std::lround(100 * options.min_recall)) + 1;
  std::array<double, 101> score_at{};
  double sum = 0;
  int last = 0;
  for (int i = 0; i <= 100; ++i) {
    const double recall = i == 100 ? 1.0 : i * 0.01;
    score_at[static_cast<std::size_t>(i)] = interpolate(recall, curve.recalls, curve.scores, 0);
    last = score_at[static_cast<std::size_t>(i)] != 0 ? i : last;
    if (i >= first) {
      sum += (std::max)(interpolate(recall, curve.recalls, curve.precisions, 0) - options.min_precision, 0.0);
    }
  }
  summary.ap = first > 100 ? 0 : sum / (101 - first) / (1 - options.min_precision);
  if (last < first) {
    return;
  }
  std::reverse(curve.found_scores.begin(), curve.found_scores.end());  // interpolate() needs them ascending
  for (std::size_t e = 0; e < E; ++e) {
    std::vector<double> means = mean_so_far(curve.errors[e]);
    std::reverse(means.begin(), means.end());
    double total = 0;
    for (int i = first; i <= last; ++i) {
      total += interpolate(score_at[static_cast<std::size_t>(i)], curve.found_scores, means, means.back());
    }
    summary.errors[e] = total / (last - first + 1);
  }
}

}  // namespace detail

/// Average precision and true-positive errors of one class, over images matched at one distance.
///
/// Equals nuscenes-devkit's accumulate(), calc_ap() and calc_tp(): precision is interpolated linearly at 101 recalls,
/// those up to min_recall dropped, min_precision taken off, negative ones counted as 0. The result does not depend on
/// the order of `images`. O(detections log detections); 48 bytes a detection and 16 + 8 E bytes a truth, of
/// as many truths as there are detections.
template <std::size_t E>
[[nodiscard]] CenterSummary<E> center_summary(std::span<const CenterImage<E>> images,
                                              const CenterOptions& options = {}) {
  CenterSummary<E> summary;
  summary.errors.fill(1);
  for (const CenterImage<E>& image : images) {
    summary.positives += image.positives;
  }
  detail::CenterCurve<E> curve(detail::ranked_centers(images), summary);
  if (summary.positives != 0 && summary.true_positives != 0) {
    detail::summarize_curve(curve, options, summary);
  }
  return summary;
}

}  // namespace boxlap
