/// The rows of a small matrix where many boxes overlap.
///
/// Measuring whole blocks takes less time than finding out first which boxes overlap, from a density on that depends on
/// the processor (most_blocks_meet(), blocks_pay()). Entries go through a list on the stack that stays in the first
/// cache, and from there to the result, whose memory is reserved by the rows so far.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

#include "../../base/detail/lanes.hpp"
#include "../../base/index.hpp"
#include "../csr.hpp"
#include "block_overlap.hpp"
#include "dense_row_kernel.hpp"
#include "meeting_bitmask.hpp"
#include "tree_join.hpp"

namespace boxlap::detail {

/// Room for entries on the stack.
template <class T>
struct ListedEntries {
  static constexpr std::size_t most = 4096;
  std::array<Index, most> cols;
  std::array<T, most> values;
};

/// Whether boxes of a meet some of so many blocks of b, judged by a few of a, that all are measured in less time than
/// it takes to find out first which boxes overlap (measured).
template <bool self, class T>
[[nodiscard]] bool most_blocks_meet(const TreeJoin<self, T>& join) noexcept {
  constexpr Index queries = 4, least_stride = 8;
  const Index sixteenths = !has_avx2() ? 15 : sizeof(T) > sizeof(float) ? 13 : 8;
  const Index stride = (std::max)(least_stride, join.a.size() / queries);
  Index met = 0, all = 0;
  for (Index k = (std::min)(stride, join.a.size()) / 2; k < join.a.size(); k += stride) {
    const Box<T> query = join.query(join.a.box(k));
    for (Index block = 0; block < join.b.leaves(); ++block) {
      met += join.b.overlapping(block, query) != 0;
    }
    all += join.b.leaves();
    if (32 * met < sixteenths * all) {  // not even half of what is needed
      return false;
    }
  }
  return 16 * met > sixteenths * all;
}

/// Whether pairs are measured in less time together with whole blocks, so many, than one by one (measured).
template <class T>
[[nodiscard]] inline bool blocks_pay(std::size_t pairs, std::size_t blocks) noexcept {
  const std::size_t quarters = !has_avx2() ? 16 : sizeof(T) > sizeof(float) ? 10 : 6;
  return 4 * pairs > quarters * blocks;
}

/// Writes the rows of a matrix, through a list that is short enough to stay near.
template <bool self, class T, class Measure>
class DenseRows {
 public:
  DenseRows(const TreeJoin<self, T>& join, const OverlapValue<T, Measure>& value_of, ListedEntries<T>& listed,
            Csr<T>& result) noexcept
      : join_(join), value_of_(value_of), listed_(listed), result_(result), offsets_(result.row_offsets) {}

  /// Boxes are measured with the blocks of those that they may meet, or with all.
  void write(const MeetingBitmask& meetings) { write(&meetings); }
  void write_all() { write(nullptr); }

 private:
  using Blocks = std::array<Index, most_blocks>;
  static constexpr Index blocks_at_once = static_cast<Index>(most_blocks);
  static constexpr std::size_t most_waiting = 1024;
  static_assert(most_waiting + (most_rows * most_blocks + 1) * at(block_size) <= ListedEntries<T>::most);

  void write(const MeetingBitmask* meetings) {
    const Index leaves = join_.b.leaves();
    const bool in_one_go = leaves <= blocks_at_once;
    const Index rows = in_one_go ? static_cast<Index>(most_rows) : 1;
    for (Index k = 0; k < join_.a.size(); k += rows) {
      const Index end = (std::min)(join_.a.size(), k + rows);
      for (Index first = 0; first < leaves; first += blocks_at_once) {
        if (k == 0 || !in_one_go) {
          set_columns(first);
        }
        list(k, end, first, meetings);
        if (size_ > most_waiting) {
          move_to_result(end);
        }
      }
    }
    move_to_result(join_.a.size());
    offsets_.begin(result_.rows, result_.values.size());
  }

  /// The blocks of b from `first` on, counted from there.
  void set_columns(Index first) noexcept {
    const Index count = (std::min)(blocks_at_once, join_.b.leaves() - first);
    for (Index n = 0; n < count; ++n) {
      all_blocks_[at(n)] = n;
      measure_areas<Lanes<T>>(join_.b.leaf(first + n), areas_[at(n)]);
    }
    columns_ = {&join_.b.leaf(first), join_.b.leaf_rows(first), areas_.data()};
    blocks_ = std::span<const Index>(all_blocks_).first(at(count));
  }

  /// Those among them that hold a box which box k of a may meet.
  [[nodiscard]] std::span<const Index> blocks_met(const MeetingBitmask& meetings, Index k, Index first,
                                                  Blocks& room) const noexcept {
    std::size_t size = 0;
    for (const Index n : blocks_) {
      room[size] = n;
      size += static_cast<std::size_t>(meetings.lanes(k, first + n) != 0);
    }
    return std::span<const Index>(room).first(size);
  }

  /// Lists the entries of boxes begin .. end - 1 of a with the columns that are set.
  void list(Index begin, Index end, Index first, const MeetingBitmask* meetings) noexcept {
    for (Index k = begin; k < end; ++k) {
      BlockRow<T>& row = rows_[at(k - begin)];
      row.box = join_.a.box(k);
      row.blocks = meetings != nullptr ? blocks_met(*meetings, k, first, room_[at(k - begin)]) : blocks_;
      if constexpr (self) {
        row.own_block = k / block_size - first;
        row.own_lane = k % block_size;
      }
    }
    const auto write = has_avx2_ ? write_rows_avx2<T, Measure> : write_rows<T, Measure>;
    const RowEnds ends =
        write(std::span<const BlockRow<T>>(rows_).first(at(end - begin)), columns_, value_of_.measure(),
              value_of_.least(), listed_.cols.data() + size_, listed_.values.data() + size_);
    for (Index k = begin; first == 0 && k < end; ++k) {
      offsets_.begin(join_.a.leaf_rows(0)[k],
                     result_.values.size() + size_ + (k == begin ? 0 : ends[at(k - begin) - 1]));
    }
    size_ += ends[at(end - begin) - 1];
  }

  /// Moves all that is listed, when so many boxes of a are done. Those to come are taken to have as many entries each,
  /// and a sixteenth more. The values have room for another sixteenth: two arrays of one size that are freed together
  /// are more than glibc keeps, and every call would wait for all their pages again (three times as long, measured).
  void move_to_result(Index boxes_done) {
    const std::size_t size = result_.values.size() + size_, boxes = at(join_.a.size());
    if (size > result_.values.capacity()) {
      const std::size_t expected = size * boxes / at(boxes_done), most = boxes * at(join_.b.size());
      const std::size_t room = (std::max)(size, (std::min)(expected + expected / 16, most));
      result_.col_indices.reserve(room);
      result_.values.reserve(room + room / 16);
    }
    result_.col_indices.insert(result_.col_indices.end(), listed_.cols.data(), listed_.cols.data() + size_);
    result_.values.insert(result_.values.end(), listed_.values.data(), listed_.values.data() + size_);
    size_ = 0;
  }

  const TreeJoin<self, T>& join_;
  const OverlapValue<T, Measure>& value_of_;
  ListedEntries<T>& listed_;
  Csr<T>& result_;
  RowOffsets offsets_;
  std::size_t size_ = 0;  // entries that are listed
  const bool has_avx2_ = has_avx2();
  std::array<BlockRow<T>, most_rows> rows_;
  std::array<Blocks, most_rows> room_;  // for the blocks of each
  ColumnBlocks<T> columns_{};
  Blocks all_blocks_;
  std::span<const Index> blocks_;
  ValuesOfBlocks<T> areas_;
};

}  // namespace boxlap::detail
