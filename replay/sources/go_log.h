// Go's tracebacks of all goroutines, and the log around them: runtime.Stack, pprof debug=2, SIGQUIT, panics, fatal errors.
//
// Also reads the counted profile (debug=1) where it stands in the same text; see go_profile.h.
#pragma once

#include "replay/sources/source.h"

namespace tailback::replay {

[[nodiscard]] const Format& go_log_format();

}  // namespace tailback::replay
