/// Sixteen boxes as bytes: whether one of them may meet a box is a quarter of the work of asking exactly.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "../shape/box.hpp"
#include "../shape/lanes.hpp"
#include "box_block.hpp"

namespace boxlap::detail {

/// The coordinates of sixteen boxes on a scale of 256 steps; x2 and y2 count down from the far end, so that to lie near
/// the beginning means to be small in all four.
struct alignas(16) CoarseBlock {
  std::uint8_t x1[block_size], y1[block_size], x2[block_size], y2[block_size];
};

/// The scale. What lies beyond the extent is put on its border. Rounding keeps the order of coordinates, so boxes that
/// meet meet here too, closed; others may.
template <class T>
class CoarseScale {
 public:
  explicit CoarseScale(const Box<T>& extent) noexcept
      : x_(from(extent.x1)),
        y_(from(extent.y1)),
        steps_in_x_(steps(from(extent.x2) - x_)),
        steps_in_y_(steps(from(extent.y2) - y_)) {}

  /// Not inlined: two copies that a compiler makes different, as -ffast-math lets it, could round differently.
  [[gnu::noinline]] void put(const BoxBlock<T>& block, CoarseBlock& coarse) const noexcept {
    put(block.x1, x_, steps_in_x_, coarse.x1);
    put(block.y1, y_, steps_in_y_, coarse.y1);
    put(block.x2, x_, steps_in_x_, coarse.x2);
    put(block.y2, y_, steps_in_y_, coarse.y2);
    for (Index k = 0; k < block_size; ++k) {
      coarse.x2[k] = static_cast<std::uint8_t>(~coarse.x2[k]);
      coarse.y2[k] = static_cast<std::uint8_t>(~coarse.y2[k]);
    }
  }

 private:
  static constexpr T most = (std::numeric_limits<T>::max)();
  static constexpr float last = 255;

  /// A finite end of the scale.
  [[nodiscard]] static T from(T x) noexcept { return clamped(x, -most / 4, most / 4); }
  [[nodiscard]] static T steps(T length) noexcept { return lesser(T(last) / length, most); }

  static void put(const T* x, T first, T steps, std::uint8_t* bytes) noexcept {
    alignas(16) std::array<float, block_size> scaled;
    for (std::size_t k = 0; k < block_size; ++k) {
      scaled[k] = static_cast<float>((x[k] - first) * steps);
    }
#if defined(__SSE2__)
    const auto four = [&](std::size_t k) {  // below 0 and inexact beyond any number that the packing holds: 0
      return _mm_cvttps_epi32(_mm_min_ps(_mm_load_ps(&scaled[k]), _mm_set1_ps(last)));
    };
    const __m128i low = _mm_packs_epi32(four(0), four(4)), high = _mm_packs_epi32(four(8), four(12));
    _mm_store_si128(reinterpret_cast<__m128i*>(bytes), _mm_packus_epi16(low, high));
#else
    for (std::size_t k = 0; k < block_size; ++k) {
      bytes[k] = static_cast<std::uint8_t>(clamped(scaled[k], 0.0F, last));
    }
#endif
  }

  T x_, y_, steps_in_x_, steps_in_y_;
};

/// One box of a block, asking others.
class CoarseAsking {
 public:
  CoarseAsking(const CoarseBlock& block, Index lane) noexcept
      : x1_(beyond(block.x2[lane])),
        y1_(beyond(block.y2[lane])),
        x2_(beyond(block.x1[lane])),
        y2_(beyond(block.y1[lane])) {}

  /// Bit k is set where lane k of `block` may meet the box.
  [[nodiscard]] std::uint32_t lanes(const CoarseBlock& block) const noexcept {
#if defined(__SSE2__)
    const auto over = [](const std::uint8_t* from, __m128i to) {
      return _mm_subs_epu8(_mm_load_si128(reinterpret_cast<const __m128i*>(from)), to);
    };
    const __m128i x = _mm_or_si128(over(block.x1, x1_), over(block.x2, x2_));
    const __m128i y = _mm_or_si128(over(block.y1, y1_), over(block.y2, y2_));
    return static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_or_si128(x, y), _mm_setzero_si128())));
#else
    std::uint32_t result = 0;
    for (Index k = 0; k < block_size; ++k) {
      const bool may = (block.x1[k] <= x1_) & (block.y1[k] <= y1_) & (block.x2[k] <= x2_) & (block.y2[k] <= y2_);
      result |= static_cast<std::uint32_t>(may) << k;
    }
    return result;
#endif
  }

 private:
  /// The same place counted from the other end: as far as a box that meets this one may begin.
#if defined(__SSE2__)
  using Bytes = __m128i;
  [[nodiscard]] static Bytes beyond(std::uint8_t x) noexcept { return _mm_set1_epi8(static_cast<char>(~x)); }
#else
  using Bytes = std::uint8_t;
  [[nodiscard]] static Bytes beyond(std::uint8_t x) noexcept { return static_cast<std::uint8_t>(~x); }
#endif
  Bytes x1_, y1_, x2_, y2_;
};

}  // namespace boxlap::detail
