// The umbrella before the core, and single headers after both.
#include <boxlap/boxlap.hpp>
//
#include <boxlap/core.hpp>
//
#include <boxlap/pairs/csr.hpp>
#include <boxlap/shape/box.hpp>

static_assert(boxlap::Shape<boxlap::Box<float>>);
