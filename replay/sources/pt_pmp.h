// Stacks collapsed to one line: pt-pmp's and poor man's profiler's "    276 pthread_mutex_lock,open_table,…", and quickstack -s.
#pragma once

#include "replay/sources/source.h"

namespace tailback::replay {

[[nodiscard]] const Format& pt_pmp_format();

}  // namespace tailback::replay
