#include <boxlap/pairs/labels.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <utility>
#include <vector>

#include "../catch.hpp"
#include "../support/scenes.hpp"

using namespace boxlap;

namespace {

using Pairs = std::vector<std::pair<Index, Index>>;

template <class L>
std::vector<L> labels_for(std::size_t n, const std::vector<L>& values, scenes::Rng& rng) {
  std::vector<L> labels;
  for (std::size_t k = 0; k < n; ++k) {
    labels.push_back(values[rng() % values.size()]);
  }
  return labels;
}

template <class L>
void check(const std::vector<L>& values_a, const std::vector<L>& values_b, scenes::Rng& rng) {
  for (const auto& a : scenes::all<float>(400, rng)) {
    for (const auto& b : {a, scenes::uniform<float>(300, 500, 50, rng)}) {
      const auto labels_a = labels_for(a.size(), values_a, rng), labels_b = labels_for(b.size(), values_b, rng);
      Pairs expected, self, found, found_self;
      std::vector<Triple<float>> triples;
      for (std::size_t i = 0; i < a.size(); ++i) {
        for (std::size_t j = 0; j < b.size(); ++j) {
          if (labels_a[i] == labels_b[j] && iou(a[i], b[j]) > 0) {
            expected.emplace_back(i, j);
            triples.push_back({Index(i), Index(j), iou(a[i], b[j])});
          }
        }
        for (std::size_t j = i + 1; j < a.size(); ++j) {
          if (labels_a[i] == labels_a[j] && iou(a[i], a[j]) > 0) {
            self.emplace_back(i, j);
          }
        }
      }
      for_each_pair(a, labels_a, b, labels_b, [&](Index i, Index j) { found.emplace_back(i, j); });
      for_each_pair(a, labels_a, [&](Index i, Index j) { found_self.emplace_back(i, j); });
      std::sort(found.begin(), found.end());
      std::sort(found_self.begin(), found_self.end());
      REQUIRE(found == expected);
      REQUIRE(found_self == self);
      REQUIRE(iou_matrix(a, labels_a, b, labels_b) == make_csr(Index(a.size()), Index(b.size()), triples));
    }
  }
}

enum class Species : std::int8_t { oak = -1, pine = 3 };

}  // namespace

TEST_CASE("only boxes of one label meet, whatever the labels are") {
  const auto seed = GENERATE(1U, 2U);
  CAPTURE(seed);
  scenes::Rng rng(seed);
  check<int>({1, 2, 3}, {2, 3, 4}, rng);
  check<std::int64_t>(
      {-1, 0, (std::int64_t{1} << 24) + 1, std::int64_t{1} << 24, std::numeric_limits<std::int64_t>::min()},
      {-1, (std::int64_t{1} << 24) + 1, std::int64_t{1} << 24}, rng);
  check<Species>({Species::oak, Species::pine}, {Species::pine}, rng);
  check<unsigned char>({7}, {8}, rng);
}

TEST_CASE("labels of the wrong length are named, and a visitor can stop") {
  const std::vector<Box<float>> boxes{{0, 0, 2, 2}, {1, 1, 3, 3}, {0, 0, 3, 3}};
  const std::vector<int> labels{1, 1, 1}, few{1, 1};
  const auto ignore = [](Index, Index) {};
  CHECK_THROWS_WITH(for_each_pair(boxes, few, boxes, labels, ignore),
                    Catch::Matchers::Equals("boxlap: labels_a has 2 rows, a has 3"));
  CHECK_THROWS_AS(for_each_pair(boxes, labels, boxes, few, ignore), std::invalid_argument);
  CHECK_THROWS_AS(for_each_pair(boxes, few, ignore), std::invalid_argument);
  CHECK_THROWS_AS(iou_matrix(boxes, few, boxes, labels), std::invalid_argument);
  int seen = 0;
  for_each_pair(boxes, labels, boxes, labels, [&](Index, Index) { return ++seen < 2; });
  CHECK(seen == 2);
}
