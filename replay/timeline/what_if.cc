#include "replay/timeline/what_if.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <span>

#include "replay/timeline/correlation.h"
#include "replay/timeline/summary.h"
#include "replay/timeline/timeline.h"
#include "runtime/trigger/engine.h"

namespace tailback::replay {
namespace {

constexpr std::size_t kExtrapolatedSamples = 12;  // the last ones: growth that bends is followed where it is now
constexpr double kNewsRatio = 1.1;                // a dump with less than a tenth more shows the same again

double seconds_between(std::int64_t from_ns, std::int64_t to_ns) { return static_cast<double>(to_ns - from_ns) / 1e9; }

/// One trigger alone, so that no other's dump serves it.
class OneTrigger {
 public:
  OneTrigger(const Recording& recording, const Trigger& trigger, std::int64_t began)
      : recording_(recording), engine_({trigger}), began_(began) {
    outcome_.trigger = trigger.text;
    outcome_.metric_known = false;
    const MetricId metric = recording.find_metric(trigger.metric);
    for (const Sample& sample : recording.samples) outcome_.metric_known = outcome_.metric_known || (metric.valid() && sample.value(metric));
  }

  TriggerOutcome run() {
    for (const Sample& sample : recording_.samples) {
      for (const Decision& decision : engine_.observe(sample, recording_.metrics)) take(decision, sample);
    }
    if (const Firing* first = outcome_.first_of_incident()) {
      outcome_.lead_to_end_seconds = seconds_between(first->opened_wall_ns, recording_.samples.back().wall_ns);
    }
    return std::move(outcome_);
  }

 private:
  void take(const Decision& decision, const Sample& sample) {
    switch (decision.kind) {
      case Decision::Kind::kOpen:
        outcome_.firings.push_back({sample.wall_ns, 0, decision.value, decision.threshold, began_ != 0 && sample.wall_ns < began_});
        break;
      case Decision::Kind::kClose:
        if (!outcome_.firings.empty()) outcome_.firings.back().closed_wall_ns = sample.wall_ns;
        break;
      case Decision::Kind::kDump: {
        const bool in_it = began_ == 0 || sample.wall_ns >= began_;
        const bool useful = in_it && (!last_useful_ || std::fabs(decision.value) >= kNewsRatio * std::fabs(*last_useful_));
        if (useful) last_useful_ = decision.value;
        outcome_.dumps.push_back({sample.wall_ns, decision.value, std::string(to_string(decision.cause)), useful});
        break;
      }
    }
  }

  const Recording& recording_;
  TriggerEngine engine_;
  std::int64_t began_;
  std::optional<double> last_useful_;
  TriggerOutcome outcome_;
};

std::string rate(double bytes_per_second) {
  char text[64];
  std::snprintf(text, sizeof text, "%+.3g MiB/s", bytes_per_second / (1024.0 * 1024.0));
  return text;
}

LimitReached reach(const Recording& recording, const Series& series, double limit) {
  for (std::size_t i = 0; i < series.values.size(); ++i) {
    if (series.values[i] >= limit) return {recording.samples[series.samples[i]].wall_ns, false, "in the recording"};
  }
  const std::size_t count = std::min(kExtrapolatedSamples, series.values.size());
  const std::span<const double> seconds = std::span(series.seconds).last(count), values = std::span(series.values).last(count);
  const std::optional<LinearFit> fit = linear_fit(seconds, values);
  if (!fit || fit->slope <= 0) return {0, true, "not reached: the metric does not grow at the end"};
  const double left = (limit - values.back()) / fit->slope;
  const std::int64_t end = recording.samples[series.samples.back()].wall_ns;
  // A century away is never, and would not fit the clock.
  if (left > 3.0e9) return {0, true, "not reached: the metric hardly grows at the end"};
  return {end + static_cast<std::int64_t>(left * 1e9), true, "extrapolated from the last " + std::to_string(count) + " samples, " + rate(fit->slope)};
}

void find_limit(const Recording& recording, double limit_bytes, WhatIf& result) {
  result.limit_bytes = limit_bytes;
  for (const char* name : {"rss", "cgroup_usage", "heap_in_use", "heap_sys"}) {
    const Series series = series_of(recording, recording.find_metric(name));
    if (series.values.size() < 3) continue;
    result.limit_metric = name;
    result.limit = reach(recording, series, limit_bytes);
    return;
  }
}

}  // namespace

std::size_t TriggerOutcome::useful() const {
  return static_cast<std::size_t>(std::count_if(dumps.begin(), dumps.end(), [](const AskedDump& dump) { return dump.useful; }));
}

const Firing* TriggerOutcome::first_of_incident() const {
  const auto first = std::find_if(firings.begin(), firings.end(), [](const Firing& firing) { return !firing.before_it_began; });
  return first == firings.end() ? nullptr : &*first;
}

WhatIf what_if(const Recording& recording, const std::vector<Trigger>& triggers, double limit_bytes) {
  WhatIf result;
  result.began_wall_ns = summarise(recording).began_wall_ns();
  if (!recording.samples.empty()) result.end_wall_ns = recording.samples.back().wall_ns;
  if (limit_bytes > 0) find_limit(recording, limit_bytes, result);
  for (const Trigger& trigger : triggers) {
    TriggerOutcome outcome = OneTrigger(recording, trigger, result.began_wall_ns).run();
    const Firing* first = outcome.first_of_incident();
    if (first != nullptr && result.limit && result.limit->wall_ns != 0) {
      outcome.lead_to_limit_seconds = seconds_between(first->opened_wall_ns, result.limit->wall_ns);
    }
    result.outcomes.push_back(std::move(outcome));
  }
  return result;
}

}  // namespace tailback::replay
