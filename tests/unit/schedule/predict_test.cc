#include "replay/schedule/predict.h"

#include <gtest/gtest.h>

#include "tests/unit/schedule/support.h"

namespace tailback::replay {
namespace {

TEST(Predict, SaysWhichWriterTheIncidentNeeds) {
  const PredictReport report = predict(scenario(
      "lock mu rwlock prefer-writers\nrefresher: Values:rdlock mu; Size:rdlock mu; unlock mu; unlock mu\nworker x 47841: AddOne:wrlock mu; unlock mu\n"));
  ASSERT_EQ(report.deadlocks.size(), 1u);
  const Prediction& found = report.deadlocks[0];
  EXPECT_EQ(found.needs, "a writer waiting on mu between Values and Size");
  EXPECT_EQ(found.writers, std::vector<std::string>{"worker at AddOne"});
  EXPECT_EQ(found.way.size(), 3u);
  EXPECT_EQ(found.ring.size(), 2u);
  EXPECT_FALSE(found.may);
}

TEST(Predict, WithoutAWriterItIsAHazardAndNoDeadlock) {
  const PredictReport report = predict(scenario("lock mu rwlock go\nrefresher: Values:rdlock mu; Size:rdlock mu; unlock mu; unlock mu\n"));
  EXPECT_TRUE(report.deadlocks.empty());
  ASSERT_EQ(report.hazards.size(), 1u);
  EXPECT_EQ(report.hazards[0].needs, "a writer waiting on mu between Values and Size");
  EXPECT_EQ(report.hazards[0].reason, "no writer seen");
}

TEST(Predict, AnUnknownPolicyOnlyMayDeadlock) {
  const PredictReport report = predict(scenario("lock mu rwlock\nr: rdlock mu; rdlock mu; unlock mu; unlock mu\nw: wrlock mu; unlock mu\n"));
  ASSERT_EQ(report.deadlocks.size(), 1u);
  EXPECT_TRUE(report.deadlocks[0].may);
}

TEST(Predict, SeveralWritersAreOneFinding) {
  const PredictReport report = predict(scenario(
      "lock mu rwlock go\nr: rdlock mu; rdlock mu; unlock mu; unlock mu\nw1: Add:wrlock mu; unlock mu\nw2: Del:wrlock mu; unlock mu\n"));
  ASSERT_EQ(report.deadlocks.size(), 1u);
  EXPECT_EQ(report.deadlocks[0].writers, (std::vector<std::string>{"w1 at Add", "w2 at Del"}));
}

std::string inversion_of(std::string_view text) {
  const PredictReport report = predict(scenario(text));
  EXPECT_TRUE(report.deadlocks.empty());
  return report.inversions.empty() ? "none" : report.inversions[0].reason;
}

TEST(Predict, InversionsThatCannotMeetHaveAnotherWord) {
  EXPECT_EQ(inversion_of("lock g\nlock a\nlock b\nt1: lock g; lock a; lock b; unlock b; unlock a; unlock g\nt2: lock g; lock b; lock a; unlock a; unlock b; unlock g\n"),
            "gate lock g");
  EXPECT_EQ(inversion_of("lock a\nlock b\nt: lock a; lock b; unlock b; unlock a; lock b; lock a; unlock a; unlock b\n"), "only t takes both");
  EXPECT_EQ(inversion_of("lock a rwlock go\nlock b rwlock go\nt: rdlock a; rdlock b; unlock b; unlock a\nu: rdlock b; rdlock a; unlock a; unlock b\n"),
            "readers only");
  EXPECT_EQ(inversion_of("lock a\nlock b\nm: start t; join t; start u\nt: lock a; lock b; unlock b; unlock a\nu: lock b; lock a; unlock a; unlock b\n"),
            "start, join and conditions keep them apart");
}

TEST(Predict, SeesAJoinUnderALockThatTheOtherNeeds) {
  const PredictReport report = predict(scenario("lock a\nmain: start t; lock a; join t; unlock a\nt: lock a; unlock a\n"));
  ASSERT_EQ(report.deadlocks.size(), 1u);
  EXPECT_EQ(report.deadlocks[0].ring.size(), 2u);
}

TEST(Predict, NamesALostSignal) {
  const PredictReport report = predict(scenario("lock a\ncondition cv\nw: lock a; wait cv a; unlock a\nn: notify cv\n"));
  ASSERT_EQ(report.deadlocks.size(), 1u);
  EXPECT_TRUE(report.deadlocks[0].lost_signal);
  EXPECT_EQ(report.deadlocks[0].ring[0].lock, "cv");
}

TEST(Predict, UpgradersOfOneLineBlockEachOther) {
  const PredictReport report = predict(scenario("lock mu rwlock reentrant\nlock x\nt x 2: lock x; rdlock mu; unlock x; wrlock mu; unlock mu; unlock mu\n"));
  ASSERT_EQ(report.deadlocks.size(), 1u);
  EXPECT_EQ(report.deadlocks[0].ring.size(), 1u) << "read to write never succeeds: one thread is enough";
}

}  // namespace
}  // namespace tailback::replay
