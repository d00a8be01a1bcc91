// How long an IoU matrix of few boxes takes beside the plain double loop that fills a dense one: a loop over iou(),
// with the same values, and one over the bare formula, which compilers make vector code of and which is NaN for 0 / 0.
//
//   benchmark_small_matrix [seed] [double]
//
// 200 different scenes of n x n boxes with sides of 20 to 100 px on squares of different sizes, so that from all pairs
// to none meet. The three take turns; medians of 31 rounds, in microseconds a matrix. A ratio is the median of those of
// the rounds: the clock moves between them.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string_view>
#include <vector>

#include <boxlap/pairs/overlaps.hpp>

using namespace boxlap;

namespace {

template <class T>
using Boxes = std::vector<Box<T>>;

template <class T, class Value>
std::vector<T> dense(const Boxes<T>& a, const Boxes<T>& b, const Value& value) {
  std::vector<T> matrix(a.size() * b.size());
  std::size_t k = 0;
  for (const Box<T>& x : a) {
    for (const Box<T>& y : b) {
      matrix[k++] = value(x, y);
    }
  }
  return matrix;
}

const auto bare_formula = []<class T>(const Box<T>& x, const Box<T>& y) {
  const T w = std::max(T{0}, std::min(x.x2, y.x2) - std::max(x.x1, y.x1));
  const T h = std::max(T{0}, std::min(x.y2, y.y2) - std::max(x.y1, y.y1));
  const T shared = w * h;
  return shared / ((x.x2 - x.x1) * (x.y2 - x.y1) + (y.x2 - y.x1) * (y.y2 - y.y1) - shared);
};

template <class T>
Boxes<T> scene(int n, T extent, std::mt19937& rng) {
  std::uniform_real_distribution<T> at(0, extent), side(20, 100);
  Boxes<T> boxes;
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

double median(std::vector<double> numbers) {
  std::nth_element(numbers.begin(), numbers.begin() + static_cast<std::ptrdiff_t>(numbers.size() / 2), numbers.end());
  return numbers[numbers.size() / 2];
}

double median_ratio(const std::vector<double>& times, const std::vector<double>& ours) {
  std::vector<double> ratios;
  for (std::size_t k = 0; k < ours.size(); ++k) {
    ratios.push_back(times[k] / ours[k]);
  }
  return median(ratios);
}

template <class T>
void compare(std::mt19937& rng) {
  constexpr int scenes = 200, rounds = 31;
  std::printf("| boxes | pairs that meet | boxlap us | loop over iou() | over the formula |\n|---|---|---|---|---|\n");
  for (const int n : {30, 100, 300}) {
    for (const double extent : {40., 150., 300., 640., 2000., 10'000.}) {
      std::vector<Boxes<T>> as, bs;
      for (int k = 0; k < scenes; ++k) {
        as.push_back(scene(n, static_cast<T>(extent), rng));
        bs.push_back(scene(n, static_cast<T>(extent), rng));
      }
      std::vector<double> ours, by_iou, by_formula;
      std::size_t stored = 0;
      T used = 0;
      const auto time = [&](const auto& use_matrix_of) {
        return microseconds([&] {
          for (std::size_t k = 0; k < as.size(); ++k) {
            use_matrix_of(as[k], bs[k]);
          }
        });
      };
      for (int round = 0; round < rounds; ++round) {
        stored = 0;
        ours.push_back(time([&](const Boxes<T>& a, const Boxes<T>& b) { stored += iou_matrix(a, b).values.size(); }));
        by_iou.push_back(time([&](const Boxes<T>& a, const Boxes<T>& b) {
          used += dense(a, b, [](const auto& x, const auto& y) { return iou(x, y); }).back();
        }));
        by_formula.push_back(
            time([&](const Boxes<T>& a, const Boxes<T>& b) { used += dense(a, b, bare_formula).back(); }));
      }
      std::printf("| %d x %d | %.1f %% | %.2f | %.2f | %.2f |%s\n", n, n,
                  100 * static_cast<double>(stored) / scenes / n / n, median(ours) / scenes, median_ratio(by_iou, ours),
                  median_ratio(by_formula, ours), used < 0 ? " " : "");
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::mt19937 rng(static_cast<unsigned>(argc > 1 ? std::atoi(argv[1]) : 1));
  argc > 2 && std::string_view(argv[2]) == "double" ? compare<double>(rng) : compare<float>(rng);
}
