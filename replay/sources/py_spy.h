// What `py-spy dump` prints of Python threads, as text and as JSON.
#pragma once

#include "replay/sources/source.h"

namespace tailback::replay {

[[nodiscard]] const Format& py_spy_format();
[[nodiscard]] const Format& py_spy_json_format();

}  // namespace tailback::replay
