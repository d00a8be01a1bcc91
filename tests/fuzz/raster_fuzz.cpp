/// Windows, streams, speckle filter, boxes as windows and optical flow against every window summed pixel by pixel.
#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include <Eigen/Core>
#include <boxlap/raster/box_window.hpp>
#include <boxlap/raster/lee.hpp>
#include <boxlap/raster/lucas_kanade.hpp>
#include <boxlap/raster/stream.hpp>
#include <boxlap/raster/window.hpp>

#include "input.hpp"

using boxlap::Border;
using boxlap::Deviation;
using boxlap::Index;
using boxlap::Window;

namespace {

template <class T>
using Image = Eigen::Array<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr long double nan = std::numeric_limits<long double>::quiet_NaN();

/// Where row or column i of an image of n lies, -1 for nowhere: scipy's modes, one step after the other.
Index folded(Border border, Index i, Index n) {
  while (i < 0 || i >= n) {
    switch (border) {
      case Border::reflect:
        i = i < 0 ? -i - 1 : 2 * n - 1 - i;
        break;
      case Border::mirror:
        i = n == 1 ? 0 : i < 0 ? -i : 2 * n - 2 - i;
        break;
      case Border::nearest:
        i = i < 0 ? 0 : n - 1;
        break;
      case Border::wrap:
        i += i < 0 ? n : -n;
        break;
      default:
        return -1;
    }
  }
  return i;
}

struct Case {
  Index rows, cols;
  Window window;
  Deviation deviation;
  Border border;
  double border_value;
  bool skip_nan, masked;
  int threads;
  Image<std::uint8_t> mask;

  /// With a mask a NaN does not count either.
  [[nodiscard]] bool skips_nan() const { return skip_nan || masked; }
  [[nodiscard]] boxlap::WindowOptions options() const {
    boxlap::WindowOptions result;
    result.border = border, result.border_value = border_value, result.skip_nan = skip_nan, result.threads = threads;
    if (masked) {
      result.mask = mask;
    }
    return result;
  }
};

struct Moments {
  Image<long double> mean, variance, largest;  // the largest pixel that a window, and the windows of its pixels, see
};

template <class T>
Moments plain_moments(const Image<T>& image, const Case& c) {
  const bool own = c.deviation == Deviation::own_mean;
  Moments out{Image<long double>(c.rows, c.cols), Image<long double>(c.rows, c.cols),
              Image<long double>(c.rows, c.cols)};
  const auto counts = [&](long double value, Index y, Index x) {
    return !(c.skips_nan() && value != value) && !(c.masked && y >= 0 && c.mask(y, x) == 0);
  };
  const auto each = [&](Index y, Index x, const auto& visit) {
    for (Index v = y - c.window.up(); v <= y + c.window.down(); ++v) {
      for (Index u = x - c.window.left(); u <= x + c.window.right(); ++u) {
        Index row = folded(c.border, v, c.rows), col = folded(c.border, u, c.cols);
        const bool beyond = row < 0 || col < 0;
        row = beyond ? -1 : row;
        const auto value = static_cast<long double>(beyond ? c.border_value : static_cast<double>(image(row, col)));
        if (counts(value, row, col)) {
          visit(row, col, value);
        }
      }
    }
  };
  for (Index y = 0; y < c.rows; ++y) {
    for (Index x = 0; x < c.cols; ++x) {
      long double sum = 0, n = 0, largest = 0;
      each(y, x, [&](Index, Index, long double value) {
        sum += value, n += 1;
        largest = std::max(largest, std::abs(value));
      });
      const bool valid = counts(static_cast<long double>(image(y, x)), y, x);
      out.mean(y, x) = valid ? sum / n : nan;
      out.largest(y, x) = largest;
    }
  }
  const Image<long double> seen = out.largest;
  for (Index y = 0; y < c.rows; ++y) {
    for (Index x = 0; x < c.cols; ++x) {
      long double sum = 0, n = 0;
      each(y, x, [&](Index row, Index col, long double value) {
        const long double from = !own ? out.mean(y, x) : row < 0 ? value : out.mean(row, col);
        sum += (value - from) * (value - from), n += 1;
        out.largest(y, x) = std::max(out.largest(y, x), own && row >= 0 ? seen(row, col) : 0.0L);
      });
      out.variance(y, x) = out.mean(y, x) != out.mean(y, x) ? nan : sum / n;
    }
  }
  return out;
}

/// Near enough, and NaN where NaN is.
bool is_near(double got, long double expected, long double tolerance) {
  return expected != expected ? got != got : std::abs(static_cast<long double>(got) - expected) <= tolerance;
}

template <class A>
bool same_bits(const A& a, const A& b) {
  return a.rows() == b.rows() && a.cols() == b.cols() &&
         std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.size()) * sizeof(typename A::Scalar)) == 0;
}

template <class A>
std::string listed(const A& image) {
  std::string result;
  for (Index k = 0; k < image.size(); ++k) {
    result += " " + std::to_string(image.data()[k]);
  }
  return result;
}

template <class T>
Image<T> draw_image(fuzz::Input& in, Index rows, Index cols, bool with_nan) {
  Image<T> image(rows, cols);
  for (Index k = 0; k < image.size(); ++k) {
    if (in.empty() && k >= 5) {
      image.data()[k] = image.data()[k - 5];
      continue;
    }
    const int b = in.byte();
    if constexpr (std::integral<T>) {
      image.data()[k] = static_cast<T>(b < 128 ? b : b * 257);
    } else {
      static const std::vector<double> values = {0, 1, 0.25, 0.1, 1e3, 1e6, 12345.678, -3};
      const double value = b < 192 ? static_cast<double>(b % 32) / 4 : values[static_cast<std::size_t>(b % 8)];
      image.data()[k] = b >= 248 && with_nan ? std::numeric_limits<T>::quiet_NaN() : static_cast<T>(value);
    }
  }
  return image;
}

/// The array form against the plain one, the streams against the array form.
template <class T>
void check_windows(fuzz::Input& in) {
  using Out = std::conditional_t<std::same_as<T, float>, float, double>;
  Case c{.rows = in.below(12) + 1,
         .cols = in.rarely(8) ? in.below(200) + 1 : in.below(12) + 1,
         .window = Window{in.below(9) + 1, in.below(9) + 1},
         .deviation = in.flag() ? Deviation::own_mean : Deviation::textbook,
         .border = static_cast<Border>(in.below(5)),
         .border_value = static_cast<double>(in.below(8)),
         .skip_nan = std::floating_point<T> && in.flag(),
         .masked = in.rarely(3),
         .threads = in.rarely(16) ? 3 : 1,
         .mask = {}};
  if (in.rarely(8)) {
    c.window = Window{in.below(40) + 1, in.below(40) + 1};
  }
  if (c.skip_nan && in.rarely(4)) {
    c.border_value = std::numeric_limits<double>::quiet_NaN();
  }
  c.mask.resize(c.rows, c.cols);
  for (Index k = 0; k < c.mask.size() && c.masked; ++k) {
    c.mask.data()[k] = in.rarely(4) ? 0 : 1;
  }
  const Image<T> image = draw_image<T>(in, c.rows, c.cols, true);
  const Moments truth = plain_moments(image, c);
  Image<Out> mean, variance, only_mean;
  boxlap::moving_moments(image, c.window, mean, variance, c.deviation, c.options());
  boxlap::moving_mean(image, c.window, only_mean, c.options());
  const long double ulp = std::numeric_limits<Out>::epsilon();
  for (Index y = 0; y < c.rows; ++y) {
    for (Index x = 0; x < c.cols; ++x) {
      const long double most = truth.largest(y, x), v = truth.variance(y, x);
      const auto place = [&] {
        return std::to_string(c.rows) + " x " + std::to_string(c.cols) + ", window " + std::to_string(c.window.rows) +
               " x " + std::to_string(c.window.cols) + ", deviation " + std::to_string(static_cast<int>(c.deviation)) +
               ", border " + std::to_string(static_cast<int>(c.border)) + " " + std::to_string(c.border_value) +
               ", image" + listed(image) + ", skip_nan " + std::to_string(c.skip_nan) + ", mask " + listed(c.mask) +
               ", at " + std::to_string(y) + " " + std::to_string(x) + ": mean " + std::to_string(mean(y, x)) +
               " variance " + std::to_string(variance(y, x)) + ", expected " + std::to_string(truth.mean(y, x)) + " " +
               std::to_string(v);
      };
      fuzz::require(is_near(static_cast<double>(mean(y, x)), truth.mean(y, x), 8 * ulp * most), "a mean is right",
                    place);
      fuzz::require(is_near(static_cast<double>(only_mean(y, x)), truth.mean(y, x), 8 * ulp * most), "moving_mean too",
                    place);
      fuzz::require(
          is_near(static_cast<double>(variance(y, x)), v, 64 * ulp * v + 32 * ulp * most * (std::sqrt(v) + ulp * most)),
          "a variance is right", place);
      fuzz::require(!(variance(y, x) < 0), "no variance is negative", place);
    }
  }
  if (c.border == Border::wrap || c.masked) {
    return;
  }
  boxlap::MomentsStream<T, Out> stream(c.cols, c.window, c.deviation, c.options());
  Image<Out> mean_rows(c.rows, c.cols), variance_rows(c.rows, c.cols);
  Index rows = 0;
  const auto sink = [&](Index y, std::span<const Out> means, std::span<const Out> variances) {
    fuzz::require(y == rows++, "rows come in order");
    for (Index x = 0; x < c.cols; ++x) {
      mean_rows(y, x) = means[fuzz::at(x)], variance_rows(y, x) = variances[fuzz::at(x)];
    }
  };
  for (int again = 0; again < 2; ++again, rows = 0) {
    for (Index y = 0; y < c.rows; ++y) {
      stream.push(std::span<const T>(&image(y, 0), fuzz::at(c.cols)), sink);
    }
    stream.finish(sink);
    fuzz::require(rows == c.rows, "every row comes back");
    bool equal = true;
    for (Index k = 0; k < mean.size(); ++k) {
      const Out a = mean.data()[k], b = mean_rows.data()[k], v = variance.data()[k], w = variance_rows.data()[k];
      equal = equal && (a == b || (a != a && b != b)) && (v == w || (v != v && w != w));
    }
    fuzz::require(equal, "a stream gives what the array form gives");
  }
}

/// The formula of the filter over plain moments.
void check_lee(fuzz::Input& in) {
  const Case c{.rows = in.below(10) + 1,
               .cols = in.below(10) + 1,
               .window = Window(in.below(7) + 1),
               .deviation = in.flag() ? Deviation::own_mean : Deviation::textbook,
               .border = static_cast<Border>(in.below(5)),
               .border_value = 1,
               .skip_nan = in.flag(),
               .masked = false,
               .threads = 1,
               .mask = {}};
  const int looks = in.below(8) + 1;
  const auto speckle = boxlap::Speckle::intensity(looks, in.below(4));
  auto image = draw_image<double>(in, c.rows, c.cols, c.skip_nan);
  image = image.abs();
  const Moments truth = plain_moments(image, c);
  Image<double> out, in_place = image;
  boxlap::enhanced_lee(image, c.window, speckle, out, c.deviation, c.options());
  boxlap::enhanced_lee(in_place, c.window, speckle, in_place, c.deviation, c.options());
  fuzz::require(same_bits(out, in_place), "the filter may run in place");
  for (Index k = 0; k < image.size(); ++k) {
    const long double pixel = image.data()[k], mean = truth.mean.data()[k], variance = truth.variance.data()[k];
    const long double most = truth.largest.data()[k];
    if (pixel != pixel) {
      fuzz::require(out.data()[k] != out.data()[k], "an invalid pixel keeps its value");
      continue;
    }
    const long double variation = mean > 0 ? std::sqrt(variance) / mean : 0;
    const long double cu = speckle.cu, cmax = speckle.cmax;
    const long double weight = variation <= cu     ? 1
                               : variation >= cmax ? 0
                                                   : std::exp(-speckle.damping * (variation - cu) / (cmax - variation));
    const bool jump =
        speckle.damping == 0 && std::abs(variation - cmax) < 1e-6L;  // there the formula is not continuous
    fuzz::require(jump || is_near(out.data()[k], mean * weight + pixel * (1 - weight), 1e-9L * (most + mean + pixel)),
                  "the filter follows its formula");
  }
}

/// The pixels of a box one by one, by the share that is inside.
void check_boxes(fuzz::Input& in) {
  const Index rows = in.below(12) + 1, cols = in.below(12) + 1;
  const auto image = draw_image<std::uint16_t>(in, rows, cols, false);
  const boxlap::BoxMoments moments(image);
  for (int n = in.below(8); n > 0; --n) {
    const auto box = in.box<double>();
    long double sum = 0, area = 0, squares = 0;
    for (Index y = 0; y < rows; ++y) {
      for (Index x = 0; x < cols; ++x) {
        const double w = std::min(box.x2, x + 1.0) - std::max(box.x1, static_cast<double>(x));
        const double h = std::min(box.y2, y + 1.0) - std::max(box.y1, static_cast<double>(y));
        const bool numbers = box.x1 < box.x2 && box.y1 < box.y2;
        const long double share = numbers && w > 0 && h > 0 ? static_cast<long double>(w) * h : 0;
        sum += share * image(y, x), area += share;
      }
    }
    const auto got = moments(box);
    if (area > 1e-3L) {
      for (Index y = 0; y < rows; ++y) {
        for (Index x = 0; x < cols; ++x) {
          const double w = std::min(box.x2, x + 1.0) - std::max(box.x1, static_cast<double>(x));
          const double h = std::min(box.y2, y + 1.0) - std::max(box.y1, static_cast<double>(y));
          const long double from = image(y, x) - sum / area;
          squares += w > 0 && h > 0 ? static_cast<long double>(w) * h * from * from : 0;
        }
      }
      fuzz::require(is_near(got.pixels, area, 1e-12L), "a box has the pixels it covers");
      fuzz::require(is_near(got.mean, sum / area, 1e-7L), "their mean is right");
      fuzz::require(is_near(got.variance, squares / area, 1e-2L), "their variance is right");
    } else if (area == 0) {
      fuzz::require(got.pixels == 0 && got.mean != got.mean, "a box outside has no pixels");
    }
  }
}

/// The two equations of every window.
void check_flow(fuzz::Input& in) {
  const Index rows = in.below(14) + 1, cols = in.below(14) + 1, radius = in.below(5);
  const auto a = draw_image<std::uint8_t>(in, rows, cols, false), b = draw_image<std::uint8_t>(in, rows, cols, false);
  Image<double> flow_x, flow_y;
  boxlap::lucas_kanade(a, b, radius, flow_x, flow_y);
  for (Index y = 0; y < rows; ++y) {
    for (Index x = 0; x < cols; ++x) {
      const Index away = radius + 1;
      std::int64_t xx = 0, xy = 0, yy = 0, xt = 0, yt = 0;
      if (y >= away && x >= away && y < rows - away && x < cols - away) {
        for (Index v = y - radius; v <= y + radius; ++v) {
          for (Index u = x - radius; u <= x + radius; ++u) {
            const std::int64_t gx = a(v, u + 1) - a(v, u - 1), gy = a(v + 1, u) - a(v - 1, u), gt = a(v, u) - b(v, u);
            xx += gx * gx, xy += gx * gy, yy += gy * gy, xt += gx * gt, yt += gy * gt;
          }
        }
      }
      const std::int64_t det = xx * yy - xy * xy;
      const long double fx = det == 0 ? 0 : 2.0L * static_cast<long double>(yy * xt - xy * yt) / det;
      const long double fy = det == 0 ? 0 : 2.0L * static_cast<long double>(xx * yt - xy * xt) / det;
      fuzz::require(is_near(flow_x(y, x), fx, 1e-12L * (1 + std::abs(fx))), "flow solves its equations");
      fuzz::require(is_near(flow_y(y, x), fy, 1e-12L * (1 + std::abs(fy))), "flow solves its equations");
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input in(data, size);
  switch (in.below(8)) {
    case 0:
    case 1:
      check_windows<float>(in);
      break;
    case 2:
      check_windows<double>(in);
      break;
    case 3:
    case 4:
      check_windows<std::uint16_t>(in);
      break;
    case 5:
      check_lee(in);
      break;
    case 6:
      check_boxes(in);
      break;
    default:
      check_flow(in);
  }
  return 0;
}
