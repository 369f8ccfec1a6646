// The events of a recording in the order in which they happened: what the player plays.
//
// Samples and dumps are in time order already; a breach comes before the sample or dump of its time, an event without a time keeps its place.
//
// Thread safety: pure functions of values; the recording must outlive the timeline.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/incident/model.h"

namespace tailback::replay {

enum class EntryKind : std::uint8_t { kSample, kBreachOpened, kBreachClosed, kDump };

struct TimelineEntry {
  EntryKind kind = EntryKind::kSample;
  std::int64_t wall_ns = 0;  ///< 0: unknown
  std::size_t index = 0;     ///< into the recording's samples, breaches or dumps
};

[[nodiscard]] std::vector<TimelineEntry> timeline_of(const Recording& recording);

/// The threads of a dump by the first function of the program's own that they stand in, the largest first: the player's groups. Interpretation
/// (which lock, why) is analyze/'s.
struct FunctionCount {
  std::string function;  ///< "main.(*HashSet).AddOne"; "no stack"
  std::uint64_t threads = 0;
};
[[nodiscard]] std::vector<FunctionCount> functions_of(const Recording& recording, const Dump& dump);

/// The first function of the program's own on a stack, as far as names tell; "no stack".
[[nodiscard]] std::string own_function(const Recording& recording, StackId stack);

/// The metric's values over time: (seconds since `origin_ns`, value) of the samples that have it.
struct Series {
  std::vector<double> seconds, values;
  std::vector<std::size_t> samples;  ///< index into Recording::samples
};
[[nodiscard]] Series series_of(const Recording& recording, MetricId metric);

}  // namespace tailback::replay
