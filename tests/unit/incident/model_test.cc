#include "runtime/incident/model.h"

#include <gtest/gtest.h>

namespace tailback {
namespace {

TEST(Model, WordsOfEnumeratorsReadBack) {
  EXPECT_EQ(from_string<LockKind>(to_string(LockKind::kFutex)), LockKind::kFutex);
  EXPECT_EQ(from_string<LockPolicy>("prefer-writers"), LockPolicy::kPreferWriters);
  EXPECT_EQ(from_string<LockOperation>(to_string(LockOperation::kThreadEnd)), LockOperation::kThreadEnd);
  EXPECT_EQ(from_string<Runtime>("cobol"), std::nullopt);
}

TEST(Model, CountsThreadsByTheirRowsCounts) {
  Dump dump;
  dump.threads.resize(2);
  dump.threads[1].count = 47841;
  EXPECT_EQ(dump.thread_count(), 47842u);
}

TEST(Model, TellsWhoAsksForALock) {
  Dump dump;
  dump.locks = {Lock{.kind = LockKind::kMutex}, Lock{.kind = LockKind::kMonitor}};
  EXPECT_EQ(dump.asking_frame(Wait{.lock = {0}, .frame = 3}), 4u);  // pthread_mutex_lock, std::mutex::lock, … is called
  EXPECT_EQ(dump.asking_frame(Wait{.lock = {1}, .frame = 0}), 0u);  // a monitor is entered by the language
}

TEST(Model, AddsAMetricOnce) {
  Recording recording;
  const MetricId threads = recording.metric("threads");
  EXPECT_EQ(recording.metric("threads"), threads);
  EXPECT_EQ(recording.find_metric("rss"), MetricId{});
}

}  // namespace
}  // namespace tailback
