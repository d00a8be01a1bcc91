/// An index of the detections that greedy nms has kept so far.
///
/// Each detection is compared with better, kept ones only, and its search ends at the first that suppresses it: so only
/// kept boxes are indexed, and no list of pairs is made. The index starts as a list, scanned in blocks of 8 boxes.
/// Where searches scan many blocks it becomes a hashed grid (kept_grid.hpp), and where cells fill up, a finer one. What
/// decides is the number of blocks that a batch of searches has scanned, not a guess about the scene.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "../../base/detail/compiler.hpp"
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

  /// Whether a kept detection suppresses c. Rows of tiles may be open (see Fate): the index holds these as ~row. An
  /// open row that would suppress c makes it open too, and the search goes on.
  [[nodiscard]] bool is_suppressed(const Candidate<T>& c, bool& open) {
    return search(c, [&](const Candidate<T>& other) {
      if (other.row >= 0) [[likely]] {
        return detections_.suppresses(other, c);
      }
      open = open || detections_.suppresses({other.box, other.need, ~other.row}, c);
      return false;
    });
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
      build_grid();
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
        build_grid();
      }
      list_.restart_count();
      return;
    }
    // At the finest cells a rebuild still helps if sizes have changed: worth trying when there are 4 times as many.
    if (grid_->searched() > batch * worth_finer_cells && (coarseness_ > 1 || size_ > 4 * size_at_build_)) {
      coarseness_ = (std::max)(1.0, coarseness_ / 2);
      build_grid();
    }
    grid_->restart_count();
  }

  /// Moves all kept detections to a grid that suits them.
  BOXLAP_NOINLINE void build_grid() {
    KeptList<T, Bound> copies;
    if (in_grid_) {
      grid_->copy_to(copies);
    }
    const KeptList<T, Bound>& kept = in_grid_ ? copies : list_;
    if (!reach_) {
      reach_ = detections_.extent().reach;
    }
    if (!grid_) {
      grid_.emplace();
    }
    std::vector<double> sides;
    sides.reserve(size_);
    kept.for_each([&](const Candidate<T>& c) { sides.push_back(BoxPlace(c.box).longer()); });
    grid_->start(*reach_, typical_side(sides), coarseness_);
    kept.for_each([&](const Candidate<T>& c) { grid_->add(c); });
    list_.clear();
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

}  // namespace boxlap::detail
