#include <boxlap/raster/lee.hpp>

#include "../support/memory.hpp"
#include "../support/rounds.hpp"
#include "images.hpp"

using namespace boxlap;
using images::Image;

namespace {

/// The filter's formula at each pixel, from window statistics in long double.
template <class T>
Image<double> plain_lee(const Image<T>& image, const images::Plain& moments, const Speckle& speckle) {
  Image<double> out(image.rows(), image.cols());
  for (Eigen::Index k = 0; k < image.size(); ++k) {
    const auto mean = moments.mean.data()[k], deviation = std::sqrt(moments.variance.data()[k]);
    const auto pixel = static_cast<long double>(image.data()[k]);
    const auto c = deviation > 0 ? deviation / mean : 0.0L;
    const auto weight = c <= speckle.cu     ? 1.0L
                        : c >= speckle.cmax ? 0.0L
                                            : std::exp(-speckle.damping * (c - speckle.cu) / (speckle.cmax - c));
    out.data()[k] = double(mean * weight + pixel * (1 - weight));
  }
  return out;
}

/// The largest |got - want| / (|mean| + |pixel|).
template <class T, class Out>
double error_of(const Image<Out>& got, const Image<double>& want, const Image<T>& image, const Image<double>& mean) {
  double worst = 0;
  for (Eigen::Index k = 0; k < got.size(); ++k) {
    const double scale = std::abs(mean.data()[k]) + std::abs(double(image.data()[k]));
    const double error = std::abs(double(got.data()[k]) - want.data()[k]);
    worst = std::max(worst, scale > 0 ? error / scale : error);
  }
  return worst;
}

template <class T, class Out>
void compare_with_fixture(const Image<T>& image, const std::string& name, int window, double tolerance) {
  INFO(name << " window " << window);
  const auto rows = Index(image.rows()), cols = Index(image.cols());
  const std::string stem = name + ".w" + std::to_string(window);
  const auto mean = images::raw<double>(stem + ".stats.f64", rows, cols, 0);
  Image<Out> out;
  enhanced_lee(image, window, Speckle::intensity(4, 1), out);
  CHECK(error_of(out, images::raw<double>(stem + ".lee.f64", rows, cols, 0), image, mean) <= tolerance);
  enhanced_lee(image, window, Speckle::intensity(4, 1), out, Deviation::own_mean);
  CHECK(error_of(out, images::raw<double>(stem + ".lee.f64", rows, cols, 1), image, mean) <= tolerance);
  enhanced_lee(image, window, Speckle::one_plus_two_looks(4, 1), out, Deviation::own_mean);
  CHECK(error_of(out, images::raw<double>(stem + ".lee.f64", rows, cols, 2), image, mean) <= tolerance);
}

}  // namespace

TEST_CASE("the peers' filtered images, every fixture") {
  if (fixture::missing()) {
    return;
  }
  const auto camera = images::pgm("camera.pgm");
  for (const int window : {3, 4, 11}) {
    compare_with_fixture<std::uint8_t, double>(camera, "camera", window, 1e-14);
    compare_with_fixture<std::uint8_t, float>(camera, "camera", window, 1e-6);
    compare_with_fixture<float, float>(camera.cast<float>(), "camera", window, 1e-6);
  }
  struct Case {
    const char* name;
    Index rows, cols;
    std::vector<int> windows;
  };
  for (const Case& c : {Case{"speckle4", 120, 144, {3, 7, 11}}, Case{"targets", 96, 96, {3, 7}},
                        Case{"offset", 64, 80, {5}}, Case{"margin0", 64, 96, {7}}, Case{"tiny", 3, 5, {3, 7, 31}}}) {
    const auto image = images::raw<float>(std::string(c.name) + ".f32", c.rows, c.cols);
    for (const int window : c.windows) {
      compare_with_fixture<float, float>(image, c.name, window, 1e-6);
      compare_with_fixture<double, double>(image.cast<double>(), c.name, window, 1e-14);
    }
  }
}

TEST_CASE("speckled images equal the formula, whatever looks and damping") {
  const auto seed = GENERATE(1u, 2u);
  std::mt19937 rng(seed);
  const auto image = images::random<float>(scenes::rounds(30), 40, rng);
  for (const double looks : {0.7, 1.0, 4.0, 10.0}) {
    for (const double damping : {0.0, 0.5, 1.0, 30.0}) {
      for (const Speckle& speckle : {Speckle::intensity(looks, damping), Speckle::amplitude(looks, damping)}) {
        for (const int window : {1, 2, 3, 5, 9}) {
          for (const Deviation deviation : {Deviation::textbook, Deviation::own_mean}) {
            INFO("seed " << seed << ", looks " << looks << ", damping " << damping << ", window " << window);
            const auto moments = images::plain_moments(image, window, Border::reflect, 0, deviation);
            Image<float> out;
            Image<double> wide;
            enhanced_lee(image, window, speckle, out, deviation);
            enhanced_lee(image, window, speckle, wide, deviation);
            const auto want = plain_lee(image, moments, speckle);
            const Image<double> mean = moments.mean.cast<double>();
            CHECK(error_of(out, want, image, mean) < 1e-6 * (1 + damping / 10));
            CHECK(error_of(wide, want, image, mean) < 1e-14 * (1 + damping / 10));
          }
        }
      }
    }
  }
}

TEST_CASE("thresholds of the speckle models") {
  using Catch::Matchers::WithinAbs;
  CHECK(Speckle::intensity(4).cu == 0.5);
  CHECK_THAT(Speckle::intensity(4).cmax, WithinAbs(std::sqrt(1.5), 1e-15));
  CHECK_THAT(Speckle::one_plus_two_looks(4).cmax, WithinAbs(3.0, 1e-15));
  CHECK_THAT(Speckle::amplitude(1).cu, WithinAbs(0.5227, 1e-4));
  CHECK_THAT(Speckle::amplitude(1).cmax, WithinAbs(std::sqrt(1.546), 1e-3));
  CHECK(Speckle::intensity(1).cmax == Speckle::one_plus_two_looks(1).cmax);
}

TEST_CASE("degenerate images: nodata, constants, one pixel, negative means, targets") {
  Image<float> out;
  enhanced_lee(Image<float>(Image<float>::Zero(9, 9)), 3, Speckle::intensity(4), out);
  CHECK((out == 0.0f).all());
  enhanced_lee(Image<float>(Image<float>::Constant(9, 9, 7.5f)), 5, Speckle::intensity(4), out);
  CHECK((out == 7.5f).all());
  enhanced_lee(Image<float>(Image<float>::Constant(1, 1, 3)), 31, Speckle::intensity(4), out);
  CHECK(out(0, 0) == 3.0f);
  Image<float> target = Image<float>::Constant(21, 21, 1e-3f);
  target(10, 10) = 1e5f;
  enhanced_lee(target, 5, Speckle::intensity(4), out);
  CHECK((out == target).all());  // each window is flat (its mean) or holds the target (the pixel itself)
  Image<float> decibels = -10 + Image<float>::Random(20, 20), mean;
  moving_mean(decibels, 3, mean);
  enhanced_lee(decibels, 3, Speckle::intensity(4), out);
  CHECK((out == mean).all());
}

TEST_CASE("a NaN spoils its windows only; skipped, it keeps its place") {
  std::mt19937 rng(5);
  Image<float> image = images::random<float>(64, 64, rng), out, clean;
  enhanced_lee(image, 7, Speckle::intensity(4), clean);
  image(30, 31) = std::numeric_limits<float>::quiet_NaN();
  enhanced_lee(image, 7, Speckle::intensity(4), out);
  CHECK(out.isNaN().count() == 49);
  CHECK((out == clean).count() == 64 * 64 - 49);
  enhanced_lee(image, 7, Speckle::intensity(4), out, {.skip_nan = true});
  CHECK(out.isNaN().count() == 1);
  CHECK(std::isnan(out(30, 31)));
  Image<bool> valid = Image<bool>::Constant(64, 64, true);
  valid(30, 31) = false;
  image(30, 31) = 1e6f;
  Image<float> masked;
  enhanced_lee(image, 7, Speckle::intensity(4), masked, {.mask = valid});
  CHECK(masked(30, 31) == 1e6f);
  masked(30, 31) = out(30, 31) = 0;
  CHECK(images::same_bits(masked, out));
}

TEST_CASE("in place, in strips and on threads the bits are the same") {
  std::mt19937 rng(6);
  for (const auto& [rows, cols] :
       {std::pair<Index, Index>{scenes::rounds(300), 37}, {scenes::rounds(40), 4200}, {5, 3}}) {
    const auto image = images::random<float>(rows, cols, rng);
    for (const int window : {3, 11}) {
      for (const Deviation deviation : {Deviation::textbook, Deviation::own_mean}) {
        for (const Border border : images::borders) {
          INFO(rows << " x " << cols << ", window " << window << ", border " << int(border));
          Image<float> one, many;
          enhanced_lee(image, window, Speckle::intensity(4), one, deviation, {.border = border});
          enhanced_lee(image, window, Speckle::intensity(4), many, deviation, {.border = border, .threads = 3});
          CHECK(images::same_bits(one, many));
          for (const int threads : {1, 3}) {
            Image<float> same = image;
            enhanced_lee(same, window, Speckle::intensity(4), same, deviation, {.border = border, .threads = threads});
            CHECK(images::same_bits(one, same));
          }
        }
      }
    }
  }
}

TEST_CASE("wrong speckle and shapes are refused with their values") {
  using Catch::Matchers::Contains;
  Image<float> image = Image<float>::Ones(5, 6), out;
  std::vector<float> memory(100);
  Eigen::Map<Image<float>> map(memory.data(), 6, 5);
  CHECK_THROWS_WITH(Speckle::intensity(0), Contains("looks is 0"));
  CHECK_THROWS_WITH(Speckle::intensity(-2), Contains("looks is -2"));
  CHECK_THROWS_AS(Speckle::amplitude(std::nan("")), std::invalid_argument);
  CHECK_THROWS_WITH(Speckle::intensity(4, -1), Contains("damping is -1"));
  CHECK_THROWS_WITH(enhanced_lee(image, 3, Speckle{2, 1, 1}, out), Contains("cu 2, cmax 1"));
  CHECK_THROWS_WITH(enhanced_lee(image, 0, Speckle::intensity(4), out), Contains("window is 0"));
  CHECK_THROWS_WITH(enhanced_lee(image, 3, Speckle::intensity(4), map), Contains("out is 6 x 5, image is 5 x 6"));
  CHECK_THROWS_WITH(enhanced_lee(image.leftCols(4), 3, Speckle::intensity(4), image.rightCols(4)),
                    Contains("overlaps"));
}

TEST_CASE("in place, 10,000 columns wide: less than 2 MiB beside the image, whatever its height") {
  if (memory::uncounted()) {
    return;
  }
  for (const Index rows : {50, 200}) {
    Image<float> image = Image<float>::Constant(rows, 10'000, 1.0f);
    const heap::Scope textbook;
    enhanced_lee(image, 11, Speckle::intensity(4), image);
    CHECK(textbook.peak_bytes() < 1'600'000);
    CHECK(textbook.peak_bytes() > 800'000);
    const heap::Scope own_mean;
    enhanced_lee(image, 11, Speckle::intensity(4), image, Deviation::own_mean);
    CHECK(own_mean.peak_bytes() < 2 * 1024 * 1024);
    CHECK(own_mean.peak_bytes() > 1024 * 1024);
  }
}
