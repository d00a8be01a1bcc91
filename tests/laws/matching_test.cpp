// Matching and evaluation of every kind of shape: as from overlaps asked for pair by pair.
#include <boxlap/evaluate/detection.hpp>
#include <boxlap/match/assign.hpp>
#include <boxlap/match/assign_dense.hpp>
#include <boxlap/pairs/overlaps.hpp>
#include <boxlap/shape/mixed_overlap.hpp>

#include <random>
#include <vector>

#include "../catch.hpp"
#include "../support/polygon_scenes.hpp"

using boxlap::Csr;
using boxlap::Index;
using boxlap::Polygon;
using boxlap::RotatedBox;

namespace {

std::vector<RotatedBox<double>> turned_boxes(int n, scenes::Rng& rng) {
  std::uniform_real_distribution<double> at(0, 160), size(5, 40), turn(-180, 180);
  std::vector<RotatedBox<double>> boxes;
  for (int k = 0; k < n; ++k) {
    boxes.push_back(k % 10 == 9 ? boxes[std::size_t(k) / 2]
                                : RotatedBox{at(rng), at(rng), size(rng), size(rng), turn(rng)});
  }
  return boxes;
}

std::vector<Polygon<double>> stars(int n, scenes::Rng& rng) {
  std::uniform_real_distribution<double> at(0, 160), size(5, 40);
  std::vector<Polygon<double>> polygons;
  for (int k = 0; k < n; ++k) {
    polygons.push_back(boxlap::make_polygon(scenes::star<double>(at(rng), at(rng), size(rng), 0.4, 3 + k % 12, rng)));
  }
  return polygons;
}

/// The matrix of value(i, j) where it is positive, without a join.
template <class Value>
Csr<double> by_brute_force(std::size_t rows, std::size_t cols, const Value& value) {
  Csr<double> matrix{Index(rows), Index(cols), {0}, {}, {}};
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < cols; ++j) {
      if (const double x = value(i, j); x > 0) {
        matrix.col_indices.push_back(Index(j));
        matrix.values.push_back(x);
      }
    }
    matrix.row_offsets.push_back(Index(matrix.values.size()));
  }
  return matrix;
}

template <class A, class B>
void check(const std::vector<A>& a, const std::vector<B>& b, scenes::Rng& rng) {
  const auto ious = by_brute_force(a.size(), b.size(), [&](auto i, auto j) { return iou(a[i], b[j]); });
  REQUIRE(boxlap::iou_matrix(a, b) == ious);
  const auto matched = boxlap::assign(boxlap::iou_matrix(a, b));
  REQUIRE(boxlap::certify(ious, matched).valid);
  const auto dense = boxlap::assign_dense(Index(a.size()), Index(b.size()),
                                          [&](Index i, Index j) { return ious.at(i, j); }, {.maximize = true});
  REQUIRE_THAT(matched.total, Catch::Matchers::WithinRel(double(dense.total), 1e-12));

  boxlap::ImagePairs<double> pairs;
  pairs.shared = by_brute_force(a.size(), b.size(), [&](auto i, auto j) { return intersection_area(a[i], b[j]); });
  std::vector<int> labels_a, labels_b;
  for (const auto& s : a) {
    pairs.truth_areas.push_back(area(s));
    labels_a.push_back(int(rng() % 3));
  }
  for (const auto& s : b) {
    pairs.prediction_areas.push_back(area(s));
    labels_b.push_back(int(rng() % 3));
  }
  for (const auto rule : {boxlap::MatchRule::intersection, boxlap::MatchRule::iou, boxlap::MatchRule::gated}) {
    const boxlap::ScoreOptions options{.iou_threshold = 0.2, .rule = rule};
    const auto score = boxlap::score_image(a, b, labels_a, labels_b, options);
    REQUIRE(score == boxlap::score_image(pairs, labels_a, labels_b, options));
    REQUIRE(score.matches > 0);
  }
}

}  // namespace

TEST_CASE("rotated boxes and polygons are matched and judged as from overlaps of every two") {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  scenes::Rng rng(seed);
  check(turned_boxes(90, rng), turned_boxes(70, rng), rng);
  check(stars(60, rng), stars(80, rng), rng);
  check(turned_boxes(80, rng), stars(60, rng), rng);
}
