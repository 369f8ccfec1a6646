// Whether a text has its newest line first, as log viewers show and export it: each thread's header then stands below its frames.
//
// Thread safety: pure.
#pragma once

#include <string_view>

namespace tailback::replay {

/// Of the beginning of an input, with whatever stands before its lines.
[[nodiscard]] bool newest_line_first(std::string_view head);

}  // namespace tailback::replay
