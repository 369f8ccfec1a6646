// Each folder under tests/corpus/{java,native,python,metrics,grouped,kernel} is one case: FORMAT.in is read by the format of that name, and what the
// reader says is compared with expected.txt, fact by fact. TAILBACK_UPDATE_EXPECTED=1 rewrites the expected files; look at
// the difference before you commit it. A missing file fails.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/unit/sources/others/other_formats.h"
#include "tests/unit/sources/others/read_text.h"

namespace tailback::replay {
namespace {

namespace fs = std::filesystem;

std::string slurp(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

struct Case {
  std::string name;
  fs::path input;
  const Format* format;

  friend std::ostream& operator<<(std::ostream& out, const Case& c) { return out << c.name; }
};

std::vector<Case> cases() {
  std::vector<Case> result;
  for (const char* area : {"java", "native", "python", "metrics", "grouped", "kernel"}) {
    for (const fs::directory_entry& folder : fs::directory_iterator(fs::path(TAILBACK_TESTS_DIR) / "corpus" / area)) {
      for (const fs::directory_entry& file : fs::directory_iterator(folder)) {
        if (file.path().extension() != ".in") continue;
        const Format* format = find_format(file.path().stem().string());
        result.push_back({std::string(area) + "_" + folder.path().filename().string(), file.path(), format});
      }
    }
  }
  std::sort(result.begin(), result.end(), [](const Case& a, const Case& b) { return a.name < b.name; });
  return result;
}

class Golden : public testing::TestWithParam<Case> {};

TEST_P(Golden, ReadsWhatTheExpectedFileSays) {
  const Case& c = GetParam();
  ASSERT_NE(c.format, nullptr) << c.input << ": no format of that name";
  const std::string said = describe(read_all(*c.format, slurp(c.input)));
  const fs::path expected = c.input.parent_path() / "expected.txt";
  if (std::getenv("TAILBACK_UPDATE_EXPECTED") != nullptr) std::ofstream(expected, std::ios::binary) << said;
  ASSERT_TRUE(fs::exists(expected)) << expected << " is missing";
  EXPECT_EQ(said, slurp(expected));
}

TEST_P(Golden, IsRecognisedAsItsFormatAndNoOther) {
  const Case& c = GetParam();
  ASSERT_NE(c.format, nullptr);
  const std::string text = slurp(c.input);
  const std::string_view head = std::string_view(text).substr(0, 256 << 10);
  const Recognition own = c.format->recognise(head);
  EXPECT_GT(own.score, 0) << own.reason;
  for (const Format* other : other_formats()) {
    if (other == c.format) continue;
    const Recognition theirs = other->recognise(head);
    EXPECT_LT(theirs.score, own.score) << other->name << ": " << theirs.reason;
  }
}

TEST_P(Golden, SaysWhyItIsNoneOfTheOthers) {
  const std::string text = slurp(GetParam().input);
  for (const Format* other : other_formats()) EXPECT_FALSE(other->recognise(text).reason.empty()) << other->name;
}

INSTANTIATE_TEST_SUITE_P(Corpus, Golden, testing::ValuesIn(cases()), [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace tailback::replay
