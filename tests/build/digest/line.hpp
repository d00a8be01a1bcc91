/// One line of a digest: "same NAME: hash" or "near NAME: hash".
///
/// "same" is what the library promises to be the same bits from every compiler, on every machine. "near" keeps an error
/// bound instead, or leaves a figure to the platform's exp and cos: such a line is compared before and after a change,
/// with one compiler. Nothing depends on the width of size_t or on the order of bytes: whole numbers are hashed as 64
/// bits, float and double as their bits with one NaN for all.
#pragma once

#include <array>
#include <bit>
#include <boxlap/pairs/csr.hpp>
#include <boxlap/shape/box.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace digest {

enum class Promise { same, near };
using enum Promise;

class Line {
 public:
  Line(Promise promise, std::string name) : promise_(promise), name_(std::move(name)) {}
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;
  ~Line() {
    std::printf("%s %s: %016llx\n", promise_ == same ? "same" : "near", name_.c_str(),
                static_cast<unsigned long long>(hash_));
    std::fflush(stdout);
  }

  template <class... Parts>
  requires(sizeof...(Parts) > 1) void add(const Parts&... parts) { (add(parts), ...); }

  template <class N>
  requires(std::is_integral_v<N> || std::is_enum_v<N>) void add(N x) {
    add_word(static_cast<std::uint64_t>(static_cast<std::int64_t>(x)));
  }
  void add(float x) { add_word(x == x ? std::bit_cast<std::uint32_t>(x) : 0x7fc00000U); }
  void add(double x) { add_word(x == x ? std::bit_cast<std::uint64_t>(x) : 0x7ff8000000000000U); }
  void add(std::string_view text) {
    for (const char c : text) {
      add_word(static_cast<unsigned char>(c));
    }
  }
  template <class T>
  void add(const std::vector<T>& values) {
    add(std::span<const T>(values));
  }
  template <class T, std::size_t n>
  void add(const std::array<T, n>& values) {
    add(std::span<const T>(values));
  }
  template <class T, std::size_t n>
  void add(std::span<T, n> values) {
    add(static_cast<std::int64_t>(values.size()));
    for (const auto& value : values) {
      add(value);
    }
  }
  template <class A, class B>
  void add(const std::pair<A, B>& pair) {
    add(pair.first, pair.second);
  }
  template <class T>
  void add(const boxlap::Csr<T>& matrix) {
    add(matrix.rows, matrix.cols, matrix.row_offsets, matrix.col_indices, matrix.values);
  }
  template <class T>
  void add(const boxlap::Box<T>& box) {
    add(box.x1, box.y1, box.x2, box.y2);
  }
  template <class T>
  void add(const boxlap::Point<T>& p) {
    add(p.x, p.y);
  }

 private:
  void add_word(std::uint64_t word) {
    hash_ = (hash_ ^ word) * 0x9e3779b97f4a7c15U;
    hash_ ^= hash_ >> 29;
  }

  Promise promise_;
  std::string name_;
  std::uint64_t hash_ = 0xcbf29ce484222325U;
};

}  // namespace digest
