// javacore files of IBM Java and Eclipse OpenJ9.
#pragma once

#include "replay/sources/source.h"

namespace tailback::replay {

[[nodiscard]] const Format& javacore_format();

}  // namespace tailback::replay
