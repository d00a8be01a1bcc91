// How long an IoU matrix of few boxes takes beside the plain double loop that fills a dense one: a loop over iou(),
// with the same values, and one over the bare formula, which compilers make vector code of and which is NaN for 0 / 0.
//
//   benchmark_small_matrix [seed]
//
// 200 different scenes of n x n boxes with sides of 20 to 100 px on squares of different sizes, so that from all pairs
// to none meet. The three take turns; medians of eleven rounds, in microseconds a matrix.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>

#include <boxlap/pairs/overlaps.hpp>

using namespace boxlap;

namespace {

using Boxes = std::vector<Box<float>>;

template <class Value>
std::vector<float> dense(const Boxes& a, const Boxes& b, const Value& value) {
  std::vector<float> matrix(a.size() * b.size());
  std::size_t k = 0;
  for (const Box<float>& x : a) {
    for (const Box<float>& y : b) {
      matrix[k++] = value(x, y);
    }
  }
  return matrix;
}

const auto bare_formula = [](const Box<float>& x, const Box<float>& y) {
  const float w = std::max(0.0F, std::min(x.x2, y.x2) - std::max(x.x1, y.x1));
  const float h = std::max(0.0F, std::min(x.y2, y.y2) - std::max(x.y1, y.y1));
  const float shared = w * h;
  return shared / ((x.x2 - x.x1) * (x.y2 - x.y1) + (y.x2 - y.x1) * (y.y2 - y.y1) - shared);
};

Boxes scene(int n, float extent, std::mt19937& rng) {
  std::uniform_real_distribution<float> at(0, extent), side(20, 100);
  Boxes boxes;
  for (int i = 0; i < n; ++i) {
    boxes.push_back(from_xywh(at(rng), at(rng), side(rng), side(rng)));
  }
  return boxes;
}

template <class Work>
double microseconds(const Work& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count();
}

double median(std::vector<double> times) {
  std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2), times.end());
  return times[times.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  constexpr int scenes = 200, rounds = 11;
  std::mt19937 rng(static_cast<unsigned>(argc > 1 ? std::atoi(argv[1]) : 1));
  std::printf("| boxes | pairs that meet | boxlap us | loop over iou() | over the formula |\n|---|---|---|---|---|\n");
  for (const int n : {30, 100, 300}) {
    for (const float extent : {40.0F, 150.0F, 640.0F, 2000.0F, 10'000.0F}) {
      std::vector<Boxes> as, bs;
      for (int k = 0; k < scenes; ++k) {
        as.push_back(scene(n, extent, rng));
        bs.push_back(scene(n, extent, rng));
      }
      std::vector<double> ours, by_iou, by_formula;
      std::size_t stored = 0;
      float used = 0;
      const auto time = [&](const auto& use_matrix_of) {
        return microseconds([&] {
          for (std::size_t k = 0; k < as.size(); ++k) {
            use_matrix_of(as[k], bs[k]);
          }
        });
      };
      for (int round = 0; round < rounds; ++round) {
        stored = 0;
        ours.push_back(time([&](const Boxes& a, const Boxes& b) { stored += iou_matrix(a, b).values.size(); }));
        by_iou.push_back(time([&](const Boxes& a, const Boxes& b) {
          used += dense(a, b, [](const auto& x, const auto& y) { return iou(x, y); }).back();
        }));
        by_formula.push_back(time([&](const Boxes& a, const Boxes& b) { used += dense(a, b, bare_formula).back(); }));
      }
      std::printf("| %d x %d | %.1f %% | %.2f | %.2f | %.2f |%s\n", n, n,
                  100 * static_cast<double>(stored) / scenes / n / n, median(ours) / scenes,
                  median(by_iou) / median(ours), median(by_formula) / median(ours), used < 0 ? " " : "");
    }
  }
}
