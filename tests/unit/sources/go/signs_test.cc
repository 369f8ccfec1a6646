// Signs spare recognisers the windows of a log that are no dump's: none may be spared that would have said yes.
#include <filesystem>
#include <fstream>
#include <sstream>

#include "replay/sources/signs.h"
#include "replay/sources/source.h"
#include "support.h"

namespace tailback::replay {
namespace {

namespace fs = std::filesystem;

constexpr Sign kLine{"TID ", Sign::Where::kLineBegin}, kNumber{{}, Sign::Where::kNumberAtLineBegin};

SignSearch search(std::vector<Sign> signs) {
  SignSearch search;
  search.add(signs, 3);
  return search;
}

TEST(Signs, StandAnywhere) {
  const SignSearch goroutine = search({{"goroutine "}});
  for (std::size_t before = 0; before < 40; ++before) {
    const std::string text = std::string(before, 'g') + "goroutine 1";
    EXPECT_EQ(goroutine.find(text), SignOwners{1} << 3) << text;
    EXPECT_EQ(goroutine.find(text.substr(0, before + 10)), SignOwners{1} << 3) << "at the end";
    EXPECT_EQ(goroutine.find(text.substr(0, before + 9)), 0u) << "cut off";
  }
  EXPECT_EQ(goroutine.find("goroutines=61"), 0u);
  EXPECT_EQ(goroutine.find(""), 0u);
}

TEST(Signs, BeginALine) {
  EXPECT_NE(search({kLine}).find("TID 7:"), 0u) << "the first line";
  EXPECT_NE(search({kLine}).find("a log\n \tTID 7:\n"), 0u) << "behind blanks";
  EXPECT_EQ(search({kLine}).find("a TID 7:\nTI\nTID"), 0u);
  EXPECT_NE(search({kNumber}).find("\n\n  12 futex_wait"), 0u);
  EXPECT_EQ(search({kNumber}).find("GET 12\n-1"), 0u);
}

TEST(Signs, AnyOfThemWillDoAndNoneIsAlwaysFound) {
  SignSearch search;
  search.add(std::vector<Sign>{{"0SECTION"}, {"3XMTHREADINFO"}, kLine}, 0);
  search.add(std::vector<Sign>{kNumber, {"soft lockup - CPU#"}}, 5);
  search.add({}, 9);
  EXPECT_EQ(search.find("nothing"), 1u << 9);
  EXPECT_EQ(search.find("NULL 3XMTHREADINFO"), 1u << 9 | 1u << 0);
  EXPECT_EQ(search.find("3XMTHREADINFO"), 1u << 9 | 1u << 5 | 1u << 0) << "a number, too";
  EXPECT_EQ(search.find("watchdog: BUG: soft lockup - CPU#3"), 1u << 9 | 1u << 5);
}

/// Every input of the corpus, whole and in windows as small as they can be held.
TEST(Signs, StandInWhateverAFormatRecognises) {
  SignSearch signs;
  for (std::size_t i = 0; i < formats().size(); ++i) signs.add(formats()[i].signs, static_cast<unsigned>(i));
  std::size_t texts = 0, recognised = 0;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(fs::path(TAILBACK_TESTS_DIR) / "corpus")) {
    if (!entry.is_regular_file() || entry.file_size() > std::size_t{2} << 20) continue;
    std::ifstream in(entry.path(), std::ios::binary);
    std::stringstream stream;
    stream << in.rdbuf();
    const std::string whole = stream.str();
    ++texts;
    for (const std::size_t size : {whole.size() + 1, std::size_t{8} << 10}) {
      for (std::size_t at = 0; at < whole.size(); at += size) {
        const std::string_view window = std::string_view(whole).substr(at, size);
        const SignOwners asked = signs.find(window);
        for (std::size_t i = 0; i < formats().size(); ++i) {
          const Recognition recognition = formats()[i].recognise(window);
          if (recognition.score == 0 && !recognition.near) continue;  // what comes near is told where nothing is recognised
          ++recognised;
          EXPECT_NE(asked >> i & 1, 0u) << formats()[i].name << " in " << entry.path() << " from byte " << at;
        }
      }
    }
  }
  EXPECT_GT(texts, 100u);
  EXPECT_GT(recognised, 100u);
}

/// The windows of 256 KiB in which a log is looked at end before, within and behind the first line that tells.
TEST(Signs, ADumpAtTheBorderOfAWindowIsSeen) {
  const std::string dump = "goroutine 1 [running]:\nmain.main()\n\t/go/src/a/main.go:7 +0x1b\n\ngoroutine 7 [select]:\nmain.f(0x1)\n\t/go/src/a/main.go:9 +0x2b\n";
  const std::string log_line = "GET /v1/segments/1 200 user=u1 goroutines=61\n";
  std::string log;
  while (log.size() + log_line.size() < (std::size_t{256} << 10)) log += log_line;
  for (std::size_t before = 0; before < 96; ++before) {
    const Recording recording = read_one(log + std::string(before, 'x') + "\n" + dump);
    ASSERT_EQ(threads_of_dumps(recording), std::vector<std::size_t>{2}) << before;
  }
}

}  // namespace
}  // namespace tailback::replay
