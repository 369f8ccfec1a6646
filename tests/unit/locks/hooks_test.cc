#include <tailback/lock_hooks.h>

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "runtime/locks/deadlock.h"
#include "tests/unit/locks/support.h"

namespace tailback {
namespace {

using locks::testing::snapshot;
using locks::testing::wait_until;
using locks::testing::wait_until_waiting;

class SpinLock {
 public:
  void lock() {
    if (!try_take()) {
      TAILBACK_BEFORE_LOCK(identity_);
      while (!try_take()) std::this_thread::yield();
      TAILBACK_GAVE_UP_OR_GOT_LOCK(identity_);
    }
    TAILBACK_AFTER_LOCK(identity_);
  }
  void unlock() {
    TAILBACK_BEFORE_UNLOCK(identity_);
    held_.store(false, std::memory_order_release);
  }
  void force_open() { held_.store(false, std::memory_order_release); }

  lock_identity identity_{lock_kind::mutex, "spin"};

 private:
  bool try_take() { return !held_.exchange(true, std::memory_order_acquire); }
  std::atomic<bool> held_{false};
};

TEST(LockHooks, ALockOfTheServicesOwnIsInTheRegistry) {
  SpinLock spin;
  spin.lock();
  std::thread waiter([&] {
    spin.lock();
    spin.unlock();
  });
  wait_until_waiting(spin.identity_, 1);
  const auto seen = snapshot();
  ASSERT_EQ(seen.holds.size(), 1u);
  EXPECT_EQ(seen.holds[0].lock, spin.identity_.id());
  EXPECT_EQ(seen.find(spin.identity_.id())->name(), "spin");
  spin.unlock();
  waiter.join();
  EXPECT_TRUE(snapshot().holds.empty());
  EXPECT_TRUE(snapshot().waits.empty());
}

TEST(LockHooks, TheWatchSeesARingOfHookedLocks) {
  const std::uint64_t before = locks::deadlocks_reported();
  ASSERT_TRUE(watch_hooked_locks());
  ASSERT_TRUE(watch_hooked_locks());
  SpinLock a, b;
  std::atomic<int> holding{0};
  const auto both = [&](SpinLock& first, SpinLock& second) {
    first.lock();
    ++holding;
    wait_until([&] { return holding == 2; });
    second.lock();
    second.unlock();
    first.unlock();
  };
  std::thread one([&] { both(a, b); }), two([&] { both(b, a); });
  wait_until([&] { return locks::deadlocks_reported() == before + 1; });
  a.force_open();  // two threads in the lock at once: the test's way out of the ring
  two.join();
  one.join();
}

}  // namespace
}  // namespace tailback
