/// Two streaming passes over the pairs of anchors and truths: who is whose best, and who ties with it.
#pragma once

#include <algorithm>
#include <atomic>
#include <mutex>
#include <vector>

#include "../core/parallel.hpp"
#include "../pairs/join.hpp"
#include "../pairs/shape_index.hpp"
#include "../shape/overlap.hpp"

namespace boxlap::detail {

/// IoU between anchors and truths, read as a stream: memory grows with anchors + truths, never with their pairs.
///
/// Anchors go through in chunks, each joined with one index of the truths. A chunk owns its anchors' results, and what
/// truths learn from chunks (maxima) does not depend on their order, so nothing depends on the number of threads.
template <class A, class B>
class AnchorScan {
 public:
  using R = Overlap<Element<A>, Element<B>>;

  /// First pass: the largest IoU of each anchor and whose it is, the largest IoU of each truth. Anchors for which
  /// excluded(p) is true take no part.
  template <class Excluded>
  AnchorScan(const A& anchors, const B& truths, int threads, const Excluded& excluded)
      : anchors_(anchors), truths_(truths), threads_(thread_count(threads)) {
    const Index n = rows_of(anchors, "anchors");
    value_of_anchor.assign(at(n), R{});
    truth_of_anchor.assign(at(n), none);
    best_of_truth.assign(at(rows_of(truths, "truths")), R{});
    for_each_iou(
        n, [](Index p) { return p; },
        [&](Index p, Index g, R iou) {
          if (excluded(p)) {
            return;
          }
          R& value = value_of_anchor[at(p)];
          Index& truth = truth_of_anchor[at(p)];
          if (iou > value || (iou == value && g < truth)) {
            value = iou;
            truth = g;
          }
          raise(best_of_truth[at(g)], iou);
        });
  }

  /// Second pass: visit(p, g) for each anchor p whose IoU with truth g is at least best_of_truth[g] * (1 - tolerance)
  /// and positive. Anchors that cannot tie with any truth are left out of it. One call at a time, in any order.
  template <class Excluded, class Visit>
  void for_each_best(double tolerance, const Excluded& excluded, const Visit& visit) const {
    const R share = static_cast<R>(1 - tolerance);
    R least = 0;
    for (const R best : best_of_truth) {
      least = least > 0 && !(best > 0 && best < least) ? least : best;
    }
    std::vector<Index> candidates;
    for (Index p = 0; p < static_cast<Index>(value_of_anchor.size()); ++p) {
      if (value_of_anchor[at(p)] > 0 && value_of_anchor[at(p)] >= least * share && !excluded(p)) {
        candidates.push_back(p);
      }
    }
    std::mutex one_at_a_time;
    for_each_iou(
        static_cast<Index>(candidates.size()), [&](Index k) { return candidates[at(k)]; },
        [&](Index p, Index g, R iou) {
          if (iou > 0 && iou >= best_of_truth[at(g)] * share) {
            const std::lock_guard lock(one_at_a_time);
            visit(p, g);
          }
        });
  }

  std::vector<R> value_of_anchor;      ///< 0 where an anchor overlaps nothing
  std::vector<Index> truth_of_anchor;  ///< the first truth of that value, or none
  std::vector<R> best_of_truth;        ///< 0 where a truth overlaps nothing

 private:
  static constexpr Index chunk_size = 8192;  // joins of this size stay in the second-level cache

  /// Calls use(p, g, iou) for p = anchor_at(0 .. n - 1) and each truth g that p meets.
  template <class AnchorAt, class Use>
  void for_each_iou(Index n, const AnchorAt& anchor_at, const Use& use) const {
    for_each_chunk(threads_, n / chunk_size + (n % chunk_size != 0 ? 1 : 0), [&](Index chunk) {
      const Index first = chunk * chunk_size;
      const auto rows =
          view(at((std::min)(chunk_size, n - first)), [&](Index k) { return element(anchors_, anchor_at(first + k)); });
      decltype(auto) prepared = prepare_all(rows);
      for_each_pair(prepared, truths_, [&](Index k, Index g) {
        use(anchor_at(first + k), g, iou(element(prepared, k), element(truths_, g)));
      });
    });
  }

  /// Raises `value` to `to`, whatever other threads do to it.
  static void raise(R& value, R to) {
    const std::atomic_ref<R> shared(value);
    R known = shared.load(std::memory_order_relaxed);
    while (known < to && !shared.compare_exchange_weak(known, to, std::memory_order_relaxed)) {
    }
  }

  const A& anchors_;
  ShapeIndex<Element<B>> truths_;
  int threads_;
};

/// No anchor is excluded.
struct NoneExcluded {
  constexpr bool operator()(Index) const noexcept { return false; }
};

}  // namespace boxlap::detail
