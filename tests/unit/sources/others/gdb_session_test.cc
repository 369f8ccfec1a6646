// What a session with gdb shows beside the stacks that were asked for.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "other_formats.h"
#include "read_text.h"

namespace tailback::replay {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> ids(const std::string& text) {
  const Recording recording = read_one(gdb_format(), text);
  std::vector<std::string> all;
  for (const Dump& dump : recording.dumps) {
    for (const ThreadRecord& thread : dump.threads) all.push_back(thread.id + ":" + std::to_string(recording.table.stack(thread.stack).size()));
  }
  return all;
}

std::string headed(int thread, const std::string& frames) { return "Thread " + std::to_string(thread) + " (Thread 0x7f00 (LWP " + std::to_string(thread + 100) + ")):\n" + frames + "\n"; }
std::string selected(int thread) { return "[Switching to thread " + std::to_string(thread) + " (Thread 0x7f00 (LWP " + std::to_string(thread + 100) + "))]\n"; }

const std::string kRead = "#0  0x00007f0a11 in read () from /lib/libc.so.6\n";
const std::string kServe = "#1  0x0000000011 in serve (fd=3) at serve.cc:12\n";

TEST(GdbSession, AFrameOrStackThatIsShownOnceMoreIsNoThread) {
  EXPECT_THAT(ids(kRead + headed(1, kRead + kServe)), ElementsAre("101:2")) << "what attaching shows";
  EXPECT_THAT(ids(headed(1, kRead + kServe) + kRead + kServe), ElementsAre("101:2")) << "`bt` once more";
  EXPECT_THAT(ids(selected(2) + kRead + headed(1, kRead + kServe) + headed(2, kRead + kServe)), ElementsAre("101:2", "102:2"));
}

TEST(GdbSession, OfOneThreadTheLongestStackStays) {
  EXPECT_THAT(ids(selected(2) + kRead + selected(2) + kRead + kServe + selected(3) + kRead), ElementsAre("102:2", "103:1"));
  EXPECT_THAT(ids(selected(2) + kRead + kServe + selected(2) + kRead + kServe), ElementsAre("102:2")) << "the first of those as long";
}

TEST(GdbSession, AFrameBeforeTheStackThatItBeginsIsNoThread) {
  EXPECT_THAT(ids(kRead + kRead + kServe), ElementsAre("2:2"));
  EXPECT_THAT(ids(kRead + "#0  0x00007f0a12 in poll () from /lib/libc.so.6\n" + kServe), ElementsAre("1:1", "2:2")) << "another thread's frame";
}

TEST(GdbSession, ThousandsOfStacksWithoutAHeaderAreThreads) {
  std::string text;
  for (int i = 0; i < 20000; ++i) text += kRead + kServe + "\n";
  EXPECT_EQ(ids(text).size(), 20000u) << "and it takes no longer than reading them";
}

TEST(GdbSession, APrintedOwnerHoldsTheMutexAmongThousands) {
  std::string text;
  for (int i = 1; i <= 2000; ++i) text += headed(i, kRead);
  for (int i = 1; i <= 2000; ++i) text += "(gdb) p *(pthread_mutex_t*)0x" + std::to_string(600000 + i) + "\n$1 = {__data = {__lock = 2, __count = 0, __owner = " + std::to_string(i + 100) + ", __nusers = 1}}\n";
  const Recording recording = read_one(gdb_format(), text);
  ASSERT_EQ(recording.dumps.size(), 1u);
  ASSERT_EQ(recording.dumps[0].holds.size(), 2000u);
  for (std::uint32_t i = 0; i < 2000; ++i) ASSERT_EQ(recording.dumps[0].holds[i].thread.index, i);
}

}  // namespace
}  // namespace tailback::replay
