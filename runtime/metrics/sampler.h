// Takes samples: all metrics of the process at one instant.
//
// The list of metrics only grows (gauges may appear while the service runs), so an id once given stays. A sample has the values
// that could be had, each with its age: a reading that was too dear to repeat, or an allocator that has not answered, leaves its last.
//
// Thread safety: one thread samples; append_new_metrics() may be called from another. No lock: the list has its room from the
// beginning, and another thread sees only what has been published.
// Cost: about 25 µs a sample (tests/bench/recorder). Once constructed it allocates nothing, not even for a new gauge: a thread may be stuck in malloc.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "runtime/incident/model.h"
#include "runtime/metrics/allocator_stats.h"
#include "runtime/metrics/async_probe.h"
#include "runtime/metrics/clock.h"
#include "runtime/metrics/gauge_board.h"
#include "runtime/metrics/metric_group.h"
#include "runtime/metrics/proc_file.h"

namespace tailback {

struct SamplerOptions {
  SystemRoot root;
  ProbeOptions probe;
  bool allocator = true;                                   ///< read heap metrics
  std::vector<std::unique_ptr<MetricGroup>> more_groups;   ///< e.g. of the lock registry
};

class Sampler {
 public:
  Sampler(SamplerOptions options, std::shared_ptr<GaugeBoard> gauges, const Clock& clock = system_clock());

  /// Fills `sample`, re-using its room. `fresh`: reads everything, whatever it costs.
  void take(Sample& sample, bool fresh = false);

  /// All metrics so far; the sampling thread's view.
  [[nodiscard]] const std::vector<MetricInfo>& metrics() const { return metrics_; }

  /// Appends to `metrics` those that it does not have yet, so that ids agree. For other threads.
  void append_new_metrics(std::vector<MetricInfo>& metrics) const;

  /// "glibc", "jemalloc", "tcmalloc"; empty: unknown, no heap metrics.
  [[nodiscard]] std::string_view allocator() const { return allocator_; }

  /// Room that a sample may need, for those who reserve it.
  [[nodiscard]] static std::size_t most_values();

 private:
  struct Group {
    std::unique_ptr<MetricGroup> reader;
    CostBudget budget;
    std::vector<MetricId> ids;
    std::vector<double> values;
    std::int64_t read_ns = 0;
  };
  void add_group(std::unique_ptr<MetricGroup> reader);
  void start_probe(ProbeOptions options);
  MetricId add_metric(std::string_view name, std::string_view unit, bool counter);
  void prepare_gauges();
  void take_heap(Sample& sample);
  void take_gauges(Sample& sample);

  const Clock& clock_;
  std::vector<Group> groups_;
  std::shared_ptr<GaugeBoard> gauges_;
  std::vector<MetricId> gauge_ids_;
  std::vector<MetricInfo> spares_;  // for gauges to come, with room for their names
  std::unique_ptr<AsyncProbe> probe_;
  std::string_view allocator_;
  MetricId heap_ids_[3], overdue_id_;
  std::vector<MetricInfo> metrics_;  // never reallocated
  std::atomic<std::size_t> published_{0};
};

}  // namespace tailback
