/// The bounding boxes of the rows of any range, behind one type: trees and joins are compiled once for each scalar, not
/// once for each range.
///
/// Rows that are boxes of the scalar already and lie one behind the other (a vector of Box<float>) are read where they
/// are. All others (a view, rotated boxes, boxes of another scalar) are read through a function pointer, many rows a
/// call, so that the call costs nothing beside the boxes.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <type_traits>

#include "../../base/detail/compiler.hpp"
#include "../../base/index.hpp"
#include "../../base/range.hpp"
#include "../../shape/shape.hpp"

namespace boxlap::detail {

/// Asks for a row that will be read soon, where rows lie in memory: it is far from the last one in packing order.
/// Always inlined, as whatever calls it: gcc takes a function that does nothing else for one that does nothing, and
/// drops it.
template <class R>
BOXLAP_ALWAYS_INLINE inline void prefetch([[maybe_unused]] const R& range, [[maybe_unused]] Index i) {
  if constexpr (std::is_lvalue_reference_v<decltype(element(range, i))>) {
    BOXLAP_PREFETCH(std::addressof(element(range, i)));
  }
}

template <class T>
class BoxRows {
 public:
  BoxRows() = default;

  /// Refers to `range`, which must outlive this.
  template <Rows R>
  BoxRows(const R& range, const char* what) : size_(rows_of(range, what)), range_(std::addressof(range)) {
    if constexpr (ContiguousRows<R> && std::is_same_v<Element<R>, Box<T>>) {
      boxes_ = std::span<const Box<T>>(range).data();
    } else {
      read_ = read<R>;
    }
  }

  [[nodiscard]] Index size() const noexcept { return size_; }

  [[nodiscard]] Box<T> operator[](Index row) const {
    if (boxes_ != nullptr) {
      return boxes_[row];
    }
    Box<T> box;
    read_(range_, nullptr, row, 1, &box);
    return box;
  }

  /// The boxes of `count` rows from `first` on: where they are, or copied to `room`.
  [[nodiscard]] const Box<T>* block(Index first, Index count, Box<T>* room) const {
    if (boxes_ != nullptr) {
      return boxes_ + first;
    }
    read_(range_, nullptr, first, count, room);
    return room;
  }

  /// The boxes of rows[0 .. count - 1], copied to `out`. Not where data() has them.
  void gather(const Index* rows, Index count, Box<T>* out) const { read_(range_, rows, 0, count, out); }

  /// Where the boxes lie one behind the other; null where they must be read.
  [[nodiscard]] const Box<T>* data() const noexcept { return boxes_; }

 private:
  template <class R>
  static void read(const void* range, const Index* rows, Index first, Index count, Box<T>* out) {
    const R& shapes = *static_cast<const R*>(range);
    if (rows == nullptr) {
      for (Index k = 0; k < count; ++k) {
        out[k] = cast<T>(bounds(element(shapes, first + k)));
      }
      return;
    }
    for (Index k = 0; k < count; ++k) {
      prefetch(shapes, rows[k]);
    }
    for (Index k = 0; k < count; ++k) {
      out[k] = cast<T>(bounds(element(shapes, rows[k])));
    }
  }

  Index size_ = 0;
  const void* range_ = nullptr;
  const Box<T>* boxes_ = nullptr;
  void (*read_)(const void* range, const Index* rows, Index first, Index count, Box<T>* out) = nullptr;
};

}  // namespace boxlap::detail
