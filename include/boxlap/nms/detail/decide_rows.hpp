/// Greedy nms of rows that are in the order of their scores: the one loop behind nms(), batched_nms(), tiles and
/// streams of tiles.
///
/// Of several exact ways the cheapest is taken: few boxes are compared with one another on the stack (small_nms.hpp),
/// others search an index of those that were kept (kept_index.hpp). Kept rows are written one behind the other, which
/// may be in place: no more are written than were read.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "../../base/index.hpp"
#include "detections.hpp"
#include "kept_index.hpp"
#include "small_nms.hpp"

namespace boxlap::detail {

/// What is known of a row while tiles are decided one by one.
enum class Fate : unsigned char { kept, gone, open };

/// Where fates go, for rows of one tile. A row whose number in `reaching_out` is odd may meet boxes of other tiles.
struct TileFates {
  const std::uint16_t* reaching_out;
  Fate* fates;
};

/// Greedy nms by an index of kept rows. Writes the kept rows to `kept` (which may be the place of `rows`), or with a
/// tile the fates of all; returns the end of what is written.
///
/// Of a tile, a row goes if a row that surely stays suppresses it. It stays open if it reaches out, or if an open row
/// suppresses it; otherwise it stays. So rows that stay have no partner outside the tile, and the open rows of all
/// tiles decide the rest among themselves: both together are greedy nms over everything.
template <class D>
BOXLAP_NOINLINE Index* decide_rows(const D& detections, KeptIndex<D>& index, std::span<const Index> rows, Index* kept,
                                   const TileFates* tile = nullptr) {
  using T = typename D::T;
  for_each_candidate(detections, rows, [&](Candidate<T>& c, bool takes_part) {
    const Index row = c.row;
    bool open = takes_part && tile != nullptr && (tile->reaching_out[at(row)] & 1) != 0;
    const bool gone = takes_part && index.is_suppressed(c, open);
    if (takes_part && !gone) {
      c.row = open ? ~row : row;  // the index tells open rows by their sign
      index.add(c);
    }
    if (tile != nullptr) {
      tile->fates[at(row)] = gone ? Fate::gone : open ? Fate::open : Fate::kept;
    } else if (!gone) {
      *kept++ = row;
    }
  });
  return kept;
}

/// Greedy nms where a value of 0 suppresses too, so that no index helps: each row is compared with every kept one.
///
/// IoU of boxes is here torchvision's own quotient, 0/0 = NaN included, which suppresses nothing; that of others is
/// iou(). O(n * kept) time, where kept is 1 unless quotients are NaN or the measure goes below 0.
template <class D>
BOXLAP_NOINLINE Index* compare_all_rows(const D& detections, std::span<const Index> rows, Index* kept) {
  std::vector<Index> suppressors;
  for (const Index row : rows) {
    const auto suppresses = [&](Index other) { return detections.suppresses_apart(other, row); };
    if (std::none_of(suppressors.begin(), suppressors.end(), suppresses)) {
      if (detections.answers_anew(suppressors, row)) {
        suppressors.push_back(row);
      }
      *kept++ = row;
    }
  }
  return kept;
}

/// A class of fewer rows takes longer as SmallNms than as a list of kept boxes. batched_nms with the limit / without,
/// 128 sets each: 30 boxes in 80 classes 0.86, 100 in 80 0.84, 300 in 80 0.96, 100 in 10 0.94, 30 in 3 1.00; a limit of
/// 8 makes the last three slower, up to 1.14. nms() itself has no limit: its list would be made for one call.
inline constexpr std::size_t min_few_boxes = 6;

/// Greedy nms of `rows` by the cheapest exact way; writes those that stay from kept[0] on (which may be the place of
/// `rows`) and returns their end. A row by itself stays: saying so first takes batched_nms of 30 boxes in 80 classes
/// 0.6 of the time.
template <class D>
Index* suppress_rows(const D& detections, KeptIndex<D>& index, std::span<const Index> rows, Index* kept) {
  if (rows.size() == 1) {
    *kept = rows[0];
    return kept + 1;
  }
  const Verdict& verdict = detections.verdict();
  if (rows.empty() || (D::Bound::at_most_one && verdict.spares_all())) {
    return std::copy(rows.begin(), rows.end(), kept);
  }
  if constexpr (few_are_faster<D>) {
    if (rows.size() >= min_few_boxes && are_few(rows.size(), detections)) {
      return suppress_few(detections, rows, kept);
    }
  }
  return verdict.spares_nothing() ? compare_all_rows(detections, rows, kept)
                                  : decide_rows(detections, index, rows, kept);
}

}  // namespace boxlap::detail
