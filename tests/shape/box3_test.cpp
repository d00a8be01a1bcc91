#include <boxlap/shape/box3.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <random>
#include <utility>
#include <vector>

#include "../catch.hpp"
#include "../support/fixture.hpp"

using boxlap::Box3;

namespace {

using Corner = std::array<long double, 2>;

std::vector<Corner> footprint(const Box3<double>& b) {
  const long double turn = b.degrees * std::numbers::pi_v<long double> / 180, c = std::cos(turn), s = std::sin(turn);
  std::vector<Corner> corners;
  for (const auto& [x, y] : {std::pair{-1, -1}, {1, -1}, {1, 1}, {-1, 1}}) {
    const long double u = x * b.dx / 2.0L, v = y * b.dy / 2.0L;
    corners.push_back({b.cx + c * u - s * v, b.cy + s * u + c * v});
  }
  return corners;
}

/// What is left of a convex polygon on the left of the line from p to q (Sutherland and Hodgman).
std::vector<Corner> cut(const std::vector<Corner>& polygon, const Corner& p, const Corner& q) {
  const auto side = [&](const Corner& r) { return (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0]); };
  std::vector<Corner> left;
  for (std::size_t k = 0; k < polygon.size(); ++k) {
    const Corner &a = polygon[k], &b = polygon[(k + 1) % polygon.size()];
    const long double at_a = side(a), at_b = side(b);
    if (at_a >= 0) {
      left.push_back(a);
    }
    if ((at_a > 0 && at_b < 0) || (at_a < 0 && at_b > 0)) {
      const long double t = at_a / (at_a - at_b);
      left.push_back({a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])});
    }
  }
  return left;
}

/// The volume two boxes share, in extended precision.
long double shared_volume(const Box3<double>& a, const Box3<double>& b) {
  std::vector<Corner> shared = footprint(a);
  const std::vector<Corner> other = footprint(b);
  for (std::size_t k = 0; k < 4; ++k) {
    shared = cut(shared, other[k], other[(k + 1) % 4]);
  }
  long double doubled = 0;
  for (std::size_t k = 0; k < shared.size(); ++k) {
    const Corner &p = shared[k], &q = shared[(k + 1) % shared.size()];
    doubled += (p[0] - a.cx) * (q[1] - a.cy) - (q[0] - a.cx) * (p[1] - a.cy);
  }
  const long double low = std::max(a.cz - a.dz / 2.0L, b.cz - b.dz / 2.0L);
  const long double high = std::min(a.cz + a.dz / 2.0L, b.cz + b.dz / 2.0L);
  return doubled / 2 * std::max(0.0L, high - low);
}

}  // namespace

TEST_CASE("boxes in space overlap as clipping in extended precision says") {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 rng(seed);
  std::uniform_real_distribution<double> place(-3, 3), size(0.5, 5), turn(-360, 360);
  int met = 0;
  for (int k = 0; k < 3000; ++k) {
    const auto draw = [&] {
      const double yaw = rng() % 4 == 0 ? 45.0 * double(rng() % 9) : turn(rng);
      return Box3<double>{place(rng), place(rng), place(rng), size(rng), size(rng), size(rng), yaw};
    };
    const Box3<double> a = draw(), b = draw();
    const auto expected = double(shared_volume(a, b));
    const double va = a.dx * a.dy * a.dz, vb = b.dx * b.dy * b.dz;
    CAPTURE(k, expected);
    REQUIRE_THAT(intersection_volume(a, b), Catch::Matchers::WithinAbs(expected, 1e-13 * (va + vb)));
    REQUIRE_THAT(volume(a), Catch::Matchers::WithinRel(va, 1e-15));
    REQUIRE_THAT(iou(a, b), Catch::Matchers::WithinAbs(expected / (va + vb - expected), 1e-13));
    REQUIRE(iou(a, b) == iou(b, a));
    REQUIRE(iou(a, a) == 1);
    met += expected > 0 ? 1 : 0;
  }
  REQUIRE(met > 500);
}

TEMPLATE_TEST_CASE("boxes in space overlap as exact arithmetic says", "", float, double) {
  if (fixture::missing()) {
    return;
  }
  const auto table = fixture::read("polygons/boxes3d.csv");
  for (std::size_t row = 0; row < table.size(); ++row) {
    const auto n = [&](const char* name) { return table.number(row, name); };
    const Box3<double> a{n("ax"), n("ay"), n("az"), n("adx"), n("ady"), n("adz"), n("a_yaw_deg")};
    const Box3<double> b{n("bx"), n("by"), n("bz"), n("bdx"), n("bdy"), n("bdz"), n("b_yaw_deg")};
    const auto ta = boxlap::cast<TestType>(a), tb = boxlap::cast<TestType>(b);
    CAPTURE(row, table.text(row, "family"), double(iou(ta, tb)), n("iou"));
    if (boxlap::cast<double>(ta) != a || boxlap::cast<double>(tb) != b) {
      REQUIRE(std::is_same_v<TestType, float>);
      continue;
    }
    const double la = std::hypot(a.dx, a.dy), lb = std::hypot(b.dx, b.dy), d = std::hypot(a.cx - b.cx, a.cy - b.cy);
    const double least = std::min(a.dx * a.dy, b.dx * b.dy);
    const double u =
        double(std::numeric_limits<TestType>::epsilon()) / 2 * (1 + std::min(la, lb) * (la + lb + d) / least);
    const double height = double(shared_height(ta, tb));
    REQUIRE(std::abs(double(volume(ta)) - n("vol_a")) <=
            2 * double(std::numeric_limits<TestType>::epsilon()) * n("vol_a"));
    REQUIRE(std::abs(double(intersection_volume(ta, tb)) - n("inter")) <=
            4 * u * least * height +
                4 * double(std::numeric_limits<TestType>::epsilon()) * least * (a.dz + b.dz + std::abs(a.cz - b.cz)));
    REQUIRE(std::abs(double(iou(bev(ta), bev(tb))) - n("bev_iou")) <= 8 * u);
    REQUIRE(std::abs(double(iou(ta, tb)) - n("iou")) <= 16 * u);
    REQUIRE(iou(ta, tb) == iou(tb, ta));
    REQUIRE((iou(ta, tb) >= 0 && iou(ta, tb) <= 1));
    REQUIRE((iou(ta, ta) == 1 && iou(tb, tb) == 1));
  }
}

TEST_CASE("KITTI's and nuScenes' labels become the same box") {
  // A car 4 m long, 2 m wide and 1.5 m high, 10 m ahead and 3 m to the right, turned by 0.3.
  const auto kitti = boxlap::from_kitti(1.5, 2.0, 4.0, 3.0, 1.6, 10.0, 0.3);
  REQUIRE(kitti.cz == 1.6 - 0.75);
  // KITTI's own corner: x' = cos l/2 + sin w/2, z' = -sin l/2 + cos w/2.
  const double x = 3.0 + std::cos(0.3) * 2 + std::sin(0.3), z = 10.0 - std::sin(0.3) * 2 + std::cos(0.3);
  const auto corner = corners(bev(kitti))[2];
  REQUIRE_THAT(corner.x, Catch::Matchers::WithinAbs(x, 1e-14));
  REQUIRE_THAT(corner.y, Catch::Matchers::WithinAbs(z, 1e-14));
  const auto nuscenes = boxlap::from_nuscenes(3.0, 10.0, kitti.cz, 2.0, 4.0, 1.5, -0.3);
  REQUIRE(iou(kitti, nuscenes) == 1);
  REQUIRE_THAT(boxlap::yaw_of_quaternion(std::cos(0.4), 0.0, 0.0, std::sin(0.4)),
               Catch::Matchers::WithinAbs(0.8, 1e-15));
}

TEST_CASE("boxes in space without volume, inverted, NaN, above one another") {
  const Box3<double> box{0, 0, 0, 2, 2, 2, 20};
  REQUIRE(iou(box, Box3<double>{0, 0, 2, 2, 2, 2, 20}) == 0);
  REQUIRE_THAT(iou(box, Box3<double>{0, 0, 1, 2, 2, 2, 20}), Catch::Matchers::WithinRel(1.0 / 3, 1e-15));
  for (const Box3<double>& ugly : {Box3<double>{0, 0, 0, 2, 2, 0, 20},
                                   {0, 0, 0, 2, 2, -2, 20},
                                   {0, 0, 0, -2, 2, 2, 20},
                                   {0, 0, std::nan(""), 2, 2, 2, 20},
                                   {0, 0, 0, 2, 2, std::nan(""), 20}}) {
    REQUIRE(iou(box, ugly) == 0);
    REQUIRE(iou(ugly, ugly) == 0);
  }
}
