/// Pictures in and out for the programs: PNG and PGM through stb, raw floats, colours and boxes to look at.
#pragma once

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_WRITE_IMPLEMENTATION
#include <stb/stb_image.h>
#include <stb/stb_image_write.h>

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <boxlap/shape/box.hpp>

namespace picture {

template <class T>
using Gray = Eigen::Array<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

using Color = std::array<std::uint8_t, 3>;

/// A PNG, PGM, JPEG or BMP file as grey levels 0 .. 255.
inline Gray<std::uint8_t> read(const std::string& path) {
  int cols = 0, rows = 0, channels = 0;
  const std::unique_ptr<stbi_uc, void (*)(void*)> pixels(stbi_load(path.c_str(), &cols, &rows, &channels, 1),
                                                         stbi_image_free);
  if (!pixels) {
    throw std::runtime_error(path + ": " + stbi_failure_reason());
  }
  return Eigen::Map<const Gray<std::uint8_t>>(pixels.get(), rows, cols);
}

/// A file of rows * cols little-endian floats.
inline Gray<float> read_floats(const std::string& path, Eigen::Index rows, Eigen::Index cols) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  const auto size = static_cast<std::streamsize>(rows * cols) * static_cast<std::streamsize>(sizeof(float));
  if (!file || file.tellg() != std::streampos(size)) {
    throw std::runtime_error(path + ": expected " + std::to_string(size) + " bytes, " + std::to_string(rows) + " x " +
                             std::to_string(cols) + " floats");
  }
  Gray<float> image(rows, cols);
  file.seekg(0);
  file.read(reinterpret_cast<char*>(image.data()), size);
  return image;
}

/// A colour picture that one can draw on.
class Canvas {
 public:
  Canvas(Eigen::Index rows, Eigen::Index cols, Color background = {255, 255, 255})
      : rows_(rows), cols_(cols), pixels_(static_cast<std::size_t>(rows * cols), background) {}

  void set(Eigen::Index y, Eigen::Index x, Color color) {
    if (y >= 0 && y < rows_ && x >= 0 && x < cols_) {
      pixels_[static_cast<std::size_t>(y * cols_ + x)] = color;
    }
  }

  /// Paints levels of [low, high] from black to white, with the upper left corner at (y, x).
  template <class Image>
  void paint(const Image& levels, double low, double high, Eigen::Index y = 0, Eigen::Index x = 0) {
    for (Eigen::Index row = 0; row < levels.rows(); ++row) {
      for (Eigen::Index col = 0; col < levels.cols(); ++col) {
        const double level = (static_cast<double>(levels(row, col)) - low) / (high - low);
        const auto gray = static_cast<std::uint8_t>(std::lround(255 * std::clamp(level, 0.0, 1.0)));
        set(y + row, x + col, {gray, gray, gray});
      }
    }
  }

  /// The outline of a box, just outside its pixels.
  template <class T>
  void outline(const boxlap::Box<T>& box, Color color, Eigen::Index y = 0, Eigen::Index x = 0) {
    const auto x1 = x + static_cast<Eigen::Index>(std::floor(box.x1)) - 1;
    const auto y1 = y + static_cast<Eigen::Index>(std::floor(box.y1)) - 1;
    const auto x2 = x + static_cast<Eigen::Index>(std::ceil(box.x2)),
               y2 = y + static_cast<Eigen::Index>(std::ceil(box.y2));
    for (Eigen::Index col = x1; col <= x2; ++col) {
      set(y1, col, color);
      set(y2, col, color);
    }
    for (Eigen::Index row = y1; row <= y2; ++row) {
      set(row, x1, color);
      set(row, x2, color);
    }
  }

  void write(const std::string& path) const {
    if (stbi_write_png(path.c_str(), static_cast<int>(cols_), static_cast<int>(rows_), 3, pixels_.data(), 0) == 0) {
      throw std::runtime_error(path + ": cannot be written");
    }
  }

 private:
  Eigen::Index rows_, cols_;
  std::vector<Color> pixels_;
};

/// Hue in turns, saturation and value in [0, 1].
inline Color hsv(double hue, double saturation, double value) {
  const auto channel = [&](double shift) {
    const double k = std::fmod(shift + 6 * hue, 6.0);
    const double level = value - value * saturation * std::clamp(std::min(k, 4 - k), 0.0, 1.0);
    return static_cast<std::uint8_t>(std::lround(255 * level));
  };
  return {channel(5), channel(3), channel(1)};
}

}  // namespace picture
