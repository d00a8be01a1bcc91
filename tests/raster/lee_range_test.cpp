#include <boxlap/raster/lee.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <span>

#include "images.hpp"

using namespace boxlap;
using images::Image;

namespace {

const Speckle speckle = Speckle::intensity(4);

constexpr Deviation deviations[] = {Deviation::textbook, Deviation::own_mean};

template <class T>
Image<T> filtered(const Image<T>& image, int window, const WindowOptions& options = {},
                  Deviation deviation = Deviation::textbook) {
  Image<T> out;
  enhanced_lee(image, window, speckle, out, deviation, options);
  return out;
}

/// The same from rows pushed one by one.
template <class T>
Image<T> streamed(const Image<T>& image, int window, const WindowOptions& options = {},
                  Deviation deviation = Deviation::textbook) {
  Image<T> out(image.rows(), image.cols());
  LeeStream<T> stream(Index(image.cols()), window, speckle, deviation, options);
  const auto sink = [&](Index y, std::span<const T> row) { std::copy(row.begin(), row.end(), &out(y, 0)); };
  for (Index y = 0; y < image.rows(); ++y) {
    stream.push(std::span<const T>(&image(y, 0), std::size_t(image.cols())), sink);
  }
  stream.finish(sink);
  return out;
}

/// The formula in long double, whose exponents have room for all of this.
template <class T>
Image<long double> plain(const Image<T>& image, const images::Plain& moments) {
  Image<long double> out(image.rows(), image.cols());
  for (Eigen::Index k = 0; k < image.size(); ++k) {
    const long double mean = moments.mean.data()[k], deviation = std::sqrt(moments.variance.data()[k]);
    const auto pixel = static_cast<long double>(image.data()[k]);
    const long double c = deviation > 0 ? deviation / mean : 0;  // infinite where the mean is 0
    const long double weight = c <= speckle.cu     ? 1
                               : c >= speckle.cmax ? 0
                                                   : std::exp(-(c - speckle.cu) / (speckle.cmax - c));
    out.data()[k] = mean * weight + pixel * (1 - weight);
  }
  return out;
}

/// The same bits, but for what is left of a mean beside a pixel of 0: less than 1e-30 of it.
template <class T>
bool same_but_for_traces(const Image<T>& scaled, const Image<T>& unscaled, T unit, T mean) {
  const Image<T> want = unscaled * unit;
  for (Eigen::Index k = 0; k < want.size(); ++k) {
    if (std::memcmp(&scaled.data()[k], &want.data()[k], sizeof(T)) != 0 &&
        !(std::abs((long double)(scaled.data()[k]) - (long double)(want.data()[k])) <=
          1e-30L * (long double)(mean) * (long double)(unit))) {
      return false;
    }
  }
  return true;
}

/// NaN pixels do not count where `skip` is set.
template <class T>
double worst_error(const Image<T>& got, const Image<T>& image, int window, bool skip,
                   Deviation deviation = Deviation::textbook, Border border = Border::reflect) {
  const auto moments = images::plain_moments(image, window, border, 0, deviation,
                                             [&](Index y, Index x) { return !skip || image(y, x) == image(y, x); });
  const Image<long double> want = plain(image, moments);
  double worst = 0;
  for (Eigen::Index k = 0; k < got.size(); ++k) {
    if (image.data()[k] == image.data()[k]) {
      const long double scale = std::abs(moments.mean.data()[k]) + std::abs((long double)(image.data()[k]));
      const long double error = std::abs((long double)(got.data()[k]) - want.data()[k]);
      worst = std::max(worst, scale > 0 ? double(error / scale) : error > 0 ? 1.0 : 0.0);
      worst = std::isfinite(got.data()[k]) ? worst : std::numeric_limits<double>::infinity();
    }
  }
  return worst;
}

}  // namespace

TEST_CASE("SAR users: a small image in units from 1e-30 to 1e30") {
  Image<float> image(3, 3);
  image << 1, 9, 2, 8, 3, 7, 1, 9, 2;
  for (const float unit : {1.0F, 1e-10F, 1e-20F, 1e-30F, 1e10F, 1e20F, 1e30F, 1e36F}) {
    INFO("unit " << unit);
    CHECK(std::abs(filtered<float>(image * unit, 3)(1, 1) / unit - 4.117) < 0.001);
    CHECK(std::abs(streamed<float>(image * unit, 3)(1, 1) / unit - 4.117) < 0.001);
  }
}

TEMPLATE_TEST_CASE("another unit gives the same bits, times a power of two", "", float, double) {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 rng(seed);
  constexpr bool is_float = std::same_as<TestType, float>;
  Image<TestType> image = images::random<TestType>(23, 41, rng);
  image.block(5, 7, 9, 9) = 0;             // nodata
  image.block(5, 20, 9, 9) = 42.5;         // flat
  image(12, 3) = image.maxCoeff() * 1000;  // a target
  image(20, 30) = std::numeric_limits<TestType>::quiet_NaN();
  for (const Deviation deviation : deviations) {
    for (const WindowOptions& options : {WindowOptions{}, WindowOptions{.skip_nan = true}}) {
      for (const int window : {3, 4, 7}) {
        const Image<TestType> unscaled = filtered(image, window, options, deviation);
        for (int exponent = is_float ? -100 : -900; exponent <= (is_float ? 100 : 900); exponent += is_float ? 5 : 75) {
          INFO("own_mean " << (deviation == Deviation::own_mean) << ", window " << window << ", 2^" << exponent
                           << ", skip_nan " << options.skip_nan);
          const TestType unit = std::ldexp(TestType{1}, exponent);
          const Image<TestType> scaled = image * unit;
          const Image<TestType> out = filtered(scaled, window, options, deviation);
          CHECK(same_but_for_traces(out, unscaled, unit, image(12, 3)));  // no mean is larger
          CHECK(images::same_bits(streamed(scaled, window, options, deviation), out));
        }
      }
    }
  }
}

TEST_CASE("a pixel of any size leaves the windows that do not hold it as they were, and the others finite") {
  std::mt19937 rng(12);
  const auto image = images::random<float>(60, 50, rng);
  for (const int window : {3, 7}) {
    const Image<float> clean = filtered(image, window);
    for (const float pixel : {1e20F, 9.97e36F, -3.4e38F, 3.4e38F, -1e25F, 1e-20F, -1e-30F, 1e-44F, 0.0F}) {
      INFO("window " << window << ", pixel " << pixel);
      Image<float> spoiled = image;
      spoiled(40, 20) = spoiled(40, 22) = spoiled(0, 0) = pixel;
      const Image<float> out = filtered(spoiled, window);
      CHECK(out.isFinite().all());
      CHECK(worst_error(out, spoiled, window, false) < 1.1e-6);
      CHECK(images::same_bits(streamed(spoiled, window), out));
      Index away = 0, equal = 0;
      for (Index y = 0; y < 60; ++y) {
        for (Index x = 0; x < 50; ++x) {
          const Index half = window / 2;
          const bool near = (std::abs(y - 40) <= half && (std::abs(x - 20) <= half || std::abs(x - 22) <= half)) ||
                            (y <= half && x <= half);
          away += !near;
          equal += !near && out(y, x) == clean(y, x);
        }
      }
      CHECK(equal == away);
    }
  }
}

TEST_CASE("pixels of all magnitudes side by side: the formula, in strips, on threads, in place and row by row") {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 rng(seed);
  std::uniform_real_distribution<float> exponent(-95, 95), near(0.5F, 2);
  for (const auto& [rows, cols] : {std::pair<Index, Index>{40, 50}, {300, 9}, {3, 4100}}) {
    Image<float> image(rows, cols);
    for (Index k = 0; k < image.size(); ++k) {
      image.data()[k] = near(rng) * std::exp2(std::floor(exponent(rng)));
    }
    for (Index block = 0; block < 8; ++block) {  // neighbours alike, so that some windows are flat and some in between
      const Index y = Index(rng() % std::uint32_t(rows)), x = Index(rng() % std::uint32_t(cols));
      const float unit = std::exp2(std::floor(exponent(rng)));
      for (Index v = y; v < std::min(rows, y + 12); ++v) {
        for (Index u = x; u < std::min(cols, x + 12); ++u) {
          image(v, u) = near(rng) * unit;
        }
      }
    }
    for (const bool skip : {false, true}) {
      if (skip) {
        image(rows / 2, cols / 2) = image(0, 3) = std::numeric_limits<float>::quiet_NaN();
      }
      for (const auto& [window, deviation] : {std::pair{3, Deviation::textbook},
                                              {6, Deviation::textbook},
                                              {3, Deviation::own_mean},
                                              {6, Deviation::own_mean}}) {
        INFO(rows << " x " << cols << ", window " << window << ", skip_nan " << skip << ", own_mean "
                  << (deviation == Deviation::own_mean));
        const Image<float> out = filtered(image, window, {.skip_nan = skip}, deviation);
        CHECK(worst_error(out, image, window, skip, deviation) < 1.1e-6);
        CHECK(images::same_bits(streamed(image, window, {.skip_nan = skip}, deviation), out));
        CHECK(images::same_bits(filtered(image, window, {.skip_nan = skip, .threads = 3}, deviation), out));
        for (const int threads : {1, 2}) {
          Image<float> same = image;
          enhanced_lee(same, window, speckle, same, deviation, {.skip_nan = skip, .threads = threads});
          CHECK(images::same_bits(same, out));
        }
      }
    }
  }
}

TEST_CASE("large windows have the same range") {
  std::mt19937 rng(13);
  const auto image = images::random<float>(12, 10, rng);
  for (const auto& [window, deviation] : {std::pair{60, Deviation::textbook},
                                          {251, Deviation::textbook},
                                          {60, Deviation::own_mean},
                                          {251, Deviation::own_mean}}) {
    const Image<float> unscaled = filtered(image, window, {}, deviation);
    for (int exponent = -100; exponent <= 90; exponent += 10) {
      INFO("window " << window << ", 2^" << exponent << ", own_mean " << (deviation == Deviation::own_mean));
      const float unit = std::ldexp(1.0F, exponent);
      CHECK(images::same_bits(filtered<float>(image * unit, window, {}, deviation), Image<float>(unscaled * unit)));
      CHECK(images::same_bits(streamed<float>(image * unit, window, {}, deviation), Image<float>(unscaled * unit)));
    }
  }
}

TEMPLATE_TEST_CASE("own means: a small image in all units of the range", "", float, double) {
  constexpr bool is_float = std::same_as<TestType, float>;
  constexpr int most = is_float ? 96 : 890, step = is_float ? 1 : 10;
  Image<TestType> image(3, 3), out;
  image << 1, 9, 2, 8, 3, 7, 1, 9, 2;
  const Image<TestType> unscaled = filtered(image, 3, {}, Deviation::own_mean);
  for (int exponent = -most; exponent <= most; exponent += step) {
    INFO("2^" << exponent);
    const TestType unit = std::ldexp(TestType{1}, exponent);
    CHECK(images::same_bits(filtered<TestType>(image * unit, 3, {}, Deviation::own_mean),
                            Image<TestType>(unscaled * unit)));
  }
  for (int exponent = is_float ? -30 : -270; exponent <= (is_float ? 30 : 270); exponent += is_float ? 1 : 6) {
    INFO("10^" << exponent);
    const Image<TestType> scaled = image * TestType(std::pow(10.0, exponent));
    for (const Border border : images::borders) {
      const WindowOptions options{.border = border};
      out = filtered(scaled, 3, options, Deviation::own_mean);
      CHECK(worst_error(out, scaled, 3, false, Deviation::own_mean, border) < (is_float ? 1.1e-6 : 1.1e-14));
      if (border != Border::wrap) {
        CHECK(images::same_bits(streamed(scaled, 3, options, Deviation::own_mean), out));
      }
    }
  }
}

TEST_CASE("own means: a pixel of any size leaves the windows that it does not reach as they were, the others finite") {
  std::mt19937 rng(14);
  const auto image = images::random<float>(60, 50, rng);
  for (const int window : {3, 7}) {
    const Image<float> clean = filtered(image, window, {}, Deviation::own_mean);
    for (const float pixel : {1e18F, 1e20F, -1e25F, -1e30F, 1e36F, 1e-20F, -1e-30F, 1e-44F, 0.0F}) {
      INFO("window " << window << ", pixel " << pixel);
      Image<float> spoiled = image;
      spoiled(40, 20) = spoiled(40, 22) = spoiled(0, 0) = pixel;
      const Image<float> out = filtered(spoiled, window, {}, Deviation::own_mean);
      CHECK(out.isFinite().all());
      CHECK(worst_error(out, spoiled, window, false, Deviation::own_mean) < 1.1e-6);
      CHECK(images::same_bits(streamed(spoiled, window, {}, Deviation::own_mean), out));
      Index away = 0, equal = 0;
      for (Index y = 0; y < 60; ++y) {
        for (Index x = 0; x < 50; ++x) {
          const Index reach = 2 * (window / 2);
          const bool near = (std::abs(y - 40) <= reach && (std::abs(x - 20) <= reach || std::abs(x - 22) <= reach)) ||
                            (y <= reach && x <= reach);
          away += !near;
          equal += !near && out(y, x) == clean(y, x);
        }
      }
      CHECK(equal == away);
    }
  }
}

TEST_CASE("own means: nodata of -3.4e38 spoils the windows it reaches, and none when it does not count") {
  std::mt19937 rng(16);
  const auto image = images::random<float>(40, 30, rng);
  Image<float> spoiled = image, skipped = image;
  Image<bool> valid = Image<bool>::Constant(40, 30, true);
  spoiled.block(10, 10, 3, 3) = -3.4e38F;
  skipped.block(10, 10, 3, 3) = std::numeric_limits<float>::quiet_NaN();
  valid.block(10, 10, 3, 3) = false;
  const Image<float> clean = filtered(image, 5, {}, Deviation::own_mean);
  const Image<float> out = filtered(spoiled, 5, {}, Deviation::own_mean);
  for (Index y = 0; y < 40; ++y) {
    for (Index x = 0; x < 30; ++x) {
      const bool near = y >= 6 && y <= 16 && x >= 6 && x <= 16;
      CHECK((near || out(y, x) == clean(y, x)));
    }
  }
  const Image<float> without = filtered(skipped, 5, {.skip_nan = true}, Deviation::own_mean);
  Image<float> masked = filtered(spoiled, 5, {.mask = valid}, Deviation::own_mean);
  CHECK((masked.block(10, 10, 3, 3) == -3.4e38F).all());  // invalid pixels keep their value
  masked.block(10, 10, 3, 3) = skipped.block(10, 10, 3, 3);
  CHECK(images::same_bits(masked, without));
}

TEST_CASE("own means of nodata 0 beside data are 0 whatever cmax is") {
  std::mt19937 rng(17);
  for (const float unit : {1e-30F, 1.0F, 1e30F}) {
    Image<float> image = images::random<float>(30, 30, rng) * unit * 1e-3F;
    image.block(8, 8, 14, 14) = 0;
    for (const double cmax : {1.5, 1e30, 1e300, std::numeric_limits<double>::infinity()}) {
      INFO("unit " << unit << ", cmax " << cmax);
      Image<float> out;
      enhanced_lee(image, 5, Speckle{.cu = 0.5, .cmax = cmax}, out, Deviation::own_mean);
      CHECK(out.isFinite().all());
      CHECK((out.block(10, 10, 10, 10) == 0).all());
    }
  }
}

TEST_CASE("moments have the range of squares, with either deviation") {
  std::mt19937 rng(14);
  const auto image = images::random<float>(20, 25, rng);
  Image<float> mean, variance;
  Image<double> wide_mean, wide_variance, moments_mean, moments_variance;
  for (const Deviation deviation : deviations) {
    moving_moments(image, 7, moments_mean, moments_variance, deviation);
    const auto relative = [&](const Image<double>& got, float unit) {
      return (got / (double(unit) * unit) / moments_variance - 1).abs().maxCoeff();
    };
    for (const float unit : {1e-18F, 1e15F}) {  // deviations of 1e-17 to 1e17
      moving_moments(Image<float>(image * unit), 7, mean, variance, deviation);
      CHECK(relative(variance.cast<double>(), unit) < 1e-5);
    }
    moving_moments(Image<float>(image * 1e-26F), 7, mean, variance, deviation);
    CHECK((variance == 0).all());
    moving_moments(Image<float>(image * 1e20F), 7, mean, variance, deviation);
    CHECK((variance.isFinite()).count() == 0);
    CHECK(mean.isFinite().all());
    for (const float unit : {1e-35F, 1e30F}) {  // in double any float
      moving_moments(Image<float>(image * unit), 7, wide_mean, wide_variance, deviation);
      CHECK(relative(wide_variance, unit) < 1e-5);
    }
  }
}

TEST_CASE("rows that were safe count in the windows of rows that are not") {
  std::mt19937 rng(15);
  std::uniform_real_distribution<float> near(1, 1.3F);
  Image<float> image(40, 20);
  for (Index k = 0; k < image.size(); ++k) {
    image.data()[k] = near(rng) * std::ldexp(1.0F, k < 20 * 20 ? 56 : 60);  // 49 squares of the latter overflow
  }
  const Image<float> out = filtered(image, 7);
  CHECK(worst_error(out, image, 7, false) < 1.1e-6);
  CHECK(images::same_bits(streamed(image, 7), out));
}

TEST_CASE("own means: rows whose residuals were safe count in the windows of rows whose are not") {
  std::mt19937 rng(18);
  std::uniform_real_distribution<float> near(1, 1.3F);
  Image<float> image(40, 20);
  for (Index k = 0; k < image.size(); ++k) {
    image.data()[k] = near(rng) * std::ldexp(1.0F, k < 20 * 20 ? 56 : 65);
  }
  const float unit = std::ldexp(1.0F, 60);
  const Image<float> unscaled = filtered<float>(image / unit, 7, {}, Deviation::own_mean);
  CHECK(images::same_bits(filtered(image, 7, {}, Deviation::own_mean), Image<float>(unscaled * unit)));
  CHECK(images::same_bits(streamed(image, 7, {}, Deviation::own_mean), Image<float>(unscaled * unit)));
}
