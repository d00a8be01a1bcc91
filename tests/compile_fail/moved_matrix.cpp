// refused: a_temporary_matrix_is_gone_before_its_rows_are_read
#include <boxlap/eigen.hpp>

std::size_t rows(Eigen::MatrixX4f& matrix) {
#if defined(REFUSED)
  return boxlap::as_boxes(std::move(matrix)).size();
#else
  return boxlap::as_boxes(matrix).size();
#endif
}
