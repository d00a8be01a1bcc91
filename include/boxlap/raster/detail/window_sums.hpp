/// The quantities that are summed over windows, and how the sums of two neighbouring pieces join.
///
/// A window is assembled from pieces of 1, 2, 4, ... pixels (doubling.hpp), so a quantity must be one that two pieces
/// can join into. Plain sums add. Sums of squared distances from the mean join by the formula of Chan, Golub and
/// LeVeque (1979): never negative, and without the cancellation of E[I^2] - E[I]^2.
///
/// Layout: one array a channel, whole groups of 16 columns, aligned to the cache line, so that loops have no remainder
/// and every column goes through the same instructions. Cost: O(1) a column and join.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>

#include "../../base/detail/compiler.hpp"
#include "../../base/index.hpp"

namespace boxlap::detail {

/// Columns are computed in whole groups of this many, the last group into padding: no loop has a tail, so every column
/// goes through the same instructions. A multiple of every vector length in use.
inline constexpr Index lane_group = 16;

[[nodiscard]] constexpr Index whole_groups(Index n) noexcept { return (n + lane_group - 1) / lane_group * lane_group; }

struct AlignedDelete {
  void operator()(void* memory) const noexcept { ::operator delete (memory, std::align_val_t{64}); }
};

/// Numbers that begin on a cache line: vector loads that cross one cost double.
template <class T>
using AlignedRow = std::unique_ptr<T[], AlignedDelete>;

template <class T>
[[nodiscard]] AlignedRow<T> zero_row(std::ptrdiff_t n) {
  const auto count = static_cast<std::size_t>(n);
  T* memory = static_cast<T*>(::operator new (count * sizeof(T), std::align_val_t{64}));
  std::uninitialized_value_construct_n(memory, count);
  return AlignedRow<T>(memory);
}

/// One row of several channels: channel c starts at data + c * pitch.
template <class T>
struct Channels {
  T* data = nullptr;
  std::ptrdiff_t pitch = 0;

  [[nodiscard]] T* operator[](int channel) const noexcept { return data + channel * pitch; }
  [[nodiscard]] Channels from(Index column) const noexcept { return {data + column, pitch}; }
  // NOLINTNEXTLINE(google-explicit-constructor): what may be written may be read
  operator Channels<const T>() const noexcept requires(!std::is_const_v<T>) { return {data, pitch}; }
};

/// Two neighbouring pieces of `wide` >= `narrow` units, each unit being `unit` pixels. `wide` is a power of two.
struct Joint {
  Index wide, narrow, unit;
};

// The kernels are not inlined: their promise that out overlaps no input, which vectorises them, ends at an inlined
// call.

template <class T>
BOXLAP_NOINLINE void add_lanes(T* __restrict sum, const T* __restrict a, const T* __restrict b, Index n) {
  for (; n > 0; n -= lane_group, sum += lane_group, a += lane_group, b += lane_group) {
    for (Index k = 0; k < lane_group; ++k) {
      sum[k] = a[k] + b[k];
    }
  }
}

/// K sums side by side. Every channel of a raw pixel is already a sum over one pixel.
template <class T, int K>
struct Sums {
  using Scalar = T;
  static constexpr int channels = K, raw_channels = K;

  template <bool WideIsRaw, bool NarrowIsRaw>
  static void join(Channels<T> out, Channels<const T> wide, Channels<const T> narrow, Index n, Joint) {
    for (int c = 0; c < K; ++c) {
      add_lanes(out[c], wide[c], narrow[c], n);
    }
  }
  static void lift(Channels<T> out, Channels<const T> raw, Index n) {
    for (int c = 0; c < K; ++c) {
      std::copy_n(raw[c], n, out[c]);
    }
  }
};

/// Sum and M2 = sum of squared distances from the mean, joined pairwise as in Chan, Golub and LeVeque (1979):
/// M2 = M2a + M2b + na nb / (na + nb) (Sa / na - Sb / nb)^2. Never negative; keeps the digits that sums of squares
/// lose.
///
/// Written with nb / na, which is exact because na is a power of two, so that equal pixels give exactly 0.
/// A raw pixel has the sum alone, its M2 is 0.
template <class T>
struct SumAndSquares {
  using Scalar = T;
  static constexpr int channels = 2, raw_channels = 1;

  template <bool WideIsRaw, bool NarrowIsRaw>
  static void join(Channels<T> out, Channels<const T> wide, Channels<const T> narrow, Index n, Joint joint) {
    const T ratio = static_cast<T>(joint.narrow) / static_cast<T>(joint.wide);
    const T weight = static_cast<T>(1.0 / (static_cast<double>(ratio) * (joint.wide + joint.narrow) * joint.unit));
    kernel<WideIsRaw, NarrowIsRaw>(out[0], out[1], wide, narrow, n, {ratio, weight});
  }
  static void lift(Channels<T> out, Channels<const T> raw, Index n) {
    std::copy_n(raw[0], n, out[0]);
    std::fill_n(out[1], n, T{0});
  }

 private:
  struct Factors {
    T ratio, weight;
  };

  template <bool WideIsRaw, bool NarrowIsRaw>
  BOXLAP_NOINLINE static void kernel(T* __restrict sum, T* __restrict m2, Channels<const T> wide,
                                     Channels<const T> narrow, Index n, Factors factors) {
    for (Index i = 0; i < n; i += lane_group) {
      for (Index k = i; k < i + lane_group; ++k) {
        const T distance = wide[0][k] * factors.ratio - narrow[0][k];
        T squares = distance * distance * factors.weight;
        if constexpr (!WideIsRaw) {
          squares += wide[1][k];
        }
        if constexpr (!NarrowIsRaw) {
          squares += narrow[1][k];
        }
        sum[k] = wide[0][k] + narrow[0][k];
        m2[k] = squares;
      }
    }
  }
};

/// Count, sum and M2 where pixels may be invalid: the same join with the counts in the data. Raw: (1, value) or (0, 0).
template <class T>
struct CountedSquares {
  using Scalar = T;
  static constexpr int channels = 3, raw_channels = 2;

  template <bool WideIsRaw, bool NarrowIsRaw>
  static void join(Channels<T> out, Channels<const T> wide, Channels<const T> narrow, Index n, Joint) {
    kernel<WideIsRaw, NarrowIsRaw>(out, wide, narrow, n);
  }
  static void lift(Channels<T> out, Channels<const T> raw, Index n) {
    std::copy_n(raw[0], n, out[0]);
    std::copy_n(raw[1], n, out[1]);
    std::fill_n(out[2], n, T{0});
  }

 private:
  template <bool WideIsRaw, bool NarrowIsRaw>
  BOXLAP_NOINLINE static void kernel(Channels<T> out, Channels<const T> wide, Channels<const T> narrow, Index n) {
    T* __restrict count = out[0];
    T* __restrict sum = out[1];
    T* __restrict m2 = out[2];
    for (Index i = 0; i < n; i += lane_group) {
      for (Index k = i; k < i + lane_group; ++k) {
        const T na = wide[0][k], nb = narrow[0][k], both = na + nb;
        const T distance = wide[1][k] / (std::max)(na, T{1}) - narrow[1][k] / (std::max)(nb, T{1});
        T squares = distance * distance * (na * nb / (std::max)(both, T{1}));  // 0 when one side has no pixel
        if constexpr (!WideIsRaw) {
          squares += wide[2][k];
        }
        if constexpr (!NarrowIsRaw) {
          squares += narrow[2][k];
        }
        sum[k] = wide[1][k] + narrow[1][k];
        count[k] = both;
        m2[k] = squares;
      }
    }
  }
};

}  // namespace boxlap::detail
