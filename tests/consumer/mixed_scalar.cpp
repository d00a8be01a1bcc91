#define BOXLAP_SCALAR

#include <vector>

#include <boxlap/core.hpp>
#include <boxlap/shape/polygon.hpp>

double scalar_overlap(const boxlap::Polygon<double>& a, const boxlap::Polygon<double>& b);
std::vector<boxlap::Index> scalar_nms(const std::vector<boxlap::Box<float>>& boxes, const std::vector<float>& scores);

double scalar_overlap(const boxlap::Polygon<double>& a, const boxlap::Polygon<double>& b) {
  return boxlap::intersection_area(a, b);
}

std::vector<boxlap::Index> scalar_nms(const std::vector<boxlap::Box<float>>& boxes, const std::vector<float>& scores) {
  return boxlap::nms(boxes, scores, 0.5);
}
