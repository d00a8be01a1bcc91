// refused: pixels are bool, integers, float or double
#include <boxlap/raster/stream.hpp>

#if defined(REFUSED)
boxlap::MomentsStream<long double> stream(5, 3);
#else
boxlap::MomentsStream<double> stream(5, 3);
#endif
