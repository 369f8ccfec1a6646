// The incident as a regression test: the faulty key set deadlocks every time, the corrected one never.
#include <gtest/gtest.h>
#include <tailback/schedule.h>

#include "samples/deadlock_service/key_set.h"

namespace {

tailback::schedule_verdict run(const std::string& schedule_file, bool fixed) {
  tailback::Result<tailback::schedule> plan = tailback::schedule::load(std::string(TAILBACK_TESTS_DIR) + "/../samples/deadlock_service/" + schedule_file);
  if (!plan.ok()) {
    ADD_FAILURE() << plan.error().to_string();
    return {};
  }
  deadlock_service::HashSet keys(fixed);
  tailback::schedule_run run(std::move(*plan));
  run.start("refresher", [&] { keys.Values([] {}); });
  run.start("request", [&] { keys.AddOne("a key"); });
  return run.finish();
}

TEST(DeadlockService, TheFaultyKeySetDeadlocksHundredTimesOfHundred) {
  for (int round = 0; round < 100; ++round) {
    const tailback::schedule_verdict verdict = run("faulty.schedule", false);
    ASSERT_EQ(verdict.outcome, tailback::schedule_outcome::deadlocked) << "round " << round << ": " << verdict.text;
    ASSERT_TRUE(verdict.met);
  }
}

TEST(DeadlockService, TheCorrectedKeySetCompletesHundredTimesOfHundred) {
  for (int round = 0; round < 100; ++round) {
    const tailback::schedule_verdict verdict = run("fixed.schedule", true);
    ASSERT_EQ(verdict.outcome, tailback::schedule_outcome::completed) << "round " << round << ": " << verdict.text;
    ASSERT_TRUE(verdict.met);
  }
}

TEST(DeadlockService, TheCorrectedKeySetDoesNotPassForTheFaultyOne) {
  EXPECT_EQ(run("faulty.schedule", true).outcome, tailback::schedule_outcome::diverged) << "its third step is not there any more";
}

}  // namespace
