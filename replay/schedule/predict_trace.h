// Deadlocks that a recorded trace did not have but another order of the same operations would.
//
// Three walks over the trace: the first collects the different requests and finds rings among them (memory bounded by how many different ones there are; a
// trace without rings ends here); the second looks for a reordering that brings a ring's threads to their requests (closure.h), in windows of bounded size; the
// third replays what was found (witness.h). What is not confirmed by the replay is not reported, and
// no deadlock from a trace with gaps: its replay would confirm what only seems to be held.
//
// Thread safety: none.
#pragma once

#include "replay/schedule/predict.h"
#include "replay/schedule/trace.h"

namespace tailback::replay {

struct PredictTraceOptions {
  PredictOptions predict;
  std::uint64_t window_sections = 4'000'000;  ///< critical sections in memory at once
  std::uint64_t combinations = 20'000;        ///< of threads tried for one ring and window
  std::uint64_t work = 200'000'000;           ///< events and sections looked at for one ring and window
};

[[nodiscard]] PredictReport predict(const TraceStream& trace, const PredictTraceOptions& options = {});

}  // namespace tailback::replay
