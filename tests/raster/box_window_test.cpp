#include <boxlap/raster/box_window.hpp>

#include "images.hpp"

using namespace boxlap;
using images::Image;

namespace {

double share(double from, double to, double pixel) {
  return std::max(0.0, std::min(to, pixel + 1) - std::max(from, pixel));
}

/// Each pixel weighed by the part of it inside the box.
template <class T>
BoxStatistics plain(const Image<T>& image, const Box<double>& box) {
  long double n = 0, sum = 0, squares = 0;
  for (Index y = 0; y < image.rows(); ++y) {
    for (Index x = 0; x < image.cols(); ++x) {
      const long double w = share(box.x1, box.x2, x) * share(box.y1, box.y2, y);
      n += w, sum += w * static_cast<long double>(image(y, x));
    }
  }
  for (Index y = 0; y < image.rows(); ++y) {
    for (Index x = 0; x < image.cols(); ++x) {
      const long double w = share(box.x1, box.x2, x) * share(box.y1, box.y2, y);
      const long double d = static_cast<long double>(image(y, x)) - sum / n;
      squares += w * d * d;
    }
  }
  return {double(n), double(sum / n), double(squares / n)};
}

Box<double> random_box(std::mt19937& rng, double cols, double rows, bool whole) {
  std::uniform_real_distribution<double> x(-3, cols + 3), y(-3, rows + 3);
  double a = x(rng), b = x(rng), c = y(rng), d = y(rng);
  if (whole) {
    a = std::floor(a), b = std::floor(b), c = std::floor(c), d = std::floor(d);
  }
  return {std::min(a, b), std::min(c, d), std::max(a, b), std::max(c, d)};
}

}  // namespace

TEMPLATE_TEST_CASE("any box equals the sum over its pixels, fractional edges by area", "", std::uint8_t, std::int16_t,
                   std::uint16_t, std::int32_t, float, double) {
  const auto seed = GENERATE(1u, 2u);
  std::mt19937 rng(seed);
  const auto image = images::random<TestType>(23, 31, rng);
  const BoxMoments moments(image);
  const double scale = image.template cast<double>().abs().maxCoeff();
  for (int k = 0; k < 400; ++k) {
    const Box<double> box = random_box(rng, 31, 23, k % 2 == 0);
    INFO("seed " << seed << ", box " << box.x1 << " " << box.y1 << " " << box.x2 << " " << box.y2);
    const BoxStatistics got = moments(box), want = plain(image, box);
    REQUIRE_THAT(got.pixels, Catch::Matchers::WithinAbs(want.pixels, 1e-11));
    if (want.pixels < 1e-6) {
      continue;
    }
    REQUIRE_THAT(got.mean, Catch::Matchers::WithinAbs(want.mean, 1e-12 * scale / std::min(1.0, want.pixels)));
    REQUIRE_THAT(got.variance,
                 Catch::Matchers::WithinAbs(want.variance, 1e-12 * scale * scale / std::min(1.0, want.pixels)));
    REQUIRE(got.variance >= 0);
  }
  CHECK(moments(Box<float>{0, 0, 31, 23}).pixels == 31 * 23);
  CHECK(moments(Box<double>{-100, -100, 1000, 1000}).mean == moments(Box<double>{0, 0, 31, 23}).mean);
}

TEST_CASE("whole boxes of 8-bit images are exact") {
  std::mt19937 rng(4);
  const auto image = images::random<std::uint8_t>(40, 50, rng);
  const BoxMoments moments(image);
  for (int k = 0; k < 200; ++k) {
    const Box<double> box = random_box(rng, 50, 40, true);
    const Box<double> part = clip(box, {0, 0, 50, 40});
    std::int64_t n = 0, sum = 0, squares = 0;
    for (auto y = Index(part.y1); y < Index(part.y2); ++y) {
      for (auto x = Index(part.x1); x < Index(part.x2); ++x) {
        n += 1, sum += image(y, x), squares += image(y, x) * image(y, x);
      }
    }
    if (n > 0) {
      CHECK(moments(box).mean == double(sum) / double(n));
      CHECK(moments(box).variance == double(n * squares - sum * sum) / double(n * n));
    }
  }
}

TEST_CASE("boxes without pixels have no mean and no motion") {
  const Image<float> image = Image<float>::Random(10, 12);
  const BoxMoments moments(image);
  const BoxFlow flow(image, image);
  const double nan = std::nan(""), inf = std::numeric_limits<double>::infinity();
  for (const Box<double>& box : {Box{20.0, 1.0, 30.0, 5.0}, Box{5.0, 5.0, 4.0, 8.0}, Box{3.0, 3.0, 3.0, 9.0},
                                 Box{nan, 1.0, 5.0, 5.0}, Box{1.0, 1.0, 5.0, nan}, Box{-9.0, -9.0, 0.0, 0.0}}) {
    CHECK(moments(box).pixels == 0);
    CHECK(std::isnan(moments(box).mean));
    CHECK(std::isnan(moments(box).deviation()));
    CHECK((flow(box).x == 0 && flow(box).y == 0 && flow(box).pixels == 0));
  }
  CHECK(moments(Box{-inf, -inf, inf, inf}).pixels == 120);
  CHECK(flow(Box{0.0, 0.0, 12.0, 10.0}).pixels == 80);  // the outermost pixels have no gradient
  CHECK(flow(Box{0.0, 0.0, 1.0, 10.0}).pixels == 0);
  const Image<float> nothing(0, 0);
  CHECK(BoxMoments(nothing)(Box{0.0, 0.0, 5.0, 5.0}).pixels == 0);
  CHECK_THROWS_AS(BoxFlow(image, Image<float>(Image<float>::Zero(10, 11))), std::invalid_argument);
}

TEST_CASE("a square box moves as lucas_kanade says at its centre") {
  std::mt19937 rng(7);
  const auto a = images::random<std::uint8_t>(40, 50, rng), b = images::random<std::uint8_t>(40, 50, rng);
  const BoxFlow flow(a, b);
  for (const Index radius : {1, 2, 7}) {
    Image<double> x, y, e;
    lucas_kanade(a, b, radius, x, y, e);
    for (Index row = radius + 1; row < 40 - radius - 1; ++row) {
      for (Index col = radius + 1; col < 50 - radius - 1; ++col) {
        const BoxMotion motion = flow(from_inclusive_pixels(col - radius, row - radius, col + radius, row + radius));
        REQUIRE(motion.x == x(row, col));
        REQUIRE(motion.y == y(row, col));
        REQUIRE_THAT(motion.eigenvalue, Catch::Matchers::WithinAbs(e(row, col), 1e-12 * e.maxCoeff()));
      }
    }
  }
}

TEST_CASE("boxes on the fixtures' known motion") {
  if (fixture::missing()) {
    return;
  }
  for (const std::string name : {"shift", "affine"}) {
    const auto a = images::pgm(name + ".frame1.pgm"), b = images::pgm(name + ".frame2.pgm");
    const auto rows = Index(a.rows()), cols = Index(a.cols());
    const auto true_x = images::raw<float>(name + ".true_flow.f32", rows, cols, 0);
    const auto true_y = images::raw<float>(name + ".true_flow.f32", rows, cols, 1);
    const BoxFlow flow(a, b);
    const BoxMoments mean_x(true_x), mean_y(true_y);
    std::mt19937 rng(1);
    std::uniform_real_distribution<double> left(1, double(cols) - 49), top(1, double(rows) - 49), side(16, 47);
    std::vector<double> errors;
    for (int k = 0; k < 500; ++k) {
      const Box box = from_xywh(left(rng), top(rng), side(rng), side(rng));
      const BoxMotion motion = flow(box);
      if (motion.eigenvalue > 0.1024) {
        errors.push_back(std::hypot(motion.x - mean_x(box).mean, motion.y - mean_y(box).mean));
      }
    }
    std::sort(errors.begin(), errors.end());
    INFO(name << ": median endpoint error " << errors[errors.size() / 2]);
    CHECK(errors.size() > 400);
    CHECK(errors[errors.size() / 2] < (name == "shift" ? 0.04 : 0.09));
  }
  const Box box{10.0f, 20.0f, 30.0f, 40.0f};
  CHECK(BoxMotion{1.5, -2, 0, 0}.moved(box) == Box{11.5f, 18.0f, 31.5f, 38.0f});
}
