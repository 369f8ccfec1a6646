// A signal handler that asks for what the code under it had: malloc in a handler that came amid malloc waits for ever.
//
// glibc's allocator and its time zones keep locks of their own in a few functions, of which a debugger prints the names and no more. Who is
// interrupted in one of them has the lock as good as surely; who is interrupted in the function that asks for it in the handler may have it.
#pragma once

#include "runtime/incident/model.h"

namespace tailback::analyze {

/// Adds the holds. Only locks of which no holder is known.
void add_interrupted_holds(Recording& recording, Dump& dump);

}  // namespace tailback::analyze
