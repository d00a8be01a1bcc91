/// What lies outside the image: scipy.ndimage's five modes, by its names.
#pragma once

#include "../base/index.hpp"

namespace boxlap {

/// The pixels a window sees beyond the image, for an image of rows a b c d.
enum class Border {
  reflect,   ///< d c b a | a b c d | d c b a   scipy's default, OpenCV's BORDER_REFLECT
  mirror,    ///< d c b | a b c d | c b a       OpenCV's default, BORDER_REFLECT_101
  nearest,   ///< a a a a | a b c d | d d d d   BORDER_REPLICATE
  constant,  ///< k k k k | a b c d | k k k k   BORDER_CONSTANT
  wrap,      ///< a b c d | a b c d | a b c d   BORDER_WRAP
};

namespace detail {

/// i modulo n, never negative.
[[nodiscard]] constexpr Index modulo(Index i, Index n) noexcept {
  const Index rest = i % n;
  return rest < 0 ? rest + n : rest;
}

/// The pixel in [0, n) that the extended row has at i, or `none` for a constant border. Any distance: a window may be
/// many times larger than the image. O(1).
[[nodiscard]] constexpr Index inside(Border border, Index i, Index n) noexcept {
  if (i >= 0 && i < n) {
    return i;
  }
  switch (border) {
    case Border::reflect: {
      const Index place = modulo(i, 2 * n);
      return place < n ? place : 2 * n - 1 - place;
    }
    case Border::mirror: {
      if (n == 1) {
        return 0;
      }
      const Index place = modulo(i, 2 * n - 2);
      return place < n ? place : 2 * n - 2 - place;
    }
    case Border::nearest:
      return i < 0 ? 0 : n - 1;
    case Border::wrap:
      return modulo(i, n);
    case Border::constant:
      break;
  }
  return none;
}

}  // namespace detail
}  // namespace boxlap
