/// Polygons from and to well-known text.
#pragma once

#include <charconv>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../core/error.hpp"
#include "polygon.hpp"

namespace boxlap {
namespace detail {

/// A cursor over text. The first failure stays: a reason and a position, counted from 0.
class WktReader {
 public:
  explicit WktReader(std::string_view text) : text_(text) {}

  [[nodiscard]] bool failed() const noexcept { return !reason_.empty(); }
  [[nodiscard]] const std::string& reason() const noexcept { return reason_; }

  void fail(std::string_view expected) {
    if (!failed()) {
      reason_ = "WKT position " + std::to_string(position_) + ": expected " + std::string(expected);
      reason_ += position_ < text_.size() ? std::string(", got '") + text_[position_] + "'" : ", got the end";
    }
  }
  [[nodiscard]] bool accept(char c) {
    skip_space();
    const bool here = !failed() && position_ < text_.size() && text_[position_] == c;
    position_ += here ? 1 : 0;
    return here;
  }
  void expect(char c) {
    if (!accept(c)) {
      fail(std::string("'") + c + "'");
    }
  }
  /// Takes the next letters if they are `word`, in upper or lower case.
  [[nodiscard]] bool accept_word(std::string_view word) {
    skip_space();
    std::size_t end = position_;
    while (end < text_.size() && is_letter(text_[end])) {
      ++end;
    }
    if (failed() || end - position_ != word.size()) {
      return false;
    }
    for (std::size_t k = 0; k < word.size(); ++k) {
      if ((text_[position_ + k] & ~0x20) != word[k]) {
        return false;
      }
    }
    position_ = end;
    return true;
  }
  template <class T>
  [[nodiscard]] T number() {
    skip_space();
    T value{};
    if (failed()) {
      return value;
    }
    const char* const end = text_.data() + text_.size();
    const char* begin = text_.data() + position_;
    begin += begin != end && *begin == '+' ? 1 : 0;
    const auto [stop, error] = std::from_chars(begin, end, value);
    if (error == std::errc::result_out_of_range) {
      fail("a number within range");
    } else if (error != std::errc{}) {
      fail("a number");
    }
    position_ = static_cast<std::size_t>(stop - text_.data());
    return value;
  }
  void expect_end() {
    skip_space();
    if (position_ != text_.size()) {
      fail("the end");
    }
  }

 private:
  static bool is_letter(char c) noexcept { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }
  void skip_space() noexcept {
    while (position_ < text_.size() &&
           (text_[position_] == ' ' || (text_[position_] >= '\t' && text_[position_] <= '\r'))) {
      ++position_;
    }
  }

  std::string_view text_;
  std::size_t position_ = 0;
  std::string reason_;
};

template <class T>
struct WktPart {
  std::vector<std::vector<Point<T>>> rings;
  std::vector<bool> closed;
};

template <class T>
[[nodiscard]] std::vector<Point<T>> read_ring(WktReader& in) {
  std::vector<Point<T>> ring;
  in.expect('(');
  do {
    const T x = in.number<T>();
    const T y = in.number<T>();
    ring.push_back({x, y});
  } while (in.accept(','));
  in.expect(')');
  return ring;
}

template <class T>
[[nodiscard]] WktPart<T> read_part(WktReader& in) {
  WktPart<T> part;
  if (in.accept_word("EMPTY")) {
    return part;
  }
  in.expect('(');
  do {
    part.rings.push_back(read_ring<T>(in));
    part.closed.push_back(part.rings.back().front() == part.rings.back().back());
  } while (in.accept(','));
  in.expect(')');
  return part;
}

/// The parts of the text, or the reason in `in`.
template <class T>
[[nodiscard]] std::vector<WktPart<T>> read_wkt(WktReader& in, bool& many) {
  std::vector<WktPart<T>> parts;
  many = in.accept_word("MULTIPOLYGON");
  if (!many && !in.accept_word("POLYGON")) {
    in.fail("POLYGON or MULTIPOLYGON");
  } else if (!many) {
    parts.push_back(read_part<T>(in));
  } else if (!in.accept_word("EMPTY")) {
    in.expect('(');
    do {
      parts.push_back(read_part<T>(in));
    } while (in.accept(','));
    in.expect(')');
  }
  in.expect_end();
  return parts;
}

template <class T>
void append_wkt(std::string& text, const Point<T>& p) {
  char digits[64];
  char* end = std::to_chars(digits, digits + sizeof digits, p.x).ptr;
  *end++ = ' ';
  end = std::to_chars(end, digits + sizeof digits, p.y).ptr;
  text.append(digits, end);
}

}  // namespace detail

/// As parse_wkt(), for bulk files: nothing instead of an exception, and the reason in `why` unless it is null.
template <class T>
[[nodiscard]] std::optional<Polygon<T>> try_parse_wkt(std::string_view text, std::string* why = nullptr) {
  detail::WktReader in(text);
  bool many = false;
  std::vector<detail::WktPart<T>> parts = detail::read_wkt<T>(in, many);
  if (in.failed()) {
    if (why != nullptr) {
      *why = in.reason();
    }
    return std::nullopt;
  }
  std::vector<detail::CheckedRing<T>> rings;
  std::vector<RingRepair> repairs;
  Index part_number = 0;
  for (detail::WktPart<T>& part : parts) {
    for (std::size_t r = 0; r < part.rings.size(); ++r) {
      if (!part.closed[r]) {
        repairs.push_back({detail::to_index(rings.size(), "rings"), Repair::closed});
      }
      detail::CheckedRing<T> ring;
      ring.points = std::move(part.rings[r]);
      ring.part = part_number;
      ring.hole = r == 0 ? none : static_cast<Index>(r - 1);
      rings.push_back(std::move(ring));
    }
    part_number += part.rings.empty() ? 0 : 1;
  }
  return detail::PolygonAccess<T>::make(std::move(rings), std::move(repairs), many, why);
}

/// A polygon from well-known text: POLYGON or MULTIPOLYGON, two coordinates a vertex, EMPTY allowed.
///
/// Words in upper or lower case, any white space. Rings without their closing vertex are closed and listed by
/// repairs(). Throws std::invalid_argument with the position in the text (from 0) where it is not such text, and as
/// make_polygon() where the rings are no polygon. Coordinates become the nearest T. O(n log n) time; at most 200 bytes
/// a vertex of double while it runs, of which 64 stay.
template <class T = double>
[[nodiscard]] Polygon<T> parse_wkt(std::string_view text) {
  std::string why;
  auto polygon = try_parse_wkt<T>(text, &why);
  if (!polygon) {
    detail::invalid(why);
  }
  return *std::move(polygon);
}

/// The polygon as well-known text: POLYGON for one part, MULTIPOLYGON for several, rings closed, and each number in the
/// fewest digits that read back as itself: parse_wkt(to_wkt(p)) == p. At most three times the text while it grows.
template <class T>
[[nodiscard]] std::string to_wkt(const Polygon<T>& polygon) {
  if (polygon.empty()) {
    return "POLYGON EMPTY";
  }
  const bool many = polygon.parts() > 1;
  std::string text = many ? "MULTIPOLYGON (" : "POLYGON ";
  for (Index r = 0; r < polygon.rings(); ++r) {
    const bool starts = !polygon.is_hole(r);
    text += r == 0 ? "(" : starts ? "), (" : ", ";
    const auto ring = polygon.ring(r);
    text += "(";
    for (const Point<T>& p : ring) {
      detail::append_wkt(text, p);
      text += ", ";
    }
    detail::append_wkt(text, ring[0]);
    text += ")";
  }
  return text += many ? "))" : ")";
}

}  // namespace boxlap
