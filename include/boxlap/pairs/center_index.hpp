/// Which centres are near: the k nearest and all within a radius, of shapes or of points in 2 or 3 dimensions.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <nanoflann.hpp>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "../core/error.hpp"
#include "../core/index.hpp"
#include "../core/parallel.hpp"
#include "../core/range.hpp"
#include "../core/rounded.hpp"
#include "../shape/point.hpp"
#include "../shape/shape.hpp"
#include "collect.hpp"
#include "csr.hpp"

namespace boxlap {
namespace detail {

template <class P>
inline constexpr bool is_point = false;
template <class T>
inline constexpr bool is_point<Point<T>> = true;
template <class P>
inline constexpr bool is_coordinates = false;
template <class T>
inline constexpr bool is_coordinates<std::array<T, 2>> = true;
template <class T>
inline constexpr bool is_coordinates<std::array<T, 3>> = true;

/// The coordinates of a point, or of the centre of a shape: its own where it keeps them (cx, cy), else that of its
/// bounds. Nothing for what has no centre: x and y alone may be a corner.
template <class P>
[[nodiscard]] constexpr auto center_coordinates(const P& p) {
  if constexpr (requires { p.cx, p.cy, p.cz; }) {
    return std::array{p.cx, p.cy, p.cz};
  } else if constexpr (requires { p.cx, p.cy; }) {
    return std::array{p.cx, p.cy};
  } else if constexpr (requires { p.x, p.y, p.z; }) {
    return std::array{p.x, p.y, p.z};
  } else if constexpr (is_point<P>) {
    return std::array{p.x, p.y};
  } else if constexpr (is_coordinates<P>) {
    return p;
  } else if constexpr (Shape<P>) {
    const auto c = center(bounds(p));
    return std::array{c.x, c.y};
  }
}

template <class P>
using Coordinates = decltype(center_coordinates(std::declval<const P&>()));

}  // namespace detail

/// What has a centre: a shape, a Point, std::array<T, 2 or 3>, anything with floating x, y, z or cx, cy or cx, cy, cz.
template <class P>
concept Centered = requires(const P& p) {
  { detail::center_coordinates(p)[0] } -> std::convertible_to<double>;
  requires std::floating_point<typename detail::Coordinates<P>::value_type>;
};

/// Rows of what has a centre.
template <class R>
concept CenterRows = Rows<R> && Centered<detail::Element<R>>;

/// A row found near a point.
template <class T>
struct Neighbor {
  Index row = none;
  T distance{};
  [[nodiscard]] friend constexpr bool operator==(const Neighbor&, const Neighbor&) = default;
};

namespace detail {

template <class P>
using CenterScalar = typename Coordinates<P>::value_type;
template <class P>
inline constexpr int center_dims = static_cast<int>(std::tuple_size_v<Coordinates<P>>);

template <std::size_t dims>
using Location = std::array<double, dims>;

template <class T, std::size_t dims>
[[nodiscard]] constexpr Location<dims> location(const std::array<T, dims>& p) noexcept {
  Location<dims> result{};
  std::copy(p.begin(), p.end(), result.begin());
  return result;
}

/// Squares, rounded one by one, so that a distance does not depend on what the compiler fuses.
template <std::size_t dims>
[[nodiscard]] constexpr double squared_distance(const Location<dims>& a, const Location<dims>& b) noexcept {
  double sum = 0;
  for (std::size_t axis = 0; axis < dims; ++axis) {
    sum += rounded((a[axis] - b[axis]) * (a[axis] - b[axis]));
  }
  return sum;
}

/// Coordinates up to here have distances and squares that overflow nowhere, the tree's own sums included.
template <class T>
inline constexpr double most_coordinate = (std::min)(static_cast<double>((std::numeric_limits<T>::max)()) / 8, 1e150);

template <class T, std::size_t dims>
[[nodiscard]] bool can_be_near(const Location<dims>& p) noexcept {
  return std::all_of(p.begin(), p.end(), [](double x) { return std::abs(x) <= most_coordinate<T>; });  // false for NaN
}

/// A squared distance that is surely too large for a row at `distance`: covers the rounding of the root to T and that
/// of the sums with which the tree skips its branches.
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

/// What all results of a search have in common; the names are those that nanoflann calls.
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

  // What nanoflann asks of a set of points. Doubles throughout: the middle between two large floats would overflow.
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

  /// The square of the Euclidean distance, as nanoflann wants a metric to look.
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

/// The radius as T, the type of the distances it is compared with.
template <class T>
[[nodiscard]] T to_radius(double radius) {
  if (std::isnan(radius)) [[unlikely]] {
    invalid("radius is NaN");
  }
  constexpr double most = static_cast<double>((std::numeric_limits<T>::max)());
  return radius > most ? std::numeric_limits<T>::infinity() : static_cast<T>((std::max)(radius, -most));
}

[[nodiscard]] inline Index checked_count(Index k) {
  if (k < 0) [[unlikely]] {
    invalid("k is ", k, ", expected 0 or more");
  }
  return k;
}

}  // namespace detail

/// The distance of two centres as CenterIndex measures it: squares and root in double, the result in the wider scalar
/// of the two. Equal to the bit whatever the compiler; symmetric; NaN where a coordinate is. O(1).
template <Centered A, Centered B>
requires(detail::center_dims<A> == detail::center_dims<B>) [[nodiscard]] auto center_distance(const A& a, const B& b) {
  using R = std::common_type_t<detail::CenterScalar<A>, detail::CenterScalar<B>>;
  return static_cast<R>(std::sqrt(detail::squared_distance(detail::location(detail::center_coordinates(a)),
                                                           detail::location(detail::center_coordinates(b)))));
}

/// An index of centres, built once and asked often: which are nearest, which lie within a radius.
///
///     const CenterIndex centers(anchors);                        // any shapes, or points in 2 or 3 dimensions
///     const auto candidates = centers.nearest_matrix(truths, 9); // truths x anchors: what match_anchors_atss() reads
///     const auto near = CenterIndex(predictions).within_matrix(truths, 2.0);  // for match_greedy() by distance
///
/// The centre of a shape is (cx, cy) where it keeps one, else that of its bounds. Distances are center_distance(), held
/// in T, and compared as such: a row lies within a radius if distance <= T(radius), so the border belongs to the
/// circle, and of equal distances the smaller row is the nearer one. Rows whose centre is not finite, or farther from
/// the origin than an eighth of the largest float (1e150 in double) along an axis, keep their number and are never
/// found; places of that kind find nothing. Empty ranges are fine.
///
/// Constant after construction: any number of threads may ask one index. Copies share one tree. Built in
/// O(n log n) time on a k-d tree of nanoflann, whose depth is bounded by the bits of a coordinate, not by n; a search
/// takes O(log n + results) on spread-out data. Memory: (dims * sizeof(T) + 32) bytes a row, of which 24 are the
/// tree's.
template <class T, int dims = 2>
class CenterIndex {
  static_assert(std::same_as<T, float> || std::same_as<T, double>, "boxlap::CenterIndex<T> needs float or double");
  static_assert(dims == 2 || dims == 3, "boxlap::CenterIndex<T, dims> has 2 or 3 dimensions");

 public:
  /// Indexes the centres of shapes or points. std::length_error above 2^31 - 1 rows.
  template <CenterRows R>
  requires(detail::center_dims<detail::Element<R>> == dims) explicit CenterIndex(const R& centers)
      : tree_(std::make_shared<const Tree>(centers)) {}

  /// The number of rows that were given, whether they can be found or not.
  [[nodiscard]] Index size() const noexcept { return tree_->size(); }

  /// The k rows nearest to a point or to the centre of a shape, nearest first; all of them if there are fewer than k.
  /// Throws std::invalid_argument for a negative k. Memory: the result.
  template <Centered P>
  requires(detail::center_dims<P> == dims)
      [[nodiscard]] std::vector<Neighbor<T>> nearest(const P& place, Index k) const {
    detail::NearestSet<T> result(tree_->rows(), detail::checked_count(k));
    return search(place, result, k > 0);
  }

  /// All rows within `radius` of a point or of the centre of a shape, border included, nearest first; none for a
  /// negative radius. Throws std::invalid_argument for a NaN radius. Memory: the result.
  template <Centered P>
  requires(detail::center_dims<P> == dims)
      [[nodiscard]] std::vector<Neighbor<T>> within(const P& place, double radius) const {
    detail::WithinSet<T> result(tree_->rows(), detail::to_radius<T>(radius));
    return search(place, result, radius >= 0);
  }

  /// nearest() of each row of `places`: the distances, rows those of places, columns those of the index, ascending.
  ///
  /// A distance of 0 is an entry like any other. The result does not depend on threads (0: all cores). Throws as
  /// nearest(), and std::length_error above 2^31 - 1 entries. Peak memory beside the result: 16 bytes an entry in
  /// float, 32 in double.
  template <CenterRows R>
  requires(detail::center_dims<detail::Element<R>> == dims)
      [[nodiscard]] Csr<T> nearest_matrix(const R& places, Index k, int threads = 1) const {
    return matrix(places, detail::NearestSet<T>(tree_->rows(), detail::checked_count(k)), k > 0, threads);
  }

  /// within() of each row of `places`: what match_greedy() takes with Values::distance. Otherwise as nearest_matrix().
  template <CenterRows R>
  requires(detail::center_dims<detail::Element<R>> == dims)
      [[nodiscard]] Csr<T> within_matrix(const R& places, double radius, int threads = 1) const {
    return matrix(places, detail::WithinSet<T>(tree_->rows(), detail::to_radius<T>(radius)), radius >= 0, threads);
  }

 private:
  static constexpr std::size_t axes = static_cast<std::size_t>(dims);
  using Tree = detail::CenterTree<T, axes>;

  template <class P, class Result>
  std::vector<Neighbor<T>> search(const P& place, Result& result, bool wanted) const {
    if (wanted) {
      tree_->search(detail::location(detail::center_coordinates(place)), result);
      result.sort();
    }
    return std::move(result.found);
  }

  template <class R, class Result>
  Csr<T> matrix(const R& places, const Result& empty, bool wanted, int threads) const {
    using detail::at;
    constexpr Index places_per_chunk = 1024;
    const int workers = detail::thread_count(threads);
    const Index rows = detail::rows_of(places, "places");
    Csr<T> result{rows, size(), std::vector<Index>(at(rows) + 1, 0), {}, {}};
    if (!wanted) {
      return result;
    }
    const auto collect = [&](Index chunk, std::vector<Neighbor<T>>& entries) {
      Result near = empty;
      const Index end = (std::min)(rows, (chunk + 1) * places_per_chunk);
      for (Index i = chunk * places_per_chunk; i < end; ++i) {
        near.found.clear();
        tree_->search(detail::location(detail::center_coordinates(detail::element(places, i))), near);
        std::sort(near.found.begin(), near.found.end(), [](const auto& a, const auto& b) { return a.row < b.row; });
        entries.insert(entries.end(), near.found.begin(), near.found.end());
        result.row_offsets[at(i) + 1] = static_cast<Index>(near.found.size());
      }
    };
    const Index chunks = rows / places_per_chunk + (rows % places_per_chunk != 0 ? 1 : 0);
    detail::Team team(workers);
    auto collected = detail::collect_chunks<Neighbor<T>>(chunks, team, 0, collect);
    const auto entries = collected.items();
    detail::accumulate_offsets(result.row_offsets);
    result.col_indices.reserve(entries.size());
    result.values.reserve(entries.size());
    for (const Neighbor<T>& entry : entries) {
      result.col_indices.push_back(entry.row);
      result.values.push_back(entry.distance);
    }
    return result;
  }

  std::shared_ptr<const Tree> tree_;
};

template <CenterRows R>
CenterIndex(const R&) -> CenterIndex<detail::CenterScalar<detail::Element<R>>, detail::center_dims<detail::Element<R>>>;

}  // namespace boxlap
