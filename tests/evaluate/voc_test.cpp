#include <boxlap/evaluate/voc.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "../catch.hpp"
#include "../support/fixture.hpp"
#include "../support/scenes.hpp"

using boxlap::ApRule;
using boxlap::Box;
using boxlap::Index;
using boxlap::Outcome;
using boxlap::VocImage;
using Catch::Matchers::WithinAbs;

namespace {

struct Rows {
  std::vector<Box<double>> truths, detections;
  std::vector<int> truth_labels, detection_labels;
  std::vector<std::uint8_t> difficult;
  std::vector<double> scores;
};

struct Data {
  std::vector<Rows> images;  // in the order of the files
  std::vector<std::string> labels;
};

Data read_data(const std::string& folder, double pixels) {
  Data data;
  std::map<std::string, std::size_t> number;
  const auto rows_of = [&](const std::string& image) -> Rows& {
    const auto [found, fresh] = number.try_emplace(image, data.images.size());
    if (fresh) {
      data.images.emplace_back();
    }
    return data.images[found->second];
  };
  const auto label_of = [&](const std::string& label) {
    const auto found = std::find(data.labels.begin(), data.labels.end(), label) - data.labels.begin();
    if (found == static_cast<std::ptrdiff_t>(data.labels.size())) {
      data.labels.push_back(label);
    }
    return static_cast<int>(found);
  };
  const auto box = [&](const fixture::Table& table, std::size_t row) {
    return boxlap::with_pixels(Box<double>{table.number(row, "xmin"), table.number(row, "ymin"),
                                           table.number(row, "xmax"), table.number(row, "ymax")},
                               pixels);
  };
  const fixture::Table truth = fixture::read(folder + "/truth.csv");
  for (std::size_t row = 0; row < truth.size(); ++row) {
    Rows& rows = rows_of(truth.text(row, "image"));
    rows.truths.push_back(box(truth, row));
    rows.truth_labels.push_back(label_of(truth.text(row, "class")));
    rows.difficult.push_back(truth.text(row, "difficult") == "1" ? 1 : 0);
  }
  const fixture::Table found = fixture::read(folder + "/detections.csv");
  for (std::size_t row = 0; row < found.size(); ++row) {
    Rows& rows = rows_of(found.text(row, "image"));
    rows.detections.push_back(box(found, row));
    rows.detection_labels.push_back(label_of(found.text(row, "class")));
    rows.scores.push_back(found.number(row, "score"));
  }
  return data;
}

std::vector<VocImage> judge(const Data& data, const boxlap::VocOptions& options) {
  std::vector<VocImage> images;
  for (std::size_t id = 0; id < data.images.size(); ++id) {
    const Rows& rows = data.images[id];
    images.push_back(boxlap::voc_image(static_cast<std::int64_t>(id), rows.truths, rows.detections, rows.truth_labels,
                                       rows.detection_labels, rows.scores, rows.difficult, options));
  }
  return images;
}

}  // namespace

TEST_CASE("average precision of each class is that of the VOC tools", "[voc]") {
  if (fixture::missing()) {
    return;
  }
  for (const std::string folder : {"voc_sample63", "voc_tiny7"}) {
    const fixture::Table table = fixture::read(folder + "/expected_ap.csv");
    for (const double pixels : {1.0, 2.0}) {  // Object-Detection-Metrics; maskrcnn-benchmark
      const std::string peer = pixels == 1 ? "objdetmetrics" : "maskrcnnb";
      const Data data = read_data(folder, pixels);
      for (const double threshold : {0.3, 0.5, 0.75}) {
        const auto images = judge(data, {.iou_threshold = threshold, .at_least = true});
        const auto all = boxlap::voc_summary(images, ApRule::all_point);
        const auto eleven = boxlap::voc_summary(images, ApRule::eleven_point);
        std::size_t compared = 0;
        for (std::size_t row = 0; row < table.size(); ++row) {
          if (table.number(row, "iou_thr") != threshold) {
            continue;
          }
          ++compared;
          CAPTURE(folder, peer, threshold, table.text(row, "class"));
          const auto label =
              std::find(data.labels.begin(), data.labels.end(), table.text(row, "class")) - data.labels.begin();
          const auto found = static_cast<std::size_t>(
              std::find_if(all.classes.begin(), all.classes.end(), [&](const auto& c) { return c.category == label; }) -
              all.classes.begin());
          REQUIRE(found < all.classes.size());
          CHECK_THAT(all.classes[found].ap, WithinAbs(table.number(row, peer + "_all_point"), 1e-12));
          CHECK_THAT(eleven.classes[found].ap, WithinAbs(table.number(row, peer + "_11_point"), 1e-12));
          CHECK(static_cast<double>(all.classes[found].positives) == table.number(row, "n_truth"));
          if (pixels == 1) {
            CHECK(static_cast<double>(all.classes[found].true_positives) == table.number(row, "tp"));
            CHECK(static_cast<double>(all.classes[found].false_positives) == table.number(row, "fp"));
          }
        }
        CHECK(compared > 0);
      }
    }
  }
  const auto mean = [&](double threshold, double pixels, ApRule rule) {
    return boxlap::voc_summary(judge(read_data("voc_sample63", pixels), {.iou_threshold = threshold, .at_least = true}),
                               rule)
        .mean_ap;
  };
  CHECK_THAT(mean(0.5, 1, ApRule::all_point), WithinAbs(0.3253185749561369, 1e-12));
  CHECK_THAT(mean(0.5, 1, ApRule::eleven_point), WithinAbs(0.34176690839531676, 1e-12));
  CHECK_THAT(mean(0.5, 2, ApRule::all_point), WithinAbs(0.326320267299741, 1e-12));
  CHECK_THAT(mean(0.5, 2, ApRule::eleven_point), WithinAbs(0.3420699386983471, 1e-12));
  CHECK_THAT(mean(0.3, 1, ApRule::all_point), WithinAbs(0.37696324465037595, 1e-12));
  CHECK_THAT(mean(0.75, 2, ApRule::all_point), WithinAbs(0.1281674411659271, 1e-12));
}

TEST_CASE("a detection has one try: a taken truth makes it false, a difficult one makes it nothing", "[voc]") {
  const std::vector<Box<float>> truths{{0, 0, 10, 10}, {2, 0, 12, 10}, {100, 0, 110, 10}};
  const std::vector<Box<float>> detections{{0, 0, 10, 10}, {0.5f, 0, 10.5f, 10}, {100, 0, 110, 10}, {200, 0, 210, 10}};
  const std::vector<int> labels(3, 1), detection_labels(4, 1);
  const std::vector<std::uint8_t> difficult{0, 0, 1};
  const auto image = boxlap::voc_image(1, truths, detections, labels, detection_labels,
                                       std::vector<float>{0.9f, 0.8f, 0.7f, 0.6f}, difficult);
  CHECK(image.groups == std::vector<boxlap::VocGroup>{{1, 2, 4}});
  // The second detection could have had the second truth (IoU 0.74), but its best one is taken.
  CHECK(image.outcomes == std::vector<Outcome>{Outcome::true_positive, Outcome::false_positive, Outcome::ignored,
                                               Outcome::false_positive});
  const auto summary = boxlap::voc_summary(std::vector<VocImage>{image});
  CHECK(summary.classes[0].true_positives == 1);
  CHECK(summary.classes[0].false_positives == 2);
  CHECK(summary.mean_ap == 0.5);
}

TEST_CASE("an IoU of exactly the threshold counts only where asked for", "[voc]") {
  const std::vector<Box<double>> truth{{0, 0, 10, 10}}, half{{0, 0, 10, 5}};
  const std::vector<int> label{1};
  const std::vector<double> score{1};
  CHECK(boxlap::voc_image(1, truth, half, label, label, score).outcomes[0] == Outcome::false_positive);
  CHECK(boxlap::voc_image(1, truth, half, label, label, score, {}, {.at_least = true}).outcomes[0] ==
        Outcome::true_positive);
}

TEST_CASE("outcomes are those of brute force over the dense IoU", "[voc]") {
  const std::uint64_t seed = 99;
  CAPTURE(seed);
  scenes::Rng rng(seed);
  for (int round = 0; round < 60; ++round) {
    CAPTURE(round);
    const auto truths = scenes::integer_grid<double>(12, 8, rng);
    const auto detections = scenes::integer_grid<double>(25, 8, rng);
    const auto upright = [](std::vector<Box<double>> boxes) {
      for (auto& b : boxes) {
        b = {std::min(b.x1, b.x2), std::min(b.y1, b.y2), std::max(b.x1, b.x2), std::max(b.y1, b.y2)};
      }
      return boxes;
    };
    const auto a = upright(truths), b = upright(detections);
    std::vector<int> la, lb;
    std::vector<std::uint8_t> difficult;
    std::vector<double> scores;
    for (std::size_t i = 0; i < a.size(); ++i) {
      la.push_back(static_cast<int>(rng() % 2));
      difficult.push_back(rng() % 4 == 0 ? 1 : 0);
    }
    for (std::size_t i = 0; i < b.size(); ++i) {
      lb.push_back(static_cast<int>(rng() % 2));
      scores.push_back(static_cast<double>(rng() % 6) / 8);
    }
    const boxlap::VocOptions options{.iou_threshold = 0.25, .at_least = round % 2 == 0};
    const auto image = boxlap::voc_image(5, a, b, la, lb, scores, difficult, options);
    std::vector<Outcome> expected;
    for (const int label : {0, 1}) {
      std::vector<std::size_t> order;
      for (std::size_t d = 0; d < b.size(); ++d) {
        if (lb[d] == label) {
          order.push_back(d);
        }
      }
      std::stable_sort(order.begin(), order.end(), [&](auto x, auto y) { return scores[x] > scores[y]; });
      std::vector<char> used(a.size());
      for (const std::size_t d : order) {
        double best = -1;
        std::size_t match = 0;
        for (std::size_t t = 0; t < a.size(); ++t) {
          if (la[t] == label && boxlap::iou(a[t], b[d]) > best) {
            best = boxlap::iou(a[t], b[d]);
            match = t;
          }
        }
        if (!(options.at_least ? best >= 0.25 : best > 0.25)) {
          expected.push_back(Outcome::false_positive);
        } else if (difficult[match]) {
          expected.push_back(Outcome::ignored);
        } else {
          expected.push_back(used[match] ? Outcome::false_positive : Outcome::true_positive);
          used[match] = 1;
        }
      }
    }
    CHECK(image.outcomes == expected);
  }
}

TEST_CASE("a VOC summary does not depend on the order of the images", "[voc]") {
  scenes::Rng rng(1);
  std::vector<VocImage> images;
  for (int id = 0; id < 30; ++id) {
    const auto truths = scenes::uniform<float>(10, 200, 60, rng), detections = scenes::uniform<float>(20, 200, 60, rng);
    std::vector<int> la(10), lb(20);
    for (auto* labels : {&la, &lb}) {
      std::generate(labels->begin(), labels->end(), [&] { return static_cast<int>(rng() % 3); });
    }
    images.push_back(
        boxlap::voc_image(id, truths, detections, la, lb, scenes::scores(20, rng), {}, {.iou_threshold = 0.2}));
  }
  const auto expected = boxlap::voc_summary(images);
  for (int round = 0; round < 5; ++round) {
    std::shuffle(images.begin(), images.end(), rng);
    const auto again = boxlap::voc_summary(images);
    CHECK(again.mean_ap == expected.mean_ap);
    for (std::size_t c = 0; c < expected.classes.size(); ++c) {
      CHECK(again.classes[c].ap == expected.classes[c].ap);
    }
  }
}

TEST_CASE("VOC without truth, without detections, and with what cannot be judged", "[voc]") {
  const std::vector<Box<double>> nothing, one{{0, 0, 1, 1}};
  const std::vector<int> no_labels, label{7};
  const std::vector<double> no_scores, score{0.5};
  CHECK(std::isnan(boxlap::voc_summary({}).mean_ap));
  const std::vector<VocImage> images{boxlap::voc_image(1, nothing, one, no_labels, label, score),
                                     boxlap::voc_image(2, one, nothing, std::vector<int>{8}, no_labels, no_scores)};
  const auto summary = boxlap::voc_summary(images);
  REQUIRE(summary.classes.size() == 2);
  CHECK(std::isnan(summary.classes[0].ap));
  CHECK(summary.classes[1].ap == 0);
  CHECK(summary.mean_ap == 0);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_AS((void)boxlap::voc_image(1, one, one, label, label, std::vector<double>{nan}), std::invalid_argument);
  CHECK_THROWS_AS((void)boxlap::voc_image(1, one, one, label, label, no_scores), std::invalid_argument);
  CHECK_THROWS_AS((void)boxlap::voc_image(1, one, one, label, label, score, {}, {.iou_threshold = nan}),
                  std::invalid_argument);
}
