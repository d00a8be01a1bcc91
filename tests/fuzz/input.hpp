/// Bytes as the arguments of a fuzz target.
///
/// Random doubles never tie, never touch and never hit a threshold, so most bytes here become small integers, quarters,
/// or a number that was drawn before; the rest are special values (NaN, infinities, -0, subnormal, huge) and raw bits.
/// Every byte has a meaning, and where the bytes end zeros follow, so that any mutation of an input is an input.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <limits>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include <boxlap/base/index.hpp>
#include <boxlap/shape/box.hpp>

namespace fuzz {

using boxlap::Box;
using boxlap::Index;

inline std::size_t at(Index i) { return static_cast<std::size_t>(i); }

/// Ends the process: libFuzzer then writes the input to a file, a replay names it.
inline void require(bool holds, const char* what) {
  if (!holds) {
    std::fprintf(stderr, "not so: %s\n", what);
    std::abort();
  }
}

/// The same with the values at fault, as describe() has them: a text.
template <class F>
void require(bool holds, const char* what, const F& describe) {
  if (!holds) {
    std::fprintf(stderr, "%s\n", describe().c_str());
  }
  require(holds, what);
}

/// True if f() throws std::invalid_argument; any other exception ends the process.
template <class F>
bool refused(F f) {
  try {
    f();
  } catch (const std::invalid_argument&) {
    return true;
  }
  return false;
}

class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : next_(data), end_(data + size) {}

  [[nodiscard]] bool empty() const { return next_ == end_; }
  std::uint8_t byte() { return empty() ? std::uint8_t{0} : *next_++; }
  bool flag() { return byte() % 2 == 1; }
  /// One time in n, and not where the bytes have ended.
  bool rarely(int n) { return byte() % n == n - 1; }
  /// 0 <= result < n <= 256.
  int below(int n) { return byte() % n; }

  /// The rest as text.
  std::string text() {
    std::string result(next_, end_);
    next_ = end_;
    return result;
  }

  template <class T>
  const T& one_of(const std::vector<T>& choice) {
    return choice[static_cast<std::size_t>(byte()) % choice.size()];
  }

  /// Any float or double: see the head of this file.
  template <class T>
  T number() {
    const int b = byte();
    T value{};
    if (b < 112) {
      value = static_cast<T>(b % 32);
    } else if (b < 168) {
      value = static_cast<T>(b - 140) / 4;
    } else if (b < 216) {
      const auto again = static_cast<T>(drawn_[static_cast<std::size_t>(b % 8)]);
      value = b < 200   ? again
              : b < 208 ? std::nextafter(again, std::numeric_limits<T>::infinity())
                        : std::nextafter(again, -std::numeric_limits<T>::infinity());
    } else if (b < 244) {
      value = special<T>(b - 216);
    } else {
      std::array<std::uint8_t, sizeof(T)> raw{};
      for (std::uint8_t& part : raw) {
        part = byte();
      }
      std::memcpy(&value, raw.data(), sizeof(T));
    }
    drawn_[count_++ % 8] = static_cast<double>(value);
    return value;
  }

  /// A number that is finite; `instead` for others.
  template <class T>
  T finite(T instead = T{1}) {
    const T value = number<T>();
    return std::isfinite(value) ? value : instead;
  }

  double threshold() {
    static const std::vector<double> usual = {0.5, 0,   0.25,  0.75,  1,    1.0 / 3, 0.2, 0.1,
                                              0.3, 0.7, -0.25, 1e-12, 0.45, 2.0 / 3, 0.6, 0.05};
    const int b = byte();
    return b < 224 ? usual[static_cast<std::size_t>(b % 16)] : number<double>();
  }

  /// A box: mostly of small integer sides, sometimes four numbers of any kind, sometimes the last one again or shifted.
  template <class T>
  Box<T> box(const Box<T>& last = {}) {
    switch (below(8)) {
      case 0:
        return {number<T>(), number<T>(), number<T>(), number<T>()};
      case 1:
        return last;
      case 2: {
        const T dx = number<T>(), dy = number<T>();
        return {last.x1 + dx, last.y1 + dy, last.x2 + dx, last.y2 + dy};
      }
      case 3:
        return {last.x1, last.y1, number<T>(), last.y2};
      default: {
        const T x = number<T>(), y = number<T>();
        const int sides = byte();
        return {x, y, x + static_cast<T>(sides % 16), y + static_cast<T>(sides / 16)};
      }
    }
  }

  /// Up to `most` boxes. One list in four is repeated, each copy shifted, so that indexes of several levels are built
  /// of a few bytes.
  template <class T>
  std::vector<Box<T>> boxes(std::size_t most) {
    std::vector<Box<T>> list;
    const int count = below(40);
    for (int k = 0; k < count && list.size() < most; ++k) {
      list.push_back(box<T>(list.empty() ? Box<T>{} : list.back()));
    }
    if (rarely(4) && !list.empty()) {
      const std::size_t own = list.size(), copies = static_cast<std::size_t>(byte()), side = at(below(24)) + 1;
      const T dx = number<T>(), dy = number<T>();
      for (std::size_t k = own; k < own * (copies + 1) && k < most; ++k) {
        const T x = dx * static_cast<T>(k / own % side), y = dy * static_cast<T>(k / own / side);
        const Box<T>& b = list[k % own];
        list.push_back({b.x1 + x, b.y1 + y, b.x2 + x, b.y2 + y});
      }
    }
    return list;
  }

  /// n scores; where the bytes end, the ones before come again.
  template <class T>
  std::vector<T> scores(std::size_t n, bool nan_too = true) {
    std::vector<T> list;
    const int kind = below(3);
    for (std::size_t k = 0; k < n; ++k) {
      if (empty() && k >= 7) {
        list.push_back(list[k - 7]);
        continue;
      }
      T score = kind == 0 ? static_cast<T>(byte()) / 256 : kind == 1 ? static_cast<T>(below(3)) / 2 : number<T>();
      list.push_back(score != score && !nan_too ? T{} : score);
    }
    return list;
  }

  /// n labels; few different ones, some far apart.
  std::vector<std::int64_t> labels(std::size_t n) {
    static const std::vector<std::int64_t> usual = {
        0, 1, 2, 3, -1, 1000, std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()};
    const int kinds = below(8) + 1;
    std::vector<std::int64_t> list;
    for (std::size_t k = 0; k < n; ++k) {
      const int b = empty() ? static_cast<int>(k % 5) : byte();
      list.push_back(usual[static_cast<std::size_t>(b % kinds)]);
    }
    return list;
  }

 private:
  template <class T>
  static T special(int k) {
    using L = std::numeric_limits<T>;
    static const T values[] = {L::quiet_NaN(),   L::infinity(), -L::infinity(),     T{-0.0},     L::denorm_min(),
                               -L::denorm_min(), L::min(),      L::max(),           L::lowest(), L::epsilon(),
                               T(1e30),          T(-1e30),      T(1e-30),           T(0.1),      T(0.2),
                               T(0.3),           T(0.7),        T(1) / 3,           T(2) / 3,    T(100),
                               T(1000.5),        T(4096),       T(65536),           T(16777216), T(9007199254740992),
                               T(1e6),           T(1e-6),       std::sqrt(L::max())};
    return values[static_cast<std::size_t>(k) % std::size(values)];
  }

  const std::uint8_t *next_, *end_;
  std::array<double, 8> drawn_{};
  std::size_t count_ = 0;
};

}  // namespace fuzz

/// What every target defines and libFuzzer, or replay.cpp, calls.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
