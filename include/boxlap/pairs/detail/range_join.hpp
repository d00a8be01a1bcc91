/// From ranges of shapes to a join: how pairs are found is planned, and the trees for it are built.
///
/// A plan is a plain value and made in one place, plan_join(): an index is used as it is, small inputs are compared all
/// with all, others are packed into trees. Shapes that are no boxes are prepared once, joined by their bounds, and each
/// candidate pair then gets an exact test.
#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "../../base/detail/error.hpp"
#include "../../base/detail/thread_team.hpp"
#include "../../shape/shape.hpp"
#include "../shape_index.hpp"
#include "box_rows.hpp"
#include "index_join.hpp"
#include "packed_tree.hpp"
#include "tree_join.hpp"

namespace boxlap::detail {

/// So many comparisons a box are faster than ordering the boxes (measured).
inline constexpr std::int64_t comparisons_a_box = 128;

/// Small inputs, lopsided ones too, are faster without ordering. Depends on the sizes alone, so that the order of the
/// pairs never depends on the boxes.
[[nodiscard]] inline bool too_small_to_order(Index n, Index m) noexcept {
  return static_cast<std::int64_t>(n) * m <= comparisons_a_box * (static_cast<std::int64_t>(n) + m);
}

template <class R>
inline constexpr bool holds_boxes = is_box<Element<R>>;

/// One side of a join: the boxes of its rows, and their tree if it is an index.
template <class T>
struct JoinSide {
  BoxRows<T> boxes;
  const PackedTree<T>* index_tree = nullptr;
  const QuantizedLeaves<T>* index_filter = nullptr;

  template <class R>
  JoinSide(const R& range, const char* what) : boxes(range, what) {
    if constexpr (is_index<R, T>) {
      index_tree = &IndexAccess::tree(range);
      index_filter = &IndexAccess::filter(range);
    }
  }
};

/// How the pairs of two ranges are found: a plain value, made by plan_join() alone.
struct JoinPlan {
  bool touching = false;  ///< boxes that share a border point count
  bool by_row = false;    ///< rows of a are put to the index b one by one, no tree is built
  bool ordered = true;    ///< trees are packed; else all boxes are compared, in blocks
};

/// An index is used as it is, unless border points count: it holds no boxes without extent. The other tree is then
/// ordered too.
template <class T>
[[nodiscard]] JoinPlan plan_join(const JoinSide<T>& a, const JoinSide<T>& b, bool touching) {
  const bool has_index = !touching && (a.index_tree != nullptr || b.index_tree != nullptr);
  return {.touching = touching, .ordered = has_index || !too_small_to_order(a.boxes.size(), b.boxes.size())};
}

/// The trees of one call.
template <class T>
class JoinTrees {
 public:
  JoinTrees(const JoinTrees&) = delete;
  JoinTrees& operator=(const JoinTrees&) = delete;

  /// Of the second side none is made where it is the first.
  JoinTrees(const JoinSide<T>& a, const JoinSide<T>* b, const JoinPlan& plan, Team& team) {
    if (plan.by_row) {
      return;
    }
    PackingScratch scratch;
    const bool a_last = b != nullptr && a.boxes.size() <= b->boxes.size();  // the smaller one finds its scratch ready
    if (!a_last) {
      set(a_, a, plan, scratch, team);
    }
    if (b != nullptr) {
      set(b_, *b, plan, scratch, team);
    }
    if (a_last) {
      set(a_, a, plan, scratch, team);
    }
  }

  [[nodiscard]] const PackedTree<T>& a() const noexcept { return *a_.tree; }
  [[nodiscard]] const PackedTree<T>& b() const noexcept { return *b_.tree; }

 private:
  struct Side {
    PackedTree<T> built;
    const PackedTree<T>* tree = &built;
    typename PackedTree<T>::Room room;
  };

  BOXLAP_NOINLINE static void set(Side& side, const JoinSide<T>& rows, const JoinPlan& plan, PackingScratch& scratch,
                                  Team& team) {
    if (rows.index_tree != nullptr && !plan.touching) {
      side.tree = rows.index_tree;
    } else if (plan.ordered) {
      side.built = PackedTree<T>::packed(rows.boxes, plan.touching, scratch, &team);
    } else {
      side.built = PackedTree<T>::unordered(rows.boxes, plan.touching, &side.room);
    }
  }

  Side a_, b_;
};

template <class T>
[[nodiscard]] BoxQuery<T> query_of(const JoinPlan& plan) noexcept {
  return plan.touching ? BoxQuery<T>::touching() : BoxQuery<T>{};
}

/// Refuses `touching` for other shapes: they meet where an exact area is positive.
[[nodiscard]] inline bool checked_touching(bool touching, bool of_boxes) {
  if (touching && !of_boxes) [[unlikely]] {
    invalid("touching is true, but only boxes can meet without sharing area");
  }
  return touching;
}

template <class R>
using PreparedRows = decltype(prepare_all(std::declval<const R&>()));

/// The join of two ranges of any shapes. Pairs that it finds have bounds that meet; meets() is the exact test.
template <class A, class B>
class RangeJoin {
 public:
  using T = std::common_type_t<BoundsScalar<Element<A>>, BoundsScalar<Element<B>>>;
  static constexpr bool of_boxes = holds_boxes<A> && holds_boxes<B>;
  static constexpr bool of_self = false;

  RangeJoin(const A& a, const B& b, bool touching, Team& team)
      : plan{.touching = checked_touching(touching, of_boxes)},
        rows_a(prepare_all(a)),
        rows_b(prepare_all(b)),
        side_a_(rows_a, "a"),
        side_b_(rows_b, "b"),
        by_row_(side_a_.boxes, side_b_.index_tree, side_b_.index_filter),
        trees_(side_a_, &side_b_, choose(), team),
        trees(trees_.a(), trees_.b(), query_of<T>(plan)) {}

  JoinPlan plan;
  PreparedRows<A> rows_a;
  PreparedRows<B> rows_b;

 private:
  /// With an index on one side only, its rows may be searched one by one.
  [[nodiscard]] const JoinPlan& choose() {
    plan = plan_join(side_a_, side_b_, plan.touching);
    if constexpr (is_index<B, T> && !is_index<A, T>) {
      plan.by_row = !plan.touching && by_row_.pays();
    }
    return plan;
  }
  struct NoIndexJoin {
    NoIndexJoin(const BoxRows<T>&, const PackedTree<T>*, const QuantizedLeaves<T>*) {}
  };

  JoinSide<T> side_a_, side_b_;
  std::conditional_t<is_index<B, T> && !is_index<A, T>, IndexJoin<T>, NoIndexJoin> by_row_;
  JoinTrees<T> trees_;

 public:
  TreeJoin<false, T> trees;  ///< not to be used with plan.by_row

  /// Where the pairs come from.
  [[nodiscard]] PairSource source() const noexcept {
    if constexpr (is_index<B, T> && !is_index<A, T>) {
      if (plan.by_row) {
        return PairSource(by_row_);
      }
    }
    return PairSource(trees);
  }
  [[nodiscard]] bool meets(Index i, Index j) const {
    if constexpr (of_boxes) {
      return true;
    } else {
      return intersection_area(element(rows_a, i), element(rows_b, j)) > 0;
    }
  }
};

/// The join of a range with itself.
template <class A>
class SelfJoin {
 public:
  using T = BoundsScalar<Element<A>>;
  static constexpr bool of_boxes = holds_boxes<A>;
  static constexpr bool of_self = true;

  SelfJoin(const A& a, bool touching, Team& team)
      : plan{.touching = checked_touching(touching, of_boxes)},
        rows_a(prepare_all(a)),
        rows_b(rows_a),
        side_(rows_a, "a"),
        trees_(side_, nullptr, plan = plan_join(side_, side_, plan.touching), team),
        trees(trees_.a(), trees_.a(), query_of<T>(plan)) {}

  JoinPlan plan;
  PreparedRows<A> rows_a;
  const std::remove_reference_t<PreparedRows<A>>& rows_b;

 private:
  JoinSide<T> side_;
  JoinTrees<T> trees_;

 public:
  TreeJoin<true, T> trees;

  [[nodiscard]] PairSource source() const noexcept { return PairSource(trees); }
  [[nodiscard]] bool meets(Index i, Index j) const {
    if constexpr (of_boxes) {
      return true;
    } else {
      return intersection_area(element(rows_a, i), element(rows_a, j)) > 0;
    }
  }
};

}  // namespace boxlap::detail
