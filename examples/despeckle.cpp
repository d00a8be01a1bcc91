/// Radar image in, speckle out; then the ships in it as boxes. Without arguments on a made scene whose ships are known.
///
///     despeckle [image.png | image.pgm | floats.f32 --rows R --cols C] [--looks 4] [--window 7] [--png despeckle.png]
///
/// 1. Enhanced Lee, in place: no second image.
/// 2. Detection (CFAR): a pixel is bright if it exceeds the mean of a ring around it by k deviations of the ring. Mean
///    and deviation of the ring come from two windows, a large one minus the guard window inside it.
/// 3. Bright pixels that touch become a box, at two ring sizes; nms by the smaller area keeps one box a ship.
/// 4. On the made scene the boxes are scored against the ships that were put there.
#include <cmath>
#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include <boxlap/evaluate/detection.hpp>
#include <boxlap/nms/nms.hpp>
#include <boxlap/raster/lee.hpp>
#include <boxlap/raster/window.hpp>

#include "support/picture.hpp"
#include "support/program.hpp"

namespace {

using boxlap::Box;
using boxlap::Index;
using Image = picture::Gray<float>;

struct Arguments {
  std::string input, png = "despeckle.png";
  Index rows = 0, cols = 0, window = 7;
  double looks = 4, damping = 1, sigmas = 5;
  unsigned seed = 1;
};

struct Scene {
  Image intensity;
  std::vector<Box<float>> ships;  ///< known only where the scene was made
};

/// Sea with swell, an island, and ships of 4 to 20 px, times the speckle of an image of `looks` looks.
Scene made_scene(double looks, unsigned seed) {
  constexpr Index rows = 480, cols = 640;
  std::mt19937 random(seed);
  Scene scene{Image(rows, cols), {}};
  for (Index y = 0; y < rows; ++y) {
    for (Index x = 0; x < cols; ++x) {
      const double swell = 1 + 0.3 * std::sin(0.05 * x + 0.09 * y);
      const double shore = std::hypot((x - 110) / 1.4, y - 380.0) + 8 * std::sin(std::atan2(y - 380.0, x - 110.0) * 5);
      scene.intensity(y, x) = static_cast<float>(shore < 70 ? 6.0 : swell);
    }
  }
  std::uniform_real_distribution<float> left(10, cols - 40), top(10, rows - 40), side(4, 20), brightness(25, 120);
  while (scene.ships.size() < 40) {
    const Box ship = boxlap::from_xywh(std::round(left(random)), std::round(top(random)), std::round(side(random)),
                                       std::round(side(random)));
    const Box<float> around{ship.x1 - 25, ship.y1 - 25, ship.x2 + 25, ship.y2 + 25};
    const bool crowded = std::any_of(scene.ships.begin(), scene.ships.end(), [&](const Box<float>& other) {
      return boxlap::intersection_area(around, other) > 0;
    });
    const bool on_land = boxlap::intersection_area(around, Box{0.0f, 280.0f, 230.0f, 480.0f}) > 0;
    if (!crowded && !on_land) {
      scene.ships.push_back(ship);
      scene.intensity.block(Index(ship.y1), Index(ship.x1), Index(ship.y2 - ship.y1), Index(ship.x2 - ship.x1)) =
          brightness(random);
    }
  }
  std::gamma_distribution<float> speckle(static_cast<float>(looks), static_cast<float>(1 / looks));
  for (Index k = 0; k < scene.intensity.size(); ++k) {
    scene.intensity.data()[k] *= speckle(random);
  }
  return scene;
}

/// True where a pixel exceeds the mean of the ring between two windows by `sigmas` of the ring's deviations.
picture::Gray<bool> bright_pixels(const Image& image, Index outer, Index guard, double sigmas) {
  Image outer_mean, outer_variance, guard_mean, guard_variance;
  boxlap::moving_moments(image, outer, outer_mean, outer_variance, {.threads = 0});
  boxlap::moving_moments(image, guard, guard_mean, guard_variance, {.threads = 0});
  const auto n = static_cast<float>(outer * outer), inner = static_cast<float>(guard * guard), ring = n - inner;
  const Image mean = (n * outer_mean - inner * guard_mean) / ring;
  const Image squares =
      (n * (outer_variance + outer_mean.square()) - inner * (guard_variance + guard_mean.square())) / ring;
  const Image deviation = (squares - mean.square()).max(0.0f).sqrt();
  return image > mean + static_cast<float>(sigmas) * deviation;
}

struct Detections {
  std::vector<Box<float>> boxes;
  std::vector<float> scores;  ///< sum over the bright pixels: the whole ship before its parts
};

/// Bright pixels that touch, diagonally too, become one box; single pixels are noise.
void collect(const Image& image, picture::Gray<bool> bright, Detections& found) {
  std::vector<std::pair<Index, Index>> stack;
  const auto rows = static_cast<Index>(image.rows()), cols = static_cast<Index>(image.cols());
  for (Index y = 0; y < rows; ++y) {
    for (Index x = 0; x < cols; ++x) {
      Box<float> box{float(x), float(y), float(x + 1), float(y + 1)};
      float level = 0;
      int pixels = 0;
      for (stack.assign(1, {y, x}); !stack.empty();) {
        const auto [row, col] = stack.back();
        stack.pop_back();
        if (row < 0 || row >= rows || col < 0 || col >= cols || !bright(row, col)) {
          continue;
        }
        bright(row, col) = false;
        level += image(row, col);
        ++pixels;
        box = {std::min(box.x1, float(col)), std::min(box.y1, float(row)), std::max(box.x2, float(col + 1)),
               std::max(box.y2, float(row + 1))};
        for (Index step = 0; step < 9; ++step) {
          stack.emplace_back(row + step / 3 - 1, col + step % 3 - 1);
        }
      }
      if (pixels > 3) {
        found.boxes.push_back(box);
        found.scores.push_back(level);
      }
    }
  }
}

/// The boxes of bright targets, largest sum of brightness first.
std::vector<Box<float>> find_ships(const Image& filtered, double sigmas) {
  Detections found;
  for (const auto& [outer, guard] : {std::pair<Index, Index>{41, 29}, {81, 57}}) {
    collect(filtered, bright_pixels(filtered, outer, guard, sigmas), found);
  }
  const auto kept = boxlap::nms(found.boxes, found.scores, {.iou_threshold = 0.5}, boxlap::Ios{});
  std::printf("%zu candidate boxes from two ring sizes, %zu after nms\n", found.boxes.size(), kept.size());
  return boxlap::take(found.boxes, kept);
}

/// Deviation over mean in the middle of the picture's flattest part: 1 / sqrt(looks) before, little after.
double speckle_left(const Image& image) {
  Image mean, variance;
  boxlap::moving_moments(image, 25, mean, variance);
  const Image variation = variance.sqrt() / mean.max(1e-30f);
  std::vector<float> sorted(variation.data(), variation.data() + variation.size());
  const auto tenth = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 10);
  std::nth_element(sorted.begin(), tenth, sorted.end());
  return *tenth;
}

Image read(const Arguments& arguments) {
  if (arguments.rows > 0 || arguments.cols > 0) {
    return picture::read_floats(arguments.input, arguments.rows, arguments.cols);
  }
  return picture::read(arguments.input).cast<float>();
}

void run(const Arguments& arguments) {
  Scene scene = arguments.input.empty() ? made_scene(arguments.looks, arguments.seed) : Scene{read(arguments), {}};
  Image& image = scene.intensity;
  const Index rows = static_cast<Index>(image.rows()), cols = static_cast<Index>(image.cols()), gap = 8;
  const double white = 3 * std::max(1e-30f, image.mean());
  picture::Canvas canvas(rows, 2 * cols + gap);
  canvas.paint(image, 0, white);
  std::printf("%d x %d pixels, %g looks, window %d\n", rows, cols, arguments.looks, arguments.window);
  const double before = speckle_left(image);

  boxlap::enhanced_lee(image, arguments.window, boxlap::Speckle::intensity(arguments.looks, arguments.damping), image,
                       {.threads = 0});  // in place

  std::printf("deviation / mean of flat areas: %.3f before, %.3f after\n", before, speckle_left(image));
  canvas.paint(image, 0, white, 0, cols + gap);
  const auto ships = find_ships(image, arguments.sigmas);
  for (const auto& ship : ships) {
    canvas.outline(ship, {255, 200, 0}, 0, cols + gap);
  }
  if (!scene.ships.empty()) {
    const boxlap::ImageScore score = boxlap::score_image(scene.ships, ships, {.iou_threshold = 0.3});
    const boxlap::DatasetScore summary = boxlap::summarize(std::span(&score, 1));
    std::printf("%zu ships: recall %.3f, precision %.3f (IoU > 0.3), mean IoU of pairs %.2f\n", scene.ships.size(),
                summary.pooled_recall, summary.pooled_precision,
                score.sum_iou / std::max(1.0, static_cast<double>(score.assigned.size())));
  }
  canvas.write(arguments.png);
  std::printf("before and after: %s\n", arguments.png.c_str());
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Enhanced Lee speckle filter and ship detection on a radar intensity image");
  app.add_option("image", arguments.input, "PNG, PGM, or raw floats with --rows and --cols; none: a made scene");
  app.add_option("--rows", arguments.rows, "rows of a raw float image");
  app.add_option("--cols", arguments.cols, "columns of a raw float image");
  app.add_option("--looks", arguments.looks, "number of looks")->capture_default_str();
  app.add_option("--damping", arguments.damping, "damping of the filter")->capture_default_str();
  app.add_option("--window", arguments.window, "side of the filter's window, px")->capture_default_str();
  app.add_option("--sigmas", arguments.sigmas, "a target exceeds its surroundings by this many deviations")
      ->capture_default_str();
  app.add_option("--seed", arguments.seed, "of the made scene")->capture_default_str();
  app.add_option("--png", arguments.png, "picture to write: before, after, boxes")->capture_default_str();
  return run_program(app, argc, argv, [&] { run(arguments); });
}
