/// What a call takes of the heap, held against the formula of its doc block. Include it in at most one file of a
/// program.
#pragma once

#include "../../examples/support/heap.hpp"
#include "../catch.hpp"
#include "skipped.hpp"

namespace memory {

/// Says that memory is not checked, and returns true, where a sanitizer holds malloc's place.
inline bool uncounted() {
  if (!heap::counted) {
    checks::skipped("memory is not counted under a sanitizer or without glibc");
  }
  return !heap::counted;
}

struct Bytes {
  double peak, besides;  // with what is kept, and without
};

template <class Call>
Bytes measured(const Call& call) {
  const heap::Scope scope;
  [[maybe_unused]] const auto result = call();  // alive while it is counted
  const auto peak = static_cast<double>(scope.peak_bytes());
  return {peak, peak - static_cast<double>(scope.kept_bytes())};
}

/// At most the formula, give or take `slack` that malloc adds to a few blocks, and at least half of it.
inline void check(const char* what, double bytes, double formula, double slack = 512) {
  CAPTURE(what, bytes, formula);
  CHECK(bytes <= formula + slack);
  CHECK(bytes >= formula / 2);
}

}  // namespace memory
