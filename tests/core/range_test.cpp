#include <boxlap/core/range.hpp>

#include <array>
#include <span>
#include <stdexcept>
#include <vector>

#include "../catch.hpp"

using namespace boxlap;

namespace {
enum class Species { oak, pine };
struct NoRange {};
}  // namespace

TEST_CASE("anything with a size and an index is a range of rows") {
  STATIC_REQUIRE(Rows<std::vector<int>>);
  STATIC_REQUIRE(Rows<std::span<const float>>);
  STATIC_REQUIRE(Rows<std::array<double, 3>>);
  STATIC_REQUIRE(Rows<int[4]>);
  STATIC_REQUIRE_FALSE(Rows<NoRange>);
  STATIC_REQUIRE(Numbers<std::vector<float>>);
  STATIC_REQUIRE(Numbers<std::vector<int>>);
  STATIC_REQUIRE_FALSE(Numbers<std::vector<Species>>);
  STATIC_REQUIRE(Labels<std::vector<Species>>);
  STATIC_REQUIRE(Labels<std::vector<long long>>);
  STATIC_REQUIRE_FALSE(Labels<std::vector<float>>);
}

TEST_CASE("view reads any layout") {
  const float x[] = {1, 2, 3};
  const auto doubled = view(3, [&](Index i) { return 2 * x[i]; });
  STATIC_REQUIRE(Numbers<decltype(doubled)>);
  CHECK(doubled.size() == 3);
  CHECK(doubled[2] == 6);
  const auto by_reference = view(3, [&](Index i) -> const float& { return x[i]; });
  CHECK(&by_reference[1] == &x[1]);
}

TEST_CASE("take picks rows in the order they are named, again if named twice") {
  const std::vector<int> values{10, 11, 12};
  CHECK(take(values, std::vector<Index>{2, 0, 2}) == std::vector<int>{12, 10, 12});
  CHECK(take(values, std::vector<std::size_t>{1}) == std::vector<int>{11});
  CHECK(take(values, std::vector<Index>{}).empty());
  CHECK(take(view(3, [](Index i) { return i * i; }), std::array<Index, 1>{2}) == std::vector<Index>{4});
}

TEST_CASE("take names the position of a row that is not there") {
  const std::vector<int> values{10, 11, 12};
  using Catch::Matchers::Equals;
  CHECK_THROWS_WITH(take(values, std::vector<Index>{0, 3}), Equals("boxlap: rows[1] is 3, range has 3 rows"));
  CHECK_THROWS_WITH(take(values, std::vector<long long>{-1}), Equals("boxlap: rows[0] is -1, range has 3 rows"));
  CHECK_THROWS_AS(take(values, std::vector<std::size_t>{std::size_t{1} << 40}), std::invalid_argument);
}

TEST_CASE("more rows than an Index numbers are refused before memory is spent") {
  const auto huge = view(std::size_t{1} << 31, [](Index i) { return i; });
  CHECK_THROWS_AS(take(huge, std::vector<Index>{0}), std::length_error);
}
