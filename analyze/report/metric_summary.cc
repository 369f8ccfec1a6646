#include "analyze/report/metric_summary.h"

#include <algorithm>
#include <optional>

#include "analyze/trend/sample_at.h"

namespace tailback::analyze {

std::vector<MetricSummary> metric_summaries(const Recording& recording) {
  std::vector<std::optional<MetricSummary>> by_metric(recording.metrics.size());
  for (const Sample& sample : recording.samples) {
    for (const MetricValue& value : sample.values) {
      if (value.metric.index >= by_metric.size()) continue;
      std::optional<MetricSummary>& summary = by_metric[value.metric.index];
      if (!summary) summary = MetricSummary{value.metric, value.value, value.value, value.value, value.value, {}};
      summary->last = value.value;
      summary->min = std::min(summary->min, value.value);
      summary->max = std::max(summary->max, value.value);
    }
  }
  std::vector<MetricSummary> summaries;
  for (std::optional<MetricSummary>& summary : by_metric) {
    if (summary) summaries.push_back(std::move(*summary));
  }
  for (std::size_t dump = 0; dump < recording.dumps.size(); ++dump) {
    const Sample* sample = sample_at(recording, recording.dumps[dump].wall_ns);
    for (MetricSummary& summary : summaries) {
      const std::optional<double> value = sample ? sample->value(summary.metric) : std::nullopt;
      if (value) summary.at_dumps.push_back({dump, *value});
    }
  }
  return summaries;
}

}  // namespace tailback::analyze
