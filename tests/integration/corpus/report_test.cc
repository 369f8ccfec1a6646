// Each folder of inputs under tests/corpus goes through the program `tailback`, and what it says is compared with report.json beside them, which
// TAILBACK_UPDATE_EXPECTED=1 rewrites. truth.json is written by hand, and never by the program.
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>

#include "tests/integration/cli/program.h"
#include "tests/integration/corpus/cases.h"
#include "tests/integration/corpus/report_json.h"
#include "tests/integration/corpus/truth.h"

namespace tailback::testing {
namespace {

namespace fs = std::filesystem;

Report read_json(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return Report::parse(in, nullptr, false);
}

class CorpusReport : public ProgramTest, public ::testing::WithParamInterface<CorpusCase> {
 protected:
  void SetUp() override {
    ProgramTest::SetUp();
    for (const std::string& input : GetParam().inputs) {
      fs::copy_file(GetParam().folder / input, folder_ / input);
      // Stamps without a year are taken as the last before the file's own time.
      const timespec new_year[2] = {{1'767'225'600, 0}, {1'767'225'600, 0}};
      ASSERT_EQ(::utimensat(AT_FDCWD, input.c_str(), new_year, 0), 0);
      inputs_ += " " + input;
    }
  }

  /// The report on `inputs`, with the source that the case brings along; else --no-source, for a dump may name a file that this machine happens to have.
  static Report analyze(const std::string& inputs) {
    const fs::path source = GetParam().source();
    const Outcome outcome = run("analyze --format json " + (fs::exists(source) ? "--source " + source.string() : std::string("--no-source")) + " " + inputs);
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    return Report::parse(outcome.out, nullptr, false);
  }

  std::string inputs_;
};

TEST_P(CorpusReport, TellsWhatTheExpectedReportSays) {
  Report said = analyze(inputs_);
  ASSERT_FALSE(said.is_discarded());
  fold_thread_ids(said);
  const fs::path expected = GetParam().report();
  if (std::getenv("TAILBACK_UPDATE_EXPECTED") != nullptr) std::ofstream(expected, std::ios::binary) << laid_out(said);
  ASSERT_TRUE(fs::exists(expected)) << expected << " is missing";
  if (const auto difference = first_difference(read_json(expected), said)) {
    FAIL() << *difference << "\nin " << expected << "\n(TAILBACK_UPDATE_EXPECTED=1 rewrites it; read what changed before you commit it)";
  }
}

/// What an incident file adds to the report on the log that it was made of.
void take_away_what_the_file_adds(Report& of_log, Report& of_file) {
  for (Report* report : {&of_log, &of_file}) report->erase("breaches");  // a log has none; replay evaluates the triggers and records them
  Report &logged = of_log["dumps"], &filed = of_file["dumps"];
  for (std::size_t i = 0; i < std::min(logged.size(), filed.size()); ++i) {
    filed[i]["breach"] = logged[i]["breach"];                                  // the breach that the dump would have been taken for,
    if (logged[i]["reason"] == "") filed[i]["reason"] = logged[i]["reason"];  // and that breach's trigger
  }
  if (!of_log.contains("others") || !of_file.contains("others")) return;
  for (std::size_t i = 0; i < std::min(of_log["others"].size(), of_file["others"].size()); ++i) take_away_what_the_file_adds(of_log["others"][i], of_file["others"][i]);
}

TEST_P(CorpusReport, IsTheSameOutOfAnIncidentFile) {
  const Outcome replayed = run("replay" + inputs_ + " -o incident.tailback");
  ASSERT_EQ(replayed.status, 0) << replayed.err;
  Report of_log = analyze(inputs_), of_file = analyze("incident.tailback");
  take_away_what_the_file_adds(of_log, of_file);
  if (const auto difference = first_difference(of_log, of_file)) FAIL() << "(expected: of the log; got: of the incident file)\n" << *difference;
}

class CorpusTruth : public CorpusReport {};

TEST_P(CorpusTruth, IsWhatTheReportSays) {
  const Report truth = read_json(GetParam().truth());
  ASSERT_TRUE(truth.is_object());
  for (const std::string& untruth : untruths(truth, analyze(inputs_))) ADD_FAILURE() << untruth;
}

/// The others are cases of a reader alone: fragments, written by hand.
std::vector<CorpusCase> cases_with_a_truth() {
  std::vector<CorpusCase> cases = corpus_cases();
  std::erase_if(cases, [](const CorpusCase& c) { return !fs::exists(c.truth()); });
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Corpus, CorpusTruth, ::testing::ValuesIn(cases_with_a_truth()), [](const auto& test) { return test.param.name; });
INSTANTIATE_TEST_SUITE_P(Corpus, CorpusReport, ::testing::ValuesIn(corpus_cases()), [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace tailback::testing
