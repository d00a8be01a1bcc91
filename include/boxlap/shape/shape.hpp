/// What a shape is: any type with bounds(s), area(s) and intersection_area(a, b) found by argument-dependent lookup.
#pragma once

#include <concepts>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "../base/index.hpp"
#include "../base/range.hpp"
#include "box.hpp"

namespace boxlap {
namespace detail {

template <class T>
inline constexpr bool is_box = false;
template <class T>
inline constexpr bool is_box<Box<T>> = true;

}  // namespace detail

/// A shape. Three free functions beside the type make one, and give it the join, the matrices, nms, evaluation:
///
///     Box<T> bounds(const S&);                       the smallest box around it, rounded outward
///     T      area(const S&);                         in square pixels
///     R      intersection_area(const S&, const S&);  0 where two do not meet; symmetric; at most either area
///
/// Optionally `prepare(s)`: a shape of another type with the same overlaps, which are found faster (sines, edge
/// tables). The library then prepares each row once and works on what it got. Optionally intersection_areas() for many
/// pairs at once: see BatchOverlapping.
template <class S>
concept Shape = requires(const S& s) {
  requires detail::is_box<std::remove_cvref_t<decltype(bounds(s))>>;  // not so? boxlap::view() makes shapes of rows
  { area(s) } -> std::floating_point;
  { intersection_area(s, s) } -> std::floating_point;
};

/// Two shapes, of one kind or of two, whose overlap is known.
template <class A, class B>
concept Overlapping = Shape<A> && Shape<B> && requires(const A& a, const B& b) {
  { intersection_area(a, b) } -> std::floating_point;
};

/// Two shapes whose overlaps can be computed for many pairs in one call, with SIMD instructions for example:
///
///     intersection_areas(as, bs, pairs, out);
///
/// out[k] becomes the area that as[pairs[k].first] and bs[pairs[k].second] share, and must equal intersection_area() of
/// the two to the bit. Matrices of shapes call it, with up to 512 pairs at a time, where both ranges are contiguous.
/// Write it beside the type; for a type with prepare(), beside the prepared type.
template <class A, class B, class R>
concept BatchOverlapping = requires(std::span<const A> as, std::span<const B> bs,
                                    std::span<const std::pair<Index, Index>> pairs, std::span<R> out) {
  intersection_areas(as, bs, pairs, out);
};

/// Rows of shapes: vector, span, array, C array, view(n, f), a door of eigen.hpp, a ShapeIndex.
template <class R>
concept Shapes = Rows<R> && Shape<detail::Element<R>>;

/// Two ranges whose shapes overlap.
template <class A, class B>
concept OverlappingShapes = Shapes<A> && Shapes<B> && Overlapping<detail::Element<A>, detail::Element<B>>;

namespace detail {

/// The numbers of boxes that are no boxes yet: a flat buffer, rows of four numbers. Functions that take shapes refuse
/// them by a deleted overload, as FloatingLabels.
template <class R>
concept PlainNumbers =
    Rows<R> && !Shape<Element<R>> &&
    (std::is_arithmetic_v<Element<R>> || (Rows<Element<R>> && std::is_arithmetic_v<Element<Element<R>>>));

/// Two ranges, of which one has plain numbers in place of shapes.
template <class B, class A>
concept PlainBeside = (Shapes<A> && PlainNumbers<B>) || (PlainNumbers<A> && Rows<B>);

template <class S>
using BoundsScalar = decltype(std::remove_cvref_t<decltype(bounds(std::declval<const S&>()))>::x1);

/// The scalar type of the overlap of an A and a B.
template <class A, class B = A>
using Overlap = std::remove_cvref_t<decltype(intersection_area(std::declval<const A&>(), std::declval<const B&>()))>;

template <class S>
concept Preparable = requires(const S& s) {
  prepare(s);
};

/// Each row of `shapes`, prepared once if its type knows how; the rows themselves otherwise.
template <Shapes R>
[[nodiscard]] decltype(auto) prepare_all(const R& shapes) {
  if constexpr (Preparable<Element<R>>) {
    const Index n = rows_of(shapes, "shapes");
    std::vector<std::remove_cvref_t<decltype(prepare(element(shapes, Index{})))>> prepared;
    prepared.reserve(at(n));
    for (Index i = 0; i < n; ++i) {
      prepared.push_back(prepare(element(shapes, i)));
    }
    return prepared;
  } else {
    return as_span(shapes);
  }
}

}  // namespace detail
}  // namespace boxlap
