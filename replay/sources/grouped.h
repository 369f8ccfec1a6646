// Goroutine dumps that another tool has grouped already: panicparse's text, goroutine-inspect's, and the like. A row stands for
// as many goroutines as its header counts.
#pragma once

#include "replay/sources/source.h"

namespace tailback::replay {

[[nodiscard]] const Format& panicparse_format();
[[nodiscard]] const Format& grouped_goroutines_format();

}  // namespace tailback::replay
