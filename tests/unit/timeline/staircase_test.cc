#include "replay/timeline/staircase.h"

#include <random>

#include <gtest/gtest.h>

#include "runtime/trigger/engine.h"
#include "tests/unit/timeline/support.h"

namespace tailback::replay {
namespace {

/// First firing and number of openings by the engine that decides live. It closes below 90 %; here at the threshold, to compare like with like.
struct Live {
  std::optional<std::size_t> first;
  std::uint64_t openings = 0;
};

Live live(const std::vector<double>& seconds, const std::vector<double>& values, double threshold, std::int64_t for_ns) {
  Trigger trigger;
  trigger.text = "x";
  trigger.metric = "x";
  trigger.offset = threshold;
  trigger.duration = std::chrono::nanoseconds(for_ns);
  TriggerPolicy policy;
  policy.close_ratio = 1;
  TriggerEngine engine({trigger}, policy);
  const std::vector<MetricInfo> metrics{{"x", "count", false}};
  Live result;
  for (std::size_t i = 0; i < values.size(); ++i) {
    Sample sample;
    sample.wall_ns = kStart + static_cast<std::int64_t>(seconds[i] * 1e9);
    sample.values.push_back({MetricId{0}, values[i]});
    for (const Decision& decision : engine.observe(sample, metrics)) {
      if (decision.kind != Decision::Kind::kOpen) continue;
      if (!result.first) result.first = i;
      ++result.openings;
    }
  }
  return result;
}

TEST(Staircase, AgreesWithTheLiveEngineOnRandomSeries) {
  std::mt19937 random(11);
  std::uint64_t compared = 0;
  for (int round = 0; round < 400; ++round) {
    std::vector<double> seconds, values;
    double now = 0;
    const std::size_t count = 1 + random() % 60;
    for (std::size_t i = 0; i < count; ++i) {
      now += random() % 20 == 0 ? 400 : 1 + random() % 30;  // sometimes a gap beyond the staleness limit
      seconds.push_back(now);
      values.push_back(static_cast<double>(random() % 12));
    }
    const double duration = std::array{0.0, 10.0, 30.0, 65.0}[random() % 4];
    const Staircase staircase(seconds, values, duration);
    for (double threshold = -0.5; threshold < 13; threshold += 1) {
      const Live engine = live(seconds, values, threshold, static_cast<std::int64_t>(duration * 1e9));
      ASSERT_EQ(staircase.first_firing(threshold), engine.first) << "round " << round << ", threshold " << threshold << ", for " << duration;
      if (duration == 0) {
        ASSERT_LE(engine.openings, staircase.firings(threshold));
      }
      ++compared;
    }
  }
  EXPECT_GT(compared, 5000u);
}

TEST(Staircase, CountsEachRiseThroughAThreshold) {
  const std::vector<double> seconds{0, 1, 2, 3, 4, 5}, values{1, 5, 1, 3, 1, 9};
  const Staircase staircase(seconds, values, 0);
  EXPECT_EQ(staircase.firings(2), 3u);
  EXPECT_EQ(staircase.firings(4), 2u);
  EXPECT_EQ(staircase.firings(8.9), 1u);
  EXPECT_EQ(staircase.firings(9), 0u);
  EXPECT_EQ(*staircase.first_firing(4), 1u);
  EXPECT_EQ(*staircase.first_firing(5), 5u);
}

TEST(Staircase, WithoutSamplesNothingFires) {
  const Staircase staircase({}, {}, 0);
  EXPECT_FALSE(staircase.first_firing(0));
  EXPECT_FALSE(staircase.highest());
}

TEST(Sweep, RecommendsAThresholdAboveWhatWasCalm) {
  const Recording recording = recording_of("threads", "count", 200, 10, incident_threads);
  const Sweep result = sweep(recording, recording.find_metric("threads"), std::chrono::nanoseconds{0}, nullptr);
  ASSERT_TRUE(result.recommendation.threshold) << result.recommendation.why;
  EXPECT_GE(*result.recommendation.threshold, 62 * 1.25);
  EXPECT_LE(*result.recommendation.threshold, 120);
  EXPECT_FALSE(result.rows.empty());
  for (std::size_t i = 1; i < result.rows.size(); ++i) EXPECT_LE(result.rows[i].lead_seconds, result.rows[i - 1].lead_seconds);
}

TEST(Sweep, UsesARecordingOfACalmDay) {
  const Recording recording = recording_of("threads", "count", 200, 10, incident_threads);
  Recording calm = recording_of("threads", "count", 8640, 10, [](std::size_t i) { return i % 1000 == 0 ? 900.0 : 60.0; });
  calm.info.file = "calm.tailback";
  const Sweep result = sweep(recording, recording.find_metric("threads"), std::chrono::nanoseconds{0}, &calm);
  ASSERT_TRUE(result.recommendation.threshold);
  EXPECT_GT(*result.recommendation.threshold, 900);
  for (const SweepRow& row : result.rows) {
    if (row.threshold == 500) {
      EXPECT_NEAR(result.false_per_day(row), 9, 0.01);
    }
    if (row.threshold == 1000) {
      EXPECT_EQ(row.false_firings, 0u);
    }
  }
}

TEST(Sweep, SaysWhenTheMetricDoesNotTell) {
  const Recording recording = recording_of("threads", "count", 100, 10, [](std::size_t) { return 60.0; });
  const Recording calm = recording_of("threads", "count", 100, 10, [](std::size_t) { return 80.0; });
  const Sweep result = sweep(recording, recording.find_metric("threads"), std::chrono::nanoseconds{0}, &calm);
  EXPECT_FALSE(result.recommendation.threshold);
  EXPECT_NE(result.recommendation.why.find("does not tell them apart"), std::string::npos);
}

}  // namespace
}  // namespace tailback::replay
