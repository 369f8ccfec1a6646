// Each folder under tests/corpus/go is one case: its input.* goes through the whole of read_inputs (decompression, prefixes, recognition, the
// reader), and what comes out is put into words, by stack, and compared with expected.txt. TAILBACK_UPDATE_EXPECTED=1
// rewrites the expected files; look at the difference before you commit it. A missing file fails.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "support.h"

namespace tailback::replay {
namespace {

namespace fs = std::filesystem;

std::string slurp(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

std::vector<fs::path> cases() {
  std::vector<fs::path> folders;
  for (const fs::directory_entry& folder : fs::directory_iterator(fs::path(TAILBACK_TESTS_DIR) / "corpus/go")) {
    if (folder.is_directory()) folders.push_back(folder.path());
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

/// State, frames and places of one stack, in a line each.
std::string stack_text(const Recording& r, const ThreadRecord& thread) {
  std::string text = "[" + std::string(r.table.text(thread.state_text)) + "] " + std::string(to_string(thread.quality)) + "\n";
  for (const FrameId id : r.table.stack(thread.stack)) {
    const Frame& frame = r.table.frame(id);
    text += "      " + std::string(r.table.text(frame.function)) + "  " + fs::path(r.table.text(frame.file)).filename().string() + ":" + std::to_string(frame.line) + (frame.inlined ? " inlined" : "") + "\n";
  }
  if (thread.created_by) text += "      created by " + std::string(r.table.text(thread.created_by)) + "\n";
  return text;
}

void describe_dump(std::ostream& out, const Recording& r, const Dump& dump) {
  // The time of day alone: journald's short form has no year.
  out << "dump " << dump.id << " at second " << dump.wall_ns / 1'000'000'000 % 86400 << " of the day: " << dump.thread_count() << " threads";
  if (dump.reason) out << ", " << r.table.text(dump.reason);
  out << "\n";
  for (const StringId statement : dump.statements) out << "  says: " << r.table.text(statement) << "\n";
  struct Sum {
    std::uint64_t count = 0, words = 0;
    std::int64_t longest = -1;
    std::uint64_t first_line = 0;
  };
  std::map<std::string, Sum> stacks;
  for (std::size_t i = 0; i < dump.threads.size(); ++i) {
    Sum& sum = stacks[stack_text(r, dump.threads[i])];
    if (sum.count == 0) sum.first_line = dump.line_of_thread[i];
    sum.count += dump.threads[i].count;
    sum.words += r.table.arguments(dump.threads[i].arguments).size();
    sum.longest = std::max(sum.longest, dump.threads[i].waited_ns);
  }
  std::vector<std::pair<std::string, Sum>> ordered(stacks.begin(), stacks.end());
  std::stable_sort(ordered.begin(), ordered.end(), [](const auto& a, const auto& b) { return a.second.count > b.second.count; });
  for (const auto& [text, sum] : ordered) {
    out << "  " << sum.count << " threads, first in line " << sum.first_line << ", " << sum.words << " words, longest wait " << (sum.longest < 0 ? -1 : sum.longest / 1'000'000'000) << " s " << text;
  }
}

std::string describe(const std::vector<Recording>& recordings) {
  std::ostringstream out;
  for (const Recording& r : recordings) {
    out << "recording " << r.info.source << ", pid " << r.info.pid << ", instance " << r.info.instance << ": " << r.samples.size() << " samples, " << r.dumps.size() << " dumps\n";
    if (!r.samples.empty()) {
      out << "last sample:";
      for (const MetricValue& value : r.samples.back().values) out << " " << r.metrics[value.metric.index].name << "=" << static_cast<long long>(value.value);
      out << "\n";
    }
    for (const Dump& dump : r.dumps) describe_dump(out, r, dump);
    for (const Diagnostic& d : r.diagnostics) out << to_string(d.severity) << " in line " << d.line << ": " << d.reason << " (" << d.count << ")\n";
  }
  return out.str();
}

class GoGolden : public ::testing::TestWithParam<fs::path> {};

TEST_P(GoGolden, ReadsWhatTheExpectedFileSays) {
  std::string input;
  for (const fs::directory_entry& file : fs::directory_iterator(GetParam())) {
    if (file.path().filename().string().starts_with("input.")) input = file.path();
  }
  ASSERT_NE(input, "") << "no input.* in " << GetParam();
  ASSERT_TRUE(fs::exists(GetParam() / "NOTE.md")) << "say how the input was made";
  RecordingCollector collector;
  const Result<void> read = read_inputs({input}, {}, collector);
  ASSERT_TRUE(read.ok()) << read.error().to_string();
  const std::string said = describe(collector.take());
  const fs::path expected = GetParam() / "expected.txt";
  if (std::getenv("TAILBACK_UPDATE_EXPECTED") != nullptr) std::ofstream(expected, std::ios::binary) << said;
  ASSERT_TRUE(fs::exists(expected)) << expected << " is missing";
  EXPECT_EQ(said, slurp(expected));
}

INSTANTIATE_TEST_SUITE_P(Corpus, GoGolden, ::testing::ValuesIn(cases()), [](const auto& test) { return test.param.filename().string(); });

}  // namespace
}  // namespace tailback::replay
