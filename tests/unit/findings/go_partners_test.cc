// Goroutines that wait for what another one would have to do: permits, results, counts, channels. Each case has one beside it in which somebody could.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "tests/unit/findings/stacks.h"

namespace tailback::analyze {
namespace {

using testing::add_dump;
using testing::findings_of;
using testing::many;
using testing::recording_of;

std::vector<Finding> findings_in(std::string_view text) {
  Recording recording = recording_of(Runtime::kGo, text);
  return findings_of(recording);
}

const Finding* find_kind(const std::vector<Finding>& findings, FindingKind kind) {
  const auto found = std::find_if(findings.begin(), findings.end(), [kind](const Finding& finding) { return finding.kind == kind; });
  return found == findings.end() ? nullptr : &*found;
}

constexpr std::string_view kListener = "\n90 [IO wait]\ninternal/poll.runtime_pollWait\nnet.(*netFD).accept\nnet.(*TCPListener).Accept\nnet/http.(*Server).Serve\nnet/http.ListenAndServe\n";

// Two callers of a library's pool: those in a transaction have a connection.
std::string connections() {
  return many(1, 5, "[select]\nruntime.selectgo\ndatabase/sql.(*DB).conn\ndatabase/sql.(*DB).QueryContext\nmain.(*Shop).stock shop.go:20\nmain.(*Shop).Place shop.go:38\nnet/http.(*conn).serve\n") +
         many(5, 12, "[select]\nruntime.selectgo\ndatabase/sql.(*DB).conn\ndatabase/sql.(*DB).BeginTx\nmain.(*Shop).Place shop.go:32\nnet/http.(*conn).serve\n");
}

TEST(GoPermits, OfALibrarysPoolAreOneCrowdWhicheverOfItsFunctionsIsCalled) {
  const auto findings = findings_in(connections());
  const Finding* pool = find_kind(findings, FindingKind::kPoolExhaustion);
  ASSERT_NE(pool, nullptr);
  EXPECT_EQ(pool->blocked_in_all, 11u);
  EXPECT_EQ(pool->confidence, Confidence::kPossible);
  EXPECT_NE(pool->explanation.find("(*DB).conn"), std::string::npos) << pool->explanation;
}

TEST(GoPermits, AreExhaustedBesideALoopThatWaitsForItsTimer) {
  EXPECT_NE(find_kind(findings_in(connections() + "\n50 [select]\nmain.(*Cache).janitor cache.go:9\n"), FindingKind::kPoolExhaustion), nullptr);
}

TEST(GoPermits, AreNotExhaustedWhileAConnectionIsInUse) {
  const std::string query = "\n50 [IO wait]\ninternal/poll.runtime_pollWait\nmain.(*wire).read wire.go:7\ndatabase/sql.(*DB).queryDC\nmain.(*Shop).stock shop.go:20\nmain.(*Shop).Place shop.go:38\n";
  EXPECT_EQ(find_kind(findings_in(connections() + query), FindingKind::kPoolExhaustion), nullptr);
}

constexpr std::string_view kNested = "[chan send]\nerrs.(*Group).Go group.go:18\nmain.mirror main.go:30\nmain.mirror.func1 main.go:30\nerrs.(*Group).Go.func1 group.go:23\n";

TEST(GoPermits, AreExhaustedWhereAllThatALimitLetsRunAskIt) {
  const auto findings = findings_in(many(1, 5, kNested) + "\n9 [semacquire]\nsync.runtime_Semacquire\nsync.(*WaitGroup).Wait\nerrs.(*Group).Wait group.go:36\nmain.main main.go:40\n");
  const Finding* pool = find_kind(findings, FindingKind::kPoolExhaustion);
  ASSERT_NE(pool, nullptr);
  EXPECT_NE(pool->explanation.find("(*Group).Go"), std::string::npos);
  EXPECT_NE(pool->fix.find("(*Group).Go"), std::string::npos);
}

TEST(GoPermits, AreNotExhaustedWhileOneOfThemWorks) {
  EXPECT_EQ(find_kind(findings_in(many(1, 5, kNested) + "\n9 [sleep]\ntime.Sleep\nmain.copy main.go:20\nmain.mirror.func1 main.go:30\nerrs.(*Group).Go.func1 group.go:23\n"), FindingKind::kPoolExhaustion),
            nullptr);
}

TEST(GoPool, IsExhaustedWhereAllWorkersWaitToHandATaskOver) {
  const auto findings = findings_in(many(1, 5, "[chan send]\nmain.(*Pool).Submit pool.go:9\nmain.render render.go:20\nmain.main.func1 main.go:9\nmain.(*Pool).worker pool.go:22\n"));
  const Finding* pool = find_kind(findings, FindingKind::kPoolExhaustion);
  ASSERT_NE(pool, nullptr);
  EXPECT_NE(pool->title.find("room"), std::string::npos);
}

constexpr std::string_view kCondition = "[sync.Cond.Wait]\nsync.runtime_notifyListWait\nsync.(*Cond).Wait\nmain.(*Pool).Get pool.go:32\n";

TEST(GoPermits, MayBeGuardedByACondition) {
  const std::string text = many(1, 5, std::string(kCondition) + "main.open open.go:9\nmain.Copy copy.go:57\nmain.main.func1 main.go:9\n") + many(5, 9, std::string(kCondition) + "main.Copy copy.go:54\nmain.main.func1 main.go:9\n");
  const auto findings = findings_in(text);
  EXPECT_NE(find_kind(findings, FindingKind::kPoolExhaustion), nullptr);
  EXPECT_EQ(find_kind(findings, FindingKind::kLostSignal), nullptr) << "of the same goroutines less is known as waiters for a signal";
  EXPECT_NE(find_kind(findings_in(many(1, 9, std::string(kCondition) + "main.Copy copy.go:54\nmain.main.func1 main.go:9\n")), FindingKind::kLostSignal), nullptr);
}

constexpr std::string_view kSenders = "[chan send]\nmain.sem.acquire main.go:13\nmain.upload main.go:17\nmain.main.func1 main.go:30\n";

TEST(GoSenders, AreServedWhereSomeHaveComeByAndWork) {
  EXPECT_NE(find_kind(findings_in(many(1, 70, kSenders) + "\n99 [running]\nmain.other other.go:4\n"), FindingKind::kChannelDeadlock), nullptr);
  EXPECT_EQ(find_kind(findings_in(many(1, 70, kSenders) + "\n99 [sleep]\ntime.Sleep\nmain.upload main.go:19\nmain.main.func1 main.go:30\n"), FindingKind::kChannelDeadlock), nullptr);
}

TEST(GoSenders, MayBeServedByAConnectionThatIsYetToCome) {
  constexpr std::string_view kGenerator = "1 [chan send]\nmain.(*Ids).generate ids.go:7\nmain.main.func1 main.go:3\n";
  EXPECT_NE(find_kind(findings_in(kGenerator), FindingKind::kChannelDeadlock), nullptr);
  EXPECT_EQ(find_kind(findings_in(std::string(kGenerator) + std::string(kListener)), FindingKind::kChannelDeadlock), nullptr);
}

TEST(GoSenders, ThatConnectionsBroughtAreServedByNoFurtherConnection) {
  constexpr std::string_view kHandler = "[chan send]\nmain.(*Runner).acquire run.go:17\nmain.(*Runner).Run run.go:29\nnet/http.HandlerFunc.ServeHTTP\nnet/http.(*conn).serve\n";
  EXPECT_NE(find_kind(findings_in(many(1, 9, kHandler) + std::string(kListener)), FindingKind::kChannelDeadlock), nullptr);
  EXPECT_EQ(find_kind(findings_in(many(1, 2, kHandler) + std::string(kListener)), FindingKind::kChannelDeadlock), nullptr);
}

TEST(GoMain, HoldsALockWhereItSendsInAMethodOfTheLocksObject) {
  const auto findings = findings_in("1 [chan send]\nmain.(*Broker).Publish(0xc0000a4100) broker.go:25\nmain.main main.go:50\n\n" +
                                    many(2, 5, "[semacquire]\nsync.runtime_SemacquireMutex\nsync.(*Mutex).lockSlow(0xc0000a4100)\nmain.(*Broker).lag(0xc0000a4100) broker.go:30\nmain.(*Broker).consume broker.go:44\n"));
  const Finding* channel = find_kind(findings, FindingKind::kChannelDeadlock);
  ASSERT_NE(channel, nullptr);
  EXPECT_EQ(channel->chain[0].function, "main.(*Broker).Publish");
  EXPECT_TRUE(channel->chain[0].holds.valid());
}

constexpr std::string_view kCount = "1 [semacquire]\nsync.runtime_Semacquire\nsync.(*WaitGroup).Wait(0xc000012340)\nmain.(*Importer).Import import.go:40\nmain.main main.go:9\n";

TEST(GoCount, IsNeverReachedWhereMainIsAllThatIsLeft) {
  const auto findings = findings_in(kCount);
  const Finding* count = find_kind(findings, FindingKind::kLostSignal);
  ASSERT_NE(count, nullptr);
  EXPECT_EQ(count->confidence, Confidence::kPossible);
  EXPECT_NE(count->title.find("count"), std::string::npos);
}

TEST(GoCount, MayBeReachedWhileAnythingElseRuns) {
  EXPECT_EQ(find_kind(findings_in(std::string(kCount) + "\n2 [sleep]\ntime.Sleep\nmain.task task.go:4\n"), FindingKind::kLostSignal), nullptr);
  EXPECT_EQ(find_kind(findings_in(std::string(kCount) + std::string(kListener)), FindingKind::kLostSignal), nullptr);
}

TEST(GoCondition, MayBeSignalledForAConnectionThatIsYetToCome) {
  const std::string workers = many(1, 9, "[sync.Cond.Wait]\nsync.runtime_notifyListWait\nsync.(*Cond).Wait(0xc000012340)\nmain.(*Queue).Get queue.go:20\nmain.(*Pool).work pool.go:9\n");
  EXPECT_NE(find_kind(findings_in(workers), FindingKind::kLostSignal), nullptr);
  EXPECT_EQ(find_kind(findings_in(workers + std::string(kListener)), FindingKind::kLostSignal), nullptr);
}

TEST(AllAsleep, IsLikelyByTheRuntimesOwnWord) {
  Recording recording = recording_of(Runtime::kGo, "1 [chan receive]\nmain.(*Job).Wait job.go:12\nmain.main main.go:9\n");
  EXPECT_TRUE(findings_of(recording).empty());
  recording.dumps.back().statements.push_back(recording.table.intern("fatal error: all goroutines are asleep - deadlock!"));
  const auto findings = findings_of(recording);
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].kind, FindingKind::kChannelDeadlock);
  EXPECT_EQ(findings[0].confidence, Confidence::kLikely);
  EXPECT_EQ(findings[0].severity, FindingSeverity::kDeadlock);
}

std::string stalled_in(std::string_view frames) {
  return "1 [chan send]\n" + std::string(frames) + "\n" +
         many(2, 6, "[semacquire]\nsync.runtime_SemacquireMutex\nsync.(*Mutex).lockSlow(0xc000024100)\nmain.(*Server).Status(0xc000024100) server.go:50\n");
}

TEST(GoHolder, IsRatherTheMethodThanTheLoopThatCallsIt) {
  const auto loop = findings_in(stalled_in("main.(*node).Advance node.go:33\nmain.(*Server).apply(0xc000024100) server.go:46\nmain.(*Server).loop(0xc000024100) server.go:51\nmain.main.func3 main.go:65\n"));
  ASSERT_FALSE(loop.empty());
  EXPECT_EQ(loop[0].chain[0].function, "main.(*Server).apply");
  const auto operation = findings_in(stalled_in("main.(*Server).send(0xc000024100) server.go:46\nmain.(*Server).Publish(0xc000024100) server.go:51\n"));
  ASSERT_FALSE(operation.empty());
  EXPECT_EQ(operation[0].chain[0].function, "main.(*Server).Publish");
}

TEST(GoHolder, IsNoWrapperThatTheCompilerMade) {
  const auto findings = findings_in(stalled_in("main.(*node).Advance node.go:33\nmain.(*Server).Trip(0xc000024100) server.go:46\nmain.(*Server).Trip-fm <autogenerated>:1\n"));
  ASSERT_FALSE(findings.empty());
  EXPECT_EQ(findings[0].chain[0].function, "main.(*Server).Trip");
}

TEST(AllAtLocks, NamesWhatItKnowsToBeHeld) {
  constexpr std::string_view kAsks = "[semacquire]\nsync.runtime_SemacquireMutex\nsync.(*Mutex).lockSlow(";
  const std::string queue = many(2, 5, std::string(kAsks) + "0xc0000b2000)\nmain.(*Locks).Acquire(0xc0000b2000) locks.go:17\nmain.fetch fetch.go:35\n");
  const auto findings = findings_in("1 " + std::string(kAsks) + "0xc0000a2020)\nmain.(*Locks).Acquire(0xc0000b2000) locks.go:23\nmain.fetch fetch.go:35\n\n" + queue +
                                    "\n9 " + std::string(kAsks) + "0xc0000b2000)\nmain.(*Locks).Release(0xc0000b2000) locks.go:28\nmain.fetch fetch.go:37\n");
  const Finding* ring = find_kind(findings, FindingKind::kDeadlockCycle);
  ASSERT_NE(ring, nullptr);
  EXPECT_TRUE(std::any_of(ring->chain.begin(), ring->chain.end(), [](const ChainLink& link) { return link.holds.valid() && link.function == "main.(*Locks).Acquire"; }));
}

std::string at_lock(int from, int to, std::string_view lock, std::string_view callers) {
  return many(from, to, "[semacquire]\nsync.runtime_SemacquireMutex\nsync.(*Mutex).lockSlow(" + std::string(lock) + ")\nmain.(*Room).add room.go:18\n" + std::string(callers)) + "\n";
}

TEST(AllAtLocks, GivesNoLockToThoseWhoHaveTakenNoneOnTheWay) {
  const std::string move = "main.(*Room).Move room.go:28\nmain.main.func1 main.go:9\n";
  const auto findings = findings_in(at_lock(1, 2, "0xc000010000", move) + at_lock(2, 3, "0xc000020000", move) + at_lock(3, 9, "0xc000020000", ""));
  ASSERT_FALSE(findings.empty());
  EXPECT_EQ(findings[0].kind, FindingKind::kDeadlockCycle);
  EXPECT_EQ(std::count_if(findings[0].chain.begin(), findings[0].chain.end(), [](const ChainLink& link) { return link.holds.valid() && link.function == "main.(*Room).Move"; }), 2);
  const auto three = findings_in(at_lock(1, 2, "0xc000010000", move) + at_lock(2, 3, "0xc000020000", move) + at_lock(3, 4, "0xc000030000", move));
  ASSERT_FALSE(three.empty());
  EXPECT_FALSE(three[0].chain[0].holds.valid()) << "of three, which holds which is not told";
  EXPECT_NE(three[0].chain[0].note.find("(*Room).Move"), std::string::npos);
}

TEST(GoHolder, IsNotRefutedByALineThatTakesTheLockAndWaits) {
  const std::filesystem::path source = std::filesystem::temp_directory_path() / ("tailback_one_line_" + std::to_string(::getpid()) + "_log.go");
  std::ofstream(source) << R"(package main

import "sync"

type Log struct {
	mu sync.Mutex
	in chan int
	at int
}

func (l *Log) apply() {
	l.mu.Lock()
	l.at++
	l.mu.Unlock()
}
func (l *Log) Commit(i int) { l.mu.Lock(); defer l.mu.Unlock(); l.in <- i }
)";
  const std::string file = source.string();
  const auto findings = findings_in("1 [chan send]\nmain.(*Log).Commit(0xc00005a020) " + file + ":16\n\n2 [semacquire]\nsync.runtime_SemacquireMutex\nsync.(*Mutex).lockSlow(0xc00005a020)\nmain.(*Log).apply(0xc00005a020) " + file + ":12\n");
  std::filesystem::remove(source);
  const Finding* channel = find_kind(findings, FindingKind::kChannelDeadlock);
  ASSERT_NE(channel, nullptr);
  EXPECT_EQ(channel->chain[0].function, "main.(*Log).Commit");
  EXPECT_TRUE(channel->chain[0].holds.valid());
}

TEST(GoHolder, IsNoneOfThoseThatWaitForTheLockInOnePlace) {
  const auto findings = findings_in(many(1, 6, "[semacquire]\nsync.runtime_SemacquireMutex\nsync.(*Mutex).lockSlow(0xc000024100)\nmain.(*Pool).report pool.go:17\nmain.(*Pool).run(0xc000024100) pool.go:18\n") +
                                    "\n9 [semacquire]\nsync.runtime_Semacquire\nsync.(*WaitGroup).Wait(0xc000024108)\nmain.(*Pool).Stop(0xc000024100) pool.go:19\n");
  const Finding* stalled = find_kind(findings, FindingKind::kStalledHolder);
  ASSERT_NE(stalled, nullptr);
  EXPECT_EQ(stalled->chain[0].function, "main.(*Pool).Stop");
  EXPECT_EQ(stalled->confidence, Confidence::kPossible);
}

}  // namespace
}  // namespace tailback::analyze
