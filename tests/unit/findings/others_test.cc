// Findings that are no ring: orphans, convoys, channels, pools, signals, leaks; and dumps of which nothing is to be said.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/unit/findings/stacks.h"

namespace tailback::analyze {
namespace {

using testing::add_dump;
using testing::findings_of;
using testing::has;
using testing::many;
using testing::recording_of;

constexpr std::string_view kMutexWaiter = "[semacquire]\nsync.(*Mutex).lockSlow(0xc000010000)\nmain.(*Journal).Append(0xc000010000) journal.go:8\nmain.handle() main.go:3\n";

TEST(OrphanedLock, IsCertainWhenTheOwnerIsNotAmongTheThreads) {
  Recording recording = recording_of(Runtime::kNative, "100\n__lll_lock_wait\npthread_mutex_lock(mutex=0xa000)\nlook_up() x.cc:5\n");
  recording.dumps[0].locks = {Lock{.address = 0xa000, .kind = LockKind::kMutex, .owner = "99"}};
  const std::vector<Finding> findings = findings_of(recording);
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].kind, FindingKind::kOrphanedLock);
  EXPECT_EQ(findings[0].confidence, Confidence::kCertain);
}

TEST(OrphanedLock, IsNotCertainOfAnOwnerThatMayHaveBegunAfterTheThreadsWereListed) {
  Recording recording = recording_of(Runtime::kNative, "100\n__lll_lock_wait\npthread_mutex_lock(mutex=0xa000)\nlook_up() x.cc:5\n");
  recording.dumps[0].locks = {Lock{.address = 0xa000, .kind = LockKind::kMutex, .owner = "101"}};
  const std::vector<Finding> findings = findings_of(recording);
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].confidence, Confidence::kPossible);
  recording.dumps[0].holds = {Hold{.lock = {0}, .strength = 1}};
  EXPECT_TRUE(findings_of(recording).empty()) << "its owner changed while the dump was taken";
}

TEST(OrphanedLock, IsNotSaidOfAnOwnerThatATextNamesAndDoesNotShow) {
  Recording recording = recording_of(Runtime::kJava, "31 [BLOCKED]\nacme.Shelf.take() Shelf.java:8\n");
  Dump& dump = recording.dumps[0];
  dump.locks = {Lock{.address = 0xa000, .kind = LockKind::kMonitor, .owner = "booker"}};
  dump.waits = {Wait{.thread = {0}, .lock = {0}}};
  EXPECT_TRUE(has(findings_of(recording), FindingKind::kOrphanedLock)) << "booker has ended";
  dump.locks[0].owner += kNotIdentified;
  EXPECT_FALSE(has(findings_of(recording), FindingKind::kOrphanedLock)) << "booker may live";
}

TEST(OrphanedLock, IsNotSaidWhileSomebodyCouldHoldTheLock) {
  Recording recording = recording_of(Runtime::kNative, "1\n__lll_lock_wait\npthread_mutex_lock(mutex=0xa000)\nlook_up() x.cc:5\n2\ncompute() x.cc:9\n");
  EXPECT_FALSE(has(findings_of(recording), FindingKind::kOrphanedLock));
}

TEST(LockConvoy, IsALockThatMovesWhileTheQueueStays) {
  Recording recording = recording_of(Runtime::kGo, many(100, 120, kMutexWaiter));
  add_dump(recording, many(110, 130, kMutexWaiter));
  const std::vector<Finding> findings = findings_of(recording);
  EXPECT_TRUE(has(findings, FindingKind::kLockConvoy));
  for (const Finding& finding : findings) EXPECT_NE(finding.severity, FindingSeverity::kDeadlock);
}

TEST(LockConvoy, IsNotSaidOfAQueueThatStands) {
  Recording recording = recording_of(Runtime::kGo, many(100, 120, kMutexWaiter));
  add_dump(recording, many(100, 125, kMutexWaiter));
  EXPECT_FALSE(has(findings_of(recording), FindingKind::kLockConvoy));
}

TEST(LockConvoy, IsSeenInALongQueueOfWhichFewGetThrough) {
  Recording recording = recording_of(Runtime::kGo, many(100, 400, kMutexWaiter));
  add_dump(recording, many(112, 450, kMutexWaiter));
  EXPECT_TRUE(has(findings_of(recording), FindingKind::kLockConvoy));
}

TEST(DeadlockCycle, IsNoDeadlockWhereOneGivesUpByItself) {
  for (const bool timed : {false, true}) {
    const std::string lock = timed ? "pthread_mutex_timedlock(mutex=0xb000)\n" : "pthread_mutex_lock(mutex=0xb000)\n";
    Recording recording = recording_of(Runtime::kNative, "1\n__lll_lock_wait\npthread_mutex_lock(mutex=0xa000)\ncharge() x.cc:5\n2\n__lll_lock_wait\n" + lock + "refund() x.cc:9\n");
    recording.dumps[0].locks = {Lock{.address = 0xa000, .kind = LockKind::kMutex, .owner = "2"}, Lock{.address = 0xb000, .kind = LockKind::kMutex, .owner = "1"}};
    recording.dumps[0].holds = {Hold{.thread = {1}, .lock = {0}}, Hold{.thread = {0}, .lock = {1}}};
    const std::vector<Finding> findings = findings_of(recording);
    ASSERT_FALSE(findings.empty());
    EXPECT_EQ(findings[0].kind, FindingKind::kDeadlockCycle);
    EXPECT_EQ(findings[0].severity, timed ? FindingSeverity::kStall : FindingSeverity::kDeadlock);
    EXPECT_EQ(findings[0].explanation.find("time limit") != std::string::npos, timed) << findings[0].explanation;
  }
}

/// The kinds that could not be evaluated, without repetitions.
std::set<FindingKind> lacking(Recording& recording) {
  AnalyzeOptions options;
  options.source_from_paths = false;
  std::set<FindingKind> kinds;
  for (const NotEvaluated& rule : analyze(recording, options).not_evaluated) {
    EXPECT_FALSE(rule.reason.empty());
    kinds.insert(rule.kind);
  }
  return kinds;
}

using Kinds = std::set<FindingKind>;
constexpr FindingKind kRings[] = {FindingKind::kRecursiveLock, FindingKind::kRecursiveReadLock, FindingKind::kDeadlockCycle};

TEST(NotEvaluated, AreConvoysAndLeaksOfOneDump) {
  Recording recording = recording_of(Runtime::kGo, "1 [running]\nmain.main() main.go:3\n");
  EXPECT_EQ(lacking(recording), (Kinds{FindingKind::kLockConvoy, FindingKind::kLeak}));
  add_dump(recording, "1 [running]\nmain.main() main.go:3\n");
  EXPECT_EQ(lacking(recording), Kinds{});
}

TEST(NotEvaluated, AreRingsStallsAndOrphansWhereNoHolderIsKnown) {
  Recording recording = recording_of(Runtime::kGo, many(100, 103, kMutexWaiter) + "1 [running]\nmain.a() main.go:3\n2 [running]\nmain.b() main.go:4\n");
  Kinds expected{FindingKind::kLockConvoy, FindingKind::kLeak, FindingKind::kStalledHolder, FindingKind::kOrphanedLock};
  expected.insert(std::begin(kRings), std::end(kRings));
  EXPECT_EQ(lacking(recording), expected);
}

TEST(NotEvaluated, IsWhatNeedsLocksWhereTheSourceShowsNone) {
  Recording recording = recording_of(Runtime::kPython, "1\nab /src/dl.py:6\n2\nba /src/dl.py:10\n");
  const Kinds kinds = lacking(recording);
  for (const FindingKind kind : {FindingKind::kDeadlockCycle, FindingKind::kRecursiveLock, FindingKind::kContention, FindingKind::kOrphanedLock}) {
    EXPECT_TRUE(kinds.contains(kind)) << to_string(kind);
  }
}

TEST(NotEvaluated, IsWhatAMissingThreadCouldEnd) {
  Recording recording = recording_of(Runtime::kJava, many(1, 4, "[WAITING]\njava.lang.Object.wait\nacme.Box.take() Box.java:9\n"));
  EXPECT_FALSE(lacking(recording).contains(FindingKind::kLostSignal));
  recording.dumps[0].threads_missed = 2;
  const Kinds kinds = lacking(recording);
  EXPECT_TRUE(kinds.contains(FindingKind::kLostSignal));
  EXPECT_TRUE(kinds.contains(FindingKind::kPoolExhaustion));
}

TEST(NotEvaluated, AreRingsThroughALockWhoseOwnerIsNamedAndNotShown) {
  Recording recording = recording_of(Runtime::kJava, "31 [BLOCKED]\nacme.Shelf.take() Shelf.java:8\n");
  recording.dumps[0].locks = {Lock{.address = 0xa000, .kind = LockKind::kMonitor, .owner = "booker" + std::string(kNotIdentified)}};
  recording.dumps[0].waits = {Wait{.thread = {0}, .lock = {0}}};
  EXPECT_TRUE(lacking(recording).contains(FindingKind::kDeadlockCycle));
}

TEST(NotEvaluated, AreChannelsWhereTheDumpDoesNotPairTheirEnds) {
  Recording recording = recording_of(Runtime::kJava, "1 [WAITING (parking)]\njdk.internal.misc.Unsafe.park\njava.util.concurrent.ArrayBlockingQueue.put\nacme.Feed.push() Feed.java:9\n");
  EXPECT_TRUE(lacking(recording).contains(FindingKind::kChannelDeadlock));
}

TEST(NotEvaluated, IsAConvoyOfThreadsThatAreOnlyCounted) {
  Recording recording = recording_of(Runtime::kGo, many(100, 106, kMutexWaiter));
  add_dump(recording, many(100, 106, kMutexWaiter));
  EXPECT_FALSE(lacking(recording).contains(FindingKind::kLockConvoy));
  recording.dumps[1].threads[0].count = 9;
  EXPECT_TRUE(lacking(recording).contains(FindingKind::kLockConvoy));
}

TEST(ChannelDeadlock, IsALockHeldAcrossASend) {
  Recording recording = recording_of(Runtime::kGo, R"(
1 [chan send]
  main.(*Mux).distribute(0xc000010000) mux.go:30
  main.(*Mux).loop(0xc000010000?) mux.go:12
2 [semacquire]
  sync.(*Mutex).lockSlow(0xc000010000)
  main.(*Mux).stop(0xc000010000) mux.go:50
  main.close() main.go:3
)");
  const std::vector<Finding> findings = findings_of(recording);
  ASSERT_FALSE(findings.empty());
  EXPECT_EQ(findings[0].kind, FindingKind::kChannelDeadlock);
  EXPECT_LE(findings[0].confidence, Confidence::kLikely);
}

TEST(PoolExhaustion, IsEveryWorkerWaitingForAResult) {
  const std::string_view worker = "[WAITING (parking)]\njdk.internal.misc.Unsafe.park\njava.util.concurrent.FutureTask.get\ncom.acme.Page.render\njava.util.concurrent.ThreadPoolExecutor.runWorker\njava.lang.Thread.run\n";
  Recording recording = recording_of(Runtime::kJava, many(1, 5, worker));
  EXPECT_TRUE(has(findings_of(recording), FindingKind::kPoolExhaustion));
}

TEST(PoolExhaustion, IsNotSaidWhileAWorkerIsFree) {
  const std::string_view worker = "[WAITING (parking)]\njdk.internal.misc.Unsafe.park\njava.util.concurrent.FutureTask.get\ncom.acme.Page.render\njava.util.concurrent.ThreadPoolExecutor.runWorker\njava.lang.Thread.run\n";
  const std::string_view idle = "[WAITING (parking)]\njdk.internal.misc.Unsafe.park\njava.util.concurrent.ThreadPoolExecutor.getTask\njava.util.concurrent.ThreadPoolExecutor.runWorker\njava.lang.Thread.run\n";
  Recording recording = recording_of(Runtime::kJava, many(1, 5, worker) + many(5, 6, idle));
  EXPECT_FALSE(has(findings_of(recording), FindingKind::kPoolExhaustion));
}

constexpr std::string_view kGateWaiter = "[sync.Cond.Wait]\nsync.runtime_notifyListWait(0xc000010050, 0x1)\nsync.(*Cond).Wait(0xc000010040)\nmain.(*Gate).Pass(0xc000010000) gate.go:9\nmain.main.func1() main.go:8\n";

TEST(LostSignal, IsAConditionThatNobodyIsLeftToSignal) {
  Recording recording = recording_of(Runtime::kGo, many(1, 26, kGateWaiter));
  const std::vector<Finding> findings = findings_of(recording);
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].kind, FindingKind::kLostSignal);
  EXPECT_EQ(findings[0].confidence, Confidence::kPossible);
}

TEST(LostSignal, IsNotSaidWhileAThreadCouldSignal) {
  Recording recording = recording_of(Runtime::kGo, many(1, 26, kGateWaiter) + "30 [IO wait]\ninternal/poll.runtime_pollWait()\nmain.accept() main.go:50\n");
  EXPECT_TRUE(findings_of(recording).empty());
}

TEST(LostSignal, IsNotSaidOfWhatAlsoWaitedWhenTheServiceWasWell) {
  const std::string_view busy = "30 [IO wait]\ninternal/poll.runtime_pollWait()\nmain.accept() main.go:50\n";
  Recording recording = recording_of(Runtime::kGo, many(1, 26, kGateWaiter) + std::string(busy));
  add_dump(recording, many(1, 26, kGateWaiter));
  EXPECT_TRUE(findings_of(recording).empty());
}

TEST(Findings, OfAnEarlierDumpGoWhenALaterOneRefutesThem) {
  const std::string_view ring = "1\n__lll_lock_wait\npthread_mutex_lock(mutex=0xa000)\nouter() x.cc:5\n";
  Recording recording = recording_of(Runtime::kNative, ring);
  recording.dumps[0].locks = {Lock{.address = 0xa000, .kind = LockKind::kMutex, .owner = "1"}};
  recording.dumps[0].holds = {Hold{.thread = {0}, .lock = {0}}};
  add_dump(recording, "1\ncompute() x.cc:5\n");
  EXPECT_TRUE(findings_of(recording).empty()) << "a deadlock that ended was none";
}

constexpr std::string_view kLeaked = "[chan receive]\nmain.await() main.go:9\nmain.spawn.func1() main.go:20\n";

TEST(Leak, IsAGroupThatOnlyGrows) {
  Recording recording = recording_of(Runtime::kGo, many(100, 120, kLeaked) + "1 [running]\nmain.work() main.go:70\n");
  add_dump(recording, many(100, 140, kLeaked) + "1 [running]\nmain.work() main.go:70\n");
  const std::vector<Finding> findings = findings_of(recording);
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].kind, FindingKind::kLeak);
  EXPECT_EQ(findings[0].confidence, Confidence::kLikely);
}

TEST(Leak, IsNotSaidOfAPoolWhoseMembersChange) {
  Recording recording = recording_of(Runtime::kGo, many(100, 120, kLeaked) + "1 [running]\nmain.work() main.go:70\n");
  add_dump(recording, many(200, 240, kLeaked) + "1 [running]\nmain.work() main.go:70\n");
  EXPECT_TRUE(findings_of(recording).empty());
}

TEST(Findings, SayNothingOfAServiceThatWaitsForWork) {
  Recording recording = recording_of(Runtime::kGo, R"(
1 [chan receive]
  main.main() main.go:9
2 [IO wait]
  internal/poll.runtime_pollWait()
  net.(*TCPListener).Accept()
  main.serve() main.go:20
3 [select]
  main.(*Worker).loop(0xc000010000) worker.go:9
4 [sleep]
  time.Sleep()
  main.tick() main.go:30
5 [semacquire]
  sync.(*Mutex).lockSlow(0xc000020000)
  main.(*Stats).Add(0xc000020000) stats.go:5
6 [running]
  main.(*Stats).Sum(0xc000020000) stats.go:15
)");
  EXPECT_TRUE(findings_of(recording).empty());
}

}  // namespace
}  // namespace tailback::analyze
