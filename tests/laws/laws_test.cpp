// Laws that every kind of shape keeps, through the join, the matrices and nms.
#include <boxlap/nms/batched.hpp>
#include <boxlap/pairs/overlaps.hpp>
#include <boxlap/shape/mixed_overlap.hpp>

#include <algorithm>
#include <numeric>
#include <random>
#include <vector>

#include "../catch.hpp"
#include "../support/polygon_scenes.hpp"

using boxlap::Box;
using boxlap::Index;
using boxlap::Polygon;
using boxlap::RotatedBox;

namespace {

template <class S>
struct Made;

template <class T>
struct Made<Box<T>> {
  static Box<T> one(double x, double y, double w, double h, scenes::Rng&) { return {T(x), T(y), T(x + w), T(y + h)}; }
};
template <class T>
struct Made<RotatedBox<T>> {
  static RotatedBox<T> one(double x, double y, double w, double h, scenes::Rng& rng) {
    return {T(x), T(y), T(w), T(h), T(rng() % 8 == 0 ? 45.0 * double(rng() % 8) : double(rng() % 3600) / 10)};
  }
};
template <class T>
struct Made<Polygon<T>> {
  static Polygon<T> one(double x, double y, double w, double, scenes::Rng& rng) {
    return boxlap::make_polygon(scenes::star<T>(x, y, w, 0.4, 3 + int(rng() % 12), rng));
  }
};

template <class S>
std::vector<S> scene(int n, scenes::Rng& rng) {
  std::uniform_real_distribution<double> at(0, 160), size(5, 40);
  std::vector<S> shapes;
  for (int k = 0; k < n; ++k) {
    shapes.push_back(k % 10 == 9 ? shapes[std::size_t(k) / 2]  // identical ones too
                                 : Made<S>::one(at(rng), at(rng), size(rng), size(rng), rng));
  }
  return shapes;
}

/// Entry by entry what iou() says of each two, and nothing where that is 0.
template <class A, class B>
void check_matrix(const std::vector<A>& a, const std::vector<B>& b) {
  const auto matrix = boxlap::iou_matrix(a, b);
  const auto threads = boxlap::iou_matrix(a, b, {.threads = 3});
  REQUIRE(matrix.values == threads.values);
  REQUIRE(matrix.col_indices == threads.col_indices);
  std::size_t k = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t j = 0; j < b.size(); ++j) {
      const auto value = iou(a[i], b[j]);
      REQUIRE(iou(b[j], a[i]) == value);
      REQUIRE((value >= 0 && value <= 1));
      if (value > 0) {
        REQUIRE(k < matrix.values.size());
        REQUIRE(matrix.col_indices[k] == Index(j));
        REQUIRE(matrix.values[k] == value);
        ++k;
      }
    }
  }
  REQUIRE(k == matrix.values.size());
}

}  // namespace

TEMPLATE_TEST_CASE("sparse equals dense, symmetric, one for itself, and blind to the order of rows", "", Box<float>,
                   Box<double>, RotatedBox<float>, RotatedBox<double>, Polygon<float>, Polygon<double>) {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  scenes::Rng rng(seed);
  const auto shapes = scene<TestType>(120, rng);
  check_matrix(shapes, scene<TestType>(90, rng));
  check_matrix(shapes, scene<Box<float>>(60, rng));
  check_matrix(shapes, scene<RotatedBox<double>>(60, rng));
  check_matrix(shapes, scene<Polygon<double>>(60, rng));
  for (const auto& s : shapes) {
    REQUIRE(iou(s, s) == 1);
  }
  // A permutation of the rows permutes what nms keeps, as scores differ.
  std::vector<double> scores(shapes.size());
  std::iota(scores.begin(), scores.end(), 0.0);
  std::shuffle(scores.begin(), scores.end(), rng);
  std::vector<Index> order(shapes.size());
  std::iota(order.begin(), order.end(), 0);
  std::shuffle(order.begin(), order.end(), rng);
  const auto keep = boxlap::nms(shapes, scores, 0.2);
  auto permuted = boxlap::nms(boxlap::take(shapes, order), boxlap::take(scores, order), 0.2);
  for (Index& row : permuted) {
    row = order[std::size_t(row)];
  }
  REQUIRE(keep == permuted);
  // Brute force: in the order of scores, kept unless it overlaps a kept one too much.
  std::vector<Index> expected;
  std::sort(order.begin(), order.end(),
            [&](Index x, Index y) { return scores[std::size_t(x)] > scores[std::size_t(y)]; });
  for (const Index row : order) {
    const auto& shape = shapes[std::size_t(row)];
    if (std::none_of(expected.begin(), expected.end(),
                     [&](Index k) { return double(iou(shapes[std::size_t(k)], shape)) > 0.2; })) {
      expected.push_back(row);
    }
  }
  REQUIRE(keep == expected);
}
