// The largest windows whose sums fit 32 bits, and the first ones beyond: a pattern with the steepest gradients there
// are, 255 at every pixel in both directions.
#include <boxlap/raster/lucas_kanade.hpp>

#include <cmath>
#include <cstdint>

#include "images.hpp"

using namespace boxlap;
using images::Image;

namespace {

struct Sums {
  std::int64_t xx = 0, xy = 0, yy = 0, xt = 0, yt = 0;  // of differences over two pixels, of differences over time
};

Sums sums_at(const Image<std::uint8_t>& a, const Image<std::uint8_t>& b, Index y, Index x, Index radius) {
  Sums s;
  for (Index v = y - radius; v <= y + radius; ++v) {
    for (Index u = x - radius; u <= x + radius; ++u) {
      const std::int64_t gx = std::int64_t{a(v, u + 1)} - a(v, u - 1), gy = std::int64_t{a(v + 1, u)} - a(v - 1, u);
      const std::int64_t gt = std::int64_t{a(v, u)} - b(v, u);
      s.xx += gx * gx, s.xy += gx * gy, s.yy += gy * gy, s.xt += gx * gt, s.yt += gy * gt;
    }
  }
  return s;
}

}  // namespace

TEST_CASE("flow of a checkerboard of two pixels at radius 89, 90, 91 and 92", "[lucas_kanade]") {
  for (const Index radius : {89, 90, 91, 92}) {
    const Index margin = radius + 1, rows = 2 * margin + 3, cols = 2 * margin + 5;
    Image<std::uint8_t> a(rows, cols), b(rows, cols);
    for (Index y = 0; y < rows; ++y) {
      for (Index x = 0; x < cols; ++x) {
        // Rows of one phase would make both gradients one: a quarter of the image has the other phase.
        const Index phase = y < rows / 2 && x < cols / 2 ? 2 : 0;
        a(y, x) = (x / 2 + (y + phase) / 2) % 2 == 0 ? 0 : 255;
        b(y, x) = static_cast<std::uint8_t>(255 - a(y, x));
      }
    }
    Image<double> flow_x, flow_y, eigenvalue;
    lucas_kanade(a, b, radius, flow_x, flow_y, eigenvalue);
    const double pixels = static_cast<double>((2 * radius + 1) * (2 * radius + 1));
    double steepest = 0;
    for (Index y = margin; y < rows - margin; ++y) {
      for (Index x = margin; x < cols - margin; ++x) {
        const Sums s = sums_at(a, b, y, x, radius);
        const auto xx = static_cast<double>(s.xx) / 4, xy = static_cast<double>(s.xy) / 4,
                   yy = static_cast<double>(s.yy) / 4, xt = static_cast<double>(s.xt) / 2,
                   yt = static_cast<double>(s.yt) / 2;
        const double det = xx * yy - xy * xy;
        const double least = ((xx + yy) - std::sqrt((xx - yy) * (xx - yy) + 4 * xy * xy)) / 2 / pixels;
        steepest = std::max({steepest, static_cast<double>(s.xx), static_cast<double>(s.yy)});
        CAPTURE(radius, y, x);
        CHECK(std::abs(eigenvalue(y, x) - least) <= 1e-9 * (xx + yy) / pixels);
        if (det > 0) {
          CHECK(std::abs(flow_x(y, x) - (yy * xt - xy * yt) / det) < 1e-9);
          CHECK(std::abs(flow_y(y, x) - (xx * yt - xy * xt) / det) < 1e-9);
        }
      }
    }
    CHECK((steepest > 0x1p31) == (radius > 90));
    CHECK(steepest > 0.98 * 255 * 255 * pixels);
  }
}
