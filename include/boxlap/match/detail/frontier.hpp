/// Priority queue of a shortest-path search: a list that becomes a binary heap when it grows long.
///
/// Most searches of the solver reach few columns. On overlaps of boxes the queue holds a handful, and scanning a list
/// of 64 costs less than keeping a heap in order. But a list alone is slow for two kinds of input. Where every search
/// reaches every column (Machol-Wien costs, n = 1,000) a heap alone is eight times slower than the list; on one large
/// sparse component the list alone is quadratic. So the queue starts as a list and turns into a heap for the rest of a
/// search once a scan costs more than reading a row of the matrix.
///
/// The order of removal is by distance, equal distances by column, so it never depends on the form. Distances are kept
/// outside, by column: a decrease of a key costs nothing in the list and O(log n) in the heap.
#pragma once

#include <cstddef>
#include <vector>

#include "../../base/index.hpp"

namespace boxlap::detail {

/// The columns that a search has reached and not yet visited. In a heap, place[col] is the position of `col`.
template <class V>
class Frontier {
 public:
  static constexpr std::size_t longest_list =
      64;  ///< columns, with rows of length 0; measured by benchmarks/assign.cpp

  [[nodiscard]] bool empty() const noexcept { return cols_.empty(); }
  [[nodiscard]] const std::vector<Index>& cols() const noexcept { return cols_; }

  void clear() noexcept {
    cols_.clear();
    heap_ = false;
  }

  void insert(Index col, const V* distances, Index* place) {
    cols_.push_back(col);
    if (heap_) {
      sift_up(cols_.size() - 1, distances, place);
    }
  }

  /// Decrease-key: to be called after the distance of `col` has become smaller.
  void decrease(Index col, const V* distances, Index* place) {
    if (heap_) {
      sift_up(at(place[at(col)]), distances, place);
    }
  }

  /// Removes and returns the nearest column. `degree` is the length of the row that was read last.
  [[nodiscard]] Index take_nearest(std::size_t degree, const V* distances, Index* place) {
    if (!heap_ && cols_.size() > longest_list + 4 * degree) {
      heap_ = true;
      for (std::size_t k = 0; k < cols_.size(); ++k) {
        sift_up(k, distances, place);
      }
    }
    const std::size_t k = heap_ ? 0 : nearest(distances);
    const Index col = cols_[k];
    cols_[k] = cols_.back();
    cols_.pop_back();
    if (heap_ && !cols_.empty()) {
      sift_down(distances, place);
    }
    return col;
  }

 private:
  [[nodiscard]] static bool is_nearer(Index a, Index b, const V* distances) {
    const V& of_a = distances[at(a)];
    const V& of_b = distances[at(b)];
    return of_a < of_b || (of_a == of_b && a < b);
  }

  [[nodiscard]] std::size_t nearest(const V* distances) const {
    std::size_t best = 0;
    V least = distances[at(cols_[0])];
    for (std::size_t k = 1; k < cols_.size(); ++k) {
      const V distance = distances[at(cols_[k])];
      if (distance < least || (distance == least && cols_[k] < cols_[best])) {
        least = distance;
        best = k;
      }
    }
    return best;
  }

  void put(std::size_t k, Index col, Index* place) {
    cols_[k] = col;
    place[at(col)] = static_cast<Index>(k);
  }

  void sift_up(std::size_t k, const V* distances, Index* place) {
    const Index col = cols_[k];
    for (; k > 0 && is_nearer(col, cols_[(k - 1) / 2], distances); k = (k - 1) / 2) {
      put(k, cols_[(k - 1) / 2], place);
    }
    put(k, col, place);
  }

  void sift_down(const V* distances, Index* place) {
    const Index col = cols_[0];
    std::size_t k = 0;
    for (std::size_t child; (child = 2 * k + 1) < cols_.size(); k = child) {
      if (child + 1 < cols_.size() && is_nearer(cols_[child + 1], cols_[child], distances)) {
        ++child;
      }
      if (!is_nearer(cols_[child], col, distances)) {
        break;
      }
      put(k, cols_[child], place);
    }
    put(k, col, place);
  }

  std::vector<Index> cols_;
  bool heap_ = false;
};

}  // namespace boxlap::detail
