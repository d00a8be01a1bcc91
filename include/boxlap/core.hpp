/// The axis-aligned path from boxes to a report, with nothing but the standard library. Link boxlap::core.
///
/// Words and ranges, Box and its overlap ratios, the join and its sparse matrices, nms, matching, recall and precision.
/// Kept to what most files need, so that it compiles in less than twice the time of <vector> and <algorithm>; soft and
/// merging nms, COCO's and VOC's evaluation and the other shapes have headers of their own, and boxlap.hpp has them
/// all.
#pragma once

#include "base/index.hpp"
#include "base/range.hpp"
#include "evaluate/detection.hpp"
#include "match/anchors.hpp"
#include "match/assign.hpp"
#include "match/assign_dense.hpp"
#include "match/greedy.hpp"
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
