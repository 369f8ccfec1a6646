#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "go_log.h"
#include "program.h"

namespace tailback::testing {
namespace {

using nlohmann::json;

class Analyze : public ProgramTest {};

json analyzed(const std::string& arguments) {
  const Outcome outcome = run("analyze --format json " + arguments);
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(outcome.err, "") << "nothing on standard error that is no terminal";
  return json::parse(outcome.out, nullptr, false);
}

TEST_F(Analyze, SaysWhatItIsAndHowToUseIt) {
  const Outcome version = run("--version");
  EXPECT_EQ(version.status, 0);
  EXPECT_EQ(version.out.rfind("tailback ", 0), 0u);
  const Outcome help = run("--help");
  EXPECT_EQ(help.status, 0);
  for (const char* word : {"analyze", "diff", "replay", "Exit status"}) EXPECT_NE(help.out.find(word), std::string::npos) << word;
  const Outcome command = run("analyze --help");
  EXPECT_EQ(command.status, 0);
  for (const char* word : {"--format", "--dump", "--group", "--exit-code", "--top", "--metric"}) EXPECT_NE(command.out.find(word), std::string::npos) << word;
}

/// What the program shows on a terminal of so many columns, without colours.
std::string on_terminal(unsigned short columns, const char* input) {
  winsize size{30, columns, 0, 0};
  int master = -1;
  const pid_t child = ::forkpty(&master, nullptr, nullptr, &size);
  EXPECT_GE(child, 0);
  if (child == 0) {
    ::setenv("NO_COLOR", "1", 1);
    ::execl(TAILBACK_PROGRAM, TAILBACK_PROGRAM, "analyze", input, nullptr);
    ::_exit(127);
  }
  std::string shown;
  std::array<char, 4096> text{};
  for (ssize_t got = 0; (got = ::read(master, text.data(), text.size())) > 0;) shown.append(text.data(), static_cast<std::size_t>(got));
  ::close(master);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  return shown;
}

TEST_F(Analyze, FitsATerminalOf40Columns) {
  write("service.log", go_log());
  std::string shown = on_terminal(40, "service.log");
  EXPECT_NE(shown.find("STACKS"), std::string::npos) << shown;
  EXPECT_NE(shown.find("(*HashSet).AddOne"), std::string::npos) << "the name that matters is not cut off";
  std::size_t characters = 0;
  for (const char c : shown) {
    if (c == '\n' || c == '\r') characters = 0;
    else if ((static_cast<unsigned char>(c) & 0xc0) != 0x80) ++characters;  // no continuation byte of UTF-8
    // Progress is erased by three more, which take no room.
    ASSERT_LE(characters, 40u + 3) << shown;
  }
}

TEST_F(Analyze, NamesTheLockTheHolderAndTheCrowd) {
  write("service.log", go_log());
  const json report = analyzed("service.log");
  ASSERT_FALSE(report["findings"].empty());
  const json& finding = report["findings"][0];
  EXPECT_EQ(finding["kind"], "recursive_read_lock");
  EXPECT_EQ(finding["severity"], "deadlock");
  EXPECT_EQ(finding["blocked_threads"], 31);
  EXPECT_EQ(report["dumps"][0]["groups"][0]["count"], 29) << "those queued behind the front writer";
  EXPECT_EQ(report["recording"]["dumps"], 3);
}

TEST_F(Analyze, NamesTheRingInAKernelsLogWithTheHoldsThatLockdepLists) {
  const json report = analyzed(std::string(TAILBACK_TESTS_DIR) + "/corpus/kernel/abba_lockdep/kernel-log.in");
  EXPECT_EQ(report["recording"]["runtime"], "kernel");
  ASSERT_EQ(report["findings"].size(), 1u);
  const json& finding = report["findings"][0];
  EXPECT_EQ(finding["kind"], "deadlock_cycle");
  EXPECT_EQ(finding["confidence"], "certain");
  ASSERT_EQ(finding["chain"].size(), 2u);
  EXPECT_EQ(finding["chain"][0]["function"], "segment_merge");
  EXPECT_EQ(finding["chain"][1]["wait_function"], "catalog_drop");
  for (std::size_t i = 0; i < 2; ++i) EXPECT_EQ(report["locks"][i]["holds"][0]["basis"], "observed") << "the ring's two locks come first";
}

TEST_F(Analyze, FollowsTheGrowthAndTheMetricsBesideIt) {
  write("service.log", go_log());
  const json report = analyzed("service.log");
  ASSERT_FALSE(report["findings"].empty());
  const json& finding = report["findings"][0];
  EXPECT_NEAR(finding["growth_per_second"].get<double>(), 20.0 / 60, 0.01);
  EXPECT_EQ(finding["over_time"].size(), 3u);
  EXPECT_EQ(finding["first_seen"], "2020-02-11T09:31:00Z") << "in the first dump, of 09:32:00, goroutines have waited for a minute";
  ASSERT_FALSE(finding["correlations"].empty());
  EXPECT_EQ(finding["correlations"][0]["metric"], "heap_in_use");
}

TEST_F(Analyze, ReportsAsOfAnEarlierDump) {
  write("service.log", go_log());
  const json report = analyzed("--dump 1 service.log");
  ASSERT_EQ(report["dumps"].size(), 1u);
  EXPECT_EQ(report["dumps"][0]["id"], 1);
  EXPECT_EQ(report["recording"]["dumps"], 1) << "what came later is not known yet";
  ASSERT_FALSE(report["findings"].empty());
  EXPECT_EQ(report["findings"][0]["blocked_threads"], 11);
  EXPECT_EQ(analyzed("--dump all service.log")["dumps"].size(), 3u);
  EXPECT_EQ(analyzed("--dump last service.log")["dumps"][0]["id"], 3);
}

TEST_F(Analyze, GroupsAtTheLevelAskedFor) {
  write("service.log", go_log());
  const auto largest = [](const char* level) { return analyzed(std::string("--group ") + level + " service.log")["dumps"][0]["groups"][0]["count"].get<int>(); };
  EXPECT_EQ(largest("lines"), 29);
  EXPECT_EQ(largest("functions"), 29);
  EXPECT_EQ(largest("lock"), 30) << "the front writer too";
  EXPECT_EQ(analyzed("--top 1 service.log")["dumps"][0]["groups"].size(), 1u);
}

TEST_F(Analyze, ExitsWithOneOnlyForADeadlockAndOnlyWhenAsked) {
  write("bad.log", go_log());
  GoLogOptions options;
  options.deadlock = false;
  write("good.log", go_log(options));
  EXPECT_EQ(run("analyze bad.log").status, 0);
  EXPECT_EQ(run("analyze --exit-code bad.log").status, 1);
  EXPECT_EQ(run("analyze --exit-code good.log").status, 0);
  EXPECT_EQ(run("analyze --exit-code good.log bad.log").status, 1);
}

TEST_F(Analyze, SaysPlainlyWhenNothingIsWrong) {
  GoLogOptions options;
  options.deadlock = false;
  write("good.log", go_log(options));
  EXPECT_NE(run("analyze good.log").out.find("HEALTHY  no finding"), std::string::npos);
  EXPECT_TRUE(analyzed("good.log")["findings"].empty());
}

TEST_F(Analyze, ReadsStandardInput) {
  write("service.log", go_log());
  const Outcome outcome = run("analyze -", "cat service.log |");
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("DEADLOCK"), std::string::npos);
}

TEST_F(Analyze, ColoursOnlyWhereTheyAreWanted) {
  write("service.log", go_log());
  EXPECT_EQ(run("analyze service.log").out.find('\033'), std::string::npos) << "a pipe gets none";
  EXPECT_NE(run("analyze service.log", "CLICOLOR_FORCE=1").out.find('\033'), std::string::npos);
  EXPECT_EQ(run("analyze service.log", "CLICOLOR_FORCE=1 NO_COLOR=1").out.find('\033'), std::string::npos);
}

TEST_F(Analyze, WritesTheSameToAPipeWhateverTheTerminal) {
  write("service.log", go_log());
  EXPECT_EQ(run("analyze service.log", "COLUMNS=200 TERM=xterm-256color").out, run("analyze service.log", "COLUMNS=40 TERM=dumb").out);
}

TEST_F(Analyze, WritesItsReportIntoAFile) {
  write("service.log", go_log());
  const Outcome outcome = run("analyze service.log -o report.txt");
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(read("report.txt"), run("analyze service.log").out);
  EXPECT_EQ(files(), 2u);
}

TEST_F(Analyze, KnowsAnIncidentAgainFromAnotherBuild) {
  write("february.log", go_log());
  GoLogOptions later;
  later.day = "2020/03/01";
  later.line_shift = 17;
  later.lock = "0xc000777180";
  later.writers = 60;
  write("march.log", go_log(later));
  GoLogOptions healthy;
  healthy.deadlock = false;
  write("quiet.log", go_log(healthy));
  const json report = analyzed("quiet.log march.log february.log");
  EXPECT_EQ(report["recording"]["file"], "march.log") << "the one that blocks most is told first";
  ASSERT_FALSE(report["findings"].empty());
  const json& seen = report["findings"][0]["seen_before"];
  ASSERT_TRUE(seen.is_object()) << report["findings"][0];
  EXPECT_EQ(seen["incidents"], 1);
  EXPECT_EQ(seen["similarity"], 1.0);
  EXPECT_EQ(seen["files"], json::array({"february.log"}));
  EXPECT_NE(run("analyze february.log march.log").out.find("before: 1 incident, first on 2020-02-11 09:32:00, same signature"), std::string::npos);
}

}  // namespace
}  // namespace tailback::testing
