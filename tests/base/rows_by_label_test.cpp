// Rows grouped by their label, and two such groupings merged, against maps.
#include <boxlap/base/detail/rows_by_label.hpp>

#include <algorithm>
#include <cstdint>
#include <map>
#include <random>
#include <type_traits>
#include <utility>
#include <vector>

#include "../catch.hpp"

using namespace boxlap;

namespace {

using Groups = std::map<std::int64_t, std::vector<Index>>;

template <class L>
Groups expected_groups(const std::vector<L>& labels) {
  Groups groups;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    groups[static_cast<std::int64_t>(labels[i])].push_back(static_cast<Index>(i));
  }
  return groups;
}

template <class L>
std::vector<L> random_labels(std::mt19937& rng, std::size_t n, std::int64_t least, std::uint32_t kinds,
                             std::int64_t step) {
  std::vector<L> labels(n);
  for (L& label : labels) {
    label = static_cast<L>(least + step * static_cast<std::int64_t>(rng() % kinds));
  }
  return labels;
}

template <class LA, class LB>
void check(const std::vector<LA>& labels_a, const std::vector<LB>& labels_b) {
  const auto expected_a = expected_groups(labels_a), expected_b = expected_groups(labels_b);
  const detail::RowsByLabel a(labels_a), b(labels_b);
  REQUIRE(a.size() == expected_a.size());
  std::size_t k = 0;
  for (const auto& [label, rows] : expected_a) {
    REQUIRE(std::equal(rows.begin(), rows.end(), a[k].begin(), a[k].end()));
    ++k;
  }
  Groups either = expected_a;
  either.insert(expected_b.begin(), expected_b.end());
  const auto of = [](const Groups& groups, std::int64_t label) {
    const auto found = groups.find(label);
    return found == groups.end() ? std::vector<Index>{} : found->second;
  };
  detail::LabelMerge merge(
      a.rows(), [&](Index i) { return detail::label_number(labels_a[static_cast<std::size_t>(i)]); }, b.rows(),
      [&](Index i) { return detail::label_number(labels_b[static_cast<std::size_t>(i)]); });
  for (const auto& [label, rows] : either) {
    CAPTURE(label);
    REQUIRE(merge.next());
    REQUIRE(std::vector<Index>(merge.rows_a().begin(), merge.rows_a().end()) == of(expected_a, label));
    REQUIRE(std::vector<Index>(merge.rows_b().begin(), merge.rows_b().end()) == of(expected_b, label));
    if constexpr (std::is_same_v<decltype(detail::label_number(LA{})), decltype(detail::label_number(LB{}))>) {
      REQUIRE(merge.label() == label);
    }
  }
  REQUIRE(!merge.next());
  REQUIRE(!merge.next());
}

}  // namespace

TEST_CASE("rows by label and the merge of two sides say what maps say, for labels of any two types") {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 rng(seed);
  for (int round = 0; round < 200; ++round) {
    const std::size_t n = rng() % 30, m = rng() % 30;
    const std::uint32_t kinds = 1 + rng() % 8;
    const std::int64_t step = round % 2 == 0 ? 1 : 1'000'003;  // counted, sorted
    CAPTURE(round, n, m, kinds, step);
    check(random_labels<int>(rng, n, -3, kinds, step), random_labels<int>(rng, m, -2, kinds, step));
    check(random_labels<int>(rng, n, -3, kinds, step), random_labels<std::uint32_t>(rng, m, 0, kinds, step));
    check(random_labels<std::int64_t>(rng, n, -5'000'000'000, kinds, step),
          random_labels<std::uint64_t>(rng, m, 0, kinds, step));
    check(random_labels<std::int16_t>(rng, n, -3, kinds, 1), random_labels<std::int64_t>(rng, m, -3, kinds, 1));
  }
}
