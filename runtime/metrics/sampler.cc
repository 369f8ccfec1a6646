#include "runtime/metrics/sampler.h"

#include <cmath>

#include "runtime/metrics/cgroup.h"
#include "runtime/metrics/metric_names.h"
#include "runtime/metrics/process_groups.h"

namespace tailback {
namespace {

class AllocatorReader final : public AsyncProbe::Reader {
 public:
  explicit AllocatorReader(std::unique_ptr<AllocatorStats> stats) : stats_(std::move(stats)) {}

  void read(AsyncProbe::Values& values) override {
    const HeapReading reading = stats_->read();
    values = {reading.in_use, reading.allocated, reading.from_system, 0};
  }

 private:
  std::unique_ptr<AllocatorStats> stats_;
};

}  // namespace

std::size_t Sampler::most_values() { return known_metrics().size() + GaugeBoard::kMost; }

Sampler::Sampler(SamplerOptions options, std::shared_ptr<GaugeBoard> gauges, const Clock& clock)
    : clock_(clock), gauges_(std::move(gauges)) {
  metrics_.reserve(most_values());
  add_group(make_threads_group(options.root));
  add_group(make_threads_limit_group(options.root));
  for (std::unique_ptr<MetricGroup>& group : options.more_groups) add_group(std::move(group));
  add_group(make_memory_group(options.root));
  add_group(make_files_group(options.root));
  add_group(make_usage_group());
  add_group(make_cgroup_group(options.root));
  add_group(make_pressure_group(options.root));
  if (options.allocator) start_probe(options.probe);
  prepare_gauges();
}

void Sampler::add_group(std::unique_ptr<MetricGroup> reader) {
  Group group;
  for (const std::string_view name : reader->names()) {
    const KnownMetric* const known = find_known_metric(name);
    group.ids.push_back(known != nullptr ? add_metric(name, known->unit, known->counter) : add_metric(name, "count", false));
  }
  group.values.resize(group.ids.size(), std::nan(""));
  group.reader = std::move(reader);
  groups_.push_back(std::move(group));
}

void Sampler::start_probe(ProbeOptions options) {
  std::unique_ptr<AllocatorStats> stats = find_allocator_stats();
  if (stats == nullptr) return;
  allocator_ = stats->allocator();
  probe_ = AsyncProbe::start("tailback-heap", std::make_unique<AllocatorReader>(std::move(stats)), options, clock_);
  if (probe_ == nullptr) return;
  heap_ids_[0] = add_metric("heap_in_use", "bytes", false);
  heap_ids_[1] = add_metric("heap_allocated", "bytes", false);
  heap_ids_[2] = add_metric("heap_sys", "bytes", false);
  overdue_id_ = add_metric("allocator_lock_held", "count", false);
}

void Sampler::prepare_gauges() {
  gauge_ids_.reserve(GaugeBoard::kMost);
  spares_.resize(GaugeBoard::kMost);
  for (MetricInfo& spare : spares_) {
    spare.name.reserve(GaugeBoard::kMostName);
    spare.unit.reserve(GaugeBoard::kMostUnit);
  }
}

/// Into a spare's room, once there are spares.
MetricId Sampler::add_metric(std::string_view name, std::string_view unit, bool counter) {
  MetricInfo info;
  if (!spares_.empty()) {
    info = std::move(spares_.back());
    spares_.pop_back();
  }
  info.name.assign(name);
  info.unit.assign(unit);
  info.counter = counter;
  metrics_.push_back(std::move(info));
  published_.store(metrics_.size(), std::memory_order_release);
  return {static_cast<std::uint32_t>(metrics_.size() - 1)};
}

void Sampler::append_new_metrics(std::vector<MetricInfo>& metrics) const {
  const std::size_t count = published_.load(std::memory_order_acquire);
  for (std::size_t i = metrics.size(); i < count; ++i) metrics.push_back(metrics_[i]);
}

void Sampler::take(Sample& sample, bool fresh) {
  // Asked first, so that an allocator at ease has answered by the time that the rest is read.
  if (probe_) probe_->ask();
  sample.values.clear();
  sample.wall_ns = clock_.wall_ns();
  sample.mono_ns = clock_.mono_ns();
  for (Group& group : groups_) {
    const std::int64_t begin = clock_.mono_ns();
    if (fresh || group.budget.due(begin)) {
      group.reader->read(group.values);
      group.read_ns = begin;
      group.budget.spent(begin, clock_.mono_ns());
    }
    for (std::size_t i = 0; i < group.ids.size(); ++i) {
      if (std::isnan(group.values[i])) continue;
      sample.values.push_back({group.ids[i], group.values[i], std::max<std::int64_t>(0, sample.mono_ns - group.read_ns)});
    }
  }
  take_gauges(sample);
  if (probe_) take_heap(sample);
}

void Sampler::take_gauges(Sample& sample) {
  const std::size_t count = gauges_->size();
  while (gauge_ids_.size() < count) {
    const GaugeCell& cell = gauges_->at(gauge_ids_.size());
    gauge_ids_.push_back(add_metric(cell.name, cell.unit, cell.counter));
  }
  for (std::size_t i = 0; i < count; ++i) {
    const double value = gauges_->at(i).value.load(std::memory_order_relaxed);
    if (!std::isnan(value)) sample.values.push_back({gauge_ids_[i], value, 0});
  }
}

void Sampler::take_heap(Sample& sample) {
  const AsyncProbe::Answer answer = probe_->answer();
  for (std::size_t i = 0; answer.have_values && i < std::size(heap_ids_); ++i) {
    if (!std::isnan(answer.values[i])) sample.values.push_back({heap_ids_[i], answer.values[i], answer.age_ns});
  }
  sample.values.push_back({overdue_id_, answer.overdue ? 1.0 : 0.0, 0});
}

}  // namespace tailback
