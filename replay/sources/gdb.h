// What gdb prints for `thread apply all bt` (plain and full) and `info threads`; gdb-based pstack and quickstack print alike.
#pragma once

#include "replay/sources/source.h"

namespace tailback::replay {

[[nodiscard]] const Format& gdb_format();

}  // namespace tailback::replay
