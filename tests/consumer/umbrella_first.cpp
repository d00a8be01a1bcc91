// The umbrella before the core, and single headers after both.
#include <boxlap/boxlap.hpp>
//
#include <boxlap/core.hpp>
//
#include <boxlap/shape/box.hpp>
#include <boxlap/pairs/csr.hpp>

static_assert(boxlap::Shape<boxlap::Box<float>>);
