// What the moving windows take of the heap, held against the formulas of their doc blocks.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

#include <boxlap/raster/lee.hpp>
#include <boxlap/raster/stream.hpp>
#include <boxlap/raster/window.hpp>

#include "../catch.hpp"
#include "../support/memory.hpp"
#include "images.hpp"

using namespace boxlap;
template <class T>
using Image = images::Image<T>;

namespace {

/// Bytes of a sum: 4 for 8-bit pixels in windows of up to 33,025, and from float to float; else 8.
template <class Pixel, class Out>
double sum_bytes(Window window) {
  const bool narrow =
      std::integral<Pixel> ? sizeof(Pixel) == 1 && window.pixels() <= 33'025 : sizeof(Pixel) + sizeof(Out) == 8;
  return narrow ? 4 : 8;
}
/// Bytes of a mean or a residual.
template <class Pixel, class Out>
double result_bytes() {
  return std::integral<Pixel> || sizeof(Pixel) + sizeof(Out) > 8 ? 8 : 4;
}

/// The formula of moving_mean for a strip of `columns`.
double strip_bytes(Window window, Index columns, double bytes) {
  return bytes * ((window.rows + std::floor(std::log2(double(window.rows))) + 1) * double(columns + 16) +
                  4.0 * window.cols + 1400);
}

template <class Pixel, class Out>
void check_arrays(Index rows, Index cols, Window window) {
  CAPTURE(sizeof(Pixel), std::integral<Pixel>, sizeof(Out), rows, cols, window.rows, window.cols);
  const Image<Pixel> image = Image<Pixel>::Constant(rows, cols, Pixel(3));
  const Image<bool> everywhere = Image<bool>::Constant(rows, cols, true);
  Image<Out> mean(rows, cols), variance(rows, cols);
  const double sum = sum_bytes<Pixel, Out>(window), result = result_bytes<Pixel, Out>();
  for (const int counted : {0, 1, 2}) {
    WindowOptions options;
    options.skip_nan = counted == 1;
    if (counted == 2) {
      options.mask = everywhere;
    }
    // integers are never NaN: nothing is counted for skip_nan
    const double counts = counted == 2 || (counted == 1 && !std::integral<Pixel>) ? 1 : 0;
    for (const Border border : {Border::reflect, Border::wrap}) {
      options.border = border;
      CAPTURE(counted, int(border));
      const Index strip = std::min<Index>(cols, 2048);
      const double plain = strip_bytes(window, strip, sum);
      const auto call = [](auto&& f) {
        return memory::measured([&] {
          f();
          return 0;
        });
      };
      memory::check("moving_mean", call([&] { moving_mean(image, window, mean, options); }).peak, (1 + counts) * plain);
      memory::check("moving_moments", call([&] { moving_moments(image, window, mean, variance, options); }).peak,
                    (2 + counts) * plain);
      // of strips that are a window wider; of all columns with wrap
      const bool whole = border == Border::wrap || 4 * window.cols > 2048;
      const Index wide = whole ? cols : std::min<Index>(cols, strip + window.cols);
      memory::check("own_mean",
                    call([&] { moving_moments(image, window, mean, variance, Deviation::own_mean, options); }).peak,
                    (1 + counts) * (strip_bytes(window, wide, sum) + strip_bytes(window, wide, result)) +
                        (window.rows + 2) * double(wide) * result);
      if constexpr (std::same_as<Pixel, Out>) {
        Image<Pixel> both = image;
        const double all = (1 + counts) * strip_bytes(window, cols, sum);
        const double saved = window.down() * double(cols) * sizeof(Pixel);
        memory::check("in place", call([&] { moving_mean(both, window, both, options); }).peak, all + saved,
                      4096 + 512);  // malloc gives whole pages
        options.threads = 2;
        const double bytes = call([&] { moving_mean(both, window, both, options); }).peak;
        CHECK(bytes <= 2 * all + (window.rows - 1) * double(cols) * sizeof(Pixel) * 2 + 2048);
        options.threads = 1;
      }
    }
  }
}

template <class Pixel, class Out>
void check_streams(Index cols, Window window) {
  CAPTURE(sizeof(Pixel), std::integral<Pixel>, sizeof(Out), cols, window.rows, window.cols);
  const std::vector<Pixel> row(std::size_t(cols), Pixel(3));
  const double sum = sum_bytes<Pixel, Out>(window), result = result_bytes<Pixel, Out>();
  const double depth = std::floor(window.rows / 2) + 1;
  for (const bool skip_nan : {false, true}) {
    for (const Deviation deviation : {Deviation::textbook, Deviation::own_mean}) {
      WindowOptions options;
      options.skip_nan = skip_nan;
      const double counts = skip_nan ? 1 : 0;
      const auto peak = [&](auto make, Index rows) {
        const heap::Scope scope;
        auto stream = make();
        for (Index y = 0; y < rows; ++y) {
          stream.push(std::span<const Pixel>(row), [](auto&&...) {});
        }
        stream.finish([](auto&&...) {});
        return double(scope.peak_bytes());
      };
      const double formula =
          deviation == Deviation::textbook
              ? (2 + counts) * strip_bytes(window, cols, sum) + depth * double(cols) * (sizeof(Pixel) + counts)
              : (1 + counts) * (strip_bytes(window, cols, sum) + strip_bytes(window, cols, result)) +
                    double(cols) * (depth * (2 * sizeof(Pixel) + 2 * result + 3 * counts) + result);
      CAPTURE(skip_nan, int(deviation));
      const auto moments = [&] { return MomentsStream<Pixel, Out>(cols, window, deviation, options); };
      const double bytes = peak(moments, 2 * window.rows);
      memory::check("MomentsStream", bytes, formula + 2.0 * double(cols) * sizeof(Out));
      CHECK(peak(moments, 3 * window.rows) <= bytes + 64);
      const auto lee = [&] { return LeeStream<Pixel, Out>(cols, window, Speckle::intensity(4), deviation, options); };
      memory::check("LeeStream", peak(lee, window.rows + 1), formula + double(cols) * sizeof(Out));
    }
  }
}

}  // namespace

TEST_CASE("moving windows take what their doc blocks say, with invalid pixels and without") {
  if (memory::uncounted()) {
    return;
  }
  for (const Window window : {Window(3), Window(11), Window(16, 3), Window(3, 40)}) {
    check_arrays<float, float>(80, 300, window);
    check_arrays<float, float>(160, 300, window);
    check_arrays<std::uint8_t, float>(60, 300, window);
    check_arrays<std::uint16_t, float>(60, 300, window);
    check_arrays<double, double>(60, 300, window);
    check_arrays<float, double>(60, 300, window);
  }
  check_arrays<float, float>(10, 4500, 11);
  check_arrays<std::uint8_t, float>(40, 100, Window(200, 200));  // 64-bit sums
}

TEST_CASE("streams take what their doc blocks say, whatever the height") {
  if (memory::uncounted()) {
    return;
  }
  for (const Window window : {Window(3), Window(11), Window(16, 3)}) {
    check_streams<float, float>(1000, window);
    check_streams<std::uint8_t, float>(1000, window);
    check_streams<std::uint16_t, float>(1000, window);
    check_streams<float, double>(1000, window);
    check_streams<int, float>(1000, window);
  }
  check_streams<std::uint8_t, float>(100, Window(200, 200));  // 64-bit sums
}

TEST_CASE("enhanced_lee takes up to twice the memory for very small or very large pixels, and three times for both") {
  if (memory::uncounted()) {
    return;
  }
  for (const Deviation deviation : {Deviation::textbook, Deviation::own_mean}) {
    for (const bool skip_nan : {false, true}) {
      WindowOptions options;
      options.skip_nan = skip_nan;
      const auto bytes = [&](bool small, bool large) {
        Image<float> image = Image<float>::Constant(40, 500, 1.0F), out(40, 500);
        image(10, 10) = small ? 1e-20F : 2.0F;
        image(30, 30) = large ? 1e25F : 2.0F;
        const heap::Scope scope;
        enhanced_lee(image, 11, Speckle::intensity(4), out, deviation, options);
        return double(scope.peak_bytes());
      };
      CAPTURE(int(deviation), skip_nan);
      const double usual = bytes(false, false);
      memory::check(
          "enhanced_lee", usual,
          (skip_nan ? 1.5 : 1) * 2 * strip_bytes(11, 500, 4) +
              (deviation == Deviation::own_mean ? (skip_nan ? 1 : 0) * strip_bytes(11, 500, 4) + 13.0 * 511 * 4 : 0));
      CHECK(bytes(true, false) <= 2 * usual + 512);
      CHECK(bytes(false, true) <= 2 * usual + 512);
      CHECK(bytes(true, true) <= 3 * usual + 512);
      CHECK(bytes(false, true) > 1.2 * usual);
    }
  }
}
