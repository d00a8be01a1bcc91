#pragma once
#include "detection.hpp"  // moved there; this header goes with the next release
