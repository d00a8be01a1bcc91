/// The number of a row, and the two answers that are not a row.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

#include "detail/error.hpp"

namespace boxlap {

/// A row of some input. Signed 32 bit: the index of Eigen's and scipy's sparse matrices, half the memory of
/// std::size_t.
using Index = std::int32_t;

inline constexpr Index none = -1;     ///< no row: unmatched, below the low threshold
inline constexpr Index between = -2;  ///< neither matched nor background: between the low and the high threshold

namespace detail {

/// `n` as an Index, or std::length_error before any memory is spent on rows that cannot be numbered.
[[nodiscard]] inline Index to_index(std::size_t n, const char* what) {
  constexpr std::size_t most = (std::numeric_limits<Index>::max)();
  if (n > most) [[unlikely]] {
    too_long(what, " has ", n, " rows, the most is ", most);
  }
  return static_cast<Index>(n);
}

/// A row number as an offset into a standard container.
[[nodiscard]] constexpr std::size_t at(Index row) noexcept { return static_cast<std::size_t>(row); }

}  // namespace detail
}  // namespace boxlap
