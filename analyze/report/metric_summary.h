// What the metrics of a recording did, and how they stood at each dump.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/incident/model.h"

namespace tailback::analyze {

struct MetricAtDump {
  std::size_t dump = 0;  ///< index into Recording::dumps
  double value = 0;
};

struct MetricSummary {
  MetricId metric;
  double first = 0, last = 0, min = 0, max = 0;
  std::vector<MetricAtDump> at_dumps;  ///< of the dumps that have a sample near enough
};

/// Metrics that have a value in at least one sample, in the order of Recording::metrics.
[[nodiscard]] std::vector<MetricSummary> metric_summaries(const Recording& recording);

}  // namespace tailback::analyze
