/// Whether rings form a valid polygon: one plane sweep over all of their sides, every decision exact.
///
/// Testing all pairs of sides is O(n^2). The sweep of Shamos and Hoey (1976) visits the vertices from left to right and
/// keeps the sides that cross the current x in a balanced tree, from bottom to top; only neighbours in the tree can be
/// the first to cross. The classic sweep stops at the first intersection. Valid polygons may touch in points, so here
/// all rings through a vertex are looked at together (ring_touches.hpp), and the sweep goes on where they touch without
/// crossing. The side below a ring's leftmost vertex tells in which ring it lies, which decides about holes and parts.
///
/// Cost: O(n log n) time, at most 130 bytes a vertex and 150 a ring while it runs. Exact predicates (predicates.hpp),
/// no tolerance: the first defect in order of x is reported, in the caller's numbers of rings and vertices.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "../../base/index.hpp"
#include "../point.hpp"
#include "predicates.hpp"
#include "ring_touches.hpp"
#include "ring_validity.hpp"

namespace boxlap {
namespace detail {

/// Checks shells, each followed by its holes: first each ring by itself, then all of them in one sweep from left to
/// right, then which ring lies in which.
template <class T>
class PolygonCheck {
 public:
  PolygonCheck(std::vector<CheckedRing<T>>& rings, bool many_parts)
      : rings_(rings), defects_(rings, many_parts), touches_(rings, defects_) {}

  /// What is wrong, or nothing. Turns the rings as they should be and reports which it turned.
  /// `turns_one_way` becomes true for a single ring that is convex.
  [[nodiscard]] std::optional<std::string> run(std::vector<RingRepair>& repairs, bool& turns_one_way) {
    for (std::size_t r = 0; r < rings_.size() && !defects_.found(); ++r) {
      check_alone(rings_, r, repairs, defects_);
    }
    turns_one_way = !defects_.found() && rings_.size() == 1 && is_convex(rings_[0].points);
    if (!defects_.found() && !turns_one_way) {
      sweep();
    }
    if (!defects_.found()) {
      check_nesting();
    }
    return defects_.defect();
  }

 private:
  using P = Point<T>;

  /// A side by its lexicographic ends.
  struct SweepSide {
    P left, right;
    Index ring, start;
    bool forward;  ///< the ring runs from left to right
  };
  struct Node {
    mutable Index side;  ///< a ring's next side takes the place of the one that ends
  };
  struct Below {
    using is_transparent = void;
    const std::vector<SweepSide>* sides;
    bool operator()(const Node& a, const Node& b) const noexcept {
      return a.side != b.side && is_below((*sides)[at(a.side)], (*sides)[at(b.side)]);
    }
    bool operator()(const Node& a, const P& p) const noexcept {
      const SweepSide& side = (*sides)[at(a.side)];
      return orientation(side.left, side.right, p) > 0;
    }
    bool operator()(const P& p, const Node& a) const noexcept {
      const SweepSide& side = (*sides)[at(a.side)];
      return orientation(side.left, side.right, p) < 0;
    }
    static bool is_below(const SweepSide& a, const SweepSide& b) noexcept {
      if (lexicographic(a.left, b.left)) {
        const int start = orientation(a.left, a.right, b.left);
        return (start != 0 ? start : orientation(a.left, a.right, b.right)) > 0;
      }
      const int start = orientation(b.left, b.right, a.left);
      return (start != 0 ? start : orientation(b.left, b.right, a.right)) < 0;
    }
  };
  using SweepStatus = std::set<Node, Below>;
  using Place = typename SweepStatus::iterator;

  // ---- the sweep: vertices in order of x, equal ones together

  void sweep() {
    std::vector<Index> first_side(rings_.size() + 1, 0);
    std::size_t vertices = 0;
    for (const CheckedRing<T>& ring : rings_) {
      vertices += ring.points.size();
    }
    sides_.reserve(vertices);
    for (std::size_t r = 0; r < rings_.size(); ++r) {
      const std::vector<P>& points = rings_[r].points;
      for (std::size_t k = 0; k < points.size(); ++k) {
        const P &a = points[k], &b = points[k + 1 < points.size() ? k + 1 : 0];
        const bool forward = lexicographic(a, b);
        sides_.push_back({forward ? a : b, forward ? b : a, static_cast<Index>(r), static_cast<Index>(k), forward});
      }
      first_side[r + 1] = static_cast<Index>(sides_.size());
    }
    first_side_ = std::move(first_side);
    std::vector<Index> order(sides_.size());
    for (std::size_t k = 0; k < order.size(); ++k) {
      order[k] = static_cast<Index>(k);
    }
    std::sort(order.begin(), order.end(), [&](Index a, Index b) { return lexicographic(vertex(a), vertex(b)); });
    status_ = SweepStatus(Below{&sides_});
    places_.assign(sides_.size(), status_.end());
    parents_.assign(rings_.size(), unknown);
    for (std::size_t k = 0; k < order.size() && !defects_.found();) {
      std::size_t end = k + 1;
      while (end < order.size() && vertex(order[end]) == vertex(order[k])) {
        ++end;
      }
      visit_point(std::span<const Index>(order).subspan(k, end - k));
      k = end;
    }
  }

  /// Vertices are numbered as the sides that start at them.
  [[nodiscard]] const P& vertex(Index v) const noexcept {
    const SweepSide& side = sides_[at(v)];
    return side.forward ? side.left : side.right;
  }
  [[nodiscard]] Index side_before(Index v) const noexcept {
    const std::size_t r = at(sides_[at(v)].ring);
    return v == first_side_[r] ? first_side_[r + 1] - 1 : v - 1;
  }

  void visit_point(std::span<const Index> vertices) {
    const P p = vertex(vertices[0]);
    if (vertices.size() == 1 && continue_side(vertices[0], p)) {
      return;
    }
    // The sides through p or ending at it are neighbours.
    const Place above = status_.upper_bound(p);
    std::vector<RingVisit<T>> visits;
    for (Place it = above; it != status_.begin();) {
      --it;
      const SweepSide& side = sides_[at(it->side)];
      if (orientation(side.left, side.right, p) != 0) {
        break;
      }
      if (side.right != p) {
        visits.push_back({side.ring, side.start, false, side.left, side.right});
      }
    }
    if (visits.size() + vertices.size() > 1) {
      for (const Index v : vertices) {
        const SweepSide& out = sides_[at(v)];
        const SweepSide& in = sides_[at(side_before(v))];
        visits.push_back(
            {out.ring, out.start, true, in.forward ? in.left : in.right, out.forward ? out.right : out.left});
      }
      touches_.check(p, visits);
      if (defects_.found()) {
        return;
      }
    }
    pass(vertices, p, above);
  }

  /// The common case: one side ends at p and the next one starts there, between the same neighbours. It takes the node
  /// of the first, which costs no change of the tree.
  [[nodiscard]] bool continue_side(Index v, const P& p) {
    const Index in = side_before(v);
    const bool in_ends = sides_[at(in)].right == p, out_ends = sides_[at(v)].right == p;
    if (in_ends == out_ends) {
      return false;
    }
    const Index ending = in_ends ? in : v, starting = in_ends ? v : in;
    const Place place = places_[at(ending)];
    const Place next = std::next(place);
    const auto through = [&](Place it) {
      const SweepSide& side = sides_[at(it->side)];
      return orientation(side.left, side.right, p) == 0;
    };
    if ((next != status_.end() && through(next)) || (place != status_.begin() && through(std::prev(place)))) {
      return false;
    }
    place->side = starting;
    places_[at(starting)] = place;
    check_neighbours(place);
    return true;
  }

  /// Takes out the sides that end at p and puts in those that start there.
  void pass(std::span<const Index> vertices, const P& p, Place above) {
    const auto each_side = [&](const auto& act) {
      for (const Index v : vertices) {
        act(v);
        act(side_before(v));
      }
    };
    each_side([&](Index side) {
      if (sides_[at(side)].right == p) {
        status_.erase(places_[at(side)]);
      }
    });
    std::vector<Index> started;
    each_side([&](Index side) {
      if (sides_[at(side)].left == p) {
        places_[at(side)] = status_.insert(above, Node{side});
        started.push_back(side);
      }
    });
    for (Place it = above; it != status_.begin(); --it) {  // all sides at p now, and their neighbours
      if (it != status_.end()) {
        check_crossing(*std::prev(it), *it);
      }
      const SweepSide& side = sides_[at(std::prev(it)->side)];
      if (orientation(side.left, side.right, p) != 0) {
        break;
      }
    }
    std::sort(started.begin(), started.end(),
              [&](Index a, Index b) { return Below::is_below(sides_[at(a)], sides_[at(b)]); });
    for (const Index side : started) {
      note_parent(side);
    }
  }

  void check_neighbours(Place place) {
    if (place != status_.begin()) {
      check_crossing(*std::prev(place), *place);
    }
    if (std::next(place) != status_.end()) {
      check_crossing(*place, *std::next(place));
    }
  }

  void check_crossing(const Node& lower, const Node& upper) {
    const SweepSide& a = sides_[at(lower.side)];
    const SweepSide& b = sides_[at(upper.side)];
    if (orientation(a.left, a.right, b.left) * orientation(a.left, a.right, b.right) < 0 &&
        orientation(b.left, b.right, a.left) * orientation(b.left, b.right, a.right) < 0) {
      touches_.report_crossing(a.ring, a.start, b.ring, b.start, "cross");
    }
  }

  /// At a ring's leftmost vertex the side below tells which ring it lies in.
  void note_parent(Index side) {
    const std::size_t r = at(sides_[at(side)].ring);
    if (parents_[r] != unknown) {
      return;
    }
    const Place place = places_[at(side)];
    if (place == status_.begin()) {
      parents_[r] = none;
      return;
    }
    const SweepSide& below = sides_[at(std::prev(place)->side)];
    const bool counter_clockwise = rings_[at(below.ring)].hole == none;
    parents_[r] = below.forward == counter_clockwise ? below.ring : parents_[at(below.ring)];
  }

  void check_nesting() {
    for (std::size_t r = 0; r < parents_.size() && !defects_.found(); ++r) {
      const CheckedRing<T>& ring = rings_[r];
      const Index parent = parents_[r];
      const CheckedRing<T>* outer = parent == none ? nullptr : &rings_[at(parent)];
      if (ring.hole == none) {
        if (outer != nullptr && outer->hole == none) {
          defects_.say("parts overlap: ", defects_.name(r), " lies in ", defects_.name(at(parent)));
        }
      } else if (outer != nullptr && outer->part == ring.part && outer->hole != none) {
        defects_.say("hole in hole: ", defects_.name(r), " lies in ", defects_.name(at(parent)));
      } else if (outer == nullptr || outer->part != ring.part) {
        defects_.say("hole outside: ", defects_.name(r), " does not lie in its shell");
      }
    }
  }

  static constexpr Index unknown = -2;

  std::vector<CheckedRing<T>>& rings_;
  DefectReport<T> defects_;
  RingTouches<T> touches_;
  std::vector<SweepSide> sides_;
  std::vector<Index> first_side_;
  SweepStatus status_{Below{&sides_}};
  std::vector<Place> places_;
  std::vector<Index> parents_;
};

/// Checks the rings: see PolygonCheck::run(), whose memory is free again when this returns.
template <class T>
[[nodiscard]] std::optional<std::string> check_polygon(std::vector<CheckedRing<T>>& rings, bool many_parts,
                                                       std::vector<RingRepair>& repairs, bool& turns_one_way) {
  return PolygonCheck<T>(rings, many_parts).run(repairs, turns_one_way);
}

}  // namespace detail
}  // namespace boxlap
