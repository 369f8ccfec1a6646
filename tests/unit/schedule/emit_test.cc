#include "replay/schedule/emit.h"

#include <gtest/gtest.h>

#include "replay/schedule/fix.h"
#include "tests/unit/schedule/support.h"

namespace tailback::replay {
namespace {

constexpr std::string_view kIncident = "lock HashSet.mu rwlock go\nrefresher: Values:rdlock HashSet.mu; Size:rdlock HashSet.mu; unlock HashSet.mu; unlock HashSet.mu\n"
                                       "worker: wrlock HashSet.mu; unlock HashSet.mu\n";

TEST(Emit, TheIncidentIsThreeSteps) {
  EXPECT_EQ(schedule_of(shortest(scenario(kIncident))).text(),
            "tailback-schedule 1\nexpect deadlocks\n"
            "step 1 refresher 1 rdlock HashSet.mu\n"
            "step 2 worker 1 wrlock HashSet.mu waits after 1\n"
            "step 3 refresher 2 rdlock HashSet.mu waits after 2\n");
}

TEST(Emit, OnlyTheOrderThatMattersIsKept) {
  const schedule plan = schedule_of(shortest(scenario("lock a\nlock b\nt1: lock a; lock b; unlock b; unlock a\nt2: lock b; lock a; unlock a; unlock b\n")));
  ASSERT_EQ(plan.steps.size(), 4u);
  EXPECT_TRUE(plan.steps[0].after.empty());
  EXPECT_TRUE(plan.steps[1].after.empty()) << "on different locks";
  EXPECT_EQ(plan.steps[2].after.size(), 1u);
  EXPECT_EQ(plan.steps[3].after.size(), 1u);
}

TEST(Emit, TheFixedProgramGetsTheSameOrderAndCompletes) {
  const Program program = scenario(kIncident);
  const Story faulty = shortest(program);
  const Result<Program> fixed = with_fix(program, "drop Size:rdlock HashSet.mu");
  ASSERT_TRUE(fixed.ok());
  EXPECT_EQ(schedule_of(same_order(faulty, *fixed)).text(),
            "tailback-schedule 1\nexpect completes\n"
            "step 1 refresher 1 rdlock HashSet.mu\n"
            "step 2 worker 1 wrlock HashSet.mu waits after 1\n"
            "step 3 refresher 2 unlock HashSet.mu after 2\n"
            "step 4 worker 2 unlock HashSet.mu after 3\n");
}

}  // namespace
}  // namespace tailback::replay
