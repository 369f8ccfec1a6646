#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "go_log.h"
#include "program.h"
#include "runtime/incident/incident_writer.h"

namespace tailback::testing {
namespace {

using nlohmann::json;

class Replay : public ProgramTest {
 protected:
  /// The first column of the first row.
  std::string query(const std::string& sql) const {
    sqlite3* database = nullptr;
    sqlite3_open_v2((folder_ / "incident.tailback").c_str(), &database, SQLITE_OPEN_READONLY, nullptr);
    sqlite3_stmt* statement = nullptr;
    std::string value;
    if (sqlite3_prepare_v2(database, sql.c_str(), -1, &statement, nullptr) != SQLITE_OK) {
      ADD_FAILURE() << sqlite3_errmsg(database);
    } else if (sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_text(statement, 0)) {
      value = reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
    }
    sqlite3_finalize(statement);
    sqlite3_close(database);
    return value;
  }
};

json report_of(const std::string& file) {
  const Outcome outcome = run("analyze --format json --dump all " + file);
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  return json::parse(outcome.out, nullptr, false);
}

TEST_F(Replay, OfALogIsAnIncidentFileThatTellsTheSame) {
  write("service.log", go_log());
  const Outcome outcome = run("replay service.log -o incident.tailback --triggers 'threads > 20'");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("3 dumps"), std::string::npos) << outcome.out;
  json from_log = report_of("service.log"), from_file = report_of("incident.tailback");
  EXPECT_EQ(from_file["breaches"].size(), 1u);
  for (const char* key : {"recording", "breaches"}) {
    from_log.erase(key);
    from_file.erase(key);
  }
  // The replayed dumps say for which breach they were taken; that is all that may differ.
  for (json* report : {&from_log, &from_file}) {
    for (json& dump : (*report)["dumps"]) {
      dump.erase("breach");
      dump.erase("reason");
    }
  }
  EXPECT_EQ(from_log, from_file);
}

TEST_F(Replay, RecordsTheBreachesThatThereWouldHaveBeen) {
  write("service.log", go_log());
  ASSERT_EQ(run("replay service.log -o incident.tailback --triggers 'threads > 20; threads > 1000'").status, 0);
  const json report = report_of("incident.tailback");
  ASSERT_EQ(report["breaches"].size(), 1u);
  EXPECT_EQ(report["breaches"][0]["trigger"], "threads > 20");
  EXPECT_EQ(report["breaches"][0]["closed"], nullptr);
  EXPECT_EQ(report["dumps"][0]["breach"], nullptr) << "eleven writers are not yet a breach";
  EXPECT_EQ(report["dumps"][2]["breach"], report["breaches"][0]["id"]);
  EXPECT_EQ(report["dumps"][2]["reason"], "threads > 20");
}

TEST_F(Replay, FindsTheDeadlockThatTheDeadlockTriggerWouldHave) {
  write("service.log", go_log());
  ASSERT_EQ(run("replay service.log -o incident.tailback --triggers deadlock").status, 0);
  const json report = report_of("incident.tailback");
  ASSERT_EQ(report["breaches"].size(), 1u);
  EXPECT_EQ(report["breaches"][0]["opened"], report["dumps"][0]["time"]);
}

TEST_F(Replay, StoresTheSignatureOfWhatItFound) {
  write("service.log", go_log());
  ASSERT_EQ(run("replay service.log -o incident.tailback").status, 0);
  EXPECT_EQ(query("SELECT signature FROM finding_signature"), report_of("service.log")["findings"][0]["signature"]);
  EXPECT_EQ(query("PRAGMA integrity_check"), "ok");
}

TEST_F(Replay, AddsARecordingWhenAsked) {
  write("service.log", go_log());
  ASSERT_EQ(run("replay service.log -o incident.tailback").status, 0);
  const Outcome outcome = run("replay --append service.log -o incident.tailback");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(report_of("incident.tailback")["others"].size(), 1u);
  EXPECT_EQ(query("SELECT count(DISTINCT recording_id) FROM finding_signature"), "2");
}

/// A recording that goes on in `file`, with a sample in it.
std::unique_ptr<IncidentWriter> recorder_into(const std::string& file) {
  Result<std::unique_ptr<IncidentWriter>> writer = IncidentWriter::open(file);
  EXPECT_TRUE(writer.ok());
  if (!writer.ok()) return nullptr;
  Recording& recording = (*writer)->begin({.source = "live"});
  (*writer)->sample({.wall_ns = 1, .values = {{recording.metric("threads", ""), 7, 0}}});
  return std::move(writer).value();
}

TEST_F(Replay, TouchesNoFileThatARecorderHasOpen) {
  write("service.log", go_log());
  const auto recorder = recorder_into("incident.tailback");
  for (const char* how : {"--append", "--force"}) {
    const Outcome outcome = run(std::string("replay ") + how + " service.log -o incident.tailback");
    EXPECT_EQ(outcome.status, 2);
    EXPECT_TRUE(outcome.one_line_of_error()) << outcome.err;
    EXPECT_NE(outcome.err.find("incident.tailback: process " + std::to_string(::getpid()) + " ("), std::string::npos) << outcome.err;
    EXPECT_NE(outcome.err.find("has it open and may be recording into it"), std::string::npos) << outcome.err;
  }
  ASSERT_TRUE(recorder->finish().ok());
  EXPECT_EQ(query("SELECT count(*) FROM recording"), "1");
  EXPECT_EQ(query("SELECT count(*) FROM sample"), "1");
}

TEST_F(Replay, AddsToWhatARecorderThatDiedHasLeft) {
  write("service.log", go_log());
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    static_cast<void>(recorder_into("incident.tailback").release());
    ::_exit(0);  // as a kill would end it: nothing is closed
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(std::filesystem::exists("incident.tailback-wal"));
  const Outcome outcome = run("replay --append service.log -o incident.tailback");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(query("SELECT count(*) FROM recording"), "2");
  EXPECT_EQ(query("SELECT count(*) FROM sample WHERE wall_ns = 1"), "1");
  EXPECT_EQ(query("PRAGMA integrity_check"), "ok");
  EXPECT_FALSE(std::filesystem::exists("incident.tailback-wal"));
}

}  // namespace
}  // namespace tailback::testing
