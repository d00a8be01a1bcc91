#include <boxlap/match/anchors.hpp>

#include <cmath>
#include <limits>
#include <sstream>

#include <boxlap/match/anchor_rules.hpp>
#include <boxlap/shape/detail/rotated_overlap.hpp>
#include <boxlap/shape/pixel_box.hpp>
#include <boxlap/shape/rotated_box.hpp>

#include "../catch.hpp"
#include "../support/fixture.hpp"
#include "../support/memory.hpp"
#include "../support/scenes.hpp"

using namespace boxlap;
using scenes::Rng;

namespace {

std::size_t at(Index i) { return static_cast<std::size_t>(i); }

/// The whole matrix, truths x anchors, as the peers have it.
template <class A, class B>
std::vector<std::vector<double>> quality(const A& anchors, const B& truths) {
  std::vector<std::vector<double>> q(truths.size(), std::vector<double>(anchors.size()));
  for (std::size_t g = 0; g < truths.size(); ++g) {
    for (std::size_t p = 0; p < anchors.size(); ++p) q[g][p] = static_cast<double>(iou(anchors[p], truths[g]));
  }
  return q;
}

struct Maxima {
  std::vector<double> value;  // of each anchor
  std::vector<Index> truth;   // first argmax
  std::vector<double> best;   // of each truth
};

Maxima maxima(const std::vector<std::vector<double>>& q, std::size_t anchors) {
  Maxima m{std::vector<double>(anchors, 0), std::vector<Index>(anchors, 0), {}};
  for (std::size_t g = 0; g < q.size(); ++g) {
    double best = -1;
    for (std::size_t p = 0; p < anchors; ++p) {
      if (g == 0 || q[g][p] > m.value[p]) {
        m.value[p] = q[g][p];
        m.truth[p] = static_cast<Index>(g);
      }
      best = std::max(best, q[g][p]);
    }
    m.best.push_back(best);
  }
  return m;
}

/// torchvision.models.detection._utils.Matcher, without (or with) truths that reach nothing.
std::vector<Index> matcher(const std::vector<std::vector<double>>& q, std::size_t anchors, const AnchorOptions& o) {
  const Maxima m = maxima(q, anchors);
  std::vector<Index> matches = m.truth;
  for (std::size_t p = 0; p < anchors; ++p) {
    if (m.value[p] < o.low)
      matches[p] = none;
    else if (m.value[p] < o.high)
      matches[p] = between;
  }
  for (std::size_t g = 0; g < q.size() && o.low_quality; ++g) {
    if (o.ignore_unreached_truths && m.best[g] <= 0) continue;
    for (std::size_t p = 0; p < anchors; ++p) {
      if (q[g][p] == m.best[g]) matches[p] = m.truth[p];
    }
  }
  return matches;
}

/// torchvision's SSDMatcher.
std::vector<Index> ssd(const std::vector<std::vector<double>>& q, std::size_t anchors, double threshold, bool dense) {
  const Maxima m = maxima(q, anchors);
  std::vector<Index> matches = m.truth;
  for (std::size_t p = 0; p < anchors; ++p)
    if (m.value[p] < threshold) matches[p] = none;
  for (std::size_t g = 0; g < q.size(); ++g) {
    if (!dense && m.best[g] <= 0) continue;
    const std::size_t p = static_cast<std::size_t>(std::max_element(q[g].begin(), q[g].end()) - q[g].begin());
    matches[p] = static_cast<Index>(g);
  }
  return matches;
}

/// mmdetection's MaxIoUAssigner.assign and assign_wrt_overlaps; 0 is background there, -1 ignored.
std::vector<Index> max_iou(std::vector<std::vector<double>> q, const std::vector<std::vector<double>>& iof_of_anchor,
                           const std::vector<std::vector<double>>& iof_of_region, std::size_t anchors,
                           const MaxIouOptions& o) {
  if (q.empty()) return std::vector<Index>(anchors, none);
  for (std::size_t p = 0; p < anchors && o.ignore > 0; ++p) {
    double most = -1;
    for (const auto& region : o.ignore_by_anchor ? iof_of_anchor : iof_of_region) most = std::max(most, region[p]);
    if (most > o.ignore)
      for (auto& row : q) row[p] = -1;
  }
  std::vector<Index> assigned(anchors, between);
  std::vector<double> best(q.size(), -1);
  for (std::size_t p = 0; p < anchors; ++p) {
    double value = -2;
    std::size_t truth = 0;
    for (std::size_t g = 0; g < q.size(); ++g) {
      if (q[g][p] > value) {
        value = q[g][p];
        truth = g;
      }
      best[g] = std::max(best[g], q[g][p]);
    }
    if (value >= o.negative_from && value < o.negative) assigned[p] = none;
    if (value >= o.positive) assigned[p] = static_cast<Index>(truth);
  }
  for (std::size_t g = 0; g < q.size() && o.low_quality; ++g) {
    if (best[g] < o.min_positive || (o.ignore_unreached_truths && best[g] <= 0) || best[g] < 0) continue;
    for (std::size_t p = 0; p < anchors; ++p) {
      if (q[g][p] == best[g]) {
        assigned[p] = static_cast<Index>(g);
        if (!o.all_ties) break;
      }
    }
  }
  return assigned;
}

std::vector<Box<double>> read_boxes(const std::string& path) {
  const auto table = fixture::read(path);
  std::vector<Box<double>> boxes;
  for (std::size_t k = 0; k < table.size(); ++k) {
    boxes.push_back(
        {table.number(k, "xmin"), table.number(k, "ymin"), table.number(k, "xmax"), table.number(k, "ymax")});
  }
  return boxes;
}

/// 242,991 anchors of a feature pyramid: the case of maskrcnn-benchmark's issue about memory.
std::vector<Box<double>> fpn_anchors() {
  std::vector<Box<double>> anchors;
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

template <class T>
auto as_pixels(const std::vector<Box<T>>& boxes) {
  return view(boxes.size(), [&](Index i) {
    const Box<T>& b = boxes[at(i)];
    return PixelBox<T>{b.x1, b.y1, b.x2, b.y2};
  });
}

struct Counts {
  long positive = 0, between = 0, below = 0;
  std::int64_t checksum = 0;
  friend bool operator==(const Counts&, const Counts&) = default;
};

Counts count(const AnchorMatches& m) {
  Counts c;
  for (std::size_t p = 0; p < m.truth_of_anchor.size(); ++p) {
    const Index g = m.truth_of_anchor[p];
    c.positive += g >= 0;
    c.below += g == none;
    c.between += g == between;
    c.checksum += g >= 0 ? static_cast<std::int64_t>(p + 1) * (g + 1) : 0;
  }
  return c;
}

}  // namespace

TEST_CASE("anchor matching equals every column of the peers", "[anchors][fixture]") {
  if (fixture::missing()) return;
  const auto anchors = read_boxes("anchor_matcher/anchors.csv");
  for (const std::string scene : {"regular", "with_far_truth"}) {
    const auto truths = read_boxes("anchor_matcher/truth_" + scene + ".csv");
    const auto expected = fixture::read("anchor_matcher/expected_" + scene + ".csv");
    REQUIRE(expected.size() == anchors.size());
    int columns = 0;
    for (const auto& [name, index] : expected.columns) {
      if (name == "anchor") continue;
      CAPTURE(scene, name);
      std::istringstream parts(name);
      std::string setting, pixel, meaning;
      std::getline(parts, setting, '_');
      std::getline(parts, pixel, '_');
      std::getline(parts, meaning, '_');
      AnchorOptions options{.ignore_unreached_truths = meaning != "dense"};
      if (setting == "retina") options.high = 0.5, options.low = 0.4;
      if (setting == "roi") options.high = options.low = 0.5, options.low_quality = false;
      const auto solve = [&](const auto& a, const auto& t) {
        return meaning == "ssd" ? match_anchors_ssd(a, t, {.threshold = 0.7, .ignore_unreached_truths = false})
                                : match_anchors(a, t, options);
      };
      const auto from_pixels = [](std::vector<Box<double>> boxes) {
        for (auto& b : boxes) b = from_inclusive_pixels(b.x1, b.y1, b.x2, b.y2);
        return boxes;
      };
      const AnchorMatches m =
          pixel == "plus1" ? solve(from_pixels(anchors), from_pixels(truths)) : solve(anchors, truths);
      std::vector<Index> column;
      for (std::size_t p = 0; p < expected.size(); ++p) column.push_back(static_cast<Index>(expected.number(p, name)));
      REQUIRE(m.truth_of_anchor == column);
      REQUIRE(m.unreached_truths == (scene == "regular" ? std::vector<Index>{} : std::vector<Index>{5}));
      if (pixel == "plus1") REQUIRE(solve(as_pixels(anchors), as_pixels(truths)).truth_of_anchor == column);
      ++columns;
    }
    REQUIRE(columns == 14);
  }
}

TEST_CASE("242,991 anchors x 500 truths: counts and checksums of the peer, in 16 MB", "[anchors][fixture][memory]") {
  if (fixture::missing()) return;
  const auto anchors = fpn_anchors();
  const auto truths = read_boxes("fpn_anchors_500/truth.csv");
  REQUIRE(anchors.size() == 242991);
  const AnchorOptions rpn{}, retina{.high = 0.5, .low = 0.4}, roi{.high = 0.5, .low = 0.5, .low_quality = false};
  const heap::Scope scope;
  REQUIRE(count(match_anchors(anchors, truths, rpn)) == Counts{3427, 32715, 206849, 76704521962});
  REQUIRE(scope.peak_bytes() < 16'000'000);
  if (!memory::uncounted()) {  // the formula of the doc block and the result
    const double formula = 16.0 * 242991 + 100.0 * 500 + 0.5e6 + 4.0 * 242991;
    REQUIRE(static_cast<double>(scope.peak_bytes()) <= formula);
    REQUIRE(static_cast<double>(scope.peak_bytes()) >= formula / 2);
  }
  REQUIRE(count(match_anchors(anchors, truths, retina)) == Counts{8659, 9110, 225222, 190116028111});
  REQUIRE(count(match_anchors(anchors, truths, roi)) == Counts{6156, 0, 236835, 135078770137});
  const auto pixel_anchors = as_pixels(anchors);
  const auto pixel_truths = as_pixels(truths);
  REQUIRE(count(match_anchors(pixel_anchors, pixel_truths, rpn)) == Counts{3217, 36042, 203732, 75149258967});
  REQUIRE(count(match_anchors(pixel_anchors, pixel_truths, retina)) == Counts{9103, 9995, 223893, 205324140134});
  REQUIRE(count(match_anchors(pixel_anchors, pixel_truths, roi)) == Counts{6937, 0, 236054, 155372760050});
  for (const int threads : {2, 5}) {
    REQUIRE(match_anchors(anchors, truths, {.threads = threads}).truth_of_anchor ==
            match_anchors(anchors, truths).truth_of_anchor);
  }

  const auto positive = fixture::read("fpn_anchors_500/expected_rpn_positive.csv");
  const auto plain = match_anchors(anchors, truths, rpn), plus = match_anchors(pixel_anchors, pixel_truths, rpn);
  for (std::size_t k = 0; k < positive.size(); ++k) {
    const auto& m = positive.text(k, "plus") == "0" ? plain : plus;
    const auto p = static_cast<std::size_t>(positive.number(k, "anchor"));
    if (m.truth_of_anchor[p] != static_cast<Index>(positive.number(k, "truth")))
      FAIL("anchor " << p << " of row " << k);
  }
}

TEMPLATE_TEST_CASE("anchor matching equals the dense matchers", "[anchors]", float, double) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    CAPTURE(seed);
    Rng rng(seed);
    const int n = static_cast<int>(rng() % 150), m = static_cast<int>(rng() % 20);
    const auto all_anchors = scenes::all<TestType>(n, rng);
    const auto all_truths = scenes::all<TestType>(m, rng);
    for (std::size_t scene = 0; scene < all_anchors.size(); ++scene) {
      const auto& anchors = all_anchors[scene];
      auto truths = all_truths[scene];
      if (rng() % 2 == 0) truths.push_back({TestType(1e6), TestType(1e6), TestType(1e6 + 10), TestType(1e6 + 10)});
      if (rng() % 2 == 0) truths.push_back({0, 0, std::numeric_limits<TestType>::quiet_NaN(), 5});
      const auto q = quality(anchors, truths);
      for (const double low : {0.0, 0.25, 0.5}) {
        for (const bool low_quality : {false, true}) {
          for (const bool ignore : {false, true}) {
            const AnchorOptions options{.high = 0.5,
                                        .low = low,
                                        .low_quality = low_quality,
                                        .ignore_unreached_truths = ignore,
                                        .threads = 1 + static_cast<int>(rng() % 3)};
            const auto got = match_anchors(anchors, truths, options);
            if (truths.empty()) {
              REQUIRE(got.truth_of_anchor == std::vector<Index>(anchors.size(), low > 0 ? none : between));
            } else {
              REQUIRE(got.truth_of_anchor == matcher(q, anchors.size(), options));
            }
          }
        }
      }
      if (truths.empty()) continue;
      for (const bool dense : {false, true}) {
        REQUIRE(
            match_anchors_ssd(anchors, truths, {.threshold = 0.4, .ignore_unreached_truths = !dense}).truth_of_anchor ==
            (anchors.empty() ? std::vector<Index>{}
                             : ssd(q, anchors.size(), double{static_cast<TestType>(0.4)}, dense)));
      }
    }
  }
}

TEMPLATE_TEST_CASE("match_anchors_max_iou equals mmdetection's steps over the matrix", "[anchors]", float, double) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    CAPTURE(seed);
    Rng rng(seed);
    const auto anchors = scenes::integer_grid<TestType>(static_cast<int>(rng() % 120), 12, rng);
    auto truths = scenes::integer_grid<TestType>(static_cast<int>(rng() % 12), 12, rng);
    const auto regions = scenes::integer_grid<TestType>(static_cast<int>(rng() % 4), 12, rng);
    if (rng() % 2 == 0) truths.push_back({100, 100, 110, 110});
    const auto q = quality(anchors, truths);
    std::vector<std::vector<double>> of_anchor(regions.size(), std::vector<double>(anchors.size())),
        of_region = of_anchor;
    for (std::size_t k = 0; k < regions.size(); ++k) {
      for (std::size_t p = 0; p < anchors.size(); ++p) {
        of_anchor[k][p] = static_cast<double>(iof(anchors[p], regions[k]));
        of_region[k][p] = static_cast<double>(iof(regions[k], anchors[p]));
      }
    }
    for (int k = 0; k < 16; ++k) {
      const MaxIouOptions options{.positive = 0.5,
                                  .negative = 0.375,
                                  .negative_from = k % 3 == 0 ? 0.125 : 0,
                                  .min_positive = k % 4 == 0 ? 0.25 : 0,
                                  .low_quality = k % 5 != 0,
                                  .all_ties = k % 2 == 0,
                                  .ignore = k % 3 == 1 ? 0.5 : -1,
                                  .ignore_by_anchor = k % 7 != 0,
                                  .ignore_unreached_truths = k % 3 != 2};
      CAPTURE(k);
      REQUIRE(match_anchors_max_iou(anchors, truths, regions, options).truth_of_anchor ==
              max_iou(q, of_anchor, of_region, anchors.size(), options));
      if (options.ignore < 0) {
        REQUIRE(match_anchors_max_iou(anchors, truths, options).truth_of_anchor ==
                max_iou(q, of_anchor, of_region, anchors.size(), options));
      }
    }
  }
}

TEST_CASE("match_anchors_atss takes the candidates above their own mean and deviation", "[anchors]") {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    CAPTURE(seed);
    Rng rng(seed);
    const auto anchors = scenes::uniform<double>(80, 100, 30, rng), truths = scenes::uniform<double>(6, 100, 40, rng);
    std::vector<Triple<float>> nearest;  // nine nearest centres of each truth
    for (std::size_t g = 0; g < truths.size(); ++g) {
      std::vector<std::pair<double, Index>> by_distance;
      for (std::size_t p = 0; p < anchors.size(); ++p) {
        const auto a = center(anchors[p]), t = center(truths[g]);
        by_distance.emplace_back(std::hypot(a.x - t.x, a.y - t.y), static_cast<Index>(p));
      }
      std::sort(by_distance.begin(), by_distance.end());
      for (std::size_t k = 0; k < 9; ++k)
        nearest.push_back({static_cast<Index>(g), by_distance[k].second, static_cast<float>(by_distance[k].first)});
    }
    const auto candidates = make_csr(6, 80, nearest);
    const auto got = match_anchors_atss(anchors, truths, candidates);
    std::vector<Index> expected(anchors.size(), none);
    std::vector<double> best(anchors.size(), 0);
    for (Index g = 0; g < 6; ++g) {
      double mean = 0, variance = 0;
      for (const Index p : candidates.row(g).cols) mean += iou(anchors[at(p)], truths[at(g)]) / 9;
      for (const Index p : candidates.row(g).cols)
        variance += std::pow(iou(anchors[at(p)], truths[at(g)]) - mean, 2) / 8;
      for (const Index p : candidates.row(g).cols) {
        const double value = iou(anchors[at(p)], truths[at(g)]);
        const auto c = center(anchors[at(p)]);
        const Box<double>& t = truths[at(g)];
        if (value >= mean + std::sqrt(variance) && c.x - t.x1 > 0.01 && t.x2 - c.x > 0.01 && c.y - t.y1 > 0.01 &&
            t.y2 - c.y > 0.01 && value > best[at(p)]) {
          best[at(p)] = value;
          expected[at(p)] = g;
        }
      }
    }
    REQUIRE(got.truth_of_anchor == expected);
    for (Index g = 0; g < 6; ++g) {
      const bool reached = std::find(expected.begin(), expected.end(), g) != expected.end();
      REQUIRE((std::find(got.unreached_truths.begin(), got.unreached_truths.end(), g) == got.unreached_truths.end()) ==
              reached);
    }
  }
  const std::vector<Box<double>> one{{0, 0, 10, 10}};
  REQUIRE(match_anchors_atss(one, one, make_csr<float>(1, 1, {{0, 0, 0.f}})).truth_of_anchor == std::vector<Index>{0});
  REQUIRE(match_anchors_atss(one, one, make_csr<float>(1, 1, {})).unreached_truths == std::vector<Index>{0});
  REQUIRE_THROWS_AS(match_anchors_atss(one, one, make_csr<float>(1, 2, {})), std::invalid_argument);
}

TEST_CASE("the other rules need what their doc blocks say", "[anchors][memory]") {
  if (memory::uncounted()) return;
  Rng rng(9);
  const auto anchors = scenes::uniform<double>(40000, 2000, 30, rng),
             truths = scenes::uniform<double>(500, 2000, 60, rng);
  const double n = 40000, m = 500, thread = 0.5e6;
  const auto extra = [](const auto& work) {
    const heap::Scope scope;
    const auto result = work();
    return static_cast<double>(scope.peak_bytes() - scope.kept_bytes());
  };
  const auto require_between = [](double bytes, double formula) {
    CAPTURE(bytes, formula);
    REQUIRE(bytes <= formula);
    REQUIRE(bytes >= formula / 2);
  };
  require_between(extra([&] { return match_anchors(anchors, truths); }), 12 * n + 100 * m + thread);
  require_between(extra([&] { return match_anchors_ssd(anchors, truths); }), 12 * n + 104 * m + thread);
  require_between(extra([&] { return match_anchors_max_iou(anchors, truths); }), 16 * n + 104 * m + thread);
  require_between(extra([&] { return match_anchors_max_iou(anchors, truths, truths, {.ignore = 0.5}); }),
                  17 * n + 104 * m + thread);
  std::vector<Triple<float>> nearest;
  for (Index g = 0; g < 500; ++g) {
    for (Index k = 0; k < 9; ++k) nearest.push_back({g, g * 9 + k, 1.f});
  }
  const auto candidates = make_csr(500, 40000, nearest);
  require_between(extra([&] { return match_anchors_atss(anchors, truths, candidates); }), 8 * n + 4 * m);
}

TEST_CASE("one truth out of reach: reported and harmless, or the dense meaning", "[anchors]") {
  Rng rng(5);
  const auto anchors = scenes::uniform<double>(300, 300, 40, rng);
  std::vector<Box<double>> truths{anchors[3], {1000, 1000, 1010, 1010}};
  const auto kept = match_anchors(anchors, truths);
  REQUIRE(kept.unreached_truths == std::vector<Index>{1});
  REQUIRE(count(kept).positive < 10);
  REQUIRE(count(match_anchors(anchors, truths, {.ignore_unreached_truths = false})).positive == 300);
}

TEST_CASE("a tie tolerance keeps anchors that rounding alone tells apart", "[anchors]") {
  const std::vector<Box<double>> anchors{{0, 0, 10, 10}, {0, 0, 10, 10 + 1e-12}, {0, 0, 10, 11}};
  const std::vector<Box<double>> truths{{2, 2, 4, 4}};
  REQUIRE(count(match_anchors(anchors, truths)).positive == 1);
  REQUIRE(count(match_anchors(anchors, truths, {.tie_tolerance = 1e-9})).positive == 2);
  REQUIRE(count(match_anchors(anchors, truths, {.tie_tolerance = 0.2})).positive == 3);
}

TEST_CASE("rotated anchors, pixel boxes and an index: the same function", "[anchors]") {
  Rng rng(6);
  std::vector<RotatedBox<double>> anchors, truths;
  for (const auto& b : scenes::uniform<double>(200, 200, 40, rng)) {
    anchors.push_back({b.x1, b.y1, b.x2 - b.x1, b.y2 - b.y1, static_cast<double>(rng() % 180)});
  }
  for (int k = 0; k < 10; ++k) {
    auto t = anchors[rng() % anchors.size()];
    t.cx += 3, t.degrees += 5;
    truths.push_back(t);
  }
  const AnchorOptions options{.high = 0.6, .low = 0.2};
  REQUIRE(match_anchors(anchors, truths, options).truth_of_anchor ==
          matcher(quality(anchors, truths), anchors.size(), options));

  const auto boxes = scenes::integer_grid<double>(100, 20, rng), gt = scenes::integer_grid<double>(9, 20, rng);
  const auto pixel_boxes = as_pixels(boxes), pixel_gt = as_pixels(gt);
  std::vector<PixelBox<double>> a, t;
  for (Index i = 0; i < 100; ++i) a.push_back(pixel_boxes[i]);
  for (Index i = 0; i < 9; ++i) t.push_back(pixel_gt[i]);
  REQUIRE(match_anchors(a, t, options).truth_of_anchor == matcher(quality(a, t), 100, options));
}

TEST_CASE("a pixel box is the box of its pixels", "[pixel_box]") {
  const PixelBox a{0.0, 0.0, 9.0, 9.0}, b{10.0, 0.0, 19.0, 9.0}, c{9.0, 9.0, 9.0, 9.0};
  REQUIRE(area(a) == 100);
  REQUIRE(intersection_area(a, b) == 0);
  REQUIRE(intersection_area(a, c) == 1);
  REQUIRE(intersection_area(a, PixelBox{9.5, 0.0, 12.0, 9.0}) == 5);  // half a pixel between the last and the first
  REQUIRE(iou(a, a) == 1);
  const PixelBox<float> far{0, 0, 3e7f, 5};  // 3e7 + 1 is no float: rounded outward
  REQUIRE(bounds(far).x2 > 3e7f);
  STATIC_REQUIRE(Shape<PixelBox<float>>);
  Rng rng(8);
  const auto boxes = scenes::integer_grid<double>(60, 15, rng);
  const auto pixels = as_pixels(boxes);
  for (Index i = 0; i < 60; ++i) {
    for (Index j = 0; j < 60; ++j) {
      const auto plain = [&](Index k) {
        const auto& box = boxes[at(k)];
        return from_inclusive_pixels(box.x1, box.y1, box.x2, box.y2);
      };
      REQUIRE(iou(pixels[i], pixels[j]) == iou(plain(i), plain(j)));
    }
  }
}

TEST_CASE("anchor options are checked", "[anchors]") {
  using Catch::Matchers::Contains;
  const std::vector<Box<float>> boxes{{0, 0, 1, 1}};
  const double nan = std::numeric_limits<double>::quiet_NaN();
  REQUIRE_THROWS_WITH(match_anchors(boxes, boxes, {.high = nan}), Contains("high"));
  REQUIRE_THROWS_WITH(match_anchors(boxes, boxes, {.low = -1}), Contains("low"));
  REQUIRE_THROWS_WITH(match_anchors(boxes, boxes, {.high = 0.2, .low = 0.3}), Contains("more than high"));
  REQUIRE_THROWS_WITH(match_anchors(boxes, boxes, {.tie_tolerance = nan}), Contains("tie_tolerance"));
  REQUIRE_THROWS_WITH(match_anchors(boxes, boxes, {.threads = -1}), Contains("threads"));
  REQUIRE_THROWS_WITH(match_anchors_ssd(boxes, boxes, {.threshold = nan}), Contains("threshold"));
  REQUIRE_THROWS_WITH(match_anchors_max_iou(boxes, boxes, {.min_positive = nan}), Contains("min_positive"));
  REQUIRE_THROWS_WITH(match_anchors_max_iou(boxes, boxes, boxes, {.ignore = nan}), Contains("ignore"));
  const std::vector<Box<float>> nothing;
  REQUIRE(match_anchors(nothing, boxes).truth_of_anchor.empty());
  REQUIRE(match_anchors(nothing, boxes).unreached_truths == std::vector<Index>{0});
  REQUIRE(match_anchors(boxes, nothing).truth_of_anchor == std::vector<Index>{none});
  REQUIRE(match_anchors_ssd(nothing, boxes, {.ignore_unreached_truths = false}).truth_of_anchor.empty());
}
