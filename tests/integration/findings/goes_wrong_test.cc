// Each sample that goes wrong on purpose is run, records itself, and is analysed: the finding must be the one that the sample stands for.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "analyze/analysis.h"
#include "runtime/incident/incident_reader.h"

namespace tailback::analyze {
namespace {

struct Truth {
  const char* scenario;
  const char* finding;       ///< "" for a service that is well
  const char* holder;        ///< function of the first link; "" where nobody holds
  Confidence at_most;
};

std::ostream& operator<<(std::ostream& out, const Truth& truth) { return out << truth.scenario; }

class GoesWrong : public ::testing::TestWithParam<Truth> {};

TEST(Samples, TellTheirUseOnStandardOutputWhenAsked) {
  for (const std::string program : {GOES_WRONG, DEADLOCK_SERVICE}) {
    for (const char* word : {"--help", "-h"}) {
      EXPECT_EQ(std::system((program + " " + word + " 2>&1 >/dev/null | grep -q . && exit 9; " + program + " " + word + " | grep -q '^usage: '").c_str()), 0) << program;
    }
    EXPECT_NE(std::system((program + " --hlep 2>/dev/null").c_str()), 0);
  }
}

TEST_P(GoesWrong, IsFoundToHaveGoneWrongAsItDid) {
  const Truth& truth = GetParam();
  const std::filesystem::path file = std::filesystem::path(::testing::TempDir()) / (std::string("findings-") + truth.scenario + ".tailback");
  for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(file.string() + suffix);
  const std::string command = std::string(GOES_WRONG " ") + truth.scenario + " --file " + file.string() + " >/dev/null 2>&1";
  if (std::system(command.c_str()) != 0) GTEST_SKIP() << "the sample could not record itself here: " << command;
  RecordingCollector collector;
  ASSERT_TRUE(read_incident(file.string(), collector).ok());
  std::vector<Recording> recordings = collector.take();
  ASSERT_EQ(recordings.size(), 1u);
  const Analysis analysis = analyze(recordings[0], {});
  if (*truth.finding == '\0') {
    EXPECT_TRUE(analysis.findings.empty()) << to_string(analysis.findings[0].kind) << ": " << analysis.findings[0].explanation;
    return;
  }
  ASSERT_FALSE(analysis.findings.empty());
  const Finding& finding = analysis.findings[0];
  EXPECT_EQ(to_string(finding.kind), truth.finding) << finding.explanation;
  EXPECT_LE(finding.confidence, truth.at_most);
  ASSERT_FALSE(finding.chain.empty());
  EXPECT_NE(finding.chain[0].function.find(truth.holder), std::string::npos) << finding.chain[0].function;
  std::filesystem::remove(file);
}

TEST(DeadlockService, IsFoundToReadTwiceBehindAWriterWithNoHelpFromItsLocks) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "AddressSanitizer's code keeps guards and calls to unlock where the scan for holders does not look: it reads code as users build it";
#endif
  const std::filesystem::path file = std::filesystem::path(::testing::TempDir()) / "findings-deadlock_service.tailback";
  for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(file.string() + suffix);
  const std::string command = DEADLOCK_SERVICE " --threads 2000 --dumps 1 --file " + file.string() + " >/dev/null 2>&1";
  if (std::system(command.c_str()) != 0) GTEST_SKIP() << "the machine does not allow the sample's threads: " << command;
  RecordingCollector collector;
  ASSERT_TRUE(read_incident(file.string(), collector).ok());
  std::vector<Recording> recordings = collector.take();
  ASSERT_EQ(recordings.size(), 1u);
  const Analysis analysis = analyze(recordings[0], {});
  ASSERT_FALSE(analysis.findings.empty());
  const Finding& finding = analysis.findings[0];
  EXPECT_EQ(finding.kind, FindingKind::kRecursiveReadLock) << finding.explanation;
  EXPECT_EQ(finding.confidence, Confidence::kLikely);
  ASSERT_GE(finding.chain.size(), 2u);
  EXPECT_NE(finding.chain[0].function.find("HashSet::Values"), std::string::npos) << finding.chain[0].function;
  EXPECT_NE(finding.chain[0].wait_function.find("HashSet::Size"), std::string::npos) << finding.chain[0].wait_function;
  EXPECT_NE(finding.chain[1].wait_function.find("HashSet::AddOne"), std::string::npos) << finding.chain[1].wait_function;
  EXPECT_GT(finding.blocked_in_all, 900u);
  std::filesystem::remove(file);
}

INSTANTIATE_TEST_SUITE_P(Samples, GoesWrong,
                         ::testing::Values(Truth{"abba", "deadlock_cycle", "deposit", Confidence::kCertain}, Truth{"ring", "deadlock_cycle", "enter", Confidence::kCertain},
                                           Truth{"double_lock", "recursive_lock", "Ledger", Confidence::kCertain},
                                           Truth{"orphan", "orphaned_lock", "look_up", Confidence::kCertain},
                                           Truth{"io_holder", "stalled_holder", "Connection::call", Confidence::kCertain},
                                           Truth{"convoy", "lock_convoy", "Journal::append", Confidence::kCertain},
                                           Truth{"pool", "pool_exhaustion", "render_page", Confidence::kLikely},
                                           Truth{"lost_signal", "lost_signal", "Gate::pass", Confidence::kLikely},
                                           Truth{"leak", "leak", "await_reply", Confidence::kLikely}, Truth{"healthy", "", "", Confidence::kCertain}),
                         [](const ::testing::TestParamInfo<Truth>& parameter) { return std::string(parameter.param.scenario); });

}  // namespace
}  // namespace tailback::analyze
