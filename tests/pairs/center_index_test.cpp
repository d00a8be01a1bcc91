#include <boxlap/pairs/center_index.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <thread>
#include <vector>

#include <boxlap/match/anchor_rules.hpp>
#include <boxlap/match/greedy.hpp>
#include <boxlap/shape/box3.hpp>
#include <boxlap/shape/rotated_box.hpp>

#include "../catch.hpp"
#include "../support/memory.hpp"
#include "../support/rounds.hpp"
#include "../support/scenes.hpp"

using namespace boxlap;

namespace {

/// Every distance measured and sorted; rows without a place in the index left out.
template <class T, class R, class P>
std::vector<Neighbor<T>> brute(const R& centers, const P& place) {
  std::vector<Neighbor<T>> all;
  for (std::size_t i = 0; i < centers.size(); ++i) {
    const T distance = T(center_distance(centers[i], place));
    if (std::isfinite(distance)) {
      all.push_back({Index(i), distance});
    }
  }
  std::sort(all.begin(), all.end(),
            [](const auto& a, const auto& b) { return std::pair(a.distance, a.row) < std::pair(b.distance, b.row); });
  return all;
}

template <class T>
std::vector<Neighbor<T>> first(std::vector<Neighbor<T>> all, Index k) {
  all.resize(std::min(all.size(), std::size_t(k)));
  return all;
}

template <class T>
std::vector<Neighbor<T>> closer_than(std::vector<Neighbor<T>> all, double radius) {
  std::erase_if(all, [&](const auto& n) { return !(n.distance <= T(radius)); });
  return all;
}

template <class T>
Csr<T> as_matrix(Index cols, std::vector<std::vector<Neighbor<T>>> found) {
  std::vector<Triple<T>> triples;
  for (std::size_t i = 0; i < found.size(); ++i) {
    for (const auto& n : found[i]) {
      triples.push_back({Index(i), n.row, n.distance});
    }
  }
  return make_csr(Index(found.size()), cols, triples);
}

/// Places that have broken a k-d tree somewhere: ties, lines, one place many times, many scales, no numbers.
template <class T, std::size_t dims>
std::vector<std::vector<std::array<T, dims>>> places(int n, scenes::Rng& rng) {
  std::uniform_real_distribution<double> unit(0, 1);
  const auto make = [&](const auto& coordinate) {
    std::vector<std::array<T, dims>> points(static_cast<std::size_t>(n));
    int i = 0;
    for (auto& p : points) {
      for (std::size_t axis = 0; axis < dims; ++axis) {
        p[axis] = T(coordinate(i, axis));
      }
      ++i;
    }
    return points;
  };
  constexpr double nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();
  const double ugly[] = {nan, inf, -inf, 0, -0.0, 1e-30, 1, -1, 3};
  return {make([&](int, std::size_t) { return 1000 * unit(rng); }),
          make([&](int, std::size_t) { return std::floor(8 * unit(rng)); }),
          make([&](int, std::size_t axis) { return axis == 0 ? unit(rng) : 7; }),
          make([&](int, std::size_t) { return 5; }),
          make([&](int i, std::size_t) { return std::ldexp(1.0, -(i % 140)); }),
          make([&](int i, std::size_t) { return i == 0 ? 1e9 : 100 * unit(rng); }),
          make([&](int, std::size_t) { return (unit(rng) - 0.5) * 6e37; }),
          make([&](int, std::size_t) { return ugly[std::size_t(9 * unit(rng))]; })};
}

}  // namespace

TEMPLATE_TEST_CASE("the nearest and all within a radius are those of brute force, ties by row", "", float, double) {
  const auto seed = GENERATE(1U, 2U, 3U);
  const int n = GENERATE(0, 1, 2, 11, 40, scenes::rounds(700));
  CAPTURE(seed, n);
  scenes::Rng rng(seed);
  const auto check = [&](const auto& sets, const auto& queries) {
    for (std::size_t set = 0; set < sets.size(); ++set) {
      CAPTURE(set);
      const CenterIndex index(sets[set]);
      REQUIRE(index.size() == n);
      for (const Index k : {0, 1, 4, 9, n, 2 * n + 1}) {
        std::vector<std::vector<Neighbor<TestType>>> found;
        for (const auto& place : queries[set]) {
          found.push_back(first(brute<TestType>(sets[set], place), k));
          REQUIRE(index.nearest(place, k) == found.back());
        }
        REQUIRE(index.nearest_matrix(queries[set], k) == as_matrix(n, found));
      }
      for (const double radius : {-1.0, 0.0, 1e-30, 1.0, std::sqrt(2.0), 5.0, 30.0, 1e37, 1e300, HUGE_VAL}) {
        std::vector<std::vector<Neighbor<TestType>>> found;
        for (const auto& place : queries[set]) {
          found.push_back(closer_than(brute<TestType>(sets[set], place), std::min(radius, 1e38)));
          REQUIRE(index.within(place, radius) == found.back());
        }
        REQUIRE(index.within_matrix(queries[set], radius) == as_matrix(n, found));
      }
    }
  };
  check(places<TestType, 2>(n, rng), places<TestType, 2>(13, rng));
  check(places<TestType, 3>(n, rng), places<TestType, 3>(13, rng));
}

TEMPLATE_TEST_CASE("the circle is closed, to the bit", "", float, double) {
  // For every pair the radius is the distance itself, then the number just below it.
  scenes::Rng rng(5);
  std::uniform_real_distribution<TestType> at(0, 1000);
  std::vector<Point<TestType>> points;
  for (int i = 0; i < scenes::rounds(300); ++i) {
    points.push_back({at(rng), at(rng)});
  }
  const CenterIndex index(points);
  for (int i = 0; i < scenes::rounds(300); ++i) {
    const Point<TestType> place{at(rng), at(rng)};
    const auto all = brute<TestType>(points, place);
    for (std::size_t k = 0; k < all.size(); k += 7) {
      const TestType radius = all[k].distance;
      REQUIRE(index.within(place, double(radius)) == closer_than(all, double(radius)));
      const double below = double(std::nextafter(radius, TestType{0}));
      REQUIRE(index.within(place, below) == closer_than(all, below));
      REQUIRE(index.within(place, below).size() < index.within(place, double(radius)).size());
    }
  }
}

TEST_CASE("right triangles and their multiples lie on the border") {
  const std::vector<Point<float>> corners{{3, 4}, {5, 12}, {8, 15}, {7, 24}, {0.3f, 0.4f}};
  const CenterIndex index(corners);
  const Point<float> origin{0, 0};
  CHECK(index.within(origin, 5) == std::vector<Neighbor<float>>{{4, 0.5f}, {0, 5.f}});
  CHECK(index.within(origin, 13).size() == 3);
  CHECK(index.within(origin, 17).size() == 4);
  CHECK(index.within(origin, std::nextafter(25.0, 26.0)).size() == 5);
  CHECK(index.within(origin, double(std::nextafter(25.f, 24.f))).size() == 4);
  CHECK(center_distance(Point{0.0, 0.0}, std::array{3.f, 4.f}) == 5.0);
}

TEST_CASE("the centre of a shape is its own, or that of its bounds") {
  const std::vector<Box<double>> boxes{{0, 0, 10, 20}, {5, 5, 7, 9}, {NAN, 0, 1, 1}, {-HUGE_VAL, 0, HUGE_VAL, 1}};
  const CenterIndex index(boxes);
  STATIC_REQUIRE(std::is_same_v<decltype(index), const CenterIndex<double>>);
  CHECK(index.size() == 4);
  CHECK(index.nearest(Point{5.0, 10.0}, 9) == std::vector<Neighbor<double>>{{0, 0.0}, {1, std::sqrt(10.0)}});
  CHECK(index.nearest(boxes[1], 1) == std::vector<Neighbor<double>>{{1, 0.0}});
  CHECK(index.nearest(boxes[2], 1).empty());
  CHECK(index.within(Point{0.0, HUGE_VAL}, HUGE_VAL).empty());

  const RotatedBox turned{1.1f, 2.2f, 30.f, 4.f, 33.f};
  CHECK(center_distance(turned, Point{1.1f, 2.2f}) == 0);
  CHECK(CenterIndex(std::vector{turned}).within(turned, 0).size() == 1);

  const std::vector<Box3<float>> cars{{0, 0, 0, 4, 2, 1.5f, 10}, {3, 4, 12, 4, 2, 1.5f, 20}};
  const CenterIndex space(cars);
  STATIC_REQUIRE(std::is_same_v<decltype(space), const CenterIndex<float, 3>>);
  CHECK(space.within(cars[0], 13).back() == Neighbor<float>{1, 13.f});
  const CenterIndex ground(view(cars.size(), [&](Index i) { return bev(cars[std::size_t(i)]); }));
  CHECK(ground.within(bev(cars[0]), 5).size() == 2);

  STATIC_REQUIRE(Centered<Point<float>>);
  STATIC_REQUIRE(Centered<std::array<double, 3>>);
  const std::vector<Xywh<float>> corners{{0, 0, 4, 2}};  // a shape: the middle counts, not the corner x, y
  CHECK(CenterIndex(corners).within(Point{2.f, 1.f}, 0).size() == 1);
  struct Corner {
    float x, y;
  };
  STATIC_REQUIRE_FALSE(Centered<Corner>);  // x and y alone may be a corner
  STATIC_REQUIRE_FALSE(Centered<std::array<int, 2>>);
}

TEST_CASE("what is no count and no radius is refused") {
  const CenterIndex index(std::vector<Point<float>>{{1, 2}});
  CHECK_THROWS_AS(index.nearest(Point{0.f, 0.f}, -1), std::invalid_argument);
  CHECK_THROWS_AS(index.within(Point{0.f, 0.f}, NAN), std::invalid_argument);
  CHECK_THROWS_AS(index.nearest_matrix(std::vector<Point<float>>{}, -1), std::invalid_argument);
  CHECK_THROWS_AS(index.within_matrix(std::vector<Point<float>>{}, NAN), std::invalid_argument);
  CHECK_THROWS_AS(index.within_matrix(std::vector<Point<float>>{}, 1, -1), std::invalid_argument);
  CHECK(index.within_matrix(std::vector<Point<float>>{}, 1).cols == 1);
}

TEST_CASE("points on ever smaller scales make no deep tree") {
  // Splits in the middle of a range peel off one point at a time here; the depth stays below the bits of a coordinate.
  std::vector<Point<double>> points;
  for (int i = 0; i < scenes::rounds(200'000); ++i) {
    points.push_back({std::ldexp(1.0, -(i % 1060)), std::ldexp(1.0, i % 490)});
  }
  const CenterIndex index(points);
  CHECK(index.nearest(Point{0.0, 0.0}, 3) == first(brute<double>(points, Point{0.0, 0.0}), 3));
  CHECK(index.nearest(points[777], 5) == first(brute<double>(points, points[777]), 5));
}

TEST_CASE("threads, copies and concurrent questions change nothing") {
  scenes::Rng rng(6);
  const auto boxes = scenes::uniform<float>(20'000, 3000, 20, rng);
  const auto queries = scenes::uniform<float>(5'000, 3000, 20, rng);
  const CenterIndex index(boxes);
  const auto nearest = index.nearest_matrix(queries, 9);
  const auto within = index.within_matrix(queries, 40);
  for (const int threads : {0, 2, 3}) {
    CHECK(index.nearest_matrix(queries, 9, threads) == nearest);
    CHECK(index.within_matrix(queries, 40, threads) == within);
  }
  Csr<float> other_nearest, other_within;
  {
    const CenterIndex copy = index;
    std::thread other([&] { other_nearest = copy.nearest_matrix(queries, 9); });
    other_within = copy.within_matrix(queries, 40);
    other.join();
  }
  CHECK(other_nearest == nearest);
  CHECK(other_within == within);
}

TEST_CASE("the matrices fit the matchers that read them") {
  // Three predictions near two truths: nuScenes' rule gives the best-scored prediction the nearest free truth.
  const std::vector<Point<float>> truths{{0, 0}, {10, 0}};
  const std::vector<Point<float>> predictions{{1, 0}, {9, 0}, {0.5f, 0}};
  const std::vector<float> scores{0.9f, 0.8f, 0.7f};
  const auto distances = CenterIndex(predictions).within_matrix(truths, 2);
  const auto matches =
      match_greedy(distances, scores, {.threshold = 2, .rule = GreedyRule::nuscenes, .values = Values::distance});
  CHECK(matches.col_of_row == std::vector<Index>{0, 1});

  const std::vector<Box<float>> anchors{{0, 0, 10, 10}, {2, 2, 12, 12}, {50, 50, 60, 60}, {1, 1, 11, 11}};
  const std::vector<Box<float>> objects{{1, 1, 11, 11}};
  const auto candidates = CenterIndex(anchors).nearest_matrix(objects, 3);
  CHECK(candidates.row(0).cols.size() == 3);
  CHECK(match_anchors_atss(anchors, objects, candidates).truth_of_anchor == std::vector<Index>{none, none, none, 0});
}

TEST_CASE("ATSS on two levels of anchors, the nearest of each by the index, equals brute force") {
  const auto at = [](Index i) { return static_cast<std::size_t>(i); };
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    CAPTURE(seed);
    scenes::Rng rng(seed);
    const auto truths = scenes::uniform<double>(8, 200, 50, rng);
    std::vector<Box<double>> anchors;
    std::vector<Triple<double>> nearest;
    std::vector<std::vector<Index>> expected_candidates(truths.size());
    for (const double side : {20.0, 40.0}) {
      const auto level = scenes::uniform<double>(120, 200, side, rng);
      const Index first = static_cast<Index>(anchors.size());
      for_each_entry(CenterIndex(level).nearest_matrix(truths, 9), [&](Index g, Index p, double d) {
        nearest.push_back({g, first + p, d});
      });
      for (std::size_t g = 0; g < truths.size(); ++g) {
        std::vector<std::pair<double, Index>> order;
        for (std::size_t p = 0; p < level.size(); ++p) {
          const auto a = center(level[p]), t = center(truths[g]);
          order.emplace_back(std::hypot(a.x - t.x, a.y - t.y), first + static_cast<Index>(p));
        }
        std::sort(order.begin(), order.end());
        for (std::size_t k = 0; k < 9; ++k) expected_candidates[g].push_back(order[k].second);
      }
      anchors.insert(anchors.end(), level.begin(), level.end());
    }
    std::vector<Index> expected(anchors.size(), none);
    std::vector<double> best(anchors.size(), 0);
    for (std::size_t g = 0; g < truths.size(); ++g) {
      const auto& mine = expected_candidates[g];
      const Box<double>& t = truths[g];
      double mean = 0, squares = 0;
      for (const Index p : mine) mean += iou(anchors[at(p)], t) / 18;
      for (const Index p : mine) squares += std::pow(iou(anchors[at(p)], t) - mean, 2);
      for (const Index p : mine) {
        const auto c = center(anchors[at(p)]);
        const bool inside = c.x - t.x1 > 0.01 && t.x2 - c.x > 0.01 && c.y - t.y1 > 0.01 && t.y2 - c.y > 0.01;
        const double value = iou(anchors[at(p)], t);
        if (inside && value >= mean + std::sqrt(squares / 17) && value > best[at(p)]) {
          best[at(p)] = value;
          expected[at(p)] = static_cast<Index>(g);
        }
      }
    }
    const auto matrix = make_csr(8, static_cast<Index>(anchors.size()), nearest);
    CHECK(match_anchors_atss(anchors, truths, matrix).truth_of_anchor == expected);
  }
}

TEMPLATE_TEST_CASE("memory is what the doc block says", "", float, double) {
  if (memory::uncounted()) {
    return;
  }
  scenes::Rng rng(7);
  const int n = GENERATE(2'000, 100'000);
  const auto boxes = scenes::uniform<TestType>(n, 30 * std::sqrt(double(n)), 20, rng);
  const auto formula = [&](double bytes) { return double(n) * bytes; };
  {
    const heap::Scope scope;
    const CenterIndex index(boxes);
    const double said = formula(2 * sizeof(TestType) + 32);
    CAPTURE(n, scope.peak_bytes(), said);
    CHECK(double(scope.peak_bytes()) <= said);
    CHECK(double(scope.peak_bytes()) >= said / 2);
  }
  const CenterIndex index(boxes);
  const heap::Scope scope;
  const auto matrix = index.within_matrix(boxes, 60);
  const double entries = matrix.nonzeros();
  const double result = entries * (sizeof(Index) + sizeof(TestType)) + 4.0 * n;
  const double said = entries * (sizeof(TestType) == 4 ? 16 : 32);
  CAPTURE(scope.peak_bytes(), result, said);
  CHECK(double(scope.peak_bytes()) <= result + said);
  CHECK(double(scope.peak_bytes()) >= result + said / 2);
}
