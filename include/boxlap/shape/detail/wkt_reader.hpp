/// A recursive-descent parser of well-known text (OGC 06-103r4, and the extended form of PostGIS) for polygons.
///
/// A cursor over the text offers tokens, and there is one small function for each rule of the grammar. No copy of the
/// text is made. An error is a value and no exception: the first one stays in the cursor, all later calls do nothing,
/// and the loops end, so that bulk files with broken rows cost nothing extra. Numbers are read by std::from_chars,
/// exactly and without regard to the locale. Nested collections are counted instead of recursed into: their depth is
/// not limited by the stack.
///
/// Cost: O(length) time; a ring is reserved once, after its commas were counted.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../../base/detail/decimal.hpp"
#include "../../base/index.hpp"
#include "../point.hpp"
#include "../ring_repair.hpp"
#include "ring_validity.hpp"

namespace boxlap::detail {

/// A cursor over text. The first failure stays: what was expected, what is there, and where, counted from 0.
class WktReader {
 public:
  explicit WktReader(std::string_view text) : text_(text) {}

  [[nodiscard]] bool failed() const noexcept { return !reason_.empty(); }
  [[nodiscard]] const std::string& reason() const noexcept { return reason_; }

  void fail(std::string_view expected) {
    if (!failed()) {
      reason_ = "WKT position " + std::to_string(position_) + ": expected " + std::string(expected) + ", got " + here();
    }
  }
  [[nodiscard]] bool accept(char c) {
    skip_blanks();
    const bool is_here = !failed() && position_ < text_.size() && text_[position_] == c;
    position_ += is_here ? 1 : 0;
    return is_here;
  }
  void expect(char c) {
    if (!accept(c)) {
      fail(std::string("'") + c + "'");
    }
  }
  /// Takes the next letters if they are `word`, in any case.
  [[nodiscard]] bool accept_word(std::string_view word) {
    skip_blanks();
    const bool is_word = !failed() && same_letters(letters(position_), word);
    position_ += is_word ? word.size() : 0;
    return is_word;
  }
  /// Takes the next letters if they are `name`, in any case, with Z, M or ZM attached or as the next word. `ordinates`
  /// becomes the number of a vertex that this tells, or 0.
  [[nodiscard]] bool accept_name(std::string_view name, int& ordinates) {
    skip_blanks();
    const std::string_view here = letters(position_);
    for (const auto& [tag, count] : {Tag{"", 0}, Tag{"Z", 3}, Tag{"M", 3}, Tag{"ZM", 4}}) {
      const bool starts = here.size() == name.size() + tag.size() && same_letters(here.substr(0, name.size()), name);
      if (!failed() && starts && same_letters(here.substr(name.size()), tag)) {
        position_ += here.size();
        ordinates = count > 0 ? count : accept_word("ZM") ? 4 : accept_word("Z") || accept_word("M") ? 3 : 0;
        return true;
      }
    }
    return false;
  }
  /// A decimal number with a blank, a comma, a parenthesis or the end behind it.
  template <class T>
  [[nodiscard]] T number() {
    skip_blanks();
    T value{};
    if (failed()) {
      return value;
    }
    const std::string_view token = this->token(position_);
    switch (read_decimal(token, value)) {
      case DecimalStatus::ok:
        position_ += token.size();
        break;
      case DecimalStatus::malformed:
        fail("a number");
        break;
      case DecimalStatus::too_large:
        fail(std::same_as<T, float> ? "a number within the range of float" : "a number within the range of double");
        break;
    }
    return value;
  }
  /// Takes a Z or M, which is not kept: a number of any size, or NaN where it is unknown.
  void skip_number() {
    skip_blanks();
    const std::string_view token = this->token(position_);
    if (!same_letters(token, "NAN") && !decimal_shape(token).is_number) {
      return fail("a number");
    }
    position_ += token.size();
  }
  /// Whether a vertex goes on here: neither a comma nor a parenthesis comes next.
  [[nodiscard]] bool within_vertex() {
    skip_blanks();
    return !failed() && !token(position_).empty();
  }
  /// Takes SRID=digits; where the text starts with it.
  void skip_srid() {
    if (!accept_word("SRID")) {
      return;
    }
    expect('=');
    skip_blanks();
    std::size_t end = position_;
    while (end < text_.size() && text_[end] >= '0' && text_[end] <= '9') {
      ++end;
    }
    if (end == position_) {
      fail("the digits of an SRID");
    }
    position_ = end;
    expect(';');
  }
  /// How many vertices the ring that starts here has, as its commas tell.
  [[nodiscard]] std::size_t count_vertices() const noexcept {
    const std::string_view ring = text_.substr(position_, text_.find(')', position_) - position_);
    return static_cast<std::size_t>(std::count(ring.begin(), ring.end(), ',')) + 1;
  }
  void expect_end() {
    skip_blanks();
    if (position_ != text_.size()) {
      fail("the end");
    }
  }

 private:
  struct Tag {
    std::string_view letters;
    int ordinates;
  };

  [[nodiscard]] static bool is_letter(char c) noexcept { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }
  [[nodiscard]] static bool is_blank(char c) noexcept { return c == ' ' || (c >= '\t' && c <= '\r'); }
  [[nodiscard]] static bool ends_token(char c) noexcept { return is_blank(c) || c == ',' || c == '(' || c == ')'; }
  /// `word` is in upper case.
  [[nodiscard]] static bool same_letters(std::string_view here, std::string_view word) noexcept {
    return std::equal(here.begin(), here.end(), word.begin(), word.end(),
                      [](char a, char b) { return (a & ~0x20) == b; });
  }
  [[nodiscard]] std::string_view letters(std::size_t from) const noexcept {
    std::size_t end = from;
    while (end < text_.size() && is_letter(text_[end])) {
      ++end;
    }
    return text_.substr(from, end - from);
  }
  [[nodiscard]] std::string_view token(std::size_t from) const noexcept {
    std::size_t end = from;
    while (end < text_.size() && !ends_token(text_[end])) {
      ++end;
    }
    return text_.substr(from, end - from);
  }
  void skip_blanks() noexcept {
    while (position_ < text_.size() && is_blank(text_[position_])) {
      ++position_;
    }
  }
  /// The word, number or sign at the cursor, for a message; cut off where it is long.
  [[nodiscard]] std::string here() const {
    if (position_ >= text_.size()) {
      return "the end";
    }
    const std::string_view whole = token(position_);
    constexpr std::size_t most = 24;
    constexpr std::string_view hexadecimal = "0123456789ABCDEF";
    std::string shown = "'";
    for (const char c : whole.empty() ? text_.substr(position_, 1) : whole.substr(0, most)) {
      const bool is_plain = c >= ' ' && c <= '~';
      const auto byte = static_cast<unsigned char>(c);
      shown += is_plain ? std::string(1, c) : std::string{'\\', 'x', hexadecimal[byte >> 4], hexadecimal[byte & 15]};
    }
    return shown += whole.size() > most ? "...'" : "'";
  }

  std::string_view text_;
  std::size_t position_ = 0;
  std::string reason_;
};

/// The numbers of each vertex of one geometry: what its Z, M or ZM says, else what its first vertex has.
struct WktOrdinates {
  int count = 0;
  bool is_tagged = false;
};

template <class T>
[[nodiscard]] Point<T> read_vertex(WktReader& in, WktOrdinates& ordinates) {
  const T x = in.number<T>();
  const T y = in.number<T>();
  int read = 2;
  for (; read < 4 && read != ordinates.count && in.within_vertex(); ++read) {
    in.skip_number();
  }
  if (ordinates.count == 0) {
    ordinates.count = read;
  }
  if (read < ordinates.count || in.within_vertex()) {
    const bool is_short = read < ordinates.count;
    in.fail(is_short || ordinates.is_tagged || read < 4
                ? std::to_string(ordinates.count) + " numbers a vertex, as " +
                      (ordinates.is_tagged ? "the Z or M says" : "the first vertex has")
                : std::string("',' or ')' after four numbers"));
  }
  return {x, y};
}

/// Rings on their way into a polygon, as they are read.
template <class T>
struct WktRings {
  std::vector<CheckedRing<T>> rings{};
  std::vector<RingRepair> repairs{};
  std::size_t parts = 0;
  bool many = false;  ///< the text may have several parts

  void add(std::vector<Point<T>> points, std::size_t ring_of_part) {
    if (points.front() != points.back()) {
      repairs.push_back({to_index(rings.size(), "rings"), Repair::closed});
    }
    CheckedRing<T> ring{std::move(points)};
    ring.part = to_index(parts, "parts");
    ring.hole = ring_of_part == 0 ? none : to_index(ring_of_part - 1, "holes");
    rings.push_back(std::move(ring));
  }
};

template <class T>
[[nodiscard]] std::vector<Point<T>> read_ring(WktReader& in, WktOrdinates& ordinates) {
  std::vector<Point<T>> ring;
  in.expect('(');
  ring.reserve(in.count_vertices());
  do {
    ring.push_back(read_vertex<T>(in, ordinates));
  } while (in.accept(','));
  in.expect(')');
  return ring;
}

template <class T>
void read_part(WktReader& in, WktOrdinates& ordinates, WktRings<T>& out) {
  if (!in.accept_word("EMPTY")) {
    in.expect('(');
    bool has_shell = false;
    std::size_t ring = 0;
    do {
      if (in.accept_word("EMPTY")) {
        continue;
      }
      if (ring > 0 && !has_shell) {
        in.fail("an EMPTY hole, as the shell is EMPTY");
        return;
      }
      has_shell = true;
      out.add(read_ring<T>(in, ordinates), ring);
    } while (++ring, in.accept(','));
    in.expect(')');
  }
  ++out.parts;
}

/// Reads what follows the name of a POLYGON, or of a MULTIPOLYGON, up to its end.
template <class T>
void read_polygons(WktReader& in, bool many, WktOrdinates ordinates, WktRings<T>& out) {
  if (!many) {
    read_part(in, ordinates, out);
  } else if (!in.accept_word("EMPTY")) {
    in.expect('(');
    do {
      read_part(in, ordinates, out);
    } while (in.accept(','));
    in.expect(')');
  }
}

/// The rings of the text, or the reason in `in`. Nested collections are counted instead of recursed into, so that
/// their depth is not limited by the stack.
template <class T>
[[nodiscard]] WktRings<T> read_wkt(WktReader& in) {
  WktRings<T> out;
  in.skip_srid();
  std::size_t open_collections = 0;
  do {
    int told = 0;
    if (in.accept_name("GEOMETRYCOLLECTION", told)) {  // its Z or M is not compared with that of its parts
      out.many = true;
      if (!in.accept_word("EMPTY")) {
        in.expect('(');
        ++open_collections;
        continue;
      }
    } else if (in.accept_name("MULTIPOLYGON", told)) {
      out.many = true;
      read_polygons(in, true, {told, told > 0}, out);
    } else if (in.accept_name("POLYGON", told)) {
      read_polygons(in, false, {told, told > 0}, out);
    } else {
      in.fail("POLYGON, MULTIPOLYGON or GEOMETRYCOLLECTION");
    }
    while (open_collections > 0 && !in.failed() && !in.accept(',')) {
      in.expect(')');
      --open_collections;
    }
  } while (open_collections > 0 && !in.failed());
  in.expect_end();
  out.rings.shrink_to_fit();
  return out;
}

}  // namespace boxlap::detail
