#include <tailback/cache_readers.h>
#include <tailback/refresh_cache.h>

#include <atomic>
#include <latch>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/cache/gate.h"

namespace tailback {
namespace {

using namespace std::chrono_literals;
using detail::CacheReaders;
using detail::CacheVisit;

struct Retired {
  int number = 0;
  Retired* next_retired = nullptr;
};

std::vector<int> numbers(Retired* chain) {
  std::vector<int> all;
  detail::free_chain(chain, [&all](Retired* one) { all.push_back(one->number); });
  return all;
}

TEST(CacheReaders, WhatAVisitorMaySeeIsKeptUntilTheVisitEnds) {
  CacheReaders readers;
  detail::RetiredChain<Retired> chain;
  Retired first{1}, second{2}, third{3};
  {
    const CacheVisit visit(readers);
    chain.add(&first);
    EXPECT_EQ(chain.take(readers), nullptr);
    chain.add(&second);
    EXPECT_EQ(chain.take(readers), nullptr);
  }
  // A later visitor saw the first one no more, but may see what is retired from now on.
  const CacheVisit later(readers);
  EXPECT_EQ(numbers(chain.take(readers)), std::vector<int>{1});
  EXPECT_EQ(chain.take(readers), nullptr) << "the second's epoch began after the visit";
  chain.add(&third);
  std::thread([&] {
    const CacheVisit elsewhere(readers);
    EXPECT_EQ(chain.take(readers), nullptr);
  }).join();
}

TEST(CacheReaders, AVisitWithinAVisitEndsNothing) {
  CacheReaders readers;
  detail::RetiredChain<Retired> chain;
  Retired one{1};
  const CacheVisit outer(readers);
  chain.add(&one);
  { const CacheVisit inner(readers); }
  EXPECT_EQ(chain.take(readers), nullptr);
}

TEST(CacheReaders, ALineIsReturnedWhenItsThreadEnds) {
  CacheReaders readers;
  for (std::uint32_t i = 0; i < 4 * detail::kReaderLines; ++i) {
    std::thread([&] { EXPECT_TRUE(static_cast<bool>(CacheVisit(readers))); }).join();
  }
}

TEST(CacheReaders, ThreadsBeyondTheLinesReadWithTheLockAndAreCounted) {
  constexpr int kThreads = 3 * static_cast<int>(detail::kReaderLines);
  RefreshCache<int, int> cache({.name = "crowd", .interval = 1h}, [](const int& key) { return std::optional(key); });
  ASSERT_TRUE(cache.get(7, 1min));
  const std::uint64_t before = cache.statistics().hits;
  std::latch all_read(kThreads);
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      EXPECT_EQ(*cache.get(7), 7);
      all_read.arrive_and_wait();  // so that each has, or lacks, a line of its own
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(cache.statistics().hits - before, static_cast<std::uint64_t>(kThreads));
}

/// Says when it is no more, and knows whether it is whole.
struct Witness {
  static inline std::atomic<int> alive{0};
  std::string text;
  explicit Witness(std::string of) : text(std::move(of)) { ++alive; }
  Witness(Witness&& other) noexcept : text(std::move(other.text)) { ++alive; }
  ~Witness() {
    text = "gone";
    --alive;
  }
};

TEST(CacheReaders, ReadersMeetOnlyWholeValuesWhileKeysAreErasedEvictedAndLoadedAgain) {
  {
    RefreshCache<int, Witness> cache({.name = "storm", .interval = 1ms, .capacity = 512, .concurrency = 2},
                                     [](const int& key) { return std::optional<Witness>("value of " + std::to_string(key)); });
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&, i] {
        for (int step = 0; step < 20'000; ++step) {
          const int key = (step * 7 + i * 31) % 1024;  // twice as many as there is room for
          if (const auto found = cache.get(key)) {
            ASSERT_EQ(found->text, "value of " + std::to_string(key));
          }
          if (step % 16 == i) cache.erase((step * 13) % 1024);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    cache.stop(1min);
  }
  eventually([] { return Witness::alive == 0; });  // the last to let go may be a loader's thread
}

/// Asks the cache that it ends in: only possible while no lock is held.
struct Asks {
  std::function<void()> at_end;
  explicit Asks(std::function<void()> f) : at_end(std::move(f)) {}
  Asks(Asks&& other) noexcept : at_end(std::exchange(other.at_end, nullptr)) {}
  ~Asks() {
    if (at_end) at_end();
  }
};

TEST(CacheReaders, AValueEndsWithoutALock) {
  std::atomic<int> ends{0};
  RefreshCache<int, Asks>* self = nullptr;
  RefreshCache<int, Asks> cache({.name = "ends", .interval = 1h}, [&](const int&) {
    return std::optional<Asks>([&] {
      self->erase(1);
      ++ends;
    });
  });
  self = &cache;
  ASSERT_TRUE(cache.get(1, 1min));
  cache.erase(1);
  EXPECT_EQ(ends.load(), 1);
}

}  // namespace
}  // namespace tailback
