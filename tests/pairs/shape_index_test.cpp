#include <boxlap/pairs/labels.hpp>
#include <boxlap/pairs/shape_index.hpp>

#include <algorithm>
#include <cstdint>
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
  struct Labelling {
    const char* what;
    int classes;
    std::int64_t stride;
    double grouping;  // bytes a row of the larger set
  };
  const Labelling labelling = GENERATE(Labelling{"few labels, one behind the other", 10, 1, 16},
                                       Labelling{"few labels, far apart", 10, 1'000'000'007, 32},
                                       Labelling{"a label for each row", 30000, 1'000'000'007, 32});
  scenes::Rng rng(2);
  const int n = 30000;
  const double rows = 2 * n, labels = 2 * labelling.classes, largest = rows / labelling.classes;
  const auto a = scenes::uniform<float>(n, 3000, 50, rng), b = scenes::uniform<float>(n, 3000, 50, rng);
  std::vector<std::int64_t> of;
  for (int i = 0; i < n; ++i) {
    of.push_back(i % labelling.classes * labelling.stride);
  }
  const double grouped = 4 * rows + 4 * labels, join = 38 * largest;
  double pairs = 0;
  {
    const heap::Scope scope;
    for_each_pair(a, of, b, of, [&](Index, Index) { ++pairs; });
    check_memory(labelling.what, double(scope.peak_bytes()), grouped + (std::max)(join, labelling.grouping * n) + 512);
  }
  {
    const heap::Scope scope;
    const auto matrix = iou_matrix(a, of, b, of);
    CHECK(double(matrix.nonzeros()) == pairs);
    check_memory(labelling.what, double(scope.peak_bytes() - scope.kept_bytes()),
                 grouped + (std::max)(28 * pairs + 8 * pairs / labelling.classes + join, labelling.grouping * n) + 512);
  }
}
