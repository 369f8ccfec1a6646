#include <nlohmann/json.hpp>

#include "go_log.h"
#include "program.h"

namespace tailback::testing {
namespace {

using nlohmann::json;

class DiffCommand : public ProgramTest {};

json diffed(const std::string& arguments) {
  const Outcome outcome = run("diff --format json " + arguments);
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  return json::parse(outcome.out, nullptr, false);
}

TEST_F(DiffCommand, ComparesTwoDumpsOfOneFile) {
  write("service.log", go_log());
  const json diff = diffed("'service.log#1' 'service.log#3'");
  EXPECT_EQ(diff["schema"], "tailback.diff/1");
  EXPECT_EQ(diff["seconds"], 60);
  EXPECT_EQ(diff["same_process"], true);
  const json& group = diff["groups"][0];
  EXPECT_EQ(group["change"], "grown");
  EXPECT_EQ(group["before"], 9);
  EXPECT_EQ(group["after"], 29);
  ASSERT_FALSE(diff["locks"].empty());
  EXPECT_EQ(diff["locks"][0]["waiting_after"], 31);
  EXPECT_GT(diff["threads"]["unmoved"], 0);
}

TEST_F(DiffCommand, ComparesTheLastTwoDumpsOfAFileAlone) {
  write("service.log", go_log());
  const json diff = diffed("service.log");
  EXPECT_EQ(diff["before"]["dump"], 2);
  EXPECT_EQ(diff["after"]["dump"], 3);
}

TEST_F(DiffCommand, ComparesFilesOfOneProcess) {
  GoLogOptions options;
  options.dumps = 1;
  write("first.log", go_log(options));
  options.dumps = 2;
  write("second.log", go_log(options));
  const json diff = diffed("first.log second.log");
  EXPECT_EQ(diff["same_process"], true) << diff["identity_reason"];
}

TEST_F(DiffCommand, SaysInWordsWhatGrew) {
  write("service.log", go_log());
  const Outcome outcome = run("diff 'service.log#1' 'service.log#3'");
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  for (const char* word : {"grown", "+20", "9 → 29", "(*HashSet).AddOne", "LOCKS whose queue moved", "made no progress"}) {
    EXPECT_NE(outcome.out.find(word), std::string::npos) << word << " is not in\n" << outcome.out;
  }
}

TEST_F(DiffCommand, NeedsTwoDumps) {
  GoLogOptions options;
  options.dumps = 1;
  write("one.log", go_log(options));
  const Outcome outcome = run("diff one.log");
  EXPECT_EQ(outcome.status, 2);
  EXPECT_NE(outcome.err.find("no two dumps"), std::string::npos) << outcome.err;
  EXPECT_EQ(run("diff 'one.log#1'").status, 2);
}

}  // namespace
}  // namespace tailback::testing
