#include "analyze/report/text.h"

#include <gtest/gtest.h>

#include "analyze/report/diff_report.h"
#include "analyze/report/page.h"
#include "fixture.h"
#include "golden.h"

namespace tailback::analyze {
namespace {

using tailback::testing::expect_golden;
using testing::Incident;
using testing::make_healthy;
using testing::make_incident;

std::string report_of(const Incident& incident, const TextOptions& options = {}) {
  const ReportPart part{incident.recording, incident.analysis};
  return text_report({&part, 1}, options);
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

TEST(TextReport, OfTheIncident) { expect_golden("unit/report/golden/incident.txt", report_of(make_incident(4500))); }

TEST(TextReport, OfTheIncidentOnAWideTerminal) {
  TextOptions options;
  options.width = 140;
  expect_golden("unit/report/golden/incident_wide.txt", report_of(make_incident(4500), options));
}

TEST(TextReport, OfAHealthyService) { expect_golden("unit/report/golden/healthy.txt", report_of(make_healthy())); }

TEST(TextReport, OfADiff) {
  const Incident incident = make_incident(4500);
  const DiffSide before{&incident.recording, &incident.analysis, 0}, after{&incident.recording, &incident.analysis, 2};
  expect_golden("unit/report/golden/diff.txt", diff_text(diff_dumps(before, after, GroupBy::kLines), {}));
}

TEST(TextReport, SaysWhatIsWrongInItsFirstSixLines) {
  const std::vector<std::string> lines = lines_of(report_of(make_incident(4500)));
  ASSERT_GT(lines.size(), 6u);
  std::string first;
  for (std::size_t i = 0; i < 6; ++i) first += lines[i] + '\n';
  for (const char* word : {"DEADLOCK", "likely", "4,502 of 4,514 goroutines", "HashSet.mu", "holds", "(*HashSet).Values"}) {
    EXPECT_NE(first.find(word), std::string::npos) << word << " is not in\n" << first;
  }
}

TEST(TextReport, KeepsToTheWidth) {
  for (const std::size_t width : {60u, 80u, 100u, 200u}) {
    TextOptions options;
    options.width = width;
    for (const std::string& line : lines_of(report_of(make_incident(4500), options))) EXPECT_LE(display_width(line), width) << line;
  }
}

TEST(TextReport, SaysThatAHolderIsNotRecorded) {
  Incident incident = make_incident(5);
  for (Dump& dump : incident.recording.dumps) dump.holds.clear();
  EXPECT_NE(report_of(incident).find("held, holder not recorded"), std::string::npos);
}

TEST(TextReport, SaysWhichDumpAFindingOfThePastIsFrom) {
  Incident incident = make_incident(5);
  incident.analysis.findings[0].dump = 1;
  EXPECT_NE(report_of(incident).find("(in dump 2)"), std::string::npos) << report_of(incident);
}

TEST(TextReport, SaysOnceWhatWasLost) {
  Incident incident = make_incident(5);
  Dump& dump = incident.recording.dumps[2];
  for (std::size_t i : {7u, 8u}) {
    dump.threads[i].quality = StackQuality::kMissing;
    dump.threads[i].absence_reason = incident.recording.table.intern("blocks the signal");
  }
  const std::string report = report_of(incident);
  EXPECT_NE(report.find("2 goroutines in dump 3 without a stack: blocks the signal"), std::string::npos) << report;
  EXPECT_NE(report.find("line 812: goroutine header without a stack (3 times)"), std::string::npos) << report;
}

TEST(TextReport, NamesTheThreadsOfAGroupAsTheyWereGiven) {
  Incident incident = make_healthy();
  incident.recording.info.command = "/usr/bin/store-service --port 80";
  Dump& dump = incident.recording.dumps[0];
  for (std::size_t i = 0; i < dump.threads.size(); ++i) dump.threads[i].name = incident.recording.table.intern("store-service");
  EXPECT_EQ(report_of(incident).find("· store-service\n"), std::string::npos) << "the program's own name is no thread's";
  for (std::size_t i = 0; i < dump.threads.size(); ++i) dump.threads[i].name = incident.recording.table.intern("http-" + std::to_string(i));
  EXPECT_NE(report_of(incident).find("I/O · http-N"), std::string::npos) << report_of(incident);
  for (std::size_t i = 0; i < 3; ++i) dump.threads[i].name = incident.recording.table.intern(std::string(3, static_cast<char>('a' + i)));
  EXPECT_NE(report_of(incident).find("I/O · aaa, bbb, …"), std::string::npos) << report_of(incident);
}

TEST(TextReport, GivesNoColumnToAMetricThatIsAlwaysZero) {
  Incident incident = make_incident(5);
  const MetricId blocked = incident.recording.metric("blocked_threads", "count", false);
  for (Sample& sample : incident.recording.samples) sample.values.push_back({blocked, 0, 0});
  EXPECT_EQ(report_of(incident).find("blocked threads"), std::string::npos) << report_of(incident);
  incident.recording.samples.back().values.back().value = 3;
  EXPECT_NE(report_of(incident).find("blocked threads"), std::string::npos) << report_of(incident);
}

TEST(TextReport, ShowsNoEscapeSequenceOfTheInput) {
  Incident incident = make_incident(5);
  incident.analysis.findings[0].title = "evil \033[2J title";
  incident.recording.dumps[2].threads[0].name = incident.recording.table.intern("\033]0;pwned\007");
  EXPECT_EQ(report_of(incident).find('\033'), std::string::npos);
}

TEST(TextReport, CallsNobodyHealthyWhileThreadsQueue) {
  Incident incident = make_incident(5);
  incident.analysis.findings.clear();
  const std::string report = report_of(incident);
  EXPECT_EQ(report.find("HEALTHY"), std::string::npos);
  EXPECT_NE(report.find("NO FINDING  but 7 threads wait for HashSet.mu"), std::string::npos) << report;
}

TEST(TextReport, SaysWhenThereIsNoDumpAtAll) {
  Incident incident = make_healthy();
  incident.recording.dumps.clear();
  incident.analysis.dumps.clear();
  const std::string report = report_of(incident);
  EXPECT_NE(report.find("no dump"), std::string::npos);
  EXPECT_EQ(report.find("HEALTHY"), std::string::npos) << "nothing is known of its health";
}

}  // namespace
}  // namespace tailback::analyze
