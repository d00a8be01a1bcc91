// refused: deleted function|call to deleted
#include <boxlap/nms/nms.hpp>
#include <vector>

auto keep(const std::vector<boxlap::Box<float>>& boxes, const std::vector<float>& scores) {
#if defined(REFUSED)
  return boxlap::nms(boxes, scores, {});
#else
  return boxlap::nms(boxes, scores, 0.5);
#endif
}
