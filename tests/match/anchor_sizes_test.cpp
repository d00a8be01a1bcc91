// Both sides of the numbers of anchors that are worked on together.
#include <boxlap/match/anchors.hpp>

#include <random>
#include <vector>

#include "../catch.hpp"
#include "../support/scenes.hpp"
#include "../support/sizes.hpp"

using namespace boxlap;

TEST_CASE("anchors on both sides of the size of a chunk learn what comparing all of them says") {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  scenes::Rng rng(seed);
  using Stream = detail::AnchorStream<std::vector<Box<float>>, Box<float>>;
  for (const Index n : sizes::around({1, Stream::chunk_size, 2 * Stream::chunk_size})) {
    const auto anchors = scenes::uniform<float>(int(n), 600, 50, rng),
               truths = scenes::uniform<float>(30, 600, 50, rng);
    std::vector<Index> expected(anchors.size(), none);
    std::vector<float> best_of_truth(truths.size(), 0.0F);
    for (std::size_t p = 0; p < anchors.size(); ++p) {
      float best = 0;
      for (std::size_t g = 0; g < truths.size(); ++g) {
        const float value = iou(anchors[p], truths[g]);
        best_of_truth[g] = std::max(best_of_truth[g], value);
        if (value > best) {
          best = value;
          expected[p] = Index(g);
        }
      }
      expected[p] = best >= 0.5F ? expected[p] : best >= 0.3F ? between : none;
    }
    for (const int threads : {1, 2}) {
      CAPTURE(n, threads);
      const auto matches =
          match_anchors(anchors, truths, {.high = 0.5, .low = double{0.3F}, .low_quality = false, .threads = threads});
      CHECK(matches.truth_of_anchor == expected);
      std::vector<Index> unreached;
      for (std::size_t g = 0; g < truths.size(); ++g) {
        if (best_of_truth[g] == 0) {
          unreached.push_back(Index(g));
        }
      }
      CHECK(matches.unreached_truths == unreached);
    }
  }
}
