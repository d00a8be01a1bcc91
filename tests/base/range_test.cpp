#include <boxlap/base/range.hpp>

#include <algorithm>
#include <array>
#include <concepts>
#include <numeric>
#include <ranges>
#include <span>
#include <stdexcept>
#include <type_traits>
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

TEST_CASE("a view is walked over by range-for and by algorithms") {
  const std::vector<int> x{3, 1, 4, 1, 5, 9, 2, 6};
  const auto squares = view(x.size(), [&](Index i) { return x[std::size_t(i)] * x[std::size_t(i)]; });
  std::vector<int> walked;
  for (const int square : squares) {
    walked.push_back(square);
  }
  const std::vector<int> expected{9, 1, 16, 1, 25, 81, 4, 36};
  CHECK(walked == expected);
  for (const int one : view(1, [](Index) { return 7; })) {  // the view of a range-for lives as long as the loop
    CHECK(one == 7);
  }
  CHECK(std::vector<int>(squares.begin(), squares.end()) == expected);
  CHECK(std::equal(squares.begin(), squares.end(), expected.begin(), expected.end()));
  CHECK(std::max_element(squares.begin(), squares.end()) - squares.begin() == 5);
  CHECK(*std::ranges::find(squares, 25) == 25);
  CHECK(std::ranges::count_if(squares, [](int s) { return s % 2 != 0; }) == 5);
  CHECK(std::accumulate(squares.begin(), squares.end(), 0) == 173);
  const auto ascending = view(1000, [](Index i) { return 2 * i; });
  CHECK(std::lower_bound(ascending.begin(), ascending.end(), 1001) - ascending.begin() == 501);
  const auto none_at_all = view(0, [](Index i) { return i; });
  CHECK(none_at_all.begin() == none_at_all.end());

  using Squares = std::remove_const_t<decltype(squares)>;
  STATIC_REQUIRE(std::ranges::random_access_range<Squares>);
  STATIC_REQUIRE(std::ranges::sized_range<Squares>);
  STATIC_REQUIRE_FALSE(std::ranges::contiguous_range<Squares>);  // no rows to lay a span over
  auto i = squares.begin();
  CHECK(*i++ == 9);
  CHECK(*i == 1);
  CHECK(*++i == 16);
  CHECK(*i-- == 16);
  CHECK(*--i == 9);
  CHECK(i[5] == 81);
  CHECK(*(2 + i) == 16);
  i += 7;
  CHECK(*i == 36);
  CHECK(*(i -= 2) == 81);
  CHECK(*(i - 5) == 9);
  CHECK(i > squares.begin());
  CHECK(squares.end() - i == 3);

  std::vector<int> own{1, 2, 3};
  const auto by_reference = view(own.size(), [&](Index k) -> int& { return own[std::size_t(k)]; });
  for (int& value : by_reference) {
    value *= 10;
  }
  CHECK(own == std::vector<int>{10, 20, 30});
  STATIC_REQUIRE(std::same_as<decltype(*by_reference.begin()), int&>);
}

TEST_CASE("an iterator of a view says what it is, to new algorithms and to old ones") {
  struct Place {
    int x, y;
  };
  std::vector<Place> own{{1, 2}, {3, 4}};
  const auto values = view(own.size(), [&](Index k) { return own[std::size_t(k)]; });
  const auto references = view(own.size(), [&](Index k) -> Place& { return own[std::size_t(k)]; });
  using Values = std::iterator_traits<decltype(values.begin())>;
  using References = std::iterator_traits<decltype(references.begin())>;
  STATIC_REQUIRE(std::random_access_iterator<decltype(values.begin())>);
  STATIC_REQUIRE(std::random_access_iterator<decltype(references.begin())>);
  STATIC_REQUIRE(std::same_as<Values::iterator_category, std::input_iterator_tag>);  // *i is no reference
  STATIC_REQUIRE(std::same_as<References::iterator_category, std::random_access_iterator_tag>);
  CHECK(values.begin()->y == 2);
  CHECK((values.begin() + 1)->x == 3);
  (references.begin() + 1)->x = 30;
  CHECK(own[1].x == 30);
}

TEST_CASE("a view of more rows than an Index numbers is not walked with numbers that wrapped") {
  const auto huge = view((std::size_t{1} << 31) + 5, [](Index i) { return i; });
  CHECK_THROWS_AS(huge.end(), std::length_error);
  CHECK(*huge.begin() == 0);
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
