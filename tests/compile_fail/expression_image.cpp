// refused: unevaluated Eigen expression. Assign it to an array first
#include <boxlap/raster/window.hpp>

using Image = Eigen::Array<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

#if defined(REFUSED)
void smooth(const Image& image, Image& out) { boxlap::moving_mean(image * 2, 3, out); }
#else
void smooth(const Image& image, Image& out) { boxlap::moving_mean(Image(image * 2), 3, out); }
#endif
