/// The oracle of merging: SAHI's and supervision's rules from their definitions, every row against every other.
#pragma once

#include <algorithm>
#include <numeric>
#include <tuple>
#include <type_traits>
#include <vector>

#include <boxlap/nms/merge.hpp>

#include "../support/scenes.hpp"

namespace plain {

using boxlap::Box;
using boxlap::Index;
using boxlap::MergeOptions;
using boxlap::MergeRule;

template <class T>
struct Merged {
  std::vector<std::vector<Index>> groups;
  std::vector<Box<T>> boxes;
  std::vector<double> scores;
};

template <class T>
auto corners(const Box<T>& b) {
  return std::tuple(b.x1, b.y1, b.x2, b.y2);
}

template <class T>
Box<double> widened(const Box<T>& b) {
  return {double(b.x1), double(b.y1), double(b.x2), double(b.y2)};
}

/// No NaN in boxes or scores.
template <class T, class M>
Merged<T> merge(const std::vector<Box<T>>& boxes, const std::vector<float>& scores, const MergeOptions& options, M m) {
  const bool current = options.rule == MergeRule::sahi_greedy || options.rule == MergeRule::sahi_nmm;
  const bool old_chain = options.rule == MergeRule::sahi_nmm_0_11_24;
  const bool supervision = options.rule == MergeRule::supervision;
  const auto n = Index(boxes.size());
  const auto box = [&](Index i) { return boxes[std::size_t(i)]; };
  const auto score = [&](Index i) { return scores[std::size_t(i)]; };
  std::vector<Index> order(boxes.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](Index i, Index j) {
    if (score(i) != score(j)) {
      return score(i) > score(j);
    }
    return current && corners(box(i)) != corners(box(j)) ? corners(box(i)) < corners(box(j)) : i < j;
  });
  const auto matches = [&](Index i, Index j) {
    const auto value = m(box(i), box(j));
    if constexpr (std::is_same_v<T, float>) {
      if (!supervision) {
        return value >= float(options.threshold);
      }
    }
    return double(value) >= options.threshold;
  };

  Merged<T> merged;
  std::vector<Index> keeper(boxes.size(), -1);
  std::vector<std::size_t> group_of(boxes.size());
  for (const Index i : order) {
    const bool is_keeper = keeper[std::size_t(i)] < 0;
    if (is_keeper) {
      keeper[std::size_t(i)] = i;
      group_of[std::size_t(i)] = merged.groups.size();
      merged.groups.push_back({i});
    } else if (options.rule == MergeRule::sahi_greedy || supervision) {
      continue;
    }
    std::vector<Index> candidates;
    if (options.rule == MergeRule::sahi_nmm) {
      for (Index j = 0; j < n; ++j) {
        const bool dominated = score(i) > score(j) || (score(i) == score(j) && !(corners(box(i)) < corners(box(j))));
        if (j != i && dominated) {
          candidates.push_back(j);
        }
      }
    } else {
      candidates = order;
      if (old_chain) {
        std::reverse(candidates.begin(), candidates.end());
      }
    }
    for (const Index j : candidates) {
      if (keeper[std::size_t(j)] < 0 && matches(i, j)) {
        keeper[std::size_t(j)] = keeper[std::size_t(i)];
        merged.groups[group_of[std::size_t(keeper[std::size_t(i)])]].push_back(j);
      }
    }
  }

  for (const auto& group : merged.groups) {
    Box<T> whole = box(group[0]);
    double best = double(score(group[0]));
    const auto size = [&](Index i) {
      const Box<double> b = widened(box(i));
      return (b.x2 - b.x1) * (b.y2 - b.y1);
    };
    double areas = size(group[0]), weighted = size(group[0]) * best;
    for (std::size_t k = 1; k < group.size(); ++k) {
      const Box<T> part = box(group[k]);
      if (supervision) {
        areas += size(group[k]);
        weighted += size(group[k]) * double(score(group[k]));
      } else {
        const double value = double(m(widened(whole), widened(part)));
        if (old_chain ? !(value > options.threshold) : !(value >= options.threshold)) {
          continue;
        }
      }
      whole = {std::min(whole.x1, part.x1), std::min(whole.y1, part.y1), std::max(whole.x2, part.x2),
               std::max(whole.y2, part.y2)};
    }
    merged.boxes.push_back(whole);
    merged.scores.push_back(supervision && areas > 0 ? weighted / areas : best);
  }
  return merged;
}

inline constexpr MergeRule merge_rules[] = {MergeRule::sahi_greedy, MergeRule::sahi_nmm, MergeRule::sahi_nmm_0_11_24,
                                            MergeRule::supervision};

}  // namespace plain
