#include <boxlap/raster/lucas_kanade.hpp>

#include "../support/memory.hpp"
#include "images.hpp"

using namespace boxlap;
using images::Image;

namespace {

struct Flow {
  Image<double> x, y, eigenvalue;
};

/// Every window on its own, in long double.
template <class T>
Flow plain_flow(const Image<T>& a, const Image<T>& b, Index radius) {
  using Long = long double;
  const auto rows = Index(a.rows()), cols = Index(a.cols());
  Flow flow{Image<double>::Zero(rows, cols), Image<double>::Zero(rows, cols), Image<double>::Zero(rows, cols)};
  for (Index y = radius + 1; y < rows - radius - 1; ++y) {
    for (Index x = radius + 1; x < cols - radius - 1; ++x) {
      Long xx = 0, xy = 0, yy = 0, xt = 0, yt = 0;
      for (Index v = y - radius; v <= y + radius; ++v) {
        for (Index u = x - radius; u <= x + radius; ++u) {
          const Long gx = (Long(a(v, u + 1)) - Long(a(v, u - 1))) / 2, gy = (Long(a(v + 1, u)) - Long(a(v - 1, u))) / 2;
          const Long gt = Long(a(v, u)) - Long(b(v, u));
          xx += gx * gx, xy += gx * gy, yy += gy * gy, xt += gx * gt, yt += gy * gt;
        }
      }
      const Long det = xx * yy - xy * xy, n = Long(2 * radius + 1) * Long(2 * radius + 1);
      if (det != 0) {
        flow.x(y, x) = double((yy * xt - xy * yt) / det);
        flow.y(y, x) = double((xx * yt - xy * xt) / det);
      }
      flow.eigenvalue(y, x) = double((xx + yy - std::sqrt((xx - yy) * (xx - yy) + 4 * xy * xy)) / 2 / n);
    }
  }
  return flow;
}

/// A picture of smooth random waves, and the same moved by (dx, dy).
Image<double> waves(Index rows, Index cols, double dx, double dy, unsigned seed) {
  std::mt19937 rng(seed);
  std::uniform_real_distribution<double> phase(0, 6.28), rate(0.05, 0.4);
  Image<double> image = Image<double>::Constant(rows, cols, 128);
  for (int wave = 0; wave < 12; ++wave) {
    const double fx = rate(rng), fy = rate(rng) - 0.2, p = phase(rng);
    for (Index y = 0; y < rows; ++y) {
      for (Index x = 0; x < cols; ++x) {
        image(y, x) += 8 * std::sin(fx * (x - dx) + fy * (y - dy) + p);
      }
    }
  }
  return image;
}

}  // namespace

TEST_CASE("the peers' flow: every fixture to the rounding of the output") {
  if (fixture::missing()) {
    return;
  }
  for (const std::string name : {"shift", "affine"}) {
    const auto a = images::pgm(name + ".frame1.pgm"), b = images::pgm(name + ".frame2.pgm");
    const auto rows = Index(a.rows()), cols = Index(a.cols());
    for (const Index radius : {2, 7}) {
      INFO(name << " radius " << radius);
      const std::string file = name + ".r" + std::to_string(radius) + ".lk.f64";
      const auto x = images::raw<double>(file, rows, cols, 0), y = images::raw<double>(file, rows, cols, 1);
      const auto e = images::raw<double>(file, rows, cols, 2);
      Image<double> flow_x, flow_y, eigenvalue;
      lucas_kanade(a, b, radius, flow_x, flow_y, eigenvalue);
      CHECK((flow_x - x).abs().maxCoeff() <= 1e-15 * x.abs().maxCoeff());
      CHECK((flow_y - y).abs().maxCoeff() <= 1e-15 * y.abs().maxCoeff());
      CHECK((eigenvalue - e).abs().maxCoeff() <= 1e-13 * e.maxCoeff());
      Image<float> float_x, float_y;
      lucas_kanade(a, b, radius, float_x, float_y);
      CHECK((float_x - x.cast<float>()).abs().maxCoeff() <= 1e-7f * float(x.abs().maxCoeff()));
      for (const auto& pair : {0, 1, 2}) {  // other pixel types, same numbers
        if (pair == 0) {
          lucas_kanade(Image<float>(a.cast<float>()), Image<float>(b.cast<float>()), radius, flow_x, flow_y);
        } else if (pair == 1) {
          lucas_kanade(Image<std::uint16_t>(a.cast<std::uint16_t>()), Image<std::uint16_t>(b.cast<std::uint16_t>()),
                       radius, flow_x, flow_y);
        } else {
          lucas_kanade(Image<double>(a.cast<double>()), Image<double>(b.cast<double>()), radius, flow_x, flow_y);
        }
        CHECK((flow_x - x).abs().maxCoeff() <= 1e-15 * x.abs().maxCoeff());
        CHECK((flow_y - y).abs().maxCoeff() <= 1e-15 * y.abs().maxCoeff());
      }
      // against the truth: what the fixtures' README says of the method
      const auto true_x = images::raw<float>(name + ".true_flow.f32", rows, cols, 0);
      const auto true_y = images::raw<float>(name + ".true_flow.f32", rows, cols, 1);
      std::vector<double> errors;
      for (Eigen::Index k = 0; k < e.size(); ++k) {
        if (e.data()[k] > 0.1024) {
          errors.push_back(std::hypot(x.data()[k] - double(true_x.data()[k]), y.data()[k] - double(true_y.data()[k])));
        }
      }
      std::nth_element(errors.begin(), errors.begin() + std::ptrdiff_t(errors.size() / 2), errors.end());
      CHECK(errors[errors.size() / 2] < (radius == 2 ? 0.13 : 0.06));
    }
  }
}

TEMPLATE_TEST_CASE("every window equals the plain loops", "", std::uint8_t, std::int8_t, std::uint16_t, std::int32_t,
                   float, double) {
  const auto seed = GENERATE(1u, 2u, 3u);
  std::mt19937 rng(seed);
  const bool wide = sizeof(TestType) == 4 && std::integral<TestType>;
  for (const auto& [rows, cols] : {std::pair<Index, Index>{20, 31}, {3, 3}, {7, 40}, {1, 1}, {2, 9}}) {
    Image<TestType> a = images::random<TestType>(rows, cols, rng), b = images::random<TestType>(rows, cols, rng);
    if (wide) {
      a /= 4, b /= 4;
    }
    for (const Index radius : {0, 1, 2, 3, 5, 9}) {
      INFO("seed " << seed << ", " << rows << " x " << cols << ", radius " << radius);
      const Flow want = plain_flow(a, b, radius);
      Image<double> x, y, e;
      lucas_kanade(a, b, radius, x, y, e);
      const double scale = std::max(1.0, std::max(want.x.abs().maxCoeff(), want.y.abs().maxCoeff()));
      // one pixel has a singular system, whose determinant of rounded products need not be 0
      if (radius > 0 || (std::integral<TestType> && !wide)) {
        CHECK((x - want.x).abs().maxCoeff() <= 1e-10 * scale);
        CHECK((y - want.y).abs().maxCoeff() <= 1e-10 * scale);
      }
      const double brightest = a.template cast<double>().abs().maxCoeff();
      CHECK((e - want.eigenvalue).abs().maxCoeff() <= 1e-14 * brightest * brightest);
    }
  }
}

TEST_CASE("a moved picture moves: right is +x, down is +y") {
  const auto a = waves(60, 80, 0, 0, 1), b = waves(60, 80, 0.4, -0.3, 1);
  Image<double> x, y;
  lucas_kanade(a, b, 7, x, y);
  CHECK(std::abs(x.block(10, 10, 40, 60).mean() - 0.4) < 0.02);
  CHECK(std::abs(y.block(10, 10, 40, 60).mean() + 0.3) < 0.02);
}

TEST_CASE("windows without texture have no flow, and the threshold removes the poor ones") {
  Image<std::uint8_t> flat = Image<std::uint8_t>::Constant(20, 20, 9), stripes = flat, moved = flat;
  for (Index k = 0; k < 20; ++k) {
    stripes.col(k) = std::uint8_t(20 + 10 * (k % 5));
    moved.col(k) = std::uint8_t(20 + 10 * ((k + 1) % 5));
  }
  Image<float> x, y, e;
  lucas_kanade(flat, stripes, 2, x, y, e);
  CHECK(((x == 0).all() && (y == 0).all() && (e == 0).all()));
  lucas_kanade(stripes, moved, 2, x, y, e);  // the aperture problem: det is exactly 0
  CHECK(((x == 0).all() && (y == 0).all() && (e == 0).all()));
  const auto a = waves(40, 50, 0, 0, 3), b = waves(40, 50, 0.5, 0.5, 3);
  Image<double> all_x, all_y, map, some_x, some_y, same;
  lucas_kanade(a, b, 1, all_x, all_y, map);
  lucas_kanade(a, b, 1, some_x, some_y, same, 0.5);
  CHECK((map == same).all());
  const auto good = map >= 0.5;
  CHECK((good.count() > 0 && good.count() < map.size()));
  CHECK((some_x == good.select(all_x, 0.0)).all());
  CHECK((some_y == good.select(all_y, 0.0)).all());
}

TEMPLATE_TEST_CASE("threads and strips give the same bits", "", std::uint8_t, float) {
  std::mt19937 rng(4);
  for (const auto& [rows, cols] : {std::pair<Index, Index>{300, 60}, {40, 2100}}) {
    const auto a = images::random<TestType>(rows, cols, rng), b = images::random<TestType>(rows, cols, rng);
    for (const Index radius : {1, 2, 7}) {
      Image<float> x, y, many_x, many_y;
      lucas_kanade(a, b, radius, x, y);
      lucas_kanade(a, b, radius, many_x, many_y, 0, {.threads = 3});
      CHECK((images::same_bits(x, many_x) && images::same_bits(y, many_y)));
      // a part of the frames has the flow it has in the whole
      const Index skip = 13;
      lucas_kanade(a.middleCols(skip, 40), b.middleCols(skip, 40), radius, many_x, many_y);
      const Index margin = radius + 1, inner = 40 - 2 * margin;
      CHECK(images::same_bits(Image<float>(x.block(margin, skip + margin, rows - 2 * margin, inner)),
                              Image<float>(many_x.block(margin, margin, rows - 2 * margin, inner))));
    }
  }
}

TEST_CASE("a NaN spoils the windows that hold it or its neighbours") {
  std::mt19937 rng(8);
  Image<float> a = images::random<float>(40, 40, rng), b = images::random<float>(40, 40, rng), x, y;
  a(20, 20) = std::numeric_limits<float>::quiet_NaN();
  lucas_kanade(a, b, 2, x, y);
  Index touched = 0;
  for (Index v = 0; v < 40; ++v) {
    for (Index u = 0; u < 40; ++u) {
      const Index dy = std::abs(v - 20), dx = std::abs(u - 20);
      const bool near = (dy <= 3 && dx <= 2) || (dy <= 2 && dx <= 3);
      touched += near;
      if (!near) {
        CHECK((std::isfinite(x(v, u)) && std::isfinite(y(v, u))));
      }
    }
  }
  CHECK(touched == 45);
}

TEST_CASE("wrong frames and outputs are refused with their values") {
  using Catch::Matchers::Contains;
  Image<float> a = Image<float>::Ones(9, 9), b = Image<float>::Ones(9, 8), x, y;
  std::vector<float> memory(100);
  Eigen::Map<Image<float>> map(memory.data(), 8, 9);
  CHECK_THROWS_WITH(lucas_kanade(a, b, 1, x, y), Contains("frame2 is 9 x 8, frame1 is 9 x 9"));
  CHECK_THROWS_WITH(lucas_kanade(a, a, -1, x, y), Contains("radius is -1"));
  CHECK_THROWS_WITH(lucas_kanade(a, a, 1, x, map), Contains("flow_y is 8 x 9"));
  CHECK_THROWS_WITH(lucas_kanade(a, a, 1, x, x), Contains("flow_y overlaps flow_x"));
  CHECK_THROWS_WITH(lucas_kanade(a, a, 1, a, y), Contains("overlaps"));
  Image<float> eigenvalue;
  CHECK_THROWS_WITH(lucas_kanade(a, a, 1, x, x, eigenvalue), Contains("flow_y overlaps flow_x"));
  CHECK_THROWS_WITH(lucas_kanade(a, a, 1, x, y, x), Contains("eigenvalue overlaps flow_x"));
  CHECK_THROWS_WITH(lucas_kanade(a, a, 1, x, y, y), Contains("eigenvalue overlaps flow_y"));
  CHECK_THROWS_WITH(lucas_kanade(a, a, 1, x, y, -0.1), Contains("min_eigenvalue is -0.1"));
  CHECK_THROWS_AS(lucas_kanade(a, a, 1, x, y, 0, {.threads = -1}), std::invalid_argument);
  const Image<float> nothing(0, 0);
  lucas_kanade(nothing, nothing, 2, x, y);
  CHECK(x.size() == 0);
}

TEST_CASE("scratch of a 480 x 854 flow is below 256 KiB, and the formula's") {
  if (memory::uncounted()) {
    return;
  }
  const auto check = [](auto pixel, double bytes) {
    using T = decltype(pixel);
    Image<T> a = Image<T>::Ones(480, 854), b = a;
    Image<float> x(480, 854), y(480, 854);
    const heap::Scope scope;
    lucas_kanade(a, b, 2, x, y);
    const double formula = 5 * bytes * ((5 + 2 + 1) * (424 + 5) + 5 * ((bytes == 4 ? 128 : 64) + 5));
    CHECK(scope.peak_bytes() < 256 * 1024);
    CHECK(double(scope.peak_bytes()) <= formula + 8192);
    CHECK(double(scope.peak_bytes()) >= formula / 2);
  };
  check(std::uint8_t{}, 4);
  check(float{}, 4);
  check(double{}, 8);
}
