/// Whether one ring is valid by itself, and the repairs that leave no doubt about what was meant.
///
/// Rules of OGC's simple features that need no second ring: finite coordinates within range, three distinct vertices,
/// an area, no spike. Closing vertices are dropped, equal neighbours too, and rings that turn the wrong way are
/// reversed; each repair but the first is reported. How rings lie beside one another is for polygon_sweep.hpp.
///
/// Defects name ring and vertex in the caller's numbers, counted before any repair: CheckedRing keeps the way back. The
/// range of coordinates is chosen so that no area overflows and no product that decides something underflows.
///
/// Cost: O(n) time, exact predicates; a row number a vertex where something was dropped.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "../../base/detail/error.hpp"
#include "../../base/index.hpp"
#include "../point.hpp"
#include "../ring_repair.hpp"
#include "predicates.hpp"

namespace boxlap::detail {

/// A ring on its way to be checked, with what is needed to speak of it in the caller's numbers.
template <class T>
struct CheckedRing {
  std::vector<Point<T>> points{};
  Index part = 0, hole = none;  ///< hole: none is the part's shell
  std::vector<Index> rows{};    ///< the caller's row of each vertex; empty: its own
  bool reversed = false;

  [[nodiscard]] Index row(std::size_t k) const noexcept {
    const std::size_t own = reversed ? points.size() - 1 - k : k;
    return rows.empty() ? static_cast<Index>(own) : rows[own];
  }
  /// The row where the side from vertex k to the next one starts in the caller's direction.
  [[nodiscard]] Index side_row(std::size_t k) const noexcept { return row(reversed ? (k + 1) % points.size() : k); }
};

/// The first thing that is wrong with rings, in the caller's words and numbers.
template <class T>
class DefectReport {
 public:
  DefectReport(const std::vector<CheckedRing<T>>& rings, bool many_parts) : rings_(rings), many_parts_(many_parts) {}

  [[nodiscard]] std::string name(std::size_t r) const {
    const CheckedRing<T>& ring = rings_[r];
    const std::string role = ring.hole == none ? "shell" : "hole " + std::to_string(ring.hole);
    return many_parts_ ? "part " + std::to_string(ring.part) + " " + role : role;
  }
  template <class... Parts>
  void say(const Parts&... parts) {
    if (!defect_) {
      defect_ = text_of(parts...);
    }
  }
  [[nodiscard]] bool found() const noexcept { return defect_.has_value(); }
  [[nodiscard]] const std::optional<std::string>& defect() const noexcept { return defect_; }

 private:
  const std::vector<CheckedRing<T>>& rings_;
  bool many_parts_;
  std::optional<std::string> defect_;
};

/// Drops the closing vertex, which says nothing, and equal neighbours, which are reported.
template <class T>
void drop_duplicates(CheckedRing<T>& ring, Index r, std::vector<RingRepair>& repairs) {
  using P = Point<T>;
  std::vector<P>& points = ring.points;
  if (points.size() > 1 && points.front() == points.back()) {
    points.pop_back();
  }
  const auto doubled = [&](std::size_t k) { return points[k] == points[k == 0 ? points.size() - 1 : k - 1]; };
  std::size_t k = 0;
  while (k < points.size() && !doubled(k)) {
    ++k;
  }
  if (k == points.size() || points.size() < 2) {
    return;
  }
  std::vector<P> kept;
  kept.reserve(points.size());
  ring.rows.reserve(points.size());
  for (k = 0; k < points.size(); ++k) {
    if (kept.empty() || kept.back() != points[k]) {
      kept.push_back(points[k]);
      ring.rows.push_back(static_cast<Index>(k));
    }
  }
  while (kept.size() > 1 && kept.front() == kept.back()) {
    kept.pop_back();
    ring.rows.pop_back();
  }
  points.swap(kept);
  repairs.push_back({r, Repair::dropped_duplicate});
}

/// What coordinates of a Polygon<T> may be: then no area overflows, no product that decides something underflows, and
/// the exact predicates are exact. Numbers of float are never too small for products in double.
template <class T>
inline constexpr double largest_coordinate = std::is_same_v<T, float> ? 1e18 : 1e150;
template <class T>
inline constexpr double smallest_coordinate = std::is_same_v<T, float> ? 0 : 1e-120;
template <class T>
inline constexpr const char* coordinate_range =
    std::is_same_v<T, float> ? "at most 1e18 in size" : "0 or 1e-120 to 1e150 in size";

template <class T>
[[nodiscard]] bool is_in_range(T coordinate) noexcept {
  const double size = std::abs(double{coordinate});
  return size <= largest_coordinate<T> && (size >= smallest_coordinate<T> || size == 0);
}

/// Checks ring r on its own, repairs what is meant in any case, and reports the first defect.
template <class T>
void check_alone(std::vector<CheckedRing<T>>& rings, std::size_t r, std::vector<RingRepair>& repairs,
                 DefectReport<T>& report) {
  using P = Point<T>;
  CheckedRing<T>& ring = rings[r];
  const std::vector<P>& points = ring.points;
  const std::size_t n = points.size();
  for (std::size_t k = 0; k < n; ++k) {
    if (!std::isfinite(points[k].x) || !std::isfinite(points[k].y)) {
      return report.say("not finite: ", report.name(r), " vertex ", ring.row(k));
    }
    const T both[] = {points[k].x, points[k].y};  // named: nvcc 13 fails on a list in the loop
    for (const T coordinate : both) {
      if (!is_in_range(coordinate)) {
        return report.say("out of range: ", report.name(r), " vertex ", ring.row(k), " has the coordinate ", coordinate,
                          ", expected ", coordinate_range<T>);
      }
    }
  }
  drop_duplicates(ring, static_cast<Index>(r), repairs);
  const std::size_t left = points.size();
  const auto in_two_places = [&](const P& p) { return p == points[0] || p == points[1]; };
  if (left < 3 || std::all_of(points.begin(), points.end(), in_two_places)) {
    return report.say("too few points: ", report.name(r), " has fewer than three distinct vertices");
  }
  if (std::all_of(points.begin(), points.end(),
                  [&](const P& p) { return orientation(points[0], points[1], p) == 0; })) {
    return report.say("zero area: all vertices of ", report.name(r), " are on one line");
  }
  for (std::size_t k = 0; k < left; ++k) {
    const P &a = points[(k + left - 1) % left], &b = points[k], &c = points[(k + 1) % left];
    if (lexicographic(a, b) != lexicographic(b, c) && orientation(a, b, c) == 0) {
      return report.say("spike: ", report.name(r), " runs out and back at vertex ", ring.row(k));
    }
  }
  const std::size_t first =
      static_cast<std::size_t>(std::min_element(points.begin(), points.end(), lexicographic<T>) - points.begin());
  const int turn = orientation(points[(first + left - 1) % left], points[first], points[(first + 1) % left]);
  if ((turn > 0) != (ring.hole == none)) {
    std::reverse(ring.points.begin(), ring.points.end());
    ring.reversed = true;
    repairs.push_back({static_cast<Index>(r), Repair::reversed});
  }
}

/// A ring without spikes that turns one way, once around: it cannot meet itself, and needs no sweep.
template <class T>
[[nodiscard]] bool is_convex(const std::vector<Point<T>>& points) noexcept {
  using P = Point<T>;
  const std::size_t n = points.size();
  int changes = 0, turns = 0;
  for (std::size_t k = 0; k < n; ++k) {
    const P &a = points[k], &b = points[k + 1 < n ? k + 1 : 0], &c = points[k + 2 < n ? k + 2 : k + 2 - n];
    const int turn = orientation(a, b, c);
    if (turn * turns < 0) {
      return false;
    }
    turns = turn != 0 ? turn : turns;
    changes += lexicographic(a, b) != lexicographic(b, c);
  }
  return changes == 2;
}

}  // namespace boxlap::detail
