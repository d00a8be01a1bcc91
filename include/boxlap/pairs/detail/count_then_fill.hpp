/// Many pairs a row, found twice rather than kept in a list: once to be counted, once to be written to their places.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "../../core/parallel.hpp"
#include "../csr.hpp"
#include "block_overlap.hpp"
#include "collect_chunks.hpp"
#include "tree_join.hpp"

namespace boxlap::detail {

/// Makes vectors as long as the result, on a thread each: filling them with zeros is what touches their memory first.
template <class... Vectors>
void make_room(std::size_t size, Team& team, Vectors&... vectors) {
  (vectors.reserve(size), ...);  // on the calling thread, see collect_chunks()
  if (team.threads() <= 1 || Slices(size, &team).count == 1) {
    (vectors.resize(size), ...);
    return;
  }
  team.for_each(static_cast<Index>(sizeof...(Vectors)), [&](Index chosen) {
    Index k = 0;
    ((k++ == chosen ? vectors.resize(size) : void()), ...);
  });
}

/// The pairs of a join of boxes in their final order without a list, where rows hold many pairs each: the join runs
/// twice, first to count, then to write. Returns where each row begins.
///
/// A leaf of `a` is all that is ever at hand: its sixteen rows meet the boxes of b in ascending order of their rows, so
/// each row comes out sorted. No memory but the result and the rows of a leaf; rows of different leaves share nothing,
/// so threads need no lock. entries_of(leaf, lanes, col, box, values) fills in the values of the rows in these lanes
/// with column `col` and tells which are kept (with `self` each pair comes both ways round). Then room(total) is called
/// once, and put(k, cols, values) with the row that begins at place k.
template <class Values, Meeting meeting, bool self, class T, class Ask, class EntriesOf, class Room, class Put>
[[nodiscard]] std::vector<Index> place_entries(const TreeJoin<meeting, self, T, Ask>& join, Index rows, Team& team,
                                               const EntriesOf& entries_of, const Room& room, const Put& put) {
  constexpr Index leaves_per_chunk = 64;
  using Value = std::remove_cvref_t<decltype(Values{}.at[0])>;
  const PackedTree<T>&a = join.a, &b = join.b;
  const Index chunks = (a.leaves() + leaves_per_chunk - 1) / leaves_per_chunk;
  struct Scratch {
    std::vector<std::uint64_t> others;
    std::vector<Index> cols;
    std::vector<Value> values;
  };
  // Calls use(lane, col, value) for the entries of a leaf; with `ordered`, columns ascend.
  const auto for_each_entry_of_leaf = [&](Index leaf, bool ordered, std::vector<std::uint64_t>& others,
                                          const auto& use) {
    const BoxBlock<T>& asking = asked(join.ask, a.leaf(leaf));
    const Box<T> around = join.asked_around(leaf, asking);
    others.clear();
    b.template for_each_leaf<meeting>(around, 0, [&](Index other) {
      std::uint32_t lanes = b.template meeting_boxes<meeting>(other, around);
      for (; lanes != 0; lanes &= lanes - 1) {
        const int lane = std::countr_zero(lanes);
        others.push_back(static_cast<std::uint64_t>(b.leaf_rows(other)[lane]) << 32 |
                         static_cast<std::uint64_t>(other * block_size + lane));
      }
      return true;
    });
    if (ordered) {
      std::sort(others.begin(), others.end());
    }
    Values values;
    for (const std::uint64_t other : others) {
      const Index col = static_cast<Index>(other >> 32), slot = static_cast<Index>(other & 0xffffffffU);
      const Box<T> box = b.leaf(slot / block_size).get(slot % block_size);
      std::uint32_t hits = meeting_lanes<meeting>(asking, box) & a.lanes(leaf);
      if (self && slot / block_size == leaf) {
        hits &= ~(1U << (slot % block_size));
      }
      for (std::uint32_t kept = entries_of(leaf, hits, col, box, values); kept != 0; kept &= kept - 1) {
        const std::size_t lane = static_cast<std::size_t>(std::countr_zero(kept));
        use(lane, col, values.at[lane]);
      }
    }
  };
  const auto for_each_leaf_of = [&](Index chunk, const auto& use) {
    Scratch scratch;
    const Index end = (std::min)(a.leaves(), (chunk + 1) * leaves_per_chunk);
    for (Index leaf = chunk * leaves_per_chunk; leaf < end; ++leaf) {
      use(leaf, static_cast<std::size_t>((std::min)(block_size, a.size() - leaf * block_size)), scratch);
    }
  };

  std::vector<Index> offsets(at(rows) + 1);
  team.for_each(chunks, [&](Index chunk) {
    for_each_leaf_of(chunk, [&](Index leaf, std::size_t lanes, Scratch& scratch) {
      std::array<Index, block_size> counts{};
      for_each_entry_of_leaf(leaf, false, scratch.others,
                             [&](std::size_t lane, Index, const Value&) { ++counts[lane]; });
      for (std::size_t lane = 0; lane < lanes; ++lane) {
        offsets[at(a.leaf_rows(leaf)[lane]) + 1] = counts[lane];
      }
    });
  });
  std::size_t total = 0;
  for (const Index count : offsets) {
    total += at(count);
  }
  check_pairs(total);
  accumulate_offsets(offsets);
  room(total);
  team.for_each(chunks, [&](Index chunk) {
    for_each_leaf_of(chunk, [&](Index leaf, std::size_t lanes, Scratch& scratch) {
      std::array<std::size_t, block_size> begins{}, next;  // the rows of the leaf one behind the other
      std::size_t size = 0;
      for (std::size_t lane = 0; lane < lanes; ++lane) {
        const std::size_t row = at(a.leaf_rows(leaf)[lane]);
        begins[lane] = size;
        size += at(offsets[row + 1] - offsets[row]);
      }
      if (scratch.cols.size() < size) {
        scratch.cols.resize(size);
        scratch.values.resize(size);
      }
      next = begins;
      Index* const cols = scratch.cols.data();
      Value* const values = scratch.values.data();
      for_each_entry_of_leaf(leaf, true, scratch.others, [&](std::size_t lane, Index col, const Value& value) {
        cols[next[lane]] = col;
        values[next[lane]++] = value;
      });
      for (std::size_t lane = 0; lane < lanes; ++lane) {
        const Index row = a.leaf_rows(leaf)[lane];
        const std::size_t count = next[lane] - begins[lane];
        put(at(offsets[at(row)]), row, std::span<const Index>(cols + begins[lane], count),
            std::span<const Value>(values + begins[lane], count));
      }
    });
  });
  return offsets;
}

/// The matrix of a join of boxes by place_entries().
template <Meeting meeting, bool self, class T, class Ask, class Measure>
[[nodiscard]] Csr<T> csr_in_place(const TreeJoin<meeting, self, T, Ask>& join, Index rows, Index cols, Team& team,
                                  const OverlapValue<T, Measure>& value_of) {
  Csr<T> result{rows, cols, {}, {}, {}};
  const auto entries_of = [&](Index leaf, std::uint32_t lanes, Index, const Box<T>& box, BlockValues<T>& values) {
    return value_of.template of_lanes<true>(join.a.leaf(leaf), lanes, box, values);
  };
  const auto room = [&](std::size_t total) { make_room(total, team, result.col_indices, result.values); };
  const auto put = [&](std::size_t k, Index, std::span<const Index> row_cols, std::span<const T> row_values) {
    std::copy(row_cols.begin(), row_cols.end(), result.col_indices.begin() + static_cast<std::ptrdiff_t>(k));
    std::copy(row_values.begin(), row_values.end(), result.values.begin() + static_cast<std::ptrdiff_t>(k));
  };
  result.row_offsets = place_entries<BlockValues<T>>(join, rows, team, entries_of, room, put);
  return result;
}

}  // namespace boxlap::detail
