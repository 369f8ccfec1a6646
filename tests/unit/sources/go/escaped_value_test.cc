#include "replay/sources/escaped_value.h"

#include <gtest/gtest.h>

namespace tailback::replay {
namespace {

TEST(EscapedValue, StandsBehindItsKey) {
  EXPECT_EQ(multi_line_value(R"(level=info msg="a\nb")"), 16u);
  EXPECT_EQ(multi_line_value(R"(msg="one line" stacks="a\nb")"), 23u);
  EXPECT_EQ(multi_line_value(R"(stuck {"stacks": "a\nb"})"), 18u);
  EXPECT_EQ(multi_line_value(R"("a\nb")"), 1u);
}

TEST(EscapedValue, IsNoneInPathsAndSingleLines) {
  constexpr std::size_t kNone = std::string_view::npos;
  EXPECT_EQ(multi_line_value(R"(msg="one line")"), kNone);
  EXPECT_EQ(multi_line_value(R"(File "C:\new\name.py", line 3 in f)"), kNone);
  EXPECT_EQ(multi_line_value(R"(path="C:\\new")"), kNone);
  EXPECT_EQ(multi_line_value(R"(no quote \n)"), kNone);
}

TEST(EscapedValue, EndsAtItsQuoteWhereverItIsCut) {
  const std::string_view whole = R"(a\n\tb \"c\" \\n" rest)";
  for (std::size_t cut = 0; cut < whole.size(); ++cut) {
    std::string text, held;
    std::size_t behind = unescape_value(whole.substr(0, cut), text, held);
    if (behind == std::string_view::npos) {
      behind = unescape_value(whole.substr(cut), text, held);
      ASSERT_NE(behind, std::string_view::npos) << cut;
      behind += cut;
    }
    EXPECT_EQ(whole.substr(behind), " rest") << cut;
    EXPECT_EQ(text, "a\n\tb \"c\" \\n") << cut;
  }
}

}  // namespace
}  // namespace tailback::replay
