#pragma once
#include "../base/range.hpp"  // moved there; this header goes with the next release
