/// The axis-aligned path from boxes to a report, with nothing but the standard library. Link boxlap::core.
///
/// Words and ranges, Box and its overlap ratios, the join and its sparse matrices, nms, matching, evaluation. The other
/// shapes have headers of their own in shape/, what needs Eigen or nanoflann too: boxlap.hpp has all of them.
#pragma once

#include "core/index.hpp"
#include "core/range.hpp"
#include "evaluate/detection.hpp"
#include "match/assign.hpp"
#include "nms/batched.hpp"
#include "nms/nms.hpp"
#include "nms/select.hpp"
#include "pairs/csr.hpp"
#include "pairs/join.hpp"
#include "pairs/overlaps.hpp"
#include "pairs/shape_index.hpp"
#include "shape/box.hpp"
#include "shape/overlap.hpp"
#include "shape/point.hpp"
#include "shape/shape.hpp"
