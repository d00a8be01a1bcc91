/// Boxes with coordinates quantised to 8 bits, sixteen in a register: a prefilter that costs a quarter of the test in
/// float.
///
/// Quantisation is monotone (x <= y implies q(x) <= q(y)), so boxes that overlap also overlap after it: false
/// positives, no false negatives. Ends are moved outwards by a small slack that covers rounding. Survivors go to the
/// exact test. The grid spans all boxes of a call, so one far outlier makes it coarse; callers notice that too much
/// passes and give up.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "../../base/detail/compiler.hpp"
#include "../../base/detail/lanes.hpp"
#include "../../base/index.hpp"
#include "../../shape/box.hpp"
#include "box_block.hpp"

#if BOXLAP_SSE2
#include <emmintrin.h>
#endif

namespace boxlap::detail {

/// Whole numbers from -126 to 126 along an axis from `low` to `high`.
template <class T>
class QuantizedAxis {
 public:
  /// Everything is 0 where the numbers are too close or too far apart to be told from one another.
  QuantizedAxis(T low, T high) noexcept {
    const T length = high - low;
    if (length > static_cast<T>(1e-30) && length < static_cast<T>(1e30)) {
      middle_ = (low + high) / 2;
      scale_ = 252 / length;
    }
  }

  /// The sides from x1 to x2 of sixteen boxes, each end moved inwards by `share` of the side. Sides that then share a
  /// point do so in bytes: what rounding does to a number here is far less than `slack`, and what follows it never
  /// descends. A side between numbers that are not finite becomes -128 and -128.
  void quantize(const T* x1, const T* x2, T share, std::int8_t* low, std::int8_t* high) const noexcept {
    using L = Lanes<T>;
    constexpr T slack = static_cast<T>(1e-3);
    alignas(64) T begins[block_size], ends[block_size];
    for (std::size_t k = 0; k < at(block_size); k += lane_count<T>) {
      const L a = load<L>(x1 + k), b = load<L>(x2 + k), less = (b - a) * share;
      store(begins + k, ((a - middle_) + less) * scale_ - slack);
      store(ends + k, ((b - middle_) - less) * scale_ + slack);
    }
    truncate(begins, low);
    truncate(ends, high);
  }

 private:
#if BOXLAP_SSE2
  [[nodiscard]] static __m128i four(const float* x) noexcept { return _mm_cvttps_epi32(_mm_load_ps(x)); }
  [[nodiscard]] static __m128i four(const double* x) noexcept {
    return _mm_unpacklo_epi64(_mm_cvttpd_epi32(_mm_load_pd(x)), _mm_cvttpd_epi32(_mm_load_pd(x + 2)));
  }
  static void truncate(const T* x, std::int8_t* bytes) noexcept {
    const __m128i low = _mm_packs_epi32(four(x), four(x + 4)), high = _mm_packs_epi32(four(x + 8), four(x + 12));
    _mm_store_si128(reinterpret_cast<__m128i*>(bytes), _mm_packs_epi16(low, high));
  }
#else
  static void truncate(const T* x, std::int8_t* bytes) noexcept {
    for (std::size_t k = 0; k < at(block_size); ++k) {
      bytes[k] = x[k] > -128 && x[k] < 128 ? static_cast<std::int8_t>(x[k]) : std::int8_t{-128};
    }
  }
#endif

  T middle_ = 0, scale_ = 0;
};

/// Sixteen boxes in bytes, coordinate by coordinate.
struct alignas(64) QuantizedLanes {
  std::int8_t x1[block_size], y1[block_size], x2[block_size], y2[block_size];
};

/// The same, and box by box.
struct QuantizedBlock : QuantizedLanes {
  std::int8_t corners[block_size][4];

  /// Fills `corners` from the coordinates.
  void set_corners() noexcept {
#if BOXLAP_SSE2
    const auto at = [](const std::int8_t* lanes) { return _mm_load_si128(reinterpret_cast<const __m128i*>(lanes)); };
    const auto put = [&](int first, __m128i four) {
      _mm_store_si128(reinterpret_cast<__m128i*>(corners[first]), four);
    };
    const __m128i low1 = _mm_unpacklo_epi8(at(x1), at(y1)), low2 = _mm_unpacklo_epi8(at(x2), at(y2));
    const __m128i high1 = _mm_unpackhi_epi8(at(x1), at(y1)), high2 = _mm_unpackhi_epi8(at(x2), at(y2));
    put(0, _mm_unpacklo_epi16(low1, low2));
    put(4, _mm_unpackhi_epi16(low1, low2));
    put(8, _mm_unpacklo_epi16(high1, high2));
    put(12, _mm_unpackhi_epi16(high1, high2));
#else
    for (Index k = 0; k < block_size; ++k) {
      corners[k][0] = x1[k], corners[k][1] = y1[k], corners[k][2] = x2[k], corners[k][3] = y2[k];
    }
#endif
  }
};

/// How boxes become bytes: both axes of what is around all of them.
template <class T>
class Quantizer {
 public:
  explicit Quantizer(const Box<T>& around) noexcept : x_(around.x1, around.x2), y_(around.y1, around.y2) {}

  /// Boxes of which each side is made smaller by `share` at both ends. Those that still share a point do so in bytes.
  void put(const BoxBlock<T>& boxes, T share, QuantizedBlock& bytes) const noexcept {
    x_.quantize(boxes.x1, boxes.x2, share, bytes.x1, bytes.x2);
    y_.quantize(boxes.y1, boxes.y2, share, bytes.y1, bytes.y2);
    bytes.set_corners();
  }

 private:
  QuantizedAxis<T> x_, y_;
};

inline namespace BOXLAP_PATH {

/// A quantised box as a query: each corner in all lanes of a register, which a call would spill.
class QuantizedQuery {
 public:
#if BOXLAP_SSE2
  explicit QuantizedQuery(const std::int8_t* corners) noexcept {
    std::int32_t bits;
    std::memcpy(&bits, corners, sizeof bits);
    __m128i all = _mm_cvtsi32_si128(bits);
    all = _mm_unpacklo_epi8(all, all);
    all = _mm_unpacklo_epi16(all, all);
    x1_ = _mm_shuffle_epi32(all, 0x00);
    y1_ = _mm_shuffle_epi32(all, 0x55);
    x2_ = _mm_shuffle_epi32(all, 0xaa);
    y2_ = _mm_shuffle_epi32(all, 0xff);
  }
#else
  explicit QuantizedQuery(const std::int8_t* corners) noexcept
      : x1_(corners[0]), y1_(corners[1]), x2_(corners[2]), y2_(corners[3]) {}
#endif

  /// Bit k is set where box k of four blocks meets this box or touches it.
  [[nodiscard]] BOXLAP_ALWAYS_INLINE std::uint64_t met(const QuantizedBlock* blocks) const noexcept {
    constexpr int width = block_size;
    return ~(apart(blocks[0]) | apart(blocks[1]) << width | apart(blocks[2]) << 2 * width |
             apart(blocks[3]) << 3 * width);
  }

  /// Bit k is set where lane k of `block` neither meets nor touches this box.
#if BOXLAP_SSE2
  [[nodiscard]] BOXLAP_ALWAYS_INLINE std::uint64_t apart(const QuantizedLanes& block) const noexcept {
    const auto at = [](const std::int8_t* lanes) { return _mm_load_si128(reinterpret_cast<const __m128i*>(lanes)); };
    const __m128i x = _mm_or_si128(_mm_cmpgt_epi8(x1_, at(block.x2)), _mm_cmpgt_epi8(at(block.x1), x2_));
    const __m128i y = _mm_or_si128(_mm_cmpgt_epi8(y1_, at(block.y2)), _mm_cmpgt_epi8(at(block.y1), y2_));
    return static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_or_si128(x, y)));
  }

 private:
  __m128i x1_, y1_, x2_, y2_;
#else
  [[nodiscard]] std::uint64_t apart(const QuantizedLanes& block) const noexcept {
    std::uint64_t lanes = 0;
    for (Index k = 0; k < block_size; ++k) {
      const bool is_apart = (x1_ > block.x2[k]) | (block.x1[k] > x2_) | (y1_ > block.y2[k]) | (block.y1[k] > y2_);
      lanes |= std::uint64_t{is_apart} << k;
    }
    return lanes;
  }

 private:
  std::int8_t x1_, y1_, x2_, y2_;
#endif
};

}  // namespace BOXLAP_PATH
}  // namespace boxlap::detail
