// refused: needs float or double: turn integer boxes into Box
#include <boxlap/shape/box.hpp>

#if defined(REFUSED)
boxlap::Box<int> box;
#else
boxlap::Box<float> box;
#endif
