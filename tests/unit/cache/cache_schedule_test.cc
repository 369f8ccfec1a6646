// The schedule by itself: whose turn comes when, how many loads go at once, and what its statistics are called.
#include <tailback/refresh_cache.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/metrics/prometheus.h"
#include "runtime/metrics/sampler.h"
#include "runtime/recorder/process_gauges.h"
#include "tests/unit/cache/gate.h"

namespace tailback {
namespace {

using namespace std::chrono_literals;
using Cache = RefreshCache<std::string, std::string>;
constexpr std::int64_t kSecond = 1'000'000'000;

/// Work that notes when which shard has its turn. Its clock goes on by a tick whenever the schedule, the only one that looks, looks at it.
struct Turns final : CacheWork, std::enable_shared_from_this<Turns> {
  static constexpr std::int64_t kTick = kSecond / 20;

  explicit Turns(double jitter) : options{.name = "turns", .interval = 64s, .jitter = jitter, .concurrency = 1} {
    options.now = [this] { return time += kTick; };
  }
  std::vector<std::shared_ptr<void>> refresh(std::size_t shard) override {
    of_shard[shard].push_back(time);
    ++count;
    return {};
  }
  bool load(const std::shared_ptr<void>&) override { return true; }
  void stopped() override {}
  void add_to(CacheStatistics&) const override {}
  std::shared_ptr<CacheWork> share() override { return shared_from_this(); }

  CacheOptions options;
  std::atomic<std::int64_t> time{0};
  std::atomic<std::size_t> count{0};
  std::map<std::size_t, std::vector<std::int64_t>> of_shard;  // of the one worker, until it has stopped
};

/// The times between a shard's turns, in seconds, of all shards.
std::vector<double> gaps(double jitter) {
  const auto turns = std::make_shared<Turns>(jitter);
  CacheSchedule schedule(turns->options, *turns);
  schedule.start();
  while (turns->count < kCacheShards * 6) {
    schedule.wake();
    std::this_thread::yield();
  }
  EXPECT_EQ(schedule.stop(1min), 0u);
  EXPECT_EQ(turns->of_shard.size(), kCacheShards);
  std::vector<double> all;
  for (const auto& [shard, times] : turns->of_shard) {
    for (std::size_t i = 1; i < times.size(); ++i) all.push_back(static_cast<double>(times[i] - times[i - 1]) / kSecond);
  }
  return all;
}

// A turn that is due waits for those of the other shards that are, a tick each.
constexpr double kLate = static_cast<double>(kCacheShards * Turns::kTick) / kSecond;

TEST(CacheSchedule, JitterMovesTurnsByItsShareOfTheIntervalEitherWay) {
  const std::vector<double> all = gaps(0.1);
  const auto [least, most] = std::minmax_element(all.begin(), all.end());
  EXPECT_GE(*least, 64 * 0.9);
  EXPECT_LT(*least, 64 * 0.95);
  EXPECT_GT(*most, 64 * 1.05);
  EXPECT_LE(*most, 64 * 1.1 + kLate);
}

TEST(CacheSchedule, WithoutJitterTurnsComeEveryInterval) {
  for (const double gap : gaps(0)) {
    EXPECT_GE(gap, 64);
    EXPECT_LE(gap, 64 + kLate);
  }
}

TEST(CacheSchedule, RefreshesInFlightAreBounded) {
  std::atomic<std::int64_t> time{kSecond};
  auto gate = std::make_shared<Gate>();
  gate->open = true;
  std::atomic<int> refreshed{0};
  CacheOptions options{.name = "bounded", .interval = 60s, .jitter = 0, .concurrency = 3};
  options.now = [&] { return time.load(); };
  Cache cache(options, [&, gate](const std::string& key) {
    gate->pass();
    if (time > kSecond) ++refreshed;
    return std::optional(key);
  });
  constexpr int kKeys = 200;
  for (int i = 0; i < kKeys; ++i) ASSERT_TRUE(cache.get(std::to_string(i), 1min));
  eventually([&] { return cache.statistics().loads_in_flight == 0; });
  gate->close();
  time += 61 * kSecond;
  cache.wake();
  gate->wait_for_inside(3);
  EXPECT_EQ(cache.statistics().loads_in_flight, 3u);
  for (int i = 0; i < kKeys; ++i) EXPECT_TRUE(cache.get(std::to_string(i))) << "served meanwhile";
  gate->release();
  eventually([&] { return refreshed == kKeys; });
  EXPECT_EQ(gate->most(), 3);
  EXPECT_EQ(cache.stop(1min), 0u);
}

TEST(CacheSchedule, AStopAmidRefreshesWaitsForNoneThatHangsAndLosesNoValue) {
  std::atomic<std::int64_t> time{kSecond};
  auto gate = std::make_shared<Gate>();
  gate->open = true;
  constexpr int kKeys = 500;
  CacheOptions options{.name = "amid", .interval = 60s, .jitter = 0, .concurrency = 2, .batch_size = 10};
  options.now = [&] { return time.load(); };
  using Batched = RefreshCache<int, std::string>;
  Batched cache(options, Batched::BatchLoader([gate](const std::vector<int>& keys) {
    gate->pass();
    return std::vector<std::optional<std::string>>(keys.size(), std::string(100, 'x'));
  }));
  for (int i = 0; i < kKeys; ++i) ASSERT_TRUE(cache.get(i, 1min));
  eventually([&] { return cache.statistics().loads_in_flight == 0; });
  gate->close();
  time += 61 * kSecond;
  cache.wake();
  gate->wait_for_inside(2);
  EXPECT_EQ(cache.stop(), 2u);
  EXPECT_EQ(cache.statistics().loads_waiting, 0u);
  for (int i = 0; i < kKeys; ++i) EXPECT_TRUE(cache.get(i)) << i;
  EXPECT_EQ(cache.statistics().entries, static_cast<std::size_t>(kKeys));
  gate->release();
  EXPECT_EQ(cache.stop(1min), 0u) << "they end by themselves";
}

TEST(CacheSchedule, StatisticsAreMetricsWithPrometheusNames) {
  std::atomic<std::int64_t> time{kSecond};
  CacheOptions options{.name = "shop-users"};
  options.now = [&] { return time.load(); };
  Cache cache(options, [](const std::string& key) -> std::optional<std::string> {
    if (key == "bad") throw std::runtime_error("no such store");
    return key;
  });
  cache.get("a", 1min);
  cache.get("bad", 1min);
  cache.get("a");
  cache.get("a");
  cache.get("a");
  eventually([&] { return cache.statistics().loads_in_flight == 0; });
  time += 2 * kSecond;  // they are published once a second at most
  cache.get("b", 1min);
  eventually([&] { return cache.statistics().loads_in_flight == 0; });

  SamplerOptions sampling;
  sampling.allocator = false;
  Sampler sampler(std::move(sampling), process_gauges());
  Sample sample;
  sampler.take(sample);
  std::vector<MetricInfo> metrics;
  sampler.append_new_metrics(metrics);
  const std::string page = prometheus_page(metrics, sample, {}, {});
  using testing::HasSubstr;
  EXPECT_THAT(page, HasSubstr("# TYPE cache_shop_users_hits_total counter\ncache_shop_users_hits_total{instance=\"1\"} 3\n"));
  EXPECT_THAT(page, HasSubstr("# TYPE cache_shop_users_misses_total counter\ncache_shop_users_misses_total{instance=\"1\"} 3\n"));
  EXPECT_THAT(page, HasSubstr("# TYPE cache_shop_users_load_failures_total counter\ncache_shop_users_load_failures_total{instance=\"1\"} 1\n"));
  EXPECT_THAT(page, HasSubstr("# TYPE cache_shop_users_loads_total counter\n"));
  EXPECT_THAT(page, HasSubstr("# TYPE cache_shop_users_evictions_total counter\ncache_shop_users_evictions_total{instance=\"1\"} 0\n"));
  EXPECT_THAT(page, HasSubstr("# TYPE cache_shop_users_entries gauge\ncache_shop_users_entries{instance=\"1\"} 3\n"));
  EXPECT_THAT(page, HasSubstr("# TYPE cache_shop_users_loads_in_flight gauge\n"));
  EXPECT_THAT(page, HasSubstr("# TYPE cache_shop_users_oldest_load_seconds gauge\n"));
  EXPECT_EQ(cache.stop(1min), 0u);
}

}  // namespace
}  // namespace tailback
