// How long does the overlap of two rotated boxes or polygons take, beside the libraries that people use for it?
//
//   benchmark_shapes [seed] [repetitions]
//
// 20,000 different overlapping pairs of rotated boxes; polygons of 16, 256 and 1,024 vertices; the matrix of 100,000 x
// 100,000 rotated boxes beside that of the upright boxes around them. All contestants see the
// same pairs in turns; the table shows the median over the repetitions, the range, and the ratio to the first row of
// each block. The classic is a rewrite of what detector libraries do: corners inside, crossings of sides, sorting by
// angle, in double. Peers that were not found at compile time are left out.
#include <boxlap/pairs/overlaps.hpp>
#include <boxlap/shape/mixed_overlap.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <numbers>
#include <random>
#include <string>
#include <vector>

#if __has_include(<boost/geometry.hpp>)
#include <boost/geometry.hpp>
#include <boost/geometry/geometries/point_xy.hpp>
#include <boost/geometry/geometries/polygon.hpp>
#define HAS_BOOST 1
#endif
#if __has_include(<geos_c.h>) && defined(BENCHMARK_GEOS)
#include <geos_c.h>
#define HAS_GEOS 1
#endif
#if defined(BENCHMARK_OPENCV)
#include <opencv2/imgproc.hpp>
#define HAS_OPENCV 1
#endif

namespace {

using boxlap::Index;
using boxlap::Point;
using boxlap::Polygon;
using boxlap::PreparedRotatedBox;
using boxlap::RotatedBox;
using Clock = std::chrono::steady_clock;

double sink = 0;

/// Contestants of one question; each runs all pairs once and returns what it summed up.
struct Contest {
  struct Entry {
    std::string name;
    std::function<double()> run;
    std::vector<double> times{};
    double sum = 0;
  };
  std::vector<Entry> entries;

  void add(std::string name, std::function<double()> run) { entries.push_back({std::move(name), std::move(run)}); }

  void hold(const char* question, std::size_t pairs, int repetitions) {
    for (int k = 0; k <= repetitions; ++k) {
      for (Entry& entry : entries) {
        const auto start = Clock::now();
        entry.sum = entry.run();
        const double ns = std::chrono::duration<double, std::nano>(Clock::now() - start).count() / double(pairs);
        if (k > 0) {  // the first round warms up
          entry.times.push_back(ns);
        }
        sink += entry.sum;
      }
    }
    std::printf("\n| %s | ns a pair | range | ratio | sum of areas |\n|---|---|---|---|---|\n", question);
    for (Entry& entry : entries) {
      std::sort(entry.times.begin(), entry.times.end());
    }
    const double first = entries[0].times[entries[0].times.size() / 2];
    for (const Entry& entry : entries) {
      const double median = entry.times[entry.times.size() / 2];
      std::printf("| %s | %.1f | %.1f .. %.1f | %.1f | %.9g |\n", entry.name.c_str(), median, entry.times.front(),
                  entry.times.back(), median / first, entry.sum);
    }
    std::fflush(stdout);
  }
};

/// The classic algorithm: collect the corners inside and the crossings of sides, sort them by angle, sum triangles.
double classic(const RotatedBox<double>& a, const RotatedBox<double>& b) {
  const auto qa = corners(a), qb = corners(b);
  Point<double> points[24];
  int n = 0;
  for (int i = 0; i < 4; ++i) {
    const Point<double> p = qa[std::size_t(i)],
                        r{qa[std::size_t((i + 1) % 4)].x - p.x, qa[std::size_t((i + 1) % 4)].y - p.y};
    for (int j = 0; j < 4; ++j) {
      const Point<double> q = qb[std::size_t(j)],
                          s{qb[std::size_t((j + 1) % 4)].x - q.x, qb[std::size_t((j + 1) % 4)].y - q.y};
      const double cross = r.x * s.y - r.y * s.x;
      if (std::abs(cross) <= 1e-14) {
        continue;
      }
      const double t = ((q.x - p.x) * s.y - (q.y - p.y) * s.x) / cross;
      const double u = ((q.x - p.x) * r.y - (q.y - p.y) * r.x) / cross;
      if (t >= 0 && t <= 1 && u >= 0 && u <= 1) {
        points[n++] = {p.x + t * r.x, p.y + t * r.y};
      }
    }
  }
  const auto collect_inside = [&](const auto& quad, const auto& points_of) {
    const Point<double> ab{quad[1].x - quad[0].x, quad[1].y - quad[0].y},
        ad{quad[3].x - quad[0].x, quad[3].y - quad[0].y};
    const double ab2 = ab.x * ab.x + ab.y * ab.y, ad2 = ad.x * ad.x + ad.y * ad.y;
    for (const auto& p : points_of) {
      const Point<double> ap{p.x - quad[0].x, p.y - quad[0].y};
      const double x = ap.x * ab.x + ap.y * ab.y, y = ap.x * ad.x + ap.y * ad.y;
      if (x >= 0 && x <= ab2 && y >= 0 && y <= ad2) {
        points[n++] = p;
      }
    }
  };
  collect_inside(qa, qb);
  collect_inside(qb, qa);
  if (n < 3) {
    return 0;
  }
  Point<double> mean{0, 0};
  for (int k = 0; k < n; ++k) {
    mean.x += points[k].x / n;
    mean.y += points[k].y / n;
  }
  double angles[24];
  int order[24];
  for (int k = 0; k < n; ++k) {
    angles[k] = std::atan2(points[k].y - mean.y, points[k].x - mean.x);
    order[k] = k;
  }
  std::sort(order, order + n, [&](int i, int j) { return angles[i] < angles[j]; });
  double twice = 0;
  for (int k = 0; k < n; ++k) {
    const Point<double>&p = points[order[k]], &q = points[order[(k + 1) % n]];
    twice += (p.x - mean.x) * (q.y - mean.y) - (q.x - mean.x) * (p.y - mean.y);
  }
  return twice / 2;
}

#ifdef HAS_BOOST
namespace bg = boost::geometry;
using BoostPolygon = bg::model::polygon<bg::model::d2::point_xy<double>, false>;
BoostPolygon to_boost(const Polygon<double>& p) {
  BoostPolygon out;
  for (const auto& v : p.points()) {
    bg::append(out.outer(), bg::model::d2::point_xy<double>(v.x, v.y));
  }
  bg::correct(out);
  return out;
}
double boost_area(const BoostPolygon& a, const BoostPolygon& b) {
  std::vector<BoostPolygon> out;
  bg::intersection(a, b, out);
  double sum = 0;
  for (const auto& p : out) {
    sum += bg::area(p);
  }
  return sum;
}
#endif
#ifdef HAS_GEOS
GEOSGeometry* to_geos(GEOSContextHandle_t geos, const Polygon<double>& p) {
  const auto points = p.points();
  GEOSCoordSequence* coordinates = GEOSCoordSeq_create_r(geos, unsigned(points.size() + 1), 2);
  for (std::size_t k = 0; k <= points.size(); ++k) {
    GEOSCoordSeq_setXY_r(geos, coordinates, unsigned(k), points[k % points.size()].x, points[k % points.size()].y);
  }
  return GEOSGeom_createPolygon_r(geos, GEOSGeom_createLinearRing_r(geos, coordinates), nullptr, 0);
}
double geos_area(GEOSContextHandle_t geos, const GEOSGeometry* a, const GEOSGeometry* b) {
  GEOSGeometry* both = GEOSIntersection_r(geos, a, b);
  double area = 0;
  GEOSArea_r(geos, both, &area);
  GEOSGeom_destroy_r(geos, both);
  return area;
}
#endif

Polygon<double> to_polygon(const RotatedBox<double>& box) {
  const auto quad = corners(box);
  return boxlap::make_polygon(std::vector<Point<double>>(quad.begin(), quad.end()));
}

void rotated_boxes(std::mt19937_64& rng, int repetitions, bool near) {
  std::uniform_real_distribution<double> at(0, 100), log_size(1, 2), turn(-180, 180), jitter(-1, 1);
  constexpr std::size_t n = 20'000;
  std::vector<RotatedBox<double>> as, bs;
  while (as.size() < n) {
    const RotatedBox<double> a{at(rng), at(rng), std::pow(10, log_size(rng)), std::pow(10, log_size(rng)), turn(rng)};
    RotatedBox<double> b{at(rng), at(rng), std::pow(10, log_size(rng)), std::pow(10, log_size(rng)), turn(rng)};
    if (near) {
      b = {a.cx + jitter(rng), a.cy + jitter(rng), a.w + jitter(rng), a.h + jitter(rng), a.degrees + jitter(rng)};
    }
    if (intersection_area(a, b) > 0) {
      as.push_back(a);
      bs.push_back(b);
    }
  }
  std::vector<PreparedRotatedBox<double>> prepared_a, prepared_b;
  std::vector<PreparedRotatedBox<float>> float_a, float_b;
  std::vector<std::pair<Index, Index>> pairs;
  for (std::size_t k = 0; k < n; ++k) {
    prepared_a.push_back(prepare(as[k]));
    prepared_b.push_back(prepare(bs[k]));
    float_a.push_back(prepare(boxlap::cast<float>(as[k])));
    float_b.push_back(prepare(boxlap::cast<float>(bs[k])));
    pairs.emplace_back(Index(k), Index(k));
  }
  const auto each = [](const auto& x, const auto& y, const auto& area) {
    double sum = 0;
    for (std::size_t k = 0; k < x.size(); ++k) {
      sum += double(area(x[k], y[k]));
    }
    return sum;
  };
  std::vector<double> out(n);
  std::vector<float> float_out(n);
  const auto ours = [](const auto& a, const auto& b) { return intersection_area(a, b); };
  Contest contest;
  contest.add("boxlap batch, double", [&] {
    boxlap::intersection_areas<double>(prepared_a, prepared_b, pairs, out);
    double sum = 0;
    for (const double x : out) {
      sum += x;
    }
    return sum;
  });
  contest.add("boxlap batch, float", [&] {
    boxlap::intersection_areas<float>(float_a, float_b, pairs, float_out);
    double sum = 0;
    for (const float x : float_out) {
      sum += double(x);
    }
    return sum;
  });
  contest.add("boxlap single, prepared", [&] { return each(prepared_a, prepared_b, ours); });
  contest.add("boxlap single, unprepared", [&] { return each(as, bs, ours); });
  contest.add("classic, double", [&] { return each(as, bs, classic); });
#ifdef HAS_OPENCV
  std::vector<cv::RotatedRect> cv_a, cv_b;
  const auto to_cv = [](const RotatedBox<double>& r) {
    return cv::RotatedRect(cv::Point2f(float(r.cx), float(r.cy)), cv::Size2f(float(r.w), float(r.h)), float(r.degrees));
  };
  for (std::size_t k = 0; k < n; ++k) {
    cv_a.push_back(to_cv(as[k]));
    cv_b.push_back(to_cv(bs[k]));
  }
  contest.add("OpenCV rotatedRectangleIntersection, float", [&] {
    return each(cv_a, cv_b, [](const cv::RotatedRect& a, const cv::RotatedRect& b) {
      std::vector<cv::Point2f> region;
      cv::rotatedRectangleIntersection(a, b, region);
      return region.empty() ? 0.0 : cv::contourArea(region);
    });
  });
#endif
  std::vector<Polygon<double>> quads_a, quads_b;
  for (std::size_t k = 0; k < n; ++k) {
    quads_a.push_back(to_polygon(as[k]));
    quads_b.push_back(to_polygon(bs[k]));
  }
  contest.add("boxlap Polygon of the corners", [&] { return each(quads_a, quads_b, ours); });
#ifdef HAS_BOOST
  std::vector<BoostPolygon> boost_a, boost_b;
  for (std::size_t k = 0; k < n; ++k) {
    boost_a.push_back(to_boost(quads_a[k]));
    boost_b.push_back(to_boost(quads_b[k]));
  }
  contest.add("Boost.Geometry, polygons built", [&] { return each(boost_a, boost_b, boost_area); });
#endif
#ifdef HAS_GEOS
  GEOSContextHandle_t geos = GEOS_init_r();
  std::vector<GEOSGeometry*> geos_a, geos_b;
  for (std::size_t k = 0; k < n; ++k) {
    geos_a.push_back(to_geos(geos, quads_a[k]));
    geos_b.push_back(to_geos(geos, quads_b[k]));
  }
  contest.add("GEOS, geometries built",
              [&] { return each(geos_a, geos_b, [&](auto* a, auto* b) { return geos_area(geos, a, b); }); });
#endif
  contest.hold(near ? "rotated boxes, near-identical pairs" : "rotated boxes, random overlapping pairs", n,
               repetitions);
}

void polygons(std::mt19937_64& rng, int repetitions, int vertices, bool convex, std::size_t pairs) {
  std::uniform_real_distribution<double> unit(0, 1);
  std::vector<Polygon<double>> shapes;
  const std::size_t count = std::max<std::size_t>(24, pairs / 20);
  while (shapes.size() < count) {
    std::vector<Point<double>> ring;
    const double x = 60 * unit(rng), y = 60 * unit(rng), start = unit(rng);
    for (int k = 0; k < vertices; ++k) {
      const double angle = 2 * std::numbers::pi * (k + start + (convex ? 0.0 : 0.8 * unit(rng))) / vertices;
      const double radius = convex ? 100 : 40 + 60 * unit(rng);
      ring.push_back({x + (convex ? 1.3 : 1.0) * radius * std::cos(angle), y + radius * std::sin(angle)});
    }
    shapes.push_back(boxlap::make_polygon(std::move(ring)));
  }
  std::vector<std::pair<std::size_t, std::size_t>> rows;
  while (rows.size() < pairs) {
    const std::size_t i = rng() % count, j = rng() % count;
    if (i != j) {
      rows.emplace_back(i, j);
    }
  }
  const auto each = [&](const auto& list, const auto& area) {
    double sum = 0;
    for (const auto& [i, j] : rows) {
      sum += area(list[i], list[j]);
    }
    return sum;
  };
  Contest contest;
  contest.add("boxlap",
              [&] { return each(shapes, [](const auto& a, const auto& b) { return intersection_area(a, b); }); });
#ifdef HAS_BOOST
  std::vector<BoostPolygon> boost_shapes;
  for (const auto& p : shapes) {
    boost_shapes.push_back(to_boost(p));
  }
  contest.add("Boost.Geometry", [&] { return each(boost_shapes, boost_area); });
#endif
#ifdef HAS_GEOS
  GEOSContextHandle_t geos = GEOS_init_r();
  std::vector<GEOSGeometry*> geos_shapes;
  for (const auto& p : shapes) {
    geos_shapes.push_back(to_geos(geos, p));
  }
  contest.add("GEOS", [&] { return each(geos_shapes, [&](auto* a, auto* b) { return geos_area(geos, a, b); }); });
#endif
  const std::string question =
      std::string(convex ? "convex polygons, " : "star polygons, ") + std::to_string(vertices) + " vertices each";
  contest.hold(question.c_str(), pairs, repetitions);
}

/// The bar is 2.5 times the upright boxes' time and 20 ns a candidate, a pair whose bounds meet.
template <class T>
void matrices(std::mt19937_64& rng, int repetitions, double extent) {
  std::uniform_real_distribution<double> at(0, extent), log_size(1, 2), turn(-180, 180);
  constexpr std::size_t n = 100'000;
  const auto make = [&] {
    std::vector<RotatedBox<T>> boxes;
    while (boxes.size() < n) {
      boxes.push_back(
          {T(at(rng)), T(at(rng)), T(std::pow(10, log_size(rng))), T(std::pow(10, log_size(rng))), T(turn(rng))});
    }
    return boxes;
  };
  const auto bounds_of = [](const auto& shapes) {
    std::vector<boxlap::Box<T>> boxes;
    for (const auto& s : shapes) {
      boxes.push_back(bounds(s));
    }
    return boxes;
  };
  const auto a = make(), b = make();
  const auto around_a = bounds_of(a), around_b = bounds_of(b);
  const std::size_t candidates = boxlap::pairs(around_a, around_b).size();
  std::vector<double> upright, turned;
  std::size_t stored = 0;
  const auto time = [](const auto& run) {
    const auto start = Clock::now();
    run();
    return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
  };
  for (int k = 0; k < repetitions; ++k) {
    upright.push_back(time([&] { sink += double(boxlap::iou_matrix(around_a, around_b).nonzeros()); }));
    turned.push_back(time([&] { stored = std::size_t(boxlap::iou_matrix(a, b).nonzeros()); }));
  }
  std::sort(upright.begin(), upright.end());
  std::sort(turned.begin(), turned.end());
  const double middle = turned[turned.size() / 2], around = upright[upright.size() / 2];
  const double bar = 2.5 * around + 20e-6 * double(candidates);
  std::printf("| %s, %.1f candidates a box, %zu stored | %.1f (%.1f .. %.1f) | %.1f | %.1f | %.2f |\n",
              sizeof(T) == 4 ? "float" : "double", double(candidates) / double(n), stored, middle, turned.front(),
              turned.back(), around, bar, middle / bar);
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  const unsigned long seed = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : std::random_device{}();
  const int repetitions = argc > 2 ? std::atoi(argv[2]) : 5;
  std::printf("seed %lu, %d repetitions\n", seed, repetitions);
  std::mt19937_64 rng(seed);
  rotated_boxes(rng, repetitions, false);
  rotated_boxes(rng, repetitions, true);
  polygons(rng, repetitions, 16, false, 20'000);
  polygons(rng, repetitions, 16, true, 20'000);
  polygons(rng, repetitions, 256, false, 60);
  polygons(rng, repetitions, 256, true, 400);
  polygons(rng, repetitions, 1024, true, 100);
  std::printf(
      "\n| matrix of IoU, 100k x 100k | rotated, ms | upright, ms | bar, ms | of the bar |\n|---|---|---|---|---|\n");
  for (const double extent : {4'000.0, 10'000.0, 30'000.0}) {
    matrices<double>(rng, repetitions, extent);
    matrices<float>(rng, repetitions, extent);
  }
  return sink == 0.5 ? 1 : 0;
}
