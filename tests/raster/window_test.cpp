#include <boxlap/raster/window.hpp>

#include <algorithm>
#include <vector>

#include "../support/rounds.hpp"
#include "images.hpp"

using namespace boxlap;
using images::Image;

namespace {

/// The largest error of mean (relative to the window's largest pixel) and of variance (relative to itself, beside an
/// absolute `noise`).
struct Error {
  double mean = 0, variance = 0;
};

template <class M, class V>
Error error_of(const M& mean, const V& variance, const images::Plain& truth, double noise = 0) {
  Error worst;
  for (Eigen::Index k = 0; k < truth.mean.size(); ++k) {
    const double m = double(truth.mean.data()[k]), v = double(truth.variance.data()[k]);
    worst.mean = std::max(worst.mean, std::abs(double(mean.data()[k]) - m) / std::max(std::abs(m), 1e-300));
    if (v > 0 || double(variance.data()[k]) > 0) {
      worst.variance = std::max(worst.variance, std::max(0.0, std::abs(double(variance.data()[k]) - v) - noise) / v);
    }
  }
  return worst;
}

template <class T>
void compare_with_fixture(const Image<T>& image, const std::string& name, int window, double mean_tolerance,
                          double variance_tolerance) {
  const auto rows = Index(image.rows()), cols = Index(image.cols());
  INFO(name << " window " << window);
  Image<double> expected[3];
  for (int c = 0; c < 3; ++c) {
    expected[c] = images::raw<double>(name + ".w" + std::to_string(window) + ".stats.f64", rows, cols, c);
  }
  using Out = std::conditional_t<std::same_as<T, std::uint8_t>, double, T>;
  Image<Out> mean, variance, own;
  moving_moments(image, window, mean, variance);
  moving_moments(image, window, mean, own, Deviation::own_mean);
  CHECK((mean.template cast<double>() - expected[0]).abs().maxCoeff() <= mean_tolerance * expected[0].abs().maxCoeff());
  const auto relative = [](const Image<Out>& got, const Image<double>& want) {
    return ((got.template cast<double>() - want).abs() / (want == 0).select(1e-12, want)).maxCoeff();
  };
  CHECK(relative(variance, expected[1]) <= variance_tolerance);
  CHECK(relative(own, expected[2]) <= std::max(variance_tolerance, 1e-12));
  CHECK(variance.minCoeff() >= 0);
  CHECK(own.minCoeff() >= 0);
}

}  // namespace

TEST_CASE("the peers' windows: every fixture in its tolerance") {
  if (fixture::missing()) {
    return;
  }
  const auto camera = images::pgm("camera.pgm");
  for (const int window : {3, 4, 11}) {
    compare_with_fixture(camera, "camera", window, 1e-15, 4e-16);
    compare_with_fixture<float>(camera.cast<float>(), "camera", window, 3e-7, 2e-5);
    compare_with_fixture<double>(camera.cast<double>(), "camera", window, 1e-13, 1e-12);
  }
  struct Case {
    const char* name;
    Index rows, cols;
    std::vector<int> windows;
    double float_variance;
  };
  for (const Case& c :
       {Case{"speckle4", 120, 144, {3, 7, 11}, 1e-6}, Case{"targets", 96, 96, {3, 7}, 1e-6},
        Case{"offset", 64, 80, {5}, 2e-3}, Case{"margin0", 64, 96, {7}, 1e-6}, Case{"tiny", 3, 5, {3, 7, 31}, 1e-6}}) {
    const auto image = images::raw<float>(std::string(c.name) + ".f32", c.rows, c.cols);
    for (const int window : c.windows) {
      compare_with_fixture<float>(image, c.name, window, 3e-7, c.float_variance);
      compare_with_fixture<double>(image.cast<double>(), c.name, window, 1e-13, 2e-7);
    }
  }
}

TEMPLATE_TEST_CASE("every window of every size at every border equals the plain sum", "", std::uint8_t, std::int8_t,
                   std::uint16_t, std::int32_t, float, double) {
  const auto seed = GENERATE(take(scenes::rounds(2), values({1u, 2u})));
  std::mt19937 rng(seed);
  const std::pair<Index, Index> sizes[] = {{1, 1}, {1, 9}, {7, 1}, {3, 5}, {12, 17}};
  const Window windows[] = {1, 2, 3, 4, 5, 6, 7, 10, 16, 31, {1, 6}, {5, 2}};
  using Out = std::conditional_t<std::same_as<TestType, float>, float, double>;
  const double ulp = std::numeric_limits<Out>::epsilon();
  for (const auto& [rows, cols] : sizes) {
    const auto image = images::random<TestType>(rows, cols, rng);
    for (const Window window : windows) {
      for (const Border border : images::borders) {
        for (const Deviation deviation : {Deviation::textbook, Deviation::own_mean}) {
          INFO("seed " << seed << ", " << rows << " x " << cols << ", window " << window.rows << " x " << window.cols
                       << ", border " << int(border) << ", deviation " << int(deviation));
          const WindowOptions options{.border = border, .border_value = 3};
          const auto truth = images::plain_moments(image, window, border, 3, deviation);
          Image<Out> mean, variance, only_mean;
          moving_moments(image, window, mean, variance, deviation, options);
          moving_mean(image, window, only_mean, options);
          const double most = double(image.template cast<double>().abs().maxCoeff()) + 3;
          const Image<double> d = (mean.template cast<double>() - truth.mean.template cast<double>()).abs();
          CHECK(d.maxCoeff() <= 8 * ulp * most);
          CHECK((only_mean - mean).abs().maxCoeff() <= 8 * ulp * most);
          const Image<double> truth_variance = truth.variance.template cast<double>();
          const Image<double> e = (variance.template cast<double>() - truth_variance).abs();
          CHECK((e <= 64 * ulp * truth_variance + 8 * ulp * ulp * most * most).all());
          CHECK(variance.minCoeff() >= 0);
        }
      }
    }
  }
}

TEST_CASE("8- and 16-bit variances are exact to the last division") {
  std::mt19937 rng(5);
  const auto bytes = images::random<std::uint8_t>(40, 50, rng);
  const auto words = images::random<std::uint16_t>(40, 50, rng);
  const auto check = [](const auto& image, Index window) {
    Image<double> mean, variance;
    moving_moments(image, window, mean, variance);
    for (Index y : {0, 20, 39}) {
      for (Index x : {0, 25, 49}) {
        std::int64_t sum = 0, squares = 0;
        const std::int64_t n = std::int64_t{window} * window;
        for (Index v = y - window / 2; v < y - window / 2 + window; ++v) {
          for (Index u = x - window / 2; u < x - window / 2 + window; ++u) {
            const std::int64_t p =
                image(detail::inside(Border::reflect, v, 40), detail::inside(Border::reflect, u, 50));
            sum += p;
            squares += p * p;
          }
        }
        INFO("window " << window << " at " << y << ", " << x);
        const long double exact = static_cast<long double>(squares) / n -
                                  (static_cast<long double>(sum) / n) * (static_cast<long double>(sum) / n);
        if (n < 20'000) {
          CHECK(variance(y, x) == double(n * squares - sum * sum) / (double(n) * double(n)));
        }
        CHECK(std::abs(double(variance(y, x) - exact)) <= 1e-13 * double(exact));
      }
    }
  };
  for (const Index window : {3, 7, 100, 181, 182, 215, 216, 300}) {  // sums change from 32 to 64 bits, then the formula
    check(bytes, window);
    check(words, window);
  }
  Image<std::uint16_t> white = Image<std::uint16_t>::Constant(20, 20, 65535);
  Image<double> mean, variance;
  moving_moments(white, 300, mean, variance);
  CHECK((mean == 65535.0).all());
  CHECK((variance == 0.0).all());
}

TEST_CASE("a constant image has no variance, and its own mean") {
  for (const int window : {2, 3, 5, 7, 11, 31}) {
    Image<float> image = Image<float>::Constant(20, 30, 42.5f), mean, variance;
    moving_moments(image, window, mean, variance);
    CHECK((mean == 42.5f).all());
    CHECK((variance == 0.0f).all());
    moving_moments(image, window, mean, variance, Deviation::own_mean);
    CHECK((variance == 0.0f).all());
  }
}

TEST_CASE("a NaN stays in the windows that hold it, and infinity does") {
  for (const int window : {3, 4, 7, 11}) {
    for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
      Image<float> image = Image<float>::Random(64, 64) + 2.0f, mean, variance, own;
      image(20, 30) = bad;
      moving_moments(image, window, mean, variance);
      CHECK((mean.isFinite()).count() == 64 * 64 - window * window);
      CHECK((variance.isFinite()).count() == 64 * 64 - window * window);
      moving_moments(image, window, mean, own, Deviation::own_mean);
      CHECK((own.isFinite()).count() == 64 * 64 - (2 * window - 1) * (2 * window - 1));
    }
  }
}

TEST_CASE("a bright target leaves nothing behind it") {
  std::mt19937 rng(11);
  Image<float> sea = images::random<float>(80, 90, rng) * 1e-5f, ships = sea;
  ships(30, 30) = ships(31, 60) = 1e5f;
  Image<float> mean, variance, mean_sea, variance_sea;
  for (const int window : {3, 7, 11, 31}) {
    for (const Deviation deviation : {Deviation::textbook, Deviation::own_mean}) {
      moving_moments(ships, window, mean, variance, deviation);
      moving_moments(sea, window, mean_sea, variance_sea, deviation);
      CHECK(variance.minCoeff() > 0);
      const int reach = deviation == Deviation::textbook ? window / 2 : window - 1;
      Index equal = 0, away = 0;
      for (int y = 0; y < 80; ++y) {
        for (int x = 0; x < 90; ++x) {
          const bool near = (std::abs(y - 30) <= reach && std::abs(x - 30) <= reach) ||
                            (std::abs(y - 31) <= reach && std::abs(x - 60) <= reach);
          away += !near;
          equal += !near && variance(y, x) == variance_sea(y, x);
        }
      }
      CHECK(equal == away);  // the same bits as if the ships were not there
    }
  }
}

TEST_CASE("invalid pixels do not count") {
  std::mt19937 rng(3);
  std::bernoulli_distribution coin(0.3);
  const auto whole = images::random<float>(20, 23, rng);
  Image<float> holes = whole;
  Image<bool> valid(20, 23);
  Image<std::uint8_t> bytes(20, 23);
  for (Index k = 0; k < holes.size(); ++k) {
    const bool hole = coin(rng) || k % 23 > 17;  // a whole margin too
    valid.data()[k] = !hole;
    holes.data()[k] = hole ? std::numeric_limits<float>::quiet_NaN() : holes.data()[k];
    bytes.data()[k] = std::uint8_t(std::min(whole.data()[k], 255.0F));
  }
  const auto is_valid = [&](Index y, Index x) { return valid(y, x); };
  for (const Border border : images::borders) {
    for (const Window window : {Window(3), Window(4), Window(7), Window(31), Window(1), Window(5, 2)}) {
      for (const Deviation deviation : {Deviation::textbook, Deviation::own_mean}) {
        INFO("border " << int(border) << ", window " << window.rows << ", deviation " << int(deviation));
        const auto truth = images::plain_moments(whole, window, border, 7, deviation, is_valid);
        Image<float> mean, variance, masked_mean, masked_variance, only;
        moving_moments(holes, window, mean, variance, deviation,
                       {.border = border, .border_value = 7, .skip_nan = true});
        moving_moments(whole, window, masked_mean, masked_variance, deviation,
                       {.border = border, .border_value = 7, .mask = valid});
        moving_mean(holes, window, only, {.border = border, .border_value = 7, .skip_nan = true});
        CHECK(images::same_bits(mean, masked_mean));
        CHECK(images::same_bits(variance, masked_variance));
        Image<double> byte_mean, byte_variance;
        moving_moments(bytes, window, byte_mean, byte_variance, deviation,
                       {.border = border, .border_value = 7, .mask = valid});
        const auto byte_truth = images::plain_moments(bytes, window, border, 7, deviation, is_valid);
        for (Index y = 0; y < 20; ++y) {
          for (Index x = 0; x < 23; ++x) {
            if (!valid(y, x)) {
              CHECK((std::isnan(mean(y, x)) && std::isnan(variance(y, x)) && std::isnan(byte_mean(y, x))));
              continue;
            }
            REQUIRE_THAT(mean(y, x), Catch::Matchers::WithinAbs(double(truth.mean(y, x)), 1e-4));
            REQUIRE_THAT(only(y, x), Catch::Matchers::WithinAbs(double(truth.mean(y, x)), 1e-4));
            REQUIRE_THAT(variance(y, x), Catch::Matchers::WithinAbs(double(truth.variance(y, x)), 2e-2));
            REQUIRE_THAT(byte_variance(y, x), Catch::Matchers::WithinAbs(double(byte_truth.variance(y, x)), 1e-9));
          }
        }
      }
    }
  }
  // a NaN constant border cuts the windows off
  const auto cut = images::plain_moments(
      whole, 5, Border::constant, 0, Deviation::textbook, [](Index, Index) { return true; }, false);
  Image<float> mean, variance;
  moving_moments(
      whole, 5, mean, variance,
      {.border = Border::constant, .border_value = std::numeric_limits<double>::quiet_NaN(), .skip_nan = true});
  CHECK(error_of(mean, variance, cut).variance < 1e-5);
  const Image<bool> nowhere = Image<bool>::Constant(20, 23, false);
  moving_moments(whole, 3, mean, variance, {.mask = nowhere});
  CHECK((mean.isNaN().all() && variance.isNaN().all()));
}

TEST_CASE("outputs: arrays are resized, maps and blocks are filled or refused") {
  Image<float> image = Image<float>::Random(10, 12), mean, variance;
  moving_mean(image, 3, mean);
  CHECK((mean.rows() == 10 && mean.cols() == 12));
  std::vector<float> memory(200, -1.0f);
  Eigen::Map<Image<float>> map(memory.data(), 10, 12);
  moving_mean(image, 3, map);
  CHECK((map == mean).all());
  CHECK(memory[120] == -1.0f);
  Image<float> large = Image<float>::Constant(20, 30, -1);
  moving_mean(image, 3, large.block(2, 3, 10, 12));
  CHECK((large.block(2, 3, 10, 12) == mean).all());
  CHECK((large == -1.0f).count() == 600 - 120);
  Image<float> filtered = large;
  moving_mean(filtered.block(2, 3, 10, 12), 3, filtered.block(2, 3, 10, 12));  // a block in place
  Image<float> twice;
  moving_mean(mean, 3, twice);
  CHECK((filtered.block(2, 3, 10, 12) == twice).all());
  CHECK((filtered == -1.0f).count() == 600 - 120);
  Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> matrix = image.cast<double>(), matrix_mean;
  moving_mean(matrix, 3, matrix_mean);
  CHECK((matrix_mean.array().cast<float>() - mean).abs().maxCoeff() < 1e-6f);
  Image<float> nothing(0, 5);
  moving_moments(nothing, 3, mean, variance);
  CHECK((mean.rows() == 0 && mean.cols() == 5 && variance.rows() == 0));
}

TEST_CASE("what cannot be done is refused with its values") {
  using Catch::Matchers::Contains;
  Image<float> image = Image<float>::Random(10, 12), out, other;
  std::vector<float> memory(200);
  Eigen::Map<Image<float>> map(memory.data(), 9, 12);
  CHECK_THROWS_WITH(moving_mean(image, 0, out), Contains("window is 0 x 0"));
  CHECK_THROWS_WITH(moving_mean(image, {3, -1}, out), Contains("window is 3 x -1"));
  CHECK_THROWS_WITH(moving_mean(image, 100'000, out), Contains("100000"));
  CHECK_THROWS_WITH(moving_mean(image, 3, map), Contains("out is 9 x 12, image is 10 x 12"));
  CHECK_THROWS_WITH(moving_mean(image.topRows(5), 3, image.middleRows(2, 5)), Contains("overlaps"));
  CHECK_THROWS_WITH(moving_mean(image.topRows(5), 3, image), Contains("overlaps"));
  CHECK_THROWS_WITH(moving_moments(image, 3, out, out), Contains("variance overlaps mean"));
  CHECK_THROWS_AS(moving_mean(image, 3, out, {.threads = -1}), std::invalid_argument);
  const Image<bool> small = Image<bool>::Constant(10, 11, true);
  CHECK_THROWS_WITH(moving_mean(image, 3, out, {.mask = small}), Contains("mask is 10 x 11"));
  const Image<std::uint8_t> bytes = Image<std::uint8_t>::Constant(4, 4, 1);
  CHECK_THROWS_WITH(moving_mean(bytes, 3, out, {.border = Border::constant, .border_value = 300}), Contains("300"));
  CHECK_THROWS_WITH(moving_mean(bytes, 3, out, {.border = Border::constant, .border_value = 0.5}), Contains("0.5"));
  Eigen::Map<Image<float>, 0, Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>> spread(
      memory.data(), 3, 4, Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>(8, 2));
  CHECK_THROWS_WITH(moving_mean(spread, 3, out), Contains("inner stride"));
}

TEST_CASE("a window of one pixel has the variance 0, but NaN over a pixel that is not finite") {
  constexpr float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
  Image<float> image(1, 5), mean, variance;
  image << 1, nan, 3, inf, -inf;
  boxlap::moving_moments(image, boxlap::Window(1), mean, variance);
  CHECK((variance(0, 0) == 0 && variance(0, 2) == 0));
  CHECK((std::isnan(mean(0, 1)) && mean(0, 3) == inf && mean(0, 4) == -inf));
  for (const int column : {1, 3, 4}) {
    CHECK(std::isnan(variance(0, column)));
  }
}
