/// From ranges to a join: the trees that a call needs are built, or an index is used, and joined.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "../../core/compiler.hpp"
#include "../../core/order.hpp"
#include "../../core/parallel.hpp"
#include "../../shape/shape.hpp"
#include "../shape_index.hpp"
#include "index_join.hpp"
#include "packed_tree.hpp"
#include "thread_team.hpp"
#include "tree_join.hpp"

namespace boxlap {

/// How two ranges are joined.
struct JoinOptions {
  bool touching = false;  ///< boxes that share only a border point meet too (closed boxes); Box only
  int threads = 1;        ///< 0: all cores. The result does not depend on it
};

/// What for_each_pair calls with a pair: any f(Index i, Index j); one that returns false stops the search.
template <class V>
concept PairVisitor = std::invocable<V&, Index, Index>;

namespace detail {

/// So many comparisons a box are faster than ordering the boxes (measured).
inline constexpr std::int64_t comparisons_a_box = 128;

/// Small inputs, lopsided ones too, are faster without ordering. Depends on the sizes alone, so that the order of the
/// pairs never depends on the boxes.
[[nodiscard]] inline bool too_small_to_order(Index n, Index m) noexcept {
  return static_cast<std::int64_t>(n) * m <= comparisons_a_box * (static_cast<std::int64_t>(n) + m);
}

/// Asks for a row that will be read soon, where rows lie in memory: it is far from the last one in packing order.
/// Always inlined, as whatever calls it: gcc takes a function that does nothing else for one that does nothing, and
/// drops it.
template <class R>
BOXLAP_ALWAYS_INLINE inline void prefetch([[maybe_unused]] const R& range, [[maybe_unused]] Index i) {
  if constexpr (std::is_lvalue_reference_v<decltype(element(range, i))>) {
    BOXLAP_PREFETCH(std::addressof(element(range, i)));
  }
}

/// The box that stands for row i of a range in a join: its bounds.
template <class T, class R>
struct BoxOfRow {
  R range;  // a span, or a reference

  [[nodiscard]] Box<T> operator()(Index i) const { return cast<T>(bounds(element(range, i))); }
  BOXLAP_ALWAYS_INLINE void prefetch(Index i) const { detail::prefetch(range, i); }
};

template <class T, class R>
[[nodiscard]] auto bounds_at(const R& range) {
  return BoxOfRow<T, decltype(as_span(range))>{as_span(range)};
}

template <Meeting meeting, class T, class R, class BoxAt>
[[nodiscard]] PackedTree<T> tree_of(const R& range, const BoxAt& box_at, bool ordered, PackingScratch& scratch,
                                    typename PackedTree<T>::Room* room = nullptr, Team* team = nullptr) {
  const Index n = rows_of(range, "shapes");
  return ordered ? PackedTree<T>::template build<meeting>(n, box_at, scratch, team)
                 : PackedTree<T>::template unordered<meeting>(n, box_at, room);
}

/// Joins a with b and calls use(join). An index is used as it is, unless border points count as meeting. Other trees
/// are ordered unless are_few(rows of a, rows of b).
template <Meeting meeting, class T, class A, class B, class Ask, class Use>
void with_trees(const A& a, const B& b, Team& team, const Ask& ask, const Use& use,
                bool (*are_few)(Index, Index) noexcept = too_small_to_order) {
  constexpr bool index_a = meeting == Meeting::open && is_index<A, T>;
  constexpr bool index_b = meeting == Meeting::open && is_index<B, T>;
  [[maybe_unused]] const bool ordered = index_a || index_b || !are_few(rows_of(a, "a"), rows_of(b, "b"));
  typename PackedTree<T>::Room room_a, room_b;
  PackedTree<T> built_a, built_b;
  const auto build = [&](bool first, PackingScratch& scratch) {
    if (first) {
      if constexpr (!index_a) {
        built_a = tree_of<meeting, T>(a, bounds_at<T>(a), ordered, scratch, &room_a, &team);
      }
    } else if constexpr (!index_b) {
      built_b = tree_of<meeting, T>(b, bounds_at<T>(b), ordered, scratch, &room_b, &team);
    }
  };
  {
    PackingScratch scratch;
    const bool a_first = std::size(a) > std::size(b);  // so that the smaller one finds its room ready
    build(a_first, scratch);
    build(!a_first, scratch);
  }
  const auto tree = [](const auto& range, const PackedTree<T>& built) -> const PackedTree<T>& {
    if constexpr (meeting == Meeting::open && is_index<std::remove_cvref_t<decltype(range)>, T>) {
      return range.tree();
    } else {
      return built;
    }
  };
  use(TreeJoin<meeting, false, T, Ask>{tree(a, built_a), tree(b, built_b), ask});
}

template <Meeting meeting, class T, class A, class Ask, class Use>
void with_tree(const A& a, Team& team, const Ask& ask, const Use& use,
               bool (*are_few)(Index, Index) noexcept = too_small_to_order) {
  if constexpr (meeting == Meeting::open && is_index<A, T>) {
    use(TreeJoin<meeting, true, T, Ask>{a.tree(), a.tree(), ask});
  } else {
    const Index n = rows_of(a, "a");
    typename PackedTree<T>::Room room;
    PackedTree<T> built;
    {
      PackingScratch scratch;
      built = tree_of<meeting, T>(a, bounds_at<T>(a), !are_few(n, n), scratch, &room, &team);
    }
    use(TreeJoin<meeting, true, T, Ask>{built, built, ask});
  }
}

/// True for every pair: boxes whose bounds meet do meet.
struct AlwaysMeets {
  bool operator()(Index, Index) const noexcept { return true; }
};

/// Hands the pairs of a join to visit on the calling thread, chunk after chunk; `meets` decides for shapes whose bounds
/// meet. With several threads a wave of chunks is collected at a time, so only their pairs wait in memory; not so for
/// boxes, which are found in less time than it takes to pass them from thread to thread.
template <class Join, class Meets, class Visit>
void visit_pairs(const Join& join, Team& team, const Meets& meets, Visit& visit) {
  if (std::is_same_v<Meets, AlwaysMeets> || team.threads() <= 1 || join.chunks() <= 1) {
    auto visit_meeting = [&](Index i, Index j, const auto&, const auto&) {
      return !meets(i, j) || goes_on(visit, i, j);
    };
    for (Index chunk = 0; chunk < join.chunks(); ++chunk) {
      if (!join.run(chunk, visit_meeting)) {
        return;
      }
    }
    return;
  }
  const Index wave = 4 * static_cast<Index>(team.threads());
  std::vector<std::vector<RowPair>> found(at((std::min)(wave, join.chunks())));
  for (Index first = 0; first < join.chunks(); first += wave) {
    const Index count = (std::min)(wave, join.chunks() - first);
    team.for_each(count, [&](Index k) {
      std::vector<RowPair>& pairs = found[at(k)];
      pairs.clear();
      auto collect = [&](Index i, Index j, const auto&, const auto&) {
        if (meets(i, j)) {
          pairs.emplace_back(i, j);
        }
      };
      join.run(first + k, collect);
    });
    for (Index k = 0; k < count; ++k) {
      for (const auto& [i, j] : found[at(k)]) {
        if (!goes_on(visit, i, j)) {
          return;
        }
      }
    }
  }
}

/// Joins a with b and calls use(join): trees, or an index with rows that ask it one by one.
template <class T, class A, class B, class Use>
void with_trees_or_queries(const A& a, const B& b, Team& team, const Use& use) {
  if constexpr (is_index<B, T> && !is_index<A, T>) {
    const auto box_at = bounds_at<T>(a);
    const QueryJoin<T, decltype(box_at)> queries{rows_of(a, "a"), box_at, b.tree(), b.filter()};
    if (queries.pays()) {
      use(queries);
      return;
    }
  }
  with_trees<Meeting::open, T>(a, b, team, Identity{}, use);
}

template <class R>
inline constexpr bool holds_boxes = is_box<Element<R>>;

/// Joins a with b and calls use(join, meets, rows_a, rows_b): the prepared rows, and meets(i, j) for pairs whose bounds
/// meet.
template <class A, class B, class Use>
void with_join(const A& a, const B& b, bool touching, Team& team, const Use& use) {
  using T = std::common_type_t<BoundsScalar<Element<A>>, BoundsScalar<Element<B>>>;
  if constexpr (holds_boxes<A> && holds_boxes<B>) {
    const auto run = [&](const auto& join) { use(join, AlwaysMeets{}, a, b); };
    if (touching) {
      with_trees<Meeting::closed, T>(a, b, team, Identity{}, run);
    } else {
      with_trees_or_queries<T>(a, b, team, run);
    }
  } else {
    if (touching) [[unlikely]] {
      invalid("touching is true, but only boxes can meet without sharing area");
    }
    decltype(auto) rows_a = prepare_all(a);
    decltype(auto) rows_b = prepare_all(b);
    const auto meets = [&](Index i, Index j) { return intersection_area(element(rows_a, i), element(rows_b, j)) > 0; };
    with_trees_or_queries<T>(rows_a, rows_b, team, [&](const auto& join) { use(join, meets, rows_a, rows_b); });
  }
}

/// with_join() of a range with itself: use(join, meets, rows).
template <class A, class Use>
void with_self_join(const A& a, bool touching, Team& team, const Use& use) {
  using T = BoundsScalar<Element<A>>;
  if constexpr (holds_boxes<A>) {
    const auto run = [&](const auto& join) { use(join, AlwaysMeets{}, a); };
    if (touching) {
      with_tree<Meeting::closed, T>(a, team, Identity{}, run);
    } else {
      with_tree<Meeting::open, T>(a, team, Identity{}, run);
    }
  } else {
    if (touching) [[unlikely]] {
      invalid("touching is true, but only boxes can meet without sharing area");
    }
    decltype(auto) rows = prepare_all(a);
    const auto meets = [&](Index i, Index j) { return intersection_area(element(rows, i), element(rows, j)) > 0; };
    with_tree<Meeting::open, T>(rows, team, Identity{}, [&](const auto& join) { use(join, meets, rows); });
  }
}

}  // namespace detail
}  // namespace boxlap
