/// What a box of a join looks for, as a box: whatever shares area with that box is a candidate.
///
/// The kernels of a join know one test only, "do two boxes share area". Other questions are put to them by moving the
/// corners of the query box:
///
///   sharing area       the box itself
///   touching           each corner one floating-point number outwards: a <= b is the same as previous(a) < b
///   IoU of at least t  corners moved inwards by t times the side (below): of boxes of one size only (1 - t)^2 of the
///                      candidates are left
///
/// So every join is compiled once, whatever it looks for.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "../../base/detail/lanes.hpp"
#include "../../shape/box.hpp"
#include "box_block.hpp"

namespace boxlap::detail {

/// The next number above x, a number or lanes of them; of zero `smallest`, of infinity itself.
template <class T, class L>
[[nodiscard]] inline L next_above(const L& x, T smallest) noexcept {
  using Whole = std::conditional_t<sizeof(T) == sizeof(std::int32_t), std::int32_t, std::int64_t>;
  using Bits = std::conditional_t<std::is_same_v<L, T>, Whole, Lanes<Whole, sizeof(L)>>;
  const L zero{}, least = zero + smallest;
  const Bits bits = std::bit_cast<Bits>(x),
             infinity = Bits{} + std::bit_cast<Whole>(std::numeric_limits<T>::infinity());
  const L next = std::bit_cast<L>(static_cast<Bits>(bits + (x > zero ? Bits{} + 1 : Bits{} - 1)));
  const L not_beyond = bits == infinity ? x : next;
  return x == zero ? least : not_beyond;
}

template <class T>
class BoxQuery {
 public:
  /// Boxes that share area.
  BoxQuery() = default;

  /// Boxes that share a point at least, of those whose corners are in order.
  [[nodiscard]] static BoxQuery touching() noexcept {
    BoxQuery query;
    query.kind_ = Kind::touching;
    // A processor set to take denormal numbers for zero (-ffast-math does that) needs a larger step from zero.
    const volatile T denormal = std::numeric_limits<T>::denorm_min();
    query.value_ = denormal > 0 ? std::numeric_limits<T>::denorm_min() : (std::numeric_limits<T>::min)();
    return query;
  }

  /// Boxes whose IoU with this one may be `min` or more. All that share area for a min of 0 or less.
  ///
  /// IoU >= t means that shared area >= t * (the larger area), and as neither side of what is shared is longer than the
  /// box's own, that shared side >= t * side along each axis. So another box must reach over x1 + t * width from the
  /// right and over x2 - t * width from the left: it shares area with the box with these corners, though for t > 1/2
  /// they are the wrong way round. The margins cover what is rounded: a few units in the last place of the IoU, of the
  /// largest coordinate for the corners. Areas so small that they round coarsely look for all that share area.
  [[nodiscard]] static BoxQuery iou_at_least(double min) noexcept {
    BoxQuery query;
    if (min > 0) {
      query.kind_ = Kind::iou;
      query.value_ = static_cast<T>((std::min)(1.0, min) * (1 - 32 * static_cast<double>(epsilon)));
    }
    return query;
  }

  /// Whether the query of each box is the box itself.
  [[nodiscard]] bool is_box_itself() const noexcept { return kind_ == Kind::sharing_area; }

  [[nodiscard]] Box<T> operator()(const Box<T>& box) const noexcept {
    switch (kind_) {
      case Kind::touching:
        return {-next_above(-box.x1, value_), -next_above(-box.y1, value_), next_above(box.x2, value_),
                next_above(box.y2, value_)};
      case Kind::iou:
        return inner(box);
      default:
        return box;
    }
  }

  /// The queries of sixteen boxes: the boxes themselves, or made in `room`.
  [[nodiscard]] const BoxBlock<T>& block(const BoxBlock<T>& boxes, BoxBlock<T>& room) const noexcept {
    if (is_box_itself()) {
      return boxes;
    }
    if (kind_ == Kind::touching) {
      using L = Lanes<T>;
      for (std::size_t k = 0; k < at(block_size); k += lane_count<T>) {
        store(room.x1 + k, -next_above(-load<L>(boxes.x1 + k), value_));
        store(room.y1 + k, -next_above(-load<L>(boxes.y1 + k), value_));
        store(room.x2 + k, next_above(load<L>(boxes.x2 + k), value_));
        store(room.y2 + k, next_above(load<L>(boxes.y2 + k), value_));
      }
      return room;
    }
    for (Index lane = 0; lane < block_size; ++lane) {
      room.set(lane, inner(boxes.get(lane)));
    }
    return room;
  }

  /// False only if the IoU of two boxes is below the threshold: what is left to be divided.
  [[nodiscard]] bool attainable(const Box<T>& a, const Box<T>& b) const noexcept {
    if (kind_ != Kind::iou) {
      return true;
    }
    const T shared =
        ((std::min)(a.x2, b.x2) - (std::max)(a.x1, b.x1)) * ((std::min)(a.y2, b.y2) - (std::max)(a.y1, b.y1));
    const T wanted = (std::max)((a.x2 - a.x1) * (a.y2 - a.y1), (b.x2 - b.x1) * (b.y2 - b.y1)) * value_;
    return shared >= wanted || !(wanted >= smallest_area);
  }

 private:
  enum class Kind : unsigned char { sharing_area, touching, iou };
  static constexpr T epsilon = std::numeric_limits<T>::epsilon();
  static constexpr T smallest_area = (std::numeric_limits<T>::min)() / epsilon;

  [[nodiscard]] Box<T> inner(const Box<T>& box) const noexcept {
    const T width = box.x2 - box.x1, height = box.y2 - box.y1;
    const bool is_large = width > 0 && width * height * value_ >= smallest_area;
    const T x = is_large ? reach(box.x1, box.x2, width) : T{0}, y = is_large ? reach(box.y1, box.y2, height) : T{0};
    return {box.x1 + x, box.y1 + y, box.x2 - x, box.y2 - y};
  }
  [[nodiscard]] T reach(T low, T high, T side) const noexcept {
    const T margin = 4 * epsilon * (std::max)(std::abs(low), std::abs(high));
    return (std::max)(T{0}, side * value_ - margin - 4 * std::numeric_limits<T>::denorm_min());
  }

  Kind kind_ = Kind::sharing_area;
  T value_ = 0;  // touching: the step from zero; iou: the share of a side that must be reached over
};

}  // namespace boxlap::detail
