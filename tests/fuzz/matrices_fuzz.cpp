/// Matrices of overlap against the four formulas written out, and the operations on sparse matrices against dense ones.
#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include <boxlap/pairs/overlaps.hpp>

#include "input.hpp"

using boxlap::Box;
using boxlap::Csr;
using boxlap::Index;

namespace {

/// Rounded on its own, whatever the compiler would fuse it with.
template <class T>
T product(T a, T b) {
  volatile T p = a * b;
  return p;
}

enum class Kind { iou, iof, intersection, united };

template <class T, class U>
auto plain_value(const Box<T>& a, const Box<U>& b, Kind kind) {
  using R = std::common_type_t<T, U>;
  const R area_a = product(R(a.x2) - R(a.x1), R(a.y2) - R(a.y1)),
          area_b = product(R(b.x2) - R(b.x1), R(b.y2) - R(b.y1));
  if (!(a.x1 < a.x2 && a.y1 < a.y2 && b.x1 < b.x2 && b.y1 < b.y2 && a.x1 < b.x2 && b.x1 < a.x2 && a.y1 < b.y2 &&
        b.y1 < a.y2)) {
    return R{0};
  }
  const R w = std::min<R>(a.x2, b.x2) - std::max<R>(a.x1, b.x1), h = std::min<R>(a.y2, b.y2) - std::max<R>(a.y1, b.y1);
  const R shared = product(w, h);
  switch (kind) {
    case Kind::iou:
      return shared / ((area_a + area_b) - shared);
    case Kind::iof:
      return shared / area_a;
    case Kind::intersection:
      return shared;
    default:
      return shared > 0 ? (area_a + area_b) - shared : R{0};
  }
}

/// The entries of a matrix, and that it is one.
template <class R>
void check(const Csr<R>& got, std::size_t rows, std::size_t cols,
           const std::vector<std::pair<std::pair<Index, Index>, R>>& expected) {
  validate(got.view());
  fuzz::require(fuzz::at(got.rows) == rows && fuzz::at(got.cols) == cols, "a matrix is as large as the lists");
  std::vector<std::pair<std::pair<Index, Index>, R>> entries;
  for (Index i = 0; i < got.rows; ++i) {
    const auto row = got.row(i);
    for (std::size_t k = 0; k < row.cols.size(); ++k) {
      entries.push_back({{i, row.cols[k]}, row.values[k]});
    }
  }
  fuzz::require(entries == expected, "entries are those of the double loop, to the bit");
}

template <class A, class B>
auto plain(const std::vector<A>& a, const std::vector<B>& b, Kind kind, double min, bool self) {
  using R = decltype(plain_value(a[0], b[0], kind));
  std::vector<std::pair<std::pair<Index, Index>, R>> entries;
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t j = 0; j < b.size(); ++j) {
      const R value = plain_value(a[i], b[j], kind);
      if (!(self && i == j) && value > 0 && static_cast<double>(value) >= min) {
        entries.push_back({{static_cast<Index>(i), static_cast<Index>(j)}, value});
      }
    }
  }
  return entries;
}

template <class A, class B>
auto matrix(const A& a, const B& b, Kind kind, const boxlap::OverlapOptions& options) {
  return kind == Kind::iou            ? boxlap::iou_matrix(a, b, options)
         : kind == Kind::iof          ? boxlap::iof_matrix(a, b, options)
         : kind == Kind::intersection ? boxlap::intersection_matrix(a, b, options)
                                      : boxlap::union_matrix(a, b, options);
}

template <class A>
auto matrix(const A& a, Kind kind, const boxlap::OverlapOptions& options) {
  return kind == Kind::iou            ? boxlap::iou_matrix(a, options)
         : kind == Kind::iof          ? boxlap::iof_matrix(a, options)
         : kind == Kind::intersection ? boxlap::intersection_matrix(a, options)
                                      : boxlap::union_matrix(a, options);
}

template <class A, class B>
void check_two(const std::vector<A>& a, const std::vector<B>& b, Kind kind, const boxlap::OverlapOptions& options) {
  check(matrix(a, b, kind, options), a.size(), b.size(), plain(a, b, kind, options.min, false));
}

template <class T>
void check_self(const std::vector<Box<T>>& a, Kind kind, const boxlap::OverlapOptions& options) {
  check(matrix(a, kind, options), a.size(), a.size(), plain(a, a, kind, options.min, true));
}

/// make_csr, validate, transpose, filter, at: against a map of cells.
void check_operations(fuzz::Input& in) {
  const Index rows = in.below(12), cols = in.below(12);
  std::map<std::pair<Index, Index>, int> cells;
  std::vector<boxlap::Triple<int>> triples;
  bool right = true;
  for (int n = in.below(60); n > 0; --n) {
    const auto i = static_cast<Index>(in.below(13)), j = static_cast<Index>(in.below(13));
    right = right && i < rows && j < cols && cells.count({i, j}) == 0;
    cells[{i, j}] = n;
    triples.push_back({i, j, n});
  }
  Csr<int> m;
  fuzz::require(fuzz::refused([&] { m = boxlap::make_csr(rows, cols, triples); }) != right,
                "entries out of range or given twice are refused, others are not");
  if (!right) {
    return;
  }
  const auto flipped = transpose(m);
  const auto odd = filter(m, [](Index, Index, int value) { return value % 2 == 1; });
  validate(m.view()), validate(flipped.view()), validate(odd.view());
  for (Index i = 0; i < rows; ++i) {
    for (Index j = 0; j < cols; ++j) {
      const auto found = cells.find({i, j});
      const int value = found == cells.end() ? 0 : found->second;
      fuzz::require(m.at(i, j) == value && flipped.at(j, i) == value && odd.at(i, j) == (value % 2 == 1 ? value : 0),
                    "a cell is what was put there");
    }
  }
  if (!m.col_indices.empty()) {  // one number damaged: the matrix may only stay one if it still looks like one
    auto& list = in.flag() ? m.col_indices : m.row_offsets;
    list[static_cast<std::size_t>(in.byte()) % list.size()] = static_cast<Index>(in.byte()) - 100;
    bool sound = m.row_offsets[0] == 0 && fuzz::at(m.row_offsets.back()) == m.col_indices.size();
    for (Index i = 0; i < rows; ++i) {
      sound = sound && m.row_offsets[fuzz::at(i)] <= m.row_offsets[fuzz::at(i) + 1];
    }
    for (Index i = 0; sound && i < rows; ++i) {
      for (Index k = m.row_offsets[fuzz::at(i)], last = -1; k < m.row_offsets[fuzz::at(i) + 1]; ++k) {
        sound = sound && last < m.col_indices[fuzz::at(k)] && m.col_indices[fuzz::at(k)] < cols;
        last = m.col_indices[fuzz::at(k)];
      }
    }
    fuzz::require(fuzz::refused([&] { validate(m.view()); }) != sound, "a damaged matrix is refused");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input in(data, size);
  const int types = in.below(5);
  if (types == 4) {
    check_operations(in);
    return 0;
  }
  const auto kind = static_cast<Kind>(in.below(4));
  const int threads = in.rarely(16) ? 3 : 1;
  const std::size_t most = in.rarely(16) ? 1200 : 200;
  const boxlap::OverlapOptions options{.min = in.threshold(), .threads = threads};
  if (options.min != options.min) {
    fuzz::require(fuzz::refused([&] { (void)matrix(std::vector<Box<float>>(1), kind, options); }), "no min of NaN");
  } else if (types == 0) {
    check_self(in.boxes<float>(most), kind, options);
  } else if (types == 1) {
    check_self(in.boxes<double>(most), kind, options);
  } else if (types == 2) {
    const auto a = in.boxes<float>(most);
    check_two(a, in.boxes<double>(200), kind, options);
  } else {
    const auto a = in.boxes<float>(200);
    check_two(a, in.boxes<float>(most), kind, options);
  }
  return 0;
}
