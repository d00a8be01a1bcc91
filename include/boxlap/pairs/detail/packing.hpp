/// In which order boxes are packed into blocks: by a plan of slices, and by plans of their own where one is not enough
/// (Sort-Tile-Recursive).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "../../core/index.hpp"
#include "../../core/order.hpp"
#include "../../shape/box.hpp"
#include "box_block.hpp"
#include "str_plan.hpp"
#include "thread_team.hpp"

namespace boxlap::detail {

/// Memory that is written before it is read: std::vector would fill it with zeros first.
template <class T>
[[nodiscard]] std::unique_ptr<T[]> uninitialized(std::size_t n) {
  return std::make_unique_for_overwrite<T[]>(n);
}

/// A row and its key, while rows are being ordered.
using PackedRow = Keyed<std::uint32_t>;

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

/// Calls crowd(part) for each part of `run` (sorted by the keys of `plan`) that came out several times too full: a
/// slice, or a cell. Looks at a few keys of each slice only.
template <class T, class Crowd>
void for_each_crowd(std::span<PackedRow> run, const SlicePlan<T>& plan, const Crowd& crowd) {
  constexpr std::size_t crowded_cell = 256;
  const double crowded_slice = 2 * plan.boxes_per_slice + 4 * block_size;
  const auto end_of = [&](std::size_t begin, int shift) {
    const std::uint32_t part = run[begin].key >> shift;
    const auto end = std::partition_point(run.begin() + static_cast<std::ptrdiff_t>(begin), run.end(),
                                          [=](const PackedRow& item) { return item.key >> shift == part; });
    return static_cast<std::size_t>(end - run.begin());
  };
  for (std::size_t begin = 0, end; begin < run.size(); begin = end) {
    end = end_of(begin, plan.row_bits);
    if (static_cast<double>(end - begin) > crowded_slice && end - begin < run.size()) {
      crowd(run.subspan(begin, end - begin));
      continue;
    }
    for (std::size_t k = begin; k + crowded_cell < end;) {
      if (run[k].key != run[k + crowded_cell].key) {
        k += crowded_cell;
        continue;
      }
      const std::size_t cell_end = end_of(k, 0);
      if (cell_end - k < run.size()) {
        crowd(run.subspan(k, cell_end - k));
      }
      k = cell_end;
    }
  }
}

/// Writes the rows for which enters(box) is true with their keys, ascending; returns how many they are.
template <class T, class BoxAt, class Enters>
[[nodiscard]] std::size_t keyed_rows(Index n, const BoxAt& box_at, const Enters& enters, const SlicePlan<T>& plan,
                                     PackedRow* out, Team* team) {
  const Slices slices(at(n), team);
  std::vector<std::size_t> ends(at(slices.count));
  plan.with_keys([&](const auto& key_of) {
    slices.for_each([&, out](Index slice, std::size_t begin, std::size_t end) {
      const auto key = key_of;  // its own: nothing that is written can change it
      std::size_t to = begin;
      for (std::size_t i = begin; i < end; ++i) {
        if (const Box<T> box = box_at(static_cast<Index>(i)); enters(box)) {
          out[to++] = {key(box), static_cast<Index>(i)};
        }
      }
      ends[at(slice)] = to;
    });
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

/// The rows for which enters(box) is true, in packing order; box_at(i) is the box of row i < n. The result lies in
/// `scratch`.
///
/// A pure function of the boxes, and no distribution of them is a bad case: a slice or a cell that came out several
/// times too full (far clusters, dense spots, long boxes) is ordered again by a plan of its own, and so on. O(n) time
/// unless boxes lie on many scales, O(n log n) then. All but such parts is done in slices by the team.
template <class T, class BoxAt, class Enters>
[[nodiscard]] std::span<const PackedRow> packing_order(Index n, const BoxAt& box_at, const Enters& enters,
                                                       PackingScratch& scratch, Team* team = nullptr) {
  if (n == 0) {
    return {};
  }
  scratch.reserve(n);
  SlicePlan<T> plan(n, box_at);
  const std::size_t size = keyed_rows(n, box_at, enters, plan, scratch.items(), team);
  const std::span items(scratch.items(), size), spare(scratch.spare(), size);
  const std::span<PackedRow> sorted = radix_sort(items, spare, plan.bits(), packing_key, team);
  const std::span<PackedRow> other = sorted.data() == items.data() ? spare : items;

  std::vector<std::span<PackedRow>> crowds;
  const auto push = [&](std::span<PackedRow> crowd) { crowds.push_back(crowd); };
  for_each_crowd(sorted, plan, push);
  while (!crowds.empty()) {
    const std::span<PackedRow> run = crowds.back();
    crowds.pop_back();
    plan = SlicePlan<T>(static_cast<Index>(run.size()), [&](Index k) { return box_at(run[at(k)].row); });
    plan.with_keys([&](const auto& key_of) {
      for (PackedRow& item : run) {
        item.key = key_of(box_at(item.row));
      }
    });
    const auto free = other.subspan(static_cast<std::size_t>(run.data() - sorted.data()), run.size());
    const auto ordered = radix_sort(run, free, plan.bits(), packing_key);
    if (ordered.data() != run.data()) {
      std::copy(ordered.begin(), ordered.end(), run.begin());
    }
    for_each_crowd(run, plan, push);
  }
  return sorted;
}

}  // namespace boxlap::detail
