/// Greedy suppression without a list of pairs: each detection searches an index of the kept ones until the first hit.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "../../base/index.hpp"
#include "detections.hpp"
#include "kept_boxes.hpp"
#include "kept_grid.hpp"

namespace boxlap::detail {

/// The kept detections: a list while that is short or its head answers quickly, then a grid of cells that are made
/// finer as they fill up. What decides is the work that searches turn out to be, counted over a batch of them.
template <class D>
class KeptIndex {
 public:
  using T = typename D::T;
  using Bound = typename D::Bound;

  explicit KeptIndex(const D& detections) : detections_(detections) {}
  KeptIndex(const D& detections, const Reach& reach) : detections_(detections), reach_(reach) {}

  /// Calls on_hit(kept) for kept detections that may suppress c until it returns true; then returns true.
  template <class OnHit>
  [[nodiscard]] bool search(const Candidate<T>& c, OnHit&& on_hit) {
    if (++searches_ == batch) {
      searches_ = 0;
      adapt();
    }
    return in_grid_ ? grid_->search(c, on_hit) : list_.search(c, on_hit);
  }

  void add(const Candidate<T>& c) {
    ++size_;
    if (in_grid_) {
      grid_->add(c);
    } else {
      list_.add(c);
    }
  }

  /// Makes the grid now, for searches that begin when all is added.
  void finish() {
    if (!in_grid_ && size_ > 256) {
      coarseness_ = 2;
      build_grid([&](auto visit) { list_.for_each(visit); });
      list_.clear();
    }
  }

  /// Forgets what was kept, for the next class or tile.
  void clear() {
    list_.clear();
    in_grid_ = false;
    searches_ = 0;
    size_ = 0;
  }

 private:
  static constexpr std::uint32_t batch = 128;
  static constexpr std::size_t worth_a_grid = 10, worth_finer_cells = 5;  // blocks a search (measured)

  void adapt() {
    if (!in_grid_) {
      if (list_.searched() > batch * worth_a_grid) {
        coarseness_ = 4;
        build_grid([&](auto visit) { list_.for_each(visit); });
        list_.clear();
      }
      list_.restart_count();
      return;
    }
    // At the finest cells a rebuild still helps if sizes have changed: worth trying when there are 4 times as many.
    if (grid_->searched() > batch * worth_finer_cells && (coarseness_ > 1 || size_ > 4 * size_at_build_)) {
      coarseness_ = (std::max)(1.0, coarseness_ / 2);
      std::vector<Candidate<T>> kept;
      kept.reserve(size_);
      grid_->for_each([&](const Candidate<T>& c) { kept.push_back(c); });
      build_grid([&](auto visit) { std::for_each(kept.begin(), kept.end(), visit); });
    }
    grid_->restart_count();
  }

  template <class ForEach>
  void build_grid(ForEach for_each_kept) {
    if (!reach_) {
      reach_ = detections_.extent().reach;
    }
    std::vector<double> sides;
    sides.reserve(size_);
    for_each_kept([&](const Candidate<T>& c) {
      sides.push_back((std::max)(static_cast<double>(c.box.x2) - static_cast<double>(c.box.x1),
                                 static_cast<double>(c.box.y2) - static_cast<double>(c.box.y1)));
    });
    const double typical = typical_side(sides);
    if (!grid_) {
      grid_.emplace();
    }
    grid_->start(*reach_, typical, coarseness_);
    for_each_kept([&](const Candidate<T>& c) { grid_->add(c); });
    in_grid_ = true;
    size_at_build_ = size_;
  }

  const D& detections_;
  KeptList<T, Bound> list_;
  std::optional<KeptGrid<T, Bound>> grid_;
  std::optional<Reach> reach_;
  std::size_t size_ = 0, size_at_build_ = 0;
  double coarseness_ = 4;
  std::uint32_t searches_ = 0;
  bool in_grid_ = false;
};

/// Calls visit(candidate, takes_part) for each of `rows`. Scores scatter rows over memory: reading a few of them ahead
/// lets the cache misses overlap.
template <class D, class Visit>
void for_each_candidate(const D& detections, std::span<const Index> rows, Visit visit) {
  constexpr std::size_t ahead = 32;
  std::array<Candidate<typename D::T>, ahead> candidates;
  std::array<bool, ahead> takes_part;
  for (std::size_t first = 0; first < rows.size(); first += ahead) {
    const std::size_t count = (std::min)(ahead, rows.size() - first);
    for (std::size_t k = 0; k < count; ++k) {
      candidates[k] = detections.candidate(rows[first + k], takes_part[k]);
    }
    for (std::size_t k = 0; k < count; ++k) {
      visit(candidates[k], takes_part[k]);
    }
  }
}

/// Greedy nms over `rows`, which are in the order of their scores: calls on_kept(row) for each that stays.
template <class D, class OnKept>
void suppress(const D& detections, KeptIndex<D>& kept, std::span<const Index> rows, OnKept on_kept) {
  using T = typename D::T;
  for_each_candidate(detections, rows, [&](const Candidate<T>& c, bool takes_part) {
    if (takes_part) {
      if (kept.search(c, [&](const Candidate<T>& other) { return detections.suppresses(other, c); })) {
        return;
      }
      kept.add(c);
    }
    on_kept(c.row);
  });
}

/// Greedy nms where a value of 0 suppresses too, so that no index helps: each row is compared with every kept one.
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
