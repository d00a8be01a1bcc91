/// Images for the raster tests: random ones, the fixtures', and every window summed pixel by pixel.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <limits>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include <Eigen/Core>
#include <boxlap/raster/window_options.hpp>

#include "../support/fixture.hpp"

namespace images {

using boxlap::Border;
using boxlap::Deviation;
using boxlap::Index;
using boxlap::Window;

template <class T>
using Image = Eigen::Array<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

inline constexpr Border borders[] = {Border::reflect, Border::mirror, Border::nearest, Border::constant, Border::wrap};

/// Speckle-like pixels; integers fill their whole range.
template <class T>
Image<T> random(Index rows, Index cols, std::mt19937& rng) {
  Image<T> image(rows, cols);
  if constexpr (std::floating_point<T>) {
    std::gamma_distribution<double> speckle(4.0, 25.0);
    for (Index k = 0; k < image.size(); ++k) {
      image.data()[k] = T(speckle(rng));
    }
  } else {
    constexpr long lowest = std::numeric_limits<T>::lowest(), highest = std::numeric_limits<T>::max();
    std::uniform_int_distribution<long> any(lowest, highest);
    for (Index k = 0; k < image.size(); ++k) {
      image.data()[k] = T(any(rng));
    }
  }
  return image;
}

inline std::vector<char> bytes(const std::string& name) {
  std::ifstream file(fixture::folder() + "/raster/" + name, std::ios::binary);
  if (!file) {
    throw std::runtime_error("cannot read raster/" + name);
  }
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// Channel `channel` of a raw fixture file.
template <class T>
Image<T> raw(const std::string& name, Index rows, Index cols, int channel = 0) {
  const auto data = bytes(name);
  Image<T> image(rows, cols);
  const auto size = std::size_t(rows * cols) * sizeof(T);
  REQUIRE(data.size() >= size * std::size_t(channel + 1));
  std::memcpy(image.data(), data.data() + size * std::size_t(channel), size);
  return image;
}

/// A binary 8-bit PGM.
inline Image<std::uint8_t> pgm(const std::string& name) {
  const auto data = bytes(name);
  const std::string header(data.data(), (std::min)(data.size(), std::size_t{64}));  // sscanf needs its terminator
  int cols = 0, rows = 0;
  REQUIRE(std::sscanf(header.c_str(), "P5 %d %d 255", &cols, &rows) == 2);
  Image<std::uint8_t> image(rows, cols);
  std::memcpy(image.data(), data.data() + data.size() - std::size_t(rows * cols), std::size_t(rows * cols));
  return image;
}

/// Mean and variance of every window the plain way, in long double. Invalid pixels are left out.
struct Plain {
  Image<long double> mean, variance;
};

template <class T, class Valid>
Plain plain_moments(const Image<T>& image, Window window, Border border, double constant, Deviation deviation,
                    const Valid& valid, bool constant_valid = true) {
  const auto rows = Index(image.rows()), cols = Index(image.cols());
  Plain out{Image<long double>(rows, cols), Image<long double>(rows, cols)};
  const auto each = [&](Index y, Index x, auto visit) {
    for (Index v = y - window.up(); v <= y + window.down(); ++v) {
      for (Index u = x - window.left(); u <= x + window.right(); ++u) {
        const Index row = boxlap::detail::inside(border, v, rows), col = boxlap::detail::inside(border, u, cols);
        visit(row, col, row != boxlap::none && col != boxlap::none);
      }
    }
  };
  const auto at = [&](Index row, Index col, bool in) {
    return in ? static_cast<long double>(image(row, col)) : static_cast<long double>(constant);
  };
  const auto counts = [&](Index row, Index col, bool in) { return in ? bool(valid(row, col)) : constant_valid; };
  for (Index y = 0; y < rows; ++y) {
    for (Index x = 0; x < cols; ++x) {
      long double sum = 0, n = 0;
      each(y, x, [&](Index row, Index col, bool in) {
        if (counts(row, col, in)) {
          sum += at(row, col, in);
          n += 1;
        }
      });
      out.mean(y, x) = sum / n;
    }
  }
  for (Index y = 0; y < rows; ++y) {
    for (Index x = 0; x < cols; ++x) {
      long double sum = 0, n = 0;
      each(y, x, [&](Index row, Index col, bool in) {
        if (counts(row, col, in)) {
          const long double from = deviation == Deviation::textbook ? out.mean(y, x)
                                   : in                             ? out.mean(row, col)
                                                                    : at(row, col, in);
          sum += (at(row, col, in) - from) * (at(row, col, in) - from);
          n += 1;
        }
      });
      out.variance(y, x) = sum / n;
    }
  }
  return out;
}

template <class T>
Plain plain_moments(const Image<T>& image, Window window, Border border = Border::reflect, double constant = 0,
                    Deviation deviation = Deviation::textbook) {
  return plain_moments(image, window, border, constant, deviation, [](Index, Index) { return true; });
}

/// Bytes equal: NaN equals NaN, -0 does not equal 0.
template <class A>
bool same_bits(const A& a, const A& b) {
  if (a.rows() != b.rows() || a.cols() != b.cols()) {
    return false;
  }
  for (Eigen::Index y = 0; y < a.rows(); ++y) {
    if (std::memcmp(&a.coeffRef(y, 0), &b.coeffRef(y, 0), std::size_t(a.cols()) * sizeof(typename A::Scalar)) != 0) {
      return false;
    }
  }
  return true;
}

}  // namespace images
