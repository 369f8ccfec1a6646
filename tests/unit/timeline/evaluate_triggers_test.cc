#include "replay/timeline/evaluate_triggers.h"

#include <gtest/gtest.h>

namespace tailback::replay {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

std::vector<Trigger> triggers(std::string_view text) { return parse_triggers(text).value(); }

void add_sample(Recording& recording, int second, double threads) {
  Sample sample;
  sample.wall_ns = second * kSecond;
  sample.values = {{recording.metric("threads"), threads, 0}};
  recording.samples.push_back(std::move(sample));
}

void add_dump(Recording& recording, int second, std::uint32_t threads) {
  Dump dump;
  dump.id = static_cast<std::int64_t>(recording.dumps.size()) + 1;
  dump.wall_ns = second * kSecond;
  ThreadRecord thread;
  thread.count = threads;
  dump.threads.push_back(thread);
  recording.dumps.push_back(std::move(dump));
}

TEST(EvaluateTriggers, RecordsTheBreachThatTheServiceWouldHaveHad) {
  Recording recording;
  for (int i = 1; i <= 6; ++i) add_sample(recording, i * 10, i < 3 || i == 6 ? 60 : 1500);
  add_dump(recording, 41, 1500);
  add_dump(recording, 70, 60);
  const TriggerEvaluation evaluation = evaluate_triggers(recording, triggers("threads > 1000"), {});
  ASSERT_EQ(evaluation.breaches.size(), 1u);
  EXPECT_EQ(evaluation.breaches[0].opened_wall_ns, 30 * kSecond);
  EXPECT_EQ(evaluation.breaches[0].closed_wall_ns, 60 * kSecond);
  EXPECT_EQ(recording.dumps[0].breach_id, evaluation.breaches[0].id);
  EXPECT_EQ(recording.table.text(recording.dumps[0].reason), "threads > 1000");
  EXPECT_EQ(recording.dumps[1].breach_id, 0) << "the breach was over";
}

TEST(EvaluateTriggers, TakesADumpForASample) {
  Recording recording;
  add_dump(recording, 10, 60);
  add_dump(recording, 20, 47905);
  const TriggerEvaluation evaluation = evaluate_triggers(recording, triggers("threads > 1000"), {});
  ASSERT_EQ(evaluation.breaches.size(), 1u);
  EXPECT_EQ(evaluation.breaches[0].value, 47905);
  EXPECT_EQ(evaluation.breaches[0].opened_wall_ns, 20 * kSecond);
  EXPECT_TRUE(recording.samples.empty()) << "it is not written down as one";
  EXPECT_TRUE(recording.metrics.empty());
}

TEST(EvaluateTriggers, ADumpDoesNotBreakTheRunOfAnotherMetric) {
  Recording recording;
  const MetricId rss = recording.metric("rss", "bytes");
  for (int second : {10, 20, 40, 50}) {
    Sample sample;
    sample.wall_ns = second * kSecond;
    sample.values = {{rss, 100, 0}};
    recording.samples.push_back(std::move(sample));
  }
  add_dump(recording, 30, 5);
  const TriggerEvaluation evaluation = evaluate_triggers(recording, triggers("rss > 50 for 30s"), {});
  ASSERT_EQ(evaluation.breaches.size(), 1u);
  EXPECT_EQ(evaluation.breaches[0].opened_wall_ns, 40 * kSecond);
}

TEST(EvaluateTriggers, KnowsADeadlockFromTheDumpThatShowsIt) {
  Recording recording;
  add_dump(recording, 10, 5);
  add_dump(recording, 20, 6);
  const TriggerEvaluation evaluation = evaluate_triggers(recording, triggers("deadlock"), {0, 1});
  ASSERT_EQ(evaluation.breaches.size(), 1u);
  EXPECT_EQ(evaluation.breaches[0].opened_wall_ns, 20 * kSecond);
  EXPECT_EQ(evaluation.dumps_asked, 1u);
}

TEST(EvaluateTriggers, SaysWhyNoDumpWouldHaveBeenTaken) {
  Recording recording;
  for (int i = 1; i <= 4; ++i) add_sample(recording, i, 1500);
  const TriggerEvaluation evaluation = evaluate_triggers(recording, triggers("threads > 1000"), {});
  ASSERT_EQ(evaluation.not_dumped.size(), 1u);
  EXPECT_EQ(evaluation.not_dumped[0], (std::pair<std::string, std::uint64_t>("not_dumped_cooling_down", 3)));
}

}  // namespace
}  // namespace tailback::replay
