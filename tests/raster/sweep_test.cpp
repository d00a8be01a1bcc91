#include <boxlap/raster/window.hpp>

#include <utility>
#include <vector>

#include "../support/rounds.hpp"
#include "images.hpp"

using namespace boxlap;
using images::Image;

TEMPLATE_TEST_CASE("strips, threads, blocks and the image itself as output give the same bits", "", std::uint8_t, float,
                   double) {
  std::mt19937 rng(17);
  for (const auto& [rows, cols] : {std::pair<Index, Index>{scenes::rounds(300), 40},
                                   {scenes::rounds(70), 2300 + scenes::rounds(2200)},
                                   {3, 40},
                                   {1, 1},
                                   {scenes::rounds(257), 513}}) {
    const auto image = images::random<TestType>(rows, cols, rng);
    for (const int window : {1, 2, 3, 8, 11, 31}) {
      for (const Border border : {Border::reflect, Border::constant, Border::wrap}) {
        for (const Deviation deviation : {Deviation::textbook, Deviation::own_mean}) {
          if (rows * cols * window > 2'000'000 && border != Border::reflect) {
            continue;
          }
          INFO(rows << " x " << cols << ", window " << window << ", border " << int(border) << ", deviation "
                    << int(deviation));
          using Out = std::conditional_t<std::integral<TestType>, float, TestType>;
          Image<Out> mean, variance, mean_n, variance_n;
          moving_moments(image, window, mean, variance, deviation, {.border = border});
          for (const int threads : {2, 3, 0}) {
            moving_moments(image, window, mean_n, variance_n, deviation, {.border = border, .threads = threads});
            REQUIRE(images::same_bits(mean, mean_n));
            REQUIRE(images::same_bits(variance, variance_n));
          }
          if constexpr (std::floating_point<TestType>) {
            for (const int threads : {1, 3}) {
              const WindowOptions options{.border = border, .threads = threads};
              Image<TestType> in_place = image;
              moving_moments(in_place, window, in_place, variance_n, deviation, options);
              REQUIRE(images::same_bits(mean, in_place));
              REQUIRE(images::same_bits(variance, variance_n));
              in_place = image;
              moving_moments(in_place, window, mean_n, in_place, deviation, options);
              REQUIRE(images::same_bits(mean, mean_n));
              REQUIRE(images::same_bits(variance, in_place));
              in_place = image;
              moving_mean(image, window, mean, options);
              moving_mean(in_place, window, in_place, options);
              REQUIRE(images::same_bits(mean, in_place));
              moving_moments(image, window, mean, variance, deviation, {.border = border});
            }
          }
        }
      }
    }
  }
}

TEST_CASE("a window's value does not depend on where the image begins") {
  std::mt19937 rng(23);
  const auto image = images::random<float>(90, 700, rng);
  Image<float> mean, variance, part_mean, part_variance;
  moving_moments(image, 11, mean, variance);
  moving_moments(image.block(13, 17, 60, 555), 11, part_mean, part_variance);
  CHECK(images::same_bits(Image<float>(mean.block(18, 22, 50, 545)), Image<float>(part_mean.block(5, 5, 50, 545))));
  CHECK(images::same_bits(Image<float>(variance.block(18, 22, 50, 545)),
                          Image<float>(part_variance.block(5, 5, 50, 545))));
}
