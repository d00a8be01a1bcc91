/// Best matches between many anchors and few truths, in two streaming passes over their overlapping pairs.
///
/// Training compares 250,000 anchors with 500 truths. The dense way computes the whole IoU matrix (seconds, gigabytes)
/// and takes its row and column maxima. Here the overlapping pairs are a stream: a tree of the truths is built once,
/// anchors go through it in chunks, and each pair is measured and dropped. The first pass keeps the maxima of both
/// sides. Ties with a column's maximum can only be found when it is known, so a second pass measures again, but only
/// anchors whose own maximum is large enough to tie.
///
/// Cost: two joins; memory grows with the number of anchors and of truths, never with their pairs. Chunks are joined by
/// threads: an anchor belongs to one chunk, truths' maxima are raised atomically, and a maximum does not depend on the
/// order, so neither does the result.
#pragma once

#include <algorithm>
#include <atomic>
#include <mutex>
#include <span>
#include <type_traits>
#include <vector>

#include "../../base/detail/parallel.hpp"
#include "../../pairs/detail/packed_tree.hpp"
#include "../../pairs/detail/tree_join.hpp"
#include "../../pairs/shape_index.hpp"
#include "../../shape/overlap.hpp"

namespace boxlap::detail {

/// The overlapping pairs of many anchors with a few other shapes, as a stream.
///
/// Chunks of anchors are copied into plain vectors, so that the join is compiled once for each two kinds of shape, not
/// once for each range that holds them.
template <Shapes Anchors, Shape B>
class AnchorStream {
 public:
  static constexpr Index chunk_size = 4096;  // joins of this size stay in the second-level cache

  template <Shapes Others>
  AnchorStream(const Anchors& anchors, const Others& others, int threads)
      : anchors_(anchors), threads_(thread_count(threads)) {
    const Index n = rows_of(others, "truths");
    others_.reserve(at(n));
    for (Index g = 0; g < n; ++g) {
      others_.push_back(prepared(element(others, g)));
    }
    tree_ = tree_of_rows(others_);
  }

  [[nodiscard]] Index anchors() const { return rows_of(anchors_, "anchors"); }
  [[nodiscard]] std::size_t others() const noexcept { return others_.size(); }

  /// Calls visit(p, g, anchor, other) for each anchor p = row_at(0), ..., row_at(n - 1) and each other shape g whose
  /// bounds overlap. Several threads call it at once, but never with the same anchor.
  template <class RowAt, class Visit>
  void for_each_candidate(Index n, const RowAt& row_at, const Visit& visit) const {
    for_each_chunk(threads_, n / chunk_size + (n % chunk_size != 0 ? 1 : 0), [&](Index chunk) {
      const Index first = chunk * chunk_size, count = (std::min)(chunk_size, n - first);
      std::vector<Prepared<A>> anchors;
      anchors.reserve(at(count));
      for (Index k = 0; k < count; ++k) {
        anchors.push_back(prepared(element(anchors_, row_at(first + k))));
      }
      const PackedTree<T> tree = tree_of_rows(anchors);
      const TreeJoin<false, T> join(tree, tree_);
      auto take = [&](std::span<RowPair> found) {
        for (const auto& [slot, other_slot] : found) {
          const Index k = tree.row(slot), g = tree_.row(other_slot);
          if constexpr (is_box<A> && is_box<B>) {
            visit(row_at(first + k), g, tree.box(slot), tree_.box(other_slot));
          } else {
            visit(row_at(first + k), g, anchors[at(k)], others_[at(g)]);
          }
        }
        return true;
      };
      join.template find<PairsOf::slots>(0, tree.leaves(), PairSink(take));
    });
  }

 private:
  using A = Element<Anchors>;
  using T = std::common_type_t<BoundsScalar<A>, BoundsScalar<B>>;

  template <class S>
  [[nodiscard]] static Prepared<S> prepared(const S& shape) {
    if constexpr (Preparable<S>) {
      return prepare(shape);
    } else {
      return shape;
    }
  }

  template <class S>
  [[nodiscard]] static PackedTree<T> tree_of_rows(const std::vector<S>& rows) {
    PackingScratch scratch;
    return PackedTree<T>::packed(BoxRows<T>(rows, "rows"), false, scratch);
  }

  const Anchors& anchors_;
  int threads_;
  std::vector<Prepared<B>> others_;
  PackedTree<T> tree_;
};

/// The largest IoU of each anchor and of each truth, and the anchors that tie with the latter.
template <Shapes Anchors, Shapes Truths>
class AnchorScan {
 public:
  using R = Overlap<Element<Anchors>, Element<Truths>>;

  /// First pass: the largest IoU of each anchor and the truth it belongs to, the largest IoU of each truth. `excluded`
  /// is empty, or not 0 for anchors that take no part.
  AnchorScan(const Anchors& anchors, const Truths& truths, int threads, std::span<const unsigned char> excluded = {})
      : stream_(anchors, truths, threads), excluded_(excluded) {
    value_of_anchor.assign(at(stream_.anchors()), R{});
    truth_of_anchor.assign(at(stream_.anchors()), none);
    best_of_truth.assign(stream_.others(), R{});
    const auto every = [](Index p) { return p; };
    stream_.for_each_candidate(stream_.anchors(), every,
                               [this](Index p, Index g, const auto& anchor, const auto& truth) {
                                 if (is_excluded(p)) {
                                   return;
                                 }
                                 const R overlap = iou(anchor, truth);
                                 R& value = value_of_anchor[at(p)];
                                 Index& best = truth_of_anchor[at(p)];
                                 if (overlap > value || (overlap == value && g < best)) {
                                   value = overlap;
                                   best = g;
                                 }
                                 raise(best_of_truth[at(g)], overlap);
                               });
  }

  /// Second pass: visit(p, g) for each anchor p whose IoU with truth g is at least best_of_truth[g] * (1 - tolerance)
  /// and positive. Anchors that cannot tie with any truth are left out of it. One call at a time, in any order.
  template <class Visit>
  void for_each_best(double tolerance, const Visit& visit) const {
    const R share = static_cast<R>(1 - tolerance);
    R least = 0;
    for (const R best : best_of_truth) {
      least = least > 0 && !(best > 0 && best < least) ? least : best;
    }
    std::vector<Index> candidates;
    for (Index p = 0; p < static_cast<Index>(value_of_anchor.size()); ++p) {
      if (value_of_anchor[at(p)] > 0 && value_of_anchor[at(p)] >= least * share && !is_excluded(p)) {
        candidates.push_back(p);
      }
    }
    std::mutex one_at_a_time;
    const auto candidate = [&](Index k) { return candidates[at(k)]; };
    stream_.for_each_candidate(static_cast<Index>(candidates.size()), candidate,
                               [&](Index p, Index g, const auto& anchor, const auto& truth) {
                                 const R overlap = iou(anchor, truth);
                                 if (overlap > 0 && overlap >= best_of_truth[at(g)] * share) {
                                   const std::lock_guard lock(one_at_a_time);
                                   visit(p, g);
                                 }
                               });
  }

  [[nodiscard]] bool is_excluded(Index p) const { return !excluded_.empty() && excluded_[at(p)] != 0; }

  std::vector<R> value_of_anchor;      ///< 0 where an anchor overlaps nothing
  std::vector<Index> truth_of_anchor;  ///< the first truth of that value, or none
  std::vector<R> best_of_truth;        ///< 0 where a truth overlaps nothing

 private:
  /// Raises `value` to `to` unless it is larger, atomically.
  static void raise(R& value, R to) {
    const std::atomic_ref<R> shared(value);
    R known = shared.load(std::memory_order_relaxed);
    while (known < to && !shared.compare_exchange_weak(known, to, std::memory_order_relaxed)) {
    }
  }

  AnchorStream<Anchors, Element<Truths>> stream_;
  std::span<const unsigned char> excluded_;
};

}  // namespace boxlap::detail
