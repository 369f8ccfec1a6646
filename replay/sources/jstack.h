// Thread dumps of HotSpot 1.4 to 25 as text: jstack, jstack -l, jcmd Thread.print, SIGQUIT in a log, and jcmd
// Thread.dump_to_file's plain text.
#pragma once

#include "replay/sources/source.h"

namespace tailback::replay {

[[nodiscard]] const Format& jstack_format();

}  // namespace tailback::replay
