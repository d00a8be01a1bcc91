/// Well-known text of any kind, and numbers in it against strtod.
#include <cmath>
#include <cstdlib>
#include <optional>
#include <string>

#include <boxlap/shape/wkt.hpp>

#include "input.hpp"

namespace {

template <class T>
void check_text(const std::string& text) {
  std::string why;
  const auto polygon = boxlap::try_parse_wkt<T>(text, &why);
  fuzz::require(polygon.has_value() == why.empty(), "a refusal has a reason");
  fuzz::require(fuzz::refused([&] { (void)boxlap::parse_wkt<T>(text); }) == !polygon, "parse_wkt throws the refusal");
  if (!polygon) {
    return;
  }
  for (const auto& p : polygon->points()) {
    fuzz::require(std::isfinite(p.x) && std::isfinite(p.y), "vertices are finite");
  }
  fuzz::require(area(*polygon) >= 0, "an area is not negative");
  const std::string again = to_wkt(*polygon);
  fuzz::require(boxlap::parse_wkt<T>(again) == *polygon, "a polygon reads back from its text", [&] { return again; });
}

/// [sign] digits [. digits] [e [sign] digits], a digit on one side of the point at least.
bool is_decimal(const std::string& token) {
  std::size_t k = 0;
  const auto sign = [&] { k += k < token.size() && (token[k] == '+' || token[k] == '-') ? 1U : 0U; };
  const auto digits = [&] {
    const std::size_t first = k;
    while (k < token.size() && token[k] >= '0' && token[k] <= '9') {
      ++k;
    }
    return k - first;
  };
  sign();
  std::size_t found = digits();
  if (k < token.size() && token[k] == '.') {
    ++k;
    found += digits();
  }
  if (found > 0 && k < token.size() && (token[k] == 'e' || token[k] == 'E')) {
    ++k;
    sign();
    found = digits();
  }
  return found > 0 && k == token.size();
}

/// A triangle two corners of which lie at x = the number.
template <class T>
void check_number(const std::string& token, T expected) {
  const auto polygon =
      boxlap::try_parse_wkt<T>("POLYGON ((" + token + " 0, " + token + " 1, 3.25 0.5, " + token + " 0))");
  if (!is_decimal(token) || !std::isfinite(expected)) {
    fuzz::require(!polygon, "what is no number is refused", [&] { return token; });
  } else if (std::abs(expected) < T(1e9) && std::abs(expected - T(3.25)) > T(1e-3)) {
    fuzz::require(polygon && (polygon->points()[0].x == expected || polygon->points()[1].x == expected),
                  "a number is the nearest of its type", [&] { return token; });
  }
}

/// Characters that numbers are made of.
std::string draw_token(fuzz::Input& in) {
  static const std::string characters = "0123456789.-+eE00995";
  std::string token;
  for (int n = in.below(30) + 1; n > 0; --n) {
    token += characters[static_cast<std::size_t>(in.byte()) % characters.size()];
  }
  return token;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input in(data, size);
  if (size > 0 && data[0] < 8) {  // no text starts so
    (void)in.byte();
    const std::string token = draw_token(in);
    check_number<double>(token, std::strtod(token.c_str(), nullptr));
    check_number<float>(token, std::strtof(token.c_str(), nullptr));
    return 0;
  }
  const std::string text = in.text();
  check_text<double>(text);
  check_text<float>(text);
  return 0;
}
