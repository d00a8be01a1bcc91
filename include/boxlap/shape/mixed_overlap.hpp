/// Overlaps between all kinds of shapes. Includes the headers of the shapes, which bring the overlaps, and has no code.
#pragma once

#include "box.hpp"
#include "overlap.hpp"
#include "polygon.hpp"
#include "rotated_box.hpp"
