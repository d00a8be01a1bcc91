/// k-d tree of centres with reproducible answers: nanoflann's tree behind exact comparisons.
///
/// nanoflann compares squared distances, and of equal ones it keeps the one found first. Callers see distances
/// rounded to T, with ties broken by row. So the result sets below compute each distance as callers see it,
/// compare by (distance, row), and give nanoflann a slightly larger bound for skipping branches: it covers the rounding
/// of the root and of the tree's own sums, so no row that could win is skipped.
///
/// Coordinates are kept in T and given to the tree in double: the midpoint of two large floats would overflow. Rows
/// that are not finite or too far out never enter the tree. Cost: O(n log n) to build, O(log n + results) a search on
/// spread-out data; 24 bytes a row beside the coordinates.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <nanoflann.hpp>
#include <vector>

#include "../../base/detail/rounded.hpp"
#include "../../base/index.hpp"
#include "../../base/range.hpp"
#include "../centers.hpp"

namespace boxlap::detail {

/// The largest coordinate whose squared distances, the tree's own sums included, cannot overflow.
template <class T>
inline constexpr double most_coordinate = (std::min)(static_cast<double>((std::numeric_limits<T>::max)()) / 8, 1e150);

template <class T, std::size_t dims>
[[nodiscard]] bool can_be_near(const Location<dims>& p) noexcept {
  return std::all_of(p.begin(), p.end(), [](double x) { return std::abs(x) <= most_coordinate<T>; });  // false for NaN
}

/// A squared distance that no row at `distance` exceeds: an upper bound that covers the rounding of the root to T and
/// that of the sums by which the tree skips branches.
template <class T>
[[nodiscard]] double beyond(T distance) noexcept {
  constexpr double margin = 16 * static_cast<double>(std::numeric_limits<T>::epsilon()) + 1e-10;
  const double d = static_cast<double>(distance);
  return (std::max)(d * d * (1 + margin), (std::numeric_limits<double>::min)());
}

/// By distance, equal ones by row.
struct Nearer {
  template <class T>
  [[nodiscard]] constexpr bool operator()(const Neighbor<T>& a, const Neighbor<T>& b) const noexcept {
    return a.distance < b.distance || (a.distance == b.distance && a.row < b.row);
  }
};

/// Base of the results of a search. nanoflann calls these names.
template <class T>
class NeighborSet {
 public:
  using DistanceType = double;
  using IndexType = std::uint32_t;
  using CountType = std::size_t;

  std::vector<Neighbor<T>> found;

  [[nodiscard]] std::size_t size() const noexcept { return found.size(); }
  [[nodiscard]] bool empty() const noexcept { return found.empty(); }
  void sort() { std::sort(found.begin(), found.end(), Nearer{}); }

 protected:
  explicit NeighborSet(const std::vector<Index>& rows) : rows_(rows) {}
  [[nodiscard]] Neighbor<T> neighbor(double squared, IndexType k) const noexcept {
    return {rows_[k], static_cast<T>(std::sqrt(squared))};
  }

 private:
  const std::vector<Index>& rows_;
};

/// The k nearest rows so far: a heap with the farthest on top.
template <class T>
class NearestSet : public NeighborSet<T> {
 public:
  NearestSet(const std::vector<Index>& rows, Index k) : NeighborSet<T>(rows), k_(at(k)) {}

  bool addPoint(double squared, std::uint32_t k) {
    const Neighbor<T> candidate = this->neighbor(squared, k);
    if (full()) {
      if (!Nearer{}(candidate, this->found.front())) {
        return true;
      }
      std::pop_heap(this->found.begin(), this->found.end(), Nearer{});
      this->found.back() = candidate;
    } else {
      this->found.push_back(candidate);
    }
    std::push_heap(this->found.begin(), this->found.end(), Nearer{});
    return true;
  }
  [[nodiscard]] double worstDist() const noexcept {
    return full() ? beyond(this->found.front().distance) : (std::numeric_limits<double>::max)();
  }
  [[nodiscard]] bool full() const noexcept { return this->found.size() == k_; }

 private:
  std::size_t k_;
};

/// All rows within a radius.
template <class T>
class WithinSet : public NeighborSet<T> {
 public:
  WithinSet(const std::vector<Index>& rows, T radius)
      : NeighborSet<T>(rows), radius_(radius), beyond_(radius >= 0 ? beyond(radius) : 0) {}

  bool addPoint(double squared, std::uint32_t k) {
    const Neighbor<T> candidate = this->neighbor(squared, k);
    if (candidate.distance <= radius_) {
      this->found.push_back(candidate);
    }
    return true;
  }
  [[nodiscard]] double worstDist() const noexcept { return beyond_; }
  [[nodiscard]] bool full() const noexcept { return true; }

 private:
  T radius_;
  double beyond_;
};

/// The centres that can be found, and nanoflann's tree over them. It refers to this object, which must not move.
template <class T, std::size_t dims>
class CenterTree {
 public:
  CenterTree(const CenterTree&) = delete;
  CenterTree& operator=(const CenterTree&) = delete;
  template <CenterRows R>
  explicit CenterTree(const R& centers)
      : size_(rows_of(centers, "centers")), points_(of(centers)), tree_(dims, *this) {}

  [[nodiscard]] Index size() const noexcept { return size_; }
  [[nodiscard]] const std::vector<Index>& rows() const noexcept { return points_.rows; }

  /// Fills result.found; a search at a place where nothing can be near finds nothing.
  template <class Result>
  void search(const Location<dims>& place, Result& result) const {
    if (!points_.rows.empty() && can_be_near<T>(place)) {
      tree_.findNeighbors(result, place.data(), {});
    }
  }

  // The interface that nanoflann expects of a set of points.
  [[nodiscard]] std::size_t kdtree_get_point_count() const noexcept { return points_.rows.size(); }
  [[nodiscard]] double kdtree_get_pt(std::size_t k, std::size_t axis) const noexcept {
    return static_cast<double>(points_.coordinates[k][axis]);
  }
  template <class Bounds>
  [[nodiscard]] bool kdtree_get_bbox(Bounds&) const noexcept {
    return false;
  }

 private:
  struct Points {
    std::vector<std::array<T, dims>> coordinates;
    std::vector<Index> rows;
  };

  /// The square of the Euclidean distance, in the form of a nanoflann metric.
  struct Metric {
    using ElementType = double;
    using DistanceType = double;
    const CenterTree& centers;
    explicit Metric(const CenterTree& tree) : centers(tree) {}
    [[nodiscard]] double evalMetric(const double* place, std::uint32_t k, std::size_t) const noexcept {
      Location<dims> here{};
      std::copy_n(place, dims, here.begin());
      return squared_distance(here, location(centers.points_.coordinates[k]));
    }
    [[nodiscard]] double accum_dist(double a, double b, std::size_t) const noexcept {
      return rounded((a - b) * (a - b));
    }
  };
  using Tree = nanoflann::KDTreeSingleIndexAdaptor<Metric, CenterTree, static_cast<int>(dims), std::uint32_t>;

  template <class R>
  [[nodiscard]] static Points of(const R& centers) {
    Points points;
    const Index n = rows_of(centers, "centers");
    points.coordinates.reserve(at(n));
    points.rows.reserve(at(n));
    for (Index i = 0; i < n; ++i) {
      const auto c = center_coordinates(element(centers, i));
      if (can_be_near<T>(location(c))) {
        std::array<T, dims> coordinates;
        std::transform(c.begin(), c.end(), coordinates.begin(), [](auto x) { return static_cast<T>(x); });
        points.coordinates.push_back(coordinates);
        points.rows.push_back(i);
      }
    }
    return points;
  }

  Index size_;
  Points points_;
  Tree tree_;
};

}  // namespace boxlap::detail
