// What recording costs while nothing goes wrong: one sample, one decision, one stored sample.
#include <benchmark/benchmark.h>
#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <semaphore>
#include <vector>

#include "runtime/incident/incident_writer.h"
#include "runtime/metrics/cgroup.h"
#include "runtime/metrics/process_groups.h"
#include "runtime/metrics/sampler.h"
#include "runtime/trigger/engine.h"

namespace {

using namespace tailback;

/// Threads that wait until the end.
class Crowd {
 public:
  explicit Crowd(std::int64_t count) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 64 * 1024);
    for (std::int64_t i = 0; i < count; ++i) {
      pthread_t thread{};
      if (pthread_create(&thread, &attributes, wait, &leave_) != 0) break;
      threads_.push_back(thread);
    }
    pthread_attr_destroy(&attributes);
  }
  ~Crowd() {
    leave_.release(static_cast<std::ptrdiff_t>(threads_.size()));
    for (const pthread_t thread : threads_) pthread_join(thread, nullptr);
  }
  [[nodiscard]] std::size_t size() const { return threads_.size(); }

 private:
  static void* wait(void* leave) {
    static_cast<std::counting_semaphore<>*>(leave)->acquire();
    return nullptr;
  }
  std::counting_semaphore<> leave_{0};
  std::vector<pthread_t> threads_;
};

/// Time that stands while a sample is taken and goes on a second between two, so that no budget holds a reading back.
class SteppingClock final : public Clock {
 public:
  std::int64_t mono_ns() const override { return now; }
  std::int64_t wall_ns() const override { return now; }
  std::int64_t now = 1'000'000'000;
};

/// One sample with every reading in it, as it is once a second.
void one_sample(benchmark::State& state) {
  const Crowd crowd(state.range(0));
  SteppingClock clock;
  Sampler sampler({}, std::make_shared<GaugeBoard>(), clock);
  Sample sample;
  for (auto _ : state) {
    clock.now += 1'000'000'000;
    sampler.take(sample);
  }
  state.counters["threads"] = static_cast<double>(crowd.size());
  state.counters["values"] = static_cast<double>(sample.values.size());
}
BENCHMARK(one_sample)->Arg(10)->Arg(1000)->Arg(10000);

/// The readings one by one. What grows with the number of threads is what the budget holds back in a real recorder.
template <class Make>
void one_group(benchmark::State& state, Make make) {
  const Crowd crowd(state.range(0));
  const std::unique_ptr<MetricGroup> group = make();
  std::vector<double> values(group->names().size());
  for (auto _ : state) group->read(values);
}
BENCHMARK_CAPTURE(one_group, memory, [] { return make_memory_group({}); })->Arg(10)->Arg(10000);
BENCHMARK_CAPTURE(one_group, threads, [] { return make_threads_group({}); })->Arg(10)->Arg(10000);
BENCHMARK_CAPTURE(one_group, open_files, [] { return make_files_group({}); })->Arg(10)->Arg(10000);
BENCHMARK_CAPTURE(one_group, usage, [] { return make_usage_group(); })->Arg(10)->Arg(10000);
BENCHMARK_CAPTURE(one_group, cgroup, [] { return make_cgroup_group({}); })->Arg(10)->Arg(10000);
BENCHMARK_CAPTURE(one_group, pressure, [] { return make_pressure_group({}); })->Arg(10)->Arg(10000);

/// A sample into the incident file, committed.
void stored_sample(benchmark::State& state) {
  const std::string path = (std::filesystem::temp_directory_path() / ("bench-" + std::to_string(::getpid()) + ".tailback")).string();
  auto writer = IncidentWriter::open(path);
  if (!writer) return state.SkipWithError(writer.error().to_string().c_str());
  Recording& recording = writer.value()->begin({});
  Sampler sampler({}, std::make_shared<GaugeBoard>());
  sampler.append_new_metrics(recording.metrics);
  Sample sample;
  sampler.take(sample);
  for (auto _ : state) {
    sample.wall_ns += 1'000'000;
    sample.mono_ns += 1'000'000;
    writer.value()->sample(sample);
  }
  writer.value().reset();
  for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path + suffix);
}
BENCHMARK(stored_sample);

/// One sample through as many triggers, as a sweep over thresholds does.
void one_decision(benchmark::State& state) {
  std::string text;
  for (std::int64_t i = 0; i < state.range(0); ++i) text += "threads > " + std::to_string(1000 + i) + " for 30s;";
  TriggerEngine engine(parse_triggers(text).value());
  Recording recording;
  Sample sample;
  sample.values = {{recording.metric("rss", "bytes"), 1e9, 0}, {recording.metric("threads"), 60, 0}};
  for (auto _ : state) {
    sample.mono_ns += 1'000'000'000;
    benchmark::DoNotOptimize(engine.observe(sample, recording.metrics).data());
  }
}
BENCHMARK(one_decision)->Arg(1)->Arg(4)->Arg(1000);

}  // namespace
