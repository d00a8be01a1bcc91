// What only shows at full size: 2^31 pairs, 20,000,000 boxes, 5,000,000 rotated boxes. Takes minutes and up to 12 GiB,
// so it is off by default: cmake --preset release -DBOXLAP_BUILD_BIG=ON, then build/release/tests/boxlap_big.
//
// Prints a row for each case: seconds, bytes of heap at the peak beside result and input, the formula of the doc block.
// Ends with 1 where an answer is wrong or more memory was taken than the formula says.
#include <boxlap/nms/batched.hpp>
#include <boxlap/nms/nms.hpp>
#include <boxlap/pairs/join.hpp>
#include <boxlap/pairs/overlaps.hpp>
#include <boxlap/shape/rotated_box.hpp>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "../../examples/support/heap.hpp"

namespace {

using boxlap::Box;
using boxlap::Index;
using boxlap::RotatedBox;

bool all_right = true;

void require(bool truth, const std::string& what) {
  if (!truth) {
    std::printf("WRONG: %s\n", what.c_str());
    all_right = false;
  }
}

/// Runs a call and prints its row. `formula` is in bytes beside the result; kept bytes are the result.
template <class Call>
auto run(const char* what, double formula, const Call& call) {
  const auto begin = std::chrono::steady_clock::now();
  const heap::Scope scope;
  auto result = call();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  const auto besides = static_cast<double>(scope.peak_bytes() - scope.kept_bytes());
  std::printf("%-46s %8.2f s %9.1f MB %9.1f MB\n", what, seconds, besides / 1e6, formula / 1e6);
  std::fflush(stdout);
  require(besides <= formula + 1e6, std::string(what) + ": more memory than the formula");
  return result;
}

/// A call that must be refused, for at most `most` bytes of heap.
template <class Call>
void refused(const char* what, double most, const Call& call) {
  const heap::Scope scope;
  const auto begin = std::chrono::steady_clock::now();
  bool thrown = false;
  try {
    call();
  } catch (const std::length_error& error) {
    thrown = true;
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  const auto peak = static_cast<double>(scope.peak_bytes());
  std::printf("%-46s %8.2f s %9.1f MB %9.1f MB  refused\n", what, seconds, peak / 1e6, most / 1e6);
  std::fflush(stdout);
  require(thrown, std::string(what) + ": was not refused");
  require(peak <= most, std::string(what) + ": memory was spent before it was refused");
}

std::vector<Box<float>> scattered(std::size_t n, double extent, double side, std::mt19937_64& rng) {
  std::uniform_real_distribution<double> place(0, extent), size(0.5 * side, 1.5 * side);
  std::vector<Box<float>> boxes(n);
  for (Box<float>& box : boxes) {
    const double x = place(rng), y = place(rng);
    box = {float(x), float(y), float(x + size(rng)), float(y + size(rng))};
  }
  return boxes;
}

/// More than 2^31 - 1 pairs: an error before their memory is spent.
void too_many_pairs() {
  const std::vector<Box<float>> same(50'000, Box<float>{0, 0, 10, 10});
  const double of_join = 2 * 38.0 * 50'000 + 32e6;
  refused("pairs, all meet: 2.5e9", of_join, [&] { return boxlap::pairs(same, same).size(); });
  refused("iou_matrix, all meet: 2.5e9", of_join, [&] { return boxlap::iou_matrix(same, same).values.size(); });
  const std::vector<Box<float>> more(70'000, Box<float>{0, 0, 10, 10});
  refused("pairs of one set, all meet: 2.4e9", of_join, [&] { return boxlap::pairs(more).size(); });
  refused("iou_matrix of one set, all meet: 4.9e9", of_join, [&] { return boxlap::iou_matrix(more).values.size(); });
  refused("the same on two threads", of_join,
          [&] { return boxlap::iou_matrix(same, same, {.threads = 2}).values.size(); });

  // A crowd of that many pairs hidden in a scene where hardly any other boxes meet.
  std::mt19937_64 rng(1);
  std::vector<Box<float>> hidden = scattered(4'000'000, 1e6, 20, rng);
  for (std::size_t k = 0; k < 70'000; ++k) {
    hidden[k * 57] = {500'000, 500'000, 500'020, 500'020};
  }
  const double of_scene = 2 * 38 * 4e6 + 40 * 16 * 4e6;  // a list of 16 a row is given up
  refused("pairs, a crowd of 2.4e9 in a sparse scene", of_scene, [&] { return boxlap::pairs(hidden).size(); });
  refused("iou_matrix, the same", of_scene, [&] { return boxlap::iou_matrix(hidden).values.size(); });
}

/// 20,000,000 boxes with themselves, and suppressed.
void many_boxes() {
  constexpr std::size_t n = 20'000'000;
  std::mt19937_64 rng(2);
  const auto boxes = scattered(n, 30.0 * std::sqrt(double(n)), 20, rng);
  std::vector<float> scores(n);
  for (float& score : scores) {
    score = float(rng() >> 40) / float(1 << 24);
  }
  std::vector<int> labels(n);
  for (int& label : labels) {
    label = int(rng() % 80);
  }
  std::int64_t count = 0;
  run("for_each_pair, 20,000,000 boxes", 38.0 * n, [&] {
    boxlap::for_each_pair(boxes, [&](Index, Index) { ++count; });
    return 0;
  });
  const auto found = run("pairs", 38.0 * n + 18.0 * double(count), [&] { return boxlap::pairs(boxes); });
  require(std::int64_t(found.size()) == count, "pairs and for_each_pair count differently");
  const auto matrix = run("iou_matrix", 38.0 * n + 28.0 * 2 * double(count), [&] { return boxlap::iou_matrix(boxes); });
  require(std::int64_t(matrix.values.size()) == 2 * count, "iou_matrix holds another number of pairs");
  const auto from_matrix =
      run("nms of that matrix", 9.0 * n + 16.0 * n, [&] { return boxlap::nms(matrix, scores, 0.3); });
  const auto kept = run("nms", 28.0 * n, [&] { return boxlap::nms(boxes, scores, 0.3); });
  require(kept == from_matrix, "nms of boxes and of their matrix differ");
  const auto on_two = run("nms, two threads", 28.0 * n, [&] {
    return boxlap::nms(boxes, scores, boxlap::NmsOptions{.iou_threshold = 0.3, .threads = 2});
  });
  require(kept == on_two, "nms on two threads differs");
  const auto batched = run("batched_nms, 80 labels", 21.0 * n + 290.0 * n / 80,
                           [&] { return boxlap::batched_nms(boxes, scores, labels, 0.3); });
  require(batched.size() >= kept.size(), "labels suppress more than none");
}

/// 5,000,000 rotated boxes with themselves, and suppressed.
void many_rotated() {
  constexpr std::size_t n = 5'000'000;
  std::mt19937_64 rng(3);
  std::uniform_real_distribution<double> place(0, 40.0 * std::sqrt(double(n))), size(10, 30), turn(-180, 180);
  std::vector<RotatedBox<float>> boxes(n);
  for (auto& box : boxes) {
    box = {float(place(rng)), float(place(rng)), float(size(rng)), float(size(rng)), float(turn(rng))};
  }
  std::vector<float> scores(n);
  for (float& score : scores) {
    score = float(rng() >> 40) / float(1 << 24);
  }
  using Prepared = decltype(prepare(boxes[0]));
  const auto matrix = run("iou_matrix, 5,000,000 rotated boxes", (38.0 + sizeof(Prepared)) * n + 28.0 * 3 * n,
                          [&] { return boxlap::iou_matrix(boxes); });
  const auto kept = run("nms", (28.0 + sizeof(Prepared) + 40) * n, [&] { return boxlap::nms(boxes, scores, 0.2); });
  require(kept == boxlap::nms(matrix, scores, 0.2), "nms of rotated boxes and of their matrix differ");
}

}  // namespace

int main() {
  std::printf("%-46s %10s %12s %12s\n", "call", "time", "heap", "formula");
  too_many_pairs();
  many_boxes();
  many_rotated();
  return all_right ? 0 : 1;
}
