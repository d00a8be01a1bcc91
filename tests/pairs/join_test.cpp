#include <boxlap/pairs/detail/str_plan.hpp>
#include <boxlap/pairs/join.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <limits>
#include <random>
#include <set>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include "../catch.hpp"
#include "../nms/circle.hpp"
#include "../support/join_scenes.hpp"
#include "../support/memory.hpp"
#include "../support/rounds.hpp"

using namespace boxlap;

namespace {

using Pairs = std::vector<std::pair<Index, Index>>;

template <class A, class B, class Meets>
Pairs all_pairs(const A& a, const B& b, const Meets& meets) {
  Pairs found;
  for (Index i = 0; i < static_cast<Index>(std::size(a)); ++i) {
    for (Index j = 0; j < static_cast<Index>(std::size(b)); ++j) {
      if (meets(a[detail::at(i)], b[detail::at(j)])) {
        found.emplace_back(i, j);
      }
    }
  }
  return found;
}

template <class T>
bool share_area(const Box<T>& a, const Box<T>& b) {
  return has_extent(a) && has_extent(b) && a.x1 < b.x2 && b.x1 < a.x2 && a.y1 < b.y2 && b.y1 < a.y2;
}

template <class T>
bool touch(const Box<T>& a, const Box<T>& b) {
  constexpr T inf = std::numeric_limits<T>::infinity();
  const auto has_points = [](const Box<T>& c) {  // not all of it at infinity
    return c.x1 <= c.x2 && c.y1 <= c.y2 && c.x1 < inf && c.y1 < inf && -inf < c.x2 && -inf < c.y2;
  };
  return has_points(a) && has_points(b) && a.x1 <= b.x2 && b.x1 <= a.x2 && a.y1 <= b.y2 && b.y1 <= a.y2;
}

Pairs upper(Pairs pairs) {
  std::erase_if(pairs, [](const auto& p) { return p.first >= p.second; });
  return pairs;
}

/// Every form of the join must give `expected`.
template <class T>
void check_all_forms(const std::vector<Box<T>>& a, const std::vector<Box<T>>& b) {
  const Pairs expected = all_pairs(a, b, share_area<T>);
  REQUIRE(pairs(a, b) == expected);
  REQUIRE(pairs(a, b, {.threads = 3}) == expected);
  REQUIRE(pairs(ShapeIndex(a), b) == expected);
  REQUIRE(pairs(a, ShapeIndex(b)) == expected);
  REQUIRE(pairs(ShapeIndex(a), ShapeIndex(b)) == expected);
  REQUIRE(pairs(a, b, {.touching = true}) == all_pairs(a, b, touch<T>));
  const Pairs self = upper(all_pairs(a, a, share_area<T>));
  REQUIRE(pairs(a) == self);
  REQUIRE(pairs(a, {.threads = 2}) == self);
  REQUIRE(pairs(ShapeIndex(a)) == self);
  REQUIRE(pairs(a, {.touching = true}) == upper(all_pairs(a, a, touch<T>)));
  Pairs visited;
  for_each_pair(a, b, [&](Index i, Index j) { visited.emplace_back(i, j); });
  Pairs visited_by_two;
  for_each_pair(a, b, [&](Index i, Index j) { visited_by_two.emplace_back(i, j); }, {.threads = 2});
  REQUIRE(visited == visited_by_two);  // the order is fixed
  std::sort(visited.begin(), visited.end());
  REQUIRE(visited == expected);
}

}  // namespace

TEMPLATE_TEST_CASE("every pair that meets, and no other, on sets that break an index", "", float, double) {
  const auto seed = GENERATE(1U, 2U);
  const int n = GENERATE(0, 1, 17, 300, scenes::rounds(1200));
  CAPTURE(seed, n);
  scenes::Rng rng(seed);
  const auto sets = scenes::awkward<TestType>(n, rng);
  const auto others = scenes::awkward<TestType>(n / 2 + 3, rng);
  for (std::size_t k = 0; k < sets.size(); ++k) {
    INFO(sets[k].name << " against " << others[k].name);
    check_all_forms(sets[k].boxes, others[k].boxes);
  }
}

TEMPLATE_TEST_CASE("sets of different kinds and sizes", "", float, double) {
  scenes::Rng rng(5);
  const auto sets = scenes::awkward<TestType>(400, rng);
  const auto few = scenes::awkward<TestType>(20, rng);
  for (std::size_t k = 0; k < sets.size(); ++k) {
    const std::size_t other = (k * 7 + 3) % sets.size();
    INFO(sets[k].name << " against " << few[other].name);
    check_all_forms(sets[k].boxes, few[other].boxes);
    check_all_forms(few[other].boxes, sets[k].boxes);
  }
}

TEST_CASE("a set large enough for several levels and chunks") {
  scenes::Rng rng(6);
  const int n = 5000 + scenes::rounds(15'000);
  const auto a = scenes::uniform<float>(n, 6000, 40, rng), b = scenes::clustered<float>(n / 2, 30, 6000, rng);
  const Pairs expected = all_pairs(a, b, share_area<float>);
  CHECK(pairs(a, b) == expected);
  CHECK(pairs(b, a).size() == expected.size());
  CHECK(pairs(a, b, {.threads = 2}) == expected);
  CHECK(pairs(a, b, {.threads = 0}) == expected);
}

TEMPLATE_TEST_CASE("boxes touch where numbers next to each other tell them apart", "", float, double) {
  using T = TestType;
  using Limits = std::numeric_limits<T>;
  constexpr T inf = Limits::infinity();
  const T values[] = {0,
                      T(-0.0),
                      Limits::denorm_min(),
                      -Limits::denorm_min(),
                      Limits::min(),
                      -Limits::min(),
                      1,
                      std::nextafter(T(1), T(2)),
                      T(3),
                      -1,
                      Limits::max(),
                      -Limits::max(),
                      inf,
                      -inf};
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  scenes::Rng rng(seed);
  const auto boxes = [&](int n) {
    std::vector<Box<T>> result;
    const auto value = [&] { return values[rng() % std::size(values)]; };
    for (int k = 0; k < n; ++k) {
      result.push_back({value(), value(), value(), value()});
    }
    return result;
  };
  for (const int n : {7, 40, 700}) {
    const auto a = boxes(n), b = boxes(n);
    CHECK(pairs(a, b, {.touching = true}) == all_pairs(a, b, touch<T>));
    CHECK(pairs(a, {.touching = true}) == upper(all_pairs(a, a, touch<T>)));
    CHECK(pairs(a, b) == all_pairs(a, b, share_area<T>));
  }
}

TEMPLATE_TEST_CASE("boxes much longer than the others are packed apart, and are found", "", float, double) {
  using T = TestType;
  scenes::Rng rng(7);
  const T extent = 4000;
  const auto squares_and_slabs = [&](int n, unsigned slab_of) {
    auto boxes = scenes::uniform<T>(n, extent, 20, rng);
    for (std::size_t k = 0; k < boxes.size(); k += slab_of) {
      const T x = boxes[k].x1, y = boxes[k].y1;
      boxes[k] = rng() % 2 == 0 ? Box<T>{x / 2, y, x / 2 + extent / 2, y + 3} : Box<T>{x, y / 2, x + 3, y / 2 + extent};
    }
    return boxes;
  };
  const auto is_packed_apart = [](const std::vector<Box<T>>& boxes) {
    return detail::SlicePlan<T>(detail::BoxRows<T>(boxes, "boxes"), {}).has_long;
  };
  const int n = 1500 + scenes::rounds(1500);
  const auto a = squares_and_slabs(2 * n, 11), b = squares_and_slabs(n, 50);
  const auto squares = scenes::uniform<T>(n, extent, 20, rng);
  CHECK(is_packed_apart(a));
  CHECK(is_packed_apart(b));
  CHECK_FALSE(is_packed_apart(squares));
  check_all_forms(b, squares);
  const Pairs expected = all_pairs(a, b, share_area<T>);
  CHECK(pairs(a, b) == expected);
  CHECK(pairs(a, b, {.threads = 2}) == expected);
  CHECK(pairs(ShapeIndex(b), a).size() == expected.size());
}

TEST_CASE("ranges of every kind are read without a copy") {
  const Box<double> boxes[] = {{0, 0, 10, 10}, {5, 5, 15, 15}, {20, 20, 30, 30}};
  const std::array<Box<float>, 2> others{{{9, 9, 21, 21}, {100, 100, 101, 101}}};
  const Pairs expected{{0, 0}, {1, 0}, {2, 0}};
  CHECK(pairs(boxes, others) == expected);
  CHECK(pairs(std::span(boxes), std::span(others)) == expected);
  const float x[] = {0, 5, 20};
  CHECK(pairs(view(3, [&](Index i) { return Box{x[i], x[i], x[i] + 10, x[i] + 10}; }), others) == expected);
}

TEST_CASE("float against double boxes meet as the numbers they are") {
  const std::vector<Box<float>> a{{0, 0, 0.1F, 1}};
  const std::vector<Box<double>> b{{0.1, 0, 1, 1}};  // 0.1F is larger than 0.1: they share a sliver
  CHECK(pairs(a, b).size() == 1);
  CHECK(pairs(b, a).size() == 1);
}

TEST_CASE("a visitor that returns false ends the search, with any number of threads") {
  scenes::Rng rng(7);
  const auto boxes = scenes::clustered<float>(6000, 20, 2000, rng);
  const int threads = GENERATE(1, 2);
  int seen = 0;
  for_each_pair(boxes, boxes, [&](Index, Index) { return ++seen < 5; }, {.threads = threads});
  CHECK(seen == 5);
  seen = 0;
  for_each_pair(boxes, [&](Index, Index) { return ++seen < 5; }, {.threads = threads});
  CHECK(seen == 5);
}

TEST_CASE("a user's own shape goes through the join, prepared once if it knows how") {
  const int n = GENERATE(3, 60, 900);
  CAPTURE(n);
  scenes::Rng rng(8);
  std::uniform_real_distribution<double> at(0, 40 * std::sqrt(n)), radius(0, 40);
  std::vector<user::Circle> circles;
  for (int i = 0; i < n; ++i) {
    circles.push_back({at(rng), at(rng), i % 10 == 0 ? 0 : radius(rng)});
  }
  const auto meets = [](const auto& a, const auto& b) { return intersection_area(a, b) > 0; };
  const Pairs expected = all_pairs(circles, circles, meets);
  CHECK(pairs(circles, circles) == expected);
  CHECK(pairs(circles) == upper(expected));
  CHECK(pairs(ShapeIndex(circles), circles, {.threads = 2}) == expected);
  CHECK_THROWS_AS(pairs(circles, circles, {.touching = true}), std::invalid_argument);
  CHECK_THROWS_AS(pairs(circles, {.touching = true}), std::invalid_argument);
}

TEST_CASE("an index answers for one box and keeps the numbers of its rows") {
  scenes::Rng rng(9);
  const auto boxes = scenes::awkward<float>(3000, rng).back().boxes;
  const ShapeIndex index(boxes);
  CHECK(index.size() == boxes.size());
  const std::array<Box<float>, 1> query{{{100, 100, 400, 300}}};
  CHECK(pairs(query, index) == all_pairs(query, boxes, share_area<float>));
}

TEST_CASE("threads below 0 are refused") {
  const std::vector<Box<float>> boxes(3);
  CHECK_THROWS_AS(pairs(boxes, boxes, {.threads = -1}), std::invalid_argument);
}

TEST_CASE("the memory of a join is what its doc block says") {
  if (memory::uncounted()) {
    return;
  }
  scenes::Rng rng(10);
  const auto check = [&](auto zero, double bytes_per_box) {
    using T = decltype(zero);
    const auto a = scenes::uniform<T>(60000, 24000, 50, rng), b = scenes::uniform<T>(100000, 24000, 50, rng);
    std::size_t count = 0;
    const heap::Scope scope;
    for_each_pair(a, b, [&](Index, Index) { ++count; });
    const double formula = bytes_per_box * double(a.size() + b.size());
    CAPTURE(count, scope.peak_bytes(), formula);
    CHECK(double(scope.peak_bytes()) <= formula);
    CHECK(double(scope.peak_bytes()) >= formula / 2);
  };
  check(0.0F, 38);
  check(0.0, 56);
}
