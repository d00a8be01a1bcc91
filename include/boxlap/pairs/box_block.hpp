/// Sixteen boxes tested at once: the unit that the tree, the join and the brute-force path work in.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>

#include "../core/index.hpp"
#include "../shape/box.hpp"

namespace boxlap::detail {

inline constexpr Index block_size = 16;

/// Sixteen boxes, coordinate by coordinate. A free lane holds an inverted box of the largest finite numbers: nothing
/// meets it, and unlike NaN it means the same under -ffast-math.
template <class T>
struct BoxBlock {
  static constexpr T most = std::numeric_limits<T>::max();
  T x1[block_size], y1[block_size], x2[block_size], y2[block_size];

  [[nodiscard]] static constexpr Box<T> no_box() noexcept { return {most, most, -most, -most}; }
  void clear() noexcept {
    for (Index lane = 0; lane < block_size; ++lane) {
      set(lane, no_box());
    }
  }
  void set(Index lane, const Box<T>& box) noexcept {
    x1[lane] = box.x1;
    y1[lane] = box.y1;
    x2[lane] = box.x2;
    y2[lane] = box.y2;
  }
  [[nodiscard]] Box<T> get(Index lane) const noexcept { return {x1[lane], y1[lane], x2[lane], y2[lane]}; }

  /// The smallest box around all sixteen; a free lane changes nothing.
  [[nodiscard]] Box<T> bounds() const noexcept {
    Box<T> box{x1[0], y1[0], x2[0], y2[0]};
    for (Index lane = 1; lane < block_size; ++lane) {
      box.x1 = std::min(box.x1, x1[lane]);
      box.y1 = std::min(box.y1, y1[lane]);
      box.x2 = std::max(box.x2, x2[lane]);
      box.y2 = std::max(box.y2, y2[lane]);
    }
    return box;
  }
};

/// How two boxes must meet: share area (open), or at least a border point (closed).
enum class Meeting { open, closed };

/// Whether two boxes that have extent meet.
template <Meeting meeting, class T>
[[nodiscard]] constexpr bool meets(const Box<T>& a, const Box<T>& b) noexcept {
  if constexpr (meeting == Meeting::open) {
    return a.x1 < b.x2 && b.x1 < a.x2 && a.y1 < b.y2 && b.y1 < a.y2;
  } else {
    return a.x1 <= b.x2 && b.x1 <= a.x2 && a.y1 <= b.y2 && b.y1 <= a.y2;
  }
}

/// Bit k is set where lane k of `block` meets `box`. Written so that compilers turn it into vector compares.
template <Meeting meeting, class T>
[[nodiscard]] inline std::uint32_t meeting_lanes(const BoxBlock<T>& block, const Box<T>& box) noexcept {
  unsigned char hit[block_size];
  for (Index k = 0; k < block_size; ++k) {
    if constexpr (meeting == Meeting::open) {
      hit[k] = static_cast<unsigned char>((block.x1[k] < box.x2) & (block.x2[k] > box.x1) & (block.y1[k] < box.y2) &
                                          (block.y2[k] > box.y1));
    } else {
      hit[k] = static_cast<unsigned char>((block.x1[k] <= box.x2) & (block.x2[k] >= box.x1) & (block.y1[k] <= box.y2) &
                                          (block.y2[k] >= box.y1));
    }
  }
  // One multiplication gathers the lowest bit of eight bytes into the topmost byte.
  constexpr std::uint64_t gather = 0x0102040810204080ULL;
  std::uint64_t low, high;
  std::memcpy(&low, hit, 8);
  std::memcpy(&high, hit + 8, 8);
  return static_cast<std::uint32_t>((low * gather) >> 56) | (static_cast<std::uint32_t>((high * gather) >> 56) << 8);
}

}  // namespace boxlap::detail
