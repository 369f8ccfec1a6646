// Every policy against the table of what implementations do with a reader behind a waiting writer.
#include <tailback/shared_mutex.h>

#include <atomic>
#include <mutex>
#include <shared_mutex>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "runtime/locks/deadlock.h"
#include "tests/unit/locks/support.h"

namespace tailback {
namespace {

using locks::testing::snapshot;
using locks::testing::wait_until;
using locks::testing::wait_until_waiting;
using locks::testing::waiting_for;
using namespace std::chrono_literals;

class SharedMutex : public ::testing::TestWithParam<lock_policy> {};
INSTANTIATE_TEST_SUITE_P(Policies, SharedMutex, ::testing::Values(lock_policy::prefer_readers, lock_policy::prefer_writers, lock_policy::fair),
                         [](const auto& test) {
                           return test.param == lock_policy::prefer_readers   ? "PreferReaders"
                                  : test.param == lock_policy::prefer_writers ? "PreferWriters"
                                                                              : "Fair";
                         });

TEST_P(SharedMutex, ExcludesWritersAndSharesReaders) {
  shared_timed_mutex mu{"test", GetParam()};
  std::int64_t a = 0, b = 0;
  std::atomic<int> torn{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 6; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 4000; ++i) {
        if ((i + t) % 5 == 0) {
          std::lock_guard guard(mu);
          ++a;
          ++b;
        } else if ((i + t) % 7 == 0) {
          if (mu.try_lock_shared_for(10us)) {
            if (a != b) ++torn;
            mu.unlock_shared();
          }
        } else if ((i + t) % 11 == 0) {
          if (mu.try_lock_for(10us)) {
            ++a;
            ++b;
            mu.unlock();
          }
        } else {
          std::shared_lock guard(mu);
          if (a != b) ++torn;
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(torn, 0);
  EXPECT_EQ(a, b);
  EXPECT_GE(a, 6 * 800);
}

TEST_P(SharedMutex, AReaderBehindAWaitingWriterDoesAsThePolicySays) {
  shared_timed_mutex mu{"test", GetParam()};
  mu.lock_shared();
  std::thread writer([&] { std::lock_guard guard(mu); });
  wait_until_waiting(mu.identity(), 1);
  const bool enters = GetParam() == lock_policy::prefer_readers;
  std::thread([&] {
    EXPECT_EQ(mu.try_lock_shared(), enters);
    if (enters) mu.unlock_shared();
    EXPECT_EQ(mu.try_lock_shared_for(1ms), enters);
    if (enters) mu.unlock_shared();
  }).join();
  // The same thread again: no policy of these remembers that it reads already.
  EXPECT_EQ(mu.try_lock_shared_for(1ms), enters);
  if (enters) mu.unlock_shared();
  mu.unlock_shared();
  writer.join();
  EXPECT_TRUE(mu.try_lock());
  mu.unlock();
}

TEST_P(SharedMutex, AWriterThatGivesUpLetsReadersIn) {
  shared_timed_mutex mu{"test", GetParam()};
  mu.lock_shared();
  std::atomic<bool> gave_up{false};
  std::thread writer([&] {
    EXPECT_FALSE(mu.try_lock_for(20ms));
    gave_up = true;
  });
  wait_until([&] { return gave_up || waiting_for(mu.identity()) == 1; });  // a busy machine may show us the end only
  std::thread reader([&] { std::shared_lock guard(mu); });  // waits for the writer to give up, or enters at once
  writer.join();
  reader.join();
  mu.unlock_shared();
}

TEST_P(SharedMutex, ReadersThatWaitAreLetInByTheWritersUnlock) {
  shared_timed_mutex mu{"test", GetParam()};
  mu.lock();
  std::atomic<int> inside{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < 4; ++i) {
    readers.emplace_back([&] {
      std::shared_lock guard(mu);
      ++inside;
      wait_until([&] { return inside == 4; });  // all together, or never
    });
  }
  wait_until_waiting(mu.identity(), 4);
  std::thread writer([&] { std::lock_guard guard(mu); });
  wait_until_waiting(mu.identity(), 5);
  mu.unlock();
  for (auto& reader : readers) reader.join();
  writer.join();
}

TEST_P(SharedMutex, EveryHolderIsNamed) {
  shared_mutex mu{"test", GetParam()};
  std::atomic<int> inside{0};
  std::atomic<bool> leave{false};
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      std::shared_lock guard(mu);
      ++inside;
      wait_until([&] { return leave.load(); });
    });
  }
  wait_until([&] { return inside == 3; });
  std::thread writer([&] { std::lock_guard guard(mu); });
  wait_until_waiting(mu.identity(), 1);
  const auto seen = snapshot();
  ASSERT_EQ(seen.holds.size(), 3u);
  for (const auto& hold : seen.holds) {
    EXPECT_TRUE(hold.shared);
    EXPECT_NE(hold.place, 0u);
  }
  EXPECT_EQ(seen.find(mu.identity().id())->policy, GetParam());
  leave = true;
  for (auto& reader : readers) reader.join();
  writer.join();
}

TEST(FairSharedMutex, ServesInOrderOfArrival) {
  policy_shared_mutex<lock_policy::fair> mu;
  std::vector<int> order;
  mu.lock();
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&, i] {
      std::lock_guard guard(mu);
      order.push_back(i);
    });
    wait_until([&] {
      const auto seen = snapshot();
      return seen.waits.size() == static_cast<std::size_t>(i + 1) &&
             std::all_of(seen.waits.begin(), seen.waits.end(), [](const auto& wait) { return wait.ticket != 0; });
    });
  }
  mu.unlock();
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4, 5}));
}

}  // namespace
}  // namespace tailback
