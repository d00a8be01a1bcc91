/// In which order boxes are packed into the leaves of a tree: by a plan of slices, and by plans of their own where one
/// plan is not enough (Sort-Tile-Recursive, see str_plan.hpp).
///
/// A plan made from a sample can put far too many boxes into a slice or a cell: far clusters, dense spots, outliers.
/// Such parts are found after the sort, by looking at a few keys of each slice, and ordered again. So no distribution
/// is a bad case, and the order is a pure function of the boxes, whatever the number of threads.
///
/// O(n) unless boxes lie on many scales, then O(n log n); 16 bytes a row while it runs.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "../../base/detail/sorting.hpp"
#include "../../base/detail/thread_team.hpp"
#include "../../base/index.hpp"
#include "../../shape/box.hpp"
#include "box_block.hpp"
#include "box_rows.hpp"
#include "str_plan.hpp"

namespace boxlap::detail {

/// Memory that is written before it is read: std::vector would fill it with zeros first.
template <class T>
[[nodiscard]] std::unique_ptr<T[]> uninitialized(std::size_t n) {
  return std::make_unique_for_overwrite<T[]>(n);
}

/// Room for ordering: two arrays, used again for the next set of boxes. 16 bytes a row.
class PackingScratch {
 public:
  void reserve(Index n) {
    if (n > size_) {
      size_ = n;
      items_ = uninitialized<PackedRow>(at(n));
      spare_ = uninitialized<PackedRow>(at(n));
    }
  }
  [[nodiscard]] PackedRow* items() noexcept { return items_.get(); }
  [[nodiscard]] PackedRow* spare() noexcept { return spare_.get(); }

 private:
  Index size_ = 0;
  std::unique_ptr<PackedRow[]> items_, spare_;
};

/// No function: that would be called through a pointer for each row.
inline constexpr auto packing_key = [](const PackedRow& item) noexcept { return item.key; };

/// Adds each part of `run` (sorted by the keys of `plan`) that came out several times too full: a slice, or a cell.
/// Looks at a few keys of each slice only.
template <class T>
void add_crowds(std::span<PackedRow> run, const SlicePlan<T>& plan, std::vector<std::span<PackedRow>>& crowds) {
  constexpr std::size_t crowded_cell = 256;
  const double crowded_slice = 2 * plan.boxes_per_slice + 4 * block_size;
  const auto end_of = [&](std::size_t begin, int shift) {
    const std::uint32_t part = run[begin].key >> shift;
    std::size_t low = begin, high = run.size();  // binary search for the first item behind the part
    while (low < high) {
      const std::size_t middle = low + (high - low) / 2;
      if (run[middle].key >> shift == part) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  };
  for (std::size_t begin = 0, end; begin < run.size(); begin = end) {
    end = end_of(begin, plan.row_bits);
    if (static_cast<double>(end - begin) > crowded_slice && end - begin < run.size()) {
      crowds.push_back(run.subspan(begin, end - begin));
      continue;
    }
    for (std::size_t k = begin; k + crowded_cell < end;) {
      if (run[k].key != run[k + crowded_cell].key) {
        k += crowded_cell;
        continue;
      }
      const std::size_t cell_end = end_of(k, 0);
      if (cell_end - k < run.size()) {
        crowds.push_back(run.subspan(k, cell_end - k));
      }
      k = cell_end;
    }
  }
}

/// Writes the rows that take part in a join, with their keys, ascending; returns how many they are.
template <class T>
[[nodiscard]] std::size_t keyed_rows(const BoxRows<T>& boxes, bool touching, const SlicePlan<T>& plan, PackedRow* out,
                                     Team* team) {
  const Slices slices(at(boxes.size()), team);
  std::vector<std::size_t> ends(at(slices.count));
  slices.for_each([&](Index slice, std::size_t begin, std::size_t end) {
    constexpr Index at_once = 256;
    std::array<Box<T>, at_once> room;
    std::array<std::uint32_t, at_once> keys;
    std::size_t to = begin;
    for (std::size_t i = begin; i < end; i += at_once) {
      const auto first = static_cast<Index>(i);
      const Index count = (std::min)(at_once, static_cast<Index>(end) - first);
      const Box<T>* const block = boxes.block(first, count, room.data());
      plan.keys(block, count, keys.data());
      for (Index k = 0; k < count; ++k) {
        out[to] = {keys[at(k)], first + k};
        to += takes_part(block[k], touching) ? std::size_t{1} : std::size_t{0};
      }
    }
    ends[at(slice)] = to;
  });
  std::size_t size = ends[0];
  for (Index slice = 1; slice < slices.count; ++slice) {  // close the gaps of rows that were left out
    const std::size_t begin = slices.begin(slice), count = ends[at(slice)] - begin;
    if (size != begin) {
      std::copy(out + begin, out + begin + count, out + size);
    }
    size += count;
  }
  return size;
}

/// Gives the rows of a crowded run keys by a plan of their own, and orders them by these.
template <class T>
[[nodiscard]] SlicePlan<T> order_again(const BoxRows<T>& boxes, std::span<PackedRow> run, std::span<PackedRow> spare) {
  const SlicePlan<T> plan(boxes, run);
  for (PackedRow& item : run) {
    const Box<T> box = boxes[item.row];
    plan.keys(&box, 1, &item.key);
  }
  const auto ordered = radix_sort(run, spare, plan.bits(), packing_key);
  if (ordered.data() != run.data()) {
    std::copy(ordered.begin(), ordered.end(), run.begin());
  }
  return plan;
}

/// The rows that take part in a join, in packing order. The result lies in `scratch`.
///
/// A pure function of the boxes, and no distribution of them is a bad case: a slice or a cell that came out several
/// times too full (far clusters, dense spots, long boxes) is ordered again by a plan of its own, and so on. O(n) time
/// unless boxes lie on many scales, O(n log n) then. All but such parts is done in slices by the team.
template <class T>
[[nodiscard]] std::span<const PackedRow> packing_order(const BoxRows<T>& boxes, bool touching, PackingScratch& scratch,
                                                       Team* team = nullptr) {
  if (boxes.size() == 0) {
    return {};
  }
  scratch.reserve(boxes.size());
  const SlicePlan<T> plan(boxes, {});
  const std::size_t size = keyed_rows(boxes, touching, plan, scratch.items(), team);
  const std::span items(scratch.items(), size), spare(scratch.spare(), size);
  const std::span<PackedRow> sorted = radix_sort(items, spare, plan.bits(), packing_key, team);
  const std::span<PackedRow> other = sorted.data() == items.data() ? spare : items;

  std::vector<std::span<PackedRow>> crowds;
  add_crowds(sorted, plan, crowds);
  while (!crowds.empty()) {
    const std::span<PackedRow> run = crowds.back();
    crowds.pop_back();
    const auto free = other.subspan(static_cast<std::size_t>(run.data() - sorted.data()), run.size());
    add_crowds(run, order_again(boxes, run, free), crowds);
  }
  return sorted;
}

}  // namespace boxlap::detail
