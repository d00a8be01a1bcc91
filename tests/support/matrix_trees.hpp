/// The trees of a join of boxes, to try the ways in which it becomes a matrix.
#pragma once

#include <boxlap/pairs/overlaps.hpp>

#include <vector>

namespace boxlap {

/// As overlap_matrix() makes them.
template <class T>
class MatrixTrees {
 public:
  MatrixTrees(const std::vector<Box<T>>& a, const std::vector<Box<T>>& b, detail::Team& team)
      : a_(a, "a"), b_(b, "b"), trees_(a_, &b_, detail::plan_matrix(a_, b_), team) {}
  [[nodiscard]] detail::TreeJoin<false, T> join(const detail::BoxQuery<T>& query = {}) const {
    return {trees_.a(), trees_.b(), query};
  }
  [[nodiscard]] const detail::PackedTree<T>& a() const { return trees_.a(); }

 private:
  detail::JoinSide<T> a_, b_;
  detail::JoinTrees<T> trees_;
};

}  // namespace boxlap
