/// Two frames in, the motion of every pixel out, as a picture: hue is the direction, saturation the speed. Without
/// arguments on made frames whose motion is known.
///
///     flow [frame1.png frame2.png] [--radius 7] [--min-eigenvalue 0.1024] [--png flow.png]
///
/// The picture: frame 1 on the left, the flow on the right with the colour wheel in its corner; grey is where the
/// window has too little texture to know.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include <boxlap/raster/lucas_kanade.hpp>

#include "support/picture.hpp"
#include "support/program.hpp"

namespace {

using boxlap::Index;
using Frame = picture::Gray<std::uint8_t>;
using Flow = picture::Gray<float>;

struct Arguments {
  std::string frame1, frame2, png = "flow.png";
  Index radius = 7;
  double min_eigenvalue = 0.1024, fastest = 0;
  unsigned seed = 1;
};

struct Scene {
  Frame frame1, frame2;
  Flow true_x, true_y;  ///< empty where the motion is not known
};

/// The scene's texture at any place: waves of many lengths and directions.
class Texture {
 public:
  explicit Texture(unsigned seed) {
    std::mt19937 random(seed);
    std::uniform_real_distribution<double> turn(0, 2 * pi), rate(0.05, 0.7);
    for (auto& [fx, fy, phase] : waves_) {
      const double direction = turn(random), frequency = rate(random);
      fx = frequency * std::cos(direction), fy = frequency * std::sin(direction), phase = turn(random);
    }
  }
  [[nodiscard]] double operator()(double x, double y) const {
    double level = 128;
    for (const auto& [fx, fy, phase] : waves_) {
      level += 9 * std::sin(fx * x + fy * y + phase);
    }
    return level;
  }
  static constexpr double pi = 3.14159265358979323846;

 private:
  std::array<std::array<double, 3>, 40> waves_{};
};

/// A background that turns slowly about the centre, and two discs that move across it.
Scene made_scene(unsigned seed) {
  constexpr Index rows = 360, cols = 480;
  Scene scene{Frame(rows, cols), Frame(rows, cols), Flow(rows, cols), Flow(rows, cols)};
  const Texture back(seed), front(seed + 1);
  struct Disc {
    double x, y, radius, dx, dy;
  };
  const Disc discs[] = {{130, 120, 60, 1.2, 0.4}, {340, 240, 80, -0.3, -1.0}};
  constexpr double turn = 0.005;
  const auto level = [&](double x, double y, bool moved) {
    for (const Disc& disc : discs) {
      const double u = x - (moved ? disc.dx : 0), v = y - (moved ? disc.dy : 0);
      if (std::hypot(u - disc.x, v - disc.y) < disc.radius) {
        return front(u, v);
      }
    }
    const double c = std::cos(turn), s = std::sin(moved ? -turn : 0), u = x - cols / 2.0, v = y - rows / 2.0;
    return moved ? back(cols / 2.0 + c * u - s * v, rows / 2.0 + s * u + c * v) : back(x, y);
  };
  for (Index y = 0; y < rows; ++y) {
    for (Index x = 0; x < cols; ++x) {
      const auto gray = [](double value) {
        return static_cast<std::uint8_t>(std::lround(std::clamp(value, 0.0, 255.0)));
      };
      scene.frame1(y, x) = gray(level(x, y, false));
      scene.frame2(y, x) = gray(level(x, y, true));
      const double u = x - cols / 2.0, v = y - rows / 2.0;
      double dx = std::cos(turn) * u - std::sin(turn) * v - u, dy = std::sin(turn) * u + std::cos(turn) * v - v;
      for (const Disc& disc : discs) {
        if (std::hypot(x - disc.x, y - disc.y) < disc.radius) {
          dx = disc.dx, dy = disc.dy;
          break;
        }
      }
      scene.true_x(y, x) = static_cast<float>(dx);
      scene.true_y(y, x) = static_cast<float>(dy);
    }
  }
  return scene;
}

picture::Color color_of(double x, double y, double fastest) {
  const double turns = std::atan2(-y, x) / (2 * Texture::pi);  // up on the screen is a quarter turn
  return picture::hsv(turns < 0 ? turns + 1 : turns, std::min(1.0, std::hypot(x, y) / fastest), 1);
}

/// All directions and speeds, `radius` px large.
void paint_wheel(picture::Canvas& canvas, Eigen::Index y, Eigen::Index x, int radius) {
  for (int v = -radius; v <= radius; ++v) {
    for (int u = -radius; u <= radius; ++u) {
      const double distance = std::hypot(u, v);
      if (distance <= radius) {
        canvas.set(y + v, x + u, distance > radius - 1.5 ? picture::Color{0, 0, 0} : color_of(u, v, radius));
      }
    }
  }
}

/// The value that a share of the numbers do not exceed.
double quantile(std::vector<double> numbers, double share) {
  if (numbers.empty()) {
    return 0;
  }
  const auto place = numbers.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(numbers.size() - 1));
  std::nth_element(numbers.begin(), place, numbers.end());
  return *place;
}

void report_errors(const Scene& scene, const Flow& x, const Flow& y, const Flow& eigenvalue, double least) {
  std::vector<double> errors;
  for (Eigen::Index k = 0; k < x.size(); ++k) {
    if (eigenvalue.data()[k] > least) {
      errors.push_back(std::hypot(x.data()[k] - scene.true_x.data()[k], y.data()[k] - scene.true_y.data()[k]));
    }
  }
  std::printf("endpoint error against the known motion: median %.3f px, 90 %% below %.3f px\n", quantile(errors, 0.5),
              quantile(errors, 0.9));
}

void run(const Arguments& arguments) {
  const Scene scene = arguments.frame1.empty()
                          ? made_scene(arguments.seed)
                          : Scene{picture::read(arguments.frame1), picture::read(arguments.frame2), {}, {}};
  Flow x, y, eigenvalue;
  const auto start = std::chrono::steady_clock::now();
  boxlap::lucas_kanade(scene.frame1, scene.frame2, arguments.radius, x, y, eigenvalue, arguments.min_eigenvalue);
  const std::chrono::duration<double, std::milli> time = std::chrono::steady_clock::now() - start;
  const auto rows = x.rows(), cols = x.cols();
  std::vector<double> speeds;
  for (Eigen::Index k = 0; k < x.size(); ++k) {
    if (x.data()[k] != 0 || y.data()[k] != 0) {
      speeds.push_back(std::hypot(x.data()[k], y.data()[k]));
    }
  }
  std::printf("%td x %td pixels, windows of %d x %d: %.1f ms\n", rows, cols, 2 * arguments.radius + 1,
              2 * arguments.radius + 1, time.count());
  std::printf("%.1f %% of the pixels have a motion, median speed %.2f px, 99 %% below %.2f px\n",
              100 * static_cast<double>(speeds.size()) / static_cast<double>(x.size()), quantile(speeds, 0.5),
              quantile(speeds, 0.99));
  if (scene.true_x.size() > 0) {
    report_errors(scene, x, y, eigenvalue, arguments.min_eigenvalue);
  }
  const double fastest = arguments.fastest > 0 ? arguments.fastest : std::max(0.1, quantile(speeds, 0.99));
  constexpr Eigen::Index gap = 8;
  picture::Canvas canvas(rows, 2 * cols + gap);
  canvas.paint(scene.frame1, 0, 255);
  for (Eigen::Index row = 0; row < rows; ++row) {
    for (Eigen::Index col = 0; col < cols; ++col) {
      const bool known = x(row, col) != 0 || y(row, col) != 0;
      canvas.set(row, cols + gap + col,
                 known ? color_of(x(row, col), y(row, col), fastest) : picture::Color{128, 128, 128});
    }
  }
  paint_wheel(canvas, 32, 2 * cols + gap - 32, 24);
  canvas.write(arguments.png);
  std::printf("frame 1 and the flow, %.2f px at full colour: %s\n", fastest, arguments.png.c_str());
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Dense Lucas-Kanade optical flow between two frames");
  auto* frame1 = app.add_option("frame1", arguments.frame1, "first frame, PNG or PGM; none: a made pair");
  auto* frame2 = app.add_option("frame2", arguments.frame2, "second frame");
  frame1->needs(frame2);
  app.add_option("--radius", arguments.radius, "the window is 2 radius + 1 px a side")->capture_default_str();
  app.add_option("--min-eigenvalue", arguments.min_eigenvalue, "least texture, (grey level / px)^2")
      ->capture_default_str();
  app.add_option("--fastest", arguments.fastest, "speed of full colour, px (default: 99 % of the pixels are slower)");
  app.add_option("--seed", arguments.seed, "of the made pair")->capture_default_str();
  app.add_option("--png", arguments.png, "picture to write")->capture_default_str();
  return run_program(app, argc, argv, [&] { run(arguments); });
}
