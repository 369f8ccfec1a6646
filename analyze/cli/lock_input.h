// What `tailback replay locks` reads: a `.locks` scenario, an STD trace, or the lock events of a recording; compressed or from a pipe too.
//
// A trace stays in its file and is walked there: nothing here grows with the number of events.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "analyze/report/locks_report.h"
#include "replay/schedule/trace.h"
#include "replay/sources/spooled_file.h"

namespace tailback::cli {

struct LockInput {
  replay::Program program;                      ///< of a scenario; of a trace only after to_program()
  std::unique_ptr<replay::TraceStream> trace;   ///< none: a scenario
  std::optional<std::size_t> recording;         ///< of an incident file that is there as such: which one, 0-based
  std::optional<replay::SpooledFile> spooled;   ///< where the trace is, if it came from a pipe or compressed
  analyze::LocksInput about;
};

/// Recognises what `path` ("-": standard input) is. Several recordings of one file: the one with the most lock events.
[[nodiscard]] Result<LockInput> read_lock_input(const std::string& path);

/// For what needs a whole interleaving at once: gives a trace's `program` its threads' steps in the recorded order, and `trace` becomes the same in memory. Only
/// the last `most` events, which is said in `about` where there are more.
void to_program(LockInput& input, std::uint64_t most);

}  // namespace tailback::cli
