#include "runtime/incident/stack_table.h"

#include <gtest/gtest.h>

#include <string>

namespace tailback {
namespace {

TEST(StackTable, GivesEqualContentOneId) {
  StackTable table;
  const StringId name = table.intern("main");
  EXPECT_EQ(table.intern("main"), name);
  const FrameId frame = table.intern(Frame{.function = name, .line = 7});
  EXPECT_EQ(table.intern(Frame{.function = name, .line = 7}), frame);
  EXPECT_NE(table.intern(Frame{.function = name, .line = 8}), frame);
  const FrameId frames[] = {frame, frame};
  EXPECT_EQ(table.intern(std::span<const FrameId>(frames)), table.intern(std::span<const FrameId>(frames)));
  EXPECT_EQ(table.stack_count(), 1u);
}

TEST(StackTable, ReadsNoneAsEmpty) {
  const StackTable table;
  EXPECT_EQ(table.text({}), "");
  EXPECT_TRUE(table.stack({}).empty());
  EXPECT_TRUE(table.arguments({}).empty());
}

TEST(StackTable, KeepsTextsInPlaceWhileItGrows) {
  StackTable table;
  const std::string_view first = table.text(table.intern("first"));
  for (int i = 0; i < 100000; ++i) table.intern(std::to_string(i));
  EXPECT_EQ(first, "first");
  EXPECT_EQ(table.string_count(), 100001u);
  EXPECT_EQ(table.text(table.find("99999")), "99999");
  EXPECT_FALSE(table.find("100000").valid());
}

TEST(StackTable, TellsArgumentsApartByEveryField) {
  StackTable table;
  const Argument exact{.value = 0xc000, .frame = 1};
  Argument stale = exact;
  stale.uncertain = true;
  EXPECT_NE(table.intern(std::span(&exact, 1)), table.intern(std::span(&stale, 1)));
}

}  // namespace
}  // namespace tailback
