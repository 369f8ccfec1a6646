// The adapter for boost::shared_mutex that the folder's README shows, compiled and at work. Without interruption points Boost's is all in headers.
#define BOOST_THREAD_VERSION 4
#define BOOST_THREAD_DONT_PROVIDE_INTERRUPTIONS
#include <boost/thread/shared_mutex.hpp>

#include <mutex>
#include <shared_mutex>
#include <thread>

#include <gtest/gtest.h>
#include <tailback/lock_hooks.h>

#include "runtime/locks/deadlock.h"
#include "tests/unit/locks/support.h"

namespace tailback {
namespace {

class HookedSharedMutex {
 public:
  void lock() {
    if (!mu_.try_lock()) {
      TAILBACK_BEFORE_LOCK(identity_);
      mu_.lock();
      TAILBACK_GAVE_UP_OR_GOT_LOCK(identity_);
    }
    TAILBACK_AFTER_LOCK(identity_);
  }
  void unlock() {
    TAILBACK_BEFORE_UNLOCK(identity_);
    mu_.unlock();
  }
  void lock_shared() {
    if (!mu_.try_lock_shared()) {
      TAILBACK_BEFORE_LOCK_SHARED(identity_);
      mu_.lock_shared();
      TAILBACK_GAVE_UP_OR_GOT_LOCK(identity_);
    }
    TAILBACK_AFTER_LOCK_SHARED(identity_);
  }
  void unlock_shared() {
    TAILBACK_BEFORE_UNLOCK_SHARED(identity_);
    mu_.unlock_shared();
  }
  [[nodiscard]] const lock_identity& identity() const { return identity_; }

 private:
  boost::shared_mutex mu_;
  lock_identity identity_{lock_kind::rwlock, "sessions", lock_policy::prefer_writers};
};

TEST(BoostAdapter, HoldersWaitersAndRingsAreSeen) {
  HookedSharedMutex sessions, accounts;
  std::unique_lock other(accounts);
  std::thread reader([&] {
    const std::shared_lock first(sessions);
    const std::shared_lock second(accounts);
  });
  locks::testing::wait_until_waiting(accounts.identity(), 1);
  std::thread writer([&] { const std::unique_lock guard(sessions); });
  locks::testing::wait_until_waiting(sessions.identity(), 1);

  const auto seen = locks::testing::snapshot();
  EXPECT_EQ(seen.holds.size(), 2u);
  ASSERT_EQ(seen.waits.size(), 2u);
  for (const auto& wait : seen.waits) EXPECT_EQ(wait.shared, wait.lock == accounts.identity().id());
  ASSERT_NE(seen.find(sessions.identity().id()), nullptr);
  EXPECT_EQ(seen.find(sessions.identity().id())->name(), "sessions");
  EXPECT_EQ(locks::check_deadlocks(), 0u);
  other.unlock();
  reader.join();
  writer.join();
  EXPECT_TRUE(locks::testing::snapshot().holds.empty());
}

}  // namespace
}  // namespace tailback
