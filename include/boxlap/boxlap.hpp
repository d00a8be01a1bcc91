/// Everything. Needs Eigen and nanoflann; core.hpp is the part that does not. Link boxlap::boxlap.
#pragma once

#include "core.hpp"
#include "eigen.hpp"
#include "pairs/center_index.hpp"
#include "raster/lee.hpp"
#include "raster/lucas_kanade.hpp"
#include "raster/window.hpp"
#include "shape/pixel_box.hpp"
#include "shape/polygon.hpp"
#include "shape/rotated_box.hpp"
#include "shape/wkt.hpp"
