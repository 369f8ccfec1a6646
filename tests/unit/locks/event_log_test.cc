#include "runtime/locks/event_log.h"

#include <tailback/condition_variable.h>
#include <tailback/mutex.h>
#include <tailback/shared_mutex.h>
#include <tailback/thread.h>

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <map>
#include <memory>
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
  start_events({EventMode::kFull, 1024});
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
  ASSERT_EQ(operations(mine), (std::vector{kCreate, kAcquire, kCreate, kAcquire, kRelease, kRelease}));
  EXPECT_EQ(mine[1].lock, mu.identity().id());
  EXPECT_EQ(mine[3].lock, rw.identity().id());
  EXPECT_EQ(mine[3].mode, LockMode::kShared);
  EXPECT_EQ(mine[4].mode, LockMode::kShared);
  EXPECT_NE(mine[1].place, 0u);
  EXPECT_GT(mine[0].mono_ns, 0) << "a block's first event has a time";
  EXPECT_EQ(mine[5].mono_ns, 0) << "one that waits for nothing has none";
  EXPECT_EQ(std::count_if(events.begin(), events.end(), [](const auto& e) { return e.operation == kTryFail; }), 1);
}

TEST_F(EventLog, AnAcquireComesAfterTheReleaseThatAllowedIt) {
  start_events({EventMode::kFull, 1u << 15});
  const std::uint64_t lost_before = events_lost();
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
  EXPECT_EQ(events_lost(), lost_before);
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

LockOperation operation_of(const RawEvent& event) { return event.operation; }

TEST_F(EventLog, TellsWhoStartedAThreadAndWhoWaitedForItsEnd) {
  start_events({EventMode::kFull, 1024});
  mutex mu;
  { const std::lock_guard guard(mu); }
  const std::uint64_t self = event_point().logical;
  constexpr int kThreads = 20;  // one after the other, so that a pthread_t is used again
  for (int i = 0; i < kThreads; ++i) {
    thread([&] { const std::lock_guard guard(mu); }).join();
    const std::lock_guard guard(mu);
  }
  const std::vector<RawEvent> events = drain();
  std::uint64_t current = 0;
  int ended = 0;
  for (const RawEvent& event : events) {
    if (event.operation == LockOperation::kThreadStart) {
      EXPECT_EQ(event.other, self);
      current = event.thread;
    } else if (event.operation == LockOperation::kThreadEnd) {
      EXPECT_EQ(event.thread, current);
    } else if (event.operation == LockOperation::kThreadJoin) {
      EXPECT_EQ(event.thread, self);
      EXPECT_EQ(event.other, current);
      ++ended;
    }
  }
  EXPECT_EQ(ended, kThreads);
}

TEST_F(EventLog, AJoinThatGaveUpIsNone) {
  start_events({EventMode::kFull, 1024});
  std::atomic<bool> go{false};
  thread worker([&] { go.wait(false); });
  {
    hooks::joining scope(worker.native_handle());
    void* result = nullptr;
    ASSERT_EQ(::pthread_tryjoin_np(worker.native_handle(), &result), EBUSY);
  }
  EXPECT_EQ(std::ranges::count(drain(), LockOperation::kThreadJoin, operation_of), 0);
  go = true;
  go.notify_one();
  worker.join();
  EXPECT_EQ(std::ranges::count(drain(), LockOperation::kThreadJoin, operation_of), 1);
}

TEST_F(EventLog, ADetachedThreadLeavesNothingToTheNextOfItsName) {
  start_events({EventMode::kFull, 1024});
  for (int i = 0; i < 20; ++i) {
    std::atomic<bool> over{false};
    thread([&] {
      over = true;
      over.notify_one();
    }).detach();
    over.wait(false);
    thread([] {}).join();
  }
  EXPECT_EQ(std::ranges::count(drain(), LockOperation::kThreadJoin, operation_of), 20);
}

TEST(Thread, HasStdsMembersAndSemantics) {
  thread none;
  EXPECT_FALSE(none.joinable());
  EXPECT_EQ(none.get_id(), thread::id());
  EXPECT_THROW(none.join(), std::system_error);
  auto moved_only = std::make_unique<int>(41);
  int sum = 0;
  thread adds([&sum](std::unique_ptr<int> a, const int& b) { sum = *a + b; }, std::move(moved_only), 1);
  swap(none, adds);
  EXPECT_FALSE(adds.joinable());
  none.join();
  EXPECT_EQ(sum, 42);
  EXPECT_EQ(thread::hardware_concurrency(), std::thread::hardware_concurrency());
}

TEST(JThread, AsksToStopAndJoinsWhenItEndsOrIsAssigned) {
  std::atomic<int> stopped{0};
  const auto until_asked = [&](std::stop_token stop) {
    std::atomic<bool> asked{false};
    const std::stop_callback wake(stop, [&] {
      asked = true;
      asked.notify_one();
    });
    asked.wait(false);
    ++stopped;
  };
  {
    jthread first(until_asked);
    first = jthread(until_asked);
    EXPECT_EQ(stopped, 1);
    EXPECT_FALSE(first.get_stop_token().stop_requested());
  }
  EXPECT_EQ(stopped, 2);
  bool ran = false;
  jthread([&] { ran = true; }).join();
  EXPECT_TRUE(ran);
  EXPECT_FALSE(jthread().get_stop_source().stop_possible());
}

TEST_F(EventLog, KeepsTheLastOnesInItsOtherMode) {
  start_events({EventMode::kLast, 256});
  std::uint64_t lock = 0;
  std::thread([&] {
    mutex mu;
    for (int i = 0; i < 1000; ++i) std::lock_guard guard(mu);
    lock = mu.identity().id();
  }).join();
  const std::vector<RawEvent> events = drain();
  ASSERT_GE(events.size(), 128u);
  ASSERT_LE(events.size(), 256u);
  EXPECT_EQ(events.back().operation, LockOperation::kThreadEnd);
  EXPECT_EQ(events[events.size() - 2].operation, LockOperation::kDestroy);
  const std::uint64_t first = events.front().order >> EventRing::kOrderThreadBits;
  for (std::size_t i = 0; i + 2 < events.size(); ++i) {
    EXPECT_EQ(events[i].lock, lock);
    EXPECT_EQ(events[i].order >> EventRing::kOrderThreadBits, first + i) << "one thread alone counts by one, also past marks and a beginning that is lost";
  }
}

TEST_F(EventLog, AFullRingCountsWhatItLoses) {
  const std::uint64_t before = events_lost();
  start_events({EventMode::kFull, 128});
  std::thread([&] {
    mutex mu;
    for (int i = 0; i < 200; ++i) std::lock_guard guard(mu);
  }).join();
  const std::vector<RawEvent> events = drain();
  EXPECT_EQ(events.size() + (events_lost() - before), 403u);  // with the lock's and the thread's ends
  EXPECT_GE(events.size(), 120u);
}

TEST_F(EventLog, GoesOnWhereADrainLeftOff) {
  start_events({EventMode::kFull, 128});
  mutex mu;
  std::uint64_t last = 0;
  for (int round = 0; round < 200; ++round) {
    for (int i = 0; i < round % 7; ++i) std::lock_guard guard(mu);
    for (const RawEvent& event : drain()) {
      EXPECT_GT(event.order, last);
      EXPECT_EQ(event.lock, mu.identity().id());
      last = event.order;
    }
  }
}

TEST_F(EventLog, TellsWhenAThreadBeganToWaitAndWhenItGotTheLock) {
  start_events({EventMode::kFull, 1024});
  mutex mu;
  mu.lock();
  std::thread other([&] { std::lock_guard guard(mu); });
  testing::wait_until_waiting(mu.identity(), 1);
  mu.unlock();
  other.join();
  std::vector<RawEvent> waits;
  for (const RawEvent& event : drain()) {
    if (!waits.empty() && event.thread == waits.front().thread) waits.push_back(event);
    if (event.operation == LockOperation::kRequest) waits.push_back(event);
  }
  ASSERT_GE(waits.size(), 2u);
  EXPECT_EQ(waits[1].operation, LockOperation::kAcquire);
  EXPECT_GT(waits[0].mono_ns, 0);
  EXPECT_GE(waits[1].mono_ns, waits[0].mono_ns);
}

// A thread overwrites its ring while it is read: what is read is whole, in order, and of that thread.
TEST_F(EventLog, ReadsWholeEventsFromARingThatIsBeingOverwritten) {
  start_events({EventMode::kLast, 128});
  mutex mu;
  shared_mutex rw;
  { std::lock_guard guard(mu); }
  { std::lock_guard guard(rw); }
  drain();
  std::atomic<bool> end{false};
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&] {
      while (!end) {
        { std::lock_guard guard(mu); }
        rw.lock_shared();
        rw.unlock_shared();
      }
    });
  }
  for (int round = 0; round < 300; ++round) {
    std::map<std::uint64_t, std::uint64_t> last;
    for (const RawEvent& event : drain()) {
      EXPECT_GT(event.order, last[event.thread]);
      last[event.thread] = event.order;
      EXPECT_TRUE(event.lock == mu.identity().id() || event.lock == rw.identity().id()) << event.lock;
      EXPECT_EQ(event.mode == LockMode::kShared, event.lock == rw.identity().id());
      EXPECT_NE(event.place, 0u);
    }
  }
  end = true;
  for (auto& thread : threads) thread.join();
}

TEST_F(EventLog, ATimeAndAnOtherPassTheEndOfABlock) {
  // Waits of three records each, at every offset in a block.
  start_events({EventMode::kFull, 4096});
  mutex mu;
  condition_variable ready;
  constexpr int kWaits = 70;
  std::thread([&] {  // with a ring of that size: this thread may have one from an earlier test
    for (int i = 0; i < kWaits; ++i) {
      std::unique_lock lock(mu);
      ready.wait_for(lock, std::chrono::nanoseconds(1));
    }
  }).join();
  int waits = 0;
  for (const RawEvent& event : drain()) {
    if (event.operation != LockOperation::kWait) {
      EXPECT_EQ(event.other, 0u);
      continue;
    }
    ++waits;
    EXPECT_EQ(event.other, mu.identity().id());
    EXPECT_GT(event.mono_ns, 0);
  }
  EXPECT_EQ(waits, kWaits);
}

TEST_F(EventLog, AWakeUpComesAfterItsNotify) {
  start_events({EventMode::kFull, 1024});
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
