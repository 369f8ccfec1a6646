#include <pthread.h>

#include <mutex>
#include <shared_mutex>

#include <gtest/gtest.h>
#include <tailback/condition_variable.h>
#include <tailback/mutex.h>
#include <tailback/schedule.h>
#include <tailback/shared_mutex.h>

#include "runtime/schedule/parked.h"

namespace tailback {
namespace {

schedule plan(std::string_view text) {
  Result<schedule> parsed = schedule::parse(text);
  EXPECT_TRUE(parsed.ok()) << parsed.error().to_string();
  return parsed.ok() ? std::move(*parsed) : schedule{};
}

constexpr std::string_view kIncident = R"(tailback-schedule 1
expect deadlocks
step 1 refresher 1 rdlock mu
step 2 worker 1 wrlock mu waits after 1
step 3 refresher 2 rdlock mu waits after 2
)";

template <class Mutex>
void read_twice(Mutex& mu) {
  const std::shared_lock outer(mu);
  const std::shared_lock inner(mu);
}

template <class Mutex>
void write_once(Mutex& mu) {
  const std::unique_lock hold(mu);
}

TEST(ScheduleRun, TheIncidentDeadlocksEveryTime) {
  for (int round = 0; round < 100; ++round) {
    shared_mutex mu{"mu"};
    schedule_run run(plan(kIncident));
    run.start("refresher", [&] { read_twice(mu); });
    run.start("worker", [&] { write_once(mu); });
    const schedule_verdict verdict = run.finish();
    ASSERT_TRUE(verdict.met) << "round " << round << ": " << verdict.text;
    ASSERT_EQ(verdict.outcome, schedule_outcome::deadlocked);
  }
}

TEST(ScheduleRun, UnderAnotherPolicyTheSameScheduleCompletes) {
  for (int round = 0; round < 100; ++round) {
    shared_mutex mu{"mu", lock_policy::prefer_readers};
    schedule_run run(plan(kIncident));
    run.start("refresher", [&] { read_twice(mu); });
    run.start("worker", [&] { write_once(mu); });
    const schedule_verdict verdict = run.finish();
    ASSERT_EQ(verdict.outcome, schedule_outcome::completed) << verdict.text;
    ASSERT_FALSE(verdict.met) << "a deadlock was expected";
  }
}

TEST(ScheduleRun, TwoOrdersOfMutexesDeadlock) {
  mutex a{"a"}, b{"b"};
  schedule_run run(plan("tailback-schedule 1\nexpect deadlocks\nstep 1 t1 1 lock a\nstep 2 t2 1 lock b\nstep 3 t1 2 lock b waits after 2\nstep 4 t2 2 lock a waits after 1 3\n"));
  run.start("t1", [&] {
    const std::lock_guard first(a);
    const std::lock_guard second(b);
  });
  run.start("t2", [&] {
    const std::lock_guard first(b);
    const std::lock_guard second(a);
  });
  const schedule_verdict verdict = run.finish();
  EXPECT_TRUE(verdict.met) << verdict.text;
}

TEST(ScheduleRun, OrdersWithoutDeadlockAreKept) {
  mutex m{"m"};
  std::string order;
  schedule_run run(plan("tailback-schedule 1\nexpect completes\nstep 1 b 1 lock m\nstep 2 b 2 unlock m after 1\nstep 3 a 1 lock m after 2\n"));
  run.start("a", [&] {
    const std::lock_guard hold(m);
    order += 'a';
  });
  run.start("b", [&] {
    const std::lock_guard hold(m);
    order += 'b';
  });
  EXPECT_TRUE(run.finish().met);
  EXPECT_EQ(order, "ba");
}

TEST(ScheduleRun, AConditionsOwnLockOperationsAreNoSteps) {
  mutex m{"m"};
  condition_variable cv;
  bool ready = false;
  schedule_run run(plan("tailback-schedule 1\nexpect completes\nstep 1 w 1 lock m\nstep 2 n 1 lock m\nstep 3 n 2 unlock m\nstep 4 w 2 unlock m after 3\n"));
  run.start("w", [&] {
    std::unique_lock hold(m);
    while (!ready) cv.wait(hold);
  });
  run.start("n", [&] {
    {
      const std::lock_guard hold(m);
      ready = true;
    }
    cv.notify_one();
  });
  const schedule_verdict verdict = run.finish();
  EXPECT_TRUE(verdict.met) << verdict.text;
}

TEST(ScheduleRun, AStepThatIsNeverReachedHasDiverged) {
  mutex m{"m"};
  schedule_run run(plan("tailback-schedule 1\nexpect completes\nstep 1 a 1 lock m\nstep 2 a 3 lock m\n"));
  run.start("a", [&] { const std::lock_guard hold(m); });
  const schedule_verdict verdict = run.finish();
  EXPECT_EQ(verdict.outcome, schedule_outcome::diverged);
  EXPECT_FALSE(verdict.met);
  EXPECT_NE(verdict.text.find("not reached: step 2"), std::string::npos) << verdict.text;
}

TEST(ScheduleRun, AStepWhoseTurnNeverComesHasDiverged) {
  mutex m{"m"};
  schedule_run run(plan("tailback-schedule 1\nexpect completes\nstep 1 nobody 1 lock m\nstep 2 a 1 lock m after 1\n"), {std::chrono::milliseconds(20)});
  run.start("a", [&] { const std::lock_guard hold(m); });
  const schedule_verdict verdict = run.finish();
  EXPECT_EQ(verdict.outcome, schedule_outcome::diverged);
  EXPECT_NE(verdict.text.find("waits in vain for step 1"), std::string::npos) << verdict.text;
}

TEST(ScheduleRun, AnotherOperationThanPlannedHasDiverged) {
  shared_mutex mu{"mu"};
  schedule_run run(plan("tailback-schedule 1\nexpect completes\nstep 1 a 1 rdlock mu\n"));
  run.start("a", [&] { write_once(mu); });
  const schedule_verdict verdict = run.finish();
  EXPECT_EQ(verdict.outcome, schedule_outcome::diverged);
  EXPECT_NE(verdict.text.find("it did wrlock mu"), std::string::npos) << verdict.text;
}

TEST(ScheduleRun, ThreadsWithoutANameAreCalledAfterTheirParent) {
  mutex m{"m"};
  schedule_run run(plan("tailback-schedule 1\nexpect completes\nstep 1 main.1.1 1 lock m\nstep 2 main.2 1 lock m after 1\n"));
  run.start("", [&] {
    run.start("", [&] { const std::lock_guard hold(m); });
  });
  run.start("", [&] { const std::lock_guard hold(m); });
  const schedule_verdict verdict = run.finish();
  EXPECT_TRUE(verdict.met) << verdict.text;
}

TEST(ScheduleRun, WhatABodyThrowsIsTold) {
  mutex m{"m"};
  schedule_run run(plan("tailback-schedule 1\nexpect completes\nstep 1 a 1 lock m\n"));
  run.start("a", [&] {
    const std::lock_guard hold(m);
    throw std::runtime_error("lost");
  });
  const schedule_verdict verdict = run.finish();
  EXPECT_FALSE(verdict.met);
  EXPECT_NE(verdict.text.find("a threw: lost"), std::string::npos);
}

TEST(ScheduleRun, ASecondRunAtTheSameTimeSaysSo) {
  schedule_run first(plan("tailback-schedule 1\nexpect completes\nstep 1 a 1 lock m\n"));
  schedule_run second(plan("tailback-schedule 1\nexpect completes\nstep 1 a 1 lock m\n"));
  EXPECT_NE(second.finish().text.find("another run"), std::string::npos);
}

/// glibc's read-write lock, in the kind that lets no reader pass a waiting writer, or in the default one.
class NativeRwlock {
 public:
  explicit NativeRwlock(int kind) {
    pthread_rwlockattr_t attributes;
    pthread_rwlockattr_init(&attributes);
    pthread_rwlockattr_setkind_np(&attributes, kind);
    pthread_rwlock_init(&lock_, &attributes);
    pthread_rwlockattr_destroy(&attributes);
  }
  void lock() { pthread_rwlock_wrlock(&lock_); }
  void unlock() { pthread_rwlock_unlock(&lock_); }
  void lock_shared() { pthread_rwlock_rdlock(&lock_); }
  void unlock_shared() { pthread_rwlock_unlock(&lock_); }

 private:
  pthread_rwlock_t lock_;
};

schedule_verdict run_native(int kind) {
  // On the heap and never freed: two threads may stand in it for ever.
  auto* mu = new scheduled_lock<NativeRwlock>("mu", kind);
  schedule_run run(plan(kIncident));
  run.start("refresher", [mu] { read_twice(*mu); });
  run.start("worker", [mu] { write_once(*mu); });
  return run.finish();
}

TEST(ScheduleRun, ANativeLockIsKnownToWaitByTheKernel) {
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "threads are left standing in the lock, which the sanitizer reports";
#endif
  if (!locks::kernel_tells_system_calls()) GTEST_SKIP() << "/proc/self/task/TID/syscall is closed to this process";
  for (int round = 0; round < 10; ++round) {
    const schedule_verdict deadlocks = run_native(PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    ASSERT_EQ(deadlocks.outcome, schedule_outcome::deadlocked) << deadlocks.text;
    ASSERT_TRUE(deadlocks.met);
    const schedule_verdict completes = run_native(PTHREAD_RWLOCK_PREFER_READER_NP);
    ASSERT_EQ(completes.outcome, schedule_outcome::completed) << completes.text;
  }
}

TEST(ScheduleRun, NativeMutexesInTwoOrdersDeadlock) {
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "threads are left standing in the lock, which the sanitizer reports";
#endif
  if (!locks::kernel_tells_system_calls()) GTEST_SKIP() << "/proc/self/task/TID/syscall is closed to this process";
  for (int round = 0; round < 10; ++round) {
    // Never freed: as above.
    auto* a = new scheduled_lock<std::mutex>("a");
    auto* b = new scheduled_lock<std::mutex>("b");
    schedule_run run(
        plan("tailback-schedule 1\nexpect deadlocks\nstep 1 t1 1 lock a\nstep 2 t2 1 lock b\nstep 3 t1 2 lock b waits after 2\nstep 4 t2 2 lock a waits after 1 3\n"));
    const auto both = [](auto& first, auto& second) {
      const std::lock_guard outer(first);
      const std::lock_guard inner(second);
    };
    run.start("t1", [=] { both(*a, *b); });
    run.start("t2", [=] { both(*b, *a); });
    const schedule_verdict verdict = run.finish();
    ASSERT_EQ(verdict.outcome, schedule_outcome::deadlocked) << verdict.text;
    ASSERT_TRUE(verdict.met);
  }
}

}  // namespace
}  // namespace tailback
