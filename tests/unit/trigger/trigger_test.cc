#include "runtime/trigger/trigger.h"

#include <gtest/gtest.h>

namespace tailback {
namespace {

using namespace std::chrono_literals;

Trigger parsed(std::string_view text) {
  Result<Trigger> trigger = parse_trigger(text);
  EXPECT_TRUE(trigger) << text << ": " << (trigger ? "" : trigger.error().to_string());
  return trigger ? *trigger : Trigger{};
}

struct Bad {
  std::string_view text;
  std::size_t column;
  std::string_view message;
};

TEST(ParseTrigger, ReadsAMetricBeyondANumber) {
  const Trigger trigger = parsed("threads > 1000");
  EXPECT_EQ(trigger.metric, "threads");
  EXPECT_EQ(trigger.comparison, Comparison::kAbove);
  EXPECT_EQ(trigger.offset, 1000);
  EXPECT_EQ(trigger.limit_metric, "");
  EXPECT_EQ(trigger.duration, 0ns);
  EXPECT_EQ(trigger.text, "threads > 1000");
}

TEST(ParseTrigger, ReadsSizesInPowersOf1024And1000) {
  EXPECT_EQ(parsed("heap_in_use > 1GiB").offset, 1073741824.0);
  EXPECT_EQ(parsed("rss>=1.5 kB").offset, 1500.0);
  EXPECT_EQ(parsed("rss > 123456").offset, 123456.0);
}

TEST(ParseTrigger, ReadsHowLongItMustHold) {
  EXPECT_EQ(parsed("heap_in_use > 1GiB for 30s").duration, 30s);
  EXPECT_EQ(parsed("threads > 10 for 1.5h").duration, 90min);
  EXPECT_EQ(parsed("deadlock for 100ms").duration, 100ms);
}

TEST(ParseTrigger, ReadsAShareOfTheMetricsOwnLimit) {
  const Trigger trigger = parsed("rss > 80% of limit");
  EXPECT_DOUBLE_EQ(trigger.fraction, 0.8);
  EXPECT_EQ(trigger.limit_metric, "memory_limit");
  EXPECT_EQ(parsed("threads > 50 % of limit").limit_metric, "threads_limit");
  EXPECT_EQ(parsed("queue_length > 90% of queue_capacity").limit_metric, "queue_capacity");
}

TEST(ParseTrigger, ReadsAReserveBelowTheLimit) {
  const Trigger trigger = parsed("predicted(cgroup_usage) >= limit - 64MiB");
  EXPECT_EQ(trigger.derivation, Derivation::kPredicted);
  EXPECT_EQ(trigger.comparison, Comparison::kAtLeast);
  EXPECT_EQ(trigger.fraction, 1);
  EXPECT_EQ(trigger.limit_metric, "cgroup_limit");
  EXPECT_EQ(trigger.offset, -64.0 * 1024 * 1024);
}

TEST(ParseTrigger, ReadsARatePerAnyUnitOfTime) {
  EXPECT_EQ(parsed("rate(threads) > 50/s").offset, 50);
  EXPECT_EQ(parsed("rate(threads) > 60/m").offset, 1);
  EXPECT_EQ(parsed("rate(rss) > 1MiB/s").offset, 1048576);
  EXPECT_EQ(parsed("rate(cpu_seconds) > 3.5").derivation, Derivation::kRate);
}

TEST(ParseTrigger, ReadsTimesForMetricsInSeconds) { EXPECT_DOUBLE_EQ(parsed("lock_wait > 1500ms").offset, 1.5); }

TEST(ParseTrigger, ReadsAShareAsARatioWhereTheMetricIsOne) { EXPECT_DOUBLE_EQ(parsed("memory_pressure > 20%").offset, 0.2); }

TEST(ParseTrigger, TakesDeadlockAsShortForMoreThanNone) {
  const Trigger trigger = parsed(" deadlock ");
  EXPECT_EQ(trigger.metric, "deadlock");
  EXPECT_EQ(trigger.comparison, Comparison::kAbove);
  EXPECT_EQ(trigger.offset, 0);
  EXPECT_EQ(trigger.text, "deadlock");
  EXPECT_EQ(parsed("deadlock >= 2").offset, 2);
}

TEST(ParseTrigger, TakesAWordAfterTheComparisonForAMetric) {
  EXPECT_EQ(parsed("threads > thread_budget").limit_metric, "thread_budget");
  EXPECT_EQ(parsed("threads > thread_budget").fraction, 1);
}

TEST(ParseTrigger, TakesNegativeNumbersBecauseAServicesGaugesMayBe) { EXPECT_EQ(parsed("temperature < -5").offset, -5); }

TEST(ParseTrigger, PointsAtTheColumnOfWhatDoesNotFit) {
  const Bad cases[] = {
      {"", 1, "expected the name of a metric, such as threads or rss, found the end"},
      {"> 5", 1, "expected the name of a metric, such as threads or rss, found '> 5'"},
      {"threads", 8, "expected a comparison (> >= < <=), found the end"},
      {"threads = 5", 9, "expected a comparison (> >= < <=), found '= 5'"},
      {"threads > ", 11, "expected a number or 'limit', found the end"},
      {"threads > 10 foo", 14, "'foo' is no unit"},
      {"threads > 1GiB", 12, "threads is in count, 'GiB' is a unit of bytes"},
      {"rss > 10s", 9, "rss is in bytes, 's' is a unit of seconds"},
      {"threads > 1,000", 12, "expected the end or 'for', found ',000'"},
      {"rss > 80%", 10, "expected 'of limit' after a share of rss, found the end"},
      {"rss > 80% of", 13, "expected 'limit' or the name of a metric, found the end"},
      {"queue > 80% of limit", 16, "queue has no limit of its own; name the metric that limits it"},
      {"rss > 1e999", 7, "the number is too large"},
      {"rss > 1GiB for", 15, "expected a time after 'for', such as 30s, found the end"},
      {"rss > 1GiB for 30", 18, "expected a unit of time (ns us ms s m h d), found the end"},
      {"rss > 1GiB for -1s", 16, "the time must be between 0 and ten years"},
      {"rss > 1GiB for 30s twice", 20, "expected the end or 'for', found 'twice'"},
      {"rate(threads > 5", 14, "expected ')', found '> 5'"},
      {"threads > 5/s", 12, "only a rate is compared with a number per time"},
      {"rate(rss) > 80% of limit", 20, "a rate has no limit; compare it with a number"},
      {"rss > -5% of limit", 7, "a share must be between 0 % and 1000000 %"},
  };
  for (const Bad& bad : cases) {
    TriggerProblem problem;
    const Result<Trigger> trigger = parse_trigger(bad.text, &problem);
    ASSERT_FALSE(trigger) << bad.text;
    EXPECT_EQ(problem.column, bad.column) << bad.text << ": " << trigger.error().message;
    EXPECT_EQ(trigger.error().code, ErrorCode::kInvalidArgument);
    EXPECT_NE(trigger.error().message.find(bad.message), std::string::npos) << trigger.error().message;
    EXPECT_EQ(trigger.error().message.rfind("column " + std::to_string(bad.column) + ": ", 0), 0u) << trigger.error().message;
  }
}

TEST(ParseTrigger, KeepsHostileTextOutOfItsMessages) {
  const Result<Trigger> trigger = parse_trigger(std::string("threads \x1b[31m\n") + std::string(5000, 'x'));
  ASSERT_FALSE(trigger);
  EXPECT_LT(trigger.error().to_string().size(), 300u);
  EXPECT_EQ(trigger.error().to_string().find('\x1b'), std::string::npos);
  EXPECT_EQ(trigger.error().to_string().find('\n'), std::string::npos);
}

TEST(ParseTriggers, SeparatesBySemicolonsAndLines) {
  const auto triggers = parse_triggers("threads > 1000; rss > 1GiB\n\n ; deadlock ;");
  ASSERT_TRUE(triggers);
  ASSERT_EQ(triggers->size(), 3u);
  EXPECT_EQ(triggers.value()[1].text, "rss > 1GiB");
  EXPECT_EQ(triggers.value()[2].text, "deadlock");
}

TEST(ParseTriggers, CountsColumnsFromTheStartOfTheWholeText) {
  TriggerProblem problem;
  ASSERT_FALSE(parse_triggers("threads > 1000; rss ! 5", &problem));
  EXPECT_EQ(problem.column, 21u);
}

TEST(ParseTriggers, ReadsTheDefaults) {
  const auto triggers = parse_triggers(default_triggers());
  ASSERT_TRUE(triggers);
  EXPECT_EQ(triggers->size(), 4u);
}

TEST(ParseDuration, ReadsTimesAndNothingElse) {
  EXPECT_EQ(parse_duration("100ms").value(), 100ms);
  EXPECT_EQ(parse_duration(" 1.5 h ").value(), 90min);
  EXPECT_FALSE(parse_duration("100"));
  EXPECT_FALSE(parse_duration("-1s"));
  EXPECT_FALSE(parse_duration("1s later"));
  EXPECT_FALSE(parse_duration("9999999d"));
  EXPECT_FALSE(parse_duration(""));
}

TEST(PointAt, PutsACaretBelowTheColumn) {
  EXPECT_EQ(point_at("threads ! 5", 9, "no"), "no\n  threads ! 5\n          ^");
  EXPECT_EQ(point_at("a > 1\nb !\nc", 9, "no"), "no\n  b !\n    ^");
  EXPECT_EQ(point_at("a\t! 5", 3, "no"), "no\n  a\t! 5\n   \t^");
  EXPECT_EQ(point_at("", 1, "no"), "no\n  \n  ^");
}

}  // namespace
}  // namespace tailback
