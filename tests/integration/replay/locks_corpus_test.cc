// What show, explain, predict and check print on the twelve programs of the matrix, under each policy, compared with tests/corpus/locks/expected.
// TAILBACK_UPDATE_EXPECTED=1 rewrites the files; whether what they say is true is for matrix_test.cc, which knows the truths.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "program.h"

namespace tailback::testing {
namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

/// The locks that a program declares, in its order.
std::vector<std::string> locks_of(const std::string& program) {
  std::vector<std::string> names;
  std::istringstream lines(program);
  for (std::string line, word, name; std::getline(lines, line);) {
    if (std::istringstream words(line); words >> word >> name && word == "lock") names.push_back(name);
  }
  return names;
}

class LocksCorpus : public ::testing::TestWithParam<std::string> {
 protected:
  /// Everything that is printed of the program under one policy; empty: a program without read-write locks.
  std::string printed(const std::string& policy) const {
    const std::string file = GetParam() + ".locks", program = text_of(fs::path(TAILBACK_LOCKS_CORPUS) / file);
    std::string gate = "gate";
    for (const std::string& lock : locks_of(program)) gate += " " + lock;
    const std::string asked = policy.empty() ? "" : " --policy '*=" + policy + "'";
    std::string text;
    for (const std::string& format : {std::string("text"), std::string("json")}) {
      for (const std::string& command : {std::string("show"), std::string("explain"), std::string("predict --all"), "check --fix '" + gate + "'"}) {
        const Outcome outcome = run("replay locks " + command + asked + " --format " + format + " " + file, std::string("cd ") + TAILBACK_LOCKS_CORPUS + " &&");
        EXPECT_EQ(outcome.status, 0) << command << ": " << outcome.err;
        text += "$ tailback replay locks " + command + asked + " --format " + format + " " + file + "\n" + outcome.out + "\n";
      }
    }
    return text;
  }
};

TEST_P(LocksCorpus, PrintsWhatIsExpected) {
  const bool rwlocks = text_of(fs::path(TAILBACK_LOCKS_CORPUS) / (GetParam() + ".locks")).find("rwlock") != std::string::npos;
  const std::vector<std::string> policies = rwlocks ? std::vector<std::string>{"prefer-readers", "prefer-writers", "fifo", "reentrant", "either"} : std::vector<std::string>{""};
  for (const std::string& policy : policies) {
    const fs::path expected = fs::path(TAILBACK_LOCKS_CORPUS) / "expected" / (GetParam() + (policy.empty() ? "" : "." + policy) + ".txt");
    const std::string said = printed(policy);
    if (std::getenv("TAILBACK_UPDATE_EXPECTED") != nullptr) std::ofstream(expected, std::ios::binary) << said;
    ASSERT_TRUE(fs::exists(expected)) << expected;
    EXPECT_EQ(said, text_of(expected)) << "in " << expected << "\n(TAILBACK_UPDATE_EXPECTED=1 rewrites it; read what changed before you commit it)";
  }
}

INSTANTIATE_TEST_SUITE_P(TwelvePrograms, LocksCorpus, ::testing::Values("rr", "rr1", "abba", "abc", "gate", "single", "forkjoin", "rdrd", "rdrdw", "wrrd", "rdmu", "rdmuw"),
                         [](const auto& tested) { return tested.param; });

}  // namespace
}  // namespace tailback::testing
