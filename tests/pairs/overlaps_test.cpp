#include <boxlap/pairs/overlaps.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include "../catch.hpp"
#include "../nms/circle.hpp"
#include "../support/join_scenes.hpp"
#include "../support/matrix_trees.hpp"
#include "../support/memory.hpp"
#include "../support/rounds.hpp"

using namespace boxlap;

namespace {

/// The dense matrix that nobody should allocate, kept where its values are wanted.
template <class A, class B, class Value>
auto brute(const A& a, const B& b, bool self, double min, const Value& value) {
  std::vector<Triple<decltype(value(a[0], b[0]))>> triples;
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t j = 0; j < b.size(); ++j) {
      const auto v = value(a[i], b[j]);
      if (!(self && i == j) && v > 0 && double(v) >= min) {
        triples.push_back({Index(i), Index(j), v});
      }
    }
  }
  return make_csr(Index(a.size()), Index(b.size()), triples);
}

const auto by_iou = [](const auto& a, const auto& b) { return iou(a, b); };
const auto by_iof = [](const auto& a, const auto& b) { return iof(a, b); };
const auto by_intersection = [](const auto& a, const auto& b) { return intersection_area(a, b); };
const auto by_union = [](const auto& a, const auto& b) {
  const auto shared = intersection_area(a, b);
  return shared > 0 ? area(a) + area(b) - shared : shared;
};

}  // namespace

TEMPLATE_TEST_CASE("matrices hold what the functions of two boxes say, to the bit", "", float, double) {
  const auto seed = GENERATE(1U, 2U);
  const int n = GENERATE(0, 1, 40, scenes::rounds(200), scenes::rounds(600));
  CAPTURE(seed, n);
  scenes::Rng rng(seed);
  const auto sets = scenes::awkward<TestType>(n, rng);
  const auto others = scenes::awkward<TestType>(n + 5, rng);
  for (std::size_t k = 0; k < sets.size(); ++k) {
    INFO(sets[k].name);
    const auto &a = sets[k].boxes, &b = others[k].boxes;
    for (const double min : {0.0, 0.5}) {
      REQUIRE(iou_matrix(a, b, {.min = min}) == brute(a, b, false, min, by_iou));
      REQUIRE(iou_matrix(a, {.min = min}) == brute(a, a, true, min, by_iou));
      REQUIRE(iof_matrix(a, b, {.min = min}) == brute(a, b, false, min, by_iof));
      REQUIRE(iof_matrix(a, {.min = min}) == brute(a, a, true, min, by_iof));
    }
    REQUIRE(intersection_matrix(a, b) == brute(a, b, false, 0, by_intersection));
    REQUIRE(intersection_matrix(a) == brute(a, a, true, 0, by_intersection));
    REQUIRE(union_matrix(a, b, {.threads = 2}) == brute(a, b, false, 0, by_union));
    REQUIRE(union_matrix(a) == brute(a, a, true, 0, by_union));
    REQUIRE(iou_matrix(ShapeIndex(a), b) == iou_matrix(a, b));
    REQUIRE(iou_matrix(a, ShapeIndex(b), {.min = 0.3, .threads = 3}) == iou_matrix(a, b, {.min = 0.3}));
  }
}

TEST_CASE("a matrix may have a side without boxes") {
  scenes::Rng rng(3);
  const auto boxes = scenes::uniform<float>(100, 1000, 60, rng);
  const std::vector<Box<float>> nothing, inverted(50, Box<float>{1, 1, 0, 0});
  for (const auto& boxless : {nothing, inverted}) {
    REQUIRE(iou_matrix(boxes, boxless) == brute(boxes, boxless, false, 0, by_iou));
    REQUIRE(iou_matrix(boxless, boxes) == brute(boxless, boxes, false, 0, by_iou));
  }
}

TEST_CASE("mixed scalar types give the wider one") {
  scenes::Rng rng(3);
  const auto a = scenes::uniform<float>(300, 1000, 60, rng);
  const auto b = scenes::uniform<double>(300, 1000, 60, rng);
  CHECK(iou_matrix(a, b) == brute(a, b, false, 0, by_iou));
  CHECK(iou_matrix(b, a, {.min = 0.2}) == brute(b, a, false, 0.2, by_iou));
}

TEMPLATE_TEST_CASE("no pair at the threshold is lost or won", "", float, double) {
  // Pairs whose IoU is within a few units in the last place of the threshold, at many places and sizes.
  const double min = GENERATE(0.05, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 1.0);
  CAPTURE(min);
  scenes::Rng rng(4);
  std::uniform_real_distribution<double> unit(0, 1);
  std::vector<Box<TestType>> a, b;
  for (int k = 0; k < scenes::rounds(3000); ++k) {
    // Each seventh has an area among the denormals, where an IoU says little about sides.
    const double size = k % 7 == 0 ? 1e-19 * std::pow(10.0, -5 * unit(rng)) * (sizeof(TestType) == 4 ? 1 : 1e-140)
                                   : std::pow(10.0, 4 * unit(rng) - 1);
    const double place = k % 7 == 0 ? 2 * size : 2e4, x = place * unit(rng), y = place * unit(rng);
    const Box<TestType> box{TestType(x), TestType(y), TestType(x + size), TestType(y + size * (0.5 + unit(rng)))};
    Box<TestType> other = box;  // shifted, cut or grown until the IoU is the threshold
    const TestType w = box.x2 - box.x1;
    if (k % 3 == 0) {
      const TestType shift = w * TestType((1 - min) / (1 + min));
      other.x1 += shift;
      other.x2 += shift;
    } else if (k % 3 == 1) {
      other.x2 = other.x1 + w * TestType(min);
    } else {
      other.x1 -= w * TestType(1 / min - 1) / 2;
      other.x2 += w * TestType(1 / min - 1) / 2;
    }
    for (int step = 0; step < k % 9; ++step) {
      other.x2 = std::nextafter(other.x2, k % 2 == 0 ? TestType(1e30) : TestType(0));
    }
    a.push_back(box);
    b.push_back(other);
  }
  const auto expected = brute(a, b, false, min, by_iou);
  CHECK(iou_matrix(a, b, {.min = min}) == expected);
  CHECK(expected.nonzeros() >= scenes::rounds(300));
}

TEST_CASE("a threshold saves the joining of pairs that cannot reach it") {
  scenes::Rng rng(5);
  const auto a = scenes::uniform<float>(4000, 1000, 40, rng), b = scenes::uniform<float>(4000, 1000, 40, rng);
  const auto joined = [&](double min) {
    std::size_t count = 0;
    detail::Team team(2);
    const MatrixTrees<float> trees(a, b, team);
    auto take = [&](std::span<detail::RowPair> found) {
      count += found.size();
      return true;
    };
    trees.join(detail::BoxQuery<float>::iou_at_least(min))
        .find<detail::PairsOf::slots>(0, trees.a().leaves(), detail::PairSink(take));
    return double(count);
  };
  const double all = joined(0);
  CHECK(joined(0.1) < 0.85 * all);  // (1 - t)^2 of them
  CHECK(joined(0.5) < 0.28 * all);
  CHECK(joined(0.9) < 0.02 * all);
}

TEST_CASE("a user's own shape fills a matrix") {
  scenes::Rng rng(6);
  std::uniform_real_distribution<double> at(0, 1000), radius(0, 40);
  std::vector<user::Circle> circles;
  std::vector<user::Disc> discs;
  for (int i = 0; i < 700; ++i) {
    circles.push_back({at(rng), at(rng), radius(rng)});
    discs.push_back({circles.back()});
  }
  CHECK(iou_matrix(circles) == brute(circles, circles, true, 0, by_iou));
  CHECK(iof_matrix(circles, circles, {.min = 0.4}) == brute(circles, circles, false, 0.4, by_iof));
  CHECK(iou_matrix(discs, {.threads = 2}) == iou_matrix(circles));
}

TEST_CASE("bad options are named") {
  const std::vector<Box<float>> boxes(3);
  CHECK_THROWS_WITH(iou_matrix(boxes, boxes, {.min = std::nan("")}), Catch::Matchers::Equals("boxlap: min is NaN"));
  CHECK_THROWS_AS(iou_matrix(boxes, {.min = std::nan("")}), std::invalid_argument);
  CHECK_THROWS_AS(iou_matrix(boxes, boxes, {.threads = -2}), std::invalid_argument);
}

TEST_CASE("a least value that the scalar cannot hold") {
  const std::vector<Box<float>> boxes{{0, 0, 2, 2}, {1, 1, 3, 3}};
  for (const double huge : {1e39, 1e300, std::numeric_limits<double>::infinity()}) {
    CHECK(intersection_matrix(boxes, boxes, {.min = huge}).values.empty());
    CHECK(iou_matrix(boxes, {.min = huge}).values.empty());
  }
  for (const double tiny : {1e-300, 0.0, -1.0, -1e300}) {
    CHECK(intersection_matrix(boxes, boxes, {.min = tiny}).values == std::vector<float>{4, 1, 1, 4});
  }
  // 3.4028234663852886e38 is the largest float, whose square root is no whole number: 1.8e19 squared comes close.
  const std::vector<Box<float>> large{{0, 0, 0x1p64F, 0x1.fffffep63F}};
  CHECK(intersection_matrix(large, large, {.min = std::numeric_limits<float>::max()}).values ==
        std::vector<float>{std::numeric_limits<float>::max()});
}

TEST_CASE("the memory of a matrix is what its doc block says") {
  if (memory::uncounted()) {
    return;
  }
  scenes::Rng rng(7);
  const auto check = [&](auto zero, double pairs_per_row, double per_box, double per_pair) {
    using T = decltype(zero);
    const int n = 40000;
    const double extent = 100 * std::sqrt(n / pairs_per_row);
    const auto a = scenes::uniform<T>(n, extent, 50, rng), b = scenes::uniform<T>(n, extent, 50, rng);
    const heap::Scope scope;
    const auto matrix = iou_matrix(a, b);
    const double formula = per_box * double(2 * n) + per_pair * double(matrix.nonzeros());
    const double extra = double(scope.peak_bytes() - scope.kept_bytes());
    CAPTURE(pairs_per_row, matrix.nonzeros(), extra, formula);
    CHECK(extra <= formula);
    CHECK(extra >= formula / 2);
  };
  check(0.0F, 4, 38, 28);
  check(0.0, 4, 56, 36);
  check(0.0F, 40, 38, 0);  // many pairs a row: written in place
  check(0.0, 40, 56, 0);
}

TEST_CASE("few pairs a row and many are put together in two ways, to the same matrix") {
  scenes::Rng rng(8);
  for (const double pairs_per_row : {1.0, 6.0, 12.0, 60.0}) {
    CAPTURE(pairs_per_row);
    const int n = 3000;
    const double extent = 100 * std::sqrt(n / pairs_per_row);
    const auto a = scenes::uniform<float>(n, extent, 50, rng), b = scenes::uniform<float>(2 * n, extent, 50, rng);
    const detail::OverlapValue<float, detail::IouMeasure> value({}, 0.1);
    detail::Team team(2);
    const MatrixTrees<float> trees(a, b, team);
    const auto sorted = detail::csr_by_sorting(trees.join(), n, 2 * n, team, {0, detail::most_pairs_of_all}, value);
    CHECK(sorted == detail::csr_in_two_passes(trees.join(), n, 2 * n, team, value));
    CHECK(sorted == brute(a, b, false, 0.1, by_iou));
  }
}

namespace {

/// Boxes of which nearly every two meet; some have no extent, no end or the smallest of areas.
template <class T>
std::vector<Box<T>> crowd(int n, scenes::Rng& rng) {
  std::vector<Box<T>> boxes = scenes::uniform<T>(n, 40, 60, rng);
  constexpr T inf = std::numeric_limits<T>::infinity();
  for (std::size_t k = 0; k < boxes.size(); k += 9) {
    switch (rng() % 8) {
      case 0:
        boxes[k].x2 = boxes[k].x1;
        break;
      case 1:
        boxes[k].y2 = boxes[k].y1 - 1;
        break;
      case 2:
        boxes[k].x1 = std::numeric_limits<T>::quiet_NaN();
        break;
      case 3:
        boxes[k].y2 = inf;
        break;
      case 4:
        boxes[k] = {-inf, -inf, inf, inf};
        break;
      case 5:
        boxes[k].x2 = boxes[k].x1 + std::numeric_limits<T>::min();
        break;
      case 6:
        boxes[k] = boxes[0];
        break;
      default:
        boxes[k].x1 = -std::numeric_limits<T>::max();
        break;
    }
  }
  return boxes;
}

}  // namespace

TEMPLATE_TEST_CASE("matrices of small crowds hold what the functions of two boxes say, to the bit", "", float, double) {
  const auto seed = GENERATE(11U, 12U);
  scenes::Rng rng(seed);
  const auto [n, m] = GENERATE(std::pair{4, 300}, std::pair{15, 16}, std::pair{33, 31}, std::pair{100, 100},
                               std::pair{129, 47}, std::pair{7, 1100}, std::pair{40, 515});
  CAPTURE(seed, n, m);
  const auto a = crowd<TestType>(n, rng), b = crowd<TestType>(m, rng);
  detail::Team team(1);
  CHECK(detail::most_blocks_meet(MatrixTrees<TestType>(a, b, team).join()));
  for (const double min : {0.0, 0.4}) {
    REQUIRE(iou_matrix(a, b, {.min = min}) == brute(a, b, false, min, by_iou));
    REQUIRE(iou_matrix(b, {.min = min}) == brute(b, b, true, min, by_iou));
    REQUIRE(iof_matrix(a, b, {.min = min}) == brute(a, b, false, min, by_iof));
    REQUIRE(intersection_matrix(a, b, {.min = min}) == brute(a, b, false, min, by_intersection));
    REQUIRE(union_matrix(a, b, {.min = min}) == brute(a, b, false, min, by_union));
    REQUIRE(union_matrix(b, {.min = min}) == brute(b, b, true, min, by_union));
  }
}

TEMPLATE_TEST_CASE("matrices of boxes that crowd in places hold what the functions say, to the bit", "", float,
                   double) {
  const auto seed = GENERATE(13U, 14U);
  scenes::Rng rng(seed);
  const auto [n, m] = GENERATE(std::pair{100, 300}, std::pair{60, 1100});
  CAPTURE(seed, n, m);
  const auto a = scenes::uniform<TestType>(n, 40, 60, rng);
  auto b = scenes::uniform<TestType>(m, 40, 60, rng);
  for (std::size_t k = 0; k < b.size() * 3 / 5; ++k) {
    b[k].x1 += 1000;
    b[k].x2 += 1000;
  }
  detail::Team team(1);
  const MatrixTrees<TestType> trees(a, b, team);
  CHECK(!detail::most_blocks_meet(trees.join()));
  const detail::MeetingBitmask meetings(trees.join());
  CHECK(detail::blocks_pay<TestType>(meetings.count(), meetings.count_blocks()));
  REQUIRE(iou_matrix(a, b) == brute(a, b, false, 0, by_iou));
  REQUIRE(iou_matrix(b) == brute(b, b, true, 0, by_iou));
  REQUIRE(iof_matrix(a, b, {.min = 0.4}) == brute(a, b, false, 0.4, by_iof));
}

TEMPLATE_TEST_CASE("a crowd at one end of the rows does not decide what memory the matrix keeps", "", float, double) {
  scenes::Rng rng(5);
  const bool crowd_first = GENERATE(true, false);
  const auto b = scenes::uniform<TestType>(300, 40, 60, rng);
  std::vector<Box<TestType>> a = scenes::uniform<TestType>(40, 40, 60, rng);
  for (const Box<TestType>& box : scenes::uniform<TestType>(260, 40, 60, rng)) {
    a.push_back({box.x1 + 75, box.y1 + 75, box.x2 + 75, box.y2 + 75});
  }
  if (!crowd_first) {
    std::reverse(a.begin(), a.end());
  }
  const auto matrix = iou_matrix(a, b);
  CHECK(matrix == brute(a, b, false, 0, by_iou));
  CHECK(matrix.col_indices.capacity() <= a.size() * b.size());
}

TEMPLATE_TEST_CASE("rows are written by eights as they are lane by lane", "", float, double) {
  if (!detail::has_avx2()) {
    SUCCEED("this processor has no AVX2");
    return;
  }
  using T = TestType;
  const auto seed = GENERATE(21U, 22U, 23U);
  CAPTURE(seed);
  scenes::Rng rng(seed);
  std::array<detail::BoxBlock<T>, detail::most_blocks> boxes;
  detail::ValuesOfBlocks<T> areas;
  std::array<Index, detail::most_blocks * 16> cols;
  std::iota(cols.begin(), cols.end(), Index{1000});
  for (std::size_t block = 0; block < boxes.size(); ++block) {
    const double extent = block % 3 == 0 ? 40 : block % 3 == 1 ? 300 : 3000;
    for (Index lane = 0; lane < detail::block_size; ++lane) {
      boxes[block].set(lane, scenes::uniform<T>(1, extent, 60, rng)[0]);
    }
    detail::measure_areas<detail::Lanes<T>>(boxes[block], areas[block]);
  }
  std::size_t all = 0;
  for (int round = 0; round < 200; ++round) {
    std::array<detail::BlockRow<T>, detail::most_rows> rows;
    std::array<std::vector<Index>, detail::most_rows> blocks;
    for (std::size_t r = 0; r < rows.size(); ++r) {
      for (Index block = 0; block < 32; ++block) {
        if (rng() % 4 != 0) {
          blocks[r].push_back(block);
        }
      }
      rows[r] = {scenes::uniform<T>(1, 300, 200, rng)[0], blocks[r], Index(rng() % 40), Index(rng() % 16)};
    }
    struct Entries {
      std::vector<Index> cols = std::vector<Index>(4096);
      std::vector<T> values = std::vector<T>(4096);
    } lanes, eights;
    const detail::ColumnBlocks<T> columns{boxes.data(), cols.data(), areas.data()};
    const T least = round % 2 == 0 ? detail::least_kept<T>(0) : T(0.2);
    const detail::IouMeasure iou;
    const std::span<const detail::BlockRow<T>> few = std::span(rows).first(1 + std::size_t(round) % rows.size());
    const auto ends = detail::write_rows(few, columns, iou, least, lanes.cols.data(), lanes.values.data());
    const auto same = detail::write_rows_avx2(few, columns, iou, least, eights.cols.data(), eights.values.data());
    REQUIRE(ends == same);
    const std::size_t size = ends[few.size() - 1];
    all += size;
    for (Entries* const entries : {&lanes, &eights}) {
      entries->cols.resize(size);
      entries->values.resize(size);
    }
    REQUIRE(lanes.cols == eights.cols);
    REQUIRE(lanes.values == eights.values);
  }
  CHECK(all > 5000);
}
