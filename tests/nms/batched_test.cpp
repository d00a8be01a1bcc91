#include <boxlap/nms/batched.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <random>
#include <set>
#include <stdexcept>

#include "../catch.hpp"
#include "../support/memory.hpp"
#include "../support/rounds.hpp"
#include "circle.hpp"
#include "plain_nms.hpp"

using namespace boxlap;

namespace {

/// nms of each label on its own, merged in the order of scores.
template <class R, class P, class L>
std::vector<Index> label_by_label(const R& shapes, const P& scores, const L& labels, double threshold) {
  std::map<std::int64_t, std::vector<Index>> rows;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    rows[std::int64_t(labels[i])].push_back(Index(i));
  }
  std::set<Index> kept;
  for (const auto& [label, members] : rows) {
    for (const Index k : plain::nms(take(shapes, members), take(scores, members), threshold)) {
      kept.insert(members[std::size_t(k)]);
    }
  }
  std::vector<Index> result;
  for (const Index row : plain::best_first(scores)) {
    if (kept.count(row) != 0) {
      result.push_back(row);
    }
  }
  return result;
}

template <class T>
void check_fixtures(const std::string& dtype) {
  int rows = 0;
  const auto sorted = [](std::vector<Index> v) {
    std::sort(v.begin(), v.end());
    return v;
  };
  plain::for_each_answer<T>(dtype, [&](const auto& path, const auto& d, const fixture::Table& out, std::size_t i) {
    const std::string op = out.text(i, "op");
    const double threshold = out.number(i, "iou_threshold");
    const auto expected = fixture::rows_in(out.text(i, "keep"));
    const auto with = [&](ClassSplit split) { return batched_nms(d.boxes, d.scores, d.labels, threshold, split); };
    INFO(path << ' ' << op << " at " << threshold);
    if (op == "tv_batched_vanilla") {
      const auto kept = batched_nms(d.boxes, d.scores, d.labels, threshold);
      CHECK(sorted(kept) == sorted(expected));
      CHECK(kept == label_by_label(d.boxes, d.scores, d.labels, threshold));
      CHECK(kept == batched_nms(d.boxes, d.scores, d.labels, {.iou_threshold = threshold, .threads = 3}));
      ++rows;
    } else if (op == "tv_batched_trick") {
      CHECK(with(ClassSplit::coordinate_offset) == expected);
      ++rows;
    } else if (op == "tv_batched") {
      // Above 1,000 boxes torchvision's last sort is not stable: a set, as for the vanilla rows.
      const auto kept = with(ClassSplit::torchvision);
      CHECK((d.boxes.size() <= 1000 ? kept : sorted(kept)) == (d.boxes.size() <= 1000 ? expected : sorted(expected)));
      ++rows;
    }
  });
  CHECK(rows > 100);
}

enum class Species : std::int8_t { oak = -3, beech = 40 };

}  // namespace

TEST_CASE("batched_nms equals every torchvision row of the fixtures", "[nms]") {
  if (fixture::missing()) {
    return;
  }
  check_fixtures<float>("f32");
  check_fixtures<double>("f64");
}

TEST_CASE("the three boxes of the doc block, where the coordinate trick is wrong", "[nms]") {
  const std::vector<Box<float>> boxes = {{49290.8711f, 27559.2891f, 49301.7422f, 27570.2363f},
                                         {49288.6719f, 27558.2168f, 49304.2734f, 27571.9727f},
                                         {99999, 0, 100000, 1}};
  const std::vector<float> scores = {0.9f, 0.8f, 0.7f};
  const std::vector<int> labels = {79, 79, 0};
  CHECK_THAT(double(iou(boxes[0], boxes[1])), Catch::Matchers::WithinAbs(0.5545, 1e-4));
  CHECK(batched_nms(boxes, scores, labels, 0.5) == std::vector<Index>{0, 2});
  CHECK(batched_nms(boxes, scores, labels, 0.5, ClassSplit::coordinate_offset) == std::vector<Index>{0, 1, 2});
  CHECK(batched_nms(boxes, scores, labels, 0.5, ClassSplit::torchvision) == std::vector<Index>{0, 1, 2});
}

TEST_CASE("labels are only compared: negative, sparse, 64 bit, enumerations", "[nms]") {
  const auto seed = std::uint64_t(GENERATE(take(scenes::rounds(3), random(1, 1 << 30))));
  CAPTURE(seed);
  scenes::Rng rng(seed);
  const std::vector<std::int64_t> names = {-1, 0, 16777216, 16777217, INT64_MIN, INT64_MAX, 7, -16777217};
  for (const auto& boxes : scenes::all<float>(400, rng)) {
    const auto scores = scenes::scores(int(boxes.size()), rng);
    std::vector<std::int64_t> labels;
    std::vector<std::uint8_t> small;
    for (std::size_t i = 0; i < boxes.size(); ++i) {
      labels.push_back(names[rng() % names.size()]);
      small.push_back(std::uint8_t(rng() % 3));
    }
    for (const double threshold : {0.5, 0.0, -0.1, 1.0}) {
      CHECK(batched_nms(boxes, scores, labels, threshold) == label_by_label(boxes, scores, labels, threshold));
      CHECK(batched_nms(boxes, scores, small, threshold) == label_by_label(boxes, scores, small, threshold));
    }
  }
  const std::vector<Box<double>> twice = {{0, 0, 1, 1}, {0, 0, 1, 1}, {0, 0, 1, 1}};
  const std::vector<double> scores = {1, 2, 3};
  CHECK(batched_nms(twice, scores, std::vector<Species>{Species::oak, Species::beech, Species::oak}, 0.5) ==
        std::vector<Index>{2, 1});
  CHECK(batched_nms(twice, scores, std::vector<Species>{Species::oak, Species::beech, Species::oak}, 0.5,
                    ClassSplit::coordinate_offset) == std::vector<Index>{2, 1});
  CHECK(batched_nms(std::vector<Box<double>>{}, std::vector<float>{}, std::vector<int>{}, 0.5).empty());
}

TEST_CASE("classes of one row, of a few and of some more", "[nms]") {
  const auto seed = std::uint64_t(GENERATE(take(scenes::rounds(5), random(1, 1 << 30))));
  CAPTURE(seed);
  scenes::Rng rng(seed);
  for (int of_a_class = 1; of_a_class <= 12; ++of_a_class) {
    std::vector<Box<float>> boxes = scenes::integer_grid<float>(of_a_class, 6, rng);
    const auto more = scenes::clustered<float>(4 * of_a_class, 4, 60, rng);
    boxes.insert(boxes.end(), more.begin(), more.end());
    const auto scores = scenes::scores(int(boxes.size()), rng);
    std::vector<int> labels;
    for (std::size_t i = 0; i < boxes.size(); ++i) {
      labels.push_back(int(i) / of_a_class);
    }
    for (const double threshold : {-0.1, 0.0, 0.5, 1.0, 45.0}) {
      for (const bool suppress_equal : {false, true}) {
        CAPTURE(of_a_class, threshold, suppress_equal);
        const auto expected = plain::greedy(plain::best_first(scores), [&](Index i, Index j) {
          const double value = static_cast<double>(plain::quotient(boxes[plain::at(i)], boxes[plain::at(j)]));
          return labels[plain::at(i)] == labels[plain::at(j)] &&
                 (suppress_equal ? value >= threshold : value > threshold);
        });
        CHECK(batched_nms(boxes, scores, labels,
                          NmsOptions{.iou_threshold = threshold, .suppress_equal = suppress_equal}) == expected);
      }
    }
  }
}

TEST_CASE("a ClassSplit goes together with all options", "[nms]") {
  const auto seed = std::uint64_t(GENERATE(take(scenes::rounds(3), random(1, 1 << 30))));
  CAPTURE(seed);
  scenes::Rng rng(seed);
  for (const auto& boxes : scenes::all<float>(300, rng)) {
    const auto scores = scenes::scores(int(boxes.size()), rng);
    std::vector<int> labels;
    for (std::size_t i = 0; i < boxes.size(); ++i) {
      labels.push_back(int(rng() % 4));
    }
    float largest = -1e30f;
    for (const auto& box : boxes) {
      largest = std::max({largest, box.x1, box.y1, box.x2, box.y2});
    }
    auto moved = boxes;
    for (std::size_t i = 0; i < boxes.size(); ++i) {
      const float by = plain::product(float(labels[i]), largest + 1);
      moved[i] = {boxes[i].x1 + by, boxes[i].y1 + by, boxes[i].x2 + by, boxes[i].y2 + by};
    }
    for (const double threshold : {0.5, 1.0 / 3, 45.0}) {
      for (const bool suppress_equal : {false, true}) {
        const boxlap::NmsOptions options{.iou_threshold = threshold, .suppress_equal = suppress_equal, .threads = 2};
        CHECK(batched_nms(boxes, scores, labels, options, ClassSplit::per_class) ==
              batched_nms(boxes, scores, labels, options));
        const auto trick = plain::nms(moved, scores, threshold, suppress_equal);
        CHECK(batched_nms(boxes, scores, labels, options, ClassSplit::coordinate_offset) == trick);
        CHECK(batched_nms(boxes, scores, labels, options, ClassSplit::torchvision) == trick);
        if (threshold > 1) {
          CHECK(trick.size() == boxes.size());
        }
      }
    }
  }
  // An IoU of exactly 1/2: whether it suppresses is for the options to say, in each mode.
  const std::vector<Box<double>> halves{{0, 0, 2, 1}, {0, 0, 1, 1}};
  const std::vector<double> scores{2, 1};
  const std::vector<int> labels{1, 1};
  for (const auto split : {ClassSplit::per_class, ClassSplit::coordinate_offset, ClassSplit::torchvision}) {
    CHECK(batched_nms(halves, scores, labels, {.iou_threshold = 0.5}, split).size() == 2);
    CHECK(batched_nms(halves, scores, labels, {.iou_threshold = 0.5, .suppress_equal = true}, split).size() == 1);
  }
}

TEST_CASE("batched_nms of large classes, where the grid is in use and made anew for each", "[nms]") {
  scenes::Rng rng(11);
  const auto boxes = scenes::uniform<double>(9000, 700, 40, rng);
  const auto scores = scenes::scores(int(boxes.size()), rng);
  std::vector<int> labels;
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    labels.push_back(int(rng() % 3));
  }
  for (const double threshold : {0.5, 0.2}) {
    CHECK(batched_nms(boxes, scores, labels, threshold) == label_by_label(boxes, scores, labels, threshold));
  }
}

template <class R>
concept Splits = requires(const R& shapes, const std::vector<float>& scores, const std::vector<int>& labels) {
  batched_nms(shapes, scores, labels, 0.5, ClassSplit::coordinate_offset);
};
template <class R>
concept Batches = requires(const R& shapes, const std::vector<float>& scores, const std::vector<int>& labels) {
  batched_nms(shapes, scores, labels, 0.5);
};
template <class R>
concept EmptySplits = requires(const R& shapes, const std::vector<float>& scores, const std::vector<int>& labels) {
  batched_nms(shapes, scores, labels, {}, ClassSplit::per_class);
};
static_assert(!EmptySplits<std::vector<Box<float>>>);  // {} would be a threshold of 0
static_assert(Splits<std::vector<Box<float>>> && Batches<std::vector<Box<float>>>);
static_assert(!Splits<std::vector<user::Circle>> && Batches<std::vector<user::Circle>>);

TEST_CASE("batched_nms takes other shapes and measures", "[nms]") {
  const std::vector<user::Circle> circles = {{0, 0, 5}, {0.5, 0, 5}, {0, 0.5, 5}, {30, 0, 5}};
  const std::vector<float> scores = {0.5f, 0.9f, 0.6f, 0.1f};
  const std::vector<int> labels = {1, 2, 1, 2};
  CHECK(batched_nms(circles, scores, labels, 0.5) == std::vector<Index>{1, 2, 3});
  CHECK(batched_nms(circles, scores, labels, NmsOptions{.iou_threshold = 0.5}, Ios{}) == std::vector<Index>{1, 2, 3});
}

TEMPLATE_TEST_CASE("batched_nms is nms of each label, however close boxes are", "[nms]", float, double) {
  using T = TestType;
  const auto [n, classes] =
      GENERATE(table<int, int>({{255, 7}, {256, 1}, {256, 80}, {700, 1}, {701, 7}, {703, 80}, {700, 100'000}}));
  std::mt19937_64 rng(static_cast<unsigned>(n + classes));
  std::uniform_real_distribution<double> unit(0, 1);
  constexpr T inf = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
  const int step = scenes::rounds(4) == 4 ? 1 : 4;  // under sanitizers one extent for each kind
  for (int scene = 0; scene < 16; scene += step) {
    // Nothing else, boxes that take no part, boxes of almost no area, a few far away or very large.
    const int odd = scene / 4;
    const double extent = std::vector{60.0, 600.0, 6000.0, 1e6}[std::size_t((scene + odd) % 4)];
    std::vector<Box<T>> boxes;
    std::vector<T> scores;
    std::vector<std::int64_t> labels;
    for (int i = 0; i < n; ++i) {
      const bool copy = i > 0 && unit(rng) < 0.3;  // near the last one
      const auto near = [&](T x) { return static_cast<T>(x + 8 * (unit(rng) - 0.5)); };
      if (copy && boxes.back().x2 - boxes.back().x1 > 10 && boxes.back().x2 < 1e9) {
        const Box<T> b = boxes.back();
        boxes.push_back({near(b.x1), near(b.y1), near(b.x2), near(b.y2)});
        labels.push_back(labels.back());
      } else {
        const double x = extent * (unit(rng) - 0.3), y = extent * unit(rng);
        const double tall = unit(rng) < 0.05 ? extent / 2 : 0;
        boxes.push_back({static_cast<T>(x), static_cast<T>(y), static_cast<T>(x + 20 + 30 * unit(rng)),
                         static_cast<T>(y + 20 + 30 * unit(rng) + tall)});
        labels.push_back(static_cast<std::int64_t>(rng() % static_cast<unsigned>(classes)) * 3'000'000'017 - 100);
      }
      if (odd == 1 && i % 31 == 7) {
        const Box<T> strange[] = {{5, 5, 5, 9}, {9, 9, 5, 5}, {nan, 0, 1, 1}, {-inf, 0, inf, 1}, {9, 5, 5, 9}};
        boxes.back() = strange[rng() % 5];
      }
      scores.push_back(static_cast<T>(std::floor(500 * unit(rng)) / 500));
    }
    if (odd == 2) {
      constexpr T tiny = 1e-20F;
      boxes[std::size_t(n / 2)] = boxes[std::size_t(n / 3)] = {0, 0, tiny, tiny};
      labels[std::size_t(n / 2)] = labels[std::size_t(n / 3)];
    }
    for (const double threshold : {0.0, 1e-7, 1e-5, 0.05, 0.5, 0.9, 1.0}) {
      // Two with an IoU a little above the threshold, where what they surely share is among the others.
      for (std::size_t i = 9; odd == 3 && i + 2 < boxes.size(); i += 34) {
        const double side = extent * std::pow(10, 4 * unit(rng) - 1);
        const double over = std::min(1.0, 1.001 * threshold + 1e-9), apart = side * (1 - over) / (1 + over);
        const double x = extent * unit(rng) - side * unit(rng), y = extent * unit(rng) - (side + apart) / 2;
        const auto box = [&](double down) {
          return Box<T>{static_cast<T>(x), static_cast<T>(y + down), static_cast<T>(x + side),
                        static_cast<T>(y + down + side)};
        };
        boxes[i] = box(0);
        boxes[i + 2] = box(apart);
        if (unit(rng) < 0.5) {
          std::swap(boxes[i].x1, boxes[i].y1), std::swap(boxes[i].x2, boxes[i].y2);
          std::swap(boxes[i + 2].x1, boxes[i + 2].y1), std::swap(boxes[i + 2].x2, boxes[i + 2].y2);
        }
        labels[i + 2] = labels[i];
      }
      CAPTURE(n, classes, extent, odd, threshold);
      CHECK(batched_nms(boxes, scores, labels, threshold) == label_by_label(boxes, scores, labels, threshold));
    }
  }
}

#if defined(__GNUC__)
TEMPLATE_TEST_CASE("two of a label that suppress one another share a cell, however large and far they are", "[nms]",
                   float, double) {
  using T = TestType;
  scenes::Rng rng(29);
  std::uniform_real_distribution<double> unit(0, 1);
  const auto extent = GENERATE(1e-3, 1.0, 1e6);
  const double threshold = GENERATE(2e-6, 1e-3, 0.1, 0.5, 0.95);
  std::vector<Box<T>> boxes;
  const auto add = [&](double x, double y, double w, double h) {
    boxes.push_back({static_cast<T>(x), static_cast<T>(y), static_cast<T>(x + w), static_cast<T>(y + h)});
  };
  for (int pair = 0; pair < scenes::rounds(20'000); ++pair) {
    const double w = extent * std::pow(10, 8 * unit(rng) - 4), h = w * std::pow(10, 2 * unit(rng) - 1);
    const double over = std::min(1.0, threshold * (1 + std::pow(10, -5 * unit(rng))));
    const double x = extent * unit(rng) - w * unit(rng), y = extent * unit(rng) - h * unit(rng);
    add(x, y, w, h);
    if (pair % 2 == 0) {  // beside one another
      add(x + w * (1 - over) / (1 + over), y, w, h);
    } else {  // one in the other
      const double share = std::pow(over, unit(rng));
      add(x + w * (1 - share) * unit(rng), y + h * (1 - over / share) * unit(rng), w * share, h * over / share);
    }
  }
  for (std::size_t row = 0; row < boxes.size(); row += boxes.size() / 256) {  // those that the cells are made for
    const double x = extent * unit(rng), y = extent * unit(rng);
    boxes[row] = {static_cast<T>(x), static_cast<T>(y), static_cast<T>(x + extent / 50),
                  static_cast<T>(y + extent / 50)};
  }
  const detail::Verdict verdict{threshold, false};
  const detail::Detections detections(boxes, Iou{}, verdict);
  using Boxes = detail::PlacesOfBoxes<std::remove_const_t<decltype(detections)>, int>;
  const Boxes places_of(detections);
  REQUIRE(places_of.possible());
  const std::vector<int> labels(boxes.size(), 7);
  std::vector<typename Boxes::Place> places(boxes.size());
  bool found = true;
  for (Index row = 0; row < std::ssize(boxes); row += Boxes::together) {
    found = places_of.find(row, labels, &places[std::size_t(row)]) && found;
  }
  REQUIRE(found);
  int suppressed = 0, apart = 0;
  for (std::size_t row = 0; row < boxes.size(); row += 2) {
    if (double(iou(boxes[row], boxes[row + 1])) > threshold) {
      const auto &a = places[row], &b = places[row + 1];
      ++suppressed;
      apart += a.row > b.row + b.more() || b.row > a.row + a.more() || (a.bits() & b.bits()) == 0 ? 1 : 0;
    }
  }
  CHECK(suppressed > scenes::rounds(10'000));
  CHECK(apart == 0);
}
#endif

TEMPLATE_TEST_CASE("boxes that were alone until the last box covers them all are suppressed by it", "[nms]", float,
                   double) {
  using T = TestType;
  std::vector<Box<T>> boxes;
  std::vector<float> scores;
  std::vector<int> labels;
  for (int k = 0; k < 400; ++k) {
    const T x = static_cast<T>(10 * (k % 20)), y = static_cast<T>(10 * (k / 20));
    boxes.push_back({x, y, x + 5, y + 5});
    scores.push_back(0.25f + 0.5f * static_cast<float>(k % 7) / 7);
    labels.push_back(k % 10 == 0 ? 2 : 1);
  }
  for (const float score : {0.1f, 0.9f}) {  // it is suppressed, or suppresses
    boxes.push_back({0, 0, 200, 200});
    scores.push_back(score);
    labels.push_back(1);
    const auto kept = batched_nms(boxes, scores, labels, 1e-4);
    CHECK(kept == label_by_label(boxes, scores, labels, 1e-4));
    CHECK(kept.size() == (score < 0.5f ? 400 : 41));
  }
}

TEST_CASE("batched_nms refuses lengths that differ", "[nms]") {
  const std::vector<Box<float>> boxes(3);
  CHECK_THROWS_AS(batched_nms(boxes, std::vector<float>(2), std::vector<int>(3), 0.5), std::invalid_argument);
  CHECK_THROWS_AS(batched_nms(boxes, std::vector<float>(3), std::vector<int>(2), 0.5), std::invalid_argument);
  CHECK_THROWS_AS(batched_nms(boxes, std::vector<float>(3), std::vector<int>(4), 0.5, ClassSplit::torchvision),
                  std::invalid_argument);
}

TEST_CASE("batched_nms holds the memory its doc block states", "[nms]") {
  if (memory::uncounted()) {
    return;
  }
  scenes::Rng rng(5);
  const double n = 200'000;
  const auto boxes = scenes::uniform<float>(int(n), 1e5, 50, rng);
  const auto scores = scenes::scores(int(n), rng);
  std::vector<int> labels;
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    labels.push_back(int(rng() % 80));
  }
  const heap::Scope scope;
  const auto kept = batched_nms(boxes, scores, labels, 0.5);
  const double peak = double(scope.peak_bytes());
  const double stated = 21 * n + 290 * n / 80;
  CHECK(peak <= stated + 4.0 * double(kept.capacity()) + 1e5);
  CHECK(peak >= stated / 2);
}
