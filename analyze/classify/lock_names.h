// Names the locks of a native recording that have no name, by the member of the class whose functions wait for them.
//
// A name is given only where it can be no other: all the functions that wait for the lock belong to classes with one lock member of its kind, the same for all.
#pragma once

#include "runtime/incident/model.h"

namespace tailback::analyze {

/// Reads the executables and libraries that the recording names, where they are on this machine and are the same build.
void name_locks(Recording& recording);

}  // namespace tailback::analyze
