/// The Hilbert curve: cells of a grid in an order in which neighbours in the order are neighbours in the plane.
#pragma once

#include <array>
#include <cstdint>

namespace boxlap::detail {

/// One step of the curve for a pair of 4-bit coordinates: the 8 bits of the key and the orientation of the sub-square.
struct HilbertStep {
  std::uint8_t key, orientation;
};

/// All steps: [orientation][x][y]. An orientation is swap + 2 * flip: exchange the axes, then complement both.
[[nodiscard]] consteval std::array<HilbertStep, 4 * 256> hilbert_steps() {
  std::array<HilbertStep, 4 * 256> steps{};
  for (std::uint32_t start = 0; start < 4; ++start) {
    for (std::uint32_t cell = 0; cell < 256; ++cell) {
      bool swap = (start & 1) != 0, flip = (start & 2) != 0;
      std::uint32_t key = 0;
      for (int bit = 3; bit >= 0; --bit) {
        std::uint32_t x = (cell >> (4 + bit)) & 1, y = (cell >> bit) & 1;
        if (swap) {
          const std::uint32_t other = x;
          x = y;
          y = other;
        }
        if (flip) {
          x ^= 1;
          y ^= 1;
        }
        // The quadrants in the order of a U: lower left, upper left, upper right, lower right.
        key = (key << 2) | ((3 * x) ^ y);
        if (y == 0) {  // the first and the last quadrant are transposed, the last one also turned over
          swap = !swap;
          flip ^= x == 1;
        }
      }
      steps[start * 256 + cell] = {static_cast<std::uint8_t>(key),
                                   static_cast<std::uint8_t>((swap ? 1U : 0U) + (flip ? 2U : 0U))};
    }
  }
  return steps;
}

inline constexpr std::array<HilbertStep, 4 * 256> hilbert_table = hilbert_steps();

/// The position on the curve of the cell (x, y) of a grid of 2^bits x 2^bits cells; bits is a multiple of 4, at
/// most 16. Source: D. Hilbert, Math. Ann. 38 (1891); here as a table of four bits a step.
[[nodiscard]] constexpr std::uint32_t hilbert_key(std::uint32_t x, std::uint32_t y, int bits) noexcept {
  std::uint32_t key = 0, orientation = 0;
  for (int shift = bits - 4; shift >= 0; shift -= 4) {
    const HilbertStep step = hilbert_table[orientation * 256 + ((x >> shift) & 15) * 16 + ((y >> shift) & 15)];
    key = (key << 8) | step.key;
    orientation = step.orientation;
  }
  return key;
}

}  // namespace boxlap::detail
