#include "runtime/trigger/engine.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cmath>

namespace tailback {
namespace {

using namespace std::chrono_literals;
using Kind = Decision::Kind;

constexpr std::int64_t kSecond = 1'000'000'000;

/// Feeds an engine from a fake clock.
class Feed {
 public:
  explicit Feed(std::string_view triggers, TriggerPolicy policy = {}) : engine(parse_triggers(triggers).value(), policy) {}

  /// The decisions of a sample `seconds` after the start, in words: "open", "close", "dump:grown", …
  std::vector<std::string> at(double seconds, std::vector<std::pair<std::string_view, double>> values) {
    Sample sample;
    sample.mono_ns = kSecond + static_cast<std::int64_t>(seconds * 1e9);
    sample.wall_ns = sample.mono_ns + 1'000'000 * kSecond;
    for (const auto& [name, value] : values) sample.values.push_back({recording.metric(name), value, 0});
    std::vector<std::string> words;
    for (const Decision& decision : engine.observe(sample, recording.metrics)) {
      last = decision;
      last_breach = engine.breach(decision, sample);
      if (decision.kind == Kind::kOpen) words.push_back("open");
      if (decision.kind == Kind::kClose) words.push_back("close");
      if (decision.kind == Kind::kDump) words.push_back("dump:" + std::string(to_string(decision.cause)));
    }
    return words;
  }

  Recording recording;
  TriggerEngine engine;
  Decision last;
  Breach last_breach;
};

using Words = std::vector<std::string>;

TEST(TriggerEngine, DumpsAtOnceWhenABreachOpens) {
  Feed feed("threads > 1000");
  EXPECT_EQ(feed.at(0, {{"threads", 60}}), Words{});
  EXPECT_EQ(feed.at(1, {{"threads", 1000}}), Words{});
  EXPECT_EQ(feed.at(2, {{"threads", 1001}}), (Words{"open", "dump:opened"}));
  EXPECT_EQ(feed.last_breach.trigger, "threads > 1000");
  EXPECT_EQ(feed.last_breach.metric, "threads");
  EXPECT_EQ(feed.last_breach.value, 1001);
  EXPECT_EQ(feed.last_breach.threshold, 1000);
  EXPECT_EQ(feed.last_breach.id, 1);
  EXPECT_EQ(feed.last_breach.closed_wall_ns, 0);
}

TEST(TriggerEngine, DumpsAgainWhenTheMetricHasDoubled) {
  Feed feed("threads > 1000");
  feed.at(0, {{"threads", 1100}});
  EXPECT_EQ(feed.at(1, {{"threads", 2199}}), Words{});
  EXPECT_EQ(feed.at(2, {{"threads", 2200}}), Words{"dump:grown"});
  EXPECT_EQ(feed.at(3, {{"threads", 4399}}), Words{});
  EXPECT_EQ(feed.at(4, {{"threads", 4400}}), Words{"dump:grown"});
}

TEST(TriggerEngine, DumpsAgainWhenTheCoolDownHasPassed) {
  Feed feed("threads > 1000");
  feed.at(0, {{"threads", 1100}});
  EXPECT_EQ(feed.at(59.9, {{"threads", 1100}}), Words{});
  EXPECT_EQ(feed.at(60, {{"threads", 1100}}), Words{"dump:cool_down_over"});
  EXPECT_EQ(feed.at(119, {{"threads", 1100}}), Words{});
  EXPECT_EQ(feed.engine.count(0, NoDump::kCoolingDown), 2u);
}

TEST(TriggerEngine, DumpsAgainATenthOfTheLimitOnWhereDoublingIsBlind) {
  Feed feed("threads > 1000");
  feed.at(0, {{"threads", 8000}, {"threads_limit", 32768}});
  EXPECT_EQ(feed.at(1, {{"threads", 11276}, {"threads_limit", 32768}}), Words{});
  EXPECT_EQ(feed.at(2, {{"threads", 11277}, {"threads_limit", 32768}}), Words{"dump:limit_step"});
}

TEST(TriggerEngine, ClosesOnlyBelowNineTenthsOfTheThreshold) {
  Feed feed("threads > 1000");
  feed.at(0, {{"threads", 1001}});
  EXPECT_EQ(feed.at(1, {{"threads", 950}}), Words{});
  EXPECT_EQ(feed.at(2, {{"threads", 900}}), Words{});
  EXPECT_EQ(feed.at(3, {{"threads", 899}}), Words{"close"});
  EXPECT_EQ(feed.last_breach.id, 1);
  EXPECT_EQ(feed.last_breach.closed_wall_ns - feed.last_breach.opened_wall_ns, 3 * kSecond);
  EXPECT_EQ(feed.last_breach.value, 1001) << "a breach keeps the value that it opened with";
}

TEST(TriggerEngine, OpensAgainAfterClosingButDoesNotDumpWithinTheCoolDown) {
  Feed feed("threads > 1000");
  feed.at(0, {{"threads", 1001}});
  feed.at(1, {{"threads", 10}});
  EXPECT_EQ(feed.at(2, {{"threads", 1001}}), Words{"open"});
  EXPECT_EQ(feed.last.breach_id, 2);
  EXPECT_EQ(feed.engine.count(0, NoDump::kCoolingDown), 1u);
  EXPECT_EQ(feed.at(60, {{"threads", 1001}}), Words{"dump:opened"});
}

TEST(TriggerEngine, MeasuresGrowthFromTheHighWaterMarkAndNotFromTheLastDump) {
  Feed feed("threads > 1000");
  feed.at(0, {{"threads", 8000}});
  EXPECT_EQ(feed.at(60, {{"threads", 2000}}), Words{"dump:cool_down_over"});
  EXPECT_EQ(feed.at(61, {{"threads", 8000}}), Words{}) << "it has been there";
  EXPECT_EQ(feed.at(62, {{"threads", 16000}}), Words{"dump:grown"});
}

TEST(TriggerEngine, ForgetsTheHighWaterMarkAfterAnHour) {
  TriggerPolicy policy;
  policy.cool_down = 50min;
  policy.staleness = 0s;
  Feed feed("threads > 1000", policy);
  feed.at(0, {{"threads", 20000}});
  EXPECT_EQ(feed.at(3000, {{"threads", 1500}}), Words{"dump:cool_down_over"});
  EXPECT_EQ(feed.at(3500, {{"threads", 3000}}), Words{}) << "the mark of 20,000 stands";
  EXPECT_EQ(feed.at(6000, {{"threads", 1500}}), Words{"dump:cool_down_over"});
  EXPECT_EQ(feed.at(6001, {{"threads", 3000}}), Words{"dump:grown"}) << "the mark is that of the last dump";
}

TEST(TriggerEngine, KeepsToTheDumpsOfABreach) {
  TriggerPolicy policy;
  policy.dumps_per_breach = 3;
  policy.cool_down = 1s;
  Feed feed("threads > 1000", policy);
  int dumps = 0;
  for (int i = 0; i < 10; ++i) dumps += feed.at(i, {{"threads", 1100}}).empty() ? 0 : 1;
  EXPECT_EQ(dumps, 3);
  EXPECT_EQ(feed.engine.count(0, NoDump::kBreachBudget), 7u);
  feed.at(10, {{"threads", 0}});
  EXPECT_EQ(feed.at(11, {{"threads", 1100}}), (Words{"open", "dump:opened"}));
}

TEST(TriggerEngine, KeepsToTheDumpsOfAnyHour) {
  TriggerPolicy policy;
  policy.dumps_per_hour = 2;
  policy.cool_down = 1s;
  policy.staleness = 0s;
  Feed feed("threads > 1000", policy);
  feed.at(0, {{"threads", 1100}});
  EXPECT_EQ(feed.at(600, {{"threads", 1100}}), Words{"dump:cool_down_over"});
  EXPECT_EQ(feed.at(3599, {{"threads", 1100}}), Words{});
  EXPECT_EQ(feed.engine.count(0, NoDump::kHourlyBudget), 1u);
  EXPECT_EQ(feed.at(3600, {{"threads", 1100}}), Words{"dump:cool_down_over"});
  EXPECT_EQ(feed.at(3700, {{"threads", 1100}}), Words{});
}

TEST(TriggerEngine, GivesOneDumpForTriggersThatFireTogether) {
  Feed feed("threads > 1000; rss > 1GiB");
  EXPECT_EQ(feed.at(0, {{"threads", 2000}, {"rss", 2e9}}), (Words{"open", "open", "dump:opened"}));
  EXPECT_EQ(feed.last.trigger, 0u);
  EXPECT_EQ(feed.engine.count(1, NoDump::kShared), 1u);
  EXPECT_EQ(feed.at(1, {{"threads", 2000}, {"rss", 2e9}}), Words{}) << "the second has been served too";
}

TEST(TriggerEngine, WaitsForAsLongAsForAsks) {
  Feed feed("heap_in_use > 1GiB for 30s");
  EXPECT_EQ(feed.at(0, {{"heap_in_use", 2e9}}), Words{});
  EXPECT_EQ(feed.at(29.9, {{"heap_in_use", 2e9}}), Words{});
  EXPECT_EQ(feed.at(30, {{"heap_in_use", 2e9}}), (Words{"open", "dump:opened"}));
  EXPECT_EQ(feed.engine.count(0, NoDump::kHoldingFor), 2u);
}

TEST(TriggerEngine, StartsForAnewAfterABreakAndAfterAGap) {
  Feed feed("heap_in_use > 1GiB for 30s");
  feed.at(0, {{"heap_in_use", 2e9}});
  feed.at(20, {{"heap_in_use", 1e6}});
  feed.at(25, {{"heap_in_use", 2e9}});
  EXPECT_EQ(feed.at(54, {{"heap_in_use", 2e9}}), Words{});
  EXPECT_EQ(feed.at(1000, {{"heap_in_use", 2e9}}), Words{}) << "nothing is known of the minutes between";
  EXPECT_EQ(feed.at(1030, {{"heap_in_use", 2e9}}), (Words{"open", "dump:opened"}));
}

TEST(TriggerEngine, CountsSamplesWithoutTheMetricOrItsLimit) {
  Feed feed("rss > 80% of limit");
  EXPECT_EQ(feed.at(0, {{"threads", 1}}), Words{});
  EXPECT_EQ(feed.at(1, {{"rss", 9e9}}), Words{});
  EXPECT_EQ(feed.at(2, {{"rss", 9e9}, {"memory_limit", std::numeric_limits<double>::infinity()}}), Words{});
  EXPECT_EQ(feed.at(3, {{"rss", std::nan("")}, {"memory_limit", 1e9}}), Words{});
  EXPECT_EQ(feed.engine.count(0, NoDump::kMetricMissing), 2u);
  EXPECT_EQ(feed.engine.count(0, NoDump::kLimitUnknown), 2u);
  EXPECT_EQ(feed.at(4, {{"rss", 9e8}, {"memory_limit", 1e9}}), (Words{"open", "dump:opened"}));
}

TEST(TriggerEngine, TakesAValueThatIsTooOldForNone) {
  Feed feed("heap_in_use > 1GiB");
  Sample sample;
  sample.mono_ns = kSecond;
  sample.values = {{feed.recording.metric("heap_in_use", "bytes"), 2e9, 301 * kSecond}};
  EXPECT_TRUE(feed.engine.observe(sample, feed.recording.metrics).empty());
  EXPECT_EQ(feed.engine.count(0, NoDump::kMetricMissing), 1u);
  sample.values[0].age_ns = 299 * kSecond;
  EXPECT_EQ(feed.engine.observe(sample, feed.recording.metrics).size(), 2u);
}

TEST(TriggerEngine, TakesTheCgroupsLimitWhereALogHasNoOther) {
  Feed feed("rss > 80% of limit");
  EXPECT_EQ(feed.at(0, {{"rss", 9e8}, {"cgroup_limit", 1e9}}), (Words{"open", "dump:opened"}));
  EXPECT_DOUBLE_EQ(feed.last.threshold, 8e8);
}

TEST(TriggerEngine, FiresBeforeTheLimitIsReachedWhenItIsPredicted) {
  Feed feed("predicted(cgroup_usage) >= limit - 64MiB");
  const double mib = 1024 * 1024;
  EXPECT_EQ(feed.at(0, {{"cgroup_usage", 500 * mib}, {"cgroup_limit", 1024 * mib}}), Words{});
  EXPECT_EQ(feed.engine.count(0, NoDump::kNoPrevious), 1u);
  EXPECT_EQ(feed.at(1, {{"cgroup_usage", 700 * mib}, {"cgroup_limit", 1024 * mib}}), Words{});
  EXPECT_EQ(feed.at(2, {{"cgroup_usage", 830 * mib}, {"cgroup_limit", 1024 * mib}}), (Words{"open", "dump:opened"}))
      << "830 + 130 = 960 = 1024 - 64";
}

TEST(TriggerEngine, MeasuresRatesInTimeAndNotInSamples) {
  Feed feed("rate(threads) > 50/s");
  feed.at(0, {{"threads", 100}});
  EXPECT_EQ(feed.at(10, {{"threads", 600}}), Words{});
  EXPECT_EQ(feed.at(10.5, {{"threads", 626}}), (Words{"open", "dump:opened"}));
}

TEST(TriggerEngine, MirrorsEverythingForMetricsThatMustNotFall) {
  Feed feed("free_slots < 100");
  feed.at(0, {{"free_slots", 100}});
  EXPECT_EQ(feed.at(1, {{"free_slots", 80}}), (Words{"open", "dump:opened"}));
  EXPECT_EQ(feed.at(2, {{"free_slots", 41}}), Words{});
  EXPECT_EQ(feed.at(3, {{"free_slots", 40}}), Words{"dump:grown"});
  EXPECT_EQ(feed.at(4, {{"free_slots", 111}}), Words{});
  EXPECT_EQ(feed.at(5, {{"free_slots", 112}}), Words{"close"});
}

TEST(TriggerEngine, ClosesADeadlockWhenNoneIsLeft) {
  Feed feed("deadlock");
  EXPECT_EQ(feed.at(0, {{"deadlock", 0}}), Words{});
  EXPECT_EQ(feed.at(1, {{"deadlock", 1}}), (Words{"open", "dump:opened"}));
  EXPECT_EQ(feed.at(2, {{"deadlock", 0}}), Words{"close"});
}

TEST(TriggerEngine, SurvivesAClockThatStepsBack) {
  Feed feed("threads > 1000 for 10s");
  feed.at(100, {{"threads", 2000}});
  EXPECT_EQ(feed.at(50, {{"threads", 2000}}), Words{});
  EXPECT_EQ(feed.at(60, {{"threads", 2000}}), (Words{"open", "dump:opened"}));
}

// The definition that the header gives, by the letter: with j the latest sample at or before t − d, all of j … now are above.
bool fires_by_definition(const std::vector<std::pair<std::int64_t, double>>& samples, std::size_t now, double threshold, std::int64_t duration) {
  const std::int64_t from = samples[now].first - duration;
  std::size_t j = now;
  while (samples[j].first > from) {
    if (j == 0) return false;
    --j;
  }
  for (std::size_t i = j; i <= now; ++i) {
    if (!(samples[i].second > threshold)) return false;
  }
  return true;
}

TEST(TriggerEngine, OpensExactlyWhenTheDefinitionOfForSaysSo) {
  EXPECT_TRUE(rc::check("first opening equals the definition", [] {
    const auto steps = *rc::gen::nonEmpty(rc::gen::container<std::vector<std::pair<int, int>>>(
        rc::gen::pair(rc::gen::inRange(1, 20), rc::gen::inRange(0, 10))));
    const int duration = *rc::gen::inRange(0, 40);
    const int threshold = *rc::gen::inRange(0, 10);
    std::vector<std::pair<std::int64_t, double>> samples;
    std::int64_t now = 0;
    for (const auto& [gap, value] : steps) samples.emplace_back(now += gap, value);

    std::size_t expected = samples.size();
    for (std::size_t i = 0; i < samples.size() && expected == samples.size(); ++i) {
      if (fires_by_definition(samples, i, threshold, duration)) expected = i;
    }
    Feed feed("x > " + std::to_string(threshold) + " for " + std::to_string(duration) + "s");
    std::size_t opened = samples.size();
    for (std::size_t i = 0; i < samples.size() && opened == samples.size(); ++i) {
      if (!feed.at(static_cast<double>(samples[i].first), {{"x", samples[i].second}}).empty()) opened = i;
    }
    RC_ASSERT(opened == expected);
  }));
}

TEST(TriggerEngine, NeverDumpsMoreThanItsBudgetsAndAlternatesOpeningAndClosing) {
  EXPECT_TRUE(rc::check("budgets hold for any samples", [] {
    TriggerPolicy policy;
    policy.cool_down = std::chrono::seconds(*rc::gen::inRange(0, 5));
    policy.dumps_per_breach = *rc::gen::inRange(0u, 4u);
    policy.dumps_per_hour = *rc::gen::inRange(0u, 6u);
    Feed feed("x > 10", policy);
    const auto values = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 100));
    std::uint32_t dumps = 0, of_breach = 0;
    bool open = false;
    for (std::size_t i = 0; i < values.size(); ++i) {
      for (const std::string& word : feed.at(static_cast<double>(i), {{"x", values[i]}})) {
        if (word == "open") {
          RC_ASSERT(!open);
          open = true;
          of_breach = 0;
        } else if (word == "close") {
          RC_ASSERT(open);
          open = false;
        } else {
          RC_ASSERT(open);
          ++dumps;
          ++of_breach;
        }
      }
      RC_ASSERT(of_breach <= policy.dumps_per_breach);
    }
    RC_ASSERT(dumps <= policy.dumps_per_hour);
  }));
}

}  // namespace
}  // namespace tailback
