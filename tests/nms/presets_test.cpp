#include <boxlap/nms/presets.hpp>

#include <map>
#include <random>
#include <stdexcept>
#include <tuple>

#include <boxlap/shape/rotated_box.hpp>

#include "../catch.hpp"
#include "../support/memory.hpp"
#include "../support/scenes.hpp"
#include "plain_nms.hpp"

using namespace boxlap;

namespace {

/// NMSBoxes from its description: filter, stable order, best top_k, a threshold that falls.
std::vector<Index> plain_opencv(const std::vector<Box<double>>& boxes, const std::vector<float>& scores,
                                const presets::OpencvOptions& options) {
  std::vector<Index> rows;
  for (const Index row : plain::best_first(scores)) {
    if (scores[plain::at(row)] > options.score_threshold) {
      rows.push_back(row);
    }
  }
  if (options.top_k > 0 && rows.size() > plain::at(options.top_k)) {
    rows.resize(plain::at(options.top_k));
  }
  float threshold = options.nms_threshold;
  std::vector<Index> kept;
  for (const Index j : rows) {
    bool keep = true;
    for (const Index i : kept) {
      const Box<double>&a = boxes[plain::at(i)], &b = boxes[plain::at(j)];
      const double areas = (a.x2 - a.x1) * (a.y2 - a.y1) + (b.x2 - b.x1) * (b.y2 - b.y1);
      const double w = std::min(a.x2, b.x2) - std::max(a.x1, b.x1), h = std::min(a.y2, b.y2) - std::max(a.y1, b.y1);
      const double shared = w > 0 && h > 0 ? w * h : 0;
      const double distance = areas <= std::numeric_limits<double>::epsilon() ? 0 : 1.0 - shared / (areas - shared);
      keep = keep && 1.0f - float(distance) <= threshold;
    }
    if (keep) {
      kept.push_back(j);
      if (options.eta < 1 && threshold > 0.5f) {
        threshold *= options.eta;
      }
    }
  }
  return kept;
}

}  // namespace

template <class R>
concept EmptyPresets = requires(const R& boxes, const std::vector<float>& scores) {
  presets::torchvision_nms(boxes, scores, {});
}
|| requires(const R& boxes, const std::vector<float>& scores) { presets::detectron2_nms_rotated(boxes, scores, {}); }
|| requires(const R& boxes, const std::vector<float>& scores) {
  presets::torchvision_batched_nms(boxes, scores, std::vector<int>{}, {});
}
|| requires(const R& boxes, const std::vector<float>& scores) {
  presets::detectron2_batched_nms(boxes, scores, std::vector<int>{}, {});
};
static_assert(!EmptyPresets<std::vector<Box<float>>>);  // {} would be a threshold of 0

TEST_CASE("opencv_nms_boxes equals OpenCV's fixture rows", "[nms]") {
  if (fixture::missing()) {
    return;
  }
  const auto [boxes, scores] = plain::read_opencv();
  const fixture::Table out = fixture::read("nms/opencv_rect.out.csv");
  REQUIRE(out.size() == 24);
  for (std::size_t i = 0; i < out.size(); ++i) {
    INFO("row " << i);
    CHECK(presets::opencv_nms_boxes(boxes, scores,
                                    {.score_threshold = float(out.number(i, "score_threshold")),
                                     .nms_threshold = float(out.number(i, "nms_threshold")),
                                     .eta = float(out.number(i, "eta")),
                                     .top_k = Index(out.number(i, "top_k"))}) == fixture::rows_in(out.text(i, "keep")));
  }
}

TEST_CASE("OpenCV's rotated rows are exact overlap but for its rule for a rectangle inside another", "[nms]") {
  // OpenCV counts full containment as an IoU of 1, whatever the sizes.
  const auto opencv_rule = [](const auto& a, const auto& b) {
    const double smaller = std::min(area(a), area(b));
    return intersection_area(a, b) >= smaller * (1 - 1e-6) ? 1.0 : iou(a, b);
  };
  const std::vector<Box<double>> nested = {{0, 0, 10, 10}, {4, 4, 6, 6}};  // IoU 0.04
  const std::vector<float> two = {2, 1};
  CHECK(nms(nested, two, 0.5) == std::vector<Index>{0, 1});
  CHECK(nms(nested, two, {.iou_threshold = 0.5}, opencv_rule) == std::vector<Index>{0});
  if (fixture::missing()) {
    return;
  }
  const fixture::Table in = fixture::read("nms/opencv_rotated.in.csv");
  std::vector<RotatedBox<double>> boxes;
  std::vector<float> scores;
  for (std::size_t i = 0; i < in.size(); ++i) {
    boxes.push_back(from_opencv(in.number(i, "cx"), in.number(i, "cy"), in.number(i, "w"), in.number(i, "h"),
                                in.number(i, "angle_degrees")));
    scores.push_back(float(in.number(i, "score")));
  }
  const fixture::Table out = fixture::read("nms/opencv_rotated.out.csv");
  REQUIRE(out.size() == 4);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const double threshold = double(float(out.number(i, "nms_threshold")));
    const auto expected = fixture::rows_in(out.text(i, "keep"));
    INFO("threshold " << threshold);
    CHECK(nms(boxes, scores, {.iou_threshold = threshold}, opencv_rule) == expected);
    CHECK(nms(boxes, scores, threshold).size() > expected.size());
  }
}

TEST_CASE("opencv_nms_boxes equals its description", "[nms]") {
  const auto seed = std::uint64_t(GENERATE(take(4, random(1, 1 << 30))));
  CAPTURE(seed);
  scenes::Rng rng(seed);
  auto all = scenes::all<double>(700, rng);
  for (Box<double>& box : all[2]) {  // empty ones, none inverted
    box = {box.x1, box.y1, std::max(box.x1, box.x2), std::max(box.y1, box.y2)};
  }
  for (const auto& boxes : all) {
    const auto scores = scenes::scores(int(boxes.size()), rng);
    for (const presets::OpencvOptions& options :
         {presets::OpencvOptions{}, presets::OpencvOptions{.nms_threshold = 0.8f, .eta = 0.9f},
          presets::OpencvOptions{.score_threshold = 0.3f, .nms_threshold = 0.3f, .top_k = 200},
          presets::OpencvOptions{.nms_threshold = 0}, presets::OpencvOptions{.nms_threshold = 1},
          presets::OpencvOptions{.nms_threshold = -0.1f},
          presets::OpencvOptions{.nms_threshold = 0.99f, .eta = 0.2f}}) {
      CHECK(presets::opencv_nms_boxes(boxes, scores, options) == plain_opencv(boxes, scores, options));
    }
  }
}

TEST_CASE("onnx_non_max_suppression equals its description", "[nms]") {
  const auto seed = std::uint64_t(GENERATE(take(4, random(1, 1 << 30))));
  CAPTURE(seed);
  scenes::Rng rng(seed);
  const Index batches = 2, classes = 3, n = 120;
  std::uniform_real_distribution<float> u(0, 1);
  std::vector<float> boxes, scores;
  for (Index i = 0; i < batches * n * 4; ++i) {
    boxes.push_back(100 * u(rng));
  }
  for (Index i = 0; i < batches * classes * n; ++i) {
    scores.push_back(std::floor(50 * u(rng)) / 50);
  }
  for (const bool center : {false, true}) {
    for (const presets::OnnxOptions& options :
         {presets::OnnxOptions{.max_output_boxes_per_class = 20, .iou_threshold = 0.3f, .center_point_box = center},
          presets::OnnxOptions{.max_output_boxes_per_class = 1000,
          .iou_threshold = 0.5f,
          .score_threshold = 0.4f,
          .center_point_box = center},
          presets::OnnxOptions{.iou_threshold = 0.5f, .center_point_box = center}}) {
      std::vector<presets::OnnxSelection> expected;
      for (Index b = 0; b < batches; ++b) {
        std::vector<Box<float>> corners;
        for (Index i = 0; i < n; ++i) {
          const float* q = boxes.data() + (b * n + i) * 4;
          corners.push_back(center ? Box<float>{q[0] - q[2] / 2, q[1] - q[3] / 2, q[0] + q[2] / 2, q[1] + q[3] / 2}
                                   : Box<float>{std::min(q[1], q[3]), std::min(q[0], q[2]), std::max(q[1], q[3]),
                                                std::max(q[0], q[2])});
        }
        for (Index c = 0; c < classes; ++c) {
          const auto first = scores.begin() + (b * classes + c) * n;
          const std::vector<float> of_class(first, first + n);
          Index count = 0;
          for (const Index row : plain::nms(corners, of_class, double(options.iou_threshold))) {
            const bool passes = !options.score_threshold || of_class[plain::at(row)] > *options.score_threshold;
            if (passes && count < options.max_output_boxes_per_class) {
              expected.push_back({b, c, row});
              ++count;
            }
          }
        }
      }
      CHECK(presets::onnx_non_max_suppression(boxes, scores, batches, classes, options) == expected);
    }
  }
  CHECK(presets::onnx_non_max_suppression({}, {}, 0, 3, {}).empty());
  CHECK_THROWS_AS(presets::onnx_non_max_suppression(boxes, scores, 2, 4, {}), std::invalid_argument);
  CHECK_THROWS_AS(presets::onnx_non_max_suppression(boxes, scores, -1, 4, {}), std::invalid_argument);
}

TEST_CASE("detectron2's and torchvision's presets say what they are", "[nms]") {
  scenes::Rng rng(5);
  const auto boxes = scenes::clustered<double>(1500, 20, 900, rng);
  const auto scores = scenes::scores(int(boxes.size()), rng);
  std::vector<int> labels;
  std::vector<Box<float>> as_float;
  for (const Box<double>& box : boxes) {
    labels.push_back(int(rng() % 5));
    as_float.push_back(cast<float>(box));
  }
  CHECK(presets::torchvision_nms(boxes, scores, 0.5) == plain::nms(boxes, scores, 0.5));
  CHECK(presets::torchvision_batched_nms(boxes, scores, labels, 0.5) == batched_nms(boxes, scores, labels, 0.5));
  CHECK(presets::detectron2_batched_nms(boxes, scores, labels, 0.5) == batched_nms(as_float, scores, labels, 0.5));
  const std::vector<Box<double>> halves = {{0, 0, 10, 10}, {0, 0, 10, 5}};
  CHECK(nms(halves, std::vector<int>{2, 1}, 0.5).size() == 2);
  CHECK(presets::detectron2_nms_rotated(halves, std::vector<int>{2, 1}, 0.5).size() == 1);
}

TEST_CASE("presets take the memory that is said", "[memory]") {
  if (memory::uncounted()) {
    return;
  }
  scenes::Rng rng(11);
  const int rows = 20000;
  const double n = rows;
  const auto spread = scenes::uniform<float>(rows, 1e5, 50, rng), crowd = scenes::uniform<float>(rows, 300, 50, rng);
  const auto scores = scenes::scores(rows, rng);
  std::vector<int> labels(scores.size());
  std::generate(labels.begin(), labels.end(), [&] { return static_cast<int>(rng() % 2); });
  const auto besides = [](const auto& call) { return memory::measured(call).besides; };
  const double searched = 4 * n + 290 * n;
  memory::check("torchvision_nms", besides([&] { return presets::torchvision_nms(spread, scores, 0.5); }), searched);
  memory::check("torchvision_batched_nms",
                besides([&] { return presets::torchvision_batched_nms(spread, scores, labels, 0.5); }),
                21 * n + 290 * n / 2);
  memory::check("detectron2_batched_nms",
                besides([&] { return presets::detectron2_batched_nms(spread, scores, labels, 0.5); }),
                21 * n + 290 * n / 2);
  memory::check("detectron2_nms_rotated", besides([&] { return presets::detectron2_nms_rotated(spread, scores, 0.5); }),
                searched);
  const auto opencv = [&](const auto& boxes) {
    return besides([&] { return presets::opencv_nms_boxes(boxes, scores, {}); });
  };
  memory::check("opencv_nms_boxes, spread", opencv(spread), 8 * n + 290 * n);
  memory::check("opencv_nms_boxes, crowded", opencv(crowd), 12 * n);
  std::vector<float> corners;
  for (const Box<float>& box : spread) {
    corners.insert(corners.end(), {box.y1, box.x1, box.y2, box.x2});
  }
  const presets::OnnxOptions options{.max_output_boxes_per_class = 10, .iou_threshold = 0.5F};
  memory::check("onnx_non_max_suppression",
                besides([&] { return presets::onnx_non_max_suppression(corners, scores, 1, 1, options); }),
                4 * n + searched);
}
