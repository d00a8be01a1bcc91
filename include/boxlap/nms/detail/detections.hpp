/// The shapes of one nms call as the search sees them: bounding boxes as candidates, and the exact verdict on two rows.
///
/// The broad phase works on bounds and on one number a row, the share of its area that a partner must share at least.
/// It is rounded down, so it can only let too many pass. What passes gets the measure itself, of the caller's own
/// shapes, so that every decision is the one that the plain loop over iou() would take.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <limits>
#include <span>
#include <type_traits>

#include "../../base/detail/error.hpp"
#include "../../base/index.hpp"
#include "../../base/range.hpp"
#include "../../shape/box.hpp"
#include "../../shape/shape.hpp"
#include "../measure.hpp"
#include "kept_boxes.hpp"
#include "kept_grid.hpp"

namespace boxlap::detail {

/// `R` are rows_to_measure<M>(), `M` a measure, which gets two const Element<R>& and nothing else: what the concept
/// Measure was asked about. Holds a reference to the shapes.
template <Shapes R, class M>
class Detections {
 public:
  using Shape = Element<R>;
  using T = BoundsScalar<Shape>;
  using Asked = M;
  using Bound = detail::Bound<M>;
  using Value = std::remove_cvref_t<std::invoke_result_t<const M&, const Shape&, const Shape&>>;

  Detections(const R& shapes, const M& measure, const Verdict& verdict)
      : shapes_(shapes), measure_(measure), verdict_(verdict) {
    // What is computed of two shapes may exceed the truth by rounding; the first, cheap test must not mind.
    constexpr double slack = is_box<Shape> ? 1e-5 : 1e-3;
    share_ = Bound::area_share((std::max)(0.0, verdict.threshold)) * (1 - slack);
  }

  [[nodiscard]] Index size() const { return rows_of(shapes_, "shapes"); }
  [[nodiscard]] const Verdict& verdict() const noexcept { return verdict_; }

  /// The share of both areas that two shapes which suppress one another surely share.
  [[nodiscard]] T share() const noexcept { return static_cast<T>(share_); }

  [[nodiscard]] Box<T> box(Index row) const { return bounds(element(shapes_, row)); }

  /// The row as a candidate. `takes_part` becomes false where it can neither suppress nor be suppressed at a threshold
  /// >= 0: without extent, not finite, an area that is 0 or overflows. Every overlap with such a shape is 0.
  [[nodiscard]] Candidate<T> candidate(Index row, bool& takes_part) const {
    const auto& shape = element(shapes_, row);
    const Box<T> box = bounds(shape);
    const auto size = area(shape);
    constexpr auto most = (std::numeric_limits<std::remove_const_t<decltype(size)>>::max)();
    takes_part = has_extent(box) && size > 0 && size <= most;
    if constexpr (!is_box<Shape>) {  // a box of finite area has finite sides
      takes_part = takes_part && box.x2 - box.x1 <= (std::numeric_limits<T>::max)() &&
                   box.y2 - box.y1 <= (std::numeric_limits<T>::max)();
    }
    return {box, demand(size), row};
  }

  /// A box that is no row of the shapes, as a candidate.
  [[nodiscard]] Candidate<T> candidate_of(const Box<T>& box, Index row) const { return {box, demand(area(box)), row}; }

  /// measure(kept, candidate). For boxes of the very numbers that iou() would get, so that all agree to the bit.
  [[nodiscard]] Value value(const Candidate<T>& kept, const Candidate<T>& c) const {
    if constexpr (is_box<Shape>) {
      return measure_(kept.box, c.box);
    } else {
      return value_of_rows(kept.row, c.row);
    }
  }

  [[nodiscard]] bool suppresses(const Candidate<T>& kept, const Candidate<T>& c) const {
    return verdict_(value(kept, c));
  }

  [[nodiscard]] bool suppresses_rows(Index kept, Index row) const { return verdict_(value_of_rows(kept, row)); }

  /// The value for two rows that need not meet, for thresholds at which 0 suppresses. IoU of boxes is here
  /// torchvision's own quotient, in which 0/0 is NaN and suppresses nothing.
  [[nodiscard]] Value value_apart(Index kept, Index row) const {
    if constexpr (is_box<Shape> && std::same_as<M, Iou>) {
      const Shape& a = element(shapes_, kept);
      const Shape& b = element(shapes_, row);
      const T w = (std::max)(T{0}, (std::min)(a.x2, b.x2) - (std::max)(a.x1, b.x1));
      const T h = (std::max)(T{0}, (std::min)(a.y2, b.y2) - (std::max)(a.y1, b.y1));
      const T shared = rounded(w * h);  // inf * 0 is NaN here: intersection_area() says 0
      return shared / union_of(shared, area(a), area(b));
    } else {
      return value_of_rows(kept, row);
    }
  }

  [[nodiscard]] bool suppresses_apart(Index kept, Index row) const { return verdict_(value_apart(kept, row)); }

  /// Whether a kept row can suppress what none of `kept` does. Keeps that list short: the quotient of two boxes apart
  /// is NaN or not by their areas alone.
  [[nodiscard]] bool answers_anew(std::span<const Index> kept, Index row) const {
    if constexpr (is_box<Shape> && std::same_as<M, Iou>) {
      const T size = area(element(shapes_, row));
      const bool finite = size - size == 0;
      return size == size && !(finite && std::any_of(kept.begin(), kept.end(), [&](Index other) {
                                 return area(element(shapes_, other)) == size;
                               }));
    } else {
      return true;
    }
  }

  /// How far apart two rows can be that suppress one another, and the longest side of all. O(n).
  struct Extent {
    Reach reach;
    double longest;
  };
  [[nodiscard]] Extent extent() const {
    // An area among the subnormal numbers keeps few of its digits, and then the IoU says little about the sides.
    constexpr T smallest = (std::numeric_limits<T>::min)() * (1 << 20);
    constexpr bool by_sides = is_box<Shape> && Bound::by_sides;
    Extent extent{by_sides ? Reach::above(verdict_.threshold) : Reach::meeting(), 0};
    const Index n = size();
    for (Index i = 0; i < n; ++i) {
      bool takes_part = false;
      const Candidate<T> c = candidate(i, takes_part);
      if (takes_part) {
        extent.longest = (std::max)(extent.longest, BoxPlace(c.box).longer());
        if (by_sides && area(c.box) < smallest) {
          extent.reach = Reach::meeting();
        }
      }
    }
    return extent;
  }

 private:
  [[nodiscard]] Value value_of_rows(Index kept, Index row) const {
    const Shape& a = element(shapes_, kept);
    const Shape& b = element(shapes_, row);
    return measure_(a, b);
  }

  /// The share of a shape's area that the shared area must exceed, rounded down also among the subnormal numbers.
  template <class Size>
  [[nodiscard]] T demand(Size size) const noexcept {
    constexpr T few_digits = 4 * (std::numeric_limits<T>::min)();
    if constexpr (!std::same_as<Size, T>) {
      constexpr auto most = static_cast<double>((std::numeric_limits<T>::max)() / 4);
      return demand(static_cast<T>((std::min)(static_cast<double>(size), most)));
    } else {
      const T need = static_cast<T>(share_) * size;
      return need >= few_digits ? need : (std::max)(T{0}, need - std::numeric_limits<T>::denorm_min());
    }
  }

  const R& shapes_;
  M measure_;
  Verdict verdict_;
  double share_ = 0;
};

}  // namespace boxlap::detail
