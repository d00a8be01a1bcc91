/// The matrix of a join of shapes that are no boxes.
///
/// Their overlaps cost far more than finding candidates, so each is measured once, where it is found, and the entries
/// are sorted at the end. Candidates are gathered in batches: a batch is few enough that its shapes are still in the
/// cache when they are measured, and a shape type with a kernel for many pairs at once gets them all.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "../../shape/overlap.hpp"
#include "block_overlap.hpp"
#include "collect_chunks.hpp"
#include "range_join.hpp"
#include "sorted_matrix.hpp"

namespace boxlap::detail {

/// The shared areas of pairs of rows, in a batch where the shapes have a kernel for it.
template <class A, class B, class R>
void shared_areas(const A& a, const B& b, const std::vector<RowPair>& candidates, std::vector<R>& shared) {
  shared.resize(candidates.size());
  if constexpr (BatchOverlapping<Element<A>, Element<B>, R> && ContiguousRows<A> && ContiguousRows<B>) {
    intersection_areas(as_span(a), as_span(b), std::span(candidates), std::span(shared));
  } else {
    for (std::size_t k = 0; k < candidates.size(); ++k) {
      shared[k] = static_cast<R>(intersection_area(element(a, candidates[k].first), element(b, candidates[k].second)));
    }
  }
}

/// Measures the candidate pairs of a join, and lists those that are kept.
template <class Join, class Measure, class R>
class ShapeEntries {
 public:
  ShapeEntries(const Join& join, const Measure& measure, R least, std::vector<Entry<R>>& entries) noexcept
      : join_(join), measure_(measure), least_(least), entries_(entries) {}

  void add(std::span<const RowPair> candidates) {
    for (const auto& [i, j] : candidates) {
      candidates_.emplace_back(i, j);
      prefetch(join_.rows_a, i);
      prefetch(join_.rows_b, j);
      if (candidates_.size() == batch) {
        measure_all();
      }
    }
  }
  void measure_all() {
    shared_areas(join_.rows_a, join_.rows_b, candidates_, shared_);
    for (std::size_t k = 0; k < candidates_.size(); ++k) {
      if (shared_[k] > 0) {
        const auto [i, j] = candidates_[k];
        const R area_a = area_in<R>(element(join_.rows_a, i)), area_b = area_in<R>(element(join_.rows_b, j));
        keep(i, j, measured<R>(measure_, shared_[k], area_a, area_b));
        if constexpr (Join::of_self) {
          keep(j, i, measured<R>(measure_, shared_[k], area_b, area_a));
        }
      }
    }
    candidates_.clear();
  }

 private:
  static constexpr std::size_t batch = 512;  // few enough that shapes stay near from finding to measuring (measured)

  void keep(Index i, Index j, R value) {
    if (value >= least_) {
      entries_.push_back({i, j, value});
    }
  }

  const Join& join_;
  const Measure& measure_;
  R least_;
  std::vector<Entry<R>>& entries_;
  std::vector<RowPair> candidates_;
  std::vector<R> shared_;
};

template <class R, class Join, class Measure>
[[nodiscard]] Csr<R> shape_matrix(const Join& join, Index rows, Index cols, const Measure& measure, double min,
                                  Team& team) {
  const PairSource source = join.source();
  const auto collect_chunk = [&](Index chunk, std::vector<Entry<R>>& entries, const auto&) {
    ShapeEntries<Join, Measure, R> found(join, measure, least_kept<R>(min), entries);
    auto take = [&](std::span<RowPair> candidates) {
      found.add(candidates);
      return true;
    };
    source.find_rows(chunk, PairSink(take));
    found.measure_all();
  };
  Collected<Entry<R>> entries = collect_chunks<Entry<R>>(source.chunks(), team, 0, most_pairs_of_all, collect_chunk);
  check_pairs(entries.size);
  return csr_of_entries(entries.items(), rows, cols, team);
}

}  // namespace boxlap::detail
