/// The regions of the tiles that were added to a TiledNms: which overlap, and what they cover together.
///
/// A row is decided when the window of its possible partners lies in regions that were seen. Regions are disjoint, so
/// that is a matter of areas: the window is covered when the parts it shares with regions add up to it. The regions
/// near a window come from the grid that also holds kept boxes.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>
#include <vector>

#include "../../base/detail/error.hpp"
#include "../../base/index.hpp"
#include "../../shape/box.hpp"
#include "../measure.hpp"
#include "kept_boxes.hpp"
#include "kept_grid.hpp"

namespace boxlap::detail {

/// Boxes that share more than a border; nothing else is known of them.
struct AnyOverlap {};

/// Rectangles that come and go, found by place. Infinite ones too.
using RectangleGrid = KeptGrid<double, Bound<AnyOverlap>>;

/// Coordinates of rectangles are infinite or at most this in size: a product of two sides is finite.
inline constexpr double farthest_border = 1e150;

/// Every coordinate is infinite or at most farthest_border in size.
[[nodiscard]] inline bool borders_are_in_range(const Box<double>& box) noexcept {
  const auto in_range = [](double x) {
    const double size = std::abs(x);
    return size <= farthest_border || size > (std::numeric_limits<double>::max)();
  };
  return in_range(box.x1) && in_range(box.y1) && in_range(box.x2) && in_range(box.y2);
}

/// A rectangle of numbers that a grid can compute with.
[[nodiscard]] inline Candidate<double> rectangle(const Box<double>& box, Index row) noexcept {
  const auto clipped = [](double x) { return (std::min)((std::max)(x, -farthest_border), farthest_border); };
  return {{clipped(box.x1), clipped(box.y1), clipped(box.x2), clipped(box.y2)}, 0, row};
}

[[nodiscard]] inline bool overlap_inside(const Box<double>& a, const Box<double>& b) noexcept {
  return (std::max)(a.x1, b.x1) < (std::min)(a.x2, b.x2) && (std::max)(a.y1, b.y1) < (std::min)(a.y2, b.y2);
}

/// The sides [a1, a2] and [b1, b2] share more than rounded borders do: more than a millionth of the shorter finite
/// side, and than 2^-22 of the border itself, as float borders are rounded; or half of a side.
[[nodiscard]] inline bool sides_overlap(double a1, double a2, double b1, double b2) noexcept {
  const double first = (std::max)(a1, b1), last = (std::min)(a2, b2), side = (std::min)(a2 - a1, b2 - b1);
  const double border = (std::min)(std::abs(first), std::abs(last));
  const auto part_of = [](double size, double share) { return size <= farthest_border ? share * size : 0; };
  return last - first > (std::min)(0.5 * side, (std::max)(part_of(side, 1e-6), part_of(border, 0x1p-22)));
}

/// The regions of the tiles seen so far, which do not overlap.
class Regions {
 public:
  /// Throws for a region without extent, out of range, or that overlaps another by more than rounded borders do.
  void check(const Box<double>& region) {
    if (!has_extent(region)) {
      invalid("the region is empty, inverted or NaN");
    }
    if (!borders_are_in_range(region)) {
      invalid("the region has a finite border beyond 1e150");
    }
    if (const Index other = overlapping(region); other != none) {
      const Box<double>& seen = regions_[at(other)];
      invalid("the region of tile ", size(), ", (", region.x1, ", ", region.y1, ", ", region.x2, ", ", region.y2,
              "), overlaps that of tile ", other, ", (", seen.x1, ", ", seen.y1, ", ", seen.x2, ", ", seen.y2,
              "): cut overlapping windows at the middle of what they share, and give each detection to the region ",
              "that holds its centre");
    }
  }

  void add(const Box<double>& region) {
    regions_.push_back(region);
    put(size() - 1);
    bounds_ = {(std::min)(bounds_.x1, region.x1), (std::min)(bounds_.y1, region.y1), (std::max)(bounds_.x2, region.x2),
               (std::max)(bounds_.y2, region.y2)};
  }

  /// Forgets all regions but the first `count`.
  void truncate(Index count) noexcept {
    regions_.resize(at(count));
    grid_is_right_ = false;
  }

  [[nodiscard]] Index size() const noexcept { return static_cast<Index>(regions_.size()); }

  /// The open window lies in the union. What a region does not cover of it is cut into at most four windows.
  [[nodiscard]] bool cover(const Box<double>& window) {
    if (!(bounds_.x1 <= window.x1 && bounds_.y1 <= window.y1 && window.x2 <= bounds_.x2 && window.y2 <= bounds_.y2)) {
      return false;
    }
    close_.clear();
    const auto note = [&](const Candidate<double>& other) {
      close_.push_back(regions_[at(other.row)]);
      return false;
    };
    (void)grid_.search(rectangle(window, none), note);
    rests_.assign(1, {window, 0});
    while (!rests_.empty()) {
      auto [w, k] = rests_.back();
      rests_.pop_back();
      while (k < close_.size() && !overlap_inside(w, close_[k])) {
        ++k;
      }
      if (k == close_.size()) {
        return false;
      }
      const Box<double>& part = close_[k];
      const double x1 = (std::max)(w.x1, part.x1), x2 = (std::min)(w.x2, part.x2);
      for (const Box<double>& rest : {Box<double>{w.x1, w.y1, x1, w.y2}, Box<double>{x2, w.y1, w.x2, w.y2},
                                      Box<double>{x1, w.y1, x2, (std::max)(w.y1, part.y1)},
                                      Box<double>{x1, (std::min)(w.y2, part.y2), x2, w.y2}}) {
        if (has_extent(rest)) {
          rests_.push_back({rest, k + 1});
        }
      }
    }
    return true;
  }

 private:
  struct Rest {
    Box<double> window;
    std::size_t next;
  };

  [[nodiscard]] Index overlapping(const Box<double>& region) {
    make_grid();
    Index found = none;
    const auto check = [&](const Candidate<double>& c) {
      const Box<double>& other = regions_[at(c.row)];
      if (sides_overlap(region.x1, region.x2, other.x1, other.x2) &&
          sides_overlap(region.y1, region.y2, other.y1, other.y2)) {
        found = c.row;
      }
      return found != none;
    };
    (void)grid_.search(rectangle(region, none), check);
    return found;
  }

  void put(Index tile) {
    const Candidate<double> c = rectangle(regions_[at(tile)], tile);
    if (tile == 0) {
      grid_.start(Reach::meeting(), BoxPlace(c.box).longer(), 1);
    }
    grid_.add(c);
  }

  /// After truncate().
  void make_grid() {
    if (grid_is_right_) {
      return;
    }
    Regions anew;
    anew.regions_.reserve(regions_.size());
    for (const Box<double>& region : regions_) {
      anew.add(region);
    }
    *this = std::move(anew);
  }

  RectangleGrid grid_;
  bool grid_is_right_ = true;
  Box<double> bounds_ = {std::numeric_limits<double>::infinity(), std::numeric_limits<double>::infinity(),
                         -std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()};  // of all
  std::vector<Box<double>> regions_, close_;
  std::vector<Rest> rests_;
};

}  // namespace boxlap::detail
