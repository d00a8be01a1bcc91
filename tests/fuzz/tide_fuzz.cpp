/// TIDE's errors against their definition over the whole matrix of overlaps, and its gains against average precision
/// computed anew for each fix.
#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include <boxlap/evaluate/tide.hpp>

#include "plain_evaluate.hpp"

using boxlap::Index;
using boxlap::TideError;
using fuzz::at;

namespace {

constexpr std::size_t nothing = static_cast<std::size_t>(-1);

struct Found {
  std::size_t row = 0;
  bool correct = false, ignored = false;
  TideError error = TideError::background;
  bool gets_truth = false;  ///< fixed, it is a true positive of class `fixed`
  int fixed = 0;
};

struct Judged {
  std::vector<Found> found;
  std::vector<bool> unfound, missed;  ///< of each truth
};

Judged plain_tide(const plain::Scene& s, bool with_ignored, const boxlap::TideOptions& options) {
  const std::size_t n = s.truths.size();
  const auto ignored = [&](std::size_t t) { return with_ignored && s.difficult[t] != 0; };
  Judged judged;
  judged.unfound.assign(n, true);
  judged.missed.assign(n, true);
  auto order = plain::best_first(s.scores);
  order.resize(std::min(order.size(), at(std::max<Index>(options.max_detections, 0))));

  // The truth of the largest overlap among those that are not ignored and fit, the first of equal ones.
  const auto best = [&](std::size_t d, auto fits) {
    std::pair<std::size_t, double> result{nothing, 0};
    for (std::size_t t = 0; t < n; ++t) {
      const double iou = plain::overlap(s.truths[t], s.detections[d]);
      if (!ignored(t) && fits(t) && iou > result.second) {
        result = {t, iou};
      }
    }
    return result;
  };
  const auto same = [&](std::size_t t, std::size_t d) { return s.truth_labels[t] == s.detection_labels[d]; };
  for (const Index row : order) {
    const std::size_t d = at(row);
    Found found{.row = d};
    const auto [t, iou] = best(d, [&](std::size_t u) { return same(u, d) && judged.unfound[u]; });
    found.correct = iou >= options.positive;
    if (found.correct) {
      judged.unfound[t] = false;
    }
    for (std::size_t u = 0; u < n; ++u) {
      const auto &a = s.truths[u], &b = s.detections[d];
      const double w = std::min(a.x2, b.x2) - std::max(a.x1, b.x1), h = std::min(a.y2, b.y2) - std::max(a.y1, b.y1);
      if (!found.correct && ignored(u) && same(u, d) && w > 0 && h > 0) {
        found.ignored = found.ignored || w * h / ((b.x2 - b.x1) * (b.y2 - b.y1)) > options.positive;
      }
    }
    judged.found.push_back(found);
  }

  std::vector<bool> taken(n);
  for (Found& found : judged.found) {
    if (found.correct) {
      continue;
    }
    const std::size_t d = found.row;
    const auto own = best(d, [&](std::size_t t) { return same(t, d); });
    const auto other = best(d, [&](std::size_t t) { return !same(t, d); });
    const auto used = best(d, [&](std::size_t t) { return same(t, d) && !judged.unfound[t]; });
    std::size_t target = nothing;
    if (own.first != nothing && own.second >= options.background && own.second <= options.positive) {
      found.error = TideError::localization, target = own.first;
    } else if (other.second >= options.positive) {
      found.error = TideError::classification, target = other.first;
    } else if (used.second >= options.positive) {
      found.error = TideError::duplicate;
    } else if (own.second <= options.background && other.second <= options.background) {
      found.error = TideError::background;
    } else {
      found.error = TideError::both;
    }
    if (target != nothing && judged.unfound[target]) {
      judged.missed[target] = false;
      found.gets_truth = !taken[target];
      found.fixed = found.gets_truth ? s.truth_labels[target] : 0;
      taken[target] = true;
    }
  }
  for (std::size_t t = 0; t < n; ++t) {
    judged.unfound[t] = judged.unfound[t] && !ignored(t);
    judged.missed[t] = judged.missed[t] && judged.unfound[t];
  }
  return judged;
}

struct Truths {
  std::int64_t positives = 0, unfound = 0, missed = 0;
};

std::map<int, Truths> count_truths(const plain::Scene& s, const Judged& judged, bool with_ignored) {
  std::map<int, Truths> classes;
  for (std::size_t t = 0; t < s.truths.size(); ++t) {
    if (!(with_ignored && s.difficult[t] != 0)) {
      Truths& truths = classes[s.truth_labels[t]];
      ++truths.positives;
      truths.unfound += judged.unfound[t] ? 1 : 0;
      truths.missed += judged.missed[t] ? 1 : 0;
    }
  }
  return classes;
}

/// Mean over the classes that have a detection or a truth, in percent.
struct Curves {
  struct Point {
    double score;
    bool correct, was_correct;  ///< with what is fixed, and without
  };
  std::map<int, std::vector<Point>> points;
  std::map<int, std::int64_t> positives;

  /// false_first: among equal scores, what was false before anything was fixed.
  [[nodiscard]] double mean_ap(bool false_first) {
    double sum = 0;
    int classes = 0;
    for (auto& [label, count] : positives) {
      auto& list = points[label];
      std::stable_sort(list.begin(), list.end(), [&](const Point& a, const Point& b) {
        return a.score > b.score || (false_first && a.score == b.score && !a.was_correct && b.was_correct);
      });
      std::vector<boxlap::Outcome> outcomes;
      for (const Point& p : list) {
        outcomes.push_back(p.correct ? boxlap::Outcome::true_positive : boxlap::Outcome::false_positive);
      }
      classes += count > 0 || !list.empty() ? 1 : 0;
      sum += count > 0 ? plain::plain_ap(outcomes, static_cast<double>(count), boxlap::ApRule::exact_101) : 0;
    }
    return classes == 0 ? 0 : 100 * sum / classes;
  }
};

bool near(double a, double b) { return std::abs(a - b) <= 1e-9; }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input in(data, size);
  boxlap::TideOptions options;
  const double thresholds[] = {0.5, 0.75, 1, 0.25, 0.6, 1.0 / 3, 0.1, 0.95};
  options.positive = thresholds[in.below(8)];
  options.background = std::min(options.positive, thresholds[(in.below(8) + 6) % 8]);
  options.max_detections = in.rarely(4) ? in.below(12) - 1 : 100;
  const bool with_ignored = in.flag(), attained = in.flag();

  std::vector<plain::Scene> scenes;
  for (int images = in.below(4) + 1; images > 0; --images) {
    scenes.push_back(plain::draw_scene(in, 12, 24));
  }
  const auto& first = scenes.front();
  if (attained && !first.truths.empty() && !first.detections.empty()) {  // thresholds that a pair has exactly
    const double iou = plain::overlap(in.one_of(first.truths), first.detections[0]);
    options.positive = iou > 0 ? iou : options.positive;
    options.background = std::min(options.positive, options.background);
  }

  std::vector<boxlap::TideImage> images;
  std::vector<Judged> judged;
  std::vector<std::map<int, Truths>> classes;
  for (std::size_t k = 0; k < scenes.size(); ++k) {
    const plain::Scene& s = scenes[k];
    images.push_back(boxlap::tide_image(static_cast<std::int64_t>(k), boxlap::image_pairs(s.truths, s.detections),
                                        s.truth_labels, s.detection_labels, s.scores,
                                        with_ignored ? s.difficult : std::vector<std::uint8_t>{}, options));
    judged.push_back(plain_tide(s, with_ignored, options));
    classes.push_back(count_truths(s, judged[k], with_ignored));
    const boxlap::TideImage& image = images[k];
    fuzz::require(image.detections.size() == judged[k].found.size(), "the best max_detections are judged");
    for (std::size_t d = 0; d < image.detections.size(); ++d) {
      const boxlap::TideDetection& got = image.detections[d];
      const Found& expected = judged[k].found[d];
      fuzz::require(got.score == s.scores[expected.row] && got.category == s.detection_labels[expected.row] &&
                        got.correct == expected.correct && got.ignored == expected.ignored &&
                        got.error == expected.error && got.fix_finds == expected.gets_truth &&
                        (!got.fix_finds || got.fixed_category == expected.fixed),
                    "a detection has the error of the definition", [&] {
                      return "image " + std::to_string(k) + " row " + std::to_string(expected.row) + ": error " +
                             std::to_string(int(got.error)) + ", expected " + std::to_string(int(expected.error));
                    });
    }
    auto truths = image.truths.begin();
    fuzz::require(image.truths.size() == classes[k].size(), "each class of a truth is there once");
    for (const auto& [label, expected] : classes[k]) {
      fuzz::require(truths->category == label && truths->positives == expected.positives &&
                        truths->unfound == expected.unfound && truths->missed == expected.missed,
                    "truths are counted by class");
      ++truths;
    }
  }

  // change(found) is what a detection becomes: nothing, or a class, a score and whether it is right.
  const auto mean_ap = [&](bool false_first, auto change, auto positives) {
    Curves curves;
    for (std::size_t k = 0; k < scenes.size(); ++k) {
      for (const Found& found : judged[k].found) {
        change(found, scenes[k], [&](int label, double score, bool correct) {
          curves.points[label].push_back({score, correct, found.correct});
          curves.positives[label] += 0;
        });
      }
      for (const auto& [label, truths] : classes[k]) {
        curves.positives[label] += positives(truths);
      }
    }
    return curves.mean_ap(false_first);
  };
  const auto unchanged = [](const Found& f, const plain::Scene& s, auto add) {
    if (!f.ignored) {
      add(s.detection_labels[f.row], s.scores[f.row], f.correct);
    }
  };
  const auto all = [](const Truths& t) { return t.positives; };
  const double ap = mean_ap(false, unchanged, all);

  const auto reversed = std::vector<boxlap::TideImage>(images.rbegin(), images.rend());
  const auto summary = boxlap::tide_summary(in.flag() ? reversed : images);
  fuzz::require(near(summary.ap, ap), "average precision is its definition",
                [&] { return std::to_string(summary.ap) + ", expected " + std::to_string(ap); });
  for (std::size_t e = 0; e < boxlap::tide_errors; ++e) {
    const auto error = static_cast<TideError>(e);
    const auto fixed = [&](const Found& f, const plain::Scene& s, auto add) {
      if (f.correct || f.error != error) {
        unchanged(f, s, add);
      } else if (f.gets_truth) {
        add(f.fixed, s.scores[f.row], true);
      }
    };
    const double gain =
        mean_ap(true, fixed,
                [&](const Truths& t) { return t.positives - (error == TideError::missed ? t.missed : 0); }) -
        ap;
    std::int64_t count = 0;
    for (std::size_t k = 0; k < scenes.size(); ++k) {
      for (const Found& f : judged[k].found) {
        count += !f.correct && f.error == error ? 1 : 0;
      }
      for (const auto& [label, truths] : classes[k]) {
        count += error == TideError::missed ? truths.missed : 0;
      }
    }
    fuzz::require(near(summary.d_ap[e], std::max(gain, 0.0)) && summary.counts[e] == count,
                  "an error's gain and count are its definition's", [&] {
                    return std::to_string(e) + ": " + std::to_string(summary.d_ap[e]) + " of " +
                           std::to_string(summary.counts[e]) + ", expected " + std::to_string(gain) + " of " +
                           std::to_string(count);
                  });
  }
  const auto lowest = [](const Found& f, const plain::Scene& s, auto add) {
    if (!f.ignored) {
      add(s.detection_labels[f.row], f.correct ? 1 : 0, f.correct);
    }
  };
  const double without_false = mean_ap(true, lowest, all) - ap;
  const double all_found = mean_ap(true, unchanged, [](const Truths& t) { return t.positives - t.unfound; }) - ap;
  fuzz::require(near(summary.false_positives, without_false) && near(summary.false_negatives, all_found),
                "the two special gains are their definition's");
  return 0;
}
