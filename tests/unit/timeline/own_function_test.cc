#include <gtest/gtest.h>

#include <initializer_list>
#include <vector>

#include "replay/timeline/timeline.h"

namespace tailback::replay {
namespace {

std::string own(std::initializer_list<const char*> functions) {
  Recording recording;
  std::vector<FrameId> frames;
  for (const char* function : functions) {
    Frame frame;
    frame.function = recording.table.intern(function);
    frames.push_back(recording.table.intern(frame));
  }
  return own_function(recording, recording.table.intern(frames));
}

TEST(OwnFunction, IsTheFirstBehindTheFramesOfALibrary) {
  EXPECT_EQ(own({"runtime.gopark", "sync.(*RWMutex).Lock", "main.(*HashSet).AddOne", "main.main"}), "main.(*HashSet).AddOne");
  EXPECT_EQ(own({"__futex_abstimed_wait", "pthread_mutex_lock", "std::mutex::lock", "Journal::append", "main"}), "Journal::append");
}

TEST(OwnFunction, IsWhoAsksForALockAndNotALockOfTheProgramsOwn) {
  EXPECT_EQ(own({"___pthread_rwlock_wrlock", "app::WriterPreferringMutex::lock", "app::HashSet::AddOne", "app::Cache::get"}), "app::HashSet::AddOne");
}

TEST(OwnFunction, IsTheInnermostWhereNoneIsTheProgramsOwn) {
  EXPECT_EQ(own({"__futex_wait", "pthread_mutex_lock"}), "__futex_wait");
  EXPECT_EQ(own({}), "no stack");
}

}  // namespace
}  // namespace tailback::replay
