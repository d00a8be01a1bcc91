#include <boxlap/shape/polygon.hpp>

#include <vector>

#include "../../examples/support/heap.hpp"
#include "../catch.hpp"
#include "../support/polygon_scenes.hpp"

using boxlap::Point;

TEST_CASE("polygons take the memory that is said, and overlaps of a few dozen sides none") {
  if (!heap::counted) {
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

  const auto small = boxlap::make_polygon(scenes::star<double>(0, 0, 50, 0.5, 60, rng));
  const auto moved = boxlap::make_polygon(scenes::star<double>(10, 0, 50, 0.5, 60, rng));
  const heap::Scope free_of_charge;
  const double shared_by_few = intersection_area(small, moved);
  REQUIRE(free_of_charge.peak_bytes() == 0);
  REQUIRE(shared_by_few > 0);
}
