#include "replay/timeline/summary.h"

#include <gtest/gtest.h>

#include "replay/timeline/timeline.h"
#include "tests/unit/timeline/support.h"

namespace tailback::replay {
namespace {

Recording incident() {
  Recording recording = recording_of("threads", "count", 200, 10, incident_threads);
  const MetricId heap = recording.metric("heap_in_use", "bytes");
  const MetricId still = recording.metric("open_files");
  for (Sample& sample : recording.samples) {
    const double threads = sample.values[0].value;
    sample.values.push_back({heap, 4096 * threads});
    sample.values.push_back({still, 12});
  }
  for (std::size_t i = 130; i < 200; i += 20) {
    Dump dump;
    dump.id = static_cast<std::int64_t>(i);
    dump.wall_ns = recording.samples[i].wall_ns + 1;
    const FrameId frames[] = {recording.table.intern(Frame{.function = recording.table.intern("sync.runtime_SemacquireMutex")}),
                              recording.table.intern(Frame{.function = recording.table.intern("main.(*HashSet).AddOne")})};
    ThreadRecord stuck;
    stuck.stack = recording.table.intern(frames);
    stuck.count = static_cast<std::uint32_t>(recording.samples[i].values[0].value) - 60;
    stuck.waited_ns = static_cast<std::int64_t>(i - 119) * 10 * kSecond;
    dump.threads.push_back(stuck);
    recording.dumps.push_back(std::move(dump));
  }
  Breach breach;
  breach.id = 1;
  breach.trigger = "threads > 1000";
  breach.opened_wall_ns = recording.samples[121].wall_ns;
  recording.breaches.push_back(breach);
  return recording;
}

TEST(Summary, SaysWhenItBeganAndWhatGrewWithWhat) {
  const Recording recording = incident();
  const Summary summary = summarise(recording);
  ASSERT_EQ(summary.growing.size(), 2u);
  EXPECT_EQ(summary.growing[0].metric, "threads");
  EXPECT_EQ(summary.growing[1].metric, "heap_in_use");
  EXPECT_NEAR(*summary.growing[1].r, 1, 1e-6);
  EXPECT_NEAR(summary.growing[0].per_second, 58, 1);
  EXPECT_NEAR(static_cast<double>(summary.growing[0].began_wall_ns - recording.samples[119].wall_ns) / 1e9, 0, 10);
  EXPECT_EQ(summary.group, "main.(*HashSet).AddOne");
  EXPECT_NEAR(*summary.group_per_second, 58, 1);
  EXPECT_NEAR(static_cast<double>(summary.first_stuck_wall_ns - recording.samples[119].wall_ns) / 1e9, 0, 1);
  EXPECT_EQ(summary.first_breach_wall_ns, recording.samples[121].wall_ns);
}

TEST(Summary, ACalmRecordingHasNoBeginning) {
  const Summary summary = summarise(recording_of("threads", "count", 100, 10, [](std::size_t i) { return 60.0 + static_cast<double>(i % 4); }));
  EXPECT_TRUE(summary.growing.empty());
  EXPECT_EQ(summary.began_wall_ns(), 0);
}

TEST(Timeline, OrdersSamplesDumpsAndBreaches) {
  const Recording recording = incident();
  const std::vector<TimelineEntry> entries = timeline_of(recording);
  EXPECT_EQ(entries.size(), recording.samples.size() + recording.dumps.size() + 1);
  for (std::size_t i = 1; i < entries.size(); ++i) EXPECT_LE(entries[i - 1].wall_ns, entries[i].wall_ns);
  const auto breach = std::find_if(entries.begin(), entries.end(), [](const TimelineEntry& entry) { return entry.kind == EntryKind::kBreachOpened; });
  EXPECT_EQ(std::next(breach)->kind, EntryKind::kSample);
}

}  // namespace
}  // namespace tailback::replay
