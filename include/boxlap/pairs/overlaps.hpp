/// Sparse overlap matrices: IoU, IoF, intersection and union area of the pairs that overlap; nothing is stored for the
/// others.
#pragma once

#include "../shape/overlap.hpp"
#include "../shape/shape.hpp"
#include "csr.hpp"
#include "detail/matrix_from_join.hpp"

namespace boxlap {

/// Options of the overlap matrices. A value is stored if it is > 0 and double(value) >= min.
struct OverlapOptions {
  double min = 0;   ///< IoU, IoF: a ratio; intersection, union: square pixels. For IoU of boxes it also saves time
  int threads = 1;  ///< 0: all cores. The result does not depend on it
};

/// The IoU (intersection over union) of every pair of a row of `a` and a row of `b` that overlap, as a sparse matrix.
///
/// a, b: rows of shapes whose overlap is known (Shapes), or a ShapeIndex, which saves building a tree. Result: a Csr,
/// a's rows by b's rows. Entry (i, j) equals iou(a[i], b[j]) to the bit; values of 0 or below options.min (compared in
/// double) are not stored. For boxes a min above 0 also saves time.
/// Order: columns ascending in each row. The result does not depend on options.threads.
/// A row without extent, inverted or with NaN has no entries; empty ranges are fine.
/// Throws std::invalid_argument for a NaN min or threads < 0, std::length_error above 2^31 - 1 rows or stored pairs.
/// O(n + m + pairs) time on spread-out data. Peak memory beside the result and the prepared shapes: 38 bytes a box in
/// float, 56 in double, and 28 (36) bytes a pair; nothing a pair for boxes that overlap 8 others or more on average, or
/// for up to 500 rows of each, which take 90 KB of stack; in dense scenes the result keeps room for an eighth more.
/// The sparse form of torchvision.ops.box_iou. Boxes are measured eight at a time on processors with AVX2, to the same
/// bits.
template <Shapes A, Shapes B>
requires OverlappingShapes<A, B>
[[nodiscard]] auto iou_matrix(const A& a, const B& b, const OverlapOptions& options = {}) {
  return detail::overlap_matrix(a, b, detail::IouMeasure{}, options.min, options.threads);
}

/// The IoU (intersection over union) of every two rows of `a` that overlap, as a sparse matrix: symmetric, nothing on
/// the diagonal.
///
/// a: rows of shapes whose overlap is known (Shapes), or a ShapeIndex, which saves building a tree. Result: a Csr, a's
/// rows by a's rows. Entry (i, j) equals iou(a[i], a[j]) to the bit; values of 0 or below options.min (compared in
/// double) are not stored. For boxes a min above 0 also saves time.
/// Order: columns ascending in each row. The result does not depend on options.threads.
/// A row without extent, inverted or with NaN has no entries; an empty range is fine.
/// Throws std::invalid_argument for a NaN min or threads < 0, std::length_error above 2^31 - 1 rows or stored pairs.
/// O(n + pairs) time on spread-out data. Peak memory beside the result and the prepared shapes: 38 bytes a box in
/// float, 56 in double, and 28 (36) bytes a pair; nothing a pair for boxes that overlap 8 others or more on average, or
/// for up to 500 rows, which take 90 KB of stack; in dense scenes the result keeps room for an eighth more.
/// The sparse form of torchvision.ops.box_iou. Boxes are measured eight at a time on processors with AVX2, to the same
/// bits.
template <Shapes A>
[[nodiscard]] auto iou_matrix(const A& a, const OverlapOptions& options = {}) {
  return detail::self_overlap_matrix(a, detail::IouMeasure{}, options.min, options.threads);
}

template <class A, detail::PlainBeside<A> B>
void iou_matrix(const A& numbers_are_no_boxes_yet, const B&, const OverlapOptions& = {}) = delete;  // boxlap::view
template <detail::PlainNumbers A>
void iou_matrix(const A& numbers_are_no_boxes_yet, const OverlapOptions& = {}) = delete;  // boxlap::view() makes boxes

/// The intersection over the area of the row's shape of every pair of a row of `a` and a row of `b` that overlap, as a
/// sparse matrix.
///
/// a, b: rows of shapes whose overlap is known (Shapes), or a ShapeIndex, which saves building a tree. Result: a Csr,
/// a's rows by b's rows. Entry (i, j) equals iof(a[i], b[j]) to the bit; values of 0 or below options.min (compared in
/// double) are not stored.
/// Order: columns ascending in each row. The result does not depend on options.threads.
/// A row without extent, inverted or with NaN has no entries; empty ranges are fine.
/// Throws std::invalid_argument for a NaN min or threads < 0, std::length_error above 2^31 - 1 rows or stored pairs.
/// O(n + m + pairs) time on spread-out data. Peak memory beside the result and the prepared shapes: 38 bytes a box in
/// float, 56 in double, and 28 (36) bytes a pair; nothing a pair for boxes that overlap 8 others or more on average, or
/// for up to 500 rows of each, which take 90 KB of stack; in dense scenes the result keeps room for an eighth more.
/// COCO's measure for crowd regions (pycocotools mask.iou with iscrowd).
template <Shapes A, Shapes B>
requires OverlappingShapes<A, B>
[[nodiscard]] auto iof_matrix(const A& a, const B& b, const OverlapOptions& options = {}) {
  return detail::overlap_matrix(a, b, detail::IofMeasure{}, options.min, options.threads);
}

/// The intersection over the area of the row's shape of every two rows of `a` that overlap, as a sparse matrix: nothing
/// on the diagonal.
///
/// a: rows of shapes whose overlap is known (Shapes), or a ShapeIndex, which saves building a tree. Result: a Csr, a's
/// rows by a's rows. Entry (i, j) equals iof(a[i], a[j]) to the bit; values of 0 or below options.min (compared in
/// double) are not stored.
/// Order: columns ascending in each row. The result does not depend on options.threads.
/// A row without extent, inverted or with NaN has no entries; an empty range is fine.
/// Throws std::invalid_argument for a NaN min or threads < 0, std::length_error above 2^31 - 1 rows or stored pairs.
/// O(n + pairs) time on spread-out data. Peak memory beside the result and the prepared shapes: 38 bytes a box in
/// float, 56 in double, and 28 (36) bytes a pair; nothing a pair for boxes that overlap 8 others or more on average, or
/// for up to 500 rows, which take 90 KB of stack; in dense scenes the result keeps room for an eighth more.
/// COCO's measure for crowd regions (pycocotools mask.iou with iscrowd).
template <Shapes A>
[[nodiscard]] auto iof_matrix(const A& a, const OverlapOptions& options = {}) {
  return detail::self_overlap_matrix(a, detail::IofMeasure{}, options.min, options.threads);
}

/// The shared area, in square pixels, of every pair of a row of `a` and a row of `b` that overlap, as a sparse matrix.
///
/// a, b: rows of shapes whose overlap is known (Shapes), or a ShapeIndex, which saves building a tree. Result: a Csr,
/// a's rows by b's rows. Entry (i, j) equals intersection_area(a[i], b[j]) to the bit; values of 0 or below options.min
/// (compared in double) are not stored.
/// Order: columns ascending in each row. The result does not depend on options.threads.
/// A row without extent, inverted or with NaN has no entries; empty ranges are fine.
/// Throws std::invalid_argument for a NaN min or threads < 0, std::length_error above 2^31 - 1 rows or stored pairs.
/// O(n + m + pairs) time on spread-out data. Peak memory beside the result and the prepared shapes: 38 bytes a box in
/// float, 56 in double, and 28 (36) bytes a pair; nothing a pair for boxes that overlap 8 others or more on average, or
/// for up to 500 rows of each, which take 90 KB of stack; in dense scenes the result keeps room for an eighth more.
/// The weights by which DeepForest matches.
template <Shapes A, Shapes B>
requires OverlappingShapes<A, B>
[[nodiscard]] auto intersection_matrix(const A& a, const B& b, const OverlapOptions& options = {}) {
  return detail::overlap_matrix(a, b, detail::IntersectionMeasure{}, options.min, options.threads);
}

/// The shared area, in square pixels, of every two rows of `a` that overlap, as a sparse matrix: symmetric, nothing on
/// the diagonal.
///
/// a: rows of shapes whose overlap is known (Shapes), or a ShapeIndex, which saves building a tree. Result: a Csr, a's
/// rows by a's rows. Entry (i, j) equals intersection_area(a[i], a[j]) to the bit; values of 0 or below options.min
/// (compared in double) are not stored.
/// Order: columns ascending in each row. The result does not depend on options.threads.
/// A row without extent, inverted or with NaN has no entries; an empty range is fine.
/// Throws std::invalid_argument for a NaN min or threads < 0, std::length_error above 2^31 - 1 rows or stored pairs.
/// O(n + pairs) time on spread-out data. Peak memory beside the result and the prepared shapes: 38 bytes a box in
/// float, 56 in double, and 28 (36) bytes a pair; nothing a pair for boxes that overlap 8 others or more on average, or
/// for up to 500 rows, which take 90 KB of stack; in dense scenes the result keeps room for an eighth more.
/// The weights by which DeepForest matches.
template <Shapes A>
[[nodiscard]] auto intersection_matrix(const A& a, const OverlapOptions& options = {}) {
  return detail::self_overlap_matrix(a, detail::IntersectionMeasure{}, options.min, options.threads);
}

/// The area covered together, in square pixels, of every pair of a row of `a` and a row of `b` that overlap, as a
/// sparse matrix.
///
/// a, b: rows of shapes whose overlap is known (Shapes), or a ShapeIndex, which saves building a tree. Result: a Csr,
/// a's rows by b's rows. Entry (i, j) is area(a[i]) + area(b[j]) - intersection_area(a[i], b[j]); pairs that share no
/// area and values below options.min (compared in double) are not stored.
/// Order: columns ascending in each row. The result does not depend on options.threads.
/// A row without extent, inverted or with NaN has no entries; empty ranges are fine.
/// Throws std::invalid_argument for a NaN min or threads < 0, std::length_error above 2^31 - 1 rows or stored pairs.
/// O(n + m + pairs) time on spread-out data. Peak memory beside the result and the prepared shapes: 38 bytes a box in
/// float, 56 in double, and 28 (36) bytes a pair; nothing a pair for boxes that overlap 8 others or more on average, or
/// for up to 500 rows of each, which take 90 KB of stack; in dense scenes the result keeps room for an eighth more.
template <Shapes A, Shapes B>
requires OverlappingShapes<A, B>
[[nodiscard]] auto union_matrix(const A& a, const B& b, const OverlapOptions& options = {}) {
  return detail::overlap_matrix(a, b, detail::UnionMeasure{}, options.min, options.threads);
}

/// The area covered together, in square pixels, of every two rows of `a` that overlap, as a sparse matrix: symmetric,
/// nothing on the diagonal.
///
/// a: rows of shapes whose overlap is known (Shapes), or a ShapeIndex, which saves building a tree. Result: a Csr, a's
/// rows by a's rows. Entry (i, j) is area(a[i]) + area(a[j]) - intersection_area(a[i], a[j]); pairs that share no area
/// and values below options.min (compared in double) are not stored.
/// Order: columns ascending in each row. The result does not depend on options.threads.
/// A row without extent, inverted or with NaN has no entries; an empty range is fine.
/// Throws std::invalid_argument for a NaN min or threads < 0, std::length_error above 2^31 - 1 rows or stored pairs.
/// O(n + pairs) time on spread-out data. Peak memory beside the result and the prepared shapes: 38 bytes a box in
/// float, 56 in double, and 28 (36) bytes a pair; nothing a pair for boxes that overlap 8 others or more on average, or
/// for up to 500 rows, which take 90 KB of stack; in dense scenes the result keeps room for an eighth more.
template <Shapes A>
[[nodiscard]] auto union_matrix(const A& a, const OverlapOptions& options = {}) {
  return detail::self_overlap_matrix(a, detail::UnionMeasure{}, options.min, options.threads);
}

template <class A, detail::PlainBeside<A> B>
void iof_matrix(const A& numbers_are_no_boxes_yet, const B&, const OverlapOptions& = {}) = delete;  // boxlap::view
template <detail::PlainNumbers A>
void iof_matrix(const A& numbers_are_no_boxes_yet, const OverlapOptions& = {}) = delete;  // boxlap::view
template <class A, detail::PlainBeside<A> B>
void intersection_matrix(const A& numbers_are_no_boxes_yet, const B&,
                         const OverlapOptions& = {}) = delete;  // boxlap::view
template <detail::PlainNumbers A>
void intersection_matrix(const A& numbers_are_no_boxes_yet, const OverlapOptions& = {}) = delete;  // boxlap::view
template <class A, detail::PlainBeside<A> B>
void union_matrix(const A& numbers_are_no_boxes_yet, const B&, const OverlapOptions& = {}) = delete;  // boxlap::view
template <detail::PlainNumbers A>
void union_matrix(const A& numbers_are_no_boxes_yet, const OverlapOptions& = {}) = delete;  // boxlap::view

}  // namespace boxlap
