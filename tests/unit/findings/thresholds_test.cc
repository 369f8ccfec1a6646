// The numbers from which a queue, a crowd or a growth is worth a finding, from both sides. Where they come from: analyze/findings/README.md, "Thresholds".
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/findings/stacks.h"

namespace tailback::analyze {
namespace {

using testing::add_dump;
using testing::findings_of;
using testing::many;
using testing::recording_of;

bool says(Recording recording, FindingKind kind) {
  const std::vector<Finding> findings = findings_of(recording);
  return std::any_of(findings.begin(), findings.end(), [&](const Finding& finding) { return finding.kind == kind; });
}

constexpr std::string_view kWaiter = "[semacquire]\nsync.(*Mutex).lockSlow(0xc000010000)\nsync.(*Mutex).Lock(...)\nmain.(*Journal).Append(0xc000010000) journal.go:8\nmain.handle() main.go:3\n";
/// Two that run, so that nobody is named by elimination.
constexpr std::string_view kOthers = "1 [running]\nmain.a() main.go:3\n2 [running]\nmain.b() main.go:4\n";

TEST(Thresholds, ContentionIsFiveWaitersOrTwoThatHaveWaitedHalfAMinute) {
  const auto queue = [](int waiters, std::int64_t seconds) {
    Recording recording = recording_of(Runtime::kGo, many(100, 100 + waiters, kWaiter) + std::string(kOthers));
    for (int i = 0; i < waiters; ++i) recording.dumps[0].threads[static_cast<std::size_t>(i)].waited_ns = seconds * 1'000'000'000;
    return says(std::move(recording), FindingKind::kContention);
  };
  EXPECT_FALSE(queue(4, 0));
  EXPECT_TRUE(queue(5, 0));
  EXPECT_FALSE(queue(2, 29));
  EXPECT_TRUE(queue(2, 30));
  EXPECT_FALSE(queue(1, 3600));
}

TEST(Thresholds, AStalledHolderHoldsUpThreeOrOneForFiveSeconds) {
  const auto queue = [](int waiters, std::int64_t seconds) {
    Recording recording = recording_of(Runtime::kGo, many(100, 100 + waiters, kWaiter) + "9 [IO wait]\ninternal/poll.runtime_pollWait()\nmain.(*Journal).Append(0xc000010000) journal.go:12\nmain.flush() main.go:7\n");
    for (int i = 0; i < waiters; ++i) recording.dumps[0].threads[static_cast<std::size_t>(i)].waited_ns = seconds * 1'000'000'000;
    return says(std::move(recording), FindingKind::kStalledHolder);
  };
  EXPECT_FALSE(queue(2, 0));
  EXPECT_TRUE(queue(3, 0));
  EXPECT_FALSE(queue(1, 4));
  EXPECT_TRUE(queue(1, 5));
}

TEST(Thresholds, AConvoyIsAQueueOfFiveOfWhichAFifthHasGotThrough) {
  const auto convoy = [](int waiters, int through) {
    Recording recording = recording_of(Runtime::kGo, many(100, 100 + waiters, kWaiter) + std::string(kOthers));
    add_dump(recording, many(100 + through, 100 + through + waiters, kWaiter) + std::string(kOthers));
    return says(std::move(recording), FindingKind::kLockConvoy);
  };
  EXPECT_FALSE(convoy(4, 2));
  EXPECT_TRUE(convoy(5, 2));
  EXPECT_FALSE(convoy(20, 3));
  EXPECT_TRUE(convoy(20, 4));
}

constexpr std::string_view kReceiver = "[chan receive]\nmain.wait() wait.go:8\nmain.ask() main.go:3\n";

TEST(Thresholds, ALeakGrowsByTenAndByHalfAndNineInTenOfItStay) {
  const auto leak = [](int before, int now, int gone) {
    Recording recording = recording_of(Runtime::kGo, many(100, 100 + before, kReceiver) + std::string(kOthers));
    add_dump(recording, many(100 + gone, 100 + gone + now, kReceiver) + std::string(kOthers));
    return says(std::move(recording), FindingKind::kLeak);
  };
  EXPECT_FALSE(leak(10, 19, 0));
  EXPECT_TRUE(leak(10, 20, 0));
  EXPECT_FALSE(leak(40, 59, 0));
  EXPECT_TRUE(leak(40, 60, 0));
  EXPECT_TRUE(leak(40, 80, 4));
  EXPECT_FALSE(leak(40, 80, 5)) << "a busy pool grows as much, but its threads change";
}

TEST(Thresholds, ACrowdOfOneDumpIsAThousandAndHalfOfTheProcess) {
  const auto crowd = [](int waiting, int others) {
    return says(recording_of(Runtime::kGo, many(1000, 1000 + waiting, kReceiver) + many(10'000, 10'000 + others, "[running]\nmain.work() main.go:9\n")), FindingKind::kLeak);
  };
  EXPECT_FALSE(crowd(999, 1));
  EXPECT_TRUE(crowd(1000, 1000));
  EXPECT_FALSE(crowd(1000, 1001));
}

TEST(Thresholds, SendersThatNobodyServesAreFiftyInOnePlace) {
  const auto senders = [](int count) {
    return says(recording_of(Runtime::kGo, many(100, 100 + count, "[chan send]\nmain.put() put.go:8\nmain.ask() main.go:3\n") + std::string(kOthers)), FindingKind::kChannelDeadlock);
  };
  EXPECT_FALSE(senders(49));
  EXPECT_TRUE(senders(50));
}

TEST(Thresholds, ACrowdIsToldOnceByTheRuleThatSaysMost) {
  Recording recording = recording_of(Runtime::kGo, many(1000, 2500, "[chan send]\nmain.put() put.go:8\nmain.ask() main.go:3\n") + std::string(kOthers));
  const std::vector<Finding> findings = findings_of(recording);
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].kind, FindingKind::kChannelDeadlock);
}

TEST(Thresholds, APoolAndALostSignalTakeTwo) {
  const auto pool = [](int workers) {
    return says(recording_of(Runtime::kPython, many(1, 1 + workers, "\nwait /x:327\nresult /x:451\njob /src/dl.py:22\n_worker /x:58\n")), FindingKind::kPoolExhaustion);
  };
  EXPECT_FALSE(pool(1));
  EXPECT_TRUE(pool(2));
  const auto signal = [](int waiters) {
    return says(recording_of(Runtime::kJava, many(1, 1 + waiters, "[WAITING]\njava.lang.Object.wait\nacme.Box.take() Box.java:9\nacme.Reader.run() Reader.java:3\n")), FindingKind::kLostSignal);
  };
  EXPECT_FALSE(signal(1));
  EXPECT_TRUE(signal(2));
}

}  // namespace
}  // namespace tailback::analyze
