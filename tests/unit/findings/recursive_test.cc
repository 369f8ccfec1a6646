#include <gtest/gtest.h>

#include "tests/unit/findings/stacks.h"

namespace tailback::analyze {
namespace {

using testing::findings_of;
using testing::recording_of;

constexpr std::string_view kIncident = R"(
34 [semacquire] 300s
  sync.runtime_SemacquireMutex(0xc0000b4014)
  sync.(*RWMutex).RLock(...)
  main.(*HashSet).Size(0xc0000b4008) hashset.go:43
  main.(*HashSet).Values(0xc0000b4008) hashset.go:31
  main.refresh() main.go:9
4711 [semacquire] 300s
  sync.runtime_SemacquireMutex(0xc0000b4010)
  sync.(*RWMutex).Lock(0xc0000b4008)
  main.(*HashSet).AddOne(0xc0000b4008) hashset.go:52
  main.handle() main.go:20
4712 [semacquire] 240s
  sync.runtime_SemacquireMutex(0xc0000b400c)
  sync.(*Mutex).lockSlow(0xc0000b4008)
  sync.(*Mutex).Lock(...)
  sync.(*RWMutex).Lock(0xc0000b4008)
  main.(*HashSet).AddOne(0xc0000b4008) hashset.go:52
  main.handle() main.go:20
4713 [semacquire] 60s
  sync.runtime_SemacquireMutex(0xc0000b400c)
  sync.(*Mutex).lockSlow(0xc0000b4008)
  sync.(*Mutex).Lock(...)
  sync.(*RWMutex).Lock(0xc0000b4008)
  main.(*HashSet).AddOne(0xc0000b4008) hashset.go:52
  main.handle() main.go:20
)";

TEST(RecursiveReadLock, NamesTheReaderThatWaitsBehindTheWriterThatWaitsForIt) {
  Recording recording = recording_of(Runtime::kGo, kIncident);
  const std::vector<Finding> findings = findings_of(recording);
  ASSERT_EQ(findings.size(), 1u);
  const Finding& finding = findings[0];
  EXPECT_EQ(finding.kind, FindingKind::kRecursiveReadLock);
  EXPECT_EQ(finding.severity, FindingSeverity::kDeadlock);
  EXPECT_EQ(finding.confidence, Confidence::kLikely);
  EXPECT_EQ(finding.blocked_directly, 4u);
  EXPECT_EQ(finding.oldest_wait_ns, 300'000'000'000);
  ASSERT_EQ(finding.chain.size(), 2u);
  EXPECT_EQ(finding.chain[0].function, "main.(*HashSet).Values");
  EXPECT_EQ(finding.chain[0].wait_function, "main.(*HashSet).Size");
  EXPECT_EQ(finding.chain[0].place, "hashset.go:31");
  EXPECT_EQ(finding.chain[1].wait_function, "main.(*HashSet).AddOne");
  EXPECT_EQ(recording.dumps[0].threads[finding.chain[1].thread.index].id, "4711") << "the front writer";
  EXPECT_EQ(finding.chain[1].others, 2u);
  EXPECT_EQ(recording.dumps[0].locks[finding.locks[0].index].address, 0xc0000b4008u);
}

TEST(RecursiveReadLock, IsNotClaimedOfAnotherObjectOfTheSameType) {
  std::string text(kIncident);
  const std::string values = "main.(*HashSet).Values(0xc0000b4008)";
  text.replace(text.find(values), values.size(), "main.(*HashSet).Values(0xc0000f0000)");
  Recording recording = recording_of(Runtime::kGo, text);
  for (const Finding& finding : findings_of(recording)) EXPECT_NE(finding.kind, FindingKind::kRecursiveReadLock);
}

TEST(RecursiveReadLock, IsFoundWhereTheReceiverMayBeStaleButAgrees) {
  // Go 1.19: no exact word but lockSlow's, which shows the field's offset.
  Recording recording = recording_of(Runtime::kGo, R"(
18 [semacquire]
  sync.runtime_SemacquireMutex(0x0?, 0x0?)
  sync.(*RWMutex).RLock(...)
  main.(*Registry).NameOf(0xc0000a0040, 0xc00006c000?) main.go:47
  main.(*Session).Describe(0xc0000a0a80) main.go:43
  main.(*Registry).Report(0x0?) main.go:34
19 [semacquire]
  sync.runtime_SemacquireMutex(0x0?, 0x0?)
  sync.(*Mutex).lockSlow(0xc0000a0048)
  sync.(*Mutex).Lock(...)
  sync.(*RWMutex).Lock(0x0?)
  main.(*Registry).Register(0xc0000a0040, 0x0?) main.go:53
20 [semacquire]
  sync.runtime_SemacquireMutex(0x0?, 0x0?)
  sync.(*RWMutex).Lock(0x0?)
  main.(*Registry).Register(0xc0000a0040?, 0x0?) main.go:53
)");
  const std::vector<Finding> findings = findings_of(recording);
  ASSERT_FALSE(findings.empty());
  EXPECT_EQ(findings[0].kind, FindingKind::kRecursiveReadLock);
  EXPECT_EQ(findings[0].chain[0].function, "main.(*Registry).Report");
  EXPECT_EQ(recording.dumps[0].locks.size(), 1u) << "all three wait for one lock";
  EXPECT_EQ(recording.dumps[0].locks[0].address, 0xc0000a0048u);
}

TEST(RecursiveReadLock, IsFoundInAProfileWithoutAddressesAndSaysNoMoreThanLikely) {
  Recording recording = recording_of(Runtime::kGo, R"(
1 [] x1
  sync.runtime_SemacquireMutex sema.go:71
  sync.(*RWMutex).RLock rwmutex.go:50
  main.(*HashSet).Size main.go:70
  main.(*HashSet).Values main.go:64
2 [] x1
  sync.runtime_SemacquireMutex sema.go:71
  sync.(*RWMutex).Lock rwmutex.go:103
  main.(*HashSet).AddOne main.go:41
3 [] x47840
  sync.runtime_SemacquireMutex sema.go:71
  sync.(*Mutex).lockSlow mutex.go:138
  sync.(*Mutex).Lock mutex.go:81
  sync.(*RWMutex).Lock rwmutex.go:98
  main.(*HashSet).AddOne main.go:41
)");
  const std::vector<Finding> findings = findings_of(recording);
  ASSERT_FALSE(findings.empty());
  EXPECT_EQ(findings[0].kind, FindingKind::kRecursiveReadLock);
  EXPECT_LE(findings[0].confidence, Confidence::kLikely);
  EXPECT_EQ(findings[0].blocked_in_all, 47842u);
}

TEST(RecursiveLock, NamesBothFramesOfTheThreadThatWaitsForItself) {
  Recording recording = recording_of(Runtime::kGo, R"(
7 [semacquire]
  sync.runtime_SemacquireMutex(0xc000014420?, 0xd8?)
  sync.(*Mutex).lockSlow(0xc000014420)
  sync.(*Mutex).Lock(...)
  main.(*lessor).Checkpoint(0xc000014420) lease.go:40
  main.run.func1(0xc000014420?) lease.go:60
  main.(*lessor).Renew(0xc000014420) lease.go:30
)");
  const std::vector<Finding> findings = findings_of(recording);
  ASSERT_FALSE(findings.empty());
  EXPECT_EQ(findings[0].kind, FindingKind::kRecursiveLock);
  EXPECT_EQ(findings[0].confidence, Confidence::kPossible) << "a caller of the same object may hold nothing";
  EXPECT_EQ(findings[0].severity, FindingSeverity::kStall);
  EXPECT_EQ(findings[0].chain[0].function, "main.(*lessor).Renew");
}

TEST(RecursiveLock, IsCertainWhenTheOwnerWordSaysSo) {
  Recording recording = recording_of(Runtime::kNative, R"(
101
  __lll_lock_wait
  pthread_mutex_lock(mutex=0x5000)
  inner() x.cc:5
  outer() x.cc:9
)");
  Dump& dump = recording.dumps[0];
  dump.locks.push_back(Lock{.address = 0x5000, .kind = LockKind::kMutex, .owner = "101"});
  dump.waits.push_back(Wait{.thread = {0}, .lock = {0}, .frame = 1});
  dump.holds.push_back(Hold{.thread = {0}, .lock = {0}});
  const std::vector<Finding> findings = findings_of(recording);
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].kind, FindingKind::kRecursiveLock);
  EXPECT_EQ(findings[0].confidence, Confidence::kCertain);
  EXPECT_EQ(findings[0].severity, FindingSeverity::kDeadlock);
}

TEST(RecursiveLock, IsNotSaidOfALockWhoseOwnerChangedWhileTheDumpWasTaken) {
  // The thread was seen to wait, then got the lock, then the owner was read.
  Recording recording = recording_of(Runtime::kNative, R"(
101
  __lll_lock_wait
  pthread_mutex_lock(mutex=0x5000)
  append() x.cc:5
)");
  Dump& dump = recording.dumps[0];
  dump.locks.push_back(Lock{.address = 0x5000, .kind = LockKind::kMutex, .owner = "101"});
  dump.waits.push_back(Wait{.thread = {0}, .lock = {0}, .frame = 1});
  dump.holds.push_back(Hold{.thread = {0}, .lock = {0}, .strength = 1});
  for (const Finding& finding : findings_of(recording)) EXPECT_NE(finding.kind, FindingKind::kRecursiveLock);
}

}  // namespace
}  // namespace tailback::analyze
