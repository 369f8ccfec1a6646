// The breaches that a recording would have had, had the recorder been there: the same engine that runs in the service, over the samples
// and dumps of a log.
//
// A dump is a sample too: it tells how many threads there were, and whether some of them deadlocked. Between samples the other metrics count as they were.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/incident/model.h"
#include "runtime/trigger/engine.h"

namespace tailback::replay {

struct TriggerEvaluation {
  std::vector<Breach> breaches;     ///< in the order of their opening
  std::uint64_t dumps_asked = 0;    ///< how many dumps the engine would have taken
  std::vector<std::pair<std::string, std::uint64_t>> not_dumped;  ///< by reason, as recorders count them
};

/// `deadlocks`: how many deadlocks each dump shows, by its index; empty: unknown. The dumps get the breach that was open when they were
/// taken, and its trigger as their reason where they have none.
[[nodiscard]] TriggerEvaluation evaluate_triggers(Recording& recording, std::vector<Trigger> triggers,
                                                  const std::vector<std::uint64_t>& deadlocks);

/// Whether the sample comes first: by time; an event without a time keeps its place, and a sample goes before the dump taken for it.
[[nodiscard]] bool sample_comes_first(const Sample& sample, const Dump& dump);

}  // namespace tailback::replay
