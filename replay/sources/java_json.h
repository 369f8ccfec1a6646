// `jcmd PID Thread.dump_to_file -format=json FILE`, JDK 21 and later.
#pragma once

#include "replay/sources/source.h"

namespace tailback::replay {

[[nodiscard]] const Format& java_json_format();

}  // namespace tailback::replay
