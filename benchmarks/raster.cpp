// How fast are the window filters beside OpenCV's box filters, and how far from memcpy?
//
//     benchmark_raster [--side 5000] [--seed 1] [--repetitions 5]
//
// Each line: median and [fastest slowest] of alternating repetitions in milliseconds, then ratios. One thread unless it
// says otherwise. "bytes" counts what has to be read and written once; memcpy moves the same number in the same run.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include <boxlap/raster/box_window.hpp>
#include <boxlap/raster/lee.hpp>
#include <boxlap/raster/lucas_kanade.hpp>
#include <boxlap/raster/window.hpp>

#ifdef BOXLAP_HAVE_OPENCV
#include <opencv2/imgproc.hpp>
#endif

namespace {

using boxlap::Index;
template <class T>
using Image = Eigen::Array<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

struct Timing {
  double median, fastest, slowest;
};

/// Runs the programs one after the other, `repetitions` times, so that a slow moment of the machine meets all of them.
std::vector<Timing> alternate(int repetitions, const std::vector<std::function<void()>>& programs) {
  std::vector<std::vector<double>> times(programs.size());
  for (int k = 0; k < repetitions; ++k) {
    for (std::size_t p = 0; p < programs.size(); ++p) {
      const auto start = std::chrono::steady_clock::now();
      programs[p]();
      times[p].push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
    }
  }
  std::vector<Timing> timings;
  for (auto& t : times) {
    std::sort(t.begin(), t.end());
    timings.push_back({t[t.size() / 2], t.front(), t.back()});
  }
  return timings;
}

std::string text(const Timing& t) {
  char line[96];
  std::snprintf(line, sizeof line, "%8.2f [%.2f %.2f]", t.median, t.fastest, t.slowest);
  return line;
}

/// Four-look speckle, a ramp, and speckle 10^-5 as bright with targets of 10^5.
Image<float> made(Index side, const std::string& kind, unsigned seed) {
  std::mt19937 random(seed);
  std::gamma_distribution<float> speckle(4, 25);
  std::vector<float> noise(1 << 20);
  std::generate(noise.begin(), noise.end(), [&] { return speckle(random); });
  Image<float> image(side, side);
  for (Eigen::Index k = 0; k < image.size(); ++k) {
    const auto n = noise[(static_cast<std::size_t>(k) * 7919) % noise.size()];
    image.data()[k] = kind == "ramp" ? static_cast<float>(k) : kind == "targets" ? (n > 300 ? 1e5f : n * 1e-5f) : n;
  }
  return image;
}

struct Settings {
  Index side = 5000;
  unsigned seed = 1;
  int repetitions = 5;
};

void report(const char* what, const std::string& kind, int window, const std::vector<Timing>& t, double megabytes) {
  const double memcpy_time = t.back().median;
  std::printf("%-14s %-8s w=%-2d  boxlap %s", what, kind.c_str(), window, text(t[0]).c_str());
  if (t.size() > 2) {
    std::printf("  peer %s  ratio %.2f", text(t[1]).c_str(), t[0].median / t[1].median);
  }
  std::printf("  memcpy of %.0f MB %.1f: %.1f x\n", megabytes, memcpy_time, t[0].median / memcpy_time);
  std::fflush(stdout);
}

void moments(const Settings& settings) {
  for (const std::string kind : {"speckle", "ramp", "targets"}) {
    Image<float> image = made(settings.side, kind, settings.seed);
    Image<float> mean = image, variance = image, copy = image;
    for (const int window : {3, 7, 11, 31}) {
      std::vector<std::function<void()>> programs{[&] { boxlap::moving_moments(image, window, mean, variance); }};
#ifdef BOXLAP_HAVE_OPENCV
      const int side = settings.side;
      cv::Mat source(side, side, CV_32F, image.data()), sums(side, side, CV_32F, copy.data());
      static cv::Mat squares;
      squares.create(side, side, CV_32F);
      programs.push_back([&] {
        const cv::Size size(window, window);
        cv::boxFilter(source, sums, CV_32F, size, {-1, -1}, true, cv::BORDER_REFLECT);
        cv::sqrBoxFilter(source, squares, CV_32F, size, {-1, -1}, true, cv::BORDER_REFLECT);
      });
#endif
      const auto bytes = static_cast<std::size_t>(image.size()) * sizeof(float);
      // read one image, write two: memcpy moves 3/2 images
      programs.push_back([&] {
        std::memcpy(mean.data(), image.data(), bytes);
        std::memcpy(variance.data(), image.data(), bytes / 2);
      });
      report("mean+variance", kind, window, alternate(settings.repetitions, programs),
             static_cast<double>(3 * bytes) / 1e6);
      if (kind != "speckle" && window == 7) {
        break;
      }
    }
  }
}

void lee(const Settings& settings) {
  const Image<float> image = made(settings.side, "speckle", settings.seed + 1);
  Image<float> out = image, same = image;
  const auto speckle = boxlap::Speckle::intensity(4);
  const auto bytes = static_cast<std::size_t>(image.size()) * sizeof(float);
  for (const int window : {3, 11}) {
    const auto t =
        alternate(settings.repetitions, {[&] { boxlap::enhanced_lee(image, window, speckle, out); },
                                         [&] { boxlap::enhanced_lee(image, window, speckle, out, {.threads = 2}); },
                                         [&] { boxlap::enhanced_lee(same, window, speckle, same); },
                                         [&] { std::memcpy(out.data(), image.data(), bytes); }});
    std::printf(
        "enhanced_lee   speckle  w=%-2d  one thread %s  two %s: %.2f x faster  in place %s  memcpy of %.0f MB %.1f: "
        "%.1f x\n",
        window, text(t[0]).c_str(), text(t[1]).c_str(), t[0].median / t[1].median, text(t[2]).c_str(),
        static_cast<double>(2 * bytes) / 1e6, t[3].median, t[0].median / t[3].median);
  }
}

#ifdef BOXLAP_HAVE_OPENCV
/// The same flow from full images: gradients, products, five box filters.
void flow_by_box_filters(const cv::Mat& a, const cv::Mat& b, int radius, cv::Mat& x, cv::Mat& y) {
  const cv::Mat half = (cv::Mat_<float>(1, 3) << -0.5f, 0, 0.5f);
  cv::Mat gx, gy, xx, xy, yy, xt, yt;
  cv::filter2D(a, gx, CV_32F, half);
  cv::filter2D(a, gy, CV_32F, half.t());
  const cv::Mat gt = a - b;
  const cv::Size size(2 * radius + 1, 2 * radius + 1);
  const auto sum = [&](const cv::Mat& u, const cv::Mat& v, cv::Mat& out) {
    cv::boxFilter(u.mul(v), out, CV_32F, size, {-1, -1}, false);
  };
  sum(gx, gx, xx), sum(gx, gy, xy), sum(gy, gy, yy), sum(gx, gt, xt), sum(gy, gt, yt);
  const cv::Mat det = xx.mul(yy) - xy.mul(xy);
  cv::divide(yy.mul(xt) - xy.mul(yt), det, x);
  cv::divide(xx.mul(yt) - xy.mul(xt), det, y);
}
#endif

void flow(const Settings& settings) {
  std::mt19937 random(settings.seed + 2);
  std::uniform_int_distribution<int> level(0, 255);
  Image<std::uint8_t> a8(480, 854), b8(480, 854);
  for (Eigen::Index k = 0; k < a8.size(); ++k) {
    a8.data()[k] = static_cast<std::uint8_t>(level(random));
    b8.data()[k] = static_cast<std::uint8_t>(level(random));
  }
  Image<float> a = a8.cast<float>(), b = b8.cast<float>(), x, y;
  Image<double> ad = a8.cast<double>(), bd = b8.cast<double>(), xd, yd;
  for (const Index radius : {2, 7}) {
    std::vector<std::function<void()>> programs{[&] { boxlap::lucas_kanade(a8, b8, radius, x, y); },
                                                [&] { boxlap::lucas_kanade(a, b, radius, x, y); },
                                                [&] { boxlap::lucas_kanade(ad, bd, radius, xd, yd); }};
#ifdef BOXLAP_HAVE_OPENCV
    const cv::Mat first(480, 854, CV_32F, a.data()), second(480, 854, CV_32F, b.data());
    cv::Mat u, v;
    programs.push_back([&] { flow_by_box_filters(first, second, radius, u, v); });
#endif
    const auto t = alternate(10 * settings.repetitions + 1, programs);
    std::printf("lucas_kanade   480x854  r=%-2d  uint8 %s  float %s  double %s", radius, text(t[0]).c_str(),
                text(t[1]).c_str(), text(t[2]).c_str());
    if (t.size() > 3) {
      std::printf("  five box filters %s  float / peer %.2f", text(t[3]).c_str(), t[1].median / t[3].median);
    }
    std::printf("\n");
  }
  std::uniform_real_distribution<float> left(1, 800), top(1, 440), side(8, 60);
  std::vector<boxlap::Box<float>> boxes;
  for (int k = 0; k < 20'000; ++k) {
    boxes.push_back(boxlap::from_xywh(left(random), top(random), side(random), side(random)));
  }
  const boxlap::BoxFlow motion(a8, b8);
  double total = 0;
  const auto t = alternate(settings.repetitions, {[&] { boxlap::BoxFlow(a8, b8); },
                                                  [&] {
                                                    for (const auto& box : boxes) {
                                                      total += motion(box).x;
                                                    }
                                                  }});
  std::printf("box_window     480x854  tables %s  20,000 boxes %s: %.0f ns a box (sum %g)\n", text(t[0]).c_str(),
              text(t[1]).c_str(), t[1].median * 1e6 / 20'000, total);
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  for (int k = 1; k + 1 < argc; k += 2) {
    const std::string name = argv[k];
    const int value = std::atoi(argv[k + 1]);
    settings.side = name == "--side" ? value : settings.side;
    settings.seed = name == "--seed" ? static_cast<unsigned>(value) : settings.seed;
    settings.repetitions = name == "--repetitions" ? value : settings.repetitions;
  }
#ifdef BOXLAP_HAVE_OPENCV
  cv::setNumThreads(1);
#endif
  flow(settings);
  lee(settings);
  moments(settings);
}
