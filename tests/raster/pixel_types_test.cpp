#include <boxlap/raster/lee.hpp>
#include <boxlap/raster/stream.hpp>
#include <boxlap/raster/window.hpp>

#include <memory>
#include <span>

#include "images.hpp"

using namespace boxlap;
using images::Image;

// What raster functions do with each type of pixel:
//   bool                              summed as 0 and 1: means are shares
//   char, 8- and 16-bit integers      exact integer sums
//   longer integers                   double sums
//   float, double                     sums in the wider of pixel and result
//   long double, complex, Eigen::half refused by a static_assert (tests/compile_fail)
//   expressions                       refused by a static_assert (tests/compile_fail)

namespace {

/// The rows of `image`, pushed one by one.
template <class Stream, class Pixel, class Sink>
void push_all(Stream&& stream, const Image<Pixel>& image, const Sink& sink) {
  for (Index y = 0; y < image.rows(); ++y) {
    stream.push(std::span<const Pixel>(&image(y, 0), std::size_t(image.cols())), sink);
  }
  stream.finish(sink);
}

}  // namespace

// The types that window_test, stream_test and lee_test leave out.
TEMPLATE_TEST_CASE("window functions take every type of pixel", "", bool, char, std::int16_t, std::uint32_t,
                   std::int64_t) {
  std::mt19937 rng(41);
  const Index rows = 9, cols = 14;
  const auto image = images::random<TestType>(rows, cols, rng);
  const double most = std::max(1.0, double(image.template cast<double>().abs().maxCoeff()));
  using Out = std::conditional_t<std::same_as<TestType, double>, double, float>;
  const double ulp = std::numeric_limits<Out>::epsilon();
  for (const Deviation deviation : {Deviation::textbook, Deviation::own_mean}) {
    const WindowOptions options{.border = Border::constant, .border_value = 1};
    const auto truth = images::plain_moments(image, 4, Border::constant, 1, deviation);
    const Image<double> want_mean = truth.mean.template cast<double>();
    const Image<double> want_variance = truth.variance.template cast<double>();
    Image<Out> only, mean, variance, lee, row_mean(rows, cols), row_variance(rows, cols), row_lee(rows, cols);
    moving_mean(image, 4, only, options);
    moving_moments(image, 4, mean, variance, deviation, options);
    CHECK((only.template cast<double>() - want_mean).abs().maxCoeff() <= 8 * ulp * most);
    CHECK((mean.template cast<double>() - want_mean).abs().maxCoeff() <= 8 * ulp * most);
    CHECK((variance.template cast<double>() - want_variance).abs().maxCoeff() <= 64 * ulp * most * most);
    push_all(MomentsStream<TestType>(cols, 4, deviation, options), image,
             [&](Index y, std::span<const Out> m, std::span<const Out> v) {
               std::copy(m.begin(), m.end(), &row_mean(y, 0));
               std::copy(v.begin(), v.end(), &row_variance(y, 0));
             });
    CHECK(images::same_bits(mean, row_mean));
    CHECK(images::same_bits(variance, row_variance));
    enhanced_lee(image, 4, Speckle::intensity(4), lee, deviation, options);
    push_all(LeeStream<TestType>(cols, 4, Speckle::intensity(4), deviation, options), image,
             [&](Index y, std::span<const Out> row) { std::copy(row.begin(), row.end(), &row_lee(y, 0)); });
    CHECK(images::same_bits(lee, row_lee));
  }
}

TEST_CASE("the mean of a mask is the share of pixels that are set") {
  Image<bool> mask(4, 5);
  mask << 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0;
  Image<double> share, variance;
  moving_mean(mask, 3, share, {.border = Border::constant});
  CHECK(share(1, 3) == 7.0 / 9);
  CHECK(share(0, 0) == 1.0 / 9);
  CHECK(share(3, 4) == 2.0 / 9);
  moving_moments(mask, 3, share, variance, {.border = Border::constant});
  CHECK(variance(1, 3) == 14.0 / 81);
  moving_mean(mask, 3, share, {.border = Border::constant, .border_value = 1});
  CHECK(share(0, 0) == 6.0 / 9);
  using Catch::Matchers::Contains;
  CHECK_THROWS_WITH(moving_mean(mask, 3, share, {.border = Border::constant, .border_value = 2}), Contains("is 2"));
  CHECK_THROWS_WITH(MomentsStream<bool>(5, 3, {.border = Border::constant, .border_value = 2}), Contains("is 2"));
  CHECK_THROWS_WITH(LeeStream<bool>(5, 3, Speckle::intensity(4), {.border = Border::constant, .border_value = 0.5}),
                    Contains("0.5"));
}

TEST_CASE("options may follow the arguments that everybody gives") {
  const Image<float> image = Image<float>::Constant(6, 5, 2);
  Image<float> mean, variance, out;
  moving_mean(image, 3, mean, {.skip_nan = true});
  moving_moments(image, 3, mean, variance, {.skip_nan = true});
  enhanced_lee(image, 3, Speckle::intensity(4), out, {.skip_nan = true});
  const auto ignore = [](auto...) {};
  push_all(MomentsStream<float>(5, 7, {.skip_nan = true}), image, ignore);
  push_all(MomentsStream<float>(5, 7, Deviation::own_mean, {.skip_nan = true}), image, ignore);
  int rows = 0;
  push_all(LeeStream<float>(5, 7, Speckle::intensity(4), {.skip_nan = true}), image,
           [&](Index, std::span<const float> row) { rows += row[0] == 2; });
  CHECK(rows == 6);
  push_all(LeeStream<float>(5, 7, Speckle::intensity(4), Deviation::own_mean, {.skip_nan = true}), image, ignore);
  CHECK((out == 2).all());
}
