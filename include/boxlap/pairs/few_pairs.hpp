/// The matrix of a join of few boxes: what is found is in its place already.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "block_overlap.hpp"
#include "csr.hpp"
#include "few_meetings.hpp"
#include "tree_join.hpp"

namespace boxlap::detail {

/// So many pairs that may meet have room on the stack.
inline constexpr std::size_t most_listed = 4096;

/// Writes where each row of a matrix begins, as rows come one after the other.
class RowOffsets {
 public:
  explicit RowOffsets(std::vector<Index>& offsets) noexcept : offsets_(offsets) {}

  /// The entries so far are of rows before this one.
  void begin(Index row, std::size_t entries) noexcept {
    while (row_ < row) {
      offsets_[at(++row_)] = static_cast<Index>(entries);
    }
  }

 private:
  std::vector<Index>& offsets_;
  Index row_ = 0;
};

/// Room for entries on the stack.
template <class T>
struct ListedEntries {
  std::array<Index, most_listed> cols;
  std::array<T, most_listed> values;
};

/// Measures the pairs that may meet one by one, and writes those that are kept from cols[0] and values[0] on; room for
/// all of them is needed. Returns how many.
template <class Join, class T, class Measure>
[[nodiscard]] std::size_t write_each(const Join& join, const FewMeetings& meetings,
                                     const OverlapValue<T, Measure>& value_of, RowOffsets& offsets, Index* cols,
                                     T* values) {
  std::size_t size = 0;
  for (Index k = 0; k < join.a.size(); ++k) {
    offsets.begin(join.a.leaf_rows(0)[k], size);
    const Box<T> box = join.a.leaf(k / block_size).get(k % block_size);
    for (Index w = 0; w < meetings.words(); ++w) {
      for (std::uint64_t lanes = meetings.word(k, w); lanes != 0; lanes &= lanes - 1) {
        const Index other = w * FewMeetings::word_blocks * block_size + std::countr_zero(lanes);
        cols[size] = join.b.leaf_rows(0)[other];
        values[size] = value_of(box, join.b.leaf(other / block_size).get(other % block_size));
        size += static_cast<std::size_t>(value_of.kept(values[size]));
      }
    }
  }
  return size;
}

/// The entries of a matrix where many boxes meet: whole blocks are measured, though not all of them meet, and what is
/// kept is listed on the stack and moved to the result when the list is full.
template <class Join, class T, class Measure>
class CrowdedEntries {
 public:
  CrowdedEntries(const Join& join, const FewMeetings& meetings, const OverlapValue<T, Measure>& value_of,
                 ListedEntries<T>& listed, Csr<T>& result) noexcept
      : join_(join),
        meetings_(meetings),
        value_of_(value_of),
        cols_(listed.cols),
        values_(listed.values),
        result_(result) {
    for (Index block = 0; block < (std::min)(most_areas, join.b.leaves()); ++block) {
      areas_[at(block)] = areas_of(join.b.leaf(block));
    }
  }

  void write(RowOffsets& offsets) {
    for (Index k = 0; k < join_.a.size(); ++k) {
      offsets.begin(join_.a.leaf_rows(0)[k], result_.values.size() + size_);
      const BoxLanes<T> box(join_.a.leaf(k / block_size).get(k % block_size));
      for (Index w = 0; w < meetings_.words(); ++w) {
        if (meetings_.word(k, w) != 0) {
          if (size_ + at(word_boxes) > most_listed) {
            move_to_result(k, w);
          }
          const std::uint64_t kept = measure(k, w, box);
          list(kept, w);
        }
      }
    }
    move_to_result(join_.a.size(), 0);
  }

 private:
  static constexpr Index word_boxes = FewMeetings::word_blocks * block_size;
  static constexpr Index most_areas = 32;

  /// Measures box k of a with those of word w and returns which values are kept.
  [[nodiscard]] std::uint64_t measure(Index k, Index w, const BoxLanes<T>& box) {
    const std::uint64_t meet = meetings_.word(k, w);
    std::uint64_t kept = 0;
    for (Index n = 0; n < FewMeetings::word_blocks; ++n) {
      if (((meet >> (n * block_size)) & every_lane) != 0) {
        const Index block = w * FewMeetings::word_blocks + n;
        const BoxBlock<T>& boxes = join_.b.leaf(block);
        const std::uint64_t lanes = value_of_.template of_all<false>(
            boxes, block < most_areas ? areas_[at(block)] : areas_of(boxes), box, values_of_[at(n)]);
        kept |= lanes << (n * block_size);
      }
    }
    return kept & meet;
  }

  /// Lists what is kept of a word: where much of the last word was, lane by lane without looking.
  void list(std::uint64_t kept, Index w) noexcept {
    const Index* const cols_of_word = join_.b.leaf_rows(w * FewMeetings::word_blocks);
    const T* const values_of_word = values_of_[0].at;
    std::size_t size = size_;
    const auto put = [&](std::size_t lane) {
      std::memcpy(&cols_[size], cols_of_word + lane, sizeof(Index));
      std::memcpy(&values_[size], values_of_word + lane, sizeof(T));
    };
    if (!crowded_) {
      for (; kept != 0; kept &= kept - 1) {
        put(static_cast<std::size_t>(std::countr_zero(kept)));
        ++size;
      }
    } else {
      for (std::size_t first = 0; kept != 0; first += at(block_size), kept >>= block_size) {
        if ((kept & every_lane) == every_lane) {
          std::memcpy(&cols_[size], cols_of_word + first, at(block_size) * sizeof(Index));
          std::memcpy(&values_[size], values_of_word + first, at(block_size) * sizeof(T));
          size += at(block_size);
          continue;
        }
        for (std::size_t lane = 0; lane < at(block_size); ++lane) {
          put(first + lane);
          size += (kept >> lane) & 1;
        }
      }
    }
    crowded_ = 2 * (size - size_) > at((std::min)(word_boxes, join_.b.size() - w * word_boxes));
    size_ = size;
  }

  /// Moves all that is listed; what is still to come of the matrix begins with box k of a and word w.
  void move_to_result(Index k, Index w) {
    if (result_.values.empty()) {
      const std::size_t most = size_ + (k < join_.a.size() ? meetings_.count_from(k, w) : 0);
      result_.col_indices.reserve(most);
      result_.values.reserve(most);
    }
    result_.col_indices.insert(result_.col_indices.end(), cols_.data(), cols_.data() + size_);
    result_.values.insert(result_.values.end(), values_.data(), values_.data() + size_);
    size_ = 0;
  }

  const Join& join_;
  const FewMeetings& meetings_;
  const OverlapValue<T, Measure>& value_of_;
  std::array<Index, most_listed>& cols_;
  std::array<T, most_listed>& values_;
  Csr<T>& result_;
  std::size_t size_ = 0;  // entries that are listed
  bool crowded_ = false;  // whether most of the last word were
  std::array<BlockValues<T>, FewMeetings::word_blocks> values_of_;
  std::array<BlockValues<T>, at(most_areas)> areas_;
};

/// A function of its own, so that its stack is not there while bytes are asked.
template <class Join, class T, class Measure>
[[gnu::noinline]] void write_crowded(const Join& join, const FewMeetings& meetings,
                                     const OverlapValue<T, Measure>& value_of, RowOffsets& offsets,
                                     ListedEntries<T>& listed, Csr<T>& result) {
  CrowdedEntries<Join, T, Measure>(join, meetings, value_of, listed, result).write(offsets);
}

/// The matrix of a join of unordered trees that fit; with `self` both halves are stored. Allocates nothing but the
/// result.
template <class Join, class T, class Measure>
[[nodiscard]] Csr<T> csr_of_few(const Join& join, Index rows, Index cols, const OverlapValue<T, Measure>& value_of) {
  Csr<T> result{rows, cols, std::vector<Index>(at(rows) + 1), {}, {}};
  RowOffsets offsets(result.row_offsets);
  FewMeetings meetings(join);
  ListedEntries<T> listed;
  if (const std::size_t count = meetings.count(); !meetings.are_sparse(count)) {
    write_crowded(join, meetings, value_of, offsets, listed, result);
  } else if (count <= most_listed) {
    const std::size_t size = write_each(join, meetings, value_of, offsets, listed.cols.data(), listed.values.data());
    result.col_indices.assign(listed.cols.data(), listed.cols.data() + size);
    result.values.assign(listed.values.data(), listed.values.data() + size);
  } else {
    meetings.make_exact(join);
    const std::size_t most = meetings.count();
    result.col_indices.resize(most);
    result.values.resize(most);
    const std::size_t size =
        write_each(join, meetings, value_of, offsets, result.col_indices.data(), result.values.data());
    result.col_indices.resize(size);
    result.values.resize(size);
  }
  offsets.begin(rows, result.values.size());
  return result;
}

}  // namespace boxlap::detail
