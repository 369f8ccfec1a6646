// What `tailback replay locks` reads: a `.locks` scenario, an STD trace, or the lock events of a recording.
#pragma once

#include <optional>
#include <string>

#include "analyze/report/locks_report.h"
#include "replay/schedule/trace.h"

namespace tailback::cli {

struct LockInput {
  replay::Program program;              ///< of a scenario; of a trace only after to_program()
  std::optional<replay::Trace> trace;   ///< none: a scenario
  analyze::LocksInput about;
};

/// Recognises what `path` ("-": standard input) is. Several recordings of one file: the one with the most lock events.
[[nodiscard]] Result<LockInput> read_lock_input(const std::string& path);

/// Gives a trace's `program` its threads' steps in the recorded order. Fails beyond a size that can be shown.
[[nodiscard]] Result<void> to_program(LockInput& input);

}  // namespace tailback::cli
