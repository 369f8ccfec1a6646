#include "replay/timeline/merge.h"

#include <gtest/gtest.h>

namespace tailback::replay {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

Recording with_dumps(const std::string& file, std::vector<std::int64_t> times) {
  Recording recording;
  recording.info.file = file;
  recording.table.intern("something first, so that ids differ: " + file);
  Frame frame;
  frame.function = recording.table.intern("work");
  for (const std::int64_t time : times) {
    Dump dump;
    dump.id = static_cast<std::int64_t>(recording.dumps.size()) + 1;
    dump.wall_ns = time;
    ThreadRecord thread;
    thread.id = file;
    thread.stack = recording.table.intern(std::vector<FrameId>{recording.table.intern(frame)});
    thread.arguments = recording.table.intern(std::vector<Argument>{{7, recording.table.intern("mutex"), 0, 0, false}});
    dump.threads.push_back(thread);
    Lock lock;
    lock.name = recording.table.intern(file + ".mu");
    dump.locks.push_back(lock);
    recording.dumps.push_back(dump);
  }
  return recording;
}

Recording with_samples(std::vector<std::int64_t> times) {
  Recording recording;
  recording.metric("other");
  const MetricId rss = recording.metric("rss", "bytes");
  for (const std::int64_t time : times) {
    Sample sample;
    sample.wall_ns = time;
    sample.values = {{rss, 42, 0}};
    recording.samples.push_back(sample);
  }
  return recording;
}

TEST(Merge, PutsMetricsBesideTheDumpsOfAnotherFile) {
  std::vector<Recording> recordings;
  recordings.push_back(with_samples({90 * kSecond, 110 * kSecond}));
  recordings.push_back(with_dumps("a", {100 * kSecond}));
  const std::vector<Recording> merged = merge_metrics(std::move(recordings));
  ASSERT_EQ(merged.size(), 1u);
  EXPECT_EQ(merged[0].info.file, "a");
  ASSERT_EQ(merged[0].samples.size(), 2u);
  EXPECT_EQ(merged[0].samples[0].value(merged[0].find_metric("rss")), 42);
}

TEST(Merge, LeavesMetricsOfAnotherDayAlone) {
  std::vector<Recording> recordings;
  recordings.push_back(with_dumps("a", {100 * kSecond}));
  recordings.push_back(with_dumps("b", {5000 * kSecond}));
  recordings.push_back(with_samples({90 * kSecond, 110 * kSecond}));
  recordings.push_back(with_samples({9000 * kSecond}));
  const std::vector<Recording> merged = merge_metrics(std::move(recordings));
  ASSERT_EQ(merged.size(), 3u);
  EXPECT_EQ(merged[0].samples.size(), 2u);
  EXPECT_TRUE(merged[1].samples.empty());
  EXPECT_TRUE(merged[2].dumps.empty());
}

TEST(Merge, TranslatesEveryIdAndKeepsTheOrderOfTime) {
  std::vector<Recording> recordings;
  recordings.push_back(with_dumps("late", {200 * kSecond, 300 * kSecond}));
  recordings.push_back(with_dumps("early", {100 * kSecond}));
  const Recording all = merge_all(std::move(recordings));
  ASSERT_EQ(all.dumps.size(), 3u);
  EXPECT_EQ(all.info.file, "late");
  EXPECT_EQ(all.dumps[0].threads[0].id, "early");
  EXPECT_EQ(all.table.text(all.dumps[0].locks[0].name), "early.mu");
  EXPECT_EQ(all.table.text(all.table.arguments(all.dumps[0].threads[0].arguments)[0].name), "mutex");
  EXPECT_EQ(all.dumps[0].threads[0].stack, all.dumps[1].threads[0].stack) << "one content, one id";
  EXPECT_EQ(all.dumps[0].id, 1);
  EXPECT_EQ(all.dumps[2].id, 3);
}

TEST(Merge, KeepsTheOrderOfFilesWithoutTimes) {
  std::vector<Recording> recordings;
  for (const char* file : {"1", "2", "3"}) recordings.push_back(with_dumps(file, {0}));
  const Recording all = merge_all(std::move(recordings));
  ASSERT_EQ(all.dumps.size(), 3u);
  EXPECT_EQ(all.dumps[1].threads[0].id, "2");
  EXPECT_EQ(all.dumps[2].id, 3);
}

}  // namespace
}  // namespace tailback::replay
