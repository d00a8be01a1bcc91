// What <windows.h> does to those who forget NOMINMAX: the standard headers come first, then the macros, then ours.
#include <Eigen/Core>
#include <Eigen/SparseCore>
#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <limits>
#include <map>
#include <memory>
#include <nanoflann.hpp>
#include <numbers>
#include <numeric>
#include <optional>
#include <queue>
#include <span>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#define min(a, b) (((a) < (b)) ? (a) : (b))
#define max(a, b) (((a) > (b)) ? (a) : (b))

#include <boxlap/boxlap.hpp>

float with_macros(const boxlap::Box<float>& a, const boxlap::Box<float>& b) { return boxlap::iou(a, b); }
