// One program of two files that were compiled in different ways: mixed_scalar.cpp defines BOXLAP_SCALAR. Each calls
// another function on top of code that both have, of which the linker keeps one copy.
#include <cmath>
#include <cstdio>
#include <vector>

#include <boxlap/core.hpp>
#include <boxlap/shape/mixed_overlap.hpp>
#include <boxlap/shape/polygon.hpp>

double scalar_overlap(const boxlap::Polygon<double>& a, const boxlap::Polygon<double>& b);
std::vector<boxlap::Index> scalar_nms(const std::vector<boxlap::Box<float>>& boxes, const std::vector<float>& scores);

namespace {

int failures = 0;

void expect(const char* what, double value, double wanted) {
  if (!(std::abs(value - wanted) <= 1e-9 * std::abs(wanted))) {
    std::fprintf(stderr, "%s is %.17g, expected %.17g\n", what, value, wanted);
    ++failures;
  }
}

/// A comb of `teeth` along x, each 1 wide with a gap of 1 beside it, from y = 0 to `height`, on a back 1 high below.
boxlap::Polygon<double> comb(int teeth, double height) {
  std::vector<boxlap::Point<double>> ring{{2.0 * teeth, -1}, {0, -1}};
  for (int k = 0; k < teeth; ++k) {
    const double x = 2 * k;
    ring.insert(ring.end(), {{x, height}, {x + 1, height}, {x + 1, 0}, {x + 2, 0}});
  }
  ring.pop_back();
  ring.back() = {2.0 * teeth - 1, 0};
  ring.push_back({2.0 * teeth, 0});
  return boxlap::make_polygon(ring);
}

}  // namespace

int main() {
  const auto low = comb(40, 5), high = comb(40, 9);
  expect("box and polygon", boxlap::intersection_area(boxlap::Box<double>{0, 0, 20, 3}, low), 30);
  expect("two polygons", scalar_overlap(low, high), 80 + 40 * 5);

  std::vector<boxlap::Box<float>> boxes;
  std::vector<float> scores;
  for (int k = 0; k < 600; ++k) {  // groups of three that cover one another
    const auto x = static_cast<float>(k / 3 * 10);
    boxes.push_back({x, 0, x + 4, 4});
    scores.push_back(static_cast<float>(k));
  }
  expect("pairs", static_cast<double>(boxlap::iou_matrix(boxes).values.size()), 600 * 2);
  expect("kept boxes", static_cast<double>(scalar_nms(boxes, scores).size()), 200);
  return failures;
}
