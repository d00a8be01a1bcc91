// A raw detector tensor, [84 x 8400] as a one-stage detector gives it: rows cx, cy, w, h and 80 class scores, columns
// the candidates, in the pixels of a 640 x 640 letterboxed input. From there to at most 300 boxes in the photo's
// pixels.
#include <algorithm>
#include <boxlap/core.hpp>
#include <cstdio>
#include <random>
#include <vector>

using boxlap::Box;
using boxlap::Index;

constexpr Index candidates = 8400, classes = 80;

/// What the network would have written: 12 objects, each seen by several candidates, and noise.
std::vector<float> make_tensor() {
  std::mt19937 random(7);
  const auto unit = [&] { return static_cast<float>(random() % 10000) / 10000; };
  std::vector<float> tensor(std::size_t{84} * candidates);
  const auto at = [&](Index row, Index k) -> float& {
    return tensor[static_cast<std::size_t>(row) * candidates + static_cast<std::size_t>(k)];
  };
  for (Index k = 0; k < candidates; ++k) {
    const Index object = k % 12;
    const bool sees = k % 49 == 0;
    at(0, k) = sees ? 60 + 45 * static_cast<float>(object) + 4 * unit() : 640 * unit();
    at(1, k) = sees ? 180 + 24 * static_cast<float>(object) + 4 * unit() : 640 * unit();
    at(2, k) = 30 + 6 * unit();
    at(3, k) = 40 + 6 * unit();
    for (Index c = 0; c < classes; ++c) {
      at(4 + c, k) = 0.05f * unit();
    }
    if (sees) {
      at(4 + object % 3, k) = 0.6f + 0.4f * unit();
    }
  }
  return tensor;
}

int main() {
  const std::vector<float> tensor = make_tensor();
  const auto row = [&](Index r) { return tensor.data() + static_cast<std::size_t>(r) * candidates; };

  // The best class of each candidate.
  std::vector<float> scores(candidates, 0.0f);
  std::vector<int> labels(candidates, 0);
  for (int c = 0; c < classes; ++c) {
    for (std::size_t k = 0; k < candidates; ++k) {
      if (row(4 + c)[k] > scores[k]) {
        scores[k] = row(4 + c)[k];
        labels[k] = c;
      }
    }
  }

  // Rows with a score above 0.25, then everything below goes over those alone; nothing is copied but indices.
  const auto boxes = boxlap::view(
      candidates, [&](Index k) { return boxlap::from_cxcywh(row(0)[k], row(1)[k], row(2)[k], row(3)[k]); });
  const std::vector<Index> sure = boxlap::above(scores, 0.25);
  const auto sure_boxes = boxlap::take(boxes, sure);
  const auto sure_scores = boxlap::take(scores, sure);
  const auto sure_labels = boxlap::take(labels, sure);
  std::vector<Index> keep = boxlap::batched_nms(sure_boxes, sure_scores, sure_labels, 0.45);
  keep.resize(std::min<std::size_t>(keep.size(), 300));

  // Undo the letterbox: a 1280 x 720 photo was halved and had 140 grey pixels put above.
  const float scale = 640.0f / 1280, pad_x = 0, pad_y = (640 - 720 * scale) / 2;
  std::printf("%zu candidates above the score, %zu boxes kept\n", sure.size(), keep.size());
  for (const Index k : keep) {
    const Box<float> b = sure_boxes[static_cast<std::size_t>(k)];
    const Box<float> in_photo = boxlap::clip(
        Box{(b.x1 - pad_x) / scale, (b.y1 - pad_y) / scale, (b.x2 - pad_x) / scale, (b.y2 - pad_y) / scale},
        Box<float>{0, 0, 1280, 720});
    std::printf("class %2d  score %.2f  %4.0f %4.0f %4.0f %4.0f\n", sure_labels[static_cast<std::size_t>(k)],
                static_cast<double>(sure_scores[static_cast<std::size_t>(k)]), static_cast<double>(in_photo.x1),
                static_cast<double>(in_photo.y1), static_cast<double>(in_photo.x2), static_cast<double>(in_photo.y2));
  }
  return sure.size() == 172 && keep.size() == 12 ? 0 : 1;
}
