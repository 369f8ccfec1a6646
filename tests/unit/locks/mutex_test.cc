#include <tailback/condition_variable.h>
#include <tailback/mutex.h>

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/locks/support.h"

namespace tailback {
namespace {

using locks::testing::snapshot;
using locks::testing::wait_until;
using locks::testing::wait_until_waiting;
using namespace std::chrono_literals;

constinit mutex constant_initialised{"constant"};

TEST(Mutex, ExcludesThreadsFromEachOther) {
  mutex mu;
  int count = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20000; ++i) {
        std::lock_guard guard(mu);
        ++count;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(count, 80000);
}

TEST(Mutex, IsConstantInitialisedAndNamed) {
  std::lock_guard guard(constant_initialised);
  EXPECT_STREQ(constant_initialised.identity().name(), "constant");
}

TEST(Mutex, TryLockFailsWhileHeldByAnother) {
  mutex mu;
  mu.lock();
  std::thread([&] { EXPECT_FALSE(mu.try_lock()); }).join();
  mu.unlock();
  std::thread([&] {
    EXPECT_TRUE(mu.try_lock());
    mu.unlock();
  }).join();
}

TEST(Mutex, RegistryNamesOwnerAndWaiters) {
  mutex mu{"registry test"};
  mu.lock();
  std::thread waiter([&] { std::lock_guard guard(mu); });
  wait_until_waiting(mu.identity(), 1);

  const locks::Snapshot seen = snapshot();
  const locks::LockView* lock = seen.find(mu.identity().id());
  ASSERT_NE(lock, nullptr);
  EXPECT_EQ(lock->name(), "registry test");
  EXPECT_EQ(lock->address, reinterpret_cast<std::uintptr_t>(&mu));
  EXPECT_EQ(lock->kind, lock_kind::mutex);
  ASSERT_EQ(seen.holds.size(), 1u);
  EXPECT_EQ(seen.holds[0].lock, mu.identity().id());
  EXPECT_FALSE(seen.holds[0].shared);
  EXPECT_NE(seen.holds[0].place, 0u);
  EXPECT_EQ(seen.threads[seen.holds[0].thread].tid, static_cast<std::uint32_t>(::gettid()));
  ASSERT_EQ(seen.waits.size(), 1u);
  EXPECT_FALSE(seen.waits[0].shared);
  EXPECT_NE(seen.waits[0].thread, seen.holds[0].thread);
  EXPECT_LE(seen.waits[0].since_ns, seen.mono_ns);

  mu.unlock();
  waiter.join();
  EXPECT_TRUE(snapshot().holds.empty());
  EXPECT_TRUE(snapshot().waits.empty());
}

TEST(Mutex, ALockAtTheSameAddressIsAnotherLock) {
  alignas(mutex) unsigned char room[sizeof(mutex)];
  auto* first = new (room) mutex("first");
  first->lock();
  const std::uint64_t first_id = first->identity().id();
  first->unlock();
  first->~mutex();
  auto* second = new (room) mutex("second");
  second->lock();
  EXPECT_NE(second->identity().id(), first_id);
  locks::LockView view;
  EXPECT_FALSE(locks::find_lock(first_id, view));
  ASSERT_TRUE(locks::find_lock(second->identity().id(), view));
  EXPECT_EQ(view.name(), "second");
  second->unlock();
  second->~mutex();
}

TEST(Mutex, HoldsMayBeReleasedInAnyOrder) {
  std::vector<std::unique_ptr<mutex>> many;
  for (int i = 0; i < 15; ++i) many.push_back(std::make_unique<mutex>());
  for (auto& mu : many) mu->lock();
  for (std::size_t i = 0; i < many.size(); i += 2) many[i]->unlock();
  EXPECT_EQ(snapshot().holds.size(), 7u);
  for (std::size_t i = 0; i < many.size(); i += 2) many[i]->lock();
  EXPECT_EQ(snapshot().holds.size(), 15u);
  for (auto& mu : many) mu->unlock();
  EXPECT_TRUE(snapshot().holds.empty());
}

TEST(Mutex, MoreHoldsThanARecordNamesAreCounted) {
  const auto before = locks::thread_table_counts().hold_overflow;
  std::vector<std::unique_ptr<mutex>> many;
  for (std::uint32_t i = 0; i < locks::kMaxHolds + 5; ++i) many.push_back(std::make_unique<mutex>());
  for (auto& mu : many) mu->lock();
  const auto seen = snapshot();
  EXPECT_EQ(seen.holds.size(), locks::kMaxHolds);
  EXPECT_EQ(seen.threads[seen.holds[0].thread].unnamed_holds, 5u);
  EXPECT_EQ(locks::thread_table_counts().hold_overflow, before + 5);
  for (auto& mu : many) mu->unlock();
  EXPECT_TRUE(snapshot().holds.empty());
  EXPECT_EQ(snapshot().threads[0].unnamed_holds, 0u);
}

TEST(Mutex, AThreadThatEndsWithALockLeavesItsHoldBehind) {
  mutex mu;
  std::thread([&] { mu.lock(); }).join();
  const auto seen = snapshot();
  ASSERT_EQ(seen.holds.size(), 1u);
  EXPECT_TRUE(seen.threads[seen.holds[0].thread].exited);
  const auto before = locks::thread_table_counts().foreign_releases;
  mu.unlock();  // a bug by the standard; some programs do it, and the registry must not lie afterwards
  EXPECT_TRUE(snapshot().holds.empty());
  EXPECT_EQ(locks::thread_table_counts().foreign_releases, before + 1);
}

TEST(Mutex, StacksOfHoldsOnRequest) {
  locks::set_hold_stacks(true);
  mutex mu;
  mu.lock();
  const auto seen = snapshot();
  locks::set_hold_stacks(false);
  mu.unlock();
  ASSERT_EQ(seen.holds.size(), 1u);
  EXPECT_EQ(seen.holds[0].frames[0], seen.holds[0].place);
  EXPECT_NE(seen.holds[0].frames[1], 0u);
}

TEST(TimedMutex, GivesUpAtTheDeadline) {
  timed_mutex mu;
  mu.lock();
  std::thread([&] {
    EXPECT_FALSE(mu.try_lock_for(1ms));
    EXPECT_FALSE(mu.try_lock_until(std::chrono::system_clock::now() + 1ms));
    EXPECT_FALSE(mu.try_lock_for(-1s));
  }).join();
  std::thread waiter([&] {
    EXPECT_TRUE(mu.try_lock_for(std::chrono::hours::max()));
    mu.unlock();
  });
  wait_until_waiting(mu.identity(), 1);
  EXPECT_TRUE(snapshot().waits.at(0).timed);
  mu.unlock();
  waiter.join();
}

TEST(RecursiveMutex, CountsAndExcludes) {
  recursive_mutex mu;
  mu.lock();
  EXPECT_TRUE(mu.try_lock());
  mu.lock();
  EXPECT_EQ(snapshot().holds.size(), 1u);
  mu.unlock();
  mu.unlock();
  std::thread([&] { EXPECT_FALSE(mu.try_lock()); }).join();
  mu.unlock();
  std::thread([&] {
    std::lock_guard guard(mu);
    EXPECT_EQ(snapshot().holds.size(), 1u);
  }).join();
}

TEST(ConditionVariable, WakesWhoWaits) {
  mutex mu;
  condition_variable ready{"ready"};
  int turn = 0;
  std::thread other([&] {
    std::unique_lock lock(mu);
    for (int i = 0; i < 1000; ++i) {
      ready.wait(lock, [&] { return turn == 1; });
      turn = 0;
      ready.notify_one();
    }
  });
  {
    std::unique_lock lock(mu);
    for (int i = 0; i < 1000; ++i) {
      turn = 1;
      ready.notify_one();
      ready.wait(lock, [&] { return turn == 0; });
    }
  }
  other.join();
}

TEST(ConditionVariable, WaitersAreInTheRegistryAndDontCountAsBlocked) {
  mutex mu;
  condition_variable ready{"ready"};
  bool go = false;
  std::thread waiter([&] {
    std::unique_lock lock(mu);
    ready.wait(lock, [&] { return go; });
  });
  wait_until_waiting(ready.identity(), 1);
  const auto seen = snapshot();
  EXPECT_EQ(seen.find(ready.identity().id())->name(), "ready");
  EXPECT_EQ(locks::lock_metrics().blocked_threads, 0u);
  {
    std::lock_guard guard(mu);
    go = true;
  }
  ready.notify_all();
  waiter.join();
}

TEST(ConditionVariable, GivesUpAtTheDeadline) {
  mutex mu;
  condition_variable never;
  std::unique_lock lock(mu);
  EXPECT_EQ(never.wait_for(lock, 1ms), std::cv_status::timeout);
  EXPECT_FALSE(never.wait_until(lock, std::chrono::system_clock::now() + 1ms, [] { return false; }));
  EXPECT_TRUE(lock.owns_lock());
}

TEST(ConditionVariable, StandardConditionVariableAnyWorksWithTheMutex) {
  mutex mu;
  std::condition_variable_any ready;
  bool go = false;
  std::thread waiter([&] {
    std::unique_lock lock(mu);
    ready.wait(lock, [&] { return go; });
  });
  {
    std::lock_guard guard(mu);
    go = true;
  }
  ready.notify_all();
  waiter.join();
}

}  // namespace
}  // namespace tailback
