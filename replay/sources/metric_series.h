// Series of metrics, as Prometheus keeps them, turned into samples: all metrics of one instant together, under tailback's names.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "replay/sources/source.h"

namespace tailback::replay {

/// A series' name and labels: {__name__="go_goroutines", instance="10.0.0.1:80"}.
struct SeriesName {
  std::string name;
  std::vector<std::pair<std::string, std::string>> labels;
};

/// Collects points in any order; finish() yields one recording for each instance, its samples in time order.
///
/// go_goroutines and process_threads become `threads`, process_resident_memory_bytes `rss`, go_memstats_heap_inuse_bytes
/// `heap_in_use` and so on (metric_series.cc has the table); other names stay, with their labels. Where two of the input's metrics mean
/// one of ours, the one that stands first in the table is it.
class MetricSeries {
 public:
  MetricSeries(const ReadOptions& options, EventSink& sink, std::string_view source) : options_(options), sink_(sink), source_(source) {}

  void add(const SeriesName& series, std::int64_t wall_ns, double value);
  void declare_counter(std::string_view name) { counters_.emplace(name, true); }
  void diagnose(Severity severity, std::uint64_t line, std::string_view reason);
  void finish();

 private:
  struct Metric {
    std::string source_name;
    std::map<std::int64_t, double> points;
  };
  using Instance = std::map<std::string, Metric>;  ///< by the name that it is stored under

  ReadOptions options_;
  EventSink& sink_;
  std::string source_;
  std::size_t points_ = 0;
  std::map<std::string, Instance> instances_;
  std::map<std::string, bool, std::less<>> counters_;
  std::vector<Diagnostic> diagnostics_;
};

}  // namespace tailback::replay
