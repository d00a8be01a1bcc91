// refused: Labels|integral|is_enum
#include <boxlap/nms/batched.hpp>
#include <string>
#include <vector>

#if defined(REFUSED)
using Label = std::string;
#else
enum class Label { car, tree };
#endif

auto keep(const std::vector<boxlap::Box<float>>& boxes, const std::vector<float>& scores,
          const std::vector<Label>& labels) {
  return boxlap::batched_nms(boxes, scores, labels, 0.5);
}
