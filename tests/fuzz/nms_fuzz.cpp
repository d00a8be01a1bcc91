/// nms, nms_groups, batched_nms and nms over a matrix against the greedy loop; the filters against theirs.
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <vector>

#include <boxlap/nms/batched.hpp>
#include <boxlap/nms/groups.hpp>
#include <boxlap/nms/nms.hpp>
#include <boxlap/nms/select.hpp>

#include "input.hpp"
#include "plain_nms.hpp"

using boxlap::Box;
using boxlap::Index;
using fuzz::at;

namespace {

template <class T>
void check_boxes(fuzz::Input& in) {
  double threshold = in.threshold();
  const bool at_equal = in.rarely(4);
  const int threads = in.rarely(16) ? 3 : 1;
  const auto boxes = in.boxes<T>(in.rarely(16) ? 3000 : 400);
  const auto scores = in.scores<T>(boxes.size());
  if (in.flag() && !boxes.empty()) {  // a threshold that is attained
    threshold = static_cast<double>(plain::quotient(boxes[0], in.one_of(boxes)));
  }
  const boxlap::NmsOptions options{.iou_threshold = threshold, .suppress_equal = at_equal, .threads = threads};
  if (threshold != threshold) {
    fuzz::require(fuzz::refused([&] { (void)boxlap::nms(boxes, scores, options); }), "no threshold of NaN");
    return;
  }
  const auto expected = plain::greedy(plain::best_first(scores), threshold, at_equal,
                                      [&](Index i, Index j) { return plain::quotient(boxes[at(i)], boxes[at(j)]); });
  fuzz::require(boxlap::nms(boxes, scores, options) == expected.keep, "nms is the greedy loop");
  const auto groups = boxlap::nms_groups(boxes, scores, options);
  fuzz::require(groups.keep == expected.keep, "nms_groups keeps what nms keeps");
  fuzz::require(groups.suppressor == expected.suppressor, "a suppressor is where the greedy loop stops");
  fuzz::require(groups.overlap == expected.overlap, "its overlap is the one that the loop saw");
}

/// Label by label, then all together by score.
template <class T>
void check_labels(fuzz::Input& in) {
  const double threshold = in.threshold();
  const auto boxes = in.boxes<T>(in.rarely(16) ? 3000 : 400);
  const auto scores = in.scores<T>(boxes.size());
  const auto labels = in.labels(boxes.size());
  const int threads = in.rarely(16) ? 3 : 1;
  if (threshold != threshold) {
    return;
  }
  const auto order = plain::best_first(scores);
  const auto expected = plain::greedy(order, threshold, false, [&](Index i, Index j) {
    return labels[at(i)] == labels[at(j)] ? static_cast<double>(plain::quotient(boxes[at(i)], boxes[at(j)]))
                                          : -std::numeric_limits<double>::infinity();
  });
  const boxlap::NmsOptions options{.iou_threshold = threshold, .threads = threads};
  fuzz::require(boxlap::batched_nms(boxes, scores, labels, options) == expected.keep,
                "batched_nms is the greedy loop among equal labels");
  const auto keep = boxlap::limit_per_class(expected.keep, labels, 2);
  std::map<std::int64_t, int> seen;
  std::vector<Index> limited;
  for (const Index row : expected.keep) {
    if (seen[labels[at(row)]]++ < 2) {
      limited.push_back(row);
    }
  }
  fuzz::require(keep == limited, "limit_per_class takes the first of each label");
}

/// torchvision's coordinate trick, with its rounding.
void check_offset(fuzz::Input& in) {
  const double threshold = in.threshold();
  auto boxes = in.boxes<float>(200);
  const auto scores = in.scores<float>(boxes.size());
  const int classes = in.below(5) + 1;
  std::vector<int> labels;
  for (std::size_t k = 0; k < boxes.size(); ++k) {
    labels.push_back(in.below(classes));
  }
  float most = -std::numeric_limits<float>::infinity();
  bool finite = threshold == threshold && !boxes.empty();
  for (const auto& b : boxes) {
    for (const float x : {b.x1, b.y1, b.x2, b.y2}) {
      finite = finite && std::isfinite(x);
      most = std::max(most, x);
    }
  }
  if (!finite) {
    return;
  }
  std::vector<Box<float>> moved;
  for (std::size_t k = 0; k < boxes.size(); ++k) {
    const float by = plain::product(static_cast<float>(labels[k]), most + 1);
    const auto& b = boxes[k];
    moved.push_back({b.x1 + by, b.y1 + by, b.x2 + by, b.y2 + by});
  }
  const auto expected = plain::greedy(plain::best_first(scores), threshold, false,
                                      [&](Index i, Index j) { return plain::quotient(moved[at(i)], moved[at(j)]); });
  fuzz::require(
      boxlap::batched_nms(boxes, scores, labels, threshold, boxlap::ClassSplit::coordinate_offset) == expected.keep,
      "coordinate_offset is nms over moved boxes");
}

/// nms over a matrix: the larger of both triangles where one is stored.
void check_matrix(fuzz::Input& in) {
  const double threshold = in.threshold();
  const Index n = in.below(24);
  const bool symmetric = in.flag();
  std::vector<std::vector<double>> dense(at(n), std::vector<double>(at(n), 0));
  std::vector<boxlap::Triple<double>> triples;
  for (Index i = 0; i < n; ++i) {
    for (Index j = i; j < n; ++j) {
      if (in.flag()) {
        const double value = in.number<double>();
        triples.push_back({i, j, value});
        if (symmetric && i != j) {
          triples.push_back({j, i, value});
        }
        dense[at(i)][at(j)] = dense[at(j)][at(i)] = value;
      }
    }
  }
  const auto scores = in.scores<float>(at(n));
  if (threshold != threshold) {
    return;
  }
  const auto expected =
      plain::greedy(plain::best_first(scores), threshold, false, [&](Index i, Index j) { return dense[at(i)][at(j)]; });
  fuzz::require(boxlap::nms(boxlap::make_csr(n, n, triples), scores, threshold) == expected.keep,
                "nms over a matrix is the greedy loop over its cells");
}

void check_filters(fuzz::Input& in) {
  const double threshold = in.number<double>();
  const Index k = static_cast<Index>(in.byte()) - 4;
  const auto scores = in.scores<double>(static_cast<std::size_t>(in.byte()));
  if (threshold == threshold) {
    std::vector<Index> expected;
    for (std::size_t i = 0; i < scores.size(); ++i) {
      if (scores[i] > threshold) {
        expected.push_back(static_cast<Index>(i));
      }
    }
    fuzz::require(boxlap::above(scores, threshold) == expected, "above takes what is above");
  }
  auto expected = plain::best_first(scores);
  if (k >= 0) {
    expected.resize(std::min(expected.size(), at(k)));
    fuzz::require(boxlap::top(scores, k) == expected, "top takes the first of the order of scores");
  } else {
    fuzz::require(fuzz::refused([&] { (void)boxlap::top(scores, k); }), "a negative k is refused");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input in(data, size);
  switch (in.below(8)) {
    case 0:
      check_boxes<double>(in);
      break;
    case 1:
      check_labels<float>(in);
      break;
    case 2:
      check_labels<double>(in);
      break;
    case 3:
      check_offset(in);
      break;
    case 4:
      check_matrix(in);
      break;
    case 5:
      check_filters(in);
      break;
    default:
      check_boxes<float>(in);
  }
  return 0;
}
