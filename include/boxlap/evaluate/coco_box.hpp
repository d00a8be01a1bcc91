/// COCO's box, Xywh, as a shape: see shape/box.hpp, which has all of it.
#pragma once

#include "../shape/box.hpp"
