#include "replay/timeline/summary.h"

#include <algorithm>
#include <unordered_map>

#include "replay/timeline/change_point.h"
#include "replay/timeline/correlation.h"
#include "replay/timeline/timeline.h"

namespace tailback::replay {
namespace {

void widen(Summary& summary, std::int64_t wall_ns) {
  if (wall_ns == 0) return;
  if (summary.from_wall_ns == 0 || wall_ns < summary.from_wall_ns) summary.from_wall_ns = wall_ns;
  summary.to_wall_ns = std::max(summary.to_wall_ns, wall_ns);
}

std::optional<double> correlation(const Recording& recording, MetricId metric, MetricId with) {
  if (!with.valid() || metric == with) return std::nullopt;
  std::vector<double> x, y;
  for (const Sample& sample : recording.samples) {
    const std::optional<double> a = sample.value(with), b = sample.value(metric);
    if (!a || !b) continue;
    x.push_back(*a);
    y.push_back(*b);
  }
  const std::optional<LinearFit> fit = linear_fit(x, y);
  return fit ? std::optional(fit->r) : std::nullopt;
}

std::vector<Growth> growing_metrics(const Recording& recording) {
  std::vector<Growth> growing;
  const MetricId threads = recording.find_metric("threads");
  for (std::uint32_t i = 0; i < recording.metrics.size(); ++i) {
    if (recording.metrics[i].counter) continue;  // grows by nature
    const Series series = series_of(recording, {i});
    const std::optional<std::size_t> onset = growth_onset(series.seconds, series.values);
    if (!onset) continue;
    Growth growth{recording.metrics[i].name, recording.metrics[i].unit};
    growth.began_wall_ns = recording.samples[series.samples[*onset]].wall_ns;
    growth.before = series.values[*onset];
    growth.after = series.values.back();
    const double seconds = series.seconds.back() - series.seconds[*onset];
    growth.per_second = seconds > 0 ? (growth.after - growth.before) / seconds : 0;
    growth.r = correlation(recording, {i}, threads);
    growing.push_back(std::move(growth));
  }
  std::stable_sort(growing.begin(), growing.end(), [](const Growth& a, const Growth& b) {
    const bool a_first = a.metric == "threads", b_first = b.metric == "threads";
    if (a_first != b_first) return a_first;
    return a.r.value_or(-2) > b.r.value_or(-2);
  });
  return growing;
}

/// The function that most threads of the last dump stand in, through all dumps.
void follow_group(const Recording& recording, Summary& summary) {
  const auto last = std::find_if(recording.dumps.rbegin(), recording.dumps.rend(), [](const Dump& dump) { return !dump.threads.empty(); });
  if (last == recording.dumps.rend()) return;
  summary.group = functions_of(recording, *last).front().function;
  std::unordered_map<StackId, bool> in_group;
  const auto stands_in_it = [&](StackId stack) {
    const auto [known, fresh] = in_group.try_emplace(stack, false);
    if (fresh) known->second = own_function(recording, stack) == summary.group;
    return known->second;
  };
  std::vector<double> seconds, counts;
  for (const Dump& dump : recording.dumps) {
    std::uint64_t threads = 0;
    for (const ThreadRecord& thread : dump.threads) {
      if (!stands_in_it(thread.stack)) continue;
      threads += thread.count;
      if (thread.waited_ns < 0 || dump.wall_ns == 0) continue;
      const std::int64_t since = dump.wall_ns - thread.waited_ns;
      if (summary.first_stuck_wall_ns == 0 || since < summary.first_stuck_wall_ns) summary.first_stuck_wall_ns = since;
    }
    summary.group_over_time.emplace_back(dump.wall_ns, threads);
    seconds.push_back(static_cast<double>(dump.wall_ns - recording.dumps.front().wall_ns) / 1e9);
    counts.push_back(static_cast<double>(threads));
    if (threads > 0 && summary.group_began_wall_ns == 0) summary.group_began_wall_ns = dump.wall_ns;
  }
  if (const std::optional<std::size_t> onset = growth_onset(seconds, counts)) summary.group_began_wall_ns = recording.dumps[*onset].wall_ns;
  if (seconds.size() > 1 && seconds.back() > seconds.front()) {
    summary.group_per_second = (counts.back() - counts.front()) / (seconds.back() - seconds.front());
  }
  summary.first_stuck_before_recording = summary.first_stuck_wall_ns != 0 && summary.first_stuck_wall_ns < summary.from_wall_ns;
}

}  // namespace

std::int64_t Summary::began_wall_ns() const {
  std::int64_t began = 0;
  const auto consider = [&](std::int64_t wall_ns) {
    if (wall_ns != 0 && (began == 0 || wall_ns < began)) began = wall_ns;
  };
  consider(first_stuck_wall_ns);
  if (group_per_second.value_or(0) > 0) consider(group_began_wall_ns);
  for (const Growth& growth : growing) consider(growth.began_wall_ns);
  return began;
}

Summary summarise(const Recording& recording) {
  Summary summary;
  summary.samples = recording.samples.size();
  summary.dumps = recording.dumps.size();
  summary.breaches = recording.breaches.size();
  summary.lock_events = recording.lock_events.size();
  for (const Sample& sample : recording.samples) widen(summary, sample.wall_ns);
  for (const Dump& dump : recording.dumps) widen(summary, dump.wall_ns);
  summary.growing = growing_metrics(recording);
  follow_group(recording, summary);
  for (const Breach& breach : recording.breaches) {
    if (summary.first_breach_wall_ns != 0 && breach.opened_wall_ns >= summary.first_breach_wall_ns) continue;
    summary.first_breach_wall_ns = breach.opened_wall_ns;
    summary.first_breach = breach.trigger;
  }
  return summary;
}

}  // namespace tailback::replay
