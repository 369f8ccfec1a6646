// What Java's and Python's services show: library calls built on one another, executors, queues, results; and busy ones that must not be accused.
#include <gtest/gtest.h>

#include <algorithm>

#include "analyze/classify/activity.h"
#include "tests/unit/findings/stacks.h"

namespace tailback::analyze {
namespace {

using testing::many;
using testing::recording_of;

std::string kinds(Recording& recording) {
  std::string out;
  for (const Finding& finding : analyze(recording, {}).findings) {
    out += (out.empty() ? "" : ", ") + std::string(to_string(finding.kind)) + " " + std::string(to_string(finding.confidence));
  }
  return out;
}

std::string kinds(Runtime runtime, const std::string& stacks) {
  Recording recording = recording_of(runtime, stacks);
  return kinds(recording);
}

std::string_view doing(Runtime runtime, const std::string& stack) {
  Recording recording = recording_of(runtime, "1 " + stack);
  return to_string(classify(recording, recording.dumps[0]).at(0).kind);
}

std::string_view java(const std::string& frames) { return doing(Runtime::kJava, "[WAITING (parking)]\njdk.internal.misc.Unsafe.park\n" + frames + "acme.Shop.run() Shop.java:9\n"); }

/// All threads wait for one lock of that kind, at the frame of that index.
void wait_for_one(Recording& recording, LockKind kind, std::uint16_t frame) {
  Dump& dump = recording.dumps[0];
  dump.locks.push_back(Lock{.address = 0xa000, .kind = kind});
  for (std::uint32_t i = 0; i < dump.threads.size(); ++i) dump.waits.push_back(Wait{.thread = {i}, .lock = {0}, .frame = frame});
}

const std::string kConditionAwait = "java.util.concurrent.locks.AbstractQueuedSynchronizer$ConditionObject.await\n";

TEST(JavaWaits, AreToldByTheCallThatTheProgramMade) {
  EXPECT_EQ(java(kConditionAwait), "condition");
  EXPECT_EQ(java(kConditionAwait + "java.util.concurrent.LinkedBlockingQueue.put\n"), "channel_send");
  EXPECT_EQ(java(kConditionAwait + "java.util.concurrent.LinkedBlockingDeque.putLast\njava.util.concurrent.LinkedBlockingDeque.put\n"), "channel_send");
  EXPECT_EQ(java(kConditionAwait + "java.util.concurrent.ArrayBlockingQueue.poll\n"), "channel_receive");
  EXPECT_EQ(java(kConditionAwait + "java.util.concurrent.CyclicBarrier.dowait\njava.util.concurrent.CyclicBarrier.await\n"), "wait_group");
  EXPECT_EQ(java("java.util.concurrent.CompletableFuture.get\n"), "future");
  EXPECT_EQ(java("java.util.concurrent.CompletableFuture.get\njdk.internal.net.http.HttpClientImpl.send\n"), "io");
  EXPECT_EQ(doing(Runtime::kJava, "[runnable]\njava.util.concurrent.FutureTask.get\nacme.Shop.run() Shop.java:9\n"), "running") << "who waits for another is never runnable";
}

TEST(JavaWaits, WhatFillsABufferRuns) {
  EXPECT_EQ(doing(Runtime::kJava, "[runnable]\njava.io.OutputStreamWriter.flush\njava.util.logging.StreamHandler.flush\nacme.Shop.run() Shop.java:9\n"), "running");
  EXPECT_EQ(doing(Runtime::kJava, "[runnable]\njava.lang.String.getChars\njava.io.Writer.write\nacme.Shop.run() Shop.java:9\n"), "running");
  EXPECT_EQ(doing(Runtime::kJava, "[runnable]\njava.io.FileOutputStream.writeBytes\njava.io.OutputStreamWriter.flush\nacme.Shop.run() Shop.java:9\n"), "io");
  EXPECT_EQ(doing(Runtime::kJava, "[runnable]\nsun.nio.ch.Net.poll\njava.io.BufferedReader.readLine\nacme.Shop.run() Shop.java:9\n"), "io");
}

TEST(JavaWaits, ThreadsOfTheMachineItselfRest) {
  EXPECT_EQ(doing(Runtime::kJava, "[waiting on condition]\n"), "idle");
  EXPECT_EQ(doing(Runtime::kJava, "[runnable]\n"), "idle");
  EXPECT_EQ(doing(Runtime::kJava, "[BLOCKED (on object monitor)]\n"), "lock") << "its stack is missing";
}

const std::string kResult = "[WAITING (parking)]\njdk.internal.misc.Unsafe.park\njava.util.concurrent.CompletableFuture.get\nacme.Api.fetch() Api.java:9\nacme.Api.loop() Api.java:3\n";
const std::string kWorker = "java.util.concurrent.ThreadPoolExecutor.runWorker\n";

TEST(JavaPools, AreKnownByTheirExecutor) {
  EXPECT_EQ(kinds(Runtime::kJava, many(1, 5, kResult + kWorker)), "pool_exhaustion likely");
  EXPECT_EQ(kinds(Runtime::kJava, many(1, 5, kResult)), "pool_exhaustion possible") << "threads of one place are no executor";
}

TEST(JavaPools, ResultsMayComeFromOutside) {
  const std::string selector = "[runnable]\nsun.nio.ch.EPoll.wait\nsun.nio.ch.SelectorImpl.select\njdk.internal.net.http.HttpClientImpl$SelectorManager.run\n";
  EXPECT_EQ(kinds(Runtime::kJava, many(1, 5, kResult + kWorker) + many(5, 6, selector)), "");
  EXPECT_EQ(kinds(Runtime::kJava, many(1, 5, kResult) + many(5, 6, selector)), "");
  const std::string timer = "[TIMED_WAITING (parking)]\njdk.internal.misc.Unsafe.park\njava.util.concurrent.ScheduledThreadPoolExecutor$DelayedWorkQueue.take\njava.util.concurrent.ThreadPoolExecutor.getTask\n" + kWorker;
  EXPECT_EQ(kinds(Runtime::kJava, many(1, 5, kResult + kWorker) + many(5, 6, timer)), "") << "something is to happen in a while";
}

TEST(JavaPools, ATaskIsCompletedByItsExecutorAlone) {
  std::string task = kResult + kWorker;
  Recording recording = recording_of(Runtime::kJava, many(1, 5, task) + many(5, 6, "[runnable]\nsun.nio.ch.EPoll.wait\nsun.nio.ch.SelectorImpl.select\njdk.internal.net.http.HttpClientImpl$SelectorManager.run\n"));
  Dump& dump = recording.dumps[0];
  for (std::uint32_t i = 0; i < 4; ++i) {
    dump.locks.push_back(Lock{.address = 0xa000 + 64 * i, .kind = LockKind::kFuture, .name = recording.table.intern("java.util.concurrent.FutureTask")});
    dump.waits.push_back(Wait{.thread = {i}, .lock = {i}, .frame = 1});
  }
  EXPECT_EQ(kinds(recording), "pool_exhaustion likely");
}

TEST(JavaPools, OneThreadIsAPoolWhereOthersWaitForIt) {
  const std::string client = "[WAITING (parking)]\njdk.internal.misc.Unsafe.park\njava.util.concurrent.FutureTask.get\nacme.Status.total() Status.java:9\n";
  EXPECT_EQ(kinds(Runtime::kJava, many(1, 2, kResult + kWorker)), "");
  EXPECT_EQ(kinds(Runtime::kJava, many(1, 2, kResult + kWorker) + many(2, 3, client)), "pool_exhaustion possible");
}

const std::string kPut = "[WAITING (parking)]\njdk.internal.misc.Unsafe.park\n" + kConditionAwait + "java.util.concurrent.ArrayBlockingQueue.put\nacme.Feed.push() Feed.java:9\n";

TEST(JavaQueues, AreToldFullWhereEveryThreadIsStuck) {
  EXPECT_EQ(kinds(Runtime::kJava, many(1, 5, kPut)), "channel_deadlock possible");
  EXPECT_EQ(kinds(Runtime::kJava, many(1, 5, kPut) + many(5, 6, "[runnable]\nacme.Feed.digest() Feed.java:30\n")), "") << "somebody drains it";
  EXPECT_EQ(kinds(Runtime::kJava, many(1, 5, kPut) + many(5, 6, "[sleeping]\njava.lang.Thread.sleep\nacme.Feed.main() Feed.java:40\n")), "") << "who sleeps wakes up";
}

TEST(LostSignal, IsNotSaidWhileSomebodySleeps) {
  const std::string waits = "[WAITING]\njava.lang.Object.wait\nacme.Box.take() Box.java:9\n", sleeps = "[sleeping]\njava.lang.Thread.sleep\nacme.Box.main() Box.java:40\n";
  EXPECT_EQ(kinds(Runtime::kJava, many(1, 4, waits)), "lost_signal possible");
  EXPECT_EQ(kinds(Runtime::kJava, many(1, 4, waits) + many(4, 5, sleeps)), "");
}

TEST(LostSignal, ABarriersWaitersAreOneCrowd) {
  Recording recording = recording_of(Runtime::kJava, many(1, 4, "[WAITING (parking)]\njdk.internal.misc.Unsafe.park\njava.util.concurrent.Phaser.awaitAdvance\nacme.Game.play() Game.java:6\n"));
  Dump& dump = recording.dumps[0];
  for (std::uint32_t i = 0; i < dump.threads.size(); ++i) {  // each waits on a node of its own
    dump.locks.push_back(Lock{.address = 0xa000 + 64 * i, .kind = LockKind::kBarrier});
    dump.waits.push_back(Wait{.thread = {i}, .lock = {i}, .frame = 1});
  }
  const std::vector<Finding> findings = analyze(recording, {}).findings;
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].title, "a barrier that not all parties reach");
  EXPECT_EQ(findings[0].blocked_in_all, 3u);
}

TEST(OrphanedLock, IsNotSaidOfALockThatMayChangeHands) {
  const std::string waits = "[WAITING (parking)]\njdk.internal.misc.Unsafe.park\njava.util.concurrent.locks.ReentrantLock.lock\nacme.Map.get() Map.java:9\n";
  const std::string rests = "[WAITING]\njava.lang.Object.wait\njava.lang.ref.ReferenceQueue.remove\njava.lang.ref.Finalizer$FinalizerThread.run\n";
  const auto found = [&](std::int64_t cpu_ns) {
    Recording recording = recording_of(Runtime::kJava, many(1, 5, waits));
    wait_for_one(recording, LockKind::kRecursiveMutex, 1);
    ThreadRecord idle = recording_of(Runtime::kJava, "9 " + rests).dumps[0].threads[0];
    idle.stack = {};
    recording.dumps[0].threads.push_back(idle);
    recording.dumps[0].threads[0].cpu_ns = cpu_ns;
    return kinds(recording);
  };
  EXPECT_EQ(found(-1), "orphaned_lock possible");
  EXPECT_EQ(found(3'000'000), "orphaned_lock possible");
  EXPECT_EQ(found(3'000'000'000).find("orphaned_lock"), std::string::npos) << "its waiters have run: it moves";
}

TEST(Leak, IsOfExecutorsThatNobodyShutsDown) {
  const std::string idle = "[WAITING (parking)]\njdk.internal.misc.Unsafe.park\n" + kConditionAwait + "java.util.concurrent.LinkedBlockingQueue.take\njava.util.concurrent.ThreadPoolExecutor.getTask\n" + kWorker;
  const auto found = [&](int threads, bool one_pool) {
    Recording recording = recording_of(Runtime::kJava, many(1, threads + 1, idle));
    Dump& dump = recording.dumps[0];
    for (std::uint32_t i = 0; i < dump.threads.size(); ++i) {
      if (i == 0 || !one_pool) dump.locks.push_back(Lock{.address = 0xa000 + 64 * i, .kind = LockKind::kCondition});
      dump.waits.push_back(Wait{.thread = {i}, .lock = {static_cast<std::uint32_t>(dump.locks.size() - 1)}, .frame = 1});
    }
    return kinds(recording);
  };
  EXPECT_EQ(found(199, false), "");
  EXPECT_EQ(found(200, false), "leak possible");
  EXPECT_EQ(found(2000, true), "") << "a large pool at rest";
}

TEST(DeadlockCycle, GoesThroughAResultWhoseMakerTheClosureNames) {
  const std::string reader = "[WAITING (parking)]\njdk.internal.misc.Unsafe.park\njava.util.concurrent.FutureTask.get\nacme.Book.total() Book.java:24\n" + kWorker;
  const std::string maker = "[BLOCKED (on object monitor)]\nacme.Book.price() Book.java:16\nacme.Book.lambda$total$0() Book.java:23\njava.util.concurrent.FutureTask.run\n" + kWorker;
  const auto found = [&](const std::string& second) {
    Recording recording = recording_of(Runtime::kJava, many(1, 2, reader) + many(2, 3, second));
    Dump& dump = recording.dumps[0];
    dump.locks = {Lock{.address = 0xa000, .kind = LockKind::kFuture}, Lock{.address = 0xb000, .kind = LockKind::kMonitor}};
    dump.waits = {Wait{.thread = {0}, .lock = {0}, .frame = 1}, Wait{.thread = {1}, .lock = {1}, .frame = 0}};
    dump.holds = {Hold{.thread = {0}, .lock = {1}, .frame = 2}};
    return kinds(recording);
  };
  EXPECT_EQ(found(maker), "deadlock_cycle likely");
  std::string other = maker;
  other.replace(other.find("total"), 5, "print");
  EXPECT_EQ(found(other).find("deadlock_cycle"), std::string::npos) << "another function's task";
}

TEST(PythonWaits, AreToldWhereverTheLibraryLies) {
  const auto python = [](const std::string& frames) { return doing(Runtime::kPython, "\n" + frames + "job() /srv/app.py:22\n"); };
  EXPECT_EQ(python("wait() threading.py:327\nwait() threading.py:629\n"), "condition") << "as py-spy shortens it";
  EXPECT_EQ(python("wait() /usr/lib/python3.11/threading.py:327\nacquire() /usr/lib/python3.11/threading.py:467\n"), "semaphore");
  EXPECT_EQ(python("wait() threading.py:327\nwait() threading.py:629\nas_completed() concurrent/futures/_base.py:243\n<listcomp>() /srv/app.py:14\n"), "future");
  EXPECT_EQ(python("acquire() logging/__init__.py:927\n"), "lock");
  EXPECT_EQ(python("wait() threading.py:327\nwait_for() threading.py:351\n_wait() threading.py:702\nwait() threading.py:663\n"), "wait_group") << "a barrier";
}

TEST(PythonLocksEverywhere, AreNoRingByElimination) {
  const std::string acquire = "[idle]\nacquire() logging/__init__.py:927\n";
  EXPECT_EQ(kinds(Runtime::kPython, many(1, 3, acquire + "first() /srv/app.py:9\n") + many(3, 5, acquire + "second() /srv/app.py:19\n")).find("deadlock_cycle"), std::string::npos);
}

TEST(PythonOrphans, AreNotToldByElimination) {
  // Who has just got the lock waits for the interpreter on the line on which it asked.
  EXPECT_EQ(kinds(Runtime::kPython, many(1, 6, "[idle]\nacquire() logging/__init__.py:927\norder() /srv/app.py:9\n") + "9 [idle]\n_worker() concurrent/futures/thread.py:81\n").find("orphaned_lock"),
            std::string::npos);
}

}  // namespace
}  // namespace tailback::analyze
