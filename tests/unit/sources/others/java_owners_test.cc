// Owners of Java's locks that the text names and the dump does not show: no hold, and no thread that is not there.
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/sources/others/other_formats.h"
#include "tests/unit/sources/others/read_text.h"

namespace tailback::replay {
namespace {

std::string waiter(int id, std::string_view name, std::string_view owner) {
  return "\"" + std::string(name) + "\" Id=" + std::to_string(id) + " BLOCKED on depot.Shelf@1f0a owned by \"" + std::string(owner) +
         "\" Id=40\n\tat depot.Shelf.take(Shelf.java:8)\n\t-  blocked on depot.Shelf@1f0a\n\n";
}

std::string runner(int id, std::string_view name) {
  return "\"" + std::string(name) + "\" Id=" + std::to_string(id) + " RUNNABLE\n\tat depot.Shelf.sort(Shelf.java:30)\n\n";
}

Recording read(const std::string& text) { return read_one(*find_format("jstack"), text); }

TEST(JavaOwners, OneThatIsNotShownIsNoHold) {
  const Recording recording = read(waiter(31, "picker", "booker") + runner(32, "packer"));
  ASSERT_EQ(recording.dumps.size(), 1u);
  const Dump& dump = recording.dumps[0];
  EXPECT_EQ(dump.threads.size(), 2u);
  EXPECT_TRUE(dump.holds.empty());
  ASSERT_EQ(dump.locks.size(), 1u);
  EXPECT_EQ(dump.locks[0].owner, "booker (not identified)");
  EXPECT_TRUE(dump.locks[0].owner_not_identified());
}

TEST(JavaOwners, OneOfSeveralOfItsNameIsNoHold) {
  const Recording recording = read(waiter(31, "picker", "packer") + runner(32, "packer") + runner(33, "packer"));
  ASSERT_EQ(recording.dumps.size(), 1u);
  EXPECT_TRUE(recording.dumps[0].holds.empty());
  EXPECT_EQ(recording.dumps[0].locks.at(0).owner, "packer (not identified)");
}

TEST(JavaOwners, OneThatIsShownCountsBeforeOneThatIsNot) {
  for (const bool shown_first : {true, false}) {
    const std::string shown = waiter(31, "picker", "packer"), hidden = waiter(34, "sorter", "booker");
    const Recording recording = read((shown_first ? shown + hidden : hidden + shown) + runner(32, "packer"));
    ASSERT_EQ(recording.dumps.size(), 1u);
    const Dump& dump = recording.dumps[0];
    ASSERT_EQ(dump.holds.size(), 1u);
    EXPECT_EQ(dump.threads.at(dump.holds[0].thread.index).id, "32");
    EXPECT_EQ(dump.locks.at(dump.holds[0].lock.index).owner, "");
  }
}

}  // namespace
}  // namespace tailback::replay
