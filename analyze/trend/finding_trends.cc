#include "analyze/trend/finding_trends.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "analyze/trend/group_trends.h"
#include "analyze/trend/sample_at.h"
#include "replay/timeline/change_point.h"
#include "replay/timeline/correlation.h"

namespace tailback::analyze {

using replay::growth_onset;
using replay::linear_fit;
using replay::LinearFit;

namespace {

constexpr std::int64_t kMinute = 60'000'000'000;

/// What the threads that a finding blocks have in common in all dumps.
class Position {
 public:
  Position(const Recording& recording, const Analysis& analysis, const LockDirectory& locks, const Finding& finding)
      : recording_(recording), locks_(locks) {
    const auto in = std::find_if(analysis.dumps.begin(), analysis.dumps.end(), [&](const DumpAnalysis& d) { return d.dump == finding.dump; });
    if (in == analysis.dumps.end()) return;
    const Dump& dump = recording.dumps[finding.dump];
    std::set<LockId> nameless;
    for (const LockId lock : finding.locks) {
      if (lock.index >= dump.locks.size()) continue;
      const bool known = dump.locks[lock.index].address != 0 || dump.locks[lock.index].registry_id != 0;
      if (known) identities_.insert(locks.identity(finding.dump, lock));
      if (!known) nameless.insert(lock);
    }
    std::set<ThreadIndex> threads;
    if (finding.locks.empty()) {
      for (const ChainLink& link : finding.chain) threads.insert(link.thread);
    }
    for (const Group& group : in->groups) {
      const bool by_lock = nameless.contains(group.lock);
      const bool by_thread = std::any_of(group.threads.begin(), group.threads.end(), [&](ThreadIndex t) { return threads.contains(t); });
      if (by_lock || by_thread) shapes_.insert({group.shape, group.state});
    }
  }

  [[nodiscard]] bool holds(std::size_t dump, const Group& group) const {
    if (group.lock.valid() && identities_.contains(locks_.identity(dump, group.lock))) return true;
    if (!shapes_.contains({group.shape, group.state})) return false;
    // A shape alone must not count those who wait for another lock that is known.
    return !group.lock.valid() || recording_.dumps[dump].locks[group.lock.index].address == 0;
  }

 private:
  const Recording& recording_;
  const LockDirectory& locks_;
  std::set<std::uint32_t> identities_;
  std::set<std::pair<std::uint32_t, ThreadState>> shapes_;
};

/// The samples up to a dump as numbers: seconds since the first, threads.
struct ThreadSeries {
  std::vector<const Sample*> samples;
  std::vector<double> seconds, threads;
};

ThreadSeries thread_series(const Recording& recording, std::int64_t until) {
  ThreadSeries series;
  const MetricId metric = recording.find_metric("threads");
  if (!metric.valid() || until == 0) return series;
  for (const Sample& sample : recording.samples) {
    const std::optional<double> value = sample.value(metric);
    if (!value || sample.wall_ns == 0) continue;
    // The sample that made the trigger fire may carry the dump's own second.
    if (sample.wall_ns > until + 1'000'000'000) break;
    series.samples.push_back(&sample);
    series.seconds.push_back(static_cast<double>(sample.wall_ns - recording.samples.front().wall_ns) / 1e9);
    series.threads.push_back(*value);
  }
  return series;
}

constexpr std::size_t kNoOnset = static_cast<std::size_t>(-1);

/// Index of the last sample before `threads` grew, if the `blocked` threads are most of that growth.
std::size_t explained_onset(const ThreadSeries& series, std::uint64_t blocked) {
  const std::size_t onset = growth_onset(series.seconds, series.threads).value_or(kNoOnset);
  if (onset == kNoOnset) return kNoOnset;
  const double grown = series.threads.back() - series.threads[onset];
  return grown > 0 && static_cast<double>(blocked) >= 0.5 * grown ? onset : kNoOnset;
}

std::int64_t earliest_wait(const Recording& recording, const Analysis& analysis, const Position& position, std::int64_t& longest) {
  std::int64_t earliest = 0;
  for (const DumpAnalysis& dump : analysis.dumps) {
    for (const Group& group : dump.groups) {
      if (group.longest_wait_ns < 0 || !position.holds(dump.dump, group)) continue;
      longest = std::max(longest, group.longest_wait_ns);
      const std::int64_t wall = recording.dumps[dump.dump].wall_ns;
      if (wall != 0 && (earliest == 0 || wall - group.longest_wait_ns < earliest)) earliest = wall - group.longest_wait_ns;
    }
  }
  return earliest;
}

/// When it began, from the best witness: a thread's own wait, the metric's onset, the first dump that shows it.
std::int64_t began(const Recording& recording, const std::vector<std::uint64_t>& counts, std::int64_t by_wait, bool whole_minutes, std::int64_t by_metric) {
  const auto first = std::find_if(counts.begin(), counts.end(), [](std::uint64_t count) { return count != 0; });
  const std::int64_t by_dump = first == counts.end() ? 0 : recording.dumps[static_cast<std::size_t>(first - counts.begin())].wall_ns;
  if (by_wait != 0) {
    // Go tells waits in whole minutes, rounded down: a metric that moved within that minute knows better.
    const bool sharper = whole_minutes && by_metric != 0 && by_metric <= by_wait && by_metric >= by_wait - kMinute;
    return sharper ? by_metric : by_wait;
  }
  if (by_metric != 0 && (by_dump == 0 || by_metric < by_dump)) return by_metric;
  return by_dump;
}

constexpr double kFollows = 0.9;  ///< Pearson's coefficient from which a metric is said to have grown with the threads

/// Which of the metrics that follow the threads says most of what they cost: what the program itself has asked for, then what it occupies; then anything
/// else of the program's own in bytes; then what others share (a cgroup holds page cache and other processes), then counts.
int worth(const Correlation& correlation) {
  constexpr std::string_view kOwn[] = {"heap_in_use", "rss", "heap_sys"};
  constexpr int kFirst = 10;
  if (correlation.r < kFollows || correlation.to <= correlation.from) return 0;
  if (correlation.unit != "bytes") return 1;
  if (correlation.metric.starts_with("cgroup_")) return 2;
  for (int i = 0; const std::string_view name : kOwn) {
    if (correlation.metric == name) return kFirst - i;
    ++i;
  }
  return 3;
}

/// What grew with the threads, over all samples up to the dump; what is most worth telling first.
std::vector<Correlation> correlations_of(const Recording& recording, const ThreadSeries& series, std::size_t onset) {
  std::vector<Correlation> found;
  for (std::uint32_t i = 0; i < recording.metrics.size(); ++i) {
    const MetricInfo& metric = recording.metrics[i];
    // A counter grows beside anything; blocked_threads is the same number seen twice.
    if (metric.counter || metric.name == "threads" || metric.name == "blocked_threads") continue;
    std::vector<double> x, y;
    double from = 0;
    for (std::size_t s = 0; s < series.samples.size(); ++s) {
      const std::optional<double> value = series.samples[s]->value({i});
      if (!value) continue;
      if (s <= onset || y.empty()) from = *value;
      x.push_back(series.threads[s]);
      y.push_back(*value);
    }
    const std::optional<LinearFit> fit = linear_fit(x, y);
    if (!fit || std::fabs(fit->r) < 0.5) continue;
    found.push_back({metric.name, metric.unit, from, y.back(), fit->r, fit->slope});
  }
  std::stable_sort(found.begin(), found.end(), [](const Correlation& a, const Correlation& b) {
    return std::pair(worth(a), std::fabs(a.r)) > std::pair(worth(b), std::fabs(b.r));
  });
  return found;
}

void fill(const Recording& recording, const Analysis& analysis, const LockDirectory& locks, Finding& finding) {
  const Position position(recording, analysis, locks, finding);
  std::vector<std::uint64_t> counts(recording.dumps.size(), 0);
  for (const DumpAnalysis& dump : analysis.dumps) {
    for (const Group& group : dump.groups) {
      if (position.holds(dump.dump, group)) counts[dump.dump] += group.count;
    }
  }
  std::int64_t longest = -1;
  const std::int64_t by_wait = earliest_wait(recording, analysis, position, longest);
  const ThreadSeries series = thread_series(recording, recording.dumps[finding.dump].wall_ns);
  const std::size_t onset = explained_onset(series, counts[finding.dump]);
  if (finding.oldest_wait_ns < 0) finding.oldest_wait_ns = longest;
  // The rule has told the first dump that shows it; waits and metrics may know of an earlier time.
  const std::int64_t since = began(recording, counts, by_wait, longest % kMinute == 0, onset != kNoOnset ? series.samples[onset]->wall_ns : 0);
  if (since != 0 && (finding.first_seen_wall_ns == 0 || since < finding.first_seen_wall_ns)) finding.first_seen_wall_ns = since;
  if (!finding.growth_per_second) {
    const std::vector<std::uint64_t> up_to(counts.begin(), counts.begin() + static_cast<std::ptrdiff_t>(finding.dump) + 1);
    finding.growth_per_second = growth_per_second(recording, up_to);
    const bool spans = onset != kNoOnset && series.seconds.back() > series.seconds[onset];
    if (!finding.growth_per_second && spans) {
      finding.growth_per_second = (series.threads.back() - series.threads[onset]) / (series.seconds.back() - series.seconds[onset]);
    }
  }
  if (finding.correlations.empty() && onset != kNoOnset) finding.correlations = correlations_of(recording, series, onset);
  finding.over_time = std::move(counts);
}

}  // namespace

void fill_finding_trends(const Recording& recording, const LockDirectory& locks, Analysis& analysis) {
  for (Finding& finding : analysis.findings) {
    if (finding.dump < recording.dumps.size()) fill(recording, analysis, locks, finding);
  }
}

}  // namespace tailback::analyze
