#include "analyze/report/json.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "analyze/compare/history.h"
#include "analyze/report/diff_report.h"
#include "fixture.h"
#include "golden.h"

namespace tailback::analyze {
namespace {

using nlohmann::json;
using testing::Incident;
using testing::make_healthy;
using testing::make_incident;

std::string report_of(const Incident& incident, const ReportOptions& options = {}) {
  const ReportPart part{incident.recording, incident.analysis};
  return json_report({&part, 1}, options);
}

TEST(JsonReport, IsAsItWas) { tailback::testing::expect_golden("unit/report/golden/incident.json", report_of(make_incident(6))); }

TEST(JsonReport, TellsTheStoryOfTheIncident) {
  const json report = json::parse(report_of(make_incident(90)));
  EXPECT_EQ(report["schema"], "tailback.report/1");
  ASSERT_EQ(report["dumps"].size(), 1u) << "the dump that the finding is about";
  const json& dump = report["dumps"][0];
  EXPECT_EQ(dump["id"], 3);
  EXPECT_EQ(dump["threads"], 104);
  const json& group = dump["groups"][0];
  EXPECT_EQ(group["count"], 90);
  EXPECT_EQ(group["thread_ids"].size(), 90u);
  EXPECT_EQ(group["wait"], json({{"lock", "L1"}, {"mode", "exclusive"}}));
  EXPECT_EQ(group["stack"][3]["function"], "main.(*HashSet).AddOne");
  const json& lock = report["locks"][0];
  EXPECT_EQ(lock["address"], "0xc0000b4008");
  EXPECT_EQ(lock["waiting"], json({{"shared", 1}, {"exclusive", 91}}));
  EXPECT_EQ(lock["holds"][0]["function"], "main.(*HashSet).Values");
  EXPECT_EQ(lock["holds"][0]["basis"], "inferred");
  const json& finding = report["findings"][0];
  EXPECT_EQ(finding["blocked_threads"], 92);
  EXPECT_EQ(finding["chain"][0]["holds"], "L1");
  EXPECT_EQ(finding["chain"][1]["holds"], nullptr);
  EXPECT_EQ(finding["over_time"][2], json({{"dump", 3}, {"threads", 92}}));
}

TEST(JsonReport, KeepsEveryThreadIdAndEveryDigitOfAnAddress) {
  Incident incident = make_incident(90);
  incident.recording.dumps[2].locks[0].address = 0xffffffffffffffff;
  const json report = json::parse(report_of(incident));
  EXPECT_EQ(report["locks"][0]["address"], "0xffffffffffffffff");
  std::set<std::string> ids;
  for (const json& group : report["dumps"][0]["groups"]) ids.insert(group["thread_ids"].begin(), group["thread_ids"].end());
  EXPECT_EQ(ids.size(), 104u);
}

TEST(JsonReport, LimitsGroupsButSaysHowManyThereAre) {
  ReportOptions options;
  options.top = 1;
  const json report = json::parse(report_of(make_incident(90), options));
  EXPECT_EQ(report["dumps"][0]["groups"].size(), 1u);
  EXPECT_EQ(report["dumps"][0]["group_count"], 4);
}

TEST(JsonReport, ShowsAllDumpsWhenAsked) {
  ReportOptions options;
  options.dumps.kind = DumpChoice::Kind::kAll;
  const json report = json::parse(report_of(make_incident(90), options));
  ASSERT_EQ(report["dumps"].size(), 3u);
  EXPECT_EQ(report["dumps"][0]["queues"][0]["exclusive"], 31);
  EXPECT_EQ(report["locks"].size(), 1u) << "one lock in all dumps";
}

TEST(JsonReport, StaysValidWhateverTheInputHolds) {
  Incident incident = make_healthy();
  incident.recording.info.file = "bad\xff\xfe\"\\\n";
  incident.recording.dumps[0].threads[0].id = std::string("\x01\x80\"", 3);
  incident.recording.dumps[0].reason = incident.recording.table.intern("\xc3");
  EXPECT_TRUE(json::accept(report_of(incident)));
}

TEST(JsonReport, TellsTheGravestRecordingFirstAndTheOthersAfterIt) {
  const Incident healthy = make_healthy(), bad = make_incident(90);
  const ReportPart parts[] = {{healthy.recording, healthy.analysis}, {bad.recording, bad.analysis}};
  const json report = json::parse(json_report(parts, {}));
  EXPECT_EQ(report["findings"].size(), 1u);
  ASSERT_EQ(report["others"].size(), 1u);
  EXPECT_TRUE(report["others"][0]["findings"].empty());
}

void collect_keys(const json& value, std::set<std::string>& keys) {
  if (value.is_object()) {
    for (const auto& [key, member] : value.items()) {
      keys.insert(key);
      // The keys of these are names of the recording's own.
      if (key != "counters") collect_keys(member, keys);
    }
  } else if (value.is_array()) {
    for (const json& element : value) collect_keys(element, keys);
  }
}

TEST(JsonReport, HasNoKeyThatItsPageDoesNotExplain) {
  std::ifstream file(std::string(TAILBACK_TESTS_DIR) + "/../analyze/report/REPORT.md");
  ASSERT_TRUE(file) << "REPORT.md is missing";
  std::ostringstream page;
  page << file.rdbuf();
  std::vector<Recording> recordings;
  std::vector<Analysis> analyses;
  for (int i = 0; i < 2; ++i) {
    Incident incident = make_incident(9);
    incident.recording.breaches[0].closed_wall_ns = 1;
    incident.recording.dumps[2].threads[2].arguments =
        incident.recording.table.intern(std::vector<Argument>{{1, incident.recording.table.intern("mutex"), 0, 0, true}});
    Frame frame;
    frame.address = frame.offset = 1;
    incident.recording.dumps[2].threads[5].quality = StackQuality::kPartial;
    incident.analysis.dumps[2].groups[2].stack = incident.recording.table.intern(std::vector<FrameId>{incident.recording.table.intern(frame)});
    incident.analysis.not_evaluated.push_back({FindingKind::kLeak, "one dump"});
    recordings.push_back(std::move(incident.recording));
    analyses.push_back(std::move(incident.analysis));
  }
  fill_history(recordings, analyses);
  const std::vector<ReportPart> parts{{recordings[0], analyses[0]}, {recordings[1], analyses[1]}};
  std::set<std::string> keys;
  collect_keys(json::parse(json_report(parts, {})), keys);
  const DiffSide before{&recordings[0], &analyses[0], 0}, after{&recordings[0], &analyses[0], 2};
  collect_keys(json::parse(diff_json(diff_dumps(before, after, GroupBy::kLines), 0)), keys);
  EXPECT_GT(keys.size(), 90u);
  for (const std::string& key : keys) {
    EXPECT_NE(page.str().find("`" + key + "`"), std::string::npos) << "REPORT.md does not explain `" << key << "`";
  }
}

}  // namespace
}  // namespace tailback::analyze
