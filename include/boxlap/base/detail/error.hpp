/// One way to refuse input: an exception that names the argument and the row, std::terminate under -fno-exceptions.
///
/// Messages are built by one function that is never inlined, from parts of one type. So a check costs its caller one
/// compare and a few stores, and next to nothing to compile.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "compiler.hpp"

namespace boxlap::detail {

/// A word or a number of a message, behind one type: a message costs its caller a few stores to compile.
class MessagePart {
 public:
  // NOLINTBEGIN(google-explicit-constructor): a message is written as a list of its parts
  MessagePart(const char* text) noexcept : text_(text) {}
  MessagePart(std::string_view text) noexcept : text_(text) {}
  MessagePart(const std::string& text) noexcept : text_(text) {}
  template <std::signed_integral T>
  MessagePart(T number) noexcept : kind_(Kind::whole), whole_(number) {}
  template <std::unsigned_integral T>
  MessagePart(T number) noexcept : kind_(Kind::natural), natural_(number) {}
  template <std::floating_point T>
  MessagePart(T number) noexcept : kind_(Kind::real), real_(static_cast<double>(number)) {}
  // NOLINTEND(google-explicit-constructor)

  void append_to(std::string& message) const {
    char digits[32] = "";
    switch (kind_) {
      case Kind::text:
        message += text_;
        return;
      case Kind::whole:
        std::snprintf(digits, sizeof digits, "%lld", whole_);
        break;
      case Kind::natural:
        std::snprintf(digits, sizeof digits, "%llu", natural_);
        break;
      case Kind::real:
        std::snprintf(digits, sizeof digits, "%.9g", real_);
        break;
    }
    message += digits;
  }

 private:
  enum class Kind : unsigned char { text, whole, natural, real };
  Kind kind_ = Kind::text;
  std::string_view text_;
  union {
    long long whole_ = 0;
    unsigned long long natural_;
    double real_;
  };
};

/// The parts one behind the other.
template <class... Parts>
[[nodiscard]] BOXLAP_COLD std::string text_of(const Parts&... parts) {
  const MessagePart all[] = {parts...};
  std::string text;
  for (const MessagePart& part : all) {
    part.append_to(text);
  }
  return text;
}

enum class ErrorKind : unsigned char { invalid_argument, length_error };

[[noreturn]] BOXLAP_COLD inline void raise([[maybe_unused]] ErrorKind kind, const MessagePart* parts,
                                           std::size_t count) {
  std::string message = "boxlap: ";
  for (std::size_t k = 0; k < count; ++k) {
    parts[k].append_to(message);
  }
#if defined(__cpp_exceptions)
  if (kind == ErrorKind::length_error) {
    throw std::length_error(message);
  }
  throw std::invalid_argument(message);
#else
  std::terminate();
#endif
}

/// Throws std::invalid_argument. Cold and never inlined, so that a check costs its caller one compare.
template <class... Parts>
[[noreturn]] BOXLAP_COLD void invalid(const Parts&... parts) {
  const MessagePart all[] = {parts...};
  raise(ErrorKind::invalid_argument, all, sizeof...(Parts));
}

/// Throws std::length_error.
template <class... Parts>
[[noreturn]] BOXLAP_COLD void too_long(const Parts&... parts) {
  const MessagePart all[] = {parts...};
  raise(ErrorKind::length_error, all, sizeof...(Parts));
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
