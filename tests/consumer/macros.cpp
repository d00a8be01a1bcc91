// What <windows.h> does to those who forget NOMINMAX.
#define min(a, b) (((a) < (b)) ? (a) : (b))
#define max(a, b) (((a) > (b)) ? (a) : (b))

#include <boxlap/boxlap.hpp>

float with_macros(const boxlap::Box<float>& a, const boxlap::Box<float>& b) { return boxlap::iou(a, b); }
