// Queries that cover a whole index, several in one batch: lists of candidates fill up in the middle of it.
#include <boxlap/pairs/join.hpp>
#include <boxlap/pairs/overlaps.hpp>
#include <boxlap/pairs/shape_index.hpp>
#include <boxlap/shape/rotated_box.hpp>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "../catch.hpp"

using namespace boxlap;

namespace {

/// `n` boxes, each alone in a cell of 10 px, 128 a row.
template <class T>
std::vector<Box<T>> grid(Index n) {
  std::vector<Box<T>> boxes;
  for (Index k = 0; k < n; ++k) {
    const T x = static_cast<T>(10 * (k % 128)), y = static_cast<T>(10 * (k / 128));
    boxes.push_back({x + 1, y + 1, x + 9, y + 9});
  }
  return boxes;
}

}  // namespace

TEMPLATE_TEST_CASE("queries that meet everything, among small ones, at every place of a batch", "[pairs]", float,
                   double) {
  using T = TestType;
  for (const Index n : {4096, 16'128}) {  // the least and the most that a table of leaves is made for
    const auto boxes = grid<T>(n);
    const ShapeIndex index(boxes);
    for (const Index queries : {260, 128, 20}) {
      // Every fifth query beside the sampled ones covers all, and the last three of each batch.
      std::vector<Box<T>> asked;
      std::vector<std::vector<Index>> expected;
      for (Index q = 0; q < queries; ++q) {
        const Index at = (q * 37) % n;
        const bool all = (q % 5 == 3 && q % 64 < 25) || q % 128 >= 125;
        asked.push_back(all ? Box<T>{-5, -5, T(1e4), T(1e4)} : boxes[static_cast<std::size_t>(at)]);
        expected.emplace_back();
        for (Index k = 0; k < (all ? n : 1); ++k) {
          expected.back().push_back(all ? k : at);
        }
      }
      asked[1] = {T(1e5), T(1e5), T(2e5), T(2e5)};  // meets nothing
      expected[1].clear();
      std::vector<std::vector<Index>> found(asked.size());
      Index last = 0;
      bool ascending = true;
      for_each_pair(asked, index, [&](Index q, Index k) {
        ascending = ascending && q >= last;
        last = q;
        found[static_cast<std::size_t>(q)].push_back(k);
      });
      for (auto& row : found) {
        std::sort(row.begin(), row.end());
      }
      CAPTURE(n, queries);
      CHECK(found == expected);
      const auto matrix = iou_matrix(asked, boxes);
      REQUIRE(matrix.rows == queries);
      bool same = true;
      for (Index q = 0; q < queries; ++q) {
        const auto row = matrix.row(q);
        same = same && std::vector<Index>(row.cols.begin(), row.cols.end()) == expected[static_cast<std::size_t>(q)];
      }
      CHECK(same);
    }
  }
}

TEST_CASE("a visit that stops at any pair is not called again", "[pairs]") {
  const auto boxes = grid<float>(4096);
  const ShapeIndex index(boxes);
  std::vector<Box<float>> asked(20, boxes[7]);
  asked[3] = asked[4] = asked[5] = asked[6] = {-5, -5, 1e4f, 1e4f};
  for (const int stop : {1, 2, 3, 4, 5, 500, 4096 + 3, 4096 + 4, 3 * 4096, 4 * 4096 + 16}) {
    int calls = 0;
    for_each_pair(asked, index, [&](Index, Index) { return ++calls < stop; });
    CAPTURE(stop);
    CHECK(calls == stop);
  }
}

TEST_CASE("a visit of rotated boxes that stops at any pair is not called again, with any number of threads",
          "[pairs]") {
  std::vector<RotatedBox<float>> boxes;
  for (int k = 0; k < 9'000; ++k) {  // three chunks of rows
    boxes.push_back({float(10 * (k % 100)), float(10 * (k / 100)), 12, 6, 30});
  }
  for (const int threads : {1, 2, 3}) {
    int all = 0;
    for_each_pair(boxes, [&](Index, Index) { ++all; }, {.threads = threads});
    REQUIRE(all > 8'000);
    for (const int stop : {1, 100, all / 2, all - 1, all}) {
      int calls = 0;
      for_each_pair(boxes, [&](Index, Index) { return ++calls < stop; }, {.threads = threads});
      CAPTURE(threads, all, stop);
      CHECK(calls == stop);
    }
  }
}
