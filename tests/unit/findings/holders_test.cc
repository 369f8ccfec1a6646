#include <gtest/gtest.h>

#include "tests/unit/findings/stacks.h"

namespace tailback::analyze {
namespace {

using testing::findings_of;
using testing::recording_of;

/// Id of the thread that holds the dump's lock of that address, or "" where nobody is named.
std::string holder_of(const Recording& recording, std::uint64_t address) {
  const Dump& dump = recording.dumps[0];
  for (const Hold& hold : dump.holds) {
    if (dump.locks[hold.lock.index].address == address) return dump.threads[hold.thread.index].id;
  }
  return {};
}

constexpr std::string_view kWaiters = R"(
11 [semacquire]
  sync.runtime_SemacquireMutex(0x0?)
  sync.(*Mutex).lockSlow(0xc000010010)
  sync.(*Mutex).Lock(...)
  main.(*Source).Token(0xc000010000) token.go:20
  main.serve() main.go:9
12 [semacquire]
  sync.runtime_SemacquireMutex(0x0?)
  sync.(*Mutex).lockSlow(0xc000010010)
  sync.(*Mutex).Lock(...)
  main.(*Source).Token(0xc000010000) token.go:20
  main.serve() main.go:9
13 [semacquire]
  sync.runtime_SemacquireMutex(0x0?)
  sync.(*Mutex).lockSlow(0xc000010010)
  sync.(*Mutex).Lock(...)
  main.(*Source).Token(0xc000010000) token.go:20
  main.serve() main.go:9
)";

TEST(Holders, IsTheThreadPastTheLineOnWhichOthersWait) {
  Recording recording = recording_of(Runtime::kGo, std::string(kWaiters) + R"(
10 [IO wait]
  internal/poll.runtime_pollWait()
  net.(*netFD).Read()
  main.fetch() token.go:40
  main.(*Source).Token(0xc000010000) token.go:24
  main.serve() main.go:9
)");
  const std::vector<Finding> findings = findings_of(recording);
  EXPECT_EQ(holder_of(recording, 0xc000010010), "10");
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].kind, FindingKind::kStalledHolder);
  EXPECT_EQ(findings[0].severity, FindingSeverity::kStall);
  EXPECT_EQ(findings[0].confidence, Confidence::kLikely);
  EXPECT_EQ(findings[0].blocked_in_all, 3u);
  EXPECT_EQ(findings[0].chain[0].function, "main.(*Source).Token");
}

TEST(Holders, NamesNobodyWhereTwoCouldHoldAnExclusiveLock) {
  Recording recording = recording_of(Runtime::kGo, std::string(kWaiters) + R"(
9 [IO wait]
  internal/poll.runtime_pollWait()
  main.(*Source).Token(0xc000010000) token.go:24
10 [IO wait]
  internal/poll.runtime_pollWait()
  main.(*Source).Token(0xc000010000) token.go:26
)");
  static_cast<void>(findings_of(recording));
  EXPECT_EQ(holder_of(recording, 0xc000010010), "");
}

TEST(Holders, LeavesOutAMethodOfAnotherObject) {
  Recording recording = recording_of(Runtime::kGo, std::string(kWaiters) + R"(
10 [IO wait]
  internal/poll.runtime_pollWait()
  main.(*Source).Token(0xc0000ff000) token.go:24
15 [IO wait]
  internal/poll.runtime_pollWait()
  main.other() main.go:80
16 [IO wait]
  internal/poll.runtime_pollWait()
  main.other() main.go:81
)");
  static_cast<void>(findings_of(recording));
  EXPECT_EQ(holder_of(recording, 0xc000010010), "");
}

TEST(Holders, FindsARingOfTwoLocks) {
  Recording recording = recording_of(Runtime::kGo, R"(
1 [semacquire]
  sync.(*Mutex).lockSlow(0xc000020000)
  main.(*Risk).Check(0xc000020000) risk.go:10
  main.(*Book).Place(0xc000010000) book.go:25
2 [semacquire]
  sync.(*Mutex).lockSlow(0xc000010000)
  main.(*Book).Exposure(0xc000010000) book.go:60
  main.(*Risk).Recompute(0xc000020000) risk.go:30
3 [semacquire]
  sync.(*Mutex).lockSlow(0xc000010000)
  main.(*Book).Place(0xc000010000) book.go:20
)");
  const std::vector<Finding> findings = findings_of(recording);
  ASSERT_FALSE(findings.empty());
  EXPECT_EQ(findings[0].kind, FindingKind::kDeadlockCycle);
  EXPECT_EQ(findings[0].chain.size(), 3u) << "two in the ring, one in the tail";
  EXPECT_EQ(findings[0].blocked_in_all, 3u);
  EXPECT_EQ(findings[0].confidence, Confidence::kLikely);
}

TEST(Holders, TakesTheOwnersOfADumpAsTheyAre) {
  Recording recording = recording_of(Runtime::kNative, R"(
1
  __lll_lock_wait
  pthread_mutex_lock(mutex=0xb000)
  take_ab() x.cc:5
2
  __lll_lock_wait
  pthread_mutex_lock(mutex=0xa000)
  take_ba() x.cc:9
3
  __lll_lock_wait
  pthread_mutex_lock(mutex=0xa000)
  bystander() x.cc:20
)");
  Dump& dump = recording.dumps[0];
  dump.locks = {Lock{.address = 0xa000, .kind = LockKind::kMutex, .owner = "1"}, Lock{.address = 0xb000, .kind = LockKind::kMutex, .owner = "2"}};
  dump.holds = {Hold{.thread = {0}, .lock = {0}}, Hold{.thread = {1}, .lock = {1}}};
  const std::vector<Finding> findings = findings_of(recording);
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].kind, FindingKind::kDeadlockCycle);
  EXPECT_EQ(findings[0].confidence, Confidence::kCertain);
  EXPECT_EQ(findings[0].blocked_in_all, 3u);
}

TEST(Holders, OfALockThatNobodyIsSeenToHoldAreNotRecorded) {
  Recording recording = recording_of(Runtime::kNative, R"(
1
  __lll_lock_wait
  pthread_mutex_lock(mutex=0xa000)
  f() x.cc:5
2
  __lll_lock_wait
  pthread_mutex_lock(mutex=0xa000)
  f() x.cc:5
3
  __lll_lock_wait
  pthread_mutex_lock(mutex=0xa000)
  f() x.cc:5
4
  __lll_lock_wait
  pthread_mutex_lock(mutex=0xa000)
  f() x.cc:5
5
  __lll_lock_wait
  pthread_mutex_lock(mutex=0xa000)
  f() x.cc:5
6
  compute() x.cc:50
7
  compute() x.cc:51
)");
  const std::vector<Finding> findings = findings_of(recording);
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].kind, FindingKind::kContention);
  EXPECT_EQ(findings[0].confidence, Confidence::kPossible);
  EXPECT_NE(findings[0].title.find("not recorded"), std::string::npos);
}

constexpr std::string_view kOnce = R"(
20 [semacquire]
  sync.runtime_SemacquireMutex(0x0?)
  sync.(*Mutex).lockSlow(0xc0000ca010)
  sync.(*Mutex).Lock(...)
  sync.(*Once).doSlow(0x4fcd85?)
  sync.(*Once).Do(...)
  main.(*Page).initPlain(0x1?) page.go:64
  main.render() page.go:280
21 [semacquire]
  sync.runtime_SemacquireMutex(0x0?)
  sync.(*Mutex).lockSlow(0xc00009a7e4)
  sync.(*Mutex).Lock(...)
  main.(*Page).initPlain.func1() page.go:66
  sync.(*Once).doSlow(0x4fcd85?)
  sync.(*Once).Do(...)
  main.(*Page).initPlain(0x1?) page.go:64
  main.render() page.go:280
22 [semacquire]
  sync.runtime_SemacquireMutex(0x0?)
  sync.(*Mutex).lockSlow(0xc0000ca010)
  sync.(*Mutex).Lock(...)
  sync.(*Once).doSlow(0x4fcd85?)
  sync.(*Once).Do(...)
  main.(*Page).initPlain(0x1?) page.go:64
  main.shortcode() page.go:258
  main.(*Page).initContent.func1() page.go:102
)";

TEST(Holders, OfAOnceIsTheThreadThatRunsWhatItIsFor) {
  Recording recording = recording_of(Runtime::kGo, std::string(kOnce));
  static_cast<void>(findings_of(recording));
  EXPECT_EQ(holder_of(recording, 0xc0000ca010), "21");
}

TEST(Holders, IsNotAThreadThatStandsWhereAWaiterHasComeBy) {
  Recording recording = recording_of(Runtime::kGo, std::string(kOnce));
  const std::vector<Finding> findings = findings_of(recording);
  // 20 and 22 both are in methods of the page; but 21, which waits for the page's lock, came the way of 20.
  EXPECT_EQ(holder_of(recording, 0xc00009a7e4), "22");
  ASSERT_FALSE(findings.empty());
  EXPECT_EQ(findings[0].kind, FindingKind::kDeadlockCycle);
  EXPECT_EQ(findings[0].confidence, Confidence::kPossible);
  EXPECT_EQ(findings[0].severity, FindingSeverity::kStall);
}

TEST(Holders, ByEliminationTookTheLockInTheClosureThatSharesItWithTheWaiter) {
  Recording recording = recording_of(Runtime::kGo, R"(
7 [semacquire]
  sync.runtime_SemacquireMutex(0x0?)
  sync.(*Mutex).lockSlow(0xc000018140)
  sync.(*Mutex).Lock(...)
  main.watch() watch.go:101
8 [chan send]
  main.watch.func1() watch.go:93
  main.(*monitor).apply(...) watch.go:48
  main.(*controller).Run() watch.go:70
)");
  static_cast<void>(findings_of(recording));
  ASSERT_EQ(holder_of(recording, 0xc000018140), "8");
  EXPECT_EQ(recording.dumps[0].holds[0].frame, 0);
}

}  // namespace
}  // namespace tailback::analyze
