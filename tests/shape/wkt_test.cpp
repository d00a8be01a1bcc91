#include <boxlap/shape/wkt.hpp>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <random>
#include <string>

#include "../catch.hpp"
#include "../support/polygon_scenes.hpp"

using boxlap::parse_wkt;
using boxlap::Polygon;

TEST_CASE("well-known text comes back as it was, to the bit") {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  scenes::Rng rng(seed);
  for (const std::string& family : scenes::polygon_families()) {
    for (int k = 0; k < 20; ++k) {
      const auto [a, b] = scenes::polygon_pair<double>(family, rng);
      const auto [c, d] = scenes::polygon_pair<float>(family, rng);
      CAPTURE(to_wkt(a));
      REQUIRE(parse_wkt<double>(to_wkt(a)) == a);
      REQUIRE(parse_wkt<float>(to_wkt(c)) == c);
      REQUIRE(parse_wkt<double>(to_wkt(a)).repairs().empty());
    }
  }
  REQUIRE(to_wkt(Polygon<float>{}) == "POLYGON EMPTY");
  REQUIRE(to_wkt(parse_wkt<double>("POLYGON ((0 0, 4 0, 4 3, 0 0))")) == "POLYGON ((0 0, 4 0, 4 3, 0 0))");
  const char* const island =
      "MULTIPOLYGON (((0 0, 10 0, 10 10, 0 10, 0 0), (2 2, 2 8, 8 8, 8 2, 2 2)), ((4 4, 6 4, 6 6, 4 6, 4 4)))";
  REQUIRE(to_wkt(parse_wkt<double>(island)) == island);
}

TEST_CASE("text in other dress") {
  const auto square = parse_wkt<double>("POLYGON ((0 0, 4 0, 4 3, 0 3, 0 0))");
  REQUIRE(parse_wkt<double>(" polygon((0 0,4 0,4 3,0 3,0 0)) ") == square);
  REQUIRE(parse_wkt<double>("Polygon\n(\t( +0 0.0, 4e0 0, 4 3 ,0 3, 0 0 ) )\r\n") == square);
  REQUIRE(parse_wkt<double>("MULTIPOLYGON (((0 0, 4 0, 4 3, 0 3, 0 0)))") == square);
  REQUIRE(parse_wkt<double>("MULTIPOLYGON (EMPTY, ((0 0, 4 0, 4 3, 0 3, 0 0)))") == square);
  REQUIRE(parse_wkt<double>("MULTIPOLYGON EMPTY").empty());
}

TEST_CASE("Z, M and ZM are read and not kept") {
  const auto square = parse_wkt<double>("POLYGON ((0 0, 4 0, 4 3, 0 3, 0 0))");
  for (const char* name : {"POLYGON Z", "POLYGONZ", "polygon z", "POLYGON\t\n Z ", "POLYGON M", "POLYGONM", "PolygonM",
                           "POLYGON", "polygon"}) {
    CAPTURE(name);
    CHECK(parse_wkt<double>(std::string(name) + " ((0 0 1, 4 0 -2.5, 4 3 1e999, 0 3 nan, 0 0 NaN))") == square);
    CHECK(parse_wkt<double>(std::string(name) + "((0 0 7,4 0 7,4 3 7,0 3 7,0 0 8))").repairs().empty());
  }
  for (const char* name : {"POLYGON ZM", "POLYGONZM", "polygon  zm", "POLYGON"}) {
    CAPTURE(name);
    CHECK(parse_wkt<double>(std::string(name) + " ((0 0 1 2, 4 0 1 2, 4 3 1 2, 0 3 1 2, 0 0 1 2))") == square);
  }
  CHECK(parse_wkt<double>("MULTIPOLYGON Z (((0 0 1, 4 0 1, 4 3 1, 0 3 1, 0 0 1)))") == square);
  CHECK(parse_wkt<double>("MULTIPOLYGONZM(EMPTY,((0 0 1 1,4 0 1 1,4 3 1 1,0 3 1 1,0 0 1 1)))") == square);
  CHECK(parse_wkt<double>("POLYGON Z EMPTY").empty());
  CHECK(parse_wkt<double>("POLYGONM EMPTY").empty());
  CHECK(parse_wkt<double>("multipolygon zm empty").empty());
}

TEST_CASE("a spatial reference in front is skipped") {
  const auto square = parse_wkt<double>("POLYGON ((0 0, 4 0, 4 3, 0 3, 0 0))");
  CHECK(parse_wkt<double>("SRID=4326;POLYGON ((0 0, 4 0, 4 3, 0 3, 0 0))") == square);
  CHECK(parse_wkt<double>(" srid = 4326 ; POLYGON Z ((0 0 1, 4 0 1, 4 3 1, 0 3 1, 0 0 1))") == square);
  CHECK(parse_wkt<double>("SRID=99999999999999999999;POLYGON EMPTY").empty());
}

TEST_CASE("GEOS, JTS, shapely: an EMPTY hole is a hole of nothing") {
  const auto square = parse_wkt<double>("POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0))");
  CHECK(parse_wkt<double>("POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0), EMPTY)") == square);
  CHECK(parse_wkt<double>("POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0),EMPTY,empty)") == square);
  const auto holed = parse_wkt<double>("POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0), (1 1, 1 2, 2 2, 2 1, 1 1))");
  CHECK(parse_wkt<double>("POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0), EMPTY, (1 1, 1 2, 2 2, 2 1, 1 1))") == holed);
  CHECK(parse_wkt<double>("POLYGON (EMPTY)").empty());
  CHECK(parse_wkt<double>("POLYGON (EMPTY, EMPTY)").empty());
  CHECK(parse_wkt<double>("MULTIPOLYGON (EMPTY, EMPTY)").empty());
  CHECK(parse_wkt<double>("MULTIPOLYGON ((EMPTY), ((0 0, 4 0, 4 4, 0 4, 0 0), EMPTY))") == square);
}

TEST_CASE("a collection of polygons is read as one of all their parts") {
  const auto two = parse_wkt<double>("MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)), ((5 5, 6 5, 6 6, 5 5)))");
  CHECK(parse_wkt<double>("GEOMETRYCOLLECTION (POLYGON ((0 0, 1 0, 1 1, 0 0)), POLYGON ((5 5, 6 5, 6 6, 5 5)))") ==
        two);
  CHECK(parse_wkt<double>("geometrycollection z(polygon z((0 0 1,1 0 1,1 1 1,0 0 1)),polygon((5 5,6 5,6 6,5 5)))") ==
        two);
  CHECK(parse_wkt<double>("GEOMETRYCOLLECTION (GEOMETRYCOLLECTION EMPTY, GEOMETRYCOLLECTION (POLYGON EMPTY, "
                          "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)), EMPTY, ((5 5, 6 5, 6 6, 5 5)))))") == two);
  CHECK(parse_wkt<double>("GEOMETRYCOLLECTION EMPTY").empty());
  std::string deep;
  constexpr int depth = 200'000;
  for (int k = 0; k < depth; ++k) {
    deep += "GEOMETRYCOLLECTION(";
  }
  const std::string open = deep + "POLYGON EMPTY";
  CHECK(parse_wkt<double>(open + std::string(depth, ')')).empty());
  CHECK_FALSE(boxlap::try_parse_wkt<double>(open).has_value());
  CHECK_FALSE(boxlap::try_parse_wkt<double>(deep).has_value());
}

TEST_CASE("numbers are decimal, of any length, and never depend on the locale") {
  const auto x = [](const std::string& text) {
    return parse_wkt<double>("POLYGON ((" + text + " 0, 1000 0, 1000 9, " + text + " 0))").points()[0].x;
  };
  CHECK(x("1e-400") == 0);
  CHECK(x("-1e-400") == 0);
  CHECK(x("0." + std::string(400, '0') + "1") == 0);
  CHECK(x("0e999999999999999999999999") == 0);
  CHECK(x("1e-99999999999999999999999999") == 0);
  CHECK(x("0." + std::string(400, '0') + "25e401") == 2.5);
  CHECK(x("25" + std::string(400, '0') + "e-401") == 2.5);
  CHECK(x("+5") == 5);
  CHECK(x(".5") == 0.5);
  CHECK(x("-5.") == -5);
  CHECK(x("1E+2") == 100);
  CHECK(x("0.1") == 0.1);
  CHECK(parse_wkt<float>("POLYGON ((1e-50 0, 4 0, 4 3, 0 3))") == parse_wkt<float>("POLYGON ((0 0, 4 0, 4 3, 0 3))"));
  double value = 7;
  using boxlap::detail::DecimalStatus;
  using boxlap::detail::read_decimal;
  CHECK((read_decimal("1e-310", value) == DecimalStatus::ok && value == 1e-310));
  CHECK((read_decimal("4.9e-324", value) == DecimalStatus::ok && value == 4.9e-324));
  CHECK((read_decimal("3e-324", value) == DecimalStatus::ok && value == 4.9e-324));
  CHECK((read_decimal("-2e-324", value) == DecimalStatus::ok && value == 0 && std::signbit(value)));
  CHECK((read_decimal("-1e-400", value) == DecimalStatus::ok && value == 0 && std::signbit(value)));
  CHECK((read_decimal("1.7976931348623157e308", value) == DecimalStatus::ok && value == 1.7976931348623157e308));
  value = 7;
  CHECK((read_decimal("1e309", value) == DecimalStatus::too_large && value == 7));
  CHECK((read_decimal("", value) == DecimalStatus::malformed && value == 7));
  float narrow = 7;
  CHECK((read_decimal("1e-42", narrow) == DecimalStatus::ok && narrow == 1e-42F));
  CHECK((read_decimal("8e-46", narrow) == DecimalStatus::ok && narrow == 1.4e-45F));
  CHECK((read_decimal("1e-50", narrow) == DecimalStatus::ok && narrow == 0));
  CHECK(read_decimal("1e39", narrow) == DecimalStatus::too_large);
}

TEST_CASE("errors tell the position") {
  const auto why = [](std::string_view text) {
    std::string reason;
    REQUIRE_FALSE(boxlap::try_parse_wkt<double>(text, &reason).has_value());
    REQUIRE_THROWS_AS(parse_wkt<double>(text), std::invalid_argument);
    return reason;
  };
  const std::string kinds = "expected POLYGON, MULTIPOLYGON or GEOMETRYCOLLECTION, got ";
  REQUIRE(why("") == "WKT position 0: " + kinds + "the end");
  REQUIRE(why("POINT (1 2)") == "WKT position 0: " + kinds + "'POINT'");
  REQUIRE(why("GEOMETRYCOLLECTION (POLYGON EMPTY, linestring (0 0, 1 1))") ==
          "WKT position 35: " + kinds + "'linestring'");
  REQUIRE(why("GEOMETRYCOLLECTION ()") == "WKT position 20: " + kinds + "')'");
  REQUIRE(why("POLYGONZZ EMPTY") == "WKT position 0: " + kinds + "'POLYGONZZ'");
  REQUIRE(why("POLYGONE ((0 0, 4 0, 4 3, 0 0))") == "WKT position 0: " + kinds + "'POLYGONE'");
  REQUIRE(why("POLYGON Y ((0 0 0))") == "WKT position 8: expected '(', got 'Y'");
  REQUIRE(why("POLYGON ((0 0, 4 x, 4 3, 0 0))") == "WKT position 17: expected a number, got 'x'");
  REQUIRE(why("POLYGON ((0 0, 4 0, 4 3, 0 0)") == "WKT position 29: expected ')', got the end");
  REQUIRE(why("POLYGON ((0 0, 4 0 1, 4 3))") ==
          "WKT position 19: expected 2 numbers a vertex, as the first vertex has, got '1'");
  REQUIRE(why("POLYGON ((0 0 1, 4 0, 4 3 1))") ==
          "WKT position 20: expected 3 numbers a vertex, as the first vertex has, got ','");
  REQUIRE(why("POLYGON Z ((0 0, 4 0, 4 3))") ==
          "WKT position 15: expected 3 numbers a vertex, as the Z or M says, got ','");
  REQUIRE(why("POLYGON M ((0 0 1 2, 4 0 1 2))") ==
          "WKT position 18: expected 3 numbers a vertex, as the Z or M says, got '2'");
  REQUIRE(why("POLYGON ((0 0 1 2 3, 4 0 1 2 3))") ==
          "WKT position 18: expected ',' or ')' after four numbers, got '3'");
  REQUIRE(why("POLYGON ((0, 4))") == "WKT position 11: expected a number, got ','");
  REQUIRE(why("POLYGON ((0 0 z, 4 0 1))") == "WKT position 14: expected a number, got 'z'");
  REQUIRE(why("POLYGON ((0 0, 4 0, 4 3, 0 0)) x") == "WKT position 31: expected the end, got 'x'");
  REQUIRE(why("POLYGON ((0 0, 1e999 0, 4 3, 0 0))") ==
          "WKT position 15: expected a number within the range of double, got '1e999'");
  REQUIRE(why("POLYGON (())") == "WKT position 10: expected a number, got ')'");
  REQUIRE(why("POLYGON ((0 0, \xE2\x88\x92"
              "4 0))") == "WKT position 15: expected a number, got '\\xE2\\x88\\x924'");
  REQUIRE(why("POLYGON ((0 0, " + std::string(1000, 'a')) ==
          "WKT position 15: expected a number, got '" + std::string(24, 'a') + "...'");
  REQUIRE(why("SRID=;POLYGON EMPTY") == "WKT position 5: expected the digits of an SRID, got ';POLYGON'");
  REQUIRE(why("SRID=4326 POLYGON EMPTY") == "WKT position 10: expected ';', got 'POLYGON'");
  REQUIRE(why("SRID=4326;SRID=4326;POLYGON EMPTY") == "WKT position 10: " + kinds + "'SRID=4326;POLYGON'");
  REQUIRE(why("POLYGON (EMPTY, (0 0, 1 0, 1 1, 0 0))") ==
          "WKT position 16: expected an EMPTY hole, as the shell is EMPTY, got '('");
  REQUIRE(why("MULTIPOLYGON ((EMPTY, EMPTY,\n7))") ==
          "WKT position 29: expected an EMPTY hole, as the shell is EMPTY, got '7'");
  REQUIRE(why("MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)), ((5 5, 6 6, 7 7, 5 5)))") ==
          "zero area: all vertices of part 1 shell are on one line");
  REQUIRE(why("MULTIPOLYGON (EMPTY, EMPTY, ((5 5, 6 6, 7 7, 5 5)))") ==
          "zero area: all vertices of part 2 shell are on one line");
  REQUIRE(why("POLYGON ((0 0, 9 0, 9 9, 0 0), EMPTY, (5 2, 6 3, 7 4, 5 2))") ==
          "zero area: all vertices of hole 1 are on one line");
  for (const char* number :
       {"+-5",   "-+5", "++5",   "--5", "0x10", "nan",   "inf", "-inf", "infinity", "1e", "1e+",  ".",
        "1.2.3", "5-",  "1_000", "0b1", "e5",   "1e5.5", "1f",  "1d0",  "+",        "-",  "1.5.", "0x1p3"}) {
    const std::string text = "POLYGON ((0 0, 10 " + std::string(number) + ", 4 3, 0 0))";
    CAPTURE(text);
    REQUIRE(why(text).starts_with("WKT position 18: expected a number, got '"));
  }
}

TEST_CASE("mutated texts give a polygon or a reason, never anything else") {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 rng(seed);
  const std::string seeds[] = {"POLYGON ((0 0, 4 0, 4 3, 0 3, 0 0), (1 1, 1 2, 2 2, 2 1, 1 1))",
                               "SRID=4326;POLYGON ZM ((0 0 1 2, 4 0 1 nan, 4 3 1 2, 0 0 1 2), EMPTY)",
                               "MULTIPOLYGON Z (EMPTY, ((0 0 1, 1e1 0 1, 10 -10.5 1, 0 0 1)))",
                               "GEOMETRYCOLLECTION (POLYGON ((0 0, 1 0, 1 1, 0 0)), GEOMETRYCOLLECTION (MULTIPOLYGON "
                               "(((5 5, 6 5, 6 6, 5 5)))))"};
  const std::string pieces[] = {"(",
                                ")",
                                ",",
                                " ",
                                "-",
                                "+",
                                ".",
                                "e",
                                "1e400",
                                "1e-400",
                                "EMPTY",
                                "Z",
                                "M",
                                "ZM",
                                "nan",
                                "SRID=1;",
                                "POLYGON",
                                "MULTIPOLYGON(",
                                "GEOMETRYCOLLECTION(",
                                "0 0",
                                std::string(1, '\0'),
                                "\xFF",
                                "99999999999999999999",
                                ";",
                                "=",
                                "0x1"};
  const auto below = [&](std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(rng); };
  int read = 0;
  for (int k = 0; k < 6000; ++k) {
    std::string text = seeds[below(std::size(seeds))];
    for (std::size_t edits = below(4); edits > 0 && !text.empty(); --edits) {
      const std::size_t at = below(text.size()), length = below(std::min<std::size_t>(text.size() - at, 6) + 1);
      switch (below(4)) {
        case 0:
          text.erase(at, length);
          break;
        case 1:
          text.insert(at, pieces[below(std::size(pieces))]);
          break;
        case 2:
          text.insert(at, text.substr(below(text.size()), length));
          break;
        default:
          text.resize(at);
          break;
      }
    }
    CAPTURE(text);
    std::string reason;
    const auto polygon = boxlap::try_parse_wkt<double>(text, &reason);
    REQUIRE(polygon.has_value() == reason.empty());
    if (polygon) {
      ++read;
      REQUIRE(parse_wkt<double>(to_wkt(*polygon)) == *polygon);
    }
  }
  REQUIRE(read > 1000);
}
