/// pycocotools' evaluation of boxes written out in plain C++: dense overlaps of each image and category, a full scan of
/// the truths for each detection and threshold, arrays of [threshold][detection] kept for every image, category and
/// area range. The oracle of the tests and the peer of the benchmark; slow and large on purpose.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <numeric>
#include <utility>
#include <vector>

namespace coco_loops {

struct Truth {
  std::int64_t id, image, category;
  double x, y, w, h, area;
  bool crowd;
};

struct Detection {
  std::int64_t id, image, category;
  double x, y, w, h, score;
};

struct Params {
  std::vector<double> thresholds;
  std::vector<std::array<double, 2>> areas = {{0, 1e10}, {0, 1024}, {1024, 9216}, {9216, 1e10}};
  std::vector<std::size_t> max_detections = {1, 10, 100};
  bool use_categories = true;
  Params() {
    for (int i = 0; i < 10; ++i) {
      thresholds.push_back(i == 8 ? 0.8999999999999999 : 0.5 + i * 0.05);
    }
  }
};

/// What is kept of one image, category and area range.
struct ImageResult {
  std::vector<std::vector<double>> truth_matches, detection_matches, detection_ignored;  // [threshold][row]
  std::vector<double> scores, truth_ignored;
  std::vector<std::int64_t> detection_ids, truth_ids;
};

class Evaluation {
 public:
  Evaluation(const std::vector<Truth>& truths, const std::vector<Detection>& detections, Params params)
      : params_(std::move(params)) {
    std::map<std::int64_t, int> images, categories;
    for (const Truth& t : truths) {
      images[t.image], categories[t.category];
    }
    for (const Detection& d : detections) {
      images[d.image];
    }
    for (const auto& [id, unused] : images) {
      images_.push_back(id);
    }
    for (const auto& [id, unused] : categories) {
      categories_.push_back(id);
    }
    for (const Truth& t : truths) {
      truths_[{t.image, t.category}].push_back(t);
    }
    for (const Detection& d : detections) {
      detections_[{d.image, d.category}].push_back(d);
    }
    keys_ = params_.use_categories ? categories_ : std::vector<std::int64_t>{-1};
  }

  void evaluate() {
    for (const std::int64_t category : keys_) {
      for (const auto& range : params_.areas) {
        for (const std::int64_t image : images_) {
          results_.push_back(evaluate_image(image, category, range));
        }
      }
    }
  }

  void accumulate() {
    const std::size_t size =
        params_.thresholds.size() * keys_.size() * params_.areas.size() * params_.max_detections.size();
    precision.assign(size * 101, -1);
    recall.assign(size, -1);
    for (std::size_t k = 0; k < keys_.size(); ++k) {
      for (std::size_t a = 0; a < params_.areas.size(); ++a) {
        for (std::size_t m = 0; m < params_.max_detections.size(); ++m) {
          accumulate_one(k, a, m);
        }
      }
    }
  }

  [[nodiscard]] std::size_t place(std::size_t t, std::size_t k, std::size_t a, std::size_t m) const {
    return ((t * keys_.size() + k) * params_.areas.size() + a) * params_.max_detections.size() + m;
  }
  [[nodiscard]] double mean_precision(std::size_t t, std::size_t k, std::size_t a, std::size_t m) const {
    const auto begin = precision.begin() + static_cast<std::ptrdiff_t>(place(t, k, a, m) * 101);
    return std::accumulate(begin, begin + 101, 0.0) / 101;
  }
  [[nodiscard]] const std::vector<std::int64_t>& categories() const { return keys_; }
  [[nodiscard]] const ImageResult& result(std::size_t k, std::size_t a, std::size_t image) const {
    return results_[(k * params_.areas.size() + a) * images_.size() + image];
  }

  /// AP, AP50, AP75, APs, APm, APl, AR1, AR10, AR100, ARs, ARm, ARl
  [[nodiscard]] std::array<double, 12> stats() const {
    const auto mean = [&](bool of_recall, std::size_t a, std::size_t m, double only) {
      double sum = 0;
      std::size_t count = 0;
      for (std::size_t t = 0; t < params_.thresholds.size(); ++t) {
        for (std::size_t k = 0; k < keys_.size() && (only == 0 || params_.thresholds[t] == only); ++k) {
          const double value = of_recall ? recall[place(t, k, a, m)] : mean_precision(t, k, a, m);
          sum += value > -1 ? value : 0;
          count += value > -1 ? 1 : 0;
        }
      }
      return count == 0 ? -1 : sum / static_cast<double>(count);
    };
    return {mean(false, 0, 2, 0), mean(false, 0, 2, 0.5), mean(false, 0, 2, 0.75), mean(false, 1, 2, 0),
            mean(false, 2, 2, 0), mean(false, 3, 2, 0),   mean(true, 0, 0, 0),     mean(true, 0, 1, 0),
            mean(true, 0, 2, 0),  mean(true, 1, 2, 0),    mean(true, 2, 2, 0),     mean(true, 3, 2, 0)};
  }

  std::vector<double> precision, recall;  // [threshold][category][area][limit], precision with 101 points each

 private:
  template <class Row>
  [[nodiscard]] std::vector<Row> rows_of(const std::map<std::pair<std::int64_t, std::int64_t>, std::vector<Row>>& all,
                                         std::int64_t image, std::int64_t category) const {
    std::vector<Row> rows;
    for (const std::int64_t key : params_.use_categories ? std::vector<std::int64_t>{category} : categories_) {
      const auto found = all.find({image, key});
      if (found != all.end()) {
        rows.insert(rows.end(), found->second.begin(), found->second.end());
      }
    }
    return rows;
  }

  [[nodiscard]] static double overlap(const Detection& d, const Truth& t) {
    const double w = std::min(d.w + d.x, t.w + t.x) - std::max(d.x, t.x);
    const double h = std::min(d.h + d.y, t.h + t.y) - std::max(d.y, t.y);
    if (w <= 0 || h <= 0) {
      return 0;
    }
    const double shared = w * h, area_d = d.w * d.h, area_t = t.w * t.h;
    return shared / (t.crowd ? area_d : area_d + area_t - shared);
  }

  [[nodiscard]] ImageResult evaluate_image(std::int64_t image, std::int64_t category,
                                           const std::array<double, 2>& range) const {
    std::vector<Truth> truths = rows_of(truths_, image, category);
    std::vector<Detection> detections = rows_of(detections_, image, category);
    ImageResult result;
    if (truths.empty() && detections.empty()) {
      return result;
    }
    const auto outside = [&](double area) { return area < range[0] || area > range[1]; };
    const auto ignored = [&](const Truth& t) { return t.crowd || outside(t.area); };
    std::stable_sort(truths.begin(), truths.end(),
                     [&](const Truth& a, const Truth& b) { return ignored(a) < ignored(b); });
    std::stable_sort(detections.begin(), detections.end(),
                     [](const Detection& a, const Detection& b) { return a.score > b.score; });
    detections.resize(std::min(detections.size(), params_.max_detections.back()));
    std::vector<std::vector<double>> ious(detections.size(), std::vector<double>(truths.size()));
    for (std::size_t d = 0; d < detections.size(); ++d) {
      for (std::size_t g = 0; g < truths.size(); ++g) {
        ious[d][g] = overlap(detections[d], truths[g]);
      }
    }
    result.truth_matches.assign(params_.thresholds.size(), std::vector<double>(truths.size()));
    result.detection_matches.assign(params_.thresholds.size(), std::vector<double>(detections.size()));
    result.detection_ignored = result.detection_matches;
    for (const Truth& t : truths) {
      result.truth_ignored.push_back(ignored(t) ? 1 : 0);
      result.truth_ids.push_back(t.id);
    }
    for (const Detection& d : detections) {
      result.scores.push_back(d.score);
      result.detection_ids.push_back(d.id);
    }
    for (std::size_t t = 0; t < params_.thresholds.size(); ++t) {
      std::vector<double>& of_truth = result.truth_matches[t];
      for (std::size_t d = 0; d < detections.size(); ++d) {
        double best = std::min(params_.thresholds[t], 1 - 1e-10);
        std::size_t match = truths.size();
        for (std::size_t g = 0; g < truths.size(); ++g) {
          if (of_truth[g] > 0 && !truths[g].crowd) {
            continue;
          }
          if (match < truths.size() && result.truth_ignored[match] == 0 && result.truth_ignored[g] == 1) {
            break;
          }
          if (ious[d][g] < best) {
            continue;
          }
          best = ious[d][g];
          match = g;
        }
        if (match < truths.size()) {
          result.detection_ignored[t][d] = result.truth_ignored[match];
          result.detection_matches[t][d] = static_cast<double>(truths[match].id);
          of_truth[match] = static_cast<double>(detections[d].id);
        }
        if (result.detection_matches[t][d] == 0 && outside(detections[d].w * detections[d].h)) {
          result.detection_ignored[t][d] = 1;
        }
      }
    }
    return result;
  }

  void accumulate_one(std::size_t k, std::size_t a, std::size_t m) {
    std::vector<const ImageResult*> kept;
    double positives = 0;
    for (std::size_t i = 0; i < images_.size(); ++i) {
      const ImageResult& one = result(k, a, i);
      kept.push_back(&one);
      positives += static_cast<double>(one.truth_ignored.size()) -
                   std::accumulate(one.truth_ignored.begin(), one.truth_ignored.end(), 0.0);
    }
    if (positives == 0) {
      return;
    }
    const std::size_t limit = params_.max_detections[m];
    std::vector<double> scores;
    for (const ImageResult* one : kept) {
      scores.insert(scores.end(), one->scores.begin(),
                    one->scores.begin() + static_cast<std::ptrdiff_t>(std::min(limit, one->scores.size())));
    }
    std::vector<std::size_t> order(scores.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t x, std::size_t y) { return scores[x] > scores[y]; });
    for (std::size_t t = 0; t < params_.thresholds.size(); ++t) {
      std::vector<double> matched, ignored;
      for (const ImageResult* one : kept) {
        for (std::size_t d = 0; d < std::min(limit, one->scores.size()); ++d) {
          matched.push_back(one->detection_matches[t][d]);
          ignored.push_back(one->detection_ignored[t][d]);
        }
      }
      std::vector<double> recalls, precisions;
      double hits = 0, misses = 0;
      for (const std::size_t d : order) {
        hits += matched[d] != 0 && ignored[d] == 0 ? 1 : 0;
        misses += matched[d] == 0 && ignored[d] == 0 ? 1 : 0;
        recalls.push_back(hits / positives);
        precisions.push_back(hits / (misses + hits + std::numeric_limits<double>::epsilon()));
      }
      for (std::size_t d = precisions.size(); d-- > 1;) {
        precisions[d - 1] = std::max(precisions[d - 1], precisions[d]);
      }
      recall[place(t, k, a, m)] = recalls.empty() ? 0 : recalls.back();
      for (std::size_t r = 0; r < 101; ++r) {
        const auto found = std::lower_bound(recalls.begin(), recalls.end(), static_cast<double>(r) * 0.01);
        precision[place(t, k, a, m) * 101 + r] =
            found == recalls.end() ? 0 : precisions[static_cast<std::size_t>(found - recalls.begin())];
      }
    }
  }

  Params params_;
  std::vector<std::int64_t> images_, categories_, keys_;
  std::map<std::pair<std::int64_t, std::int64_t>, std::vector<Truth>> truths_;
  std::map<std::pair<std::int64_t, std::int64_t>, std::vector<Detection>> detections_;
  std::vector<ImageResult> results_;
};

}  // namespace coco_loops
