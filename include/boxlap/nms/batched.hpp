/// Non-maximum suppression within classes: detections of different labels do not suppress one another.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <span>
#include <type_traits>
#include <vector>

#include "../base/detail/error.hpp"
#include "../base/detail/parallel.hpp"
#include "../base/detail/rows_by_label.hpp"
#include "../base/detail/sorting.hpp"
#include "../base/index.hpp"
#include "../base/range.hpp"
#include "../shape/box.hpp"
#include "../shape/shape.hpp"
#include "detail/isolated.hpp"
#include "nms.hpp"

namespace boxlap {

/// How batched_nms() keeps the classes apart.
enum class ClassSplit {
  /// Classes are a partition of the rows; nothing is computed with a label. Exact for every label, sign and extent.
  per_class,
  /// torchvision's coordinate trick, its numbers and its errors: boxes of label c are moved by c * (largest coordinate
  /// + 1) and one nms runs over all. For comparing with what it did; not for use. Box only.
  coordinate_offset,
  /// What torchvision.ops.batched_nms does on a CPU: the trick up to 1,000 boxes (4,000 coordinates), classes above.
  torchvision
};

namespace detail {

template <class S>
concept OtherShapes = Shapes<S> && !is_box<Element<S>>;

/// nms within each class, classes shared among threads. What stays is read off in the order of scores.
template <Shapes S, Numbers P, Labels L, class M>
[[nodiscard]] std::vector<Index> nms_per_class(const S& shapes, const P& scores, const L& labels,
                                               const NmsOptions& options, const M& measure) {
  const Verdict verdict = verdict_of(options);
  const int threads = thread_count(options.threads);
  decltype(auto) rows = rows_to_measure<M>(shapes);
  const Detections detections(rows, measure, verdict);
  using D = std::remove_const_t<decltype(detections)>;
  std::vector<unsigned char> stays(at(detections.size()), 0);
  const std::size_t isolated = find_isolated(detections, labels, std::span(stays));
  std::vector<Index> order = order_descending(as_span(scores));
  {
    std::vector<Index> others;
    if (isolated > 0) {
      others.resize(order.size() - isolated + 1);  // one more: every row is written, only others move on
      std::size_t count = 0;
      for (const Index row : order) {
        others[count] = row;
        count += std::size_t{1} - stays[at(row)];
      }
      others.pop_back();
    }
    RowsByLabel groups(std::span<const Index>(isolated > 0 ? others : order), labels);
    const auto shares = static_cast<Index>(threads == 1 ? 1 : (std::min)(groups.size(), std::size_t{64}));
    for_each_chunk(threads, shares, [&](Index share) {
      KeptIndex<D> index(detections);
      for (std::size_t g = at(share); g < groups.size(); g += at(shares)) {
        index.clear();
        const std::span<Index> group = groups.rows(g);
        const Index* const end = suppress_rows(detections, index, group, group.data());
        for (const Index* row = group.data(); row != end; ++row) {
          stays[at(*row)] = 1;
        }
      }
    });
  }
  // Stream compaction in place: store always, as a branch would be mispredicted half of the time.
  std::size_t count = 0;
  for (const Index row : order) {
    order[count] = row;
    count += stays[at(row)];
  }
  return std::vector<Index>(order.data(), order.data() + count);
}

/// torchvision's _batched_nms_coordinate_trick: the largest coordinate over all boxes (NaN wins, as in torch.max), one
/// added, times the label, added to each coordinate; every step in the scalar type of the boxes.
template <class T, Rows S, Labels L>
[[nodiscard]] std::vector<Box<T>> moved_by_label(const S& boxes, const L& labels) {
  const Index n = rows_of(boxes, "shapes");
  std::vector<Box<T>> moved;
  moved.reserve(at(n));
  T largest = -std::numeric_limits<T>::infinity();
  for (Index i = 0; i < n; ++i) {
    moved.push_back(element(boxes, i));
    const Box<T>& box = moved.back();
    // Named: nvcc 13 fails on a list in the loop.
    const std::initializer_list<T> corners{box.x1, box.y1, box.x2, box.y2};
    for (const T x : corners) {
      largest = largest < x || x != x ? x : largest;
    }
  }
  const T step = largest + 1;
  for (Index i = 0; i < n; ++i) {
    using Label = Element<L>;
    T label{};
    if constexpr (std::is_enum_v<Label>) {
      label = static_cast<T>(static_cast<std::underlying_type_t<Label>>(element(labels, i)));
    } else {
      label = static_cast<T>(element(labels, i));
    }
    const T offset = rounded(label * step);
    Box<T>& box = moved[at(i)];
    box = {box.x1 + offset, box.y1 + offset, box.x2 + offset, box.y2 + offset};
  }
  return moved;
}

}  // namespace detail

/// The detections to keep when only those of one label compete. Arguments, result, threshold and errors as nms(): NaN
/// scores come first (see above()), and a threshold above 1 (45 for 0.45) keeps every row.
///
/// labels   n integers or enumerators; only equality counts, so negative, sparse and 64 bit labels are fine
/// returns  kept rows of all classes together, score descending, equal scores by row, NaN first
///
/// As a set this is torchvision's _batched_nms_vanilla and so its batched_nms above 1,000 boxes; its order too, where
/// torchvision's is defined (its last sort is not stable). Not so its coordinate trick, which moves each class by
/// label * (max + 1) and thereby rounds away the small digits. Three float boxes, threshold 0.5:
///
///     {49290.8711, 27559.2891, 49301.7422, 27570.2363}  score 0.9  label 79
///     {49288.6719, 27558.2168, 49304.2734, 27571.9727}  score 0.8  label 79   IoU with the first: 0.5545
///     {99999,      0,          100000,     1         }  score 0.7  label 0
///
/// The trick moves the first two by 79 * 100001, where float steps by 0.5, sees an IoU of 0.4922 and keeps 0 1 2. Right
/// is 0 2. Negative coordinates, labels above 2^24 and a single infinite coordinate break it too.
///
/// O(n) time beside that of the searches, which see one class at a time; boxes that share no cell of a grid with
/// another of their label are not searched. Peak memory beside the result: 5 n bytes, and 16 n for labels of at most 32
/// bits (32 n wider), 8 a class, and a thread 290 k for the k boxes kept of its largest class (490 double). Threads
/// share the classes.
template <Shapes S, Numbers P, Labels L, Measure<detail::Element<S>> M = Iou>
[[nodiscard]] std::vector<Index> batched_nms(const S& shapes, const P& scores, const L& labels, NmsOptions options,
                                             M measure = {}) {
  detail::require_same_length("scores", std::size(scores), "shapes", std::size(shapes));
  detail::require_same_length("labels", std::size(labels), "shapes", std::size(shapes));
  return detail::nms_per_class(shapes, scores, labels, options, measure);
}

/// The same by IoU with a choice of how classes are kept apart. The coordinate modes exist for Box only: a call with
/// another shape and a ClassSplit is refused at compile time; leave the argument out there.
template <Shapes S, Numbers P, Labels L>
[[nodiscard]] std::vector<Index> batched_nms(const S& shapes, const P& scores, const L& labels, NmsOptions options,
                                             ClassSplit split) requires detail::is_box<detail::Element<S>> {
  constexpr std::size_t trick_up_to = 1000;
  detail::require_same_length("scores", std::size(scores), "shapes", std::size(shapes));
  detail::require_same_length("labels", std::size(labels), "shapes", std::size(shapes));
  const bool trick =
      split == ClassSplit::coordinate_offset || (split == ClassSplit::torchvision && std::size(shapes) <= trick_up_to);
  if (trick) {
    using T = detail::BoundsScalar<detail::Element<S>>;
    return nms(detail::moved_by_label<T>(shapes, labels), scores, options);
  }
  return batched_nms(shapes, scores, labels, options);
}

template <Shapes S, Numbers P, Labels L>
[[nodiscard]] std::vector<Index> batched_nms(const S& shapes, const P& scores, const L& labels, double iou_threshold,
                                             ClassSplit split) requires detail::is_box<detail::Element<S>> {
  return batched_nms(shapes, scores, labels, NmsOptions{.iou_threshold = iou_threshold}, split);
}

template <detail::OtherShapes S, Numbers P, Labels L>
void batched_nms(const S& coordinates_of_boxes_alone_can_be_offset, const P&, const L&, double, ClassSplit) = delete;
template <detail::OtherShapes S, Numbers P, Labels L>
void batched_nms(const S& coordinates_of_boxes_alone_can_be_offset, const P&, const L&, NmsOptions,
                 ClassSplit) = delete;

template <Shapes S, Numbers P, Labels L>
[[nodiscard]] std::vector<Index> batched_nms(const S& shapes, const P& scores, const L& labels, double iou_threshold) {
  return batched_nms(shapes, scores, labels, NmsOptions{.iou_threshold = iou_threshold});
}

/// batched_nms(boxes, scores, labels, {}) would silently mean a threshold of 0.
template <Shapes S, Numbers P, Labels L>
std::vector<Index> batched_nms(const S&, const P&, const L&, std::initializer_list<double>) = delete;
template <Shapes S, Numbers P, Labels L>
std::vector<Index> batched_nms(const S&, const P&, const L&, std::initializer_list<double>, ClassSplit) = delete;

template <detail::PlainNumbers S, class... Rest>
void batched_nms(const S& numbers_are_no_boxes_yet, const Rest&...) = delete;  // boxlap::view(n, f) makes boxes

template <Shapes S, Numbers P, detail::FloatingLabels L, class... Rest>
void batched_nms(const S&, const P&, const L& labels_are_integers, const Rest&...) = delete;  // boxlap::view() casts

}  // namespace boxlap
