#include "analyze/report/locks_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/unit/schedule/support.h"

namespace tailback::analyze {
namespace {

using namespace tailback::replay;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kIncident =
    "lock mu rwlock go\nrefresher: Values:rdlock mu; Size:rdlock mu; unlock mu; unlock mu\nworker x 47841: AddOne:wrlock mu; unlock mu\n";

LocksInput input() { return {"ticket.locks", "scenario", 47842, 1, 0, {}}; }

LocksReportOptions wide() {
  LocksReportOptions options;
  options.text.width = 200;
  return options;
}

TEST(LocksReport, ShowsTheIncidentStepByStep) {
  const std::string text = story_text(input(), tell(scenario(kIncident)), wide());
  EXPECT_THAT(text, HasSubstr("rdlock mu  Values"));
  EXPECT_THAT(text, HasSubstr("wrlock mu (waits)  AddOne"));
  EXPECT_THAT(text, HasSubstr("2  no return"));
  EXPECT_THAT(text, HasSubstr("3  deadlock"));
  EXPECT_THAT(text, HasSubstr("mu: refresher (shared) | waits: refresher (shared), worker (exclusive)"));
  EXPECT_THAT(text, HasSubstr("step 2 on not every thread can finish"));
}

TEST(LocksReport, ExplainsInOneLine) {
  EXPECT_THAT(explain_text(input(), shortest(scenario(kIncident)), wide()),
              HasSubstr("3 steps: refresher rdlock mu · worker#1 wrlock mu (waits) · refresher rdlock mu (waits)"));
}

TEST(LocksReport, PredictsWithTheWriterItNeeds) {
  const std::string text = predict_text(input(), predict(scenario(kIncident)), wide());
  EXPECT_THAT(text, HasSubstr("DEADLOCK  a ring of 2 threads"));
  EXPECT_THAT(text, HasSubstr("a writer waiting on mu between Values and Size; writers seen: worker at AddOne"));
  EXPECT_THAT(text, HasSubstr("47,840 like it"));
}

TEST(LocksReport, WithoutAWriterNoDeadlockIsClaimed) {
  const PredictReport report = predict(scenario("lock mu rwlock go\nr: Values:rdlock mu; Size:rdlock mu; unlock mu; unlock mu\n"));
  const std::string text = predict_text(input(), report, wide());
  EXPECT_THAT(text, Not(HasSubstr("DEADLOCK")));
  EXPECT_THAT(text, HasSubstr("writers seen: none"));
  LocksReportOptions all = wide();
  all.all = true;
  EXPECT_THAT(predict_text(input(), report, all), HasSubstr("HAZARD  no writer seen"));
}

TEST(LocksReport, TheBoundOfACheckIsAlwaysSaid) {
  const Program program = scenario("lock mu rwlock go\nr: rdlock mu; Size:rdlock mu; unlock mu; unlock mu\nw: wrlock mu; unlock mu\n");
  const std::vector<std::string> fixes{"drop Size:rdlock mu"};
  const FixCheck check = check_fix(program, *with_fixes(program, fixes));
  EXPECT_THAT(check_text(input(), fixes, check, wide()), HasSubstr("every interleaving of 2 threads"));
  const auto json = nlohmann::json::parse(check_json(input(), fixes, check));
  EXPECT_EQ(json["verdict"], "fixed");
  EXPECT_FALSE(json["bound"].get<std::string>().empty());
}

TEST(LocksReport, JsonHasEveryStepAndTheLocksAfterIt) {
  const auto json = nlohmann::json::parse(story_json(input(), tell(scenario(kIncident)), "show"));
  EXPECT_EQ(json["schema"], "tailback.replay-locks/1");
  ASSERT_EQ(json["steps"].size(), 3u);
  EXPECT_EQ(json["steps"][1]["outcome"], "waits");
  EXPECT_EQ(json["steps"][2]["locks"][0]["waiting"].size(), 2u);
  EXPECT_EQ(json["point_of_no_return"], 2);
  const auto predicted = nlohmann::json::parse(predict_json(input(), predict(scenario(kIncident))));
  EXPECT_EQ(predicted["deadlocks"][0]["way"].size(), 3u);
  EXPECT_EQ(predicted["deadlocks"][0]["needs"], "a writer waiting on mu between Values and Size");
}

}  // namespace
}  // namespace tailback::analyze
