#pragma once
#include "../base/index.hpp"  // moved there; this header goes with the next release
