#include <boxlap/shape/measures.hpp>
#include <boxlap/shape/polygon.hpp>
#include <boxlap/shape/wkt.hpp>

#include <string>
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
  within(making.peak_bytes(), 300.0 * n);
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
  within(reading.peak_bytes(), 200.0 * n);
  within(reading.kept_bytes(), 64.0 * n + 8'192);

  const auto small = boxlap::make_polygon(scenes::star<double>(0, 0, 50, 0.5, 60, rng));
  const auto moved = boxlap::make_polygon(scenes::star<double>(10, 0, 50, 0.5, 60, rng));
  const heap::Scope free_of_charge;
  const double shared_by_few = intersection_area(small, moved);
  REQUIRE(free_of_charge.peak_bytes() == 0);
  REQUIRE(shared_by_few > 0);
}
