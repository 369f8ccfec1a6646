// Other triggers over the same recording: which would have fired, when, with how many dumps, and how long before the end.
//
// The engine is the one that runs in the service (runtime/trigger), fed from the recording.
//
// Thread safety: pure functions of values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime/incident/model.h"
#include "runtime/trigger/trigger.h"

namespace tailback::replay {

/// A dump that a trigger would have asked for.
struct AskedDump {
  std::int64_t wall_ns = 0;
  double value = 0;     ///< of the trigger's metric
  std::string cause;    ///< "opened", "grown", …
  bool useful = false;  ///< taken after the incident began, and with a tenth more of the metric than the useful one before
};

struct Firing {
  std::int64_t opened_wall_ns = 0, closed_wall_ns = 0;  ///< closed 0: still open at the end
  double value = 0, threshold = 0;
  bool before_it_began = false;  ///< fired on what the recording shows as calm
};

struct TriggerOutcome {
  std::string trigger;
  bool metric_known = true;              ///< false: no sample has its metric
  std::vector<Firing> firings;
  std::vector<AskedDump> dumps;
  std::optional<double> lead_to_end_seconds;    ///< from the first firing of the incident to the last sample
  std::optional<double> lead_to_limit_seconds;  ///< … to the memory limit

  [[nodiscard]] std::size_t useful() const;
  [[nodiscard]] const Firing* first_of_incident() const;
};

/// When a memory limit is, or would be, reached.
struct LimitReached {
  std::int64_t wall_ns = 0;
  bool extrapolated = false;
  std::string how;  ///< "in the recording", "extrapolated from the last 12 samples, +18 MiB/s", "not reached: the metric does not grow"
};

struct WhatIf {
  std::vector<TriggerOutcome> outcomes;  ///< in the order of the triggers
  std::int64_t began_wall_ns = 0;        ///< of the incident; 0: nothing grew, and no firing can be called false
  std::int64_t end_wall_ns = 0;
  std::string limit_metric;              ///< empty: no limit asked for, or no metric of memory
  double limit_bytes = 0;
  std::optional<LimitReached> limit;
};

/// `limit_bytes` 0: none. Of memory metrics the first that the recording has: rss, cgroup_usage, heap_in_use, heap_sys.
[[nodiscard]] WhatIf what_if(const Recording& recording, const std::vector<Trigger>& triggers, double limit_bytes = 0);

}  // namespace tailback::replay
