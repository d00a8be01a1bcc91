// Digests of everything in raster/, which keeps bounds; see digest/line.hpp.
#include <Eigen/Dense>
#include <boxlap/raster/box_window.hpp>
#include <boxlap/raster/lee.hpp>
#include <boxlap/raster/lucas_kanade.hpp>
#include <boxlap/raster/stream.hpp>
#include <boxlap/raster/window.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "digest/line.hpp"
#include "digest/scenes.hpp"

namespace {

using boxlap::Box;
using boxlap::Index;
using boxlap::Window;
using boxlap::WindowOptions;
using namespace digest;

template <class T>
using Image = Eigen::Array<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

template <class T>
void add(Line& line, const Image<T>& image) {
  line.add(image.rows(), image.cols(), std::span<const T>(image.data(), static_cast<std::size_t>(image.size())));
}

/// Pixels of 0 to 255 (65,535 for uint16), of floating types with a fraction and NaN here and there if asked for.
template <class T>
Image<T> image_of(Index rows, Index cols, std::uint64_t seed, bool with_nan = false) {
  Random random(seed);
  Image<T> image(rows, cols);
  for (Index k = 0; k < rows * cols; ++k) {
    T& pixel = image.data()[k];
    if constexpr (std::is_integral_v<T>) {
      pixel = static_cast<T>(random.next());
    } else {
      pixel = 200 * random.fraction<T>();
      if (with_nan && random.below(9) == 0) {
        pixel = std::numeric_limits<T>::quiet_NaN();
      }
    }
  }
  return image;
}

void print_options() {
  Line line(same, "Window, Mask, Speckle");
  for (const Window window : {Window(1), Window(4, 7)}) {
    line.add(window.pixels(), window.up(), window.down(), window.left(), window.right());
  }
  const Image<bool> valid = image_of<std::uint8_t>(2, 2, 10) > 60;
  const boxlap::Mask mask(valid);
  line.add(mask.given(), *mask.row(1));
  for (const auto& s :
       {boxlap::Speckle::intensity(3), boxlap::Speckle::amplitude(3, 2), boxlap::Speckle::one_plus_two_looks(3)}) {
    line.add(s.cu, s.cmax, s.damping);
  }
}

/// Each window, border and deviation; images of one tile and of several, one strip and several. A line of its own for
/// each kind of pixel: whole numbers of 8 and 16 bits are summed exactly.
template <class T>
void print_windows(const std::string& pixel) {
  using Out = std::conditional_t<std::is_same_v<T, double>, double, float>;
  Line means(near, "moving_mean " + pixel), moments(near, "moving_moments " + pixel);
  Line lee(near, "enhanced_lee " + pixel), streams(near, "MomentsStream, LeeStream " + pixel);
  const auto speckle = boxlap::Speckle::amplitude(3, 2);
  Image<Out> mean, variance, out;
  for (const auto& [rows, cols] : {std::pair<Index, Index>{1, 1}, {3, 2}, {40, 37}, {12, 600}, {90, 70}}) {
    const auto image = image_of<T>(rows, cols, 4);
    for (const auto border : {boxlap::Border::reflect, boxlap::Border::mirror, boxlap::Border::nearest,
                              boxlap::Border::constant, boxlap::Border::wrap}) {
      for (const Window window : {Window(1), Window(3), Window(4, 7), Window(16)}) {
        WindowOptions options;
        options.border = border;
        options.border_value = 17;
        options.threads = cols == 600 ? 3 : 1;
        boxlap::moving_mean(image, window, mean, options);
        add(means, mean);
        for (const auto deviation : {boxlap::Deviation::textbook, boxlap::Deviation::own_mean}) {
          boxlap::moving_moments(image, window, mean, variance, deviation, options);
          add(moments, variance);
          boxlap::enhanced_lee(image, window, speckle, out, deviation, options);
          add(lee, out);
        }
        if (border == boxlap::Border::wrap) {  // needs the last row before the first
          continue;
        }
        const auto sink = [&](Index y, auto... spans) {
          streams.add(y);
          (streams.add(spans), ...);
        };
        boxlap::MomentsStream<T> moments_stream(cols, window, boxlap::Deviation::own_mean, options);
        boxlap::LeeStream<T> lee_stream(cols, window, speckle, boxlap::Deviation::textbook, options);
        for (Index y = 0; y < rows; ++y) {
          const std::span<const T> row(&image(y, 0), at(cols));
          moments_stream.push(row, sink);
          lee_stream.push(row, sink);
        }
        moments_stream.finish(sink);
        lee_stream.finish(sink);
      }
    }
  }
  Line masked(near, "masks and NaN " + pixel);
  const auto image = image_of<T>(50, 45, 5, true);
  const Image<bool> valid = image_of<std::uint8_t>(50, 45, 6) > 60;
  WindowOptions options;
  options.skip_nan = true;
  for (const bool given : {false, true}) {
    options.mask = given ? boxlap::Mask(valid) : boxlap::Mask();
    boxlap::moving_mean(image, 5, mean, options);
    add(masked, mean);
    boxlap::moving_moments(image, 5, mean, variance, boxlap::Deviation::own_mean, options);
    add(masked, variance);
    boxlap::enhanced_lee(image, 5, boxlap::Speckle::intensity(4), out, options);
    add(masked, out);
  }
}

template <class T>
void print_flow(const std::string& pixel) {
  using Out = std::conditional_t<std::is_same_v<T, double>, double, float>;
  Line flow(near, "lucas_kanade " + pixel), motion(near, "BoxFlow " + pixel), moments(near, "BoxMoments " + pixel);
  const auto first = image_of<T>(60, 70, 7), second = image_of<T>(60, 70, 8);
  Image<Out> x, y, eigenvalue;
  for (const Index radius : {1, 2, 7}) {
    boxlap::lucas_kanade(first, second, radius, x, y, 1.0);
    add(flow, x);
    boxlap::lucas_kanade(first, second, radius, x, y, eigenvalue, 1.0, {.threads = 2});
    add(flow, x);
    add(flow, y);
    add(flow, eigenvalue);
  }
  const boxlap::BoxMoments in_box(first);
  const boxlap::BoxFlow of_box(first, second);
  for (const Box<float>& box : scattered<float>(40, 5, 9)) {
    const auto statistics = in_box(box);
    moments.add(statistics.pixels, statistics.mean, statistics.variance, statistics.deviation());
    const auto moved = of_box(box);
    motion.add(moved.x, moved.y, moved.eigenvalue, moved.pixels, moved.moved(box));
  }
}

}  // namespace

int main() {
  print_options();
  print_windows<std::uint8_t>("uint8");
  print_windows<std::uint16_t>("uint16");
  print_windows<float>("float");
  print_windows<double>("double");
  print_flow<std::uint8_t>("uint8");
  print_flow<float>("float");
}
