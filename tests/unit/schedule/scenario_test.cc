#include "replay/schedule/scenario.h"

#include <gtest/gtest.h>

namespace tailback::replay {
namespace {

constexpr std::string_view kIncident = R"(# the incident
lock mu rwlock prefer-writers
refresher: HashSet::Values:rdlock mu; HashSet::Size:rdlock mu; unlock mu; unlock mu
worker x 8: wrlock mu; unlock mu
)";

std::string error_of(std::string_view text) {
  Result<Program> program = parse_scenario(text, "ticket.locks");
  return program.ok() ? "no error" : program.error().to_string();
}

TEST(Scenario, ReadsTheIncident) {
  Result<Program> program = parse_scenario(kIncident, "ticket.locks");
  ASSERT_TRUE(program.ok()) << program.error().to_string();
  ASSERT_EQ(program->threads.size(), 2u);
  EXPECT_EQ(program->locks[0].policy, LockPolicy::kPreferWriters);
  EXPECT_EQ(program->threads[0].steps.size(), 4u);
  EXPECT_EQ(to_string(*program, program->threads[0].steps[1]), "HashSet::Size:rdlock mu");
  EXPECT_EQ(program->threads[1].count, 8u);
  EXPECT_EQ(program->thread_count(), 9u);
}

TEST(Scenario, WhatIsWrittenReadsBack) {
  Result<Program> program = parse_scenario(
      "lock a\nlock r recursive\ncondition cv\nmain: start t; join t\nt: lock a; wait cv a; timedlock r; unlock r; unlock a; notify_all cv\norder main t t\n", "x");
  ASSERT_TRUE(program.ok()) << program.error().to_string();
  const std::string text = write_scenario(*program);
  Result<Program> again = parse_scenario(text, "x");
  ASSERT_TRUE(again.ok()) << again.error().to_string();
  EXPECT_EQ(write_scenario(*again), text);
}

TEST(Scenario, NamesLineAndThreadOfAnUnknownLock) {
  EXPECT_EQ(error_of("lock mu mutex\nworker: lock mux; unlock mux\n"),
            "ticket.locks:2: thread worker: unknown lock mux (declare it: lock mux mutex)");
}

TEST(Scenario, NamesLineAndThreadOfAnUnlockOfWhatIsNotHeld) {
  EXPECT_EQ(error_of("lock mu mutex\n\nworker: lock mu; unlock mu; unlock mu\n"), "ticket.locks:3: thread worker unlocks mu, which it does not hold");
}

TEST(Scenario, NamesLineAndThreadOfAnUnclosedSection) {
  EXPECT_EQ(error_of("lock mu rwlock\nworker: rdlock mu; rdlock mu; unlock mu\n"),
            "ticket.locks:2: thread worker ends with mu still held (rdlock mu has no unlock)");
}

TEST(Scenario, RefusesAReadLockOfAMutex) {
  EXPECT_EQ(error_of("lock mu mutex\nworker: rdlock mu; unlock mu\n"), "ticket.locks:2: thread worker: rdlock of mu, which is a mutex");
}

TEST(Scenario, ExplainsOtherMistakes) {
  EXPECT_NE(error_of("").find("no thread"), std::string::npos);
  EXPECT_NE(error_of("lock mu spin\n").find(":1: unknown kind of lock spin"), std::string::npos);
  EXPECT_NE(error_of("lock mu mutex\nworker x none: lock mu; unlock mu\n").find(":2: thread worker: the count"), std::string::npos);
  EXPECT_NE(error_of("lock mu mutex\nworker: grab mu\n").find("unknown step grab"), std::string::npos);
  EXPECT_NE(error_of("lock mu\ncondition cv\nworker: wait cv mu\n").find("without holding mu"), std::string::npos);
}

TEST(Scenario, KnowsPoliciesByTheirLibrary) {
  Result<Program> program = parse_scenario("lock mu rwlock libc++\nt: rdlock mu; unlock mu\n", "x");
  ASSERT_TRUE(program.ok());
  EXPECT_EQ(program->locks[0].policy, LockPolicy::kPreferWriters);
}

}  // namespace
}  // namespace tailback::replay
