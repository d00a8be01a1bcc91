/// How the picture around a box moved since the frame before: what a tracker can predict with when the camera shakes.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include <boxlap/raster/box_window.hpp>
#include <boxlap/raster/window.hpp>

#include "picture.hpp"

/// Takes frames one after the other; then any box's motion from the last but one to the last costs a few look-ups.
class ImageMotion {
 public:
  using Frame = picture::Gray<std::uint8_t>;

  /// Frames are blurred by two box windows of `blur` px: one linear step then follows motions of about half of that.
  explicit ImageMotion(boxlap::Index blur = 11) : blur_(blur) {}

  void next(const Frame& frame) {
    picture::Gray<float> smooth;
    boxlap::moving_mean(frame, blur_, smooth, {.threads = 0});
    boxlap::moving_mean(smooth, blur_, smooth, {.threads = 0});
    flow_.reset();
    if (last_.rows() == smooth.rows() && last_.cols() == smooth.cols()) {
      flow_.emplace(last_, smooth);
    }
    last_.swap(smooth);
  }

  /// The motion of the picture in and around `box`, in pixels; nothing in the first frame and where there is no
  /// texture.
  [[nodiscard]] std::optional<boxlap::Point<double>> operator()(const boxlap::Box<double>& box) const {
    if (!flow_) {
      return std::nullopt;
    }
    const double margin = blur_;
    const auto motion = (*flow_)(boxlap::Box{box.x1 - margin, box.y1 - margin, box.x2 + margin, box.y2 + margin});
    if (motion.eigenvalue < 0.02 || std::hypot(motion.x, motion.y) > blur_) {
      return std::nullopt;
    }
    return boxlap::Point<double>{motion.x, motion.y};
  }

 private:
  boxlap::Index blur_;
  picture::Gray<float> last_;
  std::optional<boxlap::BoxFlow<float>> flow_;
};

/// A made film: cars on a field, seen from above by a camera that shakes.
class ShakyFilm {
 public:
  static constexpr boxlap::Index rows = 240, cols = 320;
  static constexpr int cars = 36;

  /// shake: standard deviation of the camera's place, px a frame and axis.
  ShakyFilm(double shake, unsigned seed) : random_(seed), shake_(0, shake) {
    std::uniform_real_distribution<double> turn(0, 6.283), rate(0.1, 0.45), x(20, cols - 20), y(20, rows - 20),
        speed(0.4, 1.2), gray(20, 235);
    for (auto& wave : waves_) {
      const double direction = turn(random_), frequency = rate(random_);
      wave = {frequency * std::cos(direction), frequency * std::sin(direction), turn(random_)};
    }
    for (int k = 0; k < cars; ++k) {
      const double direction = turn(random_), pace = speed(random_);
      cars_.push_back({x(random_), y(random_), pace * std::cos(direction), pace * std::sin(direction), gray(random_)});
    }
  }

  /// The next frame, and the boxes of the cars in it.
  std::pair<ImageMotion::Frame, std::vector<boxlap::Box<double>>> next() {
    const double dx = shake_(random_), dy = shake_(random_);
    ImageMotion::Frame frame(rows, cols);
    for (boxlap::Index v = 0; v < rows; ++v) {
      for (boxlap::Index u = 0; u < cols; ++u) {
        double level = 128;
        for (const auto& [fx, fy, phase] : waves_) {
          level += 14 * std::sin(fx * (u - dx) + fy * (v - dy) + phase);
        }
        frame(v, u) = static_cast<std::uint8_t>(std::clamp(level, 0.0, 255.0));
      }
    }
    std::vector<boxlap::Box<double>> boxes;
    for (Car& car : cars_) {
      car.x += car.dx, car.y += car.dy;
      car.dx = car.x < 10 || car.x > cols - 10 ? -car.dx : car.dx;
      car.dy = car.y < 10 || car.y > rows - 10 ? -car.dy : car.dy;
      boxes.push_back(boxlap::from_cxcywh(car.x + dx, car.y + dy, 14.0, 10.0));
      paint(frame, boxes.back(), car.gray);
    }
    return {std::move(frame), std::move(boxes)};
  }

 private:
  struct Car {
    double x, y, dx, dy, gray;
  };

  static void paint(ImageMotion::Frame& frame, const boxlap::Box<double>& box, double gray) {
    const auto inside = boxlap::clip(box, {0, 0, double(cols), double(rows)});
    for (auto v = boxlap::Index(inside.y1); v < boxlap::Index(inside.y2); ++v) {
      for (auto u = boxlap::Index(inside.x1); u < boxlap::Index(inside.x2); ++u) {
        frame(v, u) = static_cast<std::uint8_t>(gray);
      }
    }
  }

  std::mt19937 random_;
  std::normal_distribution<double> shake_;
  std::array<std::array<double, 3>, 12> waves_{};
  std::vector<Car> cars_;
};
