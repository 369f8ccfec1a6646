#include <tailback/schedule.h>

#include <gtest/gtest.h>

namespace tailback {
namespace {

constexpr std::string_view kIncident = R"(tailback-schedule 1
# three steps
expect deadlocks
step 1 refresher 1 rdlock HashSet.mu
step 2 "thread 7" 1 wrlock HashSet.mu waits after 1
step 3 refresher 2 rdlock HashSet.mu waits after 2
)";

std::string error_of(std::string_view text) {
  const Result<schedule> parsed = schedule::parse(text, "x.schedule");
  return parsed.ok() ? "no error" : parsed.error().to_string();
}

TEST(ScheduleText, WhatIsWrittenReadsBack) {
  const Result<schedule> parsed = schedule::parse(kIncident);
  ASSERT_TRUE(parsed.ok()) << parsed.error().to_string();
  EXPECT_EQ(parsed->expectation, schedule_expectation::deadlocks);
  ASSERT_EQ(parsed->steps.size(), 3u);
  EXPECT_EQ(parsed->steps[1].thread, "thread 7");
  EXPECT_TRUE(parsed->steps[2].waits);
  EXPECT_EQ(parsed->steps[2].after, std::vector<std::uint32_t>{1});
  const Result<schedule> again = schedule::parse(parsed->text());
  ASSERT_TRUE(again.ok()) << again.error().to_string();
  EXPECT_EQ(again->text(), parsed->text());
}

TEST(ScheduleText, NamesTheLineOfAMistake) {
  EXPECT_NE(error_of("").find("is no schedule"), std::string::npos);
  EXPECT_NE(error_of("tailback-schedule 2\n").find("x.schedule:1: is of version 2"), std::string::npos);
  EXPECT_NE(error_of("tailback-schedule 1\nexpect deadlocks\n").find("has no step"), std::string::npos);
  EXPECT_NE(error_of("tailback-schedule 1\nexpect peace\n").find(":2: expect deadlocks"), std::string::npos);
  EXPECT_NE(error_of("tailback-schedule 1\nstep 1 a 1 lock m after 2\n").find(":2: step 1 comes after step 2, which is not above it"), std::string::npos);
  EXPECT_NE(error_of("tailback-schedule 1\nstep 1 a 0 lock m\n").find("1 or more"), std::string::npos);
  EXPECT_NE(error_of("tailback-schedule 1\nstep 1 a 1 grab m\n").find("unknown operation grab"), std::string::npos);
  EXPECT_NE(error_of("tailback-schedule 1\nstep 1 \"a 1 lock m\n").find("quote"), std::string::npos);
}

TEST(ScheduleText, AMissingFileIsAnError) { EXPECT_EQ(schedule::load("/does/not/exist").error().code, ErrorCode::kNotFound); }

}  // namespace
}  // namespace tailback
