#include <vector>

#include <boxlap/core.hpp>

double other_half(const std::vector<boxlap::Box<float>>& boxes);

int main() {
  const std::vector<boxlap::Box<float>> boxes{{0, 0, 2, 2}, {1, 1, 3, 3}};
  return boxlap::iou(boxes[0], boxes[1]) > 0 && other_half(boxes) > 0 ? 0 : 1;
}
