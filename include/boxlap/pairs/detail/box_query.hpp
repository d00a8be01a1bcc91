/// How far a box must reach into another one before their IoU can attain a threshold.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "../../shape/box.hpp"
#include "box_block.hpp"

namespace boxlap::detail {

/// What a box asks of those it is joined with: that they meet itself. (std::identity would cost every user the whole of
/// <functional>.)
struct Identity {
  template <class T>
  [[nodiscard]] constexpr const T& operator()(const T& x) const noexcept {
    return x;
  }
};

/// What a box asks of others if their IoU is to be at least `min`.
///
/// IoU >= t means that shared area >= t * (the larger area), and as neither side of what is shared is longer than the
/// box's own, that shared side >= t * side along each axis. So another box must reach over x1 + t * width from the
/// right and over x2 - t * width from the left: it meets the box with these corners, though for t > 1/2 they are the
/// wrong way round. For boxes of one size that leaves (1 - t)^2 of the pairs. The margins cover what is rounded: a few
/// units in the last place of the IoU, of the largest coordinate for the corners. Areas so small that they round
/// coarsely ask for nothing but a meeting.
template <class T>
class ReachForIou {
 public:
  explicit ReachForIou(double min)
      : share_(static_cast<T>((std::min)(1.0, min) * (1 - 32 * static_cast<double>(epsilon)))) {}

  [[nodiscard]] Box<T> operator()(const Box<T>& box) const noexcept {
    const T width = box.x2 - box.x1, height = box.y2 - box.y1;
    const bool asks = width > 0 && width * height * share_ >= smallest;
    const T x = asks ? reach(box.x1, box.x2, width) : T{0}, y = asks ? reach(box.y1, box.y2, height) : T{0};
    return {box.x1 + x, box.y1 + y, box.x2 - x, box.y2 - y};
  }

  /// False only if the IoU of two boxes is below the threshold: what is left to be divided.
  [[nodiscard]] bool attainable(const Box<T>& a, const Box<T>& b) const noexcept {
    const T shared =
        ((std::min)(a.x2, b.x2) - (std::max)(a.x1, b.x1)) * ((std::min)(a.y2, b.y2) - (std::max)(a.y1, b.y1));
    const T wanted = (std::max)((a.x2 - a.x1) * (a.y2 - a.y1), (b.x2 - b.x1) * (b.y2 - b.y1)) * share_;
    return shared >= wanted || !(wanted >= smallest);
  }

 private:
  static constexpr T epsilon = std::numeric_limits<T>::epsilon();
  static constexpr T smallest = (std::numeric_limits<T>::min)() / epsilon;

  [[nodiscard]] T reach(T low, T high, T side) const noexcept {
    const T margin = 4 * epsilon * (std::max)(std::abs(low), std::abs(high));
    return (std::max)(T{0}, side * share_ - margin - 4 * std::numeric_limits<T>::denorm_min());
  }

  T share_;
};

/// Whether a pair that was found can be worth measuring.
template <class Ask, class T>
[[nodiscard]] bool attainable(const Ask& ask, const Box<T>& a, const Box<T>& b) noexcept {
  if constexpr (std::is_same_v<Ask, Identity>) {
    return true;
  } else {
    return ask.attainable(a, b);
  }
}

/// What each of sixteen boxes asks.
template <class T>
[[nodiscard]] const BoxBlock<T>& asked(const Identity&, const BoxBlock<T>& block) noexcept {
  return block;
}
template <class Ask, class T>
[[nodiscard]] BoxBlock<T> asked(const Ask& ask, const BoxBlock<T>& block) noexcept {
  BoxBlock<T> result;
  for (Index lane = 0; lane < block_size; ++lane) {
    result.set(lane, ask(block.get(lane)));
  }
  return result;
}

}  // namespace boxlap::detail
