// Anchor assignment at the scale where the matrix runs out of memory: 242,991 anchors of a feature pyramid.
//
//   benchmark_anchors [--truths 500] [--seed 42] [--repetitions 5]
//
// Beside boxlap::match_anchors: the Matcher's rule over all anchors x truths in two loops that store no matrix, which
// is the fastest dense way. The peers in Python store it (maskrcnn-benchmark: 21 s and 4.4 GB for 500 truths).
#include <boxlap/match/anchors.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include "../examples/support/heap.hpp"

using namespace boxlap;

namespace {

using Clock = std::chrono::steady_clock;
using Boxes = std::vector<Box<double>>;

Boxes pyramid() {
  Boxes anchors;
  for (const auto& [stride, size] : {std::pair{4, 32}, {8, 64}, {16, 128}, {32, 256}, {64, 512}}) {
    for (const double ratio : {0.5, 1.0, 2.0}) {
      const double w = size * std::sqrt(1 / ratio), h = size * std::sqrt(ratio);
      for (int row = 0; row < (800 + stride - 1) / stride; ++row) {
        for (int col = 0; col < (1216 + stride - 1) / stride; ++col) {
          anchors.push_back({col * stride - w / 2, row * stride - h / 2, col * stride + w / 2, row * stride + h / 2});
        }
      }
    }
  }
  return anchors;
}

std::vector<Index> dense_matcher(const Boxes& anchors, const Boxes& truths) {
  std::vector<double> value(anchors.size()), best(truths.size());
  std::vector<Index> truth(anchors.size()), result(anchors.size());
  for (std::size_t p = 0; p < anchors.size(); ++p) {
    for (std::size_t g = 0; g < truths.size(); ++g) {
      const double q = iou(anchors[p], truths[g]);
      if (q > value[p]) {
        value[p] = q;
        truth[p] = static_cast<Index>(g);
      }
      best[g] = std::max(best[g], q);
    }
    result[p] = value[p] < 0.3 ? none : value[p] < 0.7 ? between : truth[p];
  }
  for (std::size_t p = 0; p < anchors.size(); ++p) {
    for (std::size_t g = 0; g < truths.size(); ++g) {
      if (best[g] > 0 && iou(anchors[p], truths[g]) == best[g]) result[p] = truth[p];
    }
  }
  return result;
}

struct Timing {
  std::vector<double> seconds;
  double bytes = 0;

  template <class Work>
  auto run(const Work& work) {
    const heap::Scope scope;
    const auto start = Clock::now();
    auto result = work();
    seconds.push_back(std::chrono::duration<double>(Clock::now() - start).count());
    bytes = static_cast<double>(scope.peak_bytes());
    return result;
  }
  void print(const char* name, double reference) {
    std::sort(seconds.begin(), seconds.end());
    std::printf("| %s | %.1f | %.1f .. %.1f | %.1f | %.1f |\n", name, seconds[seconds.size() / 2] * 1e3,
                seconds.front() * 1e3, seconds.back() * 1e3, seconds[seconds.size() / 2] / reference, bytes / 1e6);
  }
};

}  // namespace

int main(int argc, char** argv) {
  int truth_count = 500, repetitions = 5;
  std::uint64_t seed = 42;
  for (int k = 1; k + 1 < argc; k += 2) {
    const std::string option = argv[k];
    if (option == "--truths") truth_count = std::stoi(argv[k + 1]);
    if (option == "--repetitions") repetitions = std::stoi(argv[k + 1]);
    if (option == "--seed") seed = std::stoull(argv[k + 1]);
  }
  std::mt19937_64 rng(seed);
  std::uniform_real_distribution<double> side(10, 40), unit(0, 1);
  Boxes truths;
  for (int k = 0; k < truth_count; ++k) {
    const double w = side(rng), h = side(rng);
    truths.push_back(from_xywh(unit(rng) * (1216 - w), unit(rng) * (800 - h), w, h));
  }
  const Boxes anchors = pyramid();
  Timing ours, dense;
  for (int r = 0; r < repetitions; ++r) {
    const auto a = ours.run([&] { return match_anchors(anchors, truths); });
    const auto b = dense.run([&] { return dense_matcher(anchors, truths); });
    if (a.truth_of_anchor != b) {
      std::printf("the answers differ\n");
      return 1;
    }
  }
  std::printf("%zu anchors x %d truths, seed %llu\n\n", anchors.size(), truth_count,
              static_cast<unsigned long long>(seed));
  std::printf("| | median ms | spread | times ours | peak MB |\n|---|---|---|---|---|\n");
  std::sort(ours.seconds.begin(), ours.seconds.end());
  const double reference = ours.seconds[ours.seconds.size() / 2];
  ours.print("boxlap::match_anchors", reference);
  dense.print("every pair, no matrix", reference);
}
