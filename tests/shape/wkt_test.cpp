#include <boxlap/shape/wkt.hpp>

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

TEST_CASE("errors tell the position") {
  const auto why = [](std::string_view text) {
    std::string reason;
    REQUIRE_FALSE(boxlap::try_parse_wkt<double>(text, &reason).has_value());
    REQUIRE_THROWS_AS(parse_wkt<double>(text), std::invalid_argument);
    return reason;
  };
  REQUIRE(why("") == "WKT position 0: expected POLYGON or MULTIPOLYGON, got the end");
  REQUIRE(why("POINT (1 2)") == "WKT position 0: expected POLYGON or MULTIPOLYGON, got 'P'");
  REQUIRE(why("POLYGON Z ((0 0 0))") == "WKT position 8: expected '(', got 'Z'");
  REQUIRE(why("POLYGON ((0 0, 4 x, 4 3, 0 0))") == "WKT position 17: expected a number, got 'x'");
  REQUIRE(why("POLYGON ((0 0, 4 0, 4 3, 0 0)") == "WKT position 29: expected ')', got the end");
  REQUIRE(why("POLYGON ((0 0, 4 0 1, 4 3))") == "WKT position 19: expected ')', got '1'");
  REQUIRE(why("POLYGON ((0 0, 4 0, 4 3, 0 0)) x") == "WKT position 31: expected the end, got 'x'");
  REQUIRE(why("POLYGON ((0 0, 1e999 0, 4 3, 0 0))") == "WKT position 15: expected a number within range, got '1'");
  REQUIRE(why("POLYGON (())") == "WKT position 10: expected a number, got ')'");
  REQUIRE(why("MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)), ((5 5, 6 6, 7 7, 5 5)))") ==
          "zero area: all vertices of part 1 shell are on one line");
}
