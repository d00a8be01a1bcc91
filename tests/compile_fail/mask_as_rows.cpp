// refused: RowNumbers
#include <boxlap/base/range.hpp>
#include <vector>

#if defined(REFUSED)
using Rows = std::vector<bool>;  // numpy's other indexing; boxlap::above() gives the rows
#else
using Rows = std::vector<boxlap::Index>;
#endif

auto pick(const std::vector<float>& scores, const Rows& rows) { return boxlap::take(scores, rows); }
