#include <tailback/refresh_cache.h>

#include <atomic>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "tests/unit/cache/gate.h"

namespace tailback {
namespace {

using namespace std::chrono_literals;
using Cache = RefreshCache<std::string, std::string>;

/// A clock that moves when told to.
class FakeTime {
 public:
  std::function<std::int64_t()> clock() {
    return [now = now_] { return now->load(); };  // a loader's thread may look at it once more when the test is over
  }
  template <class C>
  void advance(C& cache, std::chrono::nanoseconds by) {
    *now_ += by.count();
    cache.wake();
  }

 private:
  std::shared_ptr<std::atomic<std::int64_t>> now_ = std::make_shared<std::atomic<std::int64_t>>(1'000'000'000'000);
};

TEST(RefreshCache, AMissReturnsAtOnceAndRegistersTheKey) {
  Cache cache({.name = "miss"}, [](const std::string& key) { return std::optional("value of " + key); });
  EXPECT_FALSE(cache.get("a"));
  eventually([&] { return static_cast<bool>(cache.get("a")); });
  EXPECT_EQ(*cache.get("a"), "value of a");
  EXPECT_EQ(cache.get("a").state, CacheState::fresh);
  EXPECT_EQ(cache.keys(), std::vector<std::string>{"a"});
}

TEST(RefreshCache, AMissCanWaitForTheFirstLoad) {
  Cache cache({.name = "wait"}, [](const std::string& key) { return std::optional("value of " + key); });
  const auto result = cache.get("a", 1min);
  ASSERT_TRUE(result);
  EXPECT_EQ(*result, "value of a");
}

TEST(RefreshCache, WaitingEndsWhenTimeIsUp) {
  auto gate = std::make_shared<Gate>();
  Cache cache({.name = "patience"}, [gate](const std::string&) {
    gate->pass();
    return std::optional<std::string>("late");
  });
  EXPECT_EQ(cache.get("a", 1ms).state, CacheState::loading);
  gate->release();
  EXPECT_EQ(*cache.get("a", 1min), "late");
}

TEST(RefreshCache, KeysAreRefreshedEveryInterval) {
  FakeTime time;
  std::atomic<int> version{0};
  CacheOptions options{.name = "refresh", .interval = 60s, .jitter = 0};
  options.now = time.clock();
  Cache cache(options, [&](const std::string&) { return std::optional(std::to_string(++version)); });
  EXPECT_EQ(*cache.get("a", 1min), "1");
  for (int i = 2; i < 6; ++i) {
    time.advance(cache, 61s);
    eventually([&] { return *cache.get("a") == std::to_string(i); });
  }
  EXPECT_EQ(cache.statistics().loads, 5u);
}

TEST(RefreshCache, AFailedLoadLeavesTheValueWithItsAge) {
  FakeTime time;
  std::atomic<bool> broken{false};
  std::atomic<int> told{0};
  CacheOptions options{.name = "stale", .interval = 60s, .jitter = 0};
  options.now = time.clock();
  Cache* itself = nullptr;
  options.on_failure = [&](std::string_view why) {
    EXPECT_EQ(why, "store is down");
    EXPECT_TRUE(itself->get("a"));  // no lock is held
    ++told;
    throw std::runtime_error("callbacks may throw too");
  };
  Cache cache(options, [&](const std::string&) -> std::optional<std::string> {
    if (broken) throw std::runtime_error("store is down");
    return "good";
  });
  itself = &cache;
  EXPECT_EQ(*cache.get("a", 1min), "good");
  broken = true;
  time.advance(cache, 61s);
  eventually([&] { return cache.statistics().callback_failures == 1; });
  const auto result = cache.get("a");
  EXPECT_EQ(result.state, CacheState::stale);
  EXPECT_EQ(*result, "good");
  EXPECT_EQ(result.age, 61s);
  EXPECT_EQ(cache.statistics().load_failures, 1u);
  broken = false;
  time.advance(cache, 61s);
  eventually([&] { return cache.get("a").state == CacheState::fresh; });
  EXPECT_EQ(told, 1);
}

TEST(RefreshCache, AFirstLoadThatFailsIsTriedAgainWhenAskedForLater) {
  FakeTime time;
  std::atomic<int> loads{0};
  CacheOptions options{.name = "retry", .retry_after = 1s};
  options.now = time.clock();
  Cache cache(options, [&](const std::string&) -> std::optional<std::string> {
    if (++loads == 1) throw 42;
    return "second time";
  });
  EXPECT_EQ(cache.get("a", 1min).state, CacheState::failed);
  EXPECT_EQ(cache.get("a").state, CacheState::failed);
  EXPECT_EQ(loads, 1);
  time.advance(cache, 1s);
  EXPECT_EQ(*cache.get("a", 1min), "second time");
}

TEST(RefreshCache, ThatThereIsNoSuchKeyIsKept) {
  FakeTime time;
  std::atomic<int> loads{0};
  CacheOptions options{.name = "absent", .negative_time_to_live = 10s};
  options.now = time.clock();
  Cache cache(options, [&](const std::string&) -> std::optional<std::string> {
    return ++loads < 2 ? std::nullopt : std::optional<std::string>("appeared");
  });
  EXPECT_EQ(cache.get("a", 1min).state, CacheState::absent);
  time.advance(cache, 9s);
  EXPECT_EQ(cache.get("a", 1min).state, CacheState::absent);
  EXPECT_EQ(loads, 1);
  time.advance(cache, 2s);
  EXPECT_EQ(*cache.get("a", 1min), "appeared");
}

TEST(RefreshCache, ValuesBeyondTheirTimeToLiveAreNotServed) {
  FakeTime time;
  auto gate = std::make_shared<Gate>();
  gate->open = true;
  CacheOptions options{.name = "ttl", .interval = 1h, .time_to_live = 30s};
  options.now = time.clock();
  Cache cache(options, [gate](const std::string&) {
    gate->pass();
    return std::optional<std::string>("value");
  });
  EXPECT_TRUE(cache.get("a", 1min));
  gate->open = false;
  time.advance(cache, 29s);
  EXPECT_TRUE(cache.get("a"));
  time.advance(cache, 2s);
  EXPECT_EQ(cache.get("a").state, CacheState::loading);
  gate->release();
  EXPECT_TRUE(cache.get("a", 1min));
}

TEST(RefreshCache, KeysNotAskedForAreForgotten) {
  FakeTime time;
  CacheOptions options{.name = "forget", .interval = 60s, .jitter = 0, .evict_after = 5min};
  options.now = time.clock();
  Cache cache(options, [](const std::string& key) { return std::optional(key); });
  cache.get("wanted", 1min);
  cache.get("unwanted", 1min);
  for (int minute = 0; minute < 6; ++minute) {
    time.advance(cache, 61s);
    eventually([&] { return cache.get("wanted").age == 0ns; });
  }
  eventually([&] { return cache.statistics().evictions == 1; });
  EXPECT_EQ(cache.keys(), std::vector<std::string>{"wanted"});
}

TEST(RefreshCache, CapacityIsKept) {
  RefreshCache<int, int> cache({.name = "capacity", .capacity = 6400}, [](const int& key) { return std::optional(key); });
  for (int i = 0; i < 30000; ++i) cache.get(i);
  EXPECT_LE(cache.statistics().entries, 6400u);
  EXPECT_GE(cache.statistics().evictions, 20000u);
}

TEST(RefreshCache, OneLoadOfAKeyIsInFlight) {
  auto gate = std::make_shared<Gate>();
  std::atomic<int> loads{0};
  Cache cache({.name = "single"}, [&, gate](const std::string&) {
    ++loads;
    gate->pass();
    return std::optional<std::string>("value");
  });
  std::vector<std::thread> readers;
  std::atomic<int> served{0};
  for (int i = 0; i < 8; ++i) {
    readers.emplace_back([&] { served += cache.get("a", 1min) ? 1 : 0; });
  }
  gate->wait_for_inside(1);
  gate->release();
  for (auto& reader : readers) reader.join();
  EXPECT_EQ(served, 8);
  EXPECT_EQ(loads, 1);
}

TEST(RefreshCache, BatchesGoTogether) {
  FakeTime time;
  std::mutex mutex;
  std::size_t largest = 0, asked = 0;
  CacheOptions options{.name = "batch", .interval = 60s, .jitter = 0, .batch_size = 10};
  options.now = time.clock();
  using Batched = RefreshCache<int, int>;
  Batched cache(options, Batched::BatchLoader([&](const std::vector<int>& keys) {
    const std::lock_guard hold(mutex);
    largest = std::max(largest, keys.size());
    asked += keys.size();
    std::vector<std::optional<int>> values;
    for (const int key : keys) values.push_back(key % 2 == 0 ? std::optional(key) : std::nullopt);
    return values;
  }));
  for (int i = 0; i < 2000; ++i) cache.get(i);
  eventually([&] {
    const std::lock_guard hold(mutex);
    return asked == 2000;
  });
  time.advance(cache, 61s);
  eventually([&] {
    const std::lock_guard hold(mutex);
    return asked == 4000;
  });
  EXPECT_EQ(largest, 10u);
  EXPECT_EQ(*cache.get(4, 1min), 4);
  EXPECT_EQ(cache.get(5, 1min).state, CacheState::absent);
}

TEST(RefreshCache, ABatchOfTheWrongLengthIsAFailure) {
  using Batched = RefreshCache<int, int>;
  Batched cache({.name = "short"}, Batched::BatchLoader([](const std::vector<int>&) { return std::vector<std::optional<int>>{}; }));
  EXPECT_EQ(cache.get(1, 1min).state, CacheState::failed);
}

TEST(RefreshCache, StopWaitsForNoStuckLoaderAndReadersAreServedOn) {
  auto gate = std::make_shared<Gate>();
  {
    CacheOptions options{.name = "stuck", .concurrency = 2};
    Cache cache(options, [gate](const std::string& key) {
      if (key == "hangs") gate->pass();
      return std::optional<std::string>("value of " + key);
    });
    EXPECT_TRUE(cache.get("good", 1min));
    cache.get("hangs");
    gate->wait_for_inside(1);
    std::thread waiting([&] { EXPECT_EQ(cache.get("hangs", 1min).state, CacheState::stopped); });
    eventually([&] { return cache.statistics().loads_in_flight == 1; });  // the good one's value is there before its load is at its end
    EXPECT_EQ(cache.stop(), 1u);
    waiting.join();
    EXPECT_TRUE(cache.get("good"));
    EXPECT_EQ(cache.get("new").state, CacheState::stopped);
    EXPECT_EQ(cache.stop(), 1u);
  }
  // The cache is gone; its loader comes back to what it shares.
  gate->release();
  gate->wait_for_inside(0);
}

TEST(RefreshCache, ManyKeysManyThreadsAndAStopInTheMiddle) {
  std::atomic<std::uint64_t> loaded{0};
  CacheOptions options{.name = "many", .interval = 50ms, .concurrency = 3, .batch_size = 1000};
  using Batched = RefreshCache<std::uint32_t, std::uint64_t>;
  auto cache = std::make_unique<Batched>(options, Batched::BatchLoader([&](const std::vector<std::uint32_t>& keys) {
    std::vector<std::optional<std::uint64_t>> values;
    for (const std::uint32_t key : keys) {
      if (key % 1000 == 999) throw std::runtime_error("now and then");
      values.emplace_back(key * 2ull);
    }
    loaded += keys.size();
    return values;
  }));
  constexpr std::uint32_t kKeys = 100'000;
  std::vector<std::thread> readers;
  std::atomic<std::uint64_t> wrong{0};
  for (int t = 0; t < 3; ++t) {
    readers.emplace_back([&, t] {
      for (std::uint32_t i = 0; i < kKeys; ++i) {
        const auto result = cache->get((i * 7 + static_cast<std::uint32_t>(t)) % kKeys);
        if (result && *result % 2 != 0) ++wrong;
      }
    });
  }
  eventually([&] { return loaded > 1000; });
  EXPECT_EQ(cache->stop(1min), 0u);
  for (auto& reader : readers) reader.join();
  cache.reset();
  EXPECT_EQ(wrong, 0u);
}

}  // namespace
}  // namespace tailback
