// Rings of real threads. Those whose lock() must throw to get out of the ring do so under the policy "throw".
#include "runtime/locks/deadlock.h"

#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <shared_mutex>
#include <system_error>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <tailback/lock_checks.h>
#include <tailback/lock_hooks.h>
#include <tailback/mutex.h>
#include <tailback/shared_mutex.h>

#include "tests/unit/locks/support.h"

namespace tailback::locks {
namespace {

using testing::wait_until;
using testing::wait_until_waiting;

class Deadlock : public ::testing::Test {
 protected:
  void SetUp() override {
    set_deadlock_policy(DeadlockPolicy::kThrow);
    set_deadlock_delay(1'000'000);
    before_ = deadlocks_reported();
  }
  void TearDown() override { set_deadlock_policy(DeadlockPolicy::kReport); }
  std::uint64_t reported() const { return deadlocks_reported() - before_; }

  // Takes and gives back; true when that would have been a deadlock.
  template <class Lock>
  static bool refused(Lock lock) {
    try {
      lock();
    } catch (const std::system_error& error) {
      EXPECT_EQ(error.code(), std::errc::resource_deadlock_would_occur);
      return true;
    }
    return false;
  }

 private:
  std::uint64_t before_ = 0;
};

TEST_F(Deadlock, TwoMutexesInOppositeOrder) {
  mutex a{"a"}, b{"b"};
  std::atomic<int> holding{0}, refusals{0};
  const auto both = [&](mutex& first, mutex& second) {
    std::lock_guard guard(first);
    ++holding;
    wait_until([&] { return holding == 2; });
    if (refused([&] { std::lock_guard inner(second); })) ++refusals;
  };
  std::thread one([&] { both(a, b); }), two([&] { both(b, a); });
  one.join();
  two.join();
  EXPECT_GE(refusals, 1);  // both, when the second looks before the first has given way
  EXPECT_EQ(reported(), 1u);
  DeadlockReport report;
  ASSERT_TRUE(last_deadlock(report));
  ASSERT_EQ(report.length, 2u);
  EXPECT_EQ(report.waiting, 2u);
  EXPECT_EQ(report.members[0].held, report.members[1].waits_for);
  EXPECT_EQ(report.members[1].held, report.members[0].waits_for);
  EXPECT_NE(report.members[0].hold_place, 0u);
  EXPECT_NE(describe(report).find("deadlock of 2 threads"), std::string::npos);
}

TEST_F(Deadlock, EndsTheProcessWithItsReportWhereATestAsksForIt) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        tailback::set_deadlock_policy(deadlock_policy::abort);
        mutex mu{"twice"};
        mu.lock();
        mu.lock();
      },
      "deadlock of 1 thread\n.*holds twice, lock .* exclusive.*waits for twice");
}

TEST_F(Deadlock, TheSameMutexTwice) {
  mutex mu;
  std::lock_guard guard(mu);
  EXPECT_TRUE(refused([&] { mu.lock(); }));
  DeadlockReport report;
  ASSERT_TRUE(last_deadlock(report));
  EXPECT_EQ(report.length, 1u);
}

// Values() holds the read lock and calls Size(), which takes it again; AddOne() has queued in between.
class ReadBehindWriter : public Deadlock, public ::testing::WithParamInterface<lock_policy> {};
INSTANTIATE_TEST_SUITE_P(Policies, ReadBehindWriter, ::testing::Values(lock_policy::prefer_readers, lock_policy::prefer_writers, lock_policy::fair));

TEST_P(ReadBehindWriter, IsARingUnlessReadersArePreferred) {
  shared_mutex mu{"HashSet.mu", GetParam()};
  std::thread writer;
  {
    std::shared_lock values(mu);
    writer = std::thread([&] {
      refused([&] { std::lock_guard add_one(mu); });  // either of the two may be the one that finds the ring
    });
    wait_until_waiting(mu.identity(), 1);
    // It says so before it is in the queue: until then a reader enters.
    wait_until([&] { return GetParam() == lock_policy::prefer_readers || !std::shared_lock(mu, std::try_to_lock); });
    refused([&] { std::shared_lock size(mu); });
  }
  writer.join();
  EXPECT_EQ(reported(), GetParam() == lock_policy::prefer_readers ? 0u : 1u);
  EXPECT_TRUE(mu.try_lock());
  mu.unlock();
}

TEST_F(Deadlock, AReadLockNeededByTheWakerOfItsHolderIsARingWithAnotherLock) {
  // T1 holds R shared, wants A; T2 holds A, wants R shared; a writer waits for R. Without the writer nothing is wrong.
  shared_mutex r{"R"};
  mutex a{"A"};
  std::atomic<int> stage{0};
  std::thread one([&] {
    std::shared_lock reading(r);
    stage = 1;
    wait_until([&] { return stage == 3; });
    refused([&] { std::lock_guard guard(a); });
  });
  std::thread two([&] {
    wait_until([&] { return stage == 1; });
    std::lock_guard guard(a);
    stage = 2;
    wait_until([&] { return stage == 3; });
    refused([&] { std::shared_lock reading(r); });
  });
  wait_until([&] { return stage == 2; });
  std::thread writer([&] { refused([&] { std::lock_guard guard(r); }); });
  wait_until_waiting(r.identity(), 1);
  stage = 3;
  one.join();
  two.join();
  writer.join();
  EXPECT_EQ(reported(), 1u);
  DeadlockReport report;
  ASSERT_TRUE(last_deadlock(report));
  EXPECT_EQ(report.length, 3u);
}

TEST_F(Deadlock, AnUpgradeWaitsForItself) {
  shared_mutex mu;
  std::shared_lock reading(mu);
  EXPECT_TRUE(refused([&] { mu.lock(); }));
}

TEST_F(Deadlock, ATimedRequestIsInNoRing) {
  timed_mutex a, b;
  std::atomic<int> holding{0};
  std::thread one([&] {
    std::lock_guard guard(a);
    ++holding;
    wait_until([&] { return holding == 2; });
    if (b.try_lock_for(std::chrono::milliseconds(30))) b.unlock();
  });
  std::thread two([&] {
    std::lock_guard guard(b);
    ++holding;
    wait_until([&] { return holding == 2; });
    EXPECT_FALSE(refused([&] { std::lock_guard inner(a); }));
  });
  one.join();
  two.join();
  EXPECT_EQ(reported(), 0u);
}

TEST_F(Deadlock, ALongWaitForAHolderThatRunsIsNone) {
  mutex mu;
  mu.lock();
  std::thread waiter([&] { std::lock_guard guard(mu); });
  wait_until_waiting(mu.identity(), 1);
  EXPECT_EQ(check_deadlocks(), 0u);
  mu.unlock();
  waiter.join();
  EXPECT_EQ(reported(), 0u);
}

TEST_F(Deadlock, EachRingIsReportedOnce) {
  set_deadlock_policy(DeadlockPolicy::kReport);
  set_deadlock_delay(0);  // nobody looks but this test
  static std::atomic<int> calls;
  calls = 0;
  set_deadlock_handler([](const DeadlockReport&, void*) noexcept { ++calls; }, nullptr);
  const int fd = deadlock_event_fd();
  ASSERT_GE(fd, 0);
  std::uint64_t events = 0;
  if (pollfd ready{fd, POLLIN, 0}; ::poll(&ready, 1, 0) == 1) {  // other tests' rings
    ASSERT_EQ(::read(fd, &events, sizeof events), static_cast<ssize_t>(sizeof events));
  }

  // Locks of hooks, whose waits end when the test does.
  lock_identity locks[3] = {lock_identity(lock_kind::mutex, "one"), lock_identity(lock_kind::mutex, "two"), lock_identity(lock_kind::mutex, "three")};
  std::atomic<int> holding{0};
  std::atomic<bool> over{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&, i] {
      hooks::acquired(locks[i], false);
      ++holding;
      wait_until([&] { return holding == 3; });
      hooks::waits(locks[(i + 1) % 3], false, false);
      over.wait(false);
      hooks::waits_no_more();
      hooks::releasing(locks[i], false);
    });
  }
  for (const lock_identity& lock : locks) wait_until_waiting(lock, 1);
  EXPECT_EQ(check_deadlocks(), 1u);
  EXPECT_EQ(check_deadlocks(), 1u);
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(::read(fd, &events, sizeof events), static_cast<ssize_t>(sizeof events));
  EXPECT_EQ(events, 1u);
  EXPECT_EQ(lock_metrics().blocked_threads, 3u);
  DeadlockReport report;
  ASSERT_TRUE(last_deadlock(report));
  EXPECT_EQ(report.length, 3u);
  over = true;
  over.notify_all();
  for (std::thread& thread : threads) thread.join();
  set_deadlock_handler(nullptr, nullptr);
  set_deadlock_delay(3'000'000);
}

}  // namespace
}  // namespace tailback::locks
