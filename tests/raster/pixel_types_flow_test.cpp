#include <boxlap/raster/box_window.hpp>
#include <boxlap/raster/lucas_kanade.hpp>

#include "images.hpp"

using namespace boxlap;
using images::Image;

TEMPLATE_TEST_CASE("flow and box sums take every type of pixel", "", bool, char, std::int8_t, std::uint8_t,
                   std::int16_t, std::uint16_t, std::int32_t, std::uint32_t, float, double) {
  std::mt19937 rng(43);
  const auto a = images::random<TestType>(9, 14, rng), b = images::random<TestType>(9, 14, rng);
  Image<double> x, y, e, want_x, want_y, want_e;
  lucas_kanade(a, b, 2, x, y, e);
  lucas_kanade(Image<double>(a.template cast<double>()), Image<double>(b.template cast<double>()), 2, want_x, want_y,
               want_e);
  CHECK((x - want_x).abs().maxCoeff() <= 1e-9 * (1 + want_x.abs().maxCoeff()));
  CHECK((y - want_y).abs().maxCoeff() <= 1e-9 * (1 + want_y.abs().maxCoeff()));
  CHECK((e - want_e).abs().maxCoeff() <= 1e-12 * want_e.maxCoeff());
  const BoxMotion motion = BoxFlow(a, b)(Box{3.0, 2.0, 8.0, 7.0});
  CHECK(std::abs(motion.x - x(4, 5)) <= 1e-9 * (1 + std::abs(x(4, 5))));
  double sum = 0, squares = 0;
  for (Index row = 2; row < 7; ++row) {
    for (Index col = 3; col < 8; ++col) {
      sum += double(a(row, col));
      squares += double(a(row, col)) * double(a(row, col));
    }
  }
  const BoxStatistics found = BoxMoments(a)(Box{3.0, 2.0, 8.0, 7.0});
  const double scale = std::max(1.0, a.template cast<double>().abs().maxCoeff());
  CHECK(found.pixels == 25);
  CHECK(std::abs(found.mean - sum / 25) <= 1e-13 * scale);
  CHECK(std::abs(found.variance - (squares / 25 - sum / 25 * (sum / 25))) <= 1e-12 * scale * scale);
}

TEST_CASE("flow options may follow the outputs") {
  const Image<float> image = Image<float>::Random(20, 20);
  Image<float> x, y, e, x1, y1, e1;
  lucas_kanade(image, image, 1, x, y, {.threads = 2});
  lucas_kanade(image, image, 1, x1, y1, e, {.threads = 2});
  lucas_kanade(image, image, 1, x1, y1, e1, 0, {.threads = 2});
  CHECK((images::same_bits(x, x1) && images::same_bits(e, e1)));
}
