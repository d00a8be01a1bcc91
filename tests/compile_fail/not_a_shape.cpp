// refused: view.. makes shapes of rows
#include <boxlap/nms/nms.hpp>
#include <vector>

#if defined(REFUSED)
struct NoShape {};
#else
using NoShape = boxlap::Box<double>;
#endif

auto keep(const std::vector<NoShape>& boxes, const std::vector<float>& scores) {
  return boxlap::nms(boxes, scores, 0.5);
}
