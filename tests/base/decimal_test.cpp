// Decimal numbers against a grammar and strtod, which rounds correctly too; this program never leaves the C locale.
#include <boxlap/base/detail/decimal.hpp>

#include <cmath>
#include <cstdlib>
#include <random>
#include <regex>
#include <string>
#include <type_traits>
#include <vector>

#include "../catch.hpp"

namespace {

using boxlap::detail::DecimalStatus;

template <class T>
void compare(const std::string& token) {
  static const std::regex grammar("[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?");
  CAPTURE(token);
  T value = 42;
  const DecimalStatus status = boxlap::detail::read_decimal(token, value);
  if (!std::regex_match(token, grammar)) {
    REQUIRE(status == DecimalStatus::malformed);
    REQUIRE(value == 42);
    return;
  }
  T expected{};
  if constexpr (std::is_same_v<T, float>) {
    expected = std::strtof(token.c_str(), nullptr);
  } else {
    expected = std::strtod(token.c_str(), nullptr);
  }
  if (std::isinf(expected)) {
    REQUIRE(status == DecimalStatus::too_large);
    REQUIRE(value == 42);
  } else {
    REQUIRE(status == DecimalStatus::ok);
    REQUIRE(value == expected);
    REQUIRE(std::signbit(value) == std::signbit(expected));
  }
}

}  // namespace

TEST_CASE("tokens near the grammar of decimal numbers are read as strtod reads them, or refused") {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 rng(seed);
  const std::string signs = "0123456789012345678901234567890123456789..eE+-+-xn ";
  for (int k = 0; k < 40'000; ++k) {
    std::string token;
    for (auto n = 1 + rng() % 12; n > 0; --n) {
      token += signs[rng() % signs.size()];
    }
    compare<double>(token);
    compare<float>(token);
  }
}

TEST_CASE("numbers of any magnitude are rounded to the nearest, overflow is told from underflow") {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 rng(seed);
  for (int k = 0; k < 20'000; ++k) {
    std::string digits = std::to_string(rng());
    digits.insert(rng() % (digits.size() + 1), ".");
    compare<double>((rng() % 2 == 0 ? "-" : "+") + digits + "e" + std::to_string(int(rng() % 800) - 400));
    compare<float>(digits + "E" + std::to_string(int(rng() % 120) - 60));
  }
  const std::string zeros(400, '0');
  for (const std::string& token : std::vector<std::string>{
           zeros + "1e-400", "0." + zeros + "1e401", "1" + zeros + "e-400", "1" + zeros, "0." + zeros + "1",
           "-0." + zeros + "1e5", "0e99999999999999999999", "1e99999999999999999999", "-1e-99999999999999999999",
           "1e-400", "", ".", "e1", "1e", "+-1", "inf", "nan", "0x1p3", "1,5"}) {
    compare<double>(token);
    compare<float>(token);
  }
}
