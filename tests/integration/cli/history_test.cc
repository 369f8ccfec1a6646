#include <sqlite3.h>

#include <nlohmann/json.hpp>

#include "go_log.h"
#include "program.h"

namespace tailback::testing {
namespace {

using nlohmann::json;

/// An archive of three incidents of one defect: other days, builds and addresses; and tonight's log.
class History : public ProgramTest {
 protected:
  void SetUp() override {
    ProgramTest::SetUp();
    std::filesystem::create_directory(folder_ / "archive");
    int shift = 0;
    for (const char* day : {"2020/02/11", "2020/03/01", "2020/04/02"}) {
      GoLogOptions incident;
      incident.day = day;
      incident.line_shift = shift += 7;
      incident.lock = "0xc0007" + std::to_string(70000 + shift * 8);
      incident.writers = 10 * shift;
      write("month.log", go_log(incident));
      const std::string name = "archive/" + std::to_string(shift) + ".tailback";
      EXPECT_EQ(run("replay month.log -o " + name).status, 0);
      archived_.push_back(name);
    }
    write("archive/notes.txt", "what we did about it");
    GoLogOptions tonight;
    tonight.day = "2020/05/05";
    tonight.line_shift = 40;
    tonight.writers = 300;
    write("tonight.log", go_log(tonight));
  }

  static json seen(const std::string& arguments) {
    const Outcome outcome = run("analyze --format json tonight.log " + arguments);
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    const json report = json::parse(outcome.out, nullptr, false);
    return report["findings"].empty() ? json() : report["findings"][0]["seen_before"];
  }

  void execute(const std::string& file, const std::string& sql) const {
    sqlite3* database = nullptr;
    sqlite3_open_v2((folder_ / file).c_str(), &database, SQLITE_OPEN_READWRITE, nullptr);
    EXPECT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(database);
    sqlite3_close(database);
  }

  std::vector<std::string> archived_;
};

TEST_F(History, SaysOfAFindingThatItWasSeenBeforeAcrossBuildsAndAddresses) {
  const json past = seen("--history archive");
  ASSERT_TRUE(past.is_object());
  EXPECT_EQ(past["incidents"], 3);
  EXPECT_EQ(past["similarity"], 1.0);
  EXPECT_EQ(past["first"], "2020-02-11T09:32:00Z");
  EXPECT_EQ(past["files"], json(archived_));
  const Outcome text = run("analyze tonight.log --history archive");
  EXPECT_NE(text.out.find("before: 3 incidents, first on 2020-02-11 09:32:00, same signature"), std::string::npos) << text.out;
  EXPECT_EQ(seen(archived_[0] + " " + archived_[1])["incidents"], 2) << "inputs are each other's past, too";
}

TEST_F(History, GoesByWhatTheFilesKeepAndSaysHowNearItIs) {
  // Without their dumps the files tell nothing but what an analysis once concluded of them.
  for (const std::string& file : archived_) execute(file, "DELETE FROM wait; DELETE FROM hold; UPDATE finding_signature SET signature = replace(signature, 'AddOne', 'Remove')");
  const json past = seen("--history archive");
  ASSERT_TRUE(past.is_object());
  EXPECT_EQ(past["incidents"], 3);
  EXPECT_LT(past["similarity"].get<double>(), 1);
  EXPECT_GT(past["similarity"].get<double>(), 0.6);
  EXPECT_NE(run("analyze tonight.log --history archive").out.find("similar signature"), std::string::npos);
}

TEST_F(History, RemembersWhatItFoundInAFileThatWasNeverAnalysed) {
  execute(archived_[0], "DELETE FROM finding_signature");
  ASSERT_EQ(run("analyze --remember " + archived_[0]).status, 0);
  execute(archived_[0], "DELETE FROM wait; DELETE FROM hold");
  EXPECT_EQ(seen("--history " + archived_[0])["incidents"], 1);
  const Outcome log = run("analyze --remember tonight.log");
  EXPECT_EQ(log.status, 2);
  EXPECT_TRUE(log.one_line_of_error()) << log.err;
}

TEST_F(History, IsNotTheIncidentItself) {
  ASSERT_EQ(run("replay tonight.log -o archive/tonight.tailback").status, 0);
  EXPECT_EQ(seen("--history archive")["incidents"], 3);
}

TEST_F(History, RefusesAPathThatNamesNothing) {
  const Outcome outcome = run("analyze tonight.log --history archiv");
  EXPECT_EQ(outcome.status, 2);
  EXPECT_TRUE(outcome.one_line_of_error()) << outcome.err;
}

}  // namespace
}  // namespace tailback::testing
