// The Linux kernel's log: hung tasks, soft lockups, sysrq-t and -w, lockdep's reports and lists of locks held.
#pragma once

#include "replay/sources/source.h"

namespace tailback::replay {

[[nodiscard]] const Format& kernel_log_format();

}  // namespace tailback::replay
