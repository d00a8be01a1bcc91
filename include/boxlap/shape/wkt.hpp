/// Polygons from and to well-known text.
#pragma once

#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "../base/detail/error.hpp"
#include "../base/index.hpp"
#include "detail/polygon_builder.hpp"
#include "detail/wkt_reader.hpp"
#include "point.hpp"
#include "polygon.hpp"

namespace boxlap {
namespace detail {

template <class T>
void append_wkt(std::string& text, const Point<T>& p) {
  char digits[64];
  char* end = std::to_chars(digits, digits + sizeof digits, p.x).ptr;
  *end++ = ' ';
  end = std::to_chars(end, digits + sizeof digits, p.y).ptr;
  text.append(digits, end);
}

}  // namespace detail

/// A polygon from well-known text, or nothing: parse_wkt() without exceptions, for bulk files.
///
/// Reads what parse_wkt() reads: POLYGON, MULTIPOLYGON, or a GEOMETRYCOLLECTION of these. On the first defect, of the
/// text or of the rings, the result is empty, and `why`, unless it is null, becomes the reason with the position in the
/// text; else it stays as it is. O(n log n) time; at most 130 bytes a vertex and 150 a ring while it runs, of which the
/// polygon stays.
template <class T>
[[nodiscard]] std::optional<Polygon<T>> try_parse_wkt(std::string_view text, std::string* why = nullptr) {
  detail::WktReader in(text);
  detail::WktRings<T> read = detail::read_wkt<T>(in);
  if (in.failed()) {
    if (why != nullptr) {
      *why = in.reason();
    }
    return std::nullopt;
  }
  return detail::PolygonAccess<T>::make(std::move(read.rings), std::move(read.repairs), read.many, why);
}

/// A polygon from well-known text: a POLYGON, a MULTIPOLYGON, or a GEOMETRYCOLLECTION of these, which is read as one
/// MULTIPOLYGON of all their parts.
///
/// x and y are kept. A Z or M behind them is skipped, whether the name says Z, M or ZM (`POLYGON Z`, `POLYGONZ`) or
/// not; the vertices of one POLYGON or MULTIPOLYGON must have as many numbers as its name says, or as its first vertex
/// has; what the name of a GEOMETRYCOLLECTION says is ignored. A prefix
/// `SRID=4326;` is skipped, and coordinates stay as they are. A part or a hole may be EMPTY: it adds nothing. Words in
/// any case, any white space, no regard to the locale. Rings without their closing vertex are closed and listed by
/// repairs(). Numbers are decimal (`-1.5e3`) and become the nearest T, those too small for T 0; a Z or M may be NaN.
///
/// Throws std::invalid_argument with the position in the text (in bytes, from 0), what was expected and what is there,
/// where it is not such text, also for other geometries, hexadecimal numbers, infinity, and an x or y that is NaN or
/// beyond T; and as make_polygon() where the rings are no polygon, parts and holes counted as in the text. O(n log n)
/// time; at most 130 bytes a vertex and 150 a ring while it runs, of which the polygon stays. Collections may be nested
/// to any depth.
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
