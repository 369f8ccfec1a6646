#include "runtime/locks/event_log.h"

#include <tailback/condition_variable.h>
#include <tailback/mutex.h>
#include <tailback/shared_mutex.h>

#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/locks/support.h"

namespace tailback::locks {
namespace {

std::vector<RawEvent> drain() {
  std::vector<RawEvent> events;
  drain_events([](const RawEvent& event, void* into) { static_cast<std::vector<RawEvent>*>(into)->push_back(event); }, &events);
  return events;
}

class EventLog : public ::testing::Test {
 protected:
  void SetUp() override {
    stop_events();
    drain();
  }
  void TearDown() override { stop_events(); }
};

std::vector<LockOperation> operations(const std::vector<RawEvent>& events) {
  std::vector<LockOperation> result;
  for (const RawEvent& event : events) result.push_back(event.operation);
  return result;
}

TEST_F(EventLog, IsOffByDefault) {
  mutex mu;
  std::lock_guard guard(mu);
  EXPECT_TRUE(drain().empty());
}

TEST_F(EventLog, TellsWhatAThreadDidInOrder) {
  ASSERT_TRUE(start_events({EventMode::kFull, 1024, true}));
  mutex mu;
  shared_mutex rw;
  mu.lock();
  rw.lock_shared();
  rw.unlock_shared();
  std::thread([&] { EXPECT_FALSE(mu.try_lock()); }).join();
  mu.unlock();
  const std::vector<RawEvent> events = drain();
  std::vector<RawEvent> mine;
  for (const RawEvent& event : events) {
    if (event.thread == events.front().thread) mine.push_back(event);
  }
  using enum LockOperation;
  EXPECT_EQ(operations(mine), (std::vector{kAcquire, kAcquire, kRelease, kRelease}));
  EXPECT_EQ(mine[0].lock, mu.identity().id());
  EXPECT_EQ(mine[1].lock, rw.identity().id());
  EXPECT_EQ(mine[1].mode, LockMode::kShared);
  EXPECT_NE(mine[0].place, 0u);
  EXPECT_GT(mine[0].mono_ns, 0);
  EXPECT_LE(mine[0].mono_ns, mine[3].mono_ns);
  EXPECT_EQ(std::count_if(events.begin(), events.end(), [](const auto& e) { return e.operation == kTryFail; }), 1);
}

TEST_F(EventLog, AnAcquireComesAfterTheReleaseThatAllowedIt) {
  ASSERT_TRUE(start_events({EventMode::kFull, 1u << 15, false}));
  mutex mu;
  shared_mutex rw;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) {
        { std::lock_guard guard(mu); }
        if (i % 3 == 0) {
          std::lock_guard guard(rw);
        } else {
          rw.lock_shared();
          rw.unlock_shared();
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  const std::vector<RawEvent> events = drain();
  EXPECT_EQ(events_lost(), 0u);
  std::set<std::uint64_t> orders;
  std::map<std::uint64_t, std::pair<int, int>> held;  // writers, readers by lock
  for (const RawEvent& event : events) {
    EXPECT_TRUE(orders.insert(event.order).second);
    auto& [writers, readers] = held[event.lock];
    int& mine = event.mode == LockMode::kShared ? readers : writers;
    if (event.operation == LockOperation::kAcquire) {
      // Replayed in this order, no lock is ever held in conflicting modes.
      EXPECT_EQ(writers, 0);
      EXPECT_EQ(event.mode == LockMode::kExclusive ? readers : 0, 0);
      ++mine;
    } else if (event.operation == LockOperation::kRelease) {
      --mine;
    }
  }
  for (const auto& [lock, counts] : held) EXPECT_EQ(counts, std::pair(0, 0)) << lock;
  EXPECT_EQ(std::count_if(events.begin(), events.end(), [](const auto& e) { return e.operation == LockOperation::kAcquire; }), 4 * 500 * 2);
  EXPECT_EQ(std::count_if(events.begin(), events.end(), [](const auto& e) { return e.operation == LockOperation::kThreadEnd; }), 4);
}

TEST_F(EventLog, KeepsTheLastOnesInItsOtherMode) {
  ASSERT_TRUE(start_events({EventMode::kLast, 64, false}));
  std::thread([&] {
    mutex mu;
    for (int i = 0; i < 1000; ++i) std::lock_guard guard(mu);
  }).join();
  const std::vector<RawEvent> events = drain();
  ASSERT_GE(events.size(), 60u);
  ASSERT_LE(events.size(), 64u);
  EXPECT_EQ(events.back().operation, LockOperation::kThreadEnd);
}

TEST_F(EventLog, AFullRingCountsWhatItLoses) {
  const std::uint64_t before = events_lost();
  ASSERT_TRUE(start_events({EventMode::kFull, 64, false}));
  std::thread([&] {
    mutex mu;
    for (int i = 0; i < 100; ++i) std::lock_guard guard(mu);
  }).join();
  EXPECT_EQ(drain().size() + (events_lost() - before), 201u);
}

TEST_F(EventLog, AWakeUpComesAfterItsNotify) {
  ASSERT_TRUE(start_events({EventMode::kFull, 1024, false}));
  mutex mu;
  condition_variable ready;
  bool go = false;
  std::thread waiter([&] {
    std::unique_lock lock(mu);
    ready.wait(lock, [&] { return go; });
  });
  testing::wait_until_waiting(ready.identity(), 1);
  {
    std::lock_guard guard(mu);
    go = true;
  }
  ready.notify_one();
  waiter.join();
  const auto what = operations(drain());
  const auto wait = std::find(what.begin(), what.end(), LockOperation::kWait);
  const auto notify = std::find(what.begin(), what.end(), LockOperation::kNotify);
  ASSERT_NE(wait, what.end());
  ASSERT_NE(notify, what.end());
  EXPECT_LT(wait, notify);
  EXPECT_NE(std::find(notify, what.end(), LockOperation::kAcquire), what.end());
}

}  // namespace
}  // namespace tailback::locks
