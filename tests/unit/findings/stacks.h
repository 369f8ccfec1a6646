// Dumps written as text, for tests of what is read from stacks.
//
//     34 [semacquire] 120s
//       sync.runtime_SemacquireMutex(0xc0000b4014)
//       sync.(*RWMutex).RLock()
//       main.(*HashSet).Size(0xc0000b4008) hashset.go:43
//
// One paragraph a thread, "ID [state] how long, xCOUNT". A frame is function, argument words (`?`: may be stale, `name=`: named), place.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "analyze/analysis.h"

namespace tailback::analyze::testing {

/// Adds one dump to the recording.
Dump& add_dump(Recording& recording, std::string_view text);

[[nodiscard]] Recording recording_of(Runtime runtime, std::string_view text);

/// Threads `from` up to, not including, `to`, all with these frames ("[state]\nframe\n…").
[[nodiscard]] std::string many(int from, int to, std::string_view frames);

/// As analyze() does it, up to the findings.
[[nodiscard]] std::vector<Finding> findings_of(Recording& recording);
[[nodiscard]] bool has(const std::vector<Finding>& findings, FindingKind kind);

}  // namespace tailback::analyze::testing
