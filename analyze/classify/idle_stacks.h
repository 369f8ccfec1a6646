// The registry of idle stacks: what waits for work, for time to pass or for the outside, as it should.
//
// A dump of a service that is well is full of threads that wait. Those that stand as one of these entries says are idle: they hold nothing up, take no part in
// deadlocks, and are reported as idle. What the registry can't know, a recording teaches: stacks of dumps of which nothing was found count as normal as
// well (findings/rules.h, History).
//
// To extend it, add a line to the table in idle_stacks.cc, and a line to its test.
#pragma once

#include <string_view>

#include "analyze/classify/activity.h"
#include "analyze/classify/runtime_rules.h"

namespace tailback::analyze {

/// Whether a thread that does `kind` in `state` (as its source prints it) stands as the registry says. Looked at are the frames from the innermost one to the
/// first of the program's own: what an executor calls may wait for anything.
[[nodiscard]] bool is_idle(const RuntimeRules& rules, const StackTable& table, const ThreadView& thread, ActivityKind kind, std::string_view state);

}  // namespace tailback::analyze
