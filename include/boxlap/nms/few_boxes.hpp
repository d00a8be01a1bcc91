/// A few boxes: each one that is kept asks all later ones at once, on the stack, without any index.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include "../core/index.hpp"
#include "../core/order.hpp"
#include "../core/range.hpp"
#include "../shape/box.hpp"
#include "../shape/lanes.hpp"
#include "detections.hpp"
#include "kept_boxes.hpp"
#include "measure.hpp"

namespace boxlap::detail {

/// Up to as many boxes this is faster than the search among kept ones where boxes meet, and as fast where they do not.
inline constexpr std::size_t max_few_boxes = 512;

/// IoU of boxes only: what another measure owes to the shared area is not known well enough to be sure without it.
template <class D>
inline constexpr bool few_are_faster = is_box<typename D::Shape>&& std::same_as<typename D::Asked, Iou>;

/// Boxes side by side in the order of their scores. A box that takes no part is a lane that nothing meets.
template <class T>
class FewBoxes {
 public:
  template <class D>
  FewBoxes(const D& detections, std::span<const Index> order) : size_(order.size()) {
    const bool ratio_is_normal = detections.verdict().threshold >= 1e-6;
    for (std::size_t i = 0; i < size_; ++i) {
      bool takes_part = false;
      const Candidate<T> c = detections.candidate(order[i], takes_part);
      set(i, takes_part ? c : nobody, ratio_is_normal);
    }
    for (std::size_t i = size_; i < blocks() * lanes; ++i) {
      set(i, nobody, false);
    }
  }

  /// Greedy nms: calls on_kept(place in the order) for each box that stays. suppresses(kept, later) is the exact
  /// verdict; it is asked only about pairs too close to the threshold for the bounds to tell.
  template <class Suppresses, class OnKept>
  void suppress(const Suppresses& suppresses, OnKept on_kept) {
    for (std::size_t i = 0; i < size_; ++i) {
      if (gone_[i] > 0) {
        continue;
      }
      on_kept(i);
      if (!(x1_[i] < x2_[i])) {
        continue;
      }
      for (std::size_t block = i / lanes; block < blocks(); ++block) {
        if (ask_block(i, block * lanes)) [[unlikely]] {
          ask_one_by_one(i, block * lanes, suppresses);
        }
      }
    }
  }

 private:
  static constexpr std::size_t lanes = (std::max)(std::size_t{8}, lane_count<T>);
  static constexpr T far = (std::numeric_limits<T>::max)() / 4;
  static constexpr Candidate<T> nobody{{far, far, -far, -far}, 0, none};

  [[nodiscard]] std::size_t blocks() const noexcept { return (size_ + lanes - 1) / lanes; }

  /// `enough`, unlike `need`, is so much shared area that rounding cannot bring the IoU down to the threshold: need is
  /// 1e-5 below the exact share, enough as far above. Where areas or the threshold are near the ends of T: never.
  void set(std::size_t i, const Candidate<T>& c, bool ratio_is_normal) noexcept {
    x1_[i] = c.box.x1;
    y1_[i] = c.box.y1;
    x2_[i] = c.box.x2;
    y2_[i] = c.box.y2;
    need_[i] = c.need;
    const bool normal = ratio_is_normal && c.need > T(1e-30) && c.need < T(1e30);
    enough_[i] = normal ? c.need * static_cast<T>(1 + 3e-5) : (std::numeric_limits<T>::max)();
    gone_[i] = 0;
  }

  /// Marks those of a block that box i surely suppresses; whether there are more that it may. Lanes before i may be
  /// marked too: they have been visited.
  [[nodiscard]] bool ask_block(std::size_t i, std::size_t first) noexcept {
    using L = Lanes<T>;
    const L zero{}, one = zero + T{1};
    const L x1 = zero + x1_[i], y1 = zero + y1_[i], x2 = zero + x2_[i], y2 = zero + y2_[i];
    L unsure{};
    for (std::size_t j = first; j < first + lanes; j += lane_count<T>) {
      const L w = lesser(x2, load<L>(&x2_[j])) - greater(x1, load<L>(&x1_[j]));
      const L h = lesser(y2, load<L>(&y2_[j])) - greater(y1, load<L>(&y1_[j]));
      const L shared = greater(w, zero) * h;
      const L gone = shared > load<L>(&enough_[j]) + enough_[i] ? one : load<L>(&gone_[j]);
      store(&gone_[j], gone);
      unsure += shared > load<L>(&need_[j]) + need_[i] ? one - gone : zero;
    }
    std::array<T, lane_count<T>> counts;
    store(counts.data(), unsure);
    return std::any_of(counts.begin(), counts.end(), [](T count) { return count > 0; });
  }

  template <class Suppresses>
  void ask_one_by_one(std::size_t i, std::size_t first, const Suppresses& suppresses) {
    for (std::size_t j = (std::max)(first, i + 1); j < (std::min)(first + lanes, size_); ++j) {
      if (!(gone_[j] > 0) && suppresses(i, j)) {
        gone_[j] = 1;
      }
    }
  }

  std::size_t size_;
  alignas(64) std::array<T, max_few_boxes> x1_, y1_, x2_, y2_, need_, enough_, gone_;  // gone: 0 or 1
};

/// Whether `n` detections are few enough, and of a kind and at a threshold, for suppress_few().
template <class D>
[[nodiscard]] bool are_few(std::size_t n, const D& detections) noexcept {
  return few_are_faster<D> && n <= max_few_boxes && !detections.verdict().spares_nothing();
}

/// Greedy nms of `rows`, best first: calls on_kept(row) for each that stays. Allocates nothing.
template <class D, class OnKept>
void suppress_few(const D& detections, std::span<const Index> rows, OnKept on_kept) {
  FewBoxes<typename D::T> boxes(detections, rows);
  boxes.suppress([&](std::size_t i, std::size_t j) { return detections.suppresses_rows(rows[i], rows[j]); },
                 [&](std::size_t i) { on_kept(rows[i]); });
}

/// nms() of a few. Allocates nothing but the result.
template <class D, Numbers P>
[[nodiscard]] std::vector<Index> nms_of_few(const D& detections, const P& scores) {
  std::array<Index, max_few_boxes> order_of_few, kept;
  const std::span<Index> order(order_of_few.data(), static_cast<std::size_t>(std::size(scores)));
  order_descending(scores, order);
  std::size_t count = 0;
  suppress_few(detections, order, [&](Index row) { kept[count++] = row; });
  return std::vector<Index>(kept.data(), kept.data() + count);
}

}  // namespace boxlap::detail
