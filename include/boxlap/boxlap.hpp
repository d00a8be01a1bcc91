/// Everything. Needs Eigen and nanoflann; core.hpp is the part that does not. Link boxlap::boxlap.
#pragma once

#include "core.hpp"
#include "eigen.hpp"
#include "shape/rotated_box.hpp"
