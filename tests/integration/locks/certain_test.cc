// The incident, seen as it happens, all the way: the trigger, the file, and what the program `tailback` says of it.
#include <nlohmann/json.hpp>

#include "tests/integration/cli/program.h"
#include "tests/integration/locks/started_program.h"

namespace tailback {
namespace {

using nlohmann::json;
using testing::StartedProgram;

class SeenAsItHappens : public testing::ProgramTest {
 protected:
  /// Until the breach is announced, whose line must name the lock that rings; then what the file says.
  void expect_certain(StartedProgram& service, const std::string& file, const std::string& announced, const std::string& lock, bool has_tasks) {
    if (!service.reads("breach of 'deadlock'")) GTEST_SKIP() << "this machine does not allow the threads (see the lines above)";
    EXPECT_NE(service.line().find(announced), std::string::npos) << service.line();
    EXPECT_NE(service.line().find(" in deadlock_service::HashSet::"), std::string::npos) << service.line();
    // The announcement comes once the dump is in the file.
    const testing::Outcome outcome = testing::run("analyze --format json " + file);
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    const json report = json::parse(outcome.out);
    ASSERT_FALSE(report["findings"].empty()) << outcome.out;
    const json& finding = report["findings"][0];
    EXPECT_EQ(finding["kind"], "recursive_read_lock");
    EXPECT_EQ(finding["severity"], "deadlock");
    EXPECT_EQ(finding["confidence"], "certain") << finding.dump(1);
    EXPECT_LT(finding["blocked_threads"], 137) << "before all 136 requests stand behind it";
    ASSERT_EQ(finding["chain"].size(), 2u);
    EXPECT_TRUE(names(finding["chain"][0]["function"], "HashSet::Values"));
    EXPECT_TRUE(names(finding["chain"][0]["wait_function"], "HashSet::Size"));
    EXPECT_EQ(finding["chain"][0]["mode"], "shared");
    EXPECT_EQ(finding["chain"][0]["wait_mode"], "shared");
    EXPECT_TRUE(names(finding["chain"][1]["wait_function"], "HashSet::AddOne"));
    EXPECT_EQ(finding["chain"][1]["wait_mode"], "exclusive");
    for (const json& one : report["locks"]) {
      if (one["id"] != finding["locks"][0]) continue;
      EXPECT_TRUE(names(one["name"], lock));
      EXPECT_EQ(one["policy"], "prefer-writers");
      for (const json& hold : one["holds"]) EXPECT_EQ(hold["basis"], "observed");
    }
    const testing::Outcome text = testing::run("analyze --exit-code " + file);
    EXPECT_EQ(text.status, 1);
    EXPECT_NE(text.out.find("certain"), std::string::npos) << text.out;
    if (has_tasks) {
      EXPECT_TRUE(has_task(report, "GET /user"));
      EXPECT_NE(text.out.find("GET /user"), std::string::npos) << text.out;
    }
  }

  /// The writers' label, which only a service that links the runtime can tell.
  static bool has_task(const json& report, const std::string& label) {
    for (const json& group : report["dumps"].back()["groups"]) {
      for (const json& task : group.value("tasks", json::array())) {
        if (task["label"] == label && task["count"] >= 1) return true;
      }
    }
    return false;
  }

  static bool names(const json& text, const std::string& part) { return text.is_string() && text.get<std::string>().find(part) != std::string::npos; }
};

TEST_F(SeenAsItHappens, WithTailbacksLockInTheService) {
#ifndef __OPTIMIZE__
  GTEST_SKIP() << "built without optimisation: the place of a hold is in the guard's constructor, not in the function that makes the guard";
#endif
  StartedProgram service({DEADLOCK_SERVICE, "--threads", "200", "--instrumented", "--file", "instrumented.tailback", "--dumps", "0"}, {});
  expect_certain(service, "instrumented.tailback", "lock of HashSet.mu", "HashSet.mu", true);
}

TEST_F(SeenAsItHappens, WithThePreloadedLibraryAndAnUntouchedService) {
#ifdef PRELOAD
  StartedProgram service({DEADLOCK_SERVICE, "--threads", "200", "--bare"},
                         {"TAILBACK_FILE=preloaded.tailback", "TAILBACK_TRIGGERS=deadlock", std::string("LD_PRELOAD=") + PRELOAD});
  // The recorder knows its address; what its class calls it is the analyzer's to find.
  expect_certain(service, "preloaded.tailback", "lock of 0x", "HashSet::mutex_", false);
#else
  GTEST_SKIP() << "sanitizers stand in for the functions that libtailback_preload.so does";
#endif
}

}  // namespace
}  // namespace tailback
