#include <boxlap/raster/lee.hpp>
#include <boxlap/raster/stream.hpp>
#include <boxlap/raster/window.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "images.hpp"

using namespace boxlap;
using images::Image;

namespace {

/// Pushes an image twice: the stream must be ready for a second one. sink(y, spans...) is checked for the order of
/// rows.
template <class Stream, class Pixel, class Sink>
void push_twice(Stream& stream, const Image<Pixel>& image, const Image<std::uint8_t>* valid, const Sink& sink) {
  for (int image_number = 0; image_number < 2; ++image_number) {
    Index next = 0;
    const auto in_order = [&](Index y, auto... spans) {
      REQUIRE(y == next++);
      sink(y, spans...);
    };
    for (Index y = 0; y < image.rows(); ++y) {
      const std::span<const Pixel> row(&image(y, 0), std::size_t(image.cols()));
      if (valid != nullptr) {
        stream.push(row, std::span<const std::uint8_t>(&(*valid)(y, 0), row.size()), in_order);
      } else {
        stream.push(row, in_order);
      }
    }
    stream.finish(in_order);
    CHECK(next == image.rows());
  }
}

}  // namespace

TEMPLATE_TEST_CASE("rows pushed one by one give the bits of the array form", "", std::uint8_t, std::uint16_t, float,
                   double) {
  std::mt19937 rng(29);
  std::bernoulli_distribution coin(0.2);
  using Out = std::conditional_t<std::same_as<TestType, double>, double, float>;
  const Speckle speckle = Speckle::intensity(4);
  for (const auto& [rows, cols] : {std::pair<Index, Index>{1, 1}, {2, 300}, {5, 3}, {40, 37}}) {
    auto image = images::random<TestType>(rows, cols, rng);
    Image<bool> valid(rows, cols);
    Image<std::uint8_t> valid_bytes(rows, cols);
    for (Index k = 0; k < image.size(); ++k) {
      valid.data()[k] = !coin(rng);
      valid_bytes.data()[k] = valid.data()[k];
    }
    for (const Border border : {Border::reflect, Border::mirror, Border::nearest, Border::constant}) {
      for (const int window : {1, 2, 3, 4, 7, 12, 31}) {
        for (const bool skip : {false, true}) {
          for (const Deviation deviation : {Deviation::textbook, Deviation::own_mean}) {
            INFO(rows << " x " << cols << ", window " << window << ", border " << int(border) << ", skip " << skip
                      << ", deviation " << int(deviation));
            const WindowOptions whole{.border = border, .border_value = 2, .mask = skip ? Mask(valid) : Mask()};
            const WindowOptions by_row{.border = border, .border_value = 2, .skip_nan = skip};
            const auto* bytes = skip ? &valid_bytes : nullptr;
            Image<Out> mean, variance, lee, row_mean(rows, cols), row_variance(rows, cols), row_lee(rows, cols);
            moving_moments(image, window, mean, variance, deviation, whole);
            MomentsStream<TestType> moments(cols, window, deviation, by_row);
            push_twice(moments, image, bytes, [&](Index y, std::span<const Out> m, std::span<const Out> v) {
              std::copy(m.begin(), m.end(), &row_mean(y, 0));
              std::copy(v.begin(), v.end(), &row_variance(y, 0));
            });
            CHECK(images::same_bits(mean, row_mean));
            CHECK(images::same_bits(variance, row_variance));
            enhanced_lee(image, window, speckle, lee, deviation, whole);
            LeeStream<TestType> filter(cols, window, speckle, deviation, by_row);
            push_twice(filter, image, bytes, [&](Index y, std::span<const Out> filtered) {
              std::copy(filtered.begin(), filtered.end(), &row_lee(y, 0));
            });
            CHECK(images::same_bits(lee, row_lee));
          }
        }
      }
    }
  }
}

TEST_CASE("bytes at their largest on both sides of what 32 bits sum: rows pushed one by one give exact moments") {
  Image<std::uint8_t> image = Image<std::uint8_t>::Constant(3, 2, 255);
  image(1, 1) = 254;
  for (const Window window : {Window(127, 260), Window(127, 261)}) {  // 33,020 and 33,147 pixels
    for (const Deviation deviation : {Deviation::textbook, Deviation::own_mean}) {
      Image<float> mean, variance, row_mean(3, 2), row_variance(3, 2);
      moving_moments(image.cast<double>().eval(), window, mean, variance, deviation);
      MomentsStream<std::uint8_t> stream(2, window, deviation);
      push_twice(stream, image, nullptr, [&](Index y, std::span<const float> m, std::span<const float> v) {
        std::copy(m.begin(), m.end(), &row_mean(y, 0));
        std::copy(v.begin(), v.end(), &row_variance(y, 0));
      });
      CHECK((row_mean - mean).abs().maxCoeff() < 1e-4F);
      CHECK((row_variance - variance).abs().maxCoeff() < 1e-6F);
    }
  }
}

TEST_CASE("NaN pixels and a NaN border do not count in a stream that skips them") {
  std::mt19937 rng(30);
  auto image = images::random<float>(20, 15, rng);
  image(3, 4) = image(10, 0) = std::numeric_limits<float>::quiet_NaN();
  const WindowOptions options{
      .border = Border::constant, .border_value = std::numeric_limits<double>::quiet_NaN(), .skip_nan = true};
  for (const Deviation deviation : {Deviation::textbook, Deviation::own_mean}) {
    Image<float> mean, variance, row_mean(20, 15), row_variance(20, 15);
    moving_moments(image, 5, mean, variance, deviation, options);
    MomentsStream<float> stream(15, 5, deviation, options);
    push_twice(stream, image, nullptr, [&](Index y, std::span<const float> m, std::span<const float> v) {
      std::copy(m.begin(), m.end(), &row_mean(y, 0));
      std::copy(v.begin(), v.end(), &row_variance(y, 0));
    });
    CHECK(images::same_bits(mean, row_mean));
    CHECK(images::same_bits(variance, row_variance));
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
  CHECK_THROWS_WITH(LeeStream<float>(5, 3, Speckle{2, 1, 1}), Contains("cmax"));
}

TEST_CASE("images without pixels give images without pixels, and a stream without rows none") {
  const Image<float> flat(0, 7), narrow(7, 0);
  Image<float> mean, variance, filtered;
  for (const Image<float>* image : {&flat, &narrow}) {
    moving_moments(*image, 3, mean, variance);
    enhanced_lee(*image, 3, Speckle::intensity(4), filtered);
    for (const Image<float>* out : {&mean, &variance, &filtered}) {
      CHECK(out->rows() == image->rows());
      CHECK(out->cols() == image->cols());
    }
  }
  int rows = 0;
  const auto count = [&](auto...) { ++rows; };
  MomentsStream<float> moments(5, 3);
  moments.finish(count);
  LeeStream<float> lee(5, 3, Speckle::intensity(4));
  lee.finish(count);
  CHECK(rows == 0);
  const std::vector<float> row(5, 1.0F);
  moments.push(std::span<const float>(row), count);
  moments.finish(count);
  CHECK(rows == 1);
  moments.finish(count);
  CHECK(rows == 1);
}
