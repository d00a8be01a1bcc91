/// Neighbour search: the k nearest centres and all within a radius, of shapes or of points in 2 or 3 dimensions.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "../base/detail/error.hpp"
#include "../base/detail/parallel.hpp"
#include "../base/index.hpp"
#include "../base/range.hpp"
#include "centers.hpp"
#include "csr.hpp"
#include "detail/center_tree.hpp"
#include "detail/collect_chunks.hpp"

namespace boxlap {
namespace detail {

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

/// An index of centres for many searches: the k nearest, or all within a radius.
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
/// Constant after construction: any number of threads may search one index. Copies share one tree. Built in
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
  /// places: shapes or points; k: entries a row, fewer if the index has fewer. A distance of 0 is an entry like any
  /// other. The result does not depend on threads (0: all cores). Throws std::invalid_argument for a negative k and
  /// threads < 0, std::length_error above 2^31 - 1 entries. Peak memory beside the result: 16 bytes an entry in float,
  /// 32 in double.
  template <CenterRows R>
  requires(detail::center_dims<detail::Element<R>> == dims)
      [[nodiscard]] Csr<T> nearest_matrix(const R& places, Index k, int threads = 1) const {
    return matrix(places, detail::NearestSet<T>(tree_->rows(), detail::checked_count(k)), k > 0, threads);
  }

  /// within() of each row of `places`: the distances, rows those of places, columns those of the index, ascending. The
  /// matrix that match_greedy() takes with Values::distance.
  ///
  /// places: shapes or points; radius: in the unit of their coordinates, border included. A distance of 0 is an entry
  /// like any other; a negative radius finds nothing. The result does not depend on threads (0: all cores). Throws
  /// std::invalid_argument for a NaN radius and threads < 0, std::length_error above 2^31 - 1 entries. Peak memory
  /// beside the result: 16 bytes an entry in float, 32 in double.
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
    const auto collect = [&](Index chunk, std::vector<Neighbor<T>>& entries, const auto&) {
      Result nearest = empty;
      const Index end = (std::min)(rows, (chunk + 1) * places_per_chunk);
      for (Index i = chunk * places_per_chunk; i < end; ++i) {
        nearest.found.clear();
        tree_->search(detail::location(detail::center_coordinates(detail::element(places, i))), nearest);
        std::sort(nearest.found.begin(), nearest.found.end(),
                  [](const auto& a, const auto& b) { return a.row < b.row; });
        entries.insert(entries.end(), nearest.found.begin(), nearest.found.end());
        result.row_offsets[at(i) + 1] = static_cast<Index>(nearest.found.size());
      }
    };
    const Index chunks = rows / places_per_chunk + (rows % places_per_chunk != 0 ? 1 : 0);
    detail::Team team(workers);
    auto collected = detail::collect_chunks<Neighbor<T>>(chunks, team, 0, detail::most_pairs_of_all, collect);
    detail::check_pairs(collected.size);
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
