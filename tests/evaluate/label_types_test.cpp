// Labels of two integer types are one label where the numbers are equal, whichever header came first. Here the one of
// the metric alone comes first.
#include <boxlap/evaluate/most_matches.hpp>

#include <boxlap/evaluate/coco.hpp>
#include <boxlap/evaluate/confusion.hpp>
#include <boxlap/evaluate/detection.hpp>
#include <boxlap/evaluate/tide.hpp>
#include <boxlap/evaluate/voc.hpp>
#include <boxlap/pairs/labels.hpp>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "../catch.hpp"

namespace {

using boxlap::Box;

enum class Signed : std::int8_t { minus_one = -1, one = 1 };

const std::vector<Box<double>> one_box{{0, 0, 10, 10}};
const std::vector<double> one_score{0.9};

/// The matches of a truth and a detection that are the same box.
template <class A, class B>
std::int64_t most(A truth, B detection) {
  return boxlap::most_matches(boxlap::image_pairs(one_box, one_box), std::vector<A>{truth}, std::vector<B>{detection},
                              0.5);
}

template <class A, class B>
std::int64_t scored(A truth, B detection) {
  const auto score =
      boxlap::score_image(one_box, one_box, std::vector<A>{truth}, std::vector<B>{detection}, boxlap::ScoreOptions{});
  std::int64_t both = 0;
  for (const boxlap::LabelTally& tally : score.labels) {
    both += tally.both;
  }
  return both;
}

template <class A, class B>
std::int64_t confused(A truth, B detection) {
  const auto cells = boxlap::confusion_image(boxlap::image_pairs(one_box, one_box), std::vector<A>{truth},
                                             std::vector<B>{detection}, one_score);
  return cells.size() == 1 && cells[0].truth == cells[0].detection ? 1 : 0;
}

template <class A, class B>
std::int64_t joined(A truth, B detection) {
  return boxlap::iou_matrix(one_box, std::vector<A>{truth}, one_box, std::vector<B>{detection}).nonzeros();
}

template <class A, class B>
std::int64_t coco(A truth, B detection) {
  const auto image =
      boxlap::coco_image(1, one_box, one_box, std::vector<A>{truth}, std::vector<B>{detection}, one_score);
  return image.outcome(0, 0, 0) == boxlap::Outcome::true_positive ? 1 : 0;
}

template <class A, class B>
void check(A truth, B detection, std::int64_t expected) {
  CHECK(most(truth, detection) == expected);
  CHECK(most(detection, truth) == expected);
  CHECK(scored(truth, detection) == expected);
  CHECK(confused(truth, detection) == expected);
  CHECK(joined(truth, detection) == expected);
  CHECK(coco(truth, detection) == expected);
}

constexpr std::uint64_t above_int64 = (std::numeric_limits<std::uint64_t>::max)();

}  // namespace

TEST_CASE("labels of two types are equal where the numbers are", "[labels]") {
  check(-1, 4294967295u, 0);
  check(std::int8_t{-1}, std::uint8_t{255}, 0);
  check(-1, std::int64_t{4294967295}, 0);
  check(std::int64_t{-1}, 4294967295u, 0);
  check(Signed::minus_one, 4294967295u, 0);
  check(Signed::minus_one, std::int64_t{-1}, 1);
  check(-1, std::int8_t{-1}, 1);
  check(Signed::one, std::uint64_t{1}, 1);
  check(true, 1L, 1);
  check('A', char16_t{65}, 1);
  check(4294967295u, std::int64_t{4294967295}, 1);
  check((std::numeric_limits<std::int64_t>::max)(), std::uint64_t{9223372036854775807u}, 1);
}

TEST_CASE("a label above int64 is no negative one", "[labels]") {
  CHECK(most(-1, above_int64) == 0);
  CHECK(most(above_int64, std::int64_t{-1}) == 0);
  CHECK(most(above_int64, above_int64) == 1);
  CHECK(joined(-1, above_int64) == 0);
  CHECK(joined(above_int64, above_int64) == 1);
}

TEST_CASE("results that carry labels refuse those above int64", "[labels]") {
  const std::vector<int> plain{-1};
  const std::vector<std::uint64_t> large{above_int64};
  const auto pairs = boxlap::image_pairs(one_box, one_box);
  const auto refused = [](const char* what, const auto& call) {
    std::string message;
    try {
      call();
    } catch (const std::invalid_argument& error) {
      message = error.what();
    }
    CHECK(message == "boxlap: " + std::string(what) +
                         "[0] is 18446744073709551615, the most that a result holds is 9223372036854775807");
  };
  refused("truth_labels", [&] { (void)boxlap::score_image(one_box, one_box, large, plain); });
  refused("predicted_labels", [&] { (void)boxlap::score_image(one_box, one_box, plain, large); });
  refused("truth_labels", [&] { (void)boxlap::confusion_image(pairs, large, plain, one_score); });
  refused("detection_labels", [&] { (void)boxlap::confusion_image(pairs, plain, large, one_score); });
  refused("truth_labels", [&] { (void)boxlap::coco_image(1, pairs, large, plain, one_score); });
  refused("detection_labels", [&] { (void)boxlap::coco_image(1, pairs, plain, large, one_score); });
  refused("detection_labels", [&] { (void)boxlap::voc_image(1, pairs, plain, large, one_score); });
  refused("truth_labels", [&] { (void)boxlap::tide_image(1, pairs, large, plain, one_score); });
}
