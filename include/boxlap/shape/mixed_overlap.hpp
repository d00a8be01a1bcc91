/// Overlaps between all kinds of shapes: each shape's header brings those with the kinds before it.
#pragma once

#include "box.hpp"
#include "overlap.hpp"
#include "polygon.hpp"
#include "rotated_box.hpp"
