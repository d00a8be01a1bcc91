// refused: this output cannot be written to
#include <boxlap/raster/window.hpp>

using Image = Eigen::Array<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

#if defined(REFUSED)
void smooth(const Image& image, const Image& out) { boxlap::moving_mean(image, 3, out); }
#else
void smooth(const Image& image, Image& out) { boxlap::moving_mean(image, 3, out); }
#endif
