/// A few boxes, on the stack: each one that is kept asks those around it, eight at a time.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "../core/index.hpp"
#include "../core/order.hpp"
#include "../core/range.hpp"
#include "../pairs/box_block.hpp"
#include "../shape/box.hpp"
#include "../shape/lanes.hpp"
#include "detections.hpp"
#include "kept_boxes.hpp"
#include "measure.hpp"

namespace boxlap::detail {

/// Up to as many boxes this is faster than the search among kept ones (measured; more would strain small stacks: 55 KB
/// of float, 105 KB of double).
inline constexpr std::size_t max_few_boxes = 1536;

/// IoU of boxes only: what another measure owes to the shared area is not known well enough to be sure without it.
template <class D>
inline constexpr bool few_are_faster = is_box<typename D::Shape>&& std::same_as<typename D::Asked, Iou>;

/// Boxes side by side. Where they are spread out they lie from left to right (or top to bottom), so that a box asks
/// only the blocks that it meets; in a crowd in the order of their scores, so that it asks only later ones. A box that
/// takes no part is a lane that nothing meets.
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
    if (blocks() > few_blocks) {
      spread_out();
    }
  }

  /// Greedy nms: calls on_kept(place in the order) for each box that stays. suppresses(kept, later) is the exact
  /// verdict; it is asked only about pairs too close to the threshold for the bounds to tell.
  template <class Suppresses, class OnKept>
  void suppress(const Suppresses& suppresses, OnKept on_kept) {
    for (std::size_t i = 0; i < size_; ++i) {
      const std::size_t k = place(i);
      if (gone_[k] > 0) {
        continue;
      }
      on_kept(i);
      if (!(x1_[k] < x2_[k])) {
        continue;
      }
      const Asking asking(*this, k);
      for (std::uint32_t groups = groups_asked(k); groups != 0; groups &= groups - 1) {
        const auto group = static_cast<std::size_t>(std::countr_zero(groups));
        for (std::uint32_t asked = blocks_asked(group, k); asked != 0; asked &= asked - 1) {
          const std::size_t first = group * group_size + static_cast<std::size_t>(std::countr_zero(asked)) * lanes;
          if (ask_block(asking, first)) [[unlikely]] {
            ask_one_by_one(i, first, suppresses);
          }
        }
      }
    }
  }

 private:
  static constexpr std::size_t lanes = (std::max)(std::size_t{8}, lane_count<T>);
  static constexpr std::size_t few_blocks = 6;                       ///< so many are asked faster than found (measured)
  static constexpr std::size_t group_size = lanes * at(block_size);  ///< boxes in as many blocks as are tested at once
  static constexpr std::size_t bins = 256;
  static_assert(max_few_boxes % group_size == 0 && max_few_boxes / group_size <= at(block_size));
  static constexpr T far = (std::numeric_limits<T>::max)() / 4;
  static constexpr Candidate<T> nobody{{far, far, -far, -far}, 0, none};

  /// What boxes span along an axis, and their sides together.
  struct Extent {
    T low, high, sides;

    Extent(const T* from, const T* to, std::size_t n) noexcept : low(far), high(-far), sides(0) {
      for (std::size_t i = 0; i < n; ++i) {
        const bool takes_part = from[i] < to[i];
        low = (std::min)(low, from[i]);
        high = (std::max)(high, to[i]);
        sides += takes_part ? to[i] - from[i] : T{0};
      }
    }
    /// The share of the boxes that lie over a point of the axis, on average.
    [[nodiscard]] T crowding(std::size_t n) const noexcept {
      const T length = high - low;
      return length > T(1e-30) && length < T(1e30) ? sides / (length * static_cast<T>(n)) : far;
    }
  };

  [[nodiscard]] std::size_t blocks() const noexcept { return (size_ + lanes - 1) / lanes; }
  /// Where box i of the order is, and which box is there.
  [[nodiscard]] std::size_t place(std::size_t i) const noexcept { return spread_ ? place_[i] : i; }
  [[nodiscard]] std::size_t at_place(std::size_t k) const noexcept { return spread_ ? at_place_[k] : k; }

  /// Puts the boxes side by side along the axis on which they are spread out more, if they are.
  void spread_out() noexcept {
    const Extent x(x1_.data(), x2_.data(), size_), y(y1_.data(), y2_.data(), size_);
    const bool by_x = x.crowding(size_) <= y.crowding(size_);
    const Extent& extent = by_x ? x : y;
    if (!(extent.crowding(size_) < T(0.25))) {
      return;
    }
    const T* begins = by_x ? x1_.data() : y1_.data();
    const T scale = static_cast<T>(bins - 1) / (extent.high - extent.low);
    std::array<std::uint16_t, bins + 1> next{};
    std::array<std::uint16_t, max_few_boxes> bin_of;
    for (std::size_t i = 0; i < size_; ++i) {
      const T bin = (begins[i] - extent.low) * scale;
      bin_of[i] = static_cast<std::uint16_t>((std::min)(bin, static_cast<T>(bins - 1)));
      ++next[bin_of[i] + 1U];
    }
    for (std::size_t bin = 1; bin <= bins; ++bin) {
      next[bin] = static_cast<std::uint16_t>(next[bin] + next[bin - 1]);
    }
    for (std::size_t i = 0; i < size_; ++i) {
      place_[i] = next[bin_of[i]]++;
      at_place_[place_[i]] = static_cast<std::uint16_t>(i);
    }
    for (auto* numbers : {&x1_, &y1_, &x2_, &y2_, &need_, &enough_}) {
      std::array<T, max_few_boxes> in_order;
      std::copy_n(numbers->begin(), size_, in_order.begin());
      for (std::size_t i = 0; i < size_; ++i) {
        (*numbers)[place_[i]] = in_order[i];
      }
    }
    bound_blocks();
    spread_ = true;
  }

  /// Bounds of the blocks, and of groups of them.
  void bound_blocks() noexcept {
    for (std::size_t group = 0; group * group_size < size_; ++group) {
      for (std::size_t block = 0; block < at(block_size); ++block) {
        const std::size_t first = group * group_size + block * lanes;
        Box<T> around = BoxBlock<T>::no_box();
        for (std::size_t k = first; first < size_ && k < first + lanes; ++k) {
          around = {(std::min)(around.x1, x1_[k]), (std::min)(around.y1, y1_[k]), (std::max)(around.x2, x2_[k]),
                    (std::max)(around.y2, y2_[k])};
        }
        bounds_[group].set(static_cast<Index>(block), around);
      }
      around_.set(static_cast<Index>(group), bounds_[group].bounds());
    }
  }

  /// `enough`, unlike `need`, is so much shared area that rounding cannot bring the IoU down to the threshold: need is
  /// 1e-5 below the exact share, enough as far above. Where areas or the threshold are near the ends of T: never.
  void set(std::size_t k, const Candidate<T>& c, bool ratio_is_normal) noexcept {
    x1_[k] = c.box.x1;
    y1_[k] = c.box.y1;
    x2_[k] = c.box.x2;
    y2_[k] = c.box.y2;
    need_[k] = c.need;
    const bool normal = ratio_is_normal && c.need > T(1e-30) && c.need < T(1e30);
    enough_[k] = normal ? c.need * static_cast<T>(1 + 3e-5) : (std::numeric_limits<T>::max)();
    gone_[k] = 0;
  }

  [[nodiscard]] Box<T> box(std::size_t k) const noexcept { return {x1_[k], y1_[k], x2_[k], y2_[k]}; }

  /// The first of n bits: groups, or blocks of a group.
  [[nodiscard]] static std::uint32_t first_bits(std::size_t n) noexcept {
    return n >= at(block_size) ? every_lane : (1U << n) - 1;
  }

  /// The groups with blocks that the box at k has to ask, a bit each.
  [[nodiscard]] std::uint32_t groups_asked(std::size_t k) const noexcept {
    const std::uint32_t all = first_bits((size_ + group_size - 1) / group_size);
    if (!spread_) {
      return all & (~0U << (k / group_size));
    }
    return all == 1 ? all : meeting_lanes<Meeting::open>(around_, box(k)) & all;
  }

  /// The blocks of a group that the box at k has to ask, a bit each.
  [[nodiscard]] std::uint32_t blocks_asked(std::size_t group, std::size_t k) const noexcept {
    if (spread_) {
      return meeting_lanes<Meeting::open>(bounds_[group], box(k));
    }
    const std::uint32_t all = first_bits(blocks() - group * at(block_size));
    return k / group_size == group ? all & (~0U << (k % group_size / lanes)) : all;
  }

  /// A box in all lanes.
  struct Asking {
    Lanes<T> x1, y1, x2, y2, need, enough;

    Asking(const FewBoxes& boxes, std::size_t k) noexcept
        : x1(Lanes<T>{} + boxes.x1_[k]),
          y1(Lanes<T>{} + boxes.y1_[k]),
          x2(Lanes<T>{} + boxes.x2_[k]),
          y2(Lanes<T>{} + boxes.y2_[k]),
          need(Lanes<T>{} + boxes.need_[k]),
          enough(Lanes<T>{} + boxes.enough_[k]) {}
  };

  /// Marks those of a block that a box surely suppresses; whether there are more that it may. Boxes before it in the
  /// order may be marked too: they have been visited.
  [[nodiscard]] bool ask_block(const Asking& asking, std::size_t first) noexcept {
    using L = Lanes<T>;
    const L zero{}, one = zero + T{1};
    L unsure{};
    for (std::size_t j = first; j < first + lanes; j += lane_count<T>) {
      const L w = lesser(asking.x2, load<L>(&x2_[j])) - greater(asking.x1, load<L>(&x1_[j]));
      const L h = lesser(asking.y2, load<L>(&y2_[j])) - greater(asking.y1, load<L>(&y1_[j]));
      const L shared = greater(w, zero) * h;
      const L gone = shared > load<L>(&enough_[j]) + asking.enough ? one : load<L>(&gone_[j]);
      store(&gone_[j], gone);
      unsure += shared > load<L>(&need_[j]) + asking.need ? one - gone : zero;
    }
    std::array<T, lane_count<T>> counts;
    store(counts.data(), unsure);
    return std::any_of(counts.begin(), counts.end(), [](T count) { return count > 0; });
  }

  /// Box i of the order against the later ones of a block.
  template <class Suppresses>
  void ask_one_by_one(std::size_t i, std::size_t first, const Suppresses& suppresses) {
    for (std::size_t k = first; k < (std::min)(first + lanes, size_); ++k) {
      if (at_place(k) > i && !(gone_[k] > 0) && suppresses(i, at_place(k))) {
        gone_[k] = 1;
      }
    }
  }

  std::size_t size_;
  bool spread_ = false;
  std::array<std::uint16_t, max_few_boxes> place_, at_place_;                          // if spread out
  alignas(64) std::array<T, max_few_boxes> x1_, y1_, x2_, y2_, need_, enough_, gone_;  // gone: 0 or 1
  std::array<BoxBlock<T>, max_few_boxes / group_size> bounds_;
  BoxBlock<T> around_;
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
