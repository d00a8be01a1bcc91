#include <boxlap/shape/measures.hpp>
#include <boxlap/shape/polygon.hpp>
#include <boxlap/shape/wkt.hpp>

#include <string>
#include <utility>
#include <vector>

#include "../catch.hpp"
#include "../support/memory.hpp"
#include "../support/polygon_scenes.hpp"

using boxlap::Point;

TEST_CASE("polygons take the memory that is said, and overlaps of a few dozen sides none") {
  if (memory::uncounted()) {
    return;
  }
  scenes::Rng rng(7);
  const auto within = [](std::ptrdiff_t bytes, double formula) {
    CAPTURE(bytes, formula);
    REQUIRE((double(bytes) <= formula && double(bytes) >= formula / 2));
  };
  constexpr int n = 20'000;
  auto ring = scenes::star<double>(0, 0, 1'000, 0.5, n, rng);
  ring.shrink_to_fit();
  const heap::Scope making;
  const auto large = boxlap::make_polygon(ring);
  within(making.peak_bytes(), 130.0 * n + 150);
  within(making.kept_bytes(), double(sizeof(Point<double>) + 48) * n + 8'192);  // large blocks come in pages
  const auto other = boxlap::make_polygon(scenes::star<double>(100, 0, 1'000, 0.5, n, rng));
  const heap::Scope measuring;
  const double shared = intersection_area(large, other);
  REQUIRE(shared > 0);
  within(measuring.peak_bytes(), 48.0 * (2 * n) + 1'000);

  const heap::Scope hulling;
  const auto hull = convex_hull(large);
  within(hulling.peak_bytes(), 2 * double(sizeof(Point<double>)) * n + 1'000);
  REQUIRE(hull.points().size() < n);
  const heap::Scope writing;
  const std::string text = boxlap::to_wkt(large);
  within(writing.peak_bytes(), 3.0 * double(text.size()));
  const heap::Scope reading;
  const auto read = boxlap::parse_wkt<double>(text);
  within(reading.peak_bytes(), 130.0 * n + 150);
  within(reading.kept_bytes(), 64.0 * n + 8'192);

  const auto small = boxlap::make_polygon(scenes::star<double>(0, 0, 50, 0.5, 60, rng));
  const auto moved = boxlap::make_polygon(scenes::star<double>(10, 0, 50, 0.5, 60, rng));
  const heap::Scope free_of_charge;
  const double shared_by_few = intersection_area(small, moved);
  REQUIRE(free_of_charge.peak_bytes() == 0);
  REQUIRE(shared_by_few > 0);
}

namespace {

/// Rings of three vertices, each in a part of its own or a hole of one.
std::string many_triangles(int count, bool holes, bool repaired) {
  std::string text = holes ? "POLYGON ((-9 -9, 9999 -9, 9999 9999, -9 9999, -9 -9)" : "MULTIPOLYGON (";
  for (int k = 0; k < count; ++k) {
    const auto at = [k](int x, int y) {
      return std::to_string(k % 200 * 3 + x) + " " + std::to_string(k / 200 * 3 + y);
    };
    const std::string ring = "(" + at(0, 0) + ", " + (repaired ? at(1, 2) : at(2, 1)) + ", " +
                             (repaired ? at(2, 1) : at(1, 2)) + (repaired ? ")" : ", " + at(0, 0) + ")");
    text += (holes || k > 0 ? ", " : "") + (holes ? ring : "(" + ring + ")");
  }
  return text + ")";
}

/// A path that goes from side to side, n vertices; `upright`: by sides that are vertical.
std::string zigzag(int n, bool upright) {
  std::string text = "POLYGON ((";
  for (int k = 0; k + 2 < n; ++k) {
    const int across = upright ? (k + 1) / 2 % 2 * 90 : k % 2 * 90 + k % 3, along = upright ? k / 2 : k;
    text += upright ? std::to_string(along) + " " + std::to_string(across) + ", "
                    : std::to_string(across) + " " + std::to_string(along) + ", ";
  }
  return text + (upright ? std::to_string(n / 2) + " -5, -1 -5))" : "-5 " + std::to_string(n) + ", -5 0))");
}

}  // namespace

TEMPLATE_TEST_CASE("polygons of any form and number of rings take the memory that is said", "", float, double) {
  if (memory::uncounted()) {
    return;
  }
  for (const std::string& text :
       {zigzag(20'000, false), zigzag(16'385, false), zigzag(16'384, true), zigzag(16'385, true),
        many_triangles(8'192, false, false), many_triangles(8'193, false, true), many_triangles(8'193, true, true)}) {
    const heap::Scope reading;
    const auto p = boxlap::parse_wkt<TestType>(text);
    const double peak = double(reading.peak_bytes()), kept = double(reading.kept_bytes());
    const double n = double(p.points().size()), rings = double(p.rings()), repairs = double(p.repairs().size());
    CAPTURE(text.substr(0, 60), n, rings, peak, kept);
    CHECK(peak <= 130 * n + 150 * rings);
    CHECK(peak >= (130 * n + 150 * rings) / 4);
    CHECK(kept <= double(sizeof(Point<TestType>) + 48) * n + 16 * rings + 8 * repairs + 16'384);
    CHECK(kept >= 32 * n);
    if (rings == 1) {
      std::vector<Point<TestType>> shell(p.points().begin(), p.points().end());
      const heap::Scope making;
      const auto q = boxlap::make_polygon(std::move(shell));
      CHECK(double(making.peak_bytes()) <= 130 * n + 150);
    }
  }
}
