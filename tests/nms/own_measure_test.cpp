// A measure of one's own reads the shapes that the caller gave, each public member of them, in every function that
// takes one. The oracle is the plain greedy loop over the same measure.
#include <boxlap/nms/batched.hpp>
#include <boxlap/nms/groups.hpp>
#include <boxlap/nms/merge.hpp>
#include <boxlap/nms/nms.hpp>
#include <boxlap/nms/soft.hpp>
#include <boxlap/nms/tiled.hpp>
#include <boxlap/shape/box3.hpp>
#include <boxlap/shape/polygon.hpp>
#include <boxlap/shape/rotated_box.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <limits>
#include <map>
#include <type_traits>
#include <vector>

#include "../catch.hpp"
#include "../support/rounds.hpp"
#include "../support/scenes.hpp"
#include "plain_nms.hpp"

namespace user {

/// A box in space as seen from above, with a prepared form that has none of its members.
struct Standing {
  boxlap::Box3<double> box;
  int storey;
};
struct PreparedStanding {
  boxlap::PreparedRotatedBox<double> seen_from_above;
};

boxlap::Box<double> bounds(const Standing& s) { return bounds(bev(s.box)); }
double area(const Standing& s) { return area(bev(s.box)); }
double intersection_area(const Standing& a, const Standing& b) { return intersection_area(bev(a.box), bev(b.box)); }
PreparedStanding prepare(const Standing& s) { return {prepare(bev(s.box))}; }
boxlap::Box<double> bounds(const PreparedStanding& s) { return bounds(s.seen_from_above); }
double area(const PreparedStanding& s) { return area(s.seen_from_above); }
double intersection_area(const PreparedStanding& a, const PreparedStanding& b) {
  return intersection_area(a.seen_from_above, b.seen_from_above);
}

}  // namespace user

namespace {

using boxlap::Box;
using boxlap::Index;
using boxlap::NmsOptions;
using boxlap::Polygon;
using boxlap::RotatedBox;
using plain::at;
using user::Standing;

std::size_t calls = 0;

template <class T>
std::vector<double> members(const Box<T>& b) {
  return {double(b.x1), double(b.y1), double(b.x2), double(b.y2)};
}
template <class T>
std::vector<double> members(const RotatedBox<T>& b) {
  return {double(b.cx), double(b.cy), double(b.w), double(b.h), double(b.degrees)};
}
template <class T>
std::vector<double> members(const Polygon<T>& p) {
  std::vector<double> all{double(p.empty()), double(p.repairs().size())};
  for (const auto& v : p.points()) {
    all.insert(all.end(), {double(v.x), double(v.y)});
  }
  return all;
}
std::vector<double> members(const Standing& s) {
  return {s.box.cx, s.box.cy, s.box.cz, s.box.dx, s.box.dy, s.box.dz, s.box.degrees, double(s.storey)};
}

/// Reads all there is of two S and of nothing else: 0 where bounds do not meet, else a number in (0, 1) that depends on
/// each member and, as a measure may, on which of the two is the kept one.
template <class S>
struct ReadsAll {
  double operator()(const S& kept, const S& other) const {
    ++calls;
    const auto a = bounds(kept), b = bounds(other);
    if (!(a.x1 < b.x2 && b.x1 < a.x2 && a.y1 < b.y2 && b.y1 < a.y2)) {
      return 0;
    }
    double sum = 0;
    for (const double x : members(kept)) {
      sum = sum * 1.37 + x;
    }
    for (const double x : members(other)) {
      sum = sum * 1.73 + x;
    }
    return 0.5 + 0.499 * std::sin(sum);
  }
  template <class A, class B>
  double operator()(A&&, B&&) const = delete;
};

template <class S>
S shape_at(double x, double y, scenes::Rng& rng) {
  std::uniform_real_distribution<double> side(4, 12), degrees(-400, 400);
  using T = std::remove_cvref_t<decltype(bounds(std::declval<const S&>()).x1)>;
  if constexpr (std::same_as<S, Box<T>>) {
    return {T(x), T(y), T(x + side(rng)), T(y + side(rng))};
  } else if constexpr (std::same_as<S, RotatedBox<T>>) {
    return {T(x), T(y), T(side(rng)), T(side(rng)), T(degrees(rng))};
  } else if constexpr (std::same_as<S, Polygon<T>>) {
    return boxlap::make_polygon<T>({{T(x), T(y)}, {T(x + side(rng)), T(y)}, {T(x), T(y + side(rng))}});
  } else {
    return {{x, y, side(rng), side(rng), side(rng), side(rng), degrees(rng)}, int(rng() % 3)};
  }
}

template <class S>
std::vector<S> shapes_of(int n, double extent, scenes::Rng& rng) {
  std::uniform_real_distribution<double> place(0, extent);
  std::vector<S> shapes;
  for (int i = 0; i < n; ++i) {
    const double x = place(rng), y = place(rng);
    shapes.push_back(shape_at<S>(x, y, rng));
  }
  return shapes;
}

/// Of each class the plain loop, put together in the order of scores.
template <class S, class M>
std::vector<Index> plain_batched(const std::vector<S>& shapes, const std::vector<float>& scores,
                                 const std::vector<int>& labels, double threshold, const M& measure) {
  return plain::greedy(plain::best_first(scores), [&](Index i, Index j) {
    return labels[at(i)] == labels[at(j)] && measure(shapes[at(i)], shapes[at(j)]) > threshold;
  });
}

}  // namespace

TEMPLATE_TEST_CASE("a measure of one's own gets the caller's shapes", "[nms]", Box<float>, Box<double>,
                   RotatedBox<float>, RotatedBox<double>, Polygon<float>, Polygon<double>, Standing) {
  using S = TestType;
  constexpr std::uint64_t seed = 1703;
  CAPTURE(seed);
  scenes::Rng rng(seed);
  const ReadsAll<S> measure;
  static_assert(boxlap::Measure<ReadsAll<S>, S>);
  for (const int n : {0, 1, 2, 40, 300}) {
    for (const double extent : {20.0, 120.0}) {
      const std::vector<S> shapes = shapes_of<S>(n, extent, rng);
      const std::vector<float> scores = scenes::scores(n, rng);
      std::vector<int> labels;
      for (int i = 0; i < n; ++i) {
        labels.push_back(int(rng() % 3));
      }
      const auto rows = boxlap::view(shapes.size(), [&](Index i) -> S { return shapes[at(i)]; });
      for (const double threshold : {-0.1, 0.0, 0.4, 0.8}) {
        CAPTURE(n, extent, threshold);
        const NmsOptions options{.iou_threshold = threshold};
        const auto expected = plain::nms_by(shapes, scores, threshold, false, measure);
        CHECK(boxlap::nms(shapes, scores, options, measure) == expected);
        CHECK(boxlap::nms(rows, scores, options, measure) == expected);
        CHECK(boxlap::batched_nms(shapes, scores, labels, options, measure) ==
              plain_batched(shapes, scores, labels, threshold, measure));
        const auto groups = boxlap::nms_groups(shapes, scores, options, measure);
        CHECK(groups.keep == expected);
        for (std::size_t i = 0; i < shapes.size(); ++i) {
          const Index by = groups.suppressor[i];
          CHECK(groups.overlap[i] == (by == boxlap::none ? 0 : measure(shapes[at(by)], shapes[i])));
        }
        boxlap::TiledNms<S, ReadsAll<S>> tiled(options, std::numeric_limits<double>::infinity(), measure);
        auto kept = tiled.add({-1000, -1000, 1000, 1000}, shapes, scores);
        const auto rest = tiled.finish();
        kept.insert(kept.end(), rest.begin(), rest.end());
        std::sort(kept.begin(), kept.end());
        auto sorted = expected;
        std::sort(sorted.begin(), sorted.end());
        CHECK(kept == sorted);
      }
    }
  }
}

TEMPLATE_TEST_CASE("soft_nms multiplies by the caller's own measure", "[nms]", Box<float>, RotatedBox<float>,
                   Polygon<double>, Standing) {
  using S = TestType;
  constexpr std::uint64_t seed = 1704;
  CAPTURE(seed);
  scenes::Rng rng(seed);
  const ReadsAll<S> measure;
  const std::vector<S> shapes = shapes_of<S>(60, 40, rng);
  std::vector<double> scores;
  for (const float score : scenes::scores(60, rng)) {
    scores.push_back(double(score));
  }
  const auto soft = boxlap::soft_nms(
      shapes, scores, {.decay = boxlap::Decay::linear, .iou_threshold = 0.4, .score_threshold = 0.01}, measure);
  std::vector<double> left = scores;
  std::vector<Index> chosen;
  std::vector<double> chosen_scores;
  for (;;) {
    const auto best = std::max_element(left.begin(), left.end());
    if (*best < 0.01) {
      break;
    }
    const auto row = std::size_t(best - left.begin());
    chosen.push_back(Index(row));
    chosen_scores.push_back(*best);
    left[row] = -1;
    for (std::size_t i = 0; i < left.size(); ++i) {
      const double value = left[i] >= 0.01 ? measure(shapes[row], shapes[i]) : 0;
      left[i] *= value > 0.4 ? 1 - value : 1;
    }
  }
  CHECK(soft.keep == chosen);
  CHECK(soft.scores == chosen_scores);
}

TEST_CASE("merge_boxes asks the caller's own measure about const boxes", "[nms]") {
  const std::vector<Box<float>> boxes{{0, 0, 10, 10}, {5, 0, 15, 10}, {40, 0, 50, 10}};
  const std::vector<float> scores{0.9f, 0.8f, 0.7f};
  calls = 0;
  for (const auto rule :
       {boxlap::MergeRule::sahi_greedy, boxlap::MergeRule::sahi_nmm, boxlap::MergeRule::supervision}) {
    const auto merged = boxlap::merge_boxes(boxes, scores, {.threshold = 0.0001, .rule = rule}, ReadsAll<Box<float>>{});
    CHECK(merged.boxes == std::vector<Box<float>>{{0, 0, 15, 10}, {40, 0, 50, 10}});
    const auto batched = boxlap::batched_merge_boxes(boxes, scores, std::vector<int>{1, 1, 1},
                                                     {.threshold = 0.0001, .rule = rule}, ReadsAll<Box<float>>{});
    CHECK(batched.boxes == merged.boxes);
  }
  CHECK(calls > 0);
}

TEST_CASE("an angle is the angle that was given, not the reduced one", "[nms]") {
  const std::vector<RotatedBox<float>> boxes{{0, 0, 20, 10, 0}, {0, 0, 10, 20, 90}};
  const std::vector<float> scores{0.9f, 0.8f};
  const auto alike = [](const auto& a, const auto& b) { return std::abs(a.degrees - b.degrees) < 20 ? 1.0 : 0.0; };
  const std::vector<Index> both{0, 1};
  CHECK(boxlap::nms(boxes, scores, NmsOptions{}, alike) == both);
  CHECK(boxlap::batched_nms(boxes, scores, std::vector<int>{7, 7}, NmsOptions{}, alike) == both);
  CHECK(boxlap::nms_groups(boxes, scores, NmsOptions{}, alike).keep == both);
  CHECK(boxlap::soft_nms(boxes, scores, {.decay = boxlap::Decay::linear}, alike).scores == scores);
  // The library's own measures know that both are one rectangle.
  CHECK(boxlap::nms(boxes, scores, NmsOptions{}) == std::vector<Index>{0});
  // Who wants prepared boxes prepares them.
  const std::vector prepared{prepare(boxes[0]), prepare(boxes[1])};
  CHECK(boxlap::nms(prepared, scores, NmsOptions{}, alike) == std::vector<Index>{0});
}
