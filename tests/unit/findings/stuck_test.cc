// What can be said where everybody waits, and nobody's hold is on record.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/findings/stacks.h"

namespace tailback::analyze {
namespace {

using testing::findings_of;
using testing::has;
using testing::recording_of;

constexpr std::string_view kTransfers = R"(
1
  __lll_lock_wait()
  pthread_mutex_lock(mutex=0xa000)
  Ledger::charge() bank.cc:13
  Bank::transfer() bank.cc:18
  worker() bank.cc:23
2
  __lll_lock_wait()
  pthread_mutex_lock(mutex=0xa000)
  Ledger::charge() bank.cc:13
  Bank::transfer() bank.cc:18
  worker() bank.cc:23
3
  __lll_lock_wait()
  pthread_mutex_lock(mutex=0xb000)
  Account::deposit() bank.cc:11
  Bank::month_end() bank.cc:20
  accountant() bank.cc:24
)";

TEST(AllAtLocks, IsARingWhoeverOfThemHoldsWhich) {
  Recording recording = recording_of(Runtime::kNative, kTransfers);
  const std::vector<Finding> findings = findings_of(recording);
  ASSERT_FALSE(findings.empty());
  EXPECT_EQ(findings[0].kind, FindingKind::kDeadlockCycle);
  EXPECT_EQ(findings[0].confidence, Confidence::kPossible);
  EXPECT_NE(findings[0].severity, FindingSeverity::kDeadlock);
  ASSERT_EQ(findings[0].chain.size(), 2u);
  EXPECT_EQ(findings[0].chain[0].function, "Bank::transfer");
  EXPECT_EQ(findings[0].chain[1].function, "Bank::month_end");
}

TEST(AllAtLocks, IsNotSaidWhileAThreadRuns) {
  Recording recording = recording_of(Runtime::kNative, std::string(kTransfers) + "4\n  compute() bank.cc:90\n  worker() bank.cc:23\n");
  EXPECT_FALSE(has(findings_of(recording), FindingKind::kDeadlockCycle));
}

TEST(AllAtLocks, PassesOverAThreadThatSleepsBetweenItsRounds) {
  Recording recording = recording_of(Runtime::kNative, std::string(kTransfers) + "4\n  __GI___clock_nanosleep()\n  __sleep()\n  report() bank.cc:90\n");
  EXPECT_TRUE(has(findings_of(recording), FindingKind::kDeadlockCycle));
  Recording busy = recording_of(Runtime::kNative, std::string(kTransfers) + "4\n  __GI___clock_nanosleep()\n  __sleep()\n  retry() bank.cc:70\n  report() bank.cc:90\n");
  EXPECT_FALSE(has(findings_of(busy), FindingKind::kDeadlockCycle)) << "it may hold a lock while it tries again";
}

constexpr std::string_view kWantsToWrite = "\n__futex_abstimed_wait_common(futex_word=0xa00c)\n___pthread_rwlock_wrlock(rwlock=0xa000)\ninsert_address() r.cc:20\nresolve_host() r.cc:15\nserve() r.cc:40\n";
constexpr std::string_view kWantsToWriteFirst = "\n__futex_abstimed_wait_common(futex_word=0xa008)\n___pthread_rwlock_wrlock(rwlock=0xa000)\ninsert_address() r.cc:20\nresolve_host() r.cc:15\nserve() r.cc:40\n";
constexpr std::string_view kJoins = "1\n__pthread_clockjoin_ex()\nmain() r.cc:60\n";

TEST(RecursiveLock, IsAReadersWishToWriteWhereNobodyElseCouldRead) {
  const std::string all = std::string(kJoins) + "2" + std::string(kWantsToWriteFirst) + "3" + std::string(kWantsToWrite) + "4" + std::string(kWantsToWrite);
  Recording recording = recording_of(Runtime::kNative, all);
  const std::vector<Finding> findings = findings_of(recording);
  ASSERT_FALSE(findings.empty());
  EXPECT_EQ(findings[0].kind, FindingKind::kRecursiveLock);
  EXPECT_EQ(findings[0].confidence, Confidence::kPossible);
  EXPECT_EQ(findings[0].chain[0].function, "resolve_host");
  Recording with_reader = recording_of(Runtime::kNative, all + "5\n  count() r.cc:90\n  audit() r.cc:91\n");
  EXPECT_FALSE(has(findings_of(with_reader), FindingKind::kRecursiveLock)) << "somebody else may read";
}

TEST(OrphanedLock, IsNotKeptByAnEventLoopThatGoesRound) {
  const std::string waiter = "\n__lll_lock_wait()\n___pthread_mutex_lock(mutex=0xa000)\naccount_debit() a.cc:20\nserve() a.cc:30\n";
  const std::string loop = std::string(kJoins) + "9\nepoll_wait()\nserve() a.cc:33\n";
  Recording crowd = recording_of(Runtime::kNative, loop + "2" + waiter + "3" + waiter + "4" + waiter);
  EXPECT_TRUE(has(findings_of(crowd), FindingKind::kOrphanedLock));
  Recording two = recording_of(Runtime::kNative, loop + "2" + waiter + "3" + waiter);
  EXPECT_FALSE(has(findings_of(two), FindingKind::kOrphanedLock)) << "two may wait for a moment";
}

TEST(StalledHolder, IsNotTheWorkerWhoseTurnItIs) {
  const std::string turn = "2\nsyscall()\nstd::thread::thread::Thread::park()\nstd::sync::mpmc::list::Channel<T>::recv()\napp::work() w.rs:9\n";
  const std::string waiter = "\nsyscall()\nstd::sys::sync::mutex::futex::Mutex::lock_contended(self=0xa000)\napp::work() w.rs:9\n";
  Recording turns = recording_of(Runtime::kNative, std::string(kJoins) + turn + "3" + waiter + "4" + waiter + "5" + waiter);
  EXPECT_FALSE(has(findings_of(turns), FindingKind::kStalledHolder));
}

TEST(StalledHolder, IsNoMoreThanPossibleInALambdaThatMayBeAnother) {
  const std::string waiter = "\n__lll_lock_wait()\n___pthread_mutex_lock(mutex=0xa000)\noperator() a.cc:20\n";
  const std::string crowd = std::string(kJoins) + "3" + waiter + "4" + waiter + "5" + waiter;
  Recording lambda = recording_of(Runtime::kNative, crowd + "2\n__libc_recv()\noperator() a.cc:31\n");
  for (const Finding& finding : findings_of(lambda)) EXPECT_EQ(finding.confidence, Confidence::kPossible) << finding.title << (finding.evidence.empty() ? "" : finding.evidence[0]);
}

TEST(LostSignal, IsNotSaidWhileMainPolls) {
  const std::string waiter = "\nsyscall()\nstd::latch::wait()\nService::serve() s.cc:20\n";
  const std::string crowd = "2" + waiter + "3" + waiter + "4" + waiter;
  Recording idle = recording_of(Runtime::kNative, crowd + "1\n__GI___clock_nanosleep()\n__sleep()\nmain() s.cc:60\n");
  EXPECT_TRUE(has(findings_of(idle), FindingKind::kLostSignal));
  Recording loads = recording_of(Runtime::kNative, crowd + "1\n__GI___clock_nanosleep()\n__sleep()\nService::load() s.cc:30\nmain() s.cc:60\n");
  EXPECT_FALSE(has(findings_of(loads), FindingKind::kLostSignal));
}

TEST(DeadlockCycle, IsSeenBetweenTheGuardsOfTwoStaticVariables) {
  Recording recording = recording_of(Runtime::kNative, std::string(kJoins) + R"(
2
  syscall()
  __cxa_guard_acquire()
  Metrics::instance() m.cc:30
  Registry::Registry() m.cc:50
  Registry::instance() m.cc:12
  one() m.cc:60
3
  syscall()
  __cxa_guard_acquire()
  Registry::instance() m.cc:12
  Metrics::Metrics() m.cc:40
  Metrics::instance() m.cc:30
  two() m.cc:61
)");
  EXPECT_TRUE(has(findings_of(recording), FindingKind::kDeadlockCycle));
}

std::string semaphore_waiter(int id, std::string_view callers) {
  return std::to_string(id) + "\n__futex_abstimed_wait_common\ndo_futex_wait(sem=0xa000)\n__new_sem_wait_slow64(sem=0xa000)\nPool::checkout() pool.cc:6\n" + std::string(callers);
}

TEST(Permits, AreExhaustedWhereThoseWhoHaveOneAskAgain) {
  std::string text;
  for (int id = 1; id < 5; ++id) text += semaphore_waiter(id, "query() pool.cc:8\ntransaction() pool.cc:12\nwork() pool.cc:20\n") + "\n";
  for (int id = 5; id < 12; ++id) text += semaphore_waiter(id, "transaction() pool.cc:11\nwork() pool.cc:20\n") + "\n";
  Recording recording = recording_of(Runtime::kNative, text);
  const std::vector<Finding> findings = findings_of(recording);
  ASSERT_FALSE(findings.empty());
  EXPECT_EQ(findings[0].kind, FindingKind::kPoolExhaustion);
  EXPECT_EQ(findings[0].confidence, Confidence::kLikely);
  EXPECT_EQ(findings[0].chain[0].others, 3u);
}

TEST(Permits, AreNotExhaustedWhileSomebodyWorksWithOne) {
  std::string text;
  for (int id = 5; id < 12; ++id) text += semaphore_waiter(id, "transaction() pool.cc:11\nwork() pool.cc:20\n") + "\n";
  Recording recording = recording_of(Runtime::kNative, text + "4\n__libc_recv\nfetch() pool.cc:40\ntransaction() pool.cc:12\nwork() pool.cc:20\n");
  EXPECT_FALSE(has(findings_of(recording), FindingKind::kPoolExhaustion));
}

TEST(Permits, OfAChannelAreNoSemaphoreWithoutTheNesting) {
  std::string text;
  for (int id = 1; id < 9; ++id) text += std::to_string(id) + " [select]\nmain.(*Queue).Get() queue.go:9\nmain.consume() main.go:5\n\n";
  Recording recording = recording_of(Runtime::kGo, text);
  EXPECT_FALSE(has(findings_of(recording), FindingKind::kPoolExhaustion));
}

std::string go_worker(int id) {
  return std::to_string(id) + " [chan receive]\nmain.Future[...].Await() main.go:10\nmain.resolve() main.go:40\nmain.main.func2() main.go:48\nmain.Submit[...].func1() main.go:31\nmain.(*Pool).worker() main.go:25\n\n";
}

TEST(PoolExhaustion, IsSeenInGoWhereAllWorkersRunClosuresThatWait) {
  Recording recording = recording_of(Runtime::kGo, go_worker(1) + go_worker(2) + go_worker(3));
  const std::vector<Finding> findings = findings_of(recording);
  ASSERT_FALSE(findings.empty());
  EXPECT_EQ(findings[0].kind, FindingKind::kPoolExhaustion);
  EXPECT_EQ(findings[0].confidence, Confidence::kPossible);
}

TEST(PoolExhaustion, IsNotWhatWorkersWithoutATaskShow) {
  std::string text;
  for (int id = 1; id < 9; ++id) text += std::to_string(id) + " [chan receive]\nmain.(*Queue).Get() queue.go:9\nmain.(*Pool).worker() main.go:5\n\n";
  Recording recording = recording_of(Runtime::kGo, text);
  EXPECT_TRUE(findings_of(recording).empty());
}

TEST(StalledHolder, IsSeenInACallThatOpensAFile) {
  std::string text = "1\n__libc_open64(file=0x1)\nStore::compact() store.cc:11\nStore::put() store.cc:12\nwork() store.cc:20\n\n";
  for (int id = 2; id < 8; ++id) text += std::to_string(id) + "\n__lll_lock_wait\npthread_mutex_lock(mutex=0xa000)\nStore::put() store.cc:10\nwork() store.cc:20\n\n";
  Recording recording = recording_of(Runtime::kNative, text);
  const std::vector<Finding> findings = findings_of(recording);
  ASSERT_FALSE(findings.empty());
  EXPECT_EQ(findings[0].kind, FindingKind::kStalledHolder);
}

TEST(DeadlockCycle, IsSeenBetweenTheInitialisersOfClasses) {
  Recording recording = recording_of(Runtime::kJava, R"(
1 [RUNNABLE]
  com.acme.Left.<clinit>() Left.java:4
  com.acme.Main.left() Main.java:7
2 [RUNNABLE]
  com.acme.Right.<clinit>() Right.java:4
  com.acme.Main.right() Main.java:8
)");
  Dump& dump = recording.dumps[0];
  for (const std::string_view name : {"initialiser of com.acme.Left", "initialiser of com.acme.Right"}) {
    dump.locks.push_back(Lock{.kind = LockKind::kMonitor, .name = recording.table.intern(name)});
  }
  dump.waits = {Wait{.thread = {0}, .lock = {1}}, Wait{.thread = {1}, .lock = {0}}};
  const std::vector<Finding> findings = findings_of(recording);
  ASSERT_FALSE(findings.empty());
  EXPECT_EQ(findings[0].kind, FindingKind::kDeadlockCycle);
  EXPECT_EQ(findings[0].confidence, Confidence::kLikely);
}

TEST(LostSignal, IsACountThatNobodyIsLeftToReach) {
  std::string text;
  for (int id = 1; id < 9; ++id) text += std::to_string(id) + " [semacquire]\nsync.runtime_Semacquire()\nsync.(*WaitGroup).Wait(0xc000010000)\nmain.ready() main.go:9\nmain.serve.func1() main.go:4\n\n";
  Recording recording = recording_of(Runtime::kGo, text);
  EXPECT_TRUE(has(findings_of(recording), FindingKind::kLostSignal));
}

TEST(LostSignal, IsNotWhatIdleAsioWorkersShow) {
  std::string text;
  for (int id = 1; id < 9; ++id) {
    text += std::to_string(id) + "\n__futex_abstimed_wait_common\npthread_cond_wait(cond=0xa000)\nboost::asio::detail::scheduler::do_run_one\nboost::asio::detail::scheduler::run\nmain::{lambda()#1}::operator()() m.cc:4\n\n";
  }
  Recording recording = recording_of(Runtime::kNative, text);
  EXPECT_TRUE(findings_of(recording).empty());
}

}  // namespace
}  // namespace tailback::analyze
