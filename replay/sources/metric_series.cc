#include "replay/sources/metric_series.h"

#include <algorithm>
#include <array>
#include <optional>

#include "runtime/metrics/metric_names.h"

namespace tailback::replay {
namespace {

/// What others call our metrics, beside the names of our own page. The first of several that are in the input wins.
struct Alias {
  std::string_view theirs, ours;
  std::string_view label, value;  ///< only series with this label; empty: any
  bool sum = false;               ///< several series add up (a JVM's heap has pools)
};

constexpr std::array kAliases = std::to_array<Alias>({
    {"go_goroutines", "threads"},
    {"jvm_threads_current", "threads"},
    {"jvm_threads_live_threads", "threads"},
    {"process_threads", "threads"},
    {"process_num_threads", "threads"},
    {"go_memstats_heap_inuse_bytes", "heap_in_use"},
    {"jvm_memory_used_bytes", "heap_in_use", "area", "heap", true},
    {"jvm_memory_bytes_used", "heap_in_use", "area", "heap", true},
    {"go_memstats_heap_sys_bytes", "heap_sys"},
    {"jvm_memory_committed_bytes", "heap_sys", "area", "heap", true},
    {"jvm_memory_bytes_committed", "heap_sys", "area", "heap", true},
    {"go_memstats_heap_alloc_bytes", "heap_allocated"},
    {"container_memory_working_set_bytes", "cgroup_usage"},
    {"container_spec_memory_limit_bytes", "cgroup_limit"},
});

const Alias* find_alias(const SeriesName& series) {
  for (const Alias& alias : kAliases) {
    if (alias.theirs != series.name) continue;
    if (alias.label.empty()) return &alias;
    for (const auto& [label, value] : series.labels) {
      if (label == alias.label && value == alias.value) return &alias;
    }
  }
  return nullptr;
}

std::size_t rank(std::string_view theirs) {
  for (std::size_t i = 0; i < kAliases.size(); ++i) {
    if (kAliases[i].theirs == theirs) return i;
  }
  return kAliases.size();
}

/// `"` and `\` as the text page writes them.
std::string escaped(std::string_view value) {
  std::string text;
  for (const char c : value) {
    if (c == '"' || c == '\\') text.push_back('\\');
    text.push_back(c);
  }
  return text;
}

/// The name as it is stored where it is none of ours: `http_requests_total{code="200"}`.
std::string own_name(const SeriesName& series) {
  std::string name = series.name;
  char open = '{';
  for (const auto& [label, value] : series.labels) {
    if (label == "instance" || label == "job") continue;
    name.push_back(open);
    name.append(label).append("=\"").append(escaped(value)).append("\"");
    open = ',';
  }
  if (open == ',') name.push_back('}');
  return name;
}

std::string instance_of(const SeriesName& series) {
  for (const std::string_view key : {"instance", "pod"}) {
    for (const auto& [label, value] : series.labels) {
      if (label == key) return value;
    }
  }
  return {};
}

std::string_view unit_of(std::string_view name) {
  name = name.substr(0, name.find('{'));
  if (name.ends_with("_total")) name.remove_suffix(6);
  if (name.ends_with("_bytes")) return "bytes";
  if (name.ends_with("_seconds")) return "seconds";
  if (name.ends_with("_ratio")) return "ratio";
  return "count";
}

}  // namespace

void MetricSeries::add(const SeriesName& series, std::int64_t wall_ns, double value) {
  // A histogram's buckets are many and say nothing of threads or memory.
  if (series.name.ends_with("_bucket")) return diagnose(Severity::kInformation, 0, "buckets of histograms are not read");
  if (points_++ >= options_.maximum_points) return diagnose(Severity::kError, 0, "more than " + std::to_string(options_.maximum_points) + " values; the rest was left out");
  Instance& instance = instances_[instance_of(series)];
  const Alias* alias = find_alias(series);
  std::string name;
  if (alias != nullptr) {
    name = alias->ours;
  } else {
    const auto known = known_metrics();
    const auto own = std::find_if(known.begin(), known.end(), [&](const KnownMetric& m) { return m.prometheus == series.name; });
    name = own != known.end() ? std::string(own->name) : own_name(series);
  }
  Metric* metric = &instance[name];
  if (metric->source_name.empty()) metric->source_name = series.name;
  if (metric->source_name != series.name) {  // another of the input's metrics means the same: the better one gets the name
    if (rank(series.name) < rank(metric->source_name)) {
      std::swap(instance[metric->source_name], *metric);
      metric->source_name = series.name;
    } else {
      metric = &instance[own_name(series)];
      metric->source_name = series.name;
    }
  }
  double& at = metric->points[wall_ns];
  at = alias != nullptr && alias->sum ? at + value : value;
}

void MetricSeries::diagnose(Severity severity, std::uint64_t line, std::string_view reason) {
  const auto known = std::find_if(diagnostics_.begin(), diagnostics_.end(), [&](const Diagnostic& d) { return d.reason == reason; });
  if (known != diagnostics_.end()) ++known->count;
  else diagnostics_.push_back({severity, options_.file, line, std::string(reason), 1});
}

void MetricSeries::finish() {
  if (instances_.empty()) instances_[""];
  for (auto& [label, instance] : instances_) {
    RecordingInfo info;
    info.source = source_;
    info.file = options_.file;
    // One instance alone is the one that the other inputs are about, whatever the scraper called it.
    info.instance = instances_.size() == 1 || label.empty() ? options_.instance : label;
    Recording& recording = sink_.begin(info);
    std::map<std::int64_t, Sample> samples;
    for (const auto& [name, metric] : instance) {
      const KnownMetric* known = find_known_metric(name);
      const bool counter = known != nullptr ? known->counter : counters_.contains(metric.source_name) || metric.source_name.ends_with("_total");
      const MetricId id = recording.metric(name, known != nullptr ? known->unit : unit_of(name), counter);
      for (const auto& [wall_ns, value] : metric.points) {
        Sample& sample = samples[wall_ns];
        sample.wall_ns = wall_ns;
        sample.values.push_back({id, value, 0});
      }
    }
    for (auto& [wall_ns, sample] : samples) sink_.sample(std::move(sample));
    for (const Diagnostic& diagnostic : diagnostics_) sink_.diagnostic(diagnostic);
    diagnostics_.clear();
    sink_.end();
  }
}

}  // namespace tailback::replay
