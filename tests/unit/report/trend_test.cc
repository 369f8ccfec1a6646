#include <gtest/gtest.h>

#include <cmath>

#include "analyze/trend/finding_trends.h"
#include "analyze/trend/group_trends.h"
#include "analyze/trend/sample_at.h"
#include "fixture.h"
#include "replay/timeline/change_point.h"
#include "replay/timeline/correlation.h"

namespace tailback::analyze {
namespace {

using replay::growth_onset;
using replay::linear_fit;
using replay::LinearFit;

using testing::Incident;
using testing::make_incident;

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kStart = 1'581'413'470 * kSecond;

struct Series {
  std::vector<double> t, y;
};

template <class Value>
Series series(std::size_t n, Value value) {
  Series result;
  for (std::size_t i = 0; i < n; ++i) {
    result.t.push_back(static_cast<double>(i) * 10);
    result.y.push_back(value(static_cast<double>(i)));
  }
  return result;
}

std::optional<std::size_t> onset_of(const Series& s) { return growth_onset(s.t, s.y); }

TEST(GrowthOnset, IsTheLastPointBeforeARamp) {
  EXPECT_EQ(onset_of(series(60, [](double i) { return i <= 20 ? 60 : 60 + (i - 20) * 58; })), 20u);
}

TEST(GrowthOnset, IsFoundThroughNoise) {
  const auto noise = [](double i) { return 3 * std::sin(i * 1.7) + 2 * std::cos(i * 0.9); };
  const std::optional<std::size_t> onset = onset_of(series(60, [&](double i) { return 60 + noise(i) + (i <= 30 ? 0 : (i - 30) * 25); }));
  ASSERT_TRUE(onset);
  EXPECT_NEAR(static_cast<double>(*onset), 30, 1);
}

TEST(GrowthOnset, IsNotPutLateByGrowthThatAccelerates) {
  const std::optional<std::size_t> onset = onset_of(series(60, [](double i) { return i <= 20 ? 60 : 60 * std::exp((i - 20) / 6); }));
  ASSERT_TRUE(onset);
  EXPECT_NEAR(static_cast<double>(*onset), 20, 1);
}

TEST(GrowthOnset, IsNoneWhereNothingGrows) {
  EXPECT_EQ(onset_of(series(60, [](double) { return 60; })), std::nullopt);
  EXPECT_EQ(onset_of(series(60, [](double i) { return 60 + 5 * std::sin(i); })), std::nullopt);
  EXPECT_EQ(onset_of(series(60, [](double i) { return 6000 - i * 50; })), std::nullopt);
  EXPECT_EQ(onset_of(series(3, [](double i) { return i * 100; })), std::nullopt) << "three points prove nothing";
}

TEST(LinearFit, KnowsAPerfectLineAndItsSlope) {
  const std::optional<LinearFit> fit = linear_fit(std::vector<double>{1, 2, 3, 4}, std::vector<double>{1e12 + 3, 1e12 + 6, 1e12 + 9, 1e12 + 12});
  ASSERT_TRUE(fit);
  EXPECT_NEAR(fit->r, 1, 1e-9);
  EXPECT_NEAR(fit->slope, 3, 1e-6);
  EXPECT_NEAR(linear_fit(std::vector<double>{1, 2, 3}, std::vector<double>{3, 2, 1})->r, -1, 1e-12);
}

TEST(LinearFit, SaysNothingOfSeriesThatDoNotMove) {
  EXPECT_EQ(linear_fit(std::vector<double>{1, 2, 3}, std::vector<double>{5, 5, 5}), std::nullopt);
  EXPECT_EQ(linear_fit(std::vector<double>{1, 2}, std::vector<double>{5, 6}), std::nullopt);
}

TEST(SampleAt, TakesTheNearestWithinReason) {
  const Incident incident = make_incident(9);
  const Recording& recording = incident.recording;
  EXPECT_EQ(sample_at(recording, kStart + 34 * kSecond), &recording.samples[3]);
  EXPECT_EQ(sample_at(recording, kStart + 36 * kSecond), &recording.samples[4]);
  EXPECT_EQ(sample_at(recording, kStart + 35 * kSecond), &recording.samples[3]) << "of two as near, the one before";
  EXPECT_EQ(sample_at(recording, kStart - 5 * kSecond), &recording.samples[0]);
  EXPECT_EQ(sample_at(recording, kStart + 3600 * kSecond), nullptr);
  EXPECT_EQ(sample_at(recording, 0), nullptr);
}

TEST(FindingTrends, SayWhenItBeganHowFastAndWhatGrewWithIt) {
  const Incident incident = make_incident(90);
  const Finding& finding = incident.analysis.findings[0];
  // Its oldest waiter has waited since 105 s, told to the second; the metric began to move at 100 s, told by samples ten seconds apart.
  EXPECT_EQ(finding.oldest_wait_ns, 85 * kSecond);
  EXPECT_EQ(finding.first_seen_wall_ns, kStart + 105 * kSecond);
  ASSERT_TRUE(finding.growth_per_second);
  EXPECT_NEAR(*finding.growth_per_second, 1.0, 1e-9) << "60 more in 60 s";
  EXPECT_EQ(finding.over_time, (std::vector<std::uint64_t>{32, 62, 92}));
  ASSERT_EQ(finding.correlations.size(), 1u) << "a counter grows beside anything and says nothing";
  EXPECT_EQ(finding.correlations[0].metric, "heap_in_use");
  EXPECT_GT(finding.correlations[0].r, 0.999);
  EXPECT_NEAR(*finding.correlations[0].per_thread, 2 * 1024 * 1024, 1);
  EXPECT_EQ(finding.correlations[0].from, 12 * 1024 * 1024);
}

TEST(FindingTrends, TakeTheMetricsWordForTheSecondWhereWaitsAreToldInMinutes) {
  Incident incident = make_incident(90);
  for (DumpAnalysis& dump : incident.analysis.dumps) {
    for (Group& group : dump.groups) group.longest_wait_ns = group.longest_wait_ns < 0 ? -1 : group.longest_wait_ns / (60 * kSecond) * 60 * kSecond;
  }
  incident.analysis.findings[0].first_seen_wall_ns = 0;
  incident.analysis.findings[0].oldest_wait_ns = -1;
  fill_finding_trends(incident.recording, LockDirectory(incident.recording), incident.analysis);
  EXPECT_EQ(incident.analysis.findings[0].first_seen_wall_ns, kStart + 100 * kSecond);
}

TEST(FindingTrends, TellFirstWhatTheProgramHasAskedForNotWhatItsGroupHolds) {
  Incident incident = make_incident(90);
  Recording& recording = incident.recording;
  const MetricId group = recording.metric("cgroup_usage", "bytes"), files = recording.metric("open_files"), rss = recording.metric("rss", "bytes");
  double wobble = 1;
  for (Sample& sample : recording.samples) {
    const double threads = sample.values[0].value;
    sample.values[1].value += (wobble = -wobble) * 4 * 1024 * 1024;  // follows less closely than the others
    sample.values.insert(sample.values.end(), {{group, threads * 1e6, 0}, {files, threads, 0}, {rss, threads * 3e6, 0}});
  }
  const auto order = [&] {
    incident.analysis.findings[0].correlations.clear();
    fill_finding_trends(recording, LockDirectory(recording), incident.analysis);
    std::vector<std::string> names;
    for (const Correlation& correlation : incident.analysis.findings[0].correlations) names.push_back(correlation.metric);
    return names;
  };
  EXPECT_EQ(order(), (std::vector<std::string>{"heap_in_use", "rss", "cgroup_usage", "open_files"}));
  // A heap that does not follow the threads is no answer, whatever its name.
  for (std::size_t i = 0; i < recording.samples.size(); ++i) recording.samples[i].values[1].value = (12.0 + static_cast<double>(i * 7 % 5)) * 1024 * 1024;
  EXPECT_EQ(order().front(), "rss");
}

TEST(FindingTrends, BlameNoMetricForThreadsThatAreFew) {
  Incident incident = make_incident(90);
  // The threads grow by 9,000; the 92 that are stuck explain next to nothing of it.
  for (Sample& sample : incident.recording.samples) sample.values[0].value *= 100;
  Analysis& analysis = incident.analysis;
  Finding& finding = analysis.findings[0];
  finding.correlations.clear();
  finding.first_seen_wall_ns = 0;
  fill_finding_trends(incident.recording, LockDirectory(incident.recording), analysis);
  EXPECT_TRUE(finding.correlations.empty());
}

TEST(GroupTrends, FollowAGroupThroughTheDumps) {
  const Incident incident = make_incident(90);
  const GroupTrend& largest = incident.analysis.trends.at(0);
  EXPECT_EQ(largest.counts, (std::vector<std::uint64_t>{30, 60, 90}));
  EXPECT_EQ(largest.first_dump, 0u);
  EXPECT_NEAR(*largest.growth_per_second, 1.0, 1e-9);
}

TEST(GroupTrends, CountGrowthFromNothingBetweenTheDumps) {
  Recording recording;
  recording.dumps.resize(2);
  recording.dumps[0].wall_ns = kStart;
  recording.dumps[1].wall_ns = kStart + 10 * kSecond;
  EXPECT_EQ(growth_per_second(recording, {0, 50}), 5.0);
  EXPECT_EQ(growth_per_second(recording, {0, 0}), std::nullopt);
  recording.dumps[1].wall_ns = 0;
  EXPECT_EQ(growth_per_second(recording, {0, 50}), std::nullopt) << "no time, no rate";
}

}  // namespace
}  // namespace tailback::analyze
