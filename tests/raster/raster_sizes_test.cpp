// Both sides of every width at which a sweep over an image begins another piece of a row.
#include <boxlap/raster/lucas_kanade.hpp>
#include <boxlap/raster/window.hpp>

#include <cstdint>
#include <random>

#include "../catch.hpp"
#include "../support/sizes.hpp"
#include "images.hpp"

using namespace boxlap;
using images::Image;

namespace {

/// The sum of the window around each pixel, the border mirrored: (d c b a | a b c d | d c b a).
Image<double> plain_means(const Image<std::uint16_t>& image, Window window) {
  const auto mirrored = [](Index k, Index n) {
    while (k < 0 || k >= n) {
      k = k < 0 ? -1 - k : 2 * n - 1 - k;
    }
    return k;
  };
  const auto rows = static_cast<Index>(image.rows()), cols = static_cast<Index>(image.cols());
  Image<double> means(rows, cols);
  for (Index y = 0; y < rows; ++y) {
    for (Index x = 0; x < cols; ++x) {
      std::uint64_t sum = 0;
      for (Index dy = 0; dy < window.rows; ++dy) {
        for (Index dx = 0; dx < window.cols; ++dx) {
          sum += image(mirrored(y - window.rows / 2 + dy, rows), mirrored(x - window.cols / 2 + dx, cols));
        }
      }
      means(y, x) = double(sum) / double(window.rows * window.cols);
    }
  }
  return means;
}

}  // namespace

TEST_CASE("means of images on both sides of every width that is cut") {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 rng(seed);
  for (const Index cols :
       sizes::around({1, detail::lane_group, std::int64_t(detail::segment_columns),
                      2 * std::int64_t(detail::segment_columns), detail::Tiling::strip, 2 * detail::Tiling::strip})) {
    if (cols == 0) {
      continue;
    }
    const auto image = images::random<std::uint16_t>(4, cols, rng);
    for (const Window window : {Window{3, 3}, Window{5, 32}}) {
      const Image<double> expected = plain_means(image, window);
      for (const int threads : {1, 2}) {
        CAPTURE(cols, window.rows, window.cols, threads);
        Image<double> means;
        moving_mean(image, window, means, {.threads = threads});
        CHECK((means == expected).all());
      }
    }
  }
}

TEST_CASE("flow of images on both sides of every width that is cut") {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 rng(seed);
  constexpr Index radius = 2, margin = radius + 1;
  for (const Index inner : sizes::around({std::int64_t(detail::segment_columns), detail::widest_flow_strip})) {
    const Index cols = inner + 2 * margin, rows = 10;
    const auto frame1 = images::random<std::uint8_t>(rows, cols, rng),
               frame2 = images::random<std::uint8_t>(rows, cols, rng);
    Image<double> flow_x, flow_y;
    lucas_kanade(frame1, frame2, radius, flow_x, flow_y);
    // A piece of the image around each column has the same flow there, and is too narrow to be cut.
    bool same = true;
    for (Index x = margin; x < cols - margin; x += 7) {
      const Image<std::uint8_t> piece1 = frame1.middleCols(x - margin, 2 * margin + 1);
      const Image<std::uint8_t> piece2 = frame2.middleCols(x - margin, 2 * margin + 1);
      Image<double> piece_x, piece_y;
      lucas_kanade(piece1, piece2, radius, piece_x, piece_y);
      same = same && (piece_x.col(margin) == flow_x.col(x)).all() && (piece_y.col(margin) == flow_y.col(x)).all();
    }
    CAPTURE(cols);
    CHECK(same);
  }
}
