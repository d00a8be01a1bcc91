/// What the doc blocks of the smaller functions say about memory, held against a count of the heap; the larger ones
/// have such a test beside their others.
#include <boxlap/core.hpp>
#include <boxlap/evaluate/average_precision.hpp>
#include <boxlap/pairs/labels.hpp>

#include <algorithm>
#include <cstddef>
#include <vector>

#include "../support/memory.hpp"
#include "../support/scenes.hpp"

using boxlap::Index;
using memory::check;
using memory::measured;

namespace {

constexpr double n = 20000;
constexpr int rows = 20000;

}  // namespace

TEST_CASE("picking rows takes the memory that is said", "[memory]") {
  if (memory::uncounted()) {
    return;
  }
  scenes::Rng rng(1);
  const auto scores = scenes::scores(rows, rng);
  std::vector<int> labels(scores.size());
  std::generate(labels.begin(), labels.end(), [&] { return static_cast<int>(rng() % 1000000) * 2000; });
  std::vector<Index> all = boxlap::top(scores, rows);
  check("top", measured([&] { return boxlap::top(scores, rows / 2); }).peak, 8 * n);
  check("above", measured([&] { return boxlap::above(scores, 0.3); }).besides, 0);
  check("take", measured([&] { return boxlap::take(scores, all); }).besides, 0);
  check("limit_per_class", measured([&] { return boxlap::limit_per_class(all, labels, 100); }).besides, 20 * n);
}

TEST_CASE("sparse matrices take the memory that is said", "[memory]") {
  if (memory::uncounted()) {
    return;
  }
  scenes::Rng rng(2);
  const auto boxes = scenes::uniform<float>(rows, 10000, 50, rng),
             others = scenes::uniform<float>(rows, 10000, 50, rng);
  const auto scores = scenes::scores(rows, rng);
  std::vector<int> labels(boxes.size());
  std::generate(labels.begin(), labels.end(), [&] { return static_cast<int>(rng() % 3); });
  const auto matrix = boxlap::iou_matrix(boxes, others);
  const auto square = boxlap::iou_matrix(boxes);
  std::vector<boxlap::Triple<float>> triples;
  for_each_entry(matrix, [&](Index i, Index j, float value) { triples.push_back({i, j, value}); });
  const auto entries = static_cast<double>(triples.size());
  double kept = 0;
  const auto keep = [&](Index, Index, float value) { return value > 0.1f; };
  for (const float value : matrix.values) {
    kept += keep(0, 0, value) ? 1 : 0;
  }

  check("pairs", measured([&] { return boxlap::pairs(boxes, others); }).besides, 38 * 2 * n + 18 * entries);
  check("transpose", measured([&] { return boxlap::transpose(matrix); }).besides, 4 * n);
  check("filter", measured([&] { return boxlap::filter(matrix, keep); }).peak, 4 * n + 20 * kept);
  check("make_csr", measured([&] { return boxlap::make_csr(rows, rows, triples); }).besides, 12 * n + 8 * entries);
  check("nms of a matrix", measured([&] { return boxlap::nms(square, scores, 0.5); }).besides, 9 * n);
  const auto matching = boxlap::assign(matrix);
  check("certify", measured([&] { return boxlap::certify(matrix, matching); }).peak, 0);
  check("keep_at_least", measured([&] { return boxlap::keep_at_least(matrix, matching, 0.5); }).besides, 0);
  check("iou_matrix by label", measured([&] { return boxlap::iou_matrix(boxes, labels, others, labels); }).besides,
        4 * 2 * n + 28 * entries / 3 + (38 * 2 * n + 28 * entries / 3) / 3);
}

TEST_CASE("average precision takes the memory that is said", "[memory]") {
  if (memory::uncounted()) {
    return;
  }
  scenes::Rng rng(3);
  const auto scores = scenes::scores(rows, rng);
  for (const unsigned hits_of_four : {0U, 1U, 4U}) {
    std::vector<int> outcomes(scores.size());
    std::generate(outcomes.begin(), outcomes.end(), [&] { return rng() % 4 < hits_of_four ? 1 : 0; });
    const auto hits = static_cast<double>(std::count(outcomes.begin(), outcomes.end(), 1));
    CAPTURE(hits);
    check("average_precision", measured([&] { return boxlap::average_precision(scores, outcomes, rows); }).peak,
          std::max(8 * n, 4 * n + 24 * hits));
    check("precision_recall_curve",
          measured([&] { return boxlap::precision_recall_curve(scores, outcomes, rows); }).peak, 76 * n);
  }
}
