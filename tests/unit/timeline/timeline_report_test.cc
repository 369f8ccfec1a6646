#include "analyze/report/timeline_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "analyze/cli/live_view.h"
#include "tests/unit/timeline/support.h"

namespace tailback::analyze {
namespace {

using namespace tailback::replay;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

Recording recording() {
  Recording made = recording_of("threads", "count", 200, 10, incident_threads);
  made.info.file = "service.log";
  Dump dump;
  dump.id = 7;
  dump.wall_ns = made.samples[150].wall_ns + 1;
  dump.threads.resize(1);
  dump.threads[0].count = 5000;
  made.dumps.push_back(std::move(dump));
  return made;
}

TEST(TimelineReport, PlaysOneLineAnEvent) {
  const Recording made = recording();
  const std::string text = timeline_text({{&made, true, std::nullopt, {}}}, 120, false);
  EXPECT_THAT(text, HasSubstr("sample  threads 60"));
  EXPECT_THAT(text, HasSubstr("dump 7  5,000 threads"));
  EXPECT_THAT(text, HasSubstr("GREW, and since when"));
}

TEST(TimelineReport, ShowsWhatOtherTriggersWouldHaveDone) {
  const Recording made = recording();
  const WhatIf result = what_if(made, *parse_triggers("threads > 500; rss > 1GiB"));
  const std::string text = timeline_text({{&made, false, result, {sweep(made, made.find_metric("threads"), {}, nullptr)}}}, 120, false);
  EXPECT_THAT(text, ContainsRegex("useful  before the end\n.*  13 min 10 s\n"));
  EXPECT_THAT(text, HasSubstr("no sample has its metric"));
  EXPECT_THAT(text, HasSubstr("Choose"));
  EXPECT_THAT(text, Not(HasSubstr("sample  threads")));
}

TEST(TimelineReport, JsonHasAllOfIt) {
  const Recording made = recording();
  const WhatIf result = what_if(made, *parse_triggers("threads > 500"));
  const auto json = nlohmann::json::parse(timeline_json({{&made, true, result, {sweep(made, made.find_metric("threads"), {}, nullptr)}}}));
  EXPECT_EQ(json["schema"], "tailback.replay/1");
  const auto& one = json["recordings"][0];
  EXPECT_EQ(one["events"].size(), 201u);
  EXPECT_EQ(one["what_if"]["triggers"][0]["lead_to_end_seconds"], 790);
  EXPECT_FALSE(one["sweeps"][0]["recommended"]["threshold"].is_null());
}

TEST(LiveView, PlaysPausesStepsAndSeeks) {
  const Recording made = recording();
  cli::Player player(made, 100);
  EXPECT_EQ(player.position(), 1u);
  player.advance(1);
  EXPECT_EQ(player.position(), 11u);
  player.key(' ');
  player.advance(10);
  EXPECT_EQ(player.position(), 11u);
  player.key('n');
  EXPECT_EQ(player.position(), 12u);
  player.key('b');
  player.key('b');
  EXPECT_EQ(player.position(), 10u);
  player.key('5');
  EXPECT_NEAR(static_cast<double>(player.position()), 100, 2);
  player.key('+');
  EXPECT_EQ(player.speed(), 200);
  player.advance(1000);
  EXPECT_EQ(player.position(), player.events());
  EXPECT_TRUE(player.paused());
  player.key('q');
  EXPECT_TRUE(player.ended());
}

TEST(LiveView, AFrameHasMetricsGroupsAndKeys) {
  const Recording made = recording();
  cli::Player player(made, 1);
  player.advance(1e6);
  const std::string frame = player.frame(100, 40, false);
  EXPECT_THAT(frame, HasSubstr("threads"));
  EXPECT_THAT(frame, HasSubstr("█"));
  EXPECT_THAT(frame, HasSubstr("dump 7"));
  EXPECT_THAT(frame, HasSubstr("space pause"));
  EXPECT_THAT(player.frame(60, 20, false), HasSubstr("q quit")) << "a narrow window shows all keys too";
  EXPECT_EQ(std::count(frame.begin(), frame.end(), '\n'), 39);
}

TEST(LiveView, AnEmptyRecordingIsDrawnToo) {
  const Recording empty;
  cli::Player player(empty, 0);
  player.advance(1);
  player.key('5');
  player.key('n');
  EXPECT_THAT(player.frame(80, 24, false), HasSubstr("event 0 of 0"));
}

TEST(LiveView, ASparklineKeepsThePeak) {
  std::vector<double> values(1000, 1);
  values[500] = 9;
  EXPECT_THAT(cli::sparkline(values, 10), HasSubstr("█"));
  EXPECT_EQ(cli::sparkline({}, 10), "");
}

}  // namespace
}  // namespace tailback::analyze
