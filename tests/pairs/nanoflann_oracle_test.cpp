// The join against an algorithm that shares nothing with it: a k-d tree over boxes as points in four dimensions.
#include <boxlap/pairs/join.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <nanoflann.hpp>
#include <utility>
#include <vector>

#include "../catch.hpp"
#include "../support/join_scenes.hpp"
#include "../support/rounds.hpp"

using namespace boxlap;

namespace {

/// A box as the point (x1, y1, x2, y2). The question is (x2, y2, x1, y1) of another box, the distance how far the two
/// are from meeting: the sum of what x1 and y1 are too large, x2 and y2 too small. It is 0 exactly where they meet.
template <class T>
struct BoxPoints {
  using ElementType = double;
  using DistanceType = double;

  std::vector<std::array<double, 4>> points;
  std::vector<Index> rows;

  explicit BoxPoints(const std::vector<Box<T>>& boxes, bool touching) {
    for (std::size_t i = 0; i < boxes.size(); ++i) {
      const Box<double> b = cast<double>(boxes[i]);
      if (touching ? b.x1 <= b.x2 && b.y1 <= b.y2 : has_extent(b)) {
        points.push_back({b.x1, b.y1, b.x2, b.y2});
        rows.push_back(Index(i));
      }
    }
  }
  [[nodiscard]] std::size_t kdtree_get_point_count() const { return points.size(); }
  [[nodiscard]] double kdtree_get_pt(std::size_t k, std::size_t axis) const { return points[k][axis]; }
  template <class Bounds>
  bool kdtree_get_bbox(Bounds&) const {
    return false;
  }
};

template <class Points>
struct FarFromMeeting {
  using ElementType = double;
  using DistanceType = double;
  const Points& boxes;
  explicit FarFromMeeting(const Points& points) : boxes(points) {}

  [[nodiscard]] double accum_dist(double question, double corner, std::size_t axis) const {
    return std::max(0.0, axis < 2 ? corner - question : question - corner);
  }
  [[nodiscard]] double evalMetric(const double* question, std::uint32_t k, std::size_t) const {
    double sum = 0;
    for (std::size_t axis = 0; axis < 4; ++axis) {
      sum += accum_dist(question[axis], boxes.points[k][axis], axis);
    }
    return sum;
  }
};

struct AtZero {
  using DistanceType = double;
  using IndexType = std::uint32_t;
  std::vector<std::uint32_t> found;
  bool addPoint(double, std::uint32_t k) {
    found.push_back(k);
    return true;
  }
  [[nodiscard]] double worstDist() const { return std::numeric_limits<double>::denorm_min(); }  // only 0 is below
  [[nodiscard]] bool full() const { return true; }
  [[nodiscard]] bool empty() const { return found.empty(); }
  [[nodiscard]] std::size_t size() const { return found.size(); }
  void sort() {}
};

/// All pairs that meet, ascending. Open meetings are closed ones with a question that is one number smaller.
template <class T>
std::vector<std::pair<Index, Index>> by_tree(const std::vector<Box<T>>& a, const std::vector<Box<T>>& b,
                                             bool touching) {
  using Points = BoxPoints<T>;
  const Points ours(a, touching), theirs(b, touching);
  const nanoflann::KDTreeSingleIndexAdaptor<FarFromMeeting<Points>, Points, 4, std::uint32_t> tree(4, theirs);
  constexpr double inf = std::numeric_limits<double>::infinity();
  std::vector<std::pair<Index, Index>> pairs;
  for (std::size_t i = 0; i < ours.points.size() && !theirs.points.empty(); ++i) {
    const auto& box = ours.points[i];
    std::array<double, 4> question{box[2], box[3], box[0], box[1]};
    if (!touching) {
      question = {std::nextafter(box[2], -inf), std::nextafter(box[3], -inf), std::nextafter(box[0], inf),
                  std::nextafter(box[1], inf)};
    }
    AtZero meeting;
    tree.findNeighbors(meeting, question.data(), {});
    for (const std::uint32_t k : meeting.found) {
      pairs.emplace_back(ours.rows[i], theirs.rows[k]);
    }
  }
  std::sort(pairs.begin(), pairs.end());
  return pairs;
}

template <class T>
void make_finite(std::vector<Box<T>>& boxes) {
  for (Box<T>& b : boxes) {
    for (T* x : {&b.x1, &b.y1, &b.x2, &b.y2}) {
      *x = std::isfinite(*x) ? *x : T{0};  // a k-d tree cannot hold the others
    }
  }
}

}  // namespace

TEMPLATE_TEST_CASE("the join finds what a k-d tree in four dimensions finds", "", float, double) {
  const auto seed = GENERATE(11U, 12U);
  const int n = GENERATE(30, scenes::rounds(500), scenes::rounds(2000));
  CAPTURE(seed, n);
  scenes::Rng rng(seed);
  auto sets = scenes::awkward<TestType>(n, rng), others = scenes::awkward<TestType>(n + 17, rng);
  for (std::size_t k = 0; k < sets.size(); ++k) {
    auto &a = sets[k].boxes, &b = others[k].boxes;
    if (n > 500 && sets[k].name == "identical") {
      continue;  // all meet all: the smaller sets show it
    }
    make_finite(a);
    make_finite(b);
    for (const bool touching : {false, true}) {
      const auto expected = by_tree(a, b, touching);
      INFO(sets[k].name << (touching ? ", touching" : "") << ", " << expected.size() << " pairs");
      REQUIRE((pairs(a, b, {.touching = touching}) == expected));
      auto both = by_tree(a, a, touching);
      std::erase_if(both, [](const auto& pair) { return pair.first >= pair.second; });
      REQUIRE((pairs(a, {.touching = touching}) == both));
    }
  }
}
