#include "runtime/metrics/sampler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>

#include "runtime/metrics/metric_names.h"
#include "tests/unit/metrics/fake_root.h"

namespace tailback {
namespace {

class FakeClock final : public Clock {
 public:
  std::int64_t mono_ns() const override { return now.load(); }
  std::int64_t wall_ns() const override { return now.load() + 1000; }
  mutable std::atomic<std::int64_t> now{5'000'000'000};
};

/// A group that takes as long as it is told.
class SlowGroup final : public MetricGroup {
 public:
  SlowGroup(FakeClock& clock, std::int64_t takes) : clock_(clock), takes_(takes) {}
  std::span<const std::string_view> names() const override { return kNames; }
  void read(std::span<double> values) override {
    values[0] = ++readings_;
    clock_.now += takes_;
  }

 private:
  static constexpr std::array<std::string_view, 1> kNames{"blocked_threads"};
  FakeClock& clock_;
  std::int64_t takes_;
  int readings_ = 0;
};

std::optional<MetricValue> find(const Sampler& sampler, const Sample& sample, std::string_view name) {
  for (const MetricValue& value : sample.values) {
    if (sampler.metrics()[value.metric.index].name == name) return value;
  }
  return std::nullopt;
}

TEST(Sampler, TakesEveryMetricThatTheTableHasUnlessItsSourceIsMissing) {
  SamplerOptions options;
  options.allocator = false;
  Sampler sampler(std::move(options), std::make_shared<GaugeBoard>());
  Sample sample;
  sampler.take(sample);
  for (const char* name : {"threads", "threads_limit", "rss", "virtual_memory", "open_files", "cpu_seconds", "context_switches_voluntary",
                           "page_faults_minor", "memory_limit"}) {
    const auto value = find(sampler, sample, name);
    ASSERT_TRUE(value) << name;
    EXPECT_TRUE(std::isfinite(value->value)) << name;
  }
  EXPECT_GT(find(sampler, sample, "rss")->value, 100'000);
  EXPECT_LT(find(sampler, sample, "rss")->value, find(sampler, sample, "virtual_memory")->value);
}

TEST(Sampler, DoesNotRepeatAReadingForAHundredTimesWhatItTook) {
  FakeClock clock;
  FakeRoot fake;
  SamplerOptions options;
  options.root = fake.root();
  options.allocator = false;
  options.more_groups.push_back(std::make_unique<SlowGroup>(clock, 1000));
  Sampler sampler(std::move(options), std::make_shared<GaugeBoard>(), clock);
  Sample sample;
  sampler.take(sample);
  const std::int64_t first = clock.now - 1000;
  EXPECT_EQ(find(sampler, sample, "blocked_threads")->value, 1);
  clock.now = first + 1000 + 99'999;
  sampler.take(sample);
  EXPECT_EQ(find(sampler, sample, "blocked_threads")->value, 1) << "too soon";
  EXPECT_EQ(find(sampler, sample, "blocked_threads")->age_ns, 100'999);
  clock.now = first + 1000 + 100'000;
  sampler.take(sample);
  EXPECT_EQ(find(sampler, sample, "blocked_threads")->value, 2);
}

TEST(Sampler, TakesGaugesThatAppearWhileItRuns) {
  auto gauges = std::make_shared<GaugeBoard>();
  SamplerOptions options;
  options.allocator = false;
  Sampler sampler(std::move(options), gauges);
  Sample sample;
  sampler.take(sample);
  std::vector<MetricInfo> copy;
  sampler.append_new_metrics(copy);
  const std::size_t before = copy.size();

  GaugeCell* const depth = gauges->add("queue_depth", "count", false);
  ASSERT_NE(depth, nullptr);
  sampler.take(sample);
  EXPECT_FALSE(find(sampler, sample, "queue_depth")) << "not set yet";
  depth->value = 12;
  sampler.take(sample);
  EXPECT_EQ(find(sampler, sample, "queue_depth")->value, 12);
  sampler.append_new_metrics(copy);
  EXPECT_EQ(copy.size(), before + 1);
  EXPECT_EQ(copy.back().name, "queue_depth");
}

TEST(GaugeBoard, RefusesNamesThatATriggerCouldNotUse) {
  GaugeBoard board;
  EXPECT_EQ(board.add("", "count", false), nullptr);
  EXPECT_EQ(board.add("two words", "count", false), nullptr);
  EXPECT_EQ(board.add("limit", "count", false), nullptr);
  EXPECT_EQ(board.add("threads", "count", false), nullptr) << "is measured already";
  EXPECT_NE(board.add("cache.hits", "count", true), nullptr);
  EXPECT_EQ(board.add("cache.hits", "count", true), board.add("cache.hits", "count", true));
  EXPECT_EQ(board.size(), 1u);
}

TEST(Sampler, ReadsTheHeapOfTheAllocatorInUse) {
  Sampler sampler({}, std::make_shared<GaugeBoard>());
  if (sampler.allocator().empty()) GTEST_SKIP() << "malloc is served by none of glibc, jemalloc, tcmalloc (a sanitizer?)";
  const auto in_use = [&] {
    Sample sample;
    do sampler.take(sample);  // the probe answers on its own thread
    while (!find(sampler, sample, "heap_in_use") || find(sampler, sample, "heap_in_use")->age_ns > 1'000'000'000);
    return *find(sampler, sample, "heap_in_use");
  };
  const MetricValue before = in_use();
  const std::vector<char> kept(64 << 20, 'x');
  MetricValue after = in_use();
  while (after.value < before.value + 60e6) after = in_use();
  EXPECT_GE(after.value, before.value + static_cast<double>(kept.size()) * 0.95);
}

}  // namespace
}  // namespace tailback
