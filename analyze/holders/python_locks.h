// Python: waits and holds by the source alone.
//
// A dump of Python names files, lines and functions; taking a lock is C code without a frame, and no lock has an address. So a thread whose
// innermost frame stands at `with lock:` or `lock.acquire()` waits for it, and one that stands in that block holds it, as far as the source tells:
//   - a lock of the module (or a class) is one object: its one holder is `likely`;
//   - `self._lock` is one for each object: its one holder is `possible`, but for a thread that called from the block, on its own object, what
//     takes the lock again, and that waits for itself;
//   - two holders of one exclusive lock contradict each other: nobody is named.
// Where a frame's function is not the one that has its line, the source is of another version, and that file is not used.
#pragma once

#include <vector>

#include "analyze/analysis.h"

namespace tailback::analyze {

/// Adds locks, waits and inferred holds to the dump, and says so in `activities`. Returns whether it added any.
bool bind_python_locks(Recording& recording, std::size_t dump, std::vector<Activity>& activities, const AnalyzeOptions& options);

}  // namespace tailback::analyze
