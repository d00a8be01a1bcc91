/// One way to refuse input: an exception that names the argument and the row, std::terminate under -fno-exceptions.
#pragma once

#include <concepts>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "compiler.hpp"

namespace boxlap::detail {

inline void append(std::string& text, std::string_view part) { text += part; }

template <std::integral T>
void append(std::string& text, T part) {
  text += std::to_string(part);
}

template <std::floating_point T>
void append(std::string& text, T part) {
  char digits[32];
  std::snprintf(digits, sizeof digits, "%.9g", static_cast<double>(part));
  text += digits;
}

template <class... Parts>
[[nodiscard]] std::string message(const Parts&... parts) {
  std::string text = "boxlap: ";
  (append(text, parts), ...);
  return text;
}

template <class Error>
[[noreturn]] inline void raise([[maybe_unused]] const std::string& text) {
#if defined(__cpp_exceptions)
  throw Error(text);
#else
  std::terminate();
#endif
}

/// Throws std::invalid_argument. Cold and never inlined, so that a check costs its caller one compare.
template <class... Parts>
[[noreturn]] BOXLAP_COLD void invalid(const Parts&... parts) {
  raise<std::invalid_argument>(message(parts...));
}

/// Throws std::length_error.
template <class... Parts>
[[noreturn]] BOXLAP_COLD void too_long(const Parts&... parts) {
  raise<std::length_error>(message(parts...));
}

/// Refuses two arguments of different length: "boxlap: scores has 9 rows, boxes has 10". Lengths of any integer type:
/// Eigen's are signed.
template <std::integral N, std::integral M>
void require_same_length(const char* what, N rows, const char* other, M other_rows) {
  if (std::cmp_not_equal(rows, other_rows)) [[unlikely]] {
    invalid(what, " has ", rows, " rows, ", other, " has ", other_rows);
  }
}

}  // namespace boxlap::detail
