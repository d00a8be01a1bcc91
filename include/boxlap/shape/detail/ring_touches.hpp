/// What happens where several rings pass through one point, or one ring twice: touching is valid, crossing is not.
///
/// At such a point each ring has two rays, the one it comes from and the one it leaves on. Sorted by angle, with exact
/// predicates, the rays of rings that only touch are nested like parentheses; a ray that closes before its partner
/// crosses. A stack finds that in one pass. Rings of one part that touch must also keep its inside connected: the rings
/// are nodes, each touch joins two of them, and the first touch within one component closes a cycle that cuts the part
/// in two (union-find).
///
/// Cost: O(k log k) for k rings at a point. Reports the first defect, with the numbers of rings and vertices as given.
#pragma once

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <utility>
#include <vector>

#include "../../base/index.hpp"
#include "../point.hpp"
#include "predicates.hpp"
#include "ring_validity.hpp"

namespace boxlap::detail {

/// A ring passing through a point: where it comes from and where it goes.
template <class T>
struct RingVisit {
  Index ring, start;  ///< start: the vertex at the point, or where the side through it starts
  bool vertex;
  Point<T> before, after;
};

/// Judges meetings of rings one by one and remembers which rings of a part hang together. Reports the first defect.
template <class T>
class RingTouches {
 public:
  RingTouches(const std::vector<CheckedRing<T>>& rings, DefectReport<T>& defects)
      : rings_(rings), defects_(defects), links_(rings.size()) {
    std::iota(links_.begin(), links_.end(), std::size_t{0});
  }

  /// Two sides, by their rings and the vertices where they start, that cross.
  void report_crossing(Index ring_a, Index start_a, Index ring_b, Index start_b, const char* how) {
    if (ring_b < ring_a || (ring_a == ring_b && start_b < start_a)) {
      std::swap(ring_a, ring_b);
      std::swap(start_a, start_b);
    }
    const CheckedRing<T>&a = rings_[at(ring_a)], &b = rings_[at(ring_b)];
    Index row_a = a.side_row(at(start_a)), row_b = b.side_row(at(start_b));
    if (ring_a == ring_b) {
      return defects_.say("self-intersection: sides ", (std::min)(row_a, row_b), " and ", (std::max)(row_a, row_b),
                          " of ", defects_.name(at(ring_a)), " ", how);
    }
    const char* const kind = a.part != b.part ? "parts overlap" : a.hole == none ? "hole crosses shell" : "holes cross";
    defects_.say(kind, ": side ", row_a, " of ", defects_.name(at(ring_a)), " and side ", row_b, " of ",
                 defects_.name(at(ring_b)), " ", how);
  }

  /// Several rings, or one ring twice, at one point: only rings that touch without crossing may stay.
  void check(const Point<T>& p, std::vector<RingVisit<T>>& visits) {
    std::sort(visits.begin(), visits.end(),
              [](const RingVisit<T>& a, const RingVisit<T>& b) { return a.ring < b.ring; });
    for (std::size_t k = 1; k < visits.size(); ++k) {
      const RingVisit<T>&a = visits[k - 1], &b = visits[k];
      if (a.ring == b.ring) {
        const CheckedRing<T>& ring = rings_[at(a.ring)];
        return defects_.say(
            "self-touch: ", defects_.name(at(a.ring)), " touches itself at vertex ",
            ring.row(at(a.vertex ? a.start : b.start)), a.vertex && b.vertex ? " and vertex " : " and side ",
            a.vertex && b.vertex ? ring.row(at(b.start)) : ring.side_row(at(a.vertex ? b.start : a.start)));
      }
    }
    check_rays(p, visits);
    if (!defects_.found()) {
      link(visits);
    }
  }

 private:
  using P = Point<T>;

  /// Goes around p: the two rays of a ring must not be separated by those of another, nor coincide with one.
  void check_rays(const P& p, const std::vector<RingVisit<T>>& visits) {
    struct Ray {
      P to;
      std::size_t visit;
    };
    std::vector<Ray> rays;
    for (std::size_t k = 0; k < visits.size(); ++k) {
      rays.push_back({visits[k].before, k});
      rays.push_back({visits[k].after, k});
    }
    std::sort(rays.begin(), rays.end(), [&](const Ray& a, const Ray& b) {
      const bool right_a = lexicographic(p, a.to), right_b = lexicographic(p, b.to);
      return right_a != right_b ? right_a : orientation(p, a.to, b.to) > 0;
    });
    std::vector<std::size_t> open;
    for (std::size_t k = 0; k < rays.size(); ++k) {
      const Ray& ray = rays[k];
      if (k > 0 && lexicographic(p, rays[k - 1].to) == lexicographic(p, ray.to) &&
          orientation(p, rays[k - 1].to, ray.to) == 0) {
        return report_shared_side(visits[rays[k - 1].visit], visits[ray.visit]);
      }
      if (!open.empty() && open.back() == ray.visit) {
        open.pop_back();
      } else if (std::find(open.begin(), open.end(), ray.visit) == open.end()) {
        open.push_back(ray.visit);
      } else {
        const RingVisit<T>&a = visits[open.back()], &b = visits[ray.visit];
        return report_crossing(a.ring, a.start, b.ring, b.start, "cross in a vertex");
      }
    }
  }

  void report_shared_side(const RingVisit<T>& a, const RingVisit<T>& b) {
    const RingVisit<T>&first = a.ring < b.ring ? a : b, &second = a.ring < b.ring ? b : a;
    const CheckedRing<T>&ring_a = rings_[at(first.ring)], &ring_b = rings_[at(second.ring)];
    const char* const kind = ring_a.part != ring_b.part ? "parts share a side"
                             : ring_a.hole == none      ? "hole shares a side with its shell"
                                                        : "holes share a side";
    defects_.say(kind, ": ", defects_.name(at(first.ring)), " near vertex ", ring_a.row(at(first.start)), ", ",
                 defects_.name(at(second.ring)), " near vertex ", ring_b.row(at(second.start)));
  }

  /// Rings of one part may touch in points only as a forest: a cycle of touching rings cuts the part in two.
  void link(const std::vector<RingVisit<T>>& visits) {
    for (std::size_t k = 0; k < visits.size(); ++k) {
      for (std::size_t m = 0; m < k; ++m) {
        const std::size_t a = at(visits[k].ring), b = at(visits[m].ring);
        if (rings_[a].part != rings_[b].part) {
          continue;
        }
        if (root(a) == root(b)) {
          return defects_.say("disconnected: ", defects_.name(b), " and ", defects_.name(a),
                              " touch so that they cut the part in two");
        }
        links_[root(a)] = root(b);
        break;  // the other rings at this point are one tree with b already
      }
    }
  }
  [[nodiscard]] std::size_t root(std::size_t r) noexcept {
    while (links_[r] != r) {
      links_[r] = links_[links_[r]];
      r = links_[r];
    }
    return r;
  }

  const std::vector<CheckedRing<T>>& rings_;
  DefectReport<T>& defects_;
  std::vector<std::size_t> links_;
};

}  // namespace boxlap::detail
