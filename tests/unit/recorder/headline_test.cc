#include "runtime/recorder/headline.h"

#include <gtest/gtest.h>

namespace tailback {
namespace {

class HeadlineTest : public testing::Test {
 protected:
  StackId stack(std::initializer_list<std::string_view> functions) {
    std::vector<FrameId> frames;
    for (const std::string_view function : functions) {
      Frame frame;
      frame.function = table.intern(function);
      frames.push_back(table.intern(frame));
    }
    return table.intern(std::span<const FrameId>(frames));
  }
  void threads(std::size_t count, StackId id, std::optional<Wait> wait = std::nullopt) {
    for (std::size_t i = 0; i < count; ++i) {
      ThreadRecord thread;
      thread.stack = id;
      if (wait) {
        wait->thread = {static_cast<std::uint32_t>(dump.threads.size())};
        dump.waits.push_back(*wait);
      }
      dump.threads.push_back(thread);
    }
  }
  LockId lock(LockKind kind, std::string_view name) {
    Lock made;
    made.address = 0x7f00;
    made.kind = kind;
    if (!name.empty()) made.name = table.intern(name);
    dump.locks.push_back(made);
    return {static_cast<std::uint32_t>(dump.locks.size() - 1)};
  }
  StackTable table;
  Dump dump;
};

TEST_F(HeadlineTest, NamesTheLongestQueueTheLockAndTheServicesOwnFunction) {
  const LockId set = lock(LockKind::kRwlock, "HashSet.mu");
  threads(1140, stack({"__futex_abstimed_wait64", "__pthread_rwlock_wrlock_full64", "WriterPreferringMutex::lock",
                       "std::unique_lock<WriterPreferringMutex>::lock", "HashSet::AddOne", "handle"}),
          Wait{{}, set, LockMode::kExclusive, false, 1, -1});
  threads(64, stack({"epoll_wait", "poll_loop"}));
  EXPECT_EQ(headline(dump, table), "1,204 threads, 1,140 of them waiting for the write lock of HashSet.mu in HashSet::AddOne");
}

TEST_F(HeadlineTest, CountsOneQueueOverSeveralStacks) {
  const LockId set = lock(LockKind::kRwlock, "");
  threads(30, stack({"pthread_rwlock_rdlock", "Cache::get", "a"}), Wait{{}, set, LockMode::kShared, false, 0, -1});
  threads(20, stack({"pthread_rwlock_rdlock", "Cache::get", "b"}), Wait{{}, set, LockMode::kShared, false, 0, -1});
  EXPECT_EQ(headline(dump, table), "50 threads, 50 of them waiting for the read lock of 0x7f00 in Cache::get");
}

TEST_F(HeadlineTest, PrefersAQueueForALockToALargerIdlePool) {
  const LockId account = lock(LockKind::kMutex, "");
  const LockId idle = lock(LockKind::kCondition, "");
  threads(9, stack({"pthread_cond_wait", "worker"}), Wait{{}, idle, LockMode::kExclusive, false, 0, -1});
  threads(2, stack({"pthread_mutex_lock", "transfer"}), Wait{{}, account, LockMode::kExclusive, false, 0, -1});
  EXPECT_EQ(headline(dump, table), "11 threads, 2 of them waiting for the lock 0x7f00 in transfer");
}

TEST_F(HeadlineTest, PrefersTheLockOfADeadlockToAnyPool) {
  const LockId set = lock(LockKind::kRwlock, "HashSet.mu");
  const LockId idle = lock(LockKind::kCondition, "idle");
  const LockId busy = lock(LockKind::kMutex, "busy");
  dump.locks[set.index].registry_id = 7;
  threads(80, stack({"pthread_cond_wait", "worker"}), Wait{{}, idle, LockMode::kExclusive, false, 0, -1});
  threads(9, stack({"pthread_mutex_lock", "client"}), Wait{{}, busy, LockMode::kExclusive, false, 0, -1});
  threads(1, stack({"pthread_rwlock_rdlock", "HashSet::Size"}), Wait{{}, set, LockMode::kShared, false, 0, -1});
  const std::uint64_t ringing[] = {7};
  EXPECT_EQ(headline(dump, table, ringing), "90 threads, 1 of them waiting for the read lock of HashSet.mu in HashSet::Size");
  EXPECT_EQ(headline(dump, table), "90 threads, 9 of them waiting for the lock busy in client");
  const std::uint64_t gone[] = {8};
  EXPECT_EQ(headline(dump, table, gone), headline(dump, table)) << "a lock that nobody waits for any more says nothing";
}

TEST_F(HeadlineTest, CountsThreadsThatWaitEachForAnObjectOfItsOwn) {
  for (int i = 0; i < 300; ++i) {
    const LockId own = lock(LockKind::kSemaphore, "");
    threads(1, stack({"sem_wait", "Session::run"}), Wait{{}, own, LockMode::kExclusive, false, 0, -1});
  }
  threads(3, stack({"main"}));
  EXPECT_EQ(headline(dump, table), "303 threads, 300 of them waiting for 300 different objects (semaphore) in Session::run");
}

TEST_F(HeadlineTest, NamesTheCommonestPlaceWhereNobodyWaitsForALock) {
  threads(300, stack({"read", "__read", "Session::read_request"}));
  threads(3, stack({"main"}));
  EXPECT_EQ(headline(dump, table), "303 threads, 300 of them in read");
}

TEST_F(HeadlineTest, SaysWhatItCanOfNothing) {
  EXPECT_EQ(headline(dump, table), "0 threads");
  threads(1, {});
  EXPECT_EQ(headline(dump, table), "1 thread");
}

TEST(WithThousands, GroupsDigits) {
  EXPECT_EQ(with_thousands(0), "0");
  EXPECT_EQ(with_thousands(999), "999");
  EXPECT_EQ(with_thousands(1000), "1,000");
  EXPECT_EQ(with_thousands(1234567), "1,234,567");
}

}  // namespace
}  // namespace tailback
