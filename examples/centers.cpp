// Who is near whom: nuScenes' matching by centre distance, and the nearest anchors of each truth as ATSS wants them.
#include <boxlap/match/anchor_rules.hpp>
#include <boxlap/match/greedy.hpp>
#include <boxlap/pairs/center_index.hpp>
#include <boxlap/shape/box3.hpp>

#include <algorithm>
#include <cstdio>
#include <vector>

using namespace boxlap;

namespace {

/// Cars seen from above: a prediction belongs to the nearest free truth closer than 2 m, best score first.
void match_by_distance() {
  const std::vector<Box3<float>> truths{
      {0, 0, 0.8f, 4.5f, 1.9f, 1.6f, 0}, {12, 3, 0.8f, 4.5f, 1.9f, 1.6f, 90}, {30, -8, 0.9f, 4.7f, 2.0f, 1.7f, 45}};
  const std::vector<Box3<float>> predictions{{0.6f, 0.3f, 0.7f, 4.4f, 1.9f, 1.6f, 2},
                                             {1.2f, -0.4f, 0.8f, 4.5f, 1.8f, 1.6f, 5},
                                             {12.1f, 3.9f, 0.8f, 4.6f, 1.9f, 1.6f, 88},
                                             {60, 60, 0.8f, 4.5f, 1.9f, 1.6f, 0}};
  const std::vector<float> scores{0.7f, 0.9f, 0.8f, 0.95f};
  const auto from_above = [](const std::vector<Box3<float>>& boxes) {
    return view(boxes.size(), [&boxes](Index i) { return bev(boxes[static_cast<std::size_t>(i)]); });
  };
  // Only distances up to 2 m are ever stored: rows are truths, columns are predictions.
  const Csr<float> distances = CenterIndex(from_above(predictions)).within_matrix(from_above(truths), 2.0);
  const GreedyMatches matches =
      match_greedy(distances, scores, {.threshold = 2, .rule = GreedyRule::nuscenes, .values = Values::distance});
  for (std::size_t p = 0; p < predictions.size(); ++p) {
    const Index truth = matches.row_of_col[p];
    truth == none ? std::printf("prediction %zu: false positive\n", p)
                  : std::printf("prediction %zu: truth %d, %.2f m away\n", p, truth,
                                static_cast<double>(distances.at(truth, static_cast<Index>(p))));
  }
}

/// Anchors on two levels of a pyramid: the 9 nearest of each level are a truth's candidates.
void nearest_anchors() {
  std::vector<Box<float>> anchors;
  std::vector<Triple<float>> candidates;
  const std::vector<Box<float>> truths{{30, 30, 95, 90}, {150, 140, 180, 175}, {20, 160, 60, 200}};
  for (const float stride : {8.f, 16.f}) {
    std::vector<Box<float>> level;
    for (float y = stride / 2; y < 256; y += stride) {
      for (float x = stride / 2; x < 256; x += stride) {
        level.push_back(from_cxcywh(x, y, 4 * stride, 4 * stride));
      }
    }
    const Index first = static_cast<Index>(anchors.size());
    for_each_entry(CenterIndex(level).nearest_matrix(truths, 9), [&](Index truth, Index anchor, float distance) {
      candidates.push_back({truth, first + anchor, distance});
    });
    anchors.insert(anchors.end(), level.begin(), level.end());
  }
  const auto matrix = make_csr(static_cast<Index>(truths.size()), static_cast<Index>(anchors.size()), candidates);
  const AnchorMatches matches = match_anchors_atss(anchors, truths, matrix);
  for (std::size_t g = 0; g < truths.size(); ++g) {
    std::printf("truth %zu: %d candidates, %td anchors learn it\n", g, matrix.row(static_cast<Index>(g)).size(),
                std::count(matches.truth_of_anchor.begin(), matches.truth_of_anchor.end(), static_cast<Index>(g)));
  }
}

}  // namespace

int main() {
  match_by_distance();
  nearest_anchors();
}
