/// Decimal numbers in text, read strictly and without regard to the locale.
///
/// std::strtod reads a decimal comma where the locale has one, and takes hexadecimal, infinities, leading blanks and
/// text behind the number. std::from_chars has no locale and rounds exactly, but says "out of range" of numbers that
/// are too large and too small alike. So the form of a token is matched first, as a state machine over its characters
/// that keeps the power of ten of the first digit; from_chars reads the value, and that power tells overflow from
/// underflow.
///
/// Cost: O(length), no memory.
#pragma once

#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <system_error>

namespace boxlap::detail {

enum class DecimalStatus { ok, malformed, too_large };

/// Whether a token is a decimal number by its form, and the power of ten of its first digit.
struct DecimalShape {
  bool is_number = false;
  std::int64_t magnitude = 0;  ///< the value is in [10^(magnitude - 1), 10^magnitude), unless it is 0
};

/// Matches [sign] digits [. digits] [e [sign] digits], with a digit on at least one side of the point. `token` is
/// matched as a whole. O(length).
[[nodiscard]] inline DecimalShape decimal_shape(std::string_view token) noexcept {
  const auto is_digit = [&](std::size_t k) { return k < token.size() && token[k] >= '0' && token[k] <= '9'; };
  const auto is_sign = [&](std::size_t k) { return k < token.size() && (token[k] == '+' || token[k] == '-'); };
  DecimalShape shape;
  std::size_t k = is_sign(0) ? 1 : 0;
  bool has_digits = false, has_value = false;
  for (; is_digit(k); ++k) {
    has_digits = true;
    has_value = has_value || token[k] != '0';
    shape.magnitude += has_value ? 1 : 0;
  }
  if (k < token.size() && token[k] == '.') {
    for (++k; is_digit(k); ++k) {
      has_digits = true;
      has_value = has_value || token[k] != '0';
      shape.magnitude -= has_value ? 0 : 1;
    }
  }
  if (has_digits && k < token.size() && (token[k] == 'e' || token[k] == 'E')) {
    const bool is_negative = k + 1 < token.size() && token[k + 1] == '-';
    k += is_sign(k + 1) ? 2U : 1U;
    has_digits = is_digit(k);
    std::int64_t exponent = 0;
    for (; is_digit(k); ++k) {
      constexpr std::int64_t enough = std::int64_t{1} << 56;  // no text has the digits to balance this
      exponent = exponent < enough ? exponent * 10 + (token[k] - '0') : exponent;
    }
    shape.magnitude += is_negative ? -exponent : exponent;
  }
  shape.is_number = has_digits && k == token.size();
  return shape;
}

/// Reads `token`, all of it, as the nearest T: one sign at most, no hexadecimal, no infinity, no NaN, no blanks.
/// A number too small for T is 0 with its sign. With libstdc++ 11 subnormal numbers are rounded twice, and may be one
/// place off. `value` is set only where the status is ok.
template <std::floating_point T>
[[nodiscard]] DecimalStatus read_decimal(std::string_view token, T& value) {
  const DecimalShape shape = decimal_shape(token);
  if (!shape.is_number) {
    return DecimalStatus::malformed;
  }
  const char* const begin = token.data() + (token.front() == '+' ? 1 : 0);
  const char* const end = token.data() + token.size();
  T parsed{};
  if (std::from_chars(begin, end, parsed).ec == std::errc{}) {
    value = parsed;
    return DecimalStatus::ok;
  }
  if (shape.magnitude > 0) {
    return DecimalStatus::too_large;
  }
  value = token.front() == '-' ? -T{0} : T{0};
#if defined(_GLIBCXX_RELEASE) && _GLIBCXX_RELEASE < 12  // calls subnormal numbers too small; a wider type has them
  long double wide = value;
  static_cast<void>(std::from_chars(begin, end, wide));
  value = static_cast<T>(wide);
#endif
  return DecimalStatus::ok;
}

}  // namespace boxlap::detail
