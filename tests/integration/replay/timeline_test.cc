// `tailback replay FILE` as a user runs it.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "program.h"
#include "runtime/incident/incident_writer.h"

namespace tailback::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

class ReplayTimeline : public ProgramTest {
 protected:
  void SetUp() override {
    ProgramTest::SetUp();
    write_recording("incident.tailback", [](int i) { return i < 60 ? 60.0 : 60.0 + 580 * (i - 59); });
    write_recording("calm.tailback", [](int i) { return i % 50 == 7 ? 400.0 : 60.0; });
  }

  template <class Value>
  void write_recording(const std::string& name, Value value) const {
    Result<std::unique_ptr<IncidentWriter>> writer = IncidentWriter::open((folder_ / name).string(), {.live = false});
    ASSERT_TRUE(writer.ok());
    RecordingInfo info;
    info.source = "live";
    const MetricId threads = (*writer)->begin(info).metric("threads");
    for (int i = 0; i < 120; ++i) {
      Sample sample;
      sample.wall_ns = (1'581'413'470 + 10LL * i) * 1'000'000'000;
      sample.values.push_back({threads, value(i)});
      (*writer)->sample(std::move(sample));
    }
    (*writer)->end();
    ASSERT_TRUE((*writer)->finish().ok());
  }
};

TEST_F(ReplayTimeline, PrintsOneLineAnEventAndASummary) {
  const Outcome outcome = run("replay incident.tailback");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("sample  threads 60\n"));
  EXPECT_THAT(outcome.out, HasSubstr("breach  threads > 1000"));
  EXPECT_THAT(outcome.out, HasSubstr("the first breach (threads > 1000)"));
}

TEST_F(ReplayTimeline, TriesTriggers) {
  const Outcome outcome = run("replay incident.tailback --trigger 'threads > 500' --trigger 'threads > 5000' --format json");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const json what_if = json::parse(outcome.out)["recordings"][0]["what_if"];
  ASSERT_EQ(what_if["triggers"].size(), 2u);
  EXPECT_GT(what_if["triggers"][0]["lead_to_end_seconds"], what_if["triggers"][1]["lead_to_end_seconds"]);
}

TEST_F(ReplayTimeline, SweepsAgainstACalmDay) {
  const Outcome outcome = run("replay incident.tailback --sweep threads --calm calm.tailback --format json");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const json sweep = json::parse(outcome.out)["recordings"][0]["sweeps"][0];
  EXPECT_GT(sweep["recommended"]["threshold"], 400);
  EXPECT_EQ(sweep["calm"]["highest"], 400);
}

TEST_F(ReplayTimeline, RefusesWhatItDoesNotUnderstand) {
  for (const char* arguments : {"replay", "replay nothing.tailback", "replay incident.tailback --trigger 'threads >'", "replay incident.tailback --sweep rss",
                                "replay incident.tailback --limit much", "replay incident.tailback --sweep threads --for soon", "replay incident.tailback --calm nothing"}) {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.status, 2) << arguments;
    EXPECT_TRUE(outcome.one_line_of_error()) << arguments << ": " << outcome.err;
  }
}

}  // namespace
}  // namespace tailback::testing
