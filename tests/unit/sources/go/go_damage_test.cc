// What can be read of damaged text is read; the rest is counted, with its line and the reason.
#include "support.h"

namespace tailback::replay {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(GoDamage, ATruncatedEndKeepsTheFramesBeforeIt) {
  const Recording r = read_one("goroutine 1 [select]:\nmain.a(0x1)\n\t/go/main.go:1 +0x1\nmain.b(0x1)\n\t/go/ma");
  ASSERT_EQ(threads_of_dumps(r), (std::vector<std::size_t>{1}));
  EXPECT_THAT(functions(r, r.dumps[0].threads[0]), ElementsAre("main.a", "main.b"));
}

TEST(GoDamage, AnEndWithinAFrameIsSaid) {
  const Recording r = read_one("goroutine 1 [select]:\nmain.a(0x1)\n");
  EXPECT_EQ(r.dumps.at(0).threads.at(0).quality, StackQuality::kPartial);
  EXPECT_THAT(reasons(r), Contains(HasSubstr("ends within a goroutine's stack")));
}

TEST(GoDamage, FramesWithoutAGoroutineAreCounted) {
  const Recording r = read_one("x).Lock(...)\n\t/usr/local/go/src/sync/mutex.go:81\nmain.b(0x1)\n\t/go/main.go:7 +0x1\n\ngoroutine 1 [select]:\nmain.a(0x1)\n\t/go/main.go:1 +0x1\n");
  ASSERT_EQ(r.diagnostics.size(), 1u);
  EXPECT_EQ(r.diagnostics[0].count, 2u);
  EXPECT_EQ(r.diagnostics[0].line, 2u);
  EXPECT_EQ(r.diagnostics[0].severity, Severity::kDataLoss);
}

TEST(GoDamage, LogLinesBetweenFramesDoNotBreakAStack) {
  const Recording r = read_one("goroutine 1 [select]:\nmain.a(0x1)\n2020/02/11 09:31:50 WARN slow (twice)\n\t/go/main.go:1 +0x1\n2020/02/11 09:31:50 WARN slow\nmain.b(0x1)\n\t/go/main.go:2 +0x1\n\n");
  EXPECT_THAT(functions(r, r.dumps.at(0).threads.at(0)), ElementsAre("main.a", "main.b"));
  EXPECT_EQ(r.diagnostics.at(0).count, 2u);
}

TEST(GoDamage, LostIndentationAndLostBlankLines) {
  const Recording r = read_one("goroutine 1 [select]:\nmain.a(0x1)\n/go/main.go:1 +0x1\ngoroutine 2 [select]:\nmain.b(0x1)\n/go/main.go:2 +0x1\n");
  ASSERT_EQ(threads_of_dumps(r), (std::vector<std::size_t>{2}));
  EXPECT_EQ(r.table.frame(r.table.stack(r.dumps[0].threads[1].stack)[0]).line, 2u);
  const Recording indented = read_one("    goroutine 1 [select]:\n    main.a(0x1)\n            /go/main.go:1 +0x1\n    \n    goroutine 2 [select]:\n    main.b(0x1)\n            /go/main.go:2 +0x1\n");
  ASSERT_EQ(threads_of_dumps(indented), (std::vector<std::size_t>{2}));
  EXPECT_THAT(functions(indented, indented.dumps[0].threads[1]), ElementsAre("main.b"));
}

TEST(GoDamage, LinesBrokenByATerminal) {
  const Recording r = read_one(
      "goroutine 7 [select]:\nmain.c(0x1)\n\t/go/main.go:3 +0x1\n\n"
      "goroutine 1 [semacquire, 2 minutes, lock\ned to thread]:\n"
      "main.(*segmentCache).lookupInTheSecondLevel(0xc000130050, 0xc0004\n62010, 0x6)\n"
      "\t/go/src/segmentd/internal/cache/second_level/loo\nkup.go:108 +0x195\n"
      "main.b(0x1)\n\t/go/main.go:2 +0x1\n\n");
  ASSERT_EQ(threads_of_dumps(r), (std::vector<std::size_t>{2}));
  EXPECT_THAT(functions(r, r.dumps[0].threads[1]), ElementsAre("main.(*segmentCache).lookupInTheSecondLevel", "main.b"));
  EXPECT_EQ(r.table.text(r.table.frame(r.table.stack(r.dumps[0].threads[1].stack)[0]).file), "/go/src/segmentd/internal/cache/second_level/lookup.go");
  EXPECT_EQ(r.dumps[0].threads[1].waited_ns, 120'000'000'000);
}

TEST(GoDamage, CarriageReturnsAndColours) {
  const Recording r = read_one("\x1b[31mgoroutine 1 [select]:\x1b[0m\r\nmain.a(0x1)\r\n\t/go/main.go:1 +0x1\r\n\r\ngoroutine 2 [select]:\r\nmain.b(0x1)\r\n\t/go/main.go:2 +0x1\r\n");
  ASSERT_EQ(threads_of_dumps(r), (std::vector<std::size_t>{2}));
  EXPECT_TRUE(r.diagnostics.empty());
}

TEST(GoDamage, Utf16FromPowerShell) {
  std::string wide = "\xff\xfe";
  for (const char c : std::string("goroutine 1 [select]:\r\nmain.a(0x1)\r\n\t/go/main.go:1 +0x1\r\n")) (wide += c) += '\0';
  EXPECT_EQ(threads_of_dumps(read_one(wide)), (std::vector<std::size_t>{1}));
}

}  // namespace
}  // namespace tailback::replay
