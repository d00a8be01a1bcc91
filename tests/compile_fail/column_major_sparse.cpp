// refused: only_a_named_row_major_matrix_with_int_indices
#include <boxlap/eigen.hpp>

#if defined(REFUSED)
using Sparse = Eigen::SparseMatrix<float>;
#else
using Sparse = Eigen::SparseMatrix<float, Eigen::RowMajor>;
#endif

boxlap::Index rows(const Sparse& matrix) { return boxlap::as_csr(matrix).rows; }
