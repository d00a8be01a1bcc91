#include <boxlap/pairs/labels.hpp>
#include <boxlap/pairs/shape_index.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

#include "../../examples/support/heap.hpp"
#include "../catch.hpp"
#include "../support/scenes.hpp"

using namespace boxlap;

namespace {

/// `extra` bytes lie between half of what a doc block says and that.
void check_memory(const char* what, double extra, double formula) {
  CAPTURE(what, extra, formula);
  CHECK(extra <= formula);
  CHECK(extra >= formula / 2);
}

template <class T>
void check_index(double kept, double peak) {
  scenes::Rng rng(1);
  const int n = 30000;
  const auto boxes = scenes::uniform<T>(n, 10000, 50, rng);
  const heap::Scope scope;
  const ShapeIndex index(boxes);
  check_memory("kept", double(scope.kept_bytes()), n * kept);
  check_memory("peak", double(scope.peak_bytes()), n * peak);
}

}  // namespace

TEST_CASE("an index takes the memory that its doc block says") {
  if (!heap::counted) {
    WARN("a sanitizer holds malloc's place: memory was not counted");
    return;
  }
  check_index<float>(sizeof(Box<float>) + 22, sizeof(Box<float>) + 22 + 16);
  check_index<double>(sizeof(Box<double>) + 40, sizeof(Box<double>) + 40 + 16);
}

TEST_CASE("joins within a label take the memory that their doc blocks say") {
  if (!heap::counted) {
    WARN("a sanitizer holds malloc's place: memory was not counted");
    return;
  }
  scenes::Rng rng(2);
  const int n = 30000, classes = 10;
  const double rows = 2 * n, largest = rows / classes;
  const auto a = scenes::uniform<float>(n, 3000, 50, rng), b = scenes::uniform<float>(n, 3000, 50, rng);
  std::vector<int> labels;
  for (int i = 0; i < n; ++i) {
    labels.push_back(i % classes);
  }
  double pairs = 0;
  {
    const heap::Scope scope;
    for_each_pair(a, labels, b, labels, [&](Index, Index) { ++pairs; });
    check_memory("pairs", double(scope.peak_bytes()), 36 * rows + 38 * largest);
  }
  {
    const heap::Scope scope;
    const auto matrix = iou_matrix(a, labels, b, labels);
    CHECK(double(matrix.nonzeros()) == pairs);
    check_memory("matrix", double(scope.peak_bytes() - scope.kept_bytes()),
                 36 * rows + 28 * pairs + 8 * pairs / classes + 38 * largest);
  }
}
