/// Pairs of rotated boxes on which overlap routines are known to fail, by family.
#pragma once

#include <cmath>
#include <numbers>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <boxlap/shape/rotated_box.hpp>

#include "scenes.hpp"

namespace scenes {

using RotatedPairD = std::pair<boxlap::RotatedBox<double>, boxlap::RotatedBox<double>>;

inline const std::vector<std::string>& rotated_families() {
  static const std::vector<std::string> names{"random",    "identical", "renamed",   "near_identical", "tiny_angle",
                                              "near_axis", "needle",    "far",       "touching",       "normalised",
                                              "huge",      "contained", "collinear", "tiny_in_big",    "sparse",
                                              "half",      "near_half"};
  return names;
}

/// One pair of a family, with fields that float holds exactly.
inline RotatedPairD rotated_pair(const std::string& family, Rng& rng) {
  using boxlap::RotatedBox;
  const auto uniform = [&](double low, double high) { return std::uniform_real_distribution<double>(low, high)(rng); };
  const auto power = [&](double low, double high) { return std::pow(10.0, uniform(low, high)); };
  const auto sign = [&] { return (rng() & 1) != 0 ? 1.0 : -1.0; };
  const auto box = [&](double extent, double low, double high) {
    return RotatedBox<double>{uniform(0, extent), uniform(0, extent), power(low, high), power(low, high),
                              uniform(-180, 180)};
  };
  const auto shifted = [](RotatedBox<double> r, double along, double across) {
    const double radians = r.degrees * std::numbers::pi / 180;
    r.cx += along * std::cos(radians) - across * std::sin(radians);
    r.cy += along * std::sin(radians) + across * std::cos(radians);
    return r;
  };
  RotatedBox<double> a = box(100, 1, 2), b = box(100, 1, 2);
  if (family == "identical") {
    b = a;
  } else if (family == "renamed") {
    b = (rng() & 1) != 0 ? RotatedBox<double>{a.cx, a.cy, a.h, a.w, a.degrees + 90 * sign()}
                         : RotatedBox<double>{a.cx, a.cy, a.w, a.h, a.degrees + 180 * sign()};
  } else if (family == "near_identical") {
    b = a;
    const double by = power(-7, -2);
    b.cx += sign() * by, b.cy += sign() * by, b.w *= 1 + sign() * by, b.degrees += sign() * by;
  } else if (family == "tiny_angle") {
    b = {a.cx + uniform(-10, 10), a.cy + uniform(-10, 10), a.w, a.h, a.degrees + sign() * power(-9, -3)};
  } else if (family == "near_axis") {
    a.degrees = 90 * double(rng() % 4);
    b = {a.cx + uniform(-10, 10), a.cy + uniform(-10, 10), a.w, a.h, a.degrees + sign() * power(-9, -3)};
  } else if (family == "needle") {
    a.w = power(2, 4), a.h = a.w / power(2, 6);
    b = shifted(a, uniform(-0.5, 0.5) * a.w, uniform(-1, 1) * a.h);
    b.degrees += sign() * power(-6, 1);
  } else if (family == "far") {
    const double x = sign() * power(4, 7), y = sign() * power(4, 7);
    b = {a.cx + uniform(-20, 20), a.cy + uniform(-20, 20), a.w, a.h, b.degrees};
    a.cx += x, b.cx += x, a.cy += y, b.cy += y;
  } else if (family == "touching") {
    const double w = double(1 + rng() % 16) / 4, h = double(1 + rng() % 16) / 4;
    const double x = double(rng() % 64) / 8, y = double(rng() % 64) / 8;
    const double turn = 90 * double(rng() % 4);
    a = {x, y, w, h, 0};
    b = {x + (rng() % 2 ? w : 0), y + h, w, h, 0};
    if (turn == 90 || turn == 270) {
      b.degrees = turn, std::swap(b.w, b.h);
    }
  } else if (family == "normalised") {
    a = {uniform(0, 1), uniform(0, 1), power(-4, -0.7), power(-4, -0.7), uniform(-180, 180)};
    b = {a.cx + uniform(-0.5, 0.5) * a.w, a.cy + uniform(-0.5, 0.5) * a.h, a.w * power(-0.3, 0.3),
         a.h * power(-0.3, 0.3), uniform(-180, 180)};
  } else if (family == "huge") {
    a = box(1e7, 4, 7);
    b = {a.cx + uniform(-0.5, 0.5) * a.w, a.cy + uniform(-0.5, 0.5) * a.h, a.w, a.h, uniform(-180, 180)};
  } else if (family == "contained") {
    b = shifted(a, uniform(-0.2, 0.2) * a.w, uniform(-0.2, 0.2) * a.h);
    b.w *= 0.3, b.h *= 0.3;
  } else if (family == "collinear") {
    b = shifted(a, uniform(-1, 1) * a.w, 0);
    if (rng() & 1) {
      b = shifted(b, 0, a.h);
    }
  } else if (family == "tiny_in_big") {
    a = box(100, 2, 3);
    b = {a.cx + uniform(-50, 50), a.cy + uniform(-50, 50), power(-4, -2), power(-4, -2), uniform(-180, 180)};
  } else if (family == "sparse") {
    a = box(1000, 0, 2), b = box(1000, 0, 2);
    if (rng() & 1) {
      b.cx = a.cx + a.w, b.cy = a.cy;
    }
  } else if (family == "half") {
    b = shifted(a, sign() * a.w / 3, 0);
  } else if (family == "near_half") {
    b = shifted(a, sign() * a.w / 3 * (1 + sign() * power(-12, -5)), 0);
  }
  const auto rounded = [](const RotatedBox<double>& r) { return boxlap::cast<double>(boxlap::cast<float>(r)); };
  return family == "near_half" ? RotatedPairD{a, b} : RotatedPairD{rounded(a), rounded(b)};
}

}  // namespace scenes
