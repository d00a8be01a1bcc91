#include <boxlap/shape/overlap.hpp>
#include <boxlap/shape/rotated_box.hpp>
#include <boxlap/shape/rotated_formats.hpp>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "../catch.hpp"
#include "../support/exact_overlap.hpp"
#include "../support/fixture.hpp"
#include "../support/rotated_scenes.hpp"
#include "../support/rounds.hpp"

using boxlap::Point;
using boxlap::RotatedBox;

namespace {

/// u (1 + k) of two boxes: what every bound below is a multiple of.
template <class T>
double unit(const RotatedBox<double>& a, const RotatedBox<double>& b) {
  const double diagonal_a = std::hypot(a.w, a.h), diagonal_b = std::hypot(b.w, b.h);
  const double distance = std::hypot(a.cx - b.cx, a.cy - b.cy);
  const double least = std::min(a.w * a.h, b.w * b.h);
  const double k = std::min(diagonal_a, diagonal_b) * (diagonal_a + diagonal_b + distance) / least;
  return std::numeric_limits<T>::epsilon() / 2 * (1 + k);
}

/// Largest errors seen, as multiples of u (1 + k).
struct Worst {
  double iou = 0, area = 0;
};

template <class T>
void check(const RotatedBox<double>& a, const RotatedBox<double>& b, const exact::Overlap& expected, Worst& worst) {
  const auto fa = boxlap::cast<T>(a), fb = boxlap::cast<T>(b);
  const double got = double(iou(fa, fb));
  const double shared = double(intersection_area(fa, fb));
  const double u = unit<T>(a, b);
  CAPTURE(a.cx, a.cy, a.w, a.h, a.degrees, b.cx, b.cy, b.w, b.h, b.degrees, got, expected.iou, u);
  REQUIRE(got >= 0);
  REQUIRE(got <= 1);
  REQUIRE(iou(fa, fb) == iou(fb, fa));
  const double error = std::abs(got - expected.iou) / u;
  const double area_error = std::abs(shared - expected.shared) / (u * std::min(expected.area_a, expected.area_b));
  REQUIRE(error <= 8);
  REQUIRE(area_error <= 4);
  worst.iou = std::max(worst.iou, error);
  worst.area = std::max(worst.area, area_error);
}

}  // namespace

TEMPLATE_TEST_CASE("rotated boxes overlap as exact arithmetic says, on the peers' failures", "", float, double) {
  if (fixture::missing()) {
    return;
  }
  const auto table = fixture::read("polygons/rotated_boxes.csv");
  Worst worst;
  for (std::size_t row = 0; row < table.size(); ++row) {
    const auto n = [&](const char* name) { return table.number(row, name); };
    const RotatedBox<double> a{n("ax"), n("ay"), n("aw"), n("ah"), n("a_deg")};
    const RotatedBox<double> b{n("bx"), n("by"), n("bw"), n("bh"), n("b_deg")};
    const std::string family = table.text(row, "family");
    CAPTURE(row, family);
    if (std::is_same_v<TestType, float> && boxlap::cast<double>(boxlap::cast<float>(a)) != a) {
      continue;  // the issue rows are doubles
    }
    if (std::is_same_v<TestType, float> && boxlap::cast<double>(boxlap::cast<float>(b)) != b) {
      continue;
    }
    check<TestType>(a, b, {n("inter"), n("area_a"), n("area_b"), n("iou")}, worst);
    if (family == "identical") {
      REQUIRE(iou(boxlap::cast<TestType>(a), boxlap::cast<TestType>(b)) == 1);
    }
    const auto fa = boxlap::cast<TestType>(a), fb = boxlap::cast<TestType>(b);
    const double u = unit<TestType>(a, b);
    const double least = std::min(n("area_a"), n("area_b"));
    REQUIRE(std::abs(double(iof(fa, fb)) - n("iof_a")) <= 8 * u * least / n("area_a"));
    REQUIRE(std::abs(double(iof(fb, fa)) - n("iof_b")) <= 8 * u * least / n("area_b"));
  }
  UNSCOPED_INFO("worst error in u (1 + k): IoU " << worst.iou << ", area " << worst.area);
  CHECK(worst.area < 2.5);
}

TEMPLATE_TEST_CASE("rotated boxes overlap as exact arithmetic says, on fresh pairs", "", float, double) {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  scenes::Rng rng(seed);
  Worst worst;
  for (const std::string& family : scenes::rotated_families()) {
    CAPTURE(family);
    for (int k = 0; k < scenes::rounds(40); ++k) {
      auto [a, b] = scenes::rotated_pair(family, rng);
      a = boxlap::cast<double>(boxlap::cast<float>(a));
      b = boxlap::cast<double>(boxlap::cast<float>(b));
      check<TestType>(a, b, exact::overlap(a, b), worst);
    }
  }
}

TEST_CASE("multiples of 90 degrees are exact") {
  for (const double turn :
       {-720.0, -450.0, -360.0, -270.0, -180.0, -90.0, 0.0, 90.0, 180.0, 270.0, 360.0, 36000000090.0}) {
    CAPTURE(turn);
    const RotatedBox<double> box{10, 20, 6, 2, turn};
    const bool upright = std::fmod(turn, 180.0) == 0;
    const auto around = bounds(box);
    REQUIRE(around == (upright ? boxlap::Box{7.0, 19.0, 13.0, 21.0} : boxlap::Box{9.0, 17.0, 11.0, 23.0}));
    REQUIRE(iou(box, RotatedBox<double>{10, 20, upright ? 6.0 : 2.0, upright ? 2.0 : 6.0, 0}) == 1);
    REQUIRE(iou(box, RotatedBox<double>{10, 20, 6, 2, turn + 180}) == 1);
  }
  const auto quarter = corners(RotatedBox<double>{0, 0, 4, 2, 90});
  REQUIRE(quarter[0] == Point{1.0, -2.0});
  REQUIRE(quarter[1] == Point{1.0, 2.0});
}

TEST_CASE("bounds of rotated boxes hold every corner, and not much else") {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  scenes::Rng rng(seed);
  for (const std::string& family : scenes::rotated_families()) {
    for (int k = 0; k < scenes::rounds(200); ++k) {
      const auto box = scenes::rotated_pair(family, rng).second;
      CAPTURE(family, box.cx, box.cy, box.w, box.h, box.degrees);
      using N = long double;
      const auto d = exact::direction<N>(box.degrees, 3.14159265358979323846264338327950288L);
      const auto around = bounds(box);
      const auto around_float = bounds(boxlap::cast<float>(box));
      const bool representable = boxlap::cast<double>(boxlap::cast<float>(box)) == box;
      N left = around.x2;
      for (const auto& p : exact::ring<N>(box, d[0], d[1])) {
        const N slack = 1e-18L * (std::abs(p.x) + std::abs(p.y) + N(box.w) + N(box.h));
        REQUIRE((N(around.x1) <= p.x + slack && p.x - slack <= N(around.x2)));
        REQUIRE((N(around.y1) <= p.y + slack && p.y - slack <= N(around.y2)));
        if (representable) {
          REQUIRE((N(around_float.x1) <= p.x + slack && p.x - slack <= N(around_float.x2)));
          REQUIRE((N(around_float.y1) <= p.y + slack && p.y - slack <= N(around_float.y2)));
        }
        left = std::min(left, p.x);
      }
      REQUIRE(double(left - N(around.x1)) <= 1e-14 * (box.w + box.h + std::abs(box.cx)));
    }
  }
}

TEST_CASE("many pairs at once have the bits of one pair, prepared or not", "[batch]") {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  scenes::Rng rng(seed);
  std::vector<RotatedBox<double>> as, bs;
  for (const std::string& family : scenes::rotated_families()) {
    for (int k = 0; k < scenes::rounds(60); ++k) {
      const auto [a, b] = scenes::rotated_pair(family, rng);
      as.push_back(a);
      bs.push_back(b);
    }
  }
  as.push_back({std::nan(""), 0, 1, 1, 0});
  bs.push_back({0, 0, 1, 1, 0});
  as.push_back({0, 0, 1, -1, 0});
  bs.push_back({0, 0, 1, -1, 0});
  const auto check_all = [&](auto zero) {
    using T = decltype(zero);
    std::vector<boxlap::PreparedRotatedBox<T>> prepared_a, prepared_b;
    std::vector<std::pair<boxlap::Index, boxlap::Index>> pairs;
    for (std::size_t k = 0; k < as.size(); ++k) {
      prepared_a.push_back(prepare(boxlap::cast<T>(as[k])));
      prepared_b.push_back(prepare(boxlap::cast<T>(bs[k])));
    }
    const auto n = boxlap::Index(as.size());
    for (boxlap::Index i = 0; i < n; ++i) {
      pairs.emplace_back(i, i);
      pairs.emplace_back(i, (i * 7) % n);
      pairs.emplace_back(n - 1 - i, i);
    }
    for (const std::size_t count : {std::size_t{0}, std::size_t{1}, std::size_t{63}, std::size_t{65}, pairs.size()}) {
      std::vector<T> out(count, T(-1));
      boxlap::intersection_areas<T>(prepared_a, prepared_b, std::span(pairs).first(count), out);
      for (std::size_t k = 0; k < count; ++k) {
        const auto i = std::size_t(pairs[k].first), j = std::size_t(pairs[k].second);
        REQUIRE(out[k] == intersection_area(prepared_a[i], prepared_b[j]));
        REQUIRE(out[k] == intersection_area(boxlap::cast<T>(as[i]), boxlap::cast<T>(bs[j])));
        REQUIRE(out[k] == intersection_area(prepared_b[j], prepared_a[i]));
      }
    }
    std::vector<T> short_out(1);
    REQUIRE_THROWS_AS(boxlap::intersection_areas<T>(prepared_a, prepared_b, pairs, short_out), std::invalid_argument);
  };
  check_all(0.0);
  check_all(0.0F);
}

TEST_CASE("float and double mix without losing the double's digits") {
  const RotatedBox<float> a{10, 20, 6, 2, -45};
  const RotatedBox<double> b{10.1, 20.2, 6, 2, 30.3};
  const double expected = iou(boxlap::cast<double>(a), b);
  REQUIRE(iou(a, b) == expected);
  REQUIRE(iou(b, a) == expected);
  REQUIRE(iou(prepare(a), prepare(b)) == expected);
  REQUIRE(iou(prepare(b), prepare(a)) == expected);
}

TEST_CASE("boxes without area, inverted, NaN, infinite, tiny and huge") {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  const RotatedBox<double> unit_box{0, 0, 1, 1, 10};
  for (const RotatedBox<double>& ugly : {RotatedBox<double>{0, 0, 0, 0, 0},
                                         {0, 0, 0, 1, 10},
                                         {0, 0, 1, 0, 10},
                                         {0, 0, -1, 1, 10},
                                         {0, 0, 1, -1, 10},
                                         {0, 0, -1, -1, 10},
                                         {nan, 0, 1, 1, 10},
                                         {0, nan, 1, 1, 10},
                                         {0, 0, nan, 1, 10},
                                         {0, 0, 1, nan, 10},
                                         {0, 0, 1, 1, nan},
                                         {infinity, 0, 1, 1, 10},
                                         {0, -infinity, 1, 1, 10},
                                         {0, 0, infinity, 1, 10},
                                         {0, 0, 1, 1, infinity},
                                         {0, 0, 1, 1, -infinity}}) {
    CAPTURE(ugly.cx, ugly.cy, ugly.w, ugly.h, ugly.degrees);
    REQUIRE(iou(ugly, unit_box) == 0);
    REQUIRE(iou(unit_box, ugly) == 0);
    REQUIRE(iou(ugly, ugly) == 0);
  }
  for (const double scale : {1e-150, 1e-30, 1e30, 1e150}) {
    CAPTURE(scale);
    const RotatedBox<double> a{0, 0, 4 * scale, 2 * scale, 0}, b{0, 0, 4 * scale, 2 * scale, 90};
    REQUIRE_THAT(iou(a, b), Catch::Matchers::WithinRel(1.0 / 3.0, 1e-15));
    const RotatedBox<float> small{0, 0, 4e-15F, 2e-15F, 0}, turned{0, 0, 4e-15F, 2e-15F, 30};
    REQUIRE_THAT(double(iou(small, turned)), Catch::Matchers::WithinAbs(0.62331, 1e-5));
  }
}

TEST_CASE("boxes that a side separates share exactly nothing") {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  scenes::Rng rng(seed);
  std::uniform_real_distribution<double> at(0, 100), size(5, 40), turn(-180, 180);
  int apart = 0;
  for (int k = 0; k < scenes::rounds(20'000); ++k) {
    const RotatedBox<double> a{at(rng), at(rng), size(rng), size(rng), turn(rng)};
    const RotatedBox<double> b{at(rng), at(rng), size(rng), size(rng), turn(rng)};
    if (exact::extended(a, b).shared == 0) {
      ++apart;
      REQUIRE(intersection_area(a, b) == 0);
    }
  }
  REQUIRE(apart > scenes::rounds(5'000));
}

TEST_CASE("translation by exact amounts changes no bit") {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  scenes::Rng rng(seed);
  std::uniform_int_distribution<int> at(0, 1 << 20), size(1, 1 << 18);
  std::uniform_real_distribution<double> turn(-180, 180);
  for (int k = 0; k < 2'000; ++k) {
    const RotatedBox<double> a{double(at(rng)), double(at(rng)), double(size(rng)), double(size(rng)), turn(rng)};
    const RotatedBox<double> b{double(at(rng)), double(at(rng)), double(size(rng)), double(size(rng)), turn(rng)};
    const double x = at(rng), y = at(rng);
    const RotatedBox<double> moved_a{a.cx + x, a.cy + y, a.w, a.h, a.degrees};
    const RotatedBox<double> moved_b{b.cx + x, b.cy + y, b.w, b.h, b.degrees};
    REQUIRE(intersection_area(a, b) == intersection_area(moved_a, moved_b));
  }
}

TEST_CASE("corners and back") {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  scenes::Rng rng(seed);
  std::uniform_real_distribution<double> at(0, 100), size(1, 40), turn(-180, 180);
  for (int k = 0; k < 1'000; ++k) {
    const RotatedBox<double> box{at(rng), at(rng), size(rng), size(rng), turn(rng)};
    const auto back = from_corners(corners(box));
    CAPTURE(box.w, box.h, box.degrees, back.w, back.h, back.degrees);
    REQUIRE_THAT(back.cx, Catch::Matchers::WithinAbs(box.cx, 1e-12));
    REQUIRE_THAT(back.cy, Catch::Matchers::WithinAbs(box.cy, 1e-12));
    REQUIRE_THAT(back.w, Catch::Matchers::WithinAbs(box.w, 1e-12));
    REQUIRE_THAT(back.h, Catch::Matchers::WithinAbs(box.h, 1e-12));
    REQUIRE(std::abs(std::remainder(back.degrees - box.degrees, 360.0)) < 1e-11);
  }
  // Corners in another order, and no rectangle at all.
  const auto shuffled = from_corners(std::array<Point<double>, 4>{{{0, 0}, {4, 2}, {4, 0}, {0, 2}}});
  REQUIRE_THAT(iou(shuffled, RotatedBox<double>{2, 1, 4, 2, 0}), Catch::Matchers::WithinAbs(1, 1e-15));
  const auto trapezoid = from_corners(std::array<Point<double>, 4>{{{0, 0}, {4, 0}, {3, 2}, {1, 2}}});
  REQUIRE_THAT(area(trapezoid), Catch::Matchers::WithinRel(8.0, 1e-15));
  const auto line = from_corners(std::array<Point<double>, 4>{{{0, 0}, {3, 4}, {0, 0}, {3, 4}}});
  REQUIRE_THAT(line.w, Catch::Matchers::WithinRel(5.0, 1e-15));
  REQUIRE(line.h == 0);
  REQUIRE(from_corners(std::array<Point<double>, 4>{{{1, 2}, {1, 2}, {1, 2}, {1, 2}}}).w == 0);
}

TEST_CASE("conventions name the same rectangle") {
  using boxlap::MmcvAngle;
  REQUIRE(boxlap::from_opencv(1, 2, 3, 4, 30.0) == RotatedBox{1.0, 2.0, 3.0, 4.0, 30.0});
  REQUIRE(boxlap::from_opencv(1, 2, 3, 4, 30.0F).degrees == 30.0F);
  REQUIRE(boxlap::from_detectron2(1, 2, 3, 4, 30.0) == RotatedBox{1.0, 2.0, 3.0, 4.0, -30.0});
  REQUIRE(boxlap::from_torchvision(1, 2, 3, 4, 30.0) == RotatedBox{1.0, 2.0, 3.0, 4.0, -30.0});
  REQUIRE_THAT(boxlap::from_radians(0, 0, 2, 1, std::numbers::pi / 6).degrees, Catch::Matchers::WithinRel(30.0, 1e-15));
  REQUIRE_THAT(boxlap::from_mmcv(0, 0, 2, 1, 0.5, false).degrees,
               Catch::Matchers::WithinRel(-0.5 * 180 / std::numbers::pi, 1e-15));
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  scenes::Rng rng(seed);
  std::uniform_int_distribution<int> eighth(-64 * 8, 64 * 8);
  for (int k = 0; k < 2'000; ++k) {
    const RotatedBox<double> box{5, 6, 1.0 + double(rng() % 4), 1.0 + double(rng() % 4), eighth(rng) * 11.25 / 2};
    CAPTURE(box.w, box.h, box.degrees);
    for (const MmcvAngle convention : {MmcvAngle::oc, MmcvAngle::le90, MmcvAngle::le135}) {
      const auto named = named_as(box, convention);
      CAPTURE(named.w, named.h, named.degrees);
      REQUIRE(iou(named, box) == 1);
      if (convention == MmcvAngle::oc) {
        REQUIRE((named.degrees > 0 && named.degrees <= 90));
      } else {
        const double low = convention == MmcvAngle::le90 ? -90 : -45;
        REQUIRE((named.w >= named.h && named.degrees >= low && named.degrees < low + 180));
      }
    }
    const auto back = to_detectron2(box);
    REQUIRE(iou(boxlap::from_detectron2(back.cx, back.cy, back.w, back.h, back.degrees), box) == 1);
  }
}
