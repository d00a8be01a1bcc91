#include <boxlap/raster/stream.hpp>
#include <boxlap/raster/window.hpp>

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "images.hpp"

using namespace boxlap;
using images::Image;

TEMPLATE_TEST_CASE("rows pushed one by one give the bits of the array form", "", std::uint8_t, std::uint16_t, float,
                   double) {
  std::mt19937 rng(29);
  std::bernoulli_distribution coin(0.2);
  using Out = std::conditional_t<std::same_as<TestType, double>, double, float>;
  for (const auto& [rows, cols] : {std::pair<Index, Index>{1, 1}, {2, 300}, {5, 3}, {40, 37}}) {
    const auto image = images::random<TestType>(rows, cols, rng);
    Image<bool> valid(rows, cols);
    Image<std::uint8_t> valid_bytes(rows, cols);
    for (Index k = 0; k < image.size(); ++k) {
      valid.data()[k] = !coin(rng);
      valid_bytes.data()[k] = valid.data()[k];
    }
    for (const Border border : {Border::reflect, Border::mirror, Border::nearest, Border::constant}) {
      for (const int window : {1, 2, 3, 4, 7, 12, 31}) {
        for (const bool skip : {false, true}) {
          INFO(rows << " x " << cols << ", window " << window << ", border " << int(border) << ", skip " << skip);
          Image<Out> mean, variance, row_mean(rows, cols), row_variance(rows, cols);
          moving_moments(image, window, mean, variance,
                         {.border = border, .border_value = 2, .mask = skip ? Mask(valid) : Mask()});
          MomentsStream<TestType> stream(cols, window, {.border = border, .border_value = 2, .skip_nan = skip});
          for (int image_number = 0; image_number < 2; ++image_number) {  // the stream is ready for a second image
            Index next = 0;
            const auto sink = [&](Index y, std::span<const Out> m, std::span<const Out> v) {
              REQUIRE(y == next++);
              std::copy(m.begin(), m.end(), &row_mean(y, 0));
              std::copy(v.begin(), v.end(), &row_variance(y, 0));
            };
            for (Index y = 0; y < rows; ++y) {
              const std::span<const TestType> row(&image(y, 0), std::size_t(cols));
              if (skip) {
                stream.push(row, std::span<const std::uint8_t>(&valid_bytes(y, 0), std::size_t(cols)), sink);
              } else {
                stream.push(row, sink);
              }
            }
            stream.finish(sink);
            CHECK(next == rows);
            CHECK(images::same_bits(mean, row_mean));
            CHECK(images::same_bits(variance, row_variance));
          }
        }
      }
    }
  }
}

TEST_CASE("what a stream cannot do is refused with its values") {
  using Catch::Matchers::Contains;
  const std::vector<float> memory(200);
  CHECK_THROWS_WITH(MomentsStream<float>(5, 3, {.border = Border::wrap}), Contains("wrap"));
  MomentsStream<float> stream(5, 3);
  CHECK_THROWS_WITH(stream.push(std::span<const float>(memory.data(), 4), [](auto...) {}), Contains("row has 4"));
  const std::vector<std::uint8_t> valid(5);
  CHECK_THROWS_WITH(stream.push(std::span<const float>(memory.data(), 5), valid, [](auto...) {}), Contains("skip_nan"));
  const Image<bool> mask = Image<bool>::Constant(2, 5, true);
  CHECK_THROWS_WITH(MomentsStream<float>(5, 3, {.mask = mask}), Contains("mask"));
  CHECK_THROWS_AS(MomentsStream<float>(0, 3), std::invalid_argument);
  CHECK_THROWS_AS(MomentsStream<float>(5, 0), std::invalid_argument);
}
