#include <boxlap/nms/nms.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <limits>
#include <random>
#include <span>
#include <stdexcept>

#include "../catch.hpp"
#include "../support/memory.hpp"
#include "../support/rounds.hpp"
#include "circle.hpp"
#include "plain_nms.hpp"

using namespace boxlap;

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double inf = std::numeric_limits<double>::infinity();

template <class T>
void check_fixtures(const std::string& dtype) {
  int rows = 0;
  plain::for_each_answer<T>(dtype, [&](const auto& path, const auto& d, const fixture::Table& out, std::size_t i) {
    if (out.text(i, "op") == "tv_nms") {
      INFO(path << " at " << out.text(i, "iou_threshold"));
      CHECK(nms(d.boxes, d.scores, out.number(i, "iou_threshold")) == fixture::rows_in(out.text(i, "keep")));
      ++rows;
    }
  });
  CHECK(rows > 50);
}

/// Coordinates where arithmetic is at its edges, mixed with a few ordinary ones so that boxes do overlap.
template <class T>
T special_coordinate(scenes::Rng& rng) {
  static const std::array<T, 24> values = {
      T(0),   T(-0.0),  T(1),     T(2),       T(3),    T(10),      T(10.5),    T(-1),
      T(-3),  T(1e-30), T(2e-30), T(-1e-30),  T(1e30), T(2e30),    T(-1e30),   T(not_a_number),
      T(inf), T(-inf),  T(1e-22), T(2.5e-22), T(4),    T(1048577), T(1048578), std::numeric_limits<T>::max()};
  return values[rng() % values.size()];
}

template <class T>
Box<T> special_box(scenes::Rng& rng) {
  switch (rng() % 4) {
    case 0:
      return {special_coordinate<T>(rng), special_coordinate<T>(rng), special_coordinate<T>(rng),
              special_coordinate<T>(rng)};
    case 1: {  // ordinary, small integers
      const T x = T(rng() % 4), y = T(rng() % 4);
      return {x, y, x + T(rng() % 6), y + T(rng() % 6)};
    }
    case 2: {  // the scale at which areas are subnormal numbers
      const T unit = std::numeric_limits<T>::epsilon() * std::sqrt(std::numeric_limits<T>::min());
      const T x = unit * T(rng() % 9), y = unit * T(rng() % 9);
      return {x, y, x + unit * T(1 + rng() % 9), y + unit * T(1 + rng() % 9)};
    }
    default: {
      const T x = T(int(rng() % 64) - 32) / 4, y = T(int(rng() % 64) - 32) / 4;
      return {x, y, x + T(rng() % 40) / 4, y + T(rng() % 40) / 4};
    }
  }
}

template <class T>
void check_special_cases(int cases, std::uint64_t seed) {
  scenes::Rng rng(seed);
  const std::array<double, 16> thresholds = {0.5, 0.3, 0.7,  0,     -0.0, -0.1, 1,    1.5,
                                             0.1, 0.9, -inf, 1e-30, inf,  0.25, 0.45, std::nextafter(1.0, 0.0)};
  const std::array<T, 8> scores = {T(0), T(-0.0), T(0.5), T(1), T(not_a_number), T(inf), T(-inf), T(0.25)};
  std::vector<Box<T>> boxes;
  std::vector<T> s;
  std::vector<int> labels;
  int wrong = 0;
  for (int k = 0; k < cases; ++k) {
    const std::size_t n = 1 + rng() % 7;
    boxes.clear();
    s.clear();
    for (std::size_t i = 0; i < n; ++i) {
      boxes.push_back(i > 0 && rng() % 5 == 0 ? boxes[rng() % i] : special_box<T>(rng));
      s.push_back(scores[rng() % scores.size()]);
    }
    const double threshold = thresholds[rng() % thresholds.size()];
    const bool at_equal = rng() % 4 == 0;
    const auto kept = nms(boxes, s, NmsOptions{.iou_threshold = threshold, .suppress_equal = at_equal});
    if (kept != plain::nms(boxes, s, threshold, at_equal)) {
      if (++wrong == 1) {
        INFO("seed " << seed << " case " << k << " threshold " << threshold << " equal " << at_equal);
        CHECK(kept == plain::nms(boxes, s, threshold, at_equal));
      }
    }
  }
  CHECK(wrong == 0);
}

}  // namespace

TEST_CASE("nms equals every torchvision row of the fixtures, order included", "[nms]") {
  if (fixture::missing()) {
    return;
  }
  check_fixtures<float>("f32");
  check_fixtures<double>("f64");
}

TEST_CASE("nms equals the plain loop on a million small cases of special values", "[nms]") {
  check_special_cases<float>(scenes::rounds(600'000), 20261);
  check_special_cases<double>(scenes::rounds(400'000), 20262);
}

TEMPLATE_TEST_CASE("nms equals the plain loop on every distribution and threshold", "[nms]", float, double) {
  using T = TestType;
  const auto seed = std::uint64_t(GENERATE(take(scenes::rounds(3), random(1, 1 << 30))));
  CAPTURE(seed);
  scenes::Rng rng(seed);
  for (auto boxes : scenes::all<T>(scenes::rounds(1500), rng)) {
    if (rng() % 2 == 0) {  // sizes over six orders of magnitude, and a few outliers
      for (std::size_t i = 0; i < boxes.size(); i += 3) {
        const T scale = T(std::pow(10.0, double(rng() % 7) - 3));
        boxes[i] = {boxes[i].x1, boxes[i].y1, boxes[i].x1 + (boxes[i].x2 - boxes[i].x1) * scale,
                    boxes[i].y1 + (boxes[i].y2 - boxes[i].y1) * scale};
      }
      boxes.push_back({T(1e30), T(1e30), T(2e30), T(2e30)});
      boxes.push_back({T(-1e30), T(0), T(-9e29), T(1e9)});
      boxes.push_back({T(0), T(0), T(1e12), T(1e12)});
    }
    const auto scores = scenes::scores(int(boxes.size()), rng);
    for (const double threshold : {0.5, 0.0, 0.02, 0.1, 0.3, 0.7, 0.9, 0.99, 1.0, -0.5}) {
      CAPTURE(threshold);
      CHECK(nms(boxes, scores, threshold) == plain::nms(boxes, scores, threshold));
      CHECK(nms(boxes, scores, {.iou_threshold = threshold, .suppress_equal = true}) ==
            plain::nms(boxes, scores, threshold, true));
    }
  }
}

TEST_CASE("nms finds every suppressor among crowds, where the grid is in use", "[nms]") {
  const auto seed = std::uint64_t(GENERATE(take(scenes::rounds(2), random(1, 1 << 30))));
  CAPTURE(seed);
  scenes::Rng rng(seed);
  const int n = scenes::rounds(6000);
  std::vector<std::vector<Box<float>>> crowds = {
      scenes::uniform<float>(n, 300, 50, rng), scenes::uniform<float>(n, 5000, 50, rng),
      scenes::clustered<float>(n, 3, 3000, rng), scenes::integer_grid<float>(n, 40, rng)};
  std::uniform_real_distribution<float> u(0, 1);
  crowds.emplace_back();  // long and thin ones, both ways
  for (int i = 0; i < scenes::rounds(4000); ++i) {
    const float x = 1000 * u(rng), y = 1000 * u(rng), w = std::exp(9 * u(rng)), h = 3000 / w;
    crowds.back().push_back({x, y, x + w, y + h});
  }
  crowds.emplace_back();  // an IoU just below one half with all others: none suppresses another
  for (int i = 0; i < scenes::rounds(3000); ++i) {
    const float t = float(i) / 3000;
    crowds.back().push_back({0, 0, 10 + 9 * t, 10 / (1 + t)});
  }
  for (const auto& boxes : crowds) {
    const auto scores = scenes::scores(int(boxes.size()), rng);
    for (const double threshold : {0.5, 0.05, 0.0, 0.8, 0.95}) {
      CAPTURE(threshold);
      CHECK(nms(boxes, scores, threshold) == plain::nms(boxes, scores, threshold));
    }
  }
}

TEST_CASE("nms of float boxes whose areas lose their digits still equals the plain loop", "[nms]") {
  scenes::Rng rng(7);
  std::vector<Box<float>> boxes;
  for (int i = 0; i < scenes::rounds(3000);
       ++i) {  // areas of a few subnormal units: the IoU says little about the sides
    const float x = 1e-22f * float(rng() % 100), y = 1e-22f * float(rng() % 100);
    boxes.push_back({x, y, x + 1e-22f * float(1 + rng() % 9), y + 1e-22f * float(1 + rng() % 9)});
  }
  const auto scores = scenes::scores(int(boxes.size()), rng);
  for (const double threshold : {0.5, 0.0, 0.7, 0.9}) {
    CHECK(nms(boxes, scores, threshold) == plain::nms(boxes, scores, threshold));
  }
}

TEST_CASE("nms counts scores as torch sorts them", "[nms]") {
  const std::vector<Box<double>> boxes(6, Box{0.0, 0.0, 1.0, 1.0});
  CHECK(nms(boxes, std::vector<double>{0, 1, not_a_number, inf, -1, not_a_number}, 1.0) ==
        std::vector<Index>{2, 5, 3, 1, 0, 4});
  CHECK(nms(boxes, std::vector<double>{0, -0.0, 0, -0.0, 0, 0}, 1.0) == std::vector<Index>{0, 1, 2, 3, 4, 5});
  CHECK(nms(boxes, std::vector<int>{3, 1, 2, 3, -5, 0}, 1.0) == std::vector<Index>{0, 3, 2, 1, 5, 4});
  CHECK(nms(boxes, std::vector<int>{3, 1, 4, 3, -5, 0}, 0.5) == std::vector<Index>{2});
}

TEST_CASE("the threshold is compared in double", "[nms]") {
  // IoU is the float next to 0.3, above the double 0.3; and the float next to 0.7, below the double 0.7.
  const std::vector<float> scores = {2, 1};
  const std::vector<Box<float>> three = {{0, 0, 10, 10}, {0, 0, 10, 3}};
  const std::vector<Box<float>> seven = {{0, 0, 10, 10}, {0, 0, 10, 7}};
  CHECK(nms(three, scores, 0.3).size() == 1);
  CHECK(nms(three, scores, double(0.3f)).size() == 2);
  CHECK(nms(seven, scores, 0.7).size() == 2);
  const std::vector<Box<double>> in_double = {{0, 0, 10, 10}, {0, 0, 10, 3}};
  CHECK(nms(in_double, scores, 0.3).size() == 2);
  CHECK(nms(in_double, scores, {.iou_threshold = 0.3, .suppress_equal = true}).size() == 1);
}

TEST_CASE("nms reads any kind of rows", "[nms]") {
  const std::array<Box<float>, 3> boxes = {{{0, 0, 10, 10}, {1, 1, 11, 11}, {20, 20, 30, 30}}};
  const float scores[] = {0.8f, 0.9f, 0.7f};
  const std::vector<Index> expected = {1, 2};
  CHECK(nms(boxes, scores, 0.5) == expected);
  CHECK(nms(std::span<const Box<float>>(boxes), scores, {.iou_threshold = 0.5}) == expected);
  CHECK(nms(boxes, scores, NmsOptions{}) == expected);
  const auto seen = view(3, [&](Index i) { return boxes[std::size_t(i)]; });
  CHECK(nms(seen, view(3, [&](Index i) { return scores[i]; }), 0.5) == expected);
  CHECK(nms(std::vector<Box<float>>{}, std::vector<float>{}, 0.5).empty());
}

TEST_CASE("nms of a user's own shape equals brute force over iou", "[nms]") {
  const auto seed = std::uint64_t(GENERATE(take(scenes::rounds(3), random(1, 1 << 30))));
  CAPTURE(seed);
  scenes::Rng rng(seed);
  std::uniform_real_distribution<double> u(0, 1);
  std::vector<user::Circle> circles;
  std::vector<user::Disc> discs;
  for (int i = 0; i < 2500; ++i) {
    circles.push_back({600 * u(rng), 600 * u(rng), i % 50 == 0 ? 0 : (i % 7 == 0 ? 90 : 5) * (0.2 + u(rng))});
    discs.push_back({circles.back()});
  }
  const auto scores = scenes::scores(int(circles.size()), rng);
  const auto measure = [](const auto& a, const auto& b) { return iou(a, b); };
  for (const double threshold : {0.5, 0.0, 0.2, 0.8, 1.0, -1.0}) {
    const auto expected = plain::nms_by(circles, scores, threshold, false, measure);
    CHECK(nms(circles, scores, threshold) == expected);
    user::prepared_discs = 0;
    CHECK(nms(discs, scores, threshold) == expected);
    CHECK(user::prepared_discs == int(discs.size()));
  }
}

TEST_CASE("the measure is a template argument", "[nms]") {
  const auto seed = std::uint64_t(GENERATE(take(scenes::rounds(3), random(1, 1 << 30))));
  CAPTURE(seed);
  scenes::Rng rng(seed);
  auto boxes = scenes::uniform<float>(2000, 500, 50, rng);
  for (std::size_t i = 0; i < boxes.size(); i += 4) {  // parts of others
    boxes[i] = {boxes[i + 1].x1 + 3, boxes[i + 1].y1 + 3, boxes[i + 1].x1 + 20, boxes[i + 1].y2 - 1};
  }
  const auto scores = scenes::scores(int(boxes.size()), rng);
  const auto x_only = [](const Box<float>& a, const Box<float>& b) {  // 2 for any two that share a column, else -1
    return intersection_area(a, b) > 0 ? 2.0f : -1.0f;
  };
  for (const double threshold : {0.5, 0.0, 0.2, 0.8, 1.0, -0.2}) {
    CAPTURE(threshold);
    for (const bool at_equal : {false, true}) {
      const NmsOptions options{.iou_threshold = threshold, .suppress_equal = at_equal};
      CHECK(nms(boxes, scores, options, Ios{}) == plain::nms_by(boxes, scores, threshold, at_equal, Ios{}));
      CHECK(nms(boxes, scores, options, Diou{}) == plain::nms_by(boxes, scores, threshold, at_equal, Diou{}));
      CHECK(nms(boxes, scores, options, x_only) == plain::nms_by(boxes, scores, threshold, at_equal, x_only));
    }
  }
}

TEST_CASE("nms over a matrix equals nms over the shapes, whichever triangle is stored", "[nms]") {
  const auto seed = std::uint64_t(GENERATE(take(scenes::rounds(3), random(1, 1 << 30))));
  CAPTURE(seed);
  scenes::Rng rng(seed);
  for (const auto& boxes : scenes::all<double>(300, rng)) {
    const auto n = Index(boxes.size());
    const auto scores = scenes::scores(n, rng);
    std::vector<Triple<double>> all, upper, mixed;
    for (Index i = 0; i < n; ++i) {
      for (Index j = 0; j < n; ++j) {
        const double value = i == j ? 7.0 : iou(boxes[std::size_t(i)], boxes[std::size_t(j)]);
        if (value > 0) {
          all.push_back({i, j, value});
          if (i < j) {
            upper.push_back({i, j, value});
            mixed.push_back(rng() % 2 == 0 ? Triple<double>{i, j, value} : Triple<double>{j, i, value});
          }
        }
      }
    }
    for (const double threshold : {0.5, 0.0, 0.3, 0.9, 1.0, -0.1}) {
      CAPTURE(threshold);
      const auto expected = plain::nms_by(boxes, scores, threshold, false, Iou{});
      CHECK(nms(make_csr(n, n, all), scores, threshold) == expected);
      CHECK(nms(make_csr(n, n, upper).view(), scores, threshold) == expected);
      CHECK(nms(make_csr(n, n, mixed), scores, threshold) == expected);
    }
  }
  const Csr<float> below = make_csr<float>(3, 3, {{0, 1, -0.5f}, {0, 2, -0.5f}});
  CHECK(nms(below, std::vector<float>{3, 2, 1}, -0.2) == std::vector<Index>{0, 1});  // 1 and 2 are apart: 0 > -0.2
}

TEST_CASE("nms refuses what makes no sense, naming it", "[nms]") {
  const std::vector<Box<float>> boxes(10);
  const auto message = [](auto call) -> std::string {
    try {
      call();
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "";
  };
  CHECK(message([&] { (void)nms(boxes, std::vector<float>(9), 0.5); }) == "boxlap: scores has 9 rows, shapes has 10");
  CHECK(message([&] { (void)nms(boxes, std::vector<float>(10), not_a_number); }) == "boxlap: iou_threshold is NaN");
  CHECK(message([&] { (void)nms(boxes, std::vector<float>(10), {.threads = -1}); }).find("threads") !=
        std::string::npos);
  const Csr<float> oblong{2, 3, {0, 0, 0}, {}, {}};
  CHECK(message([&] { (void)nms(oblong, std::vector<float>(2), 0.5); }).find("square") != std::string::npos);
  const Csr<float> square{2, 2, {0, 1, 1}, {5}, {1}};
  CHECK(message([&] { (void)nms(square, std::vector<float>(2), 0.5); }).find("column 5") != std::string::npos);
  const Csr<float> fine{2, 2, {0, 0, 0}, {}, {}};
  CHECK(message([&] { (void)nms(fine, std::vector<float>(3), 0.5); }).find("scores has 3") != std::string::npos);
  CHECK(message([&] { (void)nms(fine, std::vector<float>(2), not_a_number); }) == "boxlap: iou_threshold is NaN");
}

template <class T>
concept ListTaken = requires(const T& boxes, const std::vector<float>& scores) {
  nms(boxes, scores, {0.5});
};
template <class T>
concept EmptyTaken = requires(const T& boxes, const std::vector<float>& scores) {
  nms(boxes, scores, {});
};
static_assert(!ListTaken<std::vector<Box<float>>> && !EmptyTaken<std::vector<Box<float>>>);
static_assert(!ListTaken<Csr<float>> && !EmptyTaken<Csr<float>>);

TEMPLATE_TEST_CASE("tiles decide what one pass decides, for any number of threads", "[nms]", float, double) {
  using T = TestType;
  const auto seed = std::uint64_t(GENERATE(take(scenes::rounds(2), random(1, 1 << 30))));
  CAPTURE(seed);
  scenes::Rng rng(seed);
  std::vector<std::vector<Box<T>>> scenes_ = {scenes::uniform<T>(40'000, 6000, 50, rng),
                                              scenes::clustered<T>(40'000, 30, 9000, rng)};
  scenes_.push_back(scenes::uniform<T>(40'000, 1e5, 50, rng));
  for (std::size_t i = 0; i < 40'000; i += 11) {  // nothing to suppress, far away, or without area
    scenes_.back()[i] = i % 2 == 0 ? Box<T>{T(1e30), 0, T(1e31), 5} : Box<T>{3, 3, 3, 8};
  }
  for (const auto& boxes : scenes_) {
    const auto scores = scenes::scores(int(boxes.size()), rng);
    for (const double threshold : {0.5, 0.7}) {
      const detail::Detections detections(boxes, Iou{}, detail::Verdict{threshold, false});
      const auto order = detail::order_descending(scores);
      const auto expected = nms(boxes, scores, threshold);
      for (const int threads : {1, 3}) {
        std::vector<detail::Fate> fates;
        REQUIRE(detail::suppress_in_tiles(detections, order, threads, fates));
        std::vector<Index> kept;
        for (const Index row : order) {
          if (fates[std::size_t(row)] == detail::Fate::kept) {
            kept.push_back(row);
          }
        }
        CHECK(kept == expected);
      }
    }
  }
}

TEST_CASE("many boxes: the same rows from one thread and from several", "[nms]") {
  scenes::Rng rng(17);
  const auto boxes = scenes::uniform<float>(300'000, 17'000, 50, rng);
  const auto scores = scenes::scores(int(boxes.size()), rng);
  const auto one = nms(boxes, scores, {.threads = 1});
  CHECK(one == nms(boxes, scores, {.threads = 2}));
  CHECK(one == nms(boxes, scores, {.threads = 7}));
  const std::vector<Box<float>> crowd(250'000, Box<float>{1, 2, 30, 40});  // no tiles in one point
  CHECK(nms(crowd, view(crowd.size(), [](Index i) { return i; }), {.threads = 2}) == std::vector<Index>{249'999});
}

TEST_CASE("the worst cases stay linear", "[nms]") {
  const int n = 100'000;
  const std::vector<Box<float>> same(std::size_t(n), Box<float>{1, 2, 30, 40});
  const std::vector<Box<float>> empty(std::size_t(n), Box<float>{1, 2, 1, 2});
  std::vector<float> scores(std::size_t(n), 0.5f);
  scores[777] = 1;
  CHECK(nms(same, scores, 0.5) == std::vector<Index>{777});
  CHECK(nms(same, scores, -1.0) == std::vector<Index>{777});
  CHECK(nms(empty, scores, 0.5).size() == std::size_t(n));
  CHECK(nms(empty, scores, -1.0).size() == std::size_t(n));  // 0/0 suppresses nothing
  scenes::Rng rng(3);
  auto giant = scenes::uniform<float>(n, 3000, 4, rng);
  giant[0] = {-1e6f, -1e6f, 1e6f, 1e6f};
  CHECK(nms(giant, scores, 0.5).size() > 50'000);
}

TEST_CASE("nms holds the memory its doc block states", "[nms]") {
  if (memory::uncounted()) {
    return;
  }
  scenes::Rng rng(5);
  const auto peak = [](const auto& boxes, const auto& scores) {
    const heap::Scope scope;
    const std::vector<Index> kept = nms(boxes, scores, 0.5);
    return double(scope.peak_bytes()) - 4.0 * double(kept.capacity());
  };
  const double n = 150'000;
  const auto scores = scenes::scores(int(n), rng);
  const auto sparse = scenes::uniform<float>(int(n), 1e6, 50, rng);  // nearly every box alone in its cell
  CHECK(peak(sparse, scores) <= 4 * n + 290 * n + 1e5);
  CHECK(peak(sparse, scores) >= 0.5 * (4 * n + 290 * n));
  const int many = 400'000;  // enough for tiles, which use the memory of an index again and again
  CHECK(peak(scenes::uniform<float>(many, 2e4, 50, rng), scenes::scores(many, rng)) <= 24.0 * many);
  const std::vector<Box<float>> same(std::size_t(n), Box<float>{1, 2, 30, 40});
  CHECK(peak(same, scores) <= 8 * n + 1e5);
  CHECK(peak(same, scores) >= 4 * n);
  std::vector<float> crowded;
  std::transform(scores.begin(), scores.end(), std::back_inserter(crowded),
                 [](float score) { return std::exp(-30 * score); });
  CHECK(peak(same, crowded) <= 20 * n + 1e5);
  CHECK(peak(same, crowded) >= 10 * n);
}
