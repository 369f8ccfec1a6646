#include "runtime/incident/stack_table.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <string>
#include <vector>

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

TEST(StackTable, IsSmallWhereItHoldsLittle) {
  const std::size_t before = ::mallinfo2().uordblks;
  std::vector<StackTable> tables(1000);
  for (StackTable& table : tables) {
    Frame frame;
    frame.function = table.intern("main.serve");
    const FrameId frames[] = {table.intern(frame)};
    (void)table.intern(frames);
  }
  // One for each of 100,000 small files must fit into memory. (A sanitizer's allocator has no figures, and says 0.)
  EXPECT_LE(::mallinfo2().uordblks - before, 1000u * (16 << 10));
}

TEST(StackTable, HoldsWhatIsEmptyBeforeAnythingElse) {
  StackTable texts, stacks;
  EXPECT_EQ(texts.text(texts.intern("")), "");
  EXPECT_TRUE(stacks.stack(stacks.intern(std::span<const FrameId>{})).empty());
  EXPECT_EQ(stacks.stack_count(), 1u);
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

TEST(StackTable, KeepsEverythingThroughSeveralHugePages) {
  constexpr std::uint32_t kCount = 60000;
  StackTable table;
  const auto name_of = [](std::uint32_t i) { return "main.(*worker" + std::to_string(i) + ").step and some more, so that the texts alone take megabytes"; };
  std::vector<StackId> stacks;
  for (std::uint32_t i = 0; i < kCount; ++i) {
    const FrameId frames[] = {table.intern(Frame{.function = table.intern(name_of(i)), .line = i}), FrameId{i / 2}};
    stacks.push_back(table.intern(frames));
  }
  const std::string large(std::size_t{5} << 20, 'x');
  const StringId larger_than_a_block = table.intern(large);
  for (std::uint32_t i = 0; i < kCount; ++i) {
    const std::span<const FrameId> frames = table.stack(stacks[i]);
    ASSERT_EQ(frames.size(), 2u);
    ASSERT_EQ(table.function(frames[0]), name_of(i));
    ASSERT_EQ(table.frame(frames[0]).line, i);
    ASSERT_EQ(table.function(frames[1]), name_of(i / 2));
  }
  EXPECT_EQ(table.text(larger_than_a_block), large);
  EXPECT_THROW((void)table.frame(FrameId{kCount}), std::out_of_range);
}

TEST(StackTable, FindsFramesAgainThatDifferInOneFieldOnly) {
  constexpr std::uint32_t kCount = 5000;
  StackTable table;
  std::vector<FrameId> ids;
  const auto frame_of = [](std::uint32_t i) {
    Frame frame{StringId{1}, StringId{2}, StringId{3}, 4, false, 5, 6};
    switch (i % 6) {
      case 0: frame.function = {i}; break;
      case 1: frame.file = {i}; break;
      case 2: frame.module = {i}; break;
      case 3: frame.line = i; break;
      case 4: frame.address = i; break;
      default: frame.offset = std::uint64_t{i} << 40;
    }
    return frame;
  };
  for (std::uint32_t i = 10; i < kCount; ++i) ids.push_back(table.intern(frame_of(i)));
  EXPECT_EQ(table.frame_count(), ids.size());
  for (std::uint32_t i = 10; i < kCount; ++i) ASSERT_EQ(table.intern(frame_of(i)), ids[i - 10]) << i;
  Frame inlined = frame_of(10);
  inlined.inlined = true;
  EXPECT_NE(table.intern(inlined), ids.front());
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
