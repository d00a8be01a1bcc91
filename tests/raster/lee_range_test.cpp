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

template <class T>
Image<T> filtered(const Image<T>& image, int window, const WindowOptions& options = {}) {
  Image<T> out;
  enhanced_lee(image, window, speckle, out, options);
  return out;
}

/// The same from rows pushed one by one.
template <class T>
Image<T> streamed(const Image<T>& image, int window, const WindowOptions& options = {}) {
  Image<T> out(image.rows(), image.cols());
  LeeStream<T> stream(Index(image.cols()), window, speckle, options);
  const auto sink = [&](Index y, std::span<const T> row) { std::copy(row.begin(), row.end(), &out(y, 0)); };
  for (Index y = 0; y < image.rows(); ++y) {
    stream.push(std::span<const T>(&image(y, 0), std::size_t(image.cols())), sink);
  }
  stream.finish(sink);
  return out;
}

/// The formula in long double, whose exponents have room for all of this. NaN pixels do not count where `skip` is set.
template <class T>
Image<long double> plain(const Image<T>& image, int window, bool skip) {
  const auto moments = images::plain_moments(image, window, Border::reflect, 0, Deviation::textbook,
                                             [&](Index y, Index x) { return !skip || image(y, x) == image(y, x); });
  Image<long double> out(image.rows(), image.cols());
  for (Eigen::Index k = 0; k < image.size(); ++k) {
    const long double mean = moments.mean.data()[k], deviation = std::sqrt(moments.variance.data()[k]);
    const auto pixel = static_cast<long double>(image.data()[k]);
    const long double c = deviation > 0 ? deviation / mean : 0;
    const long double weight = c <= speckle.cu     ? 1
                               : c >= speckle.cmax ? 0
                                                   : std::exp(-(c - speckle.cu) / (speckle.cmax - c));
    out.data()[k] = mean * weight + pixel * (1 - weight);
  }
  return out;
}

/// The same bits, but for what is left of a mean of some hundred beside a pixel of 0: less than 1e-30.
template <class T>
bool same_but_for_traces(const Image<T>& scaled, const Image<T>& unscaled, T unit) {
  const Image<T> want = unscaled * unit;
  for (Eigen::Index k = 0; k < want.size(); ++k) {
    if (std::memcmp(&scaled.data()[k], &want.data()[k], sizeof(T)) != 0 &&
        !(std::abs((long double)(scaled.data()[k]) - (long double)(want.data()[k])) <= 1e-30L * (long double)(unit))) {
      return false;
    }
  }
  return true;
}

template <class T>
double worst_error(const Image<T>& got, const Image<T>& image, int window, bool skip) {
  const Image<long double> want = plain(image, window, skip);
  const auto moments = images::plain_moments(image, window, Border::reflect, 0, Deviation::textbook,
                                             [&](Index y, Index x) { return !skip || image(y, x) == image(y, x); });
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
  for (const WindowOptions& options : {WindowOptions{}, WindowOptions{.skip_nan = true}}) {
    for (const int window : {3, 4, 7}) {
      const Image<TestType> unscaled = filtered(image, window, options);
      for (int exponent = is_float ? -100 : -900; exponent <= (is_float ? 100 : 900); exponent += is_float ? 5 : 75) {
        INFO("window " << window << ", 2^" << exponent << ", skip_nan " << options.skip_nan);
        const TestType unit = std::ldexp(TestType{1}, exponent);
        const Image<TestType> scaled = image * unit;
        const Image<TestType> out = filtered(scaled, window, options);
        CHECK(same_but_for_traces(out, unscaled, unit));
        CHECK(images::same_bits(streamed(scaled, window, options), out));
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
      for (const int window : {3, 6}) {
        INFO(rows << " x " << cols << ", window " << window << ", skip_nan " << skip);
        const Image<float> out = filtered(image, window, {.skip_nan = skip});
        CHECK(worst_error(out, image, window, skip) < 1.1e-6);
        CHECK(images::same_bits(streamed(image, window, {.skip_nan = skip}), out));
        CHECK(images::same_bits(filtered(image, window, {.skip_nan = skip, .threads = 3}), out));
        for (const int threads : {1, 2}) {
          Image<float> same = image;
          enhanced_lee(same, window, speckle, same, {.skip_nan = skip, .threads = threads});
          CHECK(images::same_bits(same, out));
        }
      }
    }
  }
}

TEST_CASE("large windows have the same range") {
  std::mt19937 rng(13);
  const auto image = images::random<float>(12, 10, rng);
  for (const int window : {60, 251}) {
    const Image<float> unscaled = filtered(image, window);
    for (int exponent = -100; exponent <= 90; exponent += 10) {
      INFO("window " << window << ", 2^" << exponent);
      const float unit = std::ldexp(1.0F, exponent);
      CHECK(images::same_bits(filtered<float>(image * unit, window), Image<float>(unscaled * unit)));
      CHECK(images::same_bits(streamed<float>(image * unit, window), Image<float>(unscaled * unit)));
    }
  }
}

TEST_CASE("own means have the range that the doc says, and moments") {
  std::mt19937 rng(14);
  const auto image = images::random<float>(20, 25, rng);
  Image<float> unscaled, out, mean, variance;
  enhanced_lee(image, 7, speckle, unscaled, Deviation::own_mean);
  for (const float unit : {1e-17F, 1e13F}) {  // pixels of 1e-16 to 1e15
    enhanced_lee(Image<float>(image * unit), 7, speckle, out, Deviation::own_mean);
    CHECK(((out / unit - unscaled).abs() <= 1e-5F * unscaled).all());
  }
  for (const float unit : {1e-30F, 1e18F, 1e30F}) {
    enhanced_lee(Image<float>(image * unit), 7, speckle, out, Deviation::own_mean);
    CHECK(out.isFinite().all());
  }
  Image<double> wide_mean, wide_variance, moments_mean, moments_variance;
  moving_moments(image, 7, moments_mean, moments_variance);
  for (const float unit : {1e-18F, 1e15F}) {  // deviations of 1e-17 to 1e17
    moving_moments(Image<float>(image * unit), 7, mean, variance);
    const Image<double> relative = variance.cast<double>() / (double(unit) * unit) / moments_variance - 1;
    CHECK(relative.abs().maxCoeff() < 1e-5);
  }
  moving_moments(Image<float>(image * 1e-26F), 7, mean, variance);
  CHECK((variance == 0).all());
  moving_moments(Image<float>(image * 1e20F), 7, mean, variance);
  CHECK((variance.isFinite()).count() == 0);
  for (const float unit : {1e-35F, 1e30F}) {  // in double any float
    moving_moments(Image<float>(image * unit), 7, wide_mean, wide_variance);
    const Image<double> relative = wide_variance / (double(unit) * unit) / moments_variance - 1;
    CHECK(relative.abs().maxCoeff() < 1e-5);
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
