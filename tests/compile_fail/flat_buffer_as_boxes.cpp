// refused: numbers_are_no_boxes_yet.*boxlap::view
#include <boxlap/base/range.hpp>
#include <boxlap/nms/nms.hpp>
#include <vector>

auto keep(const std::vector<float>& x, const std::vector<float>& scores) {
#if defined(REFUSED)
  return boxlap::nms(x, scores, 0.5);
#else
  const auto boxes = boxlap::view(x.size() / 4, [&](boxlap::Index i) {
    const float* const corners = x.data() + 4 * i;
    return boxlap::Box{corners[0], corners[1], corners[2], corners[3]};
  });
  return boxlap::nms(boxes, scores, 0.5);
#endif
}
