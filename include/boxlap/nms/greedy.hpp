/// Greedy suppression without a list of pairs: each detection asks the kept ones, and the first that answers ends it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "../core/index.hpp"
#include "detections.hpp"
#include "kept_boxes.hpp"
#include "kept_grid.hpp"

namespace boxlap::detail {

/// The kept detections: a list while it is short or its head answers quickly, a grid as soon as searching it is work.
template <class D>
class KeptIndex {
 public:
  using T = typename D::T;
  using Bound = typename D::Bound;

  explicit KeptIndex(const D& detections) : detections_(detections) {}

  /// Calls on_hit(kept) for kept detections that may suppress c until it returns true; then returns true.
  template <class OnHit>
  [[nodiscard]] bool search(const Candidate<T>& c, OnHit&& on_hit) {
    if (in_grid_) {
      return grid_->search(c, on_hit);
    }
    if (++searches_ % batch == 0 && list_.searched() > batch * worth_a_grid) {
      build_grid();
      return grid_->search(c, on_hit);
    }
    if (searches_ % batch == 0) {
      list_.restart_count();
    }
    return list_.search(c, on_hit);
  }

  void add(const Candidate<T>& c) {
    if (in_grid_) {
      grid_->add(c);
    } else {
      list_.add(c);
    }
  }

  /// Forgets what was kept, for the next class.
  void clear() {
    list_.clear();
    in_grid_ = false;
    searches_ = 0;
  }

 private:
  static constexpr std::uint32_t batch = 128;
  static constexpr std::uint32_t worth_a_grid = 44;  // blocks a search: the same time as a grid (measured)

  void build_grid() {
    if (!reach_) {
      reach_ = detections_.reach();
    }
    std::vector<double> sides;
    for_each_kept([&](const Candidate<T>& c) {
      sides.push_back(std::max(static_cast<double>(c.box.x2) - static_cast<double>(c.box.x1),
                               static_cast<double>(c.box.y2) - static_cast<double>(c.box.y1)));
    });
    const auto middle = sides.begin() + static_cast<std::ptrdiff_t>(sides.size() / 2);
    std::nth_element(sides.begin(), middle, sides.end());
    if (!grid_) {
      grid_.emplace();
    }
    grid_->start(*reach_, *middle);
    for_each_kept([&](const Candidate<T>& c) { grid_->add(c); });
    list_.clear();
    in_grid_ = true;
  }

  template <class Visit>
  void for_each_kept(Visit visit) const {
    for (const CandidateBlock<T>& block : list_.blocks()) {
      for (int k = 0; k < block.size; ++k) {
        visit(block[k]);
      }
    }
  }

  const D& detections_;
  KeptList<T, Bound> list_;
  std::optional<KeptGrid<T, Bound>> grid_;
  std::optional<Reach> reach_;
  std::uint32_t searches_ = 0;
  bool in_grid_ = false;
};

/// Greedy nms over `rows`, which are in the order of their scores: calls on_kept(row) for each that stays.
template <class D, class OnKept>
void suppress(const D& detections, KeptIndex<D>& kept, std::span<const Index> rows, OnKept on_kept) {
  using T = typename D::T;
  for (const Index row : rows) {
    bool takes_part = false;
    const Candidate<T> c = detections.candidate(row, takes_part);
    if (takes_part) {
      if (kept.search(c, [&](const Candidate<T>& other) { return detections.suppresses(other, c); })) {
        continue;
      }
      kept.add(c);
    }
    on_kept(row);
  }
}

/// Greedy nms where a value of 0 suppresses too, so that no index helps: each row asks every kept one.
///
/// IoU of boxes is here torchvision's own quotient, 0/0 = NaN included, which suppresses nothing; that of others is
/// iou(). O(n * kept) time, where kept is 1 unless quotients are NaN or the measure goes below 0.
template <class D, class OnKept>
void suppress_all_pairs(const D& detections, std::span<const Index> rows, OnKept on_kept) {
  std::vector<Index> kept;
  for (const Index row : rows) {
    const auto suppresses = [&](Index other) { return detections.suppresses_apart(other, row); };
    if (std::none_of(kept.begin(), kept.end(), suppresses)) {
      if (detections.answers_anew(kept, row)) {
        kept.push_back(row);
      }
      on_kept(row);
    }
  }
}

}  // namespace boxlap::detail
