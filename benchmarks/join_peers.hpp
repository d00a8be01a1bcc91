/// Other libraries' ways to find all pairs of boxes that meet, each driven as its manual says. Border points count.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include <boxlap/base/index.hpp>
#include <boxlap/shape/box.hpp>

#if defined(BOXLAP_WITH_BOOST)
#include <boost/function_output_iterator.hpp>
#include <boost/geometry.hpp>
#include <boost/geometry/index/rtree.hpp>
#endif
#if defined(BOXLAP_WITH_CGAL)
#include <CGAL/box_intersection_d.h>
#endif
#if defined(BOXLAP_WITH_GEOS)
#include <geos/index/strtree/TemplateSTRtree.h>
#endif

namespace peers {

using boxlap::Box;
using boxlap::Index;

#if defined(BOXLAP_WITH_BOOST)
/// rtree, packed when it is made of a range; one query a box.
template <class T>
struct Boost {
  using Point = boost::geometry::model::point<T, 2, boost::geometry::cs::cartesian>;
  using Rectangle = boost::geometry::model::box<Point>;
  using Item = std::pair<Rectangle, Index>;

  static Rectangle rectangle(const Box<T>& b) { return {Point(b.x1, b.y1), Point(b.x2, b.y2)}; }

  template <bool self, class Sink>
  static void join(const std::vector<Box<T>>& a, const std::vector<Box<T>>& b, Sink& sink) {
    std::vector<Item> items;
    items.reserve(b.size());
    for (std::size_t j = 0; j < b.size(); ++j) {
      items.emplace_back(rectangle(b[j]), static_cast<Index>(j));
    }
    const boost::geometry::index::rtree<Item, boost::geometry::index::quadratic<16>> tree(items);
    for (std::size_t i = 0; i < a.size(); ++i) {
      const Index row = static_cast<Index>(i);
      tree.query(boost::geometry::index::intersects(rectangle(a[i])),
                 boost::make_function_output_iterator([&](const Item& item) {
                   if (!self || row < item.second) {
                     sink(row, item.second);
                   }
                 }));
    }
  }
};
#endif

#if defined(BOXLAP_WITH_CGAL)
/// box_intersection_d, streamed segment trees, with a cutoff below which it scans.
template <class T>
struct Cgal {
  using Handle = const Box<T>*;
  using Item = CGAL::Box_intersection_d::Box_with_handle_d<T, 2, Handle>;

  static std::vector<Item> items(const std::vector<Box<T>>& boxes) {
    std::vector<Item> result;
    result.reserve(boxes.size());
    for (const Box<T>& box : boxes) {
      T low[] = {box.x1, box.y1}, high[] = {box.x2, box.y2};
      result.emplace_back(low, high, &box);
    }
    return result;
  }

  template <bool self, class Sink>
  static void join(const std::vector<Box<T>>& a, const std::vector<Box<T>>& b, std::ptrdiff_t cutoff, Sink& sink) {
    auto ours = items(a);
    const auto row = [](const Item& item, const std::vector<Box<T>>& boxes) {
      return static_cast<Index>(item.handle() - boxes.data());
    };
    if constexpr (self) {
      CGAL::box_self_intersection_d(
          ours.begin(), ours.end(),
          [&](const Item& x, const Item& y) {
            const Index i = row(x, a), j = row(y, a);
            sink(std::min(i, j), std::max(i, j));
          },
          cutoff);
    } else {
      auto theirs = items(b);
      CGAL::box_intersection_d(
          ours.begin(), ours.end(), theirs.begin(), theirs.end(),
          [&](const Item& x, const Item& y) { sink(row(x, a), row(y, b)); }, cutoff);
    }
  }
};
#endif

#if defined(BOXLAP_WITH_GEOS)
/// TemplateSTRtree, in double; one query a box.
template <class T>
struct Geos {
  static geos::geom::Envelope envelope(const Box<T>& b) {
    return {static_cast<double>(b.x1), static_cast<double>(b.x2), static_cast<double>(b.y1), static_cast<double>(b.y2)};
  }

  template <bool self, class Sink>
  static void join(const std::vector<Box<T>>& a, const std::vector<Box<T>>& b, Sink& sink) {
    geos::index::strtree::TemplateSTRtree<Index> tree(10, b.size());
    for (std::size_t j = 0; j < b.size(); ++j) {
      tree.insert(envelope(b[j]), static_cast<Index>(j));
    }
    for (std::size_t i = 0; i < a.size(); ++i) {
      const Index row = static_cast<Index>(i);
      tree.query(envelope(a[i]), [&](Index j) {
        if (!self || row < j) {
          sink(row, j);
        }
      });
    }
  }
};
#endif

}  // namespace peers
