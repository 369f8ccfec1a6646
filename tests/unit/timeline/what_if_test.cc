#include "replay/timeline/what_if.h"

#include <gtest/gtest.h>

#include "tests/unit/timeline/support.h"

namespace tailback::replay {
namespace {

std::vector<Trigger> triggers(std::string_view text) {
  const Result<std::vector<Trigger>> parsed = parse_triggers(text);
  EXPECT_TRUE(parsed.ok()) << parsed.error().to_string();
  return *parsed;
}

TEST(WhatIf, LowerThresholdsFireEarlier) {
  const Recording recording = recording_of("threads", "count", 200, 10, incident_threads);
  const WhatIf result = what_if(recording, triggers("threads > 500; threads > 1000; threads > 100000"));
  ASSERT_EQ(result.outcomes.size(), 3u);
  EXPECT_EQ(*result.outcomes[0].lead_to_end_seconds, 790);
  EXPECT_EQ(*result.outcomes[1].lead_to_end_seconds, 780);
  EXPECT_FALSE(result.outcomes[2].lead_to_end_seconds);
  EXPECT_GT(result.outcomes[0].dumps.size(), 3u);
  EXPECT_GT(result.outcomes[0].useful(), 2u);
  EXPECT_LE(result.outcomes[0].useful(), result.outcomes[0].dumps.size());
}

TEST(WhatIf, CallsAFiringBeforeItBeganFalse) {
  const Recording recording = recording_of("threads", "count", 200, 10, [](std::size_t i) { return i == 20 ? 700.0 : incident_threads(i); });
  const WhatIf result = what_if(recording, triggers("threads > 500"));
  ASSERT_EQ(result.outcomes[0].firings.size(), 2u);
  EXPECT_TRUE(result.outcomes[0].firings[0].before_it_began);
  EXPECT_EQ(*result.outcomes[0].lead_to_end_seconds, 790);
}

TEST(WhatIf, ExtrapolatesToALimitAndSaysSo) {
  const Recording recording = recording_of("rss", "bytes", 100, 10, [](std::size_t i) { return 1e9 + 1e7 * static_cast<double>(i); });
  const WhatIf beyond = what_if(recording, triggers("rss > 1500MB"), 3e9);
  ASSERT_TRUE(beyond.limit);
  EXPECT_TRUE(beyond.limit->extrapolated);
  EXPECT_NEAR(static_cast<double>(beyond.limit->wall_ns - recording.samples.front().wall_ns) / 1e9, 2000, 1);
  EXPECT_NEAR(*beyond.outcomes[0].lead_to_limit_seconds, 1490, 11);
  const WhatIf within = what_if(recording, triggers("rss > 1500MB"), 1.8e9);
  EXPECT_FALSE(within.limit->extrapolated);
}

TEST(WhatIf, SaysThatAMetricIsNotThere) {
  const Recording recording = recording_of("threads", "count", 10, 10, incident_threads);
  EXPECT_FALSE(what_if(recording, triggers("heap_in_use > 1GiB")).outcomes[0].metric_known);
}

}  // namespace
}  // namespace tailback::replay
