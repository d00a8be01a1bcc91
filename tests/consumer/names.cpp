// Everything in one namespace: the common calls still mean boxlap's functions.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include <Eigen/Dense>
#include <boxlap/boxlap.hpp>

using namespace std;
using namespace Eigen;
using namespace boxlap;

float common_calls(const vector<Box<float>>& boxes) {
  const auto same = view(boxes.size(), [&](int i) { return boxes[static_cast<size_t>(i)]; });
  return iou(boxes[0], same[1]) + iof(boxes[0], boxes[1]) + area(clip(boxes[0], boxes[1])) + center(boxes[0]).x;
}
