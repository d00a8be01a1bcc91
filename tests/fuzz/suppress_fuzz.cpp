/// Suppression that lowers, merges or comes tile by tile, against the plain rounds of each.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <boxlap/nms/merge.hpp>
#include <boxlap/nms/soft.hpp>
#include <boxlap/nms/tiled.hpp>

#include "input.hpp"
#include "plain_nms.hpp"

using boxlap::Box;
using boxlap::Index;
using fuzz::at;

namespace {

/// The IoU, 0 where it is no number.
template <class T>
T overlap(const Box<T>& a, const Box<T>& b) {
  const bool extents = a.x1 < a.x2 && a.y1 < a.y2 && b.x1 < b.x2 && b.y1 < b.y2;
  const T q = plain::quotient(a, b);
  return extents && q > 0 ? q : T{0};
}

/// Choose the best, lower all others, again.
template <class T>
void check_soft(fuzz::Input& in) {
  boxlap::SoftNmsOptions options;
  options.decay = in.flag() ? boxlap::Decay::linear : boxlap::Decay::gaussian;
  options.iou_threshold = in.threshold();
  options.sigma = static_cast<double>(in.below(16) + 1) / 8;
  options.score_threshold = static_cast<double>(in.below(9)) / 16;
  const auto boxes = in.boxes<T>(150);
  auto scores = in.scores<T>(boxes.size(), false);
  for (T& score : scores) {
    score = std::isfinite(score) ? score : T{1};
  }
  if (options.iou_threshold != options.iou_threshold) {
    return;
  }
  auto current = scores;
  std::vector<bool> chosen(boxes.size());
  std::vector<Index> keep;
  std::vector<T> kept_scores;
  for (;;) {
    Index best = boxlap::none;
    for (std::size_t i = 0; i < boxes.size(); ++i) {
      if (!chosen[i] && (best == boxlap::none || current[i] > current[at(best)])) {
        best = static_cast<Index>(i);
      }
    }
    if (best == boxlap::none || static_cast<double>(current[at(best)]) < options.score_threshold) {
      break;
    }
    chosen[at(best)] = true;
    keep.push_back(best);
    kept_scores.push_back(current[at(best)]);
    for (std::size_t i = 0; i < boxes.size(); ++i) {
      const T value = overlap(boxes[at(best)], boxes[i]);
      if (chosen[i] || value == 0 || static_cast<double>(current[i]) < options.score_threshold) {
        continue;
      }
      if (options.decay == boxlap::Decay::linear) {
        current[i] *= static_cast<double>(value) > options.iou_threshold ? 1 - value : T{1};
      } else {
        current[i] *= std::exp(-(value * value) / static_cast<T>(options.sigma));
      }
    }
  }
  const auto got = boxlap::soft_nms(boxes, scores, options);
  fuzz::require(got.keep == keep, "soft_nms chooses as its rounds do", [&] {
    std::string rows = "decay " + std::to_string(static_cast<int>(options.decay)) + ", iou_threshold " +
                       std::to_string(options.iou_threshold) + ", score_threshold " +
                       std::to_string(options.score_threshold);
    for (std::size_t k = 0; k < boxes.size(); ++k) {
      std::array<char, 200> row{};
      const Box<double> b = boxlap::cast<double>(boxes[k]);
      std::snprintf(row.data(), row.size(), "\n%.9g %.9g %.9g %.9g score %.9g", b.x1, b.y1, b.x2, b.y2,
                    static_cast<double>(scores[k]));
      rows += row.data();
    }
    for (const auto* list : {&got.keep, &std::as_const(keep)}) {
      rows += "\n";
      for (const Index row : *list) {
        rows += std::to_string(row) + " ";
      }
    }
    return rows;
  });
  fuzz::require(got.scores == kept_scores, "scores are those of the rounds");
}

/// Score descending, equal ones by x1, y1, x2, y2 (NaN last), then by row: how SAHI 0.12.8 goes through its boxes.
template <class T>
std::vector<Index> sahi_order(const std::vector<Box<T>>& boxes, const std::vector<T>& scores) {
  std::vector<Index> order = plain::best_first(scores);
  const auto corners = [&](Index i) {
    const Box<T>& b = boxes[at(i)];
    return std::array<T, 4>{b.x1, b.y1, b.x2, b.y2};
  };
  std::stable_sort(order.begin(), order.end(), [&](Index i, Index j) {
    if (scores[at(i)] != scores[at(j)]) {
      return scores[at(i)] > scores[at(j)];
    }
    for (std::size_t k = 0; k < 4; ++k) {
      const T a = corners(i)[k], b = corners(j)[k];
      if (a < b || b < a || (a != a) != (b != b)) {
        return a < b || (a == a && b != b);
      }
    }
    return i < j;
  });
  return order;
}

template <class T>
void check_merge(fuzz::Input& in) {
  const bool supervision = in.flag();
  const double threshold = static_cast<double>(in.below(32) + 1) / 32;
  const auto boxes = in.boxes<T>(200);
  const auto scores = in.scores<T>(boxes.size(), false);
  const auto got = boxlap::merge_boxes(
      boxes, scores,
      {.threshold = threshold, .rule = supervision ? boxlap::MergeRule::supervision : boxlap::MergeRule::sahi_greedy});
  std::vector<std::vector<Index>> groups;
  for (std::vector<Index> order = supervision ? plain::best_first(scores) : sahi_order(boxes, scores), rest;
       !order.empty(); order = rest) {
    rest.clear();
    groups.push_back({order[0]});
    for (std::size_t k = 1; k < order.size(); ++k) {
      const bool taken = static_cast<double>(overlap(boxes[at(order[0])], boxes[at(order[k])])) >= threshold;
      (taken ? groups.back() : rest).push_back(order[k]);
    }
  }
  fuzz::require(got.boxes.size() == groups.size() && got.offsets.size() == groups.size() + 1,
                "there are as many objects as groups");
  for (std::size_t k = 0; k < groups.size(); ++k) {
    const std::vector<Index> members(got.members.begin() + got.offsets[k], got.members.begin() + got.offsets[k + 1]);
    fuzz::require(members == groups[k], "a group is the best row and what matches it");
    Box<T> around = boxes[at(members[0])];
    for (const Index row : members) {
      const Box<T>& b = boxes[at(row)];
      around = members.size() == 1 ? b
                                   : Box<T>{std::min(around.x1, b.x1), std::min(around.y1, b.y1),
                                            std::max(around.x2, b.x2), std::max(around.y2, b.y2)};
    }
    const Box<T>&merged = got.boxes[k], &best = boxes[at(members[0])];
    if (members.size() > 1) {
      fuzz::require(supervision ? merged == around
                                : around.x1 <= merged.x1 && merged.x1 <= best.x1 && around.y1 <= merged.y1 &&
                                      merged.y1 <= best.y1 && best.x2 <= merged.x2 && merged.x2 <= around.x2 &&
                                      best.y2 <= merged.y2 && merged.y2 <= around.y2,
                    "the box lies around its members");
    }
    fuzz::require(supervision || got.scores[k] == scores[at(members[0])], "a score is that of the best member");
  }
}

/// A division of the plane by vertical and horizontal lines, its tiles in any order.
void check_tiled(fuzz::Input& in) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const double threshold = in.threshold();
  const bool at_equal = in.rarely(4);
  std::vector<double> xs = {-infinity}, ys = {-infinity};
  for (auto* cuts : {&xs, &ys}) {
    for (int n = in.below(5); n > 0; --n) {
      cuts->push_back(cuts->back() == -infinity ? static_cast<double>(in.below(32))
                                                : cuts->back() + 1 + static_cast<double>(in.below(16)));
    }
    cuts->push_back(infinity);
  }
  auto boxes = in.boxes<float>(400);
  double longest = 0;
  std::erase_if(boxes, [&](const Box<float>& b) {
    bool plain_number = true;
    for (const float x : {b.x1, b.y1, b.x2, b.y2}) {
      plain_number = plain_number && std::abs(x) < 1e6f && (x == 0 || std::abs(x) > 1e-6f);
    }
    longest = std::max({longest, plain_number ? static_cast<double>(b.x2) - static_cast<double>(b.x1) : 0.0,
                        plain_number ? static_cast<double>(b.y2) - static_cast<double>(b.y1) : 0.0});
    return !plain_number;
  });
  const auto scores = in.scores<float>(boxes.size());
  const bool bounded = in.flag();
  if (threshold != threshold) {
    return;
  }
  std::vector<Box<double>> tiles;
  for (std::size_t i = 0; i + 1 < xs.size(); ++i) {
    for (std::size_t j = 0; j + 1 < ys.size(); ++j) {
      tiles.push_back({xs[i], ys[j], xs[i + 1], ys[j + 1]});
    }
  }
  for (std::size_t k = 1; k < tiles.size(); ++k) {
    std::swap(tiles[k], tiles[at(in.below(static_cast<int>(k + 1)))]);
  }
  const boxlap::NmsOptions options{.iou_threshold = threshold, .suppress_equal = at_equal};
  boxlap::TiledNms<Box<float>> tiled(options, bounded ? longest : infinity);
  std::vector<Box<float>> arrived;
  std::vector<float> arrived_scores;
  std::vector<Index> kept;
  for (const Box<double>& tile : tiles) {
    std::vector<Box<float>> own;
    std::vector<float> own_scores;
    for (std::size_t k = 0; k < boxes.size(); ++k) {
      const Box<float>& b = boxes[k];
      const double x = (static_cast<double>(b.x1) + static_cast<double>(b.x2)) / 2;
      const double y = (static_cast<double>(b.y1) + static_cast<double>(b.y2)) / 2;
      if (tile.x1 <= x && x < tile.x2 && tile.y1 <= y && y < tile.y2) {
        own.push_back(b);
        own_scores.push_back(scores[k]);
      }
    }
    arrived.insert(arrived.end(), own.begin(), own.end());
    arrived_scores.insert(arrived_scores.end(), own_scores.begin(), own_scores.end());
    for (const Index row : tiled.add(tile, own, own_scores)) {
      kept.push_back(row);
    }
  }
  for (const Index row : tiled.finish()) {
    kept.push_back(row);
  }
  std::sort(kept.begin(), kept.end());
  auto expected = plain::greedy(plain::best_first(arrived_scores), threshold, at_equal, [&](Index i, Index j) {
                    return plain::quotient(arrived[at(i)], arrived[at(j)]);
                  }).keep;
  std::sort(expected.begin(), expected.end());
  fuzz::require(kept == expected, "tiles together keep what nms keeps");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input in(data, size);
  switch (in.below(8)) {
    case 0:
      check_soft<float>(in);
      break;
    case 1:
      check_soft<double>(in);
      break;
    case 2:
      check_merge<float>(in);
      break;
    case 3:
      check_merge<double>(in);
      break;
    default:
      check_tiled(in);
  }
  return 0;
}
